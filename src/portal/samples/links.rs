//! Mailed links, the password reset, recovery codes and the wait for a first enrolment.

use super::{Pages, frame, minutes};
use crate::{
    authn::PasswordProblem,
    language::Language,
    portal::{
        enrolment::{EnrolLinkPage, EnrolmentLinkNews},
        links::{LinkPage, LinkStage, NewPasswordError},
        page::{Here, PageFrame},
        password_reset::{PasswordResetPage, ResetNews},
        recovery_codes::{RecoveryCodeError, RecoveryCodePage, RecoveryCodesPage, ShownCodes},
    },
};

pub(super) fn links(language: Language, pages: &mut Pages) {
    let frame = || PageFrame { here: Here::Link, ..frame(language) };
    let link = |stage| LinkPage { frame: frame(), stage };
    pages.add("link-not-me", "first", &link(LinkStage::NotMe));
    pages.add("link-frozen", "first", &link(LinkStage::Frozen));
    let user = || "hanako".to_owned();
    pages.add("link-password", "first", &link(LinkStage::NewPassword { user: user(), error: None }));
    let error = Some(NewPasswordError::Refused(PasswordProblem::Common));
    pages.add("link-password", "common", &link(LinkStage::NewPassword { user: user(), error }));
    let error = Some(NewPasswordError::Differ);
    pages.add("link-password", "differ", &link(LinkStage::NewPassword { user: user(), error }));
    pages.add("link-enrolment", "here", &link(LinkStage::Enrolment));
    pages.add("link-enrolment", "elsewhere", &link(LinkStage::EnrolmentElsewhere));
    pages.add("link-cancel", "first", &link(LinkStage::Cancel { receipt: "7Q2M-4KXP".to_owned() }));
    pages.add("link-cancelled", "first", &link(LinkStage::Cancelled));
    pages.add("link-too-late", "first", &link(LinkStage::TooLate));
    let address = "hanako.yamada@example.com".to_owned();
    pages.add("link-email", "first", &link(LinkStage::Email { address }));
    pages.add("link-email-done", "first", &link(LinkStage::EmailDone));
    pages.add("link-email-taken", "first", &link(LinkStage::EmailTaken));
    pages.add("link-over", "first", &link(LinkStage::Over));
    let reset = |news| PasswordResetPage { frame: frame(), news, user_name: String::new() };
    pages.add("password-reset", "named", &PasswordResetPage { user_name: "hanako".to_owned(), ..reset(None) });
    pages.add("password-reset", "first", &reset(None));
    pages.add("password-reset", "taken", &reset(Some(ResetNews::Taken)));
    pages.add("password-reset", "missing", &reset(Some(ResetNews::Missing)));
    pages.add("password-reset", "wait", &reset(Some(ResetNews::WaitUntil(minutes(8)))));
    let code = |error| RecoveryCodePage { frame: frame(), error };
    pages.add("recovery-code", "first", &code(None));
    for (state, error) in [
        ("wrong", RecoveryCodeError::Wrong),
        ("wait", RecoveryCodeError::WaitUntil(minutes(15))),
        ("blocked", RecoveryCodeError::BlockedUntil(minutes(48 * 60))),
    ] {
        pages.add("recovery-code", state, &code(Some(error)));
    }
    let codes = ShownCodes((0..10).map(|n| format!("JBSW-Y3DP-EHPK-3PX{}", ['A', 'B'][n % 2])).collect());
    let target = || "/orders/1042?tab=items".to_owned();
    let page = |codes| RecoveryCodesPage { frame: frame(), codes, replaced: true, target: target() };
    pages.add("recovery-codes", "first", &page(Some((codes, minutes(10)))));
    pages.add("recovery-codes", "over", &page(None));
    let waiting =
        |news| EnrolLinkPage { frame: frame(), mailed_to: "h•••@example.jp".to_owned(), news, grace: None };
    pages.add("enrol-link", "first", &waiting(None));
    pages.add("enrol-link", "sent", &waiting(Some(EnrolmentLinkNews::Sent)));
    pages.add("enrol-link", "wait", &waiting(Some(EnrolmentLinkNews::From(minutes(1)))));
}
