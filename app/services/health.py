"""Health: whether this deployment can do its work, from quick probes and from the last result of a background check.

Load balancers ask often, so a response costs one ping of PostgreSQL and of Redis. Every few seconds a background task
checks whether each of these services takes writes, has space and grants the necessary rights. The response includes its
last result.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import peewee
import structlog

from app.database import time_limit
from app.database.binding import current_database
from app.errors import Unavailable
from app.services import database_rights
from charter import run

_draining = threading.Event()

# A result that is older than this many rounds is ignored: something held up the background task, which says nothing
# about the service. The ping is still used.
STALE_ROUNDS = 3

CHECK_SECONDS = 5.0
"""Longest time that a check may take."""

# SQLSTATE classes of errors that may be over in a moment: resources, an operator, a lock, a conflict.
_PASSING = ("53", "57", "40", "55", "08")
_DISK_FULL = "53100"
_READ_ONLY_NOW = "25006"
# The limit of temporary files: it says nothing about the disk.
_TEMPORARY_FILES_BOUNDED = "53400"

# Open connections continue to write; new ones could not. The most specific of these settings applies.
_READ_ONLY = """
SELECT split_part(item, '=', 2)::boolean FROM pg_db_role_setting, unnest(setconfig) AS item
WHERE item LIKE 'default_transaction_read_only=%'
  AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
ORDER BY setdatabase <> 0 AND setrole <> 0 DESC, setrole <> 0 DESC LIMIT 1
"""

log = structlog.get_logger("charter.health")


class CheckResult(NamedTuple):
    """The result of a background check of a service.

    Attributes:
        fault: what is wrong with the service; None: nothing.
        certain: whether the service itself reported the fault. A missing response may be chance: it counts when it
            happens twice in a row.
    """

    fault: str | None
    certain: bool = True


PASSED = CheckResult(None)


class BackgroundCheck:
    """Checks one service again and again, and keeps the last result.

    Args:
        service: its name in `checks` and in the log.
        check: returns the result within CHECK_SECONDS; an exception is a fault that is not certain.
        every_seconds: how often `run` is called.
        clock: seconds.
    """

    def __init__(
        self,
        service: str,
        check: Callable[[], CheckResult],
        *,
        every_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._check = check
        self._clock = clock
        self._stale_seconds = STALE_ROUNDS * every_seconds + CHECK_SECONDS
        self._lock = threading.Lock()
        self._last: CheckResult = PASSED
        self._failed = False
        self._checked_at = clock()

    def run(self) -> None:
        """Check once, keep the result, and log it if it changes the health of the service."""
        try:
            result = self._check()
        except Exception as error:  # noqa: BLE001 (whatever it is, the check has failed)
            result = CheckResult(f"{type(error).__name__}: {_first_line(error)}", certain=False)
        with self._lock:
            failed_before = self._failed
            self._failed = result.fault is not None and (result.certain or self._last.fault is not None)
            changed = self._failed != failed_before
            self._last, self._checked_at = result, self._clock()
        if changed and result.fault is not None:
            log.warning("health_error", store=self._service, reason=result.fault)
        elif changed:
            log.info("health_back", store=self._service)

    @property
    def passed(self) -> bool:
        """Whether the last result says nothing against the service, or is too old to count."""
        with self._lock:
            return not self._failed or self._clock() - self._checked_at > self._stale_seconds


def begin_draining() -> None:
    """Report `error` from now on: this process is about to stop and takes no more requests."""
    _draining.set()


@dataclass(frozen=True, slots=True)
class Probes:
    """The quick checks of the services, each within a second or so and without exceptions, and the background checks.

    Attributes:
        database: whether PostgreSQL responds to a query.
        cache: whether Redis responds; None when the deployment has no Redis, which counts as not responding.
        database_check, cache_check: the background checks that a background task runs; None: there is none.
    """

    database: Callable[[], bool]
    cache: Callable[[], bool | None]
    database_check: BackgroundCheck | None = None
    cache_check: BackgroundCheck | None = None


class Health(NamedTuple):
    """The result: degraded when only the cache fails, error when the database fails or the process is draining."""

    status: Literal["ok", "degraded", "error"]
    database: bool
    cache: bool


def check(probes: Probes) -> Health:
    """Return the present health."""
    database = probes.database() and _passed(probes.database_check)
    cache = bool(probes.cache()) and _passed(probes.cache_check)
    if not database or _draining.is_set():
        return Health("error", database, cache)
    return Health("ok" if cache else "degraded", database, cache)


def check_database() -> CheckResult:
    """Check that the database has our tables, takes writes, has space, and grants the role what serving needs.

    It updates one row and commits, and sorts a little more than fits in memory. It leaves nothing behind.
    """
    with time_limit(CHECK_SECONDS):
        result, code = _try_database()
        if code == _READ_ONLY_NOW:
            # The idle connections may be older than a failover or a change of settings: a new one decides.
            current_database().reset()
            result, _ = _try_database()
    return result


def _try_database() -> tuple[CheckResult, str | None]:
    """Return the result, and the SQLSTATE of the error, if there was one."""
    try:
        if rights := database_rights.missing_rights():
            return CheckResult(f"the role has no {'; no '.join(right for right, _ in rights)}"), None
        if missing := database_rights.missing_tables():
            return CheckResult(f"there is no table {', no '.join(missing)}"), None
        run("SELECT check_health()")
        if run(_READ_ONLY) == [(True,)]:
            reason = "the role or the database is set to be read-only: default_transaction_read_only is on"
            return CheckResult(reason), None
    except (peewee.DatabaseError, Unavailable) as error:
        code = getattr(error.__cause__, "pgcode", None)
        if code == _TEMPORARY_FILES_BOUNDED:
            return PASSED, code
        certain = code is not None and (code == _DISK_FULL or code[:2] not in _PASSING)
        return CheckResult(_first_line(error.__cause__ or error), certain), code
    return PASSED, None


def _passed(check: BackgroundCheck | None) -> bool:
    return check is None or check.passed


def _first_line(error: BaseException | None) -> str:
    return (str(error).splitlines() or [""])[0]
