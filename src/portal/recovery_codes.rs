//! Recovery codes: the page that shows new ones, once, and the page that takes one when neither method works. The codes
//! stand only in the answer to the form that makes them; no address shows them again.

use askama::Template;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{
    challenge::gone,
    notice::News,
    page::{Here, PageFrame, html},
    settings::SettingsNews,
    visit::{Answer, Visit},
};
use crate::{
    app::{self, NewCodes, PendingView, RecoveryCodeOutcome},
    clock::Timestamp,
    secret::{ExposeSecret as _, SecretString},
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
    /// The codes.
    pub codes: ShownCodes,
    /// There were others before.
    pub replaced: bool,
    /// Where to go on.
    pub target: String,
    /// Back to the settings, where they were asked for.
    pub to_settings: bool,
}

impl RecoveryCodesPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("recovery-codes-heading")
    }
    fn joined(&self) -> String {
        self.codes.0.join(" ")
    }
    fn made(&self) -> String {
        made(&self.frame, self.frame.now)
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

/// The one form whose answer is a page and not a redirect: what it shows must not be there a second time. Sent again, as
/// when the page is loaded anew, it makes no codes: those that were written down still count.
pub(super) async fn renew(visit: &Visit<'_>) -> app::Result<Answer> {
    let present = visit.form.text("present").parse().ok().map(Timestamp::from_millis);
    let codes = match visit.portal.app.renew_recovery_codes(&visit.browser(), present).await? {
        NewCodes::Made(codes) => codes,
        NewCodes::Stale => return Ok(visit.see_with(Here::Settings, News::Settings(SettingsNews::CodesOnce))),
        NewCodes::NoSession => return Ok(visit.see(Here::SignIn)),
    };
    let page = RecoveryCodesPage {
        frame: visit.frame(Here::Settings, &super::notice::Note::default()),
        codes: ShownCodes(codes.iter().map(|code| code.expose_secret().to_owned()).collect()),
        replaced: present.is_some(),
        target: visit.to.as_str().to_owned(),
        to_settings: Here::parse(visit.form.text("from")) == Some(Here::Settings),
    };
    Ok(visit.page(html(&page)))
}

/// The codes as a file, from the form of the page that shows them: nothing is read from the store.
pub(super) async fn save(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(session) = visit.portal.app.session(&visit.browser()).await? else { return Ok(visit.see(Here::SignIn)) };
    let sent: SecretString = visit.form.secret("codes");
    let codes: Vec<&str> = sent.expose_secret().split(' ').filter(|code| is_code(code)).take(10).collect();
    if codes.is_empty() {
        return Ok(visit.see(Here::Settings));
    }
    let frame = visit.frame(Here::Settings, &super::notice::Note::default());
    let made_at = visit.portal.app.recovery_codes_made_at(session.account.id).await?.unwrap_or(frame.now);
    let (name, where_to) = (frame.named("recovery-codes-file"), frame.t("recovery-codes-where"));
    let mut body = format!("{name}\r\n{}\r\n{where_to}\r\n\r\n", made(&frame, made_at));
    for code in codes {
        body.push_str(code);
        body.push_str("\r\n");
    }
    Ok(Answer { body, file: Some("recovery-codes.txt"), ..Answer::new(StatusCode::OK) })
}

fn made(frame: &PageFrame, at: Timestamp) -> String {
    frame.say("recovery-codes-made", &[("date", frame.date(at).into())])
}

fn is_code(text: &str) -> bool {
    text.len() == 19 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
}
