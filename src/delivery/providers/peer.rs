//! A provider's side of a real socket for the tests of each provider: it counts what arrives and answers as it is told.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use url::Url;

use super::{Carrier, Means, inbox::Inbox};
use crate::{
    account::PhoneNumber,
    clock::Timestamp,
    config::DeliveryConfig,
    delivery::{
        Body, Outcome, Outgoing, Purpose,
        message::{sample_code, sample_sender, sms},
        speech,
    },
    entropy::SystemEntropy,
    keyring::Keyring,
    language::Language,
    store::OutboxId,
};

/// What it does with every request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    /// Answers with this status, these further header lines and this body.
    Answers(&'static str, &'static str, &'static str),
    /// Reads the request and closes.
    Hangs,
    /// Reads the request and says nothing for as long as the client waits.
    Sleeps,
    /// Breaks off in the middle of its body.
    BreaksOff(&'static str),
    /// Writes what is no HTTP.
    Babbles,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(super) fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }
}

pub(super) struct Peer {
    pub(super) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Peer {
    pub(super) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, manner, &shared));
            }
        });
        Self { url, seen }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, manner: Manner, seen: &Mutex<Vec<Seen>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut headers = Vec::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let Some((name, value)) = header.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = String::from_utf8(body).unwrap();
        seen.lock().unwrap().push(Seen { line: line.trim_end().to_owned(), headers, body });
        match manner {
            Manner::Answers(status, more, body) => {
                let head = format!("HTTP/1.1 {status}\r\n{more}content-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(head.as_bytes()).ok()?;
            }
            Manner::Hangs => return None,
            Manner::Sleeps => {
                // Until the client has gone.
                reader.read_line(&mut String::new()).ok()?;
                return None;
            }
            Manner::BreaksOff(body) => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len() + 100);
                stream.write_all(head.as_bytes()).ok()?;
                return None;
            }
            Manner::Babbles => {
                stream.write_all(b"220 smtp.example.jp ESMTP ready\r\n\r\n").ok()?;
                return None;
            }
        }
    }
}

/// What providers are made with, on a gateway that providers can reach.
pub(super) fn means() -> Means {
    let entropy = SystemEntropy::new();
    let delivery = DeliveryConfig {
        proxy: None,
        ca: None,
        connect_timeout: Duration::from_secs(3),
        timeout: Duration::from_millis(500),
    };
    Means {
        inbox: Inbox::new(jiff::tz::TimeZone::UTC, "https://console.example.jp".to_owned()),
        keyring: Arc::new(Keyring::generate(&entropy, Timestamp::EPOCH).unwrap()),
        origin: "https://console.example.jp".to_owned(),
        delivery,
        http: None,
    }
}

fn outgoing(language: Language, body: Body) -> Outgoing {
    let at = Timestamp::from_secs(1_795_325_100);
    let id = OutboxId::random(&SystemEntropy::new());
    Outgoing { id, language, at, purpose: Purpose::Code, expires_at: at + Duration::from_secs(290), body }
}

/// A code to `+819012345678`.
pub(super) fn a_text(language: Language) -> Outgoing {
    let text = sms(language, &sample_sender(), &sample_code(), Duration::from_secs(290));
    outgoing(language, Body::Sms { to: PhoneNumber::parse("090-1234-5678", "JP").unwrap(), text })
}

/// A call to this number.
pub(super) fn a_call(language: Language, number: &str) -> Outgoing {
    let plan = speech::plan(language, "A&B <Console>", &sample_code());
    outgoing(language, Body::Voice { to: PhoneNumber::parse(number, "JP").unwrap(), plan })
}

pub(super) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// What every provider owes: one request a message, whatever becomes of it, and no certainty where there is none.
pub(super) fn is_never_sent_twice(make: impl Fn(&Url) -> Carrier, messages: &[Outgoing]) {
    const UNCERTAIN: [Manner; 9] = [
        Manner::Hangs,
        Manner::Sleeps,
        Manner::BreaksOff("{\"sid\":\"S"),
        Manner::Babbles,
        Manner::Answers("500 Internal Server Error", "", "{\"code\":20500,\"message\":\"x\",\"status\":500}"),
        Manner::Answers("502 Bad Gateway", "", "<html>nginx</html>"),
        Manner::Answers("503 Service Unavailable", "retry-after: 5\r\n", ""),
        Manner::Answers("200 OK", "", "<html>a captive portal</html>"),
        Manner::Answers("200 OK", "", "\u{0}\u{1}[]{{"),
    ];
    run(async {
        for message in messages {
            for manner in UNCERTAIN {
                let peer = Peer::start(manner);
                let outcome = make(&peer.url).send(message).await;
                assert_eq!(outcome, Outcome::Ambiguous, "{message:?} {manner:?}");
                assert_eq!(peer.seen().len(), 1, "{message:?} {manner:?}");
            }
            let elsewhere = Manner::Answers("302 Found", "location: http://127.0.0.1:9/\r\n", "");
            let peer = Peer::start(elsewhere);
            assert!(matches!(make(&peer.url).send(message).await, Outcome::Refused(_)), "a redirect is not followed");
            assert_eq!(peer.seen().len(), 1);

            let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let nobody = Url::parse(&format!("http://{nobody}")).unwrap();
            assert_eq!(make(&nobody).send(message).await, Outcome::Unavailable, "{message:?}");

            let busy = Peer::start(Manner::Answers("429 Too Many Requests", "retry-after: 7\r\n", "{}"));
            let later = Outcome::Throttled { retry_after: Some(Duration::from_secs(7)) };
            assert_eq!(make(&busy.url).send(message).await, later, "{message:?}");
            assert_eq!(busy.seen().len(), 1, "who is asked again decides the outbox");
        }
    });
}
