//! How slowly a client may send or take bytes. Only the time we wait for the client counts: while the console is slow, or
//! has nothing to say, nobody is measured.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

/// One direction of one connection.
#[derive(Debug)]
pub(super) struct Pace {
    /// Waiting time that is looked at as a whole.
    window: Duration,
    /// Bytes that have to move in it; 0: nothing is measured.
    least: u64,
    waited: Duration,
    moved: u64,
    /// While we wait: since when.
    since: Option<Instant>,
    /// Kept from wait to wait.
    over: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// So many bytes a second, on average over `window`.
    pub(super) fn new(bytes_per_second: u64, window: Duration) -> Self {
        let least = bytes_per_second.saturating_mul(window.as_secs());
        Self { window, least, waited: Duration::ZERO, moved: 0, since: None, over: None }
    }

    /// From here on anew.
    pub(super) fn restart(&mut self) {
        (self.waited, self.moved, self.since) = (Duration::ZERO, 0, None);
    }

    /// So many bytes have moved: we do not wait any more.
    pub(super) fn moved(&mut self, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
        self.moved = self.moved.saturating_add(bytes as u64);
        if self.waited >= self.window && self.moved >= self.least {
            self.restart();
        }
    }

    /// How long nothing has moved although it was to.
    pub(super) fn stands_still(&self) -> Duration {
        self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Nothing can move now. Ready: the client is too slow.
    pub(super) fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.least == 0 {
            self.since.get_or_insert_with(Instant::now);
            return Poll::Pending;
        }
        loop {
            let left = self.window.saturating_sub(self.waited);
            let over = self.over.get_or_insert_with(|| Box::pin(sleep(left)));
            if self.since.is_none() {
                let now = Instant::now();
                self.since = Some(now);
                over.as_mut().reset(now + left);
            }
            ready!(over.as_mut().poll(cx));
            if self.moved < self.least {
                return Poll::Ready(());
            }
            self.restart();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(30);

    /// Waits for bytes that never come; how long it took to lose patience.
    async fn patience(pace: &mut Pace) -> Duration {
        let started = Instant::now();
        poll_fn(|cx| pace.poll_too_slow(cx)).await;
        started.elapsed()
    }

    /// Waits so long, and then so many bytes move.
    async fn after(pace: &mut Pace, wait: Duration, bytes: usize) {
        let waited = tokio::time::timeout(wait, poll_fn(|cx| pace.poll_too_slow(cx))).await;
        assert!(waited.is_err(), "too early");
        pace.moved(bytes);
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_nothing_or_too_little_is_waited_for_no_longer_than_the_window() {
        assert_eq!(patience(&mut Pace::new(100, WINDOW)).await, WINDOW);
        let mut drips = Pace::new(100, WINDOW);
        for _ in 0..29 {
            after(&mut drips, Duration::from_secs(1), 99).await;
        }
        assert_eq!(patience(&mut drips).await, Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_fast_enough_is_never_too_slow() {
        let mut steady = Pace::new(100, WINDOW);
        for _ in 0..1000 {
            after(&mut steady, Duration::from_secs(1), 150).await;
        }
        // What was fast before does not pay for what is slow later.
        assert!(patience(&mut steady).await <= 2 * WINDOW);
        let mut unmeasured = Pace::new(0, WINDOW);
        let waited = tokio::time::timeout(Duration::from_hours(10), poll_fn(|cx| unmeasured.poll_too_slow(cx))).await;
        assert!(waited.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn it_knows_how_long_nothing_has_moved() {
        for pace in [100, 0] {
            let mut pace = Pace::new(pace, WINDOW);
            assert_eq!(pace.stands_still(), Duration::ZERO);
            after(&mut pace, Duration::from_secs(7), 1).await;
            assert_eq!(pace.stands_still(), Duration::ZERO, "it moves");
            let waited = tokio::time::timeout(Duration::from_secs(9), poll_fn(|cx| pace.poll_too_slow(cx))).await;
            assert_eq!((waited.is_err(), pace.stands_still()), (true, Duration::from_secs(9)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_waiting_counts() {
        let mut pace = Pace::new(100, WINDOW);
        for _ in 0..20 {
            after(&mut pace, Duration::from_secs(1), 1).await;
            // The console takes its time with it.
            tokio::time::sleep(Duration::from_hours(1)).await;
        }
        assert_eq!(patience(&mut pace).await, Duration::from_secs(10));
        pace.restart();
        assert_eq!(patience(&mut pace).await, WINDOW);
    }
}
