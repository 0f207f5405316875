//! From a configuration to a running application: the store's lock, the keys, the store. The gateway and the command
//! line open it here and nowhere else, so the rule about lost keys is one rule.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{App, AppError};
use crate::{
    clock::SharedClock,
    config::{Config, StoreConfig},
    entropy::SharedEntropy,
    keyring::{KeyFileError, Keyring},
    store::{Store, StoreError},
};

/// Why the application could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The keys are gone, the data is there: new keys would make every seed and session in it unreadable.
    #[error(
        "there is no key file {keys}, but the store {store} exists: bring the key file back; a new one could not read what the store holds"
    )]
    KeysLost {
        /// Where the key file should be.
        keys: PathBuf,
        /// The store that needs it.
        store: PathBuf,
    },
    /// The keys cannot be read or written.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// Another process has the store open.
    #[error("the store {0} is in use by another process")]
    InUse(PathBuf),
    /// The directory or the lock file of the store.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The application.
    #[error(transparent)]
    App(#[from] AppError),
}

/// Held as long as the store is open. A second process would not hear which sessions the first one ends, so there is
/// none; the operating system lets go of the lock when the process dies.
#[derive(Debug)]
pub(super) struct StoreLock(#[expect(dead_code, reason = "held, never read")] File);

/// A command that works on the store itself is over within this time; a gateway that starts meanwhile waits for it.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

impl App {
    /// Opens the store and its keys. Keys are made where there is neither a key file nor a store.
    pub async fn open(config: Config, clock: SharedClock, entropy: SharedEntropy) -> Result<Self, OpenError> {
        let StoreConfig::Sqlite(path) = config.store.clone();
        let lock = lock(&path).await?;
        let keyring = match Keyring::load(&config.key_file) {
            Err(KeyFileError::Missing(keys)) if path.exists() => {
                return Err(OpenError::KeysLost { keys, store: path });
            }
            Err(KeyFileError::Missing(keys)) => {
                let fresh = Keyring::generate(&*entropy, clock.now())?;
                fresh.create(&keys)?;
                tracing::info!(file = %keys.display(), "made new keys");
                fresh
            }
            other => other?,
        };
        let keyring = Arc::new(keyring);
        let store = Store::open_sqlite(&path, keyring.clone(), entropy.clone()).await?;
        let mut app = Self::new(config, store, keyring, clock, entropy)?;
        app.lock = Some(StoreLock(lock));
        Ok(app)
    }
}

async fn lock(store: &Path) -> Result<File, OpenError> {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let failed = |source| OpenError::Io { path: path.clone(), source };
    if let Some(directory) = store.parent().filter(|d| !d.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(failed)?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
    Err(OpenError::InUse(store.to_owned()))
}
