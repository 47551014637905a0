"""The draft of the event row that a request writes to the audit trail; handlers and services fill it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(slots=True)
class Event:
    """The draft of a request's event row. Services set the actor and the target as soon as they know them.

    Attributes:
        actor_id, actor_role: the account and the name of its role; both None for a caller who is not signed in.
        target_type, target_id: the kind and the identifier of what the request acts on; None where it is nothing.
        details: JSON-ready facts for the audit trail; no secret, no address.
        reason: why the request failed, in one word, where the error's own reason is not enough. Any other text goes
            among the details.
    """

    actor_id: UUID | None = None
    actor_role: str | None = None
    target_type: str | None = None
    target_id: str | None = None
    details: Mapping[str, Any] | None = None
    reason: str | None = None
