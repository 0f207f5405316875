//! What the console has of its own: its cookies, other addresses it believes to have, its sign-out and its sign-in page.

use serde_json::json;

use super::{
    problem::{Report, quoted},
    raw,
    read::{At, OneOrMany, Refusal, Text},
    rule_value::RequestPath,
};

/// What the console has of its own.
#[derive(Clone, Debug)]
pub struct ConsoleConfig {
    /// Names of the cookies that are expired at sign-out and when another account signs in; empty: all of them.
    pub expired_cookies: Vec<String>,
    /// Names of cookies that may pass from one account to another.
    pub shared_cookies: Vec<String>,
    /// A cookie goes only to sessions of the account it was set for, on every browser.
    pub bound_cookies: bool,
    /// `Secure` is added to cookies of the console.
    pub secure_cookies: bool,
    /// Further origins the console believes to have.
    pub origins: Vec<ConsoleOrigin>,
    /// Paths of its own sign-out.
    pub sign_out: Vec<String>,
    /// Methods by which they sign out.
    pub sign_out_methods: Vec<&'static str>,
    /// What our sign-out asks the console for.
    pub sign_out_call: Option<String>,
    /// How.
    pub sign_out_call_method: &'static str,
    /// Paths of its own sign-in page.
    pub sign_in: Vec<String>,
}

/// An origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleOrigin {
    /// https?
    pub tls: bool,
    /// Host, an IPv6 address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// The name of a cookie.
#[derive(Clone, Debug)]
pub(super) struct CookieName(pub(super) String);

impl Text for CookieName {
    const KIND: &'static str = "the name of a cookie";

    fn parse(text: &str) -> Result<Self, Refusal> {
        // RFC 9110 §5.6.2: a token.
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if text.is_empty() || !text.bytes().all(token) {
            return Err(Refusal::new(format!("{} is not the name of a cookie", quoted(text)), "as in \"JSESSIONID\""));
        }
        if text.to_ascii_lowercase().starts_with("__host-sekisho") {
            let message = format!("{} is a cookie of the gateway itself", quoted(text));
            return Err(Refusal::new(message, "only the console's own cookies are named here"));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" })
    }
}

/// `/` would be every first page, and a sign-out that is also the sign-in page would never let anybody in.
pub(super) fn check(console: &raw::Console, report: &mut Report<'_>) {
    let paths = |list: &Option<At<OneOrMany<RequestPath>>>| {
        list.iter().flat_map(|list| list.value.0.clone()).collect::<Vec<At<RequestPath>>>()
    };
    let (out, into) = (paths(&console.sign_out), paths(&console.sign_in));
    for (key, list) in [("console.sign_out", &out), ("console.sign_in", &into)] {
        if let Some(root) = list.iter().find(|path| path.value.0 == "/") {
            let message = format!("{key}: \"/\" is the console's first page");
            report.add(root.span.as_ref(), message, Some("as in \"/logout\" or \"/login\"".to_owned()));
        }
    }
    if let Some(both) = into.iter().find(|path| out.iter().any(|other| other.value.0 == path.value.0)) {
        let message = format!("console.sign_in: {} is in console.sign_out, too", quoted(&both.value.0));
        report.add(both.span.as_ref(), message, Some("name each page once".to_owned()));
    }
}

/// From the raw table.
pub(super) fn console(raw: raw::Console) -> Option<ConsoleConfig> {
    fn values<T>(list: At<OneOrMany<T>>) -> impl Iterator<Item = T> {
        list.value.0.into_iter().map(|item| item.value)
    }
    Some(ConsoleConfig {
        expired_cookies: values(raw.expired_cookies?).map(|name| name.0).collect(),
        shared_cookies: values(raw.shared_cookies?).map(|name| name.0).collect(),
        bound_cookies: raw.bound_cookies?.value,
        secure_cookies: raw.secure_cookies?.value,
        origins: values(raw.origins?).map(|origin| origin.0).collect(),
        sign_out: values(raw.sign_out?).map(|path| path.0).collect(),
        sign_out_methods: values(raw.sign_out_methods?).map(|method| method.0).collect(),
        sign_out_call: raw.sign_out_call.map(|path| path.value.0),
        sign_out_call_method: raw.sign_out_call_method?.value.0,
        sign_in: values(raw.sign_in?).map(|path| path.0).collect(),
    })
}

/// An origin the console believes to have; over https it may be an address, too.
#[derive(Clone, Debug)]
pub(super) struct OriginUrl(ConsoleOrigin);

impl Text for OriginUrl {
    const KIND: &'static str = "an http or https URL without a path";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let (url, host, port) = super::value::bare_url(text, &["http", "https"])?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self(ConsoleOrigin { tls: url.scheme() == "https", host, port }))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^https?://[^/]+/?$" })
    }
}
