"""Sessions: opened by a sign-in, rotated by a refresh, ended by many things.

One row a session. Its refresh token of generation n is derived, not stored, so a grace answer is the same bytes.
"""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from app import entity_tags
from app.clock import NOW_SQL
from app.context.context import Context
from app.context.dependencies import Dependencies
from app.context.unanswered import Rotated
from app.database import on_commit_unknown, on_rollback, run, run_in_autocommit, transaction
from app.entity_tags import Versions
from app.errors import InvalidRefreshToken, NotFound
from app.identifiers import new_id
from app.security.principal import Client, Principal
from app.security.refresh_tokens import RefreshTokenClaims
from app.services import accounts, roles
from app.services.user_list import MAX_COUNTED

Scope = Literal["this", "others", "all"]

FIRST_GENERATION = 1
CONTINUED = ("rotated", "grace", "unanswered")
_LONGEST_AGENT = 512

# The share lock keeps a suspension or a change of password waiting until the session is there to be ended by it;
# the hash compared is the one that was verified, so a password changed meanwhile opens nothing.
_OPEN = f"""
INSERT INTO sessions (id, user_id, generation, key_id, created_at, updated_at, idle_expires_at, expires_at,
                      user_agent, address, network)
SELECT %(id)s, owner.id, %(generation)s, %(key_id)s, {NOW_SQL}, {NOW_SQL}, {NOW_SQL} + %(idle)s,
       {NOW_SQL} + %(absolute)s, %(user_agent)s, %(address)s, %(network)s
FROM (SELECT id FROM users
      WHERE id = %(user_id)s AND password_hash = %(password_hash)s AND status = 'active' FOR SHARE) owner
RETURNING id
"""  # noqa: S608 (constants)

# Rotation, grace and reuse are decided in one statement, whose plan the server keeps. The function is in
# app/database/functions/rotate_refresh_token.sql.
_ROTATE = """
SELECT outcome, user_id, role, key_id, rotated_at FROM rotate_refresh_token(%s, %s, %s, %s, %s, %s, %s)
"""

# The verdict once more, on the row as it is by now: what was reuse stays it, whoever has rotated meanwhile.
_PUNISH = f"""
UPDATE sessions SET ended_at = {NOW_SQL}, end_reason = 'reuse', updated_at = {NOW_SQL}
WHERE id = %(id)s AND ended_at IS NULL AND generation <> %(generation)s
  AND (generation <> %(generation)s + 1
       OR rotated_at <= {NOW_SQL} - %(grace)s AND unanswered_generation IS DISTINCT FROM generation)
RETURNING id
"""  # noqa: S608

_END = f"""
UPDATE sessions SET ended_at = {NOW_SQL}, end_reason = %(reason)s, updated_at = {NOW_SQL}
WHERE user_id = %(user_id)s AND ended_at IS NULL
  AND CASE %(scope)s WHEN 'this' THEN id = %(id)s WHEN 'others' THEN id <> %(id)s ELSE true END
"""  # noqa: S608


# Live as the session statement sees it; served by the index on the user.
_LIVE = f"""
s.user_id = %(user_id)s AND s.ended_at IS NULL AND s.idle_expires_at > {NOW_SQL} AND s.expires_at > {NOW_SQL}
"""

_COUNT_LIVE = f"""
SELECT (SELECT count(*) FROM (SELECT FROM sessions s WHERE {_LIVE} LIMIT %(most)s) counted)
FROM users WHERE id = %(user_id)s
"""  # noqa: S608

_PAGE_LIVE = f"""
SELECT s.id, s.created_at, s.rotated_at, least(s.idle_expires_at, s.expires_at), s.user_agent, s.address
FROM sessions s WHERE {_LIVE} ORDER BY s.id DESC OFFSET %(offset)s LIMIT %(limit)s
"""  # noqa: S608

_REVOKE = f"""
UPDATE sessions s SET ended_at = {NOW_SQL}, end_reason = 'revoked', updated_at = {NOW_SQL}
WHERE s.id = %(id)s AND {_LIVE} RETURNING s.id
"""  # noqa: S608


class LiveSession(NamedTuple):
    """A session that can be carried on.

    Attributes:
        created_at: the sign-in.
        refreshed_at: the last rotation; None before the first.
        expires_at: when it ends by itself, idle or not.
    """

    id: UUID
    created_at: datetime
    refreshed_at: datetime | None
    expires_at: datetime
    user_agent: str | None
    address: str


class Rotation(NamedTuple):
    """What became of a refresh token.

    Attributes:
        outcome: rotated, grace, unanswered (the first answer after a commit in doubt); or why not: ended, suspended,
            expired, never_issued, reuse.
        key_id: the key of the generation that is current now.
    """

    outcome: str
    user_id: UUID
    role: str
    key_id: str


def open_session(*, user_id: UUID, password_hash: str, client: Client, dependencies: Dependencies) -> UUID | None:
    """Open a session for an account whose password was just verified; call it inside a transaction.

    Args:
        password_hash: the stored text that was verified.

    Returns:
        The session's id; None when meanwhile the account was suspended or deleted, or its password changed.
    """
    config = dependencies.config
    rows = run(
        _OPEN,
        {
            "id": new_id(),
            "user_id": user_id,
            "password_hash": password_hash,
            "generation": FIRST_GENERATION,
            "key_id": dependencies.refresh_tokens.current_key_id,
            "now": dependencies.moment,
            "idle": timedelta(days=config.session_idle_days),
            "absolute": timedelta(days=config.session_absolute_days),
            "user_agent": client.user_agent[:_LONGEST_AGENT] if client.user_agent else None,
            "address": client.address,
            "network": client.network,
        },
    )
    return rows[0][0] if rows else None


def rotate(claim: RefreshTokenClaims, *, dependencies: Dependencies) -> Rotation | None:
    """Rotate, or answer again within the grace, in the open transaction, so that it counts only with what it is for.

    Reuse ends the session, by a statement of its own after the rollback (law 8).

    Args:
        claim: what a refresh token that we derived says.

    Returns:
        What happened; None when there is no such session.

    Raises:
        RuntimeError: no transaction is open.
    """
    config = dependencies.config
    grace = timedelta(seconds=config.refresh_grace_seconds)
    rows = run(
        _ROTATE,
        (
            claim.session_id,
            claim.generation,
            claim.key_id,
            dependencies.refresh_tokens.current_key_id,
            grace,
            timedelta(days=config.session_idle_days),
            dependencies.moment,
        ),
    )
    if not rows:
        return None
    *told, rotated_at = rows[0]
    rotation = Rotation._make(told)
    if rotation.outcome in ("rotated", "unanswered"):
        rotated = Rotated(claim.session_id, claim.generation + 1, rotated_at)
        on_commit_unknown(lambda: dependencies.unanswered.note(rotated))
    elif rotation.outcome == "reuse":
        on_rollback(lambda: _punish(claim, grace, dependencies))
    return rotation


def _punish(claim: RefreshTokenClaims, grace: timedelta, dependencies: Dependencies) -> None:
    found = {"id": claim.session_id, "generation": claim.generation, "grace": grace, "now": dependencies.moment}
    if not run_in_autocommit(_PUNISH, found):
        # Somebody else has ended it since the verdict.
        raise InvalidRefreshToken(reason="ended")


def end(*, user_id: UUID, scope: Scope, session_id: UUID | None = None, reason: str, now: datetime | None) -> None:
    """End sessions of an account; those already ended keep their reason.

    Args:
        now: the present, as tests have it; None: by the database's clock.
        scope: the session named, all others, or all.
        session_id: for the scopes `this` and `others`.
        reason: why, for whoever looks at the row later: logout, password_changed, suspended.
    """
    run(_END, {"user_id": user_id, "scope": scope, "id": session_id, "reason": reason, "now": now})


def listing(
    *, user_id: UUID, offset: int, limit: int, dependencies: Dependencies
) -> tuple[list[LiveSession], int, bool]:
    """Return a page of an account's live sessions, newest first.

    Returns:
        (sessions, total, whether the total is exact): counted up to 10 000, and 10 000 when there are more.

    Raises:
        NotFound: there is no such account.
    """
    params = {"user_id": user_id, "now": dependencies.moment, "most": MAX_COUNTED + 1, "offset": offset, "limit": limit}
    counts = run(_COUNT_LIVE, params)
    if not counts:
        raise NotFound
    counted = counts[0][0]
    found = [LiveSession._make(row) for row in run(_PAGE_LIVE, params)]
    return found, min(counted, MAX_COUNTED), counted <= MAX_COUNTED


def revoke(
    *, user_id: UUID, session_id: UUID, expected_version: Versions = None, actor: Principal, dependencies: Dependencies
) -> None:
    """End one live session; its access tokens open nothing from the next request on (law 5).

    Raises:
        NotFound: there is no such account, or it has no such live session.
        Forbidden: the account holds what the actor does not (law 11).
        PreconditionFailed: a version is expected, and a session has none.
    """
    with transaction():
        if user_id != actor.user_id:
            accounts.lock(user_id)
            roles.require_actor_holds(Context(dependencies, actor), user_id=user_id)
        if not run(_REVOKE, {"id": session_id, "user_id": user_id, "now": dependencies.moment}):
            raise NotFound
        entity_tags.check_if_match(expected_version, None)
