//! The catalogue of attacks, black box: bytes go in at the TLS port, and what a legacy parser behind the gateway would see
//! is looked at byte by byte. Every case is passed, failed or skipped; the table is printed, and written to
//! `target/attacks.json`. Identifiers are those of the project's catalogue: HTTP, IDH (identity headers), RED
//! (redirects), UPS (upstream faults).

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking, and this one prints its table"
)]

mod frames;
mod http1;
mod http2;
mod identity;
mod redirects;
mod siege;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;
mod upstreams;
mod verified;
mod ways;

use siege::Siege;

/// One after another in one process: memory and descriptors are counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_catalogue_of_attacks() {
    let mut siege = Siege::begin().await;
    http1::run(&mut siege).await;
    http2::run(&mut siege).await;
    identity::run(&mut siege).await;
    redirects::run(&mut siege).await;
    let rows = siege.end();
    let rows = [rows, verified::run().await, upstreams::run().await, ways::run().await].concat();
    siege::report(rows);
}
