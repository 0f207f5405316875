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

use super::{
    console_tls::{ConsoleTls, ConsoleTlsError},
    credential::Credentials,
    health::{Checked, Health, Patience},
};
use crate::{
    access::Permit,
    clock::Timestamp,
    config::{self, Balance, Hosts, PublicUrl, SecretUnreadable, UpstreamAddress},
};

/// A resolved name is used this long.
const FRESH: Duration = Duration::from_secs(10);

/// Requests at once on one HTTP/2 connection to a console.
const STREAMS: usize = 100;
/// A console that does not even answer a ping of HTTP/2 has gone.
const PING_EVERY: Duration = Duration::from_secs(20);

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
    credentials: Credentials,
    tls: ConsoleTls,
    /// No connection to it is one to another console.
    group: u64,
}

/// Why a console cannot be asked as the configuration wants.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// A secret of the configuration.
    #[error("upstream.credential: {0}")]
    Credential(#[from] SecretUnreadable),
    /// Authority or client certificate.
    #[error(transparent)]
    Tls(#[from] ConsoleTlsError),
}

/// One of its addresses.
#[derive(Debug)]
struct Address {
    place: UpstreamAddress,
    /// Its name as a number.
    number: u64,
    health: Health,
    checked: Checked,
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

/// Why there is nowhere to send a request to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPeer {
    /// No name of the console has an address.
    #[error("the upstream host cannot be resolved: {0}")]
    Unresolved(std::io::Error),
    /// No address of the console passes its checks.
    #[error("no address of the console passes its checks")]
    Down,
}

impl NoPeer {
    fn nothing_found() -> Self {
        Self::Unresolved(std::io::ErrorKind::NotFound.into())
    }
}

impl Upstream {
    /// All of a configuration; reads what it names.
    pub(crate) fn all(config: &config::Config) -> Result<Arc<[Self]>, ConsoleError> {
        config.upstreams.iter().cloned().zip(1..).map(|(console, group)| Self::new(console, group)).collect()
    }

    fn new(config: config::Upstream, group: u64) -> Result<Self, ConsoleError> {
        let address = |address: &UpstreamAddress| Address {
            place: address.clone(),
            number: number_of(address.to_string().as_bytes()),
            health: Health::default(),
            checked: Checked::default(),
            resolved: ArcSwapOption::empty(),
        };
        Ok(Self {
            credentials: Credentials::read(&config.credentials)?,
            tls: ConsoleTls::load(&config)?,
            group,
            addresses: config.addresses.iter().map(address).collect(),
            patience: Patience { failures: config.max_fails, rest: config.fail_timeout },
            turn: AtomicUsize::new(0),
            config,
        })
    }

    /// What it wants to see of people who are signed in.
    pub(super) const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The first host it is at.
    pub(crate) fn first_host<'h>(&self, all: &'h Hosts) -> &'h PublicUrl {
        let first = self.config.hosts.first().and_then(|name| all.named(name.as_bytes()));
        first.unwrap_or_else(|| all.main())
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
    ) -> Result<HttpPeer, NoPeer> {
        attempts.made += 1;
        loop {
            attempts.at = self.choose(attempts.tie, attempts.failed, now).ok_or(NoPeer::Down)?;
            let resolved = match self.addresses.get(attempts.at) {
                Some(address) => self.resolved(address).await,
                None => Err(NoPeer::nothing_found()),
            };
            match resolved {
                Ok(resolved) => {
                    let several = self.addresses.len() > 1;
                    let up = self.addresses.len().saturating_sub(self.down().count_ones() as usize);
                    attempts.choices = if several { up } else { resolved.peers.len() };
                    let peer = resolved.peers.get((attempts.made - 1) % resolved.peers.len().max(1)).cloned();
                    let mut peer = peer.ok_or_else(NoPeer::nothing_found)?;
                    if websocket {
                        // Pingora takes them to consoles by HTTP/1.1 alone.
                        peer.options.alpn = ALPN::H1;
                        // A quiet WebSocket is no fault.
                        peer.options.read_timeout = None;
                        peer.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::default();
                    }
                    return Ok(peer);
                }
                Err(unresolved) => {
                    self.has_failed(attempts, now);
                    if !self.has_another(attempts) {
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
        use ErrorType::{ConnectionClosed, H2Error, ReadError, ReadTimedout, WriteError, WriteTimedout};
        if *error.esource() != ErrorSource::Upstream {
            return false;
        }
        let first = !std::mem::replace(&mut attempts.lost, true);
        if reused && matches!(error.etype(), ConnectionClosed | H2Error | ReadError | WriteError) {
            // The console closed a connection it had kept for a while, which says nothing of its health.
            return first && repeatable;
        }
        self.has_failed(attempts, now);
        // Whoever takes too long would take as long again.
        let cut = !matches!(error.etype(), ReadTimedout | WriteTimedout);
        cut && first && repeatable && self.has_another(attempts) && attempts.made < MOST_ATTEMPTS
    }

    /// The console has answered.
    pub(crate) fn answered(&self, attempts: &Attempts) {
        let Some(address) = self.addresses.get(attempts.at) else { return };
        if address.health.answered() {
            tracing::info!(address = %address.place, "an address of the console answers again");
        }
    }

    /// Is there an address that is up and did not fail this request?
    fn has_another(&self, attempts: &Attempts) -> bool {
        ((attempts.failed | self.down()).count_ones() as usize) < self.addresses.len()
    }

    /// The addresses that do not pass their checks, by bit.
    fn down(&self) -> u32 {
        if self.config.health.is_none() {
            return 0;
        }
        let is_down = |(at, address): (usize, &Address)| if address.checked.is_down() { bit(at) } else { 0 };
        self.addresses.iter().enumerate().map(is_down).fold(0, |down, bit| down | bit)
    }

    /// How its addresses are checked, where the configuration wants that, and how many there are.
    pub(super) fn health(&self) -> Option<(&config::HealthCheck, usize)> {
        Some((self.config.health.as_ref()?, self.addresses.len()))
    }

    /// Every way to one of its addresses: a name can have several.
    pub(super) async fn ways(&self, at: usize) -> Result<Vec<HttpPeer>, NoPeer> {
        let address = self.addresses.get(at).ok_or_else(NoPeer::nothing_found)?;
        Ok(self.resolved(address).await?.peers.to_vec())
    }

    /// What a check of one of its addresses said: nothing was wrong, or what was.
    pub(super) fn checked(&self, at: usize, said: Result<(), &str>) {
        let (Some(check), Some(address)) = (&self.config.health, self.addresses.get(at)) else { return };
        if !address.checked.has_changed(said.is_ok(), check.fails, check.passes) {
            return;
        }
        match said {
            Ok(()) => {
                // What its last answers said is of before.
                address.health.answered();
                tracing::info!(address = %address.place, "an address of the console passes its checks again");
            }
            Err(reason) => {
                tracing::warn!(
                    address = %address.place,
                    reason,
                    "an address of the console does not pass its checks: it is left out"
                );
            }
        }
    }

    fn has_failed(&self, attempts: &mut Attempts, now: Timestamp) {
        attempts.failed |= bit(attempts.at);
        let Some(address) = self.addresses.get(attempts.at) else { return };
        if self.addresses.len() > 1 && address.health.failed(now, self.patience) {
            let seconds = self.patience.rest.as_secs();
            tracing::warn!(
                address = %address.place,
                seconds,
                "an address of the console does not answer: it is left out"
            );
        }
    }

    /// The next address that did not fail this request and is not left out; when all are, one that is. An address that
    /// has no other beside it is always asked. `None`: no address passes its checks.
    fn choose(&self, tie: Option<u64>, failed: u32, now: Timestamp) -> Option<usize> {
        let down = self.down();
        if down.count_ones() as usize >= self.addresses.len() {
            return None;
        }
        if self.addresses.len() <= 1 {
            return Some(0);
        }
        let first = if tie.is_none() { self.turn.fetch_add(1, Relaxed) } else { 0 };
        // One after the other: whoever is asked whether it has rested long enough has had its turn.
        let mut passed = failed | down;
        while let Some(at) = self.next(first, tie, passed) {
            if self.addresses.get(at).is_some_and(|address| address.health.is_asked(now, self.patience)) {
                return Some(at);
            }
            passed |= bit(at);
        }
        self.next(first, tie, failed | down).or_else(|| self.next(first, tie, down))
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

    async fn resolved(&self, address: &Address) -> Result<Arc<Resolved>, NoPeer> {
        let known = address.resolved.load_full();
        if let Some(known) = known.as_ref().filter(|known| known.at.is_none_or(|at| at.elapsed() < FRESH)) {
            return Ok(known.clone());
        }
        let (host, port) = match &address.place {
            UpstreamAddress::Host { host, port } => (host, *port),
            UpstreamAddress::Socket(path) => {
                let peer = HttpPeer::new_uds(&path.to_string_lossy(), false, String::new());
                let peer = self.equipped(peer.map_err(|_no_path| NoPeer::nothing_found())?);
                return Ok(Arc::new(Resolved { at: None, peers: Box::new([peer]) }));
            }
        };
        let found = match host.parse::<IpAddr>() {
            Ok(ip) => Ok((vec![SocketAddr::new(ip, port)], None)),
            Err(_a_name) => tokio::net::lookup_host((host.as_str(), port))
                .await
                .map(|found| (found.collect::<Vec<_>>(), Some(Instant::now()))),
        };
        match (found, known) {
            (Ok((found, at)), _) if !found.is_empty() => {
                let peer = |found| self.equipped(HttpPeer::new::<SocketAddr>(found, self.config.tls, host.clone()));
                let peers = found.into_iter().map(peer).collect();
                let resolved = Arc::new(Resolved { at, peers });
                address.resolved.store(Some(resolved.clone()));
                Ok(resolved)
            }
            // A name server that is down must not take the console with it.
            (Err(error), Some(known)) => {
                tracing::warn!(%error, "the upstream host cannot be resolved; its last addresses are used");
                Ok(known)
            }
            (Err(error), None) => Err(NoPeer::Unresolved(error)),
            (Ok(_none), _) => Err(NoPeer::nothing_found()),
        }
    }

    /// Made once for each resolution: a request only copies it.
    fn equipped(&self, mut peer: HttpPeer) -> HttpPeer {
        self.tls.equip(&mut peer);
        // Pingora tells connections apart by where they lead, and not by what they trusted.
        peer.group_key = self.group;
        peer.options.alpn = match (self.config.h2, self.config.tls) {
            (false, _) => ALPN::H1,
            (true, true) => ALPN::H2H1,
            // Nothing is negotiated without TLS.
            (true, false) => ALPN::H2,
        };
        peer.options.max_h2_streams = STREAMS;
        peer.options.h2_ping_interval = Some(PING_EVERY);
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
#[path = "upstream_tests.rs"]
mod tests;
