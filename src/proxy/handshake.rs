//! What a client said of itself while TLS was set up, carried beside its requests. It proves nothing about a person.

use std::sync::Arc;

use pingora::{
    http::ResponseHeader,
    protocols::{raw_connect::ProxyDigest, tls::TlsRef},
    proxy::Session,
};

/// Of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Handshake {
    /// The host it asked for (SNI).
    name: Option<String>,
    /// It has shown a certificate that the configured authority has signed.
    certificate: bool,
}

impl Handshake {
    /// In the only place where Pingora carries something of ours from a connection to its requests, HTTP/2's included.
    pub(super) fn carried(tls: &TlsRef) -> Option<Arc<ProxyDigest>> {
        let name = tls.server_name().map(str::to_owned);
        let handshake = Self { name, certificate: tls.peer_certificate_der().is_some() };
        let response = ResponseHeader::build(200, Some(0)).ok()?;
        Some(Arc::new(ProxyDigest::new(Box::new(response), Some(Box::new(handshake)))))
    }

    /// `None` without TLS.
    pub(super) fn of(session: &Session) -> Option<&Self> {
        session.digest()?.proxy_digest.as_ref()?.user_data.as_ref()?.downcast_ref()
    }

    /// Whoever asked for no name is judged by what the requests say alone.
    pub(super) fn is_for(&self, host: &str) -> bool {
        self.name.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(host))
    }

    pub(super) fn has_certificate(&self) -> bool {
        self.certificate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_name_in_any_case() {
        let asked = |name: Option<&str>| Handshake { name: name.map(str::to_owned), certificate: false };
        assert!(asked(None).is_for("console.test"));
        assert!(asked(Some("Console.TEST")).is_for("console.test"));
        for other in ["other.test", "console.test.other", "a.console.test", ""] {
            assert!(!asked(Some(other)).is_for("console.test"), "{other}");
        }
    }
}
