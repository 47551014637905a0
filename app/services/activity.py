"""What happened when: registrations, sign-ins and sessions by the hour or the day.

Hours that are over for long enough are settled: counted once, and kept in `activity_hours`, by `settle`. `points` adds
up these and counts what is not settled, in one statement and so in one snapshot, whatever settles meanwhile.

An event belongs to the moment at which it `occurred_at`. A session lives from `created_at` to the earliest of its ends,
and to its removal where its row is gone; `alive` of an hour counts those from before that live at its start. Rows are
committed later than the moment they tell, and clocks differ: STATISTICS_SETTLE_SECONDS is how much later is allowed
for, and the last hours are counted again each time.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from app.database import run, time_limit, transaction
from app.errors import ValidationError, Violation

Interval = Literal["hour", "day"]

STEPS: dict[str, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
DEFAULT_SPANS = {"hour": timedelta(hours=24), "day": timedelta(days=30)}
MAX_POINTS = 400

# So many settled hours are counted again, for rows that came late.
AGAIN_HOURS = 24
# So many are settled in one transaction.
CHUNK_HOURS = 168
# A run that has taken so long leaves the rest to the next one.
_RUN_SECONDS = 10
_LONGEST_SECONDS = 600

_HOUR = STEPS["hour"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime.min.replace(tzinfo=UTC)

# The moment at which a session is over, with an index of its own.
_OVER = "greatest(created_at, least(ended_at, idle_expires_at, expires_at))"


# The step that the moment before lies in; the index is on the moment itself.
_ENDED_IN = "date_bin(%(step)s::interval, over_at, %(since)s + interval '1 microsecond') - interval '1 microsecond'"


def _counted(columns: str, ranges: str, source: str, start: str, where: str) -> str:
    """Return the part of a statement that counts rows of a source by the start of the step that they belong to."""
    return f"""
        SELECT start, {columns} FROM {ranges} CROSS JOIN LATERAL (
            SELECT {start} AS start, count(*)::integer AS number FROM {source} WHERE {where} GROUP BY 1
        ) counted
    """  # noqa: S608 (constants of this file)


def _of_events(columns: str, which: str) -> str:
    where = f"{which} AND occurred_at >= lower AND occurred_at < upper"
    return _counted(
        columns, "event_ranges", "audit_events", "date_bin(%(step)s::interval, occurred_at, %(since)s)", where
    )


def _opened(source: str) -> str:
    start = "CASE WHEN created_at >= %(since)s THEN date_bin(%(step)s::interval, created_at, %(since)s) END"
    return _counted("0, 0, 0, number, 0", "session_ranges", source, start, "created_at >= lower AND created_at < upper")


def _closed(source: str) -> str:
    """Count by the last moment at which a session lived: the one before it was over, or the only one there was."""
    start = f"""CASE WHEN over_at > created_at AND over_at > %(since)s THEN {_ENDED_IN}
                     WHEN over_at = created_at AND over_at >= %(since)s
                         THEN date_bin(%(step)s::interval, created_at, %(since)s) END"""
    where = """over_at >= lower AND over_at <= upper
               AND (over_at > lower OR created_at = lower) AND (over_at < upper OR created_at < upper)"""
    return _counted("0, 0, 0, 0, number", "ending_ranges", source, start, where)


# Rows of (start, registrations, sign-ins, failures, opened, closed), several for a start; without a start: what
# became of sessions before the first one. The ranges are those of whoever puts this into a statement.
_COUNTED = " UNION ALL ".join(
    (
        _of_events(
            "number AS registrations, 0 AS sign_ins, 0 AS failures, 0 AS opened, 0 AS closed",
            "action = 'user.registered' AND outcome = 'succeeded' AND details ? 'user_id'",
        ),
        _of_events("0, number, 0, 0, 0", "action = 'session.created' AND outcome = 'succeeded'"),
        _of_events("0, 0, number, 0, 0", "action = 'session.created' AND outcome = 'failed'"),
        _opened("sessions"),
        _opened("removed_sessions"),
        _closed(f"(SELECT created_at, {_OVER} AS over_at FROM sessions) ending"),  # noqa: S608
        _closed("(SELECT created_at, ended_at AS over_at FROM removed_sessions) ending"),
    )
)

# What is counted as it stands: events after the settled hours and before them, and sessions from as far back as it
# takes to know how many lived at the first start; where nothing is settled, that is from the beginning. Which of them
# end in the last step makes no difference to it.
_POINTS = f"""
WITH mark AS MATERIALIZED (
    SELECT coalesce(settled_since, '-infinity') AS since, coalesce(settled_until, '-infinity') AS until
    FROM activity_watermarks
), event_ranges (lower, upper) AS MATERIALIZED (
    SELECT greatest(%(since)s, until), %(until)s FROM mark WHERE %(until)s > until
    UNION ALL SELECT %(since)s, least(%(until)s, since) FROM mark WHERE %(since)s < since
), session_ranges (lower, upper) AS MATERIALIZED (
    SELECT until, %(until)s FROM mark WHERE %(until)s > until
    UNION ALL SELECT '-infinity', least(%(until)s, since) FROM mark WHERE %(since)s < since
), ending_ranges (lower, upper) AS MATERIALIZED (
    SELECT lower, least(upper, %(until)s - %(step)s::interval) FROM session_ranges
    WHERE lower < %(until)s - %(step)s::interval
), counted AS (
    SELECT date_bin(%(step)s::interval, start, %(since)s) AS start, registrations, sign_ins, failures, opened, closed
    FROM activity_hours WHERE start >= %(since)s AND start < %(until)s
    UNION ALL
    SELECT NULL, 0, 0, 0, alive, 0 FROM activity_hours, mark
    WHERE start = %(since)s AND %(since)s < until
    UNION ALL
    SELECT NULL, 0, 0, 0, alive + opened, closed FROM activity_hours, mark
    WHERE start = until - interval '1 hour' AND %(since)s >= until
    UNION ALL {_COUNTED}
)
SELECT start, sum(registrations), sum(sign_ins), sum(failures), sum(opened), sum(closed)
FROM counted GROUP BY start
"""  # noqa: S608 (constants of this file)

_SETTLE = f"""
WITH event_ranges (lower, upper) AS MATERIALIZED (SELECT %(since)s::timestamptz, %(until)s::timestamptz),
session_ranges AS MATERIALIZED (SELECT * FROM event_ranges),
ending_ranges AS MATERIALIZED (SELECT * FROM event_ranges),
counted AS ({_COUNTED}),
hours AS (
    SELECT start, coalesce(sum(registrations), 0) AS registrations, coalesce(sum(sign_ins), 0) AS sign_ins,
           coalesce(sum(failures), 0) AS failures, coalesce(sum(opened), 0) AS opened,
           coalesce(sum(closed), 0) AS closed
    FROM generate_series(%(since)s, %(until)s - %(step)s::interval, %(step)s::interval) AS hour (start)
    LEFT JOIN counted USING (start)
    GROUP BY start
)
INSERT INTO activity_hours (start, registrations, sign_ins, failures, alive, opened, closed)
SELECT start, registrations, sign_ins, failures,
       coalesce((SELECT alive + opened - closed FROM activity_hours WHERE start = %(since)s - %(step)s::interval), 0)
       + coalesce(sum(opened - closed) OVER (ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0),
       opened, closed
FROM hours
ON CONFLICT (start) DO UPDATE SET registrations = excluded.registrations, sign_ins = excluded.sign_ins,
    failures = excluded.failures, alive = excluded.alive, opened = excluded.opened, closed = excluded.closed
"""  # noqa: S608

# Whoever finds it locked leaves the work to the other.
_LOCK = "SELECT settled_since, settled_until FROM activity_watermarks FOR UPDATE SKIP LOCKED"

_FIRST_MOMENT = """
SELECT least(
    (SELECT min(occurred_at) FROM audit_events
     WHERE action = 'user.registered' AND outcome = 'succeeded' AND details ? 'user_id'),
    (SELECT min(occurred_at) FROM audit_events WHERE action = 'session.created' AND outcome = 'succeeded'),
    (SELECT min(occurred_at) FROM audit_events WHERE action = 'session.created' AND outcome = 'failed'),
    (SELECT min(created_at) FROM sessions),
    (SELECT min(created_at) FROM removed_sessions)
)
"""

_MARK = """
UPDATE activity_watermarks
SET settled_since = %(settled_since)s, settled_until = %(until)s, final_until = %(final_until)s
"""

_FORGET = "DELETE FROM removed_sessions WHERE ended_at < %(final_until)s"


class Point(NamedTuple):
    """An hour or a day.

    Attributes:
        registrations: accounts that people made for themselves.
        sign_ins: sign-ins that opened a session.
        failures: sign-ins that were refused or failed.
        active_sessions: sessions that lived at some moment of it.
    """

    start: datetime
    registrations: int
    sign_ins: int
    failures: int
    active_sessions: int


def points(*, since: datetime | None, until: datetime | None, interval: Interval, now: datetime) -> list[Point]:
    """Return the activity in order of time, one point for each hour or day in UTC, empty ones too.

    Args:
        since: aware; the first point is the one that it lies in; None: so that there are 24 hours or 30 days.
        until: aware; the last point is the one that ends then, or that it lies in; None, or later than now: now.

    Raises:
        ValidationError: since is not earlier than until, or there are more than 400 points.
    """
    if since and since >= (until or now):
        raise _refusal("Must be earlier than until.")
    step = STEPS[interval]
    end = -_floor(_EPOCH - min(until or now, now), step)
    begin = _floor(since - _EPOCH, step) if since else max(end - DEFAULT_SPANS[interval], _FIRST - _EPOCH)
    if (end - begin) // step > MAX_POINTS:
        raise _refusal(f"Must leave at most {MAX_POINTS} points.")
    starts = [_EPOCH + begin + number * step for number in range((end - begin) // step)]
    return _points(starts, step) if starts else []


def settle(*, settle_seconds: int, now: datetime) -> None:
    """Settle the hours that are over for long enough; any number of workers may do so at once.

    Args:
        settle_seconds: how long an hour must be over.
    """
    horizon = _EPOCH + _floor(now - timedelta(seconds=settle_seconds) - _EPOCH, _HOUR)
    due = time.monotonic() + _RUN_SECONDS
    with time_limit(_LONGEST_SECONDS):
        while _settle_some(horizon) and time.monotonic() < due:
            pass


def _settle_some(horizon: datetime) -> bool:
    """Settle some hours before the horizon; return whether there is more to do."""
    with transaction():
        locked = run(_LOCK)
        if not locked:
            return False
        ((settled_since, settled_until),) = locked
        if settled_until is None:
            ((first,),) = run(_FIRST_MOMENT)
            if first is None:
                return False
            settled_since = settled_until = _EPOCH + _floor(first - _EPOCH, _HOUR)
        if settled_until >= horizon:
            return False
        since = max(settled_since, settled_until - AGAIN_HOURS * _HOUR)
        until = min(horizon, settled_until + CHUNK_HOURS * _HOUR)
        run(_SETTLE, {"since": since, "until": until, "step": _written(_HOUR)})
        mark = {"settled_since": settled_since, "until": until}
        mark["final_until"] = max(settled_since, until - AGAIN_HOURS * _HOUR)
        run(_MARK, mark)
        run(_FORGET, mark)
    return bool(until < horizon)


def _points(starts: list[datetime], step: timedelta) -> list[Point]:
    rows = run(_POINTS, {"since": starts[0], "until": starts[-1] + step, "step": _written(step)})
    found = {start and start.astimezone(UTC): counts for start, *counts in rows}
    *_, opened, closed = found.get(None, (0, 0))
    alive, points = opened - closed, []
    for start in starts:
        registrations, sign_ins, failures, opened, closed = found.get(start, (0, 0, 0, 0, 0))
        points.append(Point(start, registrations, sign_ins, failures, alive + opened))
        alive += opened - closed
    return points


def _written(step: timedelta) -> str:
    """Return the step for PostgreSQL: in seconds, since a day of its own is not always 24 hours long."""
    return f"{int(step.total_seconds())} seconds"


def _floor(span: timedelta, step: timedelta) -> timedelta:
    return span // step * step


def _refusal(message: str) -> ValidationError:
    return ValidationError(details=[Violation(message, "since")])
