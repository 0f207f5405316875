"""Mutated requests through the gateway; whatever it forwards is read by other parsers as a console behind it would read it:
all must see the same messages, methods and targets, and nothing the client did not ask for. The console here keeps raw
bytes. By itself, standard library and no sign-in: `differential.py COUNT SEED PARSER,…` (`h11` needs the package)."""

import asyncio
import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from pathlib import Path

from mutations import Mutations, known

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
AT_ONCE = 64
# Whoever sent less than it promised waits this long at most.
PATIENCE = 1.0
BATCH = 100
LAST = b"GET /the-last-one HTTP/1.1\r\nHost: x\r\nX-Peer: last\r\n\r\n"


class Console:
    """Answers everything and keeps every complete message, by the framing the gateway wrote and no other."""

    def __init__(self):
        self.messages = []
        self.broken = []

    async def serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError, asyncio.CancelledError):
            while True:
                raw = await reader.readuntil(b"\r\n\r\n")
                fields = [line.partition(b":") for line in raw.split(b"\r\n")[1:] if line]
                values = [(name.lower(), value.strip()) for name, _, value in fields]
                codings = [value for name, value in values if name == b"transfer-encoding"]
                lengths = [value for name, value in values if name == b"content-length"]
                if len(codings) + len(lengths) > 1 or codings not in ([], [b"chunked"]):
                    self.broken.append(raw)
                    return
                if codings:
                    while True:
                        line = await reader.readuntil(b"\r\n")
                        size = int(line.strip(), 16)
                        raw += line + await reader.readexactly(size + 2)
                        if size == 0:
                            break
                elif lengths:
                    raw += await reader.readexactly(int(lengths[0]))
                self.messages.append(raw)
                head = raw.startswith(b"HEAD ")
                writer.write(ANSWER[:-2] if head else ANSWER)
                await writer.drain()
        writer.close()


async def send(context, port, raws, statuses):
    """Each on a connection that the one before left usable, else on a new one."""
    connection = None
    for raw in raws:
        for attempt in (1, 2):
            fresh = connection is None
            try:
                if fresh:
                    connection = await asyncio.wait_for(asyncio.open_connection("localhost", port, ssl=context), 20)
                reader, writer = connection
                writer.write(raw)
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
                status = head[9:12].decode("latin-1")
                statuses[status] += 1
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                # The same bytes may be two requests, or less than one: only an answer of the console says that all is well.
                usable = status == "200" and not raw.startswith(b"HEAD") and length and b"-2\r\n" not in raw
                if usable and await asyncio.wait_for(reader.readexactly(int(length[1])), PATIENCE) == b"ok" and plain(raw):
                    break
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, asyncio.LimitOverrunError) as why:
                statuses["none" if isinstance(why, asyncio.TimeoutError) else "closed"] += 1
                if not fresh and attempt == 1 and not isinstance(why, asyncio.TimeoutError):
                    connection[1].transport.abort()
                    connection = None
                    continue
            connection and connection[1].transport.abort()
            connection = None
            break
    if connection:
        connection[1].transport.abort()


def plain(raw):
    """Is what was sent surely one request? Then its connection can carry another one."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    return not rest and b"\n" not in head.replace(b"\r\n", b"") and not re.search(rb"(?i)content.length|transfer.encoding|connection", head)


async def record(context, port, upstream, mutations, count, progress):
    console = Console()
    server = await asyncio.start_server(console.serve, "127.0.0.1", upstream, limit=1 << 20)
    statuses = Counter()
    queue = iter(range(count))

    def rest():
        for number in queue:
            if progress and number and number % 10_000 == 0:
                print(f"  {number} requests sent, {len(console.messages)} messages reached the console", flush=True)
            yield mutations.one(number)

    await asyncio.gather(*(send(context, port, rest(), statuses) for _ in range(AT_ONCE)))
    await asyncio.sleep(PATIENCE)
    server.close()
    return console, statuses


def asked_of(raw):
    """(method, target, length of the body) by the console's own reading."""
    head, _, body = raw.partition(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n", 1)[0].split(b" ")
    return method, target


def known_as(raw):
    """The numbers of the requests that it says it is."""
    lines = re.findall(rb"(?im)^x-peer: *([0-9]+)-([0-9a-f]{8})(?:-2)? *\r$", raw.partition(b"\r\n\r\n")[0] + b"\r")
    return [int(number) for number, rest in lines if known(int(number)).endswith(b"-" + rest)]


def asked_for(sent, method, target, host):
    """Was this asked, word for word? An absolute address of the gateway's own becomes path and query, as RFC 9112 says."""
    forms = (target, b"http://" + host + target, b"https://" + host + target)
    short = (b"http://" + host, b"https://" + host) if target == b"/" else ()
    query = (b"http://" + host + target[1:], b"https://" + host + target[1:]) if target.startswith(b"/?") else ()
    return any(method + b" " + form + b" HTTP/1." in sent for form in (*forms, *short, *query))


def h11_reads(stream):
    import h11

    seen = []
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(stream)
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as why:
            return seen, str(why)
        if isinstance(event, h11.Request):
            seen.append((event.method, event.target))
        elif isinstance(event, h11.EndOfMessage):
            if seen[-1][1] == b"/the-last-one":
                return seen, None
            connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.our_state is h11.MUST_CLOSE:
                return seen, "it closes"
            connection.start_next_cycle()
        elif event is h11.NEED_DATA or event is h11.PAUSED:
            return seen, "it waits for more"


def server_reads(port, stream):
    """What a server saw of this stream: it says so in `X-Saw` of each answer."""
    seen = []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        feeder = threading.Thread(target=_feed, args=(line, stream), daemon=True)
        feeder.start()
        received = b""
        while True:
            try:
                part = line.recv(1 << 16)
            except (TimeoutError, ConnectionError) as why:
                return seen, f"{type(why).__name__}"
            received += part
            while (end := received.find(b"\r\n\r\n")) >= 0:
                head = received[:end]
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                saw = re.search(rb"(?i)\r\nx-saw: ([^ ]*) ([^\r]*)", head)
                if head.startswith(b"HTTP/1.1 100"):
                    received = received[end + 4 :]
                    continue
                if not saw:
                    return seen, head.split(b"\r\n")[0].decode("latin-1")
                body = 0 if saw[1] == b"HEAD" else int(length[1] if length else 0)
                if len(received) < end + 4 + body:
                    break
                received = received[end + 4 + body :]
                seen.append((saw[1], saw[2]))
                if saw[2] == b"/the-last-one":
                    return seen, None
            if not part:
                return seen, "it closes"


def _feed(line, stream):
    with contextlib.suppress(OSError):
        line.sendall(stream)


NGINX = """daemon off; master_process off; pid nginx.pid; error_log error.log; events {{ worker_connections 512; }}
http {{ access_log off; keepalive_requests 1000000; large_client_header_buffers 8 64k; ignore_invalid_headers off; underscores_in_headers on;
  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s; keepalive_timeout 60; lingering_time 60;
  server {{ listen 127.0.0.1:{port}; add_header X-Saw "$request_method $request_uri" always; location / {{ return 200 ok; }} error_page 405 =200 /; }} }}
"""
HAPROXY = """global
  maxconn 500
defaults
  mode http
  option http-buffer-request
  timeout client 20s
  timeout server 20s
  timeout connect 5s
  timeout http-keep-alive 20s
frontend all
  bind 127.0.0.1:{port}
  http-request return status 200 content-type text/plain string ok hdr X-Saw "%[method] %[url]"
"""
NODE = """const http = require('http');
http.createServer({ maxHeaderSize: 1 << 20, keepAliveTimeout: 20000 }, (request, response) => {
  request.on('data', () => {}).on('end', () => {
    response.setHeader('X-Saw', Buffer.from(`${request.method} ${request.url}`, 'latin1').toString('latin1'));
    response.setHeader('Content-Length', '2');
    response.end('ok');
  });
}).on('upgrade', (_, socket) => socket.destroy()).on('checkContinue', (request, response) => {
  response.writeContinue();
  request.on('data', () => {}).on('end', () => { response.setHeader('X-Saw', `${request.method} ${request.url}`); response.setHeader('Content-Length', '2'); response.end('ok'); });
}).listen(PORT, '127.0.0.1');
"""


def parser(name, directory, services):
    """A function from a stream of messages to what this parser sees of it."""
    from gateway import Service, free_port
    from install import command

    if name == "h11":
        return h11_reads
    port = free_port()
    place = directory / name
    place.mkdir()
    if name == "nginx":
        (place / "nginx.conf").write_text(NGINX.format(port=port))
        arguments = [command("nginx", "nginx"), "-p", place, "-c", place / "nginx.conf"]
    elif name == "haproxy":
        (place / "haproxy.cfg").write_text(HAPROXY.format(port=port))
        arguments = [command("haproxy", "haproxy"), "-f", place / "haproxy.cfg"]
    else:
        (place / "server.js").write_text(NODE.replace("PORT", str(port)))
        arguments = [command("node", "nodejs"), place / "server.js"]
    services.enter_context(Service(arguments, place, port, name=name))
    return lambda stream: server_reads(port, stream)


def compare(messages, read, refused, divergences, name):
    """Feeds the messages in batches, as one kept connection would carry them."""
    start = 0
    while start < len(messages):
        batch = messages[start : start + BATCH]
        seen, why = read(b"".join(batch) + LAST)
        wanted = [asked_of(raw) for raw in batch] + [(b"GET", b"/the-last-one")]
        for position, (want, got) in enumerate(zip(wanted, seen, strict=False)):
            if want != got:
                divergences.append((name, want, got, batch[position] if position < len(batch) else b""))
                break
        else:
            if why is not None or len(seen) != len(wanted):
                # A server that reads ahead gives up before it has answered what came earlier: each by itself says which.
                for raw in batch:
                    by_itself(raw, read, refused, divergences, name)
            start += len(batch)
            continue
        start += position + 1


def by_itself(raw, read, refused, divergences, name):
    seen, why = read(raw + LAST)
    want = asked_of(raw)
    if (seen, why) == ([want, (b"GET", b"/the-last-one")], None):
        return
    if not seen:
        refused[name, why].append(raw)
    elif seen == [want] and why == "it closes":
        refused[name, "closes after it"].append(raw)
    else:
        divergences.append((name, want, (seen, why), raw))


def run(gateway_port, context, upstream, host, count, seed, names, cookie=b"", who=None, progress=False):
    """What is worth saying, what is wrong, and how many were forwarded. `who`: the person whose session the cookie is."""
    mutations = Mutations(seed, host, cookie)
    console, statuses = asyncio.run(record(context, gateway_port, upstream, mutations, count, progress))
    problems = [f"framing that is not one: {raw[:300]}" for raw in console.broken[:3]]
    for raw in console.messages:
        for number in known_as(raw):
            sent = mutations.one(number)
            method, target = asked_of(raw)
            if not asked_for(sent, method, target, host):
                problems.append(f"{method} {target} was not what {number} asked: {sent[:300]}")
        named = re.findall(rb"(?im)^x[-_.]sekisho[-_.]user: *(.*)\r$", raw.partition(b"\r\n\r\n")[0] + b"\r")
        if named and named != [who]:
            problems.append(f"the console is told {named}: {raw[:300]}")
    divergences, refused = [], defaultdict(list)
    with contextlib.ExitStack() as services, tempfile.TemporaryDirectory(prefix="sekisho-parsers-") as directory:
        for name in names:
            read = parser(name, Path(directory), services)
            compare(console.messages, read, refused, divergences, name)
    problems += [f"{name}: {want} was read as {got}: {raw[:300]}" for name, want, got, raw in divergences]
    said = f"seed {seed}: {count} sent, {len(console.messages)} forwarded, answers {dict(statuses.most_common(8))}"
    for (name, why), raws in sorted(refused.items()):
        methods = Counter(asked_of(raw)[0].decode("latin-1") for raw in raws)
        said += f"; {name} refuses {len(raws)} ({why}; {dict(methods.most_common(4))})"
    return said, problems, len(console.messages)


CONFIGURATION = """public_url = "https://localhost:{port}"
[listen]
https = "127.0.0.1:{port}"
certificate = "{certificate}"
private_key = "{key}"
[upstream]
url = "http://127.0.0.1:{upstream}"
[store]
url = "sqlite:sekisho.db"
[runtime]
directory = "run"
[sms]
provider = "inbox"
[inbox]
listen = "127.0.0.1:{inbox}"
[log]
filter = "warn"
[limits]
connections_per_address = 5000
[insecure]
inbox_provider = true
[[rule]]
path = "/"
access = "public"
"""


def alone(count, seed, names, progress=False):
    """The same with a gateway of its own, whose console is public."""
    from gateway import BINARY, Authority, Service, free_port

    with tempfile.TemporaryDirectory(prefix="sekisho-differential-") as place:
        directory = Path(place)
        authority = Authority(directory / "authority")
        port, upstream, inbox = free_port(), free_port(), free_port()
        config = directory / "sekisho.toml"
        config.write_text(
            CONFIGURATION.format(port=port, upstream=upstream, inbox=inbox, certificate=authority.certificate, key=authority.key)
        )
        with Service([BINARY, "serve", "--config", config], directory, port, name="gateway"):
            host = b"localhost:%d" % port
            return run(port, authority.context(), upstream, host, count, seed, names, progress=progress)


PARSERS = ("h11", "nginx", "haproxy", "node")


def cases(table, world):
    """The group `differential` of `make peers`."""
    from browser import Browser
    from gateway import Gateway, free_port
    from install import ROOT
    from table import hold

    count = int(os.environ.get("PEERS_COUNT", "100000"))
    seed = os.environ.get("PEERS_SEED", str(int.from_bytes(os.urandom(4))))

    def judge(said, problems, forwarded, sent):
        print("  " + said, flush=True)
        for problem in problems[:10]:
            print("  " + problem[:700], flush=True)
        hold(not problems, f"seed {seed}: {len(problems)} divergences, the first: {problems[:1]}")
        hold(forwarded > sent // 10, f"only {forwarded} of {sent} were forwarded")
        return f"seed {seed}: {forwarded} of {sent} forwarded, 0 divergences"

    def public():
        return judge(*alone(count, seed, PARSERS, progress=True), count)

    def signed_in():
        upstream = free_port()
        with Gateway(world.authority, ROOT / "config" / "consoles" / "django-admin.toml", upstream, world.people.directory) as gateway:
            with Browser(gateway, world.people) as browser:
                browser.sign_in("hanako", "/")
                cookie = browser.cookies().encode()
            host = b"localhost:%d" % gateway.port
            sent = min(count, 5000)
            return judge(*run(gateway.port, world.authority.context(), upstream, host, sent, seed, PARSERS, cookie, b"hanako"), sent)

    table.case("differential-signed-in", "mutated requests of somebody who is signed in: the console is told the truth", signed_in, 300)
    table.case("differential", f"{count} mutated requests: h11, nginx, HAProxy and Node read what was forwarded alike", public, 5400)


def main(count, seed, names):
    said, problems, forwarded = alone(int(count), seed, names.split(","), progress=int(count) > 10_000)
    print(said)
    for problem in problems[:10]:
        print(problem[:700])
    print(f"{len(problems)} divergences")
    sys.exit(1 if problems or forwarded < int(count) // 10 else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
