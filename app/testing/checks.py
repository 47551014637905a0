"""Tests that fit every project, because they are made from its document."""

from functools import lru_cache

import httpx
import pytest

from app.config import Config
from app.database import Database, run
from app.database.drift import drift
from app.database.tables import CHARTER_MODELS
from app.pipeline.contract import read_contract
from app.pipeline.project_parts import load_parts
from app.project import Project
from app.spec.document import DocumentError
from app.spec.policy import Policy
from app.testing.people import People, Person

OPERATION = "charter_operation"
_STAND_IN = "019c13ec-9e00-7e5f-8a6b-7c8d9e0f1a2b"
_HELD = """
SELECT r.holds_all, array_remove(array_agg(p.permission), NULL)
FROM roles r LEFT JOIN role_permissions p ON p.role_id = r.id WHERE r.name = %s GROUP BY r.id
"""


@lru_cache
def operations_of(project: Project | None) -> list[Policy]:
    """Return the policies of the operations that a project adds; none while its document has faults."""
    if project is None:
        return []
    try:
        contract = read_contract(Config(), project=project)
    except DocumentError:
        return []
    return [policy for policy in contract.policies.values() if not policy.inherited]


def test_document(charter_project: Project | None) -> None:
    """Test that `charter spec lint` finds no fault."""
    try:
        read_contract(Config(), project=charter_project, thorough=True)
    except DocumentError as error:
        pytest.fail("\n".join(["The document has faults:", *map(str, error.faults)]), pytrace=False)


def test_tables(charter_project: Project | None, database: Database) -> None:
    """Test that the models are what the migrations have made: tables, columns, types, indexes and constraints."""
    parts, _ = load_parts(charter_project)
    if differences := drift(database, [*CHARTER_MODELS, *parts.models]):
        advice = "Write a migration that makes the tables equal to the models, or correct the models."
        pytest.fail("\n".join([*differences, advice]), pytrace=False)


def test_permissions(charter_operation: Policy, people: People, api: httpx.Client) -> None:
    """Test one operation with everybody who might call it: the decision is what its policy says."""
    policy = charter_operation
    wrong = []
    for name, person in _callers(people).items():
        for owner in dict.fromkeys([people.bob, person or people.bob]):
            expected = _expected(policy, person, owner)
            response = _call(policy, person.api if person else api, owner)
            rows = run(
                "SELECT outcome FROM audit_events WHERE request_id = %s AND kind = 'decision'",
                (response.headers["x-request-id"],),
            )
            decided = [outcome for (outcome,) in rows]
            if decided != expected or (decided == ["denied"] and response.status_code != 403):
                wrong.append(f"{name}, on what {owner.name} owns: {response.status_code}, {decided}, not {expected}")
    if wrong:
        pytest.fail("\n".join([f"{policy.operation_id} ({policy.place}):", *wrong]), pytrace=False)


test_document.__module__ = test_tables.__module__ = test_permissions.__module__ = "charter.testing"


def _callers(people: People) -> dict[str, Person | None]:
    return {"nobody": None, "a guest": people.gus, "a user": people.alice, "an admin": people.ada}


def _expected(policy: Policy, person: Person | None, owner: Person) -> list[str]:
    """Return the outcomes of the decisions that one call leaves in the audit trail."""
    if policy.public:
        return ["allowed"]
    if person is None:
        return []  # refused before anybody's rights are looked at
    [(holds_all, held)] = run(_HELD, (person.role,))
    owns = policy.owner in path_parameters(policy) and person is owner
    return ["allowed" if owns or holds_all or set(policy.permissions) <= set(held) else "denied"]


def path_parameters(policy: Policy) -> list[str]:
    """Return the names in braces in the path of an operation."""
    return [part[1:-1] for part in policy.path.split("/") if part.startswith("{")]


def _call(policy: Policy, client: httpx.Client, owner: Person) -> httpx.Response:
    """Call an operation without a body: rights are decided before the body is read, so nothing is written."""
    values = {name: str(owner.id) if name == "user_id" else _STAND_IN for name in path_parameters(policy)}
    return client.request(policy.method.upper(), policy.path.format(**values))
