//! Security events: a closed list, each written as one line under the `audit` target. An event names accounts,
//! sessions and devices by identifier and never carries what a person typed.

use std::net::IpAddr;

/// Where an event came from.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// A browser at this address.
    Client(IpAddr),
    /// The command line or the administration socket.
    Operator,
    /// The gateway itself.
    Gateway,
}

/// How a second step was passed or refused, in one word.
pub type Word = &'static str;

/// What happened.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A password was right; the second step is due.
    PasswordAccepted {
        /// Whose.
        account: &'a str,
    },
    /// A right password was longer than its imported bcrypt hash reads. The hash stays until the password is changed.
    PasswordCutShort {
        /// Whose.
        account: &'a str,
    },
    /// A name or a password was wrong. `account` is set where the name exists.
    PasswordRefused {
        /// Whose, if anybody's.
        account: Option<&'a str>,
    },
    /// A try was refused without being checked.
    PasswordThrottled {
        /// Whose, if anybody's.
        account: Option<&'a str>,
        /// `account`, `address` or `prefix`.
        by: Word,
    },
    /// A code was right.
    CodeAccepted {
        /// Whose.
        account: &'a str,
        /// Channel.
        method: Word,
        /// `primary` or `backup`.
        role: Word,
    },
    /// A code was not accepted.
    CodeRefused {
        /// Whose.
        account: &'a str,
        /// Channel.
        method: Word,
        /// `wrong`, `expired`, `reused`, `paused`, `disabled`.
        reason: Word,
    },
    /// A code was ordered.
    CodeOrdered {
        /// Whose.
        account: &'a str,
        /// Channel.
        method: Word,
    },
    /// Both methods were proven. A warning where nothing but the password opened the enrolment: the operator is told.
    Enrolled {
        /// Whose.
        account: &'a str,
        /// Channel of the primary.
        primary: Word,
        /// Channel of the backup.
        backup: Word,
        /// What opened it: `password`, `ticket`, `mailed_link`, `recovery`.
        opened_by: Word,
    },
    /// Enrolling was put off, as the rollout allows.
    EnrolmentPutOff {
        /// Whose.
        account: &'a str,
    },
    /// Somebody was invited to a seller account, or sent the link again.
    UserInvited {
        /// The owner; none where an operator invites.
        by: Option<&'a str>,
        /// Which invitation.
        invitation: &'a str,
    },
    /// An invitation was taken back.
    InvitationWithdrawn {
        /// The owner.
        by: &'a str,
        /// Which invitation.
        invitation: &'a str,
    },
    /// An invited person made an account.
    InvitationAccepted {
        /// Which account.
        account: &'a str,
    },
    /// An owner set a member's groups.
    GroupsChanged {
        /// The owner.
        by: &'a str,
        /// Whose.
        account: &'a str,
        /// All of them now, separated by commas.
        groups: &'a str,
    },
    /// An owner removed a member.
    UserRemoved {
        /// The owner.
        by: &'a str,
        /// Whom.
        account: &'a str,
    },
    /// An enrolment ticket was typed.
    TicketShown {
        /// Whose enrolment.
        account: &'a str,
        /// Was it the right one, in time?
        accepted: bool,
    },
    /// A session began.
    SessionStarted {
        /// Whose.
        account: &'a str,
        /// Which.
        session: &'a str,
        /// A channel, or `trusted_device`.
        second_step: Word,
    },
    /// A fresh code was given inside a session, which goes on under a new identifier.
    SessionRenewed {
        /// Whose.
        account: &'a str,
        /// Which it was.
        session: &'a str,
        /// Which it is now.
        renewed: &'a str,
        /// The channel.
        second_step: Word,
    },
    /// A session ended before its time.
    SessionEnded {
        /// Whose.
        account: &'a str,
        /// Which.
        session: &'a str,
        /// `sign_out`, `replaced`, `operator`, `credentials`, `trust`.
        reason: Word,
    },
    /// A person swapped primary and backup.
    MethodsSwapped {
        /// Whose.
        account: &'a str,
    },
    /// A person replaced a method.
    MethodReplaced {
        /// Whose.
        account: &'a str,
        /// `primary` or `backup`.
        role: Word,
        /// Channel of the new one.
        method: Word,
    },
    /// A person changed the own password.
    PasswordChanged {
        /// Whose.
        account: &'a str,
    },
    /// A person asked for another address for notices; a link was mailed to it.
    EmailRequested {
        /// Whose.
        account: &'a str,
    },
    /// The link was opened: the account has another address.
    EmailChanged {
        /// Whose.
        account: &'a str,
    },
    /// A browser was trusted.
    DeviceTrusted {
        /// Whose.
        account: &'a str,
        /// Which.
        device: &'a str,
    },
    /// A replaced value of a trusted device was shown: somebody has a copy.
    DeviceReplayed {
        /// Whose.
        account: &'a str,
        /// Which.
        device: &'a str,
    },
    /// Trust was ended by an operator.
    DeviceRevoked {
        /// Whose, where one account is named.
        account: Option<&'a str>,
        /// Which, where one is named.
        device: Option<&'a str>,
    },
    /// An account was made.
    AccountCreated {
        /// Which.
        account: &'a str,
    },
    /// Accounts were imported, with the password hashes they had elsewhere.
    AccountsImported {
        /// How many.
        accounts: usize,
    },
    /// Names, address, groups or language of an account were changed.
    AccountEdited {
        /// Which.
        account: &'a str,
    },
    /// An account was deleted. Its identifier, which says nothing by itself, is all that is left of it.
    AccountDeleted {
        /// Which.
        account: &'a str,
    },
    /// An account was disabled.
    AccountDisabled {
        /// Which.
        account: &'a str,
    },
    /// An account may sign in again.
    AccountEnabled {
        /// Which.
        account: &'a str,
    },
    /// An operator set a password.
    PasswordSet {
        /// Whose.
        account: &'a str,
    },
    /// An operator removed both methods.
    SecondStepReset {
        /// Whose.
        account: &'a str,
    },
    /// Somebody who gave the password asks for recovery.
    RecoveryRequested {
        /// Whose account.
        account: &'a str,
        /// Receipt number.
        request: &'a str,
    },
    /// An operator approves.
    RecoveryApproved {
        /// Whose account.
        account: &'a str,
        /// Receipt number.
        request: &'a str,
        /// As the kernel knows the operator.
        operator: &'a str,
        /// It was the last approval needed: the methods are gone and a ticket was shown.
        completes: bool,
    },
    /// An operator says no.
    RecoveryRefused {
        /// Whose account.
        account: &'a str,
        /// Receipt number.
        request: &'a str,
        /// As the kernel knows the operator.
        operator: &'a str,
    },
    /// The request ended undecided.
    RecoveryCancelled {
        /// Whose account.
        account: &'a str,
        /// Receipt number.
        request: &'a str,
        /// `link`, `code`, …
        by: Word,
    },
    /// A link to a new password was asked for. `account` is set where the name exists.
    PasswordResetRequested {
        /// Whose, if anybody's.
        account: Option<&'a str>,
    },
    /// A new password was chosen by a mailed link.
    PasswordReset {
        /// Whose.
        account: &'a str,
    },
    /// Recovery codes were made; earlier ones are void.
    RecoveryCodesMade {
        /// Whose.
        account: &'a str,
    },
    /// A recovery code was typed.
    RecoveryCodeShown {
        /// Whose sign-in it was.
        account: &'a str,
        /// Was it one of the account's?
        accepted: bool,
    },
    /// Somebody pressed "this wasn't me".
    AccountFrozen {
        /// Whose.
        account: &'a str,
    },
    /// What a form sent, and what had to wait for a sign-in.
    RequestHeld {
        /// Whose.
        account: &'a str,
        /// Which.
        request: &'a str,
        /// `kept`, `sent`, `discarded`.
        what: Word,
    },
    /// An operator made a token for a script.
    TokenCreated {
        /// As whom it acts.
        account: &'a str,
        /// Which.
        token: &'a str,
    },
    /// An operator ended one.
    TokenRevoked {
        /// As whom it acted.
        account: &'a str,
        /// Which.
        token: &'a str,
    },
    /// A token that is good was shown where it is not: somebody may have a copy.
    TokenRefused {
        /// As whom it acts.
        account: &'a str,
        /// Which.
        token: &'a str,
        /// `address`.
        reason: Word,
    },
    /// A form came from another site, or its token was not ours.
    CrossSiteForm,
    /// The console tried to set one of our cookies.
    UpstreamCookieDropped,
}

impl Event<'_> {
    /// Writes the event.
    #[expect(clippy::too_many_lines, reason = "one arm for each event")]
    pub fn record(&self, origin: Origin) {
        let address = match origin {
            Origin::Client(address) => Some(address.to_string()),
            Origin::Operator | Origin::Gateway => None,
        };
        let from = match origin {
            Origin::Client(_) => "client",
            Origin::Operator => "operator",
            Origin::Gateway => "gateway",
        };
        macro_rules! event {
            ($level:ident, $name:literal $(, $field:ident = $value:expr)*) => {
                tracing::$level!(target: "audit", event = $name, from, address $(, $field = $value)*)
            };
        }
        match *self {
            Self::PasswordAccepted { account } => event!(info, "password_accepted", account = account),
            Self::PasswordCutShort { account } => event!(warn, "password_cut_short", account = account),
            Self::PasswordRefused { account } => event!(warn, "password_refused", account = account),
            Self::PasswordThrottled { account, by } => event!(warn, "password_throttled", account = account, by = by),
            Self::CodeAccepted { account, method, role } => {
                event!(info, "code_accepted", account = account, method = method, role = role);
            }
            Self::CodeRefused { account, method, reason } => {
                event!(warn, "code_refused", account = account, method = method, reason = reason);
            }
            Self::CodeOrdered { account, method } => event!(info, "code_ordered", account = account, method = method),
            Self::Enrolled { account, primary, backup, opened_by: alone @ "password" } => {
                event!(warn, "enrolled", account = account, primary = primary, backup = backup, opened_by = alone);
            }
            Self::Enrolled { account, primary, backup, opened_by } => {
                event!(info, "enrolled", account = account, primary = primary, backup = backup, opened_by = opened_by);
            }
            Self::EnrolmentPutOff { account } => event!(info, "enrolment_put_off", account = account),
            Self::UserInvited { by, invitation } => {
                event!(warn, "user_invited", by = by, invitation = invitation);
            }
            Self::InvitationWithdrawn { by, invitation } => {
                event!(info, "invitation_withdrawn", by = by, invitation = invitation);
            }
            Self::InvitationAccepted { account } => event!(warn, "invitation_accepted", account = account),
            Self::GroupsChanged { by, account, groups } => {
                event!(warn, "groups_changed", by = by, account = account, groups = groups);
            }
            Self::UserRemoved { by, account } => event!(warn, "user_removed", by = by, account = account),
            Self::TicketShown { account, accepted } => {
                event!(warn, "ticket_shown", account = account, accepted = accepted);
            }
            Self::SessionStarted { account, session, second_step } => {
                event!(info, "session_started", account = account, session = session, second_step = second_step);
            }
            Self::SessionRenewed { account, session, renewed, second_step } => {
                event!(
                    info,
                    "session_renewed",
                    account = account,
                    session = session,
                    renewed = renewed,
                    second_step = second_step
                );
            }
            Self::SessionEnded { account, session, reason } => {
                event!(info, "session_ended", account = account, session = session, reason = reason);
            }
            Self::MethodsSwapped { account } => event!(warn, "methods_swapped", account = account),
            Self::MethodReplaced { account, role, method } => {
                event!(warn, "method_replaced", account = account, role = role, method = method);
            }
            Self::PasswordChanged { account } => event!(warn, "password_changed", account = account),
            Self::EmailRequested { account } => event!(info, "email_requested", account = account),
            Self::EmailChanged { account } => event!(warn, "email_changed", account = account),
            Self::DeviceTrusted { account, device } => {
                event!(info, "device_trusted", account = account, device = device);
            }
            Self::DeviceReplayed { account, device } => {
                event!(warn, "device_replayed", account = account, device = device);
            }
            Self::DeviceRevoked { account, device } => {
                event!(info, "device_revoked", account = account, device = device);
            }
            Self::AccountCreated { account } => event!(info, "account_created", account = account),
            Self::AccountsImported { accounts } => event!(warn, "accounts_imported", accounts = accounts),
            Self::AccountEdited { account } => event!(warn, "account_edited", account = account),
            Self::AccountDeleted { account } => event!(warn, "account_deleted", account = account),
            Self::AccountDisabled { account } => event!(warn, "account_disabled", account = account),
            Self::AccountEnabled { account } => event!(warn, "account_enabled", account = account),
            Self::PasswordSet { account } => event!(warn, "password_set", account = account),
            Self::SecondStepReset { account } => event!(warn, "second_step_reset", account = account),
            Self::RecoveryRequested { account, request } => {
                event!(warn, "recovery_requested", account = account, request = request);
            }
            Self::RecoveryApproved { account, request, operator, completes } => {
                event!(
                    warn,
                    "recovery_approved",
                    account = account,
                    request = request,
                    operator = operator,
                    completes = completes
                );
            }
            Self::RecoveryRefused { account, request, operator } => {
                event!(warn, "recovery_refused", account = account, request = request, operator = operator);
            }
            Self::RecoveryCancelled { account, request, by } => {
                event!(warn, "recovery_cancelled", account = account, request = request, by = by);
            }
            Self::PasswordResetRequested { account } => {
                event!(info, "password_reset_requested", account = account);
            }
            Self::PasswordReset { account } => event!(warn, "password_reset", account = account),
            Self::RecoveryCodesMade { account } => event!(warn, "recovery_codes_made", account = account),
            Self::RecoveryCodeShown { account, accepted } => {
                event!(warn, "recovery_code_shown", account = account, accepted = accepted);
            }
            Self::AccountFrozen { account } => event!(warn, "account_frozen", account = account),
            Self::RequestHeld { account, request, what } => {
                event!(info, "request_held", account = account, request = request, what = what);
            }
            Self::TokenCreated { account, token } => event!(warn, "token_created", account = account, token = token),
            Self::TokenRevoked { account, token } => event!(warn, "token_revoked", account = account, token = token),
            Self::TokenRefused { account, token, reason } => {
                event!(warn, "token_refused", account = account, token = token, reason = reason);
            }
            Self::CrossSiteForm => event!(warn, "cross_site_form"),
            Self::UpstreamCookieDropped => event!(warn, "upstream_cookie_dropped"),
        }
    }
}
