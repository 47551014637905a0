"""API3:2023 broken object property level authorization; ASVS 5.0 V8.2.3, V15.3.3: nobody sets or sees more.

Every name that any table or any answer has is sent with every body; what a document of tomorrow adds is sent then.
"""

import itertools
import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from app.database import run
from tests.integration.conftest import Services
from tests.integration.hostile.attack_surface import (
    Operation,
    answered_names,
    attackable,
    contract,
    everything,
    part_of,
    stored_names,
)
from tests.people import PASSWORD, People, Person, make_role
from tests.service import Service
from tests.standins import gone
from tests.wire import refused

# What other frameworks give a meaning to, and what attackers try first.
LORE = {
    "__proto__", "constructor", "prototype", "__class__", "$ne", "$where", "is_admin", "isAdmin", "admin", "superuser",
    "roles", "groups", "scope", "scopes", "owner", "owner_id", "tenant_id", "_method", "_links", "fields", "include",
    "profile.display_name", "profile[role]", "role.name", "user.role", "data", "attributes", "items", " ", "0",
    "сonstructor", "é" * 60, "{{7*7}}", "<script>", "../role", "a/b", "a~1b",
}  # fmt: skip
WISHES: dict[str, Any] = {"role": "admin", "status": "active", "version": 1, "permissions": ["roles:assign"]}
# Fewer than the violations that one response lists.
AT_ONCE = 40
WITH_BODY = [operation for operation in attackable() if operation.schema.get("properties")]


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """One way in: bodies are judged behind it."""
    return services["compiled"]


@pytest.fixture
def before(people: People) -> dict[str, str]:
    """What is stored once everybody is there and signed in."""
    assert all((people.bob, people.ada.api, people.mallory.api, people.gus.api))
    return everything()


def ids_of(operation: Operation, target: Person) -> list[Any]:
    """Somebody's things, by the parameters of a path; what is no account need not be there for these tests."""
    return [target.id if name == "user_id" else gone(name) for name in operation.parameters]


def caller_of(operation: Operation, people: People, service: Service) -> httpx.Client:
    return service.client() if operation.policy.public else people.ada.api


def levels(schema: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Yield each object of a body: its path, and the names that may be set in it."""
    yield path, set(schema["properties"])
    for name, child in schema["properties"].items():
        if (part := part_of(child)).get("properties"):
            yield from levels(part, (*path, name))


def put(body: Any, path: tuple[str, ...], more: Mapping[str, Any]) -> Any:
    """Return a copy of a body with more members in the object at a path."""
    if not path:
        return {**body, **more}
    return {**body, path[0]: put(body.get(path[0], {}), path[1:], more)}


def chunks(names: set[str]) -> Iterator[list[str]]:
    listed = sorted(names)
    return (listed[start : start + AT_ONCE] for start in range(0, len(listed), AT_ONCE))


def naming(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the faults of a property; that there are too many of them is one of the whole body."""
    return [error for error in errors if error["field"]]


def test_nothing_is_set_that_the_body_s_schema_does_not_name(
    people: People, service: Service, before: dict[str, str]
) -> None:
    """API3:2023 mass assignment: each column and each answered property, by who may call: 400, each one named."""
    target = people.bob
    known = answered_names() | stored_names() | LORE
    assert {"password_hash", "holds_all", "role", "created_at", "version", "verified_at"} <= known
    for operation in WITH_BODY:
        client, ids = caller_of(operation, people, service), ids_of(operation, target)
        for path, settable in levels(operation.schema):
            for names in chunks(known - settable):
                body = put(operation.example, path, {name: WISHES.get(name, True) for name in names})
                response = operation.call(client, *ids, body=body)

                errors = naming(refused(response, 400, "VALIDATION_ERROR"))
                assert len(errors) == len(names), (operation.name, response.text)
                told = {error["field"] for error in errors}
                assert told == {".".join((*path, name)) for name in names}, operation.name
    assert everything() == before


def test_nothing_is_set_by_those_who_may_not_call_either(people: People, before: dict[str, str]) -> None:
    """API3:2023, API5:2023: the same by a guest and a user, on somebody else's things: 400 or 403, nothing changed."""
    clients, target = (people.gus.api, people.mallory.api), people.bob
    wishes = {"id": str(people.ada.id), "email_verified": True, "is_admin": True, **WISHES}
    for operation, client in itertools.product(WITH_BODY, clients):
        if operation.policy.public:
            continue
        more = {name: value for name, value in wishes.items() if name not in operation.schema["properties"]}
        response = operation.call(client, *ids_of(operation, target), body={**operation.example, **more})
        assert response.status_code in (400, 403), (operation.name, response.text)
    assert everything() == before


def test_a_name_is_taken_as_it_is_spelt_or_not_at_all(people: People, service: Service, before: dict[str, str]) -> None:
    """API3:2023: other case, blanks, brackets, dots and look-alike letters are names of their own, and unknown ones."""
    for operation in WITH_BODY:
        client, ids = caller_of(operation, people, service), ids_of(operation, people.bob)
        for name in operation.schema["properties"]:
            wide = "".join(chr(ord(char) + 0xFEE0) if char.isalpha() else char for char in name)
            camel = name.title().replace("_", "")
            for variant in {
                name.upper(),
                camel,
                f"{name} ",
                f" {name}",
                f"{name}\u200b",
                wide,
                f"{name}[]",
                f"/{name}",
            }:
                response = operation.call(client, *ids, body={**operation.example, variant: "x"})
                [error] = naming(refused(response, 400, "VALIDATION_ERROR"))
                assert error["field"] == variant
    assert everything() == before


def test_a_name_that_is_there_twice_leaves_no_choice(people: People, service: Service, before: dict[str, str]) -> None:
    """ASVS V15.3.7 parameter pollution: of two values neither the first nor the last is taken, at any depth."""
    for operation in WITH_BODY:
        client, ids = caller_of(operation, people, service), ids_of(operation, people.bob)
        for path, settable in levels(operation.schema):
            name = min(settable)
            marked = json.dumps(put(operation.example, path, {"\x01": 1}))
            pair = f"{json.dumps(name)}: null, {json.dumps(name)}: null"
            raw = marked.replace('"\\u0001": 1', pair)
            assert raw != marked
            response = operation.call(
                client, *ids, body=None, content=raw, headers={"Content-Type": "application/json"}
            )
            assert refused(response, 400, "MALFORMED_BODY")[0]["field"] is None
    assert everything() == before


def test_a_scalar_is_no_list_and_no_object(people: People, service: Service, before: dict[str, str]) -> None:
    """API3:2023, NoSQL-style operators: what wants one value takes neither one in a list nor an object."""
    for operation in WITH_BODY:
        client, ids = caller_of(operation, people, service), ids_of(operation, people.bob)
        for name, schema in operation.schema["properties"].items():
            if part_of(schema).get("type") not in ("string", "boolean", "integer"):
                continue
            value = operation.example.get(name)
            for wrong in ([value], [[value]], {"$ne": None}, {"value": value}, {"0": value}, []):
                response = operation.call(client, *ids, body={**operation.example, name: wrong})
                refused(response, 400, "VALIDATION_ERROR", name)
        for whole in ([operation.example], {"data": operation.example}, json.dumps(operation.example), 1, True):
            refused(operation.call(client, *ids, body=whole), 400, "VALIDATION_ERROR")
    assert everything() == before


def test_a_guarded_property_needs_its_own_right(people: People) -> None:
    """API3:2023, ASVS V8.2.3: 403 with the field for all the rights in the world but that one, and for the owner."""
    catalogue = set(contract().permissions)
    tried = 0
    for operation in attackable():
        for path, permission in operation.policy.write_permissions:
            if permission not in operation.policy.permissions:
                make_role(f"lacking-{tried}", *(catalogue - {permission}))
                caller = people.make(f"lacking{tried}", f"lacking-{tried}")
            elif operation.policy.owner:
                caller = people.mallory
            else:
                continue
            before = everything() if caller.api else {}
            value = {"role": "guest", "email_verified": True, "email": "m@example.com"}.get(path[-1], "x")
            least = {name: operation.example[name] for name in operation.schema.get("required", ())}
            body = put(least, path[:-1], {path[-1]: value})

            response = operation.call(caller.api, *ids_of(operation, caller), body=body)

            refused(response, 403, "FORBIDDEN", ".".join(path))
            assert everything() == before
            tried += 1
    assert tried >= 3


def test_no_answer_holds_more_than_the_document_says(people: People) -> None:
    """API3:2023 excessive data exposure: every read, by who may read all: documented properties only, and no hash."""
    people.bob.sign_in()
    make_role("custom", "users:list")
    hidden = stored_names() - answered_names()
    hashes = {value for (value,) in run("SELECT password_hash FROM users")}
    assert "password_hash" in hidden
    for operation in [one for one in attackable() if one.policy.safe]:
        response = operation.call(people.ada.api, *ids_of(operation, people.bob))
        if response.status_code == 404:
            continue

        assert response.status_code == 200, (operation.name, response.text)
        assert list(undocumented(response.json(), operation.response)) == [], operation.name
        assert not [name for name in hidden if f'"{name}"' in response.text], operation.name
        assert not [value for value in (*hashes, "$2b$", PASSWORD) if value in response.text], operation.name


def undocumented(value: Any, schema: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Yield the path of everything in a response that its schema does not name."""
    schema = part_of(schema)
    if isinstance(value, list):
        for item in value:
            yield from undocumented(item, schema.get("items", {}), f"{at}[]")
    if not isinstance(value, dict) or schema.get("additionalProperties", False) is not False:
        return  # a map, whose names are data
    parts = [schema, *map(part_of, schema.get("allOf", ()))]
    named = {name: child for part in parts for name, child in part.get("properties", {}).items()}
    for name, item in value.items():
        if name not in named:
            yield f"{at}.{name}"
        else:
            yield from undocumented(item, named[name], f"{at}.{name}")


def test_no_refusal_holds_more_than_the_document_says(people: People) -> None:
    """API3:2023, ASVS V16.5.1: a refusal repeats nothing that was sent, and tells nothing of the inside."""
    rng = random.Random(3)
    for operation in WITH_BODY:
        marked = {name: f"s3nt-{rng.randrange(10**9)}" for name in operation.schema["properties"]}
        response = operation.call(people.ada.api, *ids_of(operation, people.bob), body={**marked, "x": "s3nt-too"})

        assert response.status_code == 400, response.text
        assert "s3nt" not in response.text
        assert set(response.json()) == {"data", "meta", "errors"}
        assert all(set(error) <= {"code", "message", "field"} for error in response.json()["errors"])
        assert not [word for word in ("Traceback", "psycopg", "SELECT", "/app/", "peewee") if word in response.text]
