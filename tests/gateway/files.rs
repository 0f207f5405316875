//! What is no page: the logo, and what a waiting page's script asks for; and the page after a method was switched off.

use std::time::Duration;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use sekisho::clock::Clock as _;

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
        settings::QUICK_PASSWORDS,
    },
};

const PICTURE: &str =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"><circle cx=\"4\" cy=\"4\" r=\"3\"/></svg>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_logo_is_the_operators_picture_and_nothing_else() {
    let file = tempfile::Builder::new().suffix(".svg").tempfile().unwrap();
    std::fs::write(file.path(), PICTURE).unwrap();
    let branding = "name = { ja = \"セラーコンソール\", en = \"Seller Console\" }\n";
    let gateway = Gateway::start_with(&[], &["hana"], |text| {
        let logo = format!("{branding}logo = \"{}\"\n", file.path().display());
        format!("{}{QUICK_PASSWORDS}", text.replace(branding, &logo))
    })
    .await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    assert!(page.body.contains("src=\"/.sekisho/logo"), "{}", page.body);
    let logo = browser.visit("/.sekisho/logo").await;
    assert_eq!((logo.status, logo.header("content-type"), logo.body.as_str()), (200, "image/svg+xml", PICTURE));
    let policy = logo.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "opened by itself: {policy}");
    assert_eq!(logo.header("x-content-type-options"), "nosniff");
    assert!(logo.headers.get("set-cookie").is_none() && logo.header("cache-control").starts_with("public"));
    let head = browser.send(Method::HEAD, "/.sekisho/logo", HeaderMap::new(), None).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(gateway.upstream.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_logo_its_address_is_the_mark() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    assert!(!page.body.contains("/.sekisho/logo"), "no picture where there is none");
    let logo = browser.visit("/.sekisho/logo").await;
    assert_eq!((logo.status, logo.header("content-type")), (200, "image/svg+xml"));
    assert_eq!(logo.body, browser.visit("/.sekisho/mark.svg").await.body);
}

async fn state(browser: &Browser, who: &str) -> serde_json::Value {
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("application/json"));
    headers.insert("sec-fetch-mode", HeaderValue::from_static("cors"));
    headers.insert("sec-fetch-dest", HeaderValue::from_static("empty"));
    if !who.is_empty() {
        headers.insert("x-sekisho-who", HeaderValue::from_str(who).unwrap());
    }
    let answer = browser.send(Method::GET, "/.sekisho/state", headers, None).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.headers.get("set-cookie").is_none(), "it changes nothing");
    assert!(answer.headers.get("access-control-allow-origin").is_none(), "and is for our own pages");
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let fields: Vec<&String> = told.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["again_in", "delivery", "go"], "these three and nothing more");
    told
}

/// The name a page gives the account to its script.
fn who(page: &Page) -> String {
    let (_, rest) = page.body.split_once("data-who=\"").unwrap_or_else(|| panic!("a page that waits: {}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_page_learns_whether_it_may_go_on_and_what_became_of_its_message() {
    let gateway = Gateway::start(&[], &["hana", "taro"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let nothing = serde_json::json!({ "go": false, "delivery": null, "again_in": null });
    assert_eq!(state(&browser, "").await, nothing);
    assert_eq!(state(&browser, "somebody").await, nothing);
    let page = browser.open("/").await;
    let page = steps::password(&browser, &page, "hana").await;
    let hana = who(&page);
    assert_eq!(state(&browser, &hana).await, nothing, "an app has no message");
    let help = browser.open("/.sekisho/code/help").await;
    let page = browser.submit(&help, &help.form_with("way"), &[("way", "backup")]).await;
    gateway.inbox.code_after(0, "sms").await;
    let told = crate::support::eventually("the message to be told as sent", async || {
        let told = state(&browser, &hana).await;
        (told["delivery"] == "sent").then_some(told)
    })
    .await;
    assert_eq!(told["go"], false);
    let stranger = gateway.browser(Speaks::Http1, "en");
    assert_eq!(state(&stranger, &hana).await, nothing, "nobody else learns of it");
    let code = gateway.inbox.code_after(0, "sms").await.code();
    steps::code(&browser, &page, &code, false).await;
    assert_eq!(state(&browser, &hana).await, serde_json::json!({ "go": true, "delivery": null, "again_in": null }));
    assert_eq!(state(&browser, "another").await["go"], false, "a page of another person stays");
    // Asking about it keeps no session alive.
    gateway.clock.advance(Duration::from_mins(59));
    state(&browser, &hana).await;
    gateway.clock.advance(Duration::from_mins(1));
    assert_eq!(browser.open("/").await.url.path(), "/.sekisho/sign-in", "an hour without use");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_in_beside_a_method_that_is_off_is_told_and_led_to_it() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    for _ in 0..10 {
        let browser = gateway.browser(Speaks::Http1, "en");
        let page = browser.open("/").await;
        let mut page = steps::password(&browser, &page, "hana").await;
        for _ in 0..5 {
            let right = authenticator::code(&gateway.secrets[0], gateway.clock.now());
            page = steps::code(&browser, &page, &steps::wrong(&right), false).await;
        }
        gateway.clock.advance(Duration::from_hours(2));
    }
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/payments").await;
    let page = steps::password(&browser, &page, "hana").await;
    assert!(page.forms().iter().all(|form| !form.has("code")), "no field for a method that is off: {}", page.text());
    let help = browser.open("/.sekisho/code/help").await;
    let before = gateway.inbox.newest().await;
    browser.submit(&help, &help.form_with("way"), &[("way", "backup")]).await;
    let code = gateway.inbox.code_after(before, "sms").await.code();
    let page = browser.open("/.sekisho/code").await;
    let page = steps::code(&browser, &page, &code, false).await;
    assert_eq!(page.url.path(), "/.sekisho/switched-off", "{}", page.text());
    for said in ["Set up a way to get a code again", "Primary Authenticator app", "Not now, continue to Seller Console"]
    {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    assert!(!page.text().contains("Backup Text message"), "only the one that is off: {}", page.text());
    assert!(page.links().iter().any(|link| link.starts_with("/.sekisho/settings")), "{:?}", page.links());
    assert_eq!(browser.open("/payments").await.status, 200, "it holds nobody up");
    // Whose methods both work has nothing to see there.
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "hana", &gateway.secrets[0]).await;
    let page = browser.open("/.sekisho/switched-off").await;
    assert!(!page.text().contains("Authenticator app"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_are_told_to_keep_to_https_on_every_answer() {
    let gateway = Gateway::start(&[], &["old"], "[[rule]]\npath = \"/never\"\naccess = \"deny\"\n").await;
    let browser = gateway.browser(Speaks::Http2, "en");
    let told = |page: &Page| page.header("strict-transport-security").to_owned();
    let year = "max-age=31536000";
    assert_eq!(told(&browser.visit("/").await), year, "a redirect");
    assert_eq!(told(&browser.open("/.sekisho/sign-in").await), year, "a page");
    assert_eq!(told(&browser.open("/never").await), year, "a refusal");
    assert_eq!(told(&browser.fetch("/orders").await), year, "401 for a script");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let page = browser.open("/orders").await;
    assert_eq!((page.status, told(&page).as_str()), (200, year), "what the console says");
}
