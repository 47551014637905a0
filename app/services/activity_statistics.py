"""Activity statistics: registrations, sign-ins and sessions by the hour or the day.

`aggregate_hours` counts the hours that have been over for long enough, once, and stores them in `activity_hours`: they
are settled. `read_points` adds up the settled hours and counts the rest, in one statement and so in one snapshot,
whatever another worker aggregates meanwhile.

An event belongs to the moment in `occurred_at`. A session is alive from `created_at` to the earliest of its ends; one
whose row was deleted, until then. `alive` of an hour is the number of older sessions that are alive at its start. Rows
are committed later than the moment in them, and clocks differ: STATISTICS_SETTLE_SECONDS allows for this, and each run
counts the last hours again.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from app.database import time_limit
from app.errors import ValidationError, Violation
from charter import execute, fetch_one, run, transaction
from models import ActivityWatermark, RemovedSession

Interval = Literal["hour", "day"]

STEPS: dict[str, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
DEFAULT_SPANS = {"hour": timedelta(hours=24), "day": timedelta(days=30)}
MAX_POINTS = 400

# Each run counts this many settled hours again, for rows that came late.
AGAIN_HOURS = 24
# One transaction settles at most this many hours.
CHUNK_HOURS = 168
# A run that takes longer leaves the rest to the next one.
_RUN_SECONDS = 10
_MAX_SECONDS = 600

_HOUR = STEPS["hour"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime.min.replace(tzinfo=UTC)

# Sessions with the moment at which each is over. It has no index, because every rotation moves it. The columns that
# have one leave few sessions of other hours.
_ENDING = """(
    SELECT created_at, greatest(created_at, least(ended_at, idle_expires_at, expires_at)) AS over_at FROM sessions
    WHERE (ended_at >= lower AND ended_at <= upper) OR (created_at >= lower AND created_at <= upper)
       OR (ends_by > lower AND ends_by <= upper + interval '1 day') OR ends_by IS NULL
) ending"""


# The step that contains the moment before; the index is on the moment itself.
_ENDED_IN = "date_bin(%(step)s::interval, over_at, %(since)s + interval '1 microsecond') - interval '1 microsecond'"


def _counted(columns: str, ranges: str, source: str, start: str, where: str) -> str:
    """Return the part of a statement that counts rows of a source by the start of the step that they are in."""
    return f"""
        SELECT start, {columns} FROM {ranges} CROSS JOIN LATERAL (
            SELECT {start} AS start, count(*)::integer AS number FROM {source} WHERE {where} GROUP BY 1
        ) counted
    """  # noqa: S608 (constants of this file)


def _of_events(columns: str, which: str) -> str:
    where = f"{which} AND occurred_at >= lower AND occurred_at < upper"
    return _counted(
        columns, "event_ranges", "charter_audit_entries", "date_bin(%(step)s::interval, occurred_at, %(since)s)", where
    )


def _opened(source: str) -> str:
    start = "CASE WHEN created_at >= %(since)s THEN date_bin(%(step)s::interval, created_at, %(since)s) END"
    return _counted("0, 0, 0, number, 0", "session_ranges", source, start, "created_at >= lower AND created_at < upper")


def _closed(source: str) -> str:
    """Count by the last moment at which a session was alive: the one before its end, or its only moment."""
    start = f"""CASE WHEN over_at > created_at AND over_at > %(since)s THEN {_ENDED_IN}
                     WHEN over_at = created_at AND over_at >= %(since)s
                         THEN date_bin(%(step)s::interval, created_at, %(since)s) END"""
    where = """over_at >= lower AND over_at <= upper
               AND (over_at > lower OR created_at = lower) AND (over_at < upper OR created_at < upper)"""
    return _counted("0, 0, 0, 0, number", "ending_ranges", source, start, where)


# Rows of (start, registrations, sign-ins, failures, opened, closed), several for a start. Rows without a start count
# sessions from before the first start. The statement around this defines the ranges. What the trail's numbers count is
# in app/database/functions/charter_counted_as.sql.
_COUNTED = " UNION ALL ".join(
    (
        _of_events(
            "number AS registrations, 0 AS sign_ins, 0 AS failures, 0 AS opened, 0 AS closed",
            "counted = 1",
        ),
        _of_events("0, number, 0, 0, 0", "counted = 2"),
        _of_events("0, 0, number, 0, 0", "counted = 3"),
        _opened("sessions"),
        _opened("removed_sessions"),
        _closed(_ENDING),
        _closed("(SELECT created_at, ended_at AS over_at FROM removed_sessions) ending"),
    )
)

# This counts the events after the settled hours and before them. It counts sessions from as far back as it needs for
# the number alive at the first start; where nothing is settled, from the beginning. Sessions that end in the last step
# do not change the result.
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

_AGGREGATE = f"""
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

_FIRST_MOMENT = """
SELECT least(
    (SELECT min(occurred_at) FROM charter_audit_entries WHERE counted = 1),
    (SELECT min(occurred_at) FROM charter_audit_entries WHERE counted = 2),
    (SELECT min(occurred_at) FROM charter_audit_entries WHERE counted = 3),
    (SELECT min(created_at) FROM sessions),
    (SELECT min(created_at) FROM removed_sessions)
)
"""


class ActivityPoint(NamedTuple):
    """An hour or a day.

    Attributes:
        registrations: accounts that people made for themselves.
        sign_ins: sign-ins that opened a session.
        failures: sign-ins that were rejected or failed.
        active_sessions: sessions that were alive at some moment of it.
    """

    start: datetime
    registrations: int
    sign_ins: int
    failures: int
    active_sessions: int


def read_points(
    since: datetime | None, until: datetime | None, interval: Interval, *, now: datetime
) -> list[ActivityPoint]:
    """Return the activity in order of time, one point for each hour or day in UTC, empty ones too.

    Args:
        since: aware; the first point contains it; None: 24 hours or 30 days before the last.
        until: aware; the last point ends then, or contains it; None, or later than now: now.

    Raises:
        ValidationError: since is not earlier than until, or there are more than 400 points.
    """
    starts = starts_of_points(since, until, interval, now=now)
    return _points(starts, STEPS[interval]) if starts else []


def starts_of_points(
    since: datetime | None, until: datetime | None, interval: Interval, *, now: datetime
) -> list[datetime]:
    """Return when each point of `read_points` begins, with the same arguments and errors."""
    if since and since >= (until or now):
        raise _invalid("Must be earlier than until.")
    step = STEPS[interval]
    end = -_floor(_EPOCH - min(until or now, now), step)
    begin = _floor(since - _EPOCH, step) if since else max(end - DEFAULT_SPANS[interval], _FIRST - _EPOCH)
    if (end - begin) // step > MAX_POINTS:
        raise _invalid(f"Must be later: a response has at most {MAX_POINTS} points.")
    return [_EPOCH + begin + number * step for number in range((end - begin) // step)]


def aggregate_hours(*, settle_seconds: int, now: datetime) -> None:
    """Count and store the hours that have been over for long enough; any number of workers may do this at once.

    Args:
        settle_seconds: how long an hour must be over.
    """
    horizon = _EPOCH + _floor(now - timedelta(seconds=settle_seconds) - _EPOCH, _HOUR)
    due = time.monotonic() + _RUN_SECONDS
    with time_limit(_MAX_SECONDS):
        while _aggregate_some(horizon) and time.monotonic() < due:
            pass


def _aggregate_some(horizon: datetime) -> bool:
    """Aggregate some hours before the horizon; return whether there are more."""
    with transaction():
        # A worker that finds the row locked leaves the work to the other one.
        watermark = fetch_one(ActivityWatermark.select().for_update(skip_locked=True))
        if watermark is None:
            return False
        settled_since, settled_until = watermark.settled_since, watermark.settled_until
        if settled_since is None or settled_until is None:
            ((first,),) = run(_FIRST_MOMENT)
            if first is None:
                return False
            settled_since = settled_until = _EPOCH + _floor(first - _EPOCH, _HOUR)
        if settled_until >= horizon:
            return False
        since = max(settled_since, settled_until - AGAIN_HOURS * _HOUR)
        until = min(horizon, settled_until + CHUNK_HOURS * _HOUR)
        final_until = max(settled_since, until - AGAIN_HOURS * _HOUR)
        run(_AGGREGATE, {"since": since, "until": until, "step": _written(_HOUR)})
        new = {"settled_since": settled_since, "settled_until": until, "final_until": final_until}
        execute(ActivityWatermark.update(new))
        execute(RemovedSession.delete().where(RemovedSession.ended_at < final_until))
    return bool(until < horizon)


def _points(starts: list[datetime], step: timedelta) -> list[ActivityPoint]:
    rows = run(_POINTS, {"since": starts[0], "until": starts[-1] + step, "step": _written(step)})
    counted = {start and start.astimezone(UTC): counts for start, *counts in rows}
    *_, opened, closed = counted.get(None, (0, 0))
    alive, points = opened - closed, []
    for start in starts:
        registrations, sign_ins, failures, opened, closed = counted.get(start, (0, 0, 0, 0, 0))
        points.append(ActivityPoint(start, registrations, sign_ins, failures, alive + opened))
        alive += opened - closed
    return points


def _written(step: timedelta) -> str:
    """Return the step as PostgreSQL reads it: in seconds, because its day is not always 24 hours long."""
    return f"{int(step.total_seconds())} seconds"


def _floor(span: timedelta, step: timedelta) -> timedelta:
    return span // step * step


def _invalid(message: str) -> ValidationError:
    return ValidationError(details=[Violation(message, "since")])
