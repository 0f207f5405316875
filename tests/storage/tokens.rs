//! Access tokens: single digests, a limit inside one transaction, and an end with their account.

use std::time::Duration;

use sekisho::{
    account::AccountId,
    clock::Timestamp,
    session::{AccessToken, AccessTokenId, TokenScope},
    store::{NewAccessToken, NoToken},
};

use crate::world::{Bench, DAY, LIFETIME, NOW};

impl Bench {
    fn new_token(&self, account: AccountId, expires_at: Timestamp) -> NewAccessToken {
        let scope = TokenScope {
            paths: vec!["/api".to_owned()],
            methods: vec!["GET".to_owned()],
            networks: vec!["192.0.2.0/24".parse().unwrap()],
        };
        let id = AccessTokenId::random(&*self.entropy);
        let label = "import".to_owned();
        let token = AccessToken { id, account, label, scope, created_at: NOW, expires_at, last_used_at: None };
        NewAccessToken { token, digest: self.digest(), most: 3, notices: Vec::new() }
    }
}

#[tokio::test]
async fn a_token_is_read_back_with_its_account_and_used_forward_only() {
    let bench = Bench::new().await;
    let person = bench.person("hanako").await;
    let new = bench.new_token(person.id, NOW + DAY);
    bench.store.create_token(&new).await.unwrap().unwrap();
    let found = bench.store.token(&new.digest).await.unwrap().unwrap();
    assert_eq!((found.token, found.account.id), (new.token.clone(), person.id));
    assert!(bench.store.token(&bench.digest()).await.unwrap().is_none());
    let used = async |at| {
        bench.store.touch_tokens(&[(new.token.id, at)]).await.unwrap();
        bench.store.token(&new.digest).await.unwrap().unwrap().token.last_used_at
    };
    assert_eq!(used(NOW + DAY).await, Some(NOW + DAY));
    assert_eq!(used(NOW).await, Some(NOW + DAY));
}

#[tokio::test]
async fn the_limit_counts_living_ones_of_one_account_however_many_ask_at_once() {
    let bench = Bench::new().await;
    let (person, other) = (bench.person("hanako").await, bench.person("taro").await);
    bench.store.create_token(&bench.new_token(person.id, NOW)).await.unwrap().unwrap();
    let asked: Vec<_> = (0..8).map(|_| bench.new_token(person.id, NOW + DAY)).collect();
    let answers = futures_of(&bench, &asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(NoToken::TooMany))));
    bench.store.create_token(&bench.new_token(other.id, NOW + DAY)).await.unwrap().unwrap();
    assert_eq!(bench.store.tokens(Some(person.id)).await.unwrap().len(), 4);
    assert_eq!(bench.store.tokens(None).await.unwrap().len(), 5);
    assert_eq!(bench.store.revoke_tokens(person.id).await.unwrap().len(), 4);
    assert_eq!(bench.store.tokens(None).await.unwrap().len(), 1);
}

async fn futures_of(bench: &Bench, asked: &[NewAccessToken]) -> Vec<Result<(), NoToken>> {
    let mut racing = tokio::task::JoinSet::new();
    for new in asked {
        let (store, new) = (bench.store.clone(), new.clone());
        racing.spawn(async move { store.create_token(&new).await.unwrap() });
    }
    racing.join_all().await
}

#[tokio::test]
async fn a_disabled_account_loses_its_tokens_and_an_expired_one_stays_listed_for_a_month() {
    let bench = Bench::new().await;
    let person = bench.person("hanako").await;
    let new = bench.new_token(person.id, NOW + DAY);
    bench.store.create_token(&new).await.unwrap().unwrap();
    bench.store.purge(LIFETIME, NOW + DAY + 29 * DAY).await.unwrap();
    assert_eq!(bench.store.tokens(None).await.unwrap().len(), 1);
    bench.store.purge(LIFETIME, NOW + DAY + 30 * DAY).await.unwrap();
    assert!(bench.store.tokens(None).await.unwrap().is_empty());

    let new = bench.new_token(person.id, NOW + DAY);
    bench.store.create_token(&new).await.unwrap().unwrap();
    assert_eq!(bench.store.revoke_token(new.token.id).await.unwrap(), Some(person.id));
    assert_eq!(bench.store.revoke_token(new.token.id).await.unwrap(), None);
    let new = bench.new_token(person.id, NOW + DAY);
    bench.store.create_token(&new).await.unwrap().unwrap();
    bench.store.set_disabled(person.id, true, NOW).await.unwrap().unwrap();
    assert!(bench.store.token(&new.digest).await.unwrap().is_none());
    let refused = bench.store.create_token(&bench.new_token(person.id, NOW + DAY)).await.unwrap();
    assert_eq!(refused, Err(NoToken::NoAccount));
    bench.store.set_disabled(person.id, false, NOW + Duration::from_secs(1)).await.unwrap().unwrap();
    assert!(bench.store.token(&new.digest).await.unwrap().is_none(), "it does not come back");
    let new = bench.new_token(person.id, NOW + DAY);
    bench.store.create_token(&new).await.unwrap().unwrap();
    bench.plant("UPDATE accounts SET frozen_at = 1").await;
    bench.plant("UPDATE accounts SET frozen_at = NULL").await;
    assert!(bench.store.token(&new.digest).await.unwrap().is_none(), "nor from a stopped one");
}
