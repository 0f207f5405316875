//! Messages to send. A message is taken, then handed over by one conditional update before anything is written to a
//! provider: what may have gone out is never given out again, and what was only taken is.

use std::time::Duration;

use sqlx::{Row as _, Sqlite, SqliteConnection, Transaction, sqlite::SqliteRow};
use tokio::sync::Notify;

use super::{SqliteStore, accounts::PhoneColumns, attempts, links, rows::Cells};
use crate::{
    account::{AccountId, EmailAddress, MethodKind},
    clock::Timestamp,
    config::ChannelKind,
    language::Language,
    secret::Digest,
    store::{
        DeliveryReport, LinkId, Notice, OutboxContent, OutboxCount, OutboxId, OutboxItem, OutboxOrder, OutboxOutcome,
        RateLimit, RateSpend, Recipient, Result, Resumed, SignInId, StoreError,
    },
};

/// Free to be taken: never taken, or by somebody who is gone.
macro_rules! waiting {
    () => {
        "(state = 'queued' AND (due_at IS NULL OR due_at <= $1)
          OR state = 'claimed' AND handed_at IS NULL AND claimed_at <= $2) AND ($3 IS NULL OR channel = $3)"
    };
}

/// Whoever took a message hands it over at once; one that was only taken this long ago is anybody's again.
const CLAIM_LASTS: Duration = Duration::from_mins(1);

const fn outcome_word(outcome: OutboxOutcome) -> &'static str {
    match outcome {
        OutboxOutcome::Sent => "sent",
        OutboxOutcome::Expired => "expired",
        OutboxOutcome::Failed => "failed",
    }
}

/// A phone is told the same once within this time: whoever does a thing again and again cannot ring it each time.
const SAME_NEWS: Duration = Duration::from_mins(10);
const DAY: Duration = Duration::from_hours(24);
/// Notices to one number within [`DAY`], whatever account they are about.
const PHONE_A_DAY: u32 = 10;
/// The same with those of consequence, which the others cannot crowd out.
const PHONE_A_DAY_AT_MOST: u32 = 20;
/// Mails of one kind about one account within [`DAY`]; they carry the links, so they go on where phones are quiet.
const MAILS_A_DAY: u32 = 30;

/// Names what is counted. The numbers stand in the same store as they are, so a digest without a key hides no less.
fn rate(parts: &[&str], limit: u32, window: Duration) -> RateLimit {
    let digest = ring::digest::digest(&ring::digest::SHA256, parts.join("\n").as_bytes());
    let key = digest.as_ref().first_chunk().copied().unwrap_or_default();
    RateLimit { key: Digest::new(key), limit, window }
}

/// Is there room for this notice? Decided and counted in the transaction of what it tells.
async fn has_room(db: &mut SqliteConnection, item: &OutboxItem, notice: &Notice) -> Result<bool> {
    let (account, now) = (item.account.to_string(), item.created_at);
    let number = match &item.to {
        Recipient::Sms(number) | Recipient::Voice(number) => number.e164(),
        Recipient::Mail(address) => {
            // One account may carry mails to others, whose accounts are gone or not there yet.
            let mails = rate(&["mailed notices", &account, notice.kind(), address.as_str()], MAILS_A_DAY, DAY);
            return Ok(attempts::spend_rate(db, mails, now).await? == RateSpend::Granted);
        }
    };
    let most = if notice.of_consequence() { PHONE_A_DAY_AT_MOST } else { PHONE_A_DAY };
    let same = rate(&["notice", &account, notice.kind(), notice.about(), number], 1, SAME_NEWS);
    // The same news first: what is not told again takes nothing from the day.
    if attempts::spend_rate(&mut *db, same, now).await? != RateSpend::Granted {
        return Ok(false);
    }
    let day = attempts::spend_rate(&mut *db, rate(&["notices", number], most, DAY), now).await?;
    if day != RateSpend::Granted {
        attempts::refund_rate(db, same.key, now).await?;
    }
    Ok(day == RateSpend::Granted)
}

/// Orders a message within the transaction that makes it necessary. A notice for which there is no room is left out.
pub(super) async fn insert(db: &mut SqliteConnection, item: &OutboxItem) -> Result<()> {
    if let OutboxContent::Notice { notice } = &item.content
        && !has_room(&mut *db, item, notice).await?
    {
        tracing::info!(account = %item.account, notice = notice.kind(), "left out: the same was told, or much today");
        return Ok(());
    }
    let (channel, phone, email) = match &item.to {
        Recipient::Sms(number) => ("sms", Some(number), None),
        Recipient::Voice(number) => ("voice", Some(number), None),
        Recipient::Mail(address) => ("mail", None, Some(address.as_str())),
    };
    let phone = PhoneColumns::of(phone);
    let challenge = match &item.content {
        OutboxContent::Code { challenge, .. } => Some(challenge),
        _ => None,
    };
    let content = serde_json::to_string(&item.content).map_err(|_unwritable| StoreError::Corrupt {
        table: "outbox",
        column: "content",
        row: item.id.to_string(),
    })?;
    sqlx::query(
        "INSERT INTO outbox (id, account_id, channel, e164, extension, number_kind, email, language, content,
                             created_at, expires_at, link_id, state, challenge)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, 'queued', $12)",
    )
    .bind(item.id.to_string())
    .bind(item.account.to_string())
    .bind(channel)
    .bind(phone.e164)
    .bind(phone.extension)
    .bind(phone.number_kind)
    .bind(email)
    .bind(item.language.tag())
    .bind(content)
    .bind(item.created_at.as_millis())
    .bind(item.expires_at.as_millis())
    .bind(challenge.map(ToString::to_string))
    .bind(item.link.as_ref().map(|link| link.id.to_string()))
    .execute(&mut *db)
    .await?;
    match &item.link {
        Some(link) => links::insert(db, link).await,
        None => Ok(()),
    }
}

/// Orders the message of a sign-in's pending code.
pub(super) async fn insert_code(
    db: &mut SqliteConnection,
    sign_in: SignInId,
    account: AccountId,
    message: &OutboxOrder,
    now: Timestamp,
) -> Result<()> {
    let order = &message.order;
    let to = match order.kind {
        MethodKind::Sms => Recipient::Sms(order.to.clone()),
        MethodKind::Voice => Recipient::Voice(order.to.clone()),
        // An app shows its codes itself.
        MethodKind::App => return Ok(()),
    };
    let item = OutboxItem {
        id: message.id,
        account,
        to,
        language: message.language,
        content: OutboxContent::Code { sign_in, challenge: order.challenge, host: Some(message.host.clone()) },
        created_at: now,
        expires_at: order.expires_at,
        link: None,
    };
    insert(db, &item).await
}

fn item(row: &SqliteRow) -> Result<OutboxItem> {
    let cells = Cells::of(row, "outbox", "id")?;
    let to = match row.try_get("channel")? {
        "sms" => Recipient::Sms(cells.phone()?),
        "voice" => Recipient::Voice(cells.phone()?),
        "mail" => Recipient::Mail(cells.text("email", |text| EmailAddress::kept(text).ok())?),
        _ => return Err(cells.corrupt("channel")),
    };
    Ok(OutboxItem {
        id: cells.text("id", OutboxId::parse)?,
        account: cells.text("account_id", AccountId::parse)?,
        to,
        language: cells.text("language", Language::from_tag)?,
        content: cells.text("content", |text| serde_json::from_str(text).ok())?,
        created_at: cells.time("created_at")?,
        expires_at: cells.time("expires_at")?,
        link: None,
    })
}

impl SqliteStore {
    /// Commits, and wakes the delivery worker when the transaction ordered a message.
    pub(super) async fn commit(&self, tx: Transaction<'static, Sqlite>, ordered: bool) -> Result<()> {
        tx.commit().await?;
        if ordered {
            self.ordered.iter().for_each(Notify::notify_one);
        }
        Ok(())
    }

    pub(in crate::store) async fn enqueue(&self, order: &OutboxItem) -> Result<()> {
        let mut tx = self.write().await?;
        insert(&mut tx, order).await?;
        self.commit(tx, true).await
    }

    /// What another process took and died over. One SQLite file has one gateway, so whoever else holds a message is gone;
    /// should it live, it finds that it holds nothing any more before it hands anything over.
    pub(in crate::store) async fn resume_messages(&self, now: Timestamp) -> Result<Resumed> {
        let mut tx = self.write().await?;
        let found = sqlx::query(
            "UPDATE outbox SET state = 'queued', claimed_by = NULL
             WHERE state = 'claimed' AND handed_at IS NULL AND claimed_by IS NOT $1",
        )
        .bind(&self.claimant)
        .execute(&mut *tx)
        .await?;
        let unknown = sqlx::query(
            "UPDATE outbox SET state = 'sent', outcome = 'ambiguous', finished_at = $2
             WHERE state = 'claimed' AND handed_at IS NOT NULL AND claimed_by IS NOT $1",
        )
        .bind(&self.claimant)
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Resumed { queued: found.rows_affected(), unknown: unknown.rows_affected() })
    }

    pub(in crate::store) async fn claim_messages(
        &self,
        channel: Option<ChannelKind>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<OutboxItem>> {
        // The workers ask often and there is seldom anything: a look costs no write lock.
        let channel = channel.map(ChannelKind::as_str);
        let abandoned = (now - CLAIM_LASTS).as_millis();
        let waiting = sqlx::query(concat!("SELECT id FROM outbox WHERE ", waiting!(), " LIMIT 1"))
            .bind(now.as_millis())
            .bind(abandoned)
            .bind(channel)
            .fetch_optional(&self.readers)
            .await?;
        if waiting.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.write().await?;
        sqlx::query(
            "UPDATE outbox SET state = 'expired', finished_at = $1
             WHERE state IN ('queued', 'claimed') AND handed_at IS NULL AND expires_at <= $1",
        )
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await?;
        // Codes first: somebody waits for them. (PostgreSQL: the inner SELECT … FOR UPDATE SKIP LOCKED.)
        let claimed = sqlx::query(concat!(
            "UPDATE outbox SET state = 'claimed', claimed_at = $1, claimed_by = $4
             WHERE id IN (SELECT id FROM outbox WHERE ",
            waiting!(),
            " ORDER BY challenge IS NULL, created_at, id LIMIT $5) RETURNING *"
        ))
        .bind(now.as_millis())
        .bind(abandoned)
        .bind(channel)
        .bind(&self.claimant)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await?;
        let mut items = Vec::with_capacity(claimed.len());
        for row in &claimed {
            match item(row) {
                Ok(read) => {
                    let link = Cells::of(row, "outbox", "id")?.optional_text("link_id", LinkId::parse)?;
                    let link = match link {
                        Some(id) => links::good(&mut tx, id, now).await?,
                        None => None,
                    };
                    items.push(OutboxItem { link, ..read });
                }
                // One bad row must not keep every later message from going out.
                Err(error) => {
                    tracing::error!(%error, "a message cannot be read and is given up");
                    sqlx::query("UPDATE outbox SET state = 'failed', finished_at = $2 WHERE id = $1")
                        .bind(row.try_get::<&str, _>("id")?)
                        .bind(now.as_millis())
                        .execute(&mut *tx)
                        .await?;
                }
            }
        }
        tx.commit().await?;
        items.sort_by_key(|item| (item.created_at, item.id));
        Ok(items)
    }

    pub(in crate::store) async fn hand_over(
        &self,
        id: OutboxId,
        provider: &str,
        now: Timestamp,
    ) -> Result<Option<u32>> {
        let mut tx = self.write().await?;
        let row = sqlx::query(
            "UPDATE outbox SET handed_at = $3, provider = $4, attempts = attempts + 1
             WHERE id = $1 AND state = 'claimed' AND claimed_by = $2 AND handed_at IS NULL AND expires_at > $3
             RETURNING attempts",
        )
        .bind(id.to_string())
        .bind(&self.claimant)
        .bind(now.as_millis())
        .bind(provider)
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        row.map(|row| Ok(row.try_get("attempts")?)).transpose()
    }

    pub(in crate::store) async fn take_back(&self, id: OutboxId, outcome: &str) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query(
            "UPDATE outbox SET handed_at = NULL, outcome = $3
             WHERE id = $1 AND state = 'claimed' AND claimed_by = $2",
        )
        .bind(id.to_string())
        .bind(&self.claimant)
        .bind(outcome)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn retry_message(&self, id: OutboxId, due_at: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query(
            "UPDATE outbox SET state = 'queued', claimed_by = NULL, due_at = $3
             WHERE id = $1 AND state = 'claimed' AND claimed_by = $2 AND handed_at IS NULL",
        )
        .bind(id.to_string())
        .bind(&self.claimant)
        .bind(due_at.as_millis())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn finish_message(
        &self,
        id: OutboxId,
        ended: OutboxOutcome,
        (outcome, provider_id): (&str, Option<&str>),
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        // Another process that started meanwhile may have written that nobody knows: we do.
        sqlx::query(
            "UPDATE outbox SET state = $3, outcome = $4, provider_id = $5, finished_at = $6
             WHERE id = $1 AND claimed_by = $2 AND (state = 'claimed' OR outcome = 'ambiguous')",
        )
        .bind(id.to_string())
        .bind(&self.claimant)
        .bind(outcome_word(ended))
        .bind(outcome)
        .bind(provider_id)
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn outbox_counts(&self, since: Timestamp) -> Result<Vec<OutboxCount>> {
        let rows = sqlx::query(
            "SELECT channel, provider, state, outcome, COUNT(*) AS messages, MIN(created_at) AS oldest FROM outbox
             WHERE finished_at > $1 OR finished_at IS NULL
             GROUP BY channel, provider, state, outcome ORDER BY channel, provider, state, outcome",
        )
        .bind(since.as_millis())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(OutboxCount {
                    channel: row.try_get("channel")?,
                    provider: row.try_get("provider")?,
                    state: row.try_get("state")?,
                    outcome: row.try_get("outcome")?,
                    messages: row.try_get("messages")?,
                    oldest: Timestamp::from_millis(row.try_get("oldest")?),
                })
            })
            .collect()
    }

    pub(in crate::store) async fn report_message(
        &self,
        id: OutboxId,
        report: DeliveryReport,
        now: Timestamp,
    ) -> Result<bool> {
        let channel = match report {
            DeliveryReport::Unanswered => Some("voice"),
            DeliveryReport::Undelivered | DeliveryReport::Delivered => None,
        };
        let overruled = |n: usize| report.overrules().get(n).map(|known| known.as_str());
        let mut tx = self.write().await?;
        let kept = sqlx::query(
            "UPDATE outbox SET report = $2, reported_at = $3
             WHERE id = $1 AND channel = COALESCE($4, channel) AND state IN ('claimed', 'sent')
               AND (report IS NULL OR report = $5 OR report = $6)",
        )
        .bind(id.to_string())
        .bind(report.as_str())
        .bind(now.as_millis())
        .bind(channel)
        .bind(overruled(0))
        .bind(overruled(1))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(kept.rows_affected() > 0)
    }

    pub(in crate::store) async fn next_message_signal(&self, channel: ChannelKind) {
        let [sms, voice, mail] = &*self.ordered;
        let signal = match channel {
            ChannelKind::Sms => sms,
            ChannelKind::Voice => voice,
            ChannelKind::Mail => mail,
        };
        signal.notified().await;
    }
}
