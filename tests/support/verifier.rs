//! What a console does with the signed statement: it checks it by the published keys alone, and shares nothing with the
//! gateway but the format.

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use sekisho::clock::{Clock as _, Timestamp};
use serde_json::Value;

use super::{browser::Speaks, gateway::Gateway};

/// What a console keeps: the set it fetched, and what it expects (RFC 8725 §3).
#[derive(Clone, Debug)]
pub(crate) struct Verifier {
    pub(crate) set: Value,
    pub(crate) issuer: String,
    pub(crate) audience: String,
}

impl Verifier {
    /// Fetches the keys.
    pub(crate) async fn of(gateway: &Gateway) -> Self {
        let answer = gateway.browser(Speaks::Http1, "en").fetch("/.sekisho/jwks.json").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/jwk-set+json");
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        let set: Value = serde_json::from_str(&answer.body).expect("JSON");
        for key in set["keys"].as_array().expect("a list") {
            let mut members: Vec<&String> = key.as_object().expect("a key").keys().collect();
            members.sort();
            assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"], "the public half and nothing else");
        }
        let url = gateway.settings.url();
        Self { set, issuer: url.clone(), audience: url }
    }

    pub(crate) fn keys(&self) -> usize {
        self.set["keys"].as_array().expect("a list").len()
    }

    /// The claims, or why they count for nothing.
    pub(crate) fn verify(&self, gateway: &Gateway, token: &str) -> Result<Value, &'static str> {
        self.verify_at(gateway.clock.now(), token)
    }

    /// The same with the time given.
    pub(crate) fn verify_at(&self, now: Timestamp, token: &str) -> Result<Value, &'static str> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else { return Err("not three parts") };
        let bytes = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_other| "not base64url");
        let read = |part: &str| serde_json::from_slice::<Value>(&bytes(part)?).map_err(|_other| "not JSON");
        let head = read(header)?;
        if head["alg"] != "ES256" || head["typ"] != "sekisho-assertion+jwt" {
            return Err("another kind of token");
        }
        let known = self.set["keys"].as_array().expect("a list");
        let key = known.iter().find(|key| key["kid"] == head["kid"]).ok_or("an unknown key")?;
        let coordinate = |name: &str| bytes(key[name].as_str().expect("a coordinate"));
        let point = [vec![4], coordinate("x")?, coordinate("y")?].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(format!("{header}.{claims}").as_bytes(), &bytes(signature)?)
            .map_err(|_forged| "a wrong signature")?;
        let claims = read(claims)?;
        if claims["iss"] != self.issuer.as_str() || claims["aud"] != self.audience.as_str() {
            return Err("from or for somebody else");
        }
        let (now, time) = (now.as_secs(), |name: &str| claims[name].as_i64());
        if time("nbf").is_none_or(|from| now < from) || time("exp").is_none_or(|until| until <= now) {
            return Err("not valid now");
        }
        Ok(claims)
    }
}
