//! The recovery request through the whole gateway: asked for at the code page, told to every channel, cancelled by the
//! mailed link or by a code, decided after the wait, and both methods set up anew with the ticket.

use std::time::Duration;

use sekisho::{
    app::recovery::ApprovedRecovery,
    authn::recovery::{Operator, Receipt, RecoveryRefusal},
    secret::ExposeSecret as _,
    store::NotDecided,
};

use crate::{
    steps,
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
        settings,
    },
};
use sekisho::clock::Clock as _;

const ANNA: Operator = Operator::user(1001);
const BEN: Operator = Operator::user(1002);
const DAY: Duration = Duration::from_hours(24);

/// Password, then "Can't use your authenticator app?", then the request page by its link.
async fn request_page(browser: &Browser) -> Page {
    let page = browser.open("/orders").await;
    let page = steps::password(browser, &page, "hana").await;
    assert_eq!(page.url.path(), "/.sekisho/code", "{}", page.text());
    let help = browser.open("/.sekisho/code/help").await;
    let link = help
        .links()
        .into_iter()
        .find(|link| link.split('?').next() == Some("/.sekisho/recovery"))
        .expect("a link to recovery");
    browser.open(&link).await
}

/// Asks, and reads the receipt number off the page.
async fn ask(browser: &Browser) -> (Page, Receipt) {
    let page = request_page(browser).await;
    let page = browser.submit(&page, &page.form_to("/.sekisho/recovery"), &[]).await;
    let receipt = page
        .text()
        .split_whitespace()
        .find_map(|word| word.get(4..5).filter(|dash| *dash == "-").and(Receipt::parse(word)));
    let receipt = receipt.unwrap_or_else(|| panic!("a receipt number: {}", page.text()));
    (page, receipt)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_whoever_can_use_neither_method_waits_is_approved_and_sets_both_up_anew() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let app = gateway.app();
    let (browser, other) = (gateway.browser(Speaks::Http2, "en"), gateway.browser(Speaks::Http1, "en"));
    steps::sign_in(&gateway, &other, "hana", &gateway.secrets[0]).await;
    gateway.clock.advance(Duration::from_secs(30));

    let before = gateway.inbox.newest().await;
    let (page, receipt) = ask(&browser).await;
    assert!(
        page.text().contains("14:21 on 23 November") || page.text().contains("14:20 on 23 November"),
        "{}",
        page.text()
    );
    // The notice of the new browser may come after the number was asked for.
    let mail = steps::mail_saying(&gateway, before, receipt.as_str()).await;
    assert!(mail.text.contains("/.sekisho/link/"), "{}", mail.text);
    let sms = crate::support::eventually("the text message", async || {
        let messages = gateway.inbox.messages().await;
        messages.into_iter().find(|m| m.id > before && m.channel == "sms" && m.text.contains("アカウント回復の申請"))
    })
    .await;
    assert!(!sms.text.contains("hana"), "{}", sms.text);

    // Pressed again, opened again: the same request, and nobody is told twice.
    let again = browser.open("/.sekisho/recovery").await;
    assert!(again.text().contains(receipt.as_str()), "{}", again.text());
    assert!(again.forms().iter().all(|form| form.action != "/.sekisho/recovery"), "{}", again.text());

    let early = app.approve_recovery(&receipt, ANNA).await.unwrap().unwrap_err();
    assert!(matches!(early, NotDecided::Refused(RecoveryRefusal::TooEarly(_))), "{early}");
    assert_eq!(other.open("/orders").await.status, 200, "nothing has changed for the session");

    gateway.clock.advance(DAY);
    let page = request_page(&browser).await;
    assert!(page.text().contains("The waiting time is over"), "{}", page.text());
    let before = gateway.inbox.newest().await;
    let ApprovedRecovery::Completed(reset) = app.approve_recovery(&receipt, ANNA).await.unwrap().unwrap() else {
        panic!("one operator is enough by default")
    };
    steps::mail_saying(&gateway, before, "承認されました").await;
    gateway.inbox.after(before, "sms").await;
    let late = app.approve_recovery(&receipt, BEN).await.unwrap().unwrap_err();
    assert_eq!(late, NotDecided::Refused(RecoveryRefusal::Approved));

    // Every session is gone, the old code with it; the password alone leads to the ticket and no further.
    assert_eq!(other.open("/orders").await.url.path(), "/.sekisho/sign-in");
    let page = browser.open("/orders").await;
    let page = steps::password(&browser, &page, "hana").await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment", "{}", page.text());
    let page = browser.submit(&page, &page.form_with("ticket"), &[("ticket", "AAAA-AAAA-AAAA-AAAA")]).await;
    assert!(page.text().contains("That ticket isn't right."), "{}", page.text());
    let typed = reset.ticket.expose_secret().to_lowercase();
    let page = browser.submit(&page, &page.form_with("ticket"), &[("ticket", &typed)]).await;

    let page = if page.forms().iter().any(|form| form.action == "/.sekisho/enrolment/begin") {
        steps::begin_enrolment(&browser, &page).await
    } else {
        page
    };
    let page = steps::choose(&browser, &page, "app", "").await;
    let key = steps::app_key(&page);
    let page = steps::code(&browser, &page, &authenticator::code(&key, gateway.clock.now()), false).await;
    let before = gateway.inbox.newest().await;
    let page = steps::choose(&browser, &page, "sms", "090-8765-4321").await;
    let code = gateway.inbox.after(before, "sms").await.code();
    let page = steps::code(&browser, &page, &code, false).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment/done", "{}", page.text());
    assert_eq!(browser.open("/orders").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_comes_after_all_cancels_the_request_and_says_so() {
    let gateway = Gateway::start(&[], &["hana"], "").await;
    let (thief, owner) = (gateway.browser(Speaks::Http2, "en"), gateway.browser(Speaks::Http1, "en"));
    let (_, receipt) = ask(&thief).await;
    let before = gateway.inbox.newest().await;
    steps::sign_in(&gateway, &owner, "hana", &gateway.secrets[0]).await;
    let mail = crate::support::eventually("the news that it was cancelled", async || {
        let messages = gateway.inbox.messages().await;
        messages.into_iter().find(|m| m.id > before && m.channel == "mail" && m.text.contains("取り消されました"))
    })
    .await;
    assert!(mail.text.contains(receipt.as_str()), "{}", mail.text);
    gateway.clock.advance(DAY);
    let refused = gateway.app().approve_recovery(&receipt, ANNA).await.unwrap().unwrap_err();
    assert_eq!(refused, NotDecided::Refused(RecoveryRefusal::Cancelled));
    let page = request_page(&thief).await;
    assert!(page.text().contains("was cancelled"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_operators_are_two_and_a_refusal_is_told() {
    let gateway = Gateway::start(&[], &["hana"], "[recovery]\noperators = 2\nwait = \"1h\"\n").await;
    let browser = gateway.browser(Speaks::Http2, "ja");
    let (_, receipt) = ask(&browser).await;
    gateway.clock.advance(Duration::from_hours(1));
    let app = gateway.app();
    let first = app.approve_recovery(&receipt, ANNA).await.unwrap().unwrap();
    assert!(matches!(first, ApprovedRecovery::Counted { given: 1, needed: 2 }), "{first:?}");
    let twice = app.approve_recovery(&receipt, ANNA).await.unwrap().unwrap_err();
    assert_eq!(twice, NotDecided::Refused(RecoveryRefusal::SameOperator));
    app.refuse_recovery(&receipt, BEN).await.unwrap().unwrap();
    let page = request_page(&browser).await;
    assert!(page.text().contains("承認されませんでした"), "{}", page.text());
    assert!(app.open_recovery_of(app.find_account("hana").await.unwrap().unwrap().account.id).await.unwrap().is_none());

    // Three within 30 days, then none.
    for _ in 0..2 {
        let (_, receipt) = ask(&browser).await;
        app.refuse_recovery(&receipt, ANNA).await.unwrap().unwrap();
    }
    let page = request_page(&browser).await;
    assert!(page.forms().iter().all(|form| form.action != "/.sekisho/recovery"), "{}", page.text());
    assert!(page.text().contains("30日間に3回まで"), "{}", page.text());
    gateway.clock.advance(30 * DAY);
    ask(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mailed_link_shows_a_button_that_cancels_once_and_not_after_the_approval() {
    let gateway = Gateway::start(&[], &["hana"], settings::MAIL).await;
    let app = gateway.app();
    let (browser, owner) = (gateway.browser(Speaks::Http2, "en"), gateway.browser(Speaks::Http1, "en"));
    let link = async |before| {
        let mail = gateway.inbox.after(before, "mail").await;
        let address = mail.text.lines().find(|line| line.contains("/.sekisho/link/")).expect("a link").to_owned();
        address[address.find("/.sekisho/").expect("our own page")..].to_owned()
    };

    let before = gateway.inbox.newest().await;
    let (_, receipt) = ask(&browser).await;
    let address = link(before).await;
    let page = owner.open(&address).await;
    assert_eq!(page.url.path(), "/.sekisho/link", "no token stays in the address");
    assert!(page.text().contains(receipt.as_str()), "{}", page.text());
    let page_again = owner.open(&address).await;
    assert!(page_again.text().contains(receipt.as_str()), "looking changes nothing: {}", page_again.text());
    let done = owner.submit(&page, &page.form_to("/.sekisho/link"), &[]).await;
    assert!(done.text().contains("The request is cancelled"), "{}", done.text());
    let over = owner.open(&address).await;
    assert!(over.forms().iter().all(|form| form.action != "/.sekisho/link"), "{}", over.text());
    gateway.clock.advance(DAY);
    let refused = app.approve_recovery(&receipt, ANNA).await.unwrap().unwrap_err();
    assert_eq!(refused, NotDecided::Refused(RecoveryRefusal::Cancelled));

    let before = gateway.inbox.newest().await;
    let (_, receipt) = ask(&browser).await;
    let address = link(before).await;
    let page = owner.open(&address).await;
    gateway.clock.advance(DAY);
    let approved = app.approve_recovery(&receipt, ANNA).await.unwrap().unwrap();
    assert!(matches!(approved, ApprovedRecovery::Completed(_)));
    let late = owner.submit(&page, &page.form_to("/.sekisho/link"), &[]).await;
    assert!(!late.text().contains("The request is cancelled"), "{}", late.text());
}
