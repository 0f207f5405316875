//! A bounded place for password hashing: each hash takes memory and a core for tens of milliseconds, so only so many
//! run at a time, only so many wait, and the rest are refused at once. Forwarded requests never wait for it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Semaphore;

use super::{AppError, Result};

/// The pool.
#[derive(Debug)]
pub(super) struct HashingPool {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
}

/// Counts a waiter for as long as it waits, also when its request is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl HashingPool {
    pub(super) fn new(parallel: usize, queue: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(parallel.max(1))), waiting: AtomicUsize::new(0), queue }
    }

    /// Runs `work` on a blocking thread once a place is free.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = match self.places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_all_taken) => {
                let before = self.waiting.fetch_add(1, Ordering::AcqRel);
                let _waiting = Waiting(&self.waiting);
                if before >= self.queue {
                    return Err(AppError::Busy);
                }
                self.places.clone().acquire_owned().await.map_err(|_closed| AppError::Stopping)?
            }
        };
        // The place moves along: it is free when the hash is done, even if nobody waits for it any more.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        done.await.map_err(|_cancelled| AppError::Stopping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_fit_the_queue_is_refused_at_once() {
        let pool = Arc::new(HashingPool::new(1, 1));
        let (release, held) = std::sync::mpsc::channel::<()>();
        let mut first = Box::pin(pool.run(move || held.recv().is_ok()));
        let mut second = Box::pin(pool.run(|| true));
        // Each is polled once: the first takes the place, the second waits.
        assert!(futures_poll(&mut first).is_none());
        assert!(futures_poll(&mut second).is_none());
        assert!(matches!(pool.run(|| true).await, Err(AppError::Busy)));
        release.send(()).unwrap();
        assert!(first.await.unwrap());
        assert!(second.await.unwrap());
        assert!(pool.run(|| true).await.unwrap(), "the place is free again");
    }

    fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(future).poll(&mut context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }
}
