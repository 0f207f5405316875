//! Proxies that carry the requests themselves and ask about each of them: nginx, Caddy, HAProxy and Traefik with the examples
//! of `config/forward-auth`, against a whole gateway and a console that remembers every byte.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    steps,
    support::{
        browser::{Browser, Speaks},
        eventually, free_address,
        gateway::Gateway,
        settings::{MAIL, QUICK_PASSWORDS},
        upstream::Recorded,
    },
};
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};

const SHOWN: &str = "0123456789abcdef0123456789abcdef";
const RULES: &str = "[[rule]]\npath = \"/public\"\naccess = \"public\"\n\
                     [[rule]]\npath = \"/ws\"\naccess = \"signed-in\"\nwebsocket = true\n\
                     [[rule]]\npath = \"/admin\"\naccess = \"deny\"\n\
                     [[rule]]\npath = \"/logout\"\naccess = \"signed-in\"\n\
                     [console]\nsign_out = \"/logout\"\n\
                     [forward_auth]\nsecret = { file = \"forward-auth.secret\" }\n";

/// A gateway that browsers reach at `front`.
async fn gateway_behind(front: SocketAddr) -> Gateway {
    Gateway::start_with(&[], &["old"], |text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[0] = format!("public_url = \"https://localhost:{}\"", front.port());
        format!("{}\n{QUICK_PASSWORDS}{MAIL}{RULES}", lines.join("\n"))
    })
    .await
}

/// A proxy in front of it. It is ended with the test.
struct Front {
    child: Child,
    address: SocketAddr,
    gateway: Gateway,
    /// Whatever is written with a percent sign and need not be, is written without one.
    writes_letters: bool,
}

impl Drop for Front {
    fn drop(&mut self) {
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Front {
    /// `run` writes the proxy's configuration and says how it is started.
    async fn start(run: impl FnOnce(&Gateway, SocketAddr, &dyn Fn(&str) -> String) -> Command) -> Self {
        let address = free_address();
        let gateway = gateway_behind(address).await;
        let directory = gateway.settings.directory.clone();
        let server = fs::read_to_string(directory.join("server.pem")).unwrap();
        let key = fs::read_to_string(directory.join("server.key")).unwrap();
        fs::write(directory.join("console.pem"), format!("{server}{key}")).unwrap();
        fs::write(directory.join("ca.pem"), gateway.ca_pem()).unwrap();
        let (asked, here) = (free_address(), directory.display().to_string());
        let example = |name: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/forward-auth").join(name);
            let mut text = fs::read_to_string(path).unwrap();
            for (written, meant) in [
                ("listen 443 ssl", format!("listen {address} ssl")),
                ("bind :443 ssl", format!("bind {address} ssl")),
                ("\nconsole.example.jp {", format!("\nlocalhost:{} {{", address.port())),
                ("console.example.jp:8443", format!("localhost:{}", gateway.settings.https.port())),
                ("console.example.jp", "localhost".to_owned()),
                ("127.0.0.1:8443", gateway.settings.https.to_string()),
                ("127.0.0.1:8080", gateway.upstream.address.to_string()),
                ("127.0.0.1:8444", asked.to_string()),
                ("/etc/sekisho/tls/fullchain.pem", format!("{here}/server.pem")),
                ("/etc/sekisho/tls/privkey.pem", format!("{here}/server.key")),
                ("/etc/sekisho/tls/ca.pem", format!("{here}/ca.pem")),
                ("the secret of [forward_auth]", SHOWN.to_owned()),
                ("/etc/ssl/certs/ca-certificates.crt", format!("{here}/ca.pem")),
                ("/etc/nginx/", format!("{here}/")),
                ("/etc/haproxy/", format!("{here}/")),
            ] {
                text = text.replace(written, &meant);
            }
            text
        };
        let mut command = run(&gateway, address, &example);
        let log = File::create(directory.join("front.log")).unwrap();
        let child = command
            .current_dir(&directory)
            .env("XDG_DATA_HOME", &directory)
            .env("XDG_CONFIG_HOME", &directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}; .ci/packages test installs it"));
        let mut front = Self { child, address, gateway, writes_letters: false };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            let said = || fs::read_to_string(directory.join("front.log")).unwrap_or_default();
            assert!(front.child.try_wait().unwrap().is_none(), "the proxy has ended:\n{}", said());
            assert!(began.elapsed() < Duration::from_mins(1), "the proxy does not listen:\n{}", said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        front
    }

    async fn nginx() -> Self {
        Self::start(|gateway, _, example| {
            let directory = &gateway.settings.directory;
            fs::write(directory.join("console.conf"), example("nginx.conf")).unwrap();
            let shown = format!("proxy_set_header X-Sekisho-Forward-Auth \"{SHOWN}\";\n");
            fs::write(directory.join("sekisho-secret.conf"), shown).unwrap();
            let main = "daemon off;\nuser root;\npid nginx.pid;\nerror_log stderr;\nworker_processes 1;\nevents {}\nhttp {\n\
                        access_log off;\nclient_body_temp_path t1;\nproxy_temp_path t2;\nfastcgi_temp_path t3;\n\
                        uwsgi_temp_path t4;\nscgi_temp_path t5;\ninclude console.conf;\n}\n";
            fs::write(directory.join("nginx.conf"), main).unwrap();
            let mut command = Command::new("/usr/sbin/nginx");
            command.arg("-p").arg(directory).args(["-c", "nginx.conf", "-e", "stderr"]);
            command
        })
        .await
    }

    async fn caddy() -> Self {
        Self::start(|gateway, _, example| {
            let file = gateway.settings.directory.join("Caddyfile");
            fs::write(&file, format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{}", example("Caddyfile")))
                .unwrap();
            let mut command = Command::new("caddy");
            command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file).env("SEKISHO_FORWARD_AUTH", SHOWN);
            command
        })
        .await
    }

    async fn haproxy() -> Self {
        Self::start(|gateway, _, example| {
            let directory = &gateway.settings.directory;
            fs::write(directory.join("haproxy.cfg"), example("haproxy.cfg")).unwrap();
            fs::write(directory.join("sekisho.lua"), example("sekisho.lua")).unwrap();
            fs::write(directory.join("sekisho.secret"), format!("{SHOWN}\n")).unwrap();
            let mut command = Command::new("/usr/sbin/haproxy");
            command.args(["-db", "-f"]).arg(directory.join("haproxy.cfg"));
            command
        })
        .await
    }

    async fn traefik() -> Self {
        Self::start(|gateway, address, example| {
            let directory = &gateway.settings.directory;
            let certificates = "tls:\n  certificates:\n    - {certFile: server.pem, keyFile: server.key}\n";
            fs::write(directory.join("console.yml"), example("traefik.yml") + certificates).unwrap();
            let own = "global: {checkNewVersion: false, sendAnonymousUsage: false}\n\
                       entryPoints: {websecure: {address: \"ADDRESS\"}}\nproviders: {file: {filename: console.yml}}\n";
            fs::write(directory.join("traefik.yml"), own.replace("ADDRESS", &address.to_string())).unwrap();
            let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/traefik/bin/traefik");
            let mut command = Command::new(if installed.exists() { installed } else { "traefik".into() });
            command.arg("--configFile=traefik.yml");
            command
        })
        .await
        .when_traefik_is_ready()
        .await
    }

    /// It listens before it knows what to do with a request.
    async fn when_traefik_is_ready(mut self) -> Self {
        self.writes_letters = true;
        let client = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
        let page = format!("https://localhost:{}/.sekisho/sign-in", self.address.port());
        eventually("its routers", async || client.get(&page).send().await.ok().filter(|answer| answer.status() == 200))
            .await;
        self
    }

    fn browser(&self, speaks: Speaks) -> Browser {
        self.gateway.browser_at(&format!("https://localhost:{}", self.address.port()), speaks)
    }

    fn seen(&self) -> Vec<Recorded> {
        self.gateway.upstream.seen()
    }
}

fn fields(fields: &[(&str, &str)]) -> HeaderMap {
    let field =
        |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
    fields.iter().map(field).collect()
}

/// What holds whichever proxy it is.
async fn it_lets_nothing_through_that_the_gateway_would_not(front: &Front) {
    let browser = front.browser(Speaks::Http1);
    // Nobody is signed in.
    let sent = browser.visit("/orders/42?x=1").await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    assert!(sent.header("location").starts_with("/.sekisho/sign-in?"), "{:?}", sent.headers);
    let told = browser.fetch("/orders/42").await;
    assert_eq!(told.status, 401, "{}", told.text());
    assert!(told.body.contains("\"sign_in_url\""), "{}", told.body);
    assert_eq!(front.seen().len(), 0, "nothing reached the console");
    let forged =
        fields(&[("x-sekisho-user", "admin"), ("x-sekisho-assertion", "forged"), ("x-forwarded-uri", "/public")]);
    assert_eq!(browser.send(Method::GET, "/orders", forged.clone(), None).await.status, 401);
    assert_eq!(front.seen().len(), 0, "the path is not the client's to choose");
    let public = browser.send(Method::GET, "/public/page?a=%2F", forged, None).await;
    assert_eq!(public.status, 200, "{}", public.text());
    let seen = front.seen().pop().unwrap();
    assert_eq!(seen.line, "GET /public/page?a=%2F HTTP/1.1");
    assert!(!seen.contains("admin") && !seen.contains("forged") && !seen.contains(SHOWN), "{seen:?}");

    // Somebody signs in, at the same address.
    let page = steps::sign_in(&front.gateway, &browser, "old", &front.gateway.secrets[0]).await;
    assert!(page.text().contains("GET / "), "{}", page.text());
    browser.plant("JSESSIONID", "1");
    let forged = fields(&[
        ("x-sekisho-user", "admin"),
        ("X-SEKISHO-GROUPS", "admin"),
        ("x-sekisho-forward-auth", "admin"),
        ("x-forwarded-for", "admin"),
    ]);
    let sent =
        browser.send(Method::POST, "/orders/%E6%97%A5%41;v=1?x=%2e%2E/&y=/../", forged, Some("a=b".to_owned())).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let seen = front.seen().pop().unwrap();
    // Traefik writes letters as letters before it asks; the others forward what came. Either way it is what was judged.
    let written = if front.writes_letters { "A" } else { "%41" };
    assert_eq!(seen.line, format!("POST /orders/%E6%97%A5{written};v=1?x=%2e%2E/&y=/../ HTTP/1.1"));
    assert_eq!((seen.one("x-sekisho-user"), seen.one("x-sekisho-session-level")), ("old", "2"));
    assert_eq!(seen.one("x-sekisho-assertion").split('.').count(), 3);
    assert_eq!(seen.one("cookie"), "JSESSIONID=1");
    assert_eq!((seen.body.as_slice(), seen.one("x-forwarded-for")), (&b"a=b"[..], "127.0.0.1"));
    assert!(!seen.contains("admin") && !seen.contains("__Host-sekisho") && !seen.contains(SHOWN), "{seen:?}");

    // A rule holds in every spelling, and a name in every spelling is nobody's.
    let before = front.seen().len();
    for path in ["/admin", "/%61dmin/x", "/admin;v=1/x?/public", "/%2561dmin", "/public/..%2fadmin"] {
        let refused = browser.fetch(path).await;
        assert!([400, 403].contains(&refused.status), "{path}: {} {}", refused.status, refused.text());
    }
    assert_eq!(front.seen().len(), before, "{:?}", front.seen().last());
    let odd = browser.send(Method::GET, "/public", fields(&[("x_sekisho_user", "admin")]), None).await;
    assert!(odd.status == 403 || !front.seen().pop().unwrap().contains("admin"), "{odd:?}");

    // Nobody outside can ask.
    for path in ["/.sekisho/auth", "/.sekisho/auth/status"] {
        let asked = fields(&[
            ("x-sekisho-forward-auth", "0123456789abcdef0123456789abcdeX"),
            ("x-forwarded-method", "GET"),
            ("x-forwarded-uri", "/"),
            ("accept", "text/html"),
        ]);
        let answer = browser.send(Method::GET, path, asked, None).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert!(!answer.headers.contains_key("x-sekisho-user"));
    }
    assert_eq!(browser.visit("/.sekisho/settings").await.status, 200, "its own pages are where they were");

    // The console's own sign-out ends the session here as well.
    assert_eq!(browser.fetch("/logout").await.status, 200);
    assert_eq!(browser.fetch("/orders").await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_asks_about_every_request() {
    let front = Front::nginx().await;
    it_lets_nothing_through_that_the_gateway_would_not(&front).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caddy_asks_about_every_request() {
    let front = Front::caddy().await;
    it_lets_nothing_through_that_the_gateway_would_not(&front).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traefik_asks_about_every_request() {
    let front = Front::traefik().await;
    it_lets_nothing_through_that_the_gateway_would_not(&front).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_asks_about_every_request() {
    let front = Front::haproxy().await;
    it_lets_nothing_through_that_the_gateway_would_not(&front).await;
}

/// Sends what Traefik's `forwardAuth` sends, by the host name of the gateway's own address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_traefik_asks_is_answered_for_it_to_pass_on() {
    let front = free_address();
    let gateway = gateway_behind(front).await;
    let traefik = gateway.browser_at(&gateway.settings.url(), Speaks::Http2);
    let host = format!("localhost:{}", front.port());
    let asks = async |path: &str, more: &[(&str, &str)]| {
        let said = [
            ("x-sekisho-forward-auth", SHOWN),
            ("x-forwarded-method", "GET"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", &host),
            ("x-forwarded-uri", path),
            ("x-forwarded-for", "192.0.2.7"),
        ];
        let asked = [&said[..], more].concat();
        traefik.send(Method::GET, "/.sekisho/auth", fields(&asked), None).await
    };
    let navigation = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("accept", "text/html")];
    let sent = asks("/orders?x=1", &navigation).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    assert!(sent.header("location").starts_with("/.sekisho/sign-in?"), "{:?}", sent.headers);
    let framed = asks("/orders", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")]).await;
    assert!(framed.status >= 400, "a page that says what to do is no leave: {}", framed.status);
    assert_eq!(asks("/admin", &[]).await.status, 403);
    assert_eq!(asks("/public", &[("x_sekisho_user", "admin")]).await.status, 403);
    let through = asks("/public", &[("cookie", "theme=dark; __Host-sekisho=x")]).await;
    assert_eq!((through.status, through.header("cookie")), (200, "theme=dark"), "{:?}", through.headers);
    assert!(!through.headers.contains_key("x-sekisho-user"));
    let socket = [("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), ("origin", "https://evil.test")];
    assert_eq!(asks("/public/ws", &socket).await.status, 403);
    assert_eq!(gateway.upstream.seen().len(), 0, "whoever asks sends nothing on");
    // Every other path, and the same one without the secret, is for browsers, and browsers name the right host.
    assert_eq!(traefik.fetch("/.sekisho/auth").await.status, 421);
}
