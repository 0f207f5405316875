//! Group N: a console that is down, hangs, lies or never ends.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    siege::{Answer, Row, Siege, Verdict, hold, memory, statuses},
    support::{eventually, free_address},
};

pub(crate) const LIMITS: &str = "connect_timeout = \"1s\"\nread_timeout = \"1s\"\n";

/// A console whose path says what goes wrong.
#[derive(Clone)]
pub(crate) struct Faulty {
    pub(crate) address: SocketAddr,
    /// Connections it still serves.
    open: Arc<AtomicUsize>,
}

impl Faulty {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let console = Self { address: listener.local_addr().expect("an address"), open: Arc::default() };
        let open = Arc::clone(&console.open);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let open = Arc::clone(&open);
                std::thread::spawn(move || {
                    open.fetch_add(1, Ordering::SeqCst);
                    let _cut = serve(stream);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        console
    }
}

pub(crate) const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn serve(stream: TcpStream) -> std::io::Result<()> {
    let mut write = stream.try_clone()?;
    let mut read = BufReader::new(stream);
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if read.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            lines.push(line);
        }
        let path = lines[0].split(' ').nth(1).unwrap_or_default().to_owned();
        match path.as_str() {
            // Until the other side has had enough.
            "/hang" => return read.read_to_end(&mut Vec::new()).map(|_| ()),
            "/endless" => {
                write.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")?;
                let piece = vec![b'a'; 64 * 1024];
                loop {
                    write.write_all(&piece)?;
                }
            }
            // Where a body was sent that is not read here, the system adds a reset.
            "/reset" | "/cut" => return write.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
            "/cut-chunks" => {
                return write.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
            }
            "/early" => {
                for _ in 0..10_000 {
                    write.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")?;
                }
                write.write_all(PAGE)?;
            }
            "/huge" => {
                write.write_all(format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "a".repeat(1024 * 1024)).as_bytes())?;
                return write.write_all(b"Content-Length: 0\r\n\r\n");
            }
            "/cookies" => {
                write.write_all(b"HTTP/1.1 200 OK\r\n")?;
                for number in 0..1000 {
                    write.write_all(format!("Set-Cookie: c{number}={}\r\n", "v".repeat(500)).as_bytes())?;
                }
                return write.write_all(b"Content-Length: 0\r\n\r\n");
            }
            "/stack-trace" => {
                let trace = "java.lang.NullPointerException at Orders.java:7";
                let head = format!("HTTP/1.1 500 Oops\r\nContent-Length: {}\r\n\r\n{trace}", trace.len());
                write.write_all(head.as_bytes())?;
            }
            "/gzip" => {
                // A megabyte of nothing in a kilobyte stays a kilobyte.
                write.write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n\x1f\x8b\x08\x00bomb\x00\x00\x00\x00")?;
            }
            other => match other.strip_prefix("/raw/") {
                Some(which) => return write.write_all(RAW[which.parse::<usize>().expect("a number")]),
                None => write.write_all(PAGE)?,
            },
        }
    }
}

/// No answers at all.
const RAW: [&[u8]; 9] = [
    b"HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 1000 High\r\nContent-Length: 0\r\n\r\n",
    b"BLAH\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: evil=1\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX\0: a\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nraw bytes",
];

pub(crate) async fn run() -> Vec<Row> {
    let console = Faulty::start();
    let mut siege = Siege::before(console.address, LIMITS).await;
    silence(&mut siege, &console).await;
    nonsense(&mut siege).await;
    endless(&mut siege, &console).await;
    let mut rows = siege.end();
    rows.push(Row::of("UPS-01", "nobody listens", down().await));
    rows
}

/// Both a page that says so and a reference to look for in the log.
pub(crate) fn explained(answers: &[Answer], status: u16) -> Verdict {
    hold(statuses(answers) == [status], || format!("{:?}", statuses(answers)))?;
    let text = String::from_utf8_lossy(&answers[0].body).into_owned();
    hold(text.contains("reference") || text.contains("Reference"), || text)
}

async fn down() -> Verdict {
    // The sign-in needs the console for nothing.
    let siege = Siege::before(free_address(), LIMITS).await;
    explained(&siege.get("/x").await, 502)?;
    let page = siege.send(&siege.request("GET /.sekisho/sign-in HTTP/1.1", false, "", "")).await;
    hold(statuses(&page) == [200], || format!("the sign-in page: {:?}", statuses(&page)))
}

async fn silence(siege: &mut Siege, console: &Faulty) {
    siege
        .case("UPS-02", "it accepts and never answers", async |siege| {
            explained(&siege.get("/hang").await, 504)?;
            released(console).await;
            Ok(())
        })
        .await;
    siege
        .case("UPS-04", "a reset in the middle of a body", async |siege| {
            let bytes = siege.request("POST /reset HTTP/1.1", true, "Content-Length: 5\r\n", "hello");
            truncated(&siege.send(&bytes).await)
        })
        .await;
    siege
        .case("UPS-13", "a body that ends early", async |siege| {
            truncated(&siege.get("/cut").await)?;
            let answers = siege.get("/cut-chunks").await;
            let complete = answers.iter().any(|answer| answer.status == 200 && answer.body.ends_with(b"0\r\n\r\n"));
            hold(!complete, || "half a body came with a proper end".to_owned())
        })
        .await;
}

/// Nobody may take half for the whole.
fn truncated(answers: &[Answer]) -> Verdict {
    let whole = answers.iter().any(|answer| {
        let length = answer.field("content-length").parse::<usize>();
        answer.status == 200
            && (length.is_ok_and(|length| length == answer.body.len()) || answer.body.ends_with(b"0\r\n\r\n"))
    });
    hold(!whole, || format!("half a body looks whole: {:?}", answers[0].text()))
}

async fn nonsense(siege: &mut Siege) {
    siege
        .case("UPS-06", "status lines that are none", async |siege| {
            for which in [0, 1, 2, 6, 7] {
                let answers = siege.get(&format!("/raw/{which}")).await;
                explained(&answers, 502).map_err(|seen| format!("{which}: {seen}"))?;
            }
            Ok(())
        })
        .await;
    siege
        .case("UPS-08", "CR and NUL in its fields", async |siege| {
            for which in [3, 4, 5] {
                let answers = siege.get(&format!("/raw/{which}")).await;
                let split = answers.iter().any(|answer| answer.field("set-cookie").contains("evil"));
                let raw =
                    answers.iter().any(|answer| answer.fields.iter().any(|(_, value)| value.contains(['\r', '\0'])));
                hold(answers.len() == 1 && !split && !raw, || format!("{which}: {}", answers[0].text()))?;
            }
            Ok(())
        })
        .await;
    siege
        .case("UPS-09", "fields without end", async |siege| {
            for path in ["/huge", "/cookies"] {
                let answers = siege.get(path).await;
                let bounded = statuses(&answers) == [502] || path == "/cookies" && statuses(&answers) == [200];
                hold(bounded, || format!("{path}: {:?}", statuses(&answers)))?;
            }
            Ok(())
        })
        .await;
    siege
        .case("UPS-10", "ten thousand early hints", async |siege| {
            let before = memory();
            let answers = siege.get("/early").await;
            let last = answers.last().map_or(0, |answer| answer.status);
            hold(last == 200 || last == 502, || format!("{last}"))?;
            let grown = memory().saturating_sub(before);
            hold(grown < 20 * 1024 * 1024, || format!("{grown} bytes"))
        })
        .await;
    siege
        .case("UPS-11", "a switch of protocols nobody asked for", async |siege| {
            let answers = siege.get("/raw/8").await;
            let tunnel = answers.iter().any(|answer| answer.status == 101 || answer.body.ends_with(b"raw bytes"));
            hold(!tunnel, || format!("{:?}", statuses(&answers)))?;
            explained(&answers, 502)
        })
        .await;
    siege
        .case("UPS-14", "its own errors are its own", async |siege| {
            // The invariants are about the gateway's errors; this one is the console's, and goes through as it is.
            let bytes = siege.request("GET /stack-trace HTTP/1.1", true, "", "");
            let mut stream = siege.connect("http/1.1").await;
            stream.write_all(&bytes).await.unwrap();
            let mut answer = String::new();
            let _closed = stream.read_to_string(&mut answer).await;
            hold(answer.starts_with("HTTP/1.1 500") && answer.ends_with("Orders.java:7"), || answer)
        })
        .await;
    siege
        .case("UPS-21", "compressed bodies", async |siege| {
            let answers = siege.get("/gzip").await;
            let same = statuses(&answers) == [200] && answers[0].body == b"\x1f\x8b\x08\x00bomb\x00\x00\x00\x00";
            hold(same && answers[0].field("content-encoding") == "gzip", || answers[0].text())
        })
        .await;
}

async fn endless(siege: &mut Siege, console: &Faulty) {
    siege
        .case("UPS-12", "a body without an end", async |siege| {
            let before = memory();
            let mut stream = siege.connect("http/1.1").await;
            stream.write_all(&siege.request("GET /endless HTTP/1.1", true, "", "")).await.unwrap();
            let mut piece = vec![0; 256 * 1024];
            let mut read = 0;
            while read < 64 * 1024 * 1024 {
                let count = stream.read(&mut piece).await.unwrap_or(0);
                hold(count > 0, || format!("it ended after {read} bytes"))?;
                read += count;
            }
            let grown = memory().saturating_sub(before);
            hold(grown < 20 * 1024 * 1024, || format!("{grown} bytes"))?;
            // Whoever goes away frees the console.
            drop(stream);
            released(console).await;
            Ok(())
        })
        .await;
    siege
        .case("UPS-03", "nobody reads what it sends", async |siege| {
            let before = memory();
            let mut stream = siege.connect("http/1.1").await;
            stream.write_all(&siege.request("GET /endless HTTP/1.1", true, "", "")).await.unwrap();
            let mut first = [0; 16];
            stream.read_exact(&mut first).await.unwrap();
            // While the other side waits, a hundred others are served.
            for _ in 0..100 {
                let answers = siege.get("/x").await;
                hold(statuses(&answers) == [200], || format!("{:?}", statuses(&answers)))?;
            }
            let grown = memory().saturating_sub(before);
            hold(grown < 20 * 1024 * 1024, || format!("{grown} bytes"))?;
            drop(stream);
            released(console).await;
            Ok(())
        })
        .await;
}

/// What is left are connections that are kept for the next request.
async fn released(console: &Faulty) {
    eventually("the console's connection is free", async || (console.open.load(Ordering::SeqCst) <= 4).then_some(()))
        .await;
}
