//! Admission: what a request says of itself, decided on exactly the bytes that would be forwarded. What two readers
//! could understand differently is refused, never repaired. It must never look at sessions or rules.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use http::{HeaderMap, HeaderName, Method, Uri, Version, header, request::Parts};

use super::{
    token,
    wire::{self, Fault, HeadLimits},
};
use crate::{
    config::{Hosts, PublicUrl},
    portal::cookie,
    random_id,
};

random_id!(
    /// Names one request in the log, in error pages and for the console.
    RequestId
);

/// Everything of ours lives below this path, spelled exactly so.
pub(crate) const OUR_PREFIX: &str = "/.sekisho/";

/// Who asks, as far as it decides the shape of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientKind {
    /// A browser going to a page: it can be led to the sign-in.
    Navigation,
    /// A page inside a frame: its whole window has to be led there.
    Frame,
    /// A script or a program: it is told.
    Api,
    /// A WebSocket handshake.
    WebSocket,
}

/// A request that was admitted.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Which of our hosts it is for.
    pub host: Arc<PublicUrl>,
    /// Method.
    pub method: Method,
    /// Path of the target, without the query, byte for byte.
    pub path: String,
    /// Path and query, byte for byte.
    pub target: String,
    /// What asks.
    pub client: ClientKind,
    /// Where it comes from.
    pub address: IpAddr,
}

/// Why a request was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAdmitted {
    /// 400: it can be read in more than one way; the reason is for the log.
    Ambiguous(&'static str),
    /// What HTTP/1 heads are refused for before they are parsed, in the other version.
    Malformed(Fault),
    /// 421: for a host that is not ours.
    Misdirected,
    /// 403: a WebSocket handshake from a page of somebody else, or with a session and from nowhere.
    ForeignOrigin,
}

impl NotAdmitted {
    /// Status of the answer.
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::Ambiguous(_) => 400,
            Self::Malformed(fault) => fault.status,
            Self::Misdirected => 421,
            Self::ForeignOrigin => 403,
        }
    }

    /// For the log.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Ambiguous(reason) => reason,
            Self::Malformed(fault) => fault.reason,
            Self::Misdirected => "host is not ours",
            Self::ForeignOrigin => "WebSocket from a foreign origin",
        }
    }
}

/// Judges a parsed request of either protocol version from this address. `hosts` are ours.
pub(super) fn admit(request: &Parts, address: IpAddr, hosts: &Hosts, limits: &HeadLimits) -> Result<Head, NotAdmitted> {
    judge_as_http1(request, limits).map_err(NotAdmitted::Malformed)?;
    let named = named_host(&request.uri, &request.headers)?;
    let host = hosts.iter().find(|host| is_named(host, named)).ok_or(NotAdmitted::Misdirected)?;
    let target = request.uri.path_and_query().ok_or(NotAdmitted::Ambiguous("target without a path"))?.as_str();
    let path = request.uri.path();
    judge_path(path)?;
    wire::judge_target(target.as_bytes()).map_err(NotAdmitted::Malformed)?;

    let websocket = is_websocket(request);
    if websocket && !may_open(&request.headers, &host.origin()) {
        return Err(NotAdmitted::ForeignOrigin);
    }
    Ok(Head {
        host: host.clone(),
        method: request.method.clone(),
        path: path.to_owned(),
        target: target.to_owned(),
        client: if websocket { ClientKind::WebSocket } else { client_kind(request) },
        address,
    })
}

/// Heads of HTTP/2 come here without having passed `wire`, and go on as heads of HTTP/1.
fn judge_as_http1(request: &Parts, limits: &HeadLimits) -> Result<(), Fault> {
    wire::judge_method(request.method.as_str().as_bytes())?;
    let target = request.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits.target {
        return Err(Fault { status: 414, reason: "request target too long" });
    }
    let fields = || request.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
    // Browsers send every cookie as a field of its own in HTTP/2 (RFC 9113 §8.2.3); they go on as one.
    let cookies = request.headers.get_all(header::COOKIE).iter().count();
    if request.headers.len() - cookies.saturating_sub(1) > limits.headers {
        return Err(Fault { status: 431, reason: "too many header fields" });
    }
    // The least a field takes in HTTP/1 besides name and value: a colon and the line end.
    let bytes = fields().map(|(name, value)| name.len() + value.len() + 3).sum::<usize>();
    if target + bytes > limits.bytes {
        return Err(Fault { status: 431, reason: "head too large" });
    }
    wire::judge_fields(fields())
}

/// The host the client names; in HTTP/2 a Host beside `:authority` must agree with it (RFC 9113 §8.3.1).
fn named_host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<&'a [u8], NotAdmitted> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().map(http::HeaderValue::as_bytes);
    if hosts.next().is_some() {
        return Err(NotAdmitted::Ambiguous("more than one Host"));
    }
    let named = match (uri.authority().map(|authority| authority.as_str().as_bytes()), host) {
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => {
            return Err(NotAdmitted::Ambiguous("authority and Host differ"));
        }
        (Some(authority), _) => authority,
        (None, Some(host)) => host,
        (None, None) => return Err(NotAdmitted::Ambiguous("no host")),
    };
    if wire::is_authority(named) { Ok(named) } else { Err(NotAdmitted::Ambiguous("host is not a host")) }
}

/// `host:443` is the same place as `host` (RFC 9110 §4.2.2).
fn is_named(host: &PublicUrl, named: &[u8]) -> bool {
    let name = host.host.as_bytes();
    let Some((start, port)) = named.split_at_checked(name.len()) else { return false };
    let here = match port {
        b"" | b":443" => host.port == 443,
        port => port == format!(":{}", host.port).as_bytes(),
    };
    here && start.eq_ignore_ascii_case(name)
}

/// Why a path is refused before any rule; `None`: it is not.
pub(crate) fn ambiguity(path: &str) -> Option<&'static str> {
    judge_path(path).err().map(NotAdmitted::reason)
}

/// Refuses paths that the gateway and the console could resolve differently, and misspellings of our own prefix.
fn judge_path(path: &str) -> Result<(), NotAdmitted> {
    let ambiguous = |reason| Err(NotAdmitted::Ambiguous(reason));
    if !path.starts_with('/') {
        return ambiguous("path does not start with a slash");
    }
    if path.contains("//") {
        return ambiguous("empty path segment");
    }
    let Some(decoded) = percent_decoded(path) else {
        return ambiguous("malformed percent-encoding in the path");
    };
    // A lenient reader takes `%c0%af` for a slash and `%e0%80%ae` for a dot: overlong, and no UTF-8 (RFC 3629 §3).
    if std::str::from_utf8(&decoded).is_err() {
        return ambiguous("percent-encoding that is not UTF-8 in the path");
    }
    if decoded.iter().any(u8::is_ascii_control) {
        return ambiguous("control character in the path");
    }
    if decoded.contains(&b'\\') {
        return ambiguous("backslash in the path");
    }
    let segments = |bytes: &[u8]| bytes.split(|byte| *byte == b'/').count();
    if segments(&decoded) != segments(path.as_bytes()) {
        return ambiguous("percent-encoded slash in the path");
    }
    for segment in decoded.split(|byte| *byte == b'/') {
        // Servlet containers cut `;…` off before they resolve dots.
        let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        if name == b"." || name == b".." {
            return ambiguous("dot segment in the path");
        }
        if name.is_empty() && !segment.is_empty() {
            return ambiguous("path parameter without a segment");
        }
    }
    // Decoded once more: `%2565` becomes `e` for a console that decodes twice.
    let twice = decoded_leniently(&decoded);
    if std::str::from_utf8(&twice).is_err() {
        return ambiguous("percent-encoding that is not UTF-8 in the path, encoded twice");
    }
    let ours = OUR_PREFIX.trim_matches('/').as_bytes();
    let is_ours = |bytes: &[u8]| {
        let segment = bytes.split(|byte| *byte == b'/').nth(1).unwrap_or_default();
        segment.split(|byte| *byte == b';').next().unwrap_or_default().eq_ignore_ascii_case(ours)
    };
    // For such a console `/static/%252e%252e/x` is not below `/static`.
    if twice.split(|byte| matches!(byte, b'/' | b'\\')).any(|segment| {
        let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        name == b"." || name == b".."
    }) {
        return ambiguous("dot segment in the path, encoded twice");
    }
    if (is_ours(&decoded) || is_ours(&twice)) && !path.starts_with(OUR_PREFIX) {
        return ambiguous("misspelt path of the gateway's own pages");
    }
    if path.starts_with(OUR_PREFIX) && path.contains('%') {
        return ambiguous("percent-encoding in a path of the gateway's own pages");
    }
    Ok(())
}

fn percent_decoded(path: &str) -> Option<Cow<'_, [u8]>> {
    if !path.contains('%') {
        return Some(Cow::Borrowed(path.as_bytes()));
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let (high, low) = (hex(bytes.next()?)?, hex(bytes.next()?)?);
        decoded.push(high * 16 + low);
    }
    Some(Cow::Owned(decoded))
}

/// As readers decode that leave alone what is no percent-encoding.
fn decoded_leniently(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, behind)) = rest.split_first() {
        let digits = behind.split_first_chunk().filter(|_| *byte == b'%');
        let encoded = digits.and_then(|([high, low], behind)| Some((hex(*high)? * 16 + hex(*low)?, behind)));
        let (byte, behind) = encoded.unwrap_or((*byte, behind));
        decoded.push(byte);
        rest = behind;
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Exactly the handshake of RFC 6455 §4.1; anything else called an upgrade is not one here.
fn is_websocket(request: &Parts) -> bool {
    let one = |name: HeaderName| {
        let mut values = request.headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).map(http::HeaderValue::as_bytes)
    };
    let asks_for_upgrade = request
        .headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"));
    request.version == Version::HTTP_11
        && request.method == Method::GET
        && asks_for_upgrade
        && one(header::UPGRADE).is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
        && one(header::SEC_WEBSOCKET_KEY).is_some()
}

/// Browsers always send Origin with a handshake (RFC 6455 §10.2). Who sends none is not a browser: a program shows a
/// token, and whoever shows a session without saying where from is refused.
fn may_open(headers: &HeaderMap, ours: &str) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter().peekable();
    if origins.peek().is_none() {
        return token::shown(headers).is_some() || cookie::read(headers, cookie::SESSION).is_none();
    }
    origins.all(|origin| origin.as_bytes() == ours.as_bytes())
}

/// By fetch metadata where the browser sends it, else by what it accepts.
pub(super) fn client_kind(request: &Parts) -> ClientKind {
    let text = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-mode"), text("sec-fetch-dest")) {
        (None, None) => {}
        (_, Some("iframe" | "frame" | "embed" | "object" | "fencedframe")) => return ClientKind::Frame,
        (Some("navigate"), Some("document") | None) => return ClientKind::Navigation,
        _ => return ClientKind::Api,
    }
    let xhr = text("x-requested-with").is_some_and(|value| value.eq_ignore_ascii_case("XMLHttpRequest"));
    let takes_html = text("accept").is_some_and(|accept| accept.to_ascii_lowercase().contains("text/html"));
    if takes_html && !xhr { ClientKind::Navigation } else { ClientKind::Api }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: HeadLimits = HeadLimits { bytes: 4096, headers: 20, target: 1024 };
    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn parts(method: &str, target: &str, fields: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().method(method).uri(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn admitted(method: &str, target: &str, fields: &[(&str, &str)]) -> Result<Head, NotAdmitted> {
        admit(&parts(method, target, fields), CLIENT, &hosts(), &LIMITS)
    }

    fn hosts() -> Hosts {
        let url = |host: &str, port| PublicUrl { host: host.to_owned(), port };
        Hosts::new(url("console.test", 443), [url("reports.test", 8443)])
    }

    #[test]
    fn each_host_is_named_exactly_and_by_its_own_port() {
        let host_of = |named: &str| admitted("GET", "/", &[("host", named)]).map(|head| head.host.host.clone()).ok();
        for (named, host) in [
            ("console.test", Some("console.test")),
            ("Console.TEST:443", Some("console.test")),
            ("reports.test:8443", Some("reports.test")),
            ("reports.test", None),
            ("reports.test:443", None),
            ("reports.test:08443", None),
            ("console.test:8443", None),
            ("a.console.test", None),
            ("other.test", None),
        ] {
            assert_eq!(host_of(named).as_deref(), host, "{named}");
        }
        let handshake = |origin| {
            let fields = [
                ("host", "reports.test:8443"),
                ("connection", "upgrade"),
                ("upgrade", "websocket"),
                ("sec-websocket-key", "x"),
                ("origin", origin),
            ];
            admitted("GET", "/ws", &fields).map(|head| head.client)
        };
        assert_eq!(handshake("https://reports.test:8443").unwrap(), ClientKind::WebSocket);
        assert_eq!(
            handshake("https://console.test").unwrap_err(),
            NotAdmitted::ForeignOrigin,
            "a page of another host"
        );
    }

    fn method_status(method: &str) -> u16 {
        admitted(method, "/", &[("host", "console.test")]).map_or_else(NotAdmitted::status, |_| 200)
    }

    fn fields_status(fields: &[(&str, &str)]) -> u16 {
        admitted("POST", "https://console.test/", fields).map_or_else(NotAdmitted::status, |_| 200)
    }

    fn path_status(path: &str) -> u16 {
        admitted("GET", path, &[("host", "console.test")]).map_or_else(NotAdmitted::status, |head| {
            assert_eq!(head.target, path, "the target stays as it came");
            200
        })
    }

    #[test]
    fn ordinary_paths_are_admitted_unchanged() {
        for path in [
            "/",
            "/orders/42",
            "/a.b/..c/d..",
            "/a%20b/%E6%97%A5",
            "/100%25",
            "/100%25/%25zz",
            "/x;v=1/y",
            "/.well-known/x",
            "/.sekisho/sign-in?to=%2Fa%2F..%2Fb",
            "/sekisho/",
            "/x?a=//b&c=../d%00",
        ] {
            assert_eq!(path_status(path), 200, "{path}");
        }
    }

    #[test]
    fn paths_that_resolve_in_two_ways_are_refused() {
        for path in [
            "//a",
            "/a//b",
            "/./a",
            "/a/.",
            "/a/..",
            "/public/../admin",
            "/%2e%2e/",
            "/a/.%2E/b",
            "/%2e/a",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a%5Cb",
            "/a/%252e%252e/b",
            "/a/%252e%252e%252fb",
            "/a/..%255cb",
            "/a/%zz/%252e%252e/b",
            "/a/%25zz/%252e%252e/b",
            "/a/%c0%af",
            "/a/..%c0%afb",
            "/a/%c0%ae%c0%ae/b",
            "/a%e0%80%afb",
            "/a/%e0%80%ae%E0%80%AE/b",
            "/a%f0%80%80%afb",
            "/a%c1%9cb",
            "/a%25c0%25afb",
            "/a/%ff",
            "/a/%ed%a0%80",
            "/a/%93%fa",
            "/a/..;/admin",
            "/a/..;x=1/b",
            "/a/%2e%2e;/b",
            "/a/.;/b",
            "/;/a",
            "/a%00",
            "/a%0ax.js",
            "/a%7f",
            "/a%",
            "/a%2",
            "/a%zz",
        ] {
            assert_eq!(path_status(path), 400, "{path}");
        }
    }

    #[test]
    fn misspellings_of_our_prefix_are_refused() {
        for path in [
            "/.SEKISHO/sign-in",
            "/.Sekisho",
            "/.sekisho",
            "/%2esekisho/",
            "/.s%65kisho/x",
            "/.sekisho;x/y",
            "/%252esekisho/x",
            "/.s%2565kisho/x",
            "/.sekisho/%73ign-in",
            "/.sekisho%2fsign-in",
            "/.sekisho/..%2f",
            "//.sekisho/",
        ] {
            assert_eq!(path_status(path), 400, "{path}");
        }
        assert_eq!(path_status("/.sekisho/sign-in"), 200);
        assert_eq!(path_status("/a/.sekisho/x"), 200, "only the first segment is ours");
    }

    #[test]
    fn only_our_host_is_served() {
        let status = |target: &str, fields: &[(&str, &str)]| {
            admitted("GET", target, fields).map_or_else(NotAdmitted::status, |_| 200)
        };
        assert_eq!(status("/", &[("host", "CONSOLE.test")]), 200);
        assert_eq!(status("/", &[("host", "console.test:443")]), 200);
        assert_eq!(status("https://console.test/", &[]), 200, "HTTP/2 names it in :authority");
        assert_eq!(status("/", &[("host", "console.test:8443")]), 421);
        assert_eq!(status("/", &[("host", "127.0.0.1")]), 421);
        assert_eq!(status("/", &[("host", "[::1]")]), 421);
        assert_eq!(status("/", &[("host", "console.test.")]), 421);
        assert_eq!(status("https://evil.test/", &[("host", "console.test")]), 400);
        assert_eq!(status("/", &[("host", "console.test"), ("host", "console.test")]), 400);
        assert_eq!(status("/", &[]), 400);
    }

    #[test]
    fn tunnels_and_echoes_are_refused() {
        for method in ["CONNECT", "TRACE", "TRACK", "PRI"] {
            assert_eq!(method_status(method), 405, "{method}");
        }
    }

    #[test]
    fn names_that_only_fold_to_framing_names_are_refused() {
        for name in [
            "transfer_encoding",
            "transfer.encoding",
            "content_length",
            "content~length",
            "host_",
            "connection_",
            "upgrade_",
            "expect_",
            "keep_alive",
            "te_",
            "proxy_connection",
            "proxy_authorization",
        ] {
            assert_eq!(fields_status(&[(name, "5")]), 400, "{name}");
        }
        assert_eq!(fields_status(&[("content-length", "5"), ("content-length", "5")]), 400);
        assert_eq!(fields_status(&[("content-length", "+5")]), 400);
        assert_eq!(fields_status(&[("expect", "x")]), 417);
        assert_eq!(fields_status(&[(&"x".repeat(257), "x")]), 400);
        for name in ["te", "content-length", "x_custom", "hosts", "x-host-name", "content-length-x"] {
            assert_eq!(fields_status(&[(name, "5")]), 200, "{name}");
        }
    }

    #[test]
    fn the_limits_hold_without_the_reader_of_http_1() {
        let status = |target: &str| admitted("GET", target, &[("host", "a")]).map_or_else(NotAdmitted::status, |_| 421);
        assert_eq!((status(&format!("/{}", "a".repeat(1023))), status(&format!("/{}", "a".repeat(1024)))), (421, 414));
        assert_eq!((fields_status(&[("x", "y"); 20]), fields_status(&[("x", "y"); 21])), (200, 431));
        assert_eq!(fields_status(&[("cookie", "a=b"); 90]), 200, "cookies count as one field");
        assert_eq!(fields_status(&[("x", &"y".repeat(4096))]), 431);
        assert_eq!(fields_status(&[("cookie", "y".repeat(100).as_str()); 50]), 431, "but not as few bytes");
    }

    #[test]
    fn characters_no_target_of_http_1_may_hold_are_refused() {
        let admits = |target: &str| admitted("GET", target, &[("host", "console.test")]).is_ok();
        assert!(admits("/x?a=^{|}`") && !admits("/x\"y") && !admits("/x?a=\\"));
    }

    #[test]
    fn methods_the_rules_could_miss_are_refused() {
        for method in ["post", "Post", "pOST", "trace", "GET1", "X_Y", "GET~", "!"] {
            assert_eq!(method_status(method), 400, "{method}");
        }
        assert_eq!(method_status(&"A".repeat(25)), 501);
        for method in ["GET", "POST", "PROPFIND", "M-SEARCH", &"A".repeat(24)] {
            assert_eq!(method_status(method), 200, "{method}");
        }
    }

    #[test]
    fn the_client_kind_follows_fetch_metadata_and_then_accept() {
        let kind = |method: &str, fields: &[(&str, &str)]| {
            let fields: Vec<_> = [("host", "console.test")].iter().chain(fields).copied().collect();
            admitted(method, "/", &fields).unwrap().client
        };
        let fetch = |mode, dest| [("sec-fetch-mode", mode), ("sec-fetch-dest", dest), ("accept", "text/html")];
        assert_eq!(kind("GET", &fetch("navigate", "document")), ClientKind::Navigation);
        assert_eq!(kind("POST", &fetch("navigate", "document")), ClientKind::Navigation);
        assert_eq!(kind("GET", &fetch("navigate", "iframe")), ClientKind::Frame);
        assert_eq!(kind("GET", &fetch("cors", "empty")), ClientKind::Api);
        assert_eq!(kind("GET", &fetch("no-cors", "image")), ClientKind::Api);
        assert_eq!(kind("GET", &[("accept", "text/html,*/*")]), ClientKind::Navigation);
        assert_eq!(kind("POST", &[("accept", "text/html")]), ClientKind::Navigation, "an old browser's form");
        assert_eq!(kind("POST", &[("accept", "*/*")]), ClientKind::Api, "a script's request");
        assert_eq!(kind("GET", &[("accept", "application/json")]), ClientKind::Api);
        assert_eq!(kind("GET", &[("accept", "text/html"), ("x-requested-with", "XMLHttpRequest")]), ClientKind::Api);
        assert_eq!(kind("GET", &[]), ClientKind::Api);
    }

    #[test]
    fn websockets_are_recognised_exactly_and_only_from_our_origin() {
        let of = |upgrade: &str, connection: &str, origin: Option<&str>| {
            let mut fields = vec![
                ("host", "console.test"),
                ("upgrade", upgrade),
                ("connection", connection),
                ("sec-websocket-key", "x"),
            ];
            fields.extend(origin.map(|origin| ("origin", origin)));
            admitted("GET", "/ws", &fields).map(|head| head.client)
        };
        assert_eq!(of("websocket", "keep-alive, Upgrade", Some("https://console.test")), Ok(ClientKind::WebSocket));
        assert_eq!(of("WebSocket", "upgrade", None), Ok(ClientKind::WebSocket));
        assert_eq!(of("websocket", "upgrade", Some("https://evil.test")), Err(NotAdmitted::ForeignOrigin));
        assert_eq!(of("websocket", "upgrade", Some("null")), Err(NotAdmitted::ForeignOrigin));
        let with = |fields: &[(&str, &str)]| {
            let handshake = [("host", "console.test"), ("upgrade", "websocket"), ("connection", "upgrade")];
            let fields: Vec<_> = [&handshake[..], &[("sec-websocket-key", "x")], fields].concat();
            admitted("GET", "/ws", &fields).map(|head| head.client)
        };
        let (session, token) = (("cookie", "a=b; __Host-sekisho=x"), ("authorization", "Bearer sekisho_x"));
        assert_eq!(with(&[session]), Err(NotAdmitted::ForeignOrigin), "a session from nowhere");
        assert_eq!(with(&[session, token]), Ok(ClientKind::WebSocket), "a program, by its token");
        assert_eq!(with(&[session, ("origin", "https://console.test")]), Ok(ClientKind::WebSocket));
        assert_eq!(with(&[("cookie", "__Host-sekisho-lang=ja")]), Ok(ClientKind::WebSocket), "nobody signed in");
        assert_eq!(of("h2c", "upgrade", None), Ok(ClientKind::Api));
        assert_eq!(of("websocket, h2c", "upgrade", None), Ok(ClientKind::Api));
        assert_eq!(of("websocket", "close", None), Ok(ClientKind::Api));
    }
}
