"""Calls that belong together are all for the account of the first one, even if others use the same store."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.sdk_python.conftest import Requests
from tests.integration.sdk_python.test_one_store import ME, REFRESH, Meanwhile
from tests.people import PASSWORD, People
from tests.service import Service


@pytest.fixture
def theirs(sdk: Any, people: People) -> Any:
    """Tokens of Alice, who signed in elsewhere."""
    signed_in = people.alice.sign_in()
    return sdk.Tokens(signed_in["access_token"], signed_in["refresh_token"])


Begin = Callable[[Any, People, Callable[[], object]], object]


def _lists(client: Any, _: People, happen: Callable[[], object]) -> object:
    return [happen() for _ in client.users.iter_users(limit=1)]


def _reads_events(client: Any, _: People, happen: Callable[[], object]) -> object:
    return [happen() for _ in client.audit.iter_audit_events(limit=1)]


def _updates(client: Any, people: People, happen: Callable[[], object]) -> object:
    def change(_: Any) -> dict[str, str]:
        happen()
        return {"bio": "of Ada"}

    return client.me.update(change)


def _replaces(client: Any, people: People, happen: Callable[[], object]) -> object:
    def change(_: Any) -> dict[str, str]:
        happen()
        return {"bio": "of Ada"}

    return client.profiles.update(people.alice.id, change)


@pytest.mark.parametrize("signs_in", [True, False], ids=["in", "out"])
@pytest.mark.parametrize("begin", [_lists, _reads_events, _updates, _replaces])
def test_an_iterator_and_an_update_end_when_the_session_is_another(
    sdk: Any, connect: Callable[..., Any], people: People, requests: Requests, theirs: Any, begin: Begin, signs_in: bool
) -> None:
    store = sdk.MemoryStore()
    client = connect(store=store)
    client.auth.login(email=people.ada.email, password=PASSWORD)
    before = len(requests.sent)
    with pytest.raises(sdk.SessionChanged, match="Somebody signed in or out meanwhile"):
        begin(client, people, lambda: store.save(theirs if signs_in else None))
    assert len(requests.sent) == before + 1
    assert store.load() == (theirs if signs_in else None)
    if signs_in:
        assert client.me.get_me().profile.bio is None


@pytest.mark.parametrize("begin", [_lists, _updates])
def test_they_go_on_after_a_refresh_and_for_each_new_beginning(
    sdk: Any, connect: Callable[..., Any], service: Service, people: People, requests: Requests, begin: Begin
) -> None:
    store = sdk.MemoryStore()
    client, other = connect(store=store), connect(store=store)
    for person in (people.ada, people.ada):
        client.auth.login(email=person.email, password=PASSWORD)
        service.clock.advance(minutes=16)
        begin(client, people, other.me.get_me)
    assert requests.count(REFRESH) == 2


@pytest.mark.parametrize(
    ("line", "lost", "minutes"),
    [(ME, True, 0), (ME, False, 16), (REFRESH, False, 16)],
    ids=["in-a-pause", "before-the-refresh", "in-the-refresh"],
)
def test_an_update_that_waits_for_its_next_attempt_ends_too(
    sdk: Any,
    connect: Callable[..., Any],
    service: Service,
    people: People,
    requests: Requests,
    theirs: Any,
    line: str,
    lost: bool,
    minutes: int,
) -> None:
    store, meanwhile = sdk.MemoryStore(), Meanwhile(line, lost=lost)
    client = connect(store=store, transport=meanwhile)
    client.auth.login(email=people.ada.email, password=PASSWORD)
    service.clock.advance(minutes=minutes)
    meanwhile.happen = lambda: store.save(theirs)
    with pytest.raises(sdk.SessionChanged):
        client.me.update(lambda _: {"bio": "of Ada"})
    assert (requests.count(ME), requests.count("PATCH /v1/users/me")) == (1, 0)
    assert store.load() == theirs


def test_a_second_attempt_of_an_update_is_not_made_for_somebody_else(
    sdk: Any, connect: Callable[..., Any], people: People, requests: Requests, theirs: Any
) -> None:
    """Another change came in between, and then another person signed in: there is no second reading."""
    store, meanwhile = sdk.MemoryStore(), Meanwhile("PATCH /v1/users/me")
    client, other = connect(store=store, transport=meanwhile), connect()
    for each in (client, other):
        each.auth.login(email=people.ada.email, password=PASSWORD)
    meanwhile.happen = lambda: store.save(theirs)

    def change(_: Any) -> dict[str, str]:
        other.me.update_me(bio="in between")
        return {"bio": "of Ada"}

    with pytest.raises(sdk.SessionChanged):
        client.me.update(change)
    assert requests.count(ME) == 1
    assert requests.count("PATCH /v1/users/me") == 2


def test_the_client_for_asyncio_ends_too(
    sdk: Any, aconnect: Callable[..., Any], people: People, requests: Requests, theirs: Any
) -> None:
    store = sdk.MemoryStore()

    def change(_: Any) -> dict[str, str]:
        store.save(theirs)
        return {"bio": "of Ada"}

    async def run() -> None:
        async with aconnect(store=store) as client:
            for act in (
                lambda: client.me.update(change),
                lambda: _read_all(client.users.iter_users(limit=1), lambda: store.save(theirs)),
                lambda: _read_all(client.audit.iter_audit_events(limit=1), lambda: store.save(theirs)),
            ):
                await client.auth.login(email=people.ada.email, password=PASSWORD)
                before = len(requests.sent)
                with pytest.raises(sdk.SessionChanged):
                    await act()
                assert len(requests.sent) == before + 1
                assert store.load() == theirs

    asyncio.run(run())


async def _read_all(items: Any, happen: Callable[[], object]) -> None:
    async for _ in items:
        happen()


@pytest.mark.parametrize("ended", [False, True], ids=["204", "401"])
def test_a_sign_out_keeps_the_tokens_of_the_person_who_signed_in_meanwhile(
    sdk: Any, connect: Callable[..., Any], people: People, theirs: Any, ended: bool
) -> None:
    store, meanwhile = sdk.MemoryStore(), Meanwhile("POST /v1/auth/logout")
    client = connect(store=store, transport=meanwhile)
    client.auth.login(email=people.ada.email, password=PASSWORD)
    mine = client.tokens
    if ended:
        connect(store=sdk.MemoryStore(mine)).auth.logout()
    meanwhile.happen = lambda: store.save(theirs)
    if ended:
        with pytest.raises(sdk.SessionEnded):
            client.auth.logout()
    else:
        client.auth.logout()
    assert store.load() == theirs
    assert client.me.get_me().email == people.alice.email
    with pytest.raises(sdk.SessionEnded):
        connect(access_token=mine.access_token).me.get_me()


def test_a_sign_out_forgets_the_tokens_that_were_refreshed_meanwhile(
    sdk: Any, connect: Callable[..., Any], people: People
) -> None:
    store, meanwhile = sdk.MemoryStore(), Meanwhile("POST /v1/auth/logout")
    client = connect(store=store, transport=meanwhile)
    client.auth.login(email=people.ada.email, password=PASSWORD)
    mine = client.tokens
    meanwhile.happen = lambda: store.save(sdk.Tokens(mine.access_token, "refreshed"))
    client.auth.logout()
    assert store.load() is None


def test_a_refresh_of_ones_own_keeps_the_tokens_of_the_person_who_signed_in_meanwhile(
    sdk: Any, connect: Callable[..., Any], people: People, theirs: Any
) -> None:
    store, meanwhile = sdk.MemoryStore(), Meanwhile(REFRESH)
    client = connect(store=store, transport=meanwhile)
    client.auth.login(email=people.ada.email, password=PASSWORD)
    meanwhile.happen = lambda: store.save(theirs)
    refreshed = client.auth.refresh(refresh_token=client.tokens.refresh_token)
    assert store.load() == theirs
    client.sign_in_with(None)
    again = client.auth.refresh(refresh_token=refreshed.refresh_token)
    assert client.tokens == sdk.Tokens(again.access_token, again.refresh_token)
