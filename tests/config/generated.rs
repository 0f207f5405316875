use std::{env, fs, path::Path};

use sekisho::config;
use serde_json::Value;

fn assert_committed(path: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("SEKISHO_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "{} differs from the declarations: run SEKISHO_BLESS=1 cargo test --test config",
        path.display()
    );
}

#[test]
fn the_schema_is_committed() {
    let schema = serde_json::to_string_pretty(&config::schema()).unwrap();
    assert_committed("config/sekisho.schema.json", &format!("{schema}\n"));
}

#[test]
fn the_reference_page_is_committed() {
    assert_committed("docs/configuration.md", &config::reference());
}

/// `table.key` for everything that is not a table. The keys of a provider are those of `provider`, whatever table names it.
pub(super) fn leaf_keys() -> Vec<String> {
    let schema = config::schema();
    let mut keys = Vec::new();
    for (name, property) in properties(&schema) {
        for variant in variants_of(property) {
            let of_variant =
                properties(variant).filter(|(key, _)| !matches!(key.as_str(), "provider" | "second" | "answer"));
            keys.extend(of_variant.map(|(key, _)| format!("provider.{key}")));
            keys.extend([format!("{name}.provider"), format!("{name}.second.provider")]);
        }
        if !variants_of(property).is_empty() {
            continue;
        }
        let table = table_of(property);
        if table.get("properties").is_some() {
            for (key, inner) in properties(table) {
                let inner = table_of(inner);
                if inner.get("properties").is_some() {
                    keys.extend(properties(inner).map(|(leaf, _)| format!("{name}.{key}.{leaf}")));
                } else {
                    keys.push(format!("{name}.{key}"));
                }
            }
        } else {
            keys.push(name.clone());
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

/// The tables of which one stands at a key, as its `provider` says.
fn variants_of(property: &Value) -> Vec<&Value> {
    let either = property.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    either.filter(|table| table.pointer("/properties/provider/const").is_some()).collect()
}

/// The table itself, where an array of it may stand, too.
fn table_of(property: &Value) -> &Value {
    let either = property.get("anyOf").and_then(|either| either.get(0));
    property.get("items").or(either).unwrap_or(property)
}

fn properties(table: &Value) -> impl Iterator<Item = (&String, &Value)> {
    table["properties"].as_object().unwrap().iter()
}

#[test]
fn every_key_is_documented() {
    fn walk(at: &Value, path: &str, seen: &mut usize) {
        for table in variants_of(at).into_iter().chain([table_of(at)]).filter(|table| table.get("properties").is_some())
        {
            for (name, inner) in properties(table) {
                let path = format!("{path}.{name}");
                let text = inner["description"].as_str().unwrap_or_default().trim();
                assert!(text.ends_with('.'), "{path}: {inner}");
                *seen += 1;
                walk(inner, &path, seen);
            }
        }
    }
    let mut seen = 0;
    walk(&config::schema(), "", &mut seen);
    assert!(seen > 50, "{seen}");
}
