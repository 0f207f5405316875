//! The recovery request: whoever can use neither method waits, is looked at by operators, and gets a ticket to set both
//! up anew. Pure. It never opens the console: what comes of it is an enrolment, which still takes password and ticket.

use std::{collections::BTreeSet, fmt, time::Duration};

use crate::{clock::Timestamp, entropy::Entropy};

/// An operator, as the operating system knows the one who asks. Never a name that somebody typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operator(u32);

impl Operator {
    /// By the user identifier the kernel reports of the other end of a socket.
    pub const fn user(uid: u32) -> Self {
        Self(uid)
    }
    /// The user identifier.
    pub const fn uid(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uid {}", self.0)
    }
}

/// The number a person and an operator talk about a request by: `K7QM-2XWA`. It opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receipt(String);

impl Receipt {
    /// Eight random characters, none of which is read or written as another: no O and no I.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut text = String::new();
        // A source that gives nothing else in all this time still gets a receipt.
        for _ in 0..64 {
            let drawn = data_encoding::BASE32_NOPAD.encode(&crate::entropy::random_bytes::<5>(entropy));
            text.extend(drawn.chars().filter(|c| !matches!(c, 'O' | 'I')));
            if let Some(whole) = text.get(0..8).and_then(Self::grouped) {
                return Self(whole);
            }
        }
        Self("AAAA-AAAA".to_owned())
    }

    fn grouped(text: &str) -> Option<String> {
        let known = text.len() == 8 && data_encoding::BASE32_NOPAD.decode(text.as_bytes()).is_ok();
        Some(format!("{}-{}", text.get(0..4).filter(|_| known)?, text.get(4..8)?))
    }

    /// Reads it as people type and read it out: any case, full-width letters, with or without the dash.
    pub fn parse(typed: &str) -> Option<Self> {
        Self::grouped(&super::enrolment::folded(typed)).map(Self)
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a request ended before anybody decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelledBy {
    /// The link in the notice.
    Link,
    /// A code of one of the methods was right: they can be used after all.
    Code,
    /// "This wasn't me".
    Freeze,
    /// The methods were removed or set up anew another way.
    Reset,
}

impl CancelledBy {
    const ALL: [Self; 4] = [Self::Link, Self::Code, Self::Freeze, Self::Reset];

    /// The word in the store and the logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Code => "code",
            Self::Freeze => "freeze",
            Self::Reset => "reset",
        }
    }
    /// Reads [`as_str`](Self::as_str).
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.as_str() == word)
    }
}

/// What has become of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecoveryState {
    /// Nobody has decided it; these operators approve.
    Open(BTreeSet<Operator>),
    /// Enough operators approved: a ticket was handed out.
    Approved {
        /// The last approval.
        at: Timestamp,
        /// Who approved.
        by: BTreeSet<Operator>,
    },
    /// An operator said no.
    Refused {
        /// When.
        at: Timestamp,
        /// Who.
        by: Operator,
    },
    /// It ended undecided.
    Cancelled {
        /// When.
        at: Timestamp,
        /// How.
        how: CancelledBy,
    },
}

/// The durations of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryTimes {
    /// Nobody can approve before this has passed: the owner has this long to cancel.
    pub wait: Duration,
    /// Undecided for this long, it is over.
    pub lasts: Duration,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    requested_at: Timestamp,
    ready_at: Timestamp,
    expires_at: Timestamp,
    state: RecoveryState,
}

/// Where a request stands at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryStage {
    /// The owner can still be reached before anybody decides; until then.
    Waiting(Timestamp),
    /// Operators can decide.
    Decidable,
    /// A ticket was handed out.
    Approved,
    /// An operator said no.
    Refused,
    /// The owner, or a code, ended it.
    Cancelled,
    /// Nobody decided in time.
    Expired,
}

/// What can happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryInput {
    /// An operator has checked who the person is.
    Approve {
        /// Which operator.
        by: Operator,
        /// So many different ones are needed.
        needed: u32,
    },
    /// An operator says no.
    Refuse(Operator),
    /// It ends undecided.
    Cancel(CancelledBy),
}

/// Why nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryRefusal {
    /// Nobody can approve before then.
    #[error("nobody can approve it before {0}: until then its owner can cancel it")]
    TooEarly(Timestamp),
    /// The same operator cannot approve twice.
    #[error("you have approved it already; another operator has to approve it too")]
    SameOperator,
    /// A ticket was handed out.
    #[error("it was approved already")]
    Approved,
    /// An operator said no.
    #[error("it was refused already")]
    Refused,
    /// It was ended.
    #[error("it was cancelled")]
    Cancelled,
    /// Nobody decided in time.
    #[error("it is over: nobody decided it in time")]
    Expired,
}

/// The request as it is now, and whether that hands out a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryStep {
    /// To be stored.
    pub recovery: Recovery,
    /// The last approval that was needed: methods go and the ticket is stored in the same transaction.
    pub completes: bool,
}

impl Recovery {
    /// Somebody who gave the password asks.
    pub fn request(times: RecoveryTimes, now: Timestamp) -> Self {
        let expires_at = now + times.wait + times.lasts;
        Self { requested_at: now, ready_at: now + times.wait, expires_at, state: RecoveryState::Open(BTreeSet::new()) }
    }

    /// Reads one back; for `store` only.
    pub const fn from_record(
        requested_at: Timestamp,
        ready_at: Timestamp,
        expires_at: Timestamp,
        state: RecoveryState,
    ) -> Self {
        Self { requested_at, ready_at, expires_at, state }
    }

    /// When it was made.
    pub const fn requested_at(&self) -> Timestamp {
        self.requested_at
    }
    /// Nobody can approve before then.
    pub const fn ready_at(&self) -> Timestamp {
        self.ready_at
    }
    /// Undecided, it is over then.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
    /// What has become of it, whatever the time.
    pub const fn state(&self) -> &RecoveryState {
        &self.state
    }
    /// Those who approve it.
    pub fn approvals(&self) -> Vec<Operator> {
        match &self.state {
            RecoveryState::Open(by) | RecoveryState::Approved { by, .. } => by.iter().copied().collect(),
            RecoveryState::Refused { .. } | RecoveryState::Cancelled { .. } => Vec::new(),
        }
    }

    /// Where it stands.
    pub fn stage(&self, now: Timestamp) -> RecoveryStage {
        match self.state {
            RecoveryState::Open(_) if now >= self.expires_at => RecoveryStage::Expired,
            RecoveryState::Open(_) if now < self.ready_at => RecoveryStage::Waiting(self.ready_at),
            RecoveryState::Open(_) => RecoveryStage::Decidable,
            RecoveryState::Approved { .. } => RecoveryStage::Approved,
            RecoveryState::Refused { .. } => RecoveryStage::Refused,
            RecoveryState::Cancelled { .. } => RecoveryStage::Cancelled,
        }
    }

    /// Nobody has decided or ended it yet.
    pub fn is_open(&self, now: Timestamp) -> bool {
        matches!(self.stage(now), RecoveryStage::Waiting(_) | RecoveryStage::Decidable)
    }

    /// One thing happens. Refusing and cancelling need no wait: they give nothing to anybody.
    pub fn advance(self, input: RecoveryInput, now: Timestamp) -> Result<RecoveryStep, RecoveryRefusal> {
        let stage = self.stage(now);
        let Self { requested_at, ready_at, expires_at, state } = self;
        let mut approvals = match (stage, state) {
            (RecoveryStage::Waiting(_) | RecoveryStage::Decidable, RecoveryState::Open(approvals)) => approvals,
            (RecoveryStage::Approved, _) | (_, RecoveryState::Approved { .. }) => {
                return Err(RecoveryRefusal::Approved);
            }
            (RecoveryStage::Refused, _) | (_, RecoveryState::Refused { .. }) => return Err(RecoveryRefusal::Refused),
            (RecoveryStage::Cancelled, _) | (_, RecoveryState::Cancelled { .. }) => {
                return Err(RecoveryRefusal::Cancelled);
            }
            (RecoveryStage::Expired, RecoveryState::Open(_)) => return Err(RecoveryRefusal::Expired),
        };
        let (next, completes) = match input {
            RecoveryInput::Approve { by, needed } => {
                if now < ready_at {
                    return Err(RecoveryRefusal::TooEarly(ready_at));
                }
                let another = approvals.insert(by);
                let enough = u32::try_from(approvals.len()).is_ok_and(|given| given >= needed.max(1));
                match (enough, another) {
                    // Also where fewer are needed than when the same operator approved it first.
                    (true, _) => (RecoveryState::Approved { at: now, by: approvals }, true),
                    (false, true) => (RecoveryState::Open(approvals), false),
                    (false, false) => return Err(RecoveryRefusal::SameOperator),
                }
            }
            RecoveryInput::Refuse(by) => (RecoveryState::Refused { at: now, by }, false),
            RecoveryInput::Cancel(how) => (RecoveryState::Cancelled { at: now, how }, false),
        };
        Ok(RecoveryStep { recovery: Self { requested_at, ready_at, expires_at, state: next }, completes })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
    const MILLI: Duration = Duration::from_millis(1);
    const TIMES: RecoveryTimes = RecoveryTimes { wait: Duration::from_hours(24), lasts: Duration::from_hours(14 * 24) };
    const ANNA: Operator = Operator::user(1001);
    const BEN: Operator = Operator::user(1002);

    const fn approve(by: Operator, needed: u32) -> RecoveryInput {
        RecoveryInput::Approve { by, needed }
    }

    fn after(input: RecoveryInput, at: Timestamp) -> Recovery {
        Recovery::request(TIMES, NOW).advance(input, at).unwrap().recovery
    }

    #[test]
    fn nobody_approves_before_the_wait_is_over_or_after_the_request_is() {
        let ready = NOW + TIMES.wait;
        let over = ready + TIMES.lasts;
        let fresh = || Recovery::request(TIMES, NOW);
        assert_eq!(fresh().advance(approve(ANNA, 1), ready - MILLI), Err(RecoveryRefusal::TooEarly(ready)));
        assert!(fresh().advance(approve(ANNA, 1), ready).unwrap().completes);
        assert!(fresh().advance(approve(ANNA, 1), over - MILLI).unwrap().completes);
        assert_eq!(fresh().advance(approve(ANNA, 1), over), Err(RecoveryRefusal::Expired));
        assert_eq!(fresh().stage(ready - MILLI), RecoveryStage::Waiting(ready));
        assert_eq!(fresh().stage(ready), RecoveryStage::Decidable);
        assert_eq!(fresh().stage(over), RecoveryStage::Expired);
    }

    #[test]
    fn two_approvals_are_of_two_operators() {
        let ready = NOW + TIMES.wait;
        let step = Recovery::request(TIMES, NOW).advance(approve(ANNA, 2), ready).unwrap();
        assert!(!step.completes);
        assert_eq!(step.recovery.clone().advance(approve(ANNA, 2), ready), Err(RecoveryRefusal::SameOperator));
        let done = step.recovery.advance(approve(BEN, 2), ready).unwrap();
        assert!(done.completes);
        assert_eq!(done.recovery.approvals(), [ANNA, BEN]);
    }

    #[test]
    fn what_was_decided_or_ended_stays_so() {
        let ready = NOW + TIMES.wait;
        let inputs = [approve(BEN, 1), RecoveryInput::Refuse(BEN), RecoveryInput::Cancel(CancelledBy::Link)];
        for (ended, refusal) in [
            (after(approve(ANNA, 1), ready), RecoveryRefusal::Approved),
            (after(RecoveryInput::Refuse(ANNA), NOW), RecoveryRefusal::Refused),
            (after(RecoveryInput::Cancel(CancelledBy::Code), NOW), RecoveryRefusal::Cancelled),
        ] {
            for input in inputs {
                for at in [NOW, ready, ready + TIMES.lasts] {
                    assert_eq!(ended.clone().advance(input, at), Err(refusal), "{ended:?} {input:?}");
                }
            }
        }
    }

    #[test]
    fn a_receipt_is_read_as_people_write_it() {
        let receipt = Receipt::draw(&crate::entropy::SystemEntropy::new());
        assert_eq!(receipt.as_str().len(), 9);
        let many: String = (0..200).map(|_| Receipt::draw(&crate::entropy::SystemEntropy::new()).to_string()).collect();
        assert!(!many.contains(['O', 'I', '0', '1']), "{many}");
        assert_eq!(Receipt::parse(receipt.as_str()), Some(receipt));
        let told = Receipt::parse("obib-2345").unwrap();
        for typed in ["OBIB-2345", "0818 2345", "ｏｂｉｂ２３４５", " obib2345\n"] {
            assert_eq!(Receipt::parse(typed).as_ref(), Some(&told), "{typed}");
        }
        for wrong in ["", "OBIB-234", "OBIB-23456", "OBIB-234!", "OBIB-2349"] {
            assert_eq!(Receipt::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        /// Whatever happens when: a ticket comes of as many different operators as were needed, after the wait, once.
        #[test]
        fn a_ticket_takes_the_wait_and_enough_operators(
            needed in 1..=2_u32,
            events in proptest::collection::vec((0..400_u64, 0..5_u32), 1..12),
        ) {
            let mut recovery = Recovery::request(TIMES, NOW);
            let (mut hours, mut tickets, mut approved) = (0, 0, BTreeSet::new());
            for (pause, what) in events {
                hours += pause;
                let now = NOW + Duration::from_hours(hours);
                let input = match what {
                    0..=2 => approve(Operator::user(what), needed),
                    3 => RecoveryInput::Refuse(ANNA),
                    _ => RecoveryInput::Cancel(CancelledBy::Link),
                };
                let Ok(step) = recovery.clone().advance(input, now) else { continue };
                if let RecoveryInput::Approve { by, .. } = input {
                    prop_assert!(now >= recovery.ready_at() && now < recovery.expires_at());
                    approved.insert(by);
                }
                if step.completes {
                    tickets += 1;
                    prop_assert!(approved.len() >= needed as usize);
                }
                recovery = step.recovery;
            }
            prop_assert!(tickets <= 1);
            prop_assert_eq!(tickets == 1, matches!(recovery.state(), RecoveryState::Approved { .. }));
        }
    }
}
