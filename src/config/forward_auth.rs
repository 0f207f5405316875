//! Proxies that keep the way to the console and ask the gateway about each request: the checked values.

use std::path::Path;

use ipnet::IpNet;

use super::{
    ConfiguredSecret,
    problem::Report,
    raw,
    read::{Refusal, Text},
    value::{word, words},
};
use crate::secret::ExposeSecret as _;

/// Who may ask, and how they say what about.
#[derive(Clone, Debug)]
pub struct ForwardAuthConfig {
    /// What a proxy shows.
    pub secret: ConfiguredSecret,
    /// Where it is.
    pub from: Vec<IpNet>,
    /// Where it writes the request it asks about.
    pub request: OriginalRequest,
}

/// Where a proxy writes the request it asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginalRequest {
    /// `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`.
    Forwarded,
    /// `X-Original-Method` and `X-Original-URL`.
    Original,
}

const REQUESTS: [(&str, OriginalRequest); 2] =
    [("X-Forwarded", OriginalRequest::Forwarded), ("X-Original", OriginalRequest::Original)];

impl Text for OriginalRequest {
    const KIND: &'static str = "a family of headers";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "a family of headers", &REQUESTS)
    }
    fn constraint() -> serde_json::Value {
        words(&REQUESTS)
    }
}

/// Shorter ones can be guessed.
pub(super) const SHORTEST: usize = 32;

/// A network of everybody, or a secret that is none.
pub(super) fn check(table: &raw::ForwardAuth, report: &mut Report<'_>) {
    if let Some(from) = &table.from {
        if from.value.0.is_empty() {
            let help = "name the addresses of the proxy, or take the table out".to_owned();
            report.add(from.span.as_ref(), "forward_auth.from: nobody could ask".to_owned(), Some(help));
        }
        for network in from.value.0.iter().filter(|network| network.value.0.prefix_len() == 0) {
            let message =
                "forward_auth.from: everybody could ask who holds a session, and what the rules are".to_owned();
            let help = "the addresses of the proxy alone, as in \"10.0.0.5\"".to_owned();
            report.add(network.span.as_ref(), message, Some(help));
        }
    }
    if let Some(secret) = &table.secret
        && let ConfiguredSecret::Here(text) = &secret.value
        && text.expose_secret().len() < SHORTEST
    {
        too_short(secret.span.as_ref(), report);
    }
}

pub(super) fn too_short(span: Option<&std::ops::Range<usize>>, report: &mut Report<'_>) {
    let message = format!("forward_auth.secret: shorter than {SHORTEST} characters");
    report.add(span, message, Some("make one with: openssl rand -hex 32".to_owned()));
}

/// From the raw table.
pub(super) fn forward_auth(raw: raw::ForwardAuth, directory: &Path) -> Option<ForwardAuthConfig> {
    Some(ForwardAuthConfig {
        secret: raw.secret?.value.below(directory),
        from: raw.from?.value.0.into_iter().map(|network| network.value.0).collect(),
        request: raw.request?.value,
    })
}
