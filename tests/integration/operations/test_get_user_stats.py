"""get_user_stats: how many accounts there are."""

import pytest

from tests.integration.operations.bounds import check_unavailable
from tests.integration.operations.conftest import Away
from tests.people import People, make_role
from tests.rows import decision, eventless
from tests.service import Service
from tests.wire import data, refused

URL = "/v1/stats/users"


def test_every_role_and_both_states_are_told_of(people: People) -> None:
    make_role("librarian")
    everybody = (people.ada, people.alice, people.bob, people.gus)
    people.ada.api.post(f"/v1/users/{people.bob.id}/suspend")

    response = people.ada.api.get(URL)

    assert data(response) == {
        "total": len(everybody),
        "by_role": {"admin": 1, "guest": 1, "librarian": 0, "user": 2},
        "by_status": {"active": 3, "suspended": 1},
    }
    decision(response).check_allowed(people.ada, "get_user_stats", "stats:read")
    assert eventless(response)


def test_they_follow_the_changes_made_over_the_wire(people: People) -> None:
    ada, alice, bob, gus = people.ada, people.alice, people.bob, people.gus
    make_role("librarian")
    ada.api.put(f"/v1/users/{alice.id}/role", json={"role": "librarian"})
    ada.api.patch("/v1/roles/librarian", json={"name": "archivist"})
    ada.api.post(f"/v1/users/{bob.id}/suspend")
    ada.api.post(f"/v1/users/{bob.id}/restore")
    ada.api.patch(f"/v1/users/{gus.id}", json={"email_verified": True})
    ada.api.delete(f"/v1/users/{bob.id}")

    assert data(ada.api.get(URL)) == {
        "total": 3,
        "by_role": {"admin": 1, "archivist": 1, "guest": 0, "user": 1},
        "by_status": {"active": 3, "suspended": 0},
    }


def test_the_permission_is_all_it_takes(people: People) -> None:
    make_role("analyst", "stats:read")

    assert data(people.make("ann", "analyst").api.get(URL))["total"] == 1


@pytest.mark.parametrize("name", ["alice", "gus"])
def test_others_may_not_look(people: People, name: str) -> None:
    response = getattr(people, name).api.get(URL)

    refused(response, 403, "FORBIDDEN")
    decision(response).check_denied("stats:read", target=None)


def test_it_takes_no_parameters_and_no_strangers(service: Service, people: People, database_away: Away) -> None:
    refused(people.ada.api.get(f"{URL}?role=user"), 400, "VALIDATION_ERROR", "role")
    with service.client() as client:
        refused(client.get(URL), 401, "UNAUTHENTICATED")
    with database_away():
        check_unavailable(people.ada.api.get(URL))
