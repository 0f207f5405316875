//! What one request carries from hook to hook.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use super::{
    drain::InWork,
    head::{Head, RequestId},
    held::OnItsWay,
    upstream::Attempts,
};
use crate::access::{Cors, Permit};

/// The context of one request.
pub(crate) struct RequestContext {
    /// Its name in the log and on error pages.
    pub request: RequestId,
    /// When its head was complete.
    pub started: Instant,
    /// Once it is admitted.
    pub head: Option<Head>,
    /// Once the gate has let it through. Without one there is no upstream.
    pub permit: Option<Permit>,
    /// A kept form that takes the place of the request's own body.
    pub held: Option<OnItsWay>,
    /// What its rule says to pages of other origins.
    pub cors: Option<Arc<Cors>>,
    /// It is the console's own sign-out, and our session has ended.
    pub signing_out: bool,
    /// Attempts to reach the console so far.
    pub attempts: Attempts,
    /// Given back when the request is answered.
    pub in_work: Option<InWork>,
    /// Hooks that panicked, of the whole gateway.
    pub panics: Arc<AtomicU64>,
}

impl Drop for RequestContext {
    fn drop(&mut self) {
        // Pingora drops the connection without a word: this line is all that is left of the request.
        if std::thread::panicking() {
            let panics = self.panics.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::error!(request = %self.request, panics, "a hook panicked; the connection was dropped");
        }
    }
}
