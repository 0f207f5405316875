#!/usr/bin/env python3
"""Makes legacy-hashes.tsv: password hashes of the kinds `sekisho user import` takes, each made by other software.

    legacy-hashes.py > legacy-hashes.tsv

Needs `passlib` 1.7.4, `bcrypt` 4.0.1, `argon2-cffi`, `django` 5.2 (PyPI), and the programs `openssl`, `htpasswd`
(apache2-utils) and `perl` with the C library's crypt. Columns: password as a JSON string, hash, what made it. Salts
are random, so a new file differs from the old one and is as good.
"""

import json
import subprocess

import django
from django.conf import settings

settings.configure(
    PASSWORD_HASHERS=[
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
        "django.contrib.auth.hashers.BCryptPasswordHasher",
    ]
)
django.setup()

import argon2
import bcrypt
from django.contrib.auth.hashers import get_hasher
from passlib import hash as passlib

WORDS = ["correct horse battery", "合言葉は秘密です", "short", "p" * 71, "p" * 72, "p" * 100, "か\u3099く\u3099"]


def run(*arguments, text=None):
    done = subprocess.run(arguments, input=text, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def crypt(password, salt):
    # perl's crypt is the C library's.
    script = "use open qw(:std :utf8); use Encode; print crypt(encode('UTF-8', decode('UTF-8', $ARGV[0])), $ARGV[1])"
    return run("perl", "-e", script, password, salt)


def show(password, made, by):
    print(json.dumps(password, ensure_ascii=True), made, by, sep="\t")


def django_hash(algorithm, password, **options):
    hasher = get_hasher(algorithm)
    return hasher.encode(password, hasher.salt(), **options)


for word in WORDS:
    secret = word.encode()
    for prefix in (b"2a", b"2b"):
        show(word, bcrypt.hashpw(secret, bcrypt.gensalt(4, prefix)).decode(), "python bcrypt 4.0.1")
    show(word, run("htpasswd", "-niBC", "4", "u", text=word + "\n").split(":", 1)[1], "htpasswd -B")
    show(word, run("htpasswd", "-nim", "u", text=word + "\n").split(":", 1)[1], "htpasswd -m")
    show(word, run("openssl", "passwd", "-apr1", "-stdin", text=word + "\n"), "openssl passwd -apr1")
    show(word, run("openssl", "passwd", "-1", "-stdin", text=word + "\n"), "openssl passwd -1")
    show(word, run("openssl", "passwd", "-5", "-stdin", text=word + "\n"), "openssl passwd -5")
    show(word, run("openssl", "passwd", "-6", "-stdin", text=word + "\n"), "openssl passwd -6")
    show(word, crypt(word, "$6$rounds=1234$saltofeightandmore"), "crypt(3)")
    show(word, passlib.sha256_crypt.using(rounds=5000).hash(word), "passlib sha256_crypt")
    show(word, passlib.phpass.using(rounds=8).hash(word), "passlib phpass")
    show(word, passlib.phpass.using(rounds=7, ident="H").hash(word), "passlib phpass")
    for scheme in (passlib.pbkdf2_sha1, passlib.pbkdf2_sha256, passlib.pbkdf2_sha512):
        show(word, scheme.using(rounds=120).hash(word), "passlib " + scheme.name)
    show(word, django_hash("pbkdf2_sha256", word, iterations=130), "Django 5.2")
    show(word, django_hash("pbkdf2_sha1", word, iterations=140), "Django 5.2")
    if word is WORDS[0] or word is WORDS[1]:
        # 100 MiB each: two are enough.
        show(word, django_hash("argon2", word), "Django 5.2")
    hasher = get_hasher("bcrypt_sha256")
    show(word, hasher.encode(word, bcrypt.gensalt(4)), "Django 5.2")
    show(word, get_hasher("bcrypt").encode(word, bcrypt.gensalt(4)), "Django 5.2")
    show(word, passlib.bcrypt_sha256.using(rounds=4).hash(word), "passlib bcrypt_sha256")
    for kind in (argon2.Type.I, argon2.Type.D, argon2.Type.ID):
        made = argon2.PasswordHasher(time_cost=2, memory_cost=96, parallelism=3, hash_len=24, type=kind).hash(word)
        show(word, made, "argon2-cffi")
