use std::{
    process::Command,
    sync::{Arc, LazyLock},
    time::Duration,
};

use http::HeaderMap;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use super::*;
use crate::{
    config::{ConfiguredSecret, SignatureMethod},
    delivery::providers::{
        Carrier,
        peer::{Manner, Peer, a_call, a_text, is_never_sent_twice, means, run},
    },
    secret::SecretString,
};

static KEY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let made =
        Command::new("openssl").args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]).output();
    made.expect("openssl").stdout
});

fn config(url: &Url) -> VonageProvider {
    let here = |text: &str| ConfiguredSecret::Here(SecretString::from(text));
    VonageProvider {
        account: Some(("abcd1234".to_owned(), here("a&secret"))),
        application: Some(("aaaaaaaa-bbbb-4ccc-dddd-0123456789ab".to_owned(), "key.pem".into())),
        signature: Some((SignatureMethod::Sha256, here("a signature secret"))),
        from: SenderId::Number("+815012345678".to_owned()),
        hang_up_on_machines: true,
        reports: true,
        url: Some(url.clone()),
    }
}

fn made(config: VonageProvider) -> Vonage {
    let directory = tempfile::tempdir().unwrap();
    let application = config.application.map(|(id, file)| (id, directory.path().join(file)));
    if let Some((_, file)) = &application {
        std::fs::write(file, &*KEY).unwrap();
    }
    Vonage::new(&VonageProvider { application, ..config }, &mut means()).unwrap()
}

fn vonage(url: &Url) -> Vonage {
    made(config(url))
}

fn carrier(url: &Url) -> Carrier {
    Arc::new(vonage(url))
}

const TAKEN: Manner = Manner::Answers(
    "200 OK",
    "content-type: application/json\r\n",
    r#"{"message-count":"1","messages":[{"to":"819012345678","message-id":"0A0000000123ABCD1","status":"0","remaining-balance":"3.14"}]}"#,
);

const CALLING: Manner = Manner::Answers(
    "201 Created",
    "content-type: application/json\r\n",
    r#"{"uuid":"63f61863-4a51-4f6b-86e1-46edebcf9356","status":"started","direction":"outbound"}"#,
);

#[test]
fn a_text_message_reads_exactly_so() {
    let peer = Peer::start(TAKEN);
    let vonage = vonage(&peer.url);
    for (language, kind) in [(Language::Ja, "unicode"), (Language::En, "text")] {
        let message = a_text(language);
        let outcome = run(vonage.send(&message));
        assert_eq!(outcome, Outcome::Accepted { provider_id: ProviderId::parse("0A0000000123ABCD1") });
        let seen = peer.seen().pop().unwrap();
        assert_eq!(seen.line, "POST /sms/json HTTP/1.1");
        assert_eq!(seen.header("content-type"), "application/x-www-form-urlencoded");
        let callback = vonage.report_address(&message).unwrap();
        let Body::Sms { text, .. } = &message.body else { panic!() };
        let expected = [
            ("api_key", "abcd1234"),
            ("api_secret", "a&secret"),
            ("from", "815012345678"),
            ("to", "819012345678"),
            ("text", text),
            ("type", kind),
            ("ttl", "290000"),
            ("client-ref", &message.id.to_string()),
            ("status-report-req", "true"),
            ("callback", &callback),
        ];
        assert_eq!(seen.form(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(callback.starts_with("https://console.example.jp/.sekisho/callback/vonage/1."), "{callback}");
    }
}

#[test]
fn a_call_is_signed_and_reads_its_words_inline() {
    let peer = Peer::start(CALLING);
    let vonage = vonage(&peer.url);
    let message = a_call(Language::Ja, "03-1234-5678");
    let outcome = run(vonage.send(&message));
    assert_eq!(outcome, Outcome::Accepted { provider_id: ProviderId::parse("63f61863-4a51-4f6b-86e1-46edebcf9356") });
    let [seen] = &peer.seen()[..] else { panic!("one request") };
    assert_eq!(seen.line, "POST /v1/calls HTTP/1.1");
    let call: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(call["to"], json!([{ "type": "phone", "number": "81312345678" }]));
    assert_eq!(call["from"], json!({ "type": "phone", "number": "815012345678" }));
    assert_eq!((&call["machine_detection"], &call["event_method"]), (&json!("hangup"), &json!("POST")));
    assert_eq!(call["event_url"], json!([vonage.report_address(&message).unwrap()]));
    let talks = call["ncco"].as_array().unwrap();
    let texts: Vec<&str> = talks.iter().map(|talk| talk["text"].as_str().unwrap()).collect();
    for (talk, text) in talks.iter().zip(&texts) {
        assert_eq!((&talk["action"], &talk["language"]), (&json!("talk"), &json!("ja-JP")));
        assert!(text.starts_with("<speak>") && text.ends_with("</speak>") && text.chars().count() <= 1_500, "{text}");
    }
    let words = texts.concat();
    assert!(words.contains("こちらは、A&amp;B &lt;Console&gt;です。") && words.contains("失礼いたします。"), "{words}");
    let Body::Voice { plan, .. } = &message.body else { panic!() };
    let digits = plan.iter().filter(|phrase| matches!(phrase, Phrase::Digit(_))).count();
    assert_eq!(digits, 18);
    assert_eq!(words.replace("</speak><speak>", ""), format!("<speak>{}</speak>", speech::written(plan, Language::Ja)));

    let token = seen.header("authorization").strip_prefix("Bearer ").unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let key = &vonage.application.as_ref().unwrap().key;
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(key.public());
    public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).expect("signed with the key");
    let claims = BASE64URL_NOPAD.decode(signed.split_once('.').unwrap().1.as_bytes()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let at = message.at.as_secs();
    let expected = json!({
        "application_id": "aaaaaaaa-bbbb-4ccc-dddd-0123456789ab", "iat": at, "exp": at + 60,
        "jti": format!("{}-{at}", message.id),
    });
    assert_eq!(claims, expected);
}

#[test]
fn an_extension_is_dialled_and_not_taken_for_a_machine() {
    let peer = Peer::start(CALLING);
    run(vonage(&peer.url).send(&a_call(Language::En, "03-1234-5678 内線12")));
    let call: serde_json::Value = serde_json::from_str(&peer.seen()[0].body).unwrap();
    assert_eq!(call["to"], json!([{ "type": "phone", "number": "81312345678", "dtmfAnswer": "pp12#" }]));
    assert_eq!(call.get("machine_detection"), None);
    assert!(call["ncco"][0]["text"].as_str().unwrap().starts_with(r#"<speak><break time="8000ms"/>"#));
}

#[test]
fn where_nothing_can_be_checked_nothing_is_reported() {
    let url = Url::parse("http://127.0.0.1:9").unwrap();
    for config in
        [VonageProvider { reports: false, ..config(&url) }, VonageProvider { signature: None, ..config(&url) }]
    {
        let vonage = made(config);
        let text = String::from_utf8(vonage.request(&a_text(Language::En)).unwrap().body().to_vec()).unwrap();
        assert!(text.contains("status-report-req=false") && !text.contains("callback"), "{text}");
        let call = vonage.request(&a_call(Language::En, "03-1234-5678")).unwrap();
        assert!(!String::from_utf8_lossy(call.body()).contains("event_url"));
    }
}

#[test]
fn without_its_keys_a_channel_is_not_carried() {
    let url = Url::parse("http://127.0.0.1:9").unwrap();
    let texts_only = made(VonageProvider { application: None, ..config(&url) });
    assert!(texts_only.request(&a_text(Language::Ja)).is_some());
    assert_eq!(run(texts_only.send(&a_call(Language::Ja, "03-1234-5678"))), Outcome::Refused(Refusal::Misconfigured));
    let no_key = VonageProvider { application: Some(("x".to_owned(), "/dev/null".into())), ..config(&url) };
    assert!(Vonage::new(&no_key, &mut means()).is_err());
}

fn answer(status: u16, body: &str) -> Answer {
    let headers = [(header::RETRY_AFTER, HeaderValue::from_static("3"))].into_iter().collect();
    Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Bytes::from(body.to_owned()) }
}

#[test]
fn a_status_counts_and_the_status_of_http_does_not() {
    let said = |status: &str| {
        of_text(&answer(
            200,
            &format!(r#"{{"message-count":"1","messages":[{{"status":"{status}","error-text":"x"}}]}}"#),
        ))
    };
    for (status, refusal) in STATUSES {
        assert_eq!(said(status), Outcome::Refused(*refusal), "{status}");
    }
    for status in THROTTLED {
        assert_eq!(said(status), Outcome::Throttled { retry_after: Some(Duration::from_secs(3)) }, "{status}");
    }
    // What a person or an operator reads follows from it.
    for (status, refusal) in [
        ("4", Refusal::AuthFailed),
        ("6", Refusal::InvalidNumber),
        ("7", Refusal::NumberBlocked),
        ("9", Refusal::QuotaExhausted),
        ("15", Refusal::SenderRejected),
    ] {
        assert_eq!(said(status), Outcome::Refused(refusal), "{status}");
    }
    for status in ["5", "99", ""] {
        assert_eq!(said(status), Outcome::Ambiguous, "{status}: an error of its own, or one nobody knows");
    }
    for body in ["", "{}", r#"{"messages":[]}"#, "no JSON"] {
        assert_eq!(of_text(&answer(200, body)), Outcome::Ambiguous, "{body}");
        assert_eq!(of_text(&answer(500, body)), Outcome::Ambiguous, "{body}");
        assert_eq!(of_text(&answer(401, body)), Outcome::Refused(Refusal::AuthFailed), "{body}");
    }
}

#[test]
fn a_text_of_which_one_segment_was_taken_was_taken() {
    let said = |statuses: &[&str]| {
        let messages: Vec<_> = statuses.iter().map(|status| json!({ "status": status, "message-id": "M1" })).collect();
        of_text(&answer(200, &json!({ "messages": messages }).to_string()))
    };
    assert_eq!(said(&["1", "0"]), Outcome::Accepted { provider_id: ProviderId::parse("M1") });
    assert_eq!(said(&["9", "5"]), Outcome::Ambiguous);
    assert_eq!(said(&["9", "9"]), Outcome::Refused(Refusal::QuotaExhausted));
}

#[test]
fn problems_of_calls_mean_what_the_table_says() {
    let problem = |status, name: &str| {
        of_call(&answer(
            status,
            &json!({ "type": format!("https://developer.nexmo.com/api-errors#{name}") }).to_string(),
        ))
    };
    for (name, refusal) in PROBLEMS {
        assert_eq!(problem(403, name), Outcome::Refused(*refusal), "{name}");
        assert_eq!(problem(500, name), Outcome::Ambiguous, "{name}");
    }
    assert_eq!(
        of_call(&answer(401, r#"{"type":"UNAUTHORIZED","error_title":"x"}"#)),
        Outcome::Refused(Refusal::AuthFailed)
    );
    assert_eq!(problem(400, "new"), Outcome::Refused(Refusal::Misconfigured));
    assert_eq!(problem(429, "throttled"), Outcome::Throttled { retry_after: Some(Duration::from_secs(3)) });
    assert_eq!(of_call(&answer(201, "{}")), Outcome::Ambiguous);
    assert_eq!(of_call(&answer(200, r#"{"uuid":"x"}"#)), Outcome::Ambiguous);
}

#[test]
fn what_may_have_been_taken_is_never_sent_twice() {
    is_never_sent_twice(carrier, &[a_text(Language::Ja), a_call(Language::En, "03-1234-5678")]);
}

/// As Vonage signs reports of calls.
fn event(vonage: &Vonage, status: &str) -> Result<Option<DeliveryReport>, NotGenuine> {
    let at = a_text(Language::Ja).at;
    let body = json!({ "status": status, "uuid": "63f61863", "direction": "outbound" }).to_string();
    let hash = data_encoding::HEXLOWER.encode(ring::digest::digest(&ring::digest::SHA256, body.as_bytes()).as_ref());
    let part = |value: serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let claims = json!({ "iat": at.as_secs(), "payload_hash": hash });
    let signed = format!("{}.{}", part(json!({ "alg": "HS256" })), part(claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"a signature secret");
    let signature = BASE64URL_NOPAD.encode(ring::hmac::sign(&key, signed.as_bytes()).as_ref());
    let value = format!("Bearer {signed}.{signature}").parse().unwrap();
    let headers = [(header::AUTHORIZATION, value)].into_iter().collect();
    run(vonage.read_callback(&Callback { url: "https://x.jp/", headers: &headers, body: body.as_bytes(), at }))
}

#[test]
fn reports_say_what_became_of_a_message() {
    let vonage = vonage(&Url::parse("http://127.0.0.1:9").unwrap());
    for (status, report) in [
        ("started", None),
        ("ringing", None),
        ("answered", None),
        ("human", None),
        ("machine", Some(DeliveryReport::Unanswered)),
        ("completed", Some(DeliveryReport::Delivered)),
        ("busy", Some(DeliveryReport::Unanswered)),
        ("timeout", Some(DeliveryReport::Unanswered)),
        ("unanswered", Some(DeliveryReport::Unanswered)),
        ("failed", Some(DeliveryReport::Undelivered)),
        ("rejected", Some(DeliveryReport::Undelivered)),
        ("something new", None),
    ] {
        assert_eq!(event(&vonage, status), Ok(report), "{status}");
    }
    let headers = HeaderMap::new();
    let signed = include_str!("signed_by_vonage.txt").lines().next().unwrap();
    let read = |body: &str| {
        let at = a_text(Language::Ja).at;
        run(vonage.read_callback(&Callback { url: "https://x.jp/", headers: &headers, body: body.as_bytes(), at }))
    };
    assert_eq!(read(signed), Ok(Some(DeliveryReport::Delivered)));
    assert_eq!(read("status=delivered"), Err(NotGenuine));
}
