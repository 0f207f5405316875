//! How often the addresses for reports may be asked: by whoever asks for what is none of theirs, and for one message. The
//! counts are this process's own and are forgotten every minute; a provider that meets a limit tries again later.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{clock::Timestamp, store::OutboxId};

/// The counts begin again after this.
const WINDOW: Duration = Duration::from_mins(1);
/// Requests of one network (IPv4 /24, IPv6 /56) within the window that were refused.
const REFUSED: u32 = 60;
/// Reports of one message within the window. A call has at most a handful.
const REPORTS: u32 = 30;
/// So many networks and messages are told apart; those beyond share a count.
const TOLD_APART: usize = 10_000;

/// Counts what comes to the addresses for reports.
#[derive(Debug, Default)]
pub(super) struct CallbackLimit(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    ends_at: Option<Timestamp>,
    of: HashMap<Counted, u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Counted {
    Network([u8; 7]),
    Message(OutboxId),
    OtherNetworks,
    OtherMessages,
}

impl Counted {
    fn network(address: IpAddr) -> Self {
        let mut network = [0; 7];
        match address.to_canonical() {
            IpAddr::V4(v4) => network.iter_mut().zip(v4.octets().into_iter().take(3)).for_each(|(to, from)| *to = from),
            IpAddr::V6(v6) => network.iter_mut().zip(v6.octets()).for_each(|(to, from)| *to = from),
        }
        Self::Network(network)
    }

    const fn others(self) -> Self {
        match self {
            Self::Network(_) | Self::OtherNetworks => Self::OtherNetworks,
            Self::Message(_) | Self::OtherMessages => Self::OtherMessages,
        }
    }

    const fn most(self) -> u32 {
        match self {
            Self::Network(_) | Self::OtherNetworks => REFUSED,
            Self::Message(_) => REPORTS,
            // Reports that are genuine are never held up by those of others.
            Self::OtherMessages => u32::MAX,
        }
    }
}

impl CallbackLimit {
    /// Has the network been refused too often? Until then.
    pub(super) fn refuses(&self, address: IpAddr, now: Timestamp) -> Option<Timestamp> {
        self.with(now, |counts| counts.reached(Counted::network(address)))
    }

    /// The network asked for what is none of its own.
    pub(super) fn refused(&self, address: IpAddr, now: Timestamp) {
        self.with(now, |counts| counts.count(Counted::network(address)));
    }

    /// One more report of a message; `Some`: too many, until then.
    pub(super) fn report(&self, message: OutboxId, now: Timestamp) -> Option<Timestamp> {
        self.with(now, |counts| {
            let reached = counts.reached(Counted::Message(message));
            counts.count(Counted::Message(message));
            reached
        })
    }

    fn with<T>(&self, now: Timestamp, act: impl FnOnce(&mut Counts) -> T) -> T {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not keep a count for long.
        if counts.ends_at.is_none_or(|ends_at| ends_at <= now || now + WINDOW < ends_at) {
            *counts = Counts { ends_at: Some(now + WINDOW), of: HashMap::new() };
        }
        act(&mut counts)
    }
}

impl Counts {
    fn place(&self, counted: Counted) -> Counted {
        let known = self.of.contains_key(&counted) || self.of.len() < TOLD_APART;
        if known { counted } else { counted.others() }
    }

    fn reached(&self, counted: Counted) -> Option<Timestamp> {
        let counted = self.place(counted);
        self.of.get(&counted).is_some_and(|count| *count >= counted.most()).then_some(self.ends_at).flatten()
    }

    fn count(&mut self, counted: Counted) {
        let count = self.of.entry(self.place(counted)).or_default();
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::entropy::SystemEntropy;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    #[test]
    fn a_network_that_guesses_addresses_is_refused_for_the_rest_of_the_minute() {
        let limit = CallbackLimit::default();
        let at = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        for n in 0..60 {
            assert_eq!(limit.refuses(at(n), NOW), None, "{n}");
            limit.refused(at(n), NOW);
        }
        assert_eq!(limit.refuses(at(200), NOW), Some(NOW + WINDOW), "the whole network");
        assert_eq!(limit.refuses(IpAddr::V4(Ipv4Addr::new(192, 0, 3, 1)), NOW), None, "no other");
        assert_eq!(limit.refuses(IpAddr::V6(Ipv6Addr::LOCALHOST), NOW), None);
        assert_eq!(limit.refuses(at(1), NOW + WINDOW), None, "for a minute");
    }

    #[test]
    fn one_message_has_a_handful_of_reports_and_others_their_own() {
        let limit = CallbackLimit::default();
        let entropy = SystemEntropy::new();
        let message = OutboxId::random(&entropy);
        for n in 0..30 {
            assert_eq!(limit.report(message, NOW), None, "{n}");
        }
        assert_eq!(limit.report(message, NOW), Some(NOW + WINDOW));
        assert_eq!(limit.report(OutboxId::random(&entropy), NOW), None);
        assert_eq!(limit.report(message, NOW + WINDOW), None);
    }

    #[test]
    fn what_is_kept_has_an_end_whoever_asks() {
        let limit = CallbackLimit::default();
        for n in 0..3 * u32::try_from(TOLD_APART).unwrap() {
            limit.refused(IpAddr::V4(Ipv4Addr::from_bits(n << 8)), NOW);
        }
        assert!(limit.0.lock().unwrap().of.len() <= TOLD_APART + 2);
        assert!(limit.refuses(IpAddr::V4(Ipv4Addr::new(250, 1, 2, 3)), NOW).is_some(), "those beyond share one");
    }

    #[test]
    fn rat_26_a_clock_that_jumps_locks_nobody_out_for_long() {
        let limit = CallbackLimit::default();
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        (0..60).for_each(|_| limit.refused(address, NOW));
        assert!(limit.refuses(address, NOW).is_some());
        assert_eq!(limit.refuses(address, NOW - Duration::from_hours(1)), None);
    }
}
