//! Recovery codes: the page that shows new ones, once, and the page that takes one when neither method works. The store
//! holds only digests; until the person says they are kept, the browser itself holds them in a sealed cookie, for
//! minutes and for the session that made them alone, so that another language, a reload or "Back" does not lose them.
//! A copy of the cookie opens nothing once that session has ended or renewed itself, or the person has said so; the
//! latter is remembered in memory, so that a restart within those minutes lets the living session look once more.

use askama::Template;
use data_encoding::BASE64URL_NOPAD;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{
    challenge::{gone, sentences},
    cookie,
    cookie::Keep,
    notice::{News, Note},
    page::{Here, PageFrame, html},
    settings::SettingsNews,
    visit::{Answer, Visit},
};
use crate::{
    account::AccountId,
    app::{self, CODES_SHOWN_FOR, NewCodes, PendingView, RecoveryCodeOutcome, SessionView},
    clock::Timestamp,
    keyring::{Place, Purpose},
    secret::ExposeSecret as _,
    session::SessionId,
};

/// Why a recovery code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecoveryCodeError {
    /// None of the account's, or used.
    Wrong,
    /// Too many tries.
    WaitUntil(Timestamp),
    /// The password was reset a short time ago.
    BlockedUntil(Timestamp),
}

/// The page that takes a recovery code.
#[derive(Debug, Template)]
#[template(path = "recovery_code.html")]
pub struct RecoveryCodePage {
    /// The frame.
    pub frame: PageFrame,
    /// What was wrong with the last one.
    pub error: Option<RecoveryCodeError>,
}

impl RecoveryCodePage {
    const fn failed(&self) -> bool {
        self.error.is_some()
    }
    fn heading(&self) -> String {
        self.frame.t("recovery-code-heading")
    }
    fn error_text(&self) -> Option<String> {
        self.error.map(|error| match error {
            RecoveryCodeError::Wrong => self.frame.t("recovery-code-wrong"),
            RecoveryCodeError::WaitUntil(at) => self.frame.timed_from("recovery-code-wait", at),
            RecoveryCodeError::BlockedUntil(at) => self.frame.timed_from("recovery-code-blocked", at),
        })
    }
}

/// Codes that are shown once.
#[derive(Serialize, Deserialize)]
pub struct ShownCodes(pub Vec<String>);

impl std::fmt::Debug for ShownCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShownCodes({})", self.0.len())
    }
}

/// The page that shows new ones.
#[derive(Debug, Template)]
#[template(path = "recovery_codes.html")]
pub struct RecoveryCodesPage {
    /// The frame.
    pub frame: PageFrame,
    /// The codes, and until when they are shown; `None` once the person has said that they are kept.
    pub codes: Option<(ShownCodes, Timestamp)>,
    /// There were others before.
    pub replaced: bool,
    /// Where to go on.
    pub target: String,
}

impl RecoveryCodesPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("recovery-codes-heading")
    }
    fn once(&self, until: Timestamp) -> String {
        let once = self.frame.say("recovery-codes-once", &[("time", self.frame.clock_until(until).into())]);
        if self.replaced { sentences(&self.frame, [once, self.frame.t("recovery-codes-earlier")]) } else { once }
    }
    fn made(&self) -> String {
        made(&self.frame, self.frame.now)
    }
}

/// New codes on their way to the person, as the browser keeps them.
#[derive(Serialize, Deserialize)]
struct Held {
    account: AccountId,
    codes: ShownCodes,
    made_at: Timestamp,
    replaced: bool,
    /// They were asked for in the settings.
    to_settings: bool,
}

/// Ten codes are far shorter.
const MOST: usize = 1500;

impl Held {
    /// This browser in this session.
    fn row(visit: &Visit<'_>, session: SessionId) -> Vec<u8> {
        [visit.seed.bytes().as_slice(), session.as_bytes()].concat()
    }

    const fn place(row: &[u8]) -> Place<'_> {
        Place { table: "form", column: "recovery-codes", row }
    }

    fn cookie(&self, visit: &Visit<'_>, session: SessionId) -> Option<http::HeaderValue> {
        let app = &visit.portal.app;
        let text = zeroize::Zeroizing::new(serde_json::to_vec(self).ok()?);
        let sealed = app
            .keyring()
            .seal(Purpose::SealedField, Self::place(&Self::row(visit, session)), &text, &**app.entropy())
            .ok()?;
        cookie::set(cookie::CODES, &BASE64URL_NOPAD.encode(&sealed), Keep::Seconds(CODES_SHOWN_FOR.as_secs()))
    }

    /// What this browser holds for this session, if its codes still are the account's and not yet said to be kept.
    async fn open(visit: &Visit<'_>, session: &SessionView) -> app::Result<Option<Self>> {
        let (app, account) = (&visit.portal.app, session.account.id);
        let Some(held) = Self::sealed(visit, session.id) else { return Ok(None) };
        let here = held.account == account && visit.now < held.until();
        let lasts = here && !app.has_kept_recovery_codes(account, held.made_at);
        let newest = app.recovery_codes_made_at(account).await?;
        Ok(Some(held).filter(|held| lasts && newest == Some(held.made_at)))
    }

    fn sealed(visit: &Visit<'_>, session: SessionId) -> Option<Self> {
        let text = cookie::read(visit.headers, cookie::CODES).filter(|text| text.len() <= MOST)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let row = Self::row(visit, session);
        let opened = visit.portal.app.keyring().open(Purpose::SealedField, Self::place(&row), &bytes).ok()?;
        serde_json::from_slice(opened.expose()).ok()
    }

    fn until(&self) -> Timestamp {
        self.made_at + CODES_SHOWN_FOR
    }
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    match visit.portal.app.pending(&visit.browser()).await? {
        Some(PendingView::Code(_)) => {}
        Some(_) | None => return gone(visit).await,
    }
    let note = visit.note();
    let error = note.recovery_code();
    Ok(visit.page(html(&RecoveryCodePage { frame: visit.frame(Here::RecoveryCode, &note), error })))
}

pub(super) async fn submit(visit: &Visit<'_>) -> app::Result<Answer> {
    let again = |error| visit.see_with(Here::RecoveryCode, News::RecoveryCode(error));
    Ok(match visit.portal.app.use_recovery_code(&visit.browser(), &visit.form.secret("code")).await? {
        RecoveryCodeOutcome::Opened => visit.see(Here::Enrolment),
        RecoveryCodeOutcome::Wrong => again(RecoveryCodeError::Wrong),
        RecoveryCodeOutcome::WaitUntil(at) => again(RecoveryCodeError::WaitUntil(at)),
        RecoveryCodeOutcome::BlockedUntil(at) => again(RecoveryCodeError::BlockedUntil(at)),
        RecoveryCodeOutcome::Gone => gone(visit).await?,
    })
}

/// Makes new codes. Sent again, as when the page is loaded anew, the form makes none: those that were made still count.
pub(super) async fn renew(visit: &Visit<'_>) -> app::Result<Answer> {
    let app = &visit.portal.app;
    let present = visit.form.text("present").parse().ok().map(Timestamp::from_millis);
    let made = app.renew_recovery_codes(&visit.browser(), present).await?;
    let Some(session) = app.session(&visit.browser()).await? else { return Ok(visit.see(Here::SignIn)) };
    let account = session.account.id;
    let codes = match made {
        NewCodes::Made(codes) => codes,
        NewCodes::Stale if Held::open(visit, &session).await?.is_some() => return Ok(visit.see(Here::RecoveryCodes)),
        NewCodes::Stale => return Ok(visit.see_with(Here::Settings, News::Settings(SettingsNews::CodesOnce))),
        NewCodes::NoSession => return Ok(visit.see(Here::SignIn)),
    };
    let held = Held {
        account,
        codes: ShownCodes(codes.iter().map(|code| code.expose_secret().to_owned()).collect()),
        made_at: app.recovery_codes_made_at(account).await?.unwrap_or(visit.now),
        replaced: present.is_some(),
        to_settings: Here::parse(visit.form.text("from")) == Some(Here::Settings),
    };
    Ok(visit.see(Here::RecoveryCodes).with(held.cookie(visit, session.id)).with(visit.seed.cookie()))
}

pub(super) async fn show_new(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(session) = visit.portal.app.session(&visit.browser()).await? else { return Ok(visit.see(Here::SignIn)) };
    let held = Held::open(visit, &session).await?;
    let page = RecoveryCodesPage {
        frame: visit.frame(Here::RecoveryCodes, &Note::default()),
        replaced: held.as_ref().is_some_and(|held| held.replaced),
        codes: held.map(|held| (held.until(), held.codes)).map(|(until, codes)| (codes, until)),
        target: visit.to.as_str().to_owned(),
    };
    Ok(visit.page(html(&page)))
}

/// "I've kept them": the browser forgets them, and the person goes on.
pub(super) async fn kept(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(session) = visit.portal.app.session(&visit.browser()).await? else { return Ok(visit.see(Here::SignIn)) };
    let held = Held::open(visit, &session).await?;
    if let Some(held) = &held {
        visit.portal.app.recovery_codes_kept(session.account.id, held.made_at);
    }
    let on = if held.is_some_and(|held| !held.to_settings) { Here::Target } else { Here::Settings };
    Ok(visit.see(on).with(cookie::set(cookie::CODES, "", Keep::Remove)))
}

/// The codes that are shown, as a file: nothing is read from the store.
pub(super) async fn save(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(session) = visit.portal.app.session(&visit.browser()).await? else { return Ok(visit.see(Here::SignIn)) };
    let Some(held) = Held::open(visit, &session).await? else { return Ok(visit.see(Here::RecoveryCodes)) };
    let frame = visit.frame(Here::RecoveryCodes, &Note::default());
    let (name, where_to) = (frame.named("recovery-codes-file"), frame.t("recovery-codes-where"));
    let mut body = format!("{name}\r\n{}\r\n{where_to}\r\n\r\n", made(&frame, held.made_at));
    for code in held.codes.0 {
        body.push_str(&code);
        body.push_str("\r\n");
    }
    Ok(Answer { body, file: Some("recovery-codes.txt"), ..Answer::new(StatusCode::OK) })
}

fn made(frame: &PageFrame, at: Timestamp) -> String {
    frame.say("recovery-codes-made", &[("date", frame.date(at).into())])
}
