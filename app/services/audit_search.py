"""Reads the audit trail: newest first, filtered, a page at a time, at a cost that does not grow with the trail.

Every query uses an index that ends in the id, so a page is the first entries of one range of the index. Partial indexes
hold the rows that are rare among many others. `since` and `until` also bound the id, so a query skips whole months.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from app.identifiers import lowest_id
from charter import Context, CursorListing, CursorPage, run

COMMAND = "cli"
"""The actor of rows that the command wrote, where no account acts."""

# A row's id is made after its request arrived. By then the request may have waited for a thread and for its body, and
# the clock may have been corrected.
_SLACK = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_FIRST_ID, _LAST_ID = UUID(int=0), UUID(int=2**128 - 1)

_KIND_OF = {"allowed": "decision", "denied": "decision", "succeeded": "event", "failed": "event"}

# The trail has UUIDs in lower case. Every id of the first targets is one; those of the last are names, which stay.
_WITH_UUIDS = frozenset({"user", "session"})
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WITH_NAMES = frozenset({"role", "setting"})

_COLUMNS = """id, kind, occurred_at, request_id, actor_id, actor_role, action, permission, outcome, reason,
    target_type, target_id, details"""

# The constant parts of a condition are those of the partial indexes.
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
    """A row of the trail with its client; the client's two columns are None after it was erased."""

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


class Filters(NamedTuple):
    """The rows that a search returns; None does not filter.

    Attributes:
        actor: only rows of this account; `cli`: rows of the command.
        action: only rows with this operationId or event name.
        outcome: only rows that are allowed, denied, succeeded or failed.
        kind: only decisions or only events.
        target: only rows about this target, as `type:id`; the id is all that follows the first colon. A UUID may be in
            either case.
        since: only rows of this moment or later, aware.
        until: only rows before this moment, aware; none match unless it is later than since.
    """

    actor: str | None = None
    action: str | None = None
    outcome: str | None = None
    kind: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def search(context: Context, page: CursorPage, filters: Filters) -> CursorListing:
    """Return a page of the trail, newest first by id, without the decision that allows this request."""
    actor, action, outcome, kind, target, since, until = filters
    if (kind and outcome and kind != _KIND_OF[outcome]) or (since and until and until <= since):
        return CursorListing([], None)
    target_type, _, target_id = (target or "").partition(":")
    if target_type in _WITH_UUIDS or (target_type not in _WITH_NAMES and _UUID.fullmatch(target_id)):
        target_id = target_id.lower()
    ceiling = lowest_id(max(_EPOCH, min(until, _LAST - _SLACK) + _SLACK)) if until else None
    wanted: dict[str, object] = {
        "own": context.decision_id,
        "lowest": lowest_id(max(since, _EPOCH + _SLACK) - _SLACK) if since else None,
        "highest": min((bound for bound in (page.after, ceiling) if bound), default=None),
        "since": since,
        "until": until,
        "command": COMMAND if actor == COMMAND else None,
        "actor": actor if actor != COMMAND else None,
        "kind": kind,
        "outcome": outcome,
        "target_type": target_type or None,
        "target_id": target_id or None,
    }
    conditions = {name: value for name, value in wanted.items() if value is not None}
    if outcome == "succeeded":
        # This condition makes the query use the indexes of events, instead of reading all the decisions.
        conditions["kind"] = "event"
    rows = run(*_query(conditions, action, outcome, kind, page.limit + 1))
    entries = [AuditEntry._make(row) for row in rows[: page.limit]]
    return CursorListing(entries, entries[-1].id if len(rows) > page.limit else None)


def _query(
    filters: dict[str, object], action: str | None, outcome: str | None, kind: str | None, most: int
) -> tuple[str, dict[str, object]]:
    """Return the statement and its parameters."""
    if action is None:
        return _with_clients(_rows_that(_conditions(filters)) + _NEWEST), {**filters, "most": most}
    if "target_id" in filters or "command" in filters:
        # One target, or the command, has fewer rows than all the outcomes one after the other.
        conditions = [*_conditions(filters), "action = %(action)s"]
        return _with_clients(_rows_that(conditions) + _NEWEST), {**filters, "action": action, "most": most}
    outcomes = [name for name, its_kind in _KIND_OF.items() if outcome in (None, name) and kind in (None, its_kind)]
    bounds = {"action": action, "outcomes": outcomes, "lowest": _FIRST_ID, "highest": _LAST_ID}
    return _by_action(filters), {**bounds, **filters, "most": most}


def _by_action(filters: Mapping[str, object]) -> str:
    """Return the statement that reads the first rows of each outcome of an action, and keeps the first of them.

    An action never has some of the outcomes, and the planner's statistics do not say so: a scan in the order of the ids
    would then read the log to its end. The same goes for an action that an account rarely did. A condition between two
    rows of an index, over all its columns, makes the planner read that index alone.
    """
    conditions = _conditions(
        {name: value for name, value in filters.items() if name not in ("kind", "outcome", "actor")}
    )
    key, bound = "action, outcome, id", "%(action)s, wanted.outcome"
    if "actor" in filters:
        key, bound = f"actor_id, {key}", f"%(actor)s::uuid, {bound}"
    # With `<` the planner would expect no rows, and would not keep the order of the index.
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
