//! The security settings and the fresh code before them.

use std::time::Duration;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use sekisho::clock::Clock as _;

use crate::{
    steps::{self, wrong},
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
        people::PASSWORD,
    },
};

const SESSION: &str = "__Host-sekisho";
const NEW: &str = "eleven tame herons";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_code_renews_the_session_and_nothing_else() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let first = browser.cookie(SESSION).expect("a session");

    let page = browser.open("/.sekisho/fresh").await;
    assert_eq!(page.url.path(), "/", "a code that was just given is fresh");
    gateway.clock.advance(Duration::from_mins(5));
    assert_eq!(browser.open("/.sekisho/fresh").await.url.path(), "/", "five minutes are fresh");
    gateway.clock.advance(Duration::from_secs(1));
    let page = browser.open("/.sekisho/fresh").await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/fresh/begin"), &[]).await;
    assert!(page.text().contains("Why we ask This page needs a fresh code"), "{}", page.text());
    assert!(page.forms().iter().all(|form| form.fields.iter().all(|field| field.name != "trust")));

    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let refused = steps::code(&browser, &page, &wrong(&code), false).await;
    assert!(refused.text().contains("That code isn't right."), "{}", refused.text());
    assert_eq!(browser.cookie(SESSION).map(|c| c.value), Some(first.value.clone()));
    let done = steps::code(&browser, &refused, &code, false).await;
    assert_eq!(done.url.path(), "/", "{}", done.text());
    let second = browser.cookie(SESSION).expect("a session");
    assert_ne!(first.value, second.value, "a gain of privilege has a new identifier");
    assert_eq!(browser.open("/.sekisho/fresh").await.url.path(), "/");

    // The page that was left behind: its code is gone, and so is what it was waiting for.
    let again = steps::code(&browser, &refused, &code, false).await;
    assert_eq!(again.url.path(), "/");
    assert_eq!(browser.cookie(SESSION).map(|c| c.value), Some(second.value));
    let thief = gateway.browser(Speaks::Http1, "en");
    thief.plant(SESSION, &first.value);
    assert_eq!(thief.open("/").await.url.path(), "/.sekisho/sign-in", "the earlier cookie is over");
}

/// Somebody who is signed in with the app, six minutes ago: what is sensitive asks for a fresh code.
async fn signed_in_a_while_ago(gateway: &Gateway, languages: &str) -> Browser {
    let browser = gateway.browser(Speaks::Http1, languages);
    steps::sign_in(gateway, &browser, "old", &gateway.secrets[0]).await;
    gateway.clock.advance(Duration::from_mins(6));
    browser
}

/// Enters the app's code on the page that asks for a fresh one.
async fn fresh_by_app(gateway: &Gateway, browser: &Browser, page: &Page) -> Page {
    assert_eq!(page.url.path(), "/.sekisho/fresh", "{}", page.text());
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::code(browser, page, &code, false).await
}

fn roles(page: &Page) -> (String, String) {
    let text = page.text();
    let part = text.split("Added Last used").nth(1).unwrap_or_default();
    let (primary, rest) = part.split_once("Backup").unwrap_or_default();
    (primary.to_owned(), rest.split("Swap").next().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r7_swap_is_one_action_that_waits_for_its_code_and_ends_nothing() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = signed_in_a_while_ago(&gateway, "en").await;
    let elsewhere = gateway.browser(Speaks::Http1, "en");
    let waiting = elsewhere.open("/").await;
    let waiting = steps::password(&elsewhere, &waiting, "old").await;

    let settings = browser.open("/.sekisho/settings").await;
    assert_eq!(settings.status, 200);
    let (primary, backup) = roles(&settings);
    assert!(primary.contains("Authenticator app") && backup.contains("ending 78"), "{primary} / {backup}");
    let asked = browser.submit(&settings, &settings.form_to("/.sekisho/settings/swap"), &[]).await;
    let done = fresh_by_app(&gateway, &browser, &asked).await;
    assert_eq!(done.url.path(), "/.sekisho/settings", "{}", done.text());
    assert!(done.text().contains("Primary and backup are swapped."), "{}", done.text());
    let (primary, backup) = roles(&done);
    assert!(primary.contains("ending 78") && backup.contains("Authenticator app"), "{primary} / {backup}");

    // The page from before, sent again: it does not swap them back.
    let again = browser.submit(&settings, &settings.form_to("/.sekisho/settings/swap"), &[]).await;
    assert!(again.text().contains("Nothing was changed"), "{}", again.text());
    assert!(roles(&again).0.contains("ending 78"));

    // A code that was asked for before the swap is still the code of its method.
    gateway.clock.advance(Duration::from_secs(30));
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let there = steps::code(&elsewhere, &waiting, &code, false).await;
    assert_eq!(there.url.path(), "/", "{}", there.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_swaps_again_and_again_texts_the_phone_once_and_mails_each_time() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let told = async |channel: &str| {
        let messages = gateway.inbox.messages().await;
        messages.into_iter().filter(|m| m.channel == channel && m.text.contains("バックアップ手段")).count()
    };
    for swaps in 1..=4 {
        let page = browser.open("/.sekisho/settings").await;
        let done = browser.submit(&page, &page.form_to("/.sekisho/settings/swap"), &[]).await;
        assert!(done.text().contains("Primary and backup are swapped."), "{}", done.text());
        let mails = async || (told("mail").await == swaps).then_some(());
        crate::support::eventually("a mail for each", mails).await;
    }
    // A change of another kind is told: by then whatever went before it has been sent.
    let page = browser.open("/.sekisho/settings/password").await;
    let form = page.form_to("/.sekisho/settings/password");
    browser.submit(&page, &form, &[("present", PASSWORD), ("new", NEW), ("again", NEW)]).await;
    crate::support::eventually("the text about the password", async || {
        gateway.inbox.messages().await.into_iter().find(|m| m.channel == "sms" && m.text.contains("パスワード"))
    })
    .await;
    assert_eq!(told("sms").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r7_the_primary_is_changed_after_signing_in_with_the_backup() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    // Another browser is signed in and trusted.
    let other = gateway.browser(Speaks::Http1, "en");
    let page = other.open("/").await;
    let page = steps::password(&other, &page, "old").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    assert_eq!(steps::code(&other, &page, &code, true).await.url.path(), "/");

    let news = gateway.inbox.after(0, "mail").await;
    assert!(news.text.contains("/.sekisho/link/"), "a sign-in from a new browser is told: {}", news.text);
    // The phone with the app is lost: the backup gets the person in.
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let page = steps::password(&browser, &page, "old").await;
    let help = browser.open("/.sekisho/code/help").await;
    assert_eq!(page.status, 200);
    let before = gateway.inbox.newest().await;
    let page = browser.submit(&help, &help.form_to("/.sekisho/code/way"), &[("way", "backup")]).await;
    let message = gateway.inbox.code_after(before, "sms").await.code();
    assert_eq!(steps::code(&browser, &page, &message, false).await.url.path(), "/");

    let method = browser.open("/.sekisho/settings/primary").await;
    let choose = browser.submit(&method, &method.form_to("/.sekisho/settings/replace/begin"), &[]).await;
    assert_eq!(choose.url.path(), "/.sekisho/settings/replace", "{}", choose.text());
    assert!(choose.text().contains("Choose your new primary"), "{}", choose.text());

    // The number of the backup cannot be the primary too, however it is written.
    let form = choose.form_to("/.sekisho/settings/replace/choose");
    let typed = [("kind", "voice"), ("phone", "+81 90-1234-5678"), ("label", "")];
    let refused = browser.submit(&choose, &form, &typed).await;
    assert!(refused.text().contains("That's already your backup number."), "{}", refused.text());

    let form = refused.form_to("/.sekisho/settings/replace/choose");
    let typed = [("kind", "app"), ("phone", ""), ("label", "New phone")];
    let prove = browser.submit(&refused, &form, &typed).await;
    let key = steps::app_key(&prove);
    let seen = browser.open("/.sekisho/settings").await;
    assert!(roles(&seen).0.contains("スマートフォン"), "the old one stays until the new one is proven");
    let code = authenticator::code(&key, gateway.clock.now());
    let prove = browser.open("/.sekisho/settings/replace").await;
    let wrong = steps::code(&browser, &prove, &wrong(&code), false).await;
    assert!(wrong.text().contains("That code isn't right."), "{}", wrong.text());
    let session = browser.cookie(SESSION).unwrap().value;
    let done = steps::code(&browser, &wrong, &code, false).await;
    assert_eq!(done.url.path(), "/.sekisho/settings", "{}", done.text());
    assert!(done.text().contains("The new method is in place."), "{}", done.text());
    assert!(roles(&done).0.contains("New phone"), "{:?}", roles(&done));
    assert_ne!(browser.cookie(SESSION).unwrap().value, session, "the session goes on under a new identifier");
    // The number is told, and the mailbox with a way to say "this wasn't me".
    let mail = gateway.inbox.after(before, "mail").await;
    assert!(mail.text.contains("/.sekisho/link/"), "{}", mail.text);

    // Everybody else is out, and no device is trusted.
    assert_eq!(other.open("/").await.url.path(), "/.sekisho/sign-in");
    let page = other.open("/").await;
    let page = steps::password(&other, &page, "old").await;
    assert_eq!(page.url.path(), "/.sekisho/code", "{}", page.text());
    let old = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let refused = steps::code(&other, &page, &old, false).await;
    assert_eq!(refused.url.path(), "/.sekisho/code", "the old app opens nothing");
    gateway.clock.advance(Duration::from_secs(30));
    let new = authenticator::code(&key, gateway.clock.now());
    assert_eq!(steps::code(&other, &refused, &new, false).await.url.path(), "/");

    // The form that was left behind proves nothing any more.
    let late = steps::code(&browser, &prove, &new, false).await;
    assert_eq!(late.url.path(), "/.sekisho/settings", "{}", late.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r7_a_new_number_is_proven_before_the_old_one_goes_and_freshly() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = signed_in_a_while_ago(&gateway, "en").await;
    let method = browser.open("/.sekisho/settings/backup").await;
    let asked = browser.submit(&method, &method.form_to("/.sekisho/settings/replace/begin"), &[]).await;
    let choose = fresh_by_app(&gateway, &browser, &asked).await;
    assert!(choose.text().contains("Choose your new backup"), "{}", choose.text());
    assert!(choose.text().contains("Your primary is an authenticator app, so your backup must be a phone."));
    let before = gateway.inbox.newest().await;
    let form = choose.form_to("/.sekisho/settings/replace/choose");
    let typed = [("kind", "voice"), ("phone", "03-1234-5656"), ("label", "")];
    let prove = browser.submit(&choose, &form, &typed).await;
    let code = gateway.inbox.code_after(before, "voice").await.code();

    // The call took its time: the code of the present method is not fresh any more, and the new one is not lost.
    gateway.clock.advance(Duration::from_secs(299));
    let kept = gateway.inbox.newest().await;
    let other = browser.open("/.sekisho/settings/replace").await;
    assert!(other.text().contains("Check that calls reach you"), "{}", other.text());
    gateway.clock.advance(Duration::from_secs(2));
    let asked = steps::code(&browser, &prove, &code, false).await;
    let back = fresh_by_app(&gateway, &browser, &asked).await;
    assert_eq!(back.url.path(), "/.sekisho/settings/replace", "{}", back.text());
    assert!(back.text().contains("Check that calls reach you"), "the choice is kept: {}", back.text());
    assert_eq!(gateway.inbox.newest().await, kept, "nothing was sent twice");
    let again = browser.submit(&back, &back.form_to("/.sekisho/settings/replace/send-again"), &[]).await;
    let code = gateway.inbox.code_after(kept, "voice").await.code();
    let done = steps::code(&browser, &again, &code, false).await;
    assert!(done.text().contains("The new method is in place."), "{}", done.text());
    assert!(roles(&done).1.contains("Voice call to the number ending 56"), "{:?}", roles(&done));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_other_accounts_and_forged_errands_change_nothing() {
    let gateway = Gateway::start(&[], &["old", "other"], "").await;
    let victim = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &victim, "other", &gateway.secrets[1]).await;
    let theirs = victim.open("/.sekisho/settings").await;
    let hidden = |page: &Page, name: &str| {
        page.forms().iter().flat_map(|form| form.fields.clone()).find(|field| field.name == name).unwrap().value
    };
    let primary = hidden(&theirs, "primary");

    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let mine = browser.open("/.sekisho/settings").await;
    for (path, field) in [("swap", "primary"), ("replace/begin", "method"), ("label", "method")] {
        let path = format!("/.sekisho/settings/{path}");
        let fields = [("csrf", hidden(&mine, "csrf")), (field, primary.clone()), ("label", "x".to_owned())];
        let answer = post(&browser, &path, &fields).await;
        assert!(answer.text().contains("Nothing was changed"), "{path}: {}", answer.text());
    }
    // Sessions and devices of others are as good as gone: nothing happens, and nothing is said of them.
    let fields = [("csrf", hidden(&mine, "csrf")), ("session", "others".to_owned())];
    let answer = post(&browser, "/.sekisho/settings/sessions", &fields).await;
    assert!(answer.text().contains("All other devices are signed out."), "{}", answer.text());
    assert_eq!(victim.open("/.sekisho/settings").await.status, 200, "another account's session goes on");
    let after = victim.open("/.sekisho/settings").await;
    assert_eq!(roles(&after), roles(&theirs), "nothing of the other account changed");

    // What was sealed in one browser for one account is nothing in another.
    gateway.clock.advance(Duration::from_mins(6));
    let asked = browser.submit(&mine, &mine.form_to("/.sekisho/settings/swap"), &[]).await;
    let errand = hidden(&asked, "errand");
    let page = victim.open(&format!("/.sekisho/fresh?errand={errand}")).await;
    let page = victim.submit(&page, &page.form_to("/.sekisho/fresh/begin"), &[]).await;
    let code = authenticator::code(&gateway.secrets[1], gateway.clock.now());
    let done = steps::code(&victim, &page, &code, false).await;
    assert_eq!(done.url.path(), "/", "{}", done.text());
    let (primary, _) = roles(&victim.open("/.sekisho/settings").await);
    assert!(primary.contains("Authenticator app"), "nothing was swapped: {primary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trust_sessions_names_and_the_language_are_changed_from_their_rows() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let trusted = gateway.browser(Speaks::Http1, "en");
    let page = trusted.open("/").await;
    let page = steps::password(&trusted, &page, "old").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::code(&trusted, &page, &code, true).await;
    steps::sign_out(&trusted).await;
    let page = trusted.open("/").await;
    assert_eq!(steps::password(&trusted, &page, "old").await.url.path(), "/", "trusted");

    // A session of a trusted device has no fresh code, however young it is.
    let settings = trusted.open("/.sekisho/settings").await;
    assert!(settings.text().contains("This device"), "{}", settings.text());
    let form = settings.form_to("/.sekisho/settings/trust");
    let id = form.buttons().next().unwrap().value.clone();
    let asked = trusted.submit(&settings, &form, &[("device", id.as_str())]).await;
    gateway.clock.advance(Duration::from_secs(30));
    let done = fresh_by_app(&gateway, &trusted, &asked).await;
    assert!(done.text().contains("That device is asked for a code"), "{}", done.text());
    assert!(done.text().contains("You haven't trusted any device."), "{}", done.text());

    let other = gateway.browser(Speaks::Http1, "en");
    gateway.clock.advance(Duration::from_secs(30));
    steps::sign_in(&gateway, &other, "old", &gateway.secrets[0]).await;
    let settings = trusted.open("/.sekisho/settings").await;
    let form = settings.form_to("/.sekisho/settings/sessions");
    let id = form.buttons().next().unwrap().value.clone();
    let done = trusted.submit(&settings, &form, &[("session", id.as_str())]).await;
    assert!(done.text().contains("That device is signed out."), "{}", done.text());
    assert_eq!(other.open("/").await.url.path(), "/.sekisho/sign-in");
    assert_eq!(trusted.open("/.sekisho/settings").await.status, 200, "the own session goes on");

    let method = trusted.open("/.sekisho/settings/backup").await;
    let form = method.form_to("/.sekisho/settings/label");
    let long = trusted.submit(&method, &form, &[("label", &"x".repeat(41))]).await;
    assert!(long.text().contains("A name is at most 40 characters"), "{}", long.text());
    let done = trusted.submit(&method, &form, &[("label", "家族の電話")]).await;
    assert!(roles(&done).1.contains("家族の電話"), "{}", done.text());
    let form = done.form_to("/.sekisho/settings/language");
    assert_eq!(form.choices("messages"), ["ja", "en"]);
    let done = trusted.submit(&done, &form, &[("messages", "en")]).await;
    assert!(done.text().contains("The language is saved."), "{}", done.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_password_ends_every_other_session_and_all_trust() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let other = gateway.browser(Speaks::Http1, "en");
    let page = other.open("/").await;
    let page = steps::password(&other, &page, "old").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::code(&other, &page, &code, true).await;

    gateway.clock.advance(Duration::from_secs(30));
    let browser = signed_in_a_while_ago(&gateway, "en").await;
    let page = browser.open("/.sekisho/settings/password").await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/fresh/begin"), &[]).await;
    let mut page = fresh_by_app(&gateway, &browser, &page).await;
    assert_eq!(page.url.path(), "/.sekisho/settings/password", "{}", page.text());
    let fill = async |page: &Page, present: &str, new: &str, again: &str| {
        let form = page.form_to("/.sekisho/settings/password");
        browser.submit(page, &form, &[("present", present), ("new", new), ("again", again)]).await
    };
    for (present, new, again, says) in [
        ("", NEW, NEW, "Fill in all the fields."),
        (PASSWORD, NEW, "eleven tame heron", "The two new passwords aren't the same."),
        (PASSWORD, "short", "short", "at least 8"),
        ("not the password", NEW, NEW, "That isn't your current password."),
        ("not the password", "short", "short", "That isn't your current password."),
        ("not the password", "short", "short", "at least 8"),
        (PASSWORD, PASSWORD, PASSWORD, "That's the password you have now."),
    ] {
        page = fill(&page, present, new, again).await;
        assert!(page.text().contains(says), "{says}: {}", page.text());
        assert!(!page.body.contains(NEW), "no password comes back");
    }
    // Only whoever has given the present one is told that the new one is the same.
    let page = fill(&page, "not the password", PASSWORD, PASSWORD).await;
    let text = page.text();
    assert!(text.contains("That isn't your current password.") && !text.contains("you have now"), "{text}");
    let done = fill(&page, PASSWORD, NEW, NEW).await;
    assert!(done.text().contains("Your password is changed."), "{}", done.text());
    assert_eq!(browser.open("/").await.url.path(), "/");
    assert_eq!(other.open("/").await.url.path(), "/.sekisho/sign-in");
    let page = other.open("/").await;
    let refused = steps::password(&other, &page, "old").await;
    assert!(refused.text().contains("isn't right"), "{}", refused.text());
    let form = refused.form_with("password");
    let page = other.submit(&refused, &form, &[("user_name", "old"), ("password", NEW)]).await;
    assert_eq!(page.url.path(), "/.sekisho/code", "no trust is left: {}", page.text());

    let history = browser.open("/.sekisho/settings").await.text();
    for line in ["Signed in: Authenticator app", "Refused: wrong password", "127.0.0.*"] {
        assert!(history.contains(line), "{line}: {history}");
    }
}

async fn post(browser: &Browser, path: &str, fields: &[(&str, String)]) -> Page {
    let mut headers = HeaderMap::new();
    headers.insert("origin", HeaderValue::from_str(&browser.origin()).unwrap());
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let answer = browser.send(Method::POST, path, headers, Some(body)).await;
    browser.follow(answer).await.expect("the gateway lives")
}
