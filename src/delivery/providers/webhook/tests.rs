//! Every way an exchange over HTTP can end, counted where it arrives.

use super::*;
use crate::{
    config::ConfiguredSecret,
    delivery::{
        peer::{self, Act, NUMBER, Peer, TEXT},
        provider::Refusal,
    },
};

fn webhook(url: &str, secret: &str) -> Webhook {
    let config = WebhookConfig {
        url: url.parse().unwrap(),
        secret: ConfiguredSecret::Here(secret.into()),
        authorization: Some(ConfiguredSecret::Here("Bearer abc".into())),
    };
    Webhook::new(&config, peer::http()).unwrap()
}

async fn told(acts: Vec<Act>) -> (Outcome, usize) {
    let peer = Peer::start(acts).await;
    let outcome = webhook(&peer.url(), "a secret of our own").send(&peer::sms()).await;
    (outcome, peer.received().len())
}

#[tokio::test]
async fn a_message_is_posted_signed_and_named() {
    let peer = Peer::start(vec![Act::Answer(200, "", r#"{"status":"accepted","provider_id":"abc-1"}"#)]).await;
    let message = peer::sms();
    // The example key of the Standard Webhooks specification.
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let outcome = webhook(&peer.url(), secret).send(&message).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: ProviderId::parse("abc-1") });

    let received = &peer.received()[0];
    assert!(received.head.starts_with("POST /send HTTP/1.1"), "{}", received.head);
    let id = message.id.to_string();
    assert_eq!(received.header("idempotency-key"), Some(id.as_str()));
    assert_eq!(received.header("webhook-id"), Some(id.as_str()));
    assert_eq!(received.header("authorization"), Some("Bearer abc"));
    assert_eq!(received.header("content-type"), Some("application/json"));
    let timestamp = received.header("webhook-timestamp").unwrap();
    assert_eq!(timestamp, "1795325100");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
    let signature = received.header("webhook-signature").unwrap().strip_prefix("v1,").unwrap();
    let signed = format!("{id}.{timestamp}.{}", received.body);
    hmac::verify(&key, signed.as_bytes(), &BASE64.decode(signature.as_bytes()).unwrap()).unwrap();

    let body: serde_json::Value = serde_json::from_str(&received.body).unwrap();
    let expected = serde_json::json!({
        "id": id, "type": "sms.code", "to": NUMBER, "language": "ja", "text": TEXT, "expires_at": 1_795_325_400,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_call_is_a_plan_and_a_mail_has_a_subject() {
    let peer = Peer::start(vec![Act::Answer(204, "", "")]).await;
    let webhook = webhook(&peer.url(), "a secret of our own");
    assert_eq!(webhook.send(&peer::voice()).await, Outcome::ACCEPTED);
    assert_eq!(webhook.send(&peer::mail()).await, Outcome::ACCEPTED);
    let bodies: Vec<serde_json::Value> =
        peer.received().iter().map(|received| serde_json::from_str(&received.body).unwrap()).collect();
    assert_eq!(bodies[0]["extension"], "12");
    let speech = serde_json::json!([
        { "say": { "text": "認証コードは", "reading": "にんしょうコードは" } }, { "digit": "4" }, { "pause": 700 }, { "digit": "7" },
    ]);
    assert_eq!(bodies[0]["speech"], speech);
    assert_eq!((&bodies[1]["type"], &bodies[1]["to"]), (&"mail.code".into(), &"hanako@example.jp".into()));
    assert!(bodies[1]["subject"].as_str().unwrap().starts_with("【セラーコンソール】"));
}

#[tokio::test]
async fn what_may_have_been_taken_is_ambiguous_and_asked_once() {
    let acts = [
        Act::Silence,
        Act::Reset,
        Act::HalfAnAnswer,
        Act::Garbage,
        Act::Flood,
        Act::Answer(500, "", "Internal Server Error"),
        Act::Answer(502, "", "<html>Bad Gateway</html>"),
        Act::Answer(503, "retry-after: 1\r\n", ""),
        Act::Answer(504, "", ""),
        Act::Answer(408, "", ""),
        Act::Answer(200, "", "<html>Welcome to the hotel Wi-Fi</html>"),
        Act::Answer(200, "", r#"{"status":"perhaps"}"#),
        Act::Answer(500, "", r#"{"status":"accepted"}"#),
    ];
    for act in acts {
        let (outcome, arrived) = told(vec![act.clone()]).await;
        assert_eq!((outcome, arrived), (Outcome::Ambiguous, 1), "{act:?}");
    }
}

#[tokio::test]
async fn what_was_not_written_was_not_taken() {
    let url = format!("http://{}/send", peer::nobody().await);
    assert_eq!(webhook(&url, "secret").send(&peer::sms()).await, Outcome::Unavailable);
    let nowhere = "https://no-such-host.invalid/";
    assert_eq!(webhook(nowhere, "secret").send(&peer::sms()).await, Outcome::Unavailable);
    // It does not speak TLS: nothing of the message was said.
    let peer = Peer::start(vec![Act::Answer(200, "", "")]).await;
    let url = format!("https://{}/", peer.address);
    assert_eq!(webhook(&url, "secret").send(&peer::sms()).await, Outcome::Unavailable);
    assert!(peer.received().is_empty());
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_not_trusted() {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let server = server.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(server));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let accept = async {
        let (stream, _) = listener.accept().await.unwrap();
        assert!(acceptor.accept(stream).await.is_err(), "the client turned away");
    };
    let webhook = webhook(&url, "secret");
    let message = peer::sms();
    let (outcome, ()) = tokio::join!(webhook.send(&message), accept);
    assert_eq!(outcome, Outcome::Unavailable);
}

#[tokio::test]
async fn a_plain_no_is_one() {
    let retry_after = Some(std::time::Duration::from_secs(7));
    let cases = [
        (Act::Answer(401, "", ""), Outcome::Refused(Refusal::AuthFailed)),
        (Act::Answer(403, "", ""), Outcome::Refused(Refusal::AuthFailed)),
        (Act::Answer(404, "", ""), Outcome::Refused(Refusal::Misconfigured)),
        (Act::Answer(422, "", "no"), Outcome::Refused(Refusal::Misconfigured)),
        (Act::Answer(402, "", ""), Outcome::Refused(Refusal::QuotaExhausted)),
        (Act::Answer(429, "retry-after: 7\r\n", ""), Outcome::Throttled { retry_after }),
        (
            Act::Answer(422, "", r#"{"status":"rejected","reason":"invalid_number"}"#),
            Outcome::Refused(Refusal::InvalidNumber),
        ),
        (
            Act::Answer(200, "", r#"{"status":"rejected","reason":"fraud_blocked","retry_after":7}"#),
            Outcome::Refused(Refusal::FraudBlocked { retry_after }),
        ),
        (Act::Answer(503, "", r#"{"status":"rejected","reason":"unavailable"}"#), Outcome::Unavailable),
        (
            Act::Answer(503, "", r#"{"status":"rejected","reason":"throttled","retry_after":7}"#),
            Outcome::Throttled { retry_after },
        ),
    ];
    for (act, expected) in cases {
        let (outcome, arrived) = told(vec![act.clone()]).await;
        assert_eq!((outcome, arrived), (expected, 1), "{act:?}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Peer::start(vec![Act::Answer(200, "", "")]).await;
    let location = format!("location: {}\r\n", elsewhere.url()).leak();
    let (outcome, arrived) = told(vec![Act::Answer(307, location, "")]).await;
    assert_eq!((outcome, arrived), (Outcome::Refused(Refusal::Misconfigured), 1));
    assert!(elsewhere.received().is_empty());
}
