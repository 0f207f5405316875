//! What a person changes inside a session.

use super::{SqliteStore, attempts, sessions, sign_in};
use crate::{
    account::AccountId,
    clock::Timestamp,
    secret::Digest,
    store::{BeginSignIn, EndedSession, RenewSession, Result, Stale, StoredMethods},
};

impl SqliteStore {
    pub(in crate::store) async fn methods_of(&self, account: AccountId) -> Result<Option<StoredMethods>> {
        let mut tx = self.read().await?;
        Ok(self.methods(&mut tx, account).await?.map(|m| StoredMethods {
            pair: m.pair,
            primary: m.primary,
            backup: m.backup,
            app_last_step: m.app_last_step,
        }))
    }

    pub(in crate::store) async fn begin_in_session(
        &self,
        begin: &BeginSignIn,
        session: &Digest,
        now: Timestamp,
    ) -> Result<std::result::Result<bool, Stale>> {
        let account = begin.sign_in.account();
        let mut tx = self.write().await?;
        let alive = sqlx::query("SELECT id FROM sessions WHERE digest = $1 AND account_id = $2")
            .bind(session.as_bytes().as_slice())
            .bind(account.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        if alive.is_none() || !sign_in::current(&mut tx, account, begin.sign_in.credential_version()).await? {
            return Ok(Err(Stale::MovedOn));
        }
        let waiting = sqlx::query("SELECT id FROM sign_ins WHERE digest = $1 AND expires_at > $2")
            .bind(begin.digest.as_bytes().as_slice())
            .bind(now.as_millis())
            .fetch_optional(&mut *tx)
            .await?;
        if waiting.is_some() {
            return Ok(Ok(false));
        }
        sign_in::delete_by_digest(&mut tx, &begin.digest).await?;
        if let Err(stale) = self.insert_sign_in(&mut tx, begin, now).await? {
            return Ok(Err(stale));
        }
        self.commit(tx, begin.message.is_some()).await?;
        Ok(Ok(true))
    }

    pub(in crate::store) async fn renew_session(
        &self,
        renew: &RenewSession,
    ) -> Result<std::result::Result<EndedSession, Stale>> {
        let account = renew.session.account();
        let mut tx = self.write().await?;
        // Leaving early drops the transaction: nothing of it stays.
        if !sign_in::current(&mut tx, account, renew.session.credential_version()).await?
            || !sign_in::delete_version(&mut tx, renew.pending, account, renew.now).await?
        {
            return Ok(Err(Stale::MovedOn));
        }
        if let Some(used) = renew.used
            && let Err(stale) = attempts::succeed(&mut tx, account, used, renew.now).await?
        {
            return Ok(Err(stale));
        }
        let Some(ended) = sessions::delete_by_digest(&mut tx, &renew.replaces).await? else {
            return Ok(Err(Stale::MovedOn));
        };
        if ended.account != account {
            return Ok(Err(Stale::MovedOn));
        }
        // It takes the place of the one that ended: none has to make room.
        sessions::insert(&mut tx, &renew.session, u32::MAX).await?;
        tx.commit().await?;
        Ok(Ok(ended))
    }
}
