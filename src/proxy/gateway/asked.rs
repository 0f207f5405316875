//! What another proxy is told about a request that it carries itself (forward-auth). The same gate decides; nothing is
//! forwarded here, and what only the gateway can do with a request is refused where the proxy cannot let it.

use http::StatusCode;
use pingora::prelude::*;

use super::{
    super::{
        answer::{self, Failing},
        cors,
        forward_auth::{self, Style, Verdict},
        head::{self, ClientKind, Head, OUR_PREFIX},
        held, portal_bridge, token,
    },
    Gateway, RequestContext,
};
use crate::access::Decision;

impl Gateway {
    /// Answers another proxy about a request that it carries itself.
    pub(super) async fn answer_proxy(
        &self,
        session: &mut Session,
        ctx: &mut RequestContext,
        style: Style,
    ) -> Result<bool> {
        let asked: &http::request::Parts = session.req_header();
        let original = self.forward_auth.as_ref().map(|asking| asking.original(asked, &self.identity));
        let answer = match original {
            Some(Ok(forward_auth::Original { request, client })) => {
                match head::admit(&request, client, &self.hosts, &self.head) {
                    Ok(head) => self.about(ctx, &head, &request.headers, style).await,
                    Err(refused) => Verdict::Stopped({
                        tracing::info!(request = %ctx.request, reason = refused.reason(), "request refused");
                        let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
                        let (client, host) = (head::client_kind(&request), self.hosts.main());
                        let failing =
                            Failing { client, host, request: &ctx.request, headers: &request.headers, target: "/" };
                        answer::problem(&self.portal, status, failing)
                    }),
                }
            }
            Some(Err(reason)) => {
                tracing::warn!(request = %ctx.request, reason, "a proxy asks about a request that cannot be judged");
                Verdict::Stopped(forward_auth::bare(StatusCode::FORBIDDEN))
            }
            None => Verdict::Stopped(forward_auth::bare(StatusCode::FORBIDDEN)),
        };
        portal_bridge::write_answer(session, style.fitted(answer), self.hsts.as_ref()).await?;
        Ok(true)
    }

    /// The gate's decision on a request that another proxy carries. What only the gateway can do with it, the proxy lets it
    /// do where it can.
    async fn about(&self, ctx: &RequestContext, head: &Head, headers: &http::HeaderMap, style: Style) -> Verdict {
        let problem = |status| {
            let Head { client, host, target, .. } = head;
            let failing = Failing { client: *client, host, request: &ctx.request, headers, target };
            Verdict::Stopped(answer::problem(&self.portal, status, failing))
        };
        if head.path.starts_with(OUR_PREFIX) {
            tracing::warn!(request = %ctx.request, "the gateway's own pages have to be led to the gateway");
            return problem(StatusCode::FORBIDDEN);
        }
        let token = token::shown(headers).is_some();
        let preflight = cors::judged(&self.app, head, headers).1.is_some();
        if token || preflight || style == Style::Status && held::may_send_what_is_kept(&head.method, headers) {
            return match style {
                Style::Status => Verdict::Stopped(forward_auth::bare(StatusCode::UNAUTHORIZED)),
                Style::Answer => problem(StatusCode::FORBIDDEN),
            };
        }
        let permit = match self.app.decide(Self::asked(head, headers)).await {
            Ok(Decision::Forward(permit)) if head.client == ClientKind::WebSocket && !permit.passage().websocket => {
                return problem(StatusCode::FORBIDDEN);
            }
            Ok(Decision::Forward(permit)) => permit,
            Ok(Decision::Interrupt(why)) => {
                return Verdict::Stopped(answer::sign_in_needed(&self.portal, head, headers, &ctx.request, why));
            }
            Ok(Decision::Deny(_)) => return problem(StatusCode::FORBIDDEN),
            Err(error) => {
                tracing::error!(request = %ctx.request, %error, "the gate cannot decide: refused");
                return problem(StatusCode::SERVICE_UNAVAILABLE);
            }
        };
        if let Some(would) = permit.observed() {
            self.app.observe(&answer::observed(would, head, headers));
        } else if permit.principal().is_some() && self.own_pages.signs_out(head, headers) {
            if style == Style::Status {
                return Verdict::Stopped(forward_auth::bare(StatusCode::UNAUTHORIZED));
            }
            if let Err(error) = self.app.sign_out_of(Self::asked(head, headers).session, head.address).await {
                tracing::error!(request = %ctx.request, %error, "a session could not be ended");
                return problem(StatusCode::SERVICE_UNAVAILABLE);
            }
        }
        let cookies = self.cookies.forwarded(headers, permit.jar());
        Verdict::LetThrough(forward_auth::let_through(&self.identity, &permit, cookies, &ctx.request.to_string()))
    }
}
