//! Small changes: told in their own transaction, and only where something has changed.

use sekisho::{
    account::{EmailAddress, Label, Role},
    clock::Timestamp,
    language::Language,
    store::{Acting, Notice, OutboxContent, OutboxId, OutboxItem, Recipient},
};

use crate::world::{Bench, MINUTE, NOW};

#[tokio::test]
async fn what_changes_nothing_tells_nobody() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let acting = Acting::of(&bench.sign_in(&hanako, NOW).await);
    let news = |notice: Notice| {
        [OutboxItem {
            id: OutboxId::random(&*bench.entropy),
            account: hanako.id,
            to: Recipient::Mail(EmailAddress::parse("hanako@example.jp").unwrap()),
            language: Language::Ja,
            content: OutboxContent::Notice { notice },
            created_at: NOW,
            expires_at: NOW + 5 * MINUTE,
            link: None,
        }]
    };
    let told = async |at: Timestamp| bench.store.claim_messages(None, 10, at).await.unwrap().len();
    let store = &bench.store;
    let method = store.methods_of(hanako.id).await.unwrap().unwrap().pair.backup().id;
    let label = Label::parse("Office phone").unwrap();

    for (to, expected) in [(Language::Ja, 0), (Language::En, 1), (Language::En, 0)] {
        store.set_language(&acting, to, &news(Notice::LanguageChanged { to })).await.unwrap().unwrap();
        assert_eq!(told(NOW).await, expected, "{to:?}");
    }
    for (label, expected) in [(None, 0), (label.as_ref(), 1), (label.as_ref(), 0), (None, 1)] {
        let notices = news(Notice::MethodRelabelled { role: Role::Backup });
        store.relabel_method(&acting, method, label, &notices).await.unwrap().unwrap();
        assert_eq!(told(NOW).await, expected, "{label:?}");
    }
    store.end_trust(&acting, None, &news(Notice::TrustEnded { all: true })).await.unwrap().unwrap();
    store.end_others(&acting, None, &news(Notice::SessionsEnded { all: true })).await.unwrap().unwrap();
    assert_eq!(told(NOW).await, 0, "there was none");
    bench.sign_in(&hanako, NOW + MINUTE).await;
    store.end_others(&acting, None, &news(Notice::SessionsEnded { all: true })).await.unwrap().unwrap();
    assert_eq!(told(NOW).await, 1);
}
