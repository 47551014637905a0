"""What is measured: each kind of work, who does it, and how one round of one entrant is taken."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from tests.bench import shapes, traffic
from tests.bench.driver import CONNECTIONS, HOST, LoadError, Measured, NoResponseError
from tests.bench.drivers import PYTHON, Driver
from tests.bench.processes import LOAD_CORE, ROOT, SERVER_CORE, Server, busy_seconds, on_core
from tests.bench.shares import Meter, Shares, between
from tests.bench.traffic import Request
from tests.bench.world import BCRYPT_COST, World

SLOW = 2
"""Rounds of sign-ins take so many times longer: a core does some twenty a second, few to count in a short round."""
WARM_UP_SECONDS = 1.0
SHOWN_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one entrant."""

    measured: Measured
    shares: Shares

    @property
    def microseconds(self) -> float:
        """The server's processor time for a response."""
        return self.shares.server / self.measured.rate * 1e6


Prepared = TypeVar("Prepared")
Entrant = Callable[[float], Round]
"""Takes a round of so many seconds."""


def _uvicorn(module: str) -> tuple[str, ...]:
    """Return the command of a rival: nothing of Charter is in its process."""
    options = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header", "--no-proxy-headers")
    return ("-m", "uvicorn", f"tests.bench.rivals.{module}:app", "--host", HOST, *options, "--port")


SERVERS: Mapping[str, Sequence[str]] = {
    "hand-written": _uvicorn("handwritten"),
    "FastAPI": _uvicorn("fastapi_async"),
    "stock Connexion": _uvicorn("stock_connexion"),
    "Charter, bare": ("-m", "tests.bench.serving", "bare"),
    "Charter, logged": ("-m", "tests.bench.serving", "logged"),
    "Charter": ("-m", "app.cli", "serve", "--workers", "1", "--port"),
}
"""How each server is started by Python; the port is the last word."""

GUESTS = ("fastapi-users", "django-allauth", "better-auth")
"""Rivals that are installed when they are needed, and left out where that fails."""


def _each(*names: str) -> dict[str, str]:
    return {name: name for name in names}


NEEDED: Mapping[str, Mapping[str, str]] = {
    "floor": _each("hand-written", "Charter, bare", "Charter, logged", "FastAPI", "stock Connexion"),
    "me": _each("hand-written", "Charter", "FastAPI", "stock Connexion", *GUESTS),
    "user": _each("hand-written", "Charter", "FastAPI", "fastapi-users"),
    "cached": {
        "hand-written": "hand-written",
        "Charter": "Charter",
        "Charter, me": "Charter",
        "FastAPI, Redis": "FastAPI",
    },
    "list": _each("hand-written", "Charter", "FastAPI"),
    "search": _each("Charter", "FastAPI"),
    "refresh": _each("hand-written", "Charter", "FastAPI"),
    "login": _each("Charter"),
    "clients": _each("Charter"),
}
"""The entrants of each work, and the server of each."""

UNCACHED = "Charter, me"


def command(name: str, port: int) -> list[str]:
    """Return the command of a server by its name in this bench."""
    return [sys.executable, *SERVERS[name], str(port)]


@dataclass(frozen=True, slots=True)
class Course:
    """What a round needs: the servers that run, the driver, the meter of the processor, and the databases.

    Attributes:
        guests: the request of each installed rival, by work and name.
        connections: on which the same request is sent.
    """

    servers: Mapping[str, Server]
    driver: Driver
    world: World
    guests: Mapping[tuple[str, str], Request]
    connections: int = CONNECTIONS

    @property
    def meter(self) -> Meter:
        """The meter of the processor."""
        return Meter(self.world.processes)

    def entrants(self, work: str) -> dict[str, Entrant]:
        """Return who does a work, each warm and with a response that was found right.

        Raises:
            LoadError: an entrant's response was not the right one.
        """
        if work == "login":
            served = self._served(self.servers["Charter"], traffic.LOGIN, "login", SLOW)
            return {"bcrypt alone": _bcrypt, "Charter": served}
        if work == "refresh":
            return {name: self._refreshing(self.servers[server]) for name, server in NEEDED[work].items()}
        return {
            name: self._served(self.servers[server], request, work if name != UNCACHED else "me")
            for name, server in NEEDED[work].items()
            if (request := self._request(work, name)) is not None
        }

    def reading(self, servers: Mapping[str, Server]) -> dict[str, Entrant]:
        """Return servers of Charter that read the account of the caller."""
        request = traffic.get(traffic.ME_PATH, traffic.sign_in(next(iter(servers.values())))[0])
        return {name: self._served(server, request, "me") for name, server in servers.items()}

    def _request(self, work: str, name: str) -> Request | None:
        if name in GUESTS:
            return self.guests.get((work, name))
        if work == "floor":
            return traffic.get(traffic.FLOOR_PATH, traffic.unused_token(self.world.environ["JWT_SECRET"]))
        email = traffic.ADMIN_EMAIL if work in traffic.OF_ADMINS else traffic.EMAIL
        token = traffic.sign_in(self.servers["Charter"], email)[0]
        return traffic.get(traffic.PATHS["me" if name == UNCACHED else work], token)

    def _served(self, server: Server, request: Request, work: str, longer: int = 1) -> Entrant:
        def check() -> None:
            shapes.check(work, server.name, traffic.answer(server, request))

        def measure(driver: Driver, _: None, seconds: float) -> Measured:
            return driver.repeat(server.port, request, seconds * longer, self.connections)

        return self._entrant(server, lambda: None, measure, check)

    def _refreshing(self, server: Server) -> Entrant:
        def tokens() -> list[str]:
            if server.name != "Charter":
                return self.world.rival_tokens()
            users = map(traffic.crowd, range(1, CONNECTIONS + 1))
            return [traffic.sign_in(server, user)[1] for user in users]

        def measure(driver: Driver, prepared: list[str], seconds: float) -> Measured:
            return driver.refresh(server.port, prepared, seconds)

        def check() -> None:
            shapes.check("refresh", server.name, traffic.answer(server, traffic.refresh(tokens()[0])))

        return self._entrant(server, tokens, measure, check)

    def _entrant(
        self,
        server: Server,
        prepare: Callable[[], Prepared],
        measure: Callable[[Driver, Prepared, float], Measured],
        check: Callable[[], None],
    ) -> Entrant:
        """Return an entrant that has been checked and is warm.

        Args:
            prepare: does what is not measured; its result goes to `measure`.
            check: looks at the response to one request.
        """

        def send(prepared: Prepared, seconds: float) -> Measured:
            try:
                return measure(self.driver, prepared, seconds)
            except NoResponseError as error:
                raise NoResponseError(server.name) from error
            except LoadError as error:
                raise LoadError(f"{server.name}: {error}: {_shown(measure, prepare)}") from error

        def take(seconds: float) -> Round:
            prepared = prepare()
            server.settle()
            before = self.meter.read(server)
            measured = send(prepared, seconds)
            return Round(measured, between(before, self.meter.read(server)))

        check()
        with contextlib.suppress(NoResponseError):  # on a busy machine; the rounds are longer
            send(prepare(), WARM_UP_SECONDS)
        return take


def _shown(measure: Callable[[Driver, Prepared, float], Measured], prepare: Callable[[], Prepared]) -> str:
    """Return the response that is not 2xx: our own driver shows it."""
    try:
        measure(PYTHON, prepare(), SHOWN_SECONDS)
    except LoadError as error:
        return str(error)
    return f"the same load from our own driver got only good responses for {SHOWN_SECONDS:.0f} s"


def _bcrypt(seconds: float) -> Round:
    program = [sys.executable, "-m", "tests.bench.rivals.bcrypt_alone", str(BCRYPT_COST), str(seconds * SLOW)]
    cores = (SERVER_CORE, LOAD_CORE)
    busy, begin = [busy_seconds(core) for core in cores], perf_counter()
    with on_core(SERVER_CORE):
        output = subprocess.run(program, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    rate, p50, p99, slowest, share = (float(word) for word in output.split())
    passed = perf_counter() - begin
    shares = [(busy_seconds(core) - before) / passed for core, before in zip(cores, busy, strict=True)]
    return Round(Measured(rate, p50, p99, slowest), Shares(share, 0, 0, 0, *shares))
