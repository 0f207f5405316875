//! Whether a session that was just begun arrives. A browser that is sent on after its sign-in and comes back without one
//! would go round in circles: the third time in a row a page says what is wrong. What is counted travels in a sealed cookie
//! and, where no cookie comes back at all, in the sealed place to return to; the store hears of nothing.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};

use super::{Portal, cookie, cookie::Keep, stopped::Why};
use crate::{
    access::Interruption,
    clock::Timestamp,
    config::PublicUrl,
    keyring::{Place, Purpose},
};

/// A browser that was sent on after its sign-in is there within this time.
const ARRIVES: Duration = Duration::from_mins(2);
/// Bounces further apart are not one circle.
const WINDOW: Duration = Duration::from_mins(10);
/// So often.
pub(super) const MOST: u8 = 3;

fn place(host: &PublicUrl) -> Place<'_> {
    Place { table: "cookie", column: "arriving", row: host.host.as_bytes() }
}

/// The last sign-in on this browser, and the bounces before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Arriving {
    bounces: u8,
    at: Timestamp,
    /// Not yet seen without a session.
    awaited: bool,
}

/// What becomes of a page that needs a session.
#[derive(Debug)]
pub enum Bounce {
    /// The sign-in page, as ever.
    No,
    /// The sign-in page once more, with this cookie.
    Again(HeaderValue),
    /// A page that says what is wrong.
    Stop(Why),
}

impl Portal {
    fn arriving(&self, headers: &HeaderMap, host: &PublicUrl) -> Option<Arriving> {
        let sealed = cookie::read(headers, cookie::ARRIVING).filter(|sealed| sealed.len() <= 512)?;
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let opened = self.app.keyring().open(Purpose::SealedField, place(host), &bytes).ok()?;
        serde_json::from_slice(opened.expose()).ok()
    }

    fn keep(&self, arriving: Arriving, host: &PublicUrl) -> Option<HeaderValue> {
        let text = serde_json::to_vec(&arriving).ok()?;
        let sealed = self.app.keyring().seal(Purpose::SealedField, place(host), &text, &**self.app.entropy()).ok()?;
        cookie::set(cookie::ARRIVING, &BASE64URL_NOPAD.encode(&sealed), Keep::Seconds(WINDOW.as_secs()))
    }

    /// The cookie that goes out with a new session.
    pub(super) fn sent_on(&self, headers: &HeaderMap, host: &PublicUrl) -> Option<HeaderValue> {
        let at = self.app.now();
        let bounced = self.arriving(headers, host).filter(|last| !last.awaited && at.since(last.at) < WINDOW);
        self.keep(Arriving { bounces: bounced.map_or(0, |last| last.bounces), at, awaited: true }, host)
    }

    /// A page was asked for without a session that lives. Does that belong to a sign-in that has just ended?
    pub fn bounced(&self, headers: &HeaderMap, host: &PublicUrl, why: Interruption) -> Bounce {
        let why = match why {
            Interruption::NoSession if sessions(headers) == 0 => Why::CookieNotReturned,
            Interruption::NoSession => Why::ForeignCookie,
            Interruption::Idle | Interruption::Ended => Why::EndedAtOnce,
            Interruption::CodeTooOld { .. } | Interruption::NewPassword => return Bounce::No,
        };
        let now = self.app.now();
        let Some(last) = self.arriving(headers, host).filter(|last| last.awaited && now.since(last.at) < ARRIVES)
        else {
            return Bounce::No;
        };
        let bounces = last.bounces.saturating_add(1);
        if bounces >= MOST {
            return Bounce::Stop(why);
        }
        self.keep(Arriving { bounces, at: now, awaited: false }, host).map_or(Bounce::No, Bounce::Again)
    }
}

/// How many session cookies came.
fn sessions(headers: &HeaderMap) -> usize {
    let pairs = headers.get_all(header::COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pairs.filter(|text| crate::app::console_cookies::pair(text).0 == cookie::SESSION.as_bytes()).count()
}
