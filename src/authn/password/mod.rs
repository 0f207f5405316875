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
/// Up to how many bytes a password is tried both in NFC and as typed. Where the cost grows with the password, two checks
/// of as many cost more than one of the longest that is let through, so that [`PasswordHash::spend_a_check`] spends the most.
const BOTH_FORMS_BYTES: usize = 64;

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

    /// The one whose check takes longest: both forms, each as long as can be.
    fn costliest() -> Option<Self> {
        // ANGSTROM SIGN, three bytes, is another letter of two in NFC.
        Self::typed(&format!("{}\u{212B}", "x".repeat(BOTH_FORMS_BYTES - 3)))
    }

    /// A password to be stored: every code point counts, no composition rules, and neither a common one nor one made
    /// of `names`. Whoever stores a password goes through here, by way of `App::choose_password`.
    pub fn chosen(text: &str, names: &ContextWords) -> Result<Self, PasswordProblem> {
        let password = Self::typed(text).ok_or(PasswordProblem::TooLong)?;
        rules::check(password.nfc.expose_secret(), names)?;
        Ok(password)
    }

    /// Are both the same password, however they were typed?
    pub fn is(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }

    fn bytes(&self) -> &[u8] {
        self.nfc.expose_secret().as_bytes()
    }

    /// What is checked against a hash, the likelier first: ours are of the password in NFC, those of other programs of
    /// what was typed. Only a short password is tried in both forms. Nothing is left of one that is too long for the
    /// hash.
    fn forms(&self, hash: &Foreign<'_>) -> impl Iterator<Item = &[u8]> {
        let nfc = self.bytes();
        let typed = self.typed.as_ref().map_or(nfc, |typed| typed.expose_secret().as_bytes());
        let (first, other) = if matches!(hash, Foreign::Argon2(..)) { (nfc, typed) } else { (typed, nfc) };
        let both = self.typed.is_some() && first.len().max(other.len()) <= BOTH_FORMS_BYTES;
        let first = hash.takes(first).then_some(first);
        first.into_iter().chain(both.then_some(other))
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
    /// Checks the costliest password that is let through against it, for the time that takes; whether it is right is
    /// nobody's business.
    pub fn spend_a_check(&self) {
        if let Some(costliest) = Password::costliest() {
            std::hint::black_box(Scheme::matches(&costliest, self));
        }
    }
    /// Is the password short enough to be checked against it at all?
    pub fn takes(&self, password: &Password) -> bool {
        Foreign::parse(&self.0).is_ok_and(|hash| password.forms(&hash).next().is_some())
    }
    /// May the password match without being read to its end? Then its end may be wrong, and a hash of all of it would
    /// lock its owner out.
    pub fn cuts(&self, password: &Password) -> bool {
        Foreign::parse(&self.0).is_ok_and(|hash| password.forms(&hash).any(|form| hash.cuts(form)))
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

    /// Is checking this hash another matter than checking one of ours: of another kind, or much costlier? Such checks are
    /// kept apart, so that they hold nobody else up.
    pub fn is_foreign(&self, hash: &PasswordHash) -> bool {
        match Foreign::parse(&hash.0) {
            Ok(Foreign::Argon2(_, params)) => {
                foreign::argon2_work(&params) > 4 * foreign::argon2_work(self.argon2.params())
            }
            Ok(_) => true,
            Err(_unreadable) => false,
        }
    }

    /// What was typed decides how many forms are tried, not whose hash it is.
    fn matches(password: &Password, hash: &PasswordHash) -> bool {
        Foreign::parse(&hash.0).is_ok_and(|parsed| password.forms(&parsed).any(|form| parsed.matches(form)))
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

/// Always hashes once: against the account's hash, or against `dummy` where there is no account (or it cannot sign in, or
/// its hash takes no password as long), so that the work does not say which. The only way to a [`PasswordProof`].
pub fn verify(
    candidate: Option<&Candidate>,
    password: Option<&Password>,
    dummy: &PasswordHash,
    now: Timestamp,
) -> Option<PasswordProof> {
    let too_long = Password { nfc: SecretString::from(String::new()), typed: None };
    let candidate = candidate.filter(|c| password.is_some_and(|password| c.hash.takes(password)));
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

    fn right(hash: &str, text: &str) -> bool {
        let entropy = SystemEntropy::new();
        let candidate = Candidate {
            account: AccountId::random(&entropy),
            credential_version: CredentialVersion(1),
            hash: PasswordHash::imported(hash).unwrap(),
        };
        let dummy = scheme().hash(&Password::typed("nobody").unwrap(), &entropy).unwrap();
        verify(Some(&candidate), Password::typed(text).as_ref(), &dummy, Timestamp::EPOCH).is_some()
    }

    /// `openssl passwd -6 -salt saltsalt`, of 128 and of 129 times `x`.
    const OF_128: &str =
        "$6$saltsalt$gMgmpB5vJeEcZwoAK.oBWemFhmunx1texmUNGdSUf7Zh2wFqvTSYmVFxR2ScPvzAbcm2xRvGYjMzS0Ao8.Pqo0";
    const OF_129: &str =
        "$6$saltsalt$wl8fIIe1hwySduUxXxKq/3KkQxCfA0QvrHy3jFounsaA/2Hz7w5mZ5MIx8fDdLgiU9wkI5NFAfKY0OeryN1wR1";

    #[test]
    fn a_long_password_is_not_hashed_where_every_round_would_hash_it_again() {
        assert!(right(OF_128, &"x".repeat(128)));
        assert!(!right(OF_129, &"x".repeat(129)), "right, but never looked at");
        let long = Password::typed(&"😀".repeat(MAX_CHARS)).unwrap();
        for hash in [OF_128, "$apr1$abcdefgh$0123456789abcdefghij..", "$P$6abcdefgh0123456789abcdefghij.."] {
            assert!(!PasswordHash::imported(hash).unwrap().takes(&long), "{hash}");
        }
        let entropy = SystemEntropy::new();
        assert!(scheme().hash(&long, &entropy).unwrap().takes(&long), "with ours all of it counts");
    }

    #[test]
    fn only_a_short_password_is_tried_in_both_forms() {
        let bcrypt = |text: &str| bcrypt::hash_with_salt(text, 4, [3; 16]).unwrap().to_string();
        let (composed, typed) = ("が".repeat(10), "か\u{3099}".repeat(10));
        assert!(right(&bcrypt(&typed), &typed), "as typed");
        assert!(right(&bcrypt(&composed), &typed), "and in NFC");
        let (composed, typed) = ("が".repeat(11), "か\u{3099}".repeat(11));
        assert!(right(&bcrypt(&typed), &typed));
        assert!(!right(&bcrypt(&composed), &typed));
    }

    #[test]
    fn the_check_that_is_measured_is_of_two_forms_as_long_as_both_are_tried() {
        let costliest = Password::costliest().unwrap();
        let hash = Foreign::parse(OF_128).unwrap();
        let lengths: Vec<usize> = costliest.forms(&hash).map(<[u8]>::len).collect();
        assert_eq!(lengths, [64, 63]);
        assert!(lengths.iter().sum::<usize>() + 1 >= foreign::REPEATED_BYTES);
    }

    #[test]
    fn what_bcrypt_reads_only_the_beginning_of_is_known() {
        let hash = PasswordHash::imported(&bcrypt::hash_with_salt("x", 4, [3; 16]).unwrap().to_string()).unwrap();
        let cut = |text: &str| hash.cuts(&Password::typed(text).unwrap());
        assert!(!cut(&"x".repeat(71)));
        assert!(cut(&"x".repeat(72)), "the owner's may be longer");
        assert!(cut(&"か\u{3099}".repeat(12)));
        assert!(!PasswordHash::imported(OF_128).unwrap().cuts(&Password::typed(&"x".repeat(72)).unwrap()));
    }

    #[test]
    fn costly_hashes_of_others_are_told_from_ours() {
        let entropy = SystemEntropy::new();
        let scheme = scheme();
        assert!(!scheme.is_foreign(&scheme.hash(&Password::typed("correct horse").unwrap(), &entropy).unwrap()));
        assert!(scheme.is_foreign(&PasswordHash::imported(OF_128).unwrap()));
        let costly = Scheme::argon2id(65, 1, 1).unwrap().hash(&Password::typed("x").unwrap(), &entropy).unwrap();
        assert!(scheme.is_foreign(&costly));
    }

    #[test]
    fn raised_costs_make_a_hash_outdated() {
        let entropy = SystemEntropy::new();
        let hash = scheme().hash(&Password::typed("correct horse").unwrap(), &entropy).unwrap();
        assert!(!scheme().outdated(&hash));
        assert!(Scheme::argon2id(32, 1, 1).unwrap().outdated(&hash));
    }
}
