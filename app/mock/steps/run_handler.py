"""Run the handler on the state in memory: its result is checked and rendered, and a failure changes nothing."""

from app.mock.dependencies import dependencies_of
from app.mock.steps import preference
from app.mock.stored_responses import StoredResponses
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.pipeline.steps.audit_event import record, records_failure
from app.pipeline.steps.cache import versioned


def make(operation: BoundOperation) -> Step:
    """Return the last step."""
    policy, state = operation.policy, dependencies_of(operation).state
    run_handler, render = operation.run_handler, operation.render
    stored = StoredResponses(operation)

    def read(context: RequestContext) -> Response:
        preference.wait(context)
        with state.lock:
            result = run_handler(context)
        if policy.cache is not None:
            result, context.is_cacheable = versioned(result), True
        return render(context, result)

    @records_failure(operation)
    def write(context: RequestContext) -> Response:
        with stored.claim(context):
            preference.wait(context)
            with state.transaction():
                if (replayed := stored.find(context)) is not None:
                    return replayed
                response = render(context, run_handler(context))
                stored.store(context, response)
                record(operation, context, "succeeded")
        return response

    return read if policy.safe else write
