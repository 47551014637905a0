"""list_audit_events: the audit trail, filtered, newest first; test_audit_walk.py goes from page to page."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.database import run
from app.identifiers import new_id
from tests.integration.operations.bounds import check_unavailable
from tests.integration.operations.conftest import Away
from tests.people import People, make_role
from tests.rows import decision, eventless, write_row
from tests.service import Service
from tests.wire import data, refused

URL = "/v1/audit-events"
# Before anybody of these tests came: rows written here stand behind all that the people leave.
THEN = datetime(2026, 3, 5, 12, 0, 0, 500_000, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SOMEBODY, NOBODY = UUID(int=0x019C13EC9E007A1B8C2D3E4F5A6B7C8D), UUID(int=0x019C13EC9E007A1B8C2D3E4F5A6B7C8E)


def listed(people: People, **filters: Any) -> list[str]:
    """Return the request ids that Ada is shown of the rows written here."""
    response = people.ada.api.get(URL, params={"until": "2026-04-01T00:00:00Z", **filters})
    return [row["request_id"] for row in data(response)]


def test_a_change_is_shown_as_its_event_and_its_decision_newest_first(people: People) -> None:
    ada, bob = people.ada, people.bob
    asked = {"User-Agent": "teapot/1.0", "X-Request-Id": "suspending"}
    ada.api.post(f"/v1/users/{bob.id}/suspend", json={"reason": "Zu laut – 你好 🚀 \\ \"'%_"}, headers=asked)

    response = ada.api.get(URL, params={"limit": 2})

    event, allowed = data(response)
    assert event == {
        "id": event["id"],
        "kind": "event",
        "occurred_at": event["occurred_at"],
        "request_id": "suspending",
        "actor": {"id": str(ada.id), "role": "admin"},
        "action": "user.suspended",
        "permission": None,
        "outcome": "succeeded",
        "reason": None,
        "target": {"type": "user", "id": str(bob.id)},
        "details": {"reason": "Zu laut – 你好 🚀 \\ \"'%_"},
        "client": {"address": "127.0.0.1", "user_agent": "teapot/1.0"},
    }
    told = {"kind": "decision", "action": "suspend_user", "permission": "users:suspend", "outcome": "allowed"}
    assert allowed == {**event, **told, "id": allowed["id"], "details": None}
    assert event["id"] > allowed["id"]
    assert datetime.fromisoformat(event["occurred_at"]).utcoffset() == timedelta(0)
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


def test_the_decision_to_let_somebody_look_is_shown_when_they_look_again(people: People) -> None:
    people.ada.sign_in()
    looks = {"action": "list_audit_events"}

    first = people.ada.api.get(URL, params=looks)
    second = people.ada.api.get(URL, params=looks)

    assert data(first) == []
    assert [row["request_id"] for row in data(second)] == [first.headers["x-request-id"]]
    decision(first).check_allowed(people.ada, "list_audit_events", "audit:read")
    assert eventless(first)


def test_what_is_not_known_is_null_and_always_there(people: People) -> None:
    write_row("nobody", THEN, kind="event", action="register", outcome="succeeded")
    write_row("command", THEN + SECOND, kind="event", action="user.verified", outcome="succeeded", actor_role="cli")
    write_row(
        "gone", THEN + 2 * SECOND, actor_id=SOMEBODY, client_id=new_id(), outcome="denied", reason="session_unknown"
    )

    gone, command, nobody = data(people.ada.api.get(URL, params={"until": "2026-04-01T00:00:00Z"}))

    assert gone["actor"] == {"id": str(SOMEBODY), "role": None}
    assert command["actor"] == {"id": None, "role": "cli"}
    assert (nobody["actor"], nobody["target"], nobody["details"]) == (None, None, None)
    assert (gone["reason"], gone["occurred_at"]) == ("session_unknown", "2026-03-05T12:00:02.500Z")
    for row in (gone, command, nobody):
        assert row["client"] == {"address": None, "user_agent": None}
        assert row["permission"] is None


def test_an_erased_client_leaves_its_line_in_the_trail(people: People) -> None:
    response = people.alice.api.get("/v1/users/me")
    run("DELETE FROM audit_clients")

    [row] = data(people.ada.api.get(URL, params={"actor": str(people.alice.id), "action": "get_me"}))

    assert (row["request_id"], row["client"]) == (
        response.headers["x-request-id"],
        {"address": None, "user_agent": None},
    )


def test_details_and_agents_come_back_as_they_were_written(people: People) -> None:
    strange = "\\\"'<>&%s%(x)s;--\u2028\u202e\ud7ff🚀é"
    details: dict[str, Any] = {strange: [strange, None, True, 1.5, -(2**53), {"": {}}], "empty": []}
    run("INSERT INTO audit_clients (id, address, user_agent) VALUES (%s, '::1', %s)", (SOMEBODY, strange))
    write_row("strange", THEN, client_id=SOMEBODY, details=json.dumps(details), kind="event", outcome="succeeded")

    [row] = data(people.ada.api.get(URL, params={"until": "2026-04-01T00:00:00Z"}))

    assert row["details"] == details
    assert row["client"] == {"address": "::1", "user_agent": strange}


def test_each_filter_keeps_what_it_names_and_they_add_up(people: People, subtests: pytest.Subtests) -> None:
    written = {
        "a": {"actor_id": SOMEBODY, "actor_role": "user", "target_type": "user", "target_id": str(SOMEBODY)},
        "b": {"actor_id": SOMEBODY, "actor_role": "cli", "outcome": "denied", "action": "get_user"},
        "c": {"actor_id": NOBODY, "actor_role": "user", "outcome": "denied"},
        "d": {"kind": "event", "outcome": "failed", "action": "user.updated", "actor_id": SOMEBODY},
        "e": {
            "kind": "event",
            "outcome": "succeeded",
            "action": "user.updated",
            "target_type": "role",
            "target_id": "x",
        },
        "f": {"kind": "event", "outcome": "succeeded", "action": "user.updated", "actor_role": "cli"},
        "g": {"target_type": "setting", "target_id": "mail:from:name"},
        "h": {"target_type": "session", "target_id": "mail:from:name"},
    }
    for number, (name, columns) in enumerate(written.items()):
        write_row(name, THEN + number * SECOND, **columns)
    cases: list[tuple[dict[str, str], str]] = [
        ({}, "hgfedcba"),
        ({"actor": str(SOMEBODY)}, "dba"),
        ({"actor": str(SOMEBODY).upper()}, "dba"),
        ({"actor": str(uuid4())}, ""),
        ({"actor": "cli"}, "f"),
        ({"action": "get_me"}, "hgca"),
        ({"action": "user.updated"}, "fed"),
        ({"action": "user.updated", "kind": "event"}, "fed"),
        ({"action": "user.updated", "kind": "decision"}, ""),
        ({"action": "user.updated", "outcome": "failed"}, "d"),
        ({"action": "get_me", "kind": "decision"}, "hgca"),
        ({"action": "get_me", "outcome": "succeeded"}, ""),
        ({"action": "GET_ME"}, ""),
        ({"outcome": "allowed"}, "hga"),
        ({"outcome": "denied"}, "cb"),
        ({"outcome": "succeeded"}, "fe"),
        ({"outcome": "failed"}, "d"),
        ({"kind": "event"}, "fed"),
        ({"kind": "decision"}, "hgcba"),
        ({"target": f"user:{SOMEBODY}"}, "a"),
        ({"target": f"user:{str(SOMEBODY).upper()}"}, "a"),
        ({"target": f"role:{SOMEBODY}"}, ""),
        ({"target": "role:X"}, ""),
        ({"target": "session:MAIL:from:Name"}, "h"),
        ({"target": "setting:MAIL:from:name"}, ""),
        ({"target": "role:x"}, "e"),
        ({"target": "setting:mail:from:name"}, "g"),
        ({"target": "session:mail:from:name"}, "h"),
        ({"target": "setting:mail"}, ""),
        ({"actor": str(SOMEBODY), "outcome": "denied"}, "b"),
        ({"actor": str(SOMEBODY), "kind": "event"}, "d"),
        ({"actor": "cli", "outcome": "succeeded", "kind": "event"}, "f"),
        ({"actor": "cli", "outcome": "denied"}, ""),
        ({"kind": "event", "outcome": "allowed"}, ""),
        ({"kind": "decision", "outcome": "succeeded"}, ""),
        ({"action": "get_me", "outcome": "allowed", "target": f"user:{SOMEBODY}"}, "a"),
    ]
    for filters, found in cases:
        with subtests.test(str(filters)):
            assert "".join(listed(people, **filters)) == found


def test_since_counts_its_moment_and_until_does_not(people: People) -> None:
    for number, name in enumerate("abcd"):
        write_row(name, THEN + timedelta(milliseconds=number))

    def found(since: str, until: str) -> str:
        return "".join(listed(people, since=f"2026-03-05T{since}", until=f"2026-03-05T{until}"))

    assert found("12:00:00.501Z", "12:00:00.503Z") == "cb"
    assert found("12:00:00.501000Z", "12:00:00.5030001Z") == "cb"
    assert found("14:00:00.501+02:00", "06:30:00.503-05:30") == "cb"
    assert found("12:00:00.501Z", "12:00:00.501Z") == ""
    assert found("12:00:00.503Z", "12:00:00.500Z") == ""
    assert found("00:00:00Z", "12:00:00.500001Z") == "a"
    assert "".join(listed(people, since="2026-03-05T12:00:00.503Z")) == "d"
    assert listed(people, since="0001-01-01T00:00:00Z", until="1970-01-01T00:00:00Z") == []
    assert "".join(listed(people, since="0001-01-01T00:00:00Z", until="9999-12-31T23:59:59.999999Z"))[-4:] == "dcba"


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(seconds=30), timedelta(minutes=4), -timedelta(minutes=4)])
def test_a_row_is_found_by_when_it_occurred_though_it_was_written_later(people: People, late_by: timedelta) -> None:
    row = write_row("late", THEN + late_by)
    run("ALTER TABLE charter_audit_entries DISABLE TRIGGER audit_no_change")
    run("UPDATE charter_audit_entries SET occurred_at = %s WHERE id = %s", (THEN, row))

    assert listed(people, since="2026-03-05T12:00:00.500Z", until="2026-03-05T12:00:00.501Z") == ["late"]
    assert listed(people, since="2026-03-05T12:00:00.501Z") == []
    assert listed(people, until="2026-03-05T12:00:00.500Z") == []


def test_no_filter_reads_wildcards_or_sql(people: People, subtests: pytest.Subtests) -> None:
    write_row("a", THEN, action="user.updated", target_type="setting", target_id="100%_")
    write_row("b", THEN + SECOND, action="user.updated", target_type="setting", target_id="100x_")
    for text in ("%", "user.%", "user_updated", "user.update_", "_" * 12, "' OR true --", "%s", "%(after)s", "\\", "*"):
        with subtests.test(text):
            assert listed(people, action=text) == []
            assert listed(people, target=f"setting:{text}") == []
    assert listed(people, target="setting:100%_") == ["a"]


def test_a_role_of_its_own_with_the_permission_may_look(people: People) -> None:
    make_role("auditor", "audit:read")

    assert data(people.make("clara", "auditor").api.get(URL, params={"limit": 1}))


@pytest.mark.parametrize("name", ["alice", "gus"])
def test_others_may_not_look_even_at_what_they_did_themselves(people: People, name: str) -> None:
    person = getattr(people, name)

    response = person.api.get(URL, params={"actor": str(person.id)})

    refused(response, 403, "FORBIDDEN")
    decision(response).check_denied("audit:read", target=None)
    assert eventless(response)


BAD_QUERIES = [
    ("limit=0", ["limit"]),
    ("limit=101", ["limit"]),
    ("offset=0", ["offset"]),
    ("sort=id", ["sort"]),
    ("actor=", ["actor"]),
    ("actor=CLI", ["actor"]),
    ("actor=cli%0A", ["actor"]),
    ("actor=019c13ec9e007a1b8c2d3e4f5a6b7c8d", ["actor"]),
    ("action=", ["action"]),
    ("action=" + "x" * 101, ["action"]),
    ("action=a%00", ["action"]),
    ("outcome=maybe", ["outcome"]),
    ("outcome=", ["outcome"]),
    ("kind=Event", ["kind"]),
    ("target=user", ["target"]),
    ("target=user:", ["target"]),
    ("target=:x", ["target"]),
    ("target=planet:x", ["target"]),
    ("target=%20user:x", ["target"]),
    ("since=yesterday", ["since"]),
    ("since=2026-01-31", ["since"]),
    ("since=2026-01-31T12:00:00", ["since"]),
    ("since=2026-01-31T12:00:00+02:00", ["since"]),  # a plus is a space
    ("since=0000-01-01T00:00:00Z", ["since"]),
    ("until=9999-12-31T23:59:59-01:00", ["until"]),
    ("kind=event&kind=event", ["kind"]),
    ("cursor=x&cursor=x", ["cursor"]),
    ("cursor=zz&foo=1", ["cursor", "foo"]),
    ("cursor=zz&limit=0&since=x", ["cursor", "limit", "since"]),
    ("limit=0&kind=x&since=x&colour=red", ["limit", "kind", "since", "colour"]),
]


def test_a_bad_query_is_refused_with_every_field(people: People, subtests: pytest.Subtests) -> None:
    for query, fields in BAD_QUERIES:
        with subtests.test(query):
            response = people.ada.api.get(f"{URL}?{query}")
            assert len(refused(response, 400, "VALIDATION_ERROR", *fields)) == len(fields)


def test_the_door_holds_here_too(people: People, service: Service, database_away: Away) -> None:
    client = people.ada.api
    with database_away():
        check_unavailable(client.get(URL))
