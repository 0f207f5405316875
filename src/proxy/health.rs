//! Whether an address of a console is asked: what its last answers say of it, and its last checks. It knows nothing of
//! connections, never waits and is read for every request, so it is a few numbers and no lock.

use std::{
    sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use crate::clock::Timestamp;

/// When an address is left out, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Failures one after the other; zero: it never is.
    pub(super) failures: u32,
    /// Then one request looks whether it is back.
    pub(super) rest: Duration,
}

/// What is known of one address.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// Without an answer in between.
    failures: AtomicU32,
    /// Left out until then, in milliseconds of a [`Timestamp`]; zero: it is not.
    out_until: AtomicI64,
}

impl Health {
    /// May this request ask it? Of those that come when it has rested, one may: it is left out for the others until there
    /// is an answer, or until it has rested once more.
    pub(super) fn is_asked(&self, now: Timestamp, patience: Patience) -> bool {
        let until = self.out_until.load(Relaxed);
        if until == 0 {
            return true;
        }
        let rest = Timestamp::from_millis(until).since(now);
        // Longer than it ever is: the clock was set back.
        if !rest.is_zero() && rest <= patience.rest {
            return false;
        }
        let again = (now + patience.rest).as_millis();
        self.out_until.compare_exchange(until, again, Relaxed, Relaxed).is_ok()
    }

    /// It did not answer. `true`: from now on it is left out, and was not before.
    pub(super) fn failed(&self, now: Timestamp, patience: Patience) -> bool {
        let failures = self.failures.fetch_add(1, Relaxed).saturating_add(1);
        if patience.failures == 0 || failures < patience.failures {
            return false;
        }
        self.out_until.swap((now + patience.rest).as_millis(), Relaxed) == 0
    }

    /// It answered. `true`: it was left out before.
    pub(super) fn answered(&self) -> bool {
        // As a rule there is nothing to write, and what nobody writes every core can read.
        if self.failures.load(Relaxed) == 0 {
            return false;
        }
        self.failures.store(0, Relaxed);
        self.out_until.swap(0, Relaxed) != 0
    }
}

/// What the checks of one address say, where there are any. One task writes, and everybody reads.
#[derive(Debug, Default)]
pub(super) struct Checked {
    down: AtomicBool,
    /// Checks one after the other that say otherwise.
    otherwise: AtomicU32,
}

impl Checked {
    /// Nothing is sent there. Before there was a check it is up: a gateway that starts must not refuse everybody.
    pub(super) fn is_down(&self) -> bool {
        self.down.load(Relaxed)
    }

    /// One more check. `true`: it is up now and was down, or the other way round. So many of them in a row are
    /// believed.
    pub(super) fn has_changed(&self, passed: bool, to_fail: u32, to_pass: u32) -> bool {
        if passed != self.is_down() {
            self.otherwise.store(0, Relaxed);
            return false;
        }
        let otherwise = self.otherwise.fetch_add(1, Relaxed).saturating_add(1);
        if otherwise < if passed { to_pass } else { to_fail } {
            return false;
        }
        self.otherwise.store(0, Relaxed);
        self.down.store(!passed, Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_checks_in_a_row_change_whether_an_address_is_up() {
        let checked = Checked::default();
        let mut said = Vec::new();
        for passed in [false, false, true, false, false, false, false, true, false, true, true, true, false] {
            said.push((checked.has_changed(passed, 3, 2), checked.is_down()));
        }
        let (up, down) = ((false, false), (false, true));
        assert_eq!(
            said,
            [up, up, up, up, up, (true, true), down, down, down, down, (true, false), up, up],
            "three that fail, and two that pass"
        );
    }

    const PATIENCE: Patience = Patience { failures: 3, rest: Duration::from_secs(10) };
    const START: Timestamp = Timestamp::from_secs(1_000_000);

    fn after(seconds: u64) -> Timestamp {
        START + Duration::from_secs(seconds)
    }

    #[test]
    fn failures_in_a_row_leave_it_out_and_one_request_looks_again() {
        let health = Health::default();
        assert!(!health.failed(START, PATIENCE) && !health.failed(START, PATIENCE));
        assert!(health.is_asked(START, PATIENCE), "two are not three");
        assert!(health.failed(START, PATIENCE), "it is said once");
        assert!(!health.failed(START, PATIENCE));
        assert!(!health.is_asked(START, PATIENCE) && !health.is_asked(after(9), PATIENCE));
        assert!(health.is_asked(after(10), PATIENCE), "one looks");
        assert!(!health.is_asked(after(10), PATIENCE), "the others do not");
        assert!(!health.failed(after(11), PATIENCE), "it is out still");
        assert!(!health.is_asked(after(20), PATIENCE) && health.is_asked(after(21), PATIENCE));
        assert!(health.answered(), "it is back");
        assert!(health.is_asked(after(21), PATIENCE) && health.is_asked(after(21), PATIENCE));
        assert!(!health.failed(after(22), PATIENCE), "and counted anew");
    }

    #[test]
    fn whoever_looks_and_never_comes_back_is_followed_by_another() {
        let health = Health::default();
        let soon = Patience { failures: 1, ..PATIENCE };
        assert!(health.failed(START, soon));
        assert!(health.is_asked(after(10), soon) && !health.is_asked(after(19), soon));
        assert!(health.is_asked(after(20), soon));
    }

    #[test]
    fn an_answer_between_failures_begins_the_count_again() {
        let health = Health::default();
        for _ in 0..10 {
            assert!(!health.failed(START, PATIENCE) && !health.failed(START, PATIENCE));
            assert!(!health.answered(), "it was never out");
        }
        assert!(health.is_asked(START, PATIENCE));
    }

    #[test]
    fn nothing_is_left_out_for_longer_because_the_clock_was_set_back() {
        let health = Health::default();
        let soon = Patience { failures: 1, ..PATIENCE };
        health.failed(after(3600), soon);
        assert!(health.is_asked(START, soon));
    }

    #[test]
    fn without_a_number_nothing_is_ever_left_out() {
        let (health, never) = (Health::default(), Patience { failures: 0, ..PATIENCE });
        assert!(!(0..100).any(|_| health.failed(START, never)) && health.is_asked(START, never));
    }
}
