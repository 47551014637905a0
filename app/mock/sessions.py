"""The sessions of the mock: opened, ended, and rotated as app/database/functions/rotate_refresh_token.sql does it."""

from datetime import datetime, timedelta
from uuid import UUID

from app.identifiers import new_id
from app.mock.dependencies import dependencies_of
from app.mock.state import State
from app.mock.tables import AccountRow, SessionRow
from app.security.refresh_tokens import RefreshTokenClaims
from app.services.sessions import FIRST_GENERATION, Scope
from charter import Context


def open_session(context: Context, account: AccountRow) -> SessionRow:
    """Open a session for an account whose password was just verified."""
    dependencies, client = dependencies_of(context), context.client
    config, now = dependencies.config, dependencies.clock()
    assert client is not None
    session = SessionRow(
        id=new_id(),
        user=account.id,
        generation=FIRST_GENERATION,
        key_id=dependencies.refresh_tokens.current_key_id,
        created_at=now,
        rotated_at=None,
        idle_expires_at=now + timedelta(days=config.session_idle_days),
        expires_at=now + timedelta(days=config.session_absolute_days),
        ended_at=None,
        user_agent=client.user_agent,
        address=client.address,
    )
    dependencies.state.add_latest(dependencies.state.tables.sessions, session.id, session)
    return session


def judge(context: Context, session: SessionRow, claim: RefreshTokenClaims, now: datetime) -> str:
    """Return what a refresh token is: rotated, grace, or the reason of the refusal."""
    dependencies = dependencies_of(context)
    if session.ended_at is not None:
        return "ended"
    if dependencies.state.tables.accounts[session.user].status != "active":
        return "suspended"
    if not session.is_live(now):
        return "expired"
    if session.generation == claim.generation:
        return "rotated" if session.key_id == claim.key_id else "never_issued"
    grace = timedelta(seconds=dependencies.config.refresh_grace_seconds)
    recent = session.rotated_at is not None and session.rotated_at > now - grace
    return "grace" if session.generation == claim.generation + 1 and recent else "reuse"


def rotate(context: Context, session: SessionRow, now: datetime) -> None:
    """Begin the next generation of a session."""
    dependencies = dependencies_of(context)
    dependencies.state.tables.sessions[session.id] = session._replace(
        generation=session.generation + 1,
        key_id=dependencies.refresh_tokens.current_key_id,
        rotated_at=now,
        idle_expires_at=now + timedelta(days=dependencies.config.session_idle_days),
    )


def end(state: State, user_id: UUID, *, now: datetime, scope: Scope = "all", session_id: UUID | None = None) -> None:
    """End sessions of an account.

    Args:
        scope: the session named, all others, or all.
        session_id: for the scopes `this` and `others`.
    """
    for session in list(state.tables.sessions.values()):
        meant = scope == "all" or (session.id == session_id) == (scope == "this")
        if session.user == user_id and meant and session.ended_at is None:
            state.tables.sessions[session.id] = session._replace(ended_at=now)
