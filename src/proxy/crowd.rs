//! How many connections there may be at a time, in all and from one address. Whoever comes when there is no place is
//! closed upon before a byte is read.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::client_address::ClientAddress;
use crate::config::Config;

/// The connections of all listeners.
#[derive(Debug)]
pub(crate) struct Crowd {
    most: usize,
    most_from_one: usize,
    /// Many people come through a proxy: it is not held to the number for one address.
    proxies: ClientAddress,
    open: Mutex<Open>,
}

/// As many entries as connections, at most.
#[derive(Debug, Default)]
struct Open {
    all: usize,
    from: HashMap<IpAddr, usize>,
    refused: u64,
}

/// One connection's. Dropping it makes room.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Arc<Crowd>,
    from: Option<IpAddr>,
    proxy: bool,
}

impl Crowd {
    /// As configured.
    pub(crate) fn new(config: &Config) -> Arc<Self> {
        let proxies = ClientAddress::new(&config.listen);
        let (most, most_from_one) = (config.limits.connections, config.limits.connections_per_address);
        Arc::new(Self { most, most_from_one, proxies, open: Mutex::default() })
    }

    /// `None`: there is no place. One without an address counts among all.
    pub(super) fn enter(self: &Arc<Self>, peer: Option<IpAddr>) -> Option<Place> {
        let proxy = peer.is_some_and(|peer| self.proxies.trusts(peer.to_canonical()));
        let from = peer.filter(|_| !proxy).map(household);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let crowded = from.is_some_and(|from| open.from.get(&from).is_some_and(|count| *count >= self.most_from_one));
        if open.all >= self.most || crowded {
            open.refused += 1;
            tell(open, crowded);
            return None;
        }
        open.all += 1;
        if let Some(from) = from {
            *open.from.entry(from).or_default() += 1;
        }
        drop(open);
        Some(Place { crowd: self.clone(), from, proxy })
    }
}

/// Whoever makes us refuse must not fill the log.
fn tell(open: MutexGuard<'_, Open>, one_address: bool) {
    let (refused, all) = (open.refused, open.all);
    drop(open);
    if refused.is_power_of_two() {
        tracing::warn!(refused, open = all, one_address, "no place for a connection");
    }
}

impl Place {
    /// The connection comes from one of the proxies.
    pub(super) fn is_a_proxys(&self) -> bool {
        self.proxy
    }

    /// The proxy has said for whom it is. `None`: they have no place left.
    pub(super) fn taken_by(mut self, client: IpAddr) -> Option<Self> {
        if self.crowd.proxies.trusts(client.to_canonical()) {
            return Some(self);
        }
        let from = household(client);
        let mut open = self.crowd.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.from.entry(from).or_default();
        if *count >= self.crowd.most_from_one {
            open.refused += 1;
            tell(open, true);
            return None;
        }
        *count += 1;
        drop(open);
        self.from = Some(from);
        Some(self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.crowd.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        let Some(from) = self.from else { return };
        if let Some(count) = open.from.get_mut(&from) {
            *count -= 1;
            if *count == 0 {
                open.from.remove(&from);
            }
        }
    }
}

/// Whoever has one address of IPv6 has its whole /64.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(most: usize, most_from_one: usize) -> Arc<Crowd> {
        let text = include_str!("../../config/sekisho.toml");
        let mut config = crate::config::parse(text, "sekisho.toml").unwrap_or_else(|problems| panic!("{problems}"));
        (config.limits.connections, config.limits.connections_per_address) = (most, most_from_one);
        config.listen.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        Crowd::new(&config)
    }

    #[test]
    fn one_address_has_its_places_and_gets_them_back() {
        let crowd = crowd(100, 2);
        let enter = |from: &str| crowd.enter(Some(from.parse().unwrap()));
        let (first, _second) = (enter("192.0.2.1").unwrap(), enter("::ffff:192.0.2.1").unwrap());
        assert!(enter("192.0.2.1").is_none());
        assert!(enter("192.0.2.2").is_some(), "somebody else");
        drop(first);
        let _again = enter("192.0.2.1").unwrap();
        assert!(enter("192.0.2.1").is_none(), "a refused one left no place");
        let _v6 = [enter("2001:db8::1").unwrap(), enter("2001:db8::ffff:2").unwrap()];
        assert!(enter("2001:db8::3").is_none() && enter("2001:db8:0:1::3").is_some());
        let proxied: Vec<_> = (0..50).map(|_| enter("10.0.0.5").unwrap()).collect();
        assert_eq!(proxied.len(), 50, "many people come through a proxy");
    }

    #[test]
    fn whoever_comes_through_a_proxy_that_names_them_has_the_places_of_their_own_address() {
        let crowd = crowd(100, 2);
        let enter = |from: &str| crowd.enter(Some(from.parse().unwrap())).unwrap();
        let through = |client: &str| enter("10.0.0.5").taken_by(client.parse().unwrap());
        assert!(enter("10.0.0.5").is_a_proxys() && enter("::ffff:10.0.0.5").is_a_proxys());
        assert!(!enter("192.0.2.9").is_a_proxys());
        let (first, direct) = (through("192.0.2.1").unwrap(), enter("192.0.2.1"));
        assert!(through("192.0.2.1").is_none() && through("::ffff:192.0.2.1").is_none());
        assert!(through("192.0.2.2").is_some(), "somebody else");
        let own: Vec<_> = (0..10).map(|_| through("10.0.0.6").unwrap()).collect();
        drop(first);
        let again = through("192.0.2.1").unwrap();
        drop((again, direct, own));
        let open = crowd.open.lock().unwrap();
        assert_eq!((open.all, open.from.len(), open.refused), (0, 0, 2));
    }

    #[test]
    fn all_together_have_theirs_and_nothing_is_left_of_who_has_gone() {
        let crowd = crowd(3, 3);
        let places: Vec<_> = (1..=3).map(|n| crowd.enter(Some(IpAddr::from([192, 0, 2, n]))).unwrap()).collect();
        assert!(crowd.enter(Some("10.0.0.5".parse().unwrap())).is_none() && crowd.enter(None).is_none());
        drop(places);
        let open = crowd.open.lock().unwrap();
        assert_eq!((open.all, open.from.len(), open.refused), (0, 0, 2));
    }
}
