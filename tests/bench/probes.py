"""Measurements of Charter alone: a light request beside 200 sign-ins, starts, and two workers beside one."""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter

from tests.bench import traffic
from tests.bench.driver import HOST, Caller, Measured, beside, repeat
from tests.bench.processes import CORES, Server, free_port, on_core

LOGINS = 200
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
