"""Every operation x everybody who might call it: the response, and the one decision row that it leaves (law 4).

The pairs are made from the document. What each must meet follows from the operation's policy, and is listed nowhere.
"""

import httpx
import pytest

from tests.integration.every_operation.callers import Verdict, callers_of, held_by, token_of, verdict_on
from tests.integration.every_operation.described import OPERATIONS, Described, Ending
from tests.integration.every_operation.requests import PROPERTIES, Request, request_for
from tests.integration.every_operation.responses import ending_of
from tests.integration.every_operation.world import World
from tests.rows import audit_rows
from tests.wire import events, refused


def pairs(operations: list[Described]) -> list:
    """Return a parameter set for each operation and caller."""
    return [
        pytest.param(described, caller, id=f"{described.name}-{caller}")
        for described in operations
        for caller in callers_of(described)
    ]


def check(described: Described, response: httpx.Response, verdict: Verdict) -> None:
    assert ending_of(described, response) == verdict.ending, response.text
    if verdict.fields:
        refused(response, *verdict.ending, *verdict.fields)
    rows = audit_rows(response, "decision")
    assert len(rows) == (verdict.decision is not None)
    for row in rows:
        row.check(**verdict.decision or {})
    if not described.policy.public:
        left = [(row.action, row.outcome) for row in events(response.headers["x-request-id"])]
        assert left == ([verdict.event] if verdict.event else [])


@pytest.mark.parametrize(("described", "caller"), pairs(OPERATIONS))
def test_an_operation_meets_each_caller_as_its_policy_says(described: Described, caller: str, world: World) -> None:
    token = token_of(described, caller, world)
    request = request_for(described, world).but(token=token)
    verdict = verdict_on(described, caller, request, world)
    before = world.fingerprint()

    response = request.send(world.client)

    check(described, response, verdict)
    if verdict.ending.status >= 400:
        assert world.fingerprint() == before
    if verdict.ending == Ending(401, "UNAUTHENTICATED"):
        assert response.headers["www-authenticate"] == 'Bearer realm="charter"'


def guarded(operations: list[Described]) -> list:
    """Return a parameter set for each property of a body that needs a permission of its own."""
    return [
        pytest.param(described, path, permission, id=f"{described.name}-{'.'.join(path)}")
        for described in operations
        for path, permission in described.policy.write_permissions
    ]


def setting(request: Request, described: Described, path: tuple[str, ...], world: World) -> Request:
    """Return the request with a property of its body set to the property's example."""
    value = PROPERTIES[path[-1]](world) if path[-1] in PROPERTIES else described.property_example(path)
    for name in reversed(path):
        value = {name: value}
    return request.but(body=value)


@pytest.mark.parametrize(("described", "path", "permission"), guarded(OPERATIONS))
def test_a_guarded_property_is_refused_by_name_to_anybody_who_lacks_its_permission(
    described: Described, path: tuple[str, ...], permission: str, world: World
) -> None:
    # Anybody who may call has the permission where the operation asks for the same one: then the owner is without it.
    caller = "owner" if permission in described.policy.permissions else "just_that_permission"
    token = token_of(described, caller, world)
    request = setting(request_for(described, world), described, path, world).but(token=token)
    verdict = verdict_on(described, caller, request, world)
    assert ".".join(path) in verdict.fields
    before = world.fingerprint()

    response = request.send(world.client)

    check(described, response, verdict)
    assert world.fingerprint() == before


@pytest.mark.parametrize(("described", "path", "permission"), guarded(OPERATIONS))
def test_a_guarded_property_is_set_by_anybody_who_holds_its_permission_and_the_operations(
    described: Described, path: tuple[str, ...], permission: str, world: World
) -> None:
    token = token_of(described, "just_that_permission", world)
    held = held_by(described, "just_that_permission") | {name for _, name in described.policy.write_permissions}
    world.grant(*held)
    request = setting(request_for(described, world), described, path, world).but(token=token)

    response = request.send(world.client)

    check(described, response, verdict_on(described, "just_that_permission", request, world, held=held))
