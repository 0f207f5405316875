//! R13 through the whole gateway: an owner invites somebody to a sign-in of their own, sets permissions that hold at once,
//! and removes people; nobody else can.

use std::time::Duration;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use sekisho::{account::LoginName, clock::Clock as _};

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
        people,
    },
};

const USERS: &str = "[users]\ngrantable_groups = [\"orders\", \"payments\"]\n";
const MEMBER_PASSWORD: &str = "plum tree at the checkpoint";

async fn owner(gateway: &Gateway) -> (Browser, String) {
    let secret = people::add_member(gateway.app(), "hanako", "山田商店", true).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(gateway, &browser, "hanako", &secret).await;
    (browser, secret)
}

async fn id_of(gateway: &Gateway, name: &str) -> String {
    let found = gateway.app().store().account_by_login(&LoginName::parse(name)).await.unwrap();
    found.unwrap().account.id.to_string()
}

async fn post(browser: &Browser, page: &Page, place: &str, fields: &[(&str, &str)]) -> Page {
    let csrf = page.forms().iter().find_map(|form| form.fields.iter().find(|f| f.name == "csrf").cloned()).unwrap();
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.append_pair("csrf", &csrf.value).extend_pairs(fields);
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert("origin", HeaderValue::from_str(&browser.origin()).unwrap());
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    headers.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
    let answer = browser.send(Method::POST, place, headers, Some(body.finish())).await;
    browser.follow(answer).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_an_owner_invites_somebody_to_a_sign_in_of_their_own() {
    let gateway = Gateway::start(&[], &[], USERS).await;
    let (browser, _) = owner(&gateway).await;
    let page = browser.open("/.sekisho/users").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text().contains("The people of 山田商店.") && page.text().contains("hanako@example.jp"),
        "{}",
        page.text()
    );
    let invited =
        [("email", "jiro@example.jp"), ("display_name", "佐藤 次郎"), ("messages", "ja"), ("group-0", "orders")];
    let wrong =
        [("email", "jiro.example.jp"), ("display_name", "佐藤 次郎"), ("messages", "ja"), ("group-0", "orders")];
    let refused = browser.submit(&page, &page.form_to("/.sekisho/users/invite"), &wrong).await;
    for kept in [
        "value=\"jiro.example.jp\"",
        "value=\"佐藤 次郎\"",
        "value=\"orders\" checked",
        "id=\"email-error\"",
        "value=\"ja\" checked",
    ] {
        assert!(refused.body.contains(kept), "{kept}: {}", refused.body);
    }
    let page = browser.submit(&page, &page.form_to("/.sekisho/users/invite"), &invited).await;
    assert!(page.text().contains("The invitation is on its way."), "{}", page.text());
    let mail = gateway.inbox.mail_to("jiro@example.jp").await;
    assert!(mail.text.contains("山田商店からセラーコンソールに招待されました。"), "who invites to what: {}", mail.text);
    let link = mail.text.split_whitespace().find(|word| word.contains("/.sekisho/link/")).unwrap().to_owned();
    let place = &link[link.find("/.sekisho/").unwrap()..];

    let guest = gateway.browser(Speaks::Http2, "en");
    let page = guest.open(place).await;
    assert_eq!(page.place(), "/.sekisho/invitation", "no token stays in the address");
    assert!(page.text().contains("山田商店 invites you to"), "{}", page.text());
    let form = page.form_with("repeated");
    let typed = |password, repeated| [("user_name", "Jiro"), ("password", password), ("repeated", repeated)];
    let page = guest.submit(&page, &form, &typed("password1", "password1")).await;
    assert!(page.body.contains("aria-invalid"), "the rules of every password: {}", page.text());
    let page = guest.submit(&page, &form, &typed(MEMBER_PASSWORD, "another one entirely")).await;
    assert!(page.text().contains("The two passwords differ."), "{}", page.text());
    let page = guest.submit(&page, &form, &typed(MEMBER_PASSWORD, MEMBER_PASSWORD)).await;
    assert!(page.text().contains("Your sign-in is ready."), "{}", page.text());

    // Whoever else has the password has no mail yet: another one is needed there, and none was sent for this browser.
    let before = gateway.inbox.newest().await;
    let sign_in = async |browser: &Browser| {
        let page = browser.open("/").await;
        let form = page.form_with("password");
        browser.submit(&page, &form, &[("user_name", "jiro"), ("password", MEMBER_PASSWORD)]).await
    };
    let page = sign_in(&guest).await;
    assert!(page.url.path().starts_with("/.sekisho/enrolment"), "and then the enrolment: {}", page.url);
    assert!(page.forms().iter().any(|form| form.action == "/.sekisho/enrolment/begin"), "{}", page.text());
    assert_eq!(gateway.inbox.newest().await, before, "the invitation was the mail");
    let thief = gateway.browser(Speaks::Http1, "en");
    let page = sign_in(&thief).await;
    assert!(page.text().contains("Open the mail we sent you"), "{}", page.text());
    let again = guest.open(place).await;
    assert!(again.text().contains("This link no longer works"), "{}", again.text());
    let list = browser.open("/.sekisho/users").await;
    assert!(list.text().contains("jiro 佐藤 次郎") && list.text().contains("Not set up yet"), "{}", list.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_permissions_and_removal_hold_at_the_next_request() {
    let gateway = Gateway::start(&[], &[], USERS).await;
    let (browser, secret) = owner(&gateway).await;
    let member_secret = people::add_member(gateway.app(), "taro", "山田商店", false).await;
    let member = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &member, "taro", &member_secret).await;
    assert_eq!(gateway.upstream.last().one("x-sekisho-groups"), "payments,sellers");

    let id = id_of(&gateway, "taro").await;
    let page = browser.open(&format!("/.sekisho/users/edit?user={id}")).await;
    assert!(page.text().contains("Only the person who runs the service can change these: sellers"), "{}", page.text());
    // Ten minutes later a code is asked first, and what was ticked is done after it.
    gateway.clock.advance(Duration::from_mins(10));
    let form = page.form_to("/.sekisho/users/groups");
    let asked = post(&browser, &page, &form.action, &[("user", &id), ("group-0", "orders")]).await;
    assert_eq!(asked.url.path(), "/.sekisho/fresh", "{}", asked.text());
    assert!(member.open("/orders").await.status == 200);
    assert_eq!(gateway.upstream.last().one("x-sekisho-groups"), "payments,sellers", "nothing has changed yet");
    let code = authenticator::code(&secret, gateway.clock.now());
    let page = steps::code(&browser, &asked, &code, false).await;
    assert!(page.text().contains("The permissions were changed."), "{}", page.text());
    member.open("/orders").await;
    assert_eq!(gateway.upstream.last().one("x-sekisho-groups"), "orders,sellers", "the live session has the new ones");

    let page = browser.open(&format!("/.sekisho/users/remove?user={id}")).await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/users/remove"), &[]).await;
    assert!(page.text().contains("The user was removed"), "{}", page.text());
    assert_eq!(member.visit("/orders").await.status, 303, "the session has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_manages_the_people_of_somebody_else() {
    let gateway = Gateway::start(&[], &["old"], USERS).await;
    let (browser, _) = owner(&gateway).await;
    people::add_member(gateway.app(), "taro", "山田商店", false).await;
    let stranger_secret = people::add_member(gateway.app(), "akuma", "Other Ltd", true).await;
    let stranger = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &stranger, "akuma", &stranger_secret).await;
    let outsider = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &outsider, "old", &gateway.secrets[0]).await;
    let (owner, taro) = (id_of(&gateway, "hanako").await, id_of(&gateway, "taro").await);

    let refused = outsider.open("/.sekisho/users").await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("Only owners can open this page"), "{}", refused.text());
    for (who, whom) in [(&stranger, &taro), (&stranger, &owner), (&outsider, &taro), (&browser, &owner)] {
        let start = who.open("/.sekisho/sign-out").await;
        post(who, &start, "/.sekisho/users/groups", &[("user", whom)]).await;
        post(who, &start, "/.sekisho/users/remove", &[("user", whom)]).await;
        let page = who.open(&format!("/.sekisho/users/edit?user={whom}")).await;
        assert!(!page.text().contains("Permissions of"), "{}", page.text());
    }
    for name in ["hanako", "taro"] {
        let found = gateway.app().store().account_by_login(&LoginName::parse(name)).await.unwrap().unwrap();
        assert_eq!(found.account.groups.len(), 2, "{name} is as it was");
    }
    // A group that is not grantable is not given, whatever the form says.
    let start = browser.open("/.sekisho/users").await;
    post(&browser, &start, "/.sekisho/users/groups", &[("user", &taro), ("group-0", "operators")]).await;
    let found = gateway.app().store().account_by_login(&LoginName::parse("taro")).await.unwrap().unwrap();
    assert!(found.account.groups.iter().all(|group| group.as_str() != "operators"), "{:?}", found.account.groups);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_an_invitation_is_good_for_seven_days() {
    let week = Duration::from_hours(7 * 24);
    let moment = Duration::from_millis(1);
    let gateway = Gateway::start(&[], &[], USERS).await;
    let (browser, secret) = owner(&gateway).await;
    for (user, over) in [("jiro", false), ("saburo", true)] {
        let address = format!("{user}@example.jp");
        let page = browser.open("/.sekisho/users").await;
        let invited = [("email", address.as_str()), ("display_name", ""), ("group-0", "orders")];
        let page = browser.submit(&page, &page.form_to("/.sekisho/users/invite"), &invited).await;
        assert!(page.text().contains("The invitation is on its way."), "{}", page.text());
        let place = steps::link_in(&gateway.inbox.mail_to(&address).await);
        gateway.clock.advance(week.checked_sub(moment).unwrap());
        let guest = gateway.browser(Speaks::Http1, "en");
        let page = guest.open(&place).await;
        let form = page.form_with("repeated");
        if over {
            gateway.clock.advance(moment);
        }
        let typed = [("user_name", user), ("password", MEMBER_PASSWORD), ("repeated", MEMBER_PASSWORD)];
        let page = guest.submit(&page, &form, &typed).await;
        assert_eq!(page.text().contains("Your sign-in is ready."), !over, "{}", page.text());
        assert!(guest.open(&place).await.text().contains("This link no longer works"), "{user}: used or over");
        steps::sign_in(&gateway, &browser, "hanako", &secret).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_a_page_that_was_opened_as_an_owner_gives_no_right() {
    let gateway = Gateway::start(&[], &[], USERS).await;
    let app = gateway.app();
    people::add_member(app, "taro", "山田商店", false).await;
    let (browser, _) = owner(&gateway).await;
    let taro = id_of(&gateway, "taro").await;
    let edit = browser.open(&format!("/.sekisho/users/edit?user={taro}")).await;
    let users = browser.open("/.sekisho/users").await;
    let hanako = app.store().account_by_login(&LoginName::parse("hanako")).await.unwrap().unwrap().account;
    app.end_sessions(hanako.id).await.unwrap().unwrap();
    let before = gateway.inbox.newest().await;
    for (page, place, fields) in [
        (&edit, "/.sekisho/users/groups", &[("user", taro.as_str()), ("group-0", "orders")][..]),
        (&edit, "/.sekisho/users/remove", &[("user", taro.as_str())]),
        (&users, "/.sekisho/users/invite", &[("email", "akuma@example.jp"), ("display_name", "")]),
    ] {
        let led = post(&browser, page, place, fields).await;
        assert_eq!(led.url.path(), "/.sekisho/sign-in", "{place}: {}", led.text());
    }
    let there = app.store().account_by_login(&LoginName::parse("taro")).await.unwrap().unwrap().account;
    assert_eq!(there.groups.iter().map(ToString::to_string).collect::<Vec<_>>(), ["payments", "sellers"]);
    assert_eq!(gateway.inbox.newest().await, before);
}
