"""The mock responds as the server does: the same requests differ in nothing but a written list."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

from app.factory import build_dependencies
from app.mock.tables import RoleRow
from tests.document import DOCUMENT
from tests.integration.drafts import OTHERS, ROLES, Draft, drafts
from tests.integration.mock.mocked import MockPeople, MockService
from tests.integration.test_differential import Stage, play
from tests.people import Person
from tests.raw import ask, bearer
from tests.servers import Servers
from tests.standins import SPARE_ROLE

SEED = 20261130
EACH = 8

# What may differ: the operation, what begins the place of the difference, and why.
DIFFERENCES: dict[tuple[str, str], str] = {
    (
        "get_activity_stats",
        ".headers.etag",
    ): "the server may respond from its cache, with old failures",
    ("get_activity_stats", ".body.data."): "as above",
    ("get_role", ".headers.etag"): "the database also counts the versions that refused writes would have had",
    ("update_role", ".headers.etag"): "as above",
}


class MockStage(Stage):
    """The people of one run in the mock, made as `Stage` makes them in a database."""

    _service: MockService

    def __init__(self, service: MockService) -> None:
        people = MockPeople(service)
        self._service = service
        everybody = [people.ada, people.alice, people.gus, *(people.make(name, "user") for name in OTHERS)]
        dependencies = build_dependencies(service.config, {}, clock=lambda: service.clock() - timedelta(minutes=20))
        self.names = {f"{{{person.name}}}": str(person.id) for person in everybody}
        self.tokens = {"garbled": "a.b", "expired": dependencies.access_tokens.issue(people.ada.id, uuid4())}
        for person in everybody:
            given = person.sign_in()
            self.tokens[person.name] = given["access_token"]
            self.names[f"{{refresh:{person.name}}}"] = given["refresh_token"]
            self.names |= {f"{{{name}:{person.name}}}": value for name, value in self._values(person).items()}
        for role in (SPARE_ROLE, *ROLES):
            self._make_role(role)
        ended = people.alice.sign_in()["access_token"]
        self.tokens["ended"] = ended
        self.tokens["forged"] = self.tokens["ada"][:-5] + "AAAAA"
        assert ask(service, "POST", "/v1/auth/logout", [bearer(ended)]).status_code == 204

    def _values(self, person: Person) -> dict[str, str]:
        person.sign_in()
        session_id = max(row.id for row in self._service.state.tables.sessions.values() if row.user == person.id)
        values = {"user_id": str(person.id), "session_id": str(session_id)}
        return {**values, "role_name": SPARE_ROLE, "key": "service.notice"}

    def _make_role(self, name: str) -> None:
        tables, now = self._service.state.tables, self._service.clock()
        tables.roles[name] = RoleRow(
            name, "made by a test", False, False, frozenset(), tables.next_role_version(), now, now
        )


def unlike(ours: Any, theirs: Any, place: str = "") -> list[str]:
    """Return what differs between two values, each with its place."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        pairs = [(name, ours.get(name), theirs.get(name)) for name in {**ours, **theirs}]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = [(str(index), one, other) for index, (one, other) in enumerate(zip(ours, theirs, strict=True))]
    else:
        return [] if ours == theirs else [f"{place}: {ours!r}, in the mock {theirs!r}"]
    return [told for name, one, other in pairs for told in unlike(one, other, f"{place}.{name}")]


def play_mock(service: MockService, made: list[Draft]) -> list[dict[str, Any]]:
    """Send the drafts to the mock; return what is compared of its responses."""
    service.clock.stop()
    stage = MockStage(service)
    return [stage.seen(stage.send(draft)) for draft in made]


def test_the_mock_responds_as_the_server_does(
    services: Any, servers: Servers, password_hash: str, mock: MockService
) -> None:
    made = drafts(DOCUMENT, seed=SEED, each=EACH)

    real, _ = play(services["compiled"], servers, password_hash, made)
    mocked = play_mock(mock, made)

    told = [
        f"{draft}: {difference}"
        for draft, ours, theirs in zip(made, real, mocked, strict=True)
        for difference in unlike(ours, theirs)
        if not any(draft.operation == name and difference.startswith(place) for name, place in DIFFERENCES)
    ]
    assert told == []

    statuses = Counter(response["status"] for response in mocked)
    assert 500 not in statuses
    assert {200, 201, 202, 204, 304, 400, 401, 403, 404, 412} <= set(statuses), statuses
