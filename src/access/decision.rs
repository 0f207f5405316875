//! What the gate says of a request.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;

use super::{
    jar::Jar,
    observe::{Observing, Would},
    rule::{Passage, Requirement, Ruling},
};
use crate::{
    account::{AccountId, Group},
    clock::Timestamp,
    session::{AccessTokenId, SecondStep, SessionId},
};

/// What speaks for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A person's session.
    Session {
        /// Which.
        id: SessionId,
        /// How the second step was passed.
        second_step: SecondStep,
    },
    /// A script's token.
    Token(AccessTokenId),
}

/// The person behind a session, or the account behind a token, with the header values the console gets ready-made.
#[derive(Debug)]
pub struct Principal {
    /// Whose session.
    pub account: AccountId,
    /// What the request showed.
    pub credential: Credential,
    /// When the session's code was given; `None` where it began without one.
    pub code_given_at: Option<Timestamp>,
    /// The account's groups, which rules look at.
    pub member_of: Vec<Group>,
    /// User name.
    pub user: HeaderValue,
    /// E-mail address.
    pub email: Option<HeaderValue>,
    /// Groups, comma-separated; empty when there are none.
    pub groups: HeaderValue,
    /// 1 or 2.
    pub level: HeaderValue,
}

impl Principal {
    /// How the second step was passed; a script has passed none.
    pub const fn second_step(&self) -> Option<SecondStep> {
        match self.credential {
            Credential::Session { second_step, .. } => Some(second_step),
            Credential::Token(_) => None,
        }
    }

    /// Is the code of the session at most this old?
    fn gave_a_code(&self, within: Duration, now: Timestamp) -> bool {
        self.code_given_at.is_some_and(|at| now.since(at) <= within)
    }
}

/// Permission to reach the console. The upstream is chosen only with one in hand; it can be had only from
/// [`Decision::of`] and, where nothing is enforced, from [`Decision::unless_observing`].
#[derive(Clone, Debug)]
pub struct Permit {
    principal: Option<Arc<Principal>>,
    observed: Option<Would>,
    assertion: Option<HeaderValue>,
    jar: Jar,
    passage: Passage,
    console: Option<usize>,
}

impl Permit {
    /// Who is there; `None` on a public path without a session.
    pub const fn principal(&self) -> Option<&Arc<Principal>> {
        self.principal.as_ref()
    }
    /// What enforcing would have done, where it is let through only because nothing is enforced.
    pub const fn observed(&self) -> Option<Would> {
        self.observed
    }
    /// The signed statement about who is there, where there is one.
    pub const fn assertion(&self) -> Option<&HeaderValue> {
        self.assertion.as_ref()
    }
    /// Which of the browser's cookies go along.
    pub const fn jar(&self) -> Jar {
        self.jar
    }
    /// What connections it may make.
    pub const fn passage(&self) -> Passage {
        self.passage
    }
    /// The same permit for these connections.
    #[must_use]
    pub fn with_passage(self, passage: Passage) -> Self {
        Self { passage, ..self }
    }
    /// The console the request goes to, counted from 0. Without one it goes nowhere.
    pub const fn console(&self) -> Option<usize> {
        self.console
    }
    /// The same permit for a browser with these cookies.
    #[must_use]
    pub fn with_jar(self, jar: Jar) -> Self {
        Self { jar, ..self }
    }
    /// The same permit with the signed statement about who is there.
    #[must_use]
    pub fn with_assertion(self, assertion: HeaderValue) -> Self {
        Self { assertion: Some(assertion), ..self }
    }
}

/// The request needs a session and has none that lives, or none that is good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// There was never one, or it is unknown.
    NoSession,
    /// It ended for idleness.
    Idle,
    /// It ended by age, sign-out elsewhere, or a change of credentials.
    Ended,
    /// It lives; its code is older than this, or it began without one.
    CodeTooOld {
        /// How old the rule lets it be.
        within: Duration,
    },
    /// It lives, but its password was not checked to its end: a new one comes first.
    NewPassword,
}

/// The request is refused whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// By rule.
    Rule,
    /// The access token it shows does not open it.
    Token(TokenFault),
}

/// Why an access token does not open a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// It is no token this gateway made.
    Malformed,
    /// It was revoked, or its account is disabled, frozen or gone.
    Unknown,
    /// Its time is over.
    Expired,
    /// It does not come from one of its networks.
    Address,
    /// It is for other paths or methods.
    Scope,
    /// A rule asks for something that only a person can do.
    NeedsAPerson,
}

impl TokenFault {
    /// The word in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Address => "address",
            Self::Scope => "scope",
            Self::NeedsAPerson => "needs_a_person",
        }
    }
}

/// Forward, stop to sign in, or refuse.
#[derive(Clone, Debug)]
pub enum Decision {
    /// To the console.
    Forward(Permit),
    /// To the sign-in.
    Interrupt(Interruption),
    /// Nowhere.
    Deny(Denial),
}

impl Decision {
    /// Where nothing is enforced, a request that would be stopped goes through and says who is there, if somebody is. The
    /// one other place a permit is made; it takes the evidence that the configuration wants this.
    #[must_use]
    pub fn unless_observing(self, observing: Option<Observing>, session: Option<Arc<Principal>>) -> Self {
        let would = match (&self, observing) {
            (Self::Interrupt(Interruption::CodeTooOld { .. }), Some(_)) => Would::AskForCode,
            (Self::Interrupt(_) | Self::Deny(Denial::Token(_)), Some(_)) => Would::AskToSignIn,
            (Self::Deny(_), Some(_)) => Would::Deny,
            (Self::Forward(_), _) | (_, None) => return self,
        };
        let passage = Passage::default();
        Self::Forward(Permit {
            principal: session,
            observed: Some(would),
            assertion: None,
            jar: Jar::Own,
            console: None,
            passage,
        })
    }

    /// The same decision about a request to this console.
    #[must_use]
    pub fn at(self, console: Option<usize>) -> Self {
        match self {
            Self::Forward(permit) => Self::Forward(Permit { console, ..permit }),
            Self::Interrupt(_) | Self::Deny(_) => self,
        }
    }

    /// Rule and session to decision; the one place a permit is made where rules are enforced. `ruling` is the one for the
    /// person behind the session, where somebody is.
    pub fn of(ruling: Ruling, session: Result<Arc<Principal>, Interruption>, now: Timestamp) -> Self {
        let requirement = match (ruling, &session) {
            (Ruling::Needs { requirement, .. }, _) => requirement,
            (Ruling::DependsOnWho { .. }, Err(_)) => Requirement::SignedIn,
            // It is known who it is, and nobody asked the rules about them.
            (Ruling::DependsOnWho { .. }, Ok(_)) => Requirement::Deny,
        };
        let forward = |principal: Option<Arc<Principal>>| {
            // Until it is known that the browser holds nobody else's.
            let jar = Jar::Shared { account: principal.as_ref().map(|principal| principal.account) };
            let passage = Passage::default();
            Self::Forward(Permit { principal, observed: None, assertion: None, jar, passage, console: None })
        };
        match (requirement, session) {
            (Requirement::Deny, _) => Self::Deny(Denial::Rule),
            (Requirement::Public, session) => forward(session.ok()),
            (Requirement::SignedIn | Requirement::Fresh { .. }, Err(interruption)) => Self::Interrupt(interruption),
            (Requirement::SignedIn, Ok(principal)) => forward(Some(principal)),
            (Requirement::Fresh { within }, Ok(principal)) if principal.gave_a_code(within, now) => {
                forward(Some(principal))
            }
            (Requirement::Fresh { within }, Ok(_)) => Self::Interrupt(Interruption::CodeTooOld { within }),
        }
    }
}
