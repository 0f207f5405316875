//! What consoles want to see of everybody who comes through the gateway, as old ones do: a fixed header field, or HTTP Basic.
//! The secrets are read when the gateway starts, and never shown.

use std::path::Path;

use serde_json::json;

use super::{
    ConfiguredSecret,
    problem::{Report, quoted},
    raw,
    read::{At, Many, Refusal, Text},
    value::{GroupName, OwnHeader},
};

/// One of them. It is sent for people who are signed in, and never for anybody else.
#[derive(Clone, Debug)]
pub struct ConsoleCredential {
    /// For people in one of these groups; none: for all.
    pub groups: Vec<String>,
    /// What is sent.
    pub kind: CredentialKind,
}

/// What is sent.
#[derive(Clone, Debug)]
pub enum CredentialKind {
    /// A field of the head.
    Field {
        /// Its name, lower case.
        header: String,
        /// Its value.
        value: ConfiguredSecret,
    },
    /// `Authorization: Basic`.
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: ConfiguredSecret,
    },
}

/// A header that a console wants to see, lower case.
#[derive(Clone, Debug)]
pub(super) struct CredentialHeader(pub(super) String);

/// What the gateway tells of people and requests by itself.
const OURS: [&str; 3] = ["xsekisho", "xforwarded", "xrequestid"];

impl Text for CredentialHeader {
    const KIND: &'static str = "a header name";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if text.eq_ignore_ascii_case("authorization") {
            return Ok(Self("authorization".to_owned()));
        }
        let OwnHeader(name) = OwnHeader::parse(text)?;
        if OURS.iter().any(|ours| folded(&name).starts_with(ours)) {
            let help = "a name of the console's own, as in \"X-Api-Key\"";
            return Err(Refusal::new(format!("{} is what the gateway itself sends", quoted(text)), help));
        }
        Ok(Self(name))
    }

    fn constraint() -> serde_json::Value {
        OwnHeader::constraint()
    }
}

/// A user name of HTTP Basic.
#[derive(Clone, Debug)]
pub(super) struct BasicUser(pub(super) String);

impl Text for BasicUser {
    const KIND: &'static str = "a user name";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() || text.len() > 256 || text.contains(':') || text.chars().any(char::is_control) {
            return Err(Refusal::new(
                format!("{} is no user name for HTTP Basic", quoted(text)),
                "1 to 256 bytes without a colon (RFC 7617)",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[^:]{1,256}$" })
    }
}

/// As consoles behind CGI-style interfaces read names.
fn folded(name: &str) -> String {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// `identity`: the names under which the gateway tells who is there.
pub(super) fn check(
    At { value: Many(all), .. }: &At<Many<raw::Credential>>,
    identity: &[&str],
    report: &mut Report<'_>,
) {
    let mut before: Vec<(String, usize)> = Vec::new();
    let starts: Vec<_> = all.iter().map(|one| one.span.as_ref().map_or(0, |span| report.line(span.start))).collect();
    let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
    for ((At { value: credential, span }, start), end) in all.iter().zip(&starts).zip(ends) {
        let lines = *start..end.max(start + 1);
        let raw::Credential { groups, header, value, user, password } = credential;
        let header_name = match (header, value, user, password) {
            (Some(header), Some(_), None, None) => header.value.0.as_str(),
            (None, None, Some(_), Some(_)) => "authorization",
            // What is missing may be what could not be read.
            _ if report.is_noted_on(lines) => continue,
            _ => {
                let message = "upstream.credential: needs header and value, or user and password".to_owned();
                let help = "each [[upstream.credential]] sends one field".to_owned();
                report.add(span.as_ref(), message, Some(help));
                continue;
            }
        };
        let name = folded(header_name);
        if identity.iter().any(|ours| folded(ours) == name) {
            let message = format!("upstream.credential.header: {} tells the console who is there", quoted(header_name));
            let help = "a name that is not in [identity] or [assertion]".to_owned();
            report.add(header.as_ref().and_then(|header| header.span.as_ref()), message, Some(help));
        }
        for (key, secret) in [("value", value), ("password", password)] {
            if let Some(secret) = secret
                && let ConfiguredSecret::Here(_) = &secret.value
                && let Err(error) = secret.value.read()
            {
                report.add(secret.span.as_ref(), format!("upstream.credential.{key}: {error}"), None);
            }
        }
        if let Some((_, start)) = before.iter().find(|(other, _)| *other == name) {
            let line = report.line(*start);
            let message = format!("upstream.credential: never sent, since the one at line {line} is for everybody");
            let help = "the first that fits is sent: put those for groups before the one for everybody".to_owned();
            report.add(span.as_ref(), message, Some(help));
        }
        if let (true, Some(span)) = (groups.as_ref().is_some_and(|groups| groups.value.0.is_empty()), span) {
            before.push((name, span.start));
        }
    }
}

/// What is wrong with the secrets that are kept elsewhere.
pub(super) fn check_files(credentials: &Many<raw::Credential>, directory: &Path, report: &mut Report<'_>) {
    for credential in credentials.0.iter().map(|credential| &credential.value) {
        for (key, secret) in [("value", &credential.value), ("password", &credential.password)] {
            if let Some(secret) = secret
                && !matches!(secret.value, ConfiguredSecret::Here(_))
                && let Err(error) = secret.value.clone().below(directory).read()
            {
                report.add(secret.span.as_ref(), format!("upstream.credential.{key}: {error}"), None);
            }
        }
    }
}

/// From the raw tables.
pub(super) fn credentials(Many(raw): Many<raw::Credential>, directory: &Path) -> Option<Vec<ConsoleCredential>> {
    raw.into_iter().map(|credential| one(credential.value, directory)).collect()
}

fn one(raw: raw::Credential, directory: &Path) -> Option<ConsoleCredential> {
    let kind = match (raw.header, raw.user) {
        (Some(header), _) => CredentialKind::Field { header: header.value.0, value: raw.value?.value.below(directory) },
        (None, user) => CredentialKind::Basic { user: user?.value.0, password: raw.password?.value.below(directory) },
    };
    let groups = raw.groups?.value.0.into_iter().map(|At { value: GroupName(name), .. }| name).collect();
    Some(ConsoleCredential { groups, kind })
}
