//! The way to providers: one pooled client with strict TLS, short deadlines, capped answers, no redirects. What it says of
//! an exchange that failed is whether the request can have been taken. It must never log what is sent or where to.

use std::{fmt, path::PathBuf, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};

use super::provider::{Outcome, Refusal};
use crate::config::DeliveryConfig;

/// No provider has more to say; what follows is not read.
const LARGEST_ANSWER: usize = 64 * 1024;
/// Kept-alive connections are closed by us, before most servers would: a server that closes while we write leaves it
/// unknown whether it took the request.
const IDLE: Duration = Duration::from_secs(10);
/// Nobody asks for longer waits than a code lives.
const LONGEST_RETRY_AFTER: u64 = 24 * 60 * 60;

/// The client. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Http(reqwest::Client);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum HttpUnusable {
    /// The file of the certificate authority.
    #[error("delivery.ca: {}: {reason}", path.display())]
    Authority {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The public certificate authorities of this machine, mostly.
    #[error(
        "requests to providers cannot be made (are the certificate authorities of ca-certificates installed?): {0}"
    )]
    Client(#[from] reqwest::Error),
}

/// What a provider answered. `Debug` shows its status alone: providers repeat numbers and texts.
#[derive(Clone)]
pub struct Answer {
    /// Any.
    pub status: StatusCode,
    /// As they came.
    pub headers: HeaderMap,
    /// At most 64 KiB; the rest, or what did not come, is missing.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// No connection, no name, no trust: nothing was written.
    NotWritten,
    /// It was written, at least in part, and nobody knows what became of it.
    Unknown,
}

impl From<Unanswered> for Outcome {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::NotWritten => Self::Unavailable,
            Unanswered::Unknown => Self::Ambiguous,
        }
    }
}

impl Http {
    /// As configured. Variables of the environment name no proxy.
    pub fn new(config: &DeliveryConfig) -> Result<Self, HttpUnusable> {
        // Another part of the process may have done so; there is no other provider in the tree.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder()
            .connect_timeout(config.connect_timeout)
            .timeout(config.timeout)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .user_agent(concat!("sekisho/", env!("CARGO_PKG_VERSION")))
            .no_proxy();
        if let Some(path) = &config.ca {
            let refuse = |reason: String| HttpUnusable::Authority { path: path.clone(), reason };
            let pem = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
            let authorities = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| refuse(error.to_string()))?;
            client = client.tls_certs_merge(authorities);
        }
        if let Some(proxy) = &config.proxy {
            let here = reqwest::NoProxy::from_string("localhost,127.0.0.0/8,::1,169.254.169.254");
            client = client.proxy(reqwest::Proxy::all(proxy.clone())?.no_proxy(here));
        }
        Ok(Self(client.build()?))
    }

    /// Sends one request, once. `Err` only where no status came.
    pub async fn exchange(&self, request: http::Request<Bytes>) -> Result<Answer, Unanswered> {
        let request = match reqwest::Request::try_from(request) {
            Ok(request) => request,
            Err(_no_such_address) => return Err(Unanswered::NotWritten),
        };
        let mut response = match self.0.execute(request).await {
            Ok(response) => response,
            Err(error) => {
                let error = error.without_url();
                tracing::warn!(error = %Chain(&error), "a provider did not answer");
                let written = !(error.is_connect() || error.is_builder());
                return Err(if written { Unanswered::Unknown } else { Unanswered::NotWritten });
            }
        };
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = BytesMut::new();
        while body.len() < LARGEST_ANSWER {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(error = %Chain(&error.without_url()), "an answer of a provider broke off");
                    break;
                }
            }
        }
        body.truncate(LARGEST_ANSWER);
        Ok(Answer { status, headers, body: body.freeze() })
    }
}

impl Answer {
    /// What the status alone says, where the body says nothing a provider's file knows.
    pub fn outcome_by_status(&self) -> Outcome {
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Refused(Refusal::AuthFailed),
            StatusCode::PAYMENT_REQUIRED => Outcome::Refused(Refusal::QuotaExhausted),
            StatusCode::TOO_MANY_REQUESTS => Outcome::Throttled { retry_after: self.retry_after() },
            // The server, or one before it, gave up waiting for us or for another.
            StatusCode::REQUEST_TIMEOUT => Outcome::Ambiguous,
            status if status.is_client_error() || status.is_redirection() => Outcome::Refused(Refusal::Misconfigured),
            // 2xx with a body nobody understands, and 5xx: it may have been taken.
            _ => Outcome::Ambiguous,
        }
    }

    /// `Retry-After` in seconds; its form as a date is not read.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds: u64 = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds.min(LONGEST_RETRY_AFTER)))
    }

    /// The body as JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({})", self.status)
    }
}

/// An error with what caused it: reqwest alone only says that a request failed.
struct Chain<'e>(&'e dyn std::error::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
