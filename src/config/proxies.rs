//! Proxies in front of the gateway: whose word is taken for where a request comes from, and where they write it.

use ipnet::IpNet;

use super::{
    problem::quoted,
    read::{Refusal, Text},
    rule_value::Network,
    value::{word, words},
};

/// The header in which proxies in front of the gateway say where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`: addresses, separated by commas.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

const HEADERS: [(&str, ProxyHeader); 2] =
    [("X-Forwarded-For", ProxyHeader::XForwardedFor), ("Forwarded", ProxyHeader::Forwarded)];

impl Text for ProxyHeader {
    const KIND: &'static str = "a header";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "a header that proxies write addresses in", &HEADERS)
    }
    fn constraint() -> serde_json::Value {
        words(&HEADERS)
    }
}

/// A network of proxies: never the whole internet, whose every word would be taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProxyNetwork(pub(super) IpNet);

impl Text for ProxyNetwork {
    const KIND: &'static str = "a network";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let Network(network) = Network::parse(text)?;
        if network.prefix_len() == 0 {
            let message = format!("{} is everybody, and everybody could say where a request comes from", quoted(text));
            return Err(Refusal::new(message, "the addresses of the proxies, as in \"10.0.0.5\"".to_owned()));
        }
        Ok(Self(network))
    }
}
