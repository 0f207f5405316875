//! The keys of Amazon's two services: End User Messaging SMS and Voice v2 (`aws`), and SNS (`sns`).

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
    problem::{Report, quoted},
    read::{At, Refusal, Text, tables},
};

/// A region.
#[derive(Clone, Debug)]
pub(in crate::config) struct Region(String);

impl Text for Region {
    const KIND: &'static str = "a region";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let usable = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && text.contains('-');
        if !usable {
            return Err(Refusal::new(format!("{} is not a region", quoted(text)), "as in \"ap-northeast-1\""));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[a-z0-9]+(-[a-z0-9]+)+$" })
    }
}

tables! {
    /// AWS End User Messaging SMS and Voice v2: text messages and calls.
    Keys {
        /// The region whose endpoint is asked.
        region: Region = required,
        /// The id of an access key. Without it the role of the machine is asked for temporary ones (EC2, IMDSv2).
        access_key: ConfiguredSecret = optional,
        /// The secret of `access_key`.
        secret_key: ConfiguredSecret = optional,
        /// The session token, where the access key is a temporary one.
        session_token: ConfiguredSecret = optional,
        /// The number, pool or sender that messages come from: its id, its ARN or itself. Calls need one; without it AWS
        /// chooses for text messages.
        origination: Given = optional,
        /// The configuration set messages are sent with.
        configuration_set: Given = optional,
        /// The protect configuration that decides about destinations.
        protect_configuration: Given = optional,
        /// Who speaks Japanese in calls.
        voice_ja: Given = default("TAKUMI"),
        /// Who speaks English.
        voice_en: Given = default("JOANNA"),
        /// Where the API is, in place of the region's own endpoint.
        url: ServiceUrl = optional,
    }

    /// Amazon SNS: text messages.
    SnsKeys {
        /// The region whose endpoint is asked.
        region: Region = required,
        /// The id of an access key. Without it the role of the machine is asked for temporary ones (EC2, IMDSv2).
        access_key: ConfiguredSecret = optional,
        /// The secret of `access_key`.
        secret_key: ConfiguredSecret = optional,
        /// The session token, where the access key is a temporary one.
        session_token: ConfiguredSecret = optional,
        /// Whom messages come from: a number of the account, or a name where the country allows it.
        from: SenderId = optional,
        /// Where the API is, in place of the region's own endpoint.
        url: ServiceUrl = optional,
    }
}

/// Whose requests they are.
#[derive(Clone, Debug)]
pub struct AwsAccess {
    /// `ap-northeast-1`
    pub region: String,
    /// Id and secret; `None`: the role of the machine.
    pub keys: Option<(ConfiguredSecret, ConfiguredSecret)>,
    /// Of a temporary key.
    pub session_token: Option<ConfiguredSecret>,
    /// In place of the region's own endpoint.
    pub url: Option<Url>,
}

/// End User Messaging and how it is used.
#[derive(Clone, Debug)]
pub struct AwsProvider {
    /// Whose requests they are.
    pub access: AwsAccess,
    /// Whom messages come from.
    pub origination: Option<String>,
    /// The configuration set.
    pub configuration_set: Option<String>,
    /// The protect configuration.
    pub protect_configuration: Option<String>,
    /// The Japanese voice.
    pub voice_ja: String,
    /// The English one.
    pub voice_en: String,
}

/// SNS and how it is used.
#[derive(Clone, Debug)]
pub struct SnsProvider {
    /// Whose requests they are.
    pub access: AwsAccess,
    /// Whom messages come from.
    pub from: Option<SenderId>,
}

type Secret = Option<At<ConfiguredSecret>>;

fn check_pair(table: &str, region: Option<&At<Region>>, keys: (&Secret, &Secret, &Secret), report: &mut Report<'_>) {
    let Some(region) = region else { return };
    let (key, secret, token) = keys;
    if key.is_some() != secret.is_some() || (token.is_some() && key.is_none()) {
        let message = format!("{table}.access_key: the key and secret_key go together");
        report.add(region.span.as_ref(), message, Some("give both, or neither for the machine's role".to_owned()));
    }
}

fn access(
    region: Option<At<Region>>,
    (key, secret, token): (Secret, Secret, Secret),
    url: Option<At<ServiceUrl>>,
    directory: &Path,
) -> Option<AwsAccess> {
    let read = |at: Secret| at.map(|at| at.value.below(directory));
    Some(AwsAccess {
        region: region?.value.0,
        keys: read(key).zip(read(secret)),
        session_token: read(token),
        url: url.map(|url| url.value.0),
    })
}

impl ProviderTable for Keys {
    type Checked = AwsProvider;
    const CARRIES: &'static [ChannelKind] = &[ChannelKind::Sms, ChannelKind::Voice];

    fn check(&self, table: &str, report: &mut Report<'_>) {
        let keys = (&self.access_key, &self.secret_key, &self.session_token);
        check_pair(table, self.region.as_ref(), keys, report);
        if table.starts_with("voice")
            && self.origination.is_none()
            && let Some(region) = &self.region
        {
            let help = "the id of a number that can call".to_owned();
            report.add(region.span.as_ref(), format!("{table}.origination: calls come from a number"), Some(help));
        }
    }

    fn secrets(&self) -> Vec<(&'static str, Option<&At<ConfiguredSecret>>)> {
        vec![
            ("access_key", self.access_key.as_ref()),
            ("secret_key", self.secret_key.as_ref()),
            ("session_token", self.session_token.as_ref()),
        ]
    }

    fn checked(self, directory: &Path) -> Option<AwsProvider> {
        let keys = (self.access_key, self.secret_key, self.session_token);
        let given = |at: Option<At<Given>>| at.map(|at| at.value.0);
        Some(AwsProvider {
            access: access(self.region, keys, self.url, directory)?,
            origination: given(self.origination),
            configuration_set: given(self.configuration_set),
            protect_configuration: given(self.protect_configuration),
            voice_ja: self.voice_ja?.value.0,
            voice_en: self.voice_en?.value.0,
        })
    }
}

impl ProviderTable for SnsKeys {
    type Checked = SnsProvider;
    const CARRIES: &'static [ChannelKind] = &[ChannelKind::Sms];

    fn check(&self, table: &str, report: &mut Report<'_>) {
        let keys = (&self.access_key, &self.secret_key, &self.session_token);
        check_pair(table, self.region.as_ref(), keys, report);
    }

    fn secrets(&self) -> Vec<(&'static str, Option<&At<ConfiguredSecret>>)> {
        vec![
            ("access_key", self.access_key.as_ref()),
            ("secret_key", self.secret_key.as_ref()),
            ("session_token", self.session_token.as_ref()),
        ]
    }

    fn checked(self, directory: &Path) -> Option<SnsProvider> {
        let keys = (self.access_key, self.secret_key, self.session_token);
        let from = self.from.map(|from| from.value);
        Some(SnsProvider { access: access(self.region, keys, self.url, directory)?, from })
    }
}
