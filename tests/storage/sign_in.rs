//! From the right password to the session: every step is stored, happens once, and counts for one account only.

use sekisho::{
    account::{Label, MethodPair, NewMethod, Role, Target},
    authn::{Input, OpenedBy, PasswordHash, ProvenMethod, Step},
    store::{CompleteSignIn, EnrolledMethod, Enrolment, OutboxContent, Stale, UsedCode},
};

use crate::world::{Bench, LIFETIME, NOW, POLICY, Person, app_code, entered, phone};

#[tokio::test]
async fn a_code_makes_one_session() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let complete = bench.ready(&hanako, NOW).await;
    let done = bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    assert!(done.ended.is_empty());
    let stored = bench.store.session(complete.session.digest()).await.unwrap().unwrap();
    assert_eq!(stored.session, complete.session);
    assert_eq!(stored.account.user_name.as_str(), "hanako");
    let (id, _) = complete.pending.unwrap();
    assert!(bench.store.pending_sign_in_by_id(id, NOW).await.unwrap().is_none(), "the sign-in is used up");
    let pair = bench.store.account(hanako.id).await.unwrap().unwrap().pair.unwrap();
    assert_eq!(pair.primary().last_used_at, Some(NOW));
    assert_eq!(pair.backup().last_used_at, None);
}

/// The pair that the machine proved, as `app` stores it.
fn enrolment(bench: &Bench, pair: &MethodPair<ProvenMethod>) -> Enrolment {
    let enrolled = |role| {
        let proven: &ProvenMethod = pair.get(role);
        let method = bench.method(proven.method().target.clone()).method;
        let method = sekisho::account::Method { label: proven.method().label.clone(), ..method };
        EnrolledMethod { method, last_step: proven.proof().totp_step() }
    };
    MethodPair::new(enrolled(Role::Primary), enrolled(Role::Backup)).unwrap()
}

/// Walks the whole enrolment, app first, restarting the store between any two steps.
async fn enrol(bench: &mut Bench, person: &Person) -> CompleteSignIn {
    let pending = bench.begin(person, NOW).await;
    assert!(pending.pair.is_none());
    bench.reopen().await;
    let pending = bench.proceed(&pending, Input::BeginEnrolment, NOW).await;
    bench.reopen().await;
    let app = NewMethod { target: Target::App(person.seed.clone()), label: Label::parse("会社の携帯").unwrap() };
    let pending = bench.proceed(&pending, Input::Choose(app, bench.seed()), NOW).await;
    bench.reopen().await;
    let (attempt, left) = bench.store.spend_enrolment_attempt(pending.id).await.unwrap().unwrap();
    assert_eq!(left, 9);
    let entered = app_code(&person.seed, NOW);
    let pending = bench.proceed(&pending, Input::Code { attempt, entered }, NOW).await;
    bench.reopen().await;
    let sms = NewMethod { target: Target::Sms(phone("090-1234-5678")), label: None };
    let pending = bench.proceed(&pending, Input::Choose(sms, bench.seed()), NOW).await;
    bench.reopen().await;
    assert_eq!(bench.store.claim_messages(None, 10, NOW).await.unwrap().len(), 1, "one code went out");
    let (attempt, left) = bench.store.spend_enrolment_attempt(pending.id).await.unwrap().unwrap();
    assert_eq!(left, 8);
    let pending = bench.store.pending_sign_in_by_id(pending.id, NOW).await.unwrap().unwrap();
    let code = pending.sign_in.challenge().unwrap().code(&bench.keyring, NOW).unwrap();
    let entered = crate::world::entered(code.expose());
    let next = bench.advance(&pending, Input::Code { attempt, entered }, NOW).unwrap();
    let Step::Complete(done) = next.step else { panic!("both are proven") };
    let pair = enrolment(bench, done.enrolled.as_ref().unwrap());
    CompleteSignIn { enrolled: Some(pair), ..bench.completing(Some(&pending), *done, NOW) }
}

#[tokio::test]
async fn an_enrolment_survives_a_restart_at_every_step() {
    let mut bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let complete = enrol(&mut bench, &hanako).await;
    bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    bench.reopen().await;
    let stored = bench.store.credentials(&hanako.name).await.unwrap().unwrap();
    let pair = stored.pair.unwrap();
    assert_eq!(pair.primary().target, Target::App(hanako.seed.clone()));
    assert_eq!(pair.primary().label, Label::parse("会社の携帯").unwrap());
    assert_eq!(pair.backup().target, Target::Sms(phone("09012345678")));
    let summary = bench.store.account(hanako.id).await.unwrap().unwrap();
    assert_eq!(summary.enrolled_by, Some(OpenedBy::Password), "an operator sees that nothing else opened it");
    assert_eq!(stored.app_last_step, Some(NOW.as_secs() / 30), "the step that proved the app is burnt");
    assert!(bench.store.session(complete.session.digest()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_code_sign_in_survives_a_restart_at_every_step() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let pending = bench.begin(&hanako, NOW).await;
    bench.reopen().await;
    let pending = bench.proceed(&pending, Input::UseRole(Role::Backup, bench.seed()), NOW).await;
    bench.reopen().await;
    let pending = bench.store.pending_sign_in_by_id(pending.id, NOW).await.unwrap().unwrap();
    assert_eq!(pending.version, 2);
    let code = pending.sign_in.challenge().unwrap().code(&bench.keyring, NOW).unwrap();
    let done = bench.prove_code(&pending, entered(code.expose()), NOW).await;
    bench.reopen().await;
    let complete = bench.completing(Some(&pending), done, NOW);
    bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    bench.reopen().await;
    assert!(bench.store.session(complete.session.digest()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_second_pair_is_never_stored() {
    let mut bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let (first, second) = (enrol(&mut bench, &hanako).await, enrol(&mut bench, &hanako).await);
    bench.store.complete_sign_in(&first).await.unwrap().unwrap();
    assert_eq!(bench.store.complete_sign_in(&second).await.unwrap().unwrap_err(), Stale::MovedOn);
    let pair = bench.store.account(hanako.id).await.unwrap().unwrap().pair.unwrap();
    assert_eq!(pair.primary().id, first.enrolled.as_ref().unwrap().primary().method.id);
    assert!(bench.store.session(second.session.digest()).await.unwrap().is_none());
    let (other, _) = second.pending.unwrap();
    assert!(bench.store.pending_sign_in_by_id(other, NOW).await.unwrap().is_none(), "it ended with the first");
    let again = first.enrolled.clone().unwrap();
    assert_eq!(bench.store.enrol_directly(hanako.id, again, NOW).await.unwrap(), Err(Stale::MovedOn));
}

#[tokio::test]
async fn a_lost_swap_writes_nothing() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let pending = bench.begin(&hanako, NOW).await;
    let moved = bench.proceed(&pending, Input::UseRole(Role::Backup, bench.seed()), NOW).await;
    assert_eq!(bench.store.claim_messages(None, 10, NOW).await.unwrap().len(), 1);

    let again = bench.advance(&pending, Input::UseRole(Role::Backup, bench.seed()), NOW).unwrap();
    let Step::Continue(sign_in) = again.step else { panic!("still pending") };
    let message = again.send.map(|send| bench.order(send, &sign_in));
    assert!(message.is_some());
    let lost = bench.store.save_sign_in(pending.id, pending.version, &sign_in, message.as_ref(), NOW).await.unwrap();
    assert_eq!(lost, Err(Stale::MovedOn));
    let stored = bench.store.pending_sign_in_by_id(pending.id, NOW).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.sign_in), (moved.version, moved.sign_in.clone()));
    assert!(bench.store.claim_messages(None, 10, NOW).await.unwrap().is_empty(), "no message went out for it");

    let over = NOW + POLICY.sign_in_lifetime;
    let late = bench.store.save_sign_in(moved.id, moved.version, &moved.sign_in, None, over).await.unwrap();
    assert_eq!(late, Err(Stale::MovedOn), "a sign-in that is over does not move");
    assert!(bench.store.pending_sign_in_by_id(moved.id, over).await.unwrap().is_none());
}

#[tokio::test]
async fn a_stale_completion_writes_nothing() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let complete = bench.ready(&hanako, NOW).await;
    let (id, version) = complete.pending.unwrap();
    let complete = CompleteSignIn { pending: Some((id, version + 1)), ..complete };
    assert_eq!(bench.store.complete_sign_in(&complete).await.unwrap().unwrap_err(), Stale::MovedOn);
    assert!(bench.store.session(complete.session.digest()).await.unwrap().is_none());
    let pending = bench.store.pending_sign_in_by_id(id, NOW).await.unwrap().unwrap();
    assert_eq!(pending.app_last_step, None, "the step is not burnt");
    assert_eq!(pending.primary.consecutive, 1, "the try stays paid for");
    let without = CompleteSignIn { pending: None, ..complete };
    assert_eq!(
        bench.store.complete_sign_in(&without).await.unwrap().unwrap_err(),
        Stale::MovedOn,
        "a code completes only the sign-in it was asked for"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_completions_one_makes_a_session() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let complete = bench.ready(&hanako, NOW).await;
    let done = bench.store.pending_sign_in_by_id(complete.pending.unwrap().0, NOW).await.unwrap();
    assert!(done.is_some());
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (store, complete) = (bench.store.clone(), complete.clone());
        racing.spawn(async move { store.complete_sign_in(&complete).await.unwrap().is_ok() });
    }
    let won = racing.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    assert_eq!(bench.store.sessions(None, LIFETIME, NOW).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_four_sign_ins_with_one_app_code_one_makes_a_session() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let mut ready = Vec::new();
    for _ in 0..4 {
        ready.push(bench.ready(&hanako, NOW).await);
    }
    let mut racing = tokio::task::JoinSet::new();
    for complete in ready.clone() {
        let store = bench.store.clone();
        racing.spawn(async move { store.complete_sign_in(&complete).await.unwrap().err() });
    }
    let mut stale: Vec<Option<Stale>> = racing.join_all().await;
    stale.sort_by_key(Option::is_some);
    assert_eq!(stale, [None, Some(Stale::StepUsed), Some(Stale::StepUsed), Some(Stale::StepUsed)]);
    assert_eq!(bench.store.sessions(None, LIFETIME, NOW).await.unwrap().len(), 1);
    let mut left = 0;
    for complete in &ready {
        left +=
            usize::from(bench.store.pending_sign_in_by_id(complete.pending.unwrap().0, NOW).await.unwrap().is_some());
    }
    assert_eq!(left, 3, "the losers are still pending");
}

#[tokio::test]
async fn a_step_before_the_last_one_is_used_up_too() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let earlier = bench.ready(&hanako, NOW).await;
    let later = bench.ready(&hanako, NOW + std::time::Duration::from_secs(30)).await;
    bench.store.complete_sign_in(&later).await.unwrap().unwrap();
    assert_eq!(bench.store.complete_sign_in(&earlier).await.unwrap().unwrap_err(), Stale::StepUsed);
}

#[tokio::test]
async fn an_app_code_without_its_step_completes_nothing() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let complete = bench.ready(&hanako, NOW).await;
    let used = complete.used.unwrap();
    assert!(used.step.is_some());
    let complete = CompleteSignIn { used: Some(UsedCode { step: None, ..used }), ..complete };
    assert!(bench.store.complete_sign_in(&complete).await.unwrap().is_err());
}

#[tokio::test]
async fn changed_credentials_stop_a_sign_in_wherever_it_is() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let not_begun = bench.beginning(&hanako, NOW).await;
    let pending = bench.begin(&hanako, NOW).await;
    let ready = bench.ready(&hanako, NOW).await;
    bench.store.set_password(hanako.id, &bench.hash("another password"), &[], NOW).await.unwrap().unwrap();
    assert_eq!(bench.store.begin_sign_in(&not_begun, NOW).await.unwrap(), Err(Stale::MovedOn));
    assert!(bench.store.pending_sign_in(&not_begun.digest, NOW).await.unwrap().is_none());
    assert!(bench.store.pending_sign_in_by_id(pending.id, NOW).await.unwrap().is_none());
    let saved = bench.store.save_sign_in(pending.id, pending.version, &pending.sign_in, None, NOW).await.unwrap();
    assert_eq!(saved, Err(Stale::MovedOn));
    assert!(bench.store.spend_enrolment_attempt(pending.id).await.unwrap().is_none());
    assert_eq!(bench.store.complete_sign_in(&ready).await.unwrap().unwrap_err(), Stale::MovedOn);
}

#[tokio::test]
async fn a_disabled_account_neither_begins_nor_completes() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let ready = bench.ready(&hanako, NOW).await;
    bench.store.set_disabled(hanako.id, true, NOW).await.unwrap().unwrap();
    let not_begun = bench.beginning(&hanako, NOW).await;
    assert_eq!(bench.store.begin_sign_in(&not_begun, NOW).await.unwrap(), Err(Stale::MovedOn));
    assert_eq!(bench.store.complete_sign_in(&ready).await.unwrap().unwrap_err(), Stale::MovedOn);
    bench.store.set_disabled(hanako.id, false, NOW).await.unwrap().unwrap();
    assert_eq!(
        bench.store.complete_sign_in(&ready).await.unwrap().unwrap_err(),
        Stale::MovedOn,
        "enabling does not bring it back"
    );
    bench.sign_in(&hanako, NOW).await;
}

#[tokio::test]
async fn a_browser_replaces_its_own_pending_sign_in_and_can_give_it_up() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let first = bench.beginning(&hanako, NOW).await;
    bench.store.begin_sign_in(&first, NOW).await.unwrap().unwrap();
    let mut second = bench.beginning(&hanako, NOW).await;
    second.replaces = Some(first.digest);
    bench.store.begin_sign_in(&second, NOW).await.unwrap().unwrap();
    assert!(bench.store.pending_sign_in(&first.digest, NOW).await.unwrap().is_none());
    assert!(bench.store.pending_sign_in(&second.digest, NOW).await.unwrap().is_some());
    bench.store.abandon_sign_in(&second.digest).await.unwrap();
    assert!(bench.store.pending_sign_in(&second.digest, NOW).await.unwrap().is_none());
}

#[tokio::test]
async fn a_new_hash_of_the_same_password_changes_no_credential() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let hash: PasswordHash = bench.hash("correct horse battery");
    let complete = CompleteSignIn { rehash: Some(hash.clone()), ..bench.ready(&hanako, NOW).await };
    bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    let stored = bench.store.credentials(&hanako.name).await.unwrap().unwrap();
    assert_eq!(stored.hash, hash);
    assert_eq!(stored.account.credential_version.0, 1);
    assert!(bench.store.session(complete.session.digest()).await.unwrap().is_some());
}

#[tokio::test]
async fn the_message_names_the_challenge_it_carries() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let pending = bench.begin(&hanako, NOW).await;
    let pending = bench.proceed(&pending, Input::UseRole(Role::Backup, bench.seed()), NOW).await;
    let [message] = &bench.store.claim_messages(None, 10, NOW).await.unwrap()[..] else { panic!("one message") };
    let challenge = pending.sign_in.challenge().unwrap();
    assert_eq!(
        message.content,
        OutboxContent::Code { sign_in: pending.id, challenge: challenge.id(), host: Some("shop.test".to_owned()) }
    );
    assert_eq!((message.account, message.created_at, message.expires_at), (hanako.id, NOW, challenge.expires_at()));
}

#[tokio::test]
async fn ten_pending_sign_ins_of_an_account_are_kept() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let other = bench.begin(&taro, NOW).await;
    let mut begun = Vec::new();
    for _ in 0..12 {
        begun.push(bench.begin(&hanako, NOW).await.id);
    }
    let mut kept = Vec::new();
    for id in &begun {
        kept.push(bench.store.pending_sign_in_by_id(*id, NOW).await.unwrap().is_some());
    }
    assert_eq!(kept, [vec![false; 2], vec![true; 10]].concat(), "the oldest go");
    assert!(bench.store.pending_sign_in_by_id(other.id, NOW).await.unwrap().is_some(), "of that account alone");
}
