//! Holds the source against `docs/architecture.md`: which module uses which, who names Pingora, what the pure modules
//! must not know, and who rebuilds a value that is otherwise earned. Tests inside `src` are left out: they may use
//! what they like.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod source;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use source::{Code, production_code};

/// Exported macros live at the root of the crate, whatever module defines them.
const MACROS_OF: &[(&str, &str)] = &[("random_id", "entropy")];

/// Rebuilding these skips what otherwise earns them, so only the named files call them.
const REBUILT_BY: &[(&str, &[&str])] = &[
    ("Attempt::spent", &["src/store/"]),
    ("DeviceProof::rotated", &["src/store/"]),
    ("SignIn::from_record", &["src/store/"]),
    ("Password::chosen", &["src/app/passwords.rs"]),
    ("PasswordHash::from_record", &["src/store/"]),
    ("Session::from_record", &["src/store/", "src/authn/proof.rs"]),
];

/// The order: `place["cli"] < place["server"]` means that `cli` may use `server`.
struct Table {
    place: BTreeMap<String, usize>,
    last: usize,
}

impl Table {
    /// Reads the line `main > cli > …` of a document; it may go on over indented lines that start with `>`.
    fn read(document: &str) -> Self {
        let start = document.find("main > cli").expect("the document has the line `main > cli > …`");
        let line: String = document[start..]
            .lines()
            .map(|line| line.trim().trim_start_matches("//!").trim())
            .scan(true, |more, line| {
                let first = std::mem::replace(more, line.contains('>'));
                (first && !line.is_empty() && !line.starts_with("```")).then(|| format!("{line} "))
            })
            .collect();
        let groups: Vec<&str> = line.split('>').collect();
        let mut place = BTreeMap::new();
        for (rank, names) in groups.iter().enumerate() {
            for module in names.split('|') {
                assert!(place.insert(module.trim().to_owned(), rank).is_none(), "{module} has two places in the table");
            }
        }
        Self { place, last: groups.len() - 1 }
    }

    /// Why `module` may not use `named`; `None` when it may.
    fn objection(&self, module: &str, named: &str) -> Option<String> {
        let other = MACROS_OF.iter().find(|(name, _)| *name == named).map_or(named, |(_, of)| of);
        let (Some(from), Some(to)) = (self.place.get(module), self.place.get(other)) else {
            return Some(format!("{module} or {other} is not in the table"));
        };
        let friendly = module == other || (from == to && *to == self.last);
        (!friendly && from >= to).then(|| format!("{module} stands beside or below {other} and may not use it"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every production source file: its path from the root, its module, its code.
fn sources() -> Vec<(String, String, Code)> {
    let mut pending: Vec<PathBuf> = vec![root().join("src")];
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let test = ["/tests.rs", "_tests.rs"].iter().any(|end| name.ends_with(end))
            || ["/tests/", "_tests/"].iter().any(|directory| name.contains(directory));
        if path.extension().is_none_or(|kind| kind != "rs") || test || name == "src/lib.rs" {
            continue;
        }
        let module = name["src/".len()..].split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        files.push((name, module, production_code(&fs::read_to_string(&path).unwrap())));
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(files.len() > 30, "the source was found: {} files", files.len());
    files
}

fn table() -> Table {
    Table::read(&fs::read_to_string(root().join("docs/architecture.md")).unwrap())
}

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn modules_use_only_what_stands_to_their_right() {
    let table = table();
    let mut problems = Vec::new();
    for (file, module, code) in sources() {
        for (line, used) in code.modules_used() {
            if let Some(why) = table.objection(&module, &used) {
                problems.push(format!("{file}:{line}: {why}"));
            }
        }
        if let Some(line) = code.line_of("super::super::") {
            problems.push(format!("{file}:{line}: a path past its module hides what it uses: begin it with crate::"));
        }
    }
    assert_none(&problems);
}

#[test]
fn the_table_names_the_modules_there_are() {
    let table = table();
    let listed: BTreeSet<String> = table.place.keys().cloned().collect();
    let present: BTreeSet<String> = sources().into_iter().map(|(_, module, _)| module).collect();
    assert_eq!(listed, present);
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    assert_eq!(Table::read(&library).place, table.place, "the crate's documentation shows the same table");
}

#[test]
fn only_the_proxy_names_pingora() {
    let problems: Vec<String> = sources()
        .into_iter()
        .filter(|(file, module, _)| !matches!(module.as_str(), "proxy" | "tls") && file != "src/server.rs")
        .filter_map(|(file, _, code)| {
            code.line_of_word_starting("pingora").map(|line| format!("{file}:{line}: pingora"))
        })
        .collect();
    assert_none(&problems);
}

#[test]
fn the_pure_modules_know_no_io() {
    let mut problems = Vec::new();
    for (file, module, code) in sources() {
        if !matches!(module.as_str(), "access" | "authn" | "session" | "account") {
            continue;
        }
        for word in ["async", "await", "sqlx", "axum", "askama", "tokio", "hyper", "reqwest", "SystemTime"] {
            if let Some(line) = code.line_of_word(word) {
                problems.push(format!("{file}:{line}: {word}"));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn what_is_earned_elsewhere_is_rebuilt_by_the_store_alone() {
    let mut problems = Vec::new();
    let sources = sources();
    for (call, allowed) in REBUILT_BY {
        let (of, function) = call.split_once("::").unwrap();
        let defined = sources.iter().any(|(file, _, code)| {
            !file.starts_with("src/store/")
                && code.text().contains(of)
                && code.text().contains(&format!("fn {function}("))
        });
        assert!(defined, "{call} is gone: take it out of the list, or the rule holds nothing");
        for (file, _, code) in &sources {
            if !allowed.iter().any(|place| file.starts_with(place))
                && let Some(line) = code.line_of(call)
            {
                problems.push(format!("{file}:{line}: {call} is for {}", allowed.join(", ")));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_security_event_is_recorded_somewhere() {
    let sources = sources();
    let (_, _, audit) = sources.iter().find(|(file, _, _)| file == "src/audit.rs").unwrap();
    let events = audit.variants_of("Event");
    assert!(events.len() > 15, "the list was found: {events:?}");
    let problems: Vec<String> = events
        .into_iter()
        .filter(|event| {
            let call = format!("Event::{event}");
            let mut elsewhere = sources.iter().filter(|(file, _, _)| file != "src/audit.rs");
            !elsewhere.any(|(_, _, code)| code.line_of_path(&call).is_some())
        })
        .map(|event| format!("src/audit.rs: nothing records {event}"))
        .collect();
    assert_none(&problems);
}

#[test]
fn the_rules_can_fail() {
    let table = Table::read("```text\nmain > cli > store | delivery >\n   access > clock | secret\n```\n");
    assert_eq!(table.objection("cli", "access"), None);
    assert_eq!(table.objection("clock", "secret"), None, "the foundation is one place");
    assert!(table.objection("access", "store").is_some(), "not to the left");
    assert!(table.objection("store", "delivery").is_some(), "not to a peer");
    assert!(table.objection("store", "helpers").is_some(), "not to what the table does not know");

    let code = production_code(
        "//! uses crate::nothing\nuse crate::{store::Store, clock::{Clock, self}};\nfn f() { crate::portal::page(\"crate::cli\") }\n\
         #[cfg(test)]\nmod tests { use crate::server; }\nasync fn g() {}\n",
    );
    let used: Vec<(usize, String)> = code.modules_used();
    assert_eq!(used, [(2, "store".into()), (2, "clock".into()), (3, "portal".into())]);
    assert_eq!(code.line_of_word("async"), Some(6));
    assert_eq!(code.line_of_word("asyn"), None);
    assert_eq!(code.line_of_word_starting("asyn"), Some(6));

    let code = production_code(
        "enum Event<'a> {\n /// One.\n One { of: &'a str },\n Two(u8),\n Three,\n}\nfn f() { Event::Threefold }",
    );
    assert_eq!(code.variants_of("Event"), ["One", "Two", "Three"]);
    assert_eq!((code.line_of_path("Event::Three"), code.line_of_path("Event::Threefold")), (None, Some(7)));
}
