//! Where the console is: its name resolved without blocking, and the connection's options. It must never choose a
//! connection without certificate verification: for Pingora an empty server name means just that.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use pingora::{
    ErrorSource,
    prelude::*,
    protocols::ALPN,
    upstreams::peer::{H1UpgradePolicy, HttpPeer, HttpUpstreamRequestPolicy},
};

use super::health::{Health, Patience};
use crate::{
    access::Permit,
    clock::Timestamp,
    config::{self, Balance},
};

/// A resolved name is used this long.
const FRESH: Duration = Duration::from_secs(10);

/// Attempts for one request, the first included. A console that is down must not be asked by everybody many times over.
pub(crate) const MOST_ATTEMPTS: usize = 3;

/// A console: one application, on one address or on several that are as good as each other.
#[derive(Debug)]
pub(crate) struct Upstream {
    config: config::Upstream,
    patience: Patience,
    addresses: Box<[Address]>,
    /// Whose turn it is.
    turn: AtomicUsize,
}

/// One of its addresses.
#[derive(Debug)]
struct Address {
    host: String,
    port: u16,
    /// Its name as a number.
    number: u64,
    health: Health,
    resolved: ArcSwapOption<Resolved>,
}

/// How to connect, by the addresses of the name.
#[derive(Debug)]
struct Resolved {
    /// `None`: it is no name, and never changes.
    at: Option<Instant>,
    /// One at least.
    peers: Box<[HttpPeer]>,
}

/// What one request has tried so far.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    /// So many.
    pub made: usize,
    /// Bytes of a body are on their way: it can never be sent again.
    pub body_begun: bool,
    /// What ties it to an address, where anything does.
    pub tie: Option<u64>,
    /// The address of the last one.
    at: usize,
    /// Addresses that failed, by bit.
    failed: u32,
    /// Addresses there are.
    choices: usize,
    /// Lost after the request was sent.
    lost: bool,
}

/// The file with the authorities that connections to the consoles trust; `None`: the public ones. A checked configuration
/// has one for all of them.
pub(crate) fn authorities(config: &config::Config) -> Option<String> {
    let file = config.upstreams.iter().find_map(|console| console.ca.as_ref());
    file.map(|path| path.to_string_lossy().into_owned())
}

/// No name of the console has an address.
#[derive(Debug, thiserror::Error)]
#[error("the upstream host cannot be resolved: {0}")]
pub(crate) struct Unresolved(std::io::Error);

impl Upstream {
    /// As configured.
    pub(crate) fn new(config: config::Upstream) -> Self {
        let address = |address: &config::UpstreamAddress| Address {
            host: address.host.clone(),
            port: address.port,
            number: number_of(format!("{}:{}", address.host, address.port).as_bytes()),
            health: Health::default(),
            resolved: ArcSwapOption::empty(),
        };
        Self {
            addresses: config.addresses.iter().map(address).collect(),
            patience: Patience { failures: config.max_fails, rest: config.fail_timeout },
            turn: AtomicUsize::new(0),
            config,
        }
    }

    /// The `Host` the console gets, when it is not the client's.
    pub(crate) fn host_header(&self) -> Option<&str> {
        self.config.host_header.as_deref()
    }

    /// What ties the requests of a person to one address, where the configuration wants that: their account; of somebody
    /// who is not signed in the address they come from.
    pub(crate) fn tie(&self, permit: &Permit, client: IpAddr) -> Option<u64> {
        if self.config.balance == Balance::RoundRobin {
            return None;
        }
        Some(match (permit.principal(), client) {
            (Some(who), _) => number_of(who.account.as_bytes()),
            (None, IpAddr::V4(ip)) => number_of(&ip.octets()),
            (None, IpAddr::V6(ip)) => number_of(&ip.octets()),
        })
    }

    /// Where the next attempt goes: to the address whose turn it is, or that the person is tied to, and never again to one
    /// that failed this request while there is another.
    pub(crate) async fn peer(
        &self,
        attempts: &mut Attempts,
        websocket: bool,
        now: Timestamp,
    ) -> Result<HttpPeer, Unresolved> {
        attempts.made += 1;
        loop {
            attempts.at = self.choose(attempts.tie, attempts.failed, now);
            let resolved = match self.addresses.get(attempts.at) {
                Some(address) => self.resolved(address).await,
                None => Err(Unresolved(std::io::ErrorKind::NotFound.into())),
            };
            match resolved {
                Ok(resolved) => {
                    let several = self.addresses.len() > 1;
                    attempts.choices = if several { self.addresses.len() } else { resolved.peers.len() };
                    let peer = resolved.peers.get((attempts.made - 1) % resolved.peers.len().max(1)).cloned();
                    let mut peer = peer.ok_or_else(|| Unresolved(std::io::ErrorKind::NotFound.into()))?;
                    if websocket {
                        // A quiet WebSocket is no fault.
                        peer.options.read_timeout = None;
                        peer.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::default();
                    }
                    return Ok(peer);
                }
                Err(unresolved) => {
                    self.has_failed(attempts, now);
                    if attempts.failed.count_ones() as usize >= self.addresses.len() {
                        return Err(unresolved);
                    }
                }
            }
        }
    }

    /// Nothing was sent. `true`: another address may be tried, whatever the method.
    pub(crate) fn not_connected(&self, attempts: &mut Attempts, now: Timestamp) -> bool {
        self.has_failed(attempts, now);
        attempts.made < MOST_ATTEMPTS.min(attempts.choices)
    }

    /// The connection failed after the request was sent, or part of it. `true`: it may be sent once more. `repeatable`: it
    /// does the same twice as once, none of its body is on its way, and nothing was answered.
    pub(crate) fn is_sent_again(
        &self,
        attempts: &mut Attempts,
        error: &Error,
        reused: bool,
        repeatable: bool,
        now: Timestamp,
    ) -> bool {
        use ErrorType::{ConnectionClosed, ReadError, ReadTimedout, WriteError, WriteTimedout};
        if *error.esource() != ErrorSource::Upstream {
            return false;
        }
        let first = !std::mem::replace(&mut attempts.lost, true);
        if reused && matches!(error.etype(), ConnectionClosed | ReadError | WriteError) {
            // The console closed a connection it had kept for a while, which says nothing of its health.
            return first && repeatable;
        }
        self.has_failed(attempts, now);
        // Whoever takes too long would take as long again.
        let cut = !matches!(error.etype(), ReadTimedout | WriteTimedout);
        let another = (attempts.failed.count_ones() as usize) < self.addresses.len();
        cut && first && repeatable && another && attempts.made < MOST_ATTEMPTS
    }

    /// The console has answered.
    pub(crate) fn answered(&self, attempts: &Attempts) {
        let Some(address) = self.addresses.get(attempts.at) else { return };
        if address.health.answered() {
            tracing::info!(host = address.host, port = address.port, "an address of the console answers again");
        }
    }

    fn has_failed(&self, attempts: &mut Attempts, now: Timestamp) {
        attempts.failed |= bit(attempts.at);
        let Some(address) = self.addresses.get(attempts.at) else { return };
        if self.addresses.len() > 1 && address.health.failed(now, self.patience) {
            let seconds = self.patience.rest.as_secs();
            tracing::warn!(
                host = address.host,
                port = address.port,
                seconds,
                "an address of the console does not answer: it is left out"
            );
        }
    }

    /// The next address that did not fail this request and is not left out; when all are, one that is. An address that
    /// has no other beside it is always asked.
    fn choose(&self, tie: Option<u64>, failed: u32, now: Timestamp) -> usize {
        if self.addresses.len() <= 1 {
            return 0;
        }
        let first = if tie.is_none() { self.turn.fetch_add(1, Relaxed) } else { 0 };
        // One after the other: whoever is asked whether it has rested long enough has had its turn.
        let mut passed = failed;
        while let Some(at) = self.next(first, tie, passed) {
            if self.addresses.get(at).is_some_and(|address| address.health.is_asked(now, self.patience)) {
                return at;
            }
            passed |= bit(at);
        }
        self.next(first, tie, failed).or_else(|| self.next(first, tie, 0)).unwrap_or(0)
    }

    /// The first in turn, or the one this tie likes best (rendezvous hashing, so that an address that goes or comes moves
    /// only its own people), but for those.
    fn next(&self, first: usize, tie: Option<u64>, but: u32) -> Option<usize> {
        let all = self.addresses.len();
        let mut left = (0..all).map(|step| first.wrapping_add(step) % all).filter(|at| bit(*at) & but == 0);
        match tie {
            None => left.next(),
            Some(tie) => left.max_by_key(|at| self.addresses.get(*at).map(|address| mixed(tie ^ address.number))),
        }
    }

    async fn resolved(&self, address: &Address) -> Result<Arc<Resolved>, Unresolved> {
        let known = address.resolved.load_full();
        if let Some(known) = known.as_ref().filter(|known| known.at.is_none_or(|at| at.elapsed() < FRESH)) {
            return Ok(known.clone());
        }
        let found = match address.host.parse::<IpAddr>() {
            Ok(ip) => Ok((vec![SocketAddr::new(ip, address.port)], None)),
            Err(_a_name) => tokio::net::lookup_host((address.host.as_str(), address.port))
                .await
                .map(|found| (found.collect::<Vec<_>>(), Some(Instant::now()))),
        };
        match (found, known) {
            (Ok((found, at)), _) if !found.is_empty() => {
                let peers = found.into_iter().map(|found| self.template(address, found)).collect();
                let resolved = Arc::new(Resolved { at, peers });
                address.resolved.store(Some(resolved.clone()));
                Ok(resolved)
            }
            // A name server that is down must not take the console with it.
            (Err(error), Some(known)) => {
                tracing::warn!(%error, "the upstream host cannot be resolved; its last addresses are used");
                Ok(known)
            }
            (Err(error), None) => Err(Unresolved(error)),
            (Ok(_none), _) => Err(Unresolved(std::io::ErrorKind::NotFound.into())),
        }
    }

    /// Made once for each resolution: a request only copies it.
    fn template(&self, address: &Address, found: SocketAddr) -> HttpPeer {
        let mut peer = HttpPeer::new(found, self.config.tls, address.host.clone());
        peer.options.alpn = ALPN::H1;
        peer.options.connection_timeout = Some(self.config.connect_timeout);
        peer.options.total_connection_timeout = Some(self.config.connect_timeout.saturating_mul(2));
        peer.options.read_timeout = Some(self.config.read_timeout);
        peer.options.write_timeout = Some(self.config.read_timeout);
        peer.options.idle_timeout = Some(Duration::from_secs(55));
        peer.options.http_upstream_request_policy =
            HttpUpstreamRequestPolicy { h1_upgrade: H1UpgradePolicy::Deny, ..HttpUpstreamRequestPolicy::default() };
        peer
    }
}

/// The mark of one of at most 32 addresses.
fn bit(at: usize) -> u32 {
    u32::try_from(at).ok().and_then(|at| 1_u32.checked_shl(at)).unwrap_or(0)
}

/// FNV-1a with 64 bits: all nodes agree on it, whatever their version.
fn number_of(bytes: &[u8]) -> u64 {
    let add = |number: u64, byte: &u8| (number ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, add)
}

/// The end of SplitMix64: without it what differs in a few bits would like the same address.
fn mixed(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn upstream(hosts: &[&str], tls: bool) -> Upstream {
        let address = |host: &&str| config::UpstreamAddress { host: (*host).to_owned(), port: 8443 };
        Upstream::new(config::Upstream {
            path: "/".to_owned(),
            audience: "https://console.test".to_owned(),
            tls,
            balance: Balance::RoundRobin,
            addresses: hosts.iter().map(address).collect(),
            host_header: None,
            ca: None,
            connect_timeout: Duration::from_secs(1),
            read_timeout: Duration::from_secs(30),
            max_fails: 3,
            fail_timeout: Duration::from_secs(10),
        })
    }

    async fn first(console: &Upstream, websocket: bool) -> HttpPeer {
        console.peer(&mut Attempts::default(), websocket, NOW).await.unwrap()
    }

    /// The last part of the address of the next attempt.
    async fn next(console: &Upstream, attempts: &mut Attempts, now: Timestamp) -> u8 {
        let peer = console.peer(attempts, false, now).await.unwrap();
        let Some(SocketAddr::V4(address)) = peer._address.as_inet() else { panic!("{peer}") };
        address.ip().octets()[3]
    }

    #[tokio::test]
    async fn a_tls_peer_always_has_a_name_to_verify() {
        let peer = first(&upstream(&["127.0.0.1"], true), false).await;
        assert_eq!(peer.sni, "127.0.0.1");
        assert!(peer.options.verify_cert && peer.options.verify_hostname);
        assert!(first(&upstream(&["::1"], true), false).await.to_string().contains("[::1]:8443"));
    }

    #[tokio::test]
    async fn only_websockets_may_be_quiet() {
        let console = upstream(&["127.0.0.1"], false);
        assert_eq!(first(&console, false).await.options.read_timeout, Some(Duration::from_secs(30)));
        assert_eq!(first(&console, true).await.options.read_timeout, None);
    }

    #[tokio::test]
    async fn a_name_without_address_is_an_error_and_no_panic() {
        let nowhere = upstream(&["nowhere.invalid"], false);
        assert!(nowhere.peer(&mut Attempts::default(), false, NOW).await.is_err());
        let one_is_there = upstream(&["nowhere.invalid", "127.0.0.2"], false);
        for _ in 0..4 {
            assert_eq!(next(&one_is_there, &mut Attempts::default(), NOW).await, 2);
        }
    }

    #[tokio::test]
    async fn addresses_take_turns_and_one_that_fails_is_not_asked_twice() {
        let console = upstream(&["127.0.0.1", "127.0.0.2", "127.0.0.3"], false);
        let mut turns = [0; 4];
        for _ in 0..9 {
            turns[usize::from(next(&console, &mut Attempts::default(), NOW).await)] += 1;
        }
        assert_eq!(turns, [0, 3, 3, 3]);
        let mut attempts = Attempts::default();
        let mut tried = vec![next(&console, &mut attempts, NOW).await];
        while console.not_connected(&mut attempts, NOW) {
            tried.push(next(&console, &mut attempts, NOW).await);
        }
        tried.sort_unstable();
        assert_eq!(tried, [1, 2, 3]);
    }

    #[tokio::test]
    async fn an_address_that_fails_again_and_again_is_left_out_until_it_has_rested() {
        let console = upstream(&["127.0.0.1", "127.0.0.2"], false);
        let mut failures = 0;
        for _ in 0..6 {
            let mut attempts = Attempts::default();
            if next(&console, &mut attempts, NOW).await == 1 {
                assert!(console.not_connected(&mut attempts, NOW), "there is the other one");
                assert_eq!(next(&console, &mut attempts, NOW).await, 2);
                failures += 1;
            }
            console.answered(&attempts);
        }
        assert_eq!(failures, 3);
        for _ in 0..6 {
            assert_eq!(next(&console, &mut Attempts::default(), NOW + Duration::from_secs(9)).await, 2);
        }
        let rested = NOW + Duration::from_secs(10);
        let mut asked = 0;
        for _ in 0..6 {
            let mut attempts = Attempts::default();
            if next(&console, &mut attempts, rested).await == 1 {
                asked += 1;
                console.not_connected(&mut attempts, rested);
            }
        }
        assert_eq!(asked, 1, "one looks whether it is back");
    }

    #[tokio::test]
    async fn when_all_are_left_out_they_are_asked_all_the_same() {
        let console = upstream(&["127.0.0.1", "127.0.0.2"], false);
        for _ in 0..12 {
            let mut attempts = Attempts::default();
            next(&console, &mut attempts, NOW).await;
            console.not_connected(&mut attempts, NOW);
        }
        let mut attempts = Attempts::default();
        let one = next(&console, &mut attempts, NOW).await;
        assert!(console.not_connected(&mut attempts, NOW));
        assert_ne!(next(&console, &mut attempts, NOW).await, one);
        assert!(!console.not_connected(&mut attempts, NOW), "and that is all");
    }

    #[tokio::test]
    async fn only_what_may_be_repeated_is_sent_again_and_only_once() {
        let console = upstream(&["127.0.0.1", "127.0.0.2"], false);
        let again = async |etype: ErrorType, reused: bool, repeatable: bool| {
            let mut attempts = Attempts::default();
            next(&console, &mut attempts, NOW).await;
            let error = Error::new(etype).into_up();
            let first = console.is_sent_again(&mut attempts, &error, reused, repeatable, NOW);
            if first {
                next(&console, &mut attempts, NOW).await;
            }
            assert!(!console.is_sent_again(&mut attempts, &error, reused, repeatable, NOW), "once is enough");
            first
        };
        assert!(again(ErrorType::ConnectionClosed, true, true).await, "a stale connection");
        assert!(again(ErrorType::ConnectionClosed, false, true).await, "there is another address");
        assert!(!again(ErrorType::ConnectionClosed, true, false).await);
        assert!(!again(ErrorType::ConnectionClosed, false, false).await);
        assert!(!again(ErrorType::ReadTimedout, false, true).await);
        let alone = upstream(&["127.0.0.1"], false);
        let mut attempts = Attempts::default();
        next(&alone, &mut attempts, NOW).await;
        let lost = Error::new(ErrorType::ReadError).into_up();
        assert!(!alone.is_sent_again(&mut attempts, &lost, false, true, NOW), "there is nowhere else");
        let theirs = Error::new(ErrorType::ReadError).into_down();
        assert!(!console.is_sent_again(&mut Attempts::default(), &theirs, true, true, NOW), "the client has gone");
    }

    /// How often each address is liked best, by people 0 to 2999.
    async fn liked(console: &Upstream, now: Timestamp) -> Vec<u8> {
        let mut liked = Vec::new();
        for person in 0..3000_u32 {
            let mut attempts = Attempts { tie: Some(number_of(&person.to_be_bytes())), ..Attempts::default() };
            liked.push(next(console, &mut attempts, now).await);
        }
        liked
    }

    #[tokio::test]
    async fn people_stay_where_they_are_and_are_spread_evenly() {
        let three = upstream(&["127.0.0.1", "127.0.0.2", "127.0.0.3"], false);
        let before = liked(&three, NOW).await;
        let mut people = [0; 4];
        for at in &before {
            people[usize::from(*at)] += 1;
        }
        assert!(people[1..].iter().all(|count| (900..=1100).contains(count)), "{people:?}");
        assert_eq!(
            liked(&upstream(&["127.0.0.3", "127.0.0.1", "127.0.0.2"], false), NOW).await,
            before,
            "in any order"
        );
        let two = liked(&upstream(&["127.0.0.1", "127.0.0.3"], false), NOW).await;
        assert!(
            before.iter().zip(&two).all(|(was, is)| was == is || *was == 2),
            "only those of the one that went move"
        );
    }

    #[tokio::test]
    async fn those_of_an_address_that_is_left_out_move_and_come_back() {
        let three = upstream(&["127.0.0.1", "127.0.0.2", "127.0.0.3"], false);
        let before = liked(&three, NOW).await;
        for _ in 0..3 {
            three.addresses[1].health.failed(NOW, three.patience);
        }
        let during = liked(&three, NOW).await;
        assert!(before.iter().zip(&during).all(|(was, is)| if *was == 2 { *is != 2 } else { was == is }));
        assert!(
            during.iter().zip(&before).filter(|(_, was)| **was == 2).any(|(is, _)| *is == 1),
            "not all to the same"
        );
        three.addresses[1].health.answered();
        assert_eq!(liked(&three, NOW).await, before);
    }
}
