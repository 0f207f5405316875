//! Many at once, over real sockets: what one after another may not do, two hundred together may not either.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use sekisho::{
    authn::throttle::{CODE_PAUSE_FIRST, CODE_TRIES},
    clock::Clock as _,
};

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
    },
};

const MANY: usize = 200;

/// Sends this code so many times at once, each on a connection of its own; no redirect is followed.
async fn all_at_once(browser: &Browser, page: &Page, codes: &[String]) -> Vec<Page> {
    let form = page.form_with("code");
    let mut headers = HeaderMap::new();
    headers.insert("origin", HeaderValue::from_str(&browser.origin()).unwrap());
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    let sent = codes.iter().map(|code| {
        let typed = form.filled(&[("code", code)]);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(typed).finish();
        browser.send(Method::POST, &form.action, headers.clone(), Some(body))
    });
    let answers = join_all(sent).await;
    for answer in &answers {
        assert_eq!(answer.status, 303, "{}", answer.text());
    }
    answers
}

/// How many of the answers hand out a session.
fn sessions(answers: &[Page]) -> usize {
    let gives = |line: &HeaderValue| line.to_str().unwrap().starts_with("__Host-sekisho=") && line.len() > 80;
    answers.iter().filter(|answer| answer.headers.get_all("set-cookie").iter().any(gives)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_code_of_the_app_gives_one_session_to_two_hundred_requests() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let page = steps::password(&browser, &page, "hana").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let answers = all_at_once(&browser, &page, &vec![code; MANY]).await;
    assert_eq!(sessions(&answers), 1);
    assert_eq!(browser.open("/").await.status, 200, "and that one is good");

    // None of the others counts: four wrong ones are still four.
    gateway.clock.advance(Duration::from_secs(30));
    let other = gateway.browser(Speaks::Http1, "en");
    let mut page = steps::password(&other, &other.open("/").await, "hana").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    for left in ["", "3 tries left", "2 tries left", "1 try left"] {
        page = steps::code(&other, &page, &steps::wrong(&code), false).await;
        assert!(page.text().contains("That code isn't right") && page.text().contains(left), "{}", page.text());
    }
    assert_eq!(steps::code(&other, &page, &code, false).await.url.path(), "/", "no pause");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_code_of_a_message_gives_one_session_to_two_hundred_requests() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    steps::password(&browser, &page, "hana").await;
    let help = browser.open("/.sekisho/code/help").await;
    let page = browser.submit(&help, &help.form_with("way"), &[("way", "backup")]).await;
    let code = gateway.inbox.code_after(0, "sms").await.code();
    let answers = all_at_once(&browser, &page, &vec![code; MANY]).await;
    assert_eq!(sessions(&answers), 1);
    assert_eq!(browser.open("/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_guesses_at_once_are_five_tries() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let page = steps::password(&browser, &page, "hana").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let guesses: Vec<String> = (0..MANY).map(|n| format!("{n:06}")).filter(|guess| *guess != code).collect();
    assert_eq!(sessions(&all_at_once(&browser, &page, &guesses).await), 0);

    // A pause that begins with the fifth try lasts a quarter of an hour; after ten it would be half an hour.
    assert_eq!(CODE_TRIES, 5);
    let right = async || {
        let browser = gateway.browser(Speaks::Http1, "en");
        let page = browser.open("/").await;
        steps::password(&browser, &page, "hana").await;
        browser.open("/.sekisho/code").await
    };
    gateway.clock.advance(CODE_PAUSE_FIRST.checked_sub(Duration::from_millis(1)).unwrap());
    let page = right().await;
    assert!(!page.forms().iter().any(|form| form.has("code")), "still paused: {}", page.text());
    gateway.clock.advance(Duration::from_millis(1));
    let page = right().await;
    assert!(page.forms().iter().any(|form| form.has("code")), "the pause of five tries is over: {}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_guesses_at_once_while_enrolling_are_five_tries() {
    const PAUSED: &str = "You can enter a code again at";
    let gateway = Gateway::start(&["hana"], &[], "").await;
    let choose = async || {
        let browser = gateway.browser(Speaks::Http1, "en");
        let page = steps::first_sign_in(&gateway, &browser, "hana").await;
        let page = steps::begin_enrolment(&browser, &page).await;
        let before = gateway.inbox.newest().await;
        let page = steps::choose(&browser, &page, "sms", "090-1234-5678").await;
        (browser, page, gateway.inbox.code_after(before, "sms").await.code())
    };
    let (browser, page, code) = choose().await;
    let guesses: Vec<String> = (0..MANY).map(|n| format!("{n:06}")).filter(|guess| *guess != code).collect();
    all_at_once(&browser, &page, &guesses).await;

    // A pause that begins with the fifth try lasts a quarter of an hour; after ten it would be half an hour.
    gateway.clock.advance(CODE_PAUSE_FIRST.checked_sub(Duration::from_millis(1)).unwrap());
    let (browser, page, code) = choose().await;
    let page = steps::code(&browser, &page, &code, false).await;
    assert!(page.text().contains(PAUSED), "a sign-in begun anew: {}", page.text());
    gateway.clock.advance(Duration::from_millis(1));
    let page = steps::code(&browser, &page, &code, false).await;
    assert!(!page.text().contains(PAUSED) && page.text().contains("Choose a backup"), "{}", page.text());
}
