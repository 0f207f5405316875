//! What providers tell us later, at an address of each message's own. Whoever calls must know the address and, where the
//! provider signs, its secret. What they say is a hint for the page that waits; it must never prove anything of anybody.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use http::HeaderMap;

use super::{callback_limit::CallbackLimit, line::Carriers, provider::Carrier, report::Reports};
use crate::{
    clock::Timestamp,
    entropy,
    keyring::Keyring,
    store::{OutboxId, StoreError},
};

/// One call to an address of ours.
#[derive(Clone, Copy)]
pub struct Callback<'a> {
    /// The whole address, of the configured origin and nothing the request said of its host: signatures cover it.
    pub url: &'a str,
    /// As they came.
    pub headers: &'a HeaderMap,
    /// As it came.
    pub body: &'a [u8],
    /// When it came.
    pub at: Timestamp,
}

/// The provider did not sign this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider did not sign this")]
pub struct NotGenuine;

/// Why a callback was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CallbackRefused {
    /// No address of ours.
    #[error("no address of ours")]
    Unknown,
    /// Not signed by the provider.
    #[error(transparent)]
    NotGenuine(#[from] NotGenuine),
    /// More than a message has reports; again from then on.
    #[error("too many reports of one message")]
    TooMany(Timestamp),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes callbacks for all providers.
#[derive(Clone, Debug)]
pub struct Callbacks {
    carriers: Vec<Carrier>,
    keyring: Arc<Keyring>,
    reports: Reports,
    origin: String,
    limit: Arc<CallbackLimit>,
}

impl Callbacks {
    /// For these providers. `origin`: `https://host[:port]` as configured.
    pub fn new(carriers: &Carriers, keyring: Arc<Keyring>, reports: Reports, origin: String) -> Self {
        Self { carriers: carriers.all().cloned().collect(), keyring, reports, origin, limit: Arc::default() }
    }

    /// Has this network asked for what is none of its own too often? Until then. Asked before anything is read.
    pub fn refuses(&self, address: IpAddr) -> Option<Timestamp> {
        self.limit.refuses(address, self.reports.now())
    }

    /// It asked for what is none of its own.
    pub fn refused(&self, address: IpAddr) {
        self.limit.refused(address, self.reports.now());
    }

    /// Is there such an address? Asked before the body is read.
    pub fn knows(&self, provider: &str, token: &str) -> bool {
        self.message(provider, token).is_some()
    }

    fn message(&self, provider: &str, token: &str) -> Option<OutboxId> {
        self.carriers.iter().find(|carrier| carrier.name() == provider)?;
        let id = self.keyring.genuine_callback(provider, token)?;
        OutboxId::parse(&entropy::encode_id(id))
    }

    /// Takes one. `target`: path and query as they were asked for.
    pub async fn take(
        &self,
        (provider, token): (&str, &str),
        target: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), CallbackRefused> {
        let message = self.message(provider, token).ok_or(CallbackRefused::Unknown)?;
        if let Some(until) = self.limit.report(message, self.reports.now()) {
            return Err(CallbackRefused::TooMany(until));
        }
        let url = format!("{}{target}", self.origin);
        let callback = Callback { url: &url, headers, body, at: self.reports.now() };
        // Text messages and calls may go by two accounts of one provider, with a secret each.
        for carrier in self.carriers.iter().filter(|carrier| carrier.name() == provider) {
            let Ok(said) = carrier.read_callback(&callback).await else { continue };
            if let Some(report) = said {
                self.reports.take(message, report).await?;
            }
            return Ok(());
        }
        Err(NotGenuine.into())
    }
}

/// Where a provider reports to.
#[derive(Clone, Debug)]
pub(in crate::delivery) struct ReportTo {
    provider: &'static str,
    origin: String,
    keyring: Arc<Keyring>,
}

impl ReportTo {
    /// `None` where no provider can reach the origin: a name of this machine, or of a network of one's own.
    pub(in crate::delivery) fn new(provider: &'static str, origin: &str, keyring: Arc<Keyring>) -> Option<Self> {
        let url = url::Url::parse(origin).ok()?;
        let public = match url.host()? {
            // Twilio refuses names with an underscore.
            url::Host::Domain(name) => {
                let last = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
                name.contains('.') && !name.contains('_') && !matches!(last, "localhost" | "internal" | "local")
            }
            url::Host::Ipv4(address) => !is_ours_alone(address),
            url::Host::Ipv6(_) => false,
        };
        public.then(|| Self { provider, origin: origin.to_owned(), keyring })
    }

    /// The address of this message's reports.
    pub(in crate::delivery) fn address(&self, message: OutboxId) -> Option<String> {
        let token = self.keyring.callback_token(self.provider, message.as_bytes())?;
        Some(format!("{}/.sekisho/callback/{}/{}", self.origin, self.provider, token.expose()))
    }
}

const fn is_ours_alone(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_private() || address.is_link_local() || address.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn reports_are_asked_for_only_where_a_provider_can_bring_them() {
        let entropy = SystemEntropy::new();
        let keyring = Arc::new(Keyring::generate(&entropy, Timestamp::EPOCH).unwrap());
        let to = |origin: &str| ReportTo::new("twilio", origin, keyring.clone());
        for origin in ["https://console.example.jp", "https://console.example.jp:8443", "https://203.0.113.7"] {
            let message = OutboxId::random(&entropy);
            let address = to(origin).unwrap().address(message).unwrap();
            let token = address.strip_prefix(&format!("{origin}/.sekisho/callback/twilio/")).unwrap();
            assert_eq!(keyring.genuine_callback("twilio", token), Some(*message.as_bytes()));
        }
        for origin in [
            "https://localhost:8443",
            "https://console",
            "https://gate.localhost",
            "https://gate.corp.internal",
            "https://a_b.example.jp",
            "https://127.0.0.1",
            "https://10.1.2.3",
            "https://[::1]",
        ] {
            assert!(to(origin).is_none(), "{origin}");
        }
    }
}
