"""A cache entry is sent only if a server of this deployment has stored it in its place; all others are a miss."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.cache.client import RedisClient
from app.cache.entries import CachedValue
from app.cache.store import CacheStore
from tests import leaks
from tests.integration.cache.conftest import CORRUPT, Fragile, Profile, Reader, Statements, another_worker
from tests.people import PASSWORD, People
from tests.service import Service
from tests.wire import data

HIT = 'charter_cache_reads_total{outcome="hit",policy="profile"}'


def read(reader: Reader) -> tuple[str, bool]:
    """Return the name in a response, and whether it came from the cache, by the service's own count.

    Its statements do not tell: those of the background tasks of a service that has just started come in between.
    """
    before = reader.metric(HIT)
    name, _ = reader.read()
    return name, reader.metric(HIT) == before + 1


@contextmanager
def patient_worker(fragile: Fragile, **variables: str) -> Iterator[Service]:
    """Run another service, for which Redis is never too late, however busy the machine is."""
    with another_worker(REDIS_URL=fragile.url, REDIS_TIMEOUT_MS="5000", **variables) as service:
        yield service


@pytest.fixture
def reader(fragile: Fragile, profile: Profile, statements: Statements) -> Iterator[Reader]:
    fragile.client.flushall()
    with patient_worker(fragile) as service:
        made = Reader(service, profile, statements)
        assert [read(made), read(made)] == [("Alice", False), ("Alice", True)]
        yield made


def corrupted(entry: bytes) -> Iterator[bytes]:
    """Yield an entry as it is stored, with one byte or more that are wrong."""
    yield from (b"", b"\xff\x00", b"{", b"null", b"9" * 40, entry[:-1], entry + b"\n", entry[1:], entry[:20], entry * 2)
    yield from (entry[:place] + bytes([entry[place] ^ 1]) + entry[place + 1 :] for place in range(len(entry)))


def test_a_corrupt_entry_is_never_used(valkey_url: str) -> None:
    cache = RedisClient(valkey_url, timeout_ms=2000, prefix="charter")
    counted: list[tuple[str, str]] = []
    store = CacheStore(
        cache, database_id=lambda: "one", release="1", secret=b"a secret", count=lambda *read: counted.append(read)
    )
    key = store.make_key("get_profile", ["1"], ["user:1"])
    lookup = store.complete_versions(store.look_up(key) or pytest.fail("no Valkey"))
    assert lookup is not None
    store.save(lookup, CachedValue(b'{"name":"Alice"}', "7"), 60)
    found = store.look_up(key)
    assert found is not None
    assert found.entry is not None
    assert store.read(found, "profile") == CachedValue(b'{"name":"Alice"}', "7")

    wrong = list(corrupted(found.entry))

    assert [store.read(found._replace(entry=entry), "profile") for entry in wrong] == [None] * len(wrong)
    assert counted == [("profile", "hit"), *[("profile", "corrupt")] * len(wrong)]


@pytest.mark.parametrize("junk", [b"", b'[["0"], {"user_id": 1}, "1"]'])
def test_a_corrupt_entry_is_a_miss_and_logged_once(reader: Reader, fragile: Fragile, junk: bytes) -> None:
    leaks.logged()
    corrupt = reader.metric(CORRUPT)
    [entry] = fragile.client.scan_iter("*:entry:*")
    fragile.client.set(entry, junk)

    assert read(reader) == ("Alice", False)
    assert read(reader) == ("Alice", True)
    fragile.client.set(entry, junk)
    assert read(reader) == ("Alice", False)

    assert leaks.logged().count("cache_entry_corrupt") == 1
    assert reader.metric(CORRUPT) == corrupt + 2


def test_an_entry_of_another_place_is_corrupt(
    reader: Reader, fragile: Fragile, profile: Profile, people: People
) -> None:
    """An entry of another account, and one of another deployment on this Redis."""
    [place] = fragile.client.scan_iter("*:entry:*")
    with patient_worker(fragile) as here, here.client(people.bob.sign_in()["access_token"]) as client:
        Profile(people.bob).read(client)
    with patient_worker(fragile, JWT_SECRET="c0ffee5e1d0a9b8374651f2e3d4c5b6a79880716") as stranger:
        signed_in = stranger.client().post("/v1/auth/login", json={"email": profile.owner.email, "password": PASSWORD})
        with stranger.client(data(signed_in)["access_token"]) as client:
            profile.read(client)
    others = set(fragile.client.scan_iter("*:entry:*")) - {place}
    assert len(others) == 2

    for other in others:
        corrupt = reader.metric(CORRUPT)
        fragile.client.copy(other, place, replace=True)
        assert read(reader) == ("Alice", False)
        assert read(reader) == ("Alice", True)
        assert reader.metric(CORRUPT) == corrupt + 1


def test_a_change_of_the_secret_is_a_miss_and_nothing_is_corrupt(
    reader: Reader, fragile: Fragile, profile: Profile, statements: Statements, service: Service
) -> None:
    """Servers with both secrets run beside each other, and invalidate for each other."""
    leaks.logged()
    secrets = {
        "JWT_SECRET": "0b7e4d9c2a5f8163e4d7c0b9a8f6e5d4c3b2a190",
        "JWT_SECRET_PREVIOUS": service.config.jwt_secret,
    }
    with patient_worker(fragile, **secrets) as later:
        after = Reader(later, profile, statements)
        assert [read(after), read(after)] == [("Alice", False), ("Alice", True)]
        assert read(reader) == ("Alice", True)

        for writer in (reader, after):
            name = f"By {'one' if writer is reader else 'the other'}"
            writer.write(name)
            assert [read(each) for each in (reader, after) * 2] == [(name, False)] * 2 + [(name, True)] * 2
        assert after.metric(CORRUPT) == 0
    assert "cache_entry_corrupt" not in leaks.logged()
