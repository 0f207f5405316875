//! Messages with codes as the store counts them: the waits, what was sent, and what became of it.

use std::time::Duration;

use sekisho::{
    authn::Input,
    store::{Delivery, OutboxOutcome, SendKey, Stale},
};

use crate::world::{Bench, MINUTE, NOW};
use sekisho::account::Role;

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
    let state = bench.store.message_state(key, NOW).await.unwrap();
    assert_eq!((state.sent, state.next_at), (1, Some(NOW + Duration::from_secs(30))));
    let challenge = state.code.expect("a code that is good").id();
    assert_eq!(pending.sign_in.challenge().map(sekisho::authn::Challenge::id), Some(challenge));
    assert!(bench.store.ordered_code(pending.id, challenge, NOW).await.unwrap().is_some());
    let over = NOW + 5 * MINUTE;
    let before = over - Duration::from_millis(1);
    assert!(bench.store.message_state(key, before).await.unwrap().code.is_some());
    assert!(bench.store.message_state(key, over).await.unwrap().code.is_none(), "five minutes");
    assert!(bench.store.ordered_code(pending.id, challenge, over).await.unwrap().is_none());

    assert_eq!(bench.store.delivery(challenge).await.unwrap(), Some(Delivery::Queued));
    let [message] = &bench.store.claim_messages(10, NOW).await.unwrap()[..] else { panic!("one message") };
    bench.store.finish_message(message.id, OutboxOutcome::Sent, NOW).await.unwrap();
    assert_eq!(bench.store.delivery(challenge).await.unwrap(), Some(Delivery::Sent));
    bench.store.forget_sends(key).await.unwrap();
    assert_eq!(bench.store.message_state(key, NOW).await.unwrap().next_at, None, "counted from the start");
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
    assert_eq!(bench.store.claim_messages(10, NOW).await.unwrap().len(), 1);
}
