//! For tests: a service on a real socket that counts what arrives and answers as it is told, well or badly.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{
    http::Http,
    message::Mail,
    provider::{Body, Outgoing, Purpose},
    speech::Phrase,
};
use crate::{
    account::{EmailAddress, PhoneNumber},
    clock::Timestamp,
    config::DeliveryConfig,
    entropy::SystemEntropy,
    language::Language,
    store::OutboxId,
};

/// What the peer does once a whole request is there.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answers with this status, these header lines and this body.
    Answer(u16, &'static str, &'static str),
    /// Says nothing.
    Silence,
    /// Closes with a reset.
    Reset,
    /// Begins an answer and stops in the middle of it.
    HalfAnAnswer,
    /// Answers with what is no HTTP.
    Garbage,
    /// Answers with a body that never ends.
    Flood,
}

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &str| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        self.head.lines().find(|l| line(l)).and_then(|l| l.split_once(':')).map(|(_, value)| value.trim())
    }
}

/// The service.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Peer {
    /// Does these one after the other, and the last one for ever.
    pub(crate) async fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = Self { address: listener.local_addr().unwrap(), received: Arc::default() };
        let served = peer.clone();
        #[expect(clippy::disallowed_methods, reason = "a service of a test ends with it")]
        tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (served, acts) = (served.clone(), acts.clone());
                connections.spawn(async move { served.serve(stream, &acts).await });
            }
        });
        peer
    }

    async fn serve(&self, mut stream: TcpStream, acts: &[Act]) -> Option<()> {
        loop {
            let request = read_request(&mut stream).await?;
            let number = {
                let mut received = self.received.lock().unwrap();
                received.push(request);
                received.len() - 1
            };
            match acts.get(number).or(acts.last())? {
                Act::Answer(status, headers, body) => {
                    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
                    stream.write_all(format!("{head}{body}").as_bytes()).await.ok()?;
                }
                Act::Silence => std::future::pending().await,
                Act::Reset => {
                    stream.set_zero_linger().ok()?;
                    return None;
                }
                Act::HalfAnAnswer => {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").await.ok()?;
                    return None;
                }
                Act::Garbage => stream.write_all(b"220 mail.example.jp ESMTP\r\n\r\n").await.ok()?,
                Act::Flood => {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n").await.ok()?;
                    loop {
                        stream.write_all(&[b'<'; 8192]).await.ok()?;
                    }
                }
            }
        }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/send", self.address)
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let mut request = Received { head, body: String::new() };
            let length: usize = request.header("content-length").map_or(0, |length| length.parse().unwrap());
            while bytes.len() < end + 4 + length {
                match stream.read(&mut chunk).await.ok()? {
                    0 => return None,
                    read => bytes.extend_from_slice(&chunk[..read]),
                }
            }
            request.body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
            return Some(request);
        }
        match stream.read(&mut chunk).await.ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Short deadlines, so that silence ends soon.
pub(crate) const fn hasty() -> DeliveryConfig {
    DeliveryConfig {
        proxy: None,
        ca: None,
        connect_timeout: Duration::from_millis(500),
        timeout: Duration::from_millis(700),
    }
}

/// A client with short deadlines.
pub(crate) fn http() -> Http {
    Http::new(&hasty()).unwrap()
}

/// Nobody listens there.
pub(crate) async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

pub(crate) const NUMBER: &str = "+819012345678";
pub(crate) const TEXT: &str = "認証コード：123456（セラーコンソール、5分間有効）\n@console.example.jp #123456";

fn outgoing(body: Body) -> Outgoing {
    Outgoing {
        id: OutboxId::random(&SystemEntropy::new()),
        language: Language::Ja,
        at: Timestamp::from_secs(1_795_325_100),
        purpose: Purpose::Code,
        expires_at: Timestamp::from_secs(1_795_325_400),
        body,
    }
}

/// A text message with a code.
pub(crate) fn sms() -> Outgoing {
    outgoing(Body::Sms { to: PhoneNumber::parse("090-1234-5678", "JP").unwrap(), text: TEXT.to_owned() })
}

/// A call, as short as one can be.
pub(crate) fn voice() -> Outgoing {
    let plan = vec![
        Phrase::Say { text: "認証コードは".to_owned(), reading: "にんしょうコードは".to_owned() },
        Phrase::Digit('4'),
        Phrase::Pause(Duration::from_millis(700)),
        Phrase::Digit('7'),
    ];
    outgoing(Body::Voice { to: PhoneNumber::parse("03-1234-5678 内線12", "JP").unwrap(), plan })
}

/// A mail.
pub(crate) fn mail() -> Outgoing {
    let text = "ログインがありました。\n.\nhttps://console.example.jp/\n".to_owned();
    let mail = Mail {
        subject: "【セラーコンソール】新しい端末でログインがありました".to_owned(), text
    };
    outgoing(Body::Mail { to: EmailAddress::parse("hanako@example.jp").unwrap(), mail })
}
