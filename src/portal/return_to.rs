//! Where to go after the sign-in: a path and query of this host, nothing else. An address of another host cannot be
//! expressed, and what a link carries is sealed, so nobody else chooses it; a sealed place is good for a day, so that one
//! that was collected somewhere is of little use.

use data_encoding::BASE64URL_NOPAD;

use std::time::Duration;

use crate::{
    app::HeldId,
    clock::Timestamp,
    config::PublicUrl,
    entropy::Entropy,
    keyring::{Keyring, Place, Purpose},
};

/// Longer ones are dropped: the sealed form travels in addresses and fields.
const MOST: usize = 2048;
const MOST_TRIES: u8 = 9;
/// The first redirect comes before any cookie of ours, so time is all that a sealed place is bound to.
pub(super) const GOOD_FOR: Duration = Duration::from_hours(24);
/// Those of our own pages a person opens by an address of theirs, and means to come back to.
const OWN: [&str; 6] = [
    "/.sekisho/settings",
    "/.sekisho/settings/primary",
    "/.sekisho/settings/backup",
    "/.sekisho/settings/password",
    "/.sekisho/users",
    "/.sekisho/held",
];

/// The page of a kept form, up to the form's name.
const HELD: &str = "/.sekisho/held?id=";

/// A place on this host, as it stands in a request line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo {
    target: String,
    /// Forms in a row that came back without a cookie (`arriving.rs`).
    tries: u8,
}

impl Default for ReturnTo {
    /// The console's first page.
    fn default() -> Self {
        Self { target: "/".to_owned(), tries: 0 }
    }
}

impl ReturnTo {
    /// Reads a request target. `None` for anything that a browser could take for another host, that is one of our own
    /// pages but the few a person opens by themselves, or that is too long.
    pub fn parse(target: &str) -> Option<Self> {
        let visible = target.bytes().all(|b| b.is_ascii_graphic() && b != b'\\' && b != b'#');
        if !visible || target.len() > MOST || !target.starts_with('/') {
            return None;
        }
        let path = target.split('?').next().unwrap_or_default().to_ascii_lowercase();
        // A browser folds `%2e` segments, and some software reads `%2f` and `%5c` as the separator they stand for.
        let folded = path.replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
        let segments: Vec<&str> = folded.split('/').skip(1).collect();
        let another_host = segments.len() > 1 && segments.first().is_some_and(|first| first.is_empty());
        let climbs = segments.iter().any(|segment| matches!(*segment, "." | ".."));
        let ours = segments.first().is_some_and(|first| *first == ".sekisho");
        let own = || OWN.contains(&target) || held(target).is_some();
        (!another_host && !climbs && (!ours || own())).then(|| Self { target: target.to_owned(), tries: 0 })
    }

    /// The page that asks what becomes of a kept form.
    pub(super) fn to_held(id: HeldId) -> Self {
        Self { target: format!("{HELD}{id}"), tries: 0 }
    }

    /// The kept form this is the page of.
    pub(super) fn held(&self) -> Option<HeldId> {
        held(&self.target)
    }

    /// Path and query, for a `Location`.
    pub fn as_str(&self) -> &str {
        &self.target
    }

    /// The same place after one more form that came back without a cookie.
    pub(super) fn tried(&self) -> Self {
        Self { tries: self.tries.saturating_add(1).min(MOST_TRIES), ..self.clone() }
    }

    /// The same place, from the start.
    pub(super) fn untried(&self) -> Self {
        Self { tries: 0, ..self.clone() }
    }

    /// How many such forms there were.
    pub(super) const fn tries(&self) -> u8 {
        self.tries
    }

    /// For a link or a field; empty for the first page, which needs no remembering.
    pub(super) fn sealed(&self, host: &PublicUrl, keyring: &Keyring, entropy: &dyn Entropy, now: Timestamp) -> String {
        if *self == Self::default() {
            return String::new();
        }
        let tries = if self.tries == 0 { &[][..] } else { &[self.tries][..] };
        let dated = [now.as_millis().to_be_bytes().as_slice(), tries, self.target.as_bytes()].concat();
        keyring
            .seal(Purpose::SealedField, place(host), &dated, entropy)
            .map_or_else(|_no_key| String::new(), |sealed| BASE64URL_NOPAD.encode(&sealed))
    }

    /// Opens what a link or a field brought to this host; `None` unless we sealed it there within the last day.
    pub(super) fn open(sealed: &str, host: &PublicUrl, keyring: &Keyring, now: Timestamp) -> Option<Self> {
        if sealed.is_empty() || sealed.len() > 2 * MOST {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let opened = keyring.open(Purpose::SealedField, place(host), &bytes).ok()?;
        let (at, target) = opened.expose().split_first_chunk()?;
        let at = Timestamp::from_millis(i64::from_be_bytes(*at));
        if now.since(at) >= GOOD_FOR {
            return None;
        }
        // A place begins with `/`, so that a count before it cannot be one.
        let (tries, target) = match target.split_first()? {
            (tries, target) if *tries <= MOST_TRIES => (*tries, target),
            _ => (0, target),
        };
        Some(Self { tries, ..Self::parse(std::str::from_utf8(target).ok()?)? })
    }
}

fn place(host: &PublicUrl) -> Place<'_> {
    Place { table: "form", column: "return-to", row: host.host.as_bytes() }
}

fn held(target: &str) -> Option<HeldId> {
    HeldId::parse(target.strip_prefix(HELD)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn only_places_of_this_host_are_places() {
        for good in [
            "/",
            "/orders/1?x",
            "/orders/1?next=//evil.example",
            "/a//b",
            "/%E6%97%A5?q=a%20b",
            "/.sekishox",
            "/.sekisho/settings",
            "/.sekisho/users",
            "/.sekisho/held",
            "/.sekisho/held?id=aaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(ReturnTo::parse(good).map(|to| to.target).as_deref(), Some(good));
        }
        for bad in [
            "",
            "orders",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/%5cevil.example",
            "/%2Fevil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x=y",
            "/a b",
            "/日本",
            "/a#b",
            "/../x",
            "/a/%2E%2e/x",
            "/.sekisho",
            "/.sekisho/sign-out",
            "/%2esekisho/sign-out",
            "/.SEKISHO/sign-in",
            "/.sekisho/settings/",
            "/.sekisho/settings?to=x",
            "/.sekisho/settings/replace",
            "/.sekisho/users/../sign-out",
            "/.sekisho/held/",
            "/.sekisho/held?id=",
            "/.sekisho/held?id=x",
            "/.sekisho/held/file?id=aaaaaaaaaaaaaaaaaaaaaaaaaa",
            "/.sekisho/held?id=aaaaaaaaaaaaaaaaaaaaaaaaaa&to=x",
        ] {
            assert_eq!(ReturnTo::parse(bad), None, "{bad:?}");
        }
        assert!(ReturnTo::parse(&format!("/{}", "a".repeat(MOST - 1))).is_some());
        assert!(ReturnTo::parse(&format!("/{}", "a".repeat(MOST))).is_none());
    }

    #[test]
    fn only_what_we_sealed_opens() {
        let entropy = SystemEntropy::new();
        let ring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        let url = |host: &str| PublicUrl { host: host.to_owned(), port: 443 };
        let (host, elsewhere) = (url("shop.test"), url("reports.test"));
        let to = ReturnTo::parse("/orders/1?x").unwrap();
        let sealed = to.sealed(&host, &ring, &entropy, Timestamp::EPOCH);
        assert!(sealed.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{sealed}");
        assert_eq!(ReturnTo::open(&sealed, &host, &ring, Timestamp::EPOCH), Some(to.clone()));
        assert_eq!(ReturnTo::open(&sealed, &elsewhere, &ring, Timestamp::EPOCH), None, "of another host");
        let day = Timestamp::EPOCH + Duration::from_hours(24);
        assert_eq!(ReturnTo::open(&sealed, &host, &ring, day - Duration::from_millis(1)), Some(to.clone()));
        assert_eq!(ReturnTo::open(&sealed, &host, &ring, day), None, "a collected one is over");
        assert_eq!(ReturnTo::default().sealed(&host, &ring, &entropy, Timestamp::EPOCH), "");
        for place in [ReturnTo::default(), to.clone()] {
            let sealed = place.tried().tried().sealed(&host, &ring, &entropy, Timestamp::EPOCH);
            let opened = ReturnTo::open(&sealed, &host, &ring, Timestamp::EPOCH).unwrap();
            assert_eq!((opened.tries(), opened.untried()), (2, place));
        }
        for forged in ["", "/orders/1", "L29yZGVycw", sealed.trim_start_matches('A'), &format!("{sealed}A")] {
            assert_eq!(ReturnTo::open(forged, &host, &ring, Timestamp::EPOCH), None, "{forged:?}");
        }
        let other = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        assert_eq!(ReturnTo::open(&sealed, &host, &other, Timestamp::EPOCH), None);
    }
}
