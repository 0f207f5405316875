//! The SQLite engine: one writer, whose every transaction takes the write lock at its start, and a few readers. A
//! commit is on the disk before it is answered (`synchronous = FULL`): a burnt code never comes back to life.

mod accounts;
mod attempts;
mod budget;
mod challenge;
mod email;
mod held;
mod import;
mod links;
mod outbox;
mod recovery;
mod recovery_codes;
mod rollout;
mod rows;
mod sessions;
mod settings;
mod sign_in;
mod signing;
mod tokens;
mod users;

use std::{
    fs,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    sync::Arc,
    time::Duration,
};

use sqlx::{
    SqlStr, Sqlite, SqlitePool, Transaction,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Notify;

use super::{Result, StoreError};
use crate::{
    authn::throttle::{CODE_WINDOW, PASSWORD_FORGET},
    clock::Timestamp,
    entropy::{SharedEntropy, encode_id, random_bytes},
    keyring::Keyring,
    session::{Lifetime, SHARED_WINDOW},
};

/// How long a statement waits while another process (a command beside the running gateway) writes.
const BUSY: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
/// Finished messages stay this long for whoever asks why one did not come.
const FINISHED_MESSAGES: Duration = Duration::from_hours(7 * 24);

/// The longest rest that can be configured; counts of messages older than that begin again anyway.
const OLD_SENDS: Duration = Duration::from_hours(24);

/// Longer than requests count against the limit: somebody may still ask what became of one.
const OLD_RECOVERIES: Duration = Duration::from_hours(90 * 24);

/// Whoever comes back to an open page after a weekend is still known as the person who left it.
const OLD_SESSIONS: Duration = Duration::from_hours(4 * 24);

/// Whoever asks why a script stopped finds its expired token in the list.
const OLD_TOKENS: Duration = Duration::from_hours(30 * 24);

/// The last use of a session is written at most once a minute: what looks idle here may have been used since.
const TOUCH_LAG: Duration = Duration::from_mins(2);

/// An open file.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    keyring: Arc<Keyring>,
    entropy: SharedEntropy,
    /// One for each channel, in the order of `ChannelKind::ALL`.
    ordered: Arc<[Notify; 3]>,
    /// What this process writes beside the messages it takes.
    claimant: String,
}

fn migrator() -> Migrator {
    let migration = |version, name: &'static str, sql| {
        Migration::new(version, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    };
    Migrator::with_migrations(vec![
        migration(1, "first", include_str!("../migrations/0001_first.sql")),
        migration(2, "settings", include_str!("../migrations/0002_settings.sql")),
        migration(3, "recovery", include_str!("../migrations/0003_recovery.sql")),
        migration(4, "challenge", include_str!("../migrations/0004_challenge.sql")),
        migration(5, "import", include_str!("../migrations/0005_import.sql")),
        migration(6, "users", include_str!("../migrations/0006_users.sql")),
        migration(7, "recovery_requests", include_str!("../migrations/0007_recovery_requests.sql")),
        migration(8, "cut_short", include_str!("../migrations/0008_cut_short.sql")),
        migration(9, "new_methods", include_str!("../migrations/0009_new_methods.sql")),
        migration(10, "signing", include_str!("../migrations/0010_signing.sql")),
        migration(11, "reports", include_str!("../migrations/0011_reports.sql")),
        migration(12, "held", include_str!("../migrations/0012_held.sql")),
        migration(13, "tokens", include_str!("../migrations/0013_tokens.sql")),
        migration(14, "history and opening", include_str!("../migrations/0014_history_and_opening.sql")),
        migration(15, "handing over", include_str!("../migrations/0015_handing_over.sql")),
        migration(16, "hosts", include_str!("../migrations/0016_hosts.sql")),
        migration(17, "guards", include_str!("../migrations/0017_guards.sql")),
        migration(19, "bound codes", include_str!("../migrations/0019_bound_codes.sql")),
    ])
}

/// Makes the file where it is missing, readable by its owner only; SQLite gives its journals the same mode. A file
/// that others may read is refused: it holds password hashes and telephone numbers.
fn prepare_file(path: &Path) -> Result<()> {
    let refuse = |reason: String| StoreError::File { path: path.to_owned(), reason };
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_made) => return Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(refuse(e.to_string())),
    }
    let metadata = fs::metadata(path).map_err(|e| refuse(e.to_string()))?;
    if !metadata.is_file() {
        return Err(refuse("it is not a file".to_owned()));
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(refuse(format!("it has mode {mode:o}: others may read it; chmod 600 it")));
    }
    Ok(())
}

fn schema_error(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(e) => StoreError::Engine(e),
        MigrateError::VersionMissing(version) => StoreError::Schema(format!(
            "it has version {version}, which a newer program made; this one cannot read it. Install the newer one again"
        )),
        other => StoreError::Schema(other.to_string()),
    }
}

impl SqliteStore {
    pub(in crate::store) async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }

    pub(in crate::store) async fn open(path: &Path, keyring: Arc<Keyring>, entropy: SharedEntropy) -> Result<Self> {
        prepare_file(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What is deleted is personal data or a spent secret: it does not stay in the file's free pages.
            .pragma("secure_delete", "on")
            .busy_timeout(BUSY);
        let pool = || SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None).test_before_acquire(false);
        let writer = pool().max_connections(1).connect_with(options.clone()).await?;
        migrator().run(&writer).await.map_err(schema_error)?;
        let readers = pool().max_connections(READERS).connect_with(options.pragma("query_only", "on")).await?;
        let claimant = encode_id(random_bytes(&*entropy));
        Ok(Self { writer, readers, keyring, entropy, ordered: Arc::default(), claimant })
    }

    /// A transaction that holds the write lock from its first statement, so that what it reads stays true. Dropped
    /// without a commit, it leaves nothing.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// One consistent view for several reads.
    async fn read(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.readers.begin().await?)
    }

    pub(in crate::store) async fn purge(&self, lifetime: Lifetime, now: Timestamp) -> Result<u64> {
        let finished = now - FINISHED_MESSAGES;
        let over = [
            ("DELETE FROM sign_ins WHERE expires_at <= $1", now),
            ("DELETE FROM trusted_devices WHERE expires_at <= $1", now),
            ("DELETE FROM invitations WHERE expires_at <= $1", now - FINISHED_MESSAGES),
            ("DELETE FROM sign_in_history WHERE at <= $1", now - settings::HISTORY_LASTS),
            ("UPDATE recovery_requests SET state = 'expired' WHERE state = 'open' AND expires_at <= $1", now),
            ("DELETE FROM recovery_requests WHERE requested_at <= $1 AND state <> 'open'", now - OLD_RECOVERIES),
            ("DELETE FROM browser_hours WHERE (hour + 1) * 3600000 <= $1", now - SHARED_WINDOW),
            ("DELETE FROM rates WHERE ends_at <= $1", now),
            ("DELETE FROM links WHERE expires_at <= $1", now),
            ("DELETE FROM sign_in_codes WHERE expires_at <= $1", now),
            // Long after any rest: a count that is needed is never lost.
            ("DELETE FROM sends WHERE next_at <= $1", now - OLD_SENDS),
            ("DELETE FROM password_throttles WHERE updated_at <= $1", now - PASSWORD_FORGET),
            ("DELETE FROM new_method_throttles WHERE updated_at <= $1", now - CODE_WINDOW),
            ("DELETE FROM sessions WHERE created_at <= $1", now - lifetime.absolute),
            ("DELETE FROM sessions WHERE last_used_at <= $1", now - lifetime.idle - TOUCH_LAG),
            // After the sessions: those that end now are remembered from now on.
            ("DELETE FROM ended_sessions WHERE last_used_at <= $1", now - lifetime.idle - OLD_SESSIONS),
            ("DELETE FROM access_tokens WHERE expires_at <= $1", now - OLD_TOKENS),
            ("DELETE FROM held_requests WHERE expires_at <= $1", now),
            ("DELETE FROM budgets WHERE ends_at <= $1", now),
            // Long after the window of the watch: until then the next pause is longer.
            ("DELETE FROM pauses WHERE until <= $1", now - FINISHED_MESSAGES),
            ("DELETE FROM warnings WHERE at <= $1", now - FINISHED_MESSAGES),
            ("DELETE FROM refused_sends WHERE (day + 1) * 86400000 <= $1", now - FINISHED_MESSAGES),
            ("DELETE FROM outbox WHERE finished_at <= $1", finished),
            // Taken by a worker that never came back.
            ("DELETE FROM outbox WHERE finished_at IS NULL AND expires_at <= $1", finished),
        ];
        let mut tx = self.write().await?;
        let mut rows = 0;
        for (statement, before) in over {
            rows += sqlx::query(statement).bind(before.as_millis()).execute(&mut *tx).await?.rows_affected();
        }
        rows += sqlx::query("DELETE FROM method_failures WHERE day < $1")
            .bind(attempts::window_start(now))
            .execute(&mut *tx)
            .await?
            .rows_affected();
        tx.commit().await?;
        Ok(rows)
    }

    pub(in crate::store) async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }
}
