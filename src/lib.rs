//! Sekisho: a reverse-proxy authentication gateway. It stops every request without a session, signs the person in with
//! a password and a second step, and tells the console behind it who is there.
//!
//! A module may use only what stands to its right:
//!
//! ```text
//! main > cli > server > proxy | admin | tls > portal > app > delivery > store > access | authn > session > account
//!      > keyring > config | audit | telemetry > clock | entropy | secret | language
//! ```
//!
//! `docs/architecture.md` says what each is for; a test holds the table against the code.

pub mod access;
pub mod account;
pub mod admin;
pub mod app;
pub mod audit;
pub mod authn;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod entropy;
pub mod keyring;
pub mod language;
pub mod portal;
pub mod proxy;
pub mod secret;
pub mod server;
pub mod session;
pub mod store;
pub mod telemetry;
pub mod tls;
