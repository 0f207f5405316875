//! The sign-in machine. A [`SignIn`] exists only after the password was proven; `advance` consumes it, so an old state
//! cannot be used again; `Complete` carries the proofs a session is made from. No input, no clock and no storage here:
//! the caller reads, calls `advance`, and commits what comes back in one transaction.

use std::time::Duration;

use super::{
    challenge::{Challenge, ChallengeId, ChallengeSeed, CodeRefusal, Expected},
    enrolment::{EnrolmentDraft, EnrolmentStep, OpenedBy, ProvenMethod, Ticket, TicketRefusal, proves},
    passcode::EnteredCode,
    proof::{
        Asked, Attempt, Authenticated, CodeProof, DeviceProof, PasswordProof, Renewal, SecondStepProof, SessionProof,
    },
    rollout::{PolicyWaiver, Standing},
};
use crate::{
    account::{
        AccountId, CredentialVersion, MethodId, MethodKind, MethodPair, NewMethod, PairError, PhoneNumber, Role, Target,
    },
    clock::Timestamp,
    keyring::Keyring,
    secret::{ExposeSecret as _, SecretString},
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

/// The codes by message that are good now, whichever sign-in asked for them, and whether one more may be sent.
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
    /// The code of this very method that still works.
    fn good(&self, role: Role, method: MethodId, now: Timestamp) -> Option<&'a Challenge> {
        let code = match role {
            Role::Primary => self.primary,
            Role::Backup => self.backup,
        };
        code.filter(|code| code.method == Some(method) && !code.expired(now))
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

    /// The same while the two methods changed places: the code that was asked for is still the code of its method.
    #[must_use]
    pub fn following(self, pair: Option<&MethodPair>) -> Self {
        match (self, pair) {
            (Self::EnterCode(state), Some(pair)) if Some(pair.get(state.role.other()).id) == state.challenge.method => {
                Self::EnterCode(EnterCode { role: state.role.other(), ..state })
            }
            (state, _) => state,
        }
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
fn waived(who: PasswordProof, waiver: PolicyWaiver) -> Result<Transition, Refusal> {
    let authenticated = Authenticated::new(who, SecondStepProof::Waived(waiver)).ok_or(Refusal::OutOfStep)?;
    let done = Completion { authenticated, enrolled: None, opened_by: OpenedBy::Password };
    Ok(Transition { step: Step::Complete(Box::new(done)), send: None })
}

fn continue_with(state: SignIn, send: Option<SendOrder>) -> Transition {
    Transition { step: Step::Continue(state), send }
}

/// The order for a challenge; apps need none.
fn order(challenge: &Challenge, to: Option<&PhoneNumber>) -> Option<SendOrder> {
    let to = to?.clone();
    Some(SendOrder { challenge: challenge.id, kind: challenge.kind, to, expires_at: challenge.expires_at })
}

/// Opens a challenge for one of the two methods: for a phone the code that is good already, else a new one, and the
/// message that carries it unless the store withholds messages.
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
            let challenge = renewed(good, method.id, kind, seed, ctx);
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

/// The same while a number is being proven; its code belongs to this enrolment alone.
fn proving_again(challenge: Challenge, kind: MethodKind, seed: ChallengeSeed, ctx: &Context<'_>) -> Challenge {
    if challenge.expired(ctx.now) {
        Challenge::open(None, kind, seed, ctx.policy.code_lifetime, ctx.now)
    } else {
        Challenge { kind, ..challenge }
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
    let good = ctx.messages.good(state.role, method, ctx.now);
    if ctx.messages.withheld {
        // Another sign-in has asked for a new code meanwhile: that one is on its way, and no second is sent.
        let good = good.filter(|good| good.id != state.challenge.id).ok_or(Refusal::OutOfStep)?;
        return Ok(continue_with(SignIn::EnterCode(EnterCode { challenge: good.clone(), ..state }), None));
    }
    let kind = kind.unwrap_or(state.challenge.kind);
    let challenge = renewed(good, method, kind, seed, ctx);
    let message = order(&challenge, Some(to));
    Ok(continue_with(SignIn::EnterCode(EnterCode { challenge, ..state }), message))
}

fn advance_enrolment(
    who: PasswordProof,
    draft: EnrolmentDraft,
    by: OpenedBy,
    input: Input,
    ctx: &Context<'_>,
) -> Result<Transition, Refusal> {
    if ctx.pair.is_some() && by != OpenedBy::Recovery {
        // Another tab or browser finished first; a second pair would replace what was proven.
        return Err(Refusal::OutOfStep);
    }
    let opened = |draft, by| Ok(continue_with(SignIn::Enrol { who: who.clone(), draft, by }, None));
    let next = |draft, send| Ok(continue_with(SignIn::Enrol { who: who.clone(), draft, by }, send));
    match (draft, input) {
        (EnrolmentDraft::AwaitingTicket, Input::Ticket { attempt: _paid, typed }) => {
            let ticket = ctx.ticket.ok_or(Refusal::OutOfStep)?;
            ticket.check(typed.expose_secret(), ctx.keyring, ctx.now)?;
            opened(EnrolmentDraft::Introduced, OpenedBy::Ticket)
        }
        (EnrolmentDraft::AwaitingLink, Input::LinkOpened) => opened(EnrolmentDraft::Introduced, OpenedBy::MailedLink),
        (
            EnrolmentDraft::AwaitingLink
            | EnrolmentDraft::Introduced
            | EnrolmentDraft::ChoosingPrimary
            | EnrolmentDraft::ProvingPrimary { .. }
            | EnrolmentDraft::ChoosingBackup { .. }
            | EnrolmentDraft::ProvingBackup { .. },
            Input::Later,
        ) if ctx.ticket.is_none() && by != OpenedBy::Recovery => {
            let waiver = PolicyWaiver::later(&who, ctx.standing).ok_or(Refusal::OutOfStep)?;
            waived(who.clone(), waiver)
        }
        (EnrolmentDraft::Introduced, Input::BeginEnrolment)
        | (EnrolmentDraft::ProvingPrimary { .. }, Input::ChooseAgain) => next(EnrolmentDraft::ChoosingPrimary, None),
        (draft, Input::Choose(new, seed)) => {
            draft.check_choice(&new.target)?;
            if draft.proves(&new.target, ctx.now) {
                // The button was pressed twice: the key that is shown and the message that went out stay good.
                return next(draft, None);
            }
            let (challenge, message) = begin_proof(&new, seed, ctx);
            match draft {
                EnrolmentDraft::AwaitingTicket | EnrolmentDraft::AwaitingLink | EnrolmentDraft::Introduced => {
                    Err(Refusal::OutOfStep)
                }
                EnrolmentDraft::ChoosingPrimary | EnrolmentDraft::ProvingPrimary { .. } => {
                    next(EnrolmentDraft::ProvingPrimary { new, challenge }, message)
                }
                EnrolmentDraft::ChoosingBackup { primary } | EnrolmentDraft::ProvingBackup { primary, .. } => {
                    next(EnrolmentDraft::ProvingBackup { primary, new, challenge }, message)
                }
            }
        }
        (EnrolmentDraft::ProvingBackup { primary, .. }, Input::ChooseAgain) => {
            next(EnrolmentDraft::ChoosingBackup { primary }, None)
        }
        (EnrolmentDraft::ProvingPrimary { new, challenge }, Input::SendAgain(seed)) => {
            new.target.phone().ok_or(Refusal::OutOfStep)?;
            let challenge = proving_again(challenge, new.target.kind(), seed, ctx);
            let message = order(&challenge, new.target.phone());
            next(EnrolmentDraft::ProvingPrimary { new, challenge }, message)
        }
        (EnrolmentDraft::ProvingBackup { primary, new, challenge }, Input::SendAgain(seed)) => {
            new.target.phone().ok_or(Refusal::OutOfStep)?;
            let challenge = proving_again(challenge, new.target.kind(), seed, ctx);
            let message = order(&challenge, new.target.phone());
            next(EnrolmentDraft::ProvingBackup { primary, new, challenge }, message)
        }
        (EnrolmentDraft::ProvingPrimary { new, challenge }, Input::Code { attempt, entered }) => {
            let proof = prove(&new, &challenge, attempt, &entered, ctx)?;
            let primary = ProvenMethod { method: new, proof };
            next(EnrolmentDraft::ChoosingBackup { primary }, None)
        }
        (EnrolmentDraft::ProvingBackup { primary, new, challenge }, Input::Code { attempt, entered }) => {
            let proof = prove(&new, &challenge, attempt, &entered, ctx)?;
            let pair = MethodPair::new(primary, ProvenMethod { method: new, proof: proof.clone() })?;
            let authenticated = Authenticated::new(who, SecondStepProof::Code(proof)).ok_or(Refusal::OutOfStep)?;
            let done = Completion { authenticated, enrolled: Some(pair), opened_by: by };
            Ok(Transition { step: Step::Complete(Box::new(done)), send: None })
        }
        // Whatever is no step from here is refused.
        (_, _) => Err(Refusal::OutOfStep),
    }
}

fn advance_replacement(state: &Replace, input: Input, ctx: &Context<'_>) -> Result<Transition, Refusal> {
    let pair = ctx.pair.ok_or(Refusal::OutOfStep)?;
    let stays = pair.get(state.role(pair).ok_or(Refusal::OutOfStep)?.other());
    let next = |proving, send| Ok(continue_with(SignIn::Replace(Replace { proving, ..state.clone() }), send));
    match (&state.proving, input) {
        (proving, Input::Choose(new, seed)) => {
            let beside = NewMethod { target: stays.target.clone(), label: None };
            MethodPair::new(new.clone(), beside)?;
            if let Some((chosen, challenge)) = proving
                && proves(chosen, challenge, &new.target, ctx.now)
            {
                // The button was pressed twice: the key that is shown and the message that went out stay good.
                return next(proving.clone(), None);
            }
            let (challenge, message) = begin_proof(&new, seed, ctx);
            next(Some((new, challenge)), message)
        }
        (Some(_), Input::ChooseAgain) => next(None, None),
        (Some((new, challenge)), Input::SendAgain(seed)) => {
            new.target.phone().ok_or(Refusal::OutOfStep)?;
            let challenge = proving_again(challenge.clone(), new.target.kind(), seed, ctx);
            let message = order(&challenge, new.target.phone());
            next(Some((new.clone(), challenge)), message)
        }
        (Some((new, challenge)), Input::Code { attempt, entered }) => {
            let proof = prove(new, challenge, attempt, &entered, ctx)?;
            let done = Replacement { old: state.old, new: ProvenMethod { method: new.clone(), proof } };
            Ok(Transition { step: Step::Replaced(Box::new(done)), send: None })
        }
        // Whatever is no step from here is refused.
        (_, _) => Err(Refusal::OutOfStep),
    }
}

/// A challenge for a method that is being set up, and the message that carries its code.
fn begin_proof(new: &NewMethod, seed: ChallengeSeed, ctx: &Context<'_>) -> (Challenge, Option<SendOrder>) {
    let kind = new.target.kind();
    let lasts = match kind {
        MethodKind::App => ctx.policy.sign_in_lifetime,
        MethodKind::Sms | MethodKind::Voice => ctx.policy.code_lifetime,
    };
    let challenge = Challenge::open(None, kind, seed, lasts, ctx.now);
    let message = order(&challenge, new.target.phone());
    (challenge, message)
}

fn prove(
    new: &NewMethod,
    challenge: &Challenge,
    attempt: Attempt,
    entered: &EnteredCode,
    ctx: &Context<'_>,
) -> Result<CodeProof, Refusal> {
    let expected = match &new.target {
        Target::App(seed) => Expected::App { seed, last_step: None },
        Target::Sms(_) | Target::Voice(_) => Expected::Message,
    };
    Ok(challenge.check(attempt, entered, &expected, ctx.keyring, ctx.now)?)
}
