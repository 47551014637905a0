"""A cache entry is sent only if a server of this deployment has stored it in its place; all others are a miss."""

from collections.abc import Iterator

import pytest

from app.cache.client import RedisClient
from app.cache.entries import CachedValue
from app.cache.store import CacheStore
from tests import leaks
from tests.integration.cache.conftest import CORRUPT, Fragile, Profile, Reader, Statements, another_worker
from tests.people import PASSWORD, People
from tests.service import Service
from tests.wire import data


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


@pytest.mark.parametrize("junk", [b"", b"[]", b"9" * 40, b'[["0"], {"user_id": 1}, "1"]'])
def test_a_corrupt_entry_is_a_miss_and_logged_once(reader: Reader, fragile: Fragile, junk: bytes) -> None:
    leaks.logged()
    corrupt = reader.metric(CORRUPT)
    [entry] = fragile.client.scan_iter("*:entry:*")
    fragile.client.set(entry, junk)

    assert reader.read() == ("Alice", False)
    assert reader.read() == ("Alice", True)
    fragile.client.set(entry, junk)
    assert reader.read() == ("Alice", False)

    assert leaks.logged().count("cache_entry_corrupt") == 1
    assert reader.metric(CORRUPT) == corrupt + 2


def test_an_entry_of_another_place_is_corrupt(
    reader: Reader, fragile: Fragile, profile: Profile, people: People, shaken: Service, statements: Statements
) -> None:
    """Of another account; of another deployment on this Redis; of an earlier time, with the versions it had."""
    [place] = fragile.client.scan_iter("*:entry:*")
    another = Profile(people.bob)
    with shaken.client(people.bob.sign_in()["access_token"]) as client:
        another.read(client)
    with another_worker(REDIS_URL=fragile.url, JWT_SECRET="c0ffee5e1d0a9b8374651f2e3d4c5b6a79880716") as stranger:
        signed_in = stranger.client().post("/v1/auth/login", json={"email": profile.owner.email, "password": PASSWORD})
        with stranger.client(data(signed_in)["access_token"]) as client:
            profile.read(client)
    others = set(fragile.client.scan_iter("*:entry:*")) - {place}
    assert len(others) == 2

    for other in others:
        corrupt = reader.metric(CORRUPT)
        fragile.client.copy(other, place, replace=True)
        assert reader.read() == ("Alice", False)
        assert reader.read() == ("Alice", True)
        assert reader.metric(CORRUPT) == corrupt + 1


def test_a_change_of_the_secret_is_a_miss_and_nothing_is_corrupt(
    reader: Reader, fragile: Fragile, profile: Profile, statements: Statements, shaken: Service
) -> None:
    """Servers with both secrets run beside each other, and invalidate for each other."""
    leaks.logged()
    before = shaken.config.jwt_secret
    secrets = {"JWT_SECRET": "0b7e4d9c2a5f8163e4d7c0b9a8f6e5d4c3b2a190", "JWT_SECRET_PREVIOUS": before}
    with another_worker(REDIS_URL=fragile.url, **secrets) as later:
        after = Reader(later, profile, statements)
        assert [after.read(), after.read()] == [("Alice", False), ("Alice", True)]
        assert reader.read() == ("Alice", True)

        for writer in (reader, after):
            name = f"By {'one' if writer is reader else 'the other'}"
            writer.write(name)
            assert [each.read() for each in (reader, after) * 2] == [(name, False)] * 2 + [(name, True)] * 2
        assert after.metric(CORRUPT) == 0
    assert "cache_entry_corrupt" not in leaks.logged()
