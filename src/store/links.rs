//! Mailed links: what each is for, and that it is used once. The token in the mail is derived from the link's random
//! name when the mail is sent; no table ever holds it.

use super::{EndedSession, OutboxItem, Result, Store};
use crate::{
    account::{AccountId, EmailAddress},
    authn::PasswordHash,
    clock::Timestamp,
    keyring::KeyId,
    random_id,
};

random_id!(
    /// Names one mailed link. With the key ring it makes the token; without, it opens nothing.
    LinkId
);

/// What a link is for. A link for one purpose never serves another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Choosing a new password.
    PasswordReset,
    /// The first enrolment of an account.
    FirstEnrolment,
    /// An address for notices is the person's own.
    EmailConfirmation,
    /// A person joins a seller account; it belongs to no account yet.
    Invitation,
    /// "This wasn't me".
    NotMe,
    /// Ends a recovery request.
    CancelRecovery,
}

impl LinkPurpose {
    const ALL: [Self; 6] = [
        Self::PasswordReset,
        Self::FirstEnrolment,
        Self::EmailConfirmation,
        Self::Invitation,
        Self::NotMe,
        Self::CancelRecovery,
    ];

    /// The word in the store and the logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::FirstEnrolment => "first_enrolment",
            Self::EmailConfirmation => "email_confirmation",
            Self::Invitation => "invitation",
            Self::NotMe => "not_me",
            Self::CancelRecovery => "cancel_recovery",
        }
    }

    /// Reads [`as_str`](Self::as_str).
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }
}

/// A link that is good until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub id: LinkId,
    /// The key its token is made with.
    pub key: KeyId,
    /// Whose it is; `None` for a person who has no account yet.
    pub account: Option<AccountId>,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// What it is about, within its purpose: whom it was sent to, an invitation, a request.
    pub subject: Option<String>,
    /// Name of the host where it was asked for; `None`: the main one.
    pub host: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Not good from then on.
    pub expires_at: Timestamp,
}

impl Link {
    /// Asked for at the host of this name.
    #[must_use]
    pub fn at_host(self, host: &str) -> Self {
        Self { host: Some(host.to_owned()), ..self }
    }

    /// The address a link of a notice was mailed to, or the one a confirmation is about.
    pub fn mailed_to(&self) -> Option<EmailAddress> {
        match self.purpose {
            LinkPurpose::NotMe | LinkPurpose::EmailConfirmation => {
                self.subject.as_deref().and_then(|text| EmailAddress::kept(text).ok())
            }
            _ => None,
        }
    }
}

/// "This wasn't me" was pressed.
#[derive(Clone, Debug)]
pub struct Freeze {
    /// The link that says so.
    pub link: LinkId,
    /// Whose it is.
    pub account: AccountId,
    /// Who is told.
    pub notices: Vec<OutboxItem>,
    /// The time.
    pub now: Timestamp,
}

/// A new password by a mailed link.
#[derive(Clone, Debug)]
pub struct ResetPassword {
    /// The link.
    pub link: LinkId,
    /// Whose it is.
    pub account: AccountId,
    /// Of the new password.
    pub hash: PasswordHash,
    /// Who is told.
    pub notices: Vec<OutboxItem>,
    /// The time.
    pub now: Timestamp,
}

impl Store {
    /// Uses the link up and replaces the password: sessions, trust and pending sign-ins end, a frozen account is open
    /// again, the methods stay. `None` when the link is not good any more.
    pub async fn reset_password(&self, reset: &ResetPassword) -> Result<Option<Vec<EndedSession>>> {
        match self {
            Self::Sqlite(s) => s.reset_password(reset).await,
        }
    }

    /// Reads a link that is good; looking at it uses nothing up.
    pub async fn link(&self, id: LinkId, now: Timestamp) -> Result<Option<Link>> {
        match self {
            Self::Sqlite(s) => s.link(id, now).await,
        }
    }

    /// The addresses that have a "this wasn't me" of this account: its own, and those it had before.
    pub async fn mailboxes_told(&self, account: AccountId, now: Timestamp) -> Result<Vec<EmailAddress>> {
        match self {
            Self::Sqlite(s) => s.mailboxes_told(account, now).await,
        }
    }

    /// Uses the link up and freezes its account: sessions, trust, pending sign-ins, tickets, recovery requests and
    /// every link mailed so far end, but for "this wasn't me" in a mailbox the account had before this one; and the password proves nothing until it is chosen anew. The account has the address
    /// again that the link was mailed to. `None` when the link is not good any more.
    pub async fn freeze(&self, freeze: &Freeze) -> Result<Option<Vec<EndedSession>>> {
        match self {
            Self::Sqlite(s) => s.freeze(freeze).await,
        }
    }
}
