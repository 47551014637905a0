"""Idempotency key: whether it is there, and which request it identifies (x-idempotency).

Two requests are the same when path, query and body mean the same to the document. The order of properties, white space
and the form of an escape make no difference, so a client may write its request again. Headers are left out: a client
that has lost a response may have read a newer ETag since.
"""

import json
from typing import Any

from app.errors import ValidationError, Violation
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import IdempotencyClaim, RequestContext
from app.security.fingerprints import Fingerprints


def make(operation: BoundOperation) -> Step | None:
    """Return the step, or None for an operation that ignores Idempotency-Key."""
    if operation.policy.idempotency is None:
        return None
    required, from_headers = operation.policy.idempotency == "required", operation.parameters.from_headers
    config = operation.runtime.dependencies.config
    fingerprints = Fingerprints([secret for secret in (config.jwt_secret, config.jwt_secret_previous) if secret])

    def idempotency(context: RequestContext) -> None:
        key = context.headers.get("idempotency-key")
        if key is None:
            if required:
                raise ValidationError(details=[Violation("Is required.", "Idempotency-Key")])
            return
        assert context.arguments is not None
        arguments = {name: value for name, value in context.arguments.items() if name not in from_headers}
        content = canonical_json([arguments, context.body])
        context.idempotency = IdempotencyClaim(key, fingerprints.of(content))

    return idempotency


def canonical_json(content: Any) -> bytes:
    """Return JSON that is the same for the same content; identifiers and times have one form by now."""
    return json.dumps(_with_whole_numbers(content), sort_keys=True, separators=(",", ":"), default=str).encode()


def _with_whole_numbers(value: Any) -> Any:
    """Return the value with every whole number as an int: 1 and 1.0 are the same to a JSON schema."""
    if isinstance(value, dict):
        return {name: _with_whole_numbers(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_with_whole_numbers(child) for child in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
