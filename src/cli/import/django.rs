//! Django's `dumpdata auth`: an array of objects, read one by one. Groups come before the users that name them.

use std::{
    cell::Cell,
    collections::HashMap,
    fmt,
    io::{self, BufRead, Read},
    rc::Rc,
};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{Entry, LONGEST, Place, TOO_LONG, Take};
use crate::{admin::ImportUser, cli::Failed, language::Language};

/// Strings are cut behind so many bytes of their notation, in which six stand for one at most: what is cut is still
/// longer than what is taken.
const CUT: usize = 6 * LONGEST + 64;
/// About the bytes of an object's fields that are kept.
const MOST: usize = 64 * 1024;
/// Of a group's name.
const LONGEST_NAME: usize = 100;
/// What is kept of an object's fields: those of accounts and groups, and what tells that one is an account.
const FIELDS: [&str; 9] =
    ["username", "email", "password", "first_name", "last_name", "is_active", "groups", "name", "last_login"];

/// Counts lines as they are read, byte by byte, which is how serde_json reads, and cuts strings that serde_json would
/// keep whole.
struct Lines<R> {
    input: R,
    line: Rc<Cell<u64>>,
    place: InString,
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(to) = buffer.first_mut() else { return Ok(0) };
        loop {
            let Some(byte) = self.input.fill_buf()?.first().copied() else { return Ok(0) };
            self.input.consume(1);
            self.line.set(self.line.get() + u64::from(byte == b'\n'));
            if self.place.keeps(byte) {
                *to = byte;
                return Ok(1);
            }
        }
    }
}

/// Where in a string of JSON (RFC 8259 §7) a byte stands, if it stands in one.
#[derive(Default)]
struct InString {
    inside: bool,
    length: usize,
    cut: bool,
    escape: Escape,
    /// The escape that is read, or was read last, is the first half of a surrogate pair.
    half: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    Begun,
    /// So many digits of it are still to come.
    Digits(u8),
}

impl InString {
    /// Is the next byte before the cut? Only whole characters are cut off.
    fn keeps(&mut self, byte: u8) -> bool {
        if !self.inside {
            *self = Self { inside: byte == b'"', ..Self::default() };
            return true;
        }
        let begins = self.escape == Escape::None && !self.half && !(0x80..0xc0).contains(&byte);
        self.cut |= begins && self.length >= CUT;
        self.length += 1;
        self.escape = match (self.escape, byte) {
            (Escape::None, b'"') => {
                *self = Self::default();
                return true;
            }
            (Escape::None, b'\\') => Escape::Begun,
            (Escape::Begun, b'u') => Escape::Digits(4),
            (Escape::None | Escape::Begun, _) => {
                self.half = false;
                Escape::None
            }
            (Escape::Digits(4), digit) => {
                self.half = matches!(digit, b'd' | b'D');
                Escape::Digits(3)
            }
            (Escape::Digits(3), digit) => {
                self.half &= matches!(digit, b'8' | b'9' | b'a' | b'A' | b'b' | b'B');
                Escape::Digits(2)
            }
            (Escape::Digits(2), _) => Escape::Digits(1),
            (Escape::Digits(_), _) => Escape::None,
        };
        !self.cut
    }
}

pub(super) fn read(input: impl BufRead, language: Language, take: Take<'_>) -> Result<(), Failed> {
    let line = Rc::new(Cell::new(1));
    let mut failed = None;
    let mut entries = 0;
    let mut json =
        serde_json::Deserializer::from_reader(Lines { input, line: line.clone(), place: InString::default() });
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
            if let Some(entry) = self.read(object)
                && let Err(failed) = (self.take)(place, entry)
            {
                *self.failed = Some(failed);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// An object with the line it begins on: the comma and the space before it are read when its turn comes.
struct Begun(Rc<Cell<u64>>);

impl<'de> DeserializeSeed<'de> for Begun {
    type Value = (u64, Option<Value>);

    /// `None`: more is to be kept of it than of any account.
    fn deserialize<D: Deserializer<'de>>(self, object: D) -> Result<Self::Value, D::Error> {
        let line = self.0.get();
        let room = Cell::new(MOST);
        let object = Keep { of: Part::Object, room: &room }.deserialize(object)?;
        Ok((line, (room.get() > 0).then_some(object)))
    }
}

/// Keeps what is read of an object while there is room.
#[derive(Clone, Copy)]
struct Keep<'a> {
    of: Part,
    room: &'a Cell<usize>,
}

#[derive(Clone, Copy)]
enum Part {
    Object,
    Fields,
    Field,
}

impl Part {
    /// What is kept under a name; nothing of most.
    fn named(self, name: &str) -> Option<Self> {
        match (self, name) {
            (Self::Object, "model" | "pk") => Some(Self::Field),
            (Self::Object, "fields") => Some(Self::Fields),
            (Self::Fields, name) if FIELDS.contains(&name) => Some(Self::Field),
            _ => None,
        }
    }
}

impl Keep<'_> {
    fn take(self, bytes: usize) {
        self.room.set(self.room.get().saturating_sub(bytes));
    }
}

impl<'de> DeserializeSeed<'de> for Keep<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Value, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keep<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        self.take(text.len());
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(value) = list.next_element_seed(Keep { of: Part::Field, room: self.room })? {
            self.take(size_of::<Value>());
            if self.room.get() > 0 {
                kept.push(value);
            }
        }
        Ok(kept.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            match self.of.named(&name) {
                Some(of) => {
                    let value = fields.next_value_seed(Keep { of, room: self.room })?;
                    kept.insert(name, value);
                }
                None => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(kept.into())
    }
}

impl Objects<'_> {
    /// `None`: an object that is no account.
    fn read(&mut self, object: Option<Value>) -> Option<Entry> {
        let Some(object) = object else { return Some(Err(TOO_LONG.to_owned())) };
        let Some(object) = object.as_object() else { return Some(Err("it is no object".to_owned())) };
        let Some(model) = object.get("model").and_then(Value::as_str) else {
            return Some(Err("it does not say of which \"model\" it is".to_owned()));
        };
        let fields = object.get("fields").and_then(Value::as_object);
        if model == "auth.group" {
            let name = fields.and_then(|fields| fields.get("name")?.as_str());
            let (Some(key), Some(name)) = (object.get("pk"), name) else {
                return Some(Err("the group has no key or no name".to_owned()));
            };
            // Longer ones are no groups' names, and refused as such where a user has one.
            self.groups.insert(key.to_string(), name.chars().take(LONGEST_NAME).collect());
            return None;
        }
        // A project may have a user model of its own; every one has a password, and by its name it is known where it has
        // lost it.
        let has = |name: &str| fields.is_some_and(|fields| fields.contains_key(name));
        let is_user = has("password") || has("last_login") || model.rsplit('.').next() == Some("user");
        is_user.then(|| fields.ok_or_else(|| "it has no \"fields\"".to_owned()).and_then(|fields| self.user(fields)))
    }

    fn user(&self, fields: &Map<String, Value>) -> Entry {
        let text = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(_) => Err(format!("its \"{name}\" is no text")),
        };
        let password = fields.get("password").ok_or_else(|| "it has no \"password\"".to_owned())?;
        let password = match password {
            Value::String(hash) => hash.as_str(),
            Value::Null => "",
            _ => return Err("its \"password\" is no text".to_owned()),
        };
        let name = text("username")?.ok_or_else(|| "it has no \"username\"".to_owned())?;
        let groups = match fields.get("groups") {
            None => Vec::new(),
            Some(Value::Array(keys)) => keys.iter().map(|key| self.group(key)).collect::<Result<_, _>>()?,
            Some(_) => return Err("its \"groups\" are no list".to_owned()),
        };
        let active = match fields.get("is_active") {
            // A model of the project's own without that field: Django counts all its users as active.
            None => true,
            Some(Value::Bool(active)) => *active,
            Some(_) => return Err("its \"is_active\" is neither true nor false".to_owned()),
        };
        Ok(ImportUser {
            name: name.to_owned(),
            email: text("email")?.map(str::to_owned),
            display_name: full_name(text("first_name")?, text("last_name")?),
            groups,
            language: self.language,
            disabled: !active,
            password_hash: password.into(),
            phones: Vec::new(),
        })
    }

    /// By its key, or by its natural key, which is its name.
    fn group(&self, key: &Value) -> Result<String, String> {
        let known = match key {
            Value::Array(natural) => match natural.as_slice() {
                [Value::String(name)] => return Ok(name.clone()),
                _ => None,
            },
            Value::Number(_) | Value::String(_) => Some(self.groups.get(&key.to_string())),
            _ => None,
        };
        known
            .ok_or_else(|| "one of its \"groups\" is no key of a group".to_owned())?
            .cloned()
            .ok_or_else(|| "it names a group that is not in the file before it; dump with `dumpdata auth`".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What serde_json gets to see, and how many lines were counted.
    fn cut(json: &str) -> (String, u64) {
        let line = Rc::new(Cell::new(1));
        let mut lines = Lines { input: json.as_bytes(), line: line.clone(), place: InString::default() };
        let mut seen = String::new();
        lines.read_to_string(&mut seen).unwrap();
        (seen, line.get())
    }

    #[test]
    fn strings_are_cut_between_characters_and_everything_else_stays() {
        let short = "[{\"a\\\"\\\\\": \"\\ud83d\\ude00 花\"},\n 1]";
        assert_eq!(cut(short), (short.to_owned(), 2));
        for character in ["a", "花", "\\n", "\\\"", "\\\\", "\\u82b1", "\\uD83D\\uDE00", "\\ud83d\\ude00"] {
            for shift in 0..12 {
                let text = format!("{}{}", "x".repeat(shift), character.repeat(CUT));
                let (seen, _) = cut(&format!("[\"{text}\", \"{character}\", true]"));
                let read: (String, String, bool) = serde_json::from_str(&seen).unwrap();
                let whole: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
                assert!(whole.starts_with(&read.0) && read.0.len() > LONGEST && seen.len() < CUT + 100, "{character}");
                assert!(whole.ends_with(&read.1) && read.2, "{character}");
            }
        }
    }
}
