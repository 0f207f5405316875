//! The page that asks what becomes of a form that was sent when its session had ended: send, discard or download. It
//! never sends by itself, and shows nothing to another account or browser.

use askama::Template;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::{
    Portal, cookie,
    cookie::Keep,
    csrf::{self, Seed},
    form::Form,
    notice::Note,
    page::{Here, PageFrame, html},
    return_to::ReturnTo,
    visit::{Answer, Visit},
    wanted::readable,
};
use crate::{
    access::{Interruption, NotKept},
    app::{self, Cookie, HeldId, HeldRequest, HeldView, Waiting, WaitingFor},
    audit,
    clock::Timestamp,
    keyring::CookieToken,
};

/// What became of what a form sent, on the page it has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoppedForm {
    /// It is kept until then.
    KeptUntil(Timestamp),
    /// It is not: it was too large.
    TooLarge,
    /// It is not, for another reason.
    NotKept,
}

impl StoppedForm {
    pub(super) fn parse(word: &str) -> Option<Self> {
        match word {
            "large" => Some(Self::TooLarge),
            "room" => Some(Self::NotKept),
            _ => None,
        }
    }

    pub(super) fn text(self, frame: &PageFrame) -> String {
        match self {
            Self::KeptUntil(until) => {
                let key = if frame.here == Here::Fresh { "held-kept-code" } else { "held-kept" };
                frame.say(key, &[("time", frame.clock_until(until).into())])
            }
            Self::TooLarge => frame.t("held-too-large"),
            Self::NotKept => frame.t("held-no-room"),
        }
    }
}

/// The frame of a page on the way to a kept form, which says so.
pub(super) async fn tell(visit: &Visit<'_>, frame: PageFrame) -> app::Result<PageFrame> {
    let Some(id) = visit.to.held() else { return Ok(frame) };
    let until = visit.portal.app.held_until(id, browser(visit)).await?;
    Ok(PageFrame { stopped: until.map(StoppedForm::KeptUntil).or(frame.stopped), ..frame })
}

/// Where the kept form goes that the person is on the way to: the path alone.
pub(super) async fn sent_to(visit: &Visit<'_>) -> app::Result<Option<String>> {
    let Some(id) = visit.to.held() else { return Ok(None) };
    Ok(match visit.portal.app.held(Some(id), &visit.browser(), browser(visit)).await? {
        Some(HeldView::Waiting(waiting)) => Some(path_of(&waiting.request).to_owned()),
        _ => None,
    })
}

fn path_of(request: &HeldRequest) -> &str {
    request.target.split('?').next().unwrap_or_default()
}

fn browser<'a>(visit: &Visit<'a>) -> Option<Cookie<'a>> {
    cookie::read(visit.headers, cookie::HELD).map(Cookie)
}

/// What a form that was posted to the console's own address turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// The console's.
    No,
    /// Ours: the word that this is to be sent.
    Word(HeldId),
    /// It looks like ours and is not.
    Forged,
}

/// The first field of that form.
const FIELD: &str = "sekisho-held";
/// It is never longer.
pub const LONGEST_WORD: usize = 512;

/// Is this how that form begins, as far as it goes?
pub fn begins_a_word(front: &[u8]) -> bool {
    FIELD.bytes().chain([b'=']).zip(front).all(|(ours, came)| ours == *came)
}

impl Portal {
    /// Is this the word that a kept form is to be sent? Like every form of ours it comes from our own page, with the
    /// token of this browser.
    pub fn sending(&self, headers: &HeaderMap, body: &[u8]) -> Sending {
        if body.len() <= FIELD.len() || !begins_a_word(body) {
            return Sending::No;
        }
        if body.len() > LONGEST_WORD {
            return Sending::Forged;
        }
        let ours = csrf::from_our_pages(headers, &self.app.snapshot().config.public_url);
        let Ok(form) = Form::parse(body) else { return Sending::Forged };
        let seed = Seed::of(headers, &**self.app.entropy());
        match HeldId::parse(form.text(FIELD)) {
            Some(id) if ours && seed.vouches_for(form.text("csrf"), self.app.keyring()) => Sending::Word(id),
            Some(_) | None => Sending::Forged,
        }
    }

    /// The page of a kept form.
    pub fn held_place(&self, id: HeldId) -> String {
        ReturnTo::to_held(id).as_str().to_owned()
    }

    /// The cookie of a browser that has something kept.
    pub fn held_cookie(&self, token: &CookieToken) -> Option<HeaderValue> {
        cookie::set(cookie::HELD, token.expose(), Keep::WhileOpen)
    }
}

/// An address of ours, saying that what was sent is not kept.
pub fn with_reason(address: &str, why: NotKept) -> String {
    let word = match why {
        NotKept::TooLarge => "large",
        NotKept::NoRoom => "room",
        NotKept::NotAForm | NotKept::Foreign => return address.to_owned(),
    };
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}unkept={word}")
}

/// What the page of a kept form offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldWaitsFor {
    /// Sending.
    Word,
    /// First a code, at this address.
    Code(String),
    /// First a new password, at this address.
    Password(String),
    /// Everything but sending.
    Nothing,
}

/// Send, discard or download?
#[derive(Debug, Template)]
#[template(path = "held.html")]
pub struct HeldPage {
    /// The frame.
    pub frame: PageFrame,
    /// Which.
    pub id: String,
    /// Where it was sent: path and query.
    pub action: String,
    /// The path alone.
    pub path: String,
    /// When.
    pub kept_at: Timestamp,
    /// Until when it is kept.
    pub until: Timestamp,
    /// What it waits for.
    pub waits_for: HeldWaitsFor,
    /// The page it was on.
    pub back: String,
}

impl HeldPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("held-heading")
    }
    fn lead(&self) -> String {
        let frame = &self.frame;
        let (at, until) = (frame.clock_until(self.kept_at), frame.clock_until(self.until));
        frame.say("held-lead", &[("time", at.into()), ("until", until.into()), ("service", frame.service().into())])
    }
}

/// Why there is nothing to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldOver {
    /// It is not there any more.
    Gone,
    /// It was sent.
    Sent(Timestamp),
    /// Another account's, until then.
    SomebodyElses(Timestamp),
}

/// There is nothing to send.
#[derive(Debug, Template)]
#[template(path = "held_over.html")]
pub struct HeldOverPage {
    /// The frame.
    pub frame: PageFrame,
    /// Why.
    pub over: HeldOver,
}

impl HeldOverPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    const fn elsewhere(&self) -> bool {
        matches!(self.over, HeldOver::SomebodyElses(_))
    }
    fn heading(&self) -> String {
        self.frame.t(match self.over {
            HeldOver::Gone => "held-gone-heading",
            HeldOver::Sent(_) => "held-sent-heading",
            HeldOver::SomebodyElses(_) => "held-other-heading",
        })
    }
    fn text(&self) -> String {
        let frame = &self.frame;
        match self.over {
            HeldOver::Gone => frame.t("held-gone"),
            HeldOver::Sent(at) => {
                frame.say("held-sent", &[("time", frame.clock_until(at).into()), ("service", frame.service().into())])
            }
            HeldOver::SomebodyElses(until) => frame.say("held-other", &[("time", frame.clock_until(until).into())]),
        }
    }
}

/// The page a form was on, as its browser said; else the console's first.
fn page_of(visit: &Visit<'_>, request: &HeldRequest) -> ReturnTo {
    let origin = visit.portal.origin();
    let path = request.referer.as_deref().and_then(|referer| referer.strip_prefix(&origin));
    path.and_then(|path| ReturnTo::parse(path.split('#').next().unwrap_or_default())).unwrap_or_default()
}

/// The same visit on its way to its kept form, whichever way it came here.
fn on_the_way<'a>(visit: &Visit<'a>) -> Visit<'a> {
    Visit { to: visit.held.map(ReturnTo::to_held).unwrap_or_default(), ..visit.clone() }
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    let visit = &on_the_way(visit);
    let app = &visit.portal.app;
    let Some(found) = app.held(visit.held, &visit.browser(), browser(visit)).await? else {
        return Ok(visit.see(Here::SignIn));
    };
    // The page has no name of its own in forms: the place the person is on the way to is this one.
    let frame = visit.frame(Here::Target, &Note::default());
    let over = |over| Ok(visit.page(html(&HeldOverPage { frame: frame.clone(), over })));
    let (waiting, id) = match (found, visit.held) {
        (HeldView::Waiting(waiting), Some(id)) => (waiting, id),
        (HeldView::Waiting(_), None) | (HeldView::Gone, _) => return over(HeldOver::Gone),
        (HeldView::Sent(at), _) => return over(HeldOver::Sent(at)),
        (HeldView::SomebodyElses { until }, _) => return over(HeldOver::SomebodyElses(until)),
    };
    let Waiting { request, kept_at, until, now } = *waiting;
    let first = |why| visit.portal.sign_in_location(visit.to.as_str(), why);
    let waits_for = match now {
        WaitingFor::Word => HeldWaitsFor::Word,
        WaitingFor::First(why @ Interruption::CodeTooOld { .. }) => HeldWaitsFor::Code(first(why)),
        WaitingFor::First(why @ Interruption::NewPassword) => HeldWaitsFor::Password(first(why)),
        // The session ended while the page was made.
        WaitingFor::First(Interruption::NoSession | Interruption::Idle | Interruption::Ended) => {
            return Ok(visit.see(Here::SignIn));
        }
        WaitingFor::Nothing => HeldWaitsFor::Nothing,
    };
    let page = HeldPage {
        frame,
        id: id.to_string(),
        path: readable(path_of(&request)),
        back: page_of(visit, &request).as_str().to_owned(),
        action: request.target,
        kept_at,
        until,
        waits_for,
    };
    Ok(Answer { leads_on: true, ..visit.page(html(&page)) })
}

/// The kept form of this browser's person, where it still waits.
async fn waiting(visit: &Visit<'_>) -> app::Result<Result<(HeldId, HeldRequest), Answer>> {
    let found = visit.portal.app.held(visit.held, &visit.browser(), browser(visit)).await?;
    Ok(match (found, visit.held) {
        (None, _) => Err(visit.see(Here::SignIn)),
        (Some(HeldView::Waiting(waiting)), Some(id)) => Ok((id, waiting.request)),
        // The page says why not; without a name there is none.
        (Some(_), _) => Err(visit.see(Here::Target)),
    })
}

pub(super) async fn save(visit: &Visit<'_>) -> app::Result<Answer> {
    let visit = &on_the_way(visit);
    let (_, request) = match waiting(visit).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let kind = request.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let name = match kind.as_str() {
        "application/json" => "form.json",
        "multipart/form-data" => "form.bin",
        _ => "form.txt",
    };
    let body = Bytes::copy_from_slice(request.body.expose());
    Ok(Answer { attachment: Some((name, body)), ..visit.page(String::new()) })
}

pub(super) async fn discard(visit: &Visit<'_>) -> app::Result<Answer> {
    let visit = &on_the_way(visit);
    let (id, request) = match waiting(visit).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let _gone = visit.portal.app.discard_held(id, &visit.browser(), browser(visit)).await?;
    Ok(Visit { to: page_of(visit, &request), ..visit.clone() }.see(Here::Target))
}

/// Somebody made a form that looks like the word to send.
pub fn forged(address: std::net::IpAddr) {
    audit::Event::CrossSiteForm.record(audit::Origin::Client(address));
}
