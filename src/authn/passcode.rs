//! Codes that travel by SMS and voice. A code is derived by a keyed function from its challenge's nonce, so neither the
//! store nor the outbox ever holds it (`product.md` §2).

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::challenge::ChallengeId;
use crate::{
    keyring::{KeyId, Keyring, Purpose},
    secret::{SecretBytes, constant_time_eq},
};

/// Digits in every code (NIST SP 800-63B-4 §3.1.3.2: at least six).
pub const DIGITS: usize = 6;

/// Six digits.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Passcode(String);

impl Passcode {
    /// The digits, for a message text.
    pub fn expose(&self) -> &str {
        &self.0
    }
    /// In constant time.
    pub fn matches(&self, entered: &EnteredCode) -> bool {
        constant_time_eq(self.0.as_bytes(), entered.0.as_bytes())
    }
}

impl fmt::Debug for Passcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passcode(…)")
    }
}

/// What a person typed into the code field, folded: full-width digits become ASCII, spaces and dashes go.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct EnteredCode(String);

/// The field did not hold six digits. It costs no attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code is six digits")]
pub struct NotACode;

impl EnteredCode {
    /// Reads the field.
    pub fn parse(typed: &str) -> Result<Self, NotACode> {
        let folded: String = typed
            .chars()
            .take(64)
            .nfkc()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | 'ー' | '‐' | '‑' | '–' | '—' | '−'))
            .collect();
        if folded.len() == DIGITS && folded.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(folded))
        } else {
            Err(NotACode)
        }
    }
    /// The six digits.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EnteredCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnteredCode(…)")
    }
}

/// The code of a challenge: HMAC-SHA-256 over its identifier and nonce, reduced to six digits. Of 2^64 values, modulo
/// 10^6 favours none by more than one part in 10^13. `None` when the key has been retired.
pub fn derive(keyring: &Keyring, key: KeyId, challenge: ChallengeId, nonce: &SecretBytes) -> Option<Passcode> {
    let mac = keyring.mac(key, Purpose::Passcode, &[challenge.as_bytes(), nonce.expose()])?;
    let number = mac.as_bytes().iter().take(8).fold(0_u64, |n, byte| (n << 8) | u64::from(*byte)) % 1_000_000;
    Some(Passcode(format!("{number:06}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        for typed in ["123456", " 123 456 ", "123-456", "１２３４５６", "１２３ー４５６", "123\u{3000}456"]
        {
            assert_eq!(EnteredCode::parse(typed).map(|c| c.as_str().to_owned()), Ok("123456".to_owned()), "{typed:?}");
        }
        for typed in ["", "12345", "1234567", "12345a", "一二三四五六"] {
            assert!(EnteredCode::parse(typed).is_err(), "{typed:?}");
        }
    }
}
