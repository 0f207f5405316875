//! The code page and the way out when no code comes.

use super::{
    App, Browser, Grant, Result, SendAvailability,
    authenticator::Finish,
    enrolment::{EnrolmentView, Unchoosable, enrolment_view, offered, replacement_view},
    spending::{Asking, Destination},
};
use crate::{
    account::{AccountId, Method, MethodKind, NewMethod, Role, Target, check_target},
    audit::{Event, Origin},
    authn::{
        Challenge, CodeReason, CodeRefusal, Context, EnterCode, EnteredCode, Input, Messages, Refusal, SignIn,
        Standing, Step, throttle, totp,
    },
    clock::Timestamp,
    session::DeviceLabel,
    store::{CodeSpend, Delivery, Happened, MethodState, Notice, PendingSignIn, Stale},
};

/// What a pending sign-in is waiting for.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one for each request, and moved once")]
pub enum PendingView {
    /// The code page.
    Code(CodeView),
    /// The enrolment pages.
    Enrol(EnrolmentView),
}

/// A method as a page may show it before the second step: the channel and two digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodView {
    /// Primary or backup.
    pub role: Role,
    /// Channel.
    pub kind: MethodKind,
    /// Last two digits of the number, for phones.
    pub last_two: Option<String>,
    /// It pauses until then.
    pub paused_until: Option<Timestamp>,
    /// It must be set up again.
    pub disabled: bool,
}

/// The code page.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that the page tells")]
#[derive(Clone, Debug)]
pub struct CodeView {
    /// Several people seem to use this sign-in.
    pub shared: bool,
    /// Whose sign-in it is; never shown.
    pub account: AccountId,
    /// The method in use. Its `kind` is the channel in use, which may be a call to a number that usually gets texts.
    pub method: MethodView,
    /// The other one.
    pub other: MethodView,
    /// Until when a message's code works.
    pub expires_at: Timestamp,
    /// Has it ended, been used in another tab, or not been sent at all?
    pub expired: bool,
    /// Was a message sent that this code came by? Not where the wait from an earlier sign-in still runs.
    pub sent: bool,
    /// Did that message take the place of one whose code still worked?
    pub supersedes: bool,
    /// Was a code of this method sent for a sign-in in another browser, too?
    pub elsewhere: bool,
    /// What became of that message.
    pub delivery: Option<Delivery>,
    /// Why a code is asked.
    pub reason: CodeReason,
    /// Tries before a pause, from the second wrong one on.
    pub tries_left: Option<u32>,
    /// Sending again to the same number.
    pub send_again: SendAvailability,
    /// Sending to the other method, where that is a phone.
    pub send_other: SendAvailability,
    /// The other channel the same number can be reached by, where there is one and it is configured.
    pub switch_to: Option<MethodKind>,
    /// Why a number has no other channel.
    pub no_switch: Option<Unchoosable>,
    /// How long a trust lasts, in days; `None` for members of a group that no browser is trusted for.
    pub trust_days: Option<u64>,
    /// May a recovery code be used?
    pub recovery_code: RecoveryCodeState,
}

/// What a recovery code would meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryCodeState {
    /// So many are left; none is none.
    Left(u32),
    /// The password was reset a short time ago; from then on.
    BlockedUntil(Timestamp),
}

/// What a typed code led to.
#[derive(Debug)]
pub enum CodeOutcome {
    /// Signed in; or, where a session was asked for a fresh code, the session as it goes on.
    SignedIn(Grant),
    /// Enrolment goes on: the primary is proven.
    Continue,
    /// Not accepted.
    Refused(CodeProblem),
    /// There is no such pending sign-in any more.
    Gone,
}

/// Why a code was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// Not six digits; it cost no try.
    NotSixDigits,
    /// Wrong.
    Wrong {
        /// Tries before a pause.
        tries_left: u32,
        /// The clock of the app is slow by so many minutes: the code was right then.
        minutes_slow: Option<i64>,
    },
    /// Its time was over.
    Expired,
    /// An app code that was used before.
    Reused,
    /// Too many wrong ones; from then on again.
    Paused(Timestamp),
    /// Too many wrong ones; the method must be set up again.
    Disabled,
    /// The page was not the current one.
    Stale,
}

impl App {
    /// What this browser's pending sign-in is waiting for. Reads only.
    pub async fn pending(&self, browser: &Browser<'_>) -> Result<Option<PendingView>> {
        let now = self.now();
        let Some(pending) = self.pending_record(browser, now).await? else { return Ok(None) };
        Ok(match &pending.sign_in {
            SignIn::EnterCode(state) => {
                let delivery = self.delivery(state.challenge()).await?;
                let shared = self.sharing(pending.account.id).await?.looks_shared();
                let (Some(view), Some(pair)) = (self.code_view(&pending, state, delivery, now), &pending.pair) else {
                    return Ok(None);
                };
                let (role, number) = (state.role(), |role| pair.get(role).target.phone());
                let other_code = match role {
                    Role::Primary => &pending.backup_messages.code,
                    Role::Backup => &pending.primary_messages.code,
                };
                let asking = Asking { account: pending.account.id, address: browser.address };
                let to = |number, channel| Destination { number, channel, proven: true };
                let own = number(role).map(|number| to(number, view.method.kind));
                let send_again = self.available(view.send_again, own, asking).await?;
                // Where a code of the other method is good, going there sends nothing.
                let other_number = number(role.other()).filter(|_| other_code.is_none());
                let others = other_number.map(|number| to(number, view.other.kind));
                let send_other = self.available(view.send_other, others, asking).await?;
                let recovery_code = self.recovery_code_state(pending.account.id, now).await?;
                Some(PendingView::Code(CodeView { shared, send_again, send_other, recovery_code, ..view }))
            }
            SignIn::Enrol { draft, by, .. } => {
                let asking = Asking { account: pending.account.id, address: browser.address };
                let proving = draft.proving().map(|(_, new, challenge)| (new, challenge));
                let sending = self.proving_state(proving, asking, now).await?;
                let view =
                    enrolment_view(&self.snapshot().config, &pending, (draft, *by), sending, browser.language, now);
                let known = self.known_numbers(&pending, draft).await?;
                let typed = self.typed_number(&pending).await?;
                Some(PendingView::Enrol(EnrolmentView { known, ..view.with_typed(typed) }))
            }
            SignIn::Replace(state) => {
                let asking = Asking { account: pending.account.id, address: browser.address };
                let proving = state.proving().map(|(new, challenge)| (new, challenge));
                let sending = self.proving_state(proving, asking, now).await?;
                let config = &self.snapshot().config;
                let view = replacement_view(config, &pending, state, sending, browser.language, now);
                let typed = self.typed_number(&pending).await?;
                view.map(|view| PendingView::Enrol(view.with_typed(typed)))
            }
        })
    }

    /// May the code of a method that is being proven be sent again, and how far has it come?
    async fn proving_state(
        &self,
        proving: Option<(&NewMethod, &Challenge)>,
        asking: Asking,
        now: Timestamp,
    ) -> Result<(SendAvailability, Option<Delivery>)> {
        let Some((NewMethod { target: Target::Sms(number) | Target::Voice(number), .. }, challenge)) = proving else {
            return Ok((SendAvailability::Now, None));
        };
        let messages = self.store.message_state(self.number_key(number)?, now).await?;
        let waits = SendAvailability::of(&messages, self.snapshot().config.sign_in.resend_waits.len());
        let to = Destination { number, channel: challenge.kind(), proven: false };
        Ok((self.available(waits, Some(to), asking).await?, self.delivery(challenge).await?))
    }

    /// The methods of who is signed in that are switched off after many wrong codes; `None` when nobody is.
    pub async fn switched_off(&self, browser: &Browser<'_>) -> Result<Option<Vec<MethodView>>> {
        let now = self.now();
        let Some(session) = self.session(browser).await? else { return Ok(None) };
        let Some(methods) = self.store.methods_of(session.account.id).await? else { return Ok(Some(Vec::new())) };
        let states = [(Role::Primary, methods.primary), (Role::Backup, methods.backup)];
        let off = states.into_iter().filter(|(_, state)| state.disabled);
        Ok(Some(off.map(|(role, state)| method_view(methods.pair.get(role), role, state, now)).collect()))
    }

    async fn delivery(&self, challenge: &Challenge) -> Result<Option<Delivery>> {
        match challenge.kind() {
            MethodKind::App => Ok(None),
            channel @ (MethodKind::Sms | MethodKind::Voice) => Ok(self.store.delivery(challenge.id(), channel).await?),
        }
    }

    fn code_view(
        &self,
        pending: &PendingSignIn,
        state: &EnterCode,
        delivery: Option<Delivery>,
        now: Timestamp,
    ) -> Option<CodeView> {
        let snapshot = self.snapshot();
        let pair = pending.pair.as_ref()?;
        let (role, challenge) = (state.role(), state.challenge());
        let of = |role: Role| match role {
            Role::Primary => pending.primary,
            Role::Backup => pending.backup,
        };
        let mut method = method_view(pair.get(role), role, of(role), now);
        method.kind = challenge.kind();
        let other = method_view(pair.get(role.other()), role.other(), of(role.other()), now);
        let wrong = of(role).consecutive;
        let messages = |role: Role| match role {
            Role::Primary => &pending.primary_messages,
            Role::Backup => &pending.backup_messages,
        };
        let (own, others) = (messages(role), messages(role.other()));
        let waits = snapshot.config.sign_in.resend_waits.len();
        // A code that another tab has used, or replaced, is good no more.
        let good = own.code.as_ref().is_some_and(|code| code.id() == challenge.id());
        let switch = switch_to(challenge.kind(), pair.get(role), &snapshot.config);
        Some(CodeView {
            shared: false,
            account: pending.account.id,
            expires_at: challenge.expires_at(),
            expired: challenge.kind() != MethodKind::App && (!good || challenge.expired(now)),
            sent: challenge.was_sent(),
            supersedes: challenge.supersedes(),
            elsewhere: own.elsewhere && challenge.kind() != MethodKind::App,
            delivery,
            reason: state.reason(),
            tries_left: (wrong % throttle::CODE_TRIES >= 2).then(|| throttle::code_tries_left(wrong)),
            send_again: SendAvailability::of(own, waits),
            // A code of the other method that is good can be entered although no further message goes out.
            send_other: match (other.kind, &others.code) {
                (MethodKind::App, _) | (_, Some(_)) => SendAvailability::Now,
                (MethodKind::Sms | MethodKind::Voice, None) => SendAvailability::of(others, waits),
            },
            switch_to: switch.and_then(std::result::Result::ok),
            no_switch: switch.and_then(std::result::Result::err),
            trust_days: snapshot
                .may_trust(&pending.account)
                .then(|| snapshot.config.trusted_device.lifetime.as_secs() / 86_400),
            recovery_code: RecoveryCodeState::Left(0),
            method,
            other,
        })
    }

    /// Takes a typed code, on the code page or while enrolling. The try is paid for before the comparison.
    #[expect(clippy::too_many_lines, reason = "one use case, read from top to bottom")]
    pub async fn submit_code(&self, browser: &Browser<'_>, typed: &str, trust: bool) -> Result<CodeOutcome> {
        let (now, origin) = (self.now(), Origin::Client(browser.address));
        let Some(pending) = self.pending_record(browser, now).await? else { return Ok(CodeOutcome::Gone) };
        let Ok(entered) = EnteredCode::parse(typed) else {
            return Ok(CodeOutcome::Refused(CodeProblem::NotSixDigits));
        };
        let Some(challenge) = pending.sign_in.challenge() else {
            return Ok(CodeOutcome::Refused(CodeProblem::Stale));
        };
        let method_kind = challenge.kind();
        let (id, kind) = (pending.account.id.to_string(), method_kind.as_str());
        let refused = |reason| Event::CodeRefused { account: &id, method: kind, reason }.record(origin);

        let proven = match &pending.sign_in {
            SignIn::EnterCode(_) => None,
            SignIn::Enrol { draft, .. } => draft.proving().map(|(_, proven, _)| proven),
            SignIn::Replace(state) => state.proving().map(|(proven, _)| proven),
        };
        let proven_key = proven.map(|proven| self.new_method_key(pending.account.id, &proven.target)).transpose()?;
        let spent = match (pending.sign_in.method(), proven_key) {
            (Some(method), _) => self.store.spend_code_attempt(method, (pending.id, pending.version), now).await?,
            (None, Some(key)) => self.store.spend_new_method_attempt(key, now).await?,
            (None, None) => return Ok(CodeOutcome::Refused(CodeProblem::Stale)),
        };
        let (attempt, consecutive) = match spent {
            CodeSpend::Granted { attempt, consecutive } => (attempt, consecutive),
            CodeSpend::Paused(until) => {
                refused("paused");
                return Ok(CodeOutcome::Refused(CodeProblem::Paused(until)));
            }
            CodeSpend::Disabled => {
                refused("disabled");
                return Ok(CodeOutcome::Refused(CodeProblem::Disabled));
            }
            CodeSpend::MovedOn => return Ok(CodeOutcome::Refused(CodeProblem::Stale)),
        };

        let role = match &pending.sign_in {
            SignIn::EnterCode(state) => state.role().as_str(),
            SignIn::Replace(state) => pending.pair.as_ref().and_then(|pair| state.role(pair)).map_or("", Role::as_str),
            SignIn::Enrol { draft, .. } => draft.proving().map_or("", |(role, _, _)| role.as_str()),
        };
        let policy = self.snapshot().policy();
        let ctx = self.context(&pending, &policy, now);
        let typed = entered.clone();
        let transition = match pending.sign_in.clone().advance(Input::Code { attempt, entered }, &ctx) {
            Ok(transition) => transition,
            Err(refusal) => {
                let guessed = matches!(refusal, Refusal::Code(_));
                // Nobody else tries codes of a method that is not there yet.
                if guessed && pending.sign_in.method().is_some() {
                    self.note(browser, pending.account.id, Happened::WrongCode(method_kind)).await;
                }
                let problem = self.code_problem(&pending, refusal, (consecutive, &typed), now, refused).await?;
                return Ok(CodeOutcome::Refused(problem));
            }
        };
        if let Some(key) = proven_key {
            self.store.forgive_new_method(key).await?;
        }
        if let Some(number) = proven.and_then(|proven| proven.target.phone()) {
            self.store.number_proven(self.number_key(number)?, challenge.id(), now).await?;
        }
        match transition.step {
            Step::Continue(next) => match self.store.save_sign_in(pending.id, pending.version, &next, None, now).await?
            {
                Ok(()) => Ok(CodeOutcome::Continue),
                Err(_moved_on) => Ok(CodeOutcome::Refused(CodeProblem::Stale)),
            },
            Step::Replaced(done) => match self.replace(browser, &pending, *done, now).await? {
                Ok(grant) => Ok(CodeOutcome::SignedIn(grant)),
                Err(_moved_on) => Ok(CodeOutcome::Refused(CodeProblem::Stale)),
            },
            Step::Renew(renewal) => match self.renew(browser, &pending, renewal, now).await? {
                Ok(grant) => {
                    Event::CodeAccepted { account: &id, method: kind, role }.record(origin);
                    Ok(CodeOutcome::SignedIn(grant))
                }
                Err(stale) => Ok(CodeOutcome::Refused(lost(stale, method_kind, refused))),
            },
            Step::Complete(done) => {
                let label = DeviceLabel::from_user_agent(browser.user_agent);
                // A method that was set up a moment ago is no reason to trust a browser.
                let wanted = trust
                    && matches!(pending.sign_in, SignIn::EnterCode(_))
                    && self.snapshot().may_trust(&pending.account);
                let trust = if wanted { Some(self.new_trust(browser, &pending.account, label, now)?) } else { None };
                let finish = Finish {
                    // The one that has just been used works, whatever its count said before.
                    rebind: match &pending.sign_in {
                        SignIn::EnterCode(state) => match state.role() {
                            Role::Primary => pending.backup.disabled,
                            Role::Backup => pending.primary.disabled,
                        },
                        SignIn::Enrol { .. } | SignIn::Replace(_) => false,
                    },
                    pending: Some((pending.id, pending.version)),
                    forgive: Vec::new(),
                    rehash: None,
                    trust,
                    device: None,
                };
                match self.finish(*done, &pending.account, browser, finish, now).await? {
                    Ok(grant) => {
                        Event::CodeAccepted { account: &id, method: kind, role }.record(origin);
                        Ok(CodeOutcome::SignedIn(grant))
                    }
                    Err(stale) => {
                        if let (Stale::MovedOn, Some(method)) = (stale, pending.sign_in.method()) {
                            self.store.forgive_code_attempt(method).await?;
                        }
                        Ok(CodeOutcome::Refused(lost(stale, method_kind, refused)))
                    }
                }
            }
        }
    }

    /// The words for a refused code. After the try that begins a pause the page says the pause, not "wrong".
    async fn code_problem(
        &self,
        pending: &PendingSignIn,
        refusal: Refusal,
        (consecutive, typed): (u32, &EnteredCode),
        now: Timestamp,
        refused: impl Fn(&'static str),
    ) -> Result<CodeProblem> {
        Ok(match refusal {
            Refusal::Code(why) => {
                let (word, otherwise) = match why {
                    CodeRefusal::Expired => ("expired", CodeProblem::Expired),
                    CodeRefusal::Reused => ("reused", CodeProblem::Reused),
                    CodeRefusal::Wrong => {
                        let tries_left = throttle::code_tries_left(consecutive);
                        let minutes_slow = minutes_slow(pending, typed, now);
                        ("wrong", CodeProblem::Wrong { tries_left, minutes_slow })
                    }
                };
                refused(word);
                // Each was paid for, and each may be the one that is too many.
                match self.state_after(pending, consecutive, now).await? {
                    Some(MethodState { disabled: true, .. }) => {
                        self.tell_disabled(pending, now).await?;
                        CodeProblem::Disabled
                    }
                    Some(MethodState { paused_until: Some(until), .. }) if until > now => {
                        self.tell_pause(pending, until, now).await?;
                        CodeProblem::Paused(until)
                    }
                    _ => otherwise,
                }
            }
            Refusal::Pair(_)
            | Refusal::OutOfStep
            | Refusal::SendAgainAt(_)
            | Refusal::NoMoreSends(_)
            | Refusal::NotThere
            | Refusal::Ticket(_) => CodeProblem::Stale,
        })
    }

    /// How the method stands after a try.
    async fn state_after(
        &self,
        pending: &PendingSignIn,
        consecutive: u32,
        now: Timestamp,
    ) -> Result<Option<MethodState>> {
        let fresh = self.store.pending_sign_in_by_id(pending.id, now).await?;
        Ok(fresh.map(|p| match &p.sign_in {
            SignIn::EnterCode(state) if state.role() == Role::Backup => p.backup,
            SignIn::EnterCode(_) => p.primary,
            SignIn::Enrol { .. } | SignIn::Replace(_) => MethodState {
                paused_until: throttle::code_pause(consecutive).map(|pause| now + pause),
                ..MethodState::default()
            },
        }))
    }

    /// This very try switched the method off: one that comes later is not granted.
    async fn tell_disabled(&self, pending: &PendingSignIn, now: Timestamp) -> Result<()> {
        let (SignIn::EnterCode(state), Some(pair)) = (&pending.sign_in, &pending.pair) else { return Ok(()) };
        let (role, method) = (state.role(), pair.get(state.role()));
        let ending = method.target.phone().map(|number| number.last_two().to_owned());
        let disabled = Notice::MethodDisabled { role, kind: method.kind(), ending };
        for message in self.notices(&pending.account, &super::notices::both(Some(pair)), &disabled, now) {
            self.store.enqueue(&message).await?;
        }
        Ok(())
    }

    /// A pause began with this very try: the other method and the mailbox are told, and where neither can be, the method
    /// itself, whose owner is hardly who gave the wrong codes.
    async fn tell_pause(&self, pending: &PendingSignIn, until: Timestamp, now: Timestamp) -> Result<()> {
        let (SignIn::EnterCode(state), Some(pair)) = (&pending.sign_in, &pending.pair) else { return Ok(()) };
        let role = state.role();
        let (paused, other) = (pair.get(role), pair.get(role.other()));
        let notice = Notice::MethodPaused { role, kind: paused.kind(), until };
        let mut messages = self.notices(&pending.account, &[other], &notice, now);
        if messages.is_empty() {
            messages = self.notices(&pending.account, &[paused], &notice, now);
        }
        for message in messages {
            self.store.enqueue(&message).await?;
        }
        Ok(())
    }

    pub(super) fn context<'a>(
        &'a self,
        pending: &'a PendingSignIn,
        policy: &'a crate::authn::Policy,
        now: Timestamp,
    ) -> Context<'a> {
        Context {
            policy,
            keyring: &self.keyring,
            pair: pending.pair.as_ref(),
            app_last_step: pending.app_last_step,
            ticket: pending.ticket.as_ref(),
            messages: Messages {
                primary: pending.primary_messages.code.as_ref(),
                backup: pending.backup_messages.code.as_ref(),
                withheld: false,
            },
            standing: Standing::Enforced,
            now,
        }
    }
}

/// Is the wrong code one the app showed a while ago? The try is paid for already.
fn minutes_slow(pending: &PendingSignIn, typed: &EnteredCode, now: Timestamp) -> Option<i64> {
    let target = match &pending.sign_in {
        SignIn::EnterCode(state) => &pending.pair.as_ref()?.get(state.role()).target,
        SignIn::Enrol { draft, .. } => &draft.proving()?.1.target,
        SignIn::Replace(state) => &state.proving()?.0.target,
    };
    match target {
        Target::App(seed) => totp::minutes_slow(seed, typed, now),
        Target::Sms(_) | Target::Voice(_) => None,
    }
}

/// A right code came too late: somebody was faster.
fn lost(stale: Stale, kind: MethodKind, refused: impl Fn(&'static str)) -> CodeProblem {
    match (stale, kind) {
        (Stale::MovedOn | Stale::SendAgainAt(_) | Stale::NoMoreSends(_) | Stale::Withheld(_), _) => CodeProblem::Stale,
        (Stale::StepUsed, MethodKind::App) => {
            refused("reused");
            CodeProblem::Reused
        }
        // The code of a message that another sign-in has used is over; there is no next one to wait for.
        (Stale::StepUsed, MethodKind::Sms | MethodKind::Voice) => {
            refused("reused");
            CodeProblem::Expired
        }
    }
}

pub(super) fn method_view(method: &Method, role: Role, state: MethodState, now: Timestamp) -> MethodView {
    MethodView {
        role,
        kind: method.kind(),
        last_two: method.target.phone().map(|n| n.last_two().to_owned()),
        paused_until: state.paused_until.filter(|until| *until > now),
        disabled: state.disabled,
    }
}

/// The other channel of the same number: a call for a text, a text for a call where the number takes one.
pub(super) fn switch_to(
    now_by: MethodKind,
    method: &Method,
    config: &crate::config::Config,
) -> Option<std::result::Result<MethodKind, Unchoosable>> {
    let number = method.target.phone()?;
    let kind = match now_by {
        MethodKind::App => return None,
        MethodKind::Sms => MethodKind::Voice,
        MethodKind::Voice => MethodKind::Sms,
    };
    if !offered(kind, config) {
        return Some(Err(Unchoosable::NotOffered));
    }
    if kind == MethodKind::Voice {
        return Some(Ok(kind));
    }
    Some(check_target(&Target::Sms(number.clone())).map(|()| kind).map_err(Unchoosable::Pair))
}
