//! Every length of time and every number of `product.md` §2, moved to just before and just after: one test a row. What
//! the rest of the file holds in passing is held here to the millisecond.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use super::{Bench, Jar, MAIL, PASSWORD, WRONG, World, config, interrupted};
use crate::{
    access::{Decision, Interruption},
    account::{MethodKind, Role},
    app::{Browser, CodeOutcome, CodeProblem, Freshness, PasswordForm, PasswordOutcome, PasswordRefusal},
    clock::Timestamp,
    config::Config,
};

const JUST_BEFORE: Duration = Duration::from_millis(1);

impl World {
    /// Sets the clock; it may go back, to see what an app shows at another time.
    fn at(&self, time: Timestamp) {
        self.clock.set(time);
    }

    /// Lets all of it pass but the last millisecond.
    fn almost(&self, time: Duration) {
        self.pass(time.checked_sub(JUST_BEFORE).unwrap());
    }

    fn last_millisecond(&self) {
        self.pass(JUST_BEFORE);
    }

    /// An account whose primary is an app, signed in.
    async fn with_app(&self, name: &str) -> Jar {
        self.person(name).await;
        let mut jar = Jar::new();
        self.password(&mut jar, name, PASSWORD).await;
        self.app.begin_enrolment(&jar.browser()).await.unwrap();
        for (kind, number) in [(MethodKind::App, ""), (MethodKind::Sms, "090-1234-5678")] {
            self.choose(&jar, kind, number).await;
            let code = self.code(&jar).await;
            self.submit(&mut jar, &code, false).await;
        }
        assert!(jar.session.is_some());
        // The step the app was proven with is spent.
        self.pass(Duration::from_mins(1));
        jar
    }

    /// A new browser after the right password.
    async fn at_code(&self, name: &str) -> Jar {
        let mut jar = Jar::new();
        let outcome = self.password(&mut jar, name, PASSWORD).await;
        assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "{outcome:?}");
        jar
    }

    /// What the app shows at another time.
    async fn code_at(&self, jar: &Jar, time: Timestamp) -> String {
        let now = self.app.now();
        self.at(time);
        let code = self.code(jar).await;
        self.at(now);
        code
    }

    /// Six digits that no step of the app accepts now.
    async fn wrong(&self, jar: &Jar) -> String {
        let mut good = Vec::new();
        for (ahead, behind) in [(30, 0), (0, 0), (0, 30)] {
            let time = self.app.now() + Duration::from_secs(ahead) - Duration::from_secs(behind);
            good.push(self.code_at(jar, time).await);
        }
        ["000000", "111111", "222222", "333333"]
            .into_iter()
            .find(|code| !good.iter().any(|g| g == code))
            .unwrap()
            .into()
    }

    async fn refusal(&self, jar: &mut Jar, code: &str) -> CodeProblem {
        match self.submit(jar, code, false).await {
            CodeOutcome::Refused(problem) => problem,
            other => panic!("{other:?}"),
        }
    }

    /// So many wrong codes in a row, waiting out every pause; what the last one led to.
    async fn wrong_codes(&self, name: &str, count: u32) -> CodeProblem {
        let mut last = CodeProblem::Stale;
        let mut jar = self.at_code(name).await;
        for _ in 0..count {
            if let CodeProblem::Paused(until) = last {
                self.at(until);
                jar = self.at_code(name).await;
            }
            let wrong = self.wrong(&jar).await;
            last = self.refusal(&mut jar, &wrong).await;
        }
        last
    }

    async fn wrong_password(&self, name: &str) -> PasswordRefusal {
        match self.password(&mut Jar::new(), name, WRONG).await {
            PasswordOutcome::Refused(why) => why,
            other => panic!("{other:?}"),
        }
    }

    /// A wrong password for a name nobody has, from this address.
    async fn stranger(&self, name: &str, address: [u8; 4]) -> PasswordRefusal {
        self.stranger_at(name, IpAddr::V4(Ipv4Addr::from(address))).await
    }

    async fn stranger_at(&self, name: &str, address: IpAddr) -> PasswordRefusal {
        let jar = Jar::new();
        let browser = Browser { address, ..jar.browser() };
        let form = PasswordForm { login: name.into(), password: WRONG.into(), browser: &browser };
        match self.app.sign_in(form).await.unwrap() {
            PasswordOutcome::Refused(why) => why,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_app_code_works_in_its_step_and_one_either_side() {
    let world = World::new().await;
    world.with_app("hanako").await;
    let step = Duration::from_secs(30);
    let start = world.app.now();
    for (round, (offset, good)) in
        [(-30_001, false), (-30_000, true), (0, true), (59_999, true), (60_000, false)].into_iter().enumerate()
    {
        // Far enough apart that no round spends a step of the next.
        let shown = start + step * (20 * u32::try_from(round + 1).unwrap());
        let offset: i64 = offset;
        world.at(Timestamp::from_millis(shown.as_millis() + offset));
        let mut jar = world.at_code("hanako").await;
        let code = world.code_at(&jar, shown).await;
        let outcome = world.submit(&mut jar, &code, false).await;
        assert_eq!(matches!(outcome, CodeOutcome::SignedIn(_)), good, "{offset} ms from the step's start: {outcome:?}");
    }
}

#[tokio::test]
async fn a_step_of_the_app_counts_once_and_no_earlier_one_after_it() {
    let world = World::new().await;
    world.with_app("hanako").await;
    let now = world.app.now();
    let mut jar = world.at_code("hanako").await;
    let (earlier, current) = (world.code_at(&jar, now - Duration::from_secs(30)).await, world.code(&jar).await);
    assert!(matches!(world.submit(&mut jar, &current, false).await, CodeOutcome::SignedIn(_)));
    let mut jar = world.at_code("hanako").await;
    assert_eq!(world.refusal(&mut jar, &current).await, CodeProblem::Reused);
    assert_eq!(world.refusal(&mut jar, &earlier).await, CodeProblem::Reused, "the step before it is gone, too");
    let next = world.code_at(&jar, now + Duration::from_secs(30)).await;
    assert!(matches!(world.submit(&mut jar, &next, false).await, CodeOutcome::SignedIn(_)));
}

#[tokio::test]
async fn a_message_code_works_for_five_minutes_and_once() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    for (round, good) in [(0, true), (1, false)] {
        let mut jar = world.at_code("hanako").await;
        let code = world.code(&jar).await;
        world.almost(Duration::from_mins(5));
        if round == 1 {
            world.last_millisecond();
            assert_eq!(world.refusal(&mut jar, &code).await, CodeProblem::Expired);
            continue;
        }
        let mut again = jar.clone();
        assert_eq!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)), good);
        assert!(matches!(world.submit(&mut again, &code, false).await, CodeOutcome::Gone), "a second use");
    }
}

#[tokio::test]
async fn wrong_codes_pause_a_method_for_fifteen_minutes_doubling_to_two_hours() {
    let world = World::new().await;
    world.with_app("hanako").await;
    for minutes in [15, 30, 60, 120, 120] {
        let mut jar = world.at_code("hanako").await;
        for left in [4, 3, 2, 1] {
            let wrong = world.wrong(&jar).await;
            assert_eq!(
                world.refusal(&mut jar, &wrong).await,
                CodeProblem::Wrong { tries_left: left, minutes_slow: None }
            );
        }
        let wrong = world.wrong(&jar).await;
        let pause = Duration::from_mins(minutes);
        let until = world.app.now() + pause;
        assert_eq!(world.refusal(&mut jar, &wrong).await, CodeProblem::Paused(until), "{minutes} minutes");
        world.almost(pause);
        let mut jar = world.at_code("hanako").await;
        let right = world.code(&jar).await;
        assert_eq!(world.refusal(&mut jar, &right).await, CodeProblem::Paused(until), "also the right one");
        world.last_millisecond();
    }
    let mut jar = world.at_code("hanako").await;
    let right = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &right, false).await, CodeOutcome::SignedIn(_)), "the pause is over");
    // A success ends the row: the next pause is the first one again.
    assert_eq!(world.wrong_codes("hanako", 5).await, CodeProblem::Paused(world.app.now() + Duration::from_mins(15)));
}

#[tokio::test]
async fn fifty_wrong_codes_disable_a_method_whatever_succeeded_between() {
    let world = World::new().await;
    world.with_app("hanako").await;
    for round in 0..12 {
        assert_eq!(
            world.wrong_codes("hanako", 4).await,
            CodeProblem::Wrong { tries_left: 1, minutes_slow: None },
            "{round}"
        );
        world.pass(Duration::from_secs(90));
        let mut jar = world.at_code("hanako").await;
        let right = world.code(&jar).await;
        assert!(matches!(world.submit(&mut jar, &right, false).await, CodeOutcome::SignedIn(_)), "{round}");
    }
    assert_eq!(
        world.wrong_codes("hanako", 1).await,
        CodeProblem::Wrong { tries_left: 4, minutes_slow: None },
        "the 49th"
    );
    assert_eq!(world.wrong_codes("hanako", 1).await, CodeProblem::Disabled, "the 50th");
    let mut jar = world.at_code("hanako").await;
    let right = world.code(&jar).await;
    assert_eq!(world.refusal(&mut jar, &right).await, CodeProblem::Disabled, "for good");
    world.app.use_role(&jar.browser(), Role::Backup).await.unwrap();
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)), "the other one works");
}

#[tokio::test]
async fn wrong_codes_count_for_thirty_days() {
    const DAY: Duration = Duration::from_hours(24);
    for (just_before, expected) in [(true, true), (false, false)] {
        let world = World::new().await;
        world.with_app("hanako").await;
        let day = world.app.now().as_secs() / 86_400;
        world.wrong_codes("hanako", 49).await;
        assert_eq!(world.app.now().as_secs() / 86_400, day, "all on one day");
        // Failures are counted by days, so that a day counts until thirty more are over.
        let over = Timestamp::from_secs((day + 1) * 86_400) + DAY * 30;
        world.at(if just_before { over - JUST_BEFORE } else { over });
        let problem = world.wrong_codes("hanako", 1).await;
        assert_eq!(matches!(problem, CodeProblem::Disabled), expected, "{problem:?}");
    }
}

#[tokio::test]
async fn a_hundred_wrong_codes_in_a_row_disable_a_method_however_slowly() {
    let world = World::new().await;
    world.with_app("hanako").await;
    for _ in 0..2 {
        let problem = world.wrong_codes("hanako", 49).await;
        assert!(!matches!(problem, CodeProblem::Disabled), "{problem:?}");
        world.pass(Duration::from_hours(24 * 33));
    }
    let ninety_ninth = world.wrong_codes("hanako", 1).await;
    assert!(matches!(ninety_ninth, CodeProblem::Wrong { .. }), "{ninety_ninth:?}");
    assert_eq!(world.wrong_codes("hanako", 1).await, CodeProblem::Disabled, "the hundredth");
}

#[tokio::test]
async fn wrong_passwords_wait_from_thirty_seconds_doubling_to_an_hour() {
    let world = World::new().await;
    world.person("hanako").await;
    for _ in 0..5 {
        assert_eq!(world.wrong_password("hanako").await, PasswordRefusal::BadCredentials);
    }
    for seconds in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
        let wait = Duration::from_secs(seconds);
        let until = PasswordRefusal::WaitUntil(world.app.now() + wait);
        assert_eq!(world.wrong_password("hanako").await, until, "{seconds} s");
        world.almost(wait);
        assert_eq!(world.wrong_password("hanako").await, until, "{seconds} s are not over");
        world.last_millisecond();
        assert_eq!(world.wrong_password("hanako").await, PasswordRefusal::BadCredentials, "{seconds} s are over");
    }
}

#[tokio::test]
async fn wrong_passwords_are_forgotten_after_a_day_or_by_a_success() {
    let world = World::new().await;
    for (name, just_before) in [("hanako", true), ("tarou", false)] {
        world.person(name).await;
        for _ in 0..5 {
            world.wrong_password(name).await;
        }
        world.almost(Duration::from_hours(24));
        if !just_before {
            world.last_millisecond();
        }
        assert_eq!(world.wrong_password(name).await, PasswordRefusal::BadCredentials);
        let waits = matches!(world.wrong_password(name).await, PasswordRefusal::WaitUntil(_));
        assert_eq!(waits, just_before, "{name}: the sixth in a row waits, the first does not");
    }
    world.pass(Duration::from_hours(1));
    world.person("jirou").await;
    for _ in 0..4 {
        world.wrong_password("jirou").await;
    }
    world.at_code("jirou").await;
    for _ in 0..5 {
        assert_eq!(world.wrong_password("jirou").await, PasswordRefusal::BadCredentials, "counted from the start");
    }
}

#[tokio::test]
async fn an_address_may_be_wrong_thirty_times_in_ten_minutes() {
    let world = World::new().await;
    let from = async |name: String| world.stranger(&name, [203, 0, 113, 9]).await;
    for n in 0..30 {
        assert_eq!(from(format!("nobody{n}")).await, PasswordRefusal::BadCredentials, "{n}");
    }
    let until = PasswordRefusal::WaitUntil(world.app.now() + Duration::from_mins(10));
    assert_eq!(from("another".into()).await, until);
    assert_eq!(world.stranger("another", [203, 0, 113, 10]).await, PasswordRefusal::BadCredentials, "its neighbour");
    world.almost(Duration::from_mins(10));
    assert_eq!(from("another".into()).await, until);
    world.last_millisecond();
    assert_eq!(from("another".into()).await, PasswordRefusal::BadCredentials);
}

#[tokio::test]
async fn a_network_may_be_wrong_a_hundred_and_twenty_times_in_ten_minutes() {
    let world = World::new().await;
    for n in 0..120_u8 {
        let refused = world.stranger(&format!("nobody{n}"), [203, 0, 113, n / 20]).await;
        assert_eq!(refused, PasswordRefusal::BadCredentials, "{n}");
    }
    let until = PasswordRefusal::WaitUntil(world.app.now() + Duration::from_mins(10));
    let next = async || world.stranger("another", [203, 0, 113, 200]).await;
    assert_eq!(next().await, until, "an address that has done nothing");
    assert_eq!(
        world.stranger("another", [203, 0, 112, 200]).await,
        PasswordRefusal::BadCredentials,
        "the next network"
    );
    world.almost(Duration::from_mins(10));
    assert_eq!(next().await, until);
    world.last_millisecond();
    assert_eq!(next().await, PasswordRefusal::BadCredentials);
}

#[tokio::test]
async fn a_network_of_the_newer_internet_is_a_56() {
    let world = World::new().await;
    let from = async |name: String, address: &str| world.stranger_at(&name, address.parse().unwrap()).await;
    for n in 0..120_u8 {
        // Every address of it is another one.
        let refused = from(format!("nobody{n}"), &format!("2001:db8:0:ff{:02x}::{n:x}", n % 16)).await;
        assert_eq!(refused, PasswordRefusal::BadCredentials, "{n}");
    }
    let until = PasswordRefusal::WaitUntil(world.app.now() + Duration::from_mins(10));
    assert_eq!(from("another".into(), "2001:db8:0:ffff::9").await, until);
    assert_eq!(from("another".into(), "2001:db8:0:fe00::9").await, PasswordRefusal::BadCredentials, "the next one");
    world.almost(Duration::from_mins(10));
    assert_eq!(from("another".into(), "2001:db8:0:ff00::a").await, until);
    world.last_millisecond();
    assert_eq!(from("another".into(), "2001:db8:0:ff00::a").await, PasswordRefusal::BadCredentials);
}

#[tokio::test]
async fn a_code_is_fresh_for_five_minutes() {
    let world = World::new().await;
    world.with_app("hanako").await;
    let mut jar = world.at_code("hanako").await;
    let code = world.code(&jar).await;
    world.submit(&mut jar, &code, false).await;
    let given = world.app.now();
    world.at(given + Duration::from_mins(5));
    assert_eq!(world.app.fresh(&jar.browser()).await.unwrap(), Freshness::Fresh);
    world.pass(JUST_BEFORE);
    assert_eq!(world.app.fresh(&jar.browser()).await.unwrap(), Freshness::Stale);
}

#[tokio::test]
async fn a_sign_in_waits_for_ten_minutes() {
    let world = World::new().await;
    world.with_app("hanako").await;
    for just_before in [true, false] {
        let mut jar = world.at_code("hanako").await;
        world.almost(Duration::from_mins(10));
        if !just_before {
            world.last_millisecond();
        }
        assert_eq!(world.app.pending(&jar.browser()).await.unwrap().is_some(), just_before);
        let code = world.app.pending_record(&jar.browser(), world.app.now()).await.unwrap();
        let code = if code.is_some() { world.code(&jar).await } else { "000000".to_owned() };
        let outcome = world.submit(&mut jar, &code, false).await;
        assert_eq!(matches!(outcome, CodeOutcome::SignedIn(_)), just_before, "{outcome:?}");
        assert!(just_before || matches!(outcome, CodeOutcome::Gone));
    }
}

#[tokio::test]
async fn a_session_ends_after_sixty_idle_minutes() {
    let world = World::new().await;
    let jar = world.with_app("hanako").await;
    assert!(matches!(world.decide(&jar).await, Decision::Forward(_)));
    world.almost(Duration::from_hours(1));
    assert!(matches!(world.decide(&jar).await, Decision::Forward(_)), "and that request counts as use");
    world.almost(Duration::from_hours(1));
    assert!(matches!(world.decide(&jar).await, Decision::Forward(_)));
    world.pass(Duration::from_hours(1));
    assert_eq!(interrupted(&world.decide(&jar).await), Some(Interruption::Idle));
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_however_busy() {
    let world = World::new().await;
    world.with_app("hanako").await;
    let mut jar = world.at_code("hanako").await;
    let code = world.code(&jar).await;
    world.submit(&mut jar, &code, false).await;
    let start = world.app.now();
    for half_hours in 1..24 {
        world.at(start + Duration::from_mins(30) * half_hours);
        assert!(matches!(world.decide(&jar).await, Decision::Forward(_)), "{half_hours}");
    }
    world.at(start + Duration::from_hours(12) - JUST_BEFORE);
    assert!(matches!(world.decide(&jar).await, Decision::Forward(_)));
    world.last_millisecond();
    assert_eq!(interrupted(&world.decide(&jar).await), Some(Interruption::Ended));
}

/// One more browser that signs in with a code of the app.
async fn one_more(world: &World, trust: bool) -> Jar {
    world.pass(Duration::from_secs(30));
    let mut jar = world.at_code("hanako").await;
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, trust).await, CodeOutcome::SignedIn(_)));
    jar
}

#[tokio::test]
async fn an_account_has_ten_sessions_and_the_oldest_goes() {
    let world = World::new().await;
    let mut jars = vec![world.with_app("hanako").await];
    for _ in 1..10 {
        jars.push(one_more(&world, false).await);
    }
    for jar in &jars {
        assert!(matches!(world.decide(jar).await, Decision::Forward(_)), "ten live side by side");
    }
    jars.push(one_more(&world, false).await);
    let living: Vec<bool> = {
        let mut living = Vec::new();
        for jar in &jars {
            living.push(matches!(world.decide(jar).await, Decision::Forward(_)));
        }
        living
    };
    assert_eq!((living[0], living[1..].iter().all(|lives| *lives)), (false, true), "{living:?}");
}

#[tokio::test]
async fn an_account_has_ten_trusted_devices_and_the_oldest_goes() {
    let world = World::new().await;
    world.with_app("hanako").await;
    let mut jars = Vec::new();
    for _ in 0..10 {
        jars.push(one_more(&world, true).await);
    }
    for jar in &mut jars {
        assert!(matches!(world.password(jar, "hanako", PASSWORD).await, PasswordOutcome::SignedIn(_)));
    }
    let mut eleventh = one_more(&world, true).await;
    let outcome = world.password(&mut jars[0], "hanako", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "the oldest: {outcome:?}");
    for jar in jars[1..].iter_mut().chain([&mut eleventh]) {
        assert!(matches!(world.password(jar, "hanako", PASSWORD).await, PasswordOutcome::SignedIn(_)));
    }
}

#[tokio::test]
async fn a_trusted_device_needs_no_code_for_thirty_days() {
    let world = World::new().await;
    world.with_app("hanako").await;
    let mut jar = one_more(&world, true).await;
    let ends = world.app.now() + Duration::from_hours(24 * 30);
    for days in [1, 10, 29] {
        world.at(ends - Duration::from_hours(24 * (30 - days)));
        assert!(
            matches!(world.password(&mut jar, "hanako", PASSWORD).await, PasswordOutcome::SignedIn(_)),
            "day {days}"
        );
    }
    world.at(ends - JUST_BEFORE);
    assert!(matches!(world.password(&mut jar, "hanako", PASSWORD).await, PasswordOutcome::SignedIn(_)));
    world.last_millisecond();
    assert!(matches!(world.password(&mut jar, "hanako", PASSWORD).await, PasswordOutcome::Pending { .. }));
}

/// The same text without what the tests cheapen.
fn as_shipped(directory: &std::path::Path) -> Config {
    let mut config = config(directory, MAIL);
    let shipped = crate::config::parse(
        "public_url = \"https://a.example\"\nlisten = { https = \"127.0.0.1:1\", certificate = \"c\", private_key = \"k\" }\n\
         upstream = { url = \"http://127.0.0.1:2\" }\nstore = { url = \"sqlite:s\" }\nsms = { provider = \"inbox\" }\n\
         insecure = { inbox_provider = true }\n",
        "sekisho.toml",
    );
    config.password = shipped.unwrap_or_else(|problems| panic!("{problems}")).password;
    config
}

#[test]
fn passwords_are_hashed_with_nineteen_mebibytes_in_two_passes() {
    let directory = tempfile::tempdir().unwrap();
    let password = as_shipped(directory.path()).password;
    assert_eq!((password.memory_kib, password.passes, password.lanes), (19 * 1024, 2, 1));
}

/// The wait itself is the machine's: that no answer comes early cannot be shown by a clock that stands still.
#[tokio::test]
async fn no_answer_to_a_password_comes_before_the_fixed_delay() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(directory.path(), MAIL);
    let delay = as_shipped(directory.path()).password.minimum_delay;
    assert_eq!(delay, Duration::from_millis(300));
    config.password.minimum_delay = delay;
    let world = World(Bench::open(config, directory).await);
    world.person("hanako").await;
    for (name, password) in
        [("hanako", PASSWORD), ("hanako", WRONG), ("nobody", WRONG), ("", ""), ("no such name", "x")]
    {
        let asked = tokio::time::Instant::now();
        world.password(&mut Jar::new(), name, password).await;
        assert!(asked.elapsed() >= delay, "{name:?}: {:?}", asked.elapsed());
    }
}
