//! Evidence that cannot be made up: each proof is created in one place only, and a session needs all that the policy
//! asks for.

use super::{challenge::ChallengeId, rollout::PolicyWaiver};
use crate::{
    account::{AccountId, CredentialVersion, MethodId, MethodKind},
    clock::Timestamp,
    secret::Digest,
    session::{DeviceId, DeviceLabel, SecondStep, Session, SessionId, SessionRecord},
};

/// This account's password was given. Made only by [`password::verify`](super::password::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordProof {
    pub(super) account: AccountId,
    pub(super) credential_version: CredentialVersion,
    pub(super) at: Timestamp,
}

impl PasswordProof {
    /// Whose password it was.
    pub const fn account(&self) -> AccountId {
        self.account
    }
    /// The credentials it was checked against; the sign-in is void once they change.
    pub const fn credential_version(&self) -> CredentialVersion {
        self.credential_version
    }
    /// When it was given.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

/// Somebody is inside a live session of this account; it proves nothing that a new session could be made from. Made only
/// from a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionProof {
    pub(super) account: AccountId,
    pub(super) credential_version: CredentialVersion,
}

impl SessionProof {
    /// Whoever holds this session.
    pub const fn of(session: &Session) -> Self {
        Self { account: session.account(), credential_version: session.credential_version() }
    }
    /// Whose session it is.
    pub const fn account(&self) -> AccountId {
        self.account
    }
    /// The credentials it was made under.
    pub const fn credential_version(&self) -> CredentialVersion {
        self.credential_version
    }
}

/// Who is asked for a code: somebody who signs in, or somebody inside a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    SigningIn(PasswordProof),
    InSession(SessionProof),
}

impl Asked {
    pub(super) const fn account(&self) -> AccountId {
        match self {
            Self::SigningIn(who) => who.account,
            Self::InSession(who) => who.account,
        }
    }
    pub(super) const fn credential_version(&self) -> CredentialVersion {
        match self {
            Self::SigningIn(who) => who.credential_version,
            Self::InSession(who) => who.credential_version,
        }
    }
}

/// One try at a code has been paid for, in the store, before the comparison. Made only by the store's
/// `spend_…_attempt` transactions.
#[derive(Debug)]
#[must_use = "a try that was paid for is for comparing a code"]
pub struct Attempt(());

impl Attempt {
    /// For `store` only (the architecture test says so).
    pub(crate) const fn spent() -> Self {
        Self(())
    }
}

/// The right code was given for a challenge. Made only by `Challenge::check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeProof {
    pub(super) kind: MethodKind,
    pub(super) method: Option<MethodId>,
    pub(super) challenge: Option<ChallengeId>,
    pub(super) totp_step: Option<i64>,
    pub(super) at: Timestamp,
}

impl CodeProof {
    /// The channel it came by.
    pub const fn kind(&self) -> MethodKind {
        self.kind
    }
    /// The enrolled method, or `None` while one is being enrolled.
    pub const fn method(&self) -> Option<MethodId> {
        self.method
    }
    /// For messages the challenge whose code it was, which the store must still take: several sign-ins may know it.
    pub const fn challenge(&self) -> Option<ChallengeId> {
        self.challenge
    }
    /// For apps the matched time step, which the store must still burn (RFC 6238 §5.2).
    pub const fn totp_step(&self) -> Option<i64> {
        self.totp_step
    }
    /// When it was given.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

/// A trusted device stood in for the code. Made only from a record the store has just rotated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceProof {
    device: DeviceId,
    account: AccountId,
    issued_at: Timestamp,
}

impl DeviceProof {
    /// For `store` only: the value was current or the one before, and has been replaced in the same transaction.
    pub(crate) const fn rotated(device: DeviceId, account: AccountId, issued_at: Timestamp) -> Self {
        Self { device, account, issued_at }
    }
    /// Which device.
    pub const fn device(&self) -> DeviceId {
        self.device
    }
    /// Whose trust it is.
    pub const fn account(&self) -> AccountId {
        self.account
    }
}

/// How the second step was passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondStepProof {
    /// By a code, just now.
    Code(CodeProof),
    /// By a browser trusted earlier.
    TrustedDevice(DeviceProof),
    /// Not at all: the rollout does not ask for it yet.
    Waived(PolicyWaiver),
}

/// Both steps are proven: the only thing a session can be made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    who: PasswordProof,
    second: SecondStepProof,
}

/// What a new session takes besides the proofs.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its public name.
    pub id: SessionId,
    /// Keyed digest of the fresh cookie value.
    pub digest: Digest,
    /// The device trusted in this very sign-in, if the box was ticked.
    pub trusted: Option<DeviceId>,
    /// Browser and platform.
    pub browser: DeviceLabel,
}

impl Authenticated {
    /// Both proofs must be of one account; a trust or a waiver of another account is no proof.
    pub(super) fn new(who: PasswordProof, second: SecondStepProof) -> Option<Self> {
        match &second {
            SecondStepProof::TrustedDevice(device) if device.account != who.account => None,
            SecondStepProof::Waived(waiver) if waiver.account() != who.account => None,
            SecondStepProof::TrustedDevice(_) | SecondStepProof::Code(_) | SecondStepProof::Waived(_) => {
                Some(Self { who, second })
            }
        }
    }
    /// Whose sign-in it is.
    pub const fn who(&self) -> &PasswordProof {
        &self.who
    }
    /// How the second step was passed.
    pub const fn second(&self) -> &SecondStepProof {
        &self.second
    }
    /// The one way to a new session.
    pub fn establish(self, new: NewSession, now: Timestamp) -> Session {
        let (second_step, device, mfa_at) = match self.second {
            SecondStepProof::Code(code) => (SecondStep::Code(code.kind), new.trusted, Some(code.at)),
            SecondStepProof::TrustedDevice(device) => {
                (SecondStep::TrustedDevice, Some(device.device), Some(device.issued_at))
            }
            SecondStepProof::Waived(_) => (SecondStep::Waived, None, None),
        };
        Session::from_record(SessionRecord {
            id: new.id,
            digest: new.digest,
            account: self.who.account,
            credential_version: self.who.credential_version,
            second_step,
            device,
            browser: new.browser,
            created_at: now,
            last_used_at: now,
            mfa_at,
        })
    }
}

/// A fresh code was given inside a live session: the session goes on under a new identifier, with the time and the channel
/// of that code. It makes no session where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    who: SessionProof,
    code: CodeProof,
}

impl Renewal {
    pub(super) const fn new(who: SessionProof, code: CodeProof) -> Self {
        Self { who, code }
    }
    /// The code that was given.
    pub const fn code(&self) -> &CodeProof {
        &self.code
    }
    /// The session as it goes on; `None` for a session of another account or of other credentials. Its absolute lifetime
    /// still counts from the sign-in.
    pub fn renew(self, session: &Session, id: SessionId, digest: Digest, now: Timestamp) -> Option<Session> {
        let (second_step, mfa_at) = (SecondStep::Code(self.code.kind), Some(self.code.at));
        (SessionProof::of(session) == self.who)
            .then(|| reissued(session, session.credential_version(), id, digest, second_step, mfa_at, now))
    }
}

/// The session in which somebody changed a credential of the account: every other one ends, this one goes on under a new
/// identifier and the new credentials.
pub fn outlives_change(session: &Session, id: SessionId, digest: Digest, now: Timestamp) -> Session {
    let version = CredentialVersion(session.credential_version().0.saturating_add(1));
    reissued(session, version, id, digest, session.second_step(), session.mfa_at(), now)
}

fn reissued(
    session: &Session,
    credential_version: CredentialVersion,
    id: SessionId,
    digest: Digest,
    second_step: SecondStep,
    mfa_at: Option<Timestamp>,
    now: Timestamp,
) -> Session {
    Session::from_record(SessionRecord {
        id,
        digest,
        account: session.account(),
        credential_version,
        second_step,
        device: session.device(),
        browser: session.browser().clone(),
        created_at: session.created_at(),
        last_used_at: now,
        mfa_at,
    })
}
