//! A way to get a code.

use std::fmt;

use super::phone::PhoneNumber;
use crate::{clock::Timestamp, random_id, secret::SecretBytes};

random_id!(
    /// Names one method of one account; a replaced method gets a new one.
    MethodId
);

/// The three channels (`product.md` R4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MethodKind {
    /// Authenticator app (TOTP, RFC 6238).
    App,
    /// Text message to a phone.
    Sms,
    /// Voice call to a phone, mobile or landline.
    Voice,
}

impl MethodKind {
    /// All of them, in the order the pages show them: the recommended one first.
    pub const ALL: [Self; 3] = [Self::App, Self::Sms, Self::Voice];

    /// The word in the store, the forms and the logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }

    /// Reads [`as_str`](Self::as_str).
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Where the code comes from or goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The seed shared with the app, 160 bits (RFC 4226 §4 R6).
    App(SecretBytes),
    /// A text message to this number.
    Sms(PhoneNumber),
    /// A call to this number.
    Voice(PhoneNumber),
}

impl Target {
    /// Its channel.
    pub const fn kind(&self) -> MethodKind {
        match self {
            Self::App(_) => MethodKind::App,
            Self::Sms(_) => MethodKind::Sms,
            Self::Voice(_) => MethodKind::Voice,
        }
    }
    /// The number, for the two phone channels.
    pub const fn phone(&self) -> Option<&PhoneNumber> {
        match self {
            Self::App(_) => None,
            Self::Sms(number) | Self::Voice(number) => Some(number),
        }
    }
}

/// A name the person gives a method: "office phone", 家族の電話.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

/// The label was too long or had control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a label is at most 40 characters on one line")]
pub struct LabelError;

impl Label {
    /// Trims; `Ok(None)` when nothing was typed.
    pub fn parse(typed: &str) -> Result<Option<Self>, LabelError> {
        let text = typed.trim();
        if text.chars().count() > 40 || text.chars().any(char::is_control) {
            return Err(LabelError);
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = LabelError;
    fn try_from(text: String) -> Result<Self, LabelError> {
        Self::parse(&text)?.ok_or(LabelError)
    }
}
impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What enrolment proves: a method before it has an identity or a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMethod {
    /// Channel and destination.
    pub target: Target,
    /// The person's name for it.
    pub label: Option<Label>,
}

/// A proven method of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its identifier.
    pub id: MethodId,
    /// Channel and destination.
    pub target: Target,
    /// The person's name for it.
    pub label: Option<Label>,
    /// When it was proven.
    pub added_at: Timestamp,
    /// When it last gave a code that was right.
    pub last_used_at: Option<Timestamp>,
}

impl Method {
    /// Its channel.
    pub const fn kind(&self) -> MethodKind {
        self.target.kind()
    }
}
