//! The storage contract, through the public `Store` only: what every engine must hold. Time is a value here; nothing
//! sleeps. The few raw statements plant damage that no transaction of the contract can make.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod attempts;
#[cfg(test)]
mod challenge;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod email;
#[cfg(test)]
mod file;
#[cfg(test)]
mod held;
#[cfg(test)]
mod import;
#[cfg(test)]
mod links;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod recovery_codes;
#[cfg(test)]
mod rollout;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod users;
#[cfg(test)]
mod world;
