//! Accounts in bulk: made by import, read page by page, edited, deleted with all that is theirs.

use super::{AccountSummary, EndedSession, EndedTrust, NewAccount, NewAccountError, OutboxItem, Result, Store};
use crate::{
    account::{Account, AccountId, EmailAddress, Group, PhoneNumber, UserName},
    language::Language,
};

/// An account that comes from elsewhere.
#[derive(Clone, Debug)]
pub struct ImportedAccount {
    /// The account with the hash it had there.
    pub new: NewAccount,
    /// Telephone numbers it had there. Nobody has proven them here, so they are no methods.
    pub numbers: Vec<PhoneNumber>,
}

/// Does an import leave anything behind?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportRun {
    /// Every check, and no change.
    Dry,
    /// The accounts are made.
    Real,
}

/// What becomes of an account; `None` leaves as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountEdit {
    /// The name it signs in by.
    pub user_name: Option<UserName>,
    /// Its address, or that it has none.
    pub email: Option<Option<EmailAddress>>,
    /// What the console may show, or nothing.
    pub display_name: Option<Option<String>>,
    /// All its groups, sorted.
    pub groups: Option<Vec<Group>>,
    /// Language of notices.
    pub language: Option<Language>,
}

/// An account that was edited.
#[derive(Clone, Debug)]
pub struct EditedAccount {
    /// As it is now.
    pub account: Account,
    /// Its sessions: they go on, but what the console is told of them may have changed.
    pub sessions: Vec<EndedSession>,
    /// The trust its groups, before or now, do not allow.
    pub ended: EndedTrust,
}

impl Store {
    /// Makes accounts in one transaction: each is made, or its name is taken; none replaces another.
    pub async fn import_accounts(
        &self,
        accounts: &[ImportedAccount],
        run: ImportRun,
    ) -> Result<Vec<std::result::Result<(), NewAccountError>>> {
        match self {
            Self::Sqlite(s) => s.import_accounts(accounts, run).await,
        }
    }

    /// Numbers that came with the import of an account and that it has not replaced with proven methods.
    pub async fn imported_numbers(&self, account: AccountId) -> Result<Vec<PhoneNumber>> {
        match self {
            Self::Sqlite(s) => s.imported_numbers(account).await,
        }
    }

    /// At most `limit` accounts by user name, those after `after`. A constant number of statements, however many.
    pub async fn accounts_after(&self, after: Option<&UserName>, limit: u32) -> Result<Vec<AccountSummary>> {
        match self {
            Self::Sqlite(s) => s.accounts_after(after, limit).await,
        }
    }

    /// Changes what is known of an account; `None`: there is none. Credentials and sessions stay. Links that were mailed
    /// to an address it no longer has are void. Whoever is, or was, in an `untrusting` group trusts no browser from then on,
    /// in the same transaction: leaving such a group brings nothing back.
    pub async fn edit_account(
        &self,
        id: AccountId,
        edit: &AccountEdit,
        untrusting: &[Group],
        notices: &[OutboxItem],
    ) -> Result<Option<std::result::Result<EditedAccount, NewAccountError>>> {
        match self {
            Self::Sqlite(s) => s.edit_account(id, edit, untrusting, notices).await,
        }
    }

    /// Deletes an account with everything that is its own, and overwrites what the file held of it. `None`: there is
    /// none.
    pub async fn delete_account(&self, id: AccountId) -> Result<Option<Vec<EndedSession>>> {
        match self {
            Self::Sqlite(s) => s.delete_account(id).await,
        }
    }
}
