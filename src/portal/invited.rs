//! An invited person makes a sign-in of their own: user name and password, for the address the invitation went to.

use askama::Template;

use super::{
    cookie, links,
    notice::{News, Note},
    page::{Here, PageFrame, html},
    password::refused_password,
    sign_in::SignInNotice,
    visit::{Answer, Visit},
};
use crate::app::{self, AcceptOutcome, AcceptProblem};

/// An invited person chooses a user name and a password.
#[derive(Debug, Template)]
#[template(path = "invited.html")]
pub struct InvitedPage {
    /// The frame.
    pub frame: PageFrame,
    /// Whose people the person joins.
    pub seller: String,
    /// The address the invitation went to.
    pub email: String,
    /// What was typed before.
    pub user_name: String,
    /// What was wrong.
    pub news: Option<AcceptProblem>,
}

impl InvitedPage {
    const fn failed(&self) -> bool {
        self.news.is_some()
    }
    fn heading(&self) -> String {
        self.frame.t("invited-heading")
    }
    fn lead(&self) -> String {
        self.frame
            .say("invited-lead", &[("seller", self.seller.as_str().into()), ("service", self.frame.service().into())])
    }
    fn text(&self, problem: AcceptProblem) -> String {
        let frame = &self.frame;
        match problem {
            AcceptProblem::Name => frame.t("invited-bad-name"),
            AcceptProblem::NameTaken => frame.t("invited-name-taken"),
            AcceptProblem::EmailTaken => frame.t("invited-email-taken"),
            AcceptProblem::Differ => frame.t("invited-differ"),
            AcceptProblem::Password(problem) => refused_password(frame.language, problem),
            AcceptProblem::TooMany(at) => frame.timed_from("invited-too-many", at),
        }
    }
    fn about_name(&self) -> bool {
        matches!(self.news, Some(AcceptProblem::Name | AcceptProblem::NameTaken))
    }
    fn about_password(&self) -> bool {
        matches!(self.news, Some(AcceptProblem::Differ | AcceptProblem::Password(_)))
    }
    fn name_error(&self) -> Option<String> {
        self.news.filter(|_| self.about_name()).map(|problem| self.text(problem))
    }
    fn password_error(&self) -> Option<String> {
        self.news.filter(|_| self.about_password()).map(|problem| self.text(problem))
    }
    fn other_error(&self) -> Option<String> {
        self.news.filter(|_| !self.about_name() && !self.about_password()).map(|problem| self.text(problem))
    }
}

/// The invitation is no more.
#[derive(Debug, Template)]
#[template(path = "invited_over.html")]
pub struct InvitedOverPage {
    /// The frame.
    pub frame: PageFrame,
}

impl InvitedOverPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("invited-over-heading")
    }
}

/// What the forms' fields hold at most; only so much is kept.
const MOST_NAME: usize = 64;

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    let token = visit.link.as_deref().unwrap_or_default();
    let note = visit.note();
    let frame = visit.frame(Here::Invited, &note);
    let page = match visit.portal.app.invitation(token).await? {
        Some(offer) => html(&InvitedPage {
            frame,
            seller: offer.seller.name.to_string(),
            email: offer.email.to_string(),
            user_name: note.user_name.clone(),
            news: note.invited(),
        }),
        None => html(&InvitedOverPage { frame }),
    };
    Ok(visit.page(page))
}

pub(super) async fn accept(visit: &Visit<'_>) -> app::Result<Answer> {
    let token = visit.link.as_deref().unwrap_or_default();
    let typed = visit.form.text("user_name");
    let again = if visit.form.has("repeated") { "repeated" } else { "password" };
    let passwords = [visit.form.secret("password"), visit.form.secret(again)];
    Ok(match visit.portal.app.accept_invitation(&visit.browser(), token, typed, passwords).await? {
        AcceptOutcome::Made { user_name, opens } => {
            let note = Note { user_name: user_name.to_string(), ..News::SignIn(SignInNotice::AccountMade).into() };
            let held = match &opens {
                Some(token) => links::hold(visit, token.expose()),
                None => cookie::set(cookie::LINK, "", cookie::Keep::Remove),
            };
            visit.see_with(Here::SignIn, note).with(held)
        }
        AcceptOutcome::Refused(problem) => {
            let user_name = typed.chars().take(MOST_NAME).collect();
            visit.see_with(Here::Invited, Note { user_name, ..News::Invited(problem).into() })
        }
        AcceptOutcome::Gone => visit.see(Here::Invited),
    })
}
