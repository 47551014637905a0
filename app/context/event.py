"""The event row that a request leaves in the audit trail, as its handler and its service draft it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(slots=True)
class Event:
    """The draft of a request's event row. Services set the actor and the target as soon as they know them.

    Attributes:
        actor: (account id, role name); both None for somebody not signed in.
        target: (kind, identifier) of the thing acted on.
        details: JSON-ready facts worth keeping; no secret, no address.
        reason: why it failed, when the error's own reason is not enough.
    """

    actor: tuple[UUID | None, str | None] = (None, None)
    target: tuple[str, str] | None = None
    details: Mapping[str, Any] | None = None
    reason: str | None = None
