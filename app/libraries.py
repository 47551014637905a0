"""The libraries of a server, imported without those modules that they ask for and that no server uses.

A process that serves calls `import_libraries` before it imports what needs them. The modules that are left out would
take memory in each worker, and time at each start. Everybody else may still import them.
"""

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn

# Libraries that can do without these, and do not find them.
_MISSING = (
    "rich",  # colours of structlog for traces, which are written as plain text
    "sqlite3",  # a database of peewee
    "watchfiles",  # the reloader of uvicorn
)
# Libraries that cannot do without these, and get placeholders.
_LEFT_OUT = (
    "a2wsgi.asgi",  # the way from WSGI to ASGI; Flask is behind the way back
    "configparser",  # files with a configuration of uvicorn's log
    "connexion.apps.asynchronous",  # our handlers run in threads
    "connexion.middleware.swagger_ui",  # /docs/try has our own
    "http.server",  # the exporter of prometheus_client; /metrics is a page
    "httpx",  # Connexion, for tests
    "itsdangerous",  # cookies of Flask; no page has one
    "jinja2",  # templates of Flask and Connexion; no page has one
    "jwt.jwks_client",  # keys that PyJWT would fetch
    "logging.config",  # the same of uvicorn
    "redis.asyncio",  # threads ask Redis, not the event loop
    "redis.asyncio.observability.recorder",
    "redis.cluster",
    "redis.commands.cluster",
    "redis.keyspace_notifications",
    "redis.sentinel",
    "requests",  # documents that Connexion would fetch
    "starlette.middleware.errors",  # the page of a crash; every response is ours
    "starlette.testclient",
    "urllib.request",  # the same of Connexion, and the exporter
    "uvicorn.supervisors",  # app.cli.supervisor is ours
    "werkzeug.serving",  # the server of Flask
    "werkzeug.test",
    "wsgiref.simple_server",  # the exporter again
)
# What any command needs, and what only a server needs.
OF_COMMANDS = ("jwt", "peewee", "structlog")
OF_SERVERS = ("connexion", "flask", "prometheus_client", "uvicorn")

# Two threads import during a start; neither may take away what stands in for the other's.
_importing = threading.RLock()


class _LeftOut:
    """Stands for a function or class of a module that is left out."""

    def __init__(self, *_: object, **__: object) -> NoReturn:
        raise NotImplementedError("Charter imports its libraries without what no server uses (app/libraries.py).")


class _Placeholder(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _LeftOut


def import_libraries(names: Iterable[str]) -> None:
    """Import what a server uses of some libraries; what has been imported already stays as it is."""
    with unused_left_out():
        for name in names:
            __import__(name)


@contextmanager
def unused_left_out() -> Iterator[None]:
    """Import without what no server uses."""
    with left_out(*_LEFT_OUT, missing=_MISSING):
        yield


@contextmanager
def left_out(*names: str, missing: tuple[str, ...] = ()) -> Iterator[None]:
    """Import without some modules; what is imported afterwards is the real one.

    Args:
        names: of modules that get placeholders; those that have been imported already stay.
        missing: of modules that are not found.
    """
    absent: dict[str, Any] = {name: _Placeholder(name) for name in names} | dict.fromkeys(missing)
    with _importing:
        absent = {name: stand_in for name, stand_in in absent.items() if name not in sys.modules}
        sys.modules.update(absent)
        try:
            yield
        finally:
            for name in absent:
                del sys.modules[name]
