//! Whom operators' warnings go to.

use std::path::Path;

use serde_json::json;

use super::{
    ProviderConfig,
    problem::quoted,
    providers::{Mail, Second},
    read::{Refusal, Text, tables},
};

/// A mail address and nothing else.
#[derive(Clone, Debug)]
pub(super) struct Address(pub(super) String);

impl Text for Address {
    const KIND: &'static str = "a mail address";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if text.parse::<lettre::Address>().is_err() {
            return Err(Refusal::new(
                format!("{} is not a mail address", quoted(text)),
                "one address, as in \"operators@example.jp\"",
            ));
        }
        Ok(Self(text.to_owned()))
    }
    fn constraint() -> serde_json::Value {
        json!({ "format": "email" })
    }
}

tables! {
    /// Tells operators what the log says as an error about messages to telephones: too few codes come back, a budget is used
    /// up. Each is told once.
    Warnings {
        /// Whom.
        mail: Address = required,
        /// Who carries them. Without it: the provider of `[mail]`. With `provider = "webhook"` each is posted to a service of
        /// your own.
        by: Second<Mail> = optional,
    }
}

/// Whom operators' warnings go to.
#[derive(Clone, Debug)]
pub struct WarningsConfig {
    /// A mail address.
    pub mail: String,
    /// Who carries them; `None`: the provider of mail.
    pub by: Option<ProviderConfig>,
}

pub(super) fn warnings(raw: Warnings, directory: &Path) -> Option<WarningsConfig> {
    let by = match raw.by {
        Some(by) => Some(by.value.checked(directory)?),
        None => None,
    };
    Some(WarningsConfig { mail: raw.mail?.value.0, by })
}
