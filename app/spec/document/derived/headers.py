"""The headers that the responses of an operation have because of its keys, and the body of its own errors."""

from collections.abc import Iterator
from typing import Any

from app.spec.document.derived.outline import Outline
from app.spec.document.tree import Pointer
from app.spec.page_kinds import page_kinds

_NOT_COUNTED = frozenset({"413", "414", "415", "431"})
_JSON = "application/json"


def add_headers(outline: Outline) -> Iterator[Pointer]:
    """Add the headers that are not written to the responses that the operation itself describes; yield their pointers.

    A response that is a reference stays as it is: other operations have it, too.
    """
    for status, response in outline.responses.items():
        if not isinstance(response, dict) or "$ref" in response:
            continue
        if status.isdigit() and status >= "400" and outline.enveloped:
            yield from _add_error_body(outline, status, response)
        written = response.get("headers", {})
        if not isinstance(written, dict):
            continue
        names = {str(name).lower() for name in written}
        missing = {
            name: reference
            for name, component in _headers(outline, status, response)
            if name.lower() not in names and (reference := outline.component("headers", component))
        }
        if missing:
            rest = dict(written)
            written.clear()
            written.update(missing | rest)
            response["headers"] = written
            for key in ("content", "links"):
                if key in response:
                    response[key] = response.pop(key)
            yield from (("responses", status, "headers", name) for name in missing)


def _headers(outline: Outline, status: str, response: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (header, component) for what a response can have."""
    yield "X-Request-Id", "RequestId"
    if status.startswith("2"):
        yield from _of_success(outline, status, response)
    elif status == "401":
        yield "WWW-Authenticate", "Challenge"
    elif status in ("429", "503"):
        yield "Retry-After", "RetryAfter"
    if "x-sunset" in outline.body:
        yield "Deprecation", "Deprecation"
        yield "Sunset", "Sunset"
        yield "Link", "DeprecationLink"
    if outline.counted and status not in _NOT_COUNTED:
        always = status == "429" or status.startswith("2")
        yield "RateLimit", "RateLimit" if always else "RateLimitWhereCounted"
        yield "RateLimit-Policy", "RateLimitPolicy" if always else "RateLimitPolicyWhereCounted"


def _of_success(outline: Outline, status: str, response: dict[str, Any]) -> Iterator[tuple[str, str]]:
    body = outline.body
    if status == "201":
        yield "Location", "Location"
    if "x-paginated" in body:
        yield "Link", "NextLink" if page_kinds(body) == ("cursor",) else "Link"
    elif "content" in response and _is_versioned(outline):
        yield "ETag", "EntityTag"
    if "x-idempotency" in body:
        yield "Idempotency-Replayed", "IdempotencyReplayed"


def _is_versioned(outline: Outline) -> bool:
    """Return whether the resource has a version: its response is cached, or a write of it compares versions."""
    if outline.method == "get":
        return "x-cache" in outline.body or outline.has_versioned_sibling()
    return "x-precondition" in outline.body


def _add_error_body(outline: Outline, status: str, response: dict[str, Any]) -> Iterator[Pointer]:
    reference = outline.component("schemas", "ErrorEnvelope")
    content = response.setdefault("content", {}) if reference else None
    media = content.setdefault(_JSON, {}) if isinstance(content, dict) else None
    if isinstance(media, dict) and "schema" not in media:
        rest = dict(media)
        media.clear()
        media.update({"schema": reference} | rest)
        yield ("responses", status, "content", _JSON, "schema")
