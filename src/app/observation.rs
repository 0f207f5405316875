//! The report of `observe`: what the gate let through and would not have, and who would be asked to enrol. It lives in
//! memory and in one private file, so that a restart loses a minute at most.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};

use super::{App, Result, Snapshot};
use crate::{
    access::{Findings, Observed, Observing, RequestKind, Row},
    authn::Standing,
    clock::Timestamp,
};

/// What a person of this service would meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// User name.
    pub user: String,
    /// `now`: enrols at the next sign-in; `may_wait`: is asked and may say "later"; `not_yet`: is not asked before its
    /// cohort's day.
    pub asked: String,
    /// The deadline, or the cohort's day, in RFC 3339.
    pub until: Option<String>,
}

/// Requests of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// The kind.
    pub kind: RequestKind,
    /// How many.
    pub requests: u64,
}

/// The whole report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObserveReport {
    /// Is the gateway observing now?
    pub observing: bool,
    /// When it began.
    pub since: Timestamp,
    /// When this was written.
    pub at: Timestamp,
    /// Enabled accounts.
    pub accounts: u64,
    /// Those with their two methods.
    pub enrolled: u64,
    /// Those without, who would be asked; at most 10,000.
    pub people: Vec<Person>,
    /// Requests let through that would have been stopped.
    pub totals: Vec<Total>,
    /// Requests that would have failed, by path and client.
    pub would_break: Vec<Row>,
    /// Requests that would have been led to the sign-in.
    pub would_sign_in: Vec<Row>,
    /// Requests that found no row.
    pub beyond: u64,
}

/// People named in a report.
pub(super) const MOST_PEOPLE: usize = 10_000;

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Observation {
    findings: Mutex<Findings>,
    changed: AtomicBool,
}

impl Observation {
    /// Goes on from the file of an earlier run; without one that can be read it begins anew.
    pub(super) fn resume(snapshot: &Snapshot, now: Timestamp) -> Self {
        let path = &snapshot.config.rollout.report;
        let findings = match fs::read(path) {
            Ok(text) => match serde_json::from_slice::<ObserveReport>(&text) {
                Ok(report) => {
                    let rows = report.would_break.into_iter().chain(report.would_sign_in).collect();
                    Findings::resume(report.since, rows, report.beyond)
                }
                Err(error) => {
                    tracing::warn!(%error, file = %path.display(), "an earlier report cannot be read: a new one begins");
                    Findings::new(now)
                }
            },
            Err(_none_yet) => Findings::new(now),
        };
        Self { findings: Mutex::new(findings), changed: AtomicBool::new(true) }
    }
}

impl App {
    /// Only where the configuration says so is a request let through without a session.
    pub(super) fn observing(&self) -> Option<Observing> {
        Observing::only_if(self.snapshot.load().config.rollout.mode)
    }

    /// Notes a request that was let through.
    pub fn observe(&self, seen: &Observed<'_>) {
        let now = self.now();
        self.observation.findings.lock().unwrap_or_else(PoisonError::into_inner).note(seen, now);
        self.observation.changed.store(true, Ordering::Relaxed);
    }

    /// The report as of now.
    pub async fn observe_report(&self) -> Result<ObserveReport> {
        let now = self.now();
        let (accounts, enrolled) = self.store.count_enrolled().await?;
        let mut people = Vec::new();
        for waiting in self.store.unenrolled().await?.into_iter().take(MOST_PEOPLE) {
            let standing = if waiting.ticket {
                Standing::Enforced
            } else {
                self.standing_if_asked(&waiting.account, waiting.asked, now)
            };
            let (asked, until) = match standing {
                Standing::Enforced => ("now", None),
                Standing::Asked(grace) => ("may_wait", Some(grace.deadline.to_string())),
                Standing::NotYet => ("not_yet", self.asked_from(&waiting.account).map(|from| from.to_string())),
            };
            people.push(Person { user: waiting.account.user_name.to_string(), asked: asked.to_owned(), until });
        }
        let findings = self.observation.findings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (would_break, would_sign_in) = findings.rows().into_iter().partition(Row::breaks);
        Ok(ObserveReport {
            observing: self.observing().is_some(),
            since: findings.since(),
            at: now,
            accounts,
            enrolled,
            people,
            totals: findings.by_kind().map(|(kind, requests)| Total { kind, requests }).collect(),
            would_break,
            would_sign_in,
            beyond: findings.beyond(),
        })
    }

    /// Writes the report where it changed. The caller repeats this and does it once more at the end.
    pub async fn write_observe_report(&self) -> Result<()> {
        if self.observing().is_none() || !self.observation.changed.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let report = self.observe_report().await?;
        let path = self.snapshot().config.rollout.report.clone();
        if let Err(error) = replace(&path, &report) {
            self.observation.changed.store(true, Ordering::Relaxed);
            tracing::error!(%error, file = %path.display(), "the report cannot be written");
        }
        Ok(())
    }
}

/// The old file or the new one, never half of one; readable by its owner only, since it names people.
fn replace(path: &Path, report: &ObserveReport) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let text = serde_json::to_vec_pretty(report)?;
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&name)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&name, path)
}
