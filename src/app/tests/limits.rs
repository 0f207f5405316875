//! What a thief of password and code, or of an owner, can cause has a ceiling.

use std::time::Duration;

use super::{Jar, PASSWORD, World, ordered};
use crate::{
    access::Interruption,
    account::{EmailAddress, MethodKind, Role, SellerAccount, SellerId, SellerName, UserName},
    app::{
        ChoiceProblem, CodeOutcome, EmailRequest, EnrolmentOutcome, InviteForm, InviteProblem, PasswordOutcome,
        PasswordRefusal, PendingView, SendAvailability, SendOutcome, SendRefusal, administration::NewPerson,
    },
    authn::Password,
    language::Language,
    store::{Invitation, InvitationId, RateSpend},
};

#[tokio::test]
async fn r6_right_codes_do_not_begin_the_day_of_a_number_again() {
    let world = World::with("[sign_in]\nsends_per_number_a_day = 6").await;
    world.enrolled("hanako").await;
    let over = world.app.now() + Duration::from_hours(24);
    ordered(&world).await;
    for _ in 0..5 {
        let mut jar = Jar::new();
        world.password(&mut jar, "hanako", PASSWORD).await;
        assert_eq!(ordered(&world).await, 1);
        let code = world.code(&jar).await;
        assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)));
    }
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    assert_eq!(ordered(&world).await, 0, "one was for setting it up, five for signing in");
    let Some(PendingView::Code(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
    assert!(!view.sent && view.send_again == SendAvailability::Exhausted(over), "{view:?}");
    assert_eq!(view.send_other, SendAvailability::Now);
    let none = world.app.send_again(&jar.browser()).await.unwrap();
    assert!(matches!(none, SendOutcome::Refused(SendRefusal::Exhausted(at)) if at == over), "{none:?}");

    world.person("taro").await;
    let mut other = Jar::new();
    world.password(&mut other, "taro", PASSWORD).await;
    world.app.begin_enrolment(&other.browser()).await.unwrap();
    let outcome = world.choose(&other, MethodKind::Voice, "090-1234-5678").await;
    let refused = ChoiceProblem::Send(SendRefusal::Exhausted(over));
    assert!(matches!(outcome, EnrolmentOutcome::Refused(why) if why == refused), "every account counts: {outcome:?}");

    assert!(matches!(world.app.use_role(&jar.browser(), Role::Backup).await.unwrap(), SendOutcome::Done));
    assert_eq!(ordered(&world).await, 1, "the other method works");
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)));
    ordered(&world).await;
    world.pass(Duration::from_hours(24));
    world.password(&mut Jar::new(), "hanako", PASSWORD).await;
    assert_eq!(ordered(&world).await, 1, "a new day");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn right_passwords_are_taken_however_many_come_at_once_from_one_address() {
    let world = std::sync::Arc::new(World::new().await);
    for name in ["hanako", "taro"] {
        world.person(name).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for nth in 0..48 {
        let world = world.clone();
        tasks.spawn(async move {
            let name = if nth % 2 == 0 { "hanako" } else { "taro" };
            world.password(&mut Jar::new(), name, PASSWORD).await
        });
    }
    for outcome in tasks.join_all().await {
        assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "{outcome:?}");
    }
    // Wrong ones are as few as one after the other.
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let world = world.clone();
        tasks.spawn(async move { world.password(&mut Jar::new(), "hanako", "wrong wrong wrong").await });
    }
    let outcomes = tasks.join_all().await;
    let tried =
        |outcome: &&PasswordOutcome| matches!(outcome, PasswordOutcome::Refused(PasswordRefusal::BadCredentials));
    assert_eq!(outcomes.iter().filter(tried).count(), 5);
    // What was refused unseen is not held against the address: 5 of its 30 are spent, and one more by this.
    for _ in 0..30 {
        world.password(&mut Jar::new(), "hanako", PASSWORD).await;
    }
    let outcome = world.password(&mut Jar::new(), "taro", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "{outcome:?}");
}

#[tokio::test]
async fn strangers_with_the_password_end_nothing_that_is_pending_in_a_known_browser() {
    let world = World::new().await;
    let mut owner = world.enrolled("hanako").await;
    owner.session = None;
    world.password(&mut owner, "hanako", PASSWORD).await;
    let code = world.code(&owner).await;
    for _ in 0..12 {
        world.password(&mut Jar::new(), "hanako", PASSWORD).await;
    }
    assert!(matches!(world.submit(&mut owner, &code, false).await, CodeOutcome::SignedIn(_)));
}

#[tokio::test]
async fn a_page_that_looks_by_itself_keeps_no_session_alive() {
    let world = World::new().await;
    let jar = world.enrolled("hanako").await;
    for _ in 0..3 {
        world.pass(Duration::from_mins(19));
        assert!(world.app.watch(&jar.browser()).await.unwrap().is_some());
    }
    world.pass(Duration::from_mins(3));
    assert!(world.app.watch(&jar.browser()).await.unwrap().is_none());
    assert_eq!(super::interrupted(&world.decide(&jar).await), Some(Interruption::Idle));
}

#[tokio::test]
async fn r13_invitations_are_limited_by_owner_and_by_address() {
    let world = World::new().await;
    let owner = NewPerson {
        user_name: UserName::parse("hanako").unwrap(),
        email: None,
        display_name: None,
        groups: Vec::new(),
        language: Language::En,
        password: Password::typed(PASSWORD).unwrap(),
    };
    world.app.add_member(owner, SellerName::parse("Yamada").unwrap(), true).await.unwrap().unwrap();
    let jar = world.enrol("hanako").await;
    let invite = async |email: &str| {
        let form = InviteForm { email, display_name: "", groups: &[], language: Language::Ja };
        world.app.invite(&jar.browser(), form).await.unwrap()
    };
    let start = world.app.now();
    for _ in 0..2 {
        invite("jiro@example.jp").await.unwrap();
    }
    let seller = world.app.store().seller(&SellerName::parse("Yamada").unwrap()).await.unwrap().unwrap();
    let id = world.app.store().invitations(seller.id).await.unwrap().first().unwrap().id;
    world.app.send_invitation_again(&jar.browser(), id).await.unwrap().unwrap();
    let often = Err(InviteProblem::MailedOften(start + Duration::from_hours(1)));
    assert_eq!(invite("Jiro@example.jp").await, often);
    assert_eq!(world.app.send_invitation_again(&jar.browser(), id).await.unwrap(), often);
    for n in 3..20 {
        invite(&format!("p{n}@example.jp")).await.unwrap();
    }
    for (later, expected) in [
        (1, Err(InviteProblem::TooManySent(start + Duration::from_hours(24)))),
        (23, Ok(EmailAddress::parse("jiro@example.jp").unwrap())),
    ] {
        world.pass(Duration::from_hours(later));
        let jar = world.sign_in_again("hanako").await;
        let form = InviteForm { email: "jiro@example.jp", display_name: "", groups: &[], language: Language::Ja };
        assert_eq!(world.app.invite(&jar.browser(), form).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_new_invitation_gives_no_new_tries_at_user_names() {
    let world = World::new().await;
    let now = world.app.now();
    let seller =
        SellerAccount { id: SellerId::random(&**world.app.entropy()), name: SellerName::parse("Yamada").unwrap() };
    let offer = |email: &str| Invitation {
        id: InvitationId::random(&**world.app.entropy()),
        seller: seller.clone(),
        email: EmailAddress::parse(email).unwrap(),
        display_name: None,
        groups: Vec::new(),
        owner: false,
        language: Language::En,
        created_at: now,
        expires_at: now,
    };
    for _ in 0..20 {
        assert_eq!(world.app.spend_accept_try(&offer("jiro@example.jp"), now).await.unwrap(), RateSpend::Granted);
    }
    assert!(matches!(world.app.spend_accept_try(&offer("jiro@example.jp"), now).await.unwrap(), RateSpend::Wait(_)));
    assert_eq!(world.app.spend_accept_try(&offer("saburo@example.jp"), now).await.unwrap(), RateSpend::Granted);
}

#[tokio::test]
async fn a_stranger_does_not_lock_out_a_browser_that_was_used_of_late() {
    let world = World::new().await;
    let mut owner = world.enrolled("hanako").await;
    world.enrolled("taro").await;
    let fail = async |world: &World| {
        let mut stranger = Jar::new();
        for _ in 0..5 {
            world.password(&mut stranger, "hanako", "wrong wrong wrong").await;
        }
    };
    fail(&world).await;
    let mut elsewhere = Jar::new();
    let waits = |outcome: &PasswordOutcome| matches!(outcome, PasswordOutcome::Refused(PasswordRefusal::WaitUntil(_)));
    assert!(waits(&world.password(&mut elsewhere, "hanako", PASSWORD).await), "a browser nobody knows waits");
    let mut of_taro = Jar { known: world.enrolled("jiro").await.known, ..Jar::new() };
    assert!(waits(&world.password(&mut of_taro, "hanako", PASSWORD).await), "known for another account");
    owner.session = None;
    let outcome = world.password(&mut owner, "hanako", PASSWORD).await;
    assert!(matches!(outcome, PasswordOutcome::Pending { .. }), "its owner's does not: {outcome:?}");
    assert!(owner.device.is_none(), "nothing is trusted");

    // It has a count of its own, and is known for ninety days.
    for _ in 0..5 {
        world.password(&mut owner, "hanako", "wrong wrong wrong").await;
    }
    assert!(waits(&world.password(&mut owner, "hanako", PASSWORD).await));
    world.pass(Duration::from_secs(90 * 86_400 - 1));
    fail(&world).await;
    assert!(matches!(world.password(&mut owner, "hanako", PASSWORD).await, PasswordOutcome::Pending { .. }));
    let mut old = Jar { known: owner.known.clone(), ..Jar::new() };
    world.pass(Duration::from_secs(1));
    assert!(waits(&world.password(&mut old, "hanako", PASSWORD).await), "known no more");
}

#[tokio::test]
async fn an_address_is_asked_for_with_a_fresh_code_only() {
    let world = World::new().await;
    let jar = world.enrolled("hanako").await;
    world.pass(Duration::from_mins(5) + Duration::from_millis(1));
    let asked = world.app.request_email(&jar.browser(), "new@example.jp").await.unwrap();
    assert_eq!(asked, EmailRequest::Stale);
    let jar = world.enrolled("taro").await;
    world.pass(Duration::from_mins(5));
    let asked = world.app.request_email(&jar.browser(), "new@example.jp").await.unwrap();
    assert_eq!(asked, EmailRequest::Mailed, "five minutes are fresh");
}
