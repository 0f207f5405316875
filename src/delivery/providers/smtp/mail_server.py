"""A mail server for tests (aiosmtpd): says its port, keeps what it was given, and behaves as told."""
import asyncio, json, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, SMTP

behaviour, protection, kept = sys.argv[1:4]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if behaviour == "unknown":
            return "550 5.1.1 no such mailbox"
        if behaviour == "greylisted":
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        with open(kept, "a") as file:
            mail = {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "content": envelope.content.decode("ascii"),
                "protected": session.ssl is not None or protection == "tls",
                "user": session.auth_data.login.decode() if session.auth_data else None,
            }
            file.write(json.dumps(mail) + "\n")
        if behaviour == "silent":
            await asyncio.sleep(1000)
        if behaviour == "reset":
            server.transport.abort()
        if behaviour == "spam":
            return "554 5.7.1 looks like spam"
        if behaviour == "full":
            return "452 4.3.1 no room"
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == b"sekisho" and data.password == b"pass word"
    return AuthResult(success=right, auth_data=data) if right else AuthResult(success=False, handled=False)


context = None
if protection != "none":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*sys.argv[4:6])


class Server(Controller):
    def factory(self):
        return SMTP(
            self.handler,
            hostname="mail.example.jp",
            tls_context=context if protection == "starttls" else None,
            require_starttls=protection == "starttls",
            authenticator=authenticate,
            auth_required=protection != "none",
            auth_require_tls=protection == "starttls",
        )


server = Server(Handler(), hostname="127.0.0.1", port=int(sys.argv[6]), ssl_context=context if protection == "tls" else None)
server.start()
print("ready", flush=True)
sys.stdin.read()
