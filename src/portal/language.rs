//! Which language a page is in: what the person chose, else what the browser asks for, else English.

use http::{HeaderMap, header};

use super::cookie;
use crate::language::Language;

/// The language for a request.
pub(super) fn of(headers: &HeaderMap) -> Language {
    chosen_by(headers).unwrap_or_else(|| preferred(headers))
}

/// What the person chose on this browser.
pub(super) fn chosen_by(headers: &HeaderMap) -> Option<Language> {
    cookie::read(headers, cookie::LANGUAGE).and_then(chosen)
}

/// The value of the cookie and of the switch.
pub(super) fn chosen(tag: &str) -> Option<Language> {
    Language::ALL.into_iter().find(|language| language.tag() == tag)
}

/// RFC 9110 §12.5.4: the language range with the highest weight that we have; the first of equals.
fn preferred(headers: &HeaderMap) -> Language {
    let ranges = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
    let mut best = (Language::En, 0_u16);
    for range in ranges.flat_map(|line| line.split(',')).take(64) {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default();
        let Some(weight) = parts.next().map_or(Some(1000), thousandths) else { continue };
        if let Some(language) = Language::from_tag(tag).filter(|_| weight > best.1) {
            best = (language, weight);
        }
    }
    best.0
}

/// `q=0.8` as 800; `None` for anything else (RFC 9110 §12.4.2).
fn thousandths(parameter: &str) -> Option<u16> {
    let value = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match whole {
        "1" => Some(1000),
        "0" => format!("{fraction:0<3}").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(http::HeaderName, &str)]) -> Language {
        of(&pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect())
    }

    #[test]
    fn the_choice_wins_then_the_weights_then_english() {
        let accepts = |value| with(&[(header::ACCEPT_LANGUAGE, value)]);
        assert_eq!(with(&[]), Language::En);
        assert_eq!(accepts("ja"), Language::Ja);
        assert_eq!(accepts("ja-JP,ja;q=0.9,en-US;q=0.8"), Language::Ja);
        assert_eq!(accepts("fr, en;q=0.3, ja;q=0.4"), Language::Ja);
        assert_eq!(accepts("en-GB, ja"), Language::En, "the first of equals");
        assert_eq!(accepts("ja;q=0, en;q=0.1"), Language::En);
        assert_eq!(accepts("ja;q=x, *"), Language::En);
        assert_eq!(accepts("fr-FR"), Language::En);
        let japanese = (header::ACCEPT_LANGUAGE, "ja");
        assert_eq!(with(&[japanese.clone(), (header::COOKIE, "__Host-sekisho-lang=en")]), Language::En);
        assert_eq!(with(&[japanese, (header::COOKIE, "__Host-sekisho-lang=fr")]), Language::Ja);
    }
}
