//! A store on a temporary file, and people who sign in to it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use sekisho::{
    account::{
        Account, AccountId, CredentialVersion, EmailAddress, Group, LoginName, Method, MethodId, MethodPair,
        PhoneNumber, Target, UserName,
    },
    authn::{
        ChallengeSeed, CodeReason, Completion, Context, DeviceProof, EnteredCode, Input, Messages, NewSession,
        Password, PasswordHash, PasswordProof, Policy, SendOrder, SignIn, Standing, Step, Ticket,
        password::{self, Scheme},
        totp,
    },
    clock::Timestamp,
    entropy::{SharedEntropy, SystemEntropy},
    keyring::Keyring,
    language::Language,
    secret::{Digest, SecretBytes},
    session::{DeviceLabel, Lifetime, Session, SessionId},
    store::{
        BeginSignIn, CodeSpend, CompleteSignIn, EnrolledMethod, NewAccount, OutboxId, OutboxOrder, PendingSignIn,
        RateLimit, SendKey, SendLimit, SignInId, SignInPlace, Store, UsedCode,
    },
};

/// Some Tuesday.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const POLICY: Policy =
    Policy { code_lifetime: Duration::from_mins(5), sign_in_lifetime: Duration::from_mins(15) };
pub(crate) const LIFETIME: Lifetime = Lifetime { idle: Duration::from_hours(1), absolute: Duration::from_hours(12) };
/// One browser, which no account knows yet.
pub(crate) const HERE: SignInPlace = SignInPlace { browser: Digest::new([1; 32]), known: None };

pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) path: PathBuf,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) entropy: SharedEntropy,
    _directory: tempfile::TempDir,
}

#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: AccountId,
    pub(crate) name: LoginName,
    pub(crate) seed: SecretBytes,
}

pub(crate) fn entered(code: &str) -> EnteredCode {
    EnteredCode::parse(code).unwrap()
}

pub(crate) fn phone(typed: &str) -> PhoneNumber {
    PhoneNumber::parse(typed, "JP").unwrap()
}

/// What the app shows at that time.
pub(crate) fn app_code(seed: &SecretBytes, now: Timestamp) -> EnteredCode {
    let generator = totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::new(seed.expose().into()))
        .with_step_duration(totp::STEP_SECONDS.unsigned_abs())
        .build_noncompliant();
    entered(&generator.generate(now.as_secs().unsigned_abs()).to_string())
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sekisho.db");
        let entropy: SharedEntropy = Arc::new(SystemEntropy::new());
        let keyring = Arc::new(Keyring::generate(&*entropy, NOW).unwrap());
        let store = Store::open_sqlite(&path, keyring.clone(), entropy.clone()).await.unwrap();
        Self { store, path, keyring, entropy, _directory: directory }
    }

    /// What an operator hands out with a reset.
    pub(crate) fn ticket(&self) -> Ticket {
        let day = std::time::Duration::from_hours(24);
        Ticket::draw(&*self.entropy, &self.keyring, NOW + day).unwrap().0
    }

    /// What a restart leaves: a second opening of the same file.
    pub(crate) async fn reopen(&mut self) {
        self.store = Store::open_sqlite(&self.path, self.keyring.clone(), self.entropy.clone()).await.unwrap();
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut bytes = [0; 32];
        self.entropy.fill(&mut bytes);
        Digest::new(bytes)
    }

    pub(crate) fn hash(&self, text: &str) -> PasswordHash {
        Scheme::argon2id(16, 1, 1).unwrap().hash(&Password::typed(text).unwrap(), &*self.entropy).unwrap()
    }

    pub(crate) fn new_account(&self, name: &str) -> NewAccount {
        NewAccount {
            account: Account {
                id: AccountId::random(&*self.entropy),
                user_name: UserName::parse(name).unwrap(),
                email: Some(EmailAddress::parse(&format!("{name}@example.jp")).unwrap()),
                display_name: Some("山田 花子".to_owned()),
                groups: vec![Group::parse("operators").unwrap(), Group::parse("owner").unwrap()],
                language: Language::Ja,
                disabled: false,
                credential_version: CredentialVersion(1),
                created_at: NOW,
            },
            hash: self.hash(PASSWORD),
        }
    }

    /// An account without methods.
    pub(crate) async fn newcomer(&self, name: &str) -> Person {
        let new = self.new_account(name);
        self.store.create_account(&new).await.unwrap().unwrap();
        Person { id: new.account.id, name: LoginName::parse(name), seed: totp::seed(&*self.entropy) }
    }

    pub(crate) fn method(&self, target: Target) -> EnrolledMethod {
        let id = MethodId::random(&*self.entropy);
        let method = Method { id, target, label: None, added_at: NOW, last_used_at: None };
        EnrolledMethod { method, last_step: None }
    }

    /// An account with an app and, behind it, a phone.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let person = self.newcomer(name).await;
        self.enrol(&person).await;
        person
    }

    /// Gives an account its app and, behind it, a phone.
    pub(crate) async fn enrol(&self, person: &Person) {
        let app = self.method(Target::App(person.seed.clone()));
        let backup = self.method(Target::Sms(phone("090-1234-5678")));
        let pair = MethodPair::new(app, backup).unwrap();
        self.store.enrol_directly(person.id, pair, NOW).await.unwrap().unwrap();
    }

    pub(crate) async fn prove_password(&self, person: &Person, now: Timestamp) -> PasswordProof {
        let stored = self.store.credentials(&person.name).await.unwrap().unwrap();
        let candidate = password::Candidate {
            account: stored.account.id,
            credential_version: stored.account.credential_version,
            hash: stored.hash,
        };
        let typed = Password::typed(PASSWORD);
        password::verify(Some(&candidate), typed.as_ref(), &candidate.hash, now).unwrap()
    }

    /// Is this the account's password?
    pub(crate) async fn knows(&self, person: &Person, text: &str) -> bool {
        let stored = self.store.credentials(&person.name).await.unwrap().unwrap();
        let (account, credential_version) = (stored.account.id, stored.account.credential_version);
        let candidate = password::Candidate { account, credential_version, hash: stored.hash };
        let typed = Password::typed(text);
        password::verify(Some(&candidate), typed.as_ref(), &candidate.hash, NOW).is_some()
    }

    pub(crate) fn seed(&self) -> ChallengeSeed {
        ChallengeSeed::draw(&*self.entropy, &self.keyring)
    }

    /// What pays for a message of this sign-in.
    pub(crate) fn limit(&self, sign_in: &SignIn) -> SendLimit {
        let key = match sign_in.method() {
            Some(method) => SendKey::Method(method),
            None => SendKey::Number(self.digest()),
        };
        let day = RateLimit { key: self.digest(), limit: 30, window: Duration::from_hours(24) };
        SendLimit { key, waits: [30, 60, 120, 300, 600].map(Duration::from_secs).to_vec(), rest: 120 * MINUTE, day }
    }

    pub(crate) fn order(&self, order: SendOrder, sign_in: &SignIn) -> OutboxOrder {
        let (id, limit) = (OutboxId::random(&*self.entropy), self.limit(sign_in));
        OutboxOrder { id, order, host: "shop.test".to_owned(), language: Language::Ja, limit, place: HERE, toll: None }
    }

    /// The right password: what there is to store for the code page or the enrolment.
    pub(crate) async fn beginning(&self, person: &Person, now: Timestamp) -> BeginSignIn {
        let who = self.prove_password(person, now).await;
        let stored = self.store.credentials(&person.name).await.unwrap().unwrap();
        let ctx = Context {
            policy: &POLICY,
            keyring: &self.keyring,
            pair: stored.pair.as_ref(),
            app_last_step: stored.app_last_step,
            ticket: None,
            messages: Messages::default(),
            standing: Standing::default(),
            now,
        };
        let next = SignIn::begin(who, None, CodeReason::NewBrowser, &ctx, self.seed()).unwrap();
        let Step::Continue(sign_in) = next.step else { panic!("a code is due") };
        let message = next.send.map(|send| self.order(send, &sign_in));
        BeginSignIn {
            id: SignInId::random(&*self.entropy),
            digest: self.digest(),
            place: HERE,
            sign_in,
            expires_at: now + POLICY.sign_in_lifetime,
            message,
            replaces: None,
            forgive: Vec::new(),
            rehash: None,
        }
    }

    /// A stored pending sign-in.
    pub(crate) async fn begin(&self, person: &Person, now: Timestamp) -> PendingSignIn {
        let begin = self.beginning(person, now).await;
        self.store.begin_sign_in(&begin, now).await.unwrap().unwrap();
        self.store.pending_sign_in(&begin.digest, now).await.unwrap().unwrap()
    }

    pub(crate) fn advance(
        &self,
        pending: &PendingSignIn,
        input: Input,
        now: Timestamp,
    ) -> Result<sekisho::authn::Transition, sekisho::authn::Refusal> {
        let ctx = Context {
            policy: &POLICY,
            keyring: &self.keyring,
            pair: pending.pair.as_ref(),
            app_last_step: pending.app_last_step,
            ticket: None,
            messages: Messages {
                primary: pending.primary_messages.code.as_ref(),
                backup: pending.backup_messages.code.as_ref(),
                withheld: false,
            },
            standing: Standing::default(),
            now,
        };
        pending.sign_in.clone().advance(input, &ctx)
    }

    /// Takes an input that keeps the sign-in pending, and stores where it leads.
    pub(crate) async fn proceed(&self, pending: &PendingSignIn, input: Input, now: Timestamp) -> PendingSignIn {
        let next = self.advance(pending, input, now).unwrap();
        let Step::Continue(sign_in) = next.step else { panic!("still pending") };
        let message = next.send.map(|send| self.order(send, &sign_in));
        let saved = self.store.save_sign_in(pending.id, pending.version, &sign_in, message.as_ref(), now).await;
        saved.unwrap().unwrap();
        self.store.pending_sign_in_by_id(pending.id, now).await.unwrap().unwrap()
    }

    /// Pays for a try at the pending method and compares.
    pub(crate) async fn prove_code(&self, pending: &PendingSignIn, code: EnteredCode, now: Timestamp) -> Completion {
        let method = pending.sign_in.method().unwrap();
        let spent = self.store.spend_code_attempt(method, (pending.id, pending.version), now).await.unwrap();
        let CodeSpend::Granted { attempt, .. } = spent else { panic!("a try is granted") };
        let next = self.advance(pending, Input::Code { attempt, entered: code }, now).unwrap();
        let Step::Complete(done) = next.step else { panic!("complete") };
        *done
    }

    /// What ends the sign-in with a session.
    pub(crate) fn completing(
        &self,
        pending: Option<&PendingSignIn>,
        done: Completion,
        now: Timestamp,
    ) -> CompleteSignIn {
        let used = match done.authenticated.second() {
            sekisho::authn::SecondStepProof::Code(code) => UsedCode::of(code),
            sekisho::authn::SecondStepProof::TrustedDevice(_) | sekisho::authn::SecondStepProof::Waived(_) => None,
        };
        let new = NewSession {
            id: SessionId::random(&*self.entropy),
            digest: self.digest(),
            trusted: None,
            browser: DeviceLabel::new("Firefox (Linux)"),
        };
        CompleteSignIn {
            pending: pending.map(|p| (p.id, p.version)),
            session: done.authenticated.establish(new, now),
            used,
            enrolled: None,
            language: None,
            opened_by: done.opened_by,
            recovered: false,
            later: None,
            network: None,
            trust: None,
            replaces: None,
            forgive: Vec::new(),
            rehash: None,
            notices: Vec::new(),
            ends_recovery: None,
            max_sessions: 10,
            max_devices: 10,
            now,
        }
    }

    /// Password and app code: everything but the last commit.
    pub(crate) async fn ready(&self, person: &Person, now: Timestamp) -> CompleteSignIn {
        let pending = self.begin(person, now).await;
        let done = self.prove_code(&pending, app_code(&person.seed, now), now).await;
        self.completing(Some(&pending), done, now)
    }

    /// A whole sign-in by app.
    pub(crate) async fn sign_in(&self, person: &Person, now: Timestamp) -> Session {
        let complete = self.ready(person, now).await;
        self.store.complete_sign_in(&complete).await.unwrap().unwrap();
        complete.session
    }

    /// A sign-in by password and trust.
    pub(crate) async fn with_trust(&self, person: &Person, device: DeviceProof, now: Timestamp) -> CompleteSignIn {
        let who = self.prove_password(person, now).await;
        let stored = self.store.credentials(&person.name).await.unwrap().unwrap();
        let ctx = Context {
            policy: &POLICY,
            keyring: &self.keyring,
            pair: stored.pair.as_ref(),
            app_last_step: stored.app_last_step,
            ticket: None,
            messages: Messages::default(),
            standing: Standing::default(),
            now,
        };
        let next = SignIn::begin(who, Some(device), CodeReason::NewBrowser, &ctx, self.seed()).unwrap();
        let Step::Complete(done) = next.step else { panic!("complete") };
        self.completing(None, *done, now)
    }

    /// Runs a statement the contract has no transaction for.
    pub(crate) async fn plant(&self, statement: &'static str) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&self.path);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(statement).execute(&pool).await.unwrap();
        pool.close().await;
    }
}
