//! An application over a store file of its own, with a clock that is moved by hand: what the tests here and those of the
//! pages share.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{
    account::{Account, Group, Target, UserName},
    app::{App, administration::NewPerson},
    authn::{Password, SignIn},
    clock::{Clock, Timestamp},
    config::Config,
    entropy::SystemEntropy,
    language::Language,
    store::PendingSignIn,
};

pub(crate) const PASSWORD: &str = "correct horse battery";
/// No `[mail]`: whoever knows a password opens the first enrolment of the account.
const CONFIG: &str = r#"
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
    [insecure]
    inbox_provider = true
    weak_password_hash = true
"#;
pub(crate) const MAIL: &str = "[mail]\nprovider = \"inbox\"\n";

#[derive(Debug)]
pub(crate) struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Timestamp::from_secs(1_800_000_000))))
    }
    pub(crate) fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap() = now;
    }
    pub(crate) fn pass(&self, time: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = *now + time;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The configuration of the tests with these tables besides.
pub(crate) fn config(directory: &Path, tables: &str) -> Config {
    let path = directory.join("sekisho.toml");
    std::fs::write(&path, format!("{CONFIG}\n{tables}")).unwrap();
    crate::config::load(&path).unwrap_or_else(|problems| panic!("{problems}"))
}

pub(crate) struct Bench {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) directory: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn with(tables: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path(), tables);
        Self::open(config, directory).await
    }

    pub(crate) async fn open(config: Config, directory: tempfile::TempDir) -> Self {
        let clock = HandClock::new();
        let app = App::open(config, clock.clone(), Arc::new(SystemEntropy::new())).await.unwrap();
        Self { app: Arc::new(app), clock, directory }
    }

    pub(crate) fn store_path(&self) -> std::path::PathBuf {
        self.directory.path().join("store.db")
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    pub(crate) async fn person(&self, name: &str) -> Account {
        self.person_of(name, &[]).await
    }

    pub(crate) async fn person_of(&self, name: &str, groups: &[&str]) -> Account {
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

    /// What the phone shows: the code that was sent, or that the app makes.
    pub(crate) fn shown(&self, pending: &PendingSignIn) -> String {
        let challenge = pending.sign_in.challenge().unwrap();
        if let Some(code) = challenge.code(self.app.keyring(), self.app.now()) {
            return code.expose().to_owned();
        }
        let target = match (&pending.sign_in, &pending.pair) {
            (SignIn::Enrol { draft, .. }, _) => draft.proving().unwrap().1.target.clone(),
            (SignIn::EnterCode(state), Some(pair)) => pair.get(state.role()).target.clone(),
            (SignIn::Replace(state), _) => state.proving().unwrap().0.target.clone(),
            (SignIn::EnterCode(_), None) => panic!("no pair"),
        };
        let Target::App(seed) = target else { panic!("the code is over") };
        totp_rs::Builder::new()
            .with_secret(totp_rs::Secret::new(seed.expose().into()))
            .build_noncompliant()
            .generate(u64::try_from(self.app.now().as_secs()).unwrap())
            .to_string()
    }
}
