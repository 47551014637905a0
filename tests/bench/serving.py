"""Serves as `charter serve` does: the engine floor, a constant, or Charter itself with the time of its statements.

Usage: serving bare|logged|constant|timed PORT
"""

import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from app.cli.serving import one_server
from app.config import Config
from tests.bench import charter
from tests.bench.driver import HOST
from tests.bench.scale import served

BODY = b'{"data": {}}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def constant(scope: Any, receive: Any, send: Any) -> None:
    """Answer everything with the same bytes, so that only socket and parser have work."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


APPLICATIONS: dict[str, Callable[[], Any]] = {
    "bare": charter.bare,
    "logged": charter.logged,
    "constant": lambda: constant,
    "timed": served.create,
}


def main(name: str, port: int) -> None:
    """Serve until SIGTERM."""
    app = APPLICATIONS[name]()
    with socket.create_server((HOST, port)) as listener:
        one_server(app, Config.from_environment(os.environ)).run([listener])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
