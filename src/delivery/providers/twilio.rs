//! Twilio: text messages by its Messages resource, calls by its Calls resource with the words inline, and its reports of
//! both. Facts of it that change, as its error codes, are data below.

mod signature;
#[cfg(test)]
mod tests;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderValue, Method, Request, StatusCode, header};
use serde::Deserialize;
use url::Url;

use self::signature::Keys;
use super::{Means, ProviderUnusable};
use crate::{
    account::PhoneNumber,
    config::{ConfiguredSecret, SenderId, TwilioProvider},
    delivery::{
        callback::{Callback, NotGenuine, ReportTo},
        http::{Answer, Http},
        provider::{Body, Outcome, Outgoing, Provider, ProviderId, Refusal},
        speech::{self, Phrase},
    },
    language::Language,
    secret::SecretBytes,
    store::DeliveryReport,
};

/// Twilio's error codes whose meaning matters; of the others the HTTP status speaks.
const REFUSALS: &[(u32, Refusal)] = &[
    (13221, Refusal::InvalidNumber),
    (13223, Refusal::InvalidNumber),
    (13224, Refusal::InvalidNumber),
    (13225, Refusal::NumberBlocked),
    (13226, Refusal::InvalidNumber),
    (13227, Refusal::CountryBlocked),
    (20003, Refusal::AuthFailed),
    (20005, Refusal::AuthFailed),
    (20006, Refusal::AuthFailed),
    (20008, Refusal::Misconfigured),
    (21201, Refusal::InvalidNumber),
    (21210, Refusal::SenderRejected),
    (21211, Refusal::InvalidNumber),
    (21212, Refusal::SenderRejected),
    (21215, Refusal::CountryBlocked),
    (21216, Refusal::FraudBlocked { retry_after: None }),
    (21217, Refusal::InvalidNumber),
    (21408, Refusal::CountryBlocked),
    (21601, Refusal::InvalidNumber),
    (21602, Refusal::Misconfigured),
    (21603, Refusal::SenderRejected),
    (21604, Refusal::InvalidNumber),
    (21606, Refusal::SenderRejected),
    (21607, Refusal::SenderRejected),
    (21608, Refusal::Misconfigured),
    (21610, Refusal::NumberBlocked),
    (21612, Refusal::SenderRejected),
    (21614, Refusal::NotSmsCapable),
    (21617, Refusal::Misconfigured),
    (21635, Refusal::NotSmsCapable),
    (21659, Refusal::SenderRejected),
    (21660, Refusal::SenderRejected),
    (21661, Refusal::SenderRejected),
    (30002, Refusal::AuthFailed),
    (30004, Refusal::NumberBlocked),
    (30005, Refusal::InvalidNumber),
    (30006, Refusal::NotSmsCapable),
    (30007, Refusal::ContentFiltered),
    (30032, Refusal::SenderRejected),
    (30034, Refusal::SenderRejected),
    // Twilio lifts this block by itself within 15 to 30 minutes.
    (30450, Refusal::FraudBlocked { retry_after: Some(Duration::from_mins(30)) }),
    (63038, Refusal::QuotaExhausted),
];

/// Codes for "not now": the account's or the sender's queue is full.
const THROTTLED: &[u32] = &[20429, 21611, 30001];

/// A message is not worth delivering for longer than Twilio allows, in seconds.
const LONGEST_VALIDITY: u64 = 36_000;
/// How long a phone rings, in seconds.
const RINGS: &str = "30";
/// Nobody pays for a longer call; the plan is done in a minute. Seconds.
const LONGEST_CALL: &str = "120";

/// A Twilio account.
pub(super) struct Twilio {
    http: Http,
    messages: Url,
    calls: Url,
    authorization: HeaderValue,
    from: Option<SenderId>,
    messaging_service: Option<String>,
    voices: [String; 2],
    hang_up_on_machines: bool,
    report_to: Option<ReportTo>,
    signed_with: Keys,
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Twilio(…)")
    }
}

impl Twilio {
    pub(super) fn new(config: &TwilioProvider, means: &mut Means) -> Result<Self, ProviderUnusable> {
        let read = |key: &'static str, secret: &ConfiguredSecret| {
            secret.read().map_err(|unreadable| ProviderUnusable::Secret(key, unreadable))
        };
        let auth_token = config.auth_token.as_ref().map(|token| read("auth_token", token)).transpose()?;
        let shared = match &config.webhook_key {
            Some((name, secret)) => Some((name.clone(), read("webhook_secret", secret)?)),
            None => None,
        };
        let (user, password) = match (&config.api_key, &auth_token) {
            (Some((key, secret)), _) => (key, read("api_key_secret", secret)?),
            (None, Some(token)) => (&config.account, token.clone()),
            (None, None) => (&config.account, SecretBytes::new(Vec::new())),
        };
        let signed_with = Keys { auth_token, shared };
        let report_to = ReportTo::new("twilio", &means.origin, means.keyring.clone())
            .filter(|_| config.reports && signed_with.any());
        Ok(Self {
            http: means.http()?,
            messages: resource(&config.url, &config.account, &["Messages.json"]),
            calls: resource(&config.url, &config.account, &["Calls.json"]),
            authorization: basic(user, &password),
            from: config.from.clone(),
            messaging_service: config.messaging_service.clone(),
            voices: [config.voice_ja.clone(), config.voice_en.clone()],
            hang_up_on_machines: config.hang_up_on_machines,
            report_to,
            signed_with,
        })
    }

    fn post(&self, to: &Url, form: String) -> Option<Request<Bytes>> {
        Request::builder()
            .method(Method::POST)
            .uri(to.as_str())
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .ok()
    }

    fn request(&self, message: &Outgoing) -> Option<Request<Bytes>> {
        match &message.body {
            Body::Sms { to, text } => self.post(&self.messages, self.text_form(message, to, text)),
            Body::Voice { to, plan } => self.post(&self.calls, self.call_form(message, to, plan)),
            Body::Mail { .. } => None,
        }
    }

    fn text_form(&self, message: &Outgoing, to: &PhoneNumber, text: &str) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", to.e164());
        self.append_sender(&mut form);
        form.append_pair("Body", text);
        let left = message.expires_at.since(message.at).as_secs().clamp(1, LONGEST_VALIDITY);
        form.append_pair("ValidityPeriod", &left.to_string());
        if let Some(address) = self.report_address(message) {
            form.append_pair("StatusCallback", &address);
        }
        form.finish()
    }

    fn call_form(&self, message: &Outgoing, to: &PhoneNumber, plan: &[Phrase]) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", to.e164());
        self.append_sender(&mut form);
        form.append_pair("Twiml", &self.twiml(message.language, to, plan));
        form.append_pair("Timeout", RINGS).append_pair("TimeLimit", LONGEST_CALL);
        if let Some(extension) = to.extension() {
            // Half a second each, for a machine that has just picked up.
            form.append_pair("SendDigits", &format!("ww{extension}#"));
        }
        if let Some(address) = self.report_address(message) {
            form.append_pair("StatusCallback", &address);
            // A machine is meant to take a call with an extension.
            if self.hang_up_on_machines && to.extension().is_none() {
                form.append_pair("MachineDetection", "Enable").append_pair("AsyncAmd", "true");
                form.append_pair("AsyncAmdStatusCallback", &address);
            }
        }
        form.finish()
    }

    fn append_sender(&self, form: &mut form_urlencoded::Serializer<'_, String>) {
        if let Some(service) = &self.messaging_service {
            form.append_pair("MessagingServiceSid", service);
        }
        if let Some(from) = &self.from {
            form.append_pair("From", from.as_str());
        }
    }

    fn report_address(&self, message: &Outgoing) -> Option<String> {
        self.report_to.as_ref()?.address(message.id)
    }

    /// The words of a call; behind an extension the person's phone has yet to ring.
    fn twiml(&self, language: Language, to: &PhoneNumber, plan: &[Phrase]) -> String {
        let [ja, en] = &self.voices;
        let (tag, voice) = match language {
            Language::Ja => ("ja-JP", ja),
            Language::En => ("en-US", en),
        };
        let wait = if to.extension().is_some() { r#"<Pause length="8"/>"# } else { "" };
        let words = speech::written(plan, language);
        format!(r#"<Response>{wait}<Say language="{tag}" voice="{voice}">{words}</Say><Hangup/></Response>"#)
    }

    /// Ends a call: whoever took it is no person. That it cannot be ended changes nothing for us.
    async fn hang_up(&self, call: &str) {
        let named = call.len() == 34 && call.starts_with("CA") && call.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let mut url = self.calls.clone();
        if let (true, Ok(mut path)) = (named, url.path_segments_mut()) {
            path.pop().push("Calls").push(&format!("{call}.json"));
        } else {
            return;
        }
        let Some(request) = self.post(&url, "Status=completed".to_owned()) else { return };
        match self.http.exchange(request).await {
            Ok(answer) if answer.status.is_success() => tracing::info!("a call that a machine took was ended"),
            Ok(answer) => tracing::warn!(status = %answer.status, "a call that a machine took could not be ended"),
            Err(_unanswered) => tracing::warn!("whether a call that a machine took was ended is not known"),
        }
    }
}

#[async_trait]
impl Provider for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        let Some(request) = self.request(message) else { return Outcome::Refused(Refusal::Misconfigured) };
        match self.http.exchange(request).await {
            Ok(answer) => outcome(&answer),
            Err(unanswered) => unanswered.into(),
        }
    }

    async fn read_callback(&self, callback: &Callback<'_>) -> Result<Option<DeliveryReport>, NotGenuine> {
        let form = self.signed_with.genuine(callback)?;
        let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        if let Some(code) = field("ErrorCode").filter(|code| !code.is_empty() && code.len() < 8) {
            tracing::info!(provider = "twilio", code, "reported an error");
        }
        let by = field("AnsweredBy");
        let machine = by.is_some_and(|by| by.starts_with("machine") || by == "fax");
        // What tells the kind of callback apart: a call's end, what took it, or a message.
        Ok(match (field("CallStatus"), field("MessageStatus")) {
            (None | Some("in-progress"), None) if machine && self.hang_up_on_machines => {
                self.hang_up(field("CallSid").unwrap_or_default()).await;
                Some(DeliveryReport::Unanswered)
            }
            (Some(status), None) => of_call(status, machine),
            (None, Some(status)) => of_text(status),
            _ => None,
        })
    }
}

fn of_text(status: &str) -> Option<DeliveryReport> {
    match status {
        "delivered" | "read" => Some(DeliveryReport::Delivered),
        "undelivered" | "failed" | "canceled" => Some(DeliveryReport::Undelivered),
        _ => None,
    }
}

fn of_call(status: &str, machine: bool) -> Option<DeliveryReport> {
    match status {
        "completed" if machine => Some(DeliveryReport::Unanswered),
        "completed" => Some(DeliveryReport::Delivered),
        "busy" | "no-answer" => Some(DeliveryReport::Unanswered),
        "failed" | "canceled" => Some(DeliveryReport::Undelivered),
        _ => None,
    }
}

/// What Twilio says in both cases.
#[derive(Deserialize)]
struct Said {
    sid: Option<String>,
    /// Of an error.
    code: Option<u32>,
    /// Of a message that was made and is not sent.
    status: Option<serde_json::Value>,
    error_code: Option<u32>,
}

fn outcome(answer: &Answer) -> Outcome {
    let said: Option<Said> = answer.json();
    if answer.status == StatusCode::CREATED
        && let Some(Said { sid: Some(sid), status, error_code, .. }) = said
    {
        let failed = status.is_some_and(|status| status == "failed" || status == "canceled");
        let refusal = error_code.and_then(refusal);
        return match (failed, refusal) {
            (true, refusal) => Outcome::Refused(refusal.unwrap_or(Refusal::Misconfigured)),
            (false, _) => Outcome::Accepted { provider_id: ProviderId::parse(&sid) },
        };
    }
    // What stands behind a 5xx is not known, whatever its body says.
    match said.and_then(|said| said.code).filter(|_| answer.status.is_client_error()) {
        Some(code) if THROTTLED.contains(&code) => Outcome::Throttled { retry_after: answer.retry_after() },
        Some(code) => refusal(code).map_or_else(|| answer.outcome_by_status(), Outcome::Refused),
        None => answer.outcome_by_status(),
    }
}

fn refusal(code: u32) -> Option<Refusal> {
    REFUSALS.iter().find(|(known, _)| *known == code).map(|(_, refusal)| *refusal)
}

fn resource(base: &Url, account: &str, rest: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["2010-04-01", "Accounts", account]).extend(rest);
    }
    url
}

fn basic(user: &str, password: &SecretBytes) -> HeaderValue {
    let text = BASE64.encode(&[user.as_bytes(), b":", password.expose()].concat());
    let mut value = HeaderValue::from_str(&format!("Basic {text}")).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
