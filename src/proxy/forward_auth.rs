//! Requests that another proxy carries to the console itself: it asks here about each of them, and they are judged as if
//! they had come to the gateway. Only a proxy that shows the secret, from where proxies are, is answered; what it says of
//! the request counts only when it says it once. It must never judge by anything its client wrote.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header, request::Parts};
use ipnet::IpNet;

use super::{
    answer::{self, Answer},
    identity::Identity,
};
use crate::{
    access::Permit,
    config::{ForwardAuthConfig, OriginalRequest, SecretUnreadable},
    secret::{SecretBytes, constant_time_eq},
};

/// The answer is meant for the client: the proxy passes on what is not 200.
const ANSWER: &str = "/.sekisho/auth";
/// 200, 401 or 403: on the latter two the proxy lets the gateway have the request itself.
const STATUS: &str = "/.sekisho/auth/status";

const SECRET: HeaderName = HeaderName::from_static("x-sekisho-forward-auth");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whoever may ask.
#[derive(Debug)]
pub(crate) struct ForwardAuth {
    secret: SecretBytes,
    from: Vec<IpNet>,
    request: OriginalRequest,
}

/// What the proxy can do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Pass it on.
    Answer,
    /// Tell three statuses apart.
    Status,
}

/// What became of the request that is asked about, with the answer.
#[derive(Debug)]
pub(super) enum Verdict {
    LetThrough(Answer),
    Stopped(Answer),
}

/// The request that is asked about, from where it came.
#[derive(Debug)]
pub(super) struct Original {
    pub(super) request: Parts,
    pub(super) client: IpAddr,
}

impl ForwardAuth {
    /// As configured; reads the secret.
    pub(crate) fn new(config: &ForwardAuthConfig) -> Result<Self, SecretUnreadable> {
        Ok(Self { secret: config.secret.read()?, from: config.from.clone(), request: config.request })
    }

    /// `None`: this is nobody who may ask, or somebody who asks for something else.
    pub(super) fn asked(&self, request: &Parts, peer: IpAddr) -> Option<Style> {
        let style = match request.uri.path() {
            ANSWER => Style::Answer,
            STATUS => Style::Status,
            _ => return None,
        };
        let shown = one(&request.headers, &SECRET);
        let genuine = shown.is_some_and(|shown| constant_time_eq(shown.as_bytes(), self.secret.expose()));
        let near = self.from.iter().any(|network| network.contains(&peer.to_canonical()));
        if !near || !genuine {
            tracing::info!(near, shown = shown.is_some(), "somebody asks about requests who may not");
            return None;
        }
        (request.method == Method::GET).then_some(style)
    }

    /// The request that is asked about, as its client sent it. The error is for the log.
    pub(super) fn original(&self, asked: &Parts, identity: &Identity) -> Result<Original, &'static str> {
        let said = |name: &str| {
            let mut values = asked.headers.get_all(name).iter();
            match (values.next(), values.next()) {
                (Some(value), None) => value.to_str().map_err(|_unreadable| "a word of the proxy is not text"),
                (None, _) => Err("the proxy does not say what it asks about"),
                (Some(_), Some(_)) => Err("the proxy says twice what it asks about"),
            }
        };
        let (method, scheme, host, target) = match self.request {
            OriginalRequest::Forwarded => (
                said("x-forwarded-method")?,
                said("x-forwarded-proto")?,
                said("x-forwarded-host")?,
                said("x-forwarded-uri")?,
            ),
            OriginalRequest::Original => {
                let url = said("x-original-url")?;
                let (scheme, rest) = url.split_once("://").ok_or("x-original-url is not a URL")?;
                let (host, _) = rest.split_once('/').ok_or("x-original-url has no path")?;
                (said("x-original-method")?, scheme, host, rest.get(host.len()..).unwrap_or_default())
            }
        };
        if !["https", "wss"].iter().any(|tls| scheme.eq_ignore_ascii_case(tls)) {
            return Err("the client did not come over TLS");
        }
        let uri: Uri = target.parse().map_err(|_unreadable| "the target cannot be read")?;
        let read = uri.path_and_query().map(http::uri::PathAndQuery::as_str);
        if uri.authority().is_some() || read != Some(target) {
            return Err("the target is not path and query");
        }
        let client = asked.headers.get_all(&X_FORWARDED_FOR).iter().next_back();
        let client = client.and_then(|line| line.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
        let client = client.ok_or("the proxy does not say where the request comes from")?;

        let mut headers = asked.headers.clone();
        if headers.keys().any(|name| identity.is_a_misspelling(name)) {
            // Proxies take out the name they know; a console may read another spelling as the same.
            return Err("an unusual spelling of a header that only proxies may send");
        }
        let websocket = headers.get_all(header::SEC_WEBSOCKET_KEY).iter().count();
        for name in headers.keys().cloned().collect::<Vec<_>>() {
            if is_of_the_proxy(&name) {
                headers.remove(&name);
            }
        }
        headers.insert(header::HOST, HeaderValue::from_str(host).map_err(|_not_text| "the host is not one")?);
        match websocket {
            0 => {}
            1 => {
                // The handshake's own fields end at each proxy (RFC 9110 §7.6.1); its key does not.
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            }
            _ => return Err("more than one key of a WebSocket"),
        }
        let (mut request, ()) = http::Request::new(()).into_parts();
        request.method = method.parse().map_err(|_not_a_token| "the method is not one")?;
        request.uri = uri;
        request.version = Version::HTTP_11;
        request.headers = headers;
        Ok(Original { request, client: client.to_canonical() })
    }
}

/// What the console gets to know, for the proxy to hand on. `cookies` takes the place of the browser's.
pub(super) fn let_through(identity: &Identity, permit: &Permit, cookies: Option<HeaderValue>, id: &str) -> Answer {
    let mut answer = answer::empty(StatusCode::OK);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    headers.extend(cookies.map(|cookies| (header::COOKIE, cookies)));
    headers.extend(identity.of_person(permit));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    answer
}

impl Style {
    /// An answer as this proxy can use it. Only what is let through has a status that a proxy takes for leave.
    pub(super) fn fitted(self, verdict: Verdict) -> Answer {
        let mut answer = match verdict {
            Verdict::LetThrough(answer) => return answer,
            Verdict::Stopped(answer) => answer,
        };
        match (self, answer.status()) {
            (Self::Answer, status) => {
                if status.is_success() {
                    *answer.status_mut() = StatusCode::FORBIDDEN;
                }
                answer
            }
            (Self::Status, StatusCode::UNAUTHORIZED | StatusCode::SEE_OTHER) => bare(StatusCode::UNAUTHORIZED),
            (Self::Status, _) => bare(StatusCode::FORBIDDEN),
        }
    }
}

/// The gateway has to have this request itself.
pub(super) fn bare(status: StatusCode) -> Answer {
    let mut answer = answer::empty(status);
    answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    answer
}

fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// What the proxy says in its own name, and how it frames its question.
fn is_of_the_proxy(name: &HeaderName) -> bool {
    let framing = [
        header::CONNECTION,
        header::UPGRADE,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::EXPECT,
        header::TE,
        header::TRAILER,
    ];
    let text = name.as_str();
    *name == SECRET || framing.contains(name) || text.starts_with("x-forwarded-") || text.starts_with("x-original-")
}

#[cfg(test)]
#[path = "forward_auth_tests.rs"]
mod tests;
