"""What the doctor finds, it tells: all of it, in the shape that is promised, without a secret, changing nothing."""

import hashlib
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis

from app.cli.doctor.examination import CHECKS
from tests.command import PRODUCTION, ROOT, clean_environment
from tests.frozen import Frozen
from tests.integration.doctor.deployments import OTHER_KEY, Durable, doctor
from tests.months import this_month
from tests.service import REFRESH_KEYS, SECRET

PASSWORD = "hunter2hunter2hunter2"
PAGE = ROOT / "docs" / "doctor.md"


def test_a_production_that_lacks_nothing_is_told_so(url: str, valkey_url: str, durable: Durable) -> None:
    seen = doctor(DATABASE_URL=durable.as_server(url), REDIS_URL=valkey_url)

    assert (seen.exit_code, seen.status, seen.bad()) == (0, "ok", {})
    assert {check["name"] for check in seen.checks if check["status"] == "skipped"} == {"token_secret"}


def test_the_json_has_each_check_once_in_order_and_nothing_to_fix_where_all_is_well(
    url: str, valkey_url: str, durable: Durable
) -> None:
    seen = doctor(DATABASE_URL=durable.as_server(url), REDIS_URL=valkey_url)

    assert [list(check) for check in seen.checks] == [["group", "name", "status", "found", "fix"]] * len(seen.checks)
    told = [(check["group"], check["name"]) for check in seen.checks]
    assert told == [(check.group, check.name) for check in CHECKS if check.name != "servers"]
    assert [check for check in seen.checks if not check["found"] or check["fix"] is not None] == []


def test_looking_changes_nothing(url: str, valkey_url: str, durable: Durable) -> None:
    durable.session(url, "k0")
    with redis.Redis.from_url(valkey_url) as cache:
        cache.set("mine", "kept")
        before = _everything(durable.as_superuser(url))

        doctor(DATABASE_URL=url, REDIS_URL=valkey_url)

        assert _everything(durable.as_superuser(url)) == before
        assert [key for key in cache.scan_iter() if b":doctor:" not in key] == [b"mine"]
        assert all(cache.pttl(key) <= 1 for key in cache.scan_iter() if b":doctor:" in key)


_NOTED = ["relpages", "reltuples", "relallvisible", "relallfrozen", "relfrozenxid", "relminmxid"]
_NOTED += ["datfrozenxid", "datminmxid"]


def _everything(url: str) -> str:
    """Return a digest of every row of every table, the catalogue's included; counters of use are left out.

    So is what autovacuum notes when it comes by.
    """
    digest = hashlib.sha256()
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("""
            SELECT oid::regclass::text FROM pg_class
            WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'pg_catalog'::regnamespace)
              AND relname NOT LIKE 'pg_stat%' ORDER BY 1
        """)
        for (table,) in cursor.fetchall():
            row = "(to_jsonb(t) - %s::text[])::text"
            cursor.execute(f"SELECT md5(string_agg({row}, ',' ORDER BY {row})) FROM {table} t", (_NOTED, _NOTED))
            digest.update(f"{table} {cursor.fetchone()}".encode())
    return digest.hexdigest()


def test_every_fault_of_the_settings_is_told_and_the_rest_is_still_looked_at(url: str) -> None:
    seen = doctor(DATABASE_URL=url, REDIS_URL="redis://:x@:y", PORT="eighty", JWT_SECRET="", REFRESH_KEYS="k1:short")

    faults = [check for check in seen.checks if check["name"] == "values"]
    assert {check["found"].split(" ")[0] for check in faults} == {"REDIS_URL", "PORT", "JWT_SECRET", "REFRESH_KEYS"}
    assert all(check["status"] == "failed" and check["fix"] for check in faults)
    fixes = {check["found"].split(" ")[0]: check["fix"] for check in faults}
    messages = {check["found"] for check in faults}
    assert 'PORT must be a whole number from 0 to 65535, not "eighty"' in messages
    assert "REDIS_URL must be a URL such as redis://host:6379/0, with parameters that redis-py knows" in messages
    assert fixes["PORT"] == "correct PORT"
    assert seen.exit_code == 78
    assert seen.of("database.rights")["status"] == "ok"
    assert (seen.of("cache.connection")["status"], seen.of("cache.connection")["found"]) == (
        "skipped",
        "REDIS_URL is wrong",
    )
    assert seen.of("keys.ring")["status"] == "skipped"
    assert seen.of("document.operations")["status"] == "ok"


@pytest.mark.parametrize(
    ("variables", "found", "fix"),
    [
        (
            {"DATABASE_URL": ""},
            "DATABASE_URL is missing",
            (
                "set it to a URL such as postgresql://user:password@host:5432/charter, "
                "or set CHARTER_ENV=development to use the database that `make run` makes"
            ),
        ),
        (
            {"SESSION_IDLE_DAYS": "99"},
            "SESSION_IDLE_DAYS must be at most SESSION_ABSOLUTE_DAYS, which is 90, not 99",
            "correct SESSION_IDLE_DAYS",
        ),
        (
            {"PUBLIC_URL": "https://me:hunter2@api.example.com/?x=1"},
            'PUBLIC_URL must be a URL such as https://api.example.com, not "https://***@api.example.com/?x=1"',
            "correct PUBLIC_URL",
        ),
    ],
    ids=["missing", "contradictory", "wrong"],
)
def test_a_wrong_setting_is_told_with_its_value_and_the_rule(variables: dict[str, str], found: str, fix: str) -> None:
    seen = doctor(**{"DATABASE_URL": "postgresql://127.0.0.1:1/none", "REDIS_URL": "", **variables})

    fault = seen.of("config.values")
    assert (fault["found"], fault["fix"]) == (found, fix)


@pytest.mark.parametrize(
    ("check", "variables", "told"),
    [
        ("config.public_url", {"PUBLIC_URL": ""}, "PUBLIC_URL"),
        ("config.public_url", {"PUBLIC_URL": "http://api.example.com"}, "https"),
        ("config.metrics_token", {"METRICS_TOKEN": ""}, "METRICS_TOKEN"),
        ("config.origins", {"CORS_ORIGINS": "https://a.example.com,http://b.example.com"}, "http://b.example.com"),
        ("config.proxies", {"TRUSTED_PROXIES": "0.0.0.0/0"}, "TRUSTED_PROXIES"),
        ("config.names", {"LIMIT_WRTIE": "120/60"}, "LIMIT_WRITE"),
        ("config.log_level", {"LOG_LEVEL": "debug"}, "LOG_LEVEL"),
        ("config.rotation", {"JWT_SECRET_PREVIOUS": OTHER_KEY[3:], "ACCESS_TOKEN_SECONDS": "600"}, "600 s"),
        ("cache.connection", {"REDIS_URL": ""}, "REDIS_URL"),
    ],
)
def test_what_works_but_should_not_stay_so_is_a_warning(
    check: str, variables: dict[str, str], told: str, valkey_url: str
) -> None:
    seen = doctor(**{"DATABASE_URL": "postgresql://127.0.0.1:1/none", "REDIS_URL": valkey_url, **variables})

    found = seen.of(check)
    assert found["status"] == "warning"
    assert told in found["found"] + found["fix"]


def test_a_database_that_is_away_is_told_once_and_hides_nothing_else(valkey_url: str) -> None:
    seen = doctor(DATABASE_URL=f"postgresql://u:{PASSWORD}@127.0.0.1:1/none", REDIS_URL=valkey_url)

    assert seen.bad() == {"database.connection": "failed"}
    assert seen.of("database.connection")["fix"] == "start it or set DATABASE_URL"
    assert (seen.exit_code, seen.status) == (69, "failed")
    for name in ("database.rights", "migrations.applied", "partitions.ahead", "keys.ring"):
        assert (seen.of(name)["status"], seen.of(name)["found"]) == ("skipped", "the database does not respond")
    assert {seen.of(name)["status"] for name in ("cache.limiter", "document.operations")} == {"ok"}


def test_a_cache_that_is_away_is_told_once(url: str, durable: Durable) -> None:
    seen = doctor(DATABASE_URL=durable.as_server(url), REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:1/0")

    assert seen.bad() == {"cache.connection": "failed"}
    assert seen.exit_code == 69
    assert seen.of("cache.limiter")["found"] == "the cache does not respond"


def test_the_settings_decide_the_exit_code_before_what_is_away() -> None:
    assert doctor(DATABASE_URL="postgresql://127.0.0.1:1/none", REDIS_URL="", PORT="eighty").exit_code == 78


def test_no_secret_is_printed(url: str, durable: Durable) -> None:
    durable.session(url, "k0")
    secrets = {"JWT_SECRET": SECRET, "REFRESH_KEYS": REFRESH_KEYS, "METRICS_TOKEN": "short-token-of-mine"}
    secrets |= {"JWT_SECRET_PREVIOUS": OTHER_KEY[3:], "CHARTER_ADMIN_PASSWORD": "marmalade lantern 7 quarry"}
    away = {
        "DATABASE_URL": f"postgresql://u:{PASSWORD}@127.0.0.1:1/none",
        "REDIS_URL": f"redis://:{PASSWORD}@no.invalid",
    }

    printed = doctor(DATABASE_URL=url, REDIS_URL="", **secrets).printed + doctor(**secrets, **away).printed

    hidden = [*secrets.values(), PASSWORD, REFRESH_KEYS.split(":")[1]]
    assert [secret for secret in hidden if secret in printed] == []


def test_a_database_that_hangs_is_given_up(place: Path) -> None:
    server = Frozen(place)
    try:
        server.freeze()
        seen = doctor(DATABASE_URL=server.url, REDIS_URL="", DATABASE_CONNECT_SECONDS="1")
    finally:
        server.stop()

    assert seen.of("database.connection")["status"] == "failed"
    assert seen.of("keys.ring")["found"] == "the database does not respond"
    assert seen.of("document.operations")["status"] == "ok"


def test_every_check_has_its_place_on_the_page() -> None:
    rows = [line.split("`")[1] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]

    assert rows == [f"{check.group}.{check.name}" for check in CHECKS]


def charter(*words: str, root: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=root,
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_fault_of_the_document_is_told_with_its_place(tmp_path: Path) -> None:
    for folder in ("app", "charter", "handlers", "models", "openapi", "migrations"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, old, new in (
        ("me", "account:read", "account:raed"),
        ("auth_login", "x-rate-limit: login", "x-rate-limit: l"),
    ):
        path = tmp_path / "openapi" / "paths" / f"{name}.yaml"
        path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")

    done = charter("doctor", root=tmp_path, **{**PRODUCTION, "DATABASE_URL": "postgresql://127.0.0.1:1/none"})

    assert done.returncode == 78, done.stdout
    lines = [line for line in done.stdout.splitlines() if "failed   operations" in line]
    for place in ("auth_login", "me"):
        assert any(re.search(rf"operations +openapi/paths/{place}\.yaml:\d+: ", line) for line in lines), lines
    assert done.stdout.count("fix:") >= 3
    assert (done.stderr, "\x1b" in done.stdout) == ("", False)


def test_development_is_looked_at_before_its_first_run_and_after_it_with_servers_that_stop_again(place: Path) -> None:
    state = place / "state"
    development = {"CHARTER_ENV": "development", "CHARTER_STATE": str(state)}

    before = charter("doctor", **development)
    assert (before.returncode, state.exists()) == (0, False)
    assert "nothing has been created yet" in before.stdout
    assert "fix: make run" in before.stdout

    month = ""
    while month != this_month():  # again if it ended meanwhile: the doctor rightly warns of the one that is missing
        month = this_month()
        assert charter("db", "migrate", **development).returncode == 0
        after = charter("doctor", **development)
    assert (after.returncode, "warning" in after.stdout) == (0, False), after.stdout
    assert "started for this check, and stopped after it" in after.stdout
    assert "pg_stat_statements matters only in production" in after.stdout
    assert not (state / "postgres" / "data" / "postmaster.pid").exists()

    assert charter("db", "rollback", "--yes", **development).returncode == 0
    behind = charter("doctor", **development)
    assert (behind.returncode, behind.stdout.count("fix: charter db migrate")) == (1, 1), behind.stdout
