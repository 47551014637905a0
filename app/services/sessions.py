"""Sessions: opened by a sign-in, ended in many ways. Each is one row; `rotations` has what a refresh does with it."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from peewee import SQL, Expression, ModelUpdate, Select, fn

from app import entity_tags
from app.clock import NOW_SQL, sql_now
from app.errors import NotFound
from app.identifiers import new_id
from app.results import MAX_COUNTED
from app.services import rights, user_rows
from charter import Context, Listing, Page, execute, fetch, fetch_value, run, transaction
from models import Session, User

Scope = Literal["this", "others", "all"]

FIRST_GENERATION = 1
_MAX_USER_AGENT = 512

# SQL text: hot (sign-in). The share lock makes a suspension or a change of password wait until the session is there,
# and can be ended by it. The hash compared is the one that was verified: after a change of password it opens nothing.
_OPEN = f"""
INSERT INTO sessions (id, user_id, generation, key_id, created_at, updated_at, idle_expires_at, expires_at,
                      ends_by, user_agent, address, network)
SELECT %(id)s, owner.id, %(generation)s, %(key_id)s, {NOW_SQL}, {NOW_SQL}, {NOW_SQL} + %(idle)s,
       {NOW_SQL} + %(absolute)s, date_trunc('day', {NOW_SQL} + least(%(idle)s, %(absolute)s), 'UTC') + interval '1 day',
       %(user_agent)s, %(address)s, %(network)s
FROM (SELECT id FROM users
      WHERE id = %(user_id)s AND password_hash = %(password_hash)s AND status = 'active' FOR SHARE) owner
RETURNING id
"""  # noqa: S608 (constants)


def open_session(context: Context, user: User) -> UUID | None:
    """Open a session for a user whose password was just verified; call it inside a transaction.

    Args:
        user: with the `password_hash` that was verified.

    Returns:
        The session's id; None when meanwhile the account was suspended or deleted, or its password changed.
    """
    dependencies, client = context.dependencies, context.client
    assert client is not None
    rows = run(
        _OPEN,
        {
            "id": new_id(),
            "user_id": user.id,
            "password_hash": user.password_hash,
            "generation": FIRST_GENERATION,
            "key_id": dependencies.refresh_tokens.current_key_id,
            "now": context.test_now,
            "idle": timedelta(days=dependencies.config.session_idle_days),
            "absolute": timedelta(days=dependencies.config.session_absolute_days),
            "user_agent": client.user_agent[:_MAX_USER_AGENT] if client.user_agent else None,
            "address": client.address,
            "network": client.network,
        },
    )
    return rows[0][0] if rows else None


def end(context: Context, user_id: UUID, *, reason: str, scope: Scope = "all", session_id: UUID | None = None) -> None:
    """End sessions of an account; those already ended keep their reason.

    Args:
        reason: kept in the row: logout, password_changed, password_reset, suspended.
        scope: the session named, all others, or all.
        session_id: for the scopes `this` and `others`.
    """
    which = (Session.user == user_id) & Session.ended_at.is_null()
    if scope != "all":
        which &= Session.id == session_id if scope == "this" else Session.id != session_id
    execute(ending(context.test_now, which, reason))


def list_sessions(context: Context, page: Page, user_id: UUID) -> Listing:
    """Return a page of an account's live sessions, newest first.

    Raises:
        NotFound: no account has this id.
    """
    live = _live(context.test_now, user_id)
    some = Session.select(Session.id).where(live).limit(MAX_COUNTED + 1)
    number = Select([some], [fn.COUNT(SQL("*"))])
    counted = fetch_value(User.select(number).where(User.id == user_id))
    if counted is None:
        raise NotFound
    sessions = Session.select().where(live).order_by(Session.id.desc()).offset(page.offset).limit(page.limit)
    return Listing(fetch(sessions), min(counted, MAX_COUNTED), counted <= MAX_COUNTED)


def revoke(context: Context, user_id: UUID, session_id: UUID) -> None:
    """End one live session; from the next request on its access tokens are rejected (law 5).

    Raises:
        NotFound: no account has this id, or it has no such live session.
        Forbidden: the account is another's and has permissions that the actor lacks (law 11).
        PreconditionFailed: a version is expected, and a session has none.
    """
    with transaction():
        if user_id != context.principal.user_id:
            user_rows.lock(user_id)
            rights.require_actor_holds(context, user_id=user_id)
        live = (Session.id == session_id) & _live(context.test_now, user_id)
        if not execute(ending(context.test_now, live, "revoked")):
            raise NotFound
        entity_tags.check_if_match(context.expected_version, None)


def _live(now: datetime | None, user_id: UUID) -> Expression:
    """Return the condition for live sessions of an account, as the session statement has it."""
    unexpired = (Session.idle_expires_at > sql_now(now)) & (Session.expires_at > sql_now(now))
    return (Session.user == user_id) & Session.ended_at.is_null() & unexpired


def ending(now: datetime | None, which: Expression, reason: str) -> ModelUpdate:
    """Return the query that ends sessions.

    Args:
        reason: kept in the row.
    """
    values = {"ended_at": sql_now(now), "end_reason": reason, "updated_at": sql_now(now)}
    return Session.update(values).where(which)
