//! Stopping without cutting anybody off: counts requests in work, and once told to stop, lets no new connection in and
//! says when the last request is answered.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::Notify;

/// Shared by connections, requests and whoever stops the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drain(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    draining: AtomicBool,
    in_work: AtomicUsize,
    idle: Notify,
}

/// One request in work; dropped when it is answered, or when it has become a tunnel nobody waits for.
#[derive(Debug)]
pub(crate) struct InWork(Arc<Shared>);

impl Drain {
    /// Counts a request until the value is dropped.
    pub(crate) fn begin(&self) -> InWork {
        self.0.in_work.fetch_add(1, Ordering::SeqCst);
        InWork(self.0.clone())
    }

    /// Whether the server is stopping.
    pub(crate) fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::SeqCst)
    }

    /// From now on no new connection is let in. Resolves when no request is in work.
    pub(crate) async fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
        loop {
            let idle = self.0.idle.notified();
            if self.0.in_work.load(Ordering::SeqCst) == 0 {
                return;
            }
            idle.await;
        }
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        if self.0.in_work.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn draining_ends_with_the_last_request() {
        let drain = Drain::default();
        let (first, second) = (drain.begin(), drain.begin());
        assert!(!drain.is_draining());
        let waiter = drain.clone();
        let mut draining = std::pin::pin!(waiter.drain());
        assert!(futures_poll(draining.as_mut()).await.is_none());
        assert!(drain.is_draining());
        drop(first);
        assert!(futures_poll(draining.as_mut()).await.is_none());
        drop(second);
        draining.await;
    }

    async fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        tokio::time::timeout(std::time::Duration::ZERO, future).await.ok()
    }
}
