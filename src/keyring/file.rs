//! The key file: JSON, mode 0600, written once by rename.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use super::{KeyId, Keyring, MasterKey};
use crate::{clock::Timestamp, secret::SecretBytes};

/// Why the keys could not be loaded or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It is not there.
    #[error("there is no key file {0}")]
    Missing(PathBuf),
    /// Reading or writing failed.
    #[error("key file {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others may read it.
    #[error("key file {path} has mode {mode:o}: others may read it; chmod 600 it, and rotate the keys if they did")]
    Readable {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not what this program wrote.
    #[error("key file {0} cannot be read: it is damaged or of another program")]
    Damaged(PathBuf),
    /// The cryptographic library refused; it does not with valid input.
    #[error("a key could not be derived")]
    Derivation,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: String,
    keys: Vec<StoredKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    id: KeyId,
    created_at: Timestamp,
    secret: String,
}

const FORMAT: &str = "sekisho-keys-1";

impl Keyring {
    /// Reads a key file. A missing file is an error: whoever calls knows whether a new one may be made.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let io = |source| KeyFileError::Io { path: path.to_owned(), source };
        let damaged = || KeyFileError::Damaged(path.to_owned());
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(KeyFileError::Missing(path.to_owned())),
            Err(e) => return Err(io(e)),
        };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Readable { path: path.to_owned(), mode });
        }
        let mut text = fs::read_to_string(path).map_err(io)?;
        let parsed: Result<KeyFile, _> = serde_json::from_str(&text);
        text.zeroize();
        let Ok(file) = parsed else { return Err(damaged()) };
        if file.format != FORMAT || file.keys.is_empty() {
            return Err(damaged());
        }
        let mut keys: Vec<MasterKey> = Vec::new();
        for mut stored in file.keys {
            let secret = BASE64.decode(stored.secret.as_bytes()).map(SecretBytes::new);
            stored.secret.zeroize();
            let Ok(secret) = secret else { return Err(damaged()) };
            if secret.expose().len() != 32 || keys.last().is_some_and(|last| last.id >= stored.id) {
                return Err(damaged());
            }
            keys.push(MasterKey::new(stored.id, stored.created_at, secret)?);
        }
        Ok(Self { keys })
    }

    /// Writes a new key file; fails when one is there. The directory is made (0700) if need be; the file is complete
    /// and on disk before it has its name.
    pub fn create(&self, path: &Path) -> Result<(), KeyFileError> {
        let io = |source| KeyFileError::Io { path: path.to_owned(), source };
        let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io)?;
        let file = KeyFile {
            format: FORMAT.to_owned(),
            keys: self
                .keys
                .iter()
                .map(|k| StoredKey { id: k.id, created_at: k.created_at, secret: BASE64.encode(k.secret.expose()) })
                .collect(),
        };
        let mut text = serde_json::to_string_pretty(&file).map_err(|e| io(io::Error::other(e)))?;
        let staged = path.with_extension(format!("new.{}", std::process::id()));
        let mut staging = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged).map_err(io)?;
        let written = staging.write_all(text.as_bytes()).and_then(|()| staging.sync_all());
        text.zeroize();
        // `hard_link` fails where a file has that name already: two first starts cannot both win.
        let linked = written.and_then(|()| fs::hard_link(&staged, path));
        fs::remove_file(&staged).map_err(io)?;
        linked.and_then(|()| fs::File::open(directory)?.sync_all()).map_err(io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::SystemEntropy, keyring::Purpose};

    #[test]
    fn a_key_file_reads_back_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("private/keys.json");
        assert!(matches!(Keyring::load(&path), Err(KeyFileError::Missing(_))));
        let ring = Keyring::generate(&SystemEntropy::new(), Timestamp::EPOCH).unwrap();
        ring.create(&path).unwrap();
        let again = Keyring::load(&path).unwrap();
        assert_eq!(ring.mac(ring.active(), Purpose::Csrf, &[b"x"]), again.mac(again.active(), Purpose::Csrf, &[b"x"]));
        assert!(Keyring::generate(&SystemEntropy::new(), Timestamp::EPOCH).unwrap().create(&path).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Keyring::load(&path), Err(KeyFileError::Readable { mode: 0o640, .. })));
    }

    #[test]
    fn a_damaged_file_is_said_to_be_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        for text in ["", "{}", r#"{"format":"sekisho-keys-1","keys":[]}"#, r#"{"format":"x","keys":[]}"#] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(Keyring::load(&path), Err(KeyFileError::Damaged(_))), "{text}");
        }
    }
}
