//! Tours beside the main story, in both languages, each page photographed: the owner's users, "later" in a rollout, a new
//! password by mail, recovery by code and by request, "this wasn't me".

use sekisho::clock::{Clock as _, SystemClock};
use serde_json::json;

use crate::{
    EN, JA, NEXT, Scene, Words,
    chromium::Chromium,
    code, not, sign_in_as,
    support::{authenticator, eventually, inbox::Message, settings::MAIL},
};

const MAILED: &str = "[mail]\nprovider = \"inbox\"\n[users]\ngrantable_groups = [\"orders\", \"payments\"]\n";
const NEW: &str = "eleven tame herons";

/// Waits for the newest mail after that message to this address; its link.
async fn mailed(scene: &Scene, after: u64, to: &str) -> String {
    let mail: Message = eventually(&format!("a mail to {to} with a link"), async || {
        let messages = scene.inbox.messages().await;
        messages.into_iter().find(|m| m.id > after && m.to == to && m.text.contains("/.sekisho/link/"))
    })
    .await;
    let word = mail.text.split_whitespace().find(|word| word.contains("/.sekisho/link/")).expect("a link");
    scene.url(&word[word.find("/.sekisho/").expect("our own page")..])
}

/// Signs in with the app.
async fn by_app(scene: &Scene, browser: &Chromium, user: &str, key: &str) {
    browser.open(&scene.url("/payments")).await;
    sign_in_as(browser, user).await;
    code(browser, &authenticator::code(key, SystemClock.now())).await;
    assert_eq!(browser.url().await, scene.url("/payments"), "{}", browser.text().await);
}

/// No page may complain, and the gateway may not have fallen over.
async fn well_behaved(scene: &Scene, browsers: &[&Chromium]) {
    for browser in browsers {
        let broken: Vec<String> =
            browser.complaints().await.into_iter().filter(|line| line.contains("Content Security Policy")).collect();
        assert!(broken.is_empty(), "{broken:?}");
    }
    assert!(!scene.process.said().contains("panicked"), "{}", scene.process.said());
}

/// An owner invites somebody, who makes a sign-in, and whose first enrolment the mailed link opens; permissions; removal.
async fn users(words: &'static Words) {
    let scene = Scene::set_with(words, MAILED).await;
    let owner = Chromium::start(words.tag).await;
    by_app(&scene, &owner, "sakura", &scene.sakura).await;
    owner.open(&scene.url("/.sekisho/users")).await;
    scene.photograph(&owner, "users").await;
    let before = scene.inbox.newest().await;
    owner.type_into("[name=email]", "jiro@example.jp").await;
    owner.type_into("[name=display_name]", "佐藤 次郎").await;
    owner.tick("label[for=group-0]").await;
    owner.click("form[action='/.sekisho/users/invite'] button.primary").await;
    scene.photograph(&owner, "users-invited").await;

    let guest = Chromium::start(words.tag).await;
    guest.open(&mailed(&scene, before, "jiro@example.jp").await).await;
    assert!(guest.url().await.ends_with("/.sekisho/invitation"), "no token stays: {}", guest.url().await);
    scene.photograph(&guest, "invited").await;
    guest.type_into("[name=user_name]", "jiro").await;
    guest.type_into("[name=password]", "password1").await;
    guest.click(NEXT).await;
    scene.photograph(&guest, "invited-weak").await;
    guest.type_into("[name=password]", NEW).await;
    guest.click(NEXT).await;
    scene.photograph(&guest, "invited-made").await;
    well_behaved(&scene, &[&guest]).await;
    drop(guest);

    // The browser that accepted needs no second mail; another one, with the password alone, does.
    let guest = Chromium::start(words.tag).await;
    guest.open(&scene.url("/payments")).await;
    let before = scene.inbox.newest().await;
    guest.type_into("[name=user_name]", "jiro").await;
    guest.type_into("[name=password]", NEW).await;
    guest.click(NEXT).await;
    scene.photograph(&guest, "enrol-link").await;
    guest.open(&mailed(&scene, before, "jiro@example.jp").await).await;
    assert!(guest.url().await.ends_with("/.sekisho/link"), "no token stays: {}", guest.url().await);
    scene.photograph(&guest, "link-enrolment").await;
    guest.click(NEXT).await;
    assert!(guest.url().await.contains("/.sekisho/enrolment"), "{}", guest.text().await);

    owner.open(&scene.url("/.sekisho/users")).await;
    owner.click("a[href^='/.sekisho/users/edit']").await;
    scene.photograph(&owner, "users-edit").await;
    owner.tick("label[for=group-1]").await;
    owner.click("form[action='/.sekisho/users/groups'] button.primary").await;
    scene.photograph(&owner, "users-changed").await;
    owner.click("a[href^='/.sekisho/users/edit']").await;
    owner.click("a[href^='/.sekisho/users/remove']").await;
    scene.photograph(&owner, "users-remove").await;
    owner.click("form[action='/.sekisho/users/remove'] button.primary").await;
    scene.photograph(&owner, "users-removed").await;
    guest.open(&scene.url("/.sekisho/enrolment")).await;
    assert!(guest.url().await.contains("/.sekisho/sign-in"), "out at once: {}", guest.text().await);
    well_behaved(&scene, &[&owner, &guest]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_users_are_invited_and_removed_in_japanese() {
    users(&JA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_users_are_invited_and_removed_in_english() {
    users(&EN).await;
}

/// "Later", and then enabling it out of the settings.
async fn later(words: &'static Words) {
    let cohort = "[[rollout.cohort]]\nfrom = \"2020-01-01\"\ndeadline = \"14d\"\n";
    let scene = Scene::set_with(words, cohort).await;
    let browser = Chromium::start(words.tag).await;
    browser.open(&scene.url("/payments")).await;
    sign_in_as(&browser, "hana").await;
    scene.photograph(&browser, "enrol-later").await;
    browser.click("form[action='/.sekisho/later'] button").await;
    assert_eq!(browser.url().await, scene.url("/payments"), "{}", browser.text().await);
    browser.open(&scene.url("/.sekisho/settings")).await;
    scene.photograph(&browser, "settings-without").await;
    browser.click("a.primary[href^='/.sekisho/enable']").await;
    scene.photograph(&browser, "enable").await;
    browser.type_into("[name=password]", crate::support::people::PASSWORD).await;
    browser.click(NEXT).await;
    assert!(browser.url().await.contains("/.sekisho/enrolment"), "{}", browser.text().await);
    well_behaved(&scene, &[&browser]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_later_and_then_enabled_in_japanese() {
    later(&JA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_later_and_then_enabled_in_english() {
    later(&EN).await;
}

/// Ten new codes in a session that has just given a code: from the settings where they are offered there.
async fn recovery_codes(scene: &Scene, browser: &Chromium) -> Vec<String> {
    browser.open(&scene.url("/.sekisho/settings")).await;
    let press = "window.leaving = true;
        const form = document.querySelector(\"form[action='/.sekisho/recovery-code/renew']\")
            || document.querySelector(\"form[action='/.sekisho/settings/language']\");
        form.action = '/.sekisho/recovery-code/renew';
        form.submit();";
    browser.run(press, Vec::new()).await;
    browser.arrived().await;
    let text = "return [...document.querySelectorAll('.recovery-codes code')].map(code => code.innerText)";
    let codes = browser.run(text, Vec::new()).await;
    let codes: Vec<String> =
        codes.as_array().expect("a list").iter().filter_map(|c| c.as_str().map(str::to_owned)).collect();
    assert_eq!(codes.len(), 10, "{}", browser.text().await);
    codes
}

/// A recovery code, the request and its cancellation, then a new password by mail, and "this wasn't me".
async fn recovery(words: &'static Words) {
    let scene = Scene::set_with(words, MAIL).await;
    let owner = Chromium::start(words.tag).await;
    let before = scene.inbox.newest().await;
    by_app(&scene, &owner, "taro", &scene.taro).await;
    let not_me = mailed(&scene, before, "taro@example.jp").await;
    let codes = recovery_codes(&scene, &owner).await;
    printed(&scene, &owner).await;
    owner.click("main button.primary").await;

    // With one of them.
    let browser = Chromium::start(words.tag).await;
    browser.open(&scene.url("/payments")).await;
    sign_in_as(&browser, "taro").await;
    browser.click("p.links a").await;
    browser.click("a.way[href^='/.sekisho/recovery-code']").await;
    scene.photograph(&browser, "recovery-code").await;
    code(&browser, "AAAA-BBBB-CCCC-DDDD").await;
    scene.photograph(&browser, "recovery-code-wrong").await;
    code(&browser, &codes[0].to_lowercase()).await;
    assert!(browser.url().await.contains("/.sekisho/enrolment"), "{}", browser.text().await);
    browser.open(&scene.url("/payments")).await;
    assert!(browser.url().await.contains("/.sekisho/"), "the set-up, not the console: {}", browser.url().await);

    // Without any: the request, and its cancellation by mail.
    let asking = Chromium::start(words.tag).await;
    asking.open(&scene.url("/payments")).await;
    sign_in_as(&asking, "taro").await;
    asking.click("p.links a").await;
    asking.click("a.way[href^='/.sekisho/recovery']:not([href*='recovery-code'])").await;
    scene.photograph(&asking, "recovery-request").await;
    let before = scene.inbox.newest().await;
    asking.click(NEXT).await;
    assert_eq!(asking.attributes("dd.receipt", "class").await, ["receipt"]);
    scene.photograph(&asking, "recovery-receipt").await;
    owner.open(&mailed(&scene, before, "taro@example.jp").await).await;
    scene.photograph(&owner, "link-cancel").await;
    owner.click(NEXT).await;
    scene.photograph(&owner, "link-cancelled").await;
    asking.open(&scene.url("/.sekisho/recovery")).await;
    scene.photograph(&asking, "recovery-cancelled").await;

    // A new password.
    asking.open(&scene.url("/.sekisho/sign-in")).await;
    asking.type_into("[name=user_name]", "yuki").await;
    asking.click("button[formaction^='/.sekisho/password-reset']").await;
    assert_eq!(asking.attributes("[name=user_name]", "value").await, ["yuki"]);
    scene.photograph(&asking, "password-reset").await;
    let before = scene.inbox.newest().await;
    asking.click(NEXT).await;
    scene.photograph(&asking, "password-reset-sent").await;
    asking.open(&mailed(&scene, before, "yuki@example.jp").await).await;
    scene.photograph(&asking, "link-password").await;
    asking.type_into("[name=password]", "password1").await;
    asking.click(NEXT).await;
    scene.photograph(&asking, "link-password-weak").await;
    asking.type_into("[name=password]", NEW).await;
    asking.tick("label[for=reveal]").await;
    assert_eq!(asking.attributes("[name=password]", "type").await, ["text"], "it can be looked at");
    scene.photograph(&asking, "link-password-shown").await;
    asking.click(NEXT).await;
    scene.photograph(&asking, "password-reset-done").await;
    asking.type_into("[name=user_name]", "yuki").await;
    asking.type_into("[name=password]", NEW).await;
    asking.click(NEXT).await;
    assert_eq!(asking.attributes("[name=code]", "inputmode").await, ["numeric"], "{}", asking.text().await);

    // "This wasn't me".
    owner.open(&not_me).await;
    scene.photograph(&owner, "link-not-me").await;
    owner.click(NEXT).await;
    scene.photograph(&owner, "link-frozen").await;
    owner.open(&not_me).await;
    scene.photograph(&owner, "link-over").await;
    owner.open(&scene.url("/payments")).await;
    assert!(owner.url().await.contains("/.sekisho/sign-in"), "{}", owner.text().await);
    well_behaved(&scene, &[&owner, &browser, &asking]).await;
}

/// The codes on paper: all ten, whose they are, and nothing to press.
async fn printed(scene: &Scene, browser: &Chromium) {
    browser.print_as(&scene.album.join(format!("recovery-codes-{}.pdf", scene.words.tag))).await;
    browser.media("print").await;
    let seen = "const shown = (element) => element.getClientRects().length > 0;
        return [[...document.querySelectorAll('.recovery-codes code')].filter(shown).length,
                [...document.querySelectorAll('button, .unprinted, nav, a')].filter(shown)
                    .filter((element) => !element.closest('footer')).length,
                shown(document.querySelector('header.brand span')) ? 1 : 0,
                getComputedStyle(document.body).color === 'rgb(0, 0, 0)' ? 1 : 0]";
    assert_eq!(browser.run(seen, Vec::new()).await, json!([10, 0, 1, 1]), "{}", browser.text().await);
    browser.snap(&scene.album.join(format!("recovery-codes-print-{}.png", scene.words.tag)), 794).await;
    browser.media("").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_recovery_in_japanese() {
    recovery(&JA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_recovery_in_english() {
    recovery(&EN).await;
}

/// What Chromium on a phone would offer, without the phone: a message that the test delivers.
const WEB_OTP: &str = "window.OTPCredential = class {};
    Object.defineProperty(navigator, 'credentials', { configurable: true, value: { get(options) {
        window.asked = { otp: options.otp, signal: options.signal };
        return new Promise((resolve) => { window.deliver = (code) => resolve(code ? { code } : null); });
    } } });";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_from_a_text_message_goes_into_its_field_and_no_further() {
    let scene = Scene::set(&EN).await;
    let browser = Chromium::start("en").await;
    browser.before_each_page(WEB_OTP).await;
    browser.open(&scene.url("/payments")).await;
    sign_in_as(&browser, "yuki").await;
    let asked = "return window.asked === undefined ? null : window.asked.otp";
    assert_eq!(browser.run(asked, Vec::new()).await, json!(null), "an app sends no message");
    browser.click("p.links a").await;
    let before = scene.inbox.newest().await;
    browser.click("button[name=way][value=backup]").await;
    let message = scene.message(before, "sms").await;
    assert_eq!(browser.run(asked, Vec::new()).await, json!({ "transport": ["sms"] }));
    let page = browser.url().await;
    let filled = "return document.querySelector('[name=code]').value";
    browser.run("window.deliver(arguments[0])", vec![json!(message)]).await;
    eventually("the code in its field", async || {
        (browser.run(filled, Vec::new()).await == json!(message)).then_some(())
    })
    .await;
    assert_eq!(browser.url().await, page, "the person presses the button");

    // What was typed is not replaced, and a message that never comes breaks nothing.
    browser.open(&page).await;
    browser.type_into("[name=code]", "9").await;
    browser.run("window.deliver('000000')", Vec::new()).await;
    assert_eq!(browser.run(filled, Vec::new()).await, json!("9"));
    // Sending the form ends the waiting.
    let ended = "const form = document.querySelector('form#main');
        form.addEventListener('submit', (event) => event.preventDefault());
        form.requestSubmit();
        return window.asked.signal.aborted";
    assert_eq!(browser.run(ended, Vec::new()).await, json!(true));
    browser.open(&page).await;
    browser.run("window.deliver(null)", Vec::new()).await;
    code(&browser, &not(&message)).await;
    code(&browser, &message).await;
    assert_eq!(browser.url().await, scene.url("/payments"), "{}", browser.text().await);
    well_behaved(&scene, &[&browser]).await;
}

/// The session ends while a form is filled in: what was typed is kept, and shipped once when its person says so.
async fn interrupted(words: &'static Words) {
    let rule = "[[rule]]\npath = \"/orders\"\naccess = \"signed-in\"\nhold = true\n";
    let scene = Scene::set_with(words, rule).await;
    let browser = Chromium::start(words.tag).await;
    by_app(&scene, &browser, "taro", &scene.taro).await;
    let order = scene.url("/orders/1238");
    browser.open(&order).await;
    browser.type_into("[name=tracking]", "1234-5678").await;
    let file = scene.settings.directory.join("sekisho.toml");
    let ended = std::process::Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(["session", "end", "--account", "taro", "--all", "--config", file.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    browser.click("form[action='/orders/1238/ship'] [type=submit]").await;
    let (kept, asks, sent) = match words.tag {
        "ja" => (
            "までお預かりしています。ログインすると、送信できます。",
            "入力した内容を送信しますか？",
            "すでに送信しました",
        ),
        _ => ("after signing in you can send it.", "Send what you entered?", "It has been sent already"),
    };
    assert!(browser.text().await.contains(kept), "{}", browser.text().await);
    scene.photograph(&browser, "sign-in-kept").await;
    sign_in_as(&browser, "taro").await;
    // The app's code of this step is spent; the next one's is good already.
    let ahead = SystemClock.now() + std::time::Duration::from_secs(30);
    code(&browser, &authenticator::code(&scene.taro, ahead)).await;
    assert!(browser.text().await.contains(asks), "{}", browser.text().await);
    let page = browser.url().await;
    assert!(browser.text().await.contains("1234-5678"), "what will be sent: {}", browser.text().await);
    scene.photograph(&browser, "held").await;
    browser.open(&scene.url("/.sekisho/settings")).await;
    scene.photograph(&browser, "settings-kept").await;
    browser.click("main a.way[href^='/.sekisho/held']").await;
    browser.click("main a[href^='/.sekisho/held/discard']").await;
    scene.photograph(&browser, "held-discard").await;
    browser.click("main p.links a").await;
    assert_eq!(browser.url().await, page);
    browser.click(NEXT).await;
    assert_eq!(browser.url().await, format!("{order}?result=shipped"), "{}", browser.text().await);
    assert!(browser.text().await.contains("1234-5678"), "{}", browser.text().await);
    // "Back" offers nothing that is over.
    browser.walk(true).await;
    assert_eq!(browser.url().await, page);
    eventually("the page to say that it was sent", async || {
        browser.attributes("[name=sekisho-held]", "name").await.is_empty().then_some(())
    })
    .await;
    assert!(browser.text().await.contains(sent), "{}", browser.text().await);
    browser.open(&page).await;
    scene.photograph(&browser, "held-sent").await;
    assert!(browser.attributes("[name=sekisho-held]", "name").await.is_empty(), "never twice");
    browser.click("main a.primary").await;
    well_behaved(&scene, &[&browser]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_was_interrupted_is_sent_in_japanese() {
    interrupted(&JA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_was_interrupted_is_sent_in_english() {
    interrupted(&EN).await;
}
