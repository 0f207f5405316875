//! Browsers that somebody signed in on not long ago. They are trusted with nothing; each has a count of wrong passwords of
//! its own for that account, so that a stranger's failures do not lock out whoever uses it (`product.md` §2).

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;

use super::{App, AppError, Browser, Cookie, Result};
use crate::{
    account::{Account, AccountId},
    clock::Timestamp,
    entropy::random_bytes,
    keyring::{CookieToken, Place, Purpose},
    store::SignInPlace,
};

/// How long a browser is known after a sign-in on it.
const KNOWN_FOR: Duration = Duration::from_hours(90 * 24);
/// Accounts one browser is known for.
const MOST: usize = 5;
/// How long its cookie is kept: as long as browsers keep any (RFC 6265bis §5.5), so that no cookie of a console outlives
/// what is known of whose it may be.
pub const KEPT_FOR: Duration = Duration::from_hours(400 * 24);
/// By then no cookie is left that was set in a session of that sign-in.
const FORGOTTEN: Duration = Duration::from_hours((400 + 31) * 24);
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

/// Which accounts signed in on this browser, by cookies with a name of their own for each: of two sign-ins at once the later
/// answer writes over the cookie above, but not over the other's mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marks<'a> {
    /// There is none.
    #[default]
    None,
    /// One account's.
    One(&'a str),
    /// Those of several.
    Several,
    /// The mark that stands for several.
    Many,
}

/// The mark of a browser that several people use; it takes the place of one for each.
pub const MANY: &str = "many";

impl<'a> Marks<'a> {
    /// With another one.
    #[must_use]
    pub fn and(self, mark: &'a str) -> Self {
        match self {
            _ if mark == MANY => Self::Many,
            Self::None => Self::One(mark),
            Self::One(there) if there == mark => self,
            Self::One(_) | Self::Several => Self::Several,
            Self::Many => self,
        }
    }

    pub(super) fn any(self) -> bool {
        self != Self::None
    }

    /// Is there anybody else's?
    pub(super) fn others(self, account: AccountId) -> bool {
        matches!(self, Self::Several | Self::Many) || self.one_other(account)
    }

    /// Is there one alone, of somebody else?
    pub(super) fn one_other(self, account: AccountId) -> bool {
        matches!(self, Self::One(mark) if mark != mark_of(account))
    }
}

/// It names the account to nobody who does not know it, and outlives every key.
fn mark_of(account: AccountId) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, &[b"known", account.as_bytes().as_slice()].concat());
    BASE64URL_NOPAD.encode(digest.as_ref().first_chunk::<9>().map_or(&[], |start| start.as_slice()))
}

impl App {
    /// The mark of this browser after a sign-in to this account.
    pub(super) fn mark_after(&self, browser: &Browser<'_>, account: AccountId) -> String {
        // The mark of several is made again only for somebody who is named: once all are forgotten, it goes.
        let named = browser.marks != Marks::Many && browser.marks.others(account);
        let listed = self.others_signed_in(browser.known, account) == Some(true);
        if named || listed { MANY.to_owned() } else { mark_of(account) }
    }

    /// What names this browser in the counts of an account; `None` where nobody signed in to it here of late.
    pub(super) fn known_as(&self, browser: &Browser<'_>, account: AccountId, now: Timestamp) -> Option<String> {
        let of_late = |known: &Known| known.account == account && now.since(known.at) < KNOWN_FOR;
        let known = self.known(browser.known).unwrap_or_default().into_iter().find(of_late)?;
        Some(BASE64URL_NOPAD.encode(&known.id))
    }

    /// Where a sign-in to this account takes place.
    pub(super) async fn place(&self, browser: &Browser<'_>, account: &Account, now: Timestamp) -> Result<SignInPlace> {
        let known = match self.known_browser(&self.presented(browser), account, now).await? {
            Some(device) => Some(device.to_string()),
            None => self.known_as(browser, account.id, now),
        };
        self.place_known_by(browser, known.as_deref())
    }

    /// Where a fresh code is asked for: what it was sent for in a session begins no other, and the other way round.
    pub(super) async fn place_in_session(
        &self,
        browser: &Browser<'_>,
        account: &Account,
        now: Timestamp,
    ) -> Result<SignInPlace> {
        let place = self.place(browser, account, now).await?;
        let parts: [&[u8]; 2] = [b"in-session", place.browser.as_bytes()];
        let here = self.keyring.mac(self.keyring.active(), Purpose::TokenDigest, &parts).ok_or(AppError::Key)?;
        // Whoever is signed in is no stranger, whatever else the browser brings.
        Ok(SignInPlace { browser: here, known: place.known.or(Some(here)) })
    }

    /// The same where it was looked up already what the account knows the browser by.
    pub(super) fn place_known_by(&self, browser: &Browser<'_>, known: Option<&str>) -> Result<SignInPlace> {
        // One that brought no seed was given no form either: its codes are good nowhere else.
        let seed = browser.seed.unwrap_or_else(|| random_bytes(&*self.entropy));
        let mac = |parts: &[&[u8]]| self.keyring.mac(self.keyring.active(), Purpose::TokenDigest, parts);
        let browser = mac(&[b"browser", &seed]).ok_or(AppError::Key)?;
        let known = known.map(|known| self.throttle_key(&[b"sends", known.as_bytes()])).transpose()?;
        Ok(SignInPlace { browser, known })
    }

    /// The cookie of this browser after a sign-in to this account. `None` where it cannot be sealed.
    pub(super) fn known_after(&self, browser: &Browser<'_>, account: AccountId, now: Timestamp) -> Option<CookieToken> {
        let mut known = self.known(browser.known).unwrap_or_default();
        known.retain(|known| now.since(known.at) < FORGOTTEN);
        let here = known.iter().position(|known| known.account == account).map(|place| known.remove(place));
        let here = here.filter(|here| now.since(here.at) < KNOWN_FOR);
        // One that cannot be read any more says nothing of who it was.
        let somebody = browser.known.is_some() && known.is_empty() && here.is_none();
        if somebody {
            known.push(Known { account: AccountId::random(&*self.entropy), id: random_bytes(&*self.entropy), at: now });
        }
        let id = here.map_or_else(|| random_bytes(&*self.entropy), |here| here.id);
        known.insert(0, Known { account, id, at: now });
        known.truncate(MOST);
        let bytes: Vec<u8> = known.iter().flat_map(Known::write).collect();
        let place = Place { row: browser.host.as_bytes(), ..PLACE };
        let sealed = self.keyring.seal(Purpose::SealedField, place, &bytes, &*self.entropy).ok()?;
        Some(CookieToken::new(BASE64URL_NOPAD.encode(&sealed)))
    }

    /// Has anybody else signed in on this browser? `known` is its cookie; one that does not open counts as somebody.
    /// `None` without one.
    pub(super) fn others_signed_in(&self, known: Option<Cookie<'_>>, account: AccountId) -> Option<bool> {
        known?;
        Some(self.known(known).is_none_or(|list| list.iter().any(|known| known.account != account)))
    }

    /// Was it somebody else who signed in on this browser last?
    pub(super) fn another_signed_in_last(&self, known: Option<Cookie<'_>>, account: AccountId) -> bool {
        match self.known(known) {
            Some(list) => list.first().is_none_or(|last| last.account != account),
            None => known.is_some(),
        }
    }

    /// `None` where there is none that opens.
    fn known(&self, cookie: Option<Cookie<'_>>) -> Option<Vec<Known>> {
        let Cookie { host, text } = cookie.filter(|cookie| cookie.text.len() <= 1024)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let open = |row| self.keyring.open(Purpose::SealedField, Place { row, ..PLACE }, &bytes).ok();
        let opened = open(host.as_bytes()).or_else(|| open(b"").filter(|_| self.is_main(host)))?;
        let (entries, _) = opened.expose().as_chunks::<LENGTH>();
        Some(entries.iter().take(MOST).filter_map(Known::read).collect())
    }
}
