"""Health: what the response says when something is unavailable."""

import pytest

from app.services.health import Probes
from handlers.health import get_health


@pytest.mark.parametrize(
    ("database", "cache", "status", "code"),
    [
        (True, True, "ok", 200),
        (True, False, "degraded", 200),
        (True, None, "degraded", 200),
        (False, True, "error", 503),
        (False, False, "error", 503),
    ],
)
def test_health_is_degraded_without_the_cache_and_in_error_without_the_database(database, cache, status, code):
    result = get_health(Probes(lambda: database, lambda: cache))
    words = {True: "ok", False: "error"}
    assert result.data == {"status": status, "checks": {"database": words[database], "cache": words[bool(cache)]}}
    assert result.status == code
