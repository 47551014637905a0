"""A server tells in /health that its database is read-only or has no room, or that Valkey is full, and recovers."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psycopg2
import redis

from app.embedded import start_postgres, start_valkey
from app.embedded.installation import find_installation
from tests.command import PRODUCTION, Server
from tests.folders import remove
from tests.prove.proof import Skipped
from tests.servers import migrated, with_database

_MEGABYTES = 96
_EVERY_SECONDS = 2
_LONGEST_SECONDS = 60.0
_LOGIN = {"email": "admin@example.com", "password": "not the right one"}


def prove(place: Path) -> None:
    """Damage both stores, one way after the other, under a server with two workers."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        raise Skipped("needs root, to mount a file system that is small enough to fill")
    state = place / "state"
    state.mkdir(mode=0o711)
    postgres, valkey = start_postgres(state), start_valkey(state)
    if valkey is None:
        raise Skipped("no Valkey on this machine")
    try:
        with _small_disk(place / "small", state) as disk:
            _execute(
                postgres.url, f"CREATE TABLESPACE small LOCATION '{disk}'", "CREATE DATABASE small TABLESPACE small"
            )
            url = with_database(postgres.url, "small")
            migrated(url)
            server = Server(
                "serve",
                **PRODUCTION,
                DATABASE_URL=url,
                REDIS_URL=valkey.url,
                WORKERS="2",
                HEALTH_SECONDS=str(_EVERY_SECONDS),
                CHARTER_ADMIN_PASSWORD="marmalade lantern 7 quarry",
            )
            try:
                _damage_everything(server.address(), postgres.url, valkey.url, disk)
            finally:
                server.end(signal.SIGTERM)
            _execute(postgres.url, "DROP DATABASE small WITH (FORCE)", "DROP TABLESPACE small")
    finally:
        valkey.stop()
        postgres.stop()
        remove(state)


def _damage_everything(address: str, database: str, cache: str, disk: Path) -> None:
    ballast = disk / "ballast"

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
            except OSError:
                return

    def set_read_only(word: str) -> Callable[[], None]:
        off = "SET default_transaction_read_only = off"
        change = f"ALTER SYSTEM SET default_transaction_read_only = {word}"
        return lambda: _execute(database, off, change, "SELECT pg_reload_conf()")

    def bound_valkey(most: str) -> Callable[[], None]:
        def bound() -> None:
            with redis.Redis.from_url(cache) as client:
                client.config_set("maxmemory-policy", "noeviction")
                client.config_set("maxmemory", most)

        return bound

    with httpx.Client(base_url=address, timeout=30) as client:
        _becomes(client, "ok")
        for what, damage, fix, status in (
            ("the disk is full", fill, ballast.unlink, "error"),
            ("the database is read-only", set_read_only("on"), set_read_only("off"), "error"),
            ("Valkey is full", bound_valkey("1"), bound_valkey("0"), "degraded"),
        ):
            damage()
            told = _becomes(client, status)
            refused = [client.post("/v1/auth/login", json=_LOGIN).status_code for _ in range(5)]
            assert httpx.get(f"{address}/health/live").status_code == 200
            fix()
            back = _becomes(client, "ok")
            assert client.post("/v1/auth/login", json=_LOGIN).status_code in (401, 429)
            print(
                f"{what}: {status} after {told:.1f} s, sign-ins {sorted(set(refused))}; ok {back:.1f} s after the end"
            )


def _becomes(client: httpx.Client, status: str) -> float:
    """Wait until several answers in a row, of whichever worker, have this status; return the seconds it took."""
    began, in_a_row = time.monotonic(), 0
    while in_a_row < 8:
        response = httpx.get(f"{client.base_url}/health", timeout=30).json()
        in_a_row = in_a_row + 1 if response["status"] == status else 0
        assert time.monotonic() - began < _LONGEST_SECONDS, f"/health says {response} after {_LONGEST_SECONDS} s"
        time.sleep(0.1)
    return time.monotonic() - began - 0.8


@contextmanager
def _small_disk(place: Path, state: Path) -> Iterator[Path]:
    """Mount a file system that holds little, where PostgreSQL may make a tablespace."""
    place.mkdir(mode=0o711)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_MEGABYTES}m,mode=0711", "tmpfs", str(place)], check=False
    )
    if mounted.returncode:
        raise Skipped("this machine mounts no file system, such as in a container without that right")
    try:
        folder = place / "tablespace"
        folder.mkdir(mode=0o700)
        home = find_installation(state)
        if home is not None and home.account is not None:
            os.chown(folder, home.account.pw_uid, home.account.pw_gid)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)


def _execute(url: str, *statements: str) -> None:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
