//! Whose cookies of the console go along, by who has signed in on the browser.

use super::{Jar as Browser, World};
use crate::access::{Decision, Jar};

async fn jar(world: &World, browser: &Browser) -> Jar {
    match world.decide(browser).await {
        Decision::Forward(permit) => permit.jar(),
        other => panic!("{other:?}"),
    }
}

/// Signs in to an enrolled account on this browser; its other cookies stay.
async fn signs_in(world: &World, browser: &mut Browser, name: &str) -> bool {
    browser.session = None;
    let outcome = world.password(browser, name, super::PASSWORD).await;
    assert!(matches!(outcome, super::PasswordOutcome::Pending { .. }), "{outcome:?}");
    let code = world.code(browser).await;
    match world.submit(browser, &code, false).await {
        super::CodeOutcome::SignedIn(grant) => grant.changed_hands,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_jar_is_ones_own_until_somebody_else_signs_in_on_the_browser() {
    let world = World::new().await;
    let mut browser = world.enrolled("hanako").await;
    let hanako = world.app.find_account("hanako").await.unwrap().unwrap().account.id;
    assert_eq!(jar(&world, &browser).await, Jar::Own);
    assert!(!signs_in(&world, &mut browser, "hanako").await, "the same person again");
    assert_eq!(jar(&world, &browser).await, Jar::Own);

    drop(world.enrolled("taro").await);
    let taro = world.app.find_account("taro").await.unwrap().unwrap().account.id;
    assert!(signs_in(&world, &mut browser, "taro").await, "the console's cookies are expired");
    assert_eq!(jar(&world, &browser).await, Jar::Shared { account: Some(taro) });
    assert!(signs_in(&world, &mut browser, "hanako").await);
    assert_eq!(jar(&world, &browser).await, Jar::Shared { account: Some(hanako) });
    world.pass(std::time::Duration::from_hours(300 * 24));
    assert!(!signs_in(&world, &mut browser, "hanako").await);
    assert_eq!(jar(&world, &browser).await, Jar::Shared { account: Some(hanako) }, "cookies live for long");
}

/// Both are under way before either is answered; what one leaves of the cookie of last sign-ins, the other writes over.
#[tokio::test]
async fn two_sign_ins_at_once_leave_both_their_marks() {
    let world = World::with("[[rule]]\npath = \"/orders\"\naccess = \"public\"").await;
    let (mut hers, mut his) = (Browser::new(), Browser::new());
    for name in ["hanako", "taro"] {
        drop(world.enrolled(name).await);
    }
    assert!(!signs_in(&world, &mut hers, "hanako").await);
    let hanako = world.app.find_account("hanako").await.unwrap().unwrap().account.id;
    let taro = world.app.find_account("taro").await.unwrap().unwrap().account.id;
    assert_eq!(jar(&world, &hers).await, Jar::Own, "she has worked before his answer comes");
    signs_in(&world, &mut his, "taro").await;
    assert_eq!(jar(&world, &his).await, Jar::Own, "were it a browser of his own");
    let marks = [hers.marks.clone(), his.marks.clone()].concat();
    for (last, account) in [(&his, taro), (&hers, hanako)] {
        let mut browser = Browser { marks: marks.clone(), ..last.clone() };
        assert_eq!(jar(&world, &browser).await, Jar::Shared { account: Some(account) });
        browser.known = None;
        assert_eq!(jar(&world, &browser).await, Jar::Shared { account: Some(account) }, "without the list, too");
        browser.session = None;
        assert_eq!(jar(&world, &browser).await, Jar::Shared { account: None });
    }

    // The next sign-in puts one mark in the place of both.
    let mut browser = Browser { marks, ..his };
    signs_in(&world, &mut browser, "taro").await;
    assert_eq!(browser.marks, ["many"]);
    assert_eq!(jar(&world, &browser).await, Jar::Shared { account: Some(taro) });
    // It is made again for as long as somebody else is listed, and is not needed for one person.
    let mut alone = Browser { marks: browser.marks.clone(), ..Browser::new() };
    signs_in(&world, &mut alone, "taro").await;
    assert_eq!(alone.marks.len(), 2);
    signs_in(&world, &mut browser, "hanako").await;
    assert_eq!(browser.marks, ["many"]);
}

#[tokio::test]
async fn a_cookie_that_does_not_open_counts_as_somebody() {
    let world = World::new().await;
    let mut browser = world.enrolled("hanako").await;
    let hanako = world.app.find_account("hanako").await.unwrap().unwrap().account.id;
    let known = browser.known.take();
    let shared = Jar::Shared { account: Some(hanako) };
    assert_eq!(jar(&world, &browser).await, Jar::Own, "a session cookie alone");
    browser.known = known;
    assert_eq!(jar(&world, &browser).await, Jar::Own);

    browser.known = Some("AAAA".to_owned());
    assert!(signs_in(&world, &mut browser, "hanako").await, "nobody knows whose it was");
    assert_eq!(jar(&world, &browser).await, shared);
    assert!(!signs_in(&world, &mut browser, "hanako").await);
    assert_eq!(jar(&world, &browser).await, shared, "and it stays so");
}

#[tokio::test]
async fn nobody_gets_the_cookies_of_somebody_who_has_left() {
    let world = World::with("[[rule]]\npath = \"/orders\"\naccess = \"public\"").await;
    let mut browser = world.enrolled("hanako").await;
    assert_eq!(jar(&world, &Browser::new()).await, Jar::Own, "a browser on which nobody ever signed in");
    assert_eq!(jar(&world, &browser).await, Jar::Own);
    browser.session = None;
    assert_eq!(jar(&world, &browser).await, Jar::Shared { account: None });
}

#[tokio::test]
async fn bound_cookies_make_every_jar_shared_and_watching_none() {
    let world = World::with("[console]\nbound_cookies = true").await;
    let browser = world.enrolled("hanako").await;
    assert!(matches!(jar(&world, &browser).await, Jar::Shared { account: Some(_) }));
    let world = World::with("[rollout]\nmode = \"observe\"").await;
    let mut browser = world.enrolled("hanako").await;
    browser.session = None;
    assert_eq!(jar(&world, &browser).await, Jar::Own);
}
