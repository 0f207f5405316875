//! Connections that begin with the PROXY protocol: as the test writes it byte by byte, and as HAProxy and nginx write it.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};
use tokio_rustls::TlsConnector;

use crate::support::{
    eventually, free_address,
    gateway::Gateway,
    settings::{MAIL, QUICK_PASSWORDS},
};

const RULES: &str = "[[rule]]\npath = \"/office\"\nnetworks = \"198.51.100.0/24\"\naccess = \"public\"\n\
                     [[rule]]\npath = \"/office\"\naccess = \"deny\"\n\
                     [[rule]]\npath = \"/public\"\naccess = \"public\"\n";

/// One whose both listeners expect it from `proxies`, and which browsers reach at `front`.
async fn expecting_it(proxies: &str, front: Option<SocketAddr>, tables: &str) -> Gateway {
    Gateway::start_with(&[], &["old"], |text| {
        let line =
            |key: &str| text.lines().find_map(|line| line.strip_prefix(&format!("{key} = "))).unwrap().to_owned();
        let keys = format!(
            "proxy_protocol = [{}, {}]\ntrusted_proxies = \"{proxies}\"\n[upstream]\n",
            line("https"),
            line("http")
        );
        let url = line("public_url");
        let text = text.replacen("[upstream]\n", &keys, 1);
        let text = match front {
            Some(front) => text.replacen(&url, &format!("\"https://localhost:{}\"", front.port()), 1),
            None => text,
        };
        format!("{text}{QUICK_PASSWORDS}{MAIL}{RULES}{tables}")
    })
    .await
}

/// A connection from this address.
async fn connect(from: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

async fn tls(gateway: &Gateway, tcp: TcpStream) -> Option<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(gateway.ca_pem().as_bytes()).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), tcp).await.ok()
}

fn get(gateway: &Gateway, path: &str, fields: &str) -> String {
    let port = gateway.settings.https.port();
    format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{fields}Connection: close\r\n\r\n")
}

/// The answer over a connection that begins with these bytes; empty where the gateway closes it.
async fn asked(gateway: &Gateway, begins: &[u8], path: &str, fields: &str) -> String {
    let mut tcp = connect(Ipv4Addr::LOCALHOST, gateway.settings.https).await;
    tcp.write_all(begins).await.unwrap();
    let Some(mut stream) = tls(gateway, tcp).await else { return String::new() };
    answer(&mut stream, &get(gateway, path, fields)).await
}

async fn answer(stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin), request: &str) -> String {
    let mut answer = Vec::new();
    if stream.write_all(request.as_bytes()).await.is_ok() {
        let _closed = stream.read_to_end(&mut answer).await;
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn v2(command: u8, address: [u8; 4], more: &[u8]) -> Vec<u8> {
    let block = [&address[..], &[10, 0, 0, 1, 0x11, 0x5c, 1, 0xbb], more].concat();
    let length = u16::try_from(block.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[command, 0x11][..], &length, &block].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_comes_from_where_its_header_says() {
    let gateway = expecting_it("127.0.0.1", None, "").await;
    let office = b"PROXY TCP4 198.51.100.7 10.0.0.1 4444 443\r\n".to_vec();
    let lies = "X-Forwarded-For: 198.51.100.9\r\nForwarded: for=198.51.100.9\r\n";
    for (begins, from, status) in [
        (office.clone(), "198.51.100.7", 200),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 4444 443\r\n".to_vec(), "2001:db8::7", 403),
        (b"PROXY TCP6 ::ffff:198.51.100.7 ::1 4444 443\r\n".to_vec(), "198.51.100.7", 200),
        (v2(0x21, [198, 51, 100, 7], b""), "198.51.100.7", 200),
        (v2(0x21, [192, 0, 2, 7], &[0x04, 0, 3, 0, 0, 0]), "192.0.2.7", 403),
    ] {
        let page = asked(&gateway, &begins, "/office", lies).await;
        assert!(page.starts_with(&format!("HTTP/1.1 {status} ")), "{from}: {page}");
        let page = asked(&gateway, &begins, "/public", lies).await;
        assert!(page.starts_with("HTTP/1.1 200 "), "{from}: {page}");
        assert_eq!(gateway.upstream.last().one("x-forwarded-for"), from);
    }
    // The proxy's own connections, and those without an address.
    for begins in [b"PROXY UNKNOWN\r\n".to_vec(), v2(0x20, [198, 51, 100, 7], b"")] {
        assert!(asked(&gateway, &begins, "/public", "").await.starts_with("HTTP/1.1 200 "));
        assert_eq!(gateway.upstream.last().one("x-forwarded-for"), "127.0.0.1");
    }
    // Plain HTTP redirects, header or not in what follows.
    let mut tcp = connect(Ipv4Addr::LOCALHOST, gateway.settings.http).await;
    let redirected = answer(&mut tcp, &format!("PROXY UNKNOWN\r\n{}", get(&gateway, "/x", ""))).await;
    assert!(redirected.starts_with("HTTP/1.1 308 "), "{redirected}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_begins_otherwise_is_closed_without_a_word() {
    let gateway = expecting_it("127.0.0.1", None, "").await;
    let line = "PROXY TCP4 198.51.100.7 10.0.0.1 4444 443\r\n";
    let mut too_short = v2(0x21, [198, 51, 100, 7], b"");
    too_short[15] = 11;
    let mut too_long = v2(0x21, [198, 51, 100, 7], b"");
    (too_long[14], too_long[15]) = (0x10, 0);
    for begins in [
        b"".to_vec(),
        b"PROXY TCP4 198.51.100.7\r\n".to_vec(),
        line.replace("\r\n", "\n").into_bytes(),
        format!("PROXY UNKNOWN {}\r\n", "x".repeat(200)).into_bytes(),
        too_short,
        too_long,
        v2(0x22, [198, 51, 100, 7], b""),
        // A second one is not TLS any more.
        format!("{line}{line}").into_bytes(),
    ] {
        assert_eq!(asked(&gateway, &begins, "/public", "").await, "", "{:?}", String::from_utf8_lossy(&begins));
    }
    // In plain HTTP a request behind a second header is one more bad request, and nothing is redirected.
    for (begins, answered) in
        [("", ""), ("PROXY TCP4 x\r\n", ""), ("PROXY UNKNOWN\r\nPROXY UNKNOWN\r\n", "HTTP/1.1 400 ")]
    {
        let mut tcp = connect(Ipv4Addr::LOCALHOST, gateway.settings.http).await;
        let page = answer(&mut tcp, &format!("{begins}{}", get(&gateway, "/x", ""))).await;
        assert!(page.starts_with(answered) && page.is_empty() == answered.is_empty(), "{begins}: {page}");
    }
    // Whoever is no proxy may say what they like.
    let mut tcp = connect(Ipv4Addr::new(127, 0, 0, 2), gateway.settings.http).await;
    assert_eq!(answer(&mut tcp, &format!("PROXY UNKNOWN\r\n{}", get(&gateway, "/x", ""))).await, "");
    assert!(gateway.upstream.seen().is_empty());

    // And where it is not expected it is nothing but noise.
    let plain = Gateway::start(&[], &["old"], RULES).await;
    assert_eq!(asked(&plain, line.as_bytes(), "/public", "").await, "");
    assert!(asked(&plain, b"", "/public", "").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_places_of_one_address_are_those_of_the_client() {
    let gateway = expecting_it("127.0.0.1", None, "[limits]\nconnections_per_address = 2\n").await;
    let open = async |from: &str| {
        let mut tcp = connect(Ipv4Addr::LOCALHOST, gateway.settings.https).await;
        tcp.write_all(format!("PROXY TCP4 {from} 10.0.0.1 4444 443\r\n").as_bytes()).await.unwrap();
        tls(&gateway, tcp).await
    };
    let inside = (open("192.0.2.1").await.unwrap(), open("192.0.2.1").await.unwrap());
    assert!(open("192.0.2.1").await.is_none());
    assert!(open("192.0.2.2").await.is_some(), "somebody else");
    drop(inside);
    eventually("the place of who has gone", async || open("192.0.2.1").await).await;
}

/// A proxy that passes connections on, ended with the test.
struct Front(Child);

impl Drop for Front {
    fn drop(&mut self) {
        let _dead = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Through a real one: a whole request in its own TLS, from another address of this machine.
async fn passes_on(name: &str, mut command: Command, address: SocketAddr, gateway: &Gateway) {
    let log = gateway.settings.directory.join("front.log");
    let output = File::create(&log).unwrap();
    command.current_dir(&gateway.settings.directory).stdin(Stdio::null());
    command.stdout(output.try_clone().unwrap()).stderr(output);
    let child = command.spawn();
    let _front = Front(child.unwrap_or_else(|error| panic!("{command:?}: {error}; .ci/packages test installs it")));
    eventually(name, async || TcpStream::connect(address).await.ok()).await;
    let tcp = connect(Ipv4Addr::new(127, 0, 0, 2), address).await;
    let mut stream = tls(gateway, tcp).await.unwrap_or_else(|| panic!("{name}: {}", fs::read_to_string(&log).unwrap()));
    let request = format!(
        "GET /public HTTP/1.1\r\nHost: localhost:{}\r\nX-Forwarded-For: 198.51.100.9\r\nConnection: close\r\n\r\n",
        address.port()
    );
    let page = answer(&mut stream, &request).await;
    assert!(page.starts_with("HTTP/1.1 200 "), "{name}: {page}");
    assert_eq!(gateway.upstream.last().one("x-forwarded-for"), "127.0.0.2", "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_passes_connections_on_in_both_versions() {
    for send in ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options unique-id,crc32c"] {
        let front = free_address();
        let gateway = expecting_it("127.0.0.1", Some(front), "").await;
        let settings = format!(
            "defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n\
             frontend in\n bind {front}\n unique-id-format %rt\n default_backend gateway\n\
             backend gateway\n server it {} {send}\n",
            gateway.settings.https
        );
        fs::write(gateway.settings.directory.join("haproxy.cfg"), settings).unwrap();
        let mut command = Command::new("/usr/sbin/haproxy");
        command.args(["-db", "-f", "haproxy.cfg"]);
        passes_on(send, command, front, &gateway).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_passes_connections_on() {
    let front = free_address();
    let gateway = expecting_it("127.0.0.1", Some(front), "").await;
    let settings = format!(
        "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\ndaemon off;\nuser root;\npid nginx.pid;\n\
         error_log stderr;\nworker_processes 1;\nevents {{}}\n\
         stream {{\nserver {{\nlisten {front};\nproxy_pass {};\nproxy_protocol on;\n}}\n}}\n",
        gateway.settings.https
    );
    fs::write(gateway.settings.directory.join("nginx.conf"), settings).unwrap();
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-p").arg(&gateway.settings.directory).args(["-c", "nginx.conf", "-e", "stderr"]);
    passes_on("nginx", command, front, &gateway).await;
}
