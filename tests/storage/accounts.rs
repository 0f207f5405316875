//! Accounts: one name opens one account; a changed credential ends what rested on the old one; damage is an error.

use sekisho::{
    account::{Account, EmailAddress, LoginName, MethodPair, Target},
    language::Language,
    store::{NewAccount, NewAccountError, Notice, OutboxContent, OutboxId, OutboxItem, Recipient, StoreError},
};

use crate::world::{Bench, LIFETIME, NOW, Person, phone};

#[tokio::test]
async fn an_account_reads_back_as_it_was_made() {
    let mut bench = Bench::new().await;
    let new = bench.new_account("hanako");
    bench.store.create_account(&new).await.unwrap().unwrap();
    bench.reopen().await;
    for name in ["Hanako", "ＨＡＮＡＫＯ", "hanako@example.jp"] {
        let found = bench.store.account_by_login(&LoginName::parse(name)).await.unwrap().unwrap();
        assert_eq!(found.account, new.account);
        assert_eq!((found.pair, found.sessions, found.devices), (None, 0, 0));
        let credentials = bench.store.credentials(&LoginName::parse(name)).await.unwrap().unwrap();
        assert_eq!((credentials.account, credentials.hash), (new.account.clone(), new.hash.clone()));
    }
    for name in ["taro", "", "a b", "hanako@example.com"] {
        assert!(bench.store.account_by_login(&LoginName::parse(name)).await.unwrap().is_none());
        assert!(bench.store.credentials(&LoginName::parse(name)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_address_of_a_kind_that_new_ones_are_not_of_still_opens_its_account() {
    let bench = Bench::new().await;
    let new = bench.new_account("hanako");
    assert!(EmailAddress::parse("hanako@localhost").is_err());
    let email = EmailAddress::kept("hanako@localhost").ok();
    let new = NewAccount { account: Account { email, ..new.account }, ..new };
    bench.store.create_account(&new).await.unwrap().unwrap();
    let found = bench.store.account_by_login(&LoginName::parse("hanako@localhost")).await.unwrap().unwrap();
    assert_eq!(found.account, new.account);
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let bench = Bench::new().await;
    let first = bench.new_account("hanako");
    bench.store.create_account(&first).await.unwrap().unwrap();
    let same_name =
        NewAccount { account: Account { email: None, ..bench.new_account("hanako").account }, ..first.clone() };
    assert_eq!(bench.store.create_account(&same_name).await.unwrap(), Err(NewAccountError::UserNameTaken));
    let other = bench.new_account("taro");
    let same_mail = NewAccount { account: Account { email: first.account.email.clone(), ..other.account }, ..other };
    assert_eq!(bench.store.create_account(&same_mail).await.unwrap(), Err(NewAccountError::EmailTaken));
    let names: Vec<_> = bench.store.accounts().await.unwrap().into_iter().map(|a| a.account.user_name).collect();
    assert_eq!(names, [first.account.user_name]);
    for name in ["taro", "akemi"] {
        let new = bench.new_account(name);
        let without_mail = NewAccount { account: Account { email: None, ..new.account }, ..new };
        bench.store.create_account(&without_mail).await.unwrap().unwrap();
    }
    let names: Vec<_> =
        bench.store.accounts().await.unwrap().into_iter().map(|a| a.account.user_name.as_str().to_owned()).collect();
    assert_eq!(names, ["akemi", "hanako", "taro"]);
}

fn notice(bench: &Bench, person: &Person, content: OutboxContent) -> OutboxItem {
    let to = sekisho::account::EmailAddress::parse("hanako@example.jp").unwrap();
    OutboxItem {
        id: OutboxId::random(&*bench.entropy),
        account: person.id,
        to: Recipient::Mail(to),
        language: Language::Ja,
        content,
        created_at: NOW,
        expires_at: NOW + crate::world::DAY,
        link: None,
    }
}

/// Two people, one of whom has a session, a trusted device and a pending sign-in.
async fn with_everything(bench: &Bench) -> (Person, sekisho::session::Session, Person) {
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let session = crate::devices::trusting(bench, &hanako, NOW).await.0;
    bench.begin(&hanako, NOW).await;
    bench.sign_in(&taro, NOW).await;
    (hanako, session, taro)
}

async fn assert_all_ended(bench: &Bench, hanako: &Person, session: &sekisho::session::Session, taro: &Person) {
    assert!(bench.store.session(session.digest()).await.unwrap().is_none());
    assert!(bench.store.devices(hanako.id, NOW).await.unwrap().is_empty());
    let summary = bench.store.account(hanako.id).await.unwrap().unwrap();
    assert_eq!((summary.sessions, summary.devices), (0, 0));
    assert_eq!(summary.account.credential_version.0, 2);
    assert_eq!(bench.store.sessions(None, LIFETIME, NOW).await.unwrap().len(), 1, "the other account's goes on");
    assert_eq!(bench.store.account(taro.id).await.unwrap().unwrap().account.credential_version.0, 1);
}

#[tokio::test]
async fn disabling_ends_everything_and_enabling_brings_nothing_back() {
    let bench = Bench::new().await;
    let (hanako, session, taro) = with_everything(&bench).await;
    let ended = bench.store.set_disabled(hanako.id, true, NOW).await.unwrap().unwrap();
    assert_eq!(
        ended.iter().map(|e| (e.id, e.account, e.digest)).collect::<Vec<_>>(),
        [(session.id(), hanako.id, *session.digest())]
    );
    assert_all_ended(&bench, &hanako, &session, &taro).await;
    assert!(bench.store.account(hanako.id).await.unwrap().unwrap().account.disabled);
    assert!(bench.store.set_disabled(hanako.id, false, NOW).await.unwrap().unwrap().is_empty());
    assert_all_ended(&bench, &hanako, &session, &taro).await;
    assert!(!bench.store.account(hanako.id).await.unwrap().unwrap().account.disabled);
}

#[tokio::test]
async fn a_new_password_ends_everything_and_says_so() {
    let bench = Bench::new().await;
    let (hanako, session, taro) = with_everything(&bench).await;
    let hash = bench.hash("another password");
    let told = notice(&bench, &hanako, OutboxContent::Notice { notice: Notice::PasswordSetByOperator });
    let ended = bench.store.set_password(hanako.id, &hash, std::slice::from_ref(&told), NOW).await.unwrap().unwrap();
    assert_eq!(ended.len(), 1);
    assert_all_ended(&bench, &hanako, &session, &taro).await;
    let stored = bench.store.credentials(&hanako.name).await.unwrap().unwrap();
    assert_eq!(stored.hash, hash);
    assert!(stored.pair.is_some(), "the methods stay");
    assert_eq!(bench.store.claim_messages(None, 10, NOW).await.unwrap(), [told]);
}

#[tokio::test]
async fn a_reset_removes_both_methods_and_ends_everything() {
    let bench = Bench::new().await;
    let (hanako, session, taro) = with_everything(&bench).await;
    let told = notice(&bench, &hanako, OutboxContent::Notice { notice: Notice::SecondStepReset });
    bench.store.reset_methods(hanako.id, &bench.ticket(), std::slice::from_ref(&told), NOW).await.unwrap().unwrap();
    assert_all_ended(&bench, &hanako, &session, &taro).await;
    assert!(bench.store.account(hanako.id).await.unwrap().unwrap().pair.is_none());
    assert!(bench.store.account(taro.id).await.unwrap().unwrap().pair.is_some());
    assert_eq!(bench.store.claim_messages(None, 10, NOW).await.unwrap(), [told]);
    let phones = MethodPair::new(
        bench.method(Target::Sms(phone("090-1234-5678"))),
        bench.method(Target::Voice(phone("03-1234-5678 内線12"))),
    );
    let phones = phones.unwrap();
    assert!(bench.store.credentials(&hanako.name).await.unwrap().unwrap().ticket.is_some(), "new ones need the ticket");
    bench.store.enrol_directly(hanako.id, phones.clone(), NOW).await.unwrap().unwrap();
    assert!(bench.store.credentials(&hanako.name).await.unwrap().unwrap().ticket.is_none(), "and use it up");
    let pair = bench.store.account(hanako.id).await.unwrap().unwrap().pair.unwrap();
    assert_eq!((pair.primary(), pair.backup()), (&phones.primary().method, &phones.backup().method));
}

#[tokio::test]
async fn an_unknown_account_changes_nothing() {
    let bench = Bench::new().await;
    let nobody = bench.new_account("nobody").account.id;
    assert!(bench.store.set_disabled(nobody, true, NOW).await.unwrap().is_none());
    assert!(bench.store.set_password(nobody, &bench.hash("another password"), &[], NOW).await.unwrap().is_none());
    assert!(bench.store.reset_methods(nobody, &bench.ticket(), &[], NOW).await.unwrap().is_none());
    assert!(bench.store.account(nobody).await.unwrap().is_none());
    let pair = MethodPair::new(
        bench.method(Target::Sms(phone("090-1234-5678"))),
        bench.method(Target::Voice(phone("03-1234-5678"))),
    );
    assert!(bench.store.enrol_directly(nobody, pair.unwrap(), NOW).await.unwrap().is_err());
}

async fn assert_corrupt(bench: &Bench, hanako: &Person, column: &str) {
    let named = |error: StoreError| match error {
        StoreError::Corrupt { column, .. } => column,
        other => panic!("{other}"),
    };
    assert_eq!(named(bench.store.credentials(&hanako.name).await.unwrap_err()), column);
    assert_eq!(named(bench.store.account(hanako.id).await.unwrap_err()), column);
    assert_eq!(named(bench.store.accounts().await.unwrap_err()), column);
}

#[tokio::test]
async fn half_a_pair_is_damage_and_never_none() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let pending = bench.begin(&hanako, NOW).await;
    bench.plant("DELETE FROM methods WHERE role = 'backup'").await;
    assert_corrupt(&bench, &hanako, "role").await;
    assert!(bench.store.pending_sign_in_by_id(pending.id, NOW).await.is_err());
}

#[tokio::test]
async fn an_illegal_pair_is_damage() {
    let bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let pair = MethodPair::new(
        bench.method(Target::Sms(phone("090-1234-5678"))),
        bench.method(Target::Voice(phone("03-1234-5678"))),
    );
    bench.store.enrol_directly(hanako.id, pair.unwrap(), NOW).await.unwrap().unwrap();
    bench.plant("UPDATE methods SET e164 = '+819012345678'").await;
    assert_corrupt(&bench, &hanako, "kind").await;
}

#[tokio::test]
async fn a_seed_moved_to_another_row_does_not_open() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    bench
        .plant(
            "UPDATE methods SET seed = (SELECT seed FROM methods m JOIN accounts a ON a.id = m.account_id
                                        WHERE a.user_name = 'taro' AND m.kind = 'app') WHERE kind = 'app'",
        )
        .await;
    assert!(matches!(
        bench.store.account(hanako.id).await.unwrap_err(),
        StoreError::Corrupt { table: "methods", column: "seed", .. }
    ));
    assert!(bench.store.account(taro.id).await.is_ok());
}
