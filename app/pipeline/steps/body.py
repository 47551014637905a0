"""Body: parsed strictly and validated against the document, all violations at once."""

from app.pipeline.context import RequestContext
from app.pipeline.parts import Parts, Step
from app.pipeline.steps.event import records_failure


def make(parts: Parts) -> Step | None:
    """Return the step, or None for an operation that takes no body."""
    read = parts.body
    if read is None:
        return None

    def body(context: RequestContext) -> None:
        context.document = read(context.body)

    # Registering, signing in and refreshing leave an event however they end: nobody else tells of them.
    return records_failure(parts)(body) if parts.policy.public else body
