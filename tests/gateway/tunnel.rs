//! WebSockets end with the session that opened them.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    steps,
    support::{
        browser::{Browser, Speaks},
        gateway::Gateway,
    },
};

const LIVE: &str = "[[rule]]\npath = \"/ws\"\naccess = \"signed-in\"\nwebsocket = true\n";
const HELLO: &[u8] = b"\x81\x05hello";
/// 1001, "idle".
const IDLE: &[u8] = b"\x88\x06\x03\xe9idle";
/// 1008, "session ended".
const LAST_WORD: &[u8] = b"\x88\x0f\x03\xf0session ended";

async fn signed_in(gateway: &Gateway) -> Browser {
    // A code of the app works once.
    gateway.clock.advance(Duration::from_secs(30));
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(gateway, &browser, "old", &gateway.secrets[0]).await;
    browser
}

async fn open(browser: &Browser) -> reqwest::Upgraded {
    let mut tunnel = browser.websocket("/ws/orders").await;
    tunnel.write_all(HELLO).await.unwrap();
    let mut echoed = [0; HELLO.len()];
    tunnel.read_exact(&mut echoed).await.unwrap();
    assert_eq!(echoed, HELLO);
    tunnel
}

/// Everything that still comes; a test that hangs here has found a tunnel that outlives its session.
async fn rest(mut tunnel: reqwest::Upgraded) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), tunnel.read_to_end(&mut bytes)).await;
    drop(read.expect("the tunnel is still open"));
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_ends_when_its_person_signs_out() {
    let gateway = Gateway::start(&[], &["old"], LIVE).await;
    let browser = signed_in(&gateway).await;
    let other = signed_in(&gateway).await;
    let (ended, goes_on) = (open(&browser).await, open(&other).await);
    assert_eq!(gateway.upstream.last().one("x-sekisho-user"), "old");
    steps::sign_out(&browser).await;
    assert_eq!(rest(ended).await, LAST_WORD);
    drop(goes_on);
    open(&other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_ends_when_an_operator_ends_the_session_and_when_nobody_asks_for_anything() {
    let gateway = Gateway::start(&[], &["old"], LIVE).await;
    let browser = signed_in(&gateway).await;
    let tunnel = open(&browser).await;
    let account = gateway.app().find_account("old").await.unwrap().unwrap().account.id;
    gateway.app().end_sessions(account).await.unwrap().unwrap();
    assert_eq!(rest(tunnel).await, LAST_WORD);

    let browser = signed_in(&gateway).await;
    let tunnel = open(&browser).await;
    gateway.clock.advance(Duration::from_mins(61));
    assert_eq!(rest(tunnel).await, LAST_WORD, "messages are no requests: the session ended for idleness");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_opens_only_where_a_rule_says_so_and_closes_when_it_is_silent_too_long() {
    let rules = "[[rule]]\npath = \"/ws\"\naccess = \"signed-in\"\nwebsocket = true\nidle_timeout = \"1s\"\n";
    let gateway = Gateway::start(&[], &["old"], rules).await;
    let browser = signed_in(&gateway).await;
    let before = gateway.upstream.seen().len();
    assert_eq!(browser.refused_websocket("/orders/ws").await, 403);
    assert_eq!(gateway.upstream.seen().len(), before, "nothing reached the console");
    assert_eq!(rest(open(&browser).await).await, IDLE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_waits_for_a_slow_answer_as_long_as_its_rule_says() {
    let rules = "[[rule]]\npath = \"/never\"\naccess = \"signed-in\"\nidle_timeout = \"1s\"\n";
    let gateway = Gateway::start(&[], &["old"], rules).await;
    let browser = signed_in(&gateway).await;
    let answer = browser.fetch("/never-answered").await;
    assert_eq!(answer.status, 200, "another path: {}", answer.text());
    gateway.upstream.hang("/never");
    let answer = browser.fetch("/never").await;
    assert_eq!(answer.status, 504, "{}", answer.text());
}
