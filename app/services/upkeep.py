"""What has to be done from time to time, so that nothing grows without bound and nothing runs out."""

from datetime import datetime, timedelta

from app.database import run, within
from app.settings import Settings

# Made in the name of the owner of the tables: the role that serves may own nothing.
_PARTITIONS = "SELECT make_audit_partitions(%(now)s)"

# A counter that nobody has touched for a day limits nobody any more.
_ATTEMPTS = """
DELETE FROM sign_in_attempts WHERE updated_at < %(before)s AND (blocked_until IS NULL OR blocked_until < %(now)s)
"""

# A session stays for as long as it tells from which networks its account signs in.
_SESSIONS = "DELETE FROM sessions WHERE expires_at < %(before)s"

# A batch at a time: whoever repeats a request meanwhile waits for no more than that.
_KEYS = """
DELETE FROM idempotency_keys WHERE id IN (
    SELECT id FROM idempotency_keys WHERE expires_at <= %(now)s ORDER BY expires_at
    LIMIT %(most)s FOR UPDATE SKIP LOCKED
) RETURNING id
"""
_KEYS_AT_ONCE = 1000

_LONGEST_SECONDS = 600


def keep_up(*, settings: Settings, now: datetime) -> None:
    """Make the audit partitions of this month and the next three; drop counters, sessions and answers that are over."""
    with within(_LONGEST_SECONDS):
        run(_PARTITIONS, {"now": now})
        run(_ATTEMPTS, {"now": now, "before": now - timedelta(days=1)})
        run(_SESSIONS, {"before": now - timedelta(days=settings.limit_known_address_days)})
        while len(run(_KEYS, {"now": now, "most": _KEYS_AT_ONCE})) == _KEYS_AT_ONCE:
            pass
