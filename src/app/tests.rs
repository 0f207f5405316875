//! The use cases over a real store file, with a clock that is moved by hand.

pub(crate) mod bench;
mod budgets;
mod codes;
mod defaults;
mod destinations;
mod enrolment;
mod foreign;
mod jars;
mod limits;
mod pumping;
mod rates;
mod rollout;
mod sessions;
mod sign_in;
mod signing;
mod tokens;
mod told;
mod trust;
mod trust_ends;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::atomic::{AtomicU64, Ordering},
};

use bench::{Bench, MAIL, PASSWORD, config};
use http::Method;

use super::{
    Browser, ChoiceForm, CodeOutcome, Cookie, EnrolmentOutcome, GateRequest, Grant, MANY, Marks, PasswordForm,
    PasswordOutcome,
};
use crate::{
    access::{Decision, Interruption},
    account::MethodKind,
    language::Language,
    store::{OutboxContent, OutboxOutcome},
};

/// With mail.
struct World(Bench);

impl std::ops::Deref for World {
    type Target = Bench;
    fn deref(&self) -> &Bench {
        &self.0
    }
}

impl std::ops::DerefMut for World {
    fn deref_mut(&mut self) -> &mut Bench {
        &mut self.0
    }
}

/// The host of the tests, as `bench::config` names it.
const HOST: &str = "console.example.jp";
const WRONG: &str = "wrong horse battery";

impl World {
    async fn new() -> Self {
        Self::with("").await
    }

    async fn with(tables: &str) -> Self {
        Self(Bench::with(&format!("{MAIL}{tables}")).await)
    }

    /// What the phone shows: the code of the pending sign-in.
    async fn code(&self, jar: &Jar) -> String {
        let pending = self.app.pending_record(&jar.browser(), self.app.now()).await.unwrap().unwrap();
        self.shown(&pending)
    }

    async fn password(&self, jar: &mut Jar, name: &str, password: &str) -> PasswordOutcome {
        let browser = jar.browser();
        let form = PasswordForm { login: name.into(), password: password.into(), browser: &browser };
        let outcome = self.app.sign_in(form).await.unwrap();
        jar.keep_password(&outcome);
        outcome
    }

    async fn choose(&self, jar: &Jar, kind: MethodKind, number: &str) -> EnrolmentOutcome {
        self.app.choose(&jar.browser(), ChoiceForm { kind, number, known: None, label: "" }).await.unwrap()
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
        let session = jar.session.as_deref().map(cookie);
        self.app
            .decide(GateRequest {
                host: HOST,
                method: &Method::GET,
                path: "/orders/1",
                address: Ipv4Addr::LOCALHOST.into(),
                session,
                known: jar.known.as_deref().map(cookie),
                marks: jar.marks(),
            })
            .await
            .unwrap()
    }
}

/// A browser's cookies.
#[derive(Clone)]
struct Jar {
    seed: [u8; 16],
    session: Option<String>,
    sign_in: Option<String>,
    device: Option<String>,
    known: Option<String>,
    marks: Vec<String>,
}

impl Jar {
    fn new() -> Self {
        static BROWSERS: AtomicU64 = AtomicU64::new(0);
        let nth = BROWSERS.fetch_add(1, Ordering::Relaxed);
        let seed = u128::from(nth).to_be_bytes();
        Self { seed, session: None, sign_in: None, device: None, known: None, marks: Vec::new() }
    }
    fn browser(&self) -> Browser<'_> {
        Browser {
            host: HOST,
            link: None,
            seed: Some(self.seed),
            session: self.session.as_deref().map(cookie),
            sign_in: self.sign_in.as_deref().map(cookie),
            device: self.device.as_deref().map(cookie),
            known: self.known.as_deref().map(cookie),
            marks: self.marks(),
            address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
            user_agent: "Mozilla/5.0 (Windows NT 10.0) Firefox/150.0",
            language: Language::En,
            chosen_language: None,
            flow: super::Flow::SignIn,
        }
    }
    fn marks(&self) -> Marks<'_> {
        self.marks.iter().fold(Marks::None, |marks, mark| marks.and(mark))
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
        if let Some(known) = &grant.known {
            self.known = Some(known.expose().to_owned());
        }
        if let Some(mark) = &grant.mark {
            if mark == MANY {
                self.marks.clear();
            }
            self.marks.push(mark.clone());
        }
    }
}

fn cookie(text: &str) -> Cookie<'_> {
    Cookie { host: HOST, text }
}

fn interrupted(decision: &Decision) -> Option<Interruption> {
    match decision {
        Decision::Interrupt(why) => Some(*why),
        Decision::Forward(_) | Decision::Deny(_) => None,
    }
}

/// Signs in again with the box ticked.
async fn trust(world: &World, jar: &mut Jar) {
    jar.session = None;
    world.password(jar, "hanako", PASSWORD).await;
    let code = world.code(jar).await;
    assert!(matches!(world.submit(jar, &code, true).await, CodeOutcome::SignedIn(_)));
}

/// Messages the account's methods were sent so far, by their channels.
async fn ordered(world: &World) -> usize {
    let (store, now) = (world.app.store(), world.app.now());
    let taken = store.claim_messages(None, 100, now).await.unwrap();
    for item in &taken {
        // What was not handed over would be there again after a minute.
        store.hand_over(item.id, "test", now).await.unwrap();
        store.finish_message(item.id, OutboxOutcome::Sent, ("accepted", None), now).await.unwrap();
    }
    taken.iter().filter(|item| matches!(item.content, OutboxContent::Code { .. })).count()
}
