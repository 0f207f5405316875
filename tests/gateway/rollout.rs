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

const LATER: &str = "[[rollout.cohort]]\nfrom = \"2026-11-01\"\ndeadline = \"14d\"\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_an_existing_account_is_asked_and_may_say_later_three_times() {
    let gateway = Gateway::start(&["hana"], &[], LATER).await;
    for left in ["3 more times", "2 more times", "once more"] {
        let browser = gateway.browser(Speaks::Http1, "en");
        let page = browser.open("/orders/7").await;
        let page = steps::password(&browser, &page, "hana").await;
        assert!(page.text().contains("Enable two-step verification"), "{}", page.text());
        assert!(
            page.text().contains("Set this up by 6 December 2026.") && page.text().contains(left),
            "{}",
            page.text()
        );
        let page = browser.submit(&page, &page.form_to("/.sekisho/later"), &[]).await;
        assert_eq!((page.place(), page.status), ("/orders/7", 200), "{}", page.text());
        assert_eq!(gateway.upstream.last().one("x-sekisho-session-level"), "1");
        steps::sign_out(&browser).await;
        gateway.clock.advance(std::time::Duration::from_hours(24));
    }
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/orders/7").await;
    let page = steps::password(&browser, &page, "hana").await;
    assert!(page.forms().iter().all(|form| form.action != "/.sekisho/later"), "no fourth time: {}", page.text());
    steps::enrol_app_and_sms(&gateway, &browser, &page, "080-8765-4321").await;
    assert_eq!(browser.open("/orders/7").await.status, 200, "and the console when both are proven");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_the_settings_lead_to_the_same_enrolment() {
    let gateway = Gateway::start(&["hana"], &[], LATER).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let page = steps::password(&browser, &page, "hana").await;
    browser.submit(&page, &page.form_to("/.sekisho/later"), &[]).await;
    let settings = browser.open("/.sekisho/settings").await;
    let link =
        settings.links().into_iter().find(|link| link.starts_with("/.sekisho/enable")).expect("a way to enable it");
    let page = browser.open(&link).await;
    let form = page.form_with("password");
    let wrong = browser.submit(&page, &form, &[("password", "not the password")]).await;
    assert!(wrong.text().contains("That password isn't right."), "{}", wrong.text());
    let form = wrong.form_with("password");
    let page = browser.submit(&wrong, &form, &[("password", crate::support::people::PASSWORD)]).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment", "{}", page.text());
    steps::enrol_app_and_sms(&gateway, &browser, &page, "080-8765-4321").await;
    browser.open("/").await;
    assert_eq!(gateway.upstream.last().one("x-sekisho-session-level"), "2");
}
