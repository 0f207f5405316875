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
    extract::{
        ConnectInfo, DefaultBodyLimit, State,
        connect_info::{Connected, IntoMakeServiceWithConnectInfo},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
    serve::IncomingStream,
};

use super::{Command, Failure, execute};
use crate::{app::App, authn::recovery::Operator, config::Config};

/// Where commands are posted.
pub const COMMAND_PATH: &str = "/command";

/// More than any command has; an import sends its accounts in commands of at most half of it.
const BODY_BYTES: usize = 1024 * 1024;

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

/// What answers on the socket; it knows of each connection whose it is.
pub type Service = IntoMakeServiceWithConnectInfo<Router, Peer>;

/// Who is at the other end of a connection, as the kernel says.
#[derive(Clone, Copy, Debug)]
pub struct Peer(Option<Operator>);

impl Connected<IncomingStream<'_, tokio::net::UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, tokio::net::UnixListener>) -> Self {
        Self(stream.io().peer_cred().ok().map(|peer| Operator::user(peer.uid())))
    }
}

/// Answers commands: 200 with a reply, 422 with words for the operator, 500 or 503 when the gateway failed.
pub fn service(app: Arc<App>) -> Service {
    router(app).into_make_service_with_connect_info()
}

fn router(app: Arc<App>) -> Router {
    Router::new().route(COMMAND_PATH, post(command)).layer(DefaultBodyLimit::max(BODY_BYTES)).with_state(app)
}

async fn command(State(app): State<Arc<App>>, ConnectInfo(Peer(by)): ConnectInfo<Peer>, body: Bytes) -> Response {
    let Some(by) = by else {
        return refused(StatusCode::INTERNAL_SERVER_ERROR, "the kernel does not say who asks");
    };
    // What serde says of a bad command can quote it, password and all; it is not passed on.
    let Ok(command) = serde_json::from_slice::<Command>(&body) else {
        return refused(StatusCode::BAD_REQUEST, "the gateway does not know this command; is it of another version?");
    };
    match execute(&app, command, by).await {
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

#[cfg(test)]
mod tests {
    use std::{net::Shutdown, sync::Arc};

    use axum::{body::Body, http::Request};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::{clock::SystemClock, config, entropy::SystemEntropy};

    /// A configuration whose files are in `directory`.
    fn configuration(directory: &Path) -> Config {
        let text = "public_url = 'https://localhost'\n\
            [listen]\nhttps = '127.0.0.1:8443'\ncertificate = 'c.pem'\nprivate_key = 'k.pem'\n\
            [upstream]\nurl = 'http://127.0.0.1:8080'\n\
            [store]\nurl = 'sqlite:data/s.db'\n\
            [runtime]\ndirectory = 'run'\n\
            [sms]\nprovider = 'inbox'\n\
            [password]\nmemory = '64KiB'\npasses = 1\n\
            [insecure]\ninbox_provider = true\nweak_password_hash = true\n";
        config::parse(text, &directory.join("sekisho.toml").to_string_lossy()).unwrap()
    }

    async fn post(router: &Router, body: impl Into<Body>) -> (StatusCode, String) {
        let request = Request::post(COMMAND_PATH).body(body.into()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn the_socket_is_private_and_replaces_a_dead_one_only() {
        let directory = tempfile::tempdir().unwrap();
        let config = configuration(directory.path());
        let first = bind(&config).unwrap();
        let mode = fs::metadata(socket_path(&config)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let refused = bind(&config).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse, "a living gateway keeps its socket");
        drop(first);
        let second = bind(&config).unwrap();
        let client = UnixStream::connect(socket_path(&config)).unwrap();
        client.shutdown(Shutdown::Both).unwrap();
        second.accept().unwrap();
    }

    #[tokio::test]
    async fn refusals_have_words_and_a_bad_command_is_not_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy::new()));
        let app = App::open(configuration(directory.path()), clock, entropy).await.unwrap();
        let peer = Peer(Some(Operator::user(1000)));
        let router = router(Arc::new(app)).layer(axum::extract::connect_info::MockConnectInfo(peer));
        let (status, body) = post(&router, r#"{"list_users":{}}"#).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"users":[]}"#));
        let (status, body) = post(&router, r#"{"show_user":{"user":"nobody"}}"#).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(body, r#"{"error":"there is no such account"}"#);
        let bad = r#"{"set_password":{"user":"a","password":["hunter2hunter2"]}}"#;
        let (status, body) = post(&router, bad).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(!body.contains("hunter2"), "{body}");
        let (status, _) = post(&router, vec![b' '; BODY_BYTES + 1]).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn one_process_at_a_time_has_the_store() {
        let directory = tempfile::tempdir().unwrap();
        let config = configuration(directory.path());
        let open = || App::open(config.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy::new()));
        let first = open().await.unwrap();
        // The wait for the lock is the runtime's time, which passes at once.
        tokio::time::pause();
        assert!(matches!(open().await, Err(crate::app::OpenError::InUse(_))));
        tokio::time::resume();
        drop(first);
        open().await.unwrap();
    }
}
