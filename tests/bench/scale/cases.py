"""What is asked of both databases: every read operation of the document, lists in all the ways that they can be asked.

An operation that is new in the document is asked by itself, with what tests/standins.py says in its path and the
examples of the document elsewhere. A response other than 2xx ends the run: write in `_LISTS` what to ask instead.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from urllib.parse import quote

from app.spec.document import Document
from app.spec.operation import Operation, operations
from tests.standins import stand_in

SINGLE, LIST = 1.5, 2.0
"""How many times as much the large database may cost: work on single rows, and a page of a list."""

AGGREGATE_MS = 100.0
"""How long statistics may take on the large one: the hours that are not settled yet have more in them there."""

# One in eight has the first, an address or a name in a hundred the second, a few the third, nobody the last.
_SEARCHES = ("a", "anna", "anna.s", "zzz")
# From nine in ten down to one in ten thousand.
_ROLES = ("user", "guest", "support", "auditor", "admin")
_STATUSES = ("active", "suspended")
_SORTS = ("-created_at", "created_at", "email", "-email", "updated_at", "-updated_at")
_AMONG_MANY = "q of many, by address (bounded)"
"""All matches are collected and sorted, up to `user_search.MAX_SORTED`; where more match, it is refused. Shown, and not
judged: a hundred times as many matches cost more, up to that bound."""


@dataclass(frozen=True, slots=True)
class Case:
    """One request.

    Attributes:
        asks: the kind of request, under which the slowest of its cases is shown.
        path: with names in braces for what differs between the databases.
        bound: how many times as much it may cost; None: it is only shown.
        pages: how many pages to follow first.
        most_ms: how long it may take on the large database, in place of a bound.
    """

    operation_id: str
    asks: str
    path: str
    bound: float | None
    pages: int = 0
    most_ms: float | None = None


class NothingToAsk(Exception):
    """A read operation needs something that neither the document nor this module names."""


def cases(document: Document) -> list[Case]:
    """Return what is asked of the read operations of a document.

    Raises:
        NothingToAsk: which, and for want of what.
    """
    found = {operation.body["operationId"]: operation for operation in operations(document) if operation.safe}
    if gone := sorted(_LISTS.keys() - found.keys()):
        raise NothingToAsk(f"the document has no {', '.join(gone)} any more")
    return [case for name, operation in found.items() for case in _cases(name, operation)]


def _cases(name: str, operation: Operation) -> Iterator[Case]:
    path = operation.path
    for parameter in operation.path_parameters:
        path = path.replace(f"{{{parameter}}}", stand_in(parameter).seeded or _example(operation, parameter, "path"))
    bound: float | None = LIST if "x-paginated" in operation.body else SINGLE
    most_ms = None
    if operation.body.get("x-cache", {}).get("policy") == "statistics":
        bound, most_ms = None, AGGREGATE_MS
    asked = [p["name"] for p in operation.parameters if p["in"] == "query" and p.get("required")]
    least = "&".join(f"{parameter}={_example(operation, parameter, 'query')}" for parameter in asked)
    for asks, queries, pages in _LISTS.get(name, [("", [least], 0)]):
        for query in queries:
            whole = query if query.startswith("/") else f"{path}?{query}" if query else path
            yield Case(name, asks, whole, None if asks == _AMONG_MANY else bound, pages, most_ms)


def _example(operation: Operation, name: str, place: str) -> str:
    parameter = operation.parameter(name, place) or {}
    if "example" not in parameter:
        raise NothingToAsk(f"{operation.name} has no example of its parameter {name}")
    return quote(str(parameter["example"]))


def _grid(*choices: Iterable[str]) -> list[str]:
    """Return the queries that take one of each."""
    return ["&".join(part for part in parts if part) for parts in product(*choices)]


_SORTED = [f"sort={sort}" for sort in _SORTS]
_BY_TIME = [sort for sort in _SORTED if "email" not in sort]
_BY_ADDRESS = [sort for sort in _SORTED if "email" in sort]
_Q = [f"q={q}" for q in _SEARCHES]
_ROLE = [f"role={role}" for role in _ROLES]
_STATUS = [f"status={status}" for status in _STATUSES]
_ACTORS = ["actor={busy}", "actor={user}", "actor=cli"]
# What happens all the time, what the busy account hardly did, what there is none of.
_ACTIONS = ["action=get_user", "action=delete_user", "action=session.created", "action=no_such_thing"]
_OUTCOMES = [f"outcome={outcome}" for outcome in ("allowed", "denied", "succeeded", "failed")]
_KINDS = ["kind=decision", "kind=event"]
_TIMES = ["since={month_ago}", "until={month_ago}", "since={month_ago}&until={week_ago}"]

_LISTS: dict[str, Sequence[tuple[str, Sequence[str], int]]] = {
    "list_users": [
        ("no filter", _grid(_SORTED), 0),
        ("no filter, offset 9900", _grid(_SORTED, ["offset=9900"]), 0),
        ("role", _grid(_ROLE, _SORTED), 0),
        ("role, offset 90 % down", _grid(["role=user&offset=8000", "role=guest&offset=900"], _SORTED), 0),
        ("status", _grid(_STATUS, _SORTED), 0),
        ("status, offset 90 % down", _grid(["status=active&offset=8900", "status=suspended&offset=150"], _SORTED), 0),
        ("role, status", _grid(_ROLE, _STATUS, _SORTED), 0),
        ("q", _grid(_Q, _BY_TIME), 0),
        ("q of few, by address", _grid(_Q[2:], _BY_ADDRESS), 0),
        (_AMONG_MANY, _grid(_Q[1:2], ["", *_ROLE[:2]], ["", *_STATUS[:1]], _BY_ADDRESS), 0),
        ("q, offset 90 % down", _grid(["q=a&offset=900", "q=anna&offset=90"], _BY_TIME), 0),
        ("q, role", _grid(_Q, _ROLE, _BY_TIME), 0),
        ("q, status", _grid(_Q, _STATUS, _BY_TIME), 0),
        ("q, role, status", _grid(_Q, _ROLE, _STATUS, _BY_TIME), 0),
        ("q of few, role, status, by address", _grid(_Q[2:], ["", *_ROLE], ["", *_STATUS], _BY_ADDRESS), 0),
        ("pages of 100", _grid(["", "q=a", "q=anna", "role=guest", "q=a&role=guest"], _BY_TIME, ["limit=100"]), 0),
        ("offset 10 000", _grid(["", *_ROLE[:2]], ["", *_STATUS], _BY_TIME, ["offset=10000"]), 0),
    ],
    "list_audit_events": [
        ("no filter", [""], 0),
        ("no filter, 20 pages on", ["limit=100"], 20),
        ("actor", _ACTORS, 0),
        ("action", _ACTIONS, 0),
        ("outcome", _OUTCOMES, 0),
        ("kind", _KINDS, 0),
        ("target", ["target=user:{user}", "target=role:support", "target=role:none"], 0),
        ("since, until", _TIMES, 0),
        ("actor, action", _grid(_ACTORS, _ACTIONS), 0),
        ("actor, outcome or kind", _grid(_ACTORS, [*_OUTCOMES, *_KINDS]), 0),
        ("action, outcome or kind", _grid(_ACTIONS, [*_OUTCOMES, *_KINDS]), 0),
        ("actor, action, outcome", _grid(_ACTORS, _ACTIONS, _OUTCOMES), 0),
        ("target, actor or action", _grid(["target=user:{user}", "target=role:support"], [*_ACTORS, *_ACTIONS]), 0),
        ("time, actor, action", _grid(_TIMES, ["", *_ACTORS], ["", *_ACTIONS]), 0),
        ("time, action, outcome", _grid(_TIMES, _ACTIONS, _OUTCOMES), 0),
        ("actor, 20 pages on", ["actor={busy}&limit=100"], 20),
    ],
    "list_sessions": [
        ("of anybody", [""], 0),
        ("of an account with a hundred", ["/v1/users/{busy}/sessions", "/v1/users/{busy}/sessions?limit=100"], 0),
    ],
    "list_roles": [("", ["", "limit=100"], 0)],
    "get_activity_stats": [("", ["", "interval=hour", "interval=day"], 0)],
}
