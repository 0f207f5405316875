//! How a code comes, what to do when it does not, and when none is asked: R4, R6, R12 and the part of R13 that a person
//! who shares a sign-in sees.

use std::time::Duration;

use sekisho::clock::Clock as _;

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
        people,
    },
};

const DEVICE: &str = "__Host-sekisho-device";

/// Chooses a method and proves it; the key of an app.
async fn prove(gateway: &Gateway, browser: &Browser, page: &Page, kind: &str, number: &str) -> (Page, Option<String>) {
    let before = gateway.inbox.newest().await;
    let page = steps::choose(browser, page, kind, number).await;
    let key = (kind == "app").then(|| steps::app_key(&page));
    let code = match &key {
        Some(key) => authenticator::code(key, gateway.clock.now()),
        None => gateway.inbox.code_after(before, kind).await.code(),
    };
    (steps::code(browser, &page, &code, false).await, key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_codes_come_by_app_text_and_call_and_nobody_needs_a_mobile() {
    let gateway = Gateway::start(&["mobile", "landline"], &[], "").await;
    // A landline and an app on the office computer: no mobile anywhere.
    for (user, primary, backup) in
        [("landline", ("voice", "03-1234-5678"), ("app", "")), ("mobile", ("app", ""), ("sms", "090-1234-5678"))]
    {
        let browser = gateway.browser(Speaks::Http1, "en");
        let page = steps::first_sign_in(&gateway, &browser, user).await;
        let page = steps::begin_enrolment(&browser, &page).await;
        let (recommended, others) = page.body.split_once("kind-sms").expect("the three channels");
        assert!(recommended.contains("kind-app") && recommended.contains("Recommended"), "{}", page.text());
        assert!(!others.contains("Recommended"), "the app only, and first");
        let (page, key) = prove(&gateway, &browser, &page, primary.0, primary.1).await;
        let (page, other) = prove(&gateway, &browser, &page, backup.0, backup.1).await;
        assert_eq!(page.url.path(), "/.sekisho/enrolment/done", "{}", page.text());
        let key = key.or(other).expect("one of them is an app");
        steps::sign_out(&browser).await;
        gateway.clock.advance(Duration::from_mins(1));

        // Each of the two signs in.
        let before = gateway.inbox.newest().await;
        let page = browser.open("/").await;
        let page = steps::password(&browser, &page, user).await;
        let code = match primary.0 {
            "app" => authenticator::code(&key, gateway.clock.now()),
            channel => gateway.inbox.code_after(before, channel).await.code(),
        };
        let page = steps::code(&browser, &page, &code, false).await;
        assert_eq!((page.url.path(), page.status), ("/", 200), "{user}: {}", page.text());
        steps::sign_out(&browser).await;
        gateway.clock.advance(Duration::from_mins(1));
        let page = browser.open("/").await;
        steps::password(&browser, &page, user).await;
        let help = browser.open("/.sekisho/code/help").await;
        let before = gateway.inbox.newest().await;
        let page = browser.submit(&help, &help.form_with("way"), &[("way", "backup")]).await;
        let code = match backup.0 {
            "app" => authenticator::code(&key, gateway.clock.now()),
            channel => gateway.inbox.code_after(before, channel).await.code(),
        };
        let page = steps::code(&browser, &page, &code, false).await;
        assert_eq!((page.url.path(), page.status), ("/", 200), "{user}: {}", page.text());
        steps::sign_out(&browser).await;
        gateway.clock.advance(Duration::from_mins(1));
    }
    let channels: Vec<String> = gateway.inbox.messages().await.into_iter().map(|message| message.channel).collect();
    assert!(channels.contains(&"sms".to_owned()) && channels.contains(&"voice".to_owned()), "{channels:?}");
}

/// An account whose primary is a text message and whose backup is an app; the key of the app.
async fn by_text(gateway: &Gateway) -> (Browser, String) {
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = steps::first_sign_in(gateway, &browser, "hana").await;
    let page = steps::begin_enrolment(&browser, &page).await;
    let (page, _) = prove(gateway, &browser, &page, "sms", "090-1234-5678").await;
    let (page, key) = prove(gateway, &browser, &page, "app", "").await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment/done", "{}", page.text());
    steps::sign_out(&browser).await;
    gateway.clock.advance(Duration::from_mins(1));
    (browser, key.expect("an app"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_only_the_primary_is_used_until_the_person_asks() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/payments").await;
    let page = steps::password(&browser, &page, "hana").await;
    assert!(page.text().contains("Can't use your authenticator app?"), "{}", page.text());
    for place in ["/.sekisho/code", "/.sekisho/code/help", "/.sekisho/recovery", "/.sekisho/recovery-code"] {
        browser.open(place).await;
        browser.open(place).await;
    }
    assert_eq!(gateway.inbox.newest().await, 0, "nothing is sent by looking");
    let help = browser.open("/.sekisho/code/help").await;
    let page = browser.submit(&help, &help.form_with("way"), &[("way", "backup")]).await;
    assert!(page.text().contains("Didn't receive the code?"), "{}", page.text());
    let code = gateway.inbox.code_after(0, "sms").await.code();
    let page = steps::code(&browser, &page, &code, false).await;
    assert_eq!((page.url.path(), page.status), ("/", 200), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_every_way_is_offered_and_one_that_is_not_says_from_when() {
    let gateway = Gateway::start(&["hana"], &[], "").await;
    let (browser, key) = by_text(&gateway).await;
    let before = gateway.inbox.newest().await;
    let page = browser.open("/payments").await;
    let page = steps::password(&browser, &page, "hana").await;
    let sent = gateway.inbox.code_after(before, "sms").await;
    let to_help = page.links().into_iter().find(|link| link.starts_with("/.sekisho/code/help")).expect("a way out");
    let help = browser.open(&to_help).await;
    for offered in [
        "Send the text message again",
        "Not available now You can do this from 14:2",
        "Call this number instead",
        "Use your backup",
        "Use a recovery code",
        "Ask to recover your account",
    ] {
        assert!(help.text().contains(offered), "{offered}: {}", help.text());
    }
    assert_eq!(help.form_with("way").choices("way"), ["backup"], "a call would be a message, too: {}", help.text());

    // Half a minute later the same code comes again, and by a call to the same number.
    gateway.clock.advance(Duration::from_secs(30).checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(browser.open(&to_help).await.form_with("way").choices("way"), ["backup"], "a moment before");
    gateway.clock.advance(Duration::from_millis(1));
    let help = browser.open(&to_help).await;
    assert_eq!(help.form_with("way").choices("way"), ["again", "voice", "backup"], "{}", help.text());
    let page = browser.submit(&help, &help.form_with("way"), &[("way", "again")]).await;
    let again = gateway.inbox.code_after(sent.id, "sms").await;
    assert_eq!(again.code(), sent.code(), "the same code while it is good");
    // Pressed again, reloaded, gone back: nothing more.
    let newest = gateway.inbox.newest().await;
    browser.submit(&help, &help.form_with("way"), &[("way", "again")]).await;
    browser.open(page.place()).await;
    assert_eq!(gateway.inbox.newest().await, newest, "one message for one wait");
    gateway.clock.advance(Duration::from_mins(1));
    let help = browser.open(&to_help).await;
    let page = browser.submit(&help, &help.form_with("way"), &[("way", "voice")]).await;
    let call = gateway.inbox.code_after(newest, "voice").await;
    assert_eq!(call.to, "+819012345678", "a channel, not a backup");
    assert!(page.text().contains("We're calling the number ending 78."), "{}", page.text());
    let other = if call.code() == "000000" { "111111" } else { "000000" };
    let page = steps::code(&browser, &page, other, false).await;
    let says = "That code isn't right. Enter the code from the latest call.";
    assert!(page.text().contains(says), "{}", page.text());

    // The backup works all the while.
    let help = browser.open(&to_help).await;
    let page = browser.submit(&help, &help.form_with("way"), &[("way", "backup")]).await;
    let page = steps::code(&browser, &page, &authenticator::code(&key, gateway.clock.now()), false).await;
    assert_eq!((page.url.path(), page.status), ("/payments", 200), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_opens_the_sign_in_it_was_sent_for_and_no_other() {
    let gateway = Gateway::start(&["hana"], &[], "").await;
    let (browser, _) = by_text(&gateway).await;
    let before = gateway.inbox.newest().await;
    let page = browser.open("/payments").await;
    let page = steps::password(&browser, &page, "hana").await;
    let own = gateway.inbox.code_after(before, "sms").await;
    let says = "A code was also sent for a sign-in on another device. It doesn't work here.";
    assert!(!page.text().contains(says), "{}", page.text());

    // Somebody with the password signs in elsewhere.
    let other = gateway.browser(Speaks::Http2, "en");
    let at_other = other.open("/").await;
    let at_other = steps::password(&other, &at_other, "hana").await;
    let theirs = gateway.inbox.code_after(own.id, "sms").await;
    let page = browser.open(page.place()).await;
    for page in [&page, &at_other] {
        assert!(page.text().contains(says), "{}", page.text());
    }
    assert_ne!(own.code(), theirs.code());
    let at_other = steps::code(&other, &at_other, &own.code(), false).await;
    assert!(at_other.text().contains("That code isn't right."), "{}", at_other.text());
    let page = steps::code(&browser, &page, &theirs.code(), false).await;
    assert!(page.text().contains("That code isn't right."), "{}", page.text());
    let page = steps::code(&browser, &page, &own.code(), false).await;
    assert_eq!((page.url.path(), page.status), ("/payments", 200), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_the_newest_message_counts_and_the_page_says_so() {
    let gateway = Gateway::start(&["hana"], &[], "").await;
    let (browser, _) = by_text(&gateway).await;
    let before = gateway.inbox.newest().await;
    let page = browser.open("/payments").await;
    let page = steps::password(&browser, &page, "hana").await;
    let old = gateway.inbox.code_after(before, "sms").await;
    let says = "The code of the earlier message or call doesn't work any more. Use the newest one.";
    assert!(!page.text().contains(says), "{}", page.text());

    // Two minutes and a half later the same browser begins anew.
    gateway.clock.advance(Duration::from_secs(150));
    browser.forget("__Host-sekisho-signin");
    let page = browser.open("/payments").await;
    let page = steps::password(&browser, &page, "hana").await;
    let newest = gateway.inbox.code_after(old.id, "sms").await;
    assert_ne!(newest.code(), old.code());
    assert!(page.text().contains(says), "{}", page.text());
    let page = steps::code(&browser, &page, &old.code(), false).await;
    assert!(page.text().contains("That code isn't right. Use the newest message."), "{}", page.text());
    let page = steps::code(&browser, &page, &newest.code(), false).await;
    assert_eq!((page.url.path(), page.status), ("/payments", 200), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_tab_of_another_sign_in_sends_is_not_used() {
    let gateway = Gateway::start(&["hana"], &["taro"], "").await;
    let (browser, _) = by_text(&gateway).await;
    let before = gateway.inbox.newest().await;
    let page = browser.open("/payments").await;
    let hanas = steps::password(&browser, &page, "hana").await;
    gateway.inbox.code_after(before, "sms").await;
    // In a second tab somebody else begins to sign in.
    let page = browser.open("/").await;
    let taros = steps::password(&browser, &page, "taro").await;
    assert!(taros.text().contains("authenticator app"), "{}", taros.text());
    let says = "Another account is being signed in to in this browser now. What you typed was not used.";
    for _ in 0..6 {
        let page = steps::code(&browser, &hanas, "000000", false).await;
        assert!(page.text().contains(says), "{}", page.text());
    }
    let page = browser.open("/.sekisho/code").await;
    assert!(
        !page.text().contains("tries left") && !page.text().contains("paused"),
        "no try of taro's: {}",
        page.text()
    );
}

const SHOWN: &str = r#"id="unanswered" method="post" action="/.sekisho/code/way">"#;
const WAITS: &str = r#"id="unanswered" method="post" action="/.sekisho/code/way" hidden>"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_a_call_that_nobody_answers_is_said_with_the_ways_on() {
    let gateway = Gateway::start(&["hana"], &[], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = steps::first_sign_in(&gateway, &browser, "hana").await;
    let page = steps::begin_enrolment(&browser, &page).await;
    let before = gateway.inbox.newest().await;
    let page = steps::choose(&browser, &page, "voice", "03-1234-5678").await;
    let call = gateway.inbox.code_after(before, "voice").await;
    let own = gateway.inbox.origin().to_owned();
    let (says, says_ja) = (
        "Nobody answered. Have us call again, or choose another way.",
        "応答がありませんでした。もう一度電話を受けるか、別の方法をお選びください。",
    );
    // While the number is set up: called again, or another method chosen.
    assert_eq!(gateway.inbox.let_it_ring(call.id, &own).await, 200, "its own page again");
    let rang = browser.open(page.place()).await;
    assert!(rang.text().contains(says) && !rang.text().contains("We're calling"), "{}", rang.text());
    let page = steps::code(&browser, &rang, &call.code(), false).await;
    let (page, key) = prove(&gateway, &browser, &page, "app", "").await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment/done", "{}", page.text());
    steps::sign_out(&browser).await;
    gateway.clock.advance(Duration::from_mins(1));

    let before = gateway.inbox.newest().await;
    let page = browser.open("/payments").await;
    let page = steps::password(&browser, &page, "hana").await;
    let call = gateway.inbox.code_after(before, "voice").await;
    assert!(page.text().contains("We're calling the number ending 78."), "{}", page.text());
    assert!(page.body.contains(WAITS), "for the script: {}", page.body);
    let state = async || browser.open("/.sekisho/state").await.body;
    assert!(state().await.contains(r#""delivery":"sent""#), "{}", state().await);
    for elsewhere in ["https://attacker.example", "null"] {
        assert_eq!(gateway.inbox.let_it_ring(call.id, elsewhere).await, 403, "{elsewhere}");
    }
    assert!(state().await.contains(r#""delivery":"sent""#), "{}", state().await);
    assert_eq!(gateway.inbox.let_it_ring(call.id, &own).await, 200);
    assert!(gateway.inbox.messages().await.iter().any(|m| m.id == call.id && m.unanswered));
    assert!(state().await.contains(r#""delivery":"unanswered""#), "{}", state().await);
    let rang = browser.open(page.place()).await;
    assert!(rang.text().contains(says) && !rang.text().contains("We're calling"), "{}", rang.text());
    assert!(!rang.body.contains(WAITS) && rang.body.contains(SHOWN), "{}", rang.body);
    assert!(rang.text().contains("We can call again from 14:2"), "{}", rang.text());
    assert!(!rang.text().contains("The code works until"), "{}", rang.text());
    // The button is there for the script alone until a call is possible, which is told to it; so after an early press.
    let waits = r#"value="again" hidden data-later>"#;
    assert!(rang.body.contains(waits) && rang.body.contains(r#"data-over="31""#), "{}", rang.body);
    assert!(state().await.contains(r#""again_in":31"#), "{}", state().await);
    gateway.clock.advance(Duration::from_secs(10));
    let early = browser.submit(&rang, &rang.form_with("way"), &[("way", "again")]).await;
    assert!(early.text().contains("We called a moment ago. We can call again from 14:2"), "{}", early.text());
    assert!(!early.text().contains("message"), "it is about a call: {}", early.text());
    assert!(early.body.contains(waits) && early.body.contains(r#"data-over="21""#), "{}", early.body);
    gateway.clock.advance(Duration::from_secs(20));
    assert!(state().await.contains(r#""again_in":0"#), "{}", state().await);
    let rang = browser.open(page.place()).await;
    assert_eq!(rang.form_with("way").choices("way"), ["again", "backup"], "{}", rang.text());
    assert!(rang.body.contains(r#"value="again" data-later>"#), "{}", rang.body);
    let help = browser.open("/.sekisho/code/help").await;
    assert!(help.text().contains("It can take a minute until your phone rings."), "{}", help.text());
    let japanese = gateway.browser(Speaks::Http1, "ja");
    let page_ja = japanese.open("/").await;
    let page_ja = steps::password(&japanese, &page_ja, "hana").await;
    let second = gateway.inbox.code_after(call.id, "voice").await;
    assert_eq!(gateway.inbox.let_it_ring(second.id, &own).await, 200);
    let page_ja = japanese.open(page_ja.place()).await;
    assert!(page_ja.text().contains(says_ja), "{}", page_ja.text());

    // Called again, the next call is spoken of; the code is still the same.
    gateway.clock.advance(Duration::from_mins(1));
    let newest = gateway.inbox.newest().await;
    let page = browser.submit(&rang, &rang.form_with("way"), &[("way", "again")]).await;
    assert!(page.text().contains("We're calling the number ending 78."), "{}", page.text());
    assert!(page.text().contains("We're calling you again.") && !page.text().contains(says), "{}", page.text());
    let third = gateway.inbox.code_after(newest, "voice").await;
    assert_eq!(third.code(), call.code());
    assert_eq!(gateway.inbox.let_it_ring(third.id, &own).await, 200);
    let rang = browser.open(page.place()).await;
    assert!(!rang.text().contains("We're calling you again."), "{}", rang.text());
    let page = browser.submit(&rang, &rang.form_with("way"), &[("way", "backup")]).await;
    let shown = authenticator::code(&key.expect("an app"), gateway.clock.now());
    let page = steps::code(&browser, &page, &shown, false).await;
    assert_eq!((page.url.path(), page.status), ("/payments", 200), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_wrong_codes_pause_one_method_and_the_page_leads_to_the_other() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let mut page = steps::password(&browser, &page, "hana").await;
    for _ in 0..5 {
        let right = authenticator::code(&gateway.secrets[0], gateway.clock.now());
        page = steps::code(&browser, &page, &steps::wrong(&right), false).await;
    }
    let says = "You can enter a code again at 14:35. You can still use your backup now.";
    assert!(page.text().contains(says), "{}", page.text());
    let help = browser.open("/.sekisho/code/help").await;
    let before = gateway.inbox.newest().await;
    let page = browser.submit(&help, &help.form_with("way"), &[("way", "backup")]).await;
    let code = gateway.inbox.code_after(before, "sms").await.code();
    let page = steps::code(&browser, &page, &code, false).await;
    assert_eq!((page.url.path(), page.status), ("/", 200), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r12_the_box_is_unticked_says_how_long_and_counts_for_one_account_on_one_browser() {
    let gateway = Gateway::start(&[], &["hana", "taro"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let at_code = async |browser: &Browser, user: &str| {
        let page = browser.open("/").await;
        steps::password(browser, &page, user).await
    };
    let code_of = |account: usize| {
        gateway.clock.advance(Duration::from_secs(30));
        authenticator::code(&gateway.secrets[account], gateway.clock.now())
    };
    let page = at_code(&browser, "hana").await;
    assert!(page.text().contains("Don't require a code on this device again (30 days)"), "{}", page.text());
    assert!(page.text().contains("Leave this unticked on a device other people use."), "{}", page.text());
    let form = page.form_with("code");
    let tick = form.fields.iter().find(|field| field.name == "trust").expect("the box");
    assert!(tick.kind == "checkbox" && !tick.checked, "{tick:?}");
    steps::code(&browser, &page, &code_of(0), false).await;
    assert!(browser.cookie(DEVICE).is_none(), "unticked: no trust");
    steps::sign_out(&browser).await;
    let page = at_code(&browser, "hana").await;
    assert_eq!(page.url.path(), "/.sekisho/code", "and asked again: {}", page.text());
    steps::code(&browser, &page, &code_of(0), true).await;
    steps::sign_out(&browser).await;
    let page = at_code(&browser, "hana").await;
    assert_eq!((page.url.path(), page.status), ("/", 200), "the password alone: {}", page.text());
    assert_eq!(gateway.upstream.last().one("x-sekisho-session-level"), "1", "and the console is told");
    steps::sign_out(&browser).await;

    // Another account on this browser is asked, and its own trust leaves the first one's.
    let page = at_code(&browser, "taro").await;
    assert_eq!(page.url.path(), "/.sekisho/code", "{}", page.text());
    steps::code(&browser, &page, &code_of(1), true).await;
    steps::sign_out(&browser).await;
    for user in ["hana", "taro"] {
        assert_eq!(at_code(&browser, user).await.url.path(), "/", "{user}");
        steps::sign_out(&browser).await;
    }
    // This account on another browser is asked.
    let other = gateway.browser(Speaks::Http1, "en");
    assert_eq!(at_code(&other, "hana").await.url.path(), "/.sekisho/code");
    gateway.clock.advance(Duration::from_hours(30 * 24));
    // When it was over, and not that it never was; also when its record is gone long since.
    for (user, purged) in [("hana", false), ("taro", true)] {
        if purged {
            gateway.clock.advance(Duration::from_hours(7 * 24));
            gateway.app().purge().await.unwrap();
        }
        let page = at_code(&browser, user).await;
        assert_eq!(page.url.path(), "/.sekisho/code", "until the trust ends: {}", page.text());
        assert!(page.text().contains("The trust for this device ended on 22 December"), "{user}: {}", page.text());
    }
}

const SHARED: &str = "Several people seem to use this sign-in";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_a_sign_in_that_looks_shared_is_told_to_its_user_and_the_operator() {
    let gateway = Gateway::start(&[], &[], "").await;
    let owner_secret = people::add_member(gateway.app(), "hanako", "山田商店", true).await;
    let secret = people::add_member(gateway.app(), "kyodo", "山田商店", false).await;
    let sign_in = async || {
        gateway.clock.advance(Duration::from_secs(30));
        let browser = gateway.browser(Speaks::Http1, "en");
        steps::sign_in(&gateway, &browser, "kyodo", &secret).await;
        browser
    };
    // On two days, in two hours each, two computers take turns.
    let mut last = None;
    for day in 0..2 {
        let (one, two) = (sign_in().await, sign_in().await);
        let hour = 3600 - gateway.clock.now().as_secs().rem_euclid(3600);
        gateway.clock.advance(Duration::from_secs(hour.unsigned_abs()));
        for turn in 0..22 {
            let browser = if turn % 2 == 0 { &one } else { &two };
            assert_eq!(browser.open("/orders").await.status, 200, "day {day}, turn {turn}");
            gateway.app().write_last_uses().await.unwrap();
            gateway.clock.advance(Duration::from_mins(5));
        }
        let early = gateway.browser(Speaks::Http1, "en");
        let page = early.open("/").await;
        let page = steps::password(&early, &page, "kyodo").await;
        assert_eq!(page.text().contains(SHARED), day == 1, "day {day}: {}", page.text());
        last = Some(one);
        gateway.clock.advance(Duration::from_hours(20));
    }
    drop(last);
    let shared = gateway.app().shared_accounts().await.unwrap();
    assert_eq!(shared.iter().map(|(account, _)| account.account.user_name.as_str()).collect::<Vec<_>>(), ["kyodo"]);

    // Its user learns why one's own is better, and asks the owner for it.
    let member = sign_in().await;
    let settings = member.open("/.sekisho/settings").await;
    assert!(settings.text().contains("With a sign-in of your own you can trust your device"), "{}", settings.text());
    let before = gateway.inbox.newest().await;
    let asked = member.submit(&settings, &settings.form_to("/.sekisho/users/ask"), &[]).await;
    assert!(asked.text().contains("We've asked the owner by email."), "{}", asked.text());
    let mail = steps::mail_saying(&gateway, before, "複数の方でお使いのようです").await;
    assert_eq!(mail.to, "hanako@example.jp");
    gateway.clock.advance(Duration::from_secs(30));
    let owner = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &owner, "hanako", &owner_secret).await;
    let users = owner.open("/.sekisho/users").await;
    assert!(users.text().contains("Invite each of them to a sign-in of their own"), "{}", users.text());
    let owners = owner.open("/.sekisho/settings").await;
    assert!(!owners.text().contains(SHARED), "the owner's own is not: {}", owners.text());
}
