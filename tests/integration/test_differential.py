"""The two ways in answer alike: the same requests, on equal databases, differ in nothing but a written list."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.database import Database, run
from app.factory import build_dependencies
from models.record import database as proxy
from tests.document import DOCUMENT
from tests.integration.drafts import OTHERS, ROLES, Draft, drafts
from tests.people import People, make_role
from tests.raw import ask, bearer
from tests.servers import Servers
from tests.service import SECRET, Service
from tests.standins import TABLE, Values

SEED = 20261133
EACH = 28
# What may differ: the operation and the changes of a draft, and why. Nothing must, today.
DIFFERENCES: dict[tuple[str, ...], str] = {}

HEADERS = (
    "accept", "accept-encoding", "accept-patch", "access-control-allow-origin", "allow", "cache-control",
    "connection", "content-type", "etag", "link", "location", "ratelimit-policy", "retry-after", "vary",
    "www-authenticate", "x-content-type-options",
)  # fmt: skip
OURS = {"timestamp", "request_id", "access_token", "refresh_token", "next_cursor"}
CURSOR = re.compile(r"cursor=[\w-]{64}")
UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
STATE = {
    "users": "SELECT email, status, u.version, verified_at IS NULL, r.name, p.display_name, p.bio FROM users u"
    " JOIN roles r ON r.id = role_id LEFT JOIN user_profiles p ON p.user_id = u.id",
    "sessions": "SELECT u.email, generation, end_reason FROM sessions s JOIN users u ON u.id = s.user_id",
    "roles": "SELECT name, description, version, array(SELECT permission FROM role_permissions p"
    " WHERE p.role_id = r.id ORDER BY 1)::text FROM roles r",
    "attempts": "SELECT failures, blocked_until IS NULL FROM sign_in_attempts",
    "audit": "SELECT kind, action, permission, outcome, reason, actor_role, target_type, details::text"
    " FROM audit_events",
}


@contextmanager
def fresh(service: Service, servers: Servers) -> Iterator[None]:
    """Put the service on an empty database and cache, and stop its clock."""
    url = servers.clone()
    servers.empty_redis()
    database = Database(url, size=8)
    proxy.initialize(database)
    service.clock.stop()
    try:
        yield
    finally:
        service.clock.reset()
        database.close()
        database.reset()
        proxy.initialize(None)
        servers.drop(url)


class Stage:
    """The people of one run, their ids and tokens by name."""

    def __init__(self, service: Service, password_hash: str) -> None:
        people = People(service, password_hash)
        everybody = [people.ada, people.alice, people.gus, *(people.make(name, "user") for name in OTHERS)]
        dependencies = build_dependencies(service.config, {}, clock=lambda: service.clock() - timedelta(minutes=20))
        self.names = {f"{{{person.name}}}": str(person.id) for person in everybody}
        self.tokens = {"garbled": "a.b", "expired": dependencies.access_tokens.issue(people.ada.id, uuid4())}
        for person in everybody:
            given = person.sign_in()
            self.tokens[person.name] = given["access_token"]
            self.names[f"{{refresh:{person.name}}}"] = given["refresh_token"]
            values = Values(person)
            self.names |= {f"{{{name}:{person.name}}}": str(values[name]) for name in TABLE}
        for role in ROLES:
            make_role(role)
        ended = people.alice.sign_in()["access_token"]
        self.tokens["ended"] = ended
        self.tokens["forged"] = self.tokens["ada"][:-5] + "AAAAA"
        self._service = service
        assert ask(service, "POST", "/v1/auth/logout", [bearer(ended)]).status_code == 204
        assert SECRET not in "".join(self.tokens.values())

    def fill(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace(name, value)
        return text

    def send(self, draft: Draft) -> httpx.Response:
        headers = [bearer(self.tokens[draft.token])] if draft.token else []
        headers += draft.headers
        if draft.kind is not None:
            headers.append(("Content-Type", draft.kind))
        target = self.fill(draft.path) + ("?" + "&".join(draft.query) if draft.query else "")
        body = self.fill(draft.raw_body.decode("latin-1")).encode("latin-1")
        return ask(
            self._service, draft.method, target, headers, [body[:7], body[7:]] if draft.chunked and body else body
        )

    def seen(self, response: httpx.Response) -> dict[str, Any]:
        """What is compared: of ids, times and tokens only that they are there."""
        headers = {name: self.plain(response.headers.get(name)) for name in HEADERS}
        given = response.headers.get("x-request-id", "")
        headers["x-request-id"] = "made" if UUID_TEXT.fullmatch(given) else given
        headers["ratelimit"] = re.sub(r"\d+", "n", response.headers.get("ratelimit", ""))
        headers["content-length"] = "content-length" in response.headers
        is_json = response.headers.get("content-type") == "application/json" and response.content
        return {
            "status": response.status_code,
            "headers": headers,
            "body": self.plain(json.loads(response.content)) if is_json else response.text,
        }

    def plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: f"<{key}>" if key in OURS and item else self.plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.plain(item) for item in value]
        if not isinstance(value, str):
            return value
        for name, known in self.names.items():
            value = value.replace(known, name)
        return CURSOR.sub("<cursor>", UUID_TEXT.sub("<id>", MOMENT.sub("<time>", value)))


def play(
    service: Service, servers: Servers, password_hash: str, made: list[Draft]
) -> tuple[list[dict[str, Any]], dict[str, Counter]]:
    """Send the drafts; return what was answered, and what is in the database afterwards."""
    with fresh(service, servers):
        stage = Stage(service, password_hash)
        responses = [stage.seen(stage.send(draft)) for draft in made]
        state = {name: Counter(stage.plain(list(row)).__repr__() for row in run(sql)) for name, sql in STATE.items()}
    return responses, state


@pytest.fixture(scope="module")
def made() -> list[Draft]:
    return drafts(DOCUMENT, seed=SEED, each=EACH)


def test_the_drafts_reach_every_operation_and_are_good_and_bad(made: list[Draft]) -> None:
    operations = {
        operation["operationId"]
        for item in DOCUMENT.bundle["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    }

    assert len(made) >= 300
    assert {draft.operation for draft in made} == operations
    assert drafts(DOCUMENT, seed=SEED, each=EACH) == made


def test_both_ways_in_give_the_same_answers_and_leave_the_same_behind(
    services: Any, servers: Servers, password_hash: str, made: list[Draft]
) -> None:
    compiled, compiled_state = play(services["compiled"], servers, password_hash, made)
    stock, stock_state = play(services["connexion"], servers, password_hash, made)

    different = [
        (draft, ours, theirs) for draft, ours, theirs in zip(made, compiled, stock, strict=True) if ours != theirs
    ]
    told = [f"{draft}\n  compiled:  {ours}\n  connexion: {theirs}" for draft, ours, theirs in different]
    assert {(draft.operation, *draft.changes) for draft, *_ in different} == set(DIFFERENCES), "\n\n".join(told)
    assert compiled_state == stock_state

    statuses = Counter(response["status"] for response in compiled)
    assert 500 not in statuses
    assert {200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 428, 431} <= set(statuses), statuses
    assert {response["status"] // 100 for response in compiled} == {2, 3, 4}
    good = {draft.operation for draft, response in zip(made, compiled, strict=True) if response["status"] < 300}
    assert good == {draft.operation for draft in made}
