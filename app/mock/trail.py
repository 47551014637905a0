"""Events in the trail of the mock."""

from collections.abc import Callable
from datetime import datetime

from app.identifiers import new_id
from app.mock.state import State
from app.services.audit_search import AuditEntry
from charter import Client, Event


def event_writer(state: State, clock: Callable[[], datetime]) -> Callable[..., None]:
    """Return the function that takes the place of `app.services.audit_events.write_event`."""

    def write_event(
        event: Event,
        *,
        action: str,
        outcome: str,
        reason: str | None,
        request_id: str,
        client: Client,
        key: bytes,  # noqa: ARG001  # nothing here needs it
        now: datetime | None,
    ) -> None:
        entry = AuditEntry(
            id=new_id(),
            kind="event",
            occurred_at=now or clock(),
            request_id=request_id,
            actor_id=event.actor_id,
            actor_role=event.actor_role,
            action=action,
            permission=None,
            outcome=outcome,
            reason=reason,
            target_type=event.target_type,
            target_id=event.target_id,
            details=dict(event.details) if event.details else None,
            address=client.address,
            user_agent=client.user_agent,
        )
        with state.lock:
            state.trail.append(entry)

    return write_event
