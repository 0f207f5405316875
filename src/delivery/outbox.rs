//! The worker that empties the outbox. It derives a code at the moment of sending, so that none is ever stored, and hands
//! each message over at most once: a code that may have gone out is never sent again by itself.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use super::{
    message::{self, Sender},
    notices,
    provider::{Body, Carrier, Outcome, Outgoing, Refusal},
    providers::{self, Means, ProviderUnusable},
    speech,
};
use crate::{
    authn::Passcode,
    clock::{SharedClock, Timestamp},
    config::{ChannelConfig, Config},
    keyring::Keyring,
    store::{Link, LinkPurpose, Notice, OutboxContent, OutboxItem, OutboxOutcome, Recipient, Store, StoreError},
};

/// Messages taken from the outbox at a time.
const BATCH: u32 = 32;
/// Looks for messages that no signal announced: those of another process, and those that were due after a restart.
const POLL: Duration = Duration::from_secs(2);

/// Who carries each channel; `None`: nobody.
#[derive(Clone, Debug)]
pub struct Carriers {
    /// Text messages.
    pub sms: Option<Carrier>,
    /// Calls.
    pub voice: Option<Carrier>,
    /// Mail.
    pub mail: Option<Carrier>,
}

impl Carriers {
    /// As configured.
    pub fn new(config: &Config, means: &mut Means) -> Result<Self, ProviderUnusable> {
        let mut carrier = |channel: &Option<ChannelConfig>| match channel {
            Some(channel) => providers::provider(&channel.provider, means).map(Some),
            None => Ok(None),
        };
        Ok(Self { sms: carrier(&config.sms)?, voice: carrier(&config.voice)?, mail: carrier(&config.mail)? })
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        let carrier = match message.body {
            Body::Sms { .. } => &self.sms,
            Body::Voice { .. } => &self.voice,
            Body::Mail { .. } => &self.mail,
        };
        match carrier {
            Some(carrier) => carrier.send(message).await,
            None => Outcome::Refused(Refusal::Misconfigured),
        }
    }
}

/// Sends what the outbox holds.
#[derive(Debug)]
pub struct Worker {
    store: Store,
    keyring: Arc<Keyring>,
    clock: SharedClock,
    sender: Sender,
    carriers: Carriers,
}

impl Worker {
    /// A worker; it does nothing until [`run`](Self::run) or [`deliver_due`](Self::deliver_due).
    pub fn new(store: Store, keyring: Arc<Keyring>, clock: SharedClock, config: &Config, carriers: Carriers) -> Self {
        let sender = Sender {
            name_ja: config.branding.name_ja.clone(),
            name_en: config.branding.name_en.clone(),
            host: config.public_url.host.clone(),
            origin: config.public_url.origin(),
            time_zone: config.time_zone.clone(),
            time_zone_name: config.time_zone_name.clone(),
            labels: config.users.labels.clone(),
        };
        Self { store, keyring, clock, sender, carriers }
    }

    /// Works until `shutdown` resolves. Messages already taken are finished first; the rest wait in the outbox.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(shutdown);
        loop {
            if let Err(error) = self.deliver_due().await {
                tracing::error!(%error, "the outbox cannot be read; trying again");
            }
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                () = self.store.next_message_signal() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Sends everything that is due now; how many messages were taken. Fails only where none could be taken: one message
    /// in trouble does not keep the others.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let mut taken = 0;
        loop {
            let items = self.store.claim_messages(BATCH, self.clock.now()).await?;
            if items.is_empty() {
                return Ok(taken);
            }
            taken += items.len();
            for item in items {
                let outcome = self.deliver(&item).await;
                if let Err(error) = self.store.finish_message(item.id, outcome, self.clock.now()).await {
                    tracing::error!(message = %item.id, %error, "how a message ended could not be recorded");
                }
            }
        }
    }

    async fn deliver(&self, item: &OutboxItem) -> OutboxOutcome {
        let message = match self.render(item, self.clock.now()).await {
            Ok(Some(message)) => message,
            Ok(None) => {
                tracing::info!(message = %item.id, "not sent: it is over");
                return OutboxOutcome::Expired;
            }
            Err(error) => {
                tracing::error!(message = %item.id, %error, "not sent: its sign-in could not be read");
                return OutboxOutcome::Failed;
            }
        };
        let channel = message.body.channel();
        match self.carriers.send(&message).await {
            // What may have been taken is on its way, as far as the page can tell.
            Outcome::Accepted { .. } | Outcome::Ambiguous => {
                tracing::info!(message = %item.id, channel, ending = ending(&item.to), "sent");
                OutboxOutcome::Sent
            }
            outcome => {
                tracing::error!(message = %item.id, channel, outcome = outcome.as_str(), "not sent");
                OutboxOutcome::Failed
            }
        }
    }

    /// `None` when its time or its challenge is over, or the sign-in that sets up its number.
    async fn render(&self, item: &OutboxItem, now: Timestamp) -> Result<Option<Outgoing>, StoreError> {
        if now >= item.expires_at {
            return Ok(None);
        }
        let body = match &item.content {
            OutboxContent::Code { sign_in, challenge } => {
                let current = self.store.ordered_code(*sign_in, *challenge, now).await?;
                let Some(code) = current.and_then(|c| c.code(&self.keyring, now)) else { return Ok(None) };
                self.code_body(item, &code, now)
            }
            OutboxContent::Notice { notice } => self.notice_body(item, notice),
            OutboxContent::Link => self.link_body(item, now).await?,
        };
        Ok(body.map(|body| outgoing(item, body, now)))
    }

    /// `None` for mail: no code ever goes there.
    fn code_body(&self, item: &OutboxItem, code: &Passcode, now: Timestamp) -> Option<Body> {
        match &item.to {
            Recipient::Sms(to) => {
                let text = message::sms(item.language, &self.sender, code, item.expires_at.since(now));
                Some(Body::Sms { to: to.clone(), text })
            }
            Recipient::Voice(to) => {
                let plan = speech::plan(item.language, self.sender.name(item.language), code);
                Some(Body::Voice { to: to.clone(), plan })
            }
            Recipient::Mail(_) => None,
        }
    }

    fn notice_body(&self, item: &OutboxItem, notice: &Notice) -> Option<Body> {
        let (language, sender) = (item.language, &self.sender);
        Some(match &item.to {
            Recipient::Mail(to) => {
                let link = item.link.as_ref().and_then(|link| self.mailed(link));
                let mail = notices::mail(language, sender, notice, item.created_at, link.as_ref());
                Body::Mail { to: to.clone(), mail }
            }
            Recipient::Sms(to) => Body::Sms { to: to.clone(), text: notices::text(language, sender, notice) },
            Recipient::Voice(to) => {
                let (text, reading) = notices::spoken(language, notice)?;
                let plan = speech::announcement(language, sender.name(language), text, reading);
                Body::Voice { to: to.clone(), plan }
            }
        })
    }

    /// `None` when the link was used or is over, and for phones: links go by mail only.
    async fn link_body(&self, item: &OutboxItem, now: Timestamp) -> Result<Option<Body>, StoreError> {
        let (Recipient::Mail(to), Some(stored)) = (&item.to, &item.link) else { return Ok(None) };
        let Some(link) = self.mailed(stored) else { return Ok(None) };
        let offer = match link.purpose {
            LinkPurpose::Invitation => self.store.invitation(stored.id, now).await?,
            _ => None,
        };
        let inviter = offer.as_ref().map(|offer| offer.seller.name.as_str());
        let mail = notices::link_mail(item.language, &self.sender, &link, inviter);
        Ok(mail.map(|mail| Body::Mail { to: to.clone(), mail }))
    }

    /// The address that is mailed: made now, of the configured origin and nothing a request said.
    fn mailed(&self, link: &Link) -> Option<notices::MailedLink> {
        let token = self.keyring.link_token(link.key, link.id.as_bytes())?;
        let address = format!("{}/.sekisho/link/{}", self.sender.origin, token.expose());
        Some(notices::MailedLink { purpose: link.purpose, address, expires_at: link.expires_at })
    }
}

fn outgoing(item: &OutboxItem, body: Body, now: Timestamp) -> Outgoing {
    Outgoing { id: item.id, language: item.language, at: now, body }
}

/// The last two digits, for logs; nothing of a mail address.
fn ending(to: &Recipient) -> &str {
    match to {
        Recipient::Sms(number) | Recipient::Voice(number) => number.last_two(),
        Recipient::Mail(_) => "",
    }
}

#[cfg(test)]
mod tests;
