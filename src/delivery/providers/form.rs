//! A form or a query to a gateway that speaks HTTP. What its answers mean is for the operator to say: by status, and by
//! what the body looks like.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use url::{Url, form_urlencoded};

use super::{ProviderUnusable, header_of, outcome_by_rules};
use crate::{
    config::{AnswerRule, FormConfig, FormMethod, Parameter, Placeholder, Template},
    delivery::{
        http::Http,
        provider::{Outcome, Outgoing, Provider},
    },
    secret::SecretBytes,
};

/// A gateway that speaks HTTP.
pub(super) struct Form {
    url: Url,
    method: FormMethod,
    parameters: Vec<(String, Filling)>,
    authorization: Option<HeaderValue>,
    answers: Vec<AnswerRule>,
    http: Http,
}

/// The value of a parameter.
enum Filling {
    Template(Template),
    Secret(SecretBytes),
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Form(…)")
    }
}

impl Form {
    /// As configured; reads its secrets.
    pub(super) fn new(config: &FormConfig, http: Http) -> Result<Self, ProviderUnusable> {
        let filling = |(name, value): &(String, Parameter)| {
            let filling = match value {
                Parameter::Template(template) => Filling::Template(template.clone()),
                Parameter::Secret(secret) => {
                    let secret = secret.read().map_err(|error| ProviderUnusable::Secret("parameters", error))?;
                    Filling::Secret(secret)
                }
            };
            Ok((name.clone(), filling))
        };
        let authorization = config.authorization.as_ref();
        Ok(Self {
            url: config.url.clone(),
            method: config.method,
            parameters: config.parameters.iter().map(filling).collect::<Result<_, ProviderUnusable>>()?,
            authorization: authorization.map(|secret| header_of("authorization", secret)).transpose()?,
            answers: config.answers.clone(),
            http,
        })
    }

    fn request(&self, message: &Outgoing) -> Result<Request<Bytes>, http::Error> {
        let part = |placeholder: Placeholder| match placeholder {
            Placeholder::To => message.body.to().to_owned(),
            Placeholder::Digits => message.body.to().trim_start_matches('+').to_owned(),
            Placeholder::Text => message.body.text(),
            Placeholder::Id => message.id.to_string(),
            Placeholder::Language => message.language.tag().to_owned(),
            Placeholder::ExpiresIn => message.expires_at.since(message.at).as_secs().to_string(),
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, filling) in &self.parameters {
            match filling {
                Filling::Template(template) => form.append_pair(name, &template.fill(part)),
                Filling::Secret(secret) => form.append_pair(name, &String::from_utf8_lossy(secret.expose())),
            };
        }
        let form = form.finish();
        let mut request = match self.method {
            FormMethod::Post => Request::builder()
                .method(Method::POST)
                .uri(self.url.as_str())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8"),
            FormMethod::Get => {
                let mut url = self.url.clone();
                let query = match url.query().filter(|query| !query.is_empty()) {
                    Some(query) => format!("{query}&{form}"),
                    None => form.clone(),
                };
                url.set_query(Some(&query));
                Request::builder().method(Method::GET).uri(url.as_str())
            }
        };
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.body(if self.method == FormMethod::Post { Bytes::from(form) } else { Bytes::new() })
    }
}

#[async_trait::async_trait]
impl Provider for Form {
    fn name(&self) -> &'static str {
        "form"
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        let Ok(request) = self.request(message) else { return Outcome::Unavailable };
        match self.http.exchange(request).await {
            Ok(answer) => outcome_by_rules(&self.answers, &answer),
            Err(unanswered) => unanswered.into(),
        }
    }
}

#[cfg(test)]
mod tests;
