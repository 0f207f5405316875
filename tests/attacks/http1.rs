//! Group A over HTTP/1.1: framing, request lines, fields, prefixes, methods, versions.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    frames::{END_HEADERS, END_STREAM, Ending, HEADERS, Peer, block, frame},
    siege::{Siege, Verdict, hold, statuses},
    support::certificate::ANOTHER_NAME,
};

const HIDDEN: &str = "0\r\n\r\nGET /admin HTTP/1.1\r\nX: y\r\n\r\n";

pub(crate) async fn run(siege: &mut Siege) {
    framing(siege).await;
    bodies(siege).await;
    expectations(siege).await;
    upgrades(siege).await;
    hosts(siege).await;
    paths(siege).await;
    lines(siege).await;
    left_alone(siege).await;
}

/// Each of these fields on a POST is refused, with and without a session.
async fn refused_fields(siege: &Siege, fields: &[&str], body: &str, allowed: &[u16]) -> Verdict {
    for field in fields {
        let request = |signed_in| siege.request("POST /x HTTP/1.1", signed_in, &format!("{field}\r\n"), body);
        siege.refused(request, allowed).await?;
    }
    Ok(())
}

async fn framing(siege: &mut Siege) {
    siege
        .case("HTTP-01", "Content-Length before Transfer-Encoding", async |siege| {
            let both = ["Content-Length: 13\r\nTransfer-Encoding: chunked"];
            refused_fields(siege, &both, HIDDEN, &[400]).await
        })
        .await;
    siege
        .case("HTTP-02", "Transfer-Encoding before Content-Length", async |siege| {
            let both = ["Transfer-Encoding: chunked\r\nContent-Length: 4"];
            refused_fields(siege, &both, "5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n", &[400]).await
        })
        .await;
    siege
        .case("HTTP-04", "nothing is answered behind an ambiguous request", async |siege| {
            let request = |signed_in| {
                let fields = "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n";
                let mut bytes = siege.request("POST /x HTTP/1.1", signed_in, fields, "0\r\n\r\nX");
                bytes.extend(siege.request("GET /innocent HTTP/1.1", signed_in, "", ""));
                bytes
            };
            siege.refused(request, &[400]).await
        })
        .await;
    siege
        .case("HTTP-05", "lists and unknown transfer codings", async |siege| {
            let codings =
                ["gzip, chunked", "chunked, chunked", "chunked, identity", "xchunked", "", ",chunked", "identity"];
            let fields: Vec<String> = codings.iter().map(|coding| format!("Transfer-Encoding: {coding}")).collect();
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            refused_fields(siege, &fields, HIDDEN, &[400, 501]).await
        })
        .await;
    siege
        .case("HTTP-06", "lengths that are no numbers", async |siege| {
            let lengths =
                ["+5", "-0", "0x5", "5 5", "5_0", "5,5", "12345678901234567890", "５", "", "5\r\nContent-Length: 6"];
            let fields: Vec<String> = lengths.iter().map(|length| format!("Content-Length: {length}")).collect();
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            refused_fields(siege, &fields, "12345", &[400]).await
        })
        .await;
    siege
        .case("HTTP-08", "transfer codings in HTTP/1.0", async |siege| {
            let coded = |signed| siege.request("POST /x HTTP/1.0", signed, "Transfer-Encoding: chunked\r\n", HIDDEN);
            siege.refused(coded, &[400]).await
        })
        .await;
    siege
        .case("HTTP-10", "hidden transfer codings", async |siege| {
            let hidden = [
                "Transfer-Encoding : chunked",
                "Transfer-Encoding: \u{b}chunked",
                "Transfer-Encoding: chunked\0",
                "Transfer-Encoding:\n chunked",
                "Transfer-Encoding:\r\n chunked",
                "X: y\r\n Transfer-Encoding: chunked",
                "Transfer_Encoding: chunked",
                "Transfer-Encoding\0: chunked",
            ];
            refused_fields(siege, &hidden, HIDDEN, &[400]).await
        })
        .await;
    siege
        .case("HTTP-15", "CR, LF and NUL within a head", async |siege| {
            refused_fields(siege, &["X: a\rb", "X: a\nb", "X: a\0b", "X: a\n\rb"], "", &[400]).await?;
            let line_feeds = |signed_in| {
                let bytes = siege.request("GET /x HTTP/1.1", signed_in, "", "");
                String::from_utf8(bytes).unwrap().replace("\r\n", "\n").into_bytes()
            };
            siege.refused(line_feeds, &[400]).await
        })
        .await;
    siege
        .case("HTTP-52", "names no field can have", async |siege| {
            let long = format!("{}: x", "a".repeat(8 * 1024 * 1024 / 1024));
            refused_fields(siege, &["sp ace: x", ": x", "\u{e9}: x", "a\"b: x", "a(b): x"], "", &[400]).await?;
            refused_fields(siege, &[long.repeat(5).as_str()], "", &[400, 431]).await
        })
        .await;
    siege
        .case("HTTP-30", "heads that are too large", async |siege| {
            let one = format!("X: {}", "a".repeat(900 * 1024));
            let many = "X: y\r\n".repeat(256) + "X: y";
            refused_fields(siege, &[one.as_str(), many.as_str()], "", &[431]).await?;
            for target in ["/".to_owned() + &"a".repeat(64 * 1024), "/?".to_owned() + &"a=b&".repeat(10_000)] {
                let request = |signed| siege.request(&format!("GET {target} HTTP/1.1"), signed, "", "");
                siege.refused(request, &[414, 431]).await?;
            }
            Ok(())
        })
        .await;
}

async fn bodies(siege: &mut Siege) {
    siege
        .case("HTTP-12", "chunk sizes and extensions nobody writes", async |siege| {
            let large = format!("5;a={}\r\nhello\r\n0\r\n\r\n", "x".repeat(1024 * 1024));
            for body in [
                large.as_str(),
                "5;a=\rb\r\nhello\r\n0\r\n\r\n",
                "5;a\nb\r\nhello\r\n0\r\n\r\n",
                "5\nhello\r\n0\r\n\r\n",
                "0x5\r\nhello\r\n0\r\n\r\n",
                "+5\r\nhello\r\n0\r\n\r\n",
                "ffffffffffffffff\r\n",
                "5\r\nhelloX0\r\n\r\n",
            ] {
                let bytes = siege.request("POST /x HTTP/1.1", true, "Transfer-Encoding: chunked\r\n", body);
                let (answers, seen) = siege.arriving(siege.send(&bytes)).await;
                // Where the head has gone on already the console is cut off, and there is nothing to answer with.
                let fits = matches!(answers.as_slice(), [] | [_]) && answers.iter().all(|answer| answer.status >= 400);
                hold(fits, || format!("{:?} to {:?}", statuses(&answers), &body[..body.len().min(20)]))?;
                hold(seen.is_empty(), || {
                    format!("a whole request reached the console for {:?}", &body[..body.len().min(20)])
                })?;
            }
            Ok(())
        })
        .await;
    siege
        .case("HTTP-14", "trailers never become fields", async |siege| {
            let trailers =
                "5\r\nhello\r\n0\r\nX-Sekisho-User: admin\r\nHost: evil.example\r\nContent-Length: 3\r\n\r\n";
            let bytes = siege.request("POST /x HTTP/1.1", true, "Transfer-Encoding: chunked\r\n", trailers);
            let (answers, seen) = siege.arriving(siege.send(&bytes)).await;
            let dropped = seen.iter().all(|request| !request.contains("admin") && !request.contains("evil.example"));
            hold(dropped, || "a trailer reached the console".to_owned())?;
            hold(answers.len() == 1, || format!("{:?}", statuses(&answers)))?;
            let large = format!("0\r\nX: {}\r\n\r\n", "a".repeat(65 * 1024));
            let bytes = siege.request("POST /x HTTP/1.1", true, "Transfer-Encoding: chunked\r\n", &large);
            let (answers, seen) = siege.arriving(siege.send(&bytes)).await;
            hold(answers.iter().all(|answer| answer.status >= 400), || format!("{:?}", statuses(&answers)))?;
            hold(seen.is_empty(), || "the console got the request of 65 KiB of trailers".to_owned())
        })
        .await;
    siege
        .case("HTTP-17", "a body that nobody waits for is no request", async |siege| {
            let hidden = siege.request("GET /hidden HTTP/1.1", true, "", "");
            let body = format!("{}{}", "a".repeat(1024 * 1024 - hidden.len()), String::from_utf8(hidden).unwrap());
            let fields = format!("Content-Length: {}\r\n", body.len());
            let keep_alive = siege.request("POST /x HTTP/1.1", false, &fields, &body);
            let keep_alive = String::from_utf8(keep_alive).unwrap().replacen("Connection: close\r\n", "", 1);
            let (answers, seen) = siege.arriving(siege.send(keep_alive.as_bytes())).await;
            hold(
                answers.first().is_some_and(|answer| [303, 401].contains(&answer.status)) && answers.len() == 1,
                || format!("{:?}", statuses(&answers)),
            )?;
            hold(seen.is_empty(), || format!("the console saw {}", seen[0].line))
        })
        .await;
    siege
        .case("HTTP-18", "bytes behind an early answer stay a body", async |siege| {
            let mut stream = siege.connect("http/1.1").await;
            let head = format!("POST /x HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000\r\n\r\n", siege.host());
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&[b'a'; 500]).await.unwrap();
            stream.flush().await.unwrap();
            let mut start = [0; 12];
            let read = stream.read_exact(&mut start).await;
            hold(read.is_ok() && start == *b"HTTP/1.1 401", || String::from_utf8_lossy(&start).into_owned())?;
            let victim = siege.request("GET /victim HTTP/1.1", true, "", "");
            let (rest, seen) = siege
                .arriving(async {
                    let _cut = stream.write_all(&victim).await;
                    let mut rest = Vec::new();
                    let _closed =
                        tokio::time::timeout(std::time::Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
                    rest
                })
                .await;
            hold(seen.is_empty(), || "the console saw the victim".to_owned())?;
            let second = String::from_utf8_lossy(&rest).matches("HTTP/1.1 ").count();
            hold(second == 0, || "a second answer".to_owned())
        })
        .await;
}

async fn expectations(siege: &mut Siege) {
    siege
        .case("HTTP-22", "Expect", async |siege| {
            let asked = siege.request("POST /x HTTP/1.1", false, "Content-Length: 5\r\nExpect: 100-continue\r\n", "");
            let answers = siege.send(&asked).await;
            hold(statuses(&answers) == [401], || format!("without a session: {:?}", statuses(&answers)))?;
            for expected in ["100-Continue, x", "x", "100-continue\r\nExpect: x", "1"] {
                let fields = format!("Expect: {expected}\r\nContent-Length: 5\r\n");
                let request = |signed_in| siege.request("POST /x HTTP/1.1", signed_in, &fields, "hello");
                siege.refused(request, &[400, 417]).await?;
            }
            let get = siege.request("GET /x HTTP/1.1", true, "Expect: 100-continue\r\n", "");
            let (answers, seen) = siege.arriving(siege.send(&get)).await;
            hold(answers.last().is_some_and(|answer| [200, 400, 417].contains(&answer.status)), || {
                format!("{:?}", statuses(&answers))
            })?;
            hold(seen.iter().all(|request| request.all("expect").is_empty()), || {
                "Expect reached the console".to_owned()
            })
        })
        .await;
}

async fn upgrades(siege: &mut Siege) {
    siege
        .case("HTTP-19", "what is pipelined behind an upgrade waits for it", async |siege| {
            siege.gateway.upstream.answer("/no-websocket", "200 OK", &[]);
            let fields =
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
            let origin = format!("Origin: https://{}\r\n", siege.host());
            let bytes = siege.request("GET /no-websocket HTTP/1.1", true, &format!("{fields}{origin}"), "");
            let text = String::from_utf8(bytes).unwrap().replacen("Connection: close", "Connection: upgrade", 1);
            let behind = "GET /admin HTTP/1.1\r\nConnection: close";
            let pipelined = format!("{text}{behind}\r\nHost: {}\r\n\r\n", siege.host());
            let (answers, seen) = siege.arriving(siege.send(pipelined.as_bytes())).await;
            // Where it is read at all it is a request like any other: nobody's, and refused.
            let fits = matches!(statuses(&answers).as_slice(), [200] | [200, 401 | 403]);
            hold(fits, || format!("{:?}", statuses(&answers)))?;
            let smuggled = seen.iter().any(|request| request.contains("/admin"));
            hold(!smuggled, || "the pipelined bytes reached the console".to_owned())
        })
        .await;
    siege
        .case("HTTP-20", "no other protocol is switched to", async |siege| {
            for (line, fields) in [
                ("GET /x HTTP/1.1", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
                ("GET /x HTTP/1.1", "Upgrade: foo\r\n"),
                ("GET /x HTTP/1.0", "Upgrade: websocket\r\n"),
                ("GET /x HTTP/1.1", "upgrade: WEBSOCKET\r\n"),
            ] {
                let (answers, seen) = siege.arriving(siege.send(&siege.request(line, true, fields, ""))).await;
                hold(matches!(answers.as_slice(), [one] if one.status != 101), || {
                    format!("{fields}: {:?}", statuses(&answers))
                })?;
                let kept = seen.iter().any(|request| !request.all("upgrade").is_empty());
                hold(!kept, || format!("{fields} reached the console"))?;
            }
            let nobody =
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
            let bytes = String::from_utf8(siege.request("GET /ws HTTP/1.1", false, nobody, "")).unwrap();
            let (answers, seen) = siege
                .arriving(siege.send(bytes.replacen("Connection: close", "Connection: upgrade", 1).as_bytes()))
                .await;
            hold(statuses(&answers) == [401] && seen.is_empty(), || format!("nobody's: {:?}", statuses(&answers)))
        })
        .await;
    siege
        .case("HTTP-21", "CONNECT", async |siege| {
            for target in ["127.0.0.1:22", "http://127.0.0.1:22/", "/"] {
                let request = |signed_in| siege.request(&format!("CONNECT {target} HTTP/1.1"), signed_in, "", "");
                siege.refused(request, &[400, 405]).await?;
            }
            Ok(())
        })
        .await;
}

async fn hosts(siege: &mut Siege) {
    siege
        .case("HTTP-23", "no Host", async |siege| {
            let request = |_| b"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec();
            siege.refused(request, &[400]).await
        })
        .await;
    siege
        .case("HTTP-25", "hosts nobody has", async |siege| {
            let long = "a".repeat(300);
            for host in
                ["user@localhost", "local host", "localhost:99999", "[::1", "localhost%0d%0a", "localhost/x", &*long]
            {
                let request = |signed: bool| {
                    let cookie = if signed { &*siege.cookie } else { "a=b" };
                    format!("GET /x HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n")
                        .into_bytes()
                };
                siege.refused(request, &[400, 421]).await?;
            }
            Ok(())
        })
        .await;
    siege
        .case("HTTP-27", "a target with a host of its own", async |siege| {
            let evil = |signed| siege.request("GET http://evil.example/x HTTP/1.1", signed, "", "");
            siege.refused(evil, &[400, 421]).await?;
            let ours = format!("https://{}/x", siege.host());
            let reverse = |signed: bool| {
                let cookie = if signed { &*siege.cookie } else { "a=b" };
                format!("GET {ours} HTTP/1.1\r\nHost: evil.example\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n")
                    .into_bytes()
            };
            siege.refused(reverse, &[400, 421]).await
        })
        .await;
    siege
        .case("HTTP-28", "hosts that are not ours", async |siege| {
            for host in ["evil.example", "127.0.0.1", "[::1]", "localhost.evil.example", "localhost."] {
                let request = |signed: bool| {
                    let cookie = if signed { &*siege.cookie } else { "a=b" };
                    format!("GET /x HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n")
                        .into_bytes()
                };
                siege.refused(request, &[400, 404, 421]).await?;
            }
            Ok(())
        })
        .await;
    siege
        .case("HTTP-37", "health checks are not believed", async |siege| {
            for agent in ["GoogleHC/1.0", "kube-probe/1.30", "ELB-HealthChecker/2.0"] {
                let bytes = siege.request("GET /x HTTP/1.1", false, &format!("User-Agent: {agent}\r\n"), "");
                let (answers, seen) = siege.arriving(siege.send(&bytes)).await;
                hold(statuses(&answers) == [401] && seen.is_empty(), || format!("{agent}: {:?}", statuses(&answers)))?;
            }
            Ok(())
        })
        .await;
    siege
        .case("HTTP-54", "HTTP/2 without having agreed on it", async |siege| {
            let (answers, seen) = siege.arriving(siege.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).await;
            hold(answers.iter().all(|answer| answer.status >= 400), || format!("{:?}", statuses(&answers)))?;
            hold(seen.is_empty(), || "it reached the console".to_owned())
        })
        .await;
}

async fn paths(siege: &mut Siege) {
    siege
        .case("HTTP-31", "the path that is judged is the path that is forwarded", async |siege| {
            for target in [
                "/public/../admin",
                "/public/./../admin",
                "/public/..;/admin",
                "/public/%2e%2e/admin",
                "/public/%2E%2E%2fadmin",
                "/public/..%2fadmin",
                "/public\\..\\admin",
                "/public/..%5cadmin",
                "/public//../admin",
                "/./admin",
                "/%61dmin",
                "/public/..%c0%afadmin",
                "/admin%00",
                "/admin;x",
                "//admin",
                "/public/.%2e/admin",
            ] {
                let bytes = siege.request(&format!("GET {target} HTTP/1.1"), false, "", "");
                let (answers, seen) = siege.arriving(siege.send(&bytes)).await;
                hold(matches!(answers.as_slice(), [one] if one.status != 500), || {
                    format!("{target}: {:?}", statuses(&answers))
                })?;
                // Whatever of it reaches the console is what was asked for, byte for byte, and below the public path.
                for request in seen {
                    let same = request.line == format!("GET {target} HTTP/1.1");
                    hold(same && !target.contains(".."), || {
                        format!("{target} reached the console as {}", request.line)
                    })?;
                }
                let bytes = siege.request(&format!("GET {target} HTTP/1.1"), true, "", "");
                let (_, seen) = siege.arriving(siege.send(&bytes)).await;
                for request in seen {
                    let same = request.line == format!("GET {target} HTTP/1.1");
                    let denied = target.starts_with("/%61dmin") || target.starts_with("/admin");
                    hold(same && !denied, || format!("{target} reached the console as {}", request.line))?;
                }
            }
            Ok(())
        })
        .await;
    siege
        .case("HTTP-32", "spellings of our own prefix", async |siege| {
            for target in [
                "/.SEKISHO/sign-in",
                "/%2esekisho/sign-in",
                "//.sekisho/sign-in",
                "/.sekisho%2fsign-in",
                "/.sekisho/..%2f",
                "/.sekisho",
                "/.sekisho/../x",
                "/./.sekisho/sign-in",
                "/.sekish%6f/sign-in",
                "/.sekisho\\sign-in",
            ] {
                let bytes = siege.request(&format!("GET {target} HTTP/1.1"), false, "", "");
                let (answers, seen) = siege.arriving(siege.send(&bytes)).await;
                let page =
                    answers.iter().any(|answer| String::from_utf8_lossy(&answer.body).contains("name=\"password\""));
                hold(!page && seen.is_empty(), || format!("{target}: {:?}", statuses(&answers)))?;
            }
            Ok(())
        })
        .await;
    siege
        .case("HTTP-36", "fields that would override the target", async |siege| {
            let fields = "X-Original-URL: /admin\r\nX-Rewrite-URL: /admin\r\nX-Forwarded-Uri: /admin\r\n\
                X-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\nX-Method-Override: DELETE\r\n";
            let (answers, seen) = siege.arriving(siege.send(&siege.request("GET /x HTTP/1.1", true, fields, ""))).await;
            hold(statuses(&answers) == [200] && seen.len() == 1, || format!("{:?}", statuses(&answers)))?;
            let gone = !seen[0].contains("/admin") && !seen[0].contains("DELETE");
            hold(gone, || String::from_utf8_lossy(&seen[0].raw).replace(&siege.cookie, "…"))
        })
        .await;
    siege
        .case("HTTP-47", "pages are not kept by caches", async |siege| {
            for target in ["/.sekisho/sign-in", "/.sekisho/x.css", "/.sekisho/sign-in/x.js"] {
                let bytes = siege.request(&format!("GET {target} HTTP/1.1"), false, "Accept: image/*\r\n", "");
                for answer in siege.send(&bytes).await {
                    hold(answer.field("cache-control").contains("no-store"), || {
                        format!("{target}: {}", answer.text())
                    })?;
                }
            }
            let first = siege.get("/account/x.css").await;
            let (_, seen) = siege.arriving(siege.get("/account/x.css")).await;
            hold(statuses(&first) == [200] && seen.len() == 1, || {
                "the gateway keeps a page of the console's".to_owned()
            })?;
            let store = first[0].field("cache-control");
            hold(store.contains("no-store") || store.contains("private"), || {
                format!("for shared caches it is {store:?}")
            })
        })
        .await;
}

async fn lines(siege: &mut Siege) {
    siege
        .case("HTTP-48", "methods", async |siege| {
            let long = "A".repeat(60);
            for line in [
                "TRACE / HTTP/1.1",
                "TRACK / HTTP/1.1",
                "OPTIONS * HTTP/1.1",
                "PRI * HTTP/1.1",
                &format!("{long} / HTTP/1.1"),
                "get / HTTP/1.1",
            ] {
                let request = |signed_in| siege.request(line, signed_in, "X-Echo: marker\r\n", "");
                siege.refused(request, &[400, 405, 501]).await?;
            }
            let answers = siege.send(&siege.request("TRACE / HTTP/1.1", true, "X-Echo: marker\r\n", "")).await;
            hold(answers.iter().all(|answer| !answer.text().contains("marker")), || "TRACE echoes".to_owned())
        })
        .await;
    siege
        .case("HTTP-50", "odd versions", async |siege| {
            for line in ["GET / HTTP/1.9", "GET / HTTP/2.0", "GET / HTTP/1.01", "GET / http/1.1", "GET / HTTP/11"] {
                let request = |signed_in| siege.request(line, signed_in, "", "");
                siege.refused(request, &[400, 505]).await?;
            }
            let (answers, seen) = siege.arriving(siege.send(b"GET /\r\n\r\n")).await;
            hold(seen.is_empty() && answers.iter().all(|answer| answer.status >= 400), || {
                format!("0.9: {:?}", statuses(&answers))
            })?;
            // What is no HTTP at all, on the port that only redirects.
            let mut clear = tokio::net::TcpStream::connect(siege.gateway.settings.http).await.unwrap();
            clear.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n").await.unwrap();
            let mut answer = Vec::new();
            let closed = tokio::time::timeout(std::time::Duration::from_secs(20), clear.read_to_end(&mut answer)).await;
            hold(closed.is_ok(), || "TLS on the clear port is kept open".to_owned())
        })
        .await;
}

/// What is the console's business goes through as it is.
async fn left_alone(siege: &mut Siege) {
    siege
        .case("HTTP-55", "ranges", async |siege| {
            let ranges = vec!["0-0"; 200].join(",");
            for range in [format!("bytes={ranges}"), "bytes=0-,0-".to_owned()] {
                let bytes = siege.request("GET /file HTTP/1.1", true, &format!("Range: {range}\r\n"), "");
                let (answers, seen) = siege.arriving(siege.send(&bytes)).await;
                hold(statuses(&answers) == [200] && seen.len() == 1, || format!("{:?}", statuses(&answers)))?;
                hold(seen[0].one("range") == range, || seen[0].one("range").to_owned())?;
            }
            Ok(())
        })
        .await;
    siege
        .case("HTTP-29", "a name in TLS and another in Host", async |siege| {
            let (ours, theirs) = (siege.host(), ANOTHER_NAME);
            for (name, host) in [(theirs, &*ours), ("localhost", theirs), (theirs, theirs)] {
                for signed_in in [true, false] {
                    let bytes = String::from_utf8(siege.request("GET /x HTTP/1.1", signed_in, "", "")).unwrap();
                    let bytes = bytes.replacen(&format!("Host: {ours}"), &format!("Host: {host}"), 1);
                    let connection = siege.connect_to(name, "http/1.1").await;
                    let (answers, seen) = siege.arriving(siege.send_over(connection, bytes.as_bytes())).await;
                    hold(statuses(&answers) == [421] && seen.is_empty(), || {
                        format!("{name} {host}: {:?}", statuses(&answers))
                    })?;
                    hold(!answers[0].text().contains("<form"), || format!("{name} {host}: a form"))?;
                }
                // A browser that has one connection for both names.
                let mut fields = vec![(":method", "GET"), (":scheme", "https"), (":authority", host), (":path", "/x")];
                fields.push(("cookie", &siege.cookie));
                let (ending, seen) = siege
                    .arriving(async {
                        let mut peer = Peer::over(siege.connect_to(name, "h2").await, &[]).await;
                        peer.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&fields))).await;
                        peer.ending(1).await
                    })
                    .await;
                hold(ending == Ending::Status(421) && seen.is_empty(), || format!("{name} {host}: {ending:?}"))?;
            }
            Ok(())
        })
        .await;
}
