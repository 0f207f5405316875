//! Password hashes in every notation that is taken: ours, and those of other programs, bounded when they are imported
//! and verified as those programs did until the first right password replaces them. Nothing here makes a hash to keep.

use argon2::{
    Argon2, Params,
    password_hash::{PasswordVerifier as _, phc},
};
use data_encoding::{BASE64, BASE64_NOPAD, BitOrder, Encoding, Specification};
use md5::{Digest as _, Md5};
use ring::{hmac, pbkdf2};
use std::{num::NonZeroU32, sync::LazyLock};
use subtle::ConstantTimeEq as _;

/// Why a hash was not taken. The words never hold the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashRefused {
    /// Nothing, or what programs write for "no password".
    #[error("there is no usable password")]
    None,
    /// Of no kind that is known.
    #[error(
        "this is not a password hash of a kind that can be taken: bcrypt, Argon2, PBKDF2, SHA-crypt, phpass or Apache MD5"
    )]
    Unknown,
    /// Unsalted, or broken so long ago that it protects nobody: a new password is safer than the old hash.
    #[error("{0} protects no password any more; set a new password for this account")]
    Broken(&'static str),
    /// It begins like one of a kind that is known, but is not.
    #[error("this is not a whole {0} hash")]
    Malformed(&'static str),
    /// Checking it would hold up the gateway.
    #[error("the cost of this {0} hash is outside what is taken ({1})")]
    Cost(&'static str, &'static str),
}

/// A hash that was read. Whether its costs are bearable is another question: [`Foreign::check_costs`].
pub(super) enum Foreign<'a> {
    Argon2(Box<phc::PasswordHash>, Params),
    Bcrypt { prehash: Prehash<'a>, hash: String, cost: u32 },
    Pbkdf2 { algorithm: pbkdf2::Algorithm, rounds: NonZeroU32, salt: Vec<u8>, derived: Vec<u8> },
    ShaCrypt { hash: &'a str, rounds: u32 },
    Md5Crypt { magic: &'static str, salt: &'a str, digest: &'a str },
    Phpass { log2: u32, salt: &'a str, digest: &'a str },
}

/// What some programs feed bcrypt in place of the password, so that it counts in full.
pub(super) enum Prehash<'a> {
    None,
    /// Django: SHA-256 in hexadecimal.
    Sha256Hex,
    /// passlib and Authelia: HMAC-SHA-256 under the salt, in Base64.
    Hmac {
        salt: &'a str,
    },
}

/// The longest password that is hashed where every round hashes it again, in bytes. Without a bound on it, none on the
/// rounds bounds the work.
pub(super) const REPEATED_BYTES: usize = 128;
/// What bcrypt reads of a password.
const BCRYPT_BYTES: usize = 72;

/// The limits are what one core checks in about two seconds with the costliest password that is let through, and
/// 256 MiB. They bound what one hostile line of an import can cost every sign-in after it.
mod limit {
    use super::{HashRefused, PBKDF2, PHPASS, SHA_CRYPT};

    pub(super) const fn pbkdf2() -> HashRefused {
        HashRefused::Cost(PBKDF2, "at most 3,000,000 rounds over all blocks of the digest")
    }
    pub(super) const fn sha_crypt() -> HashRefused {
        HashRefused::Cost(SHA_CRYPT, "1,000 to 656,000 rounds")
    }
    pub(super) const fn phpass() -> HashRefused {
        HashRefused::Cost(PHPASS, "2^7 to 2^21 rounds")
    }
    pub(super) const BCRYPT: std::ops::RangeInclusive<u32> = 4..=15;
    pub(super) const ARGON2_MEMORY_KIB: u32 = 256 * 1024;
    /// Memory times passes: what is written in all.
    pub(super) const ARGON2_WORK_KIB: u64 = 2 * 1024 * 1024;
    pub(super) const ARGON2_LANES: u32 = 64;
    pub(super) const PBKDF2_ROUNDS: u64 = 3_000_000;
    /// As far as passlib goes by itself.
    pub(super) const SHA_CRYPT_ROUNDS: std::ops::RangeInclusive<u32> = 1_000..=656_000;
    pub(super) const PHPASS_LOG2: std::ops::RangeInclusive<u32> = 7..=21;
}

const BCRYPT: &str = "bcrypt";
const ARGON2: &str = "Argon2";
const PBKDF2: &str = "PBKDF2";
const SHA_CRYPT: &str = "SHA-crypt";
const MD5_CRYPT: &str = "MD5-crypt";
const PHPASS: &str = "phpass";

/// The alphabet of crypt(3), six bits from the low end.
static CRYPT64: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    specification.bit_order = BitOrder::LeastSignificantFirst;
    specification.encoding().ok()
});

fn is_crypt64(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/'))
}

/// A salt as crypt(3) takes one.
fn is_salt(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'$' | b':'))
}

/// Takes what Django writes before the notation of others away; the rest is what is stored.
pub(super) fn stored_form(text: &str) -> &str {
    let rest = text.strip_prefix("argon2$").or_else(|| text.strip_prefix("bcrypt$"));
    let other = rest.and_then(|rest| if rest.starts_with('$') { Some(rest) } else { text.strip_prefix("argon2") });
    other.unwrap_or(text)
}

impl<'a> Foreign<'a> {
    /// Reads a hash in the form [`stored_form`] gives.
    pub(super) fn parse(text: &'a str) -> Result<Self, HashRefused> {
        if text.is_empty() || text.starts_with(['!', '*']) {
            return Err(HashRefused::None);
        }
        if text.len() > 512 || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(HashRefused::Unknown);
        }
        let Some(dollar) = text.find('$') else {
            let sha = text.starts_with("{SHA}") || text.starts_with("{SSHA}");
            return Err(if sha { HashRefused::Broken("SHA-1") } else { HashRefused::Unknown });
        };
        let (name, fields) = match text.strip_prefix('$') {
            Some(rest) => rest.split_once('$').ok_or(HashRefused::Unknown)?,
            None => (text.get(..dollar).unwrap_or_default(), text.get(dollar + 1..).unwrap_or_default()),
        };
        match (dollar, name) {
            (0, "2a" | "2b" | "2y") => Self::bcrypt(Prehash::None, text.to_owned()),
            (0, "2x") => Err(HashRefused::Broken("the old, faulty bcrypt ($2x$)")),
            (0, "bcrypt-sha256") => Self::bcrypt_hmac(fields),
            (_, "bcrypt_sha256") => Self::bcrypt(Prehash::Sha256Hex, fields.to_owned()),
            (0, "argon2i" | "argon2d" | "argon2id") => Self::argon2(text),
            (0, "pbkdf2") => Self::pbkdf2_phc(pbkdf2::PBKDF2_HMAC_SHA1, fields),
            (0, "pbkdf2-sha256") => Self::pbkdf2_phc(pbkdf2::PBKDF2_HMAC_SHA256, fields),
            (0, "pbkdf2-sha512") => Self::pbkdf2_phc(pbkdf2::PBKDF2_HMAC_SHA512, fields),
            (_, "pbkdf2_sha1") => Self::pbkdf2_django(pbkdf2::PBKDF2_HMAC_SHA1, fields),
            (_, "pbkdf2_sha256") => Self::pbkdf2_django(pbkdf2::PBKDF2_HMAC_SHA256, fields),
            (0, "5") => Self::sha_crypt(text, fields, 43),
            (0, "6") => Self::sha_crypt(text, fields, 86),
            (0, "apr1") => Self::md5_crypt("$apr1$", fields),
            (0, "1") => Self::md5_crypt("$1$", fields),
            (0, "P" | "H") => Self::phpass(fields),
            (_, "md5" | "unsalted_md5") => Err(HashRefused::Broken("a single MD5")),
            (_, "sha1" | "unsalted_sha1") => Err(HashRefused::Broken("a single SHA-1")),
            (_, "crypt") => Err(HashRefused::Broken("DES crypt")),
            _ => Err(HashRefused::Unknown),
        }
    }

    fn bcrypt(prehash: Prehash<'a>, hash: String) -> Result<Self, HashRefused> {
        let malformed = HashRefused::Malformed(BCRYPT);
        if !["$2a$", "$2b$", "$2y$"].iter().any(|version| hash.starts_with(version)) {
            return Err(malformed);
        }
        let parts: bcrypt::HashParts = hash.parse().map_err(|_unreadable: bcrypt::BcryptError| malformed)?;
        Ok(Self::Bcrypt { prehash, hash, cost: parts.get_cost() })
    }

    /// `v=2,t=2b,r=12$salt$digest`.
    fn bcrypt_hmac(fields: &'a str) -> Result<Self, HashRefused> {
        let malformed = HashRefused::Malformed(BCRYPT);
        let mut parts = fields.split('$');
        let (Some(parameters), Some(salt), Some(digest), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed);
        };
        let rounds: u32 =
            parameters.strip_prefix("v=2,t=2b,r=").and_then(|rounds| rounds.parse().ok()).ok_or(malformed)?;
        Self::bcrypt(Prehash::Hmac { salt }, format!("$2b${rounds:02}${salt}{digest}"))
    }

    fn argon2(text: &str) -> Result<Self, HashRefused> {
        let malformed = HashRefused::Malformed(ARGON2);
        let hash = phc::PasswordHash::new(text).map_err(|_unreadable| malformed)?;
        let params = Params::try_from(&hash).map_err(|_unreadable| malformed)?;
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err(malformed);
        }
        Ok(Self::Argon2(Box::new(hash), params))
    }

    fn pbkdf2(
        algorithm: pbkdf2::Algorithm,
        rounds: &str,
        salt: Option<Vec<u8>>,
        derived: Option<Vec<u8>>,
    ) -> Result<Self, HashRefused> {
        let malformed = HashRefused::Malformed(PBKDF2);
        let rounds: NonZeroU32 = rounds.parse().map_err(|_not_a_number| {
            if rounds.bytes().all(|b| b.is_ascii_digit()) { limit::pbkdf2() } else { malformed }
        })?;
        let salt = salt.filter(|salt| !salt.is_empty()).ok_or(malformed)?;
        let derived = derived.filter(|derived| (16..=64).contains(&derived.len())).ok_or(malformed)?;
        Ok(Self::Pbkdf2 { algorithm, rounds, salt, derived })
    }

    /// `rounds$salt$digest`, in Base64 without padding where `.` stands for `+`.
    fn pbkdf2_phc(algorithm: pbkdf2::Algorithm, fields: &str) -> Result<Self, HashRefused> {
        let decode = |text: &str| BASE64_NOPAD.decode(text.replace('.', "+").as_bytes()).ok();
        let mut parts = fields.split('$');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(rounds), Some(salt), Some(derived), None) => {
                Self::pbkdf2(algorithm, rounds, decode(salt), decode(derived))
            }
            _ => Err(HashRefused::Malformed(PBKDF2)),
        }
    }

    /// `rounds$salt$digest`: the salt is its own text, the digest is Base64.
    fn pbkdf2_django(algorithm: pbkdf2::Algorithm, fields: &str) -> Result<Self, HashRefused> {
        let mut parts = fields.split('$');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(rounds), Some(salt), Some(derived), None) => {
                Self::pbkdf2(algorithm, rounds, Some(salt.into()), BASE64.decode(derived.as_bytes()).ok())
            }
            _ => Err(HashRefused::Malformed(PBKDF2)),
        }
    }

    /// `[rounds=N$]salt$digest`.
    fn sha_crypt(hash: &'a str, fields: &str, digest_length: usize) -> Result<Self, HashRefused> {
        const DEFAULT_ROUNDS: u32 = 5_000;
        let malformed = HashRefused::Malformed(SHA_CRYPT);
        let (rounds, rest) = match fields.strip_prefix("rounds=") {
            None => (DEFAULT_ROUNDS, fields),
            Some(rest) => {
                let (rounds, rest) = rest.split_once('$').ok_or(malformed)?;
                (rounds.parse().map_err(|_not_a_number| limit::sha_crypt())?, rest)
            }
        };
        match rest.split_once('$') {
            Some((salt, digest))
                if is_crypt64(salt, salt.len()) && is_salt(salt, 16) && is_crypt64(digest, digest_length) =>
            {
                Ok(Self::ShaCrypt { hash, rounds })
            }
            _ => Err(malformed),
        }
    }

    fn md5_crypt(magic: &'static str, fields: &'a str) -> Result<Self, HashRefused> {
        match fields.split_once('$') {
            Some((salt, digest)) if is_salt(salt, 8) && is_crypt64(digest, 22) => {
                Ok(Self::Md5Crypt { magic, salt, digest })
            }
            _ => Err(HashRefused::Malformed(MD5_CRYPT)),
        }
    }

    /// One character of cost, eight of salt, twenty-two of digest.
    fn phpass(fields: &'a str) -> Result<Self, HashRefused> {
        let malformed = HashRefused::Malformed(PHPASS);
        let (Some(cost), Some(salt), Some(digest)) = (fields.get(..1), fields.get(1..9), fields.get(9..)) else {
            return Err(malformed);
        };
        if !is_crypt64(cost, 1) || !is_salt(salt, 8) || !is_crypt64(digest, 22) {
            return Err(malformed);
        }
        let value = |c: u8| match c {
            b'.' | b'/' => c - b'.',
            b'0'..=b'9' => c - b'0' + 2,
            b'A'..=b'Z' => c - b'A' + 12,
            _ => c.wrapping_sub(b'a').wrapping_add(38),
        };
        let log2 = cost.bytes().next().map_or(0, |c| u32::from(value(c)));
        if log2 >= u32::BITS {
            return Err(limit::phpass());
        }
        Ok(Self::Phpass { log2, salt, digest })
    }

    /// Refuses a hash of other software that would hold up the gateway whenever it is checked.
    pub(super) fn check_costs(&self) -> Result<(), HashRefused> {
        let (bearable, refused) = match self {
            Self::Argon2(_, params) => (
                params.m_cost() <= limit::ARGON2_MEMORY_KIB
                    && params.p_cost() <= limit::ARGON2_LANES
                    && argon2_work(params) <= limit::ARGON2_WORK_KIB,
                HashRefused::Cost(ARGON2, "at most 256 MiB, 2 GiB over all passes, 64 lanes"),
            ),
            Self::Bcrypt { cost, .. } => (limit::BCRYPT.contains(cost), HashRefused::Cost(BCRYPT, "4 to 15")),
            Self::Pbkdf2 { algorithm, rounds, derived, .. } => {
                (pbkdf2_work(*algorithm, *rounds, derived) <= limit::PBKDF2_ROUNDS, limit::pbkdf2())
            }
            Self::ShaCrypt { rounds, .. } => (limit::SHA_CRYPT_ROUNDS.contains(rounds), limit::sha_crypt()),
            Self::Md5Crypt { .. } => (true, HashRefused::Unknown),
            Self::Phpass { log2, .. } => (limit::PHPASS_LOG2.contains(log2), limit::phpass()),
        };
        if bearable { Ok(()) } else { Err(refused) }
    }

    /// Its kind and, among hashes of that kind, how costly it is.
    pub(super) fn cost(&self) -> (&'static str, u64) {
        match self {
            Self::Argon2(_, params) => (ARGON2, argon2_work(params)),
            Self::Bcrypt { cost, .. } => (BCRYPT, u64::from(*cost)),
            Self::Pbkdf2 { algorithm, rounds, derived, .. } => (PBKDF2, pbkdf2_work(*algorithm, *rounds, derived)),
            Self::ShaCrypt { rounds, .. } => (SHA_CRYPT, u64::from(*rounds)),
            Self::Md5Crypt { .. } => (MD5_CRYPT, 1),
            Self::Phpass { log2, .. } => (PHPASS, u64::from(*log2)),
        }
    }

    /// Is this password one to check against it? Where the password is hashed again in every round, a long one is not:
    /// nobody has such a password, and somebody who types one wants the work.
    pub(super) const fn takes(&self, password: &[u8]) -> bool {
        match self {
            Self::ShaCrypt { .. } | Self::Md5Crypt { .. } | Self::Phpass { .. } => password.len() <= REPEATED_BYTES,
            Self::Argon2(..) | Self::Bcrypt { .. } | Self::Pbkdf2 { .. } => true,
        }
    }

    /// May this password match without being read to its end?
    pub(super) const fn cuts(&self, password: &[u8]) -> bool {
        matches!(self, Self::Bcrypt { prehash: Prehash::None, .. }) && password.len() >= BCRYPT_BYTES
    }

    /// Is it the hash of this password, as the program that made it would say? Programs written in C end a password at
    /// a zero byte; one that has such a byte was never checked by them in full and is never right here.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let c_string = !password.contains(&0);
        match self {
            Self::Argon2(hash, _) => Argon2::default().verify_password(password, hash.as_ref()).is_ok(),
            Self::Bcrypt { prehash: Prehash::None, hash, .. } => {
                // The first 72 bytes count, as they did.
                bcrypt::verify(password, hash).unwrap_or(false) && c_string
            }
            Self::Bcrypt { prehash: Prehash::Sha256Hex, hash, .. } => {
                let digest = ring::digest::digest(&ring::digest::SHA256, password);
                let text = data_encoding::HEXLOWER.encode(digest.as_ref());
                bcrypt::verify(text, hash).unwrap_or(false)
            }
            Self::Bcrypt { prehash: Prehash::Hmac { salt }, hash, .. } => {
                let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes()), password);
                bcrypt::verify(BASE64.encode(tag.as_ref()), hash).unwrap_or(false)
            }
            Self::Pbkdf2 { algorithm, rounds, salt, derived } => {
                pbkdf2::verify(*algorithm, *rounds, salt, password, derived).is_ok()
            }
            Self::ShaCrypt { hash, .. } => {
                sha_crypt::ShaCrypt::default().verify_password(password, *hash).is_ok() && c_string
            }
            Self::Md5Crypt { magic, salt, digest } => {
                let right = md5_crypt(password, magic, salt);
                bool::from(encode64(&right).as_bytes().ct_eq(digest.as_bytes())) && c_string
            }
            Self::Phpass { log2, salt, digest } => {
                let right = phpass(password, *log2, salt);
                encode64(&right).as_bytes().ct_eq(digest.as_bytes()).into()
            }
        }
    }
}

/// The rounds over all blocks of the digest (RFC 8018 §5.2).
fn pbkdf2_work(algorithm: pbkdf2::Algorithm, rounds: NonZeroU32, derived: &[u8]) -> u64 {
    let block = match algorithm {
        a if a == pbkdf2::PBKDF2_HMAC_SHA1 => 20,
        a if a == pbkdf2::PBKDF2_HMAC_SHA256 => 32,
        _ => 64,
    };
    u64::from(rounds.get()) * u64::try_from(derived.len().div_ceil(block)).unwrap_or(u64::MAX)
}

/// What is written in all passes, in KiB.
pub(super) fn argon2_work(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

fn encode64(digest: &[u8; 16]) -> String {
    CRYPT64.as_ref().map_or_else(String::new, |alphabet| alphabet.encode(digest))
}

/// phpass, portable: MD5 of salt and password, then of the last digest and the password, 2^log2 times.
fn phpass(password: &[u8], log2: u32, salt: &str) -> [u8; 16] {
    let mut digest: [u8; 16] = Md5::new().chain_update(salt).chain_update(password).finalize().into();
    for _ in 0..1_u32 << log2 {
        digest = Md5::new().chain_update(digest).chain_update(password).finalize().into();
    }
    digest
}

/// The order in which MD5-crypt writes the bytes of its digest out.
const WRITTEN: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];

/// Poul-Henning Kamp's MD5-crypt, and Apache's with another magic word.
fn md5_crypt(password: &[u8], magic: &str, salt: &str) -> [u8; 16] {
    let inner: [u8; 16] = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize().into();
    let mut first = Md5::new().chain_update(password).chain_update(magic).chain_update(salt);
    first.update(inner.iter().copied().cycle().take(password.len()).collect::<Vec<u8>>());
    let mut bits = password.len();
    while bits > 0 {
        // The original takes the first byte of a buffer it has just cleared for a one, and of the password for a zero.
        match (bits & 1, password.first()) {
            (0, Some(byte)) => first.update([*byte]),
            _ => first.update([0]),
        }
        bits >>= 1;
    }
    let mut digest: [u8; 16] = first.finalize().into();
    for round in 0..1_000_u32 {
        let mut next = Md5::new();
        if round % 2 == 1 {
            next.update(password);
        } else {
            next.update(digest);
        }
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        if round % 2 == 1 {
            next.update(digest);
        } else {
            next.update(password);
        }
        digest = next.finalize().into();
    }
    WRITTEN.map(|from| digest.get(from).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes made by other software; `tests/data/legacy-hashes.py` says how.
    fn vectors() -> Vec<(String, &'static str, &'static str)> {
        let lines = include_str!("../../../tests/data/legacy-hashes.tsv").lines();
        let read = |line: &'static str| {
            let mut columns = line.split('\t');
            let password = serde_json::from_str(columns.next().unwrap()).unwrap();
            (password, columns.next().unwrap(), columns.next().unwrap())
        };
        lines.map(read).collect()
    }

    #[test]
    fn hashes_of_other_software_verify_and_only_with_their_password() {
        let vectors = vectors();
        assert!(vectors.len() >= 160, "{}", vectors.len());
        for (password, hash, made_by) in vectors {
            let parsed = Foreign::parse(stored_form(hash)).unwrap_or_else(|why| panic!("{made_by}: {hash}: {why}"));
            assert!(parsed.matches(password.as_bytes()), "{made_by}: {hash}");
            let wrong = format!("x{}", password.get(1..).unwrap_or_default());
            assert!(!parsed.matches(wrong.as_bytes()), "{made_by}: {hash}");
            assert!(!parsed.matches(b""), "{made_by}: {hash}");
        }
    }

    #[test]
    fn bcrypt_sees_72_bytes_unless_it_was_fed_a_digest() {
        for (password, hash, made_by) in vectors().into_iter().filter(|(password, ..)| password.len() == 72) {
            let parsed = Foreign::parse(stored_form(hash)).unwrap();
            let longer = format!("{password}more");
            let truncating = matches!(parsed, Foreign::Bcrypt { prehash: Prehash::None, .. });
            assert_eq!(parsed.matches(longer.as_bytes()), truncating, "{made_by}: {hash}");
            assert!(!parsed.matches(&password.as_bytes()[..71]), "{made_by}: {hash}");
        }
    }

    #[test]
    fn a_zero_byte_ends_no_password() {
        let hash = bcrypt::hash_with_salt("correct", 4, [7; 16]).unwrap().to_string();
        let parsed = Foreign::parse(&hash).unwrap();
        assert!(parsed.matches(b"correct"));
        assert!(!parsed.matches(b"correct\0horse"));
        assert!(!parsed.matches(b"\0"));
    }

    #[test]
    fn hostile_costs_are_refused_before_they_cost_anything() {
        let bcrypt = |cost: &str| format!("$2b${cost}$un3zUY67DW5U246Md/tuSe62Q/m4whiyZEYC2UeReZE/XDz/enB8m");
        let argon2 =
            |costs: &str| format!("$argon2id$v=19${costs}$c29tZXNhbHRzb21lc2FsdA$SmC1HSWuwHgyC6FLM3Y+n78ruBMBSY2Y");
        let sha = |rounds: &str| format!("$5$rounds={rounds}$salt$FK3IOTHbE0WS5PXuvvCMnrvHKVQyGvxSJ4XOD5RdLmA");
        let pbkdf2 = |rounds: &str| format!("pbkdf2_sha256${rounds}$salt$F2HF5H0Sc11hToQjs5FdA6oxHZ3kR2QkNXymh0Mzshw=");
        for hash in [
            bcrypt("31"),
            bcrypt("16"),
            bcrypt("03"),
            argon2("m=4194304,t=1,p=1"),
            argon2("m=262144,t=9,p=1"),
            argon2("m=65536,t=1,p=65"),
            sha("999999999"),
            sha("656001"),
            sha("999"),
            sha("99999999999999999999"),
            pbkdf2("2147483648"),
            pbkdf2("99999999999999999999"),
            pbkdf2("3000001"),
            format!("pbkdf2_sha1$1000000$salt${}", BASE64.encode(&[7; 64])),
            "$P$Tal1bmmgX/C1SI.Fgr/lrNZcZuQYHM.".to_owned(),
            "$P$.al1bmmgX/C1SI.Fgr/lrNZcZuQYHM.".to_owned(),
        ] {
            let judged = Foreign::parse(&hash).and_then(|hash| hash.check_costs());
            assert!(matches!(judged, Err(HashRefused::Cost(..))), "{hash}");
        }
        for (hash, most) in [
            (bcrypt("15"), 15),
            (argon2("m=262144,t=8,p=1"), 2_097_152),
            (pbkdf2("3000000"), 3_000_000),
            (sha("656000"), 656_000),
        ] {
            let parsed = Foreign::parse(&hash).unwrap();
            assert_eq!((parsed.check_costs(), parsed.cost().1), (Ok(()), most), "{hash}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused_with_its_reason() {
        for (text, why) in [
            ("", HashRefused::None),
            ("!Ng3sQdT", HashRefused::None),
            ("*", HashRefused::None),
            ("correct horse", HashRefused::Unknown),
            ("hunter2", HashRefused::Unknown),
            ("$7$abc$def", HashRefused::Unknown),
            ("rQ3Ttc6yXs.Hk", HashRefused::Unknown),
            ("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", HashRefused::Broken("SHA-1")),
            ("md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", HashRefused::Broken("a single MD5")),
            ("$2b$04$tooshort", HashRefused::Malformed("bcrypt")),
            ("$2b$xx$un3zUY67DW5U246Md/tuSe62Q/m4whiyZEYC2UeReZE/XDz/enB8m", HashRefused::Malformed("bcrypt")),
            ("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ", HashRefused::Malformed("Argon2")),
            ("$argon2id$v=19$p=4$c29tZXNhbHQ$c29tZXNhbHQ=", HashRefused::Malformed("Argon2")),
            ("$5$salt$short", HashRefused::Malformed("SHA-crypt")),
            ("$5$$FK3IOTHbE0WS5PXuvvCMnrvHKVQyGvxSJ4XOD5RdLmA", HashRefused::Malformed("SHA-crypt")),
            ("$apr1$salt$short", HashRefused::Malformed("MD5-crypt")),
            ("$P$6al1", HashRefused::Malformed("phpass")),
            ("pbkdf2_sha256$100$salt$c2hvcnQ=", HashRefused::Malformed("PBKDF2")),
            ("pbkdf2_sha256$many$salt$F2HF5H0Sc11hToQjs5FdA6oxHZ3kR2QkNXymh0Mzshw=", HashRefused::Malformed("PBKDF2")),
            ("$pbkdf2-sha512$120$!!$wleVLz", HashRefused::Malformed("PBKDF2")),
        ] {
            assert_eq!(Foreign::parse(text).map(|hash| hash.cost()), Err(why), "{text}");
            assert!(!why.to_string().contains("salt$"), "{why}");
        }
    }
}
