"""The event rows of the audit trail, written once and never changed. The session statement writes decision rows."""

import hmac
import json
import re
from datetime import datetime
from uuid import UUID

from app.clock import NOW_SQL_POSITIONAL
from app.database import run_in_autocommit
from app.identifiers import new_id
from charter import Client, Event, run

_WRITE = f"SELECT record_event({NOW_SQL_POSITIONAL}, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"

OTHER_REASON = "other"
"""The reason of a row whose details say more, as `failure`."""
MAX_REASONS = 1000
"""How many different reasons one process writes. The trail has each of them in a table that every row refers to."""

_REASON = re.compile("[a-z0-9][a-z0-9_.-]{0,63}")
_reasons: set[str] = set()

MAX_TARGET = 256
"""So much of a target's name is recorded: a longer one does not fit into an index, and `target` takes no more."""


def client_id(key: bytes, actor_id: UUID | None, client: Client) -> UUID:
    """Return the id of the row that holds this actor's address and user agent.

    It is keyed, so that nobody can find an erased address again by trying all of them.
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
        key: makes the id of the client's row.
        now: the moment that a test sets; None: the database's clock decides.
    """
    parameters = _parameters(event, action, outcome, reason, request_id, now)
    whose = (client_id(key, event.actor_id, client), client.address, client.user_agent)
    run(_WRITE, (*parameters, *whose), retry_on_disconnect=True)


def write_local_event(
    event: Event, *, action: str, outcome: str, reason: str | None, request_id: str, now: datetime | None
) -> None:
    """Write the event row of a command, which has no client: the client column stays null.

    A success is written in the open transaction. A failure commits alone: the transaction of the work is rolled back.

    Args:
        action, outcome, reason, now: as in `write_event`.
        request_id: names the run of the command.
    """
    parameters = _parameters(event, action, outcome, reason, request_id, now)
    client = (None, None, None)
    if outcome == "failed":
        run_in_autocommit(_WRITE, (*parameters, *client))
    else:
        run(_WRITE, (*parameters, *client))


def _parameters(
    event: Event, action: str, outcome: str, reason: str | None, request_id: str, now: datetime | None
) -> tuple[object, ...]:
    """Return the parameters of the statement, without those of the client."""
    details = event.details
    if reason is not None and not _is_word(reason):
        reason, details = OTHER_REASON, {**(details or {}), "failure": reason}
    return (
        now,
        new_id(),
        request_id,
        event.actor_id,
        event.actor_role,
        action,
        outcome,
        reason,
        event.target_type,
        event.target_id[:MAX_TARGET] if event.target_id else None,
        json.dumps(details) if details else None,
    )


def _is_word(reason: str) -> bool:
    """Return whether a reason may stand among the words of the trail: code of a team may take it from a request."""
    if reason in _reasons:
        return True
    if _REASON.fullmatch(reason) is None or len(_reasons) >= MAX_REASONS:
        return False
    _reasons.add(reason)
    return True
