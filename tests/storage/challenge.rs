//! Messages with codes as the store counts them: the waits, what was sent, and what became of it.

use std::time::Duration;

use sekisho::{
    authn::Input,
    secret::Digest,
    store::{
        BeginSignIn, Delivery, DeliveryReport, MessageState, OutboxOrder, OutboxOutcome, PendingSignIn, SendKey,
        SendLimit, SignInPlace, Stale,
    },
};

use crate::world::{Bench, HERE, MINUTE, NOW};
use sekisho::account::{MethodKind, Role};

#[tokio::test]
async fn a_message_is_told_from_its_order_to_its_end() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let pending = bench.begin(&hanako, NOW).await;
    let backup = bench.store.methods_of(hanako.id).await.unwrap().unwrap().pair.backup().id;
    let key = SendKey::Method(backup);
    assert_eq!(bench.store.message_state(key, NOW).await.unwrap().sent, 0);
    let pending = bench.proceed(&pending, Input::UseRole(Role::Backup, bench.seed()), NOW).await;
    bench.reopen().await;
    let state = bench.store.method_messages(backup, &HERE, NOW).await.unwrap();
    assert_eq!((state.sent, state.next_at), (1, Some(NOW + Duration::from_secs(30))));
    let challenge = state.code.expect("a code that is good").id();
    assert_eq!(pending.sign_in.challenge().map(sekisho::authn::Challenge::id), Some(challenge));
    assert!(bench.store.ordered_code(pending.id, challenge, NOW).await.unwrap().is_some());
    let over = NOW + 5 * MINUTE;
    let before = over - Duration::from_millis(1);
    assert!(bench.store.method_messages(backup, &HERE, before).await.unwrap().code.is_some());
    assert!(bench.store.method_messages(backup, &HERE, over).await.unwrap().code.is_none(), "five minutes");
    assert!(bench.store.ordered_code(pending.id, challenge, over).await.unwrap().is_none());

    assert_eq!(bench.store.delivery(challenge, MethodKind::Sms).await.unwrap(), Some(Delivery::Queued));
    let [message] = &bench.store.claim_messages(None, 10, NOW).await.unwrap()[..] else { panic!("one message") };
    bench.store.finish_message(message.id, OutboxOutcome::Sent, ("accepted", None), NOW).await.unwrap();
    assert_eq!(bench.store.delivery(challenge, MethodKind::Sms).await.unwrap(), Some(Delivery::Sent));
    bench.store.number_proven(key, challenge, NOW).await.unwrap();
    assert_eq!(bench.store.message_state(key, NOW).await.unwrap().next_at, None, "counted from the start");
}

#[tokio::test]
async fn a_code_is_good_in_the_browser_that_ordered_it_and_in_no_other() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let backup = bench.store.methods_of(hanako.id).await.unwrap().unwrap().pair.backup().id;
    let there = SignInPlace { browser: Digest::new([2; 32]), known: Some(Digest::new([3; 32])) };
    let code_in = async |place: SignInPlace| {
        bench.store.method_messages(backup, &place, NOW).await.unwrap().code.map(|code| code.id())
    };
    let mut orders = Vec::new();
    for place in [HERE, there] {
        let begin = BeginSignIn { place, ..bench.beginning(&hanako, NOW).await };
        bench.store.begin_sign_in(&begin, NOW).await.unwrap().unwrap();
        let pending = bench.store.pending_sign_in(&begin.digest, NOW).await.unwrap().unwrap();
        assert_eq!(code_in(place).await, None, "nothing was ordered here");
        let next = bench.advance(&pending, Input::UseRole(Role::Backup, bench.seed()), NOW).unwrap();
        let sekisho::authn::Step::Continue(sign_in) = next.step else { panic!("still pending") };
        let order = bench.order(next.send.unwrap(), &sign_in);
        let limit = SendLimit { key: place.counts(backup), ..order.limit.clone() };
        let order = OutboxOrder { place, limit, ..order };
        bench.store.save_sign_in(pending.id, pending.version, &sign_in, Some(&order), NOW).await.unwrap().unwrap();
        let after = bench.store.pending_sign_in(&begin.digest, NOW).await.unwrap().unwrap();
        let own = after.sign_in.challenge().map(sekisho::authn::Challenge::id);
        assert_eq!((code_in(place).await, after.backup_messages.sent), (own, 1), "waits of its own");
        orders.push(own);
    }
    assert_ne!(orders[0], orders[1]);
    assert_eq!((code_in(HERE).await, code_in(there).await), (orders[0], orders[1]), "one takes no place of another");
    let elsewhere = async |at| bench.store.method_messages(backup, &HERE, at).await.unwrap().elsewhere;
    assert_eq!((elsewhere(NOW).await, elsewhere(NOW + 5 * MINUTE).await), (true, false), "while it works");
}

#[tokio::test]
async fn of_messages_at_once_one_goes_out() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let mut pending = Vec::new();
    for _ in 0..5 {
        pending.push(bench.begin(&hanako, NOW).await);
    }
    let sent = futures_util::future::join_all(pending.iter().map(async |one| {
        let next = bench.advance(one, Input::UseRole(Role::Backup, bench.seed()), NOW).unwrap();
        let sekisho::authn::Step::Continue(sign_in) = next.step else { panic!("still pending") };
        let message = next.send.map(|send| bench.order(send, &sign_in));
        bench.store.save_sign_in(one.id, one.version, &sign_in, message.as_ref(), NOW).await.unwrap()
    }))
    .await;
    assert_eq!(sent.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{sent:?}");
    let held = |outcome: &Result<_, Stale>| matches!(outcome, Err(Stale::SendAgainAt(at)) if *at == NOW + Duration::from_secs(30));
    assert_eq!(sent.iter().filter(|outcome| held(outcome)).count(), 4, "{sent:?}");
    assert_eq!(bench.store.claim_messages(None, 10, NOW).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_provider_reports_of_a_call_is_kept_once_and_is_of_that_call() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let pending = bench.begin(&hanako, NOW).await;
    let texted = bench.proceed(&pending, Input::UseRole(Role::Backup, bench.seed()), NOW).await;
    let challenge = texted.sign_in.challenge().unwrap().id();
    let become_of = async |bench: &Bench, channel| bench.store.delivery(challenge, channel).await.unwrap();
    let taken = async |bench: &Bench, at| {
        let [message] = &bench.store.claim_messages(None, 10, at).await.unwrap()[..] else { panic!("one message") };
        message.id
    };
    let text = taken(&bench, NOW).await;
    bench.store.finish_message(text, OutboxOutcome::Sent, ("accepted", None), NOW).await.unwrap();

    // The same code by a call to the same number.
    let at = NOW + MINUTE;
    let call = Input::SwitchChannel(MethodKind::Voice, bench.seed());
    let called = bench.proceed(&texted, call, at).await;
    assert_eq!(called.sign_in.challenge().map(sekisho::authn::Challenge::id), Some(challenge), "the same code");
    assert_eq!(become_of(&bench, MethodKind::Voice).await, Some(Delivery::Queued));
    let first = {
        let waiting = bench.store.report_message(text, DeliveryReport::Unanswered, at).await.unwrap();
        assert!(!waiting, "a text message does not ring");
        taken(&bench, at).await
    };
    assert!(bench.store.report_message(first, DeliveryReport::Unanswered, at).await.unwrap(), "before it is noted");
    bench.store.finish_message(first, OutboxOutcome::Sent, ("accepted", None), at).await.unwrap();
    bench.reopen().await;
    assert_eq!(become_of(&bench, MethodKind::Voice).await, Some(Delivery::Unanswered));
    assert_eq!(become_of(&bench, MethodKind::Sms).await, Some(Delivery::Sent), "the text message came all the same");
    assert!(!bench.store.report_message(first, DeliveryReport::Unanswered, at).await.unwrap(), "told twice");

    // Called again: the newest call counts, whatever is said of the one before.
    let at = at + 2 * MINUTE;
    bench.proceed(&called, Input::SendAgain(bench.seed()), at).await;
    assert_eq!(become_of(&bench, MethodKind::Voice).await, Some(Delivery::Queued));
    assert!(!bench.store.report_message(first, DeliveryReport::Unanswered, at).await.unwrap());
    let second = {
        let early = sekisho::store::OutboxId::random(&*bench.entropy);
        assert!(!bench.store.report_message(early, DeliveryReport::Unanswered, at).await.unwrap(), "no such message");
        taken(&bench, at).await
    };
    bench.store.finish_message(second, OutboxOutcome::Failed, ("number_blocked", None), at).await.unwrap();
    assert!(!bench.store.report_message(second, DeliveryReport::Unanswered, at).await.unwrap(), "it never rang");
    assert_eq!(become_of(&bench, MethodKind::Voice).await, Some(Delivery::Refused));
}

#[tokio::test]
async fn reports_come_in_any_order_and_the_truest_stays() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let pending = bench.begin(&hanako, NOW).await;
    let texted = bench.proceed(&pending, Input::UseRole(Role::Backup, bench.seed()), NOW).await;
    let challenge = texted.sign_in.challenge().unwrap().id();
    let [message] = &bench.store.claim_messages(None, 10, NOW).await.unwrap()[..] else { panic!("one message") };
    bench.store.finish_message(message.id, OutboxOutcome::Sent, ("accepted", None), NOW).await.unwrap();
    let later = NOW + MINUTE;
    for (report, at, kept, now) in [
        (DeliveryReport::Unanswered, NOW, false, Delivery::Sent),
        (DeliveryReport::Undelivered, NOW, true, Delivery::Undelivered),
        (DeliveryReport::Undelivered, later, false, Delivery::Undelivered),
        (DeliveryReport::Delivered, NOW, true, Delivery::Delivered(NOW)),
        (DeliveryReport::Delivered, later, false, Delivery::Delivered(NOW)),
        (DeliveryReport::Undelivered, later, false, Delivery::Delivered(NOW)),
    ] {
        assert_eq!(bench.store.report_message(message.id, report, at).await.unwrap(), kept, "{report:?}");
        assert_eq!(bench.store.delivery(challenge, MethodKind::Sms).await.unwrap(), Some(now), "{report:?}");
    }
}

#[tokio::test]
async fn a_code_gives_way_in_the_second_half_of_its_time_and_every_sign_in_follows() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let pending = bench.begin(&hanako, NOW).await;
    let first = bench.proceed(&pending, Input::UseRole(Role::Backup, bench.seed()), NOW).await;
    let good = first.sign_in.challenge().unwrap().id();
    let backup = first.sign_in.method().unwrap();
    let half = NOW + 5 * MINUTE / 2;
    let moment = Duration::from_millis(1);
    let early = half - moment;

    // One that looked before the first message was ordered brings a code of its own.
    let begun = bench.begin(&hanako, NOW).await;
    let blind = PendingSignIn { backup_messages: MessageState::default(), ..begun };
    let bring = async |at| {
        let next = bench.advance(&blind, Input::UseRole(Role::Backup, bench.seed()), at).unwrap();
        let sekisho::authn::Step::Continue(sign_in) = next.step else { panic!("still pending") };
        let message = next.send.map(|send| bench.order(send, &sign_in));
        let saved = bench.store.save_sign_in(blind.id, blind.version, &sign_in, message.as_ref(), at).await.unwrap();
        (saved, sign_in.challenge().unwrap().id())
    };
    assert_eq!(bring(early).await.0, Err(Stale::MovedOn), "more than half of its time is left");
    let state = bench.store.method_messages(backup, &HERE, early).await.unwrap();
    assert_eq!((state.code.unwrap().id(), state.sent), (good, 0), "nothing of it stays: {:?}", state.next_at);
    assert!(bench.store.ordered_code(first.id, good, early).await.unwrap().is_some());

    let (saved, newest) = bring(half).await;
    assert_eq!(saved, Ok(()));
    assert!(bench.store.ordered_code(first.id, good, half).await.unwrap().is_none(), "one code counts");
    let follows = bench.store.pending_sign_in_by_id(first.id, half).await.unwrap().unwrap();
    assert_eq!(follows.sign_in.challenge().unwrap().id(), newest, "the page of the older sign-in, too");
    // The new one has its whole time before it.
    assert_eq!(bring(half + MINUTE).await.0, Err(Stale::MovedOn));
}
