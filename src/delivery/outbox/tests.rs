//! The worker on a real store: what leaves the outbox, what does not, and what is never written down.

mod guarded;

use std::sync::atomic::{AtomicI64, Ordering};

use tower::ServiceExt as _;

use super::*;
use crate::{
    account::{
        Account, AccountId, CredentialVersion, EmailAddress, LoginName, Method, MethodId, MethodKind, MethodPair,
        PhoneNumber, Target, UserName,
    },
    authn::{
        ChallengeSeed, CodeReason, Context, Input, Messages, Password, PasswordHash, Policy, SignIn, Standing, Step,
        Transition,
        password::{self, Scheme},
    },
    clock::Clock,
    delivery::{Line, Post, Reports, message::sample_sender, providers::inbox::Inbox},
    entropy::{Entropy, SharedEntropy},
    language::Language,
    secret::Digest,
    store::{
        BeginSignIn, Delivery, EnrolledMethod, NewAccount, OutboxId, OutboxOrder, RateLimit, SendKey, SendLimit,
        SignInId, SignInPlace,
    },
};

const NOW: Timestamp = Timestamp::from_secs(1_795_325_100);
const POLICY: Policy = Policy { code_lifetime: Duration::from_mins(5), sign_in_lifetime: Duration::from_mins(10) };

const HERE: SignInPlace = SignInPlace { browser: Digest::new([1; 32]), known: None };

#[derive(Debug)]
struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Repeatable, so that the digits searched for in the file are the same in every run.
#[derive(Debug)]
struct Counting(AtomicI64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block =
                ring::digest::digest(&ring::digest::SHA256, &self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
    }
}

struct Bench {
    worker: Worker,
    clock: Arc<HandClock>,
    inbox: Inbox,
    entropy: SharedEntropy,
    hash: PasswordHash,
    account: AccountId,
    directory: tempfile::TempDir,
}

struct Pending {
    id: SignInId,
    cookie: Digest,
    sign_in: SignIn,
    code: String,
}

impl Bench {
    /// Hanako, with SMS and, behind it, a call to a landline.
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let entropy: SharedEntropy = Arc::new(Counting(AtomicI64::new(0)));
        let clock = Arc::new(HandClock(AtomicI64::new(NOW.as_millis())));
        let keyring = Arc::new(Keyring::generate(&*entropy, NOW).unwrap());
        let path = directory.path().join("sekisho.db");
        let store = Store::open_sqlite(&path, keyring.clone(), entropy.clone()).await.unwrap();

        let scheme = Scheme::argon2id(16, 1, 1).unwrap();
        let hash = scheme.hash(&Password::typed("correct horse battery").unwrap(), &*entropy).unwrap();
        let account = Account {
            id: AccountId::random(&*entropy),
            user_name: UserName::parse("hanako").unwrap(),
            email: Some(EmailAddress::parse("hanako@example.jp").unwrap()),
            display_name: None,
            groups: Vec::new(),
            language: Language::Ja,
            disabled: false,
            credential_version: CredentialVersion(1),
            created_at: NOW,
        };
        let id = account.id;
        store.create_account(&NewAccount { account, hash: hash.clone() }).await.unwrap().unwrap();
        let phone = |typed| PhoneNumber::parse(typed, "JP").unwrap();
        let method = |target| EnrolledMethod {
            method: Method { id: MethodId::random(&*entropy), target, label: None, added_at: NOW, last_used_at: None },
            last_step: None,
        };
        let primary = method(Target::Sms(phone("090-1234-5678")));
        let backup = method(Target::Voice(phone("03-1234-5679 内線12")));
        store.enrol_directly(id, MethodPair::new(primary, backup).unwrap(), NOW).await.unwrap().unwrap();

        let inbox = Inbox::new(sample_sender().time_zone, sample_sender().origin);
        let carrier = || Some(Line::of(Post::new("test", Arc::new(inbox.clone())), None));
        let url = |host: &str| PublicUrl { host: host.to_owned(), port: 443 };
        let hosts = Hosts::new(url("console.example.jp"), [url("reports.example.jp")]);
        let carriers = Carriers { sms: carrier(), voice: carrier(), mail: carrier(), warnings: None };
        let (sender, guards) = (Arc::new(sample_sender()), Arc::new(guarded::guards(directory.path())));
        let worker = Worker { store, keyring, clock: clock.clone(), sender, hosts, carriers, guards };
        Self { worker, clock, inbox, entropy, hash, account: id, directory }
    }

    fn order(&self, transition: &Transition, language: Language) -> (SignIn, Option<OutboxOrder>) {
        let Step::Continue(sign_in) = transition.step.clone() else { panic!("it waits for a code") };
        let key = SendKey::Method(sign_in.method().unwrap());
        let day = RateLimit { key: Digest::new([7; 32]), limit: 1_000, window: Duration::from_hours(24) };
        let limit = SendLimit { key, waits: vec![Duration::ZERO; 9], rest: Duration::from_hours(2), day };
        let id = OutboxId::random(&*self.entropy);
        let order = transition.send.clone().map(|order| OutboxOrder {
            id,
            order,
            host: "console.example.jp".to_owned(),
            language,
            limit,
            place: HERE,
            toll: None,
        });
        (sign_in, order)
    }

    async fn pair(&self) -> MethodPair {
        self.worker.store.account(self.account).await.unwrap().unwrap().pair.unwrap()
    }

    /// The right password: a code by SMS is ordered.
    async fn sign_in(&self, language: Language) -> Pending {
        let now = self.clock.now();
        let stored = self.worker.store.credentials(&LoginName::parse("hanako")).await.unwrap().unwrap();
        let candidate = password::Candidate {
            account: stored.account.id,
            credential_version: stored.account.credential_version,
            hash: stored.hash,
        };
        let typed = Password::typed("correct horse battery");
        let who = password::verify(Some(&candidate), typed.as_ref(), &self.hash, now).unwrap();
        let keyring = &self.worker.keyring;
        let pair = self.pair().await;
        let good = self.worker.store.method_messages(pair.primary().id, &HERE, now).await.unwrap().code;
        let messages = Messages { primary: good.as_ref(), ..Messages::default() };
        let ctx = Context {
            policy: &POLICY,
            keyring,
            pair: Some(&pair),
            app_last_step: None,
            ticket: None,
            standing: Standing::default(),
            messages,
            now,
        };
        let seed = ChallengeSeed::draw(&*self.entropy, keyring);
        let opened = SignIn::begin(who, None, CodeReason::NewBrowser, &ctx, seed).unwrap();
        let (sign_in, message) = self.order(&opened, language);
        let cookie = Digest::new(crate::entropy::random_bytes(&*self.entropy));
        let begin = BeginSignIn {
            id: SignInId::random(&*self.entropy),
            digest: cookie,
            place: HERE,
            sign_in: sign_in.clone(),
            expires_at: now + POLICY.sign_in_lifetime,
            message,
            replaces: None,
            forgive: Vec::new(),
            rehash: None,
        };
        self.worker.store.begin_sign_in(&begin, now).await.unwrap().unwrap();
        let code = sign_in.challenge().unwrap().code(keyring, now).unwrap().expose().to_owned();
        Pending { id: begin.id, cookie, sign_in, code }
    }

    /// One more input that orders a message.
    async fn go_on(&self, pending: &mut Pending, input: Input) {
        let now = self.clock.now();
        let pair = self.pair().await;
        let keyring = &self.worker.keyring;
        let stored = self.worker.store.pending_sign_in(&pending.cookie, now).await.unwrap().unwrap();
        let messages = Messages { primary: stored.primary_messages.code.as_ref(), ..Messages::default() };
        let ctx = Context {
            policy: &POLICY,
            keyring,
            pair: Some(&pair),
            app_last_step: None,
            ticket: None,
            standing: Standing::default(),
            messages,
            now,
        };
        let next = pending.sign_in.clone().advance(input, &ctx).unwrap();
        let (sign_in, message) = self.order(&next, Language::Ja);
        let saved = self.worker.store.save_sign_in(pending.id, stored.version, &sign_in, message.as_ref(), now).await;
        saved.unwrap().unwrap();
        pending.code = sign_in.challenge().unwrap().code(keyring, now).unwrap().expose().to_owned();
        pending.sign_in = sign_in;
    }

    fn seed(&self) -> ChallengeSeed {
        ChallengeSeed::draw(&*self.entropy, &self.worker.keyring)
    }

    fn wait(&self, by: Duration) {
        self.clock.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    async fn notice(&self, notice: Notice, language: Language) {
        let item = OutboxItem {
            id: OutboxId::random(&*self.entropy),
            account: self.account,
            to: Recipient::Mail(EmailAddress::parse("hanako@example.jp").unwrap()),
            language,
            content: OutboxContent::Notice { notice },
            created_at: NOW,
            expires_at: NOW + Duration::from_hours(72),
            link: None,
        };
        self.worker.store.enqueue(&item).await.unwrap();
    }

    fn inbox_pages(&self) -> axum::Router {
        let reports = Reports::new(self.worker.store.clone(), self.clock.clone());
        crate::delivery::providers::inbox::router(self.inbox.clone(), reports)
    }

    /// Lets the message with this number ring, as the page of the inbox does or with these headers instead.
    async fn let_it_ring(&self, id: u64, headers: &[(&str, &str)]) -> http::StatusCode {
        let mut request = http::Request::post(format!("/messages/{id}/let-it-ring")).header("host", "localhost:8025");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.inbox_pages().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap().status()
    }

    /// What the phones and the mailbox got, newest first.
    async fn received(&self) -> Vec<serde_json::Value> {
        let request = http::Request::get("/messages.json").header("host", "localhost");
        let request = request.body(axum::body::Body::empty()).unwrap();
        let reply = self.inbox_pages().oneshot(request).await.unwrap();
        let body = http_body_util::BodyExt::collect(reply.into_body()).await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }
}

#[tokio::test]
async fn a_code_goes_out_once_in_the_language_of_the_page() {
    let bench = Bench::new().await;
    let pending = bench.sign_in(Language::En).await;
    assert_eq!(bench.worker.deliver_due().await.unwrap(), 1);
    assert_eq!(bench.worker.deliver_due().await.unwrap(), 0, "never by itself a second time");
    let received = bench.received().await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["channel"], "sms");
    assert_eq!(received[0]["to"], "+819012345678");
    let code = &pending.code;
    let text = format!("{code} is your SellerPortal code. Do not share it.\n\n@console.example.jp #{code}");
    assert_eq!(received[0]["text"], text);
}

#[tokio::test]
async fn sending_again_sends_the_same_code_and_says_how_long_it_still_works() {
    let bench = Bench::new().await;
    let mut pending = bench.sign_in(Language::Ja).await;
    bench.worker.deliver_due().await.unwrap();
    bench.wait(Duration::from_mins(2));
    let first = pending.code.clone();
    bench.go_on(&mut pending, Input::SendAgain(bench.seed())).await;
    bench.worker.deliver_due().await.unwrap();
    let received = bench.received().await;
    assert_eq!(received.len(), 2);
    let text = |n: usize| received[n]["text"].as_str().unwrap();
    assert!(text(1).contains(&format!("認証コード：{first}（セラーコンソール東京支社、5分間有効）")), "{}", text(1));
    assert!(text(0).contains(&format!("認証コード：{first}（セラーコンソール東京支社、3分間有効）")), "{}", text(0));
}

#[tokio::test]
async fn the_backup_gets_a_call_with_its_extension() {
    let bench = Bench::new().await;
    let mut pending = bench.sign_in(Language::Ja).await;
    bench.worker.deliver_due().await.unwrap();
    bench.go_on(&mut pending, Input::UseRole(crate::account::Role::Backup, bench.seed())).await;
    bench.worker.deliver_due().await.unwrap();
    let received = bench.received().await;
    assert_eq!(received[0]["channel"], "voice");
    assert_eq!(received[0]["to"], "+81312345679");
    assert_eq!(received[0]["extension"], "12");
    let digits: String = received[0]["text"].as_str().unwrap().chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits, pending.code.repeat(3));
}

#[tokio::test]
async fn a_call_that_is_left_to_ring_is_reported_by_the_page_of_the_inbox_alone() {
    let bench = Bench::new().await;
    let mut pending = bench.sign_in(Language::Ja).await;
    bench.go_on(&mut pending, Input::UseRole(crate::account::Role::Backup, bench.seed())).await;
    bench.worker.deliver_due().await.unwrap();
    let received = bench.received().await;
    let number = |channel| received.iter().find(|m| m["channel"] == channel).unwrap()["id"].as_u64().unwrap();
    let (text, call) = (number("sms"), number("voice"));
    let challenge = pending.sign_in.challenge().unwrap().id();
    let became = async || bench.worker.store.delivery(challenge, MethodKind::Voice).await.unwrap();
    for elsewhere in [
        &[("origin", "https://attacker.example")][..],
        &[("origin", "null")],
        &[("origin", "http://localhost:8443"), ("sec-fetch-site", "same-site")],
        &[("origin", "https://localhost:8025")],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", "http://localhost:8025"), ("sec-fetch-site", "none")],
    ] {
        assert_eq!(bench.let_it_ring(call, elsewhere).await, http::StatusCode::FORBIDDEN, "{elsewhere:?}");
    }
    assert_eq!(became().await, Some(Delivery::Sent));
    assert_eq!(bench.let_it_ring(text, &[]).await, http::StatusCode::NOT_FOUND, "a text message does not ring");
    assert_eq!(bench.let_it_ring(99, &[]).await, http::StatusCode::NOT_FOUND);
    let own = [("origin", "http://localhost:8025"), ("sec-fetch-site", "same-origin")];
    for _pressed in 0..2 {
        assert_eq!(bench.let_it_ring(call, &own).await, http::StatusCode::SEE_OTHER);
        assert_eq!(became().await, Some(Delivery::Unanswered));
    }
    let received = bench.received().await;
    let left: Vec<_> = received.iter().filter(|m| m["unanswered"] == true).map(|m| m["id"].as_u64()).collect();
    assert_eq!(left, [Some(call)], "{received:?}");
}

#[tokio::test]
async fn a_code_that_is_over_is_not_sent() {
    let bench = Bench::new().await;
    let first = bench.sign_in(Language::Ja).await;
    bench.worker.store.abandon_sign_in(&first.cookie).await.unwrap();
    let second = bench.sign_in(Language::Ja).await;
    assert_eq!(second.code, first.code, "the code belongs to the method, not to the sign-in that asked first");
    bench.worker.deliver_due().await.unwrap();
    assert_eq!(bench.received().await.len(), 2);

    bench.sign_in(Language::Ja).await;
    bench.wait(Duration::from_mins(5));
    bench.worker.deliver_due().await.unwrap();
    assert_eq!(bench.received().await.len(), 2, "its five minutes were over");

    bench.sign_in(Language::Ja).await;
    bench.worker.store.set_disabled(bench.account, true, bench.clock.now()).await.unwrap().unwrap();
    bench.worker.deliver_due().await.unwrap();
    assert_eq!(bench.received().await.len(), 2, "the account signs in no more");
}

#[tokio::test]
async fn no_code_is_ever_written_to_the_store() {
    let bench = Bench::new().await;
    let pending = bench.sign_in(Language::Ja).await;
    bench.worker.deliver_due().await.unwrap();
    assert_eq!(bench.received().await.len(), 1);
    let mut searched = 0;
    for file in std::fs::read_dir(bench.directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        searched += bytes.len();
        assert!(!bytes.windows(6).any(|window| window == pending.code.as_bytes()));
    }
    assert!(searched > 10_000, "the store was searched: {searched} bytes");
}

#[tokio::test]
async fn notices_go_by_mail_with_the_time_of_what_happened() {
    let bench = Bench::new().await;
    bench.notice(Notice::TwoStepEnabled, Language::Ja).await;
    bench.notice(Notice::PasswordSetByOperator, Language::En).await;
    bench.notice(Notice::SecondStepReset, Language::Ja).await;
    bench.wait(Duration::from_hours(2));
    assert_eq!(bench.worker.deliver_due().await.unwrap(), 3);
    let received = bench.received().await;
    let subjects: Vec<&str> = received.iter().map(|m| m["subject"].as_str().unwrap()).collect();
    for subject in [
        "【セラーコンソール東京支社】2段階認証を設定しました",
        "SellerPortal: Your password was changed",
        "【セラーコンソール東京支社】2段階認証の手段を解除しました",
    ] {
        assert!(subjects.contains(&subject), "{subjects:?}");
    }
    for mail in &received {
        assert_eq!(mail["to"], "hanako@example.jp");
        assert!(mail["text"].as_str().unwrap().contains("14:25"), "{mail}");
    }
}

#[tokio::test]
async fn a_channel_nobody_carries_fails_and_the_others_go_out() {
    let mut bench = Bench::new().await;
    bench.worker.carriers.sms = None;
    bench.sign_in(Language::Ja).await;
    bench.notice(Notice::TwoStepEnabled, Language::Ja).await;
    assert_eq!(bench.worker.deliver_due().await.unwrap(), 2);
    let received = bench.received().await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["channel"], "mail");
    assert_eq!(bench.worker.deliver_due().await.unwrap(), 0);
}

#[tokio::test]
async fn a_link_leads_to_the_host_it_was_asked_for_at_and_else_to_the_main_one() {
    let bench = Bench::new().await;
    for (host, leads_to) in [
        (None, "https://console.example.jp/"),
        (Some("console.example.jp"), "https://console.example.jp/"),
        (Some("reports.example.jp"), "https://reports.example.jp/"),
        (Some("gone.example.jp"), "https://console.example.jp/"),
    ] {
        let link = Link {
            id: crate::store::LinkId::random(&*bench.entropy),
            key: bench.worker.keyring.active(),
            account: Some(bench.account),
            purpose: LinkPurpose::PasswordReset,
            subject: None,
            host: host.map(str::to_owned),
            created_at: NOW,
            expires_at: NOW + Duration::from_mins(30),
        };
        let item = OutboxItem {
            id: OutboxId::random(&*bench.entropy),
            account: bench.account,
            to: Recipient::Mail(EmailAddress::parse("hanako@example.jp").unwrap()),
            language: Language::En,
            content: OutboxContent::Link,
            created_at: NOW,
            expires_at: NOW + Duration::from_mins(30),
            link: Some(link),
        };
        bench.worker.store.enqueue(&item).await.unwrap();
        assert_eq!(bench.worker.deliver_due().await.unwrap(), 1);
        let text = bench.received().await[0]["text"].to_string();
        assert!(text.contains(&format!("{leads_to}.sekisho/link/")), "{host:?}: {text}");
    }
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_finishes_what_is_due() {
    let bench = Bench::new().await;
    bench.sign_in(Language::Ja).await;
    let inbox = bench.inbox.clone();
    let Bench { worker, .. } = bench;
    worker.run(std::future::ready(())).await;
    assert_eq!(inbox.count(), 1);
}

#[tokio::test]
async fn a_running_worker_sends_what_is_ordered_meanwhile() {
    let bench = Bench::new().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = bench.worker.clone();
    let order = async {
        bench.sign_in(Language::Ja).await;
        while bench.inbox.count() == 0 {
            tokio::task::yield_now().await;
        }
        stop.send(()).unwrap();
    };
    let running = worker.run(async {
        stopped.await.unwrap();
    });
    tokio::join!(running, order);
}

/// What a provider of a test says, one after the other, and the last for ever; and what it was given.
#[derive(Debug)]
struct Scripted {
    name: &'static str,
    says: Vec<Outcome>,
    given: std::sync::Mutex<Vec<OutboxId>>,
    /// Asked in the middle of being given something.
    meanwhile: Option<(Store, Timestamp)>,
}

impl Scripted {
    fn new(name: &'static str, says: &[Outcome]) -> Arc<Self> {
        Arc::new(Self { name, says: says.to_vec(), given: std::sync::Mutex::default(), meanwhile: None })
    }

    fn given(&self) -> usize {
        self.given.lock().unwrap().len()
    }
}

#[async_trait::async_trait]
impl crate::delivery::Provider for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        let number = {
            let mut given = self.given.lock().unwrap();
            given.push(message.id);
            given.len() - 1
        };
        if let Some((store, now)) = &self.meanwhile {
            // The process ends here, and another begins.
            store.resume_messages(*now).await.unwrap();
            assert!(store.claim_messages(None, 10, *now).await.unwrap().is_empty(), "it is given out no more");
        }
        self.says.get(number).or(self.says.last()).unwrap().clone()
    }
}

fn line(first: &Arc<Scripted>, second: Option<&Arc<Scripted>>) -> Line {
    let post = |table: &str, provider: &Arc<Scripted>| Post::new(table, provider.clone());
    Line::of(post("sms", first), second.map(|second| post("sms.second", second)))
}

impl Bench {
    async fn summary(&self) -> Vec<(String, Option<String>, Option<String>, u32)> {
        let counts = self.worker.store.outbox_counts(NOW - Duration::from_hours(1)).await.unwrap();
        counts.into_iter().map(|count| (count.state, count.provider, count.outcome, count.messages)).collect()
    }
}

const THROTTLED: Outcome = Outcome::Throttled { retry_after: None };

#[tokio::test]
async fn what_may_be_on_its_way_is_never_sent_again() {
    let mut bench = Bench::new().await;
    let (first, second) =
        (Scripted::new("first", &[Outcome::Ambiguous]), Scripted::new("second", &[Outcome::ACCEPTED]));
    bench.worker.carriers.sms = Some(line(&first, Some(&second)));
    let pending = bench.sign_in(Language::Ja).await;
    for _ in 0..10 {
        bench.worker.deliver_due().await.unwrap();
        bench.wait(Duration::from_secs(20));
    }
    assert_eq!((first.given(), second.given()), (1, 0));
    let challenge = pending.sign_in.challenge().unwrap().id();
    let became = bench.worker.store.delivery(challenge, MethodKind::Sms).await.unwrap();
    assert_eq!(became, Some(Delivery::Sent), "it can take a few minutes; the person may ask again");
    let ambiguous = ("sent".to_owned(), Some("first".to_owned()), Some("ambiguous".to_owned()), 1);
    assert_eq!(bench.summary().await, [ambiguous]);
}

#[tokio::test]
async fn another_provider_is_asked_only_where_the_first_certainly_did_not_take_it() {
    let cases = [
        (Outcome::Unavailable, true),
        (THROTTLED, true),
        (Outcome::Refused(Refusal::QuotaExhausted), true),
        (Outcome::Refused(Refusal::AuthFailed), true),
        (Outcome::Refused(Refusal::Misconfigured), true),
        (Outcome::Refused(Refusal::SenderRejected), true),
        (Outcome::Refused(Refusal::ContentFiltered), true),
        (Outcome::Refused(Refusal::NumberBlocked), false),
        (Outcome::Refused(Refusal::InvalidNumber), false),
        (Outcome::Refused(Refusal::NotSmsCapable), false),
        (Outcome::Refused(Refusal::CountryBlocked), false),
        (Outcome::Refused(Refusal::FraudBlocked { retry_after: None }), false),
        (Outcome::Ambiguous, false),
        (Outcome::ACCEPTED, false),
    ];
    for (says, asks) in cases {
        let mut bench = Bench::new().await;
        let (first, second) =
            (Scripted::new("first", std::slice::from_ref(&says)), Scripted::new("second", &[Outcome::ACCEPTED]));
        bench.worker.carriers.sms = Some(line(&first, Some(&second)));
        let pending = bench.sign_in(Language::Ja).await;
        bench.worker.deliver_due().await.unwrap();
        assert_eq!((first.given(), second.given()), (1, usize::from(asks)), "{says:?}");
        let challenge = pending.sign_in.challenge().unwrap().id();
        let became = bench.worker.store.delivery(challenge, MethodKind::Sms).await.unwrap();
        let expected = match says {
            Outcome::Refused(Refusal::NotSmsCapable) => Delivery::NotSms,
            Outcome::Refused(_) if !asks => Delivery::Refused,
            _ => Delivery::Sent,
        };
        assert_eq!(became, Some(expected), "{says:?}");
    }
}

#[tokio::test]
async fn what_was_not_taken_is_tried_again_with_pauses_while_the_code_is_good() {
    for trouble in [THROTTLED, Outcome::Unavailable] {
        let mut bench = Bench::new().await;
        let provider = Scripted::new("first", &[trouble.clone(), trouble.clone(), Outcome::ACCEPTED]);
        bench.worker.carriers.sms = Some(line(&provider, None));
        bench.sign_in(Language::Ja).await;
        for (wait, given) in [(0, 1), (0, 1), (1, 2), (1, 2), (1, 3), (60, 3)] {
            bench.wait(Duration::from_secs(wait));
            bench.worker.deliver_due().await.unwrap();
            assert_eq!(provider.given(), given, "{trouble:?}");
        }
        let told = &provider.given.lock().unwrap();
        assert!(told.iter().all(|id| *id == told[0]), "under one name each time");
    }
}

#[tokio::test]
async fn nothing_is_tried_for_longer_than_it_is_worth() {
    let mut bench = Bench::new().await;
    let provider = Scripted::new("first", &[THROTTLED]);
    bench.worker.carriers.sms = Some(line(&provider, None));
    let pending = bench.sign_in(Language::Ja).await;
    for _ in 0..600 {
        bench.worker.deliver_due().await.unwrap();
        bench.wait(Duration::from_secs(1));
    }
    let tries = provider.given();
    assert!((5..=30).contains(&tries), "{tries} in five minutes");
    let challenge = pending.sign_in.challenge().unwrap().id();
    let became = bench.worker.store.delivery(challenge, MethodKind::Sms).await.unwrap();
    assert_eq!(became, Some(Delivery::Failed), "the page says to choose another way");

    let mut bench = Bench::new().await;
    let later = Outcome::Throttled { retry_after: Some(Duration::from_hours(1)) };
    let provider = Scripted::new("first", &[later]);
    bench.worker.carriers.sms = Some(line(&provider, None));
    bench.sign_in(Language::Ja).await;
    bench.worker.deliver_due().await.unwrap();
    assert_eq!(bench.summary().await[0].0, "failed", "in an hour it is worth nothing");
}

#[tokio::test]
async fn a_process_that_dies_while_it_hands_over_leaves_nothing_to_send_twice() {
    let mut bench = Bench::new().await;
    let path = bench.directory.path().join("sekisho.db");
    let other = Store::open_sqlite(&path, bench.worker.keyring.clone(), bench.entropy.clone()).await.unwrap();
    let meanwhile = Some((other.clone(), NOW));
    let provider = Scripted { meanwhile, ..Arc::into_inner(Scripted::new("first", &[Outcome::ACCEPTED])).unwrap() };
    let provider = Arc::new(provider);
    bench.worker.carriers.sms = Some(line(&provider, None));
    bench.sign_in(Language::Ja).await;
    bench.worker.deliver_due().await.unwrap();
    assert_eq!(provider.given(), 1);
    // It lived after all, and knows better than whoever came after it.
    assert_eq!(bench.summary().await, [("sent".to_owned(), Some("first".to_owned()), Some("accepted".to_owned()), 1)]);
}

#[tokio::test]
async fn what_was_only_taken_is_found_again_and_whoever_took_it_finds_it_gone() {
    let bench = Bench::new().await;
    bench.sign_in(Language::Ja).await;
    let path = bench.directory.path().join("sekisho.db");
    let other = Store::open_sqlite(&path, bench.worker.keyring.clone(), bench.entropy.clone()).await.unwrap();
    let [taken] = &bench.worker.store.claim_messages(None, 10, NOW).await.unwrap()[..] else { panic!("one message") };
    assert!(other.claim_messages(None, 10, NOW).await.unwrap().is_empty(), "somebody has it");
    assert_eq!(other.resume_messages(NOW).await.unwrap().queued, 1);
    let [again] = &other.claim_messages(None, 10, NOW).await.unwrap()[..] else { panic!("the same message") };
    assert_eq!(again.id, taken.id);
    assert_eq!(bench.worker.store.hand_over(taken.id, "first", NOW).await.unwrap(), None, "not ours any more");
    assert_eq!(other.hand_over(taken.id, "first", NOW).await.unwrap(), Some(1));
    assert_eq!(other.hand_over(taken.id, "first", NOW).await.unwrap(), None, "once");
}

#[tokio::test]
async fn a_slow_provider_of_one_channel_holds_up_no_other() {
    #[derive(Debug)]
    struct Stuck;
    #[async_trait::async_trait]
    impl crate::delivery::Provider for Stuck {
        fn name(&self) -> &'static str {
            "stuck"
        }
        async fn send(&self, _message: &Outgoing) -> Outcome {
            std::future::pending().await
        }
    }
    let mut bench = Bench::new().await;
    bench.worker.carriers.sms = Some(Line::of(Post::new("sms", Arc::new(Stuck)), None));
    bench.sign_in(Language::Ja).await;
    bench.notice(Notice::TwoStepEnabled, Language::Ja).await;
    let running = bench.worker.clone().run(std::future::pending());
    let arrived = async {
        while bench.inbox.count() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = running => panic!("it works for ever"),
        () = arrived => {}
    }
}
