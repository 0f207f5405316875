//! `sekisho delivery`: how messages have been going out, and whether one arrives.

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;

use super::{
    arguments::{Common, EXIT_CODES},
    output::{minute, table},
};
use crate::{
    admin::{Command, DeliveryView, MessagesView, ProviderView, TestedView},
    language::Language,
};

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Delivery {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Providers and how they are doing, and the messages of the last 24 hours by what became of them
    #[command(after_help = EXIT_CODES)]
    Status,
    /// Sends one message that holds no code, and says what the provider said
    ///
    /// It goes out by this one provider and at once, whatever waits; it costs what a message costs.
    #[command(after_help = EXIT_CODES)]
    Test {
        /// The table of the provider in the configuration: sms, voice or mail, or as in sms.second
        table: String,
        /// A telephone number, for mail an address
        #[arg(allow_hyphen_values = true)]
        to: String,
        /// In English; without it in Japanese
        #[arg(long)]
        english: bool,
    },
}

impl Delivery {
    /// The command for the gateway.
    pub(super) fn requested(&self) -> Command {
        match &self.action {
            Action::Status => Command::DeliveryStatus {},
            Action::Test { table, to, english } => Command::TestDelivery {
                table: table.clone(),
                to: to.clone(),
                language: if *english { Language::En } else { Language::Ja },
            },
        }
    }
}

pub(super) fn status(view: &DeliveryView, zone: &TimeZone) -> String {
    let providers = match &view.providers {
        Some(providers) => table(["TABLE", "PROVIDER", "STATE"], providers.iter().map(|one| provider(one, zone))),
        None => "no gateway runs: nothing is being sent".to_owned(),
    };
    let messages = if view.messages.is_empty() {
        "no message waits, and none ended within 24 hours".to_owned()
    } else {
        let head = ["CHANNEL", "PROVIDER", "STATE", "OUTCOME", "MESSAGES", "OLDEST"];
        table(head, view.messages.iter().map(|one| row(one, zone)))
    };
    format!("{}\n\n{}", providers.trim_end(), messages.trim_end())
}

fn provider(provider: &ProviderView, zone: &TimeZone) -> [String; 3] {
    let state = match &provider.rests_until {
        Some(until) => format!("does not answer; asked again at {}", minute(until, zone)),
        None => "asked".to_owned(),
    };
    [provider.table.clone(), provider.provider.clone(), state]
}

fn row(messages: &MessagesView, zone: &TimeZone) -> [String; 6] {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    [
        messages.channel.clone(),
        or_dash(&messages.provider),
        messages.state.clone(),
        or_dash(&messages.outcome),
        messages.messages.to_string(),
        minute(&messages.oldest, zone),
    ]
}

pub(super) fn tested(view: &TestedView) -> String {
    let named = view.provider_id.as_ref().map(|id| format!(", as {id}")).unwrap_or_default();
    match view.outcome.as_str() {
        "accepted" => format!("{} took it{named}; whether it arrives, the phone or the mailbox says", view.provider),
        "ambiguous" => format!("{} may have taken it: there was no answer that says so", view.provider),
        outcome => format!("{} did not take it: {outcome}", view.provider),
    }
}
