//! The text of an access token: `sekisho_<key id>_<256 random bits and a MAC>_<checksum>`. The MAC refuses what was not
//! made here without asking the store; the checksum is for programs that look for lost secrets and know no key.

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};

use super::{GenuineToken, KeyId, Keyring, Purpose, TokenId};
use crate::secret::{SecretString, constant_time_eq};

/// Every access token begins so, and nothing else does.
pub const ACCESS_TOKEN_PREFIX: &str = "sekisho_";

/// 256 random bits and the first 128 of the MAC.
const BODY: usize = 48;
const BODY_CHARS: usize = 77;

impl Keyring {
    /// The text for fresh random bits, shown once.
    pub fn issue_access_token(&self, id: TokenId) -> Option<(SecretString, GenuineToken)> {
        let token = GenuineToken::new(self.active(), id);
        let mut body = id.as_bytes().to_vec();
        body.extend_from_slice(&self.short_mac(&token)?);
        let body = BASE32_NOPAD.encode(&body).to_ascii_lowercase();
        let text = format!("{ACCESS_TOKEN_PREFIX}{}_{body}", token.key().0);
        let checksum = crc32(text.as_bytes());
        Some((SecretString::from(format!("{text}_{checksum:08x}")), token))
    }

    /// Checks form, checksum and MAC; `None` for anything this key ring did not make. No store, no allocation.
    pub fn genuine_access_token(&self, text: &str) -> Option<GenuineToken> {
        let (summed, checksum) = text.rsplit_once('_')?;
        let (key, body) = summed.strip_prefix(ACCESS_TOKEN_PREFIX)?.split_once('_')?;
        // One spelling only: no sign, no leading zero, no capital letter.
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let small = |text: &str| !text.bytes().any(|byte| byte.is_ascii_uppercase());
        if key.starts_with('0') || key.len() > 10 || !digits(key) || body.len() != BODY_CHARS || !small(body) {
            return None;
        }
        let hex = checksum.len() == 8 && checksum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !hex || u32::from_str_radix(checksum, 16).ok()? != crc32(summed.as_bytes()) {
            return None;
        }
        let mut bytes = [0; BODY];
        if !matches!(BASE32_NOPAD_NOCASE.decode_mut(body.as_bytes(), &mut bytes), Ok(BODY)) {
            return None;
        }
        let (id, mac) = bytes.split_first_chunk::<32>()?;
        let token = GenuineToken::new(KeyId(key.parse().ok()?), TokenId::new(*id));
        constant_time_eq(&self.short_mac(&token)?, mac).then_some(token)
    }

    fn short_mac(&self, token: &GenuineToken) -> Option<[u8; 16]> {
        let mac = self.mac(token.key(), Purpose::AccessToken, &[token.id().as_bytes()])?;
        mac.as_bytes().first_chunk().copied()
    }
}

/// CRC-32 as in zlib (ISO 3309), which every language has.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _bit| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, entropy::SystemEntropy, secret::ExposeSecret as _};

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn only_our_own_tokens_are_genuine() {
        let entropy = SystemEntropy::new();
        let ring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        let (text, token) = ring.issue_access_token(TokenId::random(&entropy)).unwrap();
        assert!(!format!("{text:?}").contains("sekisho_"), "never printed by accident");
        let text = text.expose_secret();
        assert_eq!(ring.genuine_access_token(text), Some(token));
        let parts: Vec<&str> = text.split('_').collect();
        assert_eq!(parts[..2], ["sekisho", "1"]);
        assert_eq!((parts[2].len(), parts[3].len(), parts.len()), (77, 8, 4));
        assert_eq!(ring.genuine(Purpose::SessionCookie, "shop.test", text), None, "it is no cookie");
        let other = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        assert_eq!(other.genuine_access_token(text), None, "of another gateway");
        for (i, byte) in text.bytes().enumerate() {
            let mut bent = text.as_bytes().to_vec();
            bent[i] = if byte == b'a' { b'b' } else { b'a' };
            assert_eq!(ring.genuine_access_token(std::str::from_utf8(&bent).unwrap()), None, "character {i}");
        }
        for text in ["", "sekisho_", "sekisho_1_", "sekisho_1__", &text.to_ascii_uppercase(), &format!("{text}0")] {
            assert_eq!(ring.genuine_access_token(text), None, "{text}");
        }
        let (_, other_one) = ring.issue_access_token(TokenId::random(&entropy)).unwrap();
        assert_ne!(ring.token_digest(&token), ring.token_digest(&other_one));
    }

    #[test]
    fn a_right_checksum_does_not_stand_in_for_the_mac() {
        let entropy = SystemEntropy::new();
        let ring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        let forged = format!("sekisho_1_{}", "a".repeat(BODY_CHARS));
        let forged = format!("{forged}_{:08x}", crc32(forged.as_bytes()));
        assert_eq!(ring.genuine_access_token(&forged), None);
    }
}
