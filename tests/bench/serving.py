"""Serves one application the way `charter serve` serves Charter. Usage: serving MODULE:NAME PORT

The application is made before the event loop runs; a name that is a function takes no argument and returns it.
"""

import inspect
import sys
from functools import partial
from importlib import import_module

import uvicorn

from app.gateway.http.protocol import Protocol
from tests.bench.driver import HOST

HEAD_SECONDS = 15


def main(place: str, port: int) -> None:
    """Serve until SIGTERM."""
    module, _, name = place.partition(":")
    app = getattr(import_module(module), name)
    if inspect.isfunction(app) and not inspect.iscoroutinefunction(app):
        app = app()
    uvicorn.run(
        app,
        host=HOST,
        port=port,
        loop="uvloop",
        http=partial(Protocol, head_seconds=HEAD_SECONDS),
        ws="none",
        server_header=False,
        proxy_headers=False,
        access_log=False,
        log_config=None,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
