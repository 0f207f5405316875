//! The password page, and what is shown to somebody who is signed in already.

use askama::Template;
use http::header;
use serde::{Deserialize, Serialize};

use super::{
    choice::TypedChoice,
    cookie,
    cookie::Keep,
    held::{self, ShownHeld},
    language,
    notice::{News, Note},
    page::{Here, PageFrame, html},
    return_to::ReturnTo,
    visit::{Answer, Visit},
};
use crate::{
    access::Interruption,
    account::{Account, EmailAddress, LoginName},
    app::{self, PasswordForm, PasswordOutcome, PasswordRefusal},
    clock::Timestamp,
};

/// What the sign-in page says above its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInNotice {
    /// The name or the password is wrong; never which.
    BadCredentials,
    /// A field was empty.
    CredentialsMissing,
    /// Too many wrong passwords.
    WaitUntil(Timestamp),
    /// All password checks are taken.
    Busy,
    /// The session was idle for so many minutes.
    SessionExpired {
        /// The configured idle time.
        minutes: u64,
    },
    /// The session ended otherwise.
    SessionEnded,
    /// Signed out on request.
    SignedOut,
    /// The pending sign-in is over: too old, done by another tab, or replaced by a newer one. The page cannot know.
    SignInEnded,
    /// The same, while a recovery request may have been decided: only its owner, who knows the password, is told how.
    RecoveryAwaits,
    /// Too many wrong codes while setting up the methods.
    TooManyTries,
    /// "Use another account" was chosen.
    OtherAccount,
    /// An invited person has made a sign-in.
    AccountMade,
    /// A new password was chosen by a mailed link.
    PasswordReset,
}

impl SignInNotice {
    const fn is_error(self) -> bool {
        matches!(self, Self::BadCredentials | Self::CredentialsMissing | Self::WaitUntil(_) | Self::Busy)
    }
}

/// User name and password.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// The frame.
    pub frame: PageFrame,
    /// What happened.
    pub notice: Option<SignInNotice>,
    /// What was typed before.
    pub user_name: String,
}

impl SignInPage {
    fn heading(&self) -> String {
        self.frame.t("sign-in-heading")
    }
    fn failed(&self) -> bool {
        self.notice.is_some_and(SignInNotice::is_error)
    }
    fn error(&self) -> Option<String> {
        self.notice.filter(|notice| notice.is_error()).map(|notice| self.text(notice))
    }
    fn news(&self) -> Option<String> {
        self.notice.filter(|notice| !notice.is_error()).map(|notice| self.text(notice))
    }
    fn text(&self, notice: SignInNotice) -> String {
        let frame = &self.frame;
        match notice {
            SignInNotice::BadCredentials => frame.t("notice-bad-credentials"),
            SignInNotice::CredentialsMissing => frame.t("notice-credentials-missing"),
            SignInNotice::WaitUntil(at) => frame.timed_from("notice-password-wait", at),
            SignInNotice::Busy => frame.t("notice-busy"),
            SignInNotice::SessionExpired { minutes } => {
                frame.say("notice-session-expired", &[("minutes", minutes.into())])
            }
            SignInNotice::SessionEnded => frame.t("notice-session-ended"),
            SignInNotice::SignedOut => frame.t("notice-signed-out"),
            SignInNotice::SignInEnded => frame.t("notice-sign-in-ended"),
            SignInNotice::RecoveryAwaits => frame.t("notice-recovery-awaits"),
            SignInNotice::TooManyTries => frame.t("notice-too-many-tries"),
            SignInNotice::OtherAccount => frame.t("notice-other-account"),
            SignInNotice::AccountMade => frame.t("notice-account-made"),
            SignInNotice::PasswordReset => frame.t("notice-password-reset"),
        }
    }
}

/// Somebody with a session opened the sign-in page.
#[derive(Debug, Template)]
#[template(path = "signed_in.html")]
pub struct SignedInPage {
    /// The frame.
    pub frame: PageFrame,
    /// Who.
    pub user: String,
    /// Where to go on.
    pub target: String,
    /// An owner of a seller account?
    pub owner: bool,
    /// Forms that wait for this person's word.
    pub kept: Vec<ShownHeld>,
}

impl SignedInPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("signed-in-heading")
    }
    fn who(&self) -> String {
        self.frame.say("signed-in-as", &[("user", self.user.as_str().into())])
    }
}

/// The question before signing out.
#[derive(Debug, Template)]
#[template(path = "sign_out.html")]
pub struct SignOutPage {
    /// The frame.
    pub frame: PageFrame,
    /// Back to where the person was.
    pub target: String,
    /// Is this browser trusted? It can be forgotten on the way out.
    pub trusted: bool,
}

impl SignOutPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("sign-out-heading")
    }
}

/// Longest name that is kept for the form; no account has a longer one.
const MOST_NAME: usize = 254;

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    if let Some(session) = visit.portal.app.session(&visit.browser()).await? {
        let page = SignedInPage {
            frame: visit.frame(Here::SignIn, &Note::default()),
            user: session.account.user_name.as_str().to_owned(),
            target: visit.to.as_str().to_owned(),
            owner: visit.portal.app.own_membership(&visit.browser()).await?.is_some_and(|of| of.owner),
            kept: held::waiting_here(visit).await?,
        };
        return Ok(visit.page(html(&page)));
    }
    let mut note = visit.note();
    if note.news.is_none() {
        note.news = ended(visit).map(News::SignIn);
    }
    let notice = note.sign_in();
    let frame = held::tell(visit, visit.frame(Here::SignIn, &note)).await?;
    Ok(visit.page(html(&SignInPage { frame, notice, user_name: note.user_name })))
}

/// Why the session is no more, as the gate told the address.
fn ended(visit: &Visit<'_>) -> Option<SignInNotice> {
    match visit.was? {
        Interruption::Idle => {
            let idle = visit.portal.app.snapshot().config.session.idle;
            Some(SignInNotice::SessionExpired { minutes: idle.as_secs().div_ceil(60) })
        }
        Interruption::Ended => Some(SignInNotice::SessionEnded),
        Interruption::NoSession | Interruption::CodeTooOld { .. } | Interruption::NewPassword => None,
    }
}

pub(super) async fn submit(visit: &Visit<'_>) -> app::Result<Answer> {
    let (app, browser) = (&visit.portal.app, visit.browser());
    let typed = visit.form.text("user_name");
    let again = |notice| visit.see_with(Here::SignIn, Note { user_name: kept(typed), ..News::SignIn(notice).into() });
    // A tab that was left open: the same person has signed in by another one meanwhile.
    if let Some(session) = app.session(&browser).await?
        && is_name_of(typed, &session.account)
    {
        return Ok(visit.see(Here::Target));
    }
    if typed.trim().is_empty() || visit.form.text("password").is_empty() {
        return Ok(again(SignInNotice::CredentialsMissing));
    }
    let form = PasswordForm {
        login: visit.form.secret("user_name"),
        password: visit.form.secret("password"),
        browser: &browser,
    };
    Ok(match app.sign_in(form).await? {
        PasswordOutcome::Refused(PasswordRefusal::BadCredentials) => again(SignInNotice::BadCredentials),
        PasswordOutcome::Refused(PasswordRefusal::WaitUntil(at)) => again(SignInNotice::WaitUntil(at)),
        PasswordOutcome::Refused(PasswordRefusal::Busy) => again(SignInNotice::Busy),
        PasswordOutcome::Pending { cookie, device } => visit
            .see(Here::Code)
            .with(cookie.as_ref().and_then(Visit::pending))
            .with(device.as_ref().and_then(|device| visit.device(device))),
        PasswordOutcome::SignedIn(grant) => visit.signed_in(&grant),
    })
}

fn is_name_of(typed: &str, account: &Account) -> bool {
    let typed = LoginName::parse(typed);
    let mut names = std::iter::once(account.user_name.as_str()).chain(account.email.as_ref().map(EmailAddress::as_str));
    names.any(|name| name == typed.as_str())
}

/// A name as the form may show it again.
pub(super) fn kept(typed: &str) -> String {
    if typed.chars().count() > MOST_NAME { String::new() } else { typed.to_owned() }
}

pub(super) async fn other_account(visit: &Visit<'_>) -> app::Result<Answer> {
    visit.portal.app.abandon(&visit.browser()).await?;
    let answer = visit.see_with(Here::SignIn, News::SignIn(SignInNotice::OtherAccount));
    Ok(answer.with(cookie::set(cookie::SIGN_IN, "", Keep::Remove)))
}

pub(super) async fn show_sign_out(visit: &Visit<'_>) -> app::Result<Answer> {
    if visit.portal.app.session(&visit.browser()).await?.is_none() {
        return Ok(visit.see(Here::SignIn));
    }
    let note = visit.note();
    let frame = visit.frame(Here::SignOut, &note);
    let trusted = visit.portal.app.is_trusted(&visit.browser()).await?;
    let target = stay(visit, &note).as_str().to_owned();
    Ok(visit.page(html(&SignOutPage { frame, target, trusted })))
}

/// Where the person was: the page the link to this one stands on. Not where the next sign-in leads: that may be
/// somebody else's.
fn stay(visit: &Visit<'_>, note: &Note) -> ReturnTo {
    if visit.to != ReturnTo::default() {
        return visit.to.clone();
    }
    let referrer = visit.headers.get(header::REFERER).and_then(|from| from.to_str().ok());
    let origin = visit.client.host.origin();
    let place = referrer.and_then(|from| from.strip_prefix(origin.as_str()));
    ReturnTo::parse(&note.stay).or_else(|| ReturnTo::parse(place?)).unwrap_or_default()
}

/// Longest place that is kept for the link; a longer one leads to the console's first page.
const MOST_PLACE: usize = 1000;

pub(super) async fn sign_out(visit: &Visit<'_>) -> app::Result<Answer> {
    let forget = visit.form.text("forget") == "yes";
    let device = if forget { visit.portal.app.forget_device(&visit.browser()).await? } else { None };
    visit.portal.app.sign_out(&visit.browser()).await?;
    let answer = visit.see_with(Here::SignIn, News::SignIn(SignInNotice::SignedOut));
    let answer = visit
        .without_console_cookies(Answer { clear_cache: true, ..answer })
        .with(device.and_then(|device| visit.device(&device)));
    Ok(visit.forgetting(answer))
}

/// A year: a choice, not a secret.
const LANGUAGE_LASTS: u64 = 365 * 24 * 3600;

/// Back to the same page in the other language, with everything that was typed but secrets.
pub(super) fn switch_language(visit: &Visit<'_>) -> Answer {
    let here = Here::parse(visit.form.text("from")).unwrap_or(Here::Target);
    let form = &visit.form;
    let choice = TypedChoice::read(form);
    let carried = visit.carried_note();
    // What was wrong with a choice is not wrong with another one.
    let stale = matches!(carried.news, Some(News::Choose(_))) && carried.choice.as_ref() != Some(&choice);
    let note = Note {
        news: carried.news.filter(|_| !stale),
        user_name: kept(form.text("user_name")),
        choice: Some(choice).filter(|choice| *choice != TypedChoice::default()),
        invitation: carried.invitation,
        stay: form.text("stay").chars().take(MOST_PLACE).collect(),
        trust: form.text("trust") == "yes",
    };
    let answer = if note == Note::default() { visit.see(here) } else { visit.see_with(here, note) };
    let chosen = language::chosen(form.text("language"));
    answer
        .with(chosen.and_then(|language| cookie::set(cookie::LANGUAGE, language.tag(), Keep::Seconds(LANGUAGE_LASTS))))
}
