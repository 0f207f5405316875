//! What operators ask of delivery: how it has been going, and whether a message arrives. A test says what it is and holds
//! no code.

use std::time::Duration;

use super::{App, Result};
use crate::{
    account::{EmailAddress, PhoneNumber},
    clock::Timestamp,
    config::ChannelKind,
    delivery::{Body, Carriers, Outcome, Outgoing, Post, Purpose, announcement, message::Mail},
    language::Language,
    store::{CountryUse, OutboxCount, OutboxId, Pause, RefusedUse},
};

/// For so long back, messages are counted.
const LOOK_BACK: Duration = Duration::from_hours(24);
const TEST_LASTS: Duration = Duration::from_mins(5);

/// How delivery has been going.
#[derive(Debug)]
pub struct DeliveryStatus {
    /// Providers, in the order in which they are asked; `None` where no gateway runs.
    pub providers: Option<Vec<ProviderStatus>>,
    /// Messages that wait, and those that ended within 24 hours.
    pub messages: Vec<OutboxCount>,
    /// What is paused.
    pub pauses: Vec<Pause>,
    /// The last 24 hours by country and channel.
    pub countries: Vec<CountryUse>,
    /// What was refused today and yesterday (UTC).
    pub refused: Vec<RefusedUse>,
}

/// One provider.
#[derive(Debug)]
pub struct ProviderStatus {
    /// The table of the configuration.
    pub table: String,
    /// Who it is.
    pub provider: &'static str,
    /// It does not answer and is not asked before then.
    pub rests_until: Option<Timestamp>,
}

/// Why no test was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTested {
    /// Only a running gateway has its providers.
    #[error("no gateway runs: start it, then test")]
    NotRunning,
    /// Not in the configuration.
    #[error("there is no such table in the configuration: sms, voice or mail, or one of them with .second")]
    NoSuchTable,
    /// Not what the channel can reach.
    #[error("this is not a telephone number, or for mail not a mail address")]
    Address,
    /// The configuration keeps it from the number.
    #[error("nothing is sent to this number: [destinations] says so")]
    Unreachable,
}

impl App {
    /// The providers that this process has; told once, when it begins to deliver.
    pub fn carry_by(&self, carriers: Carriers) {
        // A second set would be the same one.
        drop(self.carriers.set(carriers));
    }

    /// How delivery has been going.
    pub async fn delivery_status(&self) -> Result<DeliveryStatus> {
        let now = self.now();
        let status = |post: &Post| ProviderStatus {
            table: post.table.clone(),
            provider: post.carrier.name(),
            rests_until: post.rests_until(now),
        };
        let providers = self.carriers.get().map(|carriers| {
            let lines = ChannelKind::ALL.into_iter().filter_map(|channel| carriers.line(channel));
            lines.flat_map(crate::delivery::Line::posts).map(status).collect()
        });
        Ok(DeliveryStatus {
            providers,
            messages: self.store.outbox_counts(now - LOOK_BACK).await?,
            pauses: self.store.pauses(now).await?,
            countries: self.store.country_use(now - LOOK_BACK).await?,
            refused: self.store.refused_use(now).await?,
        })
    }

    /// Sends a test by the provider of a table, past the outbox, and says how that went.
    pub async fn test_delivery(
        &self,
        table: &str,
        to: &str,
        language: Language,
    ) -> Result<std::result::Result<(&'static str, Outcome), NotTested>> {
        let Some(carriers) = self.carriers.get() else { return Ok(Err(NotTested::NotRunning)) };
        let found = ChannelKind::ALL.into_iter().find_map(|channel| {
            let post = carriers.line(channel)?.posts().find(|post| post.table == table)?;
            Some((channel, post))
        });
        let Some((channel, post)) = found else { return Ok(Err(NotTested::NoSuchTable)) };
        let snapshot = self.snapshot();
        let service = snapshot.config.branding.name(language);
        let text = match language {
            Language::Ja => format!("{service}からの配信テストです。コードは含まれていません。"),
            Language::En => format!("This is a test from {service}. It holds no code."),
        };
        let number = || PhoneNumber::parse(to, &snapshot.config.phone_region).ok();
        let body = match channel {
            ChannelKind::Sms => number().map(|to| Body::Sms { to, text }),
            ChannelKind::Voice => number().map(|to| {
                let (text, reading) = match language {
                    Language::Ja => ("配信テストです。", "はいしんテストです。"),
                    Language::En => ("This is a test.", "This is a test."),
                };
                Body::Voice { to, plan: announcement(language, service, text, reading) }
            }),
            ChannelKind::Mail => EmailAddress::kept(to).ok().map(|to| {
                let subject = match language {
                    Language::Ja => format!("【{service}】配信テスト"),
                    Language::En => format!("{service}: Delivery test"),
                };
                Body::Mail { to, mail: Mail { subject, text: format!("{text}\n") } }
            }),
        };
        let Some(body) = body else { return Ok(Err(NotTested::Address)) };
        if let Body::Sms { to, .. } | Body::Voice { to, .. } = &body
            && self.unreachable(to).is_some()
        {
            return Ok(Err(NotTested::Unreachable));
        }
        let now = self.now();
        let id = OutboxId::random(&*self.entropy);
        let purpose = Purpose::Test;
        let message = Outgoing { id, language, at: now, purpose, expires_at: now + TEST_LASTS, body };
        tracing::info!(message = %id, table, provider = post.carrier.name(), "an operator tests delivery");
        Ok(Ok((post.carrier.name(), post.carrier.send(&message).await)))
    }
}
