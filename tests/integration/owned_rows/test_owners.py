"""x-owner with a resource: the owner of the row needs no permission, and nobody else learns whether there is a row."""

import threading
from collections.abc import Callable, Iterator

import pytest

from app.database import Database, run, transaction
from app.identifiers import new_id
from app.pipeline.row_owners import owner_sql
from app.spec.owned_rows import OwnedRow
from tests.integration.owned_rows.conftest import Make, Somebody
from tests.integration.owned_rows.handlers import gardens
from tests.rows import decision, event
from tests.service import Service
from tests.wire import data, refused

NOBODYS = "00000000-0000-0000-0000-000000000000"


def url(garden_id: object) -> str:
    return f"/v1/gardens/{garden_id}"


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """The statements of the requests."""
    ran: list[str] = []

    def note(query) -> None:
        ran.append(query.sql)

    database.query_hooks.append(note)
    yield ran
    database.query_hooks.remove(note)


def test_the_owner_needs_no_permission(alice: Somebody, garden: Make) -> None:
    mine = garden(alice)
    response = alice.api.get(url(mine))
    assert data(response) == {"name": "Engine"}
    decision(response).check(
        actor=alice.id, outcome="allowed", permission="gardens:read", target=f"garden:{mine}", reason=None
    )
    assert data(alice.api.patch(url(mine), json={"name": "Loom"})) == {"name": "Loom"}
    assert alice.api.head(url(mine)).status_code == 200
    assert alice.api.delete(url(mine)).status_code == 204


def test_a_stranger_gets_the_same_response_whether_there_is_a_row_or_not(
    alice: Somebody, mallory: Somebody, garden: Make
) -> None:
    targets = [garden(alice), garden(None), new_id(), NOBODYS]
    for method, body in (("GET", None), ("HEAD", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        seen = set()
        for target in targets:
            response = mallory.api.request(method, url(target), json=body)
            row = decision(response)
            row.check_denied(
                "gardens:read" if body is None and method != "DELETE" else "gardens:update",
                target=f"garden:{target}",
            )
            shown = response.json()["errors"] if response.content else None
            seen.add((response.status_code, str(shown), response.headers.get("etag"), len(response.headers)))
        assert len(seen) == 1, seen
        assert next(iter(seen))[0] == 403


def test_who_has_the_permission_learns_that_there_is_no_row(ada: Somebody, alice: Somebody, garden: Make) -> None:
    assert data(ada.api.get(url(garden(alice)))) == {"name": "Engine"}
    assert data(ada.api.get(url(garden(None)))) == {"name": "Engine"}
    response = ada.api.get(url(new_id()))
    refused(response, 404, "NOT_FOUND")
    decision(response).check(outcome="allowed", reason=None)


def test_only_the_owner_must_have_signed_in_recently(sign_in: Callable[..., Somebody], garden: Make) -> None:
    old, admin = sign_in("alice", ago=3600), sign_in("ada", "admin", ago=3600)
    refused(old.api.delete(url(garden(old))), 403, "STEP_UP_REQUIRED")
    refused(admin.api.delete(url(new_id())), 404, "NOT_FOUND")
    assert admin.api.delete(url(garden(old))).status_code == 204


def test_a_suspended_owner_and_an_ended_session_are_refused(alice: Somebody, garden: Make) -> None:
    mine = garden(alice)
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (alice.id,))
    refused(alice.api.get(url(mine)), 401, "SESSION_ENDED")


def test_an_id_that_is_none_is_refused_before_the_decision(alice: Somebody, service: Service) -> None:
    before = run("SELECT count(*) FROM audit_events")
    for text in ("1", "x'; DROP TABLE gardens; --", "%27%20OR%201%3D1"):
        assert alice.api.get(f"/v1/gardens/{text}").status_code == 400
    assert run("SELECT count(*) FROM audit_events") == before


def test_if_match_works_for_the_owner(alice: Somebody, garden: Make) -> None:
    mine = garden(alice)
    tag = alice.api.get(url(mine)).headers["etag"]
    assert alice.api.get(url(mine), headers={"If-None-Match": tag}).status_code == 304
    changed = alice.api.patch(url(mine), json={"name": "Loom"}, headers={"If-Match": tag})
    assert data(changed) == {"name": "Loom"}
    refused(alice.api.patch(url(mine), json={"name": "x"}, headers={"If-Match": tag}), 412, "PRECONDITION_FAILED")


def test_a_decision_about_a_row_is_one_statement(
    alice: Somebody, mallory: Somebody, garden: Make, statements: list[str]
) -> None:
    mine = garden(alice)
    alice.api.get(url(mine))
    for somebody, expected in ((alice, 200), (mallory, 403)):
        statements.clear()
        assert somebody.api.get(url(mine)).status_code == expected
        assert len(statements) == 1, statements


def test_a_cached_row_is_gone_with_its_owner(alice: Somebody, ada: Somebody, garden: Make, service: Service) -> None:
    """The database deletes the rows of an account, and no operation invalidates their tags."""
    if not service.config.redis_url:
        pytest.skip("no Valkey on this machine")
    mine = garden(alice)
    for _ in range(2):
        assert data(ada.api.get(url(mine))) == {"name": "Engine"}
    run("UPDATE gardens SET name = 'unseen' WHERE id = %s", (mine,))
    assert data(ada.api.get(url(mine))) == {"name": "Engine"}  # it is cached
    run("DELETE FROM users WHERE id = %s", (alice.id,))
    refused(ada.api.get(url(mine)), 404, "NOT_FOUND")


def test_a_cached_row_is_shown_to_no_stranger(alice: Somebody, mallory: Somebody, garden: Make) -> None:
    mine = garden(alice)
    data(alice.api.get(url(mine)))
    refused(mallory.api.get(url(mine)), 403, "FORBIDDEN")
    run("UPDATE gardens SET owner_id = %s WHERE id = %s", (mallory.id, mine))
    assert data(mallory.api.get(url(mine))) == {"name": "Engine"}
    refused(alice.api.get(url(mine)), 403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("meanwhile", "status", "after"),
    [
        # What is decided stays decided, as with a permission that is taken away meanwhile: the change comes after.
        ("UPDATE gardens SET owner_id = NULL WHERE id = %s", 200, 403),
        ("DELETE FROM gardens WHERE id = %s", 404, 403),
    ],
)
def test_a_row_that_changes_hands_meanwhile(
    alice: Somebody, garden: Make, meanwhile: str, status: int, after: int
) -> None:
    mine, responses = garden(alice), []

    def rename() -> None:
        responses.append(alice.api.patch(url(mine), json={"name": gardens.WAITING}))

    thread = threading.Thread(target=rename)
    thread.start()
    gardens.DECIDED.wait(10)
    run(meanwhile, (mine,))
    gardens.GO_ON.wait(10)
    thread.join(10)
    [response] = responses
    assert response.status_code == status
    decision(response).check(outcome="allowed")
    event(response).check(outcome="succeeded" if status == 200 else "failed", target=f"garden:{mine}")
    assert alice.api.get(url(mine)).status_code == after


def test_if_match_refuses_what_changed_hands_meanwhile(alice: Somebody, garden: Make) -> None:
    """A transfer raises the version, as every change of the row does."""
    mine, responses = garden(alice), []
    tag = alice.api.get(url(mine)).headers["etag"]

    def rename() -> None:
        responses.append(alice.api.patch(url(mine), json={"name": gardens.WAITING}, headers={"If-Match": tag}))

    thread = threading.Thread(target=rename)
    thread.start()
    gardens.DECIDED.wait(10)
    run("UPDATE gardens SET owner_id = NULL, version = version + 1 WHERE id = %s", (mine,))
    gardens.GO_ON.wait(10)
    thread.join(10)
    refused(responses[0], 412, "PRECONDITION_FAILED")


def test_members_of_a_team_need_no_permission(alice: Somebody, mallory: Somebody, ada: Somebody) -> None:
    team, other, note, unshared = new_id(), new_id(), new_id(), new_id()
    run("INSERT INTO teams (id) VALUES (%s), (%s)", (team, other))
    run("INSERT INTO notes (id, team_id, name) VALUES (%s, %s, 'Ours'), (%s, NULL, 'x')", (note, team, unshared))
    join = "INSERT INTO team_members (id, team_id, user_id) VALUES (%s, %s, %s)"
    run(join, (new_id(), team, alice.id))
    run(join, (new_id(), other, mallory.id))
    response = alice.api.get(f"/v1/notes/{note}")
    assert data(response) == {"name": "Ours"}
    decision(response).check(outcome="allowed", permission="notes:read", target=f"note:{note}")
    for target in (note, unshared, new_id()):
        refused(mallory.api.get(f"/v1/notes/{target}"), 403, "FORBIDDEN")
    assert data(ada.api.get(f"/v1/notes/{note}")) == {"name": "Ours"}
    refused(ada.api.get(f"/v1/notes/{new_id()}"), 404, "NOT_FOUND")
    run("DELETE FROM team_members WHERE user_id = %s", (alice.id,))
    refused(alice.api.get(f"/v1/notes/{note}"), 403, "FORBIDDEN")


def test_the_trail_is_searched_for_the_resources_of_the_document(alice: Somebody, ada: Somebody, garden: Make) -> None:
    mine = garden(alice)
    alice.api.get(url(mine))
    for text in (f"garden:{mine}", f"garden:{str(mine).upper()}"):
        [entry] = data(ada.api.get("/v1/audit-events", params={"target": text}))
        assert entry["target"] == {"type": "garden", "id": str(mine)}
    assert data(ada.api.get("/v1/audit-events", params={"target": "note:1"})) == []
    [error] = refused(ada.api.get("/v1/audit-events", params={"target": "planet:1"}), 400, "VALIDATION_ERROR", "target")
    assert error["message"] == "Must begin with user:, role:, session:, setting:, garden: or note:, and go on after it."


@pytest.mark.parametrize(
    ("row", "indexes"), [(OwnedRow("garden", "owner_id", None), 1), (OwnedRow("note", "team_id", "team_member"), 2)]
)
def test_the_owner_is_found_by_keys_of_the_tables(database: Database, row: OwnedRow, indexes: int) -> None:
    sql = owner_sql(row, f"'{NOBODYS}'", f"'{NOBODYS}'")
    with transaction():
        run("SET LOCAL enable_seqscan = off")
        plan = "\n".join(line for (line,) in run(f"EXPLAIN (COSTS OFF) SELECT {sql}"))
    assert (plan.count("Index Scan") + plan.count("Index Only Scan"), "Seq Scan" in plan) == (indexes, False), plan
