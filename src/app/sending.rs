//! Messages with codes that a person asks for: once more, by another channel, by the other method. Each is ordered in the
//! transaction that stores where the sign-in then stands; nothing is sent by looking.

use super::{App, AppError, Browser, Result, authenticator::spoken_by, challenge::switch_to, spending::Asking};
use crate::{
    access::Unreachable,
    account::{PhoneNumber, Role},
    audit::{Event, Origin},
    authn::{ChallengeSeed, Context, Input, Messages, Refusal, SignIn, Step, Transition, throttle},
    clock::Timestamp,
    keyring::Purpose,
    store::{MessageState, PendingSignIn, RateLimit, RateSpend, Stale},
};

/// May another message be sent?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendAvailability {
    /// Yes.
    Now,
    /// From then on.
    From(Timestamp),
    /// All of this flow are sent; it begins again then.
    Exhausted(Timestamp),
    /// Nothing goes to this number.
    Blocked,
}

impl SendAvailability {
    /// What the store counted, by the configured waits.
    pub(super) fn of(messages: &MessageState, waits: usize) -> Self {
        match messages.next_at {
            None => Self::Now,
            Some(at) if usize::try_from(messages.sent).is_ok_and(|sent| sent <= waits) => Self::From(at),
            Some(at) => Self::Exhausted(at),
        }
    }
}

/// What asking for a message, or changing the method, led to.
#[derive(Debug)]
pub enum SendOutcome {
    /// Done.
    Done,
    /// Not done.
    Refused(SendRefusal),
    /// There is no such pending sign-in any more.
    Gone,
}

/// Why no message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendRefusal {
    /// From then on.
    From(Timestamp),
    /// All of this flow are sent; it begins again then.
    Exhausted(Timestamp),
    /// Nothing goes to this number.
    Blocked,
    /// The number or the service has no such channel.
    Unavailable,
    /// The page was not the current one.
    Stale,
}

impl From<Refusal> for SendRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::SendAgainAt(at) => Self::From(at),
            Refusal::NoMoreSends(at) => Self::Exhausted(at),
            Refusal::NotThere => Self::Blocked,
            Refusal::Pair(_) => Self::Unavailable,
            Refusal::OutOfStep | Refusal::Code(_) | Refusal::Ticket(_) => Self::Stale,
        }
    }
}

/// May the input order a message?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// If the store grants it.
    Allowed,
    /// The store has refused it: the code that is good already is joined, if there is one.
    Withheld,
}

impl App {
    /// "Send again" and "call again". While a wait runs nothing is sent.
    pub async fn send_again(&self, browser: &Browser<'_>) -> Result<SendOutcome> {
        self.send(browser, false, |_, seed| Some(Input::SendAgain(seed))).await
    }

    /// "Call this number instead", or text it again.
    pub async fn switch_channel(&self, browser: &Browser<'_>) -> Result<SendOutcome> {
        let config = self.snapshot();
        self.send(browser, false, |pending, seed| {
            let SignIn::EnterCode(state) = &pending.sign_in else { return None };
            let method = pending.pair.as_ref()?.get(state.role());
            let kind = switch_to(state.challenge().kind(), method, &config.config)?.ok()?;
            Some(Input::SwitchChannel(kind, seed))
        })
        .await
    }

    /// "Use the backup", or back to the primary. While a wait of that method runs its good code is asked for, if there
    /// is one; the page says from when the next message can go out.
    pub async fn use_role(&self, browser: &Browser<'_>, role: Role) -> Result<SendOutcome> {
        self.send(browser, true, |_, seed| Some(Input::UseRole(role, seed))).await
    }

    async fn send(
        &self,
        browser: &Browser<'_>,
        joins: bool,
        input: impl Fn(&PendingSignIn, ChallengeSeed) -> Option<Input>,
    ) -> Result<SendOutcome> {
        let now = self.now();
        let Some(pending) = self.pending_record(browser, now).await? else { return Ok(SendOutcome::Gone) };
        let seed = || ChallengeSeed::draw(&*self.entropy, &self.keyring);
        let Some(first) = input(&pending, seed()) else {
            return Ok(SendOutcome::Refused(SendRefusal::Unavailable));
        };
        let refusal = match self.advance(browser, &pending, first, Sending::Allowed, now).await? {
            Ok(()) => return Ok(SendOutcome::Done),
            Err(refusal) => refusal,
        };
        if joins
            && let Refusal::SendAgainAt(_) | Refusal::NoMoreSends(_) | Refusal::NotThere = refusal
            && let Some(second) = input(&pending, seed())
            && self.advance(browser, &pending, second, Sending::Withheld, now).await?.is_ok()
        {
            return Ok(SendOutcome::Done);
        }
        Ok(SendOutcome::Refused(refusal.into()))
    }

    /// One input that leaves the sign-in pending: advance, then store state and message in one transaction.
    pub(super) async fn advance(
        &self,
        browser: &Browser<'_>,
        pending: &PendingSignIn,
        input: Input,
        sending: Sending,
        now: Timestamp,
    ) -> Result<std::result::Result<(), Refusal>> {
        let policy = self.snapshot().policy();
        let ctx = self.context(pending, &policy, now);
        let ctx = Context { messages: Messages { withheld: sending == Sending::Withheld, ..ctx.messages }, ..ctx };
        let Transition { step, send } = match pending.sign_in.clone().advance(input, &ctx) {
            Ok(transition) => transition,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Step::Continue(next) = step else {
            return Err(AppError::Bug("a sign-in was completed without a code"));
        };
        let language = spoken_by(&pending.account, pending.pair.is_some(), browser);
        let asking = Asking { account: pending.account.id, address: browser.address };
        if send.as_ref().is_some_and(|order| self.unreachable(&order.to).is_some()) {
            return Ok(Err(Refusal::NotThere));
        }
        let message =
            send.map(|order| self.outbox_order(order, &next, pending.place, browser, language, asking)).transpose()?;
        let enrolling = message.is_some() && next.method().is_none();
        let enrolment_sends = if enrolling { Some(self.enrolment_sends(pending)?) } else { None };
        if let Some(rate) = enrolment_sends
            && let RateSpend::Wait(until) = self.store.spend_rate(rate, now).await?
        {
            return Ok(Err(Refusal::NoMoreSends(until)));
        }
        let saved = self.store.save_sign_in(pending.id, pending.version, &next, message.as_ref(), now).await?;
        if let (Err(_), Some(rate)) = (saved, enrolment_sends) {
            self.store.refund_rate(rate.key, now).await?;
        }
        Ok(match saved {
            Ok(()) => {
                if let Some(message) = message {
                    let (account, method) = (pending.account.id.to_string(), message.order.kind.as_str());
                    Event::CodeOrdered { account: &account, method }.record(Origin::Client(browser.address));
                }
                Ok(())
            }
            Err(Stale::SendAgainAt(at)) => Err(Refusal::SendAgainAt(at)),
            Err(Stale::NoMoreSends(at)) => Err(Refusal::NoMoreSends(at)),
            Err(Stale::Withheld(withheld)) => {
                let toll = message.as_ref().and_then(|message| message.toll.as_ref());
                Err(self.not_ordered(withheld, toll, asking).await?)
            }
            Err(Stale::MovedOn | Stale::StepUsed) => Err(Refusal::OutOfStep),
        })
    }

    /// Why nothing is sent to a number, whether it is a method already or not: the configuration may have changed since.
    pub(super) fn unreachable(&self, number: &PhoneNumber) -> Option<Unreachable> {
        let refused = self.snapshot().guards.reachable(number).err();
        if let Some(why) = refused {
            tracing::warn!(ending = number.last_two(), reason = why.as_str(), "nothing is sent to this number");
        }
        refused
    }

    /// Numbers that nobody has proven count for themselves; this counts all that one account tries, so that a
    /// password opens no way to text numbers without end.
    fn enrolment_sends(&self, pending: &PendingSignIn) -> Result<RateLimit> {
        let parts: [&[u8]; 2] = [b"enrolment-sends", pending.account.id.as_bytes()];
        let key = self.keyring.mac(self.keyring.active(), Purpose::ThrottleKey, &parts).ok_or(AppError::Key)?;
        Ok(RateLimit { key, limit: throttle::ENROLMENT_SENDS, window: throttle::ENROLMENT_SENDS_WINDOW })
    }
}
