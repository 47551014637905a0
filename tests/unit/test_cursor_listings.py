"""Pages of a cursor list: where the next one begins, in the envelope and in Link, and an envelope with room for it."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from app.pipeline.rendering import ResponseRenderer
from app.pipeline.response_checks import UnusableResponsesError
from app.results import CursorListing
from app.security.cursors import Cursors
from tests.unit.made import NOW, make_context, make_policy

CURSORS = Cursors(["a secret that is only for tests"])
LAST = UUID(int=7)
POLICY = make_policy(paginated="cursor")


def responder(next_cursor: dict[str, Any]) -> ResponseRenderer:
    window = {"type": "object", "additionalProperties": False, "properties": {"limit": {}, "next_cursor": next_cursor}}
    meta = {"type": "object", "required": ["pagination"], "properties": {"pagination": window}}
    schema = {"properties": {"data": {"type": "array", "items": {"type": "integer"}}, "meta": meta}}
    content = {"application/json": {"schema": schema}}
    response = {"headers": {"Link": {"schema": {"type": "string"}}}, "content": content}
    return ResponseRenderer({}, {"responses": {"200": response}}, POLICY)


def paginated(following: UUID | None, **arguments: Any) -> tuple[dict[str, Any], str | None]:
    """Return the pagination and the Link of a page whose next one follows a row, or that is the last."""
    call = make_context(arguments={"cursor": None, "limit": 2, **arguments}, list_scope=b"mine")
    response = responder({"type": "string", "nullable": True})(call, CursorListing([1, 2], following), cursors=CURSORS)
    link = dict(response.headers).get(b"link")
    return orjson.loads(response.body)["meta"]["pagination"], link.decode() if link else None


def test_a_page_tells_where_the_list_goes_on_with_its_filters() -> None:
    pagination, link = paginated(LAST, cursor=UUID(int=9), q="a&b>", role=None, since=NOW)
    cursor = CURSORS.make(LAST, b"mine")

    assert pagination == {"limit": 2, "next_cursor": cursor}
    at = f"/v1/things?cursor={cursor}&limit=2&q=a%26b%3E&since=2026-11-23T12%3A00%3A00.007900Z"
    assert link == f'<{at}>; rel="next"'


def test_the_last_page_goes_nowhere() -> None:
    assert paginated(None, cursor=UUID(int=9)) == ({"limit": 2, "next_cursor": None}, None)


@pytest.mark.parametrize(
    "next_cursor",
    [
        {"type": "string"},
        {"type": "string", "nullable": True, "enum": [None]},
        {"type": "string", "nullable": True, "maxLength": 63},
    ],
)
def test_an_envelope_without_room_for_a_cursor_or_for_none_is_refused_at_start(next_cursor: dict[str, Any]) -> None:
    with pytest.raises(UnusableResponsesError, match="another envelope"):
        responder(next_cursor)
