//! Comma-separated values (RFC 4180) with a header that names the columns in any order.

use std::io::{self, Read};

use super::{Entry, LONGEST, Place, TOO_LONG, Take};
use crate::{admin::ImportUser, cli::Failed, language::Language};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    UserName,
    Email,
    DisplayName,
    Groups,
    Language,
    Hash,
    Phone,
    Disabled,
}

const COLUMNS: &str = "user_name, password_hash, email, display_name, groups, language, disabled, phone (phone_2, …)";

impl Column {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "user_name" => Self::UserName,
            "email" => Self::Email,
            "display_name" => Self::DisplayName,
            "groups" => Self::Groups,
            "language" => Self::Language,
            "password_hash" => Self::Hash,
            "disabled" => Self::Disabled,
            name if name
                .strip_prefix("phone")
                .is_some_and(|rest| rest.chars().all(|c| c == '_' || c.is_ascii_digit())) =>
            {
                Self::Phone
            }
            _ => return None,
        })
    }
}

/// Lines that end in CR LF are counted as lines that end in LF: the parser counts at either, and at neither reliably.
/// No field that is taken has a carriage return.
struct WithoutReturns<R>(R);

impl<R: Read> Read for WithoutReturns<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(buffer)?;
            let mut kept = 0;
            for from in 0..read {
                if let Some(byte) = buffer.get(from).copied().filter(|byte| *byte != b'\r')
                    && let Some(to) = buffer.get_mut(kept)
                {
                    *to = byte;
                    kept += 1;
                }
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

pub(super) fn read(input: impl Read, language: Language, take: Take<'_>) -> Result<(), Failed> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(WithoutReturns(input));
    let unreadable = |error: &csv::Error| Failed::refused(format!("the file cannot be read: {}", io_reason(error)));
    let header = reader.byte_headers().map_err(|error| unreadable(&error))?.clone();
    let columns = columns(&header)?;
    let mut record = csv::ByteRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                take(Place { line, entry: None }, entry(&columns, &record, language))?;
            }
            Err(error) => return Err(unreadable(&error)),
        }
    }
}

/// What went wrong, without what stands in the file.
fn io_reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => "it is not comma-separated values".to_owned(),
    }
}

fn columns(header: &csv::ByteRecord) -> Result<Vec<Column>, Failed> {
    let mut columns = Vec::new();
    for (index, name) in header.iter().enumerate() {
        let name = String::from_utf8_lossy(name);
        let name = name.trim_start_matches('\u{feff}').trim().to_ascii_lowercase();
        let column = Column::named(&name).ok_or_else(|| {
            // A file without a header has a person's data there.
            Failed::refused(format!("the header line: column {} is none of {COLUMNS}", index + 1))
        })?;
        if column != Column::Phone && columns.contains(&column) {
            return Err(Failed::refused(format!("the header line has the column {name} twice")));
        }
        columns.push(column);
    }
    if columns.contains(&Column::UserName) && columns.contains(&Column::Hash) {
        Ok(columns)
    } else {
        Err(Failed::refused("the header line names the columns; user_name and password_hash are needed"))
    }
}

fn entry(columns: &[Column], record: &csv::ByteRecord, language: Language) -> Entry {
    if record.len() != columns.len() {
        return Err(format!("it has {} fields, the header has {}", record.len(), columns.len()));
    }
    let mut user = ImportUser {
        name: String::new(),
        email: None,
        display_name: None,
        groups: Vec::new(),
        language,
        disabled: false,
        password_hash: "".into(),
        phones: Vec::new(),
    };
    for (column, bytes) in columns.iter().zip(record) {
        if bytes.len() > LONGEST {
            return Err(format!("{TOO_LONG}; is there a quotation mark too many?"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_not_utf8| "it is not UTF-8".to_owned())?.trim();
        if text.is_empty() {
            continue;
        }
        match column {
            Column::UserName => text.clone_into(&mut user.name),
            Column::Email => user.email = Some(text.to_owned()),
            Column::DisplayName => user.display_name = Some(text.to_owned()),
            Column::Groups => {
                let names = text.split([',', ';', '|', ' ']).filter(|name| !name.is_empty());
                user.groups = names.map(str::to_owned).collect();
            }
            Column::Language => {
                let known = Language::ALL.into_iter().find(|known| known.tag() == text);
                user.language = known.ok_or_else(|| "the language: it is ja or en".to_owned())?;
            }
            Column::Hash => user.password_hash = text.into(),
            Column::Phone => user.phones.push(text.to_owned()),
            Column::Disabled => {
                user.disabled = match text.to_ascii_lowercase().as_str() {
                    "1" | "true" | "yes" => true,
                    "0" | "false" | "no" => false,
                    _ => return Err("the column disabled: it is true or false".to_owned()),
                }
            }
        }
    }
    Ok(user)
}
