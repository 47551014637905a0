"""The limiter on Redis: one atomic script (GCRA), shared by all processes, by the clock of Redis."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from app.cache import client as cache_client
from app.cache.client import Cache
from app.cache.limiter import SCRIPT, Limiter, Taken
from app.settings import Bucket


def limiter(url: str, prefix: str = "test") -> Limiter:
    return Limiter(Cache(url, timeout_ms=2000, prefix=prefix))


def test_a_hundred_parallel_requests_of_four_processes_never_exceed_the_count(valkey_url: str) -> None:
    processes = [limiter(valkey_url) for _ in range(4)]

    def take(number: int) -> Taken:
        return processes[number % 4].take("login", "203.0.113.9", Bucket(25, 3600))

    with ThreadPoolExecutor(100) as pool:
        taken = list(pool.map(take, range(100)))

    allowed = [take for take in taken if not take.retry_seconds]
    assert sorted(take.remaining for take in allowed) == list(range(25))
    assert all(take.retry_seconds >= 1 for take in taken if take not in allowed)


def test_the_whole_count_may_come_at_once_and_not_one_more(valkey_url: str) -> None:
    shared = limiter(valkey_url)

    taken = [shared.take("read", "alice", Bucket(5, 60)) for _ in range(7)]

    assert [take.remaining for take in taken] == [4, 3, 2, 1, 0, 0, 0]
    assert [take.retry_seconds > 0 for take in taken] == [False] * 5 + [True] * 2
    assert taken[5].retry_seconds in (11, 12)


def test_requests_come_back_one_by_one(valkey_url: str) -> None:
    shared, bucket = limiter(valkey_url), Bucket(5, 1)
    while not shared.take("read", "a", bucket).retry_seconds:
        pass

    time.sleep(0.21)  # the script asks the server for the time, which nobody can move

    assert shared.take("read", "a", bucket).retry_seconds == 0


def test_a_key_holds_no_more_than_a_time_and_goes_when_its_bucket_is_full(valkey_url: str) -> None:
    limiter(valkey_url).take("read", "a", Bucket(5, 60))

    with redis.Redis.from_url(valkey_url) as client:
        [key] = client.keys()
        assert key == b"test:limit:read:a"
        assert client.get(key).isdigit()
        assert 0 < client.pttl(key) <= 12_000


def test_deployments_on_one_redis_do_not_share(valkey_url: str) -> None:
    one, other = limiter(valkey_url, "one"), limiter(valkey_url, "other")

    assert one.take("read", "a", Bucket(1, 60)).retry_seconds == 0
    assert other.take("read", "a", Bucket(1, 60)).retry_seconds == 0


def test_a_smaller_limit_counts_at_once(valkey_url: str) -> None:
    shared = limiter(valkey_url)
    for _ in range(4):
        shared.take("read", "a", Bucket(100, 60))

    assert shared.take("read", "a", Bucket(1, 60)).retry_seconds > 0


@pytest.mark.parametrize("left_behind", [b"99999999999999999", b"0", b"-5"])
def test_a_time_that_cannot_be_is_no_lasting_refusal(valkey_url: str, left_behind: bytes) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        client.set("test:limit:read:a", left_behind)

    assert limiter(valkey_url).take("read", "a", Bucket(5, 60)).retry_seconds == 0


def test_a_redis_that_forgot_the_script_is_given_it_again(valkey_url: str) -> None:
    shared = limiter(valkey_url)
    shared.take("read", "a", Bucket(3, 60))
    with redis.Redis.from_url(valkey_url) as client:
        client.script_flush()

    assert shared.take("read", "a", Bucket(3, 60)).remaining == 1
    assert "TIME" in SCRIPT


def test_a_redis_that_comes_back_counts_again(valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_client, "PAUSE_SECONDS", 0.05)
    shared = limiter(valkey_url)
    with redis.Redis.from_url(valkey_url) as client:
        client.set("test:limit:read:a", "no number")
        assert shared.take("read", "a", Bucket(5, 60)).remaining == 4
        client.delete("test:limit:read:a")
        time.sleep(0.06)  # longer than the pause after a failure
        assert shared.take("read", "a", Bucket(5, 60)).remaining == 4
        assert client.exists("test:limit:read:a") == 1
