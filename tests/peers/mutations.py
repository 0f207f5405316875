"""Requests and what attackers make of them: a stream of byte strings that a seed decides. Standard library only."""

import random
import zlib

METHODS = [b"GET", b"GET", b"POST", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"HEAD", b"PATCH", b"PROPFIND"]
ODD_METHODS = [b"get", b"G!T", b"TRACE", b"M-SEARCH", b"CONNECT", b"A" * 40, b"PRI", b"G\xc8T"]
TARGETS = [
    b"/", b"/a/b?c=d", b"/?a=/../", b"/%e3%81%82", b"/a;v=1/b", b"/a%20b+c", b"/a?b=%zz", b"http://HOST/x?y", b"/a?" + b"q=1&" * 40, b"/a?b=c?d=/e",
]
ODD_TARGETS = [
    b"/a//b", b"/a/./b", b"/a/../b", b"/%61%2e", b"/a%2fb", b"/a%00b", b"/a\\b", b"/a?b#c", b"*", b"/a|b{}^`", b"/\xe3\x81\x82", b"//host/x",
    b"http://other/x", b"/a%5cb", b"/..", b"x", b"/a?b|c{}", b"/a?\xff", b"/a\x7f", b"https://HOST", b"http://HOST?x",
]  # fmt: skip
FIELDS = [
    b"Accept: */*", b"Accept-Encoding: gzip", b"User-Agent: peer/1.0", b"X-Empty:", b"X-Spaces:   a  b  ", b"X-Tab:\ta\tb",
    b"X-High: caf\xe9", b"Cookie: a=b; c=\"d e\"", b"Connection: keep-alive", b"Connection: close, x-empty", b"TE: trailers",
    b"Expect: 100-continue", b"Upgrade: h2c", b"Upgrade: websocket", b"Content-Type: text/plain", b"Range: bytes=0-1",
    b"X_Under: 1", b"X.Dot: 1", b"Proxy-Connection: keep-alive", b"Keep-Alive: timeout=5", b"Max-Forwards: 0", b"Via: 1.0 x",
    b"Content-Encoding: gzip", b"X-Long: " + b"v" * 900,
    b"X-Sekisho-User: admin", b"X_Sekisho_User: admin", b"x-sekisho_user: admin", b"X.Sekisho.User: admin", b"x-sekisho-user:admin",
]  # fmt: skip
LENGTHS = [b"5", b"05", b"+5", b"-5", b"0x5", b"5,5", b"5, 5", b"5 5", b" 5", b"5\t", b"6", b"4", b"0", b"5;", b"5.0", b"", b"99999999999999999999"]
CODINGS = [
    b"chunked", b"Chunked", b"CHUNKED", b" chunked", b"chunked ", b"chunked,", b",chunked", b"gzip, chunked", b"chunked, gzip", b"identity",
    b"chunked, identity", b"chunked, chunked", b"xchunked", b"chunked;q=1", b"\"chunked\"", b"\x0bchunked", b"chunked\x00", b"", b"chunked\tx",
]  # fmt: skip
SIZES = [b"5", b"05", b"0005", b"5 ", b" 5", b"5;a=b", b"5;a=\"b\"", b"5 ;a", b"+5", b"0x5", b"5\t", b"6", b"4", b"-5", b"5\r", b"f" * 17, b"", b"5;" + b"x" * 300]
ENDS = [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"\r\n ", b"\r\n\t", b" \r\n", b"\x00\r\n", b"\x0b\r\n", b"\x85\r\n"]
BYTES = [b"\x00", b"\t", b"\n", b"\r", b"\r\n", b" ", b":", b";", b",", b"\x0b", b"\x0c", b"\x7f", b"\x80", b"\xff", b"0", b"_", b"%", b"#", b"\\", b"/", b"\""]
NAMES = [
    b"Transfer-Encoding", b"transfer-encoding", b"Transfer_Encoding", b"Transfer-Encoding ", b" Transfer-Encoding", b"Transfer-Encodin\xc7",
    b"Content-Length", b"content_length", b"Content-Length ", b"\tContent-Length", b"Content-Length\x00", b"Host", b"Trailer", b"Connection",
]  # fmt: skip
VERSIONS = [b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/1.1 ", b"HTTP/01.1", b"HTTP/1", b""]


def known(number):
    """Whatever is left of it after a mutation names no other request."""
    return b"%d-%08x" % (number, zlib.crc32(b"%d" % number))


class Mutations:
    """`one(n)` is the nth request: its bytes, and the lines that say `n` in them by which it is known again."""

    def __init__(self, seed, host, cookie=b""):
        self.seed, self.host, self.cookie = seed, host, cookie

    def one(self, number):
        dice = random.Random(f"{self.seed}-{number}")
        lines, body = self._request(dice, known(number))
        for _ in range(dice.choice((0, 0, 0, 1, 1, 2))):
            lines, body = self._mutated(dice, lines, body)
        raw = b"".join(lines) + body
        if dice.random() < 0.2:
            raw = self._scratched(dice, raw)
        if dice.random() < 0.15:
            second, rest = self._request(dice, known(number) + b"-2")
            raw += b"".join(second) + rest
        return raw

    def _request(self, dice, known):
        method = dice.choice(ODD_METHODS if dice.random() < 0.03 else METHODS)
        target = dice.choice(ODD_TARGETS if dice.random() < 0.1 else TARGETS).replace(b"HOST", self.host)
        lines = [b"%s %s HTTP/1.1\r\n" % (method, target), b"Host: %s\r\n" % self.host, b"X-Peer: %s\r\n" % known]
        if self.cookie:
            lines.append(b"Cookie: %s\r\n" % self.cookie)
        lines += [dice.choice(FIELDS) + b"\r\n" for _ in range(dice.randrange(4))]
        body = b""
        if method in (b"POST", b"PUT", b"PATCH") or dice.random() < 0.1:
            if dice.random() < 0.5:
                body = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"[: dice.randrange(30)]
                lines.append(b"Content-Length: %d\r\n" % len(body))
            else:
                lines.append(b"Transfer-Encoding: chunked\r\n")
                for _ in range(dice.randrange(3)):
                    data = b"0\r\n\r\nGET /x HTTP/1.1\r\n"[: dice.randrange(1, 24)]
                    body += b"%x\r\n%s\r\n" % (len(data), data)
                body += b"0\r\n" + dice.choice((b"", b"", b"X-Trailer: 1\r\n", b"Content-Length: 3\r\n")) + b"\r\n"
        head, rest = lines[0], lines[1:]
        dice.shuffle(rest)
        return [head, *rest, b"\r\n"], body

    def _mutated(self, dice, lines, body):
        lines, at = list(lines), 0
        which = dice.randrange(13)
        if len(lines) > 2:
            at = dice.randrange(1, len(lines) - 1)
        if which == 0:
            lines.insert(at, dice.choice(NAMES) + b": " + dice.choice(CODINGS + LENGTHS) + b"\r\n")
        elif which == 1:
            lines.insert(at, b"Content-Length: " + dice.choice(LENGTHS) + b"\r\n")
        elif which == 2:
            lines.insert(at, b"Transfer-Encoding: " + dice.choice(CODINGS) + b"\r\n")
        elif which == 3:
            lines.insert(at, lines[at])
        elif which == 4:
            lines[at] = lines[at].rstrip(b"\r\n") + dice.choice(ENDS)
        elif which == 5:
            method, _, rest = lines[0].partition(b" ")
            lines[0] = method + b" " + rest.rpartition(b" ")[0] + b" " + dice.choice(VERSIONS) + b"\r\n"
        elif which == 6:
            lines[0] = lines[0].replace(b" ", dice.choice((b"  ", b"\t", b" \t", b"")), 1)
        elif which == 7:
            lines[0] = lines[0].replace(b" /", b" " + dice.choice((b"/", b"//", b"x/", b"\x00/", b"http://x/", b"/\xff")), 1)
        elif which == 8:
            name, _, value = lines[at].partition(b":")
            lines[at] = dice.choice((name + b" :" + value, name + value, name + b"\x00:" + value, b" " + lines[at], name.replace(b"-", b"_") + b":" + value))
        elif which == 9:
            lines[-1] = dice.choice((b"\n", b"\r\n\r\n", b"\r", b" \r\n", b"\r\n"))
        elif which == 10 and body:
            size, end, rest = body.partition(b"\r\n")
            body = dice.choice((dice.choice(SIZES) + end + rest, size + b"\n" + rest, size + end + rest.replace(b"\r\n", b"\n", 1)))
        elif which == 11:
            body += dice.choice((b"0\r\n\r\n", b"\r\n", b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n", b"x", b"0"))
        else:
            lines.insert(1, dice.choice((b" folded\r\n", b"\r\n", b"Host: x\r\n", b":\r\n", b"\x00: 1\r\n")))
        return lines, body

    @staticmethod
    def _scratched(dice, raw):
        at = dice.randrange(len(raw))
        kind = dice.randrange(3)
        if kind == 0:
            return raw[:at] + dice.choice(BYTES) + raw[at:]
        if kind == 1:
            return raw[:at] + raw[at + 1 :]
        return raw[:at] + dice.choice(BYTES) + raw[at + 1 :]
