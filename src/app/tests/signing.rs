//! Signing keys as the application rolls them over.

use std::time::Duration;

use super::World;

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_private_key_goes_when_nothing_it_signed_is_good_any_more() {
    let world = World::new().await;
    let names = async || {
        world.app.roll_signing_keys().await.unwrap();
        let published = world.app.published_keys().await.unwrap();
        let stored = world.app.store().signing_keys().await.unwrap();
        let stored: Vec<String> = stored.iter().map(|key| key.id.to_string()).collect();
        let published = published["keys"].as_array().unwrap();
        let published: Vec<String> = published.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect();
        assert_eq!(published, stored, "what is kept is what is published");
        stored
    };
    let first = names().await;
    assert_eq!(first.len(), 1);
    world.pass(28 * DAY);
    let both = names().await;
    assert_eq!((both.len(), &both[0]), (2, &first[0]));
    // Nothing new is due for weeks: the old one goes all the same.
    world.pass(3 * DAY);
    assert_eq!(names().await, both, "its last signature was a day ago");
    world.pass(Duration::from_mins(1));
    assert_eq!(names().await, both[1..]);
}
