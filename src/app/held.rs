//! What a form sent when its session had ended: kept for the person whose session it was, in the browser that sent it,
//! and sent at most once, when that person says so. Nothing is kept for anybody we never gave a session to.

use std::net::IpAddr;

use super::{App, AppError, Browser, Cookie, GateRequest, Result};
use crate::{
    access::Decision,
    account::AccountId,
    audit::{Event, Origin},
    clock::Timestamp,
    keyring::{CookieToken, Purpose, TokenId},
    secret::Digest,
    store::{Held, HoldCaps, HoldRequest},
};

pub use crate::store::{HeldId, HeldRequest};

/// A stopped request that is worth keeping.
#[derive(Clone, Copy, Debug)]
pub struct Stopped<'a> {
    /// As the gate judged it.
    pub asked: GateRequest<'a>,
    /// `__Host-sekisho-held`, when it came exactly once.
    pub held: Option<Cookie<'a>>,
}

/// It is kept.
#[derive(Debug)]
pub struct Kept {
    /// Under this name.
    pub id: HeldId,
    /// The browser's cookie, where it had none.
    pub cookie: Option<CookieToken>,
}

/// What a person is shown of a kept request.
#[derive(Clone, Debug)]
pub enum HeldView {
    /// It is over, was discarded, is another browser's, or never was.
    Gone,
    /// It was sent on.
    Sent(Timestamp),
    /// Somebody else is signed in than when it was sent.
    SomebodyElses {
        /// Until when it is kept.
        until: Timestamp,
    },
    /// It waits.
    Waiting(Box<Waiting>),
}

/// A kept request in the list of its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRow {
    /// Its name.
    pub id: HeldId,
    /// Where it was sent: the path alone.
    pub path: String,
    /// When.
    pub kept_at: Timestamp,
    /// Until when it is kept.
    pub until: Timestamp,
}

/// A kept request that waits for its person's word.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// What was sent.
    pub request: HeldRequest,
    /// When.
    pub kept_at: Timestamp,
    /// Until when it is kept.
    pub until: Timestamp,
    /// What would happen to it now.
    pub now: WaitingFor,
}

/// What a kept request waits for.
#[derive(Clone, Debug)]
pub enum WaitingFor {
    /// The person's word.
    Word,
    /// First for this.
    First(crate::access::Interruption),
    /// The rules do not let this person send it.
    Nothing,
}

impl App {
    /// Whose a stopped request is, where the rules keep such requests. The session may have ended; that it was one of ours
    /// is what makes a request worth keeping.
    pub async fn held_for(&self, stopped: Stopped<'_>) -> Result<Option<AccountId>> {
        let snapshot = self.snapshot();
        let Stopped { asked, .. } = stopped;
        let genuine = asked.session.and_then(|cookie| self.genuine(Purpose::SessionCookie, cookie));
        let Some(token) = genuine.filter(|_| snapshot.rules.any_holds()) else { return Ok(None) };
        let digest = self.keyring.token_digest(&token).ok_or(AppError::Key)?;
        let Some(id) = self.store.account_of_session(&digest).await? else { return Ok(None) };
        let Some(summary) = self.store.account(id).await? else { return Ok(None) };
        let ruling = snapshot.rules.ruling(asked.asked(), Some(&summary.account.groups));
        Ok((!summary.account.disabled && snapshot.rules.holds(ruling)).then_some(id))
    }

    /// Would one more be kept? A body that has no chance is not read.
    pub async fn has_room(&self, account: AccountId, stopped: Stopped<'_>) -> Result<bool> {
        let browser = self.held_digest(stopped.held)?;
        let address = self.address_key(stopped.asked.address)?;
        Ok(self.store.has_room(account, browser.as_ref(), &address, self.hold_caps(), self.now()).await?)
    }

    /// Keeps it. `None`: there is no room.
    pub async fn hold(&self, account: AccountId, stopped: Stopped<'_>, request: HeldRequest) -> Result<Option<Kept>> {
        let now = self.now();
        let (browser, cookie) = if let Some(digest) = self.held_digest(stopped.held)? {
            (digest, None)
        } else {
            let issued = self.keyring.issue(Purpose::HeldCookie, stopped.asked.host, TokenId::random(&*self.entropy));
            let (cookie, token) = issued.ok_or(AppError::Key)?;
            (self.keyring.token_digest(&token).ok_or(AppError::Key)?, Some(cookie))
        };
        let id = HeldId::random(&*self.entropy);
        let address = self.address_key(stopped.asked.address)?;
        let expires_at = now + self.snapshot().config.hold.lifetime;
        let new = HoldRequest { id, account, browser, address, request, expires_at };
        let kept = self.store.hold(&new, self.hold_caps(), now).await?;
        if kept {
            tell(account, id, stopped.asked.address, "kept");
        }
        Ok(kept.then_some(Kept { id, cookie }))
    }

    /// Until when this browser's kept request is there; `None` when it is not, or was sent.
    pub async fn held_until(&self, id: HeldId, held: Option<Cookie<'_>>) -> Result<Option<Timestamp>> {
        let found = self.held_here(id, held).await?;
        Ok(found.filter(|found| found.sent_at.is_none()).map(|found| found.expires_at))
    }

    /// What waits of the person on this browser, the newest first. `None`: nobody is signed in.
    pub async fn held_rows(&self, browser: &Browser<'_>, held: Option<Cookie<'_>>) -> Result<Option<Vec<HeldRow>>> {
        let Some(session) = self.session(browser).await? else { return Ok(None) };
        let Some(digest) = self.held_digest(held)? else { return Ok(Some(Vec::new())) };
        let found = self.store.held_of(session.account.id, &digest, self.now()).await?;
        let row = |(id, held): (HeldId, Held)| {
            let path = held.request?.target.split('?').next().unwrap_or_default().to_owned();
            Some(HeldRow { id, path, kept_at: held.kept_at, until: held.expires_at })
        };
        Ok(Some(found.into_iter().filter_map(row).collect()))
    }

    /// What the person on this browser is shown of it. `None`: nobody is signed in.
    pub async fn held(
        &self,
        id: Option<HeldId>,
        browser: &Browser<'_>,
        held: Option<Cookie<'_>>,
    ) -> Result<Option<HeldView>> {
        let Some(session) = self.session(browser).await? else { return Ok(None) };
        let Some(id) = id else { return Ok(Some(HeldView::Gone)) };
        let Some(found) = self.held_here(id, held).await? else { return Ok(Some(HeldView::Gone)) };
        if found.account != session.account.id {
            let until = found.expires_at;
            let sent = found.sent_at.is_some();
            return Ok(Some(if sent { HeldView::Gone } else { HeldView::SomebodyElses { until } }));
        }
        let Some(request) = found.request else {
            return Ok(Some(found.sent_at.map_or(HeldView::Gone, HeldView::Sent)));
        };
        let path = request.target.split('?').next().unwrap_or_default();
        let (method, address) = (&http::Method::POST, browser.address);
        let now = match self
            .decide(GateRequest {
                host: browser.host,
                method,
                path,
                address,
                session: browser.session,
                known: browser.known,
                marks: browser.marks,
            })
            .await?
        {
            Decision::Forward(_) => WaitingFor::Word,
            Decision::Interrupt(why) => WaitingFor::First(why),
            Decision::Deny(_) => WaitingFor::Nothing,
        };
        let waiting = Waiting { kept_at: found.kept_at, until: found.expires_at, now, request };
        Ok(Some(HeldView::Waiting(Box::new(waiting))))
    }

    /// Takes it for sending to `target`, once. The caller holds the permit of the very person it was kept for, for this
    /// very request; `None`: there is nothing to send.
    pub async fn take_held(
        &self,
        id: HeldId,
        account: AccountId,
        held: Option<Cookie<'_>>,
        target: &str,
        address: IpAddr,
    ) -> Result<Option<HeldRequest>> {
        let Some(found) = self.held_here(id, held).await? else { return Ok(None) };
        let Some(request) = found.request.filter(|request| request.target == target) else { return Ok(None) };
        let taken = self.store.take_held(id, account, &found.browser, self.now()).await?;
        if taken {
            tell(account, id, address, "sent");
        }
        Ok(taken.then_some(request))
    }

    /// The console could not be reached, and not a byte of it has left: it waits again.
    pub async fn give_back_held(&self, id: HeldId, request: &HeldRequest) -> Result<()> {
        Ok(self.store.give_back_held(id, request).await?)
    }

    /// Deletes it. `false`: there was nothing.
    pub async fn discard_held(&self, id: HeldId, browser: &Browser<'_>, held: Option<Cookie<'_>>) -> Result<bool> {
        let Some(session) = self.session(browser).await? else { return Ok(false) };
        let Some(digest) = self.held_digest(held)? else { return Ok(false) };
        let gone = self.store.discard_held(id, session.account.id, &digest).await?;
        if gone {
            tell(session.account.id, id, browser.address, "discarded");
        }
        Ok(gone)
    }

    /// One that this browser sent.
    async fn held_here(&self, id: HeldId, held: Option<Cookie<'_>>) -> Result<Option<Held>> {
        let Some(browser) = self.held_digest(held)? else { return Ok(None) };
        let found = self.store.held(id, self.now()).await?;
        Ok(found.filter(|found| found.browser == browser))
    }

    fn held_digest(&self, held: Option<Cookie<'_>>) -> Result<Option<Digest>> {
        let genuine = held.and_then(|cookie| self.genuine(Purpose::HeldCookie, cookie));
        genuine.map(|token| self.keyring.token_digest(&token).ok_or(AppError::Key)).transpose()
    }

    fn address_key(&self, address: IpAddr) -> Result<Digest> {
        self.throttle_key(&[b"held", address.to_canonical().to_string().as_bytes()])
    }

    fn hold_caps(&self) -> HoldCaps {
        let hold = self.snapshot().config.hold;
        HoldCaps {
            per_browser: hold.per_browser,
            per_account: hold.per_account,
            per_address: hold.per_address,
            total: hold.total,
        }
    }
}

fn tell(account: AccountId, id: HeldId, address: IpAddr, what: &'static str) {
    let (account, request) = (account.to_string(), id.to_string());
    Event::RequestHeld { account: &account, request: &request, what }.record(Origin::Client(address));
}
