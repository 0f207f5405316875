//! What a person does on one page, and the page that follows.

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use sekisho::clock::Clock as _;
use url::Url;

use crate::support::{
    authenticator,
    browser::{Browser, Page},
    eventually,
    gateway::Gateway,
    html::Form,
    inbox::Message,
    people::PASSWORD,
};

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

/// Fills in the password page with a password of one's own.
pub(crate) async fn own_password(browser: &Browser, page: &Page, user: &str, password: &str) -> Page {
    let form = page.form_with("password");
    browser.submit(page, &form, &[("user_name", user), ("password", password)]).await
}

/// Sends a form as a browser does, and does not follow where it leads.
pub(crate) async fn send(browser: &Browser, form: &Form, typed: &[(&str, &str)]) -> Page {
    let mut headers = HeaderMap::new();
    headers.insert("origin", HeaderValue::from_str(&browser.origin()).unwrap());
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    headers.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form.filled(typed)).finish();
    browser.send(Method::POST, form.goes_to(typed), headers, Some(body)).await
}

/// Waits for a mail after that message which says this.
pub(crate) async fn mail_saying(gateway: &Gateway, after: u64, says: &str) -> Message {
    eventually(&format!("a mail that says {says}"), async || {
        let messages = gateway.inbox.messages().await;
        messages.into_iter().find(|m| m.id > after && m.channel == "mail" && m.text.contains(says))
    })
    .await
}

/// The path of the link in a mail.
pub(crate) fn link_in(mail: &Message) -> String {
    let word = mail.text.split_whitespace().find(|word| word.contains("/.sekisho/link/"));
    let word = word.unwrap_or_else(|| panic!("a link: {}", mail.text));
    word[word.find("/.sekisho/").expect("our own page")..].to_owned()
}

/// Asks for a link to a new password.
pub(crate) async fn ask_for_reset(browser: &Browser, name: &str) -> Page {
    let page = browser.open("/.sekisho/password-reset").await;
    browser.submit(&page, &page.form_to("/.sekisho/password-reset"), &[("user_name", name)]).await
}

/// The same, and the path of the link that is mailed.
pub(crate) async fn reset_link(gateway: &Gateway, browser: &Browser, name: &str) -> String {
    let before = gateway.inbox.newest().await;
    ask_for_reset(browser, name).await;
    link_in(&mail_saying(gateway, before, "パスワードを再設定するには").await)
}

/// Makes ten recovery codes in a session whose code is fresh; they are shown this once.
pub(crate) async fn recovery_codes(browser: &Browser) -> Vec<String> {
    let page = browser.open("/.sekisho/settings").await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/recovery-code/renew"), &[]).await;
    let codes = shown_codes(&page);
    assert_eq!(codes.len(), 10, "{}", page.text());
    let page = browser.submit(&page, &page.form_to("/.sekisho/recovery-codes"), &[]).await;
    assert_eq!(page.url.path(), "/.sekisho/settings", "they are kept: {}", page.text());
    codes
}

/// The recovery codes a page shows.
pub(crate) fn shown_codes(page: &Page) -> Vec<String> {
    let after = page.body.split("<li><code>").skip(1);
    after.filter_map(|rest| rest.split('<').next()).map(str::to_owned).collect()
}

/// From the code page to the page of recovery codes, and this one typed there.
pub(crate) async fn use_recovery_code(browser: &Browser, code: &str) -> Page {
    let page = browser.open("/.sekisho/recovery-code").await;
    browser.submit(&page, &page.form_with("code"), &[("code", code)]).await
}

/// From the question that begins an enrolment to its end; the key of the app.
pub(crate) async fn enrol_app_and_sms(gateway: &Gateway, browser: &Browser, page: &Page, number: &str) -> String {
    let page = begin_enrolment(browser, page).await;
    let page = choose(browser, &page, "app", "").await;
    let key = app_key(&page);
    let page = code(browser, &page, &authenticator::code(&key, gateway.clock.now()), false).await;
    let before = gateway.inbox.newest().await;
    let page = choose(browser, &page, "sms", number).await;
    let message = gateway.inbox.code_after(before, "sms").await.code();
    let page = code(browser, &page, &message, false).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment/done", "{}", page.text());
    key
}
