//! Mailed links: none outlives the credentials it was mailed under, and "this wasn't me" ends them all.

use sekisho::{
    account::AccountId,
    store::{Freeze, Link, LinkId, LinkPurpose, OutboxContent, OutboxId, OutboxItem, Recipient},
};

use crate::world::{Bench, DAY, NOW};

const OF_AN_ACCOUNT: [LinkPurpose; 5] = [
    LinkPurpose::PasswordReset,
    LinkPurpose::FirstEnrolment,
    LinkPurpose::EmailConfirmation,
    LinkPurpose::NotMe,
    LinkPurpose::CancelRecovery,
];

impl Bench {
    async fn mailed(&self, account: AccountId, purpose: LinkPurpose) -> LinkId {
        let id = LinkId::random(&*self.entropy);
        let link = Link {
            id,
            key: self.keyring.active(),
            account: Some(account),
            purpose,
            subject: None,
            host: None,
            created_at: NOW,
            expires_at: NOW + 7 * DAY,
        };
        let item = OutboxItem {
            id: OutboxId::random(&*self.entropy),
            account,
            to: Recipient::Mail(sekisho::account::EmailAddress::parse("hanako@example.jp").unwrap()),
            language: sekisho::language::Language::Ja,
            content: OutboxContent::Link,
            created_at: NOW,
            expires_at: NOW + DAY,
            link: Some(link),
        };
        self.store.enqueue(&item).await.unwrap();
        id
    }

    async fn one_of_each(&self, account: AccountId) -> Vec<(LinkPurpose, LinkId)> {
        let mut links = Vec::new();
        for purpose in OF_AN_ACCOUNT {
            links.push((purpose, self.mailed(account, purpose).await));
        }
        links
    }

    async fn good(&self, links: &[(LinkPurpose, LinkId)]) -> Vec<LinkPurpose> {
        let mut good = Vec::new();
        for (purpose, id) in links {
            if self.store.link(*id, NOW).await.unwrap().is_some() {
                good.push(*purpose);
            }
        }
        good
    }
}

#[tokio::test]
async fn this_was_not_me_ends_every_link_of_the_account() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let earlier = bench.one_of_each(hanako.id).await;
    let others = bench.one_of_each(taro.id).await;
    let link = bench.mailed(hanako.id, LinkPurpose::NotMe).await;
    let freeze = Freeze { link, account: hanako.id, notices: Vec::new(), now: NOW };
    bench.store.freeze(&freeze).await.unwrap().unwrap();
    assert_eq!(bench.good(&earlier).await, []);
    assert_eq!(bench.good(&others).await, OF_AN_ACCOUNT, "another account's are its own");
}

#[tokio::test]
async fn changed_credentials_void_what_was_mailed_under_the_old_ones() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let links = bench.one_of_each(hanako.id).await;
    bench.store.reset_methods(hanako.id, &bench.ticket(), &[], NOW).await.unwrap().unwrap();
    let left = bench.good(&links).await;
    assert_eq!(left, [LinkPurpose::NotMe, LinkPurpose::CancelRecovery]);

    let links = bench.one_of_each(hanako.id).await;
    bench.store.set_password(hanako.id, &bench.hash("nine calm otters"), &[], NOW).await.unwrap().unwrap();
    let left = bench.good(&links).await;
    assert_eq!(left, [LinkPurpose::CancelRecovery], "an old notice freezes no account that was recovered since");
}
