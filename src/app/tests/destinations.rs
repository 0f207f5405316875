//! Where codes go, and where they do not.

use std::sync::Arc;

use super::{Bench, Jar, PASSWORD, World, config, ordered};
use crate::{
    access::Unreachable,
    account::{MethodKind, Role},
    app::{
        App, ChoiceProblem, CodeOutcome, EnrolmentOutcome, PasswordOutcome, PendingView, SendAvailability, SendOutcome,
        SendRefusal,
    },
    entropy::SystemEntropy,
};

#[tokio::test]
async fn rat_15_a_number_of_another_country_is_refused_before_anything_is_sent() {
    let world = World::new().await;
    world.person("hanako").await;
    let mut jar = Jar::new();
    world.password(&mut jar, "hanako", PASSWORD).await;
    world.app.begin_enrolment(&jar.browser()).await.unwrap();
    for kind in [MethodKind::Sms, MethodKind::Voice] {
        let outcome = world.choose(&jar, kind, "+44 7400 123456").await;
        let country = ChoiceProblem::Unreachable(Unreachable::Country);
        assert!(matches!(outcome, EnrolmentOutcome::Refused(why) if why == country), "{outcome:?}");
    }
    assert_eq!(ordered(&world).await, 0);
    let refused = world.app.budget_status().await.unwrap().refused;
    assert_eq!(
        refused.iter().map(|one| (one.reason.as_str(), one.country.as_str(), one.messages)).collect::<Vec<_>>(),
        [("country_blocked", "GB", 2)]
    );
    assert!(matches!(world.choose(&jar, MethodKind::Sms, "090-1234-5678").await, EnrolmentOutcome::Done));
    assert_eq!(ordered(&world).await, 1);
}

#[tokio::test]
async fn a_method_whose_number_is_denied_later_gets_nothing_and_the_other_one_works() {
    let world = World::new().await;
    world.enrolled("hanako").await;
    ordered(&world).await;
    let Bench { app, clock, directory } = world.0;
    drop(app);
    let config = config(directory.path(), "[destinations]\ndenied_prefixes = [\"+8190\"]");
    let app = Arc::new(App::open(config, clock.clone(), Arc::new(SystemEntropy::new())).await.unwrap());
    let world = World(Bench { app, clock, directory });

    let mut jar = Jar::new();
    assert!(matches!(world.password(&mut jar, "hanako", PASSWORD).await, PasswordOutcome::Pending { .. }));
    assert_eq!(ordered(&world).await, 0, "asked again before each message");
    let Some(PendingView::Code(view)) = world.app.pending(&jar.browser()).await.unwrap() else { panic!() };
    assert!(!view.sent && view.send_again == SendAvailability::Blocked, "{view:?}");
    assert_eq!(view.send_other, SendAvailability::Now);
    let refused = world.app.send_again(&jar.browser()).await.unwrap();
    assert!(matches!(refused, SendOutcome::Refused(SendRefusal::Blocked)), "{refused:?}");
    assert_eq!(ordered(&world).await, 0);

    assert!(matches!(world.app.use_role(&jar.browser(), Role::Backup).await.unwrap(), SendOutcome::Done));
    assert_eq!(ordered(&world).await, 1);
    let code = world.code(&jar).await;
    assert!(matches!(world.submit(&mut jar, &code, false).await, CodeOutcome::SignedIn(_)));
}
