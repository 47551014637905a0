"""The server that `charter contract --start` tests: one of its own, with data that goes when it ends."""

import contextlib
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app import config, declared_numbers
from app.cli.errors import UNAVAILABLE, CommandError
from app.resources import OPENAPI

ADMIN = "admin@example.com"
# Small enough to be used up, large enough for generated requests. Buckets of an address are never used up.
_OF_ACCOUNTS, _OF_ADDRESSES = "900/60", "100000/60"
# Those of Charter's buckets that are used up. So are all of a project.
_FOR_ACCOUNTS = ("default", "read", "write")
# What a person may want to choose, of all that the configuration has.
_KEPT = ("CHARTER_GATEWAY",)
_ADDRESS = re.compile(r'serving .*?(http://[^\s"]+)|"serving","address":"(http://[^"]+)"')
_STOP_SECONDS = 60
_STOPPED = 2
_LAST_LINES = 15


@dataclass(frozen=True, slots=True)
class Started:
    """A server that runs.

    Attributes:
        password: of its admin, whose address is `ADMIN`.
    """

    url: str
    password: str


@contextlib.contextmanager
def started(log: Path | None) -> Iterator[Started]:
    """Run a server on a database and a cache of its own until the end of the block.

    Args:
        log: gets all that it writes; None: nobody wants to see that.

    Raises:
        CommandError: it does not start.
        OSError: there is no place for its data, or for the log.
    """
    with tempfile.TemporaryDirectory(prefix="charter-contract-", ignore_cleanup_errors=True) as state:
        # The PostgreSQL of root runs as another account.
        Path(state).chmod(0o711)
        password = f"{secrets.token_hex(12)} quarry"
        process = subprocess.Popen(
            [sys.executable, "-m", __package__, "serve", "--port", "0"],
            env=variables(os.environ, Path(state), password),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Ctrl-C is for this process, which stops the server when everything is removed.
            start_new_session=True,
        )
        before = signal.signal(signal.SIGTERM, _end)
        try:
            yield Started(_address(process, log), password)
        finally:
            signal.signal(signal.SIGTERM, before)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def variables(environ: Mapping[str, str], state: Path, password: str) -> dict[str, str]:
    """Return the environment of the server: that of this process, but for the configuration of another deployment."""
    configured = {name for name, _, _ in config.documented_variables()} - set(_KEPT)
    kept = {name: value for name, value in environ.items() if name not in configured}
    charters = {one.name for one in declared_numbers.read([OPENAPI / "policies.yaml"]).of("rate_limits")}
    limits = {
        one.variable: _OF_ADDRESSES if one.name in charters - set(_FOR_ACCOUNTS) else _OF_ACCOUNTS
        for one in declared_numbers.read().of("rate_limits")
    }
    return {
        **kept,
        **limits,
        "CHARTER_ENV": "test",
        "CHARTER_STATE": str(state),
        "CHARTER_ADMIN_EMAIL": ADMIN,
        "CHARTER_ADMIN_PASSWORD": password,
        "JWT_SECRET": secrets.token_urlsafe(48),
        "REFRESH_KEYS": f"k1:{secrets.token_urlsafe(48)}",
        "BCRYPT_COST": "4",
        "LIMIT_ACCOUNT_FAILURES": "1000",
        "LIMIT_CLIENT_FAILURES": "100000",
    }


def _end(_number: int, _frame: object) -> None:
    """Let a signal to stop end the server, too."""
    sys.exit(_STOPPED)


def _address(process: "subprocess.Popen[str]", log: Path | None) -> str:
    """Return where a server listens, once it does; all that it writes is read until it ends."""
    lines: list[str] = []
    found: list[str] = []
    ready = threading.Event()

    def read() -> None:
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(log.open("w", encoding="utf-8")) if log else None
            assert process.stdout
            for line in process.stdout:
                if file:
                    file.write(line)
                    file.flush()
                if not found:
                    lines.append(line)
                    if address := _ADDRESS.search(line):
                        found.append(address[1] or address[2])
                        ready.set()
        ready.set()

    threading.Thread(target=read, daemon=True, name="server-output").start()
    ready.wait()
    if not found:
        raise CommandError(
            *[line.rstrip().removeprefix("charter: ") for line in lines[-_LAST_LINES:]],
            "the server that was to be tested does not start: charter serve shows the same",
            exit_code=UNAVAILABLE,
        )
    return found[0]
