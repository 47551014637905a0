"""Law 10 over the whole run: whatever a test used as a secret is looked for in all it printed, logged and stored.

Secrets are learned on the wire: the tokens that were handed out or shown, and the passwords that were taken. What was
printed is what pytest captured, the log of the services included, and what `charter serve` wrote. What was stored is
every row of the test's database and every key of its Valkey, before either is emptied.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx
import psycopg2
import redis
import structlog
from psycopg2.extensions import connection as DriverConnection

from app.config import Config
from app.observability import logging
from app.observability.log_writer import flush

# Of any test: what the services sign with, and how a hash of a password begins.
ALWAYS = ("3d7f0b1c9a5e48d2b6c4f1a09e8d7c6b5a493827", "9c8b7a6d5e4f30211f2e3d4c5b6a798897a6b5c4", "$2b$")
_PASSWORDS = ("password", "current_password", "new_password")
_TOKENS = ("access_token", "refresh_token")
_MADE_FOR_SECRETS = {"users": "password_hash", "settings": "value"}
# Shorter ones, refused or not, are words that may stand anywhere.
_SHORTEST_PASSWORD = 12

# The services of a test process log here: a line may be written when its test has already ended.
_log = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # open as long as the process
LOG = _log.fileno()

_noted: set[str] = set()
_read = 0


class Leak(AssertionError):
    """A secret where none belongs."""


def note(*secrets: str) -> None:
    """Take texts for secrets, until the module under test has ended."""
    _noted.update(secrets)


def forget() -> None:
    """Forget the secrets of a module that has ended."""
    _noted.clear()


def noted() -> frozenset[str]:
    """Return the secrets of this module so far, but for those of any test."""
    return frozenset(_noted)


def learn(response: httpx.Response) -> None:
    """Note the secrets of a request that was taken, and of its response."""
    request = response.request
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if response.status_code >= 300:
        return
    if scheme == "Bearer":
        _note_token(token)
    try:
        sent = json.loads(request.content)
    except (ValueError, httpx.RequestNotRead):
        return
    if not isinstance(sent, dict):
        return
    note(
        *(value for name in _PASSWORDS if isinstance(value := sent.get(name), str) and len(value) >= _SHORTEST_PASSWORD)
    )
    if request.url.path in ("/v1/auth/login", "/v1/auth/refresh"):
        response.read()
        given = response.json()["data"]
        for name in _TOKENS:
            _note_token(given[name])


_log_setup: tuple[Config, Any] | None = None


def keep_log(config: Config) -> None:
    """Remember that a service of the tests has set up the log of this process, to LOG."""
    global _log_setup  # noqa: PLW0603  # as much a state of the process as the setup is
    _log_setup = config, structlog.get_config()["logger_factory"]


def restore_log() -> None:
    """Set the log up for the service again, if a test has called what sets it up otherwise, such as a command."""
    if _log_setup is not None and structlog.get_config()["logger_factory"] is not _log_setup[1]:
        logging.configure(_log_setup[0], descriptor=LOG)
        keep_log(_log_setup[0])


def found_in(text: str) -> list[str]:
    """Return the secrets that stand in a text."""
    return [secret for secret in (*ALWAYS, *_noted) if secret in text]


def logged() -> str:
    """Return what the services have logged since this was last asked."""
    global _read  # noqa: PLW0603  # as much a state of the process as the file is
    flush()
    found = os.pread(LOG, os.fstat(LOG).st_size - _read, _read)
    _read += len(found)
    return found.decode("utf-8", "replace")


def refuse(text: str, place: str) -> None:
    """Raise Leak when a secret stands in a text.

    Args:
        place: what the text is, for the message.
    """
    if found := found_in(text):
        where = text.index(found[0])
        around = text[max(0, where - 200) : where + 100]
        raise Leak(f"{len(found)} secret{'s' * (len(found) != 1)} in {place}, such as {found[0]!r} in: {around}")


def query(connection: DriverConnection) -> str:
    """Return a query of (table, row as text) for every row there is, but for the columns made to hold secrets."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = quote_ident(current_schema())::regnamespace"
        )
        return " UNION ALL ".join(
            f"SELECT '{table}', (to_jsonb(t) - '{_MADE_FOR_SECRETS.get(table, '')}')::text FROM {table} t"
            for (table,) in cursor.fetchall()
        )


def rows(url: str) -> Iterator[str]:
    """Yield every row of every table as text, but for the columns that are made to hold secrets."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        if whole := query(connection):
            cursor.execute(whole)
            yield from (f"{table}: {row}" for table, row in cursor.fetchall())


@cache
def valkey(url: str) -> redis.Redis:
    """Return the client of a Valkey, the same to every test: making one takes three milliseconds."""
    return redis.Redis.from_url(url)


def cached(url: str) -> Iterator[str]:
    """Yield every key of Valkey with its value."""
    client = valkey(url)
    readers: dict[bytes, Callable[[bytes], Any]] = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"zset": lambda key: client.zrange(key, 0, -1),
    }
    for key in client.scan_iter():
        kind = client.type(key)
        if kind in readers:  # it may have expired meanwhile
            yield f"{key!r}: {readers[kind](key)!r}"


def _note_token(token: str) -> None:
    # The signature alone is as secret as the whole.
    note(token, token.rpartition(".")[2][-24:])
