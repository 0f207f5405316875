//! The trusted-device cookie: one signed value per account that trusts this browser, side by side in one cookie, so
//! that two people on one computer do not end each other's trust.

use super::{App, AppError, Browser, Cookie, Result, notices::both};
use crate::{
    account::{Account, AccountId},
    audit::{Event, Origin},
    authn::{CodeReason, DeviceProof},
    clock::Timestamp,
    keyring::{DeviceClaim, DeviceValue},
    session::{DeviceId, DeviceLabel},
    store::{EndedTrust, NewDevice, Notice, PresentDevice, PresentedDevice},
};

/// A cookie to set; an empty value removes it.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCookie {
    value: String,
}

impl DeviceCookie {
    /// The value.
    pub fn expose(&self) -> &str {
        &self.value
    }
}

impl std::fmt::Debug for DeviceCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceCookie(…)")
    }
}

/// Between two values; not in the alphabet of a JWT.
const BETWEEN: char = '~';
/// Keeps the cookie well below 4096 octets (RFC 6265 §6.1).
const MOST: usize = 5;

/// What the cookie held, each value with its claim.
pub(super) struct Presented<'a> {
    host: &'a str,
    values: Vec<(&'a str, DeviceId, DeviceClaim)>,
}

/// What the values meant for one account.
pub(super) struct Judged {
    pub(super) proof: Option<DeviceProof>,
    pub(super) reason: CodeReason,
    /// Somebody has a copy of the value.
    pub(super) replayed: bool,
    /// The cookie to set, when it changed.
    pub(super) cookie: Option<DeviceCookie>,
}

/// A trust about to be stored, and the cookie that goes with it.
pub(super) struct Trust {
    pub(super) device: NewDevice,
    pub(super) cookie: DeviceCookie,
}

impl App {
    /// Reads the cookie; values that are not ours are as if they were not there.
    pub(super) fn presented<'a>(&self, browser: &Browser<'a>) -> Presented<'a> {
        let Cookie { host, text } = browser.device.unwrap_or(Cookie { host: browser.host, text: "" });
        let values = text
            .split(BETWEEN)
            .take(MOST)
            .filter_map(|value| {
                let claim = self.keyring.read_device(value)?;
                Some((value, DeviceId::parse(&claim.device)?, claim))
            })
            .collect();
        Presented { host, values }
    }

    /// Does this browser hold a living trust of the account? It then has its own count of wrong passwords.
    pub(super) async fn known_browser(
        &self,
        presented: &Presented<'_>,
        account: &Account,
        now: Timestamp,
    ) -> Result<Option<DeviceId>> {
        let ours: Vec<_> =
            presented.values.iter().filter(|(_, _, claim)| self.is_of(claim, account, presented.host)).collect();
        if ours.is_empty() {
            return Ok(None);
        }
        let devices = self.store.devices(account.id, now).await?;
        let known = ours.into_iter().find(|(_, id, claim)| {
            devices
                .iter()
                .any(|d| d.id == *id && (d.current == claim.digest || d.previous.is_some_and(|p| p == claim.digest)))
        });
        Ok(known.map(|(_, id, _)| *id))
    }

    /// Is the claim of this account, and was it made at this host?
    fn is_of(&self, claim: &DeviceClaim, account: &Account, host: &str) -> bool {
        let account = account.id.as_bytes();
        self.keyring.claims_account(claim, account, Some(host))
            || self.is_main(host) && self.keyring.claims_account(claim, account, None)
    }

    /// The password was right: exchanges the value that belongs to this account, if there is one.
    pub(super) async fn judge(
        &self,
        presented: Presented<'_>,
        account: &Account,
        origin: Origin,
        now: Timestamp,
    ) -> Result<Judged> {
        if !self.snapshot().may_trust(account) {
            return self.distrust(presented, account, origin, now).await;
        }
        let mut judged = Judged { proof: None, reason: CodeReason::NewBrowser, replayed: false, cookie: None };
        let mut kept: Vec<String> = Vec::new();
        let mut changed = false;
        let host = presented.host;
        for (value, id, claim) in presented.values {
            if !self.is_of(&claim, account, host) {
                kept.push(value.to_owned());
                continue;
            }
            // Good or not, the value shown is used up: it is replaced or it goes.
            changed = true;
            let next = self.keyring.draw_device_value(&*self.entropy).ok_or(AppError::Key)?;
            let pair = self.told_pair(account).await?;
            let verdict = self
                .store
                .present_device(&PresentDevice {
                    id,
                    shown: claim.digest,
                    next: next.digest(),
                    account: account.id,
                    credential_version: account.credential_version,
                    if_copied: self.notices(account, &both(pair.as_ref()), &Notice::TrustCopied, now),
                    now,
                })
                .await?;
            match verdict {
                PresentedDevice::Trusted { proof, expires_at } => {
                    kept.push(self.sign_device(id, account, host, &next, expires_at)?);
                    judged.proof = Some(proof);
                }
                PresentedDevice::Expired(at) => judged.reason = CodeReason::TrustEnded(at),
                // The record went when its time was over.
                PresentedDevice::Void if claim.expires_at <= now => {
                    judged.reason = CodeReason::TrustEnded(claim.expires_at);
                }
                PresentedDevice::Void => judged.reason = CodeReason::TrustVoid,
                PresentedDevice::Replayed(ended) => {
                    judged.reason = CodeReason::TrustVoid;
                    judged.replayed = true;
                    self.live.forget(&ended).await;
                    let (account, device) = (account.id.to_string(), id.to_string());
                    Event::DeviceReplayed { account: &account, device: &device }.record(origin);
                    for gone in &ended {
                        let session = gone.id.to_string();
                        Event::SessionEnded { account: &account, session: &session, reason: "trust" }.record(origin);
                    }
                }
            }
        }
        if changed {
            judged.cookie = Some(DeviceCookie { value: kept.join(&BETWEEN.to_string()) });
        }
        Ok(judged)
    }

    /// The account is of a group that no browser is trusted for: what it trusted before ends.
    async fn distrust(
        &self,
        presented: Presented<'_>,
        account: &Account,
        origin: Origin,
        now: Timestamp,
    ) -> Result<Judged> {
        if !self.store.devices(account.id, now).await?.is_empty() {
            self.end_all_trust(account.id, origin).await?;
        }
        let host = presented.host;
        let (ours, others): (Vec<_>, Vec<_>) =
            presented.values.into_iter().partition(|(_, _, claim)| self.is_of(claim, account, host));
        let others: Vec<&str> = others.into_iter().map(|(text, _, _)| text).collect();
        let cookie = DeviceCookie { value: others.join(&BETWEEN.to_string()) };
        Ok(Judged {
            proof: None,
            reason: if ours.is_empty() { CodeReason::NewBrowser } else { CodeReason::TrustVoid },
            replayed: false,
            cookie: (!ours.is_empty()).then_some(cookie),
        })
    }

    async fn end_all_trust(&self, account: AccountId, origin: Origin) -> Result<()> {
        let ended = self.store.revoke_devices(account).await?;
        self.trust_ended(account, &ended, origin).await;
        Ok(())
    }

    /// Every trust of an account has ended.
    pub(super) async fn trust_ended(&self, account: AccountId, ended: &EndedTrust, origin: Origin) {
        self.live.forget(&ended.sessions).await;
        let account = account.to_string();
        for gone in &ended.sessions {
            let session = gone.id.to_string();
            Event::SessionEnded { account: &account, session: &session, reason: "trust" }.record(origin);
        }
        if ended.devices > 0 {
            Event::DeviceRevoked { account: Some(&account), device: None }.record(origin);
        }
    }

    /// "Forget this device": ends the trust of this browser for the account that is signed in on it, and no other.
    pub async fn forget_device(&self, browser: &Browser<'_>) -> Result<Option<DeviceCookie>> {
        let Some(session) = self.session(browser).await? else { return Ok(None) };
        let presented = self.presented(browser);
        let Some(id) = self.known_browser(&presented, &session.account, self.now()).await? else { return Ok(None) };
        let origin = Origin::Client(browser.address);
        if let Some(ended) = self.store.revoke_device(id).await? {
            self.live.forget(&ended.sessions).await;
            let (account, device) = (session.account.id.to_string(), id.to_string());
            Event::DeviceRevoked { account: Some(&account), device: Some(&device) }.record(origin);
            for gone in &ended.sessions {
                let session = gone.id.to_string();
                Event::SessionEnded { account: &account, session: &session, reason: "trust" }.record(origin);
            }
        }
        let others =
            presented.values.into_iter().filter(|(_, _, claim)| !self.is_of(claim, &session.account, browser.host));
        let others: Vec<&str> = others.map(|(text, _, _)| text).collect();
        Ok(Some(DeviceCookie { value: others.join(&BETWEEN.to_string()) }))
    }

    /// Is this browser trusted for the account that is signed in on it?
    pub async fn is_trusted(&self, browser: &Browser<'_>) -> Result<bool> {
        let Some(session) = self.session(browser).await? else { return Ok(false) };
        let known = self.known_browser(&self.presented(browser), &session.account, self.now()).await?;
        Ok(known.is_some() && self.snapshot().may_trust(&session.account))
    }

    fn sign_device(
        &self,
        id: DeviceId,
        account: &Account,
        host: &str,
        value: &DeviceValue,
        expires_at: Timestamp,
    ) -> Result<String> {
        self.keyring.sign_device(&id.to_string(), account.id.as_bytes(), host, value, expires_at).ok_or(AppError::Key)
    }

    /// The box was ticked: a new trust, with the cookie that holds it beside the others.
    pub(super) fn new_trust(
        &self,
        browser: &Browser<'_>,
        account: &Account,
        label: DeviceLabel,
        now: Timestamp,
    ) -> Result<Trust> {
        let id = DeviceId::random(&*self.entropy);
        let value: DeviceValue = self.keyring.draw_device_value(&*self.entropy).ok_or(AppError::Key)?;
        let expires_at = now + self.snapshot().config.trusted_device.lifetime;
        let signed = self.sign_device(id, account, browser.host, &value, expires_at)?;
        let mut values = vec![signed];
        let others = self
            .presented(browser)
            .values
            .into_iter()
            .filter(|(_, _, claim)| !self.is_of(claim, account, browser.host));
        values.extend(others.map(|(text, _, _)| text.to_owned()));
        values.truncate(MOST);
        let cookie = DeviceCookie { value: values.join(&BETWEEN.to_string()) };
        Ok(Trust { device: NewDevice { id, digest: value.digest(), label, expires_at }, cookie })
    }
}
