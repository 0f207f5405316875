"""Signs what providers call the gateway with, by the vendors' own libraries. A JSON object on standard input, one on
standard output: `{"vendor": "twilio", "url": …, "parameters": …, "secret": …}` and the like."""

import hashlib
import json
import sys
import time


def twilio(asked):
    from twilio.request_validator import RequestValidator

    return {"signature": RequestValidator(asked["secret"]).compute_signature(asked["url"], asked["parameters"])}


def vonage_sms(asked):
    from vonage_http_client.auth import Auth

    signer = Auth(api_key="abcd1234", api_secret="secret12", signature_secret=asked["secret"], signature_method="sha256")
    parameters = {**asked["parameters"], "timestamp": str(int(time.time()))}
    parameters["sig"] = signer.sign_params(dict(parameters))
    if not signer.check_signature(dict(parameters)):
        raise SystemExit("its own library does not know its signature again")
    return {"parameters": parameters}


def vonage_voice(asked):
    import jwt
    from vonage_jwt import verify_signature

    hashed = hashlib.sha256(asked["body"].encode()).hexdigest()
    claims = {"iat": int(time.time()) - asked.get("age", 0), "jti": "1", "iss": "Vonage", "payload_hash": hashed, "api_key": "abcd1234"}
    token = jwt.encode(claims, asked["secret"], algorithm="HS256")
    if not verify_signature(token, asked["secret"]):
        raise SystemExit("its own library does not know its token again")
    return {"token": token}


def rs256(asked):
    import jwt

    return jwt.decode(asked["token"], asked["public_key"], algorithms=["RS256"], options={"require": ["exp", "iat", "jti"]})


asked = json.load(sys.stdin)
json.dump({"twilio": twilio, "vonage_sms": vonage_sms, "vonage_voice": vonage_voice, "rs256": rs256}[asked["vendor"]](asked), sys.stdout)
