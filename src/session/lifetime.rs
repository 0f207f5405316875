//! How long a session lives (NIST SP 800-63B-4 §5.2: both limits end it, activity moves only the idle one).

use std::time::Duration;

use crate::clock::Timestamp;

/// The two limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Without any request.
    pub idle: Duration,
    /// From the sign-in, whatever happens.
    pub absolute: Duration,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// No request for the idle time.
    Idle,
    /// The absolute time is up.
    Absolute,
}

impl Lifetime {
    /// `None` while the session lives. A `last_used` in the future (a clock that went back) counts as now.
    pub fn ended(&self, created: Timestamp, last_used: Timestamp, now: Timestamp) -> Option<SessionEnd> {
        if now.since(created) >= self.absolute {
            Some(SessionEnd::Absolute)
        } else if now.since(last_used) >= self.idle {
            Some(SessionEnd::Idle)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const L: Lifetime = Lifetime { idle: Duration::from_hours(1), absolute: Duration::from_hours(12) };

    #[test]
    fn ends_exactly_at_its_limits() {
        let start = Timestamp::from_secs(1_000_000);
        let just_before = Duration::from_millis(1);
        assert_eq!(L.ended(start, start, start + L.idle - just_before), None);
        assert_eq!(L.ended(start, start, start + L.idle), Some(SessionEnd::Idle));
        let last = start + L.absolute - Duration::from_secs(1);
        assert_eq!(L.ended(start, last, start + L.absolute - just_before), None);
        assert_eq!(L.ended(start, last, start + L.absolute), Some(SessionEnd::Absolute));
    }
}
