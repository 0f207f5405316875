//! `sekisho demo`: the gateway before an example console, with a message inbox, on this machine only. It writes a
//! configuration and runs it as `serve` would; nothing in the gateway knows that it is a demonstration.

mod certificate;
pub mod console;
mod people;
mod place;

use std::{
    fs::OpenOptions,
    io,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::OpenOptionsExt as _,
    sync::Arc,
    thread,
    time::Duration,
};

use tokio::{
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};

use self::place::Place;
use super::{Failed, arguments::Demo, complain, output, serve};
use crate::{
    clock::{Clock as _, SystemClock},
    config::{self, Config, RecoveryConfig},
    entropy::SystemEntropy,
    server, telemetry,
};

/// A recovery request can be approved so soon here.
const RECOVERY_WAIT: Duration = Duration::from_mins(1);

/// Where everything listens, with the ports the system chose.
struct Ports {
    https: u16,
    inbox: u16,
    console: u16,
}

pub(super) fn run(demo: &Demo) -> Result<(), Failed> {
    let place = Place::find(demo.directory.as_deref())?;
    place.is_idle()?;
    if demo.fresh {
        place.forget()?;
    }
    let console = listen(demo.console, "console")?;
    let ports = Ports {
        https: port(&listen(demo.https, "https")?)?,
        inbox: port(&listen(demo.inbox, "inbox")?)?,
        console: port(&console)?,
    };
    certificate::issue(&place, SystemClock.now())?;
    let config = configuration(&place, &ports)?;
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(place.file("log"));
    let log = log.map_err(|error| place.failed("log", &error))?;
    telemetry::init(&config.log.filter, telemetry::Output::File(log)).map_err(Failed::refused)?;

    let runtime = Runtime::new().map_err(Failed::refused)?;
    let mut interrupts = runtime.block_on(async { Interrupts::new() }).map_err(Failed::refused)?;
    let _serving = runtime.spawn(serve_console(console));
    let running =
        server::start(config, Arc::new(SystemClock), Arc::new(SystemEntropy::new())).map_err(serve::failed)?;
    runtime.block_on(people::settle(running.app()))?;
    announce(demo, &place, &ports)?;

    runtime.block_on(interrupts.next());
    complain("stopping; interrupt again to stop at once");
    let (done, stopped) = tokio::sync::oneshot::channel();
    thread::spawn(move || drop(done.send(running.stop())));
    runtime.block_on(async {
        tokio::select! {
            ended = stopped => ended.map_or(Ok(()), |ended| ended.map_err(serve::failed)),
            () = interrupts.next() => Ok(()),
        }
    })
}

/// Both ways an operator stops a program.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn listen(port: u16, option: &str) -> Result<TcpListener, Failed> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
        Failed::refused(format!("port {port} of this machine cannot be used: {error}; choose another with --{option}"))
    })
}

fn port(listener: &TcpListener) -> Result<u16, Failed> {
    listener.local_addr().map(|address| address.port()).map_err(Failed::refused)
}

async fn serve_console(listener: TcpListener) {
    let serving = async {
        listener.set_nonblocking(true)?;
        axum::serve(tokio::net::TcpListener::from_std(listener)?, console::router()).await
    };
    if let Err(error) = serving.await {
        tracing::error!(%error, "the example console ended");
    }
}

/// A configuration file like any other; `sekisho user list --config` works with it.
fn configuration(place: &Place, ports: &Ports) -> Result<Config, Failed> {
    let Ports { https, inbox, console } = ports;
    let text = format!(
        r#"# Written by `sekisho demo` at each start.
public_url = "https://localhost:{https}"

[listen]
https = "127.0.0.1:{https}"
certificate = "demo.certificate.pem"
private_key = "demo.key.pem"
hsts = "0s" # other programs of this machine are reached as localhost, too

[upstream]
url = "http://127.0.0.1:{console}"

[console]
sign_out = "/logout"
sign_out_call = "/logout"

[store]
url = "sqlite:demo.db"

[keys]
file = "demo.keys.json"

[runtime]
directory = "demo.run"

[branding]
name = {{ ja = "関所デモ", en = "Sekisho Demo" }}

[sms]
provider = "inbox"

[voice]
provider = "inbox"

[mail]
provider = "inbox"

[inbox]
listen = "127.0.0.1:{inbox}"

[users]
grantable_groups = ["orders", "payments"]

[[rule]] # the prices come over a WebSocket
path = "/ticker/ws"
access = "signed-in"
websocket = true
idle_timeout = "5m"

[[users.label]]
group = "orders"
name = {{ ja = "受注", en = "Orders" }}

[[users.label]]
group = "payments"
name = {{ ja = "入金", en = "Payments" }}

[[users.label]]
group = "owner"
name = {{ ja = "オーナー", en = "Owner" }}

[[users.label]]
group = "staff"
name = {{ ja = "スタッフ", en = "Staff" }}

[[rule]] # a form whose session has ended is kept until the sign-in
path = "/"
access = "signed-in"
hold = true

[log]
filter = "warn,audit=info"

[insecure]
inbox_provider = true
"#
    );
    let file = place.file("toml");
    std::fs::write(&file, &text).map_err(|error| place.failed("toml", &error))?;
    let config = config::parse(&text, &file.to_string_lossy()).map_err(Failed::refused)?;
    // A file cannot say less than an hour: nobody has that long to look at a demonstration.
    let recovery = RecoveryConfig { wait: RECOVERY_WAIT, ..config.recovery };
    Ok(Config { recovery, ..config })
}

fn announce(demo: &Demo, place: &Place, ports: &Ports) -> Result<(), Failed> {
    let address = format!("https://localhost:{}", ports.https);
    let inbox = format!("http://127.0.0.1:{}/", ports.inbox);
    let page = format!("{address}{}", console::SAMPLE_PATH);
    let (fresh, enrolled) = (people::FRESH, people::ENROLLED);
    if demo.json {
        let account = |(name, password): (&str, &str), two_step: bool| serde_json::json!({ "name": name, "password": password, "two_step": two_step });
        let ready = serde_json::json!({
            "address": address,
            "page": page,
            "accounts": [account(fresh, false), account(enrolled, true)],
            "inbox": inbox,
            "console": format!("http://127.0.0.1:{}/", ports.console),
            "certificate_authority": place.file("ca.pem"),
            "config": place.file("toml"),
            "log": place.file("log"),
        });
        return output::text(&ready.to_string());
    }
    output::text(&format!(
        "Open      {page} (the browser warns once about the certificate; Ctrl-C here stops the demonstration)\n\
         Accounts  {} with {} (sets up two-step verification), {} with {} (has it: text message, call)\n\
         Inbox     {inbox} shows the messages that would have gone out",
        fresh.0, fresh.1, enrolled.0, enrolled.1,
    ))
}
