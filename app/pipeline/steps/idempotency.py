"""Idempotency key: its presence, and what it stands for (x-idempotency).

Two requests are the same when path, query and body mean the same to the document: the order of properties, white space
and the spelling of an escape make no difference, so that a client may render its request anew. Headers are left out: a
client that has lost an answer may well have read a newer ETag since.
"""

import json
from typing import Any

from app.errors import ValidationError, Violation
from app.pipeline.context import IdempotencyClaim, RequestContext
from app.pipeline.parts import Parts, Step
from app.security.fingerprints import Fingerprints


def make(parts: Parts) -> Step | None:
    """Return the step, or None for an operation that ignores Idempotency-Key."""
    if parts.policy.idempotency is None:
        return None
    required, from_headers = parts.policy.idempotency == "required", parts.parameters.from_headers
    config = parts.dependencies.config
    fingerprints = Fingerprints([secret for secret in (config.jwt_secret, config.jwt_secret_previous) if secret])

    def idempotency(context: RequestContext) -> None:
        key = context.headers.get("idempotency-key")
        if key is None:
            if required:
                raise ValidationError(details=[Violation("Is required.", "Idempotency-Key")])
            return
        assert context.arguments is not None
        arguments = {name: value for name, value in context.arguments.items() if name not in from_headers}
        context.claim = IdempotencyClaim(key, fingerprints.of(spelt([arguments, context.document])))

    return idempotency


def spelt(content: Any) -> bytes:
    """Return JSON that is the same for the same content; identifiers and moments have one spelling by now."""
    return json.dumps(_plain(content), sort_keys=True, separators=(",", ":"), default=str).encode()


def _plain(value: Any) -> Any:
    """Return the value with every whole number as such: to a JSON schema 1 and 1.0 are one."""
    if isinstance(value, dict):
        return {name: _plain(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
