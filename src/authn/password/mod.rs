//! Passwords: read once, compared in full, hashed with Argon2id, and the same work for a name nobody has. Hashes of
//! other programs are verified as those programs did and replaced at the first right password.

mod foreign;
mod rules;

use foreign::Foreign;
pub use foreign::HashRefused;
pub use rules::{ContextWords, PasswordProblem};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, phc},
};
use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

use super::proof::PasswordProof;
use crate::{
    account::{AccountId, CredentialVersion},
    clock::Timestamp,
    entropy::Entropy,
};

/// Fewest code points (NIST SP 800-63B-4 §3.1.1.2, as part of two steps).
pub const MIN_CHARS: usize = 8;
/// Most code points.
pub const MAX_CHARS: usize = 256;

/// A password in NFC, at most [`MAX_CHARS`] code points; it cannot be printed or serialised.
#[derive(Clone)]
pub struct Password {
    nfc: SecretString,
    /// As typed, where that differs: other programs hashed what they got.
    typed: Option<SecretString>,
}

impl Password {
    /// A password for signing in: any length up to the limit. `None` above it: no account can have it.
    pub fn typed(text: &str) -> Option<Self> {
        // The byte bound keeps normalisation cheap whatever was posted; four bytes a code point, three code points for
        // one after composition.
        if text.len() > MAX_CHARS * 12 {
            return None;
        }
        let nfc: String = text.nfc().collect();
        let typed = (nfc != text).then(|| SecretString::from(text));
        (nfc.chars().count() <= MAX_CHARS).then(|| Self { nfc: nfc.into(), typed })
    }

    /// A password to be stored: every code point counts, no composition rules, and neither a common one nor one made
    /// of `names`. Whoever stores a password goes through here, by way of `App::choose_password`.
    pub fn chosen(text: &str, names: &ContextWords) -> Result<Self, PasswordProblem> {
        let password = Self::typed(text).ok_or(PasswordProblem::TooLong)?;
        rules::check(password.nfc.expose_secret(), names)?;
        Ok(password)
    }

    fn bytes(&self) -> &[u8] {
        self.nfc.expose_secret().as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A stored hash: one of ours in PHC string form, or one another program made, in its notation.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Rebuilds it from its column; only the store calls this.
    pub(crate) const fn from_record(phc: String) -> Self {
        Self(phc)
    }
    /// Takes a hash another program made, when its kind is known and checking it costs no more than the gateway can
    /// bear.
    pub fn imported(text: &str) -> Result<Self, HashRefused> {
        let stored = foreign::stored_form(text);
        Foreign::parse(stored)?.check_costs()?;
        Ok(Self(stored.to_owned()))
    }
    /// Its kind and, among hashes of that kind, how costly it is; `None` for what cannot be read.
    pub fn cost(&self) -> Option<(&'static str, u64)> {
        Foreign::parse(&self.0).ok().map(|hash| hash.cost())
    }
    /// Checks the longest password against it, for the time that takes; whether it is right is nobody's business.
    pub fn spend_a_check(&self) {
        let longest = "𠮷".repeat(MAX_CHARS);
        if let Ok(hash) = Foreign::parse(&self.0) {
            std::hint::black_box(hash.matches(longest.as_bytes()));
        }
    }
    /// For the column.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Argon2id with its costs.
#[derive(Debug, Clone)]
pub struct Scheme {
    argon2: Argon2<'static>,
}

/// The costs are outside what Argon2 allows, or memory is short.
#[derive(Debug, thiserror::Error)]
#[error("password hashing failed: {0}")]
pub struct HashError(String);

impl Scheme {
    /// `memory_kib`, `passes`, `lanes` as in RFC 9106 §3.1.
    pub fn argon2id(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, HashError> {
        let params = Params::new(memory_kib, passes, lanes, None).map_err(|e| HashError(e.to_string()))?;
        Ok(Self { argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params) })
    }

    /// Hashes with a fresh 128-bit salt. Takes tens of milliseconds and the configured memory: call it on the hashing
    /// pool.
    pub fn hash(&self, password: &Password, entropy: &dyn Entropy) -> Result<PasswordHash, HashError> {
        let salt: [u8; 16] = crate::entropy::random_bytes(entropy);
        let hash =
            self.argon2.hash_password_with_salt(password.bytes(), &salt).map_err(|e| HashError(e.to_string()))?;
        Ok(PasswordHash(hash.to_string()))
    }

    /// Was this hash made with other costs, so that it should be made again at the next sign-in?
    pub fn outdated(&self, hash: &PasswordHash) -> bool {
        let Ok(parsed) = phc::PasswordHash::new(&hash.0) else { return true };
        let ours = Algorithm::Argon2id.ident();
        let length = parsed.hash.map_or(0, |output| output.len());
        if parsed.algorithm != ours
            || parsed.version != Some(Version::V0x13.into())
            || length < Params::DEFAULT_OUTPUT_LEN
        {
            return true;
        }
        Params::try_from(&parsed).map_or(true, |params| {
            let ours = self.argon2.params();
            (params.m_cost(), params.t_cost(), params.p_cost()) != (ours.m_cost(), ours.t_cost(), ours.p_cost())
        })
    }

    /// Our hashes are of the password in NFC, those of other programs of what was typed. Where the two differ and the
    /// first is wrong, the second is tried, whatever the hash: what was typed decides the work, not whose hash it is.
    fn matches(password: &Password, hash: &PasswordHash) -> bool {
        Foreign::parse(&hash.0).is_ok_and(|parsed| {
            parsed.matches(password.bytes())
                || password.typed.as_ref().is_some_and(|typed| parsed.matches(typed.expose_secret().as_bytes()))
        })
    }
}

/// The stored side of a check.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Whose hash it is.
    pub account: AccountId,
    /// The version it belongs to.
    pub credential_version: CredentialVersion,
    /// The hash.
    pub hash: PasswordHash,
}

/// Always hashes once: against the account's hash, or against `dummy` where there is no account (or it cannot sign in),
/// so that the work does not say which. The only way to a [`PasswordProof`].
pub fn verify(
    candidate: Option<&Candidate>,
    password: Option<&Password>,
    dummy: &PasswordHash,
    now: Timestamp,
) -> Option<PasswordProof> {
    let too_long = Password { nfc: SecretString::from(String::new()), typed: None };
    let matched = Scheme::matches(password.unwrap_or(&too_long), candidate.map_or(dummy, |c| &c.hash));
    match (candidate, password) {
        (Some(c), Some(_)) if matched => {
            Some(PasswordProof { account: c.account, credential_version: c.credential_version, at: now })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn scheme() -> Scheme {
        Scheme::argon2id(16, 1, 1).unwrap()
    }

    #[test]
    fn the_whole_password_counts_in_nfc() {
        let entropy = SystemEntropy::new();
        let scheme = scheme();
        let long = "か\u{3099}".repeat(128);
        let hash = scheme.hash(&Password::typed(&long).unwrap(), &entropy).unwrap();
        let candidate = Candidate {
            account: AccountId::random(&entropy),
            credential_version: CredentialVersion(1),
            hash: hash.clone(),
        };
        let check =
            |text: &str| verify(Some(&candidate), Password::typed(text).as_ref(), &hash, Timestamp::EPOCH).is_some();
        assert!(check(&"が".repeat(128)), "composed and decomposed forms are one password");
        assert!(!check(&"が".repeat(127)), "nothing is cut off");
    }

    #[test]
    fn length_rules_count_code_points() {
        let chosen = |text: &str| Password::chosen(text, &ContextWords::default()).map(drop);
        assert_eq!(chosen("1234567"), Err(PasswordProblem::TooShort));
        assert_eq!(chosen("合言葉は秘密です"), Ok(()), "eight characters of any script");
        assert_eq!(chosen(&"か\u{3099}".repeat(7)), Err(PasswordProblem::TooShort), "counted in NFC");
        assert_eq!(chosen(&"x".repeat(256)), Ok(()));
        assert_eq!(chosen(&"x".repeat(257)), Err(PasswordProblem::TooLong));
        assert_eq!(chosen(&"x".repeat(1 << 20)), Err(PasswordProblem::TooLong));
    }

    #[test]
    fn the_dummy_never_proves_anything() {
        let entropy = SystemEntropy::new();
        let password = Password::typed("correct horse").unwrap();
        let dummy = scheme().hash(&password, &entropy).unwrap();
        assert!(verify(None, Some(&password), &dummy, Timestamp::EPOCH).is_none());
    }

    #[test]
    fn raised_costs_make_a_hash_outdated() {
        let entropy = SystemEntropy::new();
        let hash = scheme().hash(&Password::typed("correct horse").unwrap(), &entropy).unwrap();
        assert!(!scheme().outdated(&hash));
        assert!(Scheme::argon2id(32, 1, 1).unwrap().outdated(&hash));
    }
}
