"""Whether this deployment can do its work, judged by asking what it stands on."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Literal, NamedTuple

_draining = Event()


def begin_draining() -> None:
    """Say from now on, in this process, that it shall get no more requests; it is about to stop."""
    _draining.set()


@dataclass(frozen=True, slots=True)
class Probes:
    """Asks what we stand on; each answers within a second or so, and does not raise.

    Attributes:
        database: whether PostgreSQL answers a query.
        cache: whether Redis answers; None when the deployment has none, which is as good as away.
    """

    database: Callable[[], bool]
    cache: Callable[[], bool | None]


class Health(NamedTuple):
    """The verdict: degraded when only the cache is away, error when the database is, or the process about to stop."""

    status: Literal["ok", "degraded", "error"]
    database: bool
    cache: bool


def check(probes: Probes) -> Health:
    """Return the health of this moment."""
    database, cache = probes.database(), bool(probes.cache())
    if not database or _draining.is_set():
        return Health("error", database, cache)
    return Health("ok" if cache else "degraded", database, cache)
