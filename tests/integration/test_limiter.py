"""The limiter on Redis: one atomic script (GCRA), shared by all processes, by the clock of Redis."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from app.cache import client as cache_client
from app.cache.client import RedisClient
from app.cache.limiter import Consumption, Limiter, LimitState
from app.config import Bucket
from app.embedded import start_valkey
from tests.round_trips import counted
from tests.servers import with_query, with_user


def limiter(url: str, prefix: str = "test") -> Limiter:
    return Limiter(RedisClient(url, timeout_ms=2000, prefix=prefix))


def pass_time(url: str, key: str, *, seconds: int) -> None:
    """Change a count as if time had passed: the script uses the clock of Redis, which a test cannot change."""
    with redis.Redis.from_url(url) as client:
        client.decrby(key, seconds * 1_000_000)


def test_a_hundred_parallel_requests_of_four_processes_never_exceed_the_count(valkey_url: str) -> None:
    processes = [limiter(valkey_url) for _ in range(4)]

    def take(number: int) -> LimitState:
        return processes[number % 4].consume("login", "203.0.113.9", Bucket(25, 3600))

    with ThreadPoolExecutor(100) as pool:
        taken = list(pool.map(take, range(100)))

    allowed = [take for take in taken if not take.retry_seconds]
    assert sorted(take.remaining for take in allowed) == list(range(25))
    assert all(take.retry_seconds >= 1 for take in taken if take not in allowed)


def test_the_whole_count_may_come_at_once_and_not_one_more(valkey_url: str) -> None:
    shared = limiter(valkey_url)

    taken = [shared.consume("read", "alice", Bucket(5, 3600)) for _ in range(7)]

    assert [take.remaining for take in taken] == [4, 3, 2, 1, 0, 0, 0]
    assert [take.retry_seconds > 0 for take in taken] == [False] * 5 + [True] * 2
    assert 600 < taken[5].retry_seconds <= 720


def test_requests_come_back_one_by_one(valkey_url: str) -> None:
    shared, bucket = limiter(valkey_url), Bucket(5, 3600)
    while not shared.consume("read", "a", bucket).retry_seconds:
        pass

    pass_time(valkey_url, "test:limit:read:a", seconds=721)

    assert shared.consume("read", "a", bucket).retry_seconds == 0
    assert shared.consume("read", "a", bucket).retry_seconds > 0


def test_a_key_holds_no_more_than_a_time_and_goes_when_its_bucket_is_full(valkey_url: str) -> None:
    limiter(valkey_url).consume("read", "a", Bucket(5, 60))

    with redis.Redis.from_url(valkey_url) as client:
        [key] = client.keys()
        assert key == b"test:limit:read:a"
        assert client.get(key).isdigit()
        assert 0 < client.pttl(key) <= 12_000


def test_deployments_on_one_redis_do_not_share(valkey_url: str) -> None:
    one, other = limiter(valkey_url, "one"), limiter(valkey_url, "other")

    assert one.consume("read", "a", Bucket(1, 60)).retry_seconds == 0
    assert other.consume("read", "a", Bucket(1, 60)).retry_seconds == 0


def test_a_smaller_limit_counts_at_once(valkey_url: str) -> None:
    shared = limiter(valkey_url)
    for _ in range(4):
        shared.consume("read", "a", Bucket(100, 60))

    assert shared.consume("read", "a", Bucket(1, 60)).retry_seconds > 0


@pytest.mark.parametrize(
    "left_behind", [b"99999999999999999", b"0", b"-5", b"nan", b"inf", b"1e400", b"", b"no number"]
)
def test_what_no_limiter_can_have_written_is_no_lasting_refusal_and_no_free_pass(
    valkey_url: str, left_behind: bytes
) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        client.set("test:limit:read:a", left_behind)
        shared = limiter(valkey_url)

        taken = [shared.consume("read", "a", Bucket(2, 60)) for _ in range(3)]

        assert [take.retry_seconds > 0 for take in taken] == [False, False, True]
        assert client.get("test:limit:read:a").isdigit()


def test_neither_is_a_value_of_another_type(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        client.rpush("test:limit:read:a", "no", "time")
        shared = limiter(valkey_url)

        taken = [shared.consume("read", "a", Bucket(2, 60)) for _ in range(3)]

        assert [take.retry_seconds > 0 for take in taken] == [False, False, True]
        assert client.type("test:limit:read:a") == b"string"


def test_a_user_who_may_not_read_the_counts_is_counted_here(valkey_url: str) -> None:
    """If an unreadable count counted as zero, no request would be limited."""
    with redis.Redis.from_url(valkey_url) as client:
        client.acl_setuser("blind", enabled=True, passwords=["+sees nothing"], keys=["*"], commands=["+@all", "-get"])
        try:
            shared = limiter(with_user(valkey_url, "blind", "sees nothing"))
            taken = [shared.consume("read", "a", Bucket(2, 60)) for _ in range(3)]
        finally:
            client.acl_deluser("blind")

        assert [take.retry_seconds > 0 for take in taken] == [False, False, True]
        assert client.keys() == []


@pytest.mark.parametrize("count", [6, 9, 11, 13, 14])
def test_what_remains_goes_down_by_one(valkey_url: str, count: int) -> None:
    shared = limiter(valkey_url)

    taken = [shared.consume("read", "a", Bucket(count, 3600)) for _ in range(3)]

    assert [take.remaining for take in taken] == [count - 1, count - 2, count - 3]


def test_what_is_counted_against_another_is_given_back_in_one_round_trip(valkey_url: str) -> None:
    with counted(valkey_url) as road:
        shared, bucket = limiter(road.url), Bucket(10, 3600)
        shared.consume("write", "owner", bucket)
        taken = [shared.consume("write", "owner", bucket) for _ in range(3)]
        shared.transfer("write", "nobody", bucket, taken[0], "nobody")  # makes the connection
        before = road.count

        others = [shared.transfer("write", "owner", bucket, take, "203.0.113.9") for take in taken]

        assert road.count - before == 3
        assert [other.remaining for other in others] == [9, 8, 7]
        assert shared.consume("write", "owner", bucket).remaining == 8
        # A request that was given back is not given back again by a full bucket.
        for take in taken * 4:
            shared.transfer("write", "owner", bucket, take, "203.0.113.9")
        assert shared.consume("write", "owner", bucket).remaining == 9


def test_a_bucket_that_was_full_meanwhile_gives_nothing_back(valkey_url: str) -> None:
    shared, bucket = limiter(valkey_url), Bucket(10, 3600)
    early = shared.consume("write", "owner", bucket)
    pass_time(valkey_url, "test:limit:write:owner", seconds=361)
    shared.consume("write", "owner", bucket)
    shared.transfer("write", "owner", bucket, early, "203.0.113.9")

    assert shared.consume("write", "owner", bucket).remaining == 8


def test_a_burst_is_all_that_comes_at_once(valkey_url: str) -> None:
    shared = limiter(valkey_url)

    taken = [shared.consume("write", "a", Bucket(120, 3600, 3)) for _ in range(5)]

    assert [take.remaining for take in taken] == [2, 1, 0, 0, 0]
    assert 60 < taken[2].reset_seconds <= 90
    assert 0 < taken[4].retry_seconds <= 30


def test_the_clock_is_that_of_redis(valkey_url: str) -> None:
    """Processes whose clocks differ by an hour, or jump, share one count."""
    clocks = itertools.cycle([0.0, 3600.0, -3600.0, 7200.0])
    cache = RedisClient(valkey_url, timeout_ms=2000, prefix="test")
    processes = [Limiter(cache, clock=lambda: next(clocks)) for _ in range(2)]

    taken = [processes[number % 2].consume("read", "a", Bucket(4, 3600)) for number in range(8)]

    assert [take.retry_seconds > 0 for take in taken] == [False] * 4 + [True] * 4


def plain(process: Limiter, bucket: Bucket) -> LimitState:
    return process.consume("read", "a", bucket)


def beside_a_reading(process: Limiter, bucket: Bucket) -> LimitState:
    return process.consume_all([Consumption("read", "a", bucket, lambda _: [b"test:a key"])])[0][0]


@pytest.mark.parametrize("protocol", ["2", "3"])
@pytest.mark.parametrize("take", [plain, beside_a_reading])
def test_a_redis_that_forgot_the_script_is_given_it_again(
    valkey_url: str, protocol: str, take: Callable[[Limiter, Bucket], LimitState]
) -> None:
    shared = limiter(with_query(valkey_url, protocol=protocol))
    take(shared, Bucket(3, 60))
    with redis.Redis.from_url(valkey_url) as client:
        client.script_flush()

    assert [take(shared, Bucket(3, 60)).remaining for _ in range(2)] == [1, 0]
    assert take(shared, Bucket(3, 60)).retry_seconds > 0


def test_a_redis_that_comes_back_counts_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_client, "PAUSE_SECONDS", 0.0)
    first = start_valkey(tmp_path)
    if first is None:
        pytest.skip("no Valkey on this machine")
    shared, bucket = limiter(first.url), Bucket(5, 60)
    assert shared.consume("read", "a", bucket).remaining == 4
    first.stop()
    assert shared.consume("read", "a", bucket).remaining == 3
    again = start_valkey(tmp_path)
    assert again is not None

    assert shared.consume("read", "b", bucket).remaining == 4
    with redis.Redis.from_url(again.url) as client:
        assert client.keys() == [b"test:limit:read:b"]
    again.stop()


@pytest.mark.parametrize("take", [plain, beside_a_reading])
def test_a_redis_that_goes_away_leaves_nobody_a_second_bucket(
    tmp_path: Path, take: Callable[[Limiter, Bucket], LimitState]
) -> None:
    valkey = start_valkey(tmp_path)
    if valkey is None:
        pytest.skip("no Valkey on this machine")
    here, there, bucket = limiter(valkey.url), limiter(valkey.url), Bucket(5, 3600)
    for process in (here, here, there, there, here):
        take(process, bucket)

    valkey.stop()

    assert take(here, bucket).retry_seconds > 0
    left = [take(there, bucket) for _ in range(3)]
    assert [found.retry_seconds > 0 for found in left] == [False, True, True]
