//! The rollout in the store: when each person was first asked, and how often they said "later". A "later" itself is
//! counted in the transaction that makes its session ([`Store::complete_sign_in`]).

use super::{Result, Store};
use crate::{
    account::{Account, AccountId},
    authn::Asked,
    clock::Timestamp,
};

/// An account without methods.
#[derive(Clone, Debug)]
pub struct Unenrolled {
    /// The account.
    pub account: Account,
    /// When it was first asked.
    pub asked: Option<Asked>,
    /// It lost its methods: the rollout excuses it from nothing.
    pub ticket: bool,
}

impl Store {
    /// Writes down that a person is asked now, unless they were before: the first deadline stays.
    pub async fn ask(&self, account: AccountId, deadline: Timestamp, now: Timestamp) -> Result<Asked> {
        match self {
            Self::Sqlite(s) => s.ask(account, deadline, now).await,
        }
    }

    /// When a person was first asked.
    pub async fn asked(&self, account: AccountId) -> Result<Option<Asked>> {
        match self {
            Self::Sqlite(s) => s.asked(account).await,
        }
    }

    /// Every enabled account without methods, by user name.
    pub async fn unenrolled(&self) -> Result<Vec<Unenrolled>> {
        match self {
            Self::Sqlite(s) => s.unenrolled().await,
        }
    }

    /// Enabled accounts: all, and those with their two methods.
    pub async fn count_enrolled(&self) -> Result<(u64, u64)> {
        match self {
            Self::Sqlite(s) => s.count_enrolled().await,
        }
    }
}
