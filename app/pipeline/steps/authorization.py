"""Authorization: one SQL statement in autocommit loads the session, decides, and inserts the decision row.

Everything that a right depends on is read again for every request (law 5), and the decision is durable before any work
begins (law 4). The identifier of the row is made here, so a repetition after a lost connection writes it once.
"""

from typing import Any
from uuid import UUID

from app.clock import NOW_SQL_POSITIONAL
from app.database import run
from app.errors import AppError, Forbidden, SessionEnded, StepUpRequired
from app.identifiers import new_id
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext
from app.pipeline.row_owners import Values, existence_sql, owner_sql, owner_values
from app.security.actors import Principal
from app.services.audit_events import client_id
from app.services.invalidations import PENDING_TAGS_SQL
from app.spec.policy import Policy
from models.user_row import USER_COLUMN_NAMES, user_from_row


def _statement(more_columns: str = "", owner: str = "%s") -> str:
    """Return the statement; the time it decides by is the time in its rows.

    Args:
        more_columns: expressions after those of the decision.
        owner: the expression for the account that needs no permission.
    """
    # A function, planned once per connection; app/database/functions/charter_decide_request.sql is the rule.
    return f"""
    SELECT {", ".join(USER_COLUMN_NAMES)}, signed_in_at, holds_all, permissions, refusal, present.moment {more_columns}
    FROM (SELECT {NOW_SQL_POSITIONAL} AS moment) present,
         charter_decide_request(present.moment, %s, %s, %s, {owner}, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    """  # noqa: S608 (constants, and identifiers that were checked)


STATEMENT = _statement()
# The same query also returns the tags that are being invalidated.
STATEMENT_WITH_TAGS = _statement(f", {PENDING_TAGS_SQL}")
_WIDTH = len(USER_COLUMN_NAMES)

ERRORS: dict[str, type[AppError]] = {
    "session_ended": SessionEnded,
    "account_suspended": SessionEnded,
    "permission_missing": Forbidden,
    "step_up_required": StepUpRequired,
}


def make(operation: BoundOperation) -> Step | None:
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
    action, owner, owned_row = policy.operation_id, _owner(policy), policy.owned_row
    statement = _statement_of(policy)
    row_parameter = owned_row.parameter if owned_row and policy.cache else None

    def authorization(context: RequestContext) -> None:
        assert context.caller is not None
        assert context.arguments is not None
        user_id, session_id = context.caller
        target = str(context.arguments[parameter]) if parameter else None
        client = context.client
        context.decision_id = new_id()
        # The parameters of the columns that only a cached read has come first.
        tags = (list(context.cache_key.tags),) if context.cache_key else ()
        row = (context.arguments[row_parameter],) if row_parameter else ()
        rows = run(
            statement,
            (
                *row,
                *tags,
                dependencies.test_now,
                session_id,
                user_id,
                permission,
                *owner(context),
                recency,
                context.decision_id,
                context.request_id,
                action,
                kind,
                target,
                client_id(audit_client_key, user_id, client),
                client.address,
                client.user_agent,
            ),
            retry_on_disconnect=True,
        )
        if rows:
            context.decided_at = rows[0][_WIDTH + 4]
        context.principal = _principal(rows, session_id, every_permission)
        context.pending_tags = rows[0][-1] if policy.cache else ()
        context.row_is_gone = row_parameter is not None and not rows[0][-2]
        event = context.event
        event.actor_id, event.actor_role = user_id, context.principal.role
        event.target_type, event.target_id = (kind, target) if kind and target else (None, None)

    return authorization


def _statement_of(policy: Policy) -> str:
    """Return the statement of an operation; it is constant, unless a row of another table decides who the owner is."""
    row = policy.owned_row
    if row is None:
        return STATEMENT_WITH_TAGS if policy.cache else STATEMENT
    columns = f", {existence_sql(row)}, {PENDING_TAGS_SQL}" if policy.cache else ""
    return _statement(columns, owner_sql(row))


def _owner(policy: Policy) -> Values:
    """Return the function that gives the parameters of the owner's expression for a request."""
    name = policy.owner
    if policy.owned_row is not None:
        return owner_values(policy.owned_row)
    if name is None:
        return lambda _: (None,)
    return lambda context: ((context.arguments or {})[name],)


def _principal(rows: list[tuple[Any, ...]], session_id: UUID, every_permission: frozenset[str]) -> Principal:
    if not rows:
        raise SessionEnded
    row = rows[0]
    signed_in_at, holds_all, permissions, reason = row[_WIDTH : _WIDTH + 4]
    if reason:
        raise ERRORS[reason](reason=reason)
    return Principal(
        user=user_from_row(row),
        session_id=session_id,
        permissions=every_permission if holds_all else frozenset(permissions),
        signed_in_at=signed_in_at,
    )
