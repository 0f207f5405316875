//! Imported accounts, edits and deletions by the command line, as the people concerned see them through the gateway.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use crate::{
    steps,
    support::{authenticator, browser::Speaks, gateway::Gateway, people::PASSWORD},
};
use sekisho::clock::Clock as _;

/// Runs the binary beside the gateway; what it wrote.
async fn operate(gateway: &Gateway, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(arguments).arg("--config").arg(gateway.settings.directory.join("sekisho.toml"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let input = input.to_owned();
    let run = move || {
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let (told, wrong) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{told}{wrong}");
    told
}

async fn stored_hash(gateway: &Gateway, user: &str) -> String {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(gateway.settings.directory.join("sekisho.db"));
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let row = sqlx::query("SELECT password_hash FROM accounts WHERE user_name = $1").bind(user).fetch_one(&pool).await;
    let hash: String = sqlx::Row::get(&row.unwrap(), 0);
    pool.close().await;
    hash
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_imported_bcrypt_account_signs_in_and_its_hash_becomes_argon2id() {
    let gateway = Gateway::start(&[], &[], "").await;
    let hash = bcrypt::hash_with_salt(PASSWORD, 4, [9; 16]).unwrap().to_string();
    let told = operate(&gateway, &["user", "import", "--format", "htpasswd", "-"], &format!("imako:{hash}\n")).await;
    assert!(told.contains("imported: 1; refused: 0"), "{told}");
    assert_eq!(stored_hash(&gateway, "imako").await, hash);

    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let form = page.form_with("password");
    let page = browser.submit(&page, &form, &[("user_name", "imako"), ("password", "correct horse")]).await;
    assert!(page.text().contains("isn't right"), "{}", page.text());
    assert_eq!(stored_hash(&gateway, "imako").await, hash, "a wrong password replaces nothing");

    let page = steps::password(&browser, &page, "imako").await;
    assert!(page.url.path().starts_with("/.sekisho/enrolment"), "{}", page.text());
    let upgraded = stored_hash(&gateway, "imako").await;
    assert!(upgraded.starts_with("$argon2id$"), "upgraded at the first right password");

    let again = gateway.browser(Speaks::Http2, "en");
    let page = steps::password(&again, &again.open("/").await, "imako").await;
    assert!(page.url.path().starts_with("/.sekisho/enrolment"), "{}", page.text());
    assert_eq!(stored_hash(&gateway, "imako").await, upgraded, "and not again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_sees_edits_with_the_next_request_and_a_deleted_account_has_none() {
    let gateway = Gateway::start(&[], &["taro"], "").await;
    let browser = gateway.browser(Speaks::Http2, "en");
    let page = browser.open("/").await;
    let page = steps::password(&browser, &page, "taro").await;
    let code = authenticator::code(&gateway.secrets[0], gateway.clock.now());
    steps::code(&browser, &page, &code, true).await;
    browser.open("/orders").await;
    assert_eq!(gateway.upstream.last().one("x-sekisho-groups"), "payments,sellers");

    let edit =
        ["user", "edit", "taro", "--remove-group", "payments", "--add-group", "audit", "--email", "t@example.jp"];
    let before = gateway.inbox.newest().await;
    operate(&gateway, &edit, "").await;
    let mail = gateway.inbox.after(before, "mail").await;
    assert_eq!(mail.to, "taro@example.jp", "the address it had is told: {}", mail.text);
    let page = browser.open("/orders").await;
    assert_eq!(page.status, 200, "the session goes on: {}", page.text());
    let request = gateway.upstream.last();
    assert_eq!(request.one("x-sekisho-groups"), "audit,sellers");
    assert_eq!(request.one("x-sekisho-email"), "t@example.jp");

    let told = operate(&gateway, &["user", "delete", "taro", "--yes"], "").await;
    assert!(told.contains("sessions ended: 1"), "{told}");
    let before = gateway.upstream.seen().len();
    let page = browser.open("/orders").await;
    assert_eq!(page.url.path(), "/.sekisho/sign-in", "{}", page.text());
    let page = steps::password(&browser, &page, "taro").await;
    assert!(page.text().contains("isn't right"), "neither password nor trust opens it: {}", page.text());
    assert_eq!(gateway.upstream.seen().len(), before, "nothing more reached the console");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_was_read_in_part_is_replaced_before_the_console() {
    const NEW: &str = "eleven tame herons";
    let gateway = Gateway::start(&["other"], &[], "").await;
    let read = "関".repeat(24);
    let hash = bcrypt::hash_with_salt(&read, 4, [9; 16]).unwrap();
    operate(&gateway, &["user", "import", "--format", "htpasswd", "-"], &format!("imako:{hash}\n")).await;

    let browser = gateway.browser(Speaks::Http2, "en");
    let page = browser.open("/orders").await;
    let typed = format!("{read}守の終わり");
    let page =
        browser.submit(&page, &page.form_with("password"), &[("user_name", "imako"), ("password", &typed)]).await;
    let page = steps::begin_enrolment(&browser, &page).await;
    let page = steps::choose(&browser, &page, "sms", "090-1234-5678").await;
    let code = gateway.inbox.after(0, "sms").await;
    let page = steps::code(&browser, &page, &code.code(), false).await;
    let page = steps::choose(&browser, &page, "voice", "03-1234-5678").await;
    let call = gateway.inbox.after(code.id, "voice").await;
    let page = steps::code(&browser, &page, &call.code(), false).await;
    assert_eq!(page.url.path(), "/.sekisho/enrolment/done", "{}", page.text());

    let page = browser.open("/orders").await;
    assert_eq!(page.url.path(), "/.sekisho/settings/password", "{}", page.text());
    assert!(page.text().contains("read only the beginning of long passwords"), "{}", page.text());
    assert_eq!(browser.fetch("/api/orders").await.status, 401);
    assert!(gateway.upstream.seen().is_empty(), "nothing reached the console");
    let fields = [("present", typed.as_str()), ("new", NEW), ("again", NEW)];
    let page = browser.submit(&page, &page.form_to("/.sekisho/settings/password"), &fields).await;
    assert_eq!(page.url.path(), "/orders", "on to where the person was going: {}", page.text());
    assert!(stored_hash(&gateway, "imako").await.starts_with("$argon2id$"));
    assert!(browser.fetch("/api/orders").await.status == 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_imported_number_is_picked_by_its_last_digits_and_proven_by_a_code() {
    let gateway = Gateway::start(&["other"], &[], "").await;
    let hash = bcrypt::hash_with_salt(PASSWORD, 4, [9; 16]).unwrap();
    let list = format!("user_name,password_hash,phone\nimako,{hash},090-8765-4378\n");
    operate(&gateway, &["user", "import", "--format", "csv", "-"], &list).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let page = steps::password(&browser, &page, "imako").await;
    let page = steps::begin_enrolment(&browser, &page).await;
    assert!(page.text().contains("The number ending 78"), "{}", page.text());
    assert!(!page.body.contains("8765") && !page.body.contains("4378"), "the page has no more of it");
    let page = browser.submit(&page, &page.form_with("kind"), &[("kind", "sms"), ("known", "0"), ("phone", "")]).await;
    let message = gateway.inbox.after(0, "sms").await;
    assert_eq!(message.to, "+819087654378");
    assert!(!page.body.contains("8765") && !page.text().contains("You entered"), "{}", page.text());
    let back = browser.submit(&page, &page.form_to("/.sekisho/enrolment/choose-again"), &[]).await;
    assert!(!back.body.contains("8765") && !back.body.contains("4378"), "nor when going back");
    let form = back.form_with("kind");
    gateway.clock.advance(std::time::Duration::from_secs(30));
    let page = browser.submit(&back, &form, &[("kind", "sms"), ("known", "0"), ("phone", "")]).await;
    let page = steps::code(&browser, &page, &message.code(), false).await;
    assert!(!page.text().contains("A number we have for you"), "it is the primary now: {}", page.text());
}
