//! Real programs: what they are told, what others can see of it, and what their end means.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::delivery::peer::{self, NUMBER, TEXT};

struct Script {
    directory: tempfile::TempDir,
    exit_codes: Vec<(u8, AnswerOutcome)>,
}

impl Script {
    fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("send");
        std::fs::write(&path, format!("#!/bin/sh\ncd {}\n{text}\n", directory.path().display())).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        Self { directory, exit_codes: Vec::new() }
    }

    async fn send(&self, message: &Outgoing) -> Outcome {
        let config = CommandConfig {
            command: self.directory.path().join("send"),
            arguments: vec!["--always".to_owned(), "the same".to_owned()],
            exit_codes: self.exit_codes.clone(),
        };
        Command::new(&config, Duration::from_secs(5)).send(message).await
    }

    fn kept(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(name)).unwrap()
    }
}

#[tokio::test]
async fn the_message_is_on_standard_input_and_nowhere_else() {
    let script = Script::new("cat > input; echo \"$@\" > arguments; env > environment; echo msg-17");
    let message = peer::sms();
    let outcome = script.send(&message).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: ProviderId::parse("msg-17") });
    let id = message.id;
    let input =
        format!("id: {id}\nchannel: sms\npurpose: code\nlanguage: ja\nto: {NUMBER}\nexpires-in: 300\n\n{TEXT}\n");
    assert_eq!(script.kept("input"), input);
    assert_eq!(script.kept("arguments"), "--always the same\n");
    let environment = script.kept("environment");
    assert!(!environment.contains("123456") && !environment.contains("9012345678"), "{environment}");
    assert!(!environment.contains("CARGO"), "nothing of ours is passed on: {environment}");
}

#[tokio::test]
async fn a_call_is_told_with_its_extension_and_a_mail_with_its_subject() {
    let script = Script::new("cat >> input");
    script.send(&peer::voice()).await;
    script.send(&peer::mail()).await;
    let input = script.kept("input");
    assert!(input.contains("channel: voice\n") && input.contains("extension: 12\n"), "{input}");
    assert!(input.contains("subject: 【セラーコンソール】"), "{input}");
}

#[tokio::test]
async fn an_exit_code_is_an_outcome() {
    let cases = [
        ("exit 0", Outcome::ACCEPTED),
        ("cat > /dev/null; exit 65", Outcome::Refused(Refusal::InvalidNumber)),
        ("exit 69", Outcome::Unavailable),
        ("exit 75", Outcome::Throttled { retry_after: None }),
        ("exit 77", Outcome::Refused(Refusal::AuthFailed)),
        ("exit 78", Outcome::Refused(Refusal::Misconfigured)),
        ("exit 1", Outcome::Ambiguous),
        ("kill -9 $$", Outcome::Ambiguous),
    ];
    for (text, expected) in cases {
        assert_eq!(Script::new(text).send(&peer::sms()).await, expected, "{text}");
    }
}

#[tokio::test]
async fn what_cannot_be_run_is_a_mistake_of_the_configuration() {
    let config = CommandConfig { command: "/nowhere/at/all".into(), arguments: Vec::new(), exit_codes: Vec::new() };
    let outcome = Command::new(&config, Duration::from_secs(1)).send(&peer::sms()).await;
    assert_eq!(outcome, Outcome::Refused(Refusal::Misconfigured));
}

#[tokio::test]
async fn a_program_that_does_not_end_is_killed_and_what_it_did_is_unknown() {
    let script = Script::new("echo $$ > pid; exec sleep 1000");
    let config =
        CommandConfig { command: script.directory.path().join("send"), arguments: Vec::new(), exit_codes: Vec::new() };
    let command = Command::new(&config, Duration::from_millis(700));
    assert_eq!(command.send(&peer::sms()).await, Outcome::Ambiguous);
    let pid = script.kept("pid");
    let process = format!("/proc/{}/stat", pid.trim());
    for _ in 0..200 {
        // A killed child is gone, or a zombie until the runtime reaps it.
        match std::fs::read_to_string(&process) {
            Ok(stat) if !stat.contains(") Z ") => tokio::task::yield_now().await,
            _ => return,
        }
        std::thread::yield_now();
    }
    panic!("{pid} still runs");
}
