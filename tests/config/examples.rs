use std::{fs, path::Path};

use sekisho::config;

use super::generated::leaf_keys;

fn examples() -> Vec<std::path::PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let files = |directory| fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let paths = ["", "consoles", "delivery"].into_iter().flat_map(|part| files(directory.join(part)));
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect()
}

#[test]
fn every_example_loads() {
    let examples = examples();
    assert!(examples.len() >= 9, "found {examples:?}");
    for path in examples {
        if let Err(problems) = config::load(&path) {
            panic!("{problems}");
        }
    }
}

#[test]
fn every_provider_has_an_example_that_loads() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/delivery");
    let mut shown: Vec<String> = Vec::new();
    for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        let config = config::load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        for channel in [config.sms, config.voice, config.mail].into_iter().flatten() {
            let named = [Some(&channel.provider), channel.second.as_ref()].into_iter().flatten();
            shown.extend(named.map(|provider| provider.name().to_owned()));
        }
    }
    for name in config::PROVIDER_NAMES.iter().filter(|name| **name != "inbox") {
        assert!(shown.iter().any(|known| known == name), "{name} has no example in config/delivery");
    }
}

#[test]
fn the_starter_has_at_most_twenty_lines() {
    assert!(include_str!("../../config/sekisho.toml").lines().count() <= 20);
}

#[test]
fn the_reference_file_holds_the_defaults() {
    let reference = include_str!("../../config/reference.toml");
    let required = r#"
        public_url = "https://console.example.jp"
        [listen]
        https = "0.0.0.0:443"
        certificate = "/etc/sekisho/tls/fullchain.pem"
        private_key = "/etc/sekisho/tls/privkey.pem"
        [upstream]
        url = "http://127.0.0.1:8080"
        [store]
        url = "sqlite:/var/lib/sekisho/sekisho.db"
        [sms]
        provider = "inbox"
        [insecure]
        inbox_provider = true
    "#;
    let written = config::parse(reference, "sekisho.toml").unwrap();
    let left_out = config::parse(required, "sekisho.toml").unwrap();
    assert_eq!(format!("{written:#?}"), format!("{left_out:#?}"));
}

#[test]
fn the_reference_file_names_every_key() {
    let mut table = String::new();
    let mut named = Vec::new();
    for line in include_str!("../../config/reference.toml").lines() {
        let line = line.trim_start_matches("# ");
        if let Some(header) = line.strip_prefix('[') {
            let header = header.split(']').next().unwrap();
            header.trim_matches('[').clone_into(&mut table);
        } else if let Some((key, _)) = line.split_once(" = ") {
            named.push(if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") });
            if ["sms", "voice", "mail"].iter().any(|channel| table.starts_with(channel)) {
                named.push(format!("provider.{key}"));
            }
        }
    }
    for key in leaf_keys() {
        assert!(named.contains(&key), "{key} is not in config/reference.toml");
    }
}

#[test]
fn relative_paths_start_at_the_directory_of_the_file() {
    let text = include_str!("../../config/sekisho.toml");
    let config = config::parse(text, "/etc/sekisho/sekisho.toml").unwrap();
    assert_eq!(config.listen.certificates[0].certificate, Path::new("/etc/sekisho/../certs/server.pem"));
    assert_eq!(config.key_file, Path::new("/var/lib/sekisho/keys.json"), "beside the store");
}
