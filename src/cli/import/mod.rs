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
    admin::{Command, ImportUser, Reply},
    config,
    secret::ExposeSecret as _,
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
    batch: Vec<(Place, ImportUser)>,
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
        if let Err(reason) = self.seen.note(&user, place) {
            return self.refuse(place, reason);
        }
        self.bytes += size(&user);
        self.batch.push((place, user));
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
        let (places, users): (Vec<Place>, Vec<ImportUser>) = self.batch.drain(..).unzip();
        if users.is_empty() {
            self.report.add(&[], crate::admin::ImportView::default(), &unread)?;
        } else {
            let command = Command::ImportUsers { dry_run: self.dry_run, users };
            match self.runtime.block_on(self.door.execute(command))? {
                Reply::Imported(view) => self.report.add(&places, view, &unread)?,
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

/// About the bytes it takes in a command.
fn size(user: &ImportUser) -> usize {
    let optional = [&user.email, &user.display_name].into_iter().flatten().map(String::len).sum::<usize>();
    let many = user.groups.iter().chain(&user.phones).map(|text| text.len() + 3).sum::<usize>();
    200 + user.name.len() + user.password_hash.expose_secret().len() + 2 * optional + many
}

/// The names of the file so far, as keyed hashes: the store sees only what other commands left in it, and nothing of a
/// dry run.
#[derive(Default)]
struct Seen {
    keys: RandomState,
    lines: HashMap<u64, u64>,
}

impl Seen {
    fn note(&mut self, user: &ImportUser, place: Place) -> Result<(), String> {
        let key = |name: &str| match LoginName::parse(name) {
            LoginName::Impossible(_) => None,
            name => Some(self.keys.hash_one(name.as_str())),
        };
        let name = key(&user.name);
        let email = user.email.as_deref().and_then(key);
        for (key, what) in [(name, "user name"), (email, "e-mail address")] {
            if let Some(line) = key.and_then(|key| self.lines.get(&key)) {
                return Err(format!("line {line} has that {what} too"));
            }
        }
        self.lines.extend([name, email].into_iter().flatten().map(|key| (key, place.line)));
        Ok(())
    }
}
