//! What is said of an import: every refused line at once, the sums at the end, and on a terminal how far it is. Never a
//! hash, never a telephone number.

use std::io::{self, IsTerminal as _, Write as _};

use super::Place;
use crate::{
    admin::{CheckView, ImportView, LineView},
    cli::{Failed, output},
};

/// In which form lines are written.
enum Form {
    Text,
    /// An array that has begun, with something in it or not yet.
    Json {
        any: bool,
    },
}

/// How far it is, on the terminal's last line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bar {
    /// Nobody looks on.
    Never,
    Hidden,
    Shown,
}

pub(super) struct Report {
    form: Form,
    dry_run: bool,
    /// Of the file, where it is known.
    length: Option<u64>,
    bar: Bar,
    imported: usize,
    refused: usize,
    left_out: usize,
    checks: Vec<CheckView>,
    minimum_delay: u64,
}

impl Report {
    pub(super) fn begin(json: bool, dry_run: bool, length: Option<u64>) -> Result<Self, Failed> {
        if json {
            output::text("{\"lines\": [")?;
        }
        Ok(Self {
            form: if json { Form::Json { any: false } } else { Form::Text },
            dry_run,
            length,
            bar: if io::stderr().is_terminal() { Bar::Hidden } else { Bar::Never },
            imported: 0,
            refused: 0,
            left_out: 0,
            checks: Vec::new(),
            minimum_delay: 0,
        })
    }

    /// What became of the accounts of one command, and what could not be read between them, in the order of the file.
    pub(super) fn add(&mut self, places: &[Place], view: ImportView, unread: &[(Place, String)]) -> Result<(), Failed> {
        let place = |line: &LineView| places.get(line.index).copied();
        self.imported += view.imported;
        self.refused += unread.len() + view.refused.len();
        self.left_out += view.left_out.len();
        let refused = view.refused.iter().filter_map(|line| Some((place(line)?, "refused", line.reason.as_str())));
        let left_out = view.left_out.iter().filter_map(|line| Some((place(line)?, "left_out", line.reason.as_str())));
        let mut lines: Vec<_> = unread.iter().map(|(place, reason)| (*place, "refused", reason.as_str())).collect();
        lines.extend(refused.chain(left_out));
        lines.sort_by_key(|(place, ..)| (place.line, place.entry));
        for (place, what, reason) in lines {
            self.line(place, what, reason)?;
        }
        if view.checks.is_empty() && places.is_empty() {
            return Ok(());
        }
        for check in view.checks {
            match self.checks.iter_mut().find(|known| known.kind == check.kind) {
                Some(known) => known.milliseconds = known.milliseconds.max(check.milliseconds),
                None => self.checks.push(check),
            }
        }
        self.minimum_delay = view.minimum_delay;
        Ok(())
    }

    fn line(&mut self, place: Place, what: &str, reason: &str) -> Result<(), Failed> {
        self.clear();
        let Form::Json { any } = &mut self.form else {
            let entry = place.entry.map_or_else(String::new, |entry| format!(", entry {entry}"));
            let made = match (what, self.dry_run) {
                ("left_out", true) => "would be imported, but ",
                ("left_out", false) => "imported, but ",
                _ => "",
            };
            return output::text(&format!("line {}{entry}: {made}{reason}", place.line));
        };
        let comma = if std::mem::replace(any, true) { "," } else { "" };
        let mut line = serde_json::json!({ "line": place.line, what: reason });
        if let (Some(entry), Some(line)) = (place.entry, line.as_object_mut()) {
            line.insert("entry".to_owned(), entry.into());
        }
        output::text(&format!("{comma}{line}"))
    }

    /// Shows how far it is, where somebody looks on.
    pub(super) fn progress(&mut self, read: u64) -> Result<(), Failed> {
        const WIDTH: u64 = 30;
        if self.bar == Bar::Never {
            return Ok(());
        }
        let bar = self.length.filter(|length| *length > 0).map_or_else(String::new, |length| {
            let done = read.min(length) * WIDTH / length;
            let bar: String = (0..WIDTH).map(|place| if place < done { '#' } else { '.' }).collect();
            format!("[{bar}] {:>3} %  ", read.min(length) * 100 / length)
        });
        self.bar = Bar::Shown;
        let written = write!(io::stderr(), "\r{bar}imported: {}, refused: {} ", self.imported, self.refused);
        written.map_err(|error| Failed::refused(format!("standard error: {error}")))
    }

    fn clear(&mut self) {
        if self.bar == Bar::Shown {
            self.bar = Bar::Hidden;
            // A terminal that is gone shows no bar either.
            drop(write!(io::stderr(), "\r\x1b[K"));
        }
    }

    /// The kinds of hashes whose check takes longer than every answer is delayed.
    fn slow(&self) -> impl Iterator<Item = &CheckView> {
        self.checks.iter().filter(|check| check.milliseconds > self.minimum_delay)
    }

    /// The sums; none where the file could not be read at all. Was everything taken?
    pub(super) fn end(mut self, broken: bool) -> Result<bool, Failed> {
        self.clear();
        if matches!(self.form, Form::Json { .. }) {
            let sums = serde_json::json!({
                "dry_run": self.dry_run,
                "imported": self.imported,
                "refused": self.refused,
                "left_out": self.left_out,
                "checks": self.checks,
                "minimum_delay": self.minimum_delay,
            });
            let sums = sums.to_string();
            output::text(&format!("], {}", sums.strip_prefix('{').unwrap_or_default()))?;
        } else if !broken || self.imported + self.refused > 0 {
            let (imported, refused) = (self.imported, self.refused);
            output::text(&if self.dry_run {
                format!("dry run, nothing was changed; would be imported: {imported}; would be refused: {refused}")
            } else {
                format!("imported: {imported}; refused: {refused}")
            })?;
            for slow in self.slow() {
                output::text(&format!(
                    "checking a password against a {} hash took {} ms here. No answer comes before {} ms, which no longer \
                     hides whose hash is checked: raise [password] minimum_delay above it until these accounts have signed in.",
                    slow.kind, slow.milliseconds, self.minimum_delay
                ))?;
            }
        }
        Ok(self.refused == 0)
    }
}
