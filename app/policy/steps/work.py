"""Work: runs the handler, checks and renders its answer, and commits; a failure is rolled back and recorded."""

from app.database import retrying, unit
from app.policy.call import Answer, Call
from app.policy.parts import Parts, Step
from app.policy.steps.event import record, records_failure
from app.services.audit import Event


def make(parts: Parts) -> Step:
    """Return the last step: a read answers at once; a write answers only if what it answers fits the document."""
    handler, respond = parts.handler, parts.respond

    def read(call: Call) -> Answer:
        return respond(call, handler(call))

    def attempt(call: Call, draft: Event) -> Answer:
        call.event = Event(draft.actor, draft.target)
        with unit():
            answer = respond(call, handler(call))
            record(parts, call, "succeeded")
        return answer

    @records_failure(parts)
    def write(call: Call) -> Answer:
        draft = call.event
        return retrying(lambda: attempt(call, draft))

    return read if parts.policy.safe else write
