//! What a hostile client tries, over HTTP: spellings of names and paths that somebody behind us reads in another way, and
//! requests that another site has a browser send.

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};

use crate::{
    steps,
    support::{
        browser::{Browser, Speaks},
        gateway::Gateway,
    },
};

fn fields(fields: &[(&str, &str)]) -> HeaderMap {
    let field = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).expect("a header value"))
    };
    fields.iter().map(field).collect()
}

async fn signed_in(gateway: &Gateway, speaks: Speaks) -> Browser {
    // A code of the app works once.
    gateway.clock.advance(std::time::Duration::from_secs(30));
    let browser = gateway.browser(speaks, "en");
    steps::sign_in(gateway, &browser, "old", &gateway.secrets[0]).await;
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idh_02_no_spelling_of_an_identity_header_arrives() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let browser = signed_in(&gateway, speaks).await;
        let spoofed = [
            ("XSekishoUser", "admin"),
            ("X--Sekisho-User", "admin"),
            ("x_sekisho_user", "admin"),
            ("_X.Sekisho~User_", "admin"),
            ("XSEKISHO-ASSERTION", "admin"),
            ("XForwarded--For", "admin"),
            ("X-Sekisho-Other", "admin"),
        ];
        let page = browser.send(Method::GET, "/orders", fields(&spoofed), None).await;
        assert_eq!(page.status, 200);
        let arrived = gateway.upstream.last();
        assert_eq!(arrived.one("x-sekisho-user"), "old");
        assert!(!arrived.contains("admin"), "{speaks:?}: {arrived:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_31_no_path_passes_that_is_not_utf_8() {
    let gateway = Gateway::start(&[], &["old"], "[[rule]]\npath = \"/public\"\naccess = \"public\"\n").await;
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let browser = signed_in(&gateway, speaks).await;
        let before = gateway.upstream.seen().len();
        for path in [
            "/public/..%c0%afadmin",
            "/public/%c0%ae%c0%ae/admin",
            "/public%e0%80%af..%e0%80%afadmin",
            "/public/%25c0%25ae%25c0%25ae/admin",
            "/public/%zz/%252e%252e/admin",
            "/public/%ff",
        ] {
            let answer = browser.send(Method::GET, path, HeaderMap::new(), None).await;
            assert_eq!(answer.status, 400, "{speaks:?} {path}");
        }
        assert_eq!(gateway.upstream.seen().len(), before, "nothing of it arrived");
        assert_eq!(browser.open("/public/%E6%97%A5%E6%9C%AC/100%25").await.status, 200);
        assert!(gateway.upstream.last().line.starts_with("GET /public/%E6%97%A5%E6%9C%AC/100%25 "));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ses_29_a_session_opens_a_websocket_from_our_pages_only() {
    let live = "[[rule]]\npath = \"/ws\"\naccess = \"signed-in\"\nwebsocket = true\n";
    let gateway = Gateway::start(&[], &["old"], live).await;
    let browser = signed_in(&gateway, Speaks::Http1).await;
    let before = gateway.upstream.seen().len();
    let ours = browser.origin();
    for (origin, status) in [(None, 403), (Some("https://evil.test"), 403), (Some("null"), 403), (Some(&*ours), 101)] {
        let mut handshake = fields(&[
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
        ]);
        handshake.extend(origin.map(|origin| (reqwest::header::ORIGIN, HeaderValue::from_str(origin).unwrap())));
        assert_eq!(browser.status_of("/ws", handshake).await, status, "{origin:?}");
    }
    assert_eq!(gateway.upstream.seen().len(), before + 1, "one arrived");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ses_35_another_site_signs_nobody_out_in_a_browser_without_fetch_metadata() {
    let gateway = Gateway::start(&[], &["old"], "[console]\nsign_out = \"/logout\"\n").await;
    let browser = signed_in(&gateway, Speaks::Http1).await;
    for from in [("origin", "https://evil.test"), ("origin", "null"), ("referer", "https://evil.test/")] {
        let page = browser.send(Method::POST, "/logout", fields(&[from]), Some(String::new())).await;
        assert_eq!(page.status, 200, "the console's own business");
        assert_eq!(browser.open("/orders").await.url.path(), "/orders", "{from:?}");
    }
    let ours = browser.origin();
    browser.send(Method::POST, "/logout", fields(&[("origin", &ours)]), Some(String::new())).await;
    assert_eq!(browser.open("/orders").await.url.path(), "/.sekisho/sign-in", "the person did");
}
