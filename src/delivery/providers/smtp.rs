//! A mail server, by submission (RFC 6409). One connection for a mail: until the mail itself is written nothing can have
//! been taken, and every failure before that is a definite one. No mail goes over a connection that is not protected.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use lettre::{
    Address, Message,
    message::{
        Mailbox, SinglePart,
        header::{self, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::ClientId,
    },
};
use url::Url;

use super::{Means, ProviderUnusable};
use crate::{
    config::{SecretUnreadable, SmtpConfig, SmtpEncryption},
    delivery::provider::{Body, Outcome, Outgoing, Provider, Refusal},
};

/// A mail server.
pub(super) struct Smtp {
    config: SmtpConfig,
    hello: ClientId,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    /// Of the gateway; behind the `@` of `Message-ID`.
    host: String,
    connect_timeout: Duration,
    timeout: Duration,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Smtp({}:{})", self.config.host, self.config.port)
    }
}

impl Smtp {
    /// As configured; reads the password and the certificate authorities.
    pub(super) fn new(config: &SmtpConfig, means: &Means) -> Result<Self, ProviderUnusable> {
        let credentials = match &config.credentials {
            Some((name, password)) => {
                let password = password.read().map_err(|error| ProviderUnusable::Secret("password", error))?;
                let password = String::from_utf8(password.expose().to_vec())
                    .map_err(|_not_text| ProviderUnusable::Secret("password", SecretUnreadable::Unusable))?;
                Some(Credentials::new(name.clone(), password))
            }
            None => None,
        };
        let tls = match config.encryption {
            SmtpEncryption::None => None,
            SmtpEncryption::StartTls | SmtpEncryption::Tls => Some(trust(&config.host, means.delivery.ca.as_deref())?),
        };
        let host = Url::parse(&means.origin).ok().and_then(|url| url.host_str().map(str::to_owned));
        let host = host.unwrap_or_else(|| "localhost".to_owned());
        Ok(Self {
            config: config.clone(),
            hello: ClientId::Domain(host.clone()),
            tls,
            credentials,
            host,
            connect_timeout: means.delivery.connect_timeout,
            timeout: means.delivery.timeout,
        })
    }

    /// A connection on which a mail can be sent.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let at_once = self.tls.clone().filter(|_| self.config.encryption == SmtpEncryption::Tls);
        let server = (self.config.host.as_str(), self.config.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.connect_timeout), &self.hello, at_once, None).await?;
        if let Some(tls) = self.tls.clone().filter(|_| self.config.encryption == SmtpEncryption::StartTls) {
            connection.starttls(tls, &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    /// Everything before the mail itself.
    async fn announce(&self, from: &Address, to: &Address) -> Result<AsyncSmtpConnection, Error> {
        let mut connection = self.connect().await?;
        connection.command(Mail::new(Some(from.clone()), Vec::new())).await?;
        connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
        connection.command(Data).await?;
        Ok(connection)
    }

    fn compose(&self, message: &Outgoing) -> Option<(Address, Message)> {
        let Body::Mail { to, mail } = &message.body else { return None };
        let to: Address = to.as_str().parse().ok()?;
        let at = u64::try_from(message.at.as_millis()).ok()?;
        let mut builder = Message::builder()
            .from(self.config.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(mail.subject.as_str())
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(at))
            // The same at each attempt: whoever takes it twice can tell.
            .message_id(Some(format!("<{}@{}>", message.id, self.host)))
            // RFC 3834 §5: no answers by machines.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        if let Some(reply_to) = &self.config.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let part = SinglePart::builder().header(header::ContentType::TEXT_PLAIN).body(mail.text.clone());
        Some((to, builder.singlepart(part).ok()?))
    }

    async fn hand_over(&self, to: &Address, mail: &Message) -> Outcome {
        let announced = tokio::time::timeout(self.timeout, self.announce(&self.config.from.email, to)).await;
        let mut connection = match announced {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return before(&error),
            Err(_too_slow) => return Outcome::Unavailable,
        };
        let outcome = match tokio::time::timeout(self.timeout, connection.message(&mail.formatted())).await {
            Ok(Ok(_taken)) => Outcome::ACCEPTED,
            // An answer is definite (RFC 5321 §4.2.1), anything else is not: the mail was written.
            Ok(Err(error)) if error.status().is_some() => refusal(&error),
            Ok(Err(_)) | Err(_) => Outcome::Ambiguous,
        };
        if outcome == Outcome::ACCEPTED {
            // It was taken, whatever becomes of the farewell.
            drop(tokio::time::timeout(Duration::from_secs(1), connection.quit()).await);
        }
        outcome
    }
}

/// Whom a mail server has to be vouched for by.
fn trust(host: &str, ca: Option<&Path>) -> Result<TlsParameters, ProviderUnusable> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca {
        let refuse = |reason: String| ProviderUnusable::File { path: path.to_owned(), reason };
        let pem = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
        let authority = Certificate::from_pem(&pem).map_err(|error| refuse(error.to_string()))?;
        builder = builder.add_root_certificate(authority);
    }
    builder.build_rustls().map_err(|error| ProviderUnusable::Other(error.to_string()))
}

/// A failure before the mail itself: nothing was taken.
fn before(error: &Error) -> Outcome {
    tracing::warn!(%error, "a mail server did not take a mail");
    if error.status().is_some() {
        return refusal(error);
    }
    if error.is_client() {
        // No STARTTLS, or no way to sign in that we know: it would be so the next time.
        return Outcome::Refused(Refusal::Misconfigured);
    }
    Outcome::Unavailable
}

/// RFC 5321 §4.2.3, RFC 4954 §6: what a status says.
fn refusal(error: &Error) -> Outcome {
    let Some(status) = error.status() else { return Outcome::Unavailable };
    let code = status.to_string();
    match code.as_str() {
        "421" | "450" | "451" | "454" => Outcome::Throttled { retry_after: None },
        "452" | "552" => Outcome::Refused(Refusal::QuotaExhausted),
        "530" | "534" | "535" | "538" => Outcome::Refused(Refusal::AuthFailed),
        "550" | "551" | "553" | "556" => Outcome::Refused(Refusal::InvalidNumber),
        "554" => Outcome::Refused(Refusal::ContentFiltered),
        _ if error.is_transient() => Outcome::Throttled { retry_after: None },
        _ => Outcome::Refused(Refusal::Misconfigured),
    }
}

#[async_trait::async_trait]
impl Provider for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        let Some((to, mail)) = self.compose(message) else { return Outcome::Refused(Refusal::InvalidNumber) };
        self.hand_over(&to, &mail).await
    }
}

#[cfg(test)]
mod tests;
