//! Secrets in the configuration: as they are, or where they are kept. They are read when the gateway starts and never
//! shown, and neither is anything that could hold one.

use std::{
    fmt, fs,
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::json;
use toml::{Spanned, de::DeValue};

use super::{
    problem::Report,
    raw,
    read::{At, Refusal, Shape, Text, Value, report_type},
};
use crate::secret::{ExposeSecret as _, SecretBytes, SecretString};

/// Nothing longer is one.
const LONGEST: u64 = 4096;

/// Where a secret is.
#[derive(Clone)]
pub enum ConfiguredSecret {
    /// In the configuration itself.
    Here(SecretString),
    /// In a file, with or without a line end behind it.
    File(PathBuf),
    /// In a variable of the environment.
    Variable(String),
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretUnreadable {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others may read it.
    #[error("{} has mode {mode:o}: everybody on this machine may read it; chmod 600 it", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The variable is not there, or no text.
    #[error("the environment has no {0}")]
    Variable(String),
    /// Not what a header can carry.
    #[error("it is not one line of 1 to 4096 ASCII characters")]
    Unusable,
}

impl ConfiguredSecret {
    /// The secret: one line of ASCII.
    pub fn read(&self) -> Result<SecretBytes, SecretUnreadable> {
        let bytes = match self {
            Self::Here(text) => SecretBytes::new(text.expose_secret().as_bytes()),
            Self::File(path) => read_file(path)?,
            Self::Variable(name) => match std::env::var(name) {
                Ok(text) => SecretBytes::new(text),
                Err(_absent) => return Err(SecretUnreadable::Variable(name.clone())),
            },
        };
        let line = bytes.expose();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let usable = !line.is_empty() && line.len() as u64 <= LONGEST && line.iter().all(|b| matches!(b, b' '..=b'~'));
        if usable { Ok(SecretBytes::new(line)) } else { Err(SecretUnreadable::Unusable) }
    }

    pub(super) fn below(self, directory: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(directory.join(path)),
            other => other,
        }
    }
}

fn read_file(path: &Path) -> Result<SecretBytes, SecretUnreadable> {
    let failed = |source| SecretUnreadable::File { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o007 != 0 {
        return Err(SecretUnreadable::Open { path: path.to_owned(), mode });
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 2).read_to_end(&mut bytes).map_err(failed)?;
    Ok(SecretBytes::new(bytes))
}

impl fmt::Debug for ConfiguredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(_) => f.write_str("Here(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Variable(name) => f.debug_tuple("Variable").field(name).finish(),
        }
    }
}

/// The name of a variable of the environment.
#[derive(Clone, Debug)]
pub(super) struct VariableName(String);

impl Text for VariableName {
    const KIND: &'static str = "the name of a variable";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if text.is_empty() || !text.bytes().all(name) {
            // What stands there may be the secret itself.
            return Err(Refusal::new("is not the name of a variable".to_owned(), "as in \"SEKISHO_FORWARD_AUTH\""));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[A-Za-z0-9_]+$" })
    }
}

const EXPECTED: &str = "a secret in quotes, { file = \"…\" } or { env = \"…\" }";

impl Value for ConfiguredSecret {
    fn shape() -> Shape {
        let text = json!({ "type": "string", "minLength": 1 });
        let place = |key: &str| json!({ "type": "object", "properties": { (key): text }, "required": [key], "additionalProperties": false });
        let schema = json!({ "anyOf": [text, place("file"), place("env")] });
        Shape::Leaf { kind: "secret, `{ file = … }` or `{ env = … }`".to_owned(), schema }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Here(SecretString::from(text.as_ref()))),
            DeValue::Table(_) => match raw::SecretPlace::read(value, key, report)? {
                raw::SecretPlace { file: Some(At { value: file, .. }), env: None } => Some(Self::File(file.0)),
                raw::SecretPlace { file: None, env: Some(At { value: name, .. }) } => Some(Self::Variable(name.0)),
                _ => {
                    report.add(Some(&value.span()), format!("{key}: expected {EXPECTED}"), None);
                    None
                }
            },
            _ => {
                report_type(value, key, EXPECTED, report);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str, mode: u32) -> Result<Vec<u8>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let read = ConfiguredSecret::File(path).read();
        read.map(|secret| secret.expose().to_vec()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_is_one_line_of_a_file_that_is_not_everybodys() {
        assert_eq!(kept("open sesame\n", 0o600).unwrap(), b"open sesame");
        assert_eq!(kept("open sesame\r\n", 0o640).unwrap(), b"open sesame");
        assert!(kept("open sesame\n", 0o604).unwrap_err().contains("mode 604"));
        for unusable in ["", "\n", "two\nlines", "ひらけ", "tab\t", &"x".repeat(5000)] {
            assert!(kept(unusable, 0o600).unwrap_err().contains("one line"), "{unusable}");
        }
        let absent = ConfiguredSecret::File("/nowhere/at/all".into()).read().unwrap_err().to_string();
        assert!(absent.starts_with("/nowhere/at/all: "), "{absent}");
        assert!(ConfiguredSecret::Variable("SEKISHO_NO_SUCH_VARIABLE".to_owned()).read().is_err());
    }

    #[test]
    fn nothing_shows_a_secret() {
        let here = ConfiguredSecret::Here("open sesame".into());
        assert_eq!(here.read().unwrap().expose(), b"open sesame");
        assert_eq!(format!("{here:?}"), "Here(…)");
    }
}
