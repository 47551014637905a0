"""The event row of a request: `succeeded` in the transaction of the work, `failed` in a statement of its own."""

import functools
from collections.abc import Callable
from typing import Literal, TypeVar

from app.database import extra_time
from app.errors import AppError
from app.pipeline.operation import BoundOperation
from app.pipeline.request_context import RequestContext

T = TypeVar("T")

# A request that got 503 at its deadline records its `failed` event too: one statement, which may take this long.
RECORD_SECONDS = 2.0


def record(
    operation: BoundOperation,
    context: RequestContext,
    outcome: Literal["succeeded", "failed"],
    reason: str | None = None,
) -> None:
    """Write the event row that the request has drafted, in the open transaction or else on its own."""
    operation.runtime.write_event(
        context.event,
        action=operation.policy.event,
        outcome=outcome,
        reason=reason,
        request_id=context.request_id,
        client=context.client,
        key=operation.runtime.audit_client_key,
        now=context.decided_at or operation.runtime.dependencies.test_now,
    )


def records_failure(
    operation: BoundOperation,
) -> Callable[[Callable[[RequestContext], T]], Callable[[RequestContext], T]]:
    """Return a wrapper that writes a `failed` event when the step of an unsafe operation raises.

    The row is written after the rollback and persists although the request fails.
    """
    if operation.policy.safe:
        return lambda step: step

    def wrap(step: Callable[[RequestContext], T]) -> Callable[[RequestContext], T]:
        @functools.wraps(step)
        def recorded(context: RequestContext) -> T:
            try:
                return step(context)
            except BaseException as error:
                reason = error.reason if isinstance(error, AppError) else "internal_error"
                with extra_time(RECORD_SECONDS):
                    record(operation, context, "failed", context.event.reason or reason)
                raise

        return recorded

    return wrap
