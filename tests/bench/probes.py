"""What is no comparison with a rival: the wait beside a crowd, starts, two workers, the size of a decision."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter

from tests.bench import traffic
from tests.bench.driver import HOST, Caller, LoadError, Measured, beside, repeat
from tests.bench.processes import CORES, Server, free_port, on_core
from tests.bench.world import World

InTurn = Callable[[int, Sequence[str], float], Measured]
"""Lets access tokens read their accounts in turn: port, tokens, seconds."""
LOGINS = 200
CALLERS = 32
"""Accounts whose decisions are weighed; all of one account would fit into fewer pages of an index."""
DECISIONS_SECONDS = 15.0
STARTS = 3
WORKERS_CONNECTIONS = 64
"""With less load, two workers have smaller batches each than one. Nobody needs a second worker then."""
COMMAND = (sys.executable, "-m", "app.cli", "serve")
HEALTH = f"GET /health HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def light_beside_logins(server: Server, token: str) -> Measured:
    """Return the latencies of GET /v1/users/me on one connection while 200 sign-ins wait their turn."""
    crowd = traffic.callers(traffic.LOGIN, LOGINS)
    return beside(server.port, crowd, Caller(repeat(traffic.get(traffic.ME_PATH, token).raw)))


def starts(folder: Path) -> list[float]:
    """Return the seconds from the command to the first 200 of /health, PostgreSQL and Valkey started along with it.

    The first start, which makes the databases, is not among them. The process may use every core, as a person's would.
    """
    found = []
    state = {"CHARTER_ENV": "development", "CHARTER_STATE": str(folder / "state"), "DATABASE_URL": "", "REDIS_URL": ""}
    for number in range(STARTS + 1):
        port = free_port()
        environ = {**state, "HOST": HOST, "PORT": str(port)}
        begin = perf_counter()
        server = Server("charter serve", COMMAND, port, folder / f"start-{number}.log", environ)
        try:
            server.wait_until_ready(HEALTH)
            found.append(perf_counter() - begin)
        finally:
            server.stop()
    return found[1:]


@contextlib.contextmanager
def workers(folder: Path, environ: Mapping[str, str]) -> Iterator[dict[str, Server]]:
    """Keep two servers running, one of one worker and one of two, which may use every core."""
    servers: dict[str, Server] = {}
    with contextlib.ExitStack() as stack, on_core(*CORES):
        for name, count in (("one worker", 1), ("two workers", 2)):
            port = free_port()
            command = (*COMMAND, "--workers", str(count), "--port", str(port))
            servers[name] = Server(name, command, port, folder / f"workers-{count}.log", environ)
            stack.callback(servers[name].stop)
        for server in servers.values():
            server.wait_until_ready(HEALTH)
        yield servers


# Tables, indexes and TOAST of the whole trail: the partitions of its rows, and what these refer to.
_SIZE = """
SELECT sum(pg_total_relation_size(oid)) FROM pg_class
WHERE relkind IN ('r', 'm') AND relname ~ '^(charter_)?audit_' AND relnamespace = 'public'::regnamespace
"""


def decision_bytes(server: Server, world: World, send: InTurn) -> tuple[float, int]:
    """Return by how many bytes the trail grows for each decision, indexes included, and how many there were.

    Args:
        send: lets these tokens read their accounts, in turn, for some seconds.

    Raises:
        LoadError: a response was not 2xx.
    """
    tokens = [traffic.sign_in(server, traffic.crowd(number))[0] for number in range(1, CALLERS + 1)]
    send(server.port, tokens, 1.0)
    server.settle()
    with world.connect() as connection, connection.cursor() as cursor:

        def look() -> tuple[int, int]:
            figures = []
            for statement in (_SIZE, "SELECT count(*) FROM audit_events"):
                cursor.execute(statement)
                row = cursor.fetchone()
                assert row is not None
                figures.append(int(row[0]))
            return figures[0], figures[1]

        size, count = look()
        send(server.port, tokens, DECISIONS_SECONDS)
        server.settle()
        later, more = look()
    if more <= count:
        raise LoadError("the requests left no rows in audit_events")
    return (later - size) / (more - count), more - count
