//! What this test process writes to its log, every level of it.

use std::{fs, path::PathBuf, sync::OnceLock};

use sekisho::telemetry::{self, Output};

static FILE: OnceLock<PathBuf> = OnceLock::new();

/// Starts the log of this process, once; every gateway in it writes there.
pub(crate) fn start() {
    FILE.get_or_init(|| {
        let (file, path) = tempfile::NamedTempFile::new().expect("a file").keep().expect("it stays");
        telemetry::init("trace", Output::File(file)).expect("the first to start it");
        path
    });
}

/// Everything written so far.
pub(crate) fn read() -> String {
    fs::read_to_string(FILE.get().expect("it was started")).expect("the log")
}
