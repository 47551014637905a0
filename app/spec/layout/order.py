"""The order of the keys in a path item, an operation and their parts."""

from collections.abc import Callable
from typing import Any, NamedTuple

from app.spec.document.derived.responses import order_of_status

Rank = tuple[Any, ...]


class Kind(NamedTuple):
    """A kind of mapping.

    Attributes:
        rank: returns the position of a key; equal keys keep their order. None if the keys are names in an order of the
            author's.
        children: the kind of the value of a key; `*` for every other key.
    """

    rank: Callable[[str], Rank] | None
    children: dict[str, str] = {}  # noqa: RUF012 (never changed)


def _listed(text: str) -> Callable[[str], Rank]:
    positions = {key: position for position, key in enumerate(text.split())}
    last = len(positions)
    return lambda key: (positions.get(key, positions.get("x-", last) if key.startswith("x-") else last),)


_PARAMETER = _listed(
    "name in description required deprecated allowEmptyValue style explode allowReserved schema content"
    " example examples"
)
KINDS = {
    "path item": Kind(
        _listed("summary description servers parameters get post put patch delete"),
        {**dict.fromkeys(("get", "post", "put", "patch", "delete"), "operation"), "parameters": "parameters"},
    ),
    "operation": Kind(
        _listed(
            "operationId summary description externalDocs tags deprecated x-sunset x-public x-permission x-owner"
            " x-step-up x-executor x-rate-limit x-cache x-paginated x-idempotency x-precondition x-invalidates x-audit"
            " x- parameters requestBody responses callbacks security servers"
        ),
        {"parameters": "parameters", "requestBody": "request body", "responses": "responses"},
    ),
    "responses": Kind(order_of_status, {"*": "response"}),
    "response": Kind(_listed("description headers content links"), {"headers": "headers", "content": "content"}),
    "request body": Kind(_listed("description required content"), {"content": "content"}),
    "content": Kind(None, {"*": "media type"}),
    "media type": Kind(_listed("schema example examples encoding")),
    "headers": Kind(None, {"*": "header"}),
    "header": Kind(_PARAMETER),
    "parameters": Kind(None, {"*": "parameter"}),
    "parameter": Kind(_PARAMETER),
    "response components": Kind(None, {"*": "response"}),
}
# The kind of a file of components, by the first part of its path under components/.
COMPONENTS = {"headers": "headers", "parameters": "parameters", "responses": "response components"}
