//! The signed statement as a console checks it: by the published keys alone, with a verifier that shares nothing with the
//! gateway but the format.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use sekisho::{account::Group, clock::Clock as _, store::AccountEdit};
use serde_json::{Value, json};

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Speaks},
        gateway::Gateway,
        verifier::Verifier,
    },
};

const HEADER: &str = "x-sekisho-assertion";
const DAY: Duration = Duration::from_hours(24);

/// What the console was sent for the last request.
fn sent(gateway: &Gateway) -> String {
    gateway.upstream.last().one(HEADER).to_owned()
}

async fn signed_in(gateway: &Gateway) -> Browser {
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(gateway, &browser, "old", &gateway.secrets[0]).await;
    browser
}

async fn set_groups(gateway: &Gateway, groups: Vec<Group>) {
    let account = gateway.app().find_account("old").await.unwrap().unwrap().account;
    let edit = AccountEdit { user_name: None, email: None, display_name: None, groups: Some(groups), language: None };
    gateway.app().edit_account(&account, &edit).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_checks_who_is_there_with_the_published_keys_alone() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let verifier = Verifier::of(&gateway).await;
    assert_eq!(verifier.keys(), 1, "published before anybody signs in");
    let start = gateway.clock.now().as_secs();
    let browser = signed_in(&gateway).await;
    let first = sent(&gateway);
    let said = verifier.verify(&gateway, &first).unwrap();
    let request = gateway.upstream.last();
    assert_eq!(said["preferred_username"], request.one("x-sekisho-user"));
    assert_eq!(said["email"], request.one("x-sekisho-email"));
    assert_eq!(said["acr"], request.one("x-sekisho-session-level"));
    let groups: Vec<&str> = said["groups"].as_array().unwrap().iter().map(|group| group.as_str().unwrap()).collect();
    assert_eq!(groups.join(","), request.one("x-sekisho-groups"));
    let account = gateway.app().find_account("old").await.unwrap().unwrap().account;
    assert_eq!(said["sub"], account.id.to_string());
    assert_eq!(said["amr"], json!(["pwd", "otp", "mfa"]));
    for (name, at) in [("iat", start), ("nbf", start), ("exp", start + 60), ("auth_time", start), ("mfa_at", start)] {
        assert_eq!(said[name], at, "{name}");
    }
    let cookie = browser.cookie("__Host-sekisho").expect("a session").value;
    assert!(!request.contains(&cookie));

    gateway.clock.advance(Duration::from_secs(29));
    browser.open("/orders").await;
    assert_eq!(sent(&gateway), first, "one for each half lifetime");
    gateway.clock.advance(Duration::from_secs(1));
    browser.open("/orders").await;
    let second = verifier.verify(&gateway, &sent(&gateway)).unwrap();
    assert_eq!((&second["sid"], &second["auth_time"]), (&said["sid"], &said["auth_time"]), "the same session");
    assert_ne!(second["jti"], said["jti"]);
    assert!(verifier.verify(&gateway, &first).is_ok());
    gateway.clock.advance(Duration::from_secs(30));
    assert_eq!(verifier.verify(&gateway, &first), Err("not valid now"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_changed_or_is_for_another_console_is_refused() {
    let gateway = Gateway::start(&[], &["old"], "[assertion]\naudience = \"https://a.internal\"\n").await;
    let mut verifier = Verifier::of(&gateway).await;
    signed_in(&gateway).await;
    let token = sent(&gateway);
    assert_eq!(verifier.verify(&gateway, &token), Err("from or for somebody else"), "of another console");
    "https://a.internal".clone_into(&mut verifier.audience);
    let said = verifier.verify(&gateway, &token).unwrap();

    let (header, signature) = (token.split('.').next().unwrap(), token.rsplit('.').next().unwrap());
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    for (claim, other) in [("sub", json!("boss")), ("acr", json!("3")), ("exp", json!(4_000_000_000_u64))] {
        let mut changed = said.clone();
        changed[claim] = other;
        let forged = format!("{header}.{}.{signature}", encode(&changed));
        assert_eq!(verifier.verify(&gateway, &forged), Err("a wrong signature"), "{claim}");
    }
    let claims = token.split('.').nth(1).unwrap();
    let unsigned = format!("{header}.{claims}.");
    assert_eq!(verifier.verify(&gateway, &unsigned), Err("a wrong signature"));
    let none = encode(&json!({ "alg": "none", "typ": "sekisho-assertion+jwt" }));
    assert_eq!(verifier.verify(&gateway, &format!("{none}.{claims}.")), Err("another kind of token"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_can_send_one_under_any_spelling() {
    let rules = "[assertion]\nheader = \"X-Who-Is-There\"\n[[rule]]\npath = \"/static\"\naccess = \"public\"\n";
    let gateway = Gateway::start(&[], &["old"], rules).await;
    let spellings =
        ["x-who-is-there", "X-WHO-IS-THERE", "x.who.is.there", "x-sekisho-assertion", "x.sekisho~assertion"];
    let mut headers = HeaderMap::new();
    for name in spellings {
        headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_static("forged"));
    }
    let nobody = gateway.browser(Speaks::Http1, "en");
    let answer = nobody.send(Method::GET, "/static/app.css", headers.clone(), None).await;
    assert_eq!(answer.status, 200);
    let seen = gateway.upstream.last();
    assert!(!seen.contains("forged") && seen.all("x-who-is-there").is_empty(), "{:?}", seen.headers);

    let browser = signed_in(&gateway).await;
    browser.send(Method::GET, "/orders", headers, None).await;
    let seen = gateway.upstream.last();
    assert!(seen.line.starts_with("GET /orders ") && !seen.contains("forged"), "{:?}", seen.headers);
    Verifier::of(&gateway).await.verify(&gateway, seen.one("x-who-is-there")).unwrap();
    assert!(seen.all(HEADER).is_empty());
    let mut folded = HeaderMap::new();
    folded.insert("x_who_is_there", HeaderValue::from_static("forged"));
    browser.send(Method::GET, "/orders", folded, None).await;
    assert!(!gateway.upstream.last().contains("forged"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_presented_back_opens_nothing_and_none_is_made_after_the_sign_out() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = signed_in(&gateway).await;
    let token = sent(&gateway);
    let reached = gateway.upstream.seen().len();
    for cookie in ["__Host-sekisho", "__Host-sekisho-signin", "__Host-sekisho-device"] {
        let thief = gateway.browser(Speaks::Http1, "en");
        thief.plant(cookie, &token);
        assert_eq!(thief.fetch("/orders").await.status, 401, "{cookie}");
        assert_eq!(thief.open("/.sekisho/settings").await.url.path(), "/.sekisho/sign-in", "{cookie}");
    }
    let thief = gateway.browser(Speaks::Http1, "en");
    for (name, value) in [("authorization", format!("Bearer {token}")), (HEADER, token.clone())] {
        let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::try_from(value).unwrap())]);
        assert_eq!(thief.send(Method::GET, "/orders", headers, None).await.status, 401, "{name}");
    }
    let session = browser.cookie("__Host-sekisho").expect("a session").value;
    steps::sign_out(&browser).await;
    browser.plant("__Host-sekisho", &session);
    assert_eq!(browser.fetch("/orders").await.status, 401);
    assert_eq!(gateway.upstream.seen().len(), reached, "the console heard of none of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_device_says_that_no_code_was_given_and_when_the_last_one_was() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let verifier = Verifier::of(&gateway).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let page = steps::password(&browser, &page, "old").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::code(&browser, &page, &code, true).await;
    let with_code = verifier.verify(&gateway, &sent(&gateway)).unwrap();
    steps::sign_out(&browser).await;
    gateway.clock.advance(Duration::from_hours(1));
    let page = browser.open("/").await;
    steps::password(&browser, &page, "old").await;
    let trusted = verifier.verify(&gateway, &sent(&gateway)).unwrap();
    assert_eq!((&trusted["amr"], &trusted["acr"]), (&json!(["pwd"]), &json!("1")));
    assert_eq!(trusted["mfa_at"], with_code["mfa_at"]);
    assert_eq!(trusted["auth_time"], gateway.clock.now().as_secs());
    assert_eq!(trusted["sub"], with_code["sub"]);
    assert_ne!(trusted["sid"], with_code["sid"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_groups_are_in_the_next_request_and_too_many_are_refused_rather_than_left_out() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let verifier = Verifier::of(&gateway).await;
    let browser = signed_in(&gateway).await;
    let before = verifier.verify(&gateway, &sent(&gateway)).unwrap();
    set_groups(&gateway, vec![Group::parse("payments").unwrap()]).await;
    browser.open("/orders").await;
    let after = verifier.verify(&gateway, &sent(&gateway)).unwrap();
    assert_eq!((&after["groups"], &after["sid"]), (&json!(["payments"]), &before["sid"]));

    let reached = gateway.upstream.seen().len();
    set_groups(&gateway, (0..1000).map(|n| Group::parse(&format!("group-{n}")).unwrap()).collect()).await;
    assert_eq!(browser.open("/orders").await.status, 503);
    assert_eq!(browser.fetch("/orders").await.status, 503);
    assert_eq!(gateway.upstream.seen().len(), reached, "nothing is forwarded without it");
    set_groups(&gateway, Vec::new()).await;
    assert_eq!(browser.open("/orders").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switched_off_there_is_none_and_a_sent_one_still_goes() {
    let gateway = Gateway::start(&[], &["old"], "[assertion]\nenabled = false\n").await;
    assert_eq!(Verifier::of(&gateway).await.keys(), 0);
    let browser = signed_in(&gateway).await;
    let headers = HeaderMap::from_iter([(HeaderName::from_static(HEADER), HeaderValue::from_static("forged"))]);
    browser.send(Method::GET, "/orders", headers, None).await;
    let seen = gateway.upstream.last();
    assert!(seen.all(HEADER).is_empty() && !seen.all("x-sekisho-user").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_change_and_whoever_fetches_them_once_a_day_never_refuses_anybody() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let mut yesterday = Verifier::of(&gateway).await;
    let mut signed_by = Vec::new();
    for day in 0..70 {
        gateway.app().roll_signing_keys().await.unwrap();
        let today = Verifier::of(&gateway).await;
        if [0, 1, 28, 29, 30, 31, 32, 58, 59, 60, 61, 69].contains(&day) {
            signed_in(&gateway).await;
            let token = sent(&gateway);
            yesterday.verify(&gateway, &token).unwrap_or_else(|why| panic!("day {day}: {why}"));
            today.verify(&gateway, &token).unwrap_or_else(|why| panic!("day {day}: {why}"));
            signed_by.push(token.split('.').next().unwrap().to_owned());
        }
        assert!((1..=2).contains(&today.keys()), "day {day}: {}", today.set);
        yesterday = today;
        gateway.clock.advance(DAY);
    }
    signed_by.dedup();
    assert_eq!(signed_by.len(), 3, "thirty days each");
}
