//! What a console wants to see of everybody who comes through the gateway: fixed header fields, HTTP Basic. They are sent for
//! people who are signed in and for nobody else, and what a client sends under the same names never arrives.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::identity::{Changes, fold, is};
use crate::{
    access::Principal,
    config::{ConsoleCredential, CredentialKind, SecretUnreadable},
    secret::SecretBytes,
};

/// Those of one console.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    all: Box<[Credential]>,
}

#[derive(Debug)]
struct Credential {
    /// For people in one of these groups; none: for all.
    groups: Vec<String>,
    name: HeaderName,
    /// The name as consoles may read it.
    folded: String,
    /// Marked as a secret: it shows nothing.
    value: HeaderValue,
}

impl Credentials {
    /// Reads the secrets.
    pub(super) fn read(configured: &[ConsoleCredential]) -> Result<Self, SecretUnreadable> {
        let all = configured.iter().map(Credential::read).collect::<Result<_, _>>()?;
        Ok(Self { all })
    }

    /// What is taken from a request and put into it. Of those with the same name the first that fits is sent.
    pub(super) fn changes(&self, headers: &HeaderMap, who: Option<&Principal>) -> Changes {
        if self.all.is_empty() {
            return Changes { remove: Vec::new(), set: Vec::new() };
        }
        let ours = |name: &&HeaderName| self.all.iter().any(|credential| is(name, &credential.folded));
        let remove = headers.keys().filter(ours).cloned().collect();
        let mut set: Vec<(HeaderName, HeaderValue)> = Vec::new();
        for credential in who.iter().flat_map(|who| self.all.iter().filter(|credential| credential.fits(who))) {
            if set.iter().all(|(name, _)| *name != credential.name) {
                set.push((credential.name.clone(), credential.value.clone()));
            }
        }
        Changes { remove, set }
    }

    /// The gateway answers for the console's own sign-in: a browser that is asked for a password would never get through
    /// with what its user types.
    pub(super) fn signs_in(&self) -> bool {
        self.all.iter().any(|credential| credential.name == header::AUTHORIZATION)
    }
}

impl Credential {
    fn read(configured: &ConsoleCredential) -> Result<Self, SecretUnreadable> {
        let (name, text) = match &configured.kind {
            CredentialKind::Field { header, value } => {
                (HeaderName::try_from(header.as_str()).map_err(|_invalid| SecretUnreadable::Unusable)?, value.read()?)
            }
            CredentialKind::Basic { user, password } => {
                let pair = SecretBytes::new([user.as_bytes(), b":", password.read()?.expose()].concat());
                let encoded = data_encoding::BASE64.encode(pair.expose());
                (header::AUTHORIZATION, SecretBytes::new(format!("Basic {encoded}")))
            }
        };
        let mut value = HeaderValue::from_bytes(text.expose()).map_err(|_invalid| SecretUnreadable::Unusable)?;
        value.set_sensitive(true);
        let folded = fold(&name).map(char::from).collect();
        Ok(Self { groups: configured.groups.clone(), name, folded, value })
    }

    fn fits(&self, who: &Principal) -> bool {
        self.groups.is_empty()
            || self.groups.iter().any(|group| who.member_of.iter().any(|theirs| theirs.as_str() == group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access,
        account::{AccountId, Group},
        config::ConfiguredSecret,
        entropy::SystemEntropy,
        session::AccessTokenId,
    };

    fn secret(text: &str) -> ConfiguredSecret {
        ConfiguredSecret::Here(text.into())
    }

    fn credentials() -> Credentials {
        let basic = |groups: &[&str], user: &str| ConsoleCredential {
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            kind: CredentialKind::Basic { user: user.to_owned(), password: secret("open sesame") },
        };
        let field = ConsoleCredential {
            groups: Vec::new(),
            kind: CredentialKind::Field { header: "x-api-key".to_owned(), value: secret("k-123") },
        };
        Credentials::read(&[basic(&["staff", "audit"], "boss"), basic(&[], "clerk"), field]).unwrap()
    }

    fn person(groups: &[&str]) -> Principal {
        let text = |text: &str| HeaderValue::try_from(text).unwrap();
        let entropy = SystemEntropy::new();
        Principal {
            account: AccountId::random(&entropy),
            credential: access::Credential::Token(AccessTokenId::random(&entropy)),
            code_given_at: None,
            member_of: groups.iter().map(|group| Group::parse(group).unwrap()).collect(),
            user: text("hana"),
            email: None,
            groups: text(&groups.join(",")),
            level: text("1"),
        }
    }

    fn sent(who: Option<&Principal>) -> Vec<(String, String)> {
        let changes = credentials().changes(&HeaderMap::new(), who);
        changes.set.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
    }

    #[test]
    fn each_name_is_sent_once_by_the_first_that_fits_and_to_nobody_without_a_session() {
        // base64 of `boss:open sesame` and `clerk:open sesame`.
        let (boss, clerk) = ("Basic Ym9zczpvcGVuIHNlc2FtZQ==", "Basic Y2xlcms6b3BlbiBzZXNhbWU=");
        for (groups, basic) in [(&["sales", "audit"][..], boss), (&["sales"], clerk), (&[], clerk)] {
            let expected = [("authorization", basic), ("x-api-key", "k-123")];
            assert_eq!(
                sent(Some(&person(groups))),
                expected.map(|(name, value)| (name.to_owned(), value.to_owned())),
                "{groups:?}"
            );
        }
        assert!(sent(None).is_empty());
    }

    #[test]
    fn what_a_client_sends_under_these_names_goes_in_any_spelling() {
        let mut headers = HeaderMap::new();
        for name in ["authorization", "x-api-key", "x_api_key", "xapikey", "x-api-keys", "accept"] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("theirs"));
        }
        for who in [None, Some(&person(&[]))] {
            let mut removed: Vec<_> = credentials().changes(&headers, who).remove;
            removed.sort_by(|a, b| a.as_str().cmp(b.as_str()));
            assert_eq!(removed, ["authorization", "x-api-key", "x_api_key", "xapikey"]);
        }
    }

    #[test]
    fn nothing_shows_a_credential() {
        let shown = format!("{:?} {:?}", credentials(), credentials().changes(&HeaderMap::new(), Some(&person(&[]))));
        assert!(!shown.contains("k-123") && !shown.contains("Y2xlcms6") && !shown.contains("sesame"), "{shown}");
    }
}
