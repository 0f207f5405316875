//! A signed JSON request to a service of the operator's own. The signature is that of Standard Webhooks 1.0.0, so that
//! its libraries check it; the answer may say more than a status does.

use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderValue, Method, Request, header};
use ring::hmac;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{ProviderUnusable, header_of, outcome_called};
use crate::{
    config::{SecretUnreadable, WebhookConfig},
    delivery::{
        http::{Answer, Http},
        provider::{Body, Outcome, Outgoing, Provider, ProviderId, Purpose},
        speech::Phrase,
    },
};

/// A service of the operator's own.
pub(super) struct Webhook {
    url: Url,
    key: hmac::Key,
    authorization: Option<HeaderValue>,
    http: Http,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Webhook(…)")
    }
}

/// What is posted.
#[derive(Serialize)]
struct Message<'m> {
    id: String,
    /// `sms.code`, `mail.notice`, …
    r#type: String,
    to: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<&'m str>,
    language: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'m str>,
    text: String,
    /// Of a call: what is said, digit by digit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    speech: Vec<Speech<'m>>,
    /// Seconds since the epoch.
    expires_at: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Speech<'m> {
    /// A sentence; `reading` is the same in kana.
    Say {
        text: &'m str,
        reading: &'m str,
    },
    Digit(char),
    /// Milliseconds.
    Pause(u128),
}

/// What may be answered.
#[derive(Deserialize)]
struct Verdict {
    status: String,
    #[serde(default)]
    provider_id: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    retry_after: Option<u64>,
}

impl Webhook {
    /// As configured; reads its secrets.
    pub(super) fn new(config: &WebhookConfig, http: Http) -> Result<Self, ProviderUnusable> {
        let secret = config.secret.read().map_err(|error| ProviderUnusable::Secret("secret", error))?;
        let key = match secret.expose().strip_prefix(b"whsec_") {
            Some(encoded) => {
                let decoded = BASE64.decode(encoded);
                let decoded =
                    decoded.map_err(|_not_base64| ProviderUnusable::Secret("secret", SecretUnreadable::Unusable))?;
                hmac::Key::new(hmac::HMAC_SHA256, &decoded)
            }
            None => hmac::Key::new(hmac::HMAC_SHA256, secret.expose()),
        };
        let authorization = config.authorization.as_ref();
        let authorization = authorization.map(|secret| header_of("authorization", secret)).transpose()?;
        Ok(Self { url: config.url.clone(), key, authorization, http })
    }

    fn request(&self, message: &Outgoing) -> Result<Request<Bytes>, http::Error> {
        let body = Bytes::from(serde_json::to_vec(&document(message)).unwrap_or_default());
        let (id, timestamp) = (message.id.to_string(), message.at.as_secs());
        let mut signed = format!("{id}.{timestamp}.").into_bytes();
        signed.extend_from_slice(&body);
        let signature = BASE64.encode(hmac::sign(&self.key, &signed).as_ref());
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", &id)
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", format!("v1,{signature}"));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.body(body)
    }
}

fn document(message: &Outgoing) -> Message<'_> {
    let (subject, plan) = match &message.body {
        Body::Sms { .. } => (None, None),
        Body::Voice { plan, .. } => (None, Some(plan)),
        Body::Mail { mail, .. } => (Some(mail.subject.as_str()), None),
    };
    let purpose: Purpose = message.purpose;
    Message {
        id: message.id.to_string(),
        r#type: format!("{}.{}", message.body.channel(), purpose.as_str()),
        to: message.body.to(),
        extension: message.body.extension(),
        language: message.language.tag(),
        subject,
        text: message.body.text(),
        speech: plan.into_iter().flatten().map(speech).collect(),
        expires_at: message.expires_at.as_secs(),
    }
}

fn speech(phrase: &Phrase) -> Speech<'_> {
    match phrase {
        Phrase::Say { text, reading } => Speech::Say { text, reading },
        Phrase::Digit(digit) => Speech::Digit(*digit),
        Phrase::Pause(pause) => Speech::Pause(pause.as_millis()),
    }
}

/// What the service says outweighs the status: it alone knows whether it took the message.
fn outcome(answer: &Answer) -> Outcome {
    let Some(verdict) = answer.json::<Verdict>() else {
        // Nothing at all is a plain yes; something nobody understands is not.
        return if answer.status.is_success() && answer.body.is_empty() {
            Outcome::ACCEPTED
        } else {
            answer.outcome_by_status()
        };
    };
    let retry_after = verdict.retry_after.map(std::time::Duration::from_secs).or_else(|| answer.retry_after());
    match (verdict.status.as_str(), verdict.reason.as_deref()) {
        ("accepted", _) if answer.status.is_success() => {
            Outcome::Accepted { provider_id: verdict.provider_id.as_deref().and_then(ProviderId::parse) }
        }
        ("rejected", Some(reason)) => outcome_called(reason, retry_after)
            .filter(|outcome| *outcome != Outcome::ACCEPTED)
            .unwrap_or_else(|| answer.outcome_by_status()),
        _ => answer.outcome_by_status(),
    }
}

#[async_trait::async_trait]
impl Provider for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        let Ok(request) = self.request(message) else { return Outcome::Unavailable };
        match self.http.exchange(request).await {
            Ok(answer) => outcome(&answer),
            Err(unanswered) => unanswered.into(),
        }
    }
}

#[cfg(test)]
mod tests;
