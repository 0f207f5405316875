//! Messages: handed out once, never after their time, also across restarts.

use sekisho::{
    account::EmailAddress,
    clock::Timestamp,
    language::Language,
    store::{Notice, OutboxContent, OutboxId, OutboxItem, OutboxOutcome, Recipient},
};

use crate::world::{Bench, DAY, LIFETIME, MINUTE, NOW, Person, phone};

fn item(bench: &Bench, person: &Person, to: Recipient, created_at: Timestamp) -> OutboxItem {
    OutboxItem {
        id: OutboxId::random(&*bench.entropy),
        account: person.id,
        to,
        language: Language::En,
        content: OutboxContent::Notice { notice: Notice::TwoStepEnabled },
        created_at,
        expires_at: created_at + 5 * MINUTE,
        link: None,
    }
}

fn mail() -> Recipient {
    Recipient::Mail(EmailAddress::parse("hanako@example.jp").unwrap())
}

#[tokio::test]
async fn every_recipient_reads_back_in_order() {
    let mut bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let items = [
        item(&bench, &hanako, mail(), NOW),
        item(&bench, &hanako, Recipient::Voice(phone("03-1234-5678 内線12")), NOW + MINUTE),
        item(&bench, &hanako, Recipient::Sms(phone("090-1234-5678")), NOW + 2 * MINUTE),
    ];
    for item in [&items[2], &items[0], &items[1]] {
        bench.store.enqueue(item).await.unwrap();
    }
    bench.reopen().await;
    assert_eq!(bench.store.claim_messages(2, NOW + 2 * MINUTE).await.unwrap(), items[..2]);
    assert_eq!(bench.store.claim_messages(2, NOW + 2 * MINUTE).await.unwrap(), items[2..]);
}

#[tokio::test]
async fn what_was_taken_is_not_given_again_after_a_restart() {
    let mut bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    bench.store.enqueue(&item(&bench, &hanako, mail(), NOW)).await.unwrap();
    assert_eq!(bench.store.claim_messages(10, NOW).await.unwrap().len(), 1);
    bench.reopen().await;
    assert!(bench.store.claim_messages(10, NOW).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_at_once_never_share_a_message() {
    let bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    for _ in 0..20 {
        bench.store.enqueue(&item(&bench, &hanako, mail(), NOW)).await.unwrap();
    }
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = bench.store.clone();
        racing.spawn(async move { store.claim_messages(3, NOW).await.unwrap() });
    }
    let mut ids: Vec<_> = racing.join_all().await.into_iter().flatten().map(|item| item.id).collect();
    assert_eq!(ids.len(), 20);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}

#[tokio::test]
async fn a_message_past_its_time_is_not_given() {
    let bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    bench.store.enqueue(&item(&bench, &hanako, mail(), NOW)).await.unwrap();
    assert!(bench.store.claim_messages(10, NOW + 5 * MINUTE).await.unwrap().is_empty());
    assert!(bench.store.claim_messages(10, NOW).await.unwrap().is_empty(), "it is finished");
}

#[tokio::test]
async fn finished_messages_are_purged_after_a_week() {
    let bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let (sent, lost) = (item(&bench, &hanako, mail(), NOW), item(&bench, &hanako, mail(), NOW));
    bench.store.enqueue(&sent).await.unwrap();
    bench.store.enqueue(&lost).await.unwrap();
    assert_eq!(bench.store.claim_messages(10, NOW).await.unwrap().len(), 2);
    bench.store.finish_message(sent.id, OutboxOutcome::Sent, NOW).await.unwrap();
    assert_eq!(bench.store.purge(LIFETIME, NOW + 6 * DAY).await.unwrap(), 0);
    assert_eq!(bench.store.purge(LIFETIME, NOW + 8 * DAY).await.unwrap(), 2);
}

#[tokio::test]
async fn one_bad_row_does_not_hold_up_the_others() {
    let bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let (bad, good) = (item(&bench, &hanako, mail(), NOW), item(&bench, &hanako, mail(), NOW + MINUTE));
    bench.store.enqueue(&bad).await.unwrap();
    bench.plant("UPDATE outbox SET content = '{'").await;
    bench.store.enqueue(&good).await.unwrap();
    assert_eq!(bench.store.claim_messages(10, NOW + MINUTE).await.unwrap(), [good]);
    assert!(bench.store.claim_messages(10, NOW + MINUTE).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_worker_is_woken_by_an_order_it_did_not_wait_for() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    bench.store.enqueue(&item(&bench, &hanako, mail(), NOW)).await.unwrap();
    bench.store.next_message_signal().await;
    let pending = bench.begin(&hanako, NOW).await;
    let switch = sekisho::authn::Input::UseRole(sekisho::account::Role::Backup, bench.seed());
    bench.proceed(&pending, switch, NOW).await;
    bench.store.next_message_signal().await;
}
