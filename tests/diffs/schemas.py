"""Changes of schemas: each is made in what requests have and in what responses have."""

from collections.abc import Iterator
from typing import Any

from tests.diffs.document import DOCUMENT, REQUEST, RESPONSE, SCHEMAS
from tests.diffs.edit import GONE, Edit, edit

_OF = "properties"
_REF = "#/components/schemas/"

# What is done, the rule for requests, the rule for responses, then path below the schema and value.
_BOTH: tuple[tuple[Any, ...], ...] = (
    ("add a property", "request-property-added", "response-property-added", (_OF, "new"), {"type": "string"}),
    (
        "add a required property",
        "request-property-added-required",
        "response-property-added",
        (_OF, "new"),
        {"type": "string"},
        ("required",),
        ["name", "size", "new"],
    ),
    ("remove a property", "request-property-removed", "response-property-removed", (_OF, "colour"), GONE),
    (
        "rename a property",
        "request-property-added request-property-removed",
        "response-property-added response-property-removed",
        (_OF, "colour"),
        GONE,
        (_OF, "tint"),
        {"type": "string", "enum": ["red", "green"]},
    ),
    (
        "require a property",
        "request-property-became-required",
        "response-property-became-required",
        ("required",),
        ["name", "size", "colour"],
    ),
    (
        "no longer require a property",
        "request-property-became-optional",
        "response-property-became-optional",
        ("required",),
        ["name"],
    ),
    ("deprecate a property", "property-deprecated", "property-deprecated", (_OF, "size", "deprecated"), True),
    ("change a type", "request-type-changed", "response-type-changed", (_OF, "name", "type"), "boolean"),
    (
        "integer to number",
        "request-type-widened request-format-removed",
        "response-type-widened response-format-removed",
        (_OF, "size", "type"),
        "number",
        (_OF, "size", "format"),
        GONE,
    ),
    (
        "number to integer",
        "request-type-narrowed request-format-removed",
        "response-type-narrowed response-format-removed",
        (_OF, "weight", "type"),
        "integer",
        (_OF, "weight", "format"),
        GONE,
    ),
    ("give a type", "request-type-narrowed", "response-type-narrowed", (_OF, "free", "type"), "string"),
    ("take the type", "request-type-widened", "response-type-widened", (_OF, "owner", "type"), GONE),
    ("take the items' schema", "request-type-widened", "response-type-widened", (_OF, "parts", "items"), GONE),
    ("allow null", "request-null-allowed", "response-null-allowed", (_OF, "name", "nullable"), True),
    ("refuse null", "request-null-refused", "response-null-refused", (_OF, "note", "nullable"), GONE),
    ("refuse null around allOf", "request-null-refused", "response-null-refused", (_OF, "inner", "nullable"), False),
    (
        "add a value",
        "request-enum-value-added",
        "response-enum-value-added",
        (_OF, "colour", "enum"),
        ["red", "green", "blue"],
    ),
    ("remove a value", "request-enum-value-removed", "response-enum-value-removed", (_OF, "colour", "enum"), ["red"]),
    ("reorder values", "", "", (_OF, "colour", "enum"), ["green", "red"]),
    ("add a list of values", "request-enum-added", "response-enum-added", (_OF, "owner", "enum"), ["me"]),
    ("drop the list of values", "request-enum-removed", "response-enum-removed", (_OF, "colour", "enum"), GONE),
    ("lower maxLength", "request-bound-tightened", "response-bound-tightened", (_OF, "name", "maxLength"), 20),
    ("raise maxLength", "request-bound-loosened", "response-bound-loosened", (_OF, "name", "maxLength"), 80),
    ("drop maxLength", "request-bound-loosened", "response-bound-loosened", (_OF, "name", "maxLength"), GONE),
    ("raise minLength", "request-bound-tightened", "response-bound-tightened", (_OF, "name", "minLength"), 2),
    ("lower minimum", "request-bound-loosened", "response-bound-loosened", (_OF, "size", "minimum"), 0),
    (
        "exclude the minimum",
        "request-bound-tightened",
        "response-bound-tightened",
        (_OF, "size", "exclusiveMinimum"),
        True,
    ),
    (
        "exclude the maximum",
        "request-bound-tightened",
        "response-bound-tightened",
        (_OF, "size", "exclusiveMaximum"),
        True,
    ),
    ("add a maximum", "request-bound-tightened", "response-bound-tightened", (_OF, "weight", "maximum"), 5),
    ("raise minItems", "request-bound-tightened", "response-bound-tightened", (_OF, "parts", "minItems"), 2),
    ("raise maxItems", "request-bound-loosened", "response-bound-loosened", (_OF, "parts", "maxItems"), 10),
    ("lower maxProperties", "request-bound-tightened", "response-bound-tightened", (_OF, "labels", "maxProperties"), 3),
    ("repeat items", "request-bound-loosened", "response-bound-loosened", (_OF, "parts", "uniqueItems"), GONE),
    ("a coarser multipleOf", "request-bound-tightened", "response-bound-tightened", (_OF, "weight", "multipleOf"), 4),
    ("a finer multipleOf", "request-bound-loosened", "response-bound-loosened", (_OF, "weight", "multipleOf"), 1),
    ("add a pattern", "request-pattern-added", "response-pattern-added", (_OF, "owner", "pattern"), "^a"),
    ("drop a pattern", "request-pattern-removed", "response-pattern-removed", (_OF, "name", "pattern"), GONE),
    ("change a pattern", "request-pattern-changed", "response-pattern-changed", (_OF, "name", "pattern"), "^[A-Z]+$"),
    (
        "change an x-format",
        "request-pattern-changed",
        "response-pattern-changed",
        (_OF, "note", "x-format"),
        "multi-line",
    ),
    (
        "add a pattern by allOf",
        "request-pattern-added",
        "response-pattern-added",
        (_OF, "name", "allOf"),
        [{"pattern": "^l"}],
    ),
    (
        "add a multipleOf by allOf",
        "request-bound-tightened",
        "response-bound-tightened",
        (_OF, "weight", "allOf"),
        [{"multipleOf": 3}],
    ),
    ("repeat a multipleOf by allOf", "", "", (_OF, "weight", "allOf"), [{"multipleOf": 2}]),
    (
        "add a format by allOf",
        "request-format-added",
        "response-format-added",
        (_OF, "owner", "allOf"),
        [{"format": "uuid"}],
    ),
    ("state a length of zero or more", "", "", (_OF, "owner", "minLength"), 0),
    ("add a format", "request-format-added", "response-format-added", (_OF, "owner", "format"), "uuid"),
    ("drop a format", "request-format-removed", "response-format-removed", (_OF, "made", "format"), GONE),
    ("change a format", "request-format-changed", "response-format-changed", (_OF, "made", "format"), "date"),
    ("int32 to int64", "request-format-widened", "response-format-changed", (_OF, "size", "format"), "int64"),
    ("double to float", "request-format-changed", "response-format-narrowed", (_OF, "weight", "format"), "float"),
    (
        "allow unknown properties",
        "request-additional-properties-allowed",
        "response-additional-properties-allowed",
        ("additionalProperties",),
        True,
    ),
    (
        "refuse unknown properties",
        "request-additional-properties-refused",
        "response-additional-properties-refused",
        (_OF, "labels", "additionalProperties"),
        False,
    ),
    (
        "change the values of a map",
        "request-type-changed",
        "response-type-changed",
        (_OF, "labels", "additionalProperties", "type"),
        "integer",
    ),
    (
        "allow any values in a map",
        "request-additional-properties-allowed",
        "response-type-widened",
        (_OF, "labels", "additionalProperties"),
        True,
    ),
    (
        "refuse unknown properties by allOf",
        "request-additional-properties-refused",
        "response-additional-properties-refused",
        (_OF, "labels", "allOf"),
        [{"additionalProperties": False}],
    ),
    (
        "require an entry of a map",
        "request-property-became-required",
        "response-property-became-required",
        (_OF, "labels", "required"),
        ["colour"],
    ),
    (
        "say nothing of the entries of a map",
        "request-additional-properties-allowed",
        "response-type-widened",
        (_OF, "labels", "additionalProperties"),
        {},
    ),
    (
        "change the items of a list",
        "request-bound-tightened",
        "response-bound-tightened",
        (_OF, "parts", "items", "maxLength"),
        3,
    ),
    (
        "add an alternative",
        "request-alternative-added",
        "response-alternative-added",
        (_OF, "shape", "oneOf"),
        [{"$ref": f"{_REF}Square"}, {"$ref": f"{_REF}Circle"}, {"type": "string", "title": "Name"}],
    ),
    (
        "remove an alternative",
        "request-alternative-removed",
        "response-alternative-removed",
        (_OF, "shape", "oneOf"),
        [{"$ref": f"{_REF}Circle"}],
    ),
    ("reorder alternatives", "", "", (_OF, "shape", "oneOf"), [{"$ref": f"{_REF}Circle"}, {"$ref": f"{_REF}Square"}]),
    ("reorder alternatives without a name", "", "", (_OF, "either", "anyOf"), [{"type": "integer"}, {"maxLength": 4}]),
    (
        "put an alternative without a name first",
        "request-alternative-added",
        "response-alternative-added",
        (_OF, "either", "anyOf"),
        [{"type": "boolean"}, {"maxLength": 4}, {"type": "integer"}],
    ),
    (
        "change an alternative without a name",
        "request-bound-tightened",
        "response-bound-tightened",
        (_OF, "either", "anyOf"),
        [{"type": "integer"}, {"maxLength": 3}],
    ),
    ("no alternatives any more", "composition-changed", "composition-changed", (_OF, "shape", "oneOf"), GONE),
    ("exclude a schema", "composition-changed", "composition-changed", (_OF, "free", "not"), {"type": "string"}),
    ("change a default", "request-default-changed", "response-default-changed", (_OF, "active", "default"), False),
    ("add a default", "request-default-added", "response-default-changed", (_OF, "owner", "default"), "me"),
    ("guard a property", "write-permission-added", "", (_OF, "name", "x-write-permission"), "things:name"),
    ("guard a property differently", "write-permission-added", "", (_OF, "owner", "x-write-permission"), "things:name"),
    ("stop guarding", "write-permission-removed", "", (_OF, "owner", "x-write-permission"), GONE),
    ("responses alone have it", "request-property-removed", "", (_OF, "size", "readOnly"), True),
    ("requests alone have it", "", "response-property-removed", (_OF, "size", "writeOnly"), True),
    (
        "say the same with allOf",
        "",
        "",
        (_OF, "colour"),
        {"allOf": [{"type": "string"}, {"enum": ["red", "green", "blue"]}, {"enum": ["green", "red"]}]},
    ),
    ("describe a property", "text-changed", "text-changed", (_OF, "name", "description"), "The name."),
    ("another example of a property", "example-changed", "example-changed", (_OF, "name", "example"), "Desk"),
)

# Named schemas that requests and responses share, and errors.
_SHARED = (
    edit("a new error code", "error-code-added", (*SCHEMAS, "ProblemCode", "enum"), ["NOT_FOUND", "TAKEN", "CLOSED"]),
    edit("remove an error code", "error-code-removed", (*SCHEMAS, "ProblemCode", "enum"), ["NOT_FOUND"]),
    edit("a new permission", "permission-name-added",
         (*SCHEMAS, "PermissionName", "enum"), ["things:read", "things:write", "things:all"]),
    edit("remove a permission", "permission-name-removed", (*SCHEMAS, "PermissionName", "enum"), ["things:read"]),
    edit("tighten what both have", "request-bound-tightened response-bound-tightened",
         (*SCHEMAS, "Square", "properties", "side", "minimum"), 0),
    edit("rename a schema", "type-name-removed",
         (*SCHEMAS, "Hue"), GONE, (*SCHEMAS, "Tint"), DOCUMENT["components"]["schemas"]["Hue"],
         ("paths", "/v1/things", "post", "responses", "201", "headers", "X-Colour", "schema", "$ref"), f"{_REF}Tint"),
)  # fmt: skip


def _schemas() -> Iterator[Edit]:
    for name, request, response, *pairs in _BOTH:
        for side, schema, rules in (("request", REQUEST, request), ("response", RESPONSE, response)):
            below = [(*schema, *part) if index % 2 == 0 else part for index, part in enumerate(pairs)]
            yield edit(f"{name} ({side})", rules, *below)


SCHEMA_EDITS = (*_schemas(), *_SHARED)
"""Every change of a schema."""
