"""Law 5: what changes somebody's rights counts on the very next request, on every server of the deployment.

Two servers run on one database here. Everybody asks both of them before and after each change, so that whatever one
of them might have kept would show.
"""

from itertools import takewhile

import httpx
import pytest
import redis

from app.database import run
from tests.integration.conftest import Services
from tests.people import PASSWORD, People, Person, make_role
from tests.rows import sessions_of
from tests.service import Service
from tests.wire import data, refused

NEW_PASSWORD = "seven green bottles 9 falling"


@pytest.fixture(scope="session")
def servers_of_one_deployment(services: Services) -> tuple[Service, Service]:
    return services["compiled"], services["connexion"]


@pytest.fixture(scope="session")
def running(servers_of_one_deployment: tuple[Service, Service]) -> Service:
    """The one on which changes are made."""
    return servers_of_one_deployment[0]


class Deployment:
    """Asks each server the same thing."""

    def __init__(self, members: tuple[Service, Service]) -> None:
        self._members = members

    def ask(self, token: str, path: str) -> list[httpx.Response]:
        responses = []
        for member in self._members:
            with member.client(token) as client:
                responses.append(client.get(path))
        return responses

    def statuses(self, token: str, path: str = "/v1/users/me") -> set[int]:
        return {response.status_code for response in self.ask(token, path)}

    def refuses(self, token: str) -> bool:
        """Tell whether every server says that the session has ended."""
        return all(refused(response, 401, "SESSION_ENDED") for response in self.ask(token, "/v1/users/me"))


@pytest.fixture
def everywhere(servers_of_one_deployment: tuple[Service, Service], service: Service) -> Deployment:
    return Deployment(servers_of_one_deployment)


def token_of(person: Person) -> str:
    return str(person.sign_in()["access_token"])


def test_a_role_given_counts_at_once(people: People, everywhere: Deployment) -> None:
    token = token_of(people.bob)
    assert everywhere.statuses(token, "/v1/users") == {403}

    data(people.ada.api.put(f"/v1/users/{people.bob.id}/role", json={"role": "admin"}))

    assert everywhere.statuses(token, "/v1/users") == {200}
    assert {data(response)["role"] for response in everywhere.ask(token, "/v1/users/me")} == {"admin"}


def test_a_role_taken_away_counts_at_once(people: People, everywhere: Deployment) -> None:
    olga = people.make("olga", "admin")
    token = token_of(olga)
    assert everywhere.statuses(token, "/v1/users") == {200}

    data(people.ada.api.put(f"/v1/users/{olga.id}/role", json={"role": "user"}))

    assert everywhere.statuses(token, "/v1/users") == {403}
    assert everywhere.statuses(token) == {200}


def test_a_verified_address_makes_a_user_at_once(people: People, everywhere: Deployment) -> None:
    token, profile = token_of(people.gus), f"/v1/users/{people.ada.id}/profile"
    assert everywhere.statuses(token, profile) == {403}

    data(people.ada.api.patch(f"/v1/users/{people.gus.id}", json={"email_verified": True}))

    assert everywhere.statuses(token, profile) == {200}


def test_what_a_role_holds_counts_at_once(people: People, everywhere: Deployment) -> None:
    make_role("clerk", "users:list")
    token = token_of(people.make("clara", "clerk"))
    assert everywhere.statuses(token, "/v1/users") == {200}

    data(people.ada.api.patch("/v1/roles/clerk", json={"permissions": []}))
    assert everywhere.statuses(token, "/v1/users") == {403}

    data(people.ada.api.patch("/v1/roles/clerk", json={"name": "registrar", "permissions": ["users:list"]}))
    assert everywhere.statuses(token, "/v1/users") == {200}
    assert {data(response)["role"] for response in everywhere.ask(token, "/v1/users/me")} == {"registrar"}


def test_a_revoked_session_is_over_at_once(people: People, everywhere: Deployment) -> None:
    revoked, kept = token_of(people.bob), token_of(people.bob)
    assert everywhere.statuses(revoked) == everywhere.statuses(kept) == {200}
    session = sessions_of(people.bob.id)[1]

    assert people.ada.api.delete(f"/v1/users/{people.bob.id}/sessions/{session}").status_code == 204

    assert everywhere.refuses(revoked)
    assert everywhere.statuses(kept) == {200}


def test_law_eleven_is_judged_by_what_the_actor_holds_now(people: People, everywhere: Deployment) -> None:
    make_role("warden", "users:suspend", "profiles:read")
    wanda = people.make("wanda", "warden")
    url = f"/v1/users/{people.alice.id}/restore"
    data(wanda.api.post(url))

    run("DELETE FROM role_permissions p USING roles r WHERE r.id = p.role_id AND r.name = 'warden'"
        " AND permission = 'profiles:read'")  # fmt: skip

    assert refused(wanda.api.post(url), 403, "FORBIDDEN")


def test_a_suspension_counts_at_once_and_is_not_undone_by_restoring(people: People, everywhere: Deployment) -> None:
    first, second = token_of(people.alice), token_of(people.alice)
    assert everywhere.statuses(first) == everywhere.statuses(second) == {200}

    data(people.ada.api.post(f"/v1/users/{people.alice.id}/suspend"))
    assert everywhere.refuses(first)
    assert everywhere.refuses(second)

    data(people.ada.api.post(f"/v1/users/{people.alice.id}/restore"))
    assert everywhere.refuses(first)
    assert everywhere.refuses(second)
    assert everywhere.statuses(token_of(people.alice)) == {200}


def test_an_account_whose_status_alone_says_so_is_refused_too(people: People, everywhere: Deployment) -> None:
    token = token_of(people.alice)

    run("UPDATE users SET status = 'suspended' WHERE id = %s", (people.alice.id,))

    assert everywhere.refuses(token)


def test_another_password_ends_the_other_sessions_at_once(people: People, everywhere: Deployment) -> None:
    other, own = token_of(people.alice), token_of(people.alice)
    assert everywhere.statuses(other) == {200}
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}

    assert people.alice.api.put("/v1/users/me/password", json=change).status_code == 204

    assert everywhere.refuses(other)
    assert everywhere.statuses(own) == {200}


def test_from_then_on_only_the_new_password_signs_in_anywhere(
    people: People, servers_of_one_deployment: tuple[Service, Service]
) -> None:
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    people.alice.api.put("/v1/users/me/password", json=change)

    for member in servers_of_one_deployment:
        with member.client() as client:
            old = client.post("/v1/auth/login", json={"email": people.alice.email, "password": PASSWORD})
            new = client.post("/v1/auth/login", json={"email": people.alice.email, "password": NEW_PASSWORD})
        refused(old, 401, "INVALID_CREDENTIALS")
        assert data(new)["user"]["id"] == str(people.alice.id)


@pytest.mark.parametrize(("scope", "after"), [("this", (200, 401)), ("others", (401, 200)), ("all", (401, 401))])
def test_signing_out_counts_at_once(people: People, everywhere: Deployment, scope: str, after: tuple) -> None:
    other, own = token_of(people.alice), token_of(people.alice)
    assert everywhere.statuses(other) == everywhere.statuses(own) == {200}

    assert people.alice.api.post("/v1/auth/logout", json={"scope": scope}).status_code == 204

    assert (everywhere.statuses(other), everywhere.statuses(own)) == ({after[0]}, {after[1]})


def test_a_deleted_account_is_nobody_at_once(people: People, everywhere: Deployment) -> None:
    token = token_of(people.alice)
    assert everywhere.statuses(token) == {200}

    assert people.ada.api.delete(f"/v1/users/{people.alice.id}").status_code == 204

    assert everywhere.refuses(token)


def test_a_token_used_twice_ends_its_session_everywhere(
    people: People, service: Service, everywhere: Deployment
) -> None:
    tokens = people.alice.sign_in()
    with service.client() as client:
        once = data(client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}))
        service.clock.advance(seconds=16)
        again = client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})

    refused(again, 401, "INVALID_REFRESH_TOKEN")
    assert everywhere.refuses(tokens["access_token"])
    assert everywhere.refuses(once["access_token"])


def test_nothing_that_opens_or_allows_anything_is_told_to_the_cache(
    people: People, everywhere: Deployment, service: Service, valkey_url: str
) -> None:
    with redis.Redis.from_url(valkey_url) as client, client.monitor() as monitor:
        tokens = people.alice.sign_in()
        everywhere.ask(tokens["access_token"], f"/v1/users/{people.ada.id}/profile")
        client.echo("that was all")
        # Other tests that run at the same time have databases of their own on this server.
        own = client.connection_pool.connection_kwargs["db"]
        seen = iter(monitor.next_command, None)
        ours = (one["command"] for one in seen if one["db"] == own)
        told = list(takewhile(lambda command: command != "ECHO that was all", ours))

    assert any(str(people.alice.id) in command for command in told), "the limiter at least has counted"
    for secret in (tokens["access_token"], tokens["refresh_token"], PASSWORD, "$2b$", "profiles:read", "allowed"):
        assert not [command for command in told if secret in command]
