//! From a Pingora session to our own pages and back: an axum router called in process, with a bounded body and one
//! deadline. A body read here is gone for the console, so only paths of our own come here.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use pingora::{http::ResponseHeader, prelude::*, proxy::Session};
use tower::ServiceExt as _;

use super::answer::Answer;
use crate::portal::Client;

/// A form has to arrive within this time.
const BODY_DEADLINE: Duration = Duration::from_secs(15);
/// A page has to be made within this time.
const PAGE_DEADLINE: Duration = Duration::from_mins(1);
/// How long and how much of an unwanted body is read after the answer, so that the answer is not lost to a reset.
const DRAIN_DEADLINE: Duration = Duration::from_secs(2);
const DRAIN_BYTES: usize = 16 * 1024 * 1024;

/// Why a page was not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyRefused {
    /// 413.
    TooLarge,
    /// 408.
    TooSlow,
}

impl BodyRefused {
    /// Status of the answer.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
        }
    }
}

/// Lets the router answer; without a `body_limit` before anything of the body is read. `Ok(Err(…))`: the body was refused
/// and nothing has been written yet.
pub(super) async fn serve(
    session: &mut Session,
    router: &axum::Router,
    client: Client,
    body_limit: Option<usize>,
    hsts: Option<&HeaderValue>,
) -> Result<std::result::Result<StatusCode, BodyRefused>> {
    let body = match body_limit {
        None => Bytes::new(),
        Some(limit) => match read_body_within(session, limit, BODY_DEADLINE).await? {
            Ok(body) => body,
            Err(refused) => return Ok(Err(refused)),
        },
    };
    let unread = body_limit.is_none() && !session.as_mut().is_body_done();
    if unread {
        session.as_mut().set_keepalive(None);
    }
    let head = session.req_header();
    let is_head = head.method == Method::HEAD;
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.version_mut() = head.version;
    *request.headers_mut() = head.headers.clone();
    request.extensions_mut().insert(client);

    let made = tokio::time::timeout(PAGE_DEADLINE, router.clone().oneshot(request)).await;
    let response = match made {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_elapsed) => return Error::e_explain(ErrorType::HTTPStatus(503), "a page took too long"),
    };
    let status = response.status();
    write_page(session, with_hsts(response, hsts), is_head).await?;
    if unread {
        drain(session).await;
    }
    Ok(Ok(status))
}

/// Browsers keep to HTTPS from then on (RFC 6797 §7.1).
fn with_hsts<B>(mut response: Response<B>, hsts: Option<&HeaderValue>) -> Response<B> {
    if let Some(hsts) = hsts {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
    }
    response
}

/// A whole body of at most `limit` bytes, if it is there in time.
pub(super) async fn read_body_within(
    session: &mut Session,
    limit: usize,
    deadline: Duration,
) -> Result<std::result::Result<Bytes, BodyRefused>> {
    match tokio::time::timeout(deadline, read_body(session, limit)).await {
        Ok(read) => read,
        Err(_elapsed) => Ok(Err(BodyRefused::TooSlow)),
    }
}

/// A body until `enough` of it is there, if that is in time. What is read stays in Pingora's retry buffer where that is on.
pub(super) async fn read_front_within(
    session: &mut Session,
    enough: fn(&[u8]) -> bool,
    deadline: Duration,
) -> Result<std::result::Result<Bytes, BodyRefused>> {
    let read = async {
        let mut front = BytesMut::new();
        if session.as_mut().is_body_empty() {
            return Ok(front.freeze());
        }
        go_on(session).await?;
        while !enough(&front) {
            let Some(part) = session.as_mut().read_request_body().await.map_err(Error::into_down)? else { break };
            front.extend_from_slice(&part);
        }
        Ok(front.freeze())
    };
    match tokio::time::timeout(deadline, read).await {
        Ok(front) => front.map(Ok),
        Err(_elapsed) => Ok(Err(BodyRefused::TooSlow)),
    }
}

/// Says so to a client that waits to be told (RFC 9110 §10.1.1).
async fn go_on(session: &mut Session) -> Result<()> {
    let expects = session.req_header().headers.get(header::EXPECT);
    if expects.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        session.as_mut().write_continue_response().await?;
    }
    Ok(())
}

async fn read_body(session: &mut Session, limit: usize) -> Result<std::result::Result<Bytes, BodyRefused>> {
    // What was read of it before, to see whose it is.
    let mut body = BytesMut::from(&*session.as_mut().get_retry_buffer().unwrap_or_default());
    if session.as_mut().is_body_empty() {
        return Ok(Ok(Bytes::new()));
    }
    let headers = &session.req_header().headers;
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if declared.and_then(|value| value.parse::<u64>().ok()).is_some_and(|declared| declared > limit as u64) {
        return Ok(Err(BodyRefused::TooLarge));
    }
    if body.len() > limit {
        return Ok(Err(BodyRefused::TooLarge));
    }
    go_on(session).await?;
    while let Some(part) = session.as_mut().read_request_body().await.map_err(Error::into_down)? {
        if body.len() + part.len() > limit {
            return Ok(Err(BodyRefused::TooLarge));
        }
        body.extend_from_slice(&part);
    }
    Ok(Ok(body.freeze()))
}

async fn write_page(session: &mut Session, response: Response<Body>, is_head: bool) -> Result<()> {
    let (parts, mut body) = response.into_parts();
    let mut head: ResponseHeader = parts.into();
    if !head.headers.contains_key(header::CONTENT_LENGTH)
        && let Some(length) = http_body::Body::size_hint(&body).exact()
    {
        head.insert_header(header::CONTENT_LENGTH, HeaderValue::from(length))?;
    }
    session.write_response_header(Box::new(head), is_head).await?;
    if is_head {
        return Ok(());
    }
    while let Some(frame) = body.frame().await {
        let frame = frame.or_err(ErrorType::InternalError, "a page broke off")?;
        if let Ok(data) = frame.into_data() {
            session.write_response_body(Some(data), false).await?;
        }
    }
    session.write_response_body(None, true).await
}

/// Writes an answer of the gateway's own and closes the connection behind it when a body is still to come.
pub(super) async fn write_answer(session: &mut Session, answer: Answer, hsts: Option<&HeaderValue>) -> Result<()> {
    let unread = !session.as_mut().is_body_done();
    if unread {
        session.as_mut().set_keepalive(None);
    }
    let is_head = session.req_header().method == Method::HEAD;
    let (parts, body) = with_hsts(answer, hsts).into_parts();
    session.write_response_header(Box::new(parts.into()), is_head || body.is_empty()).await?;
    if !is_head && !body.is_empty() {
        session.write_response_body(Some(body), true).await?;
    }
    if unread {
        drain(session).await;
    }
    Ok(())
}

async fn drain(session: &mut Session) {
    let drain = async {
        let mut read = 0;
        while let Ok(Some(part)) = session.as_mut().read_request_body().await {
            read += part.len();
            if read > DRAIN_BYTES {
                break;
            }
        }
    };
    // What is not read by then is closed upon.
    let _drained = tokio::time::timeout(DRAIN_DEADLINE, drain).await;
}
