//! The security settings and the fresh code before them.

use std::time::Duration;

use sekisho::clock::Clock as _;

use crate::{
    steps::{self, wrong},
    support::{authenticator, browser::Speaks, gateway::Gateway},
};

const SESSION: &str = "__Host-sekisho";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_code_renews_the_session_and_nothing_else() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let first = browser.cookie(SESSION).expect("a session");

    let page = browser.open("/.sekisho/fresh").await;
    assert_eq!(page.url.path(), "/", "a code that was just given is fresh");
    gateway.clock.advance(Duration::from_mins(5));
    assert_eq!(browser.open("/.sekisho/fresh").await.url.path(), "/", "five minutes are fresh");
    gateway.clock.advance(Duration::from_secs(1));
    let page = browser.open("/.sekisho/fresh").await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/fresh/begin"), &[]).await;
    assert!(page.text().contains("Why we ask This page needs a fresh code"), "{}", page.text());
    assert!(page.forms().iter().all(|form| form.fields.iter().all(|field| field.name != "trust")));

    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let refused = steps::code(&browser, &page, &wrong(&code), false).await;
    assert!(refused.text().contains("That code isn't right."), "{}", refused.text());
    assert_eq!(browser.cookie(SESSION).map(|c| c.value), Some(first.value.clone()));
    let done = steps::code(&browser, &refused, &code, false).await;
    assert_eq!(done.url.path(), "/", "{}", done.text());
    let second = browser.cookie(SESSION).expect("a session");
    assert_ne!(first.value, second.value, "a gain of privilege has a new identifier");
    assert_eq!(browser.open("/.sekisho/fresh").await.url.path(), "/");

    // The page that was left behind: its code is gone, and so is what it was waiting for.
    let again = steps::code(&browser, &refused, &code, false).await;
    assert_eq!(again.url.path(), "/");
    assert_eq!(browser.cookie(SESSION).map(|c| c.value), Some(second.value));
    let thief = gateway.browser(Speaks::Http1, "en");
    thief.plant(SESSION, &first.value);
    assert_eq!(thief.open("/").await.url.path(), "/.sekisho/sign-in", "the earlier cookie is over");
}
