"""GET /v1/users/me without a socket: what the interpreter needs for it. Usage: inside TOKEN SECONDS

The application is called in this process, one request after another, with the real databases. Only the processor time
of this process counts, not the time in which it waits for them. Writes JSON: that time for a request in microseconds,
how many requests there were, and the session statement as PostgreSQL gets it, with the id of its decision.
"""

import asyncio
import json
import os
import sys
from time import perf_counter, process_time
from typing import Any

import psycopg2

from app.config import Config
from app.factory import create_app
from models.user import User
from tests.bench.driver import HOST, LoadError
from tests.bench.traffic import ME_PATH

WARM_UP = 200
STATEMENT = "charter_decide_request("


def scope_of(token: str) -> dict[str, Any]:
    """Return the request as uvicorn passes it on."""
    names = {"host": HOST, "accept": "*/*", "authorization": f"Bearer {token}"}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": ME_PATH,
        "raw_path": ME_PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in names.items()],
        "client": (HOST, 50_000),
        "server": (HOST, 80),
        "state": {},
    }


async def read(app: Any, token: str) -> None:
    """Call the application once.

    Raises:
        LoadError: the response is not 200.
    """
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope_of(token), receive, send)
    if sent[0]["status"] != 200:
        raise LoadError(f"the response was {sent[0]['status']}: {sent[-1].get('body', b'')[:500]!r}")


async def measure(token: str, seconds: float) -> dict[str, Any]:
    """Return what is written."""
    app = create_app(Config.from_environment(os.environ))
    asked: list[tuple[str, Any]] = []
    hooks: list[Any] = User._meta.database.query_hooks
    lifespan = await _start(app)

    def keep(query: Any, *rest: Any) -> None:
        found = (query, *rest) if isinstance(query, str) else (query.sql, query.params)
        if STATEMENT in found[0]:
            asked.append((found[0], found[1]))

    hooks.append(keep)
    await read(app, token)
    hooks.remove(keep)
    if not asked:
        raise LoadError(f"no statement with {STATEMENT} was run")
    for _ in range(WARM_UP):
        await read(app, token)
    count, used, begin = 0, process_time(), perf_counter()
    while perf_counter() - begin < seconds:
        await read(app, token)
        count += 1
    used = process_time() - used
    lifespan.cancel()
    return {"microseconds": used / count * 1e6, "requests": count, "statement": _text(*asked[0])}


async def _start(app: Any) -> "asyncio.Task[None]":
    """Tell the application that the server starts, wait until it is ready, and return the task of its lifespan."""
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    begun = False

    async def receive() -> dict[str, Any]:
        nonlocal begun
        if begun:
            await asyncio.Event().wait()
        begun = True
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        if not ready.done():
            ready.set_result(None)

    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    lifespan: asyncio.Task[None] = asyncio.create_task(app(scope, receive, send))
    await ready
    return lifespan


def _text(sql: str, parameters: Any) -> str:
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    try:
        return connection.cursor().mogrify(sql, parameters).decode()
    finally:
        connection.close()


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(asyncio.run(measure(sys.argv[1], float(sys.argv[2])))) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the threads of the application are not waited for
