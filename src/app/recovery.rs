//! The recovery request: made at a sign-in that waits for a code, cancelled by a mailed link or by a code, decided by
//! operators after the wait.

use std::{net::IpAddr, time::Duration};

use super::{App, AppError, Browser, Flow, OpenedLink, Result, administration::SecondStepReset, notices::both};
use crate::{
    account::{Account, AccountId},
    audit::{Event, Origin},
    authn::{
        SignIn, Ticket,
        recovery::{CancelledBy, Operator, Receipt, Recovery, RecoveryInput, RecoveryStage, RecoveryTimes},
    },
    clock::Timestamp,
    store::{
        ApproveRecovery, Approved, EndRecovery, LinkPurpose, NoRecovery, NotDecided, Notice, OpenRecovery,
        PendingSignIn, Recipient, RecoveryId, StoredRecovery,
    },
};

/// Requests of one account …
const MOST: u32 = 3;
/// … within this long.
const WITHIN: Duration = Duration::from_hours(30 * 24);
/// A refusal is told on the page for this long.
const TOLD: Duration = Duration::from_hours(30 * 24);
/// How long the ticket of an approved request is good.
const TICKET_LASTS: Duration = Duration::from_hours(24);

/// A request as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestView {
    /// What people call it by.
    pub receipt: Receipt,
    /// Where it stands.
    pub stage: RecoveryStage,
}

/// What the page of the recovery request shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryView {
    /// The newest request, unless it is long over.
    pub request: Option<RequestView>,
    /// How long a new one waits.
    pub wait: Duration,
    /// There were too many; no new one before then.
    pub next_from: Option<Timestamp>,
}

/// What asking for recovery led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// A request is open: a new one, or the one that was open already.
    Open,
    /// There were too many; the next one from then on.
    TooMany(Timestamp),
    /// No sign-in waits for a code here.
    Gone,
}

/// A good link that cancels a request.
#[derive(Clone, Debug)]
pub struct CancelView {
    /// What people call the request by.
    pub receipt: Receipt,
}

/// What cancelling by a link led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// The request is cancelled.
    Cancelled(Receipt),
    /// Operators were faster: a ticket was handed out.
    TooLate(Receipt),
    /// The link is not good (any more), or the request had ended.
    Gone,
}

/// What an operator's approval did.
#[derive(Debug)]
pub enum ApprovedRecovery {
    /// It counts; more operators are needed.
    Counted {
        /// Approvals so far.
        given: u32,
        /// Approvals that are needed.
        needed: u32,
    },
    /// It was the last one.
    Completed(SecondStepReset),
}

impl App {
    /// The sign-in of this browser that waits for a code: its password was right.
    async fn at_code(&self, browser: &Browser<'_>, now: Timestamp) -> Result<Option<PendingSignIn>> {
        if browser.flow != Flow::SignIn {
            return Ok(None);
        }
        let pending = self.pending_record(browser, now).await?;
        Ok(pending.filter(|pending| matches!(pending.sign_in, SignIn::EnterCode(_))))
    }

    /// The page. `None` where no sign-in waits for a code.
    pub async fn recovery_view(&self, browser: &Browser<'_>) -> Result<Option<RecoveryView>> {
        let now = self.now();
        let Some(pending) = self.at_code(browser, now).await? else { return Ok(None) };
        let newest = self.store.recovery_of(pending.account.id).await?;
        let request = newest.and_then(|request| {
            let stage = request.recovery.stage(now);
            let told = match stage {
                RecoveryStage::Waiting(_) | RecoveryStage::Decidable => true,
                RecoveryStage::Refused | RecoveryStage::Cancelled | RecoveryStage::Expired => {
                    now.since(request.recovery.requested_at()) <= TOLD
                }
                // The account has methods again: that story is over.
                RecoveryStage::Approved => false,
            };
            told.then_some(RequestView { receipt: request.receipt, stage })
        });
        let times = self.store.recovery_times(pending.account.id, now - WITHIN).await?;
        let fills = times.get(MOST as usize - 1).copied();
        let wait = self.snapshot().config.recovery.wait;
        Ok(Some(RecoveryView { request, wait, next_from: fills.map(|at| at + WITHIN) }))
    }

    /// Makes a request and tells every channel of the account. Asking again while one is open changes nothing.
    pub async fn request_recovery(&self, browser: &Browser<'_>) -> Result<RequestOutcome> {
        let now = self.now();
        let Some(pending) = self.at_code(browser, now).await? else { return Ok(RequestOutcome::Gone) };
        let account = &pending.account;
        let snapshot = self.snapshot();
        let times = RecoveryTimes { wait: snapshot.config.recovery.wait, lasts: snapshot.config.recovery.lasts };
        for _ in 0..3 {
            let id = RecoveryId::random(&*self.entropy);
            let receipt = Receipt::draw(&*self.entropy);
            let planned = Recovery::request(times, now);
            let notice =
                Notice::RecoveryRequested { receipt: receipt.as_str().to_owned(), ready_at: planned.ready_at() };
            let lasts = planned.expires_at().since(now);
            let link = |_: &Recipient| {
                let subject = Some(id.to_string());
                Some(self.mailed_link(Some(account), LinkPurpose::CancelRecovery, subject, lasts, now))
            };
            let told = both(pending.pair.as_ref());
            let notices = self.notices_with(account, &told, &notice, link, now);
            let open =
                OpenRecovery { id, account: account.id, receipt, times, most: MOST, within: WITHIN, notices, now };
            match self.store.open_recovery(&open).await? {
                Ok(()) => {
                    let (account, request) = (account.id.to_string(), open.receipt.as_str());
                    Event::RecoveryRequested { account: &account, request }.record(Origin::Client(browser.address));
                    return Ok(RequestOutcome::Open);
                }
                Err(NoRecovery::AlreadyOpen) => return Ok(RequestOutcome::Open),
                Err(NoRecovery::TooMany(from)) => return Ok(RequestOutcome::TooMany(from)),
                Err(NoRecovery::NotNeeded) => return Ok(RequestOutcome::Gone),
                Err(NoRecovery::ReceiptTaken) => {}
            }
        }
        Err(AppError::Bug("three receipts in a row were taken"))
    }

    /// The open request that the code of a sign-in would end, with what its owner is told then.
    pub(super) async fn ends_recovery(&self, account: &Account, now: Timestamp) -> Result<Option<EndRecovery>> {
        let Some(request) = self.store.recovery_of(account.id).await? else { return Ok(None) };
        if !request.recovery.is_open(now) {
            return Ok(None);
        }
        let notices = self.recovery_notices(account, &request, Told::Cancelled, now).await?;
        Ok(Some(EndRecovery { id: request.id, receipt: request.receipt, notices }))
    }

    pub(super) fn recovery_ended(account: AccountId, ended: Option<&EndRecovery>, address: IpAddr) {
        let Some(ended) = ended else { return };
        let (account, by) = (account.to_string(), CancelledBy::Code.as_str());
        Event::RecoveryCancelled { account: &account, request: ended.receipt.as_str(), by }
            .record(Origin::Client(address));
    }

    async fn recovery_notices(
        &self,
        account: &Account,
        request: &StoredRecovery,
        told: Told,
        now: Timestamp,
    ) -> Result<Vec<crate::store::OutboxItem>> {
        let receipt = request.receipt.as_str().to_owned();
        let notice = match told {
            Told::Approved => Notice::RecoveryApproved { receipt },
            Told::Refused => Notice::RecoveryRefused { receipt },
            Told::Cancelled => Notice::RecoveryCancelled { receipt },
        };
        let pair = self.told_pair(account).await?;
        Ok(self.notices(account, &both(pair.as_ref()), &notice, now))
    }

    async fn recovery_of_link(&self, token: &str) -> Result<Option<(Account, StoredRecovery)>> {
        let Some(OpenedLink { link, account: Some(account) }) = self.open_link(token).await? else {
            return Ok(None);
        };
        if link.purpose != LinkPurpose::CancelRecovery {
            return Ok(None);
        }
        let Some(id) = link.subject.as_deref().and_then(RecoveryId::parse) else { return Ok(None) };
        let request = self.store.recovery(id).await?;
        Ok(request.filter(|request| request.account == account.id).map(|request| (account, request)))
    }

    /// What a link that cancels a request shows before its button is pressed.
    pub async fn cancel_view(&self, token: &str) -> Result<Option<CancelView>> {
        let found = self.recovery_of_link(token).await?;
        let now = self.now();
        Ok(found
            .filter(|(_, request)| request.recovery.is_open(now))
            .map(|(_, request)| CancelView { receipt: request.receipt }))
    }

    /// The button behind the mailed link.
    pub async fn cancel_recovery(&self, token: &str, address: IpAddr) -> Result<CancelOutcome> {
        let now = self.now();
        let Some((account, request)) = self.recovery_of_link(token).await? else { return Ok(CancelOutcome::Gone) };
        let notices = self.recovery_notices(&account, &request, Told::Cancelled, now).await?;
        match self.store.cancel_recovery(request.id, CancelledBy::Link, &notices, now).await? {
            Ok(()) => {
                let (account, receipt) = (account.id.to_string(), request.receipt.as_str());
                Event::RecoveryCancelled { account: &account, request: receipt, by: CancelledBy::Link.as_str() }
                    .record(Origin::Client(address));
                Ok(CancelOutcome::Cancelled(request.receipt))
            }
            Err(NotDecided::Refused(crate::authn::recovery::RecoveryRefusal::Approved)) => {
                Ok(CancelOutcome::TooLate(request.receipt))
            }
            Err(_ended) => Ok(CancelOutcome::Gone),
        }
    }

    /// Requests for operators: those that are open, or all.
    pub async fn recovery_requests(&self, ended_too: bool) -> Result<Vec<StoredRecovery>> {
        Ok(self.store.recoveries(ended_too, self.now()).await?)
    }

    /// The open request of an account.
    pub async fn open_recovery_of(&self, account: AccountId) -> Result<Option<StoredRecovery>> {
        let now = self.now();
        Ok(self.store.recovery_of(account).await?.filter(|request| request.recovery.is_open(now)))
    }

    /// An operator has checked who the person is. The last approval needed gives a ticket, shown this once.
    pub async fn approve_recovery(
        &self,
        receipt: &Receipt,
        by: Operator,
    ) -> Result<std::result::Result<ApprovedRecovery, NotDecided>> {
        let now = self.now();
        let needed = self.snapshot().config.recovery.operators;
        let Some((account, request)) = self.requested(receipt).await? else { return Ok(Err(NotDecided::NotThere)) };
        // What the machine refuses now it refuses in the transaction; looked at first for the sake of the words.
        if let Err(refusal) = request.recovery.clone().advance(RecoveryInput::Approve { by, needed }, now) {
            return Ok(Err(refusal.into()));
        }
        let expires_at = now + TICKET_LASTS;
        let (ticket, text) = Ticket::draw(&*self.entropy, &self.keyring, expires_at).ok_or(AppError::Key)?;
        let notices = self.recovery_notices(&account, &request, Told::Approved, now).await?;
        let approve = ApproveRecovery { receipt: receipt.clone(), by, needed, ticket, notices, now };
        let approved = match self.store.approve_recovery(&approve).await? {
            Ok(approved) => approved,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (id, operator) = (account.id.to_string(), by.to_string());
        let completes = matches!(approved, Approved::Completed(_));
        Event::RecoveryApproved { account: &id, request: receipt.as_str(), operator: &operator, completes }
            .record(Origin::Operator);
        match approved {
            Approved::Counted(given) => Ok(Ok(ApprovedRecovery::Counted { given, needed })),
            Approved::Completed(ended) => {
                self.live.forget(&ended).await;
                for gone in &ended {
                    let session = gone.id.to_string();
                    Event::SessionEnded { account: &id, session: &session, reason: "recovery" }
                        .record(Origin::Operator);
                }
                let reset = SecondStepReset { ticket: text, expires_at, sessions_ended: ended.len() };
                Ok(Ok(ApprovedRecovery::Completed(reset)))
            }
        }
    }

    /// An operator says no.
    pub async fn refuse_recovery(
        &self,
        receipt: &Receipt,
        by: Operator,
    ) -> Result<std::result::Result<(), NotDecided>> {
        let now = self.now();
        let Some((account, request)) = self.requested(receipt).await? else { return Ok(Err(NotDecided::NotThere)) };
        let notices = self.recovery_notices(&account, &request, Told::Refused, now).await?;
        let refused = self.store.refuse_recovery(receipt, by, &notices, now).await?;
        if refused.is_ok() {
            let (id, operator) = (account.id.to_string(), by.to_string());
            Event::RecoveryRefused { account: &id, request: receipt.as_str(), operator: &operator }
                .record(Origin::Operator);
        }
        Ok(refused)
    }

    async fn requested(&self, receipt: &Receipt) -> Result<Option<(Account, StoredRecovery)>> {
        let Some(request) = self.store.recovery_by_receipt(receipt).await? else { return Ok(None) };
        let account = self.store.account(request.account).await?;
        Ok(account.map(|summary| (summary.account, request)))
    }
}

#[derive(Clone, Copy, Debug)]
enum Told {
    Approved,
    Refused,
    Cancelled,
}
