//! A new password by a mailed link. Asking is answered the same for every name; the link replaces the password and
//! nothing else, and signs nobody in.

use std::time::Duration;

use super::{App, Browser, OpenedLink, Result, notices::both};
use crate::{
    account::LoginName,
    audit::{Event, Origin},
    authn::PasswordProblem,
    clock::Timestamp,
    secret::{ExposeSecret as _, SecretString},
    store::{LinkPurpose, Notice, RateSpend, ResetPassword},
};

/// The link is good this long (`product.md` §2).
const LASTS: Duration = Duration::from_mins(30);
/// Requests from one address within [`ADDRESS_WINDOW`].
const PER_ADDRESS: u32 = 10;
const ADDRESS_WINDOW: Duration = Duration::from_mins(10);
/// Mails to one account within [`ACCOUNT_WINDOW`]; further requests look the same and send nothing.
const PER_ACCOUNT: u32 = 3;
const ACCOUNT_WINDOW: Duration = Duration::from_hours(1);

/// What asking for a link led to: the same whether or not there is such an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetRequest {
    /// If the account exists and has an address, a mail is on its way.
    Taken,
    /// Too many requests from this address; from then on again.
    WaitUntil(Timestamp),
}

/// What a new password led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetOutcome {
    /// It is the password now.
    Done,
    /// It cannot be used; the link is still good.
    Refused(PasswordProblem),
    /// The link is not good any more.
    Gone,
}

impl App {
    /// Mails a link to choose a new password, where there is such an account and it has an address. Every answer comes
    /// at the same fixed delay or later.
    pub async fn request_password_reset(&self, login: &SecretString, browser: &Browser<'_>) -> Result<ResetRequest> {
        let due = tokio::time::Instant::now() + self.snapshot().config.password.minimum_delay;
        let outcome = self.order_reset(login, browser).await;
        tokio::time::sleep_until(due).await;
        outcome
    }

    async fn order_reset(&self, login: &SecretString, browser: &Browser<'_>) -> Result<ResetRequest> {
        let now = self.now();
        let address = browser.address.to_canonical().to_string();
        let by_address = self.named_rate(&[b"reset by address", address.as_bytes()], PER_ADDRESS, ADDRESS_WINDOW)?;
        if let RateSpend::Wait(until) = self.store.spend_rate(by_address, now).await? {
            return Ok(ResetRequest::WaitUntil(until));
        }
        let name = LoginName::parse(login.expose_secret());
        let found = self.store.account_by_login(&name).await?;
        let known = found.map(|summary| summary.account).filter(|account| !account.disabled);
        let by_name = match &known {
            Some(account) => self.named_rate(&[b"reset", account.id.as_bytes()], PER_ACCOUNT, ACCOUNT_WINDOW)?,
            None => self.named_rate(&[b"reset of nobody"], u32::MAX, ACCOUNT_WINDOW)?,
        };
        let granted = self.store.spend_rate(by_name, now).await? == RateSpend::Granted;
        let account = known.as_ref().map(|account| account.id.to_string());
        Event::PasswordResetRequested { account: account.as_deref() }.record(Origin::Client(browser.address));
        if let Some(account) = known.filter(|_| granted) {
            let link = self.mailed_link(Some(&account), LinkPurpose::PasswordReset, None, LASTS, now);
            let link = link.at_host(browser.host);
            if let Some(mail) = self.link_mail(&account, link, now) {
                self.store.enqueue(&mail).await?;
            }
        }
        Ok(ResetRequest::Taken)
    }

    /// Takes the new password of whoever has the link. Sessions and trust end; the second step stays as it is.
    pub async fn reset_password(
        &self,
        token: &str,
        typed: &SecretString,
        browser: &Browser<'_>,
    ) -> Result<ResetOutcome> {
        let Some(OpenedLink { link, account: Some(account) }) = self.open_link(token).await? else {
            return Ok(ResetOutcome::Gone);
        };
        if link.purpose != LinkPurpose::PasswordReset {
            return Ok(ResetOutcome::Gone);
        }
        let password = match self.choose_password(typed.expose_secret(), &account.user_name, account.email.as_ref()) {
            Ok(password) => password,
            Err(problem) => return Ok(ResetOutcome::Refused(problem)),
        };
        let now = self.now();
        // Above all where the account was stopped because somebody else knows it.
        if self.is_present_password(&account, &password, now).await? {
            return Ok(ResetOutcome::Refused(PasswordProblem::Unchanged));
        }
        let hash = self.hash(password).await?;
        let pair = self.told_pair(&account).await?;
        let notices = self.notices(&account, &both(pair.as_ref()), &Notice::PasswordReset, now);
        let reset = ResetPassword { link: link.id, account: account.id, hash, notices, now };
        let Some(ended) = self.store.reset_password(&reset).await? else { return Ok(ResetOutcome::Gone) };
        self.live.forget(&ended).await;
        let (id, origin) = (account.id.to_string(), Origin::Client(browser.address));
        Event::PasswordReset { account: &id }.record(origin);
        for gone in &ended {
            let session = gone.id.to_string();
            Event::SessionEnded { account: &id, session: &session, reason: "credentials" }.record(origin);
        }
        Ok(ResetOutcome::Done)
    }
}
