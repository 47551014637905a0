"""Lists at start: a document whose parameters cannot open a page is refused, at the parameter to fix."""

from pathlib import Path

import pytest

from tests.unit.small_document import SCHEMAS, USER, faults, read

LIMIT = "{type: integer, minimum: 1, maximum: 100, default: 20}"
OFFSET = "{type: integer, minimum: 0, maximum: 10000, default: 0}"
CURSOR = "{type: string, maxLength: 64}"
LISTED = """\
get:
  x-paginated: {kind}
  parameters:
    - {{name: limit, in: query, schema: {limit}}}
    - {{name: {kind}, in: query{more}, schema: {window}}}
"""


def document(kind: str, window: str, *, limit: str = LIMIT, more: str = "") -> dict[str, str]:
    """Return the document with its GET a list: limit stands in line 6, offset or cursor in line 7."""
    return {
        "paths/user.yaml": USER.replace("get:\n", LISTED.format(kind=kind, window=window, limit=limit, more=more), 1)
    }


@pytest.mark.parametrize(
    ("kind", "window"), [("offset", OFFSET), ("cursor", CURSOR), ("cursor", "{type: string, x-format: cursor}")]
)
def test_a_list_with_the_parameters_of_one_starts(tmp_path: Path, kind: str, window: str) -> None:
    assert read(tmp_path, document(kind, window))["get_user"].paginated == kind


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("{type: string, minimum: 1, maximum: 100, default: 20}", "is not an integer. Write type: integer."),
        ("{minimum: 1, maximum: 100, default: 20}", "is not an integer."),
        ("{type: integer, maximum: 100, default: 20}", "has no minimum of 1 or more. Write minimum: 1."),
        ("{type: integer, minimum: 0, maximum: 100, default: 20}", "has no minimum of 1 or more."),
        ("{type: integer, minimum: 1, default: 20}", "has no maximum of 100 or less. Write maximum: 100."),
        ("{type: integer, minimum: 1, maximum: 101, default: 20}", "has no maximum of 100 or less."),
        ("{type: integer, minimum: 1, maximum: 100}", "has no default. Add one, such as default: 20."),
        ("{type: integer, minimum: 1, maximum: 100, default: 0}", "has a default outside its bounds."),
        ("{type: integer, minimum: 1, maximum: 10, default: 20}", "has a default outside its bounds."),
        ("{type: integer, minimum: 1, maximum: 100, default: true}", "has a default outside its bounds."),
    ],
)
@pytest.mark.parametrize(("kind", "window"), [("offset", OFFSET), ("cursor", CURSOR)])
def test_a_limit_that_cannot_open_a_page_is_refused(
    tmp_path: Path, kind: str, window: str, limit: str, message: str
) -> None:
    [fault] = faults(tmp_path, document(kind, window, limit=limit))
    assert fault.startswith(f"openapi/paths/user.yaml:6: The parameter limit of a list {message}")


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        ("{type: number, minimum: 0, maximum: 10000, default: 0}", "is not an integer."),
        ("{type: integer, maximum: 10000, default: 0}", "has no minimum of 0. Write minimum: 0."),
        ("{type: integer, minimum: 0, exclusiveMinimum: true, maximum: 9, default: 1}", "has no minimum of 0."),
        ("{type: integer, minimum: 0, default: 0}", "has no maximum of 10000 or less. Write maximum: 10000."),
        ("{type: integer, minimum: 0, maximum: 10001, default: 0}", "has no maximum of 10000 or less."),
        ("{type: integer, minimum: 0, maximum: 10000}", "has no default. Add one, such as default: 0."),
    ],
)
def test_an_offset_that_cannot_open_a_page_is_refused(tmp_path: Path, offset: str, message: str) -> None:
    [fault] = faults(tmp_path, document("offset", offset))
    assert fault.startswith(f"openapi/paths/user.yaml:7: The parameter offset of a list {message}")


@pytest.mark.parametrize(
    ("cursor", "more", "message"),
    [
        ("{type: integer}", "", "is not a string. Write type: string."),
        ("{type: string}", ", required: true", "is required. Remove required"),
        ("{type: string, default: ''}", "", "has a default. Remove it"),
        ("{type: string, maxLength: 63}", "", "does not accept 64 characters. Raise maxLength, or remove it."),
        ("{type: string, format: uuid}", "", "does not accept every text."),
        ("{type: string, enum: [a]}", "", "does not accept every text."),
    ],
)
def test_a_cursor_that_cannot_be_one_is_refused(tmp_path: Path, cursor: str, more: str, message: str) -> None:
    [fault] = faults(tmp_path, document("cursor", cursor, more=more))
    assert fault.startswith(f"openapi/paths/user.yaml:7: The parameter cursor of a list {message}")


def test_a_shared_parameter_is_told_of_where_it_is_defined(tmp_path: Path) -> None:
    files = document("offset", OFFSET)
    inline = f"{{name: limit, in: query, schema: {LIMIT}}}"
    files["paths/user.yaml"] = files["paths/user.yaml"].replace(
        inline, "{$ref: '../components/parameters.yaml#/Limit'}"
    )
    files["components/parameters.yaml"] = "\nLimit: {name: limit, in: query, schema: {$ref: 'schemas.yaml#/Limit'}}"
    files["components/schemas.yaml"] = SCHEMAS + "Limit: {type: integer, minimum: 1, maximum: 100}\n"

    [fault] = faults(tmp_path, files)

    assert fault.startswith("openapi/components/parameters.yaml:2: The parameter limit")


BOTH = """\
get:
  x-paginated: [offset, cursor]
  parameters:
    - {{name: limit, in: query, schema: {limit}}}
    - {{name: offset, in: query, schema: {offset}}}
    - {{name: cursor, in: query, schema: {cursor}}}
"""


def of_both(cursor: str) -> dict[str, str]:
    """Return the document with its GET a list with both: the cursor stands in line 8."""
    return {"paths/user.yaml": USER.replace("get:\n", BOTH.format(limit=LIMIT, offset=OFFSET, cursor=cursor), 1)}


@pytest.mark.parametrize("cursor", ["{type: string}", "{type: string, x-format: cursor-of-position, maxLength: 1024}"])
def test_a_list_with_both_kinds_of_pages_starts(tmp_path: Path, cursor: str) -> None:
    policy = read(tmp_path, of_both(cursor))["get_user"]
    assert (policy.paginated, policy.page_kinds, policy.by_cursor) == ("offset", ("offset", "cursor"), True)


@pytest.mark.parametrize(
    ("cursor", "message"),
    [
        ("{type: string, maxLength: 64}", "does not accept 1024 characters. Raise maxLength, or remove it."),
        ("{type: string, x-format: cursor}", "does not accept every text. Remove enum and format, or write x-format: "),
        ("{type: integer}", "is not a string. Write type: string."),
    ],
)
def test_a_cursor_beside_an_offset_that_cannot_open_a_page_is_refused(
    tmp_path: Path, cursor: str, message: str
) -> None:
    [fault] = faults(tmp_path, of_both(cursor))
    assert fault.startswith(f"openapi/paths/user.yaml:8: The parameter cursor of a list {message}")
