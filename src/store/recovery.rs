//! Recovery requests: who asked when, which operators approve, and how each ended. Whatever ends one is decided by the
//! pure machine inside the transaction that stores it, so that of an approval and a cancellation at the same time one wins.

use super::{EndedSession, OutboxItem, Result, Store};
use crate::{
    account::{AccountId, UserName},
    authn::{
        Ticket,
        recovery::{CancelledBy, Operator, Receipt, Recovery, RecoveryRefusal, RecoveryTimes},
    },
    clock::Timestamp,
    random_id,
};
use std::time::Duration;

random_id!(
    /// Names one recovery request in the link that cancels it; it opens nothing.
    RecoveryId
);

/// A request as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecovery {
    /// Its name.
    pub id: RecoveryId,
    /// Whose account it is about.
    pub account: AccountId,
    /// The user name of that account.
    pub user_name: UserName,
    /// What people call it by.
    pub receipt: Receipt,
    /// The state.
    pub recovery: Recovery,
}

/// A request to be made.
#[derive(Clone, Debug)]
pub struct OpenRecovery {
    /// Its name.
    pub id: RecoveryId,
    /// Whose account it is about; it must have its methods.
    pub account: AccountId,
    /// What people call it by.
    pub receipt: Receipt,
    /// Its durations.
    pub times: RecoveryTimes,
    /// At most so many …
    pub most: u32,
    /// … within this long.
    pub within: Duration,
    /// Who is told.
    pub notices: Vec<OutboxItem>,
    /// The time.
    pub now: Timestamp,
}

/// Why no request was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRecovery {
    /// One is open already.
    AlreadyOpen,
    /// There were as many as there may be; the next one from then on.
    TooMany(Timestamp),
    /// The account is gone or disabled, or has no methods to recover from.
    NotNeeded,
    /// Another request has this receipt: draw another.
    ReceiptTaken,
}

/// An approval.
#[derive(Clone, Debug)]
pub struct ApproveRecovery {
    /// Which request.
    pub receipt: Receipt,
    /// Who approves.
    pub by: Operator,
    /// So many different operators are needed.
    pub needed: u32,
    /// The ticket that is stored if this approval is the last one needed.
    pub ticket: Ticket,
    /// Who is told then.
    pub notices: Vec<OutboxItem>,
    /// The time.
    pub now: Timestamp,
}

/// What an approval did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approved {
    /// It counts; so many are there now.
    Counted(u32),
    /// It was the last one needed: the methods are gone, the ticket is good, these sessions ended.
    Completed(Vec<EndedSession>),
}

/// Why an operator's decision changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDecided {
    /// No request has this receipt.
    #[error("there is no such request")]
    NotThere,
    /// The account is disabled.
    #[error("its account is disabled; enable it first, if it may sign in again")]
    Disabled,
    /// The request does not allow it.
    #[error(transparent)]
    Refused(#[from] RecoveryRefusal),
}

/// The end of an open request by something else that happened to its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndRecovery {
    /// Which.
    pub id: RecoveryId,
    /// What people call it by.
    pub receipt: Receipt,
    /// Who is told.
    pub notices: Vec<OutboxItem>,
}

impl Store {
    /// Makes a request, unless one is open or there were too many.
    pub async fn open_recovery(&self, open: &OpenRecovery) -> Result<std::result::Result<(), NoRecovery>> {
        match self {
            Self::Sqlite(s) => s.open_recovery(open).await,
        }
    }

    /// The newest request of an account.
    pub async fn recovery_of(&self, account: AccountId) -> Result<Option<StoredRecovery>> {
        match self {
            Self::Sqlite(s) => s.recovery_of(account).await,
        }
    }

    /// When requests of an account were made after that time, newest first.
    pub async fn recovery_times(&self, account: AccountId, after: Timestamp) -> Result<Vec<Timestamp>> {
        match self {
            Self::Sqlite(s) => s.recovery_times(account, after).await,
        }
    }

    /// The request a link names.
    pub async fn recovery(&self, id: RecoveryId) -> Result<Option<StoredRecovery>> {
        match self {
            Self::Sqlite(s) => s.recovery(id).await,
        }
    }

    /// The request with this receipt.
    pub async fn recovery_by_receipt(&self, receipt: &Receipt) -> Result<Option<StoredRecovery>> {
        match self {
            Self::Sqlite(s) => s.recovery_by_receipt(receipt).await,
        }
    }

    /// Requests, newest first: those that are open, or all that are still there.
    pub async fn recoveries(&self, ended_too: bool, now: Timestamp) -> Result<Vec<StoredRecovery>> {
        match self {
            Self::Sqlite(s) => s.recoveries(ended_too, now).await,
        }
    }

    /// Counts an approval by one operator; the last one needed removes the methods, stores the ticket, raises the
    /// credential version and ends sessions, trust and pending sign-ins.
    pub async fn approve_recovery(
        &self,
        approve: &ApproveRecovery,
    ) -> Result<std::result::Result<Approved, NotDecided>> {
        match self {
            Self::Sqlite(s) => s.approve_recovery(approve).await,
        }
    }

    /// An operator says no.
    pub async fn refuse_recovery(
        &self,
        receipt: &Receipt,
        by: Operator,
        notices: &[OutboxItem],
        now: Timestamp,
    ) -> Result<std::result::Result<(), NotDecided>> {
        match self {
            Self::Sqlite(s) => s.refuse_recovery(receipt, by, notices, now).await,
        }
    }

    /// Ends an open request undecided.
    pub async fn cancel_recovery(
        &self,
        id: RecoveryId,
        how: CancelledBy,
        notices: &[OutboxItem],
        now: Timestamp,
    ) -> Result<std::result::Result<(), NotDecided>> {
        match self {
            Self::Sqlite(s) => s.cancel_recovery(id, how, notices, now).await,
        }
    }
}
