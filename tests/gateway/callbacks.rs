//! What a provider reports, over HTTP: a report with the right address and signature changes a line of the page that
//! waits, and nothing else does anything at all.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use data_encoding::BASE64;
use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use sekisho::store::OutboxId;
use sqlx::Row as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    steps,
    support::{
        browser::{Browser, Page, Speaks},
        eventually,
        gateway::Gateway,
    },
    tls,
};

const TOKEN: &str = "the auth token";

/// Takes every message.
fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || accept(stream));
        }
    });
    url
}

fn accept(mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(told) = line.strip_prefix("content-length: ") {
                length = told.parse().ok()?;
            }
            if line.is_empty() {
                break;
            }
        }
        reader.read_exact(&mut vec![0; length]).ok()?;
        let body = r#"{"sid":"SM0123456789abcdef0123456789abcdef","status":"queued","error_code":null}"#;
        write!(stream, "HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n{body}", body.len()).ok()?;
    }
}

/// A gateway whose text messages go by Twilio.
async fn gateway() -> Gateway {
    let keys = format!(
        "[sms]\nprovider = \"twilio\"\naccount = \"AC00112233445566778899aabbccddeeff\"\n\
         auth_token = \"{TOKEN}\"\nfrom = \"+815012345678\"\nurl = \"{}\"\n",
        provider()
    );
    let quick = "[password]\nmemory = \"8KiB\"\npasses = 1\nminimum_delay = \"0s\"\n";
    let inbox = "[sms]\nprovider = \"inbox\"\n";
    Gateway::start_with(&[], &["hanako"], |text| format!("{}{quick}", text.replace(inbox, &keys))).await
}

/// The ids of all text messages, oldest first, as the store has them.
async fn messages(gateway: &Gateway) -> Vec<OutboxId> {
    let file = gateway.settings.directory.join("sekisho.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let rows = sqlx::query("SELECT id FROM outbox WHERE channel = 'sms' AND state = 'sent' ORDER BY created_at, rowid");
    rows.fetch_all(&pool).await.unwrap().iter().map(|row| OutboxId::parse(row.get("id")).unwrap()).collect()
}

fn address(gateway: &Gateway, message: OutboxId) -> String {
    let token = gateway.app().keyring().callback_token("twilio", message.as_bytes()).unwrap();
    format!("/.sekisho/callback/twilio/{}", token.expose())
}

/// As Twilio signs it.
fn signature(url: &str, pairs: &[(&str, &str)]) -> String {
    let mut sorted = pairs.to_vec();
    sorted.sort_unstable();
    let text = sorted.iter().fold(url.to_owned(), |text, (name, value)| text + name + value);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, TOKEN.as_bytes());
    BASE64.encode(ring::hmac::sign(&key, text.as_bytes()).as_ref())
}

async fn report(browser: &Browser, path: &str, signature: &str, pairs: &[(&str, &str)]) -> Page {
    let mut headers = HeaderMap::new();
    headers.insert("x-twilio-signature", HeaderValue::from_str(signature).unwrap());
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    browser.send(Method::POST, path, headers, Some(body)).await
}

/// The code page with a text message on its way.
async fn texted(gateway: &Gateway, browser: &Browser) -> (Page, OutboxId) {
    let before = messages(gateway).await.len();
    let page = browser.open("/").await;
    steps::password(browser, &page, "hanako").await;
    let help = browser.open("/.sekisho/code/help").await;
    let page = browser.submit(&help, &help.form_with("way"), &[("way", "backup")]).await;
    assert_eq!(page.url.path(), "/.sekisho/code", "{}", page.text());
    let sent = async || messages(gateway).await.get(before).copied();
    (page, eventually("the message is handed over", sent).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_waiting_page_says_what_the_provider_reports_and_nobody_is_signed_in_by_it() {
    let gateway = gateway().await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let (_, message) = texted(&gateway, &browser).await;
    let stranger = gateway.browser(Speaks::Http2, "en");
    let path = address(&gateway, message);
    let url = format!("{}{path}", gateway.settings.url());
    let say = async |status: &str| {
        let form = [("MessageSid", "SM1"), ("MessageStatus", status), ("To", "+819012345678")];
        let answer = report(&stranger, &path, &signature(&url, &form), &form).await;
        assert!(answer.headers.get("set-cookie").is_none() && answer.body.is_empty(), "it tells nothing");
        answer.status
    };
    let shown = async || browser.open("/.sekisho/code").await.text();
    assert!(shown().await.contains("Status: sent."));
    assert_eq!(say("sent").await, 204);
    assert!(shown().await.contains("Status: sent."), "nothing new");
    // In any order, and more than once.
    assert_eq!(say("undelivered").await, 204);
    let page = shown().await;
    assert!(page.contains("The message couldn't be delivered. Choose another way to get a code."), "{page}");
    gateway.clock.advance(Duration::from_secs(5));
    assert_eq!(say("delivered").await, 204);
    let arrived = shown().await;
    assert!(arrived.contains("Status: delivered at "), "{arrived}");
    gateway.clock.advance(Duration::from_mins(1));
    for late in ["delivered", "undelivered", "sent"] {
        assert_eq!(say(late).await, 204);
    }
    let still = shown().await;
    let time =
        |text: &str| text.split_once("Status: delivered at ").map(|(_, rest)| rest.chars().take(5).collect::<String>());
    assert_eq!(time(&still), time(&arrived), "it arrived when it arrived");
    let state = browser.fetch("/.sekisho/state").await.body;
    assert!(state.contains(r#""delivery":"delivered""#) && state.contains("Status: delivered at "), "{state}");
    assert_ne!(stranger.open("/").await.url.path(), "/", "whoever reports is nobody");
    assert_eq!(browser.open("/.sekisho/code").await.url.path(), "/.sekisho/code", "and a code is still asked");
    assert_ne!(browser.open("/").await.url.path(), "/", "of this browser too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_needs_its_own_address_and_the_providers_signature() {
    let gateway = gateway().await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let (_, first) = texted(&gateway, &browser).await;
    let form = [("MessageSid", "SM1"), ("MessageStatus", "delivered")];
    let stranger = gateway.browser(Speaks::Http1, "en");
    let path = address(&gateway, first);
    let signed = |path: &str| signature(&format!("{}{path}", gateway.settings.url()), &form);
    let send = async |path: &str, by: &str| report(&stranger, path, by, &form).await.status;

    assert_eq!(send(&path, "").await, 403, "unsigned");
    assert_eq!(send(&path, &signed("/.sekisho/callback/twilio/1.x.y")).await, 403, "signed for another address");
    let elsewhere = signature(&format!("https://gate.example{path}"), &form);
    assert_eq!(send(&path, &elsewhere).await, 403, "signed for another host");
    let other_form = [("MessageSid", "SM1"), ("MessageStatus", "failed")];
    assert_eq!(report(&stranger, &path, &signed(&path), &other_form).await.status, 403, "another form");

    for wrong in [
        path.replace("/twilio/", "/vonage/"),
        path.replace("/twilio/", "/inbox/"),
        format!("{path}A"),
        path.replace("/twilio/1.", "/twilio/2."),
        "/.sekisho/callback/twilio/none".to_owned(),
    ] {
        assert_eq!(send(&wrong, &signed(&wrong)).await, 404, "{wrong}");
    }
    let get = stranger.visit(&path).await;
    assert_eq!(get.status, 405, "nothing to read there");
    let long = [("MessageSid", "SM1"), ("Body", &*"x".repeat(20_000))];
    let by = signature(&format!("{}{path}", gateway.settings.url()), &long);
    assert_eq!(report(&stranger, &path, &by, &long).await.status, 413);
    assert!(browser.open("/.sekisho/code").await.text().contains("Status: sent."), "nothing of that was believed");

    assert_eq!(send(&path, &signed(&path)).await, 204, "the genuine one");
    assert!(browser.open("/.sekisho/code").await.text().contains("Status: delivered at "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_guesses_addresses_is_refused_before_anything_is_read() {
    let gateway = gateway().await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let (_, message) = texted(&gateway, &browser).await;
    let form = [("MessageSid", "SM1"), ("MessageStatus", "delivered")];
    let stranger = gateway.browser(Speaks::Http1, "en");
    let guess = async || report(&stranger, "/.sekisho/callback/twilio/1.x.y", "", &form).await;
    for n in 0..60 {
        assert_eq!(guess().await.status, 404, "{n}");
    }
    let limited = guess().await;
    assert_eq!(limited.status, 429);
    assert_eq!(limited.headers["retry-after"], "60");
    let path = address(&gateway, message);
    let genuine = signature(&format!("{}{path}", gateway.settings.url()), &form);
    assert_eq!(report(&stranger, &path, &genuine, &form).await.status, 429, "the whole network");
    assert_ne!(browser.open("/.sekisho/code").await.status, 429, "nothing else");

    gateway.clock.advance(Duration::from_mins(1));
    assert_eq!(report(&stranger, &path, &genuine, &form).await.status, 204, "a provider tries again");
    for n in 1..30 {
        assert_eq!(report(&stranger, &path, &genuine, &form).await.status, 204, "{n}");
    }
    assert_eq!(report(&stranger, &path, &genuine, &form).await.status, 429, "no message has so many reports");
}

/// Nobody holds a connection open by promising a report to an address that no message has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_nobody_waits_for_is_answered_before_it_is_read() {
    let gateway = gateway().await;
    let (to, config) = (gateway.settings.https, Arc::new(tls::client(&[gateway.ca_pem()], &[&rustls::version::TLS13])));
    for path in ["/.sekisho/callback/twilio/none", "/.sekisho/callback/nobody/1.x.y"] {
        let mut stream = tls::connect(to, &config, "localhost").await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Length: 100\r\n\r\n", to.port());
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(std::str::from_utf8(&status), Ok("HTTP/1.1 404"), "{path}");
    }
}
