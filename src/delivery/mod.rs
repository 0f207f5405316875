//! Getting messages to people: what they say, who carries them, and the worker that empties the outbox. Codes are
//! derived at the moment of sending and are never stored, logged or shown in `Debug`.

pub mod callback;
mod callback_limit;
mod guards;
pub mod http;
mod line;
pub mod message;
mod notices;
mod outbox;
#[cfg(test)]
mod peer;
mod provider;
pub mod providers;
mod report;
pub mod speech;

pub use guards::Guards;
pub use line::{Carriers, Line, Post};
pub use outbox::Worker;
pub use provider::{Body, Carrier, Outcome, Outgoing, Provider, ProviderId, Purpose, Refusal};
pub use providers::{Means, ProviderUnusable};
pub use report::Reports;
pub use speech::announcement;
