//! The hooks Pingora calls, each a thin adapter: admit, ask the gate, forward with a permit or answer. An error on the
//! way to a decision refuses the request.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Version, header};
use pingora::{
    http::{RequestHeader, ResponseHeader},
    prelude::*,
    proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session},
};

mod asked;

use super::{
    answer::{self, Answer, Failing},
    client_address::ClientAddress,
    connection::Guarded,
    context::RequestContext,
    cookies::Cookies,
    cors,
    drain::Drain,
    failure::{self, CONSOLE_DOWN, begins_the_answer, failure_status, log_failure},
    forward_auth::ForwardAuth,
    handshake::Handshake,
    head::{self, ClientKind, Head, NotAdmitted, OUR_PREFIX, RequestId},
    held::Holding,
    identity::{Changes, Forwarded, Identity, NotAHeaderName, takes_trailers},
    own_pages::{self, OwnPages},
    portal_bridge,
    rewrite::OwnAddressesAt,
    session_end::session_end,
    token,
    upstream::{Attempts, Upstream},
    wire::HeadLimits,
};
use crate::{
    access::{Credential, Decision, Denial, Permit},
    app::{App, Cookie, GateRequest},
    audit,
    config::{Config, Hosts},
    portal::{self, Client, Portal, Sending, cookie},
};

/// A client that takes no bytes for this long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// A WebSocket on which nothing passes for this long is over, where its rule does not say.
const TUNNEL_IDLE: Duration = Duration::from_hours(1);

/// The gateway.
pub(crate) struct Gateway {
    app: Arc<App>,
    portal: Arc<Portal>,
    holding: Holding,
    pages: axum::Router,
    upstreams: Arc<[Upstream]>,
    identity: Identity,
    cookies: Cookies,
    addresses: OwnAddressesAt,
    own_pages: OwnPages,
    forward_auth: Option<ForwardAuth>,
    hosts: Hosts,
    form_bytes: usize,
    head: HeadLimits,
    client_address: ClientAddress,
    hsts: Option<HeaderValue>,
    /// Clients are asked for a certificate.
    client_certificates: bool,
    drain: Drain,
    panics: Arc<AtomicU64>,
}

impl Gateway {
    /// In front of the consoles of this configuration, with `portal` answering below our own prefix.
    pub(crate) fn new(
        app: Arc<App>,
        portal: Arc<Portal>,
        config: &Config,
        upstreams: Arc<[Upstream]>,
        forward_auth: Option<ForwardAuth>,
        drain: Drain,
    ) -> std::result::Result<Self, NotAHeaderName> {
        Ok(Self {
            holding: Holding::new(app.clone(), portal.clone()),
            pages: portal::router(portal.clone()),
            addresses: OwnAddressesAt::new(config),
            own_pages: OwnPages::new(config),
            forward_auth,
            cookies: Cookies::new(app.clone(), config.console.shared_cookies.clone()),
            portal,
            app,
            upstreams,
            identity: Identity::new(&config.identity, &config.assertion)?,
            hosts: config.hosts.clone(),
            form_bytes: config.limits.form_bytes,
            head: HeadLimits::new(&config.limits),
            client_address: ClientAddress::new(&config.listen),
            hsts: hsts(config.listen.hsts),
            client_certificates: config.listen.client_ca.is_some(),
            drain,
            panics: Arc::default(),
        })
    }

    /// The gate's decision carried out. `true`: answered here.
    async fn gate(&self, session: &mut Session, ctx: &mut RequestContext, head: &Head) -> Result<bool> {
        let (policy, preflight) = cors::judged(&self.app, head, &session.req_header().headers);
        ctx.cors = policy;
        if let Some(answer) = preflight {
            portal_bridge::write_answer(session, answer, self.hsts.as_ref()).await?;
            return Ok(true);
        }
        let request = Self::asked(head, &session.req_header().headers);
        let shown = token::shown(&session.req_header().headers);
        let decided = match shown {
            Some(shown) => self.app.decide_by_token(request, shown).await,
            None => self.app.decide(request).await,
        };
        let sending = match &decided {
            Ok(Decision::Forward(_)) => self.holding.sending(session, head).await?,
            // Who waits to be told to go on is not, for a look alone.
            Ok(Decision::Interrupt(_)) if !session.req_header().headers.contains_key(header::EXPECT) => {
                self.holding.sending(session, head).await?
            }
            Ok(_) | Err(_) => Sending::No,
        };
        if sending == Sending::Forged {
            let headers = &session.req_header().headers;
            let Head { client, host, .. } = head;
            let failing = Failing { client: *client, host, request: &ctx.request, headers, target: "/" };
            let answer = answer::form_expired(&self.portal, failing);
            portal_bridge::write_answer(session, answer, self.hsts.as_ref()).await?;
            return Ok(true);
        }
        let answer = match decided {
            Ok(Decision::Forward(permit)) if head.client == ClientKind::WebSocket && !permit.passage().websocket => {
                tracing::info!(request = %ctx.request, "a WebSocket where no rule allows one");
                self.problem(session, ctx, StatusCode::FORBIDDEN, head.client)
            }
            Ok(Decision::Forward(permit)) => {
                if let Some(would) = permit.observed() {
                    self.app.observe(&answer::observed(would, head, &session.req_header().headers));
                }
                let stopped = match self.with_what_was_kept(session, ctx, head, &permit, sending).await {
                    None => self.signed_out_too(session, ctx, head, &permit).await,
                    stopped => stopped,
                };
                let Some(answer) = stopped else {
                    ctx.permit = Some(permit);
                    return Ok(false);
                };
                answer
            }
            Ok(Decision::Interrupt(why)) => self.holding.stopped(session, head, &ctx.request, why, sending).await?,
            Ok(Decision::Deny(Denial::Token(fault))) => {
                tracing::info!(request = %ctx.request, reason = fault.as_str(), "access token refused");
                answer::token_refused(fault, &ctx.request)
            }
            Ok(Decision::Deny(Denial::Rule)) => self.problem(session, ctx, StatusCode::FORBIDDEN, head.client),
            Err(error) => {
                tracing::error!(request = %ctx.request, %error, "the gate cannot decide: refused");
                self.problem(session, ctx, StatusCode::SERVICE_UNAVAILABLE, head.client)
            }
        };
        if head.client == ClientKind::WebSocket {
            // What the client sends next may be frames already.
            session.as_mut().set_keepalive(None);
        }
        let answer = cors::with_policy(answer, ctx.cors.as_deref(), &session.req_header().headers);
        portal_bridge::write_answer(session, answer, self.hsts.as_ref()).await?;
        Ok(true)
    }

    /// Ends the session of somebody who signs out of the console; whatever it answers, and even if it does not, they have
    /// left. The answer, where that fails.
    async fn signed_out_too(
        &self,
        session: &Session,
        ctx: &mut RequestContext,
        head: &Head,
        permit: &Permit,
    ) -> Option<Answer> {
        let headers = &session.req_header().headers;
        // A script that asks for the sign-out has no session to end, whatever cookies it carries.
        let person = permit.principal().is_some_and(|who| matches!(who.credential, Credential::Session { .. }));
        let here = permit.observed().is_none() && person;
        if !here || !self.own_pages.signs_out(head, headers) {
            return None;
        }
        match self.app.sign_out_of(Self::asked(head, headers).session, head.address).await {
            Ok(()) => {
                ctx.signing_out = true;
                None
            }
            Err(error) => {
                tracing::error!(request = %ctx.request, %error, "a session could not be ended");
                Some(self.problem(session, ctx, StatusCode::SERVICE_UNAVAILABLE, head.client))
            }
        }
    }

    /// Puts what was kept in the place of the word to send it. The answer, where it cannot be sent.
    async fn with_what_was_kept(
        &self,
        session: &Session,
        ctx: &mut RequestContext,
        head: &Head,
        permit: &Permit,
        sending: Sending,
    ) -> Option<Answer> {
        let Sending::Word(id) = sending else { return None };
        match self.holding.take(id, permit, head, &session.req_header().headers).await {
            Ok(Some(on_its_way)) => {
                ctx.held = Some(on_its_way);
                None
            }
            Ok(None) => Some(self.holding.to_its_page(id)),
            Err(error) => {
                tracing::error!(request = %ctx.request, %error, "a kept form cannot be taken");
                Some(self.problem(session, ctx, StatusCode::SERVICE_UNAVAILABLE, head.client))
            }
        }
    }

    /// Where the permit leads.
    fn console(&self, ctx: &RequestContext) -> Option<&Upstream> {
        self.upstreams.get(ctx.permit.as_ref()?.console()?)
    }

    /// A connection that was opened for another host carries no requests for this one, whatever they say. Proxies open theirs by
    /// names of their own (RFC 9110 §7.4).
    fn is_for(&self, session: &Session, host: &str) -> bool {
        let agrees = Handshake::of(session).is_none_or(|handshake| handshake.is_for(host));
        agrees || self.client_address.trusts(peer(session).to_canonical())
    }

    /// What the gate looks at.
    fn asked<'a>(head: &'a Head, headers: &'a http::HeaderMap) -> GateRequest<'a> {
        let host = head.host.host.as_str();
        let cookie = |name| cookie::read(headers, name).map(|text| Cookie { host, text });
        GateRequest {
            host,
            method: &head.method,
            path: &head.path,
            address: head.address,
            session: cookie(cookie::SESSION),
            known: cookie(cookie::KNOWN),
            marks: cookie::marks(headers),
        }
    }

    /// Our answer to a request that is refused or fails.
    fn problem(&self, session: &Session, ctx: &RequestContext, status: StatusCode, client: ClientKind) -> Answer {
        answer::problem(&self.portal, status, self.failing(session, ctx, client))
    }

    fn failing<'a>(&'a self, session: &'a Session, ctx: &'a RequestContext, client: ClientKind) -> Failing<'a> {
        let (host, target) = ctx.head.as_ref().map_or((self.hosts.main(), "/"), |head| (&head.host, &*head.target));
        Failing { client, host, request: &ctx.request, headers: &session.req_header().headers, target }
    }

    /// One of our own pages.
    async fn page(&self, session: &mut Session, ctx: &RequestContext, head: &Head) -> Result<bool> {
        let client = Client { host: head.host.clone(), address: head.address, reference: ctx.request.to_string() };
        let signs_out = head.method == Method::POST && head.path == portal::SIGN_OUT;
        let leaving = if signs_out {
            let headers = &session.req_header().headers;
            self.own_pages.leaving(&self.app, Self::asked(head, headers), &self.cookies, headers).await
        } else {
            None
        };
        let body_limit = (!self.portal.is_vain_callback(&head.path)).then_some(self.form_bytes);
        let served = portal_bridge::serve(session, &self.pages, client, body_limit, self.hsts.as_ref()).await?;
        if let (Ok(StatusCode::SEE_OTHER), Some(leaving)) = (&served, leaving) {
            let (upstreams, identity) = (&self.upstreams, &self.identity);
            self.own_pages.call(leaving, upstreams, identity, head, ctx.request).await;
        }
        if let Err(refused) = served {
            let answer = self.problem(session, ctx, refused.status(), head.client);
            portal_bridge::write_answer(session, answer, self.hsts.as_ref()).await?;
        }
        Ok(true)
    }
}

impl Gateway {
    /// What the console's answer says that only we may say, what it says of itself that is true only inside, and what it
    /// sets that belongs to one of several people.
    fn console_answer(
        &self,
        headers: &http::HeaderMap,
        response: &mut ResponseHeader,
        ctx: &RequestContext,
    ) -> Result<()> {
        let (Some(permit), Some(head)) = (&ctx.permit, &ctx.head) else {
            return Error::e_explain(ErrorType::InternalError, "an answer without a permit");
        };
        if let Some(addresses) = permit.console().and_then(|console| self.addresses.get(console, &head.host)) {
            change(response, addresses.changes(&response.headers))?;
        }
        if let Some(cors) = &ctx.cors {
            change(response, cors::changes(cors, headers))?;
        }
        if self.console(ctx).is_some_and(|console| console.credentials().signs_in())
            && response.remove_header(&header::WWW_AUTHENTICATE).is_some()
        {
            tracing::warn!(request = %ctx.request, "the console refuses the credential it is shown");
        }
        let proofs = self.cookies.answered(&response.headers, permit.jar(), &head.path);
        let (changes, tried) = self.identity.response_changes(&response.headers);
        if changes.remove.contains(&header::SET_COOKIE) {
            audit::Event::UpstreamCookieDropped.record(audit::Origin::Gateway);
        } else if tried {
            tracing::warn!(request = %ctx.request, "the console tried to set a header of the gateway");
        }
        change(response, changes)?;
        for proof in proofs {
            response.append_header(header::SET_COOKIE, proof)?;
        }
        if ctx.signing_out {
            own_pages::signed_out(&self.portal, head, headers, &ctx.request, response)?;
        } else if permit.principal().is_some() && self.own_pages.is_sent_to_sign_in(head, response) {
            tracing::warn!(request = %ctx.request, "the console sends somebody who is signed in to its own sign-in page");
            response.insert_header(header::LOCATION, self.portal.not_recognised_location(&head.host, &head.target))?;
            response.insert_header(header::CACHE_CONTROL, "no-store")?;
        }
        // Nothing in the request says to a shared cache that this is for one person (RFC 9111 §3.5 knows of
        // `Authorization` alone). What the console says itself stands.
        if permit.principal().is_some() && !response.headers.contains_key(header::CACHE_CONTROL) {
            response.insert_header(header::CACHE_CONTROL, "private")?;
        }
        Ok(())
    }
}

fn change(response: &mut ResponseHeader, Changes { remove, set }: Changes) -> Result<()> {
    for name in &remove {
        response.remove_header(name);
    }
    for (name, value) in set {
        response.append_header(name, value)?;
    }
    Ok(())
}

/// `None`: browsers are told nothing, and what the console tells them passes.
fn hsts(lasts: Duration) -> Option<HeaderValue> {
    let text = format!("max-age={}", lasts.as_secs());
    (!lasts.is_zero()).then(|| HeaderValue::try_from(text).ok()).flatten()
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = RequestContext;

    fn new_ctx(&self) -> RequestContext {
        RequestContext {
            request: RequestId::random(&**self.app.entropy()),
            started: Instant::now(),
            head: None,
            permit: None,
            held: None,
            cors: None,
            signing_out: false,
            attempts: Attempts::default(),
            in_work: Some(self.drain.begin()),
            panics: self.panics.clone(),
        }
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut RequestContext) -> Result<bool> {
        session.as_mut().set_write_timeout(Some(WRITE_TIMEOUT));
        session.as_mut().set_total_drain_timeout(Some(Duration::from_secs(5)));
        if self.drain.is_draining() {
            session.as_mut().set_keepalive(None);
        }
        let asking = self.forward_auth.as_ref();
        if let Some(style) = asking.and_then(|asking| asking.asked(session.req_header(), peer(session))) {
            return self.answer_proxy(session, ctx, style).await;
        }
        let address = self.client_address.of(peer(session), &session.req_header().headers);
        let admitted = head::admit(session.req_header(), address, &self.hosts, &self.head).and_then(|head| {
            if self.is_for(session, &head.host.host) { Ok(head) } else { Err(NotAdmitted::Misdirected) }
        });
        let head = match admitted {
            // Whoever shows a token is a program, whatever it says it takes.
            Ok(head)
                if head.client != ClientKind::WebSocket && token::shown(&session.req_header().headers).is_some() =>
            {
                Head { client: ClientKind::Api, ..head }
            }
            Ok(head) => head,
            Err(refused) => {
                tracing::info!(request = %ctx.request, reason = refused.reason(), "request refused");
                session.as_mut().set_keepalive(None);
                let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
                let client = head::client_kind(session.req_header());
                let answer = self.problem(session, ctx, status, client);
                portal_bridge::write_answer(session, answer, self.hsts.as_ref()).await?;
                return Ok(true);
            }
        };
        if head.client == ClientKind::WebSocket {
            session.as_mut().set_read_timeout(None);
        } else {
            session.req_header_mut().remove_header(&header::UPGRADE);
        }
        ctx.head = Some(head.clone());
        if head.path.starts_with(OUR_PREFIX) {
            self.page(session, ctx, &head).await
        } else {
            self.gate(session, ctx, &head).await
        }
    }

    async fn upstream_peer(&self, _session: &mut Session, ctx: &mut RequestContext) -> Result<Box<HttpPeer>> {
        let (Some(upstream), Some(permit), Some(head)) = (self.console(ctx), &ctx.permit, &ctx.head) else {
            return Error::e_explain(ErrorType::InternalError, "no permit: nothing is forwarded");
        };
        ctx.attempts.tie = upstream.tie(permit, head.address);
        let websocket = head.client == ClientKind::WebSocket;
        match upstream.peer(&mut ctx.attempts, websocket, self.app.now()).await {
            Ok(mut peer) => {
                // The tunnel of a WebSocket looks at both directions itself.
                if let (false, Some(idle)) = (websocket, permit.passage().idle) {
                    peer.options.read_timeout = Some(idle);
                }
                Ok(Box::new(peer))
            }
            Err(nowhere) => Err(failure::nowhere(nowhere)),
        }
    }

    async fn connected_to_upstream(
        &self,
        _session: &mut Session,
        _reused: bool,
        _peer: &HttpPeer,
        _fd: std::os::unix::io::RawFd,
        _digest: Option<&pingora::protocols::Digest>,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        if let Some(held) = &mut ctx.held {
            held.connected();
        }
        Ok(())
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        ctx: &mut RequestContext,
        mut error: Box<Error>,
    ) -> Box<Error> {
        let upstream = self.console(ctx);
        error.set_retry(upstream.is_some_and(|it| it.not_connected(&mut ctx.attempts, self.app.now())));
        error
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        ctx: &mut RequestContext,
        reused: bool,
    ) -> Box<Error> {
        let begun = session.response_written().is_some_and(|written| begins_the_answer(written.status));
        let repeatable = session.req_header().method.is_idempotent() && !ctx.attempts.body_begun && !begun;
        let (upstream, now) = (self.console(ctx), self.app.now());
        let attempts = &mut ctx.attempts;
        let again = upstream.is_some_and(|it| it.is_sent_again(attempts, &error, reused, repeatable, now));
        error.set_retry(again);
        error
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        if let Some(held) = &ctx.held {
            held.body(body, end);
        }
        ctx.attempts.body_begun |= body.as_ref().is_some_and(|body| !body.is_empty());
        // HTTP/2 ends most bodies with an empty frame. Pingora would write it as the last chunk, and then the last chunk
        // once more: the next request on that connection, maybe somebody else's, would begin with the second one.
        if end && body.as_ref().is_some_and(Bytes::is_empty) {
            *body = None;
        }
        Ok(())
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        let (Some(permit), Some(head), Some(upstream)) = (&ctx.permit, &ctx.head, self.console(ctx)) else {
            return Error::e_explain(ErrorType::InternalError, "no permit: nothing is forwarded");
        };
        let websocket = head.client == ClientKind::WebSocket;
        let cookies = self.cookies.forwarded(&request.headers, permit.jar());
        let forwarded =
            Forwarded { permit, cookies, host: &head.host, address: head.address, request: ctx.request, websocket };
        let identity = self.identity.request_changes(&request.headers, &forwarded);
        let credentials = upstream.credentials().changes(&request.headers, permit.principal().map(|who| &**who));
        for Changes { remove, set } in [identity, credentials] {
            for name in &remove {
                request.remove_header(name);
            }
            for (name, value) in set {
                request.append_header(name, value)?;
            }
        }
        if let Some(held) = &ctx.held {
            held.head(request)?;
        }
        // The one field of that kind that HTTP/2 has; gRPC asks for it.
        if request.version == Version::HTTP_2 && takes_trailers(&session.req_header().headers) {
            request.insert_header(header::TE, "trailers")?;
        }
        request.insert_header(header::HOST, upstream.host_header().unwrap_or(&head.host.authority()))?;
        // Origin form, whatever form it came in; the bytes of path and query are the client's.
        request.set_raw_path(head.target.as_bytes())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        let websocket = ctx.head.as_ref().is_some_and(|head| head.client == ClientKind::WebSocket);
        if response.status == StatusCode::SWITCHING_PROTOCOLS && !websocket {
            return Error::e_explain(ErrorType::HTTPStatus(502), "101 without a WebSocket handshake");
        }
        if let Some(upstream) = self.console(ctx) {
            upstream.answered(&ctx.attempts);
        }
        self.console_answer(&session.req_header().headers, response, ctx)?;
        // Ours in place of the console's: two of them would be one that browsers ignore (RFC 6797 §8.1).
        if let Some(hsts) = &self.hsts {
            response.insert_header(header::STRICT_TRANSPORT_SECURITY, hsts.clone())?;
        }
        if response.status == StatusCode::SWITCHING_PROTOCOLS {
            let headers = &session.req_header().headers;
            let end = ctx.head.as_ref().zip(ctx.permit.as_ref());
            let end = end.and_then(|(head, permit)| session_end(&self.app, headers, permit, head));
            if let Some(http1) = session.as_downstream().as_http1() {
                let idle = ctx.permit.as_ref().and_then(|permit| permit.passage().idle).unwrap_or(TUNNEL_IDLE);
                Guarded::upgraded(http1.stream(), end, idle);
            }
            // A tunnel may stay open for hours; stopping does not wait for it.
            ctx.in_work = None;
        } else if self.drain.is_draining() {
            session.as_mut().set_keepalive(None);
        }
        Ok(())
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, ctx: &mut RequestContext) -> FailToProxy {
        let code = failure_status(error);
        let begun = session.response_written().is_some_and(|written| begins_the_answer(written.status));
        log_failure(ctx.request, error, "the request failed");
        if let Some(held) = ctx.held.take() {
            self.holding.failed(held).await;
        }
        if let (false, Ok(status)) = (begun, StatusCode::from_u16(code)) {
            let client = ctx.head.as_ref().map_or(ClientKind::Navigation, |head| head.client);
            let answer = if *error.etype() == CONSOLE_DOWN {
                answer::console_down(&self.portal, self.failing(session, ctx, client))
            } else {
                self.problem(session, ctx, status, client)
            };
            let answer = cors::with_policy(answer, ctx.cors.as_deref(), &session.req_header().headers);
            session.as_mut().set_keepalive(None);
            if let Err(error) = portal_bridge::write_answer(session, answer, self.hsts.as_ref()).await {
                tracing::debug!(request = %ctx.request, %error, "the client has gone");
            }
        }
        FailToProxy { error_code: code, can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, ctx: &mut RequestContext) {
        let status = session.response_written().map_or(0, |written| written.status.as_u16());
        let head = session.req_header();
        let principal = ctx.permit.as_ref().and_then(|permit| permit.principal());
        tracing::info!(
            request = %ctx.request,
            method = %head.method,
            version = ?head.version,
            host = ctx.head.as_ref().filter(|_| self.hosts.are_several()).map(|head| head.host.host.as_str()),
            status,
            millis = u64::try_from(ctx.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            account = principal.map(|principal| tracing::field::display(principal.account)),
            token_id = principal.and_then(|principal| match principal.credential {
                Credential::Token(id) => Some(tracing::field::display(id)),
                Credential::Session { .. } => None,
            }),
            attempts = ctx.attempts.made,
            client_certificate = Handshake::of(session).filter(|_| self.client_certificates).map(Handshake::has_certificate),
            error = error.map(|error| tracing::field::display(error.etype().as_str().to_owned())),
            "request"
        );
        if let Some(http1) = session.as_downstream().as_http1() {
            Guarded::answered(http1.stream());
        }
        ctx.in_work = None;
    }

    /// Pingora's line shows addresses and counts a client that leaves as an error; `log_failure` has written ours.
    fn suppress_error_log(&self, _session: &Session, _ctx: &RequestContext, _error: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(
        &self,
        _session: &Session,
        ctx: &RequestContext,
        error: &Error,
        _context: ProxyWarnLogContext,
    ) -> bool {
        log_failure(ctx.request, error, "an attempt failed");
        true
    }

    /// Pingora's own summary shows path and query.
    fn request_summary(&self, _session: &Session, ctx: &RequestContext) -> String {
        format!("request {}", ctx.request)
    }
}

/// The other end of the connection. One without an address, as a unix socket has, counts as this machine.
fn peer(session: &Session) -> IpAddr {
    let peer = session.client_addr().and_then(|address| address.as_inet());
    peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), SocketAddr::ip)
}
