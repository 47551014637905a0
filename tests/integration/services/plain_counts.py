"""Random activity, and what counting its rows one by one says of it: what the statistics must equal to the row."""

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from app.database import run
from app.identifiers import new_id
from app.services.activity_statistics import STEPS, ActivityPoint, Interval
from tests.rows import write_row

# (action, outcome, details) of what may stand in the trail; the first four are counted.
KINDS = (
    ("user.registered", "succeeded", {"user_id": "x"}),
    ("session.created", "succeeded", {"session_id": "x"}),
    ("session.created", "failed", None),
    ("session.created", "failed", {"user_id": "x"}),
    ("user.registered", "succeeded", {"address": "known"}),
    ("user.registered", "failed", None),
    ("user.created", "succeeded", {"user_id": "x"}),
    ("session.refreshed", "succeeded", None),
)
MICROSECOND = timedelta(microseconds=1)

_SESSION = """
INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, address, network, created_at)
VALUES (%s, %s, 1, 'k', %s, %s, '::1', '::', %s)
"""
_EVENTS = "SELECT action, outcome, coalesce(details, '{}'), occurred_at FROM audit_events"
_SESSIONS = """
SELECT created_at, least(ended_at, idle_expires_at, expires_at) FROM sessions
UNION ALL SELECT created_at, over_at FROM gone
"""


def some_moment(luck: random.Random, since: datetime, until: datetime) -> datetime:
    """Return a moment in between, half of the time at the turn of an hour or next to it."""
    moment = since + (until - since) * luck.random()
    if luck.random() < 0.5:
        turn = moment.replace(minute=0, second=0, microsecond=0)
        moment = turn + luck.choice((-1, 0, 0, 1)) * MICROSECOND
    return min(max(moment, since), until)


def write_event(moment: datetime, kind: tuple[str, str, dict[str, str] | None]) -> UUID:
    action, outcome, details = kind
    written = json.dumps(details) if details else None
    return write_row("r", moment, kind="event", action=action, outcome=outcome, details=written)


def open_session(user_id: UUID, moment: datetime, *, idle: timedelta, absolute: timedelta) -> UUID:
    made = new_id()
    run(_SESSION, (made, user_id, moment + idle, moment + absolute, moment))
    return made


def remember_removed_sessions() -> None:
    """Make the table of what `remove_session` removes: what is no more cannot be counted one by one."""
    run("CREATE TABLE gone (created_at timestamptz, over_at timestamptz)")


def remove_session(session_id: UUID) -> None:
    """Remove a session, which by the clock of the database was over long ago."""
    run(
        "INSERT INTO gone SELECT created_at, least(ended_at, idle_expires_at, expires_at) FROM sessions WHERE id = %s",
        (session_id,),
    )
    run("DELETE FROM sessions WHERE id = %s", (session_id,))


def plain_count(since: datetime, until: datetime, interval: Interval) -> list[ActivityPoint]:
    """Return the points between two turns, each from a look at every row there is."""
    step = STEPS[interval]
    events, sessions = run(_EVENTS), run(_SESSIONS)

    def number(start: datetime, wanted: Callable[[str, str, dict[str, str]], bool]) -> int:
        return sum(start <= at < start + step and wanted(*what) for *what, at in events)

    found, start = [], since
    while start < until:
        found.append(
            ActivityPoint(
                start,
                number(start, lambda action, outcome, details: action == "user.registered" and "user_id" in details),
                number(start, lambda action, outcome, details: (action, outcome) == ("session.created", "succeeded")),
                number(start, lambda action, outcome, details: (action, outcome) == ("session.created", "failed")),
                sum(made < start + step and (over > start or made >= start) for made, over in sessions),
            )
        )
        start += step
    return found
