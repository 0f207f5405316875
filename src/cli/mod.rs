//! The commands. Results go to standard output, words for the operator and log lines to standard error, secrets come
//! from standard input and never from an argument.

mod arguments;
mod check;
mod completions;
mod confirm;
mod delivery;
pub mod demo;
mod explain;
mod import;
mod observe;
mod operate;
mod output;
mod password;
mod remote;
mod serve;
mod token;

use std::{fmt, io, process::ExitCode};

use clap::Parser as _;

use arguments::{Arguments, UserWork, Verb};

/// Why a command did not do what was asked; which kind decides the exit code.
#[derive(Debug)]
enum Failed {
    /// 1: what was asked for cannot be, or the configuration has problems.
    Refused(String),
    /// 1, and the words were already written.
    Reported,
    /// 3: neither gateway nor store can be reached.
    Unreachable(String),
}

impl Failed {
    fn refused(words: impl fmt::Display) -> Self {
        Self::Refused(words.to_string())
    }
    fn unreachable(words: impl fmt::Display) -> Self {
        Self::Unreachable(words.to_string())
    }
}

/// Reads the arguments, runs the command, and says how it ended. Wrong arguments end the process with 2.
pub fn run() -> ExitCode {
    let outcome = match Arguments::parse().verb {
        Verb::Serve(serve) => serve::run(&serve),
        Verb::Demo(demo) => demo::run(&demo),
        Verb::Check(check) => check::run(&check),
        Verb::Explain(explain) => explain::run(&explain),
        Verb::User(user) => user.requested().and_then(|work| match work {
            UserWork::Command(command) => operate::run(&user.common, command),
            UserWork::List => operate::list_users(&user.common),
            UserWork::Import(import) => import::run(&user.common, import),
        }),
        Verb::Device(device) => operate::run(&device.common, device.requested()),
        Verb::Session(session) => operate::run(&session.common, session.requested()),
        Verb::Token(token) => operate::run(&token.common, token.requested()),
        Verb::Recovery(recovery) => operate::run(&recovery.common, recovery.requested()),
        Verb::Delivery(delivery) => operate::run(&delivery.common, delivery.requested()),
        Verb::Observe(observe) => operate::run(&observe.common, observe.requested()),
        Verb::Completions(wanted) => completions::run(wanted.shell),
        Verb::Man => completions::manual(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed::Reported) => ExitCode::from(1),
        Err(Failed::Refused(words)) => {
            complain(&words);
            ExitCode::from(1)
        }
        Err(Failed::Unreachable(words)) => {
            complain(&words);
            ExitCode::from(3)
        }
    }
}

/// Words for the operator, without an empty line after them. Where standard error is closed there is nobody to tell.
fn complain(words: &str) {
    use io::Write as _;
    drop(writeln!(io::stderr().lock(), "sekisho: {}", words.trim_end()));
}
