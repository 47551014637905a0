"""Properties that need a right of their own (x-write-permission): refused with the field, whoever may call."""

from typing import Any

from app.errors import Forbidden, Violation
from app.pipeline.context import RequestContext
from app.pipeline.parts import Parts, Step
from app.pipeline.steps.event import records_failure


def make(parts: Parts) -> Step | None:
    """Return the step, or None where no property is guarded."""
    guarded = parts.policy.write_permissions
    if not guarded:
        return None

    @records_failure(parts)
    def properties(context: RequestContext) -> None:
        assert context.principal is not None
        held = context.principal.permissions
        refused = [
            Violation(f"You need the permission {permission} to set this.", ".".join(path))
            for path, permission in guarded
            if permission not in held and _sets(context.document, path)
        ]
        if refused:
            raise Forbidden(details=refused, reason="property_permission_missing")

    return properties


def _sets(document: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(document, dict) or name not in document:
            return False
        document = document[name]
    return True
