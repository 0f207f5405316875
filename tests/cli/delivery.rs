//! `sekisho delivery` on the store itself.

use crate::world::Bench;

#[test]
fn what_is_paused_is_listed_until_it_is_resumed() {
    let bench = Bench::new();
    let said = bench.run(&["delivery", "pause", "country:US"]).succeeds().stdout;
    assert!(said.contains("country:US is paused until it is resumed"), "{said}");
    let made = bench.run(&["delivery", "pause", "prefix:+8190", "--minutes", "60", "--json"]).succeeds().json();
    assert!(made["until"].is_string(), "{made}");
    let status = bench.run(&["delivery", "status"]).succeeds().stdout;
    assert!(status.contains("country:US") && status.contains("prefix:+8190"), "{status}");
    let listed = bench.run(&["delivery", "status", "--json"]).succeeds().json();
    assert_eq!(listed["pauses"][0]["what"], "country:US");
    assert_eq!(listed["pauses"][0]["cause"], "operator");

    assert!(bench.run(&["delivery", "resume", "country:US"]).succeeds().stdout.contains("resumed"));
    let again = bench.run(&["delivery", "resume", "country:US"]).succeeds().stdout;
    assert!(again.contains("nothing was paused"), "{again}");
    let listed = bench.run(&["delivery", "status", "--json"]).succeeds().json();
    assert_eq!(listed["pauses"].as_array().unwrap().len(), 1);
    let refused = bench.run(&["delivery", "pause", "twilio"]).ends_with(1).stderr;
    assert!(refused.contains("provider:NAME"), "{refused}");
}

#[test]
fn budgets_are_shown_where_nothing_was_sent() {
    let bench = Bench::new();
    let text = bench.run(&["delivery", "budget"]).succeeds().stdout;
    assert!(text.contains("USD") && text.contains("no count runs"), "{text}");
    let json = bench.run(&["delivery", "budget", "--json"]).succeeds().json();
    assert_eq!(json, serde_json::json!({ "currency": "USD", "counts": [], "countries": [], "refused": [] }));
}
