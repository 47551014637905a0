"""The responses of an operation: those and their headers that its policy makes possible are documented.

The server sends no response that the document does not have: it would be a 500.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.services.rights import EVERYBODY
from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.policy import WritePermissions, listed_permissions

# The gateway itself can return these for any operation; `default` documents them as well.
_FROM_GATEWAY = dict.fromkeys((413, 414, 431, 500, 503), "")
# The header that a success has because of a key. The cache check demands the ETag of x-cache.
_HEADER_OF_KEY = {"x-paginated": "Link", "x-precondition": "ETag", "x-idempotency": "Idempotency-Replayed"}


def check_responses(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Demand that there are responses."""
    responses = operation.body.get("responses")
    if not isinstance(responses, dict) or not responses:
        message = f"{operation.name} documents no responses."
        yield Fault(operation.where("responses"), message, "Add a response for each status.")


def check_documented_statuses(operation: Operation, known: KnownNames) -> Iterator[Fault]:
    """Yield one fault that lists the error responses that are possible and not documented, each with its cause."""
    documented = set(map(str, operation.body["responses"]))
    possible = _FROM_GATEWAY | _from_policy(operation, known.write_permissions[operation.pointer])
    if "default" in documented:
        possible = {status: cause for status, cause in possible.items() if status not in (*_FROM_GATEWAY, 415)}
    missing = sorted(status for status in possible if str(status) not in documented)
    if missing:
        listed = ", ".join(f"{status} ({possible[status]})" if possible[status] else str(status) for status in missing)
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


def _from_policy(operation: Operation, write_permissions: WritePermissions) -> dict[int, str]:
    """Return the statuses that the operation's keys make possible, each with the key."""
    body = operation.body
    # An unknown query parameter is rejected by every operation, also by one without parameters.
    causes = {400: "requestBody" if "requestBody" in body else "parameters"}
    if "x-public" not in body:
        causes[401] = "security"
    if set(listed_permissions(operation)) - EVERYBODY:
        causes[403] = "x-permission"
    elif "x-step-up" in body:
        causes[403] = "x-step-up"
    elif {permission for _, permission in write_permissions} - EVERYBODY:
        causes[403] = "x-write-permission"
    if "x-precondition" in body:
        causes[412] = "x-precondition"
    if "x-idempotency" in body:
        causes[409] = causes[422] = "x-idempotency"
    if "requestBody" in body:
        causes[415] = "requestBody"
    if body.get("x-precondition") == "required":
        causes[428] = "x-precondition"
    if body.get("x-rate-limit") != "none":
        causes[429] = "x-rate-limit"
    return causes
