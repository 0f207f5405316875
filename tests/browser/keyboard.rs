//! The whole story without a mouse, with scripts and without; at 400 % zoom; and in forced colours.

use sekisho::clock::{Clock as _, SystemClock};
use serde_json::json;

use crate::{
    EN, JA, NEXT, Scene, Words,
    chromium::Chromium,
    comfort::{tab_to, type_code, type_password_of},
    sign_in_as,
    support::authenticator,
};

const SPACE: &str = " ";

/// Reaches the button and presses it.
async fn press(browser: &Chromium, css: &str) {
    tab_to(browser, css).await;
    browser.enter().await;
}

async fn type_into(browser: &Chromium, css: &str, text: &str) {
    tab_to(browser, css).await;
    browser.press(text).await;
}

/// Enrolment, settings, sign-out and the next sign-in.
async fn without_a_mouse(words: &'static Words, scripts: bool) {
    let scene = Scene::set(words).await;
    let browser = Chromium::start(words.tag).await;
    browser.scripts(scripts).await;
    let deep = scene.url("/orders/1238");
    browser.open(&deep).await;
    type_password_of(&browser, "hana").await;
    press(&browser, NEXT).await;

    // The first radio button is the app's; with a primary that is an app the first that can be chosen is the text's.
    tab_to(&browser, "[name=kind]").await;
    browser.press(SPACE).await;
    press(&browser, NEXT).await;
    let key: String = browser.find(".key").await.text().await.unwrap().split_whitespace().collect();
    type_code(&browser, &authenticator::code(&key, SystemClock.now())).await;
    assert!(browser.text().await.contains(words.app_twice), "{}", browser.text().await);
    tab_to(&browser, "[name=kind][value=sms]").await;
    browser.press(SPACE).await;
    let before = scene.inbox.newest().await;
    type_into(&browser, "[name=phone]", "090-1234-5678").await;
    browser.enter().await;
    type_code(&browser, &scene.message(before, "sms").await).await;
    assert!(browser.url().await.contains("/.sekisho/enrolment/done"), "{}", browser.text().await);
    press(&browser, "main p.links a").await;
    assert_eq!(browser.url().await, deep, "{}", browser.text().await);

    browser.open(&scene.url("/.sekisho/settings")).await;
    press(&browser, "form[action='/.sekisho/settings/swap'] button").await;
    assert!(browser.text().await.contains(words.swapped), "{}", browser.text().await);
    press(&browser, "main p.links a[href^='/.sekisho/sign-out']").await;
    press(&browser, NEXT).await;

    // The primary is the text message now; the box is ticked with the space bar.
    browser.open(&deep).await;
    type_password_of(&browser, "hana").await;
    press(&browser, "p.links a").await;
    press(&browser, "button[name=way][value=backup]").await;
    tab_to(&browser, "[name=trust]").await;
    browser.press(SPACE).await;
    browser.open(&browser.url().await).await;
    let ahead = SystemClock.now() + std::time::Duration::from_secs(30);
    type_code(&browser, &authenticator::code(&key, ahead)).await;
    assert_eq!(browser.url().await, deep, "{}", browser.text().await);
    assert!(!scene.process.said().contains("panicked"), "{}", scene.process.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_story_by_keyboard() {
    without_a_mouse(&EN, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_story_by_keyboard_and_without_scripts() {
    without_a_mouse(&JA, false).await;
}

/// At 400 % zoom of a window of 1280 by 1024: nothing sticks out to the side, and whatever can be used can be brought
/// into sight as a whole.
async fn zoomed(scene: &Scene, browser: &Chromium, name: &str) {
    browser.zoom(4).await;
    let out = "const out = [];
        if (document.documentElement.scrollWidth > 320) out.push('the page is ' + document.documentElement.scrollWidth);
        for (const one of document.querySelectorAll('a, button, input:not([type=hidden]), summary')) {
            if (one.getClientRects().length === 0) continue;
            one.scrollIntoView({ block: 'center' });
            const box = one.getBoundingClientRect();
            const inline = getComputedStyle(one).display === 'inline';
            if (box.left < 0 || box.right > 320.5 || box.top < -0.5 || (!inline && box.bottom > 256.5 && box.height <= 256)) {
                out.push(one.outerHTML.slice(0, 120));
            }
        }
        scrollTo(0, 0);
        return out";
    assert_eq!(browser.run(out, Vec::new()).await, json!([]), "{name}");
    browser.shot(&scene.album.join(format!("{name}-{}-zoom-400.png", scene.words.tag))).await;
    browser.zoom(1).await;
}

/// In forced colours: what is a button, or a field that can be filled in, has an edge, and the focus is seen.
async fn forced(scene: &Scene, browser: &Chromium, name: &str) {
    browser.prefer("forced-colors", "active").await;
    assert_eq!(browser.run("return matchMedia('(forced-colors: active)').matches", Vec::new()).await, json!(true));
    let edgeless = "const edge = (one) => {
            const style = getComputedStyle(one);
            return style.borderTopStyle !== 'none' && parseFloat(style.borderTopWidth) > 0;
        };
        return [...document.querySelectorAll('button, a.primary, input:not([type=hidden]):not([type=radio]):not([type=checkbox]):not([readonly])')]
            .filter((one) => one.getClientRects().length > 0 && !edge(one) && !getComputedStyle(one).textDecorationLine.includes('underline'))
            .map((one) => one.outerHTML.slice(0, 120))";
    assert_eq!(browser.run(edgeless, Vec::new()).await, json!([]), "{name}");
    browser.snap(&scene.album.join(format!("{name}-{}-forced.png", scene.words.tag)), 400).await;
    browser.prefer("forced-colors", "none").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_400_percent_and_in_forced_colours() {
    let scene = Scene::set(&JA).await;
    let browser = Chromium::start("ja").await;
    browser.open(&scene.url("/payments")).await;
    for look in ["sign-in", "enrol", "enrol-primary", "enrol-qr"] {
        zoomed(&scene, &browser, look).await;
        forced(&scene, &browser, look).await;
        match look {
            "sign-in" => sign_in_as(&browser, "hana").await,
            "enrol" => browser.click(NEXT).await,
            "enrol-primary" => {
                browser.tick("label[for=kind-app]").await;
                browser.click(NEXT).await;
            }
            _ => {}
        }
    }
    // The QR code is black on white whatever the colours are.
    for (feature, value) in [("forced-colors", "active"), ("prefers-color-scheme", "dark")] {
        browser.prefer(feature, value).await;
        let qr = "const svg = document.querySelector('svg.qr');
            const style = getComputedStyle(svg);
            const dark = getComputedStyle(svg.querySelector('path:last-of-type')).fill;
            const ground = svg.querySelector('rect') ? getComputedStyle(svg.querySelector('rect')).fill : style.backgroundColor;
            return [ground, dark]";
        assert_eq!(browser.run(qr, Vec::new()).await, json!(["rgb(255, 255, 255)", "rgb(0, 0, 0)"]), "{feature}");
        browser.prefer(feature, "none").await;
    }

    let other = Chromium::start("ja").await;
    other.open(&scene.url("/payments")).await;
    sign_in_as(&other, "taro").await;
    zoomed(&scene, &other, "code").await;
    forced(&scene, &other, "code").await;
    other.click("p.links a").await;
    zoomed(&scene, &other, "code-help").await;
    forced(&scene, &other, "code-help").await;
    other.open(&scene.url("/.sekisho/code")).await;
    other.type_into("[name=code]", &authenticator::code(&scene.taro, SystemClock.now())).await;
    other.click(NEXT).await;
    for place in ["settings", "settings/primary", "settings/password"] {
        other.open(&scene.url(&format!("/.sekisho/{place}"))).await;
        zoomed(&scene, &other, &place.replace('/', "-")).await;
        forced(&scene, &other, &place.replace('/', "-")).await;
    }
}
