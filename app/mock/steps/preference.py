"""Preference: a request that may run gets the response that its Prefer header names, and nothing changes.

The checks before this step apply as always: whatever the server would refuse is refused.
"""

import time
from collections.abc import Mapping
from uuid import UUID

from app.errors import AppError, NotFound, ValidationError, Violation
from app.identifiers import new_id
from app.mock.dependencies import dependencies_of
from app.mock.examples import Example, NoExampleError, ResponseExamples
from app.mock.preferences import Preferences, read
from app.pipeline.envelope import error_response
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.pipeline.steps.cache import versioned
from app.results import CursorListing, Listing, Position, Result
from app.spec.policy import Policy

_UNCHANGED = 304


def make(operation: BoundOperation) -> Step:
    """Return the step."""
    dependencies, policy = dependencies_of(operation), operation.policy
    examples = dependencies.examples[policy.operation_id]

    def preference(context: RequestContext) -> Response | None:
        text = context.headers.get("prefer")
        if text is None:
            return None
        wanted = read(text)
        _require_at_most(wanted.delay or 0, dependencies.max_delay)
        response = None
        if wanted.code is not None or wanted.example is not None:
            example = _find(examples, wanted)
            wait(context)
            response = _response(context, operation, example)
        if applied := str(wanted):
            context.response_headers.append((b"preference-applied", applied.encode("latin-1")))
        return response

    return preference


def wait(context: RequestContext) -> None:
    """Wait as long as a request wants that this step has let pass."""
    if (text := context.headers.get("prefer")) and (seconds := read(text).delay):
        time.sleep(seconds)


def _require_at_most(seconds: float, longest: float) -> None:
    if seconds > longest:
        raise ValidationError(details=[Violation(f"delay must be at most {longest:g} seconds.", "Prefer")])


def _find(examples: ResponseExamples, wanted: Preferences) -> Example:
    try:
        return examples.find(wanted.code, wanted.example)
    except NoExampleError as error:
        raise NotFound(details=[Violation(str(error), "Prefer")]) from None


def _response(context: RequestContext, operation: BoundOperation, example: Example) -> Response:
    context.is_cacheable = example.status < 400 and operation.policy.cache is not None
    if example.status == _UNCHANGED:
        return Response(_UNCHANGED, encoded(example.headers), b"")
    if is_problem(example):
        return problem(context, example)
    return operation.render(context, result_of(operation.policy, example))


def is_problem(example: Example) -> bool:
    """Return whether an example has the envelope of an error."""
    return example.status >= 400 and isinstance(example.body, dict) and isinstance(example.body.get("errors"), list)


def problem(context: RequestContext, example: Example) -> Response:
    """Return the response to an error that has not happened."""
    errors = example.body["errors"]
    details = [Violation(entry["message"], entry.get("field")) for entry in errors]
    error = AppError(status=example.status, code=errors[0]["code"], details=details)
    context.error_code = error.code
    response = error_response(error, context.request_id, context.received_at)
    present = {name for name, _ in response.headers}
    response.headers.extend(header for header in encoded(example.headers) if header[0] not in present)
    if wait := example.headers.get("retry-after") if example.status == 429 else None:
        _use_up(context, wait)
    return response


def result_of(policy: Policy, example: Example) -> object:
    """Return an example of a success as a handler would return it."""
    body = example.body
    data = body["data"] if policy.path.startswith("/v1/") and isinstance(body, dict) else body
    if policy.paginated is not None and isinstance(data, list):
        pagination = body.get("meta", {}).get("pagination", {})
        if policy.paginated == "cursor":
            return CursorListing(data, _last_id(data) if pagination.get("next_cursor") else None)
        total = max(pagination.get("total", 0), len(data))
        following = Position("", _last_id(data)) if policy.by_cursor and pagination.get("next_cursor") else None
        return Listing(data, total, pagination.get("total_is_exact", True), following)
    version = versioned(data).version if "etag" in example.headers else None
    return Result(data, version, example.headers.get("location"), example.status)


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as a response has them."""
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


def _last_id(data: list[object]) -> UUID:
    last = data[-1] if data else None
    try:
        return UUID(str(last["id"])) if isinstance(last, dict) else new_id()
    except (KeyError, ValueError):
        return new_id()


def _use_up(context: RequestContext, seconds: str) -> None:
    """Have RateLimit say what a 429 says: nothing is left, and when the next request is accepted."""
    context.response_headers = [
        (name, value.partition(b";")[0] + b";r=0;t=" + seconds.encode()) if name == b"ratelimit" else (name, value)
        for name, value in context.response_headers
    ]
