"""Foreign clients: attackers that are slow, load generators, curl, and WebSocket libraries, through the gateway and through
the proxies that ask it."""

import asyncio
import csv
import hashlib
import http.client
import random
import re
import subprocess
import tempfile
import time
from pathlib import Path

import install
from browser import Browser
from gateway import Gateway, Service, free_port
from install import HERE, ROOT
from table import hold

NGINX = """daemon off; master_process off; pid nginx.pid; error_log error.log; events {{ worker_connections 2048; }}
http {{ access_log off; default_type application/octet-stream; client_max_body_size 0; keepalive_requests 1000000;
  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  map $http_upgrade $upgrade {{ default upgrade; '' ''; }}
  server {{ listen 127.0.0.1:{port}; root {directory}/site;
    location /ws {{ proxy_pass http://127.0.0.1:{sockets}; proxy_http_version 1.1; proxy_read_timeout 60; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $upgrade; }}
    location /up/ {{ alias {directory}/site/up/; dav_methods PUT; }} }} }}
"""
DOWNLOAD = 64 << 20


def run(table, world):
    state = {}
    with tempfile.TemporaryDirectory(prefix="sekisho-clients-") as place:
        directory = Path(place)
        directory.chmod(0o755)
        try:
            if table.case("clients-start", "nginx and an echo of WebSockets behind the gateway", lambda: set_up(state, world, directory)):
                http_clients(table, state, directory)
                sockets(table, world, state, directory)
                slow(table, state, directory)
        finally:
            for piece in ("gateway", "nginx", "echo"):
                if piece in state:
                    state[piece].__exit__(None, None, None)


def set_up(state, world, directory):
    site = directory / "site"
    (site / "public").mkdir(parents=True)
    (site / "up").mkdir()
    (site / "up").chmod(0o777)
    content = random.Random(3).randbytes(1 << 20)
    (site / "public" / "large.bin").write_bytes(content * (DOWNLOAD >> 20))
    for file in ("small.bin", "public/small.bin"):
        (site / file).write_bytes(content[:1024])
    port, echo = free_port(), free_port()
    (directory / "nginx.conf").write_text(NGINX.format(directory=directory, port=port, sockets=echo))
    (directory / "echo.py").write_text(ECHO.format(port=echo))
    state["console"], state["echo_port"] = port, echo
    tools = install.environment("tools")
    state["echo"] = Service([tools / "python", directory / "echo.py"], directory, echo, name="echo")
    state["nginx"] = Service([install.command("nginx", "nginx"), "-p", directory, "-c", directory / "nginx.conf"], directory, port, name="nginx")
    state["gateway"] = Gateway(world.authority, HERE / "clients.toml", port, world.people.directory)
    with Browser(state["gateway"], world.people) as browser:
        browser.sign_in("hanako", "/")
        state["cookie"] = browser.cookies()


def tool(*arguments, seconds=120):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, errors="replace", timeout=seconds, check=False)
    return done.returncode, done.stdout + done.stderr


def http_clients(table, state, directory):
    gateway, cookie = state["gateway"], state["cookie"]
    ca = gateway.authority.ca

    def curl(*arguments):
        return tool(install.command("curl", "curl"), "--silent", "--show-error", "--cacert", ca, "--cookie", cookie, *arguments)

    def downloads():
        wanted = hashlib.sha256((directory / "site/public/large.bin").read_bytes()).hexdigest()
        for version in ("--http1.1", "--http2"):
            out = directory / "got.bin"
            code, said = curl(version, "--output", out, f"{gateway.url}/public/large.bin")
            hold(code == 0 and hashlib.sha256(out.read_bytes()).hexdigest() == wanted, f"{version}: {code} {said}")
            code, said = curl(version, "--output", out, "--continue-at", "1000000", f"{gateway.url}/public/large.bin")
            hold(code == 0, f"{version} continued: {code} {said}")

    def uploads():
        up = directory / "up.bin"
        content = random.Random(5).randbytes(1 << 20) * 100
        up.write_bytes(content)
        for name, arguments in (
            ("h1", ["--http1.1"]),
            ("h2", ["--http2"]),
            ("chunked", ["--http1.1", "--header", "Transfer-Encoding: chunked"]),
            ("expect", ["--http1.1", "--header", "Expect: 100-continue"]),
        ):
            code, said = curl(*arguments, "--upload-file", up, "--write-out", "%{http_code}", f"{gateway.url}/up/{name}.bin")
            hold(code == 0 and said.endswith(("201", "204")), f"{name}: {code} {said[-200:]}")
            stored = (directory / "site/up" / f"{name}.bin").read_bytes()
            hold(stored == content, f"{name}: {len(stored)} bytes")

    def parallel():
        urls = [f"{gateway.url}/small.bin?n={number}" for number in range(500)]
        arguments = ["--http2", "--parallel", "--parallel-max", "100", "--fail", "--write-out", "%{http_code}\\n"]
        code, said = curl(*arguments, *[part for url in urls for part in ("--output", "/dev/null", url)])
        hold(code == 0 and said.count("200") == 500, f"{code} {said[-300:]}")

    def nghttp():
        code, said = tool(
            install.command("nghttp", "nghttp2-client"), "-nv", "-H", f"cookie: {cookie}", f"{gateway.url}/small.bin", f"{gateway.url}/public/small.bin"
        )
        hold(code == 0 and said.count(":status: 200") == 2, said[-1000:])
        up = directory / "up.bin"
        code, said = tool(
            install.command("nghttp", "nghttp2-client"), "-nv", "-H", f"cookie: {cookie}", "-H", ":method: PUT", "-d", up, f"{gateway.url}/up/nghttp.bin"
        )
        hold(code == 0 and re.search(r":status: 20[14]", said), said[-1000:])
        hold((directory / "site/up/nghttp.bin").read_bytes() == up.read_bytes())

    def h2load(*more):
        def check():
            arguments = [install.command("h2load", "nghttp2-client"), "-n", "5000", "-c", "20", *more, "-H", f"cookie: {cookie}"]
            code, said = tool(*arguments, f"{gateway.url}/small.bin")
            numbers = re.search(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", said)
            codes = re.search(r"status codes: (\d+) 2xx", said)
            hold(code == 0 and numbers and numbers.groups() == ("5000", "5000", "0", "0", "0") and codes[1] == "5000", said[-800:])
            return re.search(r"finished in .*?,", said)[0].rstrip(",")

        return check

    table.case("curl-downloads", "curl: 64 MiB over HTTP/1.1 and HTTP/2, whole and continued", downloads)
    table.case("curl-uploads", "curl: 100 MiB up, with a length, chunked, after 100 Continue, over HTTP/2", uploads, 240)
    table.case("curl-parallel", "curl: 500 requests on one HTTP/2 connection", parallel)
    table.case("nghttp", "nghttp: two streams, and 100 MiB up", nghttp)
    table.case("h2load-http2", "h2load: 5,000 requests on 20 connections, 50 streams each", h2load("-m", "50"))
    table.case("h2load-http1", "h2load: the same over HTTP/1.1", h2load("--h1"))


ECHO = """import asyncio
from websockets.asyncio.server import serve
async def echo(socket):
    async for message in socket:
        await socket.send(message if message != "who" else socket.request.headers.get("X-Sekisho-User", "nobody"))
async def main():
    async with serve(echo, "127.0.0.1", {port}, max_size=1 << 25):
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
"""

WS_CLIENT = """const WebSocket = require('ws');
const crypto = require('crypto');
const fs = require('fs');
const [url, origin, cookie, ca] = process.argv.slice(2);
const run = (perMessageDeflate) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url, { origin, headers: { Cookie: cookie }, ca: fs.readFileSync(ca), perMessageDeflate, maxPayload: 1 << 25 });
  const large = crypto.randomBytes(1 << 20);
  const text = 'あ'.repeat(300000);
  const whole = Buffer.concat(Array(16).fill(large));
  const wanted = [Buffer.from('who are you'), Buffer.from('fragmented'), whole, Buffer.from(text), Buffer.alloc(0)];
  let at = 0;
  socket.on('open', () => {
    if (Boolean(socket.extensions.includes('permessage-deflate')) !== perMessageDeflate) reject(new Error('extensions: ' + socket.extensions));
    socket.send('who are you');
    for (const [index, part] of ['frag', '', 'men', 'ted'].entries()) socket.send(part, { fin: index === 3 });
    for (let index = 0; index < 16; index += 1) socket.send(large, { fin: index === 15, binary: true });
    socket.ping('in between');
    socket.send(text);
    socket.send(Buffer.alloc(0));
  });
  let pongs = 0;
  socket.on('pong', (data) => { pongs += data.toString() === 'in between' ? 1 : 0; });
  socket.on('message', (data) => {
    if (!data.equals(wanted[at])) reject(new Error(`message ${at}: ${data.length} bytes`));
    at += 1;
    if (at === wanted.length) socket.close(4001, 'done');
  });
  socket.on('close', (code) => (code === 4001 && pongs === 1 && at === wanted.length ? resolve() : reject(new Error(`closed ${code}, ${pongs} pongs, ${at} messages`))));
  socket.on('error', reject);
});
run(false).then(() => run(true)).then(() => { console.log('good'); process.exit(0); }, (error) => { console.error(String(error)); process.exit(1); });
setTimeout(() => { console.error('too long'); process.exit(1); }, 60000).unref();
"""


async def by_websockets(url, origin, cookie, context, path="/ws"):
    """What the Python library sends comes back as it was: fragments, compression, sizes; and who the console says it is."""
    from websockets.asyncio.client import connect

    for compression in (None, "deflate"):
        async with connect(
            url.replace("https", "wss") + path, origin=origin, additional_headers={"Cookie": cookie}, ssl=context, compression=compression, max_size=1 << 25
        ) as socket:
            hold(("permessage-deflate" in str(socket.protocol.extensions).lower() or bool(socket.protocol.extensions)) == bool(compression))
            await socket.send("who")
            who = await socket.recv()
            await socket.send(["frag", "", "men", "ted"])
            hold(await socket.recv() == "fragmented")
            noise = random.Random(9).randbytes(1 << 20)
            await socket.send([noise] * 16)
            hold(await socket.recv() == noise * 16, "16 MiB in 16 fragments")
            await socket.send(noise * 16)
            hold(await socket.recv() == noise * 16, "16 MiB in one frame")
            await asyncio.wait_for(await socket.ping(b"in between"), 10)
            for size in (0, 1, 125, 126, 127, 65535, 65536, 65537):
                await socket.send(noise[:size])
                hold(await socket.recv() == noise[:size], f"{size} bytes")
            await asyncio.gather(*(socket.send(f"{number}") for number in range(2000)))
            hold(sorted([int(await socket.recv()) for _ in range(2000)]) == list(range(2000)), "2,000 messages")
            await socket.close(4002, "done")
            hold(socket.close_code == 4002, socket.close_code)
    return who


def sockets(table, world, state, directory):
    gateway, cookie = state["gateway"], state["cookie"]
    context = world.authority.context()

    def websockets():
        who = asyncio.run(by_websockets(gateway.url, gateway.url, cookie, context))
        hold(who == "hanako", who)

    def ws(url=gateway.url, origin=gateway.url, jar=cookie):
        modules = install.node_modules()
        client = modules.parent / "client.js"
        client.write_text(WS_CLIENT)
        code, said = tool(install.command("node", "nodejs"), client, url.replace("https", "wss") + "/ws", origin, jar, gateway.authority.ca)
        hold(code == 0, said[-500:])

    def foreign():
        from websockets.exceptions import InvalidStatus

        async def refused(**change):
            from websockets.asyncio.client import connect

            arguments = {"origin": gateway.url, "additional_headers": {"Cookie": cookie}, "ssl": context, **change}
            path = arguments.pop("path", "/ws")
            try:
                async with connect(gateway.url.replace("https", "wss") + path, **arguments):
                    return 101
            except InvalidStatus as answer:
                return answer.response.status_code

        seen = {
            "another origin": asyncio.run(refused(origin="https://evil.test")),
            "no session": asyncio.run(refused(additional_headers={})),
            "no rule": asyncio.run(refused(path="/small.bin")),
        }
        hold(seen["another origin"] == 403 and seen["no session"] == 401 and seen["no rule"] in (403, 400), str(seen))

    table.case("websockets-python", "websockets (Python): fragments, compression, 16 MiB, 2,000 at once", websockets)
    table.case("websockets-node", "ws (Node): fragments, compression, 16 MiB", ws)
    table.case("websockets-refused", "another origin, no session, no rule: refused before the console", foreign)
    for name, front in (("nginx", nginx_front), ("caddy", caddy_front), ("haproxy", haproxy_front)):

        def asked(front=front, name=name):
            with tempfile.TemporaryDirectory(prefix=f"sekisho-front-{name}-") as place:
                Path(place).chmod(0o755)
                behind_proxy(world, state, Path(place), front, ws)

        table.case(f"forward-auth-{name}", f"{name} carries WebSockets and asks the gateway", asked)


SECRET = "0123456789abcdef0123456789abcdef"


def behind_proxy(world, state, directory, front, ws):
    """The example of the proxy, with this machine's addresses, in front of the echo; the gateway is asked."""
    authority, port = world.authority, free_port()
    shown = directory / "forward-auth.secret"
    shown.write_text(SECRET + "\n")
    shown.chmod(0o600)
    tables = f'\n[forward_auth]\nsecret = {{ file = "{shown}" }}\n'
    (directory / "ca.pem").write_bytes(authority.ca.read_bytes())
    (directory / "console.pem").write_bytes(authority.certificate.read_bytes() + authority.key.read_bytes())
    (directory / "haproxy.secret").write_text(SECRET + "\n")
    gateway = Gateway(authority, HERE / "clients.toml", state["console"], world.people.directory, tables, public_port=port)
    asked = free_port()

    def example(name):
        text = (ROOT / "config" / "forward-auth" / name).read_text()
        for written, meant in (
            ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
            ("bind :443 ssl", f"bind 127.0.0.1:{port} ssl"),
            ("\nconsole.example.jp {", f"\nlocalhost:{port} {{"),
            ("console.example.jp", "localhost"),
            ("127.0.0.1:8443", f"127.0.0.1:{gateway.port}"),
            ("127.0.0.1:8080", f"127.0.0.1:{state['console']}"),
            ("127.0.0.1:8444", f"127.0.0.1:{asked}"),
            ("/etc/sekisho/tls/fullchain.pem", str(authority.certificate)),
            ("/etc/sekisho/tls/privkey.pem", str(authority.key)),
            ("/etc/ssl/certs/ca-certificates.crt", f"{directory}/ca.pem"),
            ("/etc/haproxy/sekisho.secret", f"{directory}/haproxy.secret"),
            ("/etc/nginx/", f"{directory}/"),
            ("/etc/haproxy/", f"{directory}/"),
        ):
            text = text.replace(written, meant)
        return text

    with gateway, front(directory, example, port):
        with Browser(gateway, world.people) as browser:
            browser.sign_in("hanako", "/")
            cookie = browser.cookies()
        who = asyncio.run(by_websockets(gateway.url, gateway.url, cookie, authority.context()))
        hold(who == "hanako", who)
        ws(gateway.url, gateway.url, cookie)
        try:
            asyncio.run(by_websockets(gateway.url, gateway.url, "a=b", authority.context()))
        except Exception as refused:
            hold("101" not in str(refused) and "HTTP" in str(refused), str(refused))
        else:
            hold(False, "a WebSocket without a session was opened")


def nginx_front(directory, example, port):
    (directory / "console.conf").write_text(example("nginx.conf"))
    (directory / "sekisho-secret.conf").write_text(f'proxy_set_header X-Sekisho-Forward-Auth "{SECRET}";\n')
    (directory / "nginx.conf").write_text(
        "daemon off; user root; pid nginx.pid; error_log stderr; worker_processes 1; events {}\nhttp { access_log off;"
        " client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;"
        " include console.conf; }\n"
    )
    arguments = [install.command("nginx", "nginx"), "-p", directory, "-c", "nginx.conf", "-e", "stderr"]
    return Service(arguments, directory, port, name="front")


def caddy_front(directory, example, port):
    (directory / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + example("Caddyfile"))
    arguments = [install.command("caddy", "caddy"), "run", "--adapter", "caddyfile", "--config", directory / "Caddyfile"]
    environment = {"SEKISHO_FORWARD_AUTH": SECRET, "XDG_DATA_HOME": str(directory), "XDG_CONFIG_HOME": str(directory)}
    return Service(arguments, directory, port, environment, name="front")


def haproxy_front(directory, example, port):
    for name in ("haproxy.cfg", "sekisho.lua"):
        (directory / name).write_text(example(name))
    (directory / "sekisho.secret").write_text(SECRET + "\n")
    return Service([install.command("haproxy", "haproxy"), "-f", directory / "haproxy.cfg"], directory, port, name="front")


def slow(table, state, directory):
    """slowhttptest opens hundreds of slow connections; meanwhile others are served, and the gateway ends the slow ones."""
    gateway = state["gateway"]
    modes = (
        ("headers", ["-H", "-i", "3", "-x", "20", "-c", "300"], "/public/small.bin"),
        ("body", ["-B", "-i", "5", "-s", "8192", "-x", "4", "-c", "300"], "/.sekisho/sign-in"),
        ("read", ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "8", "-k", "1", "-c", "200"], "/public/large.bin"),
    )
    for name, arguments, path in modes:

        def check(name=name, arguments=arguments, path=path):
            command = install.command("slowhttptest", "slowhttptest")
            report = directory / f"slow-{name}"
            attack = Service(
                [command, *arguments, "-r", "100", "-l", "150", "-p", "10", "-g", "-o", report, "-u", gateway.url + path],
                directory,
                name=f"slow-{name}",
            )
            slowest = 0.0
            with attack:
                while attack.process.poll() is None:
                    start = time.monotonic()
                    status = get(gateway, "/small.bin", state["cookie"])
                    slowest = max(slowest, time.monotonic() - start)
                    hold(status == 200, f"somebody else gets {status}")
                    time.sleep(0.5)
            rows = list(csv.DictReader(report.with_suffix(".csv").read_text().splitlines()))
            ended = max(int(row["Closed"]) for row in rows)
            if "No open connections left" in attack.said():
                ended = int(arguments[-1])
            # What the kernel still holds for a slow reader stays open for it; that the gateway has let go says its log.
            log = gateway.log.read_text()
            ended = max(ended, log.count("answer broken off") + log.count('"WriteTimedout"'))
            away = [row["Seconds"] for row in rows if int(row["Service Available"]) == 0]
            hold(not away, f"slowhttptest found it unavailable at second {away}; {ended} ended; others waited {slowest:.1f} s")
            hold(ended >= 0.95 * int(arguments[-1]), f"{ended} were ended: {rows[-1]}")
            hold(slowest < 20, f"somebody else waited {slowest:.1f} s")
            return f"{ended} of {arguments[-1]} ended by the gateway, somebody else waited {slowest:.2f} s at most"

        table.case(f"slow-{name}", f"slowhttptest: slow {name}", check, 180)


def get(gateway, target, cookie):
    line = http.client.HTTPSConnection("localhost", gateway.port, context=gateway.authority.context(), timeout=20)
    line.request("GET", target, headers={"Cookie": cookie})
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer.status
