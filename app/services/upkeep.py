"""What has to be done from time to time, so that nothing grows without bound and nothing runs out."""

from datetime import datetime, timedelta

from app.database import run, within
from app.settings import Settings

_PARTITIONS = "SELECT ensure_audit_partitions(%(now)s)"

# A counter that nobody has touched for a day limits nobody any more.
_ATTEMPTS = """
DELETE FROM sign_in_attempts WHERE updated_at < %(before)s AND (blocked_until IS NULL OR blocked_until < %(now)s)
"""

# A session stays for as long as it tells from which networks its account signs in.
_SESSIONS = "DELETE FROM sessions WHERE expires_at < %(before)s"

_LONGEST_SECONDS = 600


def keep_up(*, settings: Settings, now: datetime) -> None:
    """Make the audit partitions of this month and the next three; drop stale counters and sessions long over."""
    with within(_LONGEST_SECONDS):
        run(_PARTITIONS, {"now": now})
        run(_ATTEMPTS, {"now": now, "before": now - timedelta(days=1)})
        run(_SESSIONS, {"before": now - timedelta(days=settings.limit_known_address_days)})
