//! What a person changes inside a session: the transactions of the security settings and of the fresh code before them.

use super::{
    BeginSignIn, EndRecovery, EndedSession, EndedTrust, EnrolledMethod, MethodState, OutboxItem, Result, SignInId,
    Stale, Store, UsedCode,
};
use crate::{
    account::{AccountId, CredentialVersion, Label, MethodId, MethodKind, MethodPair, Role},
    authn::{PasswordHash, throttle::METHODS_REST_AFTER_RESET},
    clock::Timestamp,
    language::Language,
    secret::Digest,
    session::{DeviceId, DeviceLabel, SecondStep, Session, SessionId},
};

/// The methods of an account with what a page says of them.
#[derive(Clone, Debug)]
pub struct StoredMethods {
    /// The pair.
    pub pair: MethodPair,
    /// State of the primary.
    pub primary: MethodState,
    /// State of the backup.
    pub backup: MethodState,
    /// The last accepted step of the app, where there is one.
    pub app_last_step: Option<i64>,
    /// When the password was last reset by mail.
    pub password_reset_at: Option<Timestamp>,
}

impl StoredMethods {
    /// Until when this one of the two may not be replaced (`product.md` §4); one that was disabled always may.
    pub fn locked_until(&self, role: Role, now: Timestamp) -> Option<Timestamp> {
        let state = match role {
            Role::Primary => self.primary,
            Role::Backup => self.backup,
        };
        let until = self.password_reset_at.map(|at| at + METHODS_REST_AFTER_RESET);
        until.filter(|until| !state.disabled && now < *until)
    }
}

/// Who changes something, and inside which session: nothing is changed when the session has ended or the credentials
/// have changed since it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acting {
    /// Whose settings.
    pub account: AccountId,
    /// The credentials of the session.
    pub credential_version: CredentialVersion,
    /// The session.
    pub session: Digest,
}

impl Acting {
    /// Whoever holds this session.
    pub const fn of(session: &Session) -> Self {
        Self {
            account: session.account(),
            credential_version: session.credential_version(),
            session: *session.digest(),
        }
    }
}

/// A fresh code was given inside a session.
#[derive(Clone, Debug)]
pub struct RenewSession {
    /// The pending code this consumes.
    pub pending: (SignInId, i64),
    /// The session that was asked.
    pub acting: Acting,
    /// The session as it goes on.
    pub session: Session,
    /// What the session has pending besides goes on under the other digest.
    pub carried: (Digest, Digest),
    /// The code of an enrolled method that was right.
    pub used: Option<UsedCode>,
    /// The open recovery request that the code ends.
    pub ends_recovery: Option<EndRecovery>,
    /// The time.
    pub now: Timestamp,
}

/// A new method is proven and takes the place of an old one.
#[derive(Clone, Debug)]
pub struct ReplaceMethod {
    /// The pending replacement this consumes.
    pub pending: (SignInId, i64),
    /// Who replaces it.
    pub acting: Acting,
    /// Which method goes.
    pub old: MethodId,
    /// What comes in its place.
    pub new: EnrolledMethod,
    /// The session as it goes on.
    pub session: Session,
    /// Who is told.
    pub notices: Vec<OutboxItem>,
    /// The time.
    pub now: Timestamp,
}

/// A person chose a new password.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// Who.
    pub acting: Acting,
    /// The new one.
    pub hash: PasswordHash,
    /// The session as it goes on.
    pub session: Session,
    /// Who is told.
    pub notices: Vec<OutboxItem>,
    /// The time.
    pub now: Timestamp,
}

/// What a line of the history says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// Signed in, and how the second step was passed.
    SignedIn(SecondStep),
    /// Somebody gave a wrong password.
    WrongPassword,
    /// Somebody who knew the password gave a wrong code.
    WrongCode(MethodKind),
    /// Somebody showed a copy of a trusted browser's cookie.
    DeviceReplayed,
    /// Somebody who knew the password used a recovery code up.
    RecoveryCodeUsed,
    /// Somebody who knew the password gave a wrong recovery code.
    WrongRecoveryCode,
}

/// One line of the history, to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEvent {
    /// Whose account.
    pub account: AccountId,
    /// What.
    pub what: Happened,
    /// Browser and platform, as the client claims.
    pub browser: DeviceLabel,
    /// The client's network (IPv4 /24, IPv6 /56), as people read it.
    pub network: String,
    /// When.
    pub at: Timestamp,
}

/// One line of the history as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// What; the last time.
    pub event: HistoryEvent,
    /// When it first happened.
    pub first_at: Timestamp,
    /// How often.
    pub times: u32,
}

impl Store {
    /// The methods of an account; `None` when it has none.
    pub async fn methods_of(&self, account: AccountId) -> Result<Option<StoredMethods>> {
        match self {
            Self::Sqlite(s) => s.methods_of(account).await,
        }
    }

    /// Stores what a session has pending, with its message, unless it has the same pending already (`false`): a double
    /// click sends one message. `Stale` when the session ended or the account changed meanwhile.
    pub async fn begin_in_session(
        &self,
        begin: &BeginSignIn,
        acting: &Acting,
        now: Timestamp,
    ) -> Result<std::result::Result<bool, Stale>> {
        match self {
            Self::Sqlite(s) => s.begin_in_session(begin, acting, now).await,
        }
    }

    /// Burns the fresh code and puts the renewed session in the place of the one that was asked, all or nothing.
    pub async fn renew_session(&self, renew: &RenewSession) -> Result<std::result::Result<Vec<EndedSession>, Stale>> {
        match self {
            Self::Sqlite(s) => s.renew_session(renew).await,
        }
    }

    /// Puts a proven method in the place of an old one: ends every other session and all trust, and the present session
    /// goes on renewed. The sessions that ended.
    pub async fn replace_method(
        &self,
        replace: &ReplaceMethod,
    ) -> Result<std::result::Result<Vec<EndedSession>, Stale>> {
        match self {
            Self::Sqlite(s) => s.replace_method(replace).await,
        }
    }

    /// Stores a password the person chose: ends every other session and all trust, and the present session goes on
    /// renewed. The sessions that ended.
    pub async fn change_password(
        &self,
        change: &ChangePassword,
    ) -> Result<std::result::Result<Vec<EndedSession>, Stale>> {
        match self {
            Self::Sqlite(s) => s.change_password(change).await,
        }
    }

    /// Swaps primary and backup; ends nothing. `primary` is the one the person saw in that place: a second click does not
    /// swap them back.
    pub async fn swap_methods(
        &self,
        acting: &Acting,
        primary: MethodId,
        notices: &[OutboxItem],
    ) -> Result<std::result::Result<(), Stale>> {
        match self {
            Self::Sqlite(s) => s.swap_methods(acting, primary, notices).await,
        }
    }

    /// Gives one of the account's methods another name, or none. Who is told is told where the name is another one.
    pub async fn relabel_method(
        &self,
        acting: &Acting,
        method: MethodId,
        label: Option<&Label>,
        notices: &[OutboxItem],
    ) -> Result<std::result::Result<(), Stale>> {
        match self {
            Self::Sqlite(s) => s.relabel_method(acting, method, label, notices).await,
        }
    }

    /// Ends one trust of this account, or all of it, and the other sessions that rest on it. Told where there was any.
    pub async fn end_trust(
        &self,
        acting: &Acting,
        device: Option<DeviceId>,
        notices: &[OutboxItem],
    ) -> Result<std::result::Result<EndedTrust, Stale>> {
        match self {
            Self::Sqlite(s) => s.end_trust(acting, device, notices).await,
        }
    }

    /// Ends one other session of this account, or all others; never the present one. Told where there was any.
    pub async fn end_others(
        &self,
        acting: &Acting,
        session: Option<SessionId>,
        notices: &[OutboxItem],
    ) -> Result<std::result::Result<Vec<EndedSession>, Stale>> {
        match self {
            Self::Sqlite(s) => s.end_others(acting, session, notices).await,
        }
    }

    /// The language of messages and calls. Told where it is another one.
    pub async fn set_language(
        &self,
        acting: &Acting,
        language: Language,
        notices: &[OutboxItem],
    ) -> Result<std::result::Result<(), Stale>> {
        match self {
            Self::Sqlite(s) => s.set_language(acting, language, notices).await,
        }
    }

    /// Notes what happened; the oldest lines of the account make room.
    pub async fn note_history(&self, event: &HistoryEvent) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.note_history(event).await,
        }
    }

    /// What happened at the sign-ins of an account, newest first.
    pub async fn history(&self, account: AccountId) -> Result<Vec<HistoryLine>> {
        match self {
            Self::Sqlite(s) => s.history(account).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        account::{Method, PhoneNumber, Target},
        entropy::SystemEntropy,
        secret::SecretBytes,
    };

    #[test]
    fn methods_rest_for_48_hours_after_a_reset_unless_they_are_disabled() {
        let entropy = SystemEntropy::new();
        let reset = Timestamp::from_secs(1_000_000);
        let method = |target| Method {
            id: MethodId::random(&entropy),
            target,
            label: None,
            added_at: Timestamp::EPOCH,
            last_used_at: None,
        };
        let number = PhoneNumber::parse("090-1234-5678", "JP").unwrap();
        let pair =
            MethodPair::new(method(Target::App(SecretBytes::new([1; 20]))), method(Target::Sms(number))).unwrap();
        let methods = StoredMethods {
            pair,
            primary: MethodState::default(),
            backup: MethodState { disabled: true, ..MethodState::default() },
            app_last_step: None,
            password_reset_at: Some(reset),
        };
        let until = reset + Duration::from_hours(48);
        assert_eq!(methods.locked_until(Role::Primary, reset), Some(until));
        assert_eq!(methods.locked_until(Role::Primary, until - Duration::from_millis(1)), Some(until));
        assert_eq!(methods.locked_until(Role::Primary, until), None);
        assert_eq!(methods.locked_until(Role::Backup, reset), None, "a disabled one is set up again at any time");
        let never = StoredMethods { password_reset_at: None, ..methods };
        assert_eq!(never.locked_until(Role::Primary, reset), None);
    }
}
