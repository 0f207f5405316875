#!/usr/bin/env python3
"""Makes common-passwords.bin from a list of passwords, one a line, the most common first.

    common-passwords.py LIST > common-passwords.bin

README.md beside this file says which list. Only passwords an account could have are kept: at least 8 characters, as
they are compared (NFKC, lower case). Each entry is the first 6 bytes of the SHA-256 of one; entries are sorted.
"""

import hashlib
import sys
import unicodedata

MOST_COMMON = 400_000
SHORTEST = 8
BYTES = 6


def folded(password):
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", password).lower())


def main(path):
    entries = set()
    with open(path, encoding="utf-8", errors="strict") as lines:
        for _, line in zip(range(MOST_COMMON), lines):
            password = folded(line.rstrip("\r\n"))
            if len(password) >= SHORTEST:
                entries.add(hashlib.sha256(password.encode()).digest()[:BYTES])
    sys.stdout.buffer.write(b"".join(sorted(entries)))
    print(f"{len(entries)} passwords", file=sys.stderr)


main(sys.argv[1])
