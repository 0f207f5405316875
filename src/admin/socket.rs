//! The administration socket: HTTP over a Unix socket only the gateway's own user may open (0600), and a second one for
//! the members of a group (0660) who decide on recovery requests. What somebody may do hangs on the user the kernel reports,
//! not on the socket.

use std::{
    fs, io,
    os::unix::{
        fs::{DirBuilderExt as _, PermissionsExt as _, chown},
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
use crate::{
    app::App,
    authn::recovery::Operator,
    config::{AdminConfig, Config, SystemGroup},
};

/// Where commands are posted.
pub const COMMAND_PATH: &str = "/command";

/// More than any command has; an import sends its accounts in commands of at most half of it.
const BODY_BYTES: usize = 1024 * 1024;

/// Where the socket of a gateway with this configuration is.
pub fn socket_path(config: &Config) -> PathBuf {
    config.runtime_directory.join("admin.sock")
}

/// Where the socket for operators of a group is.
pub fn operators_socket_path(admin: &AdminConfig) -> PathBuf {
    admin.directory.join("operators.sock")
}

/// Opens the socket, in place of one a dead gateway left behind.
pub fn bind(config: &Config) -> io::Result<UnixListener> {
    bind_at(&socket_path(config), 0o600, None)
}

/// Opens the socket for operators of a group, in a directory that lets nobody else in.
pub fn bind_for_operators(config: &Config, admin: &AdminConfig) -> io::Result<UnixListener> {
    if admin.directory == config.runtime_directory {
        return Err(io::Error::other("[admin] directory is the private one of [runtime]: it has to be another one"));
    }
    let gid = SystemGroup::find(&admin.group).map_err(io::Error::other)?.gid;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&admin.directory)?;
    give(&admin.directory, 0o750, Some(gid))?;
    bind_at(&operators_socket_path(admin), 0o660, Some(gid))
}

/// The mode last: before it the group may be another one.
fn give(path: &Path, mode: u32, gid: Option<u32>) -> io::Result<()> {
    if let Some(gid) = gid {
        let told = |error: io::Error| {
            let words = format!("{}: {error}; is the gateway's own user in the group of [admin]?", path.display());
            io::Error::new(error.kind(), words)
        };
        chown(path, None, Some(gid)).map_err(told)?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// The socket has its mode before it has its name, so there is no moment in which others could connect.
fn bind_at(path: &Path, mode: u32, gid: Option<u32>) -> io::Result<UnixListener> {
    if UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, format!("{}: a gateway listens there", path.display())));
    }
    let private = |directory: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    let making = path.with_file_name(".admin");
    private(&making)?;
    fs::set_permissions(&making, fs::Permissions::from_mode(0o700))?;
    let unnamed = making.join("sock");
    match fs::remove_file(&unnamed) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&unnamed)?;
    give(&unnamed, mode, gid)?;
    fs::rename(&unnamed, path)?;
    fs::remove_dir(&making)?;
    Ok(listener)
}

/// The user this process runs as, asked of the kernel the way it is asked who is at a socket. Inside a runtime only.
pub fn myself() -> io::Result<Operator> {
    let (one, _other) = tokio::net::UnixStream::pair()?;
    Ok(Operator::user(one.peer_cred()?.uid()))
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

/// Answers commands: 200 with a reply, 403 to whoever may not, 422 with words for the operator, 500 or 503 when the
/// gateway failed. `own` is the gateway's own user, who may do everything, as root may.
pub fn service(app: Arc<App>, own: Operator) -> Service {
    router(app, own).into_make_service_with_connect_info()
}

fn router(app: Arc<App>, own: Operator) -> Router {
    let state = Served { app, own };
    Router::new().route(COMMAND_PATH, post(command)).layer(DefaultBodyLimit::max(BODY_BYTES)).with_state(state)
}

#[derive(Clone)]
struct Served {
    app: Arc<App>,
    own: Operator,
}

const ROOT: Operator = Operator::user(0);

async fn command(
    State(Served { app, own }): State<Served>,
    ConnectInfo(Peer(by)): ConnectInfo<Peer>,
    body: Bytes,
) -> Response {
    let Some(by) = by else {
        return refused(StatusCode::INTERNAL_SERVER_ERROR, "the kernel does not say who asks");
    };
    // What serde says of a bad command can quote it, password and all; it is not passed on.
    let Ok(command) = serde_json::from_slice::<Command>(&body) else {
        return refused(StatusCode::BAD_REQUEST, "the gateway does not know this command; is it of another version?");
    };
    if by != ROOT && by != own && !command.is_for_operators() {
        tracing::warn!(operator = %by, "a command that only root and the gateway's own user may give was refused");
        let words = "only root and the gateway's own user may do this; operators of the group in [admin] list, and decide on \
                     recovery requests";
        return refused(StatusCode::FORBIDDEN, words);
    }
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
        let own = Operator::user(1000);
        let router = router(Arc::new(app), own).layer(axum::extract::connect_info::MockConnectInfo(Peer(Some(own))));
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
    async fn operators_of_the_group_list_and_decide_and_do_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy::new()));
        let app = Arc::new(App::open(configuration(directory.path()), clock, entropy).await.unwrap());
        let own = Operator::user(1000);
        let asked = async |uid: u32, command: &str| {
            let peer = axum::extract::connect_info::MockConnectInfo(Peer(Some(Operator::user(uid))));
            post(&router(app.clone(), own).layer(peer), command.to_owned()).await
        };
        for command in [
            r#"{"set_password":{"user":"a","password":"eleven tame herons"}}"#,
            r#"{"reset_second_step":{"user":"a"}}"#,
            r#"{"disable_user":{"user":"a"}}"#,
            r#"{"edit_user":{"user":"a","edit":{}}}"#,
            r#"{"delete_user":{"user":"a"}}"#,
            r#"{"revoke_devices":{"user":"a"}}"#,
            r#"{"end_sessions":{"user":"a"}}"#,
            r#"{"import_users":{"dry_run":true,"users":[]}}"#,
        ] {
            let (status, words) = asked(1001, command).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{command}: {words}");
            for full in [0, 1000] {
                assert_ne!(asked(full, command).await.0, StatusCode::FORBIDDEN, "{full}: {command}");
            }
        }
        for (command, status) in [
            (r#"{"list_users":{}}"#, StatusCode::OK),
            (r#"{"list_recovery_requests":{}}"#, StatusCode::OK),
            (r#"{"approve_recovery":{"receipt":"K7QM-2XWA"}}"#, StatusCode::UNPROCESSABLE_ENTITY),
            (r#"{"refuse_recovery":{"receipt":"K7QM-2XWA"}}"#, StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            assert_eq!(asked(1001, command).await.0, status, "{command}");
        }
    }

    #[test]
    fn the_socket_for_operators_is_the_groups_and_nobody_elses() {
        use std::os::unix::fs::MetadataExt as _;
        let directory = tempfile::tempdir().unwrap();
        let config = configuration(directory.path());
        // The one group this process is sure to be in.
        let group = fs::metadata(directory.path()).unwrap().gid().to_string();
        let admin = AdminConfig { group, directory: directory.path().join("operators") };
        let _listener = bind_for_operators(&config, &admin).unwrap();
        let seen = |path: &Path| {
            let there = fs::metadata(path).unwrap();
            (there.permissions().mode() & 0o777, there.gid().to_string())
        };
        assert_eq!(seen(&admin.directory), (0o750, admin.group.clone()));
        assert_eq!(seen(&operators_socket_path(&admin)), (0o660, admin.group.clone()));

        let nowhere = AdminConfig { group: "no such group".to_owned(), ..admin.clone() };
        assert!(bind_for_operators(&config, &nowhere).unwrap_err().to_string().contains("no such group"));
        let private = AdminConfig { directory: config.runtime_directory.clone(), ..admin };
        assert!(bind_for_operators(&config, &private).is_err(), "the private directory stays private");
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
