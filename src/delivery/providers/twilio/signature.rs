//! Twilio's two signatures on what it calls us with, as its own library checks them (twilio-python 9.13.0,
//! `request_validator.py`): HMAC-SHA-1 with the auth token, or HMAC-SHA-256 with a shared key that the request names.

use data_encoding::{BASE64, HEXLOWER};
use http::HeaderMap;
use ring::{digest, hmac};

use crate::{
    delivery::callback::{Callback, NotGenuine},
    secret::{SecretBytes, constant_time_eq},
};

const SIGNATURE: &str = "x-twilio-signature";
const SETTINGS: &str = "x-twilio-webhooks-signature-settings";

/// What requests can be signed with.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) auth_token: Option<SecretBytes>,
    /// Its name, and its secret.
    pub(super) shared: Option<(String, SecretBytes)>,
}

impl Keys {
    /// Can anything be checked?
    pub(super) const fn any(&self) -> bool {
        self.auth_token.is_some() || self.shared.is_some()
    }

    /// The form that was signed; empty for a body that is no form.
    pub(super) fn genuine(&self, callback: &Callback<'_>) -> Result<Vec<(String, String)>, NotGenuine> {
        let signature = only(callback.headers, SIGNATURE)?.ok_or(NotGenuine)?;
        let key = self.key(only(callback.headers, SETTINGS)?)?;
        let query = callback.url.split_once('?').map_or("", |(_, query)| query);
        let hash = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256");
        let form = match hash {
            Some((_, hash)) => {
                let body = HEXLOWER.encode(digest::digest(&digest::SHA256, callback.body).as_ref());
                if !constant_time_eq(body.as_bytes(), hash.as_bytes()) {
                    return Err(NotGenuine);
                }
                Vec::new()
            }
            None => form_urlencoded::parse(callback.body).into_owned().collect(),
        };
        let genuine = spellings(callback.url).iter().any(|url| {
            let expected = BASE64.encode(hmac::sign(&key, signed_text(url, &form).as_bytes()).as_ref());
            constant_time_eq(expected.as_bytes(), signature.as_bytes())
        });
        if genuine { Ok(form) } else { Err(NotGenuine) }
    }

    fn key(&self, settings: Option<&str>) -> Result<hmac::Key, NotGenuine> {
        let setting = |wanted: &str| {
            let mut settings = settings.unwrap_or_default().split(',').filter_map(|part| part.split_once('='));
            settings.find(|(name, _)| name.trim() == wanted).map(|(_, value)| value.trim()).filter(|v| !v.is_empty())
        };
        match (setting("algorithm"), setting("key"), &self.shared, &self.auth_token) {
            (Some(named), Some(key), Some((name, secret)), _)
                if named.eq_ignore_ascii_case("HMAC_SHA256") && key == name =>
            {
                Ok(hmac::Key::new(hmac::HMAC_SHA256, secret.expose()))
            }
            // Nothing that names a key is checked with another.
            (None, None, _, Some(token)) => Ok(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.expose())),
            _ => Err(NotGenuine),
        }
    }
}

/// The one value of a header; two are none of Twilio's doing.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, NotGenuine> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_not_text| NotGenuine),
        (Some(_), Some(_)) => Err(NotGenuine),
    }
}

/// The address with its port and without: which one is signed differs from one of Twilio's machines to the next.
fn spellings(url: &str) -> [String; 2] {
    let Some((scheme, rest)) = url.split_once("://") else { return [url.to_owned(), url.to_owned()] };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let colon = authority.rfind(':').filter(|at| !authority.get(*at..).unwrap_or_default().contains(']'));
    let (host, port) = colon.map_or((authority, ":443"), |at| authority.split_at(at));
    [format!("{scheme}://{host}{path}"), format!("{scheme}://{host}{port}{path}")]
}

/// The address, then each name with each of its values, sorted and once.
fn signed_text(url: &str, form: &[(String, String)]) -> String {
    let mut pairs: Vec<&(String, String)> = form.iter().collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs.into_iter().fold(url.to_owned(), |text, (name, value)| text + name + value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    const TOKEN: &[u8] = b"12345";
    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const BODY: &str =
        "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";

    fn keys() -> Keys {
        let shared = Some(("webhooks_sharedkey_1".to_owned(), SecretBytes::new(*b"another secret")));
        Keys { auth_token: Some(SecretBytes::new(TOKEN)), shared }
    }

    fn check(url: &str, pairs: &[(&'static str, &str)], body: &str) -> Result<Vec<(String, String)>, NotGenuine> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        keys().genuine(&Callback { url, headers: &headers, body: body.as_bytes(), at: Timestamp::EPOCH })
    }

    /// The example of Twilio's documentation of webhook security.
    #[test]
    fn the_documented_example_is_genuine_and_nothing_beside_it() {
        let signed = |signature: &str| check(URL, &[(SIGNATURE, signature)], BODY);
        let form = signed("RSOYDt4T1cUTdK1PDd93/VVr8B8=").expect("Twilio's own example");
        assert_eq!(form.iter().find(|(name, _)| name == "To").unwrap().1, "+18005551212");
        for wrong in ["", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "RSOYDt4T1cUTdK1PDd93/VVr8B8"] {
            assert!(signed(wrong).is_err(), "{wrong}");
        }
        let good = [(SIGNATURE, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")];
        assert!(check("https://mycompany.com:443/myapp.php?foo=1&bar=2", &good, BODY).is_ok(), "with the port, too");
        assert!(check("https://other.example/myapp.php?foo=1&bar=2", &good, BODY).is_err(), "another host");
        assert!(check(URL, &good, &format!("{BODY}&x=1")).is_err(), "another body");
        assert!(check(URL, &[], BODY).is_err(), "unsigned");
        assert!(check(URL, &[good[0], good[0]], BODY).is_err(), "signed twice");
        let settings = (SETTINGS, "key=webhooks_sharedkey_1,algorithm=HMAC_SHA1");
        assert!(check(URL, &[good[0], settings], BODY).is_err(), "a named key is never the auth token");
    }

    #[test]
    fn a_shared_key_signs_with_sha_256_and_under_its_name_only() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"another secret");
        let form: Vec<(String, String)> = form_urlencoded::parse(BODY.as_bytes()).into_owned().collect();
        let signature = BASE64.encode(hmac::sign(&key, signed_text(URL, &form).as_bytes()).as_ref());
        let with = |settings: &str| check(URL, &[(SIGNATURE, &signature), (SETTINGS, settings)], BODY).is_ok();
        assert!(with("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"));
        for wrong in [
            "key=webhooks_sharedkey_2,algorithm=HMAC_SHA256",
            "key=webhooks_sharedkey_1,algorithm=HMAC_SHA512",
            "key=webhooks_sharedkey_1",
            "algorithm=HMAC_SHA256",
            "",
        ] {
            assert!(!with(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_body_that_is_no_form_is_bound_by_its_hash_in_the_address() {
        let body = r#"{"property":"value","boolean":true}"#;
        let hash = HEXLOWER.encode(digest::digest(&digest::SHA256, body.as_bytes()).as_ref());
        let url = format!("https://mycompany.com/myapp.php?bodySHA256={hash}");
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, TOKEN);
        let signature = BASE64.encode(hmac::sign(&key, url.as_bytes()).as_ref());
        assert_eq!(check(&url, &[(SIGNATURE, &signature)], body), Ok(Vec::new()));
        assert!(check(&url, &[(SIGNATURE, &signature)], "{}").is_err());
    }

    #[test]
    fn names_and_values_are_sorted_and_counted_once() {
        let form = [("b", "2"), ("a", "2"), ("b", "1"), ("b", "2")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(signed_text("u", &form), "ua2b1b2");
        let of = |url: &str| spellings(url).map(|s| s.replace("https://", ""));
        assert_eq!(of("https://h.jp/x"), ["h.jp/x", "h.jp:443/x"]);
        assert_eq!(of("https://h.jp:8443/x:1"), ["h.jp/x:1", "h.jp:8443/x:1"]);
        assert_eq!(of("https://[2001:db8::1]/x"), ["[2001:db8::1]/x", "[2001:db8::1]:443/x"]);
    }
}
