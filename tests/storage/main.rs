//! The storage contract, through the public `Store` only: what every engine must hold. Time is a value here; nothing
//! sleeps. The few raw statements plant damage that no transaction of the contract can make.

mod accounts;
mod attempts;
mod bench;
mod devices;
mod file;
mod outbox;
mod sessions;
mod sign_in;
