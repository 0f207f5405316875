//! The administration socket: HTTP over a Unix socket only the gateway's own user may open (0600).

use std::{
    fs, io,
    os::unix::{
        fs::{DirBuilderExt as _, PermissionsExt as _},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};

use super::{Command, Failure, execute};
use crate::{app::App, config::Config};

/// Where commands are posted.
pub const COMMAND_PATH: &str = "/command";

/// More than any command has.
const BODY_BYTES: usize = 64 * 1024;

/// Where the socket of a gateway with this configuration is.
pub fn socket_path(config: &Config) -> PathBuf {
    config.runtime_directory.join("admin.sock")
}

/// Opens the socket, in place of one a dead gateway left behind. It has its mode before it has its name, so there is
/// no moment in which others could connect.
pub fn bind(config: &Config) -> io::Result<UnixListener> {
    let path = socket_path(config);
    if UnixStream::connect(&path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, format!("{}: a gateway listens there", path.display())));
    }
    let private = |directory: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    let making = config.runtime_directory.join(".admin");
    private(&making)?;
    fs::set_permissions(&making, fs::Permissions::from_mode(0o700))?;
    let unnamed = making.join("sock");
    match fs::remove_file(&unnamed) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&unnamed)?;
    fs::set_permissions(&unnamed, fs::Permissions::from_mode(0o600))?;
    fs::rename(&unnamed, &path)?;
    fs::remove_dir(&making)?;
    Ok(listener)
}

/// Answers commands: 200 with a reply, 422 with words for the operator, 500 or 503 when the gateway failed.
pub fn router(app: Arc<App>) -> Router {
    Router::new().route(COMMAND_PATH, post(command)).layer(DefaultBodyLimit::max(BODY_BYTES)).with_state(app)
}

async fn command(State(app): State<Arc<App>>, body: Bytes) -> Response {
    // What serde says of a bad command can quote it, password and all; it is not passed on.
    let Ok(command) = serde_json::from_slice::<Command>(&body) else {
        return refused(StatusCode::BAD_REQUEST, "the gateway does not know this command; is it of another version?");
    };
    match execute(&app, command).await {
        Ok(reply) => Json(reply).into_response(),
        Err(Failure::Refused(words)) => refused(StatusCode::UNPROCESSABLE_ENTITY, &words),
        Err(Failure::App(error)) => {
            tracing::error!(%error, "an operator's command failed");
            let status =
                if error.passing() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
            refused(status, &error.to_string())
        }
    }
}

fn refused(status: StatusCode, words: &str) -> Response {
    (status, Json(serde_json::json!({ "error": words }))).into_response()
}
