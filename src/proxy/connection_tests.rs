use std::sync::Arc;

use tokio::io::{AsyncWriteExt as _, DuplexStream};

use super::{super::tunnel, *};
use crate::entropy::SystemEntropy;

fn rules() -> ConnectionRules {
    ConnectionRules {
        head: HeadLimits { bytes: 2048, headers: 10, target: 512 },
        head_deadline: Duration::from_secs(5),
        slowest_upload: 100,
        slowest_download: 100,
        entropy: Arc::new(SystemEntropy::new()),
    }
}

/// The client's end and the guarded server's end, as Pingora holds it.
fn connection() -> (DuplexStream, Stream) {
    let (client, server) = tokio::io::duplex(1 << 20);
    (client, Box::new(Guarded::http1(Box::new(server), rules())))
}

/// What the application gets to read, and what the client gets to read, when the client sends this and half-closes.
async fn exchange(sent: &str) -> (String, String) {
    let (mut client, mut server) = connection();
    client.write_all(sent.as_bytes()).await.unwrap();
    tokio::io::AsyncWriteExt::shutdown(&mut client).await.unwrap();
    let mut read = Vec::new();
    // An error ends the request like the end of the stream does.
    let _ended = server.read_to_end(&mut read).await;
    drop(server);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    (String::from_utf8(read).unwrap(), String::from_utf8(answer).unwrap())
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

#[tokio::test]
async fn a_good_request_arrives_unchanged() {
    for request in [
        GET.to_owned(),
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello".to_owned(),
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".to_owned(),
        format!("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n{}", "x".repeat(100_000)),
    ] {
        assert_eq!(exchange(&request).await, (request, String::new()));
    }
}

#[tokio::test]
async fn a_refused_head_is_answered_and_nothing_of_it_is_handed_on() {
    for (request, status) in [
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin",
            400,
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("CONNECT a:22 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ] {
        let (read, answer) = exchange(request).await;
        assert_eq!(read, "", "{request}");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert!(
            answer.contains("\r\nConnection: close\r\n") && answer.contains("\r\nCache-Control: no-store\r\n"),
            "{answer}"
        );
    }
    let (read, answer) = exchange(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(600))).await;
    assert!(read.is_empty() && answer.starts_with("HTTP/1.1 414 "), "{answer}");
    let (read, answer) = exchange(&format!("GET / HTTP/1.1\r\nX: {}", "a".repeat(3000))).await;
    assert!(read.is_empty() && answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_head_is_handed_on_only_when_it_is_whole() {
    let (mut client, mut server) = connection();
    let mut buffer = [0; 64];
    for byte in GET.bytes() {
        let early = tokio::time::timeout(Duration::ZERO, server.read(&mut buffer)).await;
        assert!(early.is_err(), "no byte before the empty line");
        client.write_all(&[byte]).await.unwrap();
    }
    let count = server.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..count], GET.as_bytes());
}

#[tokio::test]
async fn a_chunked_body_byte_by_byte_loses_extensions_and_trailers() {
    let (mut client, mut server) = connection();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = "5;x=y\r\nhello\r\n0\r\nX-User: admin\r\n\r\n";
    let reader = async {
        let mut read = Vec::new();
        while !read.ends_with(b"0\r\n\r\n") {
            server.read_buf(&mut read).await.unwrap();
        }
        String::from_utf8(read).unwrap()
    };
    let writer = async {
        for byte in head.bytes().chain(body.bytes()) {
            client.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let (read, ()) = tokio::join!(reader, writer);
    assert_eq!(read, format!("{head}5\r\nhello\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn a_malformed_chunk_ends_the_connection_with_an_error() {
    let (mut client, mut server) = connection();
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloGET / HTTP/1.1\r\n")
        .await
        .unwrap();
    let mut read = Vec::new();
    let error = loop {
        match server.read_buf(&mut read).await {
            Ok(count) => assert_ne!(count, 0),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(!String::from_utf8(read).unwrap().contains("GET / HTTP/1.1"));
    assert_eq!(server.read(&mut [0; 16]).await.unwrap(), 0, "and stays closed");
}

#[tokio::test]
async fn a_later_request_waits_until_the_earlier_one_is_answered_and_is_judged_too() {
    let (mut client, mut server) = connection();
    client.write_all(format!("{GET}{GET}GET / HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
    let mut buffer = [0; 256];
    for _ in 0..2 {
        let count = server.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..count], GET.as_bytes());
        let early = tokio::time::timeout(Duration::ZERO, server.read(&mut buffer)).await;
        assert!(early.is_err(), "nothing of the next request while this one has no answer");
        Guarded::answered(&server);
    }
    tokio::io::AsyncWriteExt::shutdown(&mut client).await.unwrap();
    assert_eq!(server.read(&mut buffer).await.unwrap(), 0);
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn an_answer_before_the_body_leaves_the_body_a_body() {
    let (mut client, mut server) = connection();
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", GET.len() + 1);
    client.write_all(head.as_bytes()).await.unwrap();
    let mut buffer = [0; 256];
    assert_eq!(server.read(&mut buffer).await.unwrap(), head.len());
    Guarded::answered(&server);
    client.write_all(format!("{GET}X{GET}").as_bytes()).await.unwrap();
    let mut body = Vec::new();
    while body.len() <= GET.len() {
        assert_ne!(server.read_buf(&mut body).await.unwrap(), 0);
    }
    assert_eq!(body, format!("{GET}X").as_bytes(), "bytes that look like a request are the body's");
    let count = server.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..count], GET.as_bytes(), "and the request after it is a request");
}

#[tokio::test]
async fn a_tunnel_ends_between_frames_when_its_session_does() {
    let head = "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let (mut client, mut server) = connection();
    client.write_all(head.as_bytes()).await.unwrap();
    let mut read = vec![0; head.len()];
    server.read_exact(&mut read).await.unwrap();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    Guarded::upgraded(&server, Some(Box::pin(async move { drop(ended.await) })), Duration::from_mins(1));
    let answer = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    server.write_all(answer).await.unwrap();
    let frame = b"\x81\x05hello";
    server.write_all(&frame[..4]).await.unwrap();
    drop(end);
    let (mut reader, mut writer) = tokio::io::split(server);
    let reading = async move { reader.read(&mut [0; 64]).await.map_err(|error| error.kind()) };
    let writing = async move {
        tokio::task::yield_now().await;
        writer.write_all(&frame[4..]).await.unwrap();
        writer.write_all(b"\x81\x01x").await.map_err(|error| error.kind())
    };
    let (read, written) = tokio::join!(reading, writing);
    assert_eq!(read, Err(io::ErrorKind::ConnectionAborted), "the console's side is closed as well");
    assert_eq!(written, Err(io::ErrorKind::BrokenPipe), "nothing follows the last word");
    let mut seen = Vec::new();
    client.read_to_end(&mut seen).await.unwrap();
    assert_eq!(seen, [answer, &frame[..], tunnel::SESSION_ENDED].concat());
}

#[tokio::test(start_paused = true)]
async fn a_tunnel_ends_when_no_byte_passes_either_way() {
    let head = "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let (mut client, mut server) = connection();
    client.write_all(head.as_bytes()).await.unwrap();
    let mut read = vec![0; head.len()];
    server.read_exact(&mut read).await.unwrap();
    let began = tokio::time::Instant::now();
    Guarded::upgraded(&server, None, Duration::from_secs(10));
    let answer = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    server.write_all(answer).await.unwrap();
    let frame = b"\x81\x05hello";
    let (mut reader, mut writer) = tokio::io::split(server);
    let reading = async move {
        let mut buffer = [0; 64];
        assert_eq!(reader.read(&mut buffer).await.unwrap(), frame.len());
        reader.read(&mut buffer).await.map_err(|error| error.kind())
    };
    let moving = async move {
        tokio::time::sleep(Duration::from_secs(9)).await;
        client.write_all(frame).await.unwrap();
        tokio::time::sleep(Duration::from_secs(9)).await;
        writer.write_all(frame).await.unwrap();
        let mut seen = Vec::new();
        client.read_to_end(&mut seen).await.unwrap();
        (seen, began.elapsed())
    };
    let (read, (seen, lasted)) = tokio::join!(reading, moving);
    assert_eq!(read, Err(io::ErrorKind::ConnectionAborted), "the console's side is closed as well");
    assert_eq!(lasted.as_secs(), 28, "ten seconds after the last byte");
    assert_eq!(seen, [answer, &frame[..], tunnel::IDLE].concat());
}

#[tokio::test]
async fn bytes_after_an_upgrade_wait_for_the_console_to_accept() {
    let head = "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let (mut client, mut server) = connection();
    client.write_all(format!("{head}\u{1}frame").as_bytes()).await.unwrap();
    let mut buffer = [0; 256];
    assert_eq!(server.read(&mut buffer).await.unwrap(), head.len());
    assert!(tokio::time::timeout(Duration::ZERO, server.read(&mut buffer)).await.is_err(), "not before 101");
    Guarded::upgraded(&server, None, Duration::from_mins(1));
    let count = server.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..count], b"\x01frame");
    client.write_all(b"GET /\nnot http").await.unwrap();
    let count = server.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..count], b"GET /\nnot http");
}

#[tokio::test(start_paused = true)]
async fn the_whole_head_has_one_deadline_however_it_drips() {
    let (mut client, mut server) = connection();
    let drip = async {
        for byte in GET.bytes() {
            if client.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        tokio::io::AsyncWriteExt::shutdown(&mut client).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let started = tokio::time::Instant::now();
    let serve = async move {
        let read = server.read(&mut [0; 64]).await.unwrap();
        (read, started.elapsed())
    };
    let (answer, (read, took)) = tokio::join!(drip, serve);
    assert_eq!(read, 0);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(took <= Duration::from_secs(5) + LINGER + Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_not_held_to_the_head_deadline() {
    let (mut client, mut server) = connection();
    let mut buffer = [0; 64];
    assert!(tokio::time::timeout(Duration::from_secs(30), server.read(&mut buffer)).await.is_err());
    client.write_all(GET.as_bytes()).await.unwrap();
    assert_eq!(server.read(&mut buffer).await.unwrap(), GET.len());
}

#[tokio::test(start_paused = true)]
async fn an_http_2_preface_that_drips_ends_the_connection_at_the_deadline() {
    let (mut client, server) = tokio::io::duplex(1024);
    let mut server = Guarded::http2(Box::new(server), rules());
    let started = tokio::time::Instant::now();
    let drip = async {
        for byte in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r" {
            client.write_all(&[*byte]).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        std::future::pending::<()>().await;
    };
    let serve = async {
        let mut read = Vec::new();
        let error = server.read_to_end(&mut read).await.unwrap_err();
        (error.kind(), read.len(), started.elapsed())
    };
    let (kind, read, took) = tokio::select! {
        ended = serve => ended,
        () = drip => unreachable!("it waits for ever"),
        () = tokio::time::sleep(Duration::from_hours(1)) => panic!("held for ever"),
    };
    assert_eq!((kind, took), (io::ErrorKind::TimedOut, Duration::from_secs(5)));
    assert!(read < PREFACE_BYTES, "{read}");
    assert_eq!(server.read(&mut [0; 16]).await.unwrap(), 0, "and stays closed");
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_its_http_2_preface_may_be_quiet() {
    let (mut client, server) = tokio::io::duplex(1024);
    let mut server = Guarded::http2(Box::new(server), rules());
    let sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nframe";
    client.write_all(&sent[..10]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.write_all(&sent[10..]).await.unwrap();
    let mut read = [0; 29];
    server.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, sent);
    assert!(tokio::time::timeout(Duration::from_hours(1), server.read(&mut read)).await.is_err());
    client.write_all(b"later").await.unwrap();
    assert_eq!(server.read(&mut read).await.unwrap(), 5);
}

/// Over a socket, with time that jumps to whatever is waited for.
async fn sockets() -> (tokio::net::TcpStream, Guarded) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, server) =
        tokio::join!(tokio::net::TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    let server = server.unwrap().0;
    let number = std::os::fd::AsRawFd::as_raw_fd(&server);
    let mut server: pingora::protocols::l4::stream::Stream = server.into();
    server.set_socket_digest(SocketDigest::from_raw_fd(number));
    (client.unwrap(), Guarded::http1(Box::new(server), rules()))
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_ends_the_request_and_the_next_byte_is_not_waited_for() {
    for head in ["Content-Length: 100000", "Transfer-Encoding: chunked"] {
        let (mut client, mut server) = sockets().await;
        let drip = async {
            client
                .write_all(format!("POST / HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n18000\r\n").as_bytes())
                .await
                .unwrap();
            while client.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let started = tokio::time::Instant::now();
        let serve = async {
            let mut read = Vec::new();
            let error = server.read_to_end(&mut read).await.unwrap_err();
            (error.kind(), read.len() < 200, started.elapsed())
        };
        let (kind, little, took) = tokio::select! {
            ended = serve => ended,
            () = drip => unreachable!("nobody closed it"),
            () = tokio::time::sleep(Duration::from_hours(1)) => panic!("held for ever"),
        };
        assert_eq!((kind, little), (io::ErrorKind::TimedOut, true), "{head}");
        assert!(took >= UPLOAD_WINDOW && took <= UPLOAD_WINDOW + Duration::from_secs(1), "{head}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_at_its_pace_arrives_however_long_it_takes() {
    let (mut client, mut server) = connection();
    let send = async {
        client.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n").await.unwrap();
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.write_all(&[b'x'; 150]).await.unwrap();
        }
    };
    let receive = async {
        let mut read = Vec::new();
        let body = vec![b'x'; 30_000];
        while !read.ends_with(&body) {
            server.read_buf(&mut read).await.unwrap();
        }
    };
    tokio::join!(send, receive);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_taken_is_broken_off() {
    let (mut client, mut server) = sockets().await;
    let started = tokio::time::Instant::now();
    let answer = vec![b'x'; 64 << 20];
    let error = server.write_all(&answer).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(started.elapsed() < 3 * DOWNLOAD_WINDOW, "{:?}", started.elapsed());
    // What the system holds for the client is not kept until it has taken that.
    drop(server);
    let ended = client.read_to_end(&mut Vec::new()).await;
    assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::ConnectionReset);

    // Whoever else gives the connection up, as a timeout of Pingora's does; and nobody has to have waited for long.
    for (stands, resets) in [(2 * STANDSTILL, true), (STANDSTILL / 2, false)] {
        let (mut client, mut server) = sockets().await;
        assert!(tokio::time::timeout(stands, server.write_all(&answer)).await.is_err());
        drop(server);
        let ended = client.read_to_end(&mut Vec::new()).await;
        let reset = ended.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset);
        assert_eq!(reset, resets, "{stands:?}");
    }

    // One that is taken at its pace arrives.
    let (mut client, server) = tokio::io::duplex(1000);
    let mut server = Guarded::http1(Box::new(server), rules());
    let take = async {
        let mut taken = 0;
        while taken < 20_000 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            taken += client.read(&mut [0; 150]).await.unwrap();
        }
    };
    let answer = vec![b'x'; 20_000];
    let ((), written) = tokio::join!(take, server.write_all(&answer));
    written.unwrap();
}
