"""Reads the audit trail: newest first, filtered, a page at a time, at a cost that does not grow with the trail.

The words of a row are those of its label, and there are some hundreds of labels. An index has the rows of each label
in the order of their ids, but for those of the same four seconds; other indexes have those of each actor or target. So
a page is merged from the newest rows of the labels that the filters select. `since` and `until` also bound the id, so a
query skips whole months.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from app.identifiers import lowest_id
from charter import Context, CursorListing, CursorPage, run
from models.audit_entry import COMMAND_ROLE_ID

COMMAND = "cli"
"""The actor of rows that the command wrote, where no account acts."""

# A row's id is made after its request arrived. By then the request may have waited for a thread and for its body, and
# the clock may have been corrected.
_SLACK = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
# So many rows are looked through for those that nearly all of them are.
_READ_FIRST = 1000
# Ids from the year 2248 on have the last tick.
_LAST_TICK = 2**31 - 1

_KIND_OF = {"allowed": "decision", "denied": "decision", "succeeded": "event", "failed": "event"}

# The trail has UUIDs in lower case. Every id of the first targets is one; those of the last are names, which stay. The
# ids of a project's targets may be either.
_WITH_UUIDS = frozenset({"user", "session"})
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WITH_NAMES = frozenset({"role", "setting"})

# What a condition compares: the words of a label, or a column of the row itself.
_LABEL_CONDITIONS: Mapping[str, str] = {
    "action": "l.action = %(action)s",
    "outcome": "l.outcome = %(outcome)s",
    "kind": "l.outcome = ANY (%(outcomes)s)",
    "target_type": "l.target_type = %(target_type)s",
}
_ROW_CONDITIONS: Mapping[str, str] = {
    "own": "e.id <> %(own)s",
    "lowest": "e.id >= %(lowest)s",
    "highest": "e.id < %(highest)s",
    "since": "e.occurred_at >= %(since)s",
    "until": "e.occurred_at < %(until)s",
    # The constant parts are those of the partial indexes.
    "command": f"e.actor_id IS NULL AND e.role_id = {COMMAND_ROLE_ID}",
    "actor": "e.actor_id = %(actor)s",
    "target_id": "e.target_id = %(target_id)s",
    "target_name": "e.target_name = %(target_name)s",
}


class _Index(NamedTuple):
    """An index that ends in the label and the tick.

    Attributes:
        column: what comes before, and its value.
        rows: which rows are in it.
        exactly: a condition for the rows that are found; the planner does not know how few it leaves.
    """

    column: str
    value: str
    rows: str
    exactly: str = "true"


# The first one that fits the filters is used, for the filters that it names. Of a name that the planner knows it may
# expect few rows, and sort them all; it does not know that of a subquery.
_WHOSE: Mapping[tuple[str, ...], _Index] = {
    ("command",): _Index("", "", _ROW_CONDITIONS["command"]),
    ("target_name", "actor"): _Index(
        "e.target_name, uuid_hash(e.actor_id), ",
        "(SELECT %(target_name)s), uuid_hash(%(actor)s), ",
        "e.target_name IS NOT NULL",
        "coalesce(e.actor_id = %(actor)s, false)",
    ),
    ("target_id",): _Index(
        "uuid_hash(e.target_id), ",
        "uuid_hash(%(target_id)s), ",
        "e.target_id IS NOT NULL",
        "coalesce(e.target_id = %(target_id)s, false)",
    ),
    ("target_name",): _Index("e.target_name, ", "(SELECT %(target_name)s), ", "e.target_name IS NOT NULL"),
    ("actor",): _Index(
        "uuid_hash(e.actor_id), ",
        "uuid_hash(%(actor)s), ",
        "e.actor_id IS NOT NULL",
        "coalesce(e.actor_id = %(actor)s, false)",
    ),
}
_OF_ALL = _Index("", "", "true")


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
    ceiling = lowest_id(max(_EPOCH, min(until, _LAST - _SLACK) + _SLACK)) if until else None
    lowest = lowest_id(max(since, _EPOCH + _SLACK) - _SLACK) if since else None
    highest = min((bound for bound in (page.after, ceiling) if bound), default=None)
    wanted: dict[str, object] = {
        "own": context.decision_id,
        "lowest": lowest,
        "lowest_tick": tick_of(lowest) if lowest else 0,
        "highest": highest,
        "highest_tick": tick_of(highest) if highest else _LAST_TICK,
        "since": since,
        "until": until,
        "command": True if actor == COMMAND else None,
        "actor": actor if actor != COMMAND else None,
        "action": action,
        "kind": kind,
        "outcome": outcome,
        "outcomes": [name for name, its_kind in _KIND_OF.items() if its_kind == kind] if kind else None,
    }
    rows: list[Any] = []
    for meant in _meant_by(target):
        given = {name: value for name, value in {**wanted, **meant}.items() if value is not None}
        rows += _newest(given, page.limit + 1)
    rows.sort(key=itemgetter(0), reverse=True)
    entries = [AuditEntry._make(row) for row in rows[: page.limit]]
    return CursorListing(entries, entries[-1].id if len(rows) > page.limit else None)


def _newest(filters: Mapping[str, object], most: int) -> list[Any]:
    """Return the newest rows that match all filters, with their words and clients."""
    parameters = {**filters, "most": most, "first": _READ_FIRST}
    if _are_most_rows(filters):
        rows = run(_with_words(_in_order(filters)), parameters)
        # Somebody may have written many others since, such as sign-ins that failed.
        if len(rows) == most or not _selected(_LABEL_CONDITIONS, filters):
            return rows
    return run(_statement(filters), parameters)


def tick_of(identifier: UUID) -> int:
    """Return the column `tick` of a row with this id: the time of the id in units of 4096 ms.

    It is that of app/database/functions/charter_audit_tick.sql.
    """
    return min(identifier.int >> 92, _LAST_TICK)


def _meant_by(target: str | None) -> list[dict[str, object]]:
    """Return the filters of each target that is meant: its type, and its id as a row has it, a UUID or else a name."""
    if not target:
        return [{}]
    kind, _, written = target.partition(":")
    lowered = written.lower()
    as_uuid: dict[str, object] = {"target_type": kind, "target_id": lowered}
    as_name: dict[str, object] = {"target_type": kind, "target_name": lowered if kind in _WITH_UUIDS else written}
    if not _UUID.fullmatch(lowered) or (kind in _WITH_NAMES and written != lowered):
        return [as_name]
    return [as_uuid] if kind in _WITH_UUIDS or written == lowered else [as_uuid, as_name]


def _statement(filters: Mapping[str, object]) -> str:
    """Return the statement that reads a page with these filters.

    The page is merged from the newest rows of each label: of those that the words select, or, without an action, of
    those of them that the actor or the target has rows of. Rows of the same tick are sorted, and no others.
    """
    words = _selected(_LABEL_CONDITIONS, filters)
    whose = next((names for names in _WHOSE if filters.keys() >= {*names}), ())
    index = _WHOSE.get(whose, _OF_ALL)
    labels_met = _labels_of(index) if whose and "action" not in filters else ""
    if labels_met:
        words.append("l.id IN (SELECT id FROM met)")
    key, bound = f"{index.column}e.label_id, e.tick", f"{index.value}l.id"
    conditions = [
        index.rows,
        index.exactly,
        *_selected(_ROW_CONDITIONS, {name: value for name, value in filters.items() if name not in whose}),
        # With `=` the planner may expect few rows, and sort them all. These say no more than the index does.
        f"({key}) >= ({bound}, %(lowest_tick)s)",
        f"({key}) <= ({bound}, %(highest_tick)s)",
    ]
    order = ", ".join(f"{column} DESC" for column in [*key.split(", "), "e.id"])
    newest = f"SELECT e.* FROM charter_audit_entries e {_where(conditions)} ORDER BY {order} LIMIT %(most)s"  # noqa: S608
    merged = f"""SELECT part.* FROM charter_audit_labels l CROSS JOIN LATERAL ({newest}) part {_where(words)}
        ORDER BY part.id DESC LIMIT %(most)s"""  # noqa: S608 (constants)
    return labels_met + _with_words(merged)


def _are_most_rows(filters: Mapping[str, object]) -> bool:
    """Return whether nearly every row that was written in some time can be on the page."""
    return (
        not filters.keys() & {"actor", "command", "action", "target_type"}
        and filters.get("outcome", "allowed") == "allowed"
        and filters.get("kind", "decision") == "decision"
    )


def _in_order(filters: Mapping[str, object]) -> str:
    """Return the query that looks through the newest rows in the order of their ids."""
    where = _where(_selected(_ROW_CONDITIONS, filters))
    newest = f"SELECT e.* FROM charter_audit_entries e {where} ORDER BY e.id DESC LIMIT %(first)s"  # noqa: S608 (constants)
    words = _selected(_LABEL_CONDITIONS, filters)
    if words:
        words = [f"e.label_id = ANY (ARRAY(SELECT l.id FROM charter_audit_labels l {_where(words)}))"]  # noqa: S608
    return f"SELECT e.* FROM ({newest}) e {_where(words)} ORDER BY e.id DESC LIMIT %(most)s"  # noqa: S608


def _labels_of(index: _Index) -> str:
    """Return the part of a statement that finds the labels which an actor or a target has rows of.

    It goes from each label to the next one in the index, and reads none of the rows between.
    """
    same = f"({index.column[:-2]}) = ({index.value[:-2]})" if index.column else "true"
    first = f"SELECT e.label_id FROM charter_audit_entries e WHERE {index.rows} AND {same}"  # noqa: S608 (constants)
    return f"""
        WITH RECURSIVE met (id) AS (
            ({first} ORDER BY e.label_id LIMIT 1)
            UNION ALL
            SELECT ({first} AND e.label_id > met.id ORDER BY e.label_id LIMIT 1) FROM met WHERE met.id IS NOT NULL
        )
    """  # noqa: S608 (constants)


def _selected(conditions: Mapping[str, str], filters: Mapping[str, object]) -> list[str]:
    return [text for name, text in conditions.items() if name in filters]


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _with_words(page: str) -> str:
    """Return the statement that adds to the rows of a page what their numbers stand for, and their clients."""
    return f"""
        SELECT e.id, CASE WHEN l.outcome IN ('allowed', 'denied') THEN 'decision' ELSE 'event' END, e.occurred_at,
               coalesce(e.request_id::text, e.request_name), e.actor_id, r.role, l.action, l.permission, l.outcome,
               l.reason, l.target_type, coalesce(e.target_id::text, e.target_name), e.details, c.address, c.user_agent
        FROM ({page}) e
        LEFT JOIN charter_audit_labels l ON l.id = e.label_id
        LEFT JOIN charter_audit_roles r ON r.id = e.role_id
        LEFT JOIN audit_clients c ON c.id = e.client_id
        ORDER BY e.id DESC
    """  # noqa: S608 (constants)
