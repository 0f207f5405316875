//! Several hosts behind one gateway: each has its consoles, its rules and its sessions, and nothing that a browser holds of
//! one is of use at another.

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};

use crate::{
    steps,
    support::{
        browser::{Browser, Speaks},
        gateway::Gateway,
        settings::{MAIL, QUICK_PASSWORDS},
        upstream::Upstream,
    },
};

const RULES: &str = "[[rule]]\nhost = \"reports.localhost\"\npath = \"/public\"\naccess = \"public\"\n\
                     [[rule]]\npath = \"/closed\"\naccess = \"deny\"\n";

/// A gateway with the hosts `localhost` and `reports.localhost`, each in front of a console of its own.
struct Two {
    gateway: Gateway,
    reports: Upstream,
}

impl Two {
    async fn start(more: &str) -> Self {
        let reports = Upstream::start();
        let address = reports.address;
        let gateway = Gateway::start_with(&[], &["old"], |text| {
            let url = text.lines().find(|line| line.starts_with("url = \"http://")).unwrap().to_owned();
            let further = text.lines().next().unwrap().replace("localhost", "reports.localhost");
            let tables = format!(
                "[[host]]\n{further}\n[[upstream]]\n{url}\n\
                 [[upstream]]\nhost = \"reports.localhost\"\nurl = \"http://{address}\"\n"
            );
            let text = text.replace(&format!("[upstream]\n{url}\n"), &tables);
            format!("{text}{QUICK_PASSWORDS}{MAIL}{RULES}{more}")
        })
        .await;
        Self { gateway, reports }
    }

    fn url_of_reports(&self) -> String {
        format!("https://reports.localhost:{}", self.gateway.settings.https.port())
    }

    fn at_reports(&self, speaks: Speaks) -> Browser {
        self.gateway.browser_at(&self.url_of_reports(), speaks)
    }
}

fn asked_for(console: &Upstream) -> Vec<String> {
    console.seen().into_iter().map(|request| request.line).collect()
}

/// Everything that this browser holds, in a browser at the other host.
fn copy(from: &Browser, to: &Browser) {
    for cookie in from.cookies() {
        to.plant(&cookie.name, &cookie.value);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_host_has_its_own_console_and_its_own_rules() {
    let two = Two::start("").await;
    let (main, reports) = (two.gateway.browser(Speaks::Http1, "en"), two.at_reports(Speaks::Http2));
    let page = reports.fetch("/public/a").await;
    assert_eq!((page.status, main.fetch("/public/a").await.status), (200, 401), "public at one host");
    let arrived = two.reports.last();
    let authority = two.url_of_reports().replace("https://", "");
    assert_eq!((arrived.one("host"), arrived.one("x-forwarded-host")), (&*authority, &*authority));
    for browser in [&main, &reports] {
        assert_eq!(browser.fetch("/closed").await.status, 403, "a rule without a host is for every host");
    }
    steps::sign_in(&two.gateway, &main, "old", &two.gateway.secrets[0]).await;
    two.gateway.clock.advance(std::time::Duration::from_secs(30));
    let page = steps::sign_in(&two.gateway, &reports, "old", &two.gateway.secrets[0]).await;
    assert_eq!(page.url.host_str(), Some("reports.localhost"), "it leads back to its own host");
    assert_eq!(asked_for(&two.reports), ["GET /public/a HTTP/1.1", "GET / HTTP/1.1"]);
    assert_eq!(asked_for(&two.gateway.upstream), ["GET / HTTP/1.1"]);
    let told = reports.fetch("/public/moved").await;
    assert_eq!(told.status, 200);
    let port = two.reports.address.port();
    let inside = format!("http://127.0.0.1:{port}/inside");
    two.reports.answer("/public/moved", "302 Found", &[("location", &inside)]);
    let moved = reports.visit("/public/moved").await;
    assert_eq!(moved.header("location"), format!("{}/inside", two.url_of_reports()), "led to the host it came by");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_browser_holds_of_one_host_opens_nothing_at_another() {
    let two = Two::start("[console]\nbound_cookies = false\n").await;
    let (main, reports) = (two.gateway.browser(Speaks::Http1, "en"), two.at_reports(Speaks::Http1));
    // Between password and code, and after the code with a trusted device.
    let page = steps::password(&main, &main.open("/").await, "old").await;
    copy(&main, &reports);
    let page_there = reports.open("/.sekisho/code").await;
    assert_eq!(page_there.url.path(), "/.sekisho/sign-in", "a pending sign-in: {}", page_there.text());
    let now = sekisho::clock::Clock::now(&two.gateway.clock);
    let shown = crate::support::authenticator::code(&two.gateway.secrets[0], now);
    let page = steps::code(&main, &page, &shown, true).await;
    assert_eq!(page.place(), "/", "{}", page.text());
    reports.forget_all();
    copy(&main, &reports);
    for place in ["/", "/.sekisho/settings"] {
        let page = reports.open(place).await;
        assert_eq!(page.url.path(), "/.sekisho/sign-in", "{place}: {}", page.text());
    }
    assert_eq!(reports.fetch("/").await.status, 401);
    assert!(two.reports.seen().is_empty(), "{:?}", asked_for(&two.reports));
    assert_eq!(main.fetch("/").await.status, 200, "and at its own host it lives");
    // The trust of the other host is none: a code is asked for.
    let page = reports.open("/").await;
    let page = steps::password(&reports, &page, "old").await;
    assert_eq!(page.url.path(), "/.sekisho/code", "{}", page.text());
    // At its own host it stands in for the code.
    main.forget("__Host-sekisho");
    let page = steps::password(&main, &main.open("/").await, "old").await;
    assert_eq!(page.place(), "/", "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_forms_of_one_host_are_strangers_at_another() {
    let two = Two::start("").await;
    let (main, reports) = (two.gateway.browser(Speaks::Http1, "en"), two.at_reports(Speaks::Http1));
    let page = main.open("/orders/1?x").await;
    // Where to return to, sealed at the other host, leads nowhere.
    let there = reports.open(page.place()).await;
    let page_there = steps::password(&reports, &there, "old").await;
    assert_eq!(page_there.url.path(), "/.sekisho/code");
    reports.forget_all();
    // A form of the other host, with its cookies and with the origin of either.
    copy(&main, &reports);
    let form = page.form_with("password");
    let password = crate::support::people::PASSWORD;
    let answer = steps::send(&reports, &form, &[("user_name", "old"), ("password", password)]).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let fields = [("origin", main.origin()), ("sec-fetch-site", "same-site".to_owned())];
    let mut headers: HeaderMap = fields
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect();
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    let own = reports.open("/.sekisho/sign-in").await.form_with("password");
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(own.filled(&[("user_name", "old"), ("password", password)]))
        .finish();
    let answer = reports.send(Method::POST, "/.sekisho/sign-in", headers, Some(body)).await;
    assert_eq!(answer.status, 400, "a page of the other host is another site: {}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_hosts_are_refused_and_a_connection_carries_its_own_host_only() {
    let two = Two::start("").await;
    let reports = two.at_reports(Speaks::Http1);
    let port = two.gateway.settings.https.port();
    for (named, status) in [
        (format!("reports.localhost:{port}"), 200),
        (format!("Reports.LOCALHOST:{port}"), 200),
        ("reports.localhost".to_owned(), 421),
        (format!("other.localhost:{port}"), 421),
        (format!("a.reports.localhost:{port}"), 421),
        // One of ours, over a connection that was opened for the other (SNI).
        (format!("localhost:{port}"), 421),
    ] {
        let host = HeaderMap::from_iter([(reqwest::header::HOST, HeaderValue::from_str(&named).unwrap())]);
        assert_eq!(reports.status_of("/public/a", host).await, status, "{named}");
    }
    assert_eq!(two.reports.seen().len(), 2);
    assert!(two.gateway.upstream.seen().is_empty(), "{:?}", asked_for(&two.gateway.upstream));

    let plain = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (named, location) in [
        ("reports.localhost", Some(format!("{}/a?b", two.url_of_reports()))),
        ("localhost", Some(format!("{}/a?b", two.gateway.settings.url()))),
        ("other.localhost", None),
    ] {
        let url = format!("http://{}/a?b", two.gateway.settings.http);
        let answer = plain.get(url).header("host", named).send().await.unwrap();
        let led = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(led, location, "{named}");
        assert_eq!(answer.status(), if location.is_some() { 308 } else { 421 }, "{named}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_lead_back_to_the_host_they_were_asked_for_at() {
    let two = Two::start("").await;
    let reports = two.at_reports(Speaks::Http1);
    let page = steps::password(&reports, &reports.open("/").await, "old").await;
    let help = page.links().into_iter().find(|link| link.contains("/code/help")).expect("another way");
    let before = two.gateway.inbox.newest().await;
    let help = reports.open(&help).await;
    let page = reports.submit(&help, &help.form_with("way"), &[("way", "backup")]).await;
    let message = two.gateway.inbox.code_after(before, "sms").await;
    let code = message.code();
    assert_eq!(message.text.lines().last(), Some(&*format!("@reports.localhost #{code}")), "{}", message.text);
    let page = steps::code(&reports, &page, &code, false).await;
    assert_eq!((page.status, page.url.host_str()), (200, Some("reports.localhost")), "{}", page.text());

    for browser in [&reports, &two.gateway.browser(Speaks::Http1, "en")] {
        let before = two.gateway.inbox.newest().await;
        steps::ask_for_reset(browser, "old").await;
        let mail = steps::mail_saying(&two.gateway, before, "パスワードを再設定するには").await;
        let link = format!("{}/.sekisho/link/", browser.origin());
        assert!(mail.text.contains(&link), "{link}: {}", mail.text);
        two.gateway.clock.advance(std::time::Duration::from_hours(2));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_asks_about_each_host_by_itself() {
    let asks = "[forward_auth]\nsecret = { file = \"forward-auth.secret\" }\n";
    let two = Two::start(asks).await;
    let port = two.gateway.settings.https.port();
    let main = two.gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&two.gateway, &main, "old", &two.gateway.secrets[0]).await;
    let session = main.cookie("__Host-sekisho").unwrap().value;
    let proxy = two.gateway.browser(Speaks::Http1, "en");
    let asked = async |host: &str, path: &str| {
        let said = [
            ("x-sekisho-forward-auth", "0123456789abcdef0123456789abcdef"),
            ("x-forwarded-method", "GET"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", &*format!("{host}:{port}")),
            ("x-forwarded-uri", path),
            ("x-forwarded-for", "192.0.2.7"),
            ("cookie", &*format!("__Host-sekisho={session}")),
        ]
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        proxy.send(Method::GET, "/.sekisho/auth", HeaderMap::from_iter(said), None).await
    };
    let answer = asked("localhost", "/orders").await;
    assert_eq!((answer.status, answer.header("x-sekisho-user")), (200, "old"));
    let answer = asked("reports.localhost", "/orders").await;
    assert_eq!((answer.status, answer.header("x-sekisho-user")), (401, ""), "the session of another host");
    assert_eq!(asked("reports.localhost", "/public/a").await.status, 200, "by the rules of its host");
    assert_eq!(asked("localhost", "/closed").await.status, 403);
    assert_ne!(asked("other.localhost", "/public/a").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_is_for_its_host_and_a_token_for_the_main_one() {
    let two = Two::start("").await;
    let (main, reports) = (two.gateway.browser(Speaks::Http1, "en"), two.at_reports(Speaks::Http1));
    steps::sign_in(&two.gateway, &main, "old", &two.gateway.secrets[0]).await;
    two.gateway.clock.advance(std::time::Duration::from_secs(30));
    steps::sign_in(&two.gateway, &reports, "old", &two.gateway.secrets[0]).await;
    let said = |console: &Upstream| {
        let statement = console.last().one("x-sekisho-assertion").to_owned();
        let claims = data_encoding::BASE64URL_NOPAD.decode(statement.split('.').nth(1).unwrap().as_bytes()).unwrap();
        serde_json::from_slice::<serde_json::Value>(&claims).unwrap()
    };
    let (here, there) = (said(&two.gateway.upstream), said(&two.reports));
    assert_eq!((here["aud"].as_str(), there["aud"].as_str()), (Some(&*main.origin()), Some(&*two.url_of_reports())));
    assert_eq!(here["iss"], there["iss"], "one gateway, and one place for its keys");
    assert_ne!(here["sid"], there["sid"]);

    let paths = vec!["/".to_owned()];
    let scope = sekisho::session::TokenScope { paths, methods: vec!["GET".to_owned()], networks: Vec::new() };
    let lifetime = std::time::Duration::from_hours(1);
    let order = sekisho::app::TokenOrder { label: "import".to_owned(), scope, lifetime };
    let account = two.gateway.app().find_account("old").await.unwrap().unwrap().account;
    let made = two.gateway.app().create_token(&account, order).await.unwrap().unwrap();
    let shown = format!("Bearer {}", secrecy::ExposeSecret::expose_secret(&made.text));
    for (browser, status) in [(&main, 200), (&reports, 403)] {
        let headers = HeaderMap::from_iter([(reqwest::header::AUTHORIZATION, HeaderValue::from_str(&shown).unwrap())]);
        assert_eq!(browser.send(Method::GET, "/api", headers, None).await.status, status, "{}", browser.origin());
    }
}
