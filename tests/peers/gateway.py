"""A gateway as a process, configured by the example that `config/consoles/` gives for the console behind it: only its
addresses, files and the cost of a password are changed, so that what is tested is what an operator copies."""

import base64
import hmac
import json
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from install import ROOT

PASSWORD = "correct horse 関所"
BINARY = Path(os.environ.get("SEKISHO_BIN", ROOT / "target" / "debug" / "sekisho"))
# Above the ports that the kernel gives to outgoing connections; two runs at once start elsewhere.
_ports = iter(range(20000 + os.getpid() % 500 * 20, 32000))


def free_port():
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")


def wait_for_port(port, process=None, said=lambda: "", seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode}: {said()}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on {port}: {said()}")


def totp(secret, at):
    key = base64.b32decode(secret.replace(" ", "").upper() + "=" * (-len(secret.replace(" ", "")) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(at) // 30), "sha1")
    start = digest[-1] & 15
    return f"{(struct.unpack_from('>I', digest, start)[0] & 0x7FFFFFFF) % 1_000_000:06}"


class Service:
    """A process with a log, that ends with the case."""

    def __init__(self, arguments, directory, port=None, env=None, name="service"):
        directory.mkdir(parents=True, exist_ok=True)
        self.log = directory / f"{name}.log"
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(argument) for argument in arguments],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **(env or {})},
            )
        if port is not None:
            try:
                wait_for_port(port, self.process, self.said)
            except Exception:
                self.stop()
                raise

    def said(self):
        return self.log.read_text(errors="replace")[-2000:]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Authority:
    """A certificate for localhost, made once a run."""

    def __init__(self, directory):
        directory.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "certs" / "make-local-ca", directory / "make-local-ca")
        subprocess.run(["bash", directory / "make-local-ca"], check=True, capture_output=True)
        self.ca = directory / "ca.pem"
        self.certificate = directory / "server.pem"
        self.key = directory / "server.key"

    def context(self, *alpn):
        context = ssl.create_default_context(cafile=self.ca)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


class Gateway(Service):
    def __init__(self, authority, example, upstream, people=None, tables="", public_port=None):
        """`people`: the directory of `People`, whose accounts this gateway has, too. `public_port`: where browsers come in,
        if another proxy is in front."""
        self.authority = authority
        self.directory = Path(tempfile.mkdtemp(prefix="sekisho-peer-"))
        self.port, self.inbox = free_port(), free_port()
        self.url = f"https://localhost:{public_port or self.port}"
        self.config = self.directory / "sekisho.toml"
        text = adapted(example.read_text(), self, upstream)
        self.config.write_text(text + tables)
        if people is not None:
            for file in people.iterdir():
                if file.is_file() and (file.name.startswith("sekisho.db") or file.name == "keys.json"):
                    shutil.copy2(file, self.directory / file.name)
        self.start()

    def start(self):
        super().__init__([BINARY, "serve", "--config", self.config], self.directory, self.port, name="sekisho")

    def __exit__(self, *_):
        super().__exit__()
        shutil.rmtree(self.directory, ignore_errors=True)

    def command(self, *arguments, said=""):
        return operate(self.config, *arguments, said=said)

    def messages(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.inbox}/messages.json", timeout=5) as answer:
            return json.load(answer)


def operate(config, *arguments, said=""):
    done = subprocess.run(
        [BINARY, *arguments, "--config", config], input=said, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"sekisho {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def adapted(text, gateway, upstream):
    """The example with this machine's addresses and files in place of its own."""
    authority = gateway.authority
    for pattern, replacement in (
        (r'^public_url = ".*"', f'public_url = "{gateway.url}"'),
        (r'^https = ".*"', f'https = "127.0.0.1:{gateway.port}"'),
        (r'^http = ".*"', "http = []"),
        (r'^certificate = ".*"', f'certificate = "{authority.certificate}"'),
        (r'^private_key = ".*"', f'private_key = "{authority.key}"'),
        (r'^url = "http://127\.0\.0\.1:\d+"', f'url = "http://127.0.0.1:{upstream}"'),
        (r'^url = "sqlite:.*"', 'url = "sqlite:sekisho.db"'),
        (r"^inbox_provider = true", "inbox_provider = true\nweak_password_hash = true"),
    ):
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        if count != 1 and pattern != r'^http = ".*"':
            raise RuntimeError(f"{pattern} is {count} times in the example")
    quick = '\n[password]\nmemory = "8KiB"\npasses = 1\nminimum_delay = "0s"\n'
    return f'{text}\n[runtime]\ndirectory = "run"\n[inbox]\nlisten = "127.0.0.1:{gateway.inbox}"\n{quick}'


class People:
    """Accounts whose two-step verification was set up in a browser, on the real pages. Gateways copy their store."""

    GROUPS = {"hanako": ("staff", "orders"), "taro": ("orders",)}

    def __init__(self, authority, browser_of):
        self.secrets = {}
        self.steps = {}
        self.directory = Path(tempfile.mkdtemp(prefix="sekisho-people-"))
        gateway = Gateway(authority, ROOT / "config" / "sekisho.toml", free_port())
        try:
            for name, groups in self.GROUPS.items():
                given = [part for group in groups for part in ("--group", group)]
                gateway.command("user", "add", name, *given, said=PASSWORD + "\n")
                with browser_of(gateway, self) as browser:
                    self.secrets[name] = browser.enrol(name)
        finally:
            gateway.stop()
        for file in gateway.directory.iterdir():
            if file.is_file() and (file.name.startswith("sekisho.db") or file.name == "keys.json"):
                shutil.copy2(file, self.directory / file.name)
        shutil.rmtree(gateway.directory, ignore_errors=True)

    def code(self, name, gateway):
        """A code that this gateway has not seen: each step counts once, and one ahead is accepted."""
        now = int(time.time()) // 30
        spent = self.steps.setdefault((name, id(gateway)), self.steps.get((name, None), 0))
        step = max(now, spent + 1)
        if step > now + 1:
            time.sleep((step - 1) * 30 - time.time() + 0.2)
        self.steps[name, id(gateway)] = step
        return totp(self.secrets[name], step * 30)
