//! Messages: handed out once, never after their time, also across restarts.

use sekisho::{
    account::{EmailAddress, MethodKind, Role},
    clock::Timestamp,
    config::ChannelKind,
    language::Language,
    store::{Notice, OutboxContent, OutboxId, OutboxItem, OutboxOutcome, Recipient, Resumed},
};

use crate::world::{Bench, DAY, LIFETIME, MINUTE, NOW, Person, phone};

const MILLISECOND: std::time::Duration = std::time::Duration::from_millis(1);

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
    assert_eq!(bench.store.claim_messages(None, 2, NOW + 2 * MINUTE).await.unwrap(), items[..2]);
    assert_eq!(bench.store.claim_messages(None, 2, NOW + 2 * MINUTE).await.unwrap(), items[2..]);
}

#[tokio::test]
async fn what_was_handed_over_is_never_given_again_and_what_was_only_taken_is_after_a_restart() {
    let mut bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let (taken, handed, back) =
        (item(&bench, &hanako, mail(), NOW), item(&bench, &hanako, mail(), NOW), item(&bench, &hanako, mail(), NOW));
    for item in [&taken, &handed, &back] {
        bench.store.enqueue(item).await.unwrap();
    }
    assert_eq!(bench.store.claim_messages(None, 10, NOW).await.unwrap().len(), 3);
    for item in [&handed, &back] {
        assert_eq!(bench.store.hand_over(item.id, "smtp", NOW).await.unwrap(), Some(1));
        assert_eq!(bench.store.hand_over(item.id, "smtp", NOW).await.unwrap(), None, "once");
    }
    bench.store.take_back(back.id, "unavailable").await.unwrap();
    bench.reopen().await;
    assert!(bench.store.claim_messages(None, 10, NOW).await.unwrap().is_empty(), "another process may have them");
    assert_eq!(bench.store.resume_messages(NOW).await.unwrap(), Resumed { queued: 2, unknown: 1 });
    let again = bench.store.claim_messages(None, 10, NOW).await.unwrap();
    let mut ids: Vec<_> = again.iter().map(|item| item.id).collect();
    ids.sort_unstable();
    let mut expected = [taken.id, back.id];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    assert_eq!(bench.store.hand_over(back.id, "smtp", NOW).await.unwrap(), Some(2), "the second attempt");
    assert_eq!(bench.store.resume_messages(NOW).await.unwrap(), Resumed { queued: 0, unknown: 0 }, "our own");
}

#[tokio::test]
async fn what_was_taken_and_forgotten_is_anybodys_after_a_minute() {
    let bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let (taken, handed) = (item(&bench, &hanako, mail(), NOW), item(&bench, &hanako, mail(), NOW));
    for item in [&taken, &handed] {
        bench.store.enqueue(item).await.unwrap();
    }
    assert_eq!(bench.store.claim_messages(None, 10, NOW).await.unwrap().len(), 2);
    assert_eq!(bench.store.hand_over(handed.id, "smtp", NOW).await.unwrap(), Some(1));
    assert!(bench.store.claim_messages(None, 10, NOW + MINUTE - MILLISECOND).await.unwrap().is_empty());
    assert_eq!(bench.store.claim_messages(None, 10, NOW + MINUTE).await.unwrap(), [taken]);
}

#[tokio::test]
async fn a_message_waits_until_it_is_due_and_is_not_handed_over_when_it_is_over() {
    let bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let later = item(&bench, &hanako, mail(), NOW);
    bench.store.enqueue(&later).await.unwrap();
    let claim = async |at| bench.store.claim_messages(Some(ChannelKind::Mail), 10, at).await.unwrap().len();
    assert_eq!(claim(NOW).await, 1);
    bench.store.retry_message(later.id, NOW + 2 * MINUTE).await.unwrap();
    assert_eq!(claim(NOW + 2 * MINUTE - MILLISECOND).await, 0);
    let others = bench.store.claim_messages(Some(ChannelKind::Sms), 10, NOW + 2 * MINUTE).await.unwrap();
    assert!(others.is_empty(), "each channel has its own");
    assert_eq!(claim(NOW + 2 * MINUTE).await, 1);
    assert_eq!(bench.store.hand_over(later.id, "smtp", NOW + 5 * MINUTE).await.unwrap(), None, "it is over");
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
        racing.spawn(async move { store.claim_messages(None, 3, NOW).await.unwrap() });
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
    assert!(bench.store.claim_messages(None, 10, NOW + 5 * MINUTE).await.unwrap().is_empty());
    assert!(bench.store.claim_messages(None, 10, NOW).await.unwrap().is_empty(), "it is finished");
}

#[tokio::test]
async fn finished_messages_are_purged_after_a_week() {
    let bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let (sent, lost) = (item(&bench, &hanako, mail(), NOW), item(&bench, &hanako, mail(), NOW));
    bench.store.enqueue(&sent).await.unwrap();
    bench.store.enqueue(&lost).await.unwrap();
    assert_eq!(bench.store.claim_messages(None, 10, NOW).await.unwrap().len(), 2);
    bench.store.finish_message(sent.id, OutboxOutcome::Sent, ("accepted", None), NOW).await.unwrap();
    assert_eq!(bench.store.purge(LIFETIME, NOW + 6 * DAY).await.unwrap(), 1, "only what was counted for the day");
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
    assert_eq!(bench.store.claim_messages(None, 10, NOW + MINUTE).await.unwrap(), [good]);
    assert!(bench.store.claim_messages(None, 10, NOW + MINUTE).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_worker_is_woken_by_an_order_it_did_not_wait_for() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    bench.store.enqueue(&item(&bench, &hanako, mail(), NOW)).await.unwrap();
    bench.store.next_message_signal(ChannelKind::Sms).await;
    let pending = bench.begin(&hanako, NOW).await;
    let switch = sekisho::authn::Input::UseRole(sekisho::account::Role::Backup, bench.seed());
    bench.proceed(&pending, switch, NOW).await;
    bench.store.next_message_signal(ChannelKind::Sms).await;
}

#[tokio::test]
async fn a_phone_hears_the_same_news_once_in_ten_minutes_and_never_without_end() {
    let bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let sent = async |notice: Notice, to: Recipient, at: Timestamp| {
        let message = OutboxItem { content: OutboxContent::Notice { notice }, ..item(&bench, &hanako, to, at) };
        bench.store.enqueue(&message).await.unwrap();
        bench.store.claim_messages(None, 10, at).await.unwrap().len()
    };
    let text = || Recipient::Sms(phone("090-1234-5678"));
    let replaced = |role| Notice::MethodReplaced { role };
    let (mut texts, mut mails) = (0, 0);
    for _ in 0..41 {
        texts += sent(Notice::MethodsSwapped, text(), NOW).await;
        mails += sent(Notice::MethodsSwapped, mail(), NOW).await;
    }
    assert_eq!((texts, mails), (1, 30));
    assert_eq!(sent(Notice::MethodsSwapped, Recipient::Sms(phone("090-8765-4321")), NOW).await, 1, "another phone");
    assert_eq!(sent(Notice::PasswordChanged, mail(), NOW).await, 1, "other news");
    assert_eq!(sent(replaced(Role::Primary), text(), NOW).await, 1, "other news");
    assert_eq!(sent(replaced(Role::Backup), text(), NOW).await, 1, "the other method is other news");
    assert_eq!(sent(replaced(Role::Primary), text(), NOW + 10 * MINUTE - MILLISECOND).await, 0);
    assert_eq!(sent(replaced(Role::Primary), text(), NOW + 10 * MINUTE).await, 1);
    for round in 1..=20 {
        texts += sent(Notice::MethodsSwapped, text(), NOW + round * 10 * MINUTE).await;
    }
    assert_eq!(texts, 7, "ten a day with the other news");
    let mut grave = 0;
    for round in 21..=40 {
        grave += sent(Notice::Frozen, text(), NOW + round * 10 * MINUTE).await;
    }
    assert_eq!(grave, 10, "what matters is not crowded out, and ends at twenty");
    assert_eq!(sent(Notice::MethodsSwapped, text(), NOW + DAY - MILLISECOND).await, 0);
    assert_eq!(sent(Notice::MethodsSwapped, text(), NOW + DAY).await, 1);
    assert_eq!(sent(Notice::MethodsSwapped, mail(), NOW + DAY).await, 1);
}

#[tokio::test]
async fn news_of_another_method_or_request_or_account_is_told_however_soon_after_the_other() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.newcomer("hanako").await, bench.newcomer("taro").await);
    let receipts = || ["7Q2M-4KXP", "9F3N-2HJA"].map(str::to_owned);
    let roles = [Role::Primary, Role::Backup];
    let labels = || ["export", "import"].map(str::to_owned);
    let news = [
        roles.map(|role| Notice::MethodReplaced { role }),
        roles.map(|role| Notice::MethodRelabelled { role }),
        roles.map(|role| Notice::MethodPaused { role, kind: MethodKind::Sms, until: NOW }),
        roles.map(|role| Notice::MethodDisabled { role, kind: MethodKind::Sms, ending: Some("78".to_owned()) }),
        labels().map(|label| Notice::TokenCreated { label, until: NOW }),
        receipts().map(|receipt| Notice::RecoveryRequested { receipt, ready_at: NOW }),
        receipts().map(|receipt| Notice::RecoveryApproved { receipt }),
        receipts().map(|receipt| Notice::RecoveryRefused { receipt }),
        receipts().map(|receipt| Notice::RecoveryCancelled { receipt }),
    ];
    let told = async |person: &Person, notice: &Notice, number: &str| {
        let content = OutboxContent::Notice { notice: notice.clone() };
        let message = OutboxItem { content, ..item(&bench, person, Recipient::Sms(phone(number)), NOW) };
        bench.store.enqueue(&message).await.unwrap();
        bench.store.claim_messages(None, 10, NOW).await.unwrap().len()
    };
    // A number of its own for each, so that none of them fills its day.
    for (place, [one, other]) in news.iter().enumerate() {
        let number = format!("090-1234-56{place}0");
        for notice in [one, other] {
            assert_eq!(told(&hanako, notice, &number).await, 1, "{notice:?}");
            assert_eq!(told(&hanako, notice, &number).await, 0, "{notice:?} is told once");
        }
        assert_eq!(told(&taro, one, &number).await, 1, "{one:?} of another account on the same phone");
    }
}

#[tokio::test]
async fn a_day_is_of_the_phone_whatever_the_account_and_of_the_mailbox_for_each_address() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.newcomer("hanako").await, bench.newcomer("taro").await);
    let told = async |person: &Person, notice: Notice, to: Recipient, at: Timestamp| {
        let message = OutboxItem { content: OutboxContent::Notice { notice }, ..item(&bench, person, to, at) };
        bench.store.enqueue(&message).await.unwrap();
        bench.store.claim_messages(None, 10, at).await.unwrap().len()
    };
    let (mut texts, mut last) = (0, NOW);
    for round in 0..8 {
        last = NOW + round * 10 * MINUTE;
        for person in [&hanako, &taro] {
            texts += told(person, Notice::MethodsSwapped, Recipient::Sms(phone("090-1234-5678")), last).await;
        }
    }
    assert_eq!(texts, 10, "one phone, two accounts");
    let other = || Recipient::Sms(phone("090-8765-4321"));
    assert_eq!(told(&taro, Notice::MethodsSwapped, other(), last).await, 1, "another phone has a day of its own");

    let address = |name: &str| Recipient::Mail(EmailAddress::parse(&format!("{name}@example.jp")).unwrap());
    let mut mails = 0;
    for _ in 0..31 {
        mails += told(&hanako, Notice::MethodsSwapped, address("hanako"), NOW).await;
    }
    assert_eq!(mails, 30);
    assert_eq!(told(&hanako, Notice::MethodsSwapped, address("jiro"), NOW).await, 1, "mail to somebody else");
}
