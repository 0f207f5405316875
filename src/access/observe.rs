//! Watching before enforcing: what the gate would have done to requests that `observe` let through, counted by kind of
//! request, path and client. What a client sends never makes this grow past its bounds: paths are folded and cut, rows
//! are limited, and what finds no row is still counted.

use std::{collections::BTreeMap, net::IpAddr};

use http::Method;
use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, config::RolloutMode, session::DeviceLabel};

/// Evidence that the configuration says `observe`: without it no request passes without a session.
#[derive(Clone, Copy, Debug)]
pub struct Observing(());

impl Observing {
    /// Only in exactly that mode.
    pub const fn only_if(mode: RolloutMode) -> Option<Self> {
        match mode {
            RolloutMode::Observe => Some(Self(())),
            RolloutMode::Enforce => None,
        }
    }
}

/// What enforcing would have done to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Would {
    /// It has no session.
    AskToSignIn,
    /// It has one, and a rule asks for a fresh code.
    AskForCode,
    /// A rule denies the path.
    Deny,
}

/// What kind of request it was, as far as it decides who suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// A browser going to a page: it would be led to the sign-in and back.
    Page,
    /// A page inside a frame: its whole window would be led there.
    Frame,
    /// A form sent by a browser: it would be asked for again after the sign-in.
    Form,
    /// A script on a page, or a program: it would get 401.
    Script,
    /// A file on its way up: it would be lost.
    Upload,
    /// A WebSocket handshake: it would get 401.
    WebSocket,
}

impl RequestKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Page, Self::Frame, Self::Form, Self::Script, Self::Upload, Self::WebSocket];

    /// The word in the report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Frame => "frame",
            Self::Form => "form",
            Self::Script => "script",
            Self::Upload => "upload",
            Self::WebSocket => "websocket",
        }
    }
}

/// A request that was let through.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// What would have happened.
    pub would: Would,
    /// Its kind.
    pub kind: RequestKind,
    /// Its method.
    pub method: &'a Method,
    /// Its path, without the query.
    pub path: &'a str,
    /// The `User-Agent` header.
    pub user_agent: &'a str,
    /// Where it came from.
    pub address: IpAddr,
}

/// Requests that were alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What would have happened.
    pub would: Would,
    /// Their kind.
    pub kind: RequestKind,
    /// Their method.
    pub method: String,
    /// Their path, with `*` for what looks like an identifier.
    pub path: String,
    /// Browser and platform, or the name a program gives itself.
    pub client: String,
    /// Is it a program, which cannot sign in as a person does?
    pub program: bool,
    /// Of a program: where one of the requests came from.
    pub address: Option<String>,
    /// How many.
    pub requests: u64,
    /// The first.
    pub first_at: Timestamp,
    /// The last.
    pub last_at: Timestamp,
}

impl Row {
    /// Would it fail rather than be led to the sign-in?
    pub const fn breaks(&self) -> bool {
        match (self.would, self.kind) {
            (Would::Deny, _) | (_, RequestKind::Script | RequestKind::Upload | RequestKind::WebSocket) => true,
            (Would::AskToSignIn | Would::AskForCode, RequestKind::Page | RequestKind::Frame | RequestKind::Form) => {
                self.program
            }
        }
    }
}

type Key = (Would, RequestKind, String, String, String);

/// Everything that was seen.
#[derive(Clone, Debug)]
pub struct Findings {
    since: Timestamp,
    rows: BTreeMap<Key, Row>,
    by_kind: [u64; RequestKind::ALL.len()],
    beyond: u64,
}

/// Different rows at most.
pub const MOST_ROWS: usize = 2_000;
const MOST_SEGMENTS: usize = 6;
const MOST_SEGMENT: usize = 40;
const MOST_CLIENT: usize = 40;

impl Findings {
    /// Nothing yet.
    pub const fn new(since: Timestamp) -> Self {
        Self { since, rows: BTreeMap::new(), by_kind: [0; RequestKind::ALL.len()], beyond: 0 }
    }

    /// Goes on where an earlier run stopped.
    pub fn resume(since: Timestamp, rows: Vec<Row>, beyond: u64) -> Self {
        let mut findings = Self { beyond, ..Self::new(since) };
        for row in rows.into_iter().take(MOST_ROWS) {
            findings.count(row.kind, row.requests);
            findings.rows.insert(key(&row), row);
        }
        findings
    }

    fn count(&mut self, kind: RequestKind, requests: u64) {
        if let Some(count) = self.by_kind.get_mut(kind as usize) {
            *count = count.saturating_add(requests);
        }
    }

    /// One more.
    pub fn note(&mut self, seen: &Observed<'_>, now: Timestamp) {
        self.count(seen.kind, 1);
        let (client, program) = client(seen.user_agent);
        let row = Row {
            would: seen.would,
            kind: seen.kind,
            method: known_method(seen.method).to_owned(),
            path: folded(seen.path),
            client,
            program,
            address: program.then(|| seen.address.to_string()),
            requests: 1,
            first_at: now,
            last_at: now,
        };
        let key = key(&row);
        if let Some(known) = self.rows.get_mut(&key) {
            known.requests = known.requests.saturating_add(1);
            known.last_at = known.last_at.max(now);
            known.address = row.address;
        } else if self.rows.len() < MOST_ROWS {
            self.rows.insert(key, row);
        } else {
            self.beyond = self.beyond.saturating_add(1);
        }
    }

    /// When it began.
    pub const fn since(&self) -> Timestamp {
        self.since
    }
    /// Requests of each kind, those without a row included.
    pub fn by_kind(&self) -> impl Iterator<Item = (RequestKind, u64)> {
        RequestKind::ALL.into_iter().zip(self.by_kind)
    }
    /// Requests that found no row.
    pub const fn beyond(&self) -> u64 {
        self.beyond
    }
    /// The rows, the most frequent first.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.rows.values().cloned().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.requests));
        rows
    }
}

fn key(row: &Row) -> Key {
    (row.would, row.kind, row.method.clone(), row.path.clone(), row.client.clone())
}

/// A client may invent methods without end.
fn known_method(method: &Method) -> &str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if known.contains(method) { method.as_str() } else { "other" }
}

/// A path with `*` for every segment that looks like an identifier; short whatever was sent.
fn folded(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let mut folded = String::new();
    for segment in segments.iter().take(MOST_SEGMENTS) {
        folded.push('/');
        let digits = segment.bytes().filter(u8::is_ascii_digit).count();
        let plain =
            segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'));
        let identifier =
            segment.len() > MOST_SEGMENT || !plain || digits > 2 || digits > 0 && digits * 2 >= segment.len();
        folded.push_str(if identifier && !segment.is_empty() { "*" } else { segment });
    }
    if segments.len() > MOST_SEGMENTS {
        folded.push_str("/**");
    }
    folded
}

/// A browser in words, or the first word a program says of itself; and whether it is a program.
fn client(user_agent: &str) -> (String, bool) {
    const BROWSERS: [&str; 5] = ["Edge", "Opera", "Firefox", "Chrome", "Safari"];
    let label = DeviceLabel::from_user_agent(user_agent);
    if BROWSERS.iter().any(|browser| label.as_str().starts_with(browser)) {
        return (label.as_str().to_owned(), false);
    }
    let word = user_agent.split_whitespace().next().unwrap_or_default();
    let word: String = word
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))
        .take(MOST_CLIENT)
        .collect();
    (if word.is_empty() { "unnamed".to_owned() } else { word }, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0";
    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn seen<'a>(kind: RequestKind, method: &'a Method, path: &'a str, user_agent: &'a str) -> Observed<'a> {
        Observed { would: Would::AskToSignIn, kind, method, path, user_agent, address: [192, 0, 2, 7].into() }
    }

    #[test]
    fn only_that_very_mode_observes() {
        assert!(Observing::only_if(RolloutMode::Observe).is_some());
        assert!(Observing::only_if(RolloutMode::Enforce).is_none());
    }

    #[test]
    fn requests_that_are_alike_are_one_row() {
        let mut findings = Findings::new(NOW);
        for order in ["/orders/1042", "/orders/7", "/orders/2026-11"] {
            findings.note(&seen(RequestKind::Script, &Method::GET, order, "python-requests/2.32 x"), NOW);
        }
        findings.note(&seen(RequestKind::Page, &Method::GET, "/orders/1042", FIREFOX), NOW);
        let rows = findings.rows();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].path.as_str(), rows[0].requests, rows[0].breaks()), ("/orders/*", 3, true));
        assert_eq!((rows[0].client.as_str(), rows[0].address.as_deref()), ("python-requests/2.32", Some("192.0.2.7")));
        assert_eq!(
            (rows[1].client.as_str(), rows[1].address.as_deref()),
            ("Firefox (Windows)", None),
            "no person's address"
        );
        assert!(!rows[1].breaks(), "a person is led to the sign-in");
    }

    #[test]
    fn a_program_that_opens_pages_breaks_as_well() {
        let mut findings = Findings::new(NOW);
        findings.note(&seen(RequestKind::Page, &Method::GET, "/", "curl/8.5"), NOW);
        findings.note(&Observed { would: Would::Deny, ..seen(RequestKind::Page, &Method::GET, "/x", FIREFOX) }, NOW);
        assert!(findings.rows().iter().all(Row::breaks));
    }

    #[test]
    fn whatever_is_sent_the_report_stays_small() {
        let mut findings = Findings::new(NOW);
        let odd = Method::from_bytes(b"X-ODD").unwrap();
        for n in 0_u32..2_500 {
            let letters: String = n.to_string().bytes().map(|b| char::from(b - b'0' + b'a')).collect();
            let path = format!("/{letters}/{}/%41/{}", "x".repeat(500), "/y".repeat(50));
            findings.note(&seen(RequestKind::Script, &odd, &path, &format!("bot{letters} {}", "z".repeat(900))), NOW);
        }
        let rows = findings.rows();
        assert_eq!((rows.len(), findings.beyond()), (MOST_ROWS, 500));
        let longest = rows.iter().map(|row| row.path.len() + row.client.len() + row.method.len()).max().unwrap();
        assert!(longest < 120, "{longest}");
        let counted: u64 = findings.by_kind().map(|(_, requests)| requests).sum();
        assert_eq!(counted, 2_500, "what finds no row is still counted");
    }

    #[test]
    fn a_later_run_goes_on_where_an_earlier_one_stopped() {
        let mut first = Findings::new(NOW);
        first.note(&seen(RequestKind::WebSocket, &Method::GET, "/live", FIREFOX), NOW);
        let mut second = Findings::resume(first.since(), first.rows(), first.beyond());
        second.note(&seen(RequestKind::WebSocket, &Method::GET, "/live", FIREFOX), NOW);
        assert_eq!(second.rows().iter().map(|row| row.requests).collect::<Vec<_>>(), [2]);
        assert_eq!(second.by_kind().last(), Some((RequestKind::WebSocket, 2)));
    }
}
