//! Names that providers give: of accounts, keys and senders.

use serde_json::json;

use crate::config::{
    problem::quoted,
    read::{Refusal, Text},
};

/// A name a provider gave: of an account, a key, a service.
#[derive(Clone, Debug)]
pub(in crate::config) struct Given(pub(in crate::config) String);

impl Text for Given {
    const KIND: &'static str = "a name the provider gave";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if !(1..=256).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::new(
                "is not 1 to 256 visible ASCII characters".to_owned(),
                "as the provider's own pages show it",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[!-~]{1,256}$" })
    }
}

/// Whom a message comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderId {
    /// A telephone number, E.164.
    Number(String),
    /// A name, where the country allows it.
    Name(String),
}

impl SenderId {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(text) | Self::Name(text) => text,
        }
    }

    /// Its digits alone, as providers without a `+` write numbers; a name as it is.
    pub fn without_plus(&self) -> &str {
        self.as_str().trim_start_matches('+')
    }

    /// Can it call?
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }
}

impl Text for SenderId {
    const KIND: &'static str = "a number or a name";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        if (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self::Number(text.to_owned()));
        }
        // Short codes are digits alone.
        let short = (3..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_' | b'.' | b'&');
        let name = (1..=11).contains(&text.len())
            && text.bytes().all(of_a_name)
            && text.trim() == text
            && text.bytes().any(|byte| byte.is_ascii_alphabetic());
        if short || name {
            return Ok(Self::Name(text.to_owned()));
        }
        Err(Refusal::new(
            format!("{} is no sender", quoted(text)),
            "a number as in \"+815012345678\", or up to 11 letters and digits where the country allows a name",
        ))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^(\\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ._&-]{1,11})$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_numbers_short_codes_or_short_names() {
        assert_eq!(SenderId::parse("+815012345678").unwrap(), SenderId::Number("+815012345678".to_owned()));
        for name in ["Seller", "My Shop", "12345", "S2"] {
            assert_eq!(SenderId::parse(name).unwrap(), SenderId::Name(name.to_owned()));
        }
        for bad in ["", "+0312345678", "+81 50 1234", "ショップ", "ElevenLetters", " Shop", "123456789", "05012345678"]
        {
            assert!(SenderId::parse(bad).is_err(), "{bad}");
        }
    }
}
