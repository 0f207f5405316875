//! Which other origins may call a path of the console from a browser: the checked values.

use std::time::Duration;

use serde_json::json;

use super::{
    problem::quoted,
    raw,
    read::{At, OneOrMany, Refusal, Text},
};

/// What a rule lets pages of other origins do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsConfig {
    /// As browsers send them: `https://host[:port]`.
    pub origins: Vec<String>,
    /// Upper-case methods.
    pub methods: Vec<String>,
    /// Names of header fields beyond those that need no leave.
    pub headers: Vec<String>,
    /// With cookies.
    pub credentials: bool,
    /// How long browsers may keep the answer to a preflight.
    pub max_age: Duration,
}

/// An origin as browsers send it.
#[derive(Clone, Debug)]
pub(super) struct PageOrigin(pub(super) String);

impl Text for PageOrigin {
    const KIND: &'static str = "an https or http URL without a path";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if text == "*" {
            let help = "name each origin, as in \"https://shop.example.jp\"";
            return Err(Refusal::new(format!("{} would be every page there is", quoted(text)), help));
        }
        let (url, _, _) = super::value::bare_url(text, &["https", "http"])?;
        Ok(Self(url.origin().ascii_serialization()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^https?://[^/]+/?$" })
    }
}

/// The name of a header field.
#[derive(Clone, Debug)]
pub(super) struct FieldName(pub(super) String);

impl Text for FieldName {
    const KIND: &'static str = "the name of a header field";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if http::HeaderName::try_from(text).is_err() {
            let message = format!("{} is not the name of a header field", quoted(text));
            return Err(Refusal::new(message, "as in \"Authorization\""));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" })
    }
}

/// From the raw table; `None` where something could not be read.
pub(super) fn cors(raw: raw::Cors) -> Option<CorsConfig> {
    fn values<T>(list: At<OneOrMany<T>>) -> impl Iterator<Item = T> {
        list.value.0.into_iter().map(|item| item.value)
    }
    Some(CorsConfig {
        origins: values(raw.origins?).map(|origin| origin.0).collect(),
        methods: values(raw.methods?).map(|method| method.0.to_owned()).collect(),
        headers: values(raw.headers?).map(|name| name.0).collect(),
        credentials: raw.credentials?.value,
        max_age: raw.max_age?.value.0,
    })
}
