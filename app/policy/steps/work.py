"""Work: runs the handler, checks and renders its answer, and commits; a failure is rolled back and recorded."""

from functools import partial

from app.database import retrying, unit
from app.policy.call import Answer, Call
from app.policy.kept_answers import KeptAnswers, Replayed
from app.policy.parts import Parts, Step
from app.policy.steps.event import record, records_failure
from app.services.audit import Event


def make(parts: Parts) -> Step:
    """Return the last step: a read answers at once; a write answers only if what it answers fits the document.

    A write with an Idempotency-Key claims it first thing in its transaction, and keeps its answer there.
    """
    handler, respond = parts.handler, parts.respond
    kept = KeptAnswers(parts.policy.operation_id, parts.tools.settings.idempotency_hours)

    def read(call: Call) -> Answer:
        return respond(call, handler(call))

    def attempt(call: Call, draft: Event) -> Answer:
        call.event = Event(draft.actor, draft.target)
        with unit(first=partial(kept.claim, call) if call.claim else None):
            answer = respond(call, handler(call))
            if call.claim:
                kept.keep(call, answer)
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
