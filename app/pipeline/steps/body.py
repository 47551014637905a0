"""Body: parsed strictly and validated against the document, with all violations at once."""

from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext
from app.pipeline.steps.audit_event import records_failure


def make(operation: BoundOperation) -> Step | None:
    """Return the step, or None for an operation that takes no body."""
    read = operation.read_body
    if read is None:
        return None

    def body(context: RequestContext) -> None:
        context.body = read(context.raw_body)

    # Registering, signing in and refreshing record an event however they end: no decision row records them.
    return records_failure(operation)(body) if operation.policy.public else body
