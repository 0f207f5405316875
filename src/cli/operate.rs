//! Carries commands out: through the running gateway, or on the store itself where none runs. The lock of the store
//! sees to it that there is never both.

use std::{
    fs::OpenOptions,
    io::{self, IsTerminal as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Failed, arguments::Common, complain, output, remote};
use crate::{
    admin::{self, Command, Failure, Reply},
    app::{App, OpenError},
    clock::SystemClock,
    config::{self, Config, StoreConfig},
    entropy::SystemEntropy,
    telemetry,
};

/// Where commands go, decided once: a row of commands all take the same way.
pub(super) enum Door {
    /// To the gateway that listens at this socket.
    Gateway(PathBuf),
    /// To the store, which nobody else has open meanwhile.
    Store(Box<App>),
}

pub(super) fn run(common: &Common, command: Command) -> Result<(), Failed> {
    let config = config::load(&common.config).map_err(Failed::refused)?;
    let runtime = runtime()?;
    let zone = config.time_zone.clone();
    let reply = runtime.block_on(async { Door::open(config, common.verbose).await?.execute(command).await })?;
    if common.json { output::reply_json(&reply) } else { output::reply(&reply, &zone) }
}

/// One command whose reply is looked at rather than shown.
pub(super) fn ask(config: Config, command: Command) -> Result<Reply, Failed> {
    runtime()?.block_on(async { Door::open(config, false).await?.execute(command).await })
}

/// `sekisho user list`: reply by reply, so that many accounts need no more memory than few.
pub(super) fn list_users(common: &Common) -> Result<(), Failed> {
    let config = config::load(&common.config).map_err(Failed::refused)?;
    let runtime = runtime()?;
    let mut table = output::UserList::begin(common.json, config.time_zone.clone())?;
    let door = runtime.block_on(Door::open(config, common.verbose))?;
    let mut after = None;
    loop {
        let Reply::Users(users) = runtime.block_on(door.execute(Command::ListUsers { after: after.take() }))? else {
            return Err(Failed::unreachable("this is not a list; is the gateway of another version?"));
        };
        table.add(&users)?;
        match users.last() {
            Some(last) if users.len() >= admin::USERS_A_REPLY as usize => after = Some(last.name.clone()),
            _ => return table.end(),
        }
    }
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failed::unreachable)
}

impl Door {
    /// Finds out whether a gateway runs, and opens the store where none does.
    pub(super) async fn open(config: Config, verbose: bool) -> Result<Self, Failed> {
        let mut socket = admin::socket_path(&config);
        if let Some(operators) = &config.admin
            && remote::is_closed_to_us(&socket).await
        {
            socket = admin::operators_socket_path(operators);
        }
        if remote::listens(&socket).await? {
            if verbose {
                complain(&format!("through the gateway at {}", socket.display()));
            }
            return Ok(Self::Gateway(socket));
        }
        if verbose {
            complain(&format!("no gateway at {}: on the store itself", socket.display()));
        }
        // What an operator changes is a security event whoever carries it out.
        let StoreConfig::Sqlite(store) = &config.store;
        let events = security_events(store, io::stderr().is_terminal());
        if verbose && matches!(events, telemetry::Output::File(_)) {
            complain(&format!("security events are added to {}", events_file(store).display()));
        }
        telemetry::init("error,audit=info", events).map_err(Failed::unreachable)?;
        let opened = App::open(config, Arc::new(SystemClock), Arc::new(SystemEntropy::new())).await;
        let app = opened.map_err(|error| match error {
            OpenError::InUse(_) => {
                Failed::unreachable(format!("{error}, and it does not listen at {}", socket.display()))
            }
            _ => Failed::unreachable(error),
        })?;
        Ok(Self::Store(Box::new(app)))
    }

    /// One command.
    pub(super) async fn execute(&self, command: Command) -> Result<Reply, Failed> {
        match self {
            Self::Gateway(socket) => remote::send(socket, &command).await,
            Self::Store(app) => admin::execute(app, command, admin::myself().map_err(Failed::unreachable)?)
                .await
                .map_err(|failure| match failure {
                    Failure::Refused(words) => Failed::Refused(words),
                    Failure::App(error) => Failed::unreachable(error),
                }),
        }
    }
}

/// Where what is done here is recorded: on standard error for whoever collects it, and in a file beside the store where
/// a person reads the words on it.
fn security_events(store: &Path, terminal: bool) -> telemetry::Output {
    if !terminal {
        return telemetry::Output::StandardError;
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(events_file(store));
    // An event between the words is better than one that is nowhere.
    file.map_or(telemetry::Output::StandardError, telemetry::Output::File)
}

fn events_file(store: &Path) -> PathBuf {
    store.with_file_name("operator.log")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn events_leave_a_terminal_to_its_reader_and_are_never_lost() {
        let directory = tempfile::tempdir().unwrap();
        let store = directory.path().join("sekisho.db");
        assert!(matches!(security_events(&store, false), telemetry::Output::StandardError));
        assert!(!events_file(&store).exists());
        assert!(matches!(security_events(&store, true), telemetry::Output::File(_)));
        let mode = events_file(&store).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let nowhere = directory.path().join("missing/sekisho.db");
        assert!(matches!(security_events(&nowhere, true), telemetry::Output::StandardError));
    }
}
