//! Whom a notice reaches: nobody is left out because they own no mobile phone, and nothing that counts goes untold.

use std::time::Duration;

use super::{Jar, PASSWORD, World, ordered};
use crate::{
    account::{MethodKind, Role},
    app::{CodeOutcome, CodeProblem},
    store::{Notice, OutboxContent, OutboxOutcome, Recipient},
};

/// The notices that wait, taken, with the digits they go to.
async fn told(world: &World) -> Vec<(String, Notice)> {
    let (store, now) = (world.app.store(), world.app.now());
    let mut told = Vec::new();
    for item in store.claim_messages(None, 100, now).await.unwrap() {
        store.hand_over(item.id, "test", now).await.unwrap();
        store.finish_message(item.id, OutboxOutcome::Sent, ("accepted", None), now).await.unwrap();
        if let OutboxContent::Notice { notice } = item.content {
            told.push((
                match item.to {
                    Recipient::Mail(_) => "mail".to_owned(),
                    Recipient::Sms(number) => format!("sms {}", number.last_two()),
                    Recipient::Voice(number) => format!("voice {}", number.last_two()),
                },
                notice,
            ));
        }
    }
    told.sort_by(|a, b| a.0.cmp(&b.0));
    told
}

/// An account with two landlines and no address.
async fn with_landlines(world: &World) -> Jar {
    world.person("hanako").await;
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    world.app.begin_enrolment(&jar.browser()).await.unwrap();
    for number in ["03-1111-1111", "03-2222-2222"] {
        world.choose(&jar, MethodKind::Voice, number).await;
        let code = world.code(&jar).await;
        world.submit(&mut jar, &code, false).await;
    }
    assert!(jar.session.is_some(), "enrolled");
    ordered(world).await;
    jar
}

#[tokio::test]
async fn whoever_can_only_be_called_is_called() {
    let world = World::new().await;
    with_landlines(&world).await;
    world.pass(Duration::from_hours(1));
    world.sign_in_again("hanako").await;
    let told = told(&world).await;
    let called: Vec<_> = told.iter().map(|(to, notice)| (to.as_str(), notice.kind())).collect();
    assert_eq!(called, [("voice 22", "new_device")], "by the method that was not used: {told:?}");
}

#[tokio::test]
async fn a_pause_is_told_by_a_call_and_also_where_the_last_try_came_too_late() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    ordered(&world).await;
    world.pass(Duration::from_hours(1));
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    let right = world.code(&jar).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        world.submit(&mut jar, wrong, false).await;
    }
    world.pass(Duration::from_mins(5));
    let outcome = world.submit(&mut jar, &right, false).await;
    assert!(matches!(outcome, CodeOutcome::Refused(CodeProblem::Paused(_))), "the fifth counts: {outcome:?}");
    let told = told(&world).await;
    let expected = |(to, notice): &(String, Notice)| {
        to == "voice 78" && matches!(notice, Notice::MethodPaused { role: Role::Primary, .. })
    };
    assert!(matches!(&told[..], [one] if expected(one)), "by the other method: {told:?}");
}
