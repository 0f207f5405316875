//! The plain HTTP listener: leads to HTTPS and does nothing else. A form sent in the clear is refused, so that nobody
//! gets used to it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use pingora::{
    apps::{HttpServerApp, ReusedHttpStream},
    http::ResponseHeader,
    protocols::http::ServerSession,
    server::ShutdownWatch,
};

use super::wire;
use crate::config::Hosts;

/// Leads to HTTPS.
#[derive(Debug)]
pub(crate) struct Redirect {
    hosts: Hosts,
}

impl Redirect {
    /// To these hosts, each to itself.
    pub(crate) fn new(hosts: Hosts) -> Self {
        Self { hosts }
    }

    /// The address on HTTPS, or why there is none. The scheme changes nothing else: 308 keeps method and path.
    fn location(&self, request: &Parts) -> Result<HeaderValue, StatusCode> {
        let host = request.headers.get(header::HOST).map(HeaderValue::as_bytes).unwrap_or_default();
        if !wire::is_authority(host) {
            return Err(StatusCode::BAD_REQUEST);
        }
        let end = if host.ends_with(b"]") {
            host.len()
        } else {
            host.iter().rposition(|byte| *byte == b':').unwrap_or(host.len())
        };
        let name = host.get(..end).unwrap_or_default();
        let host = self.hosts.named(name).ok_or(StatusCode::MISDIRECTED_REQUEST)?;
        if request.method != Method::GET && request.method != Method::HEAD {
            return Err(StatusCode::FORBIDDEN);
        }
        let target = request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        HeaderValue::from_str(&format!("{}{target}", host.origin())).map_err(|_unprintable| StatusCode::BAD_REQUEST)
    }
}

#[async_trait]
impl HttpServerApp for Redirect {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        _shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        if !matches!(session.read_request().await, Ok(true)) {
            return None;
        }
        session.set_keepalive(None);
        let location = self.location(session.req_header());
        let status = location.as_ref().err().copied().unwrap_or(StatusCode::PERMANENT_REDIRECT);
        let body = Bytes::from(format!("{status}\n"));
        let mut head = ResponseHeader::build(status, Some(5)).ok()?;
        head.insert_header(header::CONTENT_TYPE, "text/plain; charset=utf-8").ok()?;
        head.insert_header(header::CONTENT_LENGTH, body.len()).ok()?;
        head.insert_header(header::CACHE_CONTROL, "no-store").ok()?;
        if let Ok(location) = location {
            head.insert_header(header::LOCATION, location).ok()?;
        }
        let written = async {
            let is_head = session.req_header().method == Method::HEAD;
            session.write_response_header(Box::new(head)).await?;
            if !is_head {
                session.write_response_body(body, true).await?;
            }
            session.finish().await
        };
        if let Err(error) = written.await {
            tracing::debug!(%error, "the client has gone");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PublicUrl;

    #[test]
    fn only_our_host_and_only_reading_is_led_on() {
        let url = |host: &str, port| PublicUrl { host: host.to_owned(), port };
        let redirect = Redirect::new(Hosts::new(url("console.test", 8443), [url("reports.test", 443)]));
        let to = |method: &str, target: &str, host: &str| {
            let request = http::Request::builder().method(method).uri(target).header("host", host).body(()).unwrap();
            redirect
                .location(&request.into_parts().0)
                .map(|to| to.to_str().unwrap().to_owned())
                .map_err(|status| status.as_u16())
        };
        assert_eq!(to("GET", "/a?b=c", "console.test"), Ok("https://console.test:8443/a?b=c".to_owned()));
        assert_eq!(
            to("HEAD", "//evil.test/", "Console.test:80"),
            Ok("https://console.test:8443//evil.test/".to_owned())
        );
        assert_eq!(to("GET", "/x", "Reports.test"), Ok("https://reports.test/x".to_owned()));
        assert_eq!(to("POST", "/", "console.test"), Err(403));
        assert_eq!(to("GET", "/", "evil.test"), Err(421));
        assert_eq!(to("GET", "/", "127.0.0.1:8080"), Err(421));
        assert_eq!(to("GET", "/", "a b"), Err(400));
    }
}
