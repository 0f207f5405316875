//! What people are told of their accounts: a closed list, kept in the outbox as data and put into words when it is sent.

use serde::{Deserialize, Serialize};

use crate::{
    account::{MethodKind, Role},
    clock::Timestamp,
    language::Language,
};

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Two-step verification was enabled.
    TwoStepEnabled,
    /// The person chose a new password in a session.
    PasswordChanged,
    /// A new password was chosen by a mailed link.
    PasswordReset,
    /// An operator set a new password.
    PasswordSetByOperator,
    /// An operator removed both methods.
    SecondStepReset,
    /// A method was replaced by another.
    MethodReplaced {
        /// Which of the two.
        role: Role,
    },
    /// Primary and backup were swapped.
    MethodsSwapped,
    /// Too many wrong codes: a method must be set up again.
    MethodDisabled {
        /// Which of the two.
        role: Role,
        /// Its channel.
        kind: MethodKind,
        /// The last two digits of its number.
        ending: Option<String>,
    },
    /// Somebody signed in on a browser that was not known.
    NewDevice {
        /// Browser and platform, as the browser claims.
        browser: String,
    },
    /// Somebody signed in with the backup.
    BackupUsed {
        /// Browser and platform, as the browser claims.
        browser: String,
    },
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// New recovery codes were made.
    RecoveryCodesRenewed,
    /// Somebody who knows the password can use neither method and asks for recovery.
    RecoveryRequested {
        /// The number to ask with.
        receipt: String,
        /// No decision before then.
        ready_at: Timestamp,
    },
    /// Operators approved it: a ticket was handed out.
    RecoveryApproved {
        /// Its number.
        receipt: String,
    },
    /// An operator refused it.
    RecoveryRefused {
        /// Its number.
        receipt: String,
    },
    /// It was ended by a link or by a sign-in with a code.
    RecoveryCancelled {
        /// Its number.
        receipt: String,
    },
    /// Both methods were set up anew after a recovery.
    Recovered,
    /// Notices go to another address.
    EmailChanged,
    /// To an owner: somebody who shares a sign-in wants one of their own.
    OwnSignInWanted {
        /// User name of the shared sign-in.
        user: String,
    },
    /// Trust was ended in a session.
    TrustEnded {
        /// Of every device, not of one.
        all: bool,
    },
    /// Somebody else has shown a trusted device's value: there is a copy of it.
    TrustCopied,
    /// Other sessions were ended in a session.
    SessionsEnded {
        /// All others, not one.
        all: bool,
    },
    /// A method has another name.
    MethodRelabelled {
        /// Which of the two.
        role: Role,
    },
    /// Notices come in another language; told in the one from before.
    LanguageChanged {
        /// The new one.
        to: Language,
    },
    /// Wrong codes: a method pauses. Whoever gave them knows the password, or holds a session.
    MethodPaused {
        /// Which of the two.
        role: Role,
        /// Its channel.
        kind: MethodKind,
        /// Codes are taken again from then on.
        until: Timestamp,
    },
    /// An owner of the seller account set a member's permissions.
    GroupsChanged {
        /// Those an owner may give that the member has now.
        groups: Vec<String>,
    },
    /// An owner removed the account.
    Removed {
        /// Its user name.
        user: String,
    },
    /// An operator made an access token that acts as the account.
    TokenCreated {
        /// What it is for, in the operator's words.
        label: String,
        /// Not good from then on.
        until: Timestamp,
    },
    /// The account was frozen by a "this wasn't me" link.
    Frozen,
}

impl Notice {
    /// What kind it is, whatever it tells; notices of one kind are counted together.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TwoStepEnabled => "two_step_enabled",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::PasswordSetByOperator => "password_set_by_operator",
            Self::SecondStepReset => "second_step_reset",
            Self::MethodReplaced { .. } => "method_replaced",
            Self::MethodsSwapped => "methods_swapped",
            Self::MethodDisabled { .. } => "method_disabled",
            Self::NewDevice { .. } => "new_device",
            Self::BackupUsed { .. } => "backup_used",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::RecoveryCodesRenewed => "recovery_codes_renewed",
            Self::RecoveryRequested { .. } => "recovery_requested",
            Self::RecoveryApproved { .. } => "recovery_approved",
            Self::RecoveryRefused { .. } => "recovery_refused",
            Self::RecoveryCancelled { .. } => "recovery_cancelled",
            Self::Recovered => "recovered",
            Self::EmailChanged => "email_changed",
            Self::OwnSignInWanted { .. } => "own_sign_in_wanted",
            Self::TrustEnded { .. } => "trust_ended",
            Self::TrustCopied => "trust_copied",
            Self::SessionsEnded { .. } => "sessions_ended",
            Self::MethodRelabelled { .. } => "method_relabelled",
            Self::LanguageChanged { .. } => "language_changed",
            Self::MethodPaused { .. } => "method_paused",
            Self::GroupsChanged { .. } => "groups_changed",
            Self::Removed { .. } => "removed",
            Self::TokenCreated { .. } => "token_created",
            Self::Frozen => "frozen",
        }
    }

    /// Which of the two methods, or which request: two notices of one kind that differ in it are different news.
    pub fn about(&self) -> &str {
        match self {
            Self::MethodReplaced { role }
            | Self::MethodRelabelled { role }
            | Self::MethodDisabled { role, .. }
            | Self::MethodPaused { role, .. } => role.as_str(),
            Self::TokenCreated { label, .. } => label,
            Self::RecoveryRequested { receipt, .. }
            | Self::RecoveryApproved { receipt }
            | Self::RecoveryRefused { receipt }
            | Self::RecoveryCancelled { receipt } => receipt,
            _ => "",
        }
    }

    /// Does it end or take over something of the account? What happens again and again leaves room for these.
    pub const fn of_consequence(&self) -> bool {
        self.grave()
            || matches!(
                self,
                Self::PasswordChanged
                    | Self::PasswordReset
                    | Self::PasswordSetByOperator
                    | Self::MethodReplaced { .. }
                    | Self::RecoveryCodeUsed
                    | Self::EmailChanged
                    | Self::TrustCopied
                    | Self::Removed { .. }
                    | Self::TokenCreated { .. }
                    | Self::Frozen
            )
    }

    /// Was it done by somebody who may do it to this account, so that stopping it is no answer?
    pub const fn by_an_owner(&self) -> bool {
        matches!(self, Self::GroupsChanged { .. } | Self::Removed { .. })
    }

    /// Was it done by an operator, whom to ask before anything is stopped?
    pub const fn by_an_operator(&self) -> bool {
        matches!(self, Self::TokenCreated { .. })
    }

    /// Is it worth a call whatever else tells it?
    pub const fn grave(&self) -> bool {
        matches!(
            self,
            Self::RecoveryRequested { .. }
                | Self::RecoveryApproved { .. }
                | Self::Recovered
                | Self::SecondStepReset
                | Self::MethodReplaced { .. }
                | Self::MethodDisabled { .. }
        )
    }
}
