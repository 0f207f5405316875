//! Sessions: their limits, their ends, and what of them reaches the store.

use std::{net::Ipv4Addr, time::Duration};

use http::Method;

use super::{Jar, PASSWORD, World, interrupted};
use crate::{
    access::{Decision, Interruption},
    app::{GateRequest, Marks, PasswordOutcome, PendingView},
    authn::CodeReason,
    entropy::SystemEntropy,
    keyring::Purpose,
};

#[tokio::test]
async fn sessions_end_at_their_limits_and_requests_keep_them() {
    let world = World::new().await;
    let jar = world.enrolled("hanako").await;
    for _ in 0..12 {
        world.pass(Duration::from_secs(3599));
        assert!(matches!(world.decide(&jar).await, Decision::Forward(_)), "used within the hour");
    }
    world.pass(Duration::from_secs(12));
    assert_eq!(interrupted(&world.decide(&jar).await), Some(Interruption::Ended), "twelve hours are over");

    let jar = {
        let mut jar = Jar::new();
        world.password(&mut jar, "hanako", PASSWORD).await;
        let code = world.code(&jar).await;
        world.submit(&mut jar, &code, false).await;
        jar
    };
    world.pass(Duration::from_hours(1));
    assert_eq!(interrupted(&world.decide(&jar).await), Some(Interruption::Idle));
}

#[tokio::test]
async fn what_an_operator_ends_is_over_at_the_next_request() {
    let world = World::new().await;
    let jar = world.enrolled("hanako").await;
    assert!(matches!(world.decide(&jar).await, Decision::Forward(_)));
    let account = world.app.find_account("hanako").await.unwrap().unwrap().account;
    let sessions = world.app.list_sessions(Some(account.id)).await.unwrap();
    world.app.end_session(sessions[0].session.id()).await.unwrap().unwrap();
    assert!(interrupted(&world.decide(&jar).await).is_some());

    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    let code = world.code(&jar).await;
    world.submit(&mut jar, &code, true).await;
    assert!(matches!(world.decide(&jar).await, Decision::Forward(_)));
    world.app.disable_account(account.id, true).await.unwrap().unwrap();
    assert!(interrupted(&world.decide(&jar).await).is_some());
    assert!(matches!(world.password(&mut jar, "hanako", PASSWORD).await, PasswordOutcome::Refused(_)));
    world.app.disable_account(account.id, false).await.unwrap().unwrap();
    let outcome = world.password(&mut jar, "hanako", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "the trust is gone: {outcome:?}");
    let Some(PendingView::Code(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
    assert_eq!(view.reason, CodeReason::TrustVoid, "and the page says so");
    assert_eq!(jar.device.as_deref(), Some(""), "its cookie goes");
}

#[tokio::test]
async fn a_forged_cookie_never_reaches_the_store() {
    let world = World::new().await;
    let jar = world.enrolled("hanako").await;
    world.app.store().close().await;
    let genuine = crate::keyring::TokenId::random(&SystemEntropy::new());
    let (unknown, _) = world.app.keyring().issue(Purpose::SessionCookie, super::HOST, genuine).unwrap();
    let decide = async |cookie: &str| {
        world
            .app
            .decide(GateRequest {
                host: super::HOST,
                method: &Method::GET,
                path: "/",
                address: Ipv4Addr::LOCALHOST.into(),
                session: Some(super::cookie(cookie)),
                known: None,
                marks: Marks::None,
            })
            .await
    };
    assert!(decide(unknown.expose()).await.is_err(), "a cookie of ours is looked up, and an error is an error");
    let forged = jar.session.unwrap().replace('.', ".A");
    assert!(matches!(decide(&forged).await, Ok(Decision::Interrupt(Interruption::NoSession))));
}

#[tokio::test]
async fn a_session_ends_at_once_however_full_the_memory_is() {
    let world = World::with(
        "[session]\ncache = 100\nper_account = 500\n[sign_in]\nsends_per_number_a_day = 1000\n\
         [budget]\nper_account = 1000\nper_network = 1000\nper_block = 1000\n",
    )
    .await;
    let first = world.enrolled("hanako").await;
    let mut jars = vec![first];
    for _ in 0..150 {
        let mut jar = Jar::new();
        world.password(&mut jar, "hanako", PASSWORD).await;
        let code = world.code(&jar).await;
        world.submit(&mut jar, &code, false).await;
        jars.push(jar);
    }
    let busy: Vec<Jar> = jars.iter().step_by(10).cloned().collect();
    for _ in 0..20 {
        for jar in &busy {
            assert!(matches!(world.decide(jar).await, Decision::Forward(_)));
        }
        for jar in &jars {
            world.decide(jar).await;
        }
    }
    for jar in &busy {
        world.app.sign_out(&jar.browser()).await.unwrap();
        assert!(interrupted(&world.decide(jar).await).is_some(), "served after its end");
    }
}

#[tokio::test]
async fn the_last_use_reaches_the_store_in_time() {
    let world = World::new().await;
    let jar = world.enrolled("hanako").await;
    let account = world.app.find_account("hanako").await.unwrap().unwrap().account;
    let stored = async || world.app.list_sessions(Some(account.id)).await.unwrap()[0].session.last_used_at();
    let start = stored().await;
    world.pass(Duration::from_secs(59));
    world.decide(&jar).await;
    world.app.write_last_uses().await.unwrap();
    assert_eq!(stored().await, start, "at most once a minute");
    world.pass(Duration::from_secs(1));
    world.decide(&jar).await;
    world.app.write_last_uses().await.unwrap();
    assert_eq!(stored().await, world.app.now());
}
