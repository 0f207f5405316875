//! TLS of the listeners over real sockets: which certificate who gets, when files change, who comes back without a whole
//! handshake, certificates of clients, and requests that come over a connection for another host.

use std::{fs, net::SocketAddr, sync::Arc};

use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::support::{
    certificate::Authority,
    eventually,
    gateway::Gateway,
    log,
    settings::{MAIL, QUICK_PASSWORDS},
};

const RULES: &str = "[[rule]]\npath = \"/public\"\naccess = \"public\"\n";

/// With these lines in place of those of the certificate and its key, and these more.
async fn with_certificates(certificates: &str, more: &str) -> Gateway {
    Gateway::start_with(&[], &["old"], |text| {
        let text = text.replacen("certificate = \"server.pem\"\nprivate_key = \"server.key\"\n", certificates, 1);
        format!("{}{QUICK_PASSWORDS}{MAIL}{RULES}", text.replacen("[upstream]\n", &format!("{more}\n[upstream]\n"), 1))
    })
    .await
}

/// A client that trusts these authorities.
pub(crate) fn client(authorities: &[&str], versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    }
    ClientConfig::builder_with_protocol_versions(versions).with_root_certificates(roots).with_no_client_auth()
}

pub(crate) async fn connect(
    to: SocketAddr,
    config: &Arc<ClientConfig>,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(to).await?;
    TlsConnector::from(config.clone()).connect(ServerName::try_from(name.to_owned()).unwrap(), tcp).await
}

/// The answer to one request, which closes the connection; empty where there is none.
async fn asked(stream: &mut TlsStream<TcpStream>, host: &str) -> String {
    let mut answer = Vec::new();
    let request = format!("GET /public HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    if stream.write_all(request.as_bytes()).await.is_ok() {
        let _closed = stream.read_to_end(&mut answer).await;
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn certificate(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_a_client_asks_for_chooses_the_certificate_and_binds_its_requests() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (pem, key) = authority.write(directory.path(), "other", &["other.test", "*.shops.test"]);
    let both = format!(
        "certificate = [\"server.pem\", {:?}]\nprivate_key = [\"server.key\", {:?}]\n",
        pem.display(),
        key.display()
    );
    let gateway = with_certificates(&both, "").await;
    let behind = with_certificates(&both, "trusted_proxies = \"127.0.0.1\"").await;
    for (gateway, trusted) in [(&gateway, false), (&behind, true)] {
        let to = gateway.settings.https;
        let ours = format!("localhost:{}", to.port());
        let first = CertificateDer::from_pem_file(gateway.settings.directory.join("server.pem")).unwrap();
        let config = Arc::new(client(&[gateway.ca_pem(), &authority.pem], &[&TLS13, &TLS12]));
        for (name, host, is_first, status) in [
            ("localhost", ours.as_str(), true, 200),
            ("LOCALHOST", &ours, true, 200),
            ("127.0.0.1", &ours, true, 200),
            ("localhost", "other.test", true, 421),
            ("other.test", &ours, false, if trusted { 200 } else { 421 }),
            ("other.test", "other.test", false, 421),
            ("a.shops.test", &ours, false, if trusted { 200 } else { 421 }),
        ] {
            let mut stream = connect(to, &config, name).await.unwrap();
            assert_eq!(certificate(&stream) == first, is_first, "{name}");
            let page = asked(&mut stream, host).await;
            assert!(page.starts_with(&format!("HTTP/1.1 {status} ")), "{trusted} {name} {host}: {page}");
            assert!(status == 200 || !page.contains("<form"), "{page}");
        }
        // Whoever asks for a name that no certificate has gets the first one, which is for others.
        assert!(connect(to, &config, "elsewhere.test").await.unwrap_err().to_string().contains("not valid for name"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coalesced_request_of_http2_is_sent_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (pem, key) = authority.write(directory.path(), "both", &["other.test", "localhost"]);
    let one = format!("certificate = {:?}\nprivate_key = {:?}\n", pem.display(), key.display());
    let gateway = with_certificates(&one, "").await;
    let to = gateway.settings.https;
    let mut config = client(&[&authority.pem], &[&TLS13]);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let config = Arc::new(config);
    for (name, status) in [("localhost", 200), ("other.test", 421)] {
        let stream = TokioIo::new(connect(to, &config, name).await.unwrap());
        let (mut send, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        let mut running = JoinSet::new();
        running.spawn(connection);
        let request = http::Request::get(format!("https://localhost:{}/public", to.port()));
        let answer = send.send_request(request.body(Empty::<bytes::Bytes>::new()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), status, "{name}");
        answer.into_body().collect().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewed_files_are_taken_without_a_word_and_bad_ones_are_not() {
    log::start();
    let gateway = with_certificates("certificate = \"server.pem\"\nprivate_key = \"server.key\"\n", "").await;
    let (to, directory) = (gateway.settings.https, gateway.settings.directory.clone());
    let host = format!("localhost:{}", to.port());
    let authority = Authority::new();
    let mut config = client(&[gateway.ca_pem(), &authority.pem], &[&TLS13]);
    // Who comes back by a ticket is shown no certificate.
    config.resumption = rustls::client::Resumption::disabled();
    let config = Arc::new(config);
    let served = async || certificate(&connect(to, &config, "localhost").await.unwrap());
    let mut before = connect(to, &config, "localhost").await.unwrap();
    let first = certificate(&before);

    authority.write(&directory, "server", &["localhost"]);
    let renewed = CertificateDer::from_pem_file(directory.join("server.pem")).unwrap();
    eventually("the new certificate", async || (served().await == renewed).then_some(())).await;
    assert_ne!(first, renewed);
    assert!(asked(&mut before, &host).await.starts_with("HTTP/1.1 200 "), "connections go on");

    // Written by half.
    fs::write(directory.join("server.key"), "-----BEGIN PRIVATE KEY-----\nMIG").unwrap();
    let told = format!("{}: ", directory.join("server.key").display());
    eventually("what is wrong with it", async || log::read().contains(&told).then_some(())).await;
    assert_eq!(served().await, renewed);

    authority.write(&directory, "server", &["localhost"]);
    eventually("the next one", async || (served().await != renewed).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_here_before_comes_back_by_a_ticket() {
    let gateway = with_certificates("certificate = \"server.pem\"\nprivate_key = \"server.key\"\n", "").await;
    let (to, host) = (gateway.settings.https, format!("localhost:{}", gateway.settings.https.port()));
    for version in [&TLS13, &TLS12] {
        let config = Arc::new(client(&[gateway.ca_pem()], &[version]));
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let mut stream = connect(to, &config, "localhost").await.unwrap();
            // The tickets of TLS 1.3 come with the first bytes.
            assert!(asked(&mut stream, &host).await.starts_with("HTTP/1.1 200 "));
            let (_, tls) = stream.get_ref();
            assert_eq!(tls.protocol_version(), Some(version.version));
            kinds.push(tls.handshake_kind().unwrap());
        }
        assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed], "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_versions_than_tls_1_2_are_told_so() {
    let gateway = with_certificates("certificate = \"server.pem\"\nprivate_key = \"server.key\"\n", "").await;
    // One suite, one group, one kind of signature, and nothing that says of a later version.
    let mut rest = vec![7; 32];
    rest.extend([0, 0, 2, 0xc0, 0x2b, 1, 0, 0, 16, 0, 13, 0, 4, 0, 2, 4, 3, 0, 10, 0, 4, 0, 2, 0, 0x1d]);
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    for minor in [0, 1, 2, 3] {
        let hello = [&[3, minor][..], &rest].concat();
        let hello = [&[1, 0][..], &length(&hello), &hello].concat();
        let record = [&[22, 3, minor.min(1)][..], &length(&hello), &hello].concat();
        let mut tcp = TcpStream::connect(gateway.settings.https).await.unwrap();
        tcp.write_all(&record).await.unwrap();
        let mut answer = [0; 7];
        tcp.read_exact(&mut answer).await.unwrap();
        if minor == 3 {
            assert_eq!((answer[0], answer[5]), (22, 2), "the server's hello: {answer:?}");
        } else {
            assert_eq!((answer[0], &answer[5..]), (21, &[2, 70][..]), "a fatal alert about the version: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_of_clients_are_looked_at_before_anything_else() {
    log::start();
    let directory = tempfile::tempdir().unwrap();
    let (trusted, other) = (Authority::new(), Authority::new());
    let ca = directory.path().join("clients.pem");
    fs::write(&ca, &trusted.pem).unwrap();
    let pair = "certificate = \"server.pem\"\nprivate_key = \"server.key\"\n";
    let keys = format!("client_ca = {:?}", ca.display());
    let required = with_certificates(pair, &keys).await;
    let optional = with_certificates(pair, &format!("{keys}\nclient_certificates = \"optional\"")).await;
    for version in [&TLS13, &TLS12] {
        for (gateway, is_required) in [(&required, true), (&optional, false)] {
            let (to, host) = (gateway.settings.https, format!("localhost:{}", gateway.settings.https.port()));
            for (shown, passes) in [(None, !is_required), (Some(&trusted), true), (Some(&other), false)] {
                let plain = client(&[gateway.ca_pem()], &[version]);
                let config = match shown {
                    None => plain,
                    Some(authority) => {
                        let (pem, key) = authority.write(directory.path(), "client", &["somebody"]);
                        let chain = vec![CertificateDer::from_pem_file(pem).unwrap()];
                        let key = PrivateKeyDer::from_pem_file(key).unwrap();
                        ClientConfig::builder_with_protocol_versions(&[version])
                            .with_root_certificates(roots(gateway.ca_pem()))
                            .with_client_auth_cert(chain, key)
                            .unwrap()
                    }
                };
                let config = Arc::new(config);
                // The second time by a ticket, where the first one was good.
                for _ in 0..2 {
                    let answer = match connect(to, &config, "localhost").await {
                        Ok(mut stream) => asked(&mut stream, &host).await,
                        Err(_refused) => String::new(),
                    };
                    assert_eq!(answer.starts_with("HTTP/1.1 200 "), passes, "{is_required} {passes}: {answer}");
                    assert_eq!(answer.is_empty(), !passes, "nothing but a closed connection: {answer}");
                    if shown.is_some() && !passes {
                        let said = |line: &str| {
                            ["the certificate of a client was refused", "\"WARN\"", "invalid peer certificate", "CN="]
                                .iter()
                                .all(|words| line.contains(words))
                        };
                        let told = async || log::read().lines().any(said).then_some(());
                        eventually("why it was refused in the log", told).await;
                    }
                    if passes {
                        let said = format!("\"client_certificate\":{}", shown.is_some());
                        eventually("the request in the log", async || log::read().contains(&said).then_some(())).await;
                    }
                }
            }
        }
    }
}

fn roots(authority: &str) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    roots
}
