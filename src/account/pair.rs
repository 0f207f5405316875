//! The pair every account has: a primary and a backup (`product.md` R3, R5). A value of this type is always legal.

use super::{
    method::{Method, MethodKind, NewMethod, Target},
    phone::NumberKind,
};

/// Which of the two a method is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Normally used.
    Primary,
    /// For when the primary is out of reach.
    Backup,
}

impl Role {
    /// The word in the store, the forms and the logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Backup => "backup",
        }
    }
    /// Reads [`as_str`](Self::as_str).
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Primary, Self::Backup].into_iter().find(|role| role.as_str() == word)
    }
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Primary => Self::Backup,
            Self::Backup => Self::Primary,
        }
    }
}

/// Why two methods cannot be a pair, or one cannot be used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum PairError {
    /// The primary is an app, so the backup must be a phone.
    #[error("both methods are authenticator apps")]
    AppTwice,
    /// One telephone number for both, whatever the channel, spelling or extension.
    #[error("both methods use one telephone number")]
    SameNumber,
    /// A landline gets no text messages.
    #[error("a landline cannot get text messages")]
    LandlineSms,
    /// A 050 number takes calls only.
    #[error("a VoIP number can only be called")]
    VoipSms,
    /// A text message cannot dial an extension.
    #[error("an extension can only be reached by a call")]
    ExtensionSms,
}

/// Can this target receive a code by its own channel?
pub fn check_target(target: &Target) -> Result<(), PairError> {
    match target {
        Target::App(_) | Target::Voice(_) => Ok(()),
        Target::Sms(number) => match number.kind() {
            NumberKind::FixedLine => Err(PairError::LandlineSms),
            NumberKind::Voip => Err(PairError::VoipSms),
            NumberKind::Mobile | NumberKind::FixedLineOrMobile if number.extension().is_some() => {
                Err(PairError::ExtensionSms)
            }
            NumberKind::Mobile | NumberKind::FixedLineOrMobile => Ok(()),
        },
    }
}

fn check(primary: &Target, backup: &Target) -> Result<(), PairError> {
    check_target(primary)?;
    check_target(backup)?;
    match (primary.phone(), backup.phone()) {
        (None, None) => Err(PairError::AppTwice),
        (Some(one), Some(other)) if one.same_number(other) => Err(PairError::SameNumber),
        (Some(_), Some(_) | None) | (None, Some(_)) => Ok(()),
    }
}

/// A legal primary and backup: at least one is a phone, never the same number twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodPair<M = Method> {
    primary: M,
    backup: M,
}

/// Anything that has a target can be half of a pair.
pub trait HasTarget {
    /// Channel and destination.
    fn target(&self) -> &Target;
}
impl HasTarget for Method {
    fn target(&self) -> &Target {
        &self.target
    }
}
impl HasTarget for NewMethod {
    fn target(&self) -> &Target {
        &self.target
    }
}

impl<M: HasTarget> MethodPair<M> {
    /// The only way to a pair.
    pub fn new(primary: M, backup: M) -> Result<Self, PairError> {
        check(primary.target(), backup.target())?;
        Ok(Self { primary, backup })
    }
    /// The method normally used.
    pub const fn primary(&self) -> &M {
        &self.primary
    }
    /// The method for when the primary is out of reach.
    pub const fn backup(&self) -> &M {
        &self.backup
    }
    /// By role.
    pub const fn get(&self, role: Role) -> &M {
        match role {
            Role::Primary => &self.primary,
            Role::Backup => &self.backup,
        }
    }
}

/// Which channels may be the backup of this primary, each with the reason where not (`product.md` R5). The number is
/// checked once it is typed; this is what the page can say before.
pub fn backup_choice(primary: MethodKind, backup: MethodKind) -> Result<(), PairError> {
    match (primary, backup) {
        (MethodKind::App, MethodKind::App) => Err(PairError::AppTwice),
        (MethodKind::App, MethodKind::Sms | MethodKind::Voice) | (MethodKind::Sms | MethodKind::Voice, _) => Ok(()),
    }
}
