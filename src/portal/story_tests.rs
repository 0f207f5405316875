//! The pages as a browser without scripts meets them: the router over a real application, cookies kept, forms filled in
//! and sent, redirects followed one by one.

mod world;

use std::time::Duration;

use http::{Method, StatusCode, header};

use super::{
    cookie,
    page::Here,
    routes::{Does, Needs, ROUTES, Verb},
};
use crate::{access::Interruption, app::tests::bench::PASSWORD, language::Language};

pub(crate) use self::world::World;
use self::world::{Browser, ORIGIN, Page, filled, sign_in_to};

#[tokio::test]
async fn the_whole_story_once() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let done = browser.enrol(&sign_in_to(&world, "/orders/1042?tab=items")).await;
    assert_eq!(done.h1(), "Two-step verification is on");
    assert!(done.body.contains("href=\"/orders/1042?tab=items\""), "{}", done.body);
    assert!(done.body.contains("Voice call to the number ending 78 (Office)"), "{}", done.body);
    assert!(browser.cookie(cookie::SESSION).is_some() && browser.cookie(cookie::SIGN_IN).is_none());

    let page = browser.open("/.sekisho/sign-out").await;
    let page = browser.submit(&page, "/.sekisho/sign-out", &[]).await;
    assert!(page.body.contains("You&#39;re signed out."), "{}", page.body);
    assert!(browser.cookie(cookie::SESSION).is_none());

    world.pass(Duration::from_mins(1));
    let page = browser.sign_in(&sign_in_to(&world, "/orders/7")).await;
    assert_eq!(page.h1(), "Enter the code from your app");
    let help = browser.open(Here::CodeHelp.path()).await;
    let page = browser.submit(&help, "/.sekisho/code/way", &[("way", "backup")]).await;
    assert_eq!(page.h1(), "Enter the code from the call");
    assert!(page.body.contains("the number ending 78"), "{}", page.body);

    let help = browser.open(Here::CodeHelp.path()).await;
    assert!(help.body.contains("This is a landline, so it can&#39;t get text messages."), "{}", help.body);
    let page = browser.submit(&help, "/.sekisho/code/way", &[("way", "primary")]).await;
    let code = world.code(&browser).await;
    let page = browser.submit(&page, "/.sekisho/code", &[("code", &code), ("trust", "yes")]).await;
    assert_eq!(page.location(), "/", "the help page was opened without the place to return to");
    assert!(browser.cookie(cookie::DEVICE).is_some());

    let page = browser.open("/.sekisho/sign-out").await;
    browser.submit(&page, "/.sekisho/sign-out", &[]).await;
    let page = browser.sign_in(&sign_in_to(&world, "/orders/7")).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/orders/7"), "trusted: no code");
}

#[tokio::test]
async fn r10_later_three_times_and_then_the_enrolment() {
    let world = World::new().await;
    world.person_of("saburo", &["asked"]).await;
    let mut browser = Browser::new(&world);
    for left in ["3 more times", "2 more times", "once more"] {
        let page = browser.sign_in_as("saburo", &sign_in_to(&world, "/orders/1042")).await;
        assert_eq!(page.h1(), "Protect your account with two-step verification");
        assert!(page.body.contains("Enable two-step verification"), "{}", page.body);
        assert!(page.body.contains("Set this up by 29 January 2027."), "the fourteenth day: {}", page.body);
        assert!(page.body.contains(left), "{left}: {}", page.body);
        let page = browser.submit(&page, "/.sekisho/later", &[]).await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/orders/1042"));
        let page = browser.open("/.sekisho/sign-out").await;
        browser.submit(&page, "/.sekisho/sign-out", &[]).await;
        world.pass(Duration::from_hours(24));
    }
    let page = browser.sign_in_as("saburo", "/.sekisho/sign-in").await;
    assert_eq!(page.h1(), "Protect your account with two-step verification");
    assert!(!page.body.contains("/.sekisho/later"), "{}", page.body);
}

#[tokio::test]
async fn a_session_without_a_second_step_enrols_with_its_password_once_more() {
    let world = World::new().await;
    world.person_of("jiro", &["unasked"]).await;
    let mut browser = Browser::new(&world);
    let page = browser.sign_in_as("jiro", &sign_in_to(&world, "/orders/7")).await;
    assert_eq!(page.location(), "/orders/7", "nobody is asked yet");
    let page = browser.open("/.sekisho/enable").await;
    let page = browser.submit(&page, "/.sekisho/enable", &[("password", "wrong horse battery")]).await;
    assert!(page.body.contains("That password isn&#39;t right."), "{}", page.body);
    let page = browser.submit(&page, "/.sekisho/enable", &[("password", PASSWORD)]).await;
    assert_eq!(page.h1(), "Protect your account with two-step verification");
    assert!(!page.body.contains("/.sekisho/later"), "{}", page.body);
    let page = browser.submit(&page, "/.sekisho/enrolment/begin", &[]).await;
    assert_eq!(page.h1(), "Choose your primary");
}

#[tokio::test]
async fn what_went_wrong_is_said_once_and_the_name_is_kept() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let page = browser.open(&sign_in_to(&world, "/orders/1")).await;
    let wrong = [("user_name", "hanako"), ("password", "wrong horse battery")];
    let page = browser.submit(&page, "/.sekisho/sign-in", &wrong).await;
    assert!(page.body.contains("isn&#39;t right. Check both and try again."), "{}", page.body);
    assert!(page.body.contains("value=\"hanako\"") && !page.body.contains("wrong horse"), "{}", page.body);
    let place = page.place.clone();
    let again = browser.get(&place).await;
    assert!(!again.body.contains("isn&#39;t right"), "once only");

    let page = browser.submit(&page, "/.sekisho/sign-in", &[("user_name", "hanako"), ("password", PASSWORD)]).await;
    let page = browser.submit(&page, "/.sekisho/enrolment/begin", &[]).await;
    let same = [("kind", "sms"), ("phone", "03-1234-5678"), ("label", "")];
    let page = browser.submit(&page, "/.sekisho/enrolment/choose", &same).await;
    assert!(page.body.contains("This is a landline, so it can&#39;t get text messages. Choose a voice call"));
    assert!(page.body.contains("value=\"03-1234-5678\"") && page.body.contains("value=\"sms\""), "{}", page.body);
}

#[tokio::test]
async fn switching_the_language_loses_nothing() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let page = browser.open(&sign_in_to(&world, "/orders/1")).await;
    let page =
        browser.submit(&page, "/.sekisho/sign-in", &[("user_name", "hanako"), ("password", "wrong horse")]).await;
    let typed = filled(
        page.form("/.sekisho/sign-in"),
        &[("user_name", "someone else"), ("password", "never kept"), ("language", "ja")],
    );
    let answer = browser.post("/.sekisho/language", &typed).await;
    let page = browser.follow(answer).await;
    assert!(page.body.contains("<html lang=\"ja\">") && page.body.contains("value=\"someone else\""), "{}", page.body);
    assert!(page.body.contains("パスワードが違います"), "the message is kept, in the other language");
    assert!(!page.body.contains("never kept"));
    let page = browser.submit(&page, "/.sekisho/sign-in", &[("user_name", "hanako"), ("password", PASSWORD)]).await;
    assert_eq!(page.h1(), "2段階認証でアカウントを守りましょう", "the language is remembered");
    let done = browser.submit(&page, "/.sekisho/code/other-account", &[]).await;
    assert_eq!(done.h1(), "ログイン");
    let back = browser.get("/.sekisho/code").await;
    assert!(back.location().starts_with("/.sekisho/sign-in"), "the pending sign-in is over");
}

#[tokio::test]
async fn switching_the_language_keeps_what_is_still_wrong_and_nothing_else() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let page = browser.sign_in("/.sekisho/sign-in").await;
    let page = browser.submit(&page, "/.sekisho/enrolment/begin", &[]).await;
    let landline = [("kind", "sms"), ("phone", "03-1234-5678"), ("label", "")];
    let page = browser.submit(&page, "/.sekisho/enrolment/choose", &landline).await;
    let mut switched = async |page: &Page, phone, to| {
        let typed = [("kind", "sms"), ("phone", phone), ("label", ""), ("language", to)];
        let fields = filled(page.form("/.sekisho/enrolment/choose"), &typed);
        let answer = browser.post("/.sekisho/language", &fields).await;
        browser.follow(answer).await
    };
    let page = switched(&page, "03-1234-5678", "ja").await;
    assert!(page.body.contains("固定電話ではSMSを受け取れません。音声通話を選ぶか"), "{}", page.body);
    let page = switched(&page, "090-1234-5678", "en").await;
    assert!(page.body.contains("value=\"090-1234-5678\""), "{}", page.body);
    assert!(!page.body.contains("aria-invalid"), "the number is another one: {}", page.body);
}

#[tokio::test]
async fn the_ended_session_is_explained() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let page = browser.open(&world.portal.sign_in_location(&world.host(), "/orders/1", Interruption::Idle)).await;
    assert!(page.body.contains("You were signed out after 60 minutes. Sign in to continue where you were."));
    let page = browser.open(&world.portal.sign_in_location(&world.host(), "/", Interruption::Ended)).await;
    assert!(page.body.contains("been signed out. To go on, sign in again."), "{}", page.body);
}

#[tokio::test]
async fn tabs_that_come_too_late_go_on_or_start_again() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let stale = browser.open(&sign_in_to(&world, "/payments")).await;
    browser.enrol(&sign_in_to(&world, "/orders/1")).await;
    let page =
        browser.submit_once(&stale, "/.sekisho/sign-in", &[("user_name", "HANAKO"), ("password", PASSWORD)]).await;
    assert_eq!(page.location(), "/payments", "the same person goes on to the stale tab's own page");
    let page = browser.open(&sign_in_to(&world, "/payments")).await;
    assert!(page.h1() == "You&#39;re signed in" && page.body.contains("href=\"/payments\""), "{}", page.body);

    let mut other = Browser::new(&world);
    let code = other.sign_in(&sign_in_to(&world, "/orders/2")).await;
    world.pass(Duration::from_secs(601));
    let page = other.submit(&code, "/.sekisho/code", &[("code", "123456")]).await;
    assert!(page.body.contains("This sign-in has ended. Sign in again."), "{}", page.body);
    assert!(page.body.contains("name=\"to\""), "and still leads to the order");

    // Gone for another reason, at once: the page must not claim that it took too long.
    let mut replaced = Browser::new(&world);
    let code = replaced.sign_in(&sign_in_to(&world, "/orders/2")).await;
    let ended = replaced.submit(&code, "/.sekisho/code/other-account", &[]).await;
    assert_eq!(ended.h1(), "Sign in");
    let page = replaced.submit(&code, "/.sekisho/code", &[("code", "123456")]).await;
    assert!(page.body.contains("This sign-in has ended.") && !page.body.contains("too long"), "{}", page.body);
}

#[tokio::test]
async fn wrong_codes_are_counted_aloud_from_the_second_and_pause_at_the_fifth() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    browser.enrol("/.sekisho/sign-in").await;
    let mut thief = Browser::new(&world);
    let mut page = thief.sign_in("/.sekisho/sign-in").await;
    let right = world.code(&thief).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let mut said = Vec::new();
    for _ in 0..4 {
        page = thief.submit(&page, "/.sekisho/code", &[("code", wrong)]).await;
        said.push(page.body.contains("That code isn&#39;t right.").then(|| page.body.contains("3 tries left.")));
    }
    assert_eq!(said, [Some(false), Some(true), Some(false), Some(false)]);
    assert!(page.body.contains("1 try left."), "{}", page.body);
    page = thief.submit(&page, "/.sekisho/code", &[("code", wrong)]).await;
    assert!(
        page.body.contains("You can enter a code again at ")
            && page.body.contains("You can still use your backup now.")
    );
    assert!(!page.body.contains("name=\"code\""), "nothing to type into: {}", page.body);
    let page = thief.submit(&page, "/.sekisho/code/way", &[("way", "backup")]).await;
    assert_eq!(page.h1(), "Enter the code from the call");
}

/// Every route in every sign-in state: it never fails, it shows itself only to whom its entry in the table says, and a
/// post without proof of our own pages does nothing.
#[tokio::test]
async fn every_route_in_every_state() {
    let world = World::new().await;
    let nobody = Browser::new(&world);
    world.person("taro").await;
    let mut enrolling = Browser::new(&world);
    let page = enrolling.open("/.sekisho/sign-in").await;
    enrolling.submit(&page, "/.sekisho/sign-in", &[("user_name", "taro"), ("password", PASSWORD)]).await;
    let mut asked = Browser::new(&world);
    asked.enrol("/.sekisho/sign-in").await;
    world.pass(Duration::from_secs(301));
    let page = asked.open("/.sekisho/fresh").await;
    assert_eq!(asked.submit(&page, "/.sekisho/fresh/begin", &[]).await.h1(), "Enter the code from your app");
    let mut signed_in = Browser::new(&world);
    let page = signed_in.sign_in("/.sekisho/sign-in").await;
    let code = world.code(&signed_in).await;
    signed_in.submit(&page, "/.sekisho/code", &[("code", &code)]).await;
    let mut coding = Browser::new(&world);
    coding.sign_in("/.sekisho/sign-in").await;
    world.person_of("jiro", &["unasked"]).await;
    let mut waived = Browser::new(&world);
    waived.sign_in_as("jiro", "/.sekisho/sign-in").await;
    let states = [
        ("nobody", Needs::Nothing, nobody.jar.clone()),
        ("code", Needs::Code, coding.jar.clone()),
        ("enrolment", Needs::Enrolment, enrolling.jar.clone()),
        ("asked", Needs::Asked, asked.jar.clone()),
        ("session", Needs::FreshSession, signed_in.jar.clone()),
        ("waived", Needs::Waived, waived.jar.clone()),
    ];
    for &route in ROUTES {
        for (name, state, jar) in &states {
            let mut browser = Browser { world: &world, jar: jar.clone(), language: "ja" };
            let allowed = match route.needs {
                Needs::Nothing => true,
                // The end of an enrolment is shown to whoever has one.
                Needs::Enrolled => matches!(state, Needs::Asked | Needs::FreshSession),
                Needs::Session => match state {
                    Needs::Asked | Needs::FreshSession => true,
                    Needs::Waived => !matches!(route.does, Does::ShowEnrolled | Does::ShowFresh),
                    _ => false,
                },
                needs => needs == *state,
            };
            // Where our pages begin is a page of its own for nobody.
            if route.does == Does::Front {
                let moved = browser.get(route.path).await;
                let begins = match state {
                    Needs::Asked | Needs::FreshSession | Needs::Waived => "/.sekisho/settings",
                    _ => "/.sekisho/sign-in",
                };
                assert_eq!((moved.status, moved.location()), (StatusCode::SEE_OTHER, begins), "{name}");
                continue;
            }
            // Nor has an address with a token: none stays there.
            if route.does == Does::KeepLink {
                let moved = browser.get(route.path).await;
                assert_eq!((moved.status, moved.location()), (StatusCode::SEE_OTHER, "/.sekisho/link"));
                continue;
            }
            if route.verb == Verb::Get {
                let page = browser.get(route.path).await;
                if route.needs == Needs::Owner && matches!(state, Needs::Asked | Needs::FreshSession) {
                    assert_eq!(page.status, StatusCode::FORBIDDEN, "GET {} as {name}", route.path);
                    continue;
                }
                let shown = page.status == StatusCode::OK;
                assert_eq!(shown, allowed, "GET {} as {name}: {} {}", route.path, page.status, page.location());
                assert!(shown || page.status == StatusCode::SEE_OTHER);
                continue;
            }
            // Without the token, and from a foreign page: refused with words, whoever asks.
            let body = "user_name=hanako&password=x&code=123456&language=ja".to_owned();
            let form = ("content-type", "application/x-www-form-urlencoded");
            for headers in [&[form, ("origin", ORIGIN)][..], &[form, ("origin", "https://evil.example")], &[form]] {
                let page = browser.send(Method::POST, route.path, headers, body.clone()).await;
                let language = route.path == "/.sekisho/language" && headers.contains(&("origin", ORIGIN));
                let expected = if language { StatusCode::SEE_OTHER } else { StatusCode::BAD_REQUEST };
                assert_eq!(page.status, expected, "POST {} as {name}", route.path);
                assert!(language || page.h1() == "このフォームは期限切れです", "{}", page.body);
            }
            // With the token but without what it needs: led elsewhere, never an error.
            if !allowed {
                let page = browser.open("/.sekisho/sign-in").await;
                let (_, after) = page.body.split_once("name=\"csrf\" value=\"").unwrap();
                let csrf = [("csrf".to_owned(), after.split('"').next().unwrap().to_owned())];
                let page = browser.post(route.path, &csrf).await;
                assert_eq!(page.status, StatusCode::SEE_OTHER, "POST {} as {name}: {}", route.path, page.h1());
            }
        }
    }
}

/// Method, path, headers, body, expected status.
type Case<'a> = (Method, &'a str, Vec<(&'a str, &'a str)>, String, u16);

#[tokio::test]
async fn every_answer_is_protected_and_odd_requests_get_pages() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let ours = ("origin", ORIGIN);
    let huge = format!("user_name={}", "a".repeat(200_000));
    let cases: [Case<'_>; 9] = [
        (Method::GET, "/.sekisho/sign-in", vec![], String::new(), 200),
        (Method::HEAD, "/.sekisho/sign-in", vec![], String::new(), 200),
        (Method::GET, "/.sekisho/code", vec![], String::new(), 303),
        (Method::GET, "/.sekisho/nothing", vec![], String::new(), 404),
        (Method::GET, "/.sekisho/sign-in/", vec![], String::new(), 404),
        (Method::PUT, "/.sekisho/sign-in", vec![], String::new(), 405),
        (Method::POST, "/.sekisho/sign-in", vec![ours, ("content-type", "application/json")], "{}".to_owned(), 400),
        (Method::POST, "/.sekisho/sign-in", vec![ours, form], "a=1&a=2".to_owned(), 400),
        (Method::POST, "/.sekisho/sign-in", vec![ours, form], huge, 413),
    ];
    for (method, place, headers, body, status) in cases {
        let page = browser.send(method.clone(), place, &headers, body).await;
        assert_eq!(page.status, status, "{method} {place}: {}", page.body);
        let value = |name: &str| page.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default();
        assert_eq!(value("cache-control"), "no-store", "{method} {place}");
        assert!(
            value("content-security-policy").starts_with("default-src 'none'; style-src 'self'"),
            "{method} {place}"
        );
        assert!(value("content-security-policy").contains("frame-ancestors 'none'"));
        for name in ["x-frame-options", "x-content-type-options", "referrer-policy", "cross-origin-opener-policy"] {
            assert_ne!(value(name), "", "{method} {place}: {name}");
        }
        if status == 405 {
            assert_eq!(value("allow"), "GET, HEAD, POST");
        }
        if status >= 400 {
            assert!(page.body.contains("<h1>") && !page.h1().is_empty(), "{method} {place}");
        }
    }
    let page = browser.open("/.sekisho/sign-in").await;
    let sheet = page.body.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let kept = browser.get(&sheet).await;
    assert_eq!(kept.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(kept.headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
    assert_eq!(browser.get("/.sekisho/style.css?v=0").await.headers[header::CACHE_CONTROL], "public, max-age=3600");
}

#[tokio::test]
async fn a_sign_in_that_began_on_a_page_of_ours_leads_back_to_it() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let done = browser.enrol(Here::Settings.path()).await;
    assert!(done.body.contains("href=\"/.sekisho/settings\""), "{}", done.body);
    world.pass(Duration::from_mins(1));
    for here in [Here::Users, Here::Settings, Here::Method(crate::account::Role::Backup)] {
        let mut browser = Browser::new(&world);
        let page = browser.sign_in(here.path()).await;
        let code = world.code(&browser).await;
        let answer = browser.submit_once(&page, "/.sekisho/code", &[("code", &code)]).await;
        assert_eq!(answer.location(), here.path());
        world.pass(Duration::from_mins(1));
    }
}

/// The browser speaks English here, the account Japanese: the settings promise its messages in Japanese.
#[tokio::test]
async fn messages_with_codes_speak_the_language_of_the_settings() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    browser.enrol("/.sekisho/sign-in").await;
    let page = browser.open(Here::Settings.path()).await;
    browser.submit(&page, "/.sekisho/settings/language", &[("messages", "ja")]).await;
    world.pass(Duration::from_mins(1));
    let mut other = Browser::new(&world);
    other.sign_in("/.sekisho/sign-in").await;
    let drop_before = world.app.store().claim_messages(None, 32, world.app.now()).await.unwrap();
    assert!(drop_before.iter().all(|item| item.language == Language::En), "before anything was chosen");
    let help = other.open(Here::CodeHelp.path()).await;
    other.submit(&help, "/.sekisho/code/way", &[("way", "backup")]).await;
    let sent = world.app.store().claim_messages(None, 32, world.app.now()).await.unwrap();
    assert_eq!(sent.iter().map(|item| item.language).collect::<Vec<_>>(), [Language::Ja]);
}

#[tokio::test]
async fn forged_return_targets_lead_to_the_first_page() {
    let world = World::new().await;
    for forged in ["https://evil.example/", "//evil.example", "%2F%2Fevil.example", "AAAA", "/orders/1"] {
        let mut browser = Browser::new(&world);
        let page = browser.open(&format!("/.sekisho/sign-in?to={forged}")).await;
        assert!(!page.body.contains("evil.example") && !page.body.contains("name=\"to\""), "{forged}: {}", page.body);
    }
}
