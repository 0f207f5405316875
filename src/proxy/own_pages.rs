//! The console's own sign-out and sign-in page, where the configuration names them: its sign-out ends our session, ours
//! calls the console's, and a console that sends somebody who is signed in to its own sign-in page has not recognised
//! them, which a page of ours says instead of going round in circles.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use pingora::{
    connectors::http::Connector,
    http::{RequestHeader, ResponseHeader},
    prelude::*,
};

use super::{
    cookies::Cookies,
    head::{ClientKind, Head, RequestId},
    identity::{Changes, Forwarded, Identity},
    upstream::{Attempts, Upstream},
};
use crate::{
    access::{Decision, Permit},
    app::{App, GateRequest},
    clock::Timestamp,
    config::Config,
    portal::{Client, Portal},
};

/// Nobody waits longer for the console's sign-out.
const CALL: Duration = Duration::from_secs(3);
/// The longest answer that is read to its end.
const ANSWER: usize = 64 * 1024;

/// Those pages, of one configuration.
pub(crate) struct OwnPages {
    sign_out: Vec<String>,
    sign_out_methods: Vec<&'static str>,
    sign_in: Vec<String>,
    call: Option<(Method, String)>,
    connector: Connector,
}

/// What the console's sign-out is called with: whoever leaves, and the cookies of the browser they leave.
pub(crate) struct Leaving {
    permit: Permit,
    headers: HeaderMap,
    at: Timestamp,
}

impl OwnPages {
    /// As configured.
    pub(crate) fn new(config: &Config) -> Self {
        let console = &config.console;
        let method = Method::from_bytes(console.sign_out_call_method.as_bytes()).unwrap_or(Method::POST);
        Self {
            sign_out: console.sign_out.clone(),
            sign_out_methods: console.sign_out_methods.clone(),
            sign_in: console.sign_in.clone(),
            call: console.sign_out_call.clone().map(|path| (method, path)),
            connector: Connector::new(None),
        }
    }

    /// Does this request sign out of the console? Another site cannot make it so by a link or a form, and a browser that
    /// only guesses where its user goes next does not mean it. Where nothing says where it comes from it counts: somebody
    /// who left and is still signed in is worse off than somebody who has to sign in again.
    pub(crate) fn signs_out(&self, head: &Head, headers: &HeaderMap) -> bool {
        let says = |name: &str, words: &[&str]| {
            headers.get_all(name).iter().any(|value| words.iter().any(|word| value.as_bytes() == word.as_bytes()))
        };
        is_one_of(&head.path, &self.sign_out)
            && self.sign_out_methods.contains(&head.method.as_str())
            && !came_from_elsewhere(head, headers)
            && !says("sec-purpose", &["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"])
            && !says("purpose", &["prefetch"])
    }

    /// Does this answer send somebody who is signed in to the console's own sign-in page?
    pub(crate) fn is_sent_to_sign_in(&self, head: &Head, response: &ResponseHeader) -> bool {
        let page = matches!(head.client, ClientKind::Navigation | ClientKind::Frame);
        if self.sign_in.is_empty() || !response.status.is_redirection() || !page || is_one_of(&head.path, &self.sign_in)
        {
            return false;
        }
        let Some(Ok(location)) = response.headers.get(header::LOCATION).map(HeaderValue::to_str) else { return false };
        let here = url::Url::parse(&format!("{}{}", head.host.origin(), head.target));
        let Ok(there) = here.and_then(|here| here.join(location)) else { return false };
        there.origin().ascii_serialization() == head.host.origin() && is_one_of(there.path(), &self.sign_in)
    }

    /// Whoever is about to sign out of the gateway, when the console is to be told. Asked while the session lives.
    pub(crate) async fn leaving(
        &self,
        app: &App,
        request: GateRequest<'_>,
        cookies: &Cookies,
        headers: &HeaderMap,
    ) -> Option<Leaving> {
        let (method, path) = self.call.as_ref()?;
        let asked = GateRequest { method, path, ..request };
        let permit = match app.decide(asked).await {
            Ok(Decision::Forward(permit)) if permit.principal().is_some() => permit,
            Ok(Decision::Forward(_) | Decision::Interrupt(_) | Decision::Deny(_)) | Err(_) => return None,
        };
        let mut kept = HeaderMap::new();
        kept.extend(cookies.forwarded(headers, permit.jar()).map(|line| (header::COOKIE, line)));
        for name in [header::USER_AGENT, header::ACCEPT_LANGUAGE] {
            kept.extend(headers.get(&name).map(|value| (name, value.clone())));
        }
        Some(Leaving { permit, headers: kept, at: app.now() })
    }

    /// Asks the console for its sign-out. It has three seconds, and what it answers is for the log alone.
    pub(crate) async fn call(
        &self,
        leaving: Leaving,
        upstreams: &[Upstream],
        identity: &Identity,
        head: &Head,
        request: RequestId,
    ) {
        let Some((method, path)) = &self.call else { return };
        let called = tokio::time::timeout(CALL, async {
            let upstream = leaving.permit.console().and_then(|console| upstreams.get(console));
            let upstream = upstream.or_err(ErrorType::ConnectNoRoute, "no console")?;
            let mut attempts = Attempts::default();
            attempts.tie = upstream.tie(&leaving.permit, head.address);
            let peer = upstream.peer(&mut attempts, false, leaving.at).await;
            let peer = peer.or_err(ErrorType::ConnectNoRoute, "no console")?;
            let mut asked = RequestHeader::build(method.clone(), path.as_bytes(), None)?;
            let Leaving { permit, mut headers, .. } = leaving;
            let cookies = headers.remove(header::COOKIE);
            let forwarded = Forwarded {
                permit: &permit,
                cookies,
                host: &head.host,
                address: head.address,
                request,
                websocket: false,
            };
            let Changes { set, .. } = identity.request_changes(&headers, &forwarded);
            let credentials = upstream.credentials().changes(&headers, permit.principal().map(|who| &**who)).set;
            let kept = headers.into_iter().filter_map(|(name, value)| Some((name?, value)));
            for (name, value) in kept.chain(set).chain(credentials) {
                asked.append_header(name, value)?;
            }
            asked.insert_header(header::HOST, upstream.host_header().unwrap_or(&head.host.authority()))?;
            asked.insert_header(header::ORIGIN, head.host.origin())?;
            if *method != Method::GET && *method != Method::HEAD {
                asked.insert_header(header::CONTENT_LENGTH, "0")?;
            }
            let (mut session, _reused) = self.connector.get_http_session(&peer).await?;
            session.write_request_header(Box::new(asked)).await?;
            session.finish_request_body().await?;
            session.read_response_header().await?;
            let status = session.response_header().map_or(0, |head| head.status.as_u16());
            let mut read = 0;
            while let Some(part) = session.read_response_body().await? {
                read += part.len();
                if read > ANSWER {
                    return Ok::<u16, Box<Error>>(status);
                }
            }
            self.connector.release_http_session(session, &peer, None).await;
            Ok(status)
        });
        match called.await {
            Ok(Ok(status)) if status < 400 => tracing::debug!(%request, status, "the console's sign-out was called"),
            Ok(Ok(status)) => tracing::warn!(%request, status, "the console's sign-out refused"),
            Ok(Err(error)) => {
                tracing::warn!(%request, error = %error.etype().as_str(), "the console's sign-out could not be called");
            }
            Err(_elapsed) => tracing::warn!(%request, "the console's sign-out takes too long"),
        }
    }
}

/// The console's answer to its own sign-out: the browser forgets both sessions, and somebody who would be sent on sees
/// the sign-in page say so.
pub(crate) fn signed_out(
    portal: &Portal,
    head: &Head,
    headers: &HeaderMap,
    request: &RequestId,
    response: &mut ResponseHeader,
) -> Result<()> {
    let left = portal
        .left(headers, &Client { host: head.host.clone(), address: head.address, reference: request.to_string() });
    if response.status.is_redirection() && head.client == ClientKind::Navigation {
        response.set_status(StatusCode::SEE_OTHER)?;
        response.insert_header(header::LOCATION, left.location)?;
    }
    response.insert_header(header::CACHE_CONTROL, "no-store")?;
    for cookie in left.cookies {
        response.append_header(header::SET_COOKIE, cookie)?;
    }
    Ok(())
}

/// By fetch metadata; of a browser that sends none by Origin, and else by Referer.
fn came_from_elsewhere(head: &Head, headers: &HeaderMap) -> bool {
    let origin = head.host.origin();
    let ours = |value: &HeaderValue| {
        let rest = value.as_bytes().strip_prefix(origin.as_bytes());
        rest.is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
    };
    let mut sites = headers.get_all("sec-fetch-site").iter().peekable();
    if sites.peek().is_some() {
        return sites.any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
    }
    let from = if headers.contains_key(header::ORIGIN) { header::ORIGIN } else { header::REFERER };
    !headers.get_all(from).iter().all(ours)
}

/// The path of one of these pages, with a slash behind it or without.
fn is_one_of(path: &str, pages: &[String]) -> bool {
    pages.iter().any(|page| path == page || path.strip_suffix('/') == Some(page))
}

#[cfg(test)]
mod tests {
    use ClientKind::{Api, Frame, Navigation};

    use super::*;
    use crate::config::PublicUrl;

    fn pages() -> OwnPages {
        let text = r#"
            public_url = "https://shop.example.jp"
            [listen]
            https = "127.0.0.1:8443"
            certificate = "c.pem"
            private_key = "k.pem"
            [upstream]
            url = "http://127.0.0.1:8080"
            [console]
            sign_out = ["/logout", "/admin/bye.php"]
            sign_out_methods = "POST"
            sign_in = "/login"
            [store]
            url = "sqlite:store.db"
            [sms]
            provider = "inbox"
            [insecure]
            inbox_provider = true
        "#;
        OwnPages::new(&crate::config::parse(text, "sekisho.toml").unwrap_or_else(|problems| panic!("{problems}")))
    }

    fn head(method: &str, target: &str, client: ClientKind) -> Head {
        let path = target.split('?').next().unwrap().to_owned();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let host = std::sync::Arc::new(PublicUrl { host: "shop.example.jp".to_owned(), port: 443 });
        Head { host, method, path, target: target.to_owned(), client, address: "192.0.2.7".parse().unwrap() }
    }

    #[test]
    fn only_the_person_signs_out() {
        let pages = pages();
        let signs_out = |method: &str, target: &str, fields: &[(&'static str, &str)]| {
            let headers = fields.iter().map(|(n, v)| (http::HeaderName::from_static(n), v.parse().unwrap())).collect();
            pages.signs_out(&head(method, target, ClientKind::Navigation), &headers)
        };
        assert!(signs_out("POST", "/logout", &[]), "an old browser says nothing of where a request comes from");
        assert!(signs_out("POST", "/logout/?x", &[("sec-fetch-site", "same-origin")]));
        for from in [
            &[("origin", "https://shop.example.jp")][..],
            &[("referer", "https://shop.example.jp/orders?x")],
            &[("origin", "https://shop.example.jp"), ("referer", "https://other.example.jp/")],
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        ] {
            assert!(signs_out("POST", "/logout", from), "{from:?}");
        }
        for from in [
            &[("origin", "https://evil.test")][..],
            &[("origin", "null")],
            &[("origin", "http://shop.example.jp")],
            &[("origin", "https://shop.example.jp.evil.test")],
            &[("origin", "https://shop.example.jp"), ("origin", "https://evil.test")],
            &[("origin", "https://evil.test"), ("referer", "https://shop.example.jp/")],
            &[("referer", "https://evil.test/https://shop.example.jp/")],
            &[("referer", "https://shop.example.jp:8443/")],
        ] {
            assert!(!signs_out("POST", "/logout", from), "{from:?}");
        }
        assert!(signs_out("POST", "/admin/bye.php", &[("sec-fetch-site", "none")]));
        for (method, target) in [("GET", "/logout"), ("POST", "/logout/x"), ("POST", "/logouts"), ("POST", "/Logout")] {
            assert!(!signs_out(method, target, &[]), "{method} {target}");
        }
        for field in
            [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("sec-purpose", "prefetch;prerender")]
        {
            assert!(!signs_out("POST", "/logout", &[field]), "{field:?}");
        }
    }

    #[test]
    fn a_redirect_to_the_consoles_sign_in_page_is_recognised_however_it_is_written() {
        let pages = pages();
        let sent = |from: &str, status: u16, location: &str, client| {
            let mut response = ResponseHeader::build(status, None).unwrap();
            response.insert_header(header::LOCATION, location).unwrap();
            pages.is_sent_to_sign_in(&head("GET", from, client), &response)
        };
        for location in [
            "/login",
            "/login?next=%2F",
            "/login/#x",
            "https://shop.example.jp/login",
            "../login",
            "//shop.example.jp/login",
        ] {
            assert!(sent("/orders/1", 302, location, Navigation), "{location}");
        }
        assert!(sent("/", 307, "login?x", Frame));
        for location in
            ["/", "/logins", "/x/login", "https://sso.example.jp/login", "http://shop.example.jp/login", "login"]
        {
            assert!(!sent("/orders/1", 302, location, Navigation), "{location}");
        }
        assert!(!sent("/orders/1", 200, "/login", Navigation), "not a redirect");
        assert!(!sent("/orders/1", 302, "/login", Api), "a program is told by the console itself");
        assert!(!sent("/login", 302, "/login?again", Navigation), "somebody who is there already");
    }
}
