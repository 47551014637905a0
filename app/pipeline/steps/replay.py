"""Replay: a request that was already done gets its first response again, before anything else can reject it.

Rights have been checked by now, as on every request. An operation that hashes passwords holds no connection between
this step and its transaction, so a request with the same key can still come first; `run_handler` claims the key.
"""

from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.pipeline.steps.audit_event import records_failure
from app.pipeline.stored_responses import StoredResponses


def make(operation: BoundOperation) -> Step | None:
    """Return the step, or None for an operation that ignores Idempotency-Key."""
    if operation.policy.idempotency is None:
        return None
    stored = StoredResponses(operation)

    @records_failure(operation)
    def replay(context: RequestContext) -> Response | None:
        return stored.find(context) if context.idempotency else None

    return replay
