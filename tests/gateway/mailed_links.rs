//! Mailed links through the whole gateway: looking at one acts on nothing and leaves its token nowhere, its button acts
//! once and in time; what a new password by mail changes and what it leaves alone; "this wasn't me".

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use sekisho::clock::Clock as _;

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
        log,
        people::PASSWORD,
        settings,
    },
};

const NEW: &str = "eleven tame herons";
const OVER: &str = "This link no longer works";
const HALF_HOUR: Duration = Duration::from_mins(30);
const TWO_DAYS: Duration = Duration::from_hours(48);
const A_MOMENT: Duration = Duration::from_millis(1);

fn almost(time: Duration) -> Duration {
    time.checked_sub(A_MOMENT).unwrap()
}

/// Opens the link and chooses this password.
async fn choose(browser: &Browser, link: &str, password: &str) -> Page {
    let page = browser.open(link).await;
    browser.submit(&page, &page.form_with("password"), &[("password", password), ("again", password)]).await
}

/// Whether this password is the right one, from a browser that was never here.
async fn opens(gateway: &Gateway, user: &str, password: &str) -> bool {
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let page = steps::own_password(&browser, &page, user, password).await;
    assert!(browser.cookie("__Host-sekisho").is_none(), "a password alone is no session");
    page.url.path() == "/.sekisho/code"
}

/// Signs in with this password and the app.
async fn sign_in(gateway: &Gateway, password: &str) -> Browser {
    gateway.clock.advance(Duration::from_secs(30));
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let page = steps::own_password(&browser, &page, "hana", password).await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let page = steps::code(&browser, &page, &code, false).await;
    assert_eq!((page.url.path(), page.status), ("/", 200), "{}", page.text());
    browser
}

fn shows_a_form(page: &Page) -> bool {
    page.forms().iter().any(|form| form.has("password"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_only_looks_at_a_link_acts_on_nothing_and_learns_no_token() {
    log::start();
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let link = steps::reset_link(&gateway, &browser, "hana").await;
    let token = link.rsplit('/').next().unwrap().to_owned();
    assert!(token.len() > 40, "a token nobody guesses: {link}");

    // Scanners of mails, previews, prefetching browsers.
    let prefetch = |name: &'static str, value: &'static str| {
        HeaderMap::from_iter([(reqwest::header::HeaderName::from_static(name), HeaderValue::from_static(value))])
    };
    for (method, headers) in [
        (Method::GET, HeaderMap::new()),
        (Method::HEAD, HeaderMap::new()),
        (Method::GET, prefetch("sec-purpose", "prefetch;prerender")),
        (Method::GET, prefetch("purpose", "prefetch")),
        (Method::GET, prefetch("user-agent", "mail-scanner/1.0")),
    ] {
        let scanner = gateway.browser(Speaks::Http1, "en");
        for place in [link.as_str(), "/.sekisho/link"] {
            let answer = scanner.send(method.clone(), place, headers.clone(), None).await;
            assert!(answer.status == 303 || answer.status == 200, "{method} {place}: {}", answer.status);
            assert!(!answer.header("location").contains(&token), "a redirect that carries the token");
            assert!(!answer.body.contains(&token), "{method} {place}: a page that carries it");
            for line in answer.headers.get_all("set-cookie") {
                assert!(!line.to_str().unwrap().contains(&token), "a cookie that shows it: {line:?}");
            }
        }
    }
    let opened = browser.visit(&link).await;
    assert_eq!((opened.status, opened.header("location")), (303, "/.sekisho/link"));
    assert_eq!(opened.header("referrer-policy"), "no-referrer");
    assert_eq!(opened.header("cache-control"), "no-store");
    assert!(opens(&gateway, "hana", PASSWORD).await, "the password is as it was");

    // The button of a page without the link, of another browser, or with a stolen cookie, does nothing either.
    let page = browser.open(&link).await;
    assert_eq!(page.place(), "/.sekisho/link");
    let form = page.form_with("password");
    let thief = gateway.browser(Speaks::Http1, "en");
    let theirs = thief.open("/.sekisho/link").await;
    assert!(theirs.text().contains(OVER), "{}", theirs.text());
    let sealed = browser.cookie("__Host-sekisho-link").expect("the token, sealed").value;
    thief.plant("__Host-sekisho-link", &sealed);
    assert!(!shows_a_form(&thief.open("/.sekisho/link").await), "a sealed token opens in its own browser only");
    let forged = steps::send(&thief, &form, &[("password", NEW), ("again", NEW)]).await;
    assert_eq!(forged.status, 400, "the form of another browser");
    assert!(opens(&gateway, "hana", PASSWORD).await);

    let done = browser.submit(&page, &form, &[("password", NEW), ("again", NEW)]).await;
    assert_eq!(done.url.path(), "/.sekisho/sign-in", "{}", done.text());
    assert!(done.text().contains("Your password is changed."), "{}", done.text());
    assert!(opens(&gateway, "hana", NEW).await && !opens(&gateway, "hana", PASSWORD).await);
    let written = log::read();
    assert!(written.contains("\"event\":\"password_reset\""), "the log is read at all");
    assert!(!written.contains(&token), "the token is in the log");
    assert!(gateway.upstream.seen().iter().all(|request| !request.contains(&token)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_use_a_link_once() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let link = steps::reset_link(&gateway, &browser, "hana").await;
    let page = browser.open(&link).await;
    let form = page.form_with("password");
    let passwords: Vec<String> = (0..50).map(|n| format!("herons in row {n}")).collect();
    let before = gateway.inbox.newest().await;
    let answers = join_all(passwords.iter().map(async |password| {
        let answer = steps::send(&browser, &form, &[("password", password), ("again", password)]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location").starts_with("/.sekisho/sign-in")
    }))
    .await;
    let taken: Vec<&String> = passwords.iter().zip(&answers).filter(|(_, done)| **done).map(|(p, _)| p).collect();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert!(opens(&gateway, "hana", taken[0]).await, "the one that was told so");
    let other = passwords.iter().find(|password| *password != taken[0]).unwrap();
    assert!(!opens(&gateway, "hana", other).await);
    steps::mail_saying(&gateway, before, "パスワードが再設定されました").await;
    let told = gateway.inbox.messages().await.iter().filter(|m| m.id > before && m.channel == "mail").count();
    assert_eq!(told, 1, "one notice of one change");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_a_password_is_good_for_half_an_hour() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let link = steps::reset_link(&gateway, &browser, "hana").await;
    gateway.clock.advance(almost(HALF_HOUR));
    let page = browser.open(&link).await;
    assert!(shows_a_form(&page), "a moment before the end: {}", page.text());
    gateway.clock.advance(A_MOMENT);
    assert!(browser.open(&link).await.text().contains(OVER), "half an hour is over");
    let late = browser.submit(&page, &page.form_with("password"), &[("password", NEW), ("again", NEW)]).await;
    assert!(late.text().contains(OVER), "nor does a page that was open: {}", late.text());
    assert!(opens(&gateway, "hana", PASSWORD).await);

    let link = steps::reset_link(&gateway, &browser, "hana").await;
    gateway.clock.advance(almost(HALF_HOUR));
    let done = choose(&browser, &link, NEW).await;
    assert_eq!(done.url.path(), "/.sekisho/sign-in", "{}", done.text());
    assert!(opens(&gateway, "hana", NEW).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_link_voids_the_older_and_a_used_one_is_used() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let first = steps::reset_link(&gateway, &browser, "hana").await;
    let opened = browser.open(&first).await;
    let second = steps::reset_link(&gateway, &browser, "hana").await;
    assert!(browser.open(&first).await.text().contains(OVER));
    let late = browser.submit(&opened, &opened.form_with("password"), &[("password", NEW), ("again", NEW)]).await;
    assert!(late.text().contains(OVER), "{}", late.text());
    assert!(opens(&gateway, "hana", PASSWORD).await);

    // A password that cannot be used leaves the link good; the one that is taken ends it.
    let page = choose(&browser, &second, "password1").await;
    assert!(page.body.contains("aria-invalid") && shows_a_form(&page), "{}", page.text());
    let done = browser.submit(&page, &page.form_with("password"), &[("password", NEW), ("again", NEW)]).await;
    assert_eq!(done.url.path(), "/.sekisho/sign-in", "{}", done.text());
    assert!(browser.open(&second).await.text().contains(OVER));
    for made_up in ["/.sekisho/link/x", &format!("{second}A"), &second[..second.len() - 1]] {
        assert!(browser.open(made_up).await.text().contains(OVER), "{made_up}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_for_one_thing_serves_no_other() {
    let gateway = Gateway::start(&["fresh"], &["hana"], settings::MAIL).await;
    let waiting = gateway.browser(Speaks::Http1, "en");
    let before = gateway.inbox.newest().await;
    steps::first_sign_in(&gateway, &waiting, "fresh").await;
    let enrolment = steps::link_in(&steps::mail_saying(&gateway, before, "2段階認証を設定するには").await);
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open(&enrolment).await;
    assert!(!shows_a_form(&page), "{}", page.text());
    let reset = steps::reset_link(&gateway, &browser, "fresh").await;
    let form = browser.open(&reset).await.form_with("password");
    // The form of the one while the browser holds the other: nothing is chosen and nothing is opened.
    browser.open(&enrolment).await;
    let answer = steps::send(&browser, &form, &[("password", NEW), ("again", NEW)]).await;
    assert_eq!((answer.status, answer.header("location").split('?').next()), (303, Some("/.sekisho/link")));
    let page = browser.open(&reset).await;
    assert!(shows_a_form(&page), "still there: {}", page.text());
    let shown = waiting.open(&reset).await;
    waiting.submit(&shown, &shown.form_with("password"), &[("password", "password1"), ("again", "password1")]).await;
    let page = waiting.open("/.sekisho/enrolment").await;
    assert!(page.text().contains("Open the mail we sent you"), "a reset opens no enrolment: {}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_for_a_link_looks_the_same_for_every_name() {
    let gateway = Gateway::start(&[], &["hanako", "jiro"], "").await;
    let jiro = gateway.app().find_account("jiro").await.unwrap().unwrap().account.id;
    gateway.app().disable_account(jiro, true).await.unwrap().unwrap();
    let mut seen = Vec::new();
    for name in ["hanako", "nobody", "hanako@example.jp", "nobody@example.jp", "jiro"] {
        let browser = gateway.browser(Speaks::Http1, "en");
        let page = browser.open("/.sekisho/password-reset").await;
        let form = page.form_to("/.sekisho/password-reset");
        let answer = steps::send(&browser, &form, &[("user_name", name)]).await;
        let shown = browser.follow(answer.clone()).await.unwrap();
        assert!(shown.text().contains("If there is an account with that name and an email address"), "{name}");
        seen.push([answer, shown].map(|page| {
            let names: Vec<(String, usize)> = page
                .headers
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"))
                .map(|(name, value)| (name.to_string(), value.len()))
                .collect();
            (page.status, names, page.text())
        }));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
    steps::mail_saying(&gateway, 0, "パスワードを再設定するには").await;
    let mails: Vec<_> = gateway.inbox.messages().await.into_iter().filter(|m| m.channel == "mail").collect();
    assert!(mails.iter().all(|mail| mail.to == "hanako@example.jp"), "{mails:?}");

    // The name of an account cannot be made to be mailed without end, and from outside nothing of that shows.
    for _ in 0..5 {
        let browser = gateway.browser(Speaks::Http1, "en");
        steps::ask_for_reset(&browser, "hanako").await;
    }
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = steps::ask_for_reset(&browser, "nobody").await;
    assert!(page.text().contains("Too many links were asked for from here."), "the eleventh: {}", page.text());
    let mails = gateway.inbox.messages().await.into_iter().filter(|m| m.channel == "mail").count();
    assert!(mails <= 3, "three an hour to one account: {mails}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_ends_sessions_and_trust_and_leaves_the_second_step() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let trusted = gateway.browser(Speaks::Http1, "en");
    let page = trusted.open("/").await;
    let page = steps::password(&trusted, &page, "hana").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::code(&trusted, &page, &code, true).await;
    steps::sign_out(&trusted).await;
    let page = trusted.open("/").await;
    assert_eq!(steps::password(&trusted, &page, "hana").await.url.path(), "/", "trusted, and signed in");
    let half_way = gateway.browser(Speaks::Http1, "en");
    let page = half_way.open("/").await;
    let at_code = steps::password(&half_way, &page, "hana").await;
    assert_eq!(at_code.url.path(), "/.sekisho/code");

    let browser = gateway.browser(Speaks::Http1, "en");
    let link = steps::reset_link(&gateway, &browser, "hana").await;
    let before = gateway.inbox.newest().await;
    let done = choose(&browser, &link, NEW).await;
    assert!(browser.cookie("__Host-sekisho").is_none(), "a link signs nobody in: {}", done.text());
    assert_eq!(browser.visit("/").await.status, 303);
    assert_eq!(trusted.visit("/").await.status, 303, "the session has ended");
    assert_eq!(trusted.fetch("/").await.status, 401);
    let late = half_way.open("/.sekisho/code").await;
    assert_eq!(late.url.path(), "/.sekisho/sign-in", "nor does a pending sign-in go on: {}", late.text());
    let page = trusted.open("/").await;
    let page = steps::own_password(&trusted, &page, "hana", NEW).await;
    assert_eq!(page.url.path(), "/.sekisho/code", "the trust is gone, the second step is not: {}", page.text());
    gateway.clock.advance(Duration::from_secs(30));
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let page = steps::code(&trusted, &page, &code, false).await;
    assert_eq!((page.url.path(), page.status), ("/", 200), "the same app as before: {}", page.text());
    let settings = trusted.open("/.sekisho/settings").await.text();
    for kept in ["Authenticator app (スマートフォン)", "Text message to the number ending 78"] {
        assert!(settings.contains(kept), "{kept}: {settings}");
    }
    // Every channel is told; the mail has the way to stop it.
    let mail = steps::mail_saying(&gateway, before, "再設定").await;
    assert!(mail.text.contains("/.sekisho/link/"), "{}", mail.text);
    gateway.inbox.after(before, "sms").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_working_method_stays_for_48_hours_after_a_new_password() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let link = steps::reset_link(&gateway, &browser, "hana").await;
    choose(&browser, &link, NEW).await;
    let reset_at = gateway.clock.now();
    let browser = sign_in(&gateway, NEW).await;
    let begin = async |browser: &Browser, role: &str| {
        // Sent by hand: while the methods rest, the page has no button for it.
        let page = browser.open(&format!("/.sekisho/settings/{role}")).await;
        let action = "/.sekisho/settings/replace/begin".to_owned();
        let form = crate::html::Form { action, ..page.form_to("/.sekisho/settings/label") };
        browser.submit(&page, &form, &[]).await
    };
    let rests = "You reset your password, so until 14:20 on ";
    let settings = browser.open("/.sekisho/settings").await.text();
    assert_eq!(settings.matches(rests).count(), 1, "once, for methods and recovery codes: {settings}");
    for role in ["primary", "backup"] {
        let page = browser.open(&format!("/.sekisho/settings/{role}")).await;
        assert!(page.text().contains(rests), "{role}: {}", page.text());
        assert!(!page.body.contains("/replace/begin"), "{role}: no button that only refuses");
        let refused = begin(&browser, role).await;
        let says = "Your password was reset a short time ago. To keep your account safe, a method that works can be replaced from";
        assert!(refused.text().contains(says), "{role}: {}", refused.text());
        assert!(refused.text().contains("14:20"), "and says from when: {}", refused.text());
    }
    // Names and the order of the two may change: nothing of that gives a thief a way in.
    let settings = browser.open("/.sekisho/settings").await;
    let swapped = browser.submit(&settings, &settings.form_to("/.sekisho/settings/swap"), &[]).await;
    assert!(swapped.text().contains("Primary and backup are swapped."), "{}", swapped.text());
    let settings = browser.open("/.sekisho/settings").await;
    browser.submit(&settings, &settings.form_to("/.sekisho/settings/swap"), &[]).await;
    // A recovery code would replace both: it waits, too.
    let code = steps::recovery_codes(&browser).await.remove(0);
    let other = gateway.browser(Speaks::Http1, "en");
    let page = other.open("/").await;
    steps::own_password(&other, &page, "hana", NEW).await;
    let page = steps::use_recovery_code(&other, &code).await;
    assert!(page.text().contains("For your safety, recovery codes work again from"), "{}", page.text());

    let left = TWO_DAYS.checked_sub(elapsed(&gateway, reset_at)).unwrap();
    gateway.clock.advance(almost(left.checked_sub(Duration::from_secs(30)).unwrap()));
    let browser = sign_in(&gateway, NEW).await;
    let refused = begin(&browser, "primary").await;
    assert!(refused.text().contains("was reset a short time ago"), "a moment before: {}", refused.text());
    let other = gateway.browser(Speaks::Http1, "en");
    let page = other.open("/").await;
    steps::own_password(&other, &page, "hana", NEW).await;
    let page = steps::use_recovery_code(&other, &code).await;
    assert!(page.text().contains("recovery codes work again from"), "{}", page.text());
    gateway.clock.advance(A_MOMENT);
    let page = begin(&browser, "primary").await;
    assert!(page.text().contains("Choose your new primary"), "48 hours are over: {}", page.text());
    let page = steps::use_recovery_code(&other, &code).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment", "{}", page.text());
}

fn elapsed(gateway: &Gateway, since: sekisho::clock::Timestamp) -> Duration {
    Duration::from_millis((gateway.clock.now().as_millis() - since.as_millis()).unsigned_abs())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_enrolment_and_a_ticket_wait_for_no_48_hours() {
    let gateway = Gateway::start(&["fresh"], &["hana"], settings::MAIL).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    for user in ["fresh", "hana"] {
        let link = steps::reset_link(&gateway, &browser, user).await;
        choose(&browser, &link, NEW).await;
    }
    // A first enrolment.
    let newcomer = gateway.browser(Speaks::Http1, "en");
    let before = gateway.inbox.newest().await;
    let page = newcomer.open("/").await;
    steps::own_password(&newcomer, &page, "fresh", NEW).await;
    let link = steps::link_in(&steps::mail_saying(&gateway, before, "2段階認証を設定するには").await);
    let page = newcomer.open(&link).await;
    let page = newcomer.submit(&page, &page.form_to("/.sekisho/link"), &[]).await;
    steps::enrol_app_and_sms(&gateway, &newcomer, &page, "080-1111-2222").await;

    // A ticket of an operator, who has seen to it who asks.
    let account = gateway.app().find_account("hana").await.unwrap().unwrap().account;
    let reset = gateway.app().reset_second_step(&account).await.unwrap().unwrap();
    let recovered = gateway.browser(Speaks::Http1, "en");
    let page = recovered.open("/").await;
    let page = steps::own_password(&recovered, &page, "hana", NEW).await;
    let ticket = sekisho::secret::ExposeSecret::expose_secret(&reset.ticket).to_owned();
    let page = recovered.submit(&page, &page.form_with("ticket"), &[("ticket", &ticket)]).await;
    steps::enrol_app_and_sms(&gateway, &recovered, &page, "080-3333-4444").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_method_that_was_switched_off_is_set_up_again_within_the_48_hours() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    switch_off_the_app(&gateway).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let link = steps::reset_link(&gateway, &browser, "hana").await;
    choose(&browser, &link, NEW).await;

    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    steps::own_password(&browser, &page, "hana", NEW).await;
    let help = browser.open("/.sekisho/code/help").await;
    let before = gateway.inbox.newest().await;
    let page = browser.submit(&help, &help.form_with("way"), &[("way", "backup")]).await;
    let code = gateway.inbox.code_after(before, "sms").await.code();
    let page = steps::code(&browser, &page, &code, false).await;
    assert_eq!(page.url.path(), "/.sekisho/switched-off", "{}", page.text());
    let page = browser.open("/.sekisho/settings/backup").await;
    let action = "/.sekisho/settings/replace/begin".to_owned();
    let by_hand = crate::html::Form { action, ..page.form_to("/.sekisho/settings/label") };
    let refused = browser.submit(&page, &by_hand, &[]).await;
    assert!(refused.text().contains("a method that works can be replaced from"), "{}", refused.text());
    let page = browser.open("/.sekisho/settings/primary").await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/settings/replace/begin"), &[]).await;
    assert!(page.text().contains("Choose your new primary"), "{}", page.text());
    let form = page.form_to("/.sekisho/settings/replace/choose");
    let page = browser.submit(&page, &form, &[("kind", "app"), ("phone", ""), ("label", "New phone")]).await;
    let key = steps::app_key(&page);
    let done = steps::code(&browser, &page, &authenticator::code(&key, gateway.clock.now()), false).await;
    assert!(done.text().contains("The new method is in place."), "{}", done.text());
}

/// Fifty wrong codes, each pause waited out.
async fn switch_off_the_app(gateway: &Gateway) {
    for round in 0..10 {
        let browser = gateway.browser(Speaks::Http1, "en");
        let page = browser.open("/").await;
        let mut page = steps::password(&browser, &page, "hana").await;
        for _ in 0..5 {
            let right = authenticator::code(&gateway.secrets[0], gateway.clock.now());
            page = steps::code(&browser, &page, &steps::wrong(&right), false).await;
        }
        assert!(!page.forms().iter().any(|form| form.has("code")), "{round}: {}", page.text());
        gateway.clock.advance(Duration::from_hours(2));
    }
}

/// The link in the notice about a sign-in from a new browser.
async fn not_me_link(gateway: &Gateway) -> String {
    let before = gateway.inbox.newest().await;
    sign_in(gateway, PASSWORD).await;
    steps::link_in(&steps::mail_saying(gateway, before, "/.sekisho/link/").await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_was_not_me_stops_the_account_at_once() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let thief = gateway.browser(Speaks::Http1, "en");
    let before = gateway.inbox.newest().await;
    let page = thief.open("/").await;
    let page = steps::password(&thief, &page, "hana").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::code(&thief, &page, &code, true).await;
    let link = steps::link_in(&steps::mail_saying(&gateway, before, "/.sekisho/link/").await);

    // The thief has a link to a new password under way, and codes to come back with.
    let codes = steps::recovery_codes(&thief).await;
    let reset = steps::reset_link(&gateway, &thief, "hana").await;

    let owner = gateway.browser(Speaks::Http2, "en");
    let page = owner.open(&link).await;
    assert_eq!(page.place(), "/.sekisho/link");
    assert!(page.text().contains("If somebody else used your Seller Console account, stop it now."), "{}", page.text());
    assert_eq!(thief.open("/").await.status, 200, "looking stops nothing");
    let before = gateway.inbox.newest().await;
    let done = owner.submit(&page, &page.form_to("/.sekisho/link"), &[]).await;
    assert!(done.text().contains("Your account is stopped"), "{}", done.text());
    assert_eq!(thief.visit("/").await.status, 303, "out at once");
    assert!(!opens(&gateway, "hana", PASSWORD).await, "the password proves nothing");
    let page = thief.open("/").await;
    let page = steps::password(&thief, &page, "hana").await;
    assert!(page.text().contains("isn't right"), "trust is no way round: {}", page.text());
    assert!(thief.open(&reset).await.text().contains(OVER), "whatever was mailed is void");
    assert!(owner.open(&link).await.text().contains(OVER), "and the link itself counted once");
    let told = steps::mail_saying(&gateway, before, "アカウントを停止しました").await;
    assert!(!told.text.contains("/.sekisho/link/"), "nothing is left to press: {}", told.text);
    gateway.inbox.after(before, "sms").await;

    // A new password by mail opens the account again, with the second step it had.
    let link = steps::reset_link(&gateway, &owner, "hana").await;
    choose(&owner, &link, NEW).await;
    assert!(opens(&gateway, "hana", NEW).await);
    sign_in(&gateway, NEW).await;
    let late = gateway.browser(Speaks::Http1, "en");
    let page = late.open("/").await;
    steps::own_password(&late, &page, "hana", NEW).await;
    let page = steps::use_recovery_code(&late, &codes[0]).await;
    assert!(page.text().contains("recovery codes work again from"), "not for 48 hours: {}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_presses_at_once_stop_the_account_once_and_for_seven_days() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let link = not_me_link(&gateway).await;
    let made = gateway.clock.now();
    let owner = gateway.browser(Speaks::Http1, "en");
    gateway.clock.advance(almost(Duration::from_hours(7 * 24)));
    let form = owner.open(&link).await.form_to("/.sekisho/link");
    let before = gateway.inbox.newest().await;
    let answers = join_all((0..50).map(|_| steps::send(&owner, &form, &[]))).await;
    assert!(answers.iter().all(|answer| answer.status == 303), "{answers:?}");
    // The answer that stopped it takes the token away and has something to say.
    let stopped = |page: &Page| {
        page.headers
            .get_all("set-cookie")
            .iter()
            .any(|line| line.to_str().unwrap().starts_with("__Host-sekisho-link=;"))
    };
    assert_eq!(answers.iter().filter(|answer| stopped(answer)).count(), 1);
    steps::mail_saying(&gateway, before, "アカウントを停止しました").await;
    let told = gateway.inbox.messages().await.iter().filter(|m| m.id > before && m.channel == "mail").count();
    assert_eq!((told, elapsed(&gateway, made)), (1, almost(Duration::from_hours(7 * 24))));

    let gateway = Gateway::start(&[], &["hana"], "").await;
    let link = not_me_link(&gateway).await;
    gateway.clock.advance(Duration::from_hours(7 * 24));
    let page = owner_of(&gateway).open(&link).await;
    assert!(page.text().contains(OVER), "seven days are over: {}", page.text());
    assert!(opens(&gateway, "hana", PASSWORD).await);
}

fn owner_of(gateway: &Gateway) -> Browser {
    gateway.browser(Speaks::Http1, "en")
}
