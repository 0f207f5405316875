//! Who may pass: pure decisions on values, no storage, no HTTP session.

mod cors;
mod decision;
mod destination;
mod expect;
mod hold;
mod jar;
mod observe;
mod route;
mod rule;

pub use cors::{Cors, preflight_for};
pub use decision::{Credential, Decision, Denial, Interruption, Permit, Principal, TokenFault};
pub use destination::{Unreachable, reachable};
pub use expect::{Unmet, Who, unmet};
pub use hold::{NotKept, Posted, worth_keeping};
pub use jar::Jar;
pub use observe::{Findings, MOST_ROWS, Observed, Observing, RequestKind, Row, Would};
pub use route::Routes;
pub use rule::{Asked, Passage, Requirement, Rule, Rules, Ruling};
