//! The one address that is not for browsers: where providers of messages report what became of one. It takes no cookie,
//! no form token and no origin; the address itself and the provider's signature stand in their place. It must never tell
//! a caller anything but a status, nor prove anything of anybody.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, Request, State},
};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};

use super::{
    Portal,
    visit::{Client, Framing, protect},
};
use crate::delivery::callback::CallbackRefused;

/// The address: the provider's word, and the token of one message.
pub const CALLBACK: &str = "/.sekisho/callback/{provider}/{token}";

impl Portal {
    /// Is this the address of a report no message waits for? It is answered before anything of the report is read.
    pub fn is_vain_callback(&self, path: &str) -> bool {
        let prefix = CALLBACK.split('{').next().unwrap_or_default();
        let Some((provider, token)) = path.strip_prefix(prefix).and_then(|rest| rest.split_once('/')) else {
            return false;
        };
        !self.callbacks.as_ref().is_some_and(|callbacks| callbacks.knows(provider, token))
    }
}

/// No provider has more to say.
const LONGEST: usize = 16 * 1024;

pub(super) async fn take(
    State(portal): State<Arc<Portal>>,
    Path((provider, token)): Path<(String, String)>,
    request: Request,
) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let client = request.extensions().get::<Client>().map(|client| client.address);
    let limited = client.filter(|client| refuses(&portal, *client));
    *response.status_mut() = match limited {
        Some(_) => StatusCode::TOO_MANY_REQUESTS,
        None => status(&portal, (&provider, &token), request).await,
    };
    if let (Some(client), Some(callbacks)) = (client, &portal.callbacks)
        && matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::FORBIDDEN)
    {
        callbacks.refused(client);
    }
    let limited = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    protect(headers, Framing::Nobody);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if limited {
        // The counts are of a minute.
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}

fn refuses(portal: &Portal, client: IpAddr) -> bool {
    portal.callbacks.as_ref().is_some_and(|callbacks| callbacks.refuses(client).is_some())
}

async fn status(portal: &Portal, address: (&str, &str), request: Request) -> StatusCode {
    let Some(callbacks) = portal.callbacks.as_ref().filter(|callbacks| callbacks.knows(address.0, address.1)) else {
        return StatusCode::NOT_FOUND;
    };
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, LONGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_too_long) => return StatusCode::PAYLOAD_TOO_LARGE,
    };
    let target = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    match callbacks.take(address, target, &parts.headers, &body).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(CallbackRefused::Unknown) => StatusCode::NOT_FOUND,
        Err(CallbackRefused::NotGenuine(_)) => {
            tracing::warn!(provider = address.0, "a report that the provider did not sign");
            StatusCode::FORBIDDEN
        }
        Err(CallbackRefused::TooMany(_)) => {
            tracing::warn!(provider = address.0, "more reports of one message than there can be");
            StatusCode::TOO_MANY_REQUESTS
        }
        // Providers try again.
        Err(CallbackRefused::Store(error)) => {
            tracing::error!(%error, provider = address.0, "a report could not be kept");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
