//! What answers of a service mean, as the operator says it: by status, by what the body looks like.

use serde_json::json;

use super::named::Named;
use crate::config::{
    problem::{Report, quoted},
    read::{At, Many, Refusal, Text, Whole, tables},
    value::{word, words},
};

/// What the outcome of a message may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerOutcome(&'static str);

impl AnswerOutcome {
    /// The word.
    pub const fn as_str(&self) -> &'static str {
        self.0
    }
}

const OUTCOMES: [(&str, AnswerOutcome); 14] = {
    const fn same(word: &'static str) -> (&'static str, AnswerOutcome) {
        (word, AnswerOutcome(word))
    }
    [
        same("accepted"),
        same("invalid_number"),
        same("not_sms_capable"),
        same("country_blocked"),
        same("number_blocked"),
        same("fraud_blocked"),
        same("content_filtered"),
        same("sender_rejected"),
        same("quota_exhausted"),
        same("auth_failed"),
        same("misconfigured"),
        same("throttled"),
        same("unavailable"),
        same("ambiguous"),
    ]
};

impl Text for AnswerOutcome {
    const KIND: &'static str = "an outcome";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "an outcome", &OUTCOMES)
    }
    fn constraint() -> serde_json::Value {
        words(&OUTCOMES)
    }
}

/// What one kind of answer means.
#[derive(Clone, Debug)]
pub struct AnswerRule {
    /// `None`: whatever the status.
    pub status: Option<u32>,
    /// Pieces of the body in their order: it starts with the first and ends with the last. Empty: whatever the body.
    pub body: Vec<String>,
    /// What it means.
    pub outcome: AnswerOutcome,
}

impl AnswerRule {
    /// Is it about this answer?
    pub fn fits(&self, status: u16, body: &str) -> bool {
        self.status.is_none_or(|wanted| wanted == u32::from(status)) && fits(&self.body, body.trim())
    }
}

/// `a*b`, as its pieces `a` and `b`.
fn fits(pieces: &[String], text: &str) -> bool {
    let (Some((first, rest)), text) = (pieces.split_first(), text) else { return true };
    let Some(mut text) = text.strip_prefix(first.as_str()) else { return false };
    let Some((last, between)) = rest.split_last() else { return text.is_empty() };
    for piece in between {
        match text.split_once(piece.as_str()) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    text.ends_with(last.as_str())
}

/// What a body looks like.
#[derive(Clone, Debug)]
pub(super) struct BodyPattern(Vec<String>);

impl Text for BodyPattern {
    const KIND: &'static str = "a pattern";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() {
            return Err(Refusal::new(format!("{} is not a pattern", quoted(text)), "as in \"0: Accepted*\""));
        }
        Ok(Self(text.split('*').map(str::to_owned).collect()))
    }
    fn constraint() -> serde_json::Value {
        json!({ "minLength": 1 })
    }
}

tables! {
    /// What one kind of answer means. The first that fits decides; without one the status does, and of 2xx only where no
    /// rule says what is accepted.
    Answer {
        /// The status it is about. Without it: any.
        status: Whole<100, 599> = optional,
        /// What the body looks like, `*` standing for anything, as in `0: Accepted*`. Without it: anything.
        body: BodyPattern = optional,
        /// What such an answer means. `unavailable` and `throttled` say that the message was certainly not taken: it is sent
        /// again. `ambiguous` never is.
        outcome: AnswerOutcome = required,
    }
}

/// From the raw tables.
pub(super) fn rules(raw: Many<Answer>) -> Option<Vec<AnswerRule>> {
    raw.0.into_iter().map(|At { value, .. }| rule(value)).collect()
}

fn rule(raw: Answer) -> Option<AnswerRule> {
    Some(AnswerRule {
        status: raw.status.map(|status| status.value.0),
        body: raw.body.map(|body| body.value.0).unwrap_or_default(),
        outcome: raw.outcome?.value,
    })
}

/// Reports names that are no exit codes.
pub(super) fn check_exit_codes(named: &Named<AnswerOutcome>, key: &str, report: &mut Report<'_>) {
    for (name, outcome) in &named.0 {
        if name.parse::<u8>().is_err() {
            let message = format!("{key}: {} is not an exit code", quoted(name));
            report.add(outcome.span.as_ref(), message, Some("a number from 0 to 255, in quotes".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(pattern: &str) -> Vec<String> {
        BodyPattern::parse(pattern).map(|BodyPattern(pieces)| pieces).unwrap()
    }

    #[test]
    fn a_pattern_is_about_the_whole_body() {
        for (pattern, body, expected) in [
            ("0: Accepted*", "0: Accepted for delivery", true),
            ("0: Accepted*", "10: Accepted for delivery", false),
            ("*queued*", "3: queued for later", true),
            ("OK", "OK", true),
            ("OK", "OK but", false),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "a--c--b", false),
            ("a*c", "ac", true),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(fits(&pieces(pattern), body), expected, "{pattern} and {body}");
        }
        assert!(fits(&[], "anything"));
    }
}
