//! The workers that empty the outbox, one for each channel, so that a slow provider of one holds up no other. A code is
//! derived at the moment of sending, so that none is ever stored. Before anything is written to a provider the store
//! knows that it may have been: what may have gone out is never sent again by itself.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::{
    guards::Guards,
    line::Carriers,
    message::{self, Sender},
    notices,
    provider::{Body, Outcome, Outgoing, Purpose, Refusal},
    speech,
};
use crate::{
    account::{MethodKind, PhoneNumber},
    authn::Passcode,
    clock::{SharedClock, Timestamp},
    config::{ChannelKind, Config, Hosts, PublicUrl},
    keyring::Keyring,
    store::{Link, LinkPurpose, Notice, OutboxContent, OutboxItem, OutboxOutcome, Recipient, Store, StoreError, Toll},
};

/// Messages of one channel that are with its providers at a time.
const AT_A_TIME: usize = 16;
/// Looks for messages that no signal announced: those of another process, and those that were to be tried again.
const POLL: Duration = Duration::from_secs(1);
/// The first wait before a message is tried again; each next one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest one for a code, which somebody waits for.
const LONGEST_WAIT_FOR_CODE: Duration = Duration::from_secs(15);
/// And for anything else.
const LONGEST_WAIT: Duration = Duration::from_mins(10);
/// A code that is good for less than this is not worth another attempt.
const WORTH_TRYING: Duration = Duration::from_secs(15);

/// Sends what the outbox holds. Clones share everything.
#[derive(Clone, Debug)]
pub struct Worker {
    store: Store,
    keyring: Arc<Keyring>,
    clock: SharedClock,
    sender: Arc<Sender>,
    hosts: Hosts,
    carriers: Carriers,
    guards: Arc<Guards>,
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
            texts: config.messages.clone(),
        };
        let guards = Arc::new(Guards::new(config));
        Self { store, keyring, clock, sender: Arc::new(sender), hosts: config.hosts.clone(), carriers, guards }
    }

    /// Works until `shutdown` resolves. Messages that are with a provider are finished; the rest wait in the outbox.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        match self.store.resume_messages(self.clock.now()).await {
            Ok(resumed) if resumed.queued + resumed.unknown > 0 => {
                let (queued, unknown) = (resumed.queued, resumed.unknown);
                tracing::warn!(queued, unknown, "messages were under way when the gateway ended; unknown ones stay so");
            }
            Ok(_nothing) => {}
            Err(error) => tracing::error!(%error, "what the last process left of the outbox cannot be read"),
        }
        let stop = tokio::sync::watch::Sender::new(false);
        let until = || {
            let mut stop = stop.subscribe();
            async move {
                // An error means that nobody can stop it any more, which is the same.
                drop(stop.wait_for(|stop| *stop).await);
            }
        };
        let stopping = async {
            shutdown.await;
            stop.send_replace(true);
        };
        let [sms, voice, mail] = ChannelKind::ALL.map(|channel| self.clone().work(channel, until()));
        tokio::join!(stopping, sms, voice, mail);
    }

    async fn work(self, channel: ChannelKind, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut under_way = JoinSet::new();
        loop {
            if let Err(error) = self.begin(channel, &mut under_way).await {
                tracing::error!(channel = channel.as_str(), %error, "the outbox cannot be read; trying again");
            }
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(ended) = under_way.join_next() => note_panic(ended),
                () = self.store.next_message_signal(channel) => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        while let Some(ended) = under_way.join_next().await {
            note_panic(ended);
        }
    }

    /// Takes as many as there is room for, and begins with them.
    async fn begin(&self, channel: ChannelKind, under_way: &mut JoinSet<()>) -> Result<(), StoreError> {
        let room = u32::try_from(AT_A_TIME.saturating_sub(under_way.len())).unwrap_or_default();
        if room == 0 {
            return Ok(());
        }
        for item in self.store.claim_messages(Some(channel), room, self.clock.now()).await? {
            let worker = self.clone();
            under_way.spawn(async move { worker.deliver(&item).await });
        }
        Ok(())
    }

    /// Sends everything that is due now, one after the other; how many messages were taken.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let mut taken = 0;
        loop {
            let items = self.store.claim_messages(None, 32, self.clock.now()).await?;
            if items.is_empty() {
                return Ok(taken);
            }
            taken += items.len();
            for item in items {
                self.deliver(&item).await;
            }
        }
    }

    async fn deliver(&self, item: &OutboxItem) {
        if let Err(error) = self.try_deliver(item).await {
            tracing::error!(message = %item.id, %error, "how a message ended could not be recorded");
        }
    }

    /// An error where the store failed: what was handed over stays so, what was not is found again.
    async fn try_deliver(&self, item: &OutboxItem) -> Result<(), StoreError> {
        let message = match self.render(item, self.clock.now()).await {
            Ok(Some(message)) => message,
            Ok(None) => {
                tracing::info!(message = %item.id, "not sent: it is over");
                return self.finish(item, OutboxOutcome::Expired, "over").await;
            }
            Err(error) => {
                tracing::error!(message = %item.id, %error, "not sent: its sign-in could not be read");
                return self.finish(item, OutboxOutcome::Failed, "unreadable").await;
            }
        };
        if let Recipient::Sms(number) | Recipient::Voice(number) = &item.to
            && let Err(why) = self.guards.reachable(number)
        {
            let (ending, reason) = (number.last_two(), why.as_str());
            tracing::warn!(message = %item.id, ending, reason, "not sent: nothing is sent to this number");
            return self.finish(item, OutboxOutcome::Failed, reason).await;
        }
        if let Some((number, kind)) = telephone(item) {
            // What was ordered before a pause goes no more. Only the operator's own pauses count here, and those of
            // providers below: where one is left, it carries the message, and where none is, the message waits.
            let toll = Toll { providers: Vec::new(), ..self.guards.toll(number, kind, true) };
            if let Some(withheld) = self.store.send_paused(&toll, self.clock.now()).await? {
                tracing::warn!(message = %item.id, ending = number.last_two(), "not sent: it is paused");
                return self.finish(item, OutboxOutcome::Failed, withheld.by.as_str()).await;
            }
        }
        let channel = channel_of(item);
        let Some(line) = self.carriers.line(channel) else {
            tracing::error!(message = %item.id, channel = channel.as_str(), "not sent: nobody is configured to carry this channel");
            return self.finish(item, OutboxOutcome::Failed, Refusal::Misconfigured.as_str()).await;
        };
        let (mut attempt, mut wait) = (1, None);
        let mut last = Outcome::Unavailable;
        for post in line.posts() {
            let now = self.clock.now();
            if self.store.provider_paused(post.carrier.name(), now).await? || !post.may_be_asked(now) {
                wait = wait.max(Some(FIRST_WAIT));
                continue;
            }
            let provider = post.carrier.name();
            let Some(number) = self.store.hand_over(item.id, provider, now).await? else {
                tracing::info!(message = %item.id, "not sent: it is over, or another has it");
                return Ok(());
            };
            attempt = number;
            // A code was paid for when it was ordered.
            if let (1, Some((to, kind)), false) = (number, telephone(item), is_code(item)) {
                self.store.charge(item.id, &self.guards.toll(to, kind, true).notice(), now).await?;
            }
            let outcome = post.carrier.send(&message).await;
            post.learn(&outcome, self.clock.now());
            say(item, provider, number, &outcome);
            match &outcome {
                Outcome::Accepted { provider_id } => {
                    let id = provider_id.as_ref().map(super::provider::ProviderId::as_str);
                    let said = (outcome.as_str(), id);
                    return self.store.finish_message(item.id, OutboxOutcome::Sent, said, self.clock.now()).await;
                }
                // It may be on its way: the page says that it can take a few minutes, and the person may ask again.
                Outcome::Ambiguous => return self.finish(item, OutboxOutcome::Sent, outcome.as_str()).await,
                Outcome::Throttled { retry_after } => wait = wait.max(Some(retry_after.unwrap_or_default())),
                Outcome::Unavailable => wait = wait.max(Some(Duration::ZERO)),
                Outcome::Refused(_) => {}
            }
            if !outcome.may_fail_over() {
                return self.finish(item, OutboxOutcome::Failed, outcome.as_str()).await;
            }
            self.store.take_back(item.id, outcome.as_str()).await?;
            last = outcome;
        }
        let due_at = wait.and_then(|wait| next_attempt(item, attempt, wait, self.clock.now()));
        match due_at {
            Some(due_at) => self.store.retry_message(item.id, due_at).await,
            None => self.finish(item, OutboxOutcome::Failed, last.as_str()).await,
        }
    }

    async fn finish(&self, item: &OutboxItem, ended: OutboxOutcome, word: &str) -> Result<(), StoreError> {
        self.store.finish_message(item.id, ended, (word, None), self.clock.now()).await
    }

    /// `None` when its time or its challenge is over, or the sign-in that sets up its number.
    async fn render(&self, item: &OutboxItem, now: Timestamp) -> Result<Option<Outgoing>, StoreError> {
        if now >= item.expires_at {
            return Ok(None);
        }
        let body = match &item.content {
            OutboxContent::Code { sign_in, challenge, host } => {
                let current = self.store.ordered_code(*sign_in, *challenge, now).await?;
                let Some(code) = current.and_then(|c| c.code(&self.keyring, now)) else { return Ok(None) };
                self.code_body(item, &code, self.host(host.as_deref()), now)
            }
            OutboxContent::Notice { notice } => Some(self.notice_body(item, notice)),
            OutboxContent::Link => self.link_body(item, now).await?,
        };
        Ok(body.map(|body| outgoing(item, body, now)))
    }

    /// The host of a message; the main one, where it has none or there is none of that name any more.
    fn host(&self, name: Option<&str>) -> &PublicUrl {
        name.and_then(|name| self.hosts.named(name.as_bytes())).unwrap_or_else(|| self.hosts.main())
    }

    /// `None` for mail: no code ever goes there.
    fn code_body(&self, item: &OutboxItem, code: &Passcode, host: &PublicUrl, now: Timestamp) -> Option<Body> {
        match &item.to {
            Recipient::Sms(to) => {
                let sender = Sender { host: host.host.clone(), ..(*self.sender).clone() };
                let text = message::sms(item.language, &sender, code, item.expires_at.since(now));
                Some(Body::Sms { to: to.clone(), text })
            }
            Recipient::Voice(to) => {
                let plan = speech::plan(item.language, self.sender.name(item.language), code);
                Some(Body::Voice { to: to.clone(), plan })
            }
            Recipient::Mail(_) => None,
        }
    }

    fn notice_body(&self, item: &OutboxItem, notice: &Notice) -> Body {
        let (language, sender) = (item.language, &self.sender);
        match &item.to {
            Recipient::Mail(to) => {
                let link = item.link.as_ref().and_then(|link| self.mailed(link));
                let mail = notices::mail(language, sender, notice, item.created_at, link.as_ref());
                Body::Mail { to: to.clone(), mail }
            }
            Recipient::Sms(to) => {
                let link = item.link.as_ref().and_then(|link| self.mailed(link));
                Body::Sms { to: to.clone(), text: notices::text(language, sender, notice, link.as_ref()) }
            }
            Recipient::Voice(to) => {
                let (text, reading) = notices::spoken(language, notice);
                let plan = speech::announcement(language, sender.name(language), &text, &reading);
                Body::Voice { to: to.clone(), plan }
            }
        }
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
        let origin = self.host(link.host.as_deref()).origin();
        let address = format!("{origin}/.sekisho/link/{}", token.expose());
        Some(notices::MailedLink { purpose: link.purpose, address, expires_at: link.expires_at })
    }
}

fn say(item: &OutboxItem, provider: &str, attempt: u32, outcome: &Outcome) {
    let (channel, ending, word) = (channel_of(item).as_str(), ending(&item.to), outcome.as_str());
    match outcome {
        Outcome::Accepted { .. } => {
            tracing::info!(message = %item.id, channel, ending, provider, attempt, "sent");
        }
        _ if outcome.needs_operator() => {
            tracing::error!(message = %item.id, channel, ending, provider, attempt, outcome = word, "not sent: an operator has to see to it");
        }
        _ => {
            tracing::warn!(message = %item.id, channel, ending, provider, attempt, outcome = word, "not sent, as far as is known");
        }
    }
}

/// Until when to wait for the next attempt; `None` where the message would be over by then.
fn next_attempt(item: &OutboxItem, attempt: u32, at_least: Duration, now: Timestamp) -> Option<Timestamp> {
    let longest = if is_code(item) { LONGEST_WAIT_FOR_CODE } else { LONGEST_WAIT };
    let doubled = FIRST_WAIT.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    let due_at = now + doubled.min(longest).max(at_least);
    (due_at + WORTH_TRYING < item.expires_at).then_some(due_at)
}

const fn is_code(item: &OutboxItem) -> bool {
    matches!(item.content, OutboxContent::Code { .. })
}

const fn telephone(item: &OutboxItem) -> Option<(&PhoneNumber, MethodKind)> {
    match &item.to {
        Recipient::Sms(number) => Some((number, MethodKind::Sms)),
        Recipient::Voice(number) => Some((number, MethodKind::Voice)),
        Recipient::Mail(_) => None,
    }
}

const fn channel_of(item: &OutboxItem) -> ChannelKind {
    match item.to {
        Recipient::Sms(_) => ChannelKind::Sms,
        Recipient::Voice(_) => ChannelKind::Voice,
        Recipient::Mail(_) => ChannelKind::Mail,
    }
}

/// The message stays as it was: found again where it was not handed over.
fn note_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "sending a message ended badly");
    }
}

fn outgoing(item: &OutboxItem, body: Body, now: Timestamp) -> Outgoing {
    let purpose = match item.content {
        OutboxContent::Code { .. } => Purpose::Code,
        OutboxContent::Notice { .. } => Purpose::Notice,
        OutboxContent::Link => Purpose::Link,
    };
    Outgoing { id: item.id, language: item.language, at: now, purpose, expires_at: item.expires_at, body }
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
