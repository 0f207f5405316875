//! `sekisho token` on the store itself.

use crate::world::Bench;

const PASSWORD: &str = "correct horse battery";
const CREATE: [&str; 10] =
    ["token", "create", "hanako", "--label", "import", "--path", "/api", "--days", "30", "--json"];

#[test]
fn a_token_is_printed_once_listed_and_revoked() {
    let bench = Bench::new();
    bench.run_with(&["user", "add", "hanako"], PASSWORD).succeeds();
    let made = bench.run(&CREATE).succeeds();
    let text = made.json()["token"].as_str().unwrap().to_owned();
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert!(text.starts_with("sekisho_1_"), "{text}");
    assert!(made.stderr.contains("token_created") && !made.stderr.contains(&text), "{}", made.stderr);
    assert_eq!(made.json()["methods"], serde_json::json!(["GET", "HEAD"]), "reading, unless more is said");

    let listed = bench.run(&["token", "list", "--json"]).succeeds();
    assert!(!listed.stdout.contains("sekisho_"), "{}", listed.stdout);
    assert_eq!((&listed.json()[0]["id"], &listed.json()[0]["label"]), (&id.clone().into(), &"import".into()));
    let table = bench.run(&["token", "list", "--account", "hanako"]).succeeds().stdout;
    assert!(table.contains("never") && table.contains("/api"), "{table}");

    assert!(bench.run(&["token", "revoke", &id]).succeeds().stderr.contains("token_revoked"));
    assert!(bench.run(&["token", "revoke", &id]).ends_with(1).stderr.contains("there is no such token"));
    let shown = bench.run(&CREATE[..9]).succeeds().stdout;
    assert!(shown.starts_with("token: sekisho_1_") && shown.contains("GET, HEAD on /api"), "{shown}");
    let ended = bench.run(&["token", "revoke", "--account", "hanako", "--all", "--json"]).succeeds().json();
    assert_eq!(ended, serde_json::json!({ "tokens_revoked": 1 }));
}

#[test]
fn a_token_without_an_end_a_path_or_an_account_is_not_made() {
    let bench = Bench::new();
    bench.run_with(&["user", "add", "hanako"], PASSWORD).succeeds();
    bench.run(&CREATE[..7]).ends_with(2);
    for days in ["0", "366"] {
        bench.run(&[&CREATE[..8], &[days]].concat()).ends_with(2);
    }
    bench.run(&["token", "create", "hanako", "--label", "import", "--days", "30"]).ends_with(2);
    let told = bench.run(&[&CREATE[..], &["--path", "/a/"]].concat()).ends_with(1).stderr;
    assert!(told.contains("ends with /"), "{told}");
    let told = bench.run(&[&CREATE[..], &["--network", "192.0.2.1/24"]].concat()).ends_with(1).stderr;
    assert!(told.contains("192.0.2.0/24"), "{told}");
    bench.run(&["user", "disable", "hanako"]).succeeds();
    let told = bench.run(&CREATE).ends_with(1).stderr;
    assert!(told.contains("disabled or frozen"), "{told}");
    assert!(
        bench
            .run(&["token", "create", "nobody", "--label", "x", "--path", "/", "--days", "1"])
            .ends_with(1)
            .stderr
            .contains("no such account")
    );
}
