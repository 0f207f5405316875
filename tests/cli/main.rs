//! The shipped binary at the command line: what it answers, how it ends, and that a secret never shows.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod delivery;
mod import;
mod recovery;
mod running;
mod tokens;
mod world;

use world::{Bench, Outcome};

const PASSWORD: &str = "correct horse battery";

fn add_hanako(bench: &Bench) -> Outcome {
    bench.run_with(&["user", "add", "hanako", "--email", "hanako@example.jp", "--group", "owner"], PASSWORD)
}

#[test]
fn check_reports_every_problem_and_fails() {
    let bench = Bench::new();
    bench.certify();
    bench.run(&["check"]).succeeds();
    bench.append("\n[limits]\nhead_bytez = '1KiB'\n[session]\nidle = 'soon'\n");
    let told = bench.run(&["check"]).ends_with(1).stdout;
    assert!(told.contains("head_bytez") && told.contains("idle"), "{told}");
    let told = bench.run(&["check", "--json"]).ends_with(1).json();
    assert_eq!(told["problems"].as_array().unwrap().len(), 2, "{told}");
    bench.run(&["user", "list"]).ends_with(1);
}

#[test]
fn check_warns_of_what_is_allowed_and_dangerous() {
    let bench = Bench::new();
    bench.certify();
    let warned = || {
        let told = bench.run(&["check", "--json"]).succeeds().json();
        let warnings = told["warnings"].as_array().unwrap().iter();
        warnings.map(|warning| warning.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = warned();
    assert!(
        before.len() == 2 && before[0].contains("no [mail]") && before[1].contains("data does not exist"),
        "{before:?}"
    );
    bench.append("\n[mail]\nprovider = \"inbox\"\n");
    std::fs::create_dir(bench.path("data")).unwrap();
    assert!(warned().is_empty());
    bench.append("\n[[rule]]\npath = \"/\"\naccess = \"public\"\n");
    let open = bench.run(&["check"]).succeeds();
    assert!(open.stderr.contains("WARNING: rule: path = \"/\""), "{}", open.stderr);
}

#[test]
fn explain_names_the_console() {
    let bench = Bench::new();
    let file = bench.path("sekisho.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let several = "[[upstream]]\npath = \"/reports\"\nurl = [\"http://10.0.0.8\", \"http://10.0.0.9\"]\n[[upstream]]\n";
    std::fs::write(&file, text.replace("[upstream]\n", several)).unwrap();
    let told = bench.run(&["explain", "--url", "/%72eports/7"]).succeeds().stdout;
    let says = "forwarded to the console for /reports at http://10.0.0.8:80, http://10.0.0.9:80";
    assert!(told.contains(says), "{told}");
    let told = bench.run(&["explain", "--url", "/orders", "--json"]).succeeds().json();
    assert_eq!(told["console"], serde_json::json!({ "path": "/", "url": ["http://127.0.0.1:8080"] }), "{told}");
    let told = bench.run(&["explain", "--url", "/a/%2e%2e/reports", "--json"]).succeeds().json();
    assert!(told.get("console").is_none(), "refused, so it goes nowhere: {told}");
}

#[test]
fn explain_tells_hosts_apart() {
    let bench = Bench::new();
    bench.certify();
    let file = bench.path("sekisho.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let several = "[[host]]\npublic_url = \"https://reports.test:8443\"\n\
                   [[upstream]]\nhost = \"reports.test\"\nurl = \"http://10.0.0.8\"\n[[upstream]]\n";
    let rules = "\n[[rule]]\nhost = \"reports.test\"\npath = \"/embed\"\naccess = \"public\"\n\
                 [[expect]]\nhost = \"reports.test\"\npath = \"/embed/1\"\noutcome = \"forward\"\n\
                 [[expect]]\npath = \"/embed/1\"\noutcome = \"sign-in\"\n";
    std::fs::write(&file, format!("{}{rules}", text.replace("[upstream]\n", several))).unwrap();
    let told = bench.run(&["explain", "--url", "https://reports.test:8443/embed/1", "--json"]).succeeds().json();
    assert_eq!((&told["host"], &told["answers"][0]["outcome"]), (&"reports.test".into(), &"forward".into()), "{told}");
    assert_eq!(told["console"]["url"], serde_json::json!(["http://10.0.0.8:80"]), "{told}");
    let told = bench.run(&["explain", "--url", "/embed/1"]).succeeds().stdout;
    assert!(told.contains("GET localhost/embed/1 from") && told.contains("sign-in"), "{told}");
    assert!(told.contains("at http://127.0.0.1:8080"), "a path alone is one of the main host: {told}");
    let told = bench.run(&["explain", "--url", "https://reports.test/embed/1"]).ends_with(1).stderr;
    assert!(told.contains("no other host is served"), "it is at another port: {told}");
    let checked = bench.run(&["check", "--json"]).succeeds().json();
    let said = checked["warnings"].to_string();
    assert!(said.contains("no certificate is for reports.test"), "{said}");
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap().replace("= \"sign-in\"", "= \"forward\"")).unwrap();
    let told = bench.run(&["check"]).ends_with(1).stdout;
    assert!(told.contains("expect: GET localhost/embed/1 from 198.51.100.1 is sign-in, not forward"), "{told}");
}

#[test]
fn explain_names_the_rule_and_check_holds_expectations() {
    let bench = Bench::new();
    bench.certify();
    bench.append(
        "\n[[rule]]\npath = \"/payouts\"\ngroups = \"owner\"\naccess = \"fresh\"\nwithin = \"10m\"\n\
         [[rule]]\npath = \"/payouts\"\naccess = \"deny\"\n\
         [[expect]]\npath = \"/payouts\"\ngroups = []\noutcome = \"deny\"\n",
    );
    bench.run(&["check"]).succeeds();
    add_hanako(&bench).succeeds();
    let url = "https://localhost:8443/payouts/7?x=1";
    let told = bench.run(&["explain", "--url", url, "--user", "hanako", "--json"]).succeeds().json();
    let outcomes: Vec<_> = told["answers"].as_array().unwrap().iter().map(|answer| &answer["outcome"]).collect();
    assert_eq!(outcomes, ["sign-in", "code", "forward"], "{told}");
    assert!(told["answers"].as_array().unwrap().iter().all(|answer| answer["line"] == told["answers"][0]["line"]));
    assert_eq!((told["path"].as_str(), told["refused"].as_str()), (Some("/payouts/7"), None));
    let told = bench.run(&["explain", "--url", "/payouts", "--method", "POST"]).succeeds().stdout;
    assert!(told.contains("somebody (in no group), a code just given") && told.contains("/payouts: deny"), "{told}");
    let told = bench.run(&["explain", "--url", "/a/%2e%2e/payouts"]).succeeds().stdout;
    assert!(told.contains("refused before any rule: dot segment in the path"), "{told}");
    let told = bench.run(&["explain", "--url", "https://elsewhere.example/payouts"]).ends_with(1).stderr;
    assert!(told.contains("no other host is served"), "{told}");

    bench.append("[[expect]]\npath = \"/payouts\"\ngroups = \"owner\"\noutcome = \"forward\"\n");
    let told = bench.run(&["check"]).ends_with(1).stdout;
    assert!(told.contains("expect: GET localhost/payouts from 198.51.100.1 is code, not forward"), "{told}");
    assert!(told.contains("help: the rule at line"), "{told}");
    let told = bench.run(&["serve"]).ends_with(1).stderr;
    assert!(told.contains("is code, not forward"), "the gateway does not start: {told}");
}

#[test]
fn check_says_what_a_password_costs_here() {
    let bench = Bench::new();
    bench.certify();
    let told = bench.run(&["check"]).succeeds().stdout;
    assert!(told.contains("no problems; checking a password takes ") && told.contains(" ms on this machine"), "{told}");
    let slow = || {
        let told = bench.run(&["check", "--json"]).succeeds().json();
        assert!(told["password_check_ms"].is_u64(), "{told}");
        told["warnings"].to_string().contains("minimum_delay")
    };
    assert!(!slow());
    bench.append("minimum_delay = \"0s\"\n");
    assert!(slow(), "every check takes longer than nothing");
}

#[test]
fn shells_and_man_are_told_of_the_commands() {
    let bench = Bench::new();
    for (shell, line) in
        [("bash", "complete -F _sekisho"), ("zsh", "#compdef sekisho"), ("fish", "complete -c sekisho")]
    {
        let script = bench.run(&["completions", shell]).succeeds().stdout;
        assert!(script.contains(line) && script.contains("reset-2sv"), "{shell}: {script}");
    }
    bench.run(&["completions", "cmd"]).ends_with(2);
    let page = bench.run(&["man"]).succeeds().stdout;
    assert!(page.contains(".TH sekisho") && page.contains("recovery"), "{page}");
}

#[test]
fn check_finds_what_serve_would_stop_at() {
    let bench = Bench::new();
    let lacking = bench.run(&["check"]).ends_with(1).stdout;
    assert!(lacking.contains("sekisho.toml:5:") && lacking.contains("leaf.pem cannot be read"), "{lacking}");
    let told = bench.run(&["serve"]).ends_with(1);
    assert_eq!(told.stderr, format!("sekisho: {lacking}"), "in the same words");
    bench.run(&["user", "list"]).succeeds();
}

#[test]
fn arguments_that_make_no_sense_end_with_2() {
    let bench = Bench::new();
    for arguments in [&["user"][..], &["user", "add"], &["session", "end"], &["device", "revoke", "--all"], &["fly"]] {
        bench.run(arguments).ends_with(2);
    }
    for verb in [["session", "end"], ["device", "revoke"]] {
        for wrong in [&[][..], &["--all"], &["--account", "hanako"], &["x", "--account", "hanako", "--all"]] {
            let told = bench.run(&[&verb[..], wrong].concat()).ends_with(2).stderr;
            assert!(
                told.contains("<ID>\n") && told.contains("--account <ACCOUNT> --all\n"),
                "{verb:?} {wrong:?}: {told}"
            );
        }
    }
    let told = bench.run(&["user", "list", "--config", "nowhere.toml"]).ends_with(1).stderr;
    assert!(told.contains("nowhere.toml") && told.ends_with(")\n") && told.lines().count() == 1, "{told:?}");
}

#[test]
fn accounts_are_made_listed_shown_disabled_and_enabled_on_the_store_itself() {
    let bench = Bench::new();
    let told = add_hanako(&bench).succeeds();
    assert!(told.stdout.contains("hanako@example.jp"), "{}", told.stdout);
    assert!(told.stderr.contains("account_created"), "an operator's change is an event: {}", told.stderr);

    let users = bench.run(&["user", "list", "--json"]).succeeds().json();
    assert_eq!((users[0]["name"].as_str(), users[0]["groups"][0].as_str()), (Some("hanako"), Some("owner")), "{users}");
    assert!(users[0]["methods"].is_null(), "{users}");
    let table = bench.run(&["user", "list"]).succeeds().stdout;
    assert!(table.lines().count() == 2 && table.contains("not set up"), "{table}");

    for named in ["hanako", "HANAKO@example.jp", users[0]["id"].as_str().unwrap()] {
        let user = bench.run(&["user", "show", named, "--json"]).succeeds().json();
        assert_eq!(user["id"], users[0]["id"], "{named}");
    }
    let told = bench.run(&["user", "disable", "hanako"]).succeeds().stderr;
    assert!(told.contains("account_disabled"), "{told}");
    assert_eq!(bench.run(&["user", "show", "hanako", "--json"]).succeeds().json()["disabled"], true);
    let told = bench.run(&["user", "enable", "hanako"]).succeeds().stderr;
    assert!(told.contains("account_enabled") && !told.contains("disabled"), "{told}");
    assert_eq!(bench.run(&["user", "show", "hanako", "--json"]).succeeds().json()["disabled"], false);
    bench.run_with(&["user", "password", "hanako"], "another good one").succeeds();
    assert_eq!(bench.run(&["session", "list", "--json"]).succeeds().json(), serde_json::json!([]));
    assert_eq!(bench.run(&["device", "list", "--json"]).succeeds().json(), serde_json::json!([]));
    let ended = bench.run(&["session", "end", "--account", "hanako", "--all", "--json"]).succeeds().json();
    assert_eq!(ended, serde_json::json!({ "sessions_ended": 0 }));
}

#[test]
fn the_seller_account_of_somebody_is_shown_and_one_that_is_missing_is_explained() {
    let bench = Bench::new();
    let told = bench.run_with(&["user", "add", "hanako", "--seller", "Yamada Trading", "--owner"], PASSWORD).succeeds();
    assert!(told.stdout.contains("Yamada Trading (owner)"), "{}", told.stdout);
    for arguments in [&["user", "show", "hanako"][..], &["user", "list"]] {
        let shown = bench.run(arguments).succeeds().stdout;
        assert!(shown.contains("Yamada Trading (owner)"), "{shown}");
    }
    let listed = bench.run(&["user", "list", "--json"]).succeeds().json();
    assert_eq!((&listed[0]["seller"], &listed[0]["owner"]), (&"Yamada Trading".into(), &true.into()), "{listed}");
    let told = bench.run(&["user", "invite", "taro@example.jp", "--seller", "Nobody Ltd"]).ends_with(1).stderr;
    assert!(told.contains("no such seller account: `user list` shows them"), "{told}");
}

#[test]
fn a_reset_prints_a_ticket_once_and_when_it_ends() {
    let bench = Bench::new();
    add_hanako(&bench).succeeds();
    let is_ticket = |text: &str| {
        let groups: Vec<&str> = text.split('-').collect();
        groups.len() == 4
            && groups.iter().all(|g| g.len() == 4 && g.chars().all(|c| matches!(c, 'A'..='Z' | '2'..='7')))
    };

    let told = bench.run(&["user", "reset-2sv", "hanako", "--json"]).succeeds();
    let reset = told.json();
    let ticket = reset["ticket"].as_str().expect("a bare object");
    assert!(is_ticket(ticket), "{reset}");
    let expires_at = reset["expires_at"].as_str().expect("RFC 3339");
    assert!(expires_at.ends_with('Z') && expires_at.parse::<jiff::Timestamp>().is_ok(), "{reset}");
    assert_eq!((reset["sessions_ended"].as_u64(), reset.as_object().unwrap().len()), (Some(0), 3), "{reset}");
    assert!(told.stderr.contains("second_step_reset") && !told.stderr.contains(ticket), "{}", told.stderr);

    let again = bench.run(&["user", "reset-2sv", "hanako"]).succeeds().stdout;
    let newer = again.lines().next().and_then(|line| line.strip_prefix("ticket: ")).expect("the ticket first");
    assert!(is_ticket(newer) && newer != ticket, "{again}");
    let until = again.lines().nth(1).and_then(|line| line.strip_prefix("good until ")).expect("then its end");
    let (minute, _) = until.split_once(';').unwrap();
    assert!(minute.len() == "2026-11-22 20:13 JST".len() && minute.ends_with(" JST"), "{again}");
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let bench = Bench::new();
    add_hanako(&bench).succeeds();
    for (arguments, input, words) in [
        (&["user", "add", "hanako"][..], PASSWORD, "another account has that user name"),
        (&["user", "add", "jiro", "--email", "hanako@example.jp"], PASSWORD, "another account has that e-mail address"),
        (&["user", "add", "jiro", "--email", "a@[127.0.0.1]"], PASSWORD, "it has an IP address after the @"),
        (&["user", "add", "jiro", "--email", "a@localhost"], PASSWORD, "the domain after the @ has no dot"),
        (&["user", "edit", "hanako", "--email", "a@localhost"], "", "the domain after the @ has no dot"),
        (&["user", "add", "a b"], PASSWORD, "the user name: it has a character that is not allowed"),
        (&["user", "add", "jiro", "--group", "a,b"], PASSWORD, "a group: "),
        (&["user", "add", "jiro"], "short", "at least 8 characters"),
        (&["user", "add", "jiro"], "", "no password on standard input"),
        (&["user", "show", "nobody"], "", "there is no such account"),
        (&["user", "password", "nobody"], PASSWORD, "there is no such account"),
        (&["session", "end", "x"], "", "not the identifier of a session"),
        (&["device", "revoke", "aaaaaaaaaaaaaaaaaaaaaaaaaa"], "", "there is no such device"),
    ] {
        let told = bench.run_with(arguments, input).ends_with(1);
        assert!(told.stderr.contains(words), "{arguments:?}: {}", told.stderr);
        assert!(told.stdout.is_empty(), "{arguments:?}: {}", told.stdout);
    }
}

#[test]
fn lost_keys_are_never_replaced() {
    let bench = Bench::new();
    add_hanako(&bench).succeeds();
    let (keys, kept) = (bench.path("keys.json"), bench.path("kept.json"));
    std::fs::rename(&keys, &kept).unwrap();
    let told = bench.run(&["user", "list"]).ends_with(3);
    assert!(told.stderr.contains("bring the key file back"), "{}", told.stderr);
    assert!(!keys.exists(), "no new keys were made");
    std::fs::rename(&kept, &keys).unwrap();
    assert!(bench.run(&["user", "list"]).succeeds().stdout.contains("hanako"));
}

#[test]
fn private_files_are_private_and_hold_no_password() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    let told = add_hanako(&bench).succeeds();
    assert!(!told.stdout.contains("horse") && !told.stderr.contains("horse"), "{told:?}");
    let mut seen = 0;
    for entry in std::fs::read_dir(bench.path("data")).unwrap().map(Result::unwrap) {
        let (path, metadata) = (entry.path(), entry.metadata().unwrap());
        assert_eq!(metadata.permissions().mode() & 0o077, 0, "{}", path.display());
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(5).any(|part| part == b"horse"), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 2, "the store and its lock: {seen}");
}

#[test]
fn a_command_says_which_way_it_took_when_asked() {
    let bench = Bench::new();
    let told = bench.run(&["user", "list", "-v"]).succeeds();
    assert!(told.stderr.contains("on the store itself"), "{}", told.stderr);
    assert!(bench.run(&["user", "list"]).succeeds().stderr.is_empty());
}

#[test]
fn the_documentation_names_every_command_and_exit_code() {
    let bench = Bench::new();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/command-line.md")).unwrap();
    let commands = |arguments: &[&str]| -> Vec<String> {
        let help = bench.run(&[arguments, &["--help"]].concat()).succeeds().stdout;
        for line in help.lines().skip_while(|line| *line != "Exit codes:").skip(1) {
            let meaning = line.trim().trim_start_matches(|c: char| c.is_ascii_digit()).trim();
            assert!(page.contains(meaning), "{meaning}");
        }
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        let names = listed.take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
        names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
    };
    let top = commands(&[]);
    assert!(top.len() >= 6, "{top:?}");
    for verb in top {
        let actions = commands(&[&verb]);
        assert!(page.contains(&format!("`sekisho {verb}")), "{verb}");
        for action in actions {
            assert!(page.contains(&format!("`sekisho {verb} {action}")), "{verb} {action}");
        }
    }
}
