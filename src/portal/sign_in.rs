//! The password page, and what is shown to somebody who is signed in already.

use askama::Template;

use super::page::PageFrame;
use crate::clock::Timestamp;

/// What the sign-in page says above its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// The pending sign-in is over.
    StartAgain,
    /// "Use another account" was chosen.
    OtherAccount,
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
            SignInNotice::WaitUntil(at) => frame.timed("notice-password-wait", at),
            SignInNotice::Busy => frame.t("notice-busy"),
            SignInNotice::SessionExpired { minutes } => {
                frame.say("notice-session-expired", &[("minutes", minutes.into())])
            }
            SignInNotice::SessionEnded => frame.t("notice-session-ended"),
            SignInNotice::SignedOut => frame.t("notice-signed-out"),
            SignInNotice::StartAgain => frame.t("notice-start-again"),
            SignInNotice::OtherAccount => frame.t("notice-other-account"),
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
