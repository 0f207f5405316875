//! Accounts in bulk: none replaces another, a dry run leaves nothing, an unproven number is no method, an erased account
//! leaves no trace in the file.

use sekisho::{
    account::{EmailAddress, Group, LoginName, UserName},
    language::Language,
    store::{AccountEdit, ImportRun, ImportedAccount, NewAccount, NewAccountError},
};

use crate::world::{Bench, NOW, phone};

fn imported(bench: &Bench, name: &str) -> ImportedAccount {
    ImportedAccount { new: bench.new_account(name), numbers: vec![phone("03-1234-5678"), phone("090-8765-4321")] }
}

async fn names(bench: &Bench) -> Vec<String> {
    bench.store.accounts().await.unwrap().into_iter().map(|a| a.account.user_name.as_str().to_owned()).collect()
}

#[tokio::test]
async fn an_import_makes_what_it_can_and_replaces_nothing() {
    let bench = Bench::new().await;
    let first = bench.new_account("hanako");
    bench.store.create_account(&first).await.unwrap().unwrap();
    let mut same_mail = imported(&bench, "akemi");
    same_mail.new.account.email = Some(EmailAddress::parse("jiro@example.jp").unwrap());
    let batch = [
        imported(&bench, "jiro"),
        imported(&bench, "hanako"),
        same_mail,
        imported(&bench, "taro"),
        imported(&bench, "taro"),
    ];
    let expected = [
        Ok(()),
        Err(NewAccountError::UserNameTaken),
        Err(NewAccountError::EmailTaken),
        Ok(()),
        Err(NewAccountError::UserNameTaken),
    ];

    assert_eq!(bench.store.import_accounts(&batch, ImportRun::Dry).await.unwrap(), expected);
    assert_eq!(names(&bench).await, ["hanako"], "a dry run changes nothing");

    assert_eq!(bench.store.import_accounts(&batch, ImportRun::Real).await.unwrap(), expected);
    assert_eq!(names(&bench).await, ["hanako", "jiro", "taro"]);
    let kept = bench.store.credentials(&LoginName::parse("hanako")).await.unwrap().unwrap();
    assert_eq!((kept.account, kept.hash), (first.account, first.hash));
    let again = bench.store.import_accounts(&batch, ImportRun::Real).await.unwrap();
    assert!(again.iter().all(Result::is_err), "a second run finds them all there: {again:?}");
}

#[tokio::test]
async fn imported_numbers_are_no_methods_and_go_with_the_first_pair() {
    let bench = Bench::new().await;
    let new = imported(&bench, "hanako");
    let id = new.new.account.id;
    assert_eq!(bench.store.import_accounts(std::slice::from_ref(&new), ImportRun::Real).await.unwrap(), [Ok(())]);
    assert_eq!(bench.store.imported_numbers(id).await.unwrap(), new.numbers);
    assert!(bench.store.account(id).await.unwrap().unwrap().pair.is_none());

    let person = crate::world::Person {
        id,
        name: LoginName::parse("hanako"),
        seed: sekisho::authn::totp::seed(&*bench.entropy),
    };
    bench.enrol(&person).await;
    assert!(bench.store.account(id).await.unwrap().unwrap().pair.is_some());
    assert!(bench.store.imported_numbers(id).await.unwrap().is_empty());
}

#[tokio::test]
async fn pages_of_accounts_are_the_list_in_order_with_their_methods() {
    let bench = Bench::new().await;
    for name in ["c", "a", "e", "b", "d"] {
        if name < "d" {
            bench.person(name).await
        } else {
            bench.newcomer(name).await
        };
    }
    let mut seen = Vec::new();
    let mut after: Option<UserName> = None;
    loop {
        let page = bench.store.accounts_after(after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.account.user_name.clone());
        seen.extend(page.iter().map(|a| (a.account.user_name.as_str().to_owned(), a.pair.is_some())));
    }
    let expected = [("a", true), ("b", true), ("c", true), ("d", false), ("e", false)];
    assert_eq!(seen, expected.map(|(name, pair)| (name.to_owned(), pair)));
}

#[tokio::test]
async fn an_edit_changes_what_it_names_and_leaves_sessions_and_credentials() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let session = bench.sign_in(&hanako, NOW).await;
    let before = bench.store.account(hanako.id).await.unwrap().unwrap().account;
    let edit = AccountEdit {
        user_name: Some(UserName::parse("yamada").unwrap()),
        email: Some(Some(EmailAddress::parse("yamada@example.jp").unwrap())),
        groups: Some(vec![Group::parse("staff").unwrap()]),
        language: Some(Language::En),
        ..AccountEdit::default()
    };
    let edited = bench.store.edit_account(hanako.id, &edit, &[], &[]).await.unwrap().unwrap().unwrap();
    assert_eq!(edited.account.display_name, before.display_name, "what is not named stays");
    assert_eq!(edited.account.credential_version, before.credential_version);
    assert_eq!(edited.sessions.iter().map(|s| s.digest).collect::<Vec<_>>(), [*session.digest()]);
    let stored = bench.store.session(session.digest()).await.unwrap().unwrap();
    assert_eq!(stored.account, edited.account, "the session goes on and sees the change");
    assert!(bench.store.account_by_login(&LoginName::parse("hanako@example.jp")).await.unwrap().is_none());

    let links = async || {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&bench.path);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        let rows = sqlx::query("SELECT purpose FROM links ORDER BY purpose").fetch_all(&pool).await.unwrap();
        pool.close().await;
        rows.iter().map(|row| sqlx::Row::get::<String, _>(row, 0)).collect::<Vec<_>>()
    };
    bench
        .plant(
            "INSERT INTO links (id, key, account_id, purpose, created_at, expires_at)
             SELECT p.value || a.id, 1, a.id, p.value, 0, 1 FROM accounts a,
                 json_each('[\"password_reset\", \"not_me\"]') p",
        )
        .await;
    let same = AccountEdit { email: Some(edited.account.email.clone()), ..AccountEdit::default() };
    bench.store.edit_account(hanako.id, &same, &[], &[]).await.unwrap().unwrap().unwrap();
    assert_eq!(links().await, ["not_me", "not_me", "password_reset", "password_reset"], "nothing moved");

    let no_name = AccountEdit { email: Some(None), display_name: Some(None), ..AccountEdit::default() };
    let edited = bench.store.edit_account(hanako.id, &no_name, &[], &[]).await.unwrap().unwrap().unwrap().account;
    assert_eq!((edited.email, edited.display_name), (None, None));
    assert_eq!(links().await, ["not_me", "not_me", "password_reset"], "what was mailed to the old address is void");

    for (edit, why) in [
        (
            AccountEdit { user_name: UserName::parse("taro").ok(), ..AccountEdit::default() },
            NewAccountError::UserNameTaken,
        ),
        (
            AccountEdit { email: Some(EmailAddress::parse("taro@example.jp").ok()), ..AccountEdit::default() },
            NewAccountError::EmailTaken,
        ),
    ] {
        assert_eq!(bench.store.edit_account(hanako.id, &edit, &[], &[]).await.unwrap().unwrap().unwrap_err(), why);
        assert!(bench.store.edit_account(taro.id, &edit, &[], &[]).await.unwrap().unwrap().is_ok(), "its own name");
    }
    let nobody = sekisho::account::AccountId::random(&*bench.entropy);
    assert!(bench.store.edit_account(nobody, &no_name, &[], &[]).await.unwrap().is_none());
}

#[tokio::test]
async fn a_deleted_account_leaves_no_trace_in_the_file() {
    let bench = Bench::new().await;
    let mut new = imported(&bench, "kieru");
    let NewAccount { account, .. } = &mut new.new;
    account.display_name = Some("消える 人物".to_owned());
    let id = account.id;
    assert_eq!(bench.store.import_accounts(&[new], ImportRun::Real).await.unwrap(), [Ok(())]);
    let stays = bench.person("nokoru").await;
    let found = |text: &str| {
        let files = std::fs::read_dir(bench.path.parent().unwrap()).unwrap();
        files
            .filter(|file| {
                let bytes = std::fs::read(file.as_ref().unwrap().path()).unwrap();
                bytes.windows(text.len()).any(|part| part == text.as_bytes())
            })
            .count()
    };
    let traces = ["kieru@example.jp", "消える 人物", "+819087654321"];
    assert!(traces.iter().all(|trace| found(trace) > 0), "they are there before");

    assert!(bench.store.delete_account(id).await.unwrap().unwrap().is_empty());
    for trace in traces {
        assert_eq!(found(trace), 0, "{trace}");
    }
    assert!(bench.store.account(id).await.unwrap().is_none());
    assert!(bench.store.delete_account(id).await.unwrap().is_none(), "there is none any more");

    let session = bench.sign_in(&stays, NOW).await;
    let ended = bench.store.delete_account(stays.id).await.unwrap().unwrap();
    assert_eq!(ended.iter().map(|s| s.digest).collect::<Vec<_>>(), [*session.digest()]);
    assert!(bench.store.session(session.digest()).await.unwrap().is_none());
}
