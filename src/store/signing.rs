//! The key pairs that sign what the console is told: made and retired here, so that two starts at once never make two.

use super::{Result, Store};
use crate::{
    clock::Timestamp,
    keyring::{KeyTimes, SigningKeyId},
    secret::SecretBytes,
};

/// A key pair that was drawn; the store says whether and when it is used.
#[derive(Clone, Debug)]
pub struct NewSigningKey {
    /// Its name.
    pub id: SigningKeyId,
    /// The private key, PKCS #8.
    pub pkcs8: SecretBytes,
}

/// A key pair in use.
#[derive(Clone, Debug)]
pub struct StoredSigningKey {
    /// Its name.
    pub id: SigningKeyId,
    /// When it signs.
    pub times: KeyTimes,
    /// The private key, PKCS #8.
    pub pkcs8: SecretBytes,
}

impl Store {
    /// All keys, the oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>> {
        match self {
            Self::Sqlite(s) => s.signing_keys().await,
        }
    }

    /// Keeps `fresh` where [`schedule`](crate::keyring::schedule) says that one is due, and forgets those that are
    /// published no more; all keys then, the oldest first. Judged and done in one transaction.
    pub async fn roll_signing_keys(&self, fresh: &NewSigningKey, now: Timestamp) -> Result<Vec<StoredSigningKey>> {
        match self {
            Self::Sqlite(s) => s.roll_signing_keys(fresh, now).await,
        }
    }
}
