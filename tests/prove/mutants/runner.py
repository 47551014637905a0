"""Runs `charter contract` against a server that has a mutant, and tells what it found."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.command import ROOT, Server, clean_environment
from tests.limits import WIDE_LIMITS
from tests.prove.mutants.mutant import Mutant, change_database, tree
from tests.servers import Servers
from tests.service import REFRESH_KEYS, SECRET

ADMIN = "admin@example.com"
PASSWORD = "marmalade lantern 7 quarry"
# Only a run that hangs takes so long, on a busy machine, too.
_LONGEST_SECONDS = 1800
# Small enough to be used up, large enough for the other checks.
SETTINGS = {**WIDE_LIMITS, "LIMIT_READ": "400/60", "LIMIT_WRITE": "300/60", "LIMIT_CLIENT_FAILURES": "100000"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the kit said.

    Attributes:
        code: its exit code.
        checks: the checks with failures, in their order.
    """

    code: int
    checks: tuple[str, ...]
    message: str
    seconds: float


class Runner:
    """Starts servers and runs the kit. Several threads may use it.

    Args:
        servers: where databases come from.
        place: a folder for copies and reports.
        gateway: of the servers.
    """

    def __init__(self, servers: Servers, place: Path, *, gateway: str = "compiled") -> None:
        self._servers, self._place, self._gateway = servers, place, gateway
        self._lock = threading.Lock()

    def run(self, number: int, mutant: Mutant | None, *runs: Sequence[str]) -> list[Verdict]:
        """Run the kit against a server with a mutant, or with none, once with each of these options."""
        folder = self._place / f"tree{number}"
        folder.mkdir()
        tree(folder, mutant)
        with self._lock:
            url = self._servers.clone()
            redis = self._servers.redis_url
        try:
            if mutant and mutant.is_sql:
                change_database(url, mutant)
            server = Server(
                "serve",
                root=folder,
                CHARTER_ENV="test",
                CHARTER_GATEWAY=self._gateway,
                CHARTER_ADMIN_EMAIL=ADMIN,
                CHARTER_ADMIN_PASSWORD=PASSWORD,
                DATABASE_URL=url,
                REDIS_URL=redis,
                REDIS_PREFIX=f"mutant{number}",
                JWT_SECRET=SECRET,
                REFRESH_KEYS=REFRESH_KEYS,
                PYTHONDONTWRITEBYTECODE="1",
                # Where time is compared, a hash must take some.
                **{**SETTINGS, "BCRYPT_COST": "10" if mutant and mutant.check == "enumeration" else "4"},
            )
            try:
                address = _address(server)
                if not address:
                    return [Verdict(3, (), f"the server does not start: {server.printed[-300:]}", 0)]
                return [
                    self._contract(address, self._place / f"report{number}.{turn}", *options)
                    for turn, options in enumerate(runs)
                ]
            finally:
                if server.process.poll() is None:
                    server.process.send_signal(signal.SIGTERM)
                    server.process.wait(60)
                (self._place / f"server{number}.log").write_text(server.printed, encoding="utf-8")
        finally:
            with self._lock:
                self._servers.execute(
                    f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2].partition("?")[0]}" WITH (FORCE)'
                )

    def _contract(self, address: str, report: Path, *options: str) -> Verdict:
        words = [sys.executable, "-m", "app.cli", "contract", "--base-url", address, "--admin-email", ADMIN]
        words += ["--report", str(report), *options]
        began = time.monotonic()
        try:
            done = subprocess.run(
                words,
                cwd=ROOT,
                env=clean_environment(CONTRACT_ADMIN_PASSWORD=PASSWORD),
                capture_output=True,
                text=True,
                timeout=_LONGEST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Verdict(4, (), f"the kit was stopped after {_LONGEST_SECONDS} s", _LONGEST_SECONDS)
        seconds = time.monotonic() - began
        path = report / "report.json"
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        failures = found["failures"] if found else []
        checks = tuple(dict.fromkeys(failure["check"] for failure in failures))
        message = failures[0]["message"] if failures else (found or {}).get("reason", "") or done.stderr.strip()
        return Verdict(done.returncode, checks, message, seconds)


def _address(server: Server) -> str:
    """Return where a server listens, however long it takes to start; empty if it has ended."""
    while server.process.poll() is None:
        with suppress(AssertionError, httpx.TransportError):
            return server.address()
    return ""
