//! "Later" at the question, and enrolling out of a session that was begun without a second step.

use askama::Template;

use super::{
    challenge::gone,
    notice::News,
    page::{Here, PageFrame, html},
    sign_in::SignInNotice,
    visit::{Answer, Visit},
};
use crate::{
    app::{self, LaterOutcome, PasswordOutcome, PasswordRefusal},
    authn::Grace,
};
use std::time::Duration;

/// How long enrolling may still be put off, in words.
pub(super) fn grace_text(grace: Grace, frame: &PageFrame) -> String {
    if grace.laters_left == 0 {
        return frame.named("rollout-over");
    }
    // The deadline is a midnight: the day before it is the last one.
    let last_day = frame.date(grace.deadline - Duration::from_millis(1));
    frame.say("rollout-grace", &[("date", last_day.into()), ("times", grace.laters_left.into())])
}

/// The password once more, and then the enrolment.
#[derive(Debug, Template)]
#[template(path = "enable.html")]
pub struct EnablePage {
    /// The frame.
    pub frame: PageFrame,
    /// Who is signed in.
    pub user: String,
    /// What happened to the last try.
    pub notice: Option<SignInNotice>,
    /// Back to where the person was.
    pub target: String,
}

impl EnablePage {
    const fn failed(&self) -> bool {
        self.notice.is_some()
    }
    fn heading(&self) -> String {
        self.frame.t("enable-heading")
    }
    fn error_text(&self) -> Option<String> {
        let frame = &self.frame;
        self.notice.map(|notice| match notice {
            SignInNotice::WaitUntil(at) => frame.timed_from("notice-password-wait", at),
            SignInNotice::Busy => frame.t("notice-busy"),
            SignInNotice::CredentialsMissing => frame.t("enable-missing"),
            _ => frame.t("enable-wrong"),
        })
    }
}

pub(super) async fn later(visit: &Visit<'_>) -> app::Result<Answer> {
    Ok(match visit.portal.app.later(&visit.browser()).await? {
        LaterOutcome::SignedIn(grant) => visit.signed_in(&grant),
        LaterOutcome::Over => visit.see(Here::Enrolment),
        LaterOutcome::Gone => gone(visit).await?,
    })
}

pub(super) async fn show_enable(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(session) = visit.portal.app.session(&visit.browser()).await? else {
        return Ok(visit.see(Here::SignIn));
    };
    if session.pair.is_some() {
        return Ok(visit.see(Here::Target));
    }
    let note = visit.note();
    let notice = note.sign_in();
    let page = EnablePage {
        frame: visit.frame(Here::Enable, &note),
        user: session.account.user_name.as_str().to_owned(),
        notice,
        target: visit.to.as_str().to_owned(),
    };
    Ok(visit.page(html(&page)))
}

pub(super) async fn enable(visit: &Visit<'_>) -> app::Result<Answer> {
    let again = |notice| visit.see_with(Here::Enable, News::SignIn(notice));
    if visit.form.text("password").is_empty() {
        return Ok(again(SignInNotice::CredentialsMissing));
    }
    let Some(outcome) = visit.portal.app.enable(&visit.browser(), visit.form.secret("password")).await? else {
        return Ok(visit.see(Here::Enable));
    };
    Ok(match outcome {
        PasswordOutcome::Refused(PasswordRefusal::BadCredentials) => again(SignInNotice::BadCredentials),
        PasswordOutcome::Refused(PasswordRefusal::WaitUntil(at)) => again(SignInNotice::WaitUntil(at)),
        PasswordOutcome::Refused(PasswordRefusal::Busy) => again(SignInNotice::Busy),
        PasswordOutcome::Pending { cookie, device } => visit
            .see(Here::Enrolment)
            .with(cookie.as_ref().and_then(Visit::pending))
            .with(device.as_ref().and_then(|device| visit.device(device))),
        PasswordOutcome::SignedIn(grant) => visit.signed_in(&grant),
    })
}
