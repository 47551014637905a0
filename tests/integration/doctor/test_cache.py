"""The doctor reports a cache that is unavailable, slow or full, or that refuses the limiter, with the fix."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from app.embedded import start_valkey
from tests.integration.doctor.deployments import doctor
from tests.servers import with_user

AWAY = "postgresql://127.0.0.1:1/none"


def test_a_cache_that_will_refuse_to_count_is_told(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as cache:
        cache.config_set("maxmemory", "1gb")
        try:
            found = doctor(DATABASE_URL=AWAY, REDIS_URL=valkey_url).of("cache.memory")
        finally:
            cache.config_set("maxmemory", "0")

    assert found["status"] == "warning"
    assert "noeviction" in found["found"]


def test_a_cache_that_stops_is_told_until_it_is_started_again(valkey_url: str, tmp_path: Path) -> None:
    first = start_valkey(tmp_path)
    assert first
    first.stop()

    stopped = doctor(DATABASE_URL=AWAY, REDIS_URL=first.url)
    again = start_valkey(tmp_path)
    assert again
    back = doctor(DATABASE_URL=AWAY, REDIS_URL=first.url)
    again.stop()

    assert stopped.of("cache.connection")["status"] == "failed"
    assert stopped.of("cache.connection")["fix"].startswith("start it")
    assert [back.of(f"cache.{name}")["status"] for name in ("connection", "limiter")] == ["ok", "ok"]


def test_a_slow_cache_is_told() -> None:
    with late_server(seconds=0.06) as slow_url:
        found = doctor(DATABASE_URL=AWAY, REDIS_URL=slow_url).of("cache.connection")

    assert (found["status"], "REDIS_TIMEOUT_MS" in found["fix"]) == ("warning", True)


@contextmanager
def late_server(seconds: float) -> Iterator[str]:
    """Give the address of what answers each command as Redis does to PING, but late."""

    class Late(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while some := self.connection.recv(4096):
                time.sleep(seconds)
                # redis-py may send several commands at once as it connects; each wants a response.
                self.wfile.write(b"+PONG\r\n" * sum(part[:1].isdigit() for part in some.split(b"*")))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Late) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0?protocol=2"
        server.shutdown()


def test_a_user_who_may_not_run_the_limiter_is_told(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as cache:
        cache.acl_setuser("reader", enabled=True, passwords=["+reads nothing else"], commands=["+ping", "+select"])
        try:
            seen = doctor(DATABASE_URL=AWAY, REDIS_URL=with_user(valkey_url, "reader", "reads nothing else"))
        finally:
            cache.acl_deluser("reader")

    assert [seen.of(f"cache.{name}")["status"] for name in ("connection", "memory", "limiter")] == [
        "ok",
        "skipped",
        "failed",
    ]
    assert "EVAL" in seen.of("cache.limiter")["fix"]
