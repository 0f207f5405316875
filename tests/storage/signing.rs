//! Signing keys: one at a time, sealed, and gone when they are over.

use std::{fs, time::Duration};

use sekisho::{
    clock::Timestamp,
    keyring::{KeyTimes, SigningKey, SigningKeyId},
    store::{NewSigningKey, Store, StoreError, StoredSigningKey},
};

use crate::world::{Bench, DAY, NOW};

impl Bench {
    fn drawn(&self) -> NewSigningKey {
        let pkcs8 = SigningKey::generate().unwrap();
        NewSigningKey { id: SigningKeyId::random(&*self.entropy), pkcs8 }
    }

    async fn roll(&self, now: Timestamp) -> Vec<StoredSigningKey> {
        self.store.roll_signing_keys(&self.drawn(), now).await.unwrap()
    }
}

fn names(keys: &[StoredSigningKey]) -> Vec<SigningKeyId> {
    keys.iter().map(|key| key.id).collect()
}

#[tokio::test]
async fn two_starts_at_once_make_one_key() {
    let bench = Bench::new().await;
    assert!(bench.store.signing_keys().await.unwrap().is_empty());
    let other = Store::open_sqlite(&bench.path, bench.keyring.clone(), bench.entropy.clone()).await.unwrap();
    let (ours, theirs) = (bench.drawn(), bench.drawn());
    let (one, two) = tokio::join!(bench.store.roll_signing_keys(&ours, NOW), other.roll_signing_keys(&theirs, NOW));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.len(), 1);
    assert_eq!(names(&one), names(&two));
    assert_eq!(one[0].times, KeyTimes { published_at: NOW, signs_from: NOW });
    assert!(SigningKey::read(one[0].id, one[0].times, &two[0].pkcs8).is_some());
}

#[tokio::test]
async fn the_next_key_is_made_once_when_it_is_due_and_the_old_one_goes_a_day_after_it_signed() {
    let mut bench = Bench::new().await;
    let first = bench.roll(NOW).await;
    assert_eq!(names(&bench.roll(NOW + 27 * DAY).await), names(&first));
    let made_at = NOW + 28 * DAY;
    let both = bench.roll(made_at).await;
    assert_eq!((both.len(), both[0].id), (2, first[0].id));
    assert_eq!(both[1].times, KeyTimes { published_at: made_at, signs_from: NOW + 30 * DAY });
    assert_eq!(names(&bench.roll(NOW + 31 * DAY).await), names(&both), "its last signature was a day ago");
    bench.reopen().await;
    let left = bench.roll(NOW + 31 * DAY + Duration::from_mins(1)).await;
    assert_eq!(names(&left), [both[1].id]);
    assert_eq!(names(&bench.store.signing_keys().await.unwrap()), [both[1].id]);
}

#[tokio::test]
async fn a_private_key_is_sealed_to_its_row() {
    let bench = Bench::new().await;
    let key = bench.roll(NOW).await.remove(0);
    for entry in fs::read_dir(bench.path.parent().unwrap()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        // The private number of the PKCS #8 document stands behind its 36 bytes of header.
        let secret = &key.pkcs8.expose()[36..68];
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
    bench.plant("UPDATE signing_keys SET id = 'aaaaaaaaaaaaaaaaaaaaaaaaaa'").await;
    let error = bench.store.signing_keys().await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { table: "signing_keys", column: "pkcs8", .. }), "{error}");
}
