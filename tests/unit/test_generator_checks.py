"""What no generator can use is found by `charter spec lint`, with its line and what to do."""

import shutil
from pathlib import Path

import pytest

from app.config import Config
from app.pipeline.contract import OPENAPI, read_contract
from app.spec.checks.generators import check_generators
from app.spec.document import DocumentError, load
from tests.unit.small_document import SCHEMAS, change, faults, write

NAMES = "PermissionName: {{type: string, enum: [{names}]}}\n"


def found(folder: Path, files: dict[str, str]) -> list[str]:
    return [str(fault) for fault in check_generators(load(write(folder, files) / "openapi.yaml"))]


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("{type: string, format: time-zone}", "The format time-zone of a schema with type string is not registered."),
        ("{type: integer, format: date, minimum: 0, maximum: 1}", "The format date of a schema with type integer"),
        ("{type: boolean, format: int32}", "Remove it."),
        ("{type: integer, minimum: 0, maximum: 9}", "An integer has no format, minimum or maximum"),
        ("{type: integer, format: int64, minimum: 0}", "An integer has no format, minimum or maximum"),
        ("{type: string, enum: [a, b]}", "An enum has no name. Move its schema to components/schemas"),
        ("{type: array, items: {type: string, enum: [a]}}", "An enum has no name."),
        ("{type: object, nullable: true, enum: [null]}", "The only value of an enum is null"),
    ],
)
def test_a_schema_that_generators_cannot_use(tmp_path: Path, schema: str, message: str) -> None:
    [fault] = found(tmp_path, {"components/schemas.yaml": SCHEMAS + f"Odd:\n  properties:\n    odd: {schema}\n"})
    assert fault.startswith("openapi/components/schemas.yaml:13: ")
    assert message in fault


def test_a_link_with_an_object_to_send(tmp_path: Path) -> None:
    link = "{default: {links: {again: {operationId: get_user, requestBody: {a: $response.body#/a}}}}, "
    [fault] = found(tmp_path, {"paths/user.yaml": change("{default: {}, ", link)})
    assert fault.startswith("openapi/paths/user.yaml:7: The requestBody of a link is not a string")


def test_a_name_of_two_kinds(tmp_path: Path) -> None:
    header = "User: {schema: {type: string}}\n"
    [fault] = found(tmp_path, {"components/headers.yaml": header})
    assert fault == (
        "openapi/components/schemas.yaml:1: The name User is used in headers and in schemas. Rename one of the two."
    )


def test_what_generators_can_use(tmp_path: Path) -> None:
    schemas = "Sort: {type: string, enum: [a, -a]}\nCount: {type: integer, format: int32, minimum: 0, maximum: 9}\n"
    examples = "User: {value: {}}\n"
    files = {"components/schemas.yaml": SCHEMAS + schemas, "components/examples.yaml": examples}
    assert found(tmp_path, files) == []


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("'users:read'", "The schema PermissionName lacks the permission users:update. Add the line `- users:update`"),
        ("'users:read', 'users:update', 'ships:launch'", "The enum of PermissionName has ships:launch, which is not a"),
    ],
)
def test_the_enum_of_permissions_is_the_list_of_permissions(tmp_path: Path, names: str, message: str) -> None:
    [fault] = faults(tmp_path, {"components/schemas.yaml": SCHEMAS + NAMES.format(names=names)})
    assert message in fault


def test_a_document_that_generators_cannot_use_starts_and_the_linter_names_the_place(tmp_path: Path) -> None:
    document = shutil.copytree(OPENAPI, tmp_path / "openapi") / "openapi.yaml"
    fields = document.parent / "components" / "schemas" / "fields.yaml"
    text = fields.read_text(encoding="utf-8")
    fields.write_text(change("x-format: time-zone", "format: time-zone", text), encoding="utf-8")

    assert read_contract(Config(), document=document)
    with pytest.raises(DocumentError) as caught:
        read_contract(Config(), document=document, thorough=True)

    [fault] = caught.value.faults
    line = text[: text.index("x-format: time-zone")].count("\n") + 1
    assert str(fault).startswith(f"openapi/components/schemas/fields.yaml:{line}: The format time-zone of a schema")
