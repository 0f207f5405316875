//! A gateway under attack: somebody is signed in, the console remembers every byte, and after each case the invariants
//! are held.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustls::pki_types::{ServerName, pem::PemObject as _};
use sekisho::{
    access::Decision,
    app::{self, GateRequest},
    portal::cookie,
};
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::support::{
    authenticator,
    browser::{Browser, Cookie, Speaks},
    entropy::SeededEntropy,
    eventually,
    gateway::Gateway,
    log,
    people::{self, PASSWORD},
    settings::{MAIL, QUICK_PASSWORDS},
    upstream::Recorded,
};

/// Longer than every deadline of the gateway that a case waits for.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the gateway may have grown by at the end (INV-3).
const GROWTH: u64 = 50 * 1024 * 1024;
const DESCRIPTORS: usize = 64;
const USER: &str = "old";
const RULES: &str = r#"
[[rule]]
path = "/public"
access = "public"
[[rule]]
path = "/admin"
access = "deny"
[[rule]]
path = "/no-websocket"
access = "signed-in"
websocket = true
"#;

/// Why a case failed.
pub(crate) type Verdict = Result<(), String>;

/// Holds, or says what was seen.
pub(crate) fn hold(holds: bool, seen: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(seen()) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// A row of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    id: String,
    title: String,
    outcome: Outcome,
    /// What was seen, or why it was not tried.
    detail: String,
}

impl Row {
    pub(crate) fn of(id: &str, title: &str, verdict: Verdict) -> Self {
        let (outcome, detail) = match verdict {
            Ok(()) => (Outcome::Passed, String::new()),
            Err(seen) => (Outcome::Failed, seen),
        };
        Self { id: id.to_owned(), title: title.to_owned(), outcome, detail }
    }
}

/// The cases of the groups A, B, I and N of the catalogue, whose numbering has gaps.
const CATALOGUE: [(&str, &[u8]); 4] = [
    (
        "HTTP",
        &[
            1, 2, 4, 5, 6, 8, 10, 12, 14, 15, 17, 18, 19, 20, 21, 22, 23, 25, 27, 28, 29, 30, 31, 32, 36, 37, 38, 39,
            41, 42, 44, 45, 46, 47, 48, 50, 52, 54, 55,
        ],
    ),
    ("IDH", &[1, 2, 3, 6, 7, 8, 10, 11, 12, 14, 15, 17, 18, 19, 22, 23, 24, 25]),
    ("RED", &[1, 2, 4, 5, 7, 9, 10, 11, 12, 13, 14, 16]),
    ("UPS", &[1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14, 16, 17, 20, 21, 22]),
];

/// Prints the table, writes `target/attacks.json`, and fails when a case did.
pub(crate) fn report(mut rows: Vec<Row>) {
    let ids: BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
    assert_eq!(ids.len(), rows.len(), "a case is there twice");
    let catalogue =
        CATALOGUE.iter().flat_map(|(group, numbers)| numbers.iter().map(move |n| format!("{group}-{n:02}")));
    let catalogue: BTreeSet<String> = catalogue.collect();
    assert!(ids.is_subset(&catalogue), "not in the catalogue: {:?}", ids.difference(&catalogue));
    let skipped = |id: &String| Row {
        id: id.clone(),
        title: String::new(),
        outcome: Outcome::Skipped,
        detail: "there is no such case here".to_owned(),
    };
    rows.extend(catalogue.difference(&ids).map(skipped));
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    for row in &rows {
        let outcome = format!("{:?}", row.outcome).to_lowercase();
        println!("{:<8} {outcome:<8} {}  {}", row.id, row.title, row.detail);
    }
    let count = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
    let (passed, failed, skipped) = (count(Outcome::Passed), count(Outcome::Failed), count(Outcome::Skipped));
    println!("attacks: {passed} passed, {failed} failed, {skipped} skipped");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/attacks.json");
    let table = serde_json::json!({ "passed": passed, "failed": failed, "skipped": skipped, "cases": rows });
    fs::write(file, format!("{table:#}\n")).expect("written");
    let wrong: Vec<&Row> = rows.iter().filter(|row| row.outcome == Outcome::Failed).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// One answer as it stood on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }
    pub(crate) fn text(&self) -> String {
        let head: Vec<String> = self.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!("{} {}\n{}", self.status, head.join("\n"), String::from_utf8_lossy(&self.body))
    }
}

/// The statuses alone, for what a failed case says.
pub(crate) fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

pub(crate) struct Siege {
    pub(crate) gateway: Gateway,
    /// Of the person who is signed in; its device is trusted, so that a password signs in again.
    pub(crate) browser: Browser,
    /// `Cookie` of that session.
    pub(crate) cookie: String,
    /// What the console may hear that the person is called.
    pub(crate) known_as: RefCell<Vec<String>>,
    /// Of a session of theirs that they ended.
    ended: String,
    tls: Arc<rustls::ClientConfig>,
    rows: Vec<Row>,
    answers: RefCell<Vec<Answer>>,
    /// How much of the log and of the console's memory belongs to earlier cases.
    logged: usize,
    sent: u64,
    memory: u64,
    descriptors: usize,
}

impl Siege {
    pub(crate) async fn begin() -> Self {
        log::start();
        Self::at(Gateway::start(&[], &[USER], RULES).await).await
    }

    /// Before another console than the one that remembers.
    pub(crate) async fn before(console: SocketAddr, keys: &str) -> Self {
        Self::facing(&format!("[upstream]\nurl = \"http://{console}\"\n{keys}")).await
    }

    /// Before the consoles of these tables.
    pub(crate) async fn facing(consoles: &str) -> Self {
        let change = |text: String| {
            let (head, rest) = text.split_once("[upstream]\n").expect("the table");
            let (_, rest) = rest.split_once('\n').expect("its address");
            format!("{head}{consoles}{rest}{MAIL}{QUICK_PASSWORDS}")
        };
        Self::at(Gateway::start_with(&[], &[USER], change).await).await
    }

    async fn at(gateway: Gateway) -> Self {
        let browser = gateway.browser(Speaks::Http1, "en");
        let page = browser.open("/").await;
        let form = page.form_with("password");
        let page = browser.submit(&page, &form, &[("user_name", USER), ("password", PASSWORD)]).await;
        let code = authenticator::code(&gateway.secrets[0], sekisho::clock::Clock::now(&gateway.clock));
        let page = browser.submit(&page, &page.form_with("code"), &[("code", &code), ("trust", "yes")]).await;
        // A console that is down is no reason to be turned away.
        assert!([200, 502].contains(&page.status), "{}", page.text());
        let cookie = format!("__Host-sekisho={}", browser.cookie("__Host-sekisho").expect("a session").value);
        let ended = other_session(&gateway, &browser).await;
        let mut roots = rustls::RootCertStore::empty();
        let ca = rustls::pki_types::CertificateDer::from_pem_slice(gateway.ca_pem.as_bytes()).expect("a certificate");
        roots.add(ca).expect("an authority");
        let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        // The notice of a sign-in from a new browser, by both channels in either order.
        let sent = gateway.inbox.after(0, "mail").await.id.max(gateway.inbox.after(0, "sms").await.id);
        Self {
            gateway,
            browser,
            cookie,
            known_as: RefCell::new(vec![USER.to_owned()]),
            ended,
            tls: Arc::new(tls),
            rows: Vec::new(),
            answers: RefCell::default(),
            logged: log::read().len(),
            sent,
            memory: memory(),
            descriptors: descriptors(),
        }
    }

    pub(crate) fn end(self) -> Vec<Row> {
        self.rows
    }

    /// Runs a case, then holds the invariants.
    pub(crate) async fn case(&mut self, id: &str, title: &str, attack: impl AsyncFnOnce(&Self) -> Verdict) {
        let before = self.gateway.upstream.seen().len();
        self.answers.borrow_mut().clear();
        let verdict = match attack(self).await {
            Ok(()) => self.invariants(before).await,
            Err(seen) => Err(seen),
        };
        self.rows.push(Row::of(id, title, verdict));
    }

    async fn invariants(&mut self, before: usize) -> Verdict {
        let seen = self.gateway.upstream.seen();
        for request in &seen[before..] {
            stamped(request, &self.known_as.borrow())?;
        }
        for answer in &*self.answers.borrow() {
            generic(answer)?;
        }
        let log = log::read();
        let fresh = log.get(self.logged..).unwrap_or_default();
        for secret in
            [PASSWORD, self.cookie.trim_start_matches("__Host-sekisho="), "901234567", &*self.gateway.secrets[0]]
        {
            hold(!fresh.contains(secret), || "INV-4: a secret is in the log".to_owned())?;
        }
        for line in fresh.lines() {
            let parsed = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line);
            hold(parsed.is_ok(), || format!("INV-5: not an object: {line}"))?;
            hold(!line.contains("panicked"), || format!("INV-3: {line}"))?;
        }
        self.logged = log.len();
        let newest = self.gateway.inbox.newest().await;
        hold(newest == self.sent, || format!("INV-9: {} messages were sent", newest - self.sent))?;
        let alive = self.get("/orders/alive").await;
        hold(statuses(&alive) == [200], || format!("INV-3: the next request gets {:?}", statuses(&alive)))?;
        self.kept().await?;
        let grown = memory().saturating_sub(self.memory);
        hold(grown < GROWTH, || format!("INV-3: {grown} bytes more of memory"))?;
        eventually("the descriptors of the attack are closed", async || {
            (descriptors() < self.descriptors + DESCRIPTORS).then_some(())
        })
        .await;
        Ok(())
    }

    /// INV-7: what a gateway that starts anew would find. A copy of all its files, as a power cut would leave them, has the
    /// session that was begun, not the one that was ended, and knows that the code was used.
    async fn kept(&self) -> Verdict {
        let directory = tempfile::tempdir().expect("a directory");
        let mut entries: Vec<_> =
            fs::read_dir(&self.gateway.settings.directory).expect("its files").flatten().collect();
        // The journal after what it is about.
        entries.sort_by_key(|entry| entry.file_name().len());
        for entry in entries.iter().filter(|entry| entry.path().is_file()) {
            fs::copy(entry.path(), directory.path().join(entry.file_name())).expect("copied");
        }
        let config = sekisho::config::load(&directory.path().join("sekisho.toml")).expect("the configuration");
        let clock: sekisho::clock::SharedClock = Arc::new(self.gateway.clock.clone());
        let app = people::application(&config, clock, Arc::new(SeededEntropy::new(2))).await;
        let none = http::HeaderMap::new();
        for (what, cookie, goes_on) in [("begun", &self.cookie, true), ("ended", &self.ended, false)] {
            let session = app::Cookie { host: "localhost", text: cookie.trim_start_matches("__Host-sekisho=") };
            let request = GateRequest {
                host: "localhost",
                method: &http::Method::GET,
                path: "/orders",
                address: Ipv4Addr::LOCALHOST.into(),
                session: Some(session),
                known: None,
                marks: cookie::marks(&none),
            };
            let decision = app.decide(request).await.map_err(|error| format!("INV-7: {error}"))?;
            let forwards = matches!(decision, Decision::Forward(_));
            hold(forwards == goes_on, || format!("INV-7: after a restart the session that was {what}: {decision:?}"))?;
        }
        let file = directory.path().join("sekisho.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
        let pool = sqlx::SqlitePool::connect_with(options).await.expect("the store");
        let used = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM methods WHERE last_step > 0");
        let used = used.fetch_one(&pool).await.expect("a number");
        hold(used == 1, || "INV-7: after a restart the code is good again".to_owned())
    }

    /// What a browser keeps of a person who signs out: that it is known, and trusted.
    pub(crate) fn remembered(browser: &Browser) -> impl Iterator<Item = Cookie> {
        let of_devices = |name: &str| name.starts_with("__Host-sekisho-known") || name == "__Host-sekisho-device";
        browser.cookies().into_iter().filter(move |cookie| of_devices(&cookie.name))
    }

    /// A device cookie is replaced whenever it is used.
    pub(crate) fn keep_device(&self, browser: &Browser) -> Verdict {
        browser.cookie("__Host-sekisho-device").ok_or("the device is not trusted any more")?;
        for cookie in Self::remembered(browser) {
            self.browser.plant(&cookie.name, &cookie.value);
        }
        Ok(())
    }

    /// The authority that browsers name.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.gateway.settings.https.port())
    }

    /// A request of the person who is signed in, or of nobody, that is to be the last on its connection.
    pub(crate) fn request(&self, line: &str, signed_in: bool, fields: &str, body: &str) -> Vec<u8> {
        let cookie = if signed_in { format!("Cookie: {}\r\n", self.cookie) } else { String::new() };
        format!("{line}\r\nHost: {}\r\n{cookie}Connection: close\r\n{fields}\r\n{body}", self.host()).into_bytes()
    }

    pub(crate) async fn get(&self, target: &str) -> Vec<Answer> {
        self.send(&self.request(&format!("GET {target} HTTP/1.1"), true, "", "")).await
    }

    /// A connection that speaks this.
    pub(crate) async fn connect(&self, alpn: &str) -> TlsStream<TcpStream> {
        self.connect_to("localhost", alpn).await
    }

    /// One that is opened for this name.
    pub(crate) async fn connect_to(&self, name: &str, alpn: &str) -> TlsStream<TcpStream> {
        let mut tls = (*self.tls).clone();
        tls.alpn_protocols = vec![alpn.as_bytes().to_vec()];
        let stream = TcpStream::connect(self.gateway.settings.https).await.expect("it listens");
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        TlsConnector::from(Arc::new(tls)).connect(name, stream).await.expect("a handshake")
    }

    /// Sends these bytes over HTTP/1.1 and reads until the gateway closes; a gateway that leaves a connection open after
    /// what it cannot read has not answered.
    pub(crate) async fn send(&self, bytes: &[u8]) -> Vec<Answer> {
        self.send_over(self.connect("http/1.1").await, bytes).await
    }

    /// The same over a connection that is there.
    pub(crate) async fn send_over(&self, connection: TlsStream<TcpStream>, bytes: &[u8]) -> Vec<Answer> {
        let (mut read, mut write) = tokio::io::split(connection);
        let mut answered = Vec::new();
        let sending = async {
            // It may close before the end of what it refuses.
            let _cut = write.write_all(bytes).await;
            let _cut = write.flush().await;
            std::future::pending::<()>().await;
        };
        let reading = async { while read.read_buf(&mut answered).await.is_ok_and(|count| count > 0) {} };
        let both = async {
            tokio::select! { () = sending => (), () = reading => () }
        };
        let closed = tokio::time::timeout(PATIENCE, both).await.is_ok();
        let mut answers = parse(&answered);
        if !closed {
            answers.push(Answer { status: 0, fields: Vec::new(), body: b"the connection stays open".to_vec() });
        }
        self.answers.borrow_mut().extend(answers.iter().cloned());
        answers
    }

    /// Sends these bytes with and without a session: one answer of these statuses, and nothing reaches the console.
    pub(crate) async fn refused(&self, request: impl Fn(bool) -> Vec<u8>, allowed: &[u16]) -> Verdict {
        for signed_in in [true, false] {
            let before = self.gateway.upstream.seen().len();
            let bytes = request(signed_in);
            let shown = || String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).replace(&self.cookie, "…");
            let answers = self.send(&bytes).await;
            let fits = matches!(answers.as_slice(), [answer] if allowed.contains(&answer.status));
            hold(fits, || format!("{:?} to {:?}", statuses(&answers), shown()))?;
            let seen = self.gateway.upstream.seen();
            hold(seen.len() == before, || format!("the console saw {} for {:?}", seen[before].line, shown()))?;
        }
        Ok(())
    }

    /// What reached the console while this ran.
    pub(crate) async fn arriving<T>(&self, run: impl Future<Output = T>) -> (T, Vec<Recorded>) {
        let before = self.gateway.upstream.seen().len();
        let done = run.await;
        (done, self.gateway.upstream.seen().split_off(before))
    }
}

/// The cookie of a second session of the person, who has left it by signing out.
async fn other_session(gateway: &Gateway, browser: &Browser) -> String {
    let other = gateway.browser(Speaks::Http1, "en");
    for cookie in Siege::remembered(browser) {
        other.plant(&cookie.name, &cookie.value);
    }
    let page = other.open("/").await;
    other.submit(&page, &page.form_with("password"), &[("user_name", USER), ("password", PASSWORD)]).await;
    let ended = other.cookie("__Host-sekisho").expect("a session").value;
    let page = other.open("/.sekisho/sign-out").await;
    other.submit(&page, &page.form_to("/.sekisho/sign-out"), &[]).await;
    for cookie in Siege::remembered(&other) {
        browser.plant(&cookie.name, &cookie.value);
    }
    format!("__Host-sekisho={ended}")
}

/// INV-1 and INV-2: every request that reaches the console is of the session's person, in our words alone.
fn stamped(request: &Recorded, known_as: &[String]) -> Verdict {
    if request.line.contains(" /public") {
        return Ok(());
    }
    let users = request.all("x-sekisho-user");
    hold(matches!(*users, [user] if known_as.iter().any(|name| name == user)), || {
        format!("INV-1: {} came as {users:?}", request.line)
    })?;
    for (name, value) in &request.headers {
        let folded: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let own = name.starts_with("x-sekisho-");
        hold(own || !folded.starts_with("xsekisho"), || format!("INV-2: {name} reached the console"))?;
        hold(!(own && value.contains("admin")), || format!("INV-2: {name}: {value}"))?;
    }
    Ok(())
}

/// INV-6: what the gateway says of an error says nothing about the inside.
fn generic(answer: &Answer) -> Verdict {
    if answer.status < 400 {
        return Ok(());
    }
    hold(answer.field("cache-control").contains("no-store"), || format!("INV-6: not no-store: {}", answer.text()))?;
    let text = answer.text();
    for inside in ["panicked", ".rs:", "/src/", "RUST_BACKTRACE", "pingora", "sekisho/0"] {
        hold(!text.to_lowercase().contains(&inside.to_lowercase()), || format!("INV-6: {inside} in {text}"))?;
    }
    Ok(())
}

/// Answers one after another; a head that cannot be read ends the list with status 0.
fn parse(mut bytes: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let broken = Answer { status: 0, fields: Vec::new(), body: bytes.to_vec() };
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            answers.push(broken);
            break;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default();
        let status = start.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|code| code.parse().ok());
        let Some(status) = status else {
            answers.push(broken);
            break;
        };
        let fields: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        bytes = &bytes[end + 4..];
        let mut answer = Answer { status, fields, body: Vec::new() };
        if (100..200).contains(&status) || status == 204 || status == 304 {
            answers.push(answer);
            continue;
        }
        let chunked = answer.field("transfer-encoding").eq_ignore_ascii_case("chunked");
        let length = answer.field("content-length").parse::<usize>().ok().filter(|_| !chunked);
        let (body, rest) = match length {
            Some(length) => bytes.split_at(length.min(bytes.len())),
            None if chunked => {
                let end = bytes.windows(5).position(|window| window == b"0\r\n\r\n").map_or(bytes.len(), |at| at + 5);
                bytes.split_at(end)
            }
            None => (bytes, &bytes[bytes.len()..]),
        };
        answer.body = body.to_vec();
        bytes = rest;
        answers.push(answer);
    }
    answers
}

/// Resident memory of this process in bytes; the gateway runs in it.
pub(crate) fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("resident memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("kilobytes") * 1024
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("Linux").count()
}
