//! What a connection passes before its first request: is there a place, where does it come from (PROXY protocol), TLS.
//! Only then are there requests, and [`Guarded`] watches over them. Whoever fails here gets no answer.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::BytesMut;
use pingora::{
    apps::{HttpServerApp, ServerApp},
    listeners::tls::Acceptor,
    protocols::{SocketDigest, Stream},
    server::ShutdownWatch,
};
use rustls::ServerConfig;

use super::{
    connection::{ConnectionRules, Guarded},
    crowd::{Crowd, Place},
    drain::Drain,
    proxy_protocol,
};

/// A TLS handshake that takes longer is dropped.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);

/// What a connection that begins now is held to; certificates change while connections run.
pub(crate) type TlsNow = Box<dyn Fn() -> Arc<ServerConfig> + Send + Sync>;

/// Runs an HTTP application on the connections that come in.
pub(crate) struct GuardedApp<A> {
    app: Arc<A>,
    tls: Option<TlsNow>,
    rules: ConnectionRules,
    crowd: Arc<Crowd>,
    drain: Drain,
    proxied: bool,
    /// Connections closed because no trusted proxy has said where they come from.
    nowhere: AtomicU64,
}

impl<A> GuardedApp<A> {
    /// Plain HTTP when `tls` is `None`.
    pub(crate) fn new(
        app: Arc<A>,
        tls: Option<TlsNow>,
        rules: ConnectionRules,
        crowd: Arc<Crowd>,
        drain: Drain,
    ) -> Self {
        Self { app, tls, rules, crowd, drain, proxied: false, nowhere: AtomicU64::new(0) }
    }

    /// Every connection begins with the PROXY protocol.
    pub(crate) fn proxied(self, proxied: bool) -> Self {
        Self { proxied, ..self }
    }

    /// Reads the PROXY header and says who takes the place. `None`: the connection is closed.
    async fn told_by_proxy(&self, stream: &mut Stream, place: Place, received: &mut BytesMut) -> Option<Told> {
        let said = if place.is_a_proxys() {
            proxy_protocol::read(stream, self.rules.head_deadline, received).await
        } else {
            Err("not from a trusted proxy")
        };
        match said {
            Ok(None) => Some((place, None)),
            Ok(Some(source)) => Some((place.taken_by(source.ip())?, Some(comes_from(source, stream)))),
            Err(reason) => {
                let closed = self.nowhere.fetch_add(1, Ordering::Relaxed) + 1;
                // Whoever makes us close connections must not fill the log.
                if !reason.is_empty() && closed.is_power_of_two() {
                    tracing::warn!(reason, closed, "PROXY protocol: connection closed");
                }
                None
            }
        }
    }

    async fn handshake(tls: &TlsNow, transport: Guarded) -> Option<Stream> {
        let acceptor = Acceptor::from_server_config(tls());
        match tokio::time::timeout(HANDSHAKE_DEADLINE, acceptor.tls_handshake(transport)).await {
            Ok(Ok(stream)) => Some(Box::new(stream)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "TLS handshake failed");
                None
            }
            Err(_elapsed) => {
                tracing::debug!("TLS handshake took too long");
                None
            }
        }
    }
}

/// A place, and the other end of a connection where a proxy has named it.
type Told = (Place, Option<Arc<SocketDigest>>);

/// The same socket, for everything that asks where its other end is.
fn comes_from(source: SocketAddr, stream: &Stream) -> Arc<SocketDigest> {
    let here = stream.get_socket_digest().and_then(|digest| digest.local_addr().cloned());
    let mut socket = SocketDigest::from_raw_fd(stream.id());
    socket.peer_addr = Some(source.into()).into();
    socket.local_addr = here.into();
    Arc::new(socket)
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> ServerApp for GuardedApp<A> {
    async fn process_new(self: &Arc<Self>, mut stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        if self.drain.is_draining() {
            return None;
        }
        let peer = stream.get_socket_digest().and_then(|digest| digest.peer_addr()?.as_inet().map(SocketAddr::ip));
        // Kept to the end of the connection: Pingora serves all of its requests in the call below.
        let place = self.crowd.enter(peer)?;
        let mut received = BytesMut::new();
        let (_place, socket) =
            if self.proxied { self.told_by_proxy(&mut stream, place, &mut received).await? } else { (place, None) };
        let transport = Guarded::transparent(stream, self.rules.clone(), received);
        let stream = match &self.tls {
            None => Box::new(transport),
            Some(tls) => Self::handshake(tls, transport).await?,
        };
        let requests = Guarded::requests(stream, self.rules.clone(), socket);
        self.app.process_new(Box::new(requests), shutdown).await
    }

    async fn cleanup(&self) {
        self.app.http_cleanup().await;
    }
}
