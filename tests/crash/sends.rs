//! `kill -9` in the middle of many sends, counted where they arrive: nothing arrives twice, and nothing is forgotten but
//! what was being handed over at that moment, which the store says.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use sekisho::{
    account::EmailAddress,
    clock::{Clock as _, SystemClock},
    entropy::SystemEntropy,
    language::Language,
    store::{Notice, OutboxContent, OutboxId, OutboxItem, Recipient},
};

use crate::{
    draw,
    support::{
        certificate,
        clock::TestClock,
        entropy::SeededEntropy,
        eventually, people,
        process::Process,
        settings::{QUICK_PASSWORDS, Settings},
        upstream::Upstream,
    },
};

const MESSAGES: usize = 1_000;
const LIVES: usize = 12;
/// Messages of one channel that are with a provider at a time.
const AT_A_TIME: u32 = 16;

/// Whoever takes the messages, and tells when enough have come for this life.
struct Taker {
    arrived: Mutex<Vec<String>>,
    fuse: AtomicU64,
    executioner: Mutex<mpsc::Sender<()>>,
}

async fn take(State(taker): State<Arc<Taker>>, headers: HeaderMap) {
    let id = headers["webhook-id"].to_str().unwrap().to_owned();
    taker.arrived.lock().unwrap().push(id);
    if taker.fuse.fetch_sub(1, Ordering::SeqCst) == 1 {
        let _the_last_life_has_no_executioner = taker.executioner.lock().unwrap().send(());
        // It is answered by nobody: the gateway dies first.
        std::future::pending::<()>().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_twice_and_nothing_is_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    certificate::issue(directory.path());
    let upstream = Upstream::start();
    let settings = Settings::new(directory.path(), upstream.address);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let file =
        settings.write(&format!("{QUICK_PASSWORDS}[mail]\nprovider = \"webhook\"\nurl = \"{url}\"\nsecret = \"s\"\n"));
    let config = sekisho::config::load(&file).unwrap_or_else(|e| panic!("{e}"));

    let (sender, _) = mpsc::channel();
    let taker =
        Arc::new(Taker { arrived: Mutex::default(), fuse: AtomicU64::new(u64::MAX), executioner: Mutex::new(sender) });
    let pages = Router::new().route("/", post(take)).with_state(taker.clone());
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move { axum::serve(listener, pages).await });

    let open = async || {
        let clock = Arc::new(TestClock::at(SystemClock.now()));
        people::application(&config, clock, Arc::new(SystemEntropy::new())).await
    };
    let app = open().await;
    let hanako = people::add(&app, "hanako").await;
    let now = SystemClock.now();
    for number in 0..MESSAGES {
        let item = OutboxItem {
            id: OutboxId::random(&SystemEntropy::new()),
            account: hanako.id,
            to: Recipient::Mail(EmailAddress::parse(&format!("hanako+{number}@example.jp")).unwrap()),
            language: Language::Ja,
            content: OutboxContent::Notice { notice: Notice::TwoStepEnabled },
            created_at: now,
            expires_at: now + Duration::from_hours(1),
            link: None,
        };
        app.store().enqueue(&item).await.unwrap();
    }
    drop(app);

    let chance = SeededEntropy::new(20_261_123);
    let file = file.to_str().unwrap();
    let serve = || Process::start(directory.path(), &["serve", "--config", file], settings.https);
    for _life in 0..LIVES {
        let (sender, condemned) = mpsc::channel();
        *taker.executioner.lock().unwrap() = sender;
        taker.fuse.store(1 + draw(&chance, 70), Ordering::SeqCst);
        let mut process = serve();
        let delay = Duration::from_micros(draw(&chance, 3000));
        let execution = std::thread::spawn(move || {
            let _told = condemned.recv();
            std::thread::sleep(delay);
            process.kill();
        });
        tokio::task::spawn_blocking(|| execution.join().unwrap()).await.unwrap();
    }
    taker.fuse.store(u64::MAX, Ordering::SeqCst);
    let mut process = serve();
    eventually("the outbox is empty", async || {
        let mut status = std::process::Command::new(env!("CARGO_BIN_EXE_sekisho"));
        let said = status.args(["delivery", "status", "--json", "--config", file]).output().unwrap();
        let view: serde_json::Value = serde_json::from_slice(&said.stdout).ok()?;
        let waits = |m: &serde_json::Value| ["queued", "claimed"].contains(&m["state"].as_str().unwrap());
        (!view["messages"].as_array()?.iter().any(waits)).then_some(())
    })
    .await;
    process.kill();

    let arrived = taker.arrived.lock().unwrap().clone();
    let once: HashSet<&String> = arrived.iter().collect();
    assert_eq!(once.len(), arrived.len(), "{} messages arrived twice", arrived.len() - once.len());

    let status = open().await.delivery_status().await.unwrap();
    let count = |outcome: &str| -> u32 {
        let sent = status.messages.iter().filter(|m| m.state == "sent" && m.outcome.as_deref() == Some(outcome));
        sent.map(|m| m.messages).sum()
    };
    let (accepted, ambiguous) = (count("accepted"), count("ambiguous"));
    let total: u32 = status.messages.iter().map(|m| m.messages).sum();
    assert_eq!(
        (total, accepted + ambiguous),
        (1_000, 1_000),
        "nothing waits and nothing failed: {:?}",
        status.messages
    );
    let missing = u32::try_from(MESSAGES - once.len()).unwrap();
    assert!(missing <= ambiguous, "{missing} did not arrive and only {ambiguous} are known to be in doubt");
    let most = u32::try_from(LIVES).unwrap() * AT_A_TIME;
    assert!(
        (1..=most).contains(&ambiguous),
        "each death leaves at most what was being handed over in doubt: {ambiguous}"
    );
}
