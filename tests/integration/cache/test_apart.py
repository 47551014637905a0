"""Two deployments or two releases on one Redis do not see each other's entries; and what Redis may contain."""

import io
import re
import signal
from contextlib import ExitStack

import httpx
import psycopg2
import pytest
import redis

from app.cache.client import RedisClient
from app.cache.entries import CachedValue
from app.cache.store import CacheStore
from tests import leaks
from tests.command import PRODUCTION, Server
from tests.people import PASSWORD, People
from tests.servers import Servers, for_tests
from tests.service import Service
from tests.wire import data

KEYS = re.compile(
    rb"charter:limit:[a-z]+:[0-9a-f.:/-]+|charter:[0-9a-f]{16}:tag:(\*|[a-z]+(:[A-Za-z0-9%._~-]+)?)"
    rb"|charter:[0-9a-f]{16}:entry:[a-z_]+:[0-9a-f]{32}"
)


def test_stores_of_other_deployments_and_releases_do_not_see_each_other(valkey_url: str) -> None:
    def store(prefix: str, database: str, release: str, secret: bytes = b"a secret") -> CacheStore:
        cache = RedisClient(valkey_url, timeout_ms=2000, prefix=prefix)
        return CacheStore(cache, database_id=lambda: database, release=release, secret=secret)

    first, value = store("charter", "one", "1"), CachedValue(b'{"name":"first"}', "1")
    key = first.make_key("get_public_settings", [], ["settings"])
    settled = first.complete_versions(first.look_up(key) or pytest.fail("no Valkey"))
    assert settled is not None
    first.save(settled, value, 60)

    def sees(other: CacheStore) -> CachedValue | None:
        looked = other.look_up(other.make_key("get_public_settings", [], ["settings"]))
        assert looked is not None
        return other.read(looked, "settings")

    assert sees(store("charter", "one", "1")) == value
    for other in (
        store("charter", "two", "1"),
        store("charter", "one", "2"),
        store("staging", "one", "1"),
        store("charter", "one", "1", b"another secret"),
    ):
        assert sees(other) is None
        assert sees(store("charter", "one", "1")) is not None
    store("charter", "two", "1").invalidate(["settings", "*"])
    assert sees(store("charter", "one", "1")) is not None
    # Another release of the same deployment invalidates for both, and so does a server with the next secret.
    for other in (store("charter", "one", "2"), store("charter", "one", "1", b"another secret")):
        other.invalidate(["settings"])
        assert sees(store("charter", "one", "1")) is None
        settled = first.complete_versions(first.look_up(key) or pytest.fail("no Valkey"))
        assert settled is not None
        first.save(settled, value, 60)


def test_processes_of_one_deployment_share_and_another_deployment_does_not(
    servers: Servers, database_url: str, people: People, valkey_url: str
) -> None:
    """Three real processes on one Redis: two on Alice's database, one on a copy of it that differs in a name."""
    token = people.alice.sign_in()["access_token"]
    elsewhere = servers.clone()
    copy_accounts(database_url, elsewhere)
    urls = (database_url, database_url, elsewhere)
    started = [Server("serve", DATABASE_URL=url, REDIS_URL=valkey_url, **PRODUCTION) for url in urls]
    here, there, stranger = (server.address() for server in started)
    headers = {"Authorization": f"Bearer {token}"}

    def shown(address: str) -> str:
        return str(data(httpx.get(f"{address}/v1/users/{people.alice.id}/profile", headers=headers))["display_name"])

    assert [shown(address) for address in (here, there, stranger) * 2] == ["Alice", "Alice", "Stranger"] * 2
    changed = httpx.patch(f"{here}/v1/users/me", json={"display_name": "After"}, headers=headers)

    assert changed.status_code == 200
    assert [shown(address) for address in (there, here, stranger) * 2] == ["After", "After", "Stranger"] * 2
    assert [server.end(signal.SIGTERM) for server in started] == [0, 0, 0]
    servers.drop(elsewhere)


def copy_accounts(source: str, target: str) -> None:
    """Copy the accounts and their sessions to another database, where each profile has another name."""
    with psycopg2.connect(source) as one, psycopg2.connect(target) as other:
        for table in ("users", "user_profiles", "sessions"):
            rows = io.StringIO()
            with one.cursor() as reader, other.cursor() as writer:
                reader.copy_expert(f"COPY {table} TO STDOUT", rows)
                rows.seek(0)
                writer.copy_expert(f"COPY {table} FROM STDIN", rows)
        with other.cursor() as writer:
            writer.execute("UPDATE user_profiles SET display_name = 'Stranger'")


def test_redis_under_load_holds_limits_versions_and_entries_only(
    service: Service, people: People, valkey: redis.Redis
) -> None:
    tokens = [person.sign_in() for person in (people.ada, people.alice, people.bob, people.gus)]
    profiles = [f"/v1/users/{person.id}/profile" for person in (people.alice, people.bob, people.gus)]
    with ExitStack() as stack:
        clients = [stack.enter_context(service.client(token["access_token"])) for token in tokens]
        for client in clients:
            for url in (*profiles, "/v1/users/me"):
                client.get(url)
            client.patch("/v1/users/me", json={"bio": "x"})
            client.get(profiles[0])
        for token in tokens:
            assert (
                clients[0].post("/v1/auth/refresh", json={"refresh_token": token["refresh_token"]}).status_code == 200
            )

    held = {key: valkey.get(key) or b"" for key in valkey.scan_iter()}

    assert [key for key in held if not KEYS.fullmatch(key)] == []
    entries = [value for key, value in held.items() if b":entry:" in key]
    assert len(entries) == 3
    text = b"\n".join(entries).decode("latin-1")
    for forbidden in ("permission", "role", "allowed", "password", "$2b$", "token", PASSWORD, "@example.com"):
        assert forbidden not in text
    assert leaks.found_in("\n".join(leaks.cached(for_tests(service.config.redis_url)))) == []
    # -2: the counter of a limit that is full again is gone by now.
    assert all(0 < valkey.ttl(key) <= 86_400 or valkey.ttl(key) == -2 for key in held)
