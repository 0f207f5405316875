//! Codes: how often they are sent, how often they count, and what wrong ones lead to.

use std::{sync::Arc, time::Duration};

use super::{Jar, PASSWORD, WRONG, World, ordered};
use crate::{
    access::Decision,
    account::{MethodKind, Role},
    app::{
        CodeOutcome, CodeProblem, CodeView, PasswordOutcome, PendingView, SendAvailability, SendOutcome, SendRefusal,
    },
    authn::throttle,
    delivery::Reports,
    session::SecondStep,
    store::{Delivery, DeliveryReport, Recipient},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_code_makes_one_session_however_often_it_is_sent() {
    let world = Arc::new(World::new().await);
    let mut jar = world.enrolled("hanako").await;
    jar.session = None;
    world.password(&mut jar, "hanako", PASSWORD).await;
    let code = world.code(&jar).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (world, mut jar, code) = (world.clone(), jar.clone(), code.clone());
        tasks.spawn(async move { matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)) });
    }
    let signed_in = tasks.join_all().await.into_iter().filter(|yes| *yes).count();
    assert_eq!(signed_in, 1);
}

#[tokio::test]
async fn five_wrong_codes_pause_one_method_and_leave_the_other() {
    let world = World::new().await;
    let mut jar = world.enrolled("hanako").await;
    world.password(&mut jar, "hanako", PASSWORD).await;
    let right = world.code(&jar).await;
    let wrong = if right == "000000" { "111111" } else { "000000" };
    for left in [4, 3, 2, 1] {
        let CodeOutcome::Refused(CodeProblem::Wrong { tries_left, .. }) = world.submit(&mut jar, wrong, false).await
        else {
            panic!()
        };
        assert_eq!(tries_left, left);
    }
    let until = world.app.now() + throttle::CODE_PAUSE_FIRST;
    let paused = |outcome: CodeOutcome| matches!(outcome, CodeOutcome::Refused(CodeProblem::Paused(at)) if at == until);
    assert!(paused(world.submit(&mut jar, wrong, false).await));
    assert!(paused(world.submit(&mut jar, &right, false).await), "also the right one");
    assert!(matches!(world.submit(&mut jar, "12345", false).await, CodeOutcome::Refused(CodeProblem::NotSixDigits)));

    assert!(matches!(world.app.use_role(&jar.browser(), Role::Backup).await.unwrap(), SendOutcome::Done));
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)));
}

#[tokio::test]
async fn sending_again_waits_and_says_from_when() {
    let world = World::new().await;
    let mut jar = world.enrolled("hanako").await;
    jar.session = None;
    world.password(&mut jar, "hanako", PASSWORD).await;
    let start = world.app.now();
    let SendOutcome::Refused(SendRefusal::From(at)) = world.app.send_again(&jar.browser()).await.unwrap() else {
        panic!()
    };
    assert_eq!(at, start + Duration::from_secs(30));
    world.pass(Duration::from_secs(30));
    assert!(matches!(world.app.switch_channel(&jar.browser()).await.unwrap(), SendOutcome::Done));
    let Some(PendingView::Code(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
    assert_eq!((view.method.kind, view.switch_to), (MethodKind::Voice, Some(MethodKind::Sms)));
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)));
    let Decision::Forward(permit) = world.decide(&jar).await else { panic!() };
    assert_eq!(permit.principal().unwrap().second_step(), Some(SecondStep::Code(MethodKind::Voice)), "as it came");
}

/// The page of a sign-in that waits for a code.
async fn code_view(world: &World, jar: &Jar) -> CodeView {
    match world.app.pending(&jar.browser()).await.unwrap() {
        Some(PendingView::Code(view)) => view,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn r6_new_sign_ins_within_the_wait_send_nothing_and_learn_from_when_they_may() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    ordered(&world).await;
    let mut first = Jar::new();
    world.password(&mut first, "hanako", PASSWORD).await;
    let code = world.code(&first).await;
    let mut others: Vec<Jar> = Vec::new();
    for _ in 0..8 {
        world.pass(Duration::from_secs(1));
        let mut other = Jar::new();
        world.password(&mut other, "hanako", PASSWORD).await;
        others.push(other);
    }
    assert_eq!(ordered(&world).await, 1, "nine right passwords in eight seconds");
    let view = code_view(&world, &others[0]).await;
    let from = world.app.now() + Duration::from_secs(22);
    assert_eq!((view.sent, view.expired, view.send_again), (false, true, SendAvailability::From(from)));

    world.pass(Duration::from_secs(21));
    let early = world.app.send_again(&others[1].browser()).await.unwrap();
    assert!(matches!(early, SendOutcome::Refused(SendRefusal::From(at)) if at == from), "{early:?}");
    world.pass(Duration::from_secs(1));
    assert!(matches!(world.app.send_again(&others[1].browser()).await.unwrap(), SendOutcome::Done));
    assert_eq!(ordered(&world).await, 1);
    let own = world.code(&others[1]).await;

    // A code opens the sign-in it was ordered in, once, and no other: not one that was sent nothing, and not one that
    // was sent another.
    let refused = world.submit(&mut others[2], &code, false).await;
    assert!(matches!(refused, CodeOutcome::Refused(_)), "{refused:?}");
    if own != code {
        let refused = world.submit(&mut others[1], &code, false).await;
        assert!(matches!(refused, CodeOutcome::Refused(CodeProblem::Wrong { .. })), "{refused:?}");
    }
    assert!(matches!(world.submit(&mut others[1], &own, false).await, CodeOutcome::SignedIn(_)));
    assert!(matches!(world.submit(&mut first, &code, false).await, CodeOutcome::SignedIn(_)), "nobody took it away");
}

#[tokio::test]
async fn whoever_has_only_the_password_makes_no_known_browser_wait_for_a_code() {
    let world = World::new().await;
    let owners = world.enrolled("hanako").await;
    ordered(&world).await;
    let mut stranger = Jar::new();
    world.password(&mut stranger, "hanako", PASSWORD).await;
    assert_eq!(ordered(&world).await, 1);
    for _ in 0..4 {
        let SendAvailability::From(at) = code_view(&world, &stranger).await.send_again else { panic!("a wait runs") };
        world.pass(at.since(world.app.now()));
        assert!(matches!(world.app.send_again(&stranger.browser()).await.unwrap(), SendOutcome::Done));
        assert_eq!(ordered(&world).await, 1);
    }
    let mut owner = Jar { session: None, seed: Jar::new().seed, ..owners };
    world.password(&mut owner, "hanako", PASSWORD).await;
    assert_eq!(ordered(&world).await, 1, "the browser is known to the account");
    assert!(matches!(code_view(&world, &owner).await.send_again, SendAvailability::From(_)), "it waits for itself");
    let code = world.code(&owner).await;
    assert!(matches!(world.submit(&mut owner, &code, false).await, CodeOutcome::SignedIn(_)));
}

#[tokio::test]
async fn r6_a_browser_that_begins_again_joins_its_code_unless_that_is_nearly_over_and_the_newest_counts() {
    let half = Duration::from_mins(5) / 2;
    let at = async |later: Duration| {
        let world = World::new().await;
        world.enrolled("hanako").await;
        ordered(&world).await;
        let mut first = Jar::new();
        world.password(&mut first, "hanako", PASSWORD).await;
        let old = world.code(&first).await;
        world.pass(later);
        // The same browser, without the cookie of the sign-in it had begun.
        let mut second = Jar { sign_in: None, ..first.clone() };
        world.password(&mut second, "hanako", PASSWORD).await;
        assert_eq!(ordered(&world).await, 2, "the wait is over");
        (world, first, second, old)
    };
    let (world, first, second, old) = at(half.saturating_sub(Duration::from_millis(1))).await;
    assert_eq!((world.code(&second).await, world.code(&first).await), (old.clone(), old));
    assert!(!code_view(&world, &second).await.supersedes);

    let (world, mut first, mut second, old) = at(half).await;
    let newest = world.code(&second).await;
    let until = world.app.now() + 2 * half;
    for jar in [&first, &second] {
        let view = code_view(&world, jar).await;
        assert!(view.supersedes && !view.expired && view.expires_at == until, "both pages say so: {view:?}");
    }
    if old != newest {
        let outcome = world.submit(&mut second, &old, false).await;
        let wrong = CodeProblem::Wrong { tries_left: 4, minutes_slow: None };
        assert!(matches!(outcome, CodeOutcome::Refused(why) if why == wrong), "one code at a time: {outcome:?}");
    }
    assert!(matches!(world.submit(&mut first, &newest, false).await, CodeOutcome::SignedIn(_)), "on the older page");
    let twice = world.submit(&mut second, &newest, false).await;
    assert!(matches!(twice, CodeOutcome::Refused(CodeProblem::Expired)), "it counts once: {twice:?}");
    let after = world.submit(&mut second, &old, false).await;
    assert!(matches!(after, CodeOutcome::Refused(_)), "and nothing older counts: {after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r6_a_password_sent_four_times_at_once_sends_one_message() {
    let world = Arc::new(World::new().await);
    world.enrolled("hanako").await;
    ordered(&world).await;
    let impatient = Jar::new();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (world, mut jar) = (world.clone(), impatient.clone());
        tasks.spawn(async move {
            let outcome = world.password(&mut jar, "hanako", PASSWORD).await;
            assert!(matches!(outcome, PasswordOutcome::Pending { cookie: Some(_), .. }), "{outcome:?}");
            world.code(&jar).await
        });
    }
    let mut codes = tasks.join_all().await;
    codes.dedup();
    assert_eq!((codes.len(), ordered(&world).await), (1, 1));
}

/// The first message, then five more after 30, 60, 120, 300 and 600 seconds; then none for two hours.
#[tokio::test]
async fn r6_every_wait_of_the_table_holds_to_the_second() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    ordered(&world).await;
    let sign_in = async || {
        let mut jar = Jar::new();
        world.password(&mut jar, "hanako", PASSWORD).await;
        jar
    };
    sign_in().await;
    for wait in [30, 60, 120, 300, 600] {
        assert_eq!(ordered(&world).await, 1);
        world.pass(Duration::from_secs(wait - 1));
        let jar = sign_in().await;
        let at = world.app.now() + Duration::from_secs(1);
        let early = world.app.send_again(&jar.browser()).await.unwrap();
        assert!(matches!(early, SendOutcome::Refused(SendRefusal::From(from)) if from == at), "{wait}: {early:?}");
        assert_eq!(ordered(&world).await, 0, "{wait} seconds, one early");
        world.pass(Duration::from_secs(1));
        sign_in().await;
    }
    assert_eq!(ordered(&world).await, 1, "the sixth and last");
    let rest = Duration::from_hours(2);
    let begins_again = world.app.now() + rest;
    world.pass(rest.saturating_sub(Duration::from_secs(1)));
    let jar = sign_in().await;
    let none = world.app.send_again(&jar.browser()).await.unwrap();
    assert!(matches!(none, SendOutcome::Refused(SendRefusal::Exhausted(at)) if at == begins_again), "{none:?}");
    let Some(PendingView::Code(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
    assert!(view.expired && !view.sent && view.send_other == SendAvailability::Now, "the other method works: {view:?}");
    assert_eq!(view.send_again, SendAvailability::Exhausted(begins_again), "the page says so by itself");
    assert!(matches!(world.app.use_role(&jar.browser(), Role::Backup).await.unwrap(), SendOutcome::Done));
    assert_eq!(ordered(&world).await, 1, "a call to the backup");
    world.pass(Duration::from_secs(1));
    sign_in().await;
    assert_eq!(ordered(&world).await, 1, "the count has begun again");
    world.pass(Duration::from_secs(30));
    sign_in().await;
    assert_eq!(ordered(&world).await, 1, "with the first wait");
}

#[tokio::test]
async fn a_call_that_nobody_answered_is_told_until_the_next_one() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    ordered(&world).await;
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    assert!(matches!(world.app.use_role(&jar.browser(), Role::Backup).await.unwrap(), SendOutcome::Done));
    let delivery = async || {
        let Some(PendingView::Code(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
        view.delivery
    };
    let calls = world.app.store().claim_messages(None, 10, world.app.now()).await.unwrap();
    let call = calls.iter().find(|call| matches!(call.to, Recipient::Voice(_))).expect("a call").id;
    let reports = Reports::new(world.app.store().clone(), world.clock.clone());
    assert_eq!(delivery().await, Some(Delivery::Queued));
    assert!(reports.take(call, DeliveryReport::Unanswered).await.unwrap());
    assert_eq!(delivery().await, Some(Delivery::Unanswered));

    // Its code stays good meanwhile, and the next call is another one.
    world.pass(Duration::from_secs(30));
    assert!(matches!(world.app.send_again(&jar.browser()).await.unwrap(), SendOutcome::Done));
    assert_eq!(delivery().await, Some(Delivery::Queued));
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)));
}

#[tokio::test]
async fn a_right_code_begins_the_waits_again() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    ordered(&world).await;
    for _ in 0..12 {
        let mut jar = Jar::new();
        world.password(&mut jar, "hanako", PASSWORD).await;
        assert_eq!(ordered(&world).await, 1, "each message reached the person");
        let code = world.code(&jar).await;
        assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)));
    }
}

#[tokio::test]
async fn a_wrong_password_sends_nothing() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    ordered(&world).await;
    for name in ["hanako", "nobody"] {
        world.password(&mut Jar::new(), name, WRONG).await;
    }
    assert_eq!(ordered(&world).await, 0);
}
