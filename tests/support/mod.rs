//! What the tests that run a whole gateway share: the gateway itself in this process, a browser without a screen, a
//! console that remembers every byte, and a clock and randomness the test decides.

pub(crate) mod authenticator;
pub(crate) mod browser;
pub(crate) mod certificate;
pub(crate) mod clock;
pub(crate) mod entropy;
pub(crate) mod gateway;
pub(crate) mod html;
pub(crate) mod inbox;
pub(crate) mod log;
pub(crate) mod people;
pub(crate) mod process;
pub(crate) mod settings;
pub(crate) mod upstream;
pub(crate) mod verifier;

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A port nobody listens on, and none that was given to another test of this process: it is free until its owner binds
/// it, so the system may offer it again.
pub(crate) fn free_address() -> SocketAddr {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let address = bound.expect("a free port");
        if GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(address.port()) {
            return address;
        }
    }
}

/// Asks again and again until there is an answer; for what another thread or process gets ready. Not for anything
/// that depends on the time of day: that is the test clock's.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "still waiting after a minute: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
