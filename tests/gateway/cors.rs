//! Pages of other origins that call the console: preflights, and what every answer says to them.

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};

use crate::{
    steps,
    support::{
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
    },
};

const SHOP: &str = "https://shop.example.jp";
const RULES: &str = "[[rule]]\npath = \"/api\"\nmethods = [\"GET\", \"PUT\"]\naccess = \"signed-in\"\n\
                     [rule.cors]\norigins = \"https://shop.example.jp\"\nmethods = [\"GET\", \"PUT\"]\n\
                     headers = [\"Authorization\"]\ncredentials = true\n";

async fn call(browser: &Browser, method: Method, place: &str, fields: &[(&'static str, &'static str)]) -> Page {
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("application/json"));
    headers.insert("sec-fetch-mode", HeaderValue::from_static("cors"));
    headers.insert("sec-fetch-dest", HeaderValue::from_static("empty"));
    for (name, value) in fields {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    browser.send(method, place, headers, None).await
}

/// What it says to other origins, `Vary` aside.
fn said(page: &Page) -> Vec<String> {
    let ours = |(name, value): (&HeaderName, &HeaderValue)| {
        let name = name.as_str().strip_prefix("access-control-allow-")?;
        Some(format!("{name}: {}", value.to_str().unwrap()))
    };
    page.headers.iter().filter_map(ours).collect()
}

fn varies(page: &Page) -> bool {
    page.headers.get_all("vary").iter().any(|value| value.to_str().unwrap().split(", ").any(|name| name == "Origin"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preflight_is_answered_by_its_rule_and_never_reaches_the_console() {
    let gateway = Gateway::start(&[], &["old"], RULES).await;
    let before = gateway.upstream.seen().len();
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let browser = gateway.browser(speaks, "en");
        let put = [
            ("origin", SHOP),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "authorization"),
        ];
        let answer = call(&browser, Method::OPTIONS, "/api/orders", &put).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""));
        assert_eq!(
            said(&answer),
            [&format!("origin: {SHOP}"), "credentials: true", "methods: GET, PUT", "headers: Authorization"]
        );
        assert_eq!(answer.header("access-control-max-age"), "600");
        assert!(varies(&answer));
        let foreign = [("origin", "https://evil.test"), ("access-control-request-method", "PUT")];
        let answer = call(&browser, Method::OPTIONS, "/api/orders", &foreign).await;
        assert!(answer.status == 204 && said(&answer).is_empty() && varies(&answer));
        let delete = [("origin", SHOP), ("access-control-request-method", "DELETE")];
        let answer = call(&browser, Method::OPTIONS, "/api/orders", &delete).await;
        assert!(answer.status == 401 && said(&answer).is_empty(), "no rule with a policy is for DELETE");
        let elsewhere = [("origin", SHOP), ("access-control-request-method", "GET")];
        let answer = call(&browser, Method::OPTIONS, "/orders", &elsewhere).await;
        assert!(answer.status == 401 && said(&answer).is_empty(), "without a policy nothing changes");
        let no_preflight = call(&browser, Method::OPTIONS, "/api/orders", &[("origin", SHOP)]).await;
        assert_eq!(no_preflight.status, 401);
    }
    assert_eq!(gateway.upstream.seen().len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_and_the_consoles_answers_say_what_the_rule_says() {
    let gateway = Gateway::start(&[], &["old"], RULES).await;
    let own = [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("vary", "Accept-Encoding"),
    ];
    gateway.upstream.answer("/api/orders", "200 OK", &own);
    gateway.upstream.answer("/orders", "200 OK", &own);
    let browser = gateway.browser(Speaks::Http1, "en");
    let allowed = [format!("origin: {SHOP}"), "credentials: true".to_owned()];
    let refused = call(&browser, Method::GET, "/api/orders", &[("origin", SHOP)]).await;
    assert_eq!((refused.status, said(&refused)), (401, allowed.to_vec()));
    assert!(varies(&refused) && refused.body.contains("sign_in_required"));
    let refused = call(&browser, Method::GET, "/api/orders", &[("origin", "https://evil.test")]).await;
    assert!(refused.status == 401 && said(&refused).is_empty() && varies(&refused));
    let wrong = [("origin", SHOP), ("authorization", "Bearer sekisho_1_x")];
    let refused = call(&browser, Method::GET, "/api/orders", &wrong).await;
    assert_eq!((refused.status, said(&refused)), (401, allowed.to_vec()));

    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let answer = call(&browser, Method::GET, "/api/orders", &[("origin", SHOP)]).await;
    assert_eq!((answer.status, said(&answer)), (200, allowed.to_vec()), "in place of what the console says");
    assert!(varies(&answer));
    let answer = call(&browser, Method::GET, "/api/orders", &[("origin", "https://evil.test")]).await;
    assert!(answer.status == 200 && said(&answer).is_empty(), "also to an origin that is not named");
    let answer = call(&browser, Method::GET, "/orders", &[("origin", SHOP)]).await;
    assert_eq!(said(&answer), ["origin: *", "credentials: true"], "without a policy the console speaks for itself");
}
