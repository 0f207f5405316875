//! The phones and mailboxes of the story: what the development inbox shows.

use std::net::SocketAddr;

use serde::Deserialize;

use super::eventually;

/// One message.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Message {
    /// Counts up.
    pub(crate) id: u64,
    /// `sms`, `voice` or `mail`.
    pub(crate) channel: String,
    /// Number or address.
    pub(crate) to: String,
    /// What it says.
    pub(crate) text: String,
    /// A call that nobody answered.
    #[serde(default)]
    pub(crate) unanswered: bool,
}

impl Message {
    /// The code in it: after `#` at the end of a text message, spoken digit by digit in a call.
    pub(crate) fn code(&self) -> String {
        self.code_if_any().unwrap_or_else(|| panic!("a code of six digits in {self:?}"))
    }

    /// Notices carry none.
    fn code_if_any(&self) -> Option<String> {
        let line = match self.channel.as_str() {
            "sms" => self.text.rsplit('#').next(),
            _ => self.text.lines().find(|l| l.chars().all(|c| c.is_ascii_digit() || c == ' ')),
        };
        let digits: String = line.unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
        (digits.len() == 6).then_some(digits)
    }
}

/// The inbox of one gateway.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    origin: String,
    client: reqwest::Client,
}

impl Inbox {
    /// The inbox at this address.
    pub(crate) fn at(address: SocketAddr) -> Self {
        // Another test of this process may have installed it already.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().tls_certs_only([]).build().expect("a client");
        Self { origin: format!("http://{address}"), client }
    }

    /// All messages, newest first.
    pub(crate) async fn messages(&self) -> Vec<Message> {
        self.try_messages().await.expect("the inbox answers")
    }

    /// The same where the gateway may be dead.
    pub(crate) async fn try_messages(&self) -> Result<Vec<Message>, reqwest::Error> {
        self.client.get(format!("{}/messages.json", self.origin)).send().await?.json().await
    }

    /// Presses "Let it ring" beside a call, on the page of this origin; the status of the answer.
    pub(crate) async fn let_it_ring(&self, call: u64, from: &str) -> u16 {
        let form = self.client.post(format!("{}/messages/{call}/let-it-ring", self.origin));
        form.header("origin", from).send().await.expect("the inbox answers").status().as_u16()
    }

    /// Where its own page is.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The number of the newest message.
    pub(crate) async fn newest(&self) -> u64 {
        self.messages().await.first().map_or(0, |message| message.id)
    }

    /// Waits for the first code on this channel after that message; a notice may come in between.
    pub(crate) async fn code_after(&self, id: u64, channel: &str) -> Message {
        eventually(&format!("a code by {channel} after {id}"), async || {
            let fits = |m: &Message| m.id > id && m.channel == channel && m.code_if_any().is_some();
            self.messages().await.into_iter().rev().find(fits)
        })
        .await
    }

    /// Waits for the first message on this channel after that one; the worker sends in the background.
    pub(crate) async fn after(&self, id: u64, channel: &str) -> Message {
        eventually(&format!("a message by {channel} after {id}"), async || {
            self.messages().await.into_iter().rev().find(|m| m.id > id && m.channel == channel)
        })
        .await
    }

    /// Waits for the first mail to this address.
    pub(crate) async fn mail_to(&self, address: &str) -> Message {
        eventually(&format!("a mail to {address}"), async || {
            self.messages().await.into_iter().rev().find(|m| m.channel == "mail" && m.to == address)
        })
        .await
    }
}
