//! The address for notices, which is a sign-in name too: asked for with a fresh code, taken by the link mailed to it.
//! Whether another account has the address is said to nobody but whoever reads its mail.

use std::time::Duration;

use super::{App, Browser, Result, notices::both};
use crate::{
    account::EmailAddress,
    audit::{Event, Origin},
    clock::Timestamp,
    store::{
        Acting, ConfirmEmail, LinkPurpose, NotConfirmed, Notice, OutboxContent, OutboxId, OutboxItem, RateSpend,
        Recipient,
    },
};

/// The link is good this long (`product.md` §2).
const LASTS: Duration = Duration::from_hours(24);
const DAY: Duration = Duration::from_hours(24);
/// Mails one account may order within [`DAY`]: they go to addresses nobody has proven.
const PER_ACCOUNT: u32 = 5;
/// Mails one address may get within [`DAY`], whoever orders them.
const PER_ADDRESS: u32 = 3;

/// What asking for another address led to: the same whether or not another account has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailRequest {
    /// A mail with a link is on its way.
    Mailed,
    /// It is the account's address already.
    Unchanged,
    /// Not an e-mail address.
    NotAnAddress,
    /// Too many mails; from then on again.
    WaitUntil(Timestamp),
    /// No mail is configured, the code is not fresh any more, or the session has ended.
    Stale,
}

/// What the button behind the link led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailConfirmed {
    /// The address is the account's.
    Done,
    /// It is another account's.
    Taken,
    /// The link is not good any more.
    Gone,
}

impl App {
    /// Mails a link to the new address; until its button is pressed the old one stays.
    pub async fn request_email(&self, browser: &Browser<'_>, typed: &str) -> Result<EmailRequest> {
        let now = self.now();
        let Some(session) = self.fresh_session(browser).await? else { return Ok(EmailRequest::Stale) };
        let Some(summary) = self.store.account(session.account()).await? else { return Ok(EmailRequest::Stale) };
        let account = summary.account;
        if self.snapshot().config.mail.is_none() {
            return Ok(EmailRequest::Stale);
        }
        let Ok(address) = EmailAddress::parse(typed) else { return Ok(EmailRequest::NotAnAddress) };
        if account.email.as_ref() == Some(&address) {
            return Ok(EmailRequest::Unchanged);
        }
        let by = self.named_rate(&[b"email by account", account.id.as_bytes()], PER_ACCOUNT, DAY)?;
        if let RateSpend::Wait(until) = self.store.spend_rate(by, now).await? {
            return Ok(EmailRequest::WaitUntil(until));
        }
        let to = self.named_rate(&[b"email to address", address.as_str().as_bytes()], PER_ADDRESS, DAY)?;
        if let RateSpend::Wait(until) = self.store.spend_rate(to, now).await? {
            self.store.refund_rate(by.key, now).await?;
            return Ok(EmailRequest::WaitUntil(until));
        }
        let subject = Some(address.to_string());
        let link = self.mailed_link(Some(&account), LinkPurpose::EmailConfirmation, subject, LASTS, now);
        let link = link.at_host(browser.host);
        let mail = OutboxItem {
            id: OutboxId::random(&*self.entropy),
            account: account.id,
            to: Recipient::Mail(address),
            language: account.language,
            content: OutboxContent::Link,
            created_at: now,
            expires_at: link.expires_at,
            link: Some(link),
        };
        Ok(match self.store.request_email(&Acting::of(&session), &mail).await? {
            Ok(()) => {
                Event::EmailRequested { account: &account.id.to_string() }.record(Origin::Client(browser.address));
                EmailRequest::Mailed
            }
            Err(_moved_on) => EmailRequest::Stale,
        })
    }

    /// The button behind the link. The old address and the phones are told.
    pub async fn confirm_email(&self, token: &str, browser: &Browser<'_>) -> Result<EmailConfirmed> {
        let Some(opened) = self.open_link(token).await? else { return Ok(EmailConfirmed::Gone) };
        let (link, Some(account)) = (opened.link, opened.account) else { return Ok(EmailConfirmed::Gone) };
        let Some(address) = link.mailed_to().filter(|_| link.purpose == LinkPurpose::EmailConfirmation) else {
            return Ok(EmailConfirmed::Gone);
        };
        let now = self.now();
        let pair = self.told_pair(&account).await?;
        let notices = self.notices(&account, &both(pair.as_ref()), &Notice::EmailChanged, now);
        let confirm = ConfirmEmail { link: link.id, account: account.id, address, notices, now };
        Ok(match self.store.confirm_email(&confirm).await? {
            Ok(sessions) => {
                self.live.reread(&sessions).await;
                Event::EmailChanged { account: &account.id.to_string() }.record(Origin::Client(browser.address));
                EmailConfirmed::Done
            }
            Err(NotConfirmed::Taken) => EmailConfirmed::Taken,
            Err(NotConfirmed::Gone) => EmailConfirmed::Gone,
        })
    }
}
