//! Who may pass: pure decisions on values, no storage, no HTTP session.

mod decision;
mod rule;

pub use decision::{Decision, Denial, Interruption, Permit, Principal};
pub use rule::{Requirement, Rule, Rules};
