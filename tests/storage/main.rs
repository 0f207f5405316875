//! The storage contract, through the public `Store` only: what every engine must hold. Time is a value here; nothing
//! sleeps. The few raw statements plant damage that no transaction of the contract can make.

mod bench;
mod sign_in;
