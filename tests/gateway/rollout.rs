//! `observe` through the whole gateway: everything passes, nobody is vouched for, and the report says what would break.

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use sekisho::access::RequestKind;

use crate::{
    steps,
    support::{browser::Speaks, gateway::Gateway},
};

const OBSERVE: &str = "[rollout]\nmode = \"observe\"\n[[rule]]\npath = \"/internal\"\naccess = \"deny\"\n";

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    fields
        .iter()
        .map(|(name, value)| (reqwest::header::HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn observe_lets_everything_through_and_vouches_for_nobody() {
    let gateway = Gateway::start(&["hana"], &[], OBSERVE).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let spoofed = headers(&[("x-sekisho-user", "admin"), ("x_sekisho_user", "admin"), ("x-sekisho-groups", "owner")]);
    for place in ["/orders/1238", "/internal/figures"] {
        let page = browser.send(Method::GET, place, spoofed.clone(), None).await;
        if page.status == 400 {
            continue;
        }
        assert_eq!(page.status, 200, "{place}: {}", page.text());
        let request = gateway.upstream.last();
        assert!(request.line.starts_with(&format!("GET {place} ")), "{}", request.line);
        assert!(!request.contains("admin") && request.all("x-sekisho-user").is_empty(), "{request:?}");
    }
    assert_eq!(browser.open("/orders/1238").await.status, 200);
    assert_eq!(browser.fetch("/api/orders/7").await.status, 200);
    let program =
        headers(&[("user-agent", "stock-sync/1.4 (nightly)"), ("content-type", "multipart/form-data; boundary=x")]);
    let sent = browser.send(Method::POST, "/upload/2026", program, Some("--x--".to_owned())).await;
    assert_eq!(sent.status, 200);

    let report = gateway.app().observe_report().await.unwrap();
    assert!(report.observing);
    assert_eq!(
        report.people.iter().map(|p| (p.user.as_str(), p.asked.as_str())).collect::<Vec<_>>(),
        [("hana", "now")]
    );
    let upload = report.would_break.iter().find(|row| row.kind == RequestKind::Upload).unwrap();
    assert_eq!((upload.path.as_str(), upload.client.as_str()), ("/upload/*", "stock-sync/1.4"));
    assert!(upload.address.is_some(), "where the program runs");
    assert!(report.would_break.iter().any(|row| row.kind == RequestKind::Script && row.path == "/api/orders/*"));
    assert!(report.would_break.iter().any(|row| row.path == "/internal/figures"), "{report:?}");
    let page = report.would_sign_in.iter().find(|row| row.path == "/orders/*").unwrap();
    assert_eq!((page.kind, page.address.as_deref()), (RequestKind::Page, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_in_while_observed_is_told_to_the_console() {
    let gateway =
        Gateway::start(&["hana"], &[], &format!("{OBSERVE}[[rollout.cohort]]\nfrom = \"2100-01-01\"\n")).await;
    let browser = gateway.browser(Speaks::Http2, "en");
    let page = browser.open("/.sekisho/sign-in").await;
    steps::password(&browser, &page, "hana").await;
    assert_eq!(browser.open("/orders").await.status, 200);
    let request = gateway.upstream.last();
    assert_eq!((request.one("x-sekisho-user"), request.one("x-sekisho-session-level")), ("hana", "1"));
    let report = gateway.app().observe_report().await.unwrap();
    assert!(report.would_sign_in.iter().all(|row| row.path != "/orders"), "there is nothing to report of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_that_mode_nothing_passes() {
    let gateway = Gateway::start(&["hana"], &[], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    assert_eq!(browser.visit("/orders").await.status, 303);
    assert_eq!(browser.fetch("/api/orders").await.status, 401);
    assert!(gateway.upstream.seen().is_empty());
    assert!(gateway.app().observe_report().await.unwrap().totals.iter().all(|total| total.requests == 0));
}
