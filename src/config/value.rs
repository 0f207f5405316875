//! The kinds of value a key can have, each with its own reading of the text. What is read here needs no further check
//! by itself; what must agree with other keys is checked afterwards.

mod quantity;

use std::{net::SocketAddr, path::PathBuf};

use serde_json::json;
use toml::{Spanned, de::DeValue};
use url::Url;

use super::{
    Balance, PublicUrl, RolloutMode, UpstreamAddress,
    problem::{Report, did_you_mean, quoted},
    read::{At, Refusal, Shape, Text, Value, report_type},
};

pub(super) use self::quantity::{DAY, HOUR, KIB, MIB, MILLISECOND, MINUTE, SECOND, Size, Time, spoken};

impl Text for SocketAddr {
    const KIND: &'static str = "an address with a port";

    fn parse(text: &str) -> Result<Self, Refusal> {
        text.parse().map_err(|_unreadable| {
            Refusal::new(
                format!("{} is not an address with a port", quoted(text)),
                "a numeric address, as in \"0.0.0.0:443\" or \"[::]:443\"",
            )
        })
    }
}

/// An address only this machine can reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loopback(pub(super) SocketAddr);

impl Text for Loopback {
    const KIND: &'static str = "a loopback address with a port";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let address = SocketAddr::parse(text)?;
        if !address.ip().is_loopback() {
            return Err(Refusal::new(
                format!("{} is not a loopback address", quoted(text)),
                "the page shows every code to whoever opens it: use 127.0.0.1 or [::1]",
            ));
        }
        Ok(Self(address))
    }
}

/// A path, as written; a relative one starts at the directory of the configuration file.
#[derive(Clone, Debug)]
pub(super) struct FilePath(pub(super) PathBuf);

impl Text for FilePath {
    const KIND: &'static str = "a path";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() || text.contains('\0') {
            return Err(Refusal::new(format!("{} is not a path", quoted(text)), "the path of a file or directory"));
        }
        Ok(Self(text.into()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "minLength": 1 })
    }
}

/// A URL that is nothing but a scheme, a host and perhaps a port.
pub(super) fn bare_url(text: &str, schemes: &[&str]) -> Result<(Url, String, u16), Refusal> {
    let example = format!("as in \"{}://console.example.jp\"", schemes.first().copied().unwrap_or("https"));
    let shown = quoted(text);
    let url = Url::parse(text).map_err(|_unreadable| Refusal::new(format!("{shown} is not a URL"), example.clone()))?;
    if !schemes.contains(&url.scheme()) {
        let wanted = schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(" or ");
        return Err(Refusal::new(format!("{shown} does not start with {wanted}"), example));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::new("has a user name or password in the URL".to_owned(), "take them out"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(Refusal::new(format!("{shown} has more than a host and a port"), example));
    }
    match (url.host_str().map(str::to_owned), url.port_or_known_default()) {
        (Some(host), Some(port)) if port != 0 => Ok((url, host, port)),
        _ => Err(Refusal::new(format!("{shown} has no host or port that can be used"), example)),
    }
}

impl Text for PublicUrl {
    const KIND: &'static str = "an https URL without a path";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let (_, host, port) = bare_url(text, &["https"])?;
        Ok(Self { host, port })
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^https://[^/]+/?$" })
    }
}

/// Where the console is.
#[derive(Clone, Debug)]
pub(super) struct UpstreamUrl {
    pub(super) tls: bool,
    pub(super) address: UpstreamAddress,
}

impl Text for UpstreamUrl {
    const KIND: &'static str = "an http or https URL without a path, or a Unix socket";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if let Some(path) = text.strip_prefix("unix:") {
            // The longest the kernel takes is 108 bytes with the one that ends it.
            if !path.starts_with('/') || path.ends_with('/') || path.len() > 107 || path.contains('\0') {
                let help = "as in \"unix:/run/console.sock\", of at most 107 bytes behind the colon";
                return Err(Refusal::new(format!("{} is not the path of a socket", quoted(text)), help));
            }
            return Ok(Self { tls: false, address: UpstreamAddress::Socket(path.into()) });
        }
        let (url, host, port) = bare_url(text, &["http", "https"])?;
        let tls = url.scheme() == "https";
        if tls && !matches!(url.host(), Some(url::Host::Domain(_))) {
            return Err(Refusal::new(
                format!("{} has no host name", quoted(text)),
                "the console's certificate is checked against a host name: put the name here, not an address",
            ));
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { tls, address: UpstreamAddress::Host { host, port } })
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^(https?://[^/]+/?|unix:/.+)$" })
    }
}

/// A page to link to.
#[derive(Clone, Debug)]
pub(super) struct Link(pub(super) String);

impl Text for Link {
    const KIND: &'static str = "a URL";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http" | "mailto" | "tel"));
        url.map(|url| Self(url.into())).ok_or_else(|| {
            Refusal::new(
                format!("{} is not a URL to link to", quoted(text)),
                "an address that starts with https://, http://, mailto: or tel:",
            )
        })
    }

    fn constraint() -> serde_json::Value {
        json!({ "format": "uri" })
    }
}

/// Where the store is.
#[derive(Clone, Debug)]
pub(super) struct StoreUrl {
    pub(super) file: PathBuf,
}

impl Text for StoreUrl {
    const KIND: &'static str = "a store URL";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let example = "as in \"sqlite:/var/lib/sekisho/sekisho.db\"";
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(Refusal::new(format!("{} is not a store URL", quoted(text)), example));
        };
        if scheme != "sqlite" {
            // The rest can hold a password.
            return Err(Refusal::new(format!("{} is not a store Sekisho knows", quoted(scheme)), example));
        }
        let file = rest.strip_prefix("//").unwrap_or(rest);
        if file.is_empty() || file.starts_with(':') || file.contains(['?', '\0']) || file.ends_with('/') {
            return Err(Refusal::new(format!("{} does not name a file", quoted(text)), example));
        }
        Ok(Self { file: file.into() })
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^sqlite:" })
    }
}

/// A time zone of the IANA database.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    pub(super) zone: jiff::tz::TimeZone,
    pub(super) name: String,
}

impl Text for Zone {
    const KIND: &'static str = "a time zone";

    fn parse(text: &str) -> Result<Self, Refusal> {
        jiff::tz::TimeZone::get(text).map_or_else(
            |_unknown| {
                let known: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
                let help = did_you_mean(text, known.iter().map(String::as_str));
                let help = help.unwrap_or_else(|| "an IANA name, as in \"Asia/Tokyo\"".to_owned());
                Err(Refusal::new(format!("{} is not a time zone", quoted(text)), help))
            },
            |zone| {
                let name = zone.iana_name().unwrap_or(text).to_owned();
                Ok(Self { zone, name })
            },
        )
    }
}

/// A region of telephone numbers.
#[derive(Clone, Debug)]
pub(super) struct PhoneRegion(pub(super) String);

impl Text for PhoneRegion {
    const KIND: &'static str = "a region";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let written = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if !written || text.parse::<rlibphonenumber::Region>().is_err() {
            return Err(Refusal::new(
                format!("{} is not a region", quoted(text)),
                "two capital letters of ISO 3166-1, as in \"JP\"",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[A-Z]{2}$" })
    }
}

/// `#rrggbb`, lower case.
#[derive(Clone, Debug)]
pub(super) struct Colour(pub(super) String);

impl Text for Colour {
    const KIND: &'static str = "a colour";

    fn parse(text: &str) -> Result<Self, Refusal> {
        match text.strip_prefix('#') {
            Some(digits) if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Ok(Self(text.to_ascii_lowercase()))
            }
            _ => Err(Refusal::new(
                format!("{} is not a colour", quoted(text)),
                "six hexadecimal digits, as in \"#1d4e89\"",
            )),
        }
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^#[0-9A-Fa-f]{6}$" })
    }
}

/// A `Host` header value.
#[derive(Clone, Debug)]
pub(super) struct HostHeader(pub(super) String);

impl Text for HostHeader {
    const KIND: &'static str = "a host, with a port or without";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let authority = text.parse::<http::uri::Authority>().ok().filter(|authority| {
            // A user name or a port out of range would stand beside the host.
            !authority.host().is_empty()
                && (authority.host() == text || authority.port_u16().is_some())
                && !text.contains('@')
        });
        authority.map(|authority| Self(authority.as_str().to_owned())).ok_or_else(|| {
            Refusal::new(
                format!("{} is not a host", quoted(text)),
                "as in \"console.internal\" or \"console.internal:8080\"",
            )
        })
    }
}

/// A header the gateway may own, lower case.
#[derive(Clone, Debug)]
pub(super) struct OwnHeader(pub(super) String);

/// Headers that already mean something between a browser, a proxy and a console.
const TAKEN_HEADERS: &[&str] = &[
    "age",
    "allow",
    "authorization",
    "cache-control",
    "connection",
    "cookie",
    "date",
    "dnt",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "from",
    "host",
    "keep-alive",
    "link",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "range",
    "referer",
    "server",
    "set-cookie",
    "te",
    "trailer",
    "upgrade",
    "user-agent",
    "vary",
    "via",
];
const TAKEN_PREFIXES: &[&str] = &[
    "accept",
    "access-control-",
    "content-",
    "if-",
    "proxy-",
    "sec-",
    "transfer-",
    "upgrade-",
    "x-forwarded",
    "x-real-ip",
];

impl Text for OwnHeader {
    const KIND: &'static str = "a header name";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let Ok(name) = http::HeaderName::from_bytes(text.as_bytes()) else {
            return Err(Refusal::new(format!("{} is not a header name", quoted(text)), "as in \"Remote-User\""));
        };
        let name = name.as_str();
        // Consoles behind CGI-style interfaces read both spellings as one.
        let folded = name.replace('_', "-");
        if TAKEN_HEADERS.contains(&folded.as_str()) || TAKEN_PREFIXES.iter().any(|prefix| folded.starts_with(prefix)) {
            return Err(Refusal::new(
                format!("{} has a meaning of its own in HTTP", quoted(text)),
                "a name of your own, as in \"Remote-User\" or \"X-Sekisho-User\"",
            ));
        }
        Ok(Self(name.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[-!#$%&'*+.^_`|~0-9A-Za-z]+$" })
    }
}

/// Whom a token is for: what a console compares byte by byte.
#[derive(Clone, Debug)]
pub(super) struct Audience(pub(super) String);

impl Text for Audience {
    const KIND: &'static str = "a name for a console";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() || text.len() > 200 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::new(
                format!("{} is not a name for a console", quoted(text)),
                "1 to 200 ASCII characters without spaces, as in \"https://orders.internal\"",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[!-~]{1,200}$" })
    }
}

const BALANCES: [(&str, Balance); 2] = [("round-robin", Balance::RoundRobin), ("account", Balance::Account)];

impl Text for Balance {
    const KIND: &'static str = "a way to balance";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "a way to balance", &BALANCES)
    }
    fn constraint() -> serde_json::Value {
        words(&BALANCES)
    }
}

const MODES: [(&str, RolloutMode); 2] = [("enforce", RolloutMode::Enforce), ("observe", RolloutMode::Observe)];

impl Text for RolloutMode {
    const KIND: &'static str = "a mode";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "a mode", &MODES)
    }
    fn constraint() -> serde_json::Value {
        words(&MODES)
    }
}

/// A group as accounts have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupName(pub(super) String);

impl Text for GroupName {
    const KIND: &'static str = "a group";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
        if text.is_empty() || text.len() > 64 || !text.chars().all(allowed) {
            let help = "1 to 64 ASCII letters, digits, dots, dashes, underscores and colons";
            return Err(Refusal::new(format!("{} is not a group", quoted(text)), help));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[-.:_0-9A-Za-z]{1,64}$" })
    }
}

/// A group of the machine, by name or number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SystemGroupName(pub(super) String);

impl Text for SystemGroupName {
    const KIND: &'static str = "a system group";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.is_empty() || text.len() > 64 || !text.chars().all(allowed) {
            let help = "its name or number, as in /etc/group";
            return Err(Refusal::new(format!("{} is not a system group", quoted(text)), help));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[-._0-9A-Za-z]{1,64}$" })
    }
}

/// A day of the calendar; it begins at midnight in the configured zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day(pub(super) jiff::civil::Date);

impl Text for Day {
    const KIND: &'static str = "a date";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let bad = |_not_a_day| Refusal::new(format!("{} is not a date", quoted(text)), "as in \"2027-04-01\"");
        let whole = text.len() == 10;
        match text.parse() {
            Ok(day) if whole => Ok(Self(day)),
            _ => Err(bad(())),
        }
    }

    fn constraint() -> serde_json::Value {
        json!({ "format": "date" })
    }
}

pub(super) fn word<T: Clone>(text: &str, kind: &str, known: &[(&str, T)]) -> Result<T, Refusal> {
    known.iter().find(|(name, _)| *name == text).map(|(_, value)| value.clone()).ok_or_else(|| {
        let names = known.iter().map(|(name, _)| *name);
        let help = did_you_mean(text, names.clone())
            .unwrap_or_else(|| format!("one of: {}", names.collect::<Vec<_>>().join(", ")));
        Refusal::new(format!("{} is not {kind}", quoted(text)), help)
    })
}

pub(super) fn words<T>(known: &[(&str, T)]) -> serde_json::Value {
    json!({ "enum": known.iter().map(|(name, _)| *name).collect::<Vec<_>>() })
}

/// `tracing` filter directives.
#[derive(Clone, Debug)]
pub(super) struct LogFilter(pub(super) String);

impl Text for LogFilter {
    const KIND: &'static str = "a log filter";

    fn parse(text: &str) -> Result<Self, Refusal> {
        // A word alone would be taken for the name of a module, so a misspelt level would hide every line.
        let directive = |part: &str| {
            if part.contains('=') {
                part.parse::<tracing_subscriber::filter::Directive>().is_ok()
            } else {
                part.parse::<tracing_subscriber::filter::LevelFilter>().is_ok()
            }
        };
        if !text.split(',').all(|part| directive(part.trim())) {
            return Err(Refusal::new(
                format!("{} is not a log filter", quoted(text)),
                "a level, or levels by module, as in \"info\" or \"info,sekisho::proxy=debug\"",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A name people read: short, on one line.
#[derive(Clone, Debug)]
pub(super) struct Name(pub(super) String);

impl Text for Name {
    const KIND: &'static str = "a name";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let name = text.trim();
        if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
            return Err(Refusal::new(format!("{} is not a name", quoted(text)), "1 to 60 characters on one line"));
        }
        Ok(Self(name.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "minLength": 1, "maxLength": 60 })
    }
}

/// A name in both languages of the pages; one string stands for both.
#[derive(Clone, Debug)]
pub(super) struct BothNames {
    pub(super) ja: String,
    pub(super) en: String,
}

impl Value for BothNames {
    fn shape() -> Shape {
        let name = match Name::shape() {
            Shape::Leaf { schema, .. } => schema,
            _ => json!({}),
        };
        let table = json!({
            "type": "object",
            "properties": { "ja": name, "en": name },
            "required": ["ja", "en"],
            "additionalProperties": false,
        });
        Shape::Leaf { kind: "name, or `{ ja = …, en = … }`".to_owned(), schema: json!({ "anyOf": [name, table] }) }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => Name::read(value, key, report).map(|Name(name)| Self { ja: name.clone(), en: name }),
            DeValue::Table(_) => {
                let super::raw::Names { ja, en } = super::raw::Names::read(value, key, report)?;
                match (ja, en) {
                    (Some(At { value: Name(ja), .. }), Some(At { value: Name(en), .. })) => Some(Self { ja, en }),
                    _ => None,
                }
            }
            _ => {
                report_type(value, key, "a name in quotes or { ja = \"…\", en = \"…\" }", report);
                None
            }
        }
    }
}
