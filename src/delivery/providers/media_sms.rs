//! Media SMS (メディアSMS): a form for each text message, to Japanese mobile numbers in their national spelling. What its
//! answers say beyond their HTTP status is in each contract's papers, so the operator says it.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, header};

use super::{Means, ProviderUnusable, outcome_by_rules};
use crate::{
    account::PhoneNumber,
    config::{AnswerRule, MediaSmsProvider},
    delivery::{
        http::Http,
        provider::{Body, Outcome, Outgoing, Provider, Refusal},
    },
    secret::SecretBytes,
};

/// What domestic routes reach: mobile numbers, 11 digits.
const MOBILE: [&str; 5] = ["090", "080", "070", "060", "020"];

/// A contract with Media SMS.
pub(super) struct MediaSms {
    http: Http,
    url: url::Url,
    username: String,
    password: SecretBytes,
    from: Option<String>,
    answers: Vec<AnswerRule>,
}

impl fmt::Debug for MediaSms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MediaSms(…)")
    }
}

impl MediaSms {
    pub(super) fn new(config: &MediaSmsProvider, means: &mut Means) -> Result<Self, ProviderUnusable> {
        let (username, password) = &config.credentials;
        let password = password.read().map_err(|unreadable| ProviderUnusable::Secret("password", unreadable))?;
        Ok(Self {
            http: means.http()?,
            url: config.url.clone(),
            username: username.clone(),
            password,
            from: config.from.clone(),
            answers: config.answers.clone(),
        })
    }

    fn request(&self, number: &str, text: &str) -> Option<Request<Bytes>> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("username", &self.username);
        form.append_pair("password", &String::from_utf8_lossy(self.password.expose()));
        form.append_pair("mobilenumber", number);
        form.append_pair("smstext", text);
        if let Some(title) = &self.from {
            form.append_pair("smstitle", title);
        }
        Request::builder()
            .method(Method::POST)
            .uri(self.url.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
            .body(Bytes::from(form.finish()))
            .ok()
    }
}

/// `09012345678`; `None` where domestic routes do not lead.
fn domestic(to: &PhoneNumber) -> Option<String> {
    let national = format!("0{}", to.e164().strip_prefix("+81")?);
    (national.len() == 11 && MOBILE.iter().any(|prefix| national.starts_with(prefix))).then_some(national)
}

#[async_trait::async_trait]
impl Provider for MediaSms {
    fn name(&self) -> &'static str {
        "media_sms"
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        let Body::Sms { to, text } = &message.body else { return Outcome::Refused(Refusal::Misconfigured) };
        // Another provider may reach it.
        let Some(number) = domestic(to) else { return Outcome::Refused(Refusal::Misconfigured) };
        let Some(request) = self.request(&number, text) else { return Outcome::Refused(Refusal::Misconfigured) };
        match self.http.exchange(request).await {
            Ok(answer) => outcome_by_rules(&self.answers, &answer),
            Err(unanswered) => unanswered.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        config::{self, ProviderConfig},
        delivery::providers::{
            Carrier,
            peer::{Manner, Peer, a_call, a_text, is_never_sent_twice, means, run},
        },
        language::Language,
    };

    const OK: Manner = Manner::Answers("200 OK", "content-type: text/plain\r\n", "OK");

    /// Of `config/delivery/media-sms.toml`, with this peer in place of the contract's address.
    fn media_sms(url: &url::Url) -> MediaSms {
        let text = include_str!("../../../config/delivery/media-sms.toml");
        let text = text.replace("https://media-sms.example.jp/api", &format!("{url}api"));
        let text = text.replace("{ file = \"/etc/sekisho/media-sms-password\" }", "\"a&secret\"");
        let config = config::parse(&text, "sekisho.toml").unwrap_or_else(|problems| panic!("{problems}"));
        let Some(ProviderConfig::MediaSms(config)) = config.sms.map(|channel| channel.provider) else { panic!() };
        MediaSms::new(&config, &mut means()).unwrap()
    }

    #[test]
    fn a_text_message_reads_exactly_so() {
        let peer = Peer::start(OK);
        let message = a_text(Language::Ja);
        assert_eq!(run(media_sms(&peer.url).send(&message)), Outcome::ACCEPTED);
        let [seen] = &peer.seen()[..] else { panic!("one request") };
        assert_eq!(seen.line, "POST /api HTTP/1.1");
        let Body::Sms { text, .. } = &message.body else { panic!() };
        let expected = [
            ("username", "sekisho"),
            ("password", "a&secret"),
            ("mobilenumber", "09012345678"),
            ("smstext", text),
            ("smstitle", "Console"),
        ];
        assert_eq!(seen.form(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn only_japanese_mobile_numbers_are_carried() {
        let number = |typed: &str| domestic(&PhoneNumber::parse(typed, "JP").unwrap());
        assert_eq!(number("060-1234-5678").as_deref(), Some("06012345678"));
        assert_eq!(number("03-1234-5678"), None, "a landline");
        assert_eq!(number("050-1234-5678"), None, "VoIP");
        assert_eq!(number("+1 212 555 0123"), None, "abroad");
        let peer = Peer::start(OK);
        let outcome = run(media_sms(&peer.url).send(&a_call(Language::Ja, "03-1234-5678")));
        assert!(outcome == Outcome::Refused(Refusal::Misconfigured) && outcome.may_fail_over());
        assert!(peer.seen().is_empty());
    }

    #[test]
    fn answers_mean_what_the_contract_says() {
        let answered = |status: &'static str, body: &'static str| {
            let peer = Peer::start(Manner::Answers(status, "", body));
            run(media_sms(&peer.url).send(&a_text(Language::Ja)))
        };
        assert_eq!(answered("200 OK", "OK\n"), Outcome::ACCEPTED);
        assert_eq!(answered("200 OK", "<html>"), Outcome::Ambiguous, "not what the contract calls taken");
        assert_eq!(answered("401 Unauthorized", ""), Outcome::Refused(Refusal::AuthFailed));
        assert_eq!(answered("400 Bad Request", ""), Outcome::Refused(Refusal::Misconfigured));
    }

    #[test]
    fn what_may_have_been_taken_is_never_sent_twice() {
        let carrier = |url: &url::Url| -> Carrier { Arc::new(media_sms(url)) };
        is_never_sent_twice(carrier, &[a_text(Language::Ja)]);
    }
}
