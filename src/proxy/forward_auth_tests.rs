use super::*;
use crate::config::{AssertionConfig, ConfiguredSecret, IdentityHeaders};

const SHOWN: &str = "0123456789abcdef0123456789abcdef";

fn forward_auth(request: OriginalRequest) -> ForwardAuth {
    let from = vec!["10.0.0.0/24".parse().unwrap()];
    ForwardAuth::new(&ForwardAuthConfig { secret: ConfiguredSecret::Here(SHOWN.into()), from, request }).unwrap()
}

fn identity() -> Identity {
    let name = |text: &str| text.to_owned();
    let names = IdentityHeaders { user: name("remote-user"), email: name("a"), groups: name("b"), level: name("c") };
    let lifetime = std::time::Duration::from_mins(1);
    let assertion = AssertionConfig { enabled: true, header: name("d"), lifetime };
    Identity::new(&names, &assertion).unwrap()
}

fn parts(method: &str, target: &str, fields: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().method(method).uri(target);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

const ASKED: [(&str, &str); 5] = [
    ("x-forwarded-method", "POST"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "console.test"),
    ("x-forwarded-uri", "/orders/%41?x=/../y"),
    ("x-forwarded-for", "203.0.113.9, 192.0.2.7"),
];

fn original(more: &[(&str, &str)]) -> Result<Original, &'static str> {
    let fields = [&ASKED[..], more].concat();
    forward_auth(OriginalRequest::Forwarded).original(&parts("GET", ANSWER, &fields), &identity())
}

fn changed(name: &str, value: &str) -> Result<Original, &'static str> {
    let fields: Vec<_> = ASKED.into_iter().map(|(n, v)| (n, if n == name { value } else { v })).collect();
    forward_auth(OriginalRequest::Forwarded).original(&parts("GET", ANSWER, &fields), &identity())
}

#[test]
fn only_a_proxy_with_the_secret_and_from_its_place_is_answered() {
    let asks = |target: &str, shown: &[&str], from: &str| {
        let fields: Vec<_> = shown.iter().map(|shown| ("x-sekisho-forward-auth", *shown)).collect();
        forward_auth(OriginalRequest::Forwarded).asked(&parts("GET", target, &fields), from.parse().unwrap())
    };
    assert_eq!(asks(ANSWER, &[SHOWN], "10.0.0.5"), Some(Style::Answer));
    assert_eq!(asks(STATUS, &[SHOWN], "::ffff:10.0.0.5"), Some(Style::Status));
    assert_eq!(asks("/.sekisho/auth/other", &[SHOWN], "10.0.0.5"), None);
    assert_eq!(asks(ANSWER, &[SHOWN], "10.0.1.5"), None);
    assert_eq!(asks(ANSWER, &[SHOWN.trim_start_matches('0')], "10.0.0.5"), None);
    assert_eq!(asks(ANSWER, &[], "10.0.0.5"), None);
    assert_eq!(asks(ANSWER, &[SHOWN, SHOWN], "10.0.0.5"), None);
    assert_eq!(asks(ANSWER, &["a", SHOWN], "10.0.0.5"), None);
    let posted = parts("POST", ANSWER, &[("x-sekisho-forward-auth", SHOWN)]);
    assert_eq!(forward_auth(OriginalRequest::Forwarded).asked(&posted, "10.0.0.5".parse().unwrap()), None);
}

#[test]
fn the_request_is_the_one_that_was_forwarded() {
    let found = original(&[
        ("cookie", "a=b"),
        ("x-sekisho-forward-auth", SHOWN),
        ("x-original-url", "https://console.test/public"),
        ("connection", "close"),
        ("host", "elsewhere.test"),
    ])
    .unwrap();
    assert_eq!(found.request.method, Method::POST);
    assert_eq!(found.request.uri, "/orders/%41?x=/../y");
    assert_eq!(found.client.to_string(), "192.0.2.7", "what the client wrote itself is to the left");
    let names: Vec<_> = found.request.headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(
        (&found.request.headers["host"], &found.request.headers["cookie"]),
        (&"console.test".parse().unwrap(), &"a=b".parse().unwrap())
    );
}

#[test]
fn what_is_not_said_once_and_clearly_is_refused() {
    for (name, value) in ASKED {
        assert!(original(&[(name, value)]).is_err() || name == "x-forwarded-for", "{name} twice");
        let fields: Vec<_> = ASKED.into_iter().filter(|(n, _)| *n != name).collect();
        let asked = parts("GET", ANSWER, &fields);
        assert!(forward_auth(OriginalRequest::Forwarded).original(&asked, &identity()).is_err(), "without {name}");
    }
    for (name, value) in [
        ("x-forwarded-proto", "http"),
        ("x-forwarded-method", "GET POST"),
        ("x-forwarded-uri", "/a#b"),
        ("x-forwarded-uri", "orders"),
        ("x-forwarded-uri", "https://evil.test/x"),
        ("x-forwarded-uri", ""),
        ("x-forwarded-for", "unknown"),
        ("x-forwarded-for", "192.0.2.7, "),
    ] {
        assert!(changed(name, value).is_err(), "{name}: {value}");
    }
    assert!(original(&[("remote_user", "admin")]).is_err(), "a spelling that proxies leave in");
    for name in ["x_sekisho.user", "xsekisho-user", "remoteuser", "remote--user"] {
        assert!(original(&[(name, "admin")]).is_err(), "{name}");
    }
    assert!(original(&[("x-sekisho-user", "admin")]).is_ok(), "begins as they look for it");
    assert!(original(&[("remote-user", "admin")]).is_ok(), "proxies take this one out themselves");
}

#[test]
fn a_websocket_is_known_by_its_key() {
    let upgrade = |more: &[(&str, &str)]| original(more).map(|found| found.request.headers.contains_key("upgrade"));
    assert_eq!(upgrade(&[]), Ok(false));
    assert_eq!(upgrade(&[("sec-websocket-key", "x")]), Ok(true));
    assert!(upgrade(&[("sec-websocket-key", "x"), ("sec-websocket-key", "y")]).is_err());
}

#[test]
fn the_other_family_of_headers_is_read_where_it_is_configured() {
    let asked = |url: &str| {
        let fields = [("x-original-method", "PUT"), ("x-original-url", url), ("x-forwarded-for", "192.0.2.7")];
        let asked = parts("GET", STATUS, &[&fields[..], &[("x-forwarded-uri", "/public")]].concat());
        forward_auth(OriginalRequest::Original).original(&asked, &identity())
    };
    let found = asked("https://console.test:8443/orders?x=1").unwrap();
    assert_eq!((found.request.method, found.request.uri.to_string()), (Method::PUT, "/orders?x=1".to_owned()));
    assert_eq!(found.request.headers["host"], "console.test:8443");
    for url in ["http://console.test/", "/orders", "https://console.test", "console.test/orders"] {
        assert!(asked(url).is_err(), "{url}");
    }
}

#[test]
fn a_proxy_that_knows_three_statuses_gets_three() {
    let fitted = |style: Style, status| style.fitted(Verdict::Stopped(bare(status))).status().as_u16();
    let statuses = [200, 204, 303, 400, 401, 403, 421, 503].map(|status| StatusCode::from_u16(status).unwrap());
    assert_eq!(statuses.map(|status| fitted(Style::Status, status)), [403, 403, 401, 403, 401, 403, 403, 403]);
    let passed_on = statuses.map(|status| fitted(Style::Answer, status));
    assert_eq!(passed_on, [403, 403, 303, 400, 401, 403, 421, 503], "a page that says why is no leave");
    assert_eq!(Style::Status.fitted(Verdict::LetThrough(bare(StatusCode::OK))).status(), 200);
}
