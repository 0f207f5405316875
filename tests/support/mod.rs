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

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::{Duration, Instant},
};

/// A port nobody listens on. The system hands out each in turn, so the next test gets another.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).expect("a free port")
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
