"""Who may call what in the mock follows from the document, as in the server."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.mock.people import ACCOUNTS
from app.pipeline.contract import OPENAPI
from app.spec.permissions import load_permissions
from tests.document import DOCUMENT
from tests.integration.mock.mocked import MockPeople, MockService
from tests.people import PASSWORD
from tests.wire import data, refused

PERMISSIONS = load_permissions(OPENAPI / "permissions.yaml")
OWN = "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"
VALUES = {"user_id": OWN, "session_id": OWN, "role_name": "librarian", "key": "service.notice"}
OPERATIONS = [
    (method, path, operation)
    for path, item in DOCUMENT.bundle["paths"].items()
    for method, operation in item.items()
    if isinstance(operation, dict) and "x-permission" in operation
]


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.role)
def test_a_role_may_call_what_its_permissions_say(mock: MockService, account: Any) -> None:
    wrong = []
    with mock.client(mock.sign_in(account.email)["access_token"]) as client:
        for method, path, operation in OPERATIONS:
            success = next(status for status in operation["responses"] if status.startswith("2"))
            headers = {"Prefer": f"code={success}", "If-Match": "*"}
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            # The first example sets no property that needs a permission of its own.
            body = next((example["value"] for example in content.get("examples", {}).values()), None)
            if "x-write-permission" in str(content) or operation["operationId"] == "update_user":
                body = {"email_verified": True} if account.role == "admin" else body
            response = client.request(method, path.format_map(VALUES), json=body, headers=headers)
            holds = account.role == "admin" or account.role in PERMISSIONS[operation["x-permission"]].roles
            owns = account.role == "user" and "x-owner" in operation
            if response.status_code != (int(success) if holds or owns else 403) and not (
                owns and operation["operationId"] == "update_user"
            ):
                wrong.append((operation["operationId"], response.status_code))
    assert wrong == []


def test_a_property_may_need_a_permission_of_its_own(mock_people: MockPeople) -> None:
    role = {"name": "clerk", "description": "Creates accounts.", "permissions": ["users:create"]}
    assert mock_people.ada.api.post("/v1/roles", json=role).status_code == 201
    path = f"/v1/users/{mock_people.bob.id}/role"
    assert data(mock_people.ada.api.put(path, json={"role": "clerk"}))["role"] == "clerk"
    body = {"email": "new@example.com", "password": PASSWORD}
    refused(mock_people.bob.api.post("/v1/users", json={**body, "role": "user"}), 403, "FORBIDDEN", "role")
    assert data(mock_people.bob.api.post("/v1/users", json=body), 201)["role"] == "guest"


def test_simultaneous_requests_are_worked_on_one_after_the_other(mock_people: MockPeople) -> None:
    service, token = mock_people.ada.service, mock_people.alice.sign_in()["refresh_token"]
    with service.client() as client, ThreadPoolExecutor(10) as threads:

        def refresh(_: int) -> str:
            return str(data(client.post("/v1/auth/refresh", json={"refresh_token": token}))["refresh_token"])

        def create(_: int) -> str | None:
            body, key = {"email": "new@example.com", "password": PASSWORD}, {"Idempotency-Key": "k"}
            response = mock_people.ada.api.post("/v1/users", json=body, headers=key)
            if response.status_code == 409:  # while the first one is carried out
                refused(response, 409, "IDEMPOTENCY_IN_PROGRESS")
                return None
            assert response.status_code == 201, response.text
            return str(response.json()["data"]["id"])

        assert len(set(threads.map(refresh, range(30)))) == 1
        assert len(set(threads.map(create, range(30))) - {None}) == 1
