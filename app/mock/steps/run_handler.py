"""Run the handler on the state in memory: its result is checked and rendered, and a failure changes nothing."""

from datetime import timedelta
from uuid import UUID

from app.errors import IdempotencyKeyReused
from app.mock.dependencies import dependencies_of
from app.mock.tables import StoredResponse
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.pipeline.steps.audit_event import record, records_failure
from app.pipeline.steps.cache import versioned
from app.pipeline.stored_responses import REPLAYED


def make(operation: BoundOperation) -> Step:
    """Return the last step."""
    policy, dependencies = operation.policy, dependencies_of(operation)
    state, run_handler, render = dependencies.state, operation.run_handler, operation.render
    lifetime = timedelta(hours=dependencies.config.idempotency_hours)

    def read(context: RequestContext) -> Response:
        with state.lock:
            result = run_handler(context)
        if policy.cache is not None:
            result, context.is_cacheable = versioned(result), True
        return render(context, result)

    @records_failure(operation)
    def write(context: RequestContext) -> Response:
        with state.transaction():
            if (replayed := find(context)) is not None:
                return replayed
            response = render(context, run_handler(context))
            store(context, response)
            record(operation, context, "succeeded")
        return response

    def find(context: RequestContext) -> Response | None:
        if context.idempotency is None:
            return None
        stored = state.tables.stored_responses.get(key_of(context))
        if stored is None or stored.expires_at <= dependencies.clock():
            return None
        if stored.fingerprint not in context.idempotency.fingerprints:
            raise IdempotencyKeyReused
        return stored.response._replace(headers=[*stored.response.headers, REPLAYED])

    def store(context: RequestContext, response: Response) -> None:
        if context.idempotency is not None and 200 <= response.status < 300:
            expires_at = dependencies.clock() + lifetime
            row = StoredResponse(context.idempotency.fingerprints[0], response, expires_at)
            state.add_latest(state.tables.stored_responses, key_of(context), row)

    def key_of(context: RequestContext) -> tuple[UUID, str, str]:
        assert context.caller is not None
        assert context.idempotency is not None
        return context.caller.user_id, policy.operation_id, context.idempotency.key

    return read if policy.safe else write
