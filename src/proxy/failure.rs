//! What becomes of a request that fails on its way: its status, and a line in the log that shows nothing of it.

use std::io;

use http::StatusCode;
use pingora::{ErrorSource, prelude::*};

use super::{head::RequestId, upstream::NoPeer};

/// No address of the console passes its checks, so nothing was asked.
pub(super) const CONSOLE_DOWN: ErrorType = ErrorType::new("ConsoleDown");

/// There is nowhere to send a request to.
#[expect(clippy::unnecessary_box_returns, reason = "Pingora takes its errors in boxes")]
pub(super) fn nowhere(why: NoPeer) -> Box<Error> {
    let kind = match why {
        NoPeer::Unresolved(_) => ErrorType::ConnectNoRoute,
        NoPeer::Down => CONSOLE_DOWN,
    };
    Error::because(kind, "no console", why).into_up()
}

/// After such a head nothing of ours may follow: what comes next on the connection is a body or a tunnel.
pub(super) fn begins_the_answer(status: StatusCode) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS || !status.is_informational()
}

/// The client has ended the connection or the stream.
fn client_has_gone(error: &Error) -> bool {
    use ErrorType::{ConnectionClosed, H2Error, ReadError, WriteError, WriteTimedout};
    let gone = matches!(error.etype(), ConnectionClosed | H2Error | ReadError | WriteError | WriteTimedout);
    // A body we do not read on is a read error, too, but its sender is still there.
    let refused =
        cause(error).is_some_and(|cause| cause.kind() == io::ErrorKind::InvalidData) || sent_too_slowly(error);
    *error.esource() == ErrorSource::Downstream && gone && !refused
}

/// The body came, but not at its pace.
fn sent_too_slowly(error: &Error) -> bool {
    *error.etype() == ErrorType::ReadError && cause(error).is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut)
}

fn cause(error: &Error) -> Option<&io::Error> {
    error.root_cause().downcast_ref()
}

/// One line for an error, without what its own text may show: addresses, path, query.
pub(super) fn log_failure(request: RequestId, error: &Error, message: &'static str) {
    let (kind, source) = (error.etype().as_str(), error.esource().as_str());
    let cause = cause(error).map(|cause| tracing::field::display(cause.kind()));
    match error.esource() {
        ErrorSource::Downstream if client_has_gone(error) => {
            tracing::debug!(%request, kind, cause, "the client has gone");
        }
        ErrorSource::Downstream => tracing::info!(%request, kind, source, cause, "{message}"),
        ErrorSource::Upstream => tracing::warn!(%request, kind, source, cause, "{message}"),
        ErrorSource::Internal | ErrorSource::Unset => tracing::error!(%request, kind, source, cause, "{message}"),
    }
}

/// Status of our page for an error; 0 when there is nobody left to show it to.
pub(super) fn failure_status(error: &Error) -> u16 {
    use ErrorType::{ConnectTimedout, HTTPStatus, ReadTimedout, TLSHandshakeTimedout, WriteTimedout};
    if client_has_gone(error) {
        return 0;
    }
    match (error.etype(), error.esource()) {
        (HTTPStatus(code), _) => *code,
        (kind, _) if *kind == CONSOLE_DOWN => 503,
        (ConnectTimedout | ReadTimedout | WriteTimedout | TLSHandshakeTimedout, ErrorSource::Upstream) => 504,
        (_, ErrorSource::Upstream) => 502,
        (ReadTimedout, ErrorSource::Downstream) => 408,
        (_, ErrorSource::Downstream) if sent_too_slowly(error) => 408,
        (_, ErrorSource::Downstream) => 400,
        (_, ErrorSource::Internal | ErrorSource::Unset) => 500,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn every_failure_has_its_own_status() {
        let status = |etype: ErrorType, source: ErrorSource| {
            let mut error = Error::new(etype);
            match source {
                ErrorSource::Upstream => error.as_up(),
                ErrorSource::Downstream => error.as_down(),
                ErrorSource::Internal => error.as_in(),
                ErrorSource::Unset => {}
            }
            failure_status(&error)
        };
        assert_eq!(status(ErrorType::ConnectRefused, ErrorSource::Upstream), 502);
        assert_eq!(status(ErrorType::ConnectTimedout, ErrorSource::Upstream), 504);
        assert_eq!(status(ErrorType::ReadTimedout, ErrorSource::Upstream), 504);
        assert_eq!(status(ErrorType::HTTPStatus(503), ErrorSource::Internal), 503);
        assert_eq!(status(CONSOLE_DOWN, ErrorSource::Upstream), 503);
        assert_eq!(status(ErrorType::InternalError, ErrorSource::Unset), 500);
        assert_eq!(status(ErrorType::WriteError, ErrorSource::Downstream), 0);
        assert_eq!(status(ErrorType::ReadError, ErrorSource::Downstream), 0);
        assert_eq!(status(ErrorType::ReadTimedout, ErrorSource::Downstream), 408);
        assert_eq!(status(ErrorType::InvalidHTTPHeader, ErrorSource::Downstream), 400);
        let unreadable = io::Error::new(io::ErrorKind::InvalidData, "chunk");
        let refused = Error::because(ErrorType::ReadError, "when reading body", unreadable).into_down();
        assert_eq!(failure_status(&refused), 400, "its sender is still there");
        let slow = || io::Error::from(io::ErrorKind::TimedOut);
        let sent = Error::because(ErrorType::ReadError, "when reading body", slow()).into_down();
        let taken = Error::because(ErrorType::WriteError, "when writing", slow()).into_down();
        assert_eq!((failure_status(&sent), failure_status(&taken)), (408, 0));
    }

    #[test]
    fn an_open_tunnel_counts_as_an_answer() {
        assert!(begins_the_answer(StatusCode::SWITCHING_PROTOCOLS) && begins_the_answer(StatusCode::OK));
        assert!(!begins_the_answer(StatusCode::CONTINUE) && !begins_the_answer(StatusCode::EARLY_HINTS));
    }

    #[test]
    fn a_client_that_leaves_is_no_error_and_no_line_shows_an_address() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
        let broken = |source: fn(Box<Error>) -> Box<Error>| {
            source(Error::because(ErrorType::ReadError, "GET /orders?secret", reset())).more_context("Peer: 192.0.2.7")
        };
        tracing::subscriber::with_default(subscriber, || {
            let request = RequestId::random(&crate::entropy::SystemEntropy::new());
            log_failure(request, &broken(Error::into_down), "the request failed");
            log_failure(request, &broken(Error::into_up), "the request failed");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let [gone, failed] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
        assert!(gone.contains("DEBUG") && gone.contains("the client has gone"), "{gone}");
        assert!(failed.contains("WARN") && failed.contains("connection reset"), "{failed}");
        assert!(!text.contains("orders") && !text.contains("192.0.2.7"), "{text}");
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
