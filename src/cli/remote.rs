//! One command to the running gateway, over its administration socket.

use std::{io, path::Path, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, StatusCode, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use zeroize::Zeroizing;

use super::Failed;
use crate::admin::{COMMAND_PATH, Command, Reply};

/// A hash waits for its place; nothing else takes long.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than any reply has.
const REPLY_BYTES: usize = 64 * 1024 * 1024;

#[derive(serde::Deserialize)]
struct Refusal {
    error: String,
}

/// May we not even open the socket? Then there may be one for operators.
pub(super) async fn is_closed_to_us(socket: &Path) -> bool {
    let connected = UnixStream::connect(socket).await;
    connected.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// Does a gateway listen?
pub(super) async fn listens(socket: &Path) -> Result<bool, Failed> {
    match UnixStream::connect(socket).await {
        Ok(_gateway) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(false),
        Err(error) => Err(Failed::unreachable(format!("{}: {error}", socket.display()))),
    }
}

/// Sends a command.
pub(super) async fn send(socket: &Path, command: &Command) -> Result<Reply, Failed> {
    let stream = UnixStream::connect(socket)
        .await
        .map_err(|error| Failed::unreachable(format!("{}: {error}", socket.display())))?;
    let lost = |error: &dyn std::fmt::Display| Failed::unreachable(format!("the gateway did not answer: {error}"));
    let exchange = tokio::time::timeout(PATIENCE, exchange(stream, command));
    let (status, body) = match exchange.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(lost(&error)),
        Err(elapsed) => return Err(lost(&elapsed)),
    };
    if status == StatusCode::OK {
        return match serde_json::from_slice(&body) {
            Ok(reply) => Ok(reply),
            Err(_of_another_version) => Err(lost(&"this is not a reply; is the gateway of another version?")),
        };
    }
    let words = match serde_json::from_slice::<Refusal>(&body) {
        Ok(refusal) => refusal.error,
        Err(_without_words) => status.to_string(),
    };
    Err(if status.is_client_error() { Failed::refused(words) } else { Failed::unreachable(words) })
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn exchange(stream: UnixStream, command: &Command) -> Result<(StatusCode, Bytes), AnyError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let body = Zeroizing::new(serde_json::to_vec(command)?);
    let request = Request::post(COMMAND_PATH)
        .header("host", "sekisho")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from_owner(body)))?;
    let answer = async move {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), REPLY_BYTES).collect().await?.to_bytes();
        Ok((status, body))
    };
    // The connection ends once the answer is read and its sender is dropped; an error of it shows in the answer.
    let (answer, _) = tokio::join!(answer, connection);
    answer
}
