"""The connections to Redis: when Redis is started again, and when the process ends."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from app.cache import client as cache_client
from app.cache.client import RedisClient, server_run_id
from app.cache.commands import pack_command
from app.cache.connections import Client
from app.embedded import start_valkey
from tests.command import ROOT, clean_environment

# The interpreter stops a daemon thread wherever it is; here it is with the lock of the pool taken.
ENDING = """
import sys, threading, time
from app.cache.client import RedisClient

cache, taken = RedisClient(sys.argv[1], timeout_ms=2000, prefix="test"), threading.Event()

def stay():
    assert cache.is_up()
    with cache._pool._lock:
        taken.set()
        time.sleep(600)

threading.Thread(target=stay, daemon=True).start()
taken.wait()
"""


def test_no_thread_that_is_cut_off_in_the_pool_keeps_the_process_from_ending(valkey_url: str) -> None:
    command = [sys.executable, "-c", ENDING, valkey_url]

    done = subprocess.run(
        command, check=False, cwd=ROOT, env=clean_environment(), timeout=30, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_a_pipeline_never_reaches_another_run_of_redis_than_its_key_names_are_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_client, "PAUSE_SECONDS", 0.0)
    server = start_valkey(tmp_path)
    if server is None:
        pytest.skip("no Valkey on this machine")
    cache = RedisClient(server.url, timeout_ms=2000, prefix="test")
    before = cache.execute(runs)
    server.stop()
    server = start_valkey(tmp_path)
    assert server is not None

    assert cache.execute(runs) is None
    after = cache.execute(runs)

    cache.close()
    server.stop()
    assert before is not None
    assert after is not None
    assert before[0] == before[1] != after[0] == after[1]


def runs(client: redis.Redis) -> tuple[str, str]:
    """Return the run that key names are made for, and the one that a pipeline reaches."""
    named = server_run_id(client)
    with client.pipeline(transaction=False) as pipe:
        pipe.info("server")
        return named, pipe.execute()[0]["run_id"]


def test_more_than_a_hundred_threads_have_a_connection_each(valkey_url: str) -> None:
    cache, together = RedisClient(valkey_url, timeout_ms=20_000, prefix="test"), threading.Barrier(120)

    def ask(_: int) -> bool:
        together.wait(60)
        return cache.is_up()

    with ThreadPoolExecutor(120) as pool:
        assert all(pool.map(ask, range(120)))
    cache.close()


def test_a_rejected_command_takes_nothing_from_those_beside_it(valkey_url: str) -> None:
    commands = [pack_command(*words) for words in ((b"PING",), (b"NO", b"such thing"), (b"MGET", b"a", b"b"))]

    sent = RedisClient(valkey_url, timeout_ms=2000, prefix="test").execute(
        lambda client: client.send(b"".join(commands), 3)
    )

    assert sent is not None
    assert (sent[0], type(sent[1]), sent[2]) == (b"PONG", redis.ResponseError, [None, None])


def test_a_connection_that_the_server_gives_notice_of_is_replaced(valkey_url: str) -> None:
    cache = RedisClient(valkey_url, timeout_ms=2000, prefix="test")

    def number(client: Client) -> int:
        return int(client.send(pack_command(b"CLIENT", b"ID"), 1)[0])

    def noticed(client: Client) -> int:
        assert client.connection is not None
        client.connection.mark_for_reconnect()
        return number(client)

    before = cache.execute(number)

    assert cache.execute(noticed) == before
    after = [cache.execute(number) for _ in range(2)]
    assert after[0] == after[1] != before


def test_a_response_larger_than_the_buffer_of_a_connection_is_read_whole(valkey_url: str) -> None:
    value = b"0123456789" * 20_000
    cache = RedisClient(valkey_url, timeout_ms=2000, prefix="test")
    try:
        cache.execute(lambda client: client.set("test:large", value, px=10_000))
        packed = pack_command(b"GET", b"test:large")
        assert cache.execute(lambda client: client.send(packed, 1)) == [value]
        with cache.separate_client() as client:
            assert client.connection_pool.connection_kwargs["socket_read_size"] * 10 < len(value)
    finally:
        cache.close()
