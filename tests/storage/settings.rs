//! What a person changes inside a session: each transaction holds only while the session that acts is there under the
//! same credentials, all of it or none, and only of the acting account.

use std::time::Duration;

use sekisho::{
    account::{Label, MethodId, MethodKind, Role, Target},
    authn::{Context, Input, Messages, SessionProof, SignIn, Standing, Step, outlives_change},
    clock::Timestamp,
    language::Language,
    session::{DeviceLabel, SecondStep, Session, SessionId},
    store::{
        Acting, BeginSignIn, ChangePassword, CodeSpend, EnrolledMethod, Happened, HistoryEvent, PendingSignIn,
        RenewSession, ReplaceMethod, SignInId, Stale, UsedCode,
    },
};

use crate::world::{Bench, DAY, HERE, LIFETIME, MINUTE, NOW, PASSWORD, POLICY, Person, app_code, phone};

impl Bench {
    /// The pending fresh code of a session; `replaces` a code that is waited for already.
    async fn asking(&self, person: &Person, session: &Session, now: Timestamp) -> BeginSignIn {
        let there = self.store.methods_of(person.id).await.unwrap().unwrap();
        let ctx = Context {
            policy: &POLICY,
            keyring: &self.keyring,
            pair: Some(&there.pair),
            app_last_step: there.app_last_step,
            ticket: None,
            messages: Messages::default(),
            standing: Standing::default(),
            now,
        };
        let asked = SignIn::ask_session(SessionProof::of(session), &ctx, self.seed()).unwrap();
        let Step::Continue(sign_in) = asked.step else { panic!("a code is due") };
        self.in_session(sign_in, now)
    }

    fn in_session(&self, sign_in: SignIn, now: Timestamp) -> BeginSignIn {
        BeginSignIn {
            id: SignInId::random(&*self.entropy),
            digest: self.digest(),
            place: HERE,
            sign_in,
            expires_at: now + POLICY.sign_in_lifetime,
            message: None,
            replaces: None,
            forgive: Vec::new(),
            rehash: None,
        }
    }

    async fn begun(&self, begin: &BeginSignIn, session: &Session, now: Timestamp) -> PendingSignIn {
        assert_eq!(self.store.begin_in_session(begin, &Acting::of(session), now).await.unwrap(), Ok(true));
        self.store.pending_sign_in(&begin.digest, now).await.unwrap().unwrap()
    }

    /// A fresh code of the app, up to the last commit.
    async fn renewing(&self, person: &Person, session: &Session, now: Timestamp) -> RenewSession {
        let begin = self.asking(person, session, now).await;
        let pending = self.begun(&begin, session, now).await;
        let method = pending.sign_in.method().unwrap();
        let spent = self.store.spend_code_attempt(method, (pending.id, pending.version), now).await.unwrap();
        let CodeSpend::Granted { attempt, .. } = spent else { panic!("a try is granted") };
        let input = Input::Code { attempt, entered: app_code(&person.seed, now) };
        let Step::Renew(renewal) = self.advance(&pending, input, now).unwrap().step else { panic!("renewed") };
        let used = UsedCode::of(renewal.code());
        let (id, digest) = (SessionId::random(&*self.entropy), self.digest());
        RenewSession {
            pending: (pending.id, pending.version),
            acting: Acting::of(session),
            session: renewal.renew(session, id, digest, now).unwrap(),
            carried: (self.digest(), self.digest()),
            used,
            ends_recovery: None,
            now,
        }
    }

    /// A pending replacement of one of the two methods.
    async fn replacing(
        &self,
        person: &Person,
        session: &Session,
        role: Role,
        new: Target,
        now: Timestamp,
    ) -> ReplaceMethod {
        let there = self.store.methods_of(person.id).await.unwrap().unwrap();
        let old = there.pair.get(role).id;
        let begin = self.in_session(SignIn::replace(SessionProof::of(session), old), now);
        let pending = self.begun(&begin, session, now).await;
        let (id, digest) = (SessionId::random(&*self.entropy), self.digest());
        ReplaceMethod {
            pending: (pending.id, pending.version),
            acting: Acting::of(session),
            old,
            new: self.method(new),
            session: outlives_change(session, id, digest, now),
            notices: Vec::new(),
            now,
        }
    }

    fn changing(&self, session: &Session, now: Timestamp) -> ChangePassword {
        let (id, digest) = (SessionId::random(&*self.entropy), self.digest());
        ChangePassword {
            acting: Acting::of(session),
            hash: self.hash("nine calm otters"),
            session: outlives_change(session, id, digest, now),
            notices: Vec::new(),
            now,
        }
    }

    async fn living(&self, person: &Person) -> Vec<SessionId> {
        let stored = self.store.sessions(Some(person.id), LIFETIME, NOW + MINUTE).await.unwrap();
        stored.iter().map(|stored| stored.session.id()).collect()
    }

    async fn targets(&self, person: &Person) -> (Target, Target) {
        let pair = self.store.methods_of(person.id).await.unwrap().unwrap().pair;
        (pair.primary().target.clone(), pair.backup().target.clone())
    }

    async fn id_of(&self, person: &Person, role: Role) -> MethodId {
        self.store.methods_of(person.id).await.unwrap().unwrap().pair.get(role).id
    }
}

const LATER: Timestamp = Timestamp::from_secs(1_800_000_060);

#[tokio::test]
async fn a_fresh_code_puts_one_session_in_the_place_of_another() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let other = bench.sign_in(&hanako, NOW).await;
    let session = bench.sign_in(&hanako, LATER).await;
    let renew = bench.renewing(&hanako, &session, LATER + MINUTE).await;
    let ended = bench.store.renew_session(&renew).await.unwrap().unwrap();
    assert_eq!(ended.iter().map(|e| e.id).collect::<Vec<_>>(), [session.id()], "the others go on");
    bench.reopen().await;
    let stored = bench.store.session(renew.session.digest()).await.unwrap().unwrap().session;
    assert_eq!((stored.created_at(), stored.mfa_at()), (LATER, Some(LATER + MINUTE)), "no longer life for a code");
    assert_eq!(stored.second_step(), SecondStep::Code(MethodKind::App));
    assert!(bench.store.session(session.digest()).await.unwrap().is_none());
    assert!(bench.store.session(other.digest()).await.unwrap().is_some());
    assert_eq!(bench.store.renew_session(&renew).await.unwrap(), Err(Stale::MovedOn), "once");
}

#[tokio::test]
async fn a_double_click_begins_one_fresh_code() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let session = bench.sign_in(&hanako, NOW).await;
    let first = bench.asking(&hanako, &session, LATER).await;
    let second = BeginSignIn { digest: first.digest, ..bench.asking(&hanako, &session, LATER).await };
    let acting = Acting::of(&session);
    let (one, two) = tokio::join!(
        bench.store.begin_in_session(&first, &acting, LATER),
        bench.store.begin_in_session(&second, &acting, LATER)
    );
    let mut begun = [one.unwrap().unwrap(), two.unwrap().unwrap()];
    begun.sort_unstable();
    assert_eq!(begun, [false, true]);
    // What a session begins anew takes the place of what it had begun.
    let anew = BeginSignIn {
        replaces: Some(first.digest),
        digest: first.digest,
        ..bench.asking(&hanako, &session, LATER).await
    };
    assert_eq!(bench.store.begin_in_session(&anew, &acting, LATER).await.unwrap(), Ok(true));
    assert_eq!(bench.store.pending_sign_in(&first.digest, LATER).await.unwrap().unwrap().id, anew.id);
    assert!(bench.store.pending_sign_in_by_id(first.id, LATER).await.unwrap().is_none());
}

#[tokio::test]
async fn a_code_that_was_used_elsewhere_renews_nothing() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let session = bench.sign_in(&hanako, NOW).await;
    let renew = bench.renewing(&hanako, &session, LATER).await;
    // The same step of the app signs somebody in meanwhile.
    bench.sign_in(&hanako, LATER).await;
    assert_eq!(bench.store.renew_session(&renew).await.unwrap(), Err(Stale::StepUsed));
    assert!(bench.store.session(session.digest()).await.unwrap().is_some(), "as it was");
    assert!(bench.store.session(renew.session.digest()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_proven_method_takes_the_place_of_the_old_one() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (other, device, _) = crate::devices::trusting(&bench, &hanako, NOW).await;
    let session = bench.sign_in(&hanako, LATER).await;
    let backup = bench.id_of(&hanako, Role::Backup).await;
    let replace = bench.replacing(&hanako, &session, Role::Backup, Target::Voice(phone("03-1234-5678")), LATER).await;
    let before = bench.targets(&hanako).await;
    let ended = bench.store.replace_method(&replace).await.unwrap().unwrap();
    let mut gone: Vec<SessionId> = ended.iter().map(|e| e.id).collect();
    gone.sort_by_key(ToString::to_string);
    let mut expected = vec![other.id(), session.id()];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(gone, expected);
    bench.reopen().await;
    assert_eq!(bench.targets(&hanako).await, (before.0, Target::Voice(phone("03-1234-5678"))));
    assert_ne!(bench.id_of(&hanako, Role::Backup).await, backup);
    assert_eq!(bench.living(&hanako).await, [replace.session.id()]);
    assert!(bench.store.devices(hanako.id, LATER).await.unwrap().is_empty(), "no trust is left");
    assert!(bench.store.revoke_device(device).await.unwrap().is_none());
    assert_eq!(bench.store.replace_method(&replace).await.unwrap(), Err(Stale::MovedOn), "once");
}

#[tokio::test]
async fn of_two_replacements_at_once_one_is_stored() {
    for round in 0..10 {
        let bench = Bench::new().await;
        let hanako = bench.person("hanako").await;
        let session = bench.sign_in(&hanako, NOW).await;
        let one = bench.replacing(&hanako, &session, Role::Backup, Target::Voice(phone("03-1234-5678")), LATER).await;
        let two = bench.replacing(&hanako, &session, Role::Primary, Target::Sms(phone("080-1111-2222")), LATER).await;
        let (a, b) = tokio::join!(bench.store.replace_method(&one), bench.store.replace_method(&two));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_ne!(a.is_ok(), b.is_ok(), "round {round}: {a:?} {b:?}");
        let (primary, backup) = bench.targets(&hanako).await;
        let kept = Target::Sms(phone("090-1234-5678"));
        assert_eq!(backup == kept, b.is_ok(), "round {round}");
        assert_eq!(matches!(primary, Target::App(_)), a.is_ok(), "round {round}");
    }
}

#[tokio::test]
async fn no_replacement_stores_an_illegal_pair() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let session = bench.sign_in(&hanako, NOW).await;
    let before = bench.targets(&hanako).await;
    let seed = sekisho::authn::totp::seed(&*bench.entropy);
    for (role, new) in [
        (Role::Backup, Target::App(seed)),
        (Role::Primary, Target::Sms(phone("+81 90 1234 5678"))),
        (Role::Primary, Target::Voice(phone("090-1234-5678"))),
    ] {
        let replace = bench.replacing(&hanako, &session, role, new, LATER).await;
        assert_eq!(bench.store.replace_method(&replace).await.unwrap(), Err(Stale::MovedOn));
    }
    assert_eq!(bench.targets(&hanako).await, before);
    assert_eq!(bench.living(&hanako).await, [session.id()], "nothing of it was done");
}

#[tokio::test]
async fn a_changed_password_ends_everything_but_the_session_that_goes_on() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (other, _, _) = crate::devices::trusting(&bench, &hanako, NOW).await;
    let session = bench.sign_in(&hanako, LATER).await;
    let pending = bench.begin(&hanako, LATER).await;
    let change = bench.changing(&session, LATER);
    let ended = bench.store.change_password(&change).await.unwrap().unwrap();
    assert!(ended.iter().any(|e| e.id == other.id()));
    assert_eq!(bench.living(&hanako).await, [change.session.id()]);
    assert!(bench.store.devices(hanako.id, LATER).await.unwrap().is_empty());
    assert!(bench.store.pending_sign_in_by_id(pending.id, LATER).await.unwrap().is_none());
    let stored = bench.store.credentials(&hanako.name).await.unwrap().unwrap();
    assert!(bench.knows(&hanako, "nine calm otters").await && !bench.knows(&hanako, PASSWORD).await);
    assert!(stored.pair.is_some(), "the second step is as it was");
    assert_eq!(stored.account.credential_version, change.session.credential_version(), "and the session belongs to it");
}

/// Everything a session may change, tried for `acting`; what came of each.
async fn try_everything(bench: &Bench, person: &Person, session: &Session) -> Vec<(&'static str, bool)> {
    let acting = Acting::of(session);
    let primary = bench.id_of(person, Role::Primary).await;
    let label = Label::parse("仕事の電話").unwrap();
    let store = &bench.store;
    let mut done = vec![
        ("swap", store.swap_methods(&acting, primary, &[]).await.unwrap().is_ok()),
        ("label", store.relabel_method(&acting, primary, label.as_ref(), &[]).await.unwrap().is_ok()),
        ("trust", store.end_trust(&acting, None, &[]).await.unwrap().is_ok()),
        ("others", store.end_others(&acting, None, &[]).await.unwrap().is_ok()),
        ("language", store.set_language(&acting, Language::En, &[]).await.unwrap().is_ok()),
    ];
    let begin = bench.in_session(SignIn::replace(SessionProof::of(session), primary), LATER);
    done.push(("begin", store.begin_in_session(&begin, &acting, LATER).await.unwrap().is_ok()));
    done.push(("password", store.change_password(&bench.changing(session, LATER)).await.unwrap().is_ok()));
    done
}

#[tokio::test]
async fn a_session_that_ended_or_has_other_credentials_changes_nothing() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (session, kept) = (bench.sign_in(&hanako, NOW).await, bench.sign_in(&hanako, LATER).await);
    bench.store.end_session(session.id()).await.unwrap().unwrap();
    let before = bench.targets(&hanako).await;
    let done = try_everything(&bench, &hanako, &session).await;
    assert!(done.iter().all(|(_, done)| !done), "{done:?}");
    assert_eq!(bench.targets(&hanako).await, before);
    assert_eq!(bench.living(&hanako).await, [kept.id()]);
    let account = bench.store.account(hanako.id).await.unwrap().unwrap().account;
    assert_eq!(account.language, Language::Ja);

    // The cookie of a session does not act for another account.
    let taro = bench.person("taro").await;
    let forged = Acting { account: taro.id, ..Acting::of(&kept) };
    assert_eq!(bench.store.end_others(&forged, None, &[]).await.unwrap(), Err(Stale::MovedOn));
    let theirs = bench.id_of(&taro, Role::Primary).await;
    assert_eq!(bench.store.swap_methods(&forged, theirs, &[]).await.unwrap(), Err(Stale::MovedOn));
    let label = Label::parse("x").unwrap();
    let named = bench.store.relabel_method(&Acting::of(&kept), theirs, label.as_ref(), &[]).await.unwrap();
    assert_eq!(named, Err(Stale::MovedOn), "nor name another one's method");

    let done = try_everything(&bench, &hanako, &kept).await;
    assert!(done.iter().all(|(_, done)| *done), "{done:?}");
}

#[tokio::test]
async fn a_swap_happens_once_and_keeps_everything_of_both() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let session = bench.sign_in(&hanako, NOW).await;
    let (app, sms) = bench.targets(&hanako).await;
    let (primary, backup) = (bench.id_of(&hanako, Role::Primary).await, bench.id_of(&hanako, Role::Backup).await);
    let acting = Acting::of(&session);
    let (one, two) =
        tokio::join!(bench.store.swap_methods(&acting, primary, &[]), bench.store.swap_methods(&acting, primary, &[]));
    assert_ne!(one.unwrap().is_ok(), two.unwrap().is_ok(), "a double click is one swap");
    bench.reopen().await;
    assert_eq!(bench.targets(&hanako).await, (sms, app));
    assert_eq!(bench.id_of(&hanako, Role::Primary).await, backup, "the same two methods");
    let there = bench.store.methods_of(hanako.id).await.unwrap().unwrap();
    assert!(there.app_last_step.is_some(), "the spent step of the app stays spent");
    assert_eq!(bench.living(&hanako).await, [session.id()], "nothing ends");
}

#[tokio::test]
async fn trust_and_sessions_end_one_by_one_and_never_the_acting_one() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (one, device, _) = crate::devices::trusting(&bench, &hanako, NOW).await;
    let (two, _, _) = crate::devices::trusting(&bench, &hanako, LATER).await;
    let acting = Acting::of(&two);
    assert!(bench.store.end_others(&acting, Some(two.id()), &[]).await.unwrap().unwrap().is_empty(), "not the own one");
    let ended = bench.store.end_trust(&acting, Some(device), &[]).await.unwrap().unwrap();
    assert_eq!((ended.devices, bench.store.devices(hanako.id, LATER).await.unwrap().len()), (1, 1));
    let ended = bench.store.end_trust(&acting, Some(device), &[]).await.unwrap().unwrap();
    assert_eq!(ended.devices, 0, "it was ended already");
    let ended = bench.store.end_trust(&acting, None, &[]).await.unwrap().unwrap();
    assert_eq!((ended.devices, ended.sessions.len()), (1, 0), "its own trust, not itself");
    let ended = bench.store.end_others(&acting, None, &[]).await.unwrap().unwrap();
    assert_eq!(ended.iter().map(|e| e.id).collect::<Vec<_>>(), [one.id()]);
    assert_eq!(bench.living(&hanako).await, [two.id()]);
    let third = bench.sign_in(&hanako, LATER + MINUTE).await;
    let taro = bench.person("taro").await;
    let theirs = bench.sign_in(&taro, LATER).await;
    assert!(bench.store.end_others(&acting, Some(theirs.id()), &[]).await.unwrap().unwrap().is_empty());
    let ended = bench.store.end_others(&acting, Some(third.id()), &[]).await.unwrap().unwrap();
    assert_eq!(ended.iter().map(|e| e.id).collect::<Vec<_>>(), [third.id()]);
    assert_eq!(bench.living(&taro).await, [theirs.id()]);
}

fn happened(person: &Person, what: Happened, at: Timestamp) -> HistoryEvent {
    let browser = DeviceLabel::new("Firefox (Linux)");
    HistoryEvent { account: person.id, what, browser, network: "203.0.113.*".to_owned(), at }
}

#[tokio::test]
async fn the_history_folds_repetitions_and_keeps_sign_ins_apart_from_guesses() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let signed_in = Happened::SignedIn(SecondStep::Code(MethodKind::App));
    bench.store.note_history(&happened(&hanako, signed_in, NOW)).await.unwrap();
    for minute in 0..59 {
        let event = happened(&hanako, Happened::WrongPassword, NOW + minute * MINUTE);
        bench.store.note_history(&event).await.unwrap();
    }
    let lines = bench.store.history(hanako.id).await.unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!((lines[0].event.what, lines[0].times, lines[0].first_at), (Happened::WrongPassword, 59, NOW));
    assert_eq!(lines[0].event.at, NOW + 58 * MINUTE);
    bench.store.note_history(&happened(&hanako, Happened::WrongPassword, NOW + 60 * MINUTE)).await.unwrap();
    assert_eq!(bench.store.history(hanako.id).await.unwrap().len(), 3, "after an hour it is another line");

    // A thousand guesses from everywhere do not push the sign-in out.
    for n in 0..200_u32 {
        let event = HistoryEvent {
            network: format!("198.51.{n}.*"),
            ..happened(&hanako, Happened::WrongCode(MethodKind::Sms), NOW + DAY + n * MINUTE)
        };
        bench.store.note_history(&event).await.unwrap();
    }
    let lines = bench.store.history(hanako.id).await.unwrap();
    assert_eq!(lines.len(), 26, "25 refusals at most, and the sign-in");
    assert_eq!(lines.last().map(|line| line.event.what), Some(signed_in));
    assert!(bench.store.history(taro.id).await.unwrap().is_empty());

    let lasts = Duration::from_hours(90 * 24);
    bench.store.purge(LIFETIME, NOW + lasts - Duration::from_millis(1)).await.unwrap();
    let there = |lines: &[sekisho::store::HistoryLine]| lines.iter().any(|line| line.event.what == signed_in);
    assert!(there(&bench.store.history(hanako.id).await.unwrap()));
    bench.store.purge(LIFETIME, NOW + lasts).await.unwrap();
    assert!(!there(&bench.store.history(hanako.id).await.unwrap()), "ninety days");
}

#[tokio::test]
async fn a_label_reads_back_and_goes() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let session = bench.sign_in(&hanako, NOW).await;
    let backup = bench.id_of(&hanako, Role::Backup).await;
    let label = Label::parse("家族の電話").unwrap();
    for given in [label.as_ref(), None] {
        bench.store.relabel_method(&Acting::of(&session), backup, given, &[]).await.unwrap().unwrap();
        bench.reopen().await;
        let there = bench.store.methods_of(hanako.id).await.unwrap().unwrap();
        assert_eq!(there.pair.backup().label.as_ref(), given);
        assert_eq!(there.pair.primary().label, None);
    }
    let enrolled: EnrolledMethod = bench.method(Target::Sms(phone("090-1234-5678")));
    assert_ne!(enrolled.method.id, backup);
}
