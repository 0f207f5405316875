//! The keys of Vonage: text messages by its SMS API, calls by its Voice API.

use std::path::{Path, PathBuf};

use url::Url;

use super::{
    ChannelKind, ProviderTable,
    names::{Given, SenderId},
    service_url::ServiceUrl,
};
use crate::config::{
    ConfiguredSecret,
    problem::Report,
    read::{At, Refusal, Text, tables},
    value::{FilePath, word, words},
};

tables! {
    /// Vonage: text messages by its SMS API, calls by its Voice API.
    Keys {
        /// The account's API key. Text messages need it.
        api_key: Given = optional,
        /// The secret of `api_key`.
        api_secret: ConfiguredSecret = optional,
        /// The id of the application that calls. Calls need it.
        application: Given = optional,
        /// The application's private key, PEM.
        private_key: FilePath = optional,
        /// The account's signature secret. Reports of delivery are signed with it: without it none is asked for.
        signature_secret: ConfiguredSecret = optional,
        /// How reports of text messages are signed, as the account is set up: `sha256` or `sha512` (HMAC). Reports of calls
        /// are always HMAC-SHA-256.
        signature_method: SignatureMethod = default("sha256"),
        /// The number or name that messages come from. Calls need a number.
        from: SenderId = required,
        /// Is a call ended that a machine takes, so that no code is left on it? Calls with an extension are not looked at: a
        /// machine puts those through.
        hang_up_on_machines: bool = default(true),
        /// Are reports of delivery asked for? They come to `/.sekisho/callback/vonage/…` from the public internet.
        reports: bool = default(true),
        /// Where the API is, in place of `https://rest.nexmo.com` for text messages and `https://api.nexmo.com` for calls.
        url: ServiceUrl = optional,
    }
}

/// The hash of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureMethod {
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

const METHODS: [(&str, SignatureMethod); 2] =
    [("sha256", SignatureMethod::Sha256), ("sha512", SignatureMethod::Sha512)];

impl Text for SignatureMethod {
    const KIND: &'static str = "a signature method";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "a signature method that is strong enough", &METHODS)
    }
    fn constraint() -> serde_json::Value {
        words(&METHODS)
    }
}

/// A Vonage account and how it is used.
#[derive(Clone, Debug)]
pub struct VonageProvider {
    /// Text messages: key and secret.
    pub account: Option<(String, ConfiguredSecret)>,
    /// Calls: the application and the file of its key.
    pub application: Option<(String, PathBuf)>,
    /// Signatures of reports.
    pub signature: Option<(SignatureMethod, ConfiguredSecret)>,
    /// Whom messages come from.
    pub from: SenderId,
    /// Are calls that a machine takes ended?
    pub hang_up_on_machines: bool,
    /// Are reports asked for?
    pub reports: bool,
    /// In place of Vonage's own.
    pub url: Option<Url>,
}

impl ProviderTable for Keys {
    type Checked = VonageProvider;
    const CARRIES: &'static [ChannelKind] = &[ChannelKind::Sms, ChannelKind::Voice];

    fn check(&self, table: &str, report: &mut Report<'_>) {
        // Without a sender that is all there is to say.
        let Some(from) = &self.from else { return };
        let mut missing = |message: String, help: &str| report.add(from.span.as_ref(), message, Some(help.to_owned()));
        if table.starts_with("voice") {
            if !from.value.is_number() {
                missing(format!("{table}.from: calls come from a number"), "as in \"+815012345678\"");
            }
            if self.application.is_none() || self.private_key.is_none() {
                missing(format!("{table}.application: calls are made by one, with its private_key"), "give both");
            }
        } else if self.api_key.is_none() || self.api_secret.is_none() {
            missing(format!("{table}.api_key: text messages need the key and api_secret"), "give both");
        }
    }

    fn secrets(&self) -> Vec<(&'static str, Option<&At<ConfiguredSecret>>)> {
        vec![("api_secret", self.api_secret.as_ref()), ("signature_secret", self.signature_secret.as_ref())]
    }

    fn private_key(&self) -> Option<&At<FilePath>> {
        self.private_key.as_ref()
    }

    fn checked(self, directory: &Path) -> Option<VonageProvider> {
        let secret = |at: Option<At<ConfiguredSecret>>| at.map(|at| at.value.below(directory));
        let key = self.private_key.map(|file| directory.join(file.value.0));
        Some(VonageProvider {
            account: self.api_key.map(|key| key.value.0).zip(secret(self.api_secret)),
            application: self.application.map(|id| id.value.0).zip(key),
            signature: Some(self.signature_method?.value).zip(secret(self.signature_secret)),
            from: self.from?.value,
            hang_up_on_machines: self.hang_up_on_machines?.value,
            reports: self.reports?.value,
            url: self.url.map(|url| url.value.0),
        })
    }
}
