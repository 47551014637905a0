"""health: what machines ask without a token."""

from typing import Any

from app.results import Result
from app.services.health import Probes, check

_WORDS = {True: "ok", False: "error"}


def health(probes: Probes) -> Result:
    """Say whether the service works."""
    found = check(probes)
    checks = {"database": _WORDS[found.database], "cache": _WORDS[found.cache]}
    return Result({"status": found.status, "checks": checks}, status=503 if found.status == "error" else 200)


def health_live() -> dict[str, Any]:
    """Say that the process answers."""
    return {"status": "ok"}


def jwks() -> dict[str, Any]:
    """Publish the keys that verify access tokens: none, as long as they are signed with a shared secret."""
    return {"keys": []}
