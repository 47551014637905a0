"""Health tells of stores that answer and cannot be worked with: real servers, made read-only, full or closed to us."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from app.cache.client import RedisClient
from app.database import Database, run
from app.services.health import Health, Probes, check
from app.services.probes import build_probes
from tests.integration.roles import TwoRoles, bound, execute, two_roles
from tests.servers import Servers
from tests.service import config_for, running

NOBODY = RedisClient("", timeout_ms=100, prefix="charter")
USER = "watched"


@pytest.fixture
def roles(servers: Servers) -> Iterator[TwoRoles]:
    with two_roles(servers) as made:
        made.grant()
        yield made


def checked(probes: Probes) -> Health:
    """Return the health after one background check of each store."""
    for each in (probes.database_check, probes.cache_check):
        if each:
            each.run()
    return check(probes)


REVOCATIONS = (
    ("REVOKE INSERT ON charter_audit_entries FROM {}", "GRANT INSERT ON charter_audit_entries TO {}"),
    ("REVOKE USAGE ON SCHEMA public FROM {}, PUBLIC", "GRANT USAGE ON SCHEMA public TO {}"),
    ("REVOKE UPDATE ON health_checks FROM {}", "GRANT UPDATE ON health_checks TO {}"),
    (
        "REVOKE ALL ON FUNCTION charter_decide_request FROM {}, PUBLIC",
        "GRANT EXECUTE ON FUNCTION charter_decide_request TO {}",
    ),
)


def test_a_right_that_is_lost_is_an_error_until_it_is_back(roles: TwoRoles) -> None:
    server = roles.names[1]
    with bound(roles.server):
        probes = build_probes(NOBODY)
        assert checked(probes).database
        for revocation, grant in REVOCATIONS:
            execute(roles.owner, revocation.format(server))
            assert checked(probes) == ("error", False, False), revocation

            execute(roles.owner, grant.format(server))
            assert checked(probes).database


def test_a_table_that_is_gone_is_an_error_until_it_is_back(roles: TwoRoles) -> None:
    with bound(roles.server):
        probes = build_probes(NOBODY)
        assert checked(probes).database
        for table in ("sessions", "audit_events"):
            execute(roles.owner, f"ALTER TABLE {table} RENAME TO elsewhere")
            assert checked(probes) == ("error", False, False), table

            execute(roles.owner, f"ALTER TABLE elsewhere RENAME TO {table}")
            assert checked(probes).database


def test_a_database_that_is_set_to_be_read_only_is_an_error_until_it_is_not(roles: TwoRoles) -> None:
    name, server = urlsplit(roles.owner).path[1:], roles.names[1]
    with bound(roles.server) as database:
        probes = build_probes(NOBODY)
        for what in (f"DATABASE {name}", f"ROLE {server}", f"ROLE {server} IN DATABASE {name}"):
            execute(roles.superuser, f"ALTER {what} SET default_transaction_read_only = on")
            assert not checked(probes).database, what  # on connections that could still write, too
            database.close()
            database.reset()
            assert not checked(probes).database, what

            reset = f"ALTER {what} RESET default_transaction_read_only"
            execute(roles.superuser, "SET default_transaction_read_only = off", reset)
            assert checked(probes).database  # and no connection is kept that still could not write


def test_a_role_that_may_write_in_a_database_that_is_read_only_by_default_is_fine(roles: TwoRoles) -> None:
    name, server = urlsplit(roles.owner).path[1:], roles.names[1]
    execute(
        roles.superuser,
        f"ALTER DATABASE {name} SET default_transaction_read_only = on",
        f"ALTER ROLE {server} IN DATABASE {name} SET default_transaction_read_only = off",
    )
    with bound(roles.server):
        assert checked(build_probes(NOBODY)).database


def test_checking_leaves_nothing_behind_however_often(database: Database) -> None:
    probes = build_probes(NOBODY)
    for _ in range(600):
        assert checked(probes).database

    assert run("SELECT count(*) FROM health_checks") == [(1,)]
    # All versions of the row would be four pages. Autovacuum may keep some for a while.
    assert run("SELECT pg_relation_size('health_checks') <= 16384") == [(True,)]
    assert run("SELECT count(*) FROM audit_events") == [(0,)]


def test_a_check_that_gets_no_answer_ends_and_counts_when_it_comes_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.health.CHECK_SECONDS", 0.2)
    probes = build_probes(NOBODY)
    other = database.connect_outside_pool()
    try:
        other.cursor().execute("BEGIN; LOCK TABLE health_checks")
        assert checked(probes).database
        assert not checked(probes).database
    finally:
        other.close()
    assert checked(probes).database


def full(client: redis.Redis) -> Callable[[], Any]:
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", "1")
    return lambda: client.config_set("maxmemory", "0")


def replica(client: redis.Redis) -> Callable[[], Any]:
    client.replicaof("127.0.0.1", 1)
    return lambda: client.replicaof("NO", "ONE")


def unsaved(client: redis.Redis) -> Callable[[], Any]:
    client.config_set("min-replicas-to-write", "1")
    return lambda: client.config_set("min-replicas-to-write", "0")


def closed(*rights: str) -> Callable[[redis.Redis], Callable[[], Any]]:
    def close(client: redis.Redis) -> Callable[[], Any]:
        client.execute_command("ACL", "SETUSER", USER, *rights)
        return lambda: client.execute_command("ACL", "SETUSER", USER, "+@all", "~*")

    return close


@pytest.mark.parametrize(
    "damage",
    [full, replica, unsaved, closed("-set"), closed("-expire"), closed("-evalsha"), closed("resetkeys", "~other:*")],
    ids=["full", "a replica", "too few replicas", "no SET", "no EXPIRE", "no EVALSHA", "other keys"],
)
def test_a_cache_that_answers_and_does_not_serve_is_degraded_until_it_does(
    database: Database, own_valkey: str, damage: Callable[[redis.Redis], Callable[[], Any]]
) -> None:
    with redis.Redis.from_url(own_valkey) as boss:
        boss.execute_command("ACL", "SETUSER", USER, "reset", "on", ">watched over", "+@all", "~*")
        cache = RedisClient(
            own_valkey.replace("unix://", f"unix://{USER}:watched%20over@"), timeout_ms=2000, prefix="charter"
        )
        probes = build_probes(cache)
        assert checked(probes) == ("ok", True, True)

        fix = damage(boss)
        try:
            assert cache.is_up()
            assert checked(probes) == ("degraded", True, False)
        finally:
            fix()

        assert checked(probes) == ("ok", True, True)
        cache.close()


def test_a_running_server_tells_by_itself_and_recovers_by_itself(roles: TwoRoles) -> None:
    config = config_for(DATABASE_URL=roles.server, REDIS_URL="", HEALTH_SECONDS="1")
    with bound(roles.server), running(config) as service, service.client() as client:

        def becomes(status: int) -> bool:
            deadline = time.monotonic() + 30
            while client.get("/health").status_code != status:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            return True

        assert becomes(200)
        execute(roles.owner, f"REVOKE INSERT ON charter_audit_entries FROM {roles.names[1]}")
        assert becomes(503)
        assert client.get("/health").json() == {"status": "error", "checks": {"database": "error", "cache": "error"}}
        assert client.get("/health/live").status_code == 200
        execute(roles.owner, f"GRANT INSERT ON charter_audit_entries TO {roles.names[1]}")
        assert becomes(200)
