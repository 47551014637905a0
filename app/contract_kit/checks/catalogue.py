"""The checks in the order in which they run."""

from collections.abc import Callable
from dataclasses import dataclass

from app.contract_kit.checks import (
    bodies,
    caching,
    enumeration,
    escalation,
    framing,
    fuzzing,
    idempotency,
    limits,
    objects,
    pagination,
    permissions,
    preconditions,
    released,
    routes,
    sessions,
    statuses,
    tokens,
    writes,
)
from app.contract_kit.kit import Kit


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes:
        share: about how much of a run it takes, for the estimate.
    """

    name: str
    title: str
    run: Callable[[Kit], None]
    share: int


def _trail(kit: Kit) -> None:
    kit.trail.compare()


CHECKS = (
    Check("permissions", "who may call what", permissions.check, 30),
    Check("sessions", "rotation, reuse, and what ends a session", sessions.check, 10),
    Check("writes", "what is written is stored, and nothing else", writes.check, 10),
    Check("preconditions", "ETags, If-Match, and no lost update", preconditions.check, 10),
    Check("idempotency", "repeated requests are carried out once", idempotency.check, 3),
    Check("caching", "304, and no old value after a write", caching.check, 20),
    Check("pagination", "no row skipped or doubled", pagination.check, 8),
    Check("routes", "what is served is what is documented", routes.check, 8),
    Check("released", "what clients of the released document meet", released.check, 1),
    Check("bodies", "ambiguous JSON, and properties that nobody may set", bodies.check, 10),
    Check("tokens", "forged tokens, and tokens in the wrong place", tokens.check, 3),
    Check("objects", "other people's things", objects.check, 3),
    Check("escalation", "one permission is no way to others", escalation.check, 3),
    Check("framing", "requests with two ends", framing.check, 5),
    Check("enumeration", "whether somebody has an account", enumeration.check, 5),
    Check("limits", "every request counted, and a 429 for too many", limits.check, 20),
    Check("statuses", "every documented status", statuses.check, 25),
    Check("trail", "decisions and events in the audit trail", _trail, 10),
    Check("fuzz", "generated requests", fuzzing.check, 200),
)
# Their statements are about every response, whichever check sent the request.
ALWAYS = {"schema": "schemas of all responses", "headers": "headers of all responses", "envelope": "the envelope"}
NAMES = tuple(check.name for check in CHECKS)
