//! Recovery requests. Each transaction reads the request, asks the machine, and stores what it said while holding the
//! write lock: two that come at once are one after the other.

use std::collections::BTreeSet;

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{SqliteStore, accounts, links, outbox, rows::Cells};
use crate::{
    account::{AccountId, UserName},
    authn::recovery::{CancelledBy, Operator, Receipt, Recovery, RecoveryInput, RecoveryState},
    clock::Timestamp,
    store::{
        ApproveRecovery, Approved, EndRecovery, LinkPurpose, NoRecovery, NotDecided, OpenRecovery, OutboxItem,
        RecoveryId, Result, StoredRecovery,
    },
};

macro_rules! requests {
    ($rest:literal) => {
        concat!(
            "SELECT r.*, a.user_name, a.disabled_at FROM recovery_requests r JOIN accounts a ON a.id = r.account_id ",
            $rest
        )
    };
}

async fn approvals(db: &mut SqliteConnection, id: &str) -> Result<BTreeSet<Operator>> {
    let rows = sqlx::query("SELECT request_id, operator FROM recovery_approvals WHERE request_id = $1")
        .bind(id)
        .fetch_all(db)
        .await?;
    let operator =
        |row: &SqliteRow| Ok(Operator::user(Cells::of(row, "recovery_approvals", "request_id")?.count("operator")?));
    rows.iter().map(operator).collect()
}

async fn stored(db: &mut SqliteConnection, row: &SqliteRow) -> Result<StoredRecovery> {
    let cells = Cells::of(row, "recovery_requests", "id")?;
    let by = approvals(db, row.try_get("id")?).await?;
    let ended = || cells.optional_time("ended_at")?.ok_or_else(|| cells.corrupt("ended_at"));
    let state = match row.try_get::<&str, _>("state")? {
        "open" | "expired" => RecoveryState::Open(by),
        "approved" => RecoveryState::Approved { at: ended()?, by },
        "refused" => RecoveryState::Refused { at: ended()?, by: Operator::user(cells.count("refused_by")?) },
        "cancelled" => RecoveryState::Cancelled { at: ended()?, how: cells.text("cancelled_by", CancelledBy::parse)? },
        _ => return Err(cells.corrupt("state")),
    };
    Ok(StoredRecovery {
        id: cells.text("id", RecoveryId::parse)?,
        account: cells.text("account_id", AccountId::parse)?,
        user_name: cells.text("user_name", |text| UserName::parse(text).ok())?,
        receipt: cells.text("receipt", Receipt::parse)?,
        recovery: Recovery::from_record(
            cells.time("requested_at")?,
            cells.time("ready_at")?,
            cells.time("expires_at")?,
            state,
        ),
    })
}

async fn found(db: &mut SqliteConnection, row: Option<SqliteRow>) -> Result<Option<StoredRecovery>> {
    match row {
        None => Ok(None),
        Some(row) => stored(db, &row).await.map(Some),
    }
}

async fn by_receipt(db: &mut SqliteConnection, receipt: &Receipt) -> Result<Option<(StoredRecovery, bool)>> {
    let row = sqlx::query(requests!("WHERE r.receipt = $1")).bind(receipt.as_str()).fetch_optional(&mut *db).await?;
    let Some(row) = row else { return Ok(None) };
    let disabled = row.try_get::<Option<i64>, _>("disabled_at")?.is_some();
    Ok(Some((stored(db, &row).await?, disabled)))
}

/// Stores what the machine said of a request that was open. Its link is good for nothing once it has ended.
async fn store(db: &mut SqliteConnection, request: &StoredRecovery, recovery: &Recovery, now: Timestamp) -> Result<()> {
    let (state, ended_at, refused_by, cancelled_by) = match recovery.state() {
        RecoveryState::Open(_) => ("open", None, None, None),
        RecoveryState::Approved { at, .. } => ("approved", Some(*at), None, None),
        RecoveryState::Refused { at, by } => ("refused", Some(*at), Some(by.uid()), None),
        RecoveryState::Cancelled { at, how } => ("cancelled", Some(*at), None, Some(how.as_str())),
    };
    sqlx::query(
        "UPDATE recovery_requests SET state = $2, ended_at = $3, refused_by = $4, cancelled_by = $5
         WHERE id = $1 AND state = 'open'",
    )
    .bind(request.id.to_string())
    .bind(state)
    .bind(ended_at.map(Timestamp::as_millis))
    .bind(refused_by)
    .bind(cancelled_by)
    .execute(&mut *db)
    .await?;
    for operator in recovery.approvals() {
        sqlx::query(
            "INSERT INTO recovery_approvals (request_id, operator, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(request.id.to_string())
        .bind(operator.uid())
        .bind(now.as_millis())
        .execute(&mut *db)
        .await?;
    }
    if ended_at.is_some() {
        links::delete_of_account(db, request.account, LinkPurpose::CancelRecovery).await?;
    }
    Ok(())
}

async fn open_of(db: &mut SqliteConnection, account: AccountId) -> Result<Option<StoredRecovery>> {
    let row = sqlx::query(requests!("WHERE r.account_id = $1 AND r.state = 'open'"))
        .bind(account.to_string())
        .fetch_optional(&mut *db)
        .await?;
    found(db, row).await
}

/// Ends the open request of an account, where there is one; which.
pub(super) async fn end_open(
    db: &mut SqliteConnection,
    account: AccountId,
    how: CancelledBy,
    now: Timestamp,
) -> Result<Option<RecoveryId>> {
    let Some(open) = open_of(db, account).await? else { return Ok(None) };
    let Ok(step) = open.recovery.clone().advance(RecoveryInput::Cancel(how), now) else { return Ok(None) };
    store(db, &open, &step.recovery, now).await?;
    Ok(Some(open.id))
}

/// A code was right. Tells of it where the request is the one that was looked at; whether there is a message.
pub(super) async fn end_by_code(
    db: &mut SqliteConnection,
    account: AccountId,
    looked_at: Option<&EndRecovery>,
    now: Timestamp,
) -> Result<bool> {
    let ended = end_open(db, account, CancelledBy::Code, now).await?;
    let Some(end) = looked_at.filter(|end| ended == Some(end.id)) else { return Ok(false) };
    for notice in &end.notices {
        outbox::insert(db, notice).await?;
    }
    Ok(!end.notices.is_empty())
}

/// Why there can be no further request, if there cannot.
async fn obstacle(db: &mut SqliteConnection, open: &OpenRecovery) -> Result<Option<NoRecovery>> {
    let account = open.account.to_string();
    let able = sqlx::query(
        "SELECT a.id FROM accounts a WHERE a.id = $1 AND a.disabled_at IS NULL
           AND EXISTS (SELECT 1 FROM methods m WHERE m.account_id = a.id)",
    )
    .bind(&account)
    .fetch_optional(&mut *db)
    .await?;
    if able.is_none() {
        return Ok(Some(NoRecovery::NotNeeded));
    }
    sqlx::query(
        "UPDATE recovery_requests SET state = 'expired' WHERE account_id = $1 AND state = 'open' AND expires_at <= $2",
    )
    .bind(&account)
    .bind(open.now.as_millis())
    .execute(&mut *db)
    .await?;
    if open_of(db, open.account).await?.is_some() {
        return Ok(Some(NoRecovery::AlreadyOpen));
    }
    let taken = sqlx::query("SELECT id FROM recovery_requests WHERE receipt = $1")
        .bind(open.receipt.as_str())
        .fetch_optional(&mut *db)
        .await?;
    if taken.is_some() {
        return Ok(Some(NoRecovery::ReceiptTaken));
    }
    // The one whose age frees a place: of as many as there may be, the oldest.
    let counting = sqlx::query(
        "SELECT requested_at FROM recovery_requests WHERE account_id = $1 AND requested_at > $2
         ORDER BY requested_at DESC LIMIT 1 OFFSET $3",
    )
    .bind(&account)
    .bind((open.now - open.within).as_millis())
    .bind(i64::from(open.most.saturating_sub(1)))
    .fetch_optional(db)
    .await?;
    let Some(oldest) = counting else { return Ok(None) };
    Ok(Some(NoRecovery::TooMany(Timestamp::from_millis(oldest.try_get("requested_at")?) + open.within)))
}

impl SqliteStore {
    pub(in crate::store) async fn open_recovery(
        &self,
        open: &OpenRecovery,
    ) -> Result<std::result::Result<(), NoRecovery>> {
        let mut tx = self.write().await?;
        if let Some(obstacle) = obstacle(&mut tx, open).await? {
            return Ok(Err(obstacle));
        }
        let recovery = Recovery::request(open.times, open.now);
        sqlx::query(
            "INSERT INTO recovery_requests (id, account_id, receipt, requested_at, ready_at, expires_at, state)
             VALUES ($1, $2, $3, $4, $5, $6, 'open')",
        )
        .bind(open.id.to_string())
        .bind(open.account.to_string())
        .bind(open.receipt.as_str())
        .bind(recovery.requested_at().as_millis())
        .bind(recovery.ready_at().as_millis())
        .bind(recovery.expires_at().as_millis())
        .execute(&mut *tx)
        .await?;
        for notice in &open.notices {
            outbox::insert(&mut tx, notice).await?;
        }
        self.commit(tx, !open.notices.is_empty()).await?;
        Ok(Ok(()))
    }

    pub(in crate::store) async fn recovery_of(&self, account: AccountId) -> Result<Option<StoredRecovery>> {
        let mut tx = self.read().await?;
        let row = sqlx::query(requests!("WHERE r.account_id = $1 ORDER BY r.requested_at DESC LIMIT 1"))
            .bind(account.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        found(&mut tx, row).await
    }

    pub(in crate::store) async fn recovery_times(
        &self,
        account: AccountId,
        after: Timestamp,
    ) -> Result<Vec<Timestamp>> {
        let rows = sqlx::query(
            "SELECT id, requested_at FROM recovery_requests WHERE account_id = $1 AND requested_at > $2
             ORDER BY requested_at DESC",
        )
        .bind(account.to_string())
        .bind(after.as_millis())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| Cells::of(row, "recovery_requests", "id")?.time("requested_at")).collect()
    }

    pub(in crate::store) async fn recovery(&self, id: RecoveryId) -> Result<Option<StoredRecovery>> {
        let mut tx = self.read().await?;
        let row = sqlx::query(requests!("WHERE r.id = $1")).bind(id.to_string()).fetch_optional(&mut *tx).await?;
        found(&mut tx, row).await
    }

    pub(in crate::store) async fn recovery_by_receipt(&self, receipt: &Receipt) -> Result<Option<StoredRecovery>> {
        let mut tx = self.read().await?;
        Ok(by_receipt(&mut tx, receipt).await?.map(|(request, _)| request))
    }

    pub(in crate::store) async fn recoveries(&self, ended_too: bool, now: Timestamp) -> Result<Vec<StoredRecovery>> {
        let mut tx = self.read().await?;
        let rows = sqlx::query(requests!(
            "WHERE $1 OR (r.state = 'open' AND r.expires_at > $2) ORDER BY r.requested_at DESC, r.id"
        ))
        .bind(ended_too)
        .bind(now.as_millis())
        .fetch_all(&mut *tx)
        .await?;
        let mut requests = Vec::with_capacity(rows.len());
        for row in &rows {
            requests.push(stored(&mut tx, row).await?);
        }
        Ok(requests)
    }

    pub(in crate::store) async fn approve_recovery(
        &self,
        approve: &ApproveRecovery,
    ) -> Result<std::result::Result<Approved, NotDecided>> {
        let now = approve.now;
        let mut tx = self.write().await?;
        let Some((request, disabled)) = by_receipt(&mut tx, &approve.receipt).await? else {
            return Ok(Err(NotDecided::NotThere));
        };
        let input = RecoveryInput::Approve { by: approve.by, needed: approve.needed };
        let step = match request.recovery.clone().advance(input, now) {
            Ok(step) => step,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        if disabled {
            return Ok(Err(NotDecided::Disabled));
        }
        store(&mut tx, &request, &step.recovery, now).await?;
        if !step.completes {
            tx.commit().await?;
            let given = u32::try_from(step.recovery.approvals().len()).unwrap_or(u32::MAX);
            return Ok(Ok(Approved::Counted(given)));
        }
        let Some(ended) = accounts::give_ticket(&mut tx, request.account, &approve.ticket, now).await? else {
            return Ok(Err(NotDecided::NotThere));
        };
        for notice in &approve.notices {
            outbox::insert(&mut tx, notice).await?;
        }
        self.commit(tx, !approve.notices.is_empty()).await?;
        Ok(Ok(Approved::Completed(ended)))
    }

    pub(in crate::store) async fn refuse_recovery(
        &self,
        receipt: &Receipt,
        by: Operator,
        notices: &[OutboxItem],
        now: Timestamp,
    ) -> Result<std::result::Result<(), NotDecided>> {
        let mut tx = self.write().await?;
        let Some((request, _)) = by_receipt(&mut tx, receipt).await? else { return Ok(Err(NotDecided::NotThere)) };
        self.end(tx, &request, RecoveryInput::Refuse(by), notices, now).await
    }

    pub(in crate::store) async fn cancel_recovery(
        &self,
        id: RecoveryId,
        how: CancelledBy,
        notices: &[OutboxItem],
        now: Timestamp,
    ) -> Result<std::result::Result<(), NotDecided>> {
        let mut tx = self.write().await?;
        let row = sqlx::query(requests!("WHERE r.id = $1")).bind(id.to_string()).fetch_optional(&mut *tx).await?;
        let Some(request) = found(&mut tx, row).await? else { return Ok(Err(NotDecided::NotThere)) };
        self.end(tx, &request, RecoveryInput::Cancel(how), notices, now).await
    }

    async fn end(
        &self,
        mut tx: sqlx::Transaction<'static, sqlx::Sqlite>,
        request: &StoredRecovery,
        input: RecoveryInput,
        notices: &[OutboxItem],
        now: Timestamp,
    ) -> Result<std::result::Result<(), NotDecided>> {
        let step = match request.recovery.clone().advance(input, now) {
            Ok(step) => step,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        store(&mut tx, request, &step.recovery, now).await?;
        for notice in notices {
            outbox::insert(&mut tx, notice).await?;
        }
        self.commit(tx, !notices.is_empty()).await?;
        Ok(Ok(()))
    }
}
