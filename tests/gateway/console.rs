//! A console that knows nothing of the gateway: its cookies, its addresses, its own sign-out and sign-in page.

use std::time::Duration;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use sekisho::clock::Clock as _;

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        eventually,
        gateway::Gateway,
        settings::{MAIL, QUICK_PASSWORDS},
    },
};

async fn sign_in(gateway: &Gateway, browser: &Browser, who: usize) -> Page {
    // A code of the app works once.
    gateway.clock.advance(Duration::from_secs(30));
    steps::sign_in(gateway, browser, ["hanako", "taro"][who], &gateway.secrets[who]).await
}

/// The cookies that reached the console with this request.
async fn arrives(gateway: &Gateway, browser: &Browser, place: &str) -> String {
    assert_eq!(browser.open(place).await.status, 200);
    let request = gateway.upstream.last();
    assert!(!request.contains("__Host-sekisho"), "{request:?}");
    request.all("cookie").join("; ")
}

fn sets(gateway: &Gateway, path: &str, cookies: &[&str]) {
    let fields: Vec<(&str, &str)> = cookies.iter().map(|cookie| ("set-cookie", *cookie)).collect();
    gateway.upstream.answer(path, "200 OK", &fields);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ses_32_the_consoles_cookies_never_go_from_one_account_to_another() {
    let gateway = Gateway::start(&[], &["hanako", "taro"], "[console]\nshared_cookies = \"theme\"\n").await;
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let browser = gateway.browser(speaks, "en");
        sign_in(&gateway, &browser, 0).await;
        sets(&gateway, "/orders/begin", &["ID=hers; Path=/; HttpOnly", "DEEP=hers; Path=/orders; Max-Age=9999999"]);
        let page = browser.open("/orders/begin").await;
        assert_eq!(page.headers.get_all("set-cookie").iter().count(), 2, "nothing is added for one person");
        browser.plant("theme", "dark");
        browser.plant_at("/orders", "script", "hers");
        assert_eq!(arrives(&gateway, &browser, "/orders").await, "ID=hers; DEEP=hers; theme=dark; script=hers");

        // Signing out expires what is known, deep or not; a browser that keeps it keeps it for nothing.
        let page = steps::sign_out(&browser).await;
        assert_eq!(page.status, 200);
        assert!(["ID", "DEEP", "theme"].iter().all(|name| browser.cookie(name).is_none()), "{:?}", browser.cookies());
        for (path, name) in [("/", "ID"), ("/orders", "DEEP"), ("/", "theme")] {
            browser.plant_at(path, name, "hers");
        }
        sign_in(&gateway, &browser, 1).await;
        assert!(["ID", "DEEP", "theme"].iter().all(|name| browser.cookie(name).is_none()), "and once more");
        for (path, name) in [("/", "ID"), ("/orders", "DEEP"), ("/", "theme"), ("/elsewhere", "NEVER")] {
            browser.plant_at(path, name, "hers");
        }
        assert_eq!(arrives(&gateway, &browser, "/orders").await, "theme=hers", "named: it may pass");
        assert_eq!(arrives(&gateway, &browser, "/elsewhere").await, "theme=hers");

        // His own work, whichever path they are at; and each answer may set them anew.
        sets(&gateway, "/orders/again", &["ID=his; Path=/; HttpOnly", "DEEP=his; Path=/orders"]);
        browser.open("/orders/again").await;
        assert_eq!(arrives(&gateway, &browser, "/orders").await, "theme=hers; ID=his; DEEP=his");
        sets(&gateway, "/orders/again", &["ID=; Path=/; Max-Age=0", "DEEP=his2; Path=/orders"]);
        browser.open("/orders/again").await;
        assert_eq!(arrives(&gateway, &browser, "/orders").await, "theme=hers; DEEP=his2");
        browser.plant_at("/orders", "DEEP", "hers");
        assert_eq!(arrives(&gateway, &browser, "/orders").await, "theme=hers");
        sets(&gateway, "/orders/again", &["DEEP=his3; Path=/orders"]);
        browser.open("/orders/again").await;

        // Left without signing out: she finds neither his cookies nor, then, he hers.
        gateway.clock.advance(Duration::from_mins(61));
        sign_in(&gateway, &browser, 0).await;
        browser.plant_at("/orders", "DEEP", "his3");
        assert!(
            browser.cookies().iter().any(|cookie| cookie.name.starts_with("__Host-sekisho-of-")),
            "its proof is there"
        );
        assert_eq!(arrives(&gateway, &browser, "/orders").await, "");
        steps::sign_out(&browser).await;
        gateway.clock.advance(Duration::from_mins(10));
    }
}

/// Both sign-ins are under way in one browser before either is answered, so that neither knows of the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sign_ins_at_once_do_not_mix_the_consoles_cookies() {
    let gateway = Gateway::start(&[], &["hanako", "taro"], "").await;
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let (browser, second) = (gateway.browser(speaks, "en"), gateway.browser(speaks, "en"));
        sign_in(&gateway, &browser, 0).await;
        sets(&gateway, "/begin", &["ID=hers; Path=/"]);
        browser.open("/begin").await;
        assert_eq!(arrives(&gateway, &browser, "/orders").await, "ID=hers");
        sign_in(&gateway, &second, 1).await;
        for cookie in second.cookies() {
            browser.plant(&cookie.name, &cookie.value);
        }
        assert_eq!(
            arrives(&gateway, &browser, "/orders").await,
            "",
            "{speaks:?}: he is signed in, and the cookie hers"
        );
        assert_eq!(gateway.upstream.last().one("x-sekisho-user"), "taro");
        sets(&gateway, "/begin", &["ID=his; Path=/"]);
        browser.open("/begin").await;
        assert_eq!(arrives(&gateway, &browser, "/orders").await, "ID=his");

        // From the next sign-in on one mark stands for all.
        steps::sign_out(&browser).await;
        sign_in(&gateway, &browser, 0).await;
        let marks: Vec<String> = browser.cookies().into_iter().map(|cookie| cookie.name).collect();
        let marks: Vec<&str> = marks.iter().filter_map(|name| name.strip_prefix("__Host-sekisho-known-")).collect();
        assert_eq!(marks, ["many"]);
        assert_eq!(arrives(&gateway, &browser, "/orders").await, "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reads_public_pages_with_the_cookies_of_somebody_who_left() {
    let public = "[[rule]]\npath = \"/shop\"\naccess = \"public\"\n";
    let gateway = Gateway::start(&[], &["hanako"], public).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    sets(&gateway, "/shop/begin", &["CART=1; Path=/"]);
    browser.open("/shop/begin").await;
    assert_eq!(arrives(&gateway, &browser, "/shop").await, "CART=1", "before anybody signed in");
    sign_in(&gateway, &browser, 0).await;
    sets(&gateway, "/account", &["ID=hers; Path=/"]);
    browser.open("/account").await;
    assert!(arrives(&gateway, &browser, "/shop").await.contains("ID=hers"));
    gateway.clock.advance(Duration::from_mins(61));
    assert_eq!(arrives(&gateway, &browser, "/shop").await, "");
    sets(&gateway, "/shop/begin", &["CART=2; Path=/"]);
    browser.open("/shop/begin").await;
    assert_eq!(arrives(&gateway, &browser, "/shop").await, "CART=2", "what came meanwhile is nobody's");
    sign_in(&gateway, &browser, 0).await;
    assert_eq!(arrives(&gateway, &browser, "/shop").await, "ID=hers; CART=2", "hers is hers again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bound_cookies_make_a_copied_one_useless() {
    let gateway = Gateway::start(&[], &["hanako", "taro"], "[console]\nbound_cookies = true\n").await;
    let (hers, his) = (gateway.browser(Speaks::Http1, "en"), gateway.browser(Speaks::Http1, "en"));
    sign_in(&gateway, &hers, 0).await;
    sets(&gateway, "/begin", &["ID=hers; Path=/"]);
    hers.open("/begin").await;
    assert_eq!(arrives(&gateway, &hers, "/").await, "ID=hers");
    sign_in(&gateway, &his, 1).await;
    for cookie in hers.cookies().iter().filter(|c| c.name == "ID" || c.name.starts_with("__Host-sekisho-of-")) {
        his.plant(&cookie.name, &cookie.value);
    }
    assert_eq!(arrives(&gateway, &his, "/").await, "", "with its proof or without");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_listed_cookies_are_expired_where_a_list_says_so() {
    let gateway = Gateway::start(&[], &["hanako"], "[console]\nexpired_cookies = [\"ID\"]\n").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    sign_in(&gateway, &browser, 0).await;
    browser.plant("ID", "1");
    browser.plant("theme", "dark");
    steps::sign_out(&browser).await;
    assert!(browser.cookie("ID").is_none() && browser.cookie("theme").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_the_console_believes_in_become_ours() {
    let gateway = Gateway::start_with(&[], &["hanako"], |text| {
        let own = "[upstream]\nhost_header = \"console.internal\"\n";
        format!("{}{QUICK_PASSWORDS}{MAIL}", text.replace("[upstream]\n", own))
    })
    .await;
    let browser = gateway.browser(Speaks::Http1, "en");
    sign_in(&gateway, &browser, 0).await;
    let console = gateway.upstream.address;
    let (inside, refresh) = (format!("http://{console}/a?b=http://{console}/"), "3; url='https://console.internal/x'");
    let fields = [
        ("location", inside.as_str()),
        ("content-location", "HTTP://CONSOLE.internal"),
        ("refresh", refresh),
        ("set-cookie", "ID=1;  Domain=.console.internal; Path=/; SameSite=Lax"),
        ("set-cookie", "OTHER=\"2\";Path=/"),
        ("x-next", inside.as_str()),
    ];
    gateway.upstream.answer("/moved", "302 Found", &fields);
    let page = browser.visit("/moved").await;
    let origin = browser.origin();
    assert_eq!(page.header("location"), format!("{origin}/a?b=http://{console}/"));
    assert_eq!(page.header("content-location"), origin);
    assert_eq!(page.header("refresh"), format!("3; url='{origin}/x'"));
    let cookies: Vec<_> = page.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert_eq!(cookies, ["ID=1; Path=/; SameSite=Lax", "OTHER=\"2\";Path=/"]);
    assert_eq!(page.header("x-next"), inside, "nothing else is touched");
    gateway.upstream.answer(
        "/away",
        "302 Found",
        &[("location", "https://sso.example.jp/?to=http://console.internal/")],
    );
    let page = browser.visit("/away").await;
    assert_eq!(page.header("location"), "https://sso.example.jp/?to=http://console.internal/");
    assert_eq!(gateway.upstream.last().one("host"), "console.internal");
}

const OWN_PAGES: &str = "[console]\nsign_out = \"/logout\"\nsign_out_call = \"/api/logout\"\nsign_in = \"/login\"\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_consoles_own_sign_out_ends_our_session() {
    let gateway = Gateway::start(&[], &["hanako"], OWN_PAGES).await;
    gateway.upstream.answer(
        "/logout",
        "302 Found",
        &[("location", "/login"), ("set-cookie", "ID=; Max-Age=0; Path=/")],
    );
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let browser = gateway.browser(speaks, "en");
        sign_in(&gateway, &browser, 0).await;
        sets(&gateway, "/begin", &["ID=hers; Path=/", "DEEP=hers; Path=/orders"]);
        browser.open("/begin").await;
        let stolen = browser.cookie("__Host-sekisho").unwrap().value;

        let mut elsewhere = HeaderMap::new();
        elsewhere.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
        elsewhere.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
        let page = browser.send(Method::GET, "/logout", elsewhere, None).await;
        assert_eq!(page.status, 302);
        assert_eq!(browser.open("/orders").await.status, 200, "SES-35: another site signs nobody out of the gateway");

        let page = browser.visit("/logout").await;
        assert_eq!((page.status, page.header("location")), (303, "/.sekisho/sign-in"));
        assert_eq!(gateway.upstream.last().one("x-sekisho-user"), "hanako", "the console heard who leaves");
        for name in ["ID", "DEEP", "__Host-sekisho"] {
            assert!(browser.cookie(name).is_none(), "{name}: {:?}", browser.cookies());
        }
        let page = browser.follow(page).await.unwrap();
        assert!(page.text().contains("signed out"), "{}", page.text());
        browser.plant("__Host-sekisho", &stolen);
        assert_eq!(browser.visit("/orders").await.status, 303, "the session is over, not the cookie alone");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_sign_out_calls_the_consoles_and_does_not_wait_for_it() {
    let gateway = Gateway::start(&[], &["hanako"], OWN_PAGES).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    sign_in(&gateway, &browser, 0).await;
    sets(&gateway, "/begin", &["ID=hers; Path=/"]);
    browser.open("/begin").await;
    steps::sign_out(&browser).await;
    let called = eventually("the console's sign-out", async || {
        gateway.upstream.seen().into_iter().find(|request| request.line == "POST /api/logout HTTP/1.1")
    })
    .await;
    assert_eq!((called.one("cookie"), called.one("x-sekisho-user")), ("ID=hers", "hanako"));
    assert_eq!((called.one("origin"), called.one("content-length")), (browser.origin().as_str(), "0"));
    assert!(!called.one("x-sekisho-assertion").is_empty() && !called.contains("__Host-sekisho"));

    // A form that is not ours calls nobody.
    sign_in(&gateway, &browser, 0).await;
    let before = gateway.upstream.seen().len();
    let mut headers = HeaderMap::new();
    headers.insert("origin", HeaderValue::from_str(&browser.origin()).unwrap());
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    let page = browser.send(Method::POST, "/.sekisho/sign-out", headers, Some("csrf=x".to_owned())).await;
    assert_eq!((page.status, gateway.upstream.seen().len()), (400, before));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_asks_for_a_sign_in_of_its_own_is_explained() {
    let gateway = Gateway::start(&[], &["hanako"], OWN_PAGES).await;
    for (languages, says) in [("en", "didn't recognise you"), ("ja", "お客様を確認できませんでした")] {
        let browser = gateway.browser(Speaks::Http1, languages);
        sign_in(&gateway, &browser, 0).await;
        gateway.upstream.answer("/orders/7", "302 Found", &[("location", "/login?next=/orders/7")]);
        let page = browser.open("/orders/7").await;
        assert_eq!((page.status, page.url.path()), (200, "/.sekisho/not-recognised"));
        assert!(page.text().contains(says), "{}", page.text());
        assert!(page.links().contains(&"/orders/7".to_owned()), "open it again: {:?}", page.links());
        let page = browser.fetch("/orders/7").await;
        assert_eq!((page.status, page.header("location")), (302, "/login?next=/orders/7"), "a program is told itself");
        assert_eq!(browser.open("/login").await.status, 200, "the page itself is there for whoever wants it");
    }
}

/// Name, password and code; the answer that begins the session.
async fn signs_in(gateway: &Gateway, browser: &Browser, page: &Page) -> Page {
    gateway.clock.advance(Duration::from_secs(30));
    let page = steps::password(browser, page, "hanako").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::send(browser, &page.form_with("code"), &[("code", &code)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_third_bounce_without_a_session_stops_at_a_page_that_says_why() {
    let gateway = Gateway::start(&[], &["hanako"], "").await;
    for (languages, says) in [("en", "Your sign-in doesn't hold"), ("ja", "ログインの状態が残りません")] {
        for (spoilt, why) in [
            (None, "Cookie"),
            (Some("1.AAAA.BBBB"), if languages == "en" { "does not know" } else { "発行していない" }),
        ] {
            let browser = gateway.browser(Speaks::Http1, languages);
            let mut page = browser.open("/orders?x=1").await;
            for bounce in 1..=3 {
                let answer = signs_in(&gateway, &browser, &page).await;
                assert_eq!((answer.status, answer.header("location")), (303, "/orders?x=1"), "{}", answer.text());
                browser.forget("__Host-sekisho");
                if let Some(value) = spoilt {
                    browser.plant("__Host-sekisho", value);
                }
                page = browser.open("/orders?x=1").await;
                let (status, place) = if bounce < 3 { (200, "/.sekisho/sign-in") } else { (400, "/orders") };
                assert_eq!((page.status, page.url.path()), (status, place), "{bounce}: {}", page.text());
            }
            let text = page.text();
            assert!(text.contains(says) && text.contains(why), "{text}");
            assert!(text.contains(if languages == "en" { "Reference number" } else { "お問い合わせ番号" }), "{text}");
            assert_eq!(page.header("cache-control"), "no-store");
            // It begins anew from there.
            let page = browser.open("/orders?x=1").await;
            assert_eq!((page.status, page.url.path()), (200, "/.sekisho/sign-in"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_arrive_or_are_ended_on_purpose_are_no_bounces() {
    let gateway = Gateway::start(&[], &["hanako"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    for _ in 0..5 {
        let page = browser.open("/orders").await;
        let answer = signs_in(&gateway, &browser, &page).await;
        assert_eq!(browser.follow(answer).await.unwrap().status, 200);
        steps::sign_out(&browser).await;
        assert_eq!(browser.open("/orders").await.url.path(), "/.sekisho/sign-in");
    }
    // Several tabs that come back at once are one bounce.
    let page = browser.open("/orders").await;
    signs_in(&gateway, &browser, &page).await;
    browser.forget("__Host-sekisho");
    for _ in 0..5 {
        assert_eq!(browser.open("/orders").await.url.path(), "/.sekisho/sign-in");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_returns_no_cookie_at_all_is_told_so_at_its_third_form() {
    let gateway = Gateway::start(&[], &["hanako"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let mut page = browser.open("/orders?x=1").await;
    for form in 1..=3 {
        browser.forget_all();
        page = steps::password(&browser, &page, "hanako").await;
        assert_eq!(page.status, 400);
        if form < 3 {
            assert!(page.text().contains("This form has expired"), "{form}: {}", page.text());
            let again = page.links().into_iter().find(|link| link.starts_with("/.sekisho/sign-in")).expect("a link");
            page = browser.open(&again).await;
        }
    }
    assert!(page.text().contains("did not send back the cookie"), "{}", page.text());
    // With cookies allowed the link leads to the page that was asked for.
    let again = page.links().into_iter().find(|link| link.starts_with("/.sekisho/sign-in")).expect("a link");
    let page = browser.open(&again).await;
    assert_eq!(signs_in(&gateway, &browser, &page).await.header("location"), "/orders?x=1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_at_another_address_says_where_to_go() {
    let gateway = Gateway::start(&[], &["hanako"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(page.form_with("password").filled(&[("user_name", "hanako")]))
        .finish();
    for (origin, site) in
        [("https://elsewhere.example.jp", Some("same-origin")), (&*browser.origin().replace("https", "http"), None)]
    {
        let mut headers = HeaderMap::new();
        headers.insert("origin", HeaderValue::from_str(origin).unwrap());
        headers.extend(site.map(|site| (HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static(site))));
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        let page = browser.send(Method::POST, "/.sekisho/sign-in", headers, Some(body.clone())).await;
        assert_eq!(page.status, 400);
        assert!(page.text().contains("opened at another address"), "{}", page.text());
        assert!(page.links().contains(&format!("{}/", browser.origin())), "{:?}", page.links());
    }
}
