#!/usr/bin/env python3
"""Writes a CSV file of many accounts for `sekisho user import`; docs/import.md states how long that takes.

    many-accounts.py 100000 > accounts.csv

Every hash is the same bcrypt hash of "correct horse battery": how an import reads and stores it does not depend on it.
"""

import sys

HASH = "$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"

print("user_name,email,display_name,groups,language,password_hash,phone")
for n in range(int(sys.argv[1])):
    number = f"090-{n // 10000 % 9000 + 1000:04}-{n % 10000:04}"
    print(f"seller{n:06},seller{n:06}@example.jp,出品者 {n},owner;sellers,ja,{HASH},{number}")
