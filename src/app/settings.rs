//! The security settings: what a person sees of the own account and changes inside a session. Every change needs a fresh
//! code; the routes lead through it, and each use case here looks again.

use std::net::IpAddr;

use super::{App, AppError, Browser, Grant, Result, notices::both};
use crate::{
    account::{Account, AccountId, Label, LoginName, Method, MethodId, MethodPair, Role},
    audit::{Event, Origin},
    authn::{Password, PasswordProblem, Replacement, SessionProof, SignIn, outlives_change},
    clock::Timestamp,
    keyring::Purpose,
    language::Language,
    secret::{ExposeSecret as _, SecretString},
    session::{DeviceId, DeviceLabel, SecondStep, Session, SessionId},
    store::{
        Acting, BeginSignIn, ChangePassword, EndedSession, EnrolledMethod, Happened, HistoryEvent, HistoryLine,
        MethodState, Notice, OutboxItem, PasswordSpend, PendingEmail, PendingSignIn, ReplaceMethod, SignInId, Stale,
        UsedCode,
    },
};

/// The settings page.
#[derive(Clone, Debug)]
pub struct SettingsView {
    /// Whose.
    pub account: Account,
    /// Primary and backup, where the account has them.
    pub methods: Option<[MethodRow; 2]>,
    /// So many recovery codes are left.
    pub codes_left: u32,
    /// When they were made, while any is left.
    pub codes_made_at: Option<Timestamp>,
    /// The password was reset a short time ago: until then no method that works is replaced and no recovery code taken.
    pub rests_until: Option<Timestamp>,
    /// Without methods: until when they may be put off.
    pub enable_by: Option<EnableBy>,
    /// Living trust, newest first.
    pub devices: Vec<DeviceRow>,
    /// Is the account of a group that no browser is trusted for?
    pub never_trusted: bool,
    /// Living sessions, the present one first.
    pub sessions: Vec<SessionRow>,
    /// What happened, newest first.
    pub history: Vec<HistoryLine>,
    /// The address that waits for its link.
    pub pending_email: Option<PendingEmail>,
    /// Can an address be confirmed by mail?
    pub mail: bool,
}

/// When an account without methods has to set them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnableBy {
    /// It is asked from that day on.
    AskedFrom(Timestamp),
    /// "Later" is not offered any more from then on.
    Deadline(Timestamp),
    /// Its next sign-in is the one.
    NextSignIn,
}

/// A method in its place.
#[derive(Clone, Debug)]
pub struct MethodRow {
    /// Which place.
    pub role: Role,
    /// The method.
    pub method: Method,
    /// It pauses until then.
    pub paused_until: Option<Timestamp>,
    /// It must be set up again.
    pub disabled: bool,
}

/// A trusted device.
#[derive(Clone, Debug)]
pub struct DeviceRow {
    /// Which.
    pub id: DeviceId,
    /// Browser and platform.
    pub label: DeviceLabel,
    /// When the box was ticked.
    pub issued_at: Timestamp,
    /// When it last stood in for a code.
    pub last_used_at: Timestamp,
    /// When the trust ends.
    pub expires_at: Timestamp,
    /// Is it the browser that asks?
    pub here: bool,
}

/// A session.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Which.
    pub id: SessionId,
    /// Browser and platform.
    pub browser: DeviceLabel,
    /// Since when.
    pub created_at: Timestamp,
    /// Its last request, to the minute.
    pub last_used_at: Timestamp,
    /// How the second step was passed.
    pub second_step: SecondStep,
    /// Is it the one that asks?
    pub here: bool,
}

/// What a change led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Done.
    Done,
    /// The page was not the current one, or the code is not fresh any more: nothing was changed.
    Stale,
}

/// What beginning to replace a method led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeginReplacement {
    /// The choice is next.
    Choose,
    /// A password was reset a short time ago: a method that works may be replaced from then on.
    LockedUntil(Timestamp),
    /// The page was not the current one.
    Stale,
}

/// What a new password led to.
#[derive(Debug)]
pub enum PasswordChange {
    /// Changed; the session goes on under this cookie.
    Done(Grant),
    /// The present password is not right; what is wrong with the new one, if anything.
    Wrong(Option<PasswordProblem>),
    /// Too many wrong ones; from then on again.
    WaitUntil(Timestamp),
    /// The new one cannot be used.
    Refused(PasswordProblem),
    /// The code is not fresh any more, or the session has ended.
    Stale,
}

impl App {
    /// What the settings page shows; `None` without a session.
    pub async fn settings(&self, browser: &Browser<'_>) -> Result<Option<SettingsView>> {
        let now = self.now();
        let Some(session) = self.stored_session(browser).await? else { return Ok(None) };
        let Some(summary) = self.store.account(session.account()).await? else { return Ok(None) };
        let account = summary.account;
        let here = self.known_browser(&self.presented(browser), &account, now).await?;
        let devices = self.store.devices(account.id, now).await?.into_iter().map(|device| DeviceRow {
            here: here == Some(device.id),
            id: device.id,
            label: device.label,
            issued_at: device.issued_at,
            last_used_at: device.last_used_at,
            expires_at: device.expires_at,
        });
        let lifetime = self.snapshot().lifetime();
        let stored = self.store.sessions(Some(account.id), lifetime, now).await?;
        let mut sessions: Vec<SessionRow> = stored
            .into_iter()
            .map(|stored| SessionRow {
                here: stored.session.id() == session.id(),
                id: stored.session.id(),
                browser: stored.session.browser().clone(),
                created_at: stored.session.created_at(),
                last_used_at: stored.session.last_used_at(),
                second_step: stored.session.second_step(),
            })
            .collect();
        sessions.sort_by_key(|row| !row.here);
        let row = |role, method: &Method, state: MethodState| MethodRow {
            role,
            method: method.clone(),
            paused_until: state.paused_until.filter(|until| *until > now),
            disabled: state.disabled,
        };
        let methods = self.store.methods_of(account.id).await?.map(|there| {
            [
                row(Role::Primary, there.pair.primary(), there.primary),
                row(Role::Backup, there.pair.backup(), there.backup),
            ]
        });
        let history = self.store.history(account.id).await?;
        let mail = self.snapshot().config.mail.is_some();
        let pending_email = self.store.pending_email(account.id, now).await?.filter(|_| mail);
        let never_trusted = !self.snapshot().may_trust(&account);
        let enable_by = if methods.is_none() { self.enable_by(&account, now).await? } else { None };
        Ok(Some(SettingsView {
            codes_left: self.store.recovery_codes_left(account.id).await?,
            codes_made_at: self.store.recovery_codes_made_at(account.id).await?,
            rests_until: self.store.replacement_blocked_until(account.id, now).await?,
            enable_by,
            devices: if never_trusted { Vec::new() } else { devices.collect() },
            never_trusted,
            account,
            methods,
            sessions,
            history,
            pending_email,
            mail,
        }))
    }

    /// The session of this browser when its code is fresh.
    pub(super) async fn fresh_session(&self, browser: &Browser<'_>) -> Result<Option<Session>> {
        let session = self.stored_session(browser).await?;
        Ok(session.filter(|session| self.is_fresh(session, self.now())))
    }

    /// Swaps primary and backup in one action; ends nothing. `primary` is what the person saw in that place.
    pub async fn swap_methods(&self, browser: &Browser<'_>, primary: MethodId) -> Result<Changed> {
        let Some(session) = self.fresh_session(browser).await? else { return Ok(Changed::Stale) };
        let acting = Acting::of(&session);
        let Some(summary) = self.store.account(acting.account).await? else { return Ok(Changed::Stale) };
        let told = both(summary.pair.as_ref());
        let notices = self.notices(&summary.account, &told, &Notice::MethodsSwapped, self.now());
        Ok(match self.store.swap_methods(&acting, primary, &notices).await? {
            Ok(()) => {
                Event::MethodsSwapped { account: &acting.account.to_string() }.record(Origin::Client(browser.address));
                Changed::Done
            }
            Err(_moved_on) => Changed::Stale,
        })
    }

    /// Gives a method another name; ends nothing.
    pub async fn relabel_method(
        &self,
        browser: &Browser<'_>,
        method: MethodId,
        label: Option<&Label>,
    ) -> Result<Changed> {
        let Some(session) = self.fresh_session(browser).await? else { return Ok(Changed::Stale) };
        let acting = Acting::of(&session);
        let Some(summary) = self.store.account(acting.account).await? else { return Ok(Changed::Stale) };
        let Some(pair) = summary.pair else { return Ok(Changed::Stale) };
        let Some(role) = role_of(&pair, method) else { return Ok(Changed::Stale) };
        let notice = Notice::MethodRelabelled { role };
        let notices = self.mail_or_text(&summary.account, &both(Some(&pair)), &notice, self.now());
        Ok(changed(self.store.relabel_method(&acting, method, label, &notices).await?))
    }

    /// What whoever changes little is told; nothing where the account is gone.
    async fn little_news(&self, account: AccountId, notice: &Notice) -> Result<Vec<OutboxItem>> {
        let Some(summary) = self.store.account(account).await? else { return Ok(Vec::new()) };
        Ok(self.mail_or_text(&summary.account, &both(summary.pair.as_ref()), notice, self.now()))
    }

    /// Ends one trust, or all, and the sessions that rest on it; the one that asks goes on.
    pub async fn end_trust(&self, browser: &Browser<'_>, device: Option<DeviceId>) -> Result<Changed> {
        let Some(session) = self.fresh_session(browser).await? else { return Ok(Changed::Stale) };
        let acting = Acting::of(&session);
        let notices = self.little_news(acting.account, &Notice::TrustEnded { all: device.is_none() }).await?;
        let Ok(ended) = self.store.end_trust(&acting, device, &notices).await? else { return Ok(Changed::Stale) };
        self.forget_ended(&ended.sessions, "trust", browser).await;
        if ended.devices > 0 {
            let (account, device) = (acting.account.to_string(), device.map(|id| id.to_string()));
            Event::DeviceRevoked { account: Some(&account), device: device.as_deref() }
                .record(Origin::Client(browser.address));
        }
        Ok(Changed::Done)
    }

    /// Ends one other session, or all others.
    pub async fn end_others(&self, browser: &Browser<'_>, other: Option<SessionId>) -> Result<Changed> {
        let Some(session) = self.fresh_session(browser).await? else { return Ok(Changed::Stale) };
        let acting = Acting::of(&session);
        let notices = self.little_news(acting.account, &Notice::SessionsEnded { all: other.is_none() }).await?;
        let Ok(ended) = self.store.end_others(&acting, other, &notices).await? else { return Ok(Changed::Stale) };
        self.forget_ended(&ended, "settings", browser).await;
        Ok(Changed::Done)
    }

    /// The language of messages and calls.
    pub async fn set_language(&self, browser: &Browser<'_>, language: Language) -> Result<Changed> {
        let Some(session) = self.fresh_session(browser).await? else { return Ok(Changed::Stale) };
        let acting = Acting::of(&session);
        let Some(summary) = self.store.account(acting.account).await? else { return Ok(Changed::Stale) };
        // By mail only, in the language from before: whoever cannot read the new one is told.
        let notices = self.notices(&summary.account, &[], &Notice::LanguageChanged { to: language }, self.now());
        Ok(changed(self.store.set_language(&acting, language, &notices).await?))
    }

    async fn forget_ended(&self, ended: &[EndedSession], reason: &'static str, browser: &Browser<'_>) {
        self.live.forget(ended).await;
        for gone in ended {
            let (account, session) = (gone.account.to_string(), gone.id.to_string());
            Event::SessionEnded { account: &account, session: &session, reason }
                .record(Origin::Client(browser.address));
        }
    }

    /// Begins to replace one of the two methods, also one that was disabled. It stays until the new one is proven.
    pub async fn begin_replacement(&self, browser: &Browser<'_>, old: MethodId) -> Result<BeginReplacement> {
        let now = self.now();
        let Some(session) = self.fresh_session(browser).await? else { return Ok(BeginReplacement::Stale) };
        let Some(there) = self.store.methods_of(session.account()).await? else {
            return Ok(BeginReplacement::Stale);
        };
        let Some(role) = role_of(&there.pair, old) else { return Ok(BeginReplacement::Stale) };
        if let Some(until) = there.locked_until(role, now) {
            return Ok(BeginReplacement::LockedUntil(until));
        }
        let digest = self.replacement_digest(session.digest())?;
        let begin = BeginSignIn {
            id: SignInId::random(&*self.entropy),
            digest,
            place: self.place_known_by(browser, Some(&session.id().to_string()))?,
            sign_in: SignIn::replace(SessionProof::of(&session), old),
            expires_at: now + self.snapshot().config.sign_in.lifetime,
            message: None,
            replaces: Some(digest),
            forgive: Vec::new(),
            rehash: None,
        };
        Ok(match self.store.begin_in_session(&begin, &Acting::of(&session), now).await? {
            Ok(_begun) => BeginReplacement::Choose,
            Err(_ended) => BeginReplacement::Stale,
        })
    }

    /// The new method is proven: it takes the place of the old one. Every other session ends and all trust; this session
    /// goes on under a new identifier.
    pub(super) async fn replace(
        &self,
        browser: &Browser<'_>,
        pending: &PendingSignIn,
        done: Replacement,
        now: Timestamp,
    ) -> Result<std::result::Result<Grant, Stale>> {
        let Some(session) = self.fresh_session(browser).await? else { return Ok(Err(Stale::MovedOn)) };
        let Some(pair) = &pending.pair else { return Ok(Err(Stale::MovedOn)) };
        let Some(role) = role_of(pair, done.old) else { return Ok(Err(Stale::MovedOn)) };
        // The old number is told too: it may be all that its owner still has.
        let notices = self.notices(&pending.account, &both(Some(pair)), &Notice::MethodReplaced { role }, now);
        let (cookie, id, digest) = self.new_identity(browser)?;
        let (method, proof) = (done.new.method(), done.new.proof());
        let renewed = outlives_change(&session, id, digest, now);
        let new = EnrolledMethod {
            method: Method {
                id: MethodId::random(&*self.entropy),
                target: method.target.clone(),
                label: method.label.clone(),
                added_at: proof.at(),
                last_used_at: Some(proof.at()),
            },
            last_step: proof.totp_step(),
        };
        let replace = ReplaceMethod {
            pending: (pending.id, pending.version),
            acting: Acting::of(&session),
            old: done.old,
            new,
            session: renewed,
            notices,
            now,
        };
        let ended = match self.store.replace_method(&replace).await? {
            Ok(ended) => ended,
            Err(stale) => return Ok(Err(stale)),
        };
        self.forget_ended(&ended, "credentials", browser).await;
        Event::MethodReplaced {
            account: &session.account().to_string(),
            role: role.as_str(),
            method: proof.kind().as_str(),
        }
        .record(Origin::Client(browser.address));
        Ok(Ok(Grant::renewed(cookie)))
    }

    /// A person changes the own password. Wrong present ones are counted apart from those at the sign-in: whoever sits at
    /// an open session cannot lock its owner out.
    pub async fn change_password(
        &self,
        browser: &Browser<'_>,
        present: &SecretString,
        new: &SecretString,
    ) -> Result<PasswordChange> {
        let (now, snapshot) = (self.now(), self.snapshot());
        let Some(session) = self.fresh_session(browser).await? else { return Ok(PasswordChange::Stale) };
        let Some(summary) = self.store.account(session.account()).await? else { return Ok(PasswordChange::Stale) };
        let account = summary.account;
        let chosen = self.choose_password(new.expose_secret(), &account.user_name, account.email.as_ref());
        let parts: [&[u8]; 2] = [b"password in settings", account.id.as_bytes()];
        let budget = self.keyring.mac(self.keyring.active(), Purpose::ThrottleKey, &parts).ok_or(AppError::Key)?;
        if let PasswordSpend::Wait(until) = self.store.spend_password_attempt(budget, now).await? {
            return Ok(PasswordChange::WaitUntil(until));
        }
        let name = LoginName::parse(account.user_name.as_str());
        let credentials = self.store.credentials(&name).await?.filter(|c| c.account.id == account.id);
        let typed = Password::typed(present.expose_secret());
        let unchanged = chosen.as_ref().is_ok_and(|new| typed.as_ref().is_some_and(|present| new.is(present)));
        let Some(_proven) = self.prove(credentials.as_ref(), typed, &snapshot, now).await? else {
            Event::PasswordRefused { account: Some(&account.id.to_string()) }.record(Origin::Client(browser.address));
            return Ok(PasswordChange::Wrong(chosen.err()));
        };
        self.store.forgive(&[budget]).await?;
        let chosen = match chosen {
            Ok(chosen) => chosen,
            Err(problem) => return Ok(PasswordChange::Refused(problem)),
        };
        // Said only to whoever has just proven the present one.
        if unchanged {
            return Ok(PasswordChange::Refused(PasswordProblem::Unchanged));
        }
        let (hashing, entropy) = (snapshot.clone(), self.entropy.clone());
        let hash = self.hashing.run(move || hashing.scheme.hash(&chosen, &*entropy)).await??;
        let (cookie, id, digest) = self.new_identity(browser)?;
        let change = ChangePassword {
            acting: Acting::of(&session),
            hash,
            session: outlives_change(&session, id, digest, now),
            notices: self.notices(&account, &both(summary.pair.as_ref()), &Notice::PasswordChanged, now),
            now,
        };
        let Ok(ended) = self.store.change_password(&change).await? else { return Ok(PasswordChange::Stale) };
        self.forget_ended(&ended, "credentials", browser).await;
        Event::PasswordChanged { account: &account.id.to_string() }.record(Origin::Client(browser.address));
        Ok(PasswordChange::Done(Grant::renewed(cookie)))
    }

    /// Whom a sign-in is told to: one with the backup, and one on a browser that nobody signed in to the account on of late,
    /// the other method and the mailbox; one from a network or by a kind of browser that is new the mailbox, or where there
    /// is none the phones.
    pub(super) async fn sign_in_notices(
        &self,
        account: &Account,
        browser: &Browser<'_>,
        session: &Session,
        used: Option<UsedCode>,
        now: Timestamp,
    ) -> Result<Vec<OutboxItem>> {
        let Some(pair) = self.told_pair(account).await? else { return Ok(Vec::new()) };
        let shown = session.browser().as_str().to_owned();
        if used.is_some_and(|used| used.method == pair.backup().id) {
            return Ok(self.notices(account, &[pair.primary()], &Notice::BackupUsed { browser: shown }, now));
        }
        if self.known_as(browser, account.id, now).is_none() {
            return Ok(self.notices(account, &[pair.backup()], &Notice::NewDevice { browser: shown }, now));
        }
        let from = network(browser.address);
        let known = self.store.history(account.id).await?.iter().any(|line| {
            matches!(line.event.what, Happened::SignedIn(_))
                && line.event.browser == *session.browser()
                // A trusted device travels; it does not become another browser.
                && (line.event.network == from || used.is_none())
        });
        if known {
            return Ok(Vec::new());
        }
        Ok(self.mail_or_text(account, &[pair.backup()], &Notice::NewDevice { browser: shown }, now))
    }

    /// Adds a line to the history of an account. What cannot be noted stops nobody.
    pub(super) async fn note(&self, browser: &Browser<'_>, account: AccountId, what: Happened) {
        let event = HistoryEvent {
            account,
            what,
            browser: DeviceLabel::from_user_agent(browser.user_agent),
            network: network(browser.address),
            at: self.now(),
        };
        if let Err(error) = self.store.note_history(&event).await {
            tracing::warn!(%error, "a line of the sign-in history is lost");
        }
    }
}

fn role_of(pair: &MethodPair, method: MethodId) -> Option<Role> {
    [Role::Primary, Role::Backup].into_iter().find(|role| pair.get(*role).id == method)
}

fn changed(done: std::result::Result<(), Stale>) -> Changed {
    match done {
        Ok(()) => Changed::Done,
        Err(_moved_on) => Changed::Stale,
    }
}

/// The client's network as people read it: `203.0.113.*`, `2001:db8:1:22*`.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.*")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{:02x}*", d >> 8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_shows_no_single_client() {
        assert_eq!(network("203.0.113.7".parse().unwrap()), "203.0.113.*");
        assert_eq!(network("::ffff:203.0.113.7".parse().unwrap()), "203.0.113.*");
        assert_eq!(network("2001:db8:1:2233:4::5".parse().unwrap()), "2001:db8:1:22*");
        assert_eq!(network("2001:db8::1".parse().unwrap()), "2001:db8:0:00*");
    }
}
