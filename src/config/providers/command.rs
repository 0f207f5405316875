//! A program of this machine.

use std::path::{Path, PathBuf};

use super::{
    ChannelKind, ProviderTable,
    answer::{AnswerOutcome, check_exit_codes},
    named::Named,
};
use crate::config::{
    problem::Report,
    read::{OneOrMany, Refusal, Text, tables},
    value::FilePath,
};

tables! {
    /// Gives each message to a program of this machine, on its standard input. `docs/delivery.md` has the format.
    Keys {
        /// The program; no shell is asked.
        command: FilePath = required,
        /// Its arguments, the same each time: every process of this machine can read them.
        arguments: OneOrMany<Argument> = default([]),
        /// What its exit codes mean, as in `{ "3" = "quota_exhausted" }`. Without it, and for all others: 0 is `accepted`, 65
        /// `invalid_number`, 69 `unavailable`, 75 `throttled`, 77 `auth_failed`, 78 `misconfigured` (sysexits.h), anything
        /// else `ambiguous`.
        exit_codes: Named<AnswerOutcome> = default({}),
    }
}

/// An argument of a program.
#[derive(Clone, Debug)]
pub(super) struct Argument(String);

impl Text for Argument {
    const KIND: &'static str = "an argument";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if text.contains('\0') {
            return Err(Refusal::new("holds a NUL".to_owned(), "take it out"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// What to run, and what its exit codes mean.
#[derive(Clone, Debug)]
pub struct CommandConfig {
    /// The program.
    pub command: PathBuf,
    /// The same each time.
    pub arguments: Vec<String>,
    /// Those that mean something else than usual.
    pub exit_codes: Vec<(u8, AnswerOutcome)>,
}

impl ProviderTable for Keys {
    type Checked = CommandConfig;
    const CARRIES: &'static [ChannelKind] = &ChannelKind::ALL;

    fn check(&self, table: &str, report: &mut Report<'_>) {
        if let Some(codes) = &self.exit_codes {
            check_exit_codes(&codes.value, &format!("{table}.exit_codes"), report);
        }
    }

    fn checked(self, directory: &Path) -> Option<CommandConfig> {
        let codes = self.exit_codes?.value.0.into_iter();
        Some(CommandConfig {
            command: directory.join(self.command?.value.0),
            arguments: self.arguments?.value.0.into_iter().map(|argument| argument.value.0).collect(),
            exit_codes: codes.filter_map(|(name, outcome)| Some((name.parse().ok()?, outcome.value))).collect(),
        })
    }
}
