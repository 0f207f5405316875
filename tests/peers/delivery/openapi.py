"""Makes a vendor's OpenAPI document strict enough to be a peer: `openapi.py twilio|sms|voice FILE`, JSON on standard output.
Numbers have to be E.164, unknown fields are refused where the document would let them pass, and each answer that the
vendor documents beside the document becomes an example that a request can name."""

import json
import sys

import yaml

E164 = r"^\+[1-9][0-9]{6,14}$"
DIGITS = r"^[1-9][0-9]{6,14}$"
BASE = "/2010-04-01/Accounts/{AccountSid}/"


def example(value, media="application/json"):
    return {"description": "as documented", "content": {media: {"schema": {"type": "object"}, "examples": value}}}


def twilio(document):
    document["paths"] = {BASE + name: document["paths"][BASE + name] for name in ("Messages.json", "Calls.json")}
    codes = (21211, 21212, 21214, 21215, 21216, 21408, 21606, 21610, 21614, 21617, 20003, 20005, 20429, 30001, 30450, 63038, 99999)
    errors = {str(code): {"value": {"code": code, "message": "x", "more_info": "y", "status": 400}} for code in codes}
    for path in document["paths"].values():
        path.pop("servers", None)
        post = path["post"]
        schema = post["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        schema["properties"]["To"] = {"type": "string", "pattern": E164}
        schema["properties"]["From"] = {"type": "string", "pattern": E164}
        schema["additionalProperties"] = False
        for status in ("400", "401", "429", "500", "503"):
            post["responses"][status] = example(errors)
    document["servers"] = [{"url": "/"}]
    return document


def any_of(node):
    if isinstance(node, dict):
        return {("anyOf" if name == "oneOf" else name): any_of(value) for name, value in node.items()}
    return [any_of(item) for item in node] if isinstance(node, list) else node


def sms(document):
    document = any_of(document)
    document["servers"] = [{"url": "/"}]
    document["paths"] = {"/sms/{format}": document["paths"]["/{format}"]}
    document.pop("x-webhooks", None)
    post = document["paths"]["/sms/{format}"]["post"]
    post.pop("callbacks", None)
    new = document["components"]["schemas"]["NewMessage"]
    new["properties"]["to"]["pattern"] = DIGITS
    new["additionalProperties"] = False
    new["required"] = sorted({*new["required"], "text", "api_secret"})
    taken = {"to": "819012345678", "message-id": "0A0000000123ABCD1", "status": "0", "remaining-balance": "3.14", "message-price": "0.07", "network": "44010"}
    examples = {"0": {"value": {"message-count": "1", "messages": [taken]}}}
    for status in (1, 2, 4, 5, 6, 7, 9, 10, 12, 15, 29, 33, 77):
        said = {"message-count": "1", "messages": [{"status": str(status), "error-text": "as documented"}]}
        examples[str(status)] = {"value": said}
    post["responses"] = {status: example(examples) for status in ("200", "401", "429", "500")}
    return document


def voice(document):
    document = any_of(document)
    document["servers"] = [{"url": "/"}]
    document["paths"] = {"/v1/calls": {"post": document["paths"]["/"]["post"]}}
    post = document["paths"]["/v1/calls"]["post"]
    post["requestBody"]["required"] = True
    schemas = document["components"]["schemas"]
    schemas["EndpointPhoneTo"]["properties"]["number"] = {"type": "string", "pattern": DIGITS}
    talk = {"action": {"enum": ["talk"]}, "text": {"type": "string", "maxLength": 1500}, "language": {"$ref": "#/components/schemas/language"}}
    said = {"type": "object", "required": ["action", "text"], "properties": talk, "additionalProperties": False}
    allowed = {
        "to": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/EndpointPhoneTo"}},
        "from": {"$ref": "#/components/schemas/EndpointPhoneFrom"},
        "ncco": {"type": "array", "minItems": 1, "items": said},
        "event_url": {"type": "array", "items": {"type": "string", "format": "uri"}},
        "event_method": {"enum": ["POST", "GET"]},
        "machine_detection": {"enum": ["continue", "hangup"]},
        "length_timer": {"type": "integer", "minimum": 1, "maximum": 7200},
        "ringing_timer": {"type": "integer", "minimum": 1, "maximum": 120},
    }
    strict = {"type": "object", "required": ["to", "from", "ncco"], "properties": allowed, "additionalProperties": False}
    post["requestBody"]["content"]["application/json"]["schema"] = strict
    call = {"uuid": "63f61863-4a51-4f6b-86e1-46edebcf9356", "status": "started", "direction": "outbound", "conversation_uuid": "CON-f972836a"}
    examples = {"0": {"value": call}}
    for name in ("low-balance", "unprovisioned", "account-suspended", "jwt-expired", "invalid-params", "something-new"):
        examples[name] = {"value": {"type": f"https://developer.nexmo.com/api-errors#{name}", "title": "x"}}
    post["responses"] = {status: example(examples) for status in ("201", "400", "401", "403", "429", "500")}
    return document


def main():
    kind, file = sys.argv[1:]
    with open(file, encoding="utf-8") as text:
        document = json.load(text) if file.endswith(".json") else yaml.safe_load(text)
    json.dump({"twilio": twilio, "sms": sms, "voice": voice}[kind](document), sys.stdout, default=str)


main()
