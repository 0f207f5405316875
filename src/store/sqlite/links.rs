//! Mailed links: stored with the mail that carries them, deleted by the act they are for.

use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{SqliteStore, accounts, email, outbox, recovery, rows::Cells, users};
use crate::{
    account::{AccountId, EmailAddress},
    authn::recovery::CancelledBy,
    clock::Timestamp,
    keyring::KeyId,
    store::{EndedSession, Freeze, Link, LinkId, LinkPurpose, ResetPassword, Result},
};

fn link(row: &SqliteRow) -> Result<Link> {
    let cells = Cells::of(row, "links", "id")?;
    Ok(Link {
        id: cells.text("id", LinkId::parse)?,
        key: KeyId(cells.count("key")?),
        account: cells.optional_text("account_id", AccountId::parse)?,
        purpose: cells.text("purpose", LinkPurpose::parse)?,
        subject: cells.optional_text("subject", |text| Some(text.to_owned()))?,
        host: cells.optional_text("host", |text| Some(text.to_owned()))?,
        created_at: cells.time("created_at")?,
        expires_at: cells.time("expires_at")?,
    })
}

/// Stores a link. A newer link to a password, to an enrolment or for an address makes the earlier ones of the account
/// void.
pub(super) async fn insert(db: &mut SqliteConnection, link: &Link) -> Result<()> {
    if let (LinkPurpose::PasswordReset | LinkPurpose::FirstEnrolment | LinkPurpose::EmailConfirmation, Some(account)) =
        (link.purpose, link.account)
    {
        delete_of_account(db, account, link.purpose).await?;
    }
    sqlx::query(
        "INSERT INTO links (id, key, account_id, purpose, subject, created_at, expires_at, host)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(link.id.to_string())
    .bind(i64::from(link.key.0))
    .bind(link.account.map(|id| id.to_string()))
    .bind(link.purpose.as_str())
    .bind(link.subject.as_deref())
    .bind(link.created_at.as_millis())
    .bind(link.expires_at.as_millis())
    .bind(link.host.as_deref())
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn delete_of_account(
    db: &mut SqliteConnection,
    account: AccountId,
    purpose: LinkPurpose,
) -> Result<()> {
    sqlx::query("DELETE FROM links WHERE account_id = $1 AND purpose = $2")
        .bind(account.to_string())
        .bind(purpose.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Uses a link up within the act it is for. One conditional statement: of two who come at once, one gets it.
pub(super) async fn take(
    db: &mut SqliteConnection,
    id: LinkId,
    purpose: LinkPurpose,
    now: Timestamp,
) -> Result<Option<Link>> {
    sqlx::query("DELETE FROM links WHERE id = $1 AND purpose = $2 AND expires_at > $3 RETURNING *")
        .bind(id.to_string())
        .bind(purpose.as_str())
        .bind(now.as_millis())
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(link)
        .transpose()
}

/// The link a message carries, while it is good.
pub(super) async fn good(db: &mut SqliteConnection, id: LinkId, now: Timestamp) -> Result<Option<Link>> {
    sqlx::query("SELECT * FROM links WHERE id = $1 AND expires_at > $2")
        .bind(id.to_string())
        .bind(now.as_millis())
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(link)
        .transpose()
}

impl SqliteStore {
    pub(in crate::store) async fn link(&self, id: LinkId, now: Timestamp) -> Result<Option<Link>> {
        let mut tx = self.read().await?;
        good(&mut tx, id, now).await
    }

    pub(in crate::store) async fn mailboxes_told(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<EmailAddress>> {
        let rows = sqlx::query(
            "SELECT DISTINCT subject FROM links
             WHERE account_id = $1 AND purpose = 'not_me' AND subject LIKE '%@%' AND expires_at > $2",
        )
        .bind(account.to_string())
        .bind(now.as_millis())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| Cells::of(row, "links", "subject")?.text("subject", |t| EmailAddress::kept(t).ok()))
            .collect()
    }

    pub(in crate::store) async fn freeze(&self, freeze: &Freeze) -> Result<Option<Vec<EndedSession>>> {
        let mut tx = self.write().await?;
        let taken = take(&mut tx, freeze.link, LinkPurpose::NotMe, freeze.now).await?;
        let Some(taken) = taken.filter(|link| link.account == Some(freeze.account)) else { return Ok(None) };
        // Whoever changed the address must not be the one whom the link to a new password is mailed.
        if let Some(address) = taken.mailed_to() {
            email::give_back(&mut tx, freeze.account, &address).await?;
        }
        // A ticket that is over, not none: methods that were taken away still need one to be set up again.
        sqlx::query(
            "UPDATE accounts SET frozen_at = coalesce(frozen_at, $2), ticket_expires_at = min(ticket_expires_at, $2)
             WHERE id = $1",
        )
        .bind(freeze.account.to_string())
        .bind(freeze.now.as_millis())
        .execute(&mut *tx)
        .await?;
        // Whatever was mailed so far may be in a stranger's hands; but whoever had the mailbox or the phone before can still say that it
        // wasn't them, or a stranger who changed it could silence them by saying so first.
        sqlx::query(
            "DELETE FROM links WHERE account_id = $1
             AND NOT (purpose = 'not_me' AND subject <> $2 AND created_at < $3)",
        )
        .bind(freeze.account.to_string())
        .bind(taken.subject.as_deref().unwrap_or_default())
        .bind(taken.created_at.as_millis())
        .execute(&mut *tx)
        .await?;
        recovery::end_open(&mut tx, freeze.account, CancelledBy::Freeze, freeze.now).await?;
        users::withdraw_of(&mut tx, freeze.account).await?;
        let ended = accounts::void_credentials(&mut tx, freeze.account, freeze.now).await?;
        for notice in &freeze.notices {
            outbox::insert(&mut tx, notice).await?;
        }
        self.commit(tx, !freeze.notices.is_empty()).await?;
        Ok(Some(ended))
    }

    pub(in crate::store) async fn reset_password(&self, reset: &ResetPassword) -> Result<Option<Vec<EndedSession>>> {
        let mut tx = self.write().await?;
        let taken = take(&mut tx, reset.link, LinkPurpose::PasswordReset, reset.now).await?;
        if taken.and_then(|link| link.account) != Some(reset.account) {
            return Ok(None);
        }
        let changed = sqlx::query(
            "UPDATE accounts SET password_hash = $2, frozen_at = NULL, password_reset_at = $3
             WHERE id = $1 AND disabled_at IS NULL",
        )
        .bind(reset.account.to_string())
        .bind(reset.hash.expose())
        .bind(reset.now.as_millis())
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(None);
        }
        let ended = accounts::void_credentials(&mut tx, reset.account, reset.now).await?;
        for notice in &reset.notices {
            outbox::insert(&mut tx, notice).await?;
        }
        self.commit(tx, !reset.notices.is_empty()).await?;
        Ok(Some(ended))
    }
}
