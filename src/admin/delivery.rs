//! What an operator is told of delivery. No number, no text.

use serde::{Deserialize, Serialize};

use crate::{
    app::{BudgetStatus, DeliveryStatus, ProviderStatus},
    config::MILLIONTHS,
    delivery::Outcome,
    store::{BudgetKind, BudgetUse, CountryUse, OutboxCount, Pause, RefusedUse},
};

/// How delivery has been going.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryView {
    /// Providers, in the order in which they are asked; without it no gateway runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub providers: Option<Vec<ProviderView>>,
    /// Messages that wait, and those that ended within 24 hours.
    pub messages: Vec<MessagesView>,
    /// What is paused.
    #[serde(default)]
    pub pauses: Vec<PauseView>,
    /// The last 24 hours by country and channel.
    #[serde(default)]
    pub countries: Vec<CountryView>,
    /// What was refused today and yesterday (UTC).
    #[serde(default)]
    pub refused: Vec<RefusedView>,
}

/// Something that is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseView {
    /// `sms`, `voice`, `provider:…`, `country:…` or `prefix:…`.
    pub what: String,
    /// `operator`, or `conversion`: too few codes came back.
    pub cause: String,
    /// Since then.
    pub since: String,
    /// Until then; without it until it is resumed.
    pub until: Option<String>,
}

/// What went to a country by a channel within 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountryView {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// `sms` or `voice`.
    pub channel: String,
    /// Messages that providers took, or may have.
    pub sent: u32,
    /// Of those, reported as delivered.
    pub delivered: u32,
    /// Codes that went out.
    pub codes: u32,
    /// Codes that came back.
    pub verified: u32,
    /// Half of them within so many seconds.
    pub median_seconds: Option<u32>,
    /// What the messages cost, as a decimal number.
    pub cost: String,
}

/// Messages that were refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedView {
    /// Why: a budget, a pause, or what the configuration says of the number.
    pub reason: String,
    /// Where to.
    pub country: String,
    /// How many.
    pub messages: u32,
}

/// What there is left of the budgets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetView {
    /// ISO 4217.
    pub currency: String,
    /// Counts that run; of each kind those that are used most.
    pub counts: Vec<CountView>,
    /// The last 24 hours by country and channel.
    pub countries: Vec<CountryView>,
    /// What was refused today and yesterday (UTC).
    pub refused: Vec<RefusedView>,
}

/// One count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountView {
    /// The key of `[budget]`.
    pub budget: String,
    /// Of whom: a country, a block of numbers, an account; nothing where there is only one, or where it is not to be named.
    pub of: String,
    /// Used of it.
    pub used: String,
    /// Left of it.
    pub left: String,
    /// It begins again then.
    pub ends_at: String,
}

/// Millionths as a decimal number.
fn amount(millionths: i64) -> String {
    let (units, parts) = (millionths / MILLIONTHS, millionths % MILLIONTHS);
    let text = format!("{units}.{parts:06}");
    let cut = text.trim_end_matches('0');
    // At least two digits behind the point, as prices are read.
    let whole = units.to_string().len() + 3;
    text.get(..cut.len().max(whole)).unwrap_or(&text).to_owned()
}

impl PauseView {
    fn new(pause: Pause) -> Self {
        Self {
            what: pause.what,
            cause: pause.cause.as_str().to_owned(),
            since: pause.since.to_string(),
            until: pause.until.map(|until| until.to_string()),
        }
    }
}

impl CountryView {
    fn new(used: CountryUse) -> Self {
        let CountryUse { country, channel, sent, delivered, codes, verified, median_seconds, cost } = used;
        Self { country, channel, sent, delivered, codes, verified, median_seconds, cost: amount(cost) }
    }
}

impl RefusedView {
    fn new(RefusedUse { reason, country, messages }: RefusedUse) -> Self {
        Self { reason, country, messages }
    }
}

impl BudgetView {
    pub(super) fn new(status: BudgetStatus) -> Self {
        let budget = &status.budget;
        let count = |used: BudgetUse| {
            let (key, most) = match used.by {
                BudgetKind::Account => ("per_account", budget.per_account.into()),
                BudgetKind::NewOfAccount => ("new_per_account", budget.new_per_account.into()),
                BudgetKind::NewNumbers => ("new_numbers_per_account", budget.new_numbers_per_account.into()),
                // Kept to know a number again; it has no limit.
                BudgetKind::NewNumber => ("", i64::MAX),
                BudgetKind::Network => ("per_network", budget.per_network.into()),
                BudgetKind::Calls => ("calls_per_number", budget.calls_per_number.into()),
                BudgetKind::Block => ("per_block", budget.per_block.into()),
                BudgetKind::NewOfBlock => ("new_per_block", budget.new_per_block.into()),
                BudgetKind::Country => ("per_country", budget.per_country.into()),
                BudgetKind::All => ("per_hour", budget.per_hour.into()),
                BudgetKind::Money => ("money", budget.money),
            };
            let shown = |number: i64| if key == "money" { amount(number) } else { number.to_string() };
            CountView {
                budget: key.to_owned(),
                // Networks and numbers are kept as keyed digests, which say nothing to anybody.
                of: if matches!(used.by, BudgetKind::Network | BudgetKind::Calls) { String::new() } else { used.of },
                used: shown(used.used),
                left: shown(most.saturating_sub(used.used).max(0)),
                ends_at: used.ends_at.to_string(),
            }
        };
        Self {
            currency: budget.currency.clone(),
            counts: status.used.into_iter().filter(|used| used.by != BudgetKind::NewNumber).map(count).collect(),
            countries: status.countries.into_iter().map(CountryView::new).collect(),
            refused: status.refused.into_iter().map(RefusedView::new).collect(),
        }
    }
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
            pauses: status.pauses.into_iter().map(PauseView::new).collect(),
            countries: status.countries.into_iter().map(CountryView::new).collect(),
            refused: status.refused.into_iter().map(RefusedView::new).collect(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_all_their_digits_and_no_more() {
        for (millionths, text) in
            [(0, "0.00"), (1, "0.000001"), (75_700, "0.0757"), (500_000_000, "500.00"), (12_300_000, "12.30")]
        {
            assert_eq!(amount(millionths), text);
        }
    }
}
