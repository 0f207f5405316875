//! What the pages carry from one to the next, and what they name.

use std::time::Duration;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue, REFERER},
};
use sekisho::clock::Clock as _;

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
        html::Form,
        log, settings,
    },
};

/// Somebody who signed in with the app six minutes ago: what is sensitive asks for a fresh code.
async fn signed_in_a_while_ago(gateway: &Gateway, user: usize, name: &str) -> Browser {
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(gateway, &browser, name, &gateway.secrets[user]).await;
    gateway.clock.advance(Duration::from_mins(6));
    browser
}

async fn in_japanese(browser: &Browser, page: &Page) -> Page {
    browser.submit(page, &page.form_with("language"), &[("language", "ja")]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_that_asks_for_a_fresh_code_names_what_it_does() {
    let rule = "[[rule]]\npath = \"/payouts\"\naccess = \"fresh\"\n";
    let gateway = Gateway::start(&[], &["old"], rule).await;
    let browser = signed_in_a_while_ago(&gateway, 0, "old").await;
    for (place, en, ja) in [
        ("/payouts?month=11", "What the code is for Open /payouts", "/payouts を開く"),
        ("/.sekisho/settings/password", "What the code is for Change your password", "パスワードの変更"),
    ] {
        let page = browser.open(place).await;
        assert_eq!(page.url.path(), "/.sekisho/fresh", "{place}");
        assert!(page.text().contains(en), "{en}: {}", page.text());
        let page = in_japanese(&browser, &page).await;
        assert!(page.text().contains(ja), "{ja}: {}", page.text());
        browser.submit(&page, &page.form_with("language"), &[("language", "en")]).await;
    }

    // A form: what the code page says is what the code does.
    let settings = browser.open("/.sekisho/settings").await;
    let form = settings.form_to("/.sekisho/settings/email");
    let page = browser.submit(&settings, &form, &[("email", "thief@evil.example")]).await;
    let says = "Change the email address for notices to thief@evil.example";
    assert!(page.text().contains(says) && page.text().contains("go back without a code"), "{}", page.text());
    let page = in_japanese(&browser, &page).await;
    assert!(page.text().contains("通知先のメールアドレスの変更：thief@evil.example"), "{}", page.text());
    let page = browser.open("/.sekisho/settings/backup").await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/settings/replace/begin"), &[]).await;
    assert!(page.text().contains("バックアップ手段の変更"), "{}", page.text());
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let page = steps::code(&browser, &page, &code, false).await;
    assert_eq!(page.url.path(), "/.sekisho/settings/replace", "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_typed_at_the_sign_in_is_there_for_a_new_password() {
    let gateway = Gateway::start(&[], &["old"], settings::MAIL).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/orders").await;
    let typed = [("user_name", "old"), ("password", "half a passw")];
    let form = Form { action: "/.sekisho/password-reset/open".to_owned(), ..page.form_with("password") };
    let page = browser.submit(&page, &form, &typed).await;
    assert!(page.form_to("/.sekisho/password-reset").filled(&[]).contains(&("user_name".into(), "old".into())));
    assert!(!page.body.contains("half a passw"));
    let japanese = in_japanese(&browser, &page).await;
    assert!(japanese.form_to("/.sekisho/password-reset").filled(&[]).contains(&("user_name".into(), "old".into())));

    // Without scripts a new password is typed twice, and both must agree; with them it can be looked at.
    let before = gateway.inbox.newest().await;
    browser.submit(&japanese, &japanese.form_to("/.sekisho/password-reset"), &[]).await;
    let mail = steps::mail_saying(&gateway, before, "/.sekisho/link/").await;
    let page = browser.open(&steps::link_in(&mail)).await;
    let form = page.form_to("/.sekisho/link");
    let refused =
        browser.submit(&page, &form, &[("password", "eleven tame herons"), ("again", "eleven tame heron")]).await;
    assert!(refused.text().contains("新しいパスワードが一致しません。"), "{}", refused.text());
    let once = Form { fields: form.fields.into_iter().filter(|field| field.name != "again").collect(), ..form };
    let done = browser.submit(&page, &once, &[("password", "eleven tame herons")]).await;
    assert_eq!(done.url.path(), "/.sekisho/sign-in", "{}", done.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stays_signed_in_goes_back_to_where_they_were() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let ask = async |from: String| {
        let headers = HeaderMap::from_iter([(REFERER, HeaderValue::from_str(&from).unwrap())]);
        browser.send(Method::GET, "/.sekisho/sign-out", headers, None).await
    };
    let stays = |page: &Page, place: &str| page.links().iter().any(|link| link == place);
    let page = ask(format!("{}/orders/1238?tab=items", browser.origin())).await;
    assert!(stays(&page, "/orders/1238?tab=items"), "{:?}", page.links());
    let page = in_japanese(&browser, &page).await;
    assert!(stays(&page, "/orders/1238?tab=items"), "in the other language too: {:?}", page.links());
    for elsewhere in [
        "https://evil.example/orders".to_owned(),
        format!("{}.evil.example/orders", browser.origin()),
        format!("{}//evil.example/orders", browser.origin()),
        format!("{}/.sekisho/sign-out", browser.origin()),
    ] {
        let page = ask(elsewhere.clone()).await;
        assert!(stays(&page, "/") && !page.body.contains("evil"), "{elsewhere}: {:?}", page.links());
    }

    // It is this person's place, not the next one's.
    let page = ask(format!("{}/orders/1238", browser.origin())).await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/sign-out"), &[]).await;
    let page = steps::password(&browser, &page, "old").await;
    gateway.clock.advance(Duration::from_secs(30));
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    assert_eq!(steps::code(&browser, &page, &code, false).await.place(), "/");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_shows_eight_letters_that_the_log_is_searched_for() {
    let gateway = Gateway::start(&[], &[], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    log::start();
    let page = browser.visit("/orders/%00").await;
    assert_eq!(page.status, 400);
    let shown = page.body.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).expect("a reference");
    assert_eq!(shown.len(), 8, "{shown}");
    assert!(log::read().contains(shown), "{shown}");
}
