//! Between the browser and the console: the only module, with `tls` and `server`, that names Pingora types. It decides
//! nothing about who may pass; it refuses what is ambiguous, asks the gate, and forwards only with a permit.

mod connection;
mod head;
mod identity;
mod wire;

pub use head::RequestId;
