//! The gateway beside other implementations of the same thing: Google's own library for telephone numbers, oathtool for
//! the codes of authenticator apps.

#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../support/entropy.rs"]
mod entropy;
mod oathtool;
mod phones;
mod requests;
