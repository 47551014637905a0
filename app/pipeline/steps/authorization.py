"""Authorization: one SQL statement in autocommit loads the session, decides, and inserts the decision row.

Everything that a right depends on is read again for every request (law 5), and the decision is durable before any work
begins (law 4). The identifier of the row is made here, so a repetition after a lost connection writes it once.

Requests that come at the same time are decided by one statement, which calls the database's function for each of them.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import orjson
import peewee

from app.database import run
from app.errors import AppError, Forbidden, SessionEnded, StepUpRequired
from app.identifiers import new_id
from app.pipeline.batching import BatchedStep, RoundTrip
from app.pipeline.operation import BoundOperation
from app.pipeline.request_context import RequestContext
from app.pipeline.row_owners import existence_sql, owner_sql
from app.security.actors import Principal
from app.services.audit_events import MAX_TARGET, client_id
from app.services.invalidations import is_pending_sql
from app.spec.policy import Policy
from models.user_row import USER_COLUMN_NAMES, user_from_row

# What the statement is told of each request, as JSON: an object for each, whose keys are these columns.
_COLUMNS = """
    number integer, now timestamptz, session_id uuid, user_id uuid, permission text, owner uuid, recency integer,
    decision_id uuid, request_id text, action text, target_type text, target_id text, client_id uuid, address text,
    user_agent text, tags text[], row_id uuid
"""


def _statement(more_columns: str = "", owner: str = "asked.owner") -> str:
    """Return the statement; the time it decides by is the time in its rows.

    Args:
        more_columns: expressions after those of the decision.
        owner: the expression for the account that needs no permission.
    """
    # A function, planned once per connection; app/database/functions/charter_decide_request.sql is the rule.
    return f"""
    SELECT {", ".join(USER_COLUMN_NAMES)}, signed_in_at, holds_all, permissions, refusal, moment, number {more_columns}
    FROM json_to_recordset(%s) AS asked ({_COLUMNS})
    CROSS JOIN LATERAL (SELECT coalesce(asked.now, statement_timestamp()) AS moment) present
    CROSS JOIN LATERAL charter_decide_request(
        moment, asked.session_id, asked.user_id, asked.permission, {owner}, asked.recency, asked.decision_id,
        asked.request_id, asked.action, asked.target_type, left(asked.target_id, {MAX_TARGET}), asked.client_id,
        asked.address, asked.user_agent
    )
    """  # noqa: S608 (constants, and identifiers that were checked)


# An operation without a cache has no tags, and then nothing is asked about them.
_PENDING_COLUMN = f", asked.tags IS NOT NULL AND {is_pending_sql('asked.tags')}"
STATEMENT = _statement(_PENDING_COLUMN)
_WIDTH = len(USER_COLUMN_NAMES)
_ROLE = USER_COLUMN_NAMES.index("role")
_NUMBER = _WIDTH + 5

ERRORS: dict[str, type[AppError]] = {
    "session_ended": SessionEnded,
    "account_suspended": SessionEnded,
    "permission_missing": Forbidden,
    "step_up_required": StepUpRequired,
}


def make(operation: BoundOperation) -> BatchedStep | None:
    """Return the step, or None for a public operation, where nothing is decided.

    On an operation with an owner, only the owner needs the recent sign-in of x-step-up; on any other, everybody does.
    """
    policy, dependencies = operation.policy, operation.runtime.dependencies
    if policy.public:
        return None
    audit_client_key = operation.runtime.audit_client_key
    every_permission = frozenset(dependencies.permissions)
    kind, parameter = policy.target or (None, None)
    permission = " ".join(policy.permissions)
    recency = dependencies.config.recencies[policy.step_up] if policy.step_up else None
    action, owner, owned_row = policy.operation_id, policy.owner, policy.owned_row
    row_parameter = owned_row.parameter if owned_row else None
    is_cached = policy.cache is not None

    def prepare(context: RequestContext) -> dict[str, Any]:
        assert context.caller is not None
        assert context.arguments is not None
        user_id, session_id = context.caller
        client = context.client
        context.decision_id = new_id()
        return {
            "now": dependencies.test_now,
            "session_id": session_id,
            "user_id": user_id,
            "permission": permission,
            "owner": context.arguments[owner] if owner else None,
            "recency": recency,
            "decision_id": context.decision_id,
            "request_id": context.request_id,
            "action": action,
            "target_type": kind,
            "target_id": str(context.arguments[parameter]) if parameter else None,
            "client_id": client_id(audit_client_key, user_id, client),
            "address": client.address,
            "user_agent": client.user_agent,
            "tags": context.cache_key.tags if context.cache_key else None,
            "row_id": context.arguments[row_parameter] if row_parameter else None,
        }

    def finish(context: RequestContext, row: tuple[Any, ...] | None) -> None:
        assert context.caller is not None
        assert context.arguments is not None
        user_id, session_id = context.caller
        if row is None:
            raise SessionEnded
        signed_in_at, holds_all, permissions, reason, moment, _, is_pending, *more = row[_WIDTH:]
        context.decided_at = moment
        if reason:
            raise ERRORS[reason](reason=reason)
        event = context.event
        event.actor_id, event.actor_role = user_id, row[_ROLE]
        if kind and parameter:
            event.target_type, event.target_id = kind, str(context.arguments[parameter])
        if is_cached:  # the response is the same for every caller, so no handler needs the principal
            context.is_pending = is_pending
            context.row_is_gone = more == [False]
            return
        held = every_permission if holds_all else frozenset(permissions)
        context.principal = Principal(user_from_row(row), session_id, held, signed_in_at)

    return BatchedStep(prepare, decider(_statement_of(policy)), finish)


@cache
def decider(statement: str) -> RoundTrip:
    """Return the function that decides requests; it is the same one for all operations that have the same statement."""

    def decide(requests: Sequence[dict[str, Any]]) -> Sequence[Any]:
        """Return for each request the row of the statement, or None for an unknown session, or an error."""
        try:
            return _rows(statement, requests)
        except peewee.DatabaseError:
            if len(requests) == 1:
                raise
        # One of them has something that PostgreSQL rejects, and the others have nothing to do with it.
        return [_row_or_error(statement, request) for request in requests]

    return decide


def _rows(statement: str, requests: Sequence[dict[str, Any]]) -> list[Any]:
    # In this order, statements that run at the same time wait for each other's clients, and never in a circle.
    told = sorted((request | {"number": number} for number, request in enumerate(requests)), key=_client)
    rows: list[Any] = [None] * len(requests)
    for row in run(statement, (orjson.dumps(told).decode(),), retry_on_disconnect=True):
        rows[row[_NUMBER]] = row
    return rows


def _client(told: dict[str, Any]) -> UUID:
    return told["client_id"]  # type: ignore[no-any-return]


def _row_or_error(statement: str, request: dict[str, Any]) -> Any:
    try:
        return _rows(statement, [request])[0]
    except (peewee.DatabaseError, AppError) as error:
        return error


def _statement_of(policy: Policy) -> str:
    """Return the statement of an operation; it is constant, unless a row of another table decides who the owner is."""
    row = policy.owned_row
    if row is None:
        return STATEMENT
    columns = f"{_PENDING_COLUMN}, {existence_sql(row, 'asked.row_id')}" if policy.cache else _PENDING_COLUMN
    return _statement(columns, owner_sql(row, "asked.row_id", "asked.user_id"))
