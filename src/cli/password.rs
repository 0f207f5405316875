//! A password from standard input: asked for twice where somebody types, one line where it is a pipe or a file.

use std::io::{self, IsTerminal as _, Read as _};

use zeroize::Zeroizing;

use super::Failed;
use crate::secret::SecretString;

/// Above every password an account can have.
const MOST: u64 = 8 * 1024;

/// The new password of an account.
pub(super) fn read(user: &str) -> Result<SecretString, Failed> {
    if io::stdin().is_terminal() { ask(user) } else { one_line(io::stdin().lock()) }
}

fn ask(user: &str) -> Result<SecretString, Failed> {
    let hidden = |prompt: String| {
        rpassword::prompt_password(prompt)
            .map(Zeroizing::new)
            .map_err(|error| Failed::refused(format!("the terminal: {error}")))
    };
    let first = hidden(format!("New password of {user}: "))?;
    let second = hidden("Again: ".to_owned())?;
    if first != second {
        return Err(Failed::refused("the two passwords are not the same"));
    }
    Ok(SecretString::from(first.as_str()))
}

fn one_line(input: impl io::Read) -> Result<SecretString, Failed> {
    let mut text = Zeroizing::new(String::new());
    input
        .take(MOST + 1)
        .read_to_string(&mut text)
        .map_err(|error| Failed::refused(format!("standard input: {error}")))?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    match line {
        "" => Err(Failed::refused("there is no password on standard input")),
        _ if text.len() as u64 > MOST => {
            Err(Failed::refused("what stands on standard input is too long for a password"))
        }
        _ if line.contains(['\n', '\r']) => {
            Err(Failed::refused("a password is one line on standard input, and there are more"))
        }
        line => Ok(SecretString::from(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ExposeSecret as _;

    #[test]
    fn one_line_is_the_password_with_its_spaces() {
        for text in [" correct horse ", " correct horse \n", " correct horse \r\n"] {
            assert_eq!(one_line(text.as_bytes()).unwrap().expose_secret(), " correct horse ", "{text:?}");
        }
    }

    #[test]
    fn nothing_too_much_and_two_lines_are_refused() {
        for text in ["", "\n", "one\ntwo\n", "one\n\n", &"x".repeat(9000)] {
            assert!(one_line(text.as_bytes()).is_err(), "{} octets", text.len());
        }
        assert!(one_line([0xff_u8, 0xfe].as_slice()).is_err(), "not UTF-8");
    }
}
