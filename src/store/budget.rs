//! What messages to telephones may cost: counts and money within a time, what is paused, and how many of the codes that
//! went out came back.

use std::time::Duration;

use super::{Result, Store};
use crate::{account::MethodKind, clock::Timestamp};

/// One count that a message takes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What is counted.
    pub by: BudgetKind,
    /// Of whom, as the store names it: an identifier, a keyed digest, a country. Empty where there is only one.
    pub of: String,
    /// How much this message takes: one, or its price in millionths.
    pub amount: i64,
    /// No more than this within the window.
    pub most: i64,
    /// It begins with the first message and begins again when it is over.
    pub window: Duration,
    /// Nothing is taken where this other count of the same message runs already: a number that is new once.
    pub unless: Option<String>,
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal,)+) => {
        /// What a count is of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum BudgetKind {
            $( $(#[doc = $doc])+ $name, )+
        }

        impl BudgetKind {
            /// The word in the store, in the log and in what operators are shown.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$name => $word, )+ }
            }

            /// Reads [`as_str`](Self::as_str).
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $( $word => Some(Self::$name), )+
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// Messages of one account.
    Account = "account",
    /// Messages of one account to numbers that are being set up.
    NewOfAccount = "account-new",
    /// Numbers that one account began to set up.
    NewNumbers = "numbers-new",
    /// That an account began to set up a certain number.
    NewNumber = "number-new",
    /// Messages asked for from one network.
    Network = "network",
    /// Calls to one number.
    Calls = "calls",
    /// Messages to numbers that differ in the last four digits only.
    Block = "block",
    /// The same to numbers that are being set up.
    NewOfBlock = "block-new",
    /// Messages to one country.
    Country = "country",
    /// All messages.
    All = "all",
    /// Their price.
    Money = "money",
}

/// Where a message to a telephone goes, what it costs, and what has to agree to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toll {
    /// By text or by call.
    pub channel: MethodKind,
    /// ISO 3166-1 alpha-2; empty where the number has none.
    pub country: String,
    /// The number without its last four digits.
    pub block: String,
    /// The price in millionths of the configured currency.
    pub cost: i64,
    /// All of these must have room.
    pub budgets: Vec<Budget>,
    /// At least one of these must not be paused.
    pub providers: Vec<&'static str>,
    /// Somebody has given back a code that went there: the number is a method. What is paused because no codes come back
    /// is not paused for it.
    pub proven: bool,
}

impl Toll {
    /// What a notice is counted as: its price, which no count refuses.
    #[must_use]
    pub fn notice(self) -> Self {
        let money = Budget {
            by: BudgetKind::Money,
            of: String::new(),
            amount: self.cost,
            most: i64::MAX,
            window: Duration::from_hours(24),
            unless: None,
        };
        Self { budgets: vec![money], ..self }
    }
}

/// Why a message is not ordered, for the operator; the person is told what works instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// What keeps it.
    pub by: WithheldBy,
    /// Until then; `None`: until an operator says otherwise.
    pub until: Option<Timestamp>,
}

/// What keeps a message from being ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithheldBy {
    /// A count has no room.
    Budget(BudgetKind),
    /// The channel, its providers, the country or the beginning of the number is paused.
    Pause(PauseCause),
}

impl WithheldBy {
    /// The word in the log and in the metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Budget(kind) => kind.as_str(),
            Self::Pause(PauseCause::Operator) => "paused",
            Self::Pause(PauseCause::Conversion) => "paused-conversion",
        }
    }
}

/// Why something is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseCause {
    /// An operator said so.
    Operator,
    /// Of the codes that went there, too few came back.
    Conversion,
}

impl PauseCause {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Conversion => "conversion",
        }
    }

    /// Reads [`as_str`](Self::as_str).
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Operator, Self::Conversion].into_iter().find(|cause| cause.as_str() == word)
    }
}

/// Something that is paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// `sms`, `voice`, `provider:…`, `country:…` or `prefix:…`.
    pub what: String,
    /// Why.
    pub cause: PauseCause,
    /// Since then.
    pub since: Timestamp,
    /// Until then; `None`: until it is resumed.
    pub until: Option<Timestamp>,
}

/// When few codes come back, a block of numbers or a country is paused for numbers that are being set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// So far back.
    pub window: Duration,
    /// So many codes whose time is over must have gone to numbers of the block that were being set up; a third after a pause.
    pub least: u32,
    /// The same for a whole country.
    pub country_least: u32,
    /// In percent: fewer of them came back.
    pub percent: u32,
    /// The first pause; each next one is twice as long.
    pub pause: Duration,
    /// The longest.
    pub most: Duration,
}

/// What is used of a count that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetUse {
    /// What is counted.
    pub by: BudgetKind,
    /// Of whom.
    pub of: String,
    /// So much.
    pub used: i64,
    /// It begins again then.
    pub ends_at: Timestamp,
}

/// What went to a country within a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountryUse {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// `sms` or `voice`.
    pub channel: String,
    /// Messages that providers took, or may have.
    pub sent: u32,
    /// Of those, how many providers reported as delivered.
    pub delivered: u32,
    /// Codes that went out; sending one again does not make it two.
    pub codes: u32,
    /// Of those, how many came back.
    pub verified: u32,
    /// Half of them came back within so many seconds.
    pub median_seconds: Option<u32>,
    /// Price of all messages, in millionths.
    pub cost: i64,
}

/// Messages that were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedUse {
    /// Why.
    pub reason: String,
    /// Where to.
    pub country: String,
    /// How many.
    pub messages: u32,
}

/// Something operators are to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is about; the same is told once while it lasts.
    pub key: String,
    /// In words.
    pub text: String,
    /// Since then.
    pub at: Timestamp,
}

impl Store {
    /// Would a message be ordered now, as far as counts and pauses go? Reads only.
    pub async fn withheld(&self, toll: &Toll, now: Timestamp) -> Result<Option<Withheld>> {
        match self {
            Self::Sqlite(s) => s.withheld(toll, now).await,
        }
    }

    /// Is anything about this message paused at the moment of sending? `provider` apart: see [`Self::provider_paused`].
    pub async fn send_paused(&self, toll: &Toll, now: Timestamp) -> Result<Option<Withheld>> {
        match self {
            Self::Sqlite(s) => s.send_paused(toll, now).await,
        }
    }

    /// Is a provider paused?
    pub async fn provider_paused(&self, provider: &str, now: Timestamp) -> Result<bool> {
        match self {
            Self::Sqlite(s) => s.provider_paused(provider, now).await,
        }
    }

    /// What a message costs that no count can refuse: a notice about an account.
    pub async fn charge(&self, message: super::OutboxId, toll: &Toll, now: Timestamp) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.charge(message, toll, now).await,
        }
    }

    /// A message was asked for and refused.
    pub async fn count_refused(&self, reason: &str, country: &str, now: Timestamp) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.count_refused(reason, country, now).await,
        }
    }

    /// An operator pauses something, until then or until it is resumed.
    pub async fn pause(&self, what: &str, until: Option<Timestamp>, now: Timestamp) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.pause(what, until, now).await,
        }
    }

    /// Ends a pause, whoever began it; `false` where there is none.
    pub async fn resume(&self, what: &str, now: Timestamp) -> Result<bool> {
        match self {
            Self::Sqlite(s) => s.resume(what, now).await,
        }
    }

    /// What is paused now.
    pub async fn pauses(&self, now: Timestamp) -> Result<Vec<Pause>> {
        match self {
            Self::Sqlite(s) => s.pauses(now).await,
        }
    }

    /// Pauses the blocks of numbers and the countries that too few codes came back from; those that this call paused.
    pub async fn watch(&self, watch: Watch, now: Timestamp) -> Result<Vec<Pause>> {
        match self {
            Self::Sqlite(s) => s.watch(watch, now).await,
        }
    }

    /// The counts that run, the most used first; at most so many of each kind.
    pub async fn budget_use(&self, each: u32, now: Timestamp) -> Result<Vec<BudgetUse>> {
        match self {
            Self::Sqlite(s) => s.budget_use(each, now).await,
        }
    }

    /// What went to each country since then.
    pub async fn country_use(&self, since: Timestamp) -> Result<Vec<CountryUse>> {
        match self {
            Self::Sqlite(s) => s.country_use(since).await,
        }
    }

    /// What was refused today and yesterday (UTC).
    pub async fn refused_use(&self, now: Timestamp) -> Result<Vec<RefusedUse>> {
        match self {
            Self::Sqlite(s) => s.refused_use(now).await,
        }
    }

    /// Keeps a warning, unless the same was kept within the time; `false`: it was.
    pub async fn warn(&self, warning: &Warning, again_after: Duration) -> Result<bool> {
        match self {
            Self::Sqlite(s) => s.warn(warning, again_after).await,
        }
    }

    /// Takes the warnings that nobody was told yet: each is given out once.
    pub async fn untold_warnings(&self, now: Timestamp) -> Result<Vec<Warning>> {
        match self {
            Self::Sqlite(s) => s.untold_warnings(now).await,
        }
    }
}
