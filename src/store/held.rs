//! What forms sent that has to wait for a sign-in: kept for one account and one browser, sent at most once. Target and
//! body are sealed; nothing here prints them.

use super::{Result, Store};
use crate::{
    account::AccountId,
    clock::Timestamp,
    random_id,
    secret::{Digest, SecretBytes},
};

random_id!(
    /// Names one kept request. It opens nothing by itself.
    HeldId
);

/// A form as it was sent: a POST, and what of its head the console gets again.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldRequest {
    /// Path and query, byte for byte.
    pub target: String,
    /// `Content-Type`, byte for byte: it holds the boundary of a multipart body.
    pub content_type: String,
    /// `Referer`, where one came.
    pub referer: Option<String>,
    /// The body.
    pub body: SecretBytes,
}

impl std::fmt::Debug for HeldRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HeldRequest(…)")
    }
}

/// A kept request as the store has it.
#[derive(Clone, Debug)]
pub struct Held {
    /// Whose session it was sent in.
    pub account: AccountId,
    /// The browser it was sent by.
    pub browser: Digest,
    /// When.
    pub kept_at: Timestamp,
    /// Not kept from then on.
    pub expires_at: Timestamp,
    /// When it was sent on; `None`: it waits.
    pub sent_at: Option<Timestamp>,
    /// As long as it waits.
    pub request: Option<HeldRequest>,
}

/// A request to keep.
#[derive(Clone, Debug)]
pub struct HoldRequest {
    /// Its name.
    pub id: HeldId,
    /// Whose session it was sent in.
    pub account: AccountId,
    /// The browser it was sent by.
    pub browser: Digest,
    /// The address it came from.
    pub address: Digest,
    /// What was sent.
    pub request: HeldRequest,
    /// Until then.
    pub expires_at: Timestamp,
}

/// How much is kept at a time.
#[derive(Clone, Copy, Debug)]
pub struct HoldCaps {
    /// Requests of one browser.
    pub per_browser: u32,
    /// Requests of one account.
    pub per_account: u32,
    /// Requests from one address.
    pub per_address: u32,
    /// Bytes of all bodies.
    pub total: u64,
}

impl Store {
    /// Whose session this is or was, as long as its end is remembered. `None` for one that never was. Says nothing of
    /// whether it lives.
    pub async fn account_of_session(&self, digest: &Digest) -> Result<Option<AccountId>> {
        match self {
            Self::Sqlite(s) => s.account_of_session(digest).await,
        }
    }

    /// Is there room for one more of these? A body that has no chance is not read.
    pub async fn has_room(
        &self,
        account: AccountId,
        browser: Option<&Digest>,
        address: &Digest,
        caps: HoldCaps,
        now: Timestamp,
    ) -> Result<bool> {
        match self {
            Self::Sqlite(s) => s.has_room(account, browser, address, caps, now).await,
        }
    }

    /// Keeps it where there is room: one statement decides. `false`: there is none, and nothing is kept.
    pub async fn hold(&self, new: &HoldRequest, caps: HoldCaps, now: Timestamp) -> Result<bool> {
        match self {
            Self::Sqlite(s) => s.hold(new, caps, now).await,
        }
    }

    /// Reads one, sent or not; `None` when it is over or never was.
    pub async fn held(&self, id: HeldId, now: Timestamp) -> Result<Option<Held>> {
        match self {
            Self::Sqlite(s) => s.held(id, now).await,
        }
    }

    /// What waits of this account and browser, the newest first.
    pub async fn held_of(&self, account: AccountId, browser: &Digest, now: Timestamp) -> Result<Vec<(HeldId, Held)>> {
        match self {
            Self::Sqlite(s) => s.held_of(account, browser, now).await,
        }
    }

    /// Takes it for sending, for this account and browser only: of two who come at once one gets it, and it is never
    /// given again. `false`: there is nothing to send.
    pub async fn take_held(&self, id: HeldId, account: AccountId, browser: &Digest, now: Timestamp) -> Result<bool> {
        match self {
            Self::Sqlite(s) => s.take_held(id, account, browser, now).await,
        }
    }

    /// It waits again: not a byte of it has left.
    pub async fn give_back_held(&self, id: HeldId, request: &HeldRequest) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.give_back_held(id, request).await,
        }
    }

    /// Deletes it, for this account and browser only. `false`: there was nothing.
    pub async fn discard_held(&self, id: HeldId, account: AccountId, browser: &Digest) -> Result<bool> {
        match self {
            Self::Sqlite(s) => s.discard_held(id, account, browser).await,
        }
    }
}
