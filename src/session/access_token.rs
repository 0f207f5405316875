//! What stands in for a session where no person is there: a token an operator gave to a script (pure values).

use std::net::IpAddr;

use ipnet::IpNet;

use crate::{account::AccountId, clock::Timestamp, random_id};

random_id!(
    /// Names one access token in lists and logs; it opens nothing.
    AccessTokenId
);

/// An access token as lists and the gate know it; its text is nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// Its public name.
    pub id: AccessTokenId,
    /// As whom it acts.
    pub account: AccountId,
    /// What it is for, in the words of who made it.
    pub label: String,
    /// Where it may go.
    pub scope: TokenScope,
    /// When it was made.
    pub created_at: Timestamp,
    /// Not good from then on.
    pub expires_at: Timestamp,
    /// Its last request, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// Where a token may go, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenScope {
    /// Paths, each with everything below it.
    pub paths: Vec<String>,
    /// Methods in upper case.
    pub methods: Vec<String>,
    /// Networks it may come from; empty: from everywhere.
    pub networks: Vec<IpNet>,
}

impl TokenScope {
    /// May it come from there?
    pub fn admits(&self, address: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(&address))
    }
}

impl AccessToken {
    /// Is its time over?
    pub fn expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }
}
