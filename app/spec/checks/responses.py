"""The responses of an operation: those and their headers that its policy makes possible are documented.

The server sends no response that the document does not have: it would be a 500.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.document.derived import Outline, implied_responses
from app.spec.operation import Operation

# The gateway itself can return these for any operation; `default` documents them as well.
_FROM_GATEWAY = frozenset({"413", "414", "415", "431", "500", "503"})
# The header that a success has because of a key. The cache check demands the ETag of x-cache.
_HEADER_OF_KEY = {"x-paginated": "Link", "x-precondition": "ETag", "x-idempotency": "Idempotency-Replayed"}


def check_responses(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Demand that there are responses."""
    responses = operation.body.get("responses")
    if not isinstance(responses, dict) or not responses:
        message = f"{operation.name} documents no responses."
        yield Fault(operation.where("responses"), message, "Add a response for each status.")


def check_documented_statuses(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Yield one fault that lists the error responses that are possible and not documented, each with its cause.

    Standard responses are derived, so this is about documents that lack the standard component.
    """
    outline = Outline(operation.document.bundle, operation.path, operation.method, operation.body)
    covered = _FROM_GATEWAY if "default" in outline.responses else frozenset()
    missing = {
        implied.status: f"{implied.status} ({implied.cause})" if implied.cause else implied.status
        for implied in implied_responses(outline)
        if implied.certain and implied.status not in covered | set(outline.responses)
    }
    if missing:
        listed = ", ".join(missing.values())
        message = f"{operation.body['operationId']} can return {listed}, but does not document {_them(missing)}."
        fix = "Add " + ", ".join(f'"{status}"' for status in missing) + "."
        yield Fault(operation.where("responses"), message, fix)


def check_documented_headers(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Yield a fault for each success with headers that are possible and not documented."""
    for status, reference in operation.body["responses"].items():
        if str(status).startswith("2"):
            yield from _missing_headers(operation, status, operation.resolved(reference))


def _missing_headers(operation: Operation, status: Any, response: Mapping[str, Any]) -> Iterator[Fault]:
    possible = {header: key for key, header in _HEADER_OF_KEY.items() if key in operation.body}
    if "content" not in response:
        possible.pop("ETag", None)  # it is the tag of the content
    if str(status) == "201":
        possible["Location"] = "201"
    documented = {str(name).lower() for name in response.get("headers", {})}
    missing = {header: cause for header, cause in possible.items() if header.lower() not in documented}
    if missing:
        listed = " and ".join(f"{header} ({cause})" for header, cause in missing.items())
        name = operation.body["operationId"]
        yield Fault(
            operation.where("responses", status),
            f"The {status} response of {name} can have {listed}, but does not document {_them(missing)}.",
            f"Add the header{'s' * (len(missing) > 1)} {' and '.join(missing)}.",
        )


def _them(things: Any) -> str:
    return "it" if len(things) == 1 else "them"
