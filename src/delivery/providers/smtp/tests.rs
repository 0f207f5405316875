//! Against a real mail server (aiosmtpd): what it is given, and what comes of everything it may say or not say.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use super::*;
use crate::{
    clock::Timestamp,
    config::{ConfiguredSecret, DeliveryConfig},
    delivery::{
        peer,
        providers::{Means, inbox::Inbox},
    },
    entropy::SystemEntropy,
    keyring::Keyring,
};

/// The one of the distribution, which has its packages.
const PYTHON: &str = "/usr/bin/python3";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/delivery/providers/smtp/mail_server.py");

struct MailServer {
    child: Child,
    address: SocketAddr,
    directory: tempfile::TempDir,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl MailServer {
    async fn start(behaviour: &str, protection: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let file = |name: &str| directory.path().join(name);
        std::fs::write(file("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(file("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let address = peer::nobody().await;
        let mut child = Command::new(PYTHON)
            .arg(SCRIPT)
            .args([behaviour, protection])
            .args([file("kept"), file("cert.pem"), file("key.pem")])
            .arg(address.port().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        if said != "ready\n" {
            let mut why = String::new();
            child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
            panic!("no mail server: is python3-aiosmtpd installed? {why}");
        }
        Self { child, address, directory }
    }

    fn provider(&self, encryption: SmtpEncryption, password: &str) -> Smtp {
        let credentials = Some(("sekisho".to_owned(), ConfiguredSecret::Here(password.into())));
        let credentials = credentials.filter(|_| encryption != SmtpEncryption::None);
        let config = SmtpConfig {
            host: "localhost".to_owned(),
            port: self.address.port(),
            encryption,
            credentials,
            from: "Seller Console <no-reply@example.jp>".parse().unwrap(),
            reply_to: Some("help@example.jp".parse().unwrap()),
        };
        provider(&config, Some(self.directory.path().join("cert.pem")))
    }

    fn kept(&self) -> Vec<serde_json::Value> {
        let kept = std::fs::read_to_string(self.directory.path().join("kept")).unwrap_or_default();
        kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn provider(config: &SmtpConfig, ca: Option<std::path::PathBuf>) -> Smtp {
    let origin = "https://console.example.jp".to_owned();
    let means = Means {
        inbox: Inbox::new(jiff::tz::TimeZone::UTC, origin.clone()),
        keyring: Arc::new(Keyring::generate(&SystemEntropy::new(), Timestamp::EPOCH).unwrap()),
        origin,
        // Another machine in the middle of its work is slow; silence still ends soon.
        delivery: DeliveryConfig { ca, timeout: Duration::from_secs(3), ..peer::hasty() },
        http: None,
    };
    Smtp::new(config, &means).unwrap()
}

#[tokio::test]
async fn a_mail_goes_out_protected_and_signed_in() {
    for (word, encryption) in [("starttls", SmtpEncryption::StartTls), ("tls", SmtpEncryption::Tls)] {
        let server = MailServer::start("kind", word).await;
        let message = peer::mail();
        assert_eq!(server.provider(encryption, "pass word").send(&message).await, Outcome::ACCEPTED, "{word}");
        let kept = server.kept();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0]["from"], "no-reply@example.jp");
        assert_eq!(kept[0]["to"], serde_json::json!(["hanako@example.jp"]));
        assert_eq!((&kept[0]["protected"], &kept[0]["user"]), (&true.into(), &"sekisho".into()), "{word}");
        let content = kept[0]["content"].as_str().unwrap();
        let id = message.id;
        for line in [
            format!("Message-ID: <{id}@console.example.jp>\r\n"),
            "Auto-Submitted: auto-generated\r\n".to_owned(),
            "Reply-To: help@example.jp\r\n".to_owned(),
            "Date: Sun, 22 Nov 2026".to_owned(),
            "To: hanako@example.jp\r\n".to_owned(),
        ] {
            assert!(content.contains(&line), "{line:?} in {content}");
        }
        assert!(content.is_ascii());
    }
}

/// Read back by the library that most mail programs of the same kind use.
#[tokio::test]
async fn subject_and_text_read_back_as_they_were() {
    let server = MailServer::start("kind", "none").await;
    assert_eq!(server.provider(SmtpEncryption::None, "").send(&peer::mail()).await, Outcome::ACCEPTED);
    let read = "import sys, json, email, email.policy\n\
                m = email.message_from_string(json.loads(open(sys.argv[1]).readline())['content'], policy=email.policy.default)\n\
                print(json.dumps([m['subject'], m.get_content()]))";
    let output = Command::new(PYTHON).args(["-c", read]).arg(server.directory.path().join("kept")).output().unwrap();
    let read: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read[0], "【セラーコンソール】新しい端末でログインがありました");
    assert_eq!(read[1].replace("\r\n", "\n"), "ログインがありました。\n.\nhttps://console.example.jp/\n");
}

#[tokio::test]
async fn what_a_mail_server_says_is_definite_and_what_it_does_not_say_is_not() {
    let throttled = Outcome::Throttled { retry_after: None };
    let cases = [
        ("unknown", Outcome::Refused(Refusal::InvalidNumber), 0),
        ("greylisted", throttled, 0),
        ("spam", Outcome::Refused(Refusal::ContentFiltered), 1),
        ("full", Outcome::Refused(Refusal::QuotaExhausted), 1),
        ("silent", Outcome::Ambiguous, 1),
        ("reset", Outcome::Ambiguous, 1),
    ];
    for (behaviour, expected, arrived) in cases {
        let server = MailServer::start(behaviour, "none").await;
        let outcome = server.provider(SmtpEncryption::None, "").send(&peer::mail()).await;
        assert_eq!((outcome, server.kept().len()), (expected, arrived), "{behaviour}");
    }
}

#[tokio::test]
async fn nothing_is_said_to_a_server_that_is_not_the_one() {
    let server = MailServer::start("kind", "starttls").await;
    let wrong = server.provider(SmtpEncryption::StartTls, "guessed").send(&peer::mail()).await;
    assert_eq!(wrong, Outcome::Refused(Refusal::AuthFailed));

    let mut stranger = server.provider(SmtpEncryption::StartTls, "pass word");
    stranger.tls = Some(trust("localhost", None).unwrap());
    assert_eq!(stranger.send(&peer::mail()).await, Outcome::Unavailable, "a certificate nobody vouches for");

    let plain = MailServer::start("kind", "none").await;
    let stripped = plain.provider(SmtpEncryption::StartTls, "pass word").send(&peer::mail()).await;
    assert_eq!(stripped, Outcome::Refused(Refusal::Misconfigured), "no STARTTLS, no mail");
    assert!(server.kept().is_empty() && plain.kept().is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_took_nothing() {
    let server = MailServer::start("kind", "none").await;
    let provider = server.provider(SmtpEncryption::None, "");
    drop(server);
    assert_eq!(provider.send(&peer::mail()).await, Outcome::Unavailable);
}
