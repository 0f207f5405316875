//! Mutated requests through the gateway: what it forwards is read alike by nginx and HAProxy. The program is the one of
//! `make peers`, which sends 100,000 and asks h11 and Node, too.

use std::{path::Path, process::Command};

/// `SEKISHO_REQUESTS` says how many.
const REQUESTS: &str = "2000";
const SEED: &str = "sekisho";

#[test]
fn what_is_forwarded_is_read_alike_by_other_servers() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/differential.py");
    let requests = std::env::var("SEKISHO_REQUESTS").unwrap_or_else(|_| REQUESTS.to_owned());
    let output = Command::new("python3")
        .arg("-B")
        .arg(program)
        .args([&*requests, SEED, "nginx,haproxy"])
        .env("SEKISHO_BIN", env!("CARGO_BIN_EXE_sekisho"))
        .output()
        .unwrap_or_else(|e| panic!("python3 is missing (apt-get install python3): {e}"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("\n0 divergences"), "{said}");
}
