//! A provider for development: keeps the last messages in memory and shows them on a page of its own loopback listener,
//! as the phones would have received them. It must never run where real people sign in: whoever opens the page reads
//! every code.

use std::{
    collections::VecDeque,
    fmt,
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use askama::Template;
use async_trait::async_trait;
use axum::{
    Json, Router,
    extract::{Path, Request, State},
    middleware::{self, Next},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, uri::Authority};
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    clock::Timestamp,
    delivery::{
        provider::{Body, Outcome, Outgoing, Provider},
        report::Reports,
        speech::{self, Phrase},
    },
    language::Language,
    store::{DeliveryReport, OutboxId},
};

/// Messages kept; the oldest goes.
const KEPT: usize = 200;
/// Recordings kept; a call is about 2 MB.
const RECORDINGS_KEPT: usize = 8;
/// A call is half a minute and takes well under a second to render.
const RENDER_DEADLINE: Duration = Duration::from_secs(20);
/// The longest recording worth keeping.
const RECORDING_BYTES: u64 = 16 * 1024 * 1024;

/// The messages, shared between the worker that fills them and the page that shows them. Cheap to clone.
#[derive(Clone)]
pub struct Inbox(Arc<Shared>);

struct Shared {
    messages: Mutex<VecDeque<Message>>,
    next_id: AtomicU64,
    time_zone: TimeZone,
    origin: String,
    speaks: bool,
    /// Held while one is made, so that a page full of players does not start as many engines.
    recordings: tokio::sync::Mutex<VecDeque<(u64, Bytes)>>,
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inbox(…)")
    }
}

/// A message as a fake phone or mailbox holds it: with its code and its full number.
#[derive(Clone, Serialize)]
struct Message {
    /// Counts up from 1.
    id: u64,
    /// `sms`, `voice` or `mail`.
    channel: &'static str,
    /// E.164 number or mail address.
    to: String,
    /// Digits dialled after the call is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<String>,
    /// Of the text.
    language: Language,
    /// Of a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// What a person reads; a call as its transcript.
    text: String,
    /// When it was handed over, in milliseconds since the epoch.
    at: Timestamp,
    /// A call that was left to ring.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unanswered: bool,
    #[serde(skip)]
    plan: Option<Vec<Phrase>>,
    /// Its name in the outbox.
    #[serde(skip)]
    outbox: OutboxId,
}

impl Inbox {
    /// An empty inbox; its page shows clock times in this zone, and makes links of addresses of this origin alone.
    pub fn new(time_zone: TimeZone, origin: String) -> Self {
        Self(Arc::new(Shared {
            messages: Mutex::new(VecDeque::new()),
            next_id: AtomicU64::new(1),
            time_zone,
            origin,
            speaks: espeak_is_installed(),
            recordings: tokio::sync::Mutex::new(VecDeque::new()),
        }))
    }

    fn receive(&self, message: &Outgoing) {
        let (to, extension, subject, plan) = match &message.body {
            Body::Sms { to, .. } => (to.e164().to_owned(), None, None, None),
            Body::Voice { to, plan } => {
                (to.e164().to_owned(), to.extension().map(str::to_owned), None, Some(plan.clone()))
            }
            Body::Mail { to, mail } => (to.as_str().to_owned(), None, Some(mail.subject.clone()), None),
        };
        let kept = Message {
            id: self.0.next_id.fetch_add(1, Ordering::Relaxed),
            channel: message.body.channel(),
            to,
            extension,
            language: message.language,
            subject,
            text: message.body.text(),
            at: message.at,
            unanswered: false,
            plan,
            outbox: message.id,
        };
        let mut messages = self.0.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push_front(kept);
        messages.truncate(KEPT);
    }

    /// Newest first.
    fn messages(&self) -> Vec<Message> {
        self.0.messages.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Messages kept now.
    #[cfg(test)]
    pub(in crate::delivery) fn count(&self) -> usize {
        self.0.messages.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The call was left to ring; the page says so.
    fn leave(&self, id: u64) {
        let mut messages = self.0.messages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(message) = messages.iter_mut().find(|message| message.id == id) {
            message.unanswered = true;
        }
    }

    fn message(&self, id: u64) -> Option<Message> {
        self.0.messages.lock().unwrap_or_else(PoisonError::into_inner).iter().find(|m| m.id == id).cloned()
    }

    /// The recording of a call; `None` when there is no such call, or no engine that speaks.
    async fn recording(&self, id: u64) -> Option<Bytes> {
        if !self.0.speaks {
            return None;
        }
        let message = self.message(id)?;
        let plan = message.plan?;
        let mut recordings = self.0.recordings.lock().await;
        if let Some((_, made)) = recordings.iter().find(|(of, _)| *of == id) {
            return Some(made.clone());
        }
        let made = match tokio::time::timeout(RENDER_DEADLINE, speak(&plan, message.language)).await {
            Ok(Ok(wav)) => Bytes::from(wav),
            Ok(Err(error)) => {
                tracing::warn!(%error, "espeak-ng did not render a call");
                return None;
            }
            Err(_too_slow) => {
                tracing::warn!("espeak-ng took too long to render a call");
                return None;
            }
        };
        recordings.push_front((id, made.clone()));
        recordings.truncate(RECORDINGS_KEPT);
        Some(made)
    }
}

#[async_trait]
impl Provider for Inbox {
    fn name(&self) -> &'static str {
        "inbox"
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        self.receive(message);
        Outcome::ACCEPTED
    }
}

fn espeak_is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join("espeak-ng").is_file())
}

/// Renders a call as a WAV file. The text goes through standard input: a command line is visible to every process.
async fn speak(plan: &[Phrase], language: Language) -> std::io::Result<Vec<u8>> {
    let mut engine = tokio::process::Command::new("espeak-ng")
        .args(["-v", language.tag(), "-s", "150", "-m", "--stdin", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut input), Some(output)) = (engine.stdin.take(), engine.stdout.take()) else {
        return Err(std::io::Error::other("espeak-ng was started without pipes"));
    };
    // It reads to the end of its input before it writes, so the two need not be interleaved.
    input.write_all(speech::ssml(plan, language).as_bytes()).await?;
    drop(input);
    let mut wav = Vec::new();
    output.take(RECORDING_BYTES).read_to_end(&mut wav).await?;
    let status = engine.wait().await?;
    if !status.success() {
        return Err(std::io::Error::other(format!("espeak-ng ended with {status}")));
    }
    state_length(&mut wav);
    Ok(wav)
}

/// Writing to a pipe, espeak-ng cannot know the length and states a huge one; a player would show a call of hours.
fn state_length(wav: &mut [u8]) {
    const HEADER: usize = 44;
    let Some(samples) = wav.len().checked_sub(HEADER).and_then(|n| u32::try_from(n).ok()) else { return };
    if let Some(field) = wav.get_mut(4..8) {
        field.copy_from_slice(&samples.saturating_add(36).to_le_bytes());
    }
    if let Some(field) = wav.get_mut(40..44) {
        field.copy_from_slice(&samples.to_le_bytes());
    }
}

/// The page, for its own loopback listener. What becomes of a call is reported as a provider would.
pub fn router(inbox: Inbox, reports: Reports) -> Router {
    guarded(reading(inbox.clone()).merge(ringing(inbox, reports)))
}

/// A person does not pick up.
fn ringing(inbox: Inbox, reports: Reports) -> Router {
    Router::new().route("/messages/{id}/let-it-ring", post(let_it_ring)).with_state((inbox, reports))
}

fn reading(inbox: Inbox) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/messages.json", get(list_json))
        // A path segment is matched whole, so the handler reads `12.wav` itself.
        .route("/messages/{file}", get(recording))
        .route("/style.css", get(style))
        .with_state(inbox)
}

fn guarded(pages: Router) -> Router {
    pages.fallback(async || (StatusCode::NOT_FOUND, "not found\n")).layer(middleware::from_fn(guard))
}

/// Only a browser that was sent to this machine by name may read: a page elsewhere can point its own name at a loopback
/// address (DNS rebinding) and would otherwise read the codes. And only a form of this page may be sent: a page elsewhere
/// can send one to a loopback address.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = if !is_loopback_host(request.headers()) {
        (StatusCode::MISDIRECTED_REQUEST, "this page answers on localhost only\n").into_response()
    } else if request.method() == Method::POST && !is_own_form(request.headers()) {
        (StatusCode::FORBIDDEN, "the form was sent by another page\n").into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; media-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // With `no-referrer` a browser would name no origin to the forms of this page either.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

fn is_loopback_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Some(authority) = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()) else { return false };
    let name = authority.host();
    name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]")
}

/// Browsers say which page sends a form; programs on this machine say nothing.
fn is_own_form(headers: &HeaderMap) -> bool {
    let own_origin = headers.get(header::ORIGIN).is_none_or(|origin| {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        origin.as_bytes() == format!("http://{host}").as_bytes()
    });
    own_origin && headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin")
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct Page {
    rows: Vec<Row>,
    kept: usize,
    zone: String,
    speaks: bool,
}

struct Row {
    message: Message,
    text: Vec<Part>,
    kind_ja: &'static str,
    kind_en: &'static str,
    at: String,
}

/// A stretch of a message.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// An address of the gateway itself: it can be pressed.
    Link(String),
}

/// A message cut at the addresses of this origin. Whatever else a message holds stays text.
fn parts(mut text: &str, origin: &str) -> Vec<Part> {
    const ENDS: [char; 4] = ['<', '>', '"', '\''];
    let start = format!("{origin}/");
    let mut parts = Vec::new();
    while let Some((before, rest)) = text.split_once(&start) {
        let (path, after) = match rest.find(|c: char| !c.is_ascii_graphic() || ENDS.contains(&c)) {
            Some(end) => rest.split_at(end),
            None => (rest, ""),
        };
        parts.extend([Part::Text(before.to_owned()), Part::Link(format!("{start}{path}"))]);
        text = after;
    }
    parts.push(Part::Text(text.to_owned()));
    parts
}

impl Row {
    fn new(message: Message, zone: &TimeZone, origin: &str) -> Self {
        let (kind_ja, kind_en) = match message.channel {
            "sms" => ("SMS", "Text message"),
            "voice" => ("音声通話", "Voice call"),
            _ => ("メール", "Mail"),
        };
        let at = jiff::Timestamp::from_millisecond(message.at.as_millis())
            .map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string())
            .unwrap_or_default();
        Self { text: parts(&message.text, origin), message, kind_ja, kind_en, at }
    }
}

async fn list(State(inbox): State<Inbox>) -> Response {
    let Shared { time_zone: zone, origin, .. } = &*inbox.0;
    let page = Page {
        rows: inbox.messages().into_iter().map(|message| Row::new(message, zone, origin)).collect(),
        kept: KEPT,
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        speaks: inbox.0.speaks,
    };
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "the inbox page does not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn list_json(State(inbox): State<Inbox>) -> Json<Vec<Message>> {
    Json(inbox.messages())
}

async fn recording(State(inbox): State<Inbox>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let id = file.strip_suffix(".wav").and_then(|id| id.parse().ok());
    let made = match id {
        Some(id) => inbox.recording(id).await,
        None => None,
    };
    let Some(wav) = made else { return (StatusCode::NOT_FOUND, "no such recording\n").into_response() };
    let kind = [(header::CONTENT_TYPE, "audio/wav"), (header::ACCEPT_RANGES, "bytes")];
    let Some((first, last)) = headers.get(header::RANGE).and_then(|range| asked_range(range, wav.len())) else {
        return (kind, wav).into_response();
    };
    let place = format!("bytes {first}-{last}/{}", wav.len());
    (StatusCode::PARTIAL_CONTENT, kind, [(header::CONTENT_RANGE, place)], wav.slice(first..=last)).into_response()
}

/// The first and last byte of a single range within the recording (RFC 9110 §14.1.2); Safari plays nothing without them.
/// Any other header is ignored, which answers with the whole.
fn asked_range(range: &HeaderValue, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    let first: usize = first.parse().ok()?;
    let last = if last.is_empty() { end } else { last.parse::<usize>().ok()?.min(end) };
    (first <= last).then_some((first, last))
}

async fn let_it_ring(State((inbox, reports)): State<(Inbox, Reports)>, Path(id): Path<u64>) -> Response {
    let Some(call) = inbox.message(id).filter(|message| message.channel == "voice") else {
        return (StatusCode::NOT_FOUND, "no such call\n").into_response();
    };
    match reports.take(call.outbox, DeliveryReport::Unanswered).await {
        // Pressed twice, or a message that is kept no longer: nobody answered all the same.
        Ok(_kept) => inbox.leave(id),
        Err(error) => {
            tracing::error!(%error, "that a call was not answered could not be recorded");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    }
    Redirect::to(&format!("/#message-{id}")).into_response()
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../templates/inbox.css"))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::{
        account::{EmailAddress, PhoneNumber},
        delivery::{
            message::{sample_code, sample_sender},
            notices,
        },
        entropy::SystemEntropy,
        store::OutboxId,
    };

    fn outgoing(body: Body, language: Language) -> Outgoing {
        Outgoing {
            purpose: crate::delivery::Purpose::Code,
            expires_at: Timestamp::EPOCH,
            id: OutboxId::random(&SystemEntropy::new()),
            language,
            at: Timestamp::from_secs(1_795_325_100),
            body,
        }
    }

    fn text(text: &str) -> Outgoing {
        let to = PhoneNumber::parse("090-1234-5678", "JP").unwrap();
        outgoing(Body::Sms { to, text: text.to_owned() }, Language::Ja)
    }

    fn call(language: Language) -> Outgoing {
        let to = PhoneNumber::parse("03-1234-5678 内線12", "JP").unwrap();
        outgoing(Body::Voice { to, plan: speech::plan(language, "セラーコンソール", &sample_code()) }, language)
    }

    fn mail() -> Outgoing {
        let to = EmailAddress::parse("seller@example.jp").unwrap();
        let mail = notices::mail(
            Language::En,
            &sample_sender(),
            &crate::store::Notice::TwoStepEnabled,
            Timestamp::EPOCH,
            None,
        );
        outgoing(Body::Mail { to, mail }, Language::En)
    }

    fn empty() -> Inbox {
        Inbox::new(TimeZone::get("Asia/Tokyo").unwrap(), "https://console.example.jp".to_owned())
    }

    async fn fetch_as(inbox: &Inbox, host: &str, path: &str) -> (StatusCode, HeaderMap, Bytes) {
        let request = Request::builder().uri(path).header(header::HOST, host).body(axum::body::Body::empty()).unwrap();
        let (head, body) = guarded(reading(inbox.clone())).oneshot(request).await.unwrap().into_parts();
        (head.status, head.headers, body.collect().await.unwrap().to_bytes())
    }

    async fn fetch(inbox: &Inbox, path: &str) -> (StatusCode, HeaderMap, String) {
        let (status, headers, body) = fetch_as(inbox, "127.0.0.1:8025", path).await;
        (status, headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_page_shows_every_channel_newest_first_and_escapes() {
        let inbox = empty();
        let (_, _, page) = fetch(&inbox, "/").await;
        assert!(page.contains("まだ何も届いていません"));

        inbox.receive(&text("<b>認証コード</b>"));
        inbox.receive(&call(Language::Ja));
        inbox.receive(&mail());
        let (status, headers, page) = fetch(&inbox, "/").await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("&#60;b&#62;認証コード") && !page.contains("<b>"), "{page}");
        assert!(page.contains("+819012345678") && page.contains("2026-11-22 14:25:00"), "{page}");
        assert_eq!(page.matches("<form").count(), 1, "a call alone can be left to ring: {page}");
        assert!(page.contains("action=\"/messages/2/let-it-ring\"><button>電話に出ない"), "{page}");
        inbox.leave(2);
        let (_, _, after) = fetch(&inbox, "/").await;
        assert!(after.contains("応答なし") && !after.contains("<form"), "{after}");
        assert!(page.find("SellerPortal: Two-step").unwrap() < page.find("こちらは").unwrap());
        assert!(page.find("こちらは").unwrap() < page.find("認証コード&#60;").unwrap(), "newest first");
        assert!(!page.contains("<script"), "works without scripts");

        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!page.contains("style=\""), "the policy would drop inline styles");
        assert_eq!(fetch(&inbox, "/style.css").await.1[header::CONTENT_TYPE], "text/css; charset=utf-8");
    }

    #[tokio::test]
    async fn only_addresses_of_the_gateway_can_be_pressed() {
        let inbox = empty();
        inbox.receive(&text(
            "次を開く\nhttps://console.example.jp/.sekisho/link/a-B_9（10:00まで）\nhttps://other.example.jp/",
        ));
        let (_, _, page) = fetch(&inbox, "/").await;
        let link = "<a href=\"https://console.example.jp/.sekisho/link/a-B_9\" rel=\"noreferrer\" target=\"_blank\">https://console.example.jp/.sekisho/link/a-B_9</a>（10:00まで）";
        assert!(page.contains(link), "{page}");
        assert_eq!(page.matches("target=").count(), 1, "{page}");

        let links = |text| {
            let parts = parts(text, "https://console.example.jp");
            parts.into_iter().filter(|part| matches!(part, Part::Link(_))).count()
        };
        for other in [
            "http://console.example.jp/",
            "https://console.example.jp.attacker.example/",
            "https://console.example.jp:8443/",
            "https://console.example.jp",
            "javascript:alert(1)",
        ] {
            assert_eq!(links(other), 0, "{other}");
        }
        let quoted = parts("https://console.example.jp/\"><script>", "https://console.example.jp");
        assert!(quoted.contains(&Part::Link("https://console.example.jp/".to_owned())), "{quoted:?}");
    }

    #[tokio::test]
    async fn the_list_for_programs_holds_what_the_phone_got() {
        let inbox = empty();
        inbox.receive(&text("認証コード：123456\n@console.example.jp #123456"));
        inbox.receive(&call(Language::En));
        let (_, _, body) = fetch(&inbox, "/messages.json").await;
        let list: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(list[0]["channel"], "voice");
        assert_eq!(list[0]["to"], "+81312345678");
        assert_eq!(list[0]["extension"], "12");
        assert_eq!(list[0]["language"], "en");
        assert_eq!(list[1]["id"], 1);
        assert_eq!(list[1]["text"], "認証コード：123456\n@console.example.jp #123456");
        assert_eq!(list[1]["at"], 1_795_325_100_000_i64);
        assert!(list[1].get("subject").is_none());
    }

    #[tokio::test]
    async fn memory_is_bounded_and_the_oldest_goes() {
        let inbox = empty();
        for n in 1..=KEPT + 5 {
            inbox.receive(&text(&format!("message {n}")));
        }
        let kept = inbox.messages();
        assert_eq!(kept.len(), KEPT);
        assert_eq!(kept[0].text, format!("message {}", KEPT + 5));
        assert_eq!(kept[KEPT - 1].text, "message 6");
    }

    #[tokio::test]
    async fn another_host_name_reads_nothing() {
        let inbox = empty();
        inbox.receive(&text("認証コード：123456"));
        for host in ["attacker.example", "127.0.0.1.attacker.example", "localhost.attacker.example:8025", "[::2]", ""] {
            let (status, headers, body) = fetch_as(&inbox, host, "/messages.json").await;
            assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{host}");
            assert!(!String::from_utf8_lossy(&body).contains("123456"), "{host}");
            assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        }
        for host in ["localhost", "LOCALHOST:8025", "127.0.0.1", "[::1]:8025"] {
            assert_eq!(fetch_as(&inbox, host, "/messages.json").await.0, StatusCode::OK, "{host}");
        }
    }

    #[test]
    fn a_player_may_ask_for_a_part() {
        let asked = |range: &'static str| asked_range(&HeaderValue::from_static(range), 100);
        assert_eq!(asked("bytes=0-1"), Some((0, 1)));
        assert_eq!(asked("bytes=10-"), Some((10, 99)));
        assert_eq!(asked("bytes=10-500"), Some((10, 99)));
        for whole in ["bytes=100-", "bytes=5-4", "bytes=-5", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b"] {
            assert_eq!(asked(whole), None, "{whole}");
        }
        assert_eq!(asked_range(&HeaderValue::from_static("bytes=0-"), 0), None);
    }

    #[tokio::test]
    async fn a_call_can_be_listened_to() {
        assert!(espeak_is_installed(), "espeak-ng is missing: apt-get install espeak-ng");
        let inbox = empty();
        inbox.receive(&call(Language::Ja));
        inbox.receive(&call(Language::En));
        inbox.receive(&text("not a call"));
        for id in [1, 2] {
            let (status, headers, wav) = fetch_as(&inbox, "localhost", &format!("/messages/{id}.wav")).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(headers[header::CONTENT_TYPE], "audio/wav");
            assert_eq!(&wav[..4], b"RIFF");
            let stated = u32::from_le_bytes(wav[40..44].try_into().unwrap()) as usize;
            assert_eq!(stated, wav.len() - 44, "the stated length is the real one");
            let rate = u32::from_le_bytes(wav[24..28].try_into().unwrap()) as usize;
            let seconds = stated / 2 / rate;
            assert!((20..90).contains(&seconds), "three readings take {seconds} s");
            let again = fetch_as(&inbox, "localhost", &format!("/messages/{id}.wav")).await.2;
            assert_eq!(wav.as_ptr(), again.as_ptr(), "the second time it comes from memory");
        }
        let request =
            Request::get("/messages/1.wav").header(header::HOST, "localhost").header(header::RANGE, "bytes=0-3");
        let reply =
            guarded(reading(inbox.clone())).oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        assert_eq!(reply.status(), StatusCode::PARTIAL_CONTENT);
        assert!(reply.headers()[header::CONTENT_RANGE].to_str().unwrap().starts_with("bytes 0-3/"));
        assert_eq!(reply.into_body().collect().await.unwrap().to_bytes(), "RIFF");

        for missing in ["/messages/3.wav", "/messages/99.wav", "/messages/1", "/messages/x.wav"] {
            assert_eq!(fetch_as(&inbox, "localhost", missing).await.0, StatusCode::NOT_FOUND, "{missing}");
        }
    }
}
