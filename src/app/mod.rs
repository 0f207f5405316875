//! The use cases: one async function per form or request. Each loads, verifies, advances the pure machine, and commits
//! in one transaction; pages and proxy only call these.

pub mod administration;
mod assertion;
mod authenticator;
mod carrying;
mod challenge;
pub mod console_cookies;
mod devices;
mod email;
mod enrolment;
mod first_link;
mod fresh;
mod gate;
mod guarding;
mod hashing;
mod held;
pub mod import;
mod known_browsers;
mod links;
mod live_sessions;
pub mod notices;
mod observation;
mod open;
mod password_check;
mod password_reset;
mod passwords;
pub mod recovery;
mod recovery_codes;
mod rollout;
mod sending;
mod settings;
mod spending;
#[cfg(test)]
pub(crate) mod tests;
mod tokens;
mod tries;
mod users;

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwap;

pub use authenticator::{Grant, PasswordForm, PasswordOutcome, PasswordRefusal, SessionView};
pub use challenge::{CodeOutcome, CodeProblem, CodeView, MethodView, PendingView, RecoveryCodeState};
pub use devices::DeviceCookie;
pub use email::{EmailConfirmed, EmailRequest};
pub use enrolment::{
    AppSecretView, ChoiceForm, ChoiceProblem, ChosenView, EnrolmentOutcome, EnrolmentView, KnownNumber, ProvingView,
    Replacing, TicketOutcome, TypedNumber, Unchoosable,
};
pub use first_link::LinkMailOutcome;
pub use fresh::{Freshness, StepUp};
pub use gate::GateRequest;
pub use held::{HeldId, HeldRequest, HeldRow, HeldView, Kept, Stopped, Waiting, WaitingFor};
pub use known_browsers::{KEPT_FOR, MANY, Marks};
pub use links::OpenedLink;
pub use observation::{ObserveReport, Person, Total};
pub use open::OpenError;
pub use password_reset::{ResetOutcome, ResetRequest};
pub use recovery_codes::{CODES_SHOWN_FOR, NewCodes, RecoveryCodeOutcome};
pub use rollout::LaterOutcome;
pub use sending::{SendAvailability, SendOutcome, SendRefusal};
pub use settings::{
    BeginReplacement, Changed, DeviceRow, EnableBy, MethodRow, PasswordChange, SessionRow, SettingsView,
};
pub use tokens::{LONGEST_LIFE, MOST_TOKENS, MadeToken, ShownToken, TokenOrder};
pub use users::{
    AcceptOutcome, AcceptProblem, InviteForm, InviteProblem, OperatorInvitation, OwnerAnswer, UsersAccess, UsersView,
};

pub use carrying::{DeliveryStatus, NotTested, ProviderStatus};
pub use guarding::{BudgetStatus, NoSuchSwitch};

pub use crate::store::Delivery;

use crate::{
    access::{Routes, Rules},
    account::{Account, Group},
    authn::{self, Cohort, password},
    clock::{SharedClock, Timestamp},
    config::{Config, SignInConfig},
    delivery::{Carriers, Guards},
    entropy::SharedEntropy,
    keyring::{GenuineToken, Keyring, Purpose, SigningKey},
    language::Language,
    session::Lifetime,
    store::{RateLimit, SendKey, SendLimit, Store, StoreError},
};

/// Why a use case did not run. The person is told to try again; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// All hashing places and the queue before them are taken.
    #[error("too many passwords are being checked")]
    Busy,
    /// Hashing failed.
    #[error(transparent)]
    Hash(#[from] password::HashError),
    /// A key that must be there is not.
    #[error("the key ring lacks its active key")]
    Key,
    /// Something that cannot happen did; nothing was changed.
    #[error("a mistake in the program: {0}")]
    Bug(&'static str),
    /// A background task was cancelled while the process stops.
    #[error("the gateway is stopping")]
    Stopping,
    /// The console cannot be told in a way it can check who is there.
    #[error("the signed statement for the console: {0}")]
    Assertion(&'static str),
    /// The configuration cannot be used.
    #[error("the configuration: {0}")]
    Config(String),
}

/// The result of a use case.
pub type Result<T> = std::result::Result<T, AppError>;

/// All that one configuration decides; requests keep the one they started with.
#[derive(Debug)]
pub struct Snapshot {
    /// The checked configuration.
    pub config: Config,
    /// Its rules.
    pub rules: Rules,
    /// Which console a path belongs to.
    pub routes: Routes,
    cohorts: Vec<(Vec<Group>, Cohort)>,
    grantable: Vec<Group>,
    /// Their members give a code at every sign-in.
    untrusting: Vec<Group>,
    scheme: password::Scheme,
    /// What it says of messages to telephones.
    guards: Guards,
    /// `iss` of the statements for the console.
    issuer: String,
}

impl Snapshot {
    /// Prepares a configuration for use.
    pub fn new(config: Config) -> Result<Self> {
        let rules = Rules::read(&config.rules).map_err(AppError::Config)?;
        let groups = |names: &[String]| {
            let read =
                |name: &String| Group::parse(name).map_err(|why| AppError::Config(format!("group {name:?}: {why}")));
            names.iter().map(read).collect::<Result<Vec<_>>>()
        };
        let cohorts = config
            .rollout
            .cohorts
            .iter()
            .map(|cohort| Ok((groups(&cohort.groups)?, Cohort { from: cohort.from, deadline: cohort.deadline })))
            .collect::<Result<_>>()?;
        let grantable = groups(&config.users.grantable_groups)?;
        let untrusting = groups(&config.trusted_device.excluded_groups)?;
        let password = &config.password;
        let scheme = password::Scheme::argon2id(password.memory_kib, password.passes, password.lanes)?;
        let issuer = config.public_url.origin();
        let routes = Routes::read(&config.upstreams);
        let guards = Guards::new(&config);
        Ok(Self { config, rules, routes, cohorts, grantable, untrusting, scheme, guards, issuer })
    }

    /// May a browser be trusted for this account?
    fn may_trust(&self, account: &Account) -> bool {
        !account.groups.iter().any(|group| self.untrusting.contains(group))
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime { idle: self.config.session.idle, absolute: self.config.session.absolute }
    }

    /// How often a message may go to a method or a number, `day` being the count of the number itself.
    fn send_limit(&self, key: SendKey, day: RateLimit) -> SendLimit {
        let SignInConfig { resend_waits, resend_rest, .. } = &self.config.sign_in;
        SendLimit { key, waits: resend_waits.clone(), rest: *resend_rest, day }
    }

    fn policy(&self) -> authn::Policy {
        authn::Policy {
            code_lifetime: self.config.sign_in.code_lifetime,
            sign_in_lifetime: self.config.sign_in.lifetime,
        }
    }
}

/// The running application, shared by proxy, pages, administration and delivery.
#[derive(Debug)]
pub struct App {
    store: Store,
    keyring: Arc<Keyring>,
    clock: SharedClock,
    entropy: SharedEntropy,
    snapshot: ArcSwap<Snapshot>,
    hashing: hashing::HashingPool,
    /// Checks of hashes other programs made, one at a time: they may take seconds, and ours must not wait for them.
    foreign: hashing::HashingPool,
    dummy: authn::PasswordHash,
    checks: import::CheckTimes,
    tries: tries::Tries,
    live: live_sessions::LiveSessions,
    codes_kept: recovery_codes::CodesKept,
    tokens: tokens::LiveTokens,
    observation: observation::Observation,
    signing: ArcSwap<Vec<SigningKey>>,
    seen_cookies: console_cookies::SeenCookies,
    /// Where this process delivers.
    carriers: OnceLock<Carriers>,
    lock: Option<open::StoreLock>,
}

impl App {
    /// Puts the parts together. Hashes once, for the name nobody has.
    pub fn new(
        config: Config,
        store: Store,
        keyring: Arc<Keyring>,
        clock: SharedClock,
        entropy: SharedEntropy,
    ) -> Result<Self> {
        let snapshot = Snapshot::new(config)?;
        let unguessable = crate::entropy::encode_id(crate::entropy::random_bytes(&*entropy));
        let password = authn::Password::typed(&unguessable).ok_or(AppError::Bug("a random password is too long"))?;
        let dummy = snapshot.scheme.hash(&password, &*entropy)?;
        let hashing = hashing::HashingPool::new(snapshot.config.password.parallel, snapshot.config.password.queue);
        let foreign = hashing::HashingPool::new(1, snapshot.config.password.queue);
        let live = live_sessions::LiveSessions::new(snapshot.config.session.cache);
        let observation = observation::Observation::resume(&snapshot, clock.now());
        let snapshot = ArcSwap::from_pointee(snapshot);
        Ok(Self {
            store,
            keyring,
            clock,
            entropy,
            snapshot,
            hashing,
            foreign,
            dummy,
            checks: import::CheckTimes::default(),
            tries: tries::Tries::default(),
            live,
            codes_kept: recovery_codes::CodesKept::default(),
            tokens: tokens::LiveTokens::new(),
            observation,
            signing: ArcSwap::default(),
            seen_cookies: console_cookies::SeenCookies::default(),
            carriers: OnceLock::new(),
            lock: None,
        })
    }

    /// The configuration in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }
    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
    /// The keys, for sealing small values in cookies and forms.
    pub fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }
    /// Randomness.
    pub fn entropy(&self) -> &SharedEntropy {
        &self.entropy
    }
    /// The clock.
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }
    /// The store, for the delivery worker and upkeep.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Is this the name of the main host? What has no host yet, from the time when there was one, is of that.
    pub(crate) fn is_main(&self, host: &str) -> bool {
        self.snapshot.load().config.public_url.host == host
    }

    /// The token of a cookie that was set at the host it was sent to; `None` for any other.
    fn genuine(&self, purpose: Purpose, Cookie { host, text }: Cookie<'_>) -> Option<GenuineToken> {
        let before = || self.keyring.genuine_without_host(purpose, text).filter(|_| self.is_main(host));
        self.keyring.genuine(purpose, host, text).or_else(before)
    }

    /// Deletes what has expired.
    pub async fn purge(&self) -> Result<u64> {
        Ok(self.store.purge(self.snapshot().lifetime(), self.now()).await?)
    }
}

/// What a request brings: the raw values of our cookies, each at most once, and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Browser<'a> {
    /// Name of the host it is at, as configured.
    pub host: &'a str,
    /// `__Host-sekisho`.
    pub session: Option<Cookie<'a>>,
    /// `__Host-sekisho-signin`.
    pub sign_in: Option<Cookie<'a>>,
    /// `__Host-sekisho-device`.
    pub device: Option<Cookie<'a>>,
    /// `__Host-sekisho-known`.
    pub known: Option<Cookie<'a>>,
    /// The marks beside it.
    pub marks: Marks<'a>,
    /// The token of the mailed link that was opened last, unsealed.
    pub link: Option<TokenText<'a>>,
    /// The random seed of its forms, where it brought one.
    pub seed: Option<[u8; 16]>,
    /// The client's address.
    pub address: IpAddr,
    /// The `User-Agent` header.
    pub user_agent: &'a str,
    /// The language of the page.
    pub language: Language,
    /// The one its person chose for our pages on it.
    pub chosen_language: Option<Language>,
    /// Which of its pending steps a use case works on.
    pub flow: Flow,
}

/// What a browser may have pending, side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Flow {
    /// A sign-in, named by its own cookie.
    #[default]
    SignIn,
    /// The fresh code its session is asked for; there only as long as the session lives.
    FreshCode,
    /// The method its session is replacing; likewise.
    Replacement,
}

/// One of our cookies as a browser sent it, which is never printed.
#[derive(Clone, Copy)]
pub struct Cookie<'a> {
    /// Name of the host it was sent to, as configured: a cookie of ours is of use at its own host alone.
    pub host: &'a str,
    /// Its value.
    pub text: &'a str,
}

impl std::fmt::Debug for Cookie<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cookie(…)")
    }
}

/// The token of a link or of a script as it was shown, which is never printed. It is good at every host.
#[derive(Clone, Copy)]
pub struct TokenText<'a>(pub &'a str);

impl std::fmt::Debug for TokenText<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenText(…)")
    }
}
