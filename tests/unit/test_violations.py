"""Schemas as OpenAPI 3.0 means them, and violations that name every field and repeat no value."""

from typing import Any

import pytest

from app.spec.validation import schemas
from app.spec.validation.schemas import Direction
from app.spec.validation.violations import list_violations

SECRET = "marmalade lantern"
BUNDLE: dict[str, Any] = {
    "components": {
        "schemas": {
            "User": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "email", "password"],
                "properties": {
                    "id": {"type": "string", "format": "uuid", "readOnly": True},
                    "email": {"$ref": "#/components/schemas/Email"},
                    "password": {"type": "string", "writeOnly": True, "minLength": 15},
                    "profile": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Profile"}]},
                    "friends": {"type": "array", "items": {"$ref": "#/components/schemas/User"}},
                },
            },
            "Email": {"type": "string", "format": "email", "example": "ada@example.com"},
            "Profile": {
                "type": "object",
                "additionalProperties": False,
                "required": ["locale"],
                "properties": {
                    "locale": {"type": "string", "nullable": True, "maxLength": 5},
                    "display_name": {"type": "string", "minLength": 1, "nullable": True},
                },
            },
        }
    }
}
USER = {"$ref": "#/components/schemas/User"}


def violations(
    schema: dict[str, Any], value: Any, *, direction: Direction = "request", prefix: str = ""
) -> list[tuple[str | None, str]]:
    validator = schemas.compile(BUNDLE, schema, direction=direction)
    listed = list_violations(validator, value, prefix=prefix)
    assert bool(listed) is not validator.is_valid(value)
    assert not any(SECRET in violation.message for violation in listed)
    return [(violation.field, violation.message) for violation in listed]


def valid(schema: dict[str, Any], value: Any, *, direction: Direction = "request") -> bool:
    return not violations(schema, value, direction=direction)


def test_every_violation_is_listed_with_its_field() -> None:
    body = {
        "email": SECRET,
        "profile": {"display_name": "", "nick": SECRET, "name": 1},
        "friends": [{"email": "a@b.cd", "password": "x" * 15}, {"email": 1, "password": SECRET}, SECRET],
        "id": SECRET,
        "x": 1,
    }
    assert violations(USER, body) == [
        ("email", "Must be an email address."),
        ("friends.1.email", "Must be text."),
        ("friends.2", "Must be an object."),
        ("id", "Is set by the server and cannot be sent."),
        ("password", "Is required."),
        ("profile.display_name", "Must have at least 1 character."),
        ("profile.locale", "Is required."),
        ("profile.name", "Is not a property of this object."),
        ("profile.nick", "Is not a property of this object."),
        ("x", "Is not a property of this object."),
    ]


def test_a_fault_of_the_whole_body_has_no_field() -> None:
    assert violations(USER, SECRET) == [(None, "Must be an object.")]
    assert violations({"type": "object", "minProperties": 1}, {}) == [(None, "Must have at least 1 property.")]


def test_a_prefix_is_the_field_of_the_whole() -> None:
    assert violations({"type": "integer"}, SECRET, prefix="limit") == [("limit", "Must be a whole number.")]
    assert violations({"type": "array", "items": {"type": "integer"}}, [1, SECRET], prefix="n")[0][0] == "n.1"


def test_fields_of_a_list_come_in_its_order_and_at_most_fifty() -> None:
    listed = violations({"type": "array", "items": {"type": "integer"}}, [SECRET] * 1000)
    assert [field for field, _ in listed] == [str(index) for index in range(50)]


def test_a_body_full_of_faults_costs_little() -> None:
    validator = schemas.compile(BUNDLE, {"type": "array", "items": {"type": "integer"}}, direction="request")
    assert len(list_violations(validator, ["x"] * 16_000)) == 50


def test_a_name_without_end_is_cut() -> None:
    field = violations(USER, {"email": "a@b.cd", "password": "x" * 15, "n" * 1000: 1})[0][0]
    assert field is not None
    assert len(field) == 201


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"enum": ["active", "suspended"]}, SECRET, "Must be active or suspended."),
        ({"enum": ["a", 1, None]}, SECRET, "Must be a, 1 or null."),
        ({"enum": list(range(20))}, SECRET, "Is not one of the allowed values."),
        ({"type": "string", "pattern": "^a+$"}, SECRET, "Does not match the required pattern."),
        ({"type": "string", "maxLength": 3}, SECRET, "Must have at most 3 characters."),
        ({"type": "string", "nullable": True}, 1, "Must be text or null."),
        ({"type": "number", "maximum": 3}, 4, "Must be at most 3."),
        ({"type": "number", "maximum": 3, "exclusiveMaximum": True}, 3, "Must be less than 3."),
        ({"type": "number", "minimum": 3, "exclusiveMinimum": True}, 3, "Must be more than 3."),
        ({"type": "number", "minimum": 3, "exclusiveMinimum": False}, 2, "Must be at least 3."),
        ({"type": "integer", "multipleOf": 2}, 3, "Must be a multiple of 2."),
        ({"type": "integer", "format": "int32"}, 2**31, "Must be at most 2147483647."),
        ({"type": "array", "items": {}, "uniqueItems": True}, [SECRET, SECRET], "Must not hold the same item twice."),
        ({"type": "array", "items": {}, "minItems": 1}, [], "Must have at least 1 item."),
        ({"type": "array", "items": {}, "maxItems": 1}, [1, 2], "Must have at most 1 item."),
        ({"type": "object", "maxProperties": 1}, {"a": 1, "b": 1}, "Must have at most 1 property."),
        ({"type": "string", "format": "date"}, SECRET, "Must be a date such as 2026-01-31."),
        ({"not": {"type": "string"}}, SECRET, "Is not valid."),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, [SECRET], "Must be text or a whole number."),
        (
            {"anyOf": [{"type": "string", "minLength": 50}, {"type": "array", "items": {}}]},
            SECRET,
            "Must have at least 50 characters.",
        ),
        ({"anyOf": [{"minLength": 50}, {"pattern": "^x"}]}, SECRET, "Fits none of the allowed forms."),
        ({"oneOf": [{"type": "string"}, {"minLength": 1}]}, SECRET, "Fits more than one of the allowed forms."),
    ],
)
def test_each_kind_of_fault_has_a_short_sentence(schema: dict[str, Any], value: Any, message: str) -> None:
    assert violations(schema, value) == [(None, message)]


def test_the_form_that_was_meant_is_the_one_explained() -> None:
    forms = {
        "oneOf": [
            {"type": "object", "required": ["kind", "tags"], "properties": {"kind": {"enum": ["some"]}, "tags": {}}},
            {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"enum": ["all"]}, "n": {"type": "integer"}},
            },
        ]
    }
    assert violations(forms, {"kind": "some"}) == [("tags", "Is required.")]
    assert violations(forms, {"kind": "all", "n": "x"}) == [("n", "Must be a whole number.")]
    assert violations(forms, {"kind": SECRET}) == [(None, "Fits none of the allowed forms.")]


def test_the_same_fault_found_twice_is_listed_once() -> None:
    assert violations({"allOf": [{"type": "string"}, {"type": "string"}]}, 1) == [(None, "Must be text.")]


def test_read_only_is_refused_in_requests_and_demanded_in_answers() -> None:
    good = {"id": "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d", "email": "a@b.cd"}
    assert valid(USER, {"email": "a@b.cd", "password": "x" * 15})
    assert valid(USER, good, direction="response")
    assert violations(USER, {"email": "a@b.cd"}, direction="response") == [("id", "Is required.")]


def test_a_secret_that_can_only_be_written_never_leaves_in_an_answer() -> None:
    response = {"id": "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d", "email": "a@b.cd", "password": SECRET}
    assert [field for field, _ in violations(USER, response, direction="response")] == ["password"]


def test_read_only_and_required_may_stand_in_different_parts_of_a_composition() -> None:
    schema = {"required": ["id", "name"], "allOf": [{"properties": {"id": {"readOnly": True}}}, {"required": ["id"]}]}
    assert violations(schema, {}) == [("name", "Is required.")]
    assert {field for field, _ in violations(schema, {}, direction="response")} == {"id", "name"}


@pytest.mark.parametrize(
    "beside",
    [
        {"type": "string"},
        {"type": "string", "enum": ["a"]},
        {"enum": ["a"]},
        {"allOf": [{"type": "string"}]},
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"anyOf": [{"type": "string"}]},
        {"allOf": [{"$ref": "#/components/schemas/Email"}]},
        {"type": "string", "allOf": [{"type": "string"}]},
    ],
)
def test_nullable_allows_null_whatever_stands_beside_it(beside: dict[str, Any]) -> None:
    assert valid({**beside, "nullable": True}, None)
    assert not valid({**beside, "nullable": False}, None)
    assert not valid({**beside, "nullable": True}, [])


def test_what_is_wrong_beside_null_is_explained() -> None:
    profile = {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Profile"}]}
    assert violations({"properties": {"profile": profile}}, {"profile": {}}) == [("profile.locale", "Is required.")]


def test_a_schema_converts_without_its_annotations_and_with_what_it_refers_to() -> None:
    converted = schemas.convert(
        BUNDLE, {"properties": {"to": {"$ref": "#/components/schemas/Email"}}}, direction="request"
    )
    assert converted == {
        "properties": {"to": {"$ref": "#/$defs/Email"}},
        "$defs": {"Email": {"type": "string", "format": "email"}},
    }


def test_a_reference_into_a_component_is_followed() -> None:
    schema = {"$ref": "#/components/schemas/User/properties/password"}
    assert valid(schema, "x" * 15)
    assert not valid(schema, "x" * 14)


def test_the_document_is_not_changed_by_converting_it() -> None:
    before = repr(BUNDLE)
    schemas.compile(BUNDLE, USER, direction="request")
    assert repr(BUNDLE) == before


def test_lengths_count_characters_not_bytes() -> None:
    assert valid({"type": "string", "maxLength": 2}, "😀é")
    assert not valid({"type": "string", "minLength": 3}, "😀é")
