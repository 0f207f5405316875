//! Accounts, their credentials and their pairs.

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    SqliteStore, links, outbox, recovery,
    rows::{self, account_columns},
    sessions, users,
};
use crate::{
    account::{Account, AccountId, EmailAddress, Label, LoginName, MethodPair, PhoneNumber, Role, Target},
    authn::{
        OpenedBy, PasswordHash, Ticket,
        recovery::{CancelledBy, Receipt},
    },
    clock::Timestamp,
    store::{
        AccountSummary, Credentials, EndedSession, EnrolledMethod, Enrolment, LinkPurpose, NewAccount, NewAccountError,
        OutboxItem, Result, Stale,
    },
};

/// A summary's columns; sessions and trust of older credentials are not counted.
macro_rules! summaries {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            account_columns!(),
            ", (SELECT count(*) FROM sessions s
                WHERE s.account_id = a.id AND s.credential_version = a.credential_version) AS session_count,
               (SELECT count(*) FROM trusted_devices d
                WHERE d.account_id = a.id AND d.credential_version = a.credential_version) AS device_count, a.frozen_at, a.enrolled_by,
               (SELECT receipt FROM recovery_requests r
                WHERE r.account_id = a.id AND r.state = 'open') AS recovery_receipt
             FROM accounts a ",
            $rest
        )
    };
}
pub(super) use summaries;

/// A row of [`summaries!`] with what was read of the account's methods.
pub(super) fn summary_row(row: &SqliteRow, account: Account, pair: Option<MethodPair>) -> Result<AccountSummary> {
    let cells = rows::Cells::of(row, "accounts", "account_id")?;
    let enrolled_by = cells.optional_text("enrolled_by", OpenedBy::parse)?.filter(|_| pair.is_some());
    Ok(AccountSummary {
        pair,
        enrolled_by,
        sessions: cells.count("session_count")?,
        devices: cells.count("device_count")?,
        frozen_at: cells.optional_time("frozen_at")?,
        recovery: cells.optional_text("recovery_receipt", Receipt::parse)?,
        ticket_until: rows::ticket(row)?.map(|ticket| ticket.expires_at),
        account,
    })
}

/// The columns of a number, for the two tables that have them.
pub(super) struct PhoneColumns<'a> {
    pub(super) e164: Option<&'a str>,
    pub(super) extension: Option<&'a str>,
    pub(super) number_kind: Option<&'static str>,
}

impl<'a> PhoneColumns<'a> {
    pub(super) fn of(number: Option<&'a PhoneNumber>) -> Self {
        Self {
            e164: number.map(PhoneNumber::e164),
            extension: number.and_then(PhoneNumber::extension),
            number_kind: number.map(|n| n.kind().as_str()),
        }
    }
}

/// Stores an account, or says which of its names is taken.
pub(super) async fn insert(
    db: &mut SqliteConnection,
    new: &NewAccount,
) -> Result<std::result::Result<(), NewAccountError>> {
    let account = &new.account;
    // A user name has no "@" and an address has one: a name is only ever taken by its own kind.
    let taken = sqlx::query("SELECT id FROM accounts WHERE user_name = $1")
        .bind(account.user_name.as_str())
        .fetch_optional(&mut *db)
        .await?;
    if taken.is_some() {
        return Ok(Err(NewAccountError::UserNameTaken));
    }
    if let Some(email) = &account.email {
        let taken = sqlx::query("SELECT id FROM accounts WHERE email = $1")
            .bind(email.as_str())
            .fetch_optional(&mut *db)
            .await?;
        if taken.is_some() {
            return Ok(Err(NewAccountError::EmailTaken));
        }
    }
    sqlx::query(
        "INSERT INTO accounts (id, user_name, email, display_name, group_names, language, password_hash,
                               credential_version, credentials_changed_at, disabled_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9)",
    )
    .bind(account.id.to_string())
    .bind(account.user_name.as_str())
    .bind(account.email.as_ref().map(EmailAddress::as_str))
    .bind(account.display_name.as_deref())
    .bind(rows::group_names(&account.groups))
    .bind(account.language.tag())
    .bind(new.hash.expose())
    .bind(account.credential_version.0)
    .bind(account.created_at.as_millis())
    .bind(account.disabled.then(|| account.created_at.as_millis()))
    .execute(&mut *db)
    .await?;
    Ok(Ok(()))
}

impl SqliteStore {
    pub(in crate::store) async fn create_account(
        &self,
        new: &NewAccount,
    ) -> Result<std::result::Result<(), NewAccountError>> {
        let mut tx = self.write().await?;
        let made = insert(&mut tx, new).await?;
        if made.is_ok() {
            tx.commit().await?;
        }
        Ok(made)
    }

    async fn summary(&self, db: &mut SqliteConnection, row: &SqliteRow) -> Result<AccountSummary> {
        let account = rows::account(row)?;
        let methods = self.methods(db, account.id).await?;
        summary_row(row, account, methods.map(|m| m.pair))
    }

    pub(in crate::store) async fn accounts(&self) -> Result<Vec<AccountSummary>> {
        self.accounts_after(None, u32::MAX).await
    }

    pub(super) async fn summary_of(&self, db: &mut SqliteConnection, id: AccountId) -> Result<Option<AccountSummary>> {
        let found = sqlx::query(summaries!("WHERE a.id = $1")).bind(id.to_string()).fetch_optional(&mut *db).await?;
        match found {
            None => Ok(None),
            Some(row) => self.summary(db, &row).await.map(Some),
        }
    }

    pub(in crate::store) async fn account(&self, id: AccountId) -> Result<Option<AccountSummary>> {
        let mut tx = self.read().await?;
        self.summary_of(&mut tx, id).await
    }

    pub(in crate::store) async fn account_by_login(&self, name: &LoginName) -> Result<Option<AccountSummary>> {
        let statement = match name {
            LoginName::UserName(_) => summaries!("WHERE a.user_name = $1"),
            LoginName::Email(_) => summaries!("WHERE a.email = $1"),
            LoginName::Impossible(_) => return Ok(None),
        };
        let mut tx = self.read().await?;
        match sqlx::query(statement).bind(name.as_str()).fetch_optional(&mut *tx).await? {
            None => Ok(None),
            Some(row) => self.summary(&mut tx, &row).await.map(Some),
        }
    }

    pub(in crate::store) async fn credentials(&self, name: &LoginName) -> Result<Option<Credentials>> {
        // A name nobody can have is looked up all the same: the answer takes as long as for one nobody has.
        let statement = match name {
            LoginName::UserName(_) | LoginName::Impossible(_) => {
                concat!(
                    "SELECT ",
                    account_columns!(),
                    ", a.password_hash, a.frozen_at FROM accounts a WHERE a.user_name = $1"
                )
            }
            LoginName::Email(_) => {
                concat!(
                    "SELECT ",
                    account_columns!(),
                    ", a.password_hash, a.frozen_at FROM accounts a WHERE a.email = $1"
                )
            }
        };
        let mut tx = self.read().await?;
        let Some(row) = sqlx::query(statement).bind(name.as_str()).fetch_optional(&mut *tx).await? else {
            return Ok(None);
        };
        let account = rows::account(&row)?;
        let methods = self.methods(&mut tx, account.id).await?;
        let app_last_step = methods.as_ref().and_then(|m| m.app_last_step);
        let hash = PasswordHash::from_record(row.try_get("password_hash")?);
        let ticket = rows::ticket(&row)?;
        let frozen = row.try_get::<Option<i64>, _>("frozen_at")?.is_some();
        Ok(Some(Credentials { account, hash, pair: methods.map(|m| m.pair), app_last_step, ticket, frozen }))
    }

    pub(in crate::store) async fn note_cut_short(&self, id: AccountId, now: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query("INSERT INTO cut_short_passwords (account_id, seen_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(id.to_string())
            .bind(now.as_millis())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn set_disabled(
        &self,
        id: AccountId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<Option<Vec<EndedSession>>> {
        let mut tx = self.write().await?;
        let found = sqlx::query("UPDATE accounts SET disabled_at = $2 WHERE id = $1")
            .bind(id.to_string())
            .bind(disabled.then(|| now.as_millis()))
            .execute(&mut *tx)
            .await?;
        if found.rows_affected() == 0 {
            return Ok(None);
        }
        let ended = if disabled {
            users::withdraw_of(&mut tx, id).await?;
            void_credentials(&mut tx, id, now).await?
        } else {
            Vec::new()
        };
        tx.commit().await?;
        Ok(Some(ended))
    }

    pub(in crate::store) async fn set_password(
        &self,
        id: AccountId,
        hash: &PasswordHash,
        notices: &[OutboxItem],
        now: Timestamp,
    ) -> Result<Option<Vec<EndedSession>>> {
        let mut tx = self.write().await?;
        let found = sqlx::query("UPDATE accounts SET password_hash = $2, frozen_at = NULL WHERE id = $1")
            .bind(id.to_string())
            .bind(hash.expose())
            .execute(&mut *tx)
            .await?;
        if found.rows_affected() == 0 {
            return Ok(None);
        }
        let ended = void_credentials(&mut tx, id, now).await?;
        // What an earlier notice offers was about the old password; the new notice brings its own link.
        links::delete_of_account(&mut tx, id, LinkPurpose::NotMe).await?;
        for notice in notices {
            outbox::insert(&mut tx, notice).await?;
        }
        self.commit(tx, !notices.is_empty()).await?;
        Ok(Some(ended))
    }

    pub(in crate::store) async fn reset_methods(
        &self,
        id: AccountId,
        ticket: &Ticket,
        notices: &[OutboxItem],
        now: Timestamp,
    ) -> Result<Option<Vec<EndedSession>>> {
        let mut tx = self.write().await?;
        recovery::end_open(&mut tx, id, CancelledBy::Reset, now).await?;
        let Some(ended) = give_ticket(&mut tx, id, ticket, now).await? else { return Ok(None) };
        for notice in notices {
            outbox::insert(&mut tx, notice).await?;
        }
        self.commit(tx, !notices.is_empty()).await?;
        Ok(Some(ended))
    }

    pub(in crate::store) async fn enrol_directly(
        &self,
        id: AccountId,
        pair: Enrolment,
        _now: Timestamp,
    ) -> Result<std::result::Result<(), Stale>> {
        let mut tx = self.write().await?;
        let found =
            sqlx::query("SELECT id FROM accounts WHERE id = $1").bind(id.to_string()).fetch_optional(&mut *tx).await?;
        if found.is_none() || !self.insert_pair(&mut tx, id, &pair).await? {
            return Ok(Err(Stale::MovedOn));
        }
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Stores both methods, or says that the account has some already. Pending sign-ins of the account end: they were
    /// begun for an account without a pair.
    pub(super) async fn insert_pair(
        &self,
        db: &mut SqliteConnection,
        account: AccountId,
        pair: &Enrolment,
    ) -> Result<bool> {
        let existing = sqlx::query("SELECT id FROM methods WHERE account_id = $1")
            .bind(account.to_string())
            .fetch_optional(&mut *db)
            .await?;
        if existing.is_some() {
            return Ok(false);
        }
        for role in [Role::Primary, Role::Backup] {
            self.insert_method(db, account, role, pair.get(role)).await?;
        }
        sqlx::query(
            "UPDATE accounts SET ticket_digest = NULL, ticket_key = NULL, ticket_expires_at = NULL WHERE id = $1",
        )
        .bind(account.to_string())
        .execute(&mut *db)
        .await?;
        sqlx::query("DELETE FROM imported_numbers WHERE account_id = $1")
            .bind(account.to_string())
            .execute(&mut *db)
            .await?;
        delete_sign_ins(db, account).await?;
        Ok(true)
    }

    pub(super) async fn insert_method(
        &self,
        db: &mut SqliteConnection,
        account: AccountId,
        role: Role,
        enrolled: &EnrolledMethod,
    ) -> Result<()> {
        let method = &enrolled.method;
        let seed = match &method.target {
            Target::App(seed) => Some(self.seal_seed(&method.id, seed)?),
            Target::Sms(_) | Target::Voice(_) => None,
        };
        let phone = PhoneColumns::of(method.target.phone());
        sqlx::query(
            "INSERT INTO methods (id, account_id, role, kind, seed, e164, extension, number_kind, label, added_at,
                                  last_used_at, last_step)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(method.id.to_string())
        .bind(account.to_string())
        .bind(role.as_str())
        .bind(method.kind().as_str())
        .bind(seed)
        .bind(phone.e164)
        .bind(phone.extension)
        .bind(phone.number_kind)
        .bind(method.label.as_ref().map(Label::as_str))
        .bind(method.added_at.as_millis())
        .bind(method.last_used_at.map(Timestamp::as_millis))
        .bind(enrolled.last_step)
        .execute(db)
        .await?;
        Ok(())
    }
}

/// Removes both methods: the next sign-in shows the ticket and enrols. `None`: no such account.
pub(super) async fn give_ticket(
    db: &mut SqliteConnection,
    id: AccountId,
    ticket: &Ticket,
    now: Timestamp,
) -> Result<Option<Vec<EndedSession>>> {
    let found =
        sqlx::query("UPDATE accounts SET ticket_digest = $2, ticket_key = $3, ticket_expires_at = $4 WHERE id = $1")
            .bind(id.to_string())
            .bind(ticket.digest.as_bytes().as_slice())
            .bind(i64::from(ticket.key.0))
            .bind(ticket.expires_at.as_millis())
            .execute(&mut *db)
            .await?;
    if found.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query("DELETE FROM methods WHERE account_id = $1").bind(id.to_string()).execute(&mut *db).await?;
    void_credentials(db, id, now).await.map(Some)
}

async fn delete_sign_ins(db: &mut SqliteConnection, account: AccountId) -> Result<()> {
    sqlx::query("DELETE FROM sign_ins WHERE account_id = $1").bind(account.to_string()).execute(db).await?;
    Ok(())
}

/// A credential changed: everything that rests on the old ones ends with it, in the same transaction.
pub(super) async fn void_credentials(
    db: &mut SqliteConnection,
    id: AccountId,
    now: Timestamp,
) -> Result<Vec<EndedSession>> {
    sqlx::query(
        "UPDATE accounts SET credential_version = credential_version + 1, credentials_changed_at = $2 WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(now.as_millis())
    .execute(&mut *db)
    .await?;
    delete_sign_ins(db, id).await?;
    for purpose in [LinkPurpose::PasswordReset, LinkPurpose::FirstEnrolment, LinkPurpose::EmailConfirmation] {
        links::delete_of_account(db, id, purpose).await?;
    }
    sqlx::query("DELETE FROM trusted_devices WHERE account_id = $1").bind(id.to_string()).execute(&mut *db).await?;
    sessions::delete_of_account(db, id).await
}
