//! What was ordered may be refused at the moment of sending.

use super::*;
use crate::config::{DestinationsConfig, NumberType};

/// Every country that the tests send to.
pub(super) fn everywhere() -> DestinationsConfig {
    DestinationsConfig {
        countries: vec!["JP".to_owned()],
        types: vec![NumberType::Mobile, NumberType::Fixed, NumberType::Voip],
        allowed_prefixes: Vec::new(),
        denied_prefixes: Vec::new(),
    }
}

#[tokio::test]
async fn rat_15_the_country_is_asked_again_when_the_message_goes() {
    for (rules, outcome) in [
        (DestinationsConfig { countries: vec!["GB".to_owned()], ..everywhere() }, "country_blocked"),
        (DestinationsConfig { denied_prefixes: vec!["+8190".to_owned()], ..everywhere() }, "number_blocked"),
    ] {
        let mut bench = Bench::new().await;
        let pending = bench.sign_in(Language::Ja).await;
        bench.worker.destinations = Arc::new(rules);
        assert_eq!(bench.worker.deliver_due().await.unwrap(), 1);
        assert!(bench.received().await.is_empty());
        let counts = bench.worker.store.outbox_counts(NOW - Duration::from_hours(1)).await.unwrap();
        assert_eq!(counts.len(), 1);
        assert_eq!((counts[0].state.as_str(), counts[0].outcome.as_deref()), ("failed", Some(outcome)));
        let challenge = pending.sign_in.challenge().unwrap().id();
        let delivery = bench.worker.store.delivery(challenge, MethodKind::Sms).await.unwrap();
        assert_eq!(delivery, Some(Delivery::Refused), "the page says to choose another way");
    }
}
