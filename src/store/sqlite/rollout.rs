//! When people were first asked, and how often they said "later".

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    SqliteStore,
    rows::{self, Cells, account_columns},
};
use crate::{
    account::AccountId,
    authn::Asked,
    clock::Timestamp,
    store::{Result, Unenrolled},
};

fn asked(row: &SqliteRow) -> Result<Option<Asked>> {
    let cells = Cells::of(row, "rollout_asked", "account_id")?;
    let (Some(at), Some(deadline)) = (cells.optional_time("asked_at")?, cells.optional_time("deadline")?) else {
        return Ok(None);
    };
    Ok(Some(Asked { at, deadline, laters: cells.count("laters")? }))
}

/// An account the rollout may excuse at all: one that has no methods and did not lose any.
pub(super) async fn may_be_waived(db: &mut SqliteConnection, account: AccountId) -> Result<bool> {
    let found = sqlx::query(
        "SELECT id FROM accounts a WHERE a.id = $1 AND a.ticket_digest IS NULL
           AND NOT EXISTS (SELECT 1 FROM methods m WHERE m.account_id = a.id)",
    )
    .bind(account.to_string())
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Counts one more "later", or says that none is left or the deadline is over.
pub(super) async fn spend_later(
    db: &mut SqliteConnection,
    account: AccountId,
    most: u32,
    now: Timestamp,
) -> Result<bool> {
    let spent = sqlx::query(
        "UPDATE rollout_asked SET laters = laters + 1 WHERE account_id = $1 AND laters < $2 AND deadline > $3",
    )
    .bind(account.to_string())
    .bind(i64::from(most))
    .bind(now.as_millis())
    .execute(db)
    .await?;
    Ok(spent.rows_affected() > 0)
}

impl SqliteStore {
    pub(in crate::store) async fn ask(&self, account: AccountId, deadline: Timestamp, now: Timestamp) -> Result<Asked> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO rollout_asked (account_id, asked_at, deadline, laters) VALUES ($1, $2, $3, 0)
             ON CONFLICT (account_id) DO NOTHING",
        )
        .bind(account.to_string())
        .bind(now.as_millis())
        .bind(deadline.as_millis())
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query("SELECT * FROM rollout_asked WHERE account_id = $1")
            .bind(account.to_string())
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        let first = Asked { at: now, deadline, laters: 0 };
        Ok(asked(&row)?.unwrap_or(first))
    }

    pub(in crate::store) async fn asked(&self, account: AccountId) -> Result<Option<Asked>> {
        let found = sqlx::query("SELECT * FROM rollout_asked WHERE account_id = $1")
            .bind(account.to_string())
            .fetch_optional(&self.readers)
            .await?;
        found.map_or(Ok(None), |row| asked(&row))
    }

    pub(in crate::store) async fn unenrolled(&self) -> Result<Vec<Unenrolled>> {
        let found = sqlx::query(concat!(
            "SELECT ",
            account_columns!(),
            ", r.asked_at, r.deadline, r.laters
             FROM accounts a LEFT JOIN rollout_asked r ON r.account_id = a.id
             WHERE a.disabled_at IS NULL AND NOT EXISTS (SELECT 1 FROM methods m WHERE m.account_id = a.id)
             ORDER BY a.user_name"
        ))
        .fetch_all(&self.readers)
        .await?;
        found
            .iter()
            .map(|row| {
                let ticket = rows::ticket(row)?.is_some();
                Ok(Unenrolled { account: rows::account(row)?, asked: asked(row)?, ticket })
            })
            .collect()
    }

    pub(in crate::store) async fn count_enrolled(&self) -> Result<(u64, u64)> {
        let row = sqlx::query(
            "SELECT count(*) AS people,
                    coalesce(sum(EXISTS (SELECT 1 FROM methods m WHERE m.account_id = a.id)), 0) AS enrolled
             FROM accounts a WHERE a.disabled_at IS NULL",
        )
        .fetch_one(&self.readers)
        .await?;
        let count = |column| Ok::<_, sqlx::Error>(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or_default());
        Ok((count("people")?, count("enrolled")?))
    }
}
