"""The verifiers that docs/identity.md hands out, taken from that page word for word, each in its own runtime, on statements
that a running gateway made: a good one passes; changed, unsigned, foreign and old ones are refused."""

import base64
import contextlib
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import install
from browser import Browser
from gateway import Gateway, Service, free_port
from install import HERE, ROOT
from table import Skipped, hold

PUBLIC = "https://console.example.jp"
DOCUMENT = ROOT / "docs" / "identity.md"


def example(heading, language):
    """The block of code below this heading, as the page has it."""
    text = DOCUMENT.read_text()
    part = text[text.index(f"### {heading}") :]
    return re.search(rf"```{language}\n(.*?)```", part, re.DOTALL)[1]


class Console(http.server.BaseHTTPRequestHandler):
    """Keeps the newest statement it was sent."""

    statements = []

    def do_GET(self):
        self.statements.append(self.headers.get("X-Sekisho-Assertion"))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Statements:
    def __init__(self, world):
        port = free_port()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Console)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Gateway(world.authority, HERE / "clients.toml", port, world.people.directory) as gateway:
            with Browser(gateway, world.people) as browser:
                browser.sign_in("hanako", "/")
            self.url = gateway.url
            self.good = Console.statements[-1]
            self.aged = time.time()
            with urllib.request.urlopen(self.url + "/.sekisho/jwks.json", context=world.authority.context()) as answer:
                self.keys = answer.read()
        server.shutdown()
        with Gateway(world.authority, HERE / "clients.toml", port) as other:
            with urllib.request.urlopen(other.url + "/.sekisho/jwks.json", context=world.authority.context()) as answer:
                self.other_keys = answer.read()

    def bad(self):
        """What has to be refused, by what is wrong with it."""
        head, body, signature = self.good.split(".")
        claims = json.loads(unpack(body))
        header = json.loads(unpack(head))

        def changed(part, **change):
            return pack(json.dumps({**part, **change}).encode())

        flipped = bytearray(unpack(signature))
        flipped[5] ^= 1
        return {
            "another user": f"{head}.{changed(claims, preferred_username='admin')}.{signature}",
            "alg none": f"{changed(header, alg='none')}.{body}.",
            "alg HS256": f"{changed(header, alg='HS256')}.{body}.{signature}",
            "no signature": f"{head}.{body}.",
            "a changed signature": f"{head}.{body}.{pack(bytes(flipped))}",
            "another key": f"{changed(header, kid='another')}.{body}.{signature}",
            "another kind": f"{changed(header, typ='JWT')}.{body}.{signature}",
            "nothing": "",
            "no statement": "a.b.c",
        }


def unpack(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def pack(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Keys:
    """The gateway's address, serving its set of keys for as long as the verifiers ask."""

    def __init__(self, authority, keys, port):
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(keys)))
                self.end_headers()
                self.wfile.write(keys)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.certificate, authority.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def run(table, world):
    state = {}

    def make():
        state["statements"] = statements = Statements(world)
        hold(statements.good and statements.good.count(".") == 2, str(statements.good))
        Keys(world.authority, statements.keys, int(statements.url.rsplit(":", 1)[1]))

    if not table.case("verifiers-start", "the gateway makes a statement for a person who signed in", make, 120):
        return
    statements = state["statements"]
    with tempfile.TemporaryDirectory(prefix="sekisho-verifiers-") as place:
        directory = Path(place)
        directory.chmod(0o755)
        for name, title, verifier in (
            ("python", "Python (PyJWT)", python),
            ("node", "Node (jose)", node),
            ("php", "PHP", php),
            ("java", "Java (Jackson)", java),
            ("njs", "nginx with njs", njs),
            ("dotnet", ".NET", dotnet),
        ):

            def check(verifier=verifier):
                with verifier(world, statements, directory) as verdict:
                    good = verdict(statements.good)
                    hold(good == "hanako", f"a good statement: {good}")
                    wrong = {what: said for what, token in statements.bad().items() if (said := verdict(token)) is not None}
                    hold(not wrong, f"accepted: {wrong}")
                with verifier(world, statements, directory, audience="https://another.example.jp") as verdict:
                    hold(verdict(statements.good) is None, "a statement for another console passed")
                return f"one passed, {len(statements.bad()) + 1} were refused"

            # A statement lives a minute: the next one signs in again.
            if time.time() - statements.aged > 20:
                fresh = Statements(world)
                statements = fresh
                Keys(world.authority, statements.keys, int(statements.url.rsplit(":", 1)[1]))
            table.case(f"verifier-{name}", title, check, 240)


def localised(text, statements, audience):
    """The page's example, for the gateway of this run."""
    text = text.replace(f"{PUBLIC}/.sekisho", f"{statements.url}/.sekisho")
    return text.replace(PUBLIC, statements.url) if audience is None else with_audience(text, statements.url, audience)


def with_audience(text, issuer, audience):
    for pattern in (
        r'(audience=")' + PUBLIC, r'(audience: ")' + PUBLIC, r"(aud \?\? ''\) === ')" + PUBLIC,
        r'(claims\.aud === ")' + PUBLIC, r'(ValidAudience = ")' + PUBLIC,
    ):  # fmt: skip
        text = re.sub(pattern, lambda found: found[1] + audience, text)
    return text.replace(PUBLIC, issuer)


def command_verdict(arguments, environment=None):
    def verdict(token):
        done = subprocess.run(
            [str(a) for a in arguments], input=token, env={**os.environ, **(environment or {})}, capture_output=True, text=True, timeout=60, check=False
        )
        said = done.stdout.strip()
        return said.removeprefix("user ") if done.returncode == 0 and said.startswith("user ") else None

    return verdict


@contextlib.contextmanager
def python(world, statements, directory, audience=None):
    program = directory / "verify.py"
    code = localised(example("Python", "python"), statements, audience)
    program.write_text(code + '\nimport sys\nprint("user", who(sys.stdin.read())["preferred_username"])\n')
    yield command_verdict([install.environment("tools") / "python", program], {"SSL_CERT_FILE": str(world.authority.ca)})


@contextlib.contextmanager
def node(world, statements, directory, audience=None):
    modules = install.node_modules()
    program = modules.parent / "verify.mjs"
    code = localised(example("Node", "js"), statements, audience)
    program.write_text(
        code + '\nimport { readFileSync } from "node:fs";\n'
        'who(readFileSync(0, "utf8")).then((claims) => console.log("user", claims.preferred_username), () => process.exit(1));\n'
    )
    yield command_verdict([install.command("node", "nodejs"), program], {"NODE_EXTRA_CA_CERTS": str(world.authority.ca)})


@contextlib.contextmanager
def php(world, statements, directory, audience=None):
    code = localised(example("PHP", "php"), statements, audience)
    program = directory / "verify.php"
    code = code.replace("$_SERVER['HTTP_X_SEKISHO_ASSERTION'] ?? ''", "stream_get_contents(STDIN)").replace("exit;", "exit(1);")
    program.write_text(f"<?php\n{code}echo 'user ', $claims->preferred_username;\n")
    yield command_verdict([install.command("php", "php-cli"), "-d", f"openssl.cafile={world.authority.ca}", program])


@contextlib.contextmanager
def java(world, statements, directory, audience=None):
    compiler = install.command("javac", "default-jdk-headless")
    jars = [Path("/usr/share/java") / f"jackson-{part}.jar" for part in ("core", "databind", "annotations")]
    if not all(jar.exists() for jar in jars):
        raise Skipped("Jackson is missing: apt-get install libjackson2-databind-java")
    place = directory / ("java-other" if audience else "java")
    place.mkdir(exist_ok=True)
    code = example("Java (Jackson", "java").replace(f'CONSOLE = "{PUBLIC}"', f'CONSOLE = "{audience or statements.url}"')
    (place / "Verify.java").write_text(JAVA + code.replace(PUBLIC, statements.url))
    (place / "keys.json").write_bytes(statements.keys)
    classes = ":".join(map(str, [*jars, place]))
    done = subprocess.run([compiler, "-cp", classes, "Verify.java"], cwd=place, capture_output=True, text=True, timeout=120, check=False)
    hold(done.returncode == 0, done.stderr[-800:])
    yield command_verdict(["java", "-cp", classes, "Verify", place / "keys.json"])


JAVA = """import com.fasterxml.jackson.databind.*; import java.io.*; import java.math.BigInteger; import java.nio.charset.StandardCharsets;
import java.security.*; import java.security.spec.*; import java.util.*;
class Verify { public static void main(String[] arguments) throws Exception {
var verifier = new Verifier(new ObjectMapper().readTree(new File(arguments[0])));
var claims = verifier.who(new String(System.in.readAllBytes()));
if (claims.isEmpty()) System.exit(1);
System.out.println("user " + claims.get().path("preferred_username").asText()); } }
"""


@contextlib.contextmanager
def njs(world, statements, directory, audience=None):
    module = Path("/usr/lib/nginx/modules/ngx_http_js_module.so")
    if not module.is_file():
        raise Skipped("the njs module is missing: apt-get install libnginx-mod-http-js")
    place = directory / ("njs-other" if audience else "njs")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / "sekisho.js").write_text(localised(example("nginx with njs", "js"), statements, audience))
    port, dns = free_port(), free_port()
    threading.Thread(target=names, args=(dns,), daemon=True).start()
    (place / "nginx.conf").write_text(NGINX.format(module=module, place=place, port=port, dns=dns, ca=world.authority.ca))
    arguments = [install.command("nginx", "nginx"), "-p", place, "-c", place / "nginx.conf"]
    with Service(arguments, place, port, name="nginx"):

        def verdict(token):
            asked = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"X-Sekisho-Assertion": token})
            try:
                with urllib.request.urlopen(asked, timeout=10) as answer:
                    return answer.headers.get("X-Who")
            except urllib.error.HTTPError as refused:
                hold(refused.code == 403, refused.code)
                return None

        yield verdict


def names(port):
    """Every name is this machine: nginx asks DNS for the gateway's."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", port))
    while True:
        asked, who = line.recvfrom(512)
        end = asked.index(b"\0", 12) + 5
        found = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if asked[end - 4 : end - 2] == b"\0\1" else b""
        line.sendto(asked[:2] + b"\x81\x80\0\1" + (b"\0\1" if found else b"\0\0") + b"\0\0\0\0" + asked[12:end] + found, who)


NGINX = """load_module {module}; daemon off; user root; pid nginx.pid; error_log error.log info; events {{ }}
http {{ access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  js_path {place}; js_import sekisho.js; resolver 127.0.0.1:{dns} ipv6=off; js_fetch_trusted_certificate {ca};
  server {{ listen 127.0.0.1:{port};
    location / {{ auth_request /_sekisho; auth_request_set $who $sent_http_x_checked_user; try_files /none @good; }}
    location @good {{ add_header X-Who $who; return 200 ok; }}
    location = /_sekisho {{ internal; js_content sekisho.check; }} }} }}
"""


@contextlib.contextmanager
def dotnet(world, statements, directory, audience=None):
    raise Skipped("the .NET SDK is not in Debian: its example is not run")
    yield
