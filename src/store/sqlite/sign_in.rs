//! Pending sign-ins, from the right password to the session.

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    SqliteStore, attempts, outbox, recovery, recovery_codes, rollout,
    rows::{self, Cells, Methods, account_columns},
    sessions, users,
};
use crate::{
    account::{AccountId, CredentialVersion},
    authn::{Messages, PasswordHash, SignIn, throttle::ENROLMENT_TRIES},
    clock::Timestamp,
    secret::Digest,
    session::SecondStep,
    store::{BeginSignIn, CompleteSignIn, Completed, OutboxOrder, PendingSignIn, Result, SignInId, SignInPlace, Stale},
};

/// Pending sign-ins of an account; the oldest go.
const MOST_PENDING: i64 = 10;

/// Pending sign-ins with their accounts, never those that are over, of a disabled account or of older credentials.
macro_rules! pending {
    ($by:literal) => {
        concat!(
            "SELECT ",
            account_columns!(),
            ", p.id AS p_id, p.state AS p_state, p.version AS p_version,
               coalesce(p.browser, p.digest) AS p_browser, p.known AS p_known,
               p.enrolment_tries_left AS p_tries_left, p.expires_at AS p_expires_at
             FROM sign_ins p JOIN accounts a ON a.id = p.account_id
             WHERE a.disabled_at IS NULL AND a.credential_version = p.credential_version AND p.expires_at > $2 AND ",
            $by
        )
    };
}

/// Is the account enabled and of the credentials the password was checked against?
pub(super) async fn current(db: &mut SqliteConnection, account: AccountId, version: CredentialVersion) -> Result<bool> {
    let found =
        sqlx::query("SELECT id FROM accounts WHERE id = $1 AND credential_version = $2 AND disabled_at IS NULL")
            .bind(account.to_string())
            .bind(version.0)
            .fetch_optional(db)
            .await?;
    Ok(found.is_some())
}

/// The same password under today's costs: no credential changes.
async fn rehash(db: &mut SqliteConnection, account: AccountId, hash: Option<&PasswordHash>) -> Result<()> {
    let Some(hash) = hash else { return Ok(()) };
    sqlx::query("UPDATE accounts SET password_hash = $2 WHERE id = $1")
        .bind(account.to_string())
        .bind(hash.expose())
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn delete_by_digest(db: &mut SqliteConnection, digest: &Digest) -> Result<()> {
    sqlx::query("DELETE FROM sign_ins WHERE digest = $1").bind(digest.as_bytes().as_slice()).execute(db).await?;
    Ok(())
}

impl SqliteStore {
    pub(in crate::store) async fn begin_sign_in(
        &self,
        begin: &BeginSignIn,
        now: Timestamp,
    ) -> Result<std::result::Result<(), Stale>> {
        let (account, version) = (begin.sign_in.account(), begin.sign_in.credential_version());
        let mut tx = self.write().await?;
        if !current(&mut tx, account, version).await? {
            return Ok(Err(Stale::MovedOn));
        }
        if let Some(earlier) = &begin.replaces {
            delete_by_digest(&mut tx, earlier).await?;
        }
        if let Err(stale) = self.insert_sign_in(&mut tx, begin, now).await? {
            return Ok(Err(stale));
        }
        attempts::forgive(&mut tx, &begin.forgive).await?;
        rehash(&mut tx, account, begin.rehash.as_ref()).await?;
        self.commit(tx, begin.message.is_some()).await?;
        Ok(Ok(()))
    }

    /// The row and its message.
    pub(super) async fn insert_sign_in(
        &self,
        db: &mut SqliteConnection,
        begin: &BeginSignIn,
        now: Timestamp,
    ) -> Result<std::result::Result<(), Stale>> {
        let account = begin.sign_in.account();
        sqlx::query(
            "INSERT INTO sign_ins (id, digest, account_id, credential_version, state, version, enrolment_tries_left,
                                   created_at, expires_at, browser, known)
             VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10)",
        )
        .bind(begin.id.to_string())
        .bind(begin.digest.as_bytes().as_slice())
        .bind(account.to_string())
        .bind(begin.sign_in.credential_version().0)
        .bind(self.seal_state(&begin.id, &begin.sign_in)?)
        .bind(i64::from(ENROLMENT_TRIES))
        .bind(now.as_millis())
        .bind(begin.expires_at.as_millis())
        .bind(begin.place.browser.as_bytes().as_slice())
        .bind(begin.place.known.as_ref().map(|known| known.as_bytes().as_slice()))
        .execute(&mut *db)
        .await?;
        // Whoever has the password may begin as often as they like; what is kept of it stays bounded. Strangers push
        // out nothing of a browser that the account knows.
        sqlx::query(
            "DELETE FROM sign_ins WHERE id IN (
                 SELECT id FROM sign_ins WHERE account_id = $1 AND (known IS NULL) = $3
                 ORDER BY created_at DESC, rowid DESC LIMIT -1 OFFSET $2)",
        )
        .bind(account.to_string())
        .bind(MOST_PENDING)
        .bind(begin.place.known.is_none())
        .execute(&mut *db)
        .await?;
        if let Some(message) = &begin.message {
            return self.order_message(db, begin.id, account, &begin.sign_in, message, now).await;
        }
        Ok(Ok(()))
    }

    async fn pending(&self, db: &mut SqliteConnection, row: &SqliteRow, now: Timestamp) -> Result<PendingSignIn> {
        let cells = Cells::of(row, "sign_ins", "p_id")?;
        let id = cells.text("p_id", SignInId::parse)?;
        let account = rows::account(row)?;
        let sign_in = self.open_state(&id, row.try_get("p_state")?)?;
        let methods = self.methods(db, account.id).await?;
        let (primary, backup) = methods.as_ref().map(|m| (m.primary, m.backup)).unwrap_or_default();
        let place = SignInPlace { browser: cells.digest("p_browser")?, known: cells.optional_digest("p_known")? };
        let (primary_messages, backup_messages) = match &methods {
            Some(Methods { pair, .. }) => (
                self.messages(db, pair.primary().id, &place, now).await?,
                self.messages(db, pair.backup().id, &place, now).await?,
            ),
            None => Default::default(),
        };
        let newest = Messages {
            primary: primary_messages.code.as_ref(),
            backup: backup_messages.code.as_ref(),
            ..Messages::default()
        };
        Ok(PendingSignIn {
            id,
            version: row.try_get("p_version")?,
            ticket: rows::ticket(row)?,
            place,
            sign_in: sign_in.following(methods.as_ref().map(|m| &m.pair), &newest),
            account,
            app_last_step: methods.as_ref().and_then(|m| m.app_last_step),
            pair: methods.map(|m| m.pair),
            primary,
            backup,
            primary_messages,
            backup_messages,
            enrolment_tries_left: cells.count("p_tries_left")?,
            expires_at: cells.time("p_expires_at")?,
        })
    }

    pub(in crate::store) async fn pending_sign_in(
        &self,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Option<PendingSignIn>> {
        let mut tx = self.read().await?;
        let found = sqlx::query(pending!("p.digest = $1"))
            .bind(digest.as_bytes().as_slice())
            .bind(now.as_millis())
            .fetch_optional(&mut *tx)
            .await?;
        match found {
            None => Ok(None),
            Some(row) => self.pending(&mut tx, &row, now).await.map(Some),
        }
    }

    pub(in crate::store) async fn pending_sign_in_by_id(
        &self,
        id: SignInId,
        now: Timestamp,
    ) -> Result<Option<PendingSignIn>> {
        let mut tx = self.read().await?;
        let found = sqlx::query(pending!("p.id = $1"))
            .bind(id.to_string())
            .bind(now.as_millis())
            .fetch_optional(&mut *tx)
            .await?;
        match found {
            None => Ok(None),
            Some(row) => self.pending(&mut tx, &row, now).await.map(Some),
        }
    }

    pub(in crate::store) async fn save_sign_in(
        &self,
        id: SignInId,
        version: i64,
        sign_in: &SignIn,
        message: Option<&OutboxOrder>,
        now: Timestamp,
    ) -> Result<std::result::Result<(), Stale>> {
        let account = sign_in.account();
        let state = self.seal_state(&id, sign_in)?;
        let mut tx = self.write().await?;
        if !swap_state(&mut tx, (id, version), account, state, now).await? {
            return Ok(Err(Stale::MovedOn));
        }
        if let Some(message) = message
            && let Err(stale) = self.order_message(&mut tx, id, account, sign_in, message, now).await?
        {
            return Ok(Err(stale));
        }
        self.commit(tx, message.is_some()).await?;
        Ok(Ok(()))
    }

    pub(in crate::store) async fn abandon_sign_in(&self, digest: &Digest) -> Result<()> {
        let mut tx = self.write().await?;
        delete_by_digest(&mut tx, digest).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn complete_sign_in(
        &self,
        complete: &CompleteSignIn,
    ) -> Result<std::result::Result<Completed, Stale>> {
        let session = &complete.session;
        let account = session.account();
        let mut tx = self.write().await?;
        // Leaving early drops the transaction: nothing of it stays.
        if !current(&mut tx, account, session.credential_version()).await? || !consume(&mut tx, complete).await? {
            return Ok(Err(Stale::MovedOn));
        }
        if let Some(used) = complete.used
            && let Err(stale) = attempts::succeed(&mut tx, account, used, complete.now).await?
        {
            return Ok(Err(stale));
        }
        let mut ended = Vec::new();
        if complete.recovered {
            ended.extend(recovery_codes::clear(&mut tx, account, complete.now).await?);
        }
        if let Some(pair) = &complete.enrolled {
            if !self.insert_pair(&mut tx, account, pair).await? {
                return Ok(Err(Stale::MovedOn));
            }
            sqlx::query("UPDATE accounts SET enrolled_by = $2 WHERE id = $1")
                .bind(account.to_string())
                .bind(complete.opened_by.as_str())
                .execute(&mut *tx)
                .await?;
        }
        if let Some(language) = complete.language {
            sqlx::query("UPDATE accounts SET language = $2 WHERE id = $1")
                .bind(account.to_string())
                .bind(language.tag())
                .execute(&mut *tx)
                .await?;
        }
        let told = match complete.used {
            Some(_) => recovery::end_by_code(&mut tx, account, complete.ends_recovery.as_ref(), complete.now).await?,
            None => false,
        };
        attempts::forgive(&mut tx, &complete.forgive).await?;
        rehash(&mut tx, account, complete.rehash.as_ref()).await?;
        if let Some(earlier) = &complete.replaces {
            ended.extend(sessions::delete_by_digest(&mut tx, earlier).await?);
        }
        if complete.enrolled.is_some() {
            // Sessions from before the pair was there rest on the password alone.
            ended.extend(sessions::delete_of_account(&mut tx, account).await?);
        }
        ended.extend(sessions::insert(&mut tx, session, complete.max_sessions).await?);
        if complete.recovered {
            recovery_codes::carry_over(&mut tx, session).await?;
        }
        if let Some(device) = &complete.trust {
            sessions::insert_device(&mut tx, device, session, complete.max_devices, complete.now).await?;
        }
        users::note_sign_in(&mut tx, account, complete.now).await?;
        if let Some(network) = &complete.network {
            users::note_network(&mut tx, session.id(), network).await?;
        }
        for notice in &complete.notices {
            outbox::insert(&mut tx, notice).await?;
        }
        self.commit(tx, told || !complete.notices.is_empty()).await?;
        Ok(Ok(Completed { ended }))
    }
}

/// Puts the next state in the place of exactly the version that was judged; `false` when it moved on or is over.
/// Changed credentials and disabled accounts have deleted the row: the swap fails on those, too.
pub(super) async fn swap_state(
    db: &mut SqliteConnection,
    (id, version): (SignInId, i64),
    account: AccountId,
    sealed: Vec<u8>,
    now: Timestamp,
) -> Result<bool> {
    let swapped = sqlx::query(
        "UPDATE sign_ins SET state = $3, version = version + 1
         WHERE id = $1 AND version = $2 AND account_id = $4 AND expires_at > $5",
    )
    .bind(id.to_string())
    .bind(version)
    .bind(sealed)
    .bind(account.to_string())
    .bind(now.as_millis())
    .execute(db)
    .await?;
    Ok(swapped.rows_affected() > 0)
}

/// Takes away a pending row in exactly the version that was judged; `false` when it moved on or is over.
pub(super) async fn delete_version(
    db: &mut SqliteConnection,
    (id, version): (SignInId, i64),
    account: AccountId,
    now: Timestamp,
) -> Result<bool> {
    let deleted =
        sqlx::query("DELETE FROM sign_ins WHERE id = $1 AND version = $2 AND account_id = $3 AND expires_at > $4")
            .bind(id.to_string())
            .bind(version)
            .bind(account.to_string())
            .bind(now.as_millis())
            .execute(db)
            .await?;
    Ok(deleted.rows_affected() > 0)
}

/// Takes away what this sign-in rests on, or says that it is gone: the pending row in exactly the version that was
/// judged, or the trust that stood in for the code, which may have been withdrawn since it was shown.
async fn consume(db: &mut SqliteConnection, complete: &CompleteSignIn) -> Result<bool> {
    let session = &complete.session;
    if let Some(pending) = complete.pending
        && !delete_version(db, pending, session.account(), complete.now).await?
    {
        return Ok(false);
    }
    if session.second_step() == SecondStep::Waived {
        // Methods proven meanwhile, or taken away by an operator, are asked for from then on.
        let waived = rollout::may_be_waived(db, session.account()).await?;
        return match complete.later {
            Some(most) => Ok(waived && rollout::spend_later(db, session.account(), most, complete.now).await?),
            None => Ok(waived),
        };
    }
    let (SecondStep::TrustedDevice, Some(device)) = (session.second_step(), session.device()) else {
        // Only a trust and the rollout complete without a pending sign-in.
        return Ok(complete.pending.is_some());
    };
    let trusted = sqlx::query("SELECT id FROM trusted_devices WHERE id = $1 AND account_id = $2")
        .bind(device.to_string())
        .bind(session.account().to_string())
        .fetch_optional(db)
        .await?;
    Ok(trusted.is_some())
}
