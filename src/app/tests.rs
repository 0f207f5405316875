//! The use cases over a real store file, with a clock that is moved by hand.

mod defaults;
mod foreign;

mod limits;

mod rollout;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
    time::Duration,
};

use http::Method;

use super::{
    App, Browser, ChoiceForm, ChoiceProblem, CodeOutcome, CodeProblem, Cookie, EnrolmentOutcome, GateRequest, Grant,
    PasswordForm, PasswordOutcome, PasswordRefusal, PendingView, SendAvailability, SendOutcome, SendRefusal,
    TicketOutcome, administration::NewPerson,
};
use crate::{
    access::{Decision, Interruption},
    account::{Account, Group, MethodKind, Role, UserName},
    authn::{CodeReason, EnrolmentStep, Password, SignIn, TicketRefusal, throttle},
    clock::{Clock, Timestamp},
    config::Config,
    entropy::SystemEntropy,
    keyring::Purpose,
    language::Language,
    secret::ExposeSecret as _,
    session::SecondStep,
};

#[derive(Debug)]
struct HandClock(Mutex<Timestamp>);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct World {
    app: Arc<App>,
    clock: Arc<HandClock>,
    directory: tempfile::TempDir,
}

const PASSWORD: &str = "correct horse battery";
const WRONG: &str = "wrong horse battery";

fn config(directory: &std::path::Path, more: &str) -> Config {
    let text = r#"
        public_url = "https://console.example.jp"
        [listen]
        https = "127.0.0.1:8443"
        certificate = "c.pem"
        private_key = "k.pem"
        [upstream]
        url = "http://127.0.0.1:8080"
        [store]
        url = "sqlite:store.db"
        [password]
        memory = "1MiB"
        passes = 1
        minimum_delay = "0s"
        [sms]
        provider = "inbox"
        [voice]
        provider = "inbox"
        [mail]
        provider = "inbox"
        [insecure]
        inbox_provider = true
        weak_password_hash = true
    "#;
    let path = directory.join("sekisho.toml");
    std::fs::write(&path, format!("{text}\n{more}")).unwrap();
    crate::config::load(&path).unwrap_or_else(|problems| panic!("{problems}"))
}

impl World {
    async fn new() -> Self {
        Self::with("").await
    }

    async fn with(more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(HandClock(Mutex::new(Timestamp::from_secs(1_800_000_000))));
        let app =
            App::open(config(directory.path(), more), clock.clone(), Arc::new(SystemEntropy::new())).await.unwrap();
        Self { app: Arc::new(app), clock, directory }
    }

    fn store_path(&self) -> std::path::PathBuf {
        self.directory.path().join("store.db")
    }

    fn pass(&self, time: Duration) {
        let mut now = self.clock.0.lock().unwrap();
        *now = *now + time;
    }

    async fn person(&self, name: &str) -> Account {
        self.person_of(name, &[]).await
    }

    async fn person_of(&self, name: &str, groups: &[&str]) -> Account {
        let person = NewPerson {
            user_name: UserName::parse(name).unwrap(),
            email: None,
            display_name: None,
            groups: groups.iter().map(|name| Group::parse(name).unwrap()).collect(),
            language: Language::En,
            password: Password::typed(PASSWORD).unwrap(),
        };
        self.app.add_account(person).await.unwrap().unwrap()
    }

    /// What the phone shows: the code of the pending sign-in.
    async fn code(&self, jar: &Jar) -> String {
        let pending = self.app.pending_record(&jar.browser(), self.app.now()).await.unwrap().unwrap();
        let challenge = pending.sign_in.challenge().unwrap();
        if let Some(code) = challenge.code(self.app.keyring(), self.app.now()) {
            return code.expose().to_owned();
        }
        let seed = match (&pending.sign_in, &pending.pair) {
            (SignIn::Enrol { draft, .. }, _) => draft.proving().unwrap().1.target.clone(),
            (SignIn::EnterCode(state), Some(pair)) => pair.get(state.role()).target.clone(),
            (SignIn::Replace(state), _) => state.proving().unwrap().0.target.clone(),
            (SignIn::EnterCode(_), None) => panic!("no pair"),
        };
        let crate::account::Target::App(seed) = seed else { panic!("the code is over") };
        totp_rs::Builder::new()
            .with_secret(totp_rs::Secret::new(seed.expose().into()))
            .build_noncompliant()
            .generate(u64::try_from(self.app.now().as_secs()).unwrap())
            .to_string()
    }

    async fn password(&self, jar: &mut Jar, name: &str, password: &str) -> PasswordOutcome {
        let browser = jar.browser();
        let form = PasswordForm { login: name.into(), password: password.into(), browser: &browser };
        let outcome = self.app.sign_in(form).await.unwrap();
        jar.keep_password(&outcome);
        outcome
    }

    async fn choose(&self, jar: &Jar, kind: MethodKind, number: &str) -> EnrolmentOutcome {
        self.app.choose(&jar.browser(), ChoiceForm { kind, number, label: "" }).await.unwrap()
    }

    async fn submit(&self, jar: &mut Jar, code: &str, trust: bool) -> CodeOutcome {
        let outcome = self.app.submit_code(&jar.browser(), code, trust).await.unwrap();
        if let CodeOutcome::SignedIn(grant) = &outcome {
            jar.keep(grant);
        }
        outcome
    }

    /// Signs in for the first time and enrols an SMS primary and a voice backup.
    async fn enrolled(&self, name: &str) -> Jar {
        self.person(name).await;
        self.enrol(name).await
    }

    async fn sign_in_again(&self, name: &str) -> Jar {
        let mut jar = Jar::new();
        self.password(&mut jar, name, PASSWORD).await;
        let code = self.code(&jar).await;
        assert!(matches!(self.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)));
        jar
    }

    async fn enrol(&self, name: &str) -> Jar {
        let mut jar = Jar::new();
        self.password(&mut jar, name, PASSWORD).await;
        self.app.begin_enrolment(&jar.browser()).await.unwrap();
        self.choose(&jar, MethodKind::Sms, "090-1234-5678").await;
        let code = self.code(&jar).await;
        assert!(matches!(self.submit(&mut jar, &code, false).await, CodeOutcome::Continue));
        self.choose(&jar, MethodKind::Voice, "03-1234-5678").await;
        let code = self.code(&jar).await;
        let outcome = self.submit(&mut jar, &code, false).await;
        assert!(matches!(outcome, CodeOutcome::SignedIn(Grant { enrolled: true, .. })), "{outcome:?}");
        jar
    }

    async fn decide(&self, jar: &Jar) -> Decision {
        let session = jar.session.as_deref().map(Cookie);
        self.app.decide(GateRequest { method: &Method::GET, path: "/orders/1", session }).await.unwrap()
    }
}

/// A browser's cookies.
#[derive(Clone, Default)]
struct Jar {
    session: Option<String>,
    sign_in: Option<String>,
    device: Option<String>,
}

impl Jar {
    fn new() -> Self {
        Self::default()
    }
    fn browser(&self) -> Browser<'_> {
        Browser {
            link: None,
            session: self.session.as_deref().map(Cookie),
            sign_in: self.sign_in.as_deref().map(Cookie),
            device: self.device.as_deref().map(Cookie),
            address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
            user_agent: "Mozilla/5.0 (Windows NT 10.0) Firefox/150.0",
            language: Language::En,
            flow: super::Flow::SignIn,
        }
    }
    fn keep_password(&mut self, outcome: &PasswordOutcome) {
        match outcome {
            PasswordOutcome::Pending { cookie, device } => {
                if let Some(cookie) = cookie {
                    self.sign_in = Some(cookie.expose().to_owned());
                }
                if let Some(device) = device {
                    self.device = Some(device.expose().to_owned());
                }
            }
            PasswordOutcome::SignedIn(grant) => self.keep(grant),
            PasswordOutcome::Refused(_) => {}
        }
    }
    fn keep(&mut self, grant: &Grant) {
        self.session = Some(grant.session.expose().to_owned());
        self.sign_in = None;
        if let Some(device) = &grant.device {
            self.device = Some(device.expose().to_owned());
        }
    }
}

fn interrupted(decision: &Decision) -> Option<Interruption> {
    match decision {
        Decision::Interrupt(why) => Some(*why),
        Decision::Forward(_) | Decision::Deny(_) => None,
    }
}

#[tokio::test]
async fn from_the_password_to_the_console_and_out_again() {
    let world = World::new().await;
    let mut jar = world.enrolled("hanako").await;
    let Decision::Forward(permit) = world.decide(&jar).await else { panic!("not let through") };
    let principal = permit.principal().unwrap();
    assert_eq!((principal.user.to_str().unwrap(), principal.level.to_str().unwrap()), ("hanako", "2"));
    assert_eq!(principal.second_step, SecondStep::Code(MethodKind::Voice));

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

/// Signs in again with the box ticked.
async fn trust(world: &World, jar: &mut Jar) {
    jar.session = None;
    world.password(jar, "hanako", PASSWORD).await;
    let code = world.code(jar).await;
    assert!(matches!(world.submit(jar, &code, true).await, CodeOutcome::SignedIn(_)));
}

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
    assert_eq!(permit.principal().unwrap().second_step, SecondStep::Code(MethodKind::Voice), "as it came");
}

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
async fn a_forged_cookie_never_reaches_the_store() {
    let world = World::new().await;
    let jar = world.enrolled("hanako").await;
    world.app.store().close().await;
    let genuine = crate::keyring::TokenId::random(&SystemEntropy::new());
    let (unknown, _) = world.app.keyring().issue(Purpose::SessionCookie, genuine).unwrap();
    let decide = async |cookie: &str| {
        world.app.decide(GateRequest { method: &Method::GET, path: "/", session: Some(Cookie(cookie)) }).await
    };
    assert!(decide(unknown.expose()).await.is_err(), "a cookie of ours is looked up, and an error is an error");
    let forged = jar.session.unwrap().replace('.', ".A");
    assert!(matches!(decide(&forged).await, Ok(Decision::Interrupt(Interruption::NoSession))));
}

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

#[tokio::test]
async fn ten_wrong_enrolment_codes_end_the_sign_in() {
    let world = World::new().await;
    world.person("hanako").await;
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    world.app.begin_enrolment(&jar.browser()).await.unwrap();
    world.choose(&jar, MethodKind::Sms, "090-1234-5678").await;
    let right = world.code(&jar).await;
    let wrong = if right == "000000" { "111111" } else { "000000" };
    for left in (1..10).rev() {
        let outcome = world.submit(&mut jar, wrong, false).await;
        assert!(matches!(outcome, CodeOutcome::Refused(CodeProblem::Wrong { tries_left, .. }) if tries_left == left));
    }
    assert!(matches!(world.submit(&mut jar, wrong, false).await, CodeOutcome::TooMany));
    assert!(matches!(world.submit(&mut jar, &right, false).await, CodeOutcome::Gone));
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

#[tokio::test]
async fn a_session_ends_at_once_however_full_the_memory_is() {
    let world =
        World::with("[session]\ncache = 100\nper_account = 500\n[sign_in]\nsends_per_number_a_day = 1000\n").await;
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

/// Messages the account's methods were sent so far, by their channels.
async fn ordered(world: &World) -> usize {
    world.app.store().claim_messages(100, world.app.now()).await.unwrap().len()
}

#[tokio::test]
async fn r6_new_sign_ins_within_the_wait_send_nothing_and_share_the_code() {
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
        assert_eq!(world.code(&other).await, code, "the same code while it works");
        others.push(other);
    }
    assert_eq!(ordered(&world).await, 1, "nine right passwords in eight seconds");
    let Some(PendingView::Code(view)) = world.app.pending(&others[0].browser()).await.unwrap() else { panic!() };
    let from = world.app.now() + Duration::from_secs(22);
    assert_eq!(view.send_again, SendAvailability::From(from), "the page says when the next can go");

    world.pass(Duration::from_secs(21));
    let early = world.app.send_again(&others[1].browser()).await.unwrap();
    assert!(matches!(early, SendOutcome::Refused(SendRefusal::From(at)) if at == from), "{early:?}");
    world.pass(Duration::from_secs(1));
    assert!(matches!(world.app.send_again(&others[1].browser()).await.unwrap(), SendOutcome::Done));
    assert_eq!((ordered(&world).await, world.code(&others[1]).await), (1, code.clone()));

    // It counts once, whoever is first.
    assert!(matches!(world.submit(&mut others[2], &code, false).await, CodeOutcome::SignedIn(_)));
    let replay = world.submit(&mut others[3], &code, false).await;
    assert!(matches!(replay, CodeOutcome::Refused(CodeProblem::Expired)), "{replay:?}");
    let Some(PendingView::Code(view)) = world.app.pending(&others[3].browser()).await.unwrap() else { panic!() };
    assert!(view.expired, "and the page says so");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r6_a_password_sent_four_times_at_once_sends_one_message() {
    let world = Arc::new(World::new().await);
    world.enrolled("hanako").await;
    ordered(&world).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let world = world.clone();
        tasks.spawn(async move {
            let mut jar = Jar::new();
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
async fn one_account_tries_ten_numbers_an_hour() {
    let world = World::new().await;
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
