//! Carries a command out: through the running gateway, or on the store itself where none runs. The lock of the store
//! sees to it that there is never both.

use std::sync::Arc;

use super::{Failed, arguments::Common, complain, output, remote};
use crate::{
    admin::{self, Command, Failure, Reply},
    app::{App, OpenError},
    clock::SystemClock,
    config::{self, Config},
    entropy::SystemEntropy,
    telemetry,
};

pub(super) fn run(common: &Common, command: Command) -> Result<(), Failed> {
    let config = config::load(&common.config).map_err(Failed::refused)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failed::unreachable)?;
    let reply = runtime.block_on(carry_out(config, common.verbose, command))?;
    if common.json { output::reply_json(&reply) } else { output::reply(&reply) }
}

async fn carry_out(config: Config, verbose: bool, command: Command) -> Result<Reply, Failed> {
    let socket = admin::socket_path(&config);
    if let Some(reply) = remote::send(&socket, &command).await? {
        if verbose {
            complain(&format!("through the gateway at {}", socket.display()));
        }
        return Ok(reply);
    }
    if verbose {
        complain(&format!("no gateway at {}: on the store itself", socket.display()));
    }
    // What an operator changes is a security event whoever carries it out.
    telemetry::init("error,audit=info", telemetry::Output::StandardError).map_err(Failed::unreachable)?;
    let opened = App::open(config, Arc::new(SystemClock), Arc::new(SystemEntropy::new())).await;
    let app = opened.map_err(|error| match error {
        OpenError::InUse(_) => Failed::unreachable(format!("{error}, and it does not listen at {}", socket.display())),
        _ => Failed::unreachable(error),
    })?;
    admin::execute(&app, command).await.map_err(|failure| match failure {
        Failure::Refused(words) => Failed::Refused(words),
        Failure::App(error) => Failed::unreachable(error),
    })
}
