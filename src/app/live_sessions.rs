//! The sessions in memory: a bounded cache in front of the store, keyed by the cookie's random bits. The store is the
//! truth; whatever ends a session there is forgotten here before its answer goes out.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};

use http::HeaderValue;

use crate::{
    access::Principal,
    clock::Timestamp,
    keyring::{GenuineToken, TokenId},
    session::SessionId,
    store::{EndedSession, StoreError, StoredSession},
};

/// A session as the hot path sees it: limits to compare, header values ready to copy.
#[derive(Debug)]
pub(super) struct LiveSession {
    pub(super) principal: Arc<Principal>,
    pub(super) created_at: Timestamp,
    last_used: AtomicI64,
    stored_used: AtomicI64,
    ended: AtomicBool,
}

impl LiveSession {
    fn new(stored: &StoredSession) -> Self {
        let StoredSession { session, account } = stored;
        let last_used = session.last_used_at().as_millis();
        let groups = account.groups.iter().map(crate::account::Group::as_str).collect::<Vec<_>>().join(",");
        let principal = Principal {
            account: account.id,
            session: session.id(),
            second_step: session.second_step(),
            user: header_text(account.user_name.as_str()),
            email: account.email.as_ref().map(|email| header_text(email.as_str())),
            groups: header_text(&groups),
            level: HeaderValue::from_static(if session.second_step().level() == 2 { "2" } else { "1" }),
        };
        Self {
            principal: Arc::new(principal),
            created_at: session.created_at(),
            last_used: AtomicI64::new(last_used),
            stored_used: AtomicI64::new(last_used),
            ended: AtomicBool::new(false),
        }
    }

    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
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

/// Names and groups may hold any letter; header values are visible ASCII. Everything else travels percent-encoded in
/// UTF-8 (RFC 3986 §2.1), and so does `%` itself, so that decoding is unambiguous.
fn header_text(text: &str) -> HeaderValue {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const KEEP: &AsciiSet = &CONTROLS.add(b'%');
    let encoded = utf8_percent_encode(text, KEEP).to_string();
    HeaderValue::from_str(&encoded)
        .unwrap_or_else(|_never: http::header::InvalidHeaderValue| HeaderValue::from_static(""))
}

/// The cache.
#[derive(Debug)]
pub(super) struct LiveSessions {
    by_token: moka::future::Cache<TokenId, Arc<LiveSession>>,
    by_id: moka::sync::Cache<SessionId, TokenId>,
    /// Counts revocations, so that a read that began before one is not kept after it.
    revocations: AtomicU64,
}

impl LiveSessions {
    pub(super) fn new(capacity: u64) -> Self {
        Self {
            by_token: moka::future::Cache::builder().max_capacity(capacity).build(),
            by_id: moka::sync::Cache::builder().max_capacity(capacity).build(),
            revocations: AtomicU64::new(0),
        }
    }

    /// The session of a genuine cookie: from memory, or read once however many ask. `None` when there is none.
    pub(super) async fn find<F>(
        &self,
        token: GenuineToken,
        read: impl Fn() -> F,
    ) -> Result<Option<Arc<LiveSession>>, Arc<StoreError>>
    where
        F: Future<Output = Result<Option<StoredSession>, StoreError>>,
    {
        if let Some(live) = self.by_token.get(token.id()).await {
            return Ok(Some(live));
        }
        loop {
            let before = self.revocations.load(Ordering::Acquire);
            let read = async {
                match read().await {
                    Ok(Some(stored)) => Ok(Arc::new(LiveSession::new(&stored))),
                    Ok(None) => Err(None),
                    Err(error) => Err(Some(error)),
                }
            };
            let entry = match self.by_token.entry(*token.id()).or_try_insert_with(read).await {
                Ok(entry) => entry,
                Err(missing) => {
                    return Arc::try_unwrap(missing)
                        .map_or_else(|shared| shared_miss(shared.as_ref().as_ref()), own_miss);
                }
            };
            let live = entry.value().clone();
            self.by_id.insert(live.principal.session, *token.id());
            if self.revocations.load(Ordering::Acquire) == before {
                return Ok(Some(live));
            }
            // A session ended while this one was being read; it may be this one. Read again.
            self.by_token.invalidate(token.id()).await;
        }
    }

    /// Forgets ended sessions: no request that starts after this returns is served by them.
    pub(super) async fn forget(&self, ended: &[EndedSession]) {
        if ended.is_empty() {
            return;
        }
        self.revocations.fetch_add(1, Ordering::AcqRel);
        for session in ended {
            let Some(token) = self.by_id.get(&session.id) else { continue };
            if let Some(live) = self.by_token.get(&token).await {
                live.ended.store(true, Ordering::Release);
            }
            self.by_token.invalidate(&token).await;
            self.by_id.invalidate(&session.id);
        }
    }

    /// Forgets one cookie, to read it again.
    pub(super) async fn drop_token(&self, token: GenuineToken) {
        self.by_token.invalidate(token.id()).await;
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
