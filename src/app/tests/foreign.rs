//! Hashes that other programs made: what checking them may cost, and whom it may hold up.

use std::{
    pin::Pin,
    sync::{Arc, mpsc},
    time::Duration,
};

use super::{Jar, PASSWORD, WRONG, World};
use crate::{
    account::{LoginName, UserName},
    app::{PasswordOutcome, PasswordRefusal, hashing::HashingPool, import::ImportedPerson},
    authn::{Password, PasswordHash},
    language::Language,
    store::ImportRun,
};

fn bcrypt(password: &str) -> PasswordHash {
    PasswordHash::imported(&bcrypt::hash_with_salt(password, 4, [9; 16]).unwrap().to_string()).unwrap()
}

impl World {
    async fn imported(&self, name: &str, hash: PasswordHash) {
        let person = ImportedPerson {
            user_name: UserName::parse(name).unwrap(),
            email: None,
            display_name: None,
            groups: Vec::new(),
            language: Language::En,
            disabled: false,
            hash,
            numbers: Vec::new(),
        };
        assert_eq!(self.app.import_people(vec![person], ImportRun::Real).await.unwrap().len(), 1);
    }

    async fn stored_hash(&self, name: &str) -> PasswordHash {
        self.app.store.credentials(&LoginName::parse(name)).await.unwrap().unwrap().hash
    }

    async fn attempt(&self, name: &str, password: &str) -> PasswordOutcome {
        self.password(&mut Jar::new(), name, password).await
    }
}

/// Takes the only place of a pool for as long as the returned values live.
async fn hold(pool: &HashingPool) -> (mpsc::Sender<()>, Pin<Box<impl Future + '_>>) {
    let (release, held) = mpsc::channel::<()>();
    let mut holding = Box::pin(pool.run(move || held.recv().is_ok()));
    tokio::select! {
        biased;
        _ = &mut holding => panic!("it holds nothing"),
        () = std::future::ready(()) => {}
    }
    (release, holding)
}

const BUSY: PasswordRefusal = PasswordRefusal::Busy;
const BAD: PasswordRefusal = PasswordRefusal::BadCredentials;

#[tokio::test]
async fn checks_of_imported_hashes_hold_up_nobody_else() {
    let mut world = World::new().await;
    Arc::get_mut(&mut world.app).unwrap().foreign = HashingPool::new(1, 0);
    world.person("hanako").await;
    world.imported("imako", bcrypt(PASSWORD)).await;
    let sha = "$6$saltsalt$wl8fIIe1hwySduUxXxKq/3KkQxCfA0QvrHy3jFounsaA/2Hz7w5mZ5MIx8fDdLgiU9wkI5NFAfKY0OeryN1wR1";
    world.imported("shako", PasswordHash::imported(sha).unwrap()).await;

    let _held = hold(&world.app.foreign).await;
    assert!(matches!(world.attempt("imako", PASSWORD).await, PasswordOutcome::Refused(BUSY)), "one at a time");
    assert!(matches!(world.attempt("hanako", PASSWORD).await, PasswordOutcome::Pending { .. }));
    assert!(matches!(world.attempt("nobody", PASSWORD).await, PasswordOutcome::Refused(BAD)));
    let long = "x".repeat(129);
    assert!(matches!(world.attempt("shako", &long).await, PasswordOutcome::Refused(BAD)), "as for an unknown name");
}

#[tokio::test]
async fn checks_of_imported_hashes_take_no_place_of_ours() {
    let mut world = World::new().await;
    world.imported("imako", bcrypt(PASSWORD)).await;
    Arc::get_mut(&mut world.app).unwrap().hashing = HashingPool::new(1, 0);

    let _held = hold(&world.app.hashing).await;
    assert!(matches!(world.attempt("imako", WRONG).await, PasswordOutcome::Refused(BAD)));
    assert!(matches!(world.attempt("imako", PASSWORD).await, PasswordOutcome::Pending { .. }));
    assert!(world.stored_hash("imako").await == bcrypt(PASSWORD), "replaced when there is a place for it");
}

#[tokio::test]
async fn a_password_whose_end_was_not_read_does_not_replace_the_owners() {
    let world = World::new().await;
    let read = "x".repeat(72);
    let own = format!("{read}the right end");
    let hash = bcrypt(&read);
    world.imported("imako", hash.clone()).await;
    let typed = format!("{read}a wrong end");
    assert!(matches!(world.attempt("imako", &typed).await, PasswordOutcome::Pending { .. }), "as it was there");
    assert!(world.stored_hash("imako").await == hash);
    assert!(
        matches!(world.attempt("imako", &own).await, PasswordOutcome::Pending { .. }),
        "the owner is not locked out"
    );

    let (snapshot, now) = (world.app.snapshot(), world.app.now());
    let credentials = world.app.store.credentials(&LoginName::parse("imako")).await.unwrap();
    let proven = world.app.prove(credentials.as_ref(), Password::typed(&typed), &snapshot, now).await.unwrap().unwrap();
    assert!(proven.cut_short && proven.rehash.is_none());

    let whole = "x".repeat(71);
    world.imported("whole", bcrypt(&whole)).await;
    assert!(matches!(world.attempt("whole", &whole).await, PasswordOutcome::Pending { .. }));
    assert!(!snapshot.scheme.outdated(&world.stored_hash("whole").await), "all of it was read");
}

#[tokio::test]
async fn an_import_tries_hashes_beside_the_sign_ins_and_never_fails_for_it() {
    let mut world = World::new().await;
    Arc::get_mut(&mut world.app).unwrap().hashing = HashingPool::new(1, 0);
    let _held = hold(&world.app.hashing).await;
    let hashes = [bcrypt(PASSWORD)];
    assert!(world.app.check_times_within(&hashes, Duration::ZERO).await.is_empty(), "no time, nothing tried");
    assert_eq!(world.app.check_times(&hashes).await.len(), 1);
    assert_eq!(world.app.check_times_within(&hashes, Duration::ZERO).await.len(), 1, "known from then on");
}
