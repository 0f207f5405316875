//! A signed JSON request to a service of the operator's own.

use std::path::Path;

use url::Url;

use super::{ChannelKind, ProviderTable, service_url::ServiceUrl};
use crate::config::{
    ConfiguredSecret,
    read::{At, tables},
};

tables! {
    /// Posts each message as signed JSON to a service of your own. `docs/delivery.md` has the format.
    Keys {
        /// Where messages are posted: https, or http to this machine alone.
        url: ServiceUrl = required,
        /// The key of the signature (`webhook-signature`, HMAC-SHA-256): `whsec_` and Base64, or any line of ASCII.
        secret: ConfiguredSecret = required,
        /// The whole `Authorization` header, where the service wants one, as in `Bearer …`.
        authorization: ConfiguredSecret = optional,
    }
}

/// Where, and signed with what.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// Messages are posted there.
    pub url: Url,
    /// Key of the signature.
    pub secret: ConfiguredSecret,
    /// `Authorization` header.
    pub authorization: Option<ConfiguredSecret>,
}

impl ProviderTable for Keys {
    type Checked = WebhookConfig;
    const CARRIES: &'static [ChannelKind] = &ChannelKind::ALL;

    fn secrets(&self) -> Vec<(&'static str, Option<&At<ConfiguredSecret>>)> {
        vec![("secret", self.secret.as_ref()), ("authorization", self.authorization.as_ref())]
    }

    fn checked(self, directory: &Path) -> Option<WebhookConfig> {
        Some(WebhookConfig {
            url: self.url?.value.0,
            secret: self.secret?.value.below(directory),
            authorization: self.authorization.map(|secret| secret.value.below(directory)),
        })
    }
}
