//! The keys of Media SMS (メディアSMS): text messages to Japanese mobile telephones over domestic routes.

use std::path::Path;

use serde_json::json;
use url::Url;

use super::{
    ChannelKind, ProviderTable,
    answer::{self, AnswerRule},
    names::Given,
    service_url::ServiceUrl,
};
use crate::config::{
    ConfiguredSecret,
    problem::quoted,
    read::{At, Many, Refusal, Text, tables},
};

tables! {
    /// Media SMS (メディアSMS): text messages to Japanese mobile telephones over domestic routes.
    Keys {
        /// Where the contract says that messages are posted.
        url: ServiceUrl = required,
        /// User name.
        username: Given = required,
        /// The password of `username`.
        password: ConfiguredSecret = required,
        /// The name that messages seem to come from on international routes: 2 to 11 letters and digits, not digits alone.
        /// Domestic routes show the number of the contract.
        from: Title = optional,
        /// What answers mean beyond their status, as the contract says it.
        answer: Many<answer::Answer> = default([]),
    }
}

/// `smstitle`
#[derive(Clone, Debug)]
pub(super) struct Title(String);

impl Text for Title {
    const KIND: &'static str = "a name";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let usable = (2..=11).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !text.bytes().all(|byte| byte.is_ascii_digit());
        if !usable {
            let help = "2 to 11 letters and digits, not digits alone";
            return Err(Refusal::new(format!("{} is no name that Media SMS takes", quoted(text)), help));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[A-Za-z0-9]{2,11}$" })
    }
}

/// A contract with Media SMS.
#[derive(Clone, Debug)]
pub struct MediaSmsProvider {
    /// Messages are posted there.
    pub url: Url,
    /// User name and password.
    pub credentials: (String, ConfiguredSecret),
    /// `smstitle`.
    pub from: Option<String>,
    /// The first that fits decides; without one the status does.
    pub answers: Vec<AnswerRule>,
}

impl ProviderTable for Keys {
    type Checked = MediaSmsProvider;
    const CARRIES: &'static [ChannelKind] = &[ChannelKind::Sms];

    fn secrets(&self) -> Vec<(&'static str, Option<&At<ConfiguredSecret>>)> {
        vec![("password", self.password.as_ref())]
    }

    fn checked(self, directory: &Path) -> Option<MediaSmsProvider> {
        Some(MediaSmsProvider {
            url: self.url?.value.0,
            credentials: (self.username?.value.0, self.password?.value.below(directory)),
            from: self.from.map(|title| title.value.0),
            answers: answer::rules(self.answer?.value)?,
        })
    }
}
