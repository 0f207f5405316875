//! Counts, money and pauses of messages to telephones. One statement takes all counts of a message or none, and looks at
//! the pauses with the same eyes: two orders at once never both get the last of anything.

use std::time::Duration;

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{SqliteStore, rows::Cells};
use crate::{
    authn::ChallengeId,
    clock::Timestamp,
    store::{
        BudgetKind, BudgetUse, CountryUse, OutboxId, Pause, PauseCause, RefusedUse, Result, Toll, Warning, Watch,
        Withheld, WithheldBy,
    },
};

const DAY: i64 = 86_400_000;

/// What the number, the channel or the country is paused by: $2 now, $3 channel, $4 country, $5 block, $6 proven.
macro_rules! paused {
    () => {
        "(p.until IS NULL OR p.until > $2) AND (p.cause = 'operator' OR NOT $6)
         AND (p.what = $3 OR p.what = 'country:' || $4
              OR substr(p.what, 1, 7) = 'prefix:' AND substr($5, 1, length(p.what) - 7) = substr(p.what, 8))"
    };
}

/// Every provider is paused: $7 their names.
macro_rules! nobody_carries {
    () => {
        "json_array_length($7) > 0 AND NOT EXISTS (
             SELECT 1 FROM json_each($7) n WHERE NOT EXISTS (
                 SELECT 1 FROM pauses p WHERE p.what = 'provider:' || n.value AND (p.until IS NULL OR p.until > $2)))"
    };
}

/// The counts that a message takes from: $1.
macro_rules! wanted {
    () => {
        "SELECT value ->> 'key' AS key, value ->> 'most' AS most, value ->> 'ends_at' AS ends_at,
                CASE WHEN EXISTS (SELECT 1 FROM budgets r WHERE r.key = value ->> 'unless' AND r.ends_at > $2)
                     THEN 0 ELSE value ->> 'amount' END AS amount
         FROM json_each($1)"
    };
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn wanted(toll: &Toll, now: Timestamp) -> String {
    let one = |budget: &crate::store::Budget| {
        serde_json::json!({
            "key": format!("{}:{}", budget.by.as_str(), budget.of),
            "amount": budget.amount,
            "most": budget.most,
            "unless": budget.unless,
            "ends_at": (now + budget.window).as_millis(),
        })
    };
    serde_json::Value::from(toll.budgets.iter().map(one).collect::<Vec<_>>()).to_string()
}

fn providers(toll: &Toll) -> String {
    serde_json::json!(toll.providers).to_string()
}

fn split(key: &str) -> Option<(BudgetKind, &str)> {
    let (kind, of) = key.split_once(':')?;
    Some((BudgetKind::parse(kind)?, of))
}

/// Takes all counts of a message, or says what keeps it.
pub(super) async fn spend(db: &mut SqliteConnection, toll: &Toll, now: Timestamp) -> Result<Option<Withheld>> {
    if toll.budgets.is_empty() {
        return Ok(None);
    }
    let taken = sqlx::query(concat!(
        "WITH wanted AS (",
        wanted!(),
        ")
         INSERT INTO budgets (key, used, ends_at)
         SELECT key, amount, ends_at FROM wanted
         WHERE NOT EXISTS (
                 SELECT 1 FROM wanted w LEFT JOIN budgets b ON b.key = w.key AND b.ends_at > $2
                 WHERE coalesce(b.used, 0) + w.amount > w.most)
           AND NOT EXISTS (SELECT 1 FROM pauses p WHERE ",
        paused!(),
        ") AND NOT (",
        nobody_carries!(),
        ")
         ON CONFLICT (key) DO UPDATE SET
             used = CASE WHEN budgets.ends_at <= $2 THEN excluded.used ELSE budgets.used + excluded.used END,
             ends_at = CASE WHEN budgets.ends_at <= $2 THEN excluded.ends_at ELSE budgets.ends_at END"
    ))
    .bind(wanted(toll, now))
    .bind(now.as_millis())
    .bind(toll.channel.as_str())
    .bind(&toll.country)
    .bind(&toll.block)
    .bind(toll.proven)
    .bind(providers(toll))
    .execute(&mut *db)
    .await?;
    if taken.rows_affected() > 0 {
        return Ok(None);
    }
    let why = withheld(db, toll, now).await?;
    // Within one transaction nothing can have changed since; should it, the message still is not ordered.
    Ok(Some(why.unwrap_or(Withheld { by: WithheldBy::Budget(BudgetKind::All), until: Some(now) })))
}

async fn withheld(db: &mut SqliteConnection, toll: &Toll, now: Timestamp) -> Result<Option<Withheld>> {
    if let Some(paused) = paused(&mut *db, toll, now).await? {
        return Ok(Some(paused));
    }
    let row = sqlx::query(concat!(
        "WITH wanted AS (",
        wanted!(),
        ")
         SELECT w.key, coalesce(b.ends_at, w.ends_at) AS ends_at
         FROM wanted w LEFT JOIN budgets b ON b.key = w.key AND b.ends_at > $2
         WHERE coalesce(b.used, 0) + w.amount > w.most ORDER BY 2 DESC LIMIT 1"
    ))
    .bind(wanted(toll, now))
    .bind(now.as_millis())
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let cells = Cells::of(&row, "budgets", "key")?;
    let by = cells.text("key", |key| split(key).map(|(kind, _)| kind))?;
    Ok(Some(Withheld { by: WithheldBy::Budget(by), until: Some(cells.time("ends_at")?) }))
}

async fn paused(db: &mut SqliteConnection, toll: &Toll, now: Timestamp) -> Result<Option<Withheld>> {
    let row = sqlx::query(concat!(
        "SELECT what, cause, until FROM pauses p WHERE $1 IS NOT NULL AND ",
        paused!(),
        " OR p.what = (SELECT max('provider:' || value) FROM json_each($7)) AND ",
        nobody_carries!(),
        " ORDER BY until IS NOT NULL, until DESC LIMIT 1"
    ))
    .bind("")
    .bind(now.as_millis())
    .bind(toll.channel.as_str())
    .bind(&toll.country)
    .bind(&toll.block)
    .bind(toll.proven)
    .bind(providers(toll))
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let pause = pause(&row)?;
    Ok(Some(Withheld { by: WithheldBy::Pause(pause.cause), until: pause.until }))
}

fn pause(row: &SqliteRow) -> Result<Pause> {
    let cells = Cells::of(row, "pauses", "what")?;
    Ok(Pause {
        what: row.try_get("what")?,
        cause: cells.text("cause", PauseCause::parse)?,
        since: row.try_get("since").map_or(Timestamp::EPOCH, Timestamp::from_millis),
        until: cells.optional_time("until")?,
    })
}

/// Notes with a message where it goes and what it costs.
pub(super) async fn note(db: &mut SqliteConnection, message: OutboxId, toll: &Toll) -> Result<()> {
    sqlx::query("UPDATE outbox SET country = $2, block = $3, cost = $4, proven = $5 WHERE id = $1")
        .bind(message.to_string())
        .bind(&toll.country)
        .bind(&toll.block)
        .bind(toll.cost)
        .bind(toll.proven)
        .execute(db)
        .await?;
    Ok(())
}

/// The code of a message came back.
pub(super) async fn verified(db: &mut SqliteConnection, challenge: ChallengeId, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE outbox SET verified_at = $2 WHERE challenge = $1 AND verified_at IS NULL")
        .bind(challenge.to_string())
        .bind(now.as_millis())
        .execute(db)
        .await?;
    Ok(())
}

impl SqliteStore {
    pub(in crate::store) async fn withheld(&self, toll: &Toll, now: Timestamp) -> Result<Option<Withheld>> {
        withheld(&mut *self.read().await?, toll, now).await
    }

    pub(in crate::store) async fn send_paused(&self, toll: &Toll, now: Timestamp) -> Result<Option<Withheld>> {
        paused(&mut *self.read().await?, toll, now).await
    }

    pub(in crate::store) async fn provider_paused(&self, provider: &str, now: Timestamp) -> Result<bool> {
        let found =
            sqlx::query("SELECT 1 FROM pauses WHERE what = 'provider:' || $1 AND (until IS NULL OR until > $2)")
                .bind(provider)
                .bind(now.as_millis())
                .fetch_optional(&self.readers)
                .await?;
        Ok(found.is_some())
    }

    pub(in crate::store) async fn charge(&self, message: OutboxId, toll: &Toll, now: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        note(&mut tx, message, toll).await?;
        sqlx::query(concat!(
            "INSERT INTO budgets (key, used, ends_at) SELECT key, amount, ends_at FROM (",
            wanted!(),
            ") WHERE true ON CONFLICT (key) DO UPDATE SET
                 used = CASE WHEN budgets.ends_at <= $2 THEN excluded.used ELSE budgets.used + excluded.used END,
                 ends_at = CASE WHEN budgets.ends_at <= $2 THEN excluded.ends_at ELSE budgets.ends_at END"
        ))
        .bind(wanted(toll, now))
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn count_refused(&self, reason: &str, country: &str, now: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO refused_sends (day, reason, country, messages) VALUES ($1, $2, $3, 1)
             ON CONFLICT (day, reason, country) DO UPDATE SET messages = refused_sends.messages + 1",
        )
        .bind(now.as_millis().div_euclid(DAY))
        .bind(reason)
        .bind(country)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn pause(&self, what: &str, until: Option<Timestamp>, now: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO pauses (what, cause, since, until, times) VALUES ($1, 'operator', $2, $3, 1)
             ON CONFLICT (what) DO UPDATE SET
                 cause = 'operator', since = excluded.since, until = excluded.until, times = 1",
        )
        .bind(what)
        .bind(now.as_millis())
        .bind(until.map(Timestamp::as_millis))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// A pause that is over keeps its end: what came before it is not held against the numbers again.
    pub(in crate::store) async fn resume(&self, what: &str, now: Timestamp) -> Result<bool> {
        let mut tx = self.write().await?;
        let ended = sqlx::query("UPDATE pauses SET until = $2 WHERE what = $1 AND (until IS NULL OR until > $2)")
            .bind(what)
            .bind(now.as_millis())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(ended.rows_affected() > 0)
    }

    pub(in crate::store) async fn pauses(&self, now: Timestamp) -> Result<Vec<Pause>> {
        let rows = sqlx::query(
            "SELECT what, cause, since, until FROM pauses WHERE until IS NULL OR until > $1 ORDER BY since, what",
        )
        .bind(now.as_millis())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(pause).collect()
    }

    pub(in crate::store) async fn watch(&self, watch: Watch, now: Timestamp) -> Result<Vec<Pause>> {
        let mut tx = self.write().await?;
        let rows = sqlx::query(
            "WITH codes AS (
                 SELECT 'prefix:' || block AS what, challenge, created_at, verified_at, $3 AS least FROM outbox
                 WHERE block IS NOT NULL AND proven = 0 AND challenge IS NOT NULL AND created_at > $1 - $2
                   AND state = 'sent' AND (expires_at <= $1 OR verified_at IS NOT NULL)
                 UNION ALL
                 SELECT 'country:' || country, challenge, created_at, verified_at, $7 FROM outbox
                 WHERE country IS NOT NULL AND proven = 0 AND challenge IS NOT NULL AND created_at > $1 - $2
                   AND state = 'sent' AND (expires_at <= $1 OR verified_at IS NOT NULL))
             INSERT INTO pauses (what, cause, since, until, times)
             SELECT c.what, 'conversion', $1, $1 + $5, 1
             FROM codes c LEFT JOIN pauses p ON p.what = c.what
             WHERE p.what IS NULL OR p.until <= $1 AND c.created_at > p.until
             GROUP BY c.what
             HAVING count(DISTINCT c.challenge) >= CASE WHEN p.what IS NULL THEN c.least ELSE (c.least + 2) / 3 END
                AND 100 * count(DISTINCT CASE WHEN c.verified_at IS NOT NULL THEN c.challenge END)
                    < $4 * count(DISTINCT c.challenge)
             ON CONFLICT (what) DO UPDATE SET
                 cause = 'conversion', since = $1, times = min(pauses.times + 1, 20),
                 until = $1 + min($5 << min(pauses.times, 20), $6)
             WHERE pauses.until <= $1
             RETURNING what, cause, since, until",
        )
        .bind(now.as_millis())
        .bind(millis(watch.window))
        .bind(i64::from(watch.least))
        .bind(i64::from(watch.percent))
        .bind(millis(watch.pause))
        .bind(millis(watch.most))
        .bind(i64::from(watch.country_least))
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        rows.iter().map(pause).collect()
    }

    pub(in crate::store) async fn budget_use(&self, each: u32, now: Timestamp) -> Result<Vec<BudgetUse>> {
        let rows = sqlx::query(
            "SELECT key, used, ends_at FROM (
                 SELECT key, used, ends_at, row_number() OVER (
                     PARTITION BY substr(key, 1, instr(key, ':')) ORDER BY used DESC, key) AS place
                 FROM budgets WHERE ends_at > $1)
             WHERE place <= $2 ORDER BY key",
        )
        .bind(now.as_millis())
        .bind(i64::from(each))
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let cells = Cells::of(row, "budgets", "key")?;
                let (by, of) = cells.text("key", |key| split(key).map(|(by, of)| (by, of.to_owned())))?;
                Ok(BudgetUse { by, of, used: row.try_get("used")?, ends_at: cells.time("ends_at")? })
            })
            .collect()
    }

    pub(in crate::store) async fn country_use(&self, since: Timestamp) -> Result<Vec<CountryUse>> {
        let rows = sqlx::query(
            "SELECT country, channel, sum(state = 'sent') AS sent, sum(report IS 'delivered') AS delivered,
                    count(DISTINCT challenge) AS codes,
                    count(DISTINCT CASE WHEN verified_at IS NOT NULL THEN challenge END) AS verified,
                    sum(CASE WHEN state <> 'failed' THEN cost ELSE 0 END) AS cost
             FROM outbox WHERE country IS NOT NULL AND created_at > $1
             GROUP BY country, channel ORDER BY country, channel",
        )
        .bind(since.as_millis())
        .fetch_all(&self.readers)
        .await?;
        let mut uses = Vec::with_capacity(rows.len());
        for row in &rows {
            let (country, channel): (String, String) = (row.try_get("country")?, row.try_get("channel")?);
            let median_seconds = self.median_seconds(&country, &channel, since).await?;
            uses.push(CountryUse {
                country,
                channel,
                sent: row.try_get("sent")?,
                delivered: row.try_get("delivered")?,
                codes: row.try_get("codes")?,
                verified: row.try_get("verified")?,
                median_seconds,
                cost: row.try_get("cost")?,
            });
        }
        Ok(uses)
    }

    async fn median_seconds(&self, country: &str, channel: &str, since: Timestamp) -> Result<Option<u32>> {
        let row = sqlx::query(
            "WITH took AS (
                 SELECT min(verified_at - created_at) AS millis FROM outbox
                 WHERE country = $1 AND channel = $2 AND created_at > $3 AND verified_at IS NOT NULL GROUP BY challenge)
             SELECT max(millis, 0) / 1000 AS seconds FROM took ORDER BY millis
             LIMIT 1 OFFSET (SELECT count(*) FROM took) / 2",
        )
        .bind(country)
        .bind(channel)
        .bind(since.as_millis())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| Ok(row.try_get("seconds")?)).transpose()
    }

    pub(in crate::store) async fn refused_use(&self, now: Timestamp) -> Result<Vec<RefusedUse>> {
        let rows = sqlx::query(
            "SELECT reason, country, sum(messages) AS messages FROM refused_sends WHERE day >= $1
             GROUP BY reason, country ORDER BY messages DESC, reason, country",
        )
        .bind(now.as_millis().div_euclid(DAY) - 1)
        .fetch_all(&self.readers)
        .await?;
        let one = |row: &SqliteRow| -> Result<RefusedUse> {
            Ok(RefusedUse {
                reason: row.try_get("reason")?,
                country: row.try_get("country")?,
                messages: row.try_get("messages")?,
            })
        };
        rows.iter().map(one).collect()
    }

    pub(in crate::store) async fn warn(&self, warning: &Warning, again_after: Duration) -> Result<bool> {
        let mut tx = self.write().await?;
        let kept = sqlx::query(
            "INSERT INTO warnings (key, text, at) VALUES ($1, $2, $3)
             ON CONFLICT (key) DO UPDATE SET text = excluded.text, at = excluded.at, told_at = NULL
             WHERE warnings.at + $4 <= excluded.at",
        )
        .bind(&warning.key)
        .bind(&warning.text)
        .bind(warning.at.as_millis())
        .bind(millis(again_after))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(kept.rows_affected() > 0)
    }

    pub(in crate::store) async fn untold_warnings(&self, now: Timestamp) -> Result<Vec<Warning>> {
        let waiting = sqlx::query("SELECT 1 FROM warnings WHERE told_at IS NULL LIMIT 1").fetch_optional(&self.readers);
        if waiting.await?.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.write().await?;
        let rows = sqlx::query("UPDATE warnings SET told_at = $1 WHERE told_at IS NULL RETURNING key, text, at")
            .bind(now.as_millis())
            .fetch_all(&mut *tx)
            .await?;
        tx.commit().await?;
        let one = |row: &SqliteRow| -> Result<Warning> {
            let at = Timestamp::from_millis(row.try_get("at")?);
            Ok(Warning { key: row.try_get("key")?, text: row.try_get("text")?, at })
        };
        rows.iter().map(one).collect()
    }
}
