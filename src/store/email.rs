//! The address for notices, confirmed by a link mailed to it: until then the old one stays.

use super::{Acting, EndedSession, LinkId, OutboxItem, Result, Stale, Store};
use crate::{
    account::{AccountId, EmailAddress},
    clock::Timestamp,
};

/// An address that waits for its link to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEmail {
    /// The address.
    pub address: EmailAddress,
    /// Its link is not good from then on.
    pub until: Timestamp,
}

/// The link in the mail to a new address was opened and its button pressed.
#[derive(Clone, Debug)]
pub struct ConfirmEmail {
    /// The link.
    pub link: LinkId,
    /// Whose it is.
    pub account: AccountId,
    /// The address it was mailed to.
    pub address: EmailAddress,
    /// Who is told, the old address among them.
    pub notices: Vec<OutboxItem>,
    /// The time.
    pub now: Timestamp,
}

/// Why an address was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotConfirmed {
    /// The link is not good any more, or was for another address.
    #[error("the link is over")]
    Gone,
    /// It is the address of another account; the link stays as it is.
    #[error("another account has this address")]
    Taken,
}

impl Store {
    /// Orders the mail with the link that confirms an address; its link holds the address. An earlier one is void.
    pub async fn request_email(&self, acting: &Acting, mail: &OutboxItem) -> Result<std::result::Result<(), Stale>> {
        match self {
            Self::Sqlite(s) => s.request_email(acting, mail).await,
        }
    }

    /// The address that waits for its link.
    pub async fn pending_email(&self, account: AccountId, now: Timestamp) -> Result<Option<PendingEmail>> {
        match self {
            Self::Sqlite(s) => s.pending_email(account, now).await,
        }
    }

    /// Uses the link up and makes its address the account's. What was mailed to the old address and opens something is
    /// void; its "this wasn't me" stays good, and gives the address back. The sessions go on; what the console is told
    /// of them has changed.
    pub async fn confirm_email(
        &self,
        confirm: &ConfirmEmail,
    ) -> Result<std::result::Result<Vec<EndedSession>, NotConfirmed>> {
        match self {
            Self::Sqlite(s) => s.confirm_email(confirm).await,
        }
    }
}
