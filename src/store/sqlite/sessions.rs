//! Sessions and trusted devices.

use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{
    SqliteStore, outbox,
    rows::{self, Cells, account_columns},
    users,
};
use crate::{
    account::{AccountId, Group},
    authn::DeviceProof,
    clock::Timestamp,
    secret::Digest,
    session::{DeviceId, DevicePresentation, Lifetime, SecondStep, Session, SessionId, TrustedDevice, hour_and_minute},
    store::{EndedSession, EndedTrust, NewDevice, PresentDevice, PresentedDevice, Result, StoredSession},
};

/// Sessions with their accounts, never those of a disabled account or of older credentials.
macro_rules! sessions {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            account_columns!(),
            ", s.id AS s_id, s.digest AS s_digest, s.credential_version AS s_credential_version,
               s.second_step AS s_second_step, s.device_id AS s_device_id, s.browser AS s_browser,
               s.created_at AS s_created_at, s.last_used_at AS s_last_used_at, s.mfa_at AS s_mfa_at,
               EXISTS (SELECT 1 FROM cut_short_passwords c WHERE c.account_id = a.id) AS s_cut_short
             FROM sessions s JOIN accounts a ON a.id = s.account_id
             WHERE a.disabled_at IS NULL AND a.credential_version = s.credential_version ",
            $rest
        )
    };
}

/// Uses written in one transaction, so that a sign-in waits for the writer no longer than for these.
const TOUCHED_AT_ONCE: usize = 1000;

/// One statement for all of them: a statement each would cost more than the requests they tell of.
fn uses_as_json(used: &[(SessionId, Timestamp)]) -> String {
    let row = |(id, at): &(SessionId, Timestamp)| {
        let (hour, minute) = hour_and_minute(*at);
        serde_json::json!([id.to_string(), at.as_millis(), hour, minute.cast_signed()])
    };
    used.iter().map(row).collect::<serde_json::Value>().to_string()
}

/// The rows of [`uses_as_json`], which is `$1`.
macro_rules! uses {
    () => {
        "(SELECT value ->> 0 AS id, value ->> 1 AS at, value ->> 2 AS hour, value ->> 3 AS minute
          FROM json_each($1)) AS used"
    };
}
pub(super) use uses;

pub(super) fn ended(row: &SqliteRow) -> Result<EndedSession> {
    let cells = Cells::of(row, "sessions", "id")?;
    Ok(EndedSession {
        id: cells.text("id", SessionId::parse)?,
        account: cells.text("account_id", AccountId::parse)?,
        digest: cells.digest("digest")?,
    })
}

pub(super) async fn delete_of_account(db: &mut SqliteConnection, account: AccountId) -> Result<Vec<EndedSession>> {
    sqlx::query("DELETE FROM sessions WHERE account_id = $1 RETURNING id, account_id, digest")
        .bind(account.to_string())
        .fetch_all(db)
        .await?
        .iter()
        .map(ended)
        .collect()
}

/// The sessions of an account as caches know them.
pub(super) async fn of_account(db: &mut SqliteConnection, account: AccountId) -> Result<Vec<EndedSession>> {
    sqlx::query("SELECT id, account_id, digest FROM sessions WHERE account_id = $1")
        .bind(account.to_string())
        .fetch_all(db)
        .await?
        .iter()
        .map(ended)
        .collect()
}

pub(super) async fn delete_by_digest(db: &mut SqliteConnection, digest: &Digest) -> Result<Option<EndedSession>> {
    sqlx::query("DELETE FROM sessions WHERE digest = $1 RETURNING id, account_id, digest")
        .bind(digest.as_bytes().as_slice())
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(ended)
        .transpose()
}

/// Stores a new session; returns those of the account that had to make room.
pub(super) async fn insert(db: &mut SqliteConnection, session: &Session, most: u32) -> Result<Vec<EndedSession>> {
    let evicted = sqlx::query(
        "DELETE FROM sessions
         WHERE account_id = $1
           AND id NOT IN (SELECT id FROM sessions WHERE account_id = $1
                          ORDER BY last_used_at DESC, created_at DESC, id DESC LIMIT $2)
         RETURNING id, account_id, digest",
    )
    .bind(session.account().to_string())
    .bind(i64::from(most.saturating_sub(1)))
    .fetch_all(&mut *db)
    .await?;
    sqlx::query(
        "INSERT INTO sessions (id, digest, account_id, credential_version, second_step, device_id, browser, created_at,
                               last_used_at, mfa_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(session.id().to_string())
    .bind(session.digest().as_bytes().as_slice())
    .bind(session.account().to_string())
    .bind(session.credential_version().0)
    .bind(session.second_step().as_str())
    .bind(session.device().map(|device| device.to_string()))
    .bind(session.browser().as_str())
    .bind(session.created_at().as_millis())
    .bind(session.last_used_at().as_millis())
    .bind(session.mfa_at().map(Timestamp::as_millis))
    .execute(db)
    .await?;
    evicted.iter().map(ended).collect()
}

/// Trusts a device for the account and credentials of this session; the least recently used make room.
pub(super) async fn insert_device(
    db: &mut SqliteConnection,
    device: &NewDevice,
    session: &Session,
    most: u32,
    now: Timestamp,
) -> Result<()> {
    sqlx::query(
        "DELETE FROM trusted_devices
         WHERE account_id = $1
           AND id NOT IN (SELECT id FROM trusted_devices WHERE account_id = $1
                          ORDER BY last_used_at DESC, issued_at DESC, id DESC LIMIT $2)",
    )
    .bind(session.account().to_string())
    .bind(i64::from(most.saturating_sub(1)))
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "INSERT INTO trusted_devices (id, account_id, credential_version, current_digest, label, issued_at, expires_at,
                                      last_used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $6)",
    )
    .bind(device.id.to_string())
    .bind(session.account().to_string())
    .bind(session.credential_version().0)
    .bind(device.digest.as_bytes().as_slice())
    .bind(device.label.as_str())
    .bind(now.as_millis())
    .bind(device.expires_at.as_millis())
    .execute(db)
    .await?;
    Ok(())
}

/// Ends one trust of an account, or all, and the sessions it stood in for a code in; the one of `but` goes on.
pub(super) async fn end_trust(
    db: &mut SqliteConnection,
    account: AccountId,
    device: Option<DeviceId>,
    but: Option<&Digest>,
) -> Result<EndedTrust> {
    let device = device.map(|id| id.to_string());
    let ended = sqlx::query("DELETE FROM trusted_devices WHERE account_id = $1 AND ($2 IS NULL OR id = $2)")
        .bind(account.to_string())
        .bind(device.as_deref())
        .execute(&mut *db)
        .await?;
    let sessions = sqlx::query(
        "DELETE FROM sessions
         WHERE account_id = $1 AND second_step = $4 AND ($2 IS NULL OR device_id = $2) AND ($3 IS NULL OR digest <> $3)
         RETURNING id, account_id, digest",
    )
    .bind(account.to_string())
    .bind(device)
    .bind(but.map(|digest| digest.as_bytes().as_slice()))
    .bind(SecondStep::TrustedDevice.as_str())
    .fetch_all(db)
    .await?;
    Ok(EndedTrust {
        devices: u32::try_from(ended.rows_affected()).unwrap_or(u32::MAX),
        sessions: sessions.iter().map(self::ended).collect::<Result<_>>()?,
    })
}

/// Ends the trust of whoever is, or was, in a group whose members trust no browser.
pub(super) async fn end_trust_of_groups(
    db: &mut SqliteConnection,
    account: AccountId,
    groups: [&[Group]; 2],
    untrusting: &[Group],
) -> Result<EndedTrust> {
    if groups.into_iter().flatten().any(|group| untrusting.contains(group)) {
        end_trust(db, account, None, None).await
    } else {
        Ok(EndedTrust::default())
    }
}

async fn delete_device(db: &mut SqliteConnection, id: DeviceId) -> Result<bool> {
    let deleted = sqlx::query("DELETE FROM trusted_devices WHERE id = $1").bind(id.to_string()).execute(db).await?;
    Ok(deleted.rows_affected() > 0)
}

/// Hands out the next value. The value before it stays good until this one is seen.
async fn exchange(
    db: &mut SqliteConnection,
    device: &TrustedDevice,
    previous: Option<&Digest>,
    present: &PresentDevice,
) -> Result<PresentedDevice> {
    sqlx::query(
        "UPDATE trusted_devices SET current_digest = $2, previous_digest = $3, last_used_at = $4 WHERE id = $1",
    )
    .bind(device.id.to_string())
    .bind(present.next.as_bytes().as_slice())
    .bind(previous.map(|digest| digest.as_bytes().as_slice()))
    .bind(present.now.as_millis())
    .execute(db)
    .await?;
    let proof = DeviceProof::rotated(device.id, device.account, device.issued_at);
    Ok(PresentedDevice::Trusted { proof, expires_at: device.expires_at })
}

impl SqliteStore {
    pub(in crate::store) async fn session(&self, digest: &Digest) -> Result<Option<StoredSession>> {
        sqlx::query(sessions!("AND s.digest = $1"))
            .bind(digest.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(rows::session)
            .transpose()
    }

    pub(in crate::store) async fn sessions(
        &self,
        account: Option<AccountId>,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<Vec<StoredSession>> {
        let found = sqlx::query(sessions!(
            "AND ($1 IS NULL OR s.account_id = $1) AND s.created_at > $2 AND s.last_used_at > $3
             ORDER BY s.created_at DESC, s.id"
        ))
        .bind(account.map(|id| id.to_string()))
        .bind((now - lifetime.absolute).as_millis())
        .bind((now - lifetime.idle).as_millis())
        .fetch_all(&self.readers)
        .await?;
        found.iter().map(rows::session).collect()
    }

    pub(in crate::store) async fn touch_sessions(&self, used: &[(SessionId, Timestamp)]) -> Result<Vec<SessionId>> {
        let mut gone = Vec::new();
        for batch in used.chunks(TOUCHED_AT_ONCE) {
            let rows = uses_as_json(batch);
            let mut tx = self.write().await?;
            let unknown = sqlx::query(concat!(
                "SELECT used.id FROM ",
                uses!(),
                " WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = used.id)"
            ))
            .bind(&rows)
            .fetch_all(&mut *tx)
            .await?;
            sqlx::query(concat!(
                "UPDATE sessions SET last_used_at = used.at FROM ",
                uses!(),
                " WHERE sessions.id = used.id AND sessions.last_used_at < used.at"
            ))
            .bind(&rows)
            .execute(&mut *tx)
            .await?;
            users::note_uses(&mut tx, &rows).await?;
            tx.commit().await?;
            for row in &unknown {
                gone.push(Cells::of(row, "sessions", "id")?.text("id", SessionId::parse)?);
            }
        }
        Ok(gone)
    }

    pub(in crate::store) async fn end_session(&self, id: SessionId) -> Result<Option<EndedSession>> {
        let mut tx = self.write().await?;
        let deleted = sqlx::query("DELETE FROM sessions WHERE id = $1 RETURNING id, account_id, digest")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        deleted.as_ref().map(ended).transpose()
    }

    pub(in crate::store) async fn end_session_by_digest(&self, digest: &Digest) -> Result<Option<EndedSession>> {
        let mut tx = self.write().await?;
        let deleted = delete_by_digest(&mut tx, digest).await?;
        tx.commit().await?;
        Ok(deleted)
    }

    pub(in crate::store) async fn end_sessions(&self, account: AccountId) -> Result<Vec<EndedSession>> {
        let mut tx = self.write().await?;
        let deleted = delete_of_account(&mut tx, account).await?;
        tx.commit().await?;
        Ok(deleted)
    }

    pub(in crate::store) async fn devices(&self, account: AccountId, now: Timestamp) -> Result<Vec<TrustedDevice>> {
        let found = sqlx::query(
            "SELECT d.* FROM trusted_devices d JOIN accounts a ON a.id = d.account_id
             WHERE d.account_id = $1 AND d.credential_version = a.credential_version AND d.expires_at > $2
             ORDER BY d.issued_at DESC, d.id",
        )
        .bind(account.to_string())
        .bind(now.as_millis())
        .fetch_all(&self.readers)
        .await?;
        found.iter().map(rows::device).collect()
    }

    pub(in crate::store) async fn revoke_device(&self, id: DeviceId) -> Result<Option<EndedTrust>> {
        let mut tx = self.write().await?;
        let found = sqlx::query("SELECT id, account_id FROM trusted_devices WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = found else { return Ok(None) };
        let account = Cells::of(&row, "trusted_devices", "id")?.text("account_id", AccountId::parse)?;
        let ended = end_trust(&mut tx, account, Some(id), None).await?;
        tx.commit().await?;
        Ok(Some(ended))
    }

    pub(in crate::store) async fn revoke_devices(&self, account: AccountId) -> Result<EndedTrust> {
        let mut tx = self.write().await?;
        let ended = end_trust(&mut tx, account, None, None).await?;
        tx.commit().await?;
        Ok(ended)
    }

    pub(in crate::store) async fn present_device(&self, present: &PresentDevice) -> Result<PresentedDevice> {
        let mut tx = self.write().await?;
        let found = sqlx::query(
            "SELECT d.* FROM trusted_devices d JOIN accounts a ON a.id = d.account_id
             WHERE d.id = $1 AND d.credential_version = a.credential_version AND a.disabled_at IS NULL",
        )
        .bind(present.id.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = found else { return Ok(PresentedDevice::Void) };
        let device = rows::device(&row)?;
        let ours = device.account == present.account && device.credential_version == present.credential_version;
        let mut ordered = false;
        let verdict = if ours && present.now >= device.expires_at {
            delete_device(&mut tx, device.id).await?;
            PresentedDevice::Expired(device.expires_at)
        } else {
            match device.present(&present.shown, present.account, present.credential_version, present.now) {
                DevicePresentation::Current => exchange(&mut tx, &device, Some(&device.current), present).await?,
                DevicePresentation::Previous => exchange(&mut tx, &device, device.previous.as_ref(), present).await?,
                DevicePresentation::Replay => {
                    // One of those who have the value is a stranger, who may be signed in with it.
                    let ended = end_trust(&mut tx, device.account, Some(device.id), None).await?;
                    for notice in &present.if_copied {
                        outbox::insert(&mut tx, notice).await?;
                    }
                    ordered = !present.if_copied.is_empty();
                    PresentedDevice::Replayed(ended.sessions)
                }
                // Another account's trust on the same browser goes on.
                DevicePresentation::Void => PresentedDevice::Void,
            }
        };
        self.commit(tx, ordered).await?;
        Ok(verdict)
    }
}
