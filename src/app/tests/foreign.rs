//! Hashes that other programs made: what checking them may cost, and whom it may hold up.

use std::{
    pin::Pin,
    sync::{Arc, mpsc},
    time::Duration,
};

use super::{Jar, PASSWORD, WRONG, World, interrupted};
use crate::{
    access::{Decision, Interruption},
    account::{LoginName, MethodKind, PairError, PhoneError, PhoneNumber, UserName},
    app::{
        ChoiceForm, ChoiceProblem, CodeOutcome, EnrolmentOutcome, PasswordChange, PasswordOutcome, PasswordRefusal,
        PendingView, hashing::HashingPool, import::ImportedPerson,
    },
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

#[tokio::test]
async fn the_console_waits_for_a_new_password_where_the_old_one_was_read_in_part() {
    let world = World::new().await;
    let read = "x".repeat(72);
    let (typed, short) = (format!("{read}the rest"), "x".repeat(71));
    for (name, hash, given, waits) in
        [("imako", bcrypt(&read), typed.as_str(), true), ("short", bcrypt(&short), short.as_str(), false)]
    {
        world.imported(name, hash).await;
        let mut jar = Jar::new();
        world.password(&mut jar, name, given).await;
        world.app.begin_enrolment(&jar.browser()).await.unwrap();
        for (kind, number) in [(MethodKind::Sms, "090-1234-5678"), (MethodKind::Voice, "03-1234-5678")] {
            world.choose(&jar, kind, number).await;
            let code = world.code(&jar).await;
            world.submit(&mut jar, &code, false).await;
        }
        let why = interrupted(&world.decide(&jar).await);
        assert_eq!(why, waits.then_some(Interruption::NewPassword), "{name}");
        assert_eq!(world.app.needs_new_password(&jar.browser()).await.unwrap(), waits);
        assert!(world.app.settings(&jar.browser()).await.unwrap().is_some(), "the gateway's own pages are open");
        if waits {
            let new = "eleven tame herons";
            let changed = world.app.change_password(&jar.browser(), &given.into(), &new.into()).await.unwrap();
            let PasswordChange::Done(grant) = changed else { panic!("{changed:?}") };
            jar.keep(&grant);
            assert!(matches!(world.decide(&jar).await, Decision::Forward(_)));
            let mut again = Jar::new();
            world.password(&mut again, name, new).await;
            let code = world.code(&again).await;
            world.submit(&mut again, &code, false).await;
            assert!(matches!(world.decide(&again).await, Decision::Forward(_)), "once and for all");
        }
    }
}

#[tokio::test]
async fn imported_numbers_are_offered_by_two_digits_and_proven_like_any_other() {
    let world = World::new().await;
    let number = |typed| PhoneNumber::parse(typed, "JP").unwrap();
    let person = ImportedPerson {
        user_name: UserName::parse("imako").unwrap(),
        email: None,
        display_name: None,
        groups: Vec::new(),
        language: Language::En,
        disabled: false,
        hash: bcrypt(PASSWORD),
        numbers: vec![number("090-1234-5678"), number("03-1234-5656")],
    };
    world.app.import_people(vec![person], ImportRun::Real).await.unwrap();
    let mut jar = Jar::new();
    world.password(&mut jar, "imako", PASSWORD).await;
    let offered = async |jar: &Jar| {
        let Some(PendingView::Enrol(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
        assert!(!format!("{view:?}").contains("1234"), "{view:?}");
        view.known.into_iter().map(|number| (number.place, number.last_two)).collect::<Vec<_>>()
    };
    assert!(offered(&jar).await.is_empty(), "not before there is a choice");
    world.app.begin_enrolment(&jar.browser()).await.unwrap();
    assert_eq!(offered(&jar).await, [(0, "78".to_owned()), (1, "56".to_owned())]);

    let pick = async |jar: &Jar, kind, number: &str, known| {
        let form = ChoiceForm { kind, number, known, label: "" };
        world.app.choose(&jar.browser(), form).await.unwrap()
    };
    let wrong = pick(&jar, MethodKind::Sms, "", Some(1)).await;
    let landline = ChoiceProblem::Pair(PairError::LandlineSms);
    assert!(matches!(wrong, EnrolmentOutcome::Refused(why) if why == landline), "the rules are the same: {wrong:?}");
    let nothing = pick(&jar, MethodKind::Sms, " ", Some(2)).await;
    assert!(matches!(nothing, EnrolmentOutcome::Refused(ChoiceProblem::Number(PhoneError::Empty))), "{nothing:?}");
    assert!(matches!(pick(&jar, MethodKind::Sms, "080-5555-6611", Some(0)).await, EnrolmentOutcome::Done));
    let chosen = async |jar: &Jar| {
        let Some(PendingView::Enrol(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
        view.proving.unwrap().method.last_two.unwrap()
    };
    assert_eq!(chosen(&jar).await, "11", "what is typed counts");
    world.app.choose_again(&jar.browser()).await.unwrap();
    assert!(matches!(pick(&jar, MethodKind::Sms, "", Some(0)).await, EnrolmentOutcome::Done));
    assert_eq!(chosen(&jar).await, "78");
    assert!(world.app.find_account("imako").await.unwrap().unwrap().pair.is_none(), "not proven, no method");
    let code = world.code(&jar).await;
    world.submit(&mut jar, &code, false).await;
    assert_eq!(offered(&jar).await, [(1, "56".to_owned())], "the primary is no backup");
    pick(&jar, MethodKind::Voice, "", Some(1)).await;
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)));
}
