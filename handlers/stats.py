"""stats: how many accounts there are, and what happened when."""

from datetime import datetime
from typing import Any

from app.services import activity_statistics, user_statistics
from app.services.activity_statistics import Interval
from charter import Dependencies
from handlers.presenters import present_point

Time = datetime | None


def get_user_stats() -> dict[str, Any]:
    """Count the accounts."""
    return user_statistics.totals()._asdict()


def get_activity_stats(
    dependencies: Dependencies, since: Time, until: Time, interval: Interval
) -> list[dict[str, Any]]:
    """Count registrations, sign-ins and sessions, by the hour or the day."""
    points = activity_statistics.read_points(since, until, interval, now=dependencies.clock())
    return [present_point(point) for point in points]
