//! The whole server on real sockets: TLS, both protocol versions, WebSockets, and a console that records what it gets.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
};

use reqwest::{Client, StatusCode, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::{clock::SystemClock, config, entropy::SystemEntropy};

/// A gateway before a console, in a directory that goes away with it.
struct World {
    running: Running,
    console: Arc<Mutex<Vec<String>>>,
    authority: reqwest::Certificate,
    directory: tempfile::TempDir,
}

impl World {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = issue_certificate(directory.path());
        let console = Arc::new(Mutex::new(Vec::new()));
        let upstream = console_at(console.clone());
        let file = directory.path().join("sekisho.toml");
        let port = doors(&["127.0.0.1:0".parse().unwrap()], &[]).unwrap()[0].address.port();
        let text = format!(
            r#"
            public_url = "https://localhost:{port}"
            listen = {{ https = "127.0.0.1:{port}", http = "127.0.0.1:0", certificate = "server.pem", private_key = "server.key" }}
            upstream = {{ url = "http://{upstream}", connect_timeout = "1s" }}
            store = {{ url = "sqlite:sekisho.db" }}
            runtime = {{ directory = "run", threads = 1 }}
            limits = {{ head_deadline = "1s", head_bytes = "4KiB", header_count = 16, target_bytes = "1KiB" }}
            password = {{ memory = "8KiB", passes = 1 }}
            sms = {{ provider = "inbox" }}
            inbox = {{ listen = "127.0.0.1:0" }}
            insecure = {{ weak_password_hash = true, inbox_provider = true }}
            [[rule]]
            path = "/public/read-only"
            methods = ["POST"]
            access = "deny"
            [[rule]]
            path = "/public/plain"
            access = "public"
            [[rule]]
            path = "/public"
            access = "public"
            websocket = true
            [[rule]]
            path = "/never"
            access = "deny"
            "#
        );
        fs::write(&file, text).unwrap();
        let config = config::load(&file).unwrap_or_else(|problems| panic!("{problems}"));
        let running = start(config, Arc::new(SystemClock), Arc::new(SystemEntropy::new())).unwrap();
        Self { running, console, authority, directory }
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.running.https()[0].port())
    }

    fn client(&self, version: http::Version) -> Client {
        let client =
            Client::builder().tls_certs_only([self.authority.clone()]).redirect(reqwest::redirect::Policy::none());
        let client = if version == http::Version::HTTP_2 { client } else { client.http1_only() };
        client.build().unwrap()
    }

    fn seen(&self) -> Vec<String> {
        self.console.lock().unwrap().clone()
    }

    /// A TLS connection on which bytes can be sent as they are.
    async fn raw(&self) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(crate::tls::load_certificates(&self.directory.path().join("ca.pem")).unwrap().remove(0)).unwrap();
        let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let stream = tokio::net::TcpStream::connect(self.running.https()[0]).await.unwrap();
        let name = "localhost".try_into().unwrap();
        tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    async fn exchange(&self, bytes: &str) -> String {
        let mut stream = self.raw().await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // The server may close without close_notify once it has refused.
        let _ended = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn issue_certificate(directory: &Path) -> reqwest::Certificate {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    fs::write(directory.join("server.pem"), leaf.pem()).unwrap();
    fs::write(directory.join("server.key"), key.serialize_pem()).unwrap();
    fs::write(directory.join("ca.pem"), &pem).unwrap();
    reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()
}

/// A console of few words: 200 to everything, 101 to an upgrade and then an echo; it tries to set our cookie, too.
fn console_at(seen: Arc<Mutex<Vec<String>>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = seen.clone();
            thread::spawn(move || answer_all(stream, &seen));
        }
    });
    address
}

fn answer_all(mut stream: TcpStream, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let folded = head.to_ascii_lowercase();
        let length =
            folded.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        seen.lock().unwrap().push(head + &String::from_utf8_lossy(&body));
        if folded.contains("upgrade: websocket") || folded.contains("/switches") {
            stream
                .write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
                .unwrap();
            if folded.contains("/resets") {
                stream.write_all(b"frame").unwrap();
                // Closed with something unread: the kernel resets the connection.
                stream.peek(&mut [0]).unwrap();
                return;
            }
            std::io::copy(&mut reader, &mut stream).ok();
            return;
        }
        if folded.contains("/hangs-up") {
            return;
        }
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nSet-Cookie: legacy=1\r\nSet-Cookie: __Host-sekisho=evil; Path=/\r\nX-Sekisho-User: evil\r\n\r\nconsole";
        stream.write_all(answer.as_bytes()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_protocol_versions_reach_the_console_only_with_a_permit_and_without_our_names() {
    let world = World::start();
    for version in [http::Version::HTTP_11, http::Version::HTTP_2] {
        let client = world.client(version);
        let before = world.seen().len();
        let request = client
            .get(world.url("/public/a?b=%2F"))
            .header("cookie", "a=1; __Host-sekisho=x")
            .header("x_sekisho_user", "admin");
        let answer = request.header("x-forwarded-for", "1.2.3.4").send().await.unwrap();
        assert_eq!((answer.status(), answer.version()), (StatusCode::OK, version));
        let cookies: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(cookies, ["legacy=1"]);
        assert!(!answer.headers().contains_key("x-sekisho-user"));
        assert_eq!(answer.text().await.unwrap(), "console");

        let posted = client.post(world.url("/public/form")).body("x".repeat(100_000)).send().await.unwrap();
        assert_eq!(posted.status(), 200);
        let seen = world.seen();
        let [got, form] = &seen[before..] else { panic!("{seen:?}") };
        assert!(got.starts_with("GET /public/a?b=%2F HTTP/1.1\r\n"), "{got}");
        let got = got.to_ascii_lowercase();
        assert!(
            got.contains("cookie: a=1\r\n")
                && got.contains("x-forwarded-for: 127.0.0.1\r\n")
                && got.contains("x-forwarded-proto: https\r\n"),
            "{got}"
        );
        assert!(got.contains(&format!("host: localhost:{}\r\n", world.running.https()[0].port())), "{got}");
        assert!(!got.contains("sekisho") && !got.contains("1.2.3.4") && !got.contains("admin"), "{got}");
        assert!(form.ends_with(&"x".repeat(100_000)));

        let page = client.get(world.url("/orders/1?x=y")).header("accept", "text/html").send().await.unwrap();
        assert_eq!(page.status(), 303);
        let location = page.headers()[header::LOCATION].to_str().unwrap();
        assert!(location.starts_with("/.sekisho/sign-in?to="), "{location}");
        let form = client.get(world.url(location)).header("accept-language", "en").send().await.unwrap();
        assert_eq!(form.status(), 200);
        assert!(form.text().await.unwrap().contains("type=\"password\""));
        let upload = client.post(world.url("/.sekisho/sign-in")).body("z".repeat(1_000_000)).send().await.unwrap();
        assert_eq!(upload.status(), 413);
        let api = client.post(world.url("/api")).body("y".repeat(100_000)).send().await.unwrap();
        assert_eq!(api.status(), 401);
        assert!(api.text().await.unwrap().contains("sign_in_required"));
        assert_eq!(client.get(world.url("/never")).send().await.unwrap().status(), 403);
        let misdirected = client.get(world.url("/public")).header("host", "evil.test").send().await;
        assert!(misdirected.is_err() || matches!(misdirected.unwrap().status().as_u16(), 400 | 421));
        assert_eq!(world.seen().len(), before + 2, "nothing else got there");
    }
    world.running.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_parsers_could_read_differently_is_refused_at_the_socket() {
    let world = World::start();
    let host = format!("Host: localhost:{}", world.running.https()[0].port());
    for (request, status) in [
        (
            format!(
                "POST /public HTTP/1.1\r\n{host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            400,
        ),
        (format!("POST /public HTTP/1.1\r\n{host}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 400),
        (format!("POST /.sekisho/sign-in HTTP/1.1\r\n{host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\na=b\r\n"), 400),
        (format!("GET /public HTTP/1.1\n{host}\n\n"), 400),
        ("GET /public HTTP/1.1\r\n\r\n".to_owned(), 400),
        (format!("GET /public/../never HTTP/1.1\r\n{host}\r\n\r\n"), 400),
        (format!("GET /%2esekisho/sign-in HTTP/1.1\r\n{host}\r\n\r\n"), 400),
        (format!("TRACE /public HTTP/1.1\r\n{host}\r\n\r\n"), 405),
        ("GET /public HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".to_owned(), 421),
        ("GET /public HTTP/1.1\r\nX: ".to_owned(), 408),
    ] {
        let answer = world.exchange(&request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "one answer, then closed: {answer}");
    }
    assert_eq!(world.seen(), Vec::<String>::new());

    let both = format!(
        "GET /public/1 HTTP/1.1\r\n{host}\r\n\r\nGET /public/2 HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(
        world.exchange(&both).await.matches("HTTP/1.1 200 OK").count(),
        2,
        "pipelined requests are answered in turn"
    );
    world.running.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_2_is_held_to_what_http_1_is_held_to() {
    let world = World::start();
    let client = world.client(http::Version::HTTP_2);
    for (method, status) in [("POST", 403), ("post", 400), ("Post", 400), ("TRACE", 405)] {
        let method = http::Method::from_bytes(method.as_bytes()).unwrap();
        let answer = client.request(method.clone(), world.url("/public/read-only")).send().await.unwrap();
        assert_eq!((answer.version(), answer.status().as_u16()), (http::Version::HTTP_2, status), "{method}");
    }
    let fields = |name: &str, value: &str| client.get(world.url("/public")).header(name, value);
    for (request, status) in [
        (fields("transfer_encoding", "chunked"), 400),
        (fields("content_length", "5"), 400),
        (fields("host_", "evil.test"), 400),
        (fields("x", &"y".repeat(5000)), 431),
        (client.get(world.url(&format!("/public?{}", "a".repeat(1100)))), 414),
        ((0..20).fold(fields("x", "y"), |request, n| request.header(format!("x-{n}"), "y")), 431),
    ] {
        assert_eq!(request.send().await.unwrap().status().as_u16(), status);
    }
    assert_eq!(world.seen(), Vec::<String>::new());
    assert_eq!(client.get(world.url("/public/read-only")).send().await.unwrap().status(), 200);
    world.running.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_passes_and_other_upgrades_do_not() {
    let world = World::start();
    let port = world.running.https()[0].port();
    let handshake = |upgrade: &str, path: &str, origin: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: {upgrade}\r\nConnection: Upgrade\r\nOrigin: {origin}\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
    };
    let ours = format!("https://localhost:{port}");
    let mut stream = world.raw().await;
    // Sent before the answer: held back until the console has accepted.
    stream.write_all(format!("{}early", handshake("websocket", "/public/ws", &ours)).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"early") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "{}", String::from_utf8_lossy(&answer));
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
    stream.write_all(b"GET / \n later").await.unwrap();
    let mut echo = [0; 13];
    stream.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"GET / \n later");

    let refused = world.exchange(&handshake("websocket", "/ws", &ours)).await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    let elsewhere = world.exchange(&handshake("websocket", "/public/plain", &ours)).await;
    assert!(elsewhere.starts_with("HTTP/1.1 403 "), "its rule does not say so: {elsewhere}");
    let foreign = world.exchange(&handshake("websocket", "/public/ws", "https://evil.test")).await;
    assert!(foreign.starts_with("HTTP/1.1 403 "), "{foreign}");
    let before = world.seen().len();
    let mut other = world.raw().await;
    other.write_all(handshake("h2c", "/public/other", &ours).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"console") {
        assert_ne!(other.read_buf(&mut answer).await.unwrap(), 0, "{}", String::from_utf8_lossy(&answer));
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
    let forwarded = world.seen()[before..].concat().to_ascii_lowercase();
    assert!(!forwarded.contains("upgrade"), "{forwarded}");
    world.running.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_ours_follows_the_last_frame_of_a_tunnel_that_breaks() {
    let world = World::start();
    let mut stream = world.raw().await;
    let port = world.running.https()[0].port();
    let handshake = format!(
        "GET /public/resets HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Origin: https://localhost:{port}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"frame") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "{}", String::from_utf8_lossy(&answer));
    }
    stream.write_all(b"unread").await.unwrap();
    let mut after = Vec::new();
    let _ended = stream.read_to_end(&mut after).await;
    assert_eq!(String::from_utf8_lossy(&after), "");
    world.running.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_cannot_make_a_tunnel_nobody_asked_for() {
    let world = World::start();
    for version in [http::Version::HTTP_11, http::Version::HTTP_2] {
        let answer = world.client(version).get(world.url("/public/switches")).send().await.unwrap();
        assert_eq!((answer.version(), answer.status().as_u16()), (version, 502));
    }
    let host = format!("Host: localhost:{}", world.running.https()[0].port());
    for upgrade in ["", "Upgrade: h2c\r\nConnection: Upgrade\r\n"] {
        let request = format!("GET /public/switches HTTP/1.1\r\n{host}\r\n{upgrade}\r\n");
        let answer = world.exchange(&request).await;
        assert!(answer.starts_with("HTTP/1.1 502 ") && answer.matches("HTTP/1.1").count() == 1, "{answer}");
    }
    world.running.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_is_gone_is_our_own_page_with_a_reference() {
    let world = World::start();
    for version in [http::Version::HTTP_11, http::Version::HTTP_2] {
        let request = world.client(version).get(world.url("/public/hangs-up")).header("accept", "text/html");
        let answer = request.header("accept-language", "en").send().await.unwrap();
        assert_eq!(answer.status(), 502);
        let reference = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(!answer.headers().contains_key("server"));
        let read_out: String = reference.chars().take(8).collect();
        assert!(answer.text().await.unwrap().contains(&read_out), "its beginning, which a person reads out");
    }
    world.running.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_only_leads_to_https() {
    let world = World::start();
    let client = world.client(http::Version::HTTP_11);
    let plain = format!("http://localhost:{}/orders?a=b", world.running.http()[0].port());
    let answer = client.get(&plain).send().await.unwrap();
    assert_eq!(answer.status(), 308);
    assert_eq!(answer.headers()[header::LOCATION], world.url("/orders?a=b").as_str());
    assert_eq!(client.post(&plain).body("secret").send().await.unwrap().status(), 403);
    assert_eq!(client.get(&plain).header("host", "evil.test").send().await.unwrap().status(), 421);
    assert_eq!(world.seen(), Vec::<String>::new());
    world.running.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_frees_the_store_and_a_taken_address_is_an_error() {
    let world = World::start();
    let file = world.directory.path().join("sekisho.toml");
    let again = || {
        start(
            config::load(&file).unwrap_or_else(|p| panic!("{p}")),
            Arc::new(SystemClock),
            Arc::new(SystemEntropy::new()),
        )
    };
    assert!(matches!(again(), Err(ServerError::Listen { .. })), "the address is taken");
    world.running.stop().unwrap();
    again().unwrap().stop().unwrap();
}
