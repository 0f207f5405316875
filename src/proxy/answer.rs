//! The gateway's own answers outside its pages: sent to the sign-in, refused, or out of order. Decided as plain values,
//! so that they are tested without a socket; they never show what went wrong inside, only a reference.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::head::{ClientKind, Head, RequestId};
use crate::{
    access::{Interruption, Observed, RequestKind, TokenFault, Would},
    config::PublicUrl,
    portal::{Client, Portal, arriving::Bounce, error::Problem},
};

/// A whole answer.
pub(crate) type Answer = Response<Bytes>;

/// Leads to the sign-in in the way this client understands.
pub(crate) fn sign_in_needed(
    portal: &Portal,
    head: &Head,
    headers: &HeaderMap,
    request: &RequestId,
    why: Interruption,
) -> Answer {
    let origin = head.host.origin();
    let target = return_target(head, headers, &origin);
    match head.client {
        ClientKind::Navigation => {
            let bounce = portal.bounced(headers, &head.host, why);
            if let Bounce::Stop(why) = bounce {
                let client = Client { host: head.host.clone(), address: head.address, reference: request.to_string() };
                let mut answer = portal.stopped(headers, &client, &target, why);
                set(&mut answer, header::VARY, VARY);
                return answer;
            }
            let mut answer = see(&portal.sign_in_location(&head.host, &target, why));
            if let Bounce::Again(cookie) = bounce {
                answer.headers_mut().append(header::SET_COOKIE, cookie);
            }
            answer
        }
        ClientKind::Frame => {
            let client = Client { host: head.host.clone(), address: head.address, reference: request.to_string() };
            let mut answer = portal.top_level(headers, &client, &target, why);
            set(&mut answer, header::VARY, VARY);
            answer
        }
        ClientKind::Api | ClientKind::WebSocket => {
            let location = portal.sign_in_location(&head.host, &target, why);
            let (error, detail) = match why {
                Interruption::NoSession | Interruption::Idle | Interruption::Ended => {
                    ("sign_in_required", "This address needs somebody who is signed in, or an access token.")
                }
                Interruption::CodeTooOld { .. } => {
                    ("code_required", "The person who is signed in has to give a fresh code first.")
                }
                Interruption::NewPassword => {
                    ("new_password_required", "The person who is signed in has to choose a new password first.")
                }
            };
            let sign_in = Some(format!("{origin}{location}"));
            let mut answer = json_problem(StatusCode::UNAUTHORIZED, error, Some(detail), sign_in, request);
            // Nothing was shown, so nothing was wrong with it (RFC 6750 §3.1).
            set(&mut answer, header::WWW_AUTHENTICATE, CHALLENGE);
            answer
        }
    }
}

/// On to a page of our own.
pub(crate) fn see(place: &str) -> Answer {
    let mut answer = own(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", Bytes::new());
    set(&mut answer, header::LOCATION, place);
    answer
}

/// Bodies of this size are files rather than forms.
const UPLOAD_BYTES: u64 = 1024 * 1024;

/// What a request that was let through looked like, for the report.
pub(crate) fn observed<'a>(would: Would, head: &'a Head, headers: &'a HeaderMap) -> Observed<'a> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let kind = text(header::CONTENT_TYPE).to_ascii_lowercase();
    let large = text(header::CONTENT_LENGTH).parse::<u64>().is_ok_and(|bytes| bytes >= UPLOAD_BYTES);
    let file = large || kind.starts_with("multipart/form-data") || kind.starts_with("application/octet-stream");
    let kind = match head.client {
        ClientKind::WebSocket => RequestKind::WebSocket,
        _ if file => RequestKind::Upload,
        ClientKind::Api => RequestKind::Script,
        ClientKind::Frame => RequestKind::Frame,
        ClientKind::Navigation if head.method == Method::GET || head.method == Method::HEAD => RequestKind::Page,
        ClientKind::Navigation => RequestKind::Form,
    };
    Observed {
        would,
        kind,
        method: &head.method,
        path: &head.path,
        user_agent: text(header::USER_AGENT),
        address: head.address,
    }
}

/// Where the person comes back to: this page; or, when coming back would send a form again, the page the form was on.
fn return_target(head: &Head, headers: &HeaderMap, origin: &str) -> String {
    if head.client == ClientKind::Frame || head.client == ClientKind::Navigation {
        if head.method == Method::GET || head.method == Method::HEAD {
            return head.target.clone();
        }
        let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
        let path = referer.and_then(|referer| referer.strip_prefix(origin)).filter(|path| path.starts_with('/'));
        return path.and_then(|path| path.split('#').next()).unwrap_or("/").to_owned();
    }
    "/".to_owned()
}

/// A request that is refused or fails, as far as its answer depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failing<'a> {
    /// Who asks.
    pub client: ClientKind,
    /// Which host; the main one, where it names none of ours.
    pub host: &'a Arc<PublicUrl>,
    /// Its name in the log.
    pub request: &'a RequestId,
    /// Its fields.
    pub headers: &'a HeaderMap,
    /// What was asked for.
    pub target: &'a str,
}

/// No address of the console passes its checks: asking it would only make everybody wait.
pub(crate) fn console_down(portal: &Portal, failing: Failing<'_>) -> Answer {
    told(portal, Problem::ConsoleDown, StatusCode::SERVICE_UNAVAILABLE, failing)
}

/// Refused, or out of order: a page for people, JSON for programs.
pub(crate) fn problem(portal: &Portal, status: StatusCode, failing: Failing<'_>) -> Answer {
    told(portal, Problem::of(status), status, failing)
}

/// A form of ours that cannot be believed.
pub(crate) fn form_expired(portal: &Portal, failing: Failing<'_>) -> Answer {
    page(portal, Problem::FormExpired, failing)
}

fn page(portal: &Portal, problem: Problem, Failing { host, request, headers, target, .. }: Failing<'_>) -> Answer {
    let address = std::net::Ipv4Addr::UNSPECIFIED.into();
    let client = Client { host: host.clone(), address, reference: request.to_string() };
    portal.error(headers, problem, target, &client)
}

fn told(portal: &Portal, problem: Problem, status: StatusCode, failing: Failing<'_>) -> Answer {
    let mut answer = match failing.client {
        ClientKind::Navigation | ClientKind::Frame => page(portal, problem, failing),
        ClientKind::Api | ClientKind::WebSocket => {
            let error = status.canonical_reason().unwrap_or("error").to_ascii_lowercase().replace(' ', "_");
            json_problem(status, &error, None, None, failing.request)
        }
    };
    *answer.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        set(&mut answer, header::RETRY_AFTER, "5");
    }
    set(&mut answer, header::VARY, VARY);
    set(&mut answer, header::HeaderName::from_static("x-request-id"), &failing.request.to_string());
    answer
}

/// What a program may show (RFC 6750 §3).
const CHALLENGE: &str = "Bearer realm=\"sekisho\"";

/// An access token that does not open this: 401 where another one would, 403 where this one never will (RFC 6750 §3.1).
pub(crate) fn token_refused(fault: TokenFault, request: &RequestId) -> Answer {
    let (status, error, detail) = match fault {
        TokenFault::Malformed => {
            (StatusCode::UNAUTHORIZED, "invalid_token", "This gateway did not make the access token.")
        }
        TokenFault::Unknown => (StatusCode::UNAUTHORIZED, "invalid_token", "The access token was revoked."),
        TokenFault::Expired => (StatusCode::UNAUTHORIZED, "invalid_token", "The access token has expired."),
        TokenFault::Address => {
            (StatusCode::UNAUTHORIZED, "invalid_token", "The access token is not for use from this address.")
        }
        TokenFault::Scope => {
            (StatusCode::FORBIDDEN, "insufficient_scope", "The access token is for other paths or methods.")
        }
        TokenFault::NeedsAPerson => (
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            "A person has to give a code for this; no access token opens it.",
        ),
    };
    let mut answer = json_problem(status, error, Some(detail), None, request);
    let challenge = format!("{CHALLENGE}, error=\"{error}\", error_description=\"{detail}\"");
    set(&mut answer, header::WWW_AUTHENTICATE, &challenge);
    answer
}

/// What programs get (RFC 9457). `error` says the same as `type` in a word.
fn json_problem(
    status: StatusCode,
    error: &str,
    detail: Option<&str>,
    sign_in_url: Option<String>,
    request: &RequestId,
) -> Answer {
    let mut body = serde_json::json!({
        "type": detail.map_or_else(|| "about:blank".to_owned(), |_| format!("urn:sekisho:problem:{error}")),
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "error": error,
        "reference": request.to_string(),
    });
    if let Some(members) = body.as_object_mut() {
        members.extend(detail.map(|detail| ("detail".to_owned(), detail.into())));
        members.extend(sign_in_url.map(|url| ("sign_in_url".to_owned(), url.into())));
    }
    let mut answer = own(status, "application/problem+json", Bytes::from(body.to_string()));
    set(&mut answer, header::HeaderName::from_static("x-request-id"), &request.to_string());
    answer
}

/// Which answer it is depends on these.
const VARY: &str = "Cookie, Authorization, Accept, Accept-Language, Sec-Fetch-Mode, Sec-Fetch-Dest";

/// An answer that is all in its head.
pub(crate) fn empty(status: StatusCode) -> Answer {
    let mut answer = own(status, "text/plain", Bytes::new());
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        answer.headers_mut().remove(name);
    }
    answer
}

fn own(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let length = HeaderValue::from(body.len());
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, length);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
    answer
}

fn set(answer: &mut Answer, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::SystemEntropy, portal::story_tests::World};

    fn needed(world: &World, method: Method, target: &str, client: ClientKind, referer: Option<&str>) -> Answer {
        let path = target.split('?').next().unwrap().to_owned();
        let address = "127.0.0.1".parse().unwrap();
        let host = world.host();
        let head = Head { host, method, path, target: target.to_owned(), client, address };
        let mut headers = HeaderMap::new();
        if let Some(referer) = referer {
            headers.insert(header::REFERER, HeaderValue::from_str(referer).unwrap());
        }
        let request = RequestId::random(&SystemEntropy::new());
        sign_in_needed(&world.portal, &head, &headers, &request, Interruption::NoSession)
    }

    fn failing<'a>(
        host: &'a Arc<PublicUrl>,
        client: ClientKind,
        request: &'a RequestId,
        headers: &'a HeaderMap,
    ) -> Failing<'a> {
        Failing { client, host, request, headers, target: "/orders/1" }
    }

    /// Where the sign-in would lead back to.
    fn leads_back_to(world: &World, answer: &Answer) -> String {
        world.target_of(answer.headers()[header::LOCATION].to_str().unwrap())
    }

    #[tokio::test]
    async fn a_navigation_goes_to_the_sign_in_and_remembers_the_page() {
        let world = World::new().await;
        let answer = needed(&world, Method::GET, "/orders/42?tab=a&x=1", ClientKind::Navigation, None);
        assert_eq!(answer.status(), 303);
        assert_eq!(leads_back_to(&world, &answer), "/orders/42?tab=a&x=1");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[tokio::test]
    async fn a_posted_form_comes_back_to_its_own_page_and_never_to_a_foreign_one() {
        let world = World::new().await;
        let to =
            |referer| leads_back_to(&world, &needed(&world, Method::POST, "/orders", ClientKind::Navigation, referer));
        assert_eq!(to(Some("https://console.example.jp/orders/new?a=1#top")), "/orders/new?a=1");
        for foreign in [
            None,
            Some("https://evil.test/x"),
            Some("https://console.example.jp.evil/x"),
            Some("https://console.example.jp"),
            Some("nonsense"),
        ] {
            assert_eq!(to(foreign), "/", "{foreign:?}");
        }
    }

    #[tokio::test]
    async fn programs_are_told_in_json_and_frames_lead_out() {
        let world = World::new().await;
        for client in [ClientKind::Api, ClientKind::WebSocket] {
            let answer = needed(&world, Method::GET, "/api/orders", client, None);
            assert_eq!(answer.status(), 401);
            assert!(answer.headers().contains_key(header::WWW_AUTHENTICATE));
            let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
            assert_eq!(body["error"], "sign_in_required");
            assert_eq!((&body["status"], &body["title"]), (&401.into(), &"Unauthorized".into()));
            assert_eq!(body["type"], "urn:sekisho:problem:sign_in_required");
            assert_eq!(body["reference"], answer.headers()["x-request-id"].to_str().unwrap());
            assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
            assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer realm=\"sekisho\"");
            assert_eq!(body["sign_in_url"], "https://console.example.jp/.sekisho/sign-in");
        }
        let answer = needed(&world, Method::GET, "/a?x=\"><script>", ClientKind::Frame, None);
        let page = std::str::from_utf8(answer.body()).unwrap();
        assert!(page.contains("target=\"_top\"") && !page.contains("<script>"), "{page}");
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'self'"), "it is shown inside a frame: {policy}");
    }

    #[tokio::test]
    async fn answers_without_a_page_are_protected_like_pages() {
        let world = World::new().await;
        let request = RequestId::random(&SystemEntropy::new());
        for answer in [
            needed(&world, Method::GET, "/a", ClientKind::Navigation, None),
            needed(&world, Method::GET, "/a", ClientKind::Api, None),
            problem(
                &world.portal,
                StatusCode::FORBIDDEN,
                failing(&world.host(), ClientKind::Api, &request, &HeaderMap::new()),
            ),
        ] {
            let value = |name: header::HeaderName| answer.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(value(header::CONTENT_SECURITY_POLICY), "default-src 'none'; frame-ancestors 'none'");
            assert_eq!(value(header::X_FRAME_OPTIONS), "DENY");
            assert_eq!(value(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        }
    }

    #[tokio::test]
    async fn problems_keep_their_status_and_show_a_reference() {
        let world = World::new().await;
        let request = RequestId::random(&SystemEntropy::new());
        for status in [400, 403, 405, 408, 413, 421, 500, 502, 503, 504] {
            let status = StatusCode::from_u16(status).unwrap();
            for client in [ClientKind::Navigation, ClientKind::Api] {
                let answer =
                    problem(&world.portal, status, failing(&world.host(), client, &request, &HeaderMap::new()));
                assert_eq!(answer.status(), status);
                let body = std::str::from_utf8(answer.body()).unwrap();
                let read_out: String = request.to_string().chars().take(8).collect();
                assert!(body.contains(&read_out), "{status}: {body}");
                assert_eq!(answer.headers()[header::CONTENT_LENGTH], body.len().to_string().as_str());
            }
        }
    }
}
