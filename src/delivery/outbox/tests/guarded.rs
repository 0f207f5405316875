//! What was ordered may be refused at the moment of sending.

use std::path::Path;

use super::*;
use crate::config::DestinationsConfig;

const CONFIG: &str = r#"
    public_url = "https://console.example.jp"
    [listen]
    https = "127.0.0.1:8443"
    certificate = "c.pem"
    private_key = "k.pem"
    [upstream]
    url = "http://127.0.0.1:8080"
    [store]
    url = "sqlite:store.db"
    [sms]
    provider = "inbox"
    [voice]
    provider = "inbox"
    [insecure]
    inbox_provider = true
"#;

/// As by default.
pub(super) fn guards(directory: &Path) -> Guards {
    let path = directory.join("sekisho.toml");
    std::fs::write(&path, CONFIG).unwrap();
    Guards::new(&crate::config::load(&path).unwrap())
}

/// How the one message ended.
async fn ended(bench: &Bench) -> (String, Option<String>) {
    let counts = bench.worker.store.outbox_counts(NOW - Duration::from_hours(1)).await.unwrap();
    assert_eq!(counts.len(), 1, "{counts:?}");
    (counts[0].state.clone(), counts[0].outcome.clone())
}

#[tokio::test]
async fn rat_15_the_country_is_asked_again_when_the_message_goes() {
    let denied = vec!["+8190".to_owned()];
    for (countries, denied_prefixes, outcome) in
        [(vec!["GB".to_owned()], Vec::new(), "country_blocked"), (vec!["JP".to_owned()], denied, "number_blocked")]
    {
        let mut bench = Bench::new().await;
        let pending = bench.sign_in(Language::Ja).await;
        let mut guards = bench.worker.guards.as_ref().clone();
        guards.destinations = DestinationsConfig { countries, denied_prefixes, ..guards.destinations };
        bench.worker.guards = Arc::new(guards);
        assert_eq!(bench.worker.deliver_due().await.unwrap(), 1);
        assert!(bench.received().await.is_empty());
        assert_eq!(ended(&bench).await, ("failed".to_owned(), Some(outcome.to_owned())));
        let challenge = pending.sign_in.challenge().unwrap().id();
        let delivery = bench.worker.store.delivery(challenge, MethodKind::Sms).await.unwrap();
        assert_eq!(delivery, Some(Delivery::Refused), "the page says to choose another way");
    }
}

#[tokio::test]
async fn what_was_ordered_before_a_pause_goes_no_more() {
    for what in ["sms", "country:JP", "prefix:+8190"] {
        let bench = Bench::new().await;
        bench.sign_in(Language::Ja).await;
        bench.worker.store.pause(what, None, NOW).await.unwrap();
        bench.worker.deliver_due().await.unwrap();
        assert!(bench.received().await.is_empty(), "{what}");
        assert_eq!(ended(&bench).await, ("failed".to_owned(), Some("paused".to_owned())), "{what}");
    }
    let bench = Bench::new().await;
    bench.sign_in(Language::Ja).await;
    for what in ["voice", "country:US", "prefix:+8191"] {
        bench.worker.store.pause(what, None, NOW).await.unwrap();
    }
    bench.worker.store.pause("sms", Some(NOW), NOW).await.unwrap();
    bench.worker.deliver_due().await.unwrap();
    assert_eq!(bench.received().await.len(), 1, "nothing else is paused");
}

#[tokio::test]
async fn a_provider_that_is_paused_is_not_asked_until_it_is_resumed() {
    let bench = Bench::new().await;
    bench.sign_in(Language::Ja).await;
    bench.worker.store.pause("provider:inbox", None, NOW).await.unwrap();
    bench.worker.deliver_due().await.unwrap();
    assert!(bench.received().await.is_empty());
    assert_eq!(ended(&bench).await.0, "queued", "it waits");
    assert!(bench.worker.store.resume("provider:inbox", NOW).await.unwrap());
    bench.wait(Duration::from_secs(2));
    bench.worker.deliver_due().await.unwrap();
    assert_eq!(bench.received().await.len(), 1);
}
