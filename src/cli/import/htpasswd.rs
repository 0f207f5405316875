//! Apache's htpasswd: a name, a colon and a hash on each line.

use std::io::{self, BufRead, Read as _};

use super::{LONGEST, Place, TOO_LONG, Take};
use crate::{admin::ImportUser, cli::Failed, language::Language};

pub(super) fn read(mut input: impl BufRead, language: Language, take: Take<'_>) -> Result<(), Failed> {
    let failed = |error: io::Error| Failed::refused(format!("the file: {error}"));
    // A name and a hash.
    let longest = 2 * LONGEST as u64;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = input.by_ref().take(longest).read_until(b'\n', &mut line).map_err(failed)?;
        if read == 0 {
            break;
        }
        let place = Place { line: number, entry: None };
        if read as u64 == longest && !line.ends_with(b"\n") {
            input.skip_until(b'\n').map_err(failed)?;
            take(place, Err(TOO_LONG.to_owned()))?;
            continue;
        }
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
