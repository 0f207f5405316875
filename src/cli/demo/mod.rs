//! What only the demonstration needs.

pub mod console;
