"""Redis is unavailable, frozen, emptied, full or sends nonsense: responses are right, and the service recovers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

import pytest

from app.cache import client as cache_client
from app.cache.store import UNUSED_VERSION_SECONDS
from tests.integration.cache.conftest import FAILURES, Fragile, Profile, Reader, Statements, another_worker

AWAY = 'charter_cache_reads_total{outcome="away",policy="profile"}'


def test_redis_ended_and_begun_again(reader: Reader, fragile: Fragile) -> None:
    failures, away = reader.metric(FAILURES), reader.metric(AWAY)
    fragile.stop()

    assert reader.read() == ("Alice", False)
    reader.write("Without")
    assert reader.read() == ("Without", False)
    assert reader.metric(FAILURES) >= failures + 2
    assert reader.metric(AWAY) == away + 2

    fragile.start()
    # The tag of this write is pending in the table until it is replayed, so the cache is not used until then.
    assert reader.read() == ("Without", False)
    reader.replay(fragile)
    reader.read()
    assert reader.read() == ("Without", True)


def test_redis_that_does_not_answer_holds_nobody_up(reader: Reader, fragile: Fragile) -> None:
    """Redis is frozen during the requests, and they get their responses in this time."""
    with fragile.frozen():
        assert reader.read() == ("Alice", False)
        reader.write("Meanwhile")
        assert reader.read() == ("Meanwhile", False)
    # Redis may run the late commands now; the pending row still prevents the use of the cache.
    assert reader.read() == ("Meanwhile", False)


def test_a_slow_redis_costs_one_wait_and_then_none(
    fragile: Fragile, profile: Profile, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_client, "PAUSE_SECONDS", 60.0)
    with another_worker(REDIS_URL=fragile.url, REDIS_TIMEOUT_MS="100") as service, fragile.frozen():
        reader = Reader(service, profile, statements)
        for _ in range(5):
            assert reader.read()[0] == "Alice"

        assert reader.metric(FAILURES) == 1


def test_an_emptied_redis_is_a_miss_and_is_filled_again(reader: Reader, fragile: Fragile) -> None:
    fragile.client.flushall()

    assert reader.read() == ("Alice", False)
    assert reader.read() == ("Alice", True)


@pytest.mark.parametrize("kind", ["entry", "tag"])
def test_what_redis_evicted_is_a_miss(reader: Reader, fragile: Fragile, kind: str) -> None:
    fragile.client.delete(*fragile.client.scan_iter(f"*:{kind}:*"))

    assert reader.read() == ("Alice", False)
    assert reader.read() == ("Alice", True)


@pytest.mark.parametrize("policy", ["noeviction", "allkeys-lru"])
def test_a_full_redis_costs_the_cache_and_no_answer(reader: Reader, fragile: Fragile, policy: str) -> None:
    fragile.client.config_set("maxmemory-policy", policy)
    fragile.client.config_set("maxmemory", 1)

    reader.write("Full")
    assert [reader.read()[0], reader.read()[0]] == ["Full", "Full"]

    fragile.client.config_set("maxmemory", 0)
    reader.replay(fragile)
    reader.read()
    assert reader.read() == ("Full", True)


@pytest.mark.parametrize("kind", ["entry", "tag"])
def test_keys_of_another_type_are_put_right(reader: Reader, fragile: Fragile, kind: str) -> None:
    for key in list(fragile.client.scan_iter(f"*:{kind}:*")):
        fragile.client.delete(key)
        fragile.client.rpush(key, "a", "list")

    assert reader.read() == ("Alice", False)
    reader.write("After")
    reader.read()
    assert reader.read()[0] == "After"


def test_a_tag_that_holds_nonsense_is_given_a_version(reader: Reader, fragile: Fragile) -> None:
    for key in fragile.client.scan_iter("*:tag:*"):
        fragile.client.set(key, b"nonsense, and long")

    assert reader.read() == ("Alice", False)
    assert reader.read() == ("Alice", True)


@pytest.mark.parametrize(
    "says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+OK\r\n" * 9, b":1\r\n" * 9, b"*1\r\n$1\r\nx\r\n" * 9, b"\0" * 99]
)
def test_what_is_no_redis_is_done_without(profile: Profile, statements: Statements, says: bytes) -> None:
    with chatterbox(says) as url, another_worker(REDIS_URL=url, REDIS_TIMEOUT_MS="100") as misled:
        reader = Reader(misled, profile, statements)

        assert reader.read() == ("Alice", False)
        reader.write("Right")
        assert reader.read() == ("Right", False)
        assert reader.metric(FAILURES) >= 1


@contextmanager
def chatterbox(says: bytes) -> Iterator[str]:
    """Listen, and send the same bytes to every client."""

    def talk(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client = listener.accept()[0]
                threading.Thread(target=response, args=(client,), daemon=True).start()

    def response(client: socket.socket) -> None:
        with suppress(OSError), client:
            while client.recv(65_536):
                client.sendall(says)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=talk, args=(listener,), daemon=True).start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def test_redis_that_comes_back_with_what_it_once_saved_brings_no_old_value_back(
    reader: Reader, fragile: Fragile
) -> None:
    """Its snapshot is older than the write; a replica that is behind has the same effect."""
    saved = {key: fragile.client.dump(key) for key in fragile.client.scan_iter()}
    reader.write("After")
    assert [reader.read(), reader.read()] == [("After", False), ("After", True)]
    fragile.stop()
    fragile.start()
    for key, value in saved.items():
        fragile.client.restore(key, 60_000, value)

    assert [reader.read()[0] for _ in range(4)] == ["After"] * 4
    assert reader.read() == ("After", True)


def test_asking_for_what_is_not_there_fills_nothing_up(reader: Reader, fragile: Fragile) -> None:
    before = set(fragile.client.scan_iter("*:tag:*"))
    for _ in range(3):
        assert reader.client.get(f"/v1/users/{uuid4()}/profile").status_code == 404

    new = set(fragile.client.scan_iter("*:tag:*")) - before
    assert all(0 < fragile.client.ttl(tag) <= UNUSED_VERSION_SECONDS for tag in new)
    assert all(fragile.client.ttl(tag) > UNUSED_VERSION_SECONDS for tag in before)
