"""`make bench-scale`: what each read costs on a million accounts, beside ten thousand on the same server."""

import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.embedded import EmbeddedError, start_postgres
from app.embedded.installation import find_installation
from app.pipeline.contract import OPENAPI
from app.spec.document import load
from tests.bench.driver import LoadError
from tests.bench.probes import HEALTH
from tests.bench.processes import ROOT, Server, ask, free_port
from tests.bench.scale.cases import Case, NothingToAsk, cases
from tests.bench.scale.databases import Rejected, bring_up, fits, make, names, population, spare, stored_at, unhurried
from tests.bench.scale.filling import PASSWORD
from tests.bench.scale.measuring import Side, measure
from tests.bench.scale.population import ADMIN
from tests.bench.scale.seed import parse
from tests.bench.scale.verdict import Line, broken, passed, summary, table
from tests.bench.traffic import post
from tests.bench.world import environment, scratch

SMALL = 10_000
ROUNDS = 9
ROUNDS_WHERE_BROKEN = 45
"""A machine that is busy with other things breaks many a bound in a few rounds, and few in many."""


def main() -> int:
    """Measure; 0 when every bound is met, 1 when one is broken or nothing could be measured, 130 when stopped."""
    arguments = parse("python -m tests.bench.scale", "Measure what each read costs on a large database.")
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    try:
        with tempfile.TemporaryDirectory() as logs, asked(arguments.users, arguments.events, Path(logs)) as sides:
            lines = judged(sides)
    except (LoadError, NothingToAsk, Rejected, EmbeddedError) as error:
        sys.stderr.write(f"bench-scale: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nbench-scale: interrupted; everything it started is stopped\n")
        return 130
    print("\n".join(["", *table(lines), "", *broken(lines), summary(lines)]))
    return 0 if passed(lines) else 1


@contextlib.contextmanager
def databases(users: int, events: int) -> Iterator[tuple[str, str]]:
    """Lend a small and a large database on one server; what `make seed-large` has kept is used, if it fits."""
    with contextlib.ExitStack() as stack:
        stored = stored_at(ROOT / ".charter")
        large = None
        if find_installation(stored):
            server = start_postgres(stored)
            stack.callback(server.stop)
            large = server.url if fits(server.url, users, events) else None
        if large is None:
            server = start_postgres(stack.enter_context(scratch()))
            stack.callback(server.stop)
            large = stack.enter_context(spare(server.url, "large"))
            make(large, population(users, events))
        else:
            bring_up(large)
        small = stack.enter_context(spare(server.url, "small"))
        make(small, population(SMALL, max(SMALL, events * SMALL // users)), quiet=True)
        yield small, large


@contextlib.contextmanager
def asked(users: int, events: int, folder: Path) -> Iterator[list[Side]]:
    """Keep a server on each database, and a connection to it."""
    with databases(users, events) as urls, contextlib.ExitStack() as stack:
        sides = []
        for name, url in zip(("small", "large"), urls, strict=True):
            port = free_port()
            command = [sys.executable, "-m", "tests.bench.serving", "timed", str(port)]
            # Nothing is cached; and a statement that takes too long is to be seen, not cut off.
            environ = {**environment(url, ""), "DATABASE_STATEMENT_SECONDS": "50"}
            stack.enter_context(unhurried(url))
            server = Server(name, command, port, folder / f"{name}.log", environ)
            stack.callback(server.stop)
            server.wait_until_ready(HEALTH)
            sides.append(Side(port, sign_in(port), names(url)))
            stack.callback(sides[-1].close)
        yield sides


def sign_in(port: int) -> str:
    """Return an access token of the admin.

    Raises:
        LoadError: with the response to a failed sign-in.
    """
    status, body = ask(port, post("/v1/auth/login", {"email": ADMIN, "password": PASSWORD}).raw)
    if status != 200:
        raise LoadError(f"the sign-in returned {status}: {body[:500].decode(errors='replace')}")
    return str(json.loads(body)["data"]["access_token"])


def judged(sides: list[Side]) -> list[Line]:
    """Ask everything of both, and return what it took; what seems to break its bound is asked again, more often."""
    lines = taken(cases(load(OPENAPI / "openapi.yaml")), sides, ROUNDS)
    if doubtful := [line.case for line in lines if not line.is_met]:
        again = {line.case: line for line in taken(doubtful, sides, ROUNDS_WHERE_BROKEN)}
        lines = [again.get(line.case, line) for line in lines]
    return lines


def taken(asking: list[Case], sides: list[Side], rounds: int) -> list[Line]:
    """Ask these of both, so many times."""

    def on_round(number: int) -> None:
        print(f"round {number} of {rounds}: {len(asking)} cases on both" if number else "warming up", flush=True)

    return [Line(case, *took) for case, took in zip(asking, measure(asking, sides, rounds, on_round), strict=True)]


if __name__ == "__main__":
    sys.exit(main())
