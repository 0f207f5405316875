//! What a person meets when no message may go to a telephone: said before anything is sent, with what works instead.

use std::time::Duration;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};

use crate::{
    steps,
    support::{browser::Speaks, gateway::Gateway},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rat_15_a_number_of_another_country_is_refused_kindly_and_before_a_code() {
    let gateway = Gateway::start(&["hanako"], &[], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = steps::first_sign_in(&gateway, &browser, "hanako").await;
    let page = steps::begin_enrolment(&browser, &page).await;
    let page = steps::choose(&browser, &page, "sms", "+44 7400 123456").await;
    let words = "Codes can't go to telephone numbers in this country.";
    assert!(page.text().contains(words), "{}", page.text());
    assert!(page.text().contains("choose the authenticator app"), "{}", page.text());
    let japanese = gateway.browser(Speaks::Http1, "ja");
    let page = steps::first_sign_in(&gateway, &japanese, "hanako").await;
    let page = steps::begin_enrolment(&japanese, &page).await;
    let page = steps::choose(&japanese, &page, "sms", "+44 7400 123456").await;
    assert!(page.text().contains("この国の電話番号にはコードを送れません。"), "{}", page.text());
    assert!(gateway.app().budget_status().await.unwrap().countries.is_empty(), "nothing was ordered");
    let page = steps::choose(&japanese, &page, "sms", "080-1234-5678").await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment", "{}", page.text());
    assert_eq!(gateway.app().budget_status().await.unwrap().countries.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rat_16_when_a_budget_is_used_up_the_page_says_from_when_and_apps_work() {
    let gateway = Gateway::start(&["hanako", "taro"], &[], "[budget]\nmoney = \"0.10\"\n").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = steps::first_sign_in(&gateway, &browser, "hanako").await;
    let page = steps::begin_enrolment(&browser, &page).await;
    steps::choose(&browser, &page, "sms", "080-1234-5678").await;

    let late = gateway.browser(Speaks::Http1, "en");
    let page = steps::first_sign_in(&gateway, &late, "taro").await;
    let page = steps::begin_enrolment(&late, &page).await;
    let page = steps::choose(&late, &page, "sms", "080-2345-6789").await;
    assert!(page.text().contains("An authenticator app works now."), "{}", page.text());
    let page = steps::choose(&late, &page, "app", "").await;
    assert!(page.links().iter().any(|link| link.starts_with("otpauth:")), "{}", page.text());
    let refused = gateway.app().budget_status().await.unwrap().refused;
    assert_eq!((refused[0].reason.as_str(), refused[0].messages), ("money", 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_holds_at_once_and_the_page_offers_what_works() {
    let gateway = Gateway::start(&[], &["hanako"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    steps::password(&browser, &page, "hanako").await;
    gateway.app().pause_delivery("sms", None, "test").await.unwrap().unwrap();
    let help = browser.open("/.sekisho/code/help").await;
    assert!(help.text().contains("We can't send a code to this number now."), "{}", help.text());
    gateway.app().resume_delivery("sms", "test").await.unwrap().unwrap();
    gateway.clock.advance(Duration::from_secs(1));
    let help = browser.open("/.sekisho/code/help").await;
    assert!(!help.text().contains("We can't send a code"), "{}", help.text());
    let page = browser.submit(&help, &help.form_with("way"), &[("way", "backup")]).await;
    assert_eq!(page.url.path(), "/.sekisho/code", "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rat_05_23_addresses_that_a_client_makes_up_are_one_and_the_answer_says_from_when() {
    let gateway = Gateway::start(&[], &["hanako"], "[sign_in]\nfailures_per_address = 4\n").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let mut told = Vec::new();
    for (n, name) in ["hanako", "nobody", "hanako", "nobody", "hanako", "nobody"].into_iter().enumerate() {
        let page = browser.open("/").await;
        let form = page.form_with("password");
        let typed = [("user_name", name), ("password", "wrong horse battery")];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form.filled(&typed)).finish();
        let mut headers = HeaderMap::new();
        let made_up = format!("203.0.113.{n}");
        for (field, value) in [
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
            ("x-forwarded-for", made_up.as_str()),
            ("x-real-ip", made_up.as_str()),
            ("forwarded", "for=203.0.113.200"),
        ] {
            headers.insert(field, HeaderValue::from_str(value).unwrap());
        }
        let place = page.url.join(form.goes_to(&typed)).unwrap();
        let answer = browser.send(Method::POST, place.as_str(), headers, Some(body)).await;
        let page = browser.follow(answer).await.unwrap();
        let wrong = page.text().contains("isn't right");
        assert_eq!(wrong, n < 4, "{n}: {}", page.text());
        if !wrong {
            told.push(page.text().replace(name, ""));
        }
    }
    assert_eq!(told[0], told[1], "the same for a name that nobody has");
}
