//! Forms that have to wait for a sign-in: kept when they are stopped, and sent when their person says so, as the request
//! they were. The word to send is a small form of ours posted to the console's own address. It is known by its first
//! bytes, however it is framed and whatever the browser keeps; its body never reaches the console, and what was kept
//! takes its place. Sent at most once: a failure on the way is never repaired by a second try.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use pingora::{http::RequestHeader, prelude::*, proxy::Session};
use tokio::sync::Semaphore;

use super::{
    answer::{self, Answer},
    head::{ClientKind, Head, RequestId},
    portal_bridge::{self, BodyRefused},
};
use crate::{
    access::{Interruption, NotKept, Permit, Posted, worth_keeping},
    app::{self, App, Cookie, GateRequest, HeldId, HeldRequest, Kept, Stopped},
    portal::{Portal, Sending, cookie, held},
};

/// A body that is kept has to arrive within this time.
const BODY_DEADLINE: Duration = Duration::from_mins(1);
/// Bodies that are read at a time to be kept; each may be as large as the configuration lets it.
const READ_AT_A_TIME: usize = 32;

/// Keeps and sends.
pub(super) struct Holding {
    app: Arc<App>,
    portal: Arc<Portal>,
    reading: Semaphore,
}

/// A kept form on its way to the console.
pub(crate) struct OnItsWay {
    id: HeldId,
    request: HeldRequest,
    body: Bytes,
    /// There is a connection to the console: it may have arrived.
    connected: bool,
}

/// What became of a stopped request's body.
enum Outcome {
    Kept(Kept),
    Not(NotKept),
}

impl Holding {
    pub(super) fn new(app: Arc<App>, portal: Arc<Portal>) -> Self {
        Self { app, portal, reading: Semaphore::new(READ_AT_A_TIME) }
    }

    /// Is this the word that a kept form is to be sent? Forms are read until their first bytes say whose they are; what
    /// turns out to be the console's own goes on with all of its body.
    pub(super) async fn sending(&self, session: &mut Session, head: &Head) -> Result<Sending> {
        if head.method != Method::POST || !may_be_a_word(&session.req_header().headers) {
            return Ok(Sending::No);
        }
        // Pingora sends what is read now to the console, from this buffer, unless something else takes its place.
        session.as_mut().enable_retry_buffering();
        let front = match portal_bridge::read_front_within(session, enough, BODY_DEADLINE).await? {
            Ok(front) => front,
            Err(refused) => return Error::e_explain(ErrorType::HTTPStatus(refused.status().as_u16()), "a form"),
        };
        // The client was told to go on where it waited for that; the console must not say it once more.
        session.req_header_mut().remove_header(&header::EXPECT);
        if session.as_mut().retry_buffer_truncated() {
            return Error::e_explain(ErrorType::HTTPStatus(400), "a form that cannot be judged by its beginning");
        }
        let sending = match self.portal.sending(&session.req_header().headers, &head.host, &front) {
            Sending::Word(_) if head.client != ClientKind::Navigation => Sending::Forged,
            found => found,
        };
        if sending == Sending::Forged {
            held::forged(head.address);
        }
        Ok(sending)
    }

    /// Takes the kept form for the request this permit is for. `None`: there is nothing to send, as its page says.
    pub(super) async fn take(
        &self,
        id: HeldId,
        permit: &Permit,
        head: &Head,
        headers: &HeaderMap,
    ) -> app::Result<Option<OnItsWay>> {
        let Some(principal) = permit.principal() else { return Ok(None) };
        let host = head.host.host.as_str();
        let browser = cookie::read(headers, cookie::HELD).map(|text| Cookie { host, text });
        let taken = self.app.take_held(id, principal.account, browser, &head.target, head.address).await?;
        Ok(taken.map(|request| {
            let body = Bytes::copy_from_slice(request.body.expose());
            OnItsWay { id, request, body, connected: false }
        }))
    }

    /// To the page of a kept form.
    pub(super) fn to_its_page(&self, id: HeldId) -> Answer {
        answer::see(&self.portal.held_place(id))
    }

    /// The answer to a request that was stopped: to the sign-in, with what a form sent kept where the rules say so.
    pub(super) async fn stopped(
        &self,
        session: &mut Session,
        head: &Head,
        request: &RequestId,
        why: Interruption,
        sending: Sending,
    ) -> Result<Answer> {
        if let Sending::Word(id) = sending {
            // The session ended between the page and the word: it is kept all the while.
            return Ok(self.led(session, head, request, why, &self.portal.held_place(id)));
        }
        match self.keep(session, head).await? {
            Outcome::Kept(Kept { id, cookie }) => {
                let mut answer = self.led(session, head, request, why, &self.portal.held_place(id));
                let cookie = cookie.and_then(|token| self.portal.held_cookie(&token));
                answer.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
                Ok(answer)
            }
            Outcome::Not(reason) => {
                let headers = &session.req_header().headers;
                let mut answer = answer::sign_in_needed(&self.portal, head, headers, request, why);
                let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
                let told = location.map(|location| held::with_reason(location, reason));
                if let Some(Ok(told)) = told.map(|told| HeaderValue::from_str(&told)) {
                    answer.headers_mut().insert(header::LOCATION, told);
                }
                Ok(answer)
            }
        }
    }

    /// To the sign-in, and from there to this place of ours.
    fn led(&self, session: &Session, head: &Head, request: &RequestId, why: Interruption, to: &str) -> Answer {
        let head = Head { method: Method::GET, target: to.to_owned(), ..head.clone() };
        answer::sign_in_needed(&self.portal, &head, &session.req_header().headers, request, why)
    }

    /// A failure to keep is not one to sign in: the person is told that it is not kept.
    async fn keep(&self, session: &mut Session, head: &Head) -> Result<Outcome> {
        if head.method != Method::POST {
            return Ok(Outcome::Not(NotKept::NotAForm));
        }
        let headers = session.req_header().headers.clone();
        let most = self.app.snapshot().config.hold.bytes;
        let navigation = head.client == ClientKind::Navigation;
        let posted = Posted { method: &head.method, navigation, headers: &headers };
        if let Err(reason) = worth_keeping(posted, &head.host.origin(), most) {
            return Ok(Outcome::Not(reason));
        }
        let host = head.host.host.as_str();
        let cookie = |name| cookie::read(&headers, name).map(|text| Cookie { host, text });
        let stopped = Stopped {
            asked: GateRequest {
                host,
                method: &head.method,
                path: &head.path,
                address: head.address,
                session: cookie(cookie::SESSION),
                known: cookie(cookie::KNOWN),
                marks: cookie::marks(&headers),
            },
            held: cookie(cookie::HELD),
        };
        let failed = |error: app::AppError| {
            tracing::error!(%error, "a form cannot be kept");
            Ok(Outcome::Not(NotKept::NoRoom))
        };
        let account = match self.app.held_for(stopped).await {
            Ok(Some(account)) => account,
            Ok(None) => return Ok(Outcome::Not(NotKept::NotHere)),
            Err(error) => return failed(error),
        };
        let Ok(_place) = self.reading.try_acquire() else { return Ok(Outcome::Not(NotKept::NoRoom)) };
        match self.app.has_room(account, stopped).await {
            Ok(true) => {}
            Ok(false) => return Ok(Outcome::Not(NotKept::NoRoom)),
            Err(error) => return failed(error),
        }
        let body = match portal_bridge::read_body_within(session, most, BODY_DEADLINE).await? {
            Ok(body) => body,
            Err(BodyRefused::TooLarge) => return Ok(Outcome::Not(NotKept::TooLarge)),
            Err(BodyRefused::TooSlow) => return Ok(Outcome::Not(NotKept::NoRoom)),
        };
        if self.portal.sending(&headers, &head.host, &body) != Sending::No {
            return Ok(Outcome::Not(NotKept::NotAForm));
        }
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
        let request = HeldRequest {
            target: head.target.clone(),
            content_type: text(header::CONTENT_TYPE).unwrap_or_default(),
            referer: text(header::REFERER),
            body: crate::secret::SecretBytes::new(body),
        };
        match self.app.hold(account, stopped, request).await {
            Ok(Some(kept)) => Ok(Outcome::Kept(kept)),
            Ok(None) => Ok(Outcome::Not(NotKept::NoRoom)),
            Err(error) => failed(error),
        }
    }

    /// The request failed. What has not left the gateway waits again.
    pub(super) async fn failed(&self, on_its_way: OnItsWay) {
        if on_its_way.connected {
            return;
        }
        if let Err(error) = self.app.give_back_held(on_its_way.id, &on_its_way.request).await {
            tracing::error!(%error, "a form that could not be sent is lost");
        }
    }
}

impl OnItsWay {
    /// The head of the request as it was sent first.
    pub(super) fn head(&self, request: &mut RequestHeader) -> Result<()> {
        for name in [header::TRANSFER_ENCODING, header::EXPECT, header::REFERER] {
            request.remove_header(&name);
        }
        request.insert_header(header::CONTENT_TYPE, self.request.content_type.as_str())?;
        request.insert_header(header::CONTENT_LENGTH, self.body.len())?;
        if let Some(referer) = &self.request.referer {
            request.insert_header(header::REFERER, referer.as_str())?;
        }
        Ok(())
    }

    /// The body as it was sent first, in place of the word's.
    pub(super) fn body(&self, body: &mut Option<Bytes>, end: bool) {
        *body = Some(if end { self.body.clone() } else { Bytes::new() });
    }

    /// From now on it may have arrived.
    pub(super) fn connected(&mut self) {
        self.connected = true;
    }
}

/// May this be the word that a kept form is to be sent, from a browser that has something kept?
pub(super) fn may_send_what_is_kept(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::POST && may_be_a_word(headers) && cookie::read(headers, cookie::HELD).is_some()
}

/// By its head: a form, as browsers send ours, or something that does not say what it is.
fn may_be_a_word(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter().peekable();
    let form = |kind: &HeaderValue| kind.as_bytes().to_ascii_lowercase().windows(10).any(|part| part == b"urlencoded");
    kinds.peek().is_none() || kinds.any(form)
}

/// Is so much of a body enough to say whose it is? Of ours, all of it.
fn enough(front: &[u8]) -> bool {
    !held::begins_a_word(front) || front.len() > held::LONGEST_WORD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_looked_into_and_no_upload() {
        let looked = |kinds: &[&str]| {
            may_be_a_word(&kinds.iter().map(|kind| (header::CONTENT_TYPE, kind.parse().unwrap())).collect())
        };
        for kinds in [
            &["application/x-www-form-urlencoded"][..],
            &["Application/X-WWW-Form-URLEncoded; charset=UTF-8"],
            &[],
            &["application/json", "application/x-www-form-urlencoded"],
        ] {
            assert!(looked(kinds), "{kinds:?}");
        }
        for kind in ["multipart/form-data; boundary=x", "application/json", "application/grpc", "text/plain"] {
            assert!(!looked(&[kind]), "{kind}");
        }
    }

    #[test]
    fn no_more_is_read_of_a_body_than_says_whose_it_is() {
        for front in ["a", "sekisho-x", "sekisho-held;", "sekisho-heldx=1", "x-sekisho-held=1"] {
            assert!(enough(front.as_bytes()), "{front}: the console's");
        }
        for front in ["", "s", "sekisho-held", "sekisho-held=", "sekisho-held=x&csrf=y"] {
            assert!(!enough(front.as_bytes()), "{front}: maybe ours");
        }
        assert!(enough(format!("sekisho-held={}", "x".repeat(held::LONGEST_WORD)).as_bytes()), "too long for one");
    }
}
