//! Recovery codes: sixteen base32 characters each, ten at a time. What is typed is folded as people type it and compared
//! as a keyed digest; the store never holds a code.

use crate::{
    entropy::Entropy,
    keyring::{KeyId, Keyring, Purpose},
    secret::{Digest, SecretString},
};

/// How many are made at a time.
pub const RECOVERY_CODES: usize = 10;

/// A fresh code, to be shown once, and what the store keeps of it.
#[derive(Debug)]
pub struct RecoveryCode {
    /// `ABCD-EFGH-…`.
    pub text: SecretString,
    /// Keyed digest.
    pub digest: Digest,
    /// The key of the digest.
    pub key: KeyId,
}

impl RecoveryCode {
    /// Eighty random bits for this account. `None` when the key ring lacks its active key.
    pub fn draw(entropy: &dyn Entropy, keyring: &Keyring, account: &[u8; 16]) -> Option<Self> {
        let text = data_encoding::BASE32_NOPAD.encode(&crate::entropy::random_bytes::<10>(entropy));
        let key = keyring.active();
        let digest = recovery_code_digest(&text, keyring, key, account)?;
        let groups: Vec<&str> = [0..4, 4..8, 8..12, 12..16].into_iter().filter_map(|range| text.get(range)).collect();
        Some(Self { text: groups.join("-").into(), digest, key })
    }
}

/// The digest of what was typed, under one of the keys; the account is part of it, so a code of one never serves
/// another.
pub fn recovery_code_digest(typed: &str, keyring: &Keyring, key: KeyId, account: &[u8; 16]) -> Option<Digest> {
    keyring.mac(key, Purpose::RecoveryCode, &[account, super::enrolment::folded(typed).as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, entropy::SystemEntropy, secret::ExposeSecret as _};

    #[test]
    fn codes_are_eighty_bits_in_groups_and_read_as_people_type_them() {
        let entropy = SystemEntropy::new();
        let ring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        let (hanako, taro) = ([1; 16], [2; 16]);
        let code = RecoveryCode::draw(&entropy, &ring, &hanako).unwrap();
        let text = code.text.expose_secret().to_owned();
        assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
        let digest = |typed: &str, account| recovery_code_digest(typed, &ring, code.key, account).unwrap();
        let full_width: String =
            text.chars().map(|c| if c == '-' { '－' } else { char::from_u32(c as u32 + 0xFEE0).unwrap() }).collect();
        for typed in [text.clone(), text.to_lowercase(), text.replace('-', " "), text.replace('-', ""), full_width] {
            assert_eq!(digest(&typed, &hanako), code.digest, "{typed}");
        }
        assert_ne!(digest(&text, &taro), code.digest, "another account");
        assert_ne!(RecoveryCode::draw(&entropy, &ring, &hanako).unwrap().digest, code.digest);
        assert!(!format!("{code:?}").contains(&text));
    }
}
