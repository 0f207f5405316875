//! The fresh code inside a session: whoever asks for something sensitive is led through the code page and back, and what
//! a form asked for is kept, sealed, until the code is there. Secrets are never kept: such a form is shown again.

use std::time::Duration;

use askama::Template;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::{
    challenge,
    form::Form,
    held,
    notice::Note,
    page::{Here, PageFrame, ShownMethod, html},
    routes::{ROUTES, Route, Verb},
    visit::{Answer, Visit, address},
    wanted::wanted,
};
use crate::{
    access::Interruption,
    account::{AccountId, MethodKind},
    app::{self, Flow, Freshness, PendingView, StepUp},
    clock::Timestamp,
    keyring::{Place, Purpose},
};

/// What the person wanted when the code was asked. Only we make one, for one browser and one account.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Errand {
    account: AccountId,
    pub(super) path: String,
    /// What the form held that may be kept; `None`: only the page is opened again.
    fields: Option<Vec<(String, String)>>,
    at: Timestamp,
}

/// An errand that waited longer than a pending code is dropped: nobody remembers having sent it.
const LASTS: Duration = Duration::from_mins(15);
/// Longest sealed errand; it travels in an address.
const MOST: usize = 3000;

/// Asks for a fresh code before this route acts. `None` when the session's code is young enough.
pub(super) async fn demand(visit: &Visit<'_>, route: Route) -> app::Result<Option<Answer>> {
    let app = &visit.portal.app;
    match app.fresh(&visit.browser()).await? {
        Freshness::Fresh => return Ok(None),
        Freshness::NoSession => return Ok(Some(visit.see_first(Here::SignIn, route.page))),
        Freshness::Stale => {}
    }
    let Some(session) = app.session(&visit.browser()).await? else {
        return Ok(Some(visit.see_first(Here::SignIn, route.page)));
    };
    let fields = (route.verb == Verb::Post && !route.keeps.is_empty())
        .then(|| route.keeps.iter().map(|name| ((*name).to_owned(), visit.form.text(name).to_owned())).collect());
    let errand = Errand { account: session.account.id, path: route.path.to_owned(), fields, at: visit.now };
    let errand = seal(visit, &errand).unwrap_or_default();
    let visit = Visit { errand, ..visit.asking(Flow::FreshCode) };
    if route.verb == Verb::Get {
        // A GET sends nothing: the page has the button.
        return Ok(Some(visit.see(Here::Fresh)));
    }
    begin(&visit).await.map(Some)
}

fn place<'a>(visit: &'a Visit<'_>) -> Place<'a> {
    Place { table: "form", column: "errand", row: visit.seed.bytes() }
}

/// `None` for one that is too long to travel.
fn seal(visit: &Visit<'_>, errand: &Errand) -> Option<String> {
    let app = &visit.portal.app;
    let text = serde_json::to_vec(errand).ok()?;
    let sealed = app.keyring().seal(Purpose::SealedField, place(visit), &text, &**app.entropy()).ok()?;
    Some(BASE64URL_NOPAD.encode(&sealed)).filter(|text| text.len() <= MOST)
}

fn open(visit: &Visit<'_>) -> Option<Errand> {
    if visit.errand.is_empty() || visit.errand.len() > MOST {
        return None;
    }
    let bytes = BASE64URL_NOPAD.decode(visit.errand.as_bytes()).ok()?;
    let opened = visit.portal.app.keyring().open(Purpose::SealedField, place(visit), &bytes).ok()?;
    let errand: Errand = serde_json::from_slice(opened.expose()).ok()?;
    (visit.now.since(errand.at) <= LASTS).then_some(errand)
}

impl Errand {
    /// A field of its form; empty where it has none.
    pub(super) fn field(&self, name: &str) -> &str {
        let mut fields = self.fields.iter().flatten();
        fields.find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The route that acts, with the form it gets.
    fn act(&self) -> Option<(Route, Form)> {
        let fields = self.fields.as_ref()?;
        let route = ROUTES.iter().find(|route| route.verb == Verb::Post && route.path == self.path)?;
        Some((*route, Form::kept(fields)))
    }

    /// The page it began on.
    fn page(&self) -> &'static str {
        let of = |verb| ROUTES.iter().find(move |route| route.verb == verb && route.path == self.path);
        match (of(Verb::Get), of(Verb::Post)) {
            (Some(page), _) => page.path,
            (None, Some(act)) => act.page.path(),
            (None, None) => Here::Settings.path(),
        }
    }
}

/// Where a person who gives no code goes on.
pub(super) fn cancel(visit: &Visit<'_>) -> String {
    let app = &visit.portal.app;
    let to = visit.to.sealed(&visit.client.host, app.keyring(), &**app.entropy(), visit.now);
    match open(visit) {
        Some(errand) if errand.path.starts_with(Here::Settings.path()) => address(Here::Settings.path(), &to, "", None),
        Some(_) | None => visit.to.as_str().to_owned(),
    }
}

/// The page before a message is sent.
#[derive(Debug, Template)]
#[template(path = "fresh.html")]
pub struct FreshPage {
    /// The frame.
    pub frame: PageFrame,
    /// The primary.
    pub method: ShownMethod,
    /// What the code is asked for.
    pub wanted: String,
    /// Where a person who gives no code goes on.
    pub cancel: String,
    /// In seconds, where a rule of the console's pages says how old the code may be.
    pub within: Option<u64>,
}

impl FreshPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("fresh-heading")
    }
    fn begin(&self) -> String {
        match self.method.kind {
            MethodKind::App => self.frame.t("fresh-begin-app"),
            MethodKind::Sms => self.frame.t("fresh-begin-sms"),
            MethodKind::Voice => self.frame.t("fresh-begin-voice"),
        }
    }
    fn what_happens(&self) -> String {
        let digits = [("digits", self.method.last_two().into())];
        match self.method.kind {
            MethodKind::App => self.frame.t("fresh-app-hint"),
            MethodKind::Sms => self.frame.say("fresh-sms-hint", &digits),
            MethodKind::Voice => self.frame.say("fresh-voice-hint", &digits),
        }
    }
}

/// How old the rule that led here lets the code be. Only the page looks at it; what the rule says is the gate's to decide.
const fn asked_within(visit: &Visit<'_>) -> Option<Duration> {
    match visit.was {
        Some(Interruption::CodeTooOld { within }) => Some(within),
        Some(Interruption::NoSession | Interruption::Idle | Interruption::Ended | Interruption::NewPassword) | None => {
            None
        }
    }
}

async fn freshness(visit: &Visit<'_>) -> app::Result<Freshness> {
    let app = &visit.portal.app;
    match asked_within(visit) {
        Some(within) => app.fresh_within(&visit.browser(), within).await,
        None => app.fresh(&visit.browser()).await,
    }
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    let app = &visit.portal.app;
    if let Some(PendingView::Code(view)) = app.pending(&visit.browser()).await? {
        let wanted = wanted(visit, open(visit).as_ref()).await?;
        return Ok(challenge::show_code(visit, view, Some(wanted)));
    }
    let Some(session) = app.session(&visit.browser()).await? else { return Ok(visit.see(Here::SignIn)) };
    if freshness(visit).await? == Freshness::Fresh {
        // Another tab was faster, or the person came back to the page: nothing is asked twice.
        return Ok(onward(visit));
    }
    let Some(pair) = session.pair else { return Ok(visit.see(Here::Enable)) };
    let page = FreshPage {
        frame: held::tell(visit, visit.frame(Here::Fresh, &Note::default())).await?,
        method: pair.primary().into(),
        wanted: wanted(visit, open(visit).as_ref()).await?,
        cancel: cancel(visit),
        within: asked_within(visit).map(|within| within.as_secs()),
    };
    Ok(visit.page(html(&page)))
}

/// Asks for the code; a phone gets its message.
pub(super) async fn begin(visit: &Visit<'_>) -> app::Result<Answer> {
    let app = &visit.portal.app;
    if freshness(visit).await? == Freshness::Fresh {
        return Ok(onward(visit));
    }
    Ok(match app.ask_session(&visit.browser()).await? {
        StepUp::Pending => visit.see(Here::Fresh),
        StepUp::NoSession => visit.see(Here::SignIn),
        StepUp::NoMethods => visit.see(Here::Enable),
    })
}

/// No code is waited for: the page says what to do now.
pub(super) async fn gone(visit: &Visit<'_>) -> app::Result<Answer> {
    let signed_in = visit.portal.app.session(&visit.browser()).await?.is_some();
    Ok(visit.see(if signed_in { Here::Fresh } else { Here::SignIn }))
}

/// To the page the errand began on. What its form asked for is not done: no code was given for it.
fn onward(visit: &Visit<'_>) -> Answer {
    let app = &visit.portal.app;
    match open(visit) {
        Some(errand) => {
            let to = visit.to.sealed(&visit.client.host, app.keyring(), &**app.entropy(), visit.now);
            Answer { location: Some(address(errand.page(), &to, "", None)), ..visit.see(Here::Target) }
        }
        None => visit.see(Here::Target),
    }
}

/// The code is right and the session renewed: what its errand does now, if it asked for something.
pub(super) async fn resume(visit: &Visit<'_>) -> app::Result<Result<(Route, Form), Answer>> {
    let Some(errand) = open(visit) else { return Ok(Err(visit.see(Here::Target))) };
    let Some((route, form)) = errand.act() else { return Ok(Err(onward(visit))) };
    let session = visit.portal.app.session(&visit.browser()).await?;
    if session.is_none_or(|session| session.account.id != errand.account) {
        // Somebody else signed in on this browser meanwhile.
        return Ok(Err(visit.see(Here::Target)));
    }
    Ok(Ok((route, form)))
}
