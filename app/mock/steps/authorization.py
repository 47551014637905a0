"""Authorization on the state in memory: the rules of charter_decide_request.sql, and the decision's entry.

A differential test compares the two, caller by caller.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.identifiers import new_id
from app.mock import roles
from app.mock.dependencies import dependencies_of
from app.mock.tables import AccountRow, SessionRow, Tables
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext
from app.pipeline.steps.authorization import ERRORS
from app.security.actors import Principal
from app.services.audit_search import AuditEntry
from app.spec.policy import Policy

# As in the session statement: a row without an owner is not one of an operation without owners.
_NOBODY = UUID(int=0)


def _row_owner(policy: Policy, tables: Tables, arguments: Mapping[str, Any]) -> UUID | None:
    """Return the account that made the row of the path, or that its example names; the mock knows no members."""
    row = policy.owned_row
    if row is None:
        return None
    collection = policy.path.partition(f"/{{{row.parameter}}}")[0].format_map(arguments)
    item = tables.items.get((collection, str(arguments[row.parameter])))
    if item is None or row.through:
        return _NOBODY
    return item.owner or _account(item.data.get(row.column) if isinstance(item.data, dict) else None)


def _account(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        return _NOBODY


def make(operation: BoundOperation) -> Step | None:
    """Return the step, or None for a public operation, where nothing is decided."""
    policy, dependencies = operation.policy, dependencies_of(operation)
    if policy.public:
        return None
    state = dependencies.state
    kind, parameter = policy.target or (None, None)
    required, permission = frozenset(policy.permissions), " ".join(policy.permissions)
    recency = timedelta(seconds=dependencies.config.recencies[policy.step_up]) if policy.step_up else None

    def refusal_of(
        account: AccountRow, session: SessionRow, held: frozenset[str], owner: UUID | None, now: datetime
    ) -> str | None:
        if not session.is_live(now):
            return "session_ended"
        if account.status != "active":
            return "account_suspended"
        if account.id != owner and not required <= held:
            return "permission_missing"
        if recency is not None and owner in (None, account.id) and session.created_at < now - recency:
            return "step_up_required"
        return None

    def authorization(context: RequestContext) -> None:
        assert context.caller is not None
        assert context.arguments is not None
        user_id, session_id = context.caller
        target = str(context.arguments[parameter]) if parameter else None
        now = context.decided_at = dependencies.clock()
        context.decision_id = new_id()
        with state.lock:
            owner = (
                context.arguments[policy.owner] if policy.owner else _row_owner(policy, state.tables, context.arguments)
            )
            session, account = state.tables.sessions.get(session_id), state.tables.accounts.get(user_id)
            held: frozenset[str] = frozenset()
            refusal: str | None = "session_unknown"
            if session is not None and account is not None and session.user == user_id:
                held = roles.held_by(dependencies, account.role)
                refusal = refusal_of(account, session, held, owner, now)
            else:
                account = None
            state.trail.append(
                AuditEntry(
                    id=context.decision_id,
                    kind="decision",
                    occurred_at=now,
                    request_id=context.request_id,
                    actor_id=user_id,
                    actor_role=account.role if account else None,
                    action=policy.operation_id,
                    permission=permission,
                    outcome="denied" if refusal else "allowed",
                    reason=refusal,
                    target_type=kind,
                    target_id=target,
                    details=None,
                    address=context.client.address,
                    user_agent=context.client.user_agent,
                )
            )
        if refusal:
            raise ERRORS.get(refusal, ERRORS["session_ended"])(reason=refusal)
        assert session is not None
        assert account is not None
        context.principal = Principal(account.user, session_id, held, session.created_at)
        event = context.event
        event.actor_id, event.actor_role = user_id, account.role
        event.target_type, event.target_id = (kind, target) if kind and target else (None, None)

    return authorization
