"""What being signed in means: three permissions that every role holds and cannot lose."""

import pytest

from app.database import run
from tests.people import People
from tests.wire import Event, data, events


def test_a_role_without_any_permission_is_still_signed_in(people: People) -> None:
    run(
        "INSERT INTO roles (id, name, description, built_in, holds_all, created_at, updated_at)"
        " VALUES (gen_random_uuid(), 'bare', 'holds nothing', false, false, now(), now())"
    )
    bare = people.make("bare", "bare")

    assert data(bare.api.get("/v1/users/me"))["role"] == "bare"
    assert data(bare.api.patch("/v1/users/me", json={"bio": "still here"}))["profile"]["bio"] == "still here"
    assert bare.api.post("/v1/auth/logout").status_code == 204


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("/v1/auth/login", "session.created"),
        ("/v1/auth/refresh", "session.refreshed"),
        ("/v1/auth/register", "user.registered"),
    ],
)
def test_a_body_that_is_refused_leaves_an_event_where_nothing_else_would_tell(service, path: str, event: str) -> None:
    with service.client() as client:
        response = client.post(path, json={})

    assert response.status_code == 400
    assert events(response.headers["x-request-id"]) == [
        Event(action=event, outcome="failed", reason="validation_error")
    ]
