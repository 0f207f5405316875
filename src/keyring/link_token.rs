//! The text in a mailed link: `<key id>.<link id>.<MAC>`. It is derived when the mail is sent, so that neither the store
//! nor the outbox ever holds it.

use data_encoding::BASE64URL_NOPAD;

use super::{CookieToken, KeyId, Keyring, Purpose};
use crate::{entropy, secret::constant_time_eq};

impl Keyring {
    /// The token of the link with this id; `None` when the key has been retired.
    pub fn link_token(&self, key: KeyId, id: &[u8; 16]) -> Option<CookieToken> {
        let mac = self.mac(key, Purpose::MailedLink, &[id])?;
        Some(CookieToken::new(format!(
            "{}.{}.{}",
            key.0,
            entropy::encode_id(*id),
            BASE64URL_NOPAD.encode(mac.as_bytes())
        )))
    }

    /// The id of the link a token names; `None` for anything this key ring did not make.
    pub fn genuine_link(&self, text: &str) -> Option<[u8; 16]> {
        let mut parts = text.split('.');
        let (key, id, mac) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || key.starts_with('0') || key.len() > 10 || !key.bytes().all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let id = entropy::decode_id(id)?;
        let expected = self.link_token(KeyId(key.parse().ok()?), &id)?;
        let expected = expected.expose().rsplit('.').next().unwrap_or_default().to_owned();
        constant_time_eq(expected.as_bytes(), mac.as_bytes()).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, entropy::SystemEntropy};

    #[test]
    fn only_our_own_links_are_genuine() {
        let entropy = SystemEntropy::new();
        let ring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        let id: [u8; 16] = entropy::random_bytes(&entropy);
        let token = ring.link_token(ring.active(), &id).unwrap();
        let text = token.expose();
        assert_eq!(ring.genuine_link(text), Some(id));
        let other = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        assert_eq!(other.genuine_link(text), None, "a link of another gateway");
        for (i, byte) in text.bytes().enumerate() {
            let mut bent = text.as_bytes().to_vec();
            bent[i] = if byte == b'a' { b'b' } else { b'a' };
            let bent = String::from_utf8(bent).unwrap();
            assert_eq!(ring.genuine_link(&bent), None, "character {i}");
        }
        for bad in ["", ".", "..", "1..", &format!("0{text}"), &format!("{text}."), &format!("{text}A")] {
            assert_eq!(ring.genuine_link(bad), None, "{bad:?}");
        }
        let id: [u8; 16] = entropy::random_bytes(&entropy);
        let mac = text.rsplit('.').next().unwrap();
        assert_eq!(ring.genuine_link(&format!("1.{}.{mac}", entropy::encode_id(id))), None, "the MAC of another link");
    }
}
