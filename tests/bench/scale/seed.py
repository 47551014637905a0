"""`make seed-large`: a database with a million accounts and ten million rows of audit trail, on a server of its own.

It lies beside the data of development, not among them. Given a DATABASE_URL it fills that database instead, unless
somebody lives there.
"""

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

from app.cli.bootstrap import is_local
from app.embedded import EmbeddedError, start_postgres
from app.errors import Unavailable
from tests.bench.scale.databases import Rejected, fits, make, population, stored_at
from tests.bench.scale.filling import PASSWORD
from tests.bench.scale.population import ADMIN

USERS, EVENTS = 1_000_000, 10_000_000


def main() -> int:
    """Fill the database; 0 when it is there, 1 when it was rejected or failed, 130 when it was stopped."""
    arguments = parse("python -m tests.bench.scale.seed", "Fill a database of its own with very many accounts.")
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    try:
        reject_production(os.environ)
        _seed(arguments.users, arguments.events, os.environ)
    except (Rejected, EmbeddedError, Unavailable) as error:
        sys.stderr.write(f"seed-large: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nseed-large: interrupted; nothing was stored\n")
        return 130
    return 0


def parse(program: str, description: str) -> argparse.Namespace:
    """Read the sizes from the command line."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--users", type=_size, default=USERS, help=f"accounts (default {USERS})")
    parser.add_argument("--events", type=_size, default=EVENTS, help=f"rows of the audit trail (default {EVENTS})")
    return parser.parse_args()


def reject_production(environ: Mapping[str, str]) -> None:
    """Let only development and tests be filled.

    Raises:
        Rejected: CHARTER_ENV says production, or nothing, which means production too.
    """
    if not is_local(environ):
        raise Rejected("a million strangers are not for production: this needs CHARTER_ENV=development")


def _seed(users: int, events: int, environ: Mapping[str, str]) -> None:
    url = environ.get("DATABASE_URL", "").strip()
    if url:
        _fill(url, users, events)
        return
    state = stored_at(Path(environ.get("CHARTER_STATE") or ".charter"))
    server = start_postgres(state)
    try:
        if fits(server.url, users, events):
            print(f"There are {users:,} accounts and {events:,} rows of audit trail under {state} already.")
        else:
            _fill(server.url, users, events)
    finally:
        server.stop()
    shown = os.path.relpath(state)
    print(f"Serve it:  CHARTER_STATE={shown} PORT=8081 make run")
    print(f"Sign in as {ADMIN} with the password: {PASSWORD}")
    print(f"Empty it:  CHARTER_ENV=development CHARTER_STATE={shown} .venv/bin/charter db reset --yes")


def _fill(url: str, users: int, events: int) -> None:
    began = monotonic()
    made = population(users, events)
    make(url, made)
    seconds = monotonic() - began
    print(
        f"Made {made.users:,} accounts with profiles, {made.sessions:,} sessions and {made.events:,} audit rows"
        f" in {int(seconds) // 60} min {int(seconds) % 60} s."
    )


def _size(text: str) -> int:
    number = int(text.replace("_", ""))
    if number < 100:
        raise argparse.ArgumentTypeError("at least 100")
    return number


if __name__ == "__main__":
    sys.exit(main())
