//! Between the browser and the console: the only module, with `tls` and `server`, that names Pingora types. It decides
//! nothing about who may pass; it refuses what is ambiguous, asks the gate, and forwards only with a permit.

mod answer;
mod client_address;
mod connection;
mod console_tls;
mod context;
mod cookies;
mod cors;
mod credential;
mod crowd;
mod drain;
mod entrance;
mod failure;
mod forward_auth;
mod gateway;
mod handshake;
mod head;
mod health;
mod health_check;
mod held;
mod identity;
mod own_pages;
mod pace;
mod portal_bridge;
mod proxy_protocol;
mod redirect;
mod rewrite;
mod session_end;
mod socket;
mod token;
mod tunnel;
mod upstream;
mod wire;

pub(crate) use connection::ConnectionRules;
pub(crate) use crowd::Crowd;
pub(crate) use drain::Drain;
pub(crate) use entrance::{GuardedApp, TlsNow};
pub(crate) use forward_auth::ForwardAuth;
pub(crate) use gateway::Gateway;
pub use head::RequestId;
pub(crate) use head::{OUR_PREFIX, ambiguity};
pub(crate) use health_check::HealthChecks;
pub use identity::NotAHeaderName;
pub(crate) use redirect::Redirect;
pub use upstream::ConsoleError;
pub(crate) use upstream::{MOST_ATTEMPTS, Upstream};
