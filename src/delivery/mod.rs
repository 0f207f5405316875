//! Getting messages to people: what they say, who carries them, and the worker that empties the outbox. Codes are
//! derived at the moment of sending and are never stored, logged or shown in `Debug`.

pub mod http;
pub mod message;
mod notices;
mod outbox;
mod provider;
pub mod providers;
mod report;
pub mod speech;

pub use outbox::{Carriers, Worker};
pub use provider::{Body, Carrier, Outcome, Outgoing, Provider, ProviderId, Refusal};
pub use providers::{Means, ProviderUnusable};
pub use report::Reports;
