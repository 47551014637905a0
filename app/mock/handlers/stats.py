"""stats: how many accounts there are, and what happened when."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from app.mock.dependencies import MockDependencies
from app.mock.state import State
from app.services import activity_statistics
from app.services.activity_statistics import STEPS, ActivityPoint, Interval
from charter import Dependencies
from handlers.presenters import present_point
from models.user import STATUSES

Time = datetime | None


def get_user_stats(dependencies: Dependencies) -> dict[str, Any]:
    """Count the accounts."""
    tables = _state(dependencies).tables
    roles = Counter(account.role for account in tables.accounts.values())
    statuses = Counter(account.status for account in tables.accounts.values())
    return {
        "total": len(tables.accounts),
        "by_role": {name: roles[name] for name in sorted(tables.roles)},
        "by_status": {name: statuses[name] for name in STATUSES},
    }


def get_activity_stats(
    dependencies: Dependencies, since: Time, until: Time, interval: Interval
) -> list[dict[str, Any]]:
    """Count registrations, sign-ins and sessions, by the hour or the day, as far as the trail of the mock goes."""
    starts = activity_statistics.starts_of_points(since, until, interval, now=dependencies.clock())
    return [present_point(_point(_state(dependencies), start, start + STEPS[interval])) for start in starts]


def _point(state: State, start: datetime, end: datetime) -> ActivityPoint:
    events = Counter(
        (entry.action, entry.outcome)
        for entry in state.trail
        if entry.kind == "event"
        and start <= entry.occurred_at < end
        and (entry.action != "user.registered" or "user_id" in (entry.details or {}))
    )
    active = 0
    for session in state.tables.sessions.values():
        over = min(moment for moment in (session.ended_at, session.idle_expires_at, session.expires_at) if moment)
        active += session.created_at < end and max(over, session.created_at + timedelta(microseconds=1)) > start
    return ActivityPoint(
        start,
        events["user.registered", "succeeded"],
        events["session.created", "succeeded"],
        events["session.created", "failed"],
        active,
    )


def _state(dependencies: Dependencies) -> State:
    assert isinstance(dependencies, MockDependencies)
    return dependencies.state
