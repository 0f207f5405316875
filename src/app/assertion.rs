//! The signed statement the console gets about who is there (a JWT, RFC 7519), and the keys it is checked with. Made once
//! a session and half lifetime: a forwarded request copies it. Where it cannot be made, nothing is forwarded.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::HeaderValue;
use serde::Serialize;

use super::{App, AppError, Result};
use crate::{
    account::Account,
    clock::Timestamp,
    entropy::{Entropy, encode_id, random_bytes},
    keyring::{KeyTimes, SigningKey, SigningKeyId, schedule},
    session::{AccessToken, Session, SessionId},
    store::{NewSigningKey, StoredSigningKey},
};

/// Common servers take 8 KiB for one header line.
const LONGEST: usize = 8000;

/// What the statement says of a session for as long as nothing about it changes.
#[derive(Debug, Serialize)]
pub(super) struct Claims {
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'static [&'static str]>,
    acr: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mfa_at: Option<i64>,
    preferred_username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    groups: Vec<String>,
}

impl Claims {
    pub(super) fn of(session: &Session, account: &Account) -> Self {
        let second_step = session.second_step();
        Self {
            sub: account.id.to_string(),
            sid: Some(sid(session.id())),
            token_id: None,
            auth_time: Some(session.created_at().as_secs()),
            amr: Some(second_step.amr()),
            acr: if second_step.level() == 2 { "2" } else { "1" },
            mfa_at: session.mfa_at().map(Timestamp::as_secs),
            preferred_username: account.user_name.as_str().to_owned(),
            name: account.display_name.clone(),
            email: account.email.as_ref().map(|email| email.as_str().to_owned()),
            groups: account.groups.iter().map(|group| group.as_str().to_owned()).collect(),
        }
    }
}

impl Claims {
    /// Nobody was authenticated: there is no session, no time of it, and no method that RFC 8176 has a word for.
    pub(super) fn of_token(token: &AccessToken, account: &Account) -> Self {
        Self {
            sub: account.id.to_string(),
            sid: None,
            token_id: Some(token.id.to_string()),
            auth_time: None,
            amr: None,
            acr: "1",
            mfa_at: None,
            preferred_username: account.user_name.as_str().to_owned(),
            name: account.display_name.clone(),
            email: account.email.as_ref().map(|email| email.as_str().to_owned()),
            groups: account.groups.iter().map(|group| group.as_str().to_owned()).collect(),
        }
    }
}

/// Names the session to the console: the same for all its requests, of no use to whoever reads it.
fn sid(session: SessionId) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(b"sekisho/1/sid");
    context.update(session.as_bytes());
    data_encoding::BASE64URL_NOPAD.encode(context.finish().as_ref())
}

#[derive(Serialize)]
struct Statement<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    #[serde(flatten)]
    claims: &'a Claims,
}

/// The statement about one session, kept until half its lifetime is over.
#[derive(Debug)]
pub(super) struct Assertion {
    claims: Claims,
    /// For each console that was asked so far.
    kept: Mutex<Vec<(usize, HeaderValue, Timestamp)>>,
}

impl Assertion {
    pub(super) fn new(claims: Claims) -> Self {
        Self { claims, kept: Mutex::default() }
    }

    /// The kept one, where it is young enough; else what `make` makes of the claims, which is kept.
    fn get(
        &self,
        console: usize,
        lifetime: Duration,
        now: Timestamp,
        make: impl FnOnce(&Claims) -> Result<HeaderValue>,
    ) -> Result<HeaderValue> {
        // Held while it is made, so that requests at the same time share one.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value, made_at)) = kept.iter().find(|(whose, ..)| *whose == console)
            && *made_at <= now
            && now.since(*made_at) < lifetime / 2
        {
            return Ok(value.clone());
        }
        let value = make(&self.claims)?;
        kept.retain(|(whose, ..)| *whose != console);
        kept.push((console, value.clone(), now));
        Ok(value)
    }
}

fn make(
    claims: &Claims,
    keys: &[SigningKey],
    issuer: &str,
    audience: &str,
    lifetime: Duration,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<HeaderValue> {
    let key = schedule(&times(keys), now).signs.and_then(|place| keys.get(place));
    let key = key.ok_or(AppError::Assertion("there is no signing key"))?;
    let iat = now.as_secs();
    let token = key.sign(&Statement {
        iss: issuer,
        aud: audience,
        iat,
        nbf: iat,
        exp: (now + lifetime).as_secs(),
        jti: encode_id(random_bytes(entropy)),
        claims,
    });
    let token = token.ok_or(AppError::Assertion("signing failed"))?;
    if token.len() > LONGEST {
        return Err(AppError::Assertion("the account has too many groups for a header"));
    }
    let mut value = HeaderValue::try_from(token).map_err(|_invalid| AppError::Assertion("it is not a header value"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn times(keys: &[SigningKey]) -> Vec<KeyTimes> {
    keys.iter().map(SigningKey::times).collect()
}

impl App {
    /// The signed statement about a session or a token for a console; `None` where the configuration wants none.
    pub(super) async fn assertion(&self, kept: &Assertion, console: Option<usize>) -> Result<Option<HeaderValue>> {
        let snapshot = self.snapshot.load();
        let config = &snapshot.config.assertion;
        if !config.enabled {
            return Ok(None);
        }
        let for_it = console.and_then(|console| Some((console, snapshot.config.upstreams.get(console)?)));
        let (console, upstream) = for_it.ok_or(AppError::Assertion("it is for no console"))?;
        let keys = self.signing_keys().await?;
        let now = self.now();
        let value = kept.get(console, config.lifetime, now, |claims| {
            make(claims, &keys, &snapshot.issuer, &upstream.audience, config.lifetime, &*self.entropy, now)
        });
        value.map(Some)
    }

    /// The keys in memory; read from the store at the first need.
    async fn signing_keys(&self) -> Result<Arc<Vec<SigningKey>>> {
        let keys = self.signing.load_full();
        if !keys.is_empty() {
            return Ok(keys);
        }
        self.roll_signing_keys().await?;
        Ok(self.signing.load_full())
    }

    /// Makes the next signing key when it is due, forgets those that are over, and reads what other processes have made.
    /// The caller repeats this every few minutes.
    pub async fn roll_signing_keys(&self) -> Result<()> {
        if !self.snapshot.load().config.assertion.enabled {
            return Ok(());
        }
        let now = self.now();
        let mut stored = self.store.signing_keys().await?;
        let known: Vec<KeyTimes> = stored.iter().map(|key| key.times).collect();
        let judged = schedule(&known, now);
        if judged.due.is_some() || judged.published.len() < known.len() {
            let pkcs8 = SigningKey::generate().ok_or(AppError::Assertion("no key pair can be made"))?;
            let fresh = NewSigningKey { id: SigningKeyId::random(&*self.entropy), pkcs8 };
            stored = self.store.roll_signing_keys(&fresh, now).await?;
            if let Some(made) = stored.iter().find(|key| key.id == fresh.id) {
                tracing::info!(kid = %made.id, signs_from = %made.times.signs_from, "made a signing key");
            }
        }
        let unreadable = AppError::Assertion("a signing key in the store cannot be read");
        let read = |key: &StoredSigningKey| SigningKey::read(key.id, key.times, &key.pkcs8);
        let keys = stored.iter().map(read).collect::<Option<Vec<_>>>().ok_or(unreadable)?;
        self.signing.store(Arc::new(keys));
        Ok(())
    }

    /// The published set of keys (RFC 7517 §5): public halves only. Empty where nothing is signed.
    pub async fn published_keys(&self) -> Result<serde_json::Value> {
        let keys = self.signing_keys().await?;
        let published = schedule(&times(&keys), self.now()).published;
        let halves = published.iter().filter_map(|place| keys.get(*place)?.public()).collect::<Vec<_>>();
        Ok(serde_json::json!({ "keys": halves }))
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        account::{AccountId, CredentialVersion, EmailAddress, Group, MethodKind, UserName},
        entropy::SystemEntropy,
        language::Language,
        secret::Digest,
        session::{DeviceLabel, SecondStep, SessionRecord},
    };

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_900);

    fn account(groups: usize) -> Account {
        Account {
            id: AccountId::random(&SystemEntropy::new()),
            user_name: UserName::parse("hanako").unwrap(),
            email: Some(EmailAddress::parse("hanako@example.jp").unwrap()),
            display_name: Some("山田 花子".to_owned()),
            groups: (0..groups).map(|n| Group::parse(&format!("group-{n}")).unwrap()).collect(),
            language: Language::Ja,
            disabled: false,
            credential_version: CredentialVersion(1),
            created_at: NOW,
        }
    }

    fn claims(account: &Account, second_step: SecondStep, mfa_at: Option<Timestamp>) -> Claims {
        let session = Session::from_record(SessionRecord {
            id: SessionId::random(&SystemEntropy::new()),
            digest: Digest::new([7; 32]),
            account: account.id,
            credential_version: account.credential_version,
            second_step,
            device: None,
            browser: DeviceLabel::new("Firefox (Linux)"),
            created_at: NOW - Duration::from_mins(5),
            last_used_at: NOW,
            mfa_at,
        });
        Claims::of(&session, account)
    }

    fn key() -> SigningKey {
        let times = KeyTimes { published_at: NOW, signs_from: NOW };
        let id = SigningKeyId::random(&SystemEntropy::new());
        SigningKey::read(id, times, &SigningKey::generate().unwrap()).unwrap()
    }

    fn made(claims: &Claims, keys: &[SigningKey], now: Timestamp) -> Result<HeaderValue> {
        let (issuer, audience) = ("https://console.example.jp", "https://orders.internal");
        make(claims, keys, issuer, audience, Duration::from_mins(1), &SystemEntropy::new(), now)
    }

    fn part(token: &HeaderValue, number: usize) -> Value {
        let part = token.to_str().unwrap().split('.').nth(number).unwrap().as_bytes();
        serde_json::from_slice(&BASE64URL_NOPAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn each_kind_of_session_says_what_was_proven() {
        let (account, given) = (account(2), NOW - Duration::from_hours(24));
        let kinds = [
            (SecondStep::Code(MethodKind::App), Some(given), json!(["pwd", "otp", "mfa"]), "2"),
            (SecondStep::Code(MethodKind::Sms), Some(given), json!(["pwd", "sms", "mfa"]), "2"),
            (SecondStep::Code(MethodKind::Voice), Some(given), json!(["pwd", "tel", "mfa"]), "2"),
            (SecondStep::TrustedDevice, Some(given), json!(["pwd"]), "1"),
            (SecondStep::Waived, None, json!(["pwd"]), "1"),
        ];
        for (second_step, mfa_at, amr, acr) in kinds {
            let key = key();
            let said = made(&claims(&account, second_step, mfa_at), &[key], NOW).unwrap();
            let said = part(&said, 1);
            assert_eq!((&said["amr"], &said["acr"]), (&amr, &json!(acr)), "{second_step:?}");
            let mfa_at = mfa_at.map(Timestamp::as_secs);
            assert_eq!(said.get("mfa_at").and_then(Value::as_i64), mfa_at, "{second_step:?}");
        }
    }

    #[test]
    fn it_names_who_for_whom_and_until_when() {
        let (account, key) = (account(2), key());
        let claims = claims(&account, SecondStep::Code(MethodKind::App), Some(NOW));
        let kid = key.id().to_string();
        let token = made(&claims, &[key], NOW).unwrap();
        assert!(token.is_sensitive());
        assert_eq!(part(&token, 0), json!({ "alg": "ES256", "typ": "sekisho-assertion+jwt", "kid": kid }));
        let mut said = part(&token, 1);
        let (token_id, session) = (said["jti"].take(), said["sid"].take());
        assert_eq!((token_id.as_str().unwrap().len(), session.as_str().unwrap().len()), (26, 43));
        let expected = json!({
            "iss": "https://console.example.jp", "aud": "https://orders.internal", "jti": null, "sid": null,
            "iat": 1_800_000_000, "nbf": 1_800_000_000, "exp": 1_800_000_060, "auth_time": 1_799_999_700,
            "mfa_at": 1_800_000_000, "amr": ["pwd", "otp", "mfa"], "acr": "2", "sub": account.id.to_string(),
            "preferred_username": "hanako", "name": "山田 花子", "email": "hanako@example.jp",
            "groups": ["group-0", "group-1"],
        });
        assert_eq!(said, expected);
    }

    #[test]
    fn one_that_cannot_be_made_is_an_error_and_never_cut_short() {
        let refused = |groups, keys: &[SigningKey]| {
            let claims = claims(&account(groups), SecondStep::Waived, None);
            made(&claims, keys, NOW).unwrap_err().to_string()
        };
        assert!(refused(1, &[]).contains("no signing key"));
        assert!(refused(1000, &[key()]).contains("too many groups"));
    }

    #[test]
    fn one_is_made_for_each_half_lifetime_and_after_a_clock_was_set_back() {
        let assertion = Assertion::new(claims(&account(0), SecondStep::Waived, None));
        let (keys, minute) = ([key()], Duration::from_mins(1));
        let at = |now: Timestamp| assertion.get(0, minute, now, |claims| made(claims, &keys, now)).unwrap();
        let first = at(NOW);
        assert_eq!(at(NOW + Duration::from_millis(29_999)), first);
        let second = at(NOW + Duration::from_secs(30));
        assert_ne!(second, first);
        assert_eq!(part(&second, 1)["iat"], 1_800_000_030);
        assert_ne!(at(NOW), second, "that one is not valid yet");
    }
}
