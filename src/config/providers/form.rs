//! A form or a query to a gateway that speaks HTTP: kannel, and whatever a provider without a file of its own offers.

use std::path::Path;

use serde_json::json;
use toml::{Spanned, de::DeValue};
use url::Url;

use super::{
    ChannelKind, ProviderTable,
    answer::{self, AnswerRule},
    named::{Named, Placeholder, Template},
    service_url::ServiceUrl,
};
use crate::config::{
    ConfiguredSecret,
    problem::Report,
    read::{At, Many, Refusal, Shape, Text, Value, tables},
    value::{word, words},
};

tables! {
    /// Sends each text message as a form to a gateway that speaks HTTP, such as kannel. `docs/delivery.md` has examples.
    Keys {
        /// Where the gateway is: https, or http to this machine alone.
        url: ServiceUrl = required,
        /// `POST` sends the parameters as a form; `GET` puts them behind the URL, where logs of others may keep them.
        method: FormMethod = default("POST"),
        /// The parameters by their names. `{to}`, `{to_digits}` (without `+`), `{text}`, `{id}`, `{language}` and `{expires_in}`
        /// (seconds) stand for parts of the message; a password is `{ file = … }` or `{ env = … }`.
        parameters: Named<Parameter> = required,
        /// The whole `Authorization` header, where the gateway wants one.
        authorization: ConfiguredSecret = optional,
        answer: Many<answer::Answer> = default([]),
    }
}

/// How parameters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormMethod {
    /// In the body.
    Post,
    /// Behind the URL.
    Get,
}

const METHODS: [(&str, FormMethod); 2] = [("POST", FormMethod::Post), ("GET", FormMethod::Get)];

impl Text for FormMethod {
    const KIND: &'static str = "a method";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "a method", &METHODS)
    }
    fn constraint() -> serde_json::Value {
        words(&METHODS)
    }
}

/// The value of a parameter.
#[derive(Clone, Debug)]
pub enum Parameter {
    /// Parts of the message.
    Template(Template),
    /// Kept elsewhere.
    Secret(ConfiguredSecret),
}

impl Value for Parameter {
    fn shape() -> Shape {
        let place = |key: &str| json!({ "type": "object", "properties": { (key): { "type": "string" } }, "required": [key], "additionalProperties": false });
        Shape::Leaf {
            kind: "text, `{ file = … }` or `{ env = … }`".to_owned(),
            schema: json!({ "anyOf": [{ "type": "string" }, place("file"), place("env")] }),
        }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(_) => <ConfiguredSecret as Value>::read(value, key, report).map(Self::Secret),
            _ => Template::read(value, key, report).map(Self::Template),
        }
    }
}

/// Where, with what, and what answers mean.
#[derive(Clone, Debug)]
pub struct FormConfig {
    /// Requests go there.
    pub url: Url,
    /// How parameters travel.
    pub method: FormMethod,
    /// In their order.
    pub parameters: Vec<(String, Parameter)>,
    /// `Authorization` header.
    pub authorization: Option<ConfiguredSecret>,
    /// The first that fits decides.
    pub answers: Vec<AnswerRule>,
}

impl ProviderTable for Keys {
    type Checked = FormConfig;
    const CARRIES: &'static [ChannelKind] = &[ChannelKind::Sms];

    fn check(&self, table: &str, report: &mut Report<'_>) {
        let Some(parameters) = &self.parameters else { return };
        let named = |wanted: &[Placeholder]| {
            parameters.value.0.iter().any(|(_, value)| match &value.value {
                Parameter::Template(template) => wanted.iter().any(|part| template.names(*part)),
                Parameter::Secret(_) => false,
            })
        };
        for (wanted, example) in [
            (&[Placeholder::To, Placeholder::Digits][..], "to = \"{to}\""),
            (&[Placeholder::Text], "text = \"{text}\""),
        ] {
            if !named(wanted) {
                let message = format!(
                    "{table}.parameters: none of them is the {}",
                    if wanted.len() > 1 { "number" } else { "text" }
                );
                report.add(parameters.span.as_ref(), message, Some(format!("as in {example}")));
            }
        }
    }

    fn secrets(&self) -> Vec<(&'static str, Option<&At<ConfiguredSecret>>)> {
        vec![("authorization", self.authorization.as_ref())]
    }

    fn checked(self, directory: &Path) -> Option<FormConfig> {
        let below = |value: Parameter| match value {
            Parameter::Secret(secret) => Parameter::Secret(secret.below(directory)),
            template @ Parameter::Template(_) => template,
        };
        Some(FormConfig {
            url: self.url?.value.0,
            method: self.method?.value,
            parameters: self.parameters?.value.0.into_iter().map(|(name, value)| (name, below(value.value))).collect(),
            authorization: self.authorization.map(|secret| secret.value.below(directory)),
            answers: answer::rules(self.answer?.value)?,
        })
    }
}
