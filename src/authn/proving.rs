//! New methods on their way into an account: the part of the sign-in machine that enrols a pair, and the one that replaces
//! a method inside a session. Nothing counts before a code proves it, and nothing old goes before that.

use super::{
    challenge::{Challenge, ChallengeSeed, Expected},
    enrolment::{EnrolmentDraft, OpenedBy, ProvenMethod, proves},
    passcode::EnteredCode,
    proof::{Attempt, Authenticated, CodeProof, PasswordProof, SecondStepProof},
    rollout::PolicyWaiver,
    sign_in::{
        Completion, Context, Input, Refusal, Replace, Replacement, SendOrder, SignIn, Step, Transition, continue_with,
        order, waived,
    },
};
use crate::{
    account::{MethodKind, MethodPair, NewMethod, Target},
    secret::ExposeSecret as _,
};

pub(super) fn advance_enrolment(
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

pub(super) fn advance_replacement(state: &Replace, input: Input, ctx: &Context<'_>) -> Result<Transition, Refusal> {
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

/// The same while a number is being proven; its code belongs to this enrolment alone.
fn proving_again(challenge: Challenge, kind: MethodKind, seed: ChallengeSeed, ctx: &Context<'_>) -> Challenge {
    if challenge.expired(ctx.now) {
        Challenge::open(None, kind, seed, ctx.policy.code_lifetime, ctx.now)
    } else {
        Challenge { kind, ..challenge }
    }
}
