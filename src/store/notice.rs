//! What people are told of their accounts: a closed list, kept in the outbox as data and put into words when it is sent.

use serde::{Deserialize, Serialize};

use crate::{
    account::{MethodKind, Role},
    clock::Timestamp,
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
        /// Its channel.
        kind: MethodKind,
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
    /// The account was frozen by a "this wasn't me" link.
    Frozen,
}

impl Notice {
    /// Is it worth a call to somebody who can be reached by voice only?
    pub const fn grave(&self) -> bool {
        matches!(
            self,
            Self::RecoveryRequested { .. } | Self::RecoveryApproved { .. } | Self::Recovered | Self::SecondStepReset
        )
    }
}
