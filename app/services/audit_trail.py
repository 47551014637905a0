"""The audit trail as it is read: newest first, filtered, a page at a time, at a cost that does not grow with it.

Rows are found by an index that ends in the id, so that a page is the first entries of one stretch of it; the partial
ones among these hold what is looked for among a great many other rows. `since` and `until` bound the id too, so that
whole months are left alone.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from app.database import run
from app.identifiers import lowest_id

COMMAND = "cli"
"""The actor of what was done by the command, where no account acts."""

# A row's id is made while its request is answered, by the same clock that said when it came: by then the request may
# have waited for a thread and for its body, and the clock may have been put right.
_SLACK = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_FIRST_ID, _LAST_ID = UUID(int=0), UUID(int=2**128 - 1)

_KIND_OF = {"allowed": "decision", "denied": "decision", "succeeded": "event", "failed": "event"}

# Things whose ids are UUIDs, and stand in the trail as those are written: in lower case.
_WITH_UUIDS = frozenset({"user", "session"})

_COLUMNS = """id, kind, occurred_at, request_id, actor_id, actor_role, action, permission, outcome, reason,
    target_type, target_id, details"""

# The words of a condition that are not parameters are those of the partial indexes.
_CONDITIONS: Mapping[str, str] = {
    "own": "id <> %(own)s",
    "lowest": "id >= %(lowest)s",
    "highest": "id < %(highest)s",
    "since": "occurred_at >= %(since)s",
    "until": "occurred_at < %(until)s",
    "command": "actor_id IS NULL AND actor_role = %(command)s",
    "actor": "actor_id = %(actor)s",
    "kind": "kind = %(kind)s",
    "outcome": "outcome = %(outcome)s",
    "target_type": "target_type = %(target_type)s",
    "target_id": "target_id = %(target_id)s",
}

_NEWEST = " ORDER BY id DESC LIMIT %(most)s"


class AuditEntry(NamedTuple):
    """A row of the trail with its client, whose two values are None once it is erased."""

    id: UUID
    kind: str
    occurred_at: datetime
    request_id: str
    actor_id: UUID | None
    actor_role: str | None
    action: str
    permission: str | None
    outcome: str
    reason: str | None
    target_type: str | None
    target_id: str | None
    details: dict[str, Any] | None
    address: str | None
    user_agent: str | None


def search(
    *,
    after: UUID | None,
    limit: int,
    own: UUID | None = None,
    actor: str | None = None,
    action: str | None = None,
    outcome: str | None = None,
    kind: str | None = None,
    target: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[list[AuditEntry], UUID | None]:
    """Return a page of the trail, newest first by id.

    Args:
        after: keeps the rows with lower ids.
        limit: rows to return at most.
        own: id of the decision that lets the caller look; it is left out, being no part of what they look at.
        actor: keeps what this account did; `cli`: what the command did.
        action: keeps rows of this operationId or event name.
        outcome: keeps allowed, denied, succeeded or failed ones.
        kind: keeps decisions or events.
        target: `type:id`, the id being all that follows the first colon; keeps rows about this thing. The id of a user
            or a session may be in either case.
        since: keeps what occurred then or later, aware.
        until: keeps what occurred before, aware; nothing did unless it is later than since.

    Returns:
        (rows, the last one's id if more follow).
    """
    if (kind and outcome and kind != _KIND_OF[outcome]) or (since and until and until <= since):
        return [], None
    target_type, _, target_id = (target or "").partition(":")
    if target_type in _WITH_UUIDS:
        target_id = target_id.lower()
    ceiling = lowest_id(max(_EPOCH, min(until, _LAST - _SLACK) + _SLACK)) if until else None
    asked: dict[str, object] = {
        "own": own,
        "lowest": lowest_id(max(since, _EPOCH + _SLACK) - _SLACK) if since else None,
        "highest": min((bound for bound in (after, ceiling) if bound), default=None),
        "since": since,
        "until": until,
        "command": COMMAND if actor == COMMAND else None,
        "actor": actor if actor != COMMAND else None,
        "kind": kind,
        "outcome": outcome,
        "target_type": target_type or None,
        "target_id": target_id or None,
    }
    filters = {name: value for name, value in asked.items() if value is not None}
    if outcome == "succeeded":
        # Said, it is looked for in the indexes of events, and not among all the decisions.
        filters["kind"] = "event"
    rows = run(*_query(filters, action, outcome, kind, limit + 1))
    entries = [AuditEntry._make(row) for row in rows[:limit]]
    return entries, entries[-1].id if len(rows) > limit else None


def _query(
    filters: dict[str, object], action: str | None, outcome: str | None, kind: str | None, most: int
) -> tuple[str, dict[str, object]]:
    """Return the statement and its parameters."""
    if action is None:
        return _with_clients(_rows_that(_conditions(filters)) + _NEWEST), {**filters, "most": most}
    if "target_id" in filters or "command" in filters:
        # Of one thing, or by the command, there is less to read than of all the outcomes one after the other.
        conditions = [*_conditions(filters), "action = %(action)s"]
        return _with_clients(_rows_that(conditions) + _NEWEST), {**filters, "action": action, "most": most}
    outcomes = [name for name, its_kind in _KIND_OF.items() if outcome in (None, name) and kind in (None, its_kind)]
    stretch = {"action": action, "outcomes": outcomes, "lowest": _FIRST_ID, "highest": _LAST_ID}
    return _by_action(filters), {**stretch, **filters, "most": most}


def _by_action(filters: Mapping[str, object]) -> str:
    """Return the statement that takes the first rows of each outcome of an action, and of these the first.

    An action never has some of the outcomes, which no statistics say: asked for those, a scan in the order of the ids
    would read the log to its end. Nor do they say what an account hardly ever did. What lies between two rows of an
    index, in the order of all its columns, is read from that index alone.
    """
    conditions = _conditions(
        {name: value for name, value in filters.items() if name not in ("kind", "outcome", "actor")}
    )
    key, bound = "action, outcome, id", "%(action)s, wanted.outcome"
    if "actor" in filters:
        key, bound = f"actor_id, {key}", f"%(actor)s::uuid, {bound}"
    # With `<` it would be expected to hold nothing, and not be worth an order.
    conditions += [f"({key}) >= ({bound}, %(lowest)s)", f"({key}) <= ({bound}, %(highest)s)"]
    order = ", ".join(f"{column} DESC" for column in key.split(", "))
    first = f"{_rows_that(conditions)} ORDER BY {order} LIMIT %(most)s"
    wanted = "unnest(%(outcomes)s) AS wanted (outcome)"
    return _with_clients(f"SELECT part.* FROM {wanted} CROSS JOIN LATERAL ({first}) part{_NEWEST}")  # noqa: S608


def _conditions(filters: Mapping[str, object]) -> list[str]:
    return [text for name, text in _CONDITIONS.items() if name in filters]


def _rows_that(conditions: list[str]) -> str:
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {_COLUMNS}, client_id FROM audit_events {where}"  # noqa: S608 (constants)


def _with_clients(page: str) -> str:
    return f"""
        SELECT {", ".join(f"e.{name.strip()}" for name in _COLUMNS.split(","))}, c.address, c.user_agent
        FROM ({page}) e
        LEFT JOIN audit_clients c ON c.id = e.client_id
        ORDER BY e.id DESC
    """  # noqa: S608 (constants)
