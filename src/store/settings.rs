//! What a person changes inside a session: the transactions of the security settings and of the fresh code before them.

use super::{BeginSignIn, EndedSession, MethodState, Result, SignInId, Stale, Store, UsedCode};
use crate::{
    account::{AccountId, MethodPair},
    clock::Timestamp,
    secret::Digest,
    session::Session,
};

/// The methods of an account with what a page says of them.
#[derive(Clone, Debug)]
pub struct StoredMethods {
    /// The pair.
    pub pair: MethodPair,
    /// State of the primary.
    pub primary: MethodState,
    /// State of the backup.
    pub backup: MethodState,
    /// The last accepted step of the app, where there is one.
    pub app_last_step: Option<i64>,
}

/// A fresh code was given inside a session.
#[derive(Clone, Debug)]
pub struct RenewSession {
    /// The pending code this consumes.
    pub pending: (SignInId, i64),
    /// The session that was asked.
    pub replaces: Digest,
    /// The session as it goes on.
    pub session: Session,
    /// The code of an enrolled method that was right.
    pub used: Option<UsedCode>,
    /// The time.
    pub now: Timestamp,
}

impl Store {
    /// The methods of an account; `None` when it has none.
    pub async fn methods_of(&self, account: AccountId) -> Result<Option<StoredMethods>> {
        match self {
            Self::Sqlite(s) => s.methods_of(account).await,
        }
    }

    /// Stores what a session has pending, with its message, unless it has the same pending already (`false`): a double
    /// click sends one message. `Stale` when the session ended or the account changed meanwhile.
    pub async fn begin_in_session(
        &self,
        begin: &BeginSignIn,
        session: &Digest,
        now: Timestamp,
    ) -> Result<std::result::Result<bool, Stale>> {
        match self {
            Self::Sqlite(s) => s.begin_in_session(begin, session, now).await,
        }
    }

    /// Burns the fresh code and puts the renewed session in the place of the one that was asked, all or nothing.
    pub async fn renew_session(&self, renew: &RenewSession) -> Result<std::result::Result<EndedSession, Stale>> {
        match self {
            Self::Sqlite(s) => s.renew_session(renew).await,
        }
    }
}
