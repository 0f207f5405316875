//! The sessions in memory: a bounded cache in front of the store. The store is the truth; whatever ends a session there is forgotten here before its answer goes out.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering},
    },
};

use http::HeaderValue;

use super::assertion::{Assertion, Claims};
use crate::{
    access::{Credential, Principal},
    clock::Timestamp,
    secret::Digest,
    session::{SecondStep, SessionId},
    store::{EndedSession, StoreError, StoredSession},
};

/// A session as the hot path sees it: limits to compare, header values ready to copy.
#[derive(Debug)]
pub(super) struct LiveSession {
    pub(super) id: SessionId,
    pub(super) second_step: SecondStep,
    pub(super) principal: Arc<Principal>,
    pub(super) created_at: Timestamp,
    /// A new password is due before the console. Whoever has no methods yet enrols first, when the rollout says so.
    pub(super) new_password: bool,
    pub(super) assertion: Assertion,
    /// Whether somebody else has signed in on the browser before: not asked yet, no, yes.
    shared: AtomicU8,
    last_used: AtomicI64,
    stored_used: AtomicI64,
    ended: AtomicBool,
    /// Revocations counted when its read began.
    began: u64,
    /// It was in the cache while no revocation had come since its read began: later ones find it there.
    settled: AtomicBool,
}

impl LiveSession {
    fn new(stored: &StoredSession, began: u64) -> Self {
        let StoredSession { session, account, cut_short } = stored;
        let last_used = session.last_used_at().as_millis();
        let groups = account.groups.iter().map(crate::account::Group::as_str).collect::<Vec<_>>().join(",");
        let principal = Principal {
            account: account.id,
            credential: Credential::Session { id: session.id(), second_step: session.second_step() },
            code_given_at: session.code_given_at(),
            member_of: account.groups.clone(),
            user: header_text(account.user_name.as_str()),
            email: account.email.as_ref().map(|email| header_text(email.as_str())),
            groups: header_text(&groups),
            level: HeaderValue::from_static(if session.second_step().level() == 2 { "2" } else { "1" }),
        };
        Self {
            id: session.id(),
            second_step: session.second_step(),
            principal: Arc::new(principal),
            created_at: session.created_at(),
            new_password: *cut_short && session.second_step() != SecondStep::Waived,
            assertion: Assertion::new(Claims::of(session, account)),
            shared: AtomicU8::new(UNASKED),
            last_used: AtomicI64::new(last_used),
            stored_used: AtomicI64::new(last_used),
            ended: AtomicBool::new(false),
            began,
            settled: AtomicBool::new(false),
        }
    }

    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Does somebody else use the browser, too? Asks until there is an answer; a client that keeps no cookie but the
    /// session's is nobody's browser.
    pub(super) fn is_shared(&self, ask: impl FnOnce() -> Option<bool>) -> bool {
        match self.shared.load(Ordering::Relaxed) {
            UNASKED => {
                let answer = ask();
                if let Some(shared) = answer {
                    self.shared.store(if shared { SHARED } else { ALONE }, Ordering::Relaxed);
                }
                answer.unwrap_or(false)
            }
            asked => asked == SHARED,
        }
    }

    pub(super) fn last_used(&self) -> Timestamp {
        Timestamp::from_millis(self.last_used.load(Ordering::Relaxed))
    }

    /// Notes a request. `true` when the store should hear of it: at most once a minute (`product.md` §2).
    pub(super) fn used(&self, now: Timestamp) -> bool {
        self.last_used.fetch_max(now.as_millis(), Ordering::Relaxed);
        let stored = self.stored_used.load(Ordering::Relaxed);
        now.as_millis() - stored >= WRITE_INTERVAL_MS
            && self.stored_used.compare_exchange(stored, now.as_millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Another node saw a later request.
    pub(super) fn used_elsewhere(&self, at: Timestamp) {
        self.last_used.fetch_max(at.as_millis(), Ordering::Relaxed);
        self.stored_used.fetch_max(at.as_millis(), Ordering::Relaxed);
    }
}

const WRITE_INTERVAL_MS: i64 = 60_000;
const UNASKED: u8 = 0;
const ALONE: u8 = 1;
const SHARED: u8 = 2;

/// Names and groups may hold any letter; header values are visible ASCII. Everything else travels percent-encoded in
/// UTF-8 (RFC 3986 §2.1), and so does `%` itself, so that decoding is unambiguous.
pub(super) fn header_text(text: &str) -> HeaderValue {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const KEEP: &AsciiSet = &CONTROLS.add(b'%');
    let encoded = utf8_percent_encode(text, KEEP).to_string();
    HeaderValue::from_str(&encoded)
        .unwrap_or_else(|_never: http::header::InvalidHeaderValue| HeaderValue::from_static(""))
}

/// The cache, keyed by the digest the store knows a session by, so that whatever ends there is found here.
#[derive(Debug)]
pub(super) struct LiveSessions {
    by_digest: moka::future::Cache<[u8; 32], Arc<LiveSession>>,
    /// Counts whatever may have ended or changed a session or an account: what rests on one is read again.
    changes: AtomicU64,
    /// Counts revocations, so that a read that began before one is not kept after it.
    revocations: AtomicU64,
    /// Last uses the store has not heard of yet; at most as many as the cache holds.
    uses: Mutex<Uses>,
    capacity: usize,
}

/// By digest: which session, and when.
pub(super) type Uses = HashMap<[u8; 32], (SessionId, Timestamp)>;

impl LiveSessions {
    pub(super) fn new(capacity: u64) -> Self {
        let by_digest = moka::future::Cache::builder().max_capacity(capacity).build();
        let capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
        Self { by_digest, changes: AtomicU64::new(0), revocations: AtomicU64::new(0), uses: Mutex::default(), capacity }
    }

    /// The session with this digest: from memory, or read once however many ask. `None` when there is none.
    pub(super) async fn find<F>(
        &self,
        digest: &Digest,
        read: impl Fn() -> F,
    ) -> Result<Option<Arc<LiveSession>>, Arc<StoreError>>
    where
        F: Future<Output = Result<Option<StoredSession>, StoreError>>,
    {
        let key = digest.as_bytes();
        if let Some(live) = self.by_digest.get(key).await
            && live.settled.load(Ordering::Acquire)
        {
            return Ok(Some(live));
        }
        loop {
            let read = async {
                let began = self.revocations.load(Ordering::Acquire);
                match read().await {
                    Ok(Some(stored)) => Ok(Arc::new(LiveSession::new(&stored, began))),
                    Ok(None) => Err(None),
                    Err(error) => Err(Some(error)),
                }
            };
            let live = match self.by_digest.entry(*key).or_try_insert_with(read).await {
                Ok(entry) => entry.into_value(),
                Err(missing) => {
                    return Arc::try_unwrap(missing)
                        .map_or_else(|shared| shared_miss(shared.as_ref().as_ref()), own_miss);
                }
            };
            if live.settled.load(Ordering::Acquire) || live.began == self.revocations.load(Ordering::Acquire) {
                live.settled.store(true, Ordering::Release);
                return Ok(Some(live));
            }
            // A session ended while this one was being read; it may be this one. Read again.
            self.by_digest.invalidate(key).await;
        }
    }

    /// How often something changed so far.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Something was changed in the store, also where no session was touched.
    pub(super) fn something_changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets ended sessions: no request that starts after this returns is served by them.
    pub(super) async fn forget(&self, ended: &[EndedSession]) {
        self.something_changed();
        if ended.is_empty() {
            return;
        }
        self.revocations.fetch_add(1, Ordering::AcqRel);
        for session in ended {
            self.drop_session(&session.digest).await;
        }
    }

    /// Forgets what is known of sessions that go on: the next request reads them again.
    pub(super) async fn reread(&self, changed: &[EndedSession]) {
        self.something_changed();
        if changed.is_empty() {
            return;
        }
        self.revocations.fetch_add(1, Ordering::AcqRel);
        for session in changed {
            self.by_digest.invalidate(session.digest.as_bytes()).await;
        }
    }

    /// Notes a use for the next [`take_uses`](Self::take_uses).
    pub(super) fn note_use(&self, digest: &Digest, session: SessionId, at: Timestamp) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if uses.len() < self.capacity || uses.contains_key(digest.as_bytes()) {
            uses.insert(*digest.as_bytes(), (session, at));
        }
    }

    /// What was noted since the last time.
    pub(super) fn take_uses(&self) -> Uses {
        std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts back what could not be written; newer uses stay.
    pub(super) fn keep_uses(&self, older: Uses) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        for (digest, used) in older {
            if uses.len() < self.capacity {
                uses.entry(digest).or_insert(used);
            }
        }
    }

    /// Forgets one session, to read it again.
    pub(super) async fn drop_session(&self, digest: &Digest) {
        if let Some(live) = self.by_digest.remove(digest.as_bytes()).await {
            live.ended.store(true, Ordering::Release);
        }
    }
}

type Miss = Result<Option<Arc<LiveSession>>, Arc<StoreError>>;

fn own_miss(miss: Option<StoreError>) -> Miss {
    miss.map_or(Ok(None), |error| Err(Arc::new(error)))
}

/// Several asked at once and share the answer; the error itself can be owned by none of them.
fn shared_miss(miss: Option<&StoreError>) -> Miss {
    match miss {
        None => Ok(None),
        Some(error) => Err(Arc::new(StoreError::Shared(error.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_are_ascii_and_unambiguous() {
        assert_eq!(header_text("hanako"), "hanako");
        assert_eq!(header_text("花子"), "%E8%8A%B1%E5%AD%90");
        assert_eq!(header_text("a%b"), "a%25b");
        assert_eq!(header_text("a\r\nX-Evil: 1"), "a%0D%0AX-Evil: 1");
    }
}
