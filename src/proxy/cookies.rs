//! Cookies between browser and console: ours never reach it, the console's reach it only where they may
//! (`app::console_cookies`), and what it sets in a browser that several people use gets its proof on the way out.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};

use crate::{
    access::Jar,
    app::{
        App,
        console_cookies::{self, PROOF, Proofs, SetCookie, pair},
    },
};

/// Every cookie of ours begins so, in any case: browsers compare cookie prefixes case-insensitively.
const OUR_COOKIES: &[u8] = b"__host-sekisho";

/// The rules of one configuration.
#[derive(Debug)]
pub(crate) struct Cookies {
    app: Arc<App>,
    shared: Vec<String>,
}

impl Cookies {
    /// With the names that may pass between accounts.
    pub(crate) fn new(app: Arc<App>, shared: Vec<String>) -> Self {
        Self { app, shared }
    }

    /// The cookies of a request that go to the console, in one line (HTTP/2 clients may send several, RFC 9113 §8.2.3).
    pub(crate) fn forwarded(&self, headers: &HeaderMap, jar: Jar) -> Option<HeaderValue> {
        match jar {
            Jar::Own => without_ours(headers, |_pair| true),
            Jar::Shared { account } => {
                let proofs = Proofs::read(proofs(headers));
                without_ours(headers, |text| {
                    let (name, value) = pair(text);
                    let passes = self.shared.iter().any(|shared| shared.as_bytes() == name)
                        || proofs.stand_for(self.app.keyring(), account, name, value);
                    if !passes {
                        tracing::debug!(name = %String::from_utf8_lossy(name), "a cookie of the console stays here");
                    }
                    passes
                })
            }
        }
    }

    /// What goes out beside the cookies the console sets in this answer: their proofs, where the browser holds cookies of
    /// several people. `path` is the path of the request.
    pub(crate) fn answered(&self, headers: &HeaderMap, jar: Jar, path: &str) -> Vec<HeaderValue> {
        let mut added = Vec::new();
        for line in headers.get_all(header::SET_COOKIE).iter().filter(|line| !sets_ours(line)) {
            let Some(cookie) = SetCookie::parse(line.as_bytes()) else { continue };
            self.app.seen_cookies().note(&cookie, path);
            if let Jar::Shared { account } = jar {
                let proof = console_cookies::proof(self.app.keyring(), account, &cookie, path);
                added.extend(proof.and_then(|line| HeaderValue::from_str(&line).ok()));
            }
        }
        added
    }
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(header::COOKIE).iter();
    lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii))
}

fn proofs(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = pairs(headers).filter(|text| text.starts_with(PROOF.as_bytes())).map(|text| pair(text).1);
    values.filter_map(|value| std::str::from_utf8(value).ok())
}

pub(super) fn without_ours(headers: &HeaderMap, passes: impl Fn(&[u8]) -> bool) -> Option<HeaderValue> {
    let mut kept: Vec<u8> = Vec::new();
    for pair in pairs(headers) {
        if pair.is_empty() || names_ours(pair) || !passes(pair) {
            continue;
        }
        if !kept.is_empty() {
            kept.extend_from_slice(b"; ");
        }
        kept.extend_from_slice(pair);
    }
    if kept.is_empty() { None } else { HeaderValue::from_bytes(&kept).ok() }
}

/// A pair that some parser could read as one of our cookies: lenient ones skip white space (also Unicode's), controls,
/// quotes, `$` and stray `=` before a name, and take a comma for a separator.
pub(super) fn names_ours(pair: &[u8]) -> bool {
    let skipped = |byte: &u8| !byte.is_ascii_graphic() || matches!(byte, b'"' | b'$' | b'=');
    pair.split(|byte| matches!(byte, b',' | b'"')).any(|part| {
        let start = part.iter().position(|byte| !skipped(byte)).unwrap_or(part.len());
        let name = part.get(start..).unwrap_or_default();
        name.get(..OUR_COOKIES.len()).is_some_and(|start| start.eq_ignore_ascii_case(OUR_COOKIES))
    })
}

/// Does the console try to set one of ours?
pub(super) fn sets_ours(cookie: &HeaderValue) -> bool {
    names_ours(cookie.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account::AccountId, entropy::SystemEntropy, portal::story_tests::World};

    fn headers(name: &header::HeaderName, lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (name.clone(), line.parse().unwrap())).collect()
    }

    fn text(cookies: Option<&HeaderValue>) -> String {
        cookies.map(|line| line.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    async fn cookies(shared: &[&str]) -> Cookies {
        let world = World::new().await;
        Cookies::new(world.portal.app().clone(), shared.iter().map(|name| (*name).to_owned()).collect())
    }

    #[tokio::test]
    async fn one_persons_cookies_pass_as_they_are_but_ours() {
        let cookies = cookies(&[]).await;
        let came = headers(&header::COOKIE, &["a=1; __Host-sekisho=x;b=\"2\"", "__host-SEKISHO-of-x=1.y; c; ;d=4=5"]);
        assert_eq!(text(cookies.forwarded(&came, Jar::Own).as_ref()), "a=1; b=\"2\"; c; d=4=5");
        let set = headers(&header::SET_COOKIE, &["ID=1; Path=/a"]);
        assert!(cookies.answered(&set, Jar::Own, "/").is_empty());
    }

    #[tokio::test]
    async fn in_a_shared_jar_only_what_was_set_for_the_person_passes() {
        let cookies = cookies(&["theme"]).await;
        let entropy = SystemEntropy::new();
        let jar = |account| Jar::Shared { account: Some(account) };
        let (hanako, taro) = (AccountId::random(&entropy), AccountId::random(&entropy));
        let set = headers(
            &header::SET_COOKIE,
            &["ID=hers; Path=/a", "PLAIN=1; Max-Age=60", "__Host-sekisho=stolen; Path=/", "bare", "ID=rooted; Path=/"],
        );
        let proofs = cookies.answered(&set, jar(hanako), "/a/x");
        assert_eq!(proofs.len(), 4, "one for each, and none for what is dropped: {proofs:?}");
        let proofs: Vec<&str> = proofs.iter().map(|line| line.to_str().unwrap().split(';').next().unwrap()).collect();
        let came = format!("ID=hers; ID=other; theme=dark; PLAIN=1; bare; script=1; ID=rooted; {}", proofs.join("; "));
        let came = headers(&header::COOKIE, &[&came]);
        assert_eq!(
            text(cookies.forwarded(&came, jar(hanako)).as_ref()),
            "ID=hers; theme=dark; PLAIN=1; bare; ID=rooted"
        );
        assert_eq!(text(cookies.forwarded(&came, jar(taro)).as_ref()), "theme=dark");
        assert_eq!(text(cookies.forwarded(&came, Jar::Shared { account: None }).as_ref()), "theme=dark");
    }
}
