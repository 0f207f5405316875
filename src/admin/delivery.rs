//! What an operator is told of delivery. No number, no text.

use serde::{Deserialize, Serialize};

use crate::{
    app::{DeliveryStatus, ProviderStatus},
    delivery::Outcome,
    store::OutboxCount,
};

/// How delivery has been going.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryView {
    /// Providers, in the order in which they are asked; without it no gateway runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub providers: Option<Vec<ProviderView>>,
    /// Messages that wait, and those that ended within 24 hours.
    pub messages: Vec<MessagesView>,
}

/// One provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderView {
    /// The table of the configuration.
    pub table: String,
    /// Who it is.
    pub provider: String,
    /// It does not answer and is not asked before then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rests_until: Option<String>,
}

/// So many messages of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagesView {
    /// `sms`, `voice` or `mail`.
    pub channel: String,
    /// The one last asked.
    pub provider: Option<String>,
    /// `queued`, `claimed`, `sent`, `expired` or `failed`.
    pub state: String,
    /// The last word on it.
    pub outcome: Option<String>,
    /// How many.
    pub messages: u32,
    /// When the oldest was ordered.
    pub oldest: String,
}

/// How a test went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestedView {
    /// Who was asked.
    pub provider: String,
    /// The word for it.
    pub outcome: String,
    /// The provider's own name of the message.
    pub provider_id: Option<String>,
}

impl DeliveryView {
    pub(super) fn new(status: DeliveryStatus) -> Self {
        let provider = |ProviderStatus { table, provider, rests_until }| ProviderView {
            table,
            provider: String::from(provider),
            rests_until: rests_until.map(|until| until.to_string()),
        };
        let messages = |count: OutboxCount| MessagesView {
            channel: count.channel,
            provider: count.provider,
            state: count.state,
            outcome: count.outcome,
            messages: count.messages,
            oldest: count.oldest.to_string(),
        };
        Self {
            providers: status.providers.map(|providers| providers.into_iter().map(provider).collect()),
            messages: status.messages.into_iter().map(messages).collect(),
        }
    }
}

impl TestedView {
    pub(super) fn new(provider: &str, outcome: &Outcome) -> Self {
        let provider_id = match outcome {
            Outcome::Accepted { provider_id } => provider_id.as_ref().map(|id| id.as_str().to_owned()),
            _ => None,
        };
        Self { provider: provider.to_owned(), outcome: outcome.as_str().to_owned(), provider_id }
    }
}
