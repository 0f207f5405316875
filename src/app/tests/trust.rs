//! Trusted browsers: what they save their person, and what ends the trust.

use std::time::Duration;

use super::{Jar, PASSWORD, World, interrupted, trust};
use crate::{
    access::Decision,
    app::{CodeOutcome, PasswordOutcome, PendingView},
    authn::CodeReason,
    store::{Notice, OutboxContent},
};

#[tokio::test]
async fn a_trusted_browser_needs_no_code_until_the_trust_ends() {
    let world = World::new().await;
    let mut jar = world.enrolled("hanako").await;
    trust(&world, &mut jar).await;
    let first = jar.device.clone();
    world.pass(Duration::from_secs(30 * 86_400 - 1));
    assert!(matches!(world.password(&mut jar, "hanako", PASSWORD).await, PasswordOutcome::SignedIn(_)));
    assert_ne!(jar.device, first, "the value is exchanged at each use");
    let Decision::Forward(permit) = world.decide(&jar).await else { panic!() };
    assert_eq!(permit.principal().unwrap().level, "1", "a remembered browser is no second factor");

    let mut other = Jar::new();
    assert!(matches!(world.password(&mut other, "hanako", PASSWORD).await, PasswordOutcome::Pending { .. }));

    world.pass(Duration::from_secs(1));
    assert!(matches!(world.password(&mut jar, "hanako", PASSWORD).await, PasswordOutcome::Pending { .. }));
    let Some(PendingView::Code(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
    assert_eq!(view.reason, CodeReason::TrustEnded(world.app.now()), "never extended by use");
}

#[tokio::test]
async fn a_copied_trust_ends_when_both_have_used_it() {
    let world = World::new().await;
    let mut owner = world.enrolled("hanako").await;
    trust(&world, &mut owner).await;
    let mut thief = Jar { device: owner.device.clone(), ..Jar::new() };
    assert!(matches!(world.password(&mut thief, "hanako", PASSWORD).await, PasswordOutcome::SignedIn(_)));
    assert!(matches!(world.password(&mut thief, "hanako", PASSWORD).await, PasswordOutcome::SignedIn(_)));
    let outcome = world.password(&mut owner, "hanako", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "the owner's is old now: a code");
    assert!(interrupted(&world.decide(&thief).await).is_some(), "whoever came in with the copy is out");
    let told = world.app.store().claim_messages(None, 50, world.app.now()).await.unwrap();
    let copied = |content: &OutboxContent| matches!(content, OutboxContent::Notice { notice: Notice::TrustCopied });
    assert!(told.iter().any(|message| copied(&message.content)), "{told:?}");
    let outcome = world.password(&mut thief, "hanako", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "and the copy is void");
}

#[tokio::test]
async fn two_people_on_one_browser_keep_their_own_trust() {
    let world = World::new().await;
    let mut jar = world.enrolled("hanako").await;
    trust(&world, &mut jar).await;
    let taro = world.enrolled("taro").await;
    drop(taro);
    world.password(&mut jar, "taro", PASSWORD).await;
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, true).await, CodeOutcome::SignedIn(_)));
    for name in ["hanako", "taro", "hanako"] {
        assert!(matches!(world.password(&mut jar, name, PASSWORD).await, PasswordOutcome::SignedIn(_)), "{name}");
    }
}
