//! The sign-in machine. A [`SignIn`] exists only after the password was proven; `advance` consumes it, so an old state
//! cannot be used again; `Complete` carries the proofs a session is made from. No input, no clock and no storage here:
//! the caller reads, calls `advance`, and commits what comes back in one transaction.

use std::time::Duration;

use super::{
    challenge::{Challenge, ChallengeId, ChallengeSeed, CodeRefusal, Expected},
    enrolment::{EnrolmentDraft, EnrolmentStep, OpenedBy, ProvenMethod, Ticket, TicketRefusal},
    passcode::EnteredCode,
    proof::{Asked, Attempt, Authenticated, DeviceProof, PasswordProof, Renewal, SecondStepProof, SessionProof},
    proving::{advance_enrolment, advance_replacement},
    rollout::{PolicyWaiver, Standing},
};
use crate::{
    account::{
        AccountId, CredentialVersion, MethodId, MethodKind, MethodPair, NewMethod, PairError, PhoneNumber, Role, Target,
    },
    clock::Timestamp,
    keyring::Keyring,
    secret::SecretString,
};

/// A pending sign-in, or a fresh code that a live session was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// The account has its two methods: a code is asked.
    EnterCode(EnterCode),
    /// The account has none yet: it sets them up.
    Enrol {
        /// Whose password was given.
        who: PasswordProof,
        /// How far it has come.
        draft: EnrolmentDraft,
        /// What opened it beside the password.
        by: OpenedBy,
    },
    /// Inside a session: one of the two methods is being replaced. The old one stays until the new one is proven.
    Replace(Replace),
}

/// A method on its way to the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replace {
    pub(super) who: SessionProof,
    /// Which method goes; a replacement begun for another is none of this one's.
    pub(super) old: MethodId,
    /// What was chosen and its pending code.
    pub(super) proving: Option<(NewMethod, Challenge)>,
}

/// A new method is proven and takes the place of the old one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// Which method goes.
    pub old: MethodId,
    /// What comes in its place.
    pub new: ProvenMethod,
}

/// The code page's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnterCode {
    pub(super) who: Asked,
    pub(super) reason: CodeReason,
    pub(super) role: Role,
    pub(super) challenge: Challenge,
}

/// Why a code is asked; the page says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeReason {
    /// No trust was ever given to this browser for this account.
    NewBrowser,
    /// The trust ended then.
    TrustEnded(Timestamp),
    /// The trust was withdrawn, or the account's credentials changed since.
    TrustVoid,
    /// Inside a session: what the person wants to do needs a fresh code.
    FreshCode,
}

/// The durations the machine goes by.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How long an SMS or voice code works.
    pub code_lifetime: Duration,
    /// How long a pending sign-in lives.
    pub sign_in_lifetime: Duration,
}

/// What one `advance` may look at.
#[derive(Debug)]
pub struct Context<'a> {
    /// Durations.
    pub policy: &'a Policy,
    /// Derives message codes.
    pub keyring: &'a Keyring,
    /// The account's pair, where it has one.
    pub pair: Option<&'a MethodPair>,
    /// The last accepted step of the account's app, where it has one.
    pub app_last_step: Option<i64>,
    /// What an enrolment has to show first, where an operator removed the methods.
    pub ticket: Option<&'a Ticket>,
    /// What the store knows of the messages to the two methods.
    pub messages: Messages<'a>,
    /// What the rollout asks of an account without methods.
    pub standing: Standing,
    /// The time.
    pub now: Timestamp,
}

/// The codes by message that are good now in this browser, and whether one more may be sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Messages<'a> {
    /// The primary's.
    pub primary: Option<&'a Challenge>,
    /// The backup's.
    pub backup: Option<&'a Challenge>,
    /// The store said that no message may go out yet: what is good is used, and nothing is sent.
    pub withheld: bool,
}

impl<'a> Messages<'a> {
    const fn of(&self, role: Role) -> Option<&'a Challenge> {
        match role {
            Role::Primary => self.primary,
            Role::Backup => self.backup,
        }
    }

    /// The code of this very method that still works.
    fn good(&self, role: Role, method: MethodId, now: Timestamp) -> Option<&'a Challenge> {
        self.of(role).filter(|code| code.method == Some(method) && !code.expired(now))
    }
}

/// What can happen to a pending sign-in.
#[derive(Debug)]
pub enum Input {
    /// A code was typed; the try is already paid for.
    Code {
        /// Evidence of payment.
        attempt: Attempt,
        /// The digits.
        entered: EnteredCode,
    },
    /// Send the code again: the same one while it works, else a new one.
    SendAgain(ChallengeSeed),
    /// The same number by another channel (SMS to voice or back).
    SwitchChannel(MethodKind, ChallengeSeed),
    /// Use the other method of the pair.
    UseRole(Role, ChallengeSeed),
    /// Enrolment: the ticket was typed; the try is already paid for.
    Ticket {
        /// Evidence of payment.
        attempt: Attempt,
        /// As typed.
        typed: SecretString,
    },
    /// Enrolment: go on from the question to the choice.
    BeginEnrolment,
    /// Enrolment: this method, please.
    Choose(NewMethod, ChallengeSeed),
    /// Enrolment: back to the choice.
    ChooseAgain,
    /// Enrolment: not today, while the rollout allows it.
    Later,
    /// Enrolment: the mailed link was opened. The caller uses the link up in the transaction that stores the next state.
    LinkOpened,
    /// The code page: a recovery code or a recovery ticket was right; both methods are set up anew. The caller uses it up
    /// in the transaction that stores the next state.
    Recovered,
}

/// A message to send once the new state is stored. It names the challenge, never the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendOrder {
    /// Which code.
    pub challenge: ChallengeId,
    /// SMS or voice.
    pub kind: MethodKind,
    /// Where to.
    pub to: PhoneNumber,
    /// Until when it is worth sending.
    pub expires_at: Timestamp,
}

/// What a finished sign-in leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Both proofs.
    pub authenticated: Authenticated,
    /// The pair that was enrolled in this sign-in, to be stored with the session.
    pub enrolled: Option<MethodPair<ProvenMethod>>,
    /// What opened the enrolment beside the password. After a recovery the pair takes the place of the earlier one.
    pub opened_by: OpenedBy,
}

/// Where an input leads.
#[expect(clippy::large_enum_variant, reason = "made once a form and taken apart at once")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Still pending.
    Continue(SignIn),
    /// Both steps are proven.
    Complete(Box<Completion>),
    /// The fresh code was given: the session goes on renewed.
    Renew(Renewal),
    /// The new method is proven.
    Replaced(Box<Replacement>),
}

/// The next step, and a message if one is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Where it leads.
    pub step: Step,
    /// What to send.
    pub send: Option<SendOrder>,
}

/// Why an input was not taken; the sign-in stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The code was not accepted.
    #[error(transparent)]
    Code(#[from] CodeRefusal),
    /// The ticket was not accepted.
    #[error(transparent)]
    Ticket(#[from] TicketRefusal),
    /// The next message may be sent from then on; the store said so.
    #[error("the next message may be sent at {0}")]
    SendAgainAt(Timestamp),
    /// All messages of this flow are sent; from then on it begins again. The store said so.
    #[error("no more messages until {0}")]
    NoMoreSends(Timestamp),
    /// Nothing is sent to this number; the configuration or the store said so.
    #[error("nothing is sent to this number")]
    NotThere,
    /// The method cannot be used, or not with the other one.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The input does not belong to this state: a stale page. The current page is shown instead.
    #[error("that is not what this sign-in is waiting for")]
    OutOfStep,
}

impl SignIn {
    /// The password is proven: a trusted device completes at once, a pair asks for a code by its primary, an account
    /// without one enrols, unless the rollout does not ask yet. Whoever lost the methods shows the ticket first.
    pub fn begin(
        who: PasswordProof,
        device: Option<DeviceProof>,
        reason: CodeReason,
        ctx: &Context<'_>,
        seed: ChallengeSeed,
    ) -> Result<Transition, Refusal> {
        let Some(pair) = ctx.pair else {
            // A trust without methods is of older credentials: it proves nothing.
            if ctx.ticket.is_none()
                && let Some(waiver) = PolicyWaiver::not_yet(&who, ctx.standing)
            {
                return waived(who, waiver);
            }
            let draft = if ctx.ticket.is_some() { EnrolmentDraft::AwaitingTicket } else { EnrolmentDraft::Introduced };
            let enrol = Self::Enrol { who, draft, by: OpenedBy::Password };
            return Ok(Transition { step: Step::Continue(enrol), send: None });
        };
        if let Some(device) = device
            && let Some(authenticated) = Authenticated::new(who.clone(), SecondStepProof::TrustedDevice(device))
        {
            let done = Completion { authenticated, enrolled: None, opened_by: OpenedBy::Password };
            return Ok(Transition { step: Step::Complete(Box::new(done)), send: None });
        }
        Ok(open_for_role(Asked::SigningIn(who), reason, Role::Primary, pair, ctx, seed))
    }

    /// A live session is asked for a fresh code, by the primary first. An account without methods has none to give.
    pub fn ask_session(who: SessionProof, ctx: &Context<'_>, seed: ChallengeSeed) -> Result<Transition, Refusal> {
        let pair = ctx.pair.ok_or(Refusal::OutOfStep)?;
        let asked = Asked::InSession(who);
        Ok(open_for_role(asked, CodeReason::FreshCode, Role::Primary, pair, ctx, seed))
    }

    /// A session begins to replace one of the two methods.
    pub const fn replace(who: SessionProof, old: MethodId) -> Self {
        Self::Replace(Replace { who, old, proving: None })
    }

    /// The same while the two methods changed places, for the code that was asked for is still the code of its method;
    /// and with the method's newest code by message in this browser: there is one that counts.
    #[must_use]
    pub fn following(self, pair: Option<&MethodPair>, messages: &Messages<'_>) -> Self {
        let (Self::EnterCode(state), Some(pair)) = (&self, pair) else { return self };
        let (mut role, mut challenge) = (state.role, &state.challenge);
        if Some(pair.get(role.other()).id) == challenge.method {
            role = role.other();
        }
        if let Some(newest) = messages.of(role)
            && newest.method == challenge.method
            && newest.id != challenge.id
        {
            challenge = newest;
        }
        Self::EnterCode(EnterCode { who: state.who.clone(), reason: state.reason, role, challenge: challenge.clone() })
    }

    /// The account can be reached by mail: its first enrolment waits for the link mailed there. Anything else stays as it
    /// is.
    #[must_use]
    pub fn awaiting_link(self) -> Self {
        match self {
            Self::Enrol { who, draft: EnrolmentDraft::Introduced, by: OpenedBy::Password } => {
                Self::Enrol { who, draft: EnrolmentDraft::AwaitingLink, by: OpenedBy::Password }
            }
            other => other,
        }
    }

    /// Whose sign-in or session it is.
    pub const fn account(&self) -> AccountId {
        match self {
            Self::EnterCode(EnterCode { who, .. }) => who.account(),
            Self::Enrol { who, .. } => who.account(),
            Self::Replace(Replace { who, .. }) => who.account(),
        }
    }

    /// The credentials it rests on; it is void once they change.
    pub const fn credential_version(&self) -> CredentialVersion {
        match self {
            Self::EnterCode(EnterCode { who, .. }) => who.credential_version(),
            Self::Enrol { who, .. } => who.credential_version(),
            Self::Replace(Replace { who, .. }) => who.credential_version(),
        }
    }

    /// The pending code, in either state.
    pub const fn challenge(&self) -> Option<&Challenge> {
        match self {
            Self::EnterCode(state) => Some(&state.challenge),
            Self::Enrol { draft, .. } => match draft.proving() {
                Some((_, _, challenge)) => Some(challenge),
                None => None,
            },
            Self::Replace(state) => match &state.proving {
                Some((_, challenge)) => Some(challenge),
                None => None,
            },
        }
    }

    /// The enrolled method whose tries a code would spend; `None` while enrolling.
    pub const fn method(&self) -> Option<MethodId> {
        match self {
            Self::EnterCode(state) => state.challenge.method,
            Self::Enrol { .. } | Self::Replace(_) => None,
        }
    }

    /// How far an enrolment has come; `None` where a code is asked.
    pub const fn step(&self) -> Option<EnrolmentStep> {
        match self {
            Self::EnterCode(_) | Self::Replace(_) => None,
            Self::Enrol { draft, .. } => Some(draft.step()),
        }
    }

    /// Takes one input. On `Err` nothing has changed.
    pub fn advance(self, input: Input, ctx: &Context<'_>) -> Result<Transition, Refusal> {
        match self {
            Self::EnterCode(state) => advance_code(state, input, ctx),
            Self::Enrol { who, draft, by } => advance_enrolment(who, draft, by, input, ctx),
            Self::Replace(state) => advance_replacement(&state, input, ctx),
        }
    }
}

impl Replace {
    /// Which of the two goes, where it is still there.
    pub fn role(&self, pair: &MethodPair) -> Option<Role> {
        [Role::Primary, Role::Backup].into_iter().find(|role| pair.get(*role).id == self.old)
    }
    /// What was chosen and its pending code.
    pub const fn proving(&self) -> Option<&(NewMethod, Challenge)> {
        self.proving.as_ref()
    }
}

impl EnterCode {
    /// Why a code is asked.
    pub const fn reason(&self) -> CodeReason {
        self.reason
    }
    /// Which of the two methods is in use.
    pub const fn role(&self) -> Role {
        self.role
    }
    /// The pending code.
    pub const fn challenge(&self) -> &Challenge {
        &self.challenge
    }
}

/// The session begins without a second step.
pub(super) fn waived(who: PasswordProof, waiver: PolicyWaiver) -> Result<Transition, Refusal> {
    let authenticated = Authenticated::new(who, SecondStepProof::Waived(waiver)).ok_or(Refusal::OutOfStep)?;
    let done = Completion { authenticated, enrolled: None, opened_by: OpenedBy::Password };
    Ok(Transition { step: Step::Complete(Box::new(done)), send: None })
}

pub(super) fn continue_with(state: SignIn, send: Option<SendOrder>) -> Transition {
    Transition { step: Step::Continue(state), send }
}

/// The order for a challenge; apps need none.
pub(super) fn order(challenge: &Challenge, to: Option<&PhoneNumber>) -> Option<SendOrder> {
    let to = to?.clone();
    Some(SendOrder { challenge: challenge.id, kind: challenge.kind, to, expires_at: challenge.expires_at })
}

/// Opens a challenge for one of the two methods: for a phone the code that is good already and will be for a while, else a
/// new one, and the message that carries it unless the store withholds messages.
fn open_for_role(
    who: Asked,
    reason: CodeReason,
    role: Role,
    pair: &MethodPair,
    ctx: &Context<'_>,
    seed: ChallengeSeed,
) -> Transition {
    let method = pair.get(role);
    let kind = method.kind();
    let (challenge, message) = match (method.target.phone(), ctx.messages.good(role, method.id, ctx.now)) {
        (None, _) => (Challenge::open(Some(method.id), kind, seed, ctx.policy.sign_in_lifetime, ctx.now), None),
        (Some(_), Some(good)) if ctx.messages.withheld => (good.clone(), None),
        (Some(_), None) if ctx.messages.withheld => (Challenge::unsent(method.id, kind, seed, ctx.now), None),
        (Some(to), good) => {
            let lasting = good.filter(|good| good.worth_joining(ctx.policy.code_lifetime, ctx.now));
            let challenge = match (lasting, good) {
                (None, Some(_)) => Challenge { supersedes: true, ..renewed(None, method.id, kind, seed, ctx) },
                (joined, _) => renewed(joined, method.id, kind, seed, ctx),
            };
            let message = order(&challenge, Some(to));
            (challenge, message)
        }
    };
    continue_with(SignIn::EnterCode(EnterCode { who, reason, role, challenge }), message)
}

/// The same code while it works, else a new one; by the given channel.
fn renewed(
    good: Option<&Challenge>,
    method: MethodId,
    kind: MethodKind,
    seed: ChallengeSeed,
    ctx: &Context<'_>,
) -> Challenge {
    match good {
        Some(good) => Challenge { kind, ..good.clone() },
        None => Challenge::open(Some(method), kind, seed, ctx.policy.code_lifetime, ctx.now),
    }
}

fn advance_code(state: EnterCode, input: Input, ctx: &Context<'_>) -> Result<Transition, Refusal> {
    // The pair was replaced or removed meanwhile: this sign-in is over, whatever was typed.
    let pair = ctx.pair.ok_or(Refusal::OutOfStep)?;
    let method = pair.get(state.role);
    if Some(method.id) != state.challenge.method {
        return Err(Refusal::OutOfStep);
    }
    match input {
        Input::Code { attempt, entered } => {
            let expected = match &method.target {
                Target::App(seed) => Expected::App { seed, last_step: ctx.app_last_step },
                Target::Sms(_) | Target::Voice(_) => Expected::Message,
            };
            let proof = state.challenge.check(attempt, &entered, &expected, ctx.keyring, ctx.now)?;
            let who = match state.who {
                Asked::SigningIn(who) => who,
                Asked::InSession(who) => {
                    return Ok(Transition { step: Step::Renew(Renewal::new(who, proof)), send: None });
                }
            };
            let authenticated = Authenticated::new(who, SecondStepProof::Code(proof)).ok_or(Refusal::OutOfStep)?;
            Ok(Transition {
                step: Step::Complete(Box::new(Completion {
                    authenticated,
                    enrolled: None,
                    opened_by: OpenedBy::Password,
                })),
                send: None,
            })
        }
        Input::SendAgain(seed) => resend(state, None, method.id, method.target.phone(), seed, ctx),
        Input::SwitchChannel(kind, seed) => {
            let number = method.target.phone().ok_or(Refusal::OutOfStep)?;
            let target = phone_target(kind, number).ok_or(Refusal::OutOfStep)?;
            crate::account::check_target(&target)?;
            resend(state, Some(kind), method.id, Some(number), seed, ctx)
        }
        Input::UseRole(role, _) if role == state.role => Ok(continue_with(SignIn::EnterCode(state), None)),
        Input::UseRole(role, seed) => Ok(open_for_role(state.who, state.reason, role, pair, ctx, seed)),
        Input::Recovered => match state.who {
            // Nothing of the old pair goes before the new one is proven.
            Asked::SigningIn(who) => {
                let enrol = SignIn::Enrol { who, draft: EnrolmentDraft::Introduced, by: OpenedBy::Recovery };
                Ok(continue_with(enrol, None))
            }
            Asked::InSession(_) => Err(Refusal::OutOfStep),
        },
        Input::Ticket { .. }
        | Input::BeginEnrolment
        | Input::Choose(..)
        | Input::ChooseAgain
        | Input::Later
        | Input::LinkOpened => Err(Refusal::OutOfStep),
    }
}

fn phone_target(kind: MethodKind, number: &PhoneNumber) -> Option<Target> {
    match kind {
        MethodKind::App => None,
        MethodKind::Sms => Some(Target::Sms(number.clone())),
        MethodKind::Voice => Some(Target::Voice(number.clone())),
    }
}

fn resend(
    state: EnterCode,
    kind: Option<MethodKind>,
    method: MethodId,
    to: Option<&PhoneNumber>,
    seed: ChallengeSeed,
    ctx: &Context<'_>,
) -> Result<Transition, Refusal> {
    let to = to.ok_or(Refusal::OutOfStep)?;
    if ctx.messages.withheld {
        return Err(Refusal::OutOfStep);
    }
    let good = ctx.messages.good(state.role, method, ctx.now);
    let kind = kind.unwrap_or(state.challenge.kind);
    let challenge = renewed(good, method, kind, seed, ctx);
    let message = order(&challenge, Some(to));
    Ok(continue_with(SignIn::EnterCode(EnterCode { challenge, ..state }), message))
}
