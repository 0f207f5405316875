//! A console on several addresses: turns, failures, what is sent again and what never is.

use std::{net::SocketAddr, time::Duration};

use http::{HeaderMap, Method};

use crate::steps;
use crate::support::{
    browser::{Browser, Page, Speaks},
    eventually, free_address,
    gateway::Gateway,
    settings::{MAIL, QUICK_PASSWORDS},
    upstream::Upstream,
};

const PUBLIC: &str = "[[rule]]\npath = \"/\"\naccess = \"public\"\n";

/// In front of a console at these addresses, with these keys beside them.
async fn in_front_of(addresses: &[SocketAddr], keys: &str) -> Gateway {
    let urls: Vec<_> = addresses.iter().map(|address| format!("\"http://{address}\"")).collect();
    let urls = format!("url = [{}]\n{keys}", urls.join(", "));
    Gateway::start_with(&[], &[], |text| {
        let url = text.lines().find(|line| line.starts_with("url = \"http://")).unwrap().to_owned();
        format!("{}{QUICK_PASSWORDS}{MAIL}{PUBLIC}", text.replace(&url, &urls))
    })
    .await
}

/// In front of these consoles, each with its keys.
async fn in_front_of_several(consoles: &[(SocketAddr, &str)], enrolled: &[&str]) -> Gateway {
    in_front_of_several_with(consoles, enrolled, "").await
}

/// The same with more tables.
async fn in_front_of_several_with(consoles: &[(SocketAddr, &str)], enrolled: &[&str], more: &str) -> Gateway {
    let table = |(address, keys): &(SocketAddr, &str)| format!("[[upstream]]\n{keys}\nurl = \"http://{address}\"\n");
    let tables: String = consoles.iter().map(table).collect();
    Gateway::start_with(&[], enrolled, |text| {
        let url = text.lines().find(|line| line.starts_with("url = \"http://")).unwrap().to_owned();
        format!("{}{QUICK_PASSWORDS}{MAIL}{more}", text.replace(&format!("[upstream]\n{url}\n"), &tables))
    })
    .await
}

async fn asks(browser: &Browser, method: Method, body: Option<&str>) -> Page {
    browser.send(method, "/orders", HeaderMap::new(), body.map(str::to_owned)).await
}

fn lines(console: &Upstream) -> Vec<String> {
    console.seen().into_iter().map(|request| request.line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_take_turns_and_one_that_is_down_is_passed_over() {
    let (one, two) = (Upstream::start(), Upstream::start());
    let gateway = in_front_of(&[one.address, free_address(), two.address], "").await;
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let browser = gateway.browser(speaks, "en");
        for _ in 0..6 {
            assert_eq!(asks(&browser, Method::GET, None).await.status, 200);
            let page = asks(&browser, Method::POST, Some("a=b")).await;
            assert_eq!(page.status, 200, "nothing was sent yet, so another address may be tried: {}", page.text());
        }
    }
    let (one, two) = (one.seen(), two.seen());
    assert_eq!(one.len() + two.len(), 24, "each arrived once");
    assert!(one.len() >= 6 && two.len() >= 6, "{} and {}", one.len(), two.len());
    for post in one.iter().chain(&two).filter(|request| request.line.starts_with("POST")) {
        assert_eq!(post.body, b"a=b", "whole");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_fails_is_left_out_and_comes_back() {
    let (there, away) = (Upstream::start(), free_address());
    let gateway = in_front_of(&[there.address, away], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    for _ in 0..8 {
        assert_eq!(asks(&browser, Method::GET, None).await.status, 200);
    }
    let back = Upstream::at(away);
    for _ in 0..8 {
        assert_eq!(asks(&browser, Method::GET, None).await.status, 200);
    }
    assert!(back.seen().is_empty(), "it is left out after three failures: {:?}", lines(&back));
    gateway.clock.advance(Duration::from_secs(10));
    for _ in 0..8 {
        assert_eq!(asks(&browser, Method::GET, None).await.status, 200);
    }
    assert_eq!(back.seen().len(), 4, "it answers, so it takes its turns again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_is_sent_again_only_when_that_does_no_harm() {
    let (one, two) = (Upstream::start(), Upstream::start());
    one.cut("/orders");
    two.cut("/orders");
    let gateway = in_front_of(&[one.address, two.address], "max_fails = 0\n").await;
    let arrived = || one.seen().len() + two.seen().len();
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let browser = gateway.browser(speaks, "en");
        for (method, body, times) in [
            (Method::GET, None, 2),
            (Method::DELETE, None, 2),
            (Method::POST, None, 1),
            (Method::PATCH, None, 1),
            (Method::POST, Some("amount=5"), 1),
            (Method::PUT, Some("amount=5"), 1),
            (Method::DELETE, Some("amount=5"), 1),
        ] {
            let before = arrived();
            let page = asks(&browser, method.clone(), body).await;
            assert_eq!(page.status, 502, "{speaks:?} {method} {body:?}");
            assert_eq!(arrived() - before, times, "{speaks:?} {method} {body:?}: {:?} {:?}", lines(&one), lines(&two));
        }
    }
    two.answer("/orders", "200 OK", &[]);
    let browser = gateway.browser(Speaks::Http1, "en");
    for _ in 0..4 {
        assert_eq!(asks(&browser, Method::GET, None).await.status, 200, "the other one answers");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_does_not_answer_is_a_page_with_a_reference() {
    let gateway = in_front_of(&[free_address(), free_address()], "").await;
    for (languages, says) in [("en", "Reference number"), ("ja", "お問い合わせ番号")] {
        let page = gateway.browser(Speaks::Http1, languages).visit("/orders").await;
        assert_eq!((page.status, page.text().contains(says)), (502, true), "{}", page.text());
    }
    let (one, two) = (Upstream::start(), Upstream::start());
    one.hang("/orders");
    two.hang("/orders");
    let gateway = in_front_of(&[one.address, two.address], "read_timeout = \"1s\"\n").await;
    for (languages, says) in [("en", "Reference number"), ("ja", "お問い合わせ番号")] {
        let page = gateway.browser(Speaks::Http1, languages).visit("/orders").await;
        assert_eq!((page.status, page.text().contains(says)), (504, true), "{}", page.text());
    }
    assert_eq!(one.seen().len() + two.seen().len(), 2, "whoever takes too long is not asked once more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_path_has_its_console_and_no_spelling_leads_past_it() {
    let (orders, reports, rest) = (Upstream::start(), Upstream::start(), Upstream::start());
    let consoles = [
        (orders.address, "path = \"/orders\"\nhost_header = \"orders.internal\""),
        (reports.address, "path = \"/reports\"\naudience = \"https://reports.internal\""),
        (rest.address, ""),
    ];
    let gateway = in_front_of_several(&consoles, &["old"]).await;
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let stranger = gateway.browser(speaks, "en");
        for path in ["/orders", "/reports", "/"] {
            assert_eq!(stranger.visit(path).await.status, 303, "{path} needs a session like any other");
        }
        let browser = gateway.browser(speaks, "en");
        steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
        for (path, console) in [
            ("/orders", &orders),
            ("/orders/7?x=/reports", &orders),
            ("/%6frders;v=1/7", &orders),
            ("/reports", &reports),
            ("/reportsx", &rest),
            ("/", &rest),
        ] {
            let before = [&orders, &reports, &rest].map(|console| console.seen().len());
            assert_eq!(browser.open(path).await.status, 200, "{path}");
            let after = [&orders, &reports, &rest].map(|console| console.seen().len());
            assert_eq!(after.iter().sum::<usize>(), before.iter().sum::<usize>() + 1, "{path}: one console was asked");
            assert_eq!(console.last().line, format!("GET {path} HTTP/1.1"), "the path as it came");
        }
        gateway.clock.advance(Duration::from_secs(30));
    }
    let authority = gateway.settings.url().trim_start_matches("https://").to_owned();
    assert_eq!((orders.last().one("host"), rest.last().one("host")), ("orders.internal", authority.as_str()));
}

/// A console that got a statement could else show it to another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_for_one_console_is_for_no_other() {
    let (orders, reports, rest) = (Upstream::start(), Upstream::start(), Upstream::start());
    let consoles = [
        (orders.address, "path = \"/orders\""),
        (reports.address, "path = \"/reports\"\naudience = \"https://reports.internal\""),
        (rest.address, ""),
    ];
    let gateway = in_front_of_several(&consoles, &["old"]).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let public = gateway.settings.url();
    for _ in 0..2 {
        for (path, console, audience) in [
            ("/orders/1", &orders, format!("{public}/orders")),
            ("/reports", &reports, "https://reports.internal".to_owned()),
            ("/", &rest, public.clone()),
        ] {
            browser.open(path).await;
            let request = console.last();
            let claims = request.one("x-sekisho-assertion").split('.').nth(1).unwrap();
            let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
            let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
            assert_eq!((&claims["aud"], &claims["iss"]), (&audience.into(), &public.clone().into()), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_is_down_takes_no_other_with_it() {
    let rest = Upstream::start();
    let gateway = in_front_of_several(&[(free_address(), "path = \"/orders\""), (rest.address, "")], &["old"]).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    for _ in 0..4 {
        assert_eq!(browser.visit("/orders").await.status, 502);
        assert_eq!(browser.visit("/x").await.status, 200);
    }
    assert!(lines(&rest).iter().all(|line| !line.contains("/orders")), "{:?}", lines(&rest));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_stays_at_its_address_while_that_answers() {
    let consoles = [Upstream::start(), Upstream::start(), Upstream::start()];
    let urls: Vec<_> = consoles.iter().map(|console| format!("\"http://{}\"", console.address)).collect();
    let people = ["hana", "taro", "jiro", "yuki", "sora", "mio"];
    let gateway = Gateway::start_with(&[], &people, |text| {
        let url = text.lines().find(|line| line.starts_with("url = \"http://")).unwrap().to_owned();
        let keys = format!("balance = \"account\"\nmax_fails = 1\nurl = [{}]", urls.join(", "));
        format!("{}{QUICK_PASSWORDS}{MAIL}", text.replace(&url, &keys))
    })
    .await;
    let counts = || consoles.each_ref().map(|console| console.seen().len());
    for (name, secret) in people.iter().zip(&gateway.secrets) {
        let mut hers = None;
        for speaks in [Speaks::Http1, Speaks::Http2] {
            let browser = gateway.browser(speaks, "en");
            steps::sign_in(&gateway, &browser, name, secret).await;
            for _ in 0..3 {
                let before = counts();
                assert_eq!(browser.open("/orders").await.status, 200);
                let after = counts();
                let at = (0..3).find(|at| after[*at] > before[*at]).unwrap();
                assert_eq!(*hers.get_or_insert(at), at, "{name} stays, on every browser");
            }
            gateway.clock.advance(Duration::from_secs(30));
        }
        let at = hers.unwrap();
        consoles[at].cut("/down");
        let browser = gateway.browser(Speaks::Http1, "en");
        steps::sign_in(&gateway, &browser, name, secret).await;
        let before = counts();
        browser.open("/down").await;
        assert!(counts()[at] > before[at], "its own was asked");
        let before = counts();
        assert_eq!(browser.open("/orders").await.status, 200, "another one answers");
        assert_eq!(counts()[at], before[at], "its own is left out");
        gateway.clock.advance(Duration::from_secs(30));
        assert_eq!(browser.open("/orders").await.status, 200);
        assert_eq!(counts()[at], before[at] + 1, "back where it was");
    }
}

/// Until a console was asked for its health so often once more that the gateway has believed it.
async fn checked(console: &Upstream) {
    let checks = || lines(console).iter().filter(|line| line.starts_with("GET /healthz")).count();
    let enough = checks() + 4;
    eventually("checks", async || (checks() >= enough).then_some(())).await;
}

fn orders(console: &Upstream) -> usize {
    lines(console).iter().filter(|line| line.contains(" /orders")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_pass_its_checks_gets_no_request_and_people_are_told_at_once() {
    let (one, two) = (Upstream::start(), Upstream::start());
    let health = "health = { path = \"/healthz\", every = \"100ms\", fails = 2 }\n";
    let gateway = in_front_of(&[one.address, two.address], health).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    for _ in 0..4 {
        assert_eq!(asks(&browser, Method::GET, None).await.status, 200);
    }
    assert_eq!((orders(&one), orders(&two)), (2, 2), "both are up");

    one.answer("/healthz", "500 Internal Server Error", &[]);
    checked(&one).await;
    for _ in 0..4 {
        assert_eq!(asks(&browser, Method::GET, None).await.status, 200);
    }
    assert_eq!((orders(&one), orders(&two)), (2, 6), "one of them is left out");

    two.cut("/healthz");
    checked(&two).await;
    for (languages, says) in [("en", "isn't available right now"), ("ja", "ご利用いただけません")] {
        let page = gateway.browser(Speaks::Http1, languages).visit("/orders").await;
        let text = page.text();
        assert_eq!((page.status, text.contains(says)), (503, true), "{text}");
        assert_eq!(page.header("retry-after"), "5");
        assert!(!page.header("x-request-id").is_empty());
    }
    assert_eq!(browser.fetch("/orders").await.status, 503);
    assert_eq!((orders(&one), orders(&two)), (2, 6), "nobody was asked");

    one.answer("/healthz", "302 Found", &[("location", "/elsewhere")]);
    checked(&one).await;
    assert_eq!(asks(&browser, Method::GET, None).await.status, 200, "it is back");
    assert_eq!((orders(&one), orders(&two)), (3, 6));
    for check in one.seen().iter().chain(&two.seen()).filter(|request| request.line.contains("/healthz")) {
        let names: Vec<_> = check.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), 5, "{names:?}");
        for name in ["host", "user-agent", "accept", "x-forwarded-proto", "connection"] {
            check.one(name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_hangs_is_one_that_failed_and_holds_up_no_other() {
    let (one, two) = (Upstream::start(), Upstream::start());
    one.hang("/healthz");
    let health = "health = { path = \"/healthz\", every = \"100ms\", timeout = \"100ms\", fails = 2 }\n";
    let gateway = in_front_of(&[one.address, two.address], health).await;
    checked(&two).await;
    checked(&one).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    for _ in 0..4 {
        assert_eq!(asks(&browser, Method::GET, None).await.status, 200);
    }
    assert_eq!((orders(&one), orders(&two)), (0, 4), "the one that hangs is left out");
    one.answer("/healthz", "204 No Content", &[]);
    checked(&one).await;
    for _ in 0..4 {
        assert_eq!(asks(&browser, Method::GET, None).await.status, 200);
    }
    assert_eq!((orders(&one), orders(&two)), (2, 6), "it is back");
}

/// What an old console wants to see of everybody who comes through the gateway.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_sees_its_credentials_of_people_who_are_signed_in_alone() {
    let (console, rest) = (Upstream::start(), Upstream::start());
    let credentials = "path = \"/orders\"\n\
        credential = [\n\
        { groups = [\"audit\", \"payments\"], user = \"boss\", password = \"open sesame\" },\n\
        { user = \"clerk\", password = \"open sesame\" },\n\
        { groups = [\"nobody\"], header = \"X-Desk\", value = \"9\" },\n\
        { header = \"X-Api-Key\", value = \"k-123\" }]";
    let public = "[[rule]]\npath = \"/orders/public\"\naccess = \"public\"\n";
    let consoles = [(console.address, credentials), (rest.address, "")];
    let gateway = in_front_of_several_with(&consoles, &["old"], public).await;
    let theirs = || {
        let mut fields = HeaderMap::new();
        for name in ["authorization", "x-api-key", "x_api_key", "x-desk"] {
            fields.insert(http::HeaderName::from_static(name), http::HeaderValue::from_static("Basic dGhlaXJzOng="));
        }
        fields
    };
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let browser = gateway.browser(speaks, "en");
        assert_eq!(browser.send(Method::GET, "/orders/public", theirs(), None).await.status, 200);
        let seen = console.last();
        for name in ["authorization", "x-api-key", "x_api_key", "x-desk"] {
            assert!(seen.all(name).is_empty(), "{speaks:?}: without a session nothing, theirs included: {name}");
        }
        steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
        assert_eq!(browser.send(Method::GET, "/orders", theirs(), None).await.status, 200);
        let seen = console.last();
        assert_eq!(seen.one("authorization"), "Basic Ym9zczpvcGVuIHNlc2FtZQ==", "of the first group that fits");
        assert_eq!(seen.one("x-api-key"), "k-123");
        assert!(seen.all("x_api_key").is_empty() && seen.all("x-desk").is_empty());
        browser.send(Method::GET, "/other", theirs(), None).await;
        let seen = rest.last();
        assert!(!seen.contains("k-123") && !seen.contains("Ym9zczp"), "another console has none of it");
        assert_eq!(seen.one("authorization"), "Basic dGhlaXJzOng=", "and gets what the browser sends");
        gateway.clock.advance(Duration::from_secs(30));
    }
    console.answer("/orders", "401 Unauthorized", &[("www-authenticate", "Basic realm=console")]);
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let refused = browser.visit("/orders").await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, ""), "nobody is asked for a password");
}
