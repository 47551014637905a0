"""stats: how many accounts there are, and what happened when."""

from datetime import datetime
from typing import Any

from app.services import activity, user_counts
from app.services.activity import Interval
from app.services.tools import Tools
from handlers.presenters import present_point

Moment = datetime | None


def user_stats() -> dict[str, Any]:
    """Count the accounts."""
    return user_counts.totals()._asdict()


def activity_stats(since: Moment, until: Moment, interval: Interval, tools: Tools) -> list[dict[str, Any]]:
    """Count what happened, by the hour or the day."""
    found = activity.points(since=since, until=until, interval=interval, now=tools.clock())
    return [present_point(point) for point in found]
