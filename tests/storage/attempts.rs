//! Tries are paid for before anything is compared, and a thousand at once get no more than one after another. The
//! schedules the engine computes are held against `authn::throttle`.

use std::time::Duration;

use sekisho::{
    account::{MethodId, Role},
    authn::{
        Input,
        throttle::{
            CODE_DISABLE_CONSECUTIVE, CODE_DISABLE_ROLLING, CODE_TRIES, CODE_WINDOW, ENROLMENT_TRIES, PASSWORD_FORGET,
            PASSWORD_TRIES, code_pause, password_wait,
        },
    },
    clock::Timestamp,
    store::{CodeSpend, MethodState, PasswordSpend, RateLimit, RateSpend, SignInId, Stale},
};

use crate::world::{Bench, DAY, MINUTE, NOW, Person, app_code, entered};

async fn app_of(bench: &Bench, person: &Person) -> MethodId {
    bench.store.account(person.id).await.unwrap().unwrap().pair.unwrap().primary().id
}

/// A try in a sign-in of its own.
async fn tries(bench: &Bench, person: &Person, app: MethodId, now: Timestamp) -> CodeSpend {
    let pending = bench.begin(person, now).await;
    bench.store.spend_code_attempt(app, (pending.id, pending.version), now).await.unwrap()
}

async fn state_of_app(bench: &Bench, person: &Person, now: Timestamp) -> MethodState {
    bench.begin(person, now).await.primary
}

#[tokio::test]
async fn code_pauses_follow_the_schedule_until_the_method_is_disabled() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let app = app_of(&bench, &hanako).await;
    let mut now = NOW;
    for wrong in 1..=CODE_DISABLE_CONSECUTIVE {
        // A day between tries keeps the rolling limit out of this.
        now = now + DAY;
        let spent = tries(&bench, &hanako, app, now).await;
        assert!(matches!(spent, CodeSpend::Granted { consecutive, .. } if consecutive == wrong), "{wrong}: {spent:?}");
        let state = state_of_app(&bench, &hanako, now).await;
        assert_eq!(state.consecutive, wrong);
        assert_eq!(state.paused_until, code_pause(wrong).map(|pause| now + pause), "{wrong}");
        assert_eq!(state.disabled, wrong == CODE_DISABLE_CONSECUTIVE, "{wrong}");
        if let Some(pause) = code_pause(wrong).filter(|_| !state.disabled) {
            let last = now + pause - Duration::from_millis(1);
            let refused = tries(&bench, &hanako, app, last).await;
            assert!(matches!(refused, CodeSpend::Paused(until) if until == now + pause), "{wrong}");
        }
    }
    let refused = tries(&bench, &hanako, app, now + 1000 * DAY).await;
    assert!(matches!(refused, CodeSpend::Disabled), "no time brings it back");
    bench.store.reset_methods(hanako.id, &bench.ticket(), &[], now).await.unwrap().unwrap();
    let pending = (SignInId::random(&*bench.entropy), 1);
    let spent = bench.store.spend_code_attempt(app, pending, now).await.unwrap();
    assert!(matches!(spent, CodeSpend::Disabled), "it is gone");
}

#[tokio::test]
async fn a_pause_ends_on_time() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let app = app_of(&bench, &hanako).await;
    for _ in 0..CODE_TRIES {
        assert!(matches!(tries(&bench, &hanako, app, NOW).await, CodeSpend::Granted { .. }));
    }
    assert!(matches!(tries(&bench, &hanako, app, NOW).await, CodeSpend::Paused(_)));
    let over = NOW + code_pause(CODE_TRIES).unwrap();
    let spent = tries(&bench, &hanako, app, over).await;
    assert!(matches!(spent, CodeSpend::Granted { consecutive: 6, .. }), "refusals do not count: {spent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_tries_at_once_five_are_granted() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let app = app_of(&bench, &hanako).await;
    let pending = bench.begin(&hanako, NOW).await;
    let pending = (pending.id, pending.version);
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let store = bench.store.clone();
        racing.spawn(async move { store.spend_code_attempt(app, pending, NOW).await.unwrap() });
    }
    let mut granted: Vec<u32> = Vec::new();
    for spent in racing.join_all().await {
        match spent {
            CodeSpend::Granted { consecutive, .. } => granted.push(consecutive),
            CodeSpend::Paused(until) => assert_eq!(Some(until), code_pause(CODE_TRIES).map(|pause| NOW + pause)),
            CodeSpend::Disabled | CodeSpend::MovedOn => panic!("not that many were wrong"),
        }
    }
    granted.sort_unstable();
    assert_eq!(granted, [1, 2, 3, 4, 5]);
    bench.reopen().await;
    assert!(matches!(tries(&bench, &hanako, app, NOW).await, CodeSpend::Paused(_)), "restarted");
}

/// What a double click sends, and what fifty do: the same right code for the same sign-in.
#[tokio::test]
async fn a_sign_in_that_a_code_has_completed_takes_no_more_tries_and_counts_none() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let app = app_of(&bench, &hanako).await;
    for sign_in in 0..CODE_DISABLE_ROLLING {
        let now = NOW + sign_in * MINUTE;
        let pending = bench.begin(&hanako, now).await;
        let code = app_code(&hanako.seed, now);
        let (first, second) =
            (bench.prove_code(&pending, code.clone(), now).await, bench.prove_code(&pending, code, now).await);
        let won = bench.store.complete_sign_in(&bench.completing(Some(&pending), first, now)).await.unwrap();
        assert!(won.is_ok(), "{sign_in}");
        let lost = bench.store.complete_sign_in(&bench.completing(Some(&pending), second, now)).await.unwrap();
        assert_eq!(lost.unwrap_err(), Stale::MovedOn);
        bench.store.forgive_code_attempt(app).await.unwrap();
        for _ in 0..=CODE_TRIES {
            let late = bench.store.spend_code_attempt(app, (pending.id, pending.version), now).await.unwrap();
            assert!(matches!(late, CodeSpend::MovedOn), "{sign_in}: {late:?}");
        }
        assert_eq!(state_of_app(&bench, &hanako, now).await, MethodState::default(), "{sign_in}");
    }
}

#[tokio::test]
async fn a_right_code_clears_the_row_and_takes_its_own_try_back() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let app = app_of(&bench, &hanako).await;
    // Fifty sign-ins on one day, each at the first try, with a wrong code before each of the first nine: nothing of
    // the right ones stays in the count of thirty days.
    let mut now = NOW;
    for sign_in in 0..50 {
        now = now + MINUTE;
        if sign_in < 9 {
            assert!(matches!(tries(&bench, &hanako, app, now).await, CodeSpend::Granted { .. }));
        }
        bench.sign_in(&hanako, now).await;
        assert_eq!(state_of_app(&bench, &hanako, now).await, MethodState::default(), "{sign_in}");
    }
}

#[tokio::test]
async fn the_fifth_code_clears_the_pause_it_began() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let app = app_of(&bench, &hanako).await;
    for _ in 1..CODE_TRIES {
        assert!(matches!(tries(&bench, &hanako, app, NOW).await, CodeSpend::Granted { .. }));
    }
    let ready = bench.ready(&hanako, NOW).await;
    assert!(matches!(tries(&bench, &hanako, app, NOW).await, CodeSpend::Paused(_)));
    bench.store.complete_sign_in(&ready).await.unwrap().unwrap();
    assert_eq!(state_of_app(&bench, &hanako, NOW).await, MethodState::default());
}

#[tokio::test]
async fn fifty_wrong_codes_in_thirty_days_disable_whatever_succeeds_between() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let app = app_of(&bench, &hanako).await;
    let mut now = NOW;
    for wrong in 1..CODE_DISABLE_ROLLING {
        now = now + MINUTE;
        let spent = tries(&bench, &hanako, app, now).await;
        assert!(matches!(spent, CodeSpend::Granted { consecutive: 1, .. }), "{wrong}");
        bench.sign_in(&hanako, now).await;
    }
    // The fiftieth within the window, if it is wrong; right, it takes the disablement back.
    let right = bench.ready(&hanako, now + MINUTE).await;
    assert!(matches!(tries(&bench, &hanako, app, now + MINUTE).await, CodeSpend::Disabled));
    bench.store.complete_sign_in(&right).await.unwrap().unwrap();
    let spent = tries(&bench, &hanako, app, now + 2 * MINUTE).await;
    assert!(matches!(spent, CodeSpend::Granted { .. }));
    let state = state_of_app(&bench, &hanako, now + 2 * MINUTE).await;
    assert!(state.disabled, "{state:?}");
    assert!(matches!(tries(&bench, &hanako, app, now + 3 * MINUTE).await, CodeSpend::Disabled));
    let backup = bench.store.account(hanako.id).await.unwrap().unwrap().pair.unwrap().backup().id;
    assert!(
        matches!(tries(&bench, &hanako, backup, now).await, CodeSpend::Granted { consecutive: 1, .. }),
        "the other method has its own count"
    );
}

#[tokio::test]
async fn wrong_codes_leave_the_window_after_thirty_days() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let app = app_of(&bench, &hanako).await;
    let mut now = NOW;
    for _ in 1..CODE_DISABLE_ROLLING {
        now = now + MINUTE;
        assert!(matches!(tries(&bench, &hanako, app, now).await, CodeSpend::Granted { .. }));
        bench.sign_in(&hanako, now).await;
    }
    bench.store.purge(crate::world::LIFETIME, now + 29 * DAY).await.unwrap();
    let later = now + 32 * DAY;
    assert!(matches!(tries(&bench, &hanako, app, later).await, CodeSpend::Granted { .. }));
    assert!(!state_of_app(&bench, &hanako, later).await.disabled);
}

#[tokio::test]
async fn a_code_of_the_backup_clears_the_backup_only() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let app = app_of(&bench, &hanako).await;
    assert!(matches!(tries(&bench, &hanako, app, NOW).await, CodeSpend::Granted { .. }));
    let pending = bench.begin(&hanako, NOW).await;
    let pending = bench.proceed(&pending, Input::UseRole(Role::Backup, bench.seed()), NOW).await;
    let code = pending.sign_in.challenge().unwrap().code(&bench.keyring, NOW).unwrap();
    let done = bench.prove_code(&pending, entered(code.expose()), NOW).await;
    let complete = bench.completing(Some(&pending), done, NOW);
    bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    let pending = bench.begin(&hanako, NOW).await;
    assert_eq!((pending.primary.consecutive, pending.backup.consecutive), (1, 0));
    assert_eq!(pending.app_last_step, None);
}

#[tokio::test]
async fn a_method_that_is_being_set_up_is_paused_by_the_same_schedule() {
    let bench = Bench::new().await;
    let key = bench.digest();
    let mut now = NOW;
    for wrong in 1..=CODE_DISABLE_ROLLING {
        let spent = bench.store.spend_new_method_attempt(key, now).await.unwrap();
        assert!(matches!(spent, CodeSpend::Granted { consecutive, .. } if consecutive == wrong), "{spent:?}");
        let Some(pause) = code_pause(wrong) else { continue };
        let end = if wrong == CODE_DISABLE_ROLLING { now + CODE_WINDOW } else { now + pause };
        for early in [now, end - Duration::from_millis(1)] {
            let spent = bench.store.spend_new_method_attempt(key, early).await.unwrap();
            assert!(matches!(spent, CodeSpend::Paused(until) if until == end), "{wrong}: {spent:?}");
        }
        now = end;
    }
    let first = |spent| matches!(spent, CodeSpend::Granted { consecutive: 1, .. });
    assert!(first(bench.store.spend_new_method_attempt(key, now).await.unwrap()), "after the window");
    bench.store.spend_new_method_attempt(key, now).await.unwrap();
    bench.store.forgive_new_method(key).await.unwrap();
    assert!(first(bench.store.spend_new_method_attempt(key, now).await.unwrap()), "after a right code");
}

#[tokio::test]
async fn a_ticket_has_ten_tries() {
    let bench = Bench::new().await;
    let hanako = bench.newcomer("hanako").await;
    let pending = bench.begin(&hanako, NOW).await;
    assert_eq!(pending.enrolment_tries_left, ENROLMENT_TRIES);
    for left in (0..ENROLMENT_TRIES).rev() {
        let (_attempt, remaining) = bench.store.spend_enrolment_attempt(pending.id).await.unwrap().unwrap();
        assert_eq!(remaining, left);
    }
    assert!(bench.store.spend_enrolment_attempt(pending.id).await.unwrap().is_none());
    let unknown = sekisho::store::SignInId::random(&*bench.entropy);
    assert!(bench.store.spend_enrolment_attempt(unknown).await.unwrap().is_none());
}

#[tokio::test]
async fn password_waits_follow_the_schedule() {
    let bench = Bench::new().await;
    let key = bench.digest();
    let mut now = NOW;
    for wrong in 1..=40 {
        assert_eq!(bench.store.spend_password_attempt(key, now).await.unwrap(), PasswordSpend::Granted, "{wrong}");
        let Some(wait) = password_wait(wrong) else { continue };
        let end = now + wait;
        for early in [now, end - Duration::from_millis(1)] {
            assert_eq!(
                bench.store.spend_password_attempt(key, early).await.unwrap(),
                PasswordSpend::Wait(end),
                "{wrong}"
            );
        }
        now = end;
    }
    let other = bench.digest();
    assert_eq!(bench.store.spend_password_attempt(other, NOW).await.unwrap(), PasswordSpend::Granted, "another name");
}

#[tokio::test]
async fn wrong_passwords_are_forgotten_after_a_day_or_a_success() {
    let bench = Bench::new().await;
    let spend = async |key, now| bench.store.spend_password_attempt(key, now).await.unwrap();
    let (key, other) = (bench.digest(), bench.digest());
    for _ in 0..PASSWORD_TRIES {
        assert_eq!(spend(key, NOW).await, PasswordSpend::Granted);
        assert_eq!(spend(other, NOW).await, PasswordSpend::Granted);
    }
    assert!(matches!(spend(key, NOW).await, PasswordSpend::Wait(_)));
    for _ in 0..PASSWORD_TRIES {
        assert_eq!(spend(key, NOW + PASSWORD_FORGET).await, PasswordSpend::Granted, "counted from one again");
    }
    assert!(matches!(spend(key, NOW + PASSWORD_FORGET).await, PasswordSpend::Wait(_)));
    bench.store.forgive(&[key]).await.unwrap();
    assert_eq!(spend(key, NOW + PASSWORD_FORGET).await, PasswordSpend::Granted);
    assert!(matches!(spend(other, NOW).await, PasswordSpend::Wait(_)), "only the keys that were named");

    let hanako = bench.person("hanako").await;
    let mut begin = bench.beginning(&hanako, NOW).await;
    begin.forgive = vec![other];
    bench.store.begin_sign_in(&begin, NOW).await.unwrap().unwrap();
    assert_eq!(spend(other, NOW).await, PasswordSpend::Granted, "a success forgives with its own commit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_passwords_at_once_five_are_compared() {
    let bench = Bench::new().await;
    let key = bench.digest();
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let store = bench.store.clone();
        racing.spawn(async move { store.spend_password_attempt(key, NOW).await.unwrap() });
    }
    let granted = racing.join_all().await.into_iter().filter(|spent| *spent == PasswordSpend::Granted).count();
    assert_eq!(granted, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rate_holds_within_its_window() {
    let bench = Bench::new().await;
    let limit = RateLimit { key: bench.digest(), limit: 7, window: 10 * MINUTE };
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = bench.store.clone();
        racing.spawn(async move { store.spend_rate(limit, NOW).await.unwrap() });
    }
    let ends_at = NOW + 10 * MINUTE;
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|answer| **answer == RateSpend::Granted).count(), 7);
    assert!(answers.iter().all(|answer| matches!(answer, RateSpend::Granted) || *answer == RateSpend::Wait(ends_at)));
    let spend = async |limit, now| bench.store.spend_rate(limit, now).await.unwrap();
    bench.store.refund_rate(limit.key, NOW).await.unwrap();
    assert_eq!(spend(limit, NOW).await, RateSpend::Granted, "the one that was taken back");
    let just_before = ends_at - Duration::from_millis(1);
    assert_eq!(spend(limit, just_before).await, RateSpend::Wait(ends_at), "the window does not move");
    assert_eq!(spend(limit, ends_at).await, RateSpend::Granted, "a new window");
    let none = RateLimit { key: bench.digest(), limit: 0, ..limit };
    assert!(matches!(spend(none, NOW).await, RateSpend::Wait(_)));
}

#[tokio::test]
async fn a_used_step_leaves_the_try_paid_for() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (first, second) = (bench.ready(&hanako, NOW).await, bench.ready(&hanako, NOW).await);
    bench.store.complete_sign_in(&first).await.unwrap().unwrap();
    let app = app_of(&bench, &hanako).await;
    assert!(matches!(tries(&bench, &hanako, app, NOW).await, CodeSpend::Granted { consecutive: 1, .. }));
    assert!(bench.store.complete_sign_in(&second).await.unwrap().is_err());
    assert_eq!(state_of_app(&bench, &hanako, NOW).await.consecutive, 1, "a rolled back success clears nothing");
    let pending = bench.begin(&hanako, NOW).await;
    let CodeSpend::Granted { attempt, .. } = tries(&bench, &hanako, app, NOW).await else { panic!("granted") };
    let again = Input::Code { attempt, entered: app_code(&hanako.seed, NOW) };
    assert!(bench.advance(&pending, again, NOW).is_err(), "the stored step refuses the code by itself, too");
}
