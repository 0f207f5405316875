//! Where carriers say what became of a message they took: seconds later, twice, or never. A report is a hint for the page
//! that waits; it must never prove anything of anybody.

use crate::{
    clock::{SharedClock, Timestamp},
    store::{DeliveryReport, OutboxId, Store, StoreError},
};

/// Takes what carriers report. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reports {
    store: Store,
    clock: SharedClock,
}

impl Reports {
    /// They are kept with the messages of this store.
    pub const fn new(store: Store, clock: SharedClock) -> Self {
        Self { store, clock }
    }

    /// The time, as the reports are dated.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Keeps the report of a message. `false`: it says nothing new, no carrier took it, or it cannot be true of its channel.
    pub async fn take(&self, message: OutboxId, report: DeliveryReport) -> Result<bool, StoreError> {
        let kept = self.store.report_message(message, report, self.clock.now()).await?;
        if kept {
            tracing::info!(%message, report = report.as_str(), "reported");
        }
        Ok(kept)
    }
}
