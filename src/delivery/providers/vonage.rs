//! Vonage: text messages by its SMS API, calls by its Voice API with the words inline (NCCO), and its reports of both.
//! Facts of it that change, as its status codes, are data below.

mod signature;
#[cfg(test)]
mod tests;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use http::{HeaderValue, Method, Request, StatusCode, header};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use self::signature::Keys;
use super::{Means, ProviderUnusable};
use crate::{
    account::PhoneNumber,
    config::{Alphabet, SenderId, VonageProvider},
    delivery::{
        callback::{Callback, NotGenuine, ReportTo},
        http::{Answer, Http},
        provider::{Body, Outcome, Outgoing, Provider, ProviderId, Refusal},
        speech::{self, Phrase},
    },
    entropy,
    language::Language,
    secret::SecretBytes,
    store::DeliveryReport,
};

/// What the SMS API says in `status`, behind an HTTP 200 that says nothing.
const STATUSES: &[(&str, Refusal)] = &[
    ("2", Refusal::Misconfigured),
    ("3", Refusal::Misconfigured),
    ("4", Refusal::AuthFailed),
    // Of a prefix that nobody has.
    ("6", Refusal::InvalidNumber),
    ("7", Refusal::NumberBlocked),
    ("8", Refusal::AuthFailed),
    ("9", Refusal::QuotaExhausted),
    ("11", Refusal::Misconfigured),
    ("12", Refusal::Misconfigured),
    ("14", Refusal::AuthFailed),
    ("15", Refusal::SenderRejected),
    ("22", Refusal::Misconfigured),
    ("23", Refusal::Misconfigured),
    // The account is on trial and knows few numbers.
    ("29", Refusal::Misconfigured),
    ("32", Refusal::Misconfigured),
    ("33", Refusal::InvalidNumber),
    ("39", Refusal::SenderRejected),
    ("41", Refusal::QuotaExhausted),
];

/// Too fast, and too many connections.
const THROTTLED: &[&str] = &["1", "10"];
/// Taken.
const OK: &str = "0";

/// What problems of the Voice API are called, behind the `#` of their type.
const PROBLEMS: &[(&str, Refusal)] = &[
    ("low-balance", Refusal::QuotaExhausted),
    ("out-of-credit", Refusal::QuotaExhausted),
    ("unauthorized", Refusal::AuthFailed),
    ("forbidden", Refusal::AuthFailed),
    ("unprovisioned", Refusal::AuthFailed),
    ("account-suspended", Refusal::AuthFailed),
    ("jwt-expired", Refusal::AuthFailed),
    ("jwt-revoked", Refusal::AuthFailed),
    ("invalid-api-key", Refusal::AuthFailed),
    ("invalid-signature", Refusal::AuthFailed),
    ("invalid-params", Refusal::Misconfigured),
];

/// Vonage does not take a shorter or longer life of a message. Milliseconds.
const SHORTEST_LIFE: u128 = 20_000;
const LONGEST_LIFE: u128 = 604_800_000;
/// How long a phone rings, in seconds.
const RINGS: u32 = 30;
/// Nobody pays for a longer call. Seconds.
const LONGEST_CALL: u32 = 120;
/// Characters of one `talk`; Vonage takes 1,500.
const LONGEST_TALK: usize = 1_000;
/// Seconds a token for a request is good for.
const TOKEN_LIFE: i64 = 60;

/// A Vonage account.
pub(super) struct Vonage {
    http: Http,
    messages: Url,
    calls: Url,
    account: Option<(String, SecretBytes)>,
    application: Option<Application>,
    from: SenderId,
    hang_up_on_machines: bool,
    report_to: Option<ReportTo>,
    signed_with: Option<Keys>,
}

struct Application {
    id: String,
    key: RsaKeyPair,
}

impl fmt::Debug for Vonage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vonage(…)")
    }
}

impl Application {
    fn read(id: &str, path: &std::path::Path) -> Result<Self, ProviderUnusable> {
        let refuse = |reason: String| ProviderUnusable::File { path: path.to_owned(), reason };
        let pem = SecretBytes::new(std::fs::read(path).map_err(|error| refuse(error.to_string()))?);
        let key = match PrivateKeyDer::from_pem_slice(pem.expose()) {
            Ok(PrivateKeyDer::Pkcs8(key)) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            Ok(PrivateKeyDer::Pkcs1(key)) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            Ok(_) => return Err(refuse("no RSA key".to_owned())),
            Err(error) => return Err(refuse(error.to_string())),
        };
        Ok(Self { id: id.to_owned(), key: key.map_err(|rejected| refuse(rejected.to_string()))? })
    }

    /// A token for one request; the message's name keeps its tokens apart.
    fn token(&self, message: &Outgoing) -> Option<HeaderValue> {
        let now = message.at.as_secs();
        let claims = json!({
            "application_id": self.id, "iat": now, "exp": now + TOKEN_LIFE, "jti": format!("{}-{now}", message.id),
        });
        let part = |value: serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let sign = self.key.sign(&RSA_PKCS1_SHA256, &entropy::ring_source(), signed.as_bytes(), &mut signature);
        sign.ok()?;
        let token = format!("Bearer {signed}.{}", BASE64URL_NOPAD.encode(&signature));
        let mut value = HeaderValue::from_str(&token).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl Vonage {
    pub(super) fn new(config: &VonageProvider, means: &mut Means) -> Result<Self, ProviderUnusable> {
        let read = |key: &'static str, secret: &crate::config::ConfiguredSecret| {
            secret.read().map_err(|unreadable| ProviderUnusable::Secret(key, unreadable))
        };
        let account = match &config.account {
            Some((key, secret)) => Some((key.clone(), read("api_secret", secret)?)),
            None => None,
        };
        let application = config.application.as_ref().map(|(id, file)| Application::read(id, file)).transpose()?;
        let signed_with = match &config.signature {
            Some((method, secret)) => Some(Keys { method: *method, secret: read("signature_secret", secret)? }),
            None => None,
        };
        let report_to = ReportTo::new("vonage", &means.origin, means.keyring.clone())
            .filter(|_| config.reports && signed_with.is_some());
        let below = |own: &str, path: &[&str]| -> Result<Url, ProviderUnusable> {
            let mut url = match &config.url {
                Some(url) => url.clone(),
                None => Url::parse(own).map_err(|error| ProviderUnusable::Other(error.to_string()))?,
            };
            if let Ok(mut segments) = url.path_segments_mut() {
                segments.pop_if_empty().extend(path);
            }
            Ok(url)
        };
        Ok(Self {
            http: means.http()?,
            messages: below("https://rest.nexmo.com", &["sms", "json"])?,
            calls: below("https://api.nexmo.com", &["v1", "calls"])?,
            account,
            application,
            from: config.from.clone(),
            hang_up_on_machines: config.hang_up_on_machines,
            report_to,
            signed_with,
        })
    }

    fn request(&self, message: &Outgoing) -> Option<Request<Bytes>> {
        let (url, kind, body, token) = match &message.body {
            Body::Sms { to, text } => {
                (&self.messages, "application/x-www-form-urlencoded", self.text_form(message, to, text)?, None)
            }
            Body::Voice { to, plan } => {
                let token = self.application.as_ref()?.token(message)?;
                (&self.calls, "application/json", self.call(message, to, plan).to_string(), Some(token))
            }
            Body::Mail { .. } => return None,
        };
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, kind);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, token);
        }
        request.body(Bytes::from(body)).ok()
    }

    fn text_form(&self, message: &Outgoing, to: &PhoneNumber, text: &str) -> Option<String> {
        let (key, secret) = self.account.as_ref()?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("api_key", key);
        form.append_pair("api_secret", &String::from_utf8_lossy(secret.expose()));
        form.append_pair("from", self.from.without_plus());
        form.append_pair("to", to.e164().trim_start_matches('+'));
        form.append_pair("text", text);
        form.append_pair("type", if Alphabet::of(text) == Alphabet::Gsm7 { "text" } else { "unicode" });
        let left = message.expires_at.since(message.at).as_millis().clamp(SHORTEST_LIFE, LONGEST_LIFE);
        form.append_pair("ttl", &left.to_string());
        form.append_pair("client-ref", &message.id.to_string());
        match self.report_address(message) {
            Some(address) => form.append_pair("status-report-req", "true").append_pair("callback", &address),
            None => form.append_pair("status-report-req", "false"),
        };
        Some(form.finish())
    }

    fn call(&self, message: &Outgoing, to: &PhoneNumber, plan: &[Phrase]) -> serde_json::Value {
        let mut number = json!({ "type": "phone", "number": to.e164().trim_start_matches('+') });
        // Behind an extension the person's phone has yet to ring.
        let mut waits = "";
        if let (Some(extension), Some(fields)) = (to.extension(), number.as_object_mut()) {
            fields.insert("dtmfAnswer".to_owned(), format!("pp{extension}#").into());
            waits = r#"<break time="8000ms"/>"#;
        }
        let mut call = json!({
            "to": [number],
            "from": { "type": "phone", "number": self.from.without_plus() },
            "ncco": ncco(message.language, waits, plan),
            "ringing_timer": RINGS,
            "length_timer": LONGEST_CALL,
        });
        let Some(fields) = call.as_object_mut() else { return call };
        if self.hang_up_on_machines && to.extension().is_none() {
            fields.insert("machine_detection".to_owned(), "hangup".into());
        }
        if let Some(address) = self.report_address(message) {
            fields.insert("event_url".to_owned(), json!([address]));
            fields.insert("event_method".to_owned(), "POST".into());
        }
        call
    }

    fn report_address(&self, message: &Outgoing) -> Option<String> {
        self.report_to.as_ref()?.address(message.id)
    }
}

/// The words of a call, in pieces that Vonage takes.
fn ncco(language: Language, waits: &str, plan: &[Phrase]) -> Vec<serde_json::Value> {
    let tag = match language {
        Language::Ja => "ja-JP",
        Language::En => "en-US",
    };
    let talk = |words: String| json!({ "action": "talk", "language": tag, "text": format!("<speak>{words}</speak>") });
    let mut talks = Vec::new();
    let mut words = waits.to_owned();
    for sentence in plan.chunk_by(|_, next| !matches!(next, Phrase::Say { .. })) {
        let more = speech::written(sentence, language);
        if !words.is_empty() && words.chars().count() + more.chars().count() > LONGEST_TALK {
            talks.push(talk(std::mem::take(&mut words)));
        }
        words.push_str(&more);
    }
    talks.push(talk(words));
    talks
}

#[async_trait]
impl Provider for Vonage {
    fn name(&self) -> &'static str {
        "vonage"
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        let Some(request) = self.request(message) else { return Outcome::Refused(Refusal::Misconfigured) };
        match self.http.exchange(request).await {
            Ok(answer) if matches!(message.body, Body::Voice { .. }) => of_call(&answer),
            Ok(answer) => of_text(&answer),
            Err(unanswered) => unanswered.into(),
        }
    }

    async fn read_callback(&self, callback: &Callback<'_>) -> Result<Option<DeliveryReport>, NotGenuine> {
        let keys = self.signed_with.as_ref().ok_or(NotGenuine)?;
        // Reports of calls have a token, those of text messages a parameter.
        if callback.headers.contains_key(header::AUTHORIZATION) {
            let event: Option<Event> = serde_json::from_slice(keys.genuine_body(callback)?).ok();
            return Ok(event.and_then(|event| self.report_of_call(&event.status)));
        }
        let parameters = keys.genuine_parameters(callback)?;
        let field = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        if let Some(code) = field("err-code").filter(|code| *code != "0" && code.len() < 8) {
            tracing::info!(provider = "vonage", code, "reported an error");
        }
        Ok(match field("status") {
            Some("delivered") => Some(DeliveryReport::Delivered),
            Some("expired" | "failed" | "rejected") => Some(DeliveryReport::Undelivered),
            _ => None,
        })
    }
}

impl Vonage {
    fn report_of_call(&self, status: &str) -> Option<DeliveryReport> {
        match status {
            "machine" if self.hang_up_on_machines => Some(DeliveryReport::Unanswered),
            "completed" => Some(DeliveryReport::Delivered),
            "busy" | "timeout" | "unanswered" | "cancelled" => Some(DeliveryReport::Unanswered),
            "failed" | "rejected" => Some(DeliveryReport::Undelivered),
            _ => None,
        }
    }
}

/// What happened to a call.
#[derive(Deserialize)]
struct Event {
    status: String,
}

/// What the SMS API says: an entry for each segment.
#[derive(Deserialize)]
struct Texts {
    messages: Vec<Text>,
}

#[derive(Deserialize)]
struct Text {
    status: String,
    #[serde(rename = "message-id")]
    id: Option<String>,
}

fn of_text(answer: &Answer) -> Outcome {
    let said: Option<Texts> = answer.json();
    let Some(Texts { messages }) = said.filter(|said| answer.status == StatusCode::OK && !said.messages.is_empty())
    else {
        return answer.outcome_by_status();
    };
    // Where one segment was taken, something arrives.
    if let Some(taken) = messages.iter().find(|message| message.status == OK) {
        return Outcome::Accepted { provider_id: taken.id.as_deref().and_then(ProviderId::parse) };
    }
    let outcomes = messages.iter().map(|message| {
        let status = message.status.as_str();
        if THROTTLED.contains(&status) {
            return Outcome::Throttled { retry_after: answer.retry_after() };
        }
        let known = STATUSES.iter().find(|(known, _)| *known == status);
        // 5 is an error of Vonage's own; of a status nobody knows, nobody knows whether it was taken.
        known.map_or(Outcome::Ambiguous, |(_, refusal)| Outcome::Refused(*refusal))
    });
    let outcomes: Vec<Outcome> = outcomes.collect();
    let uncertain = outcomes.contains(&Outcome::Ambiguous);
    outcomes.into_iter().next().filter(|_| !uncertain).unwrap_or(Outcome::Ambiguous)
}

/// What the Voice API says in both cases.
#[derive(Deserialize)]
struct Call {
    uuid: Option<String>,
    r#type: Option<String>,
}

fn of_call(answer: &Answer) -> Outcome {
    let said: Option<Call> = answer.json();
    if answer.status == StatusCode::CREATED
        && let Some(Call { uuid: Some(uuid), .. }) = &said
    {
        return Outcome::Accepted { provider_id: ProviderId::parse(uuid) };
    }
    let kind = said.and_then(|said| said.r#type).filter(|_| answer.status.is_client_error());
    let kind = kind.as_deref().map(|kind| kind.rsplit('#').next().unwrap_or_default().to_ascii_lowercase());
    let known = kind.and_then(|kind| PROBLEMS.iter().find(|(known, _)| *known == kind));
    known.map_or_else(|| answer.outcome_by_status(), |(_, refusal)| Outcome::Refused(*refusal))
}
