"""health: operations for load balancers and other machines, without a token."""

from app.services.health import Probes, check
from charter import Result

_WORDS = {True: "ok", False: "error"}


def get_health(probes: Probes) -> Result:
    """Report whether the service works."""
    result = check(probes)
    checks = {"database": _WORDS[result.database], "cache": _WORDS[result.cache]}
    return Result({"status": result.status, "checks": checks}, status=503 if result.status == "error" else 200)


def get_liveness() -> dict[str, str]:
    """Report that the process responds."""
    return {"status": "ok"}


def get_jwks() -> dict[str, list[object]]:
    """Publish the keys that verify access tokens: none while a shared secret signs them."""
    return {"keys": []}
