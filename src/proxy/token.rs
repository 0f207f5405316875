//! Access tokens in the head of a request: which `Authorization` is ours. What is ours never reaches the console, whether
//! it opens anything or not; what is not ours is the console's business.

use http::{HeaderMap, HeaderValue, header};

use crate::{
    app::{ShownToken, TokenText},
    keyring::ACCESS_TOKEN_PREFIX,
};

/// The token a request shows; `None` where it shows nothing of ours.
pub(super) fn shown(headers: &HeaderMap) -> Option<ShownToken<'_>> {
    let values = headers.get_all(header::AUTHORIZATION);
    if !values.iter().any(is_ours) {
        return None;
    }
    let mut all = values.iter();
    // Two of them, or one beside something else: nobody knows which the console would have believed.
    let (Some(value), None) = (all.next(), all.next()) else { return Some(ShownToken::Unreadable) };
    Some(bearer(value).map_or(ShownToken::Unreadable, |text| ShownToken::One(TokenText(text))))
}

/// Does any part of this say that it is a token of ours?
pub(super) fn is_ours(value: &HeaderValue) -> bool {
    let prefix = ACCESS_TOKEN_PREFIX.as_bytes();
    value.as_bytes().windows(prefix.len()).any(|part| part.eq_ignore_ascii_case(prefix))
}

/// RFC 6750 §2.1; the scheme in any case (RFC 9110 §11.1).
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, text) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| text.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::AUTHORIZATION, line.parse().unwrap())).collect()
    }

    #[test]
    fn what_is_the_consoles_is_left_to_it() {
        for lines in
            [&[][..], &["Basic aGFuYWtvOnB3"], &["Bearer eyJhbGciOiJFUzI1NiJ9.e30.x"], &["Negotiate x", "Basic y"]]
        {
            assert!(shown(&headers(lines)).is_none(), "{lines:?}");
        }
    }

    #[test]
    fn one_bearer_token_is_read_and_nothing_else_of_ours_passes() {
        for line in ["Bearer sekisho_1_x", "bearer sekisho_1_x", "BEARER   sekisho_1_x"] {
            assert!(matches!(shown(&headers(&[line])), Some(ShownToken::One(TokenText("sekisho_1_x")))), "{line}");
        }
        for lines in [
            &["sekisho_1_x"][..],
            &["Token sekisho_1_x"],
            &["Basic x, Bearer sekisho_1_x", "Basic y"],
            &["Bearer sekisho_1_x", "Bearer sekisho_1_x"],
            &["Basic x", "Bearer SEKISHO_1_x"],
        ] {
            assert!(matches!(shown(&headers(lines)), Some(ShownToken::Unreadable)), "{lines:?}");
        }
    }
}
