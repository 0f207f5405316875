//! The private keys: one file of master keys with ids, from which a key for each purpose is derived (HKDF-SHA-256,
//! RFC 5869). Old keys stay for reading until they are retired; the newest makes new values.
//!
//! The file is made once. It is never regenerated where data exists: everything sealed with it would be lost.

mod access_token;
mod callback_token;
mod cookie_token;
mod file;
mod jwt;
mod link_token;
mod signing;
mod token;

use std::fmt;

pub use access_token::ACCESS_TOKEN_PREFIX;
pub use cookie_token::{CookieToken, TokenId};
pub use file::KeyFileError;
pub use jwt::{DeviceClaim, DeviceValue};
use ring::{aead, hkdf, hmac};
pub use signing::{ASSERTION_TYPE, KeyTimes, Schedule, SigningKey, SigningKeyId, schedule};
pub use token::GenuineToken;

use crate::{
    clock::Timestamp,
    entropy::Entropy,
    secret::{Digest, SecretBytes},
};

/// Names one master key in cookies and columns; small, so that it costs one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub u32);

/// What a derived key is for; no two purposes share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// MAC inside the session cookie.
    SessionCookie,
    /// MAC inside the cookie of a pending sign-in.
    SignInCookie,
    /// Stored digests of session and sign-in tokens.
    TokenDigest,
    /// SMS and voice codes.
    Passcode,
    /// Trusted-device cookie (HS256).
    DeviceCookie,
    /// Stored digests of device values.
    DeviceDigest,
    /// Form tokens against cross-site requests.
    Csrf,
    /// Small sealed values in cookies and forms: return targets, notices.
    SealedField,
    /// Sealed columns of the store.
    SealedColumn,
    /// Stored digests of enrolment tickets.
    Ticket,
    /// Keys of the throttle counters, so that they do not list names or addresses.
    ThrottleKey,
    /// MAC inside mailed links.
    MailedLink,
    /// Stored digests of recovery codes.
    RecoveryCode,
    /// MAC inside the cookie of a browser that has something kept.
    HeldCookie,
    /// Proofs of whom a cookie of the console was set for.
    ConsoleCookie,
    /// MAC inside an access token.
    AccessToken,
    /// MAC inside the addresses providers report to.
    Callback,
}

impl Purpose {
    const ALL: [Self; 17] = [
        Self::SessionCookie,
        Self::SignInCookie,
        Self::TokenDigest,
        Self::Passcode,
        Self::DeviceCookie,
        Self::DeviceDigest,
        Self::Csrf,
        Self::SealedField,
        Self::SealedColumn,
        Self::Ticket,
        Self::ThrottleKey,
        Self::MailedLink,
        Self::RecoveryCode,
        Self::HeldCookie,
        Self::ConsoleCookie,
        Self::AccessToken,
        Self::Callback,
    ];

    const fn info(self) -> &'static [u8] {
        match self {
            Self::SessionCookie => b"sekisho/1/session-cookie",
            Self::SignInCookie => b"sekisho/1/sign-in-cookie",
            Self::TokenDigest => b"sekisho/1/token-digest",
            Self::Passcode => b"sekisho/1/passcode",
            Self::DeviceCookie => b"sekisho/1/device-cookie",
            Self::DeviceDigest => b"sekisho/1/device-digest",
            Self::Csrf => b"sekisho/1/csrf",
            Self::SealedField => b"sekisho/1/sealed-field",
            Self::SealedColumn => b"sekisho/1/sealed-column",
            Self::Ticket => b"sekisho/1/ticket",
            Self::ThrottleKey => b"sekisho/1/throttle-key",
            Self::MailedLink => b"sekisho/1/mailed-link",
            Self::RecoveryCode => b"sekisho/1/recovery-code",
            Self::HeldCookie => b"sekisho/1/held-cookie",
            Self::ConsoleCookie => b"sekisho/1/console-cookie",
            Self::AccessToken => b"sekisho/1/access-token",
            Self::Callback => b"sekisho/1/callback",
        }
    }
}

/// Where a sealed value lives: it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Table, or the kind of cookie or form field.
    pub table: &'a str,
    /// Column.
    pub column: &'a str,
    /// Row identifier, or what the field is bound to.
    pub row: &'a [u8],
}

/// A sealed value did not open: another place, a key that is gone, or it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open here")]
pub struct Unsealed;

struct MasterKey {
    id: KeyId,
    created_at: Timestamp,
    secret: SecretBytes,
    /// One derived key a purpose, in the order of [`Purpose::ALL`].
    macs: Vec<hmac::Key>,
    field: aead::LessSafeKey,
    column: aead::LessSafeKey,
}

/// The loaded keys; the last one is active.
pub struct Keyring {
    keys: Vec<MasterKey>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({:?})", self.keys.iter().map(|k| k.id.0).collect::<Vec<_>>())
    }
}

struct Length32;
impl hkdf::KeyType for Length32 {
    fn len(&self) -> usize {
        32
    }
}

fn derive(secret: &SecretBytes, purpose: Purpose) -> Result<[u8; 32], KeyFileError> {
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"sekisho keyring").extract(secret.expose());
    let mut key = [0; 32];
    prk.expand(&[purpose.info()], Length32)
        .and_then(|okm| okm.fill(&mut key))
        .map_err(|ring::error::Unspecified| KeyFileError::Derivation)?;
    Ok(key)
}

impl MasterKey {
    fn new(id: KeyId, created_at: Timestamp, secret: SecretBytes) -> Result<Self, KeyFileError> {
        let mut macs = Vec::with_capacity(Purpose::ALL.len());
        for purpose in Purpose::ALL {
            macs.push(hmac::Key::new(hmac::HMAC_SHA256, &derive(&secret, purpose)?));
        }
        let sealing = |purpose| {
            let key = derive(&secret, purpose)?;
            aead::UnboundKey::new(&aead::AES_256_GCM, &key)
                .map(aead::LessSafeKey::new)
                .map_err(|ring::error::Unspecified| KeyFileError::Derivation)
        };
        let (field, column) = (sealing(Purpose::SealedField)?, sealing(Purpose::SealedColumn)?);
        Ok(Self { id, created_at, secret, macs, field, column })
    }

    fn mac_key(&self, purpose: Purpose) -> Option<&hmac::Key> {
        self.macs.get(Purpose::ALL.iter().position(|p| *p == purpose)?)
    }
}

/// Every part is preceded by its length, so that no two lists of parts read the same.
fn framed(context: &mut hmac::Context, parts: &[&[u8]]) {
    for part in parts {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part);
    }
}

impl Keyring {
    /// A key ring with one fresh key.
    pub fn generate(entropy: &dyn Entropy, now: Timestamp) -> Result<Self, KeyFileError> {
        let secret = SecretBytes::new(crate::entropy::random_bytes::<32>(entropy));
        Ok(Self { keys: vec![MasterKey::new(KeyId(1), now, secret)?] })
    }

    /// The key that makes new values.
    pub fn active(&self) -> KeyId {
        // A key ring is never empty: `generate` and `load` see to it.
        self.keys.last().map_or(KeyId(0), |k| k.id)
    }

    fn key(&self, id: KeyId) -> Option<&MasterKey> {
        self.keys.iter().find(|k| k.id == id)
    }

    /// HMAC-SHA-256 over length-prefixed parts with the key of one purpose; `None` when the key has been retired.
    pub fn mac(&self, key: KeyId, purpose: Purpose, parts: &[&[u8]]) -> Option<Digest> {
        let mut context = hmac::Context::with_key(self.key(key)?.mac_key(purpose)?);
        framed(&mut context, parts);
        Digest::from_slice(context.sign().as_ref())
    }

    /// The raw derived key of a purpose, for formats that sign by themselves (HS256).
    pub(crate) fn derived(&self, key: KeyId, purpose: Purpose) -> Option<SecretBytes> {
        derive(&self.key(key)?.secret, purpose).ok().map(SecretBytes::new)
    }

    /// Seals a column or a field: key id, nonce, ciphertext, tag. Opens only at the same place.
    pub fn seal(
        &self,
        purpose: Purpose,
        place: Place<'_>,
        plaintext: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, Unsealed> {
        let master = self.keys.last().ok_or(Unsealed)?;
        let nonce: [u8; 12] = crate::entropy::random_bytes(entropy);
        let mut sealed = plaintext.to_vec();
        master
            .aead(purpose)
            .seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), aad(place), &mut sealed)
            .map_err(|ring::error::Unspecified| Unsealed)?;
        Ok([&master.id.0.to_be_bytes(), nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`seal`](Self::seal) made for this place.
    pub fn open(&self, purpose: Purpose, place: Place<'_>, sealed: &[u8]) -> Result<SecretBytes, Unsealed> {
        let (id, rest) = sealed.split_first_chunk::<4>().ok_or(Unsealed)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<12>().ok_or(Unsealed)?;
        let master = self.key(KeyId(u32::from_be_bytes(*id))).ok_or(Unsealed)?;
        let mut buffer = ciphertext.to_vec();
        let opened = master
            .aead(purpose)
            .open_in_place(aead::Nonce::assume_unique_for_key(*nonce), aad(place), &mut buffer)
            .map_err(|ring::error::Unspecified| Unsealed)?
            .len();
        buffer.truncate(opened);
        Ok(SecretBytes::new(buffer))
    }
}

impl MasterKey {
    const fn aead(&self, purpose: Purpose) -> &aead::LessSafeKey {
        match purpose {
            Purpose::SealedField => &self.field,
            _ => &self.column,
        }
    }
}

fn aad(place: Place<'_>) -> aead::Aad<Vec<u8>> {
    let mut text = Vec::new();
    for part in [place.table.as_bytes(), place.column.as_bytes(), place.row] {
        text.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        text.extend_from_slice(part);
    }
    aead::Aad::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn ring() -> Keyring {
        Keyring::generate(&SystemEntropy::new(), Timestamp::EPOCH).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_only_where_it_was_sealed() {
        let ring = ring();
        let entropy = SystemEntropy::new();
        let place = |table, column, row| Place { table, column, row };
        let sealed = ring.seal(Purpose::SealedColumn, place("methods", "secret", b"1"), b"seed", &entropy).unwrap();
        assert_eq!(
            ring.open(Purpose::SealedColumn, place("methods", "secret", b"1"), &sealed).unwrap().expose(),
            b"seed"
        );
        for elsewhere in
            [place("methods", "secret", b"2"), place("methods", "label", b"1"), place("method", "ssecret", b"1")]
        {
            assert_eq!(ring.open(Purpose::SealedColumn, elsewhere, &sealed), Err(Unsealed));
        }
        assert_eq!(ring.open(Purpose::SealedField, place("methods", "secret", b"1"), &sealed), Err(Unsealed));
        for i in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[i] ^= 1;
            assert!(ring.open(Purpose::SealedColumn, place("methods", "secret", b"1"), &bent).is_err(), "byte {i}");
        }
    }

    #[test]
    fn parts_and_purposes_do_not_run_together() {
        let ring = ring();
        let mac = |purpose, parts: &[&[u8]]| *ring.mac(ring.active(), purpose, parts).unwrap().as_bytes();
        assert_ne!(mac(Purpose::Csrf, &[b"ab", b"c"]), mac(Purpose::Csrf, &[b"a", b"bc"]));
        assert_ne!(mac(Purpose::Csrf, &[b"a"]), mac(Purpose::Passcode, &[b"a"]));
        assert!(ring.mac(KeyId(99), Purpose::Csrf, &[]).is_none());
    }
}
