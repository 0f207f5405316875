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
    assert_eq!(count(&gateway, "sms", "新しい端末からログイン").await, 1, "a new browser is told to the other method");
    assert_eq!(count(&gateway, "sms", "").await, 2, "small news go by mail only");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_is_new_is_told_once_to_the_other_method_and_by_mail() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let again = async || {
        steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
        steps::sign_out(&browser).await;
        gateway.clock.advance(std::time::Duration::from_mins(11));
    };
    again().await;
    told(&gateway, "mail", "新しい端末からログインがありました").await;
    told(&gateway, "sms", "新しい端末からログインがありました").await;
    again().await;
    // The same kind of browser on the same network, without a sign of having been here.
    let twin = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &twin, "old", &gateway.secrets[0]).await;
    // Each channel has a worker of its own: they arrive in either order.
    let counts =
        async || (count(&gateway, "sms", "新しい端末から").await, count(&gateway, "mail", "新しい端末から").await);
    crate::support::eventually("the second browser's notices", async || {
        let (texts, mails) = counts().await;
        (texts >= 2 && mails >= 2).then_some(())
    })
    .await;
    assert_eq!(counts().await, (2, 2), "and nothing of the one that is known");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_token_is_told_to_its_owner() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let account = gateway.app().find_account("old").await.unwrap().unwrap().account;
    let (paths, methods) = (vec!["/api".to_owned()], vec!["GET".to_owned()]);
    let scope = sekisho::session::TokenScope { paths, methods, networks: Vec::new() };
    let lifetime = std::time::Duration::from_hours(24);
    let order = sekisho::app::TokenOrder { label: "月次の取り込み".to_owned(), scope, lifetime };
    let made = gateway.app().create_token(&account, order).await.unwrap().unwrap();
    let mail = told(&gateway, "mail", "アクセストークンを発行しました").await;
    assert!(mail.text.contains("用途：月次の取り込み") && mail.text.contains("有効期限："), "{}", mail.text);
    assert!(mail.text.contains("すぐに運営窓口へ") && !mail.text.contains("/.sekisho/link/"), "{}", mail.text);
    let text = told(&gateway, "sms", "アクセストークンが発行されました").await;
    let secret = sekisho::secret::ExposeSecret::expose_secret(&made.text);
    assert!(![&mail.text, &text.text].iter().any(|said| said.contains(secret)), "its text is told to nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_number_is_told_that_it_was_replaced_by_a_call_too() {
    let gateway = Gateway::start(&[], &[], "").await;
    let secret = people::add_with_landline(gateway.app(), "kenji", "03-1234-5656").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    steps::sign_in(&gateway, &browser, "kenji", &secret).await;
    let method = browser.open("/.sekisho/settings/backup").await;
    let choose = browser.submit(&method, &method.form_to("/.sekisho/settings/replace/begin"), &[]).await;
    let before = gateway.inbox.newest().await;
    let prove = steps::choose(&browser, &choose, "sms", "080-8765-4321").await;
    let code = gateway.inbox.code_after(before, "sms").await.code();
    let done = steps::code(&browser, &prove, &code, false).await;
    assert!(done.text().contains("The new method is in place."), "{}", done.text());
    let call = told(&gateway, "voice", "バックアップ手段が変更されました").await;
    assert!(call.to.ends_with("56"), "{}", call.to);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_comes_in_the_language_that_was_chosen_for_the_pages() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let by_text = async |browser: &Browser| {
        let page = browser.open("/").await;
        steps::password(browser, &page, "old").await;
        let help = browser.open("/.sekisho/code/help").await;
        let before = gateway.inbox.newest().await;
        browser.submit(&help, &help.form_to("/.sekisho/code/way"), &[("way", "backup")]).await;
        gateway.inbox.code_after(before, "sms").await.text
    };
    let text = by_text(&browser).await;
    assert!(text.starts_with("認証コード："), "the browser's own wish is no choice: {text}");
    gateway.clock.advance(std::time::Duration::from_mins(20));
    browser.plant("__Host-sekisho-lang", "en");
    let text = by_text(&browser).await;
    assert!(text.contains("is your") && !text.contains("認証コード"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_up_by_the_password_alone_is_shown_to_operators() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    people::add_without_mail(gateway.app(), "bare").await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = steps::first_sign_in(&gateway, &browser, "bare").await;
    steps::enrol_app_and_sms(&gateway, &browser, &page, "080-8765-4321").await;
    let opened = async |user: &str| gateway.app().find_account(user).await.unwrap().unwrap().enrolled_by;
    assert_eq!(opened("bare").await, Some(sekisho::authn::OpenedBy::Password));
    assert_eq!(opened("old").await, None, "as it was before this was noted");
}
