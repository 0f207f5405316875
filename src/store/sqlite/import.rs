//! Accounts in bulk, their editing and their erasure.

use std::collections::HashMap;

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    SqliteStore,
    accounts::{self, PhoneColumns, summaries},
    outbox,
    rows::{self, Cells, account_columns},
    sessions,
};
use crate::{
    account::{AccountId, EmailAddress, Group, PhoneNumber, UserName},
    store::{
        AccountEdit, AccountSummary, EditedAccount, EndedSession, ImportRun, ImportedAccount, NewAccountError,
        OutboxItem, Result,
    },
};

async fn insert_numbers(db: &mut SqliteConnection, account: AccountId, numbers: &[PhoneNumber]) -> Result<()> {
    for (position, number) in (0_i64..).zip(numbers) {
        let phone = PhoneColumns::of(Some(number));
        sqlx::query(
            "INSERT INTO imported_numbers (account_id, position, e164, extension, number_kind)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(account.to_string())
        .bind(position)
        .bind(phone.e164)
        .bind(phone.extension)
        .bind(phone.number_kind)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// Whether another account has a name this one is to have.
async fn taken_by_another(
    db: &mut SqliteConnection,
    id: AccountId,
    edit: &AccountEdit,
) -> Result<std::result::Result<(), NewAccountError>> {
    if let Some(name) = &edit.user_name {
        let other = sqlx::query("SELECT id FROM accounts WHERE user_name = $1 AND id <> $2")
            .bind(name.as_str())
            .bind(id.to_string())
            .fetch_optional(&mut *db)
            .await?;
        if other.is_some() {
            return Ok(Err(NewAccountError::UserNameTaken));
        }
    }
    if let Some(Some(email)) = &edit.email {
        let other = sqlx::query("SELECT id FROM accounts WHERE email = $1 AND id <> $2")
            .bind(email.as_str())
            .bind(id.to_string())
            .fetch_optional(&mut *db)
            .await?;
        if other.is_some() {
            return Ok(Err(NewAccountError::EmailTaken));
        }
    }
    Ok(Ok(()))
}

impl SqliteStore {
    pub(in crate::store) async fn import_accounts(
        &self,
        imported: &[ImportedAccount],
        run: ImportRun,
    ) -> Result<Vec<std::result::Result<(), NewAccountError>>> {
        let mut tx = self.write().await?;
        let mut made = Vec::with_capacity(imported.len());
        for one in imported {
            let outcome = accounts::insert(&mut tx, &one.new).await?;
            if outcome.is_ok() {
                insert_numbers(&mut tx, one.new.account.id, &one.numbers).await?;
            }
            made.push(outcome);
        }
        if run == ImportRun::Real {
            tx.commit().await?;
        }
        Ok(made)
    }

    pub(in crate::store) async fn imported_numbers(&self, account: AccountId) -> Result<Vec<PhoneNumber>> {
        sqlx::query("SELECT * FROM imported_numbers WHERE account_id = $1 ORDER BY position")
            .bind(account.to_string())
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(|row| Cells::of(row, "imported_numbers", "account_id")?.phone())
            .collect()
    }

    pub(in crate::store) async fn accounts_after(
        &self,
        after: Option<&UserName>,
        limit: u32,
    ) -> Result<Vec<AccountSummary>> {
        let after = after.map_or("", UserName::as_str);
        let mut tx = self.read().await?;
        let found = sqlx::query(summaries!("WHERE a.user_name > $1 ORDER BY a.user_name LIMIT $2"))
            .bind(after)
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?;
        let mut methods: HashMap<String, Vec<SqliteRow>> = HashMap::new();
        for row in sqlx::query(
            "SELECT * FROM methods WHERE account_id IN
                 (SELECT id FROM accounts WHERE user_name > $1 ORDER BY user_name LIMIT $2)",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?
        {
            methods.entry(row.try_get("account_id")?).or_default().push(row);
        }
        let mut summaries = Vec::with_capacity(found.len());
        for row in &found {
            let account = rows::account(row)?;
            let of_account = methods.remove(&account.id.to_string()).unwrap_or_default();
            let pair = self.pair_of(account.id, &of_account)?.map(|methods| methods.pair);
            summaries.push(accounts::summary_row(row, account, pair)?);
        }
        Ok(summaries)
    }

    pub(in crate::store) async fn edit_account(
        &self,
        id: AccountId,
        edit: &AccountEdit,
        untrusting: &[Group],
        notices: &[OutboxItem],
    ) -> Result<Option<std::result::Result<EditedAccount, NewAccountError>>> {
        let mut tx = self.write().await?;
        let found = sqlx::query(concat!("SELECT ", account_columns!(), " FROM accounts a WHERE a.id = $1"))
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = found else { return Ok(None) };
        let mut account = rows::account(&row)?;
        if let Err(taken) = taken_by_another(&mut tx, id, edit).await? {
            return Ok(Some(Err(taken)));
        }
        let before = account.groups.clone();
        let moved = edit.email.as_ref().is_some_and(|email| *email != account.email);
        account.user_name = edit.user_name.clone().unwrap_or(account.user_name);
        account.email = edit.email.clone().unwrap_or(account.email);
        account.display_name = edit.display_name.clone().unwrap_or(account.display_name);
        account.groups = edit.groups.clone().unwrap_or(account.groups);
        account.language = edit.language.unwrap_or(account.language);
        sqlx::query(
            "UPDATE accounts SET user_name = $2, email = $3, display_name = $4, group_names = $5, language = $6
             WHERE id = $1",
        )
        .bind(id.to_string())
        .bind(account.user_name.as_str())
        .bind(account.email.as_ref().map(EmailAddress::as_str))
        .bind(account.display_name.as_deref())
        .bind(rows::group_names(&account.groups))
        .bind(account.language.tag())
        .execute(&mut *tx)
        .await?;
        if moved {
            sqlx::query(
                "DELETE FROM links WHERE account_id = $1
                     AND purpose IN ('password_reset', 'first_enrolment', 'email_confirmation')",
            )
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        }
        for notice in notices {
            outbox::insert(&mut tx, notice).await?;
        }
        if moved {
            // An operator's word stands: "this wasn't me" still stops the account, and gives no address back.
            sqlx::query("UPDATE links SET subject = NULL WHERE account_id = $1 AND purpose = 'not_me'")
                .bind(id.to_string())
                .execute(&mut *tx)
                .await?;
        }
        let ended = sessions::end_trust_of_groups(&mut tx, id, [&before, &account.groups], untrusting).await?;
        let sessions = sessions::of_account(&mut tx, id).await?;
        self.commit(tx, !notices.is_empty()).await?;
        Ok(Some(Ok(EditedAccount { account, sessions, ended })))
    }

    pub(in crate::store) async fn delete_account(&self, id: AccountId) -> Result<Option<Vec<EndedSession>>> {
        let mut tx = self.write().await?;
        // An invitation to the same person that was never taken up is theirs too.
        sqlx::query("DELETE FROM invitations WHERE email = (SELECT email FROM accounts WHERE id = $1)")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        let ended = sessions::delete_of_account(&mut tx, id).await?;
        let found = sqlx::query("DELETE FROM accounts WHERE id = $1").bind(id.to_string()).execute(&mut *tx).await?;
        if found.rows_affected() == 0 {
            return Ok(None);
        }
        tx.commit().await?;
        // The deleted rows are overwritten in the file (`secure_delete`); the journal still has the pages as they were.
        // A reader may hold it back: then it goes with the next one that does not.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.writer).await?;
        Ok(Some(ended))
    }
}
