//! AWS End User Messaging SMS and Voice v2, and SNS: text messages and calls by signed requests. Neither reports delivery
//! to an address of ours. Facts that change, as their errors, are data below.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;

use super::{Means, ProviderUnusable, aws_signing::Signer};
use crate::{
    config::{AwsProvider, SenderId, SnsProvider},
    delivery::{
        http::{Answer, Http},
        provider::{Body, Outcome, Outgoing, Provider, ProviderId, Refusal},
        speech,
    },
    language::Language,
};

/// Errors of End User Messaging by type and, where there is one, reason. The first line that fits counts.
const REFUSALS: &[(&str, &str, Refusal)] = &[
    ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", Refusal::NumberBlocked),
    ("ConflictException", "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE", Refusal::NumberBlocked),
    ("ConflictException", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", Refusal::CountryBlocked),
    ("ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND", Refusal::SenderRejected),
    ("ConflictException", "NUMBER_CAPABILITIES_MISMATCH", Refusal::SenderRejected),
    ("ConflictException", "MESSAGE_TYPE_MISMATCH", Refusal::SenderRejected),
    ("ConflictException", "RESOURCE_NOT_ACTIVE", Refusal::SenderRejected),
    // The account is in the sandbox.
    ("ConflictException", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", Refusal::Misconfigured),
    ("ValidationException", "CANNOT_PARSE", Refusal::InvalidNumber),
    ("ValidationException", "COUNTRY_NOT_ENABLED", Refusal::CountryBlocked),
    ("ValidationException", "DESTINATION_COUNTRY_BLOCKED", Refusal::CountryBlocked),
    ("ValidationException", "INTERNATIONAL_SENDING_NOT_SUPPORTED", Refusal::CountryBlocked),
    ("ValidationException", "PRICE_OVER_THRESHOLD", Refusal::QuotaExhausted),
    ("ValidationException", "SENDER_ID_NOT_REGISTERED", Refusal::SenderRejected),
    ("ValidationException", "SENDER_ID_NOT_SUPPORTED", Refusal::SenderRejected),
    ("ValidationException", "SENDER_ID_REQUIRES_REGISTRATION", Refusal::SenderRejected),
    ("ValidationException", "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY", Refusal::SenderRejected),
    ("ValidationException", "COUNTRY_CODE_MISMATCH", Refusal::SenderRejected),
    ("ValidationException", "VOICE_CAPABILITY_NOT_AVAILABLE", Refusal::SenderRejected),
    ("ServiceQuotaExceededException", "DAILY_DESTINATION_CALL_LIMIT", Refusal::NumberBlocked),
    ("ServiceQuotaExceededException", "", Refusal::QuotaExhausted),
    ("ResourceNotFoundException", "", Refusal::Misconfigured),
    ("AccessDeniedException", "", Refusal::AuthFailed),
    ("UnrecognizedClientException", "", Refusal::AuthFailed),
    ("InvalidSignatureException", "", Refusal::AuthFailed),
    ("IncompleteSignatureException", "", Refusal::AuthFailed),
    ("MissingAuthenticationTokenException", "", Refusal::AuthFailed),
    ("ExpiredTokenException", "", Refusal::AuthFailed),
];

/// Error codes of SNS, and what their message says where the code alone leaves it open.
const SNS_REFUSALS: &[(&str, &str, Refusal)] = &[
    ("InvalidParameter", "opted out", Refusal::NumberBlocked),
    ("InvalidParameter", "PhoneNumber", Refusal::InvalidNumber),
    ("InvalidParameterValue", "PhoneNumber", Refusal::InvalidNumber),
    ("OptedOut", "", Refusal::NumberBlocked),
    ("UserError", "", Refusal::SenderRejected),
    ("AuthorizationError", "", Refusal::AuthFailed),
    ("AccessDenied", "", Refusal::AuthFailed),
    ("InvalidClientTokenId", "", Refusal::AuthFailed),
    ("SignatureDoesNotMatch", "", Refusal::AuthFailed),
    ("ExpiredToken", "", Refusal::AuthFailed),
    ("OptInRequired", "", Refusal::AuthFailed),
];

const THROTTLED: &[&str] =
    &["ThrottlingException", "Throttling", "ThrottledException", "Throttled", "TooManyRequestsException"];

/// What AWS allows, in seconds.
const SHORTEST_LIFE: u64 = 5;
const LONGEST_LIFE: u64 = 259_200;

/// End User Messaging.
#[derive(Debug)]
pub(super) struct Aws {
    http: Http,
    signer: Signer,
    config: AwsProvider,
}

impl Aws {
    pub(super) fn new(config: &AwsProvider, means: &mut Means) -> Result<Self, ProviderUnusable> {
        let signer = Signer::new(&config.access, "sms-voice", "sms-voice", means)?;
        Ok(Self { http: means.http()?, signer, config: config.clone() })
    }

    /// The action and its parameters; `None`: it cannot be done.
    fn asked(&self, message: &Outgoing) -> Option<(&'static str, serde_json::Value)> {
        let config = &self.config;
        let (action, mut asked) = match &message.body {
            Body::Sms { to, text } => (
                "SendTextMessage",
                json!({ "DestinationPhoneNumber": to.e164(), "MessageBody": text, "MessageType": "TRANSACTIONAL" }),
            ),
            // AWS dials no extensions; another provider may.
            Body::Voice { to, plan } if to.extension().is_none() => {
                let voice = match message.language {
                    Language::Ja => &config.voice_ja,
                    Language::En => &config.voice_en,
                };
                let words = format!("<speak>{}</speak>", speech::written(plan, message.language));
                (
                    "SendVoiceMessage",
                    json!({
                        "DestinationPhoneNumber": to.e164(), "MessageBody": words, "MessageBodyTextType": "SSML", "VoiceId": voice,
                    }),
                )
            }
            Body::Voice { .. } | Body::Mail { .. } => return None,
        };
        let left = message.expires_at.since(message.at).as_secs().clamp(SHORTEST_LIFE, LONGEST_LIFE);
        let further = [
            ("OriginationIdentity", &config.origination),
            ("ConfigurationSetName", &config.configuration_set),
            ("ProtectConfigurationId", &config.protect_configuration),
        ];
        let fields = asked.as_object_mut()?;
        fields.insert("TimeToLive".to_owned(), left.into());
        for (name, value) in further {
            fields.extend(value.as_ref().map(|value| (name.to_owned(), value.as_str().into())));
        }
        Some((action, asked))
    }
}

#[async_trait]
impl Provider for Aws {
    fn name(&self) -> &'static str {
        "aws"
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        let Some((action, asked)) = self.asked(message) else { return Outcome::Refused(Refusal::Misconfigured) };
        let target = format!("PinpointSMSVoiceV2.{action}");
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target.as_str())];
        let Some(request) = self.signer.post(&headers, asked.to_string(), message.at).await else {
            return Outcome::Unavailable;
        };
        match self.http.exchange(request).await {
            Ok(answer) => outcome(&answer),
            Err(unanswered) => unanswered.into(),
        }
    }
}

#[derive(Deserialize)]
struct Said {
    #[serde(rename = "MessageId")]
    message: Option<String>,
    #[serde(rename = "__type")]
    kind: Option<String>,
    #[serde(rename = "Reason")]
    reason: Option<String>,
}

fn outcome(answer: &Answer) -> Outcome {
    let said: Option<Said> = answer.json();
    if answer.status.is_success() {
        let taken = said.and_then(|said| said.message);
        return taken.map_or(Outcome::Ambiguous, |id| Outcome::Accepted { provider_id: ProviderId::parse(&id) });
    }
    if !answer.status.is_client_error() {
        return answer.outcome_by_status();
    }
    let named = answer.headers.get("x-amzn-errortype").and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let (kind, reason) = said.map_or((None, None), |said| (said.kind, said.reason));
    let kind = kind.or(named).unwrap_or_default();
    // `namespace#Name:link`
    let kind = kind.rsplit('#').next().and_then(|kind| kind.split(':').next()).unwrap_or_default();
    if THROTTLED.contains(&kind) {
        return Outcome::Throttled { retry_after: answer.retry_after() };
    }
    let reason = reason.unwrap_or_default();
    let known = REFUSALS.iter().find(|(of, because, _)| *of == kind && (because.is_empty() || *because == reason));
    known.map_or_else(|| answer.outcome_by_status(), |(.., refusal)| Outcome::Refused(*refusal))
}

/// SNS.
#[derive(Debug)]
pub(super) struct Sns {
    http: Http,
    signer: Signer,
    from: Option<SenderId>,
}

impl Sns {
    pub(super) fn new(config: &SnsProvider, means: &mut Means) -> Result<Self, ProviderUnusable> {
        let signer = Signer::new(&config.access, "sns", "sns", means)?;
        Ok(Self { http: means.http()?, signer, from: config.from.clone() })
    }

    fn form(&self, to: &str, text: &str) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", "Publish").append_pair("Version", "2010-03-31");
        form.append_pair("PhoneNumber", to).append_pair("Message", text);
        let mut attributes = vec![("AWS.SNS.SMS.SMSType", "Transactional")];
        match &self.from {
            Some(SenderId::Number(number)) => attributes.push(("AWS.MM.SMS.OriginationNumber", number)),
            Some(SenderId::Name(name)) => attributes.push(("AWS.SNS.SMS.SenderID", name)),
            None => {}
        }
        for ((name, value), place) in attributes.into_iter().zip(1_u32..) {
            let entry = format!("MessageAttributes.entry.{place}");
            form.append_pair(&format!("{entry}.Name"), name);
            form.append_pair(&format!("{entry}.Value.DataType"), "String");
            form.append_pair(&format!("{entry}.Value.StringValue"), value);
        }
        form.finish()
    }
}

#[async_trait]
impl Provider for Sns {
    fn name(&self) -> &'static str {
        "sns"
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        let Body::Sms { to, text } = &message.body else { return Outcome::Refused(Refusal::Misconfigured) };
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let Some(request) = self.signer.post(&headers, self.form(to.e164(), text), message.at).await else {
            return Outcome::Unavailable;
        };
        match self.http.exchange(request).await {
            Ok(answer) => sns_outcome(&answer),
            Err(unanswered) => unanswered.into(),
        }
    }
}

fn sns_outcome(answer: &Answer) -> Outcome {
    let text = String::from_utf8_lossy(&answer.body);
    if answer.status.is_success() {
        let taken = element(&text, "MessageId");
        return taken.map_or(Outcome::Ambiguous, |id| Outcome::Accepted { provider_id: ProviderId::parse(id) });
    }
    if !answer.status.is_client_error() {
        return answer.outcome_by_status();
    }
    let code = element(&text, "Code").unwrap_or_default();
    if THROTTLED.contains(&code) {
        return Outcome::Throttled { retry_after: answer.retry_after() };
    }
    let said = element(&text, "Message").unwrap_or_default();
    let known = SNS_REFUSALS.iter().find(|(of, says, _)| *of == code && said.contains(says));
    known.map_or_else(|| answer.outcome_by_status(), |(.., refusal)| Outcome::Refused(*refusal))
}

/// The text of the first element of that name; SNS writes them without attributes.
fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(inner, _)| inner.trim())
}

#[cfg(test)]
#[path = "aws_tests.rs"]
mod tests;
