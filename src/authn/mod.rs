//! Proving who someone is: pure, synchronous, no storage, no HTTP. Read `sign_in.rs` first. Proofs have no public
//! constructor; a session can be made only from an [`Authenticated`], and an [`Authenticated`] only from proofs.

mod challenge;
mod enrolment;
pub mod passcode;
pub mod password;
mod proof;
mod proving;
mod record;
pub mod recovery;
mod recovery_code;
mod rollout;
mod sign_in;
#[cfg(test)]
mod tests;
pub mod throttle;
pub mod totp;

pub use challenge::{Challenge, ChallengeId, ChallengeSeed, CodeRefusal};
pub use enrolment::{EnrolmentDraft, EnrolmentStep, OpenedBy, ProvenMethod, Ticket, TicketRefusal};
pub use passcode::{EnteredCode, Passcode};
pub use password::{ContextWords, Password, PasswordHash, PasswordProblem};
pub use proof::{
    Attempt, Authenticated, CodeProof, DeviceProof, NewSession, PasswordProof, Renewal, SecondStepProof, SessionProof,
    outlives_change,
};
pub use record::RecordError;
pub use recovery_code::{RECOVERY_CODES, RecoveryCode, recovery_code_digest};
pub use rollout::{Asked, Cohort, Grace, PolicyWaiver, Standing, WaivedBecause};
pub use sign_in::{
    CodeReason, Completion, Context, EnterCode, Input, Messages, Policy, Refusal, Replace, Replacement, SendOrder,
    SignIn, Step, Transition,
};
