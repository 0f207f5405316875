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

/// `table.key` for everything that is not a table.
pub(super) fn leaf_keys() -> Vec<String> {
    let schema = config::schema();
    let mut keys = Vec::new();
    for (name, property) in properties(&schema) {
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
    keys
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
    let schema = config::schema();
    let keys = leaf_keys();
    assert!(keys.len() > 50, "{}", keys.len());
    for key in keys {
        let mut at = &schema;
        for name in key.split('.') {
            let table = table_of(at);
            at = &table["properties"][name];
        }
        assert!(at["description"].as_str().is_some_and(|text| text.ends_with('.')), "{key}: {at}");
    }
}
