//! Kept forms: for one account and one browser, within limits, sent at most once, sealed; and whose an ended session was.

use sekisho::{
    account::AccountId,
    secret::{Digest, SecretBytes},
    store::{HeldId, HeldRequest, HoldCaps, HoldRequest},
};
use sqlx::Row as _;

use crate::world::{Bench, DAY, LIFETIME, MINUTE, NOW};

const CAPS: HoldCaps = HoldCaps { per_browser: 10, per_account: 10, per_address: 10, total: 1000 };

fn request(body: &str) -> HeldRequest {
    HeldRequest {
        target: "/orders/7/ship?x=1".to_owned(),
        content_type: "text/plain".to_owned(),
        referer: Some("https://console.test/orders/7".to_owned()),
        body: SecretBytes::new(body),
    }
}

fn new(bench: &Bench, account: AccountId, browser: Digest, body: &str) -> HoldRequest {
    HoldRequest {
        id: HeldId::random(&*bench.entropy),
        account,
        browser,
        address: bench.digest(),
        request: request(body),
        expires_at: NOW + 15 * MINUTE,
    }
}

#[tokio::test]
async fn an_ended_session_is_still_somebodys() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let owner = async |digest: &Digest| bench.store.account_of_session(digest).await.unwrap();
    let mut sessions = Vec::new();
    for minute in 0..4 {
        sessions.push(bench.sign_in(&hanako, NOW + minute * MINUTE).await);
    }
    assert_eq!(owner(sessions[0].digest()).await, Some(hanako.id), "it lives");
    bench.store.end_session(sessions[0].id()).await.unwrap().unwrap();
    bench.store.end_session_by_digest(sessions[1].digest()).await.unwrap().unwrap();
    bench.store.purge(LIFETIME, NOW + DAY).await.unwrap();
    for session in &sessions {
        assert!(bench.store.session(session.digest()).await.unwrap().is_none(), "it is over");
        assert_eq!(owner(session.digest()).await, Some(hanako.id));
    }
    assert_eq!(owner(&bench.digest()).await, None, "never one of ours");
    bench.store.purge(LIFETIME, NOW + 5 * DAY).await.unwrap();
    assert_eq!(owner(sessions[0].digest()).await, None, "not remembered for ever");

    let taro = bench.person("taro").await;
    let (lives, ended) = (bench.sign_in(&taro, NOW).await, bench.sign_in(&taro, NOW + MINUTE).await);
    bench.store.end_session(ended.id()).await.unwrap().unwrap();
    assert!(bench.store.delete_account(taro.id).await.unwrap().is_some());
    assert_eq!((owner(lives.digest()).await, owner(ended.digest()).await), (None, None), "gone with the account");
}

#[tokio::test]
async fn a_form_is_given_once_to_its_account_and_browser() {
    let mut bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let browser = bench.digest();
    let form = new(&bench, hanako.id, browser, "a=b");
    assert!(bench.store.hold(&form, CAPS, NOW).await.unwrap());
    bench.reopen().await;
    let held = bench.store.held(form.id, NOW).await.unwrap().unwrap();
    assert_eq!((held.account, held.browser, held.kept_at), (hanako.id, browser, NOW));
    assert_eq!((held.expires_at, held.sent_at), (NOW + 15 * MINUTE, None));
    assert!(held.request.unwrap() == form.request);

    let take = async |account, browser, at| bench.store.take_held(form.id, account, browser, at).await.unwrap();
    assert!(!take(taro.id, &browser, NOW).await, "another account");
    let other = bench.digest();
    assert!(!take(hanako.id, &other, NOW).await, "another browser");
    assert!(!take(hanako.id, &browser, NOW + 15 * MINUTE).await, "too late");
    let at_once = [(); 8].map(|()| take(hanako.id, &browser, NOW + MINUTE));
    let given = futures_util::future::join_all(at_once).await;
    assert_eq!(given.into_iter().filter(|given| *given).count(), 1);
    let sent = bench.store.held(form.id, NOW + MINUTE).await.unwrap().unwrap();
    assert!(sent.sent_at == Some(NOW + MINUTE) && sent.request.is_none(), "what was sent is not kept on");

    bench.store.give_back_held(form.id, &form.request).await.unwrap();
    assert!(bench.store.held(form.id, NOW).await.unwrap().unwrap().request.unwrap() == form.request);
    assert!(!bench.store.discard_held(form.id, taro.id, &browser).await.unwrap());
    assert!(!bench.store.discard_held(form.id, hanako.id, &bench.digest()).await.unwrap());
    assert!(bench.store.discard_held(form.id, hanako.id, &browser).await.unwrap());
    assert!(bench.store.held(form.id, NOW).await.unwrap().is_none());
}

#[tokio::test]
async fn what_waits_is_listed_for_its_account_and_browser() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let (browser, other) = (bench.digest(), bench.digest());
    let mut ids = Vec::new();
    for (minute, account, browser) in
        [(0, hanako.id, browser), (1, hanako.id, browser), (2, taro.id, browser), (3, hanako.id, other)]
    {
        let form = new(&bench, account, browser, "a=b");
        assert!(bench.store.hold(&form, CAPS, NOW + minute * MINUTE).await.unwrap());
        ids.push(form.id);
    }
    let listed = async |account, at| -> Vec<HeldId> {
        let rows = bench.store.held_of(account, &browser, at).await.unwrap();
        assert!(rows.iter().all(|(_, held)| held.account == account && held.request.is_some()));
        rows.into_iter().map(|(id, _)| id).collect()
    };
    assert_eq!(listed(hanako.id, NOW).await, [ids[1], ids[0]], "the newest first");
    assert_eq!(listed(taro.id, NOW).await, [ids[2]]);
    assert!(bench.store.take_held(ids[1], hanako.id, &browser, NOW).await.unwrap());
    assert_eq!(listed(hanako.id, NOW).await, [ids[0]], "what was sent waits no more");
    assert!(listed(hanako.id, NOW + 15 * MINUTE).await.is_empty());
}

#[tokio::test]
async fn there_is_room_for_so_much() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let (browser, address) = (bench.digest(), bench.digest());
    let caps = HoldCaps { per_browser: 2, per_account: 3, per_address: 4, total: 100 };
    let hold = async |account, browser, address, body: &str| {
        let form = HoldRequest { address, ..new(&bench, account, browser, body) };
        let room = bench.store.has_room(account, Some(&browser), &address, caps, NOW).await.unwrap();
        let kept = bench.store.hold(&form, caps, NOW).await.unwrap();
        assert!(room || !kept, "what had no chance was not kept");
        kept.then_some(form.id)
    };
    let first = hold(hanako.id, browser, address, "a").await.unwrap();
    assert!(hold(hanako.id, browser, address, "a").await.is_some());
    assert!(hold(hanako.id, browser, bench.digest(), "a").await.is_none(), "of one browser");
    assert!(hold(hanako.id, bench.digest(), address, "a").await.is_some());
    assert!(hold(hanako.id, bench.digest(), bench.digest(), "a").await.is_none(), "of one account");
    assert!(hold(taro.id, bench.digest(), address, "a").await.is_some());
    assert!(hold(taro.id, bench.digest(), address, "a").await.is_none(), "from one address");
    assert!(hold(taro.id, bench.digest(), bench.digest(), &"x".repeat(97)).await.is_none(), "of all together");
    assert!(hold(taro.id, bench.digest(), bench.digest(), &"x".repeat(96)).await.is_some());
    // What was sent takes no room; what is over takes none of a person's.
    assert!(bench.store.take_held(first, hanako.id, &browser, NOW).await.unwrap());
    assert!(hold(hanako.id, browser, bench.digest(), "a").await.is_some());
    assert_eq!(bench.store.purge(LIFETIME, NOW + 15 * MINUTE).await.unwrap(), 6);
}

#[tokio::test]
async fn a_kept_form_is_sealed_for_its_row() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let browser = bench.digest();
    let (one, other) = (new(&bench, hanako.id, browser, "geheim"), new(&bench, hanako.id, browser, "x"));
    for form in [&one, &other] {
        assert!(bench.store.hold(form, CAPS, NOW).await.unwrap());
    }
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", bench.path.display())).await.unwrap();
    let rows = sqlx::query("SELECT request FROM held_requests").fetch_all(&pool).await.unwrap();
    for row in rows {
        let sealed: Vec<u8> = row.get("request");
        for clear in ["geheim", "/orders/7"] {
            assert!(!sealed.windows(clear.len()).any(|window| window == clear.as_bytes()), "{clear}");
        }
    }
    let swap = "UPDATE held_requests SET request = (SELECT request FROM held_requests WHERE id = $1) WHERE id = $2";
    sqlx::query(swap).bind(one.id.to_string()).bind(other.id.to_string()).execute(&pool).await.unwrap();
    let error = bench.store.held(other.id, NOW).await.unwrap_err().to_string();
    assert!(error.contains("held_requests.request"), "{error}");
}
