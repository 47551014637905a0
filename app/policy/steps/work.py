"""Work: runs the handler, checks and renders its answer, and commits; a failure is rolled back and recorded."""

from functools import partial
from typing import Any

from app.cache.tags import CALLER
from app.database import retrying, unit
from app.policy.call import Answer, Call
from app.policy.kept_answers import KeptAnswers, Replayed
from app.policy.parts import Parts, Step
from app.policy.steps.event import record, records_failure
from app.services.audit import Event
from app.services.invalidations import leave


def make(parts: Parts) -> Step:
    """Return the last step: a read answers at once; a write answers only if what it answers fits the document.

    A write with an Idempotency-Key claims it first thing in its transaction, and keeps its answer there.
    """
    handler, respond, store = parts.handler, parts.respond, parts.tools.store
    tags = parts.policy.drops
    kept = KeptAnswers(parts.policy.operation_id, parts.tools, parts.recheck)

    def read(call: Call) -> Answer:
        return respond(call, handler(call))

    def attempt(call: Call, draft: Event) -> Answer:
        call.event = Event(draft.actor, draft.target)
        with unit(first=partial(kept.claim, call) if call.claim else None):
            answer = respond(call, handler(call))
            if call.claim:
                kept.keep(call, answer)
            leave([tag.spell(_values(call)) for tag in tags], store=store)
            record(parts, call, "succeeded")
        return answer

    @records_failure(parts)
    def write(call: Call) -> Answer:
        draft = call.event
        try:
            return retrying(lambda: attempt(call, draft))
        except Replayed as twin:
            return twin.answer

    return read if parts.policy.safe else write


def _values(call: Call) -> dict[str, Any]:
    caller = {CALLER: call.caller[0]} if call.caller else {}
    return {**(call.arguments or {}), **caller}
