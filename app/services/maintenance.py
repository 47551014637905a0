"""What has to be done from time to time, so that nothing grows without bound and nothing runs out."""

from datetime import datetime, timedelta

from app.clock import NOW_SQL
from app.config import Config
from app.database import run, time_limit

# Made in the name of the owner of the tables: the role that serves may own nothing.
_PARTITIONS = f"SELECT make_audit_partitions({NOW_SQL})"

# A counter that nobody has touched for a day limits nobody any more.
_ATTEMPTS = f"""
DELETE FROM sign_in_attempts
WHERE updated_at < {NOW_SQL} - interval '1 day' AND (blocked_until IS NULL OR blocked_until < {NOW_SQL})
"""  # noqa: S608 (constants)

# A session stays for as long as it tells from which networks its account signs in.
_SESSIONS = f"DELETE FROM sessions WHERE expires_at < {NOW_SQL} - %(known)s"  # noqa: S608

# A batch at a time: whoever repeats a request meanwhile waits for no more than that.
_KEYS = f"""
DELETE FROM idempotency_keys WHERE id IN (
    SELECT id FROM idempotency_keys WHERE expires_at <= {NOW_SQL} ORDER BY expires_at
    LIMIT %(most)s FOR UPDATE SKIP LOCKED
) RETURNING id
"""  # noqa: S608
_KEYS_AT_ONCE = 1000

_LONGEST_SECONDS = 600


def run_maintenance(*, config: Config, now: datetime | None) -> None:
    """Make the audit partitions of this month and the next three; drop counters, sessions and answers that are over.

    Args:
        now: the present, as tests have it; None: by the database's clock.
    """
    with time_limit(_LONGEST_SECONDS):
        run(_PARTITIONS, {"now": now})
        run(_ATTEMPTS, {"now": now})
        run(_SESSIONS, {"now": now, "known": timedelta(days=config.limit_known_address_days)})
        while len(run(_KEYS, {"now": now, "most": _KEYS_AT_ONCE})) == _KEYS_AT_ONCE:
            pass
