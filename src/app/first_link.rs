//! The first enrolment of an account that mail reaches also needs the link mailed there (`product.md` R2): a thief who
//! knows the password cannot be the first to enrol. The link opens the enrolment in the browser it is opened in, never
//! in another one that waits.

use std::time::Duration;

use super::{App, Browser, Result};
use crate::{
    account::{Account, EmailAddress},
    authn::{EnrolmentStep, Input, SignIn, Step, Transition},
    clock::Timestamp,
    store::{LinkPurpose, Opening, PendingSignIn, RateSpend, SpentCode},
};

/// The link is good this long.
const LASTS: Duration = Duration::from_hours(24);
/// At most one mail within this time.
const BETWEEN_MAILS: Duration = Duration::from_mins(1);
/// At most so many within [`DAY`].
const A_DAY: u32 = 10;
const DAY: Duration = Duration::from_hours(24);

/// What asking for another mail led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkMailOutcome {
    /// It is on its way; earlier links are void.
    Sent,
    /// Not before then.
    From(Timestamp),
    /// There is no such pending sign-in any more, or it waits for something else.
    Gone,
}

/// An address as a page shows it to whoever knows only the password: the first letter and the host.
pub(super) fn masked(address: &EmailAddress) -> String {
    let (name, host) = address.as_str().split_once('@').unwrap_or_default();
    let first: String = name.chars().take(1).collect();
    format!("{first}•••@{host}")
}

impl App {
    /// Does the first enrolment of this account need a mailed link?
    pub(super) fn needs_link(&self, account: &Account) -> bool {
        self.snapshot().config.mail.is_some() && account.email.is_some()
    }

    /// A sign-in that just began waits for its link: the browser may hold it already, else it is mailed.
    pub(super) async fn begin_waiting_for_link(&self, browser: &Browser<'_>, pending: &PendingSignIn) -> Result<()> {
        if self.open_enrolment_of(browser, pending, self.now()).await? {
            return Ok(());
        }
        // Where one has just gone out, it is still good.
        self.mail_link(&pending.account, browser.host, self.now()).await.map(drop)
    }

    async fn mail_link(&self, account: &Account, host: &str, now: Timestamp) -> Result<Option<Timestamp>> {
        for (what, limit, window) in
            [(&b"first enrolment mail"[..], 1, BETWEEN_MAILS), (&b"first enrolment mails"[..], A_DAY, DAY)]
        {
            let rate = self.named_rate(&[what, account.id.as_bytes()], limit, window)?;
            if let RateSpend::Wait(until) = self.store.spend_rate(rate, now).await? {
                return Ok(Some(until));
            }
        }
        // In the account's language and not the page's: it warns its owner of whoever typed the password.
        let link = self.mailed_link(Some(account), LinkPurpose::FirstEnrolment, None, LASTS, now);
        let link = link.at_host(host);
        if let Some(mail) = self.link_mail(account, link, now) {
            self.store.enqueue(&mail).await?;
        }
        Ok(None)
    }

    /// "Send the mail again".
    pub async fn mail_enrolment_link(&self, browser: &Browser<'_>) -> Result<LinkMailOutcome> {
        let now = self.now();
        let Some(pending) = self.pending_record(browser, now).await? else { return Ok(LinkMailOutcome::Gone) };
        if pending.sign_in.step() != Some(EnrolmentStep::OpenLink) {
            return Ok(LinkMailOutcome::Gone);
        }
        Ok(match self.mail_link(&pending.account, browser.host, now).await? {
            None => LinkMailOutcome::Sent,
            Some(until) => LinkMailOutcome::From(until),
        })
    }

    /// Does this browser hold a link that opens its own pending enrolment?
    pub async fn holds_enrolment_link(&self, browser: &Browser<'_>) -> Result<bool> {
        let Some(pending) = self.pending_record(browser, self.now()).await? else { return Ok(false) };
        Ok(pending.sign_in.step() == Some(EnrolmentStep::OpenLink)
            && self.held_link(browser, &pending).await?.is_some())
    }

    /// Uses the link this browser holds for its own pending enrolment. `false` when there is no such link or enrolment.
    pub async fn open_enrolment(&self, browser: &Browser<'_>) -> Result<bool> {
        let now = self.now();
        let Some(pending) = self.pending_record(browser, now).await? else { return Ok(false) };
        self.open_enrolment_of(browser, &pending, now).await
    }

    async fn held_link(&self, browser: &Browser<'_>, pending: &PendingSignIn) -> Result<Option<crate::store::LinkId>> {
        let Some(token) = browser.link else { return Ok(None) };
        let opened = self.open_link(token.0).await?.map(|opened| opened.link);
        let ours = opened
            .filter(|link| link.purpose == LinkPurpose::FirstEnrolment && link.account == Some(pending.account.id));
        Ok(ours.map(|link| link.id))
    }

    async fn open_enrolment_of(&self, browser: &Browser<'_>, pending: &PendingSignIn, now: Timestamp) -> Result<bool> {
        let Some(link) = self.held_link(browser, pending).await? else { return Ok(false) };
        let advanced = self.judged(pending, Input::LinkOpened, now);
        let Ok(Transition { step: Step::Continue(next @ SignIn::Enrol { .. }), .. }) = advanced else {
            return Ok(false);
        };
        let opened = self.store.open_sign_in(pending.id, pending.version, &next, &Opening::Link(link), now).await?;
        Ok(opened == Ok(SpentCode::Opened))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_its_first_letter_and_its_host() {
        let masked = |typed: &str| masked(&EmailAddress::parse(typed).unwrap());
        assert_eq!(masked("hanako@example.jp"), "h•••@example.jp");
        assert_eq!(masked("h@example.jp"), "h•••@example.jp", "its length does not show");
    }
}
