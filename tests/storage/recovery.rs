//! Recovery requests: one open an account, an operator counts once, and of an approval and a cancellation at the same
//! time exactly one wins.

use std::time::Duration;

use sekisho::{
    account::AccountId,
    authn::recovery::{CancelledBy, Operator, Receipt, RecoveryRefusal, RecoveryStage, RecoveryTimes},
    clock::Timestamp,
    store::{ApproveRecovery, Approved, NoRecovery, NotDecided, OpenRecovery, RecoveryId},
};

use crate::world::{Bench, DAY, LIFETIME, MINUTE, NOW};

const TIMES: RecoveryTimes = RecoveryTimes { wait: DAY, lasts: Duration::from_hours(14 * 24) };
const ANNA: Operator = Operator::user(1001);
const BEN: Operator = Operator::user(1002);

impl Bench {
    fn recovery(&self, account: AccountId, now: Timestamp) -> OpenRecovery {
        OpenRecovery {
            id: RecoveryId::random(&*self.entropy),
            account,
            receipt: Receipt::draw(&*self.entropy),
            times: TIMES,
            most: 3,
            within: 30 * DAY,
            notices: Vec::new(),
            now,
        }
    }

    fn approval(&self, open: &OpenRecovery, by: Operator, needed: u32, now: Timestamp) -> ApproveRecovery {
        let receipt = open.receipt.clone();
        ApproveRecovery { receipt, by, needed, ticket: self.ticket(), notices: Vec::new(), now }
    }
}

#[tokio::test]
async fn one_request_of_an_account_is_open_and_three_in_thirty_days_are_the_most() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let newcomer = bench.newcomer("taro").await;
    let none = bench.store.open_recovery(&bench.recovery(newcomer.id, NOW)).await.unwrap();
    assert_eq!(none, Err(NoRecovery::NotNeeded), "there is nothing to recover from");

    let both = (bench.recovery(hanako.id, NOW), bench.recovery(hanako.id, NOW));
    let (one, two) = tokio::join!(bench.store.open_recovery(&both.0), bench.store.open_recovery(&both.1));
    let mut outcomes = [one.unwrap(), two.unwrap()];
    outcomes.sort_by_key(Result::is_err);
    assert_eq!(outcomes, [Ok(()), Err(NoRecovery::AlreadyOpen)]);

    let mut now = NOW;
    for _ in 0..2 {
        let open = bench.store.recovery_of(hanako.id).await.unwrap().unwrap();
        bench.store.cancel_recovery(open.id, CancelledBy::Link, &[], now).await.unwrap().unwrap();
        now = now + MINUTE;
        bench.store.open_recovery(&bench.recovery(hanako.id, now)).await.unwrap().unwrap();
    }
    let open = bench.store.recovery_of(hanako.id).await.unwrap().unwrap();
    bench.store.refuse_recovery(&open.receipt, ANNA, &[], now).await.unwrap().unwrap();
    let fourth = bench.recovery(hanako.id, NOW + 30 * DAY - MINUTE);
    assert_eq!(bench.store.open_recovery(&fourth).await.unwrap(), Err(NoRecovery::TooMany(NOW + 30 * DAY)));
    bench.store.open_recovery(&bench.recovery(hanako.id, NOW + 30 * DAY)).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_last_approval_needed_takes_everything_and_stores_the_ticket() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let open = bench.recovery(hanako.id, NOW);
    bench.store.open_recovery(&open).await.unwrap().unwrap();
    let ready = NOW + DAY;
    let early = bench.store.approve_recovery(&bench.approval(&open, ANNA, 2, ready - MINUTE)).await.unwrap();
    assert_eq!(early, Err(NotDecided::Refused(RecoveryRefusal::TooEarly(ready))));
    let first = bench.store.approve_recovery(&bench.approval(&open, ANNA, 2, ready)).await.unwrap();
    assert_eq!(first, Ok(Approved::Counted(1)));
    let twice = bench.store.approve_recovery(&bench.approval(&open, ANNA, 2, ready)).await.unwrap();
    assert_eq!(twice, Err(NotDecided::Refused(RecoveryRefusal::SameOperator)));
    let summary = bench.store.account(hanako.id).await.unwrap().unwrap();
    assert!(summary.pair.is_some() && summary.recovery.as_ref() == Some(&open.receipt));

    let done = bench.store.approve_recovery(&bench.approval(&open, BEN, 2, ready)).await.unwrap();
    assert!(matches!(done, Ok(Approved::Completed(_))), "{done:?}");
    let summary = bench.store.account(hanako.id).await.unwrap().unwrap();
    assert!(summary.pair.is_none() && summary.ticket_until.is_some() && summary.recovery.is_none());
    let stored = bench.store.recovery_by_receipt(&open.receipt).await.unwrap().unwrap();
    assert_eq!(stored.recovery.approvals(), [ANNA, BEN]);
}

#[tokio::test]
async fn of_an_approval_and_a_cancellation_at_once_exactly_one_wins() {
    for round in 0..20 {
        let bench = Bench::new().await;
        let hanako = bench.person("hanako").await;
        let open = bench.recovery(hanako.id, NOW);
        bench.store.open_recovery(&open).await.unwrap().unwrap();
        let ready = NOW + DAY;
        let approval = bench.approval(&open, ANNA, 1, ready);
        let approve = bench.store.approve_recovery(&approval);
        let cancel = bench.store.cancel_recovery(open.id, CancelledBy::Link, &[], ready);
        let (approved, cancelled) = if round % 2 == 0 {
            tokio::join!(approve, cancel)
        } else {
            let (cancelled, approved) = tokio::join!(cancel, approve);
            (approved, cancelled)
        };
        let (approved, cancelled) = (approved.unwrap(), cancelled.unwrap());
        assert_ne!(approved.is_ok(), cancelled.is_ok(), "round {round}: {approved:?} {cancelled:?}");
        let pair = bench.store.account(hanako.id).await.unwrap().unwrap().pair;
        assert_eq!(pair.is_some(), cancelled.is_ok(), "the methods stay exactly where it was cancelled");
    }
}

#[tokio::test]
async fn operators_who_approve_at_once_are_all_counted_and_one_ticket_is_stored() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let open = bench.recovery(hanako.id, NOW);
    bench.store.open_recovery(&open).await.unwrap().unwrap();
    let ready = NOW + DAY;
    let approvals = [ANNA, BEN, ANNA, BEN].map(|by| bench.approval(&open, by, 2, ready));
    let [a, b, c, d] = &approvals;
    let (a, b, c, d) = tokio::join!(
        bench.store.approve_recovery(a),
        bench.store.approve_recovery(b),
        bench.store.approve_recovery(c),
        bench.store.approve_recovery(d)
    );
    let outcomes = [a, b, c, d].map(Result::unwrap);
    let completed = outcomes.iter().filter(|o| matches!(o, Ok(Approved::Completed(_)))).count();
    let counted = outcomes.iter().filter(|o| matches!(o, Ok(Approved::Counted(1)))).count();
    assert_eq!((completed, counted), (1, 1), "{outcomes:?}");
}

#[tokio::test]
async fn a_reset_or_a_right_code_ends_the_request_and_time_does_too() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let open = bench.recovery(hanako.id, NOW);
    bench.store.open_recovery(&open).await.unwrap().unwrap();
    let complete = bench.ready(&hanako, NOW + MINUTE).await;
    bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    let stage = async |receipt: &Receipt, now| {
        bench.store.recovery_by_receipt(receipt).await.unwrap().unwrap().recovery.stage(now)
    };
    assert_eq!(stage(&open.receipt, NOW).await, RecoveryStage::Cancelled);

    let taro = bench.person("taro").await;
    let open = bench.recovery(taro.id, NOW);
    bench.store.open_recovery(&open).await.unwrap().unwrap();
    bench.store.reset_methods(taro.id, &bench.ticket(), &[], NOW).await.unwrap().unwrap();
    assert_eq!(stage(&open.receipt, NOW).await, RecoveryStage::Cancelled);

    let jiro = bench.person("jiro").await;
    let open = bench.recovery(jiro.id, NOW);
    bench.store.open_recovery(&open).await.unwrap().unwrap();
    let over = NOW + TIMES.wait + TIMES.lasts;
    bench.store.purge(LIFETIME, over).await.unwrap();
    assert_eq!(stage(&open.receipt, over).await, RecoveryStage::Expired);
    assert!(bench.store.account(jiro.id).await.unwrap().unwrap().recovery.is_none());
    let late = bench.store.approve_recovery(&bench.approval(&open, ANNA, 1, over)).await.unwrap();
    assert_eq!(late, Err(NotDecided::Refused(RecoveryRefusal::Expired)));
    bench.store.open_recovery(&bench.recovery(jiro.id, over)).await.unwrap().unwrap();
    bench.store.purge(LIFETIME, NOW + 91 * DAY).await.unwrap();
    assert!(bench.store.recovery_by_receipt(&open.receipt).await.unwrap().is_none(), "forgotten");
}
