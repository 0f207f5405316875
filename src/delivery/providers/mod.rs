//! Who carries messages, one file each. Adding one: its file here, its keys in `config/providers`, a line in each list.

mod aws;
mod aws_signing;
mod command;
mod form;
pub mod inbox;
mod media_sms;
#[cfg(test)]
mod peer;
mod smtp;
mod twilio;
mod vonage;
mod webhook;

use std::{path::PathBuf, sync::Arc, time::Duration};

use http::HeaderValue;

use self::inbox::Inbox;
use super::{
    http::{Answer, Http, HttpUnusable},
    provider::{Carrier, Outcome, Refusal},
};
use crate::{
    config::{AnswerRule, Config, ConfiguredSecret, DeliveryConfig, ProviderConfig, SecretUnreadable},
    keyring::Keyring,
};

/// What providers are made with.
#[derive(Clone, Debug)]
pub struct Means {
    /// Where the development inbox keeps its messages.
    pub inbox: Inbox,
    /// For what only this gateway can have written, as in the address of a callback.
    pub keyring: Arc<Keyring>,
    /// `https://host[:port]` of the gateway: where providers report to.
    pub origin: String,
    /// How providers are reached over HTTP.
    pub delivery: DeliveryConfig,
    http: Option<Http>,
}

/// Why a provider cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ProviderUnusable {
    /// A secret it needs.
    #[error("{0}: {1}")]
    Secret(&'static str, SecretUnreadable),
    /// The HTTP client.
    #[error(transparent)]
    Http(#[from] HttpUnusable),
    /// A file it needs.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Means {
    /// As configured.
    pub fn new(config: &Config, inbox: Inbox, keyring: Arc<Keyring>) -> Self {
        let origin = config.public_url.origin();
        Self { inbox, keyring, origin, delivery: config.delivery.clone(), http: None }
    }

    /// The one pooled client, made for the first provider that needs it.
    pub(in crate::delivery) fn http(&mut self) -> Result<Http, HttpUnusable> {
        if let Some(http) = &self.http {
            return Ok(http.clone());
        }
        let http = Http::new(&self.delivery)?;
        self.http = Some(http.clone());
        Ok(http)
    }
}

/// The provider of a table of the configuration.
pub(super) fn provider(config: &ProviderConfig, means: &mut Means) -> Result<Carrier, ProviderUnusable> {
    Ok(match config {
        ProviderConfig::Inbox(_) => Arc::new(means.inbox.clone()),
        ProviderConfig::Webhook(webhook) => Arc::new(webhook::Webhook::new(webhook, means.http()?)?),
        ProviderConfig::Form(form) => Arc::new(form::Form::new(form, means.http()?)?),
        ProviderConfig::Command(command) => Arc::new(command::Command::new(command, means.delivery.timeout)),
        ProviderConfig::Smtp(smtp) => Arc::new(smtp::Smtp::new(smtp, means)?),
        ProviderConfig::Aws(config) => Arc::new(aws::Aws::new(config, means)?),
        ProviderConfig::Sns(config) => Arc::new(aws::Sns::new(config, means)?),
        ProviderConfig::Twilio(config) => Arc::new(twilio::Twilio::new(config, means)?),
        ProviderConfig::MediaSms(config) => Arc::new(media_sms::MediaSms::new(config, means)?),
        ProviderConfig::Vonage(config) => Arc::new(vonage::Vonage::new(config, means)?),
    })
}

/// The outcome with this word, as services and operators write it; `None` where there is no such word.
fn outcome_called(word: &str, retry_after: Option<Duration>) -> Option<Outcome> {
    Some(match word {
        "accepted" => Outcome::ACCEPTED,
        "throttled" => Outcome::Throttled { retry_after },
        "unavailable" => Outcome::Unavailable,
        "ambiguous" => Outcome::Ambiguous,
        refusal => Outcome::Refused(match Refusal::parse(refusal)? {
            Refusal::FraudBlocked { .. } => Refusal::FraudBlocked { retry_after },
            other => other,
        }),
    })
}

/// What an answer means by the operator's rules; where none fits, by its status.
fn outcome_by_rules(rules: &[AnswerRule], answer: &Answer) -> Outcome {
    let (status, body) = (answer.status, String::from_utf8_lossy(&answer.body));
    if let Some(rule) = rules.iter().find(|rule| rule.fits(status.as_u16(), &body)) {
        let called = outcome_called(rule.outcome.as_str(), answer.retry_after());
        return called.unwrap_or(Outcome::Refused(Refusal::Misconfigured));
    }
    let says_what_is_accepted = rules.iter().any(|rule| rule.outcome.as_str() == "accepted");
    if status.is_success() && !says_what_is_accepted {
        return Outcome::ACCEPTED;
    }
    answer.outcome_by_status()
}

/// A secret as the value of a header that is never shown.
fn header_of(key: &'static str, secret: &ConfiguredSecret) -> Result<HeaderValue, ProviderUnusable> {
    let secret = secret.read().map_err(|error| ProviderUnusable::Secret(key, error))?;
    let mut value = HeaderValue::from_bytes(secret.expose())
        .map_err(|_not_one| ProviderUnusable::Secret(key, SecretUnreadable::Unusable))?;
    value.set_sensitive(true);
    Ok(value)
}
