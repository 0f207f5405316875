//! What is known of a message to a telephone before it is sent: whether it may go there, and what it costs. It must never
//! count: that is for the store, in the statement that orders the message.

use crate::{
    access::{Unreachable, reachable},
    account::{MethodKind, PhoneNumber},
    config::{BudgetConfig, ChannelConfig, Config, DestinationsConfig, PricedChannel, ProviderConfig},
    store::Toll,
};

/// What the configuration says of messages to telephones.
#[derive(Clone, Debug)]
pub struct Guards {
    /// Where they go.
    pub destinations: DestinationsConfig,
    /// How many, and what they cost.
    pub budget: BudgetConfig,
    sms: Vec<&'static str>,
    voice: Vec<&'static str>,
}

impl Guards {
    /// As configured.
    pub fn new(config: &Config) -> Self {
        let names = |channel: &Option<ChannelConfig>| {
            let Some(channel) = channel else { return Vec::new() };
            let second = channel.second.as_ref().map(ProviderConfig::name);
            std::iter::once(channel.provider.name()).chain(second).collect()
        };
        Self {
            destinations: config.destinations.clone(),
            budget: config.budget.clone(),
            sms: names(&config.sms),
            voice: names(&config.voice),
        }
    }

    /// May anything go there?
    pub fn reachable(&self, number: &PhoneNumber) -> Result<(), Unreachable> {
        reachable(number, &self.destinations)
    }

    /// Where a message goes and what it costs; it takes from no count yet.
    pub fn toll(&self, number: &PhoneNumber, channel: MethodKind, proven: bool) -> Toll {
        let country = number.country().unwrap_or_default();
        let (priced, providers) = match channel {
            MethodKind::Voice => (PricedChannel::Voice, &self.voice),
            MethodKind::Sms | MethodKind::App => (PricedChannel::Sms, &self.sms),
        };
        Toll {
            channel,
            cost: self.budget.price(number.e164(), &country, priced),
            country,
            block: number.block().to_owned(),
            budgets: Vec::new(),
            providers: providers.clone(),
            proven,
        }
    }
}
