//! Recovery codes, and what opens an enrolment beside the password: each is used up in the transaction that stores the
//! sign-in it opens.

use super::{Acting, LinkId, OutboxItem, Result, SignInId, Stale, Store};
use crate::{account::AccountId, authn::SignIn, clock::Timestamp, keyring::KeyId, secret::Digest};

/// One recovery code as the store keeps it.
#[derive(Clone, Copy, Debug)]
pub struct StoredRecoveryCode {
    /// Keyed digest.
    pub digest: Digest,
    /// The key of the digest.
    pub key: KeyId,
}

/// New recovery codes for whoever acts.
#[derive(Clone, Debug)]
pub struct RenewRecoveryCodes {
    /// Who asks for them, in which session.
    pub acting: Acting,
    /// When those were made that the page showed as present; asked for twice, they are made once.
    pub present: Option<Timestamp>,
    /// The new ones.
    pub codes: Vec<StoredRecoveryCode>,
    /// Who is told.
    pub notices: Vec<OutboxItem>,
    /// The time.
    pub now: Timestamp,
}

/// What a pending sign-in is opened with.
#[derive(Clone, Debug)]
pub enum Opening {
    /// The link mailed for a first enrolment.
    Link(LinkId),
    /// A recovery code.
    RecoveryCode {
        /// Its digest.
        digest: Digest,
        /// Who is told.
        notices: Vec<OutboxItem>,
    },
}

/// A pending sign-in that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpentCode {
    /// It goes on.
    Opened,
    /// There is no such code or link any more.
    Wrong,
}

impl Store {
    /// Makes these the recovery codes of an account; earlier ones are void.
    pub async fn renew_recovery_codes(&self, renew: &RenewRecoveryCodes) -> Result<std::result::Result<(), Stale>> {
        match self {
            Self::Sqlite(s) => s.renew_recovery_codes(renew).await,
        }
    }

    /// When the recovery codes of an account were made; `None` while it has none left.
    pub async fn recovery_codes_made_at(&self, account: AccountId) -> Result<Option<Timestamp>> {
        match self {
            Self::Sqlite(s) => s.recovery_codes_made_at(account).await,
        }
    }

    /// How many recovery codes an account has left.
    pub async fn recovery_codes_left(&self, account: AccountId) -> Result<u32> {
        match self {
            Self::Sqlite(s) => s.recovery_codes_left(account).await,
        }
    }

    /// The keys the recovery codes of an account were made with.
    pub async fn recovery_code_keys(&self, account: AccountId) -> Result<Vec<KeyId>> {
        match self {
            Self::Sqlite(s) => s.recovery_code_keys(account).await,
        }
    }

    /// Uses the opening up and stores the sign-in it leads to, both or none.
    pub async fn open_sign_in(
        &self,
        id: SignInId,
        version: i64,
        sign_in: &SignIn,
        opening: &Opening,
        now: Timestamp,
    ) -> Result<std::result::Result<SpentCode, Stale>> {
        match self {
            Self::Sqlite(s) => s.open_sign_in(id, version, sign_in, opening, now).await,
        }
    }

    /// Until when a working method of the account is not replaced, because its password was reset by mail.
    pub async fn replacement_blocked_until(&self, account: AccountId, now: Timestamp) -> Result<Option<Timestamp>> {
        match self {
            Self::Sqlite(s) => s.replacement_blocked_until(account, now).await,
        }
    }
}
