//! Tables whose keys the operator chooses, and texts with places to fill in.

use serde_json::json;
use toml::{Spanned, de::DeValue};

use crate::config::{
    problem::{Report, did_you_mean, plain_key, quoted},
    read::{At, Refusal, Shape, Text, Value, report_type},
};

/// Values by names of the operator's choice, in the order of the file.
#[derive(Clone, Debug)]
pub(super) struct Named<T>(pub(super) Vec<(String, At<T>)>);

impl<T: Value> Value for Named<T> {
    fn shape() -> Shape {
        match T::shape() {
            Shape::Leaf { kind, schema } => Shape::Leaf {
                kind: format!("table of names, each with a value ({kind})"),
                schema: json!({ "type": "object", "additionalProperties": schema }),
            },
            table => table,
        }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else {
            report_type(value, key, "a table", report);
            return None;
        };
        let mut named: Vec<(String, At<T>)> = Vec::new();
        for (name, value) in table {
            let path = format!("{key}.{}", plain_key(name.get_ref()));
            let read = T::read(value, &path, report)?;
            named.push((name.get_ref().to_string(), At { value: read, span: Some(value.span()) }));
        }
        named.sort_by_key(|(_, value)| value.span.as_ref().map_or(0, |span| span.start));
        Some(Self(named))
    }
}

/// A text in which `{to}` and the like stand for parts of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is written here may be a password that should have been a secret.
        f.write_str("Template(…)")
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Piece {
    Written(String),
    Filled(Placeholder),
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// The number with its `+`.
    To,
    /// The number without it.
    Digits,
    /// The text.
    Text,
    /// The name of the message, the same at each attempt.
    Id,
    /// `ja` or `en`.
    Language,
    /// Seconds it is still worth something.
    ExpiresIn,
}

const PLACEHOLDERS: [(&str, Placeholder); 6] = [
    ("to", Placeholder::To),
    ("to_digits", Placeholder::Digits),
    ("text", Placeholder::Text),
    ("id", Placeholder::Id),
    ("language", Placeholder::Language),
    ("expires_in", Placeholder::ExpiresIn),
];

impl Template {
    /// The text with every place filled in.
    pub fn fill(&self, mut part: impl FnMut(Placeholder) -> String) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Written(written) => text.push_str(written),
                Piece::Filled(placeholder) => text.push_str(&part(*placeholder)),
            }
        }
        text
    }

    /// Does this part of the message occur in it?
    pub fn names(&self, placeholder: Placeholder) -> bool {
        self.0.contains(&Piece::Filled(placeholder))
    }
}

impl Text for Template {
    const KIND: &'static str = "a text";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            pieces.push(Piece::Written(before.to_owned()));
            let known = || PLACEHOLDERS.map(|(name, _)| format!("{{{name}}}")).join(", ");
            let Some((name, after)) = after.split_once('}') else {
                return Err(Refusal::new("has a { without a }".to_owned(), format!("known places: {}", known())));
            };
            let Some((_, placeholder)) = PLACEHOLDERS.iter().find(|(known, _)| *known == name) else {
                let help = did_you_mean(name, PLACEHOLDERS.map(|(name, _)| name))
                    .unwrap_or_else(|| format!("known places: {}", known()));
                return Err(Refusal::new(format!("{} is not a part of a message", quoted(name)), help));
            };
            pieces.push(Piece::Filled(*placeholder));
            rest = after;
        }
        pieces.push(Piece::Written(rest.to_owned()));
        Ok(Self(pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_in_and_nothing_else_is_taken_for_a_place() {
        let filled = |text: &str| {
            Template::parse(text).map(|template| {
                template.fill(|placeholder| match placeholder {
                    Placeholder::To => "+8190".to_owned(),
                    other => format!("<{other:?}>"),
                })
            })
        };
        assert_eq!(filled("to={to}&t={text}!").unwrap(), "to=+8190&t=<Text>!");
        assert_eq!(filled("plain } text").unwrap(), "plain } text");
        assert!(filled("{txet}").unwrap_err().words().contains("did you mean \"text\"?"));
        assert!(filled("{to").is_err() && filled("{}").is_err());
    }
}
