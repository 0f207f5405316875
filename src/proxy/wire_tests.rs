use super::*;

const LIMITS: HeadLimits = HeadLimits { bytes: 4096, headers: 20, target: 1024 };

fn head(text: &str) -> Result<Framing, Fault> {
    let length = HeadScan::default().advance(text.as_bytes(), &LIMITS)?.expect("a whole head");
    judge(&text.as_bytes()[..length], &LIMITS)
}

fn status(text: &str) -> u16 {
    head(text).map_or_else(|fault| fault.status, |_| 200)
}

#[test]
fn ordinary_heads_pass_and_say_where_the_body_ends() {
    assert_eq!(head("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"), Ok(Framing::Length(0)));
    assert_eq!(
        head("POST /x?a={b}|`c HTTP/1.1\r\nhost:a.test:8443\r\nContent-Length: 12 \r\n\r\n"),
        Ok(Framing::Length(12))
    );
    assert_eq!(head("POST / HTTP/1.1\r\nHost: [::1]:1\r\nTransfer-Encoding: Chunked\r\n\r\n"), Ok(Framing::Chunked));
    assert_eq!(head("GET https://A.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n"), Ok(Framing::Length(0)));
    assert_eq!(
        head("GET / HTTP/1.1\r\nHost: a\r\nReferer: \u{e9}\tx\r\nExpect: 100-Continue\r\n\r\n"),
        Ok(Framing::Length(0))
    );
}

#[test]
fn request_lines_nobody_should_repair_are_refused() {
    for line in [
        "GET  / HTTP/1.1",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET /\"x HTTP/1.1",
        "GET /<x> HTTP/1.1",
        "GET /x#y HTTP/1.1",
        "GET /a\\b HTTP/1.1",
        "GET /\u{e9} HTTP/1.1",
        "GET /`x HTTP/1.1",
        "get / HTTP/1.1",
        "G@T / HTTP/1.1",
        "GET /",
        "GET",
        "GET * HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET a.test:443 HTTP/1.1",
        "GET http://a.test HTTP/1.1",
        "GET http://b.test/ HTTP/1.1",
        "GET ftp://a.test/ HTTP/1.1",
        "GET http://u@a.test/ HTTP/1.1",
        "GET / http/1.1",
        "GET /\tx HTTP/1.1",
    ] {
        assert_eq!(status(&format!("{line}\r\nHost: a.test\r\n\r\n")), 400, "{line}");
    }
    for (line, expected) in [
        ("TRACE / HTTP/1.1", 405),
        ("CONNECT / HTTP/1.1", 405),
        ("PRI / HTTP/1.1", 405),
        ("GET / HTTP/2.0", 505),
        ("GET / HTTP/1.9", 505),
        ("GET / HTTP/1.01", 505),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1", 501),
    ] {
        assert_eq!(status(&format!("{line}\r\nHost: a.test\r\n\r\n")), expected, "{line}");
    }
}

#[test]
fn framing_that_two_parsers_could_read_differently_is_refused() {
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding:",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer_Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        "X: y\r\n Transfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5, 5",
        "Content-Length: +5",
        "Content-Length: -0",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 5_0",
        "Content-Length: 12345678901234567890",
        "Content-Length: \u{ff15}",
        "Content-Length:",
        "Content_Length: 5",
        "Content.Length: 5",
        "Transfer~Encoding: chunked",
        "Transfer-Encoding_: chunked",
        "Host_: b",
        "_Host: b",
        "Connection.: close",
        "Upgrade_: websocket",
        "Expect_: x",
        "Keep_Alive: 1",
        "TE_: trailers",
        "Proxy.Connection: x",
        "Upgrade: websocket\r\nContent-Length: 5",
        "Upgrade: websocket\r\nTransfer-Encoding: chunked",
        ": nameless",
        "no colon",
        "sp ace: x",
        "\u{e9}: x",
        "a\"b: x",
    ] {
        assert_eq!(status(&format!("POST / HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n\r\n")), 400, "{fields}");
    }
    assert_eq!(status("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    assert_eq!(status("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, x\r\n\r\n"), 417);
}

#[test]
fn hosts_that_are_missing_doubled_or_malformed_are_refused() {
    for host in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host:\r\n",
        "Host: u@a\r\n",
        "Host: a b\r\n",
        "Host: a:99999\r\n",
        "Host: a:0\r\n",
        "Host: a:\r\n",
        "Host: [::1\r\n",
        "Host: [x]\r\n",
        "Host: a%0d%0a\r\n",
        "Host: a/b\r\n",
        "Host: a,b\r\n",
        "Host: :443\r\n",
        "HOST_: a\r\n",
    ] {
        assert_eq!(status(&format!("GET / HTTP/1.1\r\n{host}\r\n")), 400, "{host}");
    }
    assert_eq!(status(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", "a".repeat(300))), 400);
}

#[test]
fn line_ends_and_control_characters_are_refused_as_soon_as_they_are_seen() {
    for (bytes, reason) in [
        ("GET / HTTP/1.1\n", "bare LF"),
        ("GET / HTTP/1.1\r\nHost: a\n", "bare LF"),
        ("GET / HTTP/1.1\rx", "bare CR"),
        ("GET / HTTP/1.1\r\nX: a\rb", "bare CR"),
        ("GET / HTTP/1.1\r\nX: a\r\r", "bare CR"),
        ("GET / HTTP/1.1\r\nX: a\0", "control character"),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: \x0b", "control character"),
        ("GET / HTTP/1.1\r\nX: \x7f", "control character"),
        ("\r\n", "empty line before the request line"),
        ("\x16\x03\x01", "control character"),
    ] {
        assert_eq!(HeadScan::default().advance(bytes.as_bytes(), &LIMITS), Err(bad(reason)), "{bytes:?}");
    }
}

#[test]
fn limits_are_told_before_the_head_is_whole() {
    let scan = |text: &str| HeadScan::default().advance(text.as_bytes(), &LIMITS).map_err(|fault| fault.status);
    assert_eq!(scan(&format!("GET /{}", "a".repeat(2000))), Err(414));
    assert_eq!(scan(&format!("GET / HTTP/1.1\r\nX: {}", "a".repeat(5000))), Err(431));
    assert_eq!(scan(&format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(21))), Err(431));
    assert_eq!(scan(&format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(20))), Ok(Some(16 + 120 + 2)));
    assert_eq!(status(&format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(1024))), 414);
}

/// Everything kept, or the reason; one byte at a time and all at once must agree.
fn chunked(body: &str) -> Result<(String, String), &'static str> {
    let run_with = |step: usize| {
        let mut chunks = Chunks::new();
        let mut kept = Vec::new();
        let mut rest = body.as_bytes();
        while !rest.is_empty() && !chunks.is_done() {
            match chunks.advance(&rest[..rest.len().min(step)]).map_err(|fault| fault.reason)? {
                Run::Keep(n) => {
                    kept.extend_from_slice(&rest[..n]);
                    rest = &rest[n..];
                }
                Run::Drop(n) => rest = &rest[n..],
                Run::Done => break,
            }
        }
        Ok((String::from_utf8(kept).unwrap(), String::from_utf8(rest.to_vec()).unwrap()))
    };
    let whole = run_with(usize::MAX);
    assert_eq!(whole, run_with(1), "{body:?}");
    whole
}

#[test]
fn chunked_bodies_end_where_they_end_and_lose_extensions_and_trailers() {
    let kept = |kept: &str, rest: &str| Ok((kept.to_owned(), rest.to_owned()));
    assert_eq!(chunked("5\r\nhello\r\n0\r\n\r\nGET"), kept("5\r\nhello\r\n0\r\n\r\n", "GET"));
    assert_eq!(
        chunked("A;x=\"y\"\r\n0123456789\r\n0;z\r\nX-User: admin\r\nHost: b\r\n\r\n"),
        kept("A\r\n0123456789\r\n0\r\n\r\n", "")
    );
}

#[test]
fn chunked_bodies_two_parsers_could_read_differently_are_refused() {
    for body in [
        "\r\n",
        "5\nhello",
        "5 \r\nhello",
        "0x5\r\n",
        "+5\r\n",
        "5\rhello",
        "5\r\nhelloX",
        "5\r\nhello\n",
        "5\r\nhello\rX",
        "5;a=\rb",
        "5;a\nb",
        "5;a=\u{0}",
        "1234567890123456\r\n",
        "0\r\n\n",
        "0\r\nX: y\n",
        "0\r\nX: y\rZ",
        "0\r\n\rX",
        "g\r\n",
        ";\r\n",
    ] {
        assert!(chunked(body).is_err(), "{body:?}");
    }
    assert_eq!(chunked(&format!("5;{}", "a".repeat(5000))), Err("chunk extensions too long"));
    assert_eq!(chunked(&format!("0\r\n{}", "X: y\r\n".repeat(3000))), Err("trailers too long"));
}
