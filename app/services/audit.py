"""The audit trail: event rows, written once and never changed. Decision rows are the session statement's."""

import hmac
import json
from datetime import datetime
from uuid import UUID

from app.clock import NOW_SQL_POSITIONAL
from app.context.event import Event
from app.database import run
from app.identifiers import new_id
from app.security.principal import Client

_WRITE = f"SELECT record_event({NOW_SQL_POSITIONAL}, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"

# Rare, so it needs no function that the server keeps the plan of.
_WRITE_WITHOUT_CLIENT = f"""
INSERT INTO audit_events (id, kind, occurred_at, request_id, actor_id, actor_role, action, outcome, reason,
                          target_type, target_id, details)
VALUES (%s, 'event', {NOW_SQL_POSITIONAL}, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""  # noqa: S608 (constants)


def client_id(key: bytes, actor_id: UUID | None, client: Client) -> UUID:
    """Return the identifier of the row that holds this actor's address and agent.

    Keyed, so that an erased address cannot be found again by trying all of them.
    """
    text = f"{actor_id or ''}\n{client.address}\n{client.user_agent or ''}"
    return UUID(bytes=hmac.digest(key, text.encode(), "sha256")[:16])


def write_event(
    event: Event,
    *,
    action: str,
    outcome: str,
    reason: str | None,
    request_id: str,
    client: Client,
    key: bytes,
    now: datetime | None,
) -> None:
    """Write one event row, in the open transaction or else as a statement of its own.

    Args:
        action: the event's name or the operationId.
        outcome: succeeded or failed.
        key: keys the client's identifier.
        now: the present, as tests have it; None: by the database's clock.
    """
    actor_id, actor_role = event.actor
    kind, identifier = event.target or (None, None)
    run(
        _WRITE,
        (
            now,
            new_id(),
            request_id,
            actor_id,
            actor_role,
            action,
            outcome,
            reason,
            kind,
            identifier,
            json.dumps(event.details) if event.details else None,
            client_id(key, actor_id, client),
            client.address,
            client.user_agent,
        ),
        retry_on_disconnect=True,
    )


def write_local_event(
    event: Event, *, action: str, outcome: str, reason: str | None, request_id: str, now: datetime | None
) -> None:
    """Write the event row of what was done on the server's own machine: its client columns stay null.

    Args:
        action, outcome, reason: as `write_event`.
        request_id: stands for the command that was run.
    """
    actor_id, actor_role = event.actor
    kind, identifier = event.target or (None, None)
    details = json.dumps(event.details) if event.details else None
    run(
        _WRITE_WITHOUT_CLIENT,
        (new_id(), now, request_id, actor_id, actor_role, action, outcome, reason, kind, identifier, details),
        retry_on_disconnect=True,
    )
