"""`charter spec lint` names examples that do not match their schema, with their line."""

from pathlib import Path

import pytest

from app.spec.checks.examples import check_examples
from app.spec.document import load
from tests.unit.small_document import SCHEMAS, change, get, patch, write

BODY = "schema: {$ref: '../components/schemas.yaml#/User'}"
PERSON = "Person:\n  type: object\n  properties: {id: {readOnly: true}, key: {writeOnly: true}}\n"


def found(folder: Path, files: dict[str, str]) -> list[str]:
    return [str(fault) for fault in check_examples(load(write(folder, files) / "openapi.yaml"))]


@pytest.mark.parametrize(
    ("files", "place", "message"),
    [
        (get("get:", "get:"), "", ""),
        (
            patch(BODY, f"{BODY}\n        examples:\n          one: {{value: {{email: 5}}}}"),
            "paths/user.yaml:24",
            "value.email must be text.",
        ),
        (
            patch(BODY, f"{BODY}\n        example: {{email: 5}}"),
            "paths/user.yaml:23",
            "value.email must be text.",
        ),
        (patch("{type: string}}", "{type: string}, example: 5}"), "paths/user.yaml:18", "value must be text."),
        (
            get("default: {}", 'default: {headers: {Age: {schema: {type: integer}, example: "old"}}}'),
            "paths/user.yaml:7",
            "value must be a whole number.",
        ),
        (
            {"components/schemas.yaml": f"{SCHEMAS}Day: {{type: string, format: date, example: today}}\n"},
            "components/schemas.yaml:11",
            "value must be a date such as 2026-01-31.",
        ),
        (
            patch(BODY, BODY + "\n        examples: {one: {$ref: '../components/examples.yaml#/One'}}")
            | {"components/examples.yaml": "One:\n  summary: One.\n  value: {email: [a]}\n"},
            "components/examples.yaml:3",
            "value.email must be text.",
        ),
    ],
)
def test_an_example_that_does_not_match(tmp_path: Path, files: dict[str, str], place: str, message: str) -> None:
    faults = found(tmp_path, files)
    expected = [f"openapi/{place}: The example does not match its schema: {message} Correct the example or the schema."]
    assert faults == (expected if place else [])


@pytest.mark.parametrize(
    ("direction", "example", "matches"),
    [
        ("request", "{key: a}", True),
        ("request", "{id: a}", False),
        ("response", "{id: a}", True),
        ("response", "{key: a}", False),
    ],
)
def test_the_direction_decides_which_properties_there_are(
    tmp_path: Path, direction: str, example: str, matches: bool
) -> None:
    body = f"schema: {{$ref: '../components/schemas.yaml#/Person'}}, example: {example}"
    files = {"components/schemas.yaml": SCHEMAS + PERSON}
    if direction == "request":
        files |= patch(BODY, body.replace(", example", "\n        example"))
    else:
        files |= get("default: {}", f"default: {{content: {{application/json: {{{body}}}}}}}")
    assert (found(tmp_path, files) == []) == matches


def test_the_example_of_a_schema_matches_in_one_direction_at_least(tmp_path: Path) -> None:
    for example, faults in (("{id: a}", 0), ("{key: a}", 0), ("{id: a, key: b}", 1)):
        schemas = SCHEMAS + change("type: object", f"type: object\n  example: {example}", PERSON)
        assert len(found(tmp_path, {"components/schemas.yaml": schemas})) == faults, example


def test_the_schema_of_an_example_may_be_wrong_itself(tmp_path: Path) -> None:
    schemas = SCHEMAS + "Odd: {type: string, pattern: '(', example: a}\n"
    assert found(tmp_path, {"components/schemas.yaml": schemas}) == []
