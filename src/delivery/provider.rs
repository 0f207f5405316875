//! The one seam between the outbox and whoever carries messages: what is handed over, and how that ended.

use std::fmt;

use super::{
    message::Mail,
    providers::inbox::Inbox,
    speech::{self, Phrase},
};
use crate::{
    account::{EmailAddress, PhoneNumber},
    clock::Timestamp,
    language::Language,
    store::OutboxId,
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
    /// Channel, destination, text.
    pub body: Body,
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

/// How handing a message over ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The carrier took it; it has not arrived yet.
    Accepted,
    /// Nobody is configured to carry this channel.
    Misconfigured,
}

/// Who carries messages.
#[derive(Clone, Debug)]
pub enum Carrier {
    /// The development inbox: nothing leaves the machine.
    Inbox(Inbox),
}

impl Carrier {
    /// Hands one message over. At most once: the caller never repeats a message whose outcome it does not know.
    #[expect(clippy::unused_async, reason = "carriers over the network wait here; the in-memory one does not")]
    pub async fn send(&self, message: &Outgoing) -> Outcome {
        match self {
            Self::Inbox(inbox) => inbox.receive(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn debug_shows_neither_text_nor_number() {
        let message = Outgoing {
            id: OutboxId::random(&SystemEntropy::new()),
            language: Language::En,
            at: Timestamp::EPOCH,
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
