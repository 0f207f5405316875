//! The rollout: the first deadline stays, a "later" is counted with its session, and methods that were proven meanwhile
//! are asked for.

use std::time::Duration;

use sekisho::{
    authn::{Asked, Completion, Context, Input, Messages, SignIn, Standing, Step},
    clock::Timestamp,
    session::SecondStep,
    store::{CompleteSignIn, PendingSignIn, Stale},
};

use crate::world::{Bench, DAY, NOW, POLICY, Person};

const DEADLINE: Timestamp = Timestamp::from_secs(1_800_000_000 + 14 * 86_400);

impl Bench {
    /// What saying "later" would store.
    fn later(&self, pending: &PendingSignIn, most: u32, now: Timestamp) -> CompleteSignIn {
        let standing = Standing::Asked(sekisho::authn::Grace { deadline: DEADLINE, laters_left: 1 });
        let ctx = Context {
            policy: &POLICY,
            keyring: &self.keyring,
            pair: None,
            app_last_step: None,
            ticket: None,
            standing,
            messages: Messages::default(),
            now,
        };
        let next = pending.sign_in.clone().advance(Input::Later, &ctx).unwrap();
        let Step::Complete(done) = next.step else { panic!("complete") };
        CompleteSignIn { later: Some(most), ..self.completing(Some(pending), *done, now) }
    }

    async fn not_yet(&self, person: &Person, now: Timestamp) -> Completion {
        let who = self.prove_password(person, now).await;
        let ctx = Context {
            policy: &POLICY,
            keyring: &self.keyring,
            pair: None,
            app_last_step: None,
            ticket: None,
            standing: Standing::NotYet,
            messages: Messages::default(),
            now,
        };
        let reason = sekisho::authn::CodeReason::NewBrowser;
        let Step::Complete(done) = SignIn::begin(who, None, reason, &ctx, self.seed()).unwrap().step else {
            panic!("complete")
        };
        *done
    }
}

#[tokio::test]
async fn the_first_deadline_stays() {
    let mut bench = Bench::new().await;
    let person = bench.newcomer("hanako").await;
    assert_eq!(bench.store.asked(person.id).await.unwrap(), None);
    let first = Asked { at: NOW, deadline: DEADLINE, laters: 0 };
    assert_eq!(bench.store.ask(person.id, DEADLINE, NOW).await.unwrap(), first);
    bench.reopen().await;
    assert_eq!(bench.store.ask(person.id, DEADLINE + DAY, NOW + DAY).await.unwrap(), first);
    assert_eq!(bench.store.asked(person.id).await.unwrap(), Some(first));
    let waiting = bench.store.unenrolled().await.unwrap();
    assert_eq!(
        waiting.iter().map(|w| (w.account.id, w.asked, w.ticket)).collect::<Vec<_>>(),
        [(person.id, Some(first), false)]
    );
    assert_eq!(bench.store.count_enrolled().await.unwrap(), (1, 0));
}

#[tokio::test]
async fn a_later_is_counted_with_its_session_or_there_is_neither() {
    let bench = Bench::new().await;
    let person = bench.newcomer("hanako").await;
    bench.store.ask(person.id, DEADLINE, NOW).await.unwrap();
    for (n, allowed) in [(1, true), (2, true), (3, false)] {
        let pending = bench.begin(&person, NOW).await;
        let later = bench.later(&pending, 2, NOW);
        let stored = bench.store.complete_sign_in(&later).await.unwrap();
        assert_eq!(stored.is_ok(), allowed, "later {n}");
        let session = bench.store.session(later.session.digest()).await.unwrap();
        assert_eq!(session.is_some(), allowed);
        if let Some(stored) = session {
            assert_eq!((stored.session.second_step(), stored.session.mfa_at()), (SecondStep::Waived, None));
        }
    }
    assert_eq!(bench.store.asked(person.id).await.unwrap().unwrap().laters, 2);
    // One that was never asked has none.
    let other = bench.newcomer("taro").await;
    let pending = bench.begin(&other, NOW).await;
    assert!(bench.store.complete_sign_in(&bench.later(&pending, 2, NOW)).await.unwrap().is_err());
}

#[tokio::test]
async fn a_later_ends_with_the_deadline() {
    let bench = Bench::new().await;
    let person = bench.newcomer("hanako").await;
    bench.store.ask(person.id, DEADLINE, NOW).await.unwrap();
    let just_before = DEADLINE - Duration::from_millis(1);
    for (now, allowed) in [(DEADLINE, false), (just_before, true)] {
        let pending = bench.begin(&person, now).await;
        let stored = bench.store.complete_sign_in(&bench.later(&pending, 3, now)).await.unwrap();
        assert_eq!(stored.is_ok(), allowed, "{now}");
    }
}

#[tokio::test]
async fn methods_proven_or_taken_away_meanwhile_are_asked_for() {
    let bench = Bench::new().await;
    let enrolled = bench.newcomer("hanako").await;
    let done = bench.not_yet(&enrolled, NOW).await;
    bench.enrol(&enrolled).await;
    let stored = bench.store.complete_sign_in(&bench.completing(None, done, NOW)).await.unwrap();
    assert_eq!(stored.unwrap_err(), Stale::MovedOn);

    let reset = bench.newcomer("taro").await;
    bench.store.reset_methods(reset.id, &bench.ticket(), &[], NOW).await.unwrap().unwrap();
    let done = bench.not_yet(&reset, NOW).await;
    let stored = bench.store.complete_sign_in(&bench.completing(None, done, NOW)).await.unwrap();
    assert_eq!(stored.unwrap_err(), Stale::MovedOn);

    let free = bench.newcomer("jiro").await;
    let done = bench.not_yet(&free, NOW).await;
    bench.store.complete_sign_in(&bench.completing(None, done, NOW)).await.unwrap().unwrap();
}
