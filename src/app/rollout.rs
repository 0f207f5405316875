//! The rollout at the sign-in of an account without methods: who is asked, "later", and enrolling out of a session that
//! was begun without a second step.

use super::{
    App, AppError, Browser, EnableBy, Grant, PasswordForm, PasswordOutcome, Result,
    authenticator::{EnrolmentWish, Finish},
};
use crate::{
    account::Account,
    audit::{Event, Origin},
    authn::{Asked, Cohort, Context, Grace, Input, SignIn, Standing, Step},
    clock::Timestamp,
    secret::SecretString,
};

/// What "later" led to.
#[derive(Debug)]
pub enum LaterOutcome {
    /// Signed in without a second step, this once.
    SignedIn(Grant),
    /// The deadline is over or no "later" is left: enrolling goes on.
    Over,
    /// There is no such pending sign-in any more.
    Gone,
}

impl App {
    fn cohort(&self, account: &Account) -> Option<Cohort> {
        let snapshot = self.snapshot();
        let fits = |groups: &[_]| groups.is_empty() || groups.iter().any(|group| account.groups.contains(group));
        snapshot.cohorts.iter().find(|(groups, _)| fits(groups)).map(|(_, cohort)| *cohort)
    }

    /// At a sign-in of an account that has no methods and lost none. Whoever is asked for the first time has their
    /// deadline fixed now.
    pub(super) async fn standing(&self, account: &Account, now: Timestamp) -> Result<Standing> {
        let cohort = self.cohort(account);
        let asked = match cohort.filter(|cohort| now >= cohort.from) {
            Some(cohort) => Some(self.store().ask(account.id, self.end_of_day(now + cohort.deadline), now).await?),
            None => None,
        };
        Ok(Standing::of(cohort, asked, self.snapshot().config.rollout.later, now))
    }

    /// Pages state a deadline as a date, so it is the end of that day.
    fn end_of_day(&self, at: Timestamp) -> Timestamp {
        let zone = self.snapshot().config.time_zone.clone();
        let midnight = jiff::Timestamp::from_millisecond(at.as_millis())
            .and_then(|at| at.to_zoned(zone).tomorrow())
            .and_then(|tomorrow| tomorrow.start_of_day());
        midnight.map_or(at, |midnight| Timestamp::from_millis(midnight.timestamp().as_millisecond()))
    }

    /// The same, changing nothing.
    async fn standing_as_asked(&self, account: &Account, now: Timestamp) -> Result<Standing> {
        let asked = self.store().asked(account.id).await?;
        Ok(Standing::of(self.cohort(account), asked, self.snapshot().config.rollout.later, now))
    }

    /// Until when somebody who is signed in without methods may put them off.
    pub(super) async fn enable_by(&self, account: &Account, now: Timestamp) -> Result<Option<EnableBy>> {
        Ok(match self.standing_as_asked(account, now).await? {
            Standing::NotYet => self.asked_from(account).map(EnableBy::AskedFrom),
            Standing::Asked(grace) => Some(EnableBy::Deadline(grace.deadline)),
            Standing::Enforced => Some(EnableBy::NextSignIn),
        })
    }

    /// What a sign-in now would meet; whoever was never asked would be asked by it.
    pub(super) fn standing_if_asked(&self, account: &Account, asked: Option<Asked>, now: Timestamp) -> Standing {
        let cohort = self.cohort(account);
        let first = cohort.map(|c| Asked { at: now, deadline: self.end_of_day(now + c.deadline), laters: 0 });
        Standing::of(cohort, asked.or(first), self.snapshot().config.rollout.later, now)
    }

    /// The day the account's cohort is asked from.
    pub(super) fn asked_from(&self, account: &Account) -> Option<Timestamp> {
        self.cohort(account).map(|cohort| cohort.from)
    }

    /// How long the person of this browser's pending sign-in may still put enrolling off, or that they did and may no
    /// more; `None` when that was never offered, or when a session shows that they put it off and came back to enrol.
    pub async fn grace(&self, browser: &Browser<'_>) -> Result<Option<Grace>> {
        let now = self.now();
        let Some(pending) = self.pending_record(browser, now).await? else { return Ok(None) };
        let enrolling = matches!(pending.sign_in, SignIn::Enrol { .. });
        let excusable = enrolling && pending.ticket.is_none() && pending.pair.is_none();
        if !excusable || self.session(browser).await?.is_some_and(|session| session.account.id == pending.account.id) {
            return Ok(None);
        }
        let asked = self.store().asked(pending.account.id).await?;
        let cohort = self.cohort(&pending.account);
        Ok(match Standing::of(cohort, asked, self.snapshot().config.rollout.later, now) {
            Standing::Asked(grace) => Some(grace),
            Standing::Enforced => cohort
                .and(asked)
                .filter(|asked| asked.laters > 0)
                .map(|asked| Grace { deadline: asked.deadline, laters_left: 0 }),
            Standing::NotYet => None,
        })
    }

    /// "Later": counted in the transaction that makes the session.
    pub async fn later(&self, browser: &Browser<'_>) -> Result<LaterOutcome> {
        let now = self.now();
        let Some(pending) = self.pending_record(browser, now).await? else { return Ok(LaterOutcome::Gone) };
        if !matches!(pending.sign_in, SignIn::Enrol { .. }) {
            return Ok(LaterOutcome::Gone);
        }
        let standing = self.standing_as_asked(&pending.account, now).await?;
        let policy = self.snapshot().policy();
        let ctx = Context { standing, ..self.context(&pending, &policy, now) };
        let Ok(transition) = pending.sign_in.clone().advance(Input::Later, &ctx) else {
            return Ok(LaterOutcome::Over);
        };
        let Step::Complete(done) = transition.step else { return Err(AppError::Bug("later did not end a sign-in")) };
        let finish = Finish {
            rebind: false,
            pending: Some((pending.id, pending.version)),
            forgive: Vec::new(),
            rehash: None,
            trust: None,
            device: None,
        };
        match self.finish(*done, &pending.account, browser, finish, now).await? {
            Ok(grant) => {
                let account = pending.account.id.to_string();
                Event::EnrolmentPutOff { account: &account }.record(Origin::Client(browser.address));
                Ok(LaterOutcome::SignedIn(grant))
            }
            // Another tab was faster, or it took the last one.
            Err(_moved_on) => Ok(LaterOutcome::Over),
        }
    }

    /// Somebody who is signed in without a second step wants to enrol, or has to: their password once more, then the
    /// same enrolment as at a sign-in. `None` when nobody of that kind is signed in on this browser.
    pub async fn enable(&self, browser: &Browser<'_>, password: SecretString) -> Result<Option<PasswordOutcome>> {
        let Some(session) = self.session(browser).await?.filter(|session| session.pair.is_none()) else {
            return Ok(None);
        };
        let login = session.account.user_name.as_str().into();
        self.sign_in_by(PasswordForm { login, password, browser }, EnrolmentWish::Now).await.map(Some)
    }
}
