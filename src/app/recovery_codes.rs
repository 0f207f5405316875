//! Recovery codes: made behind a fresh code and shown once; with the password one of them opens a new enrolment of both
//! methods, never the console.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{App, AppError, Browser, RecoveryCodeState, Result, notices::both};
use crate::{
    account::AccountId,
    audit::{Event, Origin},
    authn::{Input, RECOVERY_CODES, RecoveryCode, Refusal, SignIn, Step, Transition, recovery_code_digest},
    clock::Timestamp,
    keyring::Purpose,
    secret::{ExposeSecret as _, SecretString},
    store::{
        Acting, Happened, Notice, Opening, PendingSignIn, RateLimit, RateSpend, RenewRecoveryCodes, SignInPlace,
        SpentCode, StoredRecoveryCode,
    },
};

/// Tries at a recovery code or ticket of one account within [`TRIES_WINDOW`], right or wrong.
const TRIES: u32 = 5;
const TRIES_WINDOW: Duration = Duration::from_mins(15);

/// Codes made so soon after both methods were proven belong to the enrolment.
const WITH_ENROLMENT: Duration = Duration::from_mins(15);

/// For so long new recovery codes can be looked at again.
pub const CODES_SHOWN_FOR: Duration = Duration::from_mins(10);

/// Whose new recovery codes were said to be kept, and when those codes were made. In memory only: a restart within
/// [`CODES_SHOWN_FOR`] forgets it.
pub(super) type CodesKept = Mutex<HashMap<AccountId, Timestamp>>;

/// What asking for new recovery codes led to.
#[derive(Debug)]
pub enum NewCodes {
    /// These, to be shown once.
    Made(Vec<SecretString>),
    /// Newer ones were made, or the session has ended: nothing was changed.
    Stale,
    /// Nobody is signed in with a fresh code, or the account has no methods.
    NoSession,
}

/// What a typed recovery code led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryCodeOutcome {
    /// Both methods are set up anew now.
    Opened,
    /// It is none of the account's, or was used.
    Wrong,
    /// Too many tries; from then on again.
    WaitUntil(Timestamp),
    /// The password was reset a short time ago; from then on.
    BlockedUntil(Timestamp),
    /// There is no such pending sign-in any more, or it waits for something else.
    Gone,
}

impl App {
    /// Makes ten new codes for whoever is signed in with a fresh code; earlier ones are void. `present` is when those were
    /// made that the page knew of ([`recovery_codes_made_at`](Self::recovery_codes_made_at)): a form that is sent twice
    /// makes codes once.
    pub async fn renew_recovery_codes(&self, browser: &Browser<'_>, present: Option<Timestamp>) -> Result<NewCodes> {
        let Some(session) = self.fresh_session(browser).await? else { return Ok(NewCodes::NoSession) };
        let Some(summary) = self.store.account(session.account()).await? else { return Ok(NewCodes::NoSession) };
        let Some(pair) = self.told_pair(&summary.account).await? else { return Ok(NewCodes::NoSession) };
        let (account, now) = (summary.account, self.now());
        let draw = || RecoveryCode::draw(&*self.entropy, &self.keyring, account.id.as_bytes()).ok_or(AppError::Key);
        let codes = (0..RECOVERY_CODES).map(|_| draw()).collect::<Result<Vec<_>>>()?;
        // The first ones come with the enrolment, which has its own notice.
        let enrolled = [pair.primary(), pair.backup()].iter().all(|method| now.since(method.added_at) < WITH_ENROLMENT);
        let notices = if present.is_none() && enrolled {
            Vec::new()
        } else {
            self.notices(&account, &both(Some(&pair)), &Notice::RecoveryCodesRenewed, now)
        };
        let renew = RenewRecoveryCodes {
            acting: Acting::of(&session),
            present,
            codes: codes.iter().map(|code| StoredRecoveryCode { digest: code.digest, key: code.key }).collect(),
            notices,
            now,
        };
        if self.store.renew_recovery_codes(&renew).await?.is_err() {
            return Ok(NewCodes::Stale);
        }
        self.codes_kept().remove(&account.id);
        Event::RecoveryCodesMade { account: &account.id.to_string() }.record(Origin::Client(browser.address));
        Ok(NewCodes::Made(codes.into_iter().map(|code| code.text).collect()))
    }

    /// When the recovery codes of an account were made; `None` while it has none left.
    pub async fn recovery_codes_made_at(&self, account: AccountId) -> Result<Option<Timestamp>> {
        Ok(self.store.recovery_codes_made_at(account).await?)
    }

    /// The person says that the codes made then are kept: nobody is shown them again.
    pub fn recovery_codes_kept(&self, account: AccountId, made_at: Timestamp) {
        let now = self.now();
        let mut kept = self.codes_kept();
        kept.retain(|_, made_at| now.since(*made_at) < CODES_SHOWN_FOR);
        kept.insert(account, made_at);
    }

    /// Has the person said so of the codes made then?
    pub fn has_kept_recovery_codes(&self, account: AccountId, made_at: Timestamp) -> bool {
        self.codes_kept().get(&account).is_some_and(|kept| *kept >= made_at)
    }

    fn codes_kept(&self) -> MutexGuard<'_, HashMap<AccountId, Timestamp>> {
        self.codes_kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many recovery codes an account has left.
    pub async fn recovery_codes_left(&self, account: AccountId) -> Result<u32> {
        Ok(self.store.recovery_codes_left(account).await?)
    }

    /// What a recovery code of this account would meet now.
    pub(super) async fn recovery_code_state(&self, account: AccountId, now: Timestamp) -> Result<RecoveryCodeState> {
        let left = self.store.recovery_codes_left(account).await?;
        let blocked = self.store.replacement_blocked_until(account, now).await?;
        Ok(match blocked {
            Some(until) if left > 0 => RecoveryCodeState::BlockedUntil(until),
            Some(_) | None => RecoveryCodeState::Left(left),
        })
    }

    /// Takes a recovery code in a pending sign-in. The try is paid for before the comparison.
    pub async fn use_recovery_code(&self, browser: &Browser<'_>, typed: &SecretString) -> Result<RecoveryCodeOutcome> {
        let (now, origin) = (self.now(), Origin::Client(browser.address));
        let Some(pending) = self.pending_record(browser, now).await? else { return Ok(RecoveryCodeOutcome::Gone) };
        if !matches!(pending.sign_in, SignIn::EnterCode(_)) {
            return Ok(RecoveryCodeOutcome::Gone);
        }
        let (account, id) = (&pending.account, pending.account.id.to_string());
        if let Some(until) = self.pay_recovery_try(account.id, &pending.place, now).await? {
            return Ok(RecoveryCodeOutcome::WaitUntil(until));
        }
        if let Some(until) = self.store.replacement_blocked_until(account.id, now).await? {
            return Ok(RecoveryCodeOutcome::BlockedUntil(until));
        }
        let Ok(Transition { step: Step::Continue(next), .. }) = self.judged(&pending, Input::Recovered, now) else {
            return Ok(RecoveryCodeOutcome::Gone);
        };
        let notices = self.notices(account, &both(pending.pair.as_ref()), &Notice::RecoveryCodeUsed, now);
        for key in self.store.recovery_code_keys(account.id).await? {
            let typed = typed.expose_secret();
            let Some(digest) = recovery_code_digest(typed, &self.keyring, key, account.id.as_bytes()) else {
                continue;
            };
            let opening = Opening::RecoveryCode { digest, notices: notices.clone() };
            match self.store.open_sign_in(pending.id, pending.version, &next, &opening, now).await? {
                Ok(SpentCode::Opened) => {
                    Event::RecoveryCodeShown { account: &id, accepted: true }.record(origin);
                    self.note(browser, account.id, Happened::RecoveryCodeUsed).await;
                    return Ok(RecoveryCodeOutcome::Opened);
                }
                Ok(SpentCode::Wrong) => {}
                Err(_moved_on) => return Ok(RecoveryCodeOutcome::Gone),
            }
        }
        Event::RecoveryCodeShown { account: &id, accepted: false }.record(origin);
        self.note(browser, account.id, Happened::WrongRecoveryCode).await;
        Ok(RecoveryCodeOutcome::Wrong)
    }

    /// Pays for a try at a recovery code or ticket of this account, in whatever sign-in; `Some`: none before then.
    /// A browser that the account knows has tries of its own: a stranger with the password uses up none of them.
    pub(super) async fn pay_recovery_try(
        &self,
        account: AccountId,
        place: &SignInPlace,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let known = place.known.as_ref().map(|known| known.as_bytes().as_slice()).unwrap_or_default();
        let limit = self.named_rate(&[b"recovery", account.as_bytes(), known], TRIES, TRIES_WINDOW)?;
        Ok(match self.store.spend_rate(limit, now).await? {
            RateSpend::Granted => None,
            RateSpend::Wait(until) => Some(until),
        })
    }

    /// Where an input would lead; nothing is stored.
    pub(super) fn judged(
        &self,
        pending: &PendingSignIn,
        input: Input,
        now: Timestamp,
    ) -> std::result::Result<Transition, Refusal> {
        let policy = self.snapshot().policy();
        pending.sign_in.clone().advance(input, &self.context(pending, &policy, now))
    }

    /// A limit on whatever these parts name.
    pub(super) fn named_rate(&self, parts: &[&[u8]], limit: u32, window: Duration) -> Result<RateLimit> {
        let key = self.keyring.mac(self.keyring.active(), Purpose::ThrottleKey, parts).ok_or(AppError::Key)?;
        Ok(RateLimit { key, limit, window })
    }
}
