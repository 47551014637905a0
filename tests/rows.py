"""What a request left in the tables: its rows in the audit trail, and accounts as they are stored."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import httpx

from app.context.invalidations import queue_invalidations
from app.database import run
from app.identifiers import lowest_id, new_id
from tests.people import Person


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the audit trail.

    Attributes:
        target: such as `user:019c…`; None for none.
        client: what the row says of the client, in `audit_clients`.
    """

    request_id: str
    kind: str
    actor: UUID | None
    role: str | None
    action: str
    permission: str | None
    outcome: str
    reason: str | None
    target: str | None
    details: Any
    client: UUID | None

    def check(self, by: Person | None = None, **columns: Any) -> None:
        """Check the columns that are named, that an event has no permission, and that a success has no reason.

        Args:
            by: the person who is to be its actor, with their role.
        """
        if by is not None:
            columns |= {"actor": by.id, "role": by.role}
        if self.kind == "event":
            columns.setdefault("permission", None)
        if columns.get("outcome") in ("allowed", "succeeded"):
            columns.setdefault("reason", None)
        wrong = {name: getattr(self, name) for name, value in columns.items() if getattr(self, name) != value}
        assert not wrong, f"{self}\nhas {wrong} instead of { {name: columns[name] for name in wrong} }."

    def check_allowed(self, by: Person, action: str, permission: str, *, target: str | None = None) -> None:
        """Check that this is the decision to let somebody do something."""
        self.check(by=by, action=action, permission=permission, outcome="allowed", target=target, details=None)

    def check_denied(self, permission: str, *, target: str | None) -> None:
        """Check that a permission was missing."""
        self.check(permission=permission, outcome="denied", reason="permission_missing", target=target)


_COLUMNS = """
jsonb_build_object('request_id', request_id, 'kind', kind, 'role', actor_role, 'action', action,
    'permission', permission, 'outcome', outcome, 'reason', reason, 'target', target_type || ':' || target_id,
    'details', details), actor_id, client_id
"""


def read_rows(where: str, *values: Any) -> list[Row]:
    """Return the rows of the audit trail that a condition selects, in the order of their ids."""
    rows = run(f"SELECT {_COLUMNS} FROM audit_events WHERE {where} ORDER BY id", values)
    return [Row(**columns, actor=actor, client=client) for columns, actor, client in rows]


def audit_rows(response: httpx.Response, kind: str) -> list[Row]:
    """Return the rows of a kind, decision or event, that a request left."""
    return read_rows("request_id = %s AND kind = %s", response.headers["x-request-id"], kind)


def decision(response: httpx.Response) -> Row:
    """Return the one decision row of the answered request."""
    [row] = audit_rows(response, "decision")
    return row


def event(response: httpx.Response) -> Row:
    """Return the one event row of the answered request."""
    [row] = audit_rows(response, "event")
    return row


def eventless(response: httpx.Response) -> bool:
    """Tell whether the answered request left no event row."""
    return not audit_rows(response, "event")


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


_WRITE = """
INSERT INTO audit_events (id, kind, occurred_at, request_id, actor_id, actor_role, action, permission, outcome, reason,
                          target_type, target_id, details, client_id)
VALUES (%(id)s, %(kind)s, %(occurred_at)s, %(request_id)s, %(actor_id)s, %(actor_role)s, %(action)s, %(permission)s,
        %(outcome)s, %(reason)s, %(target_type)s, %(target_id)s, %(details)s, %(client_id)s)
"""
_PLAIN: dict[str, Any] = dict.fromkeys(
    ("actor_id", "actor_role", "permission", "reason", "target_type", "target_id", "details", "client_id")
)


def write_row(request_id: str, moment: datetime, **columns: Any) -> UUID:
    """Write a row of the audit trail as if it had been written at that moment; return its id.

    It is an allowed decision about nothing, by nobody, unless the columns say otherwise.
    """
    made = UUID(int=lowest_id(moment).int + new_id().int % 2**60)
    row = {"kind": "decision", "action": "get_me", "outcome": "allowed", **_PLAIN, **columns}
    run(_WRITE, {"id": made, "occurred_at": moment, "request_id": request_id, **row})
    return made


def sessions_of(user_id: UUID) -> list[str]:
    """Return the ids of an account's sessions, ended ones too, newest first."""
    return [str(row[0]) for row in run("SELECT id FROM sessions WHERE user_id = %s ORDER BY id DESC", (user_id,))]


class StoredRole(NamedTuple):
    """What the database says of a role; its rows in order."""

    description: str
    permissions: list[str]
    version: int


def stored_role(name: str) -> StoredRole | None:
    """Return a role as it is stored; None when there is none."""
    rows = run(
        """
        SELECT description, ARRAY(SELECT permission FROM role_permissions WHERE role_id = r.id ORDER BY 1), version
        FROM roles r WHERE name = %s
        """,
        (name,),
    )
    return StoredRole._make(rows[0]) if rows else None


def store_setting(key: str, value: Any) -> None:
    """Store a value for a setting, whether or not it is declared and takes it, and drop what is cached of it."""
    run(
        """
        INSERT INTO settings (id, key, value) VALUES (%(id)s, %(key)s, %(value)s::jsonb)
        ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, version = EXCLUDED.version
        """,
        {"id": new_id(), "key": key, "value": json.dumps(value)},
    )
    queue_invalidations(["settings"], cache=None)


def stored_settings() -> dict[str, Any]:
    """Return the values that are stored, by key."""
    return dict(run("SELECT key, value FROM settings"))
