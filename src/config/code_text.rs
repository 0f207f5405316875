//! The text message that carries a code: the operator's words, the gateway's last line. The last line binds the code to the
//! host (WICG origin-bound one-time codes §2: nothing after it), so no template can do without it or say something behind it.

use serde_json::json;

use super::{
    problem::{Report, did_you_mean, quoted},
    raw,
    read::{At, Refusal, Text},
    segments::{HEADERS, segments},
};
use crate::language::Language;

/// The words before the last line, with places for the code and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeText(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Written(String),
    Code,
    Service,
    Minutes,
}

const PLACES: [(&str, Piece); 3] = [("code", Piece::Code), ("service", Piece::Service), ("minutes", Piece::Minutes)];

/// What is put into the places.
#[derive(Clone, Copy)]
pub struct CodeParts<'p> {
    /// The digits.
    pub code: &'p str,
    /// Name of the service.
    pub service: &'p str,
    /// Host name of the sign-in pages, without a port.
    pub host: &'p str,
    /// Minutes that are left.
    pub minutes: u64,
}

/// The words of both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeTexts {
    ja: CodeText,
    en: CodeText,
}

impl CodeTexts {
    /// Those of one.
    pub const fn of(&self, language: Language) -> &CodeText {
        match language {
            Language::Ja => &self.ja,
            Language::En => &self.en,
        }
    }
}

pub(super) fn texts(raw: raw::Messages) -> Option<CodeTexts> {
    Some(CodeTexts { ja: raw.sms_ja?.value, en: raw.sms_en?.value })
}

impl CodeText {
    /// The whole message.
    pub fn fill(&self, parts: &CodeParts<'_>) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Written(written) => text.push_str(written),
                Piece::Code => text.push_str(parts.code),
                Piece::Service => text.push_str(parts.service),
                Piece::Minutes => text.push_str(&parts.minutes.to_string()),
            }
        }
        text.push_str("\n@");
        text.push_str(parts.host);
        text.push_str(" #");
        text.push_str(parts.code);
        text
    }

    /// Can a phone show half a code, because a segment ends within one? The most segments otherwise.
    fn longest(&self, parts: &CodeParts<'_>) -> Result<usize, CutCode> {
        // Where two codes without a common digit leave two texts different, there is the code.
        let one = self.fill(&CodeParts { code: "000000", ..*parts });
        let other = self.fill(&CodeParts { code: "111111", ..*parts });
        let of_code: Vec<bool> = one.chars().zip(other.chars()).map(|(a, b)| a != b).collect();
        let mut most = 0;
        for header in HEADERS {
            let cut = segments(&one, header);
            most = most.max(cut.len());
            let mut end = 0;
            for segment in cut {
                end += segment.chars().count();
                let within = |at: usize| of_code.get(at).copied().unwrap_or_default();
                if end > 0 && within(end - 1) && within(end) {
                    return Err(CutCode);
                }
            }
        }
        Ok(most)
    }
}

/// A segment ends within a code.
struct CutCode;

impl Text for CodeText {
    const KIND: &'static str = "a text";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let known = || PLACES.map(|(name, _)| format!("{{{name}}}")).join(", ");
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            pieces.push(Piece::Written(before.to_owned()));
            let Some((name, after)) = after.split_once('}') else {
                return Err(Refusal::new("has a { without a }".to_owned(), format!("known places: {}", known())));
            };
            let Some((_, piece)) = PLACES.iter().find(|(place, _)| *place == name) else {
                let help = did_you_mean(name, PLACES.map(|(place, _)| place))
                    .unwrap_or_else(|| format!("known places: {}", known()));
                return Err(Refusal::new(format!("{} is no part of it", quoted(name)), help));
            };
            pieces.push(piece.clone());
            rest = after;
        }
        pieces.push(Piece::Written(rest.to_owned()));
        if !pieces.contains(&Piece::Code) {
            return Err(Refusal::new("has no code in it".to_owned(), "write {code} where it stands"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Refusal::new("has control characters other than line ends".to_owned(), "take them out"));
        }
        if text.lines().any(|line| line.trim_start().starts_with('@')) {
            let help = "the gateway adds the line that binds the code to the host";
            return Err(Refusal::new("has a line that starts with @".to_owned(), help));
        }
        if ["http://", "https://", "www."].iter().any(|link| text.to_ascii_lowercase().contains(link)) {
            let help = "people learn to follow links in such messages, and carriers filter them";
            return Err(Refusal::new("has a link in it".to_owned(), help));
        }
        Ok(Self(pieces))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "\\{code\\}" })
    }
}

/// Refuses what could show half a code on a phone, in any minute of a code's life.
pub(super) fn check(root: &raw::Root, report: &mut Report<'_>) {
    let (Some(sms), Some(messages), Some(url), Some(branding)) =
        (&root.sms, &root.messages, &root.public_url, &root.branding)
    else {
        return;
    };
    let Some(names) = &branding.value.name else { return };
    let lifetime = root.sign_in.as_ref().and_then(|sign_in| sign_in.value.code_lifetime.as_ref());
    let longest = lifetime.map_or(1, |lifetime| lifetime.value.0.as_secs().div_ceil(60).max(1));
    for language in Language::ALL {
        let (key, text, service) = match language {
            Language::Ja => ("messages.sms_ja", &messages.value.sms_ja, &names.value.ja),
            Language::En => ("messages.sms_en", &messages.value.sms_en, &names.value.en),
        };
        let Some(At { value: text, span }) = text else { continue };
        let cut = (1..=longest).any(|minutes| {
            let parts = CodeParts { code: "000000", service, host: &url.value.host, minutes };
            text.longest(&parts).is_err()
        });
        if cut {
            let span = span.as_ref().or(names.span.as_ref()).or(sms.span.as_ref());
            let message = format!("{key}: the text is so long that a phone could show half a code");
            let help = "it is sent in segments, and one ends within the code: shorten the text or branding.name";
            report.add(span, message, Some(help.to_owned()));
        }
    }
}
