//! Rules of two-step verification (`product.md` §1), each through the whole gateway.

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
        people::PASSWORD,
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_the_password_alone_opens_nothing() {
    let gateway = Gateway::start(&["fresh"], &["old"], "").await;
    for user in ["old", "fresh"] {
        let browser = gateway.browser(Speaks::Http1, "en");
        let page = browser.open("/").await;
        let page = steps::password(&browser, &page, user).await;
        assert!(page.url.path().starts_with("/.sekisho/"), "{}", page.url);
        assert!(browser.cookie("__Host-sekisho").is_none(), "no session yet");
        for place in ["/", "/orders/1", "/payments?month=11", "/static/app.css"] {
            assert_eq!(browser.visit(place).await.status, 303, "{user}: {place}");
            assert_eq!(browser.fetch(place).await.status, 401, "{user}: {place} by a script");
        }
        let post = browser.send(Method::POST, "/orders/1", HeaderMap::new(), Some("a=b".into())).await;
        assert_eq!(post.status, 401, "{user}");
    }
    assert!(gateway.upstream.seen().is_empty(), "the console saw nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_somebody_else_who_knows_the_password_is_refused_on_another_device() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let owner = gateway.browser(Speaks::Http2, "ja");
    let page = owner.open("/").await;
    let page = steps::password(&owner, &page, "hana").await;
    let shown = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    let page = steps::code(&owner, &page, &shown, true).await;
    assert_eq!(page.place(), "/");
    steps::sign_out(&owner).await;

    let thief = gateway.browser(Speaks::Http2, "ja");
    let page = thief.open("/payments").await;
    let page = steps::password(&thief, &page, "hana").await;
    assert_eq!(page.url.path(), "/.sekisho/code", "the password was right, and is not enough");
    // The code the owner has used, guesses, and a pretended trust: nothing of it is a session.
    for guess in [shown.as_str(), "000000", "123456"] {
        let page = steps::code(&thief, &page, guess, true).await;
        assert_eq!(page.url.path(), "/.sekisho/code", "{}", page.text());
    }
    let device = owner.cookie("__Host-sekisho-device").expect("the owner's trust").value;
    thief.plant("__Host-sekisho-device", &format!("{}A", &device[..device.len() - 1]));
    let again = thief.open("/payments").await;
    let again = steps::password(&thief, &again, "hana").await;
    assert_eq!(again.url.path(), "/.sekisho/code", "a trust that was made up is none");
    assert!(thief.cookie("__Host-sekisho").is_none());
    assert!(!gateway.upstream.seen().iter().any(|request| request.line.contains("/payments")));

    // Meanwhile the owner's own browser needs the password only.
    let page = owner.open("/orders/1").await;
    let page = steps::password(&owner, &page, "hana").await;
    assert_eq!((page.place(), page.status), ("/orders/1", 200), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r3_nothing_counts_before_two_methods_are_proven() {
    let gateway = Gateway::start(&["hana"], &[], "").await;
    let browser = gateway.browser(Speaks::Http2, "en");
    let page = steps::first_sign_in(&gateway, &browser, "hana").await;
    let page = steps::begin_enrolment(&browser, &page).await;
    let page = steps::choose(&browser, &page, "app", "").await;
    let key = steps::app_key(&page);
    let page = steps::code(&browser, &page, &authenticator::code(&key, gateway.clock.now()), false).await;
    assert!(page.forms().iter().any(|form| form.has("kind")), "the backup is asked for: {}", page.text());
    assert_eq!(browser.visit("/").await.status, 303, "one method is not enough");
    let before = gateway.inbox.newest().await;
    steps::choose(&browser, &page, "sms", "090-1234-5678").await;
    gateway.inbox.code_after(before, "sms").await;
    assert_eq!(browser.visit("/").await.status, 303, "nor is a backup that is not proven");

    // Left there: the next sign-in starts at the beginning, and nothing that was half done is asked for.
    let other = gateway.browser(Speaks::Http2, "en");
    let page = steps::first_sign_in(&gateway, &other, "hana").await;
    let page = steps::begin_enrolment(&other, &page).await;
    assert_eq!(page.form_with("kind").choices("kind"), ["app", "sms", "voice"], "the primary, from the start");
    assert!(gateway.upstream.seen().is_empty());

    // The number was texted a moment ago: the next message to it has to wait.
    gateway.clock.advance(std::time::Duration::from_secs(30));
    let page = enrol(&gateway, &other, page, ("app", ""), ("sms", "090-1234-5678")).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment/done", "{}", page.text());
    assert_eq!(other.open("/").await.status, 200);
}

/// Chooses and proves both methods, from the page that asks for the primary.
async fn enrol(gateway: &Gateway, browser: &Browser, page: Page, primary: (&str, &str), backup: (&str, &str)) -> Page {
    let page = prove(gateway, browser, page, primary).await;
    prove(gateway, browser, page, backup).await
}

async fn prove(gateway: &Gateway, browser: &Browser, page: Page, (kind, number): (&str, &str)) -> Page {
    let before = gateway.inbox.newest().await;
    let page = steps::choose(browser, &page, kind, number).await;
    let code = match kind {
        "app" => authenticator::code(&steps::app_key(&page), gateway.clock.now()),
        channel => gateway.inbox.code_after(before, channel).await.code(),
    };
    steps::code(browser, &page, &code, false).await
}

/// A primary and a backup, and whether the rule allows them with different numbers.
const PAIRS: [(&str, &str, bool); 9] = [
    ("app", "app", false),
    ("app", "sms", true),
    ("app", "voice", true),
    ("sms", "app", true),
    ("sms", "sms", true),
    ("sms", "voice", true),
    ("voice", "app", true),
    ("voice", "sms", true),
    ("voice", "voice", true),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r5_the_table_of_allowed_pairs() {
    const SAME: &str = "That's already your primary number. Use a different number or an authenticator app.";
    let users: Vec<String> = PAIRS.iter().map(|(primary, backup, _)| format!("{primary}-{backup}")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let gateway = Gateway::start(&names, &[], "").await;
    for (place, (primary, backup, allowed)) in PAIRS.into_iter().enumerate() {
        let (user, one, other) = (names[place], format!("090-1234-56{place}1"), format!("080-2345-67{place}2"));
        let browser = gateway.browser(Speaks::Http2, "en");
        let page = steps::first_sign_in(&gateway, &browser, user).await;
        let page = steps::begin_enrolment(&browser, &page).await;
        let number = if primary == "app" { "" } else { one.as_str() };
        let mut page = prove(&gateway, &browser, page, (primary, number)).await;
        assert_eq!(page.form_with("kind").choices("kind").contains(&backup), allowed, "{user}: {}", page.text());
        if primary != "app" && backup != "app" {
            let spellings = [one.clone(), one.replace('-', " "), format!("+81 {}", &one[1..])];
            // A text message could not reach an extension, whatever the number.
            let extension = (backup == "voice").then(|| format!("{one} ext. 7"));
            for spelling in spellings.into_iter().chain(extension) {
                page = steps::choose(&browser, &page, backup, &spelling).await;
                assert!(page.text().contains(SAME), "{user}: {spelling}: {}", page.text());
            }
        }
        if !allowed {
            // The option is shown with its reason, and a form that sends it all the same is refused.
            assert!(page.text().contains("Your primary is an authenticator app, so your backup must be a phone."));
            let page = steps::choose(&browser, &page, backup, "").await;
            assert!(page.forms().iter().any(|form| form.has("kind")), "{user}: {}", page.text());
            assert_eq!(browser.visit("/").await.status, 303, "{user}");
            continue;
        }
        let number = if backup == "app" { "" } else { other.as_str() };
        let page = prove(&gateway, &browser, page, (backup, number)).await;
        assert_eq!(page.url.path(), "/.sekisho/enrolment/done", "{user}: {}", page.text());
        assert_eq!(browser.open("/").await.status, 200, "{user}");
        assert_eq!(gateway.upstream.last().one("x-sekisho-user"), user);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r5_numbers_that_cannot_get_a_code_are_refused_with_the_reason() {
    let gateway = Gateway::start(&["hana"], &[], "").await;
    let browser = gateway.browser(Speaks::Http2, "en");
    let page = steps::first_sign_in(&gateway, &browser, "hana").await;
    let mut page = steps::begin_enrolment(&browser, &page).await;
    let landline = "This is a landline, so it can't get text messages.";
    let voip = "This is a 050 number, so it can't get text messages.";
    let refused = "Codes can't go to toll-free, premium-rate, Navi-Dial, pager or satellite numbers.";
    for (kind, number, reason) in [
        ("sms", "03-1234-5678", landline),
        ("sms", "06-6345-6789", landline),
        ("sms", "050-1234-5678", voip),
        ("sms", "０５０－１２３４－５６７８", voip),
        ("sms", "0120-123-456", refused),
        ("voice", "0120-123-456", refused),
        ("voice", "0800-123-4567", refused),
        ("voice", "0570-012-345", refused),
        ("voice", "0990-123-456", refused),
        ("voice", "+870 773 123456", refused),
        ("voice", "+8816 315 12345", refused),
    ] {
        page = steps::choose(&browser, &page, kind, number).await;
        assert!(page.text().contains(reason), "{kind} to {number}: {}", page.text());
    }
    assert_eq!(gateway.inbox.newest().await, 0, "nothing was sent to any of them");
    let page = prove(&gateway, &browser, page, ("voice", "050-1234-5678")).await;
    assert!(page.form_with("kind").choices("kind").contains(&"sms"), "a 050 number can be called: {}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_a_phone_may_be_somebody_elses() {
    let gateway = Gateway::start(&["hanako", "tarou"], &[], "").await;
    let number = "090-8765-4321";
    for user in ["hanako", "tarou"] {
        let browser = gateway.browser(Speaks::Http2, "ja");
        let page = steps::first_sign_in(&gateway, &browser, user).await;
        let page = steps::begin_enrolment(&browser, &page).await;

        // One number may serve several accounts, and carries the name its person gives it.
        let before = gateway.inbox.newest().await;
        let typed = [("kind", "sms"), ("phone", number), ("label", "家族の電話")];
        let page = browser.submit(&page, &page.form_with("kind"), &typed).await;
        let message = gateway.inbox.code_after(before, "sms").await;
        names_the_service_only(&message.text, user);
        let page = steps::code(&browser, &page, &message.code(), false).await;

        // The app may be on a computer: the key is there as text, not only as a picture.
        let page = prove(&gateway, &browser, page, ("app", "")).await;
        assert!(page.text().contains("家族の電話"), "{}", page.text());
        steps::sign_out(&browser).await;

        // Before the second step nobody learns whose phone it is.
        let before = gateway.inbox.newest().await;
        let page = browser.open("/").await;
        let page = steps::password(&browser, &page, user).await;
        let message = gateway.inbox.code_after(before, "sms").await;
        names_the_service_only(&message.text, user);
        let text = page.text();
        assert!(text.contains("末尾21") && !text.contains("家族の電話") && !text.contains("4321"), "{text}");
        let page = steps::code(&browser, &page, &message.code(), false).await;
        assert_eq!((page.place(), page.status), ("/", 200));
    }

    // A call says the service, too.
    let browser = gateway.browser(Speaks::Http2, "ja");
    let page = browser.open("/").await;
    let page = steps::password(&browser, &page, "hanako").await;
    gateway.clock.advance(std::time::Duration::from_secs(30));
    let before = gateway.inbox.newest().await;
    let help = browser.open("/.sekisho/code/help").await;
    browser.submit(&help, &help.form_with("way"), &[("way", "voice")]).await;
    names_the_service_only(&gateway.inbox.code_after(before, "voice").await.text, "hanako");
    drop(page);
}

fn names_the_service_only(text: &str, user: &str) {
    assert!(text.contains("セラーコンソール"), "{text}");
    assert!(!text.contains(user) && !text.contains("@example.jp") && !text.contains(PASSWORD), "{text}");
}

/// What an answer to a wrong password says, without what is new in every answer.
async fn refused(gateway: &Gateway, user: &str, password: &str) -> Vec<String> {
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let form = page.form_with("password");
    let typed = form.filled(&[("user_name", user), ("password", password)]);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(typed).finish();
    let mut headers = HeaderMap::new();
    headers.insert("origin", HeaderValue::from_str(&browser.origin()).unwrap());
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    let answer = browser.send(Method::POST, &form.action, headers, Some(body)).await;
    let shown = browser.follow(answer.clone()).await.expect("the gateway lives");
    let mut seen = Vec::new();
    for page in [answer, shown] {
        seen.push(page.status.to_string());
        for (name, value) in &page.headers {
            // Sealed values are as long for one name as for another of its length.
            let value = value.to_str().unwrap();
            let sealed = matches!(name.as_str(), "set-cookie" | "location");
            let known = if sealed { value.split('=').next().unwrap_or_default() } else { value };
            if !matches!(name.as_str(), "date" | "x-request-id") {
                seen.push(format!("{name}: {known} ({})", value.len()));
            }
        }
        seen.push(page.text().replace(user, "NAME"));
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_does_not_exist_looks_like_a_wrong_password() {
    let gateway = Gateway::start(&["hanako"], &["tarou1"], "").await;
    let nobody = refused(&gateway, "nobody", "not the password").await;
    assert!(nobody.iter().any(|said| said.contains("The user name (email address) or password isn't right.")));
    assert_eq!(refused(&gateway, "hanako", "not the password").await, nobody);
    assert_eq!(refused(&gateway, "tarou1", "not the password").await, nobody, "with and without two-step verification");
    for _ in 0..4 {
        for name in ["nobody", "hanako"] {
            refused(&gateway, name, "not the password").await;
        }
    }
    let waits = refused(&gateway, "nobody", "not the password").await;
    assert!(waits.iter().any(|said| said.contains("There were too many wrong passwords.")), "{waits:?}");
    assert_eq!(refused(&gateway, "hanako", PASSWORD).await, waits, "not even the right password tells them apart");
}
