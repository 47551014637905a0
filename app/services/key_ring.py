"""Which keys of refresh tokens the sessions name: a key may leave the ring only when no live session names it."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from app.clock import NOW_SQL
from app.database import run

# Only the current generation of a session is recorded, so `since` is a key's first use as far as is known.
_USES = f"""
SELECT key_id,
       count(*) FILTER (WHERE ended_at IS NULL AND idle_expires_at > {NOW_SQL} AND expires_at > {NOW_SQL}),
       min(coalesce(rotated_at, created_at))
FROM sessions GROUP BY key_id ORDER BY key_id
"""  # noqa: S608 (constants)


class KeyUse(NamedTuple):
    """What the sessions tell of one key.

    Attributes:
        live: sessions that go on and whose current refresh token it made.
        since: the earliest use that is still recorded.
    """

    key_id: str
    live: int
    since: datetime


def uses(now: datetime | None = None) -> dict[str, KeyUse]:
    """Return the keys that sessions name, those of ended sessions too, by id; reads every session once.

    Args:
        now: the present, as tests have it; None: by the database's clock.
    """
    return {row[0]: KeyUse._make(row) for row in run(_USES, {"now": now})}


def lost(found: Iterable[KeyUse], ring: Iterable[tuple[str, str]]) -> list[KeyUse]:
    """Return the keys that live sessions name and the ring lacks: these sessions cannot be refreshed.

    Args:
        ring: pairs of id and secret, as in the settings.
    """
    held = {key_id for key_id, _ in ring}
    return [use for use in found if use.live and use.key_id not in held]
