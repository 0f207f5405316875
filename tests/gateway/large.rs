//! Uploads and downloads of any size pass the real binary in the same memory. 128 MiB each, or as many as
//! `SEKISHO_LARGE_MIB` says: 2048 is the size that is promised, and takes two minutes.

use std::{
    convert::Infallible,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Version};
use http_body_util::{BodyExt as _, Empty, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::support::{certificate, process::Process, settings::Settings};

const MIB: u64 = 1024 * 1024;
/// What the gateway may need more for all of it than for a few bytes: far less than one of the files.
const ALLOWED: u64 = 16 * MIB;
const PIECE: &[u8] = &[b'x'; 64 * 1024];

/// Sends as many bytes as the query says, and counts those it gets.
fn console() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

fn answer(stream: TcpStream) -> Option<()> {
    let mut answers = stream.try_clone().ok()?;
    let mut requests = BufReader::new(stream);
    loop {
        let (mut line, mut length, mut chunked) = (String::new(), 0, false);
        requests.read_line(&mut line).ok().filter(|read| *read > 0)?;
        loop {
            let mut field = String::new();
            requests.read_line(&mut field).ok()?;
            let field = field.trim_end().to_ascii_lowercase();
            if field.is_empty() {
                break;
            }
            chunked |= field.starts_with("transfer-encoding:");
            if let Some(value) = field.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut arrived = 0;
        if chunked {
            loop {
                let mut size = String::new();
                requests.read_line(&mut size).ok()?;
                let size = u64::from_str_radix(size.trim(), 16).ok()?;
                arrived += std::io::copy(&mut (&mut requests).take(size), &mut std::io::sink()).ok()?;
                requests.read_line(&mut String::new()).ok()?;
                if size == 0 {
                    break;
                }
            }
        } else {
            arrived = std::io::copy(&mut (&mut requests).take(length), &mut std::io::sink()).ok()?;
        }
        let wanted = line.split("bytes=").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        let Some(wanted) = wanted else {
            let count = arrived.to_string();
            write!(answers, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{count}", count.len()).ok()?;
            continue;
        };
        write!(answers, "HTTP/1.1 200 OK\r\ncontent-length: {wanted}\r\n\r\n").ok()?;
        for _ in 0..wanted / PIECE.len() as u64 {
            answers.write_all(PIECE).ok()?;
        }
    }
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

enum Client {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

impl Client {
    async fn connect(to: SocketAddr, ca_pem: &str, version: Version, driving: &mut JoinSet<hyper::Result<()>>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let mut config = config.with_no_client_auth();
        let http2 = version == Version::HTTP_2;
        config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let stream = tokio::net::TcpStream::connect(to).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let io = TokioIo::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap());
        if http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
            driving.spawn(connection);
            Self::Http2(sender)
        } else {
            let (sender, connection) = http1::handshake(io).await.unwrap();
            driving.spawn(connection);
            Self::Http1(sender)
        }
    }

    async fn send(&mut self, request: Request<Body>) -> Incoming {
        let answer = match self {
            Self::Http1(sender) => {
                sender.ready().await.unwrap();
                sender.send_request(request).await
            }
            Self::Http2(sender) => sender.send_request(request).await,
        };
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body()
    }
}

/// A body of so many bytes, none of which is there before it is asked for.
fn body(bytes: u64) -> Body {
    let pieces = bytes / PIECE.len() as u64;
    let frames = (0..pieces).map(|_piece| Ok(Frame::data(Bytes::from_static(PIECE))));
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}

/// The most memory it has had, in bytes.
fn most(process: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

async fn both_directions(client: &mut Client, origin: &str, version: Version, bytes: u64) {
    let place = |path: &str| match version {
        Version::HTTP_2 => format!("{origin}{path}"),
        _ => path.to_owned(),
    };
    let host = origin.trim_start_matches("https://");
    let asked = |method: &str, path: &str| {
        let asked = Request::builder().method(method).uri(place(path));
        if version == Version::HTTP_2 { asked } else { asked.header("host", host) }
    };
    let upload = asked("PUT", "/upload").body(body(bytes)).unwrap();
    let counted = client.send(upload).await.collect().await.unwrap().to_bytes();
    assert_eq!(counted, bytes.to_string(), "{version:?}");
    let download = asked("GET", &format!("/download?bytes={bytes}")).body(Empty::new().boxed_unsync()).unwrap();
    let (mut answer, mut arrived) = (client.send(download).await, 0);
    while let Some(frame) = answer.frame().await {
        arrived += frame.unwrap().into_data().map_or(0, |data| data.len() as u64);
    }
    assert_eq!(arrived, bytes, "{version:?}");
}

#[expect(clippy::print_stdout, reason = "the figures are for the documentation")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_any_size_pass_in_the_same_memory() {
    let bytes = MIB * std::env::var("SEKISHO_LARGE_MIB").map_or(128, |mib| mib.parse::<u64>().expect("a number"));
    let directory = tempfile::tempdir().unwrap();
    let ca_pem = certificate::issue(directory.path());
    let settings = Settings::new(directory.path(), console());
    let file = settings.write("[[rule]]\npath = \"/\"\naccess = \"public\"\n");
    let process = Process::start(directory.path(), &["serve", "--config", file.to_str().unwrap()], settings.https);
    let mut driving = JoinSet::new();
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let mut client = Client::connect(settings.https, &ca_pem, version, &mut driving).await;
        both_directions(&mut client, &settings.url(), version, MIB).await;
        let before = most(&process);
        both_directions(&mut client, &settings.url(), version, bytes).await;
        // The kernel counts by batches: a peak can even seem to shrink.
        let more = most(&process).saturating_sub(before);
        println!("{version:?}: {} MiB each way, {more} bytes above {} MiB", bytes / MIB, before / MIB);
        assert!(more < ALLOWED, "{version:?}: {} MiB more", more / MIB);
    }
}
