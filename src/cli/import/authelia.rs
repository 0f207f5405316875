//! Authelia's users file: YAML, read event by event, so that its length costs no memory and every account has its line.
//! Aliases are not followed: a file of a few lines could become one of millions.

use std::{
    cell::Cell,
    io::{self, BufRead},
    rc::Rc,
};

use saphyr_parser::{BufferedInput, Event, Parser, ScalarStyle};

use super::{Entry, Place, Take};
use crate::{admin::ImportUser, cli::Failed, language::Language};

/// Longer than any line of a users file.
const LONGEST: u64 = 64 * 1024;

/// Why no more characters come.
#[derive(Clone, Debug)]
enum Ended {
    Io(String),
    NotUtf8,
    TooLong,
}

/// The characters of the file, line by line.
struct Chars<R> {
    input: R,
    line: std::vec::IntoIter<char>,
    ended: Rc<Cell<Option<Ended>>>,
}

impl<R: BufRead> Iterator for Chars<R> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if let Some(next) = self.line.next() {
            return Some(next);
        }
        let mut bytes = Vec::new();
        match io::Read::take(&mut self.input, LONGEST).read_until(b'\n', &mut bytes) {
            Ok(read) if read as u64 == LONGEST => self.ended.set(Some(Ended::TooLong)),
            Ok(_) => match String::from_utf8(bytes) {
                Ok(text) => self.line = text.chars().collect::<Vec<_>>().into_iter(),
                Err(_not_utf8) => self.ended.set(Some(Ended::NotUtf8)),
            },
            Err(error) => self.ended.set(Some(Ended::Io(error.to_string()))),
        }
        self.line.next()
    }
}

/// The rest of the file cannot be read.
struct Broken {
    line: u64,
}

struct Events<'a, R: BufRead> {
    parser: Parser<'a, BufferedInput<Chars<R>>>,
    line: u64,
}

impl<'a, R: BufRead + 'a> Events<'a, R> {
    fn next(&mut self) -> Result<Event<'a>, Broken> {
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

    /// A text, or nothing for null and for what is no text.
    fn text(&mut self) -> Result<Option<String>, Broken> {
        match self.next()? {
            Event::Scalar(text, style, ..) => {
                let null = style == ScalarStyle::Plain && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                Ok((!null).then(|| text.into_owned()))
            }
            other => self.skip(&other).map(|()| None),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, Broken> {
        let first = self.next()?;
        if !matches!(first, Event::SequenceStart(..)) {
            return self.skip(&first).map(|()| Vec::new());
        }
        let mut texts = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(texts),
                Event::Scalar(text, ..) => texts.push(text.into_owned()),
                other => self.skip(&other)?,
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
    let ended = Rc::new(Cell::new(None));
    let chars = Chars { input, line: Vec::new().into_iter(), ended: ended.clone() };
    let mut events = Events { parser: Parser::new_from_iter(chars), line: 1 };
    let mut found = false;
    let outcome = users(&mut events, language, &mut found, take);
    let place = |line| Place { line, entry: None };
    match (outcome, ended.take()) {
        (Err(Stop::Failed(failed)), _) => Err(failed),
        (_, Some(Ended::Io(error))) => Err(Failed::refused(format!("the file: {error}"))),
        (_, Some(Ended::NotUtf8)) => take(place(events.line), Err("from here on it is not UTF-8".to_owned())),
        (_, Some(Ended::TooLong)) => {
            take(place(events.line), Err("the line is too long; nothing after it was read".to_owned()))
        }
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
    loop {
        match events.next()? {
            Event::MappingEnd => break,
            Event::Scalar(key, ..) => match key.as_ref() {
                "displayname" => user.display_name = events.text()?,
                "email" => user.email = events.text()?,
                "password" => user.password_hash = events.text()?.unwrap_or_default().into(),
                "groups" => user.groups = events.list()?,
                "disabled" => user.disabled = events.text()?.is_some_and(|text| text.eq_ignore_ascii_case("true")),
                "phone_number" => number = events.text()?,
                "phone_extension" => extension = events.text()?,
                "locale" => {
                    let tag = events.text()?.unwrap_or_default();
                    let known = Language::ALL.into_iter().find(|known| tag.starts_with(known.tag()));
                    user.language = known.unwrap_or(language);
                }
                _ => {
                    let value = events.next()?;
                    events.skip(&value)?;
                }
            },
            key => {
                events.skip(&key)?;
                let value = events.next()?;
                events.skip(&value)?;
            }
        }
    }
    user.phones.extend(number.map(|number| match extension {
        Some(extension) => format!("{number} ext. {extension}"),
        None => number,
    }));
    Ok(Some((place, Ok(user))))
}
