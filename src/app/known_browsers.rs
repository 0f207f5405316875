//! Browsers that somebody signed in on not long ago. They are trusted with nothing; each has a count of wrong passwords of
//! its own for that account, so that a stranger's failures do not lock out whoever uses it (`product.md` §2).

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;

use super::{App, Browser};
use crate::{
    account::AccountId,
    clock::Timestamp,
    entropy::random_bytes,
    keyring::{CookieToken, Place, Purpose},
};

/// How long a browser is known after a sign-in on it.
pub const KNOWN_FOR: Duration = Duration::from_hours(90 * 24);
/// Accounts one browser is known for.
const MOST: usize = 5;
const PLACE: Place<'static> = Place { table: "cookie", column: "known-browser", row: b"" };

/// One account this browser is known for.
#[derive(Clone, Copy)]
struct Known {
    account: AccountId,
    /// Tells the browser from others; drawn at its first sign-in.
    id: [u8; 16],
    at: Timestamp,
}

/// Octets of one in the cookie.
const LENGTH: usize = 16 + 16 + 8;

impl Known {
    fn read(bytes: &[u8; LENGTH]) -> Option<Self> {
        let (account, rest) = bytes.split_first_chunk::<16>()?;
        let (id, at) = rest.split_first_chunk::<16>()?;
        let at = Timestamp::from_millis(i64::from_be_bytes(*at.first_chunk()?));
        Some(Self { account: AccountId::parse(&crate::entropy::encode_id(*account))?, id: *id, at })
    }

    fn write(&self) -> Vec<u8> {
        [self.account.as_bytes(), self.id.as_slice(), &self.at.as_millis().to_be_bytes()].concat()
    }
}

impl App {
    /// What names this browser in the counts of an account; `None` where nobody signed in to it here of late.
    pub(super) fn known_as(&self, browser: &Browser<'_>, account: AccountId, now: Timestamp) -> Option<String> {
        let known = self.known(browser, now).into_iter().find(|known| known.account == account)?;
        Some(BASE64URL_NOPAD.encode(&known.id))
    }

    /// The cookie of this browser after a sign-in to this account. `None` where it cannot be sealed.
    pub(super) fn known_after(&self, browser: &Browser<'_>, account: AccountId, now: Timestamp) -> Option<CookieToken> {
        let mut known = self.known(browser, now);
        let here = known.iter().position(|known| known.account == account).map(|place| known.remove(place));
        let id = here.map_or_else(|| random_bytes(&*self.entropy), |here| here.id);
        known.insert(0, Known { account, id, at: now });
        known.truncate(MOST);
        let bytes: Vec<u8> = known.iter().flat_map(Known::write).collect();
        let sealed = self.keyring.seal(Purpose::SealedField, PLACE, &bytes, &*self.entropy).ok()?;
        Some(CookieToken::new(BASE64URL_NOPAD.encode(&sealed)))
    }

    fn known(&self, browser: &Browser<'_>, now: Timestamp) -> Vec<Known> {
        let sealed = browser.known.filter(|cookie| cookie.0.len() <= 1024).map(|cookie| cookie.0.as_bytes());
        let bytes = sealed.and_then(|text| BASE64URL_NOPAD.decode(text).ok());
        let opened = bytes.and_then(|bytes| self.keyring.open(Purpose::SealedField, PLACE, &bytes).ok());
        let Some(opened) = opened else { return Vec::new() };
        let (entries, _) = opened.expose().as_chunks::<LENGTH>();
        entries.iter().take(MOST).filter_map(Known::read).filter(|known| now.since(known.at) < KNOWN_FOR).collect()
    }
}
