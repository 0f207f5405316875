//! The words of notices in English: mails and text messages.

use super::{MailedLink, Words};
use crate::{
    account::{MethodKind, Role},
    delivery::message::{Sender, bracketed_until, clock_from},
    language::Language,
    store::{LinkPurpose, Notice},
};

pub(super) fn not_you(notice: &Notice, sender: &Sender, link: Option<&MailedLink>) -> String {
    if notice.by_an_owner() {
        return "Ask the owner of the seller account, or the person who runs the service.".to_owned();
    }
    let Some(link) = link else { return "Tell the person who runs the service at once.".to_owned() };
    let MailedLink { purpose, address, expires_at } = link;
    let until = bracketed_until(Language::En, sender, *expires_at);
    if *purpose == LinkPurpose::CancelRecovery {
        return format!(
            "Open this page and press the button to cancel the request {until}.\n{address}\n\nSigning in with a code as usual cancels it too."
        );
    }
    let tell = match notice {
        Notice::TwoStepEnabled | Notice::MethodPaused { .. } => "Somebody else may know your password.",
        _ => "Somebody else may have signed in.",
    };
    format!(
        "{tell}\nOpen this page and press the button {until}. It stops your account at once.\n{address}\n\nThen tell the person who runs the service."
    )
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Primary => "primary",
        Role::Backup => "backup",
    }
}

const fn kind_name(kind: MethodKind) -> &'static str {
    match kind {
        MethodKind::App => "authenticator app",
        MethodKind::Sms => "text message",
        MethodKind::Voice => "voice call",
    }
}

#[expect(clippy::too_many_lines, reason = "a table of sentences")]
pub(super) fn words(service: &str, notice: &Notice, sender: &Sender) -> Words {
    const ENDED: &str = "You were signed out everywhere, and no device is trusted any more.";
    let words = |subject, happened: String, next: &str| Words { subject, happened, next: next.to_owned() };
    match notice {
        Notice::TwoStepEnabled => words(
            "Two-step verification is on",
            format!("Two-step verification was turned on for your {service} account."),
            "From your next sign-in you enter a code as well as your password.",
        ),
        Notice::PasswordChanged => words(
            "Your password was changed",
            format!("The password of your {service} account was changed."),
            "Your old password no longer works. Your other devices were signed out, and no device is trusted any more.",
        ),
        Notice::PasswordReset => words(
            "Your password was reset",
            format!("A new password was chosen for your {service} account by a mailed link."),
            &format!(
                "Your old password no longer works. {ENDED}\nYour two-step verification is as it was. For 48 hours you can't replace a way to get a code or use a recovery code."
            ),
        ),
        Notice::PasswordSetByOperator => words(
            "Your password was changed",
            format!("The person who runs the service changed the password of your {service} account."),
            &format!(
                "Your old password no longer works. {ENDED}\nThe person who runs the service will give you the new one."
            ),
        ),
        Notice::SecondStepReset => words(
            "Your two-step verification was reset",
            format!(
                "The person who runs the service removed the primary and backup methods of your {service} account."
            ),
            &format!(
                "{ENDED}\nYour next sign-in asks for a ticket after your password; the person who runs the service will give it to you.\nThen you set up a primary and a backup method again."
            ),
        ),
        Notice::MethodReplaced { role } => words(
            "A way to get your code was changed",
            format!("The {} method of your {service} account was changed.", role_name(*role)),
            "Codes no longer come the old way. Your other devices were signed out, and no device is trusted any more.",
        ),
        Notice::MethodsSwapped => words(
            "Primary and backup were swapped",
            format!("The primary and backup methods of your {service} account were swapped."),
            "From your next sign-in, get your code by the new primary method.",
        ),
        Notice::MethodDisabled { role, kind, ending } => words(
            "A way to get your code was stopped",
            format!(
                "Too many wrong codes were entered, so the {} method ({}{}) of your {service} account was stopped.",
                role_name(*role),
                kind_name(*kind),
                ending.as_ref().map(|digits| format!(" to the number ending {digits}")).unwrap_or_default()
            ),
            "The other method works. Sign in with it and set this one up again in Advanced security settings.",
        ),
        Notice::NewDevice { browser } => words(
            "Sign-in on a new device",
            format!("Somebody signed in to your {service} account on a new device.\n\nDevice: {browser}"),
            "If it was you, there is nothing to do.",
        ),
        Notice::BackupUsed { browser } => words(
            "Sign-in with your backup",
            format!("Somebody signed in to your {service} account with the backup method.\n\nDevice: {browser}"),
            "If it was you, there is nothing to do. If your primary no longer works, change it in Advanced security settings.",
        ),
        Notice::RecoveryCodeUsed => words(
            "A recovery code was used",
            format!("One of the recovery codes of your {service} account was used."),
            "Once both methods are set up anew, the old ones stop working.",
        ),
        Notice::RecoveryCodesRenewed => words(
            "New recovery codes were made",
            format!("New recovery codes were made for your {service} account."),
            "The earlier recovery codes no longer work.",
        ),
        Notice::RecoveryRequested { receipt, ready_at } => words(
            "Account recovery was requested",
            format!(
                "Somebody who knows the password asked for recovery of your {service} account.\n\nReceipt number: {receipt}"
            ),
            &format!(
                "The person who runs the service decides after {}. If they approve, both ways to get a code can be set up anew.",
                clock_from(Language::En, sender, *ready_at)
            ),
        ),
        Notice::RecoveryApproved { receipt } => words(
            "Account recovery was approved",
            format!("The recovery of your {service} account (receipt number {receipt}) was approved."),
            &format!(
                "{ENDED}\nCodes no longer come the old ways. Get the ticket from the person who runs the service and set up both ways again within 24 hours."
            ),
        ),
        Notice::RecoveryRefused { receipt } => words(
            "Account recovery was refused",
            format!("The recovery of your {service} account (receipt number {receipt}) was refused."),
            "Nothing was changed. Ask the person who runs the service if you want to know more.",
        ),
        Notice::RecoveryCancelled { receipt } => words(
            "Account recovery was cancelled",
            format!("The request to recover your {service} account (receipt number {receipt}) was cancelled."),
            "Nothing was changed.",
        ),
        Notice::Recovered => words(
            "Both ways to get your code were set up anew",
            format!("The primary and backup methods of your {service} account were set up anew by account recovery."),
            &format!("Codes no longer come the old ways. {ENDED}"),
        ),
        Notice::EmailChanged => words(
            "Notices go to another address",
            format!("Notices of your {service} account now go to another address."),
            "This address gets no more of them.",
        ),
        Notice::OwnSignInWanted { user } => words(
            "Somebody wants a sign-in of their own",
            format!(
                "Several people seem to use the {service} sign-in \"{user}\". One of them asks for a sign-in of their own."
            ),
            "Invite each of them on the page Users and permissions. Everybody is asked for a code less often, and you see who did what.",
        ),
        Notice::TrustCopied => words(
            "A trusted device may have been copied",
            format!("Somebody else used what makes a device trusted for your {service} account, and your password."),
            "The device is no longer trusted, and whoever was signed in with its trust was signed out. Change your password.",
        ),
        Notice::TrustEnded { all: false } => words(
            "A device is no longer trusted",
            format!("One device of your {service} account is no longer trusted."),
            "It is asked for a code at its next sign-in.",
        ),
        Notice::TrustEnded { all: true } => words(
            "No device is trusted any more",
            format!("No device of your {service} account is trusted any more."),
            "Each is asked for a code at its next sign-in.",
        ),
        Notice::SessionsEnded { all: false } => words(
            "A device was signed out",
            format!("One device was signed out of your {service} account on the settings page."),
            "To use it again, sign in there.",
        ),
        Notice::SessionsEnded { all: true } => words(
            "All other devices were signed out",
            format!("All other devices were signed out of your {service} account on the settings page."),
            "To use them again, sign in there.",
        ),
        Notice::MethodRelabelled { role } => words(
            "A way to get your code has another name",
            format!("The name of the {} method of your {service} account was changed.", role_name(*role)),
            "Codes come the same way as before.",
        ),
        Notice::LanguageChanged { to } => {
            let language = match to {
                Language::Ja => "Japanese",
                Language::En => "English",
            };
            words(
                "Notices come in another language",
                format!("Text messages, calls and mails from {service} were changed to {language}."),
                &format!("Notices come in {language} from now on."),
            )
        }
        Notice::MethodPaused { role, kind, until } => words(
            "A way to get your code is paused",
            format!(
                "Too many wrong codes were entered, so the {} method ({}) of your {service} account is paused.\n\nWorks again: {}",
                role_name(*role),
                kind_name(*kind),
                clock_from(Language::En, sender, *until)
            ),
            "The other method works now. If it was you, wait until then.",
        ),
        Notice::GroupsChanged { groups } => words(
            "Your permissions were changed",
            format!(
                "The owner of the seller account changed your permissions in {service}.\n\nPermissions now: {}",
                if groups.is_empty() { "none".to_owned() } else { sender.labels.list(groups, Language::En) }
            ),
            "There is no need to sign in again.",
        ),
        Notice::Removed { user } => words(
            "Your sign-in was removed",
            format!("The owner of the seller account removed the {service} sign-in \"{user}\"."),
            "This sign-in no longer works.",
        ),
        Notice::TokenCreated { label, until } => words(
            "An access token was made for your account",
            format!(
                "The person who runs the service made an access token for your {service} account. A program that has it acts in your name.\n\nFor: {label}\nWorks until: {}",
                clock_from(Language::En, sender, *until)
            ),
            "If you know what it is for, there is nothing to do.",
        ),
        Notice::Frozen => words(
            "Your account was stopped",
            format!("Your {service} account was stopped, because somebody pressed \"this wasn't me\"."),
            &format!(
                "{ENDED}\nThe old password no longer works. Choose a new one: follow \"Forgot your password?\" on the sign-in page."
            ),
        ),
    }
}

pub(super) const fn short(notice: &Notice) -> &'static str {
    match notice {
        Notice::TwoStepEnabled => "two-step verification was turned on.",
        Notice::PasswordChanged | Notice::PasswordSetByOperator => "your password was changed.",
        Notice::PasswordReset => "your password was reset.",
        Notice::SecondStepReset => "your two-step methods were removed.",
        Notice::MethodReplaced { role: Role::Primary } => "your primary method was changed.",
        Notice::MethodReplaced { role: Role::Backup } => "your backup method was changed.",
        Notice::MethodsSwapped => "your primary and backup were swapped.",
        Notice::MethodDisabled { role: Role::Primary, .. } => "after wrong codes, your primary method was stopped.",
        Notice::MethodDisabled { role: Role::Backup, .. } => "after wrong codes, your backup method was stopped.",
        Notice::NewDevice { .. } => "sign-in on a new device.",
        Notice::BackupUsed { .. } => "sign-in with your backup method.",
        Notice::RecoveryCodeUsed => "a recovery code was used.",
        Notice::RecoveryCodesRenewed => "new recovery codes were made.",
        Notice::RecoveryRequested { .. } => "account recovery was requested. Sign in with a code to cancel it.",
        Notice::RecoveryApproved { .. } => "account recovery was approved.",
        Notice::RecoveryRefused { .. } => "account recovery was refused.",
        Notice::RecoveryCancelled { .. } => "account recovery was cancelled.",
        Notice::Recovered => "both ways to get your code were set up anew.",
        Notice::EmailChanged => "notices now go to another address.",
        Notice::OwnSignInWanted { .. } => "somebody wants a sign-in of their own.",
        Notice::TrustCopied => "somebody else used a trusted device's sign-in. Change your password.",
        Notice::TrustEnded { all: false } => "one device is no longer trusted.",
        Notice::TrustEnded { all: true } => "no device is trusted any more.",
        Notice::SessionsEnded { all: false } => "one device was signed out.",
        Notice::SessionsEnded { all: true } => "all other devices were signed out.",
        Notice::MethodRelabelled { role: Role::Primary } => "your primary method has another name.",
        Notice::MethodRelabelled { role: Role::Backup } => "your backup method has another name.",
        Notice::LanguageChanged { .. } => "notices come in another language.",
        Notice::MethodPaused { role: Role::Primary, .. } => "after wrong codes, your primary method is paused.",
        Notice::MethodPaused { role: Role::Backup, .. } => "after wrong codes, your backup method is paused.",
        Notice::GroupsChanged { .. } => "the owner changed your permissions.",
        Notice::Removed { .. } => "the owner removed your sign-in.",
        Notice::TokenCreated { .. } => "an access token was made for your account.",
        Notice::Frozen => "your account was stopped.",
    }
}
