"""A whole life of an account through the package, for threads and for asyncio, and the errors on the way."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.integration.sdk_python.conftest import Requests
from tests.people import PASSWORD, People, make_crowd

NEW = "another lantern 8 quarry"


def test_the_life_of_an_account(sdk: Any, ada: Any, connect: Callable[..., Any]) -> None:
    mine = connect()
    assert mine.auth.register(email="Grace@example.com", password=PASSWORD).status == "pending"
    grace = ada.users.list_users(q="grace@")[0]
    assert isinstance(grace.id, UUID)
    assert grace.created_at.tzinfo is not None
    assert ada.users.update_user(grace.id, email_verified=True).role == "user"

    signed_in = mine.auth.login(email="grace@example.com", password=PASSWORD)
    assert mine.tokens.access_token == signed_in.access_token
    assert mine.me.update_me(display_name="Grace", bio="Moths.").profile.bio == "Moths."
    assert mine.me.update_me(bio=None).profile.display_name == "Grace"
    assert mine.me.get_me().profile.bio is None
    assert mine.me.change_password(current_password=PASSWORD, new_password=NEW) is None
    assert [session.current for session in mine.sessions.list_sessions(grace.id)] == [True]

    assert ada.users.suspend_user(grace.id, reason="A test.").status == "suspended"
    with pytest.raises(sdk.SessionEnded):
        mine.me.get_me()
    assert mine.tokens is None
    assert ada.users.restore_user(grace.id).status.value == "active"
    mine.auth.login(email="grace@example.com", password=NEW)
    mine.auth.logout()
    assert mine.tokens is None
    ada.users.delete_user(grace.id)
    with pytest.raises(sdk.NotFound):
        ada.users.get_user(grace.id)


def test_the_same_for_asyncio(sdk: Any, aconnect: Callable[..., Any], people: People) -> None:
    async def live() -> None:
        async with aconnect() as client:
            await client.auth.login(email=people.ada.email, password=PASSWORD)
            made = await client.users.create_user(email="lin@example.com", password=PASSWORD, role="user")
            profile = await client.profiles.update(made.id, lambda profile: {"bio": f"{profile.bio}!"})
            assert profile.bio == "None!"
            assert {user.email async for user in client.users.iter_users(limit=1)} >= {made.email, people.ada.email}
            events = [event async for event in client.audit.iter_audit_events(limit=1, action="list_users")]
            assert [event.actor.id for event in events] == [people.ada.id] * 2
            read = await client.users.with_response.get_user(made.id)
            again = await client.users.with_response.get_user(made.id, if_none_match=read.etag)
            assert isinstance(again, sdk.NotModified)
            await client.auth.logout()
            assert client.tokens is None

    asyncio.run(live())


def test_a_call_of_nobody_who_is_signed_in_is_refused(sdk: Any, aconnect: Callable[..., Any]) -> None:
    async def call() -> None:
        async with aconnect() as client:
            with pytest.raises(sdk.Unauthenticated):
                await client.me.get_me()

    asyncio.run(call())


def test_every_refusal_of_a_life_has_its_class_and_its_facts(sdk: Any, ada: Any, connect: Any, people: People) -> None:
    with pytest.raises(sdk.EmailTaken) as taken:
        ada.users.create_user(email=people.alice.email, password=PASSWORD)
    assert (taken.value.status, taken.value.field, taken.value.code) == (409, None, "EMAIL_TAKEN")
    assert taken.value.request_id == taken.value.response.headers["X-Request-Id"]
    with pytest.raises(sdk.LastAdmin):
        ada.users.set_user_role(people.ada.id, role="user")
    with pytest.raises(sdk.RoleBuiltIn):
        ada.roles.delete_role("admin")
    with pytest.raises(sdk.PreconditionFailed):
        ada.users.update_user(people.alice.id, email_verified=False, if_match='"0"')
    with pytest.raises(sdk.InvalidCredentials):
        connect().auth.login(email=people.alice.email, password="not the right password")
    with pytest.raises(sdk.InvalidRefreshToken):
        connect().auth.refresh(refresh_token="x")
    mallory = connect()
    mallory.auth.login(email=people.mallory.email, password=PASSWORD)
    with pytest.raises(sdk.Forbidden) as forbidden:
        mallory.users.list_users()
    assert isinstance(forbidden.value, sdk.CharterError)


def test_what_does_not_match_the_document_is_told_for_each_field(sdk: Any, ada: Any) -> None:
    with pytest.raises(sdk.ValidationFailed) as invalid:
        ada.users.create_user(email="nobody", password="short", role="user")
    assert {problem.field for problem in invalid.value.errors} == {"email", "password"}
    assert "and 1 more" in str(invalid.value)


def test_the_facts_beside_a_result(sdk: Any, ada: Any, people: People) -> None:
    response = ada.users.with_response.get_user(people.alice.id)
    assert response.data.email == people.alice.email
    assert response.etag == response.raw.headers["ETag"]
    assert response.request_id == response.raw.json()["meta"]["request_id"]
    assert response.rate_limit.bucket == "read"
    assert response.rate_limit.limit == 100000
    assert not response.not_modified
    same = ada.users.with_response.get_user(people.alice.id, if_none_match=response.etag)
    assert same.not_modified
    assert (same.status, same.etag) == (304, response.etag)
    made = ada.users.with_response.create_user(email="new@example.com", password=PASSWORD)
    assert (made.status, made.replayed, made.location) == (201, False, f"/v1/users/{made.data.id}")


def test_the_pages_of_a_list_are_fetched_as_they_are_needed(ada: Any, requests: Requests) -> None:
    make_crowd(7)
    page = ada.users.list_users(role="guest", limit=3)
    assert (len(page), page.total, page.total_is_exact, page.has_next) == (3, 7, True, True)
    before = len(requests.sent)
    users = ada.users.iter_users(role="guest", limit=3)
    assert len(requests.sent) == before
    assert next(users).id == page[0].id
    assert len(requests.sent) == before + 1
    assert len({page[0].id, *(user.id for user in users)}) == 7
    assert len(requests.sent) == before + 3
    events = list(ada.audit.iter_audit_events(limit=2, action="list_users"))
    assert len(events) == 4


def test_going_through_all_accounts_reads_none_twice_while_others_are_created(ada: Any, requests: Requests) -> None:
    make_crowd(7)
    expected = [user.id for user in ada.users.list_users(role="guest", offset=1)]
    before = len(requests.sent)

    users = ada.users.iter_users(role="guest", limit=3, offset=1)
    found = [next(users).id]
    ada.users.create_user(email="newest@example.com", password=PASSWORD, role="guest")
    found += [user.id for user in users]

    assert found == expected
    queries = [request.url.query.decode() for request in requests.sent[before:] if request.method == "GET"]
    assert ["offset=1" in query for query in queries] == [True, False]
    assert ["cursor=" in query for query in queries] == [False, True]


def test_all_accounts_are_read_though_no_offset_reaches_them(ada: Any) -> None:
    """`total_is_exact` is false on the last page, too; there the iterator ends, and raises nothing."""
    make_crowd(10_050)
    assert len({user.id for user in ada.users.iter_users(role="guest", limit=100)}) == 10_050


def test_a_naive_time_is_refused_before_anything_is_sent(ada: Any, requests: Requests) -> None:
    before = len(requests.sent)
    with pytest.raises(ValueError, match="since must have a time zone"):
        ada.audit.list_audit_events(since=datetime(2026, 1, 1))  # noqa: DTZ001
    assert len(requests.sent) == before
    assert len(ada.audit.list_audit_events(since=datetime(2026, 1, 1, tzinfo=UTC))) > 0


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_lead_to_another_path_is_refused(ada: Any, requests: Requests, name: str) -> None:
    before = len(requests.sent)
    with pytest.raises(ValueError, match="role_name must be"):
        ada.roles.get_role(name)
    assert len(requests.sent) == before


def test_an_update_is_made_again_when_another_change_came_in_between(ada: Any, people: People) -> None:
    seen = []

    def change(profile: Any) -> dict[str, str]:
        seen.append(profile.bio)
        if len(seen) < 3:
            ada.users.with_response.get_user(people.alice.id)
            ada.profiles.update(people.alice.id, lambda _: {"bio": f"{len(seen)} in between"})
        return {"bio": "mine"}

    assert ada.profiles.update(people.alice.id, change).bio == "mine"
    assert seen == [None, "1 in between", "2 in between"]


def test_a_change_of_nothing_writes_nothing(ada: Any, people: People, requests: Requests) -> None:
    assert ada.users.update(people.alice.id, lambda user: {}).email == people.alice.email
    assert requests.count(f"PATCH /v1/users/{people.alice.id}") == 0


def test_an_update_that_always_loses_ends_with_the_refusal(sdk: Any, ada: Any, people: People) -> None:
    numbers = iter(range(100))

    def change(_: Any) -> dict[str, str]:
        ada.profiles.update(people.alice.id, lambda _: {"bio": str(next(numbers))})
        return {"bio": "mine"}

    with pytest.raises(sdk.PreconditionFailed):
        ada.profiles.update(people.alice.id, change)
    assert next(numbers) == 5
