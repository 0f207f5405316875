//! The ways to a console: HTTP/2 with and without TLS, a certificate of the gateway's own, Unix sockets; and streams that
//! pass while they are still being written.

use std::{
    convert::Infallible,
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    client::conn::http2,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener},
    sync::mpsc,
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::steps;
use crate::support::{
    browser::{Browser, Speaks},
    certificate,
    clock::TestClock,
    free_address,
    gateway::Gateway,
    process::Process,
    settings::{MAIL, QUICK_PASSWORDS, Settings},
};

const RULES: &str = "[[rule]]\npath = \"/open\"\naccess = \"public\"\n\
    [[rule]]\npath = \"/socket\"\naccess = \"signed-in\"\nwebsocket = true\n";

/// One request as it arrived.
#[derive(Clone, Debug)]
struct Asked {
    version: Version,
    method: Method,
    authority: String,
    headers: HeaderMap,
    body: Bytes,
}

/// A console that speaks what it is spoken to with.
#[derive(Clone)]
struct Console {
    asked: Arc<Mutex<Vec<Asked>>>,
    /// What `/open/events` is to say, one by one.
    events: Arc<Mutex<Option<mpsc::UnboundedReceiver<Bytes>>>>,
}

type Answer = Response<UnsyncBoxBody<Bytes, hyper::Error>>;

impl Console {
    fn new() -> Self {
        Self { asked: Arc::default(), events: Arc::default() }
    }

    fn last(&self) -> Asked {
        self.asked.lock().unwrap().last().cloned().expect("a request reached the console")
    }

    /// Answers on a thread of its own for as long as the test process lives.
    fn serve<L: Listens>(&self, listener: L, tls: Option<Arc<ServerConfig>>) {
        let console = self.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let mut connections = JoinSet::new();
                let listener = listener.into_async();
                while let Ok(stream) = L::accept(&listener).await {
                    let (console, tls) = (console.clone(), tls.clone());
                    connections.spawn(async move {
                        match tls {
                            None => console.connection(stream).await,
                            Some(tls) => {
                                let Ok(stream) = TlsAcceptor::from(tls).accept(stream).await else { return };
                                console.connection(stream).await;
                            }
                        }
                    });
                }
            });
        });
    }

    fn on_tcp(&self, tls: Option<Arc<ServerConfig>>) -> SocketAddr {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        self.serve(listener, tls);
        address
    }

    async fn connection(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let console = self.clone();
        let service = hyper::service::service_fn(move |request| {
            let console = console.clone();
            async move { console.answer(request).await }
        });
        let builder = auto::Builder::new(TokioExecutor::new());
        drop(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await);
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Infallible> {
        let (head, body) = request.into_parts();
        let authority = head.uri.authority().map_or_else(
            || head.headers.get("host").map_or(String::new(), |host| host.to_str().unwrap().to_owned()),
            ToString::to_string,
        );
        let asked = |body| Asked {
            version: head.version,
            method: head.method.clone(),
            authority,
            headers: head.headers.clone(),
            body,
        };
        let note = |asked| self.asked.lock().unwrap().push(asked);
        let whole = |text: &str| Full::new(Bytes::from(text.to_owned())).map_err(|never| match never {}).boxed_unsync();
        Ok(match head.uri.path() {
            "/open/echo" => {
                note(asked(Bytes::new()));
                let trailers =
                    HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))]);
                let mut answer = Response::new(body.with_trailers(async move { Some(Ok(trailers)) }).boxed_unsync());
                answer.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
                answer
            }
            "/open/events" => {
                note(asked(Bytes::new()));
                let events = self.events.lock().unwrap().take().expect("events to tell");
                let frames = stream::unfold(events, |mut events| async move {
                    let event = events.recv().await?;
                    Some((Ok(Frame::data(event)), events))
                });
                let mut answer = Response::new(StreamBody::new(frames).boxed_unsync());
                answer.headers_mut().insert("content-type", HeaderValue::from_static("text/event-stream"));
                answer
            }
            "/socket" => {
                note(asked(Bytes::new()));
                let mut answer = Response::new(whole(""));
                *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
                for (name, value) in [("upgrade", "websocket"), ("connection", "upgrade")] {
                    answer.headers_mut().insert(name, HeaderValue::from_static(value));
                }
                answer
            }
            _ => {
                let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
                note(asked(body));
                Response::new(whole("the console"))
            }
        })
    }
}

/// What a console listens on.
trait Listens: Send + 'static {
    type Async: Send;
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    fn into_async(self) -> Self::Async;
    fn accept(listener: &Self::Async) -> impl Future<Output = std::io::Result<Self::Stream>> + Send;
}

impl Listens for std::net::TcpListener {
    type Async = TcpListener;
    type Stream = TcpStream;
    fn into_async(self) -> TcpListener {
        TcpListener::from_std(self).unwrap()
    }
    async fn accept(listener: &TcpListener) -> std::io::Result<TcpStream> {
        Ok(listener.accept().await?.0)
    }
}

impl Listens for std::os::unix::net::UnixListener {
    type Async = UnixListener;
    type Stream = tokio::net::UnixStream;
    fn into_async(self) -> UnixListener {
        UnixListener::from_std(self).unwrap()
    }
    async fn accept(listener: &UnixListener) -> std::io::Result<tokio::net::UnixStream> {
        Ok(listener.accept().await?.0)
    }
}

/// In front of consoles with these tables.
async fn in_front_of(consoles: &str, enrolled: &[&str]) -> Gateway {
    Gateway::start_with(&[], enrolled, |text| {
        let url = text.lines().find(|line| line.starts_with("url = \"http://")).unwrap().to_owned();
        format!("{}{QUICK_PASSWORDS}{MAIL}{RULES}", text.replace(&format!("[upstream]\n{url}\n"), consoles))
    })
    .await
}

/// An authority in a directory of its own, with `server.pem` and `server.key` under it.
fn authority(below: &Path, name: &str) -> PathBuf {
    let directory = below.join(name);
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("ca.pem"), certificate::issue(&directory)).unwrap();
    directory
}

/// TLS of a console with this certificate; `clients`: it talks to those alone that show a certificate under this one.
fn tls(own: &Path, clients: Option<&Path>) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(clients.join("ca.pem")).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain = vec![CertificateDer::from_pem_file(own.join("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(own.join("server.key")).unwrap();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_is_asked_by_http_2_and_websockets_by_http_1() {
    let directory = tempfile::tempdir().unwrap();
    let own = authority(directory.path(), "own");
    let console = Console::new();
    let plain = console.on_tcp(None);
    let secure = console.on_tcp(Some(tls(&own, None)));
    for url in [
        format!("url = \"http://{plain}\"\n"),
        format!("url = \"https://localhost:{}\"\nca = \"{}\"\n", secure.port(), own.join("ca.pem").display()),
    ] {
        let gateway = in_front_of(&format!("[upstream]\nh2 = true\n{url}"), &["old"]).await;
        let authority = gateway.settings.url().trim_start_matches("https://").to_owned();
        for speaks in [Speaks::Http1, Speaks::Http2] {
            let browser = gateway.browser(speaks, "en");
            steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
            for (method, body) in [(Method::GET, None), (Method::POST, Some("a=b")), (Method::PUT, Some(""))] {
                let sent = body.map(str::to_owned);
                let page = browser.send(method.clone(), "/orders?x=%2F", HeaderMap::new(), sent).await;
                assert_eq!((page.status, page.body.as_str()), (200, "the console"), "{speaks:?} {method}");
                let asked = console.last();
                assert_eq!((asked.version, &asked.method), (Version::HTTP_2, &method));
                assert_eq!((asked.authority.as_str(), &*asked.body), (&*authority, body.unwrap_or("").as_bytes()));
                assert_eq!(asked.headers.get("x-sekisho-user").unwrap(), "old");
                assert!(!asked.headers.contains_key("host") && !asked.headers.contains_key("connection"));
            }
            gateway.clock.advance(std::time::Duration::from_secs(30));
        }
        let browser = gateway.browser(Speaks::Http1, "en");
        steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
        assert_eq!(browser.refused_websocket("/socket").await, 101, "{url}");
        assert_eq!(console.last().version, Version::HTTP_11, "{url}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_console_has_its_own_authority_and_sees_its_own_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let [own, other, ours] = ["own", "other", "ours"].map(|name| authority(directory.path(), name));
    let console = Console::new();
    let strict = console.on_tcp(Some(tls(&own, Some(&ours))));
    let lax = console.on_tcp(Some(tls(&other, None)));
    let table = |path: &str, at: SocketAddr, ca: &Path, keys: &str| {
        let ca = ca.join("ca.pem");
        format!(
            "[[upstream]]\npath = \"{path}\"\nurl = \"https://localhost:{}\"\nca = \"{}\"\n{keys}",
            at.port(),
            ca.display()
        )
    };
    let shown = format!(
        "client_certificate = \"{}\"\nclient_key = \"{}\"\n",
        ours.join("server.pem").display(),
        ours.join("server.key").display()
    );
    let consoles = [
        table("/open/strict", strict, &own, &shown),
        table("/open/nothing-shown", strict, &own, ""),
        table("/open/wrong-authority", lax, &own, ""),
        table("/", lax, &other, ""),
    ];
    let gateway = in_front_of(&consoles.concat(), &[]).await;
    let browser = gateway.browser(Speaks::Http1, "en");
    // Twice, and the strict one first: no connection of one console serves another.
    for _ in 0..2 {
        for (path, status) in
            [("/open/strict", 200), ("/open/nothing-shown", 502), ("/open/wrong-authority", 502), ("/open/other", 200)]
        {
            assert_eq!(browser.visit(path).await.status, status, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_on_a_unix_socket_is_one_like_any_other() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("console.sock");
    let console = Console::new();
    for (keys, version) in [("", Version::HTTP_11), ("h2 = true\n", Version::HTTP_2)] {
        let gateway = in_front_of(&format!("[upstream]\nurl = \"unix:{}\"\n{keys}", socket.display()), &["old"]).await;
        let browser = gateway.browser(Speaks::Http2, "en");
        if !socket.exists() {
            assert_eq!(browser.visit("/open/orders").await.status, 502, "nobody is there yet");
            let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
            listener.set_nonblocking(true).unwrap();
            console.serve(listener, None);
        }
        steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
        for _ in 0..2 {
            let page = browser.send(Method::POST, "/orders", HeaderMap::new(), Some("a=b".to_owned())).await;
            assert_eq!((page.status, &*console.last().body), (200, &b"a=b"[..]));
        }
        let asked = console.last();
        assert_eq!((asked.version, asked.headers.get("x-sekisho-user").unwrap().to_str().unwrap()), (version, "old"));
        let authority = gateway.settings.url();
        assert_eq!(asked.authority, authority.trim_start_matches("https://"), "the host that browsers know");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_is_not_there_or_not_for_us_is_a_page_that_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let ca_pem = certificate::issue(directory.path());
    let settings = Settings::new(directory.path(), free_address());
    let file = settings.write(RULES);
    let socket = directory.path().join("console.sock");
    let text = fs::read_to_string(&file).unwrap();
    let url = format!("url = \"http://{}\"", settings.upstream);
    fs::write(&file, text.replace(&url, &format!("url = \"unix:{}\"", socket.display()))).unwrap();
    let arguments = ["serve", "--config", file.to_str().unwrap()];
    let process = Process::start_as_nobody(directory.path(), &arguments, settings.https);
    let browser = Browser::new(&settings.url(), &ca_pem, TestClock::new(), Speaks::Http1, "en");
    let shows = async |status: u16, why: &str| {
        let page = browser.visit("/open/orders").await;
        assert_eq!(page.status, status, "{why}: {}", process.said());
        assert!(status == 200 || page.text().contains("Reference number"), "{}", page.text());
    };
    let listen = || {
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        listener.set_nonblocking(true).unwrap();
        Console::new().serve(listener, None);
    };
    let mode = |bits| fs::set_permissions(&socket, fs::Permissions::from_mode(bits)).unwrap();

    shows(502, "nothing is there").await;
    fs::write(&socket, "").unwrap();
    shows(502, "a file is there").await;
    fs::remove_file(&socket).unwrap();
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    shows(502, "a console that was ended left it").await;
    fs::remove_file(&socket).unwrap();
    listen();
    mode(0o000);
    shows(502, "it is for others").await;
    mode(0o666);
    shows(200, "it is for everybody").await;
}

/// Requests of a client that writes and reads at once, as gRPC ones do; they go on as long as what drives them is there.
async fn by_http_2(
    gateway: &Gateway,
) -> (http2::SendRequest<UnsyncBoxBody<Bytes, Infallible>>, JoinSet<hyper::Result<()>>) {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(gateway.ca_pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let port: u16 = gateway.settings.url().rsplit(':').next().unwrap().parse().unwrap();
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let io = TokioIo::new(stream);
    let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    (sender, driving)
}

fn told(frames: mpsc::UnboundedReceiver<Bytes>) -> UnsyncBoxBody<Bytes, Infallible> {
    let frames = stream::unfold(frames, |mut frames| async move {
        let frame: Bytes = frames.recv().await?;
        Some((Ok(Frame::data(frame)), frames))
    });
    StreamBody::new(frames).boxed_unsync()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_in_both_directions_passes_frame_by_frame_with_its_trailers() {
    let console = Console::new();
    let plain = console.on_tcp(None);
    let gateway = in_front_of(&format!("[upstream]\nh2 = true\nurl = \"http://{plain}\"\n"), &[]).await;
    let (mut client, _driving) = by_http_2(&gateway).await;
    let (say, said) = mpsc::unbounded_channel();
    let request = Request::post(format!("{}/open/echo", gateway.settings.url())).header("te", "trailers");
    let request = request.header("content-type", "application/grpc").body(told(said)).unwrap();
    say.send(Bytes::from_static(b"first")).unwrap();
    let answer = client.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut body = answer.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "first");
    // The request is not at its end, and every frame comes back before the next is sent.
    for word in ["second", "third"] {
        say.send(Bytes::from_static(word.as_bytes())).unwrap();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), word);
    }
    drop(say);
    let trailers = loop {
        let frame = body.frame().await.expect("trailers").unwrap();
        if let Ok(trailers) = frame.into_trailers() {
            break trailers;
        }
    };
    assert_eq!(trailers.get("grpc-status").unwrap(), "0");
    assert_eq!(console.last().headers.get("te").unwrap(), "trailers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_arrive_one_by_one_while_the_console_still_speaks() {
    for (keys, version) in [("", Version::HTTP_11), ("h2 = true\n", Version::HTTP_2)] {
        let console = Console::new();
        let plain = console.on_tcp(None);
        let gateway = in_front_of(&format!("[upstream]\nurl = \"http://{plain}\"\n{keys}"), &[]).await;
        let (mut client, _driving) = by_http_2(&gateway).await;
        let (tell, told_of) = mpsc::unbounded_channel();
        *console.events.lock().unwrap() = Some(told_of);
        let request = Request::get(format!("{}/open/events", gateway.settings.url()));
        let request = request.header("accept", "text/event-stream").body(told(mpsc::unbounded_channel().1)).unwrap();
        let answer = client.send_request(request).await.unwrap();
        assert_eq!(console.last().version, version);
        let mut body = answer.into_body();
        for event in ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] {
            tell.send(Bytes::from_static(event.as_bytes())).unwrap();
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), event);
        }
        drop(tell);
        assert!(body.frame().await.is_none_or(|frame| frame.unwrap().into_data().is_ok_and(|data| data.is_empty())));
    }
}
