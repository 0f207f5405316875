//! The address for notices: asked for in a session, taken by the link mailed to it.

use sqlx::SqliteConnection;

use super::{SqliteStore, links, outbox, rows::Cells, sessions, settings};
use crate::{
    account::{AccountId, EmailAddress},
    clock::Timestamp,
    store::{Acting, ConfirmEmail, EndedSession, LinkPurpose, NotConfirmed, OutboxItem, PendingEmail, Result, Stale},
};

/// Is this the address of another account? It would open that one.
async fn of_another(db: &mut SqliteConnection, account: AccountId, address: &EmailAddress) -> Result<bool> {
    let other = sqlx::query("SELECT id FROM accounts WHERE email = $1 AND id <> $2")
        .bind(address.as_str())
        .bind(account.to_string())
        .fetch_optional(db)
        .await?;
    Ok(other.is_some())
}

/// Gives an account back the address it had; where another account has it by now, none: the present one may be a
/// stranger's.
pub(super) async fn give_back(db: &mut SqliteConnection, account: AccountId, address: &EmailAddress) -> Result<()> {
    let free = !of_another(&mut *db, account, address).await?;
    sqlx::query("UPDATE accounts SET email = $2 WHERE id = $1")
        .bind(account.to_string())
        .bind(free.then_some(address.as_str()))
        .execute(db)
        .await?;
    Ok(())
}

impl SqliteStore {
    pub(in crate::store) async fn request_email(
        &self,
        acting: &Acting,
        mail: &OutboxItem,
    ) -> Result<std::result::Result<(), Stale>> {
        let mut tx = self.write().await?;
        if !settings::acts(&mut tx, acting).await? {
            return Ok(Err(Stale::MovedOn));
        }
        outbox::insert(&mut tx, mail).await?;
        self.commit(tx, true).await?;
        Ok(Ok(()))
    }

    pub(in crate::store) async fn pending_email(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Option<PendingEmail>> {
        let found =
            sqlx::query("SELECT * FROM links WHERE account_id = $1 AND purpose = $2 AND expires_at > $3 LIMIT 1")
                .bind(account.to_string())
                .bind(LinkPurpose::EmailConfirmation.as_str())
                .bind(now.as_millis())
                .fetch_optional(&self.readers)
                .await?;
        let Some(row) = found else { return Ok(None) };
        let cells = Cells::of(&row, "links", "id")?;
        let address = cells.text("subject", |text| EmailAddress::kept(text).ok())?;
        Ok(Some(PendingEmail { address, until: cells.time("expires_at")? }))
    }

    pub(in crate::store) async fn confirm_email(
        &self,
        confirm: &ConfirmEmail,
    ) -> Result<std::result::Result<Vec<EndedSession>, NotConfirmed>> {
        let (account, address) = (confirm.account, &confirm.address);
        let mut tx = self.write().await?;
        let taken = links::take(&mut tx, confirm.link, LinkPurpose::EmailConfirmation, confirm.now).await?;
        let ours = taken
            .is_some_and(|link| link.account == Some(account) && link.subject.as_deref() == Some(address.as_str()));
        if !ours {
            return Ok(Err(NotConfirmed::Gone));
        }
        // Dropped without a commit, the transaction leaves the link good.
        if of_another(&mut tx, account, address).await? {
            return Ok(Err(NotConfirmed::Taken));
        }
        let changed =
            sqlx::query("UPDATE accounts SET email = $2 WHERE id = $1 AND disabled_at IS NULL AND frozen_at IS NULL")
                .bind(account.to_string())
                .bind(address.as_str())
                .execute(&mut *tx)
                .await?;
        if changed.rows_affected() == 0 {
            return Ok(Err(NotConfirmed::Gone));
        }
        for purpose in [LinkPurpose::PasswordReset, LinkPurpose::FirstEnrolment] {
            links::delete_of_account(&mut tx, account, purpose).await?;
        }
        for notice in &confirm.notices {
            outbox::insert(&mut tx, notice).await?;
        }
        let sessions = sessions::of_account(&mut tx, account).await?;
        self.commit(tx, !confirm.notices.is_empty()).await?;
        Ok(Ok(sessions))
    }
}
