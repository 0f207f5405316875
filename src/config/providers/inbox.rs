//! The development inbox: nothing leaves the machine.

use std::path::Path;

use super::{ChannelKind, ProviderTable};
use crate::config::read::tables;

tables! {
    /// Carries nothing: it shows the messages on a page, for trying out. `[inbox]` says where.
    Keys {}
}

/// Nothing to know.
#[derive(Clone, Copy, Debug)]
pub struct InboxProvider;

impl ProviderTable for Keys {
    type Checked = InboxProvider;
    const CARRIES: &'static [ChannelKind] = &ChannelKind::ALL;

    fn checked(self, _directory: &Path) -> Option<InboxProvider> {
        Some(InboxProvider)
    }
}
