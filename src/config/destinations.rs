//! Where codes and calls may go: countries, kinds of numbers, and numbers that begin in a certain way.

use serde_json::json;

use super::{
    problem::quoted,
    read::{At, OneOrMany, Refusal, Text, tables},
    value::{PhoneRegion, word, words},
};

/// A kind of telephone number, as operators name it. Premium-rate, toll-free and the like have no word: nothing is ever
/// sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberType {
    /// Mobile phones, and numbers whose plan does not tell them from landlines.
    Mobile,
    /// Landlines.
    Fixed,
    /// Numbers of the Internet, 050 in Japan.
    Voip,
}

const TYPES: [(&str, NumberType); 3] =
    [("mobile", NumberType::Mobile), ("fixed", NumberType::Fixed), ("voip", NumberType::Voip)];

impl Text for NumberType {
    const KIND: &'static str = "a kind of number";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "a kind of number", &TYPES)
    }
    fn constraint() -> serde_json::Value {
        words(&TYPES)
    }
}

/// How a number begins: `+`, the country code, and as many digits as matter.
#[derive(Clone, Debug)]
pub(super) struct NumberPrefix(pub(super) String);

impl Text for NumberPrefix {
    const KIND: &'static str = "the beginning of a number";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if !is_number_prefix(text) {
            return Err(Refusal::new(
                format!("{} is not the beginning of a telephone number", quoted(text)),
                "`+` and 1 to 15 digits, as in \"+8190\"",
            ));
        }
        Ok(Self(text.to_owned()))
    }
    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^\\+[1-9][0-9]{0,14}$" })
    }
}

/// Is it how a number of ITU-T E.164 begins?
pub fn is_number_prefix(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
    })
}

/// Is it a country as numbers have one: two capital letters of ISO 3166-1 that a numbering plan knows?
pub fn is_country(text: &str) -> bool {
    // The plan's own word for numbers of no country.
    text != "ZZ" && PhoneRegion::parse(text).is_ok()
}

tables! {
    /// Which telephone numbers codes and notices go to. It is asked when a number is entered, and again before each message.
    Destinations {
        /// Countries, two letters of ISO 3166-1 each. Without it: that of `phone_region` alone.
        countries: OneOrMany<PhoneRegion> = default([]),
        /// Kinds of numbers: `mobile`, `fixed`, `voip`. Premium-rate, shared-cost, toll-free, pager and satellite numbers
        /// never get anything.
        types: OneOrMany<NumberType> = default(["mobile", "fixed", "voip"]),
        /// Numbers that begin so get codes whatever their country.
        allowed_prefixes: OneOrMany<NumberPrefix> = default([]),
        /// Numbers that begin so get none, whatever is allowed.
        denied_prefixes: OneOrMany<NumberPrefix> = default([]),
    }
}

/// Which telephone numbers codes and notices go to.
#[derive(Clone, Debug)]
pub struct DestinationsConfig {
    /// ISO 3166-1 alpha-2; at least one.
    pub countries: Vec<String>,
    /// Kinds of numbers.
    pub types: Vec<NumberType>,
    /// `+` and digits: these beside the countries.
    pub allowed_prefixes: Vec<String>,
    /// `+` and digits: never these.
    pub denied_prefixes: Vec<String>,
}

pub(super) fn destinations(raw: Destinations, phone_region: &str) -> Option<DestinationsConfig> {
    let prefixes = |list: At<OneOrMany<NumberPrefix>>| list.value.0.into_iter().map(|at| at.value.0).collect();
    let mut countries: Vec<String> = raw.countries?.value.0.into_iter().map(|at| at.value.0).collect();
    if countries.is_empty() {
        countries.push(phone_region.to_owned());
    }
    Some(DestinationsConfig {
        countries,
        types: raw.types?.value.0.into_iter().map(|at| at.value).collect(),
        allowed_prefixes: prefixes(raw.allowed_prefixes?),
        denied_prefixes: prefixes(raw.denied_prefixes?),
    })
}
