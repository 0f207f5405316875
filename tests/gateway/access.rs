//! Access rules as people and programs meet them.

use std::time::Duration;

use reqwest::{Method, header::HeaderMap};
use sekisho::{account::Group, clock::Clock as _, store::AccountEdit};

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
    },
};

/// A payout asks for a code of the last two minutes; `fresh` of the settings stays at five.
const PAYOUTS: &str = "[[rule]]\npath = \"/payouts\"\naccess = \"fresh\"\nwithin = \"2m\"\n";

async fn asked_for_a_code(gateway: &Gateway, browser: &Browser, page: &Page) -> Page {
    assert_eq!(page.url.path(), "/.sekisho/fresh", "{}", page.text());
    let page = browser.submit(page, &page.form_to("/.sekisho/fresh/begin"), &[]).await;
    assert!(page.text().contains("This page needs a fresh code"), "{}", page.text());
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::code(browser, &page, &code, false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_path_asks_for_a_code_and_comes_back_to_the_page() {
    let gateway = Gateway::start(&[], &["old"], PAYOUTS).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    assert_eq!(browser.open("/payouts/1?x=y").await.url.path(), "/payouts/1", "the code was just given");
    gateway.clock.advance(Duration::from_mins(2));
    assert_eq!(browser.open("/payouts/1").await.url.path(), "/payouts/1", "two minutes are fresh");
    gateway.clock.advance(Duration::from_secs(1));
    let before = gateway.upstream.seen().len();

    let asked = browser.open("/payouts/1?x=y").await;
    assert_eq!(gateway.upstream.seen().len(), before, "nothing reached the console");
    assert_eq!(browser.open("/orders").await.url.path(), "/orders", "other paths go on");
    let there = asked_for_a_code(&gateway, &browser, &asked).await;
    assert_eq!((there.url.path(), there.url.query()), ("/payouts/1", Some("x=y")), "{}", there.text());
    assert!(gateway.upstream.last().line.starts_with("GET /payouts/1?x=y "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_device_does_not_stand_in_for_a_fresh_code() {
    let gateway = Gateway::start(&[], &["old"], PAYOUTS).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let page = steps::password(&browser, &page, "old").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::code(&browser, &page, &code, true).await;
    steps::sign_out(&browser).await;
    gateway.clock.advance(Duration::from_mins(1));
    let page = browser.open("/payouts").await;
    let asked = steps::password(&browser, &page, "old").await;
    let there = asked_for_a_code(&gateway, &browser, &asked).await;
    assert_eq!(there.url.path(), "/payouts");
    assert_eq!(gateway.upstream.last().one("x-sekisho-session-level"), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_is_told_where_the_code_is_given_and_a_form_is_not_sent_again_by_itself() {
    let gateway = Gateway::start(&[], &["old"], PAYOUTS).await;
    let browser = gateway.browser(Speaks::Http2, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    gateway.clock.advance(Duration::from_mins(3));
    let before = gateway.upstream.seen().len();
    let answer = browser.fetch("/payouts/1").await;
    assert_eq!(answer.status, 401);
    let told: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(told["error"], "code_required");
    let place = told["sign_in_url"].as_str().expect("an address");
    assert!(place.starts_with(&format!("{}/.sekisho/fresh?", gateway.settings.url())), "{place}");

    let mut headers = HeaderMap::new();
    for (name, value) in [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("accept", "text/html")] {
        headers.insert(name, value.parse().unwrap());
    }
    headers.insert("referer", format!("{}/orders/7", gateway.settings.url()).parse().unwrap());
    let posted = browser.send(Method::POST, "/payouts/1", headers, Some("amount=1".to_owned())).await;
    assert_eq!(posted.status, 303);
    let asked = browser.follow(posted).await.unwrap();
    let there = asked_for_a_code(&gateway, &browser, &asked).await;
    assert_eq!(there.url.path(), "/orders/7", "the page the form was on");
    let seen = gateway.upstream.seen();
    assert!(seen[before..].iter().all(|request| request.line.starts_with("GET /orders/7 ")), "{:?}", seen.last());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_decide_who_passes_from_the_next_request_on() {
    let rules = "[[rule]]\npath = \"/payments\"\ngroups = \"payments\"\naccess = \"signed-in\"\n\
                 [[rule]]\npath = \"/payments\"\naccess = \"deny\"\n\
                 [[rule]]\npath = \"/admin\"\nmethods = [\"GET\"]\nnetworks = \"192.0.2.0/24\"\naccess = \"signed-in\"\n\
                 [[rule]]\npath = \"/admin\"\naccess = \"deny\"\n";
    let gateway = Gateway::start(&[], &["old"], rules).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    assert_eq!(browser.open("/payments/1").await.url.path(), "/.sekisho/sign-in", "who it is decides");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    assert_eq!(browser.open("/payments/1").await.status, 200);
    for escape in
        ["/admin", "/admin/x", "/%61dmin", "/admin;x", "/%61dmin;x=1/y", "/admin.", "/admin%20/x", "/admin%252e"]
    {
        let refused = browser.open(escape).await;
        assert_eq!(refused.status, 403, "{escape}: this is not the office");
    }

    for ordinary in ["/Inc.", "/orders/a%20", "/..."] {
        assert_eq!(browser.open(ordinary).await.status, 200, "{ordinary}: no rule is about it");
    }

    let account = gateway.app().find_account("old").await.unwrap().unwrap().account;
    let groups = Some(vec![Group::parse("sellers").unwrap()]);
    let edit = AccountEdit { user_name: None, email: None, display_name: None, groups, language: None };
    gateway.app().edit_account(&account, &edit).await.unwrap().unwrap();
    let refused = browser.open("/payments/1").await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("You can't open this page"), "{}", refused.text());
    assert_eq!(browser.open("/orders").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_page_asks_for_by_itself_keeps_no_session_alive() {
    let rules = "[[rule]]\npath = \"/ticker\"\naccess = \"signed-in\"\nbackground = true\n";
    let gateway = Gateway::start(&[], &["old"], rules).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    for _ in 0..3 {
        gateway.clock.advance(Duration::from_mins(19));
        assert_eq!(browser.fetch("/ticker").await.status, 200);
    }
    gateway.clock.advance(Duration::from_mins(4));
    assert_eq!(browser.fetch("/ticker").await.status, 401, "61 minutes without a request of the person");
}
