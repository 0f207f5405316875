//! The values of rules and of what is expected of them.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::json;

use super::{
    Outcome,
    problem::quoted,
    read::{Refusal, Text},
    value::{word, words},
};

/// The path of a rule: whole segments, no trailing slash but for `/` itself.
#[derive(Clone, Debug)]
pub(super) struct RulePath(pub(super) String);

impl Text for RulePath {
    const KIND: &'static str = "a path of the console";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let shown = quoted(text);
        let refuse = |message: &str, help: &str| Err(Refusal::new(format!("{shown} {message}"), help));
        if !text.starts_with('/') {
            return refuse("does not start with /", "as in \"/static\"");
        }
        if text.contains('*') {
            return refuse("has a wildcard", "a path already covers everything below it: \"/static\" is enough");
        }
        if text.contains(['?', '#']) {
            return refuse("has more than a path", "rules look at the path only");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("has a character that no request carries", "write it percent-encoded, as browsers send it");
        }
        if text.len() > 1 && text.ends_with('/') {
            return refuse("ends with /", "without the last slash it covers the path itself and everything below it");
        }
        if text.len() > 1 && text.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
            return refuse("has an empty, . or .. segment", "requests with such paths are refused before any rule");
        }
        if text == "/.sekisho" || text.starts_with("/.sekisho/") {
            return refuse("belongs to the gateway itself", "rules are for the console's own paths");
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^/" })
    }
}

/// Reads a path as a rule names it, for what is scoped like one. The error is for whoever typed it.
pub fn rule_path(text: &str) -> Result<String, String> {
    RulePath::parse(text).map(|path| path.0).map_err(Refusal::words)
}

/// Reads a method as a rule names it.
pub fn rule_method(text: &str) -> Result<String, String> {
    RuleMethod::parse(text).map(|method| method.0.to_owned()).map_err(Refusal::words)
}

/// Reads a network as a rule names it.
pub fn rule_network(text: &str) -> Result<IpNet, String> {
    Network::parse(text).map(|network| network.0).map_err(Refusal::words)
}

/// An HTTP method a rule can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RuleMethod(pub(super) &'static str);

const METHODS: [(&str, RuleMethod); 7] = [
    ("GET", RuleMethod("GET")),
    ("HEAD", RuleMethod("HEAD")),
    ("POST", RuleMethod("POST")),
    ("PUT", RuleMethod("PUT")),
    ("PATCH", RuleMethod("PATCH")),
    ("DELETE", RuleMethod("DELETE")),
    ("OPTIONS", RuleMethod("OPTIONS")),
];

impl Text for RuleMethod {
    const KIND: &'static str = "a method";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "a method", &METHODS)
    }
    fn constraint() -> serde_json::Value {
        words(&METHODS)
    }
}

/// What a rule asks for, before it is known how old a code may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccessWord {
    Public,
    SignedIn,
    Fresh,
    Deny,
}

const ACCESS: [(&str, AccessWord); 4] = [
    ("public", AccessWord::Public),
    ("signed-in", AccessWord::SignedIn),
    ("fresh", AccessWord::Fresh),
    ("deny", AccessWord::Deny),
];

impl Text for AccessWord {
    const KIND: &'static str = "an access word";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "an access word", &ACCESS)
    }
    fn constraint() -> serde_json::Value {
        words(&ACCESS)
    }
}

/// The path of a request, as a browser sends it.
#[derive(Clone, Debug)]
pub(super) struct RequestPath(pub(super) String);

impl Text for RequestPath {
    const KIND: &'static str = "a path of the console";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if !text.starts_with('/') || text.contains(['?', '#']) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let help = "as a browser sends it and without a query, as in \"/orders/42\"";
            return Err(Refusal::new(format!("{} is not a path", quoted(text)), help));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^/" })
    }
}

/// A network of client addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network(pub(super) IpNet);

impl Text for Network {
    const KIND: &'static str = "a network";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let network = match (text.parse::<IpNet>(), text.parse::<IpAddr>()) {
            (Ok(network), _) => network,
            (Err(_), Ok(address)) => address.into(),
            (Err(_), Err(_)) => {
                let help = "an address and the length of its prefix, as in \"192.0.2.0/24\" or \"2001:db8::/32\"";
                return Err(Refusal::new(format!("{} is not a network", quoted(text)), help));
            }
        };
        if network.trunc() != network {
            let message = format!("{} is an address within a network", quoted(text));
            return Err(Refusal::new(message, format!("the network is \"{}\"", network.trunc())));
        }
        Ok(Self(network))
    }
}

/// The address a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAddress(pub(super) IpAddr);

impl Text for ClientAddress {
    const KIND: &'static str = "an address";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let unreadable = |_| Refusal::new(format!("{} is not an address", quoted(text)), "as in \"192.0.2.7\"");
        text.parse().map(Self).map_err(unreadable)
    }
}

const OUTCOMES: [(&str, Outcome); 4] =
    [("forward", Outcome::Forward), ("sign-in", Outcome::SignIn), ("code", Outcome::Code), ("deny", Outcome::Deny)];

impl Text for Outcome {
    const KIND: &'static str = "an outcome";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "an outcome", &OUTCOMES)
    }
    fn constraint() -> serde_json::Value {
        words(&OUTCOMES)
    }
}
