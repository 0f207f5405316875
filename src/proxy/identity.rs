//! What the console is told about the person, and what it must never be told by anybody else: every spelling of our
//! headers and our cookies is removed from the request before ours are set, and from the answer.
//!
//! Names are compared by their letters and digits alone, in lower case, because consoles behind CGI, WSGI, PHP or a
//! servlet container fold them too and would merge `X_Sekisho_User`, `X--Sekisho-User` or `XSekishoUser` with
//! `X-Sekisho-User`.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{cookies::sets_ours, head::RequestId, token};
use crate::{
    access::Permit,
    config::{AssertionConfig, IdentityHeaders, PublicUrl},
};

/// Every header of ours that is not configured begins so, folded.
const OUR_HEADERS: &str = "xsekisho";

/// Headers, folded, by which a client could tell the console another path, method, address, host or scheme than the ones
/// we judged; `Proxy` becomes HTTP_PROXY behind CGI (CVE-2016-5385).
const NEVER_FROM_CLIENTS: [&str; 33] = [
    "forwarded",
    "xrealip",
    "xrequestid",
    "xoriginalurl",
    "xoverrideurl",
    "xhttphostoverride",
    "baseurl",
    "remoteuser",
    "xremoteuser",
    "xoriginaluri",
    "xoriginalhost",
    "xoriginalmethod",
    "xrewriteurl",
    "xhttpmethod",
    "xhttpmethodoverride",
    "xmethodoverride",
    "xhost",
    "xclientip",
    "xclusterclientip",
    "xoriginatingip",
    "xremoteaddr",
    "xremoteip",
    "xproxyuserip",
    "xurlscheme",
    "trueclientip",
    "clientip",
    "cfconnectingip",
    "cfconnectingipv6",
    "fastlyclientip",
    "frontendhttps",
    "proxy",
    "proxyauthorization",
    "via",
];
/// And every header that begins so.
const NEVER_BEGINNING: [&str; 2] = ["xforwarded", "xenvoy"];

/// Hop-by-hop by themselves (RFC 9110 §7.6.1). Transfer-Encoding is not among them: Pingora frames the body anew.
const HOP_BY_HOP: [HeaderName; 4] =
    [HeaderName::from_static("keep-alive"), HeaderName::from_static("proxy-connection"), header::TE, header::TRAILER];

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
/// Obsolete (RFC 6265 §9.4); nobody checks what it sets.
const SET_COOKIE_2: HeaderName = HeaderName::from_static("set-cookie2");

/// Header names of one configuration, ready to compare and to set.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    user: HeaderName,
    email: HeaderName,
    groups: HeaderName,
    level: HeaderName,
    assertion: HeaderName,
    /// The five, folded.
    folded: [String; 5],
}

/// A configured name is not a header name.
#[derive(Clone, Debug, thiserror::Error)]
#[error("“{0}” is not a header name")]
pub struct NotAHeaderName(String);

/// What a forwarded request carries besides its own.
pub(crate) struct Forwarded<'a> {
    /// Who is there.
    pub permit: &'a Permit,
    /// Their cookies that the console may see.
    pub cookies: Option<HeaderValue>,
    /// Which host it was sent to; what X-Forwarded-Host says.
    pub host: &'a PublicUrl,
    /// Whose connection it is.
    pub address: IpAddr,
    /// For the console's log.
    pub request: RequestId,
    /// A WebSocket handshake keeps its upgrade; every other request loses it.
    pub websocket: bool,
}

impl Identity {
    /// Of these names.
    pub(crate) fn new(names: &IdentityHeaders, assertion: &AssertionConfig) -> Result<Self, NotAHeaderName> {
        let name = |text: &str| HeaderName::try_from(text).map_err(|_invalid| NotAHeaderName(text.to_owned()));
        let (user, email) = (name(&names.user)?, name(&names.email)?);
        let (groups, level) = (name(&names.groups)?, name(&names.level)?);
        let assertion = name(&assertion.header)?;
        let folded = [&user, &email, &groups, &level, &assertion].map(|name| fold(name).map(char::from).collect());
        Ok(Self { user, email, groups, level, assertion, folded })
    }

    fn may_not_come_from_a_client(&self, name: &HeaderName) -> bool {
        begins(name, OUR_HEADERS)
            || NEVER_BEGINNING.iter().any(|start| begins(name, start))
            || self.folded.iter().any(|ours| is(name, ours))
            || NEVER_FROM_CLIENTS.iter().any(|never| is(name, never))
    }

    /// Every header of the request this module removes, then every one it sets; `change` carries it out, because
    /// Pingora keeps the spelling of names beside its map.
    pub(crate) fn request_changes(&self, headers: &HeaderMap, forwarded: &Forwarded<'_>) -> Changes {
        let mut remove: Vec<HeaderName> = nominated(headers).filter(|name| !ends_the_message(name)).collect();
        remove.extend(headers.keys().filter(|name| self.may_not_come_from_a_client(name)).cloned());
        remove.extend(HOP_BY_HOP);
        remove.push(header::COOKIE);
        remove.push(header::PROXY_AUTHORIZATION);
        if headers.get_all(header::AUTHORIZATION).iter().any(token::is_ours) {
            remove.push(header::AUTHORIZATION);
        }
        remove.push(header::CONNECTION);
        // Without a body there is nothing to wait for (RFC 9110 §10.1.1), and consoles that wait all the same are fooled.
        if !brings_a_body(headers) {
            remove.push(header::EXPECT);
        }
        if forwarded.websocket {
            // Of the nominated names only the upgrade itself survives.
            remove.retain(|name| *name != header::UPGRADE);
        } else {
            remove.push(header::UPGRADE);
        }

        let mut set = Vec::with_capacity(11);
        if forwarded.websocket {
            set.push((header::CONNECTION, HeaderValue::from_static("upgrade")));
        }
        set.extend(forwarded.cookies.clone().map(|cookies| (header::COOKIE, cookies)));
        set.extend(self.of_person(forwarded.permit));
        let text = |value: String| HeaderValue::try_from(value).ok();
        set.extend(
            text(forwarded.address.to_string()).map(|value| (HeaderName::from_static("x-forwarded-for"), value)),
        );
        set.push((HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("https")));
        let host = text(forwarded.host.authority());
        set.extend(host.map(|host| (HeaderName::from_static("x-forwarded-host"), host)));
        set.extend(text(forwarded.request.to_string()).map(|value| (HeaderName::from_static("x-request-id"), value)));
        Changes { remove, set }
    }

    /// Who is there.
    pub(crate) fn of_person(&self, permit: &Permit) -> Vec<(HeaderName, HeaderValue)> {
        let Some(principal) = permit.principal() else { return Vec::new() };
        let mut set = vec![(self.user.clone(), principal.user.clone())];
        set.extend(principal.email.clone().map(|email| (self.email.clone(), email)));
        set.push((self.groups.clone(), principal.groups.clone()));
        set.push((self.level.clone(), principal.level.clone()));
        set.extend(permit.assertion().map(|value| (self.assertion.clone(), value.clone())));
        set
    }

    /// A header that only we or a proxy may send, in a spelling that somebody who looks for its name does not find.
    pub(crate) fn is_a_misspelling(&self, name: &HeaderName) -> bool {
        let known = [&self.user, &self.email, &self.groups, &self.level, &self.assertion];
        let text = name.as_str();
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let of_identity = self.folded.iter().any(|ours| is(name, ours)) && !known.contains(&name);
        let ours = begins(name, OUR_HEADERS) && !text.starts_with("x-sekisho-");
        self.may_not_come_from_a_client(name) && !plain || of_identity || ours
    }

    /// Removes from the console's answer what only we may say. `true` when there was something: the console, or
    /// somebody behind it, tried to set a cookie or a header of ours.
    pub(crate) fn response_changes(&self, headers: &HeaderMap) -> (Changes, bool) {
        let ours = |name: &&HeaderName| begins(name, OUR_HEADERS) || **name == self.assertion;
        let mut remove: Vec<HeaderName> = headers.keys().filter(ours).cloned().collect();
        let mut set = Vec::new();
        let cookies = headers.get_all(header::SET_COOKIE);
        if cookies.iter().any(sets_ours) {
            remove.push(header::SET_COOKIE);
            set.extend(
                cookies.iter().filter(|cookie| !sets_ours(cookie)).map(|cookie| (header::SET_COOKIE, cookie.clone())),
            );
        }
        let tried = !remove.is_empty();
        // A console may end its own session so; ours, and the trust in the device, live in cookies of the same host.
        let clears = headers.get_all(CLEAR_SITE_DATA);
        if clears.iter().flat_map(directives).any(clears_cookies) {
            remove.push(CLEAR_SITE_DATA);
            let kept: Vec<&[u8]> = clears.iter().flat_map(directives).filter(|part| !clears_cookies(part)).collect();
            let kept = (!kept.is_empty()).then(|| HeaderValue::from_bytes(&kept.join(&b", "[..])).ok()).flatten();
            set.extend(kept.map(|kept| (CLEAR_SITE_DATA, kept)));
        }
        if headers.contains_key(SET_COOKIE_2) {
            remove.push(SET_COOKIE_2);
        }
        (Changes { remove, set }, tried)
    }
}

/// First all removals, then all additions.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Every value of these names goes.
    pub remove: Vec<HeaderName>,
    /// Appended afterwards.
    pub set: Vec<(HeaderName, HeaderValue)>,
}

fn directives(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|part| !part.is_empty())
}

fn clears_cookies(directive: &[u8]) -> bool {
    directive.contains(&b'*') || directive.to_ascii_lowercase().windows(7).any(|part| part == b"cookies")
}

pub(super) fn fold(name: &HeaderName) -> impl Iterator<Item = u8> + '_ {
    name.as_str().bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

/// Whether `name` folds to `known`, which is folded.
pub(super) fn is(name: &HeaderName, known: &str) -> bool {
    fold(name).eq(known.bytes())
}

/// Whether `name` folds to something that begins with `start`, which is folded.
fn begins(name: &HeaderName, start: &str) -> bool {
    let mut folded = fold(name);
    start.bytes().all(|known| folded.next() == Some(known))
}

/// Names the Connection header declares hop-by-hop.
fn nominated(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> + '_ {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
}

/// Does the client say that it takes trailers (RFC 9110 §10.1.4)?
pub(super) fn takes_trailers(headers: &HeaderMap) -> bool {
    let members = headers.get_all(header::TE).iter().flat_map(directives);
    members.into_iter().any(|member| member.eq_ignore_ascii_case(b"trailers"))
}

fn brings_a_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0")
}

/// A client must not have the body's framing, or the host, removed by nominating it.
fn ends_the_message(name: &HeaderName) -> bool {
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::HOST].contains(name)
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
