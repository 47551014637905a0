"""Rate limits on the wire: one count for two processes, while Redis is there; one for each, while it is not."""

import asyncio
import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import redis

from app.database import Database
from app.embedded import start_valkey
from models.record import database as proxy
from tests.command import PRODUCTION, Server
from tests.frozen import halt
from tests.people import PASSWORD, make_account
from tests.servers import Servers
from tests.waiting import until
from tests.wire import data, refused

LIMIT = 10
REFRESH = "/v1/auth/refresh"
# Of RFC 9651, what these headers may be: one string with parameters that are whole numbers.
STRUCTURED = re.compile(r'"[a-z]+"(;[a-z]=[0-9]{1,15})+')


class Pair:
    """Two `charter serve` on one database and one Valkey of their own, behind a proxy that they trust."""

    def __init__(self, database_url: str, place: Path) -> None:
        self._place = place
        self._valkey = start_valkey(place)
        if self._valkey is None:
            pytest.skip("no Valkey on this machine")
        variables = {
            **PRODUCTION, "CHARTER_ENV": "test", "BCRYPT_COST": "4", "TRUSTED_PROXIES": "127.0.0.1/32",
            "DATABASE_URL": database_url, "REDIS_URL": self._valkey.url,
            "LIMIT_REFRESH": f"{LIMIT}/3600", "LIMIT_READ": f"{LIMIT}/3600", "LIMIT_WRITE": "120/3600/5",
        }  # fmt: skip
        self._servers = [Server("serve", **variables) for _ in range(2)]
        self.here, self.there = (server.address() for server in self._servers)

    @property
    def valkey_pid(self) -> int:
        assert self._valkey
        with redis.Redis.from_url(self._valkey.url) as client:
            return int(client.info("server")["process_id"])

    def kill_valkey(self) -> None:
        os.kill(self.valkey_pid, signal.SIGKILL)
        assert self._valkey
        self._valkey.stop()

    def start_valkey(self) -> None:
        self._valkey = start_valkey(self._place)
        self.wait_for_the_cache()

    def wait_for_the_cache(self) -> None:
        """Return when both have found it again."""
        until(lambda: all(httpx.get(f"{url}/health").json()["status"] == "ok" for url in (self.here, self.there)))

    def crowd(self, number: int, caller: str) -> list[httpx.Response]:
        """Send so many refreshes at the same time for a caller, to the one and the other in turn."""

        async def all_at_once() -> list[httpx.Response]:
            limits = httpx.Limits(max_connections=number)
            async with httpx.AsyncClient(timeout=60, limits=limits, verify=False) as client:
                return await asyncio.gather(
                    *(
                        client.post(
                            f"{(self.here, self.there)[turn % 2]}{REFRESH}",
                            json={"refresh_token": "x"},
                            headers={"X-Forwarded-For": caller},
                        )
                        for turn in range(number)
                    )
                )

        return asyncio.run(all_at_once())

    def end(self) -> None:
        for server in self._servers:
            server.end(signal.SIGTERM)
        assert self._valkey
        self._valkey.stop()


@pytest.fixture(scope="module")
def pair(servers: Servers, tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Iterator[Pair]:
    url = servers.clone()
    database = Database(url, size=1)
    proxy.initialize(database)
    for name in ("alice", "bob", "carol"):
        make_account(name, "user", password_hash, now=datetime.now(UTC))
    proxy.initialize(None)
    database.reset()
    running = Pair(url, tmp_path_factory.mktemp("valkey"))
    yield running
    running.end()
    servers.drop(url)


def statuses(responses: list[httpx.Response]) -> Counter[int]:
    return Counter(response.status_code for response in responses)


def test_of_a_hundred_at_once_over_two_processes_just_the_limit_passes(pair: Pair) -> None:
    responses = pair.crowd(100, "203.0.113.1")

    assert statuses(responses) == {401: LIMIT, 429: 100 - LIMIT}
    passed = [
        response.headers["ratelimit"].partition(";t=")[0] for response in responses if response.status_code == 401
    ]
    assert sorted(passed) == [f'"refresh";r={left}' for left in range(LIMIT)]


def test_a_refusal_says_when_the_next_one_is_taken_in_structured_fields(pair: Pair) -> None:
    responses = pair.crowd(LIMIT + 2, "203.0.113.2")

    for response in responses:
        assert response.headers["ratelimit-policy"] == '"refresh";q=10;w=3600'
        assert STRUCTURED.fullmatch(response.headers["ratelimit-policy"])
        assert STRUCTURED.fullmatch(response.headers["ratelimit"])
    for response in responses:
        if response.status_code == 429:
            refused(response, 429, "RATE_LIMITED")
            wait = response.headers["retry-after"]
            assert 0 < int(wait) <= 360
            assert response.headers["ratelimit"] == f'"refresh";r=0;t={wait}'


def test_callers_do_not_use_up_one_another_s(pair: Pair) -> None:
    """An address for anybody who is not signed in, a /64 of IPv6 for one address."""
    assert statuses(pair.crowd(LIMIT + 1, "203.0.113.3"))[429] == 1
    assert statuses(pair.crowd(LIMIT, "203.0.113.4"))[429] == 0
    assert statuses(pair.crowd(LIMIT, "2001:db8:1:2::1"))[429] == 0
    assert statuses(pair.crowd(3, "2001:db8:1:2:ffff::9"))[429] == 3
    assert statuses(pair.crowd(3, "2001:db8:1:3::1"))[429] == 0


def test_anybody_who_is_signed_in_is_counted_by_account_wherever_they_call_from(pair: Pair) -> None:
    def token(name: str) -> str:
        body = {"email": f"{name}@example.com", "password": PASSWORD}
        return str(data(httpx.post(f"{pair.here}/v1/auth/login", json=body))["access_token"])

    def read(url: str, token: str, address: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
        return httpx.get(f"{url}/v1/users/me", headers=headers).status_code

    alice, again, bob = token("alice"), token("alice"), token("bob")

    calls = [(pair.here, alice, "203.0.113.5"), (pair.there, again, "203.0.113.6")] * (LIMIT // 2)
    assert {read(*call) for call in calls} == {200}
    assert [read(*call) for call in calls[:2]] == [429, 429]
    assert read(pair.here, alice, "203.0.113.7") == 429
    assert read(pair.here, bob, "203.0.113.5") == 200


def test_a_burst_is_told_as_what_may_come_at_once_and_how_soon_again(pair: Pair) -> None:
    def log_out() -> httpx.Response:
        return httpx.post(f"{pair.here}/v1/auth/logout", headers={"Authorization": f"Bearer {token}"})

    body = {"email": "bob@example.com", "password": PASSWORD}
    token = data(httpx.post(f"{pair.here}/v1/auth/login", json=body))["access_token"]

    responses = [log_out() for _ in range(7)]

    # The session is over with the first: the others count against the address.
    assert [response.status_code for response in responses] == [204, 401, 401, 401, 401, 401, 429]
    assert {response.headers["ratelimit-policy"] for response in responses} == {'"write";q=5;w=150'}
    assert 0 < int(responses[-1].headers["retry-after"]) <= 30


def test_a_revoked_token_uses_up_nothing_of_its_owner_s_on_any_server(pair: Pair) -> None:
    def read(url: str, token: str, address: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
        return httpx.get(f"{url}/v1/users/me", headers=headers)

    body = {"email": "carol@example.com", "password": PASSWORD}
    stolen, own = (str(data(httpx.post(f"{pair.here}/v1/auth/login", json=body))["access_token"]) for _ in range(2))
    httpx.post(f"{pair.there}/v1/auth/logout", headers={"Authorization": f"Bearer {stolen}"})

    thefts = statuses([read((pair.here, pair.there)[turn % 2], stolen, "203.0.113.66") for turn in range(3 * LIMIT)])

    assert thefts == {401: LIMIT, 429: 2 * LIMIT}
    assert read(pair.there, own, "203.0.113.66").headers["ratelimit"].startswith(f'"read";r={LIMIT - 1};')


def test_a_script_that_is_flushed_under_way_is_no_second_bucket(pair: Pair) -> None:
    assert pair._valkey
    with redis.Redis.from_url(pair._valkey.url) as client:
        assert statuses(pair.crowd(6, "203.0.113.8"))[429] == 0
        client.script_flush()
        assert statuses(pair.crowd(40, "203.0.113.8")) == {401: LIMIT - 6, 429: 40 - (LIMIT - 6)}
        assert client.exists("charter:limit:refresh:203.0.113.8")


@pytest.mark.parametrize("garbage", [b"nan", b"no number", b"9" * 400])
def test_garbage_under_a_key_is_no_fault_and_no_free_pass(pair: Pair, garbage: bytes) -> None:
    assert pair._valkey
    caller = f"198.51.100.{len(garbage) % 250}"
    with redis.Redis.from_url(pair._valkey.url) as client:
        client.set(f"charter:limit:refresh:{caller}", garbage)

    assert statuses(pair.crowd(30, caller)) == {401: LIMIT, 429: 20}


def freeze(pair: Pair) -> Callable[[], None]:
    pid = pair.valkey_pid
    halt(pid)

    def thaw() -> None:
        os.kill(pid, signal.SIGCONT)
        pair.wait_for_the_cache()

    return thaw


def kill(pair: Pair) -> Callable[[], None]:
    pair.kill_valkey()
    return pair.start_valkey


@pytest.mark.parametrize("take_away", [freeze, kill])
def test_without_redis_each_process_counts_alone_and_with_it_both_together_again(
    pair: Pair, take_away: Callable[[Pair], Callable[[], None]]
) -> None:
    caller, late, after = (f"192.0.2.{number}{take_away is kill:d}" for number in (1, 2, 3))
    begun = statuses(pair.crowd(4, caller))
    assert begun[429] == 0

    bring_back = take_away(pair)
    try:
        # Who was counted already goes on from there, in each process from the last that it was told.
        more = statuses(pair.crowd(60, caller))
        assert LIMIT - 4 <= more[401] <= 2 * LIMIT - 4
        assert more[401] + more[429] == 60
        assert statuses(pair.crowd(100, late)) == {401: 2 * LIMIT, 429: 100 - 2 * LIMIT}
    finally:
        bring_back()

    assert statuses(pair.crowd(100, after)) == {401: LIMIT, 429: 100 - LIMIT}
