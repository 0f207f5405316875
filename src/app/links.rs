//! Mailed links: what a link that somebody opened is for, and "this wasn't me".

use super::{App, Result};
use crate::{
    account::Account,
    audit::{Event, Origin},
    store::{Freeze, Link, LinkId, LinkPurpose, Notice},
};
use std::net::IpAddr;

/// A good link and the account it is about.
#[derive(Clone, Debug)]
pub struct OpenedLink {
    /// The link.
    pub link: Link,
    /// `None` for a person who has no account yet.
    pub account: Option<Account>,
}

impl App {
    /// The link a token names. `None` when it was not made here, was used, is over, or its account is disabled: the
    /// same for all of them.
    pub async fn open_link(&self, token: &str) -> Result<Option<OpenedLink>> {
        let Some(bytes) = self.keyring.genuine_link(token) else { return Ok(None) };
        let Some(id) = LinkId::parse(&crate::entropy::encode_id(bytes)) else { return Ok(None) };
        let Some(link) = self.store.link(id, self.now()).await? else { return Ok(None) };
        let Some(owner) = link.account else { return Ok(Some(OpenedLink { link, account: None })) };
        let account = self.store.account(owner).await?.map(|summary| summary.account);
        Ok(account.filter(|account| !account.disabled).map(|account| OpenedLink { link, account: Some(account) }))
    }

    /// "This wasn't me": freezes the account. `false` when the link is not good any more.
    pub async fn freeze(&self, token: &str, address: IpAddr) -> Result<bool> {
        let Some(OpenedLink { link, account: Some(account) }) = self.open_link(token).await? else {
            return Ok(false);
        };
        if link.purpose != LinkPurpose::NotMe {
            return Ok(false);
        }
        let now = self.now();
        let pair = self.told_pair(&account).await?;
        let told = super::notices::both(pair.as_ref());
        let mut notices = self.notices(&account, &told, &Notice::Frozen, now);
        // The address it was mailed to is the account's again; every other one that was the account's of late is told too.
        for address in self.store.mailboxes_told(account.id, now).await? {
            if account.email.as_ref() != Some(&address) {
                let before = Account { email: Some(address), ..account.clone() };
                notices.extend(self.notices(&before, &[], &Notice::Frozen, now));
            }
        }
        let freeze = Freeze { link: link.id, account: account.id, notices, now };
        let Some(ended) = self.store.freeze(&freeze).await? else { return Ok(false) };
        self.live.forget(&ended).await;
        let (id, origin) = (account.id.to_string(), Origin::Client(address));
        Event::AccountFrozen { account: &id }.record(origin);
        for gone in &ended {
            let session = gone.id.to_string();
            Event::SessionEnded { account: &id, session: &session, reason: "frozen" }.record(origin);
        }
        Ok(true)
    }
}
