//! Who carries messages, one file each.

pub mod inbox;
