//! Mailed links through the whole gateway: a new password, "this wasn't me", and an address for notices. Opening one
//! changes nothing, its button acts once.

use std::time::Duration;

use sekisho::clock::Clock as _;

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
        people::PASSWORD,
    },
};

const NEW: &str = "eleven tame herons";

/// The page of our own that the first mail after that message links to.
async fn link(gateway: &Gateway, before: u64) -> String {
    address_in(&gateway.inbox.after(before, "mail").await.text)
}

fn address_in(text: &str) -> String {
    let line = text.lines().find(|line| line.contains("/.sekisho/link/")).expect("a link");
    line[line.find("/.sekisho/").expect("our own page")..].to_owned()
}

/// Asks for a link to a new password and opens it.
async fn reset_page(gateway: &Gateway, browser: &Browser, user: &str) -> Page {
    let before = gateway.inbox.newest().await;
    let page = browser.open("/.sekisho/password-reset").await;
    browser.submit(&page, &page.form_to("/.sekisho/password-reset"), &[("user_name", user)]).await;
    browser.open(&link(gateway, before).await).await
}

async fn choose(browser: &Browser, page: &Page, password: &str) -> Page {
    browser.submit(page, &page.form_to("/.sekisho/link"), &[("password", password), ("again", password)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_takes_another_password_than_the_present_one() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    for (languages, says) in [("en", "That's the password you have now."), ("ja", "現在と同じパスワードです。")]
    {
        let browser = gateway.browser(Speaks::Http1, languages);
        let page = reset_page(&gateway, &browser, "old").await;
        let same = choose(&browser, &page, PASSWORD).await;
        assert!(same.text().contains(says), "{}", same.text());
        assert!(same.body.contains("aria-invalid=\"true\""), "{}", same.body);
    }
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = reset_page(&gateway, &browser, "old").await;
    let same = choose(&browser, &page, PASSWORD).await;
    let done = choose(&browser, &same, NEW).await;
    assert_eq!(done.url.path(), "/.sekisho/sign-in", "the link was still good: {}", done.text());
    let over = choose(&browser, &page, "nine calm otters").await;
    assert!(over.text().contains("This link no longer works"), "{}", over.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_account_opens_again_with_another_password_only() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let (thief, owner) = (gateway.browser(Speaks::Http1, "en"), gateway.browser(Speaks::Http2, "en"));
    steps::sign_in(&gateway, &thief, "old", &gateway.secrets[0]).await;
    let page = owner.open(&link(&gateway, 0).await).await;
    assert_eq!(thief.open("/orders").await.status, 200, "looking at the link changes nothing");
    let done = owner.submit(&page, &page.form_to("/.sekisho/link"), &[]).await;
    assert!(done.text().contains("Your account is stopped"), "{}", done.text());
    assert_eq!(thief.open("/orders").await.url.path(), "/.sekisho/sign-in");
    let before = gateway.inbox.newest().await;
    let page = owner.open("/.sekisho/password-reset").await;
    owner.submit(&page, &page.form_to("/.sekisho/password-reset"), &[("user_name", "old")]).await;
    let reset = crate::support::eventually("the mail with the link", async || {
        let messages = gateway.inbox.messages().await;
        messages.into_iter().find(|m| m.id > before && m.channel == "mail" && m.text.contains("/.sekisho/link/"))
    })
    .await;
    let page = owner.open(&address_in(&reset.text)).await;
    let same = choose(&owner, &page, PASSWORD).await;
    assert!(same.text().contains("That's the password you have now."), "{}", same.text());
    let done = choose(&owner, &same, NEW).await;
    assert_eq!(done.url.path(), "/.sekisho/sign-in", "{}", done.text());
}

/// Asks for another address with a code that is fresh.
async fn ask_for(browser: &Browser, address: &str) -> Page {
    let page = browser.open("/.sekisho/settings").await;
    browser.submit(&page, &page.form_to("/.sekisho/settings/email"), &[("email", address)]).await
}

async fn address_of(gateway: &Gateway, user: &str) -> String {
    let found = gateway.app().find_account(user).await.unwrap().unwrap();
    found.account.email.map(|address| address.to_string()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_address_counts_once_the_button_behind_its_link_is_pressed() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let (browser, phone) = (gateway.browser(Speaks::Http1, "en"), gateway.browser(Speaks::Http2, "ja"));
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    gateway.clock.advance(Duration::from_mins(6));
    let asked = ask_for(&browser, "New@Example.jp").await;
    assert_eq!(asked.url.path(), "/.sekisho/fresh", "a fresh code first");
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let page = steps::code(&browser, &asked, &code, false).await;
    assert!(page.text().contains("The mail is on its way."), "{}", page.text());
    let waits = "We mailed a link to new@example.jp. Open it by 14:26 on 23 November";
    assert!(page.text().contains(waits) && page.text().contains("Notices go to old@example.jp."), "{}", page.text());

    let mail = gateway.inbox.mail_to("new@example.jp").await;
    assert!(!mail.text.contains("old"), "a stranger's mailbox does not learn whose account it is: {}", mail.text);
    let before = gateway.inbox.newest().await;
    let link = address_in(&mail.text);
    let question = phone.open(&link).await;
    assert!(question.text().contains("new@example.jp"), "{}", question.text());
    phone.open(&link).await;
    assert_eq!(address_of(&gateway, "old").await, "old@example.jp", "looking changes nothing");
    let done = phone.submit(&question, &question.form_to("/.sekisho/link"), &[]).await;
    assert!(done.text().contains("メールアドレスを変更しました"), "{}", done.text());
    assert_eq!(address_of(&gateway, "new@example.jp").await, "new@example.jp");
    let told = gateway.inbox.after(before, "mail").await;
    assert_eq!(told.to, "old@example.jp");
    assert!(
        told.text.contains("お知らせの送り先が変更されました") && told.text.contains("/.sekisho/link/"),
        "{}",
        told.text
    );
    assert!(gateway.inbox.after(before, "sms").await.text.contains("お知らせの送り先"));
    let page = browser.open("/.sekisho/settings").await;
    assert!(page.text().contains("Notices go to new@example.jp."), "the session goes on: {}", page.text());
    assert!(!page.text().contains("We mailed a link"), "{}", page.text());
    let over = phone.open(&link).await;
    assert!(over.forms().iter().all(|form| form.action != "/.sekisho/link"), "it worked once: {}", over.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_another_account_looks_the_same_and_is_not_taken() {
    let gateway = Gateway::start(&[], &["old", "other"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    for (typed, says) in [
        ("no address", "That doesn't look like an email address."),
        ("OLD@example.jp", "That's the address you have now."),
    ] {
        let page = ask_for(&browser, typed).await;
        assert!(page.text().contains(says), "{}", page.text());
        assert!(page.body.contains(&format!("value=\"{typed}\"")), "what was typed is kept: {}", page.body);
    }
    let free = ask_for(&browser, "nobody@example.jp").await.text().replace("nobody@example.jp", "…");
    let taken = ask_for(&browser, "other@example.jp").await.text().replace("other@example.jp", "…");
    assert_eq!(free, taken);
    let link = address_in(&gateway.inbox.mail_to("other@example.jp").await.text);
    let page = browser.open(&link).await;
    let refused = browser.submit(&page, &page.form_to("/.sekisho/link"), &[]).await;
    assert!(refused.text().contains("Another account has this address"), "{}", refused.text());
    assert_eq!(address_of(&gateway, "old").await, "old@example.jp");
    let void = address_in(&gateway.inbox.mail_to("nobody@example.jp").await.text);
    let page = browser.open(&void).await;
    assert!(page.text().contains("This link no longer works"), "the newest counts: {}", page.text());

    for sent in 2..=3 {
        let page = ask_for(&browser, "other@example.jp").await;
        assert!(page.text().contains("The mail is on its way."), "{sent}: {}", page.text());
    }
    let page = ask_for(&browser, "other@example.jp").await;
    assert!(page.text().contains("Several links were mailed already."), "three to one address: {}", page.text());
    ask_for(&browser, "fifth@example.jp").await;
    let page = ask_for(&browser, "sixth@example.jp").await;
    assert!(page.text().contains("Several links were mailed already."), "five by one account: {}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stops_the_account_from_the_old_mailbox_has_the_address_back() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let (thief, owner) = (gateway.browser(Speaks::Http1, "en"), gateway.browser(Speaks::Http2, "en"));
    steps::sign_in(&gateway, &thief, "old", &gateway.secrets[0]).await;
    gateway.inbox.mail_to("old@example.jp").await;
    ask_for(&thief, "thief@example.jp").await;
    let page = thief.open(&address_in(&gateway.inbox.mail_to("thief@example.jp").await.text)).await;
    let before = gateway.inbox.newest().await;
    thief.submit(&page, &page.form_to("/.sekisho/link"), &[]).await;
    assert_eq!(address_of(&gateway, "old").await, "thief@example.jp");
    ask_for(&thief, "second@example.jp").await;
    let second = address_in(&gateway.inbox.mail_to("second@example.jp").await.text);

    let told = crate::support::eventually("the news in the old mailbox", async || {
        let messages = gateway.inbox.messages().await;
        messages.into_iter().find(|m| m.id > before && m.to == "old@example.jp")
    })
    .await;
    let page = owner.open(&address_in(&told.text)).await;
    let done = owner.submit(&page, &page.form_to("/.sekisho/link"), &[]).await;
    assert!(done.text().contains("Your account is stopped"), "{}", done.text());
    assert_eq!(address_of(&gateway, "old").await, "old@example.jp");
    let page = thief.open(&second).await;
    assert!(page.text().contains("This link no longer works"), "{}", page.text());
    let page = owner.open("/.sekisho/password-reset").await;
    owner.submit(&page, &page.form_to("/.sekisho/password-reset"), &[("user_name", "old")]).await;
    crate::support::eventually("the way back in the old mailbox", async || {
        let messages = gateway.inbox.messages().await;
        messages.into_iter().find(|m| m.to == "old@example.jp" && m.text.contains("パスワードを再設定するには"))
    })
    .await;
}
