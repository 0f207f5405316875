//! Trusted devices and recovery codes as the pages offer them: never to members of an excluded group, forgotten on the way
//! out, and a recovery code only where one is left.

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
    },
};

const DEVICE: &str = "__Host-sekisho-device";

async fn at_code(browser: &Browser, user: &str) -> Page {
    let page = browser.open("/orders").await;
    let page = steps::password(browser, &page, user).await;
    assert_eq!(page.url.path(), "/.sekisho/code", "{}", page.text());
    page
}

fn app_code(gateway: &Gateway, n: usize) -> String {
    gateway.clock.advance(Duration::from_secs(30));
    authenticator::code(&gateway.secrets[n], gateway.clock.now())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r12_members_of_an_excluded_group_are_not_offered_the_box() {
    let gateway = Gateway::start(&[], &["boss"], "[trusted_device]\nexcluded_groups = [\"payments\"]\n").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = at_code(&browser, "boss").await;
    let form = page.form_with("code");
    assert!(form.fields.iter().all(|field| field.name != "trust"), "{}", page.text());
    // Ticked by hand all the same.
    let code = app_code(&gateway, 0);
    let mut body = form_urlencoded::Serializer::new(String::new());
    for field in form.fields.iter().filter(|field| field.kind == "hidden") {
        body.append_pair(&field.name, &field.value);
    }
    body.append_pair("code", &code).append_pair("trust", "yes");
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert("origin", HeaderValue::from_str(&browser.origin()).unwrap());
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    headers.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
    let answer = browser.send(Method::POST, "/.sekisho/code", headers, Some(body.finish())).await;
    let done = browser.follow(answer).await.unwrap();
    assert_eq!(done.url.path(), "/orders", "{}", done.text());
    assert!(browser.cookie(DEVICE).is_none());
    let settings = browser.open("/.sekisho/settings").await;
    assert!(settings.text().contains("no device can be trusted"), "{}", settings.text());
    steps::sign_out(&browser).await;
    at_code(&browser, "boss").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_forgotten_at_sign_out_and_only_when_asked() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = at_code(&browser, "old").await;
    let done = steps::code(&browser, &page, &app_code(&gateway, 0), true).await;
    assert_eq!(done.url.path(), "/orders");
    steps::sign_out(&browser).await;
    let page = browser.open("/orders").await;
    let page = steps::password(&browser, &page, "old").await;
    assert_eq!(page.url.path(), "/orders", "signing out is not forgetting: {}", page.text());

    let page = browser.open("/.sekisho/sign-out").await;
    browser.submit(&page, &page.form_to("/.sekisho/sign-out"), &[("forget", "yes")]).await;
    assert!(browser.cookie(DEVICE).is_none(), "the cookie goes");
    let page = at_code(&browser, "old").await;
    let done = steps::code(&browser, &page, &app_code(&gateway, 0), false).await;
    assert_eq!(done.url.path(), "/orders");
    let page = browser.open("/.sekisho/sign-out").await;
    let form = page.form_to("/.sekisho/sign-out");
    assert!(form.fields.iter().all(|field| field.name != "forget"), "there is nothing to forget");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_a_recovery_code_is_offered_where_one_is_left_and_the_settings_make_new_ones() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let help = async |browser: &Browser| {
        let page = browser.open("/.sekisho/code/help").await;
        let offered = page.links().iter().any(|link| link.starts_with("/.sekisho/recovery-code"));
        (page, offered)
    };
    let page = at_code(&browser, "old").await;
    let (shown, offered) = help(&browser).await;
    assert!(!offered && shown.text().contains("You have no recovery codes that work."), "{}", shown.text());
    steps::code(&browser, &page, &app_code(&gateway, 0), false).await;

    gateway.clock.advance(Duration::from_mins(6));
    let settings = browser.open("/.sekisho/settings").await;
    assert!(settings.text().contains("You have no recovery codes."), "{}", settings.text());
    let fresh = browser.submit(&settings, &settings.form_to("/.sekisho/recovery-code/renew"), &[]).await;
    assert_eq!(fresh.url.path(), "/.sekisho/fresh", "a fresh code first: {}", fresh.text());
    let codes = steps::code(&browser, &fresh, &app_code(&gateway, 0), false).await;
    assert_eq!(codes.body.matches("<li><code>").count(), 10, "{}", codes.text());
    let settings = browser.submit(&codes, &codes.form_to("/.sekisho/recovery-codes"), &[]).await;
    assert_eq!(settings.url.path(), "/.sekisho/settings", "{}", settings.text());
    assert!(settings.text().contains("10 recovery codes are left."), "{}", settings.text());

    let other = gateway.browser(Speaks::Http1, "ja");
    at_code(&other, "old").await;
    let (shown, offered) = help(&other).await;
    assert!(offered && shown.text().contains("残りは10個です。"), "{}", shown.text());
}
