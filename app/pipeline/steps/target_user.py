"""The account that the path names (`user_id`), for handlers that take `target_user`: 404 where there is none.

It is read after the decision: a caller without the permission does not learn whether the account exists. The accounts
of requests that come at the same time are read by one statement.
"""

from collections.abc import Sequence
from uuid import UUID

from app.errors import NotFound
from app.pipeline.batching import BatchedStep
from app.pipeline.operation import BoundOperation
from app.pipeline.request_context import RequestContext
from app.services import user_rows
from models import User


def make(operation: BoundOperation) -> BatchedStep | None:
    """Return the step, or None for an operation whose handler does not take the account."""
    return BatchedStep(_prepare, _read, _finish) if operation.takes_target_user else None


def _prepare(context: RequestContext) -> UUID:
    assert context.arguments is not None
    user_id: UUID = context.arguments["user_id"]
    return user_id


def _read(user_ids: Sequence[UUID]) -> Sequence[User | None]:
    users = user_rows.get_all(user_ids)
    return [users.get(user_id) for user_id in user_ids]


def _finish(context: RequestContext, user: User | None) -> None:
    if user is None:
        raise NotFound
    context.target_user = user
