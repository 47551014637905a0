"""Replay: a request that was done before gets its first answer again, before anything else can refuse it.

Rights have been checked by now, as on every request. No connection is held afterwards by an operation that hashes
passwords, so a twin can still come first: the claim in `app.pipeline.steps.work` decides.
"""

from app.pipeline.context import RequestContext, Response
from app.pipeline.parts import Parts, Step
from app.pipeline.steps.event import records_failure
from app.pipeline.stored_responses import StoredResponses


def make(parts: Parts) -> Step | None:
    """Return the step, or None for an operation that ignores Idempotency-Key."""
    if parts.policy.idempotency is None:
        return None
    kept = StoredResponses(parts.policy.operation_id, parts.dependencies, parts.recheck)

    @records_failure(parts)
    def replay(context: RequestContext) -> Response | None:
        return kept.find(context) if context.claim else None

    return replay
