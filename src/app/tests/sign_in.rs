//! The password: who is let on, who waits, and what an address may try.

use std::time::Duration;

use super::{Jar, PASSWORD, WRONG, World, interrupted, trust};
use crate::{
    access::{Decision, Interruption},
    account::MethodKind,
    app::{CodeOutcome, PasswordOutcome, PasswordRefusal, PendingView},
    authn::{CodeReason, Password, throttle},
    session::SecondStep,
};

#[tokio::test]
async fn from_the_password_to_the_console_and_out_again() {
    let world = World::new().await;
    let mut jar = world.enrolled("hanako").await;
    let Decision::Forward(permit) = world.decide(&jar).await else { panic!("not let through") };
    let principal = permit.principal().unwrap();
    assert_eq!((principal.user.to_str().unwrap(), principal.level.to_str().unwrap()), ("hanako", "2"));
    assert_eq!(principal.second_step(), Some(SecondStep::Code(MethodKind::Voice)));

    world.app.sign_out(&jar.browser()).await.unwrap();
    assert_eq!(interrupted(&world.decide(&jar).await), Some(Interruption::Ended));

    jar.session = None;
    let PasswordOutcome::Pending { cookie: Some(_), .. } = world.password(&mut jar, "HANAKO", PASSWORD).await else {
        panic!("a code is asked")
    };
    let Some(PendingView::Code(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
    assert_eq!((view.method.kind, view.method.last_two.as_deref()), (MethodKind::Sms, Some("78")));
    assert_eq!(view.reason, CodeReason::NewBrowser);
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)));
    assert!(matches!(world.decide(&jar).await, Decision::Forward(_)));
}

#[tokio::test]
async fn an_unknown_name_meets_the_same_answers_as_a_wrong_password() {
    let world = World::new().await;
    world.person("hanako").await;
    let mut answers: Vec<Vec<PasswordRefusal>> = Vec::new();
    for name in ["hanako", "nobody"] {
        let mut seen = Vec::new();
        for _ in 0..8 {
            let PasswordOutcome::Refused(why) = world.password(&mut Jar::new(), name, WRONG).await else { panic!() };
            seen.push(why);
        }
        answers.push(seen);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0][4], PasswordRefusal::BadCredentials, "the fifth is still checked");
    assert_eq!(answers[0][5], PasswordRefusal::WaitUntil(world.app.now() + throttle::PASSWORD_WAIT_FIRST));
    assert!(
        matches!(world.password(&mut Jar::new(), "hanako", PASSWORD).await, PasswordOutcome::Refused(_)),
        "the right one has to wait too"
    );
    world.pass(throttle::PASSWORD_WAIT_FIRST);
    assert!(matches!(world.password(&mut Jar::new(), "hanako", PASSWORD).await, PasswordOutcome::Pending { .. }));
}

#[tokio::test]
async fn a_stranger_cannot_lock_out_a_trusted_browser() {
    let world = World::new().await;
    let mut owner = world.enrolled("hanako").await;
    trust(&world, &mut owner).await;
    for _ in 0..6 {
        world.password(&mut Jar::new(), "hanako", WRONG).await;
    }
    assert!(matches!(world.password(&mut Jar::new(), "hanako", PASSWORD).await, PasswordOutcome::Refused(_)));
    owner.session = None;
    assert!(matches!(world.password(&mut owner, "hanako", PASSWORD).await, PasswordOutcome::SignedIn(_)));
}

#[tokio::test]
async fn one_address_gets_thirty_wrong_passwords() {
    let world = World::new().await;
    for n in 0..30 {
        let outcome = world.password(&mut Jar::new(), &format!("nobody{n}"), WRONG).await;
        assert!(matches!(outcome, PasswordOutcome::Refused(PasswordRefusal::BadCredentials)), "try {n}: {outcome:?}");
    }
    let outcome = world.password(&mut Jar::new(), "nobody-else", WRONG).await;
    assert!(matches!(outcome, PasswordOutcome::Refused(PasswordRefusal::WaitUntil(_))), "{outcome:?}");
    world.pass(Duration::from_mins(10));
    let outcome = world.password(&mut Jar::new(), "nobody-else", WRONG).await;
    assert!(matches!(outcome, PasswordOutcome::Refused(PasswordRefusal::BadCredentials)), "{outcome:?}");
}

#[tokio::test]
async fn a_second_tab_joins_the_pending_sign_in() {
    let world = World::new().await;
    let mut jar = world.enrolled("hanako").await;
    jar.session = None;
    world.password(&mut jar, "hanako", PASSWORD).await;
    let (cookie, code) = (jar.sign_in.clone(), world.code(&jar).await);
    let PasswordOutcome::Pending { cookie: None, .. } = world.password(&mut jar, "hanako", PASSWORD).await else {
        panic!("a second message would go out")
    };
    assert_eq!((jar.sign_in.clone(), world.code(&jar).await), (cookie, code));
}

#[tokio::test]
async fn a_new_password_ends_sessions_trust_and_pending_sign_ins() {
    let world = World::new().await;
    let mut jar = world.enrolled("hanako").await;
    trust(&world, &mut jar).await;
    let mut pending = Jar::new();
    world.password(&mut pending, "hanako", PASSWORD).await;
    let code = world.code(&pending).await;
    let account = world.app.find_account("hanako").await.unwrap().unwrap().account;
    world.app.set_password(&account, Password::typed("another fine password").unwrap()).await.unwrap().unwrap();
    assert!(interrupted(&world.decide(&jar).await).is_some());
    assert!(matches!(world.submit(&mut pending, &code, false).await, CodeOutcome::Gone));
    let outcome = world.password(&mut jar, "hanako", "another fine password").await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "{outcome:?}");
}

#[tokio::test]
async fn what_an_address_may_not_try_does_not_count_against_the_owner() {
    let world = World::new().await;
    world.person("hanako").await;
    for n in 0..30 {
        world.password(&mut Jar::new(), &format!("nobody{n}"), WRONG).await;
    }
    let start = world.app.now();
    world.pass(Duration::from_mins(1));
    for _ in 0..10 {
        let outcome = world.password(&mut Jar::new(), "hanako", WRONG).await;
        let PasswordOutcome::Refused(PasswordRefusal::WaitUntil(until)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(until, start + Duration::from_mins(10), "the end of the window, which does not move");
    }
    world.pass(Duration::from_mins(9));
    assert!(matches!(world.password(&mut Jar::new(), "hanako", PASSWORD).await, PasswordOutcome::Pending { .. }));
}
