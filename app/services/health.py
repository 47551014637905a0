"""Whether this deployment can do its work, judged by asking what it stands on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple


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
    """The verdict: degraded when only the cache is away, error when the database is."""

    status: Literal["ok", "degraded", "error"]
    database: bool
    cache: bool


def check(probes: Probes) -> Health:
    """Return the health of this moment."""
    database, cache = probes.database(), bool(probes.cache())
    if not database:
        return Health("error", database, cache)
    return Health("ok" if cache else "degraded", database, cache)
