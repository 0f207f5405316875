//! Messages with codes: how many may go out, and the code of a method that is good now in a browser. Both are decided
//! inside the transaction that orders the message, so that any number of sign-ins at once send no more than one.

use sqlx::{Row as _, SqliteConnection};

use super::{SqliteStore, attempts::spend_rate, budget, outbox, rows::Cells};
use crate::{
    account::{AccountId, MethodId, MethodKind},
    authn::{Challenge, ChallengeId, SignIn},
    clock::Timestamp,
    keyring::{Place, Purpose},
    secret::Digest,
    store::{
        Delivery, DeliveryReport, MessageState, OutboxOrder, RateSpend, Result, SendKey, SendLimit, SignInId,
        SignInPlace, Stale, StoreError,
    },
};

fn challenge_place(method: &MethodId) -> Place<'_> {
    Place { table: "sign_in_codes", column: "challenge", row: method.as_bytes() }
}

fn corrupt(method: &MethodId) -> StoreError {
    StoreError::Corrupt { table: "sign_in_codes", column: "challenge", row: method.to_string() }
}

/// Pays for one message, or says from when the next one may go. One statement counts, sets the wait that follows, and
/// refuses while one runs; a flow that is long over begins again.
async fn spend(db: &mut SqliteConnection, limit: &SendLimit, now: Timestamp) -> Result<std::result::Result<(), Stale>> {
    let millis = |duration: &std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let waits = serde_json::Value::from(limit.waits.iter().map(millis).collect::<Vec<_>>()).to_string();
    let counted = sqlx::query(
        "INSERT INTO sends (key, sent, last_at, next_at)
         VALUES ($1, 1, $2, $2 + coalesce(json_extract($3, '$[0]'), $4))
         ON CONFLICT (key) DO UPDATE SET
             sent = CASE WHEN sends.last_at + $4 <= $2 THEN 1 ELSE sends.sent + 1 END,
             last_at = $2,
             next_at = $2 + coalesce(
                 json_extract($3, '$[' || CASE WHEN sends.last_at + $4 <= $2 THEN 0 ELSE sends.sent END || ']'), $4)
         WHERE sends.next_at <= $2",
    )
    .bind(limit.key.to_string())
    .bind(now.as_millis())
    .bind(waits)
    .bind(millis(&limit.rest))
    .execute(&mut *db)
    .await?;
    if counted.rows_affected() > 0 {
        return Ok(Ok(()));
    }
    let MessageState { sent, next_at, .. } = state(db, limit.key, now).await?;
    let more = usize::try_from(sent).is_ok_and(|sent| sent <= limit.waits.len());
    let at = next_at.unwrap_or(now);
    Ok(Err(if more { Stale::SendAgainAt(at) } else { Stale::NoMoreSends(at) }))
}

/// What was counted; the code is not read.
async fn state(db: &mut SqliteConnection, key: SendKey, now: Timestamp) -> Result<MessageState> {
    let row = sqlx::query("SELECT key, sent, next_at FROM sends WHERE key = $1 AND next_at > $2")
        .bind(key.to_string())
        .bind(now.as_millis())
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(MessageState::default()) };
    let cells = Cells::of(&row, "sends", "key")?;
    Ok(MessageState { sent: cells.count("sent")?, next_at: Some(cells.time("next_at")?), ..MessageState::default() })
}

impl SqliteStore {
    /// Within the transaction that stores the state: pays for the message, makes its code the one that is good for the
    /// method, and puts the message into the outbox. `Err`: nothing of the transaction may stay.
    pub(super) async fn order_message(
        &self,
        db: &mut SqliteConnection,
        id: SignInId,
        account: AccountId,
        sign_in: &SignIn,
        message: &OutboxOrder,
        now: Timestamp,
    ) -> Result<std::result::Result<(), Stale>> {
        if let Err(refused) = spend(db, &message.limit, now).await? {
            return Ok(Err(refused));
        }
        if let RateSpend::Wait(until) = spend_rate(db, message.limit.day, now).await? {
            return Ok(Err(Stale::NoMoreSends(until)));
        }
        if let Some(toll) = &message.toll
            && let Some(withheld) = budget::spend(db, toll, now).await?
        {
            return Ok(Err(Stale::Withheld(withheld)));
        }
        if let Some(challenge) = sign_in.challenge()
            && let Some(method) = challenge.method()
            && !self.put_code(db, account, method, &message.place.browser, challenge, now).await?
        {
            return Ok(Err(Stale::MovedOn));
        }
        outbox::insert_code(db, id, account, message, now).await?;
        if let Some(toll) = &message.toll {
            budget::note(db, message.id, toll).await?;
        }
        Ok(Ok(()))
    }

    /// `false` when another code of the method is good in this browser and has more than half of the time that the new one
    /// has, or the method is gone.
    async fn put_code(
        &self,
        db: &mut SqliteConnection,
        account: AccountId,
        method: MethodId,
        browser: &Digest,
        challenge: &Challenge,
        now: Timestamp,
    ) -> Result<bool> {
        let record = challenge.to_record().map_err(|_unwritable| corrupt(&method))?;
        let sealed = self
            .keyring
            .seal(Purpose::SealedColumn, challenge_place(&method), record.expose(), &*self.entropy)
            .map_err(|_unsealed| corrupt(&method))?;
        let put = sqlx::query(
            "INSERT INTO sign_in_codes (method_id, browser, challenge_id, challenge, expires_at)
             SELECT id, $7, $3, $4, $5 FROM methods WHERE id = $1 AND account_id = $2
             ON CONFLICT (method_id, browser) DO UPDATE SET
                 challenge_id = excluded.challenge_id, challenge = excluded.challenge, expires_at = excluded.expires_at
             WHERE (sign_in_codes.expires_at - $6) * 2 <= excluded.expires_at - $6
                OR sign_in_codes.challenge_id = excluded.challenge_id",
        )
        .bind(method.to_string())
        .bind(account.to_string())
        .bind(challenge.id().to_string())
        .bind(sealed)
        .bind(challenge.expires_at().as_millis())
        .bind(now.as_millis())
        .bind(browser.as_bytes().as_slice())
        .execute(db)
        .await?;
        Ok(put.rows_affected() > 0)
    }

    pub(in crate::store) async fn method_messages(
        &self,
        method: MethodId,
        place: &SignInPlace,
        now: Timestamp,
    ) -> Result<MessageState> {
        self.messages(&mut *self.read().await?, method, place, now).await
    }

    /// What was sent to a method, and the code that is good.
    pub(super) async fn messages(
        &self,
        db: &mut SqliteConnection,
        method: MethodId,
        place: &SignInPlace,
        now: Timestamp,
    ) -> Result<MessageState> {
        let sql = "SELECT challenge, browser = $2 AS here FROM sign_in_codes WHERE method_id = $1 AND expires_at > $3";
        let rows = sqlx::query(sql)
            .bind(method.to_string())
            .bind(place.browser.as_bytes().as_slice())
            .bind(now.as_millis())
            .fetch_all(&mut *db)
            .await?;
        let (mut code, mut elsewhere) = (None, false);
        for row in rows {
            if row.try_get("here")? {
                code = Some(self.open_code(&method, row.try_get("challenge")?)?);
            } else {
                elsewhere = true;
            }
        }
        Ok(MessageState { code, elsewhere, ..state(db, place.counts(method), now).await? })
    }

    fn open_code(&self, method: &MethodId, sealed: &[u8]) -> Result<Challenge> {
        let opened = self.keyring.open(Purpose::SealedColumn, challenge_place(method), sealed);
        let record = opened.map_err(|_unsealed| corrupt(method))?;
        Challenge::from_record(&record).map_err(|_unreadable| corrupt(method))
    }

    pub(in crate::store) async fn message_state(&self, key: SendKey, now: Timestamp) -> Result<MessageState> {
        state(&mut *self.read().await?, key, now).await
    }

    pub(in crate::store) async fn number_proven(
        &self,
        key: SendKey,
        challenge: ChallengeId,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        forget_sends(&mut tx, key).await?;
        budget::verified(&mut tx, challenge, now).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn ordered_code(
        &self,
        sign_in: SignInId,
        challenge: ChallengeId,
        now: Timestamp,
    ) -> Result<Option<Challenge>> {
        // A code of a method outlives the sign-in that asked for it; the account must still be one that signs in.
        let row = sqlx::query(
            "SELECT c.method_id, c.challenge FROM sign_in_codes c
             JOIN methods m ON m.id = c.method_id JOIN accounts a ON a.id = m.account_id
             WHERE c.challenge_id = $1 AND c.expires_at > $2 AND a.disabled_at IS NULL",
        )
        .bind(challenge.to_string())
        .bind(now.as_millis())
        .fetch_optional(&self.readers)
        .await?;
        if let Some(row) = row {
            let cells = Cells::of(&row, "sign_in_codes", "method_id")?;
            let method = cells.text("method_id", MethodId::parse)?;
            return self.open_code(&method, row.try_get("challenge")?).map(Some);
        }
        let pending = self.pending_sign_in_by_id(sign_in, now).await?;
        let proving = pending.as_ref().and_then(|pending| pending.sign_in.challenge());
        Ok(proving.filter(|proving| proving.id() == challenge && proving.method().is_none()).cloned())
    }

    pub(in crate::store) async fn delivery(
        &self,
        challenge: ChallengeId,
        channel: MethodKind,
    ) -> Result<Option<Delivery>> {
        let row = sqlx::query(
            "SELECT id, state, report, reported_at, outcome FROM outbox WHERE challenge = $1 AND channel = $2
             ORDER BY created_at DESC, rowid DESC LIMIT 1",
        )
        .bind(challenge.to_string())
        .bind(channel.as_str())
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let word = |word: &str| match word {
            "queued" | "claimed" => Some(Delivery::Queued),
            "sent" => Some(Delivery::Sent),
            "failed" | "expired" => Some(Delivery::Failed),
            _ => None,
        };
        let cells = Cells::of(&row, "outbox", "id")?;
        let because: Option<&str> = row.try_get("outcome")?;
        // A report may overtake the note that the message was taken.
        Ok(Some(match cells.optional_text("report", DeliveryReport::parse)? {
            Some(DeliveryReport::Unanswered) => Delivery::Unanswered,
            Some(DeliveryReport::Undelivered) => Delivery::Undelivered,
            Some(DeliveryReport::Delivered) => Delivery::Delivered(cells.time("reported_at")?),
            None => match (cells.text("state", word)?, because) {
                (Delivery::Failed, Some("not_sms_capable")) => Delivery::NotSms,
                (Delivery::Failed, Some("invalid_number" | "number_blocked" | "country_blocked" | "fraud_blocked")) => {
                    Delivery::Refused
                }
                (state, _) => state,
            },
        }))
    }
}

/// Takes the code of a message: it is good once, whichever tab is first. `false`: it was taken.
pub(super) async fn take_code(
    db: &mut SqliteConnection,
    method: MethodId,
    challenge: ChallengeId,
    now: Timestamp,
) -> Result<bool> {
    let taken = sqlx::query("DELETE FROM sign_in_codes WHERE method_id = $1 AND challenge_id = $2")
        .bind(method.to_string())
        .bind(challenge.to_string())
        .execute(&mut *db)
        .await?;
    if taken.rows_affected() == 0 {
        return Ok(false);
    }
    // The message came, and the person is who they say: the next flow begins with the first wait, in any browser.
    sqlx::query("DELETE FROM sends WHERE key = $1 OR key GLOB $1 || ':*'")
        .bind(SendKey::Method(method).to_string())
        .execute(&mut *db)
        .await?;
    budget::verified(db, challenge, now).await?;
    Ok(true)
}

async fn forget_sends(db: &mut SqliteConnection, key: SendKey) -> Result<()> {
    sqlx::query("DELETE FROM sends WHERE key = $1").bind(key.to_string()).execute(db).await?;
    Ok(())
}
