//! A console that answers simply and remembers every byte it was sent.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// Every byte: request line, head, body.
    pub(crate) raw: Vec<u8>,
    /// `GET /x HTTP/1.1`
    pub(crate) line: String,
    /// Header fields in order, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    /// The values of a header field.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header field that is there exactly once.
    pub(crate) fn one(&self, name: &str) -> &str {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name} in {}: {all:?}", self.line);
        all[0]
    }

    /// Does any byte sequence of the request equal this one?
    pub(crate) fn contains(&self, bytes: &str) -> bool {
        self.raw.windows(bytes.len()).any(|window| window == bytes.as_bytes())
    }
}

/// The console. It lives as long as the test process.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Recorded>>>,
    /// Status and header lines for some paths.
    answers: Arc<Mutex<HashMap<String, String>>>,
}

impl Upstream {
    /// Starts listening. Every answer is 200 with the request line as a page; a path with `set-cookie` in it sets a
    /// cookie of the console's own.
    pub(crate) fn start() -> Self {
        Self::at("127.0.0.1:0".parse().expect("an address"))
    }

    /// The same at an address.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(HashMap::new()));
        let console = Self { address, seen: Arc::clone(&seen), answers: Arc::clone(&answers) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answers) = (Arc::clone(&seen), Arc::clone(&answers));
                std::thread::spawn(move || serve(stream, &seen, &answers));
            }
        });
        console
    }

    /// From now on a path (without query) is answered with this status and these header fields.
    pub(crate) fn answer(&self, path: &str, status: &str, fields: &[(&str, &str)]) {
        let mut lines = vec![format!("HTTP/1.1 {status}\r\n")];
        lines.extend(fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
        let head = lines.concat();
        self.answers.lock().expect("nobody panics holding it").insert(path.to_owned(), head);
    }

    /// From now on the connection is closed when this path (without query) was asked for.
    pub(crate) fn cut(&self, path: &str) {
        self.answers.lock().expect("nobody panics holding it").insert(path.to_owned(), CUT.to_owned());
    }

    /// From now on this path (without query) gets no answer.
    pub(crate) fn hang(&self, path: &str) {
        self.answers.lock().expect("nobody panics holding it").insert(path.to_owned(), HANG.to_owned());
    }

    /// Everything it received so far.
    pub(crate) fn seen(&self) -> Vec<Recorded> {
        self.seen.lock().expect("nobody panics holding it").clone()
    }

    /// The last request.
    pub(crate) fn last(&self) -> Recorded {
        self.seen().pop().expect("a request reached the console")
    }
}

const CUT: &str = "cut";
const HANG: &str = "hang";

fn serve(stream: TcpStream, seen: &Mutex<Vec<Recorded>>, scripted: &Mutex<HashMap<String, String>>) {
    let Ok(mut answers) = stream.try_clone() else { return };
    let mut requests = BufReader::new(stream);
    while let Some(request) = read_request(&mut requests) {
        let path = request.line.split(' ').nth(1).unwrap_or_default().to_owned();
        let cookie = if path.contains("set-cookie") {
            "set-cookie: JSESSIONID=console-own; Path=/\r\nset-cookie: __Host-sekisho=stolen; Path=/; Secure\r\n"
        } else {
            ""
        };
        let start =
            scripted.lock().expect("nobody panics holding it").get(path.split('?').next().unwrap_or_default()).cloned();
        let upgrades =
            request.headers.iter().any(|(name, value)| name == "upgrade" && value.eq_ignore_ascii_case("websocket"));
        if upgrades && start.is_none() {
            seen.lock().expect("nobody panics holding it").push(request);
            echo(&mut requests, &mut answers);
            return;
        }
        let page = format!("<!doctype html><title>console</title><p id=line>{}</p>", request.line);
        seen.lock().expect("nobody panics holding it").push(request);
        let start = start.unwrap_or_else(|| "HTTP/1.1 200 OK\r\n".to_owned());
        if start == HANG {
            // Until the other side has gone.
            drop(requests.fill_buf().map(<[u8]>::len));
        }
        if start == HANG || start == CUT {
            return;
        }
        let head =
            format!("{start}content-type: text/html; charset=utf-8\r\n{cookie}content-length: {}\r\n\r\n", page.len());
        if answers.write_all(head.as_bytes()).and_then(|()| answers.write_all(page.as_bytes())).is_err() {
            return;
        }
    }
}

/// Accepts a WebSocket and sends every byte back as it came, until the other side has gone.
fn echo(from: &mut BufReader<TcpStream>, to: &mut TcpStream) {
    let accepted = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let mut passed = to.write_all(accepted);
    while passed.is_ok() {
        let bytes = match from.fill_buf() {
            Ok(bytes) if !bytes.is_empty() => bytes.to_vec(),
            _ => return,
        };
        from.consume(bytes.len());
        passed = to.write_all(&bytes);
    }
}

fn read_request(from: &mut impl BufRead) -> Option<Recorded> {
    let mut raw = Vec::new();
    loop {
        let start = raw.len();
        if from.read_until(b'\n', &mut raw).ok()? == 0 {
            return None;
        }
        if raw[start..] == *b"\r\n" {
            break;
        }
    }
    let head = String::from_utf8_lossy(&raw).into_owned();
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|field| field.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let value = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let mut body = Vec::new();
    if let Some(length) = value("content-length") {
        body = vec![0; length.parse().ok()?];
        from.read_exact(&mut body).ok()?;
    } else if value("transfer-encoding").is_some() {
        loop {
            let mut size = String::new();
            from.read_line(&mut size).ok()?;
            let mut chunk = vec![0; usize::from_str_radix(size.trim(), 16).ok()? + 2];
            from.read_exact(&mut chunk).ok()?;
            raw.extend_from_slice(&chunk);
            if chunk.len() == 2 {
                break;
            }
            body.extend_from_slice(&chunk[..chunk.len() - 2]);
        }
    }
    raw.extend_from_slice(&body);
    Some(Recorded { raw, line, headers, body })
}
