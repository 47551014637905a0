"""The `charter` command in processes of its own, as a person or a script runs it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests import leaks
from tests.service import REFRESH_KEYS, SECRET
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[1]
LONGEST_START_SECONDS = 60
PRODUCTION = {"CHARTER_ENV": "production", "JWT_SECRET": SECRET, "REFRESH_KEYS": REFRESH_KEYS}
_METRICS_TOKEN = "9e107d9d372bb6826bd81d3542a419d6b8a1"
# What gives a process another clock than the machine's: `make prove PART=calendar`.
_CLOCK = ("LD_PRELOAD", "WALL_CLOCK")


def two_workers(database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    """Return the settings of a production with two workers, whose figures can be asked for."""
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "METRICS_TOKEN": _METRICS_TOKEN}
    return {**PRODUCTION, **given, "LOG_FORMAT": "json", "WORKERS": "2", **more}


def figures(address: str) -> str:
    """Return what such a production tells Prometheus."""
    return httpx.get(f"{address}/metrics", headers={"Authorization": f"Bearer {_METRICS_TOKEN}"}).text


def clean_environment(**variables: str) -> dict[str, str]:
    """Return an environment with no setting of Charter's but these, and with the clock of this process."""
    clock = {name: os.environ[name] for name in _CLOCK if name in os.environ}
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "NO_COLOR": "1", **clock, **variables}


def expect_refusal(done: subprocess.CompletedProcess[str], code: int, *parts: str, lines: int = 1) -> None:
    """Assert that a run ended with this exit code and so many lines, which say these things."""
    told = done.stderr.strip().splitlines()
    assert done.returncode == code, done.stderr
    assert len(told) == lines, done.stderr
    assert all(line.startswith("charter: ") for line in told)
    assert [part for part in parts if part not in done.stderr] == []


_started: "list[subprocess.Popen[str]]" = []


def end_servers() -> None:
    """Kill every server that a failed test has left, with all its processes."""
    for process in _started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Server:
    """A `charter serve` in a process of its own, with everything that it prints.

    Outside development its state is a folder of its own too, so that two of them never wait for one lock. It does not
    drain before it stops, unless DRAIN_SECONDS says so. A prefix is a command that becomes the server by `exec`. The
    module is the program: `charter` is that of an installed wheel, too.
    """

    def __init__(
        self,
        *words: str,
        root: Path | str = ROOT,
        prefix: Sequence[str] = (),
        module: str = "app.cli",
        **variables: str,
    ) -> None:
        self.lines: list[str] = []
        if variables.get("CHARTER_ENV") in ("test", "production"):
            self._state = tempfile.TemporaryDirectory(prefix="charter-state-", ignore_cleanup_errors=True)
            variables.setdefault("CHARTER_STATE", self._state.name)
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", module, *words],
            cwd=root,
            env=clean_environment(**{"PORT": "0", "DRAIN_SECONDS": "0", **variables}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        _started.append(self.process)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(self.process.stdout)  # extends line by line, as they come

    @property
    def printed(self) -> str:
        return "".join(self.lines)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return where the output shows the pattern, once it does."""

        def search() -> re.Match[str] | None:
            ended = self.process.poll() is not None
            found = re.search(pattern, self.printed)
            assert found or not ended, self.printed
            return found

        found = until(search, lambda: self.printed)
        assert found
        return found

    def address(self) -> str:
        """Return where it listens, once it answers."""
        url = self.wait_for(r'serving .*?(http://[^\s"]+)|"serving","address":"(http://[^"]+)"')
        address = url[1] or url[2]
        assert httpx.get(f"{address}/health/live", timeout=LONGEST_START_SECONDS).status_code == 200
        return address

    def end(self, number: signal.Signals) -> int:
        """Send a signal to the process alone; return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(LONGEST_START_SECONDS)
        self._reader.join(LONGEST_START_SECONDS)
        leaks.refuse(self.printed, "what the server wrote")
        return code
