"""Sessions: opened by a sign-in, rotated by a refresh, ended by many things.

One row a session. Its refresh token of generation n is derived, not stored, so a grace answer is the same bytes.
"""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from app.database import run, run_apart
from app.identifiers import new_id
from app.security.principal import Client
from app.security.refresh_tokens import RefreshClaim
from app.services.tools import Tools

Scope = Literal["this", "others", "all"]

FIRST_GENERATION = 1
CONTINUED = ("rotated", "grace")
_LONGEST_AGENT = 512

# The share lock keeps a suspension or a change of password waiting until the session is there to be ended by it;
# the hash compared is the one that was verified, so a password changed meanwhile opens nothing.
_OPEN = """
INSERT INTO sessions (id, user_id, generation, key_id, created_at, updated_at, idle_expires_at, expires_at,
                      user_agent, address, network)
SELECT %(id)s, owner.id, %(generation)s, %(key_id)s, %(now)s, %(now)s, %(now)s + %(idle)s, %(now)s + %(absolute)s,
       %(user_agent)s, %(address)s, %(network)s
FROM (SELECT id FROM users
      WHERE id = %(user_id)s AND password_hash = %(password_hash)s AND status = 'active' FOR SHARE) owner
RETURNING id
"""

# Rotation, grace, reuse and its punishment in one statement, which the server keeps the plan of: the text is in the
# migration that made the function.
_ROTATE = """
SELECT outcome, user_id, role, key_id FROM rotate_session(%s, %s, %s, %s, %s, %s, %s)
"""

_END = """
UPDATE sessions SET ended_at = %(now)s, end_reason = %(reason)s, updated_at = %(now)s
WHERE user_id = %(user_id)s AND ended_at IS NULL
  AND CASE %(scope)s WHEN 'this' THEN id = %(id)s WHEN 'others' THEN id <> %(id)s ELSE true END
"""


class Rotation(NamedTuple):
    """What became of a refresh token.

    Attributes:
        outcome: rotated, grace; or why not: ended, suspended, expired, never_issued, reuse.
        key_id: the key of the generation that is current now.
    """

    outcome: str
    user_id: UUID
    role: str
    key_id: str


def open_session(*, user_id: UUID, password_hash: str, client: Client, tools: Tools) -> UUID | None:
    """Open a session for an account whose password was just verified; call it inside a transaction.

    Args:
        password_hash: the stored text that was verified.

    Returns:
        The session's id; None when meanwhile the account was suspended or deleted, or its password changed.
    """
    settings = tools.settings
    rows = run(
        _OPEN,
        {
            "id": new_id(),
            "user_id": user_id,
            "password_hash": password_hash,
            "generation": FIRST_GENERATION,
            "key_id": tools.refresh_tokens.current_key_id,
            "now": tools.clock(),
            "idle": timedelta(days=settings.session_idle_days),
            "absolute": timedelta(days=settings.session_absolute_days),
            "user_agent": client.user_agent[:_LONGEST_AGENT] if client.user_agent else None,
            "address": client.address,
            "network": client.network,
        },
    )
    return rows[0][0] if rows else None


def rotate(claim: RefreshClaim, *, tools: Tools) -> Rotation | None:
    """Rotate, answer again within the grace, or punish reuse, in one statement of its own.

    Args:
        claim: what a refresh token that we derived says.

    Returns:
        What happened; None when there is no such session.
    """
    settings = tools.settings
    rows = run_apart(
        _ROTATE,
        (
            claim.session_id,
            claim.generation,
            claim.key_id,
            tools.refresh_tokens.current_key_id,
            tools.clock(),
            timedelta(seconds=settings.refresh_grace_seconds),
            timedelta(days=settings.session_idle_days),
        ),
    )
    return Rotation(*rows[0]) if rows else None


def end(*, user_id: UUID, scope: Scope, session_id: UUID | None = None, reason: str, now: datetime) -> None:
    """End sessions of an account; those already ended keep their reason.

    Args:
        scope: the session named, all others, or all.
        session_id: for the scopes `this` and `others`.
        reason: why, for whoever looks at the row later: logout, password_changed, suspended.
    """
    run(_END, {"user_id": user_id, "scope": scope, "id": session_id, "reason": reason, "now": now})
