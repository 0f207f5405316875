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

/// A cookie of the time when there was one host, which named none.
fn before_there_were_hosts(world: &World, purpose: Purpose, cookie: &str) -> String {
    let keyring = world.app.keyring();
    let token = keyring.genuine(purpose, super::HOST, cookie).unwrap();
    let mac = keyring.mac(keyring.active(), purpose, &[token.id().as_bytes()]).unwrap();
    let text = |bytes: &[u8]| data_encoding::BASE64URL_NOPAD.encode(bytes);
    format!("{}.{}.{}", keyring.active().0, text(token.id().as_bytes()), text(mac.as_bytes()))
}

#[tokio::test]
async fn a_session_is_one_of_its_host_and_one_from_before_there_were_several_of_the_main_one() {
    let world = World::new().await;
    let jar = world.enrolled("hanako").await;
    let now = jar.session.unwrap();
    let before = before_there_were_hosts(&world, Purpose::SessionCookie, &now);
    let decide = async |host: &str, text: &str| {
        let session = Some(crate::app::Cookie { host, text });
        let address = Ipv4Addr::LOCALHOST.into();
        let (method, path, known, marks) = (&Method::GET, "/", None, Marks::None);
        world.app.decide(GateRequest { host, method, path, address, session, known, marks }).await.unwrap()
    };
    for text in [&now, &before] {
        assert!(matches!(decide(super::HOST, text).await, Decision::Forward(_)), "{text}");
        for host in ["reports.example.jp", "a.console.example.jp", ""] {
            let decision = decide(host, text).await;
            assert!(matches!(decision, Decision::Interrupt(Interruption::NoSession)), "{host}: {decision:?}");
        }
    }
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
