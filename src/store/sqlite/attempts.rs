//! Tries are paid for here, before anything is compared: one conditional statement counts, sets the wait that follows,
//! and refuses while one runs, so that a thousand at once get no more than one after another.

use std::time::Duration;

use sqlx::{Row as _, SqliteConnection};

use super::{SqliteStore, challenge::take_code, rows::Cells};
use crate::{
    account::{AccountId, MethodId},
    authn::{
        Attempt,
        throttle::{
            CODE_DISABLE_CONSECUTIVE, CODE_DISABLE_ROLLING, CODE_PAUSE_FIRST, CODE_PAUSE_MOST, CODE_TRIES, CODE_WINDOW,
            PASSWORD_FORGET, PASSWORD_TRIES, PASSWORD_WAIT_FIRST, PASSWORD_WAIT_MOST,
        },
    },
    clock::Timestamp,
    secret::Digest,
    store::{CodeSpend, PasswordSpend, RateLimit, RateSpend, Result, SignInId, Stale, UsedCode},
};

const DAY_MILLIS: i64 = 24 * 3600 * 1000;

const fn day(now: Timestamp) -> i64 {
    now.as_millis().div_euclid(DAY_MILLIS)
}

/// The first day whose failures count: the window reaches back at least its full length.
pub(super) fn window_start(now: Timestamp) -> i64 {
    day(now - CODE_WINDOW)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl SqliteStore {
    pub(in crate::store) async fn spend_password_attempt(&self, key: Digest, now: Timestamp) -> Result<PasswordSpend> {
        let mut tx = self.write().await?;
        // The wait doubles from the first to the most; the exponent is bounded so that a shift cannot overflow.
        let counted = sqlx::query(
            "INSERT INTO password_throttles (key, failures, wait_until, updated_at) VALUES ($1, 1, NULL, $2)
             ON CONFLICT (key) DO UPDATE SET
                 failures = CASE WHEN password_throttles.updated_at <= $3 THEN 1
                                 ELSE password_throttles.failures + 1 END,
                 wait_until = CASE
                     WHEN password_throttles.updated_at <= $3 OR password_throttles.failures + 1 < $4 THEN NULL
                     WHEN password_throttles.failures + 1 - $4 >= 16
                         OR $5 << CAST(password_throttles.failures + 1 - $4 AS INTEGER) > $6 THEN $2 + $6
                     ELSE $2 + ($5 << CAST(password_throttles.failures + 1 - $4 AS INTEGER)) END,
                 updated_at = $2
             WHERE password_throttles.wait_until IS NULL OR password_throttles.wait_until <= $2
             RETURNING failures",
        )
        .bind(key.as_bytes().as_slice())
        .bind(now.as_millis())
        .bind((now - PASSWORD_FORGET).as_millis())
        .bind(i64::from(PASSWORD_TRIES))
        .bind(millis(PASSWORD_WAIT_FIRST))
        .bind(millis(PASSWORD_WAIT_MOST))
        .fetch_optional(&mut *tx)
        .await?;
        if counted.is_some() {
            tx.commit().await?;
            return Ok(PasswordSpend::Granted);
        }
        let waiting: i64 = sqlx::query("SELECT wait_until FROM password_throttles WHERE key = $1")
            .bind(key.as_bytes().as_slice())
            .fetch_one(&mut *tx)
            .await?
            .try_get("wait_until")?;
        Ok(PasswordSpend::Wait(Timestamp::from_millis(waiting)))
    }

    pub(in crate::store) async fn forgive(&self, keys: &[Digest]) -> Result<()> {
        let mut tx = self.write().await?;
        forgive(&mut tx, keys).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn spend_rate(&self, limit: RateLimit, now: Timestamp) -> Result<RateSpend> {
        let mut tx = self.write().await?;
        let spent = spend_rate(&mut tx, limit, now).await?;
        tx.commit().await?;
        Ok(spent)
    }

    pub(in crate::store) async fn rate_reached(&self, limit: RateLimit, now: Timestamp) -> Result<Option<Timestamp>> {
        let ends_at: Option<i64> =
            sqlx::query_scalar("SELECT ends_at FROM rates WHERE key = $1 AND ends_at > $2 AND events >= $3")
                .bind(limit.key.as_bytes().as_slice())
                .bind(now.as_millis())
                .bind(i64::from(limit.limit))
                .fetch_optional(&self.readers)
                .await?;
        Ok(ends_at.map(Timestamp::from_millis))
    }

    pub(in crate::store) async fn refund_rate(&self, key: Digest, now: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        refund_rate(&mut tx, key, now).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn spend_enrolment_attempt(&self, id: SignInId) -> Result<Option<(Attempt, u32)>> {
        let mut tx = self.write().await?;
        let counted = sqlx::query(
            "UPDATE sign_ins SET enrolment_tries_left = enrolment_tries_left - 1
             WHERE id = $1 AND enrolment_tries_left > 0 RETURNING id, enrolment_tries_left",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        let Some(row) = counted else { return Ok(None) };
        Ok(Some((Attempt::spent(), Cells::of(&row, "sign_ins", "id")?.count("enrolment_tries_left")?)))
    }

    pub(in crate::store) async fn spend_new_method_attempt(&self, key: Digest, now: Timestamp) -> Result<CodeSpend> {
        let mut tx = self.write().await?;
        let counted: Option<i64> = sqlx::query_scalar(
            "INSERT INTO new_method_throttles AS t (key, consecutive, paused_until, updated_at) VALUES ($1, 1, NULL, $2)
             ON CONFLICT (key) DO UPDATE SET
                 consecutive = CASE WHEN t.updated_at <= $3 THEN 1 ELSE t.consecutive + 1 END,
                 paused_until = CASE
                     WHEN t.updated_at <= $3 OR (t.consecutive + 1) % $4 <> 0 THEN NULL
                     WHEN $5 << CAST((t.consecutive + 1) / $4 - 1 AS INTEGER) > $6 THEN $2 + $6
                     ELSE $2 + ($5 << CAST((t.consecutive + 1) / $4 - 1 AS INTEGER)) END,
                 updated_at = $2
             WHERE t.updated_at <= $3 OR (t.consecutive < $7 AND (t.paused_until IS NULL OR t.paused_until <= $2))
             RETURNING consecutive",
        )
        .bind(key.as_bytes().as_slice())
        .bind(now.as_millis())
        .bind((now - CODE_WINDOW).as_millis())
        .bind(i64::from(CODE_TRIES))
        .bind(millis(CODE_PAUSE_FIRST))
        .bind(millis(CODE_PAUSE_MOST))
        .bind(i64::from(CODE_DISABLE_ROLLING))
        .fetch_optional(&mut *tx)
        .await?;
        let Some(consecutive) = counted else { return new_method_paused(&mut tx, key).await };
        tx.commit().await?;
        Ok(CodeSpend::Granted {
            attempt: Attempt::spent(),
            consecutive: u32::try_from(consecutive).unwrap_or(CODE_DISABLE_ROLLING),
        })
    }

    pub(in crate::store) async fn forgive_new_method(&self, key: Digest) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query("DELETE FROM new_method_throttles WHERE key = $1")
            .bind(key.as_bytes().as_slice())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn spend_code_attempt(
        &self,
        method: MethodId,
        (pending, version): (SignInId, i64),
        now: Timestamp,
    ) -> Result<CodeSpend> {
        let mut tx = self.write().await?;
        let counted = sqlx::query(
            "UPDATE methods SET
                 consecutive = consecutive + 1,
                 paused_until = CASE
                     WHEN (consecutive + 1) % $3 <> 0 THEN NULL
                     WHEN (consecutive + 1) / $3 - 1 >= 16
                         OR $4 << CAST((consecutive + 1) / $3 - 1 AS INTEGER) > $5 THEN $2 + $5
                     ELSE $2 + ($4 << CAST((consecutive + 1) / $3 - 1 AS INTEGER)) END,
                 disabled_at = CASE WHEN consecutive + 1 >= $6 THEN $2 ELSE NULL END
             WHERE id = $1 AND disabled_at IS NULL AND (paused_until IS NULL OR paused_until <= $2)
               AND EXISTS (SELECT 1 FROM sign_ins WHERE sign_ins.id = $7 AND sign_ins.version = $8)
             RETURNING id, consecutive",
        )
        .bind(method.to_string())
        .bind(now.as_millis())
        .bind(i64::from(CODE_TRIES))
        .bind(millis(CODE_PAUSE_FIRST))
        .bind(millis(CODE_PAUSE_MOST))
        .bind(i64::from(CODE_DISABLE_CONSECUTIVE))
        .bind(pending.to_string())
        .bind(version)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = counted else { return refused(&mut tx, method, now).await };
        let consecutive = Cells::of(&row, "methods", "id")?.count("consecutive")?;
        sqlx::query(
            "INSERT INTO method_failures (method_id, day, failures) VALUES ($1, $2, 1)
             ON CONFLICT (method_id, day) DO UPDATE SET failures = method_failures.failures + 1",
        )
        .bind(method.to_string())
        .bind(day(now))
        .execute(&mut *tx)
        .await?;
        if !within_window(&mut tx, method, now).await? {
            sqlx::query("UPDATE methods SET disabled_at = $2 WHERE id = $1")
                .bind(method.to_string())
                .bind(now.as_millis())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(CodeSpend::Granted { attempt: Attempt::spent(), consecutive })
    }

    pub(in crate::store) async fn forgive_code_attempt(&self, method: MethodId) -> Result<()> {
        let mut tx = self.write().await?;
        take_back(&mut tx, method).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Why no try at a new method was granted: its pause, or after so many that an enrolled one were disabled, the window.
async fn new_method_paused(db: &mut SqliteConnection, key: Digest) -> Result<CodeSpend> {
    let row = sqlx::query("SELECT consecutive, paused_until, updated_at FROM new_method_throttles WHERE key = $1")
        .bind(key.as_bytes().as_slice())
        .fetch_one(db)
        .await?;
    let pause: Option<i64> = row.try_get("paused_until")?;
    let window = Timestamp::from_millis(row.try_get("updated_at")?) + CODE_WINDOW;
    let over = row.try_get::<i64, _>("consecutive")? >= i64::from(CODE_DISABLE_ROLLING);
    Ok(CodeSpend::Paused(pause.filter(|_| !over).map_or(window, Timestamp::from_millis)))
}

/// Counts one event within its window, in one statement, or says when the next is allowed.
pub(super) async fn spend_rate(db: &mut SqliteConnection, limit: RateLimit, now: Timestamp) -> Result<RateSpend> {
    let window = now + limit.window;
    if limit.limit == 0 {
        return Ok(RateSpend::Wait(window));
    }
    let counted = sqlx::query(
        "INSERT INTO rates (key, events, ends_at) VALUES ($1, 1, $2)
         ON CONFLICT (key) DO UPDATE SET
             events = CASE WHEN rates.ends_at <= $3 THEN 1 ELSE rates.events + 1 END,
             ends_at = CASE WHEN rates.ends_at <= $3 THEN $2 ELSE rates.ends_at END
         WHERE rates.ends_at <= $3 OR rates.events < $4
         RETURNING events",
    )
    .bind(limit.key.as_bytes().as_slice())
    .bind(window.as_millis())
    .bind(now.as_millis())
    .bind(i64::from(limit.limit))
    .fetch_optional(&mut *db)
    .await?;
    if counted.is_some() {
        return Ok(RateSpend::Granted);
    }
    let ends_at: i64 = sqlx::query_scalar("SELECT ends_at FROM rates WHERE key = $1")
        .bind(limit.key.as_bytes().as_slice())
        .fetch_one(db)
        .await?;
    Ok(RateSpend::Wait(Timestamp::from_millis(ends_at)))
}

/// What was counted did not happen.
pub(super) async fn refund_rate(db: &mut SqliteConnection, key: Digest, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE rates SET events = events - 1 WHERE key = $1 AND events > 0 AND ends_at > $2")
        .bind(key.as_bytes().as_slice())
        .bind(now.as_millis())
        .execute(db)
        .await?;
    Ok(())
}

/// Why no try was granted. A method that is gone is as good as disabled.
async fn refused(db: &mut SqliteConnection, method: MethodId, now: Timestamp) -> Result<CodeSpend> {
    let row = sqlx::query("SELECT id, paused_until, disabled_at FROM methods WHERE id = $1")
        .bind(method.to_string())
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(CodeSpend::Disabled) };
    let cells = Cells::of(&row, "methods", "id")?;
    if cells.optional_time("disabled_at")?.is_some() {
        return Ok(CodeSpend::Disabled);
    }
    let paused = cells.optional_time("paused_until")?.filter(|until| *until > now);
    Ok(paused.map_or(CodeSpend::MovedOn, CodeSpend::Paused))
}

async fn within_window(db: &mut SqliteConnection, method: MethodId, now: Timestamp) -> Result<bool> {
    let failures: i64 = sqlx::query(
        "SELECT coalesce(sum(failures), 0) AS failures FROM method_failures WHERE method_id = $1 AND day >= $2",
    )
    .bind(method.to_string())
    .bind(window_start(now))
    .fetch_one(db)
    .await?
    .try_get("failures")?;
    Ok(failures < i64::from(CODE_DISABLE_ROLLING))
}

/// The code was right: burns its step, clears the row of wrong ones and takes this try back out of the day's count.
/// A disablement this very try led to goes with it.
pub(super) async fn succeed(
    db: &mut SqliteConnection,
    account: AccountId,
    used: UsedCode,
    now: Timestamp,
) -> Result<std::result::Result<(), Stale>> {
    let UsedCode { method, step, challenge } = used;
    if let Some(challenge) = challenge
        && !take_code(db, method, challenge, now).await?
    {
        return Ok(Err(Stale::StepUsed));
    }
    // An app's code always has a step: without one the comparison with NULL lets nothing through. A message's code has
    // been taken above.
    let burnt = sqlx::query(
        "UPDATE methods SET consecutive = 0, paused_until = NULL, last_used_at = $3,
             last_step = CASE WHEN kind = 'app' THEN $4 ELSE NULL END
         WHERE id = $1 AND account_id = $2
           AND CASE WHEN kind = 'app' THEN $4 IS NOT NULL AND (last_step IS NULL OR last_step < $4) ELSE $5 END",
    )
    .bind(method.to_string())
    .bind(account.to_string())
    .bind(now.as_millis())
    .bind(step)
    .bind(challenge.is_some())
    .execute(&mut *db)
    .await?;
    if burnt.rows_affected() == 0 {
        let exists = sqlx::query("SELECT id FROM methods WHERE id = $1 AND account_id = $2")
            .bind(method.to_string())
            .bind(account.to_string())
            .fetch_optional(db)
            .await?;
        return Ok(Err(if exists.is_some() { Stale::StepUsed } else { Stale::MovedOn }));
    }
    take_back(db, method).await?;
    if within_window(db, method, now).await? {
        sqlx::query("UPDATE methods SET disabled_at = NULL WHERE id = $1").bind(method.to_string()).execute(db).await?;
    }
    Ok(Ok(()))
}

/// Takes one try out of the count of the days. Midnight may lie between the try and its success: the newest day that has
/// one.
async fn take_back(db: &mut SqliteConnection, method: MethodId) -> Result<()> {
    sqlx::query(
        "UPDATE method_failures SET failures = failures - 1
         WHERE method_id = $1
           AND day = (SELECT max(day) FROM method_failures WHERE method_id = $1 AND failures > 0)",
    )
    .bind(method.to_string())
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets the wrong passwords of these keys.
pub(super) async fn forgive(db: &mut SqliteConnection, keys: &[Digest]) -> Result<()> {
    for key in keys {
        sqlx::query("DELETE FROM password_throttles WHERE key = $1")
            .bind(key.as_bytes().as_slice())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}
