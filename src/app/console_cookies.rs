//! The console's own cookies, which never go from one account to another (`product.md` §6).
//!
//! What is guaranteed is what is forwarded; expiring cookies is courtesy, because a browser never says which path a cookie
//! has, and shows our pages only those that begin at `/`. Where somebody else has signed in on a browser before, a session
//! is a shared jar: a cookie goes to the console only with a proof beside it, a cookie of ours that holds a MAC over
//! account, name and value. The proof is set in the same answer in which the console set the cookie, lives as long, and is
//! made for nobody else. So it does not matter which path a cookie has, whether the other session was signed out or just
//! left, whether its answer or its page comes late, or which node serves the request; nothing is written to the store.
//! Cookies that scripts set have no proof: they go along where one person has signed in on the browser (its jar is its
//! own), and elsewhere when the configuration names them. That a browser is shared is read once a session, from the
//! cookie of its last sign-ins; the decision is kept with the session in memory. What two sign-ins at once would write over
//! each other in that cookie is told by their marks, which are looked at with every request.
//!
//! Must never let a cookie through in a shared jar for want of a key, of space or of a well-formed proof.

use std::sync::{PoisonError, RwLock};

use data_encoding::BASE64URL_NOPAD;

use super::{App, Cookie, Marks, Snapshot, live_sessions::LiveSession};
use crate::{
    access::Jar,
    account::AccountId,
    keyring::{KeyId, Keyring, Purpose},
    secret::constant_time_eq,
};

/// A proof is a cookie whose name begins so; a number of its own follows for each cookie it stands for.
pub const PROOF: &str = "__Host-sekisho-of-";
/// Octets of a proof: 128 bits of its MAC.
const PROOF_BYTES: usize = 16;
/// Proofs of one request that are looked at.
const MOST_PROOFS: usize = 100;
/// Cookies of the console that are remembered, for expiring them.
const MOST_SEEN: usize = 64;
/// Cookies that one answer expires: some 4 KiB of its head, which proxies in front of us have room for.
const MOST_EXPIRED: usize = 50;
/// Longer lines are no cookie of a console that a browser would keep (RFC 6265bis §5.6).
const LONGEST_LINE: usize = 8192;

/// A `Set-Cookie` line of the console, as browsers read it (RFC 6265bis §5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetCookie<'a> {
    /// Name; empty for a line without `=`.
    pub name: &'a [u8],
    /// Value.
    pub value: &'a [u8],
    /// Its `Path`, when it is one.
    pub path: Option<&'a [u8]>,
    /// Its `Domain`.
    pub domain: Option<&'a [u8]>,
    /// How long it lives, as it says: its `Max-Age`, else its `Expires`, with the name of the attribute.
    pub lasts: Option<(&'static str, &'a [u8])>,
    /// `Partitioned`.
    pub partitioned: bool,
}

impl<'a> SetCookie<'a> {
    /// Reads a line. `None` for one that no browser keeps.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        if line.len() > LONGEST_LINE {
            return None;
        }
        let mut parts = line.split(|byte| *byte == b';');
        let (name, value) = pair(parts.next()?);
        if name.is_empty() && value.is_empty() {
            return None;
        }
        let mut cookie = Self { name, value, path: None, domain: None, lasts: None, partitioned: false };
        for attribute in parts {
            let (key, value) = match attribute.iter().position(|byte| *byte == b'=') {
                Some(at) => {
                    let (key, value) = attribute.split_at(at);
                    (key, value.get(1..).unwrap_or_default().trim_ascii())
                }
                None => (attribute, &[][..]),
            };
            // The last of several counts.
            match key.trim_ascii().to_ascii_lowercase().as_slice() {
                b"path" => cookie.path = Some(value).filter(|path| path.starts_with(b"/")),
                b"domain" => {
                    let domain = value.strip_prefix(b".").unwrap_or(value);
                    cookie.domain = Some(domain).filter(|domain| !domain.is_empty());
                }
                b"max-age" => cookie.lasts = Some(("Max-Age", value)),
                b"expires" if !matches!(cookie.lasts, Some(("Max-Age", _))) => cookie.lasts = Some(("Expires", value)),
                b"partitioned" => cookie.partitioned = true,
                _ => {}
            }
        }
        Some(cookie)
    }

    /// Does the line take the cookie away?
    fn removes(&self) -> bool {
        let Some(("Max-Age", age)) = self.lasts else { return false };
        std::str::from_utf8(age).ok().and_then(|age| age.parse::<i64>().ok()).is_some_and(|age| age <= 0)
    }
}

/// Name and value of a cookie, without the white space around them.
pub fn pair(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == b'=') {
        Some(at) => {
            let (name, value) = text.split_at(at);
            (name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii())
        }
        None => (&[], text.trim_ascii()),
    }
}

/// The path a cookie without one of its own gets (RFC 6265bis §5.1.4).
fn default_path(request: &[u8]) -> &[u8] {
    match request.iter().rposition(|byte| *byte == b'/') {
        None | Some(0) => b"/",
        Some(end) => request.get(..end).unwrap_or(b"/"),
    }
}

/// The proofs of one request.
#[derive(Debug)]
pub struct Proofs {
    proofs: Vec<(KeyId, [u8; PROOF_BYTES])>,
    keys: Vec<KeyId>,
}

impl Proofs {
    /// Reads the values of the cookies whose names begin with [`PROOF`]; what is none of ours is left out.
    pub fn read<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let read = |value: &str| {
            let (key, mac) = value.split_once('.')?;
            let mac = BASE64URL_NOPAD.decode(mac.as_bytes()).ok()?;
            Some((KeyId(key.parse().ok()?), mac.try_into().ok()?))
        };
        let proofs: Vec<_> = values.filter_map(read).take(MOST_PROOFS).collect();
        let mut keys: Vec<KeyId> = proofs.iter().map(|(key, _)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        // Keys are few; whoever makes up others makes us do no more work.
        keys.truncate(8);
        Self { proofs, keys }
    }

    /// Was this cookie set for this account, or while nobody was signed in?
    pub fn stand_for(&self, keyring: &Keyring, account: Option<AccountId>, name: &[u8], value: &[u8]) -> bool {
        self.keys.iter().any(|key| {
            let of = |account| proof_of(keyring, *key, account, name, value);
            let expected = [account.and_then(|account| of(Some(account))), of(None)];
            expected
                .iter()
                .flatten()
                .any(|expected| self.proofs.iter().any(|(of, proof)| of == key && constant_time_eq(proof, expected)))
        })
    }
}

fn proof_of(
    keyring: &Keyring,
    key: KeyId,
    account: Option<AccountId>,
    name: &[u8],
    value: &[u8],
) -> Option<[u8; PROOF_BYTES]> {
    let account = account.as_ref().map_or(&[][..], |account| account.as_bytes());
    let mac = keyring.mac(key, Purpose::ConsoleCookie, &[b"proof", account, name, value])?;
    mac.as_bytes().first_chunk().copied()
}

/// The `Set-Cookie` line with the proof of a cookie the console has just set for this account. `request` is the path of
/// the request. `None` where it cannot be made; the cookie is then not forwarded.
pub fn proof(keyring: &Keyring, account: Option<AccountId>, cookie: &SetCookie<'_>, request: &str) -> Option<String> {
    let key = keyring.active();
    // One proof for each place a browser keeps a cookie at: setting it again replaces both.
    let path = cookie.path.unwrap_or_else(|| default_path(request.as_bytes()));
    let domain = cookie.domain.unwrap_or_default().to_ascii_lowercase();
    let place = keyring.mac(key, Purpose::ConsoleCookie, &[b"place", cookie.name, path, &domain])?;
    let name = BASE64URL_NOPAD.encode(place.as_bytes().first_chunk::<9>()?);
    let rest = "; Path=/; Secure; HttpOnly; SameSite=Lax";
    if cookie.removes() {
        return Some(format!("{PROOF}{name}=; Max-Age=0{rest}"));
    }
    let lasts = match cookie.lasts {
        Some((attribute, value)) => {
            let value =
                std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| (0x20..0x7f).contains(&b)))?;
            format!("; {attribute}={value}")
        }
        None => String::new(),
    };
    let mac = BASE64URL_NOPAD.encode(&proof_of(keyring, key, account, cookie.name, cookie.value)?);
    Some(format!("{PROOF}{name}={}.{mac}{lasts}{rest}", key.0))
}

/// Where the console keeps its cookies, learnt from what it sets: a handful of names and paths for all browsers. Nothing
/// of a person is in it.
#[derive(Debug, Default)]
pub struct SeenCookies(RwLock<Vec<Seen>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    name: String,
    path: String,
    domain: Option<String>,
    partitioned: bool,
}

impl SeenCookies {
    /// Remembers a cookie of the console; `request` is the path of the request. The oldest is forgotten for a new one when
    /// there are too many, as with a console that makes up names.
    pub fn note(&self, cookie: &SetCookie<'_>, request: &str) {
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().filter(|text| is_plain(text)).map(str::to_owned);
        let path = cookie.path.unwrap_or_else(|| default_path(request.as_bytes()));
        let (Some(name), Some(path)) = (text(cookie.name).filter(|name| !name.is_empty()), text(path)) else { return };
        let domain = cookie.domain.and_then(text);
        let seen = Seen { name, path, domain, partitioned: cookie.partitioned };
        if self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&seen) {
            return;
        }
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.contains(&seen) {
            return;
        }
        if all.len() == MOST_SEEN {
            all.remove(0);
        }
        all.push(seen);
    }

    /// The `Set-Cookie` lines that expire the console's cookies: those of a request to one of our pages, by name, and
    /// those the console is known to set elsewhere. `only`: these names, where there are any.
    pub fn expired<'a>(&self, came: impl Iterator<Item = &'a [u8]>, only: &[String]) -> Vec<String> {
        let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
        let mut places: Vec<Seen> = Vec::new();
        for name in came.filter_map(|name| std::str::from_utf8(name).ok()) {
            let at_root = Seen { name: name.to_owned(), path: "/".to_owned(), domain: None, partitioned: false };
            if !name.is_empty() && is_plain(name) && !places.contains(&at_root) {
                places.push(at_root);
            }
        }
        for seen in self.0.read().unwrap_or_else(PoisonError::into_inner).iter().rev() {
            if !places.contains(seen) {
                places.push(seen.clone());
            }
        }
        let places = places.iter().filter(|seen| wanted(&seen.name)).take(MOST_EXPIRED);
        let line = |seen: &Seen| {
            let domain = seen.domain.as_ref().map(|domain| format!("; Domain={domain}")).unwrap_or_default();
            let partitioned = if seen.partitioned { "; Partitioned" } else { "" };
            // Names with a prefix are taken only with `Secure`, and no other minds it.
            format!("{}=; Max-Age=0; Path={}{domain}; Secure{partitioned}", seen.name, seen.path)
        };
        places.map(line).collect()
    }
}

/// Fit for a line that we write.
fn is_plain(text: &str) -> bool {
    text.len() <= 256 && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'"'))
}

impl App {
    /// Where the console keeps its cookies.
    pub const fn seen_cookies(&self) -> &SeenCookies {
        &self.seen_cookies
    }

    /// Which of the browser's cookies this request brings to the console. `known` is the cookie of its last sign-ins.
    /// The marks are looked at each time: another sign-in of the same browser may have been answered since.
    pub(super) fn jar(
        &self,
        snapshot: &Snapshot,
        live: Option<&LiveSession>,
        known: Option<Cookie<'_>>,
        marks: Marks<'_>,
    ) -> Jar {
        let bound = snapshot.config.console.bound_cookies;
        let Some(live) = live else {
            // Somebody was signed in here, and is not now.
            return if bound || known.is_some() || marks.any() { Jar::Shared { account: None } } else { Jar::Own };
        };
        let account = live.principal.account;
        let shared = bound || marks.others(account) || live.is_shared(|| self.others_signed_in(known, account));
        if shared { Jar::Shared { account: Some(account) } } else { Jar::Own }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, entropy::SystemEntropy};

    fn ring() -> (Keyring, SystemEntropy) {
        let entropy = SystemEntropy::new();
        (Keyring::generate(&entropy, Timestamp::EPOCH).unwrap(), entropy)
    }

    /// Name and value of the proof a browser would send back.
    fn kept(line: &str) -> (String, String) {
        let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
        assert!(line.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax") && name.starts_with(PROOF), "{line}");
        (name.to_owned(), value.to_owned())
    }

    fn set(line: &str) -> SetCookie<'_> {
        SetCookie::parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn lines_are_read_as_browsers_read_them() {
        let cookie =
            set(" ID = a=b ; path=/shop;DOMAIN=.example.jp; Max-Age=60; expires=Thu, 01 Jan 2026 00:00:00 GMT");
        assert_eq!((cookie.name, cookie.value), (&b"ID"[..], &b"a=b"[..]));
        assert_eq!((cookie.path, cookie.domain), (Some(&b"/shop"[..]), Some(&b"example.jp"[..])));
        assert_eq!(cookie.lasts, Some(("Max-Age", &b"60"[..])), "Max-Age goes before Expires (RFC 6265bis §5.5)");
        assert_eq!(set("ID=1; Expires=x; Max-Age=0").lasts, Some(("Max-Age", &b"0"[..])));
        assert_eq!(set("ID=1; Path=shop; Domain=").path, None, "a path that is none");
        assert_eq!(set("plain").value, b"plain");
        assert_eq!(set("plain").name, b"");
        assert_eq!(SetCookie::parse(b"; Path=/"), None);
        assert_eq!(SetCookie::parse(&[b'a'; LONGEST_LINE + 1]), None);
        for (request, path) in [("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("", "/")] {
            assert_eq!(default_path(request.as_bytes()), path.as_bytes(), "{request}");
        }
    }

    #[test]
    fn a_proof_stands_for_one_cookie_of_one_account() {
        let (ring, entropy) = ring();
        let (hanako, taro) = (AccountId::random(&entropy), AccountId::random(&entropy));
        let (_, value) = kept(&proof(&ring, Some(hanako), &set("ID=s1; Path=/a"), "/a/x").unwrap());
        let proofs = Proofs::read([value.as_str(), "", "1", "1.x", "9.AAAAAAAAAAAAAAAAAAAAAA", "x.y"].into_iter());
        assert!(proofs.stand_for(&ring, Some(hanako), b"ID", b"s1"));
        for (account, name, value) in [
            (Some(taro), "ID", "s1"),
            (None, "ID", "s1"),
            (Some(hanako), "ID", "s2"),
            (Some(hanako), "id", "s1"),
            (Some(hanako), "I", "Ds1"),
            (Some(hanako), "", "ID=s1"),
        ] {
            assert!(!proofs.stand_for(&ring, account, name.as_bytes(), value.as_bytes()), "{account:?} {name}={value}");
        }
        let (_, value) = kept(&proof(&ring, None, &set("lang=ja"), "/").unwrap());
        let proofs = Proofs::read([value.as_str()].into_iter());
        assert!(proofs.stand_for(&ring, Some(taro), b"lang", b"ja"), "set while nobody was signed in");
        let other = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        assert!(!proofs.stand_for(&other, None, b"lang", b"ja"), "a key we do not have");
        assert!(!Proofs::read(std::iter::empty()).stand_for(&ring, None, b"", b""));
    }

    #[test]
    fn a_proof_lives_where_and_as_long_as_its_cookie() {
        let (ring, _) = ring();
        let line = |text: &str, path: &str| proof(&ring, None, &set(text), path).unwrap();
        let name = |text: &str, path: &str| kept(&line(text, path)).0;
        assert_eq!(name("ID=1; Path=/a", "/x"), name("ID=2; path=/a", "/y/z"), "the same place");
        assert_eq!(name("ID=1", "/a/x"), name("ID=2; Path=/a", "/"), "a default path is a path");
        let places = ["ID=1; Path=/a", "ID=1; Path=/", "IE=1; Path=/a", "ID=1; Path=/a; Domain=example.jp"];
        let names: std::collections::BTreeSet<_> = places.iter().map(|text| name(text, "/")).collect();
        assert_eq!(names.len(), places.len());
        assert!(line("ID=1; Max-Age=60", "/").contains("; Max-Age=60;"));
        assert!(
            line("ID=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT", "/")
                .contains("; Expires=Thu, 01 Jan 2026 00:00:00 GMT;")
        );
        let gone = line("ID=; Max-Age=0", "/");
        assert!(gone.contains("=; Max-Age=0;"), "{gone}");
        assert_eq!(proof(&ring, None, &set("ID=1; Max-Age=日"), "/"), None, "without a proof it stays here");
    }

    #[test]
    fn what_is_expired_is_what_came_and_what_is_known_of_the_console() {
        let seen = SeenCookies::default();
        let came = || ["PREF", "JSESSIONID", "", "a\"b"].map(str::as_bytes).into_iter();
        seen.note(&set("JSESSIONID=1; Path=/console; HttpOnly"), "/console/x");
        seen.note(&set("JSESSIONID=2; Path=/console"), "/");
        seen.note(&set("__Secure-T=1; Domain=Example.jp; Secure; Partitioned"), "/a/b");
        seen.note(&set("odd name=1"), "/");
        seen.note(&set("nameless"), "/");
        assert_eq!(
            seen.expired(came(), &[]),
            [
                "PREF=; Max-Age=0; Path=/; Secure",
                "JSESSIONID=; Max-Age=0; Path=/; Secure",
                "__Secure-T=; Max-Age=0; Path=/a; Domain=Example.jp; Secure; Partitioned",
                "JSESSIONID=; Max-Age=0; Path=/console; Secure",
            ]
        );
        assert_eq!(seen.expired(came(), &["PREF".to_owned()]), ["PREF=; Max-Age=0; Path=/; Secure"]);
        for number in 0..2 * MOST_SEEN {
            seen.note(&set(&format!("made-up-{number}=1")), "/");
        }
        let expired = seen.expired(std::iter::empty(), &[]);
        assert_eq!(seen.0.read().unwrap().len(), MOST_SEEN, "a console that makes up names does not fill the memory");
        assert_eq!(expired.len(), MOST_EXPIRED);
        assert!(expired[0].starts_with("made-up-127="), "the newest first");
    }
}
