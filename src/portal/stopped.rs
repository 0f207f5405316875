//! Pages for whoever would go round in circles: the sign-in that does not hold on this browser, and the console that asks
//! for a sign-in of its own. They say why, what to do, and by which number the log knows it.

use askama::Template;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::{
    Portal,
    cookie::{self, Keep},
    error::read_out,
    notice::{News, Note},
    page::{Here, PageFrame, html},
    return_to::ReturnTo,
    sign_in::SignInNotice,
    visit::{Answer, Client, Framing, Visit},
};
use crate::{app, config::PublicUrl};

/// Why it goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The browser did not send our cookie back.
    CookieNotReturned,
    /// It sent one that this gateway did not make, or two.
    ForeignCookie,
    /// The session was over as soon as it began.
    EndedAtOnce,
    /// The page was opened at another address than the configured one, or over http.
    WrongAddress,
    /// The console leads to its own sign-in page.
    NotRecognised,
}

impl Why {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::CookieNotReturned, Self::ForeignCookie, Self::EndedAtOnce, Self::WrongAddress, Self::NotRecognised];

    /// For the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CookieNotReturned => "cookie_not_returned",
            Self::ForeignCookie => "foreign_cookie",
            Self::EndedAtOnce => "ended_at_once",
            Self::WrongAddress => "wrong_address",
            Self::NotRecognised => "not_recognised",
        }
    }
}

/// Such a page.
#[derive(Debug, Template)]
#[template(path = "stopped.html")]
pub struct StoppedPage {
    /// The frame.
    pub frame: PageFrame,
    /// Why.
    pub why: Why,
    /// How browsers should reach us.
    pub origin: String,
    /// What the log calls it.
    pub reference: String,
    /// Where the link leads.
    pub target: String,
}

impl StoppedPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        match self.why {
            Why::NotRecognised => self.frame.named("stopped-not-recognised-heading"),
            Why::WrongAddress => self.frame.t("stopped-address-heading"),
            Why::CookieNotReturned => self.frame.t("stopped-cookie-heading"),
            Why::ForeignCookie => self.frame.t("stopped-foreign-heading"),
            Why::EndedAtOnce => self.frame.t("stopped-ended-heading"),
        }
    }
    fn said(&self, key: &str) -> String {
        self.frame.say(key, &[("service", self.frame.service().into()), ("origin", self.origin.as_str().into())])
    }
    fn text(&self) -> String {
        self.said(match self.why {
            Why::CookieNotReturned => "stopped-cookie",
            Why::ForeignCookie => "stopped-foreign",
            Why::EndedAtOnce => "stopped-ended",
            Why::WrongAddress => "stopped-address",
            Why::NotRecognised => "stopped-not-recognised",
        })
    }
    /// What the person can do.
    fn steps(&self) -> Vec<String> {
        let keys: &[&str] = match self.why {
            Why::CookieNotReturned => &["stopped-do-cookies", "stopped-do-address", "stopped-do-other-browser"],
            Why::ForeignCookie => &["stopped-do-delete", "stopped-do-other-browser"],
            Why::EndedAtOnce => &["stopped-do-wait"],
            Why::WrongAddress => &["stopped-do-address"],
            Why::NotRecognised => &["stopped-do-open", "stopped-do-ask"],
        };
        keys.iter().map(|key| self.said(key)).collect()
    }
    /// What whoever runs the gateway should look at.
    fn operator(&self) -> String {
        self.said(match self.why {
            Why::CookieNotReturned => "stopped-operator-cookie",
            Why::ForeignCookie => "stopped-operator-foreign",
            Why::EndedAtOnce => "stopped-operator-clock",
            Why::WrongAddress => "stopped-operator-address",
            Why::NotRecognised => "stopped-operator-console",
        })
    }
    fn link(&self) -> String {
        match self.why {
            Why::WrongAddress => self.said("stopped-open-address"),
            Why::NotRecognised => self.frame.t("error-open-again"),
            Why::CookieNotReturned | Why::ForeignCookie | Why::EndedAtOnce => self.frame.t("stopped-again"),
        }
    }
}

/// What an answer needs when somebody has signed out of the console.
#[derive(Debug)]
pub struct Left {
    /// The sign-in page.
    pub location: String,
    /// What the browser forgets, and what the page says.
    pub cookies: Vec<HeaderValue>,
}

impl Portal {
    /// The sign-in page and the cookies for somebody who has signed out of the console.
    pub fn left(&self, headers: &HeaderMap, client: &Client) -> Left {
        let visit = self.passing(headers, client, "/");
        let answer = visit.see_with(Here::SignIn, News::SignIn(SignInNotice::SignedOut));
        let answer = visit.forgetting(visit.without_console_cookies(answer));
        Left { location: answer.location.unwrap_or_default(), cookies: answer.cookies }
    }

    /// Where the page is that says the console did not recognise somebody; it leads back to `target`.
    pub fn not_recognised_location(&self, host: &PublicUrl, target: &str) -> String {
        let to = ReturnTo::parse(target).unwrap_or_default();
        let to = to.sealed(host, self.app.keyring(), &**self.app.entropy(), self.app.now());
        super::visit::address(NOT_RECOGNISED, &to, "", None)
    }

    /// The page in place of a further bounce to the sign-in.
    pub fn stopped(&self, headers: &HeaderMap, client: &Client, target: &str, why: Why) -> Response<Bytes> {
        self.passing(headers, client, target).stopped(why, Here::SignIn).into_response()
    }
}

/// Where the console's sign-in page would have been.
pub(super) const NOT_RECOGNISED: &str = "/.sekisho/not-recognised";

pub(super) async fn show_not_recognised(visit: &Visit<'_>) -> app::Result<Answer> {
    if visit.portal.app.session(&visit.browser()).await?.is_none() {
        return Ok(visit.see(Here::SignIn));
    }
    let answer = visit.stopped(Why::NotRecognised, Here::Target);
    Ok(Answer { status: StatusCode::OK, framing: Framing::OurHost, ..answer })
}

impl Visit<'_> {
    /// The page, and an end to the counting.
    pub(super) fn stopped(&self, why: Why, again: Here) -> Answer {
        let reference = self.client.reference.clone();
        tracing::warn!(request = reference, why = why.as_str(), "somebody goes round in circles");
        let origin = self.client.host.origin();
        let target = match why {
            Why::WrongAddress => format!("{origin}/"),
            Why::CookieNotReturned | Why::ForeignCookie | Why::EndedAtOnce | Why::NotRecognised => {
                let fresh = Self { to: self.to.untried(), ..self.clone() };
                fresh.see(again).location.unwrap_or_else(|| "/".to_owned())
            }
        };
        let frame = self.frame(Here::Target, &Note::default());
        let page = StoppedPage { frame, why, origin, reference: read_out(&reference), target };
        let answer = Answer { status: StatusCode::BAD_REQUEST, ..self.page(html(&page)) };
        answer.with(cookie::set(cookie::ARRIVING, "", Keep::Remove))
    }
}
