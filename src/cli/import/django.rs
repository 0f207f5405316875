//! Django's `dumpdata auth`: an array of objects, read one by one. Groups come before the users that name them.

use std::{
    cell::Cell,
    collections::HashMap,
    fmt,
    io::{self, BufRead, Read},
    rc::Rc,
};

use serde::{
    Deserialize as _, Deserializer,
    de::{DeserializeSeed, SeqAccess, Visitor},
};
use serde_json::Value;

use super::{Entry, Place, Take};
use crate::{admin::ImportUser, cli::Failed, language::Language};

/// Counts lines as they are read, byte by byte, which is how serde_json reads.
struct Lines<R> {
    input: R,
    line: Rc<Cell<u64>>,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let ended = buffer.iter().take(read).map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.line.set(self.line.get() + ended);
        Ok(read)
    }
}

pub(super) fn read(input: impl BufRead, language: Language, take: Take<'_>) -> Result<(), Failed> {
    let line = Rc::new(Cell::new(1));
    let mut failed = None;
    let mut entries = 0;
    let mut json = serde_json::Deserializer::from_reader(Lines { input, line: line.clone() });
    let objects = Objects {
        line: line.clone(),
        language,
        groups: HashMap::new(),
        entries: &mut entries,
        take,
        failed: &mut failed,
    };
    let outcome = json.deserialize_seq(objects);
    if let Some(failed) = failed {
        return Err(failed);
    }
    match outcome.and_then(|()| json.end()) {
        Ok(()) => Ok(()),
        Err(error) if error.is_io() => Err(Failed::refused(format!("the file: {error}"))),
        // What serde says can quote the file.
        Err(error) => Err(Failed::refused(format!(
            "line {}, after entry {entries}: this is not the JSON array `dumpdata auth` writes; nothing after it was read",
            error.line()
        ))),
    }
}

struct Objects<'a> {
    line: Rc<Cell<u64>>,
    language: Language,
    /// Names by key, as users refer to them.
    groups: HashMap<String, String>,
    entries: &'a mut u64,
    take: Take<'a>,
    failed: &'a mut Option<Failed>,
}

impl<'de> Visitor<'de> for Objects<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut objects: A) -> Result<(), A::Error> {
        while let Some((line, object)) = objects.next_element_seed(Begun(self.line.clone()))? {
            *self.entries += 1;
            let place = Place { line, entry: Some(*self.entries) };
            if let Some(entry) = self.read(&object)
                && let Err(failed) = (self.take)(place, entry)
            {
                *self.failed = Some(failed);
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// An object with the line it begins on: the comma and the space before it are read when its turn comes.
struct Begun(Rc<Cell<u64>>);

impl<'de> DeserializeSeed<'de> for Begun {
    type Value = (u64, Value);

    fn deserialize<D: Deserializer<'de>>(self, object: D) -> Result<Self::Value, D::Error> {
        let line = self.0.get();
        Ok((line, Value::deserialize(object)?))
    }
}

impl Objects<'_> {
    /// `None`: an object that is no account.
    fn read(&mut self, object: &Value) -> Option<Entry> {
        let model = object.get("model")?.as_str()?;
        let fields = object.get("fields");
        let kind = model.rsplit('.').next()?;
        if kind == "group" {
            if let (Some(key), Some(name)) = (object.get("pk"), fields.and_then(|fields| fields.get("name")?.as_str()))
            {
                self.groups.insert(key.to_string(), name.to_owned());
            }
            return None;
        }
        // A project may have a user model of its own; every one has a password.
        let fields = fields?;
        fields.get("password").map(|password| self.user(fields, password))
    }

    fn user(&self, fields: &Value, password: &Value) -> Entry {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let name = text("username").ok_or_else(|| "it has no \"username\"".to_owned())?;
        let groups = match fields.get("groups").and_then(Value::as_array) {
            None => Vec::new(),
            Some(keys) => keys
                .iter()
                .map(|key| match key.as_array().and_then(|natural| natural.first()?.as_str()) {
                    Some(natural) => Ok(natural.to_owned()),
                    None => self.groups.get(&key.to_string()).cloned().ok_or_else(|| {
                        "it names a group that is not in the file before it; dump with `dumpdata auth`".to_owned()
                    }),
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(ImportUser {
            name: name.to_owned(),
            email: text("email").map(str::to_owned),
            display_name: full_name(text("first_name"), text("last_name")),
            groups,
            language: self.language,
            disabled: fields.get("is_active").and_then(Value::as_bool) == Some(false),
            password_hash: password.as_str().unwrap_or_default().into(),
            phones: Vec::new(),
        })
    }
}

/// Family name first where names are written so.
fn full_name(first: Option<&str>, last: Option<&str>) -> Option<String> {
    match (first, last) {
        (Some(first), Some(last)) if first.chars().chain(last.chars()).all(|c| c >= '\u{2e80}') => {
            Some(format!("{last} {first}"))
        }
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}
