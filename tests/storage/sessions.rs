//! Sessions: found by their digest, moved forward only, limited in number, ended by name, and purged by age.

use sekisho::store::CompleteSignIn;

use crate::world::{Bench, DAY, LIFETIME, MINUTE, NOW};

#[tokio::test]
async fn the_last_use_moves_forward_only() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let session = bench.sign_in(&hanako, NOW).await;
    let later = NOW + 2 * MINUTE;
    for at in [later, NOW + MINUTE] {
        assert!(bench.store.touch_sessions(&[(session.id(), at)]).await.unwrap().is_empty());
    }
    bench.reopen().await;
    let stored = bench.store.session(session.digest()).await.unwrap().unwrap();
    assert_eq!((stored.session.last_used_at(), stored.session.created_at()), (later, NOW));
    assert!(bench.store.session(&bench.digest()).await.unwrap().is_none());
}

#[tokio::test]
async fn many_uses_are_written_together_each_with_its_own_time() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let (hers, his) = (bench.sign_in(&hanako, NOW).await, bench.sign_in(&taro, NOW).await);
    let missing = bench.ready(&hanako, NOW + MINUTE).await.session.id();
    // More than one transaction takes.
    let mut uses = vec![(missing, NOW + MINUTE); 1500];
    uses[3] = (hers.id(), NOW + 2 * MINUTE);
    uses[1400] = (his.id(), NOW + 3 * MINUTE);
    let gone = bench.store.touch_sessions(&uses).await.unwrap();
    assert!(gone.len() == 1498 && gone.iter().all(|id| *id == missing));
    for (session, at) in [(hers, NOW + 2 * MINUTE), (his, NOW + 3 * MINUTE)] {
        let stored = bench.store.session(session.digest()).await.unwrap().unwrap();
        assert_eq!(stored.session.last_used_at(), at);
    }
}

#[tokio::test]
async fn an_ended_session_is_gone_at_once() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (first, second, third) = (
        bench.sign_in(&hanako, NOW).await,
        bench.sign_in(&hanako, NOW + MINUTE).await,
        bench.sign_in(&hanako, NOW + 2 * MINUTE).await,
    );
    let ended = bench.store.end_session(first.id()).await.unwrap().unwrap();
    assert_eq!((ended.id, ended.account, ended.digest), (first.id(), hanako.id, *first.digest()));
    assert!(bench.store.session(first.digest()).await.unwrap().is_none());
    assert!(bench.store.end_session(first.id()).await.unwrap().is_none());
    let uses = [(first.id(), NOW), (second.id(), NOW + MINUTE)];
    assert_eq!(bench.store.touch_sessions(&uses).await.unwrap(), [first.id()], "those that are gone");
    assert_eq!(bench.store.end_session_by_digest(second.digest()).await.unwrap().unwrap().id, second.id());
    assert!(bench.store.end_session_by_digest(second.digest()).await.unwrap().is_none());
    assert_eq!(bench.store.end_sessions(hanako.id).await.unwrap().len(), 1);
    assert!(bench.store.session(third.digest()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_browser_replaces_its_own_session_and_the_oldest_make_room() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let first = bench.sign_in(&hanako, NOW).await;
    let second = bench.sign_in(&hanako, NOW + MINUTE).await;
    bench.store.touch_sessions(&[(first.id(), NOW + 2 * MINUTE)]).await.unwrap();
    let complete = CompleteSignIn { max_sessions: 2, ..bench.ready(&hanako, NOW + 3 * MINUTE).await };
    let done = bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    assert_eq!(done.ended.iter().map(|e| e.id).collect::<Vec<_>>(), [second.id()], "used longest ago");
    let again = CompleteSignIn {
        max_sessions: 2,
        replaces: Some(*complete.session.digest()),
        ..bench.ready(&hanako, NOW + 4 * MINUTE).await
    };
    let done = bench.store.complete_sign_in(&again).await.unwrap().unwrap();
    assert_eq!(done.ended.iter().map(|e| e.id).collect::<Vec<_>>(), [complete.session.id()]);
    let left = bench.store.sessions(Some(hanako.id), LIFETIME, NOW + 4 * MINUTE).await.unwrap();
    assert_eq!(left.iter().map(|s| s.session.id()).collect::<Vec<_>>(), [again.session.id(), first.id()]);
}

#[tokio::test]
async fn lists_show_what_lives() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let (one, other) = (bench.sign_in(&hanako, NOW).await, bench.sign_in(&taro, NOW + MINUTE).await);
    let ids =
        |sessions: Vec<sekisho::store::StoredSession>| sessions.iter().map(|s| s.session.id()).collect::<Vec<_>>();
    assert_eq!(ids(bench.store.sessions(None, LIFETIME, NOW + MINUTE).await.unwrap()), [other.id(), one.id()]);
    assert_eq!(ids(bench.store.sessions(Some(hanako.id), LIFETIME, NOW).await.unwrap()), [one.id()]);
    assert_eq!(ids(bench.store.sessions(None, LIFETIME, NOW + LIFETIME.idle).await.unwrap()), [other.id()]);
    assert_eq!(bench.store.account(hanako.id).await.unwrap().unwrap().sessions, 1);
}

#[tokio::test]
async fn a_purge_takes_what_is_over_and_nothing_else() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (old, device, _) = crate::devices::trusting(&bench, &hanako, NOW).await;
    let pending = bench.begin(&hanako, NOW).await;
    assert_eq!(bench.store.purge(LIFETIME, NOW + MINUTE).await.unwrap(), 0);
    assert!(bench.store.session(old.digest()).await.unwrap().is_some());
    assert!(bench.store.pending_sign_in_by_id(pending.id, NOW).await.unwrap().is_some());

    let new = bench.sign_in(&hanako, NOW + DAY).await;
    assert_eq!(bench.store.purge(LIFETIME, NOW + DAY).await.unwrap(), 2, "the old session and the pending sign-in");
    assert!(bench.store.session(old.digest()).await.unwrap().is_none());
    assert!(bench.store.session(new.digest()).await.unwrap().is_some());
    assert_eq!(bench.store.devices(hanako.id, NOW + DAY).await.unwrap().len(), 1);
    bench.store.purge(LIFETIME, NOW + 30 * DAY).await.unwrap();
    assert!(bench.store.revoke_device(device).await.unwrap().is_none(), "the trust was purged");
    assert!(bench.store.account(hanako.id).await.unwrap().unwrap().pair.is_some());
    bench.store.ping().await.unwrap();
}
