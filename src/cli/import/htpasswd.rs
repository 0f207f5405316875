//! Apache's htpasswd: a name, a colon and a hash on each line.

use std::io::BufRead;

use super::{Place, Take};
use crate::{admin::ImportUser, cli::Failed, language::Language};

/// Longer than any name and hash.
const LONGEST: usize = 4 * 1024;

pub(super) fn read(mut input: impl BufRead, language: Language, take: Take<'_>) -> Result<(), Failed> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = input.read_until(b'\n', &mut line).map_err(|error| Failed::refused(format!("the file: {error}")))?;
        if read == 0 {
            break;
        }
        let place = Place { line: number, entry: None };
        let Ok(text) = std::str::from_utf8(&line) else {
            take(place, Err("it is not UTF-8".to_owned()))?;
            continue;
        };
        let text = text.trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}');
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        take(place, entry(text, language))?;
    }
    Ok(())
}

fn entry(text: &str, language: Language) -> super::Entry {
    if text.len() > LONGEST {
        return Err("it is too long".to_owned());
    }
    let (name, hash) = text.split_once(':').ok_or_else(|| "it has no colon between name and hash".to_owned())?;
    Ok(ImportUser {
        name: name.to_owned(),
        email: None,
        display_name: None,
        groups: Vec::new(),
        language,
        disabled: false,
        password_hash: hash.split(':').next().unwrap_or_default().into(),
        phones: Vec::new(),
    })
}
