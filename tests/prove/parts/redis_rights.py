"""The tests of the wire, the cache and every operation pass for a Redis user with the rights of docs/redis.md alone."""

import re
from pathlib import Path
from typing import Any

import redis

from app.embedded import start_valkey
from tests.prove.proof import PYTEST, ROOT, Skipped, run
from tests.servers import REDIS_USER

_TESTS = ("cache", "every_operation", "operations", "wire")


def prove(place: Path) -> None:
    """Make the user as the page says, run the tests with services that use Redis as this user, and see no refusal."""
    server = start_valkey(place / "valkey")
    if server is None:
        raise Skipped("no Valkey here: there is no wheel for this machine, and neither valkey-server nor redis-server")
    try:
        with redis.Redis.from_url(server.url) as operator:
            [rules] = re.findall(
                r"^ACL SETUSER charter (.+)$", (ROOT / "docs/redis.md").read_text("utf-8"), re.MULTILINE
            )
            operator.execute_command("ACL", "SETUSER", "charter", "reset", *rules.split())
            tests = [f"tests/integration/{name}" for name in _TESTS]
            run(*PYTEST, *tests, **{"REDIS_URL": server.url, REDIS_USER: "charter:password"})
            # Some tests have a prefix of their own, whose keys are not this user's.
            others = [entry for entry in operator.acl_log() if not _is_of_another_prefix(entry)]
            assert not others, f"Redis refused {others}"
            used = operator.info("commandstats")
            assert used["cmdstat_evalsha"]["calls"] > 1000, "hardly anything came to Redis"
    finally:
        server.stop()


def _is_of_another_prefix(entry: dict[str, Any]) -> bool:
    return entry["reason"] == "key" and not entry["object"].startswith("charter:")
