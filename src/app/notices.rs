//! Telling a person what happened to the account: by mail where an address is known, and by every phone that is one of
//! its methods, so that whoever took one channel over does not silence the others.

use super::{App, Result};
use crate::{
    account::{Account, Method, MethodPair, Role, Target},
    clock::Timestamp,
    store::{Link, LinkId, LinkPurpose, Notice, OutboxContent, OutboxId, OutboxItem, Recipient},
};
use std::time::Duration;

/// How long "this wasn't me" can be pressed.
const NOT_ME_LASTS: Duration = Duration::from_hours(7 * 24);
/// Older news is not worth a message.
const WORTH_SENDING: Duration = Duration::from_hours(72);

/// Both methods of an account, for [`App::notices`]; none where it has none.
pub fn both(pair: Option<&MethodPair>) -> Vec<&Method> {
    pair.map_or_else(Vec::new, |pair| [Role::Primary, Role::Backup].map(|role| pair.get(role)).to_vec())
}

impl App {
    /// The messages of a notice, to be stored in the transaction of what happened: a mail and a text message to each number
    /// that gets codes by text, each with a "this wasn't me" link, and a call to each that gets them by voice where
    /// nothing else reaches the person or the news is grave. `told` are the methods as they were before.
    pub fn notices(&self, account: &Account, told: &[&Method], notice: &Notice, now: Timestamp) -> Vec<OutboxItem> {
        let with_link = *notice != Notice::Frozen && !notice.by_an_owner() && !notice.by_an_operator();
        let link = |to: &Recipient| {
            // Kept with the link: whoever changed an address or a number must not end what was sent to the one before.
            let sent_to = match to {
                Recipient::Mail(address) => address.to_string(),
                Recipient::Sms(number) | Recipient::Voice(number) => number.e164().to_owned(),
            };
            with_link.then(|| self.mailed_link(Some(account), LinkPurpose::NotMe, Some(sent_to), NOT_ME_LASTS, now))
        };
        self.notices_with(account, told, notice, link, now)
    }

    /// News that protect or change little: a mail, and only where none can be sent the phones.
    pub(super) fn mail_or_text(
        &self,
        account: &Account,
        told: &[&Method],
        notice: &Notice,
        now: Timestamp,
    ) -> Vec<OutboxItem> {
        let mailed = self.notices(account, &[], notice, now);
        if mailed.is_empty() { self.notices(account, told, notice, now) } else { mailed }
    }

    /// The same with other links. Each message has one of its own: what one phone received tells nothing of another's.
    pub(super) fn notices_with(
        &self,
        account: &Account,
        told: &[&Method],
        notice: &Notice,
        link: impl Fn(&Recipient) -> Option<Link>,
        now: Timestamp,
    ) -> Vec<OutboxItem> {
        let snapshot = self.snapshot();
        let config = &snapshot.config;
        let item = |to: Recipient| OutboxItem {
            id: OutboxId::random(&*self.entropy),
            account: account.id,
            language: account.language,
            content: OutboxContent::Notice { notice: notice.clone() },
            created_at: now,
            expires_at: now + WORTH_SENDING,
            // A call can carry none.
            link: if matches!(to, Recipient::Voice(_)) { None } else { link(&to) },
            to,
        };
        let mut items = Vec::new();
        if config.mail.is_some()
            && let Some(address) = &account.email
        {
            items.push(item(Recipient::Mail(address.clone())));
        }
        let (mut texts, mut calls) = (Vec::new(), Vec::new());
        for method in told {
            match &method.target {
                Target::Sms(number) if config.sms.is_some() => texts.push(item(Recipient::Sms(number.clone()))),
                Target::Voice(number) if config.voice.is_some() => calls.push(item(Recipient::Voice(number.clone()))),
                Target::App(_) | Target::Sms(_) | Target::Voice(_) => {}
            }
        }
        items.extend(texts);
        if items.is_empty() || notice.grave() {
            items.extend(calls);
        }
        items
    }

    /// A new link, to be stored with the message that carries it.
    pub fn mailed_link(
        &self,
        account: Option<&Account>,
        purpose: LinkPurpose,
        subject: Option<String>,
        lasts: Duration,
        now: Timestamp,
    ) -> Link {
        Link {
            id: LinkId::random(&*self.entropy),
            key: self.keyring.active(),
            account: account.map(|account| account.id),
            purpose,
            subject,
            host: None,
            created_at: now,
            expires_at: now + lasts,
        }
    }

    /// A mail that is only about its link. `None` where no mail is configured or the account has no address.
    pub fn link_mail(&self, account: &Account, link: Link, now: Timestamp) -> Option<OutboxItem> {
        let snapshot = self.snapshot();
        snapshot.config.mail.as_ref()?;
        Some(OutboxItem {
            id: OutboxId::random(&*self.entropy),
            account: account.id,
            to: Recipient::Mail(account.email.clone()?),
            language: account.language,
            content: OutboxContent::Link,
            created_at: now,
            expires_at: link.expires_at,
            link: Some(link),
        })
    }

    /// The methods of an account as notices tell them.
    pub(super) async fn told_pair(&self, account: &Account) -> Result<Option<MethodPair>> {
        Ok(self.store.methods_of(account.id).await?.map(|methods| methods.pair))
    }
}
