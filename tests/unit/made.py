"""A policy and the context of a request, of which a unit test says only what it is about."""

from datetime import UTC, datetime
from typing import Any

from app.pipeline.request_context import RequestContext
from app.security.client_address import Client
from app.spec.document import Place
from app.spec.policy import Policy

NOW = datetime(2026, 11, 23, 12, 0, 0, 7_900, tzinfo=UTC)


def make_policy(**changes: Any) -> Policy:
    """Return the policy of a public read."""
    plain: dict[str, Any] = {
        "operation_id": "list_things",
        "method": "get",
        "path": "/v1/things",
        "tag": "things",
        "public": True,
        "permissions": (),
        "event": "list_things",
        "invalidates": (),
        "executor": "common",
        "write_permissions": (),
        "safe": True,
        "place": Place("openapi/paths/things.yaml", 7),
    }
    nothing = (
        "owner",
        "owned_row",
        "bucket",
        "precondition",
        "idempotency",
        "paginated",
        "cache",
        "step_up",
        "target",
        "sunset",
    )
    return Policy(**{**plain, **dict.fromkeys(nothing), **changes})


def make_context(**changes: Any) -> RequestContext:
    """Return the context of a request of nobody for it."""
    plain: dict[str, Any] = {
        "request_id": "mine",
        "method": "GET",
        "path": "/v1/things",
        "received_at": NOW,
        "client": Client("127.0.0.1", "127.0.0.1", None),
        "path_values": {},
        "query_string": b"",
        "headers": {},
        "arguments": {},
    }
    made = RequestContext(**plain)
    for name, value in changes.items():
        setattr(made, name, value)
    return made
