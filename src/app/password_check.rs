//! A try at a password: what it is counted against, and whether it is right. Paid for before it is looked at, and given back
//! only where nothing wrong was tried.

use super::{App, AppError, Result, Snapshot, tries::Trying};
use crate::{
    account::LoginName,
    authn::{Password, PasswordProof, password},
    clock::Timestamp,
    keyring::Purpose,
    secret::Digest,
    store::{Credentials, PasswordSpend, RateLimit, RateSpend},
};
use std::{net::IpAddr, sync::Arc};

/// A try at a password that is paid for.
pub(super) struct Tried {
    /// What it counts against beside the account.
    rates: Vec<Digest>,
    /// Others wait until what came of it is stored.
    open: Vec<Trying>,
}

/// A password was right.
pub(super) struct Proven {
    pub(super) proof: PasswordProof,
    /// Of the same password at today's cost, where the stored hash has another.
    pub(super) rehash: Option<crate::authn::PasswordHash>,
    /// The stored hash has another cost but stays: it read only the beginning of what was typed.
    pub(super) cut_short: bool,
}

impl App {
    /// Pays for one try at a password: of the address first, for what that may not try any more does not count against
    /// the owner of the name. `Err`: who refuses, and until when; nothing was tried then, and nothing counts.
    pub(super) async fn try_password(
        &self,
        rates: [RateLimit; 2],
        budget: Digest,
        now: Timestamp,
    ) -> Result<std::result::Result<Tried, (&'static str, Timestamp)>> {
        let mut tried = Tried { rates: Vec::new(), open: Vec::new() };
        for (by, rate) in ["address", "prefix"].into_iter().zip(rates) {
            let ask = || async {
                Ok(match self.store.spend_rate(rate, now).await? {
                    RateSpend::Granted => None,
                    RateSpend::Wait(until) => Some(until),
                })
            };
            let spent = self.tries.spend(&rate.key, ask).await;
            if let Some(refused) = self.unless_granted(&mut tried, spent, now).await? {
                return Ok(Err((by, refused)));
            }
            tried.rates.push(rate.key);
        }
        let ask = || async {
            Ok(match self.store.spend_password_attempt(budget, now).await? {
                PasswordSpend::Granted => None,
                PasswordSpend::Wait(until) => Some(until),
            })
        };
        let spent = self.tries.spend(&budget, ask).await;
        match self.unless_granted(&mut tried, spent, now).await? {
            Some(refused) => Ok(Err(("account", refused))),
            None => Ok(Ok(tried)),
        }
    }

    /// Keeps what was granted; gives back what was granted before where this was not.
    async fn unless_granted(
        &self,
        tried: &mut Tried,
        spent: Result<std::result::Result<Trying, Timestamp>>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        if let Ok(Ok(granted)) = spent {
            tried.open.push(granted);
            return Ok(None);
        }
        self.give_back(tried, now).await?;
        Ok(spent?.err())
    }

    pub(super) async fn give_back(&self, tried: &Tried, now: Timestamp) -> Result<()> {
        for key in &tried.rates {
            self.store.refund_rate(*key, now).await?;
        }
        Ok(())
    }

    /// One hash, always; a second one only to store the password at today's cost after it was right. Hashes of other
    /// programs are checked one at a time, beside ours.
    pub(super) async fn prove(
        &self,
        credentials: Option<&Credentials>,
        typed: Option<Password>,
        snapshot: &Arc<Snapshot>,
        now: Timestamp,
    ) -> Result<Option<Proven>> {
        let candidate = credentials.filter(|c| !c.account.disabled && !c.frozen).map(|c| password::Candidate {
            account: c.account.id,
            credential_version: c.account.credential_version,
            hash: c.hash.clone(),
        });
        let foreign = candidate.as_ref().zip(typed.as_ref());
        let foreign = foreign.is_some_and(|(c, typed)| snapshot.scheme.is_foreign(&c.hash) && c.hash.takes(typed));
        let pool = if foreign { &self.foreign } else { &self.hashing };
        let (checked, given, dummy) = (candidate.clone(), typed.clone(), self.dummy.clone());
        let least = snapshot.config.password.minimum_delay;
        let proof = pool
            .run(move || {
                let began = std::time::Instant::now();
                let proof = password::verify(checked.as_ref(), given.as_ref(), &dummy, now);
                let took = began.elapsed();
                if took > least {
                    let kind = checked.as_ref().and_then(|c| c.hash.cost()).map(|(kind, _)| kind);
                    tracing::warn!(kind, ?took, "checking a password took longer than [password] minimum_delay");
                }
                proof
            })
            .await?;
        let (Some(proof), Some(candidate), Some(typed)) = (proof, candidate, typed) else { return Ok(None) };
        if !snapshot.scheme.outdated(&candidate.hash) {
            return Ok(Some(Proven { proof, rehash: None, cut_short: false }));
        }
        // The end of what was typed was not looked at: hashed now, a wrong one would be the password from now on.
        if candidate.hash.cuts(&typed) {
            return Ok(Some(Proven { proof, rehash: None, cut_short: true }));
        }
        let (snapshot, entropy) = (snapshot.clone(), self.entropy.clone());
        // Where there is no place for it now, the next sign-in does it.
        let rehash = self.hashing.run(move || snapshot.scheme.hash(&typed, &*entropy)).await;
        Ok(Some(Proven { proof, rehash: rehash.ok().and_then(std::result::Result::ok), cut_short: false }))
    }

    /// Whose wrong passwords are counted together: an account's whatever the spelling; a trusted or known browser's own, so
    /// that a stranger's failures do not lock its owner out; for names nobody has, one of a fixed number of buckets
    /// that looks the same from outside.
    pub(super) fn password_budget(
        &self,
        name: &LoginName,
        credentials: Option<&Credentials>,
        known_browser: Option<String>,
    ) -> Result<Digest> {
        let mac = |parts: &[&[u8]]| self.throttle_key(parts);
        match (credentials, known_browser) {
            (Some(c), Some(device)) => mac(&[b"browser", c.account.id.as_bytes(), device.as_bytes()]),
            (Some(c), None) => mac(&[b"account", c.account.id.as_bytes()]),
            (None, _) => {
                let spread = mac(&[b"name", name.as_str().as_bytes()])?;
                let [first, second, ..] = *spread.as_bytes();
                mac(&[b"bucket", &[first, second]])
            }
        }
    }

    /// The network of an address (IPv4 /24, IPv6 /56) as a digest.
    pub(super) fn network_key(&self, address: IpAddr) -> Result<Digest> {
        self.throttle_key(&[b"network", &network(address)])
    }

    /// A counter's name that lists neither accounts nor addresses.
    pub(super) fn throttle_key(&self, parts: &[&[u8]]) -> Result<Digest> {
        self.keyring.mac(self.keyring.active(), Purpose::ThrottleKey, parts).ok_or(AppError::Key)
    }

    pub(super) fn address_rates(&self, address: IpAddr, snapshot: &Snapshot) -> Result<[RateLimit; 2]> {
        let config = &snapshot.config.sign_in;
        let whole: Vec<u8> = match address.to_canonical() {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        let rate = |kind: &[u8], bytes: &[u8], limit| -> Result<RateLimit> {
            Ok(RateLimit { key: self.throttle_key(&[kind, bytes])?, limit, window: config.failure_window })
        };
        Ok([
            rate(b"address", &whole, config.failures_per_address)?,
            rate(b"prefix", &network(address), config.failures_per_prefix)?,
        ])
    }
}

/// The network of an address: IPv4 /24, IPv6 /56.
fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().into_iter().take(3).collect(),
        IpAddr::V6(v6) => v6.octets().into_iter().take(7).collect(),
    }
}
