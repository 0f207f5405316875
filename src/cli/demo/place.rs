//! The directory of the demonstration. It only ever touches files whose name begins with `demo.`.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use crate::cli::Failed;

/// What is remembered between runs.
const REMEMBERED: [&str; 5] = ["db", "db-wal", "db-shm", "keys.json", "log"];

pub(super) struct Place(PathBuf);

impl Place {
    /// The directory that was named, else `target/demo` of the checkout this runs in, else one in the home directory.
    pub(super) fn find(named: Option<&Path>) -> Result<Self, Failed> {
        let directory = match named {
            Some(directory) => directory.to_owned(),
            None if is_checkout() => PathBuf::from("target/demo"),
            None => match std::env::var_os("HOME").filter(|home| !home.is_empty()) {
                Some(home) => Path::new(&home).join(".local/state/sekisho-demo"),
                None => return Err(Failed::refused("there is no home directory: name one with --directory")),
            },
        };
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory);
        let absolute = made.and_then(|()| fs::canonicalize(&directory));
        Ok(Self(absolute.map_err(|error| Failed::refused(format!("{}: {error}", directory.display())))?))
    }

    /// The file `demo.NAME`.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(format!("demo.{name}"))
    }

    /// What went wrong with that file.
    pub(super) fn failed(&self, name: &str, error: &io::Error) -> Failed {
        Failed::refused(format!("{}: {error}", self.file(name).display()))
    }

    /// Refuses a directory in which another demonstration runs: its configuration would be written over.
    pub(super) fn is_idle(&self) -> Result<(), Failed> {
        if let Ok(lock) = File::open(self.file("db.lock"))
            && matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
        {
            return Err(Failed::refused(format!("a demonstration runs in {}: stop it first", self.0.display())));
        }
        Ok(())
    }

    /// Removes what earlier runs left.
    pub(super) fn forget(&self) -> Result<(), Failed> {
        for name in REMEMBERED {
            match fs::remove_file(self.file(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.failed(name, &error)),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

fn is_checkout() -> bool {
    fs::read_to_string("Cargo.toml").is_ok_and(|manifest| manifest.contains("name = \"sekisho\""))
}
