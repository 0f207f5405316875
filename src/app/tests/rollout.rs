//! The rollout: cohorts, "later", and enrolling out of a session that has no second step.

use std::time::Duration;

use super::{Jar, PASSWORD, WRONG, World, interrupted};
use crate::{
    access::Decision,
    account::MethodKind,
    app::{CodeOutcome, EnableBy, Grant, LaterOutcome, PasswordOutcome, PasswordRefusal},
    clock::Timestamp,
    session::SecondStep,
};

/// 2027-01-15T08:00Z is where the clock starts.
const COHORTS: &str = r#"
    [[rollout.cohort]]
    groups = ["pilot"]
    from = "2027-01-10"
    deadline = "14d"
    [[rollout.cohort]]
    groups = ["rest"]
    from = "2027-02-01"
"#;

#[tokio::test]
async fn r10_a_cohort_is_asked_from_its_day_until_each_persons_own_deadline() {
    let world = World::with(COHORTS).await;
    for (name, groups) in
        [("hanako", &["pilot"][..]), ("taro", &["rest"]), ("jiro", &[]), ("saburo", &["rest", "pilot"])]
    {
        world.person_of(name, groups).await;
    }
    // Nobody asks this one yet: the password is enough, and the console is told so.
    let mut taro = Jar::new();
    let outcome = world.password(&mut taro, "taro", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::SignedIn(Grant { enrolled: false, .. })), "{outcome:?}");
    let Decision::Forward(permit) = world.decide(&taro).await else { panic!() };
    let principal = permit.principal().unwrap();
    assert_eq!((principal.second_step(), principal.level.to_str().unwrap()), (Some(SecondStep::Waived), "1"));

    // In no cohort: at once. In two: the first that fits.
    let mut jiro = Jar::new();
    assert!(matches!(world.password(&mut jiro, "jiro", PASSWORD).await, PasswordOutcome::Pending { .. }));
    assert!(world.app.grace(&jiro.browser()).await.unwrap().is_none());
    assert!(matches!(world.app.later(&jiro.browser()).await.unwrap(), LaterOutcome::Over));
    let mut saburo = Jar::new();
    world.password(&mut saburo, "saburo", PASSWORD).await;
    assert!(world.app.grace(&saburo.browser()).await.unwrap().is_some());

    // The deadline is fixed by the first time, and is the end of its day in Tokyo.
    let mut hanako = Jar::new();
    world.password(&mut hanako, "hanako", PASSWORD).await;
    let grace = world.app.grace(&hanako.browser()).await.unwrap().unwrap();
    assert_eq!(grace.deadline.to_string(), "2027-01-29T15:00:00Z");
    world.pass(Duration::from_hours(24 * 10));
    world.password(&mut hanako, "hanako", PASSWORD).await;
    assert_eq!(
        world.app.grace(&hanako.browser()).await.unwrap(),
        Some(grace),
        "it does not move, and asking counts nothing"
    );
    let LaterOutcome::SignedIn(_) = world.app.later(&hanako.browser()).await.unwrap() else { panic!() };

    let left = grace.deadline.since(world.app.now());
    world.pass(left.saturating_sub(Duration::from_secs(1)));
    world.password(&mut hanako, "hanako", PASSWORD).await;
    assert!(world.app.grace(&hanako.browser()).await.unwrap().is_some());
    world.pass(Duration::from_secs(1));
    assert!(matches!(world.app.later(&hanako.browser()).await.unwrap(), LaterOutcome::Over), "while the page was open");
    let over = world.app.grace(&hanako.browser()).await.unwrap();
    assert!(over.is_some_and(|grace| grace.laters_left == 0), "the page says so");
}

#[tokio::test]
async fn the_settings_remind_of_the_last_day() {
    let world = World::with(COHORTS).await;
    world.person_of("taro", &["rest"]).await;
    world.person_of("hanako", &["pilot"]).await;
    let seen = async |jar: &Jar| {
        let view = world.app.settings(&jar.browser()).await.unwrap().unwrap();
        view.enable_by.unwrap()
    };
    let mut taro = Jar::new();
    world.password(&mut taro, "taro", PASSWORD).await;
    let EnableBy::AskedFrom(from) = seen(&taro).await else { panic!() };
    assert_eq!(from.to_string(), "2027-01-31T15:00:00Z", "the first of February in Tokyo");
    let mut hanako = Jar::new();
    let deadline = EnableBy::Deadline(Timestamp::from_millis(1_801_234_800_000));
    for expected in [deadline, deadline, EnableBy::NextSignIn] {
        world.password(&mut hanako, "hanako", PASSWORD).await;
        let LaterOutcome::SignedIn(grant) = world.app.later(&hanako.browser()).await.unwrap() else { panic!() };
        hanako.keep(&grant);
        assert_eq!(seen(&hanako).await, expected);
    }
}

#[tokio::test]
async fn laters_cannot_be_had_twice_by_two_tabs() {
    let world = World::with(&format!("[rollout]\nlater = 1\n{COHORTS}")).await;
    world.person_of("hanako", &["pilot"]).await;
    let (mut one, mut other) = (Jar::new(), Jar::new());
    world.password(&mut one, "hanako", PASSWORD).await;
    world.password(&mut other, "hanako", PASSWORD).await;
    let (one, other) = (one.browser(), other.browser());
    let (first, second) = tokio::join!(world.app.later(&one), world.app.later(&other));
    let outcomes = [first.unwrap(), second.unwrap()];
    let signed_in = outcomes.iter().filter(|outcome| matches!(outcome, LaterOutcome::SignedIn(_))).count();
    assert_eq!(signed_in, 1, "{outcomes:?}");
}

#[tokio::test]
async fn whoever_has_methods_or_lost_them_is_asked_whatever_the_cohort_says() {
    let world = World::with(COHORTS).await;
    let jar = world.enrolled("hanako").await;
    let account = world.app.find_account("hanako").await.unwrap().unwrap().account;
    drop(jar);
    // In a cohort that is not asked yet, by now.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(world.store_path());
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::query("UPDATE accounts SET group_names = '[\"rest\"]'").execute(&pool).await.unwrap();
    pool.close().await;
    let outcome = world.password(&mut Jar::new(), "hanako", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "a code: {outcome:?}");
    world.app.reset_second_step(&account).await.unwrap().unwrap();
    let mut jar = Jar::new();
    let outcome = world.password(&mut jar, "hanako", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "the ticket: {outcome:?}");
    assert!(matches!(world.app.later(&jar.browser()).await.unwrap(), LaterOutcome::Over));
}

#[tokio::test]
async fn enrolling_ends_the_sessions_that_rest_on_the_password_alone() {
    let world = World::with(COHORTS).await;
    world.person_of("taro", &["rest"]).await;
    let (mut other, mut jar) = (Jar::new(), Jar::new());
    world.password(&mut other, "taro", PASSWORD).await;
    world.password(&mut jar, "taro", PASSWORD).await;
    let enable = async |jar: &Jar, password: &str| world.app.enable(&jar.browser(), password.into()).await.unwrap();
    assert!(matches!(enable(&jar, WRONG).await, Some(PasswordOutcome::Refused(PasswordRefusal::BadCredentials))));
    let outcome = enable(&jar, PASSWORD).await.unwrap();
    jar.keep_password(&outcome);
    world.app.begin_enrolment(&jar.browser()).await.unwrap();
    world.choose(&jar, MethodKind::Sms, "090-1234-5678").await;
    let code = world.code(&jar).await;
    world.submit(&mut jar, &code, false).await;
    world.choose(&jar, MethodKind::Voice, "03-1234-5678").await;
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(Grant { enrolled: true, .. })));
    assert!(matches!(world.decide(&jar).await, Decision::Forward(_)));
    assert!(interrupted(&world.decide(&other).await).is_some(), "a thief with the password is out");
    assert!(enable(&jar, PASSWORD).await.is_none(), "there is nothing to enable any more");
}
