//! Who carries messages, one file each. Adding one: its file here, its keys in `config/providers`, a line in each list.

pub mod inbox;

use std::{path::PathBuf, sync::Arc};

use self::inbox::Inbox;
use super::{
    http::{Http, HttpUnusable},
    provider::Carrier,
};
use crate::{
    config::{Config, DeliveryConfig, ProviderConfig, SecretUnreadable},
    keyring::Keyring,
};

/// What providers are made with.
#[derive(Clone, Debug)]
pub struct Means {
    /// Where the development inbox keeps its messages.
    pub inbox: Inbox,
    /// For what only this gateway can have written, as in the address of a callback.
    pub keyring: Arc<Keyring>,
    /// `https://host[:port]` of the gateway: where providers report to.
    pub origin: String,
    /// How providers are reached over HTTP.
    pub delivery: DeliveryConfig,
    http: Option<Http>,
}

/// Why a provider cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ProviderUnusable {
    /// A secret it needs.
    #[error("{0}: {1}")]
    Secret(&'static str, SecretUnreadable),
    /// The HTTP client.
    #[error(transparent)]
    Http(#[from] HttpUnusable),
    /// A file it needs.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Means {
    /// As configured.
    pub fn new(config: &Config, inbox: Inbox, keyring: Arc<Keyring>) -> Self {
        let origin = config.public_url.origin();
        Self { inbox, keyring, origin, delivery: config.delivery.clone(), http: None }
    }

    /// The one pooled client, made for the first provider that needs it.
    pub(in crate::delivery) fn http(&mut self) -> Result<Http, HttpUnusable> {
        if let Some(http) = &self.http {
            return Ok(http.clone());
        }
        let http = Http::new(&self.delivery)?;
        self.http = Some(http.clone());
        Ok(http)
    }
}

/// The provider of a table of the configuration.
pub(super) fn provider(config: &ProviderConfig, means: &mut Means) -> Result<Carrier, ProviderUnusable> {
    Ok(match config {
        ProviderConfig::Inbox(_) => Arc::new(means.inbox.clone()),
    })
}
