//! From the right password to the session: every step is stored, happens once, and counts for one account only.

use crate::bench::{Bench, NOW};

#[tokio::test]
async fn a_code_makes_one_session() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let complete = bench.ready(&hanako, NOW).await;
    let done = bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    assert!(done.ended.is_empty());
    let stored = bench.store.session(complete.session.digest()).await.unwrap().unwrap();
    assert_eq!(stored.session, complete.session);
    assert_eq!(stored.account.user_name.as_str(), "hanako");
    let (id, _) = complete.pending.unwrap();
    assert!(bench.store.pending_sign_in_by_id(id, NOW).await.unwrap().is_none(), "the sign-in is used up");
    let pair = bench.store.account(hanako.id).await.unwrap().unwrap().pair.unwrap();
    assert_eq!(pair.primary().last_used_at, Some(NOW));
    assert_eq!(pair.backup().last_used_at, None);
}
