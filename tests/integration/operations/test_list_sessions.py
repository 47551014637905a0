"""list_sessions: where an account is signed in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.database import run
from app.identifiers import new_id
from tests.people import PASSWORD, People, Person, make_role
from tests.rows import decision, eventless, sessions_of
from tests.service import Service
from tests.wire import data, refused


def path_of(person: Person) -> str:
    return f"/v1/users/{person.id}/sessions"


def listed(response: httpx.Response) -> list[str]:
    return [session["id"] for session in data(response)]


def page(response: httpx.Response) -> dict[str, Any]:
    data(response)
    pagination: dict[str, Any] = response.json()["meta"]["pagination"]
    return pagination


def crowd(person: Person, number: int) -> None:
    """Open sessions that nobody holds a token of."""
    run(
        """
        INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, address, network)
        SELECT gen_random_uuid(), %s, 1, 'k1', now() + interval '1 day', now() + interval '1 day', '::1', '::'
        FROM generate_series(1, %s)
        """,
        (person.id, number),
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_people_see_where_they_are_signed_in_newest_first(people: People) -> None:
    people.alice.sign_in()
    people.alice.sign_in()
    people.bob.sign_in()

    response = people.alice.api.get(path_of(people.alice))

    newest, oldest = data(response)
    assert [newest["id"], oldest["id"]] == sessions_of(people.alice.id)
    assert (newest["current"], oldest["current"]) == (True, False)
    assert newest["address"] == "127.0.0.1"
    assert newest["user_agent"].startswith("python-httpx/")
    assert newest["last_refreshed_at"] is None
    assert moment(newest["expires_at"]) - moment(newest["created_at"]) == timedelta(days=30)
    assert page(response) == {
        "offset": 0, "limit": 20, "total": 2, "total_is_exact": True, "next": None, "previous": None,
    }  # fmt: skip
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


def test_the_trail_names_the_account(people: People) -> None:
    response = people.ada.api.get(path_of(people.alice))

    target = f"user:{people.alice.id}"
    decision(response).check(
        role="admin", action="list_sessions", permission="sessions:read", outcome="allowed", target=target, details=None
    )
    assert eventless(response)


def test_a_refresh_is_told_and_moves_the_end_but_never_beyond_the_last_day(service: Service, people: People) -> None:
    service.clock.stop()
    tokens = people.alice.sign_in()

    def refresh(after: int) -> dict[str, Any]:
        nonlocal tokens
        service.clock.advance(days=after)
        with service.client() as client:
            tokens = data(client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}))
        with service.client(tokens["access_token"]) as client:
            [session] = data(client.get(path_of(people.alice)))
        found: dict[str, Any] = session
        return found

    first = refresh(29)
    assert moment(first["last_refreshed_at"]) - moment(first["created_at"]) == timedelta(days=29)
    assert moment(first["expires_at"]) - moment(first["last_refreshed_at"]) == timedelta(days=30)
    refresh(29)
    last = refresh(29)
    assert moment(last["expires_at"]) - moment(last["created_at"]) == timedelta(days=90)


def test_a_session_that_is_over_is_not_listed(service: Service, people: People) -> None:
    for _ in range(4):
        people.alice.sign_in()
    live, ended, idle, old = sessions_of(people.alice.id)
    run("UPDATE sessions SET ended_at = now(), end_reason = 'logout' WHERE id = %s", (ended,))
    run("UPDATE sessions SET idle_expires_at = %s WHERE id = %s", (datetime.now(UTC) - timedelta(seconds=1), idle))
    run("UPDATE sessions SET expires_at = %s WHERE id = %s", (datetime.now(UTC) - timedelta(seconds=1), old))

    response = people.ada.api.get(path_of(people.alice))

    assert listed(response) == [live]
    assert page(response)["total"] == 1


def test_a_client_that_does_not_say_what_it_is_is_listed_without_a_name(service: Service, people: People) -> None:
    credentials = {"email": people.alice.email, "password": PASSWORD}
    with service.client() as client:
        for agent in ("", "a" * 600):
            data(client.post("/v1/auth/login", json=credentials, headers={"User-Agent": agent}))

    named, unnamed = data(people.ada.api.get(path_of(people.alice)))

    assert unnamed["user_agent"] is None
    assert set(named["user_agent"]) == {"a"}
    assert 100 < len(named["user_agent"]) <= 512
    assert named["current"] is unnamed["current"] is False


def test_who_has_no_session_has_an_empty_list(people: People) -> None:
    assert data(people.ada.api.get(path_of(people.bob))) == []


def test_pages_name_their_neighbours_under_the_same_account(people: People) -> None:
    people.ada.sign_in()
    crowd(people.alice, 5)
    path = path_of(people.alice)

    response = people.ada.api.get(path, params={"offset": 2, "limit": 2})

    found = page(response)
    assert (found["next"], found["previous"]) == (f"{path}?offset=4&limit=2", f"{path}?offset=0&limit=2")
    assert response.headers["link"] == f'<{found["next"]}>; rel="next", <{found["previous"]}>; rel="prev"'
    walked = [
        *listed(people.ada.api.get(found["previous"])),
        *listed(response),
        *listed(people.ada.api.get(found["next"])),
    ]
    assert walked == sessions_of(people.alice.id)


def test_the_total_is_exact_up_to_ten_thousand_and_says_so_beyond(people: People) -> None:
    people.ada.sign_in()
    crowd(people.alice, 10_000)

    def total() -> tuple[int, bool]:
        found = page(people.ada.api.get(path_of(people.alice), params={"limit": 1}))
        return found["total"], found["total_is_exact"]

    assert total() == (10_000, True)
    crowd(people.alice, 1)
    assert total() == (10_000, False)


def test_a_role_of_its_own_with_the_permission_may_read_those_of_anybody(people: People) -> None:
    make_role("watcher", "sessions:read")
    people.ada.sign_in()

    assert len(listed(people.make("wanda", "watcher").api.get(path_of(people.ada)))) == 1


def test_others_may_not_and_do_not_get_to_know_whether_an_account_exists(people: People) -> None:
    for target in (people.alice.id, new_id()):
        response = people.mallory.api.get(f"/v1/users/{target}/sessions")

        refused(response, 403, "FORBIDDEN")
        decision(response).check_denied("sessions:read", target=f"user:{target}")


def test_an_account_that_is_not_there_is_a_404_for_those_who_may_read(people: People) -> None:
    assert refused(people.ada.api.get(f"/v1/users/{new_id()}/sessions"), 404, "NOT_FOUND")


@pytest.mark.parametrize(("path", "fields"), [
    ("/v1/users/me/sessions", ["user_id"]),
    ("/v1/users/x/sessions?limit=0&offset=10001&sort=id", ["user_id", "limit", "offset", "sort"]),
])  # fmt: skip
def test_a_bad_request_is_refused_with_every_field(people: People, path: str, fields: list[str]) -> None:
    assert refused(people.ada.api.get(path), 400, "VALIDATION_ERROR", *fields)
