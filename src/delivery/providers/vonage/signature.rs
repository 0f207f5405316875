//! Vonage's two signatures on what it calls us with: a parameter `sig` over all others in reports of text messages (as its
//! own library makes it, vonage-http-client 1.5.2, `auth.py`), and a token (JWT, HS256) in reports of calls. The token does
//! not cover the address; which message is meant says the address alone.

use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::header;
use ring::{digest, hmac};
use serde::Deserialize;

use crate::{
    config::SignatureMethod,
    delivery::callback::{Callback, NotGenuine},
    secret::{SecretBytes, constant_time_eq},
};

/// How far Vonage's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_mins(5);
/// How old a token may be: Vonage repeats what was not taken, and a report of yesterday helps nobody.
const OLDEST: Duration = Duration::from_hours(1);

/// What requests are signed with.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) secret: SecretBytes,
    pub(super) method: SignatureMethod,
}

impl Keys {
    /// The parameters that were signed, of a form or of flat JSON.
    pub(super) fn genuine_parameters(&self, callback: &Callback<'_>) -> Result<Vec<(String, String)>, NotGenuine> {
        let mut parameters = parameters(callback).ok_or(NotGenuine)?;
        let at = parameters.iter().position(|(name, _)| name == "sig").ok_or(NotGenuine)?;
        let (_, signature) = parameters.swap_remove(at);
        parameters.sort_unstable();
        let once = parameters.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if a != b));
        let algorithm = match self.method {
            SignatureMethod::Sha256 => hmac::HMAC_SHA256,
            SignatureMethod::Sha512 => hmac::HMAC_SHA512,
        };
        let mut signed = hmac::Context::with_key(&hmac::Key::new(algorithm, self.secret.expose()));
        for (name, value) in &parameters {
            signed.update(format!("&{name}={}", value.replace(['&', '='], "_")).as_bytes());
        }
        let expected = HEXLOWER.encode(signed.sign().as_ref());
        let genuine = constant_time_eq(expected.as_bytes(), signature.to_ascii_lowercase().as_bytes());
        if genuine && once { Ok(parameters) } else { Err(NotGenuine) }
    }

    /// The body that a token vouches for.
    pub(super) fn genuine_body<'c>(&self, callback: &Callback<'c>) -> Result<&'c [u8], NotGenuine> {
        let mut values = callback.headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return Err(NotGenuine) };
        let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).ok_or(NotGenuine)?;
        let claims = self.claims(token.trim()).ok_or(NotGenuine)?;
        let hash = HEXLOWER.encode(digest::digest(&digest::SHA256, callback.body).as_ref());
        let now = callback.at.as_secs();
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let fresh =
            claims.iat <= now.saturating_add(seconds(AHEAD)) && claims.iat >= now.saturating_sub(seconds(OLDEST));
        let bound = constant_time_eq(hash.as_bytes(), claims.payload_hash.to_ascii_lowercase().as_bytes());
        if fresh && bound { Ok(callback.body) } else { Err(NotGenuine) }
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        let head: Head = serde_json::from_slice(&BASE64URL_NOPAD.decode(head.as_bytes()).ok()?).ok()?;
        if head.alg != "HS256" {
            return None;
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose());
        hmac::verify(&key, signed.as_bytes(), &BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?).ok()?;
        serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?).ok()
    }
}

#[derive(Deserialize)]
struct Head {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    iat: i64,
    payload_hash: String,
}

fn parameters(callback: &Callback<'_>) -> Option<Vec<(String, String)>> {
    let kind = callback.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Some(form_urlencoded::parse(callback.body).into_owned().collect());
    }
    let flat: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(callback.body).ok()?;
    let texts = flat.into_iter().map(|(name, value)| match value {
        serde_json::Value::String(text) => Some((name, text)),
        serde_json::Value::Number(number) => Some((name, number.to_string())),
        _ => None,
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::clock::Timestamp;

    const NOW: i64 = 1_795_325_100;

    fn keys(method: SignatureMethod) -> Keys {
        Keys { secret: SecretBytes::new(b"a signature secret".as_slice()), method }
    }

    fn callback<'c>(headers: &'c HeaderMap, body: &'c str) -> Callback<'c> {
        Callback { url: "https://x.jp/", headers, body: body.as_bytes(), at: Timestamp::from_secs(NOW) }
    }

    fn of(kind: &str) -> HeaderMap {
        [(header::CONTENT_TYPE, kind.parse().unwrap())].into_iter().collect()
    }

    /// Made by `Auth.sign_params` of vonage 4.9.1 with this secret.
    const SIGNED: &str = include_str!("signed_by_vonage.txt");

    #[test]
    fn what_vonages_own_library_signs_is_genuine_and_nothing_beside_it() {
        let lines: Vec<&str> = SIGNED.lines().collect();
        let [sha256, sha512, json] = lines[..] else { panic!("three lines") };
        let form = of("application/x-www-form-urlencoded");
        let check = |method, headers: &HeaderMap, body: &str| keys(method).genuine_parameters(&callback(headers, body));
        let read = check(SignatureMethod::Sha256, &form, sha256).expect("its own signature");
        assert!(read.contains(&("status".to_owned(), "delivered".to_owned())), "{read:?}");
        assert!(check(SignatureMethod::Sha512, &form, sha512).is_ok());
        assert!(check(SignatureMethod::Sha256, &of("application/json"), json).is_ok());

        assert!(check(SignatureMethod::Sha512, &form, sha256).is_err(), "another hash");
        assert!(check(SignatureMethod::Sha256, &form, &sha256.replace("delivered", "failed")).is_err());
        assert!(check(SignatureMethod::Sha256, &form, &format!("{sha256}&status=failed")).is_err(), "a second value");
        assert!(check(SignatureMethod::Sha256, &form, &format!("{sha256}&more=x")).is_err());
        assert!(check(SignatureMethod::Sha256, &form, "status=delivered").is_err(), "unsigned");
        assert!(check(SignatureMethod::Sha256, &form, "status=delivered&sig=").is_err());
    }

    fn token(head: &str, claims: &str, secret: &[u8]) -> HeaderMap {
        let signed =
            format!("{}.{}", BASE64URL_NOPAD.encode(head.as_bytes()), BASE64URL_NOPAD.encode(claims.as_bytes()));
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        let value = format!("Bearer {signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()));
        [(header::AUTHORIZATION, value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn a_token_vouches_for_its_body_and_for_an_hour() {
        const HEAD: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
        const SECRET: &[u8] = b"a signature secret";
        let body = r#"{"status":"answered"}"#;
        let hash = HEXLOWER.encode(digest::digest(&digest::SHA256, body.as_bytes()).as_ref());
        let claims = |iat: i64| format!(r#"{{"iat":{iat},"jti":"1","iss":"Vonage","payload_hash":"{hash}"}}"#);
        let genuine = |headers: &HeaderMap, body: &str| {
            keys(SignatureMethod::Sha512).genuine_body(&callback(headers, body)).is_ok()
        };
        let good = token(HEAD, &claims(NOW), SECRET);
        assert!(genuine(&good, body));
        assert!(genuine(&token(HEAD, &claims(NOW - 3_500), SECRET), body), "repeated by Vonage");
        assert!(!genuine(&good, r#"{"status":"failed"}"#), "another body");
        assert!(!genuine(&token(HEAD, &claims(NOW - 3_700), SECRET), body), "old");
        assert!(!genuine(&token(HEAD, &claims(NOW + 600), SECRET), body), "of the future");
        assert!(!genuine(&token(HEAD, &claims(NOW), b"another secret"), body));
        assert!(!genuine(&token(r#"{"alg":"none"}"#, &claims(NOW), SECRET), body));
        assert!(!genuine(&token(r#"{"alg":"HS512"}"#, &claims(NOW), SECRET), body));
        assert!(!genuine(&token(HEAD, &format!(r#"{{"iat":{NOW}}}"#), SECRET), body), "of no body");
        assert!(!genuine(&HeaderMap::new(), body));
        let mut twice = good.clone();
        twice.append(header::AUTHORIZATION, good[header::AUTHORIZATION].clone());
        assert!(!genuine(&twice, body));
    }
}
