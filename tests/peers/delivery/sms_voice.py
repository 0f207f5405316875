"""End User Messaging by botocore's own model and signer: `sms_voice.py PORT KEY SECRET`. A request whose signature
botocore would not make, or whose parameters its model does not know, is refused as AWS does it; anything else is kept
(`GET /seen`) and answered as `POST /answer` said before."""

import http.server
import json
import sys

import botocore.loaders
import botocore.model
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.validate import ParamValidator

PORT, KEY, SECRET = int(sys.argv[1]), *sys.argv[2:4]
MODEL = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("pinpoint-sms-voice-v2", "service-2"), "pinpoint-sms-voice-v2"
)
SEEN, ANSWERS = [], []


class Signer(SigV4Auth):
    """At the time the request says, not now."""

    def __init__(self, region, when):
        super().__init__(Credentials(KEY, SECRET), "sms-voice", region)
        self.when = when

    def expected(self, request):
        request.context["timestamp"] = self.when
        canonical = self.canonical_request(request)
        return self.signature(self.string_to_sign(request, canonical), request)


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.reply(200, SEEN)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/answer":
            ANSWERS.append(json.loads(body))
            return self.reply(200, {})
        problem = self.signed(body) or self.valid(body)
        if problem:
            return self.reply(*problem)
        SEEN.append(json.loads(body))
        status, answer = ANSWERS.pop(0) if ANSWERS else (200, {"MessageId": f"m-{len(SEEN)}"})
        self.reply(status, answer)

    def signed(self, body):
        given = self.headers.get("Authorization", "")
        if not given.startswith(f"AWS4-HMAC-SHA256 Credential={KEY}/"):
            return 400, {"__type": "UnrecognizedClientException"}
        parts = dict(part.strip().split("=", 1) for part in given.split(" ", 1)[1].split(","))
        region = parts["Credential"].split("/")[2]
        headers = {name: self.headers[name] for name in parts["SignedHeaders"].split(";")}
        request = AWSRequest("POST", f"http://{self.headers['Host']}{self.path}", headers, body)
        if Signer(region, self.headers["X-Amz-Date"]).expected(request) != parts["Signature"]:
            return 400, {"__type": "InvalidSignatureException"}
        return None

    def valid(self, body):
        operation = MODEL.operation_model(self.headers["X-Amz-Target"].split(".")[1])
        if self.headers["Content-Type"] != "application/x-amz-json-1.0":
            return 400, {"__type": "SerializationException"}
        sent = json.loads(body)
        report = ParamValidator().validate(sent, operation.input_shape)
        unknown = set(sent) - set(operation.input_shape.members)
        for name, shape in operation.input_shape.members.items():
            allowed = getattr(shape, "enum", None)
            if name in sent and allowed and sent[name] not in allowed:
                unknown.add(name)
        if report.has_errors() or unknown:
            why = report.generate_report() or f"unknown: {sorted(unknown)}"
            return 400, {"__type": "ValidationException", "Reason": "OTHER", "Message": why}
        return None

    def reply(self, status, answer):
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Service).serve_forever()
