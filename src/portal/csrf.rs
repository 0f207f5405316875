//! Forms are ours only: a post must come from one of our own pages. Two independent proofs are needed: what the browser
//! says of where the request comes from (`Origin`, `Sec-Fetch-Site`), and a token keyed to a seed in this browser's
//! cookie. The sign-in form needs them like any other.

use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, header};

use super::{cookie, cookie::Keep};
use crate::{
    config::PublicUrl,
    entropy::Entropy,
    keyring::{KeyId, Keyring, Purpose},
    secret::constant_time_eq,
};

/// The random seed of one browser.
#[derive(Clone, Copy)]
pub(super) struct Seed {
    /// What the cookie says.
    value: [u8; 16],
    /// The same, at this host: a seed of another host is another seed.
    bytes: [u8; 16],
    fresh: bool,
}

impl Seed {
    /// The browser's seed, or a fresh one.
    pub(super) fn of(headers: &HeaderMap, host: &PublicUrl, entropy: &dyn Entropy) -> Self {
        let kept = cookie::read(headers, cookie::CSRF).and_then(decode);
        let (value, fresh) = kept.map_or_else(|| (crate::entropy::random_bytes(entropy), true), |value| (value, false));
        Self { value, bytes: at_host(&value, host), fresh }
    }

    /// Did the browser bring it?
    pub(super) const fn was_brought(&self) -> bool {
        !self.fresh
    }

    /// What other values of this browser are bound to.
    pub(super) const fn bytes(&self) -> &[u8; 16] {
        &self.bytes
    }

    /// The cookie to set, when the seed is fresh.
    pub(super) fn cookie(&self) -> Option<http::HeaderValue> {
        let value = BASE64URL_NOPAD.encode(&self.value);
        self.fresh.then(|| cookie::set(cookie::CSRF, &value, Keep::WhileOpen)).flatten()
    }

    /// The token of this browser's forms.
    pub(super) fn token(&self, keyring: &Keyring) -> String {
        self.token_by(keyring, keyring.active()).unwrap_or_default()
    }

    fn token_by(&self, keyring: &Keyring, key: KeyId) -> Option<String> {
        let mac = keyring.mac(key, Purpose::Csrf, &[&self.bytes])?;
        Some(format!("{}.{}", key.0, BASE64URL_NOPAD.encode(mac.as_bytes())))
    }

    /// Is it the token of a form we gave this browser? A seed made just now has given none.
    pub(super) fn vouches_for(&self, token: &str, keyring: &Keyring) -> bool {
        let key = token.split('.').next().and_then(|id| id.parse().ok()).map(KeyId);
        let expected = key.and_then(|key| self.token_by(keyring, key));
        !self.fresh && expected.is_some_and(|expected| constant_time_eq(expected.as_bytes(), token.as_bytes()))
    }
}

fn at_host(seed: &[u8; 16], host: &PublicUrl) -> [u8; 16] {
    let digest = ring::digest::digest(&ring::digest::SHA256, &[seed.as_slice(), host.host.as_bytes()].concat());
    digest.as_ref().first_chunk().copied().unwrap_or(*seed)
}

fn decode(text: &str) -> Option<[u8; 16]> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// Does the browser say the post comes from our own pages? One that says nothing is not believed.
pub(super) fn from_our_pages(headers: &HeaderMap, own: &PublicUrl) -> bool {
    let only = |name| {
        let mut values = headers.get_all(name).iter();
        (values.next(), values.next())
    };
    let site = match only("sec-fetch-site") {
        (None, _) => None,
        (Some(site), None) => Some(site == "same-origin" || site == "none"),
        (Some(_), Some(_)) => Some(false),
    };
    let origin = match only(header::ORIGIN.as_str()) {
        (None, _) => None,
        (Some(origin), None) => Some(origin == own.origin().as_str()),
        (Some(_), Some(_)) => Some(false),
    };
    match (site, origin) {
        (None, None) => false,
        (site, origin) => site.unwrap_or(true) && origin.unwrap_or(true),
    }
}

/// Does a browser say that a post comes from a page of its own host, which is not the one it should be: another name, or
/// http? No page of somebody else can make it say so.
pub(super) fn from_another_address(headers: &HeaderMap, own: &PublicUrl) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN.as_str()) else { return false };
    match text("sec-fetch-site") {
        Some(site) => site == "same-origin" && origin != own.origin(),
        // Browsers send it over https only.
        None => origin == format!("http://{}", own.authority()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, entropy::SystemEntropy};

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn another_address_of_ours_is_told_from_another_site() {
        let own = PublicUrl { host: "gate.example.jp".to_owned(), port: 8443 };
        let elsewhere = |pairs: &[(&'static str, &str)]| from_another_address(&headers(pairs), &own);
        assert!(elsewhere(&[("origin", "https://old.example.jp"), ("sec-fetch-site", "same-origin")]));
        assert!(elsewhere(&[("origin", "http://gate.example.jp:8443")]));
        for pairs in [
            &[("origin", "https://gate.example.jp:8443"), ("sec-fetch-site", "same-origin")][..],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://x.example.jp"), ("sec-fetch-site", "same-site")],
            &[("origin", "http://gate.example.jp:8443"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-origin")],
            &[],
        ] {
            assert!(!elsewhere(pairs), "{pairs:?}");
        }
    }

    #[test]
    fn a_post_must_come_from_our_own_pages() {
        let own = PublicUrl { host: "gate.example.jp".to_owned(), port: 8443 };
        let ours = |pairs: &[(&'static str, &str)]| from_our_pages(&headers(pairs), &own);
        let origin = "https://gate.example.jp:8443";
        assert!(ours(&[("origin", origin)]));
        assert!(ours(&[("sec-fetch-site", "same-origin")]));
        assert!(ours(&[("sec-fetch-site", "same-origin"), ("origin", origin)]));
        assert!(!ours(&[]), "a browser says one of them");
        for foreign in ["https://gate.example.jp", "http://gate.example.jp:8443", "https://evil.example", "null", ""] {
            assert!(!ours(&[("origin", foreign)]), "{foreign:?}");
            assert!(!ours(&[("origin", foreign), ("sec-fetch-site", "same-origin")]), "{foreign:?}");
        }
        for site in ["cross-site", "same-site", "Same-Origin"] {
            assert!(!ours(&[("sec-fetch-site", site), ("origin", origin)]), "{site}");
        }
        assert!(!from_our_pages(
            &[("origin", origin), ("origin", "https://evil.example")]
                .iter()
                .map(|(n, v)| (http::HeaderName::from_static(n), v.parse().unwrap()))
                .collect(),
            &own
        ));
    }

    #[test]
    fn a_token_is_good_in_one_browser_at_one_host_only() {
        let entropy = SystemEntropy::new();
        let ring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        let url = |host: &str| PublicUrl { host: host.to_owned(), port: 443 };
        let host = url("shop.test");
        let fresh = Seed::of(&HeaderMap::new(), &host, &entropy);
        assert!(!fresh.vouches_for(&fresh.token(&ring), &ring), "a browser without the cookie has no form of ours");
        let line = fresh.cookie().unwrap();
        let pair = line.to_str().unwrap().split(';').next().unwrap().to_owned();
        let kept = Seed::of(&headers(&[("cookie", &pair)]), &host, &entropy);
        assert!(kept.cookie().is_none());
        let token = kept.token(&ring);
        assert!(kept.vouches_for(&token, &ring));
        let other = Seed { value: [7; 16], bytes: [7; 16], fresh: false };
        assert!(!other.vouches_for(&token, &ring));
        let elsewhere = Seed::of(&headers(&[("cookie", &pair)]), &url("reports.test"), &entropy);
        assert!(!elsewhere.vouches_for(&token, &ring), "cookie and form of another host");
        for bent in [String::new(), format!("{token}A"), format!("0{token}"), token.replacen('1', "2", 1)] {
            assert!(!kept.vouches_for(&bent, &ring), "{bent:?}");
        }
    }
}
