//! Trusted devices: the value is exchanged whenever it is shown, and an old one ends the trust.

use sekisho::{
    secret::Digest,
    session::{DeviceId, DeviceLabel, Session},
    store::{Acting, CompleteSignIn, NewDevice, PresentDevice, PresentedDevice, Stale},
};

use crate::world::{Bench, DAY, MINUTE, NOW, Person};

pub(crate) async fn trusting(
    bench: &Bench,
    person: &Person,
    now: sekisho::clock::Timestamp,
) -> (Session, DeviceId, Digest) {
    let (id, digest) = (DeviceId::random(&*bench.entropy), bench.digest());
    let label = DeviceLabel::new("Firefox (Linux)");
    let trust = NewDevice { id, digest, label, expires_at: now + 30 * DAY };
    let complete = CompleteSignIn { trust: Some(trust), ..bench.ready(person, now).await };
    bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    (complete.session, id, digest)
}

async fn show(bench: &Bench, person: &Person, id: DeviceId, shown: Digest, next: Digest) -> PresentedDevice {
    show_at(bench, person, id, shown, next, NOW).await
}

async fn show_at(
    bench: &Bench,
    person: &Person,
    id: DeviceId,
    shown: Digest,
    next: Digest,
    now: sekisho::clock::Timestamp,
) -> PresentedDevice {
    let credential_version = bench.store.credentials(&person.name).await.unwrap().unwrap().account.credential_version;
    let present = PresentDevice { id, shown, next, account: person.id, credential_version, if_copied: Vec::new(), now };
    bench.store.present_device(&present).await.unwrap()
}

#[tokio::test]
async fn the_value_is_exchanged_at_every_use() {
    let mut bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (_, id, first) = trusting(&bench, &hanako, NOW).await;
    bench.reopen().await;
    let (second, third) = (bench.digest(), bench.digest());
    let PresentedDevice::Trusted { proof, .. } = show(&bench, &hanako, id, first, second).await else {
        panic!("trusted")
    };
    assert_eq!((proof.device(), proof.account()), (id, hanako.id));
    let complete = bench.with_trust(&hanako, proof, NOW + MINUTE).await;
    bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    let stored = bench.store.session(complete.session.digest()).await.unwrap().unwrap();
    assert_eq!(stored.session.mfa_at(), Some(NOW), "the code was given when the trust began");
    assert_eq!(stored.session.second_step().level(), 1);
    assert!(matches!(show(&bench, &hanako, id, second, third).await, PresentedDevice::Trusted { .. }));
    let [device] = &bench.store.devices(hanako.id, NOW).await.unwrap()[..] else { panic!("one device") };
    assert_eq!((device.current, device.previous), (third, Some(second)));
}

#[tokio::test]
async fn a_lost_answer_is_no_theft_and_a_copy_is() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (_, id, first) = trusting(&bench, &hanako, NOW).await;
    let lost = bench.digest();
    assert!(matches!(show(&bench, &hanako, id, first, lost).await, PresentedDevice::Trusted { .. }));
    let second = bench.digest();
    assert!(matches!(show(&bench, &hanako, id, first, second).await, PresentedDevice::Trusted { .. }), "asked again");
    let third = bench.digest();
    let PresentedDevice::Trusted { proof, .. } = show(&bench, &hanako, id, second, third).await else {
        panic!("trusted")
    };
    let complete = bench.with_trust(&hanako, proof, NOW + MINUTE).await;
    bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    let PresentedDevice::Replayed(ended) = show(&bench, &hanako, id, first, bench.digest()).await else {
        panic!("a copy")
    };
    assert_eq!(ended.iter().map(|gone| gone.id).collect::<Vec<_>>(), [complete.session.id()], "what rested on it");
    assert!(bench.store.devices(hanako.id, NOW).await.unwrap().is_empty());
    assert!(matches!(show(&bench, &hanako, id, third, bench.digest()).await, PresentedDevice::Void), "it is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_value_shown_at_once_leaves_one_good_value() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (_, id, first) = trusting(&bench, &hanako, NOW).await;
    let version = bench.store.credentials(&hanako.name).await.unwrap().unwrap().account.credential_version;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (store, next, account) = (bench.store.clone(), bench.digest(), hanako.id);
        racing.spawn(async move {
            let (credential_version, if_copied) = (version, Vec::new());
            let present = PresentDevice { id, shown: first, next, account, credential_version, if_copied, now: NOW };
            matches!(store.present_device(&present).await.unwrap(), PresentedDevice::Trusted { .. }).then_some(next)
        });
    }
    let given = racing.join_all().await;
    assert!(given.iter().all(Option::is_some), "two tabs at once are not a theft");
    let [device] = &bench.store.devices(hanako.id, NOW).await.unwrap()[..] else { panic!("one device") };
    assert_eq!(given.iter().flatten().filter(|digest| **digest == device.current).count(), 1);
    assert_eq!(device.previous, Some(first));
}

#[tokio::test]
async fn trust_is_for_one_account_and_ends_by_age() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let (_, id, value) = trusting(&bench, &hanako, NOW).await;
    assert!(matches!(show(&bench, &taro, id, value, bench.digest()).await, PresentedDevice::Void));
    assert!(matches!(show(&bench, &taro, id, bench.digest(), bench.digest()).await, PresentedDevice::Void));
    assert_eq!(bench.store.devices(hanako.id, NOW).await.unwrap().len(), 1, "another person's visit ends nothing");
    let end = NOW + 30 * DAY;
    assert!(bench.store.devices(hanako.id, end).await.unwrap().is_empty());
    let expired = show_at(&bench, &hanako, id, value, bench.digest(), end).await;
    assert!(matches!(expired, PresentedDevice::Expired(at) if at == end));
    let (unknown, value) = (DeviceId::random(&*bench.entropy), bench.digest());
    assert!(matches!(show(&bench, &hanako, unknown, value, bench.digest()).await, PresentedDevice::Void));
}

#[tokio::test]
async fn a_trust_withdrawn_meanwhile_completes_nothing() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (_, id, value) = trusting(&bench, &hanako, NOW).await;
    let PresentedDevice::Trusted { proof, .. } = show(&bench, &hanako, id, value, bench.digest()).await else {
        panic!("trusted")
    };
    let complete = bench.with_trust(&hanako, proof, NOW).await;
    assert!(bench.store.revoke_device(id).await.unwrap().is_some());
    assert!(bench.store.revoke_device(id).await.unwrap().is_none());
    assert_eq!(bench.store.complete_sign_in(&complete).await.unwrap().unwrap_err(), Stale::MovedOn);
}

#[tokio::test]
async fn the_device_used_least_recently_makes_room() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (_, first, value) = trusting(&bench, &hanako, NOW).await;
    let (_, second, _) = trusting(&bench, &hanako, NOW + MINUTE).await;
    let used = show_at(&bench, &hanako, first, value, bench.digest(), NOW + 2 * MINUTE).await;
    assert!(matches!(used, PresentedDevice::Trusted { .. }));
    let third = DeviceId::random(&*bench.entropy);
    let trust =
        NewDevice { id: third, digest: bench.digest(), label: DeviceLabel::new(""), expires_at: NOW + 30 * DAY };
    let complete =
        CompleteSignIn { trust: Some(trust), max_devices: 2, ..bench.ready(&hanako, NOW + 3 * MINUTE).await };
    bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
    let left: Vec<_> = bench.store.devices(hanako.id, NOW).await.unwrap().into_iter().map(|d| d.id).collect();
    assert_eq!(left, [third, first], "newest first, without {second}");
    assert_eq!(bench.store.revoke_devices(hanako.id).await.unwrap().devices, 2);
    assert!(bench.store.devices(hanako.id, NOW).await.unwrap().is_empty());
}

#[tokio::test]
async fn sessions_that_rest_on_a_trust_end_with_it() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let (by_code, first, mut value) = trusting(&bench, &hanako, NOW).await;
    let (_, second, _) = trusting(&bench, &hanako, NOW + MINUTE).await;
    let mut resting = Vec::new();
    for minute in 2..5 {
        let next = bench.digest();
        let PresentedDevice::Trusted { proof, .. } = show(&bench, &hanako, first, value, next).await else {
            panic!("trusted")
        };
        value = next;
        let complete = bench.with_trust(&hanako, proof, NOW + minute * MINUTE).await;
        bench.store.complete_sign_in(&complete).await.unwrap().unwrap();
        resting.push(complete.session);
    }
    let lives = async |session: &Session| bench.store.session(session.digest()).await.unwrap().is_some();
    let ended = bench.store.revoke_device(second).await.unwrap().unwrap();
    assert_eq!((ended.devices, ended.sessions.len()), (1, 0), "they rest on the other trust");

    let acting = Acting::of(&resting[0]);
    let ended = bench.store.end_trust(&acting, Some(first), &[]).await.unwrap().unwrap();
    let mut named: Vec<_> = ended.sessions.iter().map(|gone| *gone.digest.as_bytes()).collect();
    let mut others = [*resting[1].digest().as_bytes(), *resting[2].digest().as_bytes()];
    named.sort_unstable();
    others.sort_unstable();
    assert_eq!(named, others);
    assert!(lives(&resting[0]).await, "the one that asks goes on");
    assert!(lives(&by_code).await, "a session with a code of its own goes on");
    assert!(!lives(&resting[1]).await && !lives(&resting[2]).await);

    let ended = bench.store.revoke_devices(hanako.id).await.unwrap();
    assert_eq!(ended.sessions.len(), 1, "an operator leaves none of them");
    assert!(!lives(&resting[0]).await && lives(&by_code).await);
}
