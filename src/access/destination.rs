//! Which telephone numbers anything is sent to: decided from the number and the configuration alone, before any send.
//! It must never be asked how often: counting is for the store.

use crate::{
    account::{NumberKind, PhoneNumber},
    config::{DestinationsConfig, NumberType},
};

/// Why nothing is sent to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Unreachable {
    /// Its country is none of those configured, or it has none.
    Country,
    /// Numbers of its kind get nothing.
    Kind,
    /// Numbers that begin like this one get nothing.
    Prefix,
}

impl Unreachable {
    /// The word in the log and in the store, one of those for the refusals of providers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Country => "country_blocked",
            Self::Kind | Self::Prefix => "number_blocked",
        }
    }
}

/// May anything be sent to the number? What is denied counts for more than what is allowed.
pub fn reachable(number: &PhoneNumber, rules: &DestinationsConfig) -> Result<(), Unreachable> {
    let begins = |prefixes: &[String]| prefixes.iter().any(|prefix| number.e164().starts_with(prefix.as_str()));
    if begins(&rules.denied_prefixes) {
        return Err(Unreachable::Prefix);
    }
    let types: &[NumberType] = match number.kind() {
        NumberKind::Mobile => &[NumberType::Mobile],
        NumberKind::FixedLine => &[NumberType::Fixed],
        NumberKind::FixedLineOrMobile => &[NumberType::Mobile, NumberType::Fixed],
        NumberKind::Voip => &[NumberType::Voip],
    };
    if !types.iter().any(|one| rules.types.contains(one)) {
        return Err(Unreachable::Kind);
    }
    let known = number.country().is_some_and(|country| rules.countries.contains(&country));
    if known || begins(&rules.allowed_prefixes) { Ok(()) } else { Err(Unreachable::Country) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> DestinationsConfig {
        DestinationsConfig {
            countries: vec!["JP".to_owned()],
            types: vec![NumberType::Mobile, NumberType::Fixed, NumberType::Voip],
            allowed_prefixes: Vec::new(),
            denied_prefixes: Vec::new(),
        }
    }

    fn judged(typed: &str, rules: &DestinationsConfig) -> Result<(), Unreachable> {
        reachable(&PhoneNumber::parse(typed, "JP").unwrap(), rules)
    }

    #[test]
    fn rat_15_nothing_goes_outside_the_countries_of_the_list() {
        for (typed, expected) in [
            ("090-1234-5678", Ok(())),
            ("03-1234-5678", Ok(())),
            ("050-1234-5678", Ok(())),
            ("+44 7400 123456", Err(Unreachable::Country)),
            ("+1 212 555 2368", Err(Unreachable::Country)),
            // The Caribbean shares the country code of the United States, not the country.
            ("+1 876 234 5678", Err(Unreachable::Country)),
        ] {
            assert_eq!(judged(typed, &rules()), expected, "{typed}");
        }
        let american = DestinationsConfig { countries: vec!["US".to_owned()], ..rules() };
        assert_eq!(judged("+1 212 555 2368", &american), Ok(()));
        assert_eq!(judged("+1 876 234 5678", &american), Err(Unreachable::Country));
        assert_eq!(judged("090-1234-5678", &american), Err(Unreachable::Country));
    }

    #[test]
    fn what_is_denied_counts_for_more_than_what_is_allowed() {
        let rules = DestinationsConfig {
            allowed_prefixes: vec!["+4474".to_owned()],
            denied_prefixes: vec!["+44740099".to_owned(), "+8180".to_owned()],
            ..rules()
        };
        assert_eq!(judged("+44 7400 123456", &rules), Ok(()));
        assert_eq!(judged("+44 7400 990000", &rules), Err(Unreachable::Prefix));
        assert_eq!(judged("080-1234-5678", &rules), Err(Unreachable::Prefix));
        assert_eq!(judged("090-1234-5678", &rules), Ok(()));
    }

    #[test]
    fn rat_18_kinds_of_numbers_can_be_left_out() {
        let rules = DestinationsConfig { types: vec![NumberType::Mobile], ..rules() };
        assert_eq!(judged("090-1234-5678", &rules), Ok(()));
        assert_eq!(judged("03-1234-5678", &rules), Err(Unreachable::Kind));
        assert_eq!(judged("050-1234-5678", &rules), Err(Unreachable::Kind));
    }
}
