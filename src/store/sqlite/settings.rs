//! What a person changes inside a session. Each transaction first makes sure that the session it acts for is still there.

use std::time::Duration;

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{SqliteStore, accounts, attempts, outbox, recovery, rows::Cells, sessions, sign_in};
use crate::{
    account::{AccountId, Label, MethodId, MethodPair, NewMethod, Role},
    clock::Timestamp,
    language::Language,
    secret::Digest,
    session::{DeviceId, DeviceLabel, SecondStep, Session, SessionId},
    store::{
        Acting, BeginSignIn, ChangePassword, EndedSession, EndedTrust, Happened, HistoryEvent, HistoryLine, OutboxItem,
        RenewSession, ReplaceMethod, Result, SignInId, Stale, StoredMethods,
    },
};

/// How long a line of the history stays.
pub(super) const HISTORY_LASTS: Duration = Duration::from_hours(90 * 24);
/// Lines of one account.
const HISTORY_LINES: i64 = 50;
/// What repeats within this time is one line: a thousand guesses do not push the rest of the history out.
const HISTORY_REPEATS: Duration = Duration::from_hours(1);

/// Is the session still there, and the account as it was when the session was looked at?
pub(super) async fn acts(db: &mut SqliteConnection, acting: &Acting) -> Result<bool> {
    let alive = sqlx::query("SELECT id FROM sessions WHERE digest = $1 AND account_id = $2")
        .bind(acting.session.as_bytes().as_slice())
        .bind(acting.account.to_string())
        .fetch_optional(&mut *db)
        .await?;
    Ok(alive.is_some() && sign_in::current(db, acting.account, acting.credential_version).await?)
}

/// Takes away what a session was asked for, where the session is still there and nothing of it has moved on.
async fn takes_up(
    db: &mut SqliteConnection,
    acting: &Acting,
    pending: (SignInId, i64),
    now: Timestamp,
) -> Result<bool> {
    Ok(acts(db, acting).await? && sign_in::delete_version(db, pending, acting.account, now).await?)
}

/// Puts a session in the place of the acting one; what is noted under the name of the old one goes on under the new one.
/// `void`: a credential was changed inside it, so all other sessions end too, and all trust.
async fn renew(
    db: &mut SqliteConnection,
    acting: &Acting,
    session: &Session,
    void: Option<Timestamp>,
) -> Result<Vec<EndedSession>> {
    let old = sqlx::query(
        "SELECT s.id, n.network FROM sessions s LEFT JOIN session_networks n ON n.session_id = s.id WHERE s.digest = $1",
    )
    .bind(acting.session.as_bytes().as_slice())
    .fetch_one(&mut *db)
    .await?;
    let ended = match void {
        Some(now) => accounts::void_credentials(&mut *db, acting.account, now).await?,
        None => Vec::from_iter(sessions::delete_by_digest(&mut *db, &acting.session).await?),
    };
    // It takes the place of one that ended: none has to make room.
    sessions::insert(&mut *db, session, u32::MAX).await?;
    if let Some(network) = old.try_get::<Option<&[u8]>, _>("network")? {
        sqlx::query("INSERT INTO session_networks (session_id, network) VALUES ($1, $2)")
            .bind(session.id().to_string())
            .bind(network)
            .execute(&mut *db)
            .await?;
    }
    sqlx::query("UPDATE browser_hours SET session_id = $2 WHERE account_id = $1 AND session_id = $3")
        .bind(acting.account.to_string())
        .bind(session.id().to_string())
        .bind(old.try_get::<&str, _>("id")?)
        .execute(db)
        .await?;
    Ok(ended)
}

async fn tell(db: &mut SqliteConnection, notices: &[OutboxItem]) -> Result<()> {
    for notice in notices {
        outbox::insert(&mut *db, notice).await?;
    }
    Ok(())
}

impl SqliteStore {
    pub(in crate::store) async fn methods_of(&self, account: AccountId) -> Result<Option<StoredMethods>> {
        let mut tx = self.read().await?;
        self.stored_methods(&mut tx, account).await
    }

    async fn stored_methods(&self, db: &mut SqliteConnection, account: AccountId) -> Result<Option<StoredMethods>> {
        let Some(there) = self.methods(&mut *db, account).await? else { return Ok(None) };
        let row = sqlx::query("SELECT id, password_reset_at FROM accounts WHERE id = $1")
            .bind(account.to_string())
            .fetch_one(db)
            .await?;
        Ok(Some(StoredMethods {
            pair: there.pair,
            primary: there.primary,
            backup: there.backup,
            app_last_step: there.app_last_step,
            password_reset_at: Cells::of(&row, "accounts", "id")?.optional_time("password_reset_at")?,
        }))
    }

    pub(in crate::store) async fn begin_in_session(
        &self,
        begin: &BeginSignIn,
        acting: &Acting,
        now: Timestamp,
    ) -> Result<std::result::Result<bool, Stale>> {
        let mut tx = self.write().await?;
        if !acts(&mut tx, acting).await? {
            return Ok(Err(Stale::MovedOn));
        }
        let waiting = sqlx::query("SELECT id FROM sign_ins WHERE digest = $1 AND expires_at > $2")
            .bind(begin.digest.as_bytes().as_slice())
            .bind(now.as_millis())
            .fetch_optional(&mut *tx)
            .await?;
        if waiting.is_some() && begin.replaces != Some(begin.digest) {
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
        request: &RenewSession,
    ) -> Result<std::result::Result<Vec<EndedSession>, Stale>> {
        let account = request.acting.account;
        let mut tx = self.write().await?;
        // Leaving early drops the transaction: nothing of it stays.
        if !takes_up(&mut tx, &request.acting, request.pending, request.now).await? {
            return Ok(Err(Stale::MovedOn));
        }
        if let Some(used) = request.used
            && let Err(stale) = attempts::succeed(&mut tx, account, used, request.now).await?
        {
            return Ok(Err(stale));
        }
        let told = match request.used {
            Some(_) => {
                let account = request.acting.account;
                recovery::end_by_code(&mut tx, account, request.ends_recovery.as_ref(), request.now).await?
            }
            None => false,
        };
        let ended = renew(&mut tx, &request.acting, &request.session, None).await?;
        let (before, after): &(Digest, Digest) = &request.carried;
        sqlx::query("UPDATE sign_ins SET digest = $2 WHERE digest = $1")
            .bind(before.as_bytes().as_slice())
            .bind(after.as_bytes().as_slice())
            .execute(&mut *tx)
            .await?;
        self.commit(tx, told).await?;
        Ok(Ok(ended))
    }

    pub(in crate::store) async fn replace_method(
        &self,
        request: &ReplaceMethod,
    ) -> Result<std::result::Result<Vec<EndedSession>, Stale>> {
        let account = request.acting.account;
        let mut tx = self.write().await?;
        if !takes_up(&mut tx, &request.acting, request.pending, request.now).await? {
            return Ok(Err(Stale::MovedOn));
        }
        let Some(there) = self.stored_methods(&mut tx, account).await? else { return Ok(Err(Stale::MovedOn)) };
        let role = [Role::Primary, Role::Backup].into_iter().find(|role| there.pair.get(*role).id == request.old);
        let Some(role) = role else { return Ok(Err(Stale::MovedOn)) };
        if there.locked_until(role, request.now).is_some() {
            return Ok(Err(Stale::MovedOn));
        }
        // The pair was judged when the new method was chosen; nothing illegal is stored whatever happened since.
        let half = |target: &crate::account::Target| NewMethod { target: target.clone(), label: None };
        let stays = half(&there.pair.get(role.other()).target);
        if MethodPair::new(half(&request.new.method.target), stays).is_err() {
            return Ok(Err(Stale::MovedOn));
        }
        sqlx::query("DELETE FROM methods WHERE id = $1").bind(request.old.to_string()).execute(&mut *tx).await?;
        self.insert_method(&mut tx, account, role, &request.new).await?;
        let ended = renew(&mut tx, &request.acting, &request.session, Some(request.now)).await?;
        tell(&mut tx, &request.notices).await?;
        self.commit(tx, !request.notices.is_empty()).await?;
        Ok(Ok(ended))
    }

    pub(in crate::store) async fn change_password(
        &self,
        request: &ChangePassword,
    ) -> Result<std::result::Result<Vec<EndedSession>, Stale>> {
        let mut tx = self.write().await?;
        if !acts(&mut tx, &request.acting).await? {
            return Ok(Err(Stale::MovedOn));
        }
        sqlx::query("UPDATE accounts SET password_hash = $2 WHERE id = $1")
            .bind(request.acting.account.to_string())
            .bind(request.hash.expose())
            .execute(&mut *tx)
            .await?;
        let ended = renew(&mut tx, &request.acting, &request.session, Some(request.now)).await?;
        tell(&mut tx, &request.notices).await?;
        self.commit(tx, !request.notices.is_empty()).await?;
        Ok(Ok(ended))
    }

    pub(in crate::store) async fn swap_methods(
        &self,
        acting: &Acting,
        primary: MethodId,
        notices: &[OutboxItem],
    ) -> Result<std::result::Result<(), Stale>> {
        let mut tx = self.write().await?;
        if !acts(&mut tx, acting).await? {
            return Ok(Err(Stale::MovedOn));
        }
        let there = self.methods(&mut tx, acting.account).await?;
        let Some(pair) = there.map(|m| m.pair).filter(|pair| pair.primary().id == primary) else {
            return Ok(Err(Stale::MovedOn));
        };
        // One account has each role once, also in between: the primary steps aside, under no account, until the commit.
        sqlx::query("PRAGMA defer_foreign_keys = ON").execute(&mut *tx).await?;
        for (statement, method) in [
            ("UPDATE methods SET account_id = '', role = 'backup' WHERE id = $1 AND $2 <> ''", pair.primary().id),
            ("UPDATE methods SET role = 'primary' WHERE id = $1 AND account_id = $2", pair.backup().id),
            ("UPDATE methods SET account_id = $2 WHERE id = $1", pair.primary().id),
        ] {
            sqlx::query(statement).bind(method.to_string()).bind(acting.account.to_string()).execute(&mut *tx).await?;
        }
        tell(&mut tx, notices).await?;
        self.commit(tx, !notices.is_empty()).await?;
        Ok(Ok(()))
    }

    pub(in crate::store) async fn relabel_method(
        &self,
        acting: &Acting,
        method: MethodId,
        label: Option<&Label>,
        notices: &[OutboxItem],
    ) -> Result<std::result::Result<(), Stale>> {
        let mut tx = self.write().await?;
        if !acts(&mut tx, acting).await? {
            return Ok(Err(Stale::MovedOn));
        }
        let named = sqlx::query("SELECT label FROM methods WHERE id = $1 AND account_id = $2")
            .bind(method.to_string())
            .bind(acting.account.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = named else { return Ok(Err(Stale::MovedOn)) };
        let another = row.try_get::<Option<&str>, _>("label")? != label.map(Label::as_str);
        if another {
            sqlx::query("UPDATE methods SET label = $2 WHERE id = $1")
                .bind(method.to_string())
                .bind(label.map(Label::as_str))
                .execute(&mut *tx)
                .await?;
            tell(&mut tx, notices).await?;
        }
        self.commit(tx, another && !notices.is_empty()).await?;
        Ok(Ok(()))
    }

    pub(in crate::store) async fn end_trust(
        &self,
        acting: &Acting,
        device: Option<DeviceId>,
        notices: &[OutboxItem],
    ) -> Result<std::result::Result<EndedTrust, Stale>> {
        let mut tx = self.write().await?;
        if !acts(&mut tx, acting).await? {
            return Ok(Err(Stale::MovedOn));
        }
        let ended = sessions::end_trust(&mut tx, acting.account, device, Some(&acting.session)).await?;
        if ended.devices > 0 {
            tell(&mut tx, notices).await?;
        }
        self.commit(tx, ended.devices > 0 && !notices.is_empty()).await?;
        Ok(Ok(ended))
    }

    pub(in crate::store) async fn end_others(
        &self,
        acting: &Acting,
        session: Option<SessionId>,
        notices: &[OutboxItem],
    ) -> Result<std::result::Result<Vec<EndedSession>, Stale>> {
        let mut tx = self.write().await?;
        if !acts(&mut tx, acting).await? {
            return Ok(Err(Stale::MovedOn));
        }
        let ended = sqlx::query(
            "DELETE FROM sessions WHERE account_id = $1 AND digest <> $2 AND ($3 IS NULL OR id = $3)
             RETURNING id, account_id, digest",
        )
        .bind(acting.account.to_string())
        .bind(acting.session.as_bytes().as_slice())
        .bind(session.map(|id| id.to_string()))
        .fetch_all(&mut *tx)
        .await?;
        if !ended.is_empty() {
            tell(&mut tx, notices).await?;
        }
        self.commit(tx, !ended.is_empty() && !notices.is_empty()).await?;
        ended.iter().map(sessions::ended).collect::<Result<Vec<_>>>().map(Ok)
    }

    pub(in crate::store) async fn set_language(
        &self,
        acting: &Acting,
        language: Language,
        notices: &[OutboxItem],
    ) -> Result<std::result::Result<(), Stale>> {
        let mut tx = self.write().await?;
        if !acts(&mut tx, acting).await? {
            return Ok(Err(Stale::MovedOn));
        }
        let changed = sqlx::query("UPDATE accounts SET language = $2 WHERE id = $1 AND language <> $2")
            .bind(acting.account.to_string())
            .bind(language.tag())
            .execute(&mut *tx)
            .await?;
        let another = changed.rows_affected() > 0;
        if another {
            tell(&mut tx, notices).await?;
        }
        self.commit(tx, another && !notices.is_empty()).await?;
        Ok(Ok(()))
    }

    pub(in crate::store) async fn note_history(&self, event: &HistoryEvent) -> Result<()> {
        let (what, second_step) = words(event.what);
        let mut tx = self.write().await?;
        let repeated = sqlx::query(
            "UPDATE sign_in_history SET at = max(at, $6), times = times + 1
             WHERE what <> 'signed_in' AND what = $2 AND second_step IS $3 AND browser = $4 AND network = $5
               AND first_at > $7
               AND id = (SELECT id FROM sign_in_history
                         WHERE account_id = $1 AND what = $2 AND second_step IS $3 AND browser = $4 AND network = $5
                         ORDER BY at DESC, id DESC LIMIT 1)",
        )
        .bind(event.account.to_string())
        .bind(what)
        .bind(second_step)
        .bind(event.browser.as_str())
        .bind(&event.network)
        .bind(event.at.as_millis())
        .bind((event.at - HISTORY_REPEATS).as_millis())
        .execute(&mut *tx)
        .await?;
        if repeated.rows_affected() == 0 {
            sqlx::query(
                "INSERT INTO sign_in_history (account_id, what, second_step, browser, network, first_at, at, times)
                 VALUES ($1, $2, $3, $4, $5, $6, $6, 1)",
            )
            .bind(event.account.to_string())
            .bind(what)
            .bind(second_step)
            .bind(event.browser.as_str())
            .bind(&event.network)
            .bind(event.at.as_millis())
            .execute(&mut *tx)
            .await?;
            // Sign-ins and refusals have room of their own: a stranger's guesses do not push out the person's sign-ins.
            sqlx::query(
                "DELETE FROM sign_in_history
                 WHERE account_id = $1 AND (what = 'signed_in') = ($2 = 'signed_in')
                   AND id NOT IN (SELECT id FROM sign_in_history
                                  WHERE account_id = $1 AND (what = 'signed_in') = ($2 = 'signed_in')
                                  ORDER BY at DESC, id DESC LIMIT $3)",
            )
            .bind(event.account.to_string())
            .bind(what)
            .bind(HISTORY_LINES / 2)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn history(&self, account: AccountId) -> Result<Vec<HistoryLine>> {
        sqlx::query(
            "SELECT CAST(id AS TEXT) AS name, * FROM sign_in_history WHERE account_id = $1 ORDER BY at DESC, id DESC",
        )
        .bind(account.to_string())
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(line)
        .collect()
    }
}

const fn words(what: Happened) -> (&'static str, Option<&'static str>) {
    match what {
        Happened::SignedIn(step) => ("signed_in", Some(step.as_str())),
        Happened::WrongPassword => ("wrong_password", None),
        Happened::WrongCode(kind) => ("wrong_code", Some(kind.as_str())),
        Happened::DeviceReplayed => ("device_replayed", None),
        Happened::RecoveryCodeUsed => ("recovery_code_used", None),
        Happened::WrongRecoveryCode => ("wrong_recovery_code", None),
    }
}

fn line(row: &SqliteRow) -> Result<HistoryLine> {
    let cells = Cells::of(row, "sign_in_history", "name")?;
    let step = cells.optional_text("second_step", SecondStep::parse)?;
    let what = cells.text("what", |what| {
        Some(match (what, step) {
            ("signed_in", Some(step)) => Happened::SignedIn(step),
            ("wrong_password", None) => Happened::WrongPassword,
            ("wrong_code", Some(SecondStep::Code(kind))) => Happened::WrongCode(kind),
            ("device_replayed", None) => Happened::DeviceReplayed,
            ("recovery_code_used", None) => Happened::RecoveryCodeUsed,
            ("wrong_recovery_code", None) => Happened::WrongRecoveryCode,
            _ => return None,
        })
    })?;
    let event = HistoryEvent {
        account: cells.text("account_id", AccountId::parse)?,
        what,
        browser: cells.text("browser", |text| Some(DeviceLabel::new(text)))?,
        network: cells.text("network", |text| Some(text.to_owned()))?,
        at: cells.time("at")?,
    };
    Ok(HistoryLine { event, first_at: cells.time("first_at")?, times: cells.count("times")? })
}
