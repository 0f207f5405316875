//! The opaque value inside our cookies: a key id, 256 random bits and a MAC, so that a forged one is refused without
//! touching cache or store. The MAC is made and checked by the keyring.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::entropy::Entropy;

/// The 256 random bits of a token. Equality and hashing are over a value the MAC has already vouched for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Zeroize)]
pub struct TokenId([u8; 32]);

impl TokenId {
    /// Fresh random bits.
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(crate::entropy::random_bytes(entropy))
    }
    /// From a cookie that was read.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenId(…)")
    }
}

/// The text of a cookie, ready to be sent once; it cannot be printed by accident.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CookieToken(String);

impl CookieToken {
    /// Takes the finished text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }
    /// The text, for a `Set-Cookie` header.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CookieToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieToken(…)")
    }
}
