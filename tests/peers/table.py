"""The table of the peers: every case is passed, failed or skipped, and bounded in time."""

import contextlib
import json
import signal
import time
import traceback


LINE = 400


class Skipped(Exception):
    """What a case needs is not on this machine; the message says what."""


class TookTooLong(BaseException):
    """Beyond `Exception`, so that no case takes it for an answer of its own."""


@contextlib.contextmanager
def at_most(seconds, what):
    def over(_signal, _frame):
        raise TookTooLong(f"{what} takes longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Table:
    def __init__(self):
        self.rows = []

    def case(self, name, title, check, seconds=120):
        """Runs one case. `check` returns what is worth saying, or raises."""
        start = time.monotonic()
        try:
            with at_most(seconds, name):
                outcome, detail = "passed", check() or ""
        except Skipped as why:
            outcome, detail = "skipped", str(why)
        except (Exception, TookTooLong) as seen:
            where = traceback.extract_tb(seen.__traceback__)[-1]
            outcome, detail = "failed", f"{type(seen).__name__}: {seen} ({where.name}, line {where.lineno})"
        self.add(name, title, outcome, detail, time.monotonic() - start)
        return outcome == "passed"

    def add(self, name, title, outcome, detail, seconds=0.0):
        row = {"id": name, "title": title, "outcome": outcome, "detail": detail, "seconds": round(seconds, 1)}
        self.rows.append(row)
        line = " ".join(detail.split())[:LINE]
        print(f"{name:<26} {outcome:<8} {seconds:6.1f} s  {title}{': ' if line else ''}{line}", flush=True)

    def count(self, outcome):
        return sum(row["outcome"] == outcome for row in self.rows)

    def write(self, file):
        sums = {outcome: self.count(outcome) for outcome in ("passed", "failed", "skipped")}
        file.write_text(json.dumps({**sums, "cases": self.rows}, indent=1, ensure_ascii=False) + "\n")
        print("peers: " + ", ".join(f"{number} {outcome}" for outcome, number in sums.items()))


def hold(holds, seen=""):
    """What `assert` does, also with `-O`."""
    if not holds:
        raise AssertionError(seen)
