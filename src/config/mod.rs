//! The configuration, checked: what the rest of the program sees. Every value here is usable as it is. A file is read
//! into raw tables that keep their places, values are checked one by one and then against each other, and everything
//! wrong is known at once.

mod budget;
mod certificates;
mod check;
mod code_text;
mod configured_secret;
mod console;
mod cors;
mod credential;
mod destinations;
mod files;
mod forward_auth;
mod hosts;
mod logo;
mod problem;
mod providers;
mod proxies;
mod raw;
mod read;
mod reference;
mod rule_value;
mod rules;
mod segments;
mod system_group;
mod upstream;
mod value;
mod warnings;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub use self::{
    budget::{BudgetConfig, MILLIONTHS, PriceConfig, PricedChannel, WatchConfig},
    certificates::{CertificateFiles, ClientCertificates},
    code_text::{CodeParts, CodeText, CodeTexts},
    configured_secret::{ConfiguredSecret, SecretUnreadable},
    console::{ConsoleConfig, ConsoleOrigin},
    credential::{ConsoleCredential, CredentialKind},
    destinations::{DestinationsConfig, NumberType, is_country, is_number_prefix},
    forward_auth::{ForwardAuthConfig, OriginalRequest},
    hosts::Hosts,
    logo::{Logo, LogoError},
    problem::{Problem, Problems},
    reference::{reference, schema},
    rules::{AccessConfig, ExpectConfig, Outcome, RuleConfig, SomebodyExpected},
    segments::{Alphabet, segments},
    warnings::WarningsConfig,
};
pub use cors::CorsConfig;
pub use providers::*;
pub use proxies::ProxyHeader;
pub use rule_value::{rule_method, rule_network, rule_path};
pub use system_group::{NoGroup, SystemGroup};

use self::{problem::Report, read::Value as _};
use crate::{clock::Timestamp, language::Language};

/// Reads and checks a file. Relative paths in it start at its directory.
pub fn load(path: &Path) -> Result<Config, Problems> {
    load_as(path, Files::Unread)
}

/// As [`load`], and the certificate and key files it names are read and checked too: what the gateway needs to start.
pub fn load_with_files(path: &Path) -> Result<Config, Problems> {
    load_as(path, Files::Checked)
}

/// What of the files that a configuration names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Files {
    Unread,
    Checked,
}

fn load_as(path: &Path, files: Files) -> Result<Config, Problems> {
    let file = path.to_string_lossy();
    match std::fs::read_to_string(path) {
        Ok(text) => parse_as(&text, &file, files),
        Err(error) => Err(Problem::with_file(&file, format!("cannot be read: {error}"), None).into()),
    }
}

/// Checks a text. Problems name it `file`; relative paths in it start at the directory of `file`, which need not exist.
pub fn parse(text: &str, file: &str) -> Result<Config, Problems> {
    parse_as(text, file, Files::Unread)
}

fn parse_as(text: &str, file: &str, files: Files) -> Result<Config, Problems> {
    let mut report = Report::new(file, text);
    let (table, syntax_errors) = DeTable::parse_recoverable(text);
    let document = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    let directory = Path::new(file).parent().unwrap_or(Path::new(""));
    let config = raw::Root::read(&document, "", &mut report).and_then(|root| {
        if files == Files::Checked {
            files::check(&root, directory, &mut report);
        }
        check::check(root, directory, &mut report)
    });
    if !syntax_errors.is_empty() {
        return Err(report.into_syntax_problems(&syntax_errors));
    }
    match config {
        Some(config) if report.is_empty() => Ok(config),
        _ => Err(report.into_problems()),
    }
}

/// The rules of a file and what they are meant to do, where all of these can be read: whatever else is wrong with the
/// file, they can be held against each other.
pub fn rules_of(path: &Path) -> Option<(Vec<RuleConfig>, Vec<ExpectConfig>)> {
    let text = std::fs::read_to_string(path).ok()?;
    let file = path.to_string_lossy();
    let mut report = Report::new(&file, &text);
    let (table, syntax_errors) = DeTable::parse_recoverable(&text);
    if !syntax_errors.is_empty() {
        return None;
    }
    let document = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    let root = raw::Root::read(&document, "", &mut report)?;
    let fresh = root.sign_in?.value.fresh?.value.0;
    let line = |span: &std::ops::Range<usize>| report.line(span.start);
    let main = &root.public_url?.value.host;
    Some((rules::rules(root.rule?.value, fresh, &line)?, rules::expectations(root.expect?.value, main, &line)?))
}

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// How browsers reach the gateway: the main host.
    pub public_url: PublicUrl,
    /// All hosts, the main one first.
    pub hosts: Hosts,
    /// Clock times on pages are in this zone (IANA name, checked).
    pub time_zone: jiff::tz::TimeZone,
    /// Its IANA name, which the pages show.
    pub time_zone_name: String,
    /// Telephone numbers without `+` belong to this region (ISO 3166-1 alpha-2).
    pub phone_region: String,
    /// Addresses and TLS files.
    pub listen: Listen,
    /// The consoles, in order: the first whose host and path cover a request gets it; at each host one covers everything.
    pub upstreams: Vec<Upstream>,
    /// What it has of its own.
    pub console: ConsoleConfig,
    /// A proxy that asks about requests of others.
    pub forward_auth: Option<ForwardAuthConfig>,
    /// Where the data is.
    pub store: StoreConfig,
    /// The private key file.
    pub key_file: PathBuf,
    /// Private directory for the administration socket and Pingora's own files.
    pub runtime_directory: PathBuf,
    /// Name, logo, colour, links on the pages.
    pub branding: Branding,
    /// What the console is told.
    pub identity: IdentityHeaders,
    /// What it is told in a way it can check.
    pub assertion: AssertionConfig,
    /// Rules in order; the first match wins; without a match: signed in.
    pub rules: Vec<RuleConfig>,
    /// What the rules are meant to do.
    pub expectations: Vec<ExpectConfig>,
    /// What forms sent that had to wait for a sign-in.
    pub hold: HoldConfig,
    /// Password hashing and the delay that hides it.
    pub password: PasswordConfig,
    /// Pending sign-ins and codes.
    pub sign_in: SignInConfig,
    /// Sessions.
    pub session: SessionConfig,
    /// Trusted devices.
    pub trusted_device: TrustedDeviceConfig,
    /// How two-step verification comes to accounts that have none.
    pub rollout: RolloutConfig,
    /// Seller accounts.
    pub users: UsersConfig,
    /// Requests of people who can use neither method.
    pub recovery: RecoveryConfig,
    /// Operators beside root and the gateway's own user.
    pub admin: Option<AdminConfig>,
    /// Limits on connections and request heads.
    pub limits: Limits,
    /// Who carries text messages; `None`: the SMS method is not offered.
    pub sms: Option<ChannelConfig>,
    /// Who carries calls; `None`: the voice method is not offered.
    pub voice: Option<ChannelConfig>,
    /// Who carries mail; `None`: no notices by mail.
    pub mail: Option<ChannelConfig>,
    /// Which telephone numbers anything goes to.
    pub destinations: DestinationsConfig,
    /// How many of them there may be, and what they may cost.
    pub budget: BudgetConfig,
    /// How providers are reached.
    pub delivery: DeliveryConfig,
    /// What text messages with a code say.
    pub messages: CodeTexts,
    /// Whom operators' warnings go to; `None`: to the log alone.
    pub warnings_to: Option<WarningsConfig>,
    /// Where the message inbox listens, when any provider is `inbox`.
    pub inbox: Option<InboxConfig>,
    /// Worker threads of the proxy.
    pub threads: usize,
    /// Log lines.
    pub log: LogConfig,
}

impl Config {
    /// What is allowed and yet worth saying aloud, before the gateway is live and each time it starts.
    pub fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.rollout.mode == RolloutMode::Observe {
            warnings.push(
                "rollout.mode is \"observe\": NOTHING IS ENFORCED. Every request reaches the console without a session, \
                 paths with access = \"deny\" included. Set it to \"enforce\" when the report shows nothing that would break",
            );
        }
        if self.rules.iter().any(|rule| rule.path == "/" && rule.access == AccessConfig::Public) {
            warnings.push(
                "rule: path = \"/\" with access = \"public\" opens every path that no rule before it names, to everybody and \
                 without a session. Name the public paths one by one",
            );
        }
        if self.mail.is_none() {
            warnings.push(
                "there is no [mail]: notices go to telephones alone, no link of a first enrolment, an invitation or a \
                 password reset can be mailed, and whoever knows a password can set up the two methods of an account \
                 that has none",
            );
        }
        warnings
    }

    /// Directories for the store and the keys that are not there: the first start makes them, where its user may.
    pub fn missing_directories(&self) -> Vec<PathBuf> {
        let StoreConfig::Sqlite(store) = &self.store;
        let mut missing: Vec<PathBuf> = [store, &self.key_file]
            .into_iter()
            .filter_map(|file| file.parent())
            .filter(|directory| !directory.as_os_str().is_empty() && !directory.is_dir())
            .map(Path::to_owned)
            .collect();
        missing.dedup();
        missing
    }
}

/// `https://host[:port]`, lower case, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// Host name or address, lower case; an IPv6 address is in brackets.
    pub host: String,
    /// Port; 443 is left out of `authority` and `origin`.
    pub port: u16,
}

impl PublicUrl {
    /// `host` or `host:port`, as in the `Host` header.
    pub fn authority(&self) -> String {
        if self.port == 443 { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
    /// `https://host[:port]`, as in the `Origin` header (RFC 6454 §6.2).
    pub fn origin(&self) -> String {
        format!("https://{}", self.authority())
    }
}

/// Listening addresses.
#[derive(Clone, Debug)]
pub struct Listen {
    /// HTTPS.
    pub https: Vec<SocketAddr>,
    /// Plain HTTP that only redirects to HTTPS.
    pub http: Vec<SocketAddr>,
    /// Chosen by the name a client asks for; the first is for all other names. At least one.
    pub certificates: Vec<CertificateFiles>,
    /// Authority of clients' certificates, PEM; `None`: nobody is asked for one.
    pub client_ca: Option<PathBuf>,
    /// Where there is one.
    pub client_certificates: ClientCertificates,
    /// For how long browsers keep to HTTPS; zero: they are told nothing.
    pub hsts: Duration,
    /// Proxies whose word is taken for where a request comes from.
    pub trusted_proxies: Vec<IpNet>,
    /// Where they write it.
    pub client_address: ProxyHeader,
    /// Those of `https` and `http` where every connection begins with the PROXY protocol.
    pub proxy_protocol: Vec<SocketAddr>,
}

/// Which of several addresses of a console is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// They take turns.
    RoundRobin,
    /// Each account has its own.
    Account,
}

/// One of the addresses of a console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamAddress {
    /// On the network.
    Host {
        /// Host name, for resolution, SNI and certificate verification; or an address, an IPv6 one without brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// A Unix socket on this machine.
    Socket(PathBuf),
}

impl std::fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Host { host, port } => write!(f, "{host}:{port}"),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A console.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The names of its hosts; at least one.
    pub hosts: Vec<String>,
    /// The path it has there, and everything below.
    pub path: String,
    /// Whom a signed statement for it names.
    pub audience: String,
    /// TLS to the console?
    pub tls: bool,
    /// Where it is; from 1 to [`MOST_ADDRESSES`](Self::MOST_ADDRESSES), each as good as the others.
    pub addresses: Vec<UpstreamAddress>,
    /// Which of them is asked.
    pub balance: Balance,
    /// `Host` header the console gets; `None`: what the client sent.
    pub host_header: Option<String>,
    /// PEM file with the certificate authority of the console, when it is not a public one.
    pub ca: Option<PathBuf>,
    /// Certificate chain and private key, PEM, that the gateway shows the console.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// HTTP/2 to the console?
    pub h2: bool,
    /// Until the connection stands.
    pub connect_timeout: Duration,
    /// Between two reads of an answer.
    pub read_timeout: Duration,
    /// Failures one after the other until an address is left out; zero: it never is.
    pub max_fails: u32,
    /// For how long.
    pub fail_timeout: Duration,
    /// How its addresses are asked whether they work; `None`: they are not.
    pub health: Option<HealthCheck>,
    /// What it wants to see of people who are signed in.
    pub credentials: Vec<ConsoleCredential>,
}

/// How the addresses of a console are asked whether they work.
#[derive(Clone, Debug)]
pub struct HealthCheck {
    /// What is asked for.
    pub path: String,
    /// Between two checks of an address.
    pub every: Duration,
    /// Until the head of the answer is there.
    pub timeout: Duration,
    /// Failed ones in a row until it gets no requests; at least 1.
    pub fails: u32,
    /// Passed ones in a row until it gets them again; at least 1.
    pub passes: u32,
}

impl Upstream {
    /// More are a matter for a load balancer of its own.
    pub const MOST_ADDRESSES: usize = 32;

    /// Its addresses as URLs.
    pub fn urls(&self) -> Vec<String> {
        let scheme = if self.tls { "https" } else { "http" };
        let url = |address: &UpstreamAddress| match address {
            UpstreamAddress::Host { .. } => format!("{scheme}://{address}"),
            UpstreamAddress::Socket(_) => address.to_string(),
        };
        self.addresses.iter().map(url).collect()
    }
}

/// The store.
#[derive(Clone, Debug)]
pub enum StoreConfig {
    /// An SQLite file.
    Sqlite(PathBuf),
}

/// Looks.
#[derive(Clone, Debug)]
pub struct Branding {
    /// Service name in Japanese.
    pub name_ja: String,
    /// Service name in English.
    pub name_en: String,
    /// Main colour in light mode, `#rrggbb`.
    pub colour: Option<String>,
    /// Picture beside the name, a file that `Logo::read` takes.
    pub logo: Option<PathBuf>,
    /// Where "Help" leads.
    pub help_url: Option<String>,
    /// Where "Privacy" leads.
    pub privacy_url: Option<String>,
}

impl Branding {
    /// The service name in a language.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.name_ja,
            Language::En => &self.name_en,
        }
    }
}

/// Names of the headers the console gets, lower case.
#[derive(Clone, Debug)]
pub struct IdentityHeaders {
    /// User name.
    pub user: String,
    /// E-mail address.
    pub email: String,
    /// Groups, comma-separated.
    pub groups: String,
    /// 1 or 2.
    pub level: String,
}

/// The signed statement about who is there.
#[derive(Clone, Debug)]
pub struct AssertionConfig {
    /// Whether there is one.
    pub enabled: bool,
    /// Its header, lower case.
    pub header: String,
    /// From `iat` to `exp`.
    pub lifetime: Duration,
}

/// What forms sent that had to wait for a sign-in.
#[derive(Clone, Copy, Debug)]
pub struct HoldConfig {
    /// Bytes of one body.
    pub bytes: usize,
    /// For how long.
    pub lifetime: Duration,
    /// At a time for one browser.
    pub per_browser: u32,
    /// At a time for one account.
    pub per_account: u32,
    /// At a time from one address.
    pub per_address: u32,
    /// Bytes of all bodies together.
    pub total: u64,
}

/// Password hashing.
#[derive(Clone, Debug)]
pub struct PasswordConfig {
    /// Argon2id memory in KiB.
    pub memory_kib: u32,
    /// Argon2id passes.
    pub passes: u32,
    /// Argon2id lanes.
    pub lanes: u32,
    /// Hashes at a time; further ones wait.
    pub parallel: usize,
    /// Hashes waiting at most; further ones are refused.
    pub queue: usize,
    /// No answer to a password comes before this.
    pub minimum_delay: Duration,
}

/// Pending sign-ins.
#[derive(Clone, Debug)]
pub struct SignInConfig {
    /// Lifetime of a pending sign-in.
    pub lifetime: Duration,
    /// Lifetime of an SMS or voice code.
    pub code_lifetime: Duration,
    /// How old the code of a session may be for what is sensitive.
    pub fresh: Duration,
    /// Waits after the first message with a code, the second, …
    pub resend_waits: Vec<Duration>,
    /// The wait after the last one; the count begins again after it.
    pub resend_rest: Duration,
    /// Messages to one number within a day.
    pub sends_per_number_a_day: u32,
    /// Wrong passwords from one address within the window.
    pub failures_per_address: u32,
    /// Wrong passwords from one prefix (/24, /56) within the window.
    pub failures_per_prefix: u32,
    /// That window.
    pub failure_window: Duration,
}

/// Sessions.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Without a request.
    pub idle: Duration,
    /// From the sign-in.
    pub absolute: Duration,
    /// At most this many an account; the one not used for longest goes.
    pub per_account: u32,
    /// Sessions in memory.
    pub cache: u64,
}

/// Trusted devices.
#[derive(Clone, Debug)]
pub struct TrustedDeviceConfig {
    /// From the tick, never extended.
    pub lifetime: Duration,
    /// At most this many an account; the one not used for longest goes.
    pub per_account: u32,
    /// Groups whose members no browser is trusted for.
    pub excluded_groups: Vec<String>,
}

/// How two-step verification comes to accounts that have none.
#[derive(Clone, Debug)]
pub struct RolloutConfig {
    /// Is anything enforced?
    pub mode: RolloutMode,
    /// So often "later".
    pub later: u32,
    /// In order; the first that fits decides.
    pub cohorts: Vec<CohortConfig>,
    /// The report of `observe`.
    pub report: PathBuf,
}

/// Only `Observe` lets requests through without a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutMode {
    /// Sessions are needed as the rules say.
    Enforce,
    /// Nothing is enforced; what would be is reported.
    Observe,
}

/// People who are asked from a certain day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CohortConfig {
    /// Accounts in one of these; empty: everybody.
    pub groups: Vec<String>,
    /// Nobody is asked before.
    pub from: Timestamp,
    /// From the first time somebody is asked.
    pub deadline: Duration,
}

/// Recovery requests.
#[derive(Clone, Copy, Debug)]
pub struct RecoveryConfig {
    /// Nobody approves before this has passed.
    pub wait: Duration,
    /// Different operators that must approve.
    pub operators: u32,
    /// Undecided for this long after the wait, a request is over.
    pub lasts: Duration,
}

/// Operators who are neither root nor the gateway's own user.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// The system group they are in, by name or number.
    pub group: String,
    /// Where their socket is.
    pub directory: PathBuf,
}

/// Seller accounts.
#[derive(Clone, Debug)]
pub struct UsersConfig {
    /// What owners may give and take.
    pub grantable_groups: Vec<String>,
    /// People of one seller account, invitations included.
    pub per_seller: u32,
    /// Lifetime of an invitation.
    pub invitation: Duration,
    /// What people read in place of groups' names.
    pub labels: GroupLabels,
}

/// What people read in place of groups' names, in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupLabels(BTreeMap<String, (String, String)>);

impl GroupLabels {
    /// The label of a group; its name where it has none.
    pub fn of<'a>(&'a self, group: &'a str, language: Language) -> &'a str {
        match (self.0.get(group), language) {
            (Some((ja, _)), Language::Ja) => ja,
            (Some((_, en)), Language::En) => en,
            (None, _) => group,
        }
    }

    /// The same of several, as a list in a sentence.
    pub fn list(&self, groups: &[String], language: Language) -> String {
        let between = match language {
            Language::Ja => "、",
            Language::En => ", ",
        };
        groups.iter().map(|group| self.of(group, language)).collect::<Vec<_>>().join(between)
    }
}

impl FromIterator<(String, (String, String))> for GroupLabels {
    fn from_iter<T: IntoIterator<Item = (String, (String, String))>>(labels: T) -> Self {
        Self(labels.into_iter().collect())
    }
}

/// Limits on what a client may send.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Whole request head.
    pub head_deadline: Duration,
    /// Bytes of the request head.
    pub head_bytes: usize,
    /// Header fields.
    pub header_count: usize,
    /// Bytes of the request target.
    pub target_bytes: usize,
    /// Bytes of a form posted to our own pages.
    pub form_bytes: usize,
    /// Connections at a time, of all listeners.
    pub connections: usize,
    /// Of those, from one address.
    pub connections_per_address: usize,
    /// Bytes a second a client has to send of a body; 0: any pace.
    pub slowest_upload: u64,
    /// Bytes a second a client has to take of an answer; 0: any pace.
    pub slowest_download: u64,
}

/// The development inbox page.
#[derive(Clone, Debug)]
pub struct InboxConfig {
    /// Loopback address it listens on.
    pub listen: SocketAddr,
}

/// Logs.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// `tracing` filter directives.
    pub filter: String,
}
