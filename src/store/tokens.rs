//! Access tokens for scripts. The store keeps a keyed digest; whoever's account is disabled, frozen or deleted has none.

use super::{OutboxItem, Result, Store};
use crate::{
    account::{Account, AccountId},
    clock::Timestamp,
    secret::Digest,
    session::{AccessToken, AccessTokenId},
};

/// A token with the account it acts as, as it is now.
#[derive(Clone, Debug)]
pub struct StoredAccessToken {
    /// The token.
    pub token: AccessToken,
    /// Its account.
    pub account: Account,
}

/// A token to be kept.
#[derive(Clone, Debug)]
pub struct NewAccessToken {
    /// The token.
    pub token: AccessToken,
    /// Keyed digest of its text.
    pub digest: Digest,
    /// At most so many living ones an account.
    pub most: u32,
    /// What its person is told.
    pub notices: Vec<OutboxItem>,
}

/// Why a token was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    /// The account is disabled, frozen or gone.
    #[error("the account is disabled or frozen: no token can act as it")]
    NoAccount,
    /// It has as many as it may.
    #[error("the account has as many tokens as one may have; revoke one that is not used any more")]
    TooMany,
}

impl Store {
    /// Keeps a new token; the limit is decided inside.
    pub async fn create_token(&self, new: &NewAccessToken) -> Result<std::result::Result<(), NoToken>> {
        match self {
            Self::Sqlite(s) => s.create_token(new).await,
        }
    }

    /// Reads a token by its digest, whatever its age; `None` when unknown, or its account disabled or frozen.
    pub async fn token(&self, digest: &Digest) -> Result<Option<StoredAccessToken>> {
        match self {
            Self::Sqlite(s) => s.token(digest).await,
        }
    }

    /// All tokens, by account and then newest first; of one account when one is named.
    pub async fn tokens(&self, account: Option<AccountId>) -> Result<Vec<StoredAccessToken>> {
        match self {
            Self::Sqlite(s) => s.tokens(account).await,
        }
    }

    /// Ends one token; whose it was.
    pub async fn revoke_token(&self, id: AccessTokenId) -> Result<Option<AccountId>> {
        match self {
            Self::Sqlite(s) => s.revoke_token(id).await,
        }
    }

    /// Ends every token of an account; which there were.
    pub async fn revoke_tokens(&self, account: AccountId) -> Result<Vec<AccessTokenId>> {
        match self {
            Self::Sqlite(s) => s.revoke_tokens(account).await,
        }
    }

    /// Moves `last_used_at` of many tokens forward, never back, in one transaction.
    pub async fn touch_tokens(&self, used: &[(AccessTokenId, Timestamp)]) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.touch_tokens(used).await,
        }
    }
}
