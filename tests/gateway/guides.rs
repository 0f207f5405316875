//! The guides (`product.md` R11) as a visitor meets them: from every step, before the sign-in, and in words that are
//! those of the buttons.

use crate::{
    steps,
    support::{
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
    },
};

const GUIDES: [&str; 6] = [
    "/.sekisho/guides",
    "/.sekisho/guides/enabling",
    "/.sekisho/guides/authenticator-app",
    "/.sekisho/guides/no-code",
    "/.sekisho/guides/cannot-change",
    "/.sekisho/guides/asked-often",
];

/// The guide this page links to.
fn guide_of(page: &Page) -> String {
    let links: Vec<String> = page.links().into_iter().filter(|link| link.starts_with("/.sekisho/guides")).collect();
    assert_eq!(links.len(), 1, "{} links one guide: {:?}", page.url, page.links());
    links[0].clone()
}

/// Opens the guide of a page and follows its way back.
async fn there_and_back(browser: &Browser, page: &Page, expected: &str) {
    let guide = browser.open(&guide_of(page)).await;
    assert_eq!((guide.status, guide.url.path()), (200, expected), "from {}", page.url);
    let mut back = guide.links().into_iter().filter(|link| !link.starts_with('#') && !link.contains("/guides"));
    let back = back.next_back().expect("a way back");
    let again = browser.open(&back).await;
    assert_eq!(again.url.path(), page.url.path(), "the guide leads back to its page");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r11_every_step_links_its_guide_and_the_guide_leads_back() {
    let gateway = Gateway::start(&["fresh"], &["old"], "").await;
    let browser = gateway.browser(Speaks::Http2, "en");

    let page = browser.open("/orders/1?x=y").await;
    there_and_back(&browser, &page, "/.sekisho/guides").await;
    let page = steps::password(&browser, &page, "old").await;
    there_and_back(&browser, &page, "/.sekisho/guides/asked-often").await;
    let help = browser.open("/.sekisho/code/help").await;
    there_and_back(&browser, &help, "/.sekisho/guides/no-code").await;

    // With a guide open in between, the sign-in still leads to where the person wanted to go.
    let guide = browser.open(&guide_of(&page)).await;
    let back = guide.links().into_iter().find(|link| link.starts_with("/.sekisho/code")).expect("a way back");
    let page = browser.open(&back).await;
    let shown = crate::support::authenticator::code(&gateway.secrets[0], sekisho::clock::Clock::now(&gateway.clock));
    let page = steps::code(&browser, &page, &shown, false).await;
    assert_eq!(page.place(), "/orders/1?x=y");

    let page = browser.open("/.sekisho/sign-out").await;
    there_and_back(&browser, &page, "/.sekisho/guides").await;
    let page = browser.open("/.sekisho/no-such-page").await;
    assert_eq!(browser.open(&guide_of(&page)).await.status, 200, "an error page, too");

    let browser = gateway.browser(Speaks::Http2, "en");
    let page = steps::first_sign_in(&gateway, &browser, "fresh").await;
    there_and_back(&browser, &page, "/.sekisho/guides/enabling").await;
    let page = steps::begin_enrolment(&browser, &page).await;
    there_and_back(&browser, &page, "/.sekisho/guides/enabling").await;
    let page = steps::choose(&browser, &page, "app", "").await;
    there_and_back(&browser, &page, "/.sekisho/guides/authenticator-app").await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/enrolment/choose-again"), &[]).await;
    let page = steps::choose(&browser, &page, "sms", "090-1234-5678").await;
    there_and_back(&browser, &page, "/.sekisho/guides/no-code").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r11_guides_need_no_sign_in_and_leave_nothing_behind() {
    let gateway = Gateway::start(&[], &["old"], "[trusted_device]\nlifetime = \"7d\"\n").await;
    let stranger = gateway.browser(Speaks::Http1, "ja");
    let mut seen = Vec::new();
    for place in GUIDES {
        let page = stranger.open(place).await;
        assert_eq!((page.status, page.language().as_str()), (200, "ja"), "{place}");
        assert!(page.headers.get("set-cookie").is_none(), "{place} sets a cookie");
        assert_eq!(page.header("cache-control"), "no-store");
        seen.push(page.text());
        // The other language, the same guide, the same way back.
        let page = stranger.open(&format!("{place}?back=code")).await;
        let english = stranger.submit(&page, &page.form_with("language"), &[("language", "en")]).await;
        assert_eq!((english.url.path(), english.language().as_str()), (place, "en"));
        assert!(english.links().iter().any(|link| link == "/.sekisho/code"), "{:?}", english.links());
        stranger.submit(&english, &english.form_with("language"), &[("language", "ja")]).await;
    }
    assert!(seen[5].contains("7日間") && !seen[5].contains("30日間"), "what is configured: {}", seen[5]);
    assert!(gateway.upstream.seen().is_empty(), "the console is not asked");
    assert_eq!(gateway.inbox.newest().await, 0, "and nothing is sent");

    // The same words for somebody who is signed in: nothing of the account is in them.
    let person = gateway.browser(Speaks::Http1, "ja");
    steps::sign_in(&gateway, &person, "old", &gateway.secrets[0]).await;
    for (place, text) in GUIDES.into_iter().zip(seen) {
        assert_eq!(person.open(place).await.text(), text, "{place}");
    }
}

/// What a step's own button is called.
fn button(page: &Page) -> String {
    let form = page.forms().into_iter().find(|form| form.id == "main").expect("the step's form");
    form.buttons().next().expect("its button").label.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r11_doing_what_the_guide_says_finds_each_button_and_ends_at_the_console() {
    for (languages, user, quote) in [("ja", "hana", ['「', '」']), ("en", "taro", ['“', '”'])] {
        let gateway = Gateway::start(&[user], &[], "").await;
        let browser = gateway.browser(Speaks::Http2, languages);
        let enabling = browser.open("/.sekisho/guides/enabling").await.text();
        let app = browser.open("/.sekisho/guides/authenticator-app").await.text();
        let says = |guide: &str, words: &str| {
            let quoted = format!("{}{words}{}", quote[0], quote[1]);
            assert!(guide.contains(&quoted), "{languages}: the guide does not say {quoted}");
        };

        let page = browser.open("/").await;
        says(&enabling, &button(&page));
        let page = steps::first_sign_in(&gateway, &browser, user).await;
        says(&enabling, &button(&page));
        let page = steps::begin_enrolment(&browser, &page).await;
        says(&enabling, &button(&page));
        says(&app, &button(&page));
        let page = steps::choose(&browser, &page, "app", "").await;
        says(&app, &button(&page));
        let key = steps::app_key(&page);
        let typed = key.to_lowercase();
        assert!(typed.chars().all(|c| matches!(c, 'a'..='z' | '2'..='7')), "as the guide says of the key");
        let shown = crate::support::authenticator::code(&typed, sekisho::clock::Clock::now(&gateway.clock));
        let page = steps::code(&browser, &page, &shown, false).await;
        says(&enabling, &button(&page));
        let before = gateway.inbox.newest().await;
        let page = steps::choose(&browser, &page, "voice", "03-1234-5678").await;
        says(&enabling, &button(&page));
        let call = gateway.inbox.code_after(before, "voice").await;
        let page = steps::code(&browser, &page, &call.code(), false).await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert_eq!(browser.open("/").await.status, 200);
        assert_eq!(gateway.upstream.last().one("x-sekisho-user"), user);
    }
}

/// What stands in quotation marks.
fn quoted(text: &str, [open, close]: [char; 2]) -> Vec<String> {
    text.split(open).skip(1).filter_map(|rest| rest.split(close).next()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r11_the_guide_names_every_way_out_of_the_code_page() {
    for (languages, quotes) in [("ja", ['「', '」']), ("en", ['“', '”'])] {
        let gateway = Gateway::start(&["hana"], &["old"], "").await;
        let browser = gateway.browser(Speaks::Http2, languages);
        let words = quoted(&browser.open("/.sekisho/guides/no-code").await.text(), quotes);

        // One person gets texts and calls, the other has the app: between them they see every button.
        let page = steps::first_sign_in(&gateway, &browser, "hana").await;
        let mut page = steps::begin_enrolment(&browser, &page).await;
        for (kind, number) in [("sms", "090-1234-5678"), ("voice", "03-1234-5678")] {
            let before = gateway.inbox.newest().await;
            page = steps::choose(&browser, &page, kind, number).await;
            let message = gateway.inbox.code_after(before, kind).await;
            page = steps::code(&browser, &page, &message.code(), false).await;
        }
        steps::sign_out(&browser).await;
        for user in ["hana", "old"] {
            gateway.clock.advance(std::time::Duration::from_mins(20));
            let page = browser.open("/").await;
            let page = steps::password(&browser, &page, user).await;
            let way_out = page.text();
            assert!(
                words.iter().any(|word| way_out.contains(word)),
                "{languages}: the link on the code page: {way_out}"
            );
            gateway.clock.advance(std::time::Duration::from_mins(1));
            for pressed in ["", "backup"] {
                let mut help = browser.open("/.sekisho/code/help").await;
                if !pressed.is_empty() {
                    browser.submit(&help, &help.form_with("way"), &[("way", pressed)]).await;
                    gateway.clock.advance(std::time::Duration::from_mins(1));
                    help = browser.open("/.sekisho/code/help").await;
                }
                let form = help.form_with("way");
                for button in form.buttons().filter(|button| button.name == "way" && button.value != "primary") {
                    let named = words.iter().any(|word| button.label.trim().starts_with(word.as_str()));
                    assert!(named, "{languages}: the guide does not name {:?}", button.label);
                }
            }
            browser.restart();
        }
    }
}
