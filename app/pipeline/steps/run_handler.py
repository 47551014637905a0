"""Run the handler: its result is checked and rendered, then committed; a failure is rolled back and recorded."""

from functools import partial
from typing import Any

from app.cache.tags import CALLER
from app.context.event import Event
from app.context.invalidations import queue_invalidations
from app.database import retry_transaction, unit_of_work
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.pipeline.steps.audit_event import record, records_failure
from app.pipeline.stored_responses import AlreadyDone, StoredResponses
from app.pipeline.violated_constraints import with_second_look


def make(operation: BoundOperation) -> Step:
    """Return the last step: a write commits only if its response is one that the document describes.

    A write with an Idempotency-Key first claims the key in its transaction, and stores its response there.
    """
    run_handler, render = operation.run_handler, operation.render
    cache = operation.runtime.dependencies.cache
    tags = operation.policy.invalidates
    stored = StoredResponses(operation)

    def read(context: RequestContext) -> Response:
        return render(context, run_handler(context))

    def attempt(context: RequestContext, draft: Event) -> Response:
        context.event = Event(draft.actor_id, draft.actor_role, draft.target_type, draft.target_id)
        with unit_of_work(on_begin=partial(stored.claim, context) if context.idempotency else None):
            response = render(context, run_handler(context))
            if context.idempotency:
                stored.store(context, response)
            queue_invalidations([tag.expand(_tag_values(context)) for tag in tags], cache=cache)
            record(operation, context, "succeeded")
        return response

    @records_failure(operation)
    def write(context: RequestContext) -> Response:
        draft = context.event
        try:
            return with_second_look(lambda: retry_transaction(lambda: attempt(context, draft)), context)
        except AlreadyDone as done:
            return done.response

    return read if operation.policy.safe else write


def _tag_values(context: RequestContext) -> dict[str, Any]:
    caller = {CALLER: context.caller.user_id} if context.caller else {}
    return {**(context.arguments or {}), **caller}
