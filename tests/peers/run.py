#!/usr/bin/env python3
"""Foreign software in front of and behind the gateway: `make peers`. Prints a table `passed / failed / skipped` and writes
it to `target/peers.json`; ends with 1 when a case failed. `PEERS=django,static make peers` runs some of it."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import install
from table import Skipped, Table, at_most

GROUPS = ("django", "oscar", "jupyter", "static", "clients", "verifiers", "differential", "tls", "delivery")
WHOLE = 9000


class World:
    """What all groups share."""

    def __init__(self, directory):
        from browser import Browser
        from gateway import Authority, People

        self.authority = Authority(directory / "authority")
        self.people = People(self.authority, Browser)


def main():
    tools = install.environment("tools")
    if Path(sys.prefix).resolve() != tools.parent.resolve():
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        os.execv(tools / "python", [str(tools / "python"), *sys.argv])
    chosen = [name for name in os.environ.get("PEERS", "").split(",") if name] or list(GROUPS)
    unknown = set(chosen) - set(GROUPS)
    if unknown:
        sys.exit(f"PEERS: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    table = Table()
    with tempfile.TemporaryDirectory(prefix="sekisho-peers-") as directory:
        world = None

        def enrol():
            nonlocal world
            world = World(Path(directory))

        with at_most(WHOLE, "make peers"):
            if table.case("people", "two people set up app and phone in the browser", enrol, 180):
                import consoles

                consoles.run(table, world, chosen)
                if "clients" in chosen:
                    import clients

                    clients.run(table, world)
                if "verifiers" in chosen:
                    import verifiers

                    verifiers.run(table, world)
                if "tls" in chosen:
                    import tls_scanners

                    tls_scanners.run(table, world.authority)
                if "differential" in chosen:
                    import differential

                    differential.cases(table, world)
                if "delivery" in chosen:
                    import delivery_peers

                    delivery_peers.run(table, world)
                shutil.rmtree(world.people.directory, ignore_errors=True)
    table.write(install.ROOT / "target" / "peers.json")
    sys.exit(1 if table.count("failed") else 0)


if __name__ == "__main__":
    try:
        main()
    except Skipped as why:
        sys.exit(f"peers: {why}")
