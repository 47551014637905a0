"""list_permissions: all that a role can be given."""

import pytest

from app.pipeline.contract import OPENAPI
from app.spec.permissions import load_permissions
from tests.people import People, make_role
from tests.rows import decision, eventless
from tests.wire import data, refused


def test_every_permission_of_the_document_is_listed_by_name(people: People) -> None:
    response = people.ada.api.get("/v1/permissions")

    known = load_permissions(OPENAPI / "permissions.yaml")
    assert data(response) == [{"name": name, "description": known[name].description} for name in sorted(known)]
    assert "pagination" not in response.json()["meta"]
    decision(response).check_allowed(people.ada, "list_permissions", "roles:read")
    assert eventless(response)


def test_a_role_of_its_own_with_the_permission_may_list(people: People) -> None:
    make_role("reader", "roles:read")

    assert len(data(people.make("rita", "reader").api.get("/v1/permissions"))) > 10


@pytest.mark.parametrize("name", ["alice", "gus"])
def test_others_may_not(people: People, name: str) -> None:
    response = getattr(people, name).api.get("/v1/permissions")

    refused(response, 403, "FORBIDDEN")
    decision(response).check_denied("roles:read", target=None)


def test_a_parameter_is_refused(people: People) -> None:
    assert refused(people.ada.api.get("/v1/permissions?limit=1"), 400, "VALIDATION_ERROR", "limit")
