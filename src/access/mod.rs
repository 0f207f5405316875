//! Who may pass: pure decisions on values, no storage, no HTTP session.

mod decision;
mod observe;
mod rule;

pub use decision::{Decision, Denial, Interruption, Permit, Principal};
pub use observe::{Findings, MOST_ROWS, Observed, Observing, RequestKind, Row, Would};
pub use rule::{Requirement, Rule, Rules};
