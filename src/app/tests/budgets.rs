//! What messages may cost: every count, the money, the pauses, and the watch on codes that do not come back.

use std::{sync::Arc, time::Duration};

use super::{Bench, Jar, PASSWORD, World, config, ordered};
use crate::{
    account::{EmailAddress, MethodKind, Role},
    app::{
        App, ChoiceProblem, CodeOutcome, EnrolmentOutcome, PasswordOutcome, PendingView, SendAvailability, SendOutcome,
        SendRefusal,
    },
    clock::Timestamp,
    delivery::{Carriers, Outcome, Outgoing, Provider},
    entropy::SystemEntropy,
};

/// A new person, at the choice of the primary.
async fn newcomer(world: &World, name: &str) -> Jar {
    world.person(name).await;
    let mut jar = Jar::new();
    world.password(&mut jar, name, PASSWORD).await;
    world.app.begin_enrolment(&jar.browser()).await.unwrap();
    jar
}

fn exhausted(outcome: &EnrolmentOutcome) -> Option<Timestamp> {
    match outcome {
        EnrolmentOutcome::Done => None,
        EnrolmentOutcome::Refused(ChoiceProblem::Send(SendRefusal::Exhausted(at))) => Some(*at),
        other => panic!("{other:?}"),
    }
}

async fn refusals(world: &World) -> Vec<(String, u32)> {
    let refused = world.app.budget_status().await.unwrap().refused;
    refused.into_iter().map(|one| (one.reason, one.messages)).collect()
}

/// The app again, over the same store, as after a restart.
async fn reopened(world: World, tables: &str) -> World {
    let Bench { app, clock, directory } = world.0;
    drop(app);
    let config = config(directory.path(), tables);
    let app = Arc::new(App::open(config, clock.clone(), Arc::new(SystemEntropy::new())).await.unwrap());
    World(Bench { app, clock, directory })
}

#[tokio::test]
async fn rat_14_adjacent_numbers_have_one_ceiling_whatever_the_account() {
    let world = World::with("[budget]\nnew_per_block = 4").await;
    let over = world.app.now() + Duration::from_hours(1);
    for n in 0..10 {
        let jar = newcomer(&world, &format!("person{n}")).await;
        let outcome = world.choose(&jar, MethodKind::Sms, &format!("090-1234-{:04}", 1000 + n)).await;
        assert_eq!(exhausted(&outcome), (n >= 4).then_some(over), "{n}");
    }
    assert_eq!(ordered(&world).await, 4);
    assert_eq!(refusals(&world).await, [("block-new".to_owned(), 6)], "the operator sees why");
    let jar = newcomer(&world, "elsewhere").await;
    assert_eq!(exhausted(&world.choose(&jar, MethodKind::Sms, "090-9999-0001").await), None, "other blocks go on");
    world.pass(Duration::from_hours(1));
    let jar = newcomer(&world, "later").await;
    assert_eq!(exhausted(&world.choose(&jar, MethodKind::Sms, "090-1234-2000").await), None);
}

#[tokio::test]
async fn rat_16_when_the_money_is_spent_apps_still_work_and_operators_are_told() {
    let world = World::with("[budget]\nmoney = \"0.30\"\nsms_price = \"0.10\"\nvoice_price = \"0.25\"").await;
    let over = world.app.now() + Duration::from_hours(24);
    for n in 1..4 {
        let jar = newcomer(&world, &format!("person{n}")).await;
        assert_eq!(exhausted(&world.choose(&jar, MethodKind::Sms, &format!("090-{n}234-5678")).await), None);
    }
    let jar = newcomer(&world, "late").await;
    assert_eq!(exhausted(&world.choose(&jar, MethodKind::Sms, "090-7234-5678").await), Some(over));
    assert_eq!(exhausted(&world.choose(&jar, MethodKind::Voice, "03-1234-5678").await), Some(over));
    assert_eq!(ordered(&world).await, 3);
    assert!(matches!(world.choose(&jar, MethodKind::App, "").await, EnrolmentOutcome::Done));
    assert_eq!(refusals(&world).await, [("money".to_owned(), 2)]);
    let told = world.app.store().untold_warnings(world.app.now()).await.unwrap();
    assert_eq!(told.len(), 1, "told once: {told:?}");
    assert!(told[0].text.contains("money"), "{told:?}");
    world.pass(Duration::from_hours(24));
    let jar = newcomer(&world, "next_day").await;
    assert_eq!(exhausted(&world.choose(&jar, MethodKind::Voice, "03-1234-5678").await), None);
}

#[tokio::test]
async fn every_count_has_its_ceiling() {
    for (key, reason, most, one_account) in [
        ("per_hour = 10", "all", 10, false),
        ("per_country = 10", "country", 10, false),
        ("per_network = 4", "network", 4, false),
        ("per_account = 6\nnew_numbers_per_account = 20", "account", 6, true),
        ("new_per_account = 4", "account-new", 4, true),
        ("new_numbers_per_account = 2", "numbers-new", 2, true),
    ] {
        let world = World::with(&format!("[budget]\n{key}")).await;
        let same = newcomer(&world, "same").await;
        for n in 0..most + 2 {
            let number = format!("090-{:04}-5678", 1000 + n);
            let outcome = if one_account {
                world.app.choose_again(&same.browser()).await.unwrap();
                world.choose(&same, MethodKind::Sms, &number).await
            } else {
                let jar = newcomer(&world, &format!("person{n}")).await;
                world.choose(&jar, MethodKind::Sms, &number).await
            };
            assert_eq!(exhausted(&outcome).is_some(), n >= most, "{key}: {n}: {outcome:?}");
        }
        assert_eq!(ordered(&world).await, most, "{key}");
        assert_eq!(refusals(&world).await, [(reason.to_owned(), 2)], "{key}");
    }
}

#[tokio::test]
async fn rat_18_calls_to_one_number_have_a_ceiling_of_their_own() {
    let world =
        World::with("[budget]\ncalls_per_number = 3\n[sign_in]\nresend_waits = [\"1s\", \"1s\", \"1s\", \"1s\"]").await;
    let jar = newcomer(&world, "hanako").await;
    assert_eq!(exhausted(&world.choose(&jar, MethodKind::Voice, "03-1234-5678").await), None);
    for n in 1..5 {
        world.pass(Duration::from_secs(2));
        world.app.choose_again(&jar.browser()).await.unwrap();
        let outcome = world.choose(&jar, MethodKind::Voice, "03-1234-5678").await;
        assert_eq!(exhausted(&outcome).is_some(), n >= 3, "{n}: {outcome:?}");
    }
    assert_eq!(refusals(&world).await, [("calls".to_owned(), 2)]);
}

#[tokio::test]
async fn orders_at_once_never_take_more_than_there_is() {
    let world = World::with("[budget]\nper_hour = 10").await;
    let mut jars = Vec::new();
    for n in 0..24 {
        jars.push(newcomer(&world, &format!("person{n}")).await);
    }
    let mut under_way = tokio::task::JoinSet::new();
    for (n, jar) in jars.into_iter().enumerate() {
        let app = world.app.clone();
        under_way.spawn(async move {
            let number = format!("090-{:04}-5678", 1000 + n);
            let form = crate::app::ChoiceForm { kind: MethodKind::Sms, number: &number, known: None, label: "" };
            exhausted(&app.choose(&jar.browser(), form).await.unwrap()).is_none()
        });
    }
    let taken = under_way.join_all().await.into_iter().filter(|taken| *taken).count();
    assert_eq!((taken, ordered(&world).await), (10, 10));
}

#[tokio::test]
async fn what_is_paused_gets_nothing_until_it_is_resumed_also_after_a_restart() {
    for what in ["sms", "provider:inbox", "country:JP", "prefix:+8190"] {
        let world = World::new().await;
        world.enrolled("hanako").await;
        ordered(&world).await;
        world.pass(Duration::from_hours(3));
        assert_eq!(world.app.pause_delivery(what, None, "root").await.unwrap(), Ok(None));
        let world = reopened(world, "").await;

        let mut jar = Jar::new();
        assert!(matches!(world.password(&mut jar, "hanako", PASSWORD).await, PasswordOutcome::Pending { .. }));
        assert_eq!(ordered(&world).await, 0, "{what}");
        let Some(PendingView::Code(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
        assert_eq!(view.send_again, SendAvailability::Blocked, "{what}: the page says so");
        let refused = world.app.send_again(&jar.browser()).await.unwrap();
        assert!(matches!(refused, SendOutcome::Refused(SendRefusal::Blocked)), "{what}: {refused:?}");
        let voice_works = matches!(what, "sms" | "prefix:+8190");
        assert_eq!(view.send_other == SendAvailability::Now, voice_works, "{what}");
        if voice_works {
            assert!(matches!(world.app.use_role(&jar.browser(), Role::Backup).await.unwrap(), SendOutcome::Done));
            assert_eq!(ordered(&world).await, 1);
        }
        assert_eq!(world.app.budget_status().await.unwrap().pauses.len(), 1);

        assert_eq!(world.app.resume_delivery(what, "root").await.unwrap(), Ok(true));
        assert_eq!(world.app.resume_delivery(what, "root").await.unwrap(), Ok(false));
        let mut again = Jar::new();
        world.password(&mut again, "hanako", PASSWORD).await;
        assert_eq!(ordered(&world).await, 1, "{what}: at once");
    }
}

#[tokio::test]
async fn a_pause_with_an_end_ends_by_itself() {
    let world = World::new().await;
    let until = world.app.now() + Duration::from_hours(1);
    let paused = world.app.pause_delivery("sms", Some(Duration::from_hours(1)), "root").await.unwrap();
    assert_eq!(paused, Ok(Some(until)));
    let jar = newcomer(&world, "hanako").await;
    assert_eq!(exhausted(&world.choose(&jar, MethodKind::Sms, "090-1234-5678").await), Some(until));
    world.pass(Duration::from_hours(1));
    let jar = newcomer(&world, "taro").await;
    assert_eq!(exhausted(&world.choose(&jar, MethodKind::Sms, "090-1234-5678").await), None);
}

#[tokio::test]
async fn rat_19_a_block_no_codes_come_back_from_is_paused_but_not_for_those_who_proved_theirs() {
    let world = World::with("[budget.watch]\nleast = 5\npercent = 20\npause = \"30m\"").await;
    // 090-1234-5678 is Hanako's, in the same block as the numbers of the attack.
    world.enrolled("hanako").await;
    let attack = async |round: u32| {
        for n in 0..6 {
            let jar = newcomer(&world, &format!("pump{round}_{n}")).await;
            let number = format!("090-1234-{:04}", 100 * (round + 1) + n);
            assert_eq!(exhausted(&world.choose(&jar, MethodKind::Sms, &number).await), None, "{round} {n}");
        }
        ordered(&world).await;
    };
    attack(0).await;
    world.app.watch_messages().await.unwrap();
    let status = world.app.budget_status().await.unwrap();
    assert!(status.pauses.is_empty(), "their time is not over yet");
    let sms = status.countries.iter().find(|one| one.channel == "sms").unwrap();
    assert_eq!((sms.country.as_str(), sms.sent, sms.codes, sms.verified), ("JP", 7, 7, 1));
    assert_eq!(sms.cost, 700_000);

    world.pass(Duration::from_mins(6));
    world.app.watch_messages().await.unwrap();
    let pauses = world.app.budget_status().await.unwrap().pauses;
    let until = world.app.now() + Duration::from_mins(30);
    assert_eq!(pauses.len(), 1);
    assert_eq!((pauses[0].what.as_str(), pauses[0].until), ("prefix:+81901234", Some(until)));
    let told = world.app.store().untold_warnings(world.app.now()).await.unwrap();
    assert!(told.iter().any(|one| one.text.contains("+81901234")), "{told:?}");

    let jar = newcomer(&world, "victim").await;
    assert_eq!(exhausted(&world.choose(&jar, MethodKind::Sms, "090-1234-9999").await), Some(until));
    assert_eq!(exhausted(&world.choose(&jar, MethodKind::Sms, "080-1234-9999").await), None, "other blocks go on");
    ordered(&world).await;
    let mut own = Jar::new();
    world.password(&mut own, "hanako", PASSWORD).await;
    assert_eq!(ordered(&world).await, 1, "a method goes on working");
    let code = world.code(&own).await;
    assert!(matches!(world.submit(&mut own, &code, false).await, CodeOutcome::SignedIn(_)));

    // What came before a pause counts no more; the next one is longer.
    world.pass(Duration::from_mins(31));
    world.app.watch_messages().await.unwrap();
    assert!(world.app.budget_status().await.unwrap().pauses.is_empty());
    attack(1).await;
    world.pass(Duration::from_mins(6));
    world.app.watch_messages().await.unwrap();
    let pauses = world.app.budget_status().await.unwrap().pauses;
    assert_eq!(pauses[0].until, Some(world.app.now() + Duration::from_hours(1)));
}

#[tokio::test]
async fn codes_that_come_back_pause_nothing_and_are_timed() {
    let world = World::with("[budget.watch]\nleast = 3\npercent = 90").await;
    for name in ["hanako", "taro", "jiro", "saburo"] {
        world.person(name).await;
        let mut jar = Jar::new();
        world.password(&mut jar, name, PASSWORD).await;
        world.app.begin_enrolment(&jar.browser()).await.unwrap();
        let number = format!("090-1234-{:04}", name.len() * 1000);
        world.choose(&jar, MethodKind::Sms, &number).await;
        ordered(&world).await;
        world.pass(Duration::from_secs(40));
        let code = world.code(&jar).await;
        assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::Continue));
        world.pass(Duration::from_mins(10));
    }
    world.app.watch_messages().await.unwrap();
    let status = world.app.budget_status().await.unwrap();
    assert!(status.pauses.is_empty(), "{:?}", status.pauses);
    assert_eq!(status.countries[0].verified, 4);
    assert_eq!(status.countries[0].median_seconds, Some(40));
}

#[tokio::test]
async fn rat_22_nothing_is_sent_before_a_right_password() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    world.person("newcomer").await;
    ordered(&world).await;
    for name in ["hanako", "newcomer", "nobody", "090-1234-5678"] {
        for password in [super::WRONG, "", "x"] {
            let mut jar = Jar::new();
            world.password(&mut jar, name, password).await;
            for kind in [MethodKind::Sms, MethodKind::Voice] {
                assert!(matches!(world.choose(&jar, kind, "080-1234-5678").await, EnrolmentOutcome::Gone));
            }
            assert!(matches!(world.app.send_again(&jar.browser()).await.unwrap(), SendOutcome::Gone));
            assert!(matches!(world.app.switch_channel(&jar.browser()).await.unwrap(), SendOutcome::Gone));
            assert!(matches!(world.app.use_role(&jar.browser(), Role::Backup).await.unwrap(), SendOutcome::Gone));
        }
    }
    let taken = world.app.store().claim_messages(None, 100, world.app.now()).await.unwrap();
    let to_phones = taken.iter().filter(|item| !matches!(item.to, crate::store::Recipient::Mail(_)));
    assert_eq!(to_phones.count(), 0);
    assert_eq!(world.app.budget_status().await.unwrap().used.iter().find(|one| one.of.contains("8080")), None);
}

/// Keeps what it is given.
#[derive(Debug, Default)]
struct Kept(std::sync::Mutex<Vec<(String, String)>>);

#[async_trait::async_trait]
impl Provider for Kept {
    fn name(&self) -> &'static str {
        "kept"
    }
    async fn send(&self, message: &Outgoing) -> Outcome {
        self.0.lock().unwrap().push((message.body.to().to_owned(), message.body.text()));
        Outcome::ACCEPTED
    }
}

#[tokio::test]
async fn operators_are_told_once_of_what_runs_out() {
    let world = World::with("[budget]\nmoney = \"0.40\"\nsms_price = \"0.10\"").await;
    let kept = Arc::new(Kept::default());
    let to = EmailAddress::parse("operators@example.jp").unwrap();
    world.app.carry_by(Carriers { sms: None, voice: None, mail: None, warnings: Some((to, kept.clone())) });
    for n in 1..=5 {
        let jar = newcomer(&world, &format!("person{n}")).await;
        world.choose(&jar, MethodKind::Sms, &format!("090-{n}234-5678")).await;
        world.app.watch_messages().await.unwrap();
        world.app.tell_operators().await.unwrap();
    }
    let told = kept.0.lock().unwrap().clone();
    assert_eq!(told.len(), 2, "at 80 percent, and when it is used up: {told:?}");
    assert!(told.iter().all(|(to, _)| to == "operators@example.jp"));
    assert!(told[0].1.contains("80 percent") && told[1].1.contains("used up"), "{told:?}");
    assert!(told.iter().all(|(_, text)| !text.contains("5678")), "no number");
}
