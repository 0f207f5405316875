//! Passwords that are being checked. Each is counted as wrong before it is known to be, so that many at once are no more
//! than one after the other. One that meets a limit which those before it may be about to give back waits for them: a
//! whole office behind one address types the right passwords at nine o'clock.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{AppError, Result};
use crate::{clock::Timestamp, secret::Digest};

/// That many wait for one limit; the next is told that much is going on.
const MOST_WAITING: usize = 256;
/// So long at most: a check takes tens of milliseconds.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Limits nobody asks any more are forgotten when there are so many.
const KEPT: usize = 1_024;

/// What is being checked, by the limits it is counted against.
#[derive(Debug, Default)]
pub(super) struct Tries {
    limits: Mutex<HashMap<[u8; 32], Arc<Limit>>>,
}

#[derive(Debug, Default)]
struct Limit {
    /// Asked one at a time: what is granted is known before the next one asks.
    asking: tokio::sync::Mutex<()>,
    granted: AtomicUsize,
    waiting: AtomicUsize,
    ended: Notify,
}

/// A try that was granted, until what came of it is stored.
#[derive(Debug)]
pub(super) struct Trying(Arc<Limit>);

impl Drop for Trying {
    fn drop(&mut self) {
        self.0.granted.fetch_sub(1, Ordering::SeqCst);
        self.0.ended.notify_one();
    }
}

impl Tries {
    /// Asks the store for a try until it grants one, or refuses one while nobody else's is open: from when on then.
    /// `ask` answers `None` for granted.
    pub(super) async fn spend<F>(
        &self,
        key: &Digest,
        ask: impl Fn() -> F + Send + Sync,
    ) -> Result<std::result::Result<Trying, Timestamp>>
    where
        F: Future<Output = Result<Option<Timestamp>>> + Send,
    {
        let limit = self.limit(key);
        if limit.waiting.fetch_add(1, Ordering::SeqCst) >= MOST_WAITING {
            limit.waiting.fetch_sub(1, Ordering::SeqCst);
            return Err(AppError::Busy);
        }
        let spent = tokio::time::timeout(LONGEST_WAIT, limit.clone().spend(ask)).await;
        limit.waiting.fetch_sub(1, Ordering::SeqCst);
        if !matches!(spent, Ok(Ok(Ok(_)))) {
            // The next one that waits asks for itself.
            limit.ended.notify_one();
        }
        spent.unwrap_or(Err(AppError::Busy))
    }

    fn limit(&self, key: &Digest) -> Arc<Limit> {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        if limits.len() >= KEPT {
            limits.retain(|_, limit| Arc::strong_count(limit) > 1);
        }
        limits.entry(*key.as_bytes()).or_default().clone()
    }
}

impl Limit {
    async fn spend<F>(
        self: Arc<Self>,
        ask: impl Fn() -> F + Send + Sync,
    ) -> Result<std::result::Result<Trying, Timestamp>>
    where
        F: Future<Output = Result<Option<Timestamp>>> + Send,
    {
        loop {
            let mut ended = pin!(self.ended.notified());
            {
                let _one_at_a_time = self.asking.lock().await;
                let Some(until) = ask().await? else {
                    self.granted.fetch_add(1, Ordering::SeqCst);
                    return Ok(Ok(Trying(self.clone())));
                };
                // Before looking: what ends from now on wakes us.
                ended.as_mut().enable();
                if self.granted.load(Ordering::SeqCst) == 0 {
                    return Ok(Err(until));
                }
            }
            ended.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIL: Timestamp = Timestamp::from_secs(1_800_000_600);

    /// A limit as the store keeps it.
    struct Store {
        spent: AtomicUsize,
        most: usize,
    }

    impl Store {
        fn ask(&self) -> Option<Timestamp> {
            let granted = self.spent.load(Ordering::SeqCst) < self.most;
            if granted {
                self.spent.fetch_add(1, Ordering::SeqCst);
            }
            (!granted).then_some(UNTIL)
        }
    }

    async fn all_at_once(right: bool) -> (usize, usize) {
        let (tries, store) = (Tries::default(), Store { spent: AtomicUsize::new(0), most: 5 });
        let (most, key) = (AtomicUsize::new(0), Digest::new([7; 32]));
        let outcomes = futures_util::future::join_all((0..40).map(async |_| {
            let Ok(trying) = tries.spend(&key, || async { Ok(store.ask()) }).await.unwrap() else { return false };
            most.fetch_max(store.spent.load(Ordering::SeqCst), Ordering::SeqCst);
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            if right {
                store.spent.fetch_sub(1, Ordering::SeqCst);
            }
            drop(trying);
            true
        }))
        .await;
        (outcomes.into_iter().filter(|granted| *granted).count(), most.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn what_is_given_back_is_waited_for_and_what_is_not_is_refused_to_all() {
        assert_eq!(all_at_once(true).await, (40, 5), "never more than the limit at once");
        assert_eq!(all_at_once(false).await, (5, 5), "and nobody waits for ever");
    }
}
