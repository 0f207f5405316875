//! Trusted devices: what ends the trust, whom none is given, and how one is forgotten.

use std::{sync::Arc, time::Duration};

use super::{Bench, Jar, PASSWORD, World, config, interrupted, trust};
use crate::{
    access::Decision,
    account::{Account, EmailAddress, Group, MethodId, MethodKind, SellerName, UserName},
    app::{
        App, BeginReplacement, Browser, ChoiceForm, CodeOutcome, Flow, InviteProblem, NewCodes, PasswordChange,
        PasswordOutcome, PendingView, RecoveryCodeOutcome, RecoveryCodeState, ResetOutcome,
        administration::NewPerson,
        recovery::{ApprovedRecovery, RequestOutcome},
    },
    authn::{CodeReason, Password, recovery::Operator},
    entropy::SystemEntropy,
    language::Language,
    store::{AccountEdit, LinkPurpose},
};

const NEW: &str = "eleven tame herons";

/// What ends every trust of an account (`product.md` §2).
#[derive(Clone, Copy, Debug)]
enum Happens {
    PasswordChanged,
    PasswordReset,
    MethodReplaced,
    DisabledAndEnabled,
    RecoveredByCode,
    RecoveredByOperator,
    FrozenAndGivenAPassword,
    PasswordByOperator,
    SecondStepReset,
    DeletedAndMadeAgain,
    RemovedByItsOwner,
}

impl World {
    async fn link(&self, account: &Account, purpose: LinkPurpose) -> String {
        let link = self.app.mailed_link(Some(account), purpose, None, Duration::from_hours(1), self.app.now());
        self.app.store().enqueue(&self.app.link_mail(account, link.clone(), self.app.now()).unwrap()).await.unwrap();
        self.app.keyring().link_token(link.key, link.id.as_bytes()).unwrap().expose().to_owned()
    }

    async fn primary_of(&self, account: &Account) -> MethodId {
        self.app.told_pair(account).await.unwrap().unwrap().primary().id
    }

    /// Both methods of a pending enrolment.
    async fn set_up_both(&self, jar: &mut Jar) {
        self.app.begin_enrolment(&jar.browser()).await.unwrap();
        for (kind, number) in [(MethodKind::Sms, "080-1111-2222"), (MethodKind::Voice, "03-5555-6666")] {
            self.choose(jar, kind, number).await;
            let code = self.code(jar).await;
            self.submit(jar, &code, false).await;
        }
        assert!(jar.session.is_some());
    }

    /// Lets it happen to Hanako, who is signed in on a trusted browser; the password she has afterwards.
    async fn befalls(&self, happens: Happens, account: &Account, jar: &mut Jar) -> &'static str {
        let app = &self.app;
        match happens {
            Happens::PasswordChanged => {
                let changed = app.change_password(&jar.browser(), &PASSWORD.into(), &NEW.into()).await.unwrap();
                assert!(matches!(changed, PasswordChange::Done(_)), "{changed:?}");
                NEW
            }
            Happens::PasswordReset => {
                let token = self.link(account, LinkPurpose::PasswordReset).await;
                let reset = app.reset_password(&token, &NEW.into(), &Jar::new().browser()).await.unwrap();
                assert_eq!(reset, ResetOutcome::Done);
                NEW
            }
            Happens::MethodReplaced => {
                let old = self.primary_of(account).await;
                let begun = app.begin_replacement(&jar.browser(), old).await.unwrap();
                assert_eq!(begun, BeginReplacement::Choose);
                let browser = || Browser { flow: Flow::Replacement, ..jar.browser() };
                let form = ChoiceForm { kind: MethodKind::Sms, number: "080-1111-2222", known: None, label: "" };
                app.choose(&browser(), form).await.unwrap();
                let pending = app.pending_record(&browser(), app.now()).await.unwrap().unwrap();
                let code = pending.sign_in.challenge().unwrap().code(app.keyring(), app.now()).unwrap();
                let replaced = app.submit_code(&browser(), code.expose(), false).await.unwrap();
                assert!(matches!(replaced, CodeOutcome::SignedIn(_)), "{replaced:?}");
                PASSWORD
            }
            Happens::DisabledAndEnabled => {
                app.disable_account(account.id, true).await.unwrap().unwrap();
                app.disable_account(account.id, false).await.unwrap().unwrap();
                PASSWORD
            }
            Happens::RecoveredByCode => {
                let NewCodes::Made(codes) = app.renew_recovery_codes(&jar.browser(), None).await.unwrap() else {
                    panic!()
                };
                let mut elsewhere = Jar::new();
                self.password(&mut elsewhere, "hanako", PASSWORD).await;
                let opened = app.use_recovery_code(&elsewhere.browser(), &codes[0]).await.unwrap();
                assert_eq!(opened, RecoveryCodeOutcome::Opened);
                self.set_up_both(&mut elsewhere).await;
                PASSWORD
            }
            Happens::RecoveredByOperator => {
                let mut elsewhere = Jar::new();
                self.password(&mut elsewhere, "hanako", PASSWORD).await;
                assert_eq!(app.request_recovery(&elsewhere.browser()).await.unwrap(), RequestOutcome::Open);
                self.pass(Duration::from_hours(24));
                let receipt = app.open_recovery_of(account.id).await.unwrap().unwrap().receipt;
                let approved = app.approve_recovery(&receipt, Operator::user(1)).await.unwrap().unwrap();
                assert!(matches!(approved, ApprovedRecovery::Completed(_)));
                PASSWORD
            }
            Happens::FrozenAndGivenAPassword => {
                let token = self.link(account, LinkPurpose::NotMe).await;
                assert!(app.freeze(&token, Jar::new().browser().address).await.unwrap());
                assert!(app.list_devices(account.id).await.unwrap().is_empty(), "at once");
                app.set_password(account, Password::typed(NEW).unwrap()).await.unwrap().unwrap();
                NEW
            }
            Happens::PasswordByOperator => {
                app.set_password(account, Password::typed(NEW).unwrap()).await.unwrap().unwrap();
                NEW
            }
            Happens::SecondStepReset => {
                app.reset_second_step(account).await.unwrap().unwrap();
                PASSWORD
            }
            Happens::DeletedAndMadeAgain => {
                app.delete_account(account.id).await.unwrap().unwrap();
                self.enrolled("hanako").await;
                PASSWORD
            }
            Happens::RemovedByItsOwner => {
                let owner = NewPerson {
                    user_name: UserName::parse("owner").unwrap(),
                    email: None,
                    display_name: None,
                    groups: Vec::new(),
                    language: Language::En,
                    password: Password::typed(PASSWORD).unwrap(),
                };
                app.add_member(owner, SellerName::parse("Yamada").unwrap(), true).await.unwrap().unwrap();
                let owner = self.enrol("owner").await;
                assert_eq!(app.remove_user(&owner.browser(), account.id).await.unwrap(), Ok(()));
                self.enrolled("hanako").await;
                PASSWORD
            }
        }
    }
}

#[tokio::test]
async fn trust_ends_with_the_credentials_it_was_given_under() {
    for happens in [
        Happens::PasswordChanged,
        Happens::PasswordReset,
        Happens::MethodReplaced,
        Happens::DisabledAndEnabled,
        Happens::RecoveredByCode,
        Happens::RecoveredByOperator,
        Happens::FrozenAndGivenAPassword,
        Happens::PasswordByOperator,
        Happens::SecondStepReset,
        Happens::DeletedAndMadeAgain,
        Happens::RemovedByItsOwner,
    ] {
        let world = World::new().await;
        let person = NewPerson {
            user_name: UserName::parse("hanako").unwrap(),
            email: None,
            display_name: None,
            groups: Vec::new(),
            language: Language::En,
            password: Password::typed(PASSWORD).unwrap(),
        };
        let made = world.app.add_member(person, SellerName::parse("Yamada").unwrap(), false).await.unwrap().unwrap();
        let mut jar = world.enrol("hanako").await;
        let email = Some(Some(EmailAddress::parse("hanako@example.jp").unwrap()));
        let edit = AccountEdit { email, ..AccountEdit::default() };
        let account = world.app.edit_account(&made, &edit).await.unwrap().unwrap();
        trust(&world, &mut jar).await;
        let mut trusted = Jar { session: None, ..jar.clone() };
        let outcome = world.password(&mut trusted, "hanako", PASSWORD).await;
        assert!(matches!(outcome, PasswordOutcome::SignedIn(_)), "{happens:?}: it was trusted");

        let password = world.befalls(happens, &account, &mut jar).await;
        assert!(world.app.list_devices(account.id).await.unwrap().is_empty(), "{happens:?}");
        let outcome = world.password(&mut Jar { session: None, ..trusted.clone() }, "hanako", password).await;
        assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "{happens:?}: {outcome:?}");
    }
}

const EXCLUDED: &str =
    "[trusted_device]\nexcluded_groups = ['admins', 'payouts']\n[users]\ngrantable_groups = 'payouts'";

/// Signs in with a code and the box ticked.
async fn ticked(world: &World, name: &str) -> Jar {
    let mut jar = Jar::new();
    world.password(&mut jar, name, PASSWORD).await;
    let Some(PendingView::Code(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
    assert_eq!(view.trust_days, if name == "boss" { None } else { Some(30) });
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, true).await, CodeOutcome::SignedIn(_)));
    jar
}

#[tokio::test]
async fn r12_members_of_an_excluded_group_are_never_trusted() {
    let world = World::with(EXCLUDED).await;
    let boss = world.person_of("boss", &["admins", "sellers"]).await;
    world.enrol("boss").await;
    let mut jar = ticked(&world, "boss").await;
    assert!(jar.device.is_none(), "the box by hand gives nothing");
    assert!(world.app.list_devices(boss.id).await.unwrap().is_empty());
    let view = world.app.settings(&jar.browser()).await.unwrap().unwrap();
    assert!(view.never_trusted && view.devices.is_empty());
    let outcome = world.password(&mut jar, "boss", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "{outcome:?}");
}

#[tokio::test]
async fn r12_whoever_comes_into_an_excluded_group_loses_every_trust_for_good() {
    let world = World::with(EXCLUDED).await;
    let before = world.person_of("hanako", &["sellers"]).await;
    world.enrol("hanako").await;
    let jar = ticked(&world, "hanako").await;
    let mut other = Jar { session: None, ..jar.clone() };
    assert!(matches!(world.password(&mut other, "hanako", PASSWORD).await, PasswordOutcome::SignedIn(_)));
    assert!(matches!(world.decide(&other).await, Decision::Forward(_)));

    let groups = |names: &[&str]| {
        let groups = names.iter().map(|name| Group::parse(name).unwrap()).collect();
        AccountEdit { groups: Some(groups), ..AccountEdit::default() }
    };
    let now = world.app.edit_account(&before, &groups(&["admins", "sellers"])).await.unwrap().unwrap();
    assert!(world.app.list_devices(now.id).await.unwrap().is_empty());
    assert!(interrupted(&world.decide(&other).await).is_some(), "the session that rests on it ends too");
    assert!(matches!(world.decide(&jar).await, Decision::Forward(_)), "the one that a code began goes on");
    let again = world.app.edit_account(&now, &groups(&["sellers"])).await.unwrap().unwrap();
    let outcome = world.password(&mut other, "hanako", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "leaving it brings nothing back: {outcome:?}");

    // The configuration names a group of hers after she trusted a browser.
    let jar = ticked(&world, "hanako").await;
    let Bench { app, clock, directory } = world.0;
    drop(app);
    let config = config(directory.path(), "[trusted_device]\nexcluded_groups = 'sellers'");
    let app = App::open(config, clock.clone(), Arc::new(SystemEntropy::new())).await.unwrap();
    let world = World(Bench { app: Arc::new(app), clock, directory });
    assert_eq!(world.app.list_devices(again.id).await.unwrap().len(), 1);
    let mut other = Jar { session: None, ..jar };
    let outcome = world.password(&mut other, "hanako", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "{outcome:?}");
    let Some(PendingView::Code(view)) = world.app.pending(&other.browser()).await.unwrap() else { panic!() };
    assert_eq!((view.reason, view.trust_days), (CodeReason::TrustVoid, None));
    assert_eq!(other.device.as_deref(), Some(""), "the cookie goes");
    assert!(world.app.list_devices(again.id).await.unwrap().is_empty(), "and the trust has ended");
}

#[tokio::test]
async fn r12_groups_an_owner_gives_end_trust_too() {
    let world = World::with(EXCLUDED).await;
    let person = |name: &str| NewPerson {
        user_name: UserName::parse(name).unwrap(),
        email: None,
        display_name: None,
        groups: Vec::new(),
        language: Language::En,
        password: Password::typed(PASSWORD).unwrap(),
    };
    let seller = || SellerName::parse("Yamada").unwrap();
    world.app.add_member(person("owner"), seller(), true).await.unwrap().unwrap();
    let hanako = world.app.add_member(person("hanako"), seller(), false).await.unwrap().unwrap();
    let owner = world.enrol("owner").await;
    world.enrol("hanako").await;
    ticked(&world, "hanako").await;
    let changed = world.app.change_groups(&owner.browser(), hanako.id, &["payouts".to_owned()]).await.unwrap();
    assert_ne!(changed.map(drop), Err(InviteProblem::NotYours));
    assert!(world.app.list_devices(hanako.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_browser_forgets_one_person_and_keeps_the_other() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    world.enrolled("taro").await;
    let mut jar = ticked(&world, "hanako").await;
    for name in ["taro", "hanako"] {
        jar.session = None;
        if let PasswordOutcome::Pending { .. } = world.password(&mut jar, name, PASSWORD).await {
            let code = world.code(&jar).await;
            world.submit(&mut jar, &code, true).await;
        }
    }
    assert!(world.app.is_trusted(&jar.browser()).await.unwrap());
    let cookie = world.app.forget_device(&jar.browser()).await.unwrap().unwrap();
    jar.device = Some(cookie.expose().to_owned());
    jar.session = None;
    assert!(matches!(world.password(&mut jar, "taro", PASSWORD).await, PasswordOutcome::SignedIn(_)));
    assert!(matches!(world.password(&mut jar, "hanako", PASSWORD).await, PasswordOutcome::Pending { .. }));
    let nobody = world.app.forget_device(&Jar { session: None, ..jar.clone() }.browser()).await.unwrap();
    assert!(nobody.is_none(), "only from inside a session");
}

#[tokio::test]
async fn the_page_of_last_ways_knows_how_many_recovery_codes_are_left() {
    let world = World::new().await;
    let jar = world.enrolled("hanako").await;
    let seen = async || {
        let mut jar = Jar::new();
        world.password(&mut jar, "hanako", PASSWORD).await;
        let Some(PendingView::Code(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
        (view.recovery_code, jar)
    };
    assert_eq!(seen().await.0, RecoveryCodeState::Left(0));
    let made = world.app.renew_recovery_codes(&jar.browser(), None).await.unwrap();
    let NewCodes::Made(codes) = made else { panic!("{made:?}") };
    let view = world.app.settings(&jar.browser()).await.unwrap().unwrap();
    assert_eq!(view.codes_left, 10);
    let (state, other) = seen().await;
    assert_eq!(state, RecoveryCodeState::Left(10));
    world.app.use_recovery_code(&other.browser(), &codes[3]).await.unwrap();
    assert_eq!(seen().await.0, RecoveryCodeState::Left(9));

    let account = world.app.find_account("hanako").await.unwrap().unwrap().account;
    let email = Some(Some(EmailAddress::parse("hanako@example.jp").unwrap()));
    let edit = AccountEdit { email, ..AccountEdit::default() };
    let account = world.app.edit_account(&account, &edit).await.unwrap().unwrap();
    let token = world.link(&account, LinkPurpose::PasswordReset).await;
    world.app.reset_password(&token, &NEW.into(), &jar.browser()).await.unwrap();
    let mut late = Jar::new();
    world.password(&mut late, "hanako", NEW).await;
    let Some(PendingView::Code(view)) = world.app.pending(&late.browser()).await.unwrap() else { panic!() };
    assert_eq!(view.recovery_code, RecoveryCodeState::BlockedUntil(world.app.now() + Duration::from_hours(48)));
}
