//! What scripts add, and that nothing is missing without them: by keyboard alone, with scripts and without.

use sekisho::clock::{Clock as _, SystemClock};
use serde_json::json;

use crate::{
    EN, JA, NEXT, Scene,
    chromium::Chromium,
    password,
    support::{authenticator, eventually, people::PASSWORD},
};

const TAB: &str = "\u{e004}";

/// Presses Tab until the focus is on what fits; wherever it stops on the way, it is seen.
pub(crate) async fn tab_to(browser: &Chromium, css: &str) {
    for _ in 0..60 {
        let there = browser.run("return document.activeElement.matches(arguments[0])", vec![json!(css)]).await;
        if there == json!(true) {
            return;
        }
        browser.press(TAB).await;
        let seen = "const outlined = (one) => {
                const style = getComputedStyle(one);
                return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
            };
            const one = document.activeElement;
            return one === document.body || outlined(one) || outlined(one.closest('.choice') || one) ? '' : one.outerHTML";
        assert_eq!(browser.run(seen, Vec::new()).await, json!(""), "the focus is not seen");
    }
    panic!("the keyboard does not reach {css}:\n{}", browser.text().await);
}

/// Name and password, typed where the focus is.
async fn type_password(browser: &Chromium) {
    type_password_of(browser, "taro").await;
}

pub(crate) async fn type_password_of(browser: &Chromium, user: &str) {
    tab_to(browser, "[name=user_name]").await;
    browser.press(user).await;
    tab_to(browser, "[name=password]").await;
    browser.press(PASSWORD).await;
    browser.enter().await;
}

pub(crate) async fn type_code(browser: &Chromium, code: &str) {
    tab_to(browser, "[name=code]").await;
    browser.press(code).await;
    browser.enter().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_keyboard_alone_and_without_scripts() {
    let scene = Scene::set(&JA).await;
    let browser = Chromium::start("ja").await;
    browser.scripts(false).await;
    let deep = scene.url("/orders/1238");
    browser.open(&deep).await;
    type_password(&browser).await;
    let hidden = browser.attributes("[data-copy]:not([hidden])", "class").await;
    assert!(hidden.is_empty(), "nothing that only a script could do: {hidden:?}");

    // The app is out of reach: the way out, the backup, its code.
    tab_to(&browser, "p.links a").await;
    browser.enter().await;
    let before = scene.inbox.newest().await;
    tab_to(&browser, "button[name=way][value=backup]").await;
    browser.enter().await;
    let code = scene.message(before, "sms").await;
    tab_to(&browser, "[name=trust]").await;
    browser.press(" ").await;
    browser.run("document.querySelector('[name=code]').focus()", Vec::new()).await;
    type_code(&browser, &code).await;
    assert_eq!(browser.url().await, deep, "{}", browser.text().await);

    browser.open(&scene.url("/.sekisho/sign-out")).await;
    tab_to(&browser, NEXT).await;
    browser.enter().await;
    browser.open(&deep).await;
    type_password(&browser).await;
    assert_eq!(browser.url().await, deep, "the box was ticked by keyboard: {}", browser.text().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_tabs_go_on_and_the_page_part_of_an_address_stays() {
    let scene = Scene::set(&EN).await;
    let browser = Chromium::start("en").await;
    let (deep, other) = (scene.url("/orders/1238#items"), scene.url("/payments#latest"));
    browser.open(&deep).await;
    assert!(browser.url().await.ends_with("#items"), "{}", browser.url().await);
    let first = browser.current_tab().await;
    let second = browser.tab().await;
    browser.switch_to(&second).await;
    browser.open(&other).await;
    assert!(browser.url().await.contains("/.sekisho/sign-in"), "{}", browser.url().await);

    browser.switch_to(&first).await;
    type_password(&browser).await;
    let shown = authenticator::code(&scene.taro, SystemClock.now());
    type_code(&browser, &shown).await;
    assert_eq!(browser.url().await, deep, "{}", browser.text().await);

    browser.switch_to(&second).await;
    eventually("the other tab at its own page", async || (browser.url().await == other).then_some(())).await;
    let broken: Vec<String> =
        browser.complaints().await.into_iter().filter(|line| line.contains("Content Security Policy")).collect();
    assert!(broken.is_empty(), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_followed_and_a_key_is_copied() {
    let scene = Scene::set(&EN).await;
    let browser = Chromium::start("en").await;
    browser.open(&scene.url("/orders/1238")).await;
    type_password(&browser).await;
    browser.click("p.links a").await;
    let before = scene.inbox.newest().await;
    // Pressed twice at once: one message.
    let twice = "window.leaving = true;
        const button = document.querySelector('button[name=way][value=backup]');
        button.form.requestSubmit(button);
        button.form.requestSubmit(button);";
    browser.run(twice, Vec::new()).await;
    browser.arrived().await;
    scene.message(before, "sms").await;
    eventually("the page to say that it was sent", async || {
        let now = browser.attributes("#delivery", "data-now").await;
        (now == ["sent"]).then_some(())
    })
    .await;
    assert!(browser.text().await.contains("Status: sent."), "{}", browser.text().await);
    assert_eq!(scene.inbox.newest().await, before + 1, "one message");

    // A call that rings for nobody: the line and what can be done change by themselves.
    let caller = Chromium::start("en").await;
    caller.open(&scene.url("/orders/1238")).await;
    type_password_of(&caller, "kenji").await;
    caller.click("p.links a").await;
    let before = scene.inbox.newest().await;
    caller.click("button[name=way][value=backup]").await;
    let call = scene.inbox.code_after(before, "voice").await;
    caller.run("window.stayed = true", Vec::new()).await;
    eventually("the page to say that it called", async || {
        (caller.attributes("#delivery", "data-now").await == ["sent"]).then_some(())
    })
    .await;
    assert!(caller.text().await.contains("We're calling the number ending 56."), "{}", caller.text().await);
    assert!(!caller.text().await.contains("Call me again"), "{}", caller.text().await);
    let phones = Chromium::start("en").await;
    phones.open(scene.inbox.origin()).await;
    phones.click("li.voice button").await;
    assert!(phones.text().await.contains("Not answered"), "{}", phones.text().await);
    assert!(phones.url().await.ends_with(&format!("#message-{}", call.id)), "{}", phones.url().await);
    let rang = eventually("the page to say that nobody answered", async || {
        let says = "Nobody answered. Have us call again, or choose another way.";
        let text = caller.text().await;
        (text.contains(says) && text.contains("Get a code another way")).then_some(text)
    })
    .await;
    assert!(rang.contains("We can call again from"), "{rang}");
    assert!(
        !rang.contains("Call me again") && !rang.contains("The code works until"),
        "not before it is possible: {rang}"
    );
    eventually("the page to offer another call", async || {
        let text = caller.text().await;
        (text.contains("Call me again") && !text.contains("We can call again from")).then_some(())
    })
    .await;
    assert!(!caller.text().await.contains("We're calling"), "{}", caller.text().await);
    assert_eq!(caller.run("return window.stayed", Vec::new()).await, json!(true), "without loading it again");
    caller.click("button[name=way][value=again]").await;
    scene.inbox.code_after(call.id, "voice").await;
    let broken = caller.complaints().await;
    assert!(!broken.iter().any(|line| line.contains("Content Security Policy")), "{broken:?}");

    let newcomer = Chromium::start("en").await;
    newcomer.open(&scene.url("/")).await;
    password(&newcomer).await;
    newcomer.click(NEXT).await;
    newcomer.click(NEXT).await;
    newcomer.allow_clipboard().await;
    newcomer.tick("[data-copy=key] button").await;
    eventually("the key to be copied", async || newcomer.text().await.contains("Copied.").then_some(())).await;
    let copied = newcomer.run("return await navigator.clipboard.readText()", Vec::new()).await;
    let key = newcomer.run("return document.getElementById('key').innerText.replace(/\\s+/g, '')", Vec::new()).await;
    assert_eq!(copied, key, "as an app takes it: without spaces");
}

/// Browsers keep pages for "Back" that they were told not to store.
async fn coming_back_shows_no_secret(scripts: bool) {
    let scene = Scene::set(&EN).await;
    let browser = Chromium::start("en").await;
    browser.scripts(scripts).await;
    let count =
        async |css: &str| browser.run("return document.querySelectorAll(arguments[0]).length", vec![json!(css)]).await;
    browser.open(&scene.url("/")).await;
    password(&browser).await;
    browser.click(NEXT).await;
    browser.click(NEXT).await;
    assert_eq!(count("svg.qr, .key, [name=code]").await, json!(3));
    let key: String = browser.find(".key").await.text().await.unwrap().split_whitespace().collect();
    let shown = authenticator::code(&key, SystemClock.now());
    browser.type_into("[name=code]", &shown).await;
    browser.click(NEXT).await;
    assert!(browser.text().await.contains("Choose a backup"), "{}", browser.text().await);
    browser.back().await;
    assert_eq!(count("svg.qr, .key, [name=code]").await, json!(0), "{}", browser.text().await);

    browser.open(&scene.url("/.sekisho/enrolment")).await;
    browser.tick("label[for=kind-voice]").await;
    browser.type_into("[name=phone]", "03-1234-5678").await;
    let before = scene.inbox.newest().await;
    browser.click(NEXT).await;
    browser.type_into("[name=code]", &scene.message(before, "voice").await).await;
    browser.click(NEXT).await;
    browser.click("main form.aside button.primary").await;
    assert_eq!(count(".recovery-codes code").await, json!(10), "{}", browser.text().await);
    browser.click("main button.primary").await;
    browser.back().await;
    assert_eq!(count(".recovery-codes code").await, json!(0), "{}", browser.text().await);
    assert!(browser.text().await.contains(EN.shown_once), "{}", browser.text().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coming_back_shows_nothing_that_was_shown_once() {
    coming_back_shows_no_secret(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coming_back_shows_nothing_that_was_shown_once_without_scripts() {
    coming_back_shows_no_secret(false).await;
}
