//! Authelia's users file: YAML, read event by event, so that its length costs no memory and every account has its line.
//! Aliases are not followed: a file of a few lines could become one of millions.

use std::{
    cell::{Cell, OnceCell},
    io::{self, BufRead},
    rc::Rc,
};

use saphyr_parser::{BufferedInput, Event, Parser, ScalarStyle};

use super::{Entry, LONGEST, Place, TOO_LONG, Take};
use crate::{admin::ImportUser, cli::Failed, language::Language};

/// So many characters are kept while a text is read to its end.
const MOST_CHARACTERS: usize = 4 * 1024 * 1024;
/// More groups than any account has.
const MOST_GROUPS: usize = 1_000;

/// Why no more characters come.
#[derive(Clone, Debug)]
enum Ended {
    Io(String),
    NotUtf8,
    TooLong,
}

/// The characters of the file, until it ends or cannot be read any more: then it looks to the parser as if it ended there.
struct Chars<R> {
    input: R,
    /// How many came since the parser said what they are.
    unsaid: Rc<Cell<usize>>,
    ended: Rc<OnceCell<Ended>>,
}

impl<R: BufRead> Chars<R> {
    fn byte(&mut self) -> Result<Option<u8>, Ended> {
        let byte = loop {
            match self.input.fill_buf() {
                Ok(bytes) => break bytes.first().copied(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Ended::Io(error.to_string())),
            }
        };
        self.input.consume(usize::from(byte.is_some()));
        Ok(byte)
    }

    fn character(&mut self) -> Result<Option<char>, Ended> {
        let Some(first) = self.byte()? else { return Ok(None) };
        let length = match first {
            0..=0x7f => return Ok(Some(char::from(first))),
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return Err(Ended::NotUtf8),
        };
        let mut bytes = Vec::with_capacity(4);
        bytes.push(first);
        while bytes.len() < length {
            bytes.push(self.byte()?.ok_or(Ended::NotUtf8)?);
        }
        let text = std::str::from_utf8(&bytes).map_err(|_other| Ended::NotUtf8)?;
        Ok(text.chars().next())
    }
}

impl<R: BufRead> Iterator for Chars<R> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if self.ended.get().is_some() {
            return None;
        }
        let unsaid = self.unsaid.get();
        self.unsaid.set(unsaid + 1);
        let next = if unsaid < MOST_CHARACTERS { self.character() } else { Err(Ended::TooLong) };
        next.unwrap_or_else(|why| {
            self.ended.get_or_init(|| why);
            None
        })
    }
}

/// The rest of the file cannot be read.
struct Broken {
    line: u64,
}

struct Events<'a, R: BufRead> {
    parser: Parser<'a, BufferedInput<Chars<R>>>,
    line: u64,
    unsaid: Rc<Cell<usize>>,
    ended: Rc<OnceCell<Ended>>,
}

/// What stands as the value of an attribute.
enum Value {
    Null,
    Text(String, ScalarStyle),
    /// A list, a mapping or an alias.
    Other,
}

impl Value {
    fn text(self, name: &str) -> Result<Option<String>, String> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text, _) => Ok(Some(text)),
            Self::Other => Err(format!("\"{name}\" is no text; aliases are not followed")),
        }
    }

    /// As YAML 1.1 has it (<https://yaml.org/type/bool.html>). Whoever is to be kept out is never let in by a guess.
    fn truth(self, name: &str) -> Result<bool, String> {
        let unclear = || format!("\"{name}\" is neither true nor false");
        let Self::Text(text, ScalarStyle::Plain) = self else { return Err(unclear()) };
        match text.as_str() {
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Ok(true),
            "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Ok(false),
            _ => Err(unclear()),
        }
    }
}

impl<'a, R: BufRead + 'a> Events<'a, R> {
    fn next(&mut self) -> Result<Event<'a>, Broken> {
        self.unsaid.set(0);
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                self.line = span.start.line() as u64;
                Ok(event)
            }
            Some(Err(error)) => Err(Broken { line: error.marker().line() as u64 }),
            None => Err(Broken { line: self.line }),
        }
    }

    /// Passes over the node that begins with this event.
    fn skip(&mut self, first: &Event<'a>) -> Result<(), Broken> {
        let mut depth = opens(first);
        while depth > 0 {
            depth += opens(&self.next()?);
        }
        Ok(())
    }

    fn value(&mut self) -> Result<Value, Broken> {
        let first = self.next()?;
        Ok(match first {
            Event::Scalar(text, ScalarStyle::Plain, ..)
                if matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL") =>
            {
                Value::Null
            }
            Event::Scalar(text, style, ..) => Value::Text(text.into_owned(), style),
            other => self.skip(&other).map(|()| Value::Other)?,
        })
    }

    /// The names of groups, or why they are none.
    fn groups(&mut self) -> Result<Result<Vec<String>, String>, Broken> {
        let first = self.next()?;
        match &first {
            Event::SequenceStart(..) => {}
            Event::Scalar(text, ScalarStyle::Plain, ..)
                if matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL") =>
            {
                return Ok(Ok(Vec::new()));
            }
            other => {
                return self.skip(other).map(|()| Err("\"groups\" is no list; aliases are not followed".to_owned()));
            }
        }
        let (mut names, mut wrong) = (Vec::new(), None);
        loop {
            let name = match self.next()? {
                Event::SequenceEnd => return Ok(wrong.map_or(Ok(names), Err)),
                Event::Scalar(text, ..) => text.into_owned(),
                other => {
                    self.skip(&other)?;
                    wrong = Some("a group is no text; aliases are not followed".to_owned());
                    continue;
                }
            };
            if name.len() > LONGEST {
                wrong = Some(TOO_LONG.to_owned());
            } else if names.len() == MOST_GROUPS {
                wrong = Some("it has too many groups".to_owned());
            } else {
                names.push(name);
            }
        }
    }
}

/// How much deeper what follows an event is.
const fn opens(event: &Event<'_>) -> i64 {
    match event {
        Event::SequenceStart(..) | Event::MappingStart(..) => 1,
        Event::SequenceEnd | Event::MappingEnd => -1,
        _ => 0,
    }
}

pub(super) fn read(input: impl BufRead, language: Language, take: Take<'_>) -> Result<(), Failed> {
    let (unsaid, ended) = (Rc::new(Cell::new(0)), Rc::new(OnceCell::new()));
    let chars = Chars { input, unsaid: unsaid.clone(), ended: ended.clone() };
    let mut events = Events { parser: Parser::new_from_iter(chars), line: 1, unsaid, ended: ended.clone() };
    let mut found = false;
    let outcome = users(&mut events, language, &mut found, take);
    let place = |line| Place { line, entry: None };
    match (outcome, ended.get()) {
        (Err(Stop::Failed(failed)), _) => Err(failed),
        (_, Some(Ended::Io(error))) => Err(Failed::refused(format!("the file: {error}"))),
        (_, Some(Ended::NotUtf8)) => take(place(events.line), Err("from here on it is not UTF-8".to_owned())),
        (_, Some(Ended::TooLong)) => take(place(events.line), Err(format!("{TOO_LONG}; nothing after it was read"))),
        (Err(Stop::Broken(Broken { line })), None) => {
            take(place(line), Err("this is not YAML; nothing after it was read".to_owned()))
        }
        (Ok(()), None) if !found => Err(Failed::refused("the file has no \"users\", as a users file of Authelia has")),
        (Ok(()), None) => Ok(()),
    }
}

/// Why reading ends before the file does.
enum Stop {
    Broken(Broken),
    Failed(Failed),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// The document: a mapping, of which only `users` is read.
fn users<'a, R: BufRead + 'a>(
    events: &mut Events<'a, R>,
    language: Language,
    found: &mut bool,
    take: Take<'_>,
) -> Result<(), Stop> {
    loop {
        match events.next()? {
            Event::MappingStart(..) => break,
            Event::StreamEnd => return Ok(()),
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            other => events.skip(&other)?,
        }
    }
    loop {
        match events.next()? {
            Event::MappingEnd => return Ok(()),
            Event::Scalar(key, ..) if key == "users" => {
                let first = events.next()?;
                if !matches!(first, Event::MappingStart(..)) {
                    events.skip(&first)?;
                    continue;
                }
                *found = true;
                while let Some((place, entry)) = user(events, language)? {
                    // Where the file could not be read on, more may be said of this account, as that it is disabled.
                    if events.ended.get().is_some() {
                        events.line = place.line;
                        return Err(Stop::Broken(Broken { line: events.line }));
                    }
                    take(place, entry)?;
                }
            }
            key => {
                events.skip(&key)?;
                let value = events.next()?;
                events.skip(&value)?;
            }
        }
    }
}

/// What is read of an account.
const ATTRIBUTES: [&str; 8] =
    ["displayname", "email", "password", "groups", "disabled", "phone_number", "phone_extension", "locale"];

/// The next account; `None` at the end of them.
fn user<'a, R: BufRead + 'a>(events: &mut Events<'a, R>, language: Language) -> Result<Option<(Place, Entry)>, Broken> {
    let key = events.next()?;
    let place = Place { line: events.line, entry: None };
    let name = match key {
        Event::MappingEnd => return Ok(None),
        Event::Scalar(name, ..) => Some(name.into_owned()),
        other => events.skip(&other).map(|()| None)?,
    };
    let first = events.next()?;
    if !matches!(first, Event::MappingStart(..)) {
        events.skip(&first)?;
        return Ok(Some((place, Err("it has no attributes of its own; aliases are not followed".to_owned()))));
    }
    let mut user = ImportUser {
        name: name.unwrap_or_default(),
        email: None,
        display_name: None,
        groups: Vec::new(),
        language,
        disabled: false,
        password_hash: "".into(),
        phones: Vec::new(),
    };
    let (mut number, mut extension) = (None, None);
    let (mut known, mut wrong) = (Vec::new(), Vec::new());
    loop {
        let key = match events.next()? {
            Event::MappingEnd => break,
            Event::Scalar(key, ..) => key.into_owned(),
            other => {
                events.skip(&other)?;
                "<<".to_owned()
            }
        };
        let Some(key) = ATTRIBUTES.into_iter().find(|attribute| *attribute == key) else {
            let value = events.next()?;
            events.skip(&value)?;
            if key == "<<" && wrong.len() < ATTRIBUTES.len() {
                wrong.push("it takes attributes from elsewhere; aliases are not followed".to_owned());
            }
            continue;
        };
        if known.contains(&key) {
            wrong.push(format!("it has \"{key}\" twice"));
        }
        known.push(key);
        let read = match key {
            "groups" => events.groups()?.map(|groups| user.groups = groups),
            "disabled" => events.value()?.truth(key).map(|disabled| user.disabled = disabled),
            _ => events.value()?.text(key).map(|text| match key {
                "displayname" => user.display_name = text,
                "email" => user.email = text,
                "password" => user.password_hash = text.unwrap_or_default().into(),
                "phone_number" => number = text,
                "phone_extension" => extension = text,
                _ => {
                    let tag = text.unwrap_or_default();
                    let known = Language::ALL.into_iter().find(|known| tag.starts_with(known.tag()));
                    user.language = known.unwrap_or(language);
                }
            }),
        };
        wrong.extend(read.err());
        wrong.truncate(ATTRIBUTES.len());
        known.truncate(ATTRIBUTES.len());
    }
    if !wrong.is_empty() {
        return Ok(Some((place, Err(wrong.join("; ")))));
    }
    user.phones.extend(number.map(|number| match extension {
        Some(extension) => format!("{number} ext. {extension}"),
        None => number,
    }));
    Ok(Some((place, Ok(user))))
}
