//! Who is asked to carry the messages of a channel, in which order, and who is left alone for a while because nothing
//! comes of asking. It must never decide whether a message may be sent twice: that is for the outbox.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{
    provider::{Carrier, Outcome},
    providers::{self, Means, ProviderUnusable},
};
use crate::{
    account::EmailAddress,
    clock::Timestamp,
    config::{ChannelConfig, ChannelKind, Config},
};

/// After so many troubles one after the other, a provider is left alone.
const TROUBLES: u32 = 5;
/// For so long; then one message looks whether it is back.
const REST: Duration = Duration::from_secs(30);

/// Who carries each channel; `None`: nobody. Clones share what they know of the providers.
#[derive(Clone, Debug)]
pub struct Carriers {
    /// Text messages.
    pub sms: Option<Line>,
    /// Calls.
    pub voice: Option<Line>,
    /// Mail.
    pub mail: Option<Line>,
    /// Whom warnings go to, and who carries them.
    pub warnings: Option<(EmailAddress, Carrier)>,
}

/// The providers of a channel.
#[derive(Clone, Debug)]
pub struct Line {
    first: Post,
    second: Option<Post>,
}

/// One provider, with how it has been doing.
#[derive(Clone)]
pub struct Post {
    /// The table of the configuration.
    pub table: String,
    /// Who it is.
    pub carrier: Carrier,
    breaker: Arc<Mutex<Breaker>>,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Post({} {})", self.table, self.carrier.name())
    }
}

/// How a provider has been doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Breaker {
    /// Troubles one after the other.
    troubles: u32,
    /// Nobody asks before then.
    rests_until: Option<Timestamp>,
}

impl Carriers {
    /// As configured.
    pub fn new(config: &Config, means: &mut Means) -> Result<Self, ProviderUnusable> {
        let mut line = |kind: ChannelKind, channel: &Option<ChannelConfig>| match channel {
            Some(channel) => Line::new(kind, channel, means).map(Some),
            None => Ok(None),
        };
        let sms = line(ChannelKind::Sms, &config.sms)?;
        let voice = line(ChannelKind::Voice, &config.voice)?;
        let mail = line(ChannelKind::Mail, &config.mail)?;
        let warnings = match &config.warnings_to {
            None => None,
            Some(told) => {
                let by = match &told.by {
                    Some(by) => Some(providers::provider(by, means)?),
                    None => mail.as_ref().map(|line| line.first.carrier.clone()),
                };
                EmailAddress::parse(&told.mail).ok().zip(by)
            }
        };
        Ok(Self { sms, voice, mail, warnings })
    }

    /// The providers of a channel; `None`: nobody carries it.
    pub const fn line(&self, channel: ChannelKind) -> Option<&Line> {
        match channel {
            ChannelKind::Sms => self.sms.as_ref(),
            ChannelKind::Voice => self.voice.as_ref(),
            ChannelKind::Mail => self.mail.as_ref(),
        }
    }

    /// Everybody who carries anything.
    pub fn all(&self) -> impl Iterator<Item = &Carrier> {
        [&self.sms, &self.voice, &self.mail].into_iter().flatten().flat_map(Line::posts).map(|post| &post.carrier)
    }
}

impl Line {
    fn new(kind: ChannelKind, channel: &ChannelConfig, means: &mut Means) -> Result<Self, ProviderUnusable> {
        let table = kind.as_str().to_owned();
        let second = match &channel.second {
            Some(second) => Some(Post::new(format!("{table}.second"), providers::provider(second, means)?)),
            None => None,
        };
        Ok(Self { first: Post::new(table, providers::provider(&channel.provider, means)?), second })
    }

    /// These, in this order.
    pub fn of(first: Post, second: Option<Post>) -> Self {
        Self { first, second }
    }

    /// In the order in which they are asked.
    pub fn posts(&self) -> impl Iterator<Item = &Post> {
        std::iter::once(&self.first).chain(&self.second)
    }
}

impl Post {
    /// A provider nothing is known of yet.
    pub fn new(table: impl Into<String>, carrier: Carrier) -> Self {
        Self { table: table.into(), carrier, breaker: Arc::default() }
    }

    /// Until when nobody asks it; `None`: it is asked.
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.breaker().rests_until.filter(|until| now < *until)
    }

    /// May it be asked now? After a rest one message goes first; the others wait until it is known how that went.
    pub(super) fn may_be_asked(&self, now: Timestamp) -> bool {
        let mut breaker = self.breaker();
        match breaker.rests_until {
            None => true,
            Some(until) if now < until => false,
            Some(_over) => {
                breaker.rests_until = Some(now + REST);
                true
            }
        }
    }

    /// What came of asking.
    pub(super) fn learn(&self, outcome: &Outcome, now: Timestamp) {
        let mut breaker = self.breaker();
        if !outcome.is_trouble() {
            *breaker = Breaker::default();
            return;
        }
        breaker.troubles = breaker.troubles.saturating_add(1);
        if breaker.troubles >= TROUBLES {
            breaker.rests_until = Some(now + REST);
            tracing::error!(
                table = self.table,
                provider = self.carrier.name(),
                "a provider does not answer and is left alone for a while"
            );
        }
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::provider::{Outgoing, Provider, Refusal};

    #[derive(Debug)]
    struct Nobody;

    #[async_trait::async_trait]
    impl Provider for Nobody {
        fn name(&self) -> &'static str {
            "nobody"
        }
        async fn send(&self, _message: &Outgoing) -> Outcome {
            Outcome::Unavailable
        }
    }

    #[test]
    fn a_provider_in_trouble_is_left_alone_and_then_tried_by_one() {
        let post = Post::new("sms", Arc::new(Nobody));
        let now = Timestamp::from_secs(1_000);
        for _ in 0..TROUBLES {
            assert!(post.may_be_asked(now));
            post.learn(&Outcome::Unavailable, now);
        }
        assert!(!post.may_be_asked(now));
        assert_eq!(post.rests_until(now), Some(now + REST));
        assert!(!post.may_be_asked(now + REST - Duration::from_millis(1)));
        assert!(post.may_be_asked(now + REST), "one looks");
        assert!(!post.may_be_asked(now + REST), "the others wait");
        post.learn(&Outcome::Ambiguous, now + REST);
        assert!(!post.may_be_asked(now + REST), "still in trouble");
        assert!(post.may_be_asked(now + REST + REST));
        post.learn(&Outcome::ACCEPTED, now + REST + REST);
        assert!(post.may_be_asked(now + REST + REST) && post.rests_until(now + REST + REST).is_none());
    }

    #[test]
    fn what_a_provider_says_of_a_message_is_no_trouble() {
        let post = Post::new("sms", Arc::new(Nobody));
        let now = Timestamp::from_secs(1_000);
        for _ in 0..10 * TROUBLES {
            for outcome in [Outcome::Refused(Refusal::InvalidNumber), Outcome::Throttled { retry_after: None }] {
                post.learn(&Outcome::Unavailable, now);
                post.learn(&outcome, now);
                assert!(post.may_be_asked(now));
            }
        }
    }
}
