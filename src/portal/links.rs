//! Mailed links: the address in a mail only moves its token into a sealed cookie, so that none stays in an address, a
//! history or a log; the page behind it has a button, and only that acts. Software that opens links in mails changes
//! nothing.

use askama::Template;
use data_encoding::BASE64URL_NOPAD;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{
    challenge::gone,
    cookie,
    cookie::Keep,
    csrf::Seed,
    notice::{News, Note},
    page::{Here, PageFrame, html},
    password::refused_password,
    sign_in::SignInNotice,
    visit::{Answer, Visit},
};
use crate::{
    app::{self, EmailConfirmed, OpenedLink, ResetOutcome, recovery::CancelOutcome},
    authn::PasswordProblem,
    entropy::Entropy,
    keyring::{Keyring, Place, Purpose},
    store::LinkPurpose,
};

/// Where links in mails lead.
pub(super) const PREFIX: &str = "/.sekisho/link/";
/// The cookie is for the next minutes; the mail still has the link.
const KEPT: u64 = 30 * 60;

const fn place(seed: &Seed) -> Place<'_> {
    Place { table: "form", column: "link", row: seed.bytes() }
}

/// The token in this browser's cookie.
pub(super) fn held(sealed: &str, seed: &Seed, keyring: &Keyring) -> Option<String> {
    let bytes = BASE64URL_NOPAD.decode(sealed.get(..sealed.len().min(512))?.as_bytes()).ok()?;
    let opened = keyring.open(Purpose::SealedField, place(seed), &bytes).ok()?;
    String::from_utf8(opened.expose().to_vec()).ok()
}

fn seal(token: &str, seed: &Seed, keyring: &Keyring, entropy: &dyn Entropy) -> Option<String> {
    let sealed = keyring.seal(Purpose::SealedField, place(seed), token.as_bytes(), entropy).ok()?;
    Some(BASE64URL_NOPAD.encode(&sealed))
}

/// What the page of a link says after its button was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkNews {
    /// The account is frozen.
    Frozen,
    /// The new password cannot be used.
    Password(PasswordProblem),
    /// It was typed twice, and not the same.
    Differ,
    /// The recovery request is cancelled.
    Cancelled,
    /// It was approved before.
    TooLate,
    /// The address is the account's.
    EmailDone,
    /// It is another account's.
    EmailTaken,
}

/// Why a new password was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewPasswordError {
    /// It cannot be used.
    Refused(PasswordProblem),
    /// The two that were typed are not the same.
    Differ,
}

/// What a link is for, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkStage {
    /// The question before freezing.
    NotMe,
    /// Frozen.
    Frozen,
    /// A new password.
    NewPassword {
        /// For the password manager.
        user: String,
        /// Why the last one was not taken.
        error: Option<NewPasswordError>,
    },
    /// A first enrolment that waits in this browser.
    Enrolment,
    /// The same where nothing waits: the password is asked for here.
    EnrolmentElsewhere,
    /// The question before cancelling a recovery request.
    Cancel {
        /// Its receipt number.
        receipt: String,
    },
    /// Cancelled.
    Cancelled,
    /// Approved before it could be cancelled.
    TooLate,
    /// The question before an address is used.
    Email {
        /// The address.
        address: String,
    },
    /// It is used.
    EmailDone,
    /// It is another account's.
    EmailTaken,
    /// Used, over, or never made.
    Over,
}

/// The page of a mailed link.
#[derive(Debug, Template)]
#[template(path = "link.html")]
pub struct LinkPage {
    /// The frame.
    pub frame: PageFrame,
    /// What it is for.
    pub stage: LinkStage,
}

impl LinkPage {
    const fn failed(&self) -> bool {
        matches!(self.stage, LinkStage::NewPassword { error: Some(_), .. })
    }
    fn heading(&self) -> String {
        self.frame.t(match self.stage {
            LinkStage::NotMe => "link-not-me-heading",
            LinkStage::Frozen => "link-frozen-heading",
            LinkStage::NewPassword { .. } => "link-password-heading",
            LinkStage::Enrolment | LinkStage::EnrolmentElsewhere => "link-enrolment-heading",
            LinkStage::Cancel { .. } => "link-cancel-heading",
            LinkStage::Cancelled => "link-cancelled-heading",
            LinkStage::TooLate => "link-too-late-heading",
            LinkStage::Email { .. } => "link-email-heading",
            LinkStage::EmailDone => "link-email-done-heading",
            LinkStage::EmailTaken => "link-email-taken-heading",
            LinkStage::Over => "link-over-heading",
        })
    }
    fn email_lead(&self, address: &str) -> String {
        let values = [("service", self.frame.service().into()), ("address", address.into())];
        self.frame.say("link-email-lead", &values)
    }
    fn error_text(&self) -> Option<String> {
        match self.stage {
            LinkStage::NewPassword { error, .. } => error.map(|error| match error {
                NewPasswordError::Refused(problem) => refused_password(self.frame.language, problem),
                NewPasswordError::Differ => self.frame.t("settings-password-differ"),
            }),
            _ => None,
        }
    }
}

/// Keeps a link for this browser, and none beside it.
pub(super) fn hold(visit: &Visit<'_>, token: &str) -> Option<http::HeaderValue> {
    let app = &visit.portal.app;
    match seal(token, &visit.seed, app.keyring(), &**app.entropy()) {
        Some(sealed) => cookie::set(cookie::LINK, &sealed, Keep::Seconds(KEPT)),
        None => cookie::set(cookie::LINK, "", Keep::Remove),
    }
}

/// Moves the token of the address into the cookie and goes on to the page.
pub(super) fn keep(visit: &Visit<'_>) -> Answer {
    let app = &visit.portal.app;
    let token = visit.link.as_deref().filter(|token| app.keyring().genuine_link(token).is_some());
    let cookie = match token {
        Some(token) => hold(visit, token),
        None => cookie::set(cookie::LINK, "", Keep::Remove),
    };
    let answer = Answer { location: Some(Here::Link.path().to_owned()), ..Answer::new(StatusCode::SEE_OTHER) };
    Answer { no_referrer: true, ..answer }.with(cookie).with(visit.seed.cookie())
}

async fn opened(visit: &Visit<'_>) -> app::Result<Option<OpenedLink>> {
    match visit.link.as_deref() {
        Some(token) => visit.portal.app.open_link(token).await,
        None => Ok(None),
    }
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    let note = visit.note();
    let news = note.link();
    let error = match news {
        Some(LinkNews::Frozen) => return Ok(page(visit, &note, LinkStage::Frozen)),
        Some(LinkNews::Cancelled) => return Ok(page(visit, &note, LinkStage::Cancelled)),
        Some(LinkNews::TooLate) => return Ok(page(visit, &note, LinkStage::TooLate)),
        Some(LinkNews::EmailDone) => return Ok(page(visit, &note, LinkStage::EmailDone)),
        Some(LinkNews::EmailTaken) => return Ok(page(visit, &note, LinkStage::EmailTaken)),
        Some(LinkNews::Password(problem)) => Some(NewPasswordError::Refused(problem)),
        Some(LinkNews::Differ) => Some(NewPasswordError::Differ),
        None => None,
    };
    let stage = match opened(visit).await? {
        None => LinkStage::Over,
        Some(OpenedLink { link, account }) => match (link.purpose, account) {
            (LinkPurpose::NotMe, Some(_)) => LinkStage::NotMe,
            (LinkPurpose::PasswordReset, Some(account)) => {
                LinkStage::NewPassword { user: account.user_name.as_str().to_owned(), error }
            }
            (LinkPurpose::FirstEnrolment, Some(_)) => {
                if visit.portal.app.holds_enrolment_link(&visit.browser()).await? {
                    LinkStage::Enrolment
                } else {
                    LinkStage::EnrolmentElsewhere
                }
            }
            (LinkPurpose::CancelRecovery, Some(_)) => {
                let token = visit.link.as_deref().unwrap_or_default();
                match visit.portal.app.cancel_view(token).await? {
                    Some(view) => LinkStage::Cancel { receipt: view.receipt.as_str().to_owned() },
                    None => LinkStage::Over,
                }
            }
            (LinkPurpose::EmailConfirmation, Some(_)) => match link.mailed_to() {
                Some(address) => LinkStage::Email { address: address.to_string() },
                None => LinkStage::Over,
            },
            (LinkPurpose::Invitation, None) => return Ok(visit.see(Here::Invited)),
            _ => LinkStage::Over,
        },
    };
    Ok(page(visit, &note, stage))
}

fn page(visit: &Visit<'_>, note: &Note, stage: LinkStage) -> Answer {
    visit.page(html(&LinkPage { frame: visit.frame(Here::Link, note), stage }))
}

pub(super) async fn follow(visit: &Visit<'_>) -> app::Result<Answer> {
    let app = &visit.portal.app;
    let Some(token) = visit.link.as_deref() else { return Ok(visit.see(Here::Link)) };
    let Some(OpenedLink { link, .. }) = opened(visit).await? else { return Ok(visit.see(Here::Link)) };
    let spent = || cookie::set(cookie::LINK, "", Keep::Remove);
    Ok(match link.purpose {
        LinkPurpose::NotMe => {
            if app.freeze(token, visit.client.address).await? {
                visit.see_with(Here::Link, News::Link(LinkNews::Frozen)).with(spent())
            } else {
                visit.see(Here::Link)
            }
        }
        LinkPurpose::PasswordReset if !visit.form.repeats("password", "again") => {
            visit.see_with(Here::Link, News::Link(LinkNews::Differ))
        }
        LinkPurpose::PasswordReset => {
            match app.reset_password(token, &visit.form.secret("password"), &visit.browser()).await? {
                ResetOutcome::Done => {
                    visit.see_with(Here::SignIn, News::SignIn(SignInNotice::PasswordReset)).with(spent())
                }
                ResetOutcome::Refused(problem) => visit.see_with(Here::Link, News::Link(LinkNews::Password(problem))),
                ResetOutcome::Gone => visit.see(Here::Link),
            }
        }
        LinkPurpose::FirstEnrolment => {
            if app.open_enrolment(&visit.browser()).await? {
                let arrived = cookie::set(cookie::TO, "", Keep::Remove);
                visit.see(Here::Enrolment).with(spent()).with(arrived)
            } else if app.pending(&visit.browser()).await?.is_some() {
                gone(visit).await?
            } else {
                visit.see(Here::Link)
            }
        }
        LinkPurpose::CancelRecovery => match app.cancel_recovery(token, visit.client.address).await? {
            CancelOutcome::Cancelled(_) => visit.see_with(Here::Link, News::Link(LinkNews::Cancelled)).with(spent()),
            CancelOutcome::TooLate(_) => visit.see_with(Here::Link, News::Link(LinkNews::TooLate)).with(spent()),
            CancelOutcome::Gone => visit.see(Here::Link),
        },
        LinkPurpose::EmailConfirmation => match app.confirm_email(token, &visit.browser()).await? {
            EmailConfirmed::Done => visit.see_with(Here::Link, News::Link(LinkNews::EmailDone)).with(spent()),
            EmailConfirmed::Taken => visit.see_with(Here::Link, News::Link(LinkNews::EmailTaken)),
            EmailConfirmed::Gone => visit.see(Here::Link),
        },
        LinkPurpose::Invitation => visit.see(Here::Link),
    })
}
