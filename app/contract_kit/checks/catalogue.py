"""The checks in the order in which they run."""

from collections.abc import Callable
from dataclasses import dataclass

from app.contract_kit.checks import permissions, sessions, statuses
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
    Check("statuses", "every documented status", statuses.check, 25),
    Check("trail", "decisions and events in the audit trail", _trail, 10),
)
# Their statements are about every response, whichever check sent the request.
ALWAYS = {"schema": "schemas of all responses", "headers": "headers of all responses", "envelope": "the envelope"}
NAMES = tuple(check.name for check in CHECKS)
