//! The trusted-device cookie: a JWT (RFC 7519, HS256) that says which device record and which value, nothing about the
//! person. `jsonwebtoken` signs and checks through *ring*, the one cryptographic library in the program.

use std::sync::Once;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, new_error},
    signature::{Error as SignatureError, Signer, Verifier},
};
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::{KeyId, Keyring, Purpose};
use crate::{
    clock::Timestamp,
    entropy::Entropy,
    secret::{Digest, SecretBytes},
};

/// What a device cookie says, after its signature was checked.
#[derive(Clone, Debug)]
pub struct DeviceClaim {
    /// The device record, in its text form.
    pub device: String,
    /// Keyed digest of the account and the host it is of: a browser that holds trust of several accounts finds the right one.
    account: Digest,
    key: KeyId,
    /// Digest of the value, to compare with the record.
    pub digest: Digest,
    /// When the trust ends; the record, while it is there, decides.
    pub expires_at: Timestamp,
}

/// A value for a device cookie that is not yet signed.
#[derive(Clone, Debug)]
pub struct DeviceValue {
    key: KeyId,
    value: SecretBytes,
    digest: Digest,
}

impl DeviceValue {
    /// What the store keeps of it.
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    did: String,
    acc: String,
    val: String,
    exp: i64,
}

const TYPE: &str = "sekisho-device+jwt";
const MAX_COOKIE: usize = 512;

impl Keyring {
    /// Draws a fresh value for a device.
    pub fn draw_device_value(&self, entropy: &dyn Entropy) -> Option<DeviceValue> {
        let key = self.active();
        let value = SecretBytes::new(crate::entropy::random_bytes::<32>(entropy));
        let digest = self.mac(key, Purpose::DeviceDigest, &[value.expose()])?;
        Some(DeviceValue { key, value, digest })
    }

    /// The cookie text for a device and its newest value.
    pub fn sign_device(
        &self,
        device: &str,
        account: &[u8],
        host: &str,
        value: &DeviceValue,
        expires_at: Timestamp,
    ) -> Option<String> {
        install_ring();
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(value.key.0.to_string());
        let claims = Claims {
            did: device.to_owned(),
            acc: BASE64URL_NOPAD.encode(self.account_tag(value.key, account, Some(host))?.as_bytes()),
            val: BASE64URL_NOPAD.encode(value.value.expose()),
            exp: expires_at.as_secs(),
        };
        let key = self.derived(value.key, Purpose::DeviceCookie)?;
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.expose())).ok()
    }

    /// Checks a device cookie's signature and type. Its age is judged by the record, which knows when the trust ended.
    pub fn read_device(&self, text: &str) -> Option<DeviceClaim> {
        install_ring();
        if text.len() > MAX_COOKIE {
            return None;
        }
        let header = jsonwebtoken::decode_header(text).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.alg != Algorithm::HS256 {
            return None;
        }
        let key = KeyId(header.kid?.parse().ok()?);
        let secret = self.derived(key, Purpose::DeviceCookie)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp"]);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims =
            jsonwebtoken::decode::<Claims>(text, &DecodingKey::from_secret(secret.expose()), &validation).ok()?.claims;
        let value = BASE64URL_NOPAD.decode(claims.val.as_bytes()).ok()?;
        let digest = self.mac(key, Purpose::DeviceDigest, &[&value])?;
        let account = Digest::from_slice(&BASE64URL_NOPAD.decode(claims.acc.as_bytes()).ok()?)?;
        Some(DeviceClaim { device: claims.did, account, key, digest, expires_at: Timestamp::from_secs(claims.exp) })
    }

    /// Is the claim of this account at the host of this name? `None`: from the time when there was one host, which no claim
    /// names.
    pub fn claims_account(&self, claim: &DeviceClaim, account: &[u8], host: Option<&str>) -> bool {
        self.account_tag(claim.key, account, host).is_some_and(|tag| tag == claim.account)
    }

    fn account_tag(&self, key: KeyId, account: &[u8], host: Option<&str>) -> Option<Digest> {
        match host {
            Some(host) => self.mac(key, Purpose::DeviceDigest, &[b"account", account, host.as_bytes()]),
            None => self.mac(key, Purpose::DeviceDigest, &[b"account", account]),
        }
    }
}

struct RingHs256(hmac::Key);

impl Signer<Vec<u8>> for RingHs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}
impl Verifier<Vec<u8>> for RingHs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        hmac::verify(&self.0, message, signature).map_err(|ring::error::Unspecified| SignatureError::new())
    }
}
impl JwtSigner for RingHs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
impl JwtVerifier for RingHs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

fn unsupported<T>() -> jsonwebtoken::errors::Result<T> {
    Err(new_error(ErrorKind::InvalidAlgorithm))
}

static RING: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(RingHs256(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())))),
        _ => unsupported(),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(RingHs256(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?)))),
        _ => unsupported(),
    },
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| unsupported(),
        rsa_pub_components_from_public_key: |_| unsupported(),
        ec_pub_components_from_private_key: |_, _| unsupported(),
        ed_pub_components_from_private_key: |_, _| unsupported(),
        compute_digest: |_, _| unsupported(),
    },
};

/// `jsonwebtoken` takes its provider process-wide and panics without one.
fn install_ring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if RING.install_default().is_err() {
            tracing::debug!("a provider for tokens was installed before");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_device_cookie_reads_back_and_nothing_else_does() {
        let entropy = SystemEntropy::new();
        let ring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        let value = ring.draw_device_value(&entropy).unwrap();
        let text = ring.sign_device("abc", b"hanako", "shop.test", &value, Timestamp::from_secs(10)).unwrap();
        let claim = ring.read_device(&text).unwrap();
        assert_eq!((claim.device.as_str(), claim.digest), ("abc", value.digest()));
        assert!(ring.claims_account(&claim, b"hanako", Some("shop.test")));
        for (account, host) in [(&b"taro"[..], Some("shop.test")), (b"hanako", Some("reports.test")), (b"hanako", None)]
        {
            assert!(!ring.claims_account(&claim, account, host), "{host:?}");
        }
        assert!(!text.contains("hanako"));

        let other = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        assert!(other.read_device(&text).is_none(), "another gateway's");
        let unsigned = {
            let claims = text.split('.').nth(1).unwrap();
            let header = BASE64URL_NOPAD.encode(br#"{"typ":"sekisho-device+jwt","alg":"none","kid":"1"}"#);
            format!("{header}.{claims}.")
        };
        assert!(ring.read_device(&unsigned).is_none(), "alg none");
        let mut bent = text.clone().into_bytes();
        let last = bent.len() - 5;
        bent[last] = if bent[last] == b'A' { b'B' } else { b'A' };
        assert!(ring.read_device(std::str::from_utf8(&bent).unwrap()).is_none());
    }
}
