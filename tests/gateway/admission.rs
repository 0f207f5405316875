//! Who is let in at all, and from where: proxies in front, and how many connections there may be.

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};

use crate::{
    steps,
    support::{
        browser::{Browser, Speaks},
        eventually,
        gateway::Gateway,
        settings::{MAIL, QUICK_PASSWORDS},
    },
};

/// With these keys in `[listen]`.
async fn listening(keys: &str, tables: &str) -> Gateway {
    Gateway::start_with(&[], &["old"], |text| {
        let text = text.replace("[upstream]\n", &format!("{keys}\n[upstream]\n"));
        format!("{text}{QUICK_PASSWORDS}{MAIL}{tables}")
    })
    .await
}

/// Where the console is told that a request with these header fields comes from.
async fn comes_from(gateway: &Gateway, browser: &Browser, fields: &[(&'static str, &'static str)]) -> String {
    let field =
        |(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    let page = browser.send(Method::GET, "/orders", fields.iter().map(field).collect::<HeaderMap>(), None).await;
    assert_eq!(page.status, 200);
    let arrived = gateway.upstream.last();
    assert!(arrived.all("forwarded").is_empty(), "{arrived:?}");
    arrived.one("x-forwarded-for").to_owned()
}

const OFFICE: &str = "[[rule]]\npath = \"/office\"\nnetworks = \"198.51.100.0/24\"\naccess = \"public\"\n\
                      [[rule]]\npath = \"/office\"\naccess = \"deny\"\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_trusted_proxy_says_where_a_request_comes_from() {
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let open = listening("", OFFICE).await;
        let behind = listening("trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]", OFFICE).await;
        let said = [("x-forwarded-for", "198.51.100.7, 10.1.1.1"), ("forwarded", "for=192.0.2.9")];
        for (gateway, status, from) in [(&open, 403, "127.0.0.1"), (&behind, 200, "198.51.100.7")] {
            let browser = gateway.browser(speaks, "en");
            let fields =
                said.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            let page = browser.send(Method::GET, "/office/x", fields.collect(), None).await;
            assert_eq!(page.status, status, "{speaks:?}: the rules judge {from}");
            steps::sign_in(gateway, &browser, "old", &gateway.secrets[0]).await;
            assert_eq!(comes_from(gateway, &browser, &said).await, from);
            assert_eq!(comes_from(gateway, &browser, &[]).await, "127.0.0.1");
        }
        let browser = behind.browser(speaks, "en");
        behind.clock.advance(std::time::Duration::from_secs(30));
        steps::sign_in(&behind, &browser, "old", &behind.secrets[0]).await;
        let unreadable = [("x-forwarded-for", "198.51.100.7, nobody")];
        assert_eq!(comes_from(&behind, &browser, &unreadable).await, "127.0.0.1", "IDH-08");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_header_is_read_and_the_other_is_not() {
    let gateway = listening("trusted_proxies = \"127.0.0.0/8\"\nclient_address = \"Forwarded\"", "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let said =
        [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=1.1.1.1, for=\"[2001:db8::7]:4711\";proto=https")];
    assert_eq!(comes_from(&gateway, &browser, &said).await, "2001:db8::7");
}

/// One request, that a client never has a reason to open a second connection for.
async fn opens(browser: &Browser) -> bool {
    browser.try_open("/.sekisho/sign-in").await.is_ok_and(|page| page.status == 200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_has_so_many_connections_and_no_more() {
    let limit = "[limits]\nconnections_per_address = 3\n";
    let gateway = listening("", limit).await;
    let mut inside = Vec::new();
    for speaks in [Speaks::Http1, Speaks::Http2, Speaks::Http1] {
        let browser = gateway.browser(speaks, "en");
        // The gateway's own look whether it answers may still hold a place.
        eventually("a place", async || opens(&browser).await.then_some(())).await;
        inside.push(browser);
    }
    let outside = gateway.browser(Speaks::Http1, "en");
    for _ in 0..3 {
        assert!(outside.try_open("/").await.is_err(), "closed upon before a byte is read");
    }
    for browser in &inside {
        assert!(opens(browser).await, "whoever is there goes on");
    }
    inside.pop();
    eventually("the place of who has gone", async || opens(&outside).await.then_some(())).await;

    let behind = listening("trusted_proxies = \"127.0.0.1\"", limit).await;
    let people: Vec<Browser> = (0..6).map(|_| behind.browser(Speaks::Http1, "en")).collect();
    for browser in &people {
        assert!(opens(browser).await, "many come through a proxy");
    }
}
