//! A mail server.

use std::path::Path;

use serde_json::json;

use super::{ChannelKind, ProviderTable};
use crate::config::{
    ConfiguredSecret,
    problem::{Report, quoted},
    read::{At, Refusal, Text, Whole, tables},
    value::{word, words},
};

tables! {
    /// Gives mail to a mail server (SMTP submission, RFC 6409).
    Keys {
        /// The mail server, by name.
        host: MailHost = required,
        /// Its port. Without it: 587, with `encryption = "tls"` 465.
        port: Whole<1, 65_535> = optional,
        /// `starttls`: the connection turns to TLS before anything is said; `tls`: it begins so; `none`: only for a mail server
        /// on this machine. There is no "if the server can".
        encryption: SmtpEncryption = default("starttls"),
        /// User name. Without it nobody signs in.
        username: MailText = optional,
        /// The password of `username`.
        password: ConfiguredSecret = optional,
        /// Whom mails come from, as in `Seller Console <no-reply@example.jp>`.
        from: Mailbox = required,
        /// Where answers go, when not to `from`.
        reply_to: Mailbox = optional,
    }
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpEncryption {
    /// It turns to TLS before anything is said.
    StartTls,
    /// It begins so.
    Tls,
    /// Not at all.
    None,
}

const ENCRYPTIONS: [(&str, SmtpEncryption); 3] =
    [("starttls", SmtpEncryption::StartTls), ("tls", SmtpEncryption::Tls), ("none", SmtpEncryption::None)];

impl Text for SmtpEncryption {
    const KIND: &'static str = "a kind of encryption";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "a kind of encryption", &ENCRYPTIONS)
    }
    fn constraint() -> serde_json::Value {
        words(&ENCRYPTIONS)
    }
}

/// A host name or an address.
#[derive(Clone, Debug)]
pub(super) struct MailHost(String);

impl Text for MailHost {
    const KIND: &'static str = "a host name";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if url::Host::parse(text).is_err() || text.contains(['@', '/', '[']) {
            return Err(Refusal::new(format!("{} is not a host name", quoted(text)), "as in \"smtp.example.jp\""));
        }
        Ok(Self(text.to_owned()))
    }
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct MailText(String);

impl Text for MailText {
    const KIND: &'static str = "a text";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(Refusal::new("is not one line".to_owned(), "write it as the mail server knows it"));
        }
        Ok(Self(text.to_owned()))
    }

    fn constraint() -> serde_json::Value {
        json!({ "minLength": 1 })
    }
}

/// Whom a mail is from: an address, with a name before it or without.
#[derive(Clone, Debug)]
pub(super) struct Mailbox(lettre::message::Mailbox);

impl Text for Mailbox {
    const KIND: &'static str = "a mail address";

    fn parse(text: &str) -> Result<Self, Refusal> {
        text.parse().map(Self).map_err(|_unreadable| {
            let help = "as in \"no-reply@example.jp\" or \"Seller Console <no-reply@example.jp>\"";
            Refusal::new("is not a mail address".to_owned(), help)
        })
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "@" })
    }
}

/// Where the mail server is, and what is said to it.
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    /// Name, for resolution and certificate.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: SmtpEncryption,
    /// User name and password.
    pub credentials: Option<(String, ConfiguredSecret)>,
    /// Whom mails come from.
    pub from: lettre::message::Mailbox,
    /// Where answers go.
    pub reply_to: Option<lettre::message::Mailbox>,
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl ProviderTable for Keys {
    type Checked = SmtpConfig;
    const CARRIES: &'static [ChannelKind] = &[ChannelKind::Mail];

    fn check(&self, table: &str, report: &mut Report<'_>) {
        if let (Some(host), Some(encryption)) = (&self.host, &self.encryption)
            && encryption.value == SmtpEncryption::None
            && !is_this_machine(&host.value.0)
        {
            let message = format!("{table}.encryption: \"none\" is for a mail server on this machine");
            let help = "whoever sees the traffic could use every link: starttls or tls".to_owned();
            report.add(encryption.span.as_ref(), message, Some(help));
        }
        match (&self.username, &self.password) {
            (Some(name), None) => {
                let help = "as in password = { file = \"/etc/sekisho/smtp.secret\" }".to_owned();
                report.add(name.span.as_ref(), format!("{table}.username: has no password"), Some(help));
            }
            (None, Some(password)) => {
                let help = "name the user with username".to_owned();
                report.add(password.span.as_ref(), format!("{table}.password: whose?"), Some(help));
            }
            _ => {}
        }
    }

    fn secrets(&self) -> Vec<(&'static str, Option<&At<ConfiguredSecret>>)> {
        vec![("password", self.password.as_ref())]
    }

    fn checked(self, directory: &Path) -> Option<SmtpConfig> {
        let encryption = self.encryption?.value;
        let usual = if encryption == SmtpEncryption::Tls { 465 } else { 587 };
        let port = self.port.map_or(Some(usual), |port| u16::try_from(port.value.0).ok())?;
        let credentials = match (self.username, self.password) {
            (Some(name), Some(password)) => Some((name.value.0, password.value.below(directory))),
            _ => None,
        };
        Some(SmtpConfig {
            host: self.host?.value.0,
            port,
            encryption,
            credentials,
            from: self.from?.value.0,
            reply_to: self.reply_to.map(|mailbox| mailbox.value.0),
        })
    }
}
