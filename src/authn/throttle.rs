//! How long wrong answers make people wait (`product.md` §2). The store applies these schedules in its own atomic
//! statements; a test holds the two against each other.

use std::time::Duration;

/// Wrong codes before the first pause, and between pauses.
pub const CODE_TRIES: u32 = 5;
/// Wrong codes in a row that disable a method (NIST SP 800-63B-4 §3.2.2).
pub const CODE_DISABLE_CONSECUTIVE: u32 = 100;
/// Wrong codes within [`CODE_WINDOW`] that disable a method, whatever succeeded between.
pub const CODE_DISABLE_ROLLING: u32 = 50;
/// The rolling window, success does not clear it.
pub const CODE_WINDOW: Duration = Duration::from_hours(30 * 24);
/// The first pause of a method.
pub const CODE_PAUSE_FIRST: Duration = Duration::from_mins(15);
/// The longest pause of a method.
pub const CODE_PAUSE_MOST: Duration = Duration::from_hours(2);

/// Messages an account may have sent while it sets up its methods, within [`ENROLMENT_SENDS_WINDOW`]: the numbers are
/// not proven yet, so each counts for itself, and all of them together.
pub const ENROLMENT_SENDS: u32 = 10;
/// The window of [`ENROLMENT_SENDS`].
pub const ENROLMENT_SENDS_WINDOW: Duration = Duration::from_hours(1);
/// Tries at an enrolment ticket in one sign-in.
pub const ENROLMENT_TRIES: u32 = 10;

/// A method that works is not replaced this long after the password was reset by mail: a thief of the mailbox does not
/// reach the second step the same day.
pub const METHODS_REST_AFTER_RESET: Duration = Duration::from_hours(48);

/// Wrong passwords before the first wait.
pub const PASSWORD_TRIES: u32 = 5;
/// The first wait.
pub const PASSWORD_WAIT_FIRST: Duration = Duration::from_secs(30);
/// The longest wait.
pub const PASSWORD_WAIT_MOST: Duration = Duration::from_hours(1);
/// Wrong passwords are forgotten after this long without another.
pub const PASSWORD_FORGET: Duration = Duration::from_hours(24);

fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    2_u32.checked_pow(times).and_then(|factor| first.checked_mul(factor)).map_or(most, |wait| wait.min(most))
}

/// The pause that begins with this many wrong codes in a row; none between multiples of [`CODE_TRIES`].
pub fn code_pause(consecutive: u32) -> Option<Duration> {
    (consecutive > 0 && consecutive.is_multiple_of(CODE_TRIES))
        .then(|| doubled(CODE_PAUSE_FIRST, consecutive / CODE_TRIES - 1, CODE_PAUSE_MOST))
}

/// Tries left before the next pause, after this many wrong codes in a row.
pub const fn code_tries_left(consecutive: u32) -> u32 {
    CODE_TRIES - consecutive % CODE_TRIES
}

/// The wait that begins with this many wrong passwords.
pub fn password_wait(failures: u32) -> Option<Duration> {
    (failures >= PASSWORD_TRIES).then(|| doubled(PASSWORD_WAIT_FIRST, failures - PASSWORD_TRIES, PASSWORD_WAIT_MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_pauses_follow_the_table() {
        let minutes = |n| code_pause(n).map(|d| d.as_secs() / 60);
        assert_eq!((0..=5).map(minutes).collect::<Vec<_>>(), [None, None, None, None, None, Some(15)]);
        assert_eq!([10, 15, 20, 25, 95].map(minutes), [Some(30), Some(60), Some(120), Some(120), Some(120)]);
        assert_eq!([0, 2, 4, 5, 7].map(code_tries_left), [5, 3, 1, 5, 3]);
    }

    #[test]
    fn password_waits_follow_the_table() {
        let secs = |n| password_wait(n).map(|d| d.as_secs());
        assert_eq!([4, 5, 6, 7, 12, 1000].map(secs), [None, Some(30), Some(60), Some(120), Some(3600), Some(3600)]);
    }
}
