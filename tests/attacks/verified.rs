//! Group B at the console's side: one that believes the signed statement alone, reached past the gateway, with statements
//! for somebody else and with forged ones.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
};

use data_encoding::BASE64URL_NOPAD;
use sekisho::clock::Clock as _;
use serde_json::{Value, json};

use crate::{
    siege::{Row, Siege, Verdict, hold, statuses},
    support::{clock::TestClock, verifier::Verifier},
    upstreams::Faulty,
};

/// Answers 403 to whoever shows no statement that is for it.
#[derive(Clone)]
struct Strict {
    address: SocketAddr,
    /// What it checks by; nobody is believed before it is there.
    verifier: Arc<Mutex<Option<(Verifier, TestClock)>>>,
    /// The last statement it believed.
    believed: Arc<Mutex<String>>,
}

impl Strict {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let console = Self { address, verifier: Arc::default(), believed: Arc::default() };
        let strict = console.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let strict = strict.clone();
                std::thread::spawn(move || strict.serve(stream));
            }
        });
        console
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut write = stream.try_clone()?;
        let mut shown = Vec::new();
        for line in BufReader::new(stream).lines() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap_or_default();
            if name.eq_ignore_ascii_case("x-sekisho-assertion") {
                shown.push(value.to_owned());
            }
        }
        let known = self.verifier.lock().unwrap_or_else(PoisonError::into_inner);
        let is_for_us = match (&*known, &*shown) {
            (Some((verifier, clock)), [statement]) => verifier.verify_at(clock.now(), statement).is_ok(),
            _ => false,
        };
        if let (true, [statement]) = (is_for_us, &*shown) {
            self.believed.lock().unwrap_or_else(PoisonError::into_inner).clone_from(statement);
        }
        let status = if is_for_us { "200 OK" } else { "403 Forbidden" };
        write!(write, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }

    /// Past the gateway: the status of a request with these fields.
    fn directly(&self, fields: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let request = format!("GET /a HTTP/1.1\r\nHost: console\r\nConnection: close\r\n{fields}\r\n");
        stream.write_all(request.as_bytes()).expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer[9..12].parse().expect("a status")
    }

    fn refuses(&self, what: &str, statement: &str) -> Verdict {
        let status = self.directly(&format!("X-Sekisho-User: old\r\nX-Sekisho-Assertion: {statement}\r\n"));
        hold(status == 403, || format!("{what}: {status}"))
    }

    /// What it was shown last, through the gateway.
    async fn shown(&self, siege: &Siege, path: &str) -> Result<String, String> {
        let answers = siege.get(path).await;
        hold(statuses(&answers) == [200], || format!("through the gateway: {:?}", statuses(&answers)))?;
        Ok(self.believed.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

pub(crate) async fn run() -> Vec<Row> {
    let (rest, one, other) = (Faulty::start(), Strict::start(), Strict::start());
    let table =
        |path: &str, address: SocketAddr| format!("[[upstream]]\npath = {path:?}\nurl = \"http://{address}\"\n");
    let tables = [table("/a", one.address), table("/b", other.address), table("/", rest.address)];
    let mut siege = Siege::facing(&tables.concat()).await;
    let known = Verifier::of(&siege.gateway).await;
    for (console, path) in [(&one, "/a"), (&other, "/b")] {
        let verifier = Verifier { audience: format!("{}{path}", known.issuer), ..known.clone() };
        *console.verifier.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((verifier, siege.gateway.clock.clone()));
    }
    siege
        .case("IDH-22", "the console without the gateway", async |siege| {
            one.shown(siege, "/a").await?;
            for fields in [
                "",
                "X-Sekisho-User: old\r\nX-Sekisho-Groups: sellers\r\n",
                "X-Sekisho-User: old\r\nX-Sekisho-Assertion: x\r\n",
            ] {
                let status = one.directly(fields);
                hold(status == 403, || format!("{fields:?}: {status}"))?;
            }
            // Two of them: nobody may choose which one counts.
            let own = one.shown(siege, "/a").await?;
            let status = one.directly(&format!("X-Sekisho-Assertion: {own}\r\nX-Sekisho-Assertion: {own}\r\n"));
            hold(status == 403, || format!("two of them: {status}"))?;
            let status = one.directly(&format!("X-Sekisho-Assertion: {own}\r\n"));
            hold(status == 200, || format!("the one that was copied, within its minute: {status}"))
        })
        .await;
    siege
        .case("IDH-23", "a statement for another console", async |siege| {
            let of_one = one.shown(siege, "/a").await?;
            other.refuses("of the other console", &of_one)?;
            // Through the gateway what a client sends is replaced.
            let fields = format!("X-Sekisho-Assertion: {of_one}\r\n");
            let answers = siege.send(&siege.request("GET /b HTTP/1.1", true, &fields, "")).await;
            hold(statuses(&answers) == [200], || format!("{:?}", statuses(&answers)))?;
            let of_other = other.believed.lock().unwrap_or_else(PoisonError::into_inner).clone();
            hold(of_other != of_one, || "one statement for two consoles".to_owned())?;
            one.refuses("and the other way round", &of_other)
        })
        .await;
    siege
        .case("IDH-25", "statements that were changed", async |siege| {
            let good = one.shown(siege, "/a").await?;
            let parts: Vec<&str> = good.split('.').collect();
            let read = |part: &str| -> Value {
                serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
            };
            let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
            let (head, claims) = (read(parts[0]), read(parts[1]));
            for (claim, other) in [
                ("sub", json!("admin")),
                ("preferred_username", json!("admin")),
                ("groups", json!(["admin"])),
                ("acr", json!("3")),
                ("aud", json!("https://b.example")),
                ("exp", json!(4_000_000_000_u64)),
            ] {
                let mut changed = claims.clone();
                changed[claim] = other;
                one.refuses(claim, &format!("{}.{}.{}", parts[0], encode(&changed), parts[2]))?;
            }
            for (what, field, value) in [
                ("alg none", "alg", "none"),
                ("another algorithm", "alg", "HS256"),
                ("another type", "typ", "JWT"),
                ("an unknown key", "kid", "nobody's"),
            ] {
                let mut changed = head.clone();
                changed[field] = json!(value);
                one.refuses(what, &format!("{}.{}.{}", encode(&changed), parts[1], parts[2]))?;
                one.refuses(what, &format!("{}.{}.", encode(&changed), parts[1]))?;
            }
            one.refuses("no signature", &format!("{}.{}.", parts[0], parts[1]))?;
            one.refuses("two parts", &format!("{}.{}", parts[0], parts[1]))?;
            let mut bytes = BASE64URL_NOPAD.decode(parts[2].as_bytes()).unwrap();
            bytes[0] ^= 1;
            one.refuses("another signature", &format!("{}.{}.{}", parts[0], parts[1], BASE64URL_NOPAD.encode(&bytes)))?;
            siege.gateway.clock.advance(std::time::Duration::from_secs(61));
            one.refuses("an old one", &good)
        })
        .await;
    siege.end()
}
