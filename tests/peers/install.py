"""Installs each peer at its pinned version into `target/peers/`; nothing outside it. Standard library only."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from table import Skipped

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target" / "peers"
PATIENCE = 600


def environment(name):
    """The Python environment of this name, whose packages are in `requirements/NAME.txt`; its directory of commands."""
    wanted = HERE / "requirements" / f"{name}.txt"
    place = TARGET / f"venv-{name}"
    stamp = place / "installed"
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != digest:
        shutil.rmtree(place, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(place)])
        _run([str(place / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "-r", str(wanted)])
        stamp.write_text(digest)
    return place / "bin"


def node_modules(name="node", source=HERE):
    """The directory with the packages of the `package-lock.json` there."""
    if not shutil.which("npm"):
        raise Skipped("npm is missing: apt-get install npm")
    place = TARGET / name
    lock = (source / "package-lock.json").read_bytes()
    stamp = place / "installed"
    digest = hashlib.sha256(lock).hexdigest()
    if not stamp.is_file() or stamp.read_text() != digest:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(source / file, place / file)
        _run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=place)
        stamp.write_text(digest)
    return place / "node_modules"


def command(name, package):
    """The path of a command of this machine, or a skip that says which package has it."""
    found = shutil.which(name, path=f"{__import__('os').environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not found:
        raise Skipped(f"{name} is missing: apt-get install {package}")
    return found


def _run(arguments, cwd=None):
    done = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Skipped(f"{Path(arguments[0]).name} cannot install it: {said[-1] if said else done.returncode}")
