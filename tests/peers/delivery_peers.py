"""Providers of messages as software nobody here wrote: what the gateway sends them, how it reads their answers, and that
nothing is sent twice, counted where it arrives. `sekisho delivery test` sends; a relay between counts and spoils answers."""

import contextlib
import http.client
import http.server
import json
import re
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import install
from browser import Browser
from gateway import BINARY, Gateway, Service, free_port
from install import HERE, ROOT
from table import hold

SOURCE = HERE / "delivery"
PUBLIC = "https://console.example.jp"
NUMBER = "090-1234-5678"
LANDLINE = "03-1234-5678"
ACCOUNT = "AC00112233445566778899aabbccddeeff"
SECRET = "a signature secret"
TIMEOUT = 2


def python():
    return install.environment("delivery") / "python"


class Relay(http.server.ThreadingHTTPServer):
    """Hands requests on and counts them; afterwards it spoils the answer as `fault` says, so that what was asked for has
    been done and the gateway cannot know."""

    daemon_threads = True

    def __init__(self, peer):
        self.port, self.peer, self.seen, self.fault, self.extra = free_port(), peer, [], None, {}
        super().__init__(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def handle_error(self, *_):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        # Otherwise a connection would outlive the relay, whose end is a case, too.
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.fault.pop(0) if isinstance(self.server.fault, list) and self.server.fault else self.server.fault
        self.server.seen.append((self.path, dict(self.headers), body))
        if fault == "busy":
            return self.answer(429, b"{}", {"Retry-After": "1"})
        onward = http.client.HTTPConnection("127.0.0.1", self.server.peer, timeout=20)
        onward.request(self.command, self.path, body, {**dict(self.headers), **self.server.extra})
        given = onward.getresponse()
        status, said, kind = given.status, given.read(), given.headers.get("Content-Type", "")
        if fault == "slow":
            time.sleep(TIMEOUT + 1)
        if fault in ("reset", "slow"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif fault == "half":
            self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{\"sid\":\"S")
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "garbage":
            self.answer(200, b"<html>a captive portal</html>")
        elif fault == "no HTTP":
            self.wfile.write(b"220 mail.example.jp ESMTP\r\n\r\n")
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "502":
            self.answer(502, b"<html>bad gateway</html>")
        else:
            self.answer(status, said, {"Content-Type": kind})

    do_GET = do_POST

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


FAULTS = ("slow", "reset", "half", "garbage", "no HTTP", "502")


class Sender(Gateway):
    """A gateway whose messages go to peers; its public address is one that providers could reach."""

    def start(self):
        text = self.config.read_text()
        self.config.write_text(text.replace(f'public_url = "{self.url}"', f'public_url = "{PUBLIC}"'))
        super().start()

    def test(self, table, to, *more):
        """What `sekisho delivery test` says."""
        done = subprocess.run(
            [BINARY, "delivery", "test", table, to, *more, "--json", "--config", self.config],
            capture_output=True, text=True, timeout=60, check=False,
        )
        if not done.stdout.strip():
            raise AssertionError(f"delivery test {table}: {done.stderr}")
        return json.loads(done.stdout)

    def outcome(self, table, to, *more):
        return self.test(table, to, *more)["outcome"]

    def report(self, address, body, headers):
        """Calls an address of the gateway as a provider does; the status."""
        path = address.removeprefix(PUBLIC)
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)
        connection.request("POST", path, body, {"Host": "console.example.jp", **headers})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def sender(world, tables):
    return Sender(world.authority, ROOT / "config" / "sekisho.toml", free_port(), tables=f'\n[delivery]\ntimeout = "{TIMEOUT}s"\n{tables}')


@contextlib.contextmanager
def prism(kind, file):
    """Stoplight Prism with a document made strict; its port."""
    modules = install.node_modules("node-delivery", SOURCE)
    with tempfile.TemporaryDirectory(prefix="sekisho-prism-") as directory:
        place = Path(directory)
        made = subprocess.run([python(), SOURCE / "openapi.py", kind, file], capture_output=True, text=True, timeout=60, check=True)
        (place / "document.json").write_text(made.stdout)
        port = free_port()
        cli = modules / "@stoplight" / "prism-cli" / "dist" / "index.js"
        with Service(["node", cli, "mock", "-h", "127.0.0.1", "-p", port, "document.json"], place, port, name="prism"):
            yield port


def twilio_document():
    return install.node_modules("node-delivery", SOURCE) / "@twilio/cli-core/src/services/twilio-api/twilio_api_v2010.json"


def nothing_twice(gateway, relay, table, to, counted=None):
    """Each fault leaves it open whether the message was taken: one request, and never another."""
    for fault in FAULTS:
        before, held = len(relay.seen), counted() if counted else 0
        relay.fault = fault
        hold((said := gateway.outcome(table, to)) == "ambiguous", f"{fault}: {said}")
        time.sleep(0.3)
        hold(len(relay.seen) == before + 1, f"{fault}: {len(relay.seen) - before} requests")
        if counted:
            hold(counted() == held + 1, f"{fault}: the peer holds {counted() - held}")
    relay.fault = None
    closed = relay.port
    relay.shutdown()
    relay.server_close()
    hold((said := gateway.outcome(table, to)) == "unavailable", f"port {closed} is closed: {said}")


def twilio(world):
    with prism("twilio", twilio_document()) as port:
        texts, calls = Relay(port), Relay(port)
        common = f'account = "{ACCOUNT}"\nauth_token = "{SECRET}"\nfrom = "+815012345678"\n'
        tables = f'[sms.second]\nprovider = "twilio"\n{common}url = "{texts.url}"\n[voice]\nprovider = "twilio"\n{common}url = "{calls.url}"\n'
        with sender(world, tables) as gateway:
            taken = gateway.test("sms.second", NUMBER)
            hold(taken["outcome"] == "accepted" and taken["provider_id"].startswith("SM"), taken)
            taken = gateway.test("voice", LANDLINE, "--english")
            hold(taken["outcome"] == "accepted" and taken["provider_id"].startswith("CA"), taken)
            # The document is strict where the classic mistake is made.
            path, headers, body = texts.seen[0]
            for wrong in (body.replace(b"%2B81", b"+81"), body.replace(b"To=", b"Too="), body + b"&Unknown=1", body + b"&RiskCheck=maybe"):
                headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request("POST", path, wrong, headers)
                status = connection.getresponse().status
                hold(400 <= status < 500 or b"Unknown" in wrong, f"{status} for {wrong[:80]}")
            said = []
            for status, code, expected in (
                (400, 21211, "invalid_number"), (400, 21614, "not_sms_capable"), (400, 21408, "country_blocked"),
                (400, 21610, "number_blocked"), (400, 30450, "fraud_blocked"), (400, 21606, "sender_rejected"),
                (400, 63038, "quota_exhausted"), (401, 20003, "auth_failed"), (400, 21617, "misconfigured"),
                (400, 99999, "misconfigured"), (429, 20429, "throttled"), (400, 30001, "throttled"), (500, 21211, "ambiguous"), (503, 20003, "ambiguous"),
            ):
                texts.extra = {"Prefer": f"code={status}, example={code}"}
                hold((got := gateway.outcome("sms.second", NUMBER)) == expected, f"{code}: {got}")
                said.append(expected)
            for status, code, expected in ((400, 21215, "country_blocked"), (400, 21216, "fraud_blocked"), (400, 21214, "misconfigured"), (429, 20429, "throttled")):
                calls.extra = {"Prefer": f"code={status}, example={code}"}
                hold((got := gateway.outcome("voice", LANDLINE)) == expected, f"{code}: {got}")
            texts.extra = calls.extra = {}
            nothing_twice(gateway, texts, "sms.second", NUMBER)
            nothing_twice(gateway, calls, "voice", LANDLINE)
        return f"{len(set(said))} outcomes of texts, 4 of calls, {2 * len(FAULTS)} faults with one request each"


def key_pair(directory):
    private, public = directory / "vonage.pem", directory / "vonage.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", private], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    return private, public


def vonage_tables(texts, calls, private):
    return (
        f'[sms.second]\nprovider = "vonage"\napi_key = "abcd1234"\napi_secret = "secret12"\nsignature_secret = "{SECRET}"\nfrom = "+815012345678"\nurl = "{texts}"\n'
        f'[voice]\nprovider = "vonage"\napplication = "aaaaaaaa-bbbb-4ccc-dddd-0123456789ab"\nprivate_key = "{private}"\n'
        f'signature_secret = "{SECRET}"\nfrom = "+815012345678"\nurl = "{calls}"\n'
    )


def vonage(world):
    with tempfile.TemporaryDirectory() as place, prism("sms", SOURCE / "vonage/sms.yml") as sms, prism("voice", SOURCE / "vonage/voice.yml") as voice:
        texts, calls = Relay(sms), Relay(voice)
        private, public = key_pair(Path(place))
        with sender(world, vonage_tables(texts.url, calls.url, private)) as gateway:
            texts.extra = {"Prefer": "code=200, example=0"}
            taken = gateway.test("sms.second", NUMBER)
            hold(taken["outcome"] == "accepted" and taken["provider_id"] == "0A0000000123ABCD1", taken)
            calls.extra = {"Prefer": "code=201, example=0"}
            taken = gateway.test("voice", LANDLINE)
            hold(taken["outcome"] == "accepted" and taken["provider_id"].startswith("63f61863"), taken)
            # PyJWT, which Vonage's own library uses, knows the token.
            token = calls.seen[0][1]["authorization" if "authorization" in calls.seen[0][1] else "Authorization"].removeprefix("Bearer ")
            claims = sign({"vendor": "rs256", "token": token, "public_key": public.read_text()})
            hold(claims["application_id"].startswith("aaaaaaaa") and claims["exp"] - claims["iat"] == 60, claims)
            for status, expected in (
                (6, "invalid_number"), (7, "number_blocked"), (15, "sender_rejected"), (9, "quota_exhausted"), (4, "auth_failed"),
                (2, "misconfigured"), (12, "misconfigured"), (29, "misconfigured"), (33, "invalid_number"), (1, "throttled"), (10, "throttled"),
                (5, "ambiguous"), (77, "ambiguous"),
            ):
                texts.extra = {"Prefer": f"code=200, example={status}"}
                hold((got := gateway.outcome("sms.second", NUMBER)) == expected, f"{status}: {got}")
            for status, name, expected in (
                (403, "low-balance", "quota_exhausted"), (403, "account-suspended", "auth_failed"), (401, "jwt-expired", "auth_failed"),
                (400, "invalid-params", "misconfigured"), (400, "something-new", "misconfigured"), (429, "something-new", "throttled"), (500, "low-balance", "ambiguous"),
            ):
                calls.extra = {"Prefer": f"code={status}, example={name}"}
                hold((got := gateway.outcome("voice", LANDLINE)) == expected, f"{name}: {got}")
            texts.extra = {"Prefer": "code=200, example=0"}
            calls.extra = {"Prefer": "code=201, example=0"}
            nothing_twice(gateway, texts, "sms.second", NUMBER)
            nothing_twice(gateway, calls, "voice", LANDLINE)
        return f"text messages and calls, tokens known to PyJWT, {2 * len(FAULTS)} faults with one request each"


def sign(asked):
    done = subprocess.run([python(), SOURCE / "sign.py"], input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr[-600:])
    return json.loads(done.stdout)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def callbacks(world):
    """Signed by the vendors' own libraries; the address is the one that the gateway gave out with its message."""
    with tempfile.TemporaryDirectory() as place, prism("twilio", twilio_document()) as port, prism("sms", SOURCE / "vonage/sms.yml") as sms, prism("voice", SOURCE / "vonage/voice.yml") as voice:
        twilio_texts, texts, calls = Relay(port), Relay(sms), Relay(voice)
        texts.extra, calls.extra = {"Prefer": "code=200, example=0"}, {"Prefer": "code=201, example=0"}
        private, _ = key_pair(Path(place))
        common = f'account = "{ACCOUNT}"\nauth_token = "{SECRET}"\nfrom = "+815012345678"\nurl = "{twilio_texts.url}"\n'
        with sender(world, f'[voice.second]\nprovider = "twilio"\n{common}' + vonage_tables(texts.url, calls.url, private)) as gateway:
            for table, to in (("voice.second", LANDLINE), ("sms.second", NUMBER), ("voice", LANDLINE)):
                hold(gateway.outcome(table, to) == "accepted", table)
            address = urllib.parse.parse_qs(twilio_texts.seen[0][2].decode())["StatusCallback"][0]
            hold(address.startswith(f"{PUBLIC}/.sekisho/callback/twilio/"), address)
            said = {"CallSid": "CA1", "CallStatus": "completed", "To": "+81312345678", "Empty": ""}
            body = urllib.parse.urlencode(said)
            signed = sign({"vendor": "twilio", "url": address, "parameters": said, "secret": SECRET})["signature"]
            hold(gateway.report(address, body, {**FORM, "X-Twilio-Signature": signed}) == 204, "twilio")
            hold(gateway.report(address, body, {**FORM, "X-Twilio-Signature": signed}) == 204, "twilio, again")
            hold(gateway.report(address, body.replace("completed", "failed"), {**FORM, "X-Twilio-Signature": signed}) == 403, "another body")
            other = sign({"vendor": "twilio", "url": address, "parameters": said, "secret": "another"})["signature"]
            hold(gateway.report(address, body, {**FORM, "X-Twilio-Signature": other}) == 403, "another secret")
            hold(gateway.report(address, body, FORM) == 403, "unsigned")
            hold(gateway.report(address[:-4] + "AAAA", body, {**FORM, "X-Twilio-Signature": signed}) == 404, "another address")

            address = urllib.parse.parse_qs(texts.seen[0][2].decode())["callback"][0]
            said = {"msisdn": "819012345678", "to": "Console", "messageId": "0A1", "status": "delivered", "err-code": "0", "client-ref": "a&b=c", "api-key": "abcd1234"}
            for encode, kind in ((urllib.parse.urlencode, FORM), (json.dumps, {"Content-Type": "application/json"})):
                given = sign({"vendor": "vonage_sms", "parameters": said, "secret": SECRET})["parameters"]
                hold(gateway.report(address, encode(given), kind) == 204, f"vonage, {kind}")
                hold(gateway.report(address, encode({**given, "status": "failed"}), kind) == 403, "another status")
                hold(gateway.report(address, encode(said), kind) == 403, "unsigned")
                other = sign({"vendor": "vonage_sms", "parameters": said, "secret": "another"})["parameters"]
                hold(gateway.report(address, encode(other), kind) == 403, "another secret")

            address = json.loads(calls.seen[0][2])["event_url"][0]
            body = json.dumps({"status": "completed", "uuid": "63f61863", "direction": "outbound"}, separators=(",", ":"))
            token = lambda **more: {"Authorization": f"Bearer {sign({'vendor': 'vonage_voice', 'body': body, 'secret': SECRET, **more})['token']}", "Content-Type": "application/json"}
            hold(gateway.report(address, body, token()) == 204, "vonage's token")
            hold(gateway.report(address, body.replace("completed", "failed"), token()) == 403, "another body")
            hold(gateway.report(address, body, token(secret="another")) == 403, "another secret")
            hold(gateway.report(address, body, token(age=7200)) == 403, "two hours old")
            hold(gateway.report(address, body, {}) == 403, "unsigned")
    return "twilio 9.13.0, vonage 4.9.1: 5 genuine ones taken, 14 others refused"


def aws_tables(kind, url, keys):
    more = "" if kind == "sns" else 'origination = "phone-1"\n'
    return f'provider = "{kind}"\nregion = "ap-northeast-1"\naccess_key = "{keys[0]}"\nsecret_key = "{keys[1]}"\nurl = "{url}"\n{more}'


def sns(world):
    """moto, which checks signatures and permissions once it is told to."""
    port = free_port()
    with tempfile.TemporaryDirectory() as place, Service([python(), "-m", "moto.server", "-H", "127.0.0.1", "-p", port], Path(place), port, name="moto"):
        own = f"http://127.0.0.1:{port}"
        made = subprocess.run([python(), SOURCE / "moto_keys.py", own], capture_output=True, text=True, timeout=60, check=False)
        hold(made.returncode == 0, made.stderr[-600:])
        keys = json.loads(made.stdout)

        def held():
            with urllib.request.urlopen(f"{own}/moto-api/data.json", timeout=10) as answer:
                data = json.load(answer)["sns"]
            return data

        def texts():
            return re.findall(r"\+819012345678", json.dumps(held()))

        relay = Relay(port)
        wrong = [keys["sender"][0], keys["sender"][1][:-1] + "x"]
        tables = "[sms.second]\n" + aws_tables("sns", relay.url, keys["sender"])
        with sender(world, tables) as gateway:
            taken = gateway.test("sms.second", NUMBER)
            hold(taken["outcome"] == "accepted" and len(taken["provider_id"]) == 36, taken)
            hold(len(texts()) == 1, held())
            nothing_twice(gateway, relay, "sms.second", NUMBER, lambda: len(texts()))
        for refused in (wrong, keys["nobody"], ["AKIAUNKNOWN", "x"]):
            relay = Relay(port)
            with sender(world, "[sms.second]\n" + aws_tables("sns", relay.url, refused)) as gateway:
                hold((got := gateway.outcome("sms.second", NUMBER)) == "auth_failed", f"{refused[0]}: {got}")
    return f"signature and permission checked; {len(FAULTS)} faults, each message held once by moto"


def sms_voice(world):
    """botocore's model and signer."""
    port, keys = free_port(), ["AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"]
    with tempfile.TemporaryDirectory() as place, Service([python(), SOURCE / "sms_voice.py", port, *keys], Path(place), port, name="sms-voice"):
        own = f"http://127.0.0.1:{port}"

        def seen():
            with urllib.request.urlopen(f"{own}/seen", timeout=10) as answer:
                return len(json.load(answer))

        def answer_with(status, answer):
            urllib.request.urlopen(urllib.request.Request(f"{own}/answer", json.dumps([status, answer]).encode()), timeout=10).read()

        texts, calls = Relay(port), Relay(port)
        tables = "[sms.second]\n" + aws_tables("aws", texts.url, keys) + "[voice]\n" + aws_tables("aws", calls.url, keys)
        with sender(world, tables) as gateway:
            for table, to, more in (("sms.second", NUMBER, ()), ("sms.second", NUMBER, ("--english",)), ("voice", LANDLINE, ()), ("voice", LANDLINE, ("--english",))):
                hold((got := gateway.outcome(table, to, *more)) == "accepted", f"{table}: {got}")
            hold(seen() == 4, seen())
            for kind, reason, status, expected in (
                ("ValidationException", "CANNOT_PARSE", 400, "invalid_number"), ("ValidationException", "COUNTRY_NOT_ENABLED", 400, "country_blocked"),
                ("ConflictException", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", 400, "country_blocked"),
                ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", 400, "number_blocked"), ("ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND", 400, "sender_rejected"),
                ("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", 400, "quota_exhausted"), ("AccessDeniedException", "ACCOUNT_DISABLED", 400, "auth_failed"),
                ("ResourceNotFoundException", "", 400, "misconfigured"), ("ValidationException", "OTHER", 400, "misconfigured"),
                ("ThrottlingException", "", 400, "throttled"), ("InternalServerException", "", 500, "ambiguous"),
            ):
                answer_with(status, {"__type": f"com.amazonaws.pinpointsmsvoicev2#{kind}", "Reason": reason, "Message": "x"})
                hold((got := gateway.outcome("sms.second", NUMBER)) == expected, f"{kind} {reason}: {got}")
            nothing_twice(gateway, texts, "sms.second", NUMBER, seen)
            nothing_twice(gateway, calls, "voice", LANDLINE, seen)
        relay = Relay(port)
        with sender(world, "[sms.second]\n" + aws_tables("aws", relay.url, [keys[0], "another"])) as gateway:
            hold((got := gateway.outcome("sms.second", NUMBER)) == "auth_failed", f"wrong secret: {got}")
    return f"botocore 1.44.5 makes the same signatures; {2 * len(FAULTS)} faults, each message seen once"


KANNEL = """group = core
admin-port = {admin}
admin-password = admin
smsbox-port = {box}
box-allow-ip = "127.0.0.1"
dlr-storage = internal
log-file = "{place}/bearerbox.log"

group = smsc
smsc = smpp
host = 127.0.0.1
port = {smpp}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
interface-version = 34

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
log-file = "{place}/smsbox.log"

group = sendsms-user
username = sekisho
password = "pass word"
max-messages = 9
concatenation = true

group = sms-service
keyword = default
text = ""
max-messages = 0
"""


class Reports(http.server.BaseHTTPRequestHandler):
    said = []

    def do_GET(self):
        self.said.append(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def kannel():
    """bearerbox and smsbox in front of the npm `smpp` server; the port of the first, and what arrived at the last."""
    bearerbox, smsbox = install.command("bearerbox", "kannel"), install.command("smsbox", "kannel")
    install.node_modules("node-delivery", SOURCE)
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sekisho-kannel-")))
        admin, box, smpp, web, port = (free_port() for _ in range(5))
        modules = install.TARGET / "node-delivery" / "node_modules"
        stack.enter_context(Service(["node", SOURCE / "smsc.js", smpp, web], place, web, {"NODE_PATH": str(modules)}, "smsc"))
        (place / "kannel.conf").write_text(KANNEL.format(admin=admin, box=box, smpp=smpp, http=port, place=place))
        stack.enter_context(Service([bearerbox, "-v", "4", place / "kannel.conf"], place, box, name="bearerbox-output"))
        stack.enter_context(Service([smsbox, "-v", "4", place / "kannel.conf"], place, port, name="smsbox-output"))

        def seen():
            with urllib.request.urlopen(f"http://127.0.0.1:{web}/", timeout=10) as answer:
                return json.load(answer)

        yield port, seen


def eventually(what, look, seconds=15):
    until = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > until:
            raise AssertionError(f"no {what}")
        time.sleep(0.1)
    return found


def through_kannel(world):
    """The gateway's form to kannel, SMPP to the npm server, and its delivery report back through kannel."""
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Reports)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    Reports.said.clear()
    with kannel() as (port, seen):
        relay = Relay(port)
        reports = f"http://127.0.0.1:{listener.server_port}/?type=%d"
        example = (ROOT / "config/delivery/kannel.toml").read_text()
        example = example[example.index("[sms]") :].replace("http://127.0.0.1:13013", relay.url).replace("[sms", "[sms.second")
        example = re.sub(r"password = \{[^}]*\}", 'password = "pass word"', example)
        example = example.replace("[sms.second.parameters]\n", f'[sms.second.parameters]\ndlr-mask = "31"\ndlr-url = "{reports}"\n')
        with sender(world, example) as gateway:
            for more in ((), ("--english",)):
                before = len(seen())
                hold((got := gateway.outcome("sms.second", NUMBER, *more)) == "accepted", got)
                arrived = eventually("message at the SMSC", lambda: seen()[before:])
                text = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(relay.seen[-1][0]).query))["text"]
                hold("".join(part["text"] for part in arrived) == text, f"{arrived} for {text!r}")
            hold(any(one.get("type") == "1" for one in eventually("report of delivery", lambda: [r for r in Reports.said if r.get("type") == "1"])), Reports.said)
            before = len(Reports.said)
            # A number that the SMSC refuses: kannel has taken it and says so later.
            hold(gateway.outcome("sms.second", "090-1234-0000") == "accepted", "taken by kannel")
            eventually("report of refusal", lambda: [r for r in Reports.said[before:] if r.get("type") == "16"])
            held = lambda: len(seen())
            for fault in FAULTS:
                first, relay.fault = held(), fault
                hold((got := gateway.outcome("sms.second", NUMBER)) == "ambiguous", f"{fault}: {got}")
                eventually(f"message in spite of {fault}", lambda: held() == first + 1)
                time.sleep(0.3)
                hold(held() == first + 1, f"{fault}: {held() - first} at the SMSC")
    wrong = example.replace("pass word", "another")
    with kannel() as (port, seen), sender(world, re.sub(r"http://127\.0\.0\.1:\d+/cgi", f"http://127.0.0.1:{port}/cgi", wrong)) as gateway:
        hold((got := gateway.outcome("sms.second", NUMBER)) == "auth_failed", f"wrong password: {got}")
        hold(not seen(), "nothing was submitted")
    return f"texts arrive as they were sent, reports come back, {len(FAULTS)} faults: each message once at the SMSC"


def segments(world):
    """What `sekisho check` refuses and what kannel cuts are the same: texts around the ends of segments."""
    marker = "770077"
    base = (ROOT / "config" / "sekisho.toml").read_text()
    compared = cut_ones = 0
    with kannel() as (port, seen), tempfile.TemporaryDirectory() as place:
        file = Path(place) / "sekisho.toml"
        lengths = {
            ("sms_en", "a"): [*range(118, 124), *range(126, 138), 160, 270, *range(280, 292)],
            ("sms_ja", "あ"): [30, *range(36, 50), 80, *range(102, 116)],
            ("sms_en", "€"): [40, *range(60, 70), *range(136, 146)],
        }
        for (key, fill), some in lengths.items():
            for length in some:
                text = "{code}" + fill * length
                file.write_text(base + f'\n[messages]\n{key} = "{text}"\n')
                checked = subprocess.run([BINARY, "check", "--config", file], capture_output=True, text=True, timeout=30, check=False)
                refused = "half a code" in checked.stdout + checked.stderr
                sent = f"{text.replace('{code}', marker)}\n@localhost #{marker}"
                before = len(seen())
                asked = {"username": "sekisho", "password": "pass word", "to": "+819012345678", "from": "Console", "text": sent, "charset": "UTF-8"}
                if not sent.isascii() and "€" not in sent:
                    asked["coding"] = "2"
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/cgi-bin/sendsms?{urllib.parse.urlencode(asked)}", timeout=10) as answer:
                    hold(answer.status == 202, answer.status)
                parts = eventually(
                    "all segments",
                    lambda: (got := [one["text"] for one in seen()[before:]]) and sum(map(len, got)) >= len(sent) and got,
                )
                hold("".join(parts) == sent, f"{parts} for {sent}")
                cut = "".join(parts).count(marker) != sum(part.count(marker) for part in parts)
                compared, cut_ones = compared + 1, cut_ones + cut
                # A carrier whose reference has 16 bits cuts elsewhere: `check` refuses those, too.
                hold(refused or not cut, f"{key} with {length} x {fill}: kannel cuts the code and check says nothing: {parts}")
        hold(cut_ones >= 10, f"{cut_ones} texts were cut within the code")
    return f"{compared} texts, {cut_ones} of them cut within the code by kannel and refused by check"


class Texting(Gateway):
    """A gateway for browsers whose text messages go to a peer."""

    sms = ""

    def start(self):
        text = self.config.read_text()
        inbox = '[sms]\nprovider = "inbox" # carries nothing\n'
        hold(inbox in text, "the example names no inbox")
        self.config.write_text(text.replace(inbox, f'[voice]\nprovider = "inbox"\n{self.sms}'))
        super().start()


def asked_in_the_browser(world):
    """A person asks for a code: the outbox hands it over once, whatever becomes of the answer, and again only where it
    certainly was not taken."""
    with prism("twilio", twilio_document()) as port:
        relay = Relay(port)
        sms = f'[sms]\nprovider = "twilio"\naccount = "{ACCOUNT}"\nauth_token = "{SECRET}"\nfrom = "+815012345678"\nurl = "{relay.url}"\n'
        tables = f'\n[delivery]\ntimeout = "{TIMEOUT}s"\n[sign_in]\nresend_waits = ["1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s"]\n'
        kind = type("Texting", (Texting,), {"sms": sms})
        with kind(world.authority, ROOT / "config" / "sekisho.toml", free_port(), world.people.directory, tables) as gateway:
            for fault, expected in (*((fault, 1) for fault in ("reset", "garbage", "502", "slow")), (["busy", "busy"], 3)):
                before, relay.fault = len(relay.seen), fault
                with Browser(gateway, world.people) as browser:
                    browser.open("/")
                    browser.password("hanako")
                    browser.open("/.sekisho/code/help")
                    browser.press("button[name=way][value=backup]")
                    hold(browser.place.startswith("/.sekisho/code"), browser.text[:300])
                eventually("request", lambda: len(relay.seen) > before)
                # Tries of what was not taken are 1, 2, 4 and 8 seconds apart.
                time.sleep(9 if expected == 1 else 6)
                hold(len(relay.seen) - before == expected, f"{fault}: {len(relay.seen) - before} requests")
                if expected > 1:
                    texts = {dict(urllib.parse.parse_qsl(body.decode()))["Body"] for _, _, body in relay.seen[before:]}
                    hold(len(texts) == 1, "the same code each time")
    return "4 faults with one request each within 9 s; two times 429, then taken: three requests"


def smtp(world):
    """aiosmtpd with STARTTLS and a password; the certificate is checked."""
    with tempfile.TemporaryDirectory() as place:
        kept, port = Path(place) / "kept", free_port()
        arguments = [python(), ROOT / "src/delivery/providers/smtp/mail_server.py"]
        for behaviour, expected, mails in (("good", "accepted", 1), ("unknown", "invalid_number", 1), ("greylisted", "throttled", 1), ("spam", "content_filtered", 2), ("silent", "ambiguous", 3), ("reset", "ambiguous", 4)):
            port = free_port()
            served = [*arguments, behaviour, "starttls", kept, world.authority.certificate, world.authority.key, port]
            server = subprocess.Popen([str(part) for part in served], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            try:
                hold(server.stdout.readline().strip() == "ready", "the mail server does not start")
                tables = (
                    f'ca = "{world.authority.ca}"\n[mail]\nprovider = "smtp"\nhost = "localhost"\nport = {port}\nencryption = "starttls"\n'
                    f'username = "sekisho"\npassword = "pass word"\nfrom = "Console <no-reply@example.jp>"\n'
                )
                with sender(world, tables) as gateway:
                    got = gateway.outcome("mail", "hanako@example.jp")
                    hold(got == expected, f"{behaviour}: {got}")
                    time.sleep(0.3)
            finally:
                server.stdin.close()
                server.kill()
                server.wait()
            lines = [json.loads(line) for line in kept.read_text().splitlines()]
            hold(len(lines) == mails, f"{behaviour}: {len(lines)} mails were kept")
        hold(all(mail["protected"] and mail["user"] == "sekisho" for mail in lines), "in the clear")
    return "STARTTLS, password, 6 answers; each mail kept once"


GROUP = (
    ("delivery.twilio", "Twilio's document in Prism, made strict", twilio, 240),
    ("delivery.vonage", "Vonage's documents in Prism, made strict", vonage, 240),
    ("delivery.callbacks", "callbacks signed by the vendors' own libraries", callbacks, 120),
    ("delivery.sns", "SNS by moto, signatures checked", sns, 240),
    ("delivery.sms-voice", "End User Messaging by botocore's model and signer", sms_voice, 240),
    ("delivery.kannel", "kannel to an SMPP server, and its reports", through_kannel, 180),
    ("delivery.smtp", "a mail server, STARTTLS and password", smtp, 120),
    ("delivery.browser", "a person asks for a code by Twilio in Prism", asked_in_the_browser, 300),
    ("delivery.segments", "segments as kannel cuts them", segments, 240),
)


def run(table, world):
    for name, title, check, seconds in GROUP:
        table.case(name, title, lambda check=check: check(world), seconds)
