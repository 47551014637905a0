"""What is measured: each kind of work, who does it, and how one round of one entrant is taken."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from tests.bench import traffic
from tests.bench.driver import CONNECTIONS, Caller, LoadError, Measured, load
from tests.bench.processes import LOAD_CORE, ROOT, SERVER_CORE, Server, busy_seconds, on_core

BCRYPT_COST = 10
SLOW = 2
"""Rounds of sign-ins take so many times longer: a core does some twenty a second, few to count in a short round."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one entrant.

    Attributes:
        server_share: how much of its core the server had. Well below 1 means that it waited: for the load's core when
            that was busy all the time, else for others who wanted its own.
        load_share: how much of its core was used by the load and the databases, and by others on the machine.
    """

    measured: Measured
    server_share: float
    load_share: float

    @property
    def per_core_second(self) -> float:
        """Responses for each second of the server's processor time: the rate, had it waited for nothing."""
        return self.measured.rate / self.server_share


Entrant = Callable[[float], Round]
"""Takes a round of so many seconds."""


SERVERS: Mapping[str, str] = {
    "hand-written": "tests.bench.rivals.handwritten:app",
    "Charter, bare": "tests.bench.charter:bare",
    "Charter, logged": "tests.bench.charter:logged",
    "FastAPI": "tests.bench.rivals.fastapi_async:app",
    "stock Connexion": "tests.bench.rivals.stock_connexion:app",
    "FastAPI, Redis": "tests.bench.rivals.fastapi_redis:app",
    "Charter": "app.cli.worker:create",
}
"""Where each application is; the last one is what `charter serve` gives each worker."""

NEEDED: Mapping[str, Sequence[str]] = {
    "floor": ("hand-written", "Charter, bare", "Charter, logged", "FastAPI", "stock Connexion"),
    "me": ("hand-written", "Charter", "FastAPI"),
    "login": ("Charter",),
    "refresh": ("Charter",),
    "list": ("Charter", "FastAPI, Redis"),
    "search": ("Charter", "FastAPI, Redis"),
    "cached": ("Charter", "FastAPI, Redis"),
    "clients": ("Charter",),
}


def command(name: str, port: int) -> list[str]:
    """Return the command of a server by its name in this bench."""
    return [sys.executable, "-m", "tests.bench.serving", SERVERS[name], str(port)]


def entrants(work: str, servers: Mapping[str, Server], token: str) -> dict[str, Entrant]:
    """Return who does a work, ready to be measured.

    Args:
        work: a key of NEEDED.
        servers: those running, by name.
        token: an access token; at the floor any good one, for a list that of an admin, else that of a session.

    Raises:
        LoadError: a user of the refreshes could not sign in.
    """
    if work == "login":
        return {"bcrypt alone": _bcrypt, "Charter": _served(servers["Charter"], lambda: _crowd(traffic.LOGIN), SLOW)}
    if work == "refresh":
        server = servers["Charter"]
        users = [Caller(traffic.refreshing(traffic.sign_in(server)[1])) for _ in range(CONNECTIONS)]
        return {"Charter": _served(server, lambda: users)}
    request = traffic.get(traffic.PATHS[work], token)
    return {name: _served(servers[name], lambda: _crowd(request)) for name in NEEDED[work]}


def _crowd(request: bytes) -> list[Caller]:
    return traffic.callers(request, CONNECTIONS)


def _served(server: Server, users: Callable[[], list[Caller]], longer: int = 1) -> Entrant:
    def measure(seconds: float) -> Round:
        used, busy, begin = server.core_seconds(), busy_seconds(LOAD_CORE), perf_counter()
        try:
            measured = load(server.port, users(), seconds * longer)
        except LoadError as error:
            raise LoadError(f"{server.name}: {error}") from error
        passed = perf_counter() - begin
        return Round(measured, (server.core_seconds() - used) / passed, (busy_seconds(LOAD_CORE) - busy) / passed)

    return measure


def _bcrypt(seconds: float) -> Round:
    program = [sys.executable, "-m", "tests.bench.rivals.bcrypt_alone", str(BCRYPT_COST), str(seconds * SLOW)]
    busy, begin = busy_seconds(LOAD_CORE), perf_counter()
    with on_core(SERVER_CORE):
        output = subprocess.run(program, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    rate, p50, p99, slowest, server_share = (float(word) for word in output.split())
    load_share = (busy_seconds(LOAD_CORE) - busy) / (perf_counter() - begin)
    return Round(Measured(rate, p50, p99, slowest), server_share, load_share)
