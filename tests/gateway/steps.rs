//! What a person does on one page, and the page that follows.

use url::Url;

use crate::support::{
    authenticator,
    browser::{Browser, Page},
    gateway::Gateway,
    people::PASSWORD,
};
use sekisho::clock::Clock as _;

/// Fills in the password page.
pub(crate) async fn password(browser: &Browser, page: &Page, user: &str) -> Page {
    let form = page.form_with("password");
    browser.submit(page, &form, &[("user_name", user), ("password", PASSWORD)]).await
}

/// Enters a code, with or without the trust box.
pub(crate) async fn code(browser: &Browser, page: &Page, code: &str, trust: bool) -> Page {
    let form = page.form_with("code");
    let mut typed = vec![("code", code)];
    if trust {
        typed.push(("trust", "yes"));
    }
    browser.submit(page, &form, &typed).await
}

/// Signs in with password and app.
pub(crate) async fn sign_in(gateway: &Gateway, browser: &Browser, user: &str, secret: &str) -> Page {
    let page = browser.open("/").await;
    let page = password(browser, &page, user).await;
    let shown = authenticator::code(secret, gateway.clock.now());
    let page = code(browser, &page, &shown, false).await;
    assert_eq!(page.status, 200, "{}", page.text());
    page
}

/// Password of an account without two-step verification, up to the question that begins its enrolment.
pub(crate) async fn first_sign_in(_gateway: &Gateway, browser: &Browser, user: &str) -> Page {
    let page = browser.open("/").await;
    password(browser, &page, user).await
}

/// From that question to the choice of the primary.
pub(crate) async fn begin_enrolment(browser: &Browser, page: &Page) -> Page {
    browser.submit(page, &page.form_to("/.sekisho/enrolment/begin"), &[]).await
}

/// Chooses a method; the number is left empty for an app.
pub(crate) async fn choose(browser: &Browser, page: &Page, kind: &str, number: &str) -> Page {
    browser.submit(page, &page.form_with("kind"), &[("kind", kind), ("phone", number)]).await
}

/// Signs out through its page.
pub(crate) async fn sign_out(browser: &Browser) -> Page {
    let page = browser.open("/.sekisho/sign-out").await;
    let form = page.form_to("/.sekisho/sign-out");
    browser.submit(&page, &form, &[]).await
}

/// The key on the page that shows the QR code, as the app reads it from there.
pub(crate) fn app_key(page: &Page) -> String {
    let address = page.links().into_iter().find(|link| link.starts_with("otpauth:")).expect("the app's address");
    let address = Url::parse(&address).expect("an address");
    let secret = address.query_pairs().find(|(key, _)| key == "secret").expect("a secret").1.into_owned();
    let shown: String = page.text().chars().filter(|c| !c.is_whitespace()).collect();
    assert!(shown.contains(&secret), "the key is written out beside the QR code");
    secret
}

/// Another code of six digits.
pub(crate) fn wrong(code: &str) -> String {
    code.chars().map(|digit| if digit == '9' { '0' } else { char::from(digit as u8 + 1) }).collect()
}
