//! What operators are told of messages to telephones, and what they switch: pauses, budgets, how many codes come back.

use std::time::Duration;

use super::{App, Result};
use crate::{
    clock::Timestamp,
    config::{BudgetConfig, DestinationsConfig, PROVIDER_NAMES, is_country, is_number_prefix},
    delivery::{Body, Outcome, Outgoing, Purpose, message::Mail},
    language::Language,
    store::{BudgetUse, CountryUse, OutboxId, Pause, RefusedUse, Warning, Watch},
};

/// For so long back, what went out is counted.
const LOOK_BACK: Duration = Duration::from_hours(24);
/// Of each kind of count, so many are shown.
const SHOWN: u32 = 20;
/// The same pause is told once within this time.
const TOLD_AGAIN: Duration = Duration::from_mins(1);
/// In percent of the money of a day: operators are told.
const MONEY_TOLD: i64 = 80;

/// What there is left, and what came of what was spent.
#[derive(Debug)]
pub struct BudgetStatus {
    /// As configured.
    pub budget: BudgetConfig,
    /// Where messages go.
    pub destinations: DestinationsConfig,
    /// The counts that run.
    pub used: Vec<BudgetUse>,
    /// The last 24 hours by country and channel.
    pub countries: Vec<CountryUse>,
    /// What was refused today and yesterday (UTC).
    pub refused: Vec<RefusedUse>,
    /// What is paused.
    pub pauses: Vec<Pause>,
}

/// Nothing can be paused by that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "nothing can be paused by this name: sms, voice, provider:NAME, country:JP or the beginning of numbers as in prefix:+8190"
)]
pub struct NoSuchSwitch;

fn switch(what: &str) -> std::result::Result<(), NoSuchSwitch> {
    let known = match what.split_once(':') {
        None => matches!(what, "sms" | "voice"),
        Some(("provider", name)) => PROVIDER_NAMES.contains(&name),
        Some(("country", country)) => is_country(country),
        Some(("prefix", prefix)) => is_number_prefix(prefix),
        Some(_) => false,
    };
    if known { Ok(()) } else { Err(NoSuchSwitch) }
}

impl App {
    /// Nothing goes to or by this any more, at once and in every process, for so long or until it is resumed.
    pub async fn pause_delivery(
        &self,
        what: &str,
        lasts: Option<Duration>,
        by: &str,
    ) -> Result<std::result::Result<Option<Timestamp>, NoSuchSwitch>> {
        if let Err(none) = switch(what) {
            return Ok(Err(none));
        }
        let now = self.now();
        let until = lasts.map(|lasts| now + lasts);
        self.store.pause(what, until, now).await?;
        tracing::warn!(what, by, until = until.map(|until| until.to_string()), "an operator paused messages");
        Ok(Ok(until))
    }

    /// Messages go there again; `false` where nothing was paused.
    pub async fn resume_delivery(&self, what: &str, by: &str) -> Result<std::result::Result<bool, NoSuchSwitch>> {
        if let Err(none) = switch(what) {
            return Ok(Err(none));
        }
        let resumed = self.store.resume(what, self.now()).await?;
        tracing::warn!(what, by, resumed, "an operator resumed messages");
        Ok(Ok(resumed))
    }

    /// What there is left, and what came of what was spent.
    pub async fn budget_status(&self) -> Result<BudgetStatus> {
        let (now, snapshot) = (self.now(), self.snapshot());
        Ok(BudgetStatus {
            budget: snapshot.config.budget.clone(),
            destinations: snapshot.config.destinations.clone(),
            used: self.store.budget_use(SHOWN, now).await?,
            countries: self.store.country_use(now - LOOK_BACK).await?,
            refused: self.store.refused_use(now).await?,
            pauses: self.store.pauses(now).await?,
        })
    }

    /// Looks how many codes came back, and how much of the money is gone. Called every minute.
    pub async fn watch_messages(&self) -> Result<()> {
        let (now, snapshot) = (self.now(), self.snapshot());
        let watch = snapshot.config.budget.watch;
        if watch.enabled {
            let rules = Watch {
                window: watch.window,
                least: watch.least,
                country_least: watch.country_least,
                percent: watch.percent,
                pause: watch.pause,
                most: watch.most,
            };
            for pause in self.store.watch(rules, now).await? {
                let until = pause.until.map(|until| until.to_string()).unwrap_or_default();
                let text = format!(
                    "too few codes came back from {}: numbers there that are being set up get none until {until}; \
                     `sekisho delivery resume {}` ends it",
                    pause.what, pause.what
                );
                self.warn_operators(pause.what, text, TOLD_AGAIN).await?;
            }
        }
        let budget = &snapshot.config.budget;
        let money = self.store.budget_use(1, now).await?.into_iter().find(|one| one.by.as_str() == "money");
        if let Some(money) = money
            && money.used >= budget.money / 100 * MONEY_TOLD
        {
            let text = format!("{MONEY_TOLD} percent of the money for messages of this day are spent");
            self.warn_operators("money".to_owned(), text, LOOK_BACK).await?;
        }
        Ok(())
    }

    /// Sends operators what they were not told yet: each once, and the log has it in any case.
    pub async fn tell_operators(&self) -> Result<()> {
        let Some((to, carrier)) = self.carriers.get().and_then(|carriers| carriers.warnings.as_ref()) else {
            return Ok(());
        };
        let now = self.now();
        for warning in self.store.untold_warnings(now).await? {
            let service = self.snapshot().config.branding.name_en.clone();
            let subject = format!("{service}: a warning about messages to telephones");
            let text = format!("{}\n\nsince {}\n", warning.text, warning.at);
            let message = Outgoing {
                id: OutboxId::random(&*self.entropy),
                language: Language::En,
                at: now,
                purpose: Purpose::Notice,
                expires_at: now + LOOK_BACK,
                body: Body::Mail { to: to.clone(), mail: Mail { subject, text } },
            };
            let outcome = carrier.send(&message).await;
            if !matches!(outcome, Outcome::Accepted { .. }) {
                tracing::error!(about = warning.key, outcome = outcome.as_str(), "operators could not be told");
            }
        }
        Ok(())
    }

    /// Writes it to the log, and keeps it for whoever is told elsewhere.
    pub(super) async fn warn_operators(&self, key: String, text: String, again_after: Duration) -> Result<()> {
        let warning = Warning { key, text, at: self.now() };
        if self.store.warn(&warning, again_after).await? {
            tracing::error!(about = warning.key, "{}", warning.text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_can_be_paused() {
        for what in ["sms", "voice", "provider:twilio", "country:JP", "prefix:+8190"] {
            assert_eq!(switch(what), Ok(()), "{what}");
        }
        for what in
            ["", "mail", "SMS", "provider:", "provider:nobody", "country:jp", "country:ZZ", "prefix:8190", "prefix:+0"]
        {
            assert_eq!(switch(what), Err(NoSuchSwitch), "{what}");
        }
    }
}
