//! Recovery codes and what else opens an enrolment. One conditional statement uses each up.

use std::time::Duration;

use sqlx::{Row as _, SqliteConnection};

use super::{SqliteStore, accounts, links, outbox, rows::Cells, settings, sign_in};
use crate::{
    account::AccountId,
    authn::SignIn,
    clock::Timestamp,
    keyring::KeyId,
    session::Session,
    store::{EndedSession, LinkPurpose, Opening, RenewRecoveryCodes, Result, SignInId, SpentCode, Stale},
};

/// How long after a password reset by mail no working method is replaced (`product.md` §4).
const AFTER_RESET: Duration = Duration::from_hours(48);

/// Both methods go, and everything that rests on them, in the transaction that stores the new pair.
pub(super) async fn clear(db: &mut SqliteConnection, account: AccountId, now: Timestamp) -> Result<Vec<EndedSession>> {
    for statement in [
        "DELETE FROM methods WHERE account_id = $1",
        "DELETE FROM recovery_codes WHERE account_id = $1",
        "DELETE FROM recovery_requests WHERE account_id = $1",
    ] {
        sqlx::query(statement).bind(account.to_string()).execute(&mut *db).await?;
    }
    links::delete_of_account(db, account, LinkPurpose::CancelRecovery).await?;
    accounts::void_credentials(db, account, now).await
}

/// The session this very sign-in makes goes on with the new credentials.
pub(super) async fn carry_over(db: &mut SqliteConnection, session: &Session) -> Result<()> {
    sqlx::query(
        "UPDATE sessions SET credential_version = (SELECT credential_version FROM accounts WHERE id = $2)
         WHERE id = $1",
    )
    .bind(session.id().to_string())
    .bind(session.account().to_string())
    .execute(db)
    .await?;
    Ok(())
}

async fn made_at(db: &mut SqliteConnection, account: AccountId) -> Result<Option<Timestamp>> {
    let row = sqlx::query("SELECT max(created_at) AS at FROM recovery_codes WHERE account_id = $1")
        .bind(account.to_string())
        .fetch_one(db)
        .await?;
    Ok(row.try_get::<Option<i64>, _>("at")?.map(Timestamp::from_millis))
}

impl SqliteStore {
    pub(in crate::store) async fn renew_recovery_codes(
        &self,
        renew: &RenewRecoveryCodes,
    ) -> Result<std::result::Result<(), Stale>> {
        let account = renew.acting.account;
        let mut tx = self.write().await?;
        if !settings::acts(&mut tx, &renew.acting).await? || made_at(&mut tx, account).await? != renew.present {
            return Ok(Err(Stale::MovedOn));
        }
        sqlx::query("DELETE FROM recovery_codes WHERE account_id = $1")
            .bind(account.to_string())
            .execute(&mut *tx)
            .await?;
        for code in &renew.codes {
            sqlx::query("INSERT INTO recovery_codes (digest, key, account_id, created_at) VALUES ($1, $2, $3, $4)")
                .bind(code.digest.as_bytes().as_slice())
                .bind(i64::from(code.key.0))
                .bind(account.to_string())
                .bind(renew.now.as_millis())
                .execute(&mut *tx)
                .await?;
        }
        for notice in &renew.notices {
            outbox::insert(&mut tx, notice).await?;
        }
        self.commit(tx, !renew.notices.is_empty()).await?;
        Ok(Ok(()))
    }

    pub(in crate::store) async fn recovery_codes_made_at(&self, account: AccountId) -> Result<Option<Timestamp>> {
        let mut tx = self.read().await?;
        made_at(&mut tx, account).await
    }

    pub(in crate::store) async fn recovery_codes_left(&self, account: AccountId) -> Result<u32> {
        let row = sqlx::query("SELECT count(*) AS n FROM recovery_codes WHERE account_id = $1")
            .bind(account.to_string())
            .fetch_one(&self.readers)
            .await?;
        Ok(u32::try_from(row.try_get::<i64, _>("n")?).unwrap_or(u32::MAX))
    }

    pub(in crate::store) async fn recovery_code_keys(&self, account: AccountId) -> Result<Vec<KeyId>> {
        let rows = sqlx::query("SELECT DISTINCT key, account_id FROM recovery_codes WHERE account_id = $1")
            .bind(account.to_string())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| Cells::of(row, "recovery_codes", "account_id")?.count("key").map(KeyId)).collect()
    }

    pub(in crate::store) async fn open_sign_in(
        &self,
        id: SignInId,
        version: i64,
        sign_in: &SignIn,
        opening: &Opening,
        now: Timestamp,
    ) -> Result<std::result::Result<SpentCode, Stale>> {
        let account = sign_in.account();
        let state = self.seal_state(&id, sign_in)?;
        let mut tx = self.write().await?;
        let mut ordered = false;
        // Leaving early drops the transaction: what was used up comes back.
        let used_up = match opening {
            Opening::Link(link) => {
                let taken = links::take(&mut tx, *link, LinkPurpose::FirstEnrolment, now).await?;
                taken.and_then(|link| link.account) == Some(account)
            }
            Opening::RecoveryCode { digest, notices } => {
                let deleted = sqlx::query("DELETE FROM recovery_codes WHERE digest = $1 AND account_id = $2")
                    .bind(digest.as_bytes().as_slice())
                    .bind(account.to_string())
                    .execute(&mut *tx)
                    .await?;
                for notice in notices {
                    outbox::insert(&mut tx, notice).await?;
                    ordered = true;
                }
                deleted.rows_affected() > 0
            }
        };
        if !used_up {
            return Ok(Ok(SpentCode::Wrong));
        }
        if !sign_in::swap_state(&mut tx, (id, version), account, state, now).await? {
            return Ok(Err(Stale::MovedOn));
        }
        self.commit(tx, ordered).await?;
        Ok(Ok(SpentCode::Opened))
    }

    pub(in crate::store) async fn replacement_blocked_until(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let found = sqlx::query("SELECT id, password_reset_at FROM accounts WHERE id = $1")
            .bind(account.to_string())
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = found else { return Ok(None) };
        let reset = Cells::of(&row, "accounts", "id")?.optional_time("password_reset_at")?;
        Ok(reset.map(|at| at + AFTER_RESET).filter(|until| *until > now))
    }
}
