"""Whether this deployment can do its work: what is asked on the spot, and what a deeper look found a moment ago.

A balancer asks often, so the answer costs one ping of each store. Whether a store takes writes, has room and grants
what is needed is looked at by a background task every few seconds; what it found last is told with the answer.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import peewee
import structlog

from app.database import run, time_limit
from app.database.binding import current_database
from app.errors import Unavailable
from app.services import rights

_draining = threading.Event()

# What was found longer ago than so many rounds counts neither for nor against a store: whoever should have looked was
# held up, and that says nothing about the store. The ping still counts.
STALE_ROUNDS = 3

LOOK_SECONDS = 5.0
"""Longest that a look may take."""

# The server answered, but what it says may be over in a moment: resources, an operator, a lock, a conflict.
_PASSING = ("53", "57", "40", "55", "08")
_DISK_FULL = "53100"
_READ_ONLY_NOW = "25006"
# Of the temporary file: whoever bounds these says nothing about the disk.
_TEMPORARY_FILES_BOUNDED = "53400"

# Connections that are open go on writing; those to come could not. The most specific of such settings counts.
_READ_ONLY = """
SELECT split_part(item, '=', 2)::boolean FROM pg_db_role_setting, unnest(setconfig) AS item
WHERE item LIKE 'default_transaction_read_only=%'
  AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
ORDER BY setdatabase <> 0 AND setrole <> 0 DESC, setrole <> 0 DESC LIMIT 1
"""

log = structlog.get_logger("charter.health")


class Found(NamedTuple):
    """What a look at a store found.

    Attributes:
        fault: what is wrong with it; None: nothing is.
        certain: whether the store itself said so. No answer in time may be chance: it counts when it comes twice.
    """

    fault: str | None
    certain: bool = True


FINE = Found(None)


class DeeperLook:
    """Looks at one store again and again, and knows what it found last.

    Args:
        store: its name in `checks` and in the log.
        look: returns what it found, within LOOK_SECONDS; what it raises is a fault that is not certain.
        every_seconds: how often it is called.
        clock: seconds.
    """

    def __init__(
        self,
        store: str,
        look: Callable[[], Found],
        *,
        every_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._look = look
        self._clock = clock
        self._stale_seconds = STALE_ROUNDS * every_seconds + LOOK_SECONDS
        self._lock = threading.Lock()
        self._last: Found = FINE
        self._counts = False
        self._looked_at = clock()

    def look(self) -> None:
        """Look once, remember what was found, and log it where it is news."""
        try:
            found = self._look()
        except Exception as error:  # noqa: BLE001 (whatever it is, the look has failed)
            found = Found(f"{type(error).__name__}: {_first_line(error)}", certain=False)
        with self._lock:
            counted = self._counts
            self._counts = found.fault is not None and (found.certain or self._last.fault is not None)
            changed = self._counts != counted
            self._last, self._looked_at = found, self._clock()
        if changed and found.fault is not None:
            log.warning("health_error", store=self._store, reason=found.fault)
        elif changed:
            log.info("health_back", store=self._store)

    @property
    def fine(self) -> bool:
        """Whether nothing speaks against the store."""
        with self._lock:
            return not self._counts or self._clock() - self._looked_at > self._stale_seconds


def begin_draining() -> None:
    """Say from now on, in this process, that it shall get no more requests; it is about to stop."""
    _draining.set()


@dataclass(frozen=True, slots=True)
class Probes:
    """Asks what we stand on; each answers within a second or so, and does not raise.

    Attributes:
        database: whether PostgreSQL answers a query.
        cache: whether Redis answers; None when the deployment has none, which is as good as away.
        database_look, cache_look: what a background task finds out; None: nobody looks deeper.
    """

    database: Callable[[], bool]
    cache: Callable[[], bool | None]
    database_look: DeeperLook | None = None
    cache_look: DeeperLook | None = None


class Health(NamedTuple):
    """The verdict: degraded when only the cache is away, error when the database is, or the process about to stop."""

    status: Literal["ok", "degraded", "error"]
    database: bool
    cache: bool


def check(probes: Probes) -> Health:
    """Return the health of this moment."""
    database = probes.database() and _is_fine(probes.database_look)
    cache = bool(probes.cache()) and _is_fine(probes.cache_look)
    if not database or _draining.is_set():
        return Health("error", database, cache)
    return Health("ok" if cache else "degraded", database, cache)


def look_at_database() -> Found:
    """Find out whether the database has our tables, takes writes, has room, and lets the role do what serving needs.

    It writes one row in its place, commits, and sorts a little more than fits in memory: nothing is left behind.
    """
    with time_limit(LOOK_SECONDS):
        found, code = _try()
        if code == _READ_ONLY_NOW:
            # The idle connections may be from before a failover or a change of settings: a fresh one decides.
            current_database().reset()
            found, _ = _try()
    return found


def _try() -> tuple[Found, str | None]:
    """Return what was found, and the SQLSTATE of what was refused."""
    try:
        if lacking := rights.lacking():
            return Found(f"the role has no {'; no '.join(right for right, _ in lacking)}"), None
        if missing := rights.missing():
            return Found(f"there is no table {', no '.join(missing)}"), None
        run("SELECT check_health()")
        if run(_READ_ONLY) == [(True,)]:
            return Found("the role or the database is set to be read-only: default_transaction_read_only is on"), None
    except (peewee.DatabaseError, Unavailable) as error:
        code = getattr(error.__cause__, "pgcode", None)
        if code == _TEMPORARY_FILES_BOUNDED:
            return FINE, code
        certain = code is not None and (code == _DISK_FULL or code[:2] not in _PASSING)
        return Found(_first_line(error.__cause__ or error), certain), code
    return FINE, None


def _is_fine(look: DeeperLook | None) -> bool:
    return look is None or look.fine


def _first_line(error: BaseException | None) -> str:
    return (str(error).splitlines() or [""])[0]
