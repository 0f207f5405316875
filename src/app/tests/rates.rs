//! Guessing, locking out and going around: the rows of the catalogue on rates that are about passwords and codes. Those
//! about money are in `budgets`.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use super::{Bench, Browser, Jar, PASSWORD, PasswordForm, PasswordOutcome, WRONG, World, config, ordered, trust};
use crate::{
    account::{MethodKind, Role},
    app::{App, CodeOutcome, CodeProblem, EnrolmentOutcome, PasswordRefusal, SendOutcome, SendRefusal},
    clock::Timestamp,
    entropy::SystemEntropy,
};

async fn typed(world: &World, name: &str, password: &str, address: IpAddr) -> PasswordOutcome {
    let jar = Jar::new();
    let browser = Browser { address, ..jar.browser() };
    world.app.sign_in(PasswordForm { login: name.into(), password: password.into(), browser: &browser }).await.unwrap()
}

fn address(n: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0a00_0000 + n * 256).into()
}

fn waits(outcome: &PasswordOutcome) -> Option<Timestamp> {
    match outcome {
        PasswordOutcome::Refused(PasswordRefusal::WaitUntil(at)) => Some(*at),
        PasswordOutcome::Refused(PasswordRefusal::BadCredentials) | PasswordOutcome::Pending { .. } => None,
        other => panic!("{other:?}"),
    }
}

async fn reopened(world: World) -> World {
    let Bench { app, clock, directory } = world.0;
    drop(app);
    let config = config(directory.path(), "");
    let app = Arc::new(App::open(config, clock.clone(), Arc::new(SystemEntropy::new())).await.unwrap());
    World(Bench { app, clock, directory })
}

#[tokio::test]
async fn rat_01_one_password_for_many_names_is_slowed_by_address_and_by_network() {
    let world = World::new().await;
    for n in 0..30 {
        assert_eq!(waits(&typed(&world, &format!("name{n}"), WRONG, address(1)).await), None, "{n}");
    }
    assert!(waits(&typed(&world, "name31", WRONG, address(1)).await).is_some());
    let network = |n: u32| Ipv4Addr::from_bits(0x0a00_0200 + n % 100).into();
    let mut refused = 0;
    for n in 0..200 {
        refused += u32::from(waits(&typed(&world, &format!("other{n}"), WRONG, network(n)).await).is_some());
    }
    assert_eq!(refused, 80, "120 of one network");
}

#[tokio::test]
async fn rat_03_every_spelling_of_a_name_is_one_account() {
    let world = World::new().await;
    world.person("hanako").await;
    let spellings = ["hanako", "Hanako", "HANAKO", " hanako ", "ｈａｎａｋｏ"];
    for (n, spelling) in spellings.into_iter().enumerate() {
        assert_eq!(
            waits(&typed(&world, spelling, WRONG, address(u32::try_from(n).unwrap())).await),
            None,
            "{spelling}"
        );
    }
    assert!(waits(&typed(&world, "hanako", PASSWORD, address(9)).await).is_some(), "five were tried");
}

#[tokio::test]
async fn rat_08_a_thousand_addresses_have_the_tries_of_one_account() {
    let world = World::new().await;
    world.person("hanako").await;
    let mut compared = 0;
    for n in 0..200 {
        compared += u32::from(waits(&typed(&world, "hanako", WRONG, address(n)).await).is_none());
    }
    assert_eq!(compared, 5);
}

#[tokio::test]
async fn rat_09_whoever_fails_on_purpose_locks_out_nobody_for_good() {
    let world = World::new().await;
    let mut owner = world.enrolled("hanako").await;
    trust(&world, &mut owner).await;
    let mut last = None;
    for n in 0..40 {
        last = waits(&typed(&world, "hanako", WRONG, address(n)).await).or(last);
        world.pass(Duration::from_mins(10));
    }
    assert!(last.unwrap() <= world.app.now() + Duration::from_hours(1), "a delay, not a lock");
    owner.session = None;
    assert!(matches!(world.password(&mut owner, "hanako", PASSWORD).await, PasswordOutcome::SignedIn(_)));
    world.pass(Duration::from_hours(1));
    assert_eq!(waits(&typed(&world, "hanako", PASSWORD, address(99)).await), None);
}

#[tokio::test]
async fn rat_10_11_12_wrong_codes_count_on_whatever_happens_between() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    let wrong = async |world: &World, jar: &mut Jar| {
        let right = world.code(jar).await;
        let wrong = if right == "000000" { "111111" } else { "000000" };
        world.submit(jar, wrong, false).await
    };
    let mut world = world;
    // A code by message is good in the browser that ordered it.
    let browser = Jar::new();
    for left in [4, 3, 2, 1] {
        // A right password, a restart, and the same number by a call in place of a text: none begins the count again.
        let mut jar = browser.clone();
        world.password(&mut jar, "hanako", PASSWORD).await;
        if left == 2 {
            world.pass(Duration::from_secs(31));
            world.app.switch_channel(&jar.browser()).await.unwrap();
        }
        let outcome = wrong(&world, &mut jar).await;
        let counted =
            matches!(outcome, CodeOutcome::Refused(CodeProblem::Wrong { tries_left, .. }) if tries_left == left);
        assert!(counted, "{left}: {outcome:?}");
        world = reopened(world).await;
    }
    let mut jar = browser.clone();
    world.password(&mut jar, "hanako", PASSWORD).await;
    let paused = wrong(&world, &mut jar).await;
    assert!(matches!(paused, CodeOutcome::Refused(CodeProblem::Paused(_))), "{paused:?}");
}

#[tokio::test]
async fn rat_12_wrong_passwords_count_on_after_a_restart() {
    let world = World::new().await;
    world.person("hanako").await;
    for n in 0..5 {
        typed(&world, "hanako", WRONG, address(n)).await;
    }
    let world = reopened(world).await;
    assert!(waits(&typed(&world, "hanako", PASSWORD, address(6)).await).is_some());
}

#[tokio::test]
async fn rat_17_a_client_that_does_not_wait_gets_no_message() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    ordered(&world).await;
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    assert_eq!(ordered(&world).await, 1);
    for _ in 0..29 {
        world.pass(Duration::from_secs(1));
        let outcome = world.app.send_again(&jar.browser()).await.unwrap();
        assert!(matches!(outcome, SendOutcome::Refused(SendRefusal::From(_))), "{outcome:?}");
        let outcome = world.app.switch_channel(&jar.browser()).await.unwrap();
        assert!(matches!(outcome, SendOutcome::Refused(SendRefusal::From(_))), "{outcome:?}");
    }
    assert_eq!(ordered(&world).await, 0);
    world.pass(Duration::from_secs(1));
    assert!(matches!(world.app.send_again(&jar.browser()).await.unwrap(), SendOutcome::Done));
}

#[tokio::test]
async fn rat_20_an_account_begins_a_few_numbers_a_day_and_the_owner_can_still_use_an_app() {
    let world = World::new().await;
    world.person("stolen").await;
    let mut sent = 0;
    for n in 0..24 {
        let mut jar = Jar::new();
        world.password(&mut jar, "stolen", PASSWORD).await;
        world.app.begin_enrolment(&jar.browser()).await.unwrap();
        let outcome = world.choose(&jar, MethodKind::Sms, &format!("090-{:04}-5678", 1000 + n)).await;
        sent += u32::from(matches!(outcome, EnrolmentOutcome::Done));
        world.pass(Duration::from_mins(50));
    }
    assert_eq!(sent, 5);
    let mut jar = Jar::new();
    world.password(&mut jar, "stolen", PASSWORD).await;
    world.app.begin_enrolment(&jar.browser()).await.unwrap();
    assert!(matches!(world.choose(&jar, MethodKind::App, "").await, EnrolmentOutcome::Done));
}

#[tokio::test]
async fn rat_26_a_clock_that_jumps_an_hour_opens_nothing_and_locks_nobody_for_good() {
    for jump in [-3600_i64, 3600] {
        let world = World::new().await;
        world.enrolled("hanako").await;
        ordered(&world).await;
        for n in 0..6 {
            typed(&world, "hanako", WRONG, address(n)).await;
        }
        let before = world.app.now();
        world.clock.set(Timestamp::from_secs(before.as_secs() + jump));
        if jump < 0 {
            assert!(waits(&typed(&world, "hanako", PASSWORD, address(9)).await).is_some(), "nothing opens");
            world.pass(Duration::from_hours(2));
        }
        let mut jar = Jar::new();
        world.password(&mut jar, "hanako", PASSWORD).await;
        assert_eq!(ordered(&world).await, 1, "{jump}");
        let code = world.code(&jar).await;
        assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)), "{jump}");
        world.clock.set(before);
        let mut jar = Jar::new();
        world.pass(Duration::from_hours(3));
        world.password(&mut jar, "hanako", PASSWORD).await;
        assert!(matches!(world.app.use_role(&jar.browser(), Role::Backup).await.unwrap(), SendOutcome::Done), "{jump}");
    }
}
