//! What Pingora has no word for at a client's socket: that closing it throws away what was not taken. It must never change a
//! socket that no connection holds.

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    time::Duration,
};

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use pingora::protocols::Stream;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg, sockopt::set_socket_linger};

/// When it is closed, the system forgets what the client has not taken, and the client is told by a reset: otherwise it
/// would be kept for as long as the client goes on slowly.
pub(super) fn reset_when_closed(stream: &Stream) {
    // Without one it is no socket, and its number says nothing.
    if stream.get_socket_digest().is_none() {
        return;
    }
    let done = another(stream).and_then(|socket| Ok(set_socket_linger(socket, Some(Duration::ZERO))?));
    if let Err(error) = done {
        tracing::debug!(%error, "a client's connection cannot be reset");
    }
}

/// A second descriptor of the same socket. Pingora shows only the number of its own, which is nothing to own or to borrow
/// without unsafe code; a descriptor that is passed comes out owned.
fn another(stream: &Stream) -> io::Result<OwnedFd> {
    let (here, there) = UnixStream::pair()?;
    let number = [stream.id()];
    let with_it = [ControlMessage::ScmRights(&number)];
    sendmsg::<()>(here.as_raw_fd(), &[IoSlice::new(&[0])], &with_it, MsgFlags::empty(), None)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut passed = RecvAncillaryBuffer::new(&mut space);
    recvmsg(&there, &mut [IoSliceMut::new(&mut [0])], &mut passed, RecvFlags::CMSG_CLOEXEC)?;
    let descriptor = passed.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    descriptor.ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use pingora::protocols::{SocketDigest, l4::stream::Stream as Transport};
    use tokio::{io::AsyncWriteExt as _, net::TcpListener, time::timeout};

    use super::*;

    /// A client that reads nothing by itself, and the server's end.
    async fn connection() -> (std::net::TcpStream, Stream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let number = server.as_raw_fd();
        let mut server: Stream = Box::new(Transport::from(server));
        server.set_socket_digest(SocketDigest::from_raw_fd(number));
        (client, server)
    }

    /// Writes for as long as the system takes it.
    async fn fill(server: &mut Stream) -> usize {
        let mut taken = 0;
        while let Ok(written) = timeout(Duration::from_millis(300), server.write(&[b'x'; 16 * 1024])).await {
            taken += written.unwrap();
        }
        taken
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_taken_is_forgotten() {
        for resets in [false, true] {
            let (mut client, mut server) = connection().await;
            let taken = fill(&mut server).await;
            if resets {
                reset_when_closed(&server);
            }
            drop(server);
            let mut got = Vec::new();
            let ended = client.read_to_end(&mut got);
            let is_reset = ended.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset);
            assert_eq!((is_reset, got.len() < taken), (resets, resets), "{} of {taken}", got.len());
        }
    }
}
