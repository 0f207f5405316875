//! The gate: cookie → session → rule → decision. The single entry for every request that is not for our own pages.
//! A request served from memory costs two MACs and one look-up: no store, no write, and a signature twice a minute.

use http::Method;

use super::{App, AppError, Browser, Cookie, Marks, Result, assertion::Assertion, live_sessions::LiveSession};
use crate::{
    access::{Asked, Cors, Decision, Interruption, Jar, Passage, Permit, Requirement, Ruling},
    keyring::Purpose,
    secret::Digest,
    session::{SessionEnd, SessionId},
    store::StoreError,
};
use std::{net::IpAddr, sync::Arc, time::Duration};

/// How often a tunnel looks whether its session lives: it is closed within a second of its end.
pub(super) const LOOKS_AGAIN: Duration = Duration::from_millis(500);

/// What the gate looks at.
#[derive(Clone, Copy, Debug)]
pub struct GateRequest<'a> {
    /// Name of the host, as configured.
    pub host: &'a str,
    /// Method.
    pub method: &'a Method,
    /// Path of the request target as it will be forwarded, without the query.
    pub path: &'a str,
    /// Where it comes from.
    pub address: IpAddr,
    /// `__Host-sekisho`, when it came exactly once.
    pub session: Option<Cookie<'a>>,
    /// `__Host-sekisho-known`, likewise.
    pub known: Option<Cookie<'a>>,
    /// The marks beside it.
    pub marks: Marks<'a>,
}

impl<'a> GateRequest<'a> {
    /// What the rules look at.
    pub(super) fn asked(self) -> Asked<'a> {
        Asked { host: self.host, method: self.method, path: self.path, address: self.address }
    }
}

impl App {
    /// Decides. An error is an error: the caller refuses the request.
    pub async fn decide(&self, request: GateRequest<'_>) -> Result<Decision> {
        let snapshot = self.snapshot.load();
        let asked = request.asked();
        let console = snapshot.routes.console(request.host, request.path);
        let mut ruling = snapshot.rules.ruling(asked, None);
        let observing = self.observing();
        if matches!(ruling, Ruling::Needs { requirement: Requirement::Deny, .. }) {
            let denied = Decision::of(ruling, Err(Interruption::NoSession), self.now());
            return Ok(denied.unless_observing(observing, None).at(console));
        }
        let session = match self.watched_session(request.session).await {
            Err(error) if observing.is_some() => {
                // Watching must not stop what it watches.
                tracing::warn!(%error, "a session cannot be read; nothing is enforced");
                Err(Interruption::NoSession)
            }
            found => found?,
        };
        if let (Ruling::DependsOnWho { .. }, Ok((live, _))) = (ruling, &session) {
            ruling = snapshot.rules.ruling(asked, Some(&live.principal.member_of));
        }
        if let Ok((live, digest)) = &session
            && !snapshot.rules.is_background(ruling)
        {
            self.note_use(live, digest);
        }
        let live = session.as_ref().ok().map(|(live, _)| live.clone());
        let principal = observing.and_then(|_| live.as_ref().map(|live| live.principal.clone()));
        let session = session.and_then(|(live, _)| {
            if live.new_password { Err(Interruption::NewPassword) } else { Ok(live.principal.clone()) }
        });
        let decision = Decision::of(ruling, session, self.now()).unless_observing(observing, principal).at(console);
        let decision = match decision {
            Decision::Forward(permit) if observing.is_none() => {
                let permit = permit.with_passage(snapshot.rules.passage(ruling));
                let who = live.as_deref().filter(|_| permit.principal().is_some());
                Decision::Forward(permit.with_jar(self.jar(&snapshot, who, request.known, request.marks)))
            }
            // Watching must not change what it watches.
            Decision::Forward(permit) => {
                let passage = Passage { websocket: true, ..snapshot.rules.passage(ruling) };
                Decision::Forward(permit.with_jar(Jar::Own).with_passage(passage))
            }
            other => other,
        };
        match (decision, live) {
            (Decision::Forward(permit), Some(live)) if permit.principal().is_some() => {
                self.vouched(permit, &live.assertion, observing.is_some()).await.map(Decision::Forward)
            }
            (decision, _) => Ok(decision),
        }
    }

    /// What pages of other origins may do here. Watching changes nothing of what it watches.
    pub fn cors(&self, asked: Asked<'_>) -> Option<Arc<Cors>> {
        let nobody = self.observing().is_none();
        nobody.then(|| self.snapshot.load().rules.cors(asked).cloned()).flatten()
    }

    /// The permit with the signed statement about its session. Without one nothing is forwarded, unless nothing is
    /// enforced.
    pub(super) async fn vouched(&self, permit: Permit, kept: &Assertion, observing: bool) -> Result<Permit> {
        match self.assertion(kept, permit.console()).await {
            Ok(Some(assertion)) => Ok(permit.with_assertion(assertion)),
            Ok(None) => Ok(permit),
            Err(error) if observing => {
                tracing::warn!(%error, "nothing is enforced: forwarded without a signed statement");
                Ok(permit)
            }
            Err(error) => Err(error),
        }
    }

    /// Does the session of this browser reach the console only with a new password?
    pub async fn needs_new_password(&self, browser: &Browser<'_>) -> Result<bool> {
        Ok(self.live_session(browser.session).await?.is_ok_and(|live| live.new_password))
    }

    /// The living session of a cookie; noted as used.
    pub(super) async fn live_session(
        &self,
        cookie: Option<Cookie<'_>>,
    ) -> Result<std::result::Result<Arc<LiveSession>, Interruption>> {
        let (live, digest) = match self.watched_session(cookie).await? {
            Ok(found) => found,
            Err(interruption) => return Ok(Err(interruption)),
        };
        self.note_use(&live, &digest);
        Ok(Ok(live))
    }

    fn note_use(&self, live: &LiveSession, digest: &Digest) {
        let now = self.now();
        if live.used(now) {
            self.live.note_use(digest, live.id, now);
        }
    }

    /// The same, for a page that looks by itself: what nobody asked for does not keep a session alive.
    pub(super) async fn watched_session(
        &self,
        cookie: Option<Cookie<'_>>,
    ) -> Result<std::result::Result<(Arc<LiveSession>, Digest), Interruption>> {
        let genuine = cookie.and_then(|cookie| self.genuine(Purpose::SessionCookie, cookie));
        let Some(token) = genuine else { return Ok(Err(Interruption::NoSession)) };
        let digest = self.keyring.token_digest(&token).ok_or(AppError::Key)?;
        let found = self.live.find(&digest, || self.store.session(&digest)).await;
        let Some(live) = found.map_err(unshared)? else { return Ok(Err(Interruption::Ended)) };
        if live.ended() {
            return Ok(Err(Interruption::Ended));
        }
        let now = self.now();
        let lifetime = self.snapshot.load().lifetime();
        let mut ended = lifetime.ended(live.created_at, live.last_used(), now);
        if ended == Some(SessionEnd::Idle) {
            // Another node may have served it since: the store's time decides.
            if let Some(stored) = self.store.session(&digest).await? {
                live.used_elsewhere(stored.session.last_used_at());
                ended = lifetime.ended(live.created_at, live.last_used(), now);
            }
        }
        if let Some(end) = ended {
            self.live.drop_session(&digest).await;
            return Ok(Err(match end {
                SessionEnd::Idle => Interruption::Idle,
                SessionEnd::Absolute => Interruption::Ended,
            }));
        }
        Ok(Ok((live, digest)))
    }

    /// Resolves when this session lives no more, half a second later at most. Waiting is no use of it. A store that cannot
    /// be read when it has to be ends it.
    pub async fn session_ended(&self, cookie: Cookie<'_>, session: SessionId) {
        loop {
            tokio::time::sleep(LOOKS_AGAIN).await;
            let lives = self.watched_session(Some(cookie)).await;
            if !matches!(lives, Ok(Ok((live, _))) if live.id == session) {
                return;
            }
        }
    }

    /// Writes down when sessions and tokens were last used, each all in one transaction: forwarded requests never wait for the store.
    /// The caller repeats this every few seconds.
    pub async fn write_last_uses(&self) -> Result<()> {
        self.write_token_uses().await?;
        let used = self.live.take_uses();
        if used.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = used.values().copied().collect();
        match self.store.touch_sessions(&rows).await {
            Ok(gone) => {
                for (digest, _) in used.iter().filter(|(_, (id, _))| gone.contains(id)) {
                    self.live.drop_session(&Digest::new(*digest)).await;
                }
                Ok(())
            }
            Err(error) => {
                self.live.keep_uses(used);
                Err(error.into())
            }
        }
    }
}

/// The error itself when nobody else waits for it, else what it said.
fn unshared(error: Arc<StoreError>) -> StoreError {
    Arc::try_unwrap(error).unwrap_or_else(|shared| StoreError::Shared(shared.to_string()))
}
