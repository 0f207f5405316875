//! What a person sees of a console that knows nothing of the gateway: two people on one browser, a frame whose session has
//! ended, and a sign-in that does not hold.

use sekisho::clock::{Clock as _, SystemClock};

use crate::{EN, JA, NEXT, Scene, chromium::Chromium, code, sign_in_as, support::authenticator};

const SESSION: &str = "__Host-sekisho";

/// Signs taro in, who is not asked for a code on this browser again.
async fn trusted(scene: &Scene, browser: &Chromium) {
    sign_in_as(browser, "taro").await;
    browser.tick("[name=trust]").await;
    code(browser, &authenticator::code(&scene.taro, SystemClock.now())).await;
}

async fn console_session(browser: &Chromium) -> (String, String) {
    let id = browser.find("#console-session").await.text().await.unwrap();
    (id, browser.find("#console-session-by").await.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_on_one_browser_never_share_a_session_of_the_console() {
    let scene = Scene::set(&JA).await;
    let browser = Chromium::start("ja").await;
    browser.open(&scene.url("/orders")).await;
    trusted(&scene, &browser).await;
    let (first, by) = console_session(&browser).await;
    assert_eq!(by, "taro");
    let taros = browser.cookie("CONSOLESESSID").await;
    browser.run("document.cookie = 'theme=dark; path=/'", Vec::new()).await;

    // He leaves without signing out.
    browser.lose_cookie(SESSION).await;
    browser.open(&scene.url("/orders")).await;
    sign_in_as(&browser, "yuki").await;
    browser.click("p.links a").await;
    let before = scene.inbox.newest().await;
    browser.click("button[name=way][value=backup]").await;
    code(&browser, &scene.message(before, "sms").await).await;
    assert_eq!(browser.url().await, scene.url("/orders"), "{}", browser.text().await);
    let (second, by) = console_session(&browser).await;
    assert_eq!(by, "yuki");
    assert_ne!(first, second);
    browser.open(&scene.url("/orders")).await;
    assert_eq!(console_session(&browser).await.0, second, "hers goes on");

    // A browser that did not do as it was told.
    browser.set_cookie("CONSOLESESSID", &taros).await;
    browser.run("document.cookie = 'theme=dark; path=/'", Vec::new()).await;
    browser.open(&scene.url("/whoami")).await;
    let received = browser.text().await;
    assert!(!received.contains(&taros) && !received.contains("theme="), "{received}");
    browser.open(&scene.url("/orders")).await;
    assert_eq!(console_session(&browser).await.1, "yuki");
    assert!(!browser.text().await.contains("別の人のセッション"));
    assert!(!scene.process.said().contains("panicked"), "{}", scene.process.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_whose_session_has_ended_leads_the_whole_window() {
    let scene = Scene::set(&JA).await;
    let browser = Chromium::start("ja").await;
    browser.open(&scene.url("/orders")).await;
    trusted(&scene, &browser).await;
    browser.lose_cookie(SESSION).await;
    let frame = "const frame = document.createElement('iframe');
        frame.id = 'part'; frame.width = 900; frame.height = 500; frame.src = '/orders/1238?tab=a';
        document.getElementById('main').replaceChildren(frame);";
    browser.run(frame, Vec::new()).await;
    browser.enter_frame("#part", "a.primary").await;
    assert!(browser.text().await.contains("ログインページはウィンドウ全体に開きます。"), "{}", browser.text().await);
    browser.shot(&scene.album.join("frame-ja.png")).await;
    browser.tick("a.primary").await;
    browser.out_of_frames("[name=password]").await;
    assert!(browser.url().await.starts_with(&scene.url("/.sekisho/sign-in")), "{}", browser.url().await);
    sign_in_as(&browser, "taro").await;
    assert_eq!(browser.url().await, scene.url("/orders/1238?tab=a"), "and back to what the frame showed");
    let broken: Vec<String> =
        browser.complaints().await.into_iter().filter(|line| line.contains("Content Security Policy")).collect();
    assert!(broken.is_empty(), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_does_not_hold_ends_at_a_page_that_says_why() {
    let scene = Scene::set(&EN).await;
    let browser = Chromium::start("en").await;
    browser.open(&scene.url("/orders")).await;
    trusted(&scene, &browser).await;
    for bounce in 1..=3 {
        browser.lose_cookie(SESSION).await;
        browser.open(&scene.url("/orders")).await;
        if bounce < 3 {
            sign_in_as(&browser, "taro").await;
        }
    }
    let text = browser.text().await;
    assert!(text.contains("Your sign-in doesn't hold") && text.contains("Reference number"), "{text}");
    assert!(text.contains("Allow cookies"), "{text}");
    scene.photograph(&browser, "stopped-cookie").await;
    browser.open(&scene.url("/orders")).await;
    assert!(browser.url().await.contains("/.sekisho/sign-in"), "it begins anew");
    sign_in_as(&browser, "taro").await;
    assert_eq!(browser.url().await, scene.url("/orders"));
    browser.open(&scene.url("/.sekisho/not-recognised")).await;
    scene.photograph(&browser, "stopped-not-recognised").await;
    assert!(browser.attributes(NEXT, "href").await.is_empty());
}
