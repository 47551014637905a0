"""Properties that need a permission of their own (x-write-permission): a caller without it gets 403 with the field."""

from typing import Any

from app.errors import Forbidden, Violation
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext
from app.pipeline.steps.audit_event import records_failure


def make(operation: BoundOperation) -> Step | None:
    """Return the step, or None where no property needs a permission."""
    write_permissions = operation.policy.write_permissions
    if not write_permissions:
        return None

    @records_failure(operation)
    def property_permissions(context: RequestContext) -> None:
        assert context.principal is not None
        held = context.principal.permissions
        violations = [
            Violation(f"You need the permission {permission} to set this.", ".".join(path))
            for path, permission in write_permissions
            if permission not in held and _sets(context.body, path)
        ]
        if violations:
            raise Forbidden(details=violations, reason="property_permission_missing")

    return property_permissions


def _sets(body: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(body, dict) or name not in body:
            return False
        body = body[name]
    return True
