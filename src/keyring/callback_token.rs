//! The text in the address a provider reports to: `<key id>.<message id>.<MAC>`. Each message has its own, each provider
//! another one. It is derived when the message is handed over and is never stored.

use data_encoding::BASE64URL_NOPAD;

use super::{CookieToken, KeyId, Keyring, Purpose};
use crate::{entropy, secret::constant_time_eq};

impl Keyring {
    /// The token of the message with this id at this provider.
    pub fn callback_token(&self, provider: &str, message: &[u8; 16]) -> Option<CookieToken> {
        self.callback_token_by(self.active(), provider, message)
    }

    fn callback_token_by(&self, key: KeyId, provider: &str, message: &[u8; 16]) -> Option<CookieToken> {
        let mac = self.mac(key, Purpose::Callback, &[provider.as_bytes(), message])?;
        Some(CookieToken::new(format!(
            "{}.{}.{}",
            key.0,
            entropy::encode_id(*message),
            BASE64URL_NOPAD.encode(mac.as_bytes())
        )))
    }

    /// The id of the message a token names; `None` for anything this key ring did not make for this provider.
    pub fn genuine_callback(&self, provider: &str, text: &str) -> Option<[u8; 16]> {
        let mut parts = text.split('.');
        let (key, message) = (parts.next()?, parts.next()?);
        if key.starts_with('0') || key.len() > 10 || !key.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let message = entropy::decode_id(message)?;
        let expected = self.callback_token_by(KeyId(key.parse().ok()?), provider, &message)?;
        constant_time_eq(expected.expose().as_bytes(), text.as_bytes()).then_some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, entropy::SystemEntropy};

    #[test]
    fn a_token_is_good_for_one_message_at_one_provider() {
        let entropy = SystemEntropy::new();
        let ring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        let message: [u8; 16] = entropy::random_bytes(&entropy);
        let token = ring.callback_token("twilio", &message).unwrap();
        let text = token.expose();
        assert_eq!(ring.genuine_callback("twilio", text), Some(message));
        assert_eq!(ring.genuine_callback("vonage", text), None, "another provider's");
        assert_eq!(ring.genuine_link(text), None, "not a mailed link");
        let link = ring.link_token(ring.active(), &message).unwrap();
        assert_eq!(ring.genuine_callback("twilio", link.expose()), None, "nor is a mailed link a callback");
        let other = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        assert_eq!(other.genuine_callback("twilio", text), None, "of another gateway");
        for (i, byte) in text.bytes().enumerate() {
            let mut bent = text.as_bytes().to_vec();
            bent[i] = if byte == b'a' { b'b' } else { b'a' };
            let bent = String::from_utf8(bent).unwrap();
            assert_eq!(ring.genuine_callback("twilio", &bent), None, "character {i}");
        }
        for bad in ["", ".", "..", "1..", &format!("0{text}"), &format!("{text}."), &format!("{text}A")] {
            assert_eq!(ring.genuine_callback("twilio", bad), None, "{bad:?}");
        }
    }
}
