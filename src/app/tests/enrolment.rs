//! Setting up the two methods: tickets, tries, and numbers that are not proven yet.

use std::time::Duration;

use super::{Jar, PASSWORD, World, interrupted, ordered};
use crate::{
    account::MethodKind,
    app::{ChoiceProblem, CodeOutcome, CodeProblem, EnrolmentOutcome, PendingView, SendRefusal, TicketOutcome},
    authn::{EnrolmentStep, TicketRefusal},
    secret::ExposeSecret as _,
};

#[tokio::test]
async fn after_a_reset_the_password_alone_sets_up_nothing() {
    let world = World::new().await;
    let jar = world.enrolled("hanako").await;
    let account = world.app.find_account("hanako").await.unwrap().unwrap().account;
    let reset = world.app.reset_second_step(&account).await.unwrap().unwrap();
    assert!(interrupted(&world.decide(&jar).await).is_some());

    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    let step = async |jar: &Jar| match world.app.pending(&jar.browser()).await.unwrap() {
        Some(PendingView::Enrol(view)) => view.step,
        other => panic!("{other:?}"),
    };
    assert_eq!(step(&jar).await, EnrolmentStep::EnterTicket);
    assert!(matches!(world.app.begin_enrolment(&jar.browser()).await.unwrap(), EnrolmentOutcome::Refused(_)));
    assert!(matches!(world.choose(&jar, MethodKind::App, "").await, EnrolmentOutcome::Refused(_)));
    let submit = async |typed: &str| world.app.submit_ticket(&jar.browser(), typed.into()).await.unwrap();
    assert!(matches!(submit("AAAA-AAAA-AAAA-AAAA").await, TicketOutcome::Refused(TicketRefusal::Wrong)));
    assert_eq!(step(&jar).await, EnrolmentStep::EnterTicket);

    let text = reset.ticket.expose_secret().to_owned();
    assert!(matches!(submit(&text.to_lowercase().replace('-', " ")).await, TicketOutcome::Done));
    assert_eq!(step(&jar).await, EnrolmentStep::Introduced);

    // A second reset voids the first ticket and what was begun with it.
    world.app.reset_second_step(&account).await.unwrap().unwrap();
    assert!(world.app.pending(&jar.browser()).await.unwrap().is_none());
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    let outcome = world.app.submit_ticket(&jar.browser(), text.as_str().into()).await.unwrap();
    assert!(matches!(outcome, TicketOutcome::Refused(TicketRefusal::Wrong)));
}

#[tokio::test]
async fn a_ticket_works_for_a_day_and_for_ten_tries() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    let account = world.app.find_account("hanako").await.unwrap().unwrap().account;
    let reset = world.app.reset_second_step(&account).await.unwrap().unwrap();
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    let wrong = async || world.app.submit_ticket(&jar.browser(), "AAAAAAAAAAAAAAAA".into()).await.unwrap();
    for _ in 0..9 {
        assert!(matches!(wrong().await, TicketOutcome::Refused(TicketRefusal::Wrong)));
    }
    assert!(matches!(wrong().await, TicketOutcome::TooMany));
    let outcome = world.app.submit_ticket(&jar.browser(), reset.ticket.clone()).await.unwrap();
    assert!(matches!(outcome, TicketOutcome::Gone));

    for (wait, good) in [(86_400 - 1, true), (1, false)] {
        world.pass(Duration::from_secs(wait));
        let mut jar = Jar::new();
        world.password(&mut jar, "hanako", PASSWORD).await;
        let outcome = world.app.submit_ticket(&jar.browser(), reset.ticket.clone()).await.unwrap();
        assert_eq!(matches!(outcome, TicketOutcome::Done), good, "{outcome:?}");
        assert!(good || matches!(outcome, TicketOutcome::Refused(TicketRefusal::Expired)));
    }
}

fn other_than(right: &str) -> &'static str {
    if right == "000000" { "111111" } else { "000000" }
}

#[tokio::test]
async fn five_wrong_codes_pause_a_number_that_is_being_set_up_in_every_sign_in() {
    let world = World::new().await;
    world.person("hanako").await;
    let proving = async |kind: MethodKind, number: &str| {
        let mut jar = Jar::new();
        world.password(&mut jar, "hanako", PASSWORD).await;
        world.app.begin_enrolment(&jar.browser()).await.unwrap();
        assert!(matches!(world.choose(&jar, kind, number).await, EnrolmentOutcome::Done));
        jar
    };
    let mut jar = proving(MethodKind::Sms, "090-1234-5678").await;
    let right = world.code(&jar).await;
    for left in (1..5).rev() {
        let outcome = world.submit(&mut jar, other_than(&right), false).await;
        assert!(matches!(outcome, CodeOutcome::Refused(CodeProblem::Wrong { tries_left, .. }) if tries_left == left));
    }
    let until = world.app.now() + Duration::from_mins(15);
    let paused =
        |outcome: &CodeOutcome| matches!(outcome, CodeOutcome::Refused(CodeProblem::Paused(at)) if *at == until);
    assert!(paused(&world.submit(&mut jar, other_than(&right), false).await));
    assert!(paused(&world.submit(&mut jar, &right, false).await), "nor is the right one looked at");

    world.pass(Duration::from_mins(10));
    let mut again = proving(MethodKind::Voice, "+81 90 1234 5678").await;
    let right = world.code(&again).await;
    assert!(paused(&world.submit(&mut again, &right, false).await), "a new sign-in and another channel");
    let mut other = proving(MethodKind::Sms, "080-9876-5432").await;
    let of_other = world.code(&other).await;
    assert!(matches!(world.submit(&mut other, &of_other, false).await, CodeOutcome::Continue), "another number");

    world.pass(Duration::from_secs(5 * 60 - 1));
    assert!(paused(&world.submit(&mut again, "000000", false).await));
    let mut jar = proving(MethodKind::Sms, "090-1234-5678").await;
    world.pass(Duration::from_secs(1));
    let right = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &right, false).await, CodeOutcome::Continue));
}

#[tokio::test]
async fn each_method_that_is_being_set_up_has_its_own_tries_and_a_right_code_takes_none() {
    let world = World::new().await;
    world.person("hanako").await;
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    world.app.begin_enrolment(&jar.browser()).await.unwrap();
    let left = async |jar: &mut Jar| {
        let right = world.code(jar).await;
        match world.submit(jar, other_than(&right), false).await {
            CodeOutcome::Refused(CodeProblem::Wrong { tries_left, .. }) => tries_left,
            other => panic!("{other:?}"),
        }
    };
    for (kind, number) in [(MethodKind::Sms, "090-1234-5678"), (MethodKind::App, "")] {
        world.choose(&jar, kind, number).await;
        for tries in (1..5).rev() {
            assert_eq!(left(&mut jar).await, tries, "{kind:?}");
        }
        let right = world.code(&jar).await;
        assert!(matches!(
            world.submit(&mut jar, &right, false).await,
            CodeOutcome::Continue | CodeOutcome::SignedIn(_)
        ));
    }
    assert!(jar.session.is_some());
}

#[tokio::test]
async fn a_method_set_up_a_moment_ago_is_no_reason_to_trust_a_browser() {
    let world = World::new().await;
    world.person("hanako").await;
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    world.app.begin_enrolment(&jar.browser()).await.unwrap();
    for (kind, number) in [(MethodKind::App, ""), (MethodKind::Sms, "090-1234-5678")] {
        world.choose(&jar, kind, number).await;
        let code = world.code(&jar).await;
        world.submit(&mut jar, &code, true).await;
    }
    assert!(jar.session.is_some());
    assert!(jar.device.is_none());
}

#[tokio::test]
async fn numbers_being_set_up_are_counted_across_accounts_and_sign_ins() {
    let world = World::new().await;
    let begin = async |name: &str| {
        let mut jar = Jar::new();
        world.password(&mut jar, name, PASSWORD).await;
        world.app.begin_enrolment(&jar.browser()).await.unwrap();
        jar
    };
    for name in ["hanako", "taro"] {
        world.person(name).await;
    }
    let hanako = begin("hanako").await;
    for _ in 0..3 {
        assert!(matches!(world.choose(&hanako, MethodKind::Sms, "090-1234-5678").await, EnrolmentOutcome::Done));
    }
    assert_eq!(ordered(&world).await, 1, "a choice that is sent again is no second message");
    let wait = ChoiceProblem::Send(SendRefusal::From(world.app.now() + Duration::from_secs(30)));
    for jar in [&begin("hanako").await, &begin("taro").await] {
        for (kind, number) in [(MethodKind::Sms, "+81 90 1234 5678"), (MethodKind::Voice, "０９０１２３４５６７８")]
        {
            let outcome = world.choose(jar, kind, number).await;
            assert!(matches!(outcome, EnrolmentOutcome::Refused(why) if why == wait), "{number}: {outcome:?}");
        }
    }
    let taro = begin("taro").await;
    assert!(matches!(world.choose(&taro, MethodKind::Sms, "080-9876-5432").await, EnrolmentOutcome::Done));
    assert_eq!(ordered(&world).await, 1);
}

#[tokio::test]
async fn one_account_is_sent_ten_messages_an_hour_to_numbers_it_sets_up() {
    let world = World::with("[budget]\nnew_numbers_per_account = 20").await;
    world.person("hanako").await;
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    world.app.begin_enrolment(&jar.browser()).await.unwrap();
    for n in 0..10 {
        let outcome = world.choose(&jar, MethodKind::Sms, &format!("090-1234-56{n:02}")).await;
        assert!(matches!(outcome, EnrolmentOutcome::Done), "{n}: {outcome:?}");
    }
    let until = world.app.now() + Duration::from_hours(1);
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    world.app.begin_enrolment(&jar.browser()).await.unwrap();
    let outcome = world.choose(&jar, MethodKind::Sms, "090-1234-5699").await;
    let over = ChoiceProblem::Send(SendRefusal::Exhausted(until));
    assert!(matches!(outcome, EnrolmentOutcome::Refused(why) if why == over), "{outcome:?}");
    assert!(matches!(world.choose(&jar, MethodKind::App, "").await, EnrolmentOutcome::Done), "an app needs no message");
}
