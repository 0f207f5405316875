//! Which of a browser's cookies a request brings to the console.

use crate::account::AccountId;

/// Whose cookies of the console the browser may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jar {
    /// This person's alone: all go to the console as they are.
    Own,
    /// Those of several people: only the ones that were set for this account, or while nobody was signed in.
    Shared {
        /// Who is there; `None`: nobody.
        account: Option<AccountId>,
    },
}
