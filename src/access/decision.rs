//! What the gate says of a request.

use std::sync::Arc;

use http::HeaderValue;

use super::{
    observe::{Observing, Would},
    rule::Requirement,
};
use crate::{
    account::AccountId,
    session::{SecondStep, SessionId},
};

/// The person behind a session, with the header values the console gets ready-made.
#[derive(Debug)]
pub struct Principal {
    /// Whose session.
    pub account: AccountId,
    /// Which session.
    pub session: SessionId,
    /// How the second step was passed.
    pub second_step: SecondStep,
    /// User name.
    pub user: HeaderValue,
    /// E-mail address.
    pub email: Option<HeaderValue>,
    /// Groups, comma-separated; empty when there are none.
    pub groups: HeaderValue,
    /// 1 or 2.
    pub level: HeaderValue,
}

/// Permission to reach the console. The upstream is chosen only with one in hand; it can be had only from
/// [`Decision::of`] and, where nothing is enforced, from [`Decision::unless_observing`].
#[derive(Clone, Debug)]
pub struct Permit {
    principal: Option<Arc<Principal>>,
    observed: Option<Would>,
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
}

/// The request needs a session and has none that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// There was never one, or it is unknown.
    NoSession,
    /// It ended for idleness.
    Idle,
    /// It ended by age, sign-out elsewhere, or a change of credentials.
    Ended,
}

/// The request is refused whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// By rule.
    Rule,
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
    /// Where nothing is enforced, a request that would be stopped goes through and says nobody is there. The one other
    /// place a permit is made; it takes the evidence that the configuration wants this.
    #[must_use]
    pub fn unless_observing(self, observing: Option<Observing>) -> Self {
        let would = match (&self, observing) {
            (Self::Interrupt(_), Some(_)) => Would::AskToSignIn,
            (Self::Deny(_), Some(_)) => Would::Deny,
            (Self::Forward(_), _) | (_, None) => return self,
        };
        Self::Forward(Permit { principal: None, observed: Some(would) })
    }

    /// Rule and session to decision; the one place a permit is made where rules are enforced.
    pub fn of(requirement: Requirement, session: Result<Arc<Principal>, Interruption>) -> Self {
        match (requirement, session) {
            (Requirement::Deny, _) => Self::Deny(Denial::Rule),
            (Requirement::Public, session) => Self::Forward(Permit { principal: session.ok(), observed: None }),
            (Requirement::SignedIn, Ok(principal)) => {
                Self::Forward(Permit { principal: Some(principal), observed: None })
            }
            (Requirement::SignedIn, Err(interruption)) => Self::Interrupt(interruption),
        }
    }
}
