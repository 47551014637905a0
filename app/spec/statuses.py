"""An operation documents the refusals and headers that its policy makes possible: any other would leave as a 500."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.services.roles import EVERYBODY
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.policy import PropertyPath, listed_permissions

# What the gateway answers with in place of any operation; `default` describes them as well.
_EVERYWHERE = dict.fromkeys((413, 414, 431, 500, 503), "")
# What a success carries by its keys; an x-cache without ETag is refused at start.
_CARRIED = {"x-paginated": "Link", "x-precondition": "ETag", "x-idempotency": "Idempotency-Replayed"}


def undocumented(operation: Operation, guarded: tuple[tuple[PropertyPath, str], ...]) -> Iterator[Fault]:
    """Yield one fault that lists the missing responses, and one for each success that lacks headers, with the causes.

    Args:
        guarded: the properties of its body with a permission of their own.
    """
    responses = operation.body["responses"]
    documented = set(map(str, responses))
    possible = _EVERYWHERE | _by_policy(operation, guarded)
    if "default" in documented:
        possible = {status: cause for status, cause in possible.items() if status not in (*_EVERYWHERE, 415)}
    missing = sorted(status for status in possible if str(status) not in documented)
    if missing:
        told = ", ".join(f"{status} ({possible[status]})" if possible[status] else str(status) for status in missing)
        them = "it" if len(missing) == 1 else "them"
        yield Fault(
            operation.where("responses"),
            f"{operation.body['operationId']} can answer {told} and does not document {them}.",
            "Add " + ", ".join(f'"{status}"' for status in missing) + ".",
        )
    for status, response in responses.items():
        if str(status).startswith("2"):
            yield from _missing_headers(operation, status, operation.resolved(response))


def _missing_headers(operation: Operation, status: Any, response: Mapping[str, Any]) -> Iterator[Fault]:
    carried = {header: key for key, header in _CARRIED.items() if key in operation.body}
    if "content" not in response:
        # An ETag is that of the data shown.
        carried.pop("ETag", None)
    if str(status) == "201":
        carried["Location"] = "201"
    documented = {str(name).lower() for name in response.get("headers", {})}
    missing = {header: cause for header, cause in carried.items() if header.lower() not in documented}
    if missing:
        told = " and ".join(f"{header} ({cause})" for header, cause in missing.items())
        them, s = ("it", "") if len(missing) == 1 else ("them", "s")
        yield Fault(
            operation.where("responses", status),
            f"The {status} of {operation.body['operationId']} may carry {told} and does not document {them}.",
            f"Add the header{s} {' and '.join(missing)}.",
        )


def _by_policy(operation: Operation, guarded: tuple[tuple[PropertyPath, str], ...]) -> dict[int, str]:
    body = operation.body
    # An unknown query parameter is refused where none is known, too.
    found = {400: "requestBody" if "requestBody" in body else "parameters"}
    if "x-public" not in body:
        found[401] = "security"
    if set(listed_permissions(operation)) - EVERYBODY:
        found[403] = "x-permission"
    elif "x-step-up" in body:
        found[403] = "x-step-up"
    elif {permission for _, permission in guarded} - EVERYBODY:
        found[403] = "x-write-permission"
    if "x-precondition" in body:
        found[412] = "x-precondition"
    if "x-idempotency" in body:
        found[409] = found[422] = "x-idempotency"
    if "requestBody" in body:
        found[415] = "requestBody"
    if body.get("x-precondition") == "required":
        found[428] = "x-precondition"
    if body.get("x-rate-limit") != "none":
        found[429] = "x-rate-limit"
    return found
