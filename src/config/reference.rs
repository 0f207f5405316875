//! The JSON Schema and the reference page, both from the declarations of the tables: what is documented is what is read.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use super::{
    raw::Root,
    read::{Key, Presence, Shape, Value as _, Variant},
};

/// JSON Schema (draft 2020-12) of the configuration file, for editors.
pub fn schema() -> Json {
    let mut schema = schema_of(&Root::shape(), "");
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        schema.insert("title".to_owned(), "Sekisho".into());
    }
    schema
}

fn schema_of(shape: &Shape, about: &str) -> Json {
    let (mut schema, about) = match shape {
        Shape::Leaf { schema, .. } => (schema.clone(), about),
        Shape::Table { about: of_table, keys } => {
            (table_schema(keys), if about.is_empty() { *of_table } else { about })
        }
        Shape::Tables { about, keys, or_one } => {
            let table = table_schema(keys);
            let tables = json!({ "type": "array", "items": table });
            (if *or_one { json!({ "anyOf": [table, tables] }) } else { tables }, *about)
        }
        Shape::Choice { about: of_table, by, variants } => {
            let tables: Vec<Json> = variants.iter().map(|variant| variant_schema(by, variant)).collect();
            (json!({ "anyOf": tables }), if about.is_empty() { *of_table } else { about })
        }
    };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), prose(about).into());
    }
    schema
}

fn variant_schema(by: &str, Variant { name, about, keys }: &Variant) -> Json {
    let mut schema = table_schema(keys);
    if let Some(distinguishing) = schema.pointer_mut(&format!("/properties/{by}")).and_then(Json::as_object_mut) {
        distinguishing.remove("enum");
        distinguishing.insert("const".to_owned(), (*name).into());
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), prose(about).into());
    }
    schema
}

fn table_schema(keys: &[Key]) -> Json {
    let mut properties = Map::new();
    for Key { name, about, presence, shape } in keys {
        let mut property = schema_of(shape, about);
        // `{}` for a table says no more than that it can be left out.
        if let (Presence::Default(default), Shape::Leaf { .. }, Some(property)) =
            (presence, shape, property.as_object_mut())
            && let Some(default) = json_of(default)
        {
            property.insert("default".to_owned(), default);
        }
        properties.insert((*name).to_owned(), property);
    }
    let required: Vec<_> =
        keys.iter().filter(|key| matches!(key.presence, Presence::Required)).map(|key| key.name).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if let Some(schema) = schema.as_object_mut()
        && !required.is_empty()
    {
        schema.insert("required".to_owned(), required.into());
    }
    schema
}

fn json_of(default: &str) -> Option<Json> {
    let value: toml::Value = default.parse().ok()?;
    serde_json::to_value(value).ok()
}

/// A Markdown page with every key: type, default, meaning.
pub fn reference() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         Made from the declarations in `src/config/raw.rs`; `SEKISHO_BLESS=1 cargo test --test config` writes it again.\n\
         `sekisho check` reports everything wrong with a file at once. An editor that knows JSON Schema completes keys with\n\
         `config/sekisho.schema.json`. Durations are a whole number and `ms`, `s`, `m`, `h` or `d`; sizes a whole number and\n\
         `B`, `KiB`, `MiB` or `GiB`.\n",
    );
    if let Shape::Table { about, keys } = Root::shape() {
        section(&mut page, "Top of the file", about, &keys);
        let mut described: Vec<&str> = Vec::new();
        for Key { name, about: of_key, presence, shape } in &keys {
            let (title, of_table, keys) = match shape {
                Shape::Leaf { .. } => continue,
                Shape::Choice { about, by, variants } => {
                    choice(&mut page, name, if of_key.is_empty() { about } else { of_key }, by, variants);
                    for variant in variants.iter().filter(|variant| !described.contains(&variant.name)) {
                        section(
                            &mut page,
                            &format!("Tables with `{by} = \"{}\"`", variant.name),
                            variant.about,
                            &variant.keys,
                        );
                    }
                    described.extend(variants.iter().map(|variant| variant.name));
                    continue;
                }
                Shape::Table { about, keys } => (format!("`[{name}]`"), about, keys),
                Shape::Tables { about, keys, or_one: true } => (format!("`[{name}]` or `[[{name}]]`"), about, keys),
                Shape::Tables { about, keys, or_one: false } => (format!("`[[{name}]]`"), about, keys),
            };
            let title = if matches!(presence, Presence::Required) { format!("{title} (required)") } else { title };
            section(&mut page, &title, if of_key.is_empty() { of_table } else { of_key }, keys);
            for inner in keys {
                let (title, about, keys) = match &inner.shape {
                    Shape::Leaf { .. } | Shape::Choice { .. } => continue,
                    Shape::Table { about, keys } => (format!("`[{name}.{}]`", inner.name), about, keys),
                    Shape::Tables { about, keys, .. } => (format!("`[[{name}.{}]]`", inner.name), about, keys),
                };
                section(&mut page, &title, if inner.about.is_empty() { about } else { inner.about }, keys);
            }
        }
    }
    page
}

/// A table that is one of several: which, and where their keys are told.
fn choice(page: &mut String, name: &str, about: &str, by: &str, variants: &[Variant]) {
    let names = variants.iter().map(|variant| format!("`{}`", variant.name)).collect::<Vec<_>>().join(", ");
    let _infallible =
        write!(page, "\n## `[{name}]`\n\n{} The key `{by}` says which keys there are: {names}.\n", prose(about));
}

fn section(page: &mut String, title: &str, about: &str, keys: &[Key]) {
    let mut rows = String::new();
    for Key { name, about, presence, shape } in keys {
        let Shape::Leaf { kind, .. } = shape else { continue };
        let default = match presence {
            Presence::Required => "required".to_owned(),
            Presence::Optional => "—".to_owned(),
            Presence::Default(default) => format!("`{default}`"),
        };
        // Writing to a string cannot fail.
        let _infallible = writeln!(rows, "| `{name}` | {kind} | {default} | {} |", prose(about).replace('|', "\\|"));
    }
    let _infallible = write!(
        page,
        "\n## {title}\n\n{}\n\n| key | type | default | meaning |\n|---|---|---|---|\n{rows}",
        prose(about)
    );
}

/// Documentation comments as one line.
fn prose(about: &str) -> String {
    about.split_whitespace().collect::<Vec<_>>().join(" ")
}
