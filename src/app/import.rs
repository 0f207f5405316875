//! Accounts from elsewhere, in bulk: each is made as it was there or refused, and none replaces another. An imported hash
//! is a password like any other; an imported number is a suggestion and nothing more.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{App, Result, hashing::HashingPool};
use crate::{
    account::{Account, AccountId, CredentialVersion, EmailAddress, Group, PhoneNumber, UserName},
    audit::{Event, Origin},
    authn::PasswordHash,
    language::Language,
    store::{ImportRun, ImportedAccount, NewAccount, NewAccountError},
};

/// Somebody who has an account elsewhere.
#[derive(Clone, Debug)]
pub struct ImportedPerson {
    /// The name it signs in by.
    pub user_name: UserName,
    /// Also a name it signs in by, and where notices go.
    pub email: Option<EmailAddress>,
    /// What the console may show.
    pub display_name: Option<String>,
    /// Its groups.
    pub groups: Vec<Group>,
    /// Language of notices.
    pub language: Language,
    /// It could not sign in there, and cannot here.
    pub disabled: bool,
    /// The hash it had there.
    pub hash: PasswordHash,
    /// The telephone numbers it had there.
    pub numbers: Vec<PhoneNumber>,
}

/// How long an import may be held up to try hashes, in all.
const TRYING: Duration = Duration::from_secs(3);

/// By kind of hash: the costliest that was tried, and how long that took.
type Tried = BTreeMap<&'static str, (u64, Duration)>;

/// How long checking a password against the costliest hash of each kind took, on this machine, once.
#[derive(Debug)]
pub(super) struct CheckTimes {
    tried: Arc<Mutex<Tried>>,
    /// One is tried at a time, and never in a place where somebody signs in.
    place: HashingPool,
}

impl Default for CheckTimes {
    fn default() -> Self {
        Self { tried: Arc::default(), place: HashingPool::new(1, 0) }
    }
}

/// A kind of hash and the longest a check of one takes here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckTime {
    /// `bcrypt`, `Argon2`, …
    pub kind: &'static str,
    /// Of the costliest one seen, with the costliest password; at least this, where trying it was not waited for.
    pub time: Duration,
}

impl App {
    /// Makes the accounts that can be made, in one transaction; for each whether it was.
    pub async fn import_people(
        &self,
        people: Vec<ImportedPerson>,
        run: ImportRun,
    ) -> Result<Vec<std::result::Result<(), NewAccountError>>> {
        let now = self.now();
        let accounts: Vec<ImportedAccount> = people
            .into_iter()
            .map(|person| {
                let mut groups = person.groups;
                groups.sort();
                groups.dedup();
                let account = Account {
                    id: AccountId::random(&*self.entropy),
                    user_name: person.user_name,
                    email: person.email,
                    display_name: person.display_name,
                    groups,
                    language: person.language,
                    disabled: person.disabled,
                    credential_version: CredentialVersion(1),
                    created_at: now,
                };
                ImportedAccount { new: NewAccount { account, hash: person.hash }, numbers: person.numbers }
            })
            .collect();
        let made = self.store.import_accounts(&accounts, run).await?;
        let count = made.iter().filter(|outcome| outcome.is_ok()).count();
        if run == ImportRun::Real && count > 0 {
            Event::AccountsImported { accounts: count }.record(Origin::Operator);
        }
        Ok(made)
    }

    /// How long checks of these kinds of hashes take here: the costliest of each kind is tried once. Every sign-in is
    /// answered after the same delay, which has to be longer. Takes a few seconds at most and leaves out what it did not
    /// come to: an import never fails for it.
    pub async fn check_times(&self, hashes: &[PasswordHash]) -> Vec<CheckTime> {
        self.check_times_within(hashes, TRYING).await
    }

    pub(super) async fn check_times_within(&self, hashes: &[PasswordHash], budget: Duration) -> Vec<CheckTime> {
        let due = tokio::time::Instant::now() + budget;
        let mut costliest: BTreeMap<&'static str, (u64, &PasswordHash)> = BTreeMap::new();
        for hash in hashes {
            let Some((kind, cost)) = hash.cost() else { continue };
            let known = costliest.entry(kind).or_insert((cost, hash));
            if known.0 < cost {
                *known = (cost, hash);
            }
        }
        let mut times = Vec::with_capacity(costliest.len());
        for (kind, (cost, hash)) in costliest {
            let known = self.checks.tried.lock().unwrap_or_else(PoisonError::into_inner).get(kind).copied();
            let time = match known {
                Some((tried, time)) if tried >= cost => Some(time),
                _ => self.try_check(kind, cost, hash, due).await,
            };
            times.extend(time.map(|time| CheckTime { kind, time }));
        }
        times
    }

    /// `None` when there is no time left, or one that was not waited for is still being tried.
    async fn try_check(
        &self,
        kind: &'static str,
        cost: u64,
        hash: &PasswordHash,
        due: tokio::time::Instant,
    ) -> Option<Duration> {
        let began = tokio::time::Instant::now();
        if began >= due {
            return None;
        }
        let (hash, tried) = (hash.clone(), self.checks.tried.clone());
        let trying = self.checks.place.run(move || {
            let began = Instant::now();
            hash.spend_a_check();
            let time = began.elapsed();
            tried.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, (cost, time));
            time
        });
        match tokio::time::timeout_at(due, trying).await {
            Ok(time) => time.ok(),
            Err(_not_waited_for) => Some(began.elapsed()),
        }
    }
}
