//! Configuration files: the examples load, mistakes are all reported with their places, and what is generated from the
//! declarations is what is committed. `SEKISHO_BLESS=1 cargo test --test config` writes the generated files again.

#[cfg(test)]
mod examples;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod mistakes;
