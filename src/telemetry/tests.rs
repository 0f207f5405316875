use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use log::Log as _;

use super::*;
use crate::{
    account::{Account, AccountId, CredentialVersion, LoginName, NewMethod, PhoneNumber, Target, UserName},
    app::{Browser, Cookie, Grant, Marks, PasswordForm},
    audit::{Event, Origin},
    authn::{Password, totp},
    clock::Timestamp,
    config,
    entropy::SystemEntropy,
    keyring::{CookieToken, Keyring, Purpose, TokenId},
    language::Language,
    secret::SecretBytes,
};

/// What a line must never hold. Each is planted where people and browsers put such things.
const MARKER: &str = "PlantedMarker7";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written while `run` runs, one value a line.
fn lines_of(filter: &str, run: impl FnOnce()) -> Vec<serde_json::Value> {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = subscriber(filter, move || writer.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, run);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn every_event() -> Vec<Event<'static>> {
    let (account, session, device, method) = ("account-id", "session-id", "device-id", "sms");
    vec![
        Event::PasswordAccepted { account },
        Event::PasswordRefused { account: None },
        Event::PasswordThrottled { account: Some(account), by: "address" },
        Event::CodeAccepted { account, method, role: "primary" },
        Event::CodeRefused { account, method, reason: "wrong" },
        Event::CodeOrdered { account, method },
        Event::Enrolled { account, primary: "app", backup: method, opened_by: "password" },
        Event::SessionStarted { account, session, second_step: method },
        Event::SessionEnded { account, session, reason: "sign_out" },
        Event::DeviceTrusted { account, device },
        Event::DeviceReplayed { account, device },
        Event::DeviceRevoked { account: None, device: Some(device) },
        Event::AccountCreated { account },
        Event::AccountDisabled { account },
        Event::AccountEnabled { account },
        Event::PasswordSet { account },
        Event::SecondStepReset { account },
        Event::TicketShown { account, accepted: false },
        Event::CrossSiteForm,
        Event::UpstreamCookieDropped,
    ]
}

#[test]
fn every_event_is_one_line_with_time_level_name_and_origin() {
    let events = every_event();
    let client = Origin::Client(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));
    let lines = lines_of("warn,audit=info", || events.iter().for_each(|event| event.record(client)));
    assert_eq!(lines.len(), events.len());
    for line in &lines {
        let at: jiff::Timestamp = line["timestamp"].as_str().unwrap().parse().unwrap();
        assert!(at > jiff::Timestamp::UNIX_EPOCH && line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        assert!(["INFO", "WARN"].contains(&line["level"].as_str().unwrap()), "{line}");
        assert_eq!(line["target"], "audit");
        assert_eq!((&line["from"], &line["address"]), (&"client".into(), &"192.0.2.7".into()), "{line}");
    }
    let names: std::collections::BTreeSet<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(names.len(), events.len(), "each event has its own name");
}

#[test]
fn what_must_not_be_seen_is_in_no_line() {
    let entropy = SystemEntropy::new();
    let keyring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
    let (cookie, token) = keyring.issue(Purpose::SessionCookie, "console.test", TokenId::random(&entropy)).unwrap();
    let number = PhoneNumber::parse("090-1234-5678", "JP").unwrap();
    let seed = SecretBytes::new(*b"PlantedMarker7seed20");
    let browser = Browser {
        host: "console.example.jp",
        link: None,
        seed: None,
        session: Some(Cookie { host: "console.example.jp", text: MARKER }),
        sign_in: Some(Cookie { host: "console.example.jp", text: MARKER }),
        device: Some(Cookie { host: "console.example.jp", text: MARKER }),
        known: Some(Cookie { host: "console.example.jp", text: MARKER }),
        marks: Marks::None,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: "curl/8",
        language: Language::Ja,
        chosen_language: None,
        flow: crate::app::Flow::SignIn,
    };
    let form = PasswordForm { login: MARKER.into(), password: MARKER.into(), browser: &browser };
    let grant = Grant {
        session: CookieToken::new(MARKER.to_owned()),
        device: None,
        changed_hands: false,
        known: Some(CookieToken::new(MARKER.to_owned())),
        mark: None,
        enrolled: false,
        rebind: false,
    };
    let account = Account {
        id: AccountId::random(&entropy),
        user_name: UserName::parse("hanako").unwrap(),
        email: None,
        display_name: None,
        groups: vec![],
        language: Language::Ja,
        disabled: false,
        credential_version: CredentialVersion(1),
        created_at: Timestamp::EPOCH,
    };
    let methods = [
        NewMethod { target: Target::App(seed.clone()), label: None },
        NewMethod { target: Target::Voice(number.clone()), label: None },
    ];
    let refused = config::parse(
        "public_url = 'https://u:PlantedMarker7@h.example'\n[sms]\nprovider = 'inbox'\nauth_token = 'PlantedMarker7'\n",
        "sekisho.toml",
    )
    .unwrap_err();
    let lines = lines_of("trace", || {
        let (login, password) = (LoginName::parse(MARKER), Password::typed(MARKER).unwrap());
        tracing::info!(?browser, ?form, ?grant, ?login, ?password, "a sign-in");
        tracing::info!(?cookie, ?token, ?keyring, digest = ?keyring.token_digest(&token), "a session");
        tracing::warn!(?number, ?methods, ?seed, ?account, "an enrolment");
        tracing::error!(?refused, "a configuration");
    });
    assert_eq!(lines.len(), 4, "everything was written");
    let text = serde_json::to_string(&lines).unwrap();
    assert!(text.contains("hanako") && text.contains("78"), "what may be seen is there");
    let base32 = totp::base32(&seed);
    for planted in [MARKER, "plantedmarker7", "0901234", "+8190", "1234567", &base32, cookie.expose()] {
        assert!(!text.contains(planted), "{planted} in {text}");
    }
    for planted in [seed.expose(), token.id().as_bytes()] {
        let (hex, list) = (data_encoding::HEXLOWER.encode(planted), format!("{planted:?}"));
        assert!(!text.contains(&hex) && !text.contains(&list), "octets in {text}");
    }
}

#[test]
fn libraries_say_nothing_below_info_and_no_octets_of_a_request() {
    let bridge = Bridge(tracing_log::LogTracer::new());
    let line = |level, text: &str| {
        bridge.log(&log::Record::builder().level(level).target("pingora_core").args(format_args!("{text}")).build());
    };
    let lines = lines_of("trace", || {
        line(log::Level::Debug, "Response header: set-cookie: PlantedMarker7");
        line(log::Level::Error, "Fail to parse context: buf: GET /?PlantedMarker7 HTTP/1.1");
        line(log::Level::Warn, "connection refused");
        tracing::debug!(target: "h2::codec", "PlantedMarker7");
        tracing::debug!("our own");
    });
    let text = serde_json::to_string(&lines).unwrap();
    assert!(!text.contains(MARKER), "{text}");
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(lines[0]["message"], "Fail to parse context: (octets left out)");
    assert!(text.contains("connection refused") && text.contains("our own"), "{text}");
}
