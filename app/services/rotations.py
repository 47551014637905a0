"""Rotations: a refresh token is exchanged for the next one of its session.

The refresh token of generation n is derived, not stored, so a client that repeats a refresh within the grace gets the
same bytes. There are two ways. `propose` works out what the exchange will return, and one statement then makes it, with
its event (`make_all`). `rotate` decides in a transaction, for everything that is not as it was proposed.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import peewee

from app.clock import sql_now
from app.context.unanswered_rotations import UnansweredRotation
from app.database import on_commit_unknown, on_rollback
from app.errors import InvalidRefreshToken, Unavailable
from app.results import Proposal
from app.security.refresh_tokens import RefreshTokenClaims
from app.services.sessions import ending
from charter import Context, Dependencies, execute_in_autocommit, run
from models import Session

_log = logging.getLogger(__name__)

CONTINUED = ("rotated", "grace", "unanswered")

# SQL text: hot (rotation). One statement rotates, answers within the grace, or finds reuse; its text is in
# app/database/functions/rotate_refresh_token.sql.
_ROTATE = """
SELECT outcome, user_id, role, key_id, rotated_at FROM rotate_refresh_token(%s, %s, %s, %s, %s, %s, %s)
"""

# SQL text: hot (rotation). The same for several requests, where nothing is to be decided; a function, see
# app/database/functions/charter_refresh_sessions.sql.
_MAKE_ALL = "SELECT number, is_made FROM charter_refresh_sessions(%s, %s, %s, %s, %s)"


class Rotation(NamedTuple):
    """The result of a refresh.

    Attributes:
        outcome: rotated, grace, unanswered (the first response after a commit in doubt); or why not: ended, suspended,
            expired, never_issued, reuse.
        key_id: the key of the present generation.
    """

    outcome: str
    user_id: UUID
    role: str
    key_id: str


def propose(context: Context, claim: RefreshTokenClaims, user_id: UUID, data: Any) -> Proposal:
    """Return a proposal that rotates a session, or returns the same token again within the grace.

    Args:
        claim: what a refresh token that we derived says.
        user_id: the account that it names.
        data: what the response shows, with the next token of the current key.
    """
    dependencies = context.dependencies
    values = {
        "session_id": claim.session_id,
        "user_id": user_id,
        "generation": claim.generation,
        "token_key_id": claim.key_id,
    }
    return Proposal(data, user_id, values, partial(make_all, dependencies))


def make_all(dependencies: Dependencies, action: str, asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Make proposed rotations with their events by one statement; call it with a connection and no transaction.

    Args:
        action: the name of the events.
        asked: for each its own values and those of its event.

    Returns:
        For each whether it is known to be made. Where it is not, nothing has changed, unless the connection was lost.
        Then all of them are in doubt, and `unanswered_rotations` asks the database before `rotate` decides.
    """
    # In this order, statements that run at the same time wait for each other's clients, and never in a circle.
    told = sorted(({**one, "number": number} for number, one in enumerate(asked)), key=lambda one: one["client_id"])
    made = [False] * len(asked)
    try:
        for number, is_made in run(_MAKE_ALL, (orjson.dumps(told).decode(), *_rules(dependencies), action)):
            made[number] = is_made
    except Unavailable as error:
        if error.reason == "lock_timeout":  # then PostgreSQL has undone it
            return made
        for one in asked:
            rotation = UnansweredRotation(one["session_id"], one["generation"] + 1, event_id=one["event_id"])
            dependencies.unanswered_rotations.keep(rotation)
    except peewee.DatabaseError:
        # One of them has something that PostgreSQL rejects. Each is decided alone.
        _log.warning("proposed rotations were rejected", exc_info=True)
    return made


def rotate(context: Context, claim: RefreshTokenClaims) -> Rotation | None:
    """Rotate, or answer again within the grace, in the open transaction, which also writes the event.

    Reuse ends the session, by a statement of its own after the rollback (law 8).

    Args:
        claim: what a refresh token that we derived says.

    Returns:
        What happened; None when there is no such session.

    Raises:
        RuntimeError: no transaction is open.
    """
    dependencies = context.dependencies
    rows = run(
        _ROTATE,
        (
            claim.session_id,
            claim.generation,
            claim.key_id,
            *_rules(dependencies),
            context.test_now,
        ),
    )
    if not rows:
        return None
    *columns, rotated_at = rows[0]
    rotation = Rotation._make(columns)
    if rotation.outcome in ("rotated", "unanswered"):
        unanswered = UnansweredRotation(claim.session_id, claim.next_generation, rotated_at=rotated_at)
        on_commit_unknown(lambda: dependencies.unanswered_rotations.add(unanswered))
    elif rotation.outcome == "reuse":
        on_rollback(lambda: _end_reused_session(context, claim))
    return rotation


def _end_reused_session(context: Context, claim: RefreshTokenClaims) -> None:
    # The condition is checked once more, on the row as it is now: a rotation meanwhile does not undo the reuse.
    now, grace = context.test_now, timedelta(seconds=context.dependencies.config.refresh_grace_seconds)
    answered = Session.unanswered_generation.is_null() | (Session.unanswered_generation != Session.generation)
    late = (Session.rotated_at <= sql_now(now) - grace) & answered
    reused = (Session.generation != claim.generation) & ((Session.generation != claim.generation + 1) | late)
    which = (Session.id == claim.session_id) & Session.ended_at.is_null() & reused
    if not execute_in_autocommit(ending(now, which, "reuse")):
        # Another request has ended it since.
        raise InvalidRefreshToken(reason="ended")


def _rules(dependencies: Dependencies) -> tuple[str, timedelta, timedelta]:
    """Return the key of new tokens, how long the previous one stays good, and how long a session lives unused."""
    config = dependencies.config
    return (
        dependencies.refresh_tokens.current_key_id,
        timedelta(seconds=config.refresh_grace_seconds),
        timedelta(days=config.session_idle_days),
    )
