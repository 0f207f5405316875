//! Does a sign-in look as if several people use it? A pure rule over the minutes in which each of its browsers was in
//! use (`product.md` R13). It tells, it never refuses anything; one person with a phone and a computer must not look so.
//!
//! Two browsers alternate when, within one hour, use goes back and forth between them at least four times. Counted are
//! only pairs that one person has no reason to use at once: both hand-held or both not, and not two different browsers of
//! one network on one platform, which is what one computer looks like. A sign-in looks shared when a pair alternated in
//! at least three hours on at least two days of the last two weeks.

use std::{collections::BTreeSet, time::Duration};

use super::{DeviceLabel, SessionId};
use crate::{clock::Timestamp, secret::Digest};

/// One browser in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserHour {
    /// The session; a browser has one at a time.
    pub session: SessionId,
    /// Hours since 1970.
    pub hour: i64,
    /// One bit for each minute in which it was used, the lowest first.
    pub minutes: u64,
    /// Browser and platform.
    pub browser: DeviceLabel,
    /// Keyed digest of the network the session began on.
    pub network: Option<Digest>,
}

/// How far back uses count.
pub const SHARED_WINDOW: Duration = Duration::from_hours(14 * 24);
const SWITCHES: u32 = 4;
const HOURS: usize = 3;
const DAYS: usize = 2;

/// What the rule found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Sharing {
    /// Hours in which browsers alternated.
    pub hours: usize,
    /// On so many days (UTC).
    pub days: usize,
    /// The most browsers of one kind in use in one hour.
    pub browsers: usize,
}

impl Sharing {
    /// Judges the uses of one account, in any order; those older than the window do not count.
    pub fn of(uses: &[BrowserHour], now: Timestamp) -> Self {
        let first = hour_of(now - SHARED_WINDOW);
        let mut alternated = BTreeSet::new();
        let mut browsers = 0;
        let hours: BTreeSet<i64> = uses.iter().map(|used| used.hour).filter(|hour| *hour >= first).collect();
        for hour in hours {
            let there: Vec<&BrowserHour> = uses.iter().filter(|used| used.hour == hour).collect();
            for (index, one) in there.iter().enumerate() {
                let others = there.iter().skip(index + 1);
                if others
                    .clone()
                    .any(|other| two_people(one, other) && switches(one.minutes, other.minutes) >= SWITCHES)
                {
                    alternated.insert(hour);
                    browsers = browsers.max(there.iter().filter(|other| handheld(other) == handheld(one)).count());
                }
            }
        }
        let days: BTreeSet<i64> = alternated.iter().map(|hour| hour.div_euclid(24)).collect();
        Self { hours: alternated.len(), days: days.len(), browsers }
    }

    /// Does it look shared?
    pub const fn looks_shared(self) -> bool {
        self.hours >= HOURS && self.days >= DAYS
    }
}

/// The hour of a time, and the bit of its minute.
pub fn hour_and_minute(at: Timestamp) -> (i64, u64) {
    let minute = at.as_secs().div_euclid(60);
    (minute.div_euclid(60), 1 << minute.rem_euclid(60))
}

const fn hour_of(at: Timestamp) -> i64 {
    at.as_secs().div_euclid(3_600)
}

fn handheld(used: &BrowserHour) -> bool {
    ["iPhone", "iPad", "Android"].iter().any(|platform| used.browser.as_str().contains(platform))
}

/// Has one person no reason to use both at once?
fn two_people(one: &BrowserHour, other: &BrowserHour) -> bool {
    let (name, platform) = parts(&one.browser);
    let (other_name, other_platform) = parts(&other.browser);
    let elsewhere = match (&one.network, &other.network) {
        (Some(network), Some(other)) => network != other,
        (None, _) | (_, None) => false,
    };
    let one_computer = !elsewhere && platform == other_platform && name != other_name;
    one.session != other.session && handheld(one) == handheld(other) && !one_computer
}

fn parts(label: &DeviceLabel) -> (&str, &str) {
    label.as_str().split_once(" (").unwrap_or((label.as_str(), ""))
}

/// How often use goes from one to the other and back. Both in one minute are one change.
fn switches(one: u64, other: u64) -> u32 {
    let mut changes = 0;
    let mut last: Option<bool> = None;
    for minute in 0..60 {
        let used = (one >> minute & 1 == 1, other >> minute & 1 == 1);
        last = match (used, last) {
            ((true, true), Some(before)) => {
                changes += 1;
                Some(!before)
            }
            ((true, true), None) => Some(true),
            ((true, false), before) => {
                changes += u32::from(before == Some(false));
                Some(true)
            }
            ((false, true), before) => {
                changes += u32::from(before == Some(true));
                Some(false)
            }
            ((false, false), before) => before,
        };
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    struct Machine {
        session: SessionId,
        browser: &'static str,
        network: u8,
    }

    fn machine(browser: &'static str, network: u8) -> Machine {
        Machine { session: SessionId::random(&SystemEntropy::new()), browser, network }
    }

    /// Uses of two machines that alternate every five minutes, in so many hours on each of so many days.
    fn alternating(one: &Machine, other: &Machine, hours: i64, days: i64) -> Vec<BrowserHour> {
        let used = |machine: &Machine, hour, from: usize| BrowserHour {
            session: machine.session,
            hour,
            minutes: (from..60).step_by(10).fold(0, |bits, minute| bits | 1 << minute),
            browser: DeviceLabel::new(machine.browser),
            network: Some(Digest::new([machine.network; 32])),
        };
        let today = hour_of(NOW) / 24 * 24 - 24;
        let all = (0..days).flat_map(|day| (0..hours).map(move |hour| today - 24 * day + hour));
        all.flat_map(|hour| [used(one, hour, 0), used(other, hour, 5)]).collect()
    }

    fn shared(one: &Machine, other: &Machine, hours: i64, days: i64) -> bool {
        Sharing::of(&alternating(one, other, hours, days), NOW).looks_shared()
    }

    #[test]
    fn r13_two_computers_in_turn_on_several_days_look_shared() {
        let (one, other) = (machine("Edge (Windows)", 1), machine("Edge (Windows)", 1));
        assert!(shared(&one, &other, 2, 2), "two alike in one office");
        assert!(!shared(&one, &other, 1, 2), "two hours only");
        assert!(!shared(&one, &other, 8, 1), "one day only");
        assert!(shared(&machine("Chrome (Windows)", 1), &machine("Firefox (Windows)", 2), 2, 2), "two places");
        assert!(shared(&machine("Safari (iPhone)", 1), &machine("Chrome (Android)", 2), 2, 2), "two telephones");
    }

    #[test]
    fn r13_one_person_does_not() {
        let computer = || machine("Chrome (Windows)", 1);
        for (one, other, who) in [
            (computer(), machine("Safari (iPhone)", 2), "computer and phone"),
            (computer(), machine("Safari (iPad)", 1), "computer and tablet"),
            (computer(), machine("Firefox (Windows)", 1), "two browsers on one computer"),
        ] {
            assert!(!shared(&one, &other, 9, 12), "{who}");
        }
        // The office in the morning, at home in the evening.
        let (office, home) = (machine("Edge (Windows)", 1), machine("Edge (Windows)", 2));
        let mut uses = alternating(&office, &home, 4, 10);
        uses.retain(|used| (used.session == office.session) == (used.hour % 2 == 0));
        assert!(!Sharing::of(&uses, NOW).looks_shared());
    }

    #[test]
    fn what_is_older_than_two_weeks_does_not_count() {
        let (one, other) = (machine("Edge (Windows)", 1), machine("Edge (Windows)", 1));
        let uses = alternating(&one, &other, 8, 2);
        assert!(Sharing::of(&uses, NOW).looks_shared());
        assert_eq!(Sharing::of(&uses, NOW + SHARED_WINDOW + SHARED_WINDOW), Sharing::default());
    }

    #[test]
    fn changes_are_counted_by_the_minute() {
        assert_eq!(switches(0b1, 0b10), 1);
        assert_eq!(switches(0b101, 0b1010), 3);
        assert_eq!(switches(0b1111, 0b1_0000), 1);
        assert_eq!(switches(0, u64::MAX >> 4), 0);
        assert_eq!(hour_and_minute(Timestamp::from_secs(3_600 * 7 + 61)), (7, 0b10));
    }
}
