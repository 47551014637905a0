"""What the check of writes compares: properties, where a read shows them, and whether a value is as it was sent."""

from typing import Any

import pytest

from app.contract_kit.document import Document, Operation
from app.contract_kit.writes.properties import belongs_with, part_of, part_with, same, writable

NAME = {"type": "string", "description": "Its name.", "example": "Io"}
SIZE = {"type": "integer", "description": "Its size; a new name makes it unknown.", "example": 3}


def operation(method: str, *, sent: Any = None, shown: Any = None) -> Operation:
    media = {"schema": {"type": "object", "properties": {"data": {"type": "object", "properties": shown or {}}}}}
    made: dict[str, Any] = {
        "operationId": "act_on_moon",
        "responses": {"200": {"description": "A moon.", "content": {"application/json": media}}},
    }
    if sent is not None:
        schema = {"allOf": [{"type": "object", "properties": sent}]}
        made["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return Document({"paths": {"/v1/moons/{moon_id}": {method: made}}})["act_on_moon"]


def test_what_only_a_server_sets_is_not_written() -> None:
    found = operation("patch", sent={"name": NAME, "id": {"type": "string", "readOnly": True}})
    assert list(writable(found)) == ["name"]


@pytest.mark.parametrize(
    ("sent", "found", "held"),
    [
        ("Io", "Io", True),
        ("Io", "io", False),
        (True, 1, False),
        (1, 1.0, True),
        (None, None, True),
        (None, "Io", False),
        ("2026-02-03T04:05:06.000Z", "2026-02-03T05:05:06+01:00", True),
        ("2026-02-03T04:05:06.000Z", "2026-02-03T04:05:07.000Z", False),
        ("1.5", "1.5000", True),
        ("1.5", "1.6", False),
        ({"name": "Io"}, {"name": "Io", "id": 1}, True),
        ({"name": "Io"}, {"name": "Europa"}, False),
        ({"name": "Io"}, None, False),
        (["a"], ["b", "a"], True),
        (["a", "c"], ["b", "a"], False),
    ],
)
def test_what_was_sent_is_found_in_the_form_of_responses(sent: Any, found: Any, held: bool) -> None:
    assert same(sent, found) is held


def test_what_is_written_is_found_inside_what_a_read_shows() -> None:
    inner = {"type": "object", "properties": {"name": NAME}}
    reader = operation("get", shown={"id": {"type": "string"}, "moon": {"type": "object", "properties": {"of": inner}}})
    assert part_with(reader, {"name"}) == (("moon", "of"), {"name": NAME})
    assert part_with(reader, {"id"})[0] == ()
    assert part_with(reader, {"color"}) == ((), {})
    assert part_of({"moon": {"of": {"name": "Io"}}}, ("moon", "of")) == {"name": "Io"}
    assert part_of({"moon": None}, ("moon", "of")) == {}


def test_one_property_may_change_with_another_if_the_document_says_so() -> None:
    told = operation("patch", sent={"name": NAME, "size": SIZE, "size_class": {"type": "string"}})
    assert belongs_with(told, "size", "name")
    assert belongs_with(told, "name", "size")
    assert belongs_with(told, "size", "size_class")
    assert not belongs_with(told, "size_class", "size")
    assert not belongs_with(told, "name", "size_class")
