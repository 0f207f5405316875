//! Commands beside a gateway that runs: the demonstration, then `serve` with the configuration it wrote.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::world::{Bench, Outcome};

const PASSWORD: &str = "correct horse battery";

/// A process that is stopped when the test is over, however it ends.
struct Process(Child);

impl Process {
    fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        command.args(arguments).current_dir(bench.path("")).stdin(Stdio::null());
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Asks it to end, as an operator does, and waits; its exit code.
    fn end(mut self) -> Option<i32> {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        assert!(asked.success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

const ANY_PORTS: [&str; 8] =
    ["demo", "--directory", "demo", "--https=0", "--inbox=0", "--console=0", "--json", "--fresh"];

/// Starts the demonstration; what it said when it was ready.
fn demo(bench: &Bench, arguments: &[&str]) -> (Process, Value) {
    let mut process = Process::start(bench, arguments);
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready = serde_json::from_str(&line).unwrap_or_else(|_not_json| {
        let told = std::io::read_to_string(process.0.stderr.take().unwrap()).unwrap();
        panic!("it did not get ready: {line}{told}")
    });
    (process, ready)
}

fn on(bench: &Bench, ready: &Value, arguments: &[&str], input: &str) -> Outcome {
    let config = ready["config"].as_str().unwrap();
    bench.run_with(&[arguments, &["--verbose", "--config", config]].concat(), input)
}

#[tokio::test]
async fn the_demonstration_is_a_gateway_with_two_accounts_and_an_inbox() {
    let bench = Bench::new();
    let (process, ready) = demo(&bench, &ANY_PORTS);

    drop(rustls::crypto::ring::default_provider().install_default());
    let authority = std::fs::read(ready["certificate_authority"].as_str().unwrap()).unwrap();
    let browser = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&authority).unwrap()])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let page = browser.get(ready["page"].as_str().unwrap()).header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), 303, "nobody gets to the console without a session");
    let location = page.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.contains("/.sekisho/"), "{location}");
    let console = browser.get(ready["console"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(console.status(), 200, "the example console by itself");
    let inbox = browser.get(ready["inbox"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(inbox.status(), 200);

    for account in ready["accounts"].as_array().unwrap() {
        let user = on(&bench, &ready, &["user", "show", account["name"].as_str().unwrap(), "--json"], "").succeeds();
        assert_eq!(user.json()["methods"].is_object(), account["two_step"].as_bool().unwrap(), "{}", user.stdout);
    }

    let port = ready["address"].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
    let other = ["demo", "--directory", "other", "--inbox=0", "--console=0", "--https", &port];
    let told = bench.run(&other).ends_with(1).stderr;
    assert!(told.contains(&port) && told.contains("--https"), "{told}");
    for arguments in [&ANY_PORTS[..], &ANY_PORTS[..ANY_PORTS.len() - 1]] {
        let told = bench.run(arguments).ends_with(1).stderr;
        assert!(told.contains("stop it first"), "{told}");
    }
    assert_eq!(process.end(), Some(0));
}

#[test]
fn commands_go_through_the_running_gateway_and_to_the_store_when_it_has_stopped() {
    let bench = Bench::new();
    let (process, ready) = demo(&bench, &ANY_PORTS);
    let through = |arguments: &[&str], input: &str, code: i32| {
        let told = on(&bench, &ready, arguments, input).ends_with(code);
        assert!(!told.stdout.contains("horse") && !told.stderr.contains("horse"), "{told:?}");
        told
    };

    let told = through(&["user", "add", "jiro", "--display-name", "次郎"], PASSWORD, 0);
    assert!(told.stderr.contains("through the gateway"), "{}", told.stderr);
    assert!(through(&["user", "add", "jiro"], PASSWORD, 1).stderr.contains("another account has that user name"));
    assert!(through(&["user", "show", "nobody"], "", 1).stderr.contains("there is no such account"));
    through(&["user", "disable", "jiro"], "", 0);
    assert_eq!(through(&["user", "show", "jiro", "--json"], "", 0).json()["disabled"], true);
    through(&["user", "enable", "jiro"], "", 0);
    through(&["user", "password", "jiro"], "another horse entirely", 0);
    through(&["user", "reset-2sv", "taro"], "", 0);
    assert!(through(&["user", "show", "taro", "--json"], "", 0).json()["methods"].is_null());
    let ended = through(&["session", "end", "--account", "jiro", "--all", "--json"], "", 0).json();
    assert_eq!(ended, serde_json::json!({ "sessions_ended": 0 }));

    let socket = bench.path("demo/demo.run/admin.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let log = std::fs::read_to_string(ready["log"].as_str().unwrap()).unwrap();
    assert!(log.contains("password_set") && !log.contains("horse"), "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).unwrap()["timestamp"].is_string(), "{line}");
    }

    assert_eq!(process.end(), Some(0));
    let told = on(&bench, &ready, &["user", "list"], "").succeeds();
    assert!(told.stderr.contains("on the store itself") && told.stdout.contains("jiro"), "{told:?}");
}

#[test]
fn serve_runs_the_same_configuration_and_says_so_in_json_lines() {
    let bench = Bench::new();
    let (process, ready) = demo(&bench, &ANY_PORTS);
    assert_eq!(process.end(), Some(0));
    let config = ready["config"].as_str().unwrap();
    let text = std::fs::read_to_string(config).unwrap();
    std::fs::write(config, text.replace("warn,audit=info", "info")).unwrap();

    let mut process = Process::start(&bench, &["serve", "--config", config]);
    let lines = BufReader::new(process.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let started = lines.map(|line| serde_json::from_str::<Value>(&line).unwrap_or_else(|_| panic!("not JSON: {line}")));
    let mut before_ready = started.take_while(|line| line["message"] != "ready");
    assert!(before_ready.all(|line| line["level"] == "INFO"), "it starts without a warning");
    let told = on(&bench, &ready, &["user", "list"], "").succeeds();
    assert!(told.stderr.contains("through the gateway") && told.stdout.contains("hanako"), "{told:?}");
    assert_eq!(process.end(), Some(0));
}
