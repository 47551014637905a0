"""What is refused before an operation looks at it: sizes, and spellings of its path. It leaves no row in the trail."""

import pytest

from tests.integration.every_operation.described import OPERATIONS, Described
from tests.integration.every_operation.requests import request_for
from tests.integration.every_operation.world import World
from tests.rows import audit_rows
from tests.wire import refused

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("caller", ["nobody", "admin"])
@pytest.mark.parametrize("described", OPERATIONS, ids=lambda described: described.name)
def test_what_is_beyond_the_bounds_is_refused_at_the_door(described: Described, caller: str, world: World) -> None:
    request = request_for(described, world)
    method, path = request.method, request.path
    token = {"Authorization": f"Bearer {world.tokens[caller]}"} if caller in world.tokens else {}
    ask = world.client.request

    responses = [
        (ask(method, f"{path}?{'x' * 9000}", headers=token), 414, "URI_TOO_LONG"),
        (ask(method, path, headers={**token, "X-Padding": "x" * 17_000}), 431, "HEADERS_TOO_LARGE"),
        (ask(method, path, headers={**token, **JSON}, content=b" " * 66_000), 413, "PAYLOAD_TOO_LARGE"),
        (ask(method, f"{path}/", headers=token), 404, "NOT_FOUND"),
        (ask(method, path.upper(), headers=token), 404, "NOT_FOUND"),
    ]

    for response, status, code in responses:
        refused(response, status, code)
        assert audit_rows(response, "decision") == audit_rows(response, "event") == []
