//! Forms that were sent when their session had ended: kept for their person, and sent once, when that person says so.

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
        gateway::Gateway,
        log,
        upstream::Recorded,
    },
};

const HOLDING: &str = "[[rule]]\npath = \"/payouts\"\naccess = \"fresh\"\nhold = true\n\
                       [[rule]]\npath = \"/loose\"\naccess = \"signed-in\"\n\
                       [[rule]]\npath = \"/\"\naccess = \"signed-in\"\nhold = true\n";
const PLACE: &str = "/orders/7/ship?from=list&q=%E8%8C%B6";
const FORM: &str = "application/x-www-form-urlencoded";
const BODY: &str = "carrier=%E3%83%A4%E3%83%9E%E3%83%88&tracking=1234-5678&memo=geheim-4711";

async fn gateway(more: &str) -> Gateway {
    Gateway::start(&[], &["hana", "taro"], &format!("{HOLDING}{more}")).await
}

/// Signs in, and stays away for too long.
async fn away(gateway: &Gateway, browser: &Browser) {
    steps::sign_in(gateway, browser, "hana", &gateway.secrets[0]).await;
    gateway.clock.advance(Duration::from_mins(61));
}

fn fields(browser: &Browser, kind: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let origin = browser.origin();
    let referer = format!("{origin}/orders/7?tab=ship");
    for (name, value) in [
        ("accept", "text/html,*/*;q=0.8"),
        ("content-type", kind),
        ("origin", origin.as_str()),
        ("referer", referer.as_str()),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// A form of the console is sent; the first answer.
async fn post(browser: &Browser, place: &str, kind: &str, body: &str) -> Page {
    browser.send(Method::POST, place, fields(browser, kind), Some(body.to_owned())).await
}

/// From the answer to a stopped form through the sign-in.
async fn come_back(gateway: &Gateway, browser: &Browser, answer: Page, who: usize) -> Page {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = browser.follow(answer).await.unwrap();
    sign_in(gateway, browser, &page, who).await
}

async fn sign_in(gateway: &Gateway, browser: &Browser, page: &Page, who: usize) -> Page {
    let page = steps::password(browser, page, ["hana", "taro"][who]).await;
    let code = authenticator::code(&gateway.secrets[who], gateway.clock.now());
    steps::code(browser, &page, &code, false).await
}

fn posts(gateway: &Gateway) -> Vec<Recorded> {
    gateway.upstream.seen().into_iter().filter(|seen| seen.line.starts_with("POST ")).collect()
}

async fn send_it(browser: &Browser, page: &Page) -> Page {
    browser.submit(page, &page.form_with("sekisho-held"), &[]).await
}

async fn story(speaks: Speaks, language: &str, kept: &str, asks: &str, sent: &str) {
    let gateway = gateway("").await;
    let browser = gateway.browser(speaks, language);
    away(&gateway, &browser).await;
    // Even the row of the ended session is gone.
    gateway.clock.advance(Duration::from_hours(20));
    gateway.app().purge().await.unwrap();

    let answer = post(&browser, PLACE, FORM, BODY).await;
    let page = browser.follow(answer).await.unwrap();
    assert_eq!(page.url.path(), "/.sekisho/sign-in");
    assert!(page.text().contains(kept), "{}", page.text());
    let page = sign_in(&gateway, &browser, &page, 0).await;
    assert_eq!((page.status, page.url.path()), (200, "/.sekisho/held"), "{}", page.text());
    assert!(page.text().contains(asks) && page.text().contains("/orders/7/ship"), "{}", page.text());
    for shown in ["carrier", "ヤマト", "tracking", "1234-5678", "geheim-4711"] {
        assert!(page.text().contains(shown), "what will be sent: {}", page.text());
    }
    assert!(posts(&gateway).is_empty(), "nothing is sent silently");

    let answer = send_it(&browser, &page).await;
    assert_eq!((answer.status, answer.place()), (200, PLACE), "the console's own answer: {}", answer.text());
    let [arrived] = &posts(&gateway)[..] else { panic!("once: {:?}", posts(&gateway)) };
    assert_eq!(arrived.line, format!("POST {PLACE} HTTP/1.1"));
    assert_eq!(String::from_utf8_lossy(&arrived.body), BODY);
    assert_eq!(arrived.one("content-type"), FORM);
    assert_eq!(arrived.one("content-length"), BODY.len().to_string());
    assert_eq!(arrived.one("referer"), format!("{}/orders/7?tab=ship", browser.origin()));
    assert_eq!(arrived.one("x-sekisho-user"), "hana");
    assert!(!arrived.contains("sekisho-held") && !arrived.contains("csrf"), "{}", arrived.line);

    // A double click, and the page opened again.
    let again = send_it(&browser, &page).await;
    assert!(again.text().contains(sent), "{}", again.text());
    let again = browser.open(page.place()).await;
    assert!(again.text().contains(sent) && again.forms().iter().all(|form| !form.has("sekisho-held")));
    assert_eq!(posts(&gateway).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_kept_and_sent_once_in_japanese() {
    story(
        Speaks::Http1,
        "ja",
        "送信された内容は11:36までお預かりしています。ログインすると、送信できます。",
        "入力した内容を送信しますか？",
        "すでに送信しました",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_kept_and_sent_once_in_english() {
    let kept = "is kept until 11:36; after signing in you can send it.";
    story(Speaks::Http2, "en", kept, "Send what you entered?", "It has been sent already").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_form_holds_arrives_byte_for_byte() {
    let gateway = gateway("").await;
    let large = "x".repeat(1024 * 1024);
    let boundary = "--b\r\ncontent-disposition: form-data; name=f; filename=a\r\n\r\n\u{0}\r\n\u{7f}--\r\n--b--\r\n";
    for speaks in [Speaks::Http1, Speaks::Http2] {
        // A code of the app counts once.
        gateway.clock.advance(Duration::from_secs(30));
        let browser = gateway.browser(speaks, "en");
        away(&gateway, &browser).await;
        let mut first = true;
        for (kind, body) in [
            ("multipart/form-data; boundary=\"b\"", boundary),
            ("application/json", "{\"a\":[1,2]}"),
            ("text/plain;charset=UTF-8", "a=b\r\n"),
            (FORM, ""),
            (FORM, large.as_str()),
        ] {
            if !first {
                gateway.clock.advance(Duration::from_mins(61));
            }
            first = false;
            let answer = post(&browser, "/import", kind, body).await;
            let page = come_back(&gateway, &browser, answer, 0).await;
            assert_eq!(page.url.path(), "/.sekisho/held", "{kind}, {} bytes", body.len());
            let before = posts(&gateway).len();
            let answer = send_it(&browser, &page).await;
            assert_eq!((answer.status, answer.place()), (200, "/import"), "{kind}: {}", answer.text());
            let arrived = &posts(&gateway)[before..];
            assert_eq!(arrived.len(), 1, "{kind}");
            assert!(arrived[0].body == body.as_bytes(), "{kind}: {} bytes", arrived[0].body.len());
            assert_eq!((arrived[0].one("content-type"), arrived[0].all("transfer-encoding")), (kind, vec![]));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_words_at_once_send_it_once() {
    let gateway = gateway("").await;
    let browser = gateway.browser(Speaks::Http2, "en");
    away(&gateway, &browser).await;
    let page = come_back(&gateway, &browser, post(&browser, PLACE, FORM, BODY).await, 0).await;
    let form = page.form_with("sekisho-held");
    let words = [(); 6].map(|()| browser.submit(&page, &form, &[]));
    let answers = futures_util::future::join_all(words).await;
    assert_eq!(posts(&gateway).len(), 1);
    let by_the_console = answers.iter().filter(|answer| answer.place() == PLACE && answer.status == 200).count();
    assert_eq!(by_the_console, 1, "{:?}", answers.iter().map(Page::place).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_site_or_a_script_sent_is_not_kept() {
    let gateway = gateway("").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    away(&gateway, &browser).await;
    let with = |changes: &[(&'static str, &'static str)]| {
        let mut headers = fields(&browser, FORM);
        for (name, value) in changes {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    };
    for headers in [
        with(&[("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")]),
        with(&[("sec-fetch-site", "cross-site")]),
        with(&[("origin", "https://evil.test")]),
        with(&[("sec-fetch-site", "same-site")]),
    ] {
        let answer = browser.send(Method::POST, PLACE, headers, Some(BODY.to_owned())).await;
        let page = browser.follow(answer).await.unwrap();
        assert!(page.text().contains("signed out") && !page.text().contains("What you sent"), "{}", page.text());
    }
    for headers in
        [with(&[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")]), with(&[("sec-fetch-dest", "iframe")])]
    {
        let answer = browser.send(Method::POST, PLACE, headers, Some(BODY.to_owned())).await;
        assert_eq!(answer.status, 401, "{}", answer.text());
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = browser.send(method, PLACE, with(&[]), Some(BODY.to_owned())).await;
        assert_eq!(answer.status, 303);
    }
    // Where the rules do not say so, nothing is kept either.
    post(&browser, "/loose/form", FORM, BODY).await;
    assert!(browser.cookie("__Host-sekisho-held").is_none(), "nothing was kept");
    assert!(posts(&gateway).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_kept_for_somebody_we_never_signed_in() {
    let gateway = gateway("").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    // Everybody who loses a form is told so, and nobody that it is kept.
    let kept = |page: &Page| page.text().contains("is kept until") || !page.text().contains("has to be sent once more");
    for cookie in [
        None,
        Some("x"),
        Some("1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ] {
        if let Some(value) = cookie {
            browser.plant("__Host-sekisho", value);
        }
        for body in [BODY.to_owned(), "x".repeat(2 << 20)] {
            let page = browser.follow(post(&browser, PLACE, FORM, &body).await).await.unwrap();
            assert!(!kept(&page), "{}", page.text());
        }
    }
    away(&gateway, &browser).await;
    let stolen = browser.cookie("__Host-sekisho").unwrap().value;
    let account = gateway.app().find_account("hana").await.unwrap().unwrap().account.id;
    gateway.app().disable_account(account, true).await.unwrap().unwrap();
    let other = gateway.browser(Speaks::Http1, "en");
    other.plant("__Host-sekisho", &stolen);
    let page = other.follow(post(&other, PLACE, FORM, BODY).await).await.unwrap();
    assert!(!kept(&page), "its account is disabled: {}", page.text());
    assert!(other.cookie("__Host-sekisho-held").is_none() && browser.cookie("__Host-sekisho-held").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_and_another_browser_get_nothing_of_it() {
    let gateway = gateway("").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    away(&gateway, &browser).await;
    let answer = post(&browser, PLACE, FORM, BODY).await;
    let page = come_back(&gateway, &browser, answer, 1).await;
    assert_eq!((page.status, page.url.path()), (200, "/.sekisho/held"));
    assert!(page.text().contains("This was sent by another account"), "{}", page.text());
    assert!(!page.body.contains("/orders/7"), "not even where it was to go");
    let place = page.place().to_owned();

    // Its word is not taken, whatever it says.
    let token = page.forms().iter().flat_map(|f| f.fields.clone()).find(|f| f.name == "csrf").unwrap().value;
    let id = page.url.query().unwrap().trim_start_matches("id=").to_owned();
    let word = format!("sekisho-held={id}&csrf={token}");
    let answer = post(&browser, PLACE, FORM, &word).await;
    assert_eq!(answer.header("location"), place);
    let file = browser.visit(&format!("/.sekisho/held/file?id={id}")).await;
    assert_eq!((file.status, file.header("location")), (303, place.as_str()));
    let gone = browser
        .send(Method::POST, "/.sekisho/held/discard", fields(&browser, FORM), Some(format!("csrf={token}&to=")))
        .await;
    assert_eq!(gone.status, 303);

    // The same person in another browser.
    gateway.clock.advance(Duration::from_secs(30));
    let other = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &other, "hana", &gateway.secrets[0]).await;
    let elsewhere = other.open(&place).await;
    assert!(elsewhere.text().contains("There is nothing to send"), "{}", elsewhere.text());
    assert!(posts(&gateway).is_empty());

    // And the person it is kept for still has it.
    gateway.clock.advance(Duration::from_secs(30));
    let out = browser.open("/.sekisho/sign-out").await;
    browser.submit(&out, &out.form_to("/.sekisho/sign-out"), &[]).await;
    let page = sign_in(&gateway, &browser, &browser.open(&place).await, 0).await;
    assert_eq!(send_it(&browser, &page).await.place(), PLACE);
    assert_eq!(posts(&gateway).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_or_too_much_is_said_kindly() {
    let gateway = gateway("[hold]\nbytes = \"4KiB\"\nper_browser = 2\nper_account = 3\n").await;
    let browser = gateway.browser(Speaks::Http2, "en");
    away(&gateway, &browser).await;
    let tell = async |browser: &Browser, body: &str| {
        let page = browser.follow(post(browser, PLACE, FORM, body).await).await.unwrap();
        assert_eq!((page.status, page.url.path()), (200, "/.sekisho/sign-in"));
        page.text()
    };
    let too_large = tell(&browser, &"x".repeat(4097)).await;
    assert!(too_large.contains("too large to keep"), "{too_large}");
    assert!(browser.cookie("__Host-sekisho-held").is_none(), "nothing was kept");
    for _ in 0..2 {
        assert!(tell(&browser, &"x".repeat(4096)).await.contains("is kept until"));
    }
    let full = tell(&browser, BODY).await;
    assert!(full.contains("could not be kept"), "the browser has two: {full}");

    // A copied cookie opens no more room than the account has.
    let stolen = browser.cookie("__Host-sekisho").unwrap().value;
    for expected in ["is kept until", "could not be kept", "could not be kept"] {
        let other = gateway.browser(Speaks::Http1, "en");
        other.plant("__Host-sekisho", &stolen);
        let told = tell(&other, BODY).await;
        assert!(told.contains(expected), "{expected}: {told}");
    }
    gateway.clock.advance(Duration::from_mins(15));
    assert!(tell(&browser, BODY).await.contains("is kept until"), "what is over takes no room");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_can_be_downloaded_discarded_and_is_over_in_time() {
    let gateway = gateway("").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    away(&gateway, &browser).await;
    let page = come_back(&gateway, &browser, post(&browser, PLACE, FORM, BODY).await, 0).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action https:;"), "the console's answer may lead to another host: {policy}");
    let link = page.links().into_iter().find(|link| link.starts_with("/.sekisho/held/file")).unwrap();
    let file = browser.visit(&link).await;
    let lines = "carrier: ヤマト\r\ntracking: 1234-5678\r\nmemo: geheim-4711\r\n";
    assert_eq!((file.status, file.body.as_str()), (200, lines));
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-disposition", "attachment; filename=\"form.txt\""),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(file.header(name), value, "{name}");
    }
    // In the other language it is the same page.
    let other = browser.submit(&page, &page.form_with("language"), &[("language", "ja")]).await;
    assert!(other.text().contains("入力した内容を送信しますか？"), "{}", other.text());
    assert_eq!(other.form_with("sekisho-held").filled(&[]), page.form_with("sekisho-held").filled(&[]));

    browser.plant("__Host-sekisho-lang", "en");
    let ask = page.links().into_iter().find(|link| link.starts_with("/.sekisho/held/discard")).unwrap();
    let question = browser.open(&ask).await;
    assert!(question.text().contains("Discard what you entered?") && question.text().contains("/orders/7/ship"));
    assert!(question.links().contains(&page.place().to_owned()), "and back: {:?}", question.links());
    let gone = browser.submit(&question, &question.form_to("/.sekisho/held/discard"), &[]).await;
    assert_eq!(gone.url.path(), "/.sekisho/held");
    assert!(gone.text().contains("was deleted. Nothing was sent."), "{}", gone.text());
    assert!(gone.links().contains(&"/orders/7?tab=ship".to_owned()), "to the page the form was on: {:?}", gone.links());
    let other = browser.submit(&gone, &gone.form_with("language"), &[("language", "ja")]).await;
    assert!(other.text().contains("入力した内容を削除しました。"), "{}", other.text());
    let again = browser.open(page.place()).await;
    assert!(again.text().contains("送信する内容はありません"), "{}", again.text());
    browser.plant("__Host-sekisho-lang", "en");
    assert!(send_it(&browser, &page).await.text().contains("There is nothing to send"));

    gateway.clock.advance(Duration::from_mins(61));
    let page = come_back(&gateway, &browser, post(&browser, PLACE, FORM, BODY).await, 0).await;
    gateway.clock.advance(Duration::from_mins(15));
    assert!(send_it(&browser, &page).await.text().contains("There is nothing to send"));
    gateway.app().purge().await.unwrap();
    assert!(posts(&gateway).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_found_again_without_its_address() {
    let gateway = gateway("").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    away(&gateway, &browser).await;
    let boundary = "multipart/form-data; boundary=b";
    let files = "--b\r\nContent-Disposition: form-data; name=\"list\"; filename=\"products.csv\"\r\n\r\na,b\r\n\
                 --b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nzaunkoenig\r\n--b--\r\n";
    post(&browser, "/products/import", boundary, files).await;
    gateway.clock.advance(Duration::from_mins(2));
    let page = browser.open("/.sekisho/held").await;
    assert_eq!(page.url.path(), "/.sekisho/sign-in");
    let one = sign_in(&gateway, &browser, &page, 0).await;
    assert_eq!((one.status, one.url.path()), (200, "/.sekisho/held"), "the only one: {}", one.text());
    assert!(one.url.query().is_some_and(|query| query.starts_with("id=")), "{}", one.url);
    assert!(one.text().contains("File: products.csv (3 bytes)"), "{}", one.text());
    assert!(one.text().contains("Not shown") && !one.body.contains("zaunkoenig"), "{}", one.text());
    let file = one.links().into_iter().find(|link| link.starts_with("/.sekisho/held/file")).unwrap();
    let file = browser.visit(&file).await;
    assert_eq!(
        (file.body.as_str(), file.header("content-type")),
        (files, "application/octet-stream"),
        "as it was sent"
    );

    // A second one, for a code: all of them are listed, and other pages lead there.
    gateway.clock.advance(Duration::from_mins(6));
    post(&browser, "/payouts/3", FORM, BODY).await;
    for place in ["/.sekisho/held", "/.sekisho/settings", "/.sekisho/sign-in"] {
        let list = browser.open(place).await;
        assert!(list.text().contains("/products/import") && list.text().contains("/payouts/3"), "{}", list.text());
        let forms = list.links().into_iter().filter(|link| link.starts_with("/.sekisho/held?id=")).count();
        assert_eq!(forms, 2, "{place}");
    }
    // Nobody else finds them.
    gateway.clock.advance(Duration::from_secs(30));
    let other = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &other, "hana", &gateway.secrets[0]).await;
    let none = other.open("/.sekisho/held").await;
    assert!(none.text().contains("No form of yours is waiting on this browser."), "{}", none.text());
    assert!(!other.open("/.sekisho/settings").await.text().contains("/products/import"));
    gateway.clock.advance(Duration::from_mins(15));
    assert!(!browser.open("/.sekisho/settings").await.text().contains("Not sent yet"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_needs_a_fresh_code_waits_for_it() {
    let gateway = gateway("").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "hana", &gateway.secrets[0]).await;
    gateway.clock.advance(Duration::from_mins(6));
    let page = browser.follow(post(&browser, "/payouts/3", FORM, BODY).await).await.unwrap();
    assert_eq!(page.url.path(), "/.sekisho/fresh");
    assert!(page.text().contains("is kept until 14:41; after the code you can send it"), "{}", page.text());
    assert!(page.text().contains("Send what you entered to /payouts/3"), "{}", page.text());

    // Without the code it can be looked at and not be sent.
    let held = page.links().into_iter().find(|link| link.starts_with("/.sekisho/held")).unwrap();
    let waiting = browser.open(&held).await;
    assert!(waiting.text().contains("Enter a code first"), "{}", waiting.text());
    assert!(waiting.forms().iter().all(|form| !form.has("sekisho-held")));
    let token = waiting.form_to("/.sekisho/language").filled(&[])[0].1.clone();
    let word = format!("sekisho-held={}&csrf={token}", held.trim_start_matches("/.sekisho/held?id="));
    let stopped = browser.follow(post(&browser, "/payouts/3", FORM, &word).await).await.unwrap();
    assert_eq!(stopped.url.path(), "/.sekisho/fresh", "the rules count as of now");
    assert!(posts(&gateway).is_empty());

    let page = browser.submit(&stopped, &stopped.form_to("/.sekisho/fresh/begin"), &[]).await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let page = steps::code(&browser, &page, &code, false).await;
    assert_eq!(page.place(), held, "{}", page.text());
    assert!(posts(&gateway).is_empty(), "nothing is sent silently");
    assert_eq!(send_it(&browser, &page).await.place(), "/payouts/3");
    let [arrived] = &posts(&gateway)[..] else { panic!("once") };
    assert_eq!(String::from_utf8_lossy(&arrived.body), BODY);
}

/// However young the rule wants the code, and wherever the page led from: the code is for the form.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_for_a_kept_form_is_for_sending_it() {
    let strict = "[[rule]]\npath = \"/payouts\"\naccess = \"fresh\"\nwithin = \"1m\"\nhold = true\n\
                  [[rule]]\npath = \"/\"\naccess = \"signed-in\"\n";
    let gateway = Gateway::start(&[], &["hana"], strict).await;
    for (language, says, unnamed) in [
        ("en", "Send what you entered to /payouts/send", "Send what you entered"),
        ("ja", "入力した内容を/payouts/sendに送信する", "入力した内容を送信する"),
    ] {
        gateway.clock.advance(Duration::from_secs(30));
        let browser = gateway.browser(Speaks::Http2, language);
        steps::sign_in(&gateway, &browser, "hana", &gateway.secrets[0]).await;
        gateway.clock.advance(Duration::from_mins(2));
        let page = browser.follow(post(&browser, "/payouts/send?amount=1", FORM, "").await).await.unwrap();
        assert_eq!(page.url.path(), "/.sekisho/fresh");
        assert!(page.text().contains(says), "{}", page.text());
        let address = page.place().to_owned();
        let page = browser.submit(&page, &page.form_to("/.sekisho/fresh/begin"), &[]).await;
        assert!(page.text().contains(says), "{}", page.text());
        // Without the cookie of what it keeps.
        browser.plant("__Host-sekisho-held", "");
        let page = browser.open(&address).await;
        assert!(page.text().contains(unnamed) && !page.text().contains("/payouts/send"), "{}", page.text());
    }
    assert!(posts(&gateway).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_word_sends_nothing_and_the_consoles_own_forms_go_on() {
    for speaks in [Speaks::Http1, Speaks::Http2] {
        forged_words_and_own_forms(speaks).await;
    }
}

async fn forged_words_and_own_forms(speaks: Speaks) {
    let gateway = gateway("").await;
    let browser = gateway.browser(speaks, "en");
    away(&gateway, &browser).await;
    let page = come_back(&gateway, &browser, post(&browser, PLACE, FORM, BODY).await, 0).await;
    let good = page.form_with("sekisho-held").filled(&[]);
    let (id, token) = (good[0].1.clone(), good[1].1.clone());
    for word in [
        format!("sekisho-held={id}"),
        format!("sekisho-held={id}&csrf=x"),
        format!("sekisho-held={id}&csrf={}", &token[1..]),
        format!("sekisho-held=&csrf={token}"),
        format!("sekisho-held={id}&sekisho-held={id}&csrf={token}"),
    ] {
        let answer = post(&browser, PLACE, FORM, &word).await;
        assert_eq!(answer.status, 400, "{word}");
    }
    let whole = format!("sekisho-held={id}&csrf={token}");
    let mut foreign = fields(&browser, FORM);
    foreign.insert("origin", HeaderValue::from_static("https://evil.test"));
    foreign.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
    assert_eq!(browser.send(Method::POST, PLACE, foreign, Some(whole.clone())).await.status, 400);
    let mut script = fields(&browser, FORM);
    script.insert("sec-fetch-mode", HeaderValue::from_static("cors"));
    script.insert("sec-fetch-dest", HeaderValue::from_static("empty"));
    assert_eq!(browser.send(Method::POST, PLACE, script, Some(whole.clone())).await.status, 400);
    // For another address it is no word either.
    let elsewhere = post(&browser, "/orders/8/ship", FORM, &whole).await;
    assert_eq!(elsewhere.header("location"), page.place());
    assert!(posts(&gateway).is_empty());

    for body in ["", "a=b", "x-sekisho-held=1", "sekisho-heldx=1"] {
        let before = posts(&gateway).len();
        let answer = post(&browser, "/orders/9/note", FORM, body).await;
        assert_eq!(answer.status, 200, "{body:?}");
        let arrived = &posts(&gateway)[before..];
        assert_eq!((arrived.len(), arrived[0].body.as_slice()), (1, body.as_bytes()));
    }
    assert_eq!(send_it(&browser, &page).await.place(), PLACE, "it waited all the while");
}

/// However it is framed, and whatever the browser has lost: the tokens in it are nobody else's business.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_word_is_known_by_its_bytes() {
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let gateway = gateway("").await;
        let browser = gateway.browser(speaks, "en");
        away(&gateway, &browser).await;
        let page = come_back(&gateway, &browser, post(&browser, PLACE, FORM, BODY).await, 0).await;
        let word = page.form_with("sekisho-held").filled(&[]);
        let word = form_urlencoded::Serializer::new(String::new()).extend_pairs(word).finish();
        let pieces = |text: &str, at: usize| vec![text[..at].to_owned(), String::new(), text[at..].to_owned()];

        let kept = browser.cookie("__Host-sekisho-held").expect("its cookie").value;
        browser.forget("__Host-sekisho-held");
        assert_eq!(post(&browser, PLACE, FORM, &word).await.header("location"), page.place(), "{speaks:?}");
        assert_eq!(browser.send_pieces(PLACE, fields(&browser, FORM), pieces(&word, 5)).await, 303, "{speaks:?}");
        browser.plant("__Host-sekisho-held", &kept);
        let long = format!("{word}&more={}", "x".repeat(600));
        assert_eq!(browser.send_pieces(PLACE, fields(&browser, FORM), pieces(&long, 20)).await, 400, "{speaks:?}");
        let mut untold = fields(&browser, FORM);
        untold.remove("content-type");
        assert_eq!(browser.send(Method::POST, PLACE, untold, Some(format!("{word}x"))).await.status, 400, "{speaks:?}");
        assert!(posts(&gateway).is_empty(), "{speaks:?}: nothing of it reached the console");

        assert_eq!(browser.send_pieces(PLACE, fields(&browser, FORM), pieces(&word, 7)).await, 200, "{speaks:?}");
        let [arrived] = &posts(&gateway)[..] else { panic!("once: {:?}", posts(&gateway)) };
        assert_eq!(String::from_utf8_lossy(&arrived.body), BODY);
        assert!(!arrived.contains("sekisho-held") && !arrived.contains("csrf"), "{}", arrived.line);

        // The console's own, as long as they may be, arrive as they were sent, whatever was looked at.
        for (text, at) in [("sekisho-hel=1", 3), ("s", 0), (&format!("sekisho-heldx={}", "y".repeat(200_000)), 6)] {
            let sent = browser.send_pieces("/orders/9/note", fields(&browser, FORM), pieces(text, at)).await;
            assert_eq!(sent, 200, "{speaks:?} {at}");
            assert!(posts(&gateway).last().unwrap().body == text.as_bytes(), "{speaks:?} {at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_form_of_a_browser_that_has_something_kept_is_kept_whole() {
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let gateway = gateway("").await;
        let browser = gateway.browser(speaks, "en");
        away(&gateway, &browser).await;
        let first = post(&browser, PLACE, FORM, BODY).await;
        assert_eq!(first.status, 303);
        let page = come_back(&gateway, &browser, post(&browser, "/orders/8", FORM, "s=2&memo=short").await, 0).await;
        assert_eq!(send_it(&browser, &page).await.status, 200);
        let [arrived] = &posts(&gateway)[..] else { panic!("once: {:?}", posts(&gateway)) };
        assert_eq!(String::from_utf8_lossy(&arrived.body), "s=2&memo=short", "{speaks:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_left_waits_again() {
    let closed = crate::support::free_address();
    let gateway = Gateway::start_with(&[], &["hana", "taro"], |text| {
        let upstream = text.lines().find(|line| line.starts_with("url = \"http://")).unwrap().to_owned();
        let text = text.replace(&upstream, &format!("url = \"http://{closed}\""));
        format!("{text}{}{}{HOLDING}", crate::support::settings::QUICK_PASSWORDS, crate::support::settings::MAIL)
    })
    .await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = steps::password(&browser, &browser.open("/").await, "hana").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    assert_eq!(steps::code(&browser, &page, &code, false).await.status, 502);
    gateway.clock.advance(Duration::from_mins(61));
    let page = come_back(&gateway, &browser, post(&browser, PLACE, FORM, BODY).await, 0).await;
    assert_eq!(send_it(&browser, &page).await.status, 502);
    let again = browser.open(page.place()).await;
    assert!(again.text().contains("Send what you entered?"), "{}", again.text());
    let link = again.links().into_iter().find(|link| link.starts_with("/.sekisho/held/file")).unwrap();
    assert!(browser.visit(&link).await.body.ends_with("memo: geheim-4711\r\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_is_in_no_log_and_in_no_file() {
    log::start();
    let gateway = gateway("").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    away(&gateway, &browser).await;
    let secret = "zaunkoenig-0815";
    let page = come_back(&gateway, &browser, post(&browser, PLACE, FORM, &format!("memo={secret}")).await, 0).await;
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let mut looked = 0;
    for file in std::fs::read_dir(&gateway.settings.directory).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            looked += 1;
            let bytes = std::fs::read(&path).unwrap();
            assert!(!holds(&bytes, secret) && !holds(&bytes, "/orders/7/ship"), "{} holds it in clear", path.display());
        }
    }
    assert!(looked >= 2, "the store and its journal were looked at");
    send_it(&browser, &page).await;
    assert!(gateway.upstream.last().contains(secret));
    let log = log::read();
    assert!(log.contains("request_held") && log.contains("\"sent\""), "the log was written");
    assert!(!log.contains(secret), "what was typed is in the log");
}

/// What a person who waits for `100 Continue` would have sent is kept like any other, and the console hears of no
/// expectation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expectation_ends_at_the_gateway() {
    let gateway = gateway("").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    away(&gateway, &browser).await;
    let expecting = || {
        let mut headers = fields(&browser, FORM);
        headers.insert("expect", HeaderValue::from_static("100-continue"));
        headers
    };
    let answer = browser.send(Method::POST, PLACE, expecting(), Some(BODY.to_owned())).await;
    let page = come_back(&gateway, &browser, answer, 0).await;
    let word = page.form_with("sekisho-held").filled(&[]);
    let word = form_urlencoded::Serializer::new(String::new()).extend_pairs(word).finish();
    assert_eq!(browser.send(Method::POST, PLACE, expecting(), Some(word)).await.status, 200);
    let [arrived] = &posts(&gateway)[..] else { panic!("once") };
    assert!(arrived.body == BODY.as_bytes() && arrived.all("expect").is_empty(), "{}", arrived.line);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rules_decide_again_when_it_is_sent() {
    let rules = "[[rule]]\npath = \"/pay\"\ngroups = [\"payments\"]\naccess = \"signed-in\"\nhold = true\n\
                 [[rule]]\npath = \"/pay\"\naccess = \"deny\"\n";
    let gateway = Gateway::start(&[], &["hana", "taro"], rules).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    away(&gateway, &browser).await;
    let page = come_back(&gateway, &browser, post(&browser, "/pay/1", FORM, BODY).await, 0).await;
    let account = gateway.app().find_account("hana").await.unwrap().unwrap().account;
    let groups = vec![sekisho::account::Group::parse("sellers").unwrap()];
    let edit = sekisho::store::AccountEdit { groups: Some(groups), ..Default::default() };
    gateway.app().edit_account(&account, &edit).await.unwrap().unwrap();

    assert_eq!(send_it(&browser, &page).await.status, 403);
    assert!(posts(&gateway).is_empty());
    let again = browser.open(page.place()).await;
    assert!(again.text().contains("your permissions have changed"), "{}", again.text());
    assert!(again.forms().iter().all(|form| !form.has("sekisho-held")));
    let link = again.links().into_iter().find(|link| link.starts_with("/.sekisho/held/file")).unwrap();
    assert!(browser.visit(&link).await.body.ends_with("memo: geheim-4711\r\n"));
}
