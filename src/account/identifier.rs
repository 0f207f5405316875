//! Names people type: one account has one spelling of each, whatever the keyboard made of it.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing was left after trimming.
    #[error("it is empty")]
    Empty,
    /// Too long for a header and a log line.
    #[error("it is longer than {0} characters")]
    TooLong(usize),
    /// A character that has no place in a name.
    #[error("it has a character that is not allowed: {0:?}")]
    Character(char),
    /// Not of the form `local@domain`.
    #[error("it is not an e-mail address")]
    NotAnAddress,
    /// RFC 5321 §4.1.3, in brackets or without.
    #[error("it has an IP address after the @, not the name of a domain")]
    AddressLiteral,
    /// A name of the local network, if of anything.
    #[error("the domain after the @ has no dot; a whole one is like example.jp")]
    SingleLabel,
}

const MAX_NAME: usize = 64;
/// RFC 5321 §4.5.3.1.3.
const MAX_ADDRESS: usize = 254;

/// Folds what a person typed to the one spelling that is stored and compared: full-width forms become ASCII (NFKC),
/// letters lower case, surrounding space goes.
fn fold(typed: &str) -> String {
    typed.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect::<String>().trim().to_owned()
}

/// A user name: letters and digits of any script, `.`, `_`, `-`, `+`; never `@`, so it cannot be mistaken for an
/// e-mail address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

impl UserName {
    /// Folds and checks a name.
    pub fn parse(typed: &str) -> Result<Self, IdentifierError> {
        let name = fold(typed);
        if name.is_empty() {
            return Err(IdentifierError::Empty);
        }
        if name.chars().count() > MAX_NAME {
            return Err(IdentifierError::TooLong(MAX_NAME));
        }
        match name.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'))) {
            Some(c) => Err(IdentifierError::Character(c)),
            None => Ok(Self(name)),
        }
    }
    /// The folded name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An e-mail address, folded to lower case. Deliverability is for the mail server to say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Folds and checks an address.
    pub fn parse(typed: &str) -> Result<Self, IdentifierError> {
        let Self(address) = Self::kept(typed)?;
        let domain = address.split_once('@').map(|(_, domain)| domain).unwrap_or_default();
        if domain.starts_with('[') || domain.parse::<std::net::IpAddr>().is_ok() {
            return Err(IdentifierError::AddressLiteral);
        }
        let mut labels = domain.split('.');
        if labels.clone().count() < 2 {
            return Err(IdentifierError::SingleLabel);
        }
        if labels.any(str::is_empty) {
            return Err(IdentifierError::NotAnAddress);
        }
        Ok(Self(address))
    }

    /// One that stands in the store, or is typed by somebody whose address may stand there: also of the kinds that new ones
    /// are not of.
    pub fn kept(typed: &str) -> Result<Self, IdentifierError> {
        let address = fold(typed);
        if address.is_empty() {
            return Err(IdentifierError::Empty);
        }
        if address.len() > MAX_ADDRESS {
            return Err(IdentifierError::TooLong(MAX_ADDRESS));
        }
        if let Some(c) =
            address.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | ',' | ';'))
        {
            return Err(IdentifierError::Character(c));
        }
        match address.split_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !domain.contains('@') => {
                Ok(Self(address))
            }
            _ => Err(IdentifierError::NotAnAddress),
        }
    }
    /// The folded address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What was typed into the sign-in form: a user name or an e-mail address, folded so that every spelling of one name
/// meets one account and one failure count.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum LoginName {
    /// Without `@`.
    UserName(UserName),
    /// With `@`.
    Email(EmailAddress),
    /// Nothing an account could have; kept so that it costs the same work and meets the same limits.
    Impossible(String),
}

impl LoginName {
    /// Never fails: a name no account can have is a name nobody has.
    pub fn parse(typed: &str) -> Self {
        if let Ok(name) = UserName::parse(typed) {
            return Self::UserName(name);
        }
        if let Ok(address) = EmailAddress::kept(typed) {
            return Self::Email(address);
        }
        Self::Impossible(fold(&typed.chars().take(MAX_ADDRESS).collect::<String>()))
    }
    /// The folded text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::UserName(name) => name.as_str(),
            Self::Email(address) => address.as_str(),
            Self::Impossible(text) => text,
        }
    }
}

/// A permission group the access rules and the console see.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(String);

impl Group {
    /// ASCII letters, digits, `.`, `_`, `-`, `:`; it is sent in a comma-separated header.
    pub fn parse(typed: &str) -> Result<Self, IdentifierError> {
        let name = typed.trim();
        if name.is_empty() {
            return Err(IdentifierError::Empty);
        }
        if name.len() > MAX_NAME {
            return Err(IdentifierError::TooLong(MAX_NAME));
        }
        match name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':'))) {
            Some(c) => Err(IdentifierError::Character(c)),
            None => Ok(Self(name.to_owned())),
        }
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! plain_text {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.as_str())
            }
        }
    )*};
}
plain_text!(UserName, EmailAddress, Group);

impl fmt::Debug for LoginName {
    /// What a person typed into the name field may be their password: it is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginName(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_name_is_one_name() {
        let spellings = ["hanako", "Hanako", " HANAKO ", "ｈａｎａｋｏ", "ＨＡＮＡＫＯ\u{3000}"];
        for spelling in spellings {
            assert_eq!(LoginName::parse(spelling).as_str(), "hanako", "{spelling:?}");
        }
        assert_eq!(LoginName::parse("Hanako＠Example.JP").as_str(), "hanako@example.jp");
    }

    #[test]
    fn names_that_no_account_can_have_are_still_names() {
        assert!(matches!(LoginName::parse("a b"), LoginName::Impossible(_)));
        assert!(matches!(LoginName::parse(""), LoginName::Impossible(_)));
        assert!(matches!(LoginName::parse("@"), LoginName::Impossible(_)));
        assert_eq!(format!("{:?}", LoginName::parse("hunter2")), "LoginName(…)");
    }

    #[test]
    fn addresses_are_of_a_whole_domain() {
        for address in [
            "hanako@example.jp",
            "Ｈ＠ＥＸＡＭＰＬＥ．ＪＰ",
            "a+b@mail.example.co.jp",
            "花子@例え.jp",
            "a@1.2.3.4.example.jp",
        ] {
            assert!(EmailAddress::parse(address).is_ok(), "{address}");
        }
        for (address, why) in [
            ("a@[127.0.0.1]", IdentifierError::AddressLiteral),
            ("a@[ipv6:2001:db8::1]", IdentifierError::AddressLiteral),
            ("a@127.0.0.1", IdentifierError::AddressLiteral),
            ("a@localhost", IdentifierError::SingleLabel),
            ("a@jp", IdentifierError::SingleLabel),
            ("a@example..jp", IdentifierError::NotAnAddress),
            ("a@.jp", IdentifierError::NotAnAddress),
            ("a@example.jp.", IdentifierError::NotAnAddress),
            ("a@b@example.jp", IdentifierError::NotAnAddress),
            ("@example.jp", IdentifierError::NotAnAddress),
        ] {
            assert_eq!(EmailAddress::parse(address), Err(why), "{address}");
        }
        // Whoever has one of these signs in by it, and their account can be read.
        assert!(matches!(LoginName::parse("a@localhost"), LoginName::Email(_)));
        assert_eq!(EmailAddress::kept("a@localhost").unwrap().as_str(), "a@localhost");
    }

    #[test]
    fn groups_fit_a_comma_separated_header() {
        assert!(Group::parse("owner").is_ok());
        assert_eq!(Group::parse("a,b"), Err(IdentifierError::Character(',')));
        assert_eq!(Group::parse("a\r\nb"), Err(IdentifierError::Character('\r')));
    }
}
