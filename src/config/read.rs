//! Reading a TOML tree into typed tables. Reading never stops: what cannot be read is reported and left out, so that
//! everything wrong with a file is known at once.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::problem::{Report, did_you_mean, plain_key, shortened};

/// A value with its place in the file; no place for a default.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Option<Range<usize>>,
}

/// Anything that may stand after `=`, tables included.
pub(super) trait Value: Sized {
    /// What the schema and the reference say of it.
    fn shape() -> Shape;
    /// `None` once the reason is reported. `key` is the dotted name the person sees.
    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self>;
}

/// A value written as a string.
pub(super) trait Text: Sized {
    /// With its article: "a duration".
    const KIND: &'static str;
    fn parse(text: &str) -> Result<Self, Refusal>;
    /// What the schema asks of the string, beyond being one.
    fn constraint() -> serde_json::Value {
        serde_json::json!({})
    }
    /// Limits, for the reference.
    fn limits() -> Option<String> {
        None
    }
}

/// Why a value is refused, in words that follow the key.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Refusal {
    pub(super) fn new(message: String, help: impl Into<String>) -> Self {
        Self { message, help: Some(help.into()) }
    }

    /// In one line, where there is no file to point at.
    pub(super) fn words(self) -> String {
        self.help.map_or(self.message.clone(), |help| format!("{}: {help}", self.message))
    }
}

/// What may stand at a key.
#[derive(Debug)]
pub(super) enum Shape {
    Leaf {
        kind: String,
        schema: serde_json::Value,
    },
    Table {
        about: &'static str,
        keys: Vec<Key>,
    },
    /// `or_one`: a single table may stand in place of the array.
    Tables {
        about: &'static str,
        keys: Vec<Key>,
        or_one: bool,
    },
    /// A table whose key `by` says which of these it is.
    Choice {
        about: &'static str,
        by: &'static str,
        variants: Vec<Variant>,
    },
}

/// One of the tables that may stand at a key.
#[derive(Debug)]
pub(super) struct Variant {
    /// What its distinguishing key holds.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// The distinguishing one is among them.
    pub(super) keys: Vec<Key>,
}

/// A table whose keys are declared.
pub(super) trait Table: Sized {
    const ABOUT: &'static str;
    fn keys() -> Vec<Key>;
    /// Reads its keys, and leaves the others to whoever opened the table.
    fn read_keys(reader: &mut TableReader<'_, '_>) -> Self;
}

/// One key of a table, as documented.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Empty where the table at the key says it all.
    pub(super) about: &'static str,
    pub(super) presence: Presence,
    pub(super) shape: Shape,
}

/// What holds when a key is left out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Presence {
    Required,
    Optional,
    /// The default, as TOML.
    Default(&'static str),
}

impl<T: Text> Value for T {
    fn shape() -> Shape {
        let mut schema = T::constraint();
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("type".to_owned(), "string".into());
        }
        let kind = T::KIND.trim_start_matches("a ").trim_start_matches("an ");
        let kind = T::limits().map_or_else(|| kind.to_owned(), |limits| format!("{kind}, {limits}"));
        Shape::Leaf { kind, schema }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        let DeValue::String(text) = value.get_ref() else {
            report_type(value, key, &format!("{} in quotes", T::KIND), report);
            return None;
        };
        match T::parse(text) {
            Ok(parsed) => Some(parsed),
            Err(Refusal { message, help }) => {
                report.add(Some(&value.span()), format!("{key}: {message}"), help);
                None
            }
        }
    }
}

impl Value for bool {
    fn shape() -> Shape {
        Shape::Leaf { kind: "true or false".to_owned(), schema: serde_json::json!({ "type": "boolean" }) }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        let DeValue::Boolean(switch) = value.get_ref() else {
            report_type(value, key, "true or false", report);
            return None;
        };
        Some(*switch)
    }
}

/// An integer within limits, both included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole<const MIN: u32, const MAX: u32>(pub(super) u32);

impl<const MIN: u32, const MAX: u32> Value for Whole<MIN, MAX> {
    fn shape() -> Shape {
        Shape::Leaf {
            kind: format!("integer, {MIN} to {MAX}"),
            schema: serde_json::json!({ "type": "integer", "minimum": MIN, "maximum": MAX }),
        }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        let DeValue::Integer(number) = value.get_ref() else {
            report_type(value, key, "an integer", report);
            return None;
        };
        let within = u32::from_str_radix(number.as_str(), number.radix()).ok().filter(|n| (MIN..=MAX).contains(n));
        if within.is_none() {
            report.add(
                Some(&value.span()),
                format!("{key}: {} is not from {MIN} to {MAX}", shortened(&number.to_string(), 24)),
                None,
            );
        }
        within.map(Self)
    }
}

/// A value, or a list of them.
#[derive(Clone, Debug)]
pub(super) struct OneOrMany<T>(pub(super) Vec<At<T>>);

impl<T: Text> Value for OneOrMany<T> {
    fn shape() -> Shape {
        match T::shape() {
            Shape::Leaf { kind, schema } => Shape::Leaf {
                kind: format!("{kind}, or a list of them"),
                schema: serde_json::json!({ "anyOf": [schema, { "type": "array", "items": schema }] }),
            },
            table => table,
        }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        let items = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        // Every item is read before one that failed counts.
        let read: Vec<_> = items
            .into_iter()
            .map(|item| T::read(item, key, report).map(|value| At { value, span: Some(item.span()) }))
            .collect();
        read.into_iter().collect::<Option<Vec<_>>>().map(Self)
    }
}

/// An array of tables.
#[derive(Clone, Debug)]
pub(super) struct Many<T>(pub(super) Vec<At<T>>);

impl<T: Value> Value for Many<T> {
    fn shape() -> Shape {
        match T::shape() {
            Shape::Table { about, keys } => Shape::Tables { about, keys, or_one: false },
            leaf => leaf,
        }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        let DeValue::Array(items) = value.get_ref() else {
            report_type(value, key, &format!("tables that start with [[{key}]]"), report);
            return None;
        };
        let read =
            |item: &Spanned<DeValue<'_>>| T::read(item, key, report).map(|value| At { value, span: Some(item.span()) });
        Some(Self(items.iter().filter_map(read).collect()))
    }
}

/// A table, or an array of them.
#[derive(Clone, Debug)]
pub(super) struct OneOrMore<T>(pub(super) Vec<At<T>>);

impl<T: Value> Value for OneOrMore<T> {
    fn shape() -> Shape {
        match T::shape() {
            Shape::Table { about, keys } => Shape::Tables { about, keys, or_one: true },
            leaf => leaf,
        }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        if let DeValue::Array(_) = value.get_ref() {
            return Many::read(value, key, report).map(|Many(tables)| Self(tables));
        }
        T::read(value, key, report).map(|read| Self(vec![At { value: read, span: Some(value.span()) }]))
    }
}

/// Reads the keys of one table; those never asked for are unknown.
pub(super) struct TableReader<'r, 't> {
    table: &'r DeTable<'r>,
    span: Option<Range<usize>>,
    name: &'r str,
    report: &'r mut Report<'t>,
    known: Vec<&'static str>,
}

impl<'r, 't> TableReader<'r, 't> {
    /// `None` once reported that the value is not a table.
    pub(super) fn open(value: &'r Spanned<DeValue<'r>>, name: &'r str, report: &'r mut Report<'t>) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else {
            report_type(value, name, "a table", report);
            return None;
        };
        // The span of the root is empty: there is nothing to point at.
        let span = Some(value.span()).filter(|span| !span.is_empty());
        Some(Self { table, span, name, report, known: Vec::new() })
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// `None` where the key is left out and has no default, or once reported that the value is unusable.
    pub(super) fn key<T: Value>(&mut self, key: &'static str, presence: Presence) -> Option<At<T>> {
        self.known.push(key);
        let path = self.path(key);
        if let Some(value) = self.table.get(key) {
            return T::read(value, &path, self.report).map(|read| At { value: read, span: Some(value.span()) });
        }
        match presence {
            Presence::Optional => None,
            Presence::Default(text) => default_of(text).map(|value| At { value, span: None }),
            Presence::Required => {
                let message = match T::shape() {
                    Shape::Leaf { .. } => format!("{path}: missing"),
                    _ => format!("the table [{path}] is missing"),
                };
                self.report.add_missing(self.span.as_ref(), message, needed::<T>(key));
                None
            }
        }
    }

    /// Reports the keys nobody asked for.
    pub(super) fn close(self) {
        for unknown in self.table.keys() {
            let name = unknown.get_ref().as_ref();
            if self.known.contains(&name) {
                continue;
            }
            let path = self.path(&plain_key(name));
            let help = did_you_mean(name, self.known.iter().copied()).unwrap_or_else(|| {
                let known = self.known.join(", ");
                if self.name.is_empty() {
                    format!("known keys: {known}")
                } else {
                    format!("[{}] has: {known}", self.name)
                }
            });
            self.report.add(Some(&unknown.span()), format!("{path}: unknown key"), Some(help));
        }
    }
}

/// A default from its documentation. `None` would be a default that is refused; a test reads them all.
fn default_of<T: Value>(text: &'static str) -> Option<T> {
    let value = DeValue::parse(text).ok()?;
    T::read(&value, "", &mut Report::new("", text))
}

fn needed<T: Value>(key: &str) -> String {
    match T::shape() {
        Shape::Leaf { kind, .. } => format!("add `{key} = …` ({kind})"),
        Shape::Table { keys, .. } | Shape::Tables { keys, .. } => {
            let required = keys.iter().filter(|key| matches!(key.presence, Presence::Required)).map(|key| key.name);
            format!("it needs: {}", required.collect::<Vec<_>>().join(", "))
        }
        Shape::Choice { by, .. } => format!("it needs: {by}"),
    }
}

pub(super) fn report_type(value: &Spanned<DeValue<'_>>, key: &str, expected: &str, report: &mut Report<'_>) {
    let found = match value.get_ref() {
        DeValue::String(_) => "a string".to_owned(),
        DeValue::Integer(number) => format!("the integer {}", shortened(&number.to_string(), 24)),
        DeValue::Float(_) => "a number with a fraction".to_owned(),
        DeValue::Boolean(switch) => switch.to_string(),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    };
    report.add(Some(&value.span()), format!("{key}: expected {expected}, found {found}"), None);
}

/// Declares the tables of the file. A field is a key: its documentation, its type, and after `=` what holds without it:
/// `required`, `optional`, or `default(…)` in TOML. Whatever is declared here is read, is in the schema and is in the
/// reference.
macro_rules! tables {
    ($(
        $(#[doc = $about:literal])+
        $table:ident {
            $( $(#[doc = $doc:literal])* $key:ident: $value:ty = $presence:ident $(($default:tt))?, )*
        }
    )+) => {$(
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub(super) struct $table {
            $( $(#[doc = $doc])* pub(super) $key: Option<$crate::config::read::At<$value>>, )*
        }

        impl $crate::config::read::Table for $table {
            const ABOUT: &'static str = concat!($($about, "\n"),+);

            fn keys() -> Vec<$crate::config::read::Key> {
                vec![$(
                    $crate::config::read::Key {
                        name: stringify!($key),
                        about: concat!($($doc, "\n"),*),
                        presence: $crate::config::read::tables!(@ $presence $(($default))?),
                        shape: <$value as $crate::config::read::Value>::shape(),
                    },
                )*]
            }

            fn read_keys(_reader: &mut $crate::config::read::TableReader<'_, '_>) -> Self {
                Self {
                    $( $key: _reader.key::<$value>(
                        stringify!($key),
                        $crate::config::read::tables!(@ $presence $(($default))?),
                    ), )*
                }
            }
        }

        impl $crate::config::read::Value for $table {
            fn shape() -> $crate::config::read::Shape {
                $crate::config::read::Shape::Table {
                    about: <Self as $crate::config::read::Table>::ABOUT,
                    keys: <Self as $crate::config::read::Table>::keys(),
                }
            }

            fn read(
                value: &toml::Spanned<toml::de::DeValue<'_>>,
                key: &str,
                report: &mut $crate::config::problem::Report<'_>,
            ) -> Option<Self> {
                let mut reader = $crate::config::read::TableReader::open(value, key, report)?;
                let table = <Self as $crate::config::read::Table>::read_keys(&mut reader);
                reader.close();
                Some(table)
            }
        }
    )+};
    (@ required) => { $crate::config::read::Presence::Required };
    (@ optional) => { $crate::config::read::Presence::Optional };
    (@ default($default:tt)) => { $crate::config::read::Presence::Default(stringify!($default)) };
}
pub(super) use tables;
