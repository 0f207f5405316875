use std::sync::Arc;

use proptest::prelude::*;

use super::{
    super::cookies::{names_ours, without_ours},
    *,
};
use crate::{
    access::{Credential, Decision, Principal, Requirement, Ruling},
    account::AccountId,
    clock::Timestamp,
    entropy::SystemEntropy,
    session::{SecondStep, SessionId},
};

fn identity() -> Identity {
    let names = IdentityHeaders {
        user: "remote-user".to_owned(),
        email: "x-sekisho-email".to_owned(),
        groups: "x-auth_groups".to_owned(),
        level: "x-sekisho-session-level".to_owned(),
    };
    let assertion = AssertionConfig {
        enabled: true,
        header: "x-who_is-there".to_owned(),
        lifetime: std::time::Duration::from_mins(1),
    };
    Identity::new(&names, &assertion).unwrap()
}

fn permit(signed_in: bool) -> Permit {
    let entropy = SystemEntropy::new();
    let principal = Principal {
        account: AccountId::random(&entropy),
        credential: Credential::Session { id: SessionId::random(&entropy), second_step: SecondStep::TrustedDevice },
        code_given_at: None,
        member_of: Vec::new(),
        user: HeaderValue::from_static("hanako"),
        email: None,
        groups: HeaderValue::from_static(""),
        level: HeaderValue::from_static("1"),
    };
    let session = if signed_in { Ok(Arc::new(principal)) } else { Err(crate::access::Interruption::NoSession) };
    match Decision::of(Ruling::Needs { requirement: Requirement::Public, rule: None }, session, Timestamp::EPOCH) {
        Decision::Forward(permit) if signed_in => permit.with_assertion(HeaderValue::from_static("signed")),
        Decision::Forward(permit) => permit,
        other => panic!("{other:?}"),
    }
}

fn applied(changes: Changes, headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in changes.remove {
        headers.remove(name);
    }
    for (name, value) in changes.set {
        headers.append(name, value);
    }
    headers
}

fn forward(headers: &HeaderMap, permit: &Permit, websocket: bool) -> HeaderMap {
    let request = RequestId::random(&SystemEntropy::new());
    let cookies = without_ours(headers, |_pair| true);
    let host = &PublicUrl { host: "console.test".to_owned(), port: 443 };
    let forwarded = Forwarded { permit, cookies, host, address: "203.0.113.7".parse().unwrap(), request, websocket };
    applied(identity().request_changes(headers, &forwarded), headers)
}

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
    }
    map
}

fn all(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

#[test]
fn the_console_is_told_who_is_there_and_nothing_when_nobody_is() {
    let spoofed = headers(&[
        ("remote-user", "admin"),
        ("remote_user", "admin"),
        ("remote.user", "admin"),
        ("x~sekisho~user", "admin"),
        ("x.auth|groups", "admin"),
        ("x-sekisho-email", "a@b"),
        ("x-sekisho-anything", "1"),
        ("x-who_is-there", "forged"),
        ("x-who-is-there", "forged"),
        ("X.Who.Is_There", "forged"),
        ("XSekishoUser", "admin"),
        ("X--Sekisho-User", "admin"),
        ("_x_sekisho_user_", "admin"),
        ("RemoteUser", "admin"),
        ("xAuth--Groups", "admin"),
    ]);
    let sent = forward(&spoofed, &permit(true), false);
    assert_eq!(all(&sent, "x-who_is-there"), ["signed"]);
    assert!(!sent.contains_key("x-who-is-there") && !sent.contains_key("x.who.is_there"));
    assert_eq!(all(&sent, "remote-user"), ["hanako"]);
    assert_eq!(all(&sent, "x-auth_groups"), [""]);
    assert_eq!(all(&sent, "x-sekisho-session-level"), ["1"]);
    for absent in
        ["remote_user", "remote.user", "x~sekisho~user", "x.auth|groups", "x-sekisho-email", "x-sekisho-anything"]
            .into_iter()
            .chain(["xsekishouser", "x--sekisho-user", "_x_sekisho_user_", "remoteuser", "xauth--groups"])
    {
        assert!(!sent.contains_key(absent), "{absent}");
    }
    let sent = forward(&spoofed, &permit(false), false);
    for absent in
        ["remote-user", "remote_user", "x-auth_groups", "x-sekisho-session-level", "x-sekisho-email", "x-who_is-there"]
    {
        assert!(!sent.contains_key(absent), "{absent}");
    }
}

#[test]
fn our_cookies_stay_with_us_and_the_others_go_on() {
    let sent = |fields: &[(&str, &str)]| all(&forward(&headers(fields), &permit(true), false), "cookie");
    assert_eq!(sent(&[("cookie", "a=1; __Host-sekisho=x; b=2"), ("cookie", "c=3")]), ["a=1; b=2; c=3"]);
    for ours in [
        "__Host-sekisho=x",
        "__host-SEKISHO-device=x",
        " \t__Host-sekisho=x",
        "__Host-sekisho",
        "=__Host-sekisho=x",
        "$__Host-sekisho=x",
        "\"__Host-sekisho=x",
        "a=\"b, __Host-sekisho=x",
        "__Host-sekisho =x",
    ] {
        assert_eq!(sent(&[("cookie", ours)]), Vec::<String>::new(), "{ours}");
    }
    assert_eq!(sent(&[("cookie", "session=__Host; __Host-other=1")]), ["session=__Host; __Host-other=1"]);
    let unicode = HeaderValue::from_bytes("\u{2003}__Host-sekisho=x".as_bytes()).unwrap();
    let mut map = HeaderMap::new();
    map.insert(header::COOKIE, unicode);
    assert!(!forward(&map, &permit(true), false).contains_key("cookie"));
}

#[test]
fn every_cookie_of_the_pages_is_one_of_ours() {
    for name in crate::portal::cookie::NAMES {
        assert!(names_ours(format!("{name}=x").as_bytes()), "{name}");
    }
}

#[test]
fn forwarding_headers_are_ours_alone() {
    let sent = forward(
        &headers(&[
            ("x-forwarded-for", "1.1.1.1"),
            ("x_forwarded_for", "1.1.1.1"),
            ("x-forwarded-user", "admin"),
            ("forwarded", "for=1.1.1.1"),
            ("x-original-url", "/admin"),
            ("x-rewrite-url", "/admin"),
            ("x-http-method-override", "DELETE"),
            ("x-real-ip", "1.1.1.1"),
            ("x-request-id", "chosen"),
            ("x_original_url", "/admin"),
            ("x.original~url", "/admin"),
            ("proxy", "http://evil.test"),
            ("x-forwarded", "for=1.1.1.1"),
            ("x-envoy-original-path", "/admin"),
            ("front-end-https", "on"),
            ("cf-connecting-ip", "1.1.1.1"),
            ("x-forward", "kept"),
            ("proxys", "kept"),
            ("x-original-urls", "kept"),
        ]),
        &permit(true),
        false,
    );
    assert_eq!(all(&sent, "x-forwarded-for"), ["203.0.113.7"]);
    assert_eq!(all(&sent, "x-forwarded-proto"), ["https"]);
    assert_eq!(all(&sent, "x-forwarded-host"), ["console.test"]);
    assert_ne!(all(&sent, "x-request-id"), ["chosen"]);
    for absent in [
        "x_forwarded_for",
        "x-forwarded-user",
        "forwarded",
        "x-original-url",
        "x-rewrite-url",
        "x-http-method-override",
        "x-real-ip",
        "x_original_url",
        "x.original~url",
        "proxy",
        "x-forwarded",
        "x-envoy-original-path",
        "front-end-https",
        "cf-connecting-ip",
    ] {
        assert!(!sent.contains_key(absent), "{absent}");
    }
    for alike in ["x-forward", "proxys", "x-original-urls"] {
        assert_eq!(all(&sent, alike), ["kept"]);
    }
}

#[test]
fn nobody_waits_for_a_body_that_does_not_come() {
    let expecting = |more: &[(&'static str, &'static str)]| {
        let fields: Vec<_> = [("expect", "100-continue")].iter().chain(more).copied().collect();
        forward(&headers(&fields), &permit(true), false).contains_key("expect")
    };
    assert!(!expecting(&[]) && !expecting(&[("content-length", "0")]));
    assert!(expecting(&[("content-length", "5")]) && expecting(&[("transfer-encoding", "chunked")]));
}

#[test]
fn hop_by_hop_headers_end_here_and_cannot_take_others_with_them() {
    let request = headers(&[
        ("connection", "keep-alive, X-Drop, remote-user, Content-Length, Host, Upgrade"),
        ("x-drop", "1"),
        ("content-length", "5"),
        ("host", "console.test"),
        ("upgrade", "h2c"),
        ("te", "trailers"),
        ("keep-alive", "1"),
        ("proxy-connection", "x"),
        ("http2-settings", "x"),
    ]);
    let sent = forward(&request, &permit(true), false);
    for absent in ["x-drop", "connection", "upgrade", "te", "keep-alive", "proxy-connection"] {
        assert!(!sent.contains_key(absent), "{absent}");
    }
    assert_eq!(all(&sent, "remote-user"), ["hanako"], "nominating an identity header does not remove ours");
    assert_eq!(all(&sent, "content-length"), ["5"]);
    assert_eq!(all(&sent, "host"), ["console.test"]);
}

#[test]
fn a_websocket_keeps_its_upgrade() {
    let request = headers(&[
        ("connection", "keep-alive, Upgrade, X-Drop"),
        ("upgrade", "websocket"),
        ("x-drop", "1"),
        ("sec-websocket-key", "k"),
    ]);
    let sent = forward(&request, &permit(true), true);
    assert_eq!(all(&sent, "connection"), ["upgrade"]);
    assert_eq!(all(&sent, "upgrade"), ["websocket"]);
    assert_eq!(all(&sent, "sec-websocket-key"), ["k"]);
    assert!(!sent.contains_key("x-drop"));
}

#[test]
fn the_console_cannot_set_our_cookies_or_headers() {
    let answer = headers(&[
        ("set-cookie", "session=1; Path=/"),
        ("set-cookie", "__Host-sekisho=x; Path=/; Secure"),
        ("set-cookie", " __HOST-Sekisho-device=x"),
        ("set-cookie", "=__Host-sekisho=x"),
        ("x-sekisho-user", "admin"),
        ("x.sekisho.user", "admin"),
        ("x-who_is-there", "signed"),
        ("x-other", "1"),
    ]);
    let (changes, tried) = identity().response_changes(&answer);
    assert!(tried);
    let answer = applied(changes, &answer);
    assert_eq!(all(&answer, "set-cookie"), ["session=1; Path=/"]);
    assert!(
        !answer.contains_key("x.sekisho.user")
            && !answer.contains_key("x-who_is-there")
            && !answer.contains_key("x-sekisho-user")
            && answer.contains_key("x-other")
    );

    let (changes, tried) = identity().response_changes(&headers(&[("set-cookie", "a=b"), ("set-cookie", "c=d")]));
    assert!(!tried && changes.remove.is_empty() && changes.set.is_empty());
}

#[test]
fn the_console_cannot_have_the_browser_forget_our_cookies() {
    let kept = |values: &[&str]| {
        let fields: Vec<_> = values.iter().map(|value| ("clear-site-data", *value)).collect();
        let answer = headers(&fields);
        let (changes, tried) = identity().response_changes(&answer);
        assert!(!tried, "a console that ends its own session is no attacker");
        all(&applied(changes, &answer), "clear-site-data")
    };
    assert_eq!(kept(&["\"cache\", \"cookies\", \"storage\""]), ["\"cache\", \"storage\""]);
    assert_eq!(kept(&["\"cache\"", "\"Cookies\",\"storage\""]), ["\"cache\", \"storage\""]);
    assert_eq!(kept(&["\"cache\",\"storage\""]), ["\"cache\",\"storage\""]);
    for all_of_it in ["\"*\"", "*", "\"cookies\"", "cookies", "\"cookies\", \"*\""] {
        assert_eq!(kept(&[all_of_it]), Vec::<String>::new(), "{all_of_it}");
    }
    let answer = headers(&[("set-cookie2", "a=b"), ("set-cookie", "a=b")]);
    let answer = applied(identity().response_changes(&answer).0, &answer);
    assert!(!answer.contains_key("set-cookie2") && answer.contains_key("set-cookie"));
}

proptest! {
    #[test]
    fn no_spelling_of_a_header_of_ours_comes_through(
        name in prop::sample::select(vec!["remote-user", "x-sekisho-email", "x-auth-groups", "x-sekisho-session-level", "x-sekisho-assertion", "x-forwarded-for", "x-envoy-original-path", "x-envoy-external-address"].into_iter().chain(NEVER_FROM_CLIENTS).collect::<Vec<_>>()),
        upper in prop::collection::vec(any::<bool>(), 32),
        // Every character of a token that is neither letter nor digit (RFC 9110 §5.6.2), or none, or several.
        between in prop::collection::vec("[-!#$%&'*+.^_`|~]{0,2}", 33),
    ) {
        let letters = name.chars().filter(char::is_ascii_alphanumeric).zip(&upper);
        let spelled: String = std::iter::once(between[0].clone())
            .chain(letters.zip(&between[1..]).map(|((letter, upper), between)| {
                let letter = if *upper { letter.to_ascii_uppercase() } else { letter };
                format!("{letter}{between}")
            }))
            .collect();
        let sent = forward(&headers(&[(&spelled, "spoofed")]), &permit(true), false);
        prop_assert!(sent.values().all(|value| value != "spoofed"), "{}", spelled);
    }

    #[test]
    fn no_spelling_of_a_cookie_of_ours_comes_through(
        upper in prop::collection::vec(any::<bool>(), 14),
        before in "[ \t\"$=]{0,3}",
        after in "[a-z-]{0,6} ?",
        other in "[a-z]{1,5}=[a-z0-9]{0,5}",
    ) {
        let name: String = "__Host-sekisho".chars().zip(&upper).map(|(letter, upper)| if *upper { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }).collect();
        let sent = forward(&headers(&[("cookie", &format!("{other}; {before}{name}{after}=secret; z=9"))]), &permit(true), false);
        let sent = all(&sent, "cookie").join("");
        prop_assert!(!sent.contains("secret"), "{}", sent);
        prop_assert!(sent.contains(&other) && sent.contains("z=9"), "{}", sent);
    }
}
