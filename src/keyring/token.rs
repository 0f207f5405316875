//! Reading and making the text of our opaque cookies: `<key id>.<256 random bits>.<MAC>`, base64url without padding.

use data_encoding::BASE64URL_NOPAD;

use super::{CookieToken, KeyId, Keyring, Purpose, TokenId};
use crate::secret::{Digest, constant_time_eq};

/// A cookie whose MAC is good: it was made here, whatever the store says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GenuineToken {
    key: KeyId,
    id: TokenId,
}

impl GenuineToken {
    pub(super) const fn new(key: KeyId, id: TokenId) -> Self {
        Self { key, id }
    }
    pub(super) const fn key(&self) -> KeyId {
        self.key
    }
    /// The random bits; equal tokens are equal cookies.
    pub const fn id(&self) -> &TokenId {
        &self.id
    }
}

/// 32 bytes in base64url without padding.
const ID_CHARS: usize = 43;

impl Keyring {
    /// The cookie text for fresh random bits, which is genuine at the host of this name and nowhere else.
    pub fn issue(&self, purpose: Purpose, host: &str, id: TokenId) -> Option<(CookieToken, GenuineToken)> {
        let key = self.active();
        let mac = self.mac(key, purpose, &[id.as_bytes(), host.as_bytes()])?;
        let text =
            format!("{}.{}.{}", key.0, BASE64URL_NOPAD.encode(id.as_bytes()), BASE64URL_NOPAD.encode(mac.as_bytes()));
        Some((CookieToken::new(text), GenuineToken { key, id }))
    }

    /// Checks a cookie's form and MAC; `None` for anything this key ring did not make for this host. One HMAC, no store, no
    /// allocation.
    pub fn genuine(&self, purpose: Purpose, host: &str, text: &str) -> Option<GenuineToken> {
        self.genuine_at(purpose, Some(host), text)
    }

    /// The same of a cookie from the time when there was one host, which none of them names.
    pub fn genuine_without_host(&self, purpose: Purpose, text: &str) -> Option<GenuineToken> {
        self.genuine_at(purpose, None, text)
    }

    fn genuine_at(&self, purpose: Purpose, host: Option<&str>, text: &str) -> Option<GenuineToken> {
        let mut parts = text.split('.');
        let (key, id, mac) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || key.len() > 10 || id.len() != ID_CHARS || mac.len() != ID_CHARS {
            return None;
        }
        // One spelling of a number only: no sign, no leading zero.
        if key.starts_with('0') || !key.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let key = KeyId(key.parse().ok()?);
        let (mut id_bytes, mut mac_bytes) = ([0; 32], [0; 32]);
        if !matches!(BASE64URL_NOPAD.decode_mut(id.as_bytes(), &mut id_bytes), Ok(32))
            || !matches!(BASE64URL_NOPAD.decode_mut(mac.as_bytes(), &mut mac_bytes), Ok(32))
        {
            return None;
        }
        let expected = match host {
            Some(host) => self.mac(key, purpose, &[&id_bytes, host.as_bytes()])?,
            None => self.mac(key, purpose, &[&id_bytes])?,
        };
        constant_time_eq(expected.as_bytes(), &mac_bytes).then(|| GenuineToken { key, id: TokenId::new(id_bytes) })
    }

    /// What the store keeps of a token.
    pub fn token_digest(&self, token: &GenuineToken) -> Option<Digest> {
        self.mac(token.key, Purpose::TokenDigest, &[token.id.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, entropy::SystemEntropy};

    #[test]
    fn only_our_own_cookies_are_genuine() {
        let entropy = SystemEntropy::new();
        let ring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        let (cookie, token) = ring.issue(Purpose::SessionCookie, "shop.test", TokenId::random(&entropy)).unwrap();
        let text = cookie.expose();
        assert_eq!(ring.genuine(Purpose::SessionCookie, "shop.test", text), Some(token));
        assert_eq!(ring.genuine(Purpose::SignInCookie, "shop.test", text), None, "a cookie of another kind");
        for host in ["reports.test", "a.shop.test", "SHOP.TEST", ""] {
            assert_eq!(ring.genuine(Purpose::SessionCookie, host, text), None, "a cookie of another host: {host}");
        }
        assert_eq!(ring.genuine_without_host(Purpose::SessionCookie, text), None, "it names its host");
        let other = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        assert_eq!(other.genuine(Purpose::SessionCookie, "shop.test", text), None, "a cookie of another gateway");
        for (i, byte) in text.bytes().enumerate() {
            let mut bent = text.as_bytes().to_vec();
            bent[i] = if byte == b'A' { b'B' } else { b'A' };
            let bent = String::from_utf8(bent).unwrap();
            assert_eq!(ring.genuine(Purpose::SessionCookie, "shop.test", &bent), None, "character {i}");
        }
        for text in
            ["", ".", "..", "1..", &format!("+{text}"), &format!("0{text}"), &format!("{text}."), &format!(" {text}")]
        {
            assert_eq!(ring.genuine(Purpose::SessionCookie, "shop.test", text), None, "{text:?}");
        }
    }
}
