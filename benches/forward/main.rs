//! CPU per forwarded request: Sekisho with a session, bare Pingora, nginx with `auth_request`, nginx alone; all over
//! TLS and HTTP/1.1 keep-alive with answers of 1 KiB. The sides take turns, so that whatever else the machine does
//! meets all of them; medians and ratios are printed, and nothing is asserted about time.
//!
//! SEKISHO_BENCH_ROUNDS, SEKISHO_BENCH_SECONDS and SEKISHO_BENCH_SESSIONS change the defaults below.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a program of one table; it stops by panicking"
)]

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod bare;
mod sessions;
mod side;
#[path = "../../tests/support/mod.rs"]
#[expect(dead_code, reason = "a bench uses a part of what the tests share")]
mod support;

use std::{fmt::Write as _, fs, path::Path, process::Command};

use sekisho::clock::{Clock as _, SystemClock};
use side::Side;
use support::{
    certificate,
    clock::TestClock,
    free_address,
    settings::{QUICK_PASSWORDS, Settings},
};

const SEKISHO: &str = "Sekisho, signed in";
const BARE: &str = "bare Pingora";
const FORWARD_AUTH: &str = "nginx auth_request";
const NGINX: &str = "nginx proxy_pass";
const CONNECTIONS: u32 = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, listen, upstream, certificate, key, directory] = arguments.as_slice()
        && role == "bare"
    {
        bare::serve(listen, upstream.parse().expect("an address"), certificate, key, directory);
        return;
    }
    compare();
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn compare() {
    let rounds = setting("SEKISHO_BENCH_ROUNDS", 7);
    let seconds = setting("SEKISHO_BENCH_SECONDS", 3);
    let count = setting("SEKISHO_BENCH_SESSIONS", 10_000);
    let work = tempfile::tempdir().expect("a directory");
    certificate::issue(work.path());

    println!("making {count} sessions …");
    let (sides, cookies, _servants) = start(work.path(), count);
    let script = work.path().join("load.lua");
    fs::write(&script, load(&cookies)).expect("written");

    // Long enough for every session to have been read into memory once: what is measured is forwarding.
    for side in &sides {
        run(side, &script, seconds * 3);
    }
    let mut costs: Vec<Vec<f64>> = vec![Vec::new(); sides.len()];
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        for (side, costs) in sides.iter().zip(&mut costs) {
            let before = side.cpu();
            let requests = run(side, &script, seconds);
            let used = side.cpu().checked_sub(before).unwrap_or_default();
            costs.push(used.as_secs_f64() * 1e6 / requests);
        }
    }
    report(&sides, &costs, count);
}

/// The sides of the comparison, the session cookies, and the servers behind them whose CPU is not counted.
fn start(work: &Path, count: usize) -> (Vec<Side>, Vec<String>, Vec<Side>) {
    let (origin, guard) = (free_address(), free_address());
    let text = "x".repeat(1024);
    let answer = |address, body: &str| {
        format!("server {{ listen {address}; location / {{ default_type text/plain; return 200 '{body}'; }} }}")
    };
    let servants = vec![
        Side::nginx("origin", origin, work, &answer(origin, &text)),
        Side::nginx("guard", guard, work, &answer(guard, "ok")),
    ];

    let settings = Settings::new(work, origin);
    // The others write no line for a request either.
    let file = settings.write(&format!("{QUICK_PASSWORDS}[log]\nfilter = \"warn\"\n"));
    let config = sekisho::config::load(&file).expect("a configuration");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let cookies = runtime.block_on(sessions::make(&config, TestClock::at(SystemClock.now()), count));
    drop(runtime);

    let tls = |address| {
        format!(
            "listen {address} ssl; ssl_certificate {0}/server.pem; ssl_certificate_key {0}/server.key;",
            work.display()
        )
    };
    let forward = "proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $host;";
    let pools = format!(
        "upstream origin {{ server {origin}; keepalive 64; }}\nupstream guard {{ server {guard}; keepalive 64; }}"
    );
    let (bare, plain, guarded) = (free_address(), free_address(), free_address());
    let (pem, key) = (work.join("server.pem"), work.join("server.key"));
    let mut bare_command = Command::new(std::env::current_exe().expect("this program"));
    bare_command.arg("bare").arg(bare.to_string()).arg(origin.to_string()).args([&pem, &key]).arg(work);
    let sides = vec![
        Side::start(
            SEKISHO,
            settings.https,
            Command::new(env!("CARGO_BIN_EXE_sekisho")).arg("serve").arg("--config").arg(&file),
        ),
        Side::start(BARE, bare, &mut bare_command),
        Side::nginx(
            FORWARD_AUTH,
            guarded,
            work,
            &format!(
                "{pools}\nserver {{ {} location / {{ auth_request /auth; {forward} proxy_pass http://origin; }}\n\
                 location = /auth {{ internal; {forward} proxy_pass_request_body off;\n\
                 proxy_set_header Content-Length ''; proxy_pass http://guard; }} }}",
                tls(guarded)
            ),
        ),
        Side::nginx(
            NGINX,
            plain,
            work,
            &format!("{pools}\nserver {{ {} location / {{ {forward} proxy_pass http://origin; }} }}", tls(plain)),
        ),
    ];
    (sides, cookies, servants)
}

/// What wrk sends: one request for each session in turn, the same to every side.
fn load(cookies: &[String]) -> String {
    let mut script = String::from("local requests, n = {}, 0\nlocal cookies = {\n");
    for cookie in cookies {
        writeln!(script, "  \"{cookie}\",").expect("a string grows");
    }
    script.push_str(
        "}\nfunction init()\n  for i, value in ipairs(cookies) do\n    requests[i] = wrk.format('GET', '/orders/1042', \
         { ['Host'] = wrk.host .. ':' .. wrk.port, ['Accept'] = 'text/html', ['Cookie'] = '__Host-sekisho=' .. value })\n  \
         end\nend\nfunction request()\n  n = n % #requests + 1\n  return requests[n]\nend\n",
    );
    script
}

/// Loads one side and returns the requests it answered, all of them with the console's page.
fn run(side: &Side, script: &Path, seconds: usize) -> f64 {
    let output = Command::new("wrk")
        .args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{seconds}s"), "-s"])
        .arg(script)
        .arg(format!("https://localhost:{}/", side.address.port()))
        .output()
        .unwrap_or_else(|e| panic!("wrk is missing (apt-get install wrk): {e}"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("Non-2xx"), "{} refused requests:\n{text}", side.name);
    let requests = text.lines().find_map(|line| line.trim().split_once(" requests in ")).map(|(n, _)| n.parse::<f64>());
    let requests = requests.unwrap_or_else(|| panic!("wrk: {text}{}", String::from_utf8_lossy(&output.stderr)));
    requests.expect("a number").max(1.0)
}

fn report(sides: &[Side], costs: &[Vec<f64>], count: usize) {
    let medians: Vec<f64> = costs.iter().map(|all| median(all)).collect();
    let of = |name: &str| medians[sides.iter().position(|side| side.name == name).expect("a side")];
    println!(
        "\nCPU per forwarded request (user + system), HTTP/1.1 keep-alive over TLS, 1 KiB answers, {count} sessions, no request log\n"
    );
    println!("| | µs | to bare Pingora | to nginx auth_request | to nginx proxy_pass |");
    println!("|---|---:|---:|---:|---:|");
    for (side, cost) in sides.iter().zip(&medians) {
        let (bare, guarded, plain) = (cost / of(BARE), cost / of(FORWARD_AUTH), cost / of(NGINX));
        println!("| {} | {cost:.1} | {bare:.2} | {guarded:.2} | {plain:.2} |", side.name);
    }
    println!("\nbudgets: 1.05 of bare Pingora, 1.0 of nginx auth_request (its endpoint's CPU is not counted)");
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
