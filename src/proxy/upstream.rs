//! Where the console is: its name resolved without blocking, and the connection's options. It must never choose a
//! connection without certificate verification: for Pingora an empty server name means just that.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use pingora::{
    protocols::ALPN,
    upstreams::peer::{H1UpgradePolicy, HttpPeer, HttpUpstreamRequestPolicy},
};

use crate::config;

/// A resolved name is used this long.
const FRESH: Duration = Duration::from_secs(10);

/// The console.
#[derive(Debug)]
pub(crate) struct Upstream {
    config: config::Upstream,
    resolved: Mutex<Option<Resolved>>,
}

#[derive(Clone, Debug)]
struct Resolved {
    at: Instant,
    addresses: Arc<[SocketAddr]>,
}

/// The console's name has no address.
#[derive(Debug, thiserror::Error)]
#[error("the upstream host cannot be resolved: {0}")]
pub(crate) struct Unresolved(std::io::Error);

impl Upstream {
    /// As configured.
    pub(crate) fn new(config: config::Upstream) -> Self {
        Self { config, resolved: Mutex::new(None) }
    }

    /// The `Host` the console gets, when it is not the client's.
    pub(crate) fn host_header(&self) -> Option<&str> {
        self.config.host_header.as_deref()
    }

    /// Where attempt number `attempt` goes; a further attempt tries the next address.
    pub(crate) async fn peer(&self, attempt: usize, websocket: bool) -> Result<HttpPeer, Unresolved> {
        let addresses = self.addresses().await?;
        let address = addresses.get(attempt % addresses.len().max(1)).copied();
        let address = address.ok_or_else(|| Unresolved(std::io::Error::from(std::io::ErrorKind::NotFound)))?;
        let mut peer = HttpPeer::new(address, self.config.tls, self.config.host.clone());
        peer.options.alpn = ALPN::H1;
        peer.options.connection_timeout = Some(self.config.connect_timeout);
        peer.options.total_connection_timeout = Some(self.config.connect_timeout.saturating_mul(2));
        // A quiet WebSocket is no fault.
        peer.options.read_timeout = (!websocket).then_some(self.config.read_timeout);
        peer.options.write_timeout = Some(self.config.read_timeout);
        peer.options.idle_timeout = Some(Duration::from_secs(55));
        if !websocket {
            let policy =
                HttpUpstreamRequestPolicy { h1_upgrade: H1UpgradePolicy::Deny, ..HttpUpstreamRequestPolicy::default() };
            peer.options.http_upstream_request_policy = policy;
        }
        Ok(peer)
    }

    async fn addresses(&self) -> Result<Arc<[SocketAddr]>, Unresolved> {
        let known = self.resolved.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.as_ref().filter(|known| known.at.elapsed() < FRESH) {
            return Ok(known.addresses.clone());
        }
        match tokio::net::lookup_host((self.config.host.as_str(), self.config.port)).await {
            Ok(found) => {
                let addresses: Arc<[SocketAddr]> = found.collect();
                let resolved = Resolved { at: Instant::now(), addresses: addresses.clone() };
                *self.resolved.lock().unwrap_or_else(PoisonError::into_inner) = Some(resolved);
                Ok(addresses)
            }
            // A name server that is down must not take the console with it.
            Err(error) => match known {
                Some(known) => {
                    tracing::warn!(%error, "the upstream host cannot be resolved; its last addresses are used");
                    Ok(known.addresses)
                }
                None => Err(Unresolved(error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(host: &str, tls: bool) -> Upstream {
        Upstream::new(config::Upstream {
            tls,
            host: host.to_owned(),
            port: 8443,
            host_header: None,
            ca: None,
            connect_timeout: Duration::from_secs(1),
            read_timeout: Duration::from_secs(30),
        })
    }

    #[tokio::test]
    async fn a_tls_peer_always_has_a_name_to_verify() {
        let peer = upstream("127.0.0.1", true).peer(0, false).await.unwrap();
        assert_eq!(peer.sni, "127.0.0.1");
        assert!(peer.options.verify_cert && peer.options.verify_hostname);
        assert!(upstream("::1", true).peer(0, false).await.unwrap().to_string().contains("[::1]:8443"));
    }

    #[tokio::test]
    async fn only_websockets_may_be_quiet() {
        let console = upstream("127.0.0.1", false);
        assert_eq!(console.peer(0, false).await.unwrap().options.read_timeout, Some(Duration::from_secs(30)));
        assert_eq!(console.peer(1, true).await.unwrap().options.read_timeout, None);
    }

    #[tokio::test]
    async fn a_name_without_address_is_an_error_and_no_panic() {
        assert!(upstream("nowhere.invalid", false).peer(0, false).await.is_err());
    }
}
