//! The one seam between the outbox and whoever carries messages: what is handed over, and how that ended.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    callback::{Callback, NotGenuine},
    message::Mail,
    speech::{self, Phrase},
};
use crate::{
    account::{EmailAddress, PhoneNumber},
    clock::Timestamp,
    language::Language,
    store::{DeliveryReport, OutboxId},
};

/// A rendered message. It may hold a code: its `Debug` shows neither the text nor the number.
#[derive(Clone)]
pub struct Outgoing {
    /// Its name in the outbox; the idempotency key towards providers.
    pub id: OutboxId,
    /// Of the text.
    pub language: Language,
    /// When it is handed over.
    pub at: Timestamp,
    /// What it is for.
    pub purpose: Purpose,
    /// Worth nothing after this; for a code, when it ends.
    pub expires_at: Timestamp,
    /// Channel, destination, text.
    pub body: Body,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A code, which somebody waits for.
    Code,
    /// Something happened to an account.
    Notice,
    /// A link somebody asked for.
    Link,
    /// An operator tries whether messages arrive.
    Test,
}

impl Purpose {
    /// The word towards webhooks and commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Notice => "notice",
            Self::Link => "link",
            Self::Test => "test",
        }
    }
}

/// Channel, destination and text.
#[derive(Clone)]
pub enum Body {
    /// A text message.
    Sms {
        /// To this number; its extension means nothing here.
        to: PhoneNumber,
        /// With the origin-bound last line.
        text: String,
    },
    /// A call.
    Voice {
        /// To this number; the extension is dialled after the call is answered.
        to: PhoneNumber,
        /// What is said.
        plan: Vec<Phrase>,
    },
    /// A mail.
    Mail {
        /// To this address.
        to: EmailAddress,
        /// What it says.
        mail: Mail,
    },
}

impl Body {
    /// The word in logs.
    pub const fn channel(&self) -> &'static str {
        match self {
            Self::Sms { .. } => "sms",
            Self::Voice { .. } => "voice",
            Self::Mail { .. } => "mail",
        }
    }

    /// E.164 number or mail address.
    pub fn to(&self) -> &str {
        match self {
            Self::Sms { to, .. } | Self::Voice { to, .. } => to.e164(),
            Self::Mail { to, .. } => to.as_str(),
        }
    }

    /// What is dialled after a call is answered.
    pub fn extension(&self) -> Option<&str> {
        match self {
            Self::Voice { to, .. } => to.extension(),
            Self::Sms { .. } | Self::Mail { .. } => None,
        }
    }

    /// The text as a person reads it; a call as its transcript.
    pub fn text(&self) -> String {
        match self {
            Self::Sms { text, .. } => text.clone(),
            Self::Voice { plan, .. } => speech::transcript(plan),
            Self::Mail { mail, .. } => mail.text.clone(),
        }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({} {} {})", self.id, self.body.channel(), self.language.tag())
    }
}

/// How handing a message over ended. The pages, the store and the metrics know no other words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took it; it has not arrived yet.
    Accepted {
        /// The provider's own name of it, for its reports and its support.
        provider_id: Option<ProviderId>,
    },
    /// The provider certainly did not take it, and will not.
    Refused(Refusal),
    /// The provider certainly did not take it now.
    Throttled {
        /// It may later.
        retry_after: Option<Duration>,
    },
    /// Nothing was written: the provider was not there.
    Unavailable,
    /// It was written and may have been taken. It is never sent again by itself.
    Ambiguous,
}

impl Outcome {
    /// Taken, without a name.
    pub const ACCEPTED: Self = Self::Accepted { provider_id: None };

    /// May the same provider be asked again by itself?
    pub const fn may_retry(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unavailable)
    }

    /// May another provider be asked instead? Never where the message may be on its way, nor where another would only do
    /// what this one rightly refused.
    pub const fn may_fail_over(&self) -> bool {
        match self {
            Self::Accepted { .. } | Self::Ambiguous => false,
            Self::Throttled { .. } | Self::Unavailable => true,
            Self::Refused(refusal) => refusal.may_fail_over(),
        }
    }

    /// Does it say that the provider itself is in trouble, not this message?
    pub const fn is_trouble(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Ambiguous)
    }

    /// Has an operator something to do?
    pub const fn needs_operator(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.needs_operator())
    }

    /// The word in logs and in the store.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Refused(refusal) => refusal.as_str(),
            Self::Throttled { .. } => "throttled",
            Self::Unavailable => "unavailable",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// Why a provider does not take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Malformed, or a range nobody has.
    InvalidNumber,
    /// A landline, a pager.
    NotSmsCapable,
    /// The provider may not send there.
    CountryBlocked,
    /// Its owner does not want messages, or its carrier bars them.
    NumberBlocked,
    /// The provider's guard against pumping.
    FraudBlocked {
        /// Some such blocks lift themselves.
        retry_after: Option<Duration>,
    },
    /// The text.
    ContentFiltered,
    /// The number or name it was to come from.
    SenderRejected,
    /// No money left, or a limit of spending.
    QuotaExhausted,
    /// Our credentials.
    AuthFailed,
    /// Anything else that only an operator can put right.
    Misconfigured,
}

impl Refusal {
    /// The word in logs and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidNumber => "invalid_number",
            Self::NotSmsCapable => "not_sms_capable",
            Self::CountryBlocked => "country_blocked",
            Self::NumberBlocked => "number_blocked",
            Self::FraudBlocked { .. } => "fraud_blocked",
            Self::ContentFiltered => "content_filtered",
            Self::SenderRejected => "sender_rejected",
            Self::QuotaExhausted => "quota_exhausted",
            Self::AuthFailed => "auth_failed",
            Self::Misconfigured => "misconfigured",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        let known = [
            Self::InvalidNumber,
            Self::NotSmsCapable,
            Self::CountryBlocked,
            Self::NumberBlocked,
            Self::FraudBlocked { retry_after: None },
            Self::ContentFiltered,
            Self::SenderRejected,
            Self::QuotaExhausted,
            Self::AuthFailed,
            Self::Misconfigured,
        ];
        known.into_iter().find(|refusal| refusal.as_str() == word)
    }

    const fn may_fail_over(self) -> bool {
        match self {
            // What the operator has to put right with this one provider says nothing of another.
            Self::ContentFiltered
            | Self::SenderRejected
            | Self::QuotaExhausted
            | Self::AuthFailed
            | Self::Misconfigured => true,
            // The number is as it is, and a block is not to be got around.
            Self::InvalidNumber
            | Self::NotSmsCapable
            | Self::CountryBlocked
            | Self::NumberBlocked
            | Self::FraudBlocked { .. } => false,
        }
    }

    const fn needs_operator(self) -> bool {
        self.may_fail_over()
    }
}

/// A provider's own name of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderId(String);

impl ProviderId {
    /// 1 to 128 visible ASCII characters; whatever else a provider wrote is not kept.
    pub fn parse(text: &str) -> Option<Self> {
        let usable = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        usable.then(|| Self(text.to_owned()))
    }

    /// As the provider wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who carries messages. Nothing particular to a provider leaves its file.
#[async_trait]
pub trait Provider: Send + Sync + fmt::Debug {
    /// Its word in the configuration, in logs and in the store.
    fn name(&self) -> &'static str;

    /// Hands one message over, at most once: it never repeats a request that was written. It answers within the time the
    /// configuration gives providers.
    async fn send(&self, message: &Outgoing) -> Outcome;

    /// Reads what somebody who knew the address of a message's reports sent there. Nothing is believed that the provider
    /// did not sign; `Ok(None)`: genuine, and nothing that matters.
    async fn read_callback(&self, _callback: &Callback<'_>) -> Result<Option<DeliveryReport>, NotGenuine> {
        Err(NotGenuine)
    }
}

/// A shared provider.
pub type Carrier = Arc<dyn Provider>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn what_may_be_on_its_way_is_neither_repeated_nor_given_to_another() {
        for outcome in [Outcome::ACCEPTED, Outcome::Ambiguous] {
            assert!(!outcome.may_retry() && !outcome.may_fail_over(), "{outcome:?}");
        }
        for outcome in [Outcome::Unavailable, Outcome::Throttled { retry_after: None }] {
            assert!(outcome.may_retry() && outcome.may_fail_over(), "{outcome:?}");
        }
    }

    #[test]
    fn a_block_is_not_got_around_by_another_provider() {
        let expected = [
            ("invalid_number", false),
            ("not_sms_capable", false),
            ("country_blocked", false),
            ("number_blocked", false),
            ("fraud_blocked", false),
            ("content_filtered", true),
            ("sender_rejected", true),
            ("quota_exhausted", true),
            ("auth_failed", true),
            ("misconfigured", true),
        ];
        for (word, elsewhere) in expected {
            let refusal = Refusal::parse(word).unwrap();
            assert_eq!(refusal.as_str(), word);
            let outcome = Outcome::Refused(refusal);
            assert!(!outcome.may_retry());
            assert_eq!((outcome.may_fail_over(), outcome.needs_operator()), (elsewhere, elsewhere), "{word}");
        }
        assert_eq!(Refusal::parse("anything"), None);
    }

    #[test]
    fn a_providers_name_of_a_message_is_kept_only_where_it_is_one() {
        assert_eq!(ProviderId::parse("SM0123").unwrap().as_str(), "SM0123");
        for text in ["", "two words", "改", "line\n", &"x".repeat(129)] {
            assert_eq!(ProviderId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn debug_shows_neither_text_nor_number() {
        let message = Outgoing {
            id: OutboxId::random(&SystemEntropy::new()),
            language: Language::En,
            at: Timestamp::EPOCH,
            purpose: Purpose::Code,
            expires_at: Timestamp::EPOCH,
            body: Body::Sms {
                to: PhoneNumber::parse("090-1234-5678", "JP").unwrap(),
                text: "123456 is your Console code.".to_owned(),
            },
        };
        let shown = format!("{message:?}");
        assert!(!shown.contains("123456") && !shown.contains("1234"), "{shown}");
        assert!(shown.contains("sms"), "{shown}");
    }
}
