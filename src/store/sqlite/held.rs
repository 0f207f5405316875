//! What forms sent that has to wait for a sign-in.

use serde::{Deserialize, Serialize};
use sqlx::{Row as _, sqlite::SqliteRow};

use super::{SqliteStore, rows::Cells};
use crate::{
    account::AccountId,
    clock::Timestamp,
    keyring::{Place, Purpose},
    secret::{Digest, SecretBytes},
    store::{Held, HeldId, HeldRequest, HoldCaps, HoldRequest, Result, StoreError},
};

/// What is sealed before the body, which follows as it came.
#[derive(Serialize, Deserialize)]
struct Head {
    target: String,
    content_type: String,
    referer: Option<String>,
}

fn place(id: &HeldId) -> Place<'_> {
    Place { table: "held_requests", column: "request", row: id.as_bytes() }
}

/// Counts what is kept now; a request that was sent on takes no room.
macro_rules! room {
    () => {
        "(SELECT count(*) FROM held_requests WHERE account_id = $1 AND expires_at > $2 AND sent_at IS NULL) < $3
         AND (SELECT count(*) FROM held_requests WHERE browser = $4 AND expires_at > $2 AND sent_at IS NULL) < $5
         AND (SELECT count(*) FROM held_requests WHERE address = $6 AND expires_at > $2 AND sent_at IS NULL) < $7
         AND (SELECT coalesce(sum(bytes), 0) FROM held_requests WHERE sent_at IS NULL) + $8 <= $9"
    };
}

impl SqliteStore {
    pub(in crate::store) async fn account_of_session(&self, digest: &Digest) -> Result<Option<AccountId>> {
        let row = sqlx::query(
            "SELECT account_id FROM sessions WHERE digest = $1
             UNION ALL SELECT account_id FROM ended_sessions WHERE digest = $1 LIMIT 1",
        )
        .bind(digest.as_bytes().as_slice())
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Cells::of(&row, "sessions", "account_id")?.text("account_id", AccountId::parse).map(Some)
    }

    pub(in crate::store) async fn has_room(
        &self,
        account: AccountId,
        browser: Option<&Digest>,
        address: &Digest,
        caps: HoldCaps,
        now: Timestamp,
    ) -> Result<bool> {
        let row = sqlx::query(concat!("SELECT ", room!(), " AS room"))
            .bind(account.to_string())
            .bind(now.as_millis())
            .bind(i64::from(caps.per_account))
            .bind(browser.map(|digest| digest.as_bytes().as_slice()))
            .bind(i64::from(caps.per_browser))
            .bind(address.as_bytes().as_slice())
            .bind(i64::from(caps.per_address))
            .bind(0_i64)
            .bind(signed(caps.total))
            .fetch_one(&self.readers)
            .await?;
        Ok(row.try_get("room")?)
    }

    pub(in crate::store) async fn hold(&self, new: &HoldRequest, caps: HoldCaps, now: Timestamp) -> Result<bool> {
        let bytes = i64::try_from(new.request.body.expose().len()).unwrap_or(i64::MAX);
        let sealed = self.seal_request(&new.id, &new.request)?;
        let mut tx = self.write().await?;
        let kept = sqlx::query(concat!(
            "INSERT INTO held_requests (id, account_id, browser, address, bytes, request, kept_at, expires_at)
             SELECT $10, $1, $4, $6, $8, $11, $2, $12 WHERE ",
            room!()
        ))
        .bind(new.account.to_string())
        .bind(now.as_millis())
        .bind(i64::from(caps.per_account))
        .bind(new.browser.as_bytes().as_slice())
        .bind(i64::from(caps.per_browser))
        .bind(new.address.as_bytes().as_slice())
        .bind(i64::from(caps.per_address))
        .bind(bytes)
        .bind(signed(caps.total))
        .bind(new.id.to_string())
        .bind(sealed)
        .bind(new.expires_at.as_millis())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(kept.rows_affected() == 1)
    }

    pub(in crate::store) async fn held(&self, id: HeldId, now: Timestamp) -> Result<Option<Held>> {
        let row = sqlx::query("SELECT * FROM held_requests WHERE id = $1 AND expires_at > $2")
            .bind(id.to_string())
            .bind(now.as_millis())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| self.read_held(&id, &row)).transpose()
    }

    pub(in crate::store) async fn held_of(
        &self,
        account: AccountId,
        browser: &Digest,
        now: Timestamp,
    ) -> Result<Vec<(HeldId, Held)>> {
        let rows = sqlx::query(
            "SELECT * FROM held_requests
             WHERE account_id = $1 AND browser = $2 AND expires_at > $3 AND sent_at IS NULL ORDER BY kept_at DESC, id",
        )
        .bind(account.to_string())
        .bind(browser.as_bytes().as_slice())
        .bind(now.as_millis())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let id = Cells::of(row, "held_requests", "id")?.text("id", HeldId::parse)?;
                Ok((id, self.read_held(&id, row)?))
            })
            .collect()
    }

    fn read_held(&self, id: &HeldId, row: &SqliteRow) -> Result<Held> {
        let cells = Cells::of(row, "held_requests", "id")?;
        let sealed = row.try_get::<Option<&[u8]>, _>("request")?;
        let request = sealed.map(|sealed| self.open_request(id, sealed).ok_or_else(|| cells.corrupt("request")));
        Ok(Held {
            account: cells.text("account_id", AccountId::parse)?,
            browser: cells.digest("browser")?,
            kept_at: cells.time("kept_at")?,
            expires_at: cells.time("expires_at")?,
            sent_at: cells.optional_time("sent_at")?,
            request: request.transpose()?,
        })
    }

    pub(in crate::store) async fn take_held(
        &self,
        id: HeldId,
        account: AccountId,
        browser: &Digest,
        now: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        let taken = sqlx::query(
            "UPDATE held_requests SET sent_at = $4, request = NULL
             WHERE id = $1 AND account_id = $2 AND browser = $3 AND sent_at IS NULL AND expires_at > $4",
        )
        .bind(id.to_string())
        .bind(account.to_string())
        .bind(browser.as_bytes().as_slice())
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(taken.rows_affected() == 1)
    }

    pub(in crate::store) async fn give_back_held(&self, id: HeldId, request: &HeldRequest) -> Result<()> {
        let sealed = self.seal_request(&id, request)?;
        let mut tx = self.write().await?;
        sqlx::query("UPDATE held_requests SET sent_at = NULL, request = $2 WHERE id = $1 AND sent_at IS NOT NULL")
            .bind(id.to_string())
            .bind(sealed)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn discard_held(
        &self,
        id: HeldId,
        account: AccountId,
        browser: &Digest,
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        let gone = sqlx::query(
            "DELETE FROM held_requests WHERE id = $1 AND account_id = $2 AND browser = $3 AND sent_at IS NULL",
        )
        .bind(id.to_string())
        .bind(account.to_string())
        .bind(browser.as_bytes().as_slice())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(gone.rows_affected() == 1)
    }

    fn seal_request(&self, id: &HeldId, request: &HeldRequest) -> Result<Vec<u8>> {
        let HeldRequest { target, content_type, referer, body } = request;
        let head = Head { target: target.clone(), content_type: content_type.clone(), referer: referer.clone() };
        let unwritable = || StoreError::Corrupt { table: "held_requests", column: "request", row: id.to_string() };
        let head = serde_json::to_vec(&head).map_err(|_unwritable| unwritable())?;
        let length = u32::try_from(head.len()).map_err(|_too_long| unwritable())?;
        let whole = SecretBytes::new([&length.to_be_bytes(), head.as_slice(), body.expose()].concat());
        self.keyring
            .seal(Purpose::SealedColumn, place(id), whole.expose(), &*self.entropy)
            .map_err(|_unsealed| unwritable())
    }

    fn open_request(&self, id: &HeldId, sealed: &[u8]) -> Option<HeldRequest> {
        let whole = self.keyring.open(Purpose::SealedColumn, place(id), sealed).ok()?;
        let (length, rest) = whole.expose().split_first_chunk::<4>()?;
        let (head, body) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let Head { target, content_type, referer } = serde_json::from_slice(head).ok()?;
        Some(HeldRequest { target, content_type, referer, body: SecretBytes::new(body) })
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
