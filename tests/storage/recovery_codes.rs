//! Recovery codes and what else opens an enrolment, and the password by mail: each is used up with what it does, or
//! neither happens.

use std::time::Duration;

use sekisho::{
    account::AccountId,
    authn::{Input, RecoveryCode, SignIn, Step},
    clock::Timestamp,
    session::Session,
    store::{
        Acting, Link, LinkId, LinkPurpose, Opening, OutboxContent, OutboxId, OutboxItem, PendingSignIn, Recipient,
        RenewRecoveryCodes, ResetPassword, SpentCode, Stale, StoredRecoveryCode,
    },
};

use crate::world::{Bench, DAY, MINUTE, NOW, PASSWORD, Person};

const A_MOMENT: Duration = Duration::from_millis(1);

impl Bench {
    fn draw(&self, account: AccountId) -> StoredRecoveryCode {
        let code = RecoveryCode::draw(&*self.entropy, &self.keyring, account.as_bytes()).unwrap();
        StoredRecoveryCode { digest: code.digest, key: code.key }
    }

    fn renewal(&self, session: &Session, present: Option<Timestamp>, now: Timestamp) -> RenewRecoveryCodes {
        let codes = (0..10).map(|_| self.draw(session.account())).collect();
        RenewRecoveryCodes { acting: Acting::of(session), present, codes, notices: Vec::new(), now }
    }

    async fn ten(&self, person: &Person, now: Timestamp) -> Vec<StoredRecoveryCode> {
        let present = self.store.recovery_codes_made_at(person.id).await.unwrap();
        let renewal = self.renewal(&self.sign_in(person, now).await, present, now);
        self.store.renew_recovery_codes(&renewal).await.unwrap().unwrap();
        renewal.codes
    }

    /// Where a right recovery code leads.
    fn recovered(&self, pending: &PendingSignIn) -> SignIn {
        let next = self.advance(pending, Input::Recovered, NOW).unwrap();
        let Step::Continue(next) = next.step else { panic!("an enrolment") };
        next
    }

    async fn spend(&self, pending: &PendingSignIn, code: &StoredRecoveryCode) -> Result<SpentCode, Stale> {
        let opening = Opening::RecoveryCode { digest: code.digest, notices: Vec::new() };
        let next = self.recovered(pending);
        self.store.open_sign_in(pending.id, pending.version, &next, &opening, NOW).await.unwrap()
    }

    async fn mailed_link(&self, person: &Person, purpose: LinkPurpose, expires_at: Timestamp) -> LinkId {
        let id = LinkId::random(&*self.entropy);
        let (key, account) = (self.keyring.active(), Some(person.id));
        let link = Link { id, key, account, purpose, subject: None, host: None, created_at: NOW, expires_at };
        let item = OutboxItem {
            id: OutboxId::random(&*self.entropy),
            account: person.id,
            to: Recipient::Mail(sekisho::account::EmailAddress::parse("hanako@example.jp").unwrap()),
            language: sekisho::language::Language::Ja,
            content: OutboxContent::Link,
            created_at: NOW,
            expires_at,
            link: Some(link),
        };
        self.store.enqueue(&item).await.unwrap();
        id
    }

    fn resetting(&self, link: LinkId, person: &Person, now: Timestamp) -> ResetPassword {
        ResetPassword { link, account: person.id, hash: self.hash("nine calm otters"), notices: Vec::new(), now }
    }
}

#[tokio::test]
async fn a_code_is_used_up_with_the_enrolment_it_opens() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let codes = bench.ten(&hanako, NOW).await;
    let pending = bench.begin(&hanako, NOW).await;
    assert_eq!(bench.spend(&pending, &bench.draw(hanako.id)).await, Ok(SpentCode::Wrong), "none of the account's");
    assert_eq!(bench.store.recovery_codes_left(hanako.id).await.unwrap(), 10);
    assert_eq!(bench.spend(&pending, &codes[0]).await, Ok(SpentCode::Opened));
    bench.reopen().await;
    assert_eq!(bench.store.recovery_codes_left(hanako.id).await.unwrap(), 9);
    let opened = bench.store.pending_sign_in_by_id(pending.id, NOW).await.unwrap().unwrap();
    assert!(matches!(opened.sign_in, SignIn::Enrol { .. }), "{:?}", opened.sign_in);
    assert!(bench.store.account(hanako.id).await.unwrap().unwrap().pair.is_some(), "the old pair until then");

    // The sign-in has moved on: the code that comes too late is given back.
    assert_eq!(bench.spend(&pending, &codes[1]).await, Err(Stale::MovedOn));
    assert_eq!(bench.store.recovery_codes_left(hanako.id).await.unwrap(), 9, "not lost");
}

#[tokio::test]
async fn of_many_sign_ins_with_one_code_one_is_opened() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let codes = bench.ten(&hanako, NOW).await;
    let mut pending = Vec::new();
    for _ in 0..8 {
        pending.push(bench.begin(&hanako, NOW).await);
    }
    let spent = futures_util::future::join_all(pending.iter().map(|one| bench.spend(one, &codes[0]))).await;
    assert_eq!(spent.iter().filter(|outcome| **outcome == Ok(SpentCode::Opened)).count(), 1, "{spent:?}");
    assert_eq!(spent.iter().filter(|outcome| **outcome == Ok(SpentCode::Wrong)).count(), 7, "{spent:?}");
    assert_eq!(bench.store.recovery_codes_left(hanako.id).await.unwrap(), 9);
}

#[tokio::test]
async fn codes_belong_to_one_account_and_new_ones_void_the_old() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let (first, theirs) = (bench.ten(&hanako, NOW).await, bench.ten(&taro, NOW).await);
    let pending = bench.begin(&hanako, NOW).await;
    assert_eq!(bench.spend(&pending, &theirs[0]).await, Ok(SpentCode::Wrong), "another account's");
    let second = bench.ten(&hanako, NOW + MINUTE).await;
    assert_eq!(bench.spend(&pending, &first[0]).await, Ok(SpentCode::Wrong));
    assert_eq!(bench.store.recovery_codes_left(taro.id).await.unwrap(), 10);
    assert_eq!(bench.store.recovery_code_keys(hanako.id).await.unwrap(), [bench.keyring.active()]);
    assert_eq!(bench.spend(&pending, &second[9]).await, Ok(SpentCode::Opened));
}

#[tokio::test]
async fn codes_are_made_once_for_a_page_and_inside_a_living_session() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let session = bench.sign_in(&hanako, NOW).await;
    let first = bench.renewal(&session, None, NOW);
    let again = bench.renewal(&session, None, NOW + MINUTE);
    let (one, two) = tokio::join!(bench.store.renew_recovery_codes(&first), bench.store.renew_recovery_codes(&again));
    assert_ne!(one.unwrap().is_ok(), two.unwrap().is_ok(), "one of them");
    let made = bench.store.recovery_codes_made_at(hanako.id).await.unwrap();
    assert!(made.is_some());
    let stale = bench.renewal(&session, made.map(|at| at + MINUTE), NOW);
    assert_eq!(bench.store.renew_recovery_codes(&stale).await.unwrap(), Err(Stale::MovedOn));
    bench.store.end_session(session.id()).await.unwrap();
    let late = bench.renewal(&session, made, NOW);
    assert_eq!(bench.store.renew_recovery_codes(&late).await.unwrap(), Err(Stale::MovedOn), "the session has ended");
}

#[tokio::test]
async fn a_link_sets_one_password_in_its_time_for_its_account() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let ends = NOW + 30 * MINUTE;
    let link = bench.mailed_link(&hanako, LinkPurpose::PasswordReset, ends).await;
    let (session, _, _) = crate::devices::trusting(&bench, &hanako, NOW).await;
    let pending = bench.begin(&hanako, NOW).await;
    assert!(bench.store.reset_password(&bench.resetting(link, &taro, NOW)).await.unwrap().is_none());
    assert!(bench.store.reset_password(&bench.resetting(link, &hanako, ends)).await.unwrap().is_none(), "over");
    for purpose in [LinkPurpose::FirstEnrolment, LinkPurpose::NotMe, LinkPurpose::CancelRecovery] {
        let other = bench.mailed_link(&hanako, purpose, ends).await;
        assert!(bench.store.reset_password(&bench.resetting(other, &hanako, NOW)).await.unwrap().is_none());
        assert!(bench.store.link(other, NOW).await.unwrap().is_some(), "{purpose:?} is as it was");
    }
    let before = bench.store.credentials(&hanako.name).await.unwrap().unwrap();
    let last = bench.resetting(link, &hanako, ends - A_MOMENT);
    let (one, two) = tokio::join!(bench.store.reset_password(&last), bench.store.reset_password(&last));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(one.is_some(), two.is_some(), "once");
    assert_eq!(one.or(two).unwrap().iter().map(|e| e.id).collect::<Vec<_>>(), [session.id()]);
    let after = bench.store.credentials(&hanako.name).await.unwrap().unwrap();
    assert!(bench.knows(&hanako, "nine calm otters").await && !bench.knows(&hanako, PASSWORD).await);
    assert_eq!(after.pair, before.pair, "the second step is as it was");
    assert!(bench.store.devices(hanako.id, NOW).await.unwrap().is_empty());
    assert!(bench.store.pending_sign_in_by_id(pending.id, NOW).await.unwrap().is_none());
}

#[tokio::test]
async fn replacing_rests_for_48_hours_after_it() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    assert_eq!(bench.store.replacement_blocked_until(hanako.id, NOW).await.unwrap(), None);
    let link = bench.mailed_link(&hanako, LinkPurpose::PasswordReset, NOW + MINUTE).await;
    bench.store.reset_password(&bench.resetting(link, &hanako, NOW)).await.unwrap().unwrap();
    let until = NOW + 2 * DAY;
    for (now, blocked) in [(NOW, Some(until)), (until - A_MOMENT, Some(until)), (until, None)] {
        assert_eq!(bench.store.replacement_blocked_until(hanako.id, now).await.unwrap(), blocked);
    }
}

#[tokio::test]
async fn a_link_opens_one_first_enrolment_of_its_own_account() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.newcomer("hanako").await, bench.newcomer("taro").await);
    let ends = NOW + DAY;
    let open = async |pending: &PendingSignIn, link: LinkId, now: Timestamp| {
        let next = pending.sign_in.clone();
        bench.store.open_sign_in(pending.id, pending.version, &next, &Opening::Link(link), now).await.unwrap()
    };
    let (mine, theirs) = (bench.begin(&hanako, NOW).await, bench.begin(&taro, NOW).await);
    let link = bench.mailed_link(&hanako, LinkPurpose::FirstEnrolment, ends).await;
    assert_eq!(open(&theirs, link, NOW).await, Ok(SpentCode::Wrong), "of another account");
    let wrong = bench.mailed_link(&hanako, LinkPurpose::PasswordReset, ends).await;
    assert_eq!(open(&mine, wrong, NOW).await, Ok(SpentCode::Wrong), "for another purpose");
    let newer = bench.mailed_link(&hanako, LinkPurpose::FirstEnrolment, ends).await;
    assert_eq!(open(&mine, link, NOW).await, Ok(SpentCode::Wrong), "a newer one voids it");
    assert_eq!(open(&mine, newer, ends).await, Ok(SpentCode::Wrong), "in its time");
    assert_eq!(open(&mine, newer, NOW).await, Ok(SpentCode::Opened));
    assert_eq!(open(&mine, newer, NOW).await, Ok(SpentCode::Wrong), "once");
}
