"""What the document cannot say of a request, and Schemathesis cannot make, put into it before it is sent."""

import zlib
from collections.abc import Callable
from typing import Any

from schemathesis.generation import GenerationMode

from tests.contract.stage import EXAMPLE_VERSION
from tests.people import PASSWORD

EXAMPLE_REFRESH = {"refresh_token": "an-opaque-refresh-token"}


def fix(case: Any, email: str, refresh_token: Callable[[], str]) -> None:
    """Fix a request in place.

    Args:
        case: Schemathesis' case.
        email: the address of the person who acts; their password is everybody's.
        refresh_token: makes a live refresh token.
    """
    # One that is to be wrong stays so: with its other parts fixed it would count as right.
    if case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    operation_id = case.operation.definition.raw["operationId"]
    if case.body == EXAMPLE_REFRESH:
        case.body = {"refresh_token": refresh_token()}
    # The coverage phase makes no header with quotes in it: it sends 0 for a tag, and calls that valid.
    about_tags = getattr(case.meta.phase.data, "parameter", None) == "If-Match"
    if case.headers.get("If-Match") == "0" and not about_tags:
        case.headers["If-Match"] = f'"{EXAMPLE_VERSION}"'
    if _every_second(case.body):
        if operation_id == "login":
            case.body = {"email": email, "password": PASSWORD}
        elif operation_id == "change_password":
            case.body = {**case.body, "current_password": PASSWORD}


def _every_second(body: Any) -> bool:
    """Made-up credentials open nothing: half of them are replaced, always the same half."""
    return isinstance(body, dict) and zlib.crc32(repr(body).encode(errors="replace")) % 2 == 0
