use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use url::Url;

use super::*;
use crate::{
    config::{AwsAccess, ConfiguredSecret},
    delivery::providers::{
        Carrier,
        peer::{Manner, Peer, a_call, a_text, is_never_sent_twice, means, run},
    },
    secret::SecretString,
};

fn access(url: &Url) -> AwsAccess {
    let here = |text: &str| ConfiguredSecret::Here(SecretString::from(text));
    AwsAccess {
        region: "ap-northeast-1".to_owned(),
        keys: Some((here("AKIDEXAMPLE"), here("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))),
        session_token: None,
        url: Some(url.clone()),
    }
}

fn aws(url: &Url) -> Carrier {
    let config = AwsProvider {
        access: access(url),
        origination: Some("phone-1".to_owned()),
        configuration_set: Some("codes".to_owned()),
        protect_configuration: None,
        voice_ja: "TAKUMI".to_owned(),
        voice_en: "JOANNA".to_owned(),
    };
    Arc::new(Aws::new(&config, &mut means()).unwrap())
}

fn sns(url: &Url) -> Carrier {
    let config = SnsProvider { access: access(url), from: Some(SenderId::Name("Seller".to_owned())) };
    Arc::new(Sns::new(&config, &mut means()).unwrap())
}

fn answer(status: u16, body: &str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Answer { status, headers: http::HeaderMap::new(), body: Bytes::from(body.to_owned()) }
}

#[test]
fn a_text_message_by_end_user_messaging_reads_exactly_so() {
    let peer = Peer::start(Manner::Answers("200 OK", "", r#"{"MessageId":"6b0c-1"}"#));
    let message = a_text(Language::Ja);
    let outcome = run(aws(&peer.url).send(&message));
    assert_eq!(outcome, Outcome::Accepted { provider_id: ProviderId::parse("6b0c-1") });
    let [seen] = &peer.seen()[..] else { panic!("one request") };
    assert_eq!(seen.line, "POST / HTTP/1.1");
    assert_eq!(seen.header("x-amz-target"), "PinpointSMSVoiceV2.SendTextMessage");
    assert_eq!(seen.header("content-type"), "application/x-amz-json-1.0");
    let authorization = seen.header("authorization");
    assert!(
        authorization.contains(
            "/ap-northeast-1/sms-voice/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
        ),
        "{authorization}"
    );
    let Body::Sms { text, .. } = &message.body else { panic!() };
    let expected = json!({
        "DestinationPhoneNumber": "+819012345678", "OriginationIdentity": "phone-1", "MessageBody": text,
        "MessageType": "TRANSACTIONAL", "TimeToLive": 290, "ConfigurationSetName": "codes",
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&seen.body).unwrap(), expected);
}

#[test]
fn a_call_is_spoken_and_no_extension_is_promised() {
    let peer = Peer::start(Manner::Answers("200 OK", "", r#"{"MessageId":"c"}"#));
    let aws = aws(&peer.url);
    assert!(matches!(run(aws.send(&a_call(Language::Ja, "03-1234-5678"))), Outcome::Accepted { .. }));
    let body: serde_json::Value = serde_json::from_str(&peer.seen()[0].body).unwrap();
    assert_eq!((&body["VoiceId"], &body["MessageBodyTextType"]), (&json!("TAKUMI"), &json!("SSML")));
    let words = body["MessageBody"].as_str().unwrap();
    assert!(
        words.starts_with("<speak><break time=\"1000ms\"/>こちらは、A&amp;B &lt;Console&gt;です。")
            && words.len() <= 6000
    );
    let extension = run(aws.send(&a_call(Language::Ja, "03-1234-5678 内線12")));
    assert_eq!(extension, Outcome::Refused(Refusal::Misconfigured));
    assert!(extension.may_fail_over(), "another may dial it");
    assert_eq!(peer.seen().len(), 1);
}

#[test]
fn errors_of_end_user_messaging_mean_what_the_table_says() {
    for (kind, reason, refusal) in REFUSALS {
        let body =
            json!({ "__type": format!("com.amazonaws.pinpointsmsvoicev2#{kind}"), "Reason": reason, "Message": "x" });
        assert_eq!(outcome(&answer(400, &body.to_string())), Outcome::Refused(*refusal), "{kind} {reason}");
    }
    let throttled = outcome(&answer(400, r#"{"__type":"ThrottlingException"}"#));
    assert_eq!(throttled, Outcome::Throttled { retry_after: None });
    let unknown = outcome(&answer(400, r#"{"__type":"ValidationException","Reason":"OTHER"}"#));
    assert_eq!(unknown, Outcome::Refused(Refusal::Misconfigured));
    assert_eq!(outcome(&answer(403, "no JSON")), Outcome::Refused(Refusal::AuthFailed));
    let behind =
        outcome(&answer(500, r#"{"__type":"ConflictException","Reason":"DESTINATION_PHONE_NUMBER_OPTED_OUT"}"#));
    assert_eq!(behind, Outcome::Ambiguous);
}

#[test]
fn a_text_message_by_sns_reads_exactly_so() {
    let taken = "<PublishResponse><PublishResult><MessageId>5f-1</MessageId></PublishResult></PublishResponse>";
    let peer = Peer::start(Manner::Answers("200 OK", "", taken));
    let message = a_text(Language::En);
    let outcome = run(sns(&peer.url).send(&message));
    assert_eq!(outcome, Outcome::Accepted { provider_id: ProviderId::parse("5f-1") });
    let [seen] = &peer.seen()[..] else { panic!("one request") };
    assert!(seen.body.contains("&PhoneNumber=%2B819012345678&"), "{}", seen.body);
    let Body::Sms { text, .. } = &message.body else { panic!() };
    let expected = [
        ("Action", "Publish"),
        ("Version", "2010-03-31"),
        ("PhoneNumber", "+819012345678"),
        ("Message", text),
        ("MessageAttributes.entry.1.Name", "AWS.SNS.SMS.SMSType"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        ("MessageAttributes.entry.1.Value.StringValue", "Transactional"),
        ("MessageAttributes.entry.2.Name", "AWS.SNS.SMS.SenderID"),
        ("MessageAttributes.entry.2.Value.DataType", "String"),
        ("MessageAttributes.entry.2.Value.StringValue", "Seller"),
    ];
    assert_eq!(seen.form(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn errors_of_sns_mean_what_the_table_says() {
    let error = |code: &str, said: &str| {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{said}</Message></Error></ErrorResponse>"
        )
    };
    for (code, says, refusal) in SNS_REFUSALS {
        assert_eq!(sns_outcome(&answer(400, &error(code, says))), Outcome::Refused(*refusal), "{code} {says}");
    }
    let number = error("InvalidParameter", "Invalid parameter: PhoneNumber Reason: +81 is not valid to publish to");
    assert_eq!(sns_outcome(&answer(400, &number)), Outcome::Refused(Refusal::InvalidNumber));
    assert_eq!(
        sns_outcome(&answer(400, &error("Throttling", "Rate exceeded"))),
        Outcome::Throttled { retry_after: None }
    );
    assert_eq!(sns_outcome(&answer(400, &error("New", ""))), Outcome::Refused(Refusal::Misconfigured));
    assert_eq!(sns_outcome(&answer(500, &error("InvalidParameter", "PhoneNumber"))), Outcome::Ambiguous);
}

#[test]
fn what_may_have_been_taken_is_never_sent_twice() {
    is_never_sent_twice(aws, &[a_text(Language::Ja), a_call(Language::En, "03-1234-5678")]);
    is_never_sent_twice(sns, &[a_text(Language::En)]);
}
