//! "Forgot your password?": the page that asks for a name and says the same whatever the name is.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::{
    notice::{News, Note},
    page::{Here, PageFrame, html},
    sign_in::kept,
    visit::{Answer, Visit},
};
use crate::{
    app::{self, ResetRequest},
    clock::Timestamp,
};

/// What the page says after its form was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetNews {
    /// If there is such an account, a mail is on its way.
    Taken,
    /// Too many requests from here.
    WaitUntil(Timestamp),
    /// Nothing was typed.
    Missing,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "password_reset.html")]
pub struct PasswordResetPage {
    /// The frame.
    pub frame: PageFrame,
    /// What happened.
    pub news: Option<ResetNews>,
    /// What was typed before, here or on the sign-in page.
    pub user_name: String,
}

impl PasswordResetPage {
    const fn failed(&self) -> bool {
        matches!(self.news, Some(ResetNews::WaitUntil(_) | ResetNews::Missing))
    }
    fn heading(&self) -> String {
        self.frame.t("reset-heading")
    }
    fn taken(&self) -> bool {
        self.news == Some(ResetNews::Taken)
    }
    fn error_text(&self) -> Option<String> {
        match self.news? {
            ResetNews::WaitUntil(at) => Some(self.frame.timed_from("reset-wait", at)),
            ResetNews::Missing => Some(self.frame.t("reset-missing")),
            ResetNews::Taken => None,
        }
    }
}

pub(super) fn show(visit: &Visit<'_>) -> Answer {
    let note = visit.note();
    let news = note.reset();
    let frame = visit.frame(Here::PasswordReset, &note);
    visit.page(html(&PasswordResetPage { frame, news, user_name: note.user_name }))
}

/// From the sign-in page, with the name that was typed there.
pub(super) fn open(visit: &Visit<'_>) -> Answer {
    visit.see_with(Here::PasswordReset, named(visit))
}

fn named(visit: &Visit<'_>) -> Note {
    Note { user_name: kept(visit.form.text("user_name")), ..Note::default() }
}

pub(super) async fn request(visit: &Visit<'_>) -> app::Result<Answer> {
    if visit.form.text("user_name").trim().is_empty() {
        return Ok(visit.see_with(Here::PasswordReset, News::Reset(ResetNews::Missing)));
    }
    let asked = visit.portal.app.request_password_reset(&visit.form.secret("user_name"), &visit.browser()).await?;
    let news = match asked {
        ResetRequest::Taken => ResetNews::Taken,
        ResetRequest::WaitUntil(at) => ResetNews::WaitUntil(at),
    };
    let typed = if news == ResetNews::Taken { Note::default() } else { named(visit) };
    Ok(visit.see_with(Here::PasswordReset, Note { news: Some(News::Reset(news)), ..typed }))
}
