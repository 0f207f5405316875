//! `sekisho serve`.

use std::sync::Arc;

use super::{Failed, arguments::Serve, check};
use crate::{
    clock::SystemClock,
    entropy::SystemEntropy,
    server::{self, ServerError},
    telemetry,
};

pub(super) fn run(serve: &Serve) -> Result<(), Failed> {
    let config = check::load(&serve.config).map_err(Failed::refused)?;
    telemetry::init(&config.log.filter, telemetry::Output::StandardError).map_err(Failed::refused)?;
    server::run(config, Arc::new(SystemClock), Arc::new(SystemEntropy::new())).map_err(failed)
}

/// A store out of reach is another exit code than a certificate that cannot be read.
pub(super) fn failed(error: ServerError) -> Failed {
    match error {
        ServerError::Open(_) => Failed::unreachable(error),
        _ => Failed::refused(error),
    }
}
