//! The page that asks what becomes of a form that was sent when its session had ended: send, discard or download. It
//! never sends by itself, and shows nothing to another account or browser.

use askama::Template;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use super::{
    Portal, cookie,
    cookie::Keep,
    csrf::{self, Seed},
    form::Form,
    held_contents::{Contents, KeptField, KeptValue, Kind, as_text},
    notice::{News, Note},
    page::{Here, PageFrame, html},
    return_to::ReturnTo,
    visit::{Answer, Visit},
    wanted::readable,
};
use crate::{
    access::{Interruption, NotKept},
    app::{self, Cookie, HeldId, HeldRequest, HeldRow, HeldView, Waiting, WaitingFor},
    audit,
    clock::Timestamp,
    config::PublicUrl,
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

/// What the page of kept forms says once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldNews {
    /// One was deleted.
    Discarded,
}

/// A kept form as other pages mention it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownHeld {
    /// Its page.
    pub address: String,
    /// Where it was sent: the path alone.
    pub path: String,
    /// Until when it is kept.
    pub until: Timestamp,
}

impl ShownHeld {
    fn of(row: &HeldRow) -> Self {
        Self { address: ReturnTo::to_held(row.id).as_str().to_owned(), path: readable(&row.path), until: row.until }
    }

    /// Until when, as a sentence.
    pub fn kept_until(&self, frame: &PageFrame) -> String {
        frame.say("held-until", &[("time", frame.clock_until(self.until).into())])
    }
}

/// What waits of whoever is signed in here.
pub(super) async fn waiting_here(visit: &Visit<'_>) -> app::Result<Vec<ShownHeld>> {
    if browser(visit).is_none() {
        return Ok(Vec::new());
    }
    let rows = visit.portal.app.held_rows(&visit.browser(), browser(visit)).await?;
    Ok(rows.unwrap_or_default().iter().map(ShownHeld::of).collect())
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

fn browser<'v>(visit: &'v Visit<'_>) -> Option<Cookie<'v>> {
    let host = visit.client.host.host.as_str();
    cookie::read(visit.headers, cookie::HELD).map(|text| Cookie { host, text })
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
    pub fn sending(&self, headers: &HeaderMap, host: &PublicUrl, body: &[u8]) -> Sending {
        if body.len() <= FIELD.len() || !begins_a_word(body) {
            return Sending::No;
        }
        if body.len() > LONGEST_WORD {
            return Sending::Forged;
        }
        let ours = csrf::from_our_pages(headers, host);
        let Ok(form) = Form::parse(body) else { return Sending::Forged };
        let seed = Seed::of(headers, host, &**self.app.entropy());
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
        NotKept::NoRoom | NotKept::NotHere => "room",
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
    /// What would be sent.
    pub contents: Contents,
    /// What the download is.
    pub file: HeldFile,
}

/// What the download of a kept form is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldFile {
    /// A line for each field.
    Lines,
    /// A text as it was sent.
    Text,
    /// The request's body as it was sent.
    Raw,
}

impl HeldFile {
    fn of(request: &HeldRequest) -> Self {
        match Kind::of(&request.content_type) {
            Kind::Urlencoded if as_text(&request.content_type, request.body.expose()).is_some() => Self::Lines,
            Kind::Urlencoded | Kind::Multipart => Self::Raw,
            Kind::Json | Kind::Text => Self::Text,
        }
    }
}

/// Fields that stand open; the others are shown when asked for.
const SHOWN_AT_ONCE: usize = 12;

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
    /// The fields that stand open, and those that do not.
    fn fields(&self) -> (&[KeptField], &[KeptField]) {
        let Contents::Fields(fields, _) = &self.contents else { return (&[], &[]) };
        fields.split_at_checked(SHOWN_AT_ONCE).unwrap_or((fields, &[]))
    }
    /// What is not shown at all.
    fn unshown(&self) -> Option<String> {
        match self.contents {
            Contents::Fields(_, more) if more > 0 => Some(self.frame.say("held-more", &[("count", more.into())])),
            Contents::Empty => Some(self.frame.t("held-empty")),
            Contents::Unreadable(bytes) => Some(unreadable(bytes, &self.frame)),
            Contents::Fields(..) | Contents::Text(_) => None,
        }
    }
    fn whole_text(&self) -> Option<&str> {
        match &self.contents {
            Contents::Text(text) => Some(text),
            _ => None,
        }
    }
    fn file_hint(&self) -> String {
        self.frame.t(match self.file {
            HeldFile::Lines => "held-file-lines",
            HeldFile::Text => "held-file-text",
            HeldFile::Raw => "held-file-raw",
        })
    }
}

impl KeptValue {
    /// The text, where it was typed; else `None` and [`about`](Self::about).
    const fn typed(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    fn about(&self, frame: &PageFrame) -> String {
        match self {
            Self::Text(_) | Self::Empty => frame.t("held-value-empty"),
            Self::Secret => frame.t("held-value-secret"),
            Self::File(name, bytes) => {
                frame.say("held-value-file", &[("name", name.as_str().into()), ("size", size(*bytes, frame).into())])
            }
            Self::Unreadable(bytes) => unreadable(*bytes, frame),
        }
    }
}

fn unreadable(bytes: usize, frame: &PageFrame) -> String {
    frame.say("held-unreadable", &[("size", size(bytes, frame).into())])
}

/// `340 bytes`, `12 KB`, `1.5 MB`.
fn size(bytes: usize, frame: &PageFrame) -> String {
    match bytes {
        0..1000 => frame.say("size-bytes", &[("count", bytes.into())]),
        1000..1_000_000 => frame.say("size-kilobytes", &[("count", bytes.div_ceil(1000).into())]),
        _ => {
            let tenths = bytes.div_ceil(100_000);
            frame.say("size-megabytes", &[("count", format!("{}.{}", tenths / 10, tenths % 10).into())])
        }
    }
}

/// Delete it?
#[derive(Debug, Template)]
#[template(path = "held_discard.html")]
pub struct HeldDiscardPage {
    /// The frame.
    pub frame: PageFrame,
    /// Where it was sent: the path alone.
    pub path: String,
    /// Its page.
    pub address: String,
}

impl HeldDiscardPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("held-discard-heading")
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
    /// It has just been deleted.
    Discarded,
    /// Nothing waits.
    Nothing,
    /// Several wait.
    Several,
}

/// There is nothing to send.
#[derive(Debug, Template)]
#[template(path = "held_over.html")]
pub struct HeldOverPage {
    /// The frame.
    pub frame: PageFrame,
    /// Why.
    pub over: HeldOver,
    /// Where to go on.
    pub target: String,
    /// What waits of this person here.
    pub kept: Vec<ShownHeld>,
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
            HeldOver::Gone | HeldOver::Nothing => "held-gone-heading",
            HeldOver::Discarded => "held-discarded-heading",
            HeldOver::Several => "held-several-heading",
            HeldOver::Sent(_) => "held-sent-heading",
            HeldOver::SomebodyElses(_) => "held-other-heading",
        })
    }
    fn text(&self) -> String {
        let frame = &self.frame;
        match self.over {
            HeldOver::Gone => frame.t("held-gone"),
            HeldOver::Nothing => frame.t("held-none"),
            HeldOver::Discarded => frame.t("held-discarded"),
            HeldOver::Several => frame.named("held-several"),
            HeldOver::Sent(at) => {
                frame.say("held-sent", &[("time", frame.clock_until(at).into()), ("service", frame.service().into())])
            }
            HeldOver::SomebodyElses(until) => frame.say("held-other", &[("time", frame.clock_until(until).into())]),
        }
    }
}

/// The page a form was on, as its browser said; else the console's first.
fn page_of(visit: &Visit<'_>, request: &HeldRequest) -> ReturnTo {
    let origin = visit.client.host.origin();
    let path = request.referer.as_deref().and_then(|referer| referer.strip_prefix(&origin));
    path.and_then(|path| ReturnTo::parse(path.split('#').next().unwrap_or_default())).unwrap_or_default()
}

/// The same visit on its way to its kept form, whichever way it came here.
fn on_the_way<'a>(visit: &Visit<'a>) -> Visit<'a> {
    Visit { to: visit.held.map(ReturnTo::to_held).unwrap_or_default(), ..visit.clone() }
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(id) = visit.held else { return show_all(visit).await };
    let visit = &on_the_way(visit);
    let app = &visit.portal.app;
    let Some(found) = app.held(Some(id), &visit.browser(), browser(visit)).await? else {
        return Ok(visit.see(Here::SignIn));
    };
    // The page has no name of its own in forms: the place the person is on the way to is this one.
    let frame = visit.frame(Here::Target, &Note::default());
    let over = match found {
        HeldView::Waiting(waiting) => return Ok(show_waiting(visit, frame, id, *waiting)),
        HeldView::Gone => HeldOver::Gone,
        HeldView::Sent(at) => HeldOver::Sent(at),
        HeldView::SomebodyElses { until } => HeldOver::SomebodyElses(until),
    };
    let (target, kept) = ("/".to_owned(), waiting_here(visit).await?);
    Ok(visit.page(html(&HeldOverPage { frame, over, target, kept })))
}

/// Whatever waits of this person here: the one, or all of them.
async fn show_all(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(rows) = visit.portal.app.held_rows(&visit.browser(), browser(visit)).await? else {
        return Ok(visit.see_first(Here::SignIn, Here::Held));
    };
    let note = visit.note();
    let (over, target) = match (note.held(), rows.as_slice()) {
        (Some(HeldNews::Discarded), _) => (HeldOver::Discarded, visit.to.as_str().to_owned()),
        (None, [one]) => return Ok(Visit { to: ReturnTo::to_held(one.id), ..visit.clone() }.see(Here::Target)),
        (None, []) => (HeldOver::Nothing, visit.to.as_str().to_owned()),
        (None, _) => (HeldOver::Several, visit.to.as_str().to_owned()),
    };
    let kept = rows.iter().map(ShownHeld::of).collect();
    Ok(visit.page(html(&HeldOverPage { frame: visit.frame(Here::Held, &note), over, target, kept })))
}

fn show_waiting(visit: &Visit<'_>, frame: PageFrame, id: HeldId, waiting: Waiting) -> Answer {
    let Waiting { request, kept_at, until, now } = waiting;
    let first = |why| visit.portal.sign_in_location(&visit.client.host, visit.to.as_str(), why);
    let waits_for = match now {
        WaitingFor::Word => HeldWaitsFor::Word,
        WaitingFor::First(why @ Interruption::CodeTooOld { .. }) => HeldWaitsFor::Code(first(why)),
        WaitingFor::First(why @ Interruption::NewPassword) => HeldWaitsFor::Password(first(why)),
        // The session ended while the page was made.
        WaitingFor::First(Interruption::NoSession | Interruption::Idle | Interruption::Ended) => {
            return visit.see(Here::SignIn);
        }
        WaitingFor::Nothing => HeldWaitsFor::Nothing,
    };
    let page = HeldPage {
        frame,
        id: id.to_string(),
        path: readable(path_of(&request)),
        back: page_of(visit, &request).as_str().to_owned(),
        contents: Contents::read(&request.content_type, request.body.expose()),
        file: HeldFile::of(&request),
        action: request.target,
        kept_at,
        until,
        waits_for,
    };
    Answer { leads_on: true, ..visit.page(html(&page)) }
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
    if let Some(body) = as_text(&request.content_type, request.body.expose()) {
        return Ok(Answer { body, file: Some("form.txt"), ..visit.page(String::new()) });
    }
    let name = match Kind::of(&request.content_type) {
        Kind::Json => "form.json",
        Kind::Multipart => "form.bin",
        Kind::Urlencoded | Kind::Text => "form.txt",
    };
    let body = Bytes::copy_from_slice(request.body.expose());
    Ok(Answer { attachment: Some((name, body)), ..visit.page(String::new()) })
}

pub(super) async fn ask_discard(visit: &Visit<'_>) -> app::Result<Answer> {
    let visit = &on_the_way(visit);
    let (_, request) = match waiting(visit).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let page = HeldDiscardPage {
        frame: visit.frame(Here::Target, &Note::default()),
        path: readable(path_of(&request)),
        address: visit.to.as_str().to_owned(),
    };
    Ok(visit.page(html(&page)))
}

pub(super) async fn discard(visit: &Visit<'_>) -> app::Result<Answer> {
    let visit = &on_the_way(visit);
    let (id, request) = match waiting(visit).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let _gone = visit.portal.app.discard_held(id, &visit.browser(), browser(visit)).await?;
    let after = Visit { to: page_of(visit, &request), ..visit.clone() };
    Ok(after.see_with(Here::Held, News::Held(HeldNews::Discarded)))
}

/// Somebody made a form that looks like the word to send.
pub fn forged(address: std::net::IpAddr) {
    audit::Event::CrossSiteForm.record(audit::Origin::Client(address));
}
