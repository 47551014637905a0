"""The rights in docs/redis.md are sufficient and all of them are needed."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from click.testing import CliRunner

from app.cache.check import find_cache_fault
from app.cache.client import RedisClient
from app.cache.entries import CachedValue
from app.cache.limiter import Consumption, Limiter
from app.cache.store import CacheStore, lookup_of
from app.cli import main
from app.config import Bucket
from models.record import database as proxy
from tests.command import PRODUCTION
from tests.house.repository import ROOT
from tests.people import People
from tests.servers import with_query
from tests.service import config_for
from tests.service import running as serving

PAGE = (ROOT / "docs" / "redis.md").read_text(encoding="utf-8")
USER = "charter"
[PRINTED] = re.findall(r"^ACL SETUSER charter (.+)$", PAGE, re.MULTILINE)
RULES = PRINTED.split()
COMMANDS = [rule for rule in RULES if rule.startswith("+")]
# The cache works without these: INFO only protects against a restart with old data, the others are rarely sent.
OPTIONAL = {"+info", "+select", "+client|setinfo"}


@pytest.fixture
def boss(own_valkey: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(own_valkey) as client:
        client.execute_command("ACL", "SETUSER", USER, "reset", *RULES)
        client.execute_command("ACL", "LOG", "RESET")
        yield client
        client.flushall()
        client.script_flush()


@pytest.fixture
def url(own_valkey: str) -> str:
    """The URL of the user, with another database than the first."""
    return with_query(own_valkey.replace("unix://", f"unix://{USER}:password@"), db="3")


def refusals(boss: redis.Redis) -> set[str]:
    """Return the commands that Redis rejected for the user."""
    entries: list[Any] = boss.execute_command("ACL", "LOG")
    told = [{str(_text(name)): _text(value) for name, value in dict(entry).items()} for entry in entries]
    return {str(entry["object"]) for entry in told if entry["username"] == USER}


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def drive(url: str) -> RedisClient:
    """Run all commands of the limiter and the store, on separate connections."""
    cache = RedisClient(url, timeout_ms=5000, prefix="charter")
    limiter = Limiter(cache)
    store = CacheStore(cache, database_id=lambda: "0123456789abcdef", release="r", secret=b"its own")
    bucket = Bucket(10, 60)
    for part in (lambda: limiter.consume("read", "somebody", bucket), cache.is_up, lambda: store.invalidate(["users"])):
        part()
        cache._pause_until = 0.0
    for _ in range(2):
        key = store.make_key("get_profile", {"user_id": "1"}, ["user:1"])
        [(_, read)] = limiter.consume_all([Consumption("read", "somebody", bucket, store.names(key))])
        look = lookup_of(key, read)
        cache._pause_until = 0.0
        if look and (settled := store.complete_versions(look)):
            cache._pause_until = 0.0
            store.save(settled, CachedValue(b'{"a":1}', "1"), 60)
            cache._pause_until = 0.0
        found = store.look_up(key)
        cache._pause_until = 0.0
        if found:
            store.read(found, "profile")
    find_cache_fault(cache)
    return cache


def test_with_what_is_listed_nothing_is_refused(boss: redis.Redis, url: str) -> None:
    cache = drive(url)

    assert refusals(boss) == set()
    assert find_cache_fault(cache) is None
    with redis.Redis.from_url(url) as client:
        assert {key.split(b":")[0] for key in boss.scan_iter()} <= {b"charter"}
        assert client.ping()
    cache.close()


@pytest.mark.parametrize("command", COMMANDS)
def test_without_any_of_it_something_is_refused(boss: redis.Redis, url: str, command: str) -> None:
    boss.execute_command("ACL", "SETUSER", USER, f"-{command[1:]}")

    try:
        drive(url).close()
    except redis.exceptions.RedisError:
        assert command in ("+select", "+info")

    assert refusals(boss), command


def test_a_right_that_is_missing_is_told_by_health(boss: redis.Redis, url: str) -> None:
    for command in (command for command in COMMANDS if command not in OPTIONAL):
        boss.execute_command("ACL", "SETUSER", USER, f"-{command[1:]}")
        cache = RedisClient(url, timeout_ms=5000, prefix="charter")
        assert "permissions" in str(find_cache_fault(cache)), command
        boss.execute_command("ACL", "SETUSER", USER, command)
        assert find_cache_fault(cache) is None, command
        cache.close()


def test_every_right_that_is_missing_is_told_by_the_doctor(boss: redis.Redis, url: str) -> None:
    missing = [command for command in COMMANDS if command[1:] not in ("ping", "select", "client|setinfo")]
    boss.execute_command("ACL", "SETUSER", USER, *(f"-{command[1:]}" for command in missing))

    told = CliRunner().invoke(
        main, ["doctor"], env={**PRODUCTION, "DATABASE_URL": "postgresql://127.0.0.1:1/none", "REDIS_URL": url}
    )

    [line] = [line for line in told.stdout.splitlines() if " rights " in line and " failed " in line]
    assert {command[1:].upper() for command in missing} <= set(re.findall("[A-Z]+", line))


def test_a_service_works_as_this_user(people: People, boss: redis.Redis, url: str) -> None:
    bound = proxy.obj
    config = config_for(DATABASE_URL=bound.url, REDIS_URL=url)
    token = people.alice.sign_in()["access_token"]
    with serving(config) as service, service.client(token) as client:
        proxy.initialize(bound)
        for _ in range(2):
            assert client.get("/v1/users/me").status_code == 200
            assert client.get(f"/v1/users/{people.alice.id}/profile").status_code == 200
            assert client.patch("/v1/users/me", json={"display_name": "Alice"}).status_code == 200
            assert client.get("/health").json()["checks"]["cache"] == "ok"
    assert refusals(boss) == set()
