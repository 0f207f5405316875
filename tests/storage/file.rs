//! The file itself: who may read it, what can be read in it, and whose program it belongs to.

use std::{fs, os::unix::fs::PermissionsExt as _, sync::Arc};

use data_encoding::BASE64;
use sekisho::{
    account::{NewMethod, Target},
    authn::Input,
    keyring::Keyring,
    store::{Store, StoreError},
};

use crate::world::{Bench, NOW, PASSWORD, phone};

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// The database with its journals.
fn raw(bench: &Bench) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(bench.path.parent().unwrap()).unwrap() {
        bytes.extend(fs::read(entry.unwrap().path()).unwrap());
    }
    bytes
}

#[tokio::test]
async fn secrets_cannot_be_read_in_the_file() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.newcomer("taro").await);
    let complete = bench.ready(&hanako, NOW).await;
    bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    let pending = bench.begin(&taro, NOW).await;
    let pending = bench.proceed(&pending, Input::BeginEnrolment, NOW).await;
    let app = NewMethod { target: Target::App(taro.seed.clone()), label: None };
    let pending = bench.proceed(&pending, Input::Choose(app, bench.seed()), NOW).await;
    let (attempt, _) = bench.store.spend_enrolment_attempt(pending.id).await.unwrap().unwrap();
    let entered = crate::world::app_code(&taro.seed, NOW);
    let pending = bench.proceed(&pending, Input::Code { attempt, entered }, NOW).await;
    let challenge = bench.seed();
    let sms = NewMethod { target: Target::Sms(phone("080-9876-5432")), label: None };
    let pending = bench.proceed(&pending, Input::Choose(sms, challenge.clone()), NOW).await;
    let code = pending.sign_in.challenge().unwrap().code(&bench.keyring, NOW).unwrap();

    let bytes = raw(&bench);
    for (what, secret) in
        [("seed", hanako.seed.expose()), ("seed", taro.seed.expose()), ("nonce", challenge.nonce.expose())]
    {
        assert!(!contains(&bytes, secret), "{what}");
        assert!(!contains(&bytes, BASE64.encode(secret).as_bytes()), "{what} in base64");
    }
    assert!(!contains(&bytes, PASSWORD.as_bytes()));
    assert!(!contains(&bytes, format!("\"{}\"", code.expose()).as_bytes()));
    assert!(contains(&bytes, b"hanako"), "these are the bytes of the store");
}

#[tokio::test]
async fn only_the_owner_may_read_it() {
    let mut bench = Bench::new().await;
    bench.person("hanako").await;
    for entry in fs::read_dir(bench.path.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    bench.reopen().await;
    fs::set_permissions(&bench.path, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = Store::open_sqlite(&bench.path, bench.keyring.clone(), bench.entropy.clone()).await.unwrap_err();
    assert!(refused.to_string().contains("mode 640"), "{refused}");
}

#[tokio::test]
async fn a_place_without_a_file_is_an_error_that_names_it() {
    let bench = Bench::new().await;
    let missing = bench.path.parent().unwrap().join("missing").join("sekisho.db");
    let error = Store::open_sqlite(&missing, bench.keyring.clone(), bench.entropy.clone()).await.unwrap_err();
    assert!(matches!(&error, StoreError::File { path, .. } if *path == missing), "{error}");
    let directory = bench.path.parent().unwrap();
    let error = Store::open_sqlite(directory, bench.keyring.clone(), bench.entropy.clone()).await.unwrap_err();
    assert!(matches!(error, StoreError::File { .. }), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let bench = Bench::new().await;
    bench.newcomer("hanako").await;
    bench
        .plant(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'later', 1, x'00', 0)",
        )
        .await;
    let refused = Store::open_sqlite(&bench.path, bench.keyring.clone(), bench.entropy.clone()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Schema(_)), "{refused}");
    assert!(refused.to_string().contains("9999") && refused.to_string().contains("newer"), "{refused}");
    bench.plant("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
    let store = Store::open_sqlite(&bench.path, bench.keyring.clone(), bench.entropy.clone()).await.unwrap();
    assert_eq!(store.accounts().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_of_another_kind_is_refused() {
    let bench = Bench::new().await;
    let other = bench.path.with_extension("txt");
    fs::write(&other, "not a database, but long enough to be looked at as one".repeat(100)).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(Store::open_sqlite(&other, bench.keyring.clone(), bench.entropy.clone()).await.is_err());
    assert!(fs::read(&other).unwrap().starts_with(b"not a database"));
}

#[tokio::test]
async fn other_keys_open_no_sealed_column() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let pending = bench.beginning(&hanako, NOW).await;
    bench.store.begin_sign_in(&pending, NOW).await.unwrap().unwrap();
    bench.keyring = Arc::new(Keyring::generate(&*bench.entropy, NOW).unwrap());
    bench.reopen().await;
    let error = bench.store.account(hanako.id).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { table: "methods", column: "seed", .. }), "{error}");
    let error = bench.store.pending_sign_in(&pending.digest, NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { table: "sign_ins", column: "state", .. }), "{error}");
}

#[tokio::test]
async fn two_openings_of_one_file_work_side_by_side() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let command = Store::open_sqlite(&bench.path, bench.keyring.clone(), bench.entropy.clone()).await.unwrap();
    let session = bench.sign_in(&hanako, NOW).await;
    assert_eq!(command.end_sessions(hanako.id).await.unwrap().len(), 1);
    assert!(bench.store.session(session.digest()).await.unwrap().is_none());
}
