"""The limiter without Redis: the same rule, counted by the process alone."""

import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.cache import limiter as cache_limiter
from app.cache.client import RedisClient
from app.cache.limiter import Limiter, LimitState
from app.config import Bucket


def limiter(url: str = "", timeout_ms: int = 200) -> Limiter:
    """Return a limiter with a fixed clock."""
    return Limiter(RedisClient(url, timeout_ms=timeout_ms, prefix="test"), clock=lambda: 1000.0)


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A server that accepts connections and never responds."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        listener.setblocking(False)
        yield listener


def test_the_whole_count_may_come_at_once_and_not_one_more() -> None:
    here = limiter()

    taken = [here.consume("read", "alice", Bucket(5, 60)) for _ in range(7)]

    assert [take.remaining for take in taken] == [4, 3, 2, 1, 0, 0, 0]
    assert [take.retry_seconds > 0 for take in taken] == [False] * 5 + [True] * 2
    assert taken[5].retry_seconds == 12
    assert taken[4].reset_seconds == 60


@pytest.mark.parametrize("count", [6, 7, 9, 11, 13, 120])
@pytest.mark.parametrize("seconds", [7, 60, 3600])
def test_what_remains_goes_down_by_one(count: int, seconds: int) -> None:
    here = limiter()

    taken = [here.consume("read", "alice", Bucket(count, seconds)) for _ in range(3)]

    assert [take.remaining for take in taken] == [count - 1, count - 2, count - 3]


def test_a_burst_comes_at_once_and_the_rate_for_ever() -> None:
    now = [1000.0]
    here, bucket = Limiter(RedisClient("", timeout_ms=100, prefix="test"), clock=lambda: now[0]), Bucket(120, 60, 3)

    burst = [here.consume("write", "alice", bucket) for _ in range(4)]
    assert [take.remaining for take in burst] == [2, 1, 0, 0]
    assert [take.retry_seconds for take in burst] == [0, 0, 0, 1]
    assert burst[2].reset_seconds == 2

    passed = 0
    for _ in range(240):
        now[0] += 0.25
        passed += here.consume("write", "alice", bucket).retry_seconds == 0
    assert passed == 120


def test_buckets_and_callers_do_not_share() -> None:
    here, one = limiter(), Bucket(1, 60)

    assert [here.consume(*who, one).retry_seconds for who in (("read", "a"), ("read", "b"), ("write", "a"))] == [
        0,
        0,
        0,
    ]
    assert here.consume("read", "a", one).retry_seconds > 0


def test_a_refused_request_does_not_lengthen_the_wait() -> None:
    here, bucket = limiter(), Bucket(1, 60)
    here.consume("read", "a", bucket)

    waits = [here.consume("read", "a", bucket).retry_seconds for _ in range(50)]

    assert set(waits) == {60}


def test_requests_come_back_one_by_one() -> None:
    now = [1000.0]
    here, bucket = Limiter(RedisClient("", timeout_ms=100, prefix="test"), clock=lambda: now[0]), Bucket(10, 1)
    while not here.consume("read", "a", bucket).retry_seconds:
        pass

    now[0] += 0.11

    assert here.consume("read", "a", bucket).retry_seconds == 0
    assert here.consume("read", "a", bucket).retry_seconds == 1


def test_what_is_counted_against_another_is_given_back_once_and_never_beyond_the_bucket() -> None:
    now = [1000.0]
    here, bucket = Limiter(RedisClient("", timeout_ms=100, prefix="test"), clock=lambda: now[0]), Bucket(10, 10)
    first = here.consume("write", "owner", bucket)
    taken = [here.consume("write", "owner", bucket) for _ in range(3)]

    others = [here.transfer("write", "owner", bucket, take, "203.0.113.9") for take in taken]

    assert [other.remaining for other in others] == [9, 8, 7]
    assert here.consume("write", "owner", bucket).remaining == 8

    now[0] += 10.3  # full again: nothing is left to give back of what was taken before
    here.consume("write", "owner", bucket)
    here.transfer("write", "owner", bucket, first, "203.0.113.9")
    assert here.consume("write", "owner", bucket).remaining == 8


def test_parallel_requests_never_exceed_the_count() -> None:
    here = limiter()

    with ThreadPoolExecutor(20) as pool:
        taken: list[LimitState] = list(pool.map(lambda _: here.consume("read", "a", Bucket(30, 3600)), range(200)))

    assert sum(take.retry_seconds == 0 for take in taken) == 30


def test_a_redis_that_is_away_is_counted_without() -> None:
    away = limiter("redis://127.0.0.1:1")

    taken = [away.consume("read", "a", Bucket(2, 60)) for _ in range(3)]

    assert [take.retry_seconds > 0 for take in taken] == [False, False, True]


def test_a_redis_that_does_not_answer_is_not_asked_again_at_once(silent_server: socket.socket) -> None:
    slow = limiter(f"redis://127.0.0.1:{silent_server.getsockname()[1]}", timeout_ms=100)
    taken = [slow.consume("read", "a", Bucket(2, 60)) for _ in range(50)]

    assert sum(take.retry_seconds == 0 for take in taken) == 2
    assert _callers(silent_server) < 5


def _callers(listener: socket.socket) -> int:
    found = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            found += 1
    return found


def test_what_is_remembered_here_is_bounded_and_the_latest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_limiter, "_MAX_LOCAL", 1000)
    here = limiter()

    for number in range(2000):
        here.consume("read", str(number), Bucket(1, 3600))

    assert [who for _, who in here._local] == [str(number) for number in range(1000, 2000)]


def test_who_has_their_full_bucket_back_is_forgotten() -> None:
    now = [1000.0]
    here = Limiter(RedisClient("", timeout_ms=100, prefix="test"), clock=lambda: now[0])
    for number in range(50):
        here.consume("read", str(number), Bucket(1, 60))

    now[0] += 60
    for number in range(50, 80):
        here.consume("read", str(number), Bucket(1, 60))

    assert sorted(who for _, who in here._local) == [str(number) for number in range(50, 80)]
