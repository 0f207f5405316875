//! `sekisho recovery`: an operator is whoever the kernel says; a request is approved after its wait, and the ticket is
//! printed once.

use std::{sync::Arc, time::Duration};

use sekisho::{
    account::{Account, Label, Method, MethodId, MethodPair, PhoneNumber, Target},
    app::App,
    authn::{
        recovery::{Receipt, RecoveryTimes},
        totp,
    },
    clock::{Clock as _, SystemClock},
    config,
    entropy::SystemEntropy,
    store::{EnrolledMethod, OpenRecovery, RecoveryId},
};

use crate::{PASSWORD, world::Bench};

/// An account with two methods and a request that is this old.
async fn request(bench: &Bench, user: &str, old: Duration) -> Receipt {
    bench.run_with(&["user", "add", user], PASSWORD).succeeds();
    let config = config::load(&bench.path("sekisho.toml")).unwrap();
    let times = RecoveryTimes { wait: config.recovery.wait, lasts: config.recovery.lasts };
    let app = App::open(config, Arc::new(SystemClock), Arc::new(SystemEntropy::new())).await.unwrap();
    let account: Account = app.find_account(user).await.unwrap().unwrap().account;
    let entropy = &**app.entropy();
    let method = |target| {
        let label = Label::parse("").unwrap();
        let method = Method { id: MethodId::random(entropy), target, label, added_at: app.now(), last_used_at: None };
        EnrolledMethod { method, last_step: None }
    };
    let number = PhoneNumber::parse("090-1234-5678", "JP").unwrap();
    let pair = MethodPair::new(method(Target::App(totp::seed(entropy))), method(Target::Sms(number))).unwrap();
    app.enrol_directly(account.id, pair).await.unwrap().unwrap();
    let open = OpenRecovery {
        id: RecoveryId::random(entropy),
        account: account.id,
        receipt: Receipt::draw(entropy),
        times,
        most: 3,
        within: Duration::from_hours(30 * 24),
        notices: Vec::new(),
        now: SystemClock.now() - old,
    };
    app.store().open_recovery(&open).await.unwrap().unwrap();
    open.receipt
}

#[tokio::test]
async fn a_request_is_listed_refused_before_its_time_and_approved_with_a_ticket_once() {
    let bench = Bench::new();
    let young = request(&bench, "hanako", Duration::from_hours(23)).await;
    let ready = request(&bench, "taro", Duration::from_hours(25)).await;

    let listed = bench.run(&["recovery", "list", "--json"]).succeeds().json();
    let states: Vec<(&str, &str)> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|request| (request["receipt"].as_str().unwrap(), request["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [(young.as_str(), "waiting"), (ready.as_str(), "decidable")]);
    let shown = bench.run(&["user", "show", "taro", "--json"]).succeeds().json();
    assert_eq!(shown["recovery_request"], ready.as_str());
    assert!(bench.run(&["user", "list"]).succeeds().stdout.contains(&format!("recovery request {young}")));

    let early = bench.run(&["recovery", "approve", young.as_str()]).ends_with(1).stderr;
    assert!(early.contains("nobody can approve it before") && early.contains(" JST: until then"), "{early}");
    let listed = bench.run(&["recovery", "list"]).succeeds().stdout;
    assert_eq!(listed.matches(" JST").count(), 4, "two times for each, in the zone of the pages: {listed}");
    assert!(bench.run(&["recovery", "approve", "AAAA-AAAA"]).ends_with(1).stderr.contains("no such request"));
    assert!(bench.run(&["recovery", "approve", "hanako"]).ends_with(1).stderr.contains("not a receipt number"));

    let typed = ready.as_str().replace('-', "").to_lowercase();
    let told = bench.run(&["recovery", "approve", &typed, "--json"]).succeeds();
    let ticket = told.json()["ticket"].as_str().unwrap().to_owned();
    assert_eq!(ticket.len(), 19, "{ticket}");
    assert!(!told.stderr.contains(&ticket) && told.stderr.contains("recovery_approved"), "{}", told.stderr);
    let uid = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(bench.path("data/sekisho.db")).unwrap());
    assert!(told.stderr.contains(&format!("uid {uid}")), "the operator is the user who ran it: {}", told.stderr);
    let shown = bench.run(&["user", "show", "taro", "--json"]).succeeds().json();
    assert!(shown["methods"].is_null() && shown["ticket_until"].is_string(), "{shown}");
    assert!(bench.run(&["recovery", "approve", ready.as_str()]).ends_with(1).stderr.contains("approved already"));

    bench.run(&["recovery", "refuse", young.as_str()]).succeeds();
    assert!(bench.run(&["recovery", "refuse", young.as_str()]).ends_with(1).stderr.contains("refused already"));
    assert_eq!(bench.run(&["recovery", "list", "--json"]).succeeds().json(), serde_json::json!([]));
    let all = bench.run(&["recovery", "list", "--all"]).succeeds().stdout;
    assert!(all.contains(&format!("uid {uid}")) && all.contains("refused"), "{all}");
}

#[tokio::test]
async fn one_operator_is_not_two() {
    let bench = Bench::new();
    bench.append("\n[recovery]\noperators = 2\n");
    let receipt = request(&bench, "hanako", Duration::from_hours(25)).await;
    let first = bench.run(&["recovery", "approve", receipt.as_str(), "--json"]).succeeds().json();
    assert_eq!(first, serde_json::json!({ "recovery_approved": { "given": 1, "needed": 2 } }));
    let again = bench.run(&["recovery", "approve", receipt.as_str()]).ends_with(1).stderr;
    assert!(again.contains("another operator has to approve it"), "{again}");
    assert!(bench.run(&["user", "show", "hanako", "--json"]).succeeds().json()["methods"].is_object());
}
