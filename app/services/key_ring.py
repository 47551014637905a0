"""Which keys of refresh tokens the sessions name: a key may leave the ring only when no live session names it."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from peewee import fn

from app.clock import sql_now
from charter import fetch
from models import Session


class RefreshKeyUse(NamedTuple):
    """What the sessions say about one key.

    Attributes:
        live: live sessions whose present refresh token it made.
        since: the earliest use that is still recorded.
    """

    key_id: str
    live: int
    since: datetime


def uses(now: datetime | None = None) -> dict[str, RefreshKeyUse]:
    """Return the keys that sessions name, those of ended sessions too, by id. It reads every session once.

    Args:
        now: the moment that a test sets; None: the database's clock decides.
    """
    unexpired = (Session.idle_expires_at > sql_now(now)) & (Session.expires_at > sql_now(now))
    live = fn.COUNT(Session.id).filter(Session.ended_at.is_null() & unexpired)
    # Only the present generation of a session is recorded, so this is the first known use of a key.
    since = fn.MIN(fn.COALESCE(Session.rotated_at, Session.created_at))
    query = Session.select(Session.key_id, live.alias("live"), since.alias("since"))
    return {use.key_id: use for use in fetch(query.group_by(Session.key_id).order_by(Session.key_id), RefreshKeyUse)}


def missing(uses: Iterable[RefreshKeyUse], ring: Iterable[tuple[str, str]]) -> list[RefreshKeyUse]:
    """Return the keys that live sessions name and the ring lacks: these sessions cannot be refreshed.

    Args:
        ring: pairs of id and secret, as in REFRESH_KEYS.
    """
    key_ids = {key_id for key_id, _ in ring}
    return [use for use in uses if use.live and use.key_id not in key_ids]
