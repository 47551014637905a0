"""The draft of the event row that a request writes to the audit trail; handlers and services fill it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(slots=True)
class Event:
    """The draft of a request's event row. Services set the actor and the target as soon as they know them.

    Attributes:
        actor: (user id, role name); both None for a caller who is not signed in.
        target: (kind, identifier) of what the request acts on.
        details: JSON-ready facts for the audit trail; no secret, no address.
        reason: why the request failed, where the error's own reason is not enough.
    """

    actor: tuple[UUID | None, str | None] = (None, None)
    target: tuple[str, str] | None = None
    details: Mapping[str, Any] | None = None
    reason: str | None = None
