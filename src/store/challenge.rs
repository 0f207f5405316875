//! Messages with codes: their limits, the code that is good, and what became of them.

use std::{fmt, time::Duration};

use super::{OutboxId, RateLimit, Result, SignInId, SignInPlace, Store};
use crate::{
    account::{MethodId, MethodKind},
    authn::{Challenge, ChallengeId},
    clock::Timestamp,
    secret::Digest,
};

/// Whose messages are counted together, across sign-ins and sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendKey {
    /// An enrolled method, from browsers its account does not know.
    Method(MethodId),
    /// An enrolled method, from one browser that its account knows, by the keyed digest of what it is known by.
    Known(MethodId, Digest),
    /// A number that is being set up, by the keyed digest of its digits, whoever sets it up.
    Number(Digest),
}

impl fmt::Display for SendKey {
    /// As the store names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(id) => write!(f, "method:{id}"),
            Self::Known(id, digest) => write!(f, "method:{id}:{}", data_encoding::HEXLOWER.encode(digest.as_bytes())),
            Self::Number(digest) => write!(f, "number:{}", data_encoding::HEXLOWER.encode(digest.as_bytes())),
        }
    }
}

/// How often a message may go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendLimit {
    /// What counts.
    pub key: SendKey,
    /// The waits after the first message, the second, …; as many further messages as waits may follow the first.
    pub waits: Vec<Duration>,
    /// After the last one, or this long without any, counting begins again.
    pub rest: Duration,
    /// Every message to the number, whichever account or method it is for. A right code does not begin it again.
    pub day: RateLimit,
}

/// What was sent to a method or a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageState {
    /// The code of the method that is good now in this browser.
    pub code: Option<Challenge>,
    /// Is a code of the method good in another browser?
    pub elsewhere: bool,
    /// Messages of this flow, while a wait runs.
    pub sent: u32,
    /// No further message before then; `None`: now.
    pub next_at: Option<Timestamp>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It waits for its turn.
    Queued,
    /// The provider took it.
    Sent,
    /// A call that nobody answered, as the provider reported after it took it.
    Unanswered,
    /// It could not be sent.
    Failed,
    /// It could not, and no text message ever will: the number takes none.
    NotSms,
    /// It could not: the number is none, or nobody sends there.
    Refused,
    /// The provider reported then that it arrived; of a call, that somebody took it.
    Delivered(Timestamp),
    /// The provider took it and could not deliver it.
    Undelivered,
}

/// What a provider says of a message after it took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryReport {
    /// It could not be delivered.
    Undelivered,
    /// It arrived; of a call: somebody took it.
    Delivered,
    /// A call: it rang and nobody picked up, or the line was engaged.
    Unanswered,
}

impl DeliveryReport {
    /// The word in the store and in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undelivered => "undelivered",
            Self::Delivered => "delivered",
            Self::Unanswered => "unanswered",
        }
    }

    /// Reads [`as_str`](Self::as_str).
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Undelivered, Self::Delivered, Self::Unanswered].into_iter().find(|report| report.as_str() == word)
    }

    /// What this report corrects: reports come late, twice and in any order. A message that arrived after all arrived; a
    /// call that a machine took was taken by nobody.
    pub(in crate::store) const fn overrules(self) -> &'static [Self] {
        match self {
            Self::Undelivered => &[],
            Self::Delivered => &[Self::Undelivered],
            Self::Unanswered => &[Self::Undelivered, Self::Delivered],
        }
    }
}

impl Store {
    /// What was sent to a method, from when more may be, and the code that is good where the sign-in takes place. Reads
    /// only.
    pub async fn method_messages(&self, method: MethodId, place: &SignInPlace, now: Timestamp) -> Result<MessageState> {
        match self {
            Self::Sqlite(s) => s.method_messages(method, place, now).await,
        }
    }

    /// How many messages were counted, and from when more may be sent. Reads only, and no code.
    pub async fn message_state(&self, key: SendKey, now: Timestamp) -> Result<MessageState> {
        match self {
            Self::Sqlite(s) => s.message_state(key, now).await,
        }
    }

    /// The code came back and the number is proven: its count begins again.
    pub async fn number_proven(&self, key: SendKey, challenge: ChallengeId, now: Timestamp) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.number_proven(key, challenge, now).await,
        }
    }

    /// The challenge a message in the outbox carries the code of, while it is good: a method's, or that of the number
    /// this sign-in is setting up.
    pub async fn ordered_code(
        &self,
        sign_in: SignInId,
        challenge: ChallengeId,
        now: Timestamp,
    ) -> Result<Option<Challenge>> {
        match self {
            Self::Sqlite(s) => s.ordered_code(sign_in, challenge, now).await,
        }
    }

    /// What became of the newest message with this code by this channel; `None` when there is none.
    pub async fn delivery(&self, challenge: ChallengeId, channel: MethodKind) -> Result<Option<Delivery>> {
        match self {
            Self::Sqlite(s) => s.delivery(challenge, channel).await,
        }
    }

    /// Keeps what a provider says of a message that was given to it, in whatever order it says it. `false` when it says
    /// nothing new, no such message was given to a provider, or the report cannot be true of its channel.
    pub async fn report_message(&self, id: OutboxId, report: DeliveryReport, now: Timestamp) -> Result<bool> {
        match self {
            Self::Sqlite(s) => s.report_message(id, report, now).await,
        }
    }
}
