"""Maintenance: the daily work that keeps tables from growing without bound and makes the partitions to come."""

from datetime import datetime, timedelta

from app.clock import NOW_SQL, sql_now
from app.config import Config
from app.database import time_limit
from charter import execute_in_autocommit, run
from models import IdempotencyKey, Session, SignInAttempt

# Runs in the name of the owner of the tables: the serving role may own nothing.
_MAKE_PARTITIONS = f"SELECT make_audit_partitions({NOW_SQL})"

# A counter that did not change for a day limits nobody any more.
_ATTEMPTS_KEPT = timedelta(days=1)
_KEYS_AT_ONCE = 1000
_MAX_SECONDS = 600


def run_maintenance(*, config: Config, now: datetime | None) -> None:
    """Make the audit partitions of this month and the next three; delete expired counters, sessions and keys.

    Args:
        now: the moment that a test sets; None: the database's clock decides.
    """
    with time_limit(_MAX_SECONDS):
        run(_MAKE_PARTITIONS, {"now": now})
        _delete_attempts(now)
        # A session stays while it says from which networks its account signs in.
        _delete_sessions(now, kept=timedelta(days=config.limit_known_address_days))
        while _delete_keys(now) == _KEYS_AT_ONCE:
            pass


def _delete_attempts(now: datetime | None) -> None:
    unblocked = SignInAttempt.blocked_until.is_null() | (SignInAttempt.blocked_until < sql_now(now))
    stale = SignInAttempt.updated_at < sql_now(now) - _ATTEMPTS_KEPT
    execute_in_autocommit(SignInAttempt.delete().where(stale & unblocked))


def _delete_sessions(now: datetime | None, *, kept: timedelta) -> None:
    execute_in_autocommit(Session.delete().where(Session.expires_at < sql_now(now) - kept))


def _delete_keys(now: datetime | None) -> int:
    """Delete a batch of expired keys; a request that repeats a key waits for one batch at most."""
    expired = IdempotencyKey.select(IdempotencyKey.id).where(IdempotencyKey.expires_at <= sql_now(now))
    batch = expired.order_by(IdempotencyKey.expires_at).limit(_KEYS_AT_ONCE).for_update(skip_locked=True)
    return execute_in_autocommit(IdempotencyKey.delete().where(IdempotencyKey.id.in_(batch)))
