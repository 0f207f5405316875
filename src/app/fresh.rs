//! The fresh code: a live session is asked for a code again before something sensitive, also one that began on a trusted
//! device. It never makes a session; the one there is goes on under a new identifier.

use std::time::Duration;

use super::{App, AppError, Browser, Grant, Result, spending::Asking};
use crate::{
    audit::{Event, Origin},
    authn::{ChallengeSeed, Context, Messages, Renewal, SessionProof, SignIn, Standing, Step, Transition},
    clock::Timestamp,
    keyring::{CookieToken, Purpose, TokenId},
    secret::Digest,
    session::{Session, SessionId},
    store::{Acting, BeginSignIn, PendingSignIn, RenewSession, SignInId, Stale, UsedCode},
};

/// Is the code of a browser's session young enough for what is sensitive?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Nobody is signed in.
    NoSession,
    /// No, or the session began without a code.
    Stale,
    /// Yes.
    Fresh,
}

/// What asking a session for a code led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepUp {
    /// A code is waited for; a message may be on its way.
    Pending,
    /// Nobody is signed in.
    NoSession,
    /// The account has no methods to get a code by.
    NoMethods,
}

impl App {
    /// Is the code of this browser's session at most `[sign_in] fresh` old?
    pub async fn fresh(&self, browser: &Browser<'_>) -> Result<Freshness> {
        self.fresh_within(browser, self.snapshot().config.sign_in.fresh).await
    }

    /// Is the code of this browser's session at most this old?
    pub async fn fresh_within(&self, browser: &Browser<'_>, within: Duration) -> Result<Freshness> {
        let Some(session) = self.stored_session(browser).await? else { return Ok(Freshness::NoSession) };
        let fresh = session.code_given_at().is_some_and(|at| self.now().since(at) <= within);
        Ok(if fresh { Freshness::Fresh } else { Freshness::Stale })
    }

    pub(super) fn is_fresh(&self, session: &Session, now: Timestamp) -> bool {
        session.code_given_at().is_some_and(|at| now.since(at) <= self.snapshot().config.sign_in.fresh)
    }

    /// The living session of this browser as the store has it.
    pub(super) async fn stored_session(&self, browser: &Browser<'_>) -> Result<Option<Session>> {
        let Ok(_alive) = self.live_session(browser.session).await? else { return Ok(None) };
        let Some(digest) = self.session_digest(browser) else { return Ok(None) };
        Ok(self.store.session(&digest).await?.map(|stored| stored.session))
    }

    /// Asks this browser's session for a fresh code; a phone gets a message. A code that is already waited for is waited
    /// for on: asking twice sends nothing twice.
    pub async fn ask_session(&self, browser: &Browser<'_>) -> Result<StepUp> {
        let now = self.now();
        let Some(session) = self.stored_session(browser).await? else { return Ok(StepUp::NoSession) };
        let Some(summary) = self.store.account(session.account()).await? else { return Ok(StepUp::NoSession) };
        let language = super::authenticator::spoken_by(&summary.account, true, browser);
        let Some(methods) = self.store.methods_of(session.account()).await? else { return Ok(StepUp::NoMethods) };
        let snapshot = self.snapshot();
        let place = self.place_in_session(browser, &summary.account, now).await?;
        // As at a sign-in: where no message may go out yet, the code that is good in this browser is joined.
        let mut withheld = false;
        for _ in 0..3 {
            let messages = self.store.method_messages(methods.pair.primary().id, &place, now).await?;
            let ctx = Context {
                policy: &snapshot.policy(),
                keyring: &self.keyring,
                pair: Some(&methods.pair),
                app_last_step: methods.app_last_step,
                ticket: None,
                standing: Standing::Enforced,
                messages: Messages { primary: messages.code.as_ref(), backup: None, withheld },
                now,
            };
            let asking = Asking { account: session.account(), address: browser.address };
            let seed = ChallengeSeed::draw(&*self.entropy, &self.keyring);
            let asked = SignIn::ask_session(SessionProof::of(&session), &ctx, seed);
            let Ok(Transition { step: Step::Continue(sign_in), send }) = asked else {
                return Err(AppError::Bug("a session was not asked for a code"));
            };
            if send.as_ref().is_some_and(|order| self.unreachable(&order.to).is_some()) {
                withheld = true;
                continue;
            }
            let message =
                send.map(|order| self.outbox_order(order, &sign_in, place, browser, language, asking)).transpose()?;
            let begin = BeginSignIn {
                id: SignInId::random(&*self.entropy),
                digest: self.fresh_code_digest(session.digest())?,
                place,
                sign_in,
                expires_at: now + snapshot.config.sign_in.lifetime,
                message,
                replaces: None,
                forgive: Vec::new(),
                rehash: None,
            };
            match self.store.begin_in_session(&begin, &Acting::of(&session), now).await? {
                Ok(asked_now) => {
                    if let Some(message) = begin.message.filter(|_| asked_now) {
                        let (account, method) = (session.account().to_string(), message.order.kind.as_str());
                        Event::CodeOrdered { account: &account, method }.record(Origin::Client(browser.address));
                    }
                    return Ok(StepUp::Pending);
                }
                Err(Stale::SendAgainAt(_) | Stale::NoMoreSends(_)) => withheld = true,
                Err(Stale::Withheld(why)) => {
                    let toll = begin.message.as_ref().and_then(|message| message.toll.as_ref());
                    self.not_ordered(why, toll, asking).await?;
                    withheld = true;
                }
                // The session ended, or another tab made a new code the good one: looked at once more.
                Err(Stale::MovedOn | Stale::StepUsed) => {}
            }
        }
        Ok(StepUp::NoSession)
    }

    /// The fresh code was right: the session goes on under a new identifier and cookie, the old ones end.
    pub(super) async fn renew(
        &self,
        browser: &Browser<'_>,
        pending: &PendingSignIn,
        renewal: Renewal,
        now: Timestamp,
    ) -> Result<std::result::Result<Grant, Stale>> {
        let Some(session) = self.stored_session(browser).await? else { return Ok(Err(Stale::MovedOn)) };
        let (cookie, id, digest) = self.new_identity(browser)?;
        let used = UsedCode::of(renewal.code());
        let Some(renewed) = renewal.renew(&session, id, digest, now) else {
            return Ok(Err(Stale::MovedOn));
        };
        let renew = RenewSession {
            pending: (pending.id, pending.version),
            acting: Acting::of(&session),
            session: renewed.clone(),
            carried: (self.replacement_digest(session.digest())?, self.replacement_digest(renewed.digest())?),
            used,
            ends_recovery: self.ends_recovery(&pending.account, now).await?,
            now,
        };
        let ended = match self.store.renew_session(&renew).await? {
            Ok(ended) => ended,
            Err(stale) => return Ok(Err(stale)),
        };
        self.live.forget(&ended).await;
        Self::recovery_ended(session.account(), renew.ends_recovery.as_ref(), browser.address);
        Event::SessionRenewed {
            account: &session.account().to_string(),
            session: &session.id().to_string(),
            renewed: &renewed.id().to_string(),
            second_step: renewed.second_step().as_str(),
        }
        .record(Origin::Client(browser.address));
        Ok(Ok(Grant::renewed(cookie)))
    }

    /// A fresh cookie for a session that goes on under a new identifier.
    pub(super) fn new_identity(&self, browser: &Browser<'_>) -> Result<(CookieToken, SessionId, Digest)> {
        let (cookie, token) = self
            .keyring
            .issue(Purpose::SessionCookie, browser.host, TokenId::random(&*self.entropy))
            .ok_or(AppError::Key)?;
        let digest = self.keyring.token_digest(&token).ok_or(AppError::Key)?;
        Ok((cookie, SessionId::random(&*self.entropy), digest))
    }

    /// The store's name for the method a session is replacing.
    pub(super) fn replacement_digest(&self, session: &Digest) -> Result<Digest> {
        let parts: [&[u8]; 2] = [b"replacement in a session", session.as_bytes()];
        self.keyring.mac(self.keyring.active(), Purpose::TokenDigest, &parts).ok_or(AppError::Key)
    }

    /// The store's name for the code a session is asked for: one for each session, and gone with it.
    pub(super) fn fresh_code_digest(&self, session: &Digest) -> Result<Digest> {
        let parts: [&[u8]; 2] = [b"fresh code of a session", session.as_bytes()];
        self.keyring.mac(self.keyring.active(), Purpose::TokenDigest, &parts).ok_or(AppError::Key)
    }
}
