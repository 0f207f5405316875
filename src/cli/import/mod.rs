//! `sekisho user import`: reads a file of another program account by account and has them made in commands of many.
//! However long the file is, one command's accounts are in memory, and two numbers for every name seen.

mod authelia;
mod csv;
mod django;
mod htpasswd;
mod report;

use std::{
    cell::Cell,
    collections::{HashMap, hash_map::RandomState},
    fs::File,
    hash::BuildHasher as _,
    io::{self, BufReader, Read},
    path::Path,
    rc::Rc,
};

use self::report::Report;
use super::{
    Failed,
    arguments::{Common, ImportFormat, ImportUsers},
    operate::{self, Door},
};
use crate::{
    account::LoginName,
    admin::{Command, ImportUser, ImportView, Reply},
    config,
    secret::ExposeSecret as _,
    store::NewAccountError,
};

/// Where in the file an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// The line it begins on, from 1.
    line: u64,
    /// Which one it is, from 1, in formats that need not have lines.
    entry: Option<u64>,
}

/// What a format says of one account: it, or why it cannot be read.
type Entry = Result<ImportUser, String>;

/// Takes accounts as they are read.
type Take<'a> = &'a mut dyn FnMut(Place, Entry) -> Result<(), Failed>;

/// At most so many accounts a command, and about so many bytes: half of what the socket takes.
const ACCOUNTS_A_COMMAND: usize = 1_000;
const BYTES_A_COMMAND: usize = 512 * 1024;

/// Longer than any field that is taken, and than all fields of an account: one of them never fills a command by itself.
const LONGEST: usize = 4 * 1024;
const BYTES_AN_ACCOUNT: usize = 64 * 1024;

const TOO_LONG: &str = "a field is too long";

pub(super) fn run(common: &Common, import: &ImportUsers) -> Result<(), Failed> {
    let config = config::load(&common.config).map_err(Failed::refused)?;
    let (input, length) = open(&import.file)?;
    let read = Rc::new(Cell::new(0));
    let input = BufReader::new(Counting { input, read: read.clone() });
    let runtime = operate::runtime()?;
    let door = runtime.block_on(Door::open(config, common.verbose))?;
    let report = Report::begin(common.json, import.dry_run, length)?;
    let mut run = Importing {
        runtime,
        door,
        dry_run: import.dry_run,
        batch: Vec::new(),
        unread: Vec::new(),
        bytes: 0,
        seen: Seen::default(),
        read,
        report,
    };

    let language = import.language;
    let take: Take<'_> = &mut |place, entry| run.take(place, entry);
    let read = match import.format {
        ImportFormat::Csv => csv::read(input, language, take),
        ImportFormat::Htpasswd => htpasswd::read(input, language, take),
        ImportFormat::Authelia => authelia::read(input, language, take),
        ImportFormat::Django => django::read(input, language, take),
    };
    // What was read before a mistake in the file is still taken.
    let done = match read {
        Err(Failed::Unreachable(_)) => read,
        _ => run.send().and(read),
    };
    // Also after a failure it is said what was imported before it.
    let all_taken = run.report.end(done.is_err())?;
    done?;
    if all_taken { Ok(()) } else { Err(Failed::Reported) }
}

/// The file and its length, where it has one.
fn open(path: &Path) -> Result<(Box<dyn Read>, Option<u64>), Failed> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let failed = |error: io::Error| Failed::refused(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    Ok((Box::new(file), metadata.is_file().then_some(metadata.len())))
}

/// Counts what was read, for the progress bar.
struct Counting<R> {
    input: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}

struct Importing {
    runtime: tokio::runtime::Runtime,
    door: Door,
    dry_run: bool,
    batch: Vec<((Place, Names), ImportUser)>,
    /// What could not be read between the accounts of the batch.
    unread: Vec<(Place, String)>,
    bytes: usize,
    seen: Seen,
    read: Rc<Cell<u64>>,
    report: Report,
}

impl Importing {
    fn take(&mut self, place: Place, entry: Entry) -> Result<(), Failed> {
        let user = match entry {
            Ok(user) => user,
            Err(reason) => return self.refuse(place, reason),
        };
        if has_a_long_field(&user) {
            return self.refuse(place, TOO_LONG.to_owned());
        }
        let bytes = size(&user);
        if bytes > BYTES_AN_ACCOUNT {
            return self.refuse(place, "it is too long".to_owned());
        }
        let names = self.seen.names(&user);
        if let Err(reason) = self.seen.frees(names) {
            return self.refuse(place, reason);
        }
        self.bytes += bytes;
        self.batch.push(((place, names), user));
        if self.batch.len() >= ACCOUNTS_A_COMMAND || self.bytes >= BYTES_A_COMMAND { self.send() } else { Ok(()) }
    }

    /// Kept until the batch is sent, so that lines are told in the order of the file.
    fn refuse(&mut self, place: Place, reason: String) -> Result<(), Failed> {
        self.unread.push((place, reason));
        if self.unread.len() >= ACCOUNTS_A_COMMAND { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<(), Failed> {
        self.bytes = 0;
        let unread = std::mem::take(&mut self.unread);
        let (sent, users): (Vec<(Place, Names)>, Vec<ImportUser>) = self.batch.drain(..).unzip();
        if users.is_empty() {
            self.report.add(&[], ImportView::default(), &unread)?;
        } else {
            let command = Command::ImportUsers { dry_run: self.dry_run, users };
            match self.runtime.block_on(self.door.execute(command))? {
                Reply::Imported(mut view) => {
                    self.seen.note(&sent, &mut view);
                    let places: Vec<Place> = sent.into_iter().map(|(place, _)| place).collect();
                    self.report.add(&places, view, &unread)?;
                }
                _ => {
                    return Err(Failed::unreachable(
                        "this is no reply to an import; is the gateway of another version?",
                    ));
                }
            }
        }
        self.report.progress(self.read.get())
    }
}

fn has_a_long_field(user: &ImportUser) -> bool {
    let optional = [&user.email, &user.display_name].into_iter().flatten();
    let mut texts = optional.chain(&user.groups).chain(&user.phones).chain([&user.name]);
    user.password_hash.expose_secret().len() > LONGEST || texts.any(|text| text.len() > LONGEST)
}

/// At least the bytes it takes in a command.
fn size(user: &ImportUser) -> usize {
    let optional = [&user.email, &user.display_name].into_iter().flatten();
    let texts = optional.chain(&user.groups).chain(&user.phones).chain([&user.name]);
    200 + escaped(user.password_hash.expose_secret()) + texts.map(|text| escaped(text)).sum::<usize>()
}

/// The bytes of a text in JSON.
fn escaped(text: &str) -> usize {
    let length = |byte| match byte {
        0..=0x1f => 6,
        b'"' | b'\\' => 2,
        _ => 1,
    };
    3 + text.bytes().map(length).sum::<usize>()
}

/// An account's user name and e-mail address, as keyed hashes.
#[derive(Clone, Copy)]
struct Names {
    user: Option<u64>,
    email: Option<u64>,
}

/// The names of the accounts of the file that were taken so far: the store sees only what other commands left in it, and
/// nothing of a dry run. A refused line keeps no name from those after it.
#[derive(Default)]
struct Seen {
    keys: RandomState,
    lines: HashMap<u64, u64>,
}

impl Seen {
    fn names(&self, user: &ImportUser) -> Names {
        let key = |name: &str| match LoginName::parse(name) {
            LoginName::Impossible(_) => None,
            name => Some(self.keys.hash_one(name.as_str())),
        };
        Names { user: key(&user.name), email: user.email.as_deref().and_then(key) }
    }

    /// Does no line before have these names?
    fn frees(&self, names: Names) -> Result<(), String> {
        for (key, what) in [(names.user, "user name"), (names.email, "e-mail address")] {
            if let Some(line) = key.and_then(|key| self.lines.get(&key)) {
                return Err(format!("line {line} has that {what} too"));
            }
        }
        Ok(())
    }

    /// What became of a command's accounts, line by line. The store knows that a name is taken, not that the file has it
    /// twice.
    fn note(&mut self, sent: &[(Place, Names)], view: &mut ImportView) {
        let mut refused = view.refused.iter_mut().peekable();
        for (index, (place, names)) in sent.iter().enumerate() {
            let Some(line) = refused.next_if(|line| line.index == index) else {
                let keys = [names.user, names.email].into_iter().flatten();
                self.lines.extend(keys.map(|key| (key, place.line)));
                continue;
            };
            let taken = [NewAccountError::UserNameTaken, NewAccountError::EmailTaken].map(|why| why.to_string());
            if taken.contains(&line.reason)
                && let Err(twice) = self.frees(*names)
            {
                line.reason = twice;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn an_account_takes_no_more_of_a_command_than_is_counted() {
        for text in ["hanako", "山田 花子", "\"quoted\" \\ and \u{1}\u{1f}\n\t", ""] {
            let user = || ImportUser {
                name: text.to_owned(),
                email: Some(text.to_owned()),
                display_name: Some(text.to_owned()),
                groups: vec![text.to_owned(); 9],
                language: Language::Ja,
                disabled: false,
                password_hash: text.into(),
                phones: vec![text.to_owned(); 5],
            };
            let command = |users| serde_json::to_vec(&Command::ImportUsers { dry_run: false, users }).unwrap().len();
            let taken = command(vec![user(), user()]) - command(vec![user()]);
            assert!(taken <= size(&user()), "{text:?}: {taken} bytes, counted as {}", size(&user()));
        }
    }
}
