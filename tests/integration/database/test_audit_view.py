"""Auditors read the whole trail in words, with plain SQL, and can change nothing."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import peewee
import pytest

from app.database import Database, run
from app.identifiers import new_id
from tests.house.repository import ROOT
from tests.rows import write_row

EXAMPLE = re.compile(r"^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)
ACTOR, CLIENT, TARGET = new_id(), new_id(), new_id()
DENIED = {"action": "get_user", "permission": "users:read", "outcome": "denied", "reason": "permission_missing"}


@pytest.fixture
def rows(database: Database) -> list[UUID]:
    """Rows whose ids are UUIDs, and rows whose ids are names."""
    now = datetime.now(UTC)
    run("INSERT INTO audit_clients (id, address, user_agent) VALUES (%s, '::1', 'teapot/1.0')", (CLIENT,))
    who = {"actor_id": ACTOR, "actor_role": "clerk", "client_id": CLIENT}
    about = {"target_type": "user", "target_id": str(TARGET)}
    event = {"kind": "event", "action": "role.updated", "outcome": "succeeded", "details": '{"name": "x"}'}
    return [
        write_row(str(new_id()), now, **who, **about, **DENIED),
        write_row("Mine-1", now + timedelta(milliseconds=1), **who, **DENIED),
        write_row(
            "cli-1", now + timedelta(milliseconds=2), actor_role="cli", target_type="role", target_id="clerk", **event
        ),
    ]


def test_the_view_shows_what_was_written_with_the_client(rows: list[UUID]) -> None:
    [first, second, third] = run(
        """
        SELECT id, kind, actor_id, actor_role, action, permission, outcome, reason, target_type, target_id, address,
               user_agent FROM audit_trail WHERE id = ANY(%s) ORDER BY id
        """,
        (rows,),
    )
    decided = ("decision", ACTOR, "clerk", "get_user", "users:read", "denied", "permission_missing")
    assert first == (rows[0], *decided, "user", str(TARGET), "::1", "teapot/1.0")
    assert second == (rows[1], *decided, None, None, "::1", "teapot/1.0")
    done = ("event", None, "cli", "role.updated", None, "succeeded", None, "role", "clerk")
    assert third == (rows[2], *done, None, None)
    named = run("SELECT request_id, details FROM audit_trail WHERE request_id !~ '-.*-' ORDER BY id")
    assert named == [("Mine-1", None), ("cli-1", {"name": "x"})]


def test_the_example_of_the_page_counts_who_was_denied_what(rows: list[UUID]) -> None:
    [example] = EXAMPLE.findall((ROOT / "docs" / "features" / "audit.md").read_text(encoding="utf-8"))

    [(actor, role, action, reason, number, last)] = run(example)

    assert (actor, role, action, reason, number) == (ACTOR, "clerk", "get_user", "permission_missing", 2)
    assert abs(datetime.now(UTC) - last).total_seconds() < 600


@pytest.mark.parametrize("view", ["audit_trail", "audit_events"])
@pytest.mark.parametrize("change", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}"])
def test_nothing_is_changed_by_way_of_a_view(rows: list[UUID], view: str, change: str) -> None:
    with pytest.raises(peewee.DatabaseError, match=r"append-only|cannot (update|delete from) view"):
        run(change.format(view))
