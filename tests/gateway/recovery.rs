//! What opens an enrolment beside the password, through the whole gateway: recovery codes where neither method works,
//! and the mailed link or the ticket at the first one.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use sekisho::{clock::Clock as _, secret::ExposeSecret as _};

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
        log, people, settings,
    },
};

const DAY: Duration = Duration::from_hours(24);
const A_MOMENT: Duration = Duration::from_millis(1);
const WRONG: &str = "That isn't one of your recovery codes, or it was used already.";

fn almost(time: Duration) -> Duration {
    time.checked_sub(A_MOMENT).unwrap()
}

/// Signed in with the app, and the ten codes.
async fn with_codes(gateway: &Gateway) -> (Browser, Vec<String>) {
    gateway.clock.advance(Duration::from_secs(30));
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(gateway, &browser, "hana", &gateway.secrets[0]).await;
    let codes = steps::recovery_codes(&browser).await;
    (browser, codes)
}

async fn at_code(gateway: &Gateway) -> Browser {
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/payments").await;
    let page = steps::password(&browser, &page, "hana").await;
    assert_eq!(page.url.path(), "/.sekisho/code", "{}", page.text());
    browser
}

async fn left(gateway: &Gateway) -> u32 {
    let account = gateway.app().find_account("hana").await.unwrap().unwrap().account.id;
    gateway.app().recovery_codes_left(account).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_a_recovery_code_and_the_password_open_the_set_up_and_not_the_console() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let (owner, codes) = with_codes(&gateway).await;
    assert_eq!((codes.len(), codes.iter().collect::<BTreeSet<_>>().len()), (10, 10));
    for code in &codes {
        let plain = code.replace('-', "");
        assert!(plain.len() == 16 && plain.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()), "{code}");
    }

    let browser = at_code(&gateway).await;
    let help = browser.open("/.sekisho/code/help").await;
    assert!(help.links().iter().any(|link| link.starts_with("/.sekisho/recovery-code")), "{:?}", help.links());
    let page = steps::use_recovery_code(&browser, "AAAA-AAAA-AAAA-AAAA").await;
    assert!(page.text().contains(WRONG), "{}", page.text());
    let before = gateway.inbox.newest().await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    let page = steps::use_recovery_code(&browser, &typed).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment", "however it is written: {}", page.text());
    for says in [
        "Set up two ways to get a code",
        "Your recovery code was accepted and is now used up. The old ways to get a code keep working",
    ] {
        assert!(page.text().contains(says) && !page.text().contains("now asks for a code"), "{}", page.text());
    }
    assert!(browser.cookie("__Host-sekisho").is_none(), "no session");
    assert_eq!(browser.visit("/payments").await.status, 303);
    assert_eq!(browser.fetch("/payments").await.status, 401);
    assert!(!gateway.upstream.seen().iter().any(|request| request.line.contains("/payments")));
    steps::mail_saying(&gateway, before, "/.sekisho/link/").await;
    gateway.inbox.after(before, "sms").await;

    // Until both new ones are proven, nothing has changed for whoever has the old ones.
    assert_eq!(owner.open("/orders").await.status, 200);
    gateway.clock.advance(Duration::from_secs(30));
    let another = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &another, "hana", &gateway.secrets[0]).await;

    let key = steps::enrol_app_and_sms(&gateway, &browser, &page, "080-8765-4321").await;
    assert_eq!(browser.open("/payments").await.status, 200);
    let history = browser.open("/.sekisho/settings").await.text();
    for says in ["Recovery code used to set up both ways anew", "Refused: wrong recovery code"] {
        assert!(history.contains(says), "{says}: {history}");
    }
    for gone in [&owner, &another] {
        assert_eq!(gone.visit("/orders").await.status, 303, "every other session has ended");
    }
    gateway.clock.advance(Duration::from_secs(30));
    let late = at_code(&gateway).await;
    let page = late.open("/.sekisho/code").await;
    let old = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let page = steps::code(&late, &page, &old, false).await;
    assert!(page.text().contains("That code isn't right."), "the old app opens nothing: {}", page.text());
    let page = steps::use_recovery_code(&late, &codes[4]).await;
    assert!(page.text().contains(WRONG), "nor do the codes that were left: {}", page.text());
    let page = late.open("/.sekisho/code").await;
    let new = authenticator::code(&key, gateway.clock.now());
    let page = steps::code(&late, &page, &new, false).await;
    assert_eq!((page.url.path(), page.status), ("/", 200), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_a_recovery_ends_all_trust() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let trusted = gateway.browser(Speaks::Http1, "en");
    let page = trusted.open("/").await;
    let page = steps::password(&trusted, &page, "hana").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::code(&trusted, &page, &code, true).await;
    let codes = steps::recovery_codes(&trusted).await;
    let browser = at_code(&gateway).await;
    let page = steps::use_recovery_code(&browser, &codes[0]).await;
    steps::enrol_app_and_sms(&gateway, &browser, &page, "080-8765-4321").await;
    let page = trusted.open("/").await;
    assert_eq!(page.url.path(), "/.sekisho/sign-in", "{}", page.text());
    let page = steps::password(&trusted, &page, "hana").await;
    assert_eq!(page.url.path(), "/.sekisho/code", "the trust was the old methods': {}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_left_in_the_middle_changes_nothing_but_the_code() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let (_, codes) = with_codes(&gateway).await;
    let browser = at_code(&gateway).await;
    let page = steps::use_recovery_code(&browser, &codes[0]).await;
    let page = steps::begin_enrolment(&browser, &page).await;
    let page = steps::choose(&browser, &page, "app", "").await;
    let code = authenticator::code(&steps::app_key(&page), gateway.clock.now());
    steps::code(&browser, &page, &code, false).await;
    assert_eq!(left(&gateway).await, 9);

    gateway.clock.advance(Duration::from_secs(30));
    let other = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &other, "hana", &gateway.secrets[0]).await;
    let again = at_code(&gateway).await;
    let page = steps::use_recovery_code(&again, &codes[0]).await;
    assert!(page.text().contains(WRONG), "it was used: {}", page.text());
    let page = steps::use_recovery_code(&again, &codes[1]).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment", "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_use_a_recovery_code_once() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let (_, codes) = with_codes(&gateway).await;
    let mut browsers = Vec::new();
    for _ in 0..5 {
        let browser = at_code(&gateway).await;
        let form = browser.open("/.sekisho/recovery-code").await.form_with("code");
        browsers.push((browser, form));
    }
    let typed = [("code", codes[0].as_str())];
    let sent = (0..50).map(|n| steps::send(&browsers[n % 5].0, &browsers[n % 5].1, &typed));
    let answers = join_all(sent).await;
    assert!(answers.iter().all(|answer| answer.status == 303), "{answers:?}");
    let mut opened = 0;
    for (browser, _) in &browsers {
        opened += usize::from(browser.open("/.sekisho/enrolment").await.url.path() == "/.sekisho/enrolment");
        assert!(browser.cookie("__Host-sekisho").is_none());
    }
    assert_eq!((opened, left(&gateway).await), (1, 9), "one set-up for one code");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewed_recovery_codes_void_the_earlier_ones() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let (browser, first) = with_codes(&gateway).await;
    let before = gateway.inbox.newest().await;
    let second = steps::recovery_codes(&browser).await;
    assert!(first.iter().all(|code| !second.contains(code)));
    assert_eq!(left(&gateway).await, 10);
    let told = steps::mail_saying(&gateway, before, "/.sekisho/link/").await;
    assert!(!second.iter().any(|code| told.text.contains(code)), "{}", told.text);
    let other = at_code(&gateway).await;
    let page = steps::use_recovery_code(&other, &first[0]).await;
    assert!(page.text().contains(WRONG), "{}", page.text());
    let page = steps::use_recovery_code(&other, &second[0]).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment", "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recovery_codes_need_a_fresh_code_and_are_shown_once() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let (browser, codes) = with_codes(&gateway).await;
    let others = ["/.sekisho/settings", "/.sekisho/enrolment/done", "/.sekisho/recovery-code", "/"];
    for place in others.into_iter().chain(["/.sekisho/recovery-codes"]) {
        let page = browser.open(place).await;
        assert_eq!(page.status, 200, "{place}");
        assert!(codes.iter().all(|code| !page.body.contains(code)), "{place}");
    }
    let page = browser.open("/.sekisho/recovery-codes").await;
    assert!(page.text().contains("If you didn't keep them, make new ones in the settings."), "{}", page.text());

    gateway.clock.advance(Duration::from_mins(5) + A_MOMENT);
    let page = browser.open("/.sekisho/sign-out").await;
    let csrf = page.forms().into_iter().flat_map(|form| form.fields).find(|field| field.name == "csrf").unwrap();
    let action = "/.sekisho/recovery-code/renew".to_owned();
    let form = crate::html::Form { action, method: "post".into(), fields: vec![csrf], ..Default::default() };
    let asked = steps::send(&browser, &form, &[]).await;
    assert!(asked.header("location").starts_with("/.sekisho/fresh"), "{}", asked.header("location"));
    assert_eq!(left(&gateway).await, 10);
    let other = at_code(&gateway).await;
    let page = steps::use_recovery_code(&other, &codes[9]).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment", "the earlier ones still count: {}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_recovery_codes_stay_until_they_are_kept_or_ten_minutes_are_over() {
    let gateway = Gateway::start(&[], &["hana", "taro"], "").await;
    gateway.clock.advance(Duration::from_secs(30));
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "hana", &gateway.secrets[0]).await;
    let settings = browser.open("/.sekisho/settings").await;
    let form = settings.form_to("/.sekisho/recovery-code/renew");
    let page = browser.submit(&settings, &form, &[]).await;
    let codes = steps::shown_codes(&page);
    assert_eq!((codes.len(), page.url.path()), (10, "/.sekisho/recovery-codes"), "{}", page.text());

    // Another language, loaded anew, and the form sent a second time by "Back": the same ten, and none is made.
    let japanese = browser.submit(&page, &page.form_with("language"), &[("language", "ja")]).await;
    assert_eq!((japanese.language().as_str(), steps::shown_codes(&japanese)), ("ja", codes.clone()));
    assert_eq!(steps::shown_codes(&browser.open("/.sekisho/recovery-codes").await), codes);
    assert_eq!(steps::shown_codes(&browser.submit(&settings, &form, &[]).await), codes);
    let english = browser.submit(&japanese, &japanese.form_with("language"), &[("language", "en")]).await;
    let file = steps::send(&browser, &english.form_to("/.sekisho/recovery-codes/file"), &[]).await.body;
    for says in ["Recovery codes for ", "Made on ", "sign in → “Didn't receive the code?”", "“Use a recovery code”"]
    {
        assert!(file.contains(says), "{says}: {file}");
    }
    assert!(codes.iter().all(|code| file.contains(code)) && !file.contains("only this once"), "{file}");

    // What the browser holds is sealed, its session's alone, and over after ten minutes.
    let held = browser.cookie("__Host-sekisho-codes").expect("they are held").value;
    assert!(codes.iter().all(|code| !held.contains(code)), "{held}");
    steps::sign_out(&browser).await;
    assert!(browser.cookie("__Host-sekisho-codes").is_none(), "gone with the session");
    steps::sign_in(&gateway, &browser, "taro", &gateway.secrets[1]).await;
    browser.plant("__Host-sekisho-codes", &held);
    assert!(steps::shown_codes(&browser.open("/.sekisho/recovery-codes").await).is_empty(), "another's");
    steps::sign_out(&browser).await;
    gateway.clock.advance(Duration::from_secs(30));
    steps::sign_in(&gateway, &browser, "hana", &gateway.secrets[0]).await;
    browser.plant("__Host-sekisho-codes", &held);
    assert!(steps::shown_codes(&browser.open("/.sekisho/recovery-codes").await).is_empty(), "another session's");

    let settings = browser.open("/.sekisho/settings").await;
    let page = browser.submit(&settings, &settings.form_to("/.sekisho/recovery-code/renew"), &[]).await;
    assert_eq!(steps::shown_codes(&page).len(), 10);
    let held = browser.cookie("__Host-sekisho-codes").unwrap().value;
    gateway.clock.advance(Duration::from_mins(10));
    browser.plant("__Host-sekisho-codes", &held);
    let over = browser.open("/.sekisho/recovery-codes").await;
    assert!(steps::shown_codes(&over).is_empty() && over.status == 200, "{}", over.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_new_recovery_codes_opens_nothing_once_they_are_kept() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    gateway.clock.advance(Duration::from_secs(30));
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "hana", &gateway.secrets[0]).await;
    let settings = browser.open("/.sekisho/settings").await;
    let page = browser.submit(&settings, &settings.form_to("/.sekisho/recovery-code/renew"), &[]).await;
    assert_eq!(steps::shown_codes(&page).len(), 10);
    let copied =
        ["__Host-sekisho-codes", "__Host-sekisho-csrf"].map(|name| (name, browser.cookie(name).unwrap().value));
    let plant = |browser: &Browser| copied.iter().for_each(|(name, value)| browser.plant(name, value));
    plant(&browser);
    assert_eq!(steps::shown_codes(&browser.open("/.sekisho/recovery-codes").await).len(), 10, "not kept yet");

    // Another session of the same person, at the same time.
    gateway.clock.advance(Duration::from_secs(30));
    let other = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &other, "hana", &gateway.secrets[0]).await;
    plant(&other);
    assert!(steps::shown_codes(&other.open("/.sekisho/recovery-codes").await).is_empty(), "another session's");

    browser.submit(&page, &page.form_to("/.sekisho/recovery-codes"), &[]).await;
    plant(&browser);
    assert!(steps::shown_codes(&browser.open("/.sekisho/recovery-codes").await).is_empty(), "said to be kept");
    steps::sign_out(&browser).await;
    gateway.clock.advance(Duration::from_secs(30));
    steps::sign_in(&gateway, &browser, "hana", &gateway.secrets[0]).await;
    plant(&browser);
    assert!(steps::shown_codes(&browser.open("/.sekisho/recovery-codes").await).is_empty(), "after a sign-out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_tries_at_a_recovery_code_in_a_quarter_of_an_hour() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let (_, codes) = with_codes(&gateway).await;
    for n in 0..5 {
        let browser = at_code(&gateway).await;
        let page = steps::use_recovery_code(&browser, "AAAA-BBBB-CCCC-DDDD").await;
        assert!(page.text().contains(WRONG), "{n}: {}", page.text());
    }
    let browser = at_code(&gateway).await;
    let page = steps::use_recovery_code(&browser, &codes[0]).await;
    assert!(page.text().contains("Too many tries. You can enter a recovery code again at 14:3"), "{}", page.text());
    gateway.clock.advance(almost(Duration::from_mins(15)));
    let browser = at_code(&gateway).await;
    let page = steps::use_recovery_code(&browser, &codes[0]).await;
    assert!(page.text().contains("Too many tries."), "{}", page.text());
    gateway.clock.advance(A_MOMENT);
    let page = steps::use_recovery_code(&browser, &codes[0]).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment", "{}", page.text());
}

const OPEN_THE_MAIL: &str = "Open the mail we sent you";
const ENROLMENT_MAIL: &str = "2段階認証を設定するには";

fn waits_for_the_mail(page: &Page) -> bool {
    page.url.path() == "/.sekisho/enrolment" && page.text().contains(OPEN_THE_MAIL)
}

fn may_begin(page: &Page) -> bool {
    page.forms().iter().any(|form| form.action == "/.sekisho/enrolment/begin")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_the_first_enrolment_also_needs_the_mailed_link() {
    let gateway = Gateway::start(&["hana"], &[], settings::MAIL).await;
    let thief = gateway.browser(Speaks::Http1, "en");
    let page = steps::first_sign_in(&gateway, &thief, "hana").await;
    assert!(waits_for_the_mail(&page), "{}", page.text());
    assert!(page.text().contains("h•••@example.jp") && !page.text().contains("hana@"), "{}", page.text());
    let mail = steps::mail_saying(&gateway, 0, ENROLMENT_MAIL).await;
    assert_eq!(mail.to, "hana@example.jp");
    let link = steps::link_in(&mail);

    // No form of a later step works from here.
    let csrf = page.form_to("/.sekisho/enrolment/link").fields;
    for step in ["begin", "choose", "prove", "send-again", "choose-again", "ticket"] {
        let mut fields = csrf.clone();
        for (name, value) in [("kind", "app"), ("phone", ""), ("code", "123456"), ("ticket", "AAAA-AAAA-AAAA-AAAA")] {
            let field = crate::html::Field { name: name.into(), value: value.into(), ..Default::default() };
            fields.push(crate::html::Field { kind: "hidden".into(), ..field });
        }
        let action = format!("/.sekisho/enrolment/{step}");
        let form = crate::html::Form { action, method: "post".into(), fields, ..Default::default() };
        let answer = steps::send(&thief, &form, &[]).await;
        let page = thief.follow(answer).await.unwrap();
        assert!(waits_for_the_mail(&page), "{step}: {}", page.text());
    }
    assert_eq!(thief.visit("/").await.status, 303);

    // The owner opens the mail elsewhere: it opens nothing for whoever waits, and tells the owner what to think.
    let owner = gateway.browser(Speaks::Http2, "en");
    let page = owner.open(&link).await;
    assert!(page.text().contains("somebody else may know your password"), "{}", page.text());
    assert!(page.forms().iter().all(|form| form.action != "/.sekisho/link"), "there is nothing to press");
    assert!(waits_for_the_mail(&thief.open("/.sekisho/enrolment").await));
    let page = owner.open("/").await;
    let page = steps::password(&owner, &page, "hana").await;
    assert!(may_begin(&page), "the browser with the link goes on: {}", page.text());
    assert!(waits_for_the_mail(&thief.open("/.sekisho/enrolment").await));
    // The link is used up.
    thief.open(&link).await;
    assert!(waits_for_the_mail(&thief.open("/.sekisho/enrolment").await), "used once");
    steps::enrol_app_and_sms(&gateway, &owner, &page, "080-8765-4321").await;
    assert_eq!(owner.open("/").await.status, 200);
    let page = thief.open("/.sekisho/enrolment").await;
    assert_eq!(page.url.path(), "/.sekisho/sign-in", "nobody else waits any more: {}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_the_link_of_a_first_enrolment_has_a_button_and_is_good_for_a_day() {
    let gateway = Gateway::start(&["hana"], &[], settings::MAIL).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::first_sign_in(&gateway, &browser, "hana").await;
    let link = steps::link_in(&steps::mail_saying(&gateway, 0, ENROLMENT_MAIL).await);
    let page = browser.open(&link).await;
    assert!(page.text().contains("Thank you for opening the mail."), "{}", page.text());
    let looked = browser.open("/.sekisho/enrolment").await;
    assert!(looked.url.path() == "/.sekisho/link" && !may_begin(&looked), "looking opens nothing: {}", looked.text());
    let form = page.form_to("/.sekisho/link");
    let answers = join_all((0..50).map(|_| steps::send(&browser, &form, &[]))).await;
    assert!(answers.iter().all(|answer| answer.status == 303));
    assert!(may_begin(&browser.open("/.sekisho/enrolment").await));

    // A day, to the millisecond; the sign-in is over long before and begins again.
    for (over, opens) in [(false, true), (true, false)] {
        gateway.clock.advance(Duration::from_mins(2));
        let before = gateway.inbox.newest().await;
        let first = gateway.browser(Speaks::Http1, "en");
        steps::first_sign_in(&gateway, &first, "hana").await;
        let link = steps::link_in(&steps::mail_saying(&gateway, before, ENROLMENT_MAIL).await);
        gateway.clock.advance(almost(DAY));
        let later = gateway.browser(Speaks::Http1, "en");
        later.open(&link).await;
        if over {
            gateway.clock.advance(A_MOMENT);
        }
        let page = later.open("/").await;
        let page = steps::password(&later, &page, "hana").await;
        assert_eq!(may_begin(&page), opens, "{}", page.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_a_newer_mail_voids_the_older_and_there_is_one_a_minute() {
    let gateway = Gateway::start(&["hana"], &[], settings::MAIL).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = steps::first_sign_in(&gateway, &browser, "hana").await;
    let first = steps::mail_saying(&gateway, 0, ENROLMENT_MAIL).await;
    let again = async |page: &Page| browser.submit(page, &page.form_to("/.sekisho/enrolment/link"), &[]).await;
    let page = again(&page).await;
    assert!(page.text().contains("We can send the mail again from 14:21"), "{}", page.text());
    gateway.clock.advance(almost(Duration::from_mins(1)));
    let page = again(&page).await;
    assert!(page.text().contains("We can send the mail again from"), "{}", page.text());
    gateway.clock.advance(A_MOMENT);
    let page = again(&page).await;
    assert!(page.text().contains("We sent the mail again. Use the newest one."), "{}", page.text());
    let second = steps::mail_saying(&gateway, first.id, ENROLMENT_MAIL).await;
    let page = browser.open(&steps::link_in(&first)).await;
    assert!(page.text().contains("This link no longer works"), "{}", page.text());
    let page = browser.open(&steps::link_in(&second)).await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/link"), &[]).await;
    assert!(may_begin(&page), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_an_operators_ticket_stands_in_for_the_link_for_a_day() {
    for (over, opens) in [(false, true), (true, false)] {
        let gateway = Gateway::start(&["hana"], &[], settings::MAIL).await;
        let account = gateway.app().find_account("hana").await.unwrap().unwrap().account;
        let reset = gateway.app().reset_second_step(&account).await.unwrap().unwrap();
        gateway.clock.advance(almost(DAY));
        let browser = gateway.browser(Speaks::Http1, "en");
        let page = steps::first_sign_in(&gateway, &browser, "hana").await;
        assert!(page.text().contains("Enter your ticket"), "{}", page.text());
        let wrong = browser.submit(&page, &page.form_with("ticket"), &[("ticket", "AAAA-BBBB-CCCC-DDDD")]).await;
        assert!(wrong.text().contains("That ticket isn't right."), "{}", wrong.text());
        if over {
            gateway.clock.advance(A_MOMENT);
        }
        let typed = reset.ticket.expose_secret();
        let page = browser.submit(&wrong, &wrong.form_with("ticket"), &[("ticket", typed)]).await;
        assert_eq!(may_begin(&page), opens, "{}", page.text());
        if opens {
            steps::enrol_app_and_sms(&gateway, &browser, &page, "080-8765-4321").await;
            assert_eq!(browser.open("/").await.status, 200);
            // It was used up with that: a thief who found it has nothing.
            let thief = gateway.browser(Speaks::Http1, "en");
            let page = steps::first_sign_in(&gateway, &thief, "hana").await;
            assert_eq!(page.url.path(), "/.sekisho/code", "{}", page.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_where_no_mail_reaches_the_account_the_operator_is_told() {
    log::start();
    for (mail, address, told) in [("", true, true), (settings::MAIL, false, true), (settings::MAIL, true, false)] {
        let gateway = Gateway::start(&["somebody"], &[], mail).await;
        let account = if address {
            people::add(gateway.app(), "hana").await
        } else {
            people::add_without_mail(gateway.app(), "hana").await
        };
        let browser = gateway.browser(Speaks::Http1, "en");
        let (before, earlier) = (gateway.inbox.newest().await, log::read().len());
        let mut page = steps::first_sign_in(&gateway, &browser, "hana").await;
        if waits_for_the_mail(&page) {
            let link = steps::link_in(&steps::mail_saying(&gateway, before, ENROLMENT_MAIL).await);
            page = browser.open(&link).await;
            page = browser.submit(&page, &page.form_to("/.sekisho/link"), &[]).await;
        }
        steps::enrol_app_and_sms(&gateway, &browser, &page, "080-8765-4321").await;
        let id = account.id.to_string();
        let written = log::read().split_off(earlier);
        let line = written.lines().find(|line| line.contains("\"event\":\"enrolled\"") && line.contains(&id));
        let line = line.unwrap_or_else(|| panic!("the enrolment is in the log"));
        let (level, by) = if told { ("WARN", "password") } else { ("INFO", "mailed_link") };
        assert!(line.contains(&format!("\"level\":\"{level}\"")), "{line}");
        assert!(line.contains(&format!("\"opened_by\":\"{by}\"")), "{line}");
        assert!(!line.contains("hana") && !line.contains("87654321"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_the_mailed_link_leads_back_to_the_page_that_was_asked_for() {
    let gateway = Gateway::start(&["hana"], &[], settings::MAIL).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/orders/1238?tab=items").await;
    let page = steps::password(&browser, &page, "hana").await;
    assert!(waits_for_the_mail(&page), "{}", page.text());
    let link = steps::link_in(&steps::mail_saying(&gateway, 0, ENROLMENT_MAIL).await);
    let page = browser.open(&link).await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/link"), &[]).await;
    assert!(may_begin(&page), "{}", page.text());
    let page = steps::begin_enrolment(&browser, &page).await;
    let page = steps::choose(&browser, &page, "app", "").await;
    let shown = authenticator::code(&steps::app_key(&page), gateway.clock.now());
    let page = steps::code(&browser, &page, &shown, false).await;
    let before = gateway.inbox.newest().await;
    let page = steps::choose(&browser, &page, "sms", "080-8765-4321").await;
    let texted = gateway.inbox.code_after(before, "sms").await.code();
    let done = steps::code(&browser, &page, &texted, false).await;
    assert!(done.body.contains("href=\"/orders/1238?tab=items\""), "{}", done.body);
}
