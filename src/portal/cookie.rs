//! Our cookies: their names, how they are read and how they are set. A name promises nothing about a cookie that arrives
//! (RFC 6265bis §4.1.3 binds browsers, not clients): names are compared byte by byte, and one that comes twice counts as
//! absent.

use http::{HeaderMap, HeaderValue, header};

use crate::app::{KEPT_FOR, MANY, Marks, console_cookies::pair};

/// The session.
pub const SESSION: &str = "__Host-sekisho";
/// The pending sign-in.
pub const SIGN_IN: &str = "__Host-sekisho-signin";
/// Trusted devices, one value an account.
pub const DEVICE: &str = "__Host-sekisho-device";
/// That somebody signed in on this browser, for its own count of wrong passwords.
pub const KNOWN: &str = "__Host-sekisho-known";
/// The token of the mailed link that was opened last, sealed.
pub const LINK: &str = "__Host-sekisho-link";
/// Where to go after a sign-in that waits for its mailed link, sealed: the link leads to no place of its own.
pub const TO: &str = "__Host-sekisho-to";
/// New recovery codes until their person has kept them, sealed.
pub const CODES: &str = "__Host-sekisho-codes";
/// What the next page says once.
pub const NOTE: &str = "__Host-sekisho-note";
/// The seed of the form tokens.
pub const CSRF: &str = "__Host-sekisho-csrf";
/// The chosen language.
pub const LANGUAGE: &str = "__Host-sekisho-lang";

/// This browser has something kept that was sent when its session had ended.
pub const HELD: &str = "__Host-sekisho-held";
/// The sign-in that was completed last, until its session has arrived, sealed.
pub const ARRIVING: &str = "__Host-sekisho-arriving";

/// Another value with every form that is answered, and read by nobody. Browsers may show a page again that they were told
/// not to keep (a QR code, recovery codes, a code that was typed), but not when a cookie has changed since.
pub const TURN: &str = "__Host-sekisho-turn";

/// All of them; none ever reaches the console.
pub const NAMES: [&str; 13] =
    [SESSION, SIGN_IN, DEVICE, KNOWN, NOTE, CSRF, LANGUAGE, LINK, TO, HELD, CODES, ARRIVING, TURN];

/// What every name of ours begins with, whatever the case: browsers compare prefixes so.
const OURS: &str = "__Host-sekisho";

/// The value of one of our cookies, when it came exactly once.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = None;
    for line in headers.get_all(header::COOKIE) {
        for pair in line.as_bytes().split(|byte| *byte == b';') {
            let pair = pair.trim_ascii();
            let Some(value) = pair.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")) else {
                continue;
            };
            if found.is_some() {
                return None;
            }
            found = Some(std::str::from_utf8(value).unwrap_or_default());
        }
    }
    found
}

/// Cookies of this browser that name an account each (`app::Marks`) begin so.
const MARK: &str = "__Host-sekisho-known-";

fn marks_of(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let pairs = headers.get_all(header::COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let names = pairs.filter_map(|text| std::str::from_utf8(pair(text).0).ok());
    names.filter_map(|name| name.strip_prefix(MARK)).filter(|mark| !mark.is_empty() && mark.len() <= 16)
}

/// The marks that came.
pub fn marks(headers: &HeaderMap) -> Marks<'_> {
    marks_of(headers).fold(Marks::None, Marks::and)
}

/// The cookies that leave this mark; the one of several takes the place of those that came.
pub(super) fn with_mark(headers: &HeaderMap, mark: &str) -> Vec<HeaderValue> {
    let replaced = marks_of(headers).filter(|came| mark == MANY && *came != MANY);
    let mut cookies: Vec<_> =
        replaced.take(8).filter_map(|came| set(&format!("{MARK}{came}"), "", Keep::Remove)).collect();
    cookies.extend(set(&format!("{MARK}{mark}"), "1", Keep::Seconds(KEPT_FOR.as_secs())));
    cookies
}

/// The names of the cookies that came and are not ours.
pub(super) fn foreign_names(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let pairs = headers.get_all(header::COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pairs.map(|text| pair(text).0).filter(|name| {
        let start = name.get(..OURS.len()).unwrap_or_default();
        !name.is_empty() && !start.eq_ignore_ascii_case(OURS.as_bytes())
    })
}

/// How long the browser keeps a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Until it is closed; the server decides when the value ends (NIST SP 800-63B-4 §5.1.1).
    WhileOpen,
    /// So many seconds.
    Seconds(u64),
    /// Not at all.
    Remove,
}

/// A `Set-Cookie` value. `value` is one of ours: base64url, dots and tildes. `None` for anything a header cannot hold.
pub(super) fn set(name: &str, value: &str, keep: Keep) -> Option<HeaderValue> {
    let (value, age) = match keep {
        Keep::WhileOpen => (value, String::new()),
        Keep::Seconds(seconds) => (value, format!("; Max-Age={seconds}")),
        Keep::Remove => ("", "; Max-Age=0".to_owned()),
    };
    let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'='));
    let text = format!("{name}={value}{age}; Path=/; Secure; HttpOnly; SameSite=Lax");
    plain.then(|| HeaderValue::from_str(&text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn only_exact_names_that_came_once_are_read() {
        let of = |lines: &[&str]| read(&headers(lines), SESSION).map(str::to_owned);
        assert_eq!(of(&["a=1; __Host-sekisho=x; __Host-sekisho-lang=ja"]).as_deref(), Some("x"));
        assert_eq!(of(&["a=1", "__Host-sekisho=x"]).as_deref(), Some("x"), "HTTP/2 splits the field");
        assert_eq!(of(&["__Host-sekisho=x; __Host-sekisho=y"]), None, "twice is as good as absent");
        assert_eq!(of(&["__Host-sekisho=x", "__Host-sekisho=x"]), None);
        for other in
            ["__host-sekisho=x", "__Host-sekisho =x", "x__Host-sekisho=x", "=__Host-sekisho=x", "__Host-sekisho"]
        {
            assert_eq!(of(&[other]), None, "{other}");
        }
    }

    #[test]
    fn marks_are_told_apart_by_their_names() {
        let of = |line: &str| format!("{:?}", marks(&headers(&[line])));
        assert_eq!(of("a=1; __Host-sekisho-known=x; __Host-sekisho-known-=1"), "None");
        assert_eq!(of("__Host-sekisho-known-A=1; __Host-sekisho-known-A=2"), "One(\"A\")");
        assert_eq!(of("__Host-sekisho-known-A=1; b; __Host-sekisho-known-B=1"), "Several");
        assert_eq!(of("__Host-sekisho-known-many=1; __Host-sekisho-known-B=1"), "Many");
        let came = headers(&["__Host-sekisho-known-A=1; __Host-sekisho-known-B=1; __Host-sekisho-known-many=1"]);
        let names = |mark: &str| {
            let lines = with_mark(&came, mark);
            lines.iter().map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("C"), ["__Host-sekisho-known-C=1"]);
        let many = ["__Host-sekisho-known-A=", "__Host-sekisho-known-B=", "__Host-sekisho-known-many=1"];
        assert_eq!(names(MANY), many);
    }

    #[test]
    fn every_cookie_is_bound_to_the_host_and_hidden_from_scripts() {
        let text = set(SESSION, "1.a.b", Keep::WhileOpen).unwrap();
        assert_eq!(text, "__Host-sekisho=1.a.b; Path=/; Secure; HttpOnly; SameSite=Lax");
        let gone = set(NOTE, "left over", Keep::Remove).unwrap();
        assert_eq!(gone, "__Host-sekisho-note=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert!(set(SESSION, "a; Domain=evil.example", Keep::WhileOpen).is_none());
        assert!(NAMES.iter().all(|name| name.starts_with("__Host-sekisho")));
    }
}
