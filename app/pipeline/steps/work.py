"""Work: runs the handler, checks and renders its answer, and commits; a failure is rolled back and recorded."""

from functools import partial
from typing import Any

from app.cache.tags import CALLER
from app.context.event import Event
from app.database import retry_transaction, unit_of_work
from app.pipeline.context import RequestContext, Response
from app.pipeline.parts import Parts, Step
from app.pipeline.steps.event import record, records_failure
from app.pipeline.stored_responses import Replayed, StoredResponses
from app.services.invalidations import leave


def make(parts: Parts) -> Step:
    """Return the last step: a read answers at once; a write answers only if what it answers fits the document.

    A write with an Idempotency-Key claims it first thing in its transaction, and keeps its answer there.
    """
    handler, respond, store = parts.handler, parts.respond, parts.dependencies.store
    tags = parts.policy.drops
    kept = StoredResponses(parts.policy.operation_id, parts.dependencies, parts.recheck)

    def read(context: RequestContext) -> Response:
        return respond(context, handler(context))

    def attempt(context: RequestContext, draft: Event) -> Response:
        context.event = Event(draft.actor, draft.target)
        with unit_of_work(on_begin=partial(kept.claim, context) if context.claim else None):
            response = respond(context, handler(context))
            if context.claim:
                kept.keep(context, response)
            leave([tag.expand(_values(context)) for tag in tags], store=store)
            record(parts, context, "succeeded")
        return response

    @records_failure(parts)
    def write(context: RequestContext) -> Response:
        draft = context.event
        try:
            return retry_transaction(lambda: attempt(context, draft))
        except Replayed as twin:
            return twin.response

    return read if parts.policy.safe else write


def _values(context: RequestContext) -> dict[str, Any]:
    caller = {CALLER: context.caller[0]} if context.caller else {}
    return {**(context.arguments or {}), **caller}
