"""The responses that an operation can return because of its keys, each with its cause and its standard component."""

from collections.abc import Iterator
from typing import NamedTuple

from app.security.permissions import EVERYBODY
from app.spec.document.derived.outline import Outline
from app.spec.document.tree import Pointer
from app.spec.page_kinds import page_kinds

_FROM_GATEWAY = {
    "413": "PayloadTooLarge",
    "414": "UriTooLong",
    "431": "HeadersTooLarge",
    "500": "InternalError",
    "503": "Unavailable",
}
# What a written `default` stands for. The others have one cause that a client can remove, so they are named.
_FAILURES = frozenset({"500", "503"})


class Implied(NamedTuple):
    """A response that an operation can return.

    Attributes:
        cause: the key of the operation; empty if every operation can return it.
        component: the name of the standard response.
        certain: whether it can occur in every such operation. If not, a document may lack it.
    """

    status: str
    cause: str
    component: str
    certain: bool = True


def implied_responses(outline: Outline) -> Iterator[Implied]:
    """Yield the responses, in the order of their statuses."""
    yield from sorted(_responses(outline))


def order_of_status(status: str) -> tuple[bool, str]:
    """Return the order of a response: by status, `default` last. Successes keep theirs: the first is the usual one."""
    return not status.isdigit(), "2" if status.startswith("2") else status


def add_responses(outline: Outline) -> Iterator[Pointer]:
    """Add the responses that are not written, and yield their pointers; none if no response is written at all."""
    responses = outline.responses
    if not responses:
        return
    added = []
    for implied in implied_responses(outline):
        covered = implied.status in responses or ("default" in responses and implied.status in _FAILURES)
        reference = None if covered else outline.component("responses", implied.component)
        if reference:
            responses[implied.status] = reference
            added.append(implied.status)
    for status in sorted(responses, key=order_of_status) if added else ():
        responses[status] = responses.pop(status)
    yield from (("responses", status) for status in added)


def _responses(outline: Outline) -> Iterator[Implied]:
    body = outline.body
    for status, component in _FROM_GATEWAY.items():
        yield Implied(status, "", component)
    # Every operation rejects an unknown query parameter, also one without parameters.
    yield Implied("400", "requestBody" if "requestBody" in body else "parameters", _rejected(outline))
    if "x-public" not in body:
        yield Implied("401", "security", "Unauthenticated")
    yield from _denied(outline)
    if "{" in outline.path:
        yield Implied("404", "path", "NotFound", certain=False)
    if "x-idempotency" in body:
        yield Implied("409", "x-idempotency", "InProgress")
        yield Implied("422", "x-idempotency", "KeyReused")
    if "x-precondition" in body:
        yield Implied("412", "x-precondition", "PreconditionFailed")
        if body["x-precondition"] == "required":
            yield Implied("428", "x-precondition", "PreconditionRequired")
    if "requestBody" in body:
        yield Implied("415", "requestBody", "UnsupportedMediaType")
    if outline.counted:
        yield Implied("429", "x-rate-limit", "RateLimited")
    if outline.method == "get" and outline.has_etag():
        yield Implied("304", "ETag", "NotModified", certain=False)


def _rejected(outline: Outline) -> str:
    """Return the component of the 400: it depends on what there is to reject."""
    if "requestBody" in outline.body:
        return "InvalidBody"
    if "cursor" in page_kinds(outline.body):
        return "InvalidCursorPage"
    places = {place for _, place in outline.parameters()}
    if "query" in places or "x-paginated" in outline.body:
        return "InvalidPage"
    return "InvalidPath" if "path" in places else "InvalidQuery"


def _denied(outline: Outline) -> Iterator[Implied]:
    causes = [
        cause
        for cause, applies in (
            ("x-permission", bool(outline.permissions() - EVERYBODY)),
            ("x-step-up", "x-step-up" in outline.body),
            ("x-write-permission", bool(outline.write_permissions() - EVERYBODY)),
        )
        if applies
    ]
    if causes:
        by_cause = {"x-step-up": "ForbiddenDeletion", "x-write-permission": "ForbiddenProperty"}
        components = [by_cause[cause] for cause in causes if cause in by_cause]
        yield Implied("403", causes[0], components[0] if components else "Forbidden")
