#!/usr/bin/env python3
"""The scanners of TLS: sslyze against Mozilla's intermediate configuration, and testssl.sh for everything it knows. No
findings but those about a certificate that is made for one run. Part of `make peers`; alone: `tests/peers/tls_scanners.py`."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import install
from gateway import BINARY, Authority, Service, free_port
from table import Table, hold

# What a local authority cannot have.
ABOUT_THE_CERTIFICATE = ("cert_", "DNS_CAA", "OCSP", "CT")
# The first is about the openssl of this machine. The second: its requests name no port, and for another authority than
# `public_url` the answer is 421, with every header the others have.
ABOUT_THIS_RUN = ("engine_problem", "HTTP_status_code")

CONFIGURATION = """public_url = "https://localhost:{port}"
[listen]
https = "127.0.0.1:{port}"
certificate = "{certificate}"
private_key = "{key}"
{more}
[upstream]
url = "http://127.0.0.1:{nobody}"
[store]
url = "sqlite:sekisho.db"
[runtime]
directory = "run"
[sms]
provider = "inbox"
[inbox]
listen = "127.0.0.1:{inbox}"
[insecure]
inbox_provider = true
"""


class Listener(Service):
    """A gateway that nobody signs in to."""

    def __init__(self, authority, directory, more=""):
        self.port = free_port()
        text = CONFIGURATION.format(
            port=self.port,
            certificate=authority.certificate,
            key=authority.key,
            more=more,
            nobody=free_port(),
            inbox=free_port(),
        )
        directory.mkdir(parents=True)
        (directory / "sekisho.toml").write_text(text)
        super().__init__([BINARY, "serve", "--config", "sekisho.toml"], directory, self.port, name="sekisho")


def sslyze(authority, port, directory):
    tool = install.environment("tls") / "sslyze"
    report = directory / "sslyze.json"
    target = f"localhost:{port}"
    done = subprocess.run(
        [tool, f"--json_out={report}", f"--certinfo_ca_file={authority.ca}"]
        + ["--mozilla_config=intermediate", "--early_data", target],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    hold(report.is_file(), done.stdout + done.stderr)
    [server] = json.loads(report.read_text())["server_scan_results"]
    scans = server["scan_result"]
    hold(server["scan_status"] == "COMPLETED", server)
    findings = []
    offered = {name for name, scan in scans.items() if ((scan or {}).get("result") or {}).get("accepted_cipher_suites")}
    if offered != {"tls_1_2_cipher_suites", "tls_1_3_cipher_suites"}:
        findings.append(f"versions: {sorted(offered)}")
    for name in sorted(offered):
        for suite in scans[name]["result"]["accepted_cipher_suites"]:
            cipher = suite["cipher_suite"]["name"]
            forward = name == "tls_1_3_cipher_suites" or "_ECDHE_" in cipher
            if not forward or not ("_GCM_" in cipher or "CHACHA20" in cipher):
                findings.append(cipher)
    bad = {
        "heartbleed": ("is_vulnerable_to_heartbleed", False),
        "openssl_ccs_injection": ("is_vulnerable_to_ccs_injection", False),
        "tls_compression": ("supports_compression", False),
        "session_renegotiation": ("is_vulnerable_to_client_renegotiation_dos", False),
        "tls_1_3_early_data": ("supports_early_data", False),
        "tls_extended_master_secret": ("supports_ems_extension", True),
    }
    for name, (key, wanted) in bad.items():
        seen = scans[name]["result"]
        if seen is None or seen[key] is not wanted:
            findings.append(f"{name}: {seen}")
    robot = scans["robot"]["result"]["robot_result"]
    if not robot.startswith("NOT_VULNERABLE"):
        findings.append(f"robot: {robot}")
    _, compliance = done.stdout.split("COMPLIANCE AGAINST TLS CONFIGURATION")
    said = [line.strip() for line in compliance.splitlines() if line.strip().startswith("* ")]
    findings += [line for line in said if not line.startswith("* maximum_certificate_lifespan:")]
    hold(not findings, findings)
    return ", ".join(sorted(offered))


def testssl(authority, port, directory):
    tool = install.command("testssl", "testssl.sh")
    report = directory / "testssl.json"
    done = subprocess.run(
        [tool, "--quiet", "--warnings", "off", "--color", "0", "--ip", "127.0.0.1", "--nodns", "none"]
        + ["--add-ca", authority.ca, "--jsonfile", report, f"localhost:{port}"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    hold(report.is_file(), done.stdout[-1000:] + done.stderr[-1000:])
    rows = json.loads(report.read_text())
    asked = {row["id"] for row in rows}
    hold({"heartbleed", "TLS1_3", "cipherlist_NULL", "BREACH"} <= asked, sorted(asked))
    findings = [
        f"{row['id']}: {row['severity']} {row['finding']}"
        for row in rows
        if row["severity"] not in ("OK", "INFO", "DEBUG")
        and not row["id"].startswith(ABOUT_THE_CERTIFICATE)
        and row["id"] not in ABOUT_THIS_RUN
    ]
    hold(not findings, findings)
    return f"{len(asked)} questions"


def run(table, authority):
    with tempfile.TemporaryDirectory(prefix="sekisho-tls-") as place:
        directory = Path(place)
        with Listener(authority, directory / "gateway") as listener:
            table.case(
                "tls-sslyze", "sslyze has no findings", lambda: sslyze(authority, listener.port, directory), 700
            )
            table.case(
                "tls-testssl", "testssl.sh has no findings", lambda: testssl(authority, listener.port, directory), 1000
            )


def main():
    table = Table()
    with tempfile.TemporaryDirectory(prefix="sekisho-tls-") as place:
        run(table, Authority(Path(place) / "authority"))
    sys.exit(1 if table.count("failed") else 0)


if __name__ == "__main__":
    main()
