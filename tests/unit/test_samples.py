"""Values that the mock makes from schemas: valid, the same for a seed, and texts that match their patterns."""

import re
from random import Random
from typing import Any

import pytest

from app.mock.patterns import text_matching
from app.mock.samples import NoSampleError, Samples
from app.spec.document import resolve
from app.spec.validation import schemas
from tests.document import DOCUMENT

BUNDLE = DOCUMENT.bundle
RESPONSES = {
    f"{operation['operationId']} {status}": response["content"]["application/json"]["schema"]
    for item in BUNDLE["paths"].values()
    for operation in item.values()
    if isinstance(operation, dict) and "operationId" in operation
    for status, reference in operation["responses"].items()
    if "content" in (response := resolve(BUNDLE, reference)) and str(status).startswith("2")
}
PATTERNS = (
    "^[A-Z]{3}-[0-9]{4,6}$", "a|b+", "^x*$", r"\d\w\s\D\W\S", "[^a-z]", "(?:ab)+?c", "(?i:q)", "[a-cx]{2,}", ".", "^$",
    "[^x]y",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_every_response_of_the_document_can_be_made_and_is_valid(name: str) -> None:
    validator = schemas.compile(BUNDLE, RESPONSES[name], direction="response")
    made = [Samples(BUNDLE, seed).make(RESPONSES[name], name, examples=False) for seed in (1, 1, 2)]
    assert all(map(validator.is_valid, made))
    assert made[0] == made[1]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_text_matches_its_pattern(pattern: str) -> None:
    for seed in range(20):
        text = text_matching(pattern, Random(seed))
        assert text is not None
        assert re.search(pattern, text), text


def test_a_text_has_a_length_within_bounds() -> None:
    assert 30 <= len(text_matching("[a-z]+", Random(1), shortest=30) or "") <= 300
    assert text_matching("[a-z]{9}", Random(1), longest=8) is None
    assert text_matching("(", Random(1)) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 3, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": True},
        {"type": "integer", "maximum": -10},
        {"type": "number", "minimum": 0.1, "maximum": 0.2},
        {"type": "number", "multipleOf": 0.5, "minimum": 1},
        {"type": "string", "minLength": 40, "maxLength": 41},
        {"type": "string", "format": "uuid"},
        {"type": "string", "x-format": "cursor"},
        {"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "boolean"}},
        {"type": "object", "minProperties": 3},
        {"nullable": True, "anyOf": [{"type": "string", "format": "email"}, {"type": "integer"}]},
        {
            "allOf": [
                {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"properties": {"b": {"enum": [1]}}},
            ]
        },
        {"enum": [None]},
    ],
)
def test_a_value_obeys_the_bounds_of_its_schema(schema: dict[str, Any]) -> None:
    assert Samples({}, 1).make(schema, "x") is not ...


ENDLESS = {"type": "object", "properties": {"again": {"$ref": "#/components/schemas/Endless"}}, "required": ["again"]}
WIDE = {"type": "object", "properties": {f"p{n}": {"$ref": "#/components/schemas/Wide"} for n in range(12)}}
RECURSIVE = {"components": {"schemas": {"Endless": ENDLESS, "Wide": WIDE}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^(?!)x$"},
        {"type": "string", "pattern": "^a{2000}$"},
        {"type": "string", "minLength": 2_000_000_000},
        {"type": "array", "minItems": 2_000_000_000, "items": {"type": "boolean"}},
        {"type": "array", "minItems": 2_000_000_000, "uniqueItems": True, "items": {"type": "boolean"}},
        {"type": "object", "minProperties": 2_000_000_000},
        {"type": "number", "multipleOf": 1e-300, "minimum": 1e308},
        {"$ref": "#/components/schemas/Endless"},
    ],
)
def test_a_schema_that_nothing_fits_or_only_something_huge_is_told(schema: dict[str, Any]) -> None:
    with pytest.raises(NoSampleError):
        Samples(RECURSIVE, 1).make(schema, "x")


def test_a_schema_with_many_references_to_itself_has_a_small_value() -> None:
    assert len(str(Samples(RECURSIVE, 1).make({"$ref": "#/components/schemas/Wide"}, "x"))) < 1_000_000


def test_an_example_of_the_schema_comes_first_unless_it_is_wrong() -> None:
    assert Samples({}, 1).make({"type": "string", "example": "mine"}, "x") == "mine"
    assert Samples({}, 1).make({"type": "string", "maxLength": 9, "example": "much too long"}, "x") != "much too long"
