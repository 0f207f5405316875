//! The keys of Twilio.

use std::path::Path;

use serde_json::json;
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
};

/// The name of an account.
#[derive(Clone, Debug)]
pub(in crate::config) struct AccountSid(String);

impl Text for AccountSid {
    const KIND: &'static str = "an account SID";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let digits = text.strip_prefix("AC").unwrap_or_default();
        if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            // Whoever mixes the two up has put the token here.
            return Err(Refusal::new("is not an account SID".to_owned(), "\"AC\" and 32 hexadecimal digits"));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^AC[0-9a-fA-F]{32}$" })
    }
}

/// A voice that obeys pauses.
#[derive(Clone, Debug)]
pub(in crate::config) struct VoiceName(String);

impl Text for VoiceName {
    const KIND: &'static str = "a voice";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let name = text.strip_prefix("Polly.").or_else(|| text.strip_prefix("Google.")).unwrap_or_default();
        let usable =
            (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !usable {
            let help = "a Polly or Google voice, as in \"Polly.Mizuki\"; the others run the digits together";
            return Err(Refusal::new("is not a voice that can be used".to_owned(), help));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^(Polly|Google)\\.[A-Za-z0-9_-]{1,64}$" })
    }
}

tables! {
    /// Twilio: text messages and calls.
    Keys {
        /// The account SID.
        account: AccountSid = required,
        /// The account's auth token. Reports of delivery are signed with it: without it, and without `webhook_key`, none is
        /// asked for.
        auth_token: ConfiguredSecret = optional,
        /// An API key's SID: requests are made with the key instead of the auth token.
        api_key: Given = optional,
        /// The secret of `api_key`.
        api_key_secret: ConfiguredSecret = optional,
        /// The shared key that Twilio signs reports with instead of the auth token, where the account is set up so.
        webhook_key: Given = optional,
        /// The secret of `webhook_key`.
        webhook_secret: ConfiguredSecret = optional,
        /// The number, short code or name that messages come from. Calls need a number.
        from: SenderId = optional,
        /// The SID of the messaging service that messages come from, in place of `from`.
        messaging_service: Given = optional,
        /// Who speaks Japanese in calls.
        voice_ja: VoiceName = default("Polly.Mizuki"),
        /// Who speaks English.
        voice_en: VoiceName = default("Polly.Joanna"),
        /// Are calls that a machine takes ended, so that no code is left on it? Detection costs money and needs reports of
        /// delivery. Calls with an extension are not looked at: a machine puts those through.
        hang_up_on_machines: bool = default(true),
        /// Are reports of delivery asked for? They come to `/.sekisho/callback/twilio/…` from the public internet.
        reports: bool = default(true),
        /// Where the API is: that of another region, as in `"https://api.dublin.ie1.twilio.com"`.
        url: ServiceUrl = default("https://api.twilio.com"),
    }
}

/// A Twilio account and how it is used.
#[derive(Clone, Debug)]
pub struct TwilioProvider {
    /// `AC…`.
    pub account: String,
    /// Requests and signatures.
    pub auth_token: Option<ConfiguredSecret>,
    /// Requests: an API key with its secret.
    pub api_key: Option<(String, ConfiguredSecret)>,
    /// Signatures: a shared key with its secret.
    pub webhook_key: Option<(String, ConfiguredSecret)>,
    /// Whom messages come from.
    pub from: Option<SenderId>,
    /// `MG…`, instead.
    pub messaging_service: Option<String>,
    /// The Japanese voice.
    pub voice_ja: String,
    /// The English one.
    pub voice_en: String,
    /// Are calls that a machine takes ended?
    pub hang_up_on_machines: bool,
    /// Are reports asked for?
    pub reports: bool,
    /// The API.
    pub url: Url,
}

impl ProviderTable for Keys {
    type Checked = TwilioProvider;
    const CARRIES: &'static [ChannelKind] = &[ChannelKind::Sms, ChannelKind::Voice];

    fn check(&self, table: &str, report: &mut Report<'_>) {
        // Without an account that is all there is to say.
        let Some(account) = &self.account else { return };
        let mut missing =
            |message: String, help: &str| report.add(account.span.as_ref(), message, Some(help.to_owned()));
        if self.api_key.is_some() != self.api_key_secret.is_some() {
            missing(format!("{table}.api_key: the key and api_key_secret go together"), "give both, or none");
        }
        if self.webhook_key.is_some() != self.webhook_secret.is_some() {
            missing(format!("{table}.webhook_key: the key and webhook_secret go together"), "give both, or none");
        }
        if self.auth_token.is_none() && self.api_key.is_none() {
            missing(format!("{table}.auth_token: missing"), "the account's auth token, or an api_key with its secret");
        }
        let number = self.from.as_ref().is_some_and(|from| from.value.is_number());
        if table.starts_with("voice") {
            if !number || self.messaging_service.is_some() {
                missing(format!("{table}.from: calls come from a number"), "as in \"+815012345678\"");
            }
        } else if self.from.is_some() == self.messaging_service.is_some() {
            missing(format!("{table}.from: messages come from one sender"), "give one of from and messaging_service");
        }
    }

    fn secrets(&self) -> Vec<(&'static str, Option<&At<ConfiguredSecret>>)> {
        vec![
            ("auth_token", self.auth_token.as_ref()),
            ("api_key_secret", self.api_key_secret.as_ref()),
            ("webhook_secret", self.webhook_secret.as_ref()),
        ]
    }

    fn checked(self, directory: &Path) -> Option<TwilioProvider> {
        let secret = |at: Option<At<ConfiguredSecret>>| at.map(|at| at.value.below(directory));
        let pair = |name: Option<At<Given>>, of: Option<At<ConfiguredSecret>>| Some((name?.value.0, secret(of)?));
        Some(TwilioProvider {
            account: self.account?.value.0,
            auth_token: secret(self.auth_token),
            api_key: pair(self.api_key, self.api_key_secret),
            webhook_key: pair(self.webhook_key, self.webhook_secret),
            from: self.from.map(|from| from.value),
            messaging_service: self.messaging_service.map(|service| service.value.0),
            voice_ja: self.voice_ja?.value.0,
            voice_en: self.voice_en?.value.0,
            hang_up_on_machines: self.hang_up_on_machines?.value,
            reports: self.reports?.value,
            url: self.url?.value.0,
        })
    }
}
