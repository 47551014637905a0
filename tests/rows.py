"""What a request left in the tables: its rows in the audit trail, and accounts as they are stored."""

from typing import Any, NamedTuple
from uuid import UUID

import httpx

from app.database import run


class Row(NamedTuple):
    """A row of the audit trail.

    Attributes:
        target: such as `user:019c…`; None for none.
    """

    actor: UUID | None
    role: str | None
    action: str
    permission: str | None
    outcome: str
    reason: str | None
    target: str | None
    details: dict[str, Any] | None


def audit_rows(answer: httpx.Response, kind: str) -> list[Row]:
    """Return the rows of a kind, decision or event, that the answered request left."""
    rows = run(
        """
        SELECT actor_id, actor_role, action, permission, outcome, reason, target_type || ':' || target_id, details
        FROM audit_events WHERE request_id = %s AND kind = %s
        """,
        (answer.headers["x-request-id"], kind),
    )
    return [Row._make(row) for row in rows]


def decision(answer: httpx.Response) -> Row:
    """Return the one decision row of the answered request."""
    [row] = audit_rows(answer, "decision")
    return row


def event(answer: httpx.Response) -> Row:
    """Return the one event row of the answered request."""
    [row] = audit_rows(answer, "event")
    return row


def eventless(answer: httpx.Response) -> bool:
    """Tell whether the answered request left no event row."""
    return not audit_rows(answer, "event")


class StoredAccount(NamedTuple):
    """What the database says of an account."""

    email: str
    role: str
    status: str
    verified: bool
    version: int


def stored(user_id: UUID | str) -> StoredAccount | None:
    """Return an account as it is stored; None when there is none."""
    rows = run(
        """
        SELECT u.email, r.name, u.status, u.verified_at IS NOT NULL, u.version
        FROM users u JOIN roles r ON r.id = u.role_id WHERE u.id = %s
        """,
        (user_id,),
    )
    return StoredAccount._make(rows[0]) if rows else None


def number_of_accounts() -> int:
    """Return how many accounts there are."""
    return int(run("SELECT count(*) FROM users")[0][0])


def live_sessions(user_id: UUID) -> int:
    """Return how many sessions of an account have not ended."""
    return int(run("SELECT count(*) FROM sessions WHERE user_id = %s AND ended_at IS NULL", (user_id,))[0][0])
