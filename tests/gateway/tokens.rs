//! Scripts that show an access token, as the console and the script see it.

use std::time::Duration;

use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderMap},
};
use sekisho::{
    app::{MadeToken, TokenOrder},
    secret::ExposeSecret as _,
    session::TokenScope,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    steps,
    support::{
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
    },
};

async fn made(gateway: &Gateway, paths: &[&str], methods: &[&str]) -> MadeToken {
    let text = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let scope = TokenScope { paths: text(paths), methods: text(methods), networks: Vec::new() };
    let order = TokenOrder { label: "import".to_owned(), scope, lifetime: Duration::from_hours(24) };
    let account = gateway.app().find_account("old").await.unwrap().unwrap().account;
    gateway.app().create_token(&account, order).await.unwrap().unwrap()
}

async fn call(client: &Browser, method: Method, place: &str, authorization: &[&str]) -> Page {
    let mut headers = HeaderMap::new();
    headers.insert("accept", "text/html".parse().unwrap());
    for value in authorization {
        headers.append("authorization", value.parse().unwrap());
    }
    client.send(method, place, headers, None).await
}

fn bearer(made: &MadeToken) -> String {
    format!("Bearer {}", made.text.expose_secret())
}

fn told(page: &Page) -> Value {
    assert_eq!(page.header("content-type"), "application/problem+json");
    assert_eq!(page.header("cache-control"), "no-store");
    let body: Value = serde_json::from_str(&page.body).expect("JSON");
    assert_eq!(body["status"], page.status);
    assert_eq!(body["reference"], page.header("x-request-id"));
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_is_told_whose_token_it_is_and_never_the_token() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let made = made(&gateway, &["/api"], &["GET", "POST"]).await;
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let script = gateway.browser(speaks, "en");
        let answer = call(&script, Method::GET, "/api/orders?x=1", &[&bearer(&made)]).await;
        assert_eq!(answer.status, 200);
        let request = gateway.upstream.last();
        assert!(request.line.starts_with("GET /api/orders?x=1 "));
        assert_eq!((request.one("x-sekisho-user"), request.one("x-sekisho-session-level")), ("old", "1"));
        assert!(request.all("authorization").is_empty() && !request.contains("sekisho_"), "{request:?}");
        let claims = request.one("x-sekisho-assertion").split('.').nth(1).unwrap().to_owned();
        let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["token_id"], made.token.id.to_string());
        assert_eq!((&claims["sub"], &claims["acr"]), (&made.token.account.to_string().into(), &"1".into()));
        for absent in ["sid", "amr", "auth_time", "mfa_at"] {
            assert!(claims.get(absent).is_none(), "{absent}: nobody has signed in");
        }
        assert!(script.cookies().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_is_told_what_is_wrong_with_its_token() {
    let rules = "[[rule]]\npath = \"/api/payouts\"\naccess = \"fresh\"\n";
    let gateway = Gateway::start(&[], &["old"], rules).await;
    let made = made(&gateway, &["/api"], &["GET"]).await;
    let script = gateway.browser(Speaks::Http1, "en");
    let before = gateway.upstream.seen().len();
    let good = bearer(&made);
    let bent = format!("{}0", good.trim_end_matches('0'));
    let cases: &[(&str, &[&str], u16, &str)] = &[
        ("/api", &[&bent], 401, "invalid_token"),
        ("/api", &["Bearer sekisho_1_x"], 401, "invalid_token"),
        ("/api", &[&good, &good], 401, "invalid_token"),
        ("/api", &["Basic eDp5", &good], 401, "invalid_token"),
        ("/orders", &[&good], 403, "insufficient_scope"),
        ("/api/payouts", &[&good], 403, "insufficient_scope"),
    ];
    for (place, shown, status, error) in cases {
        let answer = call(&script, Method::GET, place, shown).await;
        assert_eq!(answer.status, *status, "{place} {error}");
        let challenge = answer.header("www-authenticate").to_owned();
        assert!(challenge.starts_with(&format!("Bearer realm=\"sekisho\", error=\"{error}\"")), "{challenge}");
        let body = told(&answer);
        assert_eq!((&body["error"], &body["type"]), (&(*error).into(), &format!("urn:sekisho:problem:{error}").into()));
        assert!(body["detail"].is_string() && body.get("sign_in_url").is_none());
    }
    assert_eq!(call(&script, Method::POST, "/api", &[&good]).await.status, 403);
    let none = call(&script, Method::GET, "/api", &["Bearer of-the-console"]).await;
    assert_eq!(none.status, 303, "what is not ours changes nothing: this client takes pages");
    gateway.app().revoke_token(made.token.id).await.unwrap().unwrap();
    assert_eq!(told(&call(&script, Method::GET, "/api", &[&good]).await)["error"], "invalid_token");
    assert_eq!(gateway.upstream.seen().len(), before, "nothing reached the console");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_beside_a_session_decides_alone_and_leaves_the_session_as_it_is() {
    let rules = "[console]\nsign_out = \"/logout\"\n";
    let gateway = Gateway::start(&[], &["old"], rules).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let made = made(&gateway, &["/api", "/logout"], &["GET"]).await;
    let (good, bad) = (bearer(&made), "Bearer sekisho_1_x_00000000");
    assert_eq!(call(&browser, Method::GET, "/orders", &[&good]).await.status, 403, "the cookie would open it");
    assert_eq!(call(&browser, Method::GET, "/api", &[bad]).await.status, 401, "never the cookie in its place");
    assert_eq!(call(&browser, Method::GET, "/logout", &[&good]).await.status, 200);
    let console_own = call(&browser, Method::GET, "/orders", &["Basic aGFuYWtvOnB3"]).await;
    assert_eq!(console_own.status, 200, "the session goes on");
    let request = gateway.upstream.last();
    assert_eq!(request.one("authorization"), "Basic aGFuYWtvOnB3", "the console's own header passes");
    assert_eq!(request.one("x-sekisho-session-level"), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_anything_to_show_a_program_is_told_where_to_sign_in() {
    let gateway = Gateway::start(&[], &["old"], "[[rule]]\npath = \"/closed\"\naccess = \"deny\"\n").await;
    let script = gateway.browser(Speaks::Http2, "en");
    let answer = script.fetch("/api/orders").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"sekisho\"");
    let body = told(&answer);
    assert_eq!(body["error"], "sign_in_required");
    assert_eq!(body["sign_in_url"], format!("{}/.sekisho/sign-in", gateway.settings.url()));
    let refused = script.fetch("/closed").await;
    assert_eq!(refused.status, 403);
    let body = told(&refused);
    assert_eq!((&body["type"], &body["title"]), (&"about:blank".into(), &"Forbidden".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_ends_with_the_token_that_opened_it() {
    let live = "[[rule]]\npath = \"/ws\"\naccess = \"signed-in\"\nwebsocket = true\n";
    let gateway = Gateway::start(&[], &["old"], live).await;
    let made = made(&gateway, &["/ws"], &["GET"]).await;
    let script = gateway.browser(Speaks::Http1, "en");
    let shown = bearer(&made).parse().unwrap();
    let mut tunnel = script.tunnel("/ws/orders", [(AUTHORIZATION, shown)]).await;
    assert_eq!(gateway.upstream.last().one("x-sekisho-user"), "old");
    tunnel.write_all(b"\x81\x05hello").await.unwrap();
    let mut echoed = [0; 7];
    tunnel.read_exact(&mut echoed).await.unwrap();
    gateway.app().revoke_token(made.token.id).await.unwrap().unwrap();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), tunnel.read_to_end(&mut rest)).await;
    drop(read.expect("the tunnel is still open"));
    assert_eq!(rest, b"\x88\x0f\x03\xf0session ended");
}
