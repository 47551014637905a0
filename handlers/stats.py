"""stats: how many accounts there are, and what happened when."""

from datetime import datetime
from typing import Any

from app.context.dependencies import Dependencies
from app.services import activity, user_counts
from app.services.activity import Interval
from handlers.presenters import present_point

Moment = datetime | None


def user_stats() -> dict[str, Any]:
    """Count the accounts."""
    return user_counts.totals()._asdict()


def activity_stats(
    since: Moment, until: Moment, interval: Interval, dependencies: Dependencies
) -> list[dict[str, Any]]:
    """Count what happened, by the hour or the day."""
    found = activity.points(since=since, until=until, interval=interval, now=dependencies.clock())
    return [present_point(point) for point in found]
