//! Whether the files of a listener are others than those that were read last. It looks at what the file system says of
//! them, never into them.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::config::CertificateFiles;

/// What tells one state of a file from another; `None` where there is no file. Symbolic links are followed, so that
/// turning one is a change.
type Stamp = Option<(u64, u64, u64, [i64; 4])>;

#[derive(Debug)]
pub(super) struct Watch {
    files: Vec<PathBuf>,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    /// Before the files were read.
    read: Vec<Stamp>,
    /// At the last look.
    last: Vec<Stamp>,
}

impl Watch {
    pub(super) fn new(certificates: &[CertificateFiles], client_ca: Option<&PathBuf>) -> Self {
        let pairs = certificates.iter().flat_map(|pair| [&pair.certificate, &pair.private_key]);
        let files: Vec<PathBuf> = pairs.chain(client_ca).cloned().collect();
        let now: Vec<Stamp> = files.iter().map(|file| stamp(file)).collect();
        Self { files, seen: Mutex::new(Seen { read: now.clone(), last: now }) }
    }

    fn now(&self) -> Vec<Stamp> {
        self.files.iter().map(|file| stamp(file)).collect()
    }

    /// The files are about to be read, whatever comes of it: one state is tried once.
    pub(super) fn read_now(&self) {
        let now = self.now();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).read = now;
    }

    /// They are others, and the same as at the last look: a certificate and its key are not written in one step.
    pub(super) fn has_changed(&self) -> bool {
        let now = self.now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let settled = now == seen.last;
        seen.last = now;
        settled && seen.last != seen.read
    }
}

fn stamp(file: &Path) -> Stamp {
    let found = fs::metadata(file).ok()?;
    let times = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
    Some((found.dev(), found.ino(), found.size(), times))
}
