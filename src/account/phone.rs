//! Telephone numbers as people type them, through Google's libphonenumber data: E.164, what kind of line it is, and
//! when two spellings are one number.

use std::fmt;

use rlibphonenumber::{PhoneNumberType, Region};
use unicode_normalization::UnicodeNormalization as _;

/// What a number can receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// A mobile phone: text messages and calls.
    Mobile,
    /// A landline: calls only.
    FixedLine,
    /// The country's plan does not tell them apart (+1): both are allowed.
    FixedLineOrMobile,
    /// A VoIP number (050 in Japan): calls only.
    Voip,
}

impl NumberKind {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::FixedLine => "fixed_line",
            Self::FixedLineOrMobile => "fixed_line_or_mobile",
            Self::Voip => "voip",
        }
    }
    /// Reads [`as_str`](Self::as_str).
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Mobile, Self::FixedLine, Self::FixedLineOrMobile, Self::Voip]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// Why a number cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum PhoneError {
    /// Nothing was typed.
    #[error("it is empty")]
    Empty,
    /// Not a telephone number of any numbering plan.
    #[error("it is not a telephone number")]
    NotANumber,
    /// Toll-free, Navi-Dial, premium, pager, satellite and the like (`product.md` R5).
    #[error("numbers of this kind cannot be used")]
    KindRefused,
    /// An extension that is not 1 to 7 digits.
    #[error("the extension is not 1 to 7 digits")]
    Extension,
}

/// A number that can be texted or called.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct PhoneNumber {
    e164: String,
    extension: Option<String>,
    kind: NumberKind,
}

/// The longest input worth reading.
const MAX_TYPED: usize = 64;

/// Satellite and other networks that belong to no country (ITU-T E.164, list of assigned codes); the numbering data
/// calls some of their numbers mobile.
const NETWORKS_WITHOUT_A_COUNTRY: [&str; 5] = ["+870", "+878", "+881", "+882", "+883"];

impl PhoneNumber {
    /// Reads what a person typed: full-width digits, any dash, spaces, brackets, `内線12` or `ext. 12`. Without a
    /// leading `+` the number belongs to `region` (ISO 3166-1 alpha-2).
    pub fn parse(typed: &str, region: &str) -> Result<Self, PhoneError> {
        if typed.chars().count() > MAX_TYPED {
            return Err(PhoneError::NotANumber);
        }
        // U+30FC is what a Japanese keyboard gives for a dash between digits.
        let text: String = typed.nfkc().map(|c| if is_dash(c) { '-' } else { c }).collect();
        let text = text.trim();
        if text.is_empty() {
            return Err(PhoneError::Empty);
        }
        let (number, spoken_extension) = match text.split_once("内線") {
            Some((number, rest)) => {
                (number.trim(), Some(rest.trim_matches([' ', ':', '-', ')', '番', '号']).to_owned()))
            }
            None => (text, None),
        };
        let number = number.trim_end_matches(['(', ' ']);
        let region: Option<Region> = region.parse().ok();
        let parsed =
            rlibphonenumber::PhoneNumber::parse(number, region).map_err(|_unreadable| PhoneError::NotANumber)?;
        if !parsed.is_valid() {
            return Err(PhoneError::NotANumber);
        }
        let e164 = parsed.format_as(rlibphonenumber::PhoneNumberFormat::E164).into_owned();
        if NETWORKS_WITHOUT_A_COUNTRY.iter().any(|code| e164.starts_with(code)) {
            return Err(PhoneError::KindRefused);
        }
        let kind = match parsed.get_type() {
            PhoneNumberType::Mobile => NumberKind::Mobile,
            PhoneNumberType::FixedLine => NumberKind::FixedLine,
            PhoneNumberType::FixedLineOrMobile => NumberKind::FixedLineOrMobile,
            PhoneNumberType::VoIP => NumberKind::Voip,
            _ => return Err(PhoneError::KindRefused),
        };
        let extension = spoken_extension.or_else(|| Some(parsed.extension().to_owned())).filter(|e| !e.is_empty());
        if extension.as_ref().is_some_and(|e| e.len() > 7 || !e.bytes().all(|b| b.is_ascii_digit())) {
            return Err(PhoneError::Extension);
        }
        Ok(Self { e164, extension, kind })
    }

    /// Rebuilds a number from its columns; only the store calls this.
    pub fn from_record(e164: String, extension: Option<String>, kind: NumberKind) -> Self {
        Self { e164, extension, kind }
    }

    /// `+` and up to 15 digits (ITU-T E.164), without the extension.
    pub fn e164(&self) -> &str {
        &self.e164
    }
    /// Digits dialled after the call is answered.
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }
    /// What it can receive.
    pub const fn kind(&self) -> NumberKind {
        self.kind
    }
    /// Its country (ISO 3166-1 alpha-2); `None` where it has none.
    pub fn country(&self) -> Option<String> {
        let number = rlibphonenumber::PhoneNumber::parse(&self.e164, None).ok()?;
        number.get_region_code().map(|region| region.to_string())
    }
    /// All but the last four digits: the block of ten thousand numbers it belongs to.
    pub fn block(&self) -> &str {
        self.e164.get(..self.e164.len().saturating_sub(4)).unwrap_or_default()
    }
    /// As people of its country write it, `090-1234-5678`; with its country code for people of another `region`. Only for
    /// whoever typed it a moment ago.
    pub fn spelled(&self, region: &str) -> String {
        let Ok(number) = rlibphonenumber::PhoneNumber::parse(&self.e164, None) else { return self.e164.clone() };
        let home: Option<Region> = region.parse().ok();
        let format = if home.is_some() && number.get_region_code() == home {
            rlibphonenumber::PhoneNumberFormat::National
        } else {
            rlibphonenumber::PhoneNumberFormat::International
        };
        number.format_as(format).into_owned()
    }
    /// The last two digits: all that a log, a notice or a page shows of it later.
    pub fn last_two(&self) -> &str {
        self.e164.get(self.e164.len().saturating_sub(2)..).unwrap_or_default()
    }
    /// One telephone: the extension and the channel do not make it another (`product.md` R5).
    pub fn same_number(&self, other: &Self) -> bool {
        self.e164 == other.e164
    }
}

fn is_dash(c: char) -> bool {
    matches!(c, 'ー' | '－' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '─' | '━' | 'ｰ')
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber(…{})", self.last_two())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jp(typed: &str) -> Result<PhoneNumber, PhoneError> {
        PhoneNumber::parse(typed, "JP")
    }

    #[test]
    fn every_spelling_of_one_number_is_one_number() {
        let plain = jp("090-1234-5678").unwrap();
        assert_eq!(plain.e164(), "+819012345678");
        for spelling in [
            "09012345678",
            "０９０－１２３４－５６７８",
            "090ー1234ー5678",
            "+81 90 1234 5678",
            "+81 090 1234 5678",
            "＋８１９０１２３４５６７８",
            "(090) 1234 5678",
            "090-1234-5678 内線12",
        ] {
            let number = jp(spelling).unwrap_or_else(|e| panic!("{spelling}: {e}"));
            assert!(number.same_number(&plain), "{spelling}");
        }
    }

    #[test]
    fn kinds_follow_the_japanese_numbering_plan() {
        assert_eq!(jp("090-1234-5678").unwrap().kind(), NumberKind::Mobile);
        assert_eq!(jp("060-1234-5678").unwrap().kind(), NumberKind::Mobile);
        assert_eq!(jp("03-1234-5678").unwrap().kind(), NumberKind::FixedLine);
        assert_eq!(jp("050-1234-5678").unwrap().kind(), NumberKind::Voip);
        assert_eq!(jp("0120-123-456"), Err(PhoneError::KindRefused), "toll-free");
        assert_eq!(jp("0570-012-345"), Err(PhoneError::KindRefused), "Navi-Dial");
        assert_eq!(jp("0990-123-456"), Err(PhoneError::KindRefused), "premium");
        for satellite in ["+870 773 123456", "+8816 315 12345", "+882 16 5551 2345", "+883 5100 12345678"] {
            assert_eq!(jp(satellite), Err(PhoneError::KindRefused), "{satellite}");
        }
        assert_eq!(jp("12"), Err(PhoneError::NotANumber));
        assert_eq!(jp(" "), Err(PhoneError::Empty));
    }

    #[test]
    fn extensions_are_kept_in_both_spellings() {
        assert_eq!(jp("03-1234-5678 内線12").unwrap().extension(), Some("12"));
        assert_eq!(jp("03-1234-5678（内線：12）").unwrap().extension(), Some("12"));
        assert_eq!(jp("03-1234-5678 ext. 12").unwrap().extension(), Some("12"));
        assert_eq!(jp("03-1234-5678 内線abc"), Err(PhoneError::Extension));
    }

    #[test]
    fn a_number_is_spelled_as_its_country_does_and_reads_back() {
        for (typed, region, spelled) in [
            ("０９０12345678", "JP", "090-1234-5678"),
            ("+81 3 1234 5678", "JP", "03-1234-5678"),
            ("+44 20 7946 0018", "JP", "+44 20 7946 0018"),
            ("+819012345678", "US", "+81 90-1234-5678"),
        ] {
            let number = PhoneNumber::parse(typed, region).unwrap();
            assert_eq!(number.spelled(region), spelled);
            assert_eq!(PhoneNumber::parse(spelled, region), Ok(number));
        }
    }

    #[test]
    fn debug_shows_two_digits_only() {
        assert_eq!(format!("{:?}", jp("090-1234-5678").unwrap()), "PhoneNumber(…78)");
    }
}
