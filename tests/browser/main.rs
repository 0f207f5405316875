//! The whole story in real Chromium, in both languages, against the shipped binary as a process, with the example
//! console behind it. Every page and state it passes is photographed into `target/screenshots/`.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod chromium;
mod comfort;
mod consoles;
mod keyboard;
mod looks;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;
mod tours;

use std::{
    future::IntoFuture as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chromium::Chromium;
use sekisho::{
    clock::{Clock as _, SystemClock, Timestamp},
    entropy::SystemEntropy,
};
use support::{
    authenticator, certificate,
    clock::TestClock,
    inbox::Inbox,
    people::{self, PASSWORD},
    process::Process,
    settings::{QUICK_PASSWORDS, Settings},
};

const NEXT: &str = "form#main button.primary";

/// Sentences the story looks for, in one language.
struct Words {
    tag: &'static str,
    recommended: &'static str,
    app_twice: &'static str,
    landline: &'static str,
    app_wrong: &'static str,
    shown_once: &'static str,
    reused: &'static str,
    no_code_app: &'static str,
    trust: &'static str,
    same_number: &'static str,
    replaced: &'static str,
    swapped: &'static str,
}

const JA: Words = Words {
    tag: "ja",
    recommended: "おすすめ",
    app_twice: "第一手段が認証アプリのため、バックアップ手段には電話番号を登録してください。",
    landline: "固定電話ではSMSを受け取れません。音声通話を選ぶか、携帯電話の番号を入力してください。",
    app_wrong: "認証コードが違います。認証アプリに現在表示されているコードを入力してください。",
    shown_once: "回復コードが表示されるのは、発行した直後の1回だけです。",
    reused: "このコードは使用済みです。次のコードが表示されるまで、最大30秒お待ちください。",
    no_code_app: "認証アプリを使えない場合",
    trust: "今後この端末ではコードの入力を求めない（30日間）",
    same_number: "この番号はバックアップ手段として登録済みです。別の電話番号か認証アプリを登録してください。",
    replaced: "新しい方法に変更しました。",
    swapped: "第一手段とバックアップ手段を入れ替えました。",
};

const EN: Words = Words {
    tag: "en",
    recommended: "Recommended",
    app_twice: "Your primary is an authenticator app, so your backup must be a phone.",
    landline: "This is a landline, so it can't get text messages. Choose a voice call or enter a mobile number.",
    app_wrong: "That code isn't right. Enter the code your app shows now.",
    shown_once: "Recovery codes are shown only once, right after they are made.",
    reused: "You've used that code already. Wait for the next one (up to 30 seconds).",
    no_code_app: "Can't use your authenticator app?",
    trust: "Don't require a code on this device again (30 days)",
    same_number: "That's already your backup number. Use a different number or an authenticator app.",
    replaced: "The new method is in place.",
    swapped: "Primary and backup are swapped.",
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_in_japanese() {
    tell(&JA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_in_english() {
    tell(&EN).await;
}

/// A gateway with its console, and the album the photographs go to.
struct Scene {
    settings: Settings,
    inbox: Inbox,
    album: PathBuf,
    words: &'static Words,
    process: Process,
    /// The key of the app of somebody who has set up both methods.
    taro: String,
    /// The key of the app of the owner of a seller account.
    sakura: String,
    _directory: tempfile::TempDir,
}

impl Scene {
    async fn set(words: &'static Words) -> Self {
        Self::set_with(words, "").await
    }

    /// The same with these tables in the configuration.
    async fn set_with(words: &'static Words, tables: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        certificate::issue(directory.path());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings::new(directory.path(), listener.local_addr().unwrap());
        let console = axum::serve(listener, sekisho::cli::demo::console::router()).into_future();
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(console);
        let denied = "[[rule]]\npath = \"/internal\"\naccess = \"deny\"\n";
        let file = settings.write(&format!("{QUICK_PASSWORDS}{tables}{denied}"));
        let config = sekisho::config::load(&file).unwrap_or_else(|e| panic!("{e}"));
        let clock = Arc::new(TestClock::at(SystemClock.now()));
        let app = people::application(&config, clock, Arc::new(SystemEntropy::new())).await;
        people::add(&app, "hana").await;
        let taro = people::add_enrolled(&app, "taro", "080-8765-4321").await;
        people::add_enrolled(&app, "yuki", "090-1234-5678").await;
        people::add_with_landline(&app, "kenji", "03-1234-5656").await;
        let sakura = people::add_member(&app, "sakura", "山田商店", true).await;
        drop(app);
        let process = Process::start(directory.path(), &["serve", "--config", file.to_str().unwrap()], settings.https);
        let inbox = Inbox::at(settings.inbox);
        let album = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        Self { settings, inbox, album, words, process, taro, sakura, _directory: directory }
    }

    fn url(&self, place: &str) -> String {
        format!("{}{place}", self.settings.url())
    }

    async fn photograph(&self, browser: &Chromium, name: &str) {
        let language = browser.run("return document.documentElement.lang", Vec::new()).await;
        assert_eq!(language.as_str(), Some(self.words.tag), "{name} is in another language: {}", browser.url().await);
        browser.find("header.brand").await;
        browser.photograph(&self.album, name, self.words.tag).await;
    }

    async fn message(&self, after: u64, channel: &str) -> String {
        self.inbox.code_after(after, channel).await.code()
    }
}

async fn tell(words: &'static Words) {
    let scene = Scene::set(words).await;
    let browser = Chromium::start(words.tag).await;
    let deep = scene.url("/orders/1238");

    let key = enrol(&scene, &browser, &deep).await;
    let trusted_at = sign_in_again(&scene, &browser, &key).await;

    // The second visit: the password alone.
    sign_out(&scene, &browser).await;
    browser.open(&deep).await;
    password(&browser).await;
    assert_eq!(browser.url().await, deep, "{}", browser.text().await);

    // Another profile has no trust.
    let other = Chromium::start(words.tag).await;
    other.open(&deep).await;
    password(&other).await;
    assert!(other.text().await.contains(words.trust), "{}", other.text().await);
    let mut tries = 0;
    while other.attributes("[name=code]", "id").await.len() == 1 {
        tries += 1;
        assert!(tries <= 5, "wrong codes without end:\n{}", other.text().await);
        code(&other, &not(&authenticator::code(&key, trusted_at))).await;
    }
    scene.photograph(&other, "code-paused").await;
    other.open(&scene.url("/.sekisho/code/help")).await;
    scene.photograph(&other, "code-help-paused").await;

    errors(&scene, &browser).await;
    guides(&scene, &browser).await;
    for browser in [&browser, &other] {
        let broken: Vec<String> =
            browser.complaints().await.into_iter().filter(|line| line.contains("Content Security Policy")).collect();
        assert!(broken.is_empty(), "{broken:?}");
    }
    assert!(!scene.process.said().contains("panicked"), "{}", scene.process.said());
}

/// The phone with the app is lost: the backup gets the person in, and a new app takes the place of the old one.
async fn change_the_primary(words: &'static Words) {
    let scene = Scene::set(words).await;
    let browser = Chromium::start(words.tag).await;
    browser.open(&scene.url("/payments")).await;
    sign_in_as(&browser, "yuki").await;
    browser.click("p.links a").await;
    let before = scene.inbox.newest().await;
    browser.click("button[name=way][value=backup]").await;
    code(&browser, &scene.message(before, "sms").await).await;
    assert_eq!(browser.url().await, scene.url("/payments"), "{}", browser.text().await);

    browser.open(&scene.url("/.sekisho/settings")).await;
    scene.photograph(&browser, "settings").await;
    browser.click("a[href^='/.sekisho/settings/primary']").await;
    scene.photograph(&browser, "settings-primary").await;
    browser.click("form[action='/.sekisho/settings/replace/begin'] button").await;
    browser.tick("label[for=kind-voice]").await;
    browser.type_into("[name=phone]", "+81 90 1234 5678").await;
    browser.click(NEXT).await;
    assert!(browser.text().await.contains(words.same_number), "{}", browser.text().await);
    scene.photograph(&browser, "replace-same-number").await;
    browser.tick("label[for=kind-app]").await;
    browser.click(NEXT).await;
    let key: String = browser.find(".key").await.text().await.unwrap().split_whitespace().collect();
    scene.photograph(&browser, "replace-prove").await;
    code(&browser, &authenticator::code(&key, SystemClock.now())).await;
    assert!(browser.text().await.contains(words.replaced), "{}", browser.text().await);
    scene.photograph(&browser, "settings-replaced").await;
    browser.click("form[action='/.sekisho/settings/swap'] button").await;
    assert!(browser.text().await.contains(words.swapped), "{}", browser.text().await);
    browser.open(&scene.url("/.sekisho/settings/password")).await;
    scene.photograph(&browser, "settings-password").await;
    assert!(!scene.process.said().contains("panicked"), "{}", scene.process.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r7_the_primary_is_changed_in_japanese() {
    change_the_primary(&JA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r7_the_primary_is_changed_in_english() {
    change_the_primary(&EN).await;
}

async fn enrol(scene: &Scene, browser: &Chromium, deep: &str) -> String {
    let words = scene.words;
    browser.open(deep).await;
    assert!(browser.url().await.contains("/.sekisho/sign-in"), "{}", browser.url().await);
    scene.photograph(browser, "sign-in").await;
    let other = if words.tag == "ja" { "en" } else { "ja" };
    for tag in [other, words.tag] {
        browser.click(&format!("button[name=language][value={tag}]")).await;
        let language = browser.run("return document.documentElement.lang", Vec::new()).await;
        assert_eq!(language.as_str(), Some(tag));
    }
    browser.type_into("[name=user_name]", "hana").await;
    browser.type_into("[name=password]", "not the password").await;
    browser.click(NEXT).await;
    scene.photograph(browser, "sign-in-wrong").await;
    password(browser).await;
    scene.photograph(browser, "enrol").await;
    browser.click(NEXT).await;

    assert!(browser.text().await.contains(words.recommended), "{}", browser.text().await);
    scene.photograph(browser, "enrol-primary").await;
    browser.tick("label[for=kind-sms]").await;
    browser.type_into("[name=phone]", "03-1234-5678").await;
    browser.click(NEXT).await;
    assert!(browser.text().await.contains(words.landline), "{}", browser.text().await);
    scene.photograph(browser, "enrol-primary-landline").await;
    browser.tick("label[for=kind-app]").await;
    browser.click(NEXT).await;

    let key: String = browser.find(".key").await.text().await.unwrap().split_whitespace().collect();
    assert!(browser.attributes("svg.qr", "viewBox").await.len() == 1, "the QR code is there");
    scene.photograph(browser, "enrol-qr").await;
    let shown = authenticator::code(&key, SystemClock.now());
    code(browser, &not(&shown)).await;
    assert!(browser.text().await.contains(words.app_wrong), "{}", browser.text().await);
    scene.photograph(browser, "enrol-qr-wrong").await;
    code(browser, &authenticator::code(&key, SystemClock.now())).await;

    assert!(browser.text().await.contains(words.app_twice), "{}", browser.text().await);
    assert_eq!(browser.attributes("input[name=kind]:not([disabled])", "value").await, ["sms", "voice"]);
    scene.photograph(browser, "enrol-backup").await;
    let before = scene.inbox.newest().await;
    browser.tick("label[for=kind-sms]").await;
    browser.type_into("[name=phone]", "０９０－１２３４－５６７８").await;
    browser.click(NEXT).await;
    scene.photograph(browser, "enrol-sms").await;
    code(browser, &scene.message(before, "sms").await).await;
    scene.photograph(browser, "enrol-done").await;
    browser.click("main form.aside button.primary").await;
    assert_eq!(browser.attributes(".recovery-codes[translate]", "translate").await, ["no"]);
    scene.photograph(browser, "recovery-codes").await;
    assert_eq!(browser.attributes("[data-print]:not([hidden])", "type").await, ["button"], "scripts can print");
    let codes = "return [...document.querySelectorAll('.recovery-codes code')].map(code => code.innerText)";
    let shown = browser.run(codes, Vec::new()).await;
    assert_eq!(shown.as_array().map(Vec::len), Some(10));
    let other = if scene.words.tag == "ja" { "en" } else { "ja" };
    for tag in [other, scene.words.tag] {
        browser.click(&format!("button.tongue[value={tag}]")).await;
        assert_eq!(browser.run("return document.documentElement.lang", Vec::new()).await, tag);
        assert_eq!(browser.run(codes, Vec::new()).await, shown, "the same ten in the other language");
    }
    browser.click("main button.primary").await;
    assert_eq!(browser.url().await, deep);
    // "Back" shows no code and no error, but what to do.
    browser.walk(true).await;
    assert!(browser.text().await.contains(words.shown_once), "{}", browser.text().await);
    scene.photograph(browser, "recovery-codes-over").await;
    browser.walk(false).await;
    assert_eq!(browser.url().await, deep);
    assert!(browser.text().await.contains("hana"), "the console knows who is there:\n{}", browser.text().await);
    key
}

/// Password, a spent code, the backup, the trust box; when the box was ticked.
async fn sign_in_again(scene: &Scene, browser: &Chromium, key: &str) -> Timestamp {
    let words = scene.words;
    sign_out(scene, browser).await;
    browser.open(&scene.url("/payments")).await;
    password(browser).await;
    assert!(browser.text().await.contains(words.trust), "{}", browser.text().await);
    scene.photograph(browser, "code").await;

    // The next step's code is good already, and then spent.
    let now = SystemClock.now();
    let ahead = now + Duration::from_secs(30);
    let first = authenticator::code(key, ahead);
    code(browser, &first).await;
    assert_eq!(browser.url().await, scene.url("/payments"), "{}", browser.text().await);
    sign_out(scene, browser).await;
    browser.open(&scene.url("/payments")).await;
    password(browser).await;
    code(browser, &first).await;
    assert!(browser.text().await.contains(words.reused), "{}", browser.text().await);
    scene.photograph(browser, "code-reused").await;

    assert!(browser.text().await.contains(words.no_code_app), "{}", browser.text().await);
    browser.click("p.links a").await;
    scene.photograph(browser, "code-help").await;
    let before = scene.inbox.newest().await;
    browser.click("button[name=way][value=backup]").await;
    scene.photograph(browser, "code-sms").await;
    let message = scene.message(before, "sms").await;
    browser.click("p.links a").await;
    scene.photograph(browser, "code-help-sms").await;
    browser.click("p.links a").await;
    code(browser, &not(&message)).await;
    code(browser, &not(&message)).await;
    scene.photograph(browser, "code-sms-wrong").await;
    browser.tick("label[for=trust]").await;
    code(browser, &message).await;
    assert_eq!(browser.url().await, scene.url("/payments"), "{}", browser.text().await);
    ahead
}

async fn sign_out(scene: &Scene, browser: &Chromium) {
    browser.open(&scene.url("/.sekisho/sign-in")).await;
    scene.photograph(browser, "signed-in").await;
    browser.open(&scene.url("/.sekisho/sign-out")).await;
    scene.photograph(browser, "sign-out").await;
    browser.click(NEXT).await;
    scene.photograph(browser, "signed-out").await;
}

async fn errors(scene: &Scene, browser: &Chromium) {
    browser.open(&scene.url("/internal/anything")).await;
    scene.photograph(browser, "error-forbidden").await;
    browser.open(&scene.url("/.sekisho/nothing-here")).await;
    scene.photograph(browser, "error-not-found").await;
    browser.open(&format!("http://{}/", scene.settings.inbox)).await;
    browser.photograph(&scene.album, "inbox", scene.words.tag).await;
}

/// Each guide, its list of contents, and the links from one to the next.
async fn guides(scene: &Scene, browser: &Chromium) {
    browser.open(&scene.url("/.sekisho/guides")).await;
    scene.photograph(browser, "guides").await;
    let places = browser.attributes("ul.ways a", "href").await;
    assert_eq!(places.len(), 5, "{places:?}");
    for place in places {
        browser.open(&scene.url(&place)).await;
        scene.photograph(browser, &place.replace("/.sekisho/guides/", "guide-")).await;
        let parts = browser.attributes(".contents a", "href").await;
        for part in &parts {
            assert_eq!(browser.attributes(part, "id").await.len(), 1, "{place}: {part} is on the page");
        }
        browser.tick(&format!(".contents a[href='{}']", parts.last().unwrap())).await;
        let top = browser.run("return document.querySelector(location.hash).getBoundingClientRect().top", vec![]).await;
        assert!(top.as_f64().is_some_and(|top| top < 800.0), "{place}: its last part is in sight: {top}");
    }
}

async fn password(browser: &Chromium) {
    sign_in_as(browser, "hana").await;
}

async fn sign_in_as(browser: &Chromium, user: &str) {
    browser.type_into("[name=user_name]", user).await;
    browser.type_into("[name=password]", PASSWORD).await;
    browser.click(NEXT).await;
}

async fn code(browser: &Chromium, code: &str) {
    browser.type_into("[name=code]", code).await;
    browser.click(NEXT).await;
}

/// Another code of six digits.
fn not(code: &str) -> String {
    code.chars().map(|digit| if digit == '9' { '0' } else { char::from(digit as u8 + 1) }).collect()
}
