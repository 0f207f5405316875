//! The end-user pages: an axum router, transport-neutral, called in process. Pages are typed values rendered by compiled
//! templates; every sentence comes from a catalogue in both languages; nothing needs a script.

pub mod challenge;
pub mod enrolment;
pub mod error;
pub mod page;
mod qr;
#[cfg(test)]
pub(crate) mod samples;
pub mod sign_in;
mod style;
mod words;
