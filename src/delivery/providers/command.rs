//! A program of this machine. It gets a message on its standard input, and nothing of it in arguments or environment,
//! which every process can read. Its output is not logged: it may repeat what it was given.

use std::{fmt::Write as _, process::Stdio, time::Duration};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::outcome_called;
use crate::{
    config::{AnswerOutcome, CommandConfig},
    delivery::provider::{Body, Outcome, Outgoing, Provider, ProviderId, Refusal},
};

/// Where programs look for others.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// No name of a message is longer.
const OUTPUT: u64 = 4096;

/// A program.
#[derive(Clone, Debug)]
pub(super) struct Command {
    config: CommandConfig,
    timeout: Duration,
}

impl Command {
    /// As configured; each run gets this long.
    pub(super) fn new(config: &CommandConfig, timeout: Duration) -> Self {
        Self { config: config.clone(), timeout }
    }

    async fn run(&self, message: &Outgoing) -> Outcome {
        let spawned = tokio::process::Command::new(&self.config.command)
            .args(&self.config.arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => {
                tracing::error!(command = %self.config.command.display(), %error, "the command cannot be run");
                return Outcome::Refused(Refusal::Misconfigured);
            }
        };
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let text = document(message);
        let tell = async {
            if let Some(mut stdin) = stdin {
                // A program that does not read says with its exit code what it did.
                drop(stdin.write_all(text.as_bytes()).await);
            }
        };
        let listen = async {
            let mut said = Vec::new();
            if let Some(stdout) = stdout {
                drop(stdout.take(OUTPUT).read_to_end(&mut said).await);
            }
            said
        };
        let (ended, (), said) = tokio::join!(child.wait(), tell, listen);
        match ended {
            Ok(status) => self.outcome(status.code(), &said),
            Err(_unknown) => Outcome::Ambiguous,
        }
    }

    fn outcome(&self, code: Option<i32>, said: &[u8]) -> Outcome {
        // Killed by a signal: nobody knows.
        let Some(code) = code.and_then(|code| u8::try_from(code).ok()) else { return Outcome::Ambiguous };
        let told = self.config.exit_codes.iter().find(|(known, _)| *known == code);
        let word = told.map_or_else(|| usual(code), |(_, outcome)| AnswerOutcome::as_str(outcome));
        match outcome_called(word, None) {
            Some(Outcome::Accepted { .. }) => {
                let line = said.split(|byte| *byte == b'\n').next().unwrap_or_default();
                let provider_id = std::str::from_utf8(line).ok().and_then(|line| ProviderId::parse(line.trim()));
                Outcome::Accepted { provider_id }
            }
            Some(other) => other,
            None => Outcome::Ambiguous,
        }
    }
}

/// sysexits.h, where it has a word for it.
const fn usual(code: u8) -> &'static str {
    match code {
        0 => "accepted",
        65 => "invalid_number",
        69 => "unavailable",
        75 => "throttled",
        77 => "auth_failed",
        78 => "misconfigured",
        _ => "ambiguous",
    }
}

/// Lines of names and values, an empty line, the text.
fn document(message: &Outgoing) -> String {
    let mut document = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _infallible = writeln!(document, "{name}: {value}");
    };
    line("id", &message.id.to_string());
    line("channel", message.body.channel());
    line("purpose", message.purpose.as_str());
    line("language", message.language.tag());
    line("to", message.body.to());
    if let Some(extension) = message.body.extension() {
        line("extension", extension);
    }
    if let Body::Mail { mail, .. } = &message.body {
        line("subject", &mail.subject);
    }
    line("expires-in", &message.expires_at.since(message.at).as_secs().to_string());
    document.push('\n');
    document.push_str(&message.body.text());
    document.push('\n');
    document
}

#[async_trait::async_trait]
impl Provider for Command {
    fn name(&self) -> &'static str {
        "command"
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        // Dropped, the program is killed; what it did until then nobody knows.
        tokio::time::timeout(self.timeout, self.run(message)).await.unwrap_or(Outcome::Ambiguous)
    }
}

#[cfg(test)]
mod tests;
