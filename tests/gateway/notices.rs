//! What is told of changes: by mail with a way to say "this wasn't me", where no mail can be sent by text, and by the
//! other method where one pauses.

use sekisho::clock::Clock as _;

use crate::{
    steps::{self, wrong},
    support::{
        authenticator,
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
        inbox::Message,
        people,
    },
};

/// Waits for a message that says this.
async fn told(gateway: &Gateway, channel: &str, says: &str) -> Message {
    crate::support::eventually(&format!("{says} by {channel}"), async || {
        let messages = gateway.inbox.messages().await;
        messages.into_iter().find(|m| m.channel == channel && m.text.contains(says))
    })
    .await
}

async fn count(gateway: &Gateway, channel: &str, says: &str) -> usize {
    let messages = gateway.inbox.messages().await;
    messages.into_iter().filter(|m| m.channel == channel && m.text.contains(says)).count()
}

async fn change(browser: &Browser, path: &str, typed: &[(&str, &str)]) -> Page {
    let page = browser.open("/.sekisho/settings").await;
    browser.submit(&page, &page.form_to(path), typed).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_in_the_settings_is_mailed_with_a_way_to_stop_the_account() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let other = gateway.browser(Speaks::Http1, "en");
    let page = other.open("/").await;
    let page = steps::password(&other, &page, "old").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::code(&other, &page, &code, true).await;
    gateway.clock.advance(std::time::Duration::from_secs(30));
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;

    let rename = async |label: &str| {
        let method = browser.open("/.sekisho/settings/backup").await;
        browser.submit(&method, &method.form_to("/.sekisho/settings/label"), &[("label", label)]).await
    };
    rename("家族の電話").await;
    change(&browser, "/.sekisho/settings/trust", &[("device", "all")]).await;
    change(&browser, "/.sekisho/settings/sessions", &[("session", "others")]).await;
    change(&browser, "/.sekisho/settings/language", &[("messages", "en")]).await;
    for says in [
        "バックアップ手段の呼び名が変更されました",
        "信頼済みの端末の登録が、すべて解除されました",
        "ほかのログイン中の端末がすべてログアウトされました",
        "SMS・音声通話・メールの言語が、英語に変更されました",
    ] {
        let mail = told(&gateway, "mail", says).await;
        assert!(mail.to == "old@example.jp" && mail.text.contains("/.sekisho/link/"), "{}", mail.text);
    }
    // What changes nothing tells nothing; the mail that follows comes after whatever went before it.
    rename("家族の電話").await;
    change(&browser, "/.sekisho/settings/language", &[("messages", "en")]).await;
    change(&browser, "/.sekisho/settings/swap", &[]).await;
    told(&gateway, "mail", "were swapped").await;
    for says in ["The name of the", "Text messages, calls and mails"] {
        assert_eq!(count(&gateway, "mail", says).await, 0, "{says}");
    }
    told(&gateway, "sms", "were swapped").await;
    assert_eq!(count(&gateway, "sms", "").await, 1, "small news go by mail only");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_mail_can_be_sent_the_phone_is_told() {
    let gateway = Gateway::start(&["fresh"], &["old"], "").await;
    let other = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &other, "old", &gateway.secrets[0]).await;
    gateway.clock.advance(std::time::Duration::from_secs(30));
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    change(&browser, "/.sekisho/settings/sessions", &[("session", "others")]).await;
    told(&gateway, "sms", "ほかの端末がすべてログアウトされました。お心当たりがなければ").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_after_five_wrong_codes_is_told_by_the_other_method_and_by_mail() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let mut page = steps::password(&browser, &page, "old").await;
    for _ in 0..4 {
        let code = wrong(&authenticator::code(&gateway.secrets[0], gateway.clock.now()));
        page = steps::code(&browser, &page, &code, false).await;
    }
    assert_eq!(gateway.inbox.newest().await, 0, "four wrong codes are nobody's business");
    let fifth = wrong(&authenticator::code(&gateway.secrets[0], gateway.clock.now()));
    page = steps::code(&browser, &page, &fifth, false).await;
    assert!(page.text().contains("You can enter a code again at"), "{}", page.text());
    let mail = told(&gateway, "mail", "第一手段（認証アプリ）を一時的に停止しました").await;
    assert!(mail.text.contains("ほかの人がパスワードを知っているおそれがあります"), "{}", mail.text);
    assert!(mail.text.contains("/.sekisho/link/") && mail.text.contains("再開："), "{}", mail.text);
    let text = told(&gateway, "sms", "第一手段を一時的に停止しました").await;
    assert!(!text.text.contains("old"), "{}", text.text);
    assert_eq!(count(&gateway, "mail", "停止").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_is_told_what_an_owner_changes_and_that_the_sign_in_is_gone() {
    let users = "[users]\ngrantable_groups = [\"orders\", \"payments\"]\n";
    let gateway = Gateway::start(&[], &[], users).await;
    let secret = people::add_member(gateway.app(), "hanako", "山田商店", true).await;
    people::add_member(gateway.app(), "taro", "山田商店", false).await;
    let owner = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &owner, "hanako", &secret).await;
    let id = gateway.app().find_account("taro").await.unwrap().unwrap().account.id;
    for _ in 0..2 {
        let page = owner.open(&format!("/.sekisho/users/edit?user={id}")).await;
        let form = page.form_to("/.sekisho/users/groups");
        let page = owner.submit(&page, &form, &[("group-0", "orders")]).await;
        assert!(page.text().contains("The permissions were changed."), "{}", page.text());
    }
    let page = owner.open(&format!("/.sekisho/users/remove?user={id}")).await;
    owner.submit(&page, &page.form_to("/.sekisho/users/remove"), &[]).await;
    let gone = told(&gateway, "mail", "ログイン「taro」を削除しました").await;
    let changed = told(&gateway, "mail", "権限を変更しました").await;
    for mail in [&gone, &changed] {
        assert_eq!(mail.to, "taro@example.jp");
        assert!(!mail.text.contains("/.sekisho/link/"), "an owner may: {}", mail.text);
    }
    assert!(changed.text.contains("現在の権限：orders"), "{}", changed.text);
    assert_eq!(count(&gateway, "mail", "権限を変更しました").await, 1, "the same again is no news");
}
