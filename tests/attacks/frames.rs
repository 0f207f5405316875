//! HTTP/2 written by hand (RFC 9113, RFC 7541), because no well-behaved client sends what these cases send.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::siege::Siege;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Of the ping behind a flood.
const LAST: &[u8] = b"the last";
const PATIENCE: Duration = Duration::from_secs(20);

/// One frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A block of fields, each as a literal that is not indexed (RFC 7541 §6.2.2).
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            length(&mut bytes, text.len());
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

/// RFC 7541 §5.1 with a prefix of seven bits.
fn length(bytes: &mut Vec<u8>, length: usize) {
    if length < 127 {
        bytes.push(u8::try_from(length).expect("small"));
        return;
    }
    bytes.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).expect("small") | 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).expect("small"));
}

/// How a stream ended for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It was answered.
    Status(u16),
    /// `RST_STREAM` with this code.
    Reset(u32),
    /// `GOAWAY` with this code, which ended the connection.
    Gone(u32),
    Closed,
    /// Nothing came.
    Silent,
}

impl Ending {
    /// Refused, in any of the ways there are.
    pub(crate) fn is_refusal(self) -> bool {
        match self {
            Self::Status(status) => status >= 400,
            Self::Reset(_) | Self::Gone(_) | Self::Closed => true,
            Self::Silent => false,
        }
    }
}

/// A connection.
pub(crate) struct Peer {
    read: ReadHalf<TlsStream<TcpStream>>,
    write: WriteHalf<TlsStream<TcpStream>>,
}

impl Peer {
    /// Greets with these settings, and asks for answers without a dynamic table: each can be read by itself.
    pub(crate) async fn open(siege: &Siege, settings: &[(u16, u32)]) -> Self {
        Self::over(siege.connect("h2").await, settings).await
    }

    /// The same over a connection that is there.
    pub(crate) async fn over(connection: TlsStream<TcpStream>, settings: &[(u16, u32)]) -> Self {
        let (read, write) = tokio::io::split(connection);
        let mut payload = vec![0, 1, 0, 0, 0, 0];
        for (name, value) in settings {
            payload.extend(name.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        let mut peer = Self { read, write };
        peer.send(&[PREFACE, &frame(SETTINGS, 0, 0, &payload), &frame(SETTINGS, 1, 0, &[])].concat()).await;
        peer
    }

    /// It may be closed in the middle of what is refused.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _cut = self.write.write_all(bytes).await;
        let _cut = self.write.flush().await;
    }

    /// Sends pieces one after another, then asks whether all of them were taken: `false` when the other side ended the
    /// connection before.
    pub(crate) async fn flood(self, pieces: impl Iterator<Item = Vec<u8>>) -> bool {
        let Self { mut read, mut write } = self;
        let sending = async {
            for piece in pieces {
                if write.write_all(&piece).await.is_err() {
                    return;
                }
            }
            let _cut = write.write_all(&frame(PING, 0, 0, LAST)).await;
            let _cut = write.flush().await;
            std::future::pending::<()>().await;
        };
        let reading = async {
            while let Some((kind, _, payload)) = next(&mut read).await {
                match kind {
                    PING if payload == LAST => return true,
                    GOAWAY => return false,
                    _ => {}
                }
            }
            false
        };
        let both = async {
            tokio::select! { () = sending => false, taken = reading => taken }
        };
        tokio::time::timeout(PATIENCE, both).await.unwrap_or(false)
    }

    /// Reads until a stream has ended.
    pub(crate) async fn ending(&mut self, stream: u32) -> Ending {
        tokio::time::timeout(PATIENCE, self.read_until(stream)).await.unwrap_or(Ending::Silent)
    }

    async fn read_until(&mut self, stream: u32) -> Ending {
        while let Some((kind, of, payload)) = next(&mut self.read).await {
            let number = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().expect("four bytes"));
            match kind {
                HEADERS if of == stream => return Ending::Status(status(&payload)),
                RST_STREAM if of == stream => return Ending::Reset(number(0)),
                GOAWAY => return Ending::Gone(number(4)),
                _ => {}
            }
        }
        Ending::Closed
    }
}

/// Kind, stream and payload of the next frame.
async fn next(read: &mut ReadHalf<TlsStream<TcpStream>>) -> Option<(u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    read.read_exact(&mut head).await.ok()?;
    let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
    read.read_exact(&mut payload).await.ok()?;
    Some((head[3], u32::from_be_bytes(head[5..9].try_into().expect("four bytes")), payload))
}

/// `:status` at the start of a block: in the static table, or three digits beside its name there.
fn status(block: &[u8]) -> u16 {
    let block = match block {
        [0x20..=0x3f, rest @ ..] => rest,
        block => block,
    };
    match block {
        [indexed @ 0x88..=0x8e, ..] => [200, 204, 206, 304, 400, 404, 500][usize::from(indexed - 0x88)],
        [_, length, rest @ ..] if length & 0x80 == 0 => digits(rest.iter().map(|byte| byte - b'0').take(3)),
        [_, _, rest @ ..] => digits(huffman(rest).into_iter().take(3)),
        _ => 0,
    }
}

fn digits(digits: impl Iterator<Item = u8>) -> u16 {
    digits.fold(0, |number, digit| number * 10 + u16::from(digit))
}

/// RFC 7541 appendix B, digits alone: `0`, `1` and `2` are five bits, the others six.
fn huffman(bytes: &[u8]) -> Vec<u8> {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    let number = |bits: &[u8]| bits.iter().fold(0, |number, bit| number << 1 | bit);
    let (mut at, mut found) = (0, Vec::new());
    while at + 5 <= bits.len() {
        let short = number(&bits[at..at + 5]);
        if short < 3 {
            found.push(short);
            at += 5;
            continue;
        }
        let Some(long) = bits.get(at..at + 6).map(number).filter(|long| (0b01_1001..=0b01_1111).contains(long)) else {
            break;
        };
        found.push(long - 0b01_1001 + 3);
        at += 6;
    }
    found
}

#[test]
fn statuses_are_read() {
    assert_eq!(status(&[0x88]), 200);
    assert_eq!(status(&[0x20, 0x8c, 0x00]), 400);
    assert_eq!(status(&[0x08, 0x03, b'4', b'0', b'1', 0xff]), 401);
    assert_eq!(status(&[0x08, 0x82, 0x68, 0x01]), 401, "four, nought, one, in sixteen bits");
}
