//! What is no page: style, script, pictures, the published keys, and what a waiting page's script asks for. None of it
//! changes anything.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::{
    Portal, challenge,
    form::Form,
    visit::{Client, Framing, Visit, protect},
};
use crate::{app, config::Logo};

pub(super) fn asset(portal: &Portal, parts: &http::request::Parts, kind: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    protect(headers, Framing::Nobody);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let asked = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
    let current = portal.site.is_current(asked);
    let keep = if current { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}

/// The operator's own picture. It is shown as an image, where nothing in it runs; opened by itself it is no document
/// of ours either.
pub(super) fn logo_image(portal: &Portal, parts: &http::request::Parts, logo: &Logo) -> Response<Body> {
    let mut response = asset(portal, parts, logo.kind, logo.bytes.clone());
    let policy =
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// For consoles. Kept for minutes; a key is there for a day before it signs and a day after.
pub(super) async fn keys(portal: &Portal) -> Response<Body> {
    let (status, body, keep) = match portal.app.published_keys().await {
        Ok(keys) => (StatusCode::OK, keys.to_string(), "public, max-age=300"),
        Err(error) => {
            tracing::error!(%error, "the signing keys cannot be shown");
            (StatusCode::SERVICE_UNAVAILABLE, "{}".to_owned(), "no-store")
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    protect(headers, Framing::Nobody);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}

/// For the script of a page that waits; it changes nothing and tells nothing but these two.
pub(super) async fn state(portal: &Portal, parts: &http::request::Parts) -> Response<Body> {
    let told = match parts.extensions.get::<Client>() {
        Some(client) => {
            let visit = Visit::new(portal, &parts.uri, &parts.headers, client, Form::default());
            challenge::state(&visit).await
        }
        None => Err(app::AppError::Bug("a request without a client address")),
    };
    let (status, body) = match told {
        Ok(told) => (StatusCode::OK, told.to_string()),
        Err(error) => {
            tracing::error!(%error, "the state of a page could not be told");
            (StatusCode::INTERNAL_SERVER_ERROR, "{}".to_owned())
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    protect(headers, Framing::Nobody);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
