//! The key pairs that sign what the console is told about a session (ES256, RFC 7518 §3.4): which one signs, which are
//! published, when the next one is due. A private key leaves this file only to be sealed by the store.

use std::{fmt, time::Duration};

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::Serialize;

use crate::{clock::Timestamp, random_id, secret::SecretBytes};

random_id!(
    /// Names a signing key: `kid` in a token's header and in the published set, and its row in the store.
    SigningKeyId
);

/// A key signs this long, unless the gateway was not running when the next one was due.
const SIGNS_FOR: Duration = Duration::from_hours(30 * 24);
/// A key is published at least this long before it signs: whoever keeps the set for a day knows it in time.
const PUBLISHED_BEFORE: Duration = Duration::from_hours(24);
/// The next key is made this long before it signs: there is a day to spare for a gateway that is down.
const MADE_BEFORE: Duration = Duration::from_hours(48);
/// The longest a signature may be valid (`[assertion] lifetime`).
const VALID_FOR: Duration = Duration::from_mins(1);
/// A key stays published this long after its last signature could be valid.
const PUBLISHED_AFTER: Duration = Duration::from_hours(24);

/// When a key was made, and from when it signs. It signs until the next one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTimes {
    /// Made, and published from then on.
    pub published_at: Timestamp,
    /// Signs from then on.
    pub signs_from: Timestamp,
}

/// What is to be done with a list of keys at a time. Keys are named by their place in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The one that signs; `None` only where there is no key.
    pub signs: Option<usize>,
    /// Those in the published set; the others can go.
    pub published: Vec<usize>,
    /// A key to make now.
    pub due: Option<KeyTimes>,
}

/// Judges the keys, in any order. One of them always signs: where the clock was set back before all of them, the first.
pub fn schedule(keys: &[KeyTimes], now: Timestamp) -> Schedule {
    let mut order: Vec<(usize, KeyTimes)> = keys.iter().copied().enumerate().collect();
    order.sort_by_key(|(_, key)| (key.signs_from, key.published_at));
    let begun = order.iter().rfind(|(_, key)| key.signs_from <= now);
    let signs = begun.or(order.first()).map(|(place, _)| *place);

    let successors = order.iter().skip(1).map(|(_, key)| Some(key.signs_from)).chain([None]);
    let published = order
        .iter()
        .zip(successors)
        .filter(|(_, successor)| successor.is_none_or(|at| now < at + VALID_FOR + PUBLISHED_AFTER))
        .map(|((place, _), _)| *place)
        .collect();

    let due = match order.last() {
        // Nobody has a signature to check yet.
        None => Some(KeyTimes { published_at: now, signs_from: now }),
        Some((_, newest)) => {
            let ends = newest.signs_from + SIGNS_FOR;
            let next = KeyTimes { published_at: now, signs_from: ends.max(now + PUBLISHED_BEFORE) };
            (ends - MADE_BEFORE <= now).then_some(next)
        }
    };
    Schedule { signs, published, due }
}

/// A key pair ready to sign.
pub struct SigningKey {
    id: SigningKeyId,
    times: KeyTimes,
    pair: EcdsaKeyPair,
    /// The header of its tokens, encoded.
    header: String,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).field("times", &self.times).finish_non_exhaustive()
    }
}

/// `typ` of the tokens (RFC 8725 §3.11): nothing else the gateway signs is of this kind.
pub const ASSERTION_TYPE: &str = "sekisho-assertion+jwt";

impl SigningKey {
    /// A new private key on P-256 as PKCS #8, for the store to seal.
    pub fn generate() -> Option<SecretBytes> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &crate::entropy::ring_source());
        made.ok().map(|document| SecretBytes::new(document.as_ref()))
    }

    /// Reads what [`generate`](Self::generate) made; `None` for anything else.
    pub fn read(id: SigningKeyId, times: KeyTimes, pkcs8: &SecretBytes) -> Option<Self> {
        let random = crate::entropy::ring_source();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose(), &random).ok()?;
        let header = serde_json::json!({ "alg": "ES256", "typ": ASSERTION_TYPE, "kid": id.to_string() });
        let header = BASE64URL_NOPAD.encode(header.to_string().as_bytes());
        Some(Self { id, times, pair, header })
    }

    /// Its name.
    pub const fn id(&self) -> SigningKeyId {
        self.id
    }
    /// When it signs.
    pub const fn times(&self) -> KeyTimes {
        self.times
    }

    /// A signed token (RFC 7515 §7.1, compact) that says these claims.
    pub fn sign(&self, claims: &impl Serialize) -> Option<String> {
        let claims = BASE64URL_NOPAD.encode(&serde_json::to_vec(claims).ok()?);
        let mut token = format!("{}.{claims}", self.header);
        let signature = self.pair.sign(&crate::entropy::ring_source(), token.as_bytes()).ok()?;
        token.push('.');
        BASE64URL_NOPAD.encode_append(signature.as_ref(), &mut token);
        Some(token)
    }

    /// Its public half as a JWK (RFC 7517, RFC 7518 §6.2.1).
    pub fn public(&self) -> Option<serde_json::Value> {
        // An uncompressed point: 4, x, y (SEC 1 §2.3.3).
        let (_form, point) = self.pair.public_key().as_ref().split_first()?;
        let (x, y) = point.split_at_checked(32)?;
        let (x, y) = (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y));
        let kid = self.id.to_string();
        Some(serde_json::json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y,
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;
    use crate::entropy::SystemEntropy;

    const START: Timestamp = Timestamp::from_secs(1_800_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    fn times(published_at: Timestamp, signs_from: Timestamp) -> KeyTimes {
        KeyTimes { published_at, signs_from }
    }

    #[test]
    fn the_first_key_signs_at_once_and_the_next_one_a_day_after_it_is_published_at_the_soonest() {
        let first = times(START, START);
        assert_eq!(schedule(&[], START), Schedule { signs: None, published: vec![], due: Some(first) });
        let ends = START + SIGNS_FOR;
        assert_eq!(schedule(&[first], ends - MADE_BEFORE - SECOND).due, None);
        assert_eq!(schedule(&[first], ends - MADE_BEFORE).due, Some(times(ends - MADE_BEFORE, ends)));
        assert_eq!(schedule(&[first], ends - PUBLISHED_BEFORE).due, Some(times(ends - PUBLISHED_BEFORE, ends)));
        let late = ends + SIGNS_FOR;
        let due = schedule(&[first], late).due;
        assert_eq!(due, Some(times(late, late + PUBLISHED_BEFORE)), "after a long rest");
        assert_eq!(schedule(&[first], late).signs, Some(0), "the old one goes on until then");
    }

    #[test]
    fn a_key_gives_way_and_stays_published_for_a_day() {
        let next = START + SIGNS_FOR;
        let keys = [times(START, START), times(next - MADE_BEFORE, next)];
        assert_eq!(schedule(&keys, next - SECOND).signs, Some(0));
        assert_eq!(schedule(&keys, next).signs, Some(1));
        let gone = next + VALID_FOR + PUBLISHED_AFTER;
        assert_eq!(schedule(&keys, gone - SECOND).published, [0, 1]);
        assert_eq!(schedule(&keys, gone).published, [1]);
        assert_eq!(schedule(&keys, START - SECOND).signs, Some(0), "a clock that was set back");
    }

    proptest! {
        /// The gateway looks at any times, also long apart; in between everything signed can be checked.
        #[test]
        fn what_signs_was_published_for_a_day_and_stays_for_a_day(pauses in prop::collection::vec(1u64..90 * 24 * 60, 1..60)) {
            let mut keys: Vec<KeyTimes> = Vec::new();
            let mut now = START;
            let mut signed: Vec<(KeyTimes, Timestamp)> = Vec::new();
            for pause in pauses {
                let rolled = schedule(&keys, now);
                for (key, at) in &signed {
                    let there = rolled.published.iter().any(|place| keys[*place] == *key);
                    prop_assert!(there || now >= *at + VALID_FOR + PUBLISHED_AFTER, "gone too soon");
                }
                keys = rolled.published.iter().map(|place| keys[*place]).chain(rolled.due).collect();
                let after = schedule(&keys, now);
                prop_assert_eq!(after.due, None, "one at a time");
                prop_assert_eq!(after.published.len(), keys.len());
                prop_assert!(keys.len() <= 3);
                // Between two looks the keys in memory sign by the clock.
                for at in [now, now + Duration::from_mins(pause) - SECOND] {
                    let key = keys[schedule(&keys, at).signs.expect("one signs")];
                    let first = key.published_at == START;
                    prop_assert!(first || at.since(key.published_at) >= PUBLISHED_BEFORE, "signs unpublished");
                    signed.push((key, at));
                }
                now = now + Duration::from_mins(pause);
            }
        }
    }

    #[test]
    fn a_signature_can_be_checked_with_the_published_half_alone() {
        let id = SigningKeyId::random(&SystemEntropy::new());
        let pkcs8 = SigningKey::generate().unwrap();
        let key = SigningKey::read(id, times(START, START), &pkcs8).unwrap();
        let token = key.sign(&serde_json::json!({ "sub": "花子" })).unwrap();
        let public = key.public().unwrap();
        let mut point = vec![4];
        for coordinate in ["x", "y"] {
            point.extend(BASE64URL_NOPAD.decode(public[coordinate].as_str().unwrap().as_bytes()).unwrap());
        }
        let (said, signature) = token.rsplit_once('.').unwrap();
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).verify(said.as_bytes(), &signature).unwrap();
        assert_eq!((&public["kid"], public.get("d")), (&serde_json::json!(id.to_string()), None));

        assert!(SigningKey::read(id, times(START, START), &SecretBytes::new(*b"no key")).is_none());
        let shown = format!("{key:?}");
        assert!(shown.contains(&id.to_string()) && !shown.contains("pair"), "{shown}");
    }
}
