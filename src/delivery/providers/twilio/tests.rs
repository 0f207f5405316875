use std::sync::Arc;

use super::*;
use crate::{
    delivery::{
        message::sample_code,
        providers::{
            Carrier,
            peer::{Manner, Peer, a_call, a_text, is_never_sent_twice, means, run},
        },
    },
    secret::SecretString,
};

const ACCOUNT: &str = "AC00112233445566778899aabbccddeeff";

fn config(url: &Url) -> TwilioProvider {
    TwilioProvider {
        account: ACCOUNT.to_owned(),
        auth_token: Some(ConfiguredSecret::Here(SecretString::from("a token"))),
        api_key: None,
        webhook_key: None,
        from: Some(SenderId::Number("+815012345678".to_owned())),
        messaging_service: None,
        voice_ja: "Polly.Mizuki".to_owned(),
        voice_en: "Polly.Joanna".to_owned(),
        hang_up_on_machines: true,
        reports: true,
        url: url.clone(),
    }
}

fn twilio(url: &Url) -> Twilio {
    Twilio::new(&config(url), &mut means()).unwrap()
}

fn carrier(url: &Url) -> Carrier {
    Arc::new(twilio(url))
}

const CREATED: Manner = Manner::Answers(
    "201 Created",
    "content-type: application/json\r\n",
    r#"{"sid":"SM0123456789abcdef0123456789abcdef","status":"queued","error_code":null,"error_message":null}"#,
);

fn answered(status: u16, body: &str) -> Outcome {
    let headers = [(header::RETRY_AFTER, HeaderValue::from_static("3"))].into_iter().collect();
    outcome(&Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Bytes::from(body.to_owned()) })
}

#[test]
fn a_text_message_reads_exactly_so() {
    let peer = Peer::start(CREATED);
    let twilio = twilio(&peer.url);
    let message = a_text(Language::Ja);
    let outcome = run(twilio.send(&message));
    assert_eq!(outcome, Outcome::Accepted { provider_id: ProviderId::parse("SM0123456789abcdef0123456789abcdef") });
    let [seen] = &peer.seen()[..] else { panic!("one request") };
    assert_eq!(seen.line, format!("POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1"));
    assert_eq!(seen.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(
        seen.header("authorization"),
        format!("Basic {}", BASE64.encode(format!("{ACCOUNT}:a token").as_bytes()))
    );
    // A plus sign that is not escaped would arrive as a space.
    assert!(seen.body.starts_with("To=%2B819012345678&From=%2B815012345678&Body=%E8%AA%8D"), "{}", seen.body);
    let callback = twilio.report_address(&message).unwrap();
    let Body::Sms { text, .. } = &message.body else { panic!() };
    let expected = [
        ("To", "+819012345678"),
        ("From", "+815012345678"),
        ("Body", text),
        ("ValidityPeriod", "290"),
        ("StatusCallback", &callback),
    ];
    assert_eq!(seen.form(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(callback.starts_with("https://console.example.jp/.sekisho/callback/twilio/1."), "{callback}");
}

#[test]
fn a_call_reads_its_words_inline_and_ends_at_machines() {
    let peer = Peer::start(CREATED);
    let twilio = twilio(&peer.url);
    let message = a_call(Language::Ja, "03-1234-5678");
    assert!(matches!(run(twilio.send(&message)), Outcome::Accepted { .. }));
    let [seen] = &peer.seen()[..] else { panic!("one request") };
    assert_eq!(seen.line, format!("POST /2010-04-01/Accounts/{ACCOUNT}/Calls.json HTTP/1.1"));
    let form = seen.form();
    let names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "To",
        "From",
        "Twiml",
        "Timeout",
        "TimeLimit",
        "StatusCallback",
        "MachineDetection",
        "AsyncAmd",
        "AsyncAmdStatusCallback",
    ];
    assert_eq!(names, expected);
    let twiml = &form[2].1;
    assert!(twiml.starts_with(r#"<Response><Say language="ja-JP" voice="Polly.Mizuki"><break time="1000ms"/>こちらは、A&amp;B &lt;Console&gt;です。"#), "{twiml}");
    assert!(twiml.ends_with("失礼いたします。</Say><Hangup/></Response>"), "{twiml}");
    assert!(twiml.chars().count() <= 4000, "{}", twiml.chars().count());
    let spaced = sample_code().expose().chars().map(|d| speech::digit_word(Language::Ja, d)).collect::<Vec<_>>();
    let first_two = format!(r#"{}<break time="700ms"/>{}"#, spaced[0], spaced[1]);
    assert_eq!(twiml.matches(&first_two).count(), 3, "{twiml}");
}

#[test]
fn an_extension_is_dialled_and_not_taken_for_a_machine() {
    let peer = Peer::start(CREATED);
    let twilio = twilio(&peer.url);
    assert!(matches!(run(twilio.send(&a_call(Language::En, "03-1234-5678 内線12"))), Outcome::Accepted { .. }));
    let form = peer.seen()[0].form();
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(field("SendDigits"), Some("ww12#"));
    assert_eq!(field("MachineDetection"), None);
    assert!(field("Twiml").unwrap().starts_with(r#"<Response><Pause length="8"/><Say language="en-US""#));
}

#[test]
fn where_nothing_can_be_checked_nothing_is_reported() {
    let url = Url::parse("http://127.0.0.1:9").unwrap();
    let silent = TwilioProvider { reports: false, ..config(&url) };
    let keyed = TwilioProvider {
        auth_token: None,
        api_key: Some(("SK1".to_owned(), ConfiguredSecret::Here(SecretString::from("s")))),
        ..config(&url)
    };
    for config in [silent, keyed] {
        let twilio = Twilio::new(&config, &mut means()).unwrap();
        assert!(
            !twilio
                .text_form(&a_text(Language::En), &PhoneNumber::parse("+819012345678", "JP").unwrap(), "x")
                .contains("Callback")
        );
        let call = a_call(Language::En, "03-1234-5678");
        let request = twilio.request(&call).unwrap();
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        assert!(!body.contains("Callback") && !body.contains("MachineDetection"), "{body}");
    }
    let at_home = Means { origin: "https://localhost:8443".to_owned(), ..means() };
    let mut at_home = at_home;
    assert!(Twilio::new(&config(&url), &mut at_home).unwrap().report_to.is_none());
}

#[test]
fn every_known_code_means_what_the_table_says() {
    let error = |code: u32| format!(r#"{{"code":{code},"message":"x","more_info":"y","status":400}}"#);
    for (code, refusal) in REFUSALS {
        assert_eq!(answered(400, &error(*code)), Outcome::Refused(*refusal), "{code}");
    }
    let mut codes: Vec<u32> = REFUSALS.iter().map(|(code, _)| *code).chain(THROTTLED.iter().copied()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), REFUSALS.len() + THROTTLED.len(), "each code once");
    for code in THROTTLED {
        assert_eq!(answered(429, &error(*code)), Outcome::Throttled { retry_after: Some(Duration::from_secs(3)) });
    }
}

#[test]
fn what_a_person_or_an_operator_reads_follows_from_twilios_code() {
    let half_an_hour = Some(Duration::from_mins(30));
    for (code, refusal) in [
        (20003, Refusal::AuthFailed),
        (21211, Refusal::InvalidNumber),
        (21408, Refusal::CountryBlocked),
        (21610, Refusal::NumberBlocked),
        (21614, Refusal::NotSmsCapable),
        (30007, Refusal::ContentFiltered),
        (30450, Refusal::FraudBlocked { retry_after: half_an_hour }),
    ] {
        let error = format!(r#"{{"code":{code},"message":"x","more_info":"y","status":400}}"#);
        assert_eq!(answered(400, &error), Outcome::Refused(refusal), "{code}");
    }
}

#[test]
fn an_unknown_code_means_what_its_status_says() {
    let unknown = r#"{"code":99999,"message":"x"}"#;
    for (status, expected) in [
        (400, Outcome::Refused(Refusal::Misconfigured)),
        (401, Outcome::Refused(Refusal::AuthFailed)),
        (402, Outcome::Refused(Refusal::QuotaExhausted)),
        (404, Outcome::Refused(Refusal::Misconfigured)),
        (429, Outcome::Throttled { retry_after: Some(Duration::from_secs(3)) }),
        (500, Outcome::Ambiguous),
        (503, Outcome::Ambiguous),
        (200, Outcome::Ambiguous),
        (201, Outcome::Ambiguous),
    ] {
        assert_eq!(answered(status, unknown), expected, "{status}");
        assert_eq!(answered(status, "no JSON"), expected, "{status}");
    }
    // Behind a 5xx the message may be on its way, whatever code is named.
    assert_eq!(answered(500, r#"{"code":21211}"#), Outcome::Ambiguous);
}

#[test]
fn a_message_that_was_made_and_failed_at_once_is_refused() {
    let failed = r#"{"sid":"SM1","status":"failed","error_code":30007}"#;
    assert_eq!(answered(201, failed), Outcome::Refused(Refusal::ContentFiltered));
    let unknown = r#"{"sid":"SM1","status":"failed","error_code":1}"#;
    assert_eq!(answered(201, unknown), Outcome::Refused(Refusal::Misconfigured));
    let queued = r#"{"sid":"SM1","status":"queued","error_code":null}"#;
    assert_eq!(answered(201, queued), Outcome::Accepted { provider_id: ProviderId::parse("SM1") });
}

#[test]
fn what_may_have_been_taken_is_never_sent_twice() {
    is_never_sent_twice(carrier, &[a_text(Language::Ja), a_call(Language::En, "03-1234-5678")]);
}

/// As Twilio signs it.
fn reported(twilio: &Twilio, url: &str, pairs: &[(&str, &str)]) -> Result<Option<DeliveryReport>, NotGenuine> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let mut sorted = pairs.to_vec();
    sorted.sort_unstable();
    let text = sorted.iter().fold(url.to_owned(), |text, (name, value)| text + name + value);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"a token");
    let signature = BASE64.encode(ring::hmac::sign(&key, text.as_bytes()).as_ref());
    let headers = [("x-twilio-signature".parse().unwrap(), signature.parse().unwrap())].into_iter().collect();
    run(twilio.read_callback(&Callback { url, headers: &headers, body: body.as_bytes(), at: a_text(Language::Ja).at }))
}

#[test]
fn reports_say_what_became_of_a_message() {
    let peer = Peer::start(Manner::Answers("200 OK", "", "{}"));
    let twilio = twilio(&peer.url);
    let url = "https://console.example.jp/.sekisho/callback/twilio/x";
    let text = |status| reported(&twilio, url, &[("MessageSid", "SM1"), ("MessageStatus", status), ("To", "+8190")]);
    for (status, report) in [
        ("queued", None),
        ("sent", None),
        ("delivered", Some(DeliveryReport::Delivered)),
        ("undelivered", Some(DeliveryReport::Undelivered)),
        ("failed", Some(DeliveryReport::Undelivered)),
        ("something new", None),
    ] {
        assert_eq!(text(status), Ok(report), "{status}");
    }
    let call = |status, by| reported(&twilio, url, &[("CallSid", "CA1"), ("CallStatus", status), ("AnsweredBy", by)]);
    for (status, by, report) in [
        ("ringing", "", None),
        ("completed", "human", Some(DeliveryReport::Delivered)),
        ("completed", "unknown", Some(DeliveryReport::Delivered)),
        ("completed", "machine_start", Some(DeliveryReport::Unanswered)),
        ("busy", "", Some(DeliveryReport::Unanswered)),
        ("no-answer", "", Some(DeliveryReport::Unanswered)),
        ("failed", "", Some(DeliveryReport::Undelivered)),
    ] {
        assert_eq!(call(status, by), Ok(report), "{status} {by}");
    }
    assert!(peer.seen().is_empty(), "nothing is ended that has ended");
}

#[test]
fn a_call_that_a_machine_takes_is_ended() {
    let peer = Peer::start(Manner::Answers("200 OK", "", "{}"));
    let twilio = twilio(&peer.url);
    let sid = "CA00112233445566778899aabbccddeeff";
    let url = "https://console.example.jp/.sekisho/callback/twilio/x";
    let by = |by, sid| reported(&twilio, url, &[("AccountSid", ACCOUNT), ("CallSid", sid), ("AnsweredBy", by)]);
    assert_eq!(by("human", sid), Ok(None));
    assert!(peer.seen().is_empty());
    assert_eq!(by("machine_start", sid), Ok(Some(DeliveryReport::Unanswered)));
    let [seen] = &peer.seen()[..] else { panic!("one request") };
    assert_eq!(seen.line, format!("POST /2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json HTTP/1.1"));
    assert_eq!(seen.body, "Status=completed");
    assert_eq!(by("machine_start", "../../x"), Ok(Some(DeliveryReport::Unanswered)));
    assert_eq!(peer.seen().len(), 1, "only a call has a name like a call");
}
