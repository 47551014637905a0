"""How the trail grows over many mixed requests, and how much write-ahead log a request leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tests.bench import traffic
from tests.bench.driver import Caller, LoadError, Script, load, repeat
from tests.bench.processes import Server
from tests.bench.world import World

REQUESTS = 100_000
PEOPLE = 32
"""The accounts that send requests. Rows of a single account would share index entries, and the trail grow less."""
_SECONDS = 5.0

# Tables, indexes and TOAST of the whole trail: the partitions of its rows, and what these refer to.
_SIZE = """
SELECT sum(pg_total_relation_size(oid)) FROM pg_class
WHERE relkind IN ('r', 'm') AND relname ~ '^(charter_)?audit_' AND relnamespace = 'public'::regnamespace
"""
_DECISIONS = "SELECT count(permission) FROM audit_events"
_EVENTS = "SELECT count(*) FROM audit_events WHERE permission IS NULL"
_LOG = "SELECT pg_current_wal_lsn() - '0/0'"


@dataclass(frozen=True, slots=True)
class Growth:
    """What many requests left.

    Attributes:
        requests: how many there were.
        decisions, events: the rows that they left in the trail.
        size: by how many bytes the trail grew for each row, indexes included.
        read_log, refresh_log: bytes of write-ahead log for each `GET /v1/users/me`, and for each refresh, right after a
            checkpoint.
    """

    requests: int
    decisions: int
    events: int
    size: float
    read_log: float
    refresh_log: float


def measure(server: Server, world: World) -> Growth:
    """Send requests of many kinds, and return what they left.

    Raises:
        LoadError: a response was not 2xx.
    """
    sessions = [traffic.sign_in(server, traffic.crowd(number)) for number in range(1, PEOPLE + 1)]
    admin, _ = traffic.sign_in(server, traffic.ADMIN_EMAIL)
    sent = [0]
    callers = [Caller(_counted(_person(*tokens), sent)) for tokens in sessions]
    callers += [Caller(_counted(_admin(admin), sent))]
    with world.connect() as connection, connection.cursor() as cursor:

        def number(statement: str) -> int:
            cursor.execute(statement)
            row = cursor.fetchone()
            assert row is not None
            return int(row[0])

        def log_of(some: Sequence[Caller]) -> float:
            load(server.port, some, 1.0, warm_up=0)
            server.settle()
            cursor.execute("CHECKPOINT")
            before = number(_LOG)
            measured = load(server.port, some, _SECONDS, warm_up=0)
            return (number(_LOG) - before) / (measured.rate * _SECONDS)

        load(server.port, callers, 1.0, warm_up=0)
        server.settle()
        figures = (_SIZE, _DECISIONS, _EVENTS)
        first, before = sent[0], [number(one) for one in figures]
        while sent[0] - first < REQUESTS:
            load(server.port, callers, _SECONDS, warm_up=0)
        server.settle()
        size, decisions, events = (number(one) - then for one, then in zip(figures, before, strict=True))
        if not decisions:
            raise LoadError("the requests left no rows in audit_events")
        tokens = [traffic.sign_in(server, traffic.crowd(number)) for number in range(1, PEOPLE + 1)]
        return Growth(
            sent[0] - first,
            decisions,
            events,
            size / (decisions + events),
            log_of([Caller(repeat(traffic.get(traffic.ME_PATH, access).raw)) for access, _ in tokens]),
            log_of([Caller(traffic.refreshing(refresh)) for _, refresh in tokens]),
        )


def _person(access: str, refresh: str) -> Script:
    """Return the script of somebody who reads, changes something now and then, and stays signed in."""
    body = yield traffic.get(traffic.ME_PATH, access).raw
    account: dict[str, Any] = orjson.loads(body)["data"]
    own = f"/v1/users/{account['id']}"
    reads = [traffic.get(path, access).raw for path in (traffic.ME_PATH, f"{own}/profile", own, f"{own}/sessions")]
    number = 0
    while True:
        for request in (*reads, *reads[:2]):  # noqa: UP028 (a tuple could not be sent the responses)
            yield request
        number += 1
        yield traffic.patch(traffic.ME_PATH, access, {"bio": f"Version {number}"}).raw
        body = yield traffic.refresh(refresh).raw
        refresh = orjson.loads(body)["data"]["refresh_token"]


def _admin(access: str) -> Script:
    """Return the script of somebody who looks after the others."""
    paths = ("/v1/users?limit=20", "/v1/audit-events?limit=20", f"/v1/users/{traffic.USER_ID}", "/v1/stats/users")
    while True:
        for path in paths:
            yield traffic.get(path, access).raw


def _counted(script: Script, sent: list[int]) -> Script:
    """Return the same script; count its requests."""
    request = next(script)
    while True:
        body = yield request
        sent[0] += 1
        request = script.send(body)
