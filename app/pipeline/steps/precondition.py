"""Precondition: If-Match becomes the versions that a write may replace (x-precondition; RFC 9110, 13.1.1)."""

from app import entity_tags
from app.entity_tags import Versions
from app.errors import PreconditionRequired, ValidationError, Violation
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext


def make(operation: BoundOperation) -> Step | None:
    """Return the step, or None for an operation that ignores If-Match."""
    if operation.policy.precondition is None:
        return None
    required = operation.policy.precondition == "required"

    def precondition(context: RequestContext) -> None:
        text = context.headers.get("if-match")
        if text is None:
            if required:
                message = PreconditionRequired.default_message
                raise PreconditionRequired(details=[Violation(message, "If-Match")])
            return
        context.expected_version = expected_versions(text)

    return precondition


def expected_versions(text: str) -> Versions:
    """Return the versions that an If-Match header allows; None for `*`: any.

    Each resource compares its own version with them: see `app.entity_tags.check_if_match`.

    Raises:
        ValidationError: the text is not a list of entity tags.
    """
    try:
        return entity_tags.parse(text)
    except ValueError:
        violation = Violation('Must be * or a list of ETags such as "3".', "If-Match")
        raise ValidationError(details=[violation]) from None
