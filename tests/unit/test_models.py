"""A schema that names its model says what the columns say; where they differ, lint names both places."""

from pathlib import Path
from typing import Any

import peewee
import pytest

from app.pipeline.models import check_models
from app.spec.document import load

COLUMNS = """\
Thing:
  type: object
  x-model: Thing
  properties:
    id: {type: string, format: uuid}
    name: {$ref: '#/Name'}
    note: {nullable: true, allOf: [{$ref: '#/Note'}]}
    state: {type: string, enum: [open, closed]}
    count: {type: integer, format: int32, maximum: 5}
    made_at: {type: string, format: date-time}
    shown: {type: boolean}
    owner: {type: string}
Name: {type: string, maxLength: 100}
Note: {type: string, maxLength: 200}
"""


class Thing(peewee.Model):
    id = peewee.UUIDField(primary_key=True)
    name = peewee.TextField(constraints=[peewee.Check("length(name) <= 100")])
    note = peewee.CharField(max_length=200, null=True)
    state = peewee.TextField(constraints=[peewee.Check("state IN ('open', 'closed')")])
    count = peewee.IntegerField()
    made_at = peewee.DateTimeField()
    shown = peewee.BooleanField()


def told(folder: Path, old: str = "", new: str = "") -> list[str]:
    """Return the faults of the schemas with one change."""
    assert old in COLUMNS
    files: dict[str, Any] = {
        "openapi.yaml": "openapi: 3.0.3\npaths: {}\n",
        "components/schemas.yaml": COLUMNS.replace(old, new, 1) if old else COLUMNS,
    }
    (folder / "components").mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    document = load(folder / "openapi.yaml")
    assert "x-model" not in str(document.bundle)
    return [f"{fault.place.line}: {fault.message}" for fault in check_models(document, {"Thing": Thing})]


def test_a_schema_like_its_model_has_no_fault(tmp_path: Path) -> None:
    assert told(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "message", "field"),
    [
        ("maxLength: 100", "maxLength: 101", "6: name of Thing may have 101 characters, and the column 100", "name"),
        ("maxLength: 200", "minLength: 1", "7: note of Thing may have any number of characters, and the", "note"),
        ("nullable: true, ", "", "7: note of Thing is never null, and the column can be", "note"),
        ("{type: boolean}", "{type: boolean, nullable: true}", "11: shown of Thing can be null, and the", "shown"),
        ("[open, closed]", "[open]", "8: state of Thing is open, and the column closed, open", "state"),
        (", enum: [open, closed]", "", "8: state of Thing is any value, and the column closed, open", "state"),
        ("format: uuid", "maxLength: 36", "5: id of Thing is string, and the column is string uuid", "id"),
        ("format: date-time", "format: date", "10: made_at of Thing is string date, and the column is", "made_at"),
        ("type: boolean", "type: string", "11: shown of Thing is string, and the column is boolean", "shown"),
        ("maximum: 5", "maximum: 3000000000", "9: count of Thing may be 3000000000, and the column has 32", "count"),
    ],
)
def test_a_difference_is_told_with_both_places(tmp_path: Path, old: str, new: str, message: str, field: str) -> None:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith(f"    {field} = "))
    [fault] = told(tmp_path, old, new)
    assert fault.startswith(message)
    assert fault.endswith(f" in tests/unit/test_models.py:{line}.")


def test_a_model_that_does_not_exist_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, "x-model: Thing", "x-model: Thingy") == ["3: There is no model Thingy."]
