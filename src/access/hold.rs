//! Whether what a form sent, and what has to wait for a sign-in, is worth keeping. What another site sent never is: it
//! would be a forged request with a delay.

use http::{HeaderMap, Method, header};

/// A request that was stopped, as far as it decides whether its body is kept.
#[derive(Clone, Copy, Debug)]
pub struct Posted<'a> {
    /// Method.
    pub method: &'a Method,
    /// A browser is going to a page; not a script, not a frame.
    pub navigation: bool,
    /// Its header fields.
    pub headers: &'a HeaderMap,
}

/// Why a body is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// It is nothing that is ever kept: the person loses nothing that a form held.
    NotAForm,
    /// It did not come from a page of this host.
    Foreign,
    /// No rule has it kept, or nobody is known who could take it.
    NotHere,
    /// It is longer than what is kept.
    TooLarge,
    /// There is no more room, for this browser, account or address or for all, or it came too slowly.
    NoRoom,
}

/// Is this a form of a page of `origin`, with a body of at most `most` bytes as far as its head says?
pub fn worth_keeping(posted: Posted<'_>, origin: &str, most: usize) -> Result<(), NotKept> {
    let Posted { method, navigation, headers } = posted;
    // No page can send anything else without a script, and a script is told by its 401.
    if *method != Method::POST || !navigation || !is_a_kind_we_keep(headers) {
        return Err(NotKept::NotAForm);
    }
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(NotKept::NotAForm);
    }
    if !came_from(headers, origin) {
        return Err(NotKept::Foreign);
    }
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match declared {
        Some(declared) if usize::try_from(declared).map_or(true, |declared| declared > most) => Err(NotKept::TooLarge),
        Some(_) | None => Ok(()),
    }
}

fn is_a_kind_we_keep(headers: &HeaderMap) -> bool {
    let Some(kind) = only(headers, &header::CONTENT_TYPE) else { return false };
    let essence = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
    match essence.as_slice() {
        b"application/x-www-form-urlencoded" | b"multipart/form-data" | b"application/json" => true,
        essence => essence.starts_with(b"text/"),
    }
}

/// A field that is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value.as_bytes())
}

const FETCH_SITE: header::HeaderName = header::HeaderName::from_static("sec-fetch-site");

/// Browsers that send fetch metadata are believed; they hide the origin (`null`) of a page with `Referrer-Policy:
/// no-referrer`. Of others the origin itself must be ours.
fn came_from(headers: &HeaderMap, origin: &str) -> bool {
    let (site, from) = (only(headers, &FETCH_SITE), only(headers, &header::ORIGIN));
    let ours = from == Some(origin.as_bytes());
    match site {
        Some(b"same-origin") => ours || from == Some(b"null") || !headers.contains_key(header::ORIGIN),
        Some(_) => false,
        None => ours && !headers.contains_key(FETCH_SITE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://console.test";
    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

    fn judged(method: &str, navigation: bool, fields: &[(&'static str, &str)]) -> Result<(), NotKept> {
        let headers: HeaderMap = fields
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        worth_keeping(Posted { method: &method.parse().unwrap(), navigation, headers: &headers }, ORIGIN, 1000)
    }

    fn from(fields: &[(&'static str, &str)]) -> Result<(), NotKept> {
        judged("POST", true, &[&[FORM], fields].concat())
    }

    #[test]
    fn a_form_of_our_own_pages_is_kept() {
        for kind in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-URLEncoded; charset=UTF-8",
            "multipart/form-data; boundary=----x",
            "application/json",
            "text/plain",
        ] {
            assert_eq!(judged("POST", true, &[("content-type", kind), ("origin", ORIGIN)]), Ok(()), "{kind}");
        }
        assert_eq!(from(&[("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(from(&[("sec-fetch-site", "same-origin"), ("origin", "null")]), Ok(()), "no-referrer pages");
        assert_eq!(from(&[("origin", ORIGIN), ("content-length", "1000")]), Ok(()));
    }

    #[test]
    fn what_another_site_sent_is_never_kept() {
        for fields in [
            &[][..],
            &[("origin", "https://evil.test")],
            &[("origin", "https://console.test.evil")],
            &[("origin", "http://console.test")],
            &[("origin", "null")],
            &[("origin", ORIGIN), ("origin", "https://evil.test")],
            &[("sec-fetch-site", "cross-site"), ("origin", ORIGIN)],
            &[("sec-fetch-site", "same-site"), ("origin", ORIGIN)],
            &[("sec-fetch-site", "none"), ("origin", ORIGIN)],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site"), ("origin", ORIGIN)],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.test")],
        ] {
            assert_eq!(from(fields), Err(NotKept::Foreign), "{fields:?}");
        }
    }

    #[test]
    fn scripts_other_methods_and_other_bodies_are_not() {
        let own = ("origin", ORIGIN);
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE"] {
            assert_eq!(judged(method, true, &[FORM, own]), Err(NotKept::NotAForm), "{method}");
        }
        assert_eq!(judged("POST", false, &[FORM, own]), Err(NotKept::NotAForm), "a script or a frame");
        assert_eq!(judged("POST", true, &[own]), Err(NotKept::NotAForm), "of no kind");
        assert_eq!(judged("POST", true, &[FORM, FORM, own]), Err(NotKept::NotAForm), "of two kinds");
        assert_eq!(judged("POST", true, &[FORM, own, ("content-encoding", "gzip")]), Err(NotKept::NotAForm));
        for kind in ["application/octet-stream", "image/png", "application/xml", ""] {
            assert_eq!(judged("POST", true, &[("content-type", kind), own]), Err(NotKept::NotAForm), "{kind}");
        }
    }

    #[test]
    fn what_says_it_is_too_long_is_not_even_read() {
        assert_eq!(from(&[("origin", ORIGIN), ("content-length", "1001")]), Err(NotKept::TooLarge));
    }
}
