//! The whole story: from a console without a login page to a second visit without a code.

use std::time::Duration;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use sekisho::clock::Clock as _;

use crate::{
    steps::{self, app_key, wrong},
    support::{
        authenticator,
        browser::{Browser, Cookie, Page, Speaks},
        gateway::Gateway,
        upstream::Recorded,
    },
};

const DEEP: &str = "/orders/1238?tab=%E9%85%8D%E9%80%81&from=mail%20link";

/// Words the story looks for, in one language.
struct Words {
    accepts: &'static str,
    tag: &'static str,
    wrong_password: &'static str,
    wrong_code: &'static str,
    app_twice: &'static str,
    same_number: &'static str,
    landline: &'static str,
    reused: &'static str,
    expired_session: &'static str,
}

const JA: Words = Words {
    accepts: "ja,en-US;q=0.7,en;q=0.3",
    tag: "ja",
    wrong_password: "ユーザー名（メールアドレス）またはパスワードが違います。ご確認のうえ、もう一度入力してください。",
    wrong_code: "認証コードが違います。認証アプリに現在表示されているコードを入力してください。",
    app_twice: "第一手段が認証アプリのため、バックアップ手段には電話番号を登録してください。",
    same_number: "この番号は第一手段として登録済みです。別の電話番号か認証アプリを登録してください。",
    landline: "固定電話ではSMSを受け取れません。音声通話を選ぶか、携帯電話の番号を入力してください。",
    reused: "このコードは使用済みです。次のコードが表示されるまで、最大30秒お待ちください。",
    expired_session: "60分間操作がなかったため、ログアウトしました。ログインすると、続きから操作できます。",
};

const EN: Words = Words {
    accepts: "en-GB,en;q=0.9",
    tag: "en",
    wrong_password: "The user name (email address) or password isn't right. Check both and try again.",
    wrong_code: "That code isn't right. Enter the code your app shows now.",
    app_twice: "Your primary is an authenticator app, so your backup must be a phone.",
    same_number: "That's already your primary number. Use a different number or an authenticator app.",
    landline: "This is a landline, so it can't get text messages. Choose a voice call or enter a mobile number.",
    reused: "You've used that code already. Wait for the next one (up to 30 seconds).",
    expired_session: "You were signed out after 60 minutes. Sign in to continue where you were.",
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_japanese_over_http_1() {
    tell(Speaks::Http1, &JA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_english_over_http_2() {
    tell(Speaks::Http2, &EN).await;
}

/// A primary by text message: every backup but the same number, however it is written and whatever the channel.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_number_is_never_both_methods() {
    let gateway = Gateway::start(&["taro"], &[], "").await;
    let browser = gateway.browser(Speaks::Http2, EN.accepts);
    let page = browser.open("/").await;
    let page = steps::password(&browser, &page, "taro").await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/enrolment/begin"), &[]).await;
    let page = choose(&browser, &page, "sms", "090-1234-5678").await;
    let message = gateway.inbox.after(0, "sms").await;
    assert_eq!(message.to, "+819012345678");
    assert!(message.text.ends_with(&format!("\n@localhost #{}", message.code())), "{}", message.text);
    let mut page = steps::code(&browser, &page, &message.code(), false).await;
    assert_eq!(page.form_with("kind").choices("kind"), ["app", "sms", "voice"], "{}", page.text());
    for (kind, number) in
        [("voice", "＋８１ ９０ １２３４ ５６７８"), ("sms", "+81 090 1234 5678"), ("voice", "09012345678 内線 12")]
    {
        page = choose(&browser, &page, kind, number).await;
        assert!(page.text().contains(EN.same_number), "{number}: {}", page.text());
    }
    assert_eq!(gateway.inbox.newest().await, message.id, "nothing was sent for a number that was refused");

    let before = gateway.inbox.newest().await;
    let page = choose(&browser, &page, "voice", "03-1234-5678").await;
    let call = gateway.inbox.after(before, "voice").await;
    let page = steps::code(&browser, &page, &call.code(), false).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment/done", "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_was_just_typed_can_be_checked_and_changed() {
    let gateway = Gateway::start(&["hana"], &[], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = steps::first_sign_in(&gateway, &browser, "hana").await;
    let page = steps::begin_enrolment(&browser, &page).await;
    let form = page.form_with("kind");
    let typed = [("kind", "voice"), ("phone", "０３１２３４５６５６ 内線12"), ("label", "Office")];
    let page = browser.submit(&page, &form, &typed).await;
    assert!(page.text().contains("You entered: 03-1234-5656 ext. 12"), "{}", page.text());
    let page = browser.submit(&page, &page.form_to("/.sekisho/enrolment/choose-again"), &[]).await;
    let filled = page.form_with("kind").filled(&[]);
    for (name, value) in [("kind", "voice"), ("phone", "03-1234-5656 ext. 12"), ("label", "Office")] {
        assert!(filled.contains(&(name.to_owned(), value.to_owned())), "{filled:?}");
    }

    // Once it is proven it is shown by two digits, and to nobody else before.
    gateway.clock.advance(std::time::Duration::from_secs(30));
    let before = gateway.inbox.newest().await;
    let page = browser.submit(&page, &page.form_with("kind"), &[]).await;
    let other = gateway.browser(Speaks::Http1, "en");
    let theirs = steps::first_sign_in(&gateway, &other, "hana").await;
    assert!(!theirs.body.contains("1234"), "{}", theirs.text());
    let call = gateway.inbox.after(before, "voice").await;
    let page = steps::code(&browser, &page, &call.code(), false).await;
    assert!(page.text().contains("ending 56") && !page.body.contains("1234-5656"), "{}", page.text());
}

async fn choose(browser: &Browser, page: &Page, kind: &str, number: &str) -> Page {
    browser.submit(page, &page.form_with("kind"), &[("kind", kind), ("phone", number)]).await
}

async fn tell(speaks: Speaks, words: &Words) {
    let gateway = Gateway::start(&["hana"], &[], "").await;
    let browser = gateway.browser(speaks, words.accepts);

    let page = arrive_without_a_session(&gateway, &browser, words).await;
    let page = enrol(&gateway, &browser, page, words).await;
    let (page, key) = page;
    assert_eq!(page.place(), DEEP, "back at exactly the page asked for");
    identity(&gateway.upstream.last(), DEEP, "2");

    let page = steps::sign_out(&browser).await;
    assert!(page.forms().iter().any(|form| form.has("password")), "{}", page.text());
    let page = sign_in_with_the_backup(&gateway, &browser, words, &key).await;
    assert_eq!(page.place(), "/payments");
    identity(&gateway.upstream.last(), "/payments", "2");

    // The second visit: no code, and the console is told that none was given.
    steps::sign_out(&browser).await;
    browser.restart();
    let page = browser.open("/inventory").await;
    let page = steps::password(&browser, &page, "hana").await;
    assert_eq!((page.place(), page.status), ("/inventory", 200), "{}", page.text());
    identity(&gateway.upstream.last(), "/inventory", "1");

    another_browser_is_asked(&gateway, speaks, words, &key).await;
    the_trust_ends(&gateway, &browser, words).await;
    nothing_of_ours_reached_the_console(&gateway, &browser);
}

async fn arrive_without_a_session(gateway: &Gateway, browser: &Browser, words: &Words) -> Page {
    let refused = browser.fetch(DEEP).await;
    assert_eq!(refused.status, 401, "scripts get an answer they can read");
    assert!(refused.header("content-type").starts_with("application/problem+json"));
    let redirect = browser.visit(DEEP).await;
    assert_eq!(redirect.status, 303);
    assert_eq!(redirect.header("cache-control"), "no-store");

    let page = browser.open(DEEP).await;
    assert!(page.place().starts_with("/.sekisho/sign-in"), "{}", page.url);
    assert_eq!((page.status, page.language().as_str()), (200, words.tag));
    assert_eq!(page.header("cache-control"), "no-store");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");

    // The other language and back, without losing where to go.
    let other = if words.tag == "ja" { "en" } else { "ja" };
    for tag in [other, words.tag] {
        let form = browser_form(&page);
        let switched = browser.submit(&page, &form, &[("language", tag)]).await;
        assert_eq!((switched.status, switched.language().as_str()), (200, tag), "{}", switched.text());
    }
    let page = browser.open(DEEP).await;
    let form = page.form_with("password");
    let page = browser.submit(&page, &form, &[("user_name", "hana"), ("password", "not the password")]).await;
    assert!(page.text().contains(words.wrong_password), "{}", page.text());
    assert!(gateway.upstream.seen().is_empty(), "nothing reached the console so far");
    page
}

fn browser_form(page: &Page) -> crate::support::html::Form {
    page.form_with("language")
}

async fn enrol(gateway: &Gateway, browser: &Browser, page: Page, words: &Words) -> (Page, String) {
    let page = steps::password(browser, &page, "hana").await;
    let form = page.form_to("/.sekisho/enrolment/begin");
    let page = browser.submit(&page, &form, &[]).await;

    // A landline cannot get text messages.
    let form = page.form_with("kind");
    assert_eq!(form.choices("kind"), ["app", "sms", "voice"]);
    let page = browser.submit(&page, &form, &[("kind", "sms"), ("phone", "03-1234-5678")]).await;
    assert!(page.text().contains(words.landline), "{}", page.text());

    let form = page.form_with("kind");
    let page = browser.submit(&page, &form, &[("kind", "app")]).await;
    let key = app_key(&page);
    let shown = authenticator::code(&key, gateway.clock.now());
    let page = steps::code(browser, &page, &wrong(&shown), false).await;
    assert!(page.text().contains(words.wrong_code), "{}", page.text());
    assert_eq!(app_key(&page), key, "the key stays while it is being proven");
    let page = steps::code(browser, &page, &shown, false).await;

    // Only the legal pairs can be chosen; the other one says why not.
    let form = page.form_with("kind");
    assert_eq!(form.choices("kind"), ["sms", "voice"]);
    assert!(page.text().contains(words.app_twice), "{}", page.text());
    let before = gateway.inbox.newest().await;
    let page = browser.submit(&page, &form, &[("kind", "voice"), ("phone", "03-1234-5678")]).await;
    let call = gateway.inbox.after(before, "voice").await;
    let page = steps::code(browser, &page, &call.code(), false).await;
    assert_eq!(page.status, 200);
    assert!(gateway.upstream.seen().is_empty(), "the console is not reached before the pair is complete");
    let onward = page.links().into_iter().find(|link| link.contains("/orders/1238"));
    let onward = onward.unwrap_or_else(|| panic!("the success page leads on: {:?}\n{}", page.links(), page.text()));
    (browser.open(&onward).await, key)
}

async fn sign_in_with_the_backup(gateway: &Gateway, browser: &Browser, words: &Words, key: &str) -> Page {
    let page = browser.open("/payments").await;
    let page = steps::password(browser, &page, "hana").await;
    let page = steps::code(browser, &page, &authenticator::code(key, gateway.clock.now()), false).await;
    assert!(page.text().contains(words.reused), "a code of the app counts once: {}", page.text());

    let help = page.links().into_iter().find(|link| link.starts_with("/.sekisho/code/help")).expect("a way out");
    let before = gateway.inbox.newest().await;
    let page = browser.open(&help).await;
    assert_eq!(gateway.inbox.newest().await, before, "looking at a page sends nothing");
    let form = page.form_with("way");
    let page = browser.submit(&page, &form, &[("way", "backup")]).await;
    let call = gateway.inbox.after(before, "voice").await;
    assert_eq!(call.to, "+81312345678");
    assert!(page.text().contains("78") && !page.text().contains("5678"), "two digits of a number: {}", page.text());
    steps::code(browser, &page, &call.code(), true).await
}

async fn another_browser_is_asked(gateway: &Gateway, speaks: Speaks, words: &Words, key: &str) {
    let other = gateway.browser(speaks, words.accepts);
    let page = other.open("/").await;
    let page = steps::password(&other, &page, "hana").await;
    assert!(page.forms().iter().any(|form| form.has("code")), "{}", page.text());
    gateway.clock.advance(Duration::from_mins(1));
    let page = steps::code(&other, &page, &authenticator::code(key, gateway.clock.now()), false).await;
    assert_eq!((page.place(), page.status), ("/", 200), "{}", page.text());

    // Whatever a client says about itself under our names, in any spelling, is not what the console reads.
    let mut headers = HeaderMap::new();
    for name in ["x-sekisho-user", "X-Sekisho-User", "x_sekisho_user", "x-sekisho-session-level"] {
        headers.append(name, HeaderValue::from_static("admin"));
    }
    let page = other.send(Method::GET, "/spoof", headers, None).await;
    if page.status == 200 {
        let request = gateway.upstream.last();
        identity(&request, "/spoof", "2");
        assert!(!request.contains("admin"), "{request:?}");
    } else {
        assert_eq!(page.status, 400, "refused or cleaned, nothing else");
        assert!(gateway.upstream.seen().iter().all(|request| !request.contains("admin")));
    }
    assert_eq!(other.open("/set-cookie").await.status, 200);
    assert!(other.cookie("JSESSIONID").is_some(), "the console keeps its own cookies");
    assert!(other.cookie("__Host-sekisho").is_some_and(|c| c.value != "stolen"), "and cannot set ours");
    nothing_of_ours_reached_the_console(gateway, &other);
}

async fn the_trust_ends(gateway: &Gateway, browser: &Browser, words: &Words) {
    gateway.clock.advance(Duration::from_mins(61));
    let page = browser.open("/inventory").await;
    assert!(page.text().contains(words.expired_session), "{}", page.text());
    gateway.clock.advance(Duration::from_hours(24 * 30));
    let page = browser.open("/inventory").await;
    let page = steps::password(browser, &page, "hana").await;
    assert!(page.forms().iter().any(|form| form.has("code")), "thirty days are over: {}", page.text());
}

/// The request is this one, and says who is there.
fn identity(request: &Recorded, place: &str, level: &str) {
    assert_eq!(request.line, format!("GET {place} HTTP/1.1"));
    assert_eq!(request.one("x-sekisho-user"), "hana");
    assert_eq!(request.one("x-sekisho-email"), "hana@example.jp");
    assert_eq!(request.one("x-sekisho-groups"), "payments,sellers");
    assert_eq!(request.one("x-sekisho-session-level"), level);
}

fn nothing_of_ours_reached_the_console(gateway: &Gateway, browser: &Browser) {
    let seen = gateway.upstream.seen();
    assert!(!seen.is_empty());
    for request in seen {
        assert!(!request.contains("__Host-sekisho"), "{}: a cookie of ours", request.line);
        // The language is a word of two letters; the others are long and random.
        let secret = |cookie: &&Cookie| cookie.name.starts_with("__Host-") && cookie.value.len() > 8;
        for cookie in browser.cookies().iter().filter(secret) {
            assert!(!request.contains(&cookie.value), "{}: the value of {}", request.line, cookie.name);
        }
    }
}
