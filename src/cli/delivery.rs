//! `sekisho delivery`: how messages have been going out, and whether one arrives.

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;

use super::{
    arguments::{Common, EXIT_CODES},
    output::{minute, table},
};
use crate::{
    admin::{
        BudgetView, Command, CountView, CountryView, DeliveryView, MessagesView, PauseView, ProviderView, RefusedView,
        TestedView,
    },
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
    /// What is left of the budgets of messages to telephones, what they cost, and what came of them, by country
    #[command(after_help = EXIT_CODES)]
    Budget,
    /// Stops messages to or by something, at once
    ///
    /// People are told that no code can be sent there, and are offered their other method. It holds after a restart, until it
    /// is resumed.
    #[command(after_help = EXIT_CODES)]
    Pause {
        /// sms, voice, provider:NAME, country:JP, or the beginning of numbers as in prefix:+8190
        what: String,
        /// It ends by itself after so many minutes
        #[arg(long)]
        minutes: Option<u32>,
    },
    /// Lets messages go there again, whoever paused it
    #[command(after_help = EXIT_CODES)]
    Resume {
        /// As `sekisho delivery status` lists it
        what: String,
    },
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
            Action::Budget => Command::DeliveryBudget {},
            Action::Pause { what, minutes } => Command::PauseDelivery { what: what.clone(), minutes: *minutes },
            Action::Resume { what } => Command::ResumeDelivery { what: what.clone() },
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
    let pauses = if view.pauses.is_empty() {
        "nothing is paused".to_owned()
    } else {
        let row = |pause: &PauseView| [pause.what.clone(), pause.cause.clone(), ends(pause.until.as_deref(), zone)];
        table(["PAUSED", "BY", "UNTIL"], view.pauses.iter().map(row))
    };
    let used = by_country(&view.countries, &view.refused);
    format!("{}\n\n{}\n\n{}{used}", providers.trim_end(), messages.trim_end(), pauses.trim_end())
}

fn ends(until: Option<&str>, zone: &TimeZone) -> String {
    until.map_or_else(|| "it is resumed".to_owned(), |until| minute(until, zone))
}

/// What went to each country, and what was refused.
fn by_country(countries: &[CountryView], refused: &[RefusedView]) -> String {
    let mut text = String::new();
    if !countries.is_empty() {
        let head = ["COUNTRY", "CHANNEL", "SENT", "DELIVERED", "CODES", "CAME BACK", "MEDIAN", "COST"];
        let row = |one: &CountryView| {
            [
                one.country.clone(),
                one.channel.clone(),
                one.sent.to_string(),
                one.delivered.to_string(),
                one.codes.to_string(),
                one.verified.to_string(),
                one.median_seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds}s")),
                one.cost.clone(),
            ]
        };
        text = format!("\n\n{}", table(head, countries.iter().map(row)).trim_end());
    }
    if !refused.is_empty() {
        let row = |one: &RefusedView| [one.reason.clone(), one.country.clone(), one.messages.to_string()];
        let refused = table(["REFUSED BECAUSE OF", "COUNTRY", "MESSAGES"], refused.iter().map(row));
        text = format!("{text}\n\n{}", refused.trim_end());
    }
    text
}

pub(super) fn budget(view: &BudgetView, zone: &TimeZone) -> String {
    let counts = if view.counts.is_empty() {
        "no count runs: no message went to a telephone lately".to_owned()
    } else {
        let row = |one: &CountView| {
            [one.budget.clone(), one.of.clone(), one.used.clone(), one.left.clone(), minute(&one.ends_at, zone)]
        };
        table(["BUDGET", "OF", "USED", "LEFT", "BEGINS AGAIN"], view.counts.iter().map(row))
    };
    let used = by_country(&view.countries, &view.refused);
    format!("all amounts in {}\n\n{}{used}", view.currency, counts.trim_end())
}

pub(super) fn paused(view: &PauseView, zone: &TimeZone) -> String {
    format!("{} is paused until {}", view.what, ends(view.until.as_deref(), zone))
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
