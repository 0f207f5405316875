//! Group N, how the gateway gets to a console: certificates, names, addresses that come and go, and HTTP/2 that says
//! good-bye.

use std::{
    collections::VecDeque,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::{
    frames::{END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, SETTINGS, frame},
    siege::{Row, Siege, hold, statuses},
    support::certificate::Authority,
    upstreams::{Faulty, LIMITS, PAGE, explained},
};

const ACK: u8 = 1;

pub(crate) async fn run() -> Vec<Row> {
    [certificates().await, names().await, flapping().await, farewells().await].concat()
}

/// On a thread of its own for each connection.
fn accepting(serve: impl Fn(TcpStream) -> std::io::Result<()> + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

/// A console over TLS that counts the requests it could read.
fn secure(directory: &Path, name: &str, asked: &Arc<AtomicUsize>) -> SocketAddr {
    let chain = vec![CertificateDer::from_pem_file(directory.join(format!("{name}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(directory.join(format!("{name}.key"))).unwrap();
    let tls = Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap());
    let asked = asked.clone();
    accepting(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(tls.clone()).expect("a configuration"), stream);
        let mut request = [0; 4096];
        while stream.read(&mut request)? > 0 {
            asked.fetch_add(1, Ordering::SeqCst);
            stream.write_all(PAGE)?;
        }
        Ok(())
    })
}

async fn certificates() -> Vec<Row> {
    let directory = tempfile::tempdir().unwrap();
    let (ours, nobody) = (Authority::new(), Authority::new());
    let place = directory.path();
    std::fs::write(place.join("ca.pem"), &ours.pem).unwrap();
    ours.write(place, "good", &["localhost"]);
    ours.write_until(place, "expired", &["localhost"], 2020);
    ours.write(place, "other-name", &["console.example"]);
    nobody.write(place, "unknown", &["localhost"]);
    let (good, bad) = (Arc::default(), Arc::default());
    let clear = Faulty::start();
    let table = |path: &str, port: u16| {
        let ca = place.join("ca.pem");
        format!(
            "[[upstream]]\npath = \"/{path}\"\nurl = \"https://localhost:{port}\"\nca = \"{}\"\n{LIMITS}",
            ca.display()
        )
    };
    let mut tables: String =
        ["expired", "other-name", "unknown"].iter().map(|name| table(name, secure(place, name, &bad).port())).collect();
    tables += &table("clear", clear.address.port());
    tables += &table("", secure(place, "good", &good).port());
    let mut siege = Siege::facing(&tables).await;
    siege
        .case("UPS-16", "certificates that are not the console's", async |siege| {
            let before = good.load(Ordering::SeqCst);
            for _ in 0..2 {
                hold(statuses(&siege.get("/good").await) == [200], || "the good one".to_owned())?;
                for path in ["/expired", "/other-name", "/unknown", "/clear"] {
                    explained(&siege.get(path).await, 502).map_err(|seen| format!("{path}: {seen}"))?;
                }
            }
            hold(good.load(Ordering::SeqCst) == before + 2, || "the good one was asked for others".to_owned())?;
            let bad = bad.load(Ordering::SeqCst);
            hold(bad == 0, || format!("{bad} requests reached consoles that are not the right ones"))
        })
        .await;
    siege.end()
}

async fn names() -> Vec<Row> {
    let console = Faulty::start();
    let decoy = TcpListener::bind("127.0.0.1:0").unwrap();
    decoy.set_nonblocking(true).unwrap();
    let away = decoy.local_addr().unwrap();
    let table = |path: &str, url: &str| format!("[[upstream]]\npath = \"{path}\"\nurl = \"{url}\"\n{LIMITS}");
    let tables = table("/nowhere", "http://nowhere.invalid:80") + &table("/", &format!("http://{}", console.address));
    let mut siege = Siege::facing(&tables).await;
    siege
        .case("UPS-17", "other targets than the operator's", async |siege| {
            explained(&siege.get("/nowhere").await, 502)?;
            for target in [
                format!("http://{away}/x"),
                format!("//{away}/x"),
                format!("/\\{away}/x"),
                format!("/@{away}/x"),
                format!("/x?url=http://{away}/"),
                "http://169.254.169.254/latest/meta-data".to_owned(),
            ] {
                let answers = siege.get(&target).await;
                hold(matches!(&*answers, [one] if one.status < 500), || format!("{target}: {:?}", statuses(&answers)))?;
            }
            for name in ["X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded", "X-Forwarded-Server"] {
                for value in [away.to_string(), format!("http://{away}/x"), format!("host={away}")] {
                    siege.send(&siege.request("GET /x HTTP/1.1", true, &format!("{name}: {value}\r\n"), "")).await;
                }
            }
            let bytes = siege.request("GET /x HTTP/1.1", true, "", "");
            let bytes = String::from_utf8(bytes).unwrap().replacen(&siege.host(), &away.to_string(), 1);
            let answers = siege.send(bytes.as_bytes()).await;
            hold(statuses(&answers) == [421], || format!("Host: {away}: {:?}", statuses(&answers)))?;
            let reached = decoy.accept();
            hold(reached.is_err(), || format!("somebody connected to where a request wanted: {reached:?}"))
        })
        .await;
    siege.end()
}

async fn flapping() -> Vec<Row> {
    let (up, turned_away) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let steady = Faulty::start();
    let flapping = {
        let (up, turned_away) = (up.clone(), turned_away.clone());
        accepting(move |mut stream| {
            if !up.load(Ordering::SeqCst) {
                turned_away.fetch_add(1, Ordering::SeqCst);
                return Ok(());
            }
            let _head = stream.read(&mut [0; 4096])?;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        })
    };
    let urls = format!("[upstream]\nurl = [\"http://{}\", \"http://{flapping}\"]\n{LIMITS}", steady.address);
    let mut siege = Siege::facing(&urls).await;
    siege
        .case("UPS-20", "an address that comes and goes", async |siege| {
            for second in 0..10 {
                up.store(second % 2 == 0, Ordering::SeqCst);
                siege.gateway.clock.advance(Duration::from_secs(1));
                for _ in 0..4 {
                    let answers = siege.get("/x").await;
                    hold(statuses(&answers) == [200], || format!("second {second}: {:?}", statuses(&answers)))?;
                }
            }
            let tried = turned_away.swap(0, Ordering::SeqCst);
            hold((1..=20).contains(&tried), || format!("{tried} attempts for 20 requests"))?;
            // Away for longer: after a few failures nobody asks it until it has rested.
            up.store(false, Ordering::SeqCst);
            for _ in 0..40 {
                let answers = siege.get("/x").await;
                hold(statuses(&answers) == [200], || format!("away: {:?}", statuses(&answers)))?;
            }
            let tried = turned_away.load(Ordering::SeqCst);
            hold(tried <= 4, || format!("{tried} attempts for 40 requests"))
        })
        .await;
    siege.end()
}

/// How a connection of HTTP/2 ends at a request.
#[derive(Clone, Copy, Debug)]
enum Farewell {
    /// It says that it has not looked at the request.
    Unread,
    /// It says that this is the last one, and answers it.
    Answered,
    /// It says that this is the last one, and closes without an answer.
    Broken,
}

/// A console of HTTP/2 without TLS, whose requests end as is planned.
#[derive(Clone, Default)]
struct Leaving {
    plan: Arc<Mutex<VecDeque<Farewell>>>,
    asked: Arc<AtomicUsize>,
}

impl Leaving {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut preface = [0; PREFACE.len()];
        stream.read_exact(&mut preface)?;
        stream.write_all(&frame(SETTINGS, 0, 0, &[]))?;
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head)?;
            let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
            stream.read_exact(&mut payload)?;
            let of = u32::from_be_bytes(head[5..9].try_into().expect("four bytes"));
            match head[3] {
                SETTINGS if head[4] & ACK == 0 => stream.write_all(&frame(SETTINGS, ACK, 0, &[]))?,
                PING if head[4] & ACK == 0 => stream.write_all(&frame(PING, ACK, 0, &payload))?,
                HEADERS => {
                    self.asked.fetch_add(1, Ordering::SeqCst);
                    let planned = self.plan.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    // `:status 200` is in the static table.
                    let answer = frame(HEADERS, END_HEADERS | END_STREAM, of, &[0x88]);
                    let good_bye = |last: u32| frame(GOAWAY, 0, 0, &[last.to_be_bytes(), [0; 4]].concat());
                    match planned {
                        None => stream.write_all(&answer)?,
                        Some(Farewell::Unread) => return stream.write_all(&good_bye(of.saturating_sub(2))),
                        Some(Farewell::Answered) => return stream.write_all(&[good_bye(of), answer].concat()),
                        Some(Farewell::Broken) => return stream.write_all(&good_bye(of)),
                    }
                }
                _ => {}
            }
        }
    }
}

async fn farewells() -> Vec<Row> {
    use Farewell::{Answered, Broken, Unread};
    let console = Leaving::default();
    let served = console.clone();
    let address = accepting(move |stream| served.serve(stream));
    let mut siege = Siege::before(address, &format!("h2 = true\n{LIMITS}")).await;
    siege
        .case("UPS-22", "GOAWAY from the console", async |siege| {
            for (method, plan, status, times) in [
                ("GET", &[Unread][..], 200, 2),
                ("GET", &[Answered], 200, 1),
                ("GET", &[Broken], 200, 2),
                ("GET", &[Unread, Unread, Unread], 502, 2),
                ("GET", &[Broken, Unread, Broken], 502, 2),
                ("POST", &[Answered], 200, 1),
                ("POST", &[Unread], 502, 1),
                ("POST", &[Broken], 502, 1),
            ] {
                console.plan.lock().unwrap_or_else(PoisonError::into_inner).clear();
                // Over a connection that is kept.
                for _ in 0..2 {
                    hold(statuses(&siege.get("/x").await) == [200], || "before it".to_owned())?;
                }
                *console.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan.iter().copied().collect();
                let before = console.asked.load(Ordering::SeqCst);
                let (fields, body) = if method == "POST" { ("Content-Length: 5\r\n", "hello") } else { ("", "") };
                let answers = siege.send(&siege.request(&format!("{method} /x HTTP/1.1"), true, fields, body)).await;
                let asked = console.asked.load(Ordering::SeqCst) - before;
                hold(statuses(&answers) == [status] && asked == times, || {
                    format!("{method} {plan:?}: {:?}, sent {asked} times", statuses(&answers))
                })?;
            }
            console.plan.lock().unwrap_or_else(PoisonError::into_inner).clear();
            Ok(())
        })
        .await;
    siege.end()
}
