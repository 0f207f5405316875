//! Wiring only: a checked configuration becomes an application, its listeners and its background work, started and
//! stopped together. Nothing here decides anything about a request.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use pingora::{
    apps::HttpServerOptions,
    proxy::HttpProxy,
    server::{
        RunArgs, Server, ShutdownSignal, ShutdownSignalWatch,
        configuration::{Opt, ServerConf},
    },
    services::listening::Service,
};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};

use crate::{
    admin,
    app::{App, OpenError},
    clock::{SharedClock, Timestamp},
    config::{Config, Hosts, SecretUnreadable},
    delivery::{Carriers, Means, ProviderUnusable, Reports, Worker, callback::Callbacks, providers::inbox},
    entropy::SharedEntropy,
    portal::Portal,
    proxy::{
        ConnectionRules, ConsoleError, Crowd, Drain, ForwardAuth, Gateway, GuardedApp, HealthChecks, MOST_ATTEMPTS,
        NotAHeaderName, Redirect, TlsNow, Upstream,
    },
    tls::{Tls, TlsError},
};

/// Requests in work when the gateway is told to stop are given this long.
const DRAIN: Duration = Duration::from_secs(20);
/// Then background work is given this long: a message that is with a provider gets its answer.
const WIND_UP: Duration = Duration::from_secs(12);
/// Listeners that do not answer by then will not.
const LISTEN_DEADLINE: Duration = Duration::from_secs(10);
/// Between two clearings of what has expired.
const PURGE_EVERY: Duration = Duration::from_mins(10);
/// How often messages that went out are looked at.
const WATCH_EVERY: Duration = Duration::from_mins(1);
/// Between two writings of when sessions were last used.
const WRITE_USES_EVERY: Duration = Duration::from_secs(5);
/// Between two writings of the report of `observe`.
const WRITE_REPORT_EVERY: Duration = Duration::from_mins(1);
/// Between two looks whether a new signing key is due.
const ROLL_KEYS_EVERY: Duration = Duration::from_mins(10);
/// Between two looks whether certificates have changed; after the second that finds the same change they are read again.
const LOOK_AT_CERTIFICATES_EVERY: Duration = Duration::from_secs(2);
/// Between two warnings of the same.
const WARN_OF_CERTIFICATES_EVERY: Duration = Duration::from_hours(24);
/// A kept-alive connection is closed after so many requests, an idle HTTP/2 one after this time.
const REQUESTS_PER_CONNECTION: u32 = 1000;
const HTTP2_IDLE: Duration = Duration::from_mins(1);

/// Why the gateway does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Certificate, key or authority.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Keys, store or application.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A secret of the configuration.
    #[error("forward_auth.secret: {0}")]
    Secret(#[from] SecretUnreadable),
    /// What a console needs.
    #[error(transparent)]
    Console(#[from] ConsoleError),
    /// A provider of messages.
    #[error(transparent)]
    Provider(#[from] ProviderUnusable),
    /// A configured header name.
    #[error(transparent)]
    Header(#[from] NotAHeaderName),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The runtime directory.
    #[error("{}: {source}", path.display())]
    Directory {
        /// Its path.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Threads or signals.
    #[error("the operating system refuses: {0}")]
    System(#[from] io::Error),
    /// The server thread ended without a word.
    #[error("the server stopped before it was ready")]
    Gone,
}

/// Runs until SIGTERM or SIGINT. SIGHUP reads the certificates again, as does a change of their files.
#[expect(clippy::needless_pass_by_value, reason = "the configuration belongs to the server from here on")]
pub fn run(config: Config, clock: SharedClock, entropy: SharedEntropy) -> Result<(), ServerError> {
    serve(&config, clock, entropy, StopWhen::Signalled, |ready| {
        tracing::info!(https = ?ready.https, http = ?ready.http, "ready");
    })
}

/// Runs on a thread of its own until [`Running::stop`]; returns when the listeners answer.
pub fn start(config: Config, clock: SharedClock, entropy: SharedEntropy) -> Result<Running, ServerError> {
    let (stop, asked) = watch::channel(false);
    let (tell, told) = mpsc::channel();
    let thread = thread::Builder::new().name("sekisho".to_owned()).spawn(move || {
        serve(&config, clock, entropy, StopWhen::Asked(asked), move |ready| {
            // Nobody listens any more when the starter has given up; it has asked to stop then.
            drop(tell.send(ready));
        })
    })?;
    match told.recv() {
        Ok(ready) => Ok(Running { ready, stop, thread: Some(thread) }),
        Err(_ended) => Err(thread.join().unwrap_or(Err(ServerError::Gone)).err().unwrap_or(ServerError::Gone)),
    }
}

/// A gateway started by [`start`]. Dropping it asks it to stop without waiting.
#[derive(Debug)]
pub struct Running {
    ready: Ready,
    stop: watch::Sender<bool>,
    thread: Option<thread::JoinHandle<Result<(), ServerError>>>,
}

impl Running {
    /// The application.
    pub fn app(&self) -> &Arc<App> {
        &self.ready.app
    }
    /// HTTPS addresses, with the ports the system chose where the configuration says 0.
    pub fn https(&self) -> &[SocketAddr] {
        &self.ready.https
    }
    /// HTTP addresses.
    pub fn http(&self) -> &[SocketAddr] {
        &self.ready.http
    }
    /// Lets requests in work end, stops, and returns when everything has stopped.
    pub fn stop(mut self) -> Result<(), ServerError> {
        self.stop.send_replace(true);
        self.thread.take().map_or(Ok(()), |thread| thread.join().unwrap_or(Err(ServerError::Gone)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// What is known once the gateway answers.
#[derive(Clone, Debug)]
struct Ready {
    app: Arc<App>,
    https: Vec<SocketAddr>,
    http: Vec<SocketAddr>,
}

fn serve(
    config: &Config,
    clock: SharedClock,
    entropy: SharedEntropy,
    stop_when: StopWhen,
    announce: impl FnOnce(Ready) + Send + 'static,
) -> Result<(), ServerError> {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    private_directory(&config.runtime_directory)?;
    let tls = Tls::load(&config.listen)?;
    let consoles = Upstream::all(config)?;
    let forward_auth = config.forward_auth.as_ref().map(ForwardAuth::new).transpose()?;
    let https = doors(&config.listen.https, &config.listen.proxy_protocol)?;
    let http = doors(&config.listen.http, &config.listen.proxy_protocol)?;

    let background = Background::new()?;
    let app = Arc::new(background.block_on(App::open(config.clone(), clock.clone(), entropy.clone()))?);
    background.block_on(app.roll_signing_keys()).map_err(OpenError::from)?;
    let callbacks = background.begin(config, &app, clock.clone())?;
    background.spawn(watch_certificates(tls.clone(), config.hosts.clone(), clock, background.stopped()));
    if matches!(stop_when, StopWhen::Signalled) {
        background.reload_on_hangup(tls.clone());
    }

    let drain = Drain::default();
    let mut server = Server::new_with_opt_and_conf(Opt::default(), pingora_conf(config));
    server.bootstrap();
    let rules = ConnectionRules::new(&config.limits, entropy);
    let portal = Arc::new(Portal::new(app.clone()).with_callbacks(callbacks));
    let gateway = Gateway::new(app.clone(), portal, config, consoles.clone(), forward_auth, drain.clone())?;
    for checks in HealthChecks::new(consoles, config).of_each_address() {
        background.spawn(until(background.stopped(), checks));
    }
    let mut proxy = HttpProxy::new(gateway, server.configuration.clone());
    let mut options = HttpServerOptions::default();
    options.keepalive_request_limit = Some(REQUESTS_PER_CONNECTION);
    options.h2_idle_timeout = Some(HTTP2_IDLE);
    proxy.server_options = Some(options);
    proxy.handle_init_modules();
    let crowd = Crowd::new(config);
    let proxy = Arc::new(proxy);
    let redirect = Arc::new(Redirect::new(config.hosts.clone()));
    for proxied in [false, true] {
        let tls = tls.clone();
        let now: TlsNow = Box::new(move || tls.server_config());
        let guarded = GuardedApp::new(proxy.clone(), Some(now), rules.clone(), crowd.clone(), drain.clone());
        if let Some(service) = listening("https", &https, proxied, guarded) {
            server.add_service(service);
        }
        let guarded = GuardedApp::new(redirect.clone(), None, rules.clone(), crowd.clone(), drain.clone());
        if let Some(mut service) = listening("http", &http, proxied, guarded) {
            service.threads = Some(1);
            server.add_service(service);
        }
    }

    let failed = Arc::new(Mutex::new(None));
    let addresses = |doors: &[Door]| doors.iter().map(|door| door.address).collect::<Vec<_>>();
    let (https, http) = (addresses(&https), addresses(&http));
    let addresses = [https.clone(), http.clone()].concat();
    let ready = Ready { app, https, http };
    let announce = Mutex::new(Some(Box::new(move || announce(ready)) as Box<dyn FnOnce() + Send>));
    let life = Life { addresses, announce, stop_when, drain, failed: failed.clone() };
    server.run(RunArgs { shutdown_signal: Box::new(life) });
    background.wind_up();
    let failed = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
    failed.map_or(Ok(()), Err)
}

fn private_directory(path: &Path) -> Result<(), ServerError> {
    let directory = |source| ServerError::Directory { path: path.to_owned(), source };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(directory)?;
    let mode = fs::metadata(path).map_err(directory)?.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if others == 0 {
        return Ok(());
    }
    let open =
        format!("mode {mode:o} lets others in, and whoever can write there can take the gateway's place; chmod 700 it");
    Err(directory(io::Error::other(open)))
}

/// An address that is listened on.
struct Door {
    address: SocketAddr,
    /// Connections begin with the PROXY protocol.
    proxied: bool,
}

/// Checks that each address can be listened on, because Pingora only panics in a thread of its own when it cannot, and
/// settles the ports that the system is to choose.
fn doors(addresses: &[SocketAddr], proxied: &[SocketAddr]) -> Result<Vec<Door>, ServerError> {
    let check = |configured: &SocketAddr| {
        let address = std::net::TcpListener::bind(configured)?.local_addr()?;
        Ok(Door { address, proxied: proxied.contains(configured) })
    };
    addresses
        .iter()
        .map(|address| check(address).map_err(|source| ServerError::Listen { address: address.to_string(), source }))
        .collect()
}

/// The service of the doors where connections begin with the PROXY protocol, or of the others. `None`: there are none.
fn listening<A>(name: &str, doors: &[Door], proxied: bool, app: GuardedApp<A>) -> Option<Service<GuardedApp<A>>> {
    let mut these = doors.iter().filter(|door| door.proxied == proxied).peekable();
    these.peek()?;
    let mut service = Service::new(name.to_owned(), app.proxied(proxied));
    for door in these {
        service.add_tcp(&door.address.to_string());
    }
    Some(service)
}

fn pingora_conf(config: &Config) -> ServerConf {
    // The default of both is in /tmp, where whoever comes first could take the listeners over.
    let private = |name: &str| config.runtime_directory.join(name).to_string_lossy().into_owned();
    ServerConf {
        threads: config.threads,
        upgrade_sock: private("upgrade.sock"),
        pid_file: private("sekisho.pid"),
        // Draining is done before Pingora is told to stop: it would always sleep the whole grace period.
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(1),
        // Whether there is another one each time is for the gateway to say.
        max_retries: MOST_ATTEMPTS,
        ..ServerConf::default()
    }
}

/// Work that belongs to no request, on a runtime that outlives the listeners.
struct Background {
    runtime: Runtime,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Background {
    fn new() -> Result<Self, ServerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("background")
            .enable_all()
            .build()?;
        Ok(Self { runtime, stop: watch::Sender::new(false), tasks: Mutex::default() })
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let task = self.runtime.spawn(task);
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.stop.subscribe();
        async move {
            // An error means that nobody can stop it any more, which is the same.
            drop(stop.wait_for(|stop| *stop).await);
        }
    }

    /// Delivery, clearing up, the administration socket, and the inbox where one is configured. Gives what takes the reports
    /// of providers.
    fn begin(&self, config: &Config, app: &Arc<App>, clock: SharedClock) -> Result<Callbacks, ServerError> {
        let messages = inbox::Inbox::new(config.time_zone.clone(), config.public_url.origin());
        let mut means = Means::new(config, messages.clone(), app.keyring().clone());
        let carriers = Carriers::new(config, &mut means)?;
        app.carry_by(carriers.clone());
        let reports = Reports::new(app.store().clone(), clock.clone());
        let origin = config.public_url.origin();
        let callbacks = Callbacks::new(&carriers, app.keyring().clone(), reports.clone(), origin);
        let worker = Worker::new(app.store().clone(), app.keyring().clone(), clock, config, carriers);
        self.spawn(worker.run(self.stopped()));
        self.spawn(purge(app.clone(), self.stopped()));
        self.spawn(watch_messages(app.clone(), self.stopped()));
        self.spawn(roll_signing_keys(app.clone(), self.stopped()));
        self.spawn(write_last_uses(app.clone(), self.stopped()));
        self.spawn(write_observe_report(app.clone(), self.stopped()));

        let _in_runtime = self.runtime.enter();
        let listen = |path: PathBuf| move |source| ServerError::Listen { address: path.display().to_string(), source };
        let own = admin::myself()?;
        let mut sockets = vec![admin::bind(config).map_err(listen(admin::socket_path(config)))?];
        if let Some(operators) = &config.admin {
            let bound = admin::bind_for_operators(config, operators);
            sockets.push(bound.map_err(listen(admin::operators_socket_path(operators)))?);
        }
        for socket in sockets {
            socket.set_nonblocking(true)?;
            let socket = tokio::net::UnixListener::from_std(socket)?;
            let pages = axum::serve(socket, admin::service(app.clone(), own)).with_graceful_shutdown(self.stopped());
            self.spawn(async move { report("administration socket", pages.await) });
        }

        let Some(inbox) = &config.inbox else {
            return Ok(callbacks);
        };
        let listen = |source| ServerError::Listen { address: inbox.listen.to_string(), source };
        let listener = std::net::TcpListener::bind(inbox.listen).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(listen)?;
        let pages = axum::serve(listener, inbox::router(messages, reports)).with_graceful_shutdown(self.stopped());
        self.spawn(async move { report("inbox", pages.await) });
        Ok(callbacks)
    }

    fn reload_on_hangup(&self, tls: Arc<Tls>) {
        let stopped = self.stopped();
        self.spawn(async move {
            let Ok(mut hangup) = signal(SignalKind::hangup()) else {
                tracing::error!("SIGHUP cannot be received: certificates are read again only at a restart");
                return;
            };
            let reload = async {
                while hangup.recv().await.is_some() {
                    tell(&tls.reload());
                }
            };
            tokio::select! {
                () = reload => {}
                () = stopped => {}
            }
        });
    }

    fn wind_up(self) {
        self.stop.send_replace(true);
        let tasks = self.tasks.into_inner().unwrap_or_else(PoisonError::into_inner);
        let all = async {
            for task in tasks {
                if let Err(error) = task.await {
                    tracing::error!(%error, "background work ended badly");
                }
            }
        };
        if self.runtime.block_on(async { tokio::time::timeout(WIND_UP, all).await }).is_err() {
            tracing::warn!("background work was cut off");
        }
        self.runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

fn report(what: &'static str, ended: io::Result<()>) {
    if let Err(error) = ended {
        tracing::error!(%error, what, "a listener ended");
    }
}

/// Work that has no end of its own.
async fn until(stopped: impl Future<Output = ()>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = stopped => {}
    }
}

/// Every few seconds, and once more at the end.
async fn write_last_uses(app: Arc<App>, stopped: impl Future<Output = ()>) {
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let stopping = tokio::select! {
            () = tokio::time::sleep(WRITE_USES_EVERY) => false,
            () = &mut stopped => true,
        };
        if let Err(error) = app.write_last_uses().await {
            tracing::warn!(%error, "last uses of sessions cannot be written now");
        }
        if stopping {
            return;
        }
    }
}

/// Every minute, and once more at the end.
async fn write_observe_report(app: Arc<App>, stopped: impl Future<Output = ()>) {
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let stopping = tokio::select! {
            () = tokio::time::sleep(WRITE_REPORT_EVERY) => false,
            () = &mut stopped => true,
        };
        if let Err(error) = app.write_observe_report().await {
            tracing::warn!(%error, "the report of what would break cannot be written now");
        }
        if stopping {
            return;
        }
    }
}

async fn purge(app: Arc<App>, stopped: impl Future<Output = ()>) {
    let clear = async {
        loop {
            tokio::time::sleep(PURGE_EVERY).await;
            match app.purge().await {
                Ok(gone) => tracing::debug!(gone, "cleared what has expired"),
                Err(error) => tracing::warn!(%error, "what has expired cannot be cleared now"),
            }
        }
    };
    tokio::select! {
        () = clear => {}
        () = stopped => {}
    }
}

/// Codes that do not come back, and money that runs out, are noticed whoever looks.
async fn watch_messages(app: Arc<App>, stopped: impl Future<Output = ()>) {
    let watch = async {
        loop {
            tokio::time::sleep(WATCH_EVERY).await;
            for seen in [app.watch_messages().await, app.tell_operators().await] {
                if let Err(error) = seen {
                    tracing::warn!(%error, "how messages go cannot be looked at now");
                }
            }
        }
    };
    tokio::select! {
        () = watch => {}
        () = stopped => {}
    }
}

/// Renewed files are noticed without a word from whoever renews them, and files that are not renewed in time are told of.
async fn watch_certificates(tls: Arc<Tls>, hosts: Hosts, clock: SharedClock, stopped: impl Future<Output = ()>) {
    let watch = async {
        let mut told: Option<Timestamp> = None;
        loop {
            let now = clock.now();
            if told.is_none_or(|told| now.since(told) >= WARN_OF_CERTIFICATES_EVERY) {
                for warning in tls.warnings(&hosts, now) {
                    tracing::warn!("{warning}");
                }
                told = Some(now);
            }
            tokio::time::sleep(LOOK_AT_CERTIFICATES_EVERY).await;
            if let Some(read) = tls.reload_if_changed() {
                tell(&read);
                told = None;
            }
        }
    };
    tokio::select! {
        () = watch => {}
        () = stopped => {}
    }
}

fn tell(read: &Result<(), TlsError>) {
    match read {
        Ok(()) => tracing::info!("certificates read again"),
        Err(error) => tracing::error!(%error, "certificates cannot be read again: the old ones stay in use"),
    }
}

async fn roll_signing_keys(app: Arc<App>, stopped: impl Future<Output = ()>) {
    let roll = async {
        loop {
            tokio::time::sleep(ROLL_KEYS_EVERY).await;
            if let Err(error) = app.roll_signing_keys().await {
                tracing::error!(%error, "signing keys cannot be renewed now; the present one goes on");
            }
        }
    };
    tokio::select! {
        () = roll => {}
        () = stopped => {}
    }
}

enum StopWhen {
    Signalled,
    Asked(watch::Receiver<bool>),
}

/// What Pingora waits for: says when the listeners answer, waits for the end, and drains.
struct Life {
    addresses: Vec<SocketAddr>,
    announce: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    stop_when: StopWhen,
    drain: Drain,
    failed: Arc<Mutex<Option<ServerError>>>,
}

#[async_trait]
impl ShutdownSignalWatch for Life {
    async fn recv(&self) -> ShutdownSignal {
        for address in &self.addresses {
            if let Err(_elapsed) = tokio::time::timeout(LISTEN_DEADLINE, answers(*address)).await {
                self.fail(ServerError::Listen { address: address.to_string(), source: io::ErrorKind::TimedOut.into() });
                return ShutdownSignal::FastShutdown;
            }
        }
        let announce = self.announce.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(announce) = announce {
            announce();
        }
        if let Err(error) = self.end().await {
            self.fail(ServerError::System(error));
        }
        if tokio::time::timeout(DRAIN, self.drain.drain()).await.is_err() {
            tracing::warn!("requests were still in work and are cut off");
        }
        ShutdownSignal::GracefulTerminate
    }
}

impl Life {
    async fn end(&self) -> io::Result<()> {
        match &self.stop_when {
            StopWhen::Asked(asked) => drop(asked.clone().wait_for(|asked| *asked).await),
            StopWhen::Signalled => {
                let (mut terminate, mut interrupt) =
                    (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!("stopping");
            }
        }
        Ok(())
    }

    fn fail(&self, error: ServerError) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

async fn answers(mut address: SocketAddr) {
    // Listening everywhere includes here.
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
