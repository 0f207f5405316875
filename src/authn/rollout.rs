//! The rollout of two-step verification to accounts that have none yet (`product.md` R10, §5): nobody is asked before
//! the cohort's day; then a person may say "later" a few times, until a deadline that is fixed when they are first
//! asked; after that they enrol. It never excuses an account that has its methods, or had them and lost them.

use std::time::Duration;

use super::proof::PasswordProof;
use crate::{account::AccountId, clock::Timestamp};

/// People of certain groups who are asked from a certain day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// Nobody of it is asked before.
    pub from: Timestamp,
    /// From the first time a person is asked.
    pub deadline: Duration,
}

/// When a person was first asked, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The first time.
    pub at: Timestamp,
    /// From then on enrolling is a must; it never moves.
    pub deadline: Timestamp,
    /// How often "later" was taken.
    pub laters: u32,
}

/// What the rollout asks of an account without methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Standing {
    /// It enrols.
    #[default]
    Enforced,
    /// Its cohort's day has not come: the password is enough.
    NotYet,
    /// It is asked, and may still say "later".
    Asked(Grace),
}

/// How long somebody may still put it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    /// Not from then on.
    pub deadline: Timestamp,
    /// So many times, this one included; none where it must be now.
    pub laters_left: u32,
}

impl Standing {
    /// An account of no cohort enrols. `asked` is what the store knows; in the cohort's time nobody stays unasked.
    pub fn of(cohort: Option<Cohort>, asked: Option<Asked>, most_laters: u32, now: Timestamp) -> Self {
        let Some(cohort) = cohort else { return Self::Enforced };
        if now < cohort.from {
            return Self::NotYet;
        }
        let Some(asked) = asked else { return Self::Enforced };
        let laters_left = most_laters.saturating_sub(asked.laters);
        if now >= asked.deadline || laters_left == 0 {
            return Self::Enforced;
        }
        Self::Asked(Grace { deadline: asked.deadline, laters_left })
    }
}

/// Why a sign-in did without the second step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaivedBecause {
    /// The cohort's day has not come.
    NotYet,
    /// The person said "later"; the store counts it with the session.
    Later,
}

/// The rollout does without the second step, this once. Made only by the sign-in machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWaiver {
    account: AccountId,
    because: WaivedBecause,
}

impl PolicyWaiver {
    /// Nobody asks yet.
    pub(super) const fn not_yet(who: &PasswordProof, standing: Standing) -> Option<Self> {
        match standing {
            Standing::NotYet => Some(Self { account: who.account, because: WaivedBecause::NotYet }),
            Standing::Enforced | Standing::Asked(_) => None,
        }
    }
    /// Asked, and put off.
    pub(super) const fn later(who: &PasswordProof, standing: Standing) -> Option<Self> {
        match standing {
            Standing::Asked(_) => Some(Self { account: who.account, because: WaivedBecause::Later }),
            Standing::Enforced | Standing::NotYet => None,
        }
    }
    /// Whose sign-in it completes.
    pub const fn account(&self) -> AccountId {
        self.account
    }
    /// Why.
    pub const fn because(&self) -> WaivedBecause {
        self.because
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Timestamp = Timestamp::from_secs(1_000_000);
    const DEADLINE: Duration = Duration::from_hours(14 * 24);
    const JUST: Duration = Duration::from_millis(1);

    fn of(asked: Option<(Timestamp, u32)>, now: Timestamp) -> Standing {
        let asked = asked.map(|(at, laters)| Asked { at, deadline: at + DEADLINE, laters });
        Standing::of(Some(Cohort { from: FROM, deadline: DEADLINE }), asked, 3, now)
    }

    #[test]
    fn r10_three_laters_until_a_deadline_that_never_moves() {
        let first = FROM + Duration::from_hours(48);
        let end = first + DEADLINE;
        assert_eq!(of(None, FROM - JUST), Standing::NotYet);
        assert_eq!(of(Some((first, 0)), first), Standing::Asked(Grace { deadline: end, laters_left: 3 }));
        assert_eq!(of(Some((first, 2)), end - JUST), Standing::Asked(Grace { deadline: end, laters_left: 1 }));
        assert_eq!(of(Some((first, 0)), end), Standing::Enforced, "the deadline");
        assert_eq!(of(Some((first, 3)), first), Standing::Enforced, "three times");
    }

    #[test]
    fn whoever_is_in_no_cohort_or_was_never_seen_enrols() {
        assert_eq!(Standing::of(None, None, 3, FROM - JUST), Standing::Enforced);
        assert_eq!(of(None, FROM), Standing::Enforced, "asking writes it down first");
        assert_eq!(Standing::default(), Standing::Enforced);
    }
}
