//! One pending "enter the code" step, bound to one sign-in and one method.

use std::time::Duration;

use super::{
    passcode::{self, EnteredCode},
    proof::{Attempt, CodeProof},
    totp,
};
use crate::{
    account::{MethodId, MethodKind},
    clock::Timestamp,
    entropy::Entropy,
    keyring::{KeyId, Keyring},
    random_id,
    secret::SecretBytes,
};

random_id!(
    /// Names one challenge; what the outbox holds in place of a code.
    ChallengeId
);

/// Fresh randomness for one challenge; made before the machine runs, used only if it needs a new code.
#[derive(Clone, Debug)]
pub struct ChallengeSeed {
    /// The identifier.
    pub id: ChallengeId,
    /// The 128-bit nonce the code is derived from.
    pub nonce: SecretBytes,
    /// The key it is derived with.
    pub key: KeyId,
}

impl ChallengeSeed {
    /// Draws one, for the key ring's active key.
    pub fn draw(entropy: &dyn Entropy, keyring: &Keyring) -> Self {
        Self {
            id: ChallengeId::random(entropy),
            nonce: SecretBytes::new(crate::entropy::random_bytes::<16>(entropy)),
            key: keyring.active(),
        }
    }
}

/// Why a code was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// Not the code.
    #[error("the code is not right")]
    Wrong,
    /// The right one or not, its time is over.
    #[error("the code has expired")]
    Expired,
    /// An app code whose time step was used before (RFC 6238 §5.2).
    #[error("the code was used before")]
    Reused,
}

/// What the entered code is compared with.
#[derive(Debug)]
pub(super) enum Expected<'a> {
    /// The app's seed and the last step that was used.
    App { seed: &'a SecretBytes, last_step: Option<i64> },
    /// The code derived for a message.
    Message,
}

/// The pending step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub(super) id: ChallengeId,
    pub(super) method: Option<MethodId>,
    pub(super) kind: MethodKind,
    pub(super) nonce: SecretBytes,
    pub(super) key: KeyId,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    /// It took the place of a code that still worked.
    pub(super) supersedes: bool,
}

impl Challenge {
    /// Opens a challenge. For apps the expiry is that of the sign-in, not of the code.
    pub(super) fn open(
        method: Option<MethodId>,
        kind: MethodKind,
        seed: ChallengeSeed,
        lasts: Duration,
        now: Timestamp,
    ) -> Self {
        Self {
            id: seed.id,
            method,
            kind,
            nonce: seed.nonce,
            key: seed.key,
            created_at: now,
            expires_at: now + lasts,
            supersedes: false,
        }
    }

    /// A challenge nobody can meet: no message may go out yet, and none is good.
    pub(super) fn unsent(method: MethodId, kind: MethodKind, seed: ChallengeSeed, now: Timestamp) -> Self {
        Self::open(Some(method), kind, seed, Duration::ZERO, now)
    }

    /// Was a code ever asked for with it?
    pub fn was_sent(&self) -> bool {
        self.expires_at > self.created_at
    }
    /// Its identifier.
    pub const fn id(&self) -> ChallengeId {
        self.id
    }
    /// The channel in use.
    pub const fn kind(&self) -> MethodKind {
        self.kind
    }
    /// The enrolled method it is for; `None` while one is being enrolled.
    pub const fn method(&self) -> Option<MethodId> {
        self.method
    }
    /// Until when a message's code works.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
    /// Did its message take the place of one whose code still worked? Then only the newest counts.
    pub const fn supersedes(&self) -> bool {
        self.supersedes
    }
    /// Is there time left to take a message's code down: more than half of the time that a new one would have? The store
    /// lets a code give way by the same rule.
    pub(super) fn worth_joining(&self, lifetime: Duration, now: Timestamp) -> bool {
        self.expires_at.since(now) > lifetime / 2
    }
    /// Is a message's code over?
    pub fn expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// The digits, for the delivery worker; `None` for apps, for a key that is gone, and after expiry.
    pub fn code(&self, keyring: &Keyring, now: Timestamp) -> Option<passcode::Passcode> {
        if self.kind == MethodKind::App || self.expired(now) {
            return None;
        }
        passcode::derive(keyring, self.key, self.id, &self.nonce)
    }

    /// Compares; the attempt is gone either way.
    pub(super) fn check(
        &self,
        _spent: Attempt,
        entered: &EnteredCode,
        expected: &Expected<'_>,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<CodeProof, CodeRefusal> {
        // While a number is being set up its code belongs to that sign-in alone.
        let challenge = (self.kind != MethodKind::App && self.method.is_some()).then_some(self.id);
        let proof = |totp_step| CodeProof { kind: self.kind, method: self.method, challenge, totp_step, at: now };
        match *expected {
            Expected::App { seed, last_step } => {
                totp::check(seed, entered, now, last_step).map(|step| proof(Some(step)))
            }
            Expected::Message => {
                if self.expired(now) {
                    return Err(CodeRefusal::Expired);
                }
                let code = passcode::derive(keyring, self.key, self.id, &self.nonce).ok_or(CodeRefusal::Expired)?;
                if code.matches(entered) { Ok(proof(None)) } else { Err(CodeRefusal::Wrong) }
            }
        }
    }
}
